"""The pictures on cards: an atlas of strips, each with hairs from its upper edge to its lower one.

Every region has a block of the atlas, whether it has hair or not, so that strips lie at the same place in all faces.
Hairs are drawn one after the other from the lowest to the uppermost, all strips at once, each as a line with a centre
and a width in every row of texels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from dreamface.arrays import Float32Array
from dreamface.geometry import smoothstep
from dreamface.hair import REGIONS, Hair, HairColour, Region
from dreamface.skin import hair_pigment, strand_colours

_BLOCKS: Final[dict[Region, tuple[float, float, float, float]]] = {
    "scalp": (0.0, 0.0, 0.625, 1.0),
    "beard": (0.625, 0.0, 1.0, 0.5),
    "brows": (0.625, 0.5, 1.0, 0.75),
    "lashes": (0.625, 0.75, 1.0, 1.0),
}
"""Left, top, right and bottom of each region's part of the atlas, from its upper left corner."""

_GUTTER: Final = 2.5  # texels at 1024 between a strip's edge and what cards show of it
_USUAL: Final = 1024  # texels a side that the numbers of this file are for


@dataclass(frozen=True)
class _Kind:
    """How the hairs of one kind of strip are.

    Attributes:
        hairs: how many.
        width: texels, of a hair at its root.
        reach: 0..1 of the strip's half width that roots are spread over.
        gather: 0..1, how far hairs draw together to their tuft.
        tufts: how many.
        shortest: share of the strip's length that the shortest hair has.
        start: share of the length within which hairs begin.
        narrowing: of the strip's width that is lost at the tips.
    """

    hairs: int
    width: float
    reach: float = 0.88
    gather: float = 0.3
    tufts: int = 5
    shortest: float = 0.7
    start: float = 0.0
    narrowing: float = 0.25


_KINDS: Final = {
    "base": _Kind(90, 3.2, 0.95, 0.1, 6, 0.80, 0.0, 0.1),
    "dense": _Kind(64, 2.4, 0.90, 0.35, 6, 0.70, 0.01, 0.2),
    "medium": _Kind(40, 2.2, 0.88, 0.55, 5, 0.60, 0.03, 0.25),
    "wispy": _Kind(22, 2.0, 0.88, 0.6, 4, 0.50, 0.05, 0.3),
    "thin": _Kind(13, 1.8, 0.85, 0.3, 4, 0.40, 0.08, 0.3),
    "fly": _Kind(4, 1.7, 0.7, 0.1, 4, 0.5, 0.05, 0.1),
    "rope": _Kind(80, 2.6, 0.80, 0.05, 3, 0.85, 0.0, 0.1),
}
_BEARD_KINDS: Final = {
    "base": _Kind(60, 2.4, 0.92, 0.10, 6, 0.35, 0.10, 0.05),
    "dense": _Kind(34, 1.9, 0.85, 0.25, 6, 0.25, 0.20, 0.05),
    "medium": _Kind(22, 1.8, 0.80, 0.30, 5, 0.25, 0.25, 0.0),
    "wispy": _Kind(13, 1.7, 0.80, 0.30, 4, 0.25, 0.25, 0.0),
    "thin": _Kind(9, 1.6, 0.80, 0.20, 4, 0.30, 0.20, 0.0),
    "fly": _Kind(4, 1.6, 0.7, 0.1, 4, 0.4, 0.1, 0.0),
    "rope": _KINDS["rope"],
}  # their ends are ragged: short cards that end alike would look like scales
_FINE_KINDS: Final = {
    "dense": _Kind(15, 1.9, 0.70, 0.10, 5, 0.40, 0.30, -0.15),
    "medium": _Kind(10, 1.8, 0.65, 0.10, 4, 0.40, 0.35, -0.20),
    "thin": _Kind(6, 1.7, 0.60, 0.10, 3, 0.40, 0.30, -0.25),
}  # of brows
_LASH_KINDS: Final = {
    "dense": _Kind(7, 4.5, 0.8, 0.7, 2, 0.75, 0.02, 0.2),
    "medium": _Kind(5, 4.2, 0.75, 0.5, 2, 0.7, 0.02, 0.2),
    "thin": _Kind(3, 4.0, 0.7, 0.3, 2, 0.6, 0.02, 0.2),
}
_COLUMNS: Final[dict[Region, tuple[str, ...]]] = {
    "scalp": ("base", "dense", "dense", "medium", "medium", "wispy", "thin", "fly"),
    "beard": ("base", "dense", "medium", "wispy", "thin", "fly"),
    "brows": ("dense", "dense", "medium", "medium", "thin", "thin"),
    "lashes": ("dense", "dense", "medium", "medium", "thin", "thin"),
}
_ROPED: Final[dict[Region, tuple[str, ...]]] = {
    "scalp": ("base", "dense", "medium", "wispy", "thin", "fly", "rope", "rope"),
    "beard": ("base", "dense", "medium", "thin", "fly", "rope"),
}  # where there are braids or dreadlocks
_TALLEST: Final = ((0.18, 1), (0.08, 2), (0.0, 4))  # metres of hair from which so many strips lie below each other

