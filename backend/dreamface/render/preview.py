"""One picture of a whole head, lit like a studio portrait.

Visibility is found several times per pixel, but a pixel that shows one smooth surface is shaded once; only pixels with
an edge in them are shaded at every sample.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from dreamface.face import Maps, Material, Topology
from dreamface.render.camera import Camera, portrait_camera
from dreamface.render.raster import Surface, Visibility, rasterise
from dreamface.render.scene import Scene
from dreamface.render.shading import (
    Ambient,
    Fragment,
    Light,
    apply_normal_map,
    dielectric_reflectance,
    encode_srgb,
    face_normals,
    film,
    interpolate,
    prefilter,
    sample_texture,
    schlick_fresnel,
    shade,
    unit,
    uv_tangents,
)
from dreamface.render.shadows import LIFT, OCCLUSION_REACH, fibonacci_sphere, light_at_vertices
from dreamface.render.studio import backdrop, portrait_lights, softbox_glow

GRID = 3
"""Samples per pixel are GRID x GRID; odd, so that the middle one is the pixel's centre."""

EDGE_DEPTH = 0.003
"""Metres; a pixel whose samples lie further apart than this has an edge in it."""

MIRROR_RAYS = 12
MIRROR_BLUR = 0.15
"""Rays that look for lids and lashes in what the cornea mirrors, and the tangent of how far they spread: lashes are too
fine to be mirrored one by one."""

VEIL_LAYERS = 8
"""How many cards of lashes one behind the other are looked through."""

VEIL_GAP = 2.0e-5
"""Metres behind a card where the next one may be."""

VISIBLE = 0.004
"""Share of a sample below which what covers it makes no difference."""

EXPOSURE = 1.1
"""Scales the light before the film curve, so that skin comes out as bright as it is."""


def preview(
    vertices: Tensor,
    topology: Topology,
    materials: Mapping[str, Material],
    maps: Maps,
    *,
    size: int = 512,
    camera: Camera | None = None,
) -> Tensor:
    """A studio portrait of the head.

    Parts that light passes through (the corneas, the eyes' wetness) hide nothing; the studio's lights are mirrored in
    them. Parts with a map of their opacity (lashes on cards) hide as much as it says.

    Args:
        vertices: [V, 3] metres.
        topology: the head's faces, texture layout and parts.
        materials: every part's material, by name.
        maps: the textures of every tile that a material reads.
        size: side of the picture in pixels.
        camera: where it is seen from; `portrait_camera` of the vertices unless told.

    Returns:
        [size, size, 3] sRGB-encoded, 0..1. The same input gives the same bytes.
    """
    with torch.no_grad():
        scene = Scene(vertices, topology, materials, maps, camera or portrait_camera(vertices), size)
        lights, ambient = portrait_lights(scene.camera, vertices)
        samples = _take_samples(scene)
        colour = backdrop(samples.place / size)
        hit = torch.nonzero(samples.triangle >= 0)[:, 0]
        veiled, veil, share = _veil(scene, samples)
        if len(hit) + len(veiled):
            shaded = _shade_solid(scene, samples.of(hit).and_then(veil), lights, ambient)
            colour[hit] = shaded[: len(hit)]
        if len(scene.clear):
            mirroring, glow = _mirrored_lights(scene, samples, lights)
            colour[mirroring] += glow
        if len(veiled):
            colour[veiled] = torch.lerp(colour[veiled], shaded[len(hit) :], share)
        picture = torch.zeros(size * size, 3, device=vertices.device)
        picture.index_add_(0, samples.pixel, encode_srgb(film(colour, EXPOSURE)) * samples.share[:, None])
        return picture.view(size, size, 3)


# --------------------------------------------------------------------------------------------------------- samples


