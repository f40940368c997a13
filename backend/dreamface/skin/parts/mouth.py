"""Teeth, gums and tongue: colours vertex by vertex, from what they are, and relief from small repeating tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, interpolate

from dreamface.face import Head, Part, TileMaps, Topology
from dreamface.skin.canvas.atlas import Atlas, atlas_of, rise, smooth_step
from dreamface.skin.canvas.cache import Kept
from dreamface.skin.canvas.layout import painted_parts, tile_of
from dreamface.skin.canvas.noise import cell_tile, solid_noise, stream
from dreamface.skin.canvas.windows import atlas_window
from dreamface.skin.parts.dentition import Mouth, mouth_of
from dreamface.traits import Traits

_MM: Final = 1e-3
_MATERIALS: Final = ("teeth", "gums", "tongue", "gums_and_tongue")
_LARGEST: Final = 1024  # texels a side
_CANINE: Final = 2
_MOST_TEETH: Final = 40  # of a mouth
_MARGIN: Final = 1.3 * _MM  # of the gum around the teeth, where it is paler
_PATCHES: Final = 8.0 * _MM  # cell of the noise that gums and tongue are uneven by
_WETNESS: Final = {"teeth": 0.24, "gums": 0.32, "tongue": 0.42}  # roughness

MOUTH_TRAITS: Final = ("age", "teeth.yellowness", "skin.melanin")
"""What a mouth depends on."""

_ENAMEL: Final = torch.tensor([0.690, 0.664, 0.590])
_DENTIN: Final = torch.tensor([0.600, 0.460, 0.250])
_EDGE: Final = torch.tensor([0.500, 0.500, 0.495])
_GAP: Final = torch.tensor([0.76, 0.72, 0.69])  # what is left of the colour where the next tooth begins
_GUM: Final = torch.tensor([0.500, 0.180, 0.165])
_GUM_MARGIN: Final = torch.tensor([0.580, 0.285, 0.255])
_TONGUE: Final = torch.tensor([0.450, 0.150, 0.140])
_COATING: Final = torch.tensor([0.560, 0.325, 0.290])

_PATTERN_CELLS: Final = 8  # of a repeating tile, per side
_CELL_TEXELS: Final = 24  # that a cell is drawn with, before it is brought to the size of its texels in the map
_LEAST_TEXELS: Final = 2.0  # per cell: below that a pattern cannot be seen
_SHORTEST: Final = 1e-6  # metres of an edge that counts
_SEED: Final = 0  # of the patterns, which are the same for everybody


_edges: Kept[tuple[tuple[Tensor, Tensor], ...]] = Kept(32)


@dataclass(frozen=True)
class _Texture:
    """A repeating pattern.

    Attributes:
        cell: metres from bump to bump.
        shade: how much a bump brightens the colour.
        slope: of a bump's flank.
    """

    cell: float
    shade: float
    slope: float


_TEXTURES: Final[Mapping[str, _Texture]] = {
    "enamel": _Texture(1.6 * _MM, 0.010, 0.035),
    "stipple": _Texture(0.9 * _MM, -0.035, -0.10),
    "papillae": _Texture(0.55 * _MM, 0.20, 0.32),
}
"""Teeth are slightly wavy, gums are dimpled like an orange, tongues have papillae."""


def paint_mouth(head: Head, traits: Traits, resolution: int, seed: int) -> dict[str, TileMaps]:
    """Albedo, roughness and normals of every tile with teeth, gums or tongue; none for a head without.

    Args:
        head: whose mouth; its jaws closed or nearly so.
        traits: the person's.
        resolution: of the skin's maps; the mouth's are half of it, and at most 1024.
        seed: of what is uneven.
    """
    topology = head.topology
    tiles = [tile_of(topology, part.material) for part in topology.parts if part.material in _MATERIALS]
    if not tiles:
        return {}
    mouth = mouth_of(head)
    looks = torch.zeros(len(head.vertices), 7)
    hard, soft = _vertices(topology, "teeth"), _vertices(topology, "gums", "tongue", "gums_and_tongue")
    looks[hard] = _hard_looks(mouth.of(hard), traits, seed)
    looks[soft] = _soft_looks(mouth.of(soft), head.vertices[soft], traits, seed)
    size = min(resolution // 2, _LARGEST)
    return {
        tile: _paint_tile(head, atlas_of(topology, tile, max(64, size // 2)), size, looks)
        for tile in dict.fromkeys(tiles)
        if tile is not None
    }


def _paint_tile(head: Head, coarse: Atlas, size: int, looks: Tensor) -> TileMaps:
    """`looks` are [V, 7]: colour, roughness, and how much of each texture there is."""
    small = embedding_bag(coarse.corners, looks, per_sample_weights=coarse.barycentric, mode="sum")
    last = small.view(1, coarse.size, coarse.size, -1).permute(0, 3, 1, 2)
    wide = interpolate(last, size=(size, size), mode="bilinear")[0].permute(1, 2, 0)
    colour, roughness, amounts = wide[..., :3].contiguous(), wide[..., 3:4].contiguous(), wide[..., 4:]
    slopes = torch.zeros(size, size, 2)
    for part in painted_parts(head.topology, coarse.tile):
        window = atlas_window(coarse, part.name)
        if window is None:
            continue
        factor = size // coarse.size
        here = tuple(slice(edges.start * factor, edges.stop * factor) for edges in window.slices)
        density, vertices = _density(head, part), slice(*part.vertices)
        for number, texture in enumerate(_TEXTURES.values()):
            amount = amounts[here][..., number, None]
            pattern = _repeated(texture.cell, density, size, amount.shape)
            if pattern is None or float(looks[vertices, 4 + number].amax()) == 0.0:
                continue
            colour[here].mul_((texture.shade * amount).mul_(pattern[..., :1]).add_(1.0))
            slopes[here].add_((texture.slope * amount) * pattern[..., 1:])
    normal = torch.empty(size, size, 3)
    normal[..., 2] = upright = torch.rsqrt(1.0 + slopes[..., 0] ** 2 + slopes[..., 1] ** 2)
    torch.mul(slopes, -upright[..., None], out=normal[..., :2])
    return {"albedo": colour.clamp_(0.0, 1.0), "roughness": roughness.clamp_(0.05, 1.0), "normal": normal}


# ------------------------------------------------------------------------------------------------------- colour


def _vertices(topology: Topology, *materials: str) -> Tensor:
    """[N] vertices of the parts of some materials."""
    spans = [torch.arange(*part.vertices) for part in topology.parts if part.material in materials]
    return torch.cat(spans) if spans else torch.zeros(0, dtype=torch.long)


def _hard_looks(mouth: Mouth, traits: Traits, seed: int) -> Tensor:
    """[N, 7] colour, roughness and amounts of textures of the teeth's vertices."""
    wet = torch.full_like(mouth.up, _WETNESS["teeth"])
    return torch.cat((_teeth(mouth, traits, seed), wet[:, None], _amounts(mouth)), dim=1)


