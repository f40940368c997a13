"""Live sessions of the service: a phone, a video that plays as a camera, and a camera that is made up."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamface.performance import load_performance
from dreamface.service.users import add_user
from tests.running_backend import Backend, running_backend, wait_for
from tests.unit.test_live import free_port, sending

LIVE = f"""
options["live"] = ({sys.executable!r}, {str(Path(__file__).parents[1] / "fake_live.py")!r})
options["lonely"] = 3.0
from dreamface.service import live
live.MOST = 2
"""


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with running_backend(tmp_path_factory.mktemp("live") / "store", setup=LIVE) as backend:
        yield backend


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds that grow brighter, with a dark half second."""
    writer = pytest.importorskip("imageio_ffmpeg").write_frames
    path = tmp_path_factory.mktemp("film") / "a film.mp4"
    frames = writer(str(path), (64, 64), fps=30, codec="libx264", macro_block_size=16)
    frames.send(None)
    for number in range(60):
        level = 0 if 30 <= number < 45 else 60 + 3 * number
        frames.send(np.full((64, 64, 3), level, np.uint8).tobytes())
    frames.close()
    return path


def start(backend: Backend, source: str, **rest: Any) -> str:
    status, live = backend.ask("POST", "/live", {"source": source, "smoothing": 0.0, **rest})
    assert status == 201, live
    return str(live["id"])


@contextmanager
def following(backend: Backend, session: str) -> Iterator[Iterator[tuple[str, dict[str, Any]]]]:
    with backend.open("GET", f"/live/{session}/events") as answer:
        yield events_of(answer)


def events_of(answer: HTTPResponse) -> Iterator[tuple[str, dict[str, Any]]]:
    kind = ""
    for line in answer:
        if line.startswith(b"event: "):
            kind = line[7:].decode().strip()
        elif line.startswith(b"data: "):
            yield kind, json.loads(line[6:])


def test_a_phone_comes_in_as_moments_and_is_recorded(backend: Backend) -> None:
    port = free_port()
    status, live = backend.ask("POST", "/live", {"source": f"udp:{port}", "smoothing": 0.0})
    assert (status, live["name"]) == (201, f"Live Link Face (port {port})")
    session = live["id"]
    with sending(port, garbage=True), following(backend, session) as events:
        kind, moment = next(events)
        assert kind == "moment"
        assert {name: len(moment[name]) for name in ("weights", "head", "position", "eyes")} == {
            "weights": 52, "head": 3, "position": 3, "eyes": 4,
        }  # fmt: skip
        assert moment["seen"]
        assert backend.ask("POST", f"/live/{session}/record", {"on": True})[0] == 200
        for _ in range(20):
            kind, moment = next(events)
        assert moment["rate"] > 10.0
        status, take = backend.ask("POST", f"/live/{session}/record", {"on": False})
        assert status == 200
        assert load_performance(Path(take["file"])).channel("mouthLeft") == pytest.approx(0.25)
        assert backend.ask("PATCH", f"/live/{session}", {"gains": {"mouth": 2.0}})[0] == 204
        assert backend.ask("POST", f"/live/{session}/neutral")[0] == 204
        assert backend.ask("PATCH", f"/live/{session}", {"gains": {"nose": 2.0}})[0] == 400
        status, kept = backend.ask("DELETE", f"/live/{session}")
    assert (status, kept) == (200, take)
    assert Path(kept["file"]).is_relative_to(backend.store / "exports")
    assert backend.ask("GET", f"/live/{session}/events")[0] == 404
    assert backend.ask("DELETE", f"/live/{session}") == (200, kept)  # kept on the disk


def test_a_users_takes_are_theirs(backend: Backend) -> None:
    anna, ben = ({"Authorization": f"Bearer {add_user(backend.store, name)}"} for name in ("anna", "ben"))
    port = free_port()
    session = backend.ask("POST", "/live", {"source": f"udp:{port}"}, **anna)[1]["id"]
    with sending(port), backend.open("GET", f"/live/{session}/events", **anna) as answer:
        events = events_of(answer)
        next(events)
        assert backend.ask("POST", f"/live/{session}/record", {"on": True}, **anna)[0] == 200
        for _ in range(5):
            next(events)
        status, take = backend.ask("DELETE", f"/live/{session}", **anna)
    assert status == 200 and Path(take["file"]).is_relative_to(backend.store / "exports" / "user-anna")
    assert backend.ask("DELETE", f"/live/{session}", **anna) == (200, take), "it is kept"
    for other in (ben, {}):
        assert backend.ask("DELETE", f"/live/{session}", **other)[0] == 404
    asked = {"kind": "animate", "request": {"source": take["file"]}}
    assert backend.ask("POST", "/jobs", asked, **ben)[0] == 403
    assert backend.ask("POST", "/jobs", asked, **anna)[0] == 201


