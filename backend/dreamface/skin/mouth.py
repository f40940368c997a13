"""Teeth, gums and tongue: colours vertex by vertex, from what they are, and relief from small repeating tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, interpolate

from dreamface.face import Head, Part, TileMaps
from dreamface.skin.atlas import Atlas, atlas_of, rise, smooth_step
from dreamface.skin.dentition import Mouth, mouth_of
from dreamface.skin.layout import painted_parts, tile_of
from dreamface.skin.noise import cell_tile, solid_noise, stream
from dreamface.skin.windows import atlas_window
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

_ENAMEL: Final = torch.tensor([0.700, 0.665, 0.590])
_DENTIN: Final = torch.tensor([0.600, 0.460, 0.250])
_EDGE: Final = torch.tensor([0.505, 0.520, 0.530])
_GUM: Final = torch.tensor([0.500, 0.180, 0.165])
_GUM_MARGIN: Final = torch.tensor([0.580, 0.285, 0.255])
_TONGUE: Final = torch.tensor([0.450, 0.150, 0.140])
_COATING: Final = torch.tensor([0.560, 0.325, 0.290])

_PATTERN_CELLS: Final = 8  # of a repeating tile, per side
_CELL_TEXELS: Final = 24  # that a cell is drawn with, before it is brought to the size of its texels in the map
_LEAST_TEXELS: Final = 2.0  # per cell: below that a pattern cannot be seen
_SEED: Final = 0  # of the patterns, which are the same for everybody


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
    looks = torch.cat((_teeth_and_flesh(head, mouth, traits, seed), _amounts(mouth)), dim=1)
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


def _teeth_and_flesh(head: Head, mouth: Mouth, traits: Traits, seed: int) -> Tensor:
    """[V, 4] colour and roughness of every vertex of the mouth."""
    patches = solid_noise(head.vertices.T[:, None], _PATCHES, 2, stream(seed, "mouth patches"))[:, 0]
    hard = _is_hard(head)[:, None]
    colour = torch.where(hard, _teeth(mouth, traits, seed), _flesh(mouth, traits, patches))
    wet = torch.lerp(torch.tensor(_WETNESS["gums"]), torch.tensor(_WETNESS["tongue"]), mouth.tongue)
    wet = torch.where(hard[:, 0], _WETNESS["teeth"], wet + 0.02 * patches[1])
    return torch.cat((colour, wet[:, None]), dim=1)


def _is_hard(head: Head) -> Tensor:
    """[V] bool: vertices of teeth."""
    found = torch.zeros(len(head.vertices), dtype=torch.bool)
    for part in head.topology.parts:
        if part.material == "teeth":
            found[slice(*part.vertices)] = True
    return found


def _amounts(mouth: Mouth) -> Tensor:
    """[V, 3] how much there is of each of _TEXTURES."""
    away = smooth_step(mouth.margin, 0.4 * _MARGIN, 1.6 * _MARGIN)
    attached = away * (1.0 - smooth_step(mouth.margin, 3.5 * _MARGIN, 6.0 * _MARGIN))
    top = mouth.tongue * (0.25 + 0.75 * mouth.tongue_top)
    return torch.stack(((mouth.up > 0.0).float(), attached * (1.0 - mouth.tongue), top), dim=1)


def _teeth(mouth: Mouth, traits: Traits, seed: int) -> Tensor:
    """[V, 3]; every tooth its own shade; dentin shines through at the neck, the edge is thin and bluish."""
    age = rise(traits.number("age"), 18.0, 90.0)
    shades = torch.randn(_MOST_TEETH, generator=stream(seed, "teeth"))
    own = shades[mouth.own.round().long().clamp(0, _MOST_TEETH - 1)]
    root = (1.0 - mouth.up) ** 2
    between = smooth_step(mouth.across, 0.62, 1.0)
    # Enamel wears thin with the years, and is stained; canines have the most dentin.
    yellow = 0.30 * age + 0.62 * traits.number("teeth.yellowness") + 0.045 * own
    yellow = yellow + (0.22 + 0.20 * age) * root + 0.14 * (mouth.number == _CANINE) + 0.16 * between * (1.0 - root)
    colour = torch.lerp(_ENAMEL, _DENTIN, yellow.clamp(0.0, 1.15)[:, None])
    thin = smooth_step(mouth.up, 0.72, 1.0) * (mouth.number <= _CANINE) * (0.42 - 0.25 * age)
    colour = torch.lerp(colour, _EDGE, thin[:, None])
    return colour * (1.0 + 0.018 * own)[:, None]


def _flesh(mouth: Mouth, traits: Traits, patches: Tensor) -> Tensor:
    """[V, 3] gums, palate and tongue; `patches` is [2, V] noise."""
    margin = torch.exp(-((mouth.margin / _MARGIN) ** 2))
    gums = torch.lerp(_GUM, _GUM_MARGIN, (0.75 * margin + 0.06 * patches[0]).clamp(0.0, 1.0)[:, None])
    dark = traits.number("skin.melanin") ** 2 * smooth_step(patches[0], -0.3, 1.2) * (1.0 - 0.6 * margin)
    gums = gums * torch.tensor([0.48, 0.47, 0.53]) ** dark[:, None]
    return torch.lerp(gums, _tongue(mouth, patches), mouth.tongue[:, None])


def _tongue(mouth: Mouth, patches: Tensor) -> Tensor:
    """[V, 3]; coated along the middle, red at the sides and below."""
    side, top = mouth.tongue_side, mouth.tongue_top
    coating = (torch.exp(-((side / 0.55) ** 2)) * (0.40 + 0.10 * patches[0]) * top).clamp(0.0, 1.0)
    colour = torch.lerp(_TONGUE, _COATING, coating[:, None])
    groove = torch.exp(-((side / 0.05) ** 2)) * top
    return colour * (1.0 + 0.05 * patches[1] - 0.12 * groove)[:, None]


# ------------------------------------------------------------------------------------------------------- relief


def _density(head: Head, part: Part) -> tuple[float, float]:
    """Tile lengths per metre across and up the layout: the part's middle (median) ones."""
    faces, face_uvs = head.topology.faces[slice(*part.faces)], head.topology.face_uvs[slice(*part.faces)]
    corners, uv = head.vertices[faces], head.topology.uv[face_uvs]
    sides, flat = corners.diff(dim=1).norm(dim=2).reshape(-1), uv.diff(dim=1).reshape(-1, 2)
    length = flat.norm(dim=1).clamp_min(1e-9)
    found = []
    for axis in (0, 1):
        along = (flat[:, axis].abs() > 0.8 * length) & (sides > 1e-6)
        found.append(float((length[along] / sides[along]).median()))
    return found[0], found[1]


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