_TAPER: Final = 0.35  # of its width, what a hair has left at the tip
_FADING: Final = 0.10  # share of a hair's length over which its tip gets thin
_THINNEST: Final = 0.75  # texels: thinner hairs would be cut away by a viewer's threshold
_LOW_SHADE, _HIGH_SHADE = 0.62, 1.15  # how bright the lowest and the uppermost hairs of a card are: others shade them
_ROOT_SHADE: Final = 0.72
_ROOT_REACH: Final = 0.18  # share of the length that is darker near the skin
_RELIEF: Final = 0.55  # how far normals at a hair's side lean over
_SOLID: Final = 0.5  # opacity from which a texel shows a hair's number, depth and place
_FILL: Final = 0.02  # opacity below which a texel takes on its row's mean colour, for smaller copies of the picture
_COLOUR_PLACES: Final = 96  # along a hair
_COARSE: Final = 4  # rows of texels, that a hair goes straight over

CHANNELS: Final = ("albedo", "opacity", "normal", "flow", "root_to_tip", "id", "depth")
"""What `bake` makes."""


@dataclass(frozen=True)
class Strip:
    """One strip of the atlas.

    Attributes:
        region: whose.
        kind: of hairs.
        box: left, top, right and bottom texel.
        size: texels a side of the atlas.
    """

    region: Region
    kind: str
    box: tuple[int, int, int, int]
    size: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Texture coordinates of what a card shows: u at its left and right, v at its root and tip."""
        left, top, right, bottom = self.box
        gutter = _GUTTER * self.size / _USUAL
        u = ((left + gutter) / self.size, (right - gutter) / self.size)
        return *u, 1.0 - (top + gutter) / self.size, 1.0 - (bottom - gutter) / self.size


def strips_of(region: Region, length: float, ropes: bool, resolution: int) -> list[Strip]:
    """Return the strips of a region's block.

    Args:
        region: which.
        length: metres of its hairs: short ones lie in several rows, so that texels are about square on the cards.
        ropes: whether braids or dreadlocks need strips.
        resolution: texels a side of the atlas.
    """
    kinds = _ROPED.get(region, _COLUMNS[region]) if ropes else _COLUMNS[region]
    rows = next(rows for least, rows in _TALLEST if length >= least) if region in ("scalp", "beard") else 1
    if region == "beard":
        rows = max(1, rows // 2)
    left, top, right, bottom = (edge * resolution for edge in _BLOCKS[region])
    wide, high = int((right - left) / len(kinds)), int((bottom - top) / rows)
    found = []
    for row in range(rows):
        for column, kind in enumerate(kinds):
            x, y = int(left) + column * wide, int(top) + row * high
            found.append(Strip(region, kind, (x, y, x + wide, y + high), resolution))
    return found


# --------------------------------------------------------------------------------------------------------------- baking


@dataclass(frozen=True)
class Look:
    """What is drawn on a region's strips.

    Attributes:
        hair: of the region.
        wave: height of curls over half the strip's width, and how many there are from root to tip.
        frizz: how far hairs leave their way, over half the strip's width.
    """

    hair: Hair
    wave: tuple[float, float]
    frizz: float


def bake(
    strips: list[Strip], looks: Mapping[Region, Look], resolution: int, generator: torch.Generator
) -> dict[str, Tensor]:
    """Return the atlas: channel -> [resolution, resolution, C], as in `Cards`.

    Args:
        strips: of all regions with hair.
        looks: of these regions.
        resolution: texels a side.
        generator: of what is uneven.
    """
    atlas = _empty(looks, resolution)
    for strip in strips:
        left, top, right, bottom = strip.box
        hairs = _hairs_of(strip, looks[strip.region], bottom - top, right - left, generator)
        for channel, image in _channels(hairs.drawn(right - left)).items():
            atlas[channel][top:bottom, left:right] = image
    return atlas


def _empty(looks: Mapping[Region, Look], resolution: int) -> dict[str, Tensor]:
    """An atlas without hairs: nothing is opaque, and the colour is what the regions' hair has."""
    flat = torch.tensor([0.0, 0.0, 1.0]).expand(resolution, resolution, 3).clone()
    down = torch.tensor([0.0, -1.0, 0.0]).expand(resolution, resolution, 3).clone()
    albedo = torch.zeros(resolution, resolution, 3)
    for region in REGIONS:
        left, top, right, bottom = (int(edge * resolution) for edge in _BLOCKS[region])
        look = looks.get(region) or next(iter(looks.values()))
        albedo[top:bottom, left:right] = hair_pigment(look.hair.colour.melanin, look.hair.colour.redness)
    grey = {name: torch.zeros(resolution, resolution, 1) for name in ("opacity", "root_to_tip", "id", "depth")}
    return {"albedo": albedo, "normal": flat, "flow": down, **grey}


