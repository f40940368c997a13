"""Pins: points of a head that an artist drags to where a photograph shows them, and the head that follows.

What was fitted to the photographs stays the most probable head: a change of it costs as much as it makes the landmarks
there, and the person, less probable. Pins are met about exactly. So a pin moves what hangs together with its point in
the population, and little else. Only pins and the fit are needed for that, not the photographs, nor their landmarks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import numpy as np

from dreamface.arrays import FloatArray, IntArray
from dreamface.capture.descent import lowered
from dreamface.capture.landmark_model import load_model
from dreamface.capture.landmarks import COUNT, Landmarks
from dreamface.capture.population import Population, load_population
from dreamface.capture.pose import Poses, project
from dreamface.capture.problem import POSE_AND_LENS, Fit, Problem, stepped
from dreamface.errors import BadRequest
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES

PINS: Final[dict[str, int]] = {
    "forehead.top": 10, "forehead.right": 103, "forehead.left": 332, "temple.right": 162, "temple.left": 389,
    "ear.right": 234, "ear.left": 454, "jaw.upper.right": 132, "jaw.upper.left": 361,
    "jaw.right": 172, "jaw.left": 397, "jaw.lower.right": 150, "jaw.lower.left": 379,
    "chin.right": 148, "chin.left": 377, "chin": 152, "chin.front": 199, "chin.crease": 18,
    "brow.outer.right": 70, "brow.outer.left": 300, "brow.peak.right": 105, "brow.peak.left": 334,
    "brow.middle.right": 66, "brow.middle.left": 296, "brow.inner.right": 107, "brow.inner.left": 336,
    "eye.outer.right": 33, "eye.outer.left": 263, "eye.inner.right": 133, "eye.inner.left": 362,
    "lid.upper.right": 159, "lid.upper.left": 386, "lid.lower.right": 145, "lid.lower.left": 374,
    "cheekbone.right": 117, "cheekbone.left": 346, "cheek.right": 205, "cheek.left": 425,
    "nose.root": 168, "nose.bridge": 197, "nose.tip": 4, "nose.base": 2,
    "nose.wing.right": 129, "nose.wing.left": 358,
    "mouth.corner.right": 61, "mouth.corner.left": 291, "lip.upper": 0, "lip.lower": 17,
    "lip.peak.right": 37, "lip.peak.left": 267, "lip.upper.right": 40, "lip.upper.left": 270,
    "lip.lower.right": 91, "lip.lower.left": 321, "lip.seam": 13,
}  # fmt: skip
"""Points that are offered as pins: name -> landmark. Sides are the person's."""

PIN_NOISE: Final = 5e-5
"""Metres on the face: standard deviation of where an artist puts a pin."""

UNTOUCHED: Final = 3e-3
"""Metres on the face: standard deviation of where a photograph shows landmarks, beside what the tracker may have got
wrong all over the face: artists leave alone what lies well."""

TURN_KNOWN: Final = math.radians(0.5)
"""Standard deviation of a head's turn in a photograph: a nose that is dragged is another nose, not a turned head."""

MOST_PINS: Final = 500
FARTHEST_PIN: Final = 4.0
"""Heights of the picture from its middle."""

_ROUNDS: Final = 12
_SETTLED: Final = 1e-4  # fraction of the cost below which a step is the last
_AGAIN: Final = 3  # times at most that the head itself is made: the linear model leaves lids and origin aside
_SLOPE_STEP: Final = 1e-4
_POSE: Final = POSE_AND_LENS - 1  # entries of a step: a turn about the face's middle, and a shift
_OWN: Final = len(ARKIT_SHAPES) + _POSE  # entries of a state for each photograph


@dataclass(frozen=True)
class Pin:
    """Where a photograph shows a point of the head.

    Attributes:
        photograph: which, from 0.
        landmark: which point, 0..477; see `PINS`.
        place: [2] to the right and downwards from the picture's middle, in heights of the picture.
    """

    photograph: int
    landmark: int
    place: tuple[float, float]


@dataclass(frozen=True)
class Pinned:
    """A head that follows pins.

    Attributes:
        values: [K] by how much the population's modes differ from what was fitted to the photographs.
        shots: how every photograph shows the head: its values are those of the person.
    """

    values: FloatArray
    shots: Fit


