"""What becomes of jobs when something is cancelled, killed, broken or full; and when a backend can't start."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dreamface.cli import main
from dreamface.service import memory, server
from dreamface.service.worker_process import pause_after
from tests.running_backend import FAKE_WORKER, Backend, is_alive, running_backend, wait_for

HURRIED = "from dreamface.service import server as s; s.WorkerProcess.__init__.__kwdefaults__['pause'] = 0.02"
"""A set-up with which a worker that does not start is tried again at once."""


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("service") / "store") as backend:
        backend.when_ready()
        yield backend


# -------------------------------------------------------------------------------------------------------------- cancel


def cancel(backend: Backend, job: str) -> dict[str, Any]:
    """Cancel; it must be answered at once."""
    start = time.monotonic()
    status, answer = backend.ask("POST", f"/jobs/{job}/cancel")
    assert time.monotonic() - start < 0.5
    assert status == 200
    return dict(answer)


def test_a_waiting_and_a_running_job_are_cancelled_at_once(backend: Backend) -> None:
    running, waiting, kept = (backend.generate(prompt) for prompt in ("a slow man", "a woman", "a girl"))
    backend.when_running(running)
    worker = backend.health()["worker_pid"]
    assert cancel(backend, waiting)["state"] == "cancelled"
    assert cancel(backend, running)["state"] == "cancelled"
    assert cancel(backend, running)["state"] == "cancelled"  # twice is no harm
    assert backend.outcome(kept)["state"] == "done"
    assert cancel(backend, kept)["state"] == "done"  # too late
    assert backend.job(waiting)["attempts"] == 0
    assert backend.health()["worker_pid"] == worker
    assert not (backend.store / "faces" / running).exists()


def test_a_deaf_job_is_killed_after_its_grace(backend: Backend) -> None:
    deaf, after = backend.generate("a deaf man"), backend.generate("a man")
    backend.when_running(deaf)
    worker = backend.health()["worker_pid"]
    assert cancel(backend, deaf)["state"] == "cancelled"
    assert backend.outcome(after)["state"] == "done"
    assert backend.job(deaf)["state"] == "cancelled"
    assert not is_alive(worker)


def test_a_result_that_comes_after_the_cancel_is_thrown_away(backend: Backend) -> None:
    late, after = backend.generate("a late man"), backend.generate("a man")
    backend.when_running(late)
    cancel(backend, late)
    backend.outcome(after)
    assert backend.job(late)["state"] == "cancelled"
    assert not (backend.store / "faces" / late).exists()
    assert not list((backend.store / "staging").iterdir())


def test_a_job_is_not_given_to_a_worker_that_is_about_to_be_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker answers at the very moment at which its time is over."""
    setup = "from dreamface.service import worker_process as w; w.WorkerProcess.__init__.__kwdefaults__['grace'] = 0.1"
    monkeypatch.setenv("FAKE_WORKER_LATE", "0.098")
    with running_backend(tmp_path, setup=setup) as backend:
        backend.when_ready()
        for _ in range(6):
            late, after = backend.generate("a late man"), backend.generate("a man")
            backend.when_running(late)
            cancel(backend, late)
            outcome = backend.outcome(after)
            assert (outcome["state"], outcome["error"], outcome["attempts"]) == ("done", None, 1)
            assert backend.job(late)["state"] == "cancelled"


def install(backend: Backend, path: str | None) -> str:
    """Ask for a model; its job's id."""
    request = {"name": "ict-facekit", "path": path}
    status, job = backend.ask("POST", "/jobs", {"kind": "install_model", "request": request})
    assert status == 201, job
    return str(job["id"])


def test_an_install_is_stopped_like_any_job_and_leaves_no_folder(backend: Backend) -> None:
    slow, after = install(backend, "slow.zip"), install(backend, None)
    backend.when_running(slow)
    assert is_alive(backend.health()["model_worker_pid"])
    assert backend.outcome(backend.generate("a man"))["state"] == "done"  # faces go on
    assert (backend.job(slow)["state"], backend.job(after)["state"]) == ("running", "queued")
    assert cancel(backend, slow)["state"] == "cancelled"
    done = backend.outcome(after)
    assert (done["state"], done["result"]) == ("done", {"message": "It is installed."})
    assert done["eta"] is None
    assert not list(backend.store.glob(f"*/{after}*"))
    status, answer = backend.ask("GET", f"/jobs/{after}/files")
    assert (status, answer["error"]) == (409, f"Job {after} made no files.")
    asking = {"kind": "export", "request": {"job": after, "format": "glb"}}
    assert "made no face" in backend.ask("POST", "/jobs", asking)[1]["error"]


