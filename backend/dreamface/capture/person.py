"""Who is in the footage: their landmarks at rest, and the lens, from some pictures of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.arrays import FloatArray, IntArray
from dreamface.capture.landmark_model import LandmarkModel, Network
from dreamface.capture.pose import Poses, first_guess, fit_poses, project, unprojected
from dreamface.traits import ARKIT_SHAPES

FOCALS: Final = (1.0, 1.4, 2.0, 3.0)
"""Lenses that are tried, in heights of the picture: from a webcam's to a portrait's."""

USUAL_FOCAL: Final = 1.6

ROUNDS: Final = 3
"""Of finding the expression for a person, and then the person for the expression."""

CORRELATED: Final = 8.0
"""Errors of neighbouring landmarks are alike: so many times fewer of them would say as much."""

ALIKE: Final = 4.0
"""Errors of one landmark in different pictures are alike, too: all pictures together say as much as so many."""


LID_SHARE: Final = 0.5
"""Of how far a blink moves landmarks at most: those that it moves farther are of the lids."""

LID_NOISE: Final = 4e-3
"""Metres, of each landmark of a lid; they are wrong together."""

BLINK_DOUBT: Final = 0.15
"""Standard deviation of a blink as it is read from the whole face."""

IRIS_NOISE: Final = 2.5e-3
"""Metres, of all five points of an iris together."""

GAZE_SPREAD: Final = 0.5
"""Standard deviation of weights of looks aside, up and down."""

APART: Final = 0.4
"""How much is believed of what one eye looks otherwise than the other: they mostly go together, and noise does not."""

OPEN: Final = 0.35
SHUT: Final = 0.7
"""Blinks between which an iris is less and less to be seen."""

LOOKS: Final = [index for index, name in enumerate(ARKIT_SHAPES) if name.startswith("eyeLook")]

BOUND_ROUNDS: Final = 4
"""Of finding which weights lie at 0 or 1."""


@dataclass(frozen=True)
class Person:
    """Who is followed.

    Attributes:
        neutral: [478, 3] metres, their landmarks at rest.
        focal: of the lens, in heights of the picture.
    """

    neutral: FloatArray
    focal: float


@dataclass(frozen=True)
class Reading:
    """What a person does in F pictures.

    Attributes:
        weights: [F, 52].
        poses: of the head.
    """

    weights: FloatArray
    poses: Poses


def offsets_at_rest(
    neutral: FloatArray,
    seen: FloatArray,
    focal: FloatArray,
    steady: tuple[IntArray, FloatArray],
    before: Poses | None = None,
    rounds: int = 8,
) -> tuple[Poses, FloatArray]:
    """Return poses of a face taken for one at rest, and [F, 478, 2] metres: how far landmarks are from rest, on it.

    The network reads the latter, and has learnt from just this.

    Args:
        neutral: [478, 3] metres, landmarks at rest.
        seen: [F, 478, 2].
        focal: [F].
        steady: landmarks that show the pose, and their weights, as from `steady_landmarks`.
        before: poses to begin with; None begins with heads that look into the lens.
        rounds: steps of the pose.
    """
    chosen, trust = steady
    points = np.broadcast_to(neutral, (len(seen), *neutral.shape))
    poses = before or first_guess(neutral, seen, focal)
    poses = fit_poses(points[:, chosen], seen[:, chosen], focal, poses, trust, rounds)
    return poses, unprojected(points, seen, focal, poses) - neutral[:, (0, 2)]


def read_expression(
    model: LandmarkModel,
    person: Person,
    seen: FloatArray,
    before: Poses | None = None,
    rounds: int = 8,
    network: Network | None = None,
) -> Reading:
    """Tell weights and poses from landmarks.

    Args:
        model: what is known of landmarks.
        person: whose they are.
        seen: [F, 478, 2].
        before: poses to begin with, such as those of the pictures before.
        rounds: steps of the pose.
        network: None is the model's own for somebody who was found in the footage.
    """
    focal = np.full(len(seen), person.focal)
    poses, offsets = offsets_at_rest(person.neutral, seen, focal, model.steady, before, rounds)
    weights, turn = (network or model.network).read(offsets)
    return Reading(weights, _turned(poses, turn, person.neutral.mean(axis=0)))


def _turned(poses: Poses, turn: FloatArray, middle: FloatArray) -> Poses:
    """Poses, turned by a little [F, 3] about the middle of the face."""
    x, y, z = turn.T
    zero = np.zeros_like(x)
    small = np.eye(3) + np.stack((zero, -z, y, z, zero, -x, -y, x, zero), axis=1).reshape(-1, 3, 3)
    left, _, right = np.linalg.svd(poses.rotation @ small)
    rotation = left @ right
    centre = poses.rotation @ middle + poses.position
    return Poses(rotation, centre - rotation @ middle)


def expressed(model: LandmarkModel, person: Person, weights: FloatArray) -> FloatArray:
    """Return [F, 478, 3] landmarks of a person who makes expressions [F, 52]."""
    landmarks: FloatArray = person.neutral + np.tensordot(weights, model.response, axes=1)
    return landmarks


def with_pose(model: LandmarkModel, person: Person, seen: FloatArray, reading: Reading, steps: int = 2) -> Reading:
    """Return the reading with poses that fit all landmarks, the expression known."""
    focal = np.full(len(seen), person.focal)
    points = expressed(model, person, reading.weights)
    return Reading(reading.weights, fit_poses(points, seen, focal, reading.poses, model.trust, steps))


def refined(model: LandmarkModel, person: Person, seen: FloatArray, reading: Reading, rounds: int = 2) -> Reading:
    """Return a reading that also puts the landmarks where they are seen.

    Weights are the most probable ones, within 0..1, where the network's are known with its doubt, and landmarks with
    the tracker's noise: a least squares problem for each picture.

    Args:
        model: what is known of landmarks.
        person: whose they are.
        seen: [F, 478, 2].
        reading: as from `read_expression`.
        rounds: of finding the poses for the weights, and then the weights for the poses.
    """
    first, weights = reading.weights, reading.weights
    sure = model.network.doubt**-2.0
    trust = np.repeat(model.trust / CORRELATED, 2)
    slopes_of = model.response.transpose(1, 2, 0)
    for _ in range(rounds):
        reading = with_pose(model, person, seen, Reading(weights, reading.poses))
        sight, there = lines_of_sight(np.full(len(seen), person.focal), seen, reading.poses)
        left = (there - np.einsum("fjck,jk->fjc", sight, person.neutral)).reshape(len(seen), -1, 1)
        slopes = np.matmul(sight, slopes_of).reshape(len(seen), -1, len(sure))
        weighted = (slopes * trust[:, None]).transpose(0, 2, 1)
        normal = weighted @ slopes
        normal[:, range(len(sure)), range(len(sure))] += sure
        weights = _within(normal, (weighted @ left)[..., 0] + sure * first)
    return with_pose(model, person, seen, Reading(weights, reading.poses), 1)


def with_winks(model: LandmarkModel, person: Person, seen: FloatArray, reading: Reading) -> Reading:
    """Return the reading with blinks that each eye's own lids confirm.

    Faces mostly blink with both eyes, so the network takes a wink for half a blink of both; the landmarks of one eye
    know nothing of the other.
    """
    weights = reading.weights.copy()
    sight, there = lines_of_sight(np.full(len(seen), person.focal), seen, reading.poses)
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        index = ARKIT_SHAPES.index(name)
        size = np.linalg.norm(model.response[index], axis=1)
        lids = np.flatnonzero(size > LID_SHARE * size.max())
        without = reading.weights.copy()
        without[:, index] = 0.0
        rest = there - np.einsum("fjck,fjk->fjc", sight, expressed(model, person, without))
        slopes = np.einsum("fjck,jk->fjc", sight[:, lids], model.response[index, lids]).reshape(len(seen), -1)
        told = (slopes * rest[:, lids].reshape(len(seen), -1)).sum(axis=1) / LID_NOISE**2
        sure = np.square(slopes).sum(axis=1) / LID_NOISE**2
        known = reading.weights[:, index] / BLINK_DOUBT**2
        weights[:, index] = np.clip((told + known) / (sure + BLINK_DOUBT**-2.0), 0.0, 1.0)
    return Reading(weights, reading.poses)


def with_gaze(model: LandmarkModel, person: Person, seen: FloatArray, reading: Reading) -> Reading:
    """Return the reading with eyes that look where the irises are, whatever is usual.

    The network doubts a strong look aside, as most faces look ahead; five points of each iris say it plainly.
    """
    weights = reading.weights.copy()
    weights[:, LOOKS] = 0.0
    found = {}
    sight, there = lines_of_sight(np.full(len(seen), person.focal), seen, reading.poses)
    left = there - np.einsum("fjck,fjk->fjc", sight, expressed(model, person, weights))
    for side in ("Left", "Right"):
        out, inwards, up, down = (ARKIT_SHAPES.index(f"eyeLook{way}{side}") for way in ("Out", "In", "Up", "Down"))
        iris = model.iris(side)
        ways = 0.5 * np.stack(
            (model.response[out] - model.response[inwards], model.response[up] - model.response[down])
        )
        slopes = np.einsum("fjck,sjk->fjcs", sight[:, iris], ways[:, iris]).reshape(len(seen), -1, 2)
        normal = slopes.transpose(0, 2, 1) @ slopes + (IRIS_NOISE / GAZE_SPREAD) ** 2 * np.eye(2)
        wanted = slopes.transpose(0, 2, 1) @ left[:, iris].reshape(len(seen), -1, 1)
        found[side] = np.linalg.solve(normal, wanted)[..., 0] * ((1.0, 1.0) if side == "Left" else (-1.0, 1.0))
    both = 0.5 * (found["Left"] + found["Right"])  # to the person's left, and up
    for side, outwards in (("Left", 1.0), ("Right", -1.0)):
        out, inwards, up, down = (ARKIT_SHAPES.index(f"eyeLook{way}{side}") for way in ("Out", "In", "Up", "Down"))
        aside, upwards = (both + APART * (found[side] - both)).T * np.array(((outwards,), (1.0,)))
        # A closed lid hides the iris: what the landmarks say of it is made up.
        open_ = np.clip((SHUT - reading.weights[:, ARKIT_SHAPES.index(f"eyeBlink{side}")]) / (SHUT - OPEN), 0.0, 1.0)
        for index, value in ((out, aside), (inwards, -aside), (up, upwards), (down, -upwards)):
            looked = np.clip(value, 0.0, 1.0)
            weights[:, index] = reading.weights[:, index] + open_ * (looked - reading.weights[:, index])
    return Reading(weights, reading.poses)


def _within(normal: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return [F, S] values within 0..1 that solve normal equations [F, S, S] best: an active set of bounds.

    What would leave 0..1 is held at its bound, and let go where the slope there points inwards.
    """
    count = normal.shape[1]
    values = np.zeros_like(wanted)
    free = np.ones(wanted.shape, bool)
    diagonal = np.arange(count)
    for _ in range(BOUND_ROUNDS):
        held = np.where(free, 0.0, values)
        matrix = np.where(free[:, :, None] & free[:, None], normal, 0.0)
        matrix[:, diagonal, diagonal] += ~free
        right = np.where(free, wanted - (normal @ held[..., None])[..., 0], held)
        values = np.linalg.solve(matrix, right[..., None])[..., 0]
        outside = (values < 0.0) | (values > 1.0)
        values = np.clip(values, 0.0, 1.0)
        slope = wanted - (normal @ values[..., None])[..., 0]
        inwards = ~free & np.where(values > 0.5, slope < 0.0, slope > 0.0)
        free = (free & ~outside) | inwards
    return values


