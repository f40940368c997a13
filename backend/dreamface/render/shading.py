"""Shading: plain torch, differentiable with respect to vertices, textures and lights.

Visibility comes in as constants (`raster`): which triangle is seen and with which weights. Colours are linear Rec. 709
until `encode_srgb`. Vectors are unit length, N is the number of points being shaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from dreamface.render.environment import Environment, irradiance

MIN_ALPHA = 2.0e-3
"""Squared roughness of the smoothest surface: below it single precision loses the highlight."""

LOBE_TABLE, LOBE_SAMPLES = 32, 512
"""Side of the table of how much a glossy lobe reflects, and over how many half vectors each of its values is summed."""

EPSILON = 1.0e-6
"""Keeps divisions finite."""

TINY = 1.0e-20
"""Squared length below which a vector has no direction; small triangles' normals are as short as 1e-7 square metres."""


@dataclass(frozen=True)
class Light:
    """A softbox: a round light that shines evenly on what it faces.

    Attributes:
        position: of its middle, metres.
        colour: of a white surface that faces it from one metre away: irradiance over pi.
        radius: metres.
        shadow_points: from how many places on it shadows are cast; more make wide penumbras smoother.
    """

    position: Tensor
    colour: Tensor
    radius: float
    shadow_points: int = 4


@dataclass(frozen=True)
class Fragment:
    """Points of a surface, ready for light.

    Attributes:
        position: [N, 3] metres.
        normal: [N, 3] with the normal map's relief.
        view: [N, 3] towards the camera.
        albedo: [N, 3] of what comes back from under the surface.
        roughness: [N, 1] 0..1, perceptual.
        reflectance: [N, 3] at normal incidence; [N, 1] where it has no colour.
        matt: [N, 1] 0..1 share of what is not reflected that goes under the surface; the rest is lost in metal.
        coat: [N, 1] 0..1 weight of the second, sharper gloss that lies over everything.
        coat_roughness: [N, 1] 0..1.
        coat_reflectance: [N, 1] of the coat at normal incidence.
    """

    position: Tensor
    normal: Tensor
    view: Tensor
    albedo: Tensor
    roughness: Tensor
    reflectance: Tensor
    matt: Tensor
    coat: Tensor
    coat_roughness: Tensor
    coat_reflectance: Tensor

    @property
    def facing(self) -> Tensor:
        """[N, 1] cosine between the normal and the view, a little above 0 and up."""
        return (self.normal * self.view).sum(dim=1, keepdim=True).clamp(1.0e-3, 1.0)


# --------------------------------------------------------------------------------------------------------- geometry


def unit(vectors: Tensor) -> Tensor:
    """[..., 3] of length 1; what has next to none stays short, with finite gradients."""
    length: Tensor = torch.sqrt((vectors * vectors).sum(dim=-1, keepdim=True) + TINY)
    return vectors / length


def around_axis(axis: Tensor) -> tuple[Tensor, Tensor]:
    """Two unit vectors [N, 3] at right angles to unit vectors [N, 3] and to each other: to the side, and above."""
    # A hair off the vertical, so that what points straight up has a side too.
    side = unit(torch.linalg.cross(axis, axis.new_tensor((0.0, 1.0e-4, 1.0)).expand_as(axis)))
    return side, torch.linalg.cross(side, axis)


def interpolate(attributes: Tensor, corners: Tensor, barycentric: Tensor) -> Tensor:
    """Attributes [V, C] at points given by their triangles' corners [N, 3] and weights [N, 3]: [N, C]."""
    return torch.einsum("nkc,nk->nc", attributes[corners], barycentric)


def at_corners(attributes: Tensor, triangles: Tensor) -> Tensor:
    """Attributes [V, C] of vertices at the corners of triangles [T, 3]: [T, 3, C].

    Unlike with `attributes[triangles]`, gradients are added up in the same order every time.
    """
    return attributes.index_select(0, triangles.reshape(-1)).view(*triangles.shape, -1)


def face_normals(vertices: Tensor, triangles: Tensor) -> Tensor:
    """[T, 3] normals of triangles, as long as twice their area."""
    a, b, c = at_corners(vertices, triangles).unbind(1)
    normals: Tensor = torch.linalg.cross(b - a, c - a)
    return normals


