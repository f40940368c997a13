"""Jobs, readings and shapes of the Blender side: with a backend that misbehaves, and with the real one."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamface_addon import jobs as jobs_module
from dreamface_addon import live as live_module
from dreamface_addon import session as session_module
from dreamface_addon.arrays import open_arrays
from dreamface_addon.link import backend as backend_module
from dreamface_addon.link import client as client_module
from dreamface_addon.session import BackendState, Job, Session, Settings
from tests import fake_backend

ROOT = Path(__file__).parents[2]
Make = Callable[..., Session]

PROMPT = {"prompt": "an old fisherman", "resolution": 512}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a session whose backend is the fake one; all are stopped in the end."""
    made: list[Session] = []

    def session(misbehaviour: str = "", store: str = "лицо store", **changes: Any) -> Session:
        variables = fake_backend.install(tmp_path / "module") | {"DREAMFACE_FAKE": misbehaviour}
        settings = {"python": Path(sys.executable), "store": tmp_path / store, "environment": variables} | changes
        made.append(Session(Settings(**settings)))
        return made[-1]

    yield session
    for one in made:
        one.stop()
    poll_until(lambda: not any(one.active for one in made), *made)


def poll_until(condition: Callable[[], object], *sessions: Session, seconds: float = 8.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        seen = [(one.state, one.problem, [(job.state, job.message) for job in one.jobs]) for one in sessions]
        assert time.monotonic() < until, f"it never happens: {seen}"
        for session in sessions:
            session.poll()
        time.sleep(0.002)


def finish(session: Session, *jobs: Job, seconds: float = 8.0) -> None:
    poll_until(lambda: all(job.finished for job in jobs), session, seconds=seconds)


def ready(session: Session) -> None:
    session.start()
    poll_until(lambda: session.state is BackendState.READY, session)


def requests(session: Session) -> list[str]:
    """What the fake backend was asked so far."""
    assert session.backend.client is not None
    exchange = session.backend.client.send("GET", "/log")
    poll_until(lambda: exchange.done, session)
    log = exchange.json()["log"]
    assert isinstance(log, list)
    return log


# --------------------------------------------------------------------------------- all well


def test_a_job_starts_the_backend_and_is_handed_out_once(make: Make) -> None:
    session = make()
    assert not session.active
    tag = object()
    job = session.submit("generate", PROMPT, tag)
    assert (job.state, session.state, session.active) == ("sending", BackendState.STARTING, True)
    seen = []
    until = time.monotonic() + 8.0
    while not job.finished:
        assert time.monotonic() < until
        session.poll()
        seen.append((job.state, job.fraction))
        time.sleep(0.002)
    assert [state for state in dict(seen) if state != "queued"] == ["sending", "running", "done"]
    assert [fraction for _, fraction in seen] == sorted(fraction for _, fraction in seen)
    assert len({fraction for _, fraction in seen}) > 4
    assert job.folder is not None
    assert (job.folder / "face.json").is_file()
    assert job.request["seed"] == 7  # the backend has chosen it
    assert job.tag is tag
    assert session.take_finished() == [job]
    assert session.take_finished() == []
    assert session.jobs == [job]
    assert not session.active


def test_poll_says_whether_something_changed(make: Make) -> None:
    session = make()
    ready(session)
    session.poll()
    assert [session.poll() for _ in range(5)] == [False] * 5
    job = session.submit("generate", PROMPT)
    assert session.poll()
    changes = 0
    while not job.finished:
        changes += session.poll()
        time.sleep(0.001)
    assert 5 <= changes < 40


def test_jobs_are_made_in_the_order_of_asking(make: Make) -> None:
    session = make()
    jobs = [session.submit("generate", PROMPT | {"seed": seed}) for seed in range(5)]
    finish(session, *jobs)
    assert session.take_finished() == jobs
    assert [job.request["seed"] for job in jobs] == list(range(5))


def test_a_blender_that_quits_leaves_no_work_to_the_others(make: Make) -> None:
    host, guest = make("slow_job"), make("slow_job")
    ready(host)
    jobs = [guest.submit("generate", PROMPT | {"seed": seed}) for seed in range(3)]
    poll_until(lambda: all(job.state in ("queued", "running") for job in jobs), guest, host)
    start = time.monotonic()
    guest.shutdown()
    assert time.monotonic() - start < 0.5
    asked = requests(host)
    assert all(f"POST /jobs/{job.id}/cancel" in asked for job in jobs)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_job_that_was_given_up_is_not_made_after_all(make: Make) -> None:
    session = make("slow_job")
    job = session.submit("generate", PROMPT)
    for _ in range(2):
        poll_until(lambda: session.state is BackendState.READY and job.state == "running", session)
        os.kill(session.backend.health["pid"], signal.SIGKILL)
        poll_until(lambda: session.state is not BackendState.READY, session)
    finish(session, job)
    assert job.state == "failed"
    ready(session)
    poll_until(lambda: f"POST /jobs/{job.id}/cancel" in requests(session), session)


def test_an_export_gives_its_file(make: Make) -> None:
    session = make()
    job = session.submit("export", {"job": "x", "format": "glb"})
    finish(session, job)
    assert Path(job.result["file"]).read_bytes() == b"glTF"
    assert job.folder == Path(job.result["file"]).parent


def test_two_blenders_see_only_their_own_jobs(make: Make) -> None:
    one, two = make(), make()
    ready(one)
    ready(two)
    assert one.backend.health["pid"] == two.backend.health["pid"]
    mine, other = one.submit("generate", PROMPT), two.submit("generate", PROMPT)
    poll_until(lambda: mine.finished and other.finished, one, two)
    assert (one.jobs, two.jobs) == ([mine], [other])
    assert (mine.state, other.state) == ("done", "done")


# --------------------------------------------------------------------------------- misbehaviours


@pytest.mark.parametrize(
    ("misbehaviour", "sentence"),
    [
        ("refuse", "The graphics card is on fire: put it out."),
        ("fail_job", "The head could not be made: choose another prompt."),
        ("crash", "The engine stopped (RuntimeError: the head fell off): start it again"),
        ("oom", "The engine was killed, by another program or because memory ran out"),
        ("crash:once,forget", "The engine no longer knows this job"),
        ("half_event,slow_job", "The engine keeps breaking off its reports"),
        ("garbage_jobs", "The engine's answer cannot be understood"),
        ("newer", "The engine is newer than this extension: update the extension."),
        ("hang", "The engine did not start within "),
        ("garbage", "The engine did not start within 1 seconds: start it again. What answers at "),
        ("unauthorised", "The engine did not start within 1 seconds: start it again. The token is missing or wrong."),
        ("hang_on_job", "The engine no longer answered and was ended."),
    ],
)
def test_whatever_the_backend_does_the_job_ends_in_a_sentence(
    make: Make, misbehaviour: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = not sentence.startswith("The engine did not start")
    monkeypatch.setattr(backend_module, "START_LIMIT", 30.0 if starts else 1.4)  # a busy machine starts slowly
    monkeypatch.setattr(backend_module, "CHECK_TIMEOUT", 0.3)
    monkeypatch.setattr(backend_module, "LOST_LIMIT", 0.3)
    monkeypatch.setattr(client_module, "ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr(session_module, "_STREAM_PAUSE", 0.01)
    session = make(misbehaviour)
    job = session.submit("generate", PROMPT)
    finish(session, job)
    assert job.state == "failed"
    assert job.error.startswith(sentence)
    assert session.take_finished() == [job]
    assert not session.active or session.backend.ending


@pytest.mark.parametrize("misbehaviour", ["crash:once", "oom:once", "slow_start", "warm_up", "drop_answer:once"])
def test_what_can_be_recovered_is_recovered(make: Make, misbehaviour: str) -> None:
    session = make(misbehaviour)
    job, second = session.submit("generate", PROMPT), session.submit("generate", PROMPT)
    finish(session, job, second)
    assert (job.state, job.error, second.state) == ("done", "", "done")


def test_a_lost_answer_is_asked_for_again_and_nothing_is_made_twice(make: Make) -> None:
    session = make("drop_answer:once")
    job = session.submit("generate", PROMPT)
    finish(session, job)
    folders = list((session.backend.settings.store / "faces").iterdir())
    assert [folder.name for folder in folders] == [job.id]
    assert requests(session).count("POST /jobs") == 2


def test_an_answer_that_is_always_lost_ends_in_a_sentence(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "_PAUSE", 0.02)
    session = make("drop_answer")
    job = session.submit("generate", PROMPT)
    finish(session, job)
    assert job.state == "failed"
    assert job.error.startswith("The connection to the engine was lost: check")
    assert session.state is not BackendState.FAILED


def test_cancelling_what_may_or_may_not_have_arrived(make: Make) -> None:
    session = make("drop_answer")
    job = session.submit("generate", PROMPT)
    poll_until(lambda: job.id in session._jobs.known_to_backend(), session)
    session.cancel(job)
    finish(session, job)
    assert (job.state, job.error) == ("cancelled", "")


FILES = {"a" * 64: b"a picture", "b" * 64: bytes(3_000_000)}


def uploads(session: Session) -> list[str]:
    return [line.rpartition("/")[2][0] for line in requests(session) if line.startswith("PUT /uploads/")]


@pytest.mark.parametrize("misbehaviour", ["", "drop_upload:once"])
def test_files_are_sent_ahead_of_their_job(make: Make, misbehaviour: str) -> None:
    session = make(misbehaviour)
    job = session.submit("generate", PROMPT, files=FILES)
    finish(session, job)
    assert (job.state, job.error) == ("done", "")
    log = [line for line in requests(session) if line.startswith("PUT") or line == "POST /jobs"]
    assert log[-1] == "POST /jobs" and log.count("POST /jobs") == 1
    assert set(uploads(session)) == {"a", "b"}
    assert not job.files  # megabytes that nobody needs any more


def test_a_file_that_is_refused_fails_its_job_with_the_sentence(make: Make) -> None:
    session = make("refuse_upload")
    job, second = session.submit("generate", PROMPT, files=FILES), session.submit("generate", PROMPT)
    finish(session, job, second)
    assert (job.state, job.error) == ("failed", "The file is too long: send at most 64 MB.")
    assert second.state == "done"


def test_a_file_that_never_arrives_ends_in_a_sentence(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "_PAUSE", 0.02)
    session = make("drop_upload")
    job = session.submit("generate", PROMPT, files=FILES)
    finish(session, job)
    assert job.state == "failed"
    assert job.error.startswith("The connection to the engine was lost: check")


def test_cancelling_while_a_file_is_sent(make: Make) -> None:
    session = make("drop_upload")
    job = session.submit("generate", PROMPT, files=FILES)
    poll_until(lambda: session.backend.client is not None and job.stage == "" and not job.finished, session)
    session.cancel(job)
    finish(session, job)
    assert (job.state, job.error) == ("cancelled", "")


def test_events_that_break_off_do_not_keep_a_job_from_its_end(make: Make) -> None:
    session = make("half_event:once")
    job = session.submit("generate", PROMPT)
    finish(session, job)
    assert job.state == "done"


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_backend_killed_while_blender_waits_takes_its_job_up_again(make: Make) -> None:
    session = make()
    job = session.submit("generate", PROMPT)
    poll_until(lambda: job.fraction > 0.3, session)
    os.kill(session.backend.health["pid"], signal.SIGKILL)
    problems = set()
    while not job.finished:
        session.poll()
        problems.add(session.problem)
        time.sleep(0.002)
    assert job.state == "done"
    assert any("It is being started again." in problem for problem in problems)


def test_the_other_blenders_backend_goes_away(make: Make) -> None:
    owner, guest = make("slow_job:once"), make()
    ready(owner)
    ready(guest)
    job = guest.submit("generate", PROMPT)
    poll_until(lambda: job.state == "running", owner, guest)
    owner.stop()
    poll_until(lambda: job.finished and not owner.active, owner, guest)
    assert job.state == "done"
    assert guest.backend.health["pid"] != os.getpid()


def test_a_failed_backend_may_be_tried_again(make: Make) -> None:
    session = make("refuse:once")
    first = session.submit("generate", PROMPT)
    finish(session, first)
    assert session.state is BackendState.FAILED
    second = session.submit("generate", PROMPT)
    finish(session, second)
    assert (first.state, second.state) == ("failed", "done")


# --------------------------------------------------------------------------------- cancelling


def test_cancelling_before_anything_was_sent(make: Make) -> None:
    session = make()
    job = session.submit("generate", PROMPT)
    session.cancel(job)
    assert job.state == "cancelled"
    assert session.take_finished() == [job]
    poll_until(lambda: session.state is BackendState.READY, session)
    assert "POST /jobs" not in requests(session)


def test_cancelling_while_the_request_is_under_way(make: Make) -> None:
    session = make("slow_job")
    ready(session)
    job = session.submit("generate", PROMPT)
    session.poll(0.0)  # sent, not answered
    session.cancel(job)
    finish(session, job)
    assert (job.state, job.error) == ("cancelled", "")
    assert f"POST /jobs/{job.id}/cancel" in requests(session)


def test_cancelling_a_running_job_is_quick_and_the_next_one_goes_on(make: Make) -> None:
    session = make("slow_job:once")
    job, other = session.submit("generate", PROMPT), session.submit("generate", PROMPT)
    poll_until(lambda: job.state == "running", session)
    start = time.monotonic()
    session.cancel(job)
    assert job.message == "Cancelling"
    finish(session, job)
    assert time.monotonic() - start < 0.5
    finish(session, other)
    assert (job.state, other.state) == ("cancelled", "done")
    session.cancel(other)
    assert other.state == "done"


def test_stopping_cancels_what_is_open(make: Make, tmp_path: Path) -> None:
    session = make("slow_job")
    running, waiting = session.submit("generate", PROMPT), session.submit("generate", PROMPT)
    poll_until(lambda: running.state == "running" and waiting.state == "queued", session)
    session.stop()
    assert (running.state, waiting.state, session.state) == ("cancelled", "cancelled", BackendState.STOPPED)
    poll_until(lambda: not session.active, session)
    again = make()
    ready(again)
    for job in (running, waiting):  # nobody works on them any more
        assert again.backend.client is not None
        exchange = again.backend.client.send("GET", f"/jobs/{job.id}")
        poll_until(lambda exchange=exchange: exchange.done, again)
        assert exchange.json()["state"] == "cancelled"


def test_other_settings_end_what_was_running(make: Make, tmp_path: Path) -> None:
    session = make("slow_job")
    job = session.submit("generate", PROMPT)
    poll_until(lambda: job.state == "running", session)
    settings = session.backend.settings
    session.configure(settings)
    assert job.state == "running"
    session.configure(Settings(settings.python, tmp_path / "other", environment=settings.environment))
    assert (job.state, session.state) == ("cancelled", BackendState.STOPPED)
    ready(session)
    assert session.backend.health["store"] == str(tmp_path / "other")


def test_blender_quits_in_no_time(make: Make) -> None:
    session = make("slow_job")
    job = session.submit("generate", PROMPT)
    poll_until(lambda: job.state == "running", session)
    start = time.monotonic()
    session.shutdown()
    assert time.monotonic() - start < 0.4


# --------------------------------------------------------------------------------- files from elsewhere


def test_a_folder_from_elsewhere_is_fetched_whole(make: Make, tmp_path: Path) -> None:
    session = make("elsewhere,large")
    job = session.submit("generate", PROMPT)
    fractions = []
    while not job.finished:
        session.poll()
        if job.stage == "Fetching the face":
            fractions.append(job.fraction)
        time.sleep(0.001)
    assert job.folder == session.backend.settings.store / "downloads" / job.id
    made = session.backend.settings.store / "faces" / job.id
    files = [path.relative_to(made) for path in made.rglob("*") if path.is_file()]
    assert len(files) == 3
    for file in files:
        assert (job.folder / file).read_bytes() == (made / file).read_bytes()
    assert [path.name for path in job.folder.parent.iterdir()] == [job.id]
    assert any(0.0 < fraction < 1.0 for fraction in fractions)


@pytest.mark.parametrize(
    ("misbehaviour", "sentence"),
    [
        ("escape", "The engine's list of files cannot be used; nothing was fetched."),
        ("short", "The engine sent a file of another size than it had announced; nothing was kept."),
    ],
)
def test_a_folder_that_cannot_be_fetched_leaves_nothing(
    make: Make, tmp_path: Path, misbehaviour: str, sentence: str
) -> None:
    session = make(f"elsewhere,{misbehaviour}")
    job = session.submit("generate", PROMPT)
    finish(session, job)
    assert (job.state, job.error, job.folder) == ("failed", sentence, None)
    downloads = session.backend.settings.store / "downloads"
    assert not downloads.exists() or list(downloads.iterdir()) == []
    assert not (tmp_path / "stolen.txt").exists()


def test_a_full_disk_while_fetching_is_a_sentence(make: Make) -> None:
    session = make("elsewhere")
    job = session.submit("generate", PROMPT)
    session.backend.settings.store.mkdir(parents=True, exist_ok=True)
    (session.backend.settings.store / "downloads").write_text("in the way")
    finish(session, job)
    assert job.state == "failed"
    assert job.error.startswith("The face could not be saved in ")


def test_cancelling_while_fetching_leaves_nothing(make: Make) -> None:
    session = make("elsewhere,large")
    job = session.submit("generate", PROMPT)
    poll_until(lambda: job.stage == "Fetching the face", session)
    session.cancel(job)
    assert (job.state, job.folder) == ("cancelled", None)
    downloads = session.backend.settings.store / "downloads"
    assert not downloads.exists() or list(downloads.iterdir()) == []


# --------------------------------------------------------------------------------- live


def test_the_prompt_is_read_once_typing_pauses(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make("busy")  # the first answer is "not now"
    session.read("an")  # before the backend is there
    assert session.state is BackendState.STOPPED
    ready(session)
    monkeypatch.setattr(live_module, "DEBOUNCE", 0.05)
    for typed in ("an o", "an old xyz", "an old xyz fisherman"):
        session.read(typed)
        session.poll()
    poll_until(lambda: session.reading is not None, session)
    assert session.reading is not None
    assert session.reading.prompt == "an old xyz fisherman"
    assert session.reading.not_understood == ("xyz",)
    assert [chip.words for chip in session.reading.chips] == ["an", "old", "fisherman"]
    assert session.reading.chips[1].traits == ("trait.old",)
    assert requests(session).count("POST /read") == 2
    session.read("  ")
    assert session.reading is None
    assert not session.active


def test_chips_stand_in_the_prompts_order_even_where_their_words_are_apart() -> None:
    words = ("freckles", "red hair", "curly hair")
    traits = {f"trait.{number}": {"because": because} for number, because in enumerate(words)}
    reading = live_module.Reading("curly red hair and freckles", traits, ())
    assert [chip.words for chip in reading.chips] == ["curly hair", "red hair", "freckles"]


@pytest.mark.parametrize("misbehaviour", ["endless", "huge"])
def test_a_reading_that_never_ends_is_given_up(make: Make, misbehaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "TOTAL_TIMEOUT", 0.4)
    monkeypatch.setattr(client_module, "LARGEST_BODY", 1 << 22)
    session = make(misbehaviour)
    ready(session)
    session.read("anything")
    poll_until(lambda: session.call_problem, session)
    assert session.call_problem.startswith(("The engine's answer takes too long", "The engine's answer is too large"))
    assert session.reading is None
    assert session.state is BackendState.READY


def test_a_slider_gets_the_newest_shape(make: Make) -> None:
    session = make()
    ready(session)
    widths = []
    for step in range(20):
        session.reshape("face", "anny", 3, {"nose.width": step / 10})
        if step % 4 == 3:  # the mouse is faster than the timer
            session.poll()
        while (shape := session.take_shape()) is not None:
            widths.append(float(shape.arrays["vertices"][0, 0]))
        time.sleep(0.001)
    session.reshape("face", "anny", 3, {"nose.width": 2.0}, shapes=True)
    assert session.active
    last: list[Any] = []
    poll_until(
        lambda: last.append(session.take_shape()) or (last[-1] and last[-1].traits["nose.width"] == 2.0), session
    )
    shape = last[-1]
    assert shape.face_id == "face"
    assert shape.arrays["vertices"].shape == (100, 3)
    assert shape.arrays["vertices"].dtype == np.float32
    assert np.all(shape.arrays["vertices"] == 2.0)
    assert shape.arrays["shape_deltas"].shape == (1, 3)
    assert widths == sorted(widths)
    assert requests(session).count("POST /reshape") <= 8
    assert not session.active


def test_the_shapes_of_one_face_are_not_lost_to_another(make: Make) -> None:
    session = make("busy")
    ready(session)
    session.reshape("one", "anny", 3, {"nose.width": 0.5})
    session.poll()
    session.reshape("one", "anny", 3, {"nose.width": 1.0}, shapes=True)
    session.reshape("two", "anny", 3, {"nose.width": 2.0})
    arrived: dict[str, Any] = {}

    def both() -> bool:
        while (shape := session.take_shape()) is not None:
            arrived[shape.face_id] = shape
        return "two" in arrived and "one" in arrived

    poll_until(both, session)
    assert arrived["one"].traits == {"nose.width": 1.0}
    assert "shape_deltas" in arrived["one"].arrays


def test_a_head_that_will_not_come_is_known_at_once(make: Make) -> None:
    session = make("without_model")
    ready(session)
    session.reshape("face", "ict", 3, {"nose.width": 1.0})
    assert session.reshape_refused == "", "it may still come"
    poll_until(lambda: session.reshape_refused, session)
    assert session.reshape_refused.endswith("is not installed here: install it in DreamFace's preferences.")
    session.reshape("face", "ict", 3, {"nose.width": 2.0})
    assert session.reshape_refused == ""


def test_a_damaged_shape_is_a_sentence(make: Make) -> None:
    session = make()
    ready(session)
    session.reshape("face", "broken", 3, {})
    poll_until(lambda: session.call_problem, session)
    assert session.call_problem == "The engine sent a head that cannot be read: restart it."
    assert session.take_shape() is None


def test_arrays_are_read_where_they_lie(tmp_path: Path) -> None:
    file = tmp_path / "arrays.npz"
    arrays = {"vertices": np.arange(12, dtype=np.float32).reshape(4, 3), "empty": np.zeros((0, 3)), "one": np.int32(5)}
    np.savez(file, **arrays)
    for name, array in open_arrays(file.read_bytes()).items():
        assert array.dtype == arrays[name].dtype
        np.testing.assert_array_equal(array, arrays[name])

    whole = file.read_bytes()
    np.savez_compressed(file, **arrays)
    objects = tmp_path / "objects.npz"
    np.savez(objects, vertices=np.array([{}], dtype=object))
    for damaged in (b"", b"PK", whole[:-30], whole[50:], file.read_bytes(), objects.read_bytes()):
        with pytest.raises(ValueError, match=r"."):
            open_arrays(damaged)


def test_reshaping_goes_on_after_the_backend_was_lost(make: Make) -> None:
    session = make()
    ready(session)
    assert session.backend.client is not None
    session.reshape("face", "anny", 3, {"nose.width": 1.0}, shapes=True)
    session.poll(0.0)
    os.kill(session.backend.health["pid"], signal.SIGKILL)
    shape: list[Any] = []
    poll_until(lambda: shape.append(session.take_shape()) or shape[-1], session)
    assert "shape_deltas" in shape[-1].arrays


# --------------------------------------------------------------------------------- diagnostics


def test_diagnostics_tell_nobodys_secrets(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    session = make()
    ready(session)
    (session.backend.log).open("a").write("a line with the " + session.backend.secrets[0])
    text = session.diagnostics()
    assert "state: ready" in text
    assert '"name": "DreamFace"' in text
    assert "a line with the <token>" in text
    assert session.backend.secrets[0] not in text
    assert str(tmp_path) not in text


# ----------------------------------------------------------------------------------------------------- the real backend

TRAITS = {"nose.width": 1.5}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session with the real backend, warm."""
    pytest.importorskip("dreamface")
    variables = {"PYTHONPATH": str(ROOT / "backend")}
    session = Session(Settings(Path(sys.executable), tmp_path_factory.mktemp("настоящий store"), environment=variables))
    session.start()
    poll_until(lambda: session.state in (BackendState.READY, BackendState.FAILED), session, seconds=60.0)
    assert session.problem == ""
    yield session
    session.stop()
    poll_until(lambda: not session.active, session)


def test_the_real_backend_makes_a_face(real: Session) -> None:
    job = real.submit("generate", PROMPT | {"seed": 3})
    finish(real, job, seconds=60.0)
    assert (job.state, job.error, job.fraction) == ("done", "", 1.0)
    assert job.folder is not None
    assert (job.folder / "geometry.npz").is_file()
    assert job.result["seed"] == 3

    real.read("a big nose, xyzzy")
    poll_until(lambda: real.reading is not None, real)
    assert real.reading is not None
    assert "nose" in real.reading.chips[0].words

    real.reshape("face", "anny", 3, TRAITS, shapes=True)
    shapes: list[Any] = []
    poll_until(lambda: shapes.append(real.take_shape()) or shapes[-1] or real.call_problem, real)
    assert real.call_problem == ""
    with np.load(job.folder / "geometry.npz") as geometry:
        assert shapes[-1].arrays["vertices"].shape == geometry["vertices"].shape
        assert shapes[-1].arrays["shape_offsets"].shape == geometry["shape_offsets"].shape


def test_the_real_backend_cancels(real: Session) -> None:
    job = real.submit("generate", PROMPT | {"resolution": 4096})
    poll_until(lambda: job.state == "running", real, seconds=20.0)
    start = time.monotonic()
    real.cancel(job)
    finish(real, job)
    assert job.state == "cancelled"
    assert time.monotonic() - start < 3.0


def test_what_the_real_backend_refuses_is_a_sentence(real: Session) -> None:
    job = real.submit("generate", {"prompt": "", "resolution": 512})
    finish(real, job)
    assert job.state == "failed"
    assert job.error.endswith(".")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_the_real_backend_killed_while_blender_waits(real: Session) -> None:
    job = real.submit("generate", PROMPT | {"resolution": 1024})
    poll_until(lambda: job.state == "running", real, seconds=20.0)
    os.kill(real.backend.health["pid"], signal.SIGKILL)
    finish(real, job, seconds=60.0)
    assert job.state in ("done", "failed")
    assert (job.state == "failed") == bool(job.error)
    poll_until(lambda: real.state is BackendState.READY, real, seconds=60.0)


def test_two_real_backends_do_not_share_a_store(real: Session) -> None:
    (real.backend.settings.store / "backend.json").rename(real.backend.settings.store / "hidden")
    second = Session(real.backend.settings)
    second.start()
    poll_until(lambda: second.backend._in_use_since is not None, second, real, seconds=20.0)
    (real.backend.settings.store / "hidden").rename(real.backend.settings.store / "backend.json")
    poll_until(lambda: second.state is BackendState.READY, second, real, seconds=20.0)
    assert second.backend.health["pid"] == real.backend.health["pid"]
    second.stop()
    poll_until(lambda: not second.active, second)


def test_a_picked_variation_is_kept_even_if_the_connection_was_lost(real: Session) -> None:
    request = {"prompt": "a man", "seed": 5, "resolution": 512, "variation_of": "a" * 32}
    job = real.submit("generate", request)
    poll_until(lambda: job.finished, real, seconds=60.0)
    assert job.folder is not None
    mark = job.folder / "variation.json"
    assert mark.exists()
    real._disconnect()
    real.pick(job)
    poll_until(lambda: not mark.exists(), real)
