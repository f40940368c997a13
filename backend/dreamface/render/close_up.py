"""Close-ups in even light, with what light and gloss did to each pixel: light can be taken out of a picture by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from dreamface.face import Maps, Material, Topology
from dreamface.render.camera import Camera
from dreamface.render.environment import Environment
from dreamface.render.fragments import look_at
from dreamface.render.samples import Picture
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, glossy_light, interpolate, layers_of, matt_light
from dreamface.render.shadows import ShadowCaster
from dreamface.render.studio import portrait_lights

KEY, AROUND = 0.22, 5.0
"""What the portrait's key light and its surroundings are multiplied by: shape shows, and no shadow is deep."""

WHITE, BRIGHTEST = 0.8, 0.92
"""A surface of this albedo comes out at most so bright, nearly everywhere: neither skin nor gloss is cut off."""

QUANTILE = 0.98

BACKDROP = 0.18
"""Linear grey behind the head."""


@dataclass(frozen=True)
class CloseUp:
    """A picture of a head: `albedo * light + gloss`. Pixels that show nothing of it are grey and have no light.

    Attributes:
        albedo: [S, S, 3] linear.
        light: [S, S, 3] what falls on the surface and goes under it, exposed for the picture.
        gloss: [S, S, 3] what is reflected before that, exposed for the picture.
        triangle: [S, S] int64 index into the topology's triangles; -1 behind the head.
        uv: [S, S, 2] texture coordinates.
        depth: [S, S] metres along the line of sight; infinite behind the head.
        camera: that it was taken with.
    """

    albedo: Tensor
    light: Tensor
    gloss: Tensor
    triangle: Tensor
    uv: Tensor
    depth: Tensor
    camera: Camera

    @property
    def size(self) -> int:
        """S."""
        return len(self.triangle)

    def linear(self, albedo: Tensor | None = None) -> Tensor:
        """Return the picture, [S, S, 3] linear; with another albedo [S, S, 3], where one is given."""
        picture = (self.albedo if albedo is None else albedo) * self.light + self.gloss
        return torch.where((self.triangle >= 0)[..., None], picture, BACKDROP)


def close_up(
    vertices: Tensor,
    topology: Topology,
    materials: Mapping[str, Material],
    maps: Maps,
    camera: Camera,
    size: int,
) -> CloseUp:
    """Take a picture of a head in even light. Hair is not in it, and nothing that light passes through.

    Args:
        vertices: [V, 3] metres.
        topology: the head's faces, texture layout and parts.
        materials: every part's material, by name.
        maps: the textures of every tile that a material reads.
        camera: where it is seen from.
        size: side of the picture in pixels.
    """
    with torch.no_grad():
        scene = Scene(vertices, topology, materials, maps, camera, size)
        samples = Picture(scene).middle(torch.ones(size, size, dtype=torch.bool))
        hit = torch.nonzero(samples.triangle >= 0)[:, 0]
        planes = {name: torch.zeros(size * size, 3) for name in ("albedo", "light", "gloss")}
        uv, seen = torch.zeros(size * size, 2), samples.of(hit)
        if len(hit):
            look = look_at(scene, seen)
            lights, environment = _even(*portrait_lights(camera, vertices))
            caster = ShadowCaster(scene, lights, environment, look.fragment.position)
            fragment, layers = look.fragment, layers_of(look.fragment)
            arriving = caster.arriving(look.rounded, look.smooth, fragment.normal, look.lengths[look.medium])
            light = matt_light(fragment, lights, arriving.lit, arriving.around, arriving.openness) * layers.under_gloss
            gloss = glossy_light(fragment, layers, lights, arriving.lit, environment, arriving.openness)
            exposure = BRIGHTEST / _high(WHITE * light + gloss)
            planes["albedo"][seen.pixel] = fragment.albedo
            planes["light"][seen.pixel], planes["gloss"][seen.pixel] = light * exposure, gloss * exposure
            uv[seen.pixel] = interpolate(scene.uv, scene.triangle_uvs[seen.triangle], seen.barycentric)
        grid = (size, size)
        return CloseUp(
            **{name: plane.view(*grid, 3) for name, plane in planes.items()},
            triangle=samples.triangle.view(grid), uv=uv.view(*grid, 2), depth=samples.depth.view(grid), camera=camera,
        )  # fmt: skip


def _even(lights: tuple[Light, ...], environment: Environment) -> tuple[tuple[Light, ...], Environment]:
    """Return a portrait's lights as even ones: hardly any key, no rim, and bright surroundings."""
    key, fill, _ = lights
    around = replace(
        environment, sky=environment.sky * AROUND, ground=environment.ground * AROUND,
        colours=environment.colours * AROUND,
    )  # fmt: skip
    return (replace(key, colour=key.colour * KEY, radius=2.0 * key.radius), fill), around


def _high(radiance: Tensor) -> float:
    """Return what all but the brightest points [N, 3] stay below."""
    brightest = radiance.amax(dim=1)
    return float(brightest.kthvalue(max(1, round(QUANTILE * len(brightest)))).values.clamp_min(1e-6))
