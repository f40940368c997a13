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
from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import Atlas, atlas_of, ramp
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layout import painted_parts, tile_of
from dreamface.skin.canvas.noise import cell_tile, solid_noise, stream
from dreamface.skin.canvas.windows import atlas_window
from dreamface.skin.parts.dentition import Mouth, mouth_of
from dreamface.traits import Traits
from dreamface.units import MM

_MATERIALS: Final = ("teeth", "gums", "tongue", "gums_and_tongue")
_LARGEST: Final = 1024  # texels a side of a tile
_SMALLEST_GRID: Final = 64  # texels a side of the coarse grid that colours are painted on
_EDGES_IN_MEMORY: Final = 32  # parts
_SHORTEST: Final = 1e-6  # metres: guards divisions by the length of an edge
_SHORTEST_IN_TILE: Final = 1e-9  # the same in tile lengths
_STRAIGHT: Final = 0.8  # an edge runs along an axis of the layout where that is this fraction of its length, or more

MOUTH_TRAITS: Final = ("age", "teeth.yellowness", "skin.melanin")
"""What a mouth depends on."""

_Span = tuple[float, float]
"""Where something fades in: 0 up to the first value, 1 from the second on, smooth between."""

_Colour = tuple[float, float, float]
"""Linear Rec. 709."""


# --------------------------------------------------------------------------------------------------- anatomy


@dataclass(frozen=True)
class _ToothLook:
    """Teeth: enamel over dentin. Numbers of teeth are 0 for the middle incisors to 7 for the wisdom teeth.

    Attributes:
        enamel, dentin: colours of the white outside and of the yellow inside.
        edge: colour of the thin edge that lets light through, so that the dark of the mouth shows.
        gap: factor on the colour where the next tooth begins: plaque lies between two teeth.
        roughness: of a wet tooth.
        canine: number of the canine.
        most: teeth in a mouth.
        ages: years over which a person counts as old.
        dentin_canine, dentin_molar, dentin_lateral: how much more dentin shows in canines, in the teeth behind them,
            and in the second incisors, than in the first ones.
        dentin_age, dentin_yellowness: how much more shows in the old, whose enamel is worn and stained, and with
            `teeth.yellowness` 1.
        dentin_varies: how much that differs from tooth to tooth.
        neck, neck_age: how much more shows at the neck, and what age adds to that.
        sides: how much more shows at a tooth's sides.
        side_places: places across a tooth over which its sides begin.
        most_dentin: upper limit of all that.
        edge_places: heights over which the edge begins.
        edge_sides: strength of the edge's colour at the tooth's sides.
        edge_side_places: heights over which it begins there.
        edge_strength, edge_age: strength of the edge's colour, and what of that age takes away.
        edge_varies: how much that differs from tooth to tooth.
        gap_places: places across a tooth over which the gap begins.
        brightness_varies: how much brightness differs from tooth to tooth.
        deep: factor on the colour of the teeth furthest back: little light gets there, and what does comes from flesh.
        deep_places: numbers of the teeth over which that begins.
    """

    enamel: _Colour = (0.690, 0.664, 0.590)
    dentin: _Colour = (0.600, 0.460, 0.250)
    edge: _Colour = (0.500, 0.500, 0.495)
    gap: _Colour = (0.76, 0.72, 0.69)
    roughness: float = 0.24
    canine: int = 2
    most: int = 40
    ages: _Span = (18.0, 90.0)
    dentin_canine: float = 0.13
    dentin_molar: float = 0.06
    dentin_lateral: float = 0.03
    dentin_age: float = 0.30
    dentin_yellowness: float = 0.62
    dentin_varies: float = 0.06
    neck: float = 0.24
    neck_age: float = 0.20
    sides: float = 0.12
    side_places: _Span = (0.62, 1.0)
    most_dentin: float = 1.15
    edge_places: _Span = (0.70, 1.0)
    edge_sides: float = 0.5
    edge_side_places: _Span = (0.35, 0.9)
    edge_strength: float = 0.50
    edge_age: float = 0.25
    edge_varies: float = 0.06
    gap_places: _Span = (0.85, 1.0)
    brightness_varies: float = 0.03
    deep: _Colour = (0.50, 0.33, 0.27)
    deep_places: _Span = (2.0, 6.0)