def _soft_looks(mouth: Mouth, place: Tensor, traits: Traits, seed: int) -> Tensor:
    """[N, 7] the same of the other vertices, at places [N, 3]."""
    patches = solid_noise(place.T[:, None], _PATCHES, 2, stream(seed, "mouth patches"))[:, 0]
    wet = _WETNESS["gums"] + (_WETNESS["tongue"] - _WETNESS["gums"]) * mouth.tongue + 0.02 * patches[1]
    return torch.cat((_flesh(mouth, traits, patches), wet[:, None], _amounts(mouth)), dim=1)


def _amounts(mouth: Mouth) -> Tensor:
    """[N, 3] how much there is of each of _TEXTURES."""
    away = smooth_step(mouth.margin, 0.4 * _MARGIN, 1.6 * _MARGIN)
    attached = away * (1.0 - smooth_step(mouth.margin, 3.5 * _MARGIN, 6.0 * _MARGIN))
    top = mouth.tongue * (0.25 + 0.75 * mouth.tongue_top)
    return torch.stack(((mouth.up > 0.0).float(), attached * (1.0 - mouth.tongue), top), dim=1)


def _teeth(mouth: Mouth, traits: Traits, seed: int) -> Tensor:
    """[N, 3]; every tooth its own shade; dentin shines through at the neck, the edge is thin and lets light through."""
    age = rise(traits.number("age"), 18.0, 90.0)
    shades = torch.randn(_MOST_TEETH, 2, generator=stream(seed, "teeth")).clamp_(-2.0, 2.0)
    own, other = shades[mouth.own.round().long().clamp(0, _MOST_TEETH - 1)].unbind(1)
    root = (1.0 - mouth.up) ** 2
    between = smooth_step(mouth.across, 0.62, 1.0)
    # Enamel wears thin with the years, and is stained; canines have the most dentin, and molars more than incisors.
    dentin = 0.13 * (mouth.number == _CANINE) + 0.06 * (mouth.number > _CANINE) + 0.03 * (mouth.number == 1)
    yellow = 0.30 * age + 0.62 * traits.number("teeth.yellowness") + 0.06 * own + dentin
    yellow = yellow + (0.24 + 0.20 * age) * root + 0.12 * between * (1.0 - root)
    colour = torch.lerp(_ENAMEL, _DENTIN, yellow.clamp(0.0, 1.15)[:, None])
    # Where only enamel is left, at the edge and at the sides towards it, the dark of the mouth shows.
    edge = smooth_step(mouth.up, 0.70, 1.0)
    thin = (edge + 0.5 * between * smooth_step(mouth.up, 0.35, 0.9)).clamp(0.0, 1.0) * (mouth.number <= _CANINE)
    colour = torch.lerp(colour, _EDGE, ((0.50 - 0.25 * age + 0.06 * other) * thin)[:, None])
    # Plaque lies between two teeth.
    gap = smooth_step(mouth.across, 0.85, 1.0)
    return colour * ((1.0 + 0.03 * other)[:, None] * torch.lerp(torch.ones(3), _GAP, gap[:, None]))


