"""What the samples show: their geometry, and what their materials and maps say."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dreamface.face import Material
from dreamface.render.samples import Samples
from dreamface.render.scattering import diffusion_length
from dreamface.render.scene import Scene
from dreamface.render.shading import (
    Fragment,
    apply_normal_map,
    dielectric_reflectance,
    face_normals,
    interpolate,
    prefilter,
    sample_texture,
    unit,
    uv_tangents,
)


@dataclass(frozen=True)
class Look:
    """Samples that hit something, ready for light.

    Attributes:
        fragment: as light sees them.
        smooth: [N, 3] normals without the maps' relief.
        rounded: [N, 3] metres, the points on a surface as round as the normals say; see `rounded_position`.
        medium: [N] index into the scene's materials, in order.
        lengths: [M, 3] metres that light goes under each material, as in `diffusion_length`; 0 where it does not.
        scattering: [N, 1] 0..1 how much of the light goes so far.
    """

    fragment: Fragment
    smooth: Tensor
    rounded: Tensor
    medium: Tensor
    lengths: Tensor
    scattering: Tensor


def look_at(scene: Scene, samples: Samples) -> Look:
    """Geometry and materials of samples that hit something."""
    corners = scene.triangles[samples.triangle]
    position = interpolate(scene.vertices, corners, samples.barycentric)
    view = unit(position.new_tensor(scene.camera.position) - position)
    facing = (face_normals(scene.vertices, scene.triangles)[samples.triangle] * view).sum(dim=1, keepdim=True)
    smooth = unit(interpolate(scene.normals, corners, samples.barycentric)) * torch.where(facing < 0.0, -1.0, 1.0)
    one, three = torch.empty_like(position[:, :1]), torch.empty_like(position)
    coloured = any(scene.is_metallic(material) for material in scene.materials.values())
    fragment = Fragment(
        position=position,
        normal=smooth.clone(),
        view=view,
        albedo=three,
        roughness=one,
        reflectance=torch.empty_like(three if coloured else one),
        matt=torch.ones_like(one),
        coat=torch.empty_like(one),
        coat_roughness=torch.empty_like(one),
        coat_reflectance=torch.empty_like(one),
    )
    look = Look(
        fragment=fragment,
        smooth=smooth,
        rounded=rounded_position(scene, corners, samples.barycentric, position),
        medium=torch.zeros_like(samples.triangle),
        lengths=position.new_zeros(len(scene.materials), 3),
        scattering=torch.empty_like(one),
    )
    tangents = uv_tangents(scene.vertices, scene.triangles, scene.uv, scene.triangle_uvs)
    layout = torch.cat((scene.uv, tangents), dim=1)
    for number, material in enumerate(scene.materials.values()):
        chosen = scene.with_material(material, samples.triangle)
        if len(chosen):
            look.medium[chosen] = number
            _apply_material(look, number, material, scene, samples.of(chosen), layout, chosen)
    return look


def rounded_position(scene: Scene, corners: Tensor, barycentric: Tensor, position: Tensor) -> Tensor:
    """Points lifted from flat triangles to where the surface would bulge between its corners.

    From there a convex surface does not cut off light that its smooth normals still face (Hanika 2021, "Hacking the
    shadow terminator", Ray Tracing Gems II, chapter 4).

    Args:
        scene: whose triangles.
        corners: [N, 3] indices of the triangles' vertices.
        barycentric: [N, 3] where on them.
        position: [N, 3] metres, the same places.

    Returns:
        [N, 3] metres.
    """
    lifted = position.clone()
    for corner in range(3):
        vertex, weight = corners[:, corner], barycentric[:, corner : corner + 1]
        normal = scene.normals[vertex]
        below = ((position - scene.vertices[vertex]) * normal).sum(dim=1, keepdim=True).clamp(max=0.0)
        lifted = torch.addcmul(lifted, weight * below, normal, value=-1.0)
    return lifted


def _apply_material(
    look: Look, number: int, material: Material, scene: Scene, samples: Samples, layout: Tensor, chosen: Tensor
) -> None:
    """Fill the rows `chosen` ([M]) with the material; `layout` [U, 6] is uv and tangent."""
    fragment = look.fragment
    at = interpolate(layout, scene.triangle_uvs[samples.triangle], samples.barycentric)
    density = uv_per_pixel(scene, samples.triangle)
    tile = {} if material.tile is None else scene.maps[material.tile]

    def look_up(channel: str, otherwise: float) -> Tensor:
        if channel not in tile:
            return at.new_tensor([[otherwise]])
        image = tile[channel].to(at.device)
        return sample_texture(prefilter(image, density * image.shape[0]), at[:, :2])

    albedo = look_up("albedo", 1.0) * at.new_tensor(material.base_colour)
    roughness = look_up("roughness", material.roughness)
    # As in Blender: specular 0.5 leaves the reflectance that the index of refraction gives.
    reflectance = look_up("specular", 0.5) * 2.0 * dielectric_reflectance(material.ior)
    fragment.coat_roughness[chosen] = _coat_roughness(material, roughness, "roughness" in tile)
    fragment.coat_reflectance[chosen] = dielectric_reflectance(material.coat_ior)
    # The exporters' second gloss is darkened in crevices as the first one is.
    fragment.coat[chosen] = (material.coat * 2.0 * look_up("specular", 0.5)).clamp(max=1.0)
    if scene.is_metallic(material):
        metallic = look_up("metallic", material.metallic)
        fragment.matt[chosen] = 1.0 - metallic
        reflectance = torch.lerp(reflectance.expand_as(albedo), albedo, metallic)
    if "normal" in tile:
        relief = look_up("normal", 0.0)
        fragment.normal[chosen] = apply_normal_map(look.smooth[chosen], at[:, 2:], relief)
        roughness = roughened(roughness, relief)
        fragment.coat_roughness[chosen] = roughened(fragment.coat_roughness[chosen], relief)
    fragment.albedo[chosen] = albedo
    fragment.roughness[chosen] = roughness
    fragment.reflectance[chosen] = reflectance
    look.lengths[number] = diffusion_length(at.new_tensor(material.subsurface_radius), albedo.mean(dim=0))
    look.scattering[chosen] = look_up("subsurface", material.subsurface)


def _coat_roughness(material: Material, roughness: Tensor, from_map: bool) -> Tensor:
    """The coat's own, or its share of the map's."""
    return roughness * material.coat_roughness if from_map else torch.full_like(roughness, material.coat_roughness)


def roughened(roughness: Tensor, relief: Tensor) -> Tensor:
    """[N, 1] roughness that also stands for the relief which averaging has taken out of the normals.

    The mean of unit normals is shorter by about the variance of their slopes along one axis, and the GGX lobe's squared
    alpha is twice that variance (Toksvig 2005, "Mipmapping normal maps"; Olano and Baker 2010, "LEAN mapping").

    Args:
        roughness: [N, 1] 0..1.
        relief: [N, 3] averaged normals, 1 long at most.
    """
    lost = (1.0 - torch.linalg.vector_norm(relief, dim=1, keepdim=True)).clamp(0.0, 0.5)
    return (roughness**4 + 2.0 * lost).clamp(max=1.0) ** 0.25


def uv_per_pixel(scene: Scene, triangle: Tensor) -> float:
    """How much of the texture's side one pixel of the picture covers, in the middle (median) of the samples."""
    some = triangle[:: max(1, len(triangle) // 2000)]
    place = scene.camera.to_pixels(scene.vertices[scene.triangles[some]], scene.size)[..., :2]
    ratio = _area(scene.uv[scene.triangle_uvs[some]]) / _area(place).clamp(min=1.0e-6)
    return math.sqrt(float(ratio.median()))


def _area(corners: Tensor) -> Tensor:
    """[T] area of flat triangles [T, 3, 2]."""
    (x_b, y_b), (x_c, y_c) = (corners[:, 1] - corners[:, 0]).unbind(1), (corners[:, 2] - corners[:, 0]).unbind(1)
    return 0.5 * (x_b * y_c - x_c * y_b).abs()
