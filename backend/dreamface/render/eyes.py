"""Clear parts, such as the corneas: they bend what is seen through them, and mirror the studio."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dreamface.render.environment import Environment, fibonacci_sphere
from dreamface.render.raster import RayMesh
from dreamface.render.samples import Samples, inside_outline
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, interpolate, schlick_fresnel, unit
from dreamface.render.studio import softbox_glow

LIFT = 5.0e-4
"""Metres off the surface at which mirrored rays start, so that they do not meet it."""

MIRROR_REACH = 0.07
"""Metres; what is further away is not looked for in the mirror: about the depth of an eye socket."""

MIRROR_RAYS = 12
MIRROR_BLUR = 0.15
"""Rays that look for lids and lashes in what the cornea mirrors, and the tangent of how far they spread: lashes are too
fine to be mirrored one by one."""


@dataclass(frozen=True)
class Panes:
    """The clear surface in front of M samples.

    Attributes:
        sample: [M] indices of the samples behind it.
        position: [M, 3] where it is seen, metres.
        normal: [M, 3] of it, towards the camera's side.
        view: [M, 3] towards the camera.
        ior: [M, 1] index of refraction behind it.
    """

    sample: Tensor
    position: Tensor
    normal: Tensor
    view: Tensor
    ior: Tensor


def panes(scene: Scene, samples: Samples) -> Panes:
    """The nearest clear surface in front of the samples."""
    near = inside_outline(scene, samples, scene.clear)
    origin = scene.vertices.new_tensor(scene.camera.position)
    surface = RayMesh(scene.vertices, scene.triangles[scene.clear])
    seen = surface.cast(origin, scene.camera.rays(samples.place[near], scene.size))
    in_front = seen.depth < samples.depth[near]
    triangle = scene.clear[seen.triangle[in_front]]
    corners, barycentric = scene.triangles[triangle], seen.barycentric[in_front]
    position = interpolate(scene.vertices, corners, barycentric)
    view = unit(origin - position)
    normal = unit(interpolate(scene.normals, corners, barycentric))
    ior = torch.ones_like(normal[:, :1])
    for material in scene.materials.values():
        ior[scene.with_material(material, triangle)] = material.ior
    return Panes(near[in_front], position, normal, view, ior)


def refracted(direction: Tensor, normal: Tensor, ior: Tensor) -> Tensor:
    """[N, 3] unit directions of light behind a surface (Snell).

    Args:
        direction: [N, 3] unit, onto the surface.
        normal: [N, 3] unit, on the side that the light comes from.
        ior: [N, 1] of what is behind, over that of what is in front; above 1.
    """
    cosine = -(direction * normal).sum(dim=1, keepdim=True)
    along = torch.sqrt(1.0 - (1.0 - cosine * cosine) / (ior * ior))
    return direction / ior + (cosine / ior - along) * normal


def bend(scene: Scene, samples: Samples, clear: Panes) -> Samples:
    """The samples as they are seen through the clear surface in front of them: an iris looks larger and nearer."""
    front = (clear.normal * clear.view).sum(dim=1) > 0.0
    sample, position, normal = clear.sample[front], clear.position[front], clear.normal[front]
    direction = refracted(-clear.view[front], normal, clear.ior[front].clamp(min=1.0))
    seen = scene.solid_surface.cast(position, direction)
    met = seen.triangle >= 0
    sample, triangle = sample[met], scene.solid[seen.triangle[met]]
    bent = replace(samples, triangle=samples.triangle.clone(), barycentric=samples.barycentric.clone())
    bent.triangle[sample], bent.barycentric[sample] = triangle, seen.barycentric[met]
    return bent


def mirrored(scene: Scene, clear: Panes, lights: tuple[Light, ...], environment: Environment) -> Tensor:
    """[M, 3] what clear parts mirror of the studio to the camera, where no lid or lash is in the way."""
    cosine = (clear.normal * clear.view).sum(dim=1, keepdim=True).clamp(min=0.0)
    direction = 2.0 * cosine * clear.normal - clear.view
    start = clear.position + LIFT * clear.normal
    around = fibonacci_sphere(MIRROR_RAYS, start.device)
    ends = start[:, None] + MIRROR_REACH * (direction[:, None] + MIRROR_BLUR * around)
    free = scene.solid_surface.openness(start, ends, torch.ones_like(ends[..., 0]))[:, None]
    glow = environment.radiance(direction)
    for light in lights:
        glow = glow + softbox_glow(clear.position, direction, light)
    reflectance = ((clear.ior - 1.0) / (clear.ior + 1.0)) ** 2
    return schlick_fresnel(reflectance, cosine) * glow * free
