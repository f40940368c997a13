"""The studio: where the lights stand, the paper behind the head, and what mirrors the softboxes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dreamface.render.camera import Camera
from dreamface.render.environment import Environment
from dreamface.render.shading import Light, around_axis, unit

PAPER_EDGE, PAPER_MIDDLE = (0.045, 0.047, 0.052), (0.17, 0.172, 0.18)
"""Linear colours of the grey paper roll behind a portrait."""


@dataclass(frozen=True)
class Studio:
    """Where a picture is taken: what shines, and the paper behind the head.

    Attributes:
        lights: softboxes.
        environment: light from all around.
        edge: linear Rec. 709 colour of the paper in the picture's corners.
        middle: in its middle.
    """

    lights: tuple[Light, ...]
    environment: Environment
    edge: tuple[float, float, float] = PAPER_EDGE
    middle: tuple[float, float, float] = PAPER_MIDDLE


def portrait_studio(camera: Camera, like: Tensor) -> Studio:
    """Return the studio of a preview; see `portrait_lights`."""
    return Studio(*portrait_lights(camera, like))


def portrait_lights(camera: Camera, like: Tensor) -> tuple[tuple[Light, ...], Environment]:
    """Key from the upper left of the camera, a weak fill from the right, a rim from behind; they turn with the camera.

    Args:
        camera: the lights stand around its target.
        like: any tensor on the device that the lights should be on.
    """
    right, down, forward = camera.axes(like)
    target = like.new_tensor(camera.target)

    def softbox(x: float, y: float, z: float, colour: tuple[float, float, float], radius: float, points: int) -> Light:
        return Light(target + x * right - y * down - z * forward, like.new_tensor(colour), radius, points)

    key = softbox(-0.80, 0.76, 1.02, (3.3, 3.17, 2.98), 0.40, 16)
    fill = softbox(1.1, 0.1, 1.0, (0.50, 0.53, 0.58), 0.6, 4)
    rim = softbox(0.75, 0.65, -1.0, (1.45, 1.53, 1.65), 0.22, 4)
    return (key, fill, rim), _room(right, down, forward)


def _room(right: Tensor, down: Tensor, forward: Tensor) -> Environment:
    """The studio's walls: dim, with a bounce from the floor and two tall panels that give the skin something to mirror.

    Args:
        right: [3] the camera's axes.
        down: [3].
        forward: [3].
    """
    panels = (
        (-1.0, 0.15, 0.35, (0.30, 0.30, 0.31), 14.0),  # a tall strip at the left
        (1.0, 0.25, 0.1, (0.22, 0.235, 0.26), 14.0),  # and one at the right, a little behind
        (0.0, 1.0, 0.2, (0.30, 0.31, 0.33), 4.0),  # the ceiling
        (0.1, -0.8, 0.6, (0.10, 0.085, 0.07), 3.0),  # the floor, warm
    )
    axes = [unit(x * right - y * down - z * forward) for x, y, z, _, _ in panels]
    return Environment(
        sky=right.new_tensor((0.085, 0.09, 0.10)),
        ground=right.new_tensor((0.035, 0.030, 0.027)),
        axes=torch.stack(axes),
        colours=right.new_tensor([colour for _, _, _, colour, _ in panels]),
        sharpness=right.new_tensor([sharpness for *_, sharpness in panels]),
    )


def backdrop(place: Tensor, studio: Studio) -> Tensor:
    """[N, 3] linear colour of a paper roll lit from behind the head, at places [N, 2] in the picture, 0..1."""
    distance = torch.linalg.vector_norm((place - place.new_tensor((0.54, 0.42))) * place.new_tensor((1.0, 0.9)), dim=1)
    glow = torch.exp(-((distance / 0.55) ** 2))[:, None]
    return torch.lerp(place.new_tensor(studio.edge), place.new_tensor(studio.middle), glow)


def softbox_glow(position: Tensor, direction: Tensor, light: Light) -> Tensor:
    """[N, 3] radiance from a softbox along rays, bright within its square outline with a soft edge.

    Its colour is irradiance over pi at one metre; spread over the box's area that is a radiance of colour * pi / area.
    """
    middle = light.position - position
    axis = unit(middle)
    side, above = around_axis(axis)
    along = (direction * axis).sum(dim=1).clamp(min=1.0e-3)
    reach = torch.linalg.vector_norm(middle, dim=1) / along
    x, y = (direction * side).sum(dim=1) * reach, (direction * above).sum(dim=1) * reach
    # A rounded square: the fourth power lies between a circle and a box.
    outline = (x**4 + y**4) ** 0.25 / light.radius
    inside = ((1.1 - outline) / 0.2).clamp(0.0, 1.0) * (along > 0.1)
    radiance: Tensor = light.colour * (inside / (4.0 * light.radius**2) * math.pi)[:, None]
    return radiance
