"""Who people are, and how their landmarks are seen in photographs: what a fit knows before it has seen anybody.

`python -m dreamface.training.capture_model` makes `population.npz`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import numpy as np
import torch

from dreamface.arrays import FloatArray, IntArray
from dreamface.errors import BadRequest
from dreamface.head import HeadModel, HeadSource, load_model
from dreamface.prior import complete
from dreamface.traits import ARKIT_SHAPES, VOCABULARY, Traits

FILE: Final = "population.npz"

TOLD: Final = (
    "age", "gender", "ancestry.african", "ancestry.east_asian", "ancestry.south_asian", "ancestry.european",
    "body.weight", "body.muscle", "skin.melanin",
)  # fmt: skip
"""Traits that are correlated with the shape."""

USUAL_DETAILS: Final = {"lashes.length": 0.5, "teeth.gap": 0.0}  # which no landmark shows


@dataclass(frozen=True)
class Sight:
    """How a tracker sees the landmarks of a head model's people.

    Attributes:
        bias: [B, 478, 2] metres in the picture's plane, per unit of `pose_terms`: the mean error over all people. It
            depends on the pose because landmarks of the outline slide when a head turns.
        gain: [478, 3] fraction that it sees of how a landmark differs from the mean face's: a tracker expects usual
            faces, too.
        lasting: [N, 478, 2] metres: modes of the errors that are the same in all pictures of a person; their
            coefficients are N(0, 1).
        passing: [M, 478, 2] the same for errors that differ from picture to picture.
        noise: [478] metres: standard deviation of each landmark's own error in one picture, beside `passing`.
        lasting_noise: [478] metres: the same in all pictures of a person, beside `lasting`.
    """

    bias: FloatArray
    gain: FloatArray
    lasting: FloatArray
    passing: FloatArray
    noise: FloatArray
    lasting_noise: FloatArray

    def whitening(self, count: int) -> FloatArray:
        """Return [956, 956] W with W' W the inverse of the errors' covariance in each of `count` pictures.

        More pictures do not average lasting errors out, so their covariance is multiplied by the number of pictures.
        Then the pictures can be treated as independent.
        """
        passing, lasting = (
            spread.reshape(len(spread), -1).T @ spread.reshape(len(spread), -1) + np.diag(np.repeat(noise, 2) ** 2)
            for spread, noise in ((self.passing, self.noise), (self.lasting, self.lasting_noise))
        )
        return np.linalg.inv(np.linalg.cholesky(passing + count * lasting))


@dataclass(frozen=True)
class Look:
    """How the skin of a head model's people looks, at some vertices of the face.

    Attributes:
        vertex: [N] which.
        mean: [N, 3] logarithm of the linear albedo.
        modes: [M, N, 3] in which people differ, with coefficients N(0, 1).
    """

    vertex: IntArray
    mean: FloatArray
    modes: FloatArray


def similarities(points: FloatArray) -> FloatArray:
    """Return [7, N, 3] orthonormal directions in which points [N, 3] move as a whole: shifts, turns, size.

    A picture tells of none of them: they are the pose's.
    """
    apart = points - points.mean(axis=0)
    x, y, z = apart.T
    zero = np.zeros_like(x)
    turns = np.stack((np.stack((zero, -z, y), 1), np.stack((z, zero, -x), 1), np.stack((-y, x, zero), 1)))
    shifts = np.broadcast_to(np.eye(3)[:, None], (3, len(points), 3))
    moved = np.concatenate((shifts, turns, apart[None])).reshape(7, -1)
    basis, _ = np.linalg.qr(moved.T)
    return basis.T.reshape(7, len(points), 3)


def seen_displacement(moved: FloatArray, points: FloatArray, gain: FloatArray) -> FloatArray:
    """Return [K, N, 3] what a tracker sees of displacements [K, N, 3] of points [N, 3]; see `Sight.gain`."""
    whole = similarities(points)
    shared = np.einsum("knx,snx->ks", moved, whole)
    rigid = np.einsum("ks,snx->knx", shared, whole)
    return rigid + gain * (moved - rigid)


def pose_terms(rotation: FloatArray) -> FloatArray:
    """Return [F, B] what the trackers' bias depends on, of rotations [F, 3, 3] from the head's axes to the camera's."""
    aside, up = -rotation[:, 0, 1], -rotation[:, 2, 1]
    return np.stack((np.ones_like(aside), aside, up, aside**2, up**2, aside * up), axis=1)


