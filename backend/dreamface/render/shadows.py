"""Soft shadows and ambient occlusion, found at the vertices.

A softbox's penumbra on a face is wider than a quad, so the vertices are enough; and light that spreads under the skin
is then a few rounds of smoothing over the mesh, more of them for red than for blue, which makes shadows' borders warm.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from dreamface.render.raster import Surface
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, unit

LIFT = 5.0e-4
"""Metres that rays start off the surface, so that it does not shadow itself."""

OCCLUSION_REACH = 0.07
"""Metres; what is further away does not darken: about the depth of an eye socket or of the hollow under the chin."""

OCCLUSION_RAYS = 32
"""Directions over the sphere; a vertex uses the half above it."""

OCCLUSION_RISE = 0.05
"""Cosine above the surface's plane that a direction must have: lower ones meet the facets next to the vertex."""

LIGHT_RAYS = 12
"""Points on each light that shadow rays go to."""

WRAP_LIMIT = -0.4
"""Cosine of the angle to a light below which not even wrapped light arrives; nothing is cast there."""

SKIN_REACH = 2.0e-3
"""Metres that red light goes under skin, at least: what scatters it as far or further bleeds fully."""

BLEED = (8, 3, 1)
"""Rounds of smoothing that spread the light under skin for red, green and blue; a round is about half a quad."""


def light_at_vertices(scene: Scene, lights: tuple[Light, ...], used: Tensor) -> tuple[Tensor, list[Tensor]]:
    """How much light reaches the vertices.

    Args:
        scene: what casts the shadows.
        lights: what shines.
        used: [V] bool; the others are left at 0.

    Returns:
        Ambient openness [V, 1], and for each light the share of it that is visible, [V, 3] for red, green and blue.
    """
    chosen = torch.nonzero(used)[:, 0]
    normal = scene.normals[chosen]
    start = scene.vertices[chosen] + LIFT * normal
    found = scene.vertices.new_zeros(len(used), 1 + len(lights))
    found[chosen, 0] = _ambient_openness(scene.solid_surface, start, normal)
    for index, light in enumerate(lights, start=1):
        found[chosen, index] = _light_openness(scene.solid_surface, start, normal, light)
    edges = _edges(scene.triangles, used)
    smooth = [found]
    for _ in range(max(BLEED)):
        smooth.append(_smooth(smooth[-1], edges))
    bleeding = _bleeding(scene)
    channels = torch.stack([torch.lerp(smooth[1], smooth[rounds], bleeding) for rounds in BLEED], dim=2)
    return smooth[1][:, :1], list(channels[:, 1:].unbind(1))


def _ambient_openness(surface: Surface, start: Tensor, normal: Tensor) -> Tensor:
    """[N] cosine-weighted share of the hemisphere above points that is free within `OCCLUSION_REACH`."""
    directions = fibonacci_sphere(OCCLUSION_RAYS, start.device)
    ends = start[:, None] + OCCLUSION_REACH * directions
    return surface.openness(start, ends, normal @ directions.T - OCCLUSION_RISE)


def _light_openness(surface: Surface, start: Tensor, normal: Tensor, light: Light) -> Tensor:
    """[N] share of a light that points see. Beyond the terminator too, as wrapped light reaches there."""
    ends = light.position + light.radius * fibonacci_sphere(LIGHT_RAYS, start.device)
    to_light = unit(light.position - start)
    facing = (normal * to_light).sum(dim=1) > WRAP_LIMIT
    return surface.openness(start, ends.expand(len(start), -1, -1), facing[:, None].float().expand(-1, LIGHT_RAYS))


def fibonacci_sphere(count: int, device: torch.device) -> Tensor:
    """[count, 3] evenly spread unit vectors on a golden-angle spiral."""
    steps = torch.arange(count, device=device) + 0.5
    z = 1.0 - 2.0 * steps / count
    angle = steps * (math.pi * (3.0 - math.sqrt(5.0)))
    ring = torch.sqrt(1.0 - z * z)
    return torch.stack((ring * torch.cos(angle), ring * torch.sin(angle), z), dim=1)


def _bleeding(scene: Scene) -> Tensor:
    """[V, 1]: 1 on skin, less on parts under whose surface light does not go as far, 0 where it does not at all."""
    bleeding = scene.vertices.new_zeros(len(scene.vertices), 1)
    for part in scene.topology.parts:
        reach = max(scene.materials[part.material].subsurface_radius) / SKIN_REACH
        bleeding[slice(*part.vertices)] = min(1.0, reach)
    return bleeding


def _edges(triangles: Tensor, used: Tensor) -> Tensor:
    """[2, E] vertex pairs that share an edge, both of them used; both ways round."""
    edges = torch.cat((triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]])).T
    edges = edges[:, used[edges[0]] & used[edges[1]]]
    return torch.cat((edges, edges.flip(0)), dim=1)


def _smooth(values: Tensor, edges: Tensor) -> Tensor:
    """One round of diffusion over the mesh: every vertex becomes the mean of itself and its neighbours' mean."""
    near, far = edges
    total = torch.zeros_like(values).index_add_(0, near, values[far])
    degree = torch.bincount(near, minlength=len(values))[:, None]
    return torch.where(degree > 0, 0.5 * values + 0.5 * total / degree.clamp(min=1), values)