@dataclass(frozen=True)
class _Hairs:
    """The hairs of a strip, S of them and the lowest first; H rows of texels run from root to tip.

    Attributes:
        centre: [S, H] texels from the strip's left edge.
        half: [S, H] texels to either side, measured along a row.
        slope: [S, H] texels to the right per row.
        alpha: [S, H] 0..1.
        share: [S, H] 0..1 from each hair's root to its tip.
        colour: [S, P, 3] at P places from each hair's root to its tip.
        number: [S].
    """

    centre: Tensor
    half: Tensor
    slope: Tensor
    alpha: Tensor
    share: Tensor
    colour: Tensor
    number: Tensor

    def drawn(self, width: int) -> Tensor:
        """[H, W, 11]: colour, relief and flow, all times opacity; opacity; place, number and depth.

        One hair at a time, in numpy: torch would share so few texels among threads, and wait for those that are busy.
        """
        count, height = self.centre.shape
        image = np.zeros((height * width, 11), np.float32)
        lines = [self.centre, self.half, self.slope, self.alpha, self.share]
        centre, half, slope, alpha, share = (line.numpy() for line in lines)
        place = np.rint(share * (self.colour.shape[1] - 1)).astype(np.int64)
        colour, number = self.colour.numpy(), self.number.numpy()
        for index in range(count):
            facts = np.stack((share[index], np.full(height, number[index]), np.full(height, index / count)), axis=1)
            long = 1.0 / np.sqrt(1.0 + slope[index] ** 2)
            own = np.concatenate(
                (colour[index, place[index]], (slope[index] * long)[:, None], -long[:, None], facts), axis=1
            )
            _draw_hair(image, centre[index], half[index], alpha[index], own.astype(np.float32), width)
        return torch.from_numpy(image).view(height, width, 11)


