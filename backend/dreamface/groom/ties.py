"""Hair that is gathered: tails, buns, braids and ropes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.geometry import smoothstep
from dreamface.groom.bundles import Bundle, bundle_of, hanging, place_on, plaited
from dreamface.groom.shaping import even
from dreamface.groom.surface import Surface
from dreamface.styles import Tie, size_of, weight_of
from dreamface.units import MM

_ON_HEAD: Final = 22  # steps from a root to its tie
_FINE: Final = 3  # points that are computed for each one that is kept
_HELD: Final = 0.55  # radius of a tail where it is held, over that of the tail
_OPEN_AT: Final = 0.30  # share of a tail's length at which it is widest
_TIP: Final = 0.30  # its radius at the end
_SHORTER: Final = 0.35  # share of a tail's length by which its shortest hair is shorter
_SHORTEST: Final = 10.0  # millimetres of a tail
_BUN_TURNS: Final = 2.6
_TRESS: Final = {2: 0.52, 3: 0.46}  # radius of a strand over that of the whole
_LEANS: Final = (0.1, 0.25)  # share of its run along a braid by which hair enters it further on: least, and spread
_EITHER_WAY: Final = 5.0 * MM  # deviation of where hair is from where it seems to be, as it looks for the nearest part
_UNEVEN_RUN: Final = 0.25  # share of that run by which it is shorter at most
_HIDES_FROM: Final = 0.7  # share of that run from which it draws into the middle of its strand
_BAND: Final = 0.35  # radius of a braid where it is held at its end


@dataclass(frozen=True)
class Tied:
    """Guides of one tie.

    Attributes:
        chosen: [N] bool: whom of the roots it takes.
        points: [M, P, 3] metres of those.
        lock: [M] number of the strand within the tie, 0 where there is one.
    """

    chosen: Tensor
    points: Tensor
    lock: Tensor


def tied(
    tie: Tie, mirrored: bool, surface: Surface, roots: Tensor, normal: Tensor, count: int, longer: float,
    generator: torch.Generator,
) -> Tied:  # fmt: skip
    """Return the guides of a tie.

    Args:
        tie: what is gathered, and how.
        mirrored: whether it is the one on the person's right.
        surface: of the head.
        roots: [N, 3] metres.
        normal: [N, 3] of the skin there.
        count: P, points of each.
        longer: factor on the length.
        generator: of what is uneven.
    """
    unit = MM * size_of(surface.skull)
    weight = weight_of(tie.where, surface.head, surface.skull, roots)
    chosen = weight >= 0.5
    if tie.mirrored:
        right = roots[:, 0] < surface.skull.centre[0]
        chosen = chosen & (right if mirrored else ~right)
    start, out = roots[chosen], normal[chosen]
    knot, knot_out = place_on(surface, tie.at, unit, mirrored)
    bundle = _middle(tie, mirrored, surface, knot, knot_out, unit, longer)
    strands = {"braid": 3, "rope": 2}.get(tie.form, 1)
    if tie.picks_up > 0.0 and strands > 1 and len(start):
        points, lock = _picked_up(tie, bundle, surface, (start, out), strands, count, unit, generator)
        return Tied(chosen, points, lock)
    spot = _spots(start, knot, bundle, generator)
    lock = _strand_of(spot, strands)
    fine = _FINE * count
    held = knot + _HELD * tie.radius * unit * (spot[:, :1] * bundle.across[:1] + spot[:, 1:] * bundle.away[:1])
    head = _to_knot(surface, start, out, held, tie.tight * unit, tie.sag)
    if tie.form == "bun":
        beyond = _bun(tie, bundle, spot, fine, unit, generator)
    else:
        beyond = _along(tie, bundle, spot, lock, strands, fine, unit, generator)
    points = even(torch.cat((head, beyond), dim=1), count)
    return Tied(chosen, points, lock)


def _middle(
    tie: Tie, mirrored: bool, surface: Surface, knot: Tensor, out: Tensor, unit: float, longer: float
) -> Bundle:
    length = max(tie.length * unit * longer, 0.0 if tie.along else _SHORTEST * unit)
    if tie.form == "bun":
        return bundle_of(torch.stack((knot, knot + 1e-2 * out)), _any_across(out))
    points = [knot[None]]
    for place in tie.along:
        further, _ = place_on(surface, place, unit, mirrored)
        points.append(_over_head(surface, points[-1][-1], further, (place.out or tie.radius * 0.6) * unit))
    if length > 0.0:
        last = points[-1]
        leaving = (
            normalize(last[-1] - last[-2], dim=0)
            if len(last) > 1
            else normalize(out + out.new_tensor((0.0, 0.25, 0.1)), dim=0)
        )
        points.append(hanging(surface, last[-1:], leaving[None], length, 0.75 * tie.radius * unit)[0, 1:])
    whole = torch.cat(points)
    outward = out if tie.along else _any_across(normalize(whole[1] - whole[0], dim=0))
    return bundle_of(whole, outward)


def _any_across(way: Tensor) -> Tensor:
    """Return [3] a unit direction across another one, as much upwards as can be."""
    up = way.new_tensor((0.0, 0.0, 1.0)) if abs(float(way[2])) < 0.95 else way.new_tensor((0.0, -1.0, 0.0))
    return normalize(up - (up @ way) * way, dim=0)


def _over_head(surface: Surface, start: Tensor, end: Tensor, margin: float) -> Tensor:
    """Return [K, 3] a way between two places that keeps on the skin."""
    share = torch.linspace(0.0, 1.0, 14)[1:, None]
    straight = torch.lerp(start[None], end[None], share)
    way = normalize(straight - surface.skull.centre, dim=1)
    place = surface.outermost(way)
    return place + margin * surface.near(place).normal


def _spots(roots: Tensor, knot: Tensor, bundle: Bundle, generator: torch.Generator) -> Tensor:
    """Return [M, 2] where in the bundle's round section each guide goes: on the side that it comes from."""
    from_knot = roots - knot
    angle = torch.atan2(from_knot @ bundle.away[0], from_knot @ bundle.across[0])
    angle = angle + 0.5 * torch.randn(len(roots), generator=generator)
    far = torch.rand(len(roots), generator=generator).sqrt()
    return torch.stack((far * angle.cos(), far * angle.sin()), dim=1)