def vertex_normals(vertices: Tensor, triangles: Tensor) -> Tensor:
    """Smooth unit normals [V, 3]: the mean of the triangles around each vertex, weighted by area."""
    faces = face_normals(vertices, triangles)
    gathered = torch.zeros_like(vertices).index_add(0, triangles.reshape(-1), faces.repeat_interleave(3, dim=0))
    return unit(gathered)


def uv_tangents(vertices: Tensor, triangles: Tensor, uv: Tensor, triangle_uvs: Tensor) -> Tensor:
    """Directions in which u grows, and whether the layout is mirrored there.

    Args:
        vertices: [V, 3] metres.
        triangles: [T, 3] indices into `vertices`.
        uv: [U, 2] texture coordinates.
        triangle_uvs: [T, 3] indices into `uv`.

    Returns:
        [U, 4]: tangent (unnormalised) and handedness, below 0 where v grows along minus normal x tangent. Averaged over
        the triangles around each texture vertex, so that seams stay sharp. After Lengyel 2001, "Computing tangent space
        basis vectors for an arbitrary mesh".
    """
    a, b, c = vertices[triangles].unbind(1)
    uv_a, uv_b, uv_c = uv[triangle_uvs].unbind(1)
    (u_b, v_b), (u_c, v_c) = (uv_b - uv_a).unbind(1), (uv_c - uv_a).unbind(1)
    side = torch.sign(u_b * v_c - u_c * v_b)[:, None]
    tangent = side * ((b - a) * v_c[:, None] - (c - a) * v_b[:, None])
    share = torch.cat((unit(tangent), side), dim=1).repeat_interleave(3, dim=0)
    return uv.new_zeros(len(uv), 4).index_add(0, triangle_uvs.reshape(-1), share)


def apply_normal_map(normal: Tensor, tangent: Tensor, relief: Tensor) -> Tensor:
    """Turn tangent-space normals into world space.

    Args:
        normal: [N, 3] smooth unit normals.
        tangent: [N, 4] as from `uv_tangents`.
        relief: [N, 3] tangent-space normals, OpenGL convention; need not be unit length.

    Returns:
        [N, 3] unit normals.
    """
    along_u = tangent[:, :3] - normal * (normal * tangent[:, :3]).sum(dim=1, keepdim=True)
    along_u = unit(along_u)
    along_v = torch.linalg.cross(normal, along_u) * torch.where(tangent[:, 3:] < 0.0, -1.0, 1.0)
    x, y, z = relief[:, :1], relief[:, 1:2], relief[:, 2:]
    return unit(x * along_u + y * along_v + z * normal)


# --------------------------------------------------------------------------------------------------------- textures


def sample_texture(image: Tensor, uv: Tensor) -> Tensor:
    """Bilinear lookup; beyond the edge the edge's colour continues.

    Args:
        image: [H, W, C], row 0 at v = 1; the centre of the first texel is (0.5 / W, 1 - 0.5 / H).
        uv: [N, 2].

    Returns:
        [N, C].
    """
    grid = torch.stack((2.0 * uv[:, 0] - 1.0, 1.0 - 2.0 * uv[:, 1]), dim=1)
    planes = image.permute(2, 0, 1)[None]
    found = grid_sample(planes, grid[None, None], mode="bilinear", padding_mode="border", align_corners=False)
    return found[0, :, 0].T


def prefilter(image: Tensor, texels_per_pixel: float) -> Tensor:
    """Halve an image [H, W, C] until a pixel of the picture covers less than two texels: it cannot alias then."""
    smallest = min(image.shape[:2])
    halvings = min(int(math.log2(max(1.0, texels_per_pixel))), int(math.log2(smallest)))
    if halvings == 0:
        return image
    planes = image.permute(2, 0, 1)[None]
    return avg_pool2d(planes, 2**halvings)[0].permute(1, 2, 0)


# --------------------------------------------------------------------------------------------------------- light


def ggx_distribution(n_dot_h: Tensor, alpha: Tensor) -> Tensor:
    """Density of microfacets facing the half vector; Walter et al. 2007, equation 33, for squared roughness `alpha`."""
    squared = alpha * alpha
    bottom = n_dot_h * n_dot_h * (squared - 1.0) + 1.0
    return squared / (math.pi * bottom * bottom)