def test_a_film_plays_as_a_camera_at_its_own_speed_and_its_end_is_told(backend: Backend, film: Path) -> None:
    session = start(backend, str(film), mirror=True)
    begun = time.monotonic()
    with following(backend, session) as events:
        assert backend.ask("POST", f"/live/{session}/record", {"on": True})[0] == 200
        told = list(events)
    assert time.monotonic() - begun > 1.2
    moments = [moment for kind, moment in told if kind == "moment"]
    assert told[-1] == ("ended", {"reason": "a film.mp4 has ended."})
    assert moments[-1]["weights"][17] > 0.7
    assert moments[-1]["weights"][16] == pytest.approx(0.5, abs=0.01)  # jawRight, of a mirrored jawLeft
    assert any(not moment["seen"] for moment in moments)
    assert moments[-1]["time"] == pytest.approx(59 / 30, abs=0.1)
    status, take = backend.ask("DELETE", f"/live/{session}")
    assert status == 200
    kept = load_performance(Path(take["file"]))
    assert kept.footage == (64, 64)
    assert not kept.seen.all()
    assert kept.rate == pytest.approx(30.0, rel=0.2)


@pytest.mark.slow
def test_moments_are_dropped_and_never_queued(tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRACKER_SLOW", "0.2")
    with running_backend(tmp_path / "store", setup=LIVE) as backend:
        session = start(backend, str(film))
        with following(backend, session) as events:
            moments = [moment for kind, moment in events if kind == "moment"]
    assert len(moments) < 20
    assert moments[-1]["dropped"] > 30
    assert max(moment["latency_ms"] for moment in moments) < 1500.0
    assert moments[-1]["time"] > 1.5


@pytest.mark.slow
def test_a_camera_that_is_unplugged_leaves_the_take_so_far(
    tmp_path: Path, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CAMERA", str(film))
    with running_backend(tmp_path / "store", setup=LIVE) as backend:
        assert backend.ask("GET", "/cameras") == (200, [{"id": "camera:0", "name": "Made-up Camera"}])
        assert "There is no camera 3" in backend.ask("POST", "/live", {"source": "camera:2"})[1]["error"]
        session = start(backend, "camera")
        with following(backend, session) as events:
            backend.ask("POST", f"/live/{session}/record", {"on": True})
            told = list(events)
        assert told[-1][0] == "ended"
        assert "Made-up Camera stopped sending pictures" in told[-1][1]["reason"]
        status, problem = backend.ask("POST", f"/live/{session}/record", {"on": True})
        assert (status, problem["error"]) == (409, told[-1][1]["reason"])
        take = backend.ask("DELETE", f"/live/{session}")[1]
        assert take["moments"] > 5
        assert load_performance(Path(take["file"])).source == "Made-up Camera"


@pytest.mark.slow
def test_a_camera_that_does_not_open_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_CAMERA", "/dev/video0")
    monkeypatch.setenv("FAKE_CAMERA_SAYS", "/dev/video0: Device or resource busy")
    with running_backend(tmp_path / "store", setup=LIVE) as backend:
        status, problem = backend.ask("POST", "/live", {"source": "camera"})
        assert status == 400
        assert "Made-up Camera is in use by another program" in problem["error"]
        assert backend.ask("GET", "/health")[0] == 200
        assert not list((backend.store / "exports").iterdir())


@pytest.mark.slow
def test_a_crash_keeps_the_take_and_the_service_goes_on(backend: Backend) -> None:
    port = free_port()
    session = start(backend, f"udp:{port}")
    with sending(port), following(backend, session) as events:
        backend.ask("POST", f"/live/{session}/record", {"on": True})
        begun = time.monotonic()
        while time.monotonic() - begun < 1.5:
            next(events)
        os.kill(process_of(backend, "fake_live"), signal.SIGKILL)
        *_, last = events
    assert last[0] == "ended"
    assert "ended unexpectedly" in last[1]["reason"]
    take = backend.ask("DELETE", f"/live/{session}")[1]
    assert take["moments"] > 10
    assert load_performance(Path(take["file"])).seen.all()
    assert backend.health()["state"] == "ready"


def process_of(backend: Backend, name: str) -> int:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == backend.process.pid and name in (folder / "cmdline").read_text():
                return int(folder.name)
        except (OSError, ValueError):
            continue
    raise AssertionError(f"there is no {name}")


@pytest.mark.slow
def test_a_session_that_nobody_follows_ends_and_keeps_its_take(backend: Backend) -> None:
    port = free_port()
    session = start(backend, f"udp:{port}")
    with sending(port):
        backend.ask("POST", f"/live/{session}/record", {"on": True})
        wait_for(lambda: backend.ask("POST", f"/live/{session}/neutral")[0] == 409, 10.0)
    assert backend.ask("DELETE", f"/live/{session}")[1]["moments"] > 10


@pytest.mark.slow
def test_what_is_recorded_outlives_the_service(tmp_path: Path) -> None:
    port = free_port()
    with running_backend(tmp_path / "store", setup=LIVE) as backend:
        session = start(backend, f"udp:{port}")
        with sending(port), following(backend, session) as events:
            backend.ask("POST", f"/live/{session}/record", {"on": True})
            begun = time.monotonic()
            while time.monotonic() - begun < 1.2:
                next(events)
            backend.kill()
    with running_backend(tmp_path / "store", setup=LIVE) as again:
        wait_for(lambda: again.ask("DELETE", f"/live/{session}")[0] == 200, 10.0)
        take = again.ask("DELETE", f"/live/{session}")[1]
    assert load_performance(Path(take["file"])).source.startswith("Live Link Face")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "source is missing"), ({"source": ""}, "Choose a camera"), ({"source": "film.mp4"}, "the whole path"),
        ({"source": "/gone.mp4"}, "is not there"), ({"source": "udp:80"}, "A port is a number"),
        ({"source": "udp:11112", "gains": {"nose": 1}}, "no region"), ({"source": "udp:11112", "face": -1}, "face"),
        ({"source": "udp:11112", "smoothing": 2}, "smoothing"),
    ],
)  # fmt: skip
def test_a_session_that_cannot_be_is_a_sentence(backend: Backend, body: dict[str, Any], words: str) -> None:
    status, problem = backend.ask("POST", "/live", body)
    assert status == 400
    assert words in problem["error"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "words"), [(("/nonexistent",), "could not be run"), ((sys.executable, "-c", "pass"), "unexpectedly")]
)
def test_a_process_that_does_not_start_is_a_sentence(tmp_path: Path, command: tuple[str, ...], words: str) -> None:
    with running_backend(tmp_path / "store", setup=f'options["live"] = {command!r}') as backend:
        for method, path, body in (("POST", "/live", {"source": "udp:11112"}), ("GET", "/cameras", None)):
            status, problem = backend.ask(method, path, body)
            assert status == 503
            assert words in problem["error"] or path == "/cameras"
        assert backend.ask("DELETE", f"/live/{'0' * 32}")[0] == 404


@pytest.mark.slow
def test_too_many_sessions_are_refused(backend: Backend) -> None:
    sessions = [start(backend, f"udp:{free_port()}") for _ in range(2)]
    assert backend.ask("POST", "/live", {"source": f"udp:{free_port()}"})[0] == 409
    for session in sessions:
        assert backend.ask("DELETE", f"/live/{session}") == (200, {"file": None, "seconds": 0.0, "moments": 0})


def test_a_session_that_is_not_there_is_a_sentence(backend: Backend) -> None:
    for name in ("nowhere", "0" * 32, ".."):
        for method, path, body in (
            ("GET", f"/live/{name}/events", None), ("DELETE", f"/live/{name}", None),
            ("POST", f"/live/{name}/record", {"on": True}), ("POST", f"/live/{name}/neutral", None),
            ("PATCH", f"/live/{name}", {}),
        ):  # fmt: skip
            assert backend.ask(method, path, body)[0] == 404
