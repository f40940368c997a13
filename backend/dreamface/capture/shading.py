"""A fit refined by how the skin looks: its shading, and where lips, lids, brows and nostrils are seen.

Landmarks are wrong by what their tracker expects of usual faces; colours are not. As in Blanz and Vetter 1999, "A
morphable model for the synthesis of 3D faces", every point of the skin has an albedo of which mean and modes are known,
light is second-order spherical harmonics (Ramamoorthi and Hanrahan 2001), and person, expression, pose, lens, light and
albedo together are found by damped least squares (Levenberg 1944; Marquardt 1963) on what is left of the photograph's
colours and on the landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.sparse import csr_matrix

from dreamface.arrays import Float32Array, FloatArray, IntArray
from dreamface.capture.descent import lowered
from dreamface.capture.landmarks import Landmarks
from dreamface.capture.population import Look, Population
from dreamface.capture.pose import SHORTEST, project, turned
from dreamface.capture.problem import POSE_AND_LENS, SLOPE_STEP, Fit, Problem, stepped
from dreamface.images import decode_srgb8
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES

FACE_PIXELS: Final = 260
"""Pixels from the lowest to the highest landmark: larger photographs are made smaller before they are compared."""

FACE_MM: Final = 170.0
"""Millimetres from the lowest to the highest landmark, about."""

LEVELS: Final = ((4.0, 5), (2.0, 4), (1.0, 4))
"""Millimetres by which the photograph is blurred, and rounds of fitting it; from coarse to fine."""

MARGIN: Final = 0.4
"""Face heights around the landmarks that are looked at."""

NOISE: Final = 0.05
"""Standard deviation of a colour, as a fraction, besides what the level before has left of it."""

ALIKE: Final = 16.0
"""Colours of neighbouring points are wrong together: so many times fewer of them would say as much. Half of it is
nearer on renders of our own; on photographs noses then widen with the light."""

EXPRESSION_DOUBT: Final = 0.04
"""Standard deviation of a weight from what the landmarks tell: what lips show besides skin is not explained."""

STRANGE: Final = 0.25
"""Fraction by which a colour may differ before it counts less and less (Geman-McClure)."""

DIM: Final = 0.3
"""Fraction of the face's mean colour that is added to a colour before differences are divided by it."""

FACING: Final = (0.25, 0.5)
"""Cosines between the normal and the line of sight where skin begins to count, and from which it fully does."""

SATURATED: Final = 0.97
"""Linear colour from which nothing is told: the camera has cut it off."""

LIGHT_ROUNDS: Final = 4
DARKEST: Final = 0.08
"""Fraction of the mean light that reaches a shadow at least."""

LIGHT_RIDGE: Final = 1e-3
SETTLED: Final = 1e-3
"""Fraction of the cost below which a step is the last of its level."""

HARMONICS: Final = 9
CHANNELS: Final = 3


