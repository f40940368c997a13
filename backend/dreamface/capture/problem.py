"""A person in photographs as a least squares problem: landmarks, and the population's prior.

Identity, and of every picture the expression, the pose of the head and the lens, are found together (Levenberg 1944;
Marquardt 1963). What is minimised is minus the logarithm of their probability: landmarks are seen with the tracker's
errors, which are correlated (`Sight`), values of the population's modes are N(0, 1), expressions are about what the
network of `landmark_model` reads, and lenses are mostly like those of portraits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dreamface.arrays import FloatArray
from dreamface.capture.descent import lowered
from dreamface.capture.landmark_model import load_model
from dreamface.capture.landmarks import Landmarks
from dreamface.capture.person import find_person, lines_of_sight, read_expression
from dreamface.capture.population import Population, Sight, pose_terms, seen_displacement
from dreamface.capture.pose import Poses, first_guess, fit_poses, rotations_about
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES

ROUNDS: Final = 12
FIRST_ROUNDS: Final = 8
"""Of the pose alone, with the mean face."""

USUAL_LENS: Final = (2.4, 0.55)
"""Middle, in heights of the picture, and standard deviation of the logarithm: 58 mm on full frame."""

EXPRESSION_DOUBT: Final = 0.06
"""Standard deviation of a weight besides the network's own doubt: it has learnt from clips, and photographs are few."""

OUTLIER: Final = 9.0
"""Millimetres beyond which a landmark counts less and less (Huber)."""

SETTLED: Final = 2e-4
"""Fraction of the cost below which a step is the last."""

SLOPE_STEP: Final = 1e-4

FARTHEST_PERSON: Final = 15.0
DOUBTFUL_PERSON: Final = 13.0
"""Distances from the mean face (`Fit.far`) beyond which a fit is refused, or is doubtful.

Good fits have 5 to 11: the more is seen, the farther.
"""

WORST_COST: Final = 3000.0
DOUBTFUL_COST: Final = 650.0
"""The same for the cost per picture; good fits have about 350."""


@dataclass(frozen=True)
class Fit:
    """A person, and how every picture shows them.

    Attributes:
        values: [K] of the population's modes.
        weights: [F, 52] of the expressions.
        poses: of the head, F.
        focal: [F] in heights of the picture.
        cost: minus twice the logarithm of the probability, but for a constant.
        doubt: [K, K] covariance of the values.
    """

    values: FloatArray
    weights: FloatArray
    poses: Poses
    focal: FloatArray
    cost: float
    doubt: FloatArray

    @property
    def far(self) -> float:
        """How far the person is from the mean face, in standard deviations of all modes together."""
        return float(np.linalg.norm(self.values))

    @property
    def cost_of_one(self) -> float:
        """The cost per picture."""
        return self.cost / max(len(self.focal), 1)

    @property
    def is_doubtful(self) -> bool:
        """Whether the head may be somebody else's."""
        return self.far > DOUBTFUL_PERSON or self.cost_of_one > DOUBTFUL_COST


