"""Smoothing and shaping of performances."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamface.errors import BadRequest
from dreamface.motion.live_link import read_live_link
from dreamface.motion.shaping import (
    REGIONS,
    amplified,
    calibrated,
    eyes_of_weights,
    held_and_faded,
    lids_over_eyes,
    mirrored,
    moment_of,
    neutral_at,
    region_of,
    retimed,
    trimmed,
)
from dreamface.motion.smoothing import LiveSmoother, smoothed
from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES
from tests.takes import a_take

ARRAYS = ("weights", "head", "position", "eyes")
REAL = Path(__file__).parents[3] / "shared/data/media/alex_rom_3.csv"


def noisy(take: Performance, amount: float = 0.02, seed: int = 1) -> Performance:
    dice = np.random.default_rng(seed)
    return replace(take, weights=(take.weights + dice.normal(0, amount, take.weights.shape)).clip(0, 1).astype("f4"))


# ----------------------------------------------------------------------------------------------------------- smoothing


def test_smoothing_of_nothing_changes_nothing() -> None:
    take = a_take()
    assert smoothed(take, 0.0) is take
    assert smoothed(a_take(1), 0.5).weights == pytest.approx(a_take(1).weights)
    with pytest.raises(BadRequest, match="from 0"):
        smoothed(take, 1.5)


def test_a_steady_face_stops_trembling_the_more_it_is_smoothed() -> None:
    still = a_take(300, weights=np.full((300, 52), 0.4, np.float32))
    spread = [
        float(smoothed(noisy(still, 0.005), amount).weights[30:-30].std()) for amount in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert spread == sorted(spread, reverse=True)
    assert spread[2] < 0.4 * spread[0]


def test_smoothing_comes_neither_early_nor_late() -> None:
    take = a_take(240, 60.0)
    times, weights = take.times, np.zeros((240, 52), np.float32)
    weights[:] = (0.5 * np.exp(-(((times - 2.0) / 0.15) ** 2)))[:, None]
    soft = smoothed(replace(take, weights=weights), 0.8).weights[:, 0]
    assert abs(np.average(times, weights=soft) - 2.0) < 1e-3
    assert soft[:240] == pytest.approx(np.concatenate((soft[:1], soft[:0:-1])), abs=1e-4)  # symmetrical about 2 s


def test_a_blink_of_a_tenth_of_a_second_stays_a_blink() -> None:
    take = a_take(90, 30.0)  # closes and opens within some 0.14 s at half its height
    blink = ARKIT_SHAPES.index("eyeBlinkLeft")
    assert smoothed(take, 0.5).weights[:, blink].max() > 0.9
    live = LiveSmoother(0.5)
    seen = np.array([live(moment_of(take, index)).weights[blink] for index in range(len(take))])
    assert seen.max() > 0.85
    assert abs(seen.argmax() - take.weights[:, blink].argmax()) <= 1  # one frame late at most


def test_recorded_blinks_stay_closed_and_trembling_goes() -> None:
    if not REAL.exists():
        pytest.skip("there is no recorded take here")
    take = read_live_link(REAL)
    soft = smoothed(take, 0.5)
    blinks = take.channel("eyeBlinkLeft")
    peaks = [i for i in range(3, len(blinks) - 3) if blinks[i] > 0.8 and blinks[i] == blinks[i - 3 : i + 4].max()]
    assert len(peaks) > 10
    kept = [soft.channel("eyeBlinkLeft")[i - 1 : i + 2].max() / blinks[i] for i in peaks]
    assert np.min(kept) > 0.85
    jerk = [np.abs(np.diff(each.channel("jawOpen"), 3)).mean() for each in (take, soft)]
    assert jerk[1] < 0.7 * jerk[0]


def test_angles_that_pass_half_a_turn_do_not_swing_back() -> None:
    head = np.zeros((60, 3), np.float32)
    head[:, 2] = (np.linspace(3.0, 3.3, 60) + np.pi) % (2 * np.pi) - np.pi
    take = a_take(head=head)
    live = LiveSmoother(0.5)
    for soft in (smoothed(take, 0.5).head, np.stack([live(moment_of(take, i)).head for i in range(60)])):
        assert np.abs(np.unwrap(soft[:, 2]) - np.linspace(3.0, 3.3, 60)).max() < 0.05


# ------------------------------------------------------------------------------------------------------------- shaping


def test_a_mirrored_take_has_left_and_right_exchanged_and_mirrored_again_is_itself() -> None:
    take = a_take()
    other = mirrored(take)
    assert np.array_equal(other.channel("eyeBlinkRight"), take.channel("eyeBlinkLeft"))
    assert np.array_equal(other.channel("mouthRight"), take.channel("mouthLeft"))
    assert np.array_equal(other.channel("jawOpen"), take.channel("jawOpen"))
    assert np.array_equal(other.head, take.head * (-1, 1, -1))
    assert np.array_equal(other.eyes[:, 0], take.eyes[:, 1] * (-1, 1))
    assert np.array_equal(other.position[:, 0], -take.position[:, 0])
    for name in ARRAYS:
        assert np.array_equal(getattr(mirrored(other), name), getattr(take, name))


def test_every_shape_is_of_one_region() -> None:
    regions = {shape: region_of(shape) for shape in ARKIT_SHAPES}
    assert {"head"} | set(regions.values()) == set(REGIONS)
    assert (regions["eyeLookInLeft"], regions["eyeBlinkLeft"], regions["tongueOut"]) == ("gaze", "eyes", "mouth")
    assert (regions["noseSneerLeft"], regions["cheekPuff"]) == ("cheeks", "cheeks")


def test_gains_make_regions_and_shapes_stronger_and_leave_others() -> None:
    take = a_take()
    strong = amplified(take, {"jaw": 0.5, "head": 2.0, "gaze": 0.0, "mouthLeft": 3.0})
    assert strong.channel("jawOpen") == pytest.approx(0.5 * take.channel("jawOpen"))
    assert strong.channel("mouthLeft") == pytest.approx(0.75)
    assert np.array_equal(strong.channel("eyeBlinkLeft"), take.channel("eyeBlinkLeft"))
    assert strong.head == pytest.approx(2.0 * take.head)
    assert not strong.eyes.any()
    assert amplified(take, {"mouth": 3.0, "mouthLeft": 3.0}).weights.max() <= 1.0
    with pytest.raises(BadRequest, match="no region 'nose'"):
        amplified(take, {"nose": 1.0})
    with pytest.raises(BadRequest, match="from 0 to 3"):
        amplified(take, {"jaw": float("nan")})


def test_from_its_neutral_a_face_is_at_rest_and_still_reaches_everything() -> None:
    take = a_take()
    take.weights[50, ARKIT_SHAPES.index("mouthLeft")] = 1.0
    neutral = neutral_at(take, 0.5)
    calm = calibrated(take, neutral)
    at = int(np.abs(take.times - 0.5).argmin())
    assert np.abs(calm.weights[at]).max() < 1e-6
    assert np.abs(calm.head[at]).max() < 1e-6
    assert np.abs(calm.eyes[at]).max() < 1e-6
    assert calm.channel("mouthLeft")[50] == pytest.approx(1.0)
    order = "ZXY"
    for index in (0, 59):
        turned = Rotation.from_euler(order, neutral.head) * Rotation.from_euler(order, calm.head[index])
        assert turned.as_matrix() == pytest.approx(Rotation.from_euler(order, take.head[index]).as_matrix(), abs=1e-5)


def looking(out: list[float], up: list[float]) -> Performance:
    """Eyes that look to the person's left and up so much, -1..1, in weights and angles."""
    count = len(out)
    take = a_take(count, weights=np.zeros((count, 52), np.float32))
    for side, aside in (("Left", np.array(out)), ("Right", -np.array(out))):
        for way, amount in (("Out", aside), ("In", -aside), ("Up", np.array(up)), ("Down", -np.array(up))):
            take.channel(f"eyeLook{way}{side}")[:] = amount.clip(0.0, 1.0)
    return eyes_of_weights(take)