def harmonics(normals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [N, 9] harmonics up to the second order of unit normals [N, 3], not normalised, and slopes [N, 9, 3]."""
    x, y, z = normals.T
    zero, one = np.zeros_like(x), np.ones_like(x)
    values = np.stack((one, x, y, z, x * y, y * z, x * z, x**2 - y**2, 3.0 * z**2 - 1.0), axis=1)
    slopes = np.stack(
        (
            np.stack((zero, one, zero, zero, y, zero, z, 2.0 * x, zero), axis=1),
            np.stack((zero, zero, one, zero, x, z, zero, -2.0 * y, zero), axis=1),
            np.stack((zero, zero, zero, one, zero, y, x, zero, 6.0 * z), axis=1),
        ),
        axis=2,
    )
    return values, slopes


class Picture:
    """A photograph around a face, blurred, with its slopes."""

    def __init__(self, pixels: NDArray[np.uint8], landmarks: Landmarks, roll: float = 0.0) -> None:
        """Make it as large as is looked at.

        Args:
            pixels: [H, W, 3] sRGB.
            landmarks: of the face, upright.
            roll: radians by which the face is turned clockwise in the photograph.
        """
        height, width = pixels.shape[:2]
        self._back = turned(np.eye(2), roll)
        shown = landmarks.points @ self._back
        tall = max(float(np.ptp(landmarks.points[:, 1])), SHORTEST)
        pad = MARGIN * tall
        low, high = shown.min(axis=0) - pad, shown.max(axis=0) + pad
        centre = 0.5 * np.array((width, height))
        left, top = np.clip(np.floor(low * height + centre), 0, (width - 2, height - 2)).astype(int)
        right, bottom = np.clip(np.ceil(high * height + centre), (left + 2, top + 2), (width, height)).astype(int)
        part = pixels[top:bottom, left:right]
        factor = min(1.0, FACE_PIXELS / (tall * height))
        size = (max(2, round(part.shape[1] * factor)), max(2, round(part.shape[0] * factor)))
        self._scale = np.array(size) / part.shape[1::-1] * height
        self._middle = (centre - (left, top)) * self._scale / height - 0.5
        small = np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BOX))
        self._linear = decode_srgb8(small).double().numpy()
        self._per_mm = tall * self._scale[1] / FACE_MM

    def blurred(self, millimetres: float) -> NDArray[np.float64]:
        """Return [9, H, W] the colours, and how they change to the right and down per height of the picture."""
        sigma = millimetres * self._per_mm
        colours = [gaussian_filter(self._linear[..., channel], sigma) for channel in range(CHANNELS)]
        slopes = [np.gradient(colour, axis=axis) * self._scale[1 - axis] for axis in (1, 0) for colour in colours]
        return np.stack((*colours, *slopes))

    def sampled(self, images: FloatArray, places: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Return colours [N, 3] at places [N, 2] of the upright face, their slopes [N, 3, 2], and [N] which are inside.

        Args:
            images: [9, H, W] as from `blurred`; its first three alone give no slopes.
            places: in heights of the picture from its middle.
        """
        x, y = (places @ self._back * self._scale + self._middle).T
        found = np.stack([map_coordinates(image, (y, x), order=1, mode="nearest") for image in images], axis=1)
        height, width = images.shape[1:]
        inside = (x > 0) & (y > 0) & (x < width - 1) & (y < height - 1)
        slopes = found[:, CHANNELS:].reshape(len(found), -1, CHANNELS).transpose(0, 2, 1)
        return found[:, :CHANNELS], slopes @ self._back.T if slopes.size else slopes, inside


@dataclass(frozen=True)
class Surface:
    """Points of a head's skin, and how modes and shapes move them; in the coordinates of the linear model.

    Attributes:
        points: [N, 3] metres at `values` and at rest.
        areas: [N, 3] their normals times area.
        moved: [N, 6, K + 52] by which modes and shapes change points, and normals times area.
        values: [K] where.
    """

    points: FloatArray
    areas: FloatArray
    moved: Float32Array
    values: FloatArray

    def at(self, values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return points [N, 3], unit normals [N, 3], and lengths [N] of the normals before they are of unit length."""
        moved = self.moved @ np.concatenate((values - self.values, weights)).astype(np.float32)
        areas = self.areas + moved[:, 3:]
        length = np.linalg.norm(areas, axis=1) + _STEADY**2
        return self.points + moved[:, :3], areas / length[:, None], length


def surface_at(population: Population, values: FloatArray, shift: FloatArray) -> Surface:
    """Return the skin about a person.

    Args:
        population: whose modes.
        values: [K] of the person.
        shift: [3] metres from the linear model's coordinates to the head's own.
    """
    vertex, triangles = population.look.vertex, population.model.topology.triangles.numpy()
    vertices, count = population.vertices(values), population.skin_modes.shape[1]
    rank = np.full(len(vertices), -1)
    rank[vertex] = np.arange(len(vertex))
    near = triangles[(rank[triangles] >= 0).any(axis=1) & (triangles < count).all(axis=1)]
    moved = np.concatenate((population.skin_modes, population.usual_shapes[:, :count])).astype(np.float32)
    areas, turned_areas = _normals(vertices.astype(np.float32), moved, near, rank[near], len(vertex))
    both = np.concatenate((moved[:, vertex], turned_areas), axis=2)
    return Surface(vertices[vertex] - shift, areas, np.ascontiguousarray(both.transpose(1, 2, 0)), values)


def _normals(
    vertices: Float32Array, moved: Float32Array, triangles: IntArray, rank: IntArray, count: int
) -> tuple[FloatArray, Float32Array]:
    """Return normals times area [N, 3], and [K, N, 3] how displacements [K, S, 3] change them, to the first order.

    Args:
        vertices: [V, 3] metres.
        moved: [K, S, 3] metres.
        triangles: [T, 3] around the points.
        rank: [T, 3] number of the point at each corner, or -1.
        count: N.
    """
    triangle, corner = np.nonzero(rank >= 0)
    shape = (count, len(triangles))
    spread = csr_matrix((np.ones(len(triangle), np.float32), (rank[triangle, corner], triangle)), shape)
    first, second, third = triangles.T
    one, other = vertices[second] - vertices[first], vertices[third] - vertices[first]
    turned_areas = [
        spread @ (np.cross(each[second] - each[first], other) + np.cross(one, each[third] - each[first]))
        for each in moved
    ]
    return (spread @ np.cross(one, other)).astype(np.float64), np.stack(turned_areas)


@dataclass(frozen=True)
class Appearance:
    """Light and albedo with which colours are explained.

    Attributes:
        albedo: [M] values of the albedo's modes.
        lights: [F, 9, 3] coefficients of `harmonics`.
    """

    albedo: FloatArray
    lights: FloatArray


@dataclass(frozen=True)
class _Target:
    """A photograph at one level, and how its colours count.

    Attributes:
        picture: of the photograph.
        images: [9, H, W] of it, blurred.
        scale: [N, 3] what differences are divided by.
        weight: [N] how far each counts, per square of a difference.
    """

    picture: Picture
    images: FloatArray
    scale: FloatArray
    weight: FloatArray


@dataclass(frozen=True)
class _Placed:
    """The skin's points before the camera of a photograph.

    Attributes:
        points: [N, 3] metres on the head.
        before: [N, 3] metres, in the camera's axes.
        normals: [N, 3] unit, in the camera's axes.
        areas: [N] lengths of the normals before they were of unit length.
    """

    points: FloatArray
    before: FloatArray
    normals: FloatArray
    areas: FloatArray

    @property
    def facing(self) -> FloatArray:
        """[N] cosines between the normals and the lines of sight."""
        found: FloatArray = -(self.normals * self.before).sum(axis=1) / np.linalg.norm(self.before, axis=1)
        return found


def shaded(
    population: Population,
    problem: Problem,
    fit: Fit,
    pictures: Sequence[Picture],
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Fit:
    """Return the fit that explains the colours of the skin, too.

    Args:
        population: who people are.
        problem: that of the landmarks.
        fit: its solution.
        pictures: in which they were seen.
        progress: told about every step.

    Raises:
        Cancelled: the progress said so.
    """
    surface = surface_at(population, fit.values, problem.shift(fit))
    return _Shading(population.look, problem, pictures, surface).solved(fit, progress)


class _Shading:
    """Colours of one person's skin in F photographs, as a least squares problem beside that of the landmarks."""

    def __init__(self, look: Look, problem: Problem, pictures: Sequence[Picture], surface: Surface) -> None:
        self._look, self._problem, self._pictures, self._surface = look, problem, pictures, surface
        self._tints = look.modes.transpose(1, 2, 0)
        self._expression: FloatArray = np.zeros((len(pictures), len(ARKIT_SHAPES)))
        self._targets: list[_Target] = []

    def solved(self, fit: Fit, progress: Progress) -> Fit:
        """Return the fit that explains colours and landmarks best."""
        self._expression = fit.weights
        looks = Appearance(np.zeros(len(self._look.modes)), np.zeros((len(self._pictures), HARMONICS, CHANNELS)))
        for number, (blur, rounds) in enumerate(LEVELS):
            images = [picture.blurred(blur) for picture in self._pictures]
            if number == 0:
                looks = replace(looks, lights=np.stack([self._lit(fit, *one) for one in enumerate(images)]))
            self._targets = [self._target(fit, looks, *one) for one in enumerate(images)]
            fit, looks = lowered(
                (fit, looks),
                lambda both: self._cost(*both),
                lambda both: self._normal(*both),
                lambda both, step: self._moved(*both, step),
                (rounds, SETTLED),
                (
                    progress.part(number / len(LEVELS), (number + 1) / len(LEVELS)),
                    "Fitting the head to the skin's colours",
                ),
            )
        fit = replace(fit, cost=self._problem.cost(fit))
        return self._problem.doubted(fit, self._normal(fit, looks)[0])

    def _placed(self, fit: Fit, number: int) -> _Placed:
        points, normals, areas = self._surface.at(fit.values, fit.weights[number])
        turn = fit.poses.rotation[number]
        return _Placed(points, points @ turn.T + fit.poses.position[number], normals @ turn.T, areas)

    def _albedo(self, looks: Appearance) -> FloatArray:
        """Return [N, 3] linear."""
        found: FloatArray = np.exp(self._look.mean + self._tints @ looks.albedo)
        return found

    def _lit(self, fit: Fit, number: int, images: FloatArray) -> FloatArray:
        """Return [9, 3] the light that makes a usual albedo look like a photograph."""
        placed, albedo = self._placed(fit, number), np.exp(self._look.mean)
        colours, _, inside = self._pictures[number].sampled(images, _places(placed.before, fit.focal[number]))
        sure = inside * (placed.facing > FACING[1]) * (colours.max(axis=1) < SATURATED)
        values, _ = harmonics(placed.normals)
        light, trust = np.zeros((HARMONICS, CHANNELS)), np.repeat(sure[:, None].astype(float), CHANNELS, axis=1)
        for _ in range(LIGHT_ROUNDS):
            for channel in range(CHANNELS):
                basis = values * albedo[:, channel, None]
                scaled = basis * trust[:, channel, None]
                normal = scaled.T @ basis
                normal += (LIGHT_RIDGE * np.trace(normal) + _STEADY) * np.eye(HARMONICS)
                light[:, channel] = np.linalg.solve(normal, scaled.T @ colours[:, channel])
            expected = albedo * (values @ light)
            off = (colours - expected) / (np.abs(expected) + DIM * np.median(colours) + _STEADY)
            trust = sure[:, None] / (1.0 + (off / STRANGE) ** 2) ** 2
        return light

    def _target(self, fit: Fit, looks: Appearance, number: int, images: FloatArray) -> _Target:
        """Return what a photograph's colours are compared with from here on."""
        picture, placed = self._pictures[number], self._placed(fit, number)
        colours, _, inside = picture.sampled(images, _places(placed.before, fit.focal[number]))
        low, high = FACING
        facing = np.clip((placed.facing - low) / (high - low), 0.0, 1.0)
        weight = inside * facing * (colours.max(axis=1) < SATURATED)
        expected = self._albedo(looks) * _light_on(placed.normals, looks.lights[number])[0]
        scale = expected + DIM * np.median(expected, axis=0) + _STEADY
        square = ((colours - expected) / scale) ** 2
        robust = (square / (1.0 + square / STRANGE**2)).mean(axis=1)
        left = float((weight * robust).sum() / (weight.sum() + _STEADY))
        return _Target(picture, images, scale, weight / ((NOISE**2 + left) * ALIKE))

    def _cost(self, fit: Fit, looks: Appearance) -> float:
        """Return minus twice the logarithm of the probability, but for a constant."""
        cost, albedo = self._problem.cost(fit) + np.square(looks.albedo).sum(), self._albedo(looks)
        cost += np.square((fit.weights - self._expression) / EXPRESSION_DOUBT).sum()
        for number, target in enumerate(self._targets):
            placed = self._placed(fit, number)
            colours = target.picture.sampled(target.images[:CHANNELS], _places(placed.before, fit.focal[number]))[0]
            expected = albedo * _light_on(placed.normals, looks.lights[number])[0]
            square = ((colours - expected) / target.scale) ** 2
            robust = square / (1.0 + square / STRANGE**2)
            cost += (target.weight[:, None] * robust).sum()
        return float(cost)

    def _normal(self, fit: Fit, looks: Appearance) -> tuple[FloatArray, FloatArray]:
        """Return the normal equations' matrix and right side: the landmarks' entries, the albedo's, the lights'."""
        base, right = self._problem.normal(fit)
        known, tints, lit = len(fit.values), len(looks.albedo), HARMONICS * CHANNELS
        own = (len(right) - known) // len(fit.weights)
        size = len(right) + tints + lit * len(self._targets)
        normal, gradient = np.zeros((size, size)), np.zeros(size)
        normal[: len(right), : len(right)], gradient[: len(right)] = base, right
        tint = len(right) + np.arange(tints)
        normal[tint, tint] += 1.0
        gradient[tint] -= looks.albedo
        for number, target in enumerate(self._targets):
            shapes = known + own * number + np.arange(len(ARKIT_SHAPES))
            normal[shapes, shapes] += EXPRESSION_DOUBT**-2
            gradient[shapes] -= (fit.weights[number] - self._expression[number]) / EXPRESSION_DOUBT**2
            jacobian, errors = self._slopes(fit, looks, number, target)
            trust = target.weight[:, None] / (1.0 + (errors / STRANGE) ** 2) ** 2
            light = len(right) + tints + lit * number + np.arange(lit)
            rows = np.concatenate((np.arange(known), known + own * number + np.arange(own), tint, light))
            weighted = jacobian * trust.reshape(-1, 1).astype(np.float32)
            normal[np.ix_(rows, rows)] += (weighted.T @ jacobian).astype(np.float64)
            gradient[rows] += weighted.T @ errors.ravel().astype(np.float32)
            normal[light, light] += LIGHT_RIDGE * np.diagonal(normal)[light] + _STEADY
        return normal, gradient

    def _slopes(self, fit: Fit, looks: Appearance, number: int, target: _Target) -> tuple[Float32Array, FloatArray]:
        """Return [3 N, C] by how much errors shrink per unit of each entry of a step, and the errors [N, 3]."""
        placed, albedo, light = self._placed(fit, number), self._albedo(looks), looks.lights[number]
        places = _places(placed.before, fit.focal[number])
        colours, slopes, _ = target.picture.sampled(target.images, places)
        lit, turned = _light_on(placed.normals, light)
        scale, turn = target.scale[..., None], fit.poses.rotation[number]
        by_place = -(slopes @ _place_slopes(placed.before, fit.focal[number])) @ turn
        by_normal = albedo[..., None] * turned @ turn
        normals = (placed.normals @ turn)[:, None]
        by_normal = (by_normal - (by_normal * normals).sum(axis=2, keepdims=True) * normals) / placed.areas[
            :, None, None
        ]
        both = np.concatenate((by_place, by_normal), axis=2) / scale
        pose = self._pose_slopes(fit, number, placed, albedo, light, slopes) / scale
        values, _ = harmonics(placed.normals)
        by_light = (albedo / target.scale)[:, :, None, None] * values[:, None, :, None] * np.eye(CHANNELS)[:, None]
        parts = (
            both.astype(np.float32) @ self._surface.moved,
            pose,
            ((albedo * lit)[..., None] * self._tints) / scale,
            by_light.reshape(len(values), CHANNELS, -1),
        )
        jacobian = np.concatenate([part.astype(np.float32) for part in parts], axis=2)
        return jacobian.reshape(-1, jacobian.shape[2]), (colours - albedo * lit) / target.scale

    def _pose_slopes(
        self, fit: Fit, number: int, placed: _Placed, albedo: FloatArray, light: FloatArray, slopes: FloatArray
    ) -> FloatArray:
        """Return [N, 3, 7] by how much expected colours, less seen ones, change per step of pose and lens."""
        usual, places = albedo * _light_on(placed.normals, light)[0], _places(placed.before, fit.focal[number])
        own = placed.normals @ fit.poses.rotation[number]
        found = []
        for step in SLOPE_STEP * np.eye(POSE_AND_LENS):
            rotation, position, focal = stepped(fit, number, step, self._problem.middle)
            moved = _places(placed.points @ rotation.T + position, focal) - places
            expected = albedo * _light_on(own @ rotation.T, light)[0]
            found.append((expected - usual - (slopes @ moved[..., None])[..., 0]) / SLOPE_STEP)
        return np.stack(found, axis=2)

    def _moved(self, fit: Fit, looks: Appearance, step: FloatArray) -> tuple[Fit, Appearance]:
        start = len(step) - len(looks.albedo) - looks.lights.size
        albedo, lights = np.split(step[start:], [len(looks.albedo)])
        moved = Appearance(looks.albedo + albedo, looks.lights + lights.reshape(looks.lights.shape))
        return self._problem.moved(fit, step[:start]), moved


_STEADY: Final = 1e-6


def _places(before: FloatArray, focal: float) -> FloatArray:
    """Return [N, 2] where points [N, 3] before a camera are seen."""
    return project(before[None], np.array([focal]))[0]


def _place_slopes(before: FloatArray, focal: float) -> FloatArray:
    """Return [N, 2, 3] how places in the picture change with points [N, 3] before the camera."""
    x, y, z = before.T
    zero = np.zeros_like(x)
    right, down = np.stack((1.0 / y, -x / y**2, zero), axis=1), np.stack((zero, z / y**2, -1.0 / y), axis=1)
    return focal * np.stack((right, down), axis=1)


def _light_on(normals: FloatArray, light: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return [N, 3] the light on unit normals [N, 3], and [N, 3, 3] how it changes with them."""
    values, slopes = harmonics(normals)
    found, least = values @ light, DARKEST * np.maximum(light[0], _STEADY)
    slope = light.T @ slopes
    return np.maximum(found, least), slope * (found > least)[..., None]