@dataclass(frozen=True)
class _GumLook:
    """Gums and palate.

    Attributes:
        colour: far from the teeth.
        margin_colour: around the teeth, where the gum is paler.
        margin_mm: width of that.
        margin: strength of that.
        patches: unevenness of that.
        roughness: of wet gum.
        pigment: factor on the colour of a dark patch, with `skin.melanin` 1.
        pigment_patches: values of the patches' noise over which a dark patch begins.
        pigment_at_margin: fraction of it that is missing around the teeth.
        stipple_begins, stipple_ends: distances from the teeth over which the gum becomes dimpled and smooth again, in
            widths of the margin.
    """

    colour: _Colour = (0.530, 0.205, 0.190)
    margin_colour: _Colour = (0.600, 0.300, 0.270)
    margin_mm: float = 1.3
    margin: float = 0.75
    patches: float = 0.06
    roughness: float = 0.32
    pigment: _Colour = (0.48, 0.47, 0.53)
    pigment_patches: _Span = (-0.3, 1.2)
    pigment_at_margin: float = 0.6
    stipple_begins: _Span = (0.4, 1.6)
    stipple_ends: _Span = (3.5, 6.0)


@dataclass(frozen=True)
class _TongueLook:
    """The tongue: coated along the middle, red at the sides and below. It is 1 wide from its middle to each side.

    Attributes:
        colour: without coating.
        coating_colour: of the coating.
        coating_width: from the middle to where the coating is 1/e as strong.
        coating, coating_patches: strength of the coating, and its unevenness.
        groove_width, groove: of the groove in the middle, and how much darker that is.
        patches: unevenness of brightness.
        roughness: of a wet tongue.
        papillae_below: fraction of the papillae that is there where the tongue faces down.
    """

    colour: _Colour = (0.510, 0.195, 0.180)
    coating_colour: _Colour = (0.580, 0.350, 0.315)
    coating_width: float = 0.55
    coating: float = 0.40
    coating_patches: float = 0.10
    groove_width: float = 0.05
    groove: float = 0.12
    patches: float = 0.05
    roughness: float = 0.42
    papillae_below: float = 0.25


@dataclass(frozen=True)
class _PatchLook:
    """Noise that gums and tongue are uneven by: metres between independent values, and what roughness varies by."""

    cell: float = 8.0 * MM
    roughness: float = 0.02


@dataclass(frozen=True)
class _Texture:
    """A repeating pattern.

    Attributes:
        cell_mm: from bump to bump.
        shade: how much a bump brightens the colour.
        slope: of a bump's flank.
    """

    cell_mm: float
    shade: float
    slope: float


@dataclass(frozen=True)
class _BumpLook:
    """The bumps of all repeating patterns, which are the same for everybody.

    Attributes:
        cells: bumps per side of a tile.
        cell_texels: texels that a cell is drawn with, before it is brought to the size of its texels in the map.
        least_texels: per cell in the map: below that a pattern cannot be seen.
        radius: of a bump, in cells, to where it is 1/e as high.
        lowest, spread: height of the lowest bump, and from there to the highest.
        seed: of the pattern.
    """

    cells: int = 8
    cell_texels: int = 24
    least_texels: float = 2.0
    radius: float = 0.42
    lowest: float = 0.6
    spread: float = 0.8
    seed: int = 0


_TOOTH: Final = _ToothLook()
_GUM: Final = _GumLook()
_TONGUE: Final = _TongueLook()
_PATCHES: Final = _PatchLook()
_BUMPS: Final = _BumpLook()
_MARGIN: Final = _GUM.margin_mm * MM
_LEAST_ROUGHNESS: Final = 0.05

_TEXTURES: Final[Mapping[str, _Texture]] = {
    "enamel": _Texture(cell_mm=1.6, shade=0.010, slope=0.035),
    "stipple": _Texture(cell_mm=0.9, shade=-0.035, slope=-0.10),
    "papillae": _Texture(cell_mm=0.55, shade=0.20, slope=0.32),
}
"""Teeth are slightly wavy, gums are dimpled like an orange, tongues have papillae."""

_edges: TopologyCache[tuple[tuple[Tensor, Tensor], ...]] = TopologyCache(_EDGES_IN_MEMORY)


# --------------------------------------------------------------------------------------------------- tiles