@dataclass(frozen=True)
class _Samples:
    """Places in the picture that are shaded.

    Attributes:
        pixel: [N] index of the pixel it belongs to.
        share: [N] of that pixel's colour.
        place: [N, 2] pixel x and y.
        triangle: [N] index into the scene's triangles, -1 for the backdrop.
        barycentric: [N, 3].
        depth: [N] metres.
    """

    pixel: Tensor
    share: Tensor
    place: Tensor
    triangle: Tensor
    barycentric: Tensor
    depth: Tensor

    def of(self, chosen: Tensor) -> _Samples:
        """Those at indices, or where a mask is true."""
        return _Samples(
            self.pixel[chosen],
            self.share[chosen],
            self.place[chosen],
            self.triangle[chosen],
            self.barycentric[chosen],
            self.depth[chosen],
        )

    def and_then(self, others: _Samples) -> _Samples:
        """These and others."""
        return _Samples(
            torch.cat((self.pixel, others.pixel)),
            torch.cat((self.share, others.share)),
            torch.cat((self.place, others.place)),
            torch.cat((self.triangle, others.triangle)),
            torch.cat((self.barycentric, others.barycentric)),
            torch.cat((self.depth, others.depth)),
        )


def _take_samples(scene: Scene) -> _Samples:
    """The middle of every pixel, and all GRID x GRID samples of those with an edge or something veiled in them."""
    size, fine = scene.size, GRID * scene.size
    seen = rasterise(scene.vertices, scene.triangles[scene.solid], scene.camera, fine)
    edges = _has_edge(scene, seen)
    if len(scene.veil):
        veiled = rasterise(scene.vertices, scene.triangles[scene.veil], scene.camera, size).triangle >= 0
        edges |= max_pool2d(veiled[None, None].float(), 3, stride=1, padding=1)[0, 0] > 0.0
    share = torch.zeros(size, GRID, size, GRID, device=edges.device)
    share[:, GRID // 2, :, GRID // 2] = (~edges).float()
    share += edges[:, None, :, None] / GRID**2
    chosen = torch.nonzero(share.view(-1))[:, 0]
    row, column = chosen // fine, chosen % fine
    triangle = seen.triangle.view(-1)[chosen]
    return _Samples(
        pixel=row // GRID * size + column // GRID,
        share=share.view(-1)[chosen],
        place=(torch.stack((column, row), dim=1) + 0.5) / GRID,
        triangle=torch.where(triangle >= 0, scene.solid[triangle.clamp(min=0)], -1),
        barycentric=seen.barycentric.view(-1, 3)[chosen],
        depth=seen.depth.view(-1)[chosen],
    )


def _has_edge(scene: Scene, seen: Visibility) -> Tensor:
    """[size, size] bool: pixels whose samples show different parts, or the same one at different depths."""
    # One number per part, further apart than any depths: a single range then finds both kinds of edge.
    marks = 100.0 * scene.part_of_triangle[scene.solid].float()
    marked = torch.where(seen.triangle >= 0, seen.depth + marks[seen.triangle.clamp(min=0)], -100.0)
    blocks = marked.view(scene.size, GRID, scene.size, GRID)
    return blocks.amax(dim=(1, 3)) - blocks.amin(dim=(1, 3)) > EDGE_DEPTH


# --------------------------------------------------------------------------------------------------------- surfaces


def _shade_solid(scene: Scene, samples: _Samples, lights: tuple[Light, ...], ambient: Ambient) -> Tensor:
    """[N, 3] linear colour of samples that hit something."""
    corners = scene.triangles[samples.triangle]
    used = torch.zeros(len(scene.vertices), dtype=torch.bool, device=corners.device)
    used[corners.reshape(-1)] = True
    openness, lit = light_at_vertices(scene, lights, used)
    arriving = interpolate(torch.cat((openness, *lit), dim=1), corners, samples.barycentric)
    shares = [arriving[:, first : first + 3] for first in range(1, arriving.shape[1], 3)]
    return shade(_fragment(scene, samples), lights, shares, ambient, arriving[:, :1])


def _fragment(scene: Scene, samples: _Samples) -> Fragment:
    """The samples' geometry, and what their materials say."""
    corners = scene.triangles[samples.triangle]
    position = interpolate(scene.vertices, corners, samples.barycentric)
    view = unit(position.new_tensor(scene.camera.position) - position)
    facing = (face_normals(scene.vertices, scene.triangles)[samples.triangle] * view).sum(dim=1, keepdim=True)
    normal = unit(interpolate(scene.normals, corners, samples.barycentric)) * torch.where(facing < 0.0, -1.0, 1.0)
    fragment = Fragment(
        position=position,
        normal=normal.clone(),
        soft_normal=normal,
        view=view,
        albedo=torch.empty_like(position),
        roughness=torch.empty_like(position[:, :1]),
        reflectance=torch.empty_like(position[:, :1]),
        scatter=torch.empty_like(position),
    )
    tangents = uv_tangents(scene.vertices, scene.triangles, scene.uv, scene.triangle_uvs)
    layout = torch.cat((scene.uv, tangents), dim=1)
    for material in scene.materials.values():
        chosen = scene.with_material(material, samples.triangle)
        if len(chosen):
            _apply_material(fragment, material, scene, samples.of(chosen), layout, chosen)
    return fragment


def _apply_material(
    fragment: Fragment, material: Material, scene: Scene, samples: _Samples, layout: Tensor, chosen: Tensor
) -> None:
    """Fill the fragment's rows `chosen` ([M]) with the material; `layout` [U, 6] is uv and tangent."""
    at = interpolate(layout, scene.triangle_uvs[samples.triangle], samples.barycentric)
    density = _uv_per_pixel(scene, samples.triangle)
    tile = {} if material.tile is None else scene.maps[material.tile]

    def look_up(channel: str, otherwise: float) -> Tensor:
        if channel not in tile:
            return at.new_tensor([[otherwise]])
        image = tile[channel].to(at.device)
        return sample_texture(prefilter(image, density * image.shape[0]), at[:, :2])

    fragment.albedo[chosen] = look_up("albedo", 1.0) * at.new_tensor(material.base_colour)
    fragment.roughness[chosen] = look_up("roughness", material.roughness)
    # As in Blender: specular 0.5 leaves the reflectance that the index of refraction gives.
    fragment.reflectance[chosen] = look_up("specular", 0.5) * 2.0 * dielectric_reflectance(material.ior)
    radius = at.new_tensor(material.subsurface_radius)
    furthest = float(radius.max())
    spread = radius / furthest if furthest > 0.0 else radius
    fragment.scatter[chosen] = look_up("subsurface", material.subsurface) * spread
    if "normal" in tile:
        relief = look_up("normal", 0.0)
        fragment.normal[chosen] = apply_normal_map(fragment.soft_normal[chosen], at[:, 2:], relief)


def _veil(scene: Scene, samples: _Samples) -> tuple[Tensor, _Samples, Tensor]:
    """What partly covers the samples.

    Returns:
        [M] indices of the samples that are covered, the nearest layer over each, and [M, 1] how much all layers
        together hide, 0..1.
    """
    near = _inside_outline(scene, samples, scene.veil)
    covering = samples.of(near)
    direction = scene.camera.rays(covering.place, scene.size)
    origin = direction.new_tensor(scene.camera.position)
    travelled, passing = torch.zeros_like(direction[:, :1]), torch.ones_like(direction[:, :1])
    covering.triangle.fill_(-1)
    surface = Surface(scene.vertices, scene.triangles[scene.veil]) if len(near) else None
    going = torch.arange(len(near), device=near.device)
    for _ in range(VEIL_LAYERS):
        if surface is None or not len(going):
            break
        seen = surface.cast(origin + travelled[going] * direction[going], direction[going])
        met = (seen.triangle >= 0) & (travelled[going, 0] + seen.depth < covering.depth[going])
        going, triangle, barycentric = going[met], scene.veil[seen.triangle[met]], seen.barycentric[met]
        first = covering.triangle[going] < 0
        covering.triangle[going[first]], covering.barycentric[going[first]] = triangle[first], barycentric[first]
        passing[going] *= 1.0 - _opacity(scene, triangle, barycentric)
        travelled[going] += seen.depth[met, None] + VEIL_GAP
    hidden = torch.nonzero(passing[:, 0] < 1.0 - VISIBLE)[:, 0]
    return near[hidden], covering.of(hidden), 1.0 - passing[hidden]


def _inside_outline(scene: Scene, samples: _Samples, triangles: Tensor) -> Tensor:
    """[M] indices of the samples within the boxes around some of the triangles, part by part."""
    found = torch.zeros_like(samples.pixel, dtype=torch.bool)
    part = scene.part_of_triangle[triangles]
    for number in torch.unique(part).tolist():
        corners = scene.triangles[triangles[part == number]].reshape(-1)
        place = scene.camera.to_pixels(scene.vertices[corners], scene.size)[:, :2]
        found |= ((samples.place >= place.amin(dim=0)) & (samples.place <= place.amax(dim=0))).all(dim=1)
    return torch.nonzero(found)[:, 0]


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
            density = _uv_per_pixel(scene, triangle[chosen]) * image.shape[0]
            found[chosen] = sample_texture(prefilter(image, density), at)
    return found


def _uv_per_pixel(scene: Scene, triangle: Tensor) -> float:
    """How much of the texture's side one pixel of the picture covers, in the middle (median) of the samples."""
    some = triangle[:: max(1, len(triangle) // 2000)]
    place = scene.camera.to_pixels(scene.vertices[scene.triangles[some]], scene.size)[..., :2]
    ratio = _area(scene.uv[scene.triangle_uvs[some]]) / _area(place).clamp(min=1.0e-6)
    return math.sqrt(float(ratio.median()))


def _area(corners: Tensor) -> Tensor:
    """[T] area of flat triangles [T, 3, 2]."""
    (x_b, y_b), (x_c, y_c) = (corners[:, 1] - corners[:, 0]).unbind(1), (corners[:, 2] - corners[:, 0]).unbind(1)
    return 0.5 * (x_b * y_c - x_c * y_b).abs()


# --------------------------------------------------------------------------------------------------------- eyes


def _mirrored_lights(scene: Scene, samples: _Samples, lights: tuple[Light, ...]) -> tuple[Tensor, Tensor]:
    """What clear parts in front of the samples mirror of the softboxes, where no lid or lash is in the way.

    Returns:
        [M] indices of the samples behind a clear part, and [M, 3] what is mirrored to the camera there.
    """
    behind, triangle, barycentric = _behind_clear(scene, samples)
    corners = scene.triangles[triangle]
    position = interpolate(scene.vertices, corners, barycentric)
    normal = unit(interpolate(scene.normals, corners, barycentric))
    view = unit(position.new_tensor(scene.camera.position) - position)
    cosine = (normal * view).sum(dim=1, keepdim=True).clamp(min=0.0)
    reflected = 2.0 * cosine * normal - view
    reflectance = torch.zeros_like(cosine)
    for material in scene.materials.values():
        reflectance[scene.with_material(material, triangle)] = dielectric_reflectance(material.ior)
    start = position + LIFT * normal
    around = fibonacci_sphere(MIRROR_RAYS, position.device)
    ends = start[:, None] + OCCLUSION_REACH * (reflected[:, None] + MIRROR_BLUR * around)
    free = scene.solid_surface.openness(start, ends, torch.ones_like(ends[..., 0]))[:, None]
    glow = torch.stack([softbox_glow(position, reflected, light) for light in lights]).sum(dim=0)
    return behind, schlick_fresnel(reflectance, cosine) * glow * free


def _behind_clear(scene: Scene, samples: _Samples) -> tuple[Tensor, Tensor, Tensor]:
    """[M] samples behind a clear part, [M] the scene's triangle in front of each, and [M, 3] where on it."""
    near = _inside_outline(scene, samples, scene.clear)
    origin = scene.vertices.new_tensor(scene.camera.position)
    surface = Surface(scene.vertices, scene.triangles[scene.clear])
    seen = surface.cast(origin, scene.camera.rays(samples.place[near], scene.size))
    in_front = seen.depth < samples.depth[near]
    return near[in_front], scene.clear[seen.triangle[in_front]], seen.barycentric[in_front]
