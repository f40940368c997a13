"""From new textures to a layer of the skin: what they change, where cameras have seen it, and the rest of the head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d

from dreamface.edits import LARGEST_RATIO, Diffused, specular_of_gloss
from dreamface.geometry import smoothstep
from dreamface.guidance.decoding import DecodedChange
from dreamface.guidance.deriving import changes
from dreamface.guidance.sitter import Sitter, resized
from dreamface.guidance.texturing import Textured
from dreamface.render import Views, look
from dreamface.skin import atlas_of
from dreamface.units import MM

LAYER_SIDE: Final = 1024
"""Texels a side of the layer: textures have half as many, and what is finer is the skin's own."""

_GRID: Final = 128  # texels a side on which is looked at what cameras have seen
_PIXELS: Final = 384  # pixels a side of the pictures for that
_FACING: Final = (0.15, 0.5)  # cosine to a camera from which skin counts as seen
_YAWS: Final = (-1.0, -0.5, 0.0, 0.5, 1.0)  # of the arc
_SOFT: Final = 5  # texels over which what was seen fades into the rest; odd
_COARSE: Final = 32  # texels a side on which colours are continued over the rest of the head
_NEAREST: Final = 24  # places that have been seen, of which the rest takes its colour
_POWER: Final = 2.0  # of the distance by which they count less
_CLOSEST: Final = 3.1622776e-3  # metres: places that are nearer than that count no more
_HIDES: Final = (0.85, 1.0)  # of the largest ratio from which the skin is hidden: no stain makes it so bright
_DARKEST: Final = 1e-3  # albedo

OWN_RELIEF: Final = 0.06
"""Millimetres that relief of 1 in a layer means."""


def skin_layer(
    sitter: Sitter, textured: Textured, side: int = LAYER_SIDE, decoded: DecodedChange | None = None
) -> dict[str, Diffused]:
    """Return what new textures change of the skin, by tile.

    Cameras see the face, the ears and the front of the neck. The rest of the head goes on in the colours of the nearest
    skin that they see, without its detail; the inside of the mouth stays as it is.

    Args:
        sitter: whose skin.
        textured: what texturing has made.
        side: texels of the layer.
        decoded: how specular and relief of the face change, by decoders; None: both are estimated from the colour.
    """
    shown = shown_texels(sitter)
    for tile in sitter.tiles[textured.made :] if textured.made is not None else ():
        shown[tile] = torch.zeros_like(shown[tile])  # it takes the colours of those that were made
    found, grids = {}, {}
    for number, tile in enumerate(sitter.tiles):
        before, after = textured.before[number], textured.after[number]
        lit = torch.ones_like(before)
        found[tile] = changes(before, after, lit, torch.zeros_like(lit))
        grids[tile] = resized(found[tile][:3], _COARSE)
    rest = _continued(sitter, grids, shown)
    made = {}
    for tile, change in found.items():
        seen = resized(shown[tile][None], side).clamp(0.0, 1.0)
        far = interpolate(rest[tile][None], size=(side, side), mode="bilinear", align_corners=False)[0]
        outside = 1.0 - atlas_of(sitter.head.topology, tile, side).region("mouth_inside")
        ratio = torch.lerp(far, resized(change[:3], side), seen) * outside
        relief, gloss = (resized(change[3:5], side) * seen * outside).unbind(0)
        hides = smoothstep(ratio.amax(dim=0) / LARGEST_RATIO, *_HIDES)
        own = resized(sitter.bare[tile]["albedo"].permute(2, 0, 1), side)
        albedo = (own.clamp_min(_DARKEST) * ratio.exp()).clamp(0.0, 1.0)
        made[tile] = Diffused(ratio, albedo, hides, relief, gloss, torch.ones_like(relief))
        if decoded is not None:
            made[tile] = _with_decoded(made[tile], sitter, tile, seen[0], decoded if number == 0 else None)
    return made


