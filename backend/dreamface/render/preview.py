"""One picture of a whole head, lit like a studio portrait.

Visibility is found several times per pixel, but a pixel that shows one smooth surface is shaded once; only pixels with
an edge in them are shaded at every sample. What falls on the skin is found first, spreads under it, and only then takes
on its colour, so that shadows get soft and warm borders and freckles stay crisp.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from dreamface.colour import encode_srgb
from dreamface.face import Maps, Material, Topology
from dreamface.hair import Strands
from dreamface.render.camera import Camera, portrait_camera
from dreamface.render.environment import Environment
from dreamface.render.eyes import bend, mirrored, panes
from dreamface.render.fragments import Look, look_at
from dreamface.render.mouth import mouth_light
from dreamface.render.samples import Picture, Samples
from dreamface.render.scattering import Places, spread
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, film, glossy_light, layers_of, matt_light
from dreamface.render.shadows import ShadowCaster
from dreamface.render.strands import Hair, has_length, over
from dreamface.render.studio import Studio, backdrop, portrait_studio
from dreamface.render.veil import VISIBLE, look_through, pixels_near_veil

EXPOSURE = 1.1
"""Scales the light before the film curve, so that skin of luminance `MIDDLE_SKIN` comes out as bright as it is."""

MIDDLE_SKIN, ADAPTATION = 0.25, 0.12
"""A photographer opens up a little for dark skin and stops down for pale skin: exposure goes with the skin's luminance
to minus this power, so that three stops between people are still more than two and a half in the picture."""

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear Rec. 709."""


def preview(
    vertices: Tensor,
    topology: Topology,
    materials: Mapping[str, Material],
    maps: Maps,
    *,
    size: int = 512,
    camera: Camera | None = None,
    strands: Strands | None = None,
    studio: Studio | None = None,
) -> Tensor:
    """A studio portrait of the head.

    Parts that light passes through (the corneas, the eyes' wetness) hide nothing, but bend what is behind them, and the
    studio is mirrored in them. Parts with a map of their opacity (lashes on cards) hide as much as it says.

    Args:
        vertices: [V, 3] metres.
        topology: the head's faces, texture layout and parts.
        materials: every part's material, by name.
        maps: the textures of every tile that a material reads.
        size: side of the picture in pixels.
        camera: where it is seen from; None: `portrait_camera` of the vertices.
        strands: the hair on it.
        studio: what shines, and the paper behind; None: `portrait_studio` of the camera.

    Returns:
        [size, size, 3] sRGB-encoded, 0..1. The same input gives the same bytes.
    """
    with torch.no_grad():
        scene = Scene(vertices, topology, materials, maps, camera or portrait_camera(vertices), size)
        studio = studio or portrait_studio(scene.camera, vertices)
        lights, environment = studio.lights, studio.environment
        hair = Hair(scene, strands, lights, environment) if strands is not None and has_length(strands) else None
        head = Picture(scene)
        samples, veil, covered, share = _take_samples(scene, head)
        clear = panes(scene, samples) if len(scene.clear) else None
        seen = bend(scene, samples, clear) if clear else samples
        hit = torch.nonzero(seen.triangle >= 0)[:, 0]
        colour, exposure, caster = backdrop(samples.place / size, studio), EXPOSURE, None
        if len(hit) + len(covered):
            both = seen.of(hit).and_then(veil)
            look = look_at(scene, both)
            caster = ShadowCaster(scene, lights, environment, look.fragment.position)
            shaded, exposure = _shade(scene, both, len(hit), look, lights, environment, caster, hair), _exposure(look)
            colour *= EXPOSURE / exposure
            colour[hit] = shaded[: len(hit)]
        if clear:
            colour[clear.sample] += mirrored(scene, clear, lights, environment)
        if len(covered):
            colour[covered] = torch.lerp(colour[covered], shaded[len(hit) :], share)
        if hair:
            colour = over(samples, colour, hair.picture(head, caster), size)
        picture = torch.zeros(size * size, 3, device=vertices.device)
        picture.index_add_(0, samples.pixel, encode_srgb(film(colour, exposure)) * samples.share[:, None])
        return picture.view(size, size, 3)


def _take_samples(scene: Scene, picture: Picture) -> tuple[Samples, Samples, Tensor, Tensor]:
    """The middle of every pixel, and all samples of those with an edge or something veiled in them.

    Returns:
        [N] samples of what is solid, [M] of the nearest layer of what veils them, [M] which of the former that is over,
        and [M, 1] how much all layers there hide.
    """
    covering = picture.every(pixels_near_veil(scene))
    layer, share = look_through(scene, covering)
    veiled = torch.zeros(scene.size**2, dtype=torch.bool, device=share.device)
    veiled[covering.pixel[share[:, 0] > VISIBLE]] = True
    kept = veiled[covering.pixel]
    layer, share = layer.of(kept), share[kept]
    veiled = veiled.view(scene.size, scene.size)
    edges = picture.edges()
    samples = covering.of(kept).and_then(picture.every(edges & ~veiled)).and_then(picture.middle(~edges & ~veiled))
    covered = torch.nonzero(layer.triangle >= 0)[:, 0]
    return samples, layer.of(covered), covered, share[covered]


def _shade(
    scene: Scene,
    samples: Samples,
    count: int,
    look: Look,
    lights: tuple[Light, ...],
    environment: Environment,
    caster: ShadowCaster,
    hair: Hair | None,
) -> Tensor:
    """[N, 3] linear colour of samples: the first `count` hit something solid, the others veil some of them."""
    fragment = look.fragment
    arriving = caster.arriving(look.rounded, look.smooth, fragment.normal, look.lengths[look.medium])
    if hair:
        arriving = hair.over(arriving, samples)
    light = matt_light(fragment, lights, arriving.lit, arriving.around, arriving.openness)
    light = light + look.scattering * arriving.through
    if (in_mouth := mouth_light(scene, samples, lights, environment)) is not None:
        light = light + in_mouth
    light[:count] = _spread(scene, samples.of(slice(count)), look, light[:count])
    layers = layers_of(fragment)
    gloss = glossy_light(fragment, layers, lights, arriving.lit, environment, arriving.openness)
    return fragment.albedo * layers.under_gloss * light + gloss


def _exposure(look: Look) -> float:
    """What the light is scaled by before the film curve."""
    skin = look.lengths.amax(dim=1)[look.medium] > 0.0
    if not bool(skin.any()):
        return EXPOSURE
    luminance = float(look.fragment.albedo[skin].mean(dim=0) @ look.lengths.new_tensor(LUMINANCE))
    return EXPOSURE * (max(luminance, 0.01) / MIDDLE_SKIN) ** -ADAPTATION


def _spread(scene: Scene, samples: Samples, look: Look, light: Tensor) -> Tensor:
    """[N, 3] what falls on the samples, after it has spread under their surface."""
    count = len(samples.pixel)
    medium, scattering = look.medium[:count], look.scattering[:count]
    inside = (look.lengths[medium].amax(dim=1) > 0.0) & (scattering[:, 0] > 0.0)
    if not bool(inside.any()):
        return light
    span = 2.0 * math.tan(0.5 * scene.camera.fov) / scene.size * float(samples.depth[inside].median())
    body = torch.where(inside, scene.object_of_triangle[samples.triangle], -1)
    places = Places(samples.pixel, samples.share, samples.depth, body, scene.size, span)
    return spread(light, places, look.lengths, medium, scattering)