def paint_mouth(head: Head, traits: Traits, resolution: int, seed: int) -> dict[str, TileMaps]:
    """Paint albedo, roughness and normals of every tile with teeth, gums or tongue; none for a head without.

    Args:
        head: the person's head, its jaws closed or nearly so.
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
        tile: _paint_tile(head, atlas_of(topology, tile, max(_SMALLEST_GRID, size // 2)), size, looks)
        for tile in dict.fromkeys(tiles)
        if tile is not None
    }


def _paint_tile(head: Head, coarse: Atlas, size: int, looks: Tensor) -> TileMaps:
    """Paint a tile's maps of `size` texels a side.

    Args:
        head: the person's head.
        coarse: the tile's grid that colours are painted on.
        size: of the maps.
        looks: [V, 7] colour, roughness, and amount of each texture at the head's vertices.
    """
    small = embedding_bag(coarse.corners, looks, per_sample_weights=coarse.barycentric, mode="sum")
    last = small.view(1, coarse.size, coarse.size, -1).permute(0, 3, 1, 2)
    wide = interpolate(last, size=(size, size), mode="bilinear")[0].permute(1, 2, 0)
    colour, roughness, amounts = wide[..., :3].contiguous(), wide[..., 3:4].contiguous(), wide[..., 4:]
    slopes = _emboss(head, coarse, colour, amounts, looks[:, 4:])
    normal = torch.empty(size, size, 3)
    normal[..., 2] = upright = torch.rsqrt(1.0 + slopes[..., 0] ** 2 + slopes[..., 1] ** 2)
    torch.mul(slopes, -upright[..., None], out=normal[..., :2])
    return {
        "albedo": colour.clamp_(0.0, 1.0),
        "roughness": roughness.clamp_(_LEAST_ROUGHNESS, 1.0),
        "normal": normal,
    }


def _emboss(head: Head, coarse: Atlas, colour: Tensor, amounts: Tensor, vertex_amounts: Tensor) -> Tensor:
    """Shade colours [S, S, 3] with the textures, in place, and return the textures' slopes [S, S, 2].

    Args:
        head: the person's head.
        coarse: the tile's grid that colours are painted on.
        colour: of the tile.
        amounts: [S, S, 3] of each texture.
        vertex_amounts: [V, 3] the same at the head's vertices.
    """
    size = len(colour)
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
            pattern = _repeated(texture.cell_mm * MM, density, size, amount.shape)
            if pattern is None or float(vertex_amounts[vertices, number].amax()) == 0.0:
                continue
            colour[here].mul_((texture.shade * amount).mul_(pattern[..., :1]).add_(1.0))
            slopes[here].add_((texture.slope * amount) * pattern[..., 1:])
    return slopes


# ------------------------------------------------------------------------------------------------------- colour


def _vertices(topology: Topology, *materials: str) -> Tensor:
    """Return [N] vertices of the parts of some materials."""
    spans = [torch.arange(*part.vertices) for part in topology.parts if part.material in materials]
    return torch.cat(spans) if spans else torch.zeros(0, dtype=torch.long)


def _hard_looks(mouth: Mouth, traits: Traits, seed: int) -> Tensor:
    """Return [N, 7] colour, roughness and amounts of textures of the teeth's vertices."""
    roughness = torch.full_like(mouth.up, _TOOTH.roughness)
    return torch.cat((_teeth_colour(mouth, traits, seed), roughness[:, None], _amounts(mouth)), dim=1)


def _soft_looks(mouth: Mouth, place: Tensor, traits: Traits, seed: int) -> Tensor:
    """Return [N, 7] the same of the other vertices, at places [N, 3]."""
    patches = solid_noise(place.T[:, None], _PATCHES.cell, 2, stream(seed, "mouth patches"))[:, 0]
    rougher = (_TONGUE.roughness - _GUM.roughness) * mouth.tongue
    roughness = _GUM.roughness + rougher + _PATCHES.roughness * patches[1]
    return torch.cat((_flesh_colour(mouth, traits, patches), roughness[:, None], _amounts(mouth)), dim=1)


