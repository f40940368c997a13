"""Lashes: two irregular rows along the margin of each lid, that curve away from the eye and fan out to its corners.

The margins are found where the head's own lash geometry meets the skin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.face import Head
from dreamface.groom.colours import colour_of
from dreamface.groom.looks import look_of
from dreamface.groom.roots import hair_uv
from dreamface.groom.surface import Surface
from dreamface.hair import Hair, Roots
from dreamface.random_streams import stream
from dreamface.styles import LashShape, Style, size_of
from dreamface.traits import Traits
from dreamface.units import MM

_EYES: Final = (("left", "l", 1.0), ("right", "r", -1.0))
_ON_SKIN: Final = 0.15 * MM  # at most so far from the skin is where the head's own lashes are rooted
_BINS: Final = 24  # in which the margin is found, from corner to corner
_ENDS: Final = {"upper": (0.10, 0.985), "lower": (0.16, 0.97)}  # from corner to corner, where lashes grow
_SMOOTHED: Final = 4  # degree of the curve through a margin

_LENGTH: Final = (0.7, 1.35)  # factor, by `lashes.length`
_LENGTH_SPREAD: Final = 0.11
_YOUNG: Final = 0.16  # share of lashes that are still growing
_YOUNG_LENGTH: Final = 0.6
_ROWS: Final = {"upper": 0.55 * MM, "lower": 0.40 * MM}  # depth of the rows on the lid
_SHAKEN: Final = 0.9  # of the distance between neighbours
_RADIAL: Final = 0.5  # from straight ahead to straight out of the eye
_INNER_FAN: Final = 0.45  # of the fan, by which lashes at the inner corner lean inwards
_START: Final = {"upper": -4.0, "lower": -14.0}  # degrees above the horizon
_CURL: Final = {"upper": 1.0, "lower": -0.5}  # of the style's curl
_EARLY: Final = 0.8  # power: below 1 lashes bend more near the root
_UNRULY: Final = 5.0  # degrees
_GROUP: Final = 3  # lashes that draw together
_CLOSEST: Final = 0.25 * MM


@dataclass(frozen=True)
class _Margin:
    """The margin of one lid.

    Attributes:
        points: [K, 3] metres, from the inner to the outer corner.
        outward: 1 on the person's left.
        eye: [3] metres, the middle of the eyeball.
        lid: "upper" or "lower".
    """

    points: Tensor
    outward: float
    eye: Tensor
    lid: str

    def at(self, along: Tensor) -> Tensor:
        """Return places [N, 3]; 0 and 1 are the corners."""
        place = (along * (len(self.points) - 1)).clamp(0.0, len(self.points) - 1.001)
        before = place.long()
        return torch.lerp(self.points[before], self.points[before + 1], (place - before)[:, None])


def grow_lashes(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return the lashes of a head.

    Args:
        style: with a shape for lashes.
        surface: of the head.
        traits: a person's; `lashes.length` makes them shorter and longer.
        seed: of what is uneven.
    """
    shape = style.lashes or LashShape()
    points, roots = [torch.zeros(0, style.points, 3)], [Roots(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3))]
    for side, suffix, outward in _EYES if traits.number("lashes.length") > 0.0 else ():
        for lid, count in (("upper", shape.count_upper), ("lower", shape.count_lower)):
            generator = stream(seed, f"lash guides {side} {lid}")
            margin = _margin(surface, side, suffix, outward, lid)
            grown, rooted = _grown(shape, margin, surface, (count, style.points), traits, generator)
            points.append(grown)
            roots.append(rooted)
    all_roots = Roots(torch.cat([part.triangle for part in roots]), torch.cat([part.barycentric for part in roots]))
    return Hair(
        "lashes", style.name, torch.cat(points), all_roots, hair_uv(surface.head, all_roots),
        torch.arange(len(all_roots)), look_of(style, surface), colour_of(style, traits),
    )  # fmt: skip


def _margin(surface: Surface, side: str, suffix: str, outward: float, lid: str) -> _Margin:
    """Return the margin of a lid: a smooth curve through the roots of the head's own lashes."""
    head = surface.head
    inner, outer = head.landmark(f"endocanthion_{suffix}"), head.landmark(f"exocanthion_{suffix}")
    own = head.vertices[slice(*head.topology.part(f"{side}_lashes").vertices)]
    own = own[surface.near(own).distance.abs() < _ON_SKIN]
    along = (own[:, 0] - inner[0]) / (outer[0] - inner[0])
    above = own[:, 2] - torch.lerp(inner[2], outer[2], along)
    of_lid = (above > 0.0 if lid == "upper" else above < 0.0) & (along > 0.06) & (along < 0.99)
    share = torch.linspace(0.0, 1.0, _BINS)
    # In the corners both margins meet.
    places = torch.cat((inner[None], own[of_lid], outer[None]))
    at = torch.cat((torch.zeros(1), along[of_lid], torch.ones(1))).numpy()
    weight = np.ones(len(at))
    weight[[0, -1]] = _corner_weight(len(at))
    curves = [np.polyval(np.polyfit(at, places[:, axis].numpy(), _SMOOTHED, w=weight), share) for axis in range(3)]
    return _Margin(torch.from_numpy(np.stack(curves, axis=1)).float(), outward, _eye(head, side), lid)


