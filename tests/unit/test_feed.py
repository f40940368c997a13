"""A camera on Blender's side: the newest moment and no queue, recorded takes, and cameras that go away."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dreamface.traits import ARKIT_SHAPES
from dreamface_addon.feed import Ended, Moment
from dreamface_addon.session import Session, Settings
from dreamface_addon.takes import read_take
from tests import fake_backend

Make = Callable[..., Session]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Session] = []

    def session(misbehaviour: str = "") -> Session:
        variables = fake_backend.install(tmp_path / "module") | {"DREAMFACE_FAKE": misbehaviour}
        made.append(Session(Settings(python=Path(sys.executable), store=tmp_path / "store", environment=variables)))
        made[-1].start()
        return made[-1]

    yield session
    for one in made:
        one.stop()
    until(lambda: not any(one.active for one in made), *made)


def until(condition: Callable[[], object], *sessions: Session, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, [(one.state, one.feed.state, one.feed.problem, one.problem) for one in sessions]
        for one in sessions:
            one.poll()
        time.sleep(0.002)


def next_moment(session: Session) -> Moment:
    taken: list[Moment] = []

    def take() -> bool:
        moment = session.feed.take()
        taken.extend([moment] if moment is not None else [])
        return bool(taken)

    until(take, session)
    return taken[0]


def ended(session: Session) -> Ended:
    taken: list[Ended] = []

    def take() -> bool:
        end = session.feed.take_ended()
        taken.extend([end] if end is not None else [])
        return bool(taken)

    until(take, session)
    return taken[0]


def start(session: Session) -> None:
    session.feed.start("camera:0", mirror=False, smoothing=0.5, gains={}, face=None)
    until(lambda: session.feed.state == "on", session)


def test_the_double_knows_the_shapes() -> None:
    assert fake_backend.SHAPES == ARKIT_SHAPES and ARKIT_SHAPES[fake_backend.JAW_OPEN] == "jawOpen"


def test_a_camera_moves_is_recorded_and_stops(make: Make) -> None:
    session = make()
    start(session)
    assert session.feed.name == "A Camera" and session.active
    moment = next_moment(session)
    assert moment.weights.shape == (52,) and moment.seen and moment.rate == 30.0
    session.feed.record(True)
    session.feed.rest()
    session.feed.change(mirror=True, smoothing=0.2, gains={})
    until(lambda: not session.feed._wishes and session.feed._sent is None, session)
    next_moment(session)
    session.feed.stop()
    assert session.feed.take() is None, "nothing moves after Stop"
    end = ended(session)
    assert end.file is not None and end.seconds == 2.0 and end.reason == ""
    take = read_take(end.file.read_bytes())
    assert take.shapes == ARKIT_SHAPES and take.seconds == 2.0
    assert session.feed.state == "off" and not session.active
    assert session.backend.client is not None
    log = session.backend.client.send("GET", "/log")
    until(lambda: log.done, session)
    asked = [line.split()[0] for line in log.json()["log"] if "/live/" in line]
    assert asked == ["GET", "POST", "POST", "PATCH", "DELETE"]


def test_what_was_not_recorded_leaves_no_take(make: Make) -> None:
    session = make()
    start(session)
    next_moment(session)
    session.feed.stop()
    assert ended(session) == Ended()


@pytest.mark.slow
def test_only_the_newest_moment_waits(make: Make) -> None:
    session = make("rush")
    start(session)
    time.sleep(0.5)  # a window that stutters: two hundred moments have come
    began = time.monotonic()
    until(lambda: session.feed.skipped > 150, session)
    moment = next_moment(session)
    assert moment.time > 150 / fake_backend.LIVE_RATE, "the old ones are dropped"
    assert time.monotonic() - began < 3.0


def test_a_camera_that_is_unplugged_keeps_the_take_and_says_so(make: Make) -> None:
    session = make("unplug")
    start(session)
    session.feed.record(True)
    end = ended(session)
    assert end.file is not None and end.file.is_file()
    assert end.reason == session.feed.problem == "The camera was unplugged: plug it in, then start it again."


@pytest.mark.slow
def test_without_a_camera_there_is_a_sentence(make: Make) -> None:
    session = make("no_camera")
    session.feed.look_for_cameras()
    until(lambda: session.feed.cameras is not None, session)
    assert session.feed.cameras == []
    session.feed.start("camera:0")
    assert "There is no camera: plug one in" in ended(session).reason
    assert session.feed.state == "off"


@pytest.mark.slow
def test_cameras_are_found(make: Make) -> None:
    session = make()
    session.feed.look_for_cameras()
    until(lambda: session.feed.cameras is not None, session)
    assert [camera.name for camera in session.feed.cameras or ()] == ["A Camera", "Another"]


@pytest.mark.slow
def test_garbage_moves_nothing(make: Make) -> None:
    session = make("garbage_live")
    start(session)
    until(lambda: session.feed.problem, session)
    assert "what is no expression" in session.feed.problem and session.feed.take() is None


@pytest.mark.slow
def test_an_engine_that_dies_ends_the_camera(make: Make) -> None:
    session = make()
    start(session)
    next_moment(session)
    session.stop()
    assert "connection to the engine was lost" in ended(session).reason
    assert session.feed.state == "off"


def test_a_start_that_is_taken_back_starts_nothing(make: Make) -> None:
    session = make()
    session.feed.start("camera:0")
    session.feed.stop()
    assert session.feed.state == "off" and ended(session) == Ended()
