"""From guides to single hairs, as a preview draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.groom.asked import shape_of
from dreamface.groom.bundles import shared_locks
from dreamface.groom.carrying import moved
from dreamface.groom.fields import from_parting
from dreamface.groom.keeping_out import kept_out
from dreamface.groom.marks import density_of
from dreamface.groom.roots import scatter
from dreamface.groom.shaping import arc_lengths, frames, resample
from dreamface.groom.surface import Surface
from dreamface.hair import REGIONS, Groom, Hair, Roots, Strands
from dreamface.random_streams import stream
from dreamface.skin import strand_colours
from dreamface.styles import Style, Where, bearded, find_style, noise, noise_number, size_of, weight_of
from dreamface.traits import Traits
from dreamface.units import MM

_CLOSEST, _WIDEST = 0.08, 1.3  # times the distance of two roots that hairs between them come together and part
_HELD, _HELD_FROM = 0.12, 0.35  # the same of hair in a tie, and the share of its length from where it is so
_FINE_BELOW: Final = 0.75  # density of roots below which hairs are finer and shorter, as at the hairline
_FINER, _FINE_SHORTER = 0.75, 0.9  # shares of their radius and length that the finest lack at most
_TEMPLES: Final = Where(azimuth=(48.0, 112.0), elevation=(-90.0, 26.0), soft_degrees=22.0)
"""Where hair turns grey first: the temples, and the sides above the ears."""

_CROWDED: Final = 0.9  # by how much more roots there are where hair thins out, as they are finer there
_ALL_GROW: Final = 0.45  # density from which none of the roots is left out
_TUFT: Final = 3.5 * MM  # size of the tufts in which hair grows at the hairline
_STRAGGLES: Final = 0.2  # deviation of the density from tuft to tuft where it is half
_BABIES: Final = 0.75  # share of the finest that are baby hairs
_BABY_LENGTH: Final = (4.0 * MM, 26.0 * MM)
_BABY_ASTRAY: Final = 0.22  # of their length, by which they leave the way that others are combed
_USUAL_BABY: Final = 0.35  # `Hairline.baby` at which hair at the border is as fine and short as can be
_PARTED: Final = 0.5  # how much of a parting there must be for its skin to be bare
_OF_BOX: Final = 0.62  # of the distance between rows or boxes, from a guide to where its hairs end
_AROUND_OWN: Final = 15.0 * MM  # from guides that an artist has combed, within which hair grows
_AS_LONG: Final = 0.5  # share of a guide's length by which others that it is mixed with differ at most
_LOOSE: Final = 0.4  # share of a clump's pull that some hairs lack
_LOCK_DRAWN: Final = 5.0  # radii of a lock along which its hairs have drawn together
_POINTS_IN_ALL: Final = 420_000  # of a preview's strands: those with many points are fewer
_BESIDE: Final = {"brows": 0.45 * MM, "lashes": 0.12 * MM}
"""Regions whose guides are single hairs or small tufts: deviation of hairs' roots from their guide's."""

_SAME_WAY: Final = 0.02  # metres for hair that goes another way by a right angle


def hairs_of(
    groom: Groom, head: Head, traits: Traits, seed: int, *, most: int = 12_000, posed: Tensor | None = None,
    surface: Surface | None = None,
) -> Strands:  # fmt: skip
    """Return the single hairs of a groom; fewer and wider ones where there would be more than `most`.

    Args:
        groom: what `grow` gave.
        head: the same head.
        traits: the person's.
        seed: of what is uneven.
        most: strands of all regions together.
        posed: [V, 3] the head's vertices with an expression; None for the neutral ones.
        surface: the neutral head's, where it is there already.
    """
    surface = surface or Surface(head)
    return strands_on(rooted_hairs(groom, traits, seed, surface, most), surface, posed)


@dataclass(frozen=True)
class RootedHairs:
    """Single hairs of one region, and the places on the skin that they go along with.

    Attributes:
        roots: of each.
        strands: on the neutral head.
    """

    roots: Roots
    strands: Strands


def rooted_hairs(groom: Groom, traits: Traits, seed: int, surface: Surface, most: int) -> list[RootedHairs]:
    """Return the single hairs of a groom by region, as `hairs_of` joins them.

    Args:
        groom: what `grow` gave.
        traits: the person's.
        seed: of what is uneven.
        surface: of the head that it grew on.
        most: strands of all regions together.
    """
    wanted = {region: hair.look.hairs for region, hair in groom.items()}
    each = max((hair.points.shape[1] for hair in groom.values()), default=1)
    share = min(1.0, min(most, _POINTS_IN_ALL // each) / max(1, sum(wanted.values())))
    grown = []
    for region, hair in groom.items():
        if not wanted[region]:
            continue
        count = max(len(hair), round(share * wanted[region]))
        roots, points, radius, colour = hairs(hair, surface, traits, seed, count)
        number = torch.full((len(points),), REGIONS.index(region), dtype=torch.int64)
        grown.append(RootedHairs(roots, Strands(points, radius, colour, number)))
    return grown


def strands_on(parts: Sequence[RootedHairs], surface: Surface, posed: Tensor | None = None) -> Strands:
    """Return all hairs together, carried along with the skin where that has moved.

    Args:
        parts: on the neutral head.
        surface: that head's.
        posed: [V, 3] where its vertices are now, metres; None leaves them.
    """
    if posed is None:
        return joined([part.strands for part in parts])
    before, triangles = surface.head.vertices, surface.triangles
    return joined(
        [
            replace(part.strands, points=moved(part.strands.points, part.roots, triangles, before, posed))
            for part in parts
        ]
    )


def joined(parts: list[Strands]) -> Strands:
    """Return all strands together, with as many points as those that have the most."""
    most = max((part.points.shape[1] for part in parts), default=2)
    none = Strands(torch.zeros(0, most, 3), torch.zeros(0, most), torch.zeros(0, most, 3), torch.zeros(0).long())
    whole = [none, *parts]
    return Strands(
        torch.cat([resample(part.points, most) for part in whole]),
        torch.cat([resample(part.radius[..., None], most)[..., 0] for part in whole]),
        torch.cat([resample(part.colour, most) for part in whole]),
        torch.cat([part.region for part in whole]),
    )


def hairs(hair: Hair, surface: Surface, traits: Traits, seed: int, count: int) -> tuple[Roots, Tensor, Tensor, Tensor]:
    """Return roots, points [N, P, 3], radius [N, P] and colour [N, P, 3] of hairs of one region."""
    head, look = surface.head, hair.look
    generator = stream(seed, f"{hair.region} hairs")
    if hair.region in _BESIDE:
        roots, fine = _beside(hair, surface, count, generator), torch.zeros(count)
    else:
        style = find_style(hair.style, hair.region)
        density, _ = density_of(style, surface, traits, seed)
        crowd = _CROWDED if hair.region == "scalp" else 0.0
        roots = scatter(head, density + crowd * 4.0 * density * (1.0 - density), count, generator)
        roots = roots.of(_growing(style, hair, surface, traits, roots))
        dense = roots.on(density[:, None], surface.triangles)[:, 0]
        if hair.region == "scalp":
            dense = _straggling(dense, roots.on(head.vertices, surface.triangles), surface, seed)
            left = torch.rand(len(dense), generator=generator) < smoothstep(dense / _ALL_GROW)
            roots, dense = roots.of(left), dense[left]
        count = len(roots)
        fine = 1.0 - smoothstep(dense / _FINE_BELOW)
        fine = fine * min(1.0, style.hairline.baby / _USUAL_BABY)
    start = roots.on(head.vertices, surface.triangles)
    random = torch.rand(count, 6, generator=generator)
    index, weight = _guides_of(hair, start)
    share = torch.linspace(0.0, 1.0, hair.points.shape[1])
    draw = _drawn(share, look.clump_from)[None, :, None]
    own = hair.points[index[:, 0]]
    tied = shared_locks(hair.lock)[index[:, 0]] > 0
    parallel = _mixed(hair.points[index], weight, start, tied)
    offset = start[:, None] - own[:, :1]
    clumped = _clumped(own, offset, look.lock, look.twist, random)
    if look.lock > 0.0:
        draw = smoothstep(arc_lengths(own) / (_LOCK_DRAWN * look.lock))[..., None]
    flown = (random[:, 0] < look.flyaways).float()[:, None, None]
    loose = 0.0 if look.lock > 0.0 else _LOOSE
    amount = look.clump * (1.0 - loose * random[:, 1])[:, None, None] * draw * (1.0 - flown)
    points = torch.lerp(parallel, clumped, amount)
    points = _stuck(points, index[:, 0], look.strand_clump, look.strand_size, draw, generator)
    points = _frizzed(points, look.frizz, look.frizz_scale, flown, generator)
    missing = (look.scatter * random[:, 2] + _FINE_SHORTER * fine * random[:, 5]).clamp(max=0.9)
    if hair.region == "scalp":
        points, missing = _with_baby_hairs(points, missing, fine, surface, generator)
    points = resample(points, points.shape[1], 1.0 - missing)
    points = kept_out(points, surface)
    wide = (float(look.hairs) / max(count, 1)) ** 0.5
    radius = look.radius * wide * (1.0 - (1.0 - look.tip) * share[None] ** 2) * (0.8 + 0.4 * random[:, 3:4])
    radius = radius * (1.0 - _FINER * fine[:, None])
    temple = weight_of(_TEMPLES, head, surface.skull, start) if hair.region == "scalp" else None
    colour = strand_colours(hair.colour, random[:, 4:], share, temple)
    return roots, points, radius, colour


def _straggling(dense: Tensor, places: Tensor, surface: Surface, seed: int) -> Tensor:
    """Return densities [N] at roots [N, 3] that are uneven from tuft to tuft where hair thins out."""
    uneven = noise(places, _TUFT * size_of(surface.skull), noise_number(seed, "stragglers"))
    return (dense + _STRAGGLES * uneven * 4.0 * dense * (1.0 - dense)).clamp(0.0, 1.0)


def _with_baby_hairs(
    points: Tensor, missing: Tensor, fine: Tensor, surface: Surface, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return hairs [N, P, 3] and what they lack of their length [N], with baby hairs among those at the hairline.

    Args:
        points: the hairs.
        missing: [N] 0..1.
        fine: [N] 0..1, how fine each is.
        surface: of the head.
        generator: of which are baby hairs, how long they are and where they point.
    """
    random = torch.rand(len(points), 2, generator=generator)
    baby = torch.nonzero(random[:, 0] < _BABIES * fine)[:, 0]
    way = torch.randn(len(baby), 1, 3, generator=generator)
    shortest, longest = (length * size_of(surface.skull) for length in _BABY_LENGTH)
    arc = arc_lengths(points[baby])
    kept = (shortest + (longest - shortest) * random[baby, 1] ** 2) / arc[:, -1].clamp(min=MM)
    points, missing = points.clone(), missing.clone()
    missing[baby] = torch.maximum(missing[baby], 1.0 - kept)
    points[baby] += _BABY_ASTRAY * way * arc[..., None].clamp(max=longest)
    return points, missing


