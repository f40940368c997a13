"""Takes from any source, as the artist wants them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dreamface.errors import BadRequest, Cancelled, MissingDependency
from dreamface.motion import Changes, Wishes, make_take, read_live_link, remarks, trackers, write_live_link, write_take
from dreamface.performance import Performance, load_performance
from dreamface.progress import Progress, Step
from dreamface.traits import ARKIT_SHAPES
from tests.takes import a_take


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A tracker that finds the made-up take in any footage; what it was asked."""
    asked: list[Any] = []

    def track(source: Path, options: Any, progress: Progress) -> Performance:
        asked.append((source, options))
        progress.report("track", 0.5, "half")
        return a_take(source=source.name, footage=(640, 480))

    double = SimpleNamespace(track=track)
    monkeypatch.setattr(trackers, "room", lambda: double)
    return asked


def make(source: Path, wishes: Wishes = Wishes(), changes: Changes = Changes(), **rest: Any) -> Performance:  # noqa: B008
    return make_take(source, wishes, changes, Progress(**rest))


def test_a_recorded_take_is_read_as_it_is(tmp_path: Path) -> None:
    write_take(a_take(), tmp_path / "take.npz")
    take = make(tmp_path / "take.npz")
    assert np.array_equal(take.weights, a_take().weights)
    assert take.source == "made up.mp4"
    write_take(take, tmp_path / "take.CSV")
    assert np.abs(make(tmp_path / "take.CSV").weights - take.weights).max() < 1e-6


def test_wishes_mean_the_same_for_a_recorded_take(tmp_path: Path) -> None:
    write_take(a_take(), tmp_path / "take.npz")
    wishes = Wishes(start=0.5, end=1.5, neutral=0.0, mirror=True)
    take = make(tmp_path / "take.npz", wishes, Changes(gains={"jaw": 0.5}, rate=60.0))
    assert (take.duration, take.rate, len(take)) == (pytest.approx(1.0), 60.0, 61)
    assert take.channel("mouthRight") == pytest.approx(0.0, abs=1e-6)  # 0.25 all the time: its rest
    assert take.channel("eyeBlinkRight").max() > 0.9
    jaw = a_take().channel("jawOpen")[15]
    assert take.channel("jawOpen")[0] == pytest.approx(0.5 * (jaw - 0.5) / 0.5, abs=1e-5)


def test_footage_goes_to_the_tracker_with_the_wishes(tmp_path: Path, tracked: list[Any]) -> None:
    film, steps = tmp_path / "film.mp4", list[Step]()
    film.write_bytes(b"frames")
    take = make(film, Wishes("face-mesh", face=1, start=0.5, mirror=True), watcher=steps.append)
    ((source, options),) = tracked
    assert (source, options.tracker, options.face, options.start, options.mirror) == (film, "face-mesh", 1, 0.5, True)
    assert take.footage == (640, 480)
    assert not np.array_equal(take.weights, a_take().weights)  # smoothed, where nobody says otherwise
    assert np.array_equal(make(film, changes=Changes(smoothing=0.0)).weights, a_take().weights)
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert steps[-1].fraction == 1.0


def test_eyes_of_footage_turn_as_their_shapes_say_whatever_is_changed(tmp_path: Path, tracked: list[Any]) -> None:
    (tmp_path / "film.mp4").touch()
    assert not make(tmp_path / "film.mp4").eyes.any()  # as no shape looks anywhere
    look = np.zeros((60, len(ARKIT_SHAPES)), np.float32)
    look[:, ARKIT_SHAPES.index("eyeLookOutLeft")] = 0.5
    film = write_take(a_take(weights=look, footage=(640, 480)), tmp_path / "film.npz")
    for gain, turn in ((0.5, 0.25), (1.0, 0.5), (3.0, 1.0)):
        eyes = make(film, changes=Changes(gains={"gaze": gain})).eyes
        assert eyes[7] == pytest.approx(np.radians([[30.0 * turn, 0.0], [0.0, 0.0]]), abs=1e-6)
    assert not make(film, Wishes(neutral=0.0)).eyes.any()
    phone = write_take(a_take(), tmp_path / "phone.npz")
    assert np.array_equal(make(phone).eyes, a_take().eyes)  # an iPhone measures them by themselves