def smith_visibility(n_dot_l: Tensor, n_dot_v: Tensor, alpha: Tensor) -> Tensor:
    """Height-correlated Smith masking and shadowing over 4 n.l n.v; Heitz 2014, equation 99."""
    squared = alpha * alpha
    towards_light = n_dot_v * torch.sqrt(n_dot_l * n_dot_l * (1.0 - squared) + squared)
    towards_view = n_dot_l * torch.sqrt(n_dot_v * n_dot_v * (1.0 - squared) + squared)
    return 0.5 / (towards_light + towards_view + EPSILON)


def schlick_fresnel(reflectance: Tensor, cosine: Tensor) -> Tensor:
    """Reflected share of light at an angle, from that at normal incidence; Schlick 1994, equation 24."""
    return reflectance + (1.0 - reflectance) * (1.0 - cosine).clamp(0.0, 1.0) ** 5


def dielectric_reflectance(ior: float) -> float:
    """Reflected share at normal incidence from air, for an index of refraction (Fresnel)."""
    return ((ior - 1.0) / (ior + 1.0)) ** 2


def wrapped_cosine(cosine: Tensor, wrap: Tensor) -> Tensor:
    """Diffuse light that reaches past the terminator but is as much in all: (cosine + wrap)+ / (1 + wrap)^2.

    Its integral over the sphere is pi for every wrap in 0..1; McAuley 2011, "Energy-conserving wrapped diffuse".
    """
    return (cosine + wrap).clamp(min=0.0) / (1.0 + wrap) ** 2


def wide_alpha(roughness: Tensor, spread: Tensor) -> Tensor:
    """Squared roughness of a lobe that a light's size has widened; Karis 2013, "Real shading in Unreal Engine 4"."""
    return (roughness**2 + 0.5 * spread).clamp(MIN_ALPHA, 1.0)


def lobe_reflectance(reflectance: Tensor, roughness: Tensor, facing: Tensor) -> Tensor:
    """Share of even light from everywhere that a glossy lobe reflects, [N, 1] or, as the reflectance, [N, 3].

    Args:
        reflectance: [N, 1] or [N, 3] at normal incidence.
        roughness: [N, 1] 0..1.
        facing: [N, 1] cosine between the normal and the view.
    """
    table = _lobe_table().to(roughness.device)
    grid = torch.cat((2.0 * facing - 1.0, 2.0 * roughness - 1.0), dim=1)[None, None]
    found = grid_sample(table, grid, mode="bilinear", padding_mode="border", align_corners=True)[0, :, 0]
    return reflectance * found[0, :, None] + found[1, :, None]


@cache
def _lobe_table() -> Tensor:
    """[1, 2, roughness, cosine] what `lobe_reflectance` multiplies the reflectance by, and adds to it.

    Summed over half vectors that lie as dense as the microfacets; Karis 2013, "Real shading in Unreal Engine 4", "split
    sum", for the lobe that `specular` uses.
    """
    steps = torch.linspace(0.0, 1.0, LOBE_TABLE)
    alpha, facing = (steps**2).clamp(min=MIN_ALPHA).view(-1, 1, 1), steps.clamp(min=2.0e-3).view(1, -1, 1)
    numbers = torch.arange(LOBE_SAMPLES)
    share, turn = (numbers + 0.5) / LOBE_SAMPLES, numbers * (math.pi * (3.0 - math.sqrt(5.0)))
    n_dot_h = torch.sqrt((1.0 - share) / (1.0 + (alpha**2 - 1.0) * share))
    across = torch.sqrt(1.0 - facing**2) * torch.sqrt((1.0 - n_dot_h**2).clamp(min=0.0)) * torch.cos(turn)
    v_dot_h = (across + facing * n_dot_h).clamp(min=0.0)
    n_dot_l = (2.0 * v_dot_h * n_dot_h - facing).clamp(min=0.0)
    seen = 4.0 * smith_visibility(n_dot_l, facing, alpha) * n_dot_l * v_dot_h / n_dot_h
    grazing = (1.0 - v_dot_h) ** 5
    return torch.stack((((1.0 - grazing) * seen).mean(dim=-1), (grazing * seen).mean(dim=-1)))[None]


