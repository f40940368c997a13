"""Traits and a head to maps: the coarse layers, enlarged, with everything fine laid over them a few rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from dreamface.errors import BadRequest
from dreamface.face import Head, Maps, TileMaps
from dreamface.progress import Progress
from dreamface.skin.atlas import Surface, coarser, surface_of
from dreamface.skin.complexion import Complexion, complexion
from dreamface.skin.eyeball import eyeballs
from dreamface.skin.eyes import paint_eyes
from dreamface.skin.hair import HairLayer, beard_cover, paint_hair, scalp_cover
from dreamface.skin.lashes import paint_lashes
from dreamface.skin.layout import skin_tiles
from dreamface.skin.marks import coverage
from dreamface.skin.mouth import paint_mouth
from dreamface.skin.pigments import pigment_slopes
from dreamface.skin.relief import FinePattern, bumps, fine_height, fine_pattern, lip_creases, slopes, wrinkles
from dreamface.skin.spots import Spots, paint_spots
from dreamface.traits import Traits

_SPOT_MELANIN: Final = 0.34  # on paler skin the trait's curve is flat, but freckles are as brown as on this
_MULTIPLE: Final = 128  # texels; sides are multiples of it
_SMALLEST_COARSE, _LARGEST_COARSE = 256, 512  # texels a side of what is painted coarsely
_BAND: Final = 128  # rows that are finished at a time, so that they stay in the processor's cache
_LIP_CREASE_DEPTH: Final = 3.5e-5  # metres
_HAIR_HEIGHT: Final = 3.0e-5  # metres
_CAVITY_SHADE: Final = 0.13  # of albedo in a pore's middle
_GRAIN: Final = 0.022  # deviation of the albedo from field to field
_WRINKLE_SHADE: Final = 260.0  # per metre: a groove of 0.3 mm is 8 % darker


def paint(
    head: Head,
    traits: Traits,
    *,
    resolution: int,
    seed: int,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Maps:
    """All textures of a head.

    Args:
        head: whose skin it is; its topology's regions say where lips, brows and so on are.
        traits: colours, marks, wrinkles, brows, make-up.
        resolution: side of the skin's tiles in texels, a multiple of 128; the eyes' and the mouth's tiles are smaller.
        seed: of everything random; the same input gives the same bytes.
        progress: told what is being painted.

    Raises:
        BadRequest: the resolution is no multiple of 128.
        Cancelled: the progress said so.
    """
    if resolution < _MULTIPLE or resolution % _MULTIPLE:
        raise BadRequest(f"The maps' resolution must be a multiple of {_MULTIPLE}; got {resolution}.")
    tiles = skin_tiles(head.topology)
    found: dict[str, TileMaps] = {}
    with torch.no_grad():
        pattern = fine_pattern(resolution, seed)
        for number, tile in enumerate(tiles):
            share = progress.part(0.8 * number / len(tiles), 0.8 * (number + 1) / len(tiles))
            found[tile] = _paint_skin(head, tile, traits, pattern, resolution, seed, share)
        progress.report("skin", 0.8, "Painting the eyes")
        eyes = eyeballs(head)
        found |= paint_eyes(head, eyes, traits, resolution, seed)
        progress.report("skin", 0.9, "Painting the mouth")
        found |= paint_mouth(head, traits, resolution, seed)
        progress.report("skin", 0.95, "Drawing the lashes")
        found |= paint_lashes(head, eyes, traits, resolution, seed)
        progress.report("skin", 1.0, "Painted")
    return {tile: found[tile] for tile in head.topology.tiles if tile in found}


@dataclass(frozen=True)
class _Layers:
    """Everything that the bands are put together from.

    Attributes:
        size: of the maps.
        coarse: [C, S, S], see `_stack`.
        pattern: the repeating fine relief.
        creases: [size, size] of the lips, or None where there are none.
        wrinkles: [W, W] metres, or None.
        spots: at full size, or None.
        hairs: at full size.
        melanin_slope, blood_slope: [3] from `pigment_slopes`.
    """

    size: int
    coarse: Tensor
    pattern: FinePattern
    creases: Tensor | None
    wrinkles: Tensor | None
    spots: Spots | None
    hairs: list[HairLayer]
    melanin_slope: Tensor
    blood_slope: Tensor


def _paint_skin(
    head: Head, tile: str, traits: Traits, pattern: FinePattern, size: int, seed: int, progress: Progress
) -> dict[str, Tensor]:
    progress.report("skin", 0.0, "Mixing pigments")
    surface = surface_of(head, tile, coarser(size, min(_LARGEST_COARSE, max(size // 2, _SMALLEST_COARSE))))
    hair_cover = torch.maximum(scalp_cover(surface, head, traits), 0.5 * beard_cover(surface, head, traits))
    coarse = _stack(surface, complexion(surface, traits, seed, hair_cover), seed)
    progress.report("skin", 0.3, "Drawing brows, hairs and freckles")
    spots = paint_spots(surface, head, traits, size, seed)
    hairs = paint_hair(surface, head, traits, size, seed)
    progress.report("skin", 0.6, "Folding wrinkles and pores")
    slopes_of_pigments = pigment_slopes(
        max(traits.number("skin.melanin"), _SPOT_MELANIN),
        traits.number("skin.redness"),
        traits.number("skin.yellowness"),
    )
    layers = _Layers(
        size,
        coarse,
        pattern,
        lip_creases(surface, size, seed),
        wrinkles(surface, traits, size, seed),
        spots,
        hairs,
        *slopes_of_pigments,
    )
    return _finish(layers, traits, progress.part(0.7, 1.0))


def _stack(surface: Surface, base: Complexion, seed: int) -> Tensor:
    """[13, S, S]: albedo 0:3, roughness 3, specular 4, subsurface 5, pores 6, lines 7, lip 8, bumps 9, metric 10:13."""
    interior = surface.atlas.interior
    return torch.cat(
        (
            base.albedo, base.roughness, base.specular, base.subsurface, base.pores * interior, base.lines * interior,
            base.lip * interior, bumps(surface, seed), surface.metric,
        )
    )  # fmt: skip


def _finish(layers: _Layers, traits: Traits, progress: Progress) -> dict[str, Tensor]:
    size = layers.size
    maps = {
        name: torch.empty(size, size, channels)
        for name, channels in (
            ("albedo", 3), ("specular", 1), ("roughness", 1), ("normal", 3), ("displacement", 1), ("subsurface", 1)
        )
    }  # fmt: skip
    height = torch.empty(size + 2, size)
    metric = []
    for rows, coarse in _bands(layers.coarse, size):
        height[rows.start + 1 : rows.stop + 1] = _finish_band(maps, layers, traits, rows, coarse)
        metric.append(coarse[10:13])
    height[0], height[-1] = height[1], height[-2]
    maps["displacement"].copy_(height[1:-1, :, None])
    progress.report("skin", 0.6, "Turning relief into normals")
    for (rows, _), scale in zip(_bands(layers.coarse[:1], size), metric, strict=True):
        along_u, along_v = slopes(height[rows.start : rows.stop + 2], scale, size)
        upright = torch.rsqrt(1.0 + along_u * along_u + along_v * along_v)
        normal = maps["normal"][rows]
        normal[..., 0] = -along_u * upright
        normal[..., 1] = -along_v * upright
        normal[..., 2] = upright
    return maps


def _bands(image: Tensor, size: int) -> Iterator[tuple[slice, Tensor]]:
    """Rows of the enlarged image, band by band: slices of rows and [C, rows, size], bilinear."""
    coarse_size = image.shape[1]
    factor = size // coarse_size
    padded = pad(image[None], (0, 0, 1, 1), mode="replicate")
    step = max(1, _BAND // factor)
    for start in range(0, coarse_size, step):
        stop = min(coarse_size, start + step)
        piece = padded[:, :, start : stop + 2]
        large = interpolate(piece, size=(piece.shape[2] * factor, size), mode="bilinear", align_corners=False)
        yield slice(start * factor, stop * factor), large[0, :, factor:-factor]


def _finish_band(maps: dict[str, Tensor], layers: _Layers, traits: Traits, rows: slice, coarse: Tensor) -> Tensor:
    """Write the band's maps other than those of relief; returns its height, [rows, size] metres."""
    pattern = _pattern_rows(layers.pattern, rows, layers.size)
    pores, lines, lip = coarse[6], coarse[7], coarse[8]
    height = coarse[9] + fine_height(pattern, pores, lines, traits)
    light = 1.0 + lines * (_GRAIN * pattern.grain) - (_CAVITY_SHADE * pores) * pattern.pores
    if layers.creases is not None:
        crease = layers.creases[rows] * lip
        height += _LIP_CREASE_DEPTH * crease
        light += 0.045 * crease
    if layers.wrinkles is not None:
        folds = _enlarged_rows(layers.wrinkles, rows, layers.size)
        height += folds
        light += (_WRINKLE_SHADE * folds).clamp(-0.35, 0.05)
    albedo = coarse[:3] * light
    if layers.spots is not None:
        melanin, blood = layers.spots.melanin[rows], layers.spots.blood[rows]
        albedo *= torch.exp(layers.melanin_slope[:, None, None] * melanin + layers.blood_slope[:, None, None] * blood)
        height += layers.spots.height[rows]
    roughness = coarse[3] + 0.10 * pores * pattern.pores + 0.03 * lines * pattern.grain
    for layer in layers.hairs:
        hidden = coverage(layer.depth[rows])
        albedo = torch.lerp(albedo, layer.colour[:, None, None], hidden)
        height += _HAIR_HEIGHT * hidden
    maps["albedo"][rows] = albedo.clamp_(0.0, 1.0).permute(1, 2, 0)
    maps["roughness"][rows, :, 0] = roughness.clamp_(0.0, 1.0)
    maps["specular"][rows, :, 0] = coarse[4] * (1.0 - 0.5 * pores * pattern.pores - 0.15 * lines * pattern.lines)
    maps["subsurface"][rows, :, 0] = coarse[5]
    return height


def _pattern_rows(pattern: FinePattern, rows: slice, size: int) -> FinePattern:
    """The repeating pattern over whole rows of the tile."""
    side = pattern.pores.shape[0]
    index = torch.arange(rows.start, rows.stop).remainder(side)
    images = (pattern.pores, pattern.lines, pattern.grain)
    return FinePattern(*(image[index].repeat(1, size // side) for image in images))


def _enlarged_rows(image: Tensor, rows: slice, size: int) -> Tensor:
    """[rows, size] of a smaller square image; bicubic, so that slopes are smooth too."""
    factor = size // image.shape[0]
    if factor == 1:
        return image[rows]
    margin = 2
    padded = pad(image[None, None], (0, 0, margin, margin), mode="replicate")
    start, stop = rows.start // factor, rows.stop // factor
    piece = padded[:, :, start : stop + 2 * margin]
    large = interpolate(piece, size=(piece.shape[2] * factor, size), mode="bicubic", align_corners=False)
    return large[0, 0, margin * factor : -margin * factor]
