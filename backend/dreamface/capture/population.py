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
from dreamface.head import HeadModel, load_model

FILE: Final = "population.npz"

TOLD: Final = (
    "age", "gender", "ancestry.african", "ancestry.east_asian", "ancestry.south_asian", "ancestry.european",
    "body.weight", "body.muscle",
)  # fmt: skip
"""Person traits that hang together with the shape."""


@dataclass(frozen=True)
class Sight:
    """How a tracker sees the landmarks of a head model's people.

    Attributes:
        bias: [B, 478, 2] metres in the picture's plane, times `pose_terms`: what it is wrong by for everybody, as
            landmarks of the outline slide when a head turns.
        spread: [N, 478, 2] metres: errors that landmarks have together; coefficients are N(0, 1).
        noise: [478] metres: the standard deviation of what each has alone.
    """

    bias: FloatArray
    spread: FloatArray
    noise: FloatArray

    @cached_property
    def whitening(self) -> FloatArray:
        """[956, 956] W with W' W the inverse of the errors' covariance."""
        spread = self.spread.reshape(len(self.spread), -1)
        covariance = spread.T @ spread + np.diag(np.repeat(self.noise, 2) ** 2)
        return np.linalg.inv(np.linalg.cholesky(covariance))


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
        told: [K, T] what they are more, by mode.
        told_noise: [T] standard deviation of what the modes do not tell.
        vertex: [478] the vertex that stands for each landmark.
        off: [478, 3] metres from there to the landmark.
        sights: how each tracker sees them, by its name.
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

    @property
    def model(self) -> HeadModel:
        """The head model, loaded."""
        return load_model(self.head)

    def coefficients(self, values: FloatArray) -> torch.Tensor:
        """Return [P] linear coefficients of somebody whose modes have values [K]."""
        return torch.from_numpy(self.mean + values @ self.modes)

    @cached_property
    def skin_modes(self) -> FloatArray:
        """[K, S, 3] metres that each mode moves the skin."""
        moved: FloatArray = self.model.skin_offsets(torch.from_numpy(self.modes)).double().numpy()
        return moved


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
    read = {name: array.astype(np.int64 if name == "vertex" else np.float64) for name, array in own.items()}
    names = sorted({name.split("/")[1] for name in read if name.startswith("sight/")})
    sights = {
        name: Sight(*(read.pop(f"sight/{name}/{part}") for part in ("bias", "spread", "noise"))) for name in names
    }
    return Population(head, sights=sights, **read)  # type: ignore[arg-type]