def _draw_hair(
    image: Float32Array, centre: Float32Array, half: Float32Array, alpha: Float32Array, own: Float32Array, width: int
) -> None:
    """Lay one hair over those that are drawn.

    Args:
        image: [H * W, 11], see `_Hairs.drawn`.
        centre: [H] texels from the left.
        half: [H] texels to either side.
        alpha: [H] 0..1.
        own: [H, 8] colour, flow, place, number and depth.
        width: W.
    """
    span = math.ceil(float(half.max()) + 1.0)
    columns = np.floor(centre).astype(np.int64)[:, None] + np.arange(-span, span + 1)
    off = columns + np.float32(0.5) - centre[:, None]
    reach = half[:, None]
    cover = np.minimum(np.clip(reach + np.float32(0.5) - np.abs(off), 0.0, 1.0), 2.0 * reach) * alpha[:, None]
    row, column = np.nonzero((cover > 0.0) & (columns >= 1) & (columns < width - 1))
    if not len(row):
        return
    place, share = row * width + columns[row, column], cover[row, column][:, None].astype(np.float32)
    lean = _RELIEF * np.clip(off[row, column] / (half[row] + 0.5), -1.0, 1.0)[:, None]
    hair = own[row]
    relief = -lean * hair[:, [4, 3]] * (1.0, -1.0)
    new = np.concatenate((hair[:, :3], relief, hair[:, 3:5], np.ones_like(share)), axis=1)
    old = image[place]
    shown = (share >= _SOLID) | (old[:, 7:8] < _FILL)
    facts = np.where(shown, hair[:, 5:], old[:, 8:])
    image[place] = np.concatenate((old[:, :8] + share * (new - old[:, :8]), facts), axis=1)


