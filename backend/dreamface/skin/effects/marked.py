"""The marked skin as effects see it: only its texels, in millimetres, with natural outlines, random marks and cells.

All patterns come from places in space, so they run on across the tiles' seams and are the same at every map size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, Final

import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.bands import enlarged
from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.noise import solid_noise
from dreamface.skin.canvas.overlay import Patch, Site, Spot
from dreamface.skin.effects.effect import Way
from dreamface.units import MM

_DEPTH_GRID: Final = 512  # texels a side on which distances from the mask's border are measured
_DEPTH_SMOOTHED: Final = 2  # times that they are the mean of their neighbours
_SHOWN: Final = (1.5, 4.0)  # texels a cell of noise over which it begins to be seen
_HASH: Final = (73856093, 19349663, 83492791)  # primes of a spatial hash (Teschner et al. 2003)
_TABLE: Final = 8192  # random numbers that cells share
_CHUNK: Final = 1 << 16  # texels that are worked on at a time, so that they stay in the processor's cache
_ROWS: Final = 128  # of the maps that are enlarged at a time
_FADES_BELOW: Final = 0.6  # of the mask, to nothing
_MEAN_RIDGE: Final = 0.4  # of `ridges`, where they are too fine to be seen
_GIRTH: Final = 85.0  # millimetres from a head's axis to its skin, about
_BINS: Final = 40  # places along a course

Axis = tuple[float, float, float]

Drawing = Callable[[Tensor, Tensor, slice], Tensor]
"""How marks look: distance [M] in millimetres from a mark's middle, its own random numbers [4, M], and which of the N
texels these are -> [C, M]."""


@dataclass(frozen=True)
class Outline:
    """A natural border within a mask, which hides the mask's own.

    Attributes:
        ragged_mm: how far it strays.
        cell_mm: length of its largest bays; smaller ones lie on them.
        soft_mm: half the width over which it fades.
        most: of the marked place's radius that it strays at most.
    """

    ragged_mm: float
    cell_mm: float
    soft_mm: float
    most: float = 0.22


@dataclass(frozen=True)
class Course:
    """A line through the middle of the marked place, along its long axis. Values are those of the N texels.

    Attributes:
        along: millimetres from its middle.
        across: millimetres to one side of it.
        half_length: millimetres.
        half_width: millimetres of the marked place to its sides, on the mean.
    """

    along: Tensor
    across: Tensor
    half_length: float
    half_width: float

    def near(self, chosen: Tensor) -> Course:
        """Return it at the texels that are chosen [N]."""
        return replace(self, along=self.along[chosen], across=self.across[chosen])


class Marked:
    """The N texels at which a site's mask is more than 0."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._there = site.mask > 0.0

    def near(self, chosen: Tensor) -> Marked:
        """Return those of the texels that are chosen [N], in as small a window: a line needs no whole face."""
        image = self.image(self.mask * chosen)
        found = window_of(image > 0.0)
        if found is None:
            return self
        (top, _), (left, _) = self.site.window.rows, self.site.window.columns
        (first, last), (start, stop) = found.rows, found.columns
        window = Window((top + first, top + last), (left + start, left + stop))
        return Marked(replace(self.site, spot=Spot(window, image[found.slices].clone())))

    def image(self, values: Tensor, outside: float = 0.0) -> Tensor:
        """Return [..., h, w] values [..., N] of the texels as an image, with `outside` elsewhere."""
        found = values.new_full((*values.shape[:-1], *self._there.shape), outside)
        found[..., self._there] = values
        return found

    def patch(
        self,
        *,
        stain: Tensor | None = None,
        colour: Tensor | tuple[float, float, float] | None = None,
        roughness: float | Tensor | None = None,
        specular: float | Tensor | None = None,
        subsurface: float | Tensor | None = None,
        metallic: float | Tensor | None = None,
        height_mm: Tensor | None = None,
        **amounts: Tensor | None,
    ) -> Patch:
        """Return a `Patch` of values [N] (colours [3, N]) of the texels; heights are millimetres."""

        def shown(value: float | Tensor | None) -> float | Tensor | None:
            return self.image(value) if isinstance(value, Tensor) else value

        images: dict[str, Any] = {name: self.image(values) for name, values in amounts.items() if values is not None}
        if isinstance(colour, Tensor) and colour.dim() > 1:
            colour = self.image(colour)
        return Patch(
            self.site.window,
            stain=None if stain is None else self.image(stain, 1.0),
            colour=torch.tensor(colour) if isinstance(colour, tuple) else colour,
            height=None if height_mm is None else self.image(height_mm * MM),
            roughness=shown(roughness),
            specular=shown(specular),
            subsurface=shown(subsurface),
            metallic=shown(metallic),
            **images,
        )

    def cut(self, image: Tensor) -> Tensor:
        """Return [C, N] of a coarse image [C, S, S]; enlarged a few rows at a time, as a window may be gigabytes."""
        (top, bottom), columns, size = self.site.window.rows, self.site.window.columns, self.site.subject.size
        found = []
        for start in range(top, bottom, _ROWS):
            rows = start, min(start + _ROWS, bottom)
            found.append(enlarged(image, rows, size, columns=columns)[:, self._there[start - top : rows[1] - top]])
        return torch.cat(found, dim=1)

    @cached_property
    def mask(self) -> Tensor:
        """[N] 0..1."""
        return self.site.mask[self._there]

    @cached_property
    def position(self) -> Tensor:
        """[3, N] millimetres."""
        return self.cut(self.site.subject.surface.position).div_(MM)

    @property
    def texel(self) -> float:
        """Millimetres."""
        return self.site.texel

    @cached_property
    def radius(self) -> float:
        """Millimetres of a disc as large as the marked place."""
        return math.sqrt(float(self.site.cloud[:, 3].sum()) / math.pi) / MM

    def noise(self, name: str, cell_mm: float, stretch: Axis = (1.0, 1.0, 1.0), warp: Tensor | None = None) -> Tensor:
        """Return [N] smooth noise: mean 0, deviation about 1; it fades where texels are too large to show it.

        Args:
            name: of the pattern.
            cell_mm: between its lattice points.
            stretch: how many times longer it is along x, y and z.
            warp: [3, N] millimetres by which places are moved first.
        """
        place = self.position if warp is None else self.position + warp
        place = place / torch.tensor(stretch)[:, None]
        found = solid_noise(place[:, None], cell_mm, 1, self.site.random(name))[0, 0]
        shown = float(smoothstep(torch.tensor(cell_mm / self.texel), *_SHOWN))
        return found * shown if shown < 1.0 else found

    def at(self, place: Tensor, name: str) -> Tensor:
        """Return [N] smooth noise at places [3, N] of its own space, in cells: mean 0, deviation about 1."""
        return solid_noise(place[:, None], 1.0, 1, self.site.random(name))[0, 0]

    def fractal(self, name: str, cell_mm: float, octaves: int = 3, stretch: Axis = (1.0, 1.0, 1.0)) -> Tensor:
        """Return [N] the sum of noises, each half as large and half as strong as the one before: deviation about 1."""
        parts = [0.5**k * self.noise(f"{name}/{k}", cell_mm * 0.5**k, stretch) for k in range(octaves)]
        return torch.stack(parts).sum(dim=0) / math.sqrt(sum(0.25**k for k in range(octaves)))

    def ridges(
        self,
        name: str,
        cell_mm: float,
        stretch: Axis = (1.0, 1.0, 1.0),
        warp: Tensor | None = None,
        sharp: float = 1.0,
    ) -> Tensor:
        """Return [N] 1 along winding lines, falling to 0 away from them, the faster the sharper.

        Where texels are too large to show them, it is their mean.
        """
        mean = _MEAN_RIDGE * 2.0 / (1.0 + sharp)
        shown = float(smoothstep(torch.tensor(cell_mm / self.texel), *_SHOWN))
        found = self.noise(name, cell_mm, stretch, warp)
        if shown == 0.0:
            return torch.full_like(found, mean)
        ridge = (1.0 - (found / shown).abs()).clamp_min_(0.0).pow_(sharp)
        return torch.lerp(torch.full_like(ridge, mean), ridge, shown)

    def warp(self, name: str, cell_mm: float, far_mm: float) -> Tensor:
        """Return [3, N] millimetres by which a noise moves places."""
        return far_mm * solid_noise(self.position[:, None], cell_mm, 3, self.site.random(name))[:, 0]

    # ------------------------------------------------------------------------------------------------------- outlines

    @cached_property
    def depth(self) -> Tensor:
        """[N] millimetres inwards from where the mask is a half; less than 0 outside of that."""
        site, size = self.site, self.site.subject.size
        factor = max(1, size // _DEPTH_GRID)
        (top, bottom), (left, right) = site.window.rows, site.window.columns
        before = (left % factor, top % factor)
        after = (-right % factor, -bottom % factor)
        # What lies beyond the tile is more of the same.
        edges = (left == 0, right == size, top == 0, bottom == size)
        mask = pad(site.mask[None, None], (before[0], after[0], before[1], after[1]), mode="constant")
        coarse = avg_pool2d(mask, factor)[0, 0] if factor > 1 else mask[0, 0]
        ring = [int(not edge) for edge in edges]
        inside = pad(coarse, ring).numpy() > 0.5
        away = distance_transform_edt(inside) - distance_transform_edt(~inside) if inside.any() else inside * 0.0 - 1.0
        away = torch.from_numpy(away).float()
        away = away[ring[2] : ring[2] + coarse.shape[0], ring[0] : ring[0] + coarse.shape[1]]
        away = away - 0.5 * away.sign()
        for _ in range(_DEPTH_SMOOTHED):  # borders of masks are stairs
            away = avg_pool2d(away[None, None], 3, 1, 1, count_include_pad=False)[0, 0]
        large = torch.nn.functional.interpolate(away[None, None], scale_factor=float(factor), mode="bilinear")[0, 0]
        large = large[before[1] : before[1] + bottom - top, before[0] : before[0] + right - left]
        density = self.cut(site.subject.surface.density[None])[0]
        return large[self._there] * (factor / (size * MM)) / density

    @cached_property
    def fade(self) -> Tensor:
        """[N] 1 where the mask is strong, 0 where it ends: what has a border of its own is weakened by this alone."""
        return smoothstep(self.mask, 0.0, _FADES_BELOW)

    def island(self, name: str, outline: Outline, inset: float = 1.5) -> Tensor:
        """Return [N] 0..1 of a patch with a natural outline within the mask.

        Args:
            name: of its random border.
            outline: what the border is like.
            inset: how far it lies inside the mask's, in the lengths that it strays.
        """
        ragged = min(outline.ragged_mm, outline.most * self.radius)
        soft = max(min(outline.soft_mm, self.radius * outline.most), 0.7 * self.texel)
        edge = self.depth + ragged * (self.fractal(name, outline.cell_mm).clamp_max(1.4) - inset)
        return smoothstep(edge, -soft, soft) * self.fade

    # ---------------------------------------------------------------------------------------------------- random marks

    def marks(self, name: str, cell_mm: float, draw: Drawing, warp: Tensor | None = None) -> Tensor:
        """Return [C, N] random marks: the strongest at each texel.

        Args:
            name: of the pattern.
            cell_mm: there is one mark in each cube of this side; no mark reaches farther than half of it.
            draw: see `Drawing`.
            warp: as of `noise`.
        """
        place = (self.position if warp is None else self.position + warp) / cell_mm
        block = _Block.around(place, 7, self.site.random(name))
        found, start = [], 0
        for part in _chunks(place):
            where = slice(start, start + part.shape[1])
            start = where.stop
            low = (part - 0.5).floor()
            first, inside = block.index(low), part - low
            best: Tensor | None = None
            for step in product((0, 1), repeat=3):
                own = block.numbers[:, first + block.offset(step)]
                away = (inside - torch.tensor(step)[:, None] - own[:3]).square().sum(dim=0).sqrt() * cell_mm
                drawn = draw(away, own[3:], where)
                best = drawn if best is None else torch.maximum(best, drawn)
            assert best is not None
            found.append(best)
        return torch.cat(found, dim=-1)

    def runs(self, name: str, cell_mm: float, draw: Drawing, warp: Tensor | None = None) -> Tensor:
        """Return [C, N] marks as of `marks`, but endless lines that go straight down the skin, at such distances."""
        place = self.position if warp is None else self.position + warp
        middle = (
            0.5 * (self.site.subject.head.landmark("tragion_l") + self.site.subject.head.landmark("tragion_r")) / MM
        )
        x, y = place[0] - middle[0], place[1] - middle[1]
        turn = torch.atan2(x, -y) * (_GIRTH / cell_mm)
        wide = torch.hypot(x, y) / _GIRTH
        table = torch.rand(5, _TABLE, generator=self.site.random(name))
        found, start = [], 0
        for part, scale in zip(_chunks(turn), _chunks(wide), strict=True):
            where = slice(start, start + len(part))
            start = where.stop
            low, best = (part - 0.5).floor(), None
            for step in (0.0, 1.0):
                own = table[:, (low + step).long().remainder(_TABLE)]
                drawn = draw((part - low - step - own[0]).abs() * scale * cell_mm, own[1:], where)
                best = drawn if best is None else torch.maximum(best, drawn)
            assert best is not None
            found.append(best)
        return torch.cat(found, dim=-1)

    def cells(self, name: str, cell_mm: float, warp: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return irregular cells (Worley 1996): [N] millimetres to the nearest border, [N] a random number of each."""
        place = (self.position if warp is None else self.position + warp) / cell_mm
        block = _Block.around(place, 4, self.site.random(name))
        borders, numbers = [], []
        for part in _chunks(place):
            low = part.floor()
            middle, inside = block.index(low), part - low
            first, second = torch.full_like(part[0], math.inf), torch.full_like(part[0], math.inf)
            nearest = middle.clone()
            for step in product((-1, 0, 1), repeat=3):
                index = middle + block.offset(step)
                away = torch.zeros_like(first)
                for axis in range(3):
                    aside = block.numbers[axis][index].add_(step[axis]).sub_(inside[axis])
                    away.addcmul_(aside, aside)
                closer = away < first
                second = torch.minimum(second, torch.maximum(first, away))
                nearest = torch.where(closer, index, nearest)
                first = torch.minimum(first, away)
            borders.append(0.5 * cell_mm * (second.sqrt() - first.sqrt()))
            numbers.append(block.numbers[3][nearest])
        return torch.cat(borders), torch.cat(numbers)

    # -------------------------------------------------------------------------------------------------- the whole place

    @cached_property
    def height(self) -> Tensor:
        """[N] 1 at the top of the marked place, 0 at its bottom."""
        bottom, top = self.extent(2)
        return (self.position[2] - bottom) / max(top - bottom, 1.0)

    def extent(self, axis: int) -> tuple[float, float]:
        """Return millimetres between which nearly all of the marked place lies along x, y or z."""
        place, weight = self.site.cloud[:, axis] / MM, self.site.cloud[:, 3]
        order = place.argsort()
        share = weight[order].cumsum(0) / weight.sum()
        return float(place[order][share >= 0.01][0]), float(place[order][share >= 0.99][0])

    def course(self, way: Way = "", straight: bool = False) -> Course:
        """Return the line through the middle of the marked place, which follows its bends.

        Args:
            way: whether it goes straight down, across or from one upper corner to the opposite lower one, instead of
                along the longest way.
            straight: whether it goes straight on instead of following the place's bends.
        """
        place, weight = self.site.cloud[:, :3] / MM, self.site.cloud[:, 3]
        weight = weight / weight.sum()
        middle = weight @ place
        away = place - middle
        _, ways = torch.linalg.eigh((away * weight[:, None]).T @ away)
        long, wide = ways[:, 2], ways[:, 1]
        if way:
            up = torch.tensor([0.0, 0.0, 1.0])
            flat = away * torch.tensor([1.0, 1.0, 0.0])
            level = torch.linalg.eigh((flat * weight[:, None]).T @ flat)[1][:, 2]  # the longest way that is level
            if way == "aslant":
                level = level * (1.0 if float(level[0]) > 0.0 else -1.0)  # the same on every machine
            turned = {"down": (up, level), "across": (level, up)}
            long, wide = turned.get(way, ((up + level) / math.sqrt(2.0), (up - level) / math.sqrt(2.0)))
        long = long * (1.0 if float(long[2] + 0.1 * long[0]) > 0.0 else -1.0)  # the same on every machine
        along, across = away @ long, away @ wide
        order = along.argsort()
        share = weight[order].cumsum(0)
        start, stop = float(along[order][share >= 0.01][0]), float(along[order][share >= 0.99][0])
        bins = ((along - start) / max(stop - start, 1e-3) * _BINS).long().clamp(0, _BINS - 1)
        total = torch.zeros(_BINS).index_add_(0, bins, weight)
        mean = torch.zeros(_BINS).index_add_(0, bins, weight * across) / total.clamp_min(1e-9)
        mean = torch.zeros(_BINS) if straight else _filled(mean, total > 1e-6)
        mean = torch.nn.functional.avg_pool1d(pad(mean[None, None], (4, 4), mode="replicate"), 9, 1)[0, 0]
        own = self.position - middle[:, None]
        at, aside = long @ own, wide @ own
        spot = ((at - start) / max(stop - start, 1e-3) * _BINS - 0.5).clamp(0.0, _BINS - 1.001)
        low = spot.long()
        line = torch.lerp(mean[low], mean[low + 1], spot - low)
        width = 0.5 * float(self.site.cloud[:, 3].sum()) / MM**2 / max(stop - start, 1.0)
        return Course(at - 0.5 * (start + stop), aside - line, 0.5 * (stop - start), width)


def _chunks(values: Tensor) -> list[Tensor]:
    """Return values [..., N] in parts of `_CHUNK` texels."""
    starts = range(0, values.shape[-1], _CHUNK)
    return [values[..., start : start + _CHUNK] for start in starts]


def _filled(values: Tensor, known: Tensor) -> Tensor:
    """Return [B] values, the nearest known one where it is not known."""
    places = torch.arange(len(values))
    there = places[known]
    return values[there[(places[:, None] - there).abs().argmin(dim=1)]]


@dataclass(frozen=True)
class _Block:
    """Random numbers of all cells around some places: those of a cell depend on nothing but which one it is.

    Attributes:
        numbers: [K, B] uniform 0..1.
        corner: [3] the first cell.
        strides: of the three axes in B.
    """

    numbers: Tensor
    corner: Tensor
    strides: tuple[int, int, int]

    @classmethod
    def around(cls, place: Tensor, count: int, generator: torch.Generator) -> _Block:
        """Return `count` numbers of each cell within 2 cells of places [3, N], in cells."""
        table = torch.rand(count, _TABLE, generator=generator)
        low, high = place.amin(dim=1).floor().long() - 2, place.amax(dim=1).floor().long() + 3
        x, y, z = (torch.arange(int(a), int(b)) * prime for a, b, prime in zip(low, high, _HASH, strict=True))
        hashed = (x[:, None, None] ^ y[:, None] ^ z).remainder(_TABLE)
        return cls(table[:, hashed.view(-1)], low, (len(y) * len(z), len(z), 1))

    def index(self, cell: Tensor) -> Tensor:
        """Return [M] where the numbers of cells [3, M] are."""
        x, y, z = (cell - self.corner[:, None]).long()
        return x * self.strides[0] + y * self.strides[1] + z

    def offset(self, step: tuple[int, ...]) -> int:
        """Return how far the numbers of a cell's neighbour are from its own."""
        return sum(along * stride for along, stride in zip(step, self.strides, strict=True))