@dataclass(frozen=True)
class SkinPoints:
    """Where landmarks lie on the skin, which is what artists see and drag.

    Attributes:
        vertex: [478] of the skin.
        off: [478, 3] metres from there to the landmark.
    """

    vertex: IntArray
    off: FloatArray

    def on(self, vertices: FloatArray) -> FloatArray:
        """Return [478, 3] metres: where they lie on a head with vertices [V, 3]."""
        return vertices[self.vertex] + self.off


@cache
def skin_points(head: str) -> SkinPoints:
    """Return where landmarks lie on the skin of a head model; those of lashes and eyes stand at the skin next to them.

    Raises:
        BadRequest: nothing is known of the head model's people.
    """
    population = load_population(head)
    usual = population.vertices(np.zeros(len(population.modes)))
    first, last = next(part.vertices for part in population.model.topology.parts if part.name == "skin")
    landmarks, vertex = population.landmarks(usual), population.vertex.copy()
    for row in np.flatnonzero((vertex < first) | (vertex >= last)):
        vertex[row] = first + np.linalg.norm(usual[first:last] - landmarks[row], axis=1).argmin()
    return SkinPoints(vertex, landmarks - usual[vertex])


def landmark_of(name: str | int) -> int:
    """Return the landmark that a pin's name, or a number 0..477, stands for.

    Raises:
        BadRequest: there is no such landmark.
    """
    if isinstance(name, str) and name in PINS:
        return PINS[name]
    if isinstance(name, int | np.integer) and not isinstance(name, bool) and 0 <= name < COUNT:
        return int(name)
    raise BadRequest(f"There is no pin {name!r}: use a number from 0 to {COUNT - 1}, or one of {', '.join(PINS)}.")


def check_pins(pins: Sequence[Pin], photographs: int) -> None:
    """Refuse pins that no picture can hold.

    Raises:
        BadRequest: there are too many, two are the same point, or one is in no photograph or no place near it.
    """
    if len(pins) > MOST_PINS:
        raise BadRequest(f"There are {len(pins)} pins: use at most {MOST_PINS}.")
    if len({(pin.photograph, pin.landmark) for pin in pins}) < len(pins):
        raise BadRequest("A point has two pins in the same photograph: give it one.")
    for pin in pins:
        if not 0 <= pin.photograph < photographs:
            raise BadRequest(
                f"There is no photograph {pin.photograph + 1} of this head: it was made from {photographs}."
            )
        if not all(abs(part) <= FARTHEST_PIN for part in pin.place):  # nor where it is no number
            raise BadRequest("A pin lies far outside of its photograph: give its place in the picture.")