class Problem:
    """One person in F pictures, as a least squares problem."""

    def __init__(self, population: Population, seen: Sequence[Landmarks], sight: Sight) -> None:
        self._population, self._sight = population, sight
        self._seen = np.stack([one.points for one in seen])
        model = load_model()
        self._response = model.response
        self._rest = population.landmarks(population.vertices(np.zeros(len(population.modes))))
        self._modes = population.skin_modes[:, np.minimum(population.vertex, population.skin_modes.shape[1] - 1)]
        self._modes[:, population.vertex >= population.skin_modes.shape[1]] = self._of_eyes()
        self._shown = seen_displacement(self._modes, self._rest, sight.gain)
        self._whitening = sight.whitening(len(seen))
        person = find_person(model, self._seen, rounds=_PERSON_ROUNDS)
        self._expected = read_expression(model, person, self._seen).weights
        self._doubt = np.hypot(model.network.doubt, EXPRESSION_DOUBT)

    def _of_eyes(self) -> FloatArray:
        """Return [K, L, 3] how modes move landmarks that lie on the eyeballs: as the skin around moves."""
        population = self._population
        on_skin = population.vertex < population.skin_modes.shape[1]
        beyond = np.flatnonzero(~on_skin)
        near = [
            np.argsort(np.linalg.norm(self._rest[on_skin] - self._rest[one], axis=1))[:_AROUND_IRIS] for one in beyond
        ]
        skin = population.skin_modes[:, population.vertex[on_skin]]
        return np.stack([skin[:, rows].mean(axis=1) for rows in near], axis=1) if len(beyond) else skin[:, :0]

    def solved(self, progress: Progress = Progress()) -> Fit:  # noqa: B008 - immutable
        """Return the most probable person.

        Raises:
            Cancelled: the progress said so.
        """
        count = len(self._seen)
        focal = np.full(count, USUAL_LENS[0])
        poses = first_guess(self._rest, self._seen, focal)
        spread = np.broadcast_to(self._rest, (count, *self._rest.shape))
        poses = fit_poses(spread, self._seen, focal, poses, np.ones(len(self._rest)), FIRST_ROUNDS)
        fit = Fit(np.zeros(len(self._modes)), self._expected, poses, focal, np.inf, np.eye(len(self._modes)))
        fit = lowered(fit, self.cost, self.normal, self.moved, (ROUNDS, SETTLED), (progress, "Fitting the head"))
        fit = replace(fit, cost=self.cost(fit))
        return self.doubted(fit, self.normal(fit)[0])

    def doubted(self, fit: Fit, normal: FloatArray) -> Fit:
        """Return the fit with the doubt that the normal equations' matrix leaves."""
        count = len(fit.values)
        return replace(fit, doubt=np.linalg.inv(normal)[:count, :count])

    @property
    def middle(self) -> FloatArray:
        """[3] metres: the middle of the mean face, about which steps turn a head."""
        found: FloatArray = self._rest.mean(axis=0)
        return found

    @property
    def modes(self) -> FloatArray:
        """[K, 478, 3] metres that each of the population's modes moves the landmarks."""
        return self._modes

    def shift(self, fit: Fit) -> FloatArray:
        """Return [3] metres from the linear model's coordinates, whose origin is the mean head's, to the head's own."""
        population = self._population
        rest = population.landmarks(population.vertices(fit.values))
        shift: FloatArray = np.median(rest - self._rest - np.tensordot(fit.values, self._modes, axes=1), axis=0)
        return shift

    def placed(self, fit: Fit) -> Fit:
        """Return the fit with poses of the head itself: of its exact landmarks, and with the origin at its own neck.

        In the linear model, origins are the mean head's.
        """
        population = self._population
        rest, shift = population.landmarks(population.vertices(fit.values)), self.shift(fit)
        poses = Poses(fit.poses.rotation, fit.poses.position - fit.poses.rotation @ shift)
        points = rest + np.tensordot(fit.weights, self._response, axes=1)
        trust = 1.0 / (self._sight.noise**2 + np.square(self._sight.passing).sum(axis=(0, 2)))
        return replace(fit, poses=fit_poses(points, self._seen, fit.focal, poses, trust, _LAST_ROUNDS))

    def _points(self, fit: Fit) -> FloatArray:
        """Return [F, 478, 3] landmarks on the head."""
        rest = self._rest + np.tensordot(fit.values, self._shown, axes=1)
        points: FloatArray = rest + np.tensordot(fit.weights, self._response, axes=1)
        return points

    def _errors(self, fit: Fit) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return [F, 478, 2] metres by which landmarks are off, [F, 478, 2, 3] sights, and the points [F, 478, 3]."""
        points = self._points(fit)
        return *self._errors_of(points, self._seen, fit.focal, fit.poses), points

    def _errors_of(
        self, points: FloatArray, seen: FloatArray, focal: FloatArray, poses: Poses
    ) -> tuple[FloatArray, FloatArray]:
        """Return [F, 478, 2] metres by which points [F, 478, 3] are off where they are seen, and [F, 478, 2, 3]."""
        sight, there = lines_of_sight(focal, seen, poses)
        bias = np.tensordot(pose_terms(poses.rotation), self._sight.bias, axes=1)
        return there - bias - np.einsum("fjck,fjk->fjc", sight, points), sight

    def _trust(self, errors: FloatArray) -> FloatArray:
        """Return [F, 956] square roots of the landmarks' weights."""
        size = 1e3 * np.linalg.norm(errors, axis=2)
        return np.repeat(np.sqrt(1.0 / np.maximum(1.0, size / OUTLIER)), 2, axis=1)

    def cost(self, fit: Fit) -> float:
        """Return minus twice the logarithm of the fit's probability, but for a constant."""
        errors = self._errors(fit)[0]
        white = (self._trust(errors) * errors.reshape(len(errors), -1)) @ self._whitening.T
        middle, width = USUAL_LENS
        cost = np.square(white).sum() + np.square(fit.values).sum()
        cost += np.square(np.log(fit.focal / middle) / width).sum()
        cost += np.square((fit.weights - self._expected) / self._doubt).sum()
        return float(cost)

    def normal(self, fit: Fit) -> tuple[FloatArray, FloatArray]:
        """Return the normal equations' matrix and right side: values, then of every picture 52 + 6 + 1."""
        errors, sight, points = self._errors(fit)
        trust = self._trust(errors)
        known, own = len(fit.values), len(ARKIT_SHAPES) + POSE_AND_LENS
        size = known + own * len(errors)
        normal, gradient = np.zeros((size, size)), np.zeros(size)
        normal[:known, :known] += np.eye(known)
        gradient[:known] -= fit.values
        for number in range(len(errors)):
            jacobian = np.concatenate(
                (
                    np.einsum("jck,sjk->jcs", sight[number], self._shown).reshape(-1, known),
                    np.einsum("jck,sjk->jcs", sight[number], self._response).reshape(-1, len(ARKIT_SHAPES)),
                    self._pose_slopes(fit, number, points[number], errors[number].ravel()),
                ),
                axis=1,
            )
            white = self._whitening @ (trust[number][:, None] * jacobian)
            error = self._whitening @ (trust[number] * errors[number].ravel())
            rows = np.concatenate((np.arange(known), known + own * number + np.arange(own)))
            normal[np.ix_(rows, rows)] += white.T @ white
            gradient[rows] += white.T @ error
            self._add_prior(normal, gradient, known + own * number, fit, number)
        return normal, gradient

    def _add_prior(self, normal: FloatArray, gradient: FloatArray, start: int, fit: Fit, number: int) -> None:
        """Add what is known of a picture's expression and lens before it is seen, in place."""
        shapes = np.arange(start, start + len(ARKIT_SHAPES))
        normal[shapes, shapes] += self._doubt**-2
        gradient[shapes] -= (fit.weights[number] - self._expected[number]) / self._doubt**2
        lens = start + len(ARKIT_SHAPES) + POSE_AND_LENS - 1
        middle, spread = USUAL_LENS
        normal[lens, lens] += spread**-2
        gradient[lens] -= np.log(fit.focal[number] / middle) / spread**2
        pose = np.arange(lens - 6, lens)
        normal[pose, pose] += 1e-6

    def _pose_slopes(self, fit: Fit, number: int, points: FloatArray, errors: FloatArray) -> FloatArray:
        """Return [956, 7] by how much errors [956] shrink per unit of each entry of a step; see `stepped`."""
        steps = SLOPE_STEP * np.eye(POSE_AND_LENS)
        return np.stack([(errors - self._one(fit, number, step, points)) / SLOPE_STEP for step in steps], axis=1)

    def _one(self, fit: Fit, number: int, step: FloatArray, points: FloatArray) -> FloatArray:
        """Return [956] errors of a picture with pose and lens moved by a step [7]."""
        rotation, position, focal = stepped(fit, number, step, self.middle)
        poses = Poses(rotation[None], position[None])
        return self._errors_of(points[None], self._seen[number : number + 1], np.array([focal]), poses)[0].ravel()

    def moved(self, fit: Fit, step: FloatArray) -> Fit:
        """Return the fit after a step, whose entries are those of the normal equations."""
        known, own = len(fit.values), len(ARKIT_SHAPES) + POSE_AND_LENS
        weights, focal = fit.weights.copy(), fit.focal.copy()
        rotation, position = fit.poses.rotation.copy(), fit.poses.position.copy()
        for number in range(len(weights)):
            part = step[known + own * number :][:own]
            weights[number] = np.clip(weights[number] + part[: len(ARKIT_SHAPES)], 0.0, 1.0)
            rotation[number], position[number], focal[number] = stepped(
                fit, number, part[len(ARKIT_SHAPES) :], self.middle
            )
        return replace(
            fit, values=fit.values + step[:known], weights=weights, poses=Poses(rotation, position), focal=focal
        )


POSE_AND_LENS: Final = 7
_PERSON_ROUNDS: Final = 2  # of finding who it is, for the expression to begin with
_LAST_ROUNDS: Final = 4  # of the poses of the exact head
_LENSES: Final = (0.6, 12.0)  # in heights of the picture
_FARTHEST_STEP: Final = 0.5  # radians, metres, and of the lens' logarithm, in one step
_AROUND_IRIS: Final = 6  # landmarks of the lids that an iris goes with


def stepped(fit: Fit, number: int, step: FloatArray, middle: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return rotation [3, 3], position [3] and lens of a picture after a step [7].

    A step is a turn about the face's middle (3, radians), a shift (3, metres), and a change of the lens' logarithm.
    """
    step = np.clip(step, -_FARTHEST_STEP, _FARTHEST_STEP)
    before = fit.poses.rotation[number]
    rotation = rotations_about(step[None, :3])[0] @ before
    # A longer lens sees the head as large from farther away: so the two are told apart.
    focal = float(np.clip(fit.focal[number] * np.exp(step[6]), *_LENSES))
    centre = before @ middle + fit.poses.position[number]
    centre = centre * (1.0, focal / fit.focal[number], 1.0) + step[3:6]
    return rotation, centre - rotation @ middle, focal