def _growing(style: Style, hair: Hair, surface: Surface, traits: Traits, roots: Roots) -> Tensor:
    """Return [N] bool: where single hairs grow: not on lips, nor on partings between sides, rows and boxes."""
    places = roots.on(surface.head.vertices, surface.triangles)
    grows = torch.ones(len(roots), dtype=torch.bool)
    if hair.region == "beard":
        grows &= bearded(surface.head, roots)
    if style.parting is not None and style.rows is None and style.curves is None:
        beside, parted = from_parting(style.parting, surface, places, shape_of(style, traits).parting)
        half = 0.5 * style.parting.width * MM * size_of(surface.skull)
        grows &= (beside.abs() > half) | (parted < _PARTED)
    if style.curves is not None or style.rows is not None:
        reach = _AROUND_OWN
        if style.rows is not None:
            reach = _OF_BOX * (1.0 - style.rows.gap) * style.rows.size * MM * size_of(surface.skull)
        distance, _ = cKDTree(hair.points[:, 0].numpy()).query(places.numpy())
        grows &= torch.from_numpy(distance < reach)
    return grows


def _beside(hair: Hair, surface: Surface, count: int, generator: torch.Generator) -> Roots:
    """Return roots of hairs that grow in tufts around their guides: the guides' own first, then others next to them."""
    whose = torch.arange(count) % len(hair)
    aside = _BESIDE[hair.region] * torch.randn(count, 3, generator=generator).clamp(-2.0, 2.0)
    aside[: len(hair)] = 0.0
    places = surface.roots_at(hair.points[whose, 0] + aside)
    own = torch.arange(count) < len(hair)
    return Roots(
        torch.where(own, hair.roots.triangle[whose], places.triangle),
        torch.where(own[:, None], hair.roots.barycentric[whose], places.barycentric),
    )


