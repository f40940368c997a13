"""From guides to single hairs, as a preview draws them."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Head
from dreamface.groom.growing import kept_out
from dreamface.groom.roots import scatter
from dreamface.groom.shaping import arc_lengths, frames, resample
from dreamface.groom.surface import Surface
from dreamface.hair import REGIONS, Groom, Hair, Roots, Strands
from dreamface.random_streams import stream
from dreamface.skin import hair_pigment
from dreamface.styles import find_style
from dreamface.styles.density import bearded, root_density
from dreamface.traits import Traits
from dreamface.units import MM

_OTHER_SIDE: Final = 0.2  # metres that hair of another way of falling seems further away
_BESIDE: Final = {"brows": 0.45 * MM, "lashes": 0.12 * MM}
"""Regions whose guides are single hairs or small tufts: deviation of hairs' roots from their guide's."""

_SAME_WAY: Final = 0.02  # metres for hair that goes another way by a right angle


def hairs_of(groom: Groom, head: Head, traits: Traits, seed: int, most: int = 12_000) -> Strands:
    """Return the single hairs of a groom; fewer and wider ones where there would be more than `most`.

    Args:
        groom: what `grow` gave.
        head: the same head.
        traits: the person's.
        seed: of what is uneven.
        most: strands of all regions together.
    """
    surface = Surface(head)
    wanted = {region: hair.look.hairs for region, hair in groom.items()}
    share = min(1.0, most / max(1, sum(wanted.values())))
    grown = []
    for region, hair in groom.items():
        count = max(len(hair), round(share * wanted[region]))
        points, radius, colour = hairs(hair, surface, traits, seed, count)
        number = torch.full((len(points),), REGIONS.index(region), dtype=torch.int64)
        grown.append(Strands(points, radius, colour, number))
    return joined(grown)


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


def hairs(hair: Hair, surface: Surface, traits: Traits, seed: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return points [N, P, 3], radius [N, P] and colour [N, P, 3] of hairs of one region."""
    head, look = surface.head, hair.look
    generator = stream(seed, f"{hair.region} hairs")
    if hair.region in _BESIDE:
        roots = _beside(hair, surface, count, generator)
    else:
        density = root_density(find_style(hair.style, hair.region), head, traits)
        roots = scatter(head, density, count, generator)
        if hair.region == "beard":
            roots = roots.of(bearded(head, roots))
            count = len(roots)
    start = roots.on(head.vertices, surface.triangles)
    random = torch.rand(count, 6, generator=generator)
    index, weight = _guides_of(hair, start)
    guides = hair.points[index]  # [N, K, P, 3]
    relative = guides - guides[:, :, :1]
    middle = (weight[:, :, None, None] * relative).sum(dim=1)
    offset = start[:, None] - hair.points[index[:, 0], :1]  # from the nearest guide
    own = hair.points[index[:, 0]]
    share = torch.linspace(0.0, 1.0, hair.points.shape[1])
    draw = _drawn(share, look.clump_from)[None, :, None]
    parallel = start[:, None] + middle
    clumped = _clumped(own, offset, look.lock, look.twist, random)
    flown = (random[:, 0] < look.flyaways).float()[:, None, None]
    amount = look.clump * (0.6 + 0.4 * random[:, 1])[:, None, None] * draw * (1.0 - flown)
    points = torch.lerp(parallel, clumped, amount)
    points = _stuck(points, index[:, 0], look.strand_clump, look.strand_size, draw, generator)
    points = _frizzed(points, look.frizz, look.frizz_scale, flown, generator)
    points = _shortened(points, look.scatter * random[:, 2])
    points = kept_out(points, surface)
    wide = (float(look.hairs) / max(count, 1)) ** 0.5
    radius = look.radius * wide * (1.0 - (1.0 - look.tip) * share[None] ** 2) * (0.8 + 0.4 * random[:, 3:4])
    colour = hair_pigment(hair.colour, random[:, 4:], share)
    return points, radius, colour


def _beside(hair: Hair, surface: Surface, count: int, generator: torch.Generator) -> Roots:
    """Return roots of hairs that grow in tufts around their guides: the guides' own first, then others next to them."""
    whose = torch.arange(count) % len(hair)
    aside = _BESIDE[hair.region] * torch.randn(count, 3, generator=generator).clamp(-2.0, 2.0)
    aside[: len(hair)] = 0.0
    places = surface.rooted(hair.points[whose, 0] + aside)
    own = torch.arange(count) < len(hair)
    return Roots(
        torch.where(own, hair.roots.triangle[whose], places.triangle),
        torch.where(own[:, None], hair.roots.barycentric[whose], places.barycentric),
    )


def _guides_of(hair: Hair, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return indices [N, K] of the guides that hairs are mixed from, nearest first, and their weights."""
    each = min(hair.look.guides_each, len(hair))
    roots, ways = hair.points[:, 0], _way(hair.points)
    nearest = cKDTree(roots.numpy()).query(start.numpy(), k=max(each, 1) + 2 if each > 1 else 1)
    distance, index = (torch.from_numpy(np.atleast_2d(array.T).T.copy()) for array in nearest)
    if each == 1:
        return index, torch.ones_like(distance, dtype=torch.float32)
    index = index.clamp(max=len(hair) - 1)
    # Hair is mixed from guides that go its nearest guide's way: nothing hangs between two sides of a parting.
    turned = 1.0 - (ways[index] * ways[index[:, :1]]).sum(dim=2)
    far = distance.float() + _SAME_WAY * turned
    far, order = far.sort(dim=1)
    index, far = index.gather(1, order)[:, :each], far[:, :each]
    weight = 1.0 / (far + 5e-4) * (turned.gather(1, order)[:, :each] < 0.5)
    weight[:, 0] = weight[:, 0].clamp(min=1e-3)
    return index, weight / weight.sum(dim=1, keepdim=True)


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
    own = torch.randn(len(points), 1, 3, generator=generator) * flown * ramp * (arc * 0.12).clamp(max=0.02)
    return points + frizz * ramp * total * (1.0 + 2.0 * flown) + own


def _shortened(points: Tensor, by: Tensor) -> Tensor:
    """Return hairs that end earlier by some share [N] of their length."""
    count = points.shape[1]
    place = torch.linspace(0.0, 1.0, count)[None] * (1.0 - by)[:, None] * (count - 1)
    before = place.long().clamp(max=count - 2)
    part = (place - before)[..., None]
    index = before[..., None].expand(-1, -1, 3)
    return torch.lerp(points.gather(1, index), points.gather(1, index + 1), part)
