"""What is done to grown guides: cut, bent at the ends, curled, and brought to the same number of points."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.groom.fields import Field
from dreamface.groom.surface import Surface
from dreamface.styles import Cut, place_of, size_of
from dreamface.units import MM

_TURN_FROM: Final = 0.62  # share of the length at which ends begin to turn
_TWIRL_FROM: Final = 0.45
_GATHER_POWER: Final = 0.8
_FACE_SIDES: Final = 37.0  # degrees of azimuth, of what nothing hangs over
_BELOW_HAIRLINE: Final = 7.0  # degrees of elevation below the hairline's middle, from where it begins
_MAY_HANG: Final = 0.3  # `face` of a section from which its hair may
_SHORTEST: Final = 0.06  # share of its length that scissors leave of any hair


def arc_lengths(points: Tensor) -> Tensor:
    """Return [N, K] metres from the root along guides [N, K, 3]."""
    steps = (points[:, 1:] - points[:, :-1]).norm(dim=2).cumsum(dim=1)
    return torch.cat((torch.zeros_like(steps[:, :1]), steps), dim=1)


def resample(points: Tensor, count: int, until: Tensor | None = None) -> Tensor:
    """Return [N, count, C]: values along guides at equal steps.

    Args:
        points: [N, K, C], evenly spaced.
        count: how many each gets.
        until: [N] 0..1 share of the length that is kept; None keeps all.
    """
    share = torch.linspace(0.0, 1.0, count)[None] * (torch.ones(len(points)) if until is None else until)[:, None]
    return resampled(points, share * (points.shape[1] - 1))


def resampled(values: Tensor, places: Tensor) -> Tensor:
    """Return [N, R, C]: values [N, K, C] at places [N, R] 0..K-1 between the points, linearly."""
    before = places.floor().long().clamp(0, values.shape[1] - 2)
    part = (places - before)[..., None]
    index = before[..., None].expand(-1, -1, values.shape[2])
    return torch.lerp(values.gather(1, index), values.gather(1, index + 1), part)


def even(points: Tensor, count: int) -> Tensor:
    """Return [N, count, 3]: guides [N, K, 3] with points evenly spaced along each."""
    arc = arc_lengths(points)
    total = arc[:, -1:].clamp(min=1e-9)
    wanted = torch.linspace(0.0, 1.0, count)[None] * total
    after = torch.searchsorted(arc.contiguous(), wanted.contiguous()).clamp(1, points.shape[1] - 1)
    low, high = arc.gather(1, after - 1), arc.gather(1, after)
    part = ((wanted - low) / (high - low).clamp(min=1e-9))[..., None]
    index = after[..., None].expand(-1, -1, 3)
    return torch.lerp(points.gather(1, index - 1), points.gather(1, index), part)


def kept_share(points: Tensor, field: Field, surface: Surface, random: Tensor) -> Tensor:
    """Return [N] 0..1: how much of guides [N, K, 3] the style's scissors leave; `random` [N] is uniform."""
    kept = torch.ones(len(points))
    for cut, whom in field.cuts:
        below = _below(points, cut, surface, random)
        first = torch.where(below > 0.0, 1.0, 0.0).argmax(dim=1)
        is_cut = whom & (below > 0.0).any(dim=1)
        before, after = below.gather(1, (first - 1).clamp(min=0)[:, None]), below.gather(1, first[:, None])
        part = (-before / (after - before).clamp(min=1e-9))[:, 0].clamp(0.0, 1.0)
        share = ((first - 1).clamp(min=0) + part) / (points.shape[1] - 1)
        kept = torch.where(is_cut, torch.minimum(kept, share), kept)
    return kept.clamp(min=_SHORTEST)


def off_face_share(points: Tensor, field: Field, surface: Surface) -> Tensor:
    """Return [N] 0..1: how much is left of guides [N, K, 3] that may not hang over the face; those are baby hairs."""
    head, skull = surface.head, surface.skull
    azimuth, elevation = skull.angles(points)
    _, hairline = skull.angles(head.landmark("trichion"))
    over = (azimuth.abs() < _FACE_SIDES) & (elevation < hairline - _BELOW_HAIRLINE)
    over &= (points[..., 2] > head.landmark("menton")[2]) & (field["face"] < _MAY_HANG)[:, None]
    first = over.float().argmax(dim=1)
    share = (first / (points.shape[1] - 1)).clamp(min=_SHORTEST)
    return torch.where(over.any(dim=1), share, torch.ones_like(share))


def _below(points: Tensor, cut: Cut, surface: Surface, random: Tensor) -> Tensor:
    """Return [N, K] metres by which points are below the scissors."""
    head, skull = surface.head, surface.skull
    unit = MM * size_of(skull)
    height = float(place_of(head, cut.landmark)[2]) + cut.mm * unit
    from_front = points[..., 1] - (skull.centre[1] - skull.size)
    height_there = height + math.tan(math.radians(cut.back_rises)) * from_front
    uneven = cut.ragged * unit * (random - 0.5)[:, None]
    return height_there + uneven - points[..., 2]


