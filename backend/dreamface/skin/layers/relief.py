"""Height of the skin itself: pores, the fine lines between them, and an unevenness.

Patterns are drawn once, as repeating tiles with a whole number of cells, and shifted by each one's own seed. A region's
tile has as many cells each way as make them as large as they are on the skin, whatever the layout does there.

What is known: pores that are seen are wider than about 0.25 mm, and hardly change after youth (Flament et al. 2015,
"Facial skin pores: a multiethnic study"); furrows deepen and spread with age (Corcuff et al. 1987, "The impact of aging
on the microrelief of peri-orbital and leg skin"). Distances and depths were chosen by eye in renderings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pad

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground, Layer, window_of
from dreamface.skin.canvas.noise import stream
from dreamface.skin.canvas.shared_noises import MOTTLING, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import inner
from dreamface.units import MM

_SMALLEST_CELL: Final = 4.0  # texels that a cell is drawn with at least, before it is averaged
_PATTERN_SEED: Final = 0  # everybody's patterns are the same ones, shifted by each one's own seed
_STEP: Final = 1.25  # numbers of cells are its powers, so that another face of the model has the same pattern
_FEWEST_CELLS: Final = 4
_MOST_CELLS: Final = 1.2  # in a texel: more would be an even grey
_SPARSE: Final = 4  # every so many texels of the coarse grid are looked at for what is wide


@dataclass(frozen=True)
class _Grain:
    """A repeating pattern.

    Attributes:
        kind: "pores", "lines" or "pebbles".
        repeats: how often it repeats across the tile.
        wide, tall: metres between cells across and upwards.
        turn: radians anticlockwise that cells lean from the upright.
        long: how much longer than wide they are along that.
    """

    kind: str
    repeats: int
    wide: float
    tall: float
    turn: float = 0.0
    long: float = 1.0


@dataclass(frozen=True)
class _Zone:
    """Where pores of one kind lie: around landmarks, and how deep they are there."""

    grain: _Grain
    around: tuple[tuple[str, float], ...]  # landmark, metres
    depth: float  # metres


_NOSE: Final = _Grain("pores", repeats=8, wide=0.80 * MM, tall=0.80 * MM)
_CHIN: Final = _Grain("pores", repeats=8, wide=1.0 * MM, tall=1.0 * MM)
_FOREHEAD: Final = _Grain("pores", repeats=8, wide=0.85 * MM, tall=0.80 * MM, long=0.75)
_CHEEKS: Final = {
    side: _Grain("pores", repeats=8, wide=1.05 * MM, tall=1.20 * MM, turn=sign * 0.55, long=1.7)
    for side, sign in (("l", 1.0), ("r", -1.0))
}

_ZONES: Final = (
    _Zone(
        _NOSE,
        (("pronasale", 15.0 * MM), ("rhinion", 12.0 * MM), ("alare_l", 9.0 * MM), ("alare_r", 9.0 * MM)),
        0.125 * MM,
    ),
    *(
        _Zone(_CHEEKS[side], ((f"upper_cheek_{side}", 17.0 * MM), (f"alar_base_{side}", 20.0 * MM)), 0.115 * MM)
        for side in ("l", "r")
    ),
    _Zone(_FOREHEAD, (("metopion", 32.0 * MM), ("glabella", 18.0 * MM)), 0.065 * MM),
    _Zone(
        _CHIN,
        (("pogonion", 19.0 * MM), ("chin_side_l", 16.0 * MM), ("chin_side_r", 16.0 * MM), ("subnasale", 13.0 * MM)),
        0.085 * MM,
    ),
)

_LINES: Final = _Grain("lines", repeats=8, wide=1.2 * MM, tall=0.52 * MM)
_OLD_LINES: Final = _Grain("lines", repeats=4, wide=2.9 * MM, tall=1.9 * MM)
_PEBBLES: Final = _Grain("pebbles", repeats=4, wide=2.9 * MM, tall=2.1 * MM)
_LINE_DEPTH: Final = 0.030 * MM
_PLACES: Final = (
    *(zone.around for zone in _ZONES),
    *(((f"cheek_{side}", 26.0 * MM), (f"upper_cheek_{side}", 15.0 * MM)) for side in ("l", "r")),
    (("metopion", 30.0 * MM), ("glabella", 20.0 * MM)),
    tuple((f"{name}_{side}", 30.0 * MM) for name in ("cheek", "cheekbone", "cheilion") for side in "lr"),
)
"""What `_around` finds: the zones; where the skin's tension runs down and outwards, on the cheeks; where lines are as
large as on skin, on the forehead; and where old skin is creped."""
_SLANTED: Final = {
    len(_ZONES) + number: _Grain("lines", repeats=8, wide=0.80 * MM, tall=0.80 * MM, turn=turn, long=1.5)
    for number, turn in enumerate((0.6, -0.6))
}
_FACE, _CREPED = len(_ZONES) + 2, len(_ZONES) + 3
_PEBBLE: Final = 0.028 * MM  # root mean square
_PATCHY: Final = 0.022  # roughness that goes with it: what stands out is smoother, and holds the oil
_OLD_LINE_DEPTH: Final = 0.11 * MM
_DULL: Final = 0.04  # how much rougher it is in a furrow
_OLD: Final = (38.0, 82.0)  # years over which furrows deepen and widen
_BUMPS: Final = 0.024 * MM, 0.010 * MM  # heights of the wide and of the small ones


@dataclass(frozen=True)
class _Furrows:
    """Lines: furrows between fields of skin. Heights are parts of a line's depth, lengths are parts of a cell.

    Attributes:
        shallow, deepening, differing: depth between fields of about the same kind, which join to larger ones; how much
            deeper it is between others; and how much fields differ between the two.
        width: of a furrow.
        top, roundness: height of a field's middle, and how much it falls towards its border.
    """

    shallow: float = 0.15
    deepening: float = 0.85
    differing: tuple[float, float] = (0.10, 0.55)
    width: float = 0.48
    top: float = 0.15
    roundness: float = 0.15


@dataclass(frozen=True)
class _Pits:
    """Pores. Heights are parts of a pore's depth, lengths are parts of a cell.

    Attributes:
        size_power: of an even number: few pores are large.
        radius, radius_size, radius_own: of the smallest, and what size and the pore's own number add.
        steepness: power of the distance with which the wall falls.
        depth, depth_size, depth_own: as for the radius.
        rim, rim_width: height of the skin between pores, and over which distance it comes.
    """

    size_power: int = 3
    radius: float = 0.15
    radius_size: float = 0.17
    radius_own: float = 0.04
    steepness: int = 3
    depth: float = 0.12
    depth_size: float = 0.88
    depth_own: float = 0.25
    rim: float = 0.10
    rim_width: float = 0.5


_FURROW, _PIT = _Furrows(), _Pits()
_JITTER, _STAGGER = 0.75, 0.5  # parts of a cell: how far middles leave their places; between one row and the next
_FAR: Final = 99.0  # cells: further than any middle
_PEBBLE_SIZES: Final = ((1, 1.0), (2, 0.6))  # cells in the place of one, and the weight of these
_PEBBLE_MARGIN: Final = 2  # cells around a repetition that its interpolation needs
_FAINT: Final = 1e-3  # weight of a pattern below which it is not drawn
_ZONE_EDGE: Final = (0.45, 1.7)  # radii of a zone between which it fades
_FEWER_ON_LIDS: Final = 0.9  # pores
_PORE_PATCHES: Final = 0.85, 0.22, (0.3, 1.3)  # how patchy they are: mean, weight of a noise, least and most
_PORE_DEPTHS: Final = 0.2, 1.6  # over the zones': of no visible pores, and what all of them add
_LINE_PATCHES: Final = 0.85, 0.2, (0.3, 1.4)  # of lines and pebbles
_LINE_STRENGTH: Final = 0.6, 0.5, 0.7  # depth of lines: everybody's, what pores add, and what age adds
_SMOOTHER_NOSE, _ACROSS_CHEEKS, _SMOOTHER_SCALP = 0.35, 0.85, 0.8  # fraction of lines or pebbles that is missing there
_PEBBLE_STRENGTH: Final = 0.85, 0.75  # of the young, and what age adds
_CROSSED: Final = {("neck",): 0.35, ("lids_upper", "lids_lower", "under_eyes"): 0.5, ("temples",): 0.3}
"""How much old skin is cross-hatched, by regions."""
_CROSSED_RANGE: Final = (0.15, 1.0)


# ------------------------------------------------------------------------------------------------- patterns


def _cells_of(subject: Subject, grain: _Grain, weight: Tensor) -> tuple[int, int]:
    """Rows (even) and columns of cells in one repetition, from how the layout stretches the skin where `weight` is."""
    step = (slice(_SPARSE // 2, None, _SPARSE), slice(_SPARSE // 2, None, _SPARSE))
    a, _, c = subject.surface.metric[:, *step]
    inside = subject.surface.atlas.inside[step]
    near = (weight[step] > 0.5) & inside
    if not bool(near.any()):
        near = inside
    across, up = float(a[near].median()), float(c[near].median())
    rows = _stepped(1.0 / (grain.repeats * grain.tall * up))
    return max(_FEWEST_CELLS, 2 * round(0.5 * rows)), max(
        _FEWEST_CELLS, round(_stepped(1.0 / (grain.repeats * grain.wide * across)))
    )


def _stepped(value: float) -> float:
    return _STEP ** round(math.log(value, _STEP))


@lru_cache(maxsize=24)
def _tile(grain: _Grain, rows: int, columns: int, size: int) -> Tensor:
    """Return [P, P] one repetition for maps of `size` texels: height, 0 on even skin and down to about -1.

    What is finer than the maps can show is averaged away.
    """
    side = size // grain.repeats
    finer = max(1, math.ceil(_SMALLEST_CELL * max(rows, columns) / side))
    generator = stream(_PATTERN_SEED, f"{grain.kind} {rows} {columns} {grain.turn}")
    drawn = _draw(grain, rows, columns, side * finer, generator)
    return avg_pool2d(drawn[None, None], finer)[0, 0] if finer > 1 else drawn


def _draw(grain: _Grain, rows: int, columns: int, side: int, generator: torch.Generator) -> Tensor:
    nearest, second, own, other = _cells(rows, columns, side, grain, generator)
    if grain.kind == "lines":
        look = _FURROW
        deep = look.shallow + look.deepening * smoothstep((own - other).abs(), *look.differing)
        furrow = (1.0 - (second - nearest) / look.width).clamp(0.0, 1.0)
        return look.top - deep * furrow * furrow - look.roundness * nearest * nearest
    pit = _PIT
    size = own**pit.size_power
    radius = pit.radius + pit.radius_size * size + pit.radius_own * own
    wall = torch.exp(-((nearest / radius) ** pit.steepness))
    depth = wall * (pit.depth + pit.depth_size * size + pit.depth_own * own)
    return pit.rim * smoothstep(second - nearest, 0.0, pit.rim_width) - depth


def _cells(
    rows: int, columns: int, side: int, grain: _Grain, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A repeating square of irregular cells in staggered rows (Worley 1996, "A cellular texture basis function").

    Returns:
        [side, side] distance to the nearest cell's middle and to the second nearest, both in cells, and numbers 0..1 of
        their own for these two.
    """
    count = rows * columns
    shift_y, shift_x, own = torch.rand(3, count, generator=generator).unbind(0)
    row_of = torch.arange(count) // columns
    y = 0.5 + _JITTER * (shift_y - 0.5)
    x = 0.5 + _JITTER * (shift_x - 0.5) + _STAGGER * (row_of % 2) - 0.5 * _STAGGER
    cells = torch.stack((y, x, own)).view(3, rows, columns)
    cosine, sine = math.cos(grain.turn), math.sin(grain.turn)
    down, across = (torch.arange(side) + 0.5) * (rows / side), (torch.arange(side) + 0.5) * (columns / side)
    row, column = down.long(), across.long()
    first = torch.full((side, side), _FAR)
    second, mine, its = first.clone(), torch.zeros(side, side), torch.zeros(side, side)
    for step_y in (-1, 0, 1):
        of_row = cells[:, (row + step_y).remainder(rows)]
        for step_x in (-1, 0, 1):
            here_y, here_x, number = of_row[:, :, (column + step_x).remainder(columns)].unbind(0)
            away_y = here_y + (row + step_y - down)[:, None]
            away_x = here_x + (column + step_x - across)
            along, aside = (cosine * away_y + sine * away_x) / grain.long, cosine * away_x - sine * away_y
            distance = along * along + aside * aside
            closer = distance < first
            middle = torch.where(closer, first, distance)
            its = torch.where(middle < second, torch.where(closer, mine, number), its)
            second = torch.minimum(second, middle)
            mine = torch.where(closer, number, mine)
            first = torch.minimum(first, distance)
    return first.sqrt_(), second.sqrt_(), mine, its