def test_from_its_neutral_a_gaze_is_turned_as_far_and_to_the_other_side_too() -> None:
    take = looking([0.3, 0.0, -0.4, 0.6], [-0.2, 0.0, 0.5, -0.6])
    calm = calibrated(take, moment_of(take, 0))
    expected = looking([0.0, -0.3, -0.7, 0.3], [0.0, 0.2, 0.7, -0.4])
    assert calm.weights == pytest.approx(expected.weights, abs=1e-6)
    assert calm.eyes == pytest.approx(expected.eyes, abs=1e-6)
    moment = calibrated(moment_of(take, 2), moment_of(take, 0))
    assert moment.weights == pytest.approx(calm.weights[2], abs=1e-6)


def test_a_neutral_moment_is_one_with_a_face_in_the_take() -> None:
    seen = np.ones(60, bool)
    seen[:10] = False
    assert neutral_at(a_take(seen=seen), 0.0).time == pytest.approx(10 / 30)
    with pytest.raises(BadRequest, match=r"1\.97 seconds long"):
        neutral_at(a_take(), 9.0)


def test_a_part_of_a_take_begins_at_zero() -> None:
    part = trimmed(a_take(), 0.5, 1.0)
    assert (len(part), part.times[0]) == (16, 0.0)
    assert np.array_equal(part.weights, a_take().weights[15:31])
    assert trimmed(a_take(), None, None).duration == a_take().duration
    for start, end in ((5.0, None), (1.0, 0.5), (None, -1.0)):
        with pytest.raises(BadRequest, match="Nothing of the take"):
            trimmed(a_take(), start, end)