def _with_decoded(one: Diffused, sitter: Sitter, tile: str, seen: Tensor, change: DecodedChange | None) -> Diffused:
    """Return the same with specular, and with relief where decoders know the layout; elsewhere both are estimated.

    Args:
        one: what was estimated.
        sitter: whose skin.
        tile: its name.
        seen: [S, S] 0..1 where cameras see the skin.
        change: what decoders have made of this tile; None: nothing.
    """
    side = seen.shape[-1]
    own = resized(sitter.maps[tile]["specular"].permute(2, 0, 1), side)[0]
    target, share = specular_of_gloss(one.gloss, one.hides)
    specular, relief = (target - own) * share, one.relief
    if change is not None:
        known = resized(change.known[None], side)[0].clamp(0.0, 1.0) * seen
        height = interpolate(change.height[None, None], size=(side, side), mode="bicubic", align_corners=False)[0, 0]
        specular = torch.lerp(specular, resized(change.specular[None], side)[0], known)
        relief = torch.lerp(relief, height / (OWN_RELIEF * MM), known)
    room = torch.where(specular > 0.0, 1.0 - own, own).clamp_min(_DARKEST)
    return replace(one, specular=(specular / room).clamp(-1.0, 1.0), relief=relief)


def shown_texels(sitter: Sitter) -> dict[str, Tensor]:
    """Return [128, 128] 0..1 by tile how well the arc's cameras see the skin."""
    arc, vertices = sitter.arc, sitter.head.vertices
    found = {tile: torch.zeros(_GRID * _GRID) for tile in sitter.tiles}
    with torch.no_grad():
        for yaw in _YAWS:
            camera = arc.camera(yaw * arc.yaw, 0.0)
            seen = look(vertices, sitter.mesh, Views.of([camera], vertices), _PIXELS)
            facing = -(seen.normal @ camera.axes(vertices)[2])
            weight = smoothstep(facing, *_FACING)
            texel = ((1.0 - seen.uv[:, 1]) * _GRID).long().clamp(0, _GRID - 1) * _GRID
            texel = texel + (seen.uv[:, 0] * _GRID).long().clamp(0, _GRID - 1)
            for tile, pixels in zip(sitter.tiles, sitter.on_skin(seen), strict=False):
                found[tile].scatter_reduce_(0, texel[pixels], weight[pixels], "amax")
    return {tile: _softened(image.view(1, _GRID, _GRID))[0] for tile, image in found.items()}


def _softened(image: Tensor) -> Tensor:
    """Return [1, H, W] without holes between pixels, and with soft borders."""
    closed = max_pool2d(image, 3, 1, 1)
    return avg_pool2d(closed, _SOFT, 1, _SOFT // 2)


def _continued(sitter: Sitter, ratios: Mapping[str, Tensor], shown: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return [3, 32, 32] by tile: at every texel the ratio of the nearest places that were seen, across tiles."""
    places, values, everywhere = [], [], {}
    for tile, ratio in ratios.items():
        atlas = atlas_of(sitter.head.topology, tile, _COARSE)
        position = atlas.spread(sitter.head.vertices).flatten(1).T
        seen = (resized(shown[tile][None], _COARSE).flatten() > 0.8) & atlas.inside.flatten()
        places.append(position[seen])
        values.append(ratio.flatten(1).T[seen])
        everywhere[tile] = position
    known, colours = torch.cat(places), torch.cat(values)
    if not len(known):
        return {tile: torch.zeros_like(ratio) for tile, ratio in ratios.items()}
    found = {}
    for tile, position in everywhere.items():
        distance, index = torch.cdist(position, known).topk(min(_NEAREST, len(known)), largest=False)
        weight = 1.0 / distance.clamp_min(_CLOSEST) ** _POWER
        mixed = (colours[index] * weight[..., None]).sum(dim=1) / weight.sum(dim=1, keepdim=True)
        found[tile] = mixed.T.reshape(3, _COARSE, _COARSE)
    return found