def _flesh(mouth: Mouth, traits: Traits, patches: Tensor) -> Tensor:
    """[N, 3] gums, palate and tongue; `patches` is [2, N] noise."""
    margin = torch.exp(-((mouth.margin / _MARGIN) ** 2))
    gums = torch.lerp(_GUM, _GUM_MARGIN, (0.75 * margin + 0.06 * patches[0]).clamp(0.0, 1.0)[:, None])
    dark = traits.number("skin.melanin") ** 2 * smooth_step(patches[0], -0.3, 1.2) * (1.0 - 0.6 * margin)
    gums = gums * torch.tensor([0.48, 0.47, 0.53]) ** dark[:, None]
    return torch.lerp(gums, _tongue(mouth, patches), mouth.tongue[:, None])


def _tongue(mouth: Mouth, patches: Tensor) -> Tensor:
    """[N, 3]; coated along the middle, red at the sides and below."""
    side, top = mouth.tongue_side, mouth.tongue_top
    coating = (torch.exp(-((side / 0.55) ** 2)) * (0.40 + 0.10 * patches[0]) * top).clamp(0.0, 1.0)
    colour = torch.lerp(_TONGUE, _COATING, coating[:, None])
    groove = torch.exp(-((side / 0.05) ** 2)) * top
    return colour * (1.0 + 0.05 * patches[1] - 0.12 * groove)[:, None]


# ------------------------------------------------------------------------------------------------------- relief


def _density(head: Head, part: Part) -> tuple[float, float]:
    """Tile lengths per metre across and up the layout: the part's middle (median) ones."""
    found = []
    for ends, length in _edges.get(head.topology, part.name, lambda: _straight_edges(head.topology, part)):
        sides = (head.vertices[ends[:, 1]] - head.vertices[ends[:, 0]]).norm(dim=1)
        found.append(float((length / sides.clamp_min(_SHORTEST)).median()))
    return found[0], found[1]


def _straight_edges(topology: Topology, part: Part) -> tuple[tuple[Tensor, Tensor], ...]:
    """Of edges that run across the layout, and of those that run up: [N, 2] their ends, and [N] lengths in the tile."""
    faces, face_uvs = topology.faces[slice(*part.faces)], topology.face_uvs[slice(*part.faces)]
    ends = torch.stack((faces[:, :-1], faces[:, 1:]), dim=-1).reshape(-1, 2)
    flat = topology.uv[face_uvs].diff(dim=1).reshape(-1, 2)
    length, is_edge = flat.norm(dim=1).clamp_min(1e-9), ends[:, 0] != ends[:, 1]
    along = [is_edge & (flat[:, axis].abs() > 0.8 * length) for axis in (0, 1)]
    return tuple((ends[one], length[one]) for one in along)


def _repeated(cell: float, density: tuple[float, float], size: int, shape: torch.Size) -> Tensor | None:
    """[h, w, 3] a pattern of cells of so many metres, and its slopes; None where it is too fine to be seen."""
    across, up = (size * cell * each for each in density)  # texels of a cell
    if min(across, up) < _LEAST_TEXELS:
        return None
    tile = _pattern(round(across * _PATTERN_CELLS), round(up * _PATTERN_CELLS))
    height, width, _ = tile.shape
    return tile.repeat(-(-shape[0] // height), -(-shape[1] // width), 1)[: shape[0], : shape[1]]


@lru_cache(maxsize=64)
def _pattern(width: int, height: int) -> Tensor:
    """[height, width, 3] round bumps, mean 0, deviation about 1, and their slopes across and up, deviation about 1."""
    side = _PATTERN_CELLS * _CELL_TEXELS
    near, _, own = cell_tile(_PATTERN_CELLS, side, torch.Generator().manual_seed(_SEED))
    bumps = torch.exp(-((near / 0.42) ** 2)) * (0.6 + 0.8 * own)
    bumps = (bumps - bumps.mean()) / bumps.std()
    across = 0.5 * (bumps.roll(-1, 1) - bumps.roll(1, 1)) * _CELL_TEXELS
    up = 0.5 * (bumps.roll(1, 0) - bumps.roll(-1, 0)) * _CELL_TEXELS
    three = torch.stack((bumps, across / across.std(), up / up.std()))[None]
    return interpolate(three, size=(height, width), mode="bilinear", antialias=True)[0].permute(1, 2, 0).contiguous()
