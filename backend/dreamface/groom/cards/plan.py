"""Which cards a region of hair is made of: layers of ribbons within a budget of triangles.

From the skin outwards: a dense base that hides the skin, cards under the surface, cards on it with fewer hairs, thin
ones along hairlines and partings that cross the others, and a few that fly away. Braids and dreadlocks are ribbons that
cross along their middle instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.groom.bundles import shared_locks
from dreamface.groom.cards.curves import centre_lines, clusters, even, lengths, smoothed, turning, usable
from dreamface.groom.shaping import resample, resampled
from dreamface.hair import Hair, Region, Roots
from dreamface.units import MM

LEVELS: Final = 3
"""Levels of detail, 0 is the finest."""


@dataclass(frozen=True)
class _Detail:
    """How finely a region is made.

    Attributes:
        triangles: at most, at each level.
        segment: metres that one segment of a straight card is long, at each level.
        segments: of a card at most, at each level.
        curl: of a curly card at most, at each level.
        narrowest, widest: metres across a card.
        lift: factor on how far layers lie above each other.
    """

    triangles: tuple[int, int, int]
    segment: tuple[float, float, float]
    segments: tuple[int, int, int]
    curl: tuple[int, int, int]
    narrowest: float
    widest: float
    lift: float


DETAILS: Final[dict[Region, _Detail]] = {
    "scalp": _Detail((15_000, 6_000, 2_000), (0.025, 0.04, 0.07), (18, 10, 6), (30, 16, 8), 4 * MM, 50 * MM, 1.0),
    "beard": _Detail((4_000, 1_600, 600), (0.010, 0.02, 0.04), (10, 6, 4), (14, 8, 5), 3 * MM, 25 * MM, 0.4),
    "brows": _Detail((1_000, 400, 150), (0.004, 0.006, 0.01), (4, 3, 2), (4, 3, 2), 1 * MM, 6 * MM, 0.1),
    "lashes": _Detail((800, 400, 160), (0.003, 0.005, 0.006), (4, 3, 3), (4, 3, 3), 0.6 * MM, 5 * MM, 0.0),
}  # fmt: skip
"""By region."""


@dataclass(frozen=True)
class Layer:
    """One layer of cards.

    Attributes:
        name: of it.
        kinds: of strips that its cards show, in turn.
        share: of the region's triangles.
        overlap: width of a card over the distance to the next.
        lift: metres above the guides.
        roll: radians by which cards are turned about themselves, at most.
        shortest: share of a guide's length that the shortest card has.
        least: cards at least, where there are as many guides.
    """

    name: str
    kinds: tuple[str, ...]
    share: float
    overlap: float
    lift: float = 0.0
    roll: float = 0.0
    shortest: float = 1.0
    least: int = 8


_SCALP: Final = (
    Layer("base", ("base",), 0.14, 1.9, -3 * MM),
    Layer("under", ("dense",), 0.34, 1.7, 0.0, 0.15, 0.92),
    Layer("over", ("medium", "wispy"), 0.34, 1.5, 3 * MM, 0.30, 0.80),
    Layer("edge", ("thin",), 0.12, 1.6, 1 * MM, 0.6, 0.5),
    Layer("fly", ("fly",), 0.05, 1.2, 6 * MM, 0.8, 0.6, 2),
)
_FINE: Final = (Layer("all", ("dense", "medium"), 0.6, 1.9), Layer("cross", ("thin",), 0.38, 1.6, 1 * MM, 0.5))
LAYERS: Final[dict[Region, tuple[Layer, ...]]] = {
    "scalp": _SCALP,
    "beard": _SCALP,
    "brows": _FINE,
    "lashes": (Layer("all", ("dense", "medium"), 0.65, 1.7), Layer("cross", ("thin",), 0.33, 1.7, 0.0, 0.3)),
}
"""By region, from the skin outwards."""

_ROPES: Final = Layer("ropes", ("rope",), 0.85, 1.0)
_ROPE_CLUMP: Final = 0.6  # of a look whose hairs make a rope around each guide
_THINNEST_ROPE: Final = 1.2 * MM  # its radius
_THICKEST_ROPE: Final = 14 * MM
_FEWEST_ROPE_SEGMENTS: Final = 3
_TIED: Final = 0.12  # of the triangles, for ropes of hair that lies on the skin before
_TIED_BY: Final = 0.9  # of its length, where hair comes together at the latest to make a rope

_NEAR: Final = 6  # neighbours that a card's width goes by
_AROUND: Final = 8  # neighbours that tell where a hairline or parting is
_ASIDE: Final = 0.45  # of their distance, how far aside their middle is at a hairline
_PARTED: Final = 0.3  # cosine between neighbours at a parting
_GATHERED, _SPREAD = 0.1, 2.2  # how much narrower or wider than at its root a card may get
_BEND: Final = 0.6  # radians that one segment bends, where there are enough of them
_SHARPEST: Final = 0.85  # radians that one segment may bend; curls that bend more are drawn on the cards instead
_STUBBLE: Final = 5 * MM  # hair of the scalp and beard that is shorter is left to the skin's texture
_WIDEST_SHAPE: Final = 1.5  # width of a card over its length: rows of short hairs on wider ones would look like bands
_CURL_WIDTH: Final = 2.0  # of a card that follows curls, over how far these go to either side
_NARROWEST_CURL: Final = 9 * MM
_CURLY: Final = 2.0  # half turns; hair that bends more is curly


@dataclass(frozen=True)
class Ribbons:
    """C cards of one layer, before they are cut into segments.

    Attributes:
        layer: which.
        lines: [C, M, 3] metres, middle of each.
        width: [C, M] metres.
        segments: [C] int64.
        roll: [C] radians.
        guide: [C] int64 index of the guide that it is rooted with.
        lock: [C] int64.
    """

    layer: Layer
    lines: Tensor
    width: Tensor
    segments: Tensor
    roll: Tensor
    guide: Tensor
    lock: Tensor


@dataclass(frozen=True)
class Waves:
    """Curls that are too fine for segments.

    Attributes:
        height: metres to either side.
        turns: from root to tip.
    """

    height: float = 0.0
    turns: float = 0.0


@dataclass(frozen=True)
class Plan:
    """All ribbons of one region.

    Attributes:
        layers: from the skin outwards.
        roots: [N] of its usable guides.
        waves: what is drawn on its cards.
        length: metres, median of the guides.
        width: metres, median of the cards.
    """

    layers: tuple[Ribbons, ...]
    roots: Roots
    waves: Waves
    length: float
    width: float


def plan(hair: Hair, level: int, generator: torch.Generator) -> Plan | None:
    """Return the ribbons of a region's guides; None where no guide can be seen, or all is stubble.

    Args:
        hair: of the region.
        level: of detail.
        generator: of what is uneven.
    """
    kept = usable(hair.points)
    if not bool(kept.any()):
        return None
    curves, detail = even(hair.points[kept].float()), DETAILS[hair.region]
    hair = replace(hair, points=curves, roots=hair.roots.of(kept), lock=hair.lock[kept])
    if hair.region in ("scalp", "beard") and float(lengths(curves).median()) < _STUBBLE:
        return None
    curls = _curls(curves, detail.curl[level])
    curves = curls.followed
    crowd = _Crowd.of(curves)
    budget = detail.triangles[level]
    bundles, found = Bundles.of(hair, curves), []
    share = bundles.share
    if share:
        found.append(_rope_ribbons(hair, curves, bundles, int(share * budget), level, generator))
        budget -= int(share * budget)
    loose = torch.nonzero(~bundles.whole)[:, 0]
    for layer in LAYERS[hair.region]:
        chosen = loose[crowd.edge[loose]] if layer.name == "edge" else loose
        if len(chosen):
            triangles = int(layer.share * budget)
            found.append(_ribbons(layer, curls, chosen, crowd, hair, level, triangles, generator))
    width = float(torch.cat([ribbons.width.median(dim=1).values for ribbons in found]).median())
    return Plan(tuple(found), hair.roots, curls.drawn, float(lengths(curves).median()), width)


@dataclass(frozen=True)
class _Curls:
    """How guides curl.

    Attributes:
        followed: [N, M, 3] metres, guides with the curls that cards can follow.
        plain: [N, M, 3] the same without any.
        reach: points that a curl goes over.
        widest: metres, of cards that follow curls: wider ones would fold like paper.
        drawn: curls that cards can't follow.
    """

    followed: Tensor
    plain: Tensor
    reach: float
    widest: float
    drawn: Waves


def _curls(curves: Tensor, segments: int) -> _Curls:
    """Find how guides curl, for cards of at most so many segments."""
    turns = float(turning(curves).sum(dim=1).median())
    long = curves.shape[1] / 10.0
    if turns <= _CURLY * math.pi:
        return _Curls(curves, curves, long, math.inf, Waves())
    plain = smoothed(curves, long)
    height = float((curves - plain).square().sum(dim=2).mean(dim=1).sqrt().median())
    if turns > _SHARPEST * segments:
        return _Curls(plain, plain, long, math.inf, Waves(height, turns / (2.0 * math.pi)))
    # Points over a third of a turn: what is finer is a curl, what is longer is the way that the hair falls.
    reach = curves.shape[1] / max(10.0, 3.0 * turns / (2.0 * math.pi))
    return _Curls(
        curves, plain, reach, max(_CURL_WIDTH * height, _NARROWEST_CURL), Waves(0.3 * height, turns / math.pi)
    )


@dataclass(frozen=True)
class _Crowd:
    """How guides stand among each other.

    Attributes:
        distance: metres, the side of the square of skin that one guide has.
        spreading: [N, M] how far neighbours are apart along a guide, over how far they are at its root.
        edge: [N] bool: at a hairline or parting.
    """

    distance: float
    spreading: Tensor
    edge: Tensor

    @classmethod
    def of(cls, curves: Tensor) -> _Crowd:
        count = len(curves)
        if count == 1:
            return cls(10 * MM, torch.ones(curves.shape[:2]), torch.ones(1, dtype=torch.bool))
        root = curves[:, 0]
        apart, order = torch.cdist(root, root).topk(min(_AROUND, count - 1) + 1, largest=False)
        apart, near = apart[:, 1:], order[:, 1:]
        fourth = min(4, near.shape[1]) - 1
        distance = float(apart[:, fourth].median()) * math.sqrt(math.pi / (fourth + 1))
        between = (curves[near[:, :_NEAR]] - curves[:, None]).norm(dim=3).median(dim=1).values
        spreading = between / between[:, :1].clamp(min=0.5 * distance + 1e-6)
        aside = (root[near].mean(dim=1) - root).norm(dim=1) / apart.mean(dim=1).clamp(min=1e-6)
        some = max(1, curves.shape[1] // 6)
        way = torch.nn.functional.normalize(curves[:, some] - root, dim=1)
        agree = (way[near[:, :_NEAR]] * way[:, None]).sum(dim=2).amin(dim=1)
        edge = (aside > _ASIDE) | (agree < _PARTED)
        return cls(max(distance, 0.5 * MM), smooth_width(spreading.clamp(_GATHERED, _SPREAD)), edge)


def smooth_width(width: Tensor) -> Tensor:
    """Return [N, M] without sudden changes."""
    return smoothed(width[..., None], width.shape[1] / 12.0)[..., 0]


def _wanted_segments(curves: Tensor, detail: _Detail, level: int) -> Tensor:
    """[N] how many segments cards along curves should have."""
    straight = lengths(curves) / detail.segment[level]
    turns = turning(curves).sum(dim=1)
    most = torch.where(turns > _CURLY * math.pi, detail.curl[level], detail.segments[level])
    return (straight + turns / _BEND).ceil().long().clamp(min=1).minimum(most)


def _fitted(segments: Tensor, triangles: int) -> Tensor:
    """[C] fewer segments, where all together have more triangles than they may."""
    wanted = 2 * int(segments.sum())
    found = segments if wanted <= triangles else (segments * (triangles / wanted)).long().clamp(min=1)
    while 2 * int(found.sum()) > triangles and int(found.max()) > 1:  # those of one segment can't have fewer
        found = found.clamp(max=int(found.max()) - 1)
    return found


def _ribbons(
    layer: Layer, curls: _Curls, chosen: Tensor, crowd: _Crowd, hair: Hair, level: int, triangles: int,
    generator: torch.Generator,
) -> Ribbons:  # fmt: skip
    """The cards of one layer, made from some of the guides."""
    detail, plain = DETAILS[hair.region], layer.name == "base"
    some = (curls.plain if plain else curls.followed)[chosen]
    usual = int(_wanted_segments(some, detail, level).median())
    count = min(max(triangles // (2 * usual), min(layer.least, triangles // 2), 1), len(some))
    if layer.name in ("edge", "fly"):
        picked = torch.randperm(len(some), generator=generator)[:count].sort().values
        lines, guide = some[picked], chosen[picked]
    else:
        group = shared_locks(hair.lock)[chosen]
        lines, nearest = centre_lines(some, clusters(some, count, group), curls.reach)
        guide = chosen[nearest]
    cell = crowd.distance * math.sqrt(len(some) / len(lines)) if layer.name != "edge" else crowd.distance
    width = (layer.overlap * cell * crowd.spreading[guide]).clamp(detail.narrowest, detail.widest)
    width = torch.minimum(width, (_WIDEST_SHAPE * lengths(lines)).clamp(min=detail.narrowest)[:, None])
    if not plain:  # what is tied has its curls, as of a braid, only where it lies close together anyway
        loose = shared_locks(hair.lock)[guide] == 0
        width = torch.where(loose[:, None], width.clamp(max=curls.widest), width)
    if layer.name == "fly":
        width = width.clamp(max=3 * detail.narrowest)
    lines = _shortened(lines, layer.shortest, generator)
    segments = _fitted(_wanted_segments(lines, detail, level), triangles)
    roll = layer.roll * (2.0 * torch.rand(len(lines), generator=generator) - 1.0)
    if layer.name in ("edge", "cross"):  # they cross their neighbours
        roll = layer.roll * torch.where(torch.arange(len(lines)) % 2 == 0, 1.0, -1.0) + 0.3 * roll
    return Ribbons(replace(layer, lift=layer.lift * detail.lift), lines, width, segments, roll, guide, hair.lock[guide])


def _shortened(lines: Tensor, shortest: float, generator: torch.Generator) -> Tensor:
    """Lines that end a little earlier, each by a random share."""
    share = shortest + (1.0 - shortest) * torch.rand(len(lines), generator=generator)
    return resample(lines, lines.shape[1], share)


# --------------------------------------------------------------------------------------------------------------- ropes


@dataclass(frozen=True)
class Bundles:
    """Which guides lie together as ropes: B of these.

    Attributes:
        number: [N] int64 of each guide's rope, -1 of loose ones.
        middle: [B, M, 3] metres, from where the guides have come together.
        radius: [B, M] metres.
        guide: [B] int64, one in each.
        whole: [N] bool: guides that are nothing but a part of a rope. Others lie on the skin before they are tied.
    """

    number: Tensor
    middle: Tensor
    radius: Tensor
    guide: Tensor
    whole: Tensor

    @property
    def share(self) -> float:
        """Of the triangles, how many ropes need."""
        if not len(self.guide):
            return 0.0
        whole = float(self.whole.float().mean())
        return _ROPES.share * whole + _TIED * (1.0 - whole)

    @classmethod
    def of(cls, hair: Hair, curves: Tensor) -> Bundles:
        """Find those of a region."""
        look, own = hair.look, shared_locks(hair.lock)
        if hair.region in ("brows", "lashes"):
            own = torch.zeros_like(own)
        elif look.guides_each == 1 and look.clump >= _ROPE_CLUMP and look.lock > 0.0:
            own = torch.arange(len(curves)) + 1  # plaits of a row share a lock, and lie one after the other
        number = torch.full((len(curves),), -1)
        whole = torch.zeros(len(curves), dtype=torch.bool)
        middles: list[Tensor] = []
        radii: list[Tensor] = []
        guides: list[int] = []
        for lock in range(1, int(own.max()) + 1):
            members = torch.nonzero(own == lock)[:, 0]
            some = curves[members]
            mean = some.mean(dim=0)
            spread = (some - mean).square().sum(dim=2).mean(dim=0).sqrt()
            apart = torch.nonzero(spread > _THICKEST_ROPE)[:, 0]
            start = int(apart[-1]) + 1 if len(apart) else 0
            if start > _TIED_BY * curves.shape[1]:
                continue
            number[members], whole[members] = len(guides), start == 0
            places = torch.linspace(start, curves.shape[1] - 1, curves.shape[1])[None]
            line = mean if len(members) > 1 else curves[members[0]]
            middles.append(resampled(line[None], places)[0])
            radii.append(resampled(spread[None, :, None], places)[0, :, 0] + max(look.lock, _THINNEST_ROPE))
            guides.append(int(members[(some - mean).square().sum(dim=(1, 2)).argmin()]))
        if not guides:
            return cls(number, curves[:0], curves[:0, :, 0], number[:0], whole)
        radius = smooth_width(torch.stack(radii)).clamp(_THINNEST_ROPE, _THICKEST_ROPE)
        return cls(number, torch.stack(middles), radius, torch.tensor(guides), whole)


def _rope_ribbons(
    hair: Hair, curves: Tensor, bundles: Bundles, triangles: int, level: int, generator: torch.Generator
) -> Ribbons:
    """Two cards for each rope, that cross along its middle; one, where the budget is small."""
    detail, count = DETAILS[hair.region], len(bundles.guide)
    lines, guide, radius = bundles.middle, bundles.guide, bundles.radius
    most = max(1, triangles // (2 * _FEWEST_ROPE_SEGMENTS))
    if count > most:  # neighbours share a wider one
        lines, nearest = centre_lines(lines, clusters(lines, most), curves.shape[1] / 10.0)
        guide, radius = guide[nearest], radius[nearest] * math.sqrt(count / len(lines))
    cards = 2 if 2 * len(lines) * 2 * _FEWEST_ROPE_SEGMENTS <= triangles else 1
    starts = curves[guide, 0] if bool(bundles.whole.any()) else lines[:, 0]
    near = (lines[:, 0] - starts).norm(dim=1, keepdim=True) < _THICKEST_ROPE
    fade = (1.0 - torch.linspace(0.0, 1.0, lines.shape[1])[None, :, None]) ** 2
    lines = lines + torch.where(near, starts - lines[:, 0], 0.0)[:, None] * fade
    segments = _fitted(_wanted_segments(lines, detail, level).repeat(cards), triangles)
    turned = torch.arange(cards).repeat_interleave(len(lines)) * (0.5 * math.pi) - 0.25 * math.pi * (cards - 1)
    roll = turned + 0.2 * (torch.rand(len(lines), generator=generator).repeat(cards) - 0.5)
    width = (2.0 * radius).clamp(min=detail.narrowest).repeat(cards, 1)
    guide = guide.repeat(cards)
    return Ribbons(_ROPES, lines.repeat(cards, 1, 1), width, segments, roll, guide, hair.lock[guide])