@lru_cache(maxsize=8)
def _pebbles(rows: int, columns: int, side: int) -> Tensor:
    """Return [P, P] one repetition of a smooth unevenness of two sizes: mean 0, deviation 1."""
    generator = stream(_PATTERN_SEED, "pebbles")
    height = torch.zeros(side, side)
    for factor, weight in _PEBBLE_SIZES:
        lattice = torch.randn(1, 1, factor * rows, factor * columns, generator=generator)
        around = pad(lattice, (_PEBBLE_MARGIN,) * 4, mode="circular")
        high, wide = around.shape[2:]
        cells = (factor * rows, factor * columns)
        y, x = ((torch.arange(side) + 0.5) * (count / side) + _PEBBLE_MARGIN for count in cells)
        grid = torch.stack(torch.meshgrid(2.0 * y / high - 1.0, 2.0 * x / wide - 1.0, indexing="ij")[::-1], dim=-1)
        height += weight * grid_sample(around, grid[None], mode="bicubic", align_corners=False)[0, 0]
    return (height - height.mean()) / height.std()


def _own_shift(subject: Subject, tile: Tensor) -> Tensor:
    """Return a tile shifted by as much as the seed says."""
    shift = (torch.rand(2, generator=subject.stream("patterns")) * len(tile)).long().tolist()
    return tile.roll(shift, dims=(0, 1))


