"""Shading: plain torch, differentiable with respect to vertices, textures and lights.

Visibility comes in as constants (`raster`): which triangle is seen and with which weights. Colours are linear Rec. 709
until `encode_srgb`. Vectors are unit length, N is the number of points being shaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

WRAP = 0.3
"""How far diffuse light reaches around the terminator where a material scatters fully; cosine of the angle past it."""

SOFTENING = 0.85
"""How much of the normal map's relief that full scattering washes out of the diffuse light."""

MIN_ALPHA = 2.0e-3
"""Squared roughness of the smoothest surface: below it single precision loses the highlight."""

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
    """

    position: Tensor
    colour: Tensor
    radius: float


@dataclass(frozen=True)
class Ambient:
    """Light from everywhere: [3] radiance from above and from below."""

    sky: Tensor
    ground: Tensor

    def towards(self, direction: Tensor) -> Tensor:
        """[N, 3] radiance that comes from directions [N, 3]; also the mean over the hemisphere around them."""
        return torch.lerp(self.ground, self.sky, 0.5 + 0.5 * direction[:, 2:])


@dataclass(frozen=True)
class Fragment:
    """Points of a surface, ready for light.

    Attributes:
        position: [N, 3] metres.
        normal: [N, 3] with the normal map's relief.
        soft_normal: [N, 3] without it.
        view: [N, 3] towards the camera.
        albedo: [N, 3].
        roughness: [N, 1] 0..1, perceptual.
        reflectance: [N, 1] 0..1 at normal incidence.
        scatter: [N, 3] 0..1, how much each channel's light spreads under the surface.
    """

    position: Tensor
    normal: Tensor
    soft_normal: Tensor
    view: Tensor
    albedo: Tensor
    roughness: Tensor
    reflectance: Tensor
    scatter: Tensor


# --------------------------------------------------------------------------------------------------------- geometry


def unit(vectors: Tensor) -> Tensor:
    """[..., 3] of length 1; what has next to none stays short, with finite gradients."""
    length: Tensor = torch.sqrt((vectors * vectors).sum(dim=-1, keepdim=True) + TINY)
    return vectors / length


def interpolate(attributes: Tensor, corners: Tensor, barycentric: Tensor) -> Tensor:
    """Attributes [V, C] at points given by their triangles' corners [N, 3] and weights [N, 3]: [N, C]."""
    return torch.einsum("nkc,nk->nc", attributes[corners], barycentric)


def face_normals(vertices: Tensor, triangles: Tensor) -> Tensor:
    """[T, 3] normals of triangles, as long as twice their area."""
    a, b, c = vertices[triangles].unbind(1)
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


def diffuse(fragment: Fragment, to_light: Tensor, spread: Tensor) -> Tensor:
    """[N, 3] wrapped diffuse cosine, per channel: scattered light goes further round and loses the fine relief.

    Args:
        fragment: the points.
        to_light: [N, 3].
        spread: [N, 1] radius over distance of the light, which softens the terminator by itself.
    """
    sharp = (fragment.normal * to_light).sum(dim=1, keepdim=True)
    soft = (fragment.soft_normal * to_light).sum(dim=1, keepdim=True)
    cosine = torch.lerp(sharp, soft, SOFTENING * fragment.scatter)
    return wrapped_cosine(cosine, (WRAP * fragment.scatter + 0.5 * spread).clamp(max=1.0))


def specular(fragment: Fragment, to_light: Tensor, spread: Tensor) -> Tensor:
    """[N, 1] GGX reflection times the cosine, times pi as `Light.colour` is irradiance over pi.

    The light's size widens the lobe, as in Karis 2013, "Real shading in Unreal Engine 4".
    """
    half = unit(to_light + fragment.view)
    n_dot_l = (fragment.normal * to_light).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    n_dot_v = (fragment.normal * fragment.view).sum(dim=1, keepdim=True).clamp(1.0e-3, 1.0)
    n_dot_h = (fragment.normal * half).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    v_dot_h = (fragment.view * half).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    alpha = (fragment.roughness**2).clamp(min=MIN_ALPHA)
    wide = (alpha + 0.5 * spread).clamp(max=1.0)
    lobe = ggx_distribution(n_dot_h, wide) * smith_visibility(n_dot_l, n_dot_v, wide)
    return math.pi * lobe * schlick_fresnel(fragment.reflectance, v_dot_h) * n_dot_l


def environment_reflectance(fragment: Fragment) -> Tensor:
    """[N, 1] share of even light from everywhere that is reflected.

    Karis 2014, "Physically based shading on mobile": a fit to the integral of the GGX lobe, after Lazarov 2013.
    """
    n_dot_v = (fragment.normal * fragment.view).sum(dim=1, keepdim=True).clamp(0.0, 1.0)
    gloss = 1.0 - fragment.roughness
    grazing = torch.minimum(gloss * gloss, torch.exp2(-9.28 * n_dot_v)) * gloss + 0.0425 - 0.0275 * fragment.roughness
    scale = -1.04 * grazing + 1.04 - 0.572 * fragment.roughness
    return fragment.reflectance * scale + 1.04 * grazing - 0.04 + 0.022 * fragment.roughness


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


def mirrored_openness(openness: Tensor, fragment: Fragment) -> Tensor:
    """[N, 1] share of the reflected surroundings that is free, from the free share [N, 1] of the hemisphere.

    Lagarde and de Rousiers 2014, "Moving Frostbite to physically based rendering", section 4.10.
    """
    n_dot_v = (fragment.normal * fragment.view).sum(dim=1, keepdim=True).clamp(EPSILON, 1.0)
    exponent = torch.exp2(-16.0 * fragment.roughness - 1.0)
    return ((n_dot_v + openness) ** exponent - 1.0 + openness).clamp(0.0, 1.0)


def shade(
    fragment: Fragment, lights: Sequence[Light], lit: Sequence[Tensor], ambient: Ambient, openness: Tensor
) -> Tensor:
    """Light that leaves points towards the camera.

    Args:
        fragment: the points.
        lights: the lights.
        lit: for each light, the share of it that each point sees: [N, 3] per channel, or [N, 1].
        ambient: light from everywhere.
        openness: [N, 1] share of the ambient light that reaches each point.

    Returns:
        [N, 3] linear radiance, 0 and up.
    """
    reflected = 2.0 * (fragment.normal * fragment.view).sum(dim=1, keepdim=True) * fragment.normal - fragment.view
    around = ambient.towards(fragment.normal) * coloured_occlusion(openness, fragment.albedo)
    colour = fragment.albedo * around
    mirrored = ambient.towards(reflected) * mirrored_openness(openness, fragment)
    colour = colour + environment_reflectance(fragment) * mirrored
    for light, seen in zip(lights, lit, strict=True):
        offset = light.position - fragment.position
        distance = torch.linalg.vector_norm(offset, dim=1, keepdim=True)
        to_light, spread = offset / distance, light.radius / distance
        gloss = specular(fragment, to_light, spread) * seen.mean(dim=1, keepdim=True)
        matte = fragment.albedo * (1.0 - fragment.reflectance) * diffuse(fragment, to_light, spread) * seen
        colour = colour + (matte + gloss) * light.colour / distance**2
    return colour


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


def encode_srgb(linear: Tensor) -> Tensor:
    """Linear 0..1 to sRGB-encoded 0..1 (IEC 61966-2-1)."""
    linear = linear.clamp(0.0, 1.0)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=0.0031308) ** (1.0 / 2.4) - 0.055)