def _strand_of(spot: Tensor, strands: int) -> Tensor:
    """Return [M] to which strand of a braid guides go."""
    if strands == 1:
        return torch.zeros(len(spot), dtype=torch.int64)
    order = torch.atan2(spot[:, 1], spot[:, 0]).argsort().argsort()
    return order * strands // max(len(spot), 1)


def _to_knot(surface: Surface, roots: Tensor, normal: Tensor, held: Tensor, tight: float, sag: float) -> Tensor:
    """Return [M, K, 3] from the roots over the skin to where hair is held."""
    place, points = roots, [roots]
    direction = normalize(held - roots, dim=1)
    direction = normalize(direction - (direction * normal).sum(1, keepdim=True) * normal + 0.35 * normal, dim=1)
    for number in range(_ON_HEAD):
        left = _ON_HEAD - number
        towards = held - place
        step = towards.norm(dim=1, keepdim=True) / left
        wanted = normalize(towards, dim=1) + sag * min(1.0, left / 8.0) * towards.new_tensor((0.0, 0.0, -1.0))
        direction = normalize(torch.lerp(direction, normalize(wanted, dim=1), 0.6 if left > 3 else 1.0), dim=1)
        moved = place + direction * step * (1.08 if left > 1 else 1.0) if left > 1 else held
        if left > 1:
            near = surface.near(moved)
            closest = tight * min(1.0, (number + 1) / 5.0)
            moved = moved + (closest - near.distance).clamp(min=0.0)[:, None] * near.normal
        points.append(moved)
        place = moved
    return torch.stack(points, dim=1)