def _laid_out(subject: Subject, grain: _Grain, weight: Tensor, height: float) -> Decal | None:
    """Return a pattern where a weight [S, S] is, as a decal."""
    window = window_of(weight > _FAINT, margin=1)
    if window is None or height == 0.0:
        return None
    cells = _cells_of(subject, grain, weight)
    if max(cells) * grain.repeats > _MOST_CELLS * subject.size:
        return None
    tile = _own_shift(subject, _tile(grain, *cells, subject.size))
    factor = subject.size // len(weight)
    large = window.scaled(factor)
    image = weight[window.slices][None, None]
    if factor > 1:
        image = interpolate(image, scale_factor=float(factor), mode="bilinear", align_corners=False)
    rows, columns = (torch.arange(*span).remainder(len(tile)) for span in (large.rows, large.columns))
    return Decal(large, height=image[0, 0].mul_(tile[rows][:, columns]).mul_(height))


# ------------------------------------------------------------------------------------------------- where


def _calm(subject: Subject) -> Tensor:
    """Return [S, S] 0..1: dry skin, away from the islands' borders, where the layout breaks the patterns."""
    region = subject.region

    def found() -> Tensor:
        covered = (1.0 - region("lips_upper", "lips_lower")) * (1.0 - region("lids_margin")) * (1.0 - inner(subject))
        return covered * subject.surface.atlas.interior

    return subject.once("calm skin", found)


