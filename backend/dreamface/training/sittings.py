"""Random sittings: from where, in which light and with which expression a picture of somebody is taken."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from dreamface.expressions import expressions
from dreamface.face import Head
from dreamface.render import Camera, Studio
from dreamface.render.environment import Environment
from dreamface.render.shading import Light
from dreamface.training.expressions import random_expression
from dreamface.training.snapshots import front_direction
from dreamface.traits import ARKIT_SHAPES

_WIDEST, _STEEPEST, _TILTED = math.radians(80.0), math.radians(30.0), math.radians(20.0)
"""How far a picture is taken from the side, from above or below, and how far the camera is rolled, at most."""

_FIELDS: Final = (math.radians(12.0), math.radians(42.0))  # of view: lenses from a telephone's to a long one
_SHOWN: Final = (1.15, 1.5)  # heights of the head, from the chin to the crown, that a picture's height takes
_OFF_CENTRE: Final = 0.06  # of the picture: how far the head's middle is from the picture's, at most
_MIDDLE_BEHIND: Final = 0.35  # of the head's height, from the nose's tip to what views turn about

_AT_REST, _NAMED = 0.2, 0.45
"""Shares of pictures with a face at rest, and with an expression that has a name; the others are made up."""

_BRIGHTNESS: Final = (0.9, 1.9)
"""Light that arrives at what faces the camera, over pi: a preview's studio gives about 1."""

_STEADY: Final = 0.15  # least share of a lamp that counts as arriving, so that one from behind is not blinding


@dataclass(frozen=True)
class Sitting:
    """How one picture is taken.

    Attributes:
        camera: in the head's space.
        studio: what shines, and the paper behind the head.
        weights: [52] 0..1 of the ARKit shapes, in their order.
        angles: yaw (towards the person's left), pitch (from above) and roll of the camera around the head, degrees.
        expression: its name, such as "joy clear"; "random" for one that was made up.
    """

    camera: Camera
    studio: Studio
    weights: Tensor
    angles: dict[str, float]
    expression: str


def random_sitting(head: Head, chance: random.Random) -> Sitting:
    """Draw how a head is photographed."""
    yaw, pitch, roll = (chance.triangular(-most, most) for most in (_WIDEST, _STEEPEST, _TILTED))
    camera = _camera(head, yaw, pitch, roll, chance)
    weights, name = _expression(chance)
    angles = {label: round(math.degrees(angle), 2) for label, angle in (("yaw", yaw), ("pitch", pitch), ("roll", roll))}
    return Sitting(camera, _studio(head, camera, chance), weights, angles, name)


def _camera(head: Head, yaw: float, pitch: float, roll: float, chance: random.Random) -> Camera:
    chin, crown, nose = (head.landmark(name) for name in ("menton", "crown", "pronasale"))
    height = float(crown[2] - chin[2])
    fov = math.exp(chance.uniform(*(math.log(field) for field in _FIELDS)))
    shown = chance.uniform(*_SHOWN) * height
    middle = 0.5 * (chin + crown)
    x, y, z = float(nose[0]), float(nose[1]) + _MIDDLE_BEHIND * height, float(middle[2])
    straight = Camera.around((x, y, z), 0.5 * shown / math.tan(0.5 * fov), yaw, pitch, fov)
    right, down, _ = straight.axes(head.vertices)
    up = math.sin(roll) * right - math.cos(roll) * down
    off = sum(chance.uniform(-_OFF_CENTRE, _OFF_CENTRE) * shown * axis for axis in (right, down))
    (a, b, c), (u, v, w), (i, j, k) = straight.position, off.tolist(), up.tolist()
    return Camera((a + u, b + v, c + w), (x + u, y + v, z + w), fov, (i, j, k))


def _expression(chance: random.Random) -> tuple[Tensor, str]:
    """Return [52] weights, and what they are called."""
    weights = np.zeros(len(ARKIT_SHAPES), np.float32)
    kind = chance.random()
    if kind >= _AT_REST + _NAMED:
        generator = np.random.default_rng(chance.getrandbits(32))
        return torch.from_numpy(random_expression(generator)), "random"
    found = expressions()[0] if kind < _AT_REST else chance.choice(expressions())
    for shape, weight in found.weights.items():
        weights[ARKIT_SHAPES.index(shape)] = weight
    return torch.from_numpy(weights), found.words


# --------------------------------------------------------------------------------------------------------------- light