def lines_of_sight(focal: FloatArray, seen: FloatArray, poses: Poses) -> tuple[FloatArray, FloatArray]:
    """Return what landmarks that are seen say, linearly, of their places on the head, without any guess of their depth.

    Args:
        focal: [F] of the lens.
        seen: [F, 478, 2].
        poses: of the head.

    Returns:
        [F, 478, 2, 3] and [F, 478, 2] metres: the first times the place on the head is the second.
    """
    turn, place, shares = poses.rotation, poses.position, seen / focal[:, None, None]
    across = turn[:, None, 0] - shares[..., 0:1] * turn[:, None, 1]
    along = -turn[:, None, 2] - shares[..., 1:2] * turn[:, None, 1]
    there = (
        shares[..., 0] * place[:, None, 1] - place[:, None, 0],
        shares[..., 1] * place[:, None, 1] + place[:, None, 2],
    )
    return np.stack((across, along), axis=2), np.stack(there, axis=2)


def find_person(
    model: LandmarkModel, seen: FloatArray, focals: tuple[float, ...] = FOCALS, rounds: int = ROUNDS
) -> Person:
    """Return who it is that most probably looks like this.

    Args:
        model: what is known of landmarks.
        seen: [F, 478, 2] in some pictures, the more different the better.
        focals: lenses to try.
        rounds: see `ROUNDS`.
    """
    coefficients = np.zeros(len(model.modes))
    person = Person(model.mean, USUAL_FOCAL)
    for number in range(rounds):
        tries = (person.focal,) if number == 0 else focals
        found = [_improved(model, Person(person.neutral, focal), seen, coefficients) for focal in tries]
        _, coefficients, focal = min(found, key=lambda each: each[0])
        person = Person(model.person(coefficients), focal)
    return person


