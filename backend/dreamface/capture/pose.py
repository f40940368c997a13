"""Where heads are, from where their landmarks are seen: a pinhole camera at the origin that looks along +Y.

What is to the right in the picture is +X, what is down is -Z; focal lengths are in heights of the picture. All of it
works on many pictures at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.arrays import FloatArray

SHORTEST: Final = 0.05
"""In heights of the picture: no face is lower."""

OUTLIER: Final = 4e-3
"""Metres on the face beyond which a landmark counts less and less (Huber)."""

EYE_CORNERS: Final = (33, 263)
"""Landmarks of the outer corners of the right and the left eye."""

_USUAL_HEIGHT: Final = 0.17
"""Metres between the lowest and the highest landmark of a face, about: to begin with."""

_STEADY: Final = 1e-9  # of the sum of all weights: nothing is without any hold


@dataclass(frozen=True)
class Poses:
    """Poses of a head in F pictures.

    Attributes:
        rotation: [F, 3, 3] from the head's axes to the camera's.
        position: [F, 3] metres, of the head's origin.
    """

    rotation: FloatArray
    position: FloatArray

    def place(self, points: FloatArray) -> FloatArray:
        """Return points [F, L, 3] of the head before the camera."""
        return points @ self.rotation.transpose(0, 2, 1) + self.position[:, None]

    def rolled(self, rolls: FloatArray) -> Poses:
        """Return the poses in the same pictures, turned clockwise about their middles by angles [F], radians."""
        zero = np.zeros_like(rolls)
        turn = rotations_about(np.stack((zero, rolls, zero), axis=1))
        return Poses(turn @ self.rotation, (turn @ self.position[..., None])[..., 0])


def project(points: FloatArray, focal: FloatArray) -> FloatArray:
    """Return [F, L, 2] where points [F, L, 3] before cameras of focal lengths [F] are seen."""
    return focal[:, None, None] * points[..., (0, 2)] * (1.0, -1.0) / points[..., 1:2]


def roll_of(seen: FloatArray) -> float:
    """Return by how many radians a face's landmarks [478, 2] are turned clockwise: its line from eye to eye."""
    right, down = seen[EYE_CORNERS[1]] - seen[EYE_CORNERS[0]]
    return float(np.arctan2(down, right))