def _studio(head: Head, camera: Camera, chance: random.Random) -> Studio:
    """Return a key lamp somewhere in front, often a fill and sometimes a rim, and light from all around."""
    middle = head.vertices.new_tensor(camera.target)
    towards = -camera.axes(head.vertices)[2]
    lamps = [_lamp(chance, 1.9, (-0.2, 1.1), (0.5, 1.5))]
    if chance.random() < 0.5:
        lamps.append(_lamp(chance, 1.9, (-0.4, 0.9), (0.1, 0.5)))
    if chance.random() < 0.35:
        lamps.append(_lamp(chance, 1.0, (0.1, 0.9), (0.4, 1.2), behind=True))
    around, panels = _around(chance)
    arriving = sum(strength * max(_STEADY, float(way @ towards)) for way, strength, *_ in lamps) + around
    scale = math.exp(chance.uniform(*(math.log(value) for value in _BRIGHTNESS))) / arriving
    lights = tuple(
        Light(middle + distance * way, scale * strength * distance**2 * _warm(warmth), radius, 12)
        for way, strength, distance, radius, warmth in lamps
    )
    environment = Environment(
        scale * panels.sky, scale * panels.ground, panels.axes, scale * panels.colours, panels.sharpness
    )
    edge, paper = _paper(chance), _paper(chance)
    return Studio(lights, environment, edge, paper)


def _lamp(
    chance: random.Random, aside: float, heights: tuple[float, float], strengths: tuple[float, float],
    behind: bool = False,
) -> tuple[Tensor, float, float, float, float]:  # fmt: skip
    """Return the unit direction to a lamp, its strength at the head, distance and radius in metres, and warmth."""
    azimuth = chance.triangular(-aside, aside) + (math.pi if behind else 0.0)
    distance = chance.uniform(0.9, 2.5)
    way = front_direction(azimuth, chance.uniform(*heights))
    return way, chance.uniform(*strengths), distance, distance * chance.uniform(0.06, 0.35), chance.uniform(-0.2, 0.2)


def _around(chance: random.Random) -> tuple[float, Environment]:
    """Return how bright light from all around is on average, and that light."""
    bright, tilt = math.exp(chance.uniform(math.log(0.08), math.log(0.5))), chance.uniform(0.3, 1.0)
    count = chance.randint(1, 4)
    axes = [front_direction(chance.uniform(-2.2, 2.2), chance.uniform(-0.5, 1.4)) for _ in range(count)]
    colours = [bright * chance.uniform(0.5, 2.5) * _warm(chance.uniform(-0.25, 0.25)) for _ in range(count)]
    sharpness = torch.tensor([chance.uniform(2.0, 20.0) for _ in range(count)])
    sky, ground = bright * _warm(chance.uniform(-0.2, 0.1)), bright * (1.0 - 0.7 * tilt) * _warm(0.05)
    return bright, Environment(sky, ground, torch.stack(axes), torch.stack(colours), sharpness)


def _warm(warmth: float) -> Tensor:
    """[3] the colour of a lamp: above 0 redder, below 0 bluer."""
    return torch.tensor((1.0 + warmth, 1.0, 1.0 - warmth))


def _paper(chance: random.Random) -> tuple[float, float, float]:
    bright = math.exp(chance.uniform(math.log(0.01), math.log(0.6)))
    red, green, blue = (bright * chance.uniform(0.75, 1.25) for _ in range(3))
    return red, green, blue


# --------------------------------------------------------------------------------------------------------- plain data


def camera_json(camera: Camera, size: int) -> dict[str, Any]:
    """Return a camera in OpenCV's convention: x to the right, y down, z forward.

    Returns:
        intrinsics: [3, 3] pixels; the first pixel's centre is (0.5, 0.5). extrinsics: [4, 4] from the head's space to
        the camera's, metres. fov: radians from the picture's lower to its upper edge. size: pixels a side.
    """
    focal = 0.5 * size / math.tan(0.5 * camera.fov)
    position = torch.tensor(camera.position, dtype=torch.float64)
    axes = camera.axes(position)
    extrinsics = torch.eye(4, dtype=torch.float64)
    extrinsics[:3, :3], extrinsics[:3, 3] = axes, -axes @ position
    intrinsics = [[focal, 0.0, 0.5 * size], [0.0, focal, 0.5 * size], [0.0, 0.0, 1.0]]
    return {"size": size, "fov": camera.fov, "intrinsics": intrinsics, "extrinsics": rounded(extrinsics, 7)}


def studio_json(studio: Studio) -> dict[str, Any]:
    """Return what shines, as numbers with units as in `Light` and `Environment`."""
    around = studio.environment
    return {
        "lamps": [
            {"position": rounded(lamp.position), "colour": rounded(lamp.colour), "radius": round(lamp.radius, 4)}
            for lamp in studio.lights
        ],
        "around": {
            name: rounded(getattr(around, name)) for name in ("sky", "ground", "axes", "colours", "sharpness")
        },
        "paper": {"edge": _numbers(studio.edge), "middle": _numbers(studio.middle)},
    }  # fmt: skip


def rounded(values: Tensor, digits: int = 4) -> Any:
    """Return a tensor as nested lists of rounded numbers."""
    return np.round(values.double().numpy(), digits).tolist()


def _numbers(values: Sequence[float]) -> list[float]:
    return [round(value, 4) for value in values]