def turned(points: Tensor, normal: Tensor, turn: Tensor) -> Tensor:
    """Return guides whose ends bend towards the head.

    Args:
        points: [N, P, 3].
        normal: [N, P, 3] away from the skin.
        turn: [N] radians from where they begin to the tip; below 0 away from the head.
    """
    if not bool((turn != 0.0).any()):
        return points
    steps = points[:, 1:] - points[:, :-1]
    share = torch.linspace(0.0, 1.0, steps.shape[1])
    angle = turn[:, None] * ((share - _TURN_FROM) / (1.0 - _TURN_FROM)).clamp(min=0.0)
    along = normalize(steps, dim=2)
    inward = -normal[:, 1:]
    inward = normalize(inward - (inward * along).sum(dim=2, keepdim=True) * along + 1e-9, dim=2)
    length = steps.norm(dim=2, keepdim=True)
    bent = torch.cos(angle)[..., None] * along + torch.sin(angle)[..., None] * inward
    return torch.cat((points[:, :1], points[:, :1] + (length * bent).cumsum(dim=1)), dim=1)


def twirled(points: Tensor, twirl: Tensor) -> Tensor:
    """Return guides [N, P, 3] whose outer halves bend upwards by radians [N] from where they begin to the tip."""
    if not bool((twirl != 0.0).any()):
        return points
    steps = points[:, 1:] - points[:, :-1]
    length = steps.norm(dim=2, keepdim=True)
    share = torch.linspace(0.0, 1.0, steps.shape[1])
    angle = (twirl[:, None] * ((share - _TWIRL_FROM) / (1.0 - _TWIRL_FROM)).clamp(min=0.0) ** 1.4)[..., None]
    along = normalize(steps, dim=2)
    up = points.new_tensor((0.0, 0.0, 1.0)).expand_as(along)
    up = normalize(up - (up * along).sum(dim=2, keepdim=True) * along + 1e-9, dim=2)
    bent = torch.cos(angle) * along + torch.sin(angle) * up
    return torch.cat((points[:, :1], points[:, :1] + (length * bent).cumsum(dim=1)), dim=1)


def gathered(points: Tensor, gather: Tensor, surface: Surface) -> Tensor:
    """Return guides [N, P, 3] drawn together with those of their side of the face by shares [N]; roots stay."""
    if not bool((gather > 0.0).any()):
        return points
    result = points.clone()
    share = torch.linspace(0.0, 1.0, points.shape[1])[None, :, None] ** _GATHER_POWER
    for side in (-1.0, 1.0):
        here = (points[:, 0, 0] - surface.skull.centre[0]) * side > 0.0
        weight = torch.where(here, gather, 0.0)
        if float(weight.sum()) > 0.0:
            middle = (weight[:, None, None] * points).sum(dim=0) / weight.sum()
            drawn = points + weight[:, None, None] * share * (middle[None] - points)
            result = torch.where(here[:, None, None], drawn, result)
    return result


def frames(points: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
    """Return two unit directions [N, P, 3] across guides: along the skin, and away from it; steady along each guide.

    The first is carried along the guide without turning around it (double reflection, Wang et al. 2008, "Computation of
    rotation minimizing frames").
    """
    tangent = normalize(torch.cat((points[:, 1:] - points[:, :-1], points[:, -1:] - points[:, -2:-1]), dim=1), dim=2)
    across = normalize(torch.linalg.cross(tangent[:, 0], normal[:, 0]) + 1e-6, dim=1)
    sides = [across]
    for number in range(1, points.shape[1]):
        way = points[:, number] - points[:, number - 1]
        square = (way * way).sum(dim=1, keepdim=True).clamp(min=1e-16)
        side = across - 2.0 / square * (way * across).sum(dim=1, keepdim=True) * way
        before = tangent[:, number - 1] - 2.0 / square * (way * tangent[:, number - 1]).sum(dim=1, keepdim=True) * way
        second = tangent[:, number] - before
        square = (second * second).sum(dim=1, keepdim=True).clamp(min=1e-16)
        across = normalize(side - 2.0 / square * (second * side).sum(dim=1, keepdim=True) * second, dim=1)
        sides.append(across)
    first = torch.stack(sides, dim=1)
    return first, torch.linalg.cross(first, tangent)


def curled(
    points: Tensor, normal: Tensor, radius: Tensor, pitch: Tensor, start: Tensor, flat: Tensor, phase: Tensor
) -> Tensor:
    """Return guides wound around their own way: a helix, or a wave along the skin where `flat` is 1.

    Args:
        points: [N, P, 3], evenly spaced.
        normal: [N, P, 3].
        radius: [N] metres.
        pitch: [N] metres.
        start: [N] share of the length at which the curl begins.
        flat: [N] 0..1.
        phase: [N] radians.
    """
    if not bool((radius > 0.0).any()):
        return points
    across, away = frames(points, normal)
    arc = arc_lengths(points)
    share = torch.linspace(0.0, 1.0, points.shape[1])[None]
    grows = ((share - start[:, None] * 0.5) / (start[:, None] + 0.05)).clamp(0.0, 1.0)
    angle = 2.0 * torch.pi * arc / pitch[:, None].clamp(min=1e-4) + phase[:, None]
    wide = (radius[:, None] * grows)[..., None]
    round_ = (1.0 - flat)[:, None, None]
    return points + wide * (torch.sin(angle)[..., None] * across + round_ * torch.cos(angle)[..., None] * away)
