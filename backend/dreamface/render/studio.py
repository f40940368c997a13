"""The studio: where the lights stand, the paper behind the head, and what mirrors the softboxes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dreamface.render.camera import Camera
from dreamface.render.shading import Ambient, Light, unit


def portrait_lights(camera: Camera, like: Tensor) -> tuple[tuple[Light, ...], Ambient]:
    """Key from the upper left of the camera, a weak fill from the right, a rim from behind; they turn with the camera.

    Args:
        camera: the lights stand around its target.
        like: any tensor on the device that the lights should be on.
    """
    right, down, forward = camera.axes(like)
    target = like.new_tensor(camera.target)

    def softbox(x: float, y: float, z: float, colour: tuple[float, float, float], radius: float) -> Light:
        return Light(target + x * right - y * down - z * forward, like.new_tensor(colour), radius)

    key = softbox(-0.85, 0.75, 1.0, (3.5, 3.4, 3.25), 0.45)
    fill = softbox(1.1, 0.1, 1.0, (0.45, 0.48, 0.54), 0.5)
    rim = softbox(0.8, 0.6, -0.9, (1.6, 1.7, 1.85), 0.25)
    ambient = Ambient(sky=like.new_tensor((0.15, 0.16, 0.175)), ground=like.new_tensor((0.06, 0.052, 0.046)))
    return (key, fill, rim), ambient


def backdrop(place: Tensor) -> Tensor:
    """[N, 3] linear colour of a grey paper roll lit from behind the head, at places [N, 2] in the picture, 0..1."""
    distance = torch.linalg.vector_norm((place - place.new_tensor((0.54, 0.42))) * place.new_tensor((1.0, 0.9)), dim=1)
    glow = torch.exp(-((distance / 0.55) ** 2))[:, None]
    edge, middle = place.new_tensor((0.045, 0.047, 0.052)), place.new_tensor((0.17, 0.172, 0.18))
    return torch.lerp(edge, middle, glow)


def softbox_glow(position: Tensor, direction: Tensor, light: Light) -> Tensor:
    """[N, 3] radiance from a softbox along rays, bright within its square outline with a soft edge.

    Its colour is irradiance over pi at one metre; spread over the box's area that is a radiance of colour * pi / area.
    """
    middle = light.position - position
    axis = unit(middle)
    side = unit(torch.linalg.cross(axis, axis.new_tensor((0.0, 0.0, 1.0)).expand_as(axis)))
    above = torch.linalg.cross(side, axis)
    along = (direction * axis).sum(dim=1).clamp(min=1.0e-3)
    reach = torch.linalg.vector_norm(middle, dim=1) / along
    x, y = (direction * side).sum(dim=1) * reach, (direction * above).sum(dim=1) * reach
    # A rounded square: the fourth power lies between a circle and a box.
    outline = (x**4 + y**4) ** 0.25 / light.radius
    inside = ((1.1 - outline) / 0.2).clamp(0.0, 1.0) * (along > 0.1)
    radiance: Tensor = light.colour * (inside / (4.0 * light.radius**2) * math.pi)[:, None]
    return radiance