def _amounts(mouth: Mouth) -> Tensor:
    """Return [N, 3] how much there is of each of _TEXTURES."""
    begins, ends = ([_MARGIN * edge for edge in span] for span in (_GUM.stipple_begins, _GUM.stipple_ends))
    stipple = smoothstep(mouth.margin, *begins) * (1.0 - smoothstep(mouth.margin, *ends))
    papillae = mouth.tongue * (_TONGUE.papillae_below + (1.0 - _TONGUE.papillae_below) * mouth.tongue_top)
    return torch.stack(((mouth.up > 0.0).float(), stipple * (1.0 - mouth.tongue), papillae), dim=1)


def _teeth_colour(mouth: Mouth, traits: Traits, seed: int) -> Tensor:
    """Return [N, 3] colours of teeth, each with its own shade."""
    old = ramp(traits.number("age"), *_TOOTH.ages)
    variations = torch.randn(_TOOTH.most, 2, generator=stream(seed, "teeth")).clamp_(-2.0, 2.0)
    yellowness, brightness = variations[mouth.own.round().long().clamp(0, _TOOTH.most - 1)].unbind(1)
    between = smoothstep(mouth.across, *_TOOTH.side_places)
    dentin = _dentin_shown(mouth, old, traits.number("teeth.yellowness"), yellowness, between)
    colour = torch.lerp(torch.tensor(_TOOTH.enamel), torch.tensor(_TOOTH.dentin), dentin[:, None])
    edge = smoothstep(mouth.up, *_TOOTH.edge_places)
    edge = edge + _TOOTH.edge_sides * between * smoothstep(mouth.up, *_TOOTH.edge_side_places)
    thin = edge.clamp(0.0, 1.0) * (mouth.number <= _TOOTH.canine)
    strength = _TOOTH.edge_strength - _TOOTH.edge_age * old + _TOOTH.edge_varies * brightness
    colour = torch.lerp(colour, torch.tensor(_TOOTH.edge), (strength * thin)[:, None])
    gap = smoothstep(mouth.across, *_TOOTH.gap_places)
    light = torch.lerp(torch.ones(3), torch.tensor(_TOOTH.gap), gap[:, None])
    deep = smoothstep(mouth.number, *_TOOTH.deep_places)
    light = light * torch.lerp(torch.ones(3), torch.tensor(_TOOTH.deep), deep[:, None])
    return colour * ((1.0 + _TOOTH.brightness_varies * brightness)[:, None] * light)


def _dentin_shown(mouth: Mouth, old: float, trait: float, yellowness: Tensor, between: Tensor) -> Tensor:
    """Return [N] how much dentin shows, 0 to `_TOOTH.most_dentin`.

    Args:
        mouth: the teeth' vertices.
        old: 0 for the young, 1 for the very old.
        trait: `teeth.yellowness`.
        yellowness: [N] of each tooth, mean 0, deviation 1.
        between: [N] 1 at a tooth's sides, 0 in its middle.
    """
    root = (1.0 - mouth.up) ** 2
    kind = (
        _TOOTH.dentin_canine * (mouth.number == _TOOTH.canine)
        + _TOOTH.dentin_molar * (mouth.number > _TOOTH.canine)
        + _TOOTH.dentin_lateral * (mouth.number == 1)
    )
    person = _TOOTH.dentin_age * old + _TOOTH.dentin_yellowness * trait
    dentin = person + _TOOTH.dentin_varies * yellowness + kind
    dentin = dentin + (_TOOTH.neck + _TOOTH.neck_age * old) * root + _TOOTH.sides * between * (1.0 - root)
    return dentin.clamp(0.0, _TOOTH.most_dentin)


def _flesh_colour(mouth: Mouth, traits: Traits, patches: Tensor) -> Tensor:
    """Return [N, 3] colours of gums, palate and tongue; `patches` is [2, N] noise."""
    margin = torch.exp(-((mouth.margin / _MARGIN) ** 2))
    paleness = (_GUM.margin * margin + _GUM.patches * patches[0]).clamp(0.0, 1.0)[:, None]
    gums = torch.lerp(torch.tensor(_GUM.colour), torch.tensor(_GUM.margin_colour), paleness)
    dark = traits.number("skin.melanin") ** 2 * smoothstep(patches[0], *_GUM.pigment_patches)
    dark = dark * (1.0 - _GUM.pigment_at_margin * margin)
    gums = gums * torch.tensor(_GUM.pigment) ** dark[:, None]
    return torch.lerp(gums, _tongue_colour(mouth, patches), mouth.tongue[:, None])