def test_an_install_goes_on_after_the_backend_is_killed(tmp_path: Path) -> None:
    with running_backend(tmp_path) as backend:
        backend.when_ready()
        slow = install(backend, "slow.zip")
        backend.when_running(slow)
        backend.kill()
    with running_backend(tmp_path) as backend:
        backend.when_running(slow)
        assert backend.job(slow)["attempts"] == 2
        assert cancel(backend, slow)["state"] == "cancelled"


# ------------------------------------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize(("prompt", "words"), [
    ("a crash", "stopped by the system or another program"), ("leave me", "(code 7)"), ("garbage", "makes no sense"),
    ("half a man", "makes no sense"), ("nonsense", "makes no sense"),
])  # fmt: skip
def test_a_broken_worker_fails_one_job_with_a_reason(backend: Backend, prompt: str, words: str) -> None:
    broken, after = backend.generate(prompt), backend.generate("a man")
    outcome = backend.outcome(broken)
    assert outcome["state"] == "failed"
    assert words in outcome["error"]
    assert backend.outcome(after)["state"] == "done"
    assert not list((backend.store / "staging").iterdir())


@pytest.mark.parametrize("path", ["a crash", "leave me", "garbage"])
def test_what_breaks_the_installing_process_fails_one_job_and_no_face(backend: Backend, path: str) -> None:
    slow = backend.generate("a slow man")
    backend.when_running(slow)
    broken, after = install(backend, path), install(backend, None)
    assert (backend.outcome(broken)["state"], backend.outcome(after)["state"]) == ("failed", "done")
    assert backend.job(slow)["state"] == "running"
    cancel(backend, slow)


def test_a_model_is_not_removed_from_under_a_face(backend: Backend) -> None:
    slow = backend.generate("a slow man")
    backend.when_running(slow)
    status, removing = backend.ask("POST", "/jobs", {"kind": "remove_model", "request": {"name": "ict-facekit"}})
    assert status == 201
    wait_for(lambda: backend.health()["model_worker_pid"] is not None)
    assert backend.job(removing["id"])["state"] == "queued"
    cancel(backend, slow)
    assert backend.outcome(removing["id"])["state"] == "done"


@pytest.mark.slow
def test_a_deaf_install_is_killed_after_its_grace_and_faces_go_on(backend: Backend) -> None:
    deaf, after, face = install(backend, "deaf.zip"), install(backend, None), backend.generate("a slow man")
    backend.when_running(deaf)
    backend.when_running(face)
    process, worker = backend.health()["model_worker_pid"], backend.health()["worker_pid"]
    assert cancel(backend, deaf)["state"] == "cancelled"
    assert backend.outcome(after)["state"] == "done"
    assert not is_alive(process)
    assert (backend.health()["worker_pid"], backend.job(face)["state"]) == (worker, "running")
    cancel(backend, face)


def test_a_job_that_a_dying_worker_had_not_begun_is_done_by_the_next(backend: Backend) -> None:
    again = backend.outcome(backend.generate("an untouched man"))
    assert (again["state"], again["attempts"]) == ("done", 1)
    never = backend.outcome(backend.generate("a man never begun"))
    assert (never["state"], "(code 7)" in never["error"]) == ("failed", True)


def test_memory_is_blamed_only_where_the_system_counted_it(tmp_path: Path) -> None:
    counter = tmp_path / "kills"
    counter.write_text("3")
    setup = (
        "from dreamface.service import worker_process as w;"
        f"w.count_kills = lambda: int(Path({str(counter)!r}).read_text())"
    )
    with running_backend(tmp_path / "store", setup=setup) as backend:
        for count, words in (("4", "because memory ran out"), ("4", "or another program")):
            job = backend.generate("a slow man")
            backend.when_running(job)
            counter.write_text(count)
            os.kill(backend.health()["worker_pid"], signal.SIGKILL)
            assert words in backend.outcome(job)["error"]


def test_the_systems_counter_of_kills_is_read() -> None:
    if not Path("/proc/vmstat").exists():
        pytest.skip("this system does not count them")
    kills = memory.count_kills()
    assert kills is not None and kills >= 0


def test_health_says_that_the_worker_was_paused(backend: Backend) -> None:
    backend.when_ready()
    worker = backend.health()["worker_pid"]
    os.kill(worker, signal.SIGSTOP)
    try:
        wait_for(lambda: backend.health()["state"] == "stopped", 5.0)
        assert f"kill -CONT {worker}" in backend.health()["problem"]
    finally:
        os.kill(worker, signal.SIGCONT)
    wait_for(lambda: backend.health()["state"] == "ready", 5.0)
    assert backend.health()["problem"] == ""
    assert backend.outcome(backend.generate("a man"))["state"] == "done"