def test_a_folder_is_footage_whatever_it_is_called(tmp_path: Path, tracked: list[Any]) -> None:
    (tmp_path / "frames.csv").mkdir()
    make(tmp_path / "frames.csv")
    assert len(tracked) == 1


def test_stopping_stops(tmp_path: Path, tracked: list[Any]) -> None:
    (tmp_path / "film.mp4").touch()
    with pytest.raises(Cancelled):
        make(tmp_path / "film.mp4", cancelled=lambda: True)


def test_without_a_tracker_takes_still_work_and_footage_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trackers, "_ROOM", "dreamface.motion.nowhere")
    write_take(a_take(), tmp_path / "take.npz")
    make(tmp_path / "take.npz")
    (tmp_path / "film.mp4").touch()
    with pytest.raises(MissingDependency, match=r"dreamface\[video\]"):
        make(tmp_path / "film.mp4")


@pytest.mark.parametrize(
    ("wishes", "changes", "words"),
    [
        ({"tracker": "eyes"}, {}, "no tracker 'eyes'"), ({"face": -1}, {}, "counted from 0"),
        ({"start": -1.0}, {}, "start is a number of seconds"), ({"neutral": float("nan")}, {}, "neutral is a number"),
        ({"start": 2.0, "end": 1.0}, {}, "must come after"), ({}, {"smoothing": 2.0}, "Smoothing goes"),
        ({}, {"gains": {"nose": 1.0}}, "no region"), ({}, {"rate": 0.0}, "A rate goes"), ({}, {"rate": 1e6}, "A rate"),
        ({"start": 50.0}, {}, "Nothing of the take"), ({"neutral": 50.0}, {}, "choose a neutral moment"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_a_sentence(tmp_path: Path, wishes: Any, changes: Any, words: str) -> None:
    write_take(a_take(), tmp_path / "take.npz")
    with pytest.raises(BadRequest, match=words):
        make(tmp_path / "take.npz", Wishes(**wishes), Changes(**changes))


@pytest.mark.parametrize("name", ["gone.mp4", "a\0b", "x" * 5000])
def test_a_source_that_is_not_there_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match=r"is not there|can't"):
        make(tmp_path / name)


def test_a_take_without_any_face_is_a_sentence(tmp_path: Path) -> None:
    write_take(a_take(seen=np.zeros(60, bool)), tmp_path / "take.npz")
    with pytest.raises(BadRequest, match=r"No face was seen in take\.npz"):
        make(tmp_path / "take.npz")


def test_a_take_has_no_other_format(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"end it in \.csv or \.npz"):
        write_take(a_take(), tmp_path / "take.bvh")


def test_remarks_tell_of_what_is_missing() -> None:
    assert remarks(a_take()) == ()
    seen = np.ones(60, bool)
    seen[:15] = False
    times = np.arange(60) / 30.0
    times[30:] += 3 / 30.0
    said = remarks(a_take(seen=seen, times=times))
    assert said[0].startswith("For 0.5 of 2.1 seconds no face was seen")
    assert said[1].startswith("3 frames are missing")
    assert len(remarks(a_take(seen=seen, times=times, footage=(64, 64)))) == 1, "a phone's film may come unevenly"


def test_another_rate_is_written_to_a_csv(tmp_path: Path) -> None:
    write_live_link(a_take().resampled(24.0), tmp_path / "film.csv")
    assert read_live_link(tmp_path / "film.csv").rate == 24.0
    assert load_performance(write_take(a_take(), tmp_path / "take.npz")).rate == 30.0