def _along(
    tie: Tie, bundle: Bundle, spot: Tensor, lock: Tensor, strands: int, count: int, unit: float,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """Return [M, count, 3] the guides of a tail, braid or rope beyond where it is held."""
    many = len(spot)
    share = torch.linspace(0.0, 1.0, count)[None].expand(many, -1)
    random = torch.rand(many, 1, generator=generator)
    radius = tie.radius * unit
    if strands == 1:
        arc = share * bundle.length * (1.0 - _SHORTER * random**2)
        wide = _tail_radius(arc / bundle.length, tie.flare) * radius
        points, across, away = bundle.at(arc)
        swirl = 0.35 * torch.sin(arc / 0.05 + 6.0 * random)
        x = wide * (spot[:, :1] + 0.12 * swirl)
        y = wide * (spot[:, 1:] + 0.12 * torch.cos(arc / 0.07 + 6.0 * random))
        return points + x[..., None] * across + y[..., None] * away
    loose = min(tie.tail * unit, 0.5 * bundle.length)
    arc = share * (bundle.length - loose * 0.6 * random)
    plait_end = bundle.length - loose
    fade = ((arc - (plait_end - 0.02)) / 0.02).clamp(0.0, 1.0)
    narrow = 1.0 - 0.35 * (arc / bundle.length).clamp(0.0, 1.0)
    whole = radius * torch.lerp(narrow, torch.full_like(narrow, _BAND), fade)
    x, y = plaited(strands, lock.float(), arc / (tie.pitch * unit), whole * (1.0 - fade))
    opened = (1.0 + 1.4 * ((arc - plait_end) / max(loose, 1e-6)).clamp(0.0, 1.0).sqrt()) * (arc > plait_end) + (
        arc <= plait_end
    )
    tress = _TRESS[strands] * whole * opened
    points, across, away = bundle.at(arc)
    return points + (x + tress * spot[:, :1])[..., None] * across + (y + tress * spot[:, 1:])[..., None] * away


def _picked_up(
    tie: Tie, bundle: Bundle, surface: Surface, rooted: tuple[Tensor, Tensor], strands: int, count: int, unit: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return guides [M, count, 3] that a braid takes up where it passes by, and their strands [M].

    Args:
        tie: how it is plaited.
        bundle: its middle.
        surface: of the head.
        rooted: roots [M, 3] of the guides, and the way out of the skin [M, 3] there.
        strands: of the braid.
        count: points of each guide.
        unit: a style's millimetre in metres.
        generator: of what is uneven.
    """
    (roots, normal), many = rooted, len(rooted[0])
    run = min(tie.picks_up * unit, bundle.length)
    closed = bool((bundle.points[-1] - bundle.points[0]).norm() < tie.radius * unit)
    # Where two parts of the braid are as near, neighbours go either way: no skin shows between them.
    around = roots + _EITHER_WAY * torch.randn(many, 3, generator=generator)
    nearest = torch.cdist(around, bundle.points).argmin(dim=1).float() / (len(bundle.points) - 1) * bundle.length
    random = torch.rand(many, 4, generator=generator)
    # Hair leans the way that the braid goes, and enters it a little further on.
    enters = nearest + run * (_LEANS[0] + _LEANS[1] * random[:, 0])
    reach = run * (1.0 - _UNEVEN_RUN * random[:, 1])
    turns = bundle.length / (tie.pitch * unit)
    if closed:
        turns = max(1.0, round(turns))  # so that strands meet where a ring closes
    else:
        enters = enters.clamp(max=bundle.length - 0.5 * run)
        reach = torch.minimum(reach, bundle.length - enters)
    lock = _in_turn(enters, strands)
    share = torch.linspace(0.0, 1.0, _FINE * count)[None]
    arc = enters[:, None] + share * reach[:, None]
    radius = tie.radius * unit
    x, y = plaited(strands, lock.float(), turns * arc / bundle.length, torch.full_like(arc, radius))
    # Inside the braid hair fills its strand, and its end hides in the strand's middle.
    inside = _TRESS[strands] * radius * (1.0 - (1.0 - _TIP) * smoothstep((share - _HIDES_FROM) / (1.0 - _HIDES_FROM)))
    angle, far = 2.0 * torch.pi * random[:, 2:3], random[:, 3:].sqrt()
    points, across, away = bundle.at(arc % bundle.length if closed else arc)
    x, y = x + inside * far * angle.cos(), y + inside * far * angle.sin()
    beyond = points + x[..., None] * across + y[..., None] * away
    head = _to_knot(surface, roots, normal, beyond[:, 0], tie.tight * unit, tie.sag)
    return even(torch.cat((head, beyond[:, 1:]), dim=1), count), lock


def _in_turn(enters: Tensor, strands: int) -> Tensor:
    """Return [M] strands: those of guides that enter a braid one after the other take turns."""
    order = enters.argsort().argsort()
    return order % strands


def _tail_radius(share: Tensor, flare: float) -> Tensor:
    opening = (share / _OPEN_AT).clamp(0.0, 1.0)
    opening = opening * opening * (3.0 - 2.0 * opening)
    closing = ((share - _OPEN_AT) / (1.0 - _OPEN_AT)).clamp(0.0, 1.0) ** 1.5
    return _HELD + (flare - _HELD) * opening - (flare - _TIP) * closing


def _bun(tie: Tie, bundle: Bundle, spot: Tensor, count: int, unit: float, generator: torch.Generator) -> Tensor:
    """Return [M, count, 3]: guides wound around the axis of a bun."""
    many = len(spot)
    radius, thick = tie.radius * unit, 0.5 * tie.length * unit
    share = torch.linspace(0.0, 1.0, count)[None].expand(many, -1)
    random = torch.rand(many, 3, generator=generator)
    across, up, axis = _bun_axes(bundle)
    turn = 2.0 * torch.pi * (_BUN_TURNS * share + random[:, :1])
    ease = (share / 0.12).clamp(0.0, 1.0)
    ring = (radius - thick) * ease * (0.9 + 0.2 * random[:, 1:2])
    roll = 2.0 * torch.pi * (1.5 * share) + torch.atan2(spot[:, 1:], spot[:, :1])
    far = thick * spot.norm(dim=1, keepdim=True) * ease
    out = ring + far * torch.cos(roll)
    height = thick * 0.9 * ease + far * torch.sin(roll) * 0.85 + 0.25 * thick * (share - 0.5) * ease
    centre = bundle.points[0]
    return (
        centre
        + (out * torch.cos(turn))[..., None] * across
        + (out * torch.sin(turn))[..., None] * up
        + (height[..., None] * axis)
    )


def _bun_axes(bundle: Bundle) -> tuple[Tensor, Tensor, Tensor]:
    axis = normalize(bundle.points[-1] - bundle.points[0], dim=0)
    return bundle.across[0], bundle.away[0], axis