class Pinning:
    """A head that was fitted to photographs, and what pins make of it.

    Every change is measured from the fit, not from the change before: so a pin that is taken away leaves nothing. A
    state is the change [K + F * 58]: of the modes' values, then of every photograph 52 weights and a step of the pose.
    """

    def __init__(self, population: Population, fitted: Fit) -> None:
        """Begin with a fit; takes a second, because everything is made ready that following takes.

        Args:
            population: of the head's model.
            fitted: to the photographs, before there were pins; with poses of the head itself.
        """
        self._population, self._fitted = population, fitted
        self._points = skin_points(population.head)
        landmarks = self._points.on(population.vertices(fitted.values))
        points = landmarks + np.tensordot(fitted.weights, load_model().response, axes=1)
        seen = project(fitted.poses.place(points), fitted.focal)
        problem = Problem(population, [Landmarks(one) for one in seen], next(iter(population.sights.values())))
        carried = problem.modes.mean(axis=1)
        modes = population.skin_modes[:, self._points.vertex]
        self._modes, self._middle = modes - carried[:, None], problem.middle
        self._rest = self._points.on(population.vertices(np.zeros(len(fitted.values))))
        self._response = population.usual_shapes[:, self._points.vertex]
        self._heads: dict[bytes, _Made] = {}
        self._newest: _Made
        rotation, position = fitted.poses.rotation, fitted.poses.position
        made = self._made(np.zeros(len(fitted.values)))
        self._start = replace(fitted, poses=Poses(rotation, position + rotation @ made.shift))
        linear = replace(fitted, poses=Poses(rotation, position + rotation @ problem.shift(fitted)))
        normal = _without_lenses(problem.normal(linear)[0], len(fitted.values), len(fitted.focal))
        turned = self._to_linear(carried)
        self._metric = turned.T @ normal @ turned
        self._metric = self._held(landmarks - made.shift)

    def _to_linear(self, carried: FloatArray) -> FloatArray:
        """Return the matrix from a state to a step of `Problem`'s, whose modes carry [K, 3] the face along.

        Here they leave it where it is, and the poses alone move it.
        """
        count, fitted = len(self._fitted.values), self._fitted
        matrix = np.eye(count + _OWN * len(fitted.focal))
        for number, rotation in enumerate(fitted.poses.rotation):
            turn, shift = (self._own(number).start + len(ARKIT_SHAPES) + first for first in (0, 3))
            matrix[shift : shift + 3, :count] = -rotation @ carried.T
            arm = rotation @ (fitted.values @ carried)
            matrix[shift : shift + 3, turn : turn + 3] = np.cross(arm, np.eye(3)).T
        return matrix

    def _held(self, landmarks: FloatArray) -> FloatArray:
        """Return the metric with what it costs to move landmarks [478, 3] in the pictures, and to turn the head."""
        points = [landmarks + np.tensordot(weights, self._response, axes=1) for weights in self._fitted.weights]
        pins = [Pin(number, landmark, (0.0, 0.0)) for number in range(len(points)) for landmark in range(COUNT)]
        state = np.zeros(len(self._metric))
        slopes = self._slopes(_Points(pins, np.concatenate(points), state), state)[0] - self._metric
        held: FloatArray = self._metric + (PIN_NOISE / UNTOUCHED) ** 2 * slopes
        for number in range(len(points)):
            turn = np.arange(len(state))[self._own(number)][len(ARKIT_SHAPES) :][:3]
            held[turn, turn] += TURN_KNOWN**-2.0
        return held

    def follow(self, pins: Sequence[Pin], points: FloatArray, now: Pinned) -> tuple[Pinned, FloatArray]:
        """Return the most probable head that has pins where they are, and how its vertices move for that.

        Args:
            pins: all of them, N.
            points: [N, 3] metres on the head as it is now, with the expression in each pin's photograph.
            now: what the head follows now.

        Returns:
            What it follows then, and [V, 3] metres that its neutral vertices move.

        Raises:
            BadRequest: see `check_pins`.
        """
        check_pins(pins, len(self._fitted.focal))
        state, count, newest = self._state_of(now), len(now.values), self._newest
        before = made = self._made(now.values)
        begun = _Points(pins, np.reshape(points, (-1, 3)) - before.shift, state)
        begun = replace(begun, beyond=(newest.beyond - before.beyond)[begun.landmarks])  # as in a drag just now
        for _ in range(_AGAIN):
            state = self._solved(begun, state)
            made = self._made(state[:count])
            beyond = (made.beyond - before.beyond)[begun.landmarks]
            is_near = np.abs(beyond - begun.beyond).max(initial=0.0) < _NEAR
            begun = replace(begun, beyond=beyond)
            if is_near:
                break
        return Pinned(state[:count], self._shots(state, made.shift)), made.vertices - before.vertices

    def _made(self, values: FloatArray) -> _Made:
        """Return the neutral head of the person with values [K] more; the last few are kept."""
        key = values.tobytes()
        if key in self._heads:
            self._heads[key] = self._heads.pop(key)  # the last one that is forgotten
        else:
            whole = self._fitted.values + values
            vertices = self._population.vertices(whole)
            landmarks = self._points.on(vertices)
            apart = landmarks - self._rest - np.tensordot(whole, self._modes, axes=1)
            shift = apart.mean(axis=0)
            self._heads[key] = _Made(vertices, shift, apart - shift)
            while len(self._heads) > _KEPT_HEADS:
                del self._heads[next(iter(self._heads))]
        self._newest = self._heads[key]
        return self._newest

    def _state_of(self, now: Pinned) -> FloatArray:
        """Return the state of a head that follows pins already; poses begin with those of the fit."""
        state = np.zeros(len(self._metric))
        state[: len(now.values)] = now.values
        for number, weights in enumerate(now.shots.weights - self._fitted.weights):
            state[self._own(number)][: len(ARKIT_SHAPES)] = weights
        return state

    def _own(self, number: int) -> slice:
        """Return where a state has what is a photograph's own."""
        first = len(self._fitted.values) + _OWN * number
        return slice(first, first + _OWN)

    def _pose(self, state: FloatArray, number: int) -> tuple[FloatArray, FloatArray]:
        """Return rotation [3, 3] and position [3] of the head in a photograph, with the linear model's origin."""
        step = np.append(state[self._own(number)][len(ARKIT_SHAPES) :], 0.0)
        rotation, position, _ = stepped(self._start, number, step, self._middle)
        return rotation, position

    def _solved(self, begun: _Points, state: FloatArray) -> FloatArray:
        """Return the most probable state."""
        steps = (_ROUNDS, _SETTLED)
        return lowered(
            state, lambda one: self._cost(begun, one), lambda one: self._normal(begun, one), self._moved, steps,
            (Progress(), "Following the pins"),
        )  # fmt: skip

    def _moved(self, state: FloatArray, step: FloatArray) -> FloatArray:
        """Return a state after a step; weights stay within 0..1."""
        moved = state + step
        for number, weights in enumerate(self._fitted.weights):
            own = moved[self._own(number)][: len(ARKIT_SHAPES)]
            np.clip(own, -weights, 1.0 - weights, out=own)
        return moved

    def _places(self, begun: _Points, state: FloatArray) -> FloatArray:
        """Return [N, 3] metres on the head, where a state puts the pinned points."""
        change = state - begun.state
        count = len(self._fitted.values)
        points = begun.points + begun.beyond
        points = points + np.tensordot(change[:count], self._modes[:, begun.landmarks], axes=1)
        for row, pin in enumerate(begun.pins):
            weights = change[self._own(pin.photograph)][: len(ARKIT_SHAPES)]
            points[row] += weights @ self._response[:, pin.landmark]
        return points

    def _off(self, begun: _Points, number: int, points: FloatArray, state: FloatArray) -> FloatArray:
        """Return [N, 2] by how many of their standard deviations pins of a photograph are off; `points` are its own."""
        rotation, position = self._pose(state, number)
        there = points @ rotation.T + position
        focal = self._start.focal[number]
        depth = np.maximum(there[:, 1:2], _NEAREST)
        shown = focal * there[:, (0, 2)] * (1.0, -1.0) / depth
        far: FloatArray = depth.mean() / (focal * PIN_NOISE) * (begun.wanted[begun.of(number)] - shown)
        return far

    def _cost(self, begun: _Points, state: FloatArray) -> float:
        """Return minus twice the logarithm of a state's probability, but for a constant."""
        points = self._places(begun, state)
        cost = state @ self._metric @ state
        for number in begun.photographs:
            cost += np.square(self._off(begun, number, points[begun.of(number)], state)).sum()
        return float(cost)

    def _slopes(self, begun: _Points, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the normal equations' matrix and right side at a state."""
        normal, gradient = self._metric.copy(), -self._metric @ state
        points, count = self._places(begun, state), len(self._fitted.values)
        for number in begun.photographs:
            rows = begun.of(number)
            own = points[rows]
            off = self._off(begun, number, own, state)
            axes = np.stack([
                (off - self._off(begun, number, own + step, state)) / _SLOPE_STEP for step in _SLOPE_STEP * np.eye(3)
            ], axis=2)  # fmt: skip
            landmarks = begun.landmarks[rows]
            slopes = np.concatenate((
                np.einsum("ncx,knx->nck", axes, self._modes[:, landmarks]),
                np.einsum("ncx,knx->nck", axes, self._response[:, landmarks]),
                self._pose_slopes(begun, number, own, off, state),
            ), axis=2).reshape(2 * len(own), -1)  # fmt: skip
            columns = np.concatenate((np.arange(count), np.arange(len(state))[self._own(number)]))
            normal[np.ix_(columns, columns)] += slopes.T @ slopes
            gradient[columns] += slopes.T @ off.ravel()
        return normal, gradient

    def _normal(self, begun: _Points, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the same for entries that are free to move; the others stay."""
        normal, gradient = self._slopes(begun, state)
        stopped = self._stopped(state, gradient)
        normal[stopped], normal[:, stopped], gradient[stopped] = 0.0, 0.0, 0.0
        normal[stopped, stopped] = 1.0
        return normal, gradient

    def _stopped(self, state: FloatArray, gradient: FloatArray) -> IntArray:
        """Return the entries that are weights at an end of 0..1 and would leave it (Bertsekas 1982)."""
        weights, pull = np.full(len(state), 0.5), np.zeros(len(state))
        for number, fitted in enumerate(self._fitted.weights):
            entries = np.arange(len(state))[self._own(number)][: len(ARKIT_SHAPES)]
            weights[entries], pull[entries] = fitted + state[entries], gradient[entries]
        leaves = ((weights <= 0.0) & (pull < 0.0)) | ((weights >= 1.0) & (pull > 0.0))
        return np.flatnonzero(leaves)

    def _pose_slopes(
        self, begun: _Points, number: int, points: FloatArray, off: FloatArray, state: FloatArray
    ) -> FloatArray:
        """Return [N, 2, 6] by how much pins are less off per unit of each entry of a pose's step."""
        slopes = []
        for entry in range(_POSE):
            tried = state.copy()
            tried[self._own(number)][len(ARKIT_SHAPES) + entry] += _SLOPE_STEP
            slopes.append((off - self._off(begun, number, points, tried)) / _SLOPE_STEP)
        return np.stack(slopes, axis=2)

    def _shots(self, state: FloatArray, shift: FloatArray) -> Fit:
        """Return how every photograph shows the head in a state, whose origin is so far [3] from the linear one."""
        values, count = state[: len(self._fitted.values)], len(self._fitted.focal)
        poses = [self._pose(state, number) for number in range(count)]
        weights = [
            self._fitted.weights[number] + state[self._own(number)][: len(ARKIT_SHAPES)] for number in range(count)
        ]
        rotation = np.stack([turn for turn, _ in poses])
        position = np.stack([place - turn @ shift for turn, place in poses])
        return replace(
            self._fitted, values=self._fitted.values + values, weights=np.stack(weights),
            poses=Poses(rotation, position),
        )  # fmt: skip


_NEAREST: Final = 0.02  # metres before the lens
_KEPT_HEADS: Final = 4
_NEAR: Final = 1e-4  # metres that the head itself may differ from the linear model


@dataclass(frozen=True)
class _Made:
    """A head as its model makes it.

    Attributes:
        vertices: [V, 3] metres, neutral.
        shift: [3] metres from the linear model's origin to its own.
        beyond: [478, 3] metres from where the linear model has the landmarks.
    """

    vertices: FloatArray
    shift: FloatArray
    beyond: FloatArray


@dataclass(frozen=True)
class _Points:
    """Pinned points as they are to begin with.

    Attributes:
        pins: N.
        points: [N, 3] metres on the head, with the linear model's origin.
        state: in which they are there.
        beyond: [N, 3] metres that they move beside what the linear model says.
    """

    pins: Sequence[Pin]
    points: FloatArray
    state: FloatArray
    beyond: FloatArray | float = 0.0

    @property
    def landmarks(self) -> IntArray:
        """[N] of the pins."""
        return np.array([pin.landmark for pin in self.pins], np.int64)

    @property
    def wanted(self) -> FloatArray:
        """[N, 2] where they are to be seen."""
        return np.array([pin.place for pin in self.pins], np.float64).reshape(-1, 2)

    @property
    def photographs(self) -> list[int]:
        """Those that have pins."""
        return sorted({pin.photograph for pin in self.pins})

    def of(self, number: int) -> IntArray:
        """Return the rows of a photograph's pins."""
        return np.flatnonzero([pin.photograph == number for pin in self.pins])


def _without_lenses(normal: FloatArray, known: int, count: int) -> FloatArray:
    """Return the normal equations' matrix for lenses that stay as they are: their rows are the last of each picture."""
    own = len(ARKIT_SHAPES) + POSE_AND_LENS
    lenses = known + own * (np.arange(count) + 1) - 1
    left: FloatArray = np.delete(np.delete(normal, lenses, axis=0), lenses, axis=1)
    return left