def lobe_sharpness(roughness: Tensor, facing: Tensor) -> Tensor:
    """[N, 1] sharpness of the spherical Gaussian around the mirrored direction that is most like the GGX lobe.

    Wang et al. 2009, "All-frequency rendering of dynamic, spatially-varying reflectance", section 3.
    """
    return 0.5 / (roughness**4).clamp(min=MIN_ALPHA**2) / facing


@dataclass(frozen=True)
class Layers:
    """How light divides between the coat, the gloss under it and what goes under the surface.

    What is reflected by one is missing below it, so that together they never give back more than came (as OpenPBR's
    "albedo scaling").

    Attributes:
        coat: [N, 1] share of even light that the coat reflects.
        gloss: [N, 1] or [N, 3] share that the gloss under it reflects.
        under_coat: [N, 1] what the coat lets pass.
        under_gloss: [N, 1] or [N, 3] what goes under the surface.
    """

    coat: Tensor
    gloss: Tensor
    under_coat: Tensor
    under_gloss: Tensor


def layers_of(fragment: Fragment) -> Layers:
    """How the surface divides light."""
    coat = fragment.coat * lobe_reflectance(fragment.coat_reflectance, fragment.coat_roughness, fragment.facing)
    gloss = lobe_reflectance(fragment.reflectance, fragment.roughness, fragment.facing)
    under_coat = 1.0 - coat
    return Layers(coat, gloss * under_coat, under_coat, under_coat * (1.0 - gloss) * fragment.matt)


def specular(fragment: Fragment, layers: Layers, to_light: Tensor, spread: Tensor) -> Tensor:
    """[N, 1] or [N, 3] both GGX lobes times the cosine, times pi as `Light.colour` is irradiance over pi."""
    half = unit(to_light + fragment.view)
    n_dot_l = (fragment.normal * to_light).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    n_dot_h = (fragment.normal * half).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    v_dot_h = (fragment.view * half).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    facing = fragment.facing

    def lobe(roughness: Tensor, reflectance: Tensor) -> Tensor:
        alpha = wide_alpha(roughness, spread)
        reflected = schlick_fresnel(reflectance, v_dot_h)
        return ggx_distribution(n_dot_h, alpha) * smith_visibility(n_dot_l, facing, alpha) * reflected

    gloss = layers.under_coat * lobe(fragment.roughness, fragment.reflectance)
    if bool((fragment.coat > 0.0).any()):
        gloss = gloss + fragment.coat * lobe(fragment.coat_roughness, fragment.coat_reflectance)
    return math.pi * n_dot_l * gloss


def coloured_occlusion(openness: Tensor, albedo: Tensor) -> Tensor:
    """Ambient light that is left in a crevice, counting what bounces between its walls.

    Args:
        openness: [N, 1] share of the hemisphere that is free.
        albedo: [N, 3] of the walls.

    Returns:
        [N, 3]; Jimenez et al. 2016, "Practical realtime strategies for accurate indirect occlusion", section 5.
    """
    cubic = (2.0404 * albedo - 0.3324) * openness + (0.6417 - 4.7951 * albedo)
    return torch.maximum(openness.expand_as(albedo), (cubic * openness + (2.7552 * albedo + 0.6903)) * openness)


def mirrored_openness(openness: Tensor, facing: Tensor, roughness: Tensor) -> Tensor:
    """[N, 1] share of the mirrored surroundings that is free, from the free share [N, 1] of the hemisphere.

    Lagarde and de Rousiers 2014, "Moving Frostbite to physically based rendering", section 4.10.
    """
    exponent = torch.exp2(-16.0 * roughness - 1.0)
    return ((facing + openness).clamp(min=EPSILON) ** exponent - 1.0 + openness).clamp(0.0, 1.0)


