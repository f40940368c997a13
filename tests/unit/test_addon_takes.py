"""Takes on Blender's side, without Blender: read, shaped, and as few keys as they need."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamface.traits import ARKIT_SHAPES
from dreamface_addon import expressions
from dreamface_addon.takes import (
    REGIONS,
    Shaping,
    Take,
    TakeError,
    frames_of,
    mirrored,
    read_take,
    region_of,
    shape_take,
    smoothed,
    time_at,
)
from tests.performances import performance, saved


@pytest.fixture
def take(tmp_path: Path) -> Take:
    return read_take(saved(tmp_path).read_bytes())


def channel(take: Take, shape: str) -> np.ndarray:
    return take.weights[:, take.shapes.index(shape)]


def test_a_take_is_read_as_the_engine_wrote_it(take: Take) -> None:
    made = performance()
    np.testing.assert_allclose(take.weights, made.weights)
    np.testing.assert_allclose(take.head, made.head)
    assert take.shapes == ARKIT_SHAPES == expressions.ARKIT_SHAPES
    assert (take.rate, take.source, take.seconds) == (30.0, "monologue.mp4", 2.0)
    assert take.moves_in_space


@pytest.mark.parametrize("content", [b"", b"not a take", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_take_is_a_sentence(content: bytes) -> None:
    with pytest.raises(TakeError, match="choose another file"):
        read_take(content)


def test_a_damaged_take_is_a_sentence(tmp_path: Path) -> None:
    path = saved(tmp_path)
    with np.load(path) as file:
        arrays = dict(file)
    for name, value, words in (
        ("weights", arrays["weights"][:-1], "do not belong together"),
        ("head", np.full_like(arrays["head"], np.nan), "do not belong together"),
        ("times", arrays["times"][::-1], "do not rise"),
        ("version", np.array(99), "newer DreamFace"),
    ):
        np.savez(path, **arrays | {name: value})
        with pytest.raises(TakeError, match=words):
            read_take(path.read_bytes())


def test_every_shape_has_a_region_and_a_slider() -> None:
    assert {region_of(shape) for shape in ARKIT_SHAPES} == set(REGIONS) - {"head"}
    assert region_of("eyeLookInLeft") == "gaze" and region_of("eyeBlinkLeft") == "eyes"
    assert sorted(shape for group in expressions.GROUPS.values() for shape in group) == sorted(ARKIT_SHAPES)
    assert expressions.label_of("mouthSmileLeft") == "Mouth Smile Left"


def test_strength_by_region_reaches_its_own_channels_and_closes_blinks(take: Take) -> None:
    weak = replace(take, weights=take.weights * 0.6)
    strong = shape_take(weak, Shaping(smoothing=0.0, gains={"eyes": 2.0, "head": 0.5}))
    assert channel(strong, "eyeBlinkLeft").max() == 1.0, "closed, and no further"
    np.testing.assert_allclose(channel(strong, "jawOpen"), channel(weak, "jawOpen"))
    np.testing.assert_allclose(strong.head, 0.5 * take.head)


def test_mirror_changes_sides_over_and_turns_the_other_way(take: Take) -> None:
    other = mirrored(take)
    np.testing.assert_allclose(channel(other, "eyeBlinkRight"), channel(take, "eyeBlinkLeft"))
    assert not channel(other, "eyeBlinkLeft").any()
    np.testing.assert_allclose(other.head[:, 0], -take.head[:, 0])
    np.testing.assert_allclose(other.head[:, 1], take.head[:, 1])
    np.testing.assert_allclose(mirrored(other).weights, take.weights)


def test_a_neutral_face_is_at_rest_and_what_is_whole_stays_whole(take: Take) -> None:
    rested = shape_take(take, Shaping(smoothing=0.0, neutral=0.25))
    at = int(np.argmin(np.abs(take.times - 0.25)))
    assert rested.weights[at].max() < 0.08 and np.abs(rested.head[at]).max() < 0.08
    assert channel(rested, "jawOpen").max() == pytest.approx(1.0, abs=1e-6)
    assert channel(rested, "jawOpen").min() == 0.0


def test_smoothing_takes_jitter_out_without_delay_and_keeps_blinks(take: Take) -> None:
    noise = np.random.default_rng(3).normal(0.0, 0.02, take.weights.shape)
    calm = smoothed(replace(take, weights=take.weights + noise), 0.5)
    resting = take.shapes.index("mouthPucker")
    assert calm.weights[:, resting].std() < 0.45 * noise[:, resting].std()
    blink = channel(calm, "eyeBlinkLeft")
    assert abs(int(np.argmax(blink)) - 30) <= 1, "it peaks when it did"
    assert blink.max() > 0.7
    jaw = channel(smoothed(take, 0.5), "jawOpen")
    lags = [np.corrcoef(jaw[5:-5], np.roll(channel(take, "jawOpen"), lag)[5:-5])[0, 1] for lag in (-2, -1, 0, 1, 2)]
    assert int(np.argmax(lags)) == 2, "it comes neither early nor late"
    steps = [np.abs(np.diff(smoothed(replace(take, weights=noise), much).weights)).mean() for much in (0.1, 0.5, 0.9)]
    assert steps == sorted(steps, reverse=True)


def test_frames_go_by_the_scenes_rate_the_speed_and_the_cuts(take: Take) -> None:
    frames, times = frames_of(take, Shaping(start=10.0), 24.0)
    assert (frames[0], frames[-1], len(frames)) == (10.0, 58.0, 49)
    assert (times[0], times[-1]) == (0.0, 2.0)
    frames, times = frames_of(take, Shaping(start=1.0, speed=2.0, first=0.5, last=0.5), 24.0)
    assert len(frames) == 13 and times[0] == 0.5 and times[-1] == 1.5
    assert time_at(take, Shaping(start=10.0, speed=2.0), 24.0, 22.0) == pytest.approx(1.0)
    frames, times = frames_of(take, Shaping(first=5.0), 24.0)
    assert len(frames) == 1 and times[0] == 2.0, "cut down to nothing, one moment stays"


def test_shaping_survives_as_text_and_damage_gives_the_usual() -> None:
    shaping = Shaping(mirror=True, gains={"eyes": 1.5}, neutral=0.5, speed=2.0)
    assert Shaping.from_json(shaping.to_json()) == shaping
    for text in ("", "[]", "{", '{"smoothing": "much", "gains": 3, "speed": NaN, "unknown": 1}', None):
        assert Shaping.from_json(text) == Shaping()


def test_between_moments_values_are_on_straight_lines(take: Take) -> None:
    between = take.at(np.array([0.05, 99.0]))
    expected = np.interp(0.05, take.times, channel(take, "jawOpen"))
    assert between.weights[0, take.shapes.index("jawOpen")] == pytest.approx(expected)
    np.testing.assert_allclose(between.weights[1], take.weights[-1])
    one = replace(
        take, **{name: getattr(take, name)[:1] for name in ("times", "weights", "head", "position", "eyes", "seen")}
    )
    np.testing.assert_allclose(one.at(np.array([0.0, 1.0])).weights, np.repeat(take.weights[:1], 2, axis=0))