def _improved(
    model: LandmarkModel, person: Person, seen: FloatArray, coefficients: FloatArray
) -> tuple[float, FloatArray, float]:
    """Return how badly it fits, better coefficients, and the lens."""
    reading = with_pose(model, person, seen, read_expression(model, person, seen, network=model.finding))
    moved = expressed(model, Person(model.mean, person.focal), reading.weights)
    sight, there = lines_of_sight(np.full(len(seen), person.focal), seen, reading.poses)
    left = there - np.einsum("fjck,fjk->fjc", sight, moved)
    slopes = np.einsum("fjck,skj->fjcs", sight, model.modes.transpose(0, 2, 1))
    trust = model.trust * ALIKE / (CORRELATED * len(seen))
    weighted = (slopes * trust[None, :, None, None]).reshape(-1, len(model.modes))
    normal = np.eye(len(model.modes)) + weighted.T @ slopes.reshape(-1, len(model.modes))
    better = np.linalg.solve(normal, weighted.T @ left.reshape(-1))
    rest = left - slopes @ better
    cost = float((np.square(rest) * trust[None, :, None]).sum() + np.square(better).sum())
    return cost, better, person.focal


def residual(model: LandmarkModel, person: Person, seen: FloatArray, reading: Reading) -> FloatArray:
    """Return [F] the mean distance between where landmarks are and where they should be, in heights of the picture."""
    focal = np.full(len(seen), person.focal)
    expected = project(reading.poses.place(expressed(model, person, reading.weights)), focal)
    distance: FloatArray = np.linalg.norm(expected - seen, axis=2).mean(axis=1)
    return distance