def matt_light(
    fragment: Fragment, lights: Sequence[Light], lit: Sequence[Tensor], around: Tensor, openness: Tensor
) -> Tensor:
    """[N, 3] irradiance over pi: what falls on the surface, before anything is coloured by it.

    Args:
        fragment: the points.
        lights: the lights.
        lit: for each light, [N, 1] the share of it that each point sees.
        around: [N, 3] irradiance over pi from all around that arrives directly.
        openness: [N, 1] share of even light from all around that arrives.
    """
    bounced = coloured_occlusion(openness, fragment.albedo) / openness.clamp(min=0.02)
    arriving = around * bounced.clamp(min=1.0)
    for light, seen in zip(lights, lit, strict=True):
        to_light, distance = _towards(light, fragment)
        cosine = (fragment.normal * to_light).sum(dim=1, keepdim=True)
        matt = wrapped_cosine(cosine, (0.5 * light.radius / distance).clamp(max=1.0))
        arriving = arriving + matt * seen / distance**2 * light.colour
    return arriving


def glossy_light(
    fragment: Fragment,
    layers: Layers,
    lights: Sequence[Light],
    lit: Sequence[Tensor],
    environment: Environment,
    openness: Tensor,
) -> Tensor:
    """[N, 3] radiance that is reflected to the camera without going under the surface; arguments as `matt_light`."""
    facing = fragment.facing
    mirrored = 2.0 * (fragment.normal * fragment.view).sum(dim=1, keepdim=True) * fragment.normal - fragment.view

    def surroundings(roughness: Tensor) -> Tensor:
        free = mirrored_openness(openness, facing, roughness)
        return environment.radiance(mirrored, lobe_sharpness(roughness, facing)) * free

    colour = layers.gloss * surroundings(fragment.roughness)
    if bool((fragment.coat > 0.0).any()):
        colour = colour + layers.coat * surroundings(fragment.coat_roughness)
    for light, seen in zip(lights, lit, strict=True):
        to_light, distance = _towards(light, fragment)
        reflected = specular(fragment, layers, to_light, light.radius / distance)
        colour = colour + reflected * (seen / distance**2) * light.colour
    return colour


def shade(
    fragment: Fragment, lights: Sequence[Light], lit: Sequence[Tensor], environment: Environment, openness: Tensor
) -> Tensor:
    """Light that leaves points towards the camera, where none of it spreads under the surface.

    Args:
        fragment: the points.
        lights: the lights.
        lit: for each light, [N, 1] the share of it that each point sees.
        environment: light from all around.
        openness: [N, 1] share of that light which reaches each point.

    Returns:
        [N, 3] linear radiance, 0 and up.
    """
    layers = layers_of(fragment)
    around = openness * irradiance(environment.harmonics(), fragment.normal)
    under = fragment.albedo * layers.under_gloss * matt_light(fragment, lights, lit, around, openness)
    return under + glossy_light(fragment, layers, lights, lit, environment, openness)


def _towards(light: Light, fragment: Fragment) -> tuple[Tensor, Tensor]:
    """[N, 3] unit directions to a light's middle, and [N, 1] metres."""
    offset = light.position - fragment.position
    distance = torch.linalg.vector_norm(offset, dim=1, keepdim=True)
    return offset / distance, distance


# --------------------------------------------------------------------------------------------------------- the picture

# Linear Rec. 709 to the space in which film's curve runs, and back to the display.
_TO_FILM = ((0.59719, 0.35458, 0.04823), (0.07600, 0.90834, 0.01566), (0.02840, 0.13383, 0.83777))
_FROM_FILM = ((1.60475, -0.53108, -0.07367), (-0.10208, 1.10813, -0.00605), (-0.00327, -0.07276, 1.07602))


def film(colour: Tensor, exposure: float = 1.0) -> Tensor:
    """Linear radiance to linear display values 0..1, with film's toe and shoulder.

    Stephen Hill's fit to the Academy's reference rendering and sRGB output transforms ("Baking Lab", 2016). Its curve
    runs in a wider colour space, so that bright skin pales as it does on film instead of turning yellow.
    """
    wide = (colour * exposure) @ colour.new_tensor(_TO_FILM).T
    toned = (wide * (wide + 0.0245786) - 0.000090537) / (wide * (0.983729 * wide + 0.4329510) + 0.238081)
    display: Tensor = toned @ colour.new_tensor(_FROM_FILM).T
    return display.clamp(0.0, 1.0)
