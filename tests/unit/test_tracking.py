"""From landmarks to people, poses and expressions, and from footage to performances."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dreamface.arrays import FloatArray
from dreamface.capture.landmark_model import load_model
from dreamface.capture.landmarks import COUNT, Follower, Landmarks
from dreamface.capture.person import (
    Person,
    expressed,
    find_person,
    read_expression,
    refined,
    residual,
    with_gaze,
    with_winks,
)
from dreamface.capture.pose import Poses, angles, project
from dreamface.errors import BadRequest, Cancelled, FolderError
from dreamface.motion.footage import Frame
from dreamface.motion.shaping import gaze_of
from dreamface.motion.trackers import Wishes
from dreamface.motion.tracking import LiveTracker, channels, track, tracker
from dreamface.motion.tracking.sightings import Sightings
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES

MODEL = load_model()
FOCAL = 1.4
JAW, SMILE, BLINK = (ARKIT_SHAPES.index(name) for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkRight"))


def somebody(seed: int = 3) -> Person:
    """A person whom the model can be."""
    random = np.random.default_rng(seed)
    return Person(MODEL.person(random.normal(size=len(MODEL.modes)) * 0.7), FOCAL)


def poses(count: int, seed: int = 4) -> Poses:
    """A head that turns a little, half a metre away."""
    turns = np.random.default_rng(seed).normal(size=(count, 3)) * (0.2, 0.1, 0.05)
    rotation = Rotation.from_euler("ZXY", turns).as_matrix()
    return Poses(rotation, (0.0, 0.6, 0.0) - rotation @ MODEL.mean.mean(0))


def seen_of(person: Person, weights: FloatArray, at: Poses) -> FloatArray:
    """Where landmarks are seen."""
    return project(at.place(expressed(MODEL, person, weights)), np.full(len(weights), person.focal))


def acting(count: int = 40) -> FloatArray:
    """A mouth opens and closes, then smiles to the left; an eye blinks."""
    weights = np.zeros((count, len(ARKIT_SHAPES)))
    beat = np.sin(np.linspace(0.0, np.pi, count // 2))
    weights[: count // 2, JAW] = beat
    weights[count // 2 :, SMILE] = beat
    weights[count // 4 : count // 4 + 4, BLINK] = 1.0
    return weights


def test_following_a_face_does_not_wait_for_torch() -> None:
    program = "import sys, dreamface.motion.tracking; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_who_it_is_is_learnt_from_some_pictures() -> None:
    person, weights = somebody(), acting(24)
    seen = seen_of(person, weights, poses(24))
    found = find_person(MODEL, seen)
    # A head that is bent forward a little and a camera that stands a little higher look alike, and so do sizes.
    assert unlikeness(found.neutral, person.neutral) < 0.6 * unlikeness(MODEL.mean, person.neutral)


def unlikeness(one: FloatArray, other: FloatArray) -> float:
    """How far landmarks are apart, in the mean, laid onto each other as well as turning and scaling can."""
    first, second = one - one.mean(axis=0), other - other.mean(axis=0)
    turn, _ = Rotation.align_vectors(second, first)
    turned = turn.apply(first)
    return float(np.linalg.norm(turned * (turned * second).sum() / (turned**2).sum() - second, axis=1).mean())


def test_expressions_are_told_apart_and_lefts_from_rights() -> None:
    person, weights = somebody(), acting()
    seen = seen_of(person, weights, poses(40))
    reading = refined(MODEL, person, seen, read_expression(MODEL, person, seen))
    for shape in (JAW, SMILE, BLINK):
        assert np.corrcoef(reading.weights[:, shape], weights[:, shape])[0, 1] > 0.9, ARKIT_SHAPES[shape]
    for shape, other in ((SMILE, "mouthSmileRight"), (BLINK, "eyeBlinkLeft")):
        mine, theirs = reading.weights[:, shape].max(), reading.weights[:, ARKIT_SHAPES.index(other)].max()
        assert mine > 2.0 * theirs, f"{ARKIT_SHAPES[shape]} moves {other}, too"
    assert reading.weights.min() >= 0.0
    assert reading.weights.max() <= 1.0


def test_a_smile_is_the_landmarks_own_and_a_blink_is_shared_with_face_landmarker() -> None:
    read, coefficients = np.zeros((1, len(ARKIT_SHAPES))), np.zeros((1, len(ARKIT_SHAPES)))
    read[0, [SMILE, BLINK]] = 0.8
    mixed = channels.fused(read, coefficients)[0]
    assert mixed[SMILE] == 0.8
    assert mixed[BLINK] < 0.4


def test_a_wink_is_told_from_a_blink_by_the_eyes_own_lids() -> None:
    person, weights = somebody(), np.zeros((10, len(ARKIT_SHAPES)))
    weights[:, BLINK] = 0.9
    seen = seen_of(person, weights, poses(10))
    reading = refined(MODEL, person, seen, read_expression(MODEL, person, seen))
    told = with_winks(MODEL, person, seen, reading)
    other = ARKIT_SHAPES.index("eyeBlinkLeft")
    before, after = ((each.weights[:, BLINK] - each.weights[:, other]).mean() for each in (reading, told))
    assert after > before + 0.05


def test_poses_are_told_while_the_face_moves() -> None:
    person, weights, truth = somebody(), acting(), poses(40)
    seen = seen_of(person, weights, truth)
    reading = refined(MODEL, person, seen, read_expression(MODEL, person, seen))
    apart = Rotation.from_matrix(reading.poses.rotation.transpose(0, 2, 1) @ truth.rotation).magnitude()
    assert np.degrees(apart).mean() < 2.0
    eyes = np.linalg.norm(seen[:, 33] - seen[:, 263], axis=1)
    assert (residual(MODEL, person, seen, reading) / eyes).mean() < 0.03


def test_the_model_knows_no_side_better_than_the_other() -> None:
    sides = [name for name in ARKIT_SHAPES if name.endswith("Left")]
    for name in sides:
        left = np.linalg.norm(MODEL.response[ARKIT_SHAPES.index(name)], axis=1).max()
        right = np.linalg.norm(MODEL.response[ARKIT_SHAPES.index(name.replace("Left", "Right"))], axis=1).max()
        assert left == pytest.approx(right, rel=1e-3), name


# ------------------------------------------------------------------------------------------------------------- channels


def test_a_weak_blink_is_a_whole_one_and_open_is_open() -> None:
    weights = np.full((200, len(ARKIT_SHAPES)), 0.2)
    weights[100:104, BLINK] = 0.7
    stretched = channels.as_seen(weights, channels.range_of(weights))
    assert stretched[:, BLINK].max() == pytest.approx(1.0, abs=0.01)
    assert stretched[0, BLINK] == pytest.approx(0.0, abs=1e-9)
    assert stretched[:, SMILE] == pytest.approx(weights[:, SMILE]), "a smile may be a small one"


def test_what_face_landmarker_says_of_a_face_at_rest_is_taken_away() -> None:
    coefficients = np.full((200, len(ARKIT_SHAPES)), 0.3, np.float32)
    coefficients[100:110, SMILE] = 1.0
    moved = channels.without_rest(coefficients)
    assert moved[0].max() == pytest.approx(0.0, abs=1e-6)
    assert moved[105, SMILE] == pytest.approx(1.0)


def test_every_blink_closes_the_eye_though_one_is_harder() -> None:
    weights = np.full((300, len(ARKIT_SHAPES)), 0.1)
    for number, height in enumerate((0.6, 0.62, 0.58, 0.61, 0.95)):
        weights[50 * number + 20 : 50 * number + 24, BLINK] = height
    stretched = channels.as_seen(weights, channels.range_of(weights))[:, BLINK]
    assert stretched[[20, 70, 120, 170, 220]].min() > 0.95


def test_nobody_blinks_where_nobody_did() -> None:
    random = np.random.default_rng(0)
    weights = np.clip(0.1 + 0.02 * random.normal(size=(200, len(ARKIT_SHAPES))), 0.0, 1.0)
    assert channels.as_seen(weights, channels.range_of(weights))[:, BLINK].max() < 0.15


def test_a_longer_look_at_face_landmarker_is_mixed_in_where_it_knows() -> None:
    weights, coefficients = np.zeros((2, len(ARKIT_SHAPES))), np.ones((2, len(ARKIT_SHAPES)), np.float32)
    mixed = channels.fused(weights, coefficients)
    assert mixed[0, BLINK] > 0.5
    assert mixed[0, ARKIT_SHAPES.index("cheekPuff")] == 0.0


def test_eyes_turn_as_their_shapes_do() -> None:
    weights = np.zeros((1, len(ARKIT_SHAPES)))
    weights[0, ARKIT_SHAPES.index("eyeLookOutLeft")] = 1.0
    weights[0, ARKIT_SHAPES.index("eyeLookInRight")] = 1.0
    weights[0, ARKIT_SHAPES.index("eyeLookDownLeft")] = 1.0
    left, right = gaze_of(weights)[0]
    assert left == pytest.approx((np.radians(30), np.radians(25)))
    assert right == pytest.approx((np.radians(30), 0.0)), "both look to the person's left"


# --------------------------------------------------------------------------------------------------------------- faces


def face(x: float, size: float = 0.3) -> Landmarks:
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (COUNT, 2)) * size
    return Landmarks(points + np.array((x, 0.0)))


def test_the_largest_face_is_followed_and_then_the_same_one() -> None:
    follower = Follower()
    small, large = face(-0.3, 0.2), face(0.3, 0.4)
    assert follower.choose([small, large], 0.0) is large
    nearer, moved = face(-0.25, 0.6), face(0.32, 0.4)
    assert follower.choose([nearer, moved], 0.1) is moved, "another who comes nearer is not ours"


def test_a_face_can_be_chosen_from_the_left() -> None:
    left, right = face(-0.3), face(0.3)
    assert Follower(0).choose([right, left], 0.0) is left
    assert Follower(1).choose([right, left], 0.0) is right
    assert Follower(2).choose([right, left], 0.0) is None
    late = Follower(0, expected=2)
    assert late.choose([right], 0.0) is None, "the other one comes into view first"
    assert late.choose([right, left], 0.5) is left


def test_nobody_takes_the_place_of_a_face_that_is_hidden() -> None:
    follower = Follower(0, expected=2)
    follower.choose([face(-0.5), face(0.5)], 0.0)
    assert follower.choose([face(0.5, 0.2), face(0.7, 0.2)], 0.1) is None
    assert follower.choose([face(0.5, 0.2)], 0.2) is None, "also where only the other one is left"
    back = face(-0.45)
    assert follower.choose([back, face(0.5)], 0.3) is back
    assert follower.choose([face(0.5)], 5.0) is not None, "after a while whoever is there is followed"


# ---------------------------------------------------------------------------------------------------------------- clips


class Film:
    """Footage whose pictures hold their own number."""

    name, rate, size, breaks_off = "a film.mp4", 25.0, (64, 64), False

    def __init__(self, count: int, said: int | None = None) -> None:
        self.there, self.count = count, said or count

    def frames(self) -> Iterator[Frame]:
        self.breaks_off = self.there < self.count
        for number in range(self.there):
            yield Frame(number / self.rate, np.full((64, 64, 3), number, np.uint8))


class Reader:
    """Tells landmarks by the number of the picture; knows no face in some."""

    def __init__(self, seen: FloatArray, hidden: frozenset[int]) -> None:
        self.seen, self.hidden = seen, hidden

    def find(self, picture: NDArray[np.uint8], time: float) -> list[Landmarks]:
        number = int(picture[0, 0, 0])
        return [] if number in self.hidden else [Landmarks(self.seen[number])]

    def close(self) -> None:
        pass


@pytest.fixture
def film(monkeypatch: pytest.MonkeyPatch) -> Film:
    """A person acts; in pictures 30 to 33 they are hidden."""
    person, weights = somebody(), acting()
    seen = seen_of(person, weights, poses(40))
    monkeypatch.setattr(tracker, "open_footage", lambda *_: Film(40))
    monkeypatch.setattr(tracker, "open_tracker", lambda *_: Reader(seen, frozenset(range(30, 34))))
    return Film(40)


def test_a_film_becomes_a_performance(film: Film) -> None:
    take = track(Path("a film.mp4"), Wishes())
    assert (len(take), take.rate, take.source, take.footage) == (40, 25.0, "a film.mp4", (64, 64))
    assert np.flatnonzero(~take.seen).tolist() == [30, 31, 32, 33]
    assert take.channel("jawOpen")[9:11].min() > 0.6
    assert take.channel("eyeBlinkRight").max() > 0.9
    assert take.focal > 0.0


def test_a_clip_is_read_as_if_all_its_pictures_were_read_at_once(film: Film) -> None:
    take = track(Path("a film.mp4"), Wishes())
    seen = seen_of(somebody(), acting(), poses(40)).astype(np.float32).astype(np.float64)[take.seen]
    person = find_person(MODEL, seen[np.unique(np.linspace(0, 35, 24).round().astype(int))])
    reading = refined(MODEL, person, seen, read_expression(MODEL, person, seen))
    reading = with_gaze(MODEL, person, seen, with_winks(MODEL, person, seen, reading))
    weights = channels.as_seen(reading.weights, channels.range_of(reading.weights))
    np.testing.assert_allclose(take.weights[take.seen], weights, atol=1e-6)
    np.testing.assert_allclose(take.head[take.seen], angles(reading.poses.rotation), atol=1e-6)


def test_a_film_in_which_somebody_else_comes_in_is_gone_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = seen_of(somebody(), acting(), poses(40))

    class Two(Reader):
        def find(self, picture: NDArray[np.uint8], time: float) -> list[Landmarks]:
            (ours,) = super().find(picture, time)
            return [ours, Landmarks(ours.points * 0.4 + (0.6, 0.0))] if picture[0, 0, 0] > 20 else [ours]

    monkeypatch.setattr(tracker, "open_footage", lambda *_: Film(40))
    monkeypatch.setattr(tracker, "open_tracker", lambda *_: Two(seen, frozenset()))
    take = track(Path("a film.mp4"), Wishes())
    assert len(take) == 40 and take.seen.all()
    assert take.channel("jawOpen")[9:11].min() > 0.6


def test_a_long_clip_takes_little_memory() -> None:
    points = np.random.default_rng(2).normal(size=(COUNT, 2))
    with Sightings() as seen:
        seen.add(0.0, None)
        tracemalloc.start()
        for number in range(2000):
            seen.add(0.04 * (number + 1), Landmarks(points + number))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 2**20, "their landmarks are 7.6 MB"
        np.testing.assert_allclose(
            seen.points(np.array([1999, 3])), points + np.array([1999, 3])[:, None, None], atol=1e-3
        )
        assert (len(seen), len(seen.times), seen.present[:2].tolist()) == (2000, 2001, [False, True])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sightings() as seen:
        monkeypatch.setattr(seen, "_file", open("/dev/full", "wb", buffering=0))  # noqa: PTH123, SIM115
        with pytest.raises(FolderError, match=r"No space left on device.*free some space"):
            seen.add(0.0, Landmarks(np.zeros((COUNT, 2))))


def test_a_mirrored_film_blinks_with_the_other_eye(film: Film) -> None:
    take = track(Path("a film.mp4"), Wishes(mirror=True))
    assert take.channel("eyeBlinkLeft").max() > 0.9 > take.channel("eyeBlinkRight").max()


def test_tracking_tells_how_far_it_is_and_stops(film: Film) -> None:
    told: list[float] = []
    track(Path("a film.mp4"), Wishes(), Progress(lambda step: told.append(step.fraction)))
    assert told == sorted(told)
    assert told[-1] == 1.0
    with pytest.raises(Cancelled):
        track(Path("a film.mp4"), Wishes(), Progress(cancelled=lambda: len(told) > 0))


def test_the_neutral_moment_may_lie_outside_of_the_part(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(tracker, "open_footage", lambda _, start, end, rate: asked.append((start, end)) or Film(40))
    take = track(Path("a film.mp4"), Wishes(start=0.4, end=1.2, neutral=0.0))
    assert asked == [(0.0, 1.2)]
    assert len(take) == 21


def test_a_film_that_breaks_off_is_said(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "open_footage", lambda *_: Film(40, said=100))
    assert track(Path("a film.mp4"), Wishes()).notes == (
        "The file breaks off after 1.6 of 4.0 seconds: what was read is kept.",
    )


def test_a_film_without_a_face_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracker, "open_footage", lambda *_: Film(5))
    monkeypatch.setattr(tracker, "open_tracker", lambda *_: Reader(np.zeros((5, COUNT, 2)), frozenset(range(5))))
    with pytest.raises(BadRequest, match="No face was seen in a film"):
        track(Path("a film.mp4"), Wishes())


def test_a_camera_is_followed_picture_by_picture(film: Film) -> None:
    live = LiveTracker(Wishes())
    moments = [live.see(frame.picture, frame.time) for frame in film.frames()]
    live.close()
    assert [number for number, moment in enumerate(moments) if moment is None] == [30, 31, 32, 33]
    jaw = np.array([0.0 if moment is None else moment.weights[JAW] for moment in moments])
    assert jaw[9:11].min() > 0.5
    assert jaw[20:].max() < 0.3