def _guides_of(hair: Hair, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return indices [N, K] of the guides that hairs are mixed from, nearest first, and their weights."""
    each = min(hair.look.guides_each, len(hair))
    roots, ways = hair.points[:, 0], _way(hair.points)
    if each == 1:
        index = _nearest_in_turn(roots, start)
        return index, torch.ones_like(index, dtype=torch.float32)
    nearest = cKDTree(roots.numpy()).query(start.numpy(), k=each + 2)
    distance, index = (torch.from_numpy(array) for array in nearest)
    index = index.clamp(max=len(hair) - 1)
    # Hair is mixed from guides that go its nearest guide's way: nothing hangs between two sides of a parting.
    turned = 1.0 - (ways[index] * ways[index[:, :1]]).sum(dim=2)
    far = distance.float() + _SAME_WAY * turned
    far, order = far.sort(dim=1)
    index, far = index.gather(1, order)[:, :each], far[:, :each]
    shared = shared_locks(hair.lock)[index] > 0
    together = (hair.lock[index] == hair.lock[index[:, :1]]) | ~(shared | shared[:, :1])
    long = arc_lengths(hair.points)[:, -1]
    alike = (long[index] / long[index[:, :1]] - 1.0).abs() < _AS_LONG
    mixed = (turned.gather(1, order)[:, :each] < 0.5) & together & alike
    weight = 1.0 / (far + 5e-4) * mixed
    weight[:, 0] = weight[:, 0].clamp(min=1e-3)
    return index, weight / weight.sum(dim=1, keepdim=True)


def _nearest_in_turn(roots: Tensor, start: Tensor) -> Tensor:
    """Return [N, 1] the nearest of guides with roots [G, 3]; where some share a root, as in twists, by turns."""
    _, place, count = torch.unique(roots, dim=0, return_inverse=True, return_counts=True)
    _, nearest = cKDTree(roots.numpy()).query(start.numpy())
    here = place[torch.from_numpy(nearest)]
    order, first = place.argsort(stable=True), count.cumsum(0) - count
    turn = torch.arange(len(start)) % count[here]
    return order[first[here] + turn][:, None]


def _mixed(guides: Tensor, weight: Tensor, start: Tensor, tied: Tensor) -> Tensor:
    """Return [N, P, 3] hairs between guides [N, K, P, 3]: they draw together and part as their guides do.

    Args:
        guides: of each hair, nearest first.
        weight: [N, K].
        start: [N, 3] roots of the hairs.
        tied: [N] bool: whether they go into a tail or braid, where all hairs lie close.
    """
    middle = (weight[:, :, None, None] * guides).sum(dim=1)
    beside = start[:, None] - middle[:, :1]
    if guides.shape[1] == 1:
        return middle + beside
    apart = (guides[:, 0] - guides[:, 1]).norm(dim=2)
    ratio = (apart / apart[:, :1].clamp(min=1e-4)).clamp(_CLOSEST, _WIDEST)
    share = torch.linspace(0.0, 1.0, guides.shape[2])[None]
    held = torch.lerp(torch.ones_like(share), torch.full_like(share, _HELD), smoothstep(share / _HELD_FROM))
    ratio = torch.where(tied[:, None], torch.minimum(ratio, held), ratio)
    return middle + ratio[..., None] * beside


def _way(points: Tensor) -> Tensor:
    middle = points.shape[1] // 3
    return torch.nn.functional.normalize(points[:, max(middle, 1)] - points[:, 0], dim=1)


def _drawn(share: Tensor, start: float) -> Tensor:
    """Return [P] 0..1: how far hairs of a clump have drawn together."""
    at = ((share - start) / max(1.0 - start, 1e-3)).clamp(0.0, 1.0)
    return 1.0 - (1.0 - at) ** 2


def _clumped(own: Tensor, offset: Tensor, lock: float, twist: float, random: Tensor) -> Tensor:
    """Return [N, P, 3]: where hairs are that have drawn together around their guide."""
    if lock == 0.0:
        return own
    across, away = frames(own, torch.nn.functional.normalize(offset.expand_as(own) + 1e-6, dim=2))
    angle = 2.0 * torch.pi * (random[:, 4:5] + twist * arc_lengths(own))
    wide = lock * random[:, 5:6].sqrt()
    return own + wide[..., None] * (torch.cos(angle)[..., None] * across + torch.sin(angle)[..., None] * away)


def _stuck(points: Tensor, guide: Tensor, clump: float, size: int, draw: Tensor, generator: torch.Generator) -> Tensor:
    """Return hairs with the few neighbours that stick together drawn to the first of them."""
    if clump == 0.0 or size < 2:
        return points
    order = guide.argsort(stable=True)
    leader = order[torch.arange(len(order)) // size * size]
    same = guide[order] == guide[leader]
    towards = torch.empty_like(points)
    towards[order] = torch.where(same[:, None, None], points[leader], points[order])
    amount = clump * torch.rand(len(points), 1, 1, generator=generator)
    return torch.lerp(points, towards, amount * draw)


def _frizzed(points: Tensor, frizz: float, scale: float, flown: Tensor, generator: torch.Generator) -> Tensor:
    """Return hairs that leave their way at random: a few waves of random phase along each."""
    if frizz == 0.0:
        return points
    arc = arc_lengths(points)[..., None]
    total = torch.zeros_like(points)
    for octave in (1.0, 2.3):
        phase = 2.0 * torch.pi * torch.rand(len(points), 1, 3, generator=generator)
        total = total + torch.sin(2.0 * torch.pi * octave / scale * arc + phase) / octave
    ramp = (arc / (2.0 * scale)).clamp(max=1.0)
    own = torch.randn(len(points), 1, 3, generator=generator) * flown * ramp * (arc * 0.06).clamp(max=0.005)
    return points + frizz * ramp * total * (1.0 + 2.0 * flown) + own