def _tongue_colour(mouth: Mouth, patches: Tensor) -> Tensor:
    """Return [N, 3] colours of the tongue; `patches` is [2, N] noise."""
    side, top = mouth.tongue_side, mouth.tongue_top
    strength = _TONGUE.coating + _TONGUE.coating_patches * patches[0]
    coating = (torch.exp(-((side / _TONGUE.coating_width) ** 2)) * strength * top).clamp(0.0, 1.0)
    colour = torch.lerp(torch.tensor(_TONGUE.colour), torch.tensor(_TONGUE.coating_colour), coating[:, None])
    groove = torch.exp(-((side / _TONGUE.groove_width) ** 2)) * top
    return colour * (1.0 + _TONGUE.patches * patches[1] - _TONGUE.groove * groove)[:, None]


# ------------------------------------------------------------------------------------------------------- relief


def _density(head: Head, part: Part) -> tuple[float, float]:
    """Return the part's median tile lengths per metre, across and up the layout."""
    across, up = (
        float((lengths / _edge_lengths(head, ends).clamp_min(_SHORTEST)).median())
        for ends, lengths in _edges.get(head.topology, part.name, lambda: _straight_edges(head.topology, part))
    )
    return across, up


def _edge_lengths(head: Head, ends: Tensor) -> Tensor:
    """Return [N] metres between the ends [N, 2] of edges."""
    return (head.vertices[ends[:, 1]] - head.vertices[ends[:, 0]]).norm(dim=1)


def _straight_edges(topology: Topology, part: Part) -> tuple[tuple[Tensor, Tensor], ...]:
    """Return edges that run across the layout, and those that run up it: [N, 2] ends and [N] lengths in the tile."""
    faces, face_uvs = topology.faces[slice(*part.faces)], topology.face_uvs[slice(*part.faces)]
    ends = torch.stack((faces[:, :-1], faces[:, 1:]), dim=-1).reshape(-1, 2)
    flat = topology.uv[face_uvs].diff(dim=1).reshape(-1, 2)
    length, is_edge = flat.norm(dim=1).clamp_min(_SHORTEST_IN_TILE), ends[:, 0] != ends[:, 1]
    along = [is_edge & (flat[:, axis].abs() > _STRAIGHT * length) for axis in (0, 1)]
    return tuple((ends[mask], length[mask]) for mask in along)


def _repeated(cell: float, density: tuple[float, float], size: int, shape: torch.Size) -> Tensor | None:
    """Return a pattern repeated over a window: [h, w, 3] height and slopes; None where it is too fine to be seen.

    Args:
        cell: metres from bump to bump.
        density: tile lengths per metre, across and up.
        size: texels a side of the tile.
        shape: of the window, from h and w on.
    """
    across, up = (size * cell * lengths for lengths in density)  # texels of a cell
    if min(across, up) < _BUMPS.least_texels:
        return None
    tile = _pattern(round(across * _BUMPS.cells), round(up * _BUMPS.cells))
    height, width, _ = tile.shape
    return tile.repeat(-(-shape[0] // height), -(-shape[1] // width), 1)[: shape[0], : shape[1]]


@lru_cache(maxsize=64)
def _pattern(width: int, height: int) -> Tensor:
    """Return a tile of bumps: [height, width, 3] height, slope across and slope up; mean 0, deviation about 1."""
    side = _BUMPS.cells * _BUMPS.cell_texels
    near, _, random = cell_tile(_BUMPS.cells, side, torch.Generator().manual_seed(_BUMPS.seed))
    bumps = torch.exp(-((near / _BUMPS.radius) ** 2)) * (_BUMPS.lowest + _BUMPS.spread * random)
    bumps = (bumps - bumps.mean()) / bumps.std()
    across = 0.5 * (bumps.roll(-1, 1) - bumps.roll(1, 1)) * _BUMPS.cell_texels
    up = 0.5 * (bumps.roll(1, 0) - bumps.roll(-1, 0)) * _BUMPS.cell_texels
    image = torch.stack((bumps, across / across.std(), up / up.std()))[None]
    return interpolate(image, size=(height, width), mode="bilinear", antialias=True)[0].permute(1, 2, 0).contiguous()