def test_twice_as_fast_is_half_as_long() -> None:
    quick = retimed(a_take(), 2.0)
    assert quick.duration == pytest.approx(a_take().duration / 2)
    assert (len(quick), quick.rate) == (60, 60.0)
    with pytest.raises(BadRequest, match="times as fast"):
        retimed(a_take(), 0.0)


def test_an_unseen_face_holds_comes_to_rest_and_returns_without_a_jump() -> None:
    take = a_take(300, 60.0, weights=np.full((300, 52), 0.8, np.float32), seen=np.ones(300, bool))
    take.seen[60:240] = False
    take.weights[60:240] = 0.3  # whatever a tracker has left there
    calm = held_and_faded(take)
    weight = calm.weights[:, 0]
    assert weight[60:70] == pytest.approx(0.8, abs=0.01)  # held
    assert weight[150:225] == pytest.approx(0.0, abs=1e-6)  # at rest
    assert np.abs(np.diff(weight)).max() < 0.2
    assert np.array_equal(calm.weights[take.seen], take.weights[take.seen])
    assert np.array_equal(calm.position[61:200, 1], np.full(139, take.position[59, 1]))
    assert np.array_equal(calm.seen, take.seen)


def test_a_take_that_begins_or_ends_without_a_face_begins_or_ends_at_rest() -> None:
    seen = np.zeros(300, bool)
    seen[100:150] = True
    calm = held_and_faded(a_take(300, 60.0, seen=seen))
    assert not calm.weights[:80].any()
    assert not calm.weights[-30:].any()
    assert not calm.head[-30:].any()
    assert calm.position[0] == pytest.approx(calm.position[100])
    nobody = a_take(seen=np.zeros(60, bool))
    assert held_and_faded(nobody) is nobody


def test_an_eye_looks_ahead_behind_closed_lids() -> None:
    take = a_take()
    down, other = (ARKIT_SHAPES.index(f"eyeLookDown{side}") for side in ("Left", "Right"))
    take.weights[:, (down, other)] = 0.6
    closed = lids_over_eyes(take)
    shut = int(take.channel("eyeBlinkLeft").argmax())
    assert closed.weights[shut, down] == pytest.approx(0.0, abs=0.01)
    assert closed.weights[0, down] == pytest.approx(0.6), "an open eye looks down as before"
    assert closed.weights[:, other] == pytest.approx(0.6), "and so does the other eye"