def _hairs_of(strip: Strip, look: Look, height: int, width: int, generator: torch.Generator) -> _Hairs:
    """Hairs as a strip's kind and its region's look have them."""
    fine = {"beard": _BEARD_KINDS, "brows": _FINE_KINDS, "lashes": _LASH_KINDS}.get(strip.region, _KINDS)
    kind, scale = fine[strip.kind], math.sqrt(strip.size / _USUAL)
    count = max(2, round(kind.hairs * scale * min(1.0, width / 60.0 * _USUAL / strip.size)))
    tuft_of = torch.rand(count, generator=generator)
    root = 2.0 * ((torch.arange(count) + tuft_of) / count)[torch.randperm(count, generator=generator)] - 1.0
    tuft = ((root * 0.5 + 0.5 + 0.15 * (tuft_of - 0.5)) * kind.tufts).long().clamp(0, kind.tufts - 1)
    across = _ways(root, tuft, strip, kind, look, max(8, height // _COARSE), generator)
    across = interpolate(across[None], size=height, mode="linear", align_corners=True)[0]
    along = ((torch.arange(height) + 0.5) / height)[None, :]
    first = kind.start * torch.rand(count, 1, generator=generator)
    last = 1.0 - (1.0 - kind.shortest) * torch.rand(count, 1, generator=generator) ** 1.6
    share = (along - first) / (last - first)
    margin = 1.0 + _GUTTER * strip.size / _USUAL
    centre = 0.5 * width + across.clamp(-1.0, 1.0) * (0.5 * width - margin)
    slope = torch.gradient(centre, dim=1)[0]
    texels = 0.5 * kind.width * scale * (0.75 + 0.5 * torch.rand(count, 1, generator=generator))
    inside = share.clamp(0.0, 1.0)
    taper = 1.0 - 0.9 * inside**1.3 if strip.region == "lashes" else 1.0 - (1.0 - _TAPER) * inside
    half = (texels * taper).clamp(min=0.5 * _THINNEST) * torch.sqrt(1.0 + slope.square()).clamp(max=4.0)
    alpha = (share / 0.02).clamp(0.0, 1.0) * ((1.0 - share) / _FADING).clamp(0.0, 1.0)
    colour = _colours(look.hair.colour, strip, tuft, kind.tufts, generator)
    return _Hairs(centre, half, slope, alpha, inside, colour, torch.rand(count, generator=generator))


def _ways(
    root: Tensor, tuft: Tensor, strip: Strip, kind: _Kind, look: Look, rows: int, generator: torch.Generator
) -> Tensor:
    """[S, rows] where hairs go: -1 and 1 are the strip's edges."""
    along = torch.linspace(0.0, 1.0, rows)[None, :]
    if strip.kind == "rope" and look.hair.look.twist > 0.0:
        return kind.reach * torch.sin(math.pi * (root[:, None] + 2.0 * _turns(look) * along))
    goal = 2.0 * (torch.arange(kind.tufts) + 0.2 + 0.6 * torch.rand(kind.tufts, generator=generator)) / kind.tufts - 1.0
    uneven = 0.6 + 0.4 * torch.rand(len(root), 1, generator=generator)
    gathered = kind.gather * (0.5 + 0.5 * look.hair.look.clump) * uneven * along**0.8
    across = torch.lerp(root[:, None].expand(-1, rows), goal[tuft][:, None].expand(-1, rows), gathered)
    across = across * kind.reach * (1.0 - kind.narrowing * along**2)
    return across + _wander(len(root), along, tuft, look, kind, generator)


def _turns(look: Look) -> float:
    """How often a rope's hairs go around it."""
    length = float(look.hair.points.diff(dim=1).norm(dim=2).sum(dim=1).median())
    return min(look.hair.look.twist * length, 12.0)


def _wander(count: int, along: Tensor, tuft: Tensor, look: Look, kind: _Kind, generator: torch.Generator) -> Tensor:
    """[S, H] how far hairs leave their straight way, over half the strip's width."""
    height, turns = look.wave
    phase = torch.rand(kind.tufts, generator=generator)[tuft][:, None] + 0.25 * torch.rand(
        count, 1, generator=generator
    )
    found = height * (along * turns).clamp(max=1.0) * torch.sin(2.0 * math.pi * (turns * along + phase))
    for waves, size in ((0.7, 0.10), (1.7, 0.05), (4.0, 0.02 + look.frizz), (9.0, 0.5 * look.frizz)):
        start, own = torch.rand(count, 1, generator=generator), torch.rand(count, 1, generator=generator)
        found = found + size * own * along.sqrt() * torch.sin(
            2.0 * math.pi * (waves * along * (0.7 + 0.6 * own) + start)
        )
    return found


def _colours(colour: HairColour, strip: Strip, tuft: Tensor, tufts: int, generator: torch.Generator) -> Tensor:
    """[S, P, 3] what hairs, the lowest first, reflect along them."""
    count = len(tuft)
    along = torch.linspace(0.0, 1.0, _COLOUR_PLACES)
    random, lock = torch.rand(count, 2, generator=generator), torch.rand(tufts, generator=generator)[tuft]
    depth = torch.linspace(0.0, 1.0, count)[:, None]
    shade = torch.lerp(torch.tensor(_LOW_SHADE), torch.tensor(_HIGH_SHADE), depth)
    if strip.region in ("scalp", "beard"):
        shade = shade * torch.lerp(torch.tensor(_ROOT_SHADE), torch.tensor(1.0), smoothstep(along, 0.0, _ROOT_REACH))
    return (strand_colours(colour, random, along, lock=lock) * shade[..., None]).clamp(0.0, 1.0)


def _channels(image: Tensor) -> dict[str, Tensor]:
    """Channel -> [H, W, C], out of what `_Hairs.drawn` gives."""
    opacity = image[..., 7:8]
    mass = opacity.sum(dim=1, keepdim=True)
    colour = image[..., :3].sum(dim=1, keepdim=True)
    whole = colour.sum(dim=0, keepdim=True) / mass.sum(dim=0, keepdim=True).clamp(min=1e-4)
    row = torch.where(mass > 0.5, colour / mass.clamp(min=0.5), whole)
    lean = image[..., 3:5] / (opacity + _FILL)
    up = torch.sqrt((1.0 - lean.square().sum(dim=2, keepdim=True)).clamp(min=0.04))
    way = image[..., 5:7] + _FILL * image.new_tensor((0.0, -1.0))
    return {
        "albedo": (image[..., :3] + _FILL * row) / (opacity + _FILL),
        "opacity": opacity,
        "normal": normalize(torch.cat((lean, up), dim=2), dim=2),
        "flow": normalize(torch.cat((way, torch.zeros_like(opacity)), dim=2), dim=2),
        "root_to_tip": image[..., 8:9],
        "id": image[..., 9:10],
        "depth": image[..., 10:11],
    }
