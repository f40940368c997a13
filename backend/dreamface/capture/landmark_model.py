"""What is known of how landmarks lie on faces and move with expressions; learnt from our own pictures.

`python -m dreamface.training.landmark_model` makes `landmark_model.npz`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Final

import numpy as np

from dreamface.arrays import FloatArray, IntArray

FILE: Final = "landmark_model.npz"

RESTLESS: Final = 2.5
"""How much what expressions move counts against a landmark that is to show the head's pose, times its noise."""

POSE_POINTS: Final = 160
"""How many landmarks show the head's pose: the ones that expressions leave alone."""

FIRST_IRIS: Final = 468
"""Landmarks from this one on are of the irises."""

FEATURE_SCALE: Final = 100.0
"""What metres are multiplied by before the network sees them."""


def steady_landmarks(response: FloatArray, noise: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return [N] landmarks that show the pose whatever the expression, and their weights [N].

    Args:
        response: [52, 478, 3] metres, how each of ARKit's shapes moves the landmarks.
        noise: [478] metres, standard deviation of where each is seen.
    """
    unrest = RESTLESS * np.linalg.norm(response, axis=2).mean(axis=0)
    weights = 1.0 / (noise**2 + unrest**2)
    chosen = np.sort(np.argsort(-weights)[:POSE_POINTS])
    return chosen, weights[chosen]


@dataclass(frozen=True)
class Layer:
    """One layer of the network.

    Attributes:
        weight: [In, Out].
        bias: [Out].
    """

    weight: FloatArray
    bias: FloatArray


@dataclass(frozen=True)
class Network:
    """Tells weights from landmarks.

    Attributes:
        centre: [956] what it takes away from its features, and
        spread: [956] divides them by.
        layers: features to 52 weights and a small turn of the head.
        doubt: [52] standard deviation of its weights.
    """

    centre: FloatArray
    spread: FloatArray
    layers: tuple[Layer, ...]
    doubt: FloatArray

    def read(self, offsets: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Tell the expression from the landmarks.

        Args:
            offsets: [F, 478, 2] metres: how far each is, on the head, from the person's own at rest.

        Returns:
            [F, 52] weights 0..1 and [F, 3] a small turn, radians about the head's axes, that the pose lacks.
        """
        values = (FEATURE_SCALE * offsets.reshape(len(offsets), -1) - self.centre) / self.spread
        for layer in self.layers[:-1]:
            values = np.maximum(values @ layer.weight + layer.bias, 0.0)
        last = values @ self.layers[-1].weight + self.layers[-1].bias
        shapes = len(self.doubt)
        return np.clip(last[:, :shapes], 0.0, 1.0), last[:, shapes:]


@dataclass(frozen=True)
class LandmarkModel:
    """Landmarks of people and their expressions, metres on the head.

    Attributes:
        mean: [478, 3] of the average person.
        modes: [K, 478, 3] how people differ; coefficients are N(0, 1).
        response: [52, 478, 3] how each of ARKit's shapes moves them, as the tracker sees it.
        noise: [478] standard deviation of where the tracker sees each.
        finding: the network with which it is found out who somebody is.
        network: the one that reads expressions of somebody so found; it knows how wrong that mostly is.
    """

    mean: FloatArray
    modes: FloatArray
    response: FloatArray
    noise: FloatArray
    finding: Network
    network: Network

    @cached_property
    def trust(self) -> FloatArray:
        """[478] weights of the landmarks where the expression is known, per square metre."""
        return self.noise**-2.0

    @cached_property
    def steady(self) -> tuple[IntArray, FloatArray]:
        """[N] landmarks that show the pose whatever the expression, and their weights [N]."""
        return steady_landmarks(self.response, self.noise)

    def iris(self, side: str) -> IntArray:
        """Return [5] the points of the iris of the person's "Left" or "Right" eye."""
        points = np.arange(FIRST_IRIS, len(self.mean))
        is_left = self.mean[points, 0] > self.mean[:, 0].mean()
        return points[is_left == (side == "Left")]

    def person(self, coefficients: FloatArray) -> FloatArray:
        """Return [478, 3] the landmarks of a person at rest."""
        landmarks: FloatArray = self.mean + np.tensordot(coefficients, self.modes, axes=1)
        return landmarks


@cache
def load_model() -> LandmarkModel:
    """Return the model that is part of DreamFace."""
    with (files("dreamface.capture") / FILE).open("rb") as file, np.load(file, allow_pickle=False) as data:
        read = {name: data[name].astype(np.float64) for name in data.files}
    parts = {name: read[name] for name in ("mean", "modes", "response", "noise")}
    return LandmarkModel(**parts, finding=_network(read, "finding_"), network=_network(read, ""))


def _network(read: dict[str, FloatArray], start: str) -> Network:
    """Return the network whose arrays' names begin so."""
    count = sum(name.startswith(f"{start}weight_") for name in read)
    layers = tuple(Layer(read[f"{start}weight_{number}"], read[f"{start}bias_{number}"]) for number in range(count))
    return Network(read[f"{start}centre"], read[f"{start}spread"], layers, read[f"{start}doubt"])