def _corner_weight(count: int) -> float:
    return max(1.0, 0.1 * count)


def _eye(head: Head, side: str) -> Tensor:
    ball = head.vertices[slice(*head.topology.part(f"{side}_sclera").vertices)]
    return 0.5 * (ball.amin(dim=0) + ball.amax(dim=0))


def _grown(
    shape: LashShape, margin: _Margin, surface: Surface, size: tuple[int, int], traits: Traits,
    generator: torch.Generator,
) -> tuple[Tensor, Roots]:  # fmt: skip
    """Return points [N, P, 3] and roots of the lashes of one lid; `size` is N and P."""
    count, each = size
    random = torch.rand(count, 3, generator=generator)
    own = torch.randn(count, 3, generator=generator).clamp(-2.0, 2.0)
    start, end = _ENDS[margin.lid]
    along = start + (end - start) * (torch.arange(count) + 0.5 + _SHAKEN * (random[:, 0] - 0.5)) / max(count, 1)
    up = margin.points.new_tensor((0.0, 0.0, 1.0 if margin.lid == "upper" else -1.0))
    unit = MM * size_of(surface.skull)
    roots = surface.roots_at(margin.at(along) + (random[:, 1] * _ROWS[margin.lid] * unit / MM)[:, None] * up)
    place = roots.on(surface.head.vertices, surface.triangles)
    length = _length(shape, margin.lid, along, traits) * unit * (1.0 + _LENGTH_SPREAD * own[:, 0])
    length = length * torch.where(random[:, 2] < _YOUNG, _YOUNG_LENGTH, 1.0)
    ahead = _ahead(shape, margin, place, along, own[:, 1])
    first = math.radians(_START[margin.lid]) + math.radians(_UNRULY) * own[:, 2]
    curl = math.radians(shape.curl) * _CURL[margin.lid] * (1.0 + 0.12 * own[:, 1])
    step, points = (length / (each - 1))[:, None], [place]
    for number in range(1, each):
        angle = (first + curl * ((number - 0.5) / (each - 1)) ** _EARLY)[:, None]
        place = place + step * (torch.cos(angle) * ahead + torch.sin(angle) * place.new_tensor((0.0, 0.0, 1.0)))
        near = surface.near(place)
        closest = _CLOSEST * min(1.0, number / 3)
        place = place + (closest - near.distance).clamp(min=0.0)[:, None] * near.normal
        points.append(place)
    return _drawn_together(torch.stack(points, dim=1), shape.clump, generator), roots


def _length(shape: LashShape, lid: str, along: Tensor, traits: Traits) -> Tensor:
    inner, middle, outer = shape.upper if lid == "upper" else shape.lower
    most = np.interp(along.numpy(), (0.0, 0.5, 0.85, 1.0), (inner, middle, outer, 0.82 * outer))
    shortest, longest = _LENGTH
    return torch.from_numpy(most).float() * (shortest + (longest - shortest) * traits.number("lashes.length"))


def _ahead(shape: LashShape, margin: _Margin, place: Tensor, along: Tensor, own: Tensor) -> Tensor:
    """Return unit directions [N, 3] level with the horizon: out of the eye, and fanned out to the corners."""
    out = place - margin.eye
    out = normalize(out * out.new_tensor((1.0, 1.0, 0.0)), dim=1)
    out = normalize(torch.lerp(out.new_tensor((0.0, -1.0, 0.0)).expand_as(out), out, _RADIAL), dim=1)
    fan = shape.fan * torch.where(along < 0.5, _INNER_FAN, 1.0) * (2.0 * along - 1.0)
    turn = margin.outward * torch.deg2rad(fan + _UNRULY * own)
    x, y = out[:, 0], out[:, 1]
    # A turn to the person's left is from -Y to +X.
    return torch.stack(
        (x * torch.cos(turn) - y * torch.sin(turn), x * torch.sin(turn) + y * torch.cos(turn), torch.zeros_like(x)),
        dim=1,
    )


def _drawn_together(points: Tensor, clump: float, generator: torch.Generator) -> Tensor:
    """Return lashes whose tips have drawn to their neighbours', a few together."""
    if not len(points):
        return points
    breaks = torch.rand(len(points), generator=generator) < 1.0 / _GROUP
    group = breaks.long().cumsum(dim=0)
    total = torch.zeros(int(group[-1]) + 1, 3).index_add_(0, group, points[:, -1])
    mean = (total / torch.bincount(group).clamp(min=1)[:, None])[group]
    share = torch.linspace(0.0, 1.0, points.shape[1])[None, :, None] ** 1.5
    return points + clump * share * (mean - points[:, -1])[:, None]
