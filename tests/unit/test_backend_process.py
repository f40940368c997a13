"""Supervision of the backend's process, with one that can misbehave in every way."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from dreamface_addon.link import backend as backend_module
from dreamface_addon.link import process as process_module
from dreamface_addon.link.backend import Backend, BackendState, Settings
from dreamface_addon.link.process import Process, child_environment, tail
from tests import fake_backend

Make = Callable[..., Backend]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store where user folders often are: behind spaces and letters that are not Latin."""
    return tmp_path / "Мои документы" / "the store"


@pytest.fixture
def make(tmp_path: Path, store: Path) -> Iterator[Make]:
    """Makes a backend whose process is the fake one; all are stopped in the end."""
    made: list[Backend] = []

    def backend(misbehaviour: str = "", **changes: object) -> Backend:
        variables = fake_backend.install(tmp_path / "module") | {"DREAMFACE_FAKE": misbehaviour}
        settings = {"python": Path(sys.executable), "store": store, "environment": variables} | changes
        made.append(Backend(Settings(**settings)))  # type: ignore[arg-type]
        return made[-1]

    yield backend
    for one in made:
        one.stop()
    poll_until(lambda: not any(one.ending for one in made), *made, seconds=6.0)


def poll_until(condition: Callable[[], bool], *backends: Backend, seconds: float = 8.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        states = [(backend.state, backend.problem) for backend in backends]
        assert time.monotonic() < until, f"it never happens: {states}"
        for backend in backends:
            backend.poll()
        time.sleep(0.002)


def settle(backend: Backend, seconds: float = 8.0) -> BackendState:
    """Poll until it is ready or has failed."""
    poll_until(lambda: backend.state in (BackendState.READY, BackendState.FAILED), backend, seconds=seconds)
    return backend.state


def handover(store: Path) -> dict[str, object]:
    content = json.loads((store / "backend.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_it_starts_answers_and_ends(make: Make, store: Path) -> None:
    backend = make()
    assert backend.state is BackendState.STOPPED
    backend.start()
    assert backend.state is BackendState.STARTING
    assert settle(backend) is BackendState.READY
    assert backend.health["name"] == "DreamFace"
    assert backend.health["pid"] == handover(store)["pid"]
    assert backend.log_tail() == ["ready"]
    backend.stop()
    assert backend.state is BackendState.STOPPED
    assert backend.client is None
    start = time.monotonic()
    poll_until(lambda: not backend.ending, backend)
    assert time.monotonic() - start < 1.5  # the end of its input was enough
    assert not (store / "backend.json").exists()


def test_it_can_be_started_again_at_once(make: Make, store: Path) -> None:
    backend = make()
    backend.start()
    settle(backend)
    first = backend.health["pid"]
    backend.stop()
    backend.start()
    assert settle(backend) is BackendState.READY
    assert backend.health["pid"] != first


def test_ready_means_warm(make: Make) -> None:
    backend = make("warm_up")
    backend.start()
    poll_until(lambda: backend.health.get("state") == "starting", backend)
    assert backend.state is BackendState.STARTING
    assert settle(backend) is BackendState.READY
    assert backend.health["state"] == "ready"


@pytest.mark.parametrize(
    ("misbehaviour", "sentence"),
    [
        ("refuse", "The graphics card is on fire: put it out."),
        ("missing", "DreamFace is not installed in the engine's environment: set up the engine again."),
        ("newer", "The engine is newer than this extension: update the extension."),
        ("older", "The engine is older than this extension: set up the engine again."),
    ],
)
def test_a_start_that_cannot_work_ends_in_a_sentence(make: Make, misbehaviour: str, sentence: str) -> None:
    backend = make(misbehaviour)
    backend.start()
    assert settle(backend) is BackendState.FAILED
    assert backend.problem == sentence


def test_one_that_never_answers_is_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "START_LIMIT", 1.0)
    monkeypatch.setattr(backend_module, "CHECK_TIMEOUT", 0.2)
    backend = make("hang")
    backend.start()
    assert settle(backend) is BackendState.FAILED
    assert backend.problem == "The engine did not start within 1 seconds: start it again. It does not answer."
    poll_until(lambda: not backend.ending, backend)


def test_a_slow_start_is_explained(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "SLOW_START", 0.3)
    backend = make("slow_start")
    backend.start()
    poll_until(lambda: "antivirus" in backend.problem, backend)
    assert backend.state is BackendState.STARTING
    assert settle(backend) is BackendState.READY
    assert backend.problem == ""


def test_without_an_environment_it_says_what_to_do(make: Make, tmp_path: Path) -> None:
    backend = make(python=None)
    backend.start()
    assert (backend.state, backend.problem) == (
        BackendState.FAILED,
        "The engine is not set up yet: press Set Up DreamFace.",
    )
    backend = make(python=tmp_path / "deleted" / "python")
    backend.start()
    assert backend.state is BackendState.FAILED
    assert "cannot be started (No such file or directory): set up the engine again." in backend.problem


def test_a_store_that_cannot_be_written_is_a_sentence(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    backend = make(store=tmp_path / "file" / "store")
    backend.start()
    assert backend.state is BackendState.FAILED
    assert "cannot be written" in backend.problem
    assert backend.problem.endswith("choose another faces folder in the preferences.")


def test_a_store_named_from_the_current_folder_stays_there(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    backend = make(store=Path("faces"))  # the process runs in another folder
    backend.start()
    assert settle(backend) is BackendState.READY
    assert backend.health["store"] == str(tmp_path / "faces")


@pytest.mark.skipif(not Path("/bin/false").exists(), reason="needs a program that ends at once")
def test_a_disk_too_full_for_last_words_is_a_sentence(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = make(python=Path("/bin/false"))
    backend.start()
    settle(backend)
    assert backend.problem.startswith("The engine stopped at once: start it again")
    monkeypatch.setattr(process_module.shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    backend.start()
    settle(backend)
    assert backend.problem.endswith("is full: free some space, then start the engine again.")


def test_a_file_left_by_a_killed_backend_counts_for_nothing(make: Make, store: Path) -> None:
    store.mkdir(parents=True)
    left = {"api": fake_backend.API, "url": "http://127.0.0.1:1", "token": "old", "pid": 1, "version": "0.1.0"}
    (store / "backend.json").write_text(json.dumps(left))
    backend = make("slow_start")
    backend.start()
    assert settle(backend) is BackendState.READY
    assert backend.health["pid"] == handover(store)["pid"]


@pytest.mark.parametrize("content", ["{", "[]", '{"url": "", "token": ""}'])
def test_a_damaged_handover_counts_for_nothing(make: Make, store: Path, content: str) -> None:
    store.mkdir(parents=True)
    (store / "backend.json").write_text(content)
    backend = make()
    backend.start()
    assert settle(backend) is BackendState.READY


def test_a_port_that_somebody_else_has_now_counts_for_nothing(
    make: Make, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend_module, "CHECK_TIMEOUT", 0.3)
    store.mkdir(parents=True)
    with closing(socket.create_server(("127.0.0.1", 0))) as stranger:  # takes connections and says nothing
        url = f"http://127.0.0.1:{stranger.getsockname()[1]}"
        (store / "backend.json").write_text(json.dumps({"url": url, "token": "old"}))
        backend = make()
        backend.start()
        assert settle(backend) is BackendState.READY


def test_a_second_blender_joins_and_takes_over(make: Make, store: Path) -> None:
    first, second = make(), make()
    first.start()
    settle(first)
    second.start()
    assert settle(second) is BackendState.READY
    assert second.health["pid"] == first.health["pid"]
    first.stop()
    poll_until(lambda: not first.ending, first)
    second.connection_lost()  # as its stream of events will tell
    assert settle(second) is BackendState.READY
    assert second.health["pid"] != first.health.get("pid")


def test_leaving_a_joined_backend_does_not_end_it(make: Make) -> None:
    first, second = make(), make()
    first.start()
    settle(first)
    second.start()
    settle(second)
    second.stop()
    assert not second.ending
    first.connection_lost()
    assert settle(first) is BackendState.READY


def test_two_blenders_that_start_at_once_share_one_backend(
    make: Make, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make("slow_start"), make("in_use")
    first.start()
    second.start()
    poll_until(lambda: first.state is second.state is BackendState.READY, first, second)
    assert first.health["pid"] == second.health["pid"]
    assert second.problem == ""


def test_a_store_that_stays_in_use_is_a_sentence(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "IN_USE_WAIT", 0.5)
    monkeypatch.setattr(backend_module, "IN_USE_RETRY", 0.2)
    backend = make("in_use")
    backend.start()
    assert settle(backend) is BackendState.FAILED
    assert "close other Blenders, or choose another faces folder" in backend.problem
    assert "--store" not in backend.problem


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_backend_is_started_again_once(make: Make) -> None:
    backend = make()
    backend.start()
    settle(backend)
    first = backend.health["pid"]
    os.kill(first, signal.SIGKILL)
    poll_until(lambda: backend.state is BackendState.STARTING, backend)
    assert "memory ran out" in backend.problem
    assert backend.problem.endswith("It is being started again.")
    assert settle(backend) is BackendState.READY
    assert backend.problem == ""
    os.kill(backend.health["pid"], signal.SIGKILL)
    poll_until(lambda: backend.state is BackendState.FAILED, backend)
    assert "memory ran out" in backend.problem
    backend.start()  # the artist may try again as often as he likes
    assert settle(backend) is BackendState.READY


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_after_a_long_good_time_a_crash_counts_as_the_first(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "STABLE_AFTER", 0.1)
    backend = make()
    backend.start()
    for _ in range(2):
        assert settle(backend) is BackendState.READY
        since = time.monotonic()
        poll_until(lambda since=since: time.monotonic() - since > 0.2, backend)  # type: ignore[misc]
        os.kill(backend.health["pid"], signal.SIGKILL)
        poll_until(lambda: backend.state is not BackendState.READY, backend)
    assert settle(backend) is BackendState.READY


@pytest.mark.skipif(sys.platform == "win32", reason="stops by signal")
def test_a_backend_that_hangs_is_replaced(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "LOST_LIMIT", 0.3)
    monkeypatch.setattr(backend_module, "CHECK_TIMEOUT", 0.2)
    backend = make()
    backend.start()
    settle(backend)
    first = backend.health["pid"]
    os.kill(first, signal.SIGSTOP)

    def replaced() -> bool:
        backend.connection_lost()  # again, where it answered once more before the signal had reached all its threads
        return "no longer answered" in backend.problem

    poll_until(replaced, backend)
    assert settle(backend) is BackendState.READY
    assert backend.health["pid"] != first


def test_a_connection_lost_for_a_moment_is_taken_up_again(make: Make) -> None:
    backend = make()
    backend.start()
    settle(backend)
    pid, client = backend.health["pid"], backend.client
    backend.connection_lost()
    assert backend.state is BackendState.STARTING
    assert settle(backend) is BackendState.READY
    assert (backend.health["pid"], backend.client) == (pid, client)


@pytest.mark.skipif(sys.platform == "win32", reason="stops by signal")
def test_a_stubborn_backend_is_made_to_end(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_module, "TERMINATE_AFTER", 0.1)
    monkeypatch.setattr(process_module, "KILL_AFTER", 0.3)
    backend = make()
    backend.start()
    settle(backend)
    os.kill(backend.health["pid"], signal.SIGSTOP)
    backend.stop()
    poll_until(lambda: not backend.ending, backend, seconds=2.0)


def test_blender_does_not_wait_for_the_end(make: Make) -> None:
    backend = make("hang")
    backend.start()
    time.sleep(0.3)
    start = time.monotonic()
    backend.shutdown()
    assert time.monotonic() - start < 0.5


# --------------------------------------------------------------------------------- a backend elsewhere


def test_a_backend_elsewhere_is_joined_and_never_started(make: Make, tmp_path: Path, store: Path) -> None:
    host = make()
    host.start()
    settle(host)
    guest_store = tmp_path / "guest"
    there = handover(store)
    guest = make(store=guest_store, url=str(there["url"]), token=str(there["token"]), python=None)
    guest.start()
    assert settle(guest) is BackendState.READY
    assert not guest_store.exists()
    wrong = make(store=guest_store, url=str(there["url"]), token="wrong", python=None)
    wrong.start()
    assert settle(wrong) is BackendState.FAILED
    assert wrong.problem == "The engine refused the token: check the token in the preferences."


def test_nobody_elsewhere_is_a_sentence(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = make(url="http://127.0.0.1:1")
    backend.start()
    assert settle(backend) is BackendState.FAILED
    assert backend.problem.startswith("Nothing answers at http://127.0.0.1:1: check the address")


def test_a_backend_elsewhere_that_goes_away_is_waited_for(
    make: Make, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend_module, "REMOTE_LOST_LIMIT", 0.6)
    host = make()
    host.start()
    settle(host)
    there = handover(store)
    guest = make(url=str(there["url"]), token=str(there["token"]))
    guest.start()
    settle(guest)
    host.stop()
    poll_until(lambda: not host.ending, host)
    guest.connection_lost()
    start = time.monotonic()
    assert settle(guest) is BackendState.FAILED
    assert time.monotonic() - start > 0.5
    assert guest.problem.startswith("Nothing answers at ")


# --------------------------------------------------------------------------------- surroundings


def test_what_blender_sets_for_its_own_python_does_not_reach_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "BLENDER_USER_SCRIPTS"):
        monkeypatch.setenv(name, "/blender")
    for name in ("HF_HOME", "HTTPS_PROXY", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "kept")
    variables = child_environment({"DREAMFACE_TEST": "laid over", "PYTHONPATH": "/tests"})
    assert "/blender" not in variables.values()
    assert [variables[name] for name in ("HF_HOME", "HTTPS_PROXY", "CUDA_VISIBLE_DEVICES")] == ["kept"] * 3
    assert variables["PATH"] == os.environ["PATH"]
    assert variables["PYTHONPATH"] == "/tests"
    assert variables["DREAMFACE_TEST"] == "laid over"
    assert variables["PYTHONNOUSERSITE"] == "1"


def test_the_log_grows_and_begins_anew(make: Make, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.mkdir(parents=True)
    log = store / "backend.log"
    log.write_text("The reason of an older crash.\n")
    backend = make("refuse")
    backend.start()
    assert settle(backend) is BackendState.FAILED
    assert log.read_text().startswith("The reason of an older crash.\nThe graphics card")
    monkeypatch.setattr(process_module, "LARGEST_LOG", 10)
    backend.start()
    assert settle(backend) is BackendState.FAILED
    assert log.read_text() == "The graphics card is on fire: put it out.\n"


def test_the_last_lines_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 3) == []
    log.write_bytes(b"old\n" * 50_000 + b"one\n\n\xff two\r\nthree\n")
    assert tail(log, 3) == ["one", "� two", "three"]
    assert tail(log, 3, start=log.stat().st_size - 6) == ["three"]
    assert tail(log, 3, start=10**9) == []


def test_no_poll_waits_for_a_process_that_hangs(make: Make) -> None:
    backend = make("hang")
    backend.start()
    longest = 0.0
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        start = time.thread_time()
        backend.poll()
        longest = max(longest, time.thread_time() - start)
        time.sleep(0.002)
    assert longest < 0.05


def test_what_another_engine_says_meanwhile_is_not_taken_for_the_reason(tmp_path: Path) -> None:
    program = (
        "print('A backend (process 7) is using the store already.', flush=True);"
        "print('DreamFace is listening on http://127.0.0.1:9', flush=True); raise SystemExit(1)"  # the other one's line
    )
    process = Process([sys.executable, "-c", program], tmp_path / "log", tmp_path, {})
    poll_until(lambda: process.exit_code() is not None)
    assert "is using the store already" in process.why_it_ended()