def _around(subject: Subject, number: int) -> Tensor | None:
    """[S, S] 1 at the landmarks of one of `_PLACES`, 0 about two radii from them; None where none lies in the tile."""
    if not any(subject.surface.atlas.landmark(name) is not None for name, _ in _PLACES[number]):
        return None
    return subject.once("relief zones", lambda: _zones(subject))[number]


def _zones(subject: Subject) -> Tensor:
    """Return [Z, S, S] how near each of `_PLACES` is."""
    surface, size = subject.surface, subject.surface.atlas.size
    position = surface.position[:, _SPARSE // 2 :: _SPARSE, _SPARSE // 2 :: _SPARSE]
    there = [(zone, name, radius) for zone, places in enumerate(_PLACES) for name, radius in places
             if surface.atlas.landmark(name) is not None]  # fmt: skip
    found = torch.zeros(len(_PLACES), *position.shape[1:])
    if there:
        marks = torch.stack([subject.head.landmark(name) for _, name, _ in there])
        away = torch.cdist(marks, position.reshape(3, -1).T, compute_mode="donot_use_mm_for_euclid_dist")
        near = 1.0 - smoothstep(away / torch.tensor([radius for *_, radius in there])[:, None], *_ZONE_EDGE)
        zone = torch.tensor([number for number, *_ in there])[:, None].expand_as(near)
        found.view(len(_PLACES), -1).scatter_reduce_(0, zone, near, "amax")
    return interpolate(found[None], size=(size, size), mode="bilinear", align_corners=False)[0]


def _pores(subject: Subject) -> Sequence[Decal]:
    """Dense and round on the nose, larger and drawn out on the cheeks, fine on the forehead; hardly any on lids."""
    amount = subject.traits.number("skin.pores")
    region = subject.region
    bare = (
        _calm(subject)
        * (1.0 - _FEWER_ON_LIDS * region("under_eyes", "lids_upper", "lids_lower"))
        * (1.0 - region("nostrils"))
    )
    mean, weight_of_noise, within = _PORE_PATCHES
    bare *= (mean + weight_of_noise * subject.noise(PATCHES, "gloss")).clamp_(*within)
    shallowest, deeper = _PORE_DEPTHS
    found = []
    for number, zone in enumerate(_ZONES):
        weight = _around(subject, number)
        if weight is not None:
            found.append(_laid_out(subject, zone.grain, weight * bare, zone.depth * (shallowest + deeper * amount)))
    return [decal for decal in found if decal is not None]


# ------------------------------------------------------------------------------------------------- fine lines


def _age(subject: Subject) -> float:
    return ramp(subject.traits.number("age"), *_OLD)


def _lines(subject: Subject) -> DetailTiles:
    """Lozenges along the lines of tension, across everywhere but on the cheeks; larger and deeper with age.

    And an unevenness of what lies between pores and folds, in height and in gloss: it is what breaks highlights up.
    """
    old, calm = _age(subject), _calm(subject)
    mean, weight, within = _LINE_PATCHES
    uneven = (mean + weight * subject.noise(PATCHES, "density")).clamp_(*within)
    rest = calm * (1.0 - _SMOOTHER_NOSE * subject.region("nose")) * uneven
    flat = rest
    for number in _SLANTED:
        if (leaning := _around(subject, number)) is not None:
            flat = flat * (1.0 - _ACROSS_CHEEKS * leaning)
    face = _around(subject, _FACE)
    fine, wide = (
        _own_shift(subject, _tile(grain, *_cells_of(subject, grain, calm if face is None else face), subject.size))
        for grain in (_LINES, _OLD_LINES)
    )
    again = _LINES.repeats // _OLD_LINES.repeats
    cells = _cells_of(subject, _PEBBLES, calm if face is None else face)
    pebbles = _own_shift(subject, _pebbles(*cells, subject.size // _PEBBLES.repeats))
    tiles = torch.stack((fine.repeat(again, again), wide, pebbles))
    nothing = torch.zeros(len(tiles))
    young, older = _PEBBLE_STRENGTH
    return DetailTiles(
        tiles=tiles,
        weights=torch.stack(
            (flat, _crossed(subject) * rest, calm * uneven * (1.0 - _SMOOTHER_SCALP * subject.region("scalp")))
        ),
        height=torch.tensor([_line_depth(subject), _OLD_LINE_DEPTH * old, _PEBBLE * (young + older * old)]),
        melanin=nothing,
        blood=nothing,
        roughness=torch.tensor([-_DULL, 0.0, -_PATCHY]),
        specular=nothing,
    )


def _line_depth(subject: Subject) -> float:
    usual, with_pores, with_age = _LINE_STRENGTH
    return _LINE_DEPTH * (usual + with_pores * subject.traits.number("skin.pores") + with_age * _age(subject))


def _crossed(subject: Subject) -> Tensor:
    """Return [S, S] where old skin is cross-hatched: cheeks, lids, around the mouth, the neck."""
    neck, lids, temples = (weight * subject.region(*names) for names, weight in _CROSSED.items())
    weight = neck + lids + temples
    near = _around(subject, _CREPED)
    return (weight if near is None else torch.maximum(weight, near)).clamp(*_CROSSED_RANGE)


def _cheek_lines(subject: Subject) -> Sequence[Decal]:
    found = []
    for number, grain in _SLANTED.items():
        if (leaning := _around(subject, number)) is not None:
            found.append(_laid_out(subject, grain, leaning * _calm(subject), _line_depth(subject)))
    return [decal for decal in found if decal is not None]


# ------------------------------------------------------------------------------------------------- unevenness


def _bumps(subject: Subject, ground: Ground) -> Ground:
    """Return the skin is never quite even."""
    wide, small = subject.noise(PATCHES, "colour"), subject.noise(MOTTLING, "gloss")
    uneven = (_BUMPS[0] * wide + _BUMPS[1] * small) * subject.surface.atlas.interior
    return replace(ground, height=ground.height + uneven)


PORES: Final = Layer("pores", "pores", ("skin.pores",), decals=_pores)
LINES: Final = Layer(
    "lines", "the fine lines of the skin", ("skin.pores", "age"), decals=_cheek_lines, detail_tiles=_lines
)
BUMPS: Final = Layer("bumps", "a slight unevenness", stain=_bumps)
