"""Lashes on cards: surfaces whose opacity comes from a map, one behind the other in front of what is solid."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from dreamface.render.fragments import uv_per_pixel
from dreamface.render.raster import RayMesh, rasterise
from dreamface.render.samples import Samples
from dreamface.render.scene import Scene
from dreamface.render.shading import interpolate, prefilter, sample_texture

VEIL_LAYERS = 8
"""How many cards of lashes one behind the other are looked through."""

VEIL_GAP = 2.0e-5
"""Metres behind a card where the next one may be."""

VISIBLE = 0.004
"""Share of a sample below which what covers it makes no difference."""

# Barycentric weights of the points on a triangle that stand for all of it.
_INSIDE = ((0.6, 0.2, 0.2), (0.2, 0.6, 0.2), (0.2, 0.2, 0.6), (0.33, 0.33, 0.34))


def pixels_near_veil(scene: Scene) -> Tensor:
    """[size, size] bool: pixels with a card in them or next to them."""
    if not len(scene.veil):
        return torch.zeros(scene.size, scene.size, dtype=torch.bool, device=scene.vertices.device)
    seen = rasterise(scene.vertices, scene.triangles[scene.veil], scene.camera, scene.size).triangle >= 0
    return max_pool2d(seen[None, None].float(), 3, stride=1, padding=1)[0, 0] > 0.0


def look_through(scene: Scene, samples: Samples) -> tuple[Samples, Tensor]:
    """What partly covers the samples.

    Returns:
        [N] the nearest layer over each, its triangle -1 where there is none, and [N, 1] how much all layers together
        hide, 0..1.
    """
    direction = scene.camera.rays(samples.place, scene.size)
    origin = direction.new_tensor(scene.camera.position)
    travelled, passing = torch.zeros_like(direction[:, :1]), torch.ones_like(direction[:, :1])
    nearest, weights = torch.full_like(samples.triangle, -1), torch.zeros_like(samples.barycentric)
    surface = RayMesh(scene.vertices, scene.triangles[scene.veil]) if len(samples.pixel) else None
    going = torch.arange(len(samples.pixel), device=nearest.device)
    for _ in range(VEIL_LAYERS):
        if surface is None or not len(going):
            break
        seen = surface.cast(origin + travelled[going] * direction[going], direction[going])
        met = (seen.triangle >= 0) & (travelled[going, 0] + seen.depth < samples.depth[going])
        going, triangle, barycentric = going[met], scene.veil[seen.triangle[met]], seen.barycentric[met]
        opacity = _opacity(scene, triangle, barycentric)
        # The first layer with something on it is what is looked at; clear stretches of cards before it are not.
        first = (nearest[going] < 0) & (opacity[:, 0] > VISIBLE)
        nearest[going[first]], weights[going[first]] = triangle[first], barycentric[first]
        passing[going] *= 1.0 - opacity
        travelled[going] += seen.depth[met, None] + VEIL_GAP
        going = going[passing[going, 0] > VISIBLE]
    layer = Samples(samples.pixel, samples.share, samples.place, nearest, weights, samples.depth)
    return layer, torch.where(nearest[:, None] >= 0, 1.0 - passing, 0.0)


def triangle_opacity(scene: Scene, triangle: Tensor) -> Tensor:
    """[N] mean opacity 0..1 of triangles [N] of the veil, of a few points on each; below 1, as they are not solid."""
    inside = torch.tensor(_INSIDE, device=triangle.device)
    spots = inside.repeat(len(triangle), 1)
    found = _opacity(scene, triangle.repeat_interleave(len(inside)), spots)
    return found.view(-1, len(inside)).mean(dim=1).clamp(max=0.99)


def _opacity(scene: Scene, triangle: Tensor, barycentric: Tensor) -> Tensor:
    """[N, 1] 0..1 of the veil at points given by triangles [N] and weights [N, 3]."""
    found = torch.ones_like(barycentric[:, :1])
    for material in scene.materials.values():
        if material.tile is None or "opacity" not in scene.maps[material.tile]:
            continue
        chosen = scene.with_material(material, triangle)
        if len(chosen):
            image = scene.maps[material.tile]["opacity"].to(found.device)
            at = interpolate(scene.uv, scene.triangle_uvs[triangle[chosen]], barycentric[chosen])
            density = uv_per_pixel(scene, triangle[chosen]) * image.shape[0]
            found[chosen] = sample_texture(prefilter(image, density), at)
    return found