@dataclass(frozen=True)
class Population:
    """People of one head model.

    Attributes:
        head: name of the head model.
        mean: [P] of the linear coefficients.
        modes: [K, P] in which people differ, with coefficients N(0, 1).
        told_mean: [T] of the person traits `TOLD`, ages in years.
        told: [K, T] change of these traits per unit of each mode's value.
        told_noise: [T] standard deviation of these traits about what the modes predict.
        vertex: [478] the vertex that stands for each landmark.
        off: [478, 3] metres from there to the landmark.
        sights: how each tracker sees them, by its name.
        look: of their skin.
    """

    head: str
    mean: FloatArray
    modes: FloatArray
    told_mean: FloatArray
    told: FloatArray
    told_noise: FloatArray
    vertex: IntArray
    off: FloatArray
    sights: dict[str, Sight]
    look: Look

    @property
    def model(self) -> HeadModel:
        """The head model, loaded."""
        return load_model(self.head)

    def coefficients(self, values: FloatArray) -> torch.Tensor:
        """Return [P] linear coefficients of somebody whose modes have values [K]."""
        return torch.from_numpy(self.mean + values @ self.modes)

    def vertices(self, values: FloatArray) -> FloatArray:
        """Return [V, 3] metres: the neutral head of somebody whose modes have values [K], with usual lashes."""
        vertices: FloatArray = self.model.vertices_at(self.coefficients(values), USUAL_DETAILS).double().numpy()
        return vertices

    def landmarks(self, vertices: FloatArray) -> FloatArray:
        """Return [478, 3] metres: where landmarks lie on a head with vertices [V, 3]."""
        return vertices[self.vertex] + self.off

    @cached_property
    def skin_modes(self) -> FloatArray:
        """[K, S, 3] metres that each mode moves the skin."""
        moved: FloatArray = self.model.skin_offsets(torch.from_numpy(self.modes)).double().numpy()
        return moved

    @cached_property
    def usual_shapes(self) -> FloatArray:
        """[52, V, 3] metres that expressions move a usual head."""
        told = dict(zip(TOLD, self.told_mean.tolist(), strict=True))
        person = complete(Traits({name: VOCABULARY[name].clamp(value) for name, value in told.items()}), 0)
        head = self.model.build(HeadSource(person, torch.Generator().manual_seed(0)))
        shapes: FloatArray = self.model.shapes(head)[: len(ARKIT_SHAPES)].double().numpy()
        return shapes


@cache
def load_population(head: str) -> Population:
    """Return the people of a head model.

    Raises:
        BadRequest: nothing is known of its people.
    """
    with (files("dreamface.capture") / FILE).open("rb") as file, np.load(file, allow_pickle=False) as data:
        own = {name.partition("/")[2]: data[name] for name in data.files if name.startswith(f"{head}/")}
    if not own:
        raise BadRequest(f"Photographs can't be read onto the head model {head!r} yet: choose another head model.")
    read = {name: array.astype(np.int64 if name.endswith("vertex") else np.float64) for name, array in own.items()}
    names = sorted({name.split("/")[1] for name in read if name.startswith("sight/")})
    sights = {
        name: Sight(**{part: read.pop(f"sight/{name}/{part}") for part in Sight.__dataclass_fields__}) for name in names
    }
    look = Look(**{part: read.pop(f"look/{part}") for part in Look.__dataclass_fields__})
    return Population(head, sights=sights, look=look, **read)