@pytest.mark.slow
def test_health_says_that_the_worker_restarts_from_the_moment_it_is_killed(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    with running_backend(tmp_path / "store", (*FAKE_WORKER, str(flag))) as backend:
        backend.when_ready()
        flag.touch()
        deaf = backend.generate("a deaf man")
        backend.when_running(deaf)
        cancel(backend, deaf)
        wait_for(lambda: backend.health()["state"] == "restarting", 5.0)
        flag.unlink()
        backend.when_ready()


def test_a_worker_that_never_starts_is_reported_and_tried_again(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    flag.touch()
    with running_backend(tmp_path / "store", (*FAKE_WORKER, str(flag)), HURRIED) as backend:
        job = backend.generate("a man")
        assert backend.ask("POST", "/read", {"prompt": "a man"})[0] == 503
        outcome = backend.outcome(job)
        assert outcome["state"] == "failed"
        assert "does not start" in outcome["error"]
        assert "does not start" in backend.health()["problem"]
        assert "it is not my day" in backend.log()
        flag.unlink()
        backend.when_ready()
        assert backend.health()["problem"] == ""
        assert backend.outcome(backend.generate("a man"))["state"] == "done"


def test_a_worker_that_does_not_start_for_days_is_still_tried_again() -> None:
    assert [pause_after(failures, 0.25) for failures in (1.0, 2.0, 100.0, 100_000.0)] == [0.5, 1.0, 30.0, 30.0]


def test_a_killed_service_takes_up_its_jobs_again(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    with running_backend(tmp_path / "store") as backend:
        done, running = backend.generate("a man"), backend.generate("a slow man")
        waiting = [backend.generate(prompt) for prompt in ("a woman", "a girl", "a boy")]
        backend.when_running(running)
        before, worker = backend.job(running), backend.health()["worker_pid"]
        backend.kill()
        wait_for(lambda: not is_alive(worker), 2.0)
        # As if it had been killed between the rename and the commit, and while it wrote.
        (tmp_path / "store/faces" / running).mkdir()
        (tmp_path / "store/faces" / running / "half").touch()
        (tmp_path / "store/staging" / f"{running}-1" / "maps").mkdir(parents=True, exist_ok=True)
    flag.touch()
    with running_backend(tmp_path / "store", (*FAKE_WORKER, str(flag))) as backend:
        assert backend.job(done)["state"] == "done"
        again = backend.job(running)
        assert (again["state"], again["request"]) == ("queued", before["request"])
        assert not (tmp_path / "store/faces" / running).exists()
        assert not list((tmp_path / "store/staging").iterdir())
        flag.unlink()
        backend.when_running(running)
        assert backend.job(running)["attempts"] == 2
        cancel(backend, running)
        starts = [backend.outcome(job)["started"] for job in waiting]
        assert starts == sorted(starts)
        assert all(backend.job(job)["state"] == "done" for job in waiting)


def test_a_job_that_brings_the_service_down_is_given_up(tmp_path: Path) -> None:
    job = ""
    for _ in range(3):
        with running_backend(tmp_path) as backend:
            job = job or backend.generate("a slow man")
            backend.when_running(job)
            backend.kill()
    with running_backend(tmp_path) as backend:
        assert backend.job(job)["state"] == "failed"
        assert "3 times" in backend.job(job)["error"]


def test_an_orderly_end_counts_for_nothing(tmp_path: Path) -> None:
    job = ""
    for end in (signal.SIGTERM, signal.SIGHUP):
        with running_backend(tmp_path) as backend:
            job = job or backend.generate("a slow man")
            backend.when_running(job)
            backend.process.send_signal(end)
            assert backend.process.wait(10.0) == 0, end
            assert not (tmp_path / "backend.json").exists(), end
    with running_backend(tmp_path) as backend:
        backend.when_running(job)
        assert backend.job(job)["attempts"] == 1


def test_it_ends_within_a_second_when_its_parent_does(tmp_path: Path) -> None:
    with running_backend(tmp_path) as backend, backend.open("GET", "/events"):
        job = backend.generate("a deaf man")
        backend.when_running(job)
        worker = backend.health()["worker_pid"]
        start = time.monotonic()
        backend.stop()
        assert time.monotonic() - start < 1.5
        wait_for(lambda: not is_alive(worker), 1.0)
        assert not (tmp_path / "backend.json").exists()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    # SQLite's own limit stands in for the disk's.
    setup = """
import dreamface.service.store as module
add = module.JobStore.add
def full(self, record):
    if "full" in record.request["prompt"]:
        pages = self._database.execute("PRAGMA page_count").fetchone()[0]
        self._database.execute(f"PRAGMA max_page_count={pages}")
        record.request["padding"] = "x" * 100_000
    add(self, record)
module.JobStore.add = full
"""
    with running_backend(tmp_path, setup=setup) as backend:
        before = backend.generate("a man")
        status, answer = backend.ask("POST", "/jobs", {"kind": "generate", "request": {"prompt": "full"}})
        assert status == 503
        assert "The disk is full" in answer["error"]
        assert backend.outcome(before)["state"] == "done"
        assert len(backend.ask("GET", "/jobs")[1]["jobs"]) == 1


def test_a_face_that_cannot_be_entered_is_kept_and_done_after_the_next_start(tmp_path: Path) -> None:
    setup = """
import dreamface.service.store as module
update = module.JobStore.update
def full(self, record):
    if record.state == "done":
        raise module.StoreError("The disk is full: free some space, then try again.")
    update(self, record)
module.JobStore.update = full
"""
    with running_backend(tmp_path, setup=setup) as backend:
        job = backend.generate("a man")
        done = backend.outcome(job)
        assert (done["state"], "The disk is full" in done["message"]) == ("done", True)
        assert (tmp_path / "faces" / job / "maps/skin.png").exists()
        backend.kill()
    with running_backend(tmp_path) as backend:
        after = backend.job(job)
        assert (after["state"], after["result"], after["attempts"]) == ("done", done["result"], 1)


def full_disk(flag: Path) -> str:
    """A set-up with which SQLite finds the disk full while a file is there."""
    return f"""
import sqlite3
import dreamface.service.store as module
for name in ("add", "update"):
    def write(self, record, inner=getattr(module.JobStore, name)):
        if Path({str(flag)!r}).exists():
            raise module.StoreError("The disk is full: free some space, then try again.")
        inner(self, record)
    setattr(module.JobStore, name, write)
"""


@pytest.mark.parametrize("saved_by", ["the next write", pytest.param("time", marks=pytest.mark.slow), "the end"])
def test_what_was_answered_while_the_disk_was_full_holds_after_the_next_start(tmp_path: Path, saved_by: str) -> None:
    flag, store = tmp_path / "full", tmp_path / "store"
    with running_backend(store, setup=full_disk(flag)) as backend:
        slow = backend.generate("a slow man")
        waiting = [backend.generate("a man") for _ in range(5)]
        backend.when_running(slow)
        flag.touch()
        for job in (*waiting, slow):
            assert cancel(backend, job)["state"] == "cancelled"
        assert backend.log().count("The disk is full") == 1
        flag.unlink()
        if saved_by == "the next write":
            backend.outcome(backend.generate("a woman"))
        elif saved_by == "time":
            time.sleep(2.5)
        if saved_by == "the end":
            backend.process.terminate()
            assert backend.process.wait(10.0) == 0
        else:
            backend.kill()
    with running_backend(store) as backend:
        assert {backend.job(job)["state"] for job in (*waiting, slow)} == {"cancelled"}


def test_a_disk_that_stays_full_takes_how_jobs_ended(tmp_path: Path) -> None:
    """SQLite's own limit stands in for the disk's: what lies in reserve makes room."""
    setup = """
import dreamface.service.store as module
update, unlink = module.JobStore.update, Path.unlink
def filled(self, record):
    def relieved(path, **rest):
        self._database.execute("PRAGMA max_page_count=100000")
        unlink(path, **rest)
    Path.unlink = relieved
    if Path(store, "full").exists() and Path(store, "reserve").exists():
        pages = self._database.execute("PRAGMA page_count").fetchone()[0]
        self._database.execute(f"PRAGMA max_page_count={pages}")
        record.error = "x" * 100_000
    update(self, record)
module.JobStore.update = filled
"""
    with running_backend(tmp_path, setup=setup) as backend:
        slow = backend.generate("a slow man")
        backend.when_running(slow)
        assert (tmp_path / "reserve").stat().st_size == 2**20
        (tmp_path / "full").touch()
        assert cancel(backend, slow)["state"] == "cancelled"
        backend.kill()
    with running_backend(tmp_path) as backend:
        assert backend.job(slow)["state"] == "cancelled"


# ---------------------------------------------------------------------------------------------------- starting at all


def refused(*arguments: str, **environment: str) -> str:
    """Last line of a `dreamface serve` that can't start."""
    done = subprocess.run(
        [sys.executable, "-m", "dreamface", "serve", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_two_backends_do_not_share_a_store(backend: Backend) -> None:
    sentence = refused("--store", str(backend.store))
    assert f"process {backend.process.pid}" in sentence
    assert backend.health()["state"] == "ready"


def refused_command_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The same for what is refused before anything is started; without the second that a process takes."""
    assert main(["serve", *arguments]) == 1
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_what_it_cannot_listen_on_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ["--store", str(tmp_path / "store")]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} on 127.0.0.1 is taken" in refused(*store, "--listen", f"127.0.0.1:{port}")
    assert "--token-file" in refused_command_line(capsys, *store, "--listen", "0.0.0.0:0")
    assert "HOST:PORT" in refused_command_line(capsys, *store, "--listen", "here")
    (tmp_path / "token").write_text("short\n")
    assert "at least 16" in refused_command_line(capsys, *store, "--token-file", str(tmp_path / "token"))
    assert "can't be read" in refused_command_line(capsys, *store, "--token-file", str(tmp_path / "none"))
    monkeypatch.setenv("DREAMFACE_TOKEN", "short")
    assert "at least 16" in refused_command_line(capsys, *store)
    assert not (tmp_path / "store/backend.json").exists()


def test_with_a_token_it_listens_beyond_this_machine_under_the_names_it_was_given(tmp_path: Path) -> None:
    setup = "options |= dict(host='0.0.0.0', token='0123456789abcdef', hosts=('faces.example',))"
    with running_backend(tmp_path, setup=setup) as backend:
        assert (backend.token, backend.url[:17]) == ("0123456789abcdef", "http://127.0.0.1:")
        assert backend.ask("GET", "/health", Host="faces.example")[0] == 200
        assert backend.ask("GET", "/health", Host="other.example")[0] == 421


def test_the_command_line_says_how_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[server.Options] = []
    monkeypatch.setattr(server, "serve", taken.append)
    (tmp_path / "token").write_text("0123456789abcdef\n")
    words = [
        "--listen",
        "[::1]:8000",
        "--token-file",
        str(tmp_path / "token"),
        "--allow-host",
        "a",
        "--allow-host",
        "b",
    ]
    assert main(["serve", "--store", str(tmp_path), *words, "--until-stdin-closes"]) == 0
    assert taken == [server.Options(tmp_path, "::1", 8000, "0123456789abcdef", ("a", "b"), until_stdin_closes=True)]


def test_a_store_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refused("--store", str(tmp_path / "file"))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad/jobs.sqlite").write_bytes(b"this is no database" * 100)
    assert "damaged" in refused("--store", str(tmp_path / "bad"))


def test_a_stale_handover_of_a_killed_backend_is_replaced(tmp_path: Path) -> None:
    with running_backend(tmp_path) as backend:
        backend.kill()
        stale = (tmp_path / "backend.json").read_text()
    (tmp_path / "backend.json").rename(tmp_path / "kept")
    with running_backend(tmp_path, setup="Path(store, 'kept').rename(Path(store, 'backend.json'))") as backend:
        wait_for(lambda: (tmp_path / "backend.json").read_text() != stale)
        assert json.loads((tmp_path / "backend.json").read_text())["pid"] == backend.process.pid


def test_a_store_that_was_moved_away_is_said_and_takes_no_job(tmp_path: Path) -> None:
    with running_backend(tmp_path / "store") as backend:
        backend.when_ready()
        (tmp_path / "store").rename(tmp_path / "elsewhere")
        status, answer = backend.ask("POST", "/jobs", {"kind": "generate", "request": {"prompt": "a man"}})
        assert status == 503
        assert "moved or emptied" in answer["error"]
        assert backend.health()["active_jobs"] == 0


def test_libraries_that_do_not_load_are_said(tmp_path: Path) -> None:
    without_torch = "import sys; sys.modules['torch'] = None; from dreamface.service.worker import main; main()"
    with running_backend(tmp_path, (sys.executable, "-c", without_torch), HURRIED) as backend:
        outcome = backend.outcome(backend.generate("a man"))
        assert outcome["state"] == "failed"
        assert outcome["error"].endswith("does not load: set up the backend again.")
        assert backend.health()["problem"] == outcome["error"]


def test_a_night_that_the_laptop_slept_does_not_count_for_the_next_job(tmp_path: Path) -> None:
    with running_backend(tmp_path) as backend:
        backend.outcome(backend.generate("a man"))
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite")) as database, database:
        database.execute("UPDATE jobs SET started = started - 30000")
    with running_backend(tmp_path) as backend:
        job = backend.generate("a slow man")
        backend.when_running(job)
        assert (backend.job(job)["eta"] or 0.0) < 3600.0