def turned(seen: FloatArray, angle: float) -> FloatArray:
    """Return places [..., 2] turned clockwise about the picture's middle by radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    found: FloatArray = seen @ np.array(((cosine, sine), (-sine, cosine)))
    return found


def first_guess(points: FloatArray, seen: FloatArray, focal: FloatArray) -> Poses:
    """Return poses of heads that look straight into the lens.

    Args:
        points: [L, 3] metres on the head.
        seen: [F, L, 2] where they are seen.
        focal: [F].
    """
    distance = focal * _USUAL_HEIGHT / np.maximum(np.ptp(seen[..., 1], axis=1), SHORTEST)
    middle = seen.mean(axis=1) * (distance / focal)[:, None]
    place = np.stack((middle[:, 0], distance, -middle[:, 1]), axis=1)
    rotation = np.broadcast_to(np.eye(3), (len(seen), 3, 3)).copy()
    return Poses(rotation, place - points.mean(axis=0))


def fit_poses(
    points: FloatArray, seen: FloatArray, focal: FloatArray, poses: Poses, weights: FloatArray, rounds: int
) -> Poses:
    """Return better poses: Gauss-Newton with Huber's weights on the distances in metres on the face.

    Args:
        points: [F, L, 3] metres on the head.
        seen: [F, L, 2] where they are seen.
        focal: [F].
        poses: to begin with.
        weights: [L] of the landmarks.
        rounds: how many steps.
    """
    middle = points.mean(axis=1)
    arms = points - middle[:, None]
    for _ in range(rounds):
        poses = _step(points, arms, middle, seen, focal, poses, weights)
    return poses


def _step(
    points: FloatArray,
    arms: FloatArray,
    middle: FloatArray,
    seen: FloatArray,
    focal: FloatArray,
    poses: Poses,
    weights: FloatArray,
) -> Poses:
    placed = poses.place(points)
    depth = placed[..., 1]
    mean_depth = depth.mean(axis=1)[:, None]
    turned = arms @ poses.rotation.transpose(0, 2, 1)
    right, down = placed[..., 0] / depth, -placed[..., 2] / depth
    scale = mean_depth / depth
    one, zero = np.ones_like(depth), np.zeros_like(depth)
    x, y, z = np.moveaxis(turned, -1, 0)
    # A small turn w about the middle moves an arm a by w x a; columns are w, then the shift.
    moved_right = np.stack((zero, z, -y, one, zero, zero), axis=-1)
    moved_away = np.stack((-z, zero, x, zero, one, zero), axis=-1)
    moved_down = np.stack((-y, x, zero, zero, zero, -one), axis=-1)
    across = moved_right - right[..., None] * moved_away
    along = moved_down - down[..., None] * moved_away
    jacobian = np.concatenate((across * scale[..., None], along * scale[..., None]), axis=1)
    error = np.concatenate((right - seen[..., 0] / focal[:, None], down - seen[..., 1] / focal[:, None]), axis=1)
    error = error * mean_depth
    trust = np.tile(weights, 2) / np.maximum(1.0, np.abs(error) / OUTLIER)
    weighted = jacobian * trust[..., None]
    normal = weighted.transpose(0, 2, 1) @ jacobian
    normal[:, range(6), range(6)] += _STEADY * trust.sum(axis=1)[:, None]
    change = -np.linalg.solve(normal, (weighted.transpose(0, 2, 1) @ error[..., None]))[..., 0]
    rotation = rotations_about(change[:, :3]) @ poses.rotation
    centre = (poses.rotation @ middle[..., None])[..., 0] + poses.position + change[:, 3:]
    return Poses(rotation, centre - (rotation @ middle[..., None])[..., 0])


def rotations_about(vectors: FloatArray) -> FloatArray:
    """Return [F, 3, 3] rotations about vectors [F, 3] by their lengths, radians (Rodrigues)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None] + 1e-12
    x, y, z = (vectors / angle[:, 0]).T
    zero = np.zeros_like(x)
    cross = np.stack((zero, -z, y, z, zero, -x, -y, x, zero), axis=1).reshape(-1, 3, 3)
    turned: FloatArray = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
    return turned


def unprojected(points: FloatArray, seen: FloatArray, focal: FloatArray, poses: Poses) -> FloatArray:
    """Return [F, L, 2] x and z, in metres on the head, of where landmarks are seen, at the depth of its own points.

    So what is left of the landmarks is the face itself, whatever the pose, the lens and the picture.

    Args:
        points: [F, L, 3] metres on the head: their y is how deep the landmarks lie.
        seen: [F, L, 2] where they are seen.
        focal: [F].
        poses: of the head.
    """
    turn = poses.rotation.transpose(0, 2, 1)
    camera = -(turn @ poses.position[..., None])[..., 0]
    shares = seen / focal[:, None, None]
    rays = np.stack((shares[..., 0], np.ones_like(shares[..., 0]), -shares[..., 1]), axis=-1) @ poses.rotation
    reach = (points[..., 1] - camera[:, None, 1]) / rays[..., 1]
    found: FloatArray = camera[:, None, (0, 2)] + reach[..., None] * rays[..., (0, 2)]
    return found


def angles(rotation: FloatArray) -> FloatArray:
    """Return [F, 3] yaw, pitch and roll of rotations [F, 3, 3], as `Performance` has them."""
    pitch = np.arcsin(np.clip(rotation[:, 2, 1], -1.0, 1.0))
    yaw = np.arctan2(-rotation[:, 0, 1], rotation[:, 1, 1])
    roll = np.arctan2(-rotation[:, 2, 0], rotation[:, 2, 2])
    return np.stack((yaw, pitch, roll), axis=1)
