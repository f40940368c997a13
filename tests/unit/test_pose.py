"""Where heads are, from where their landmarks are seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamface.arrays import FloatArray
from dreamface.capture.pose import Poses, angles, first_guess, fit_poses, project, unprojected

COUNT = 20
HEAD = np.random.default_rng(0).uniform((-0.07, -0.05, -0.09), (0.07, 0.05, 0.09), (120, 3))
"""Landmarks of a head, more or less."""


def poses(seed: int = 1) -> tuple[Poses, FloatArray, FloatArray]:
    """Poses, their angles and focal lengths."""
    random = np.random.default_rng(seed)
    turns = random.normal(size=(COUNT, 3)) * (0.4, 0.2, 0.2)
    rotation = Rotation.from_euler("ZXY", turns).as_matrix()
    place = np.stack(
        (random.normal(size=COUNT) * 0.05, random.uniform(0.5, 1.2, COUNT), random.normal(size=COUNT) * 0.05), axis=1
    )
    return Poses(rotation, place), turns, random.uniform(1.0, 3.0, COUNT)


def test_poses_are_found_from_where_landmarks_are_seen() -> None:
    truth, _, focal = poses()
    points = np.broadcast_to(HEAD, (COUNT, *HEAD.shape))
    seen = project(truth.place(points), focal)
    found = fit_poses(points, seen, focal, first_guess(HEAD, seen, focal), np.ones(len(HEAD)), 10)
    assert found.rotation == pytest.approx(truth.rotation, abs=1e-5)
    assert found.position == pytest.approx(truth.position, abs=1e-5)


def test_a_landmark_that_is_far_off_hardly_counts() -> None:
    truth, _, focal = poses()
    points = np.broadcast_to(HEAD, (COUNT, *HEAD.shape))
    seen = project(truth.place(points), focal)
    seen[:, 3] += 0.2
    found = fit_poses(points, seen, focal, first_guess(HEAD, seen, focal), np.ones(len(HEAD)), 15)
    turn = Rotation.from_matrix(found.rotation.transpose(0, 2, 1) @ truth.rotation).magnitude()
    assert np.degrees(turn).max() < 0.5


def test_landmarks_come_back_to_the_head() -> None:
    truth, _, focal = poses()
    points = np.broadcast_to(HEAD, (COUNT, *HEAD.shape))
    seen = project(truth.place(points), focal)
    assert unprojected(points, seen, focal, truth) == pytest.approx(points[..., (0, 2)], abs=1e-9)


def test_angles_are_as_a_performance_has_them() -> None:
    truth, turns, _ = poses()
    assert angles(truth.rotation) == pytest.approx(turns, abs=1e-9)
    left = angles(Rotation.from_euler("Z", 0.3).as_matrix()[None])
    assert left == pytest.approx(np.array([[0.3, 0.0, 0.0]])), "a turn to the person's left is positive"


def test_what_is_to_the_right_and_above_is_seen_there() -> None:
    seen = project(np.array([[[0.1, 1.0, 0.2]]]), np.array([2.0]))
    assert seen[0, 0] == pytest.approx((0.2, -0.4))
