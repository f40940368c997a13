"""What the tracker's network learns from: pictures of one person as if one camera had taken them in one go."""

from __future__ import annotations

import numpy as np
import pytest

from dreamface.arrays import FloatArray
from dreamface.capture.landmark_model import FEATURE_SCALE, load_model
from dreamface.capture.pose import Poses, project
from dreamface.training.expressions import random_expression
from dreamface.training.landmark_model import Clip, Record, make_clip, samples_of_clip
from dreamface.traits import ARKIT_SHAPES

MODEL = load_model()
NETWORKS = (MODEL.finding, MODEL.network)
CLOSE, JAW, TONGUE = (ARKIT_SHAPES.index(name) for name in ("mouthClose", "jawOpen", "tongueOut"))


@pytest.fixture(scope="module")
def rest() -> FloatArray:
    """Landmarks of somebody at rest."""
    return MODEL.person(0.7 * np.random.default_rng(2).normal(size=len(MODEL.modes)))


@pytest.fixture(scope="module")
def record(rest: FloatArray) -> Record:
    """Pictures of them, each through another lens."""
    random, count = np.random.default_rng(3), 60
    weights = np.stack([random_expression(random) for _ in range(count)]).astype(np.float64)
    focal = random.uniform(1.0, 2.5, count)
    rotation = np.broadcast_to(np.eye(3), (count, 3, 3))
    poses = Poses(rotation, np.stack((0.0 * focal, 0.4 * focal, 0.0 * focal), axis=1) - rest.mean(axis=0))
    points = rest + np.tensordot(weights, MODEL.response, axes=1)
    return Record("ict", 1, weights, poses, focal, project(poses.place(points), focal))


def clips(record: Record, rest: FloatArray, other_person: bool) -> list[Clip]:
    return [make_clip(record, rest, MODEL, other_person, np.random.default_rng(seed)) for seed in range(12)]


def test_a_clip_shows_what_it_says_through_one_lens(record: Record, rest: FloatArray) -> None:
    for clip in clips(record, rest, other_person=False):
        assert np.ptp(clip.focal) == 0.0
        points = rest + np.tensordot(clip.weights, MODEL.response, axes=1)
        assert clip.seen == pytest.approx(project(clip.poses.place(points), clip.focal), abs=1e-9)
        assert np.ptp(clip.seen[..., 1], axis=1) == pytest.approx(0.42, abs=0.15), "the face is as large as it was"


def test_another_person_does_the_same(record: Record, rest: FloatArray) -> None:
    for same, other in zip(clips(record, rest, False), clips(record, rest, True), strict=True):
        assert np.array_equal(same.weights, other.weights)
        assert np.abs(same.seen - other.seen).mean() > 2e-3


def test_expressions_are_held_through_most_clips(record: Record, rest: FloatArray) -> None:
    made = clips(record, rest, False)
    assert 0.5 < np.mean([(clip.weights.min(axis=0) > 0.02).any() for clip in made]) < 1.0
    for clip in made:
        assert clip.weights.min() >= 0.0
        assert clip.weights.max() <= 1.0
        own = record.weights[:, CLOSE].max()
        assert (clip.weights[:, CLOSE] <= np.maximum(clip.weights[:, JAW], own) + 1e-9).all(), "lips only close on jaws"


def test_the_network_sees_what_a_person_found_in_the_clip_leaves(record: Record, rest: FloatArray) -> None:
    clip = clips(record, rest, True)[0]
    features, turns = samples_of_clip(clip, MODEL, rounds=2)
    assert features.shape == (len(clip.seen), 2 * len(rest))
    assert 0.0 < np.abs(features).mean() < 1.0, "centimetres"
    assert np.linalg.norm(turns, axis=1).max() < 0.3


def test_what_is_held_through_a_clip_is_read_by_the_network_that_learnt_from_clips(
    record: Record, rest: FloatArray
) -> None:
    """Who somebody is has to be found in the same pictures: the second network knows how wrong that mostly is."""
    mistakes = []
    for seed in range(2, 7):
        clip = make_clip(record, rest, MODEL, seed % 2 == 0, np.random.default_rng(seed))
        features, _ = samples_of_clip(clip, MODEL, rounds=2)
        offsets = features.reshape(len(features), -1, 2) / FEATURE_SCALE
        held = clip.weights.min(axis=0) > 0.1
        wanted = clip.weights[:, held]
        mistakes.append([np.abs(each.read(offsets)[0][:, held] - wanted).mean() for each in NETWORKS])
    first, second = np.mean(mistakes, axis=0)
    assert second < 0.85 * first
