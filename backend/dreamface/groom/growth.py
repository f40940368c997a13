"""How a guide grows: it leaves the skin at an angle, is combed along it, falls, and keeps out of what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.groom.fields import Field, combed
from dreamface.groom.surface import Surface
from dreamface.units import MM

STEPS: Final = 40
"""In which a guide grows to its whole length."""

_CLOSEST: Final = 0.8 * MM  # from the skin, past the root
_LEAVING: Final = 6.0 * MM  # over which a root gets so far away from it
_DOWN: Final = (0.0, 0.0, -1.0)
_LOWEST, _HIGHEST = -25.0, 80.0  # degrees of elevation between which hair is laid in layers
_FACE_SIDES, _FACE_BOTTOM, _FACE_FADES = 56.0, -52.0, 20.0  # degrees of what is kept free, below the hairline
_FACE_ABOVE: Final = 8.0  # degrees above the hairline's middle from where it is
_SWEPT: Final = 2.4  # how strongly hair is swept off the face, over its own way
_PUSHED: Final = 0.65  # share of what hair lies too deep by which it is moved in one step


@dataclass(frozen=True)
class Grown:
    """Guides as they grew.

    Attributes:
        points: [N, K, 3] metres; K - 1 steps of equal length.
        normal: [N, K, 3] unit, away from the skin.
    """

    points: Tensor
    normal: Tensor


def grow_guides(
    surface: Surface, roots: Tensor, normal: Tensor, field: Field, length: Tensor, random: Tensor, steps: int = STEPS
) -> Grown:
    """Return guides from N roots.

    Args:
        surface: what they grow on and keep out of.
        roots: [N, 3] metres.
        normal: [N, 3] of the skin there.
        field: what the style says there.
        length: [N] metres.
        random: [N, 3] standard normal: each lock's own way.
        steps: see `STEPS`.
    """
    step = (length / steps)[:, None]
    rise, follow, stiff = (field[name][:, None].clamp(min=0.5 * MM) for name in ("rise", "follow", "stiff"))
    gravity, lift = field["gravity"][:, None], field["lift"][:, None]
    wanted = field["volume"] + field["layers"] * _height(surface, roots)
    own = torch.tan(field["unruly"])[:, None] * random
    place, near = roots, surface.near(roots)
    near = type(near)(near.distance, normal)
    first = _first_direction(field, surface, near, roots, own, lift)
    direction, points, normals = first, [roots], [normal]
    for number in range(1, steps + 1):
        arc = number * step
        combed_here = normalize(combed(field, surface, near, place) + own, dim=1)
        by_comb = torch.exp(-((arc / follow) ** 2))
        by_root = torch.exp(-((arc / rise) ** 2))
        target = by_root * first + (1.0 - by_root) * (
            by_comb * combed_here + (1.0 - by_comb) * (direction + own * 0.15) + gravity * place.new_tensor(_DOWN)
        )
        target = target + _off_face(surface, place, field)
        turning = 1.0 - torch.exp(-step / stiff)
        direction = normalize(torch.lerp(direction, normalize(target, dim=1), turning), dim=1)
        moved = place + step * direction
        near = surface.near(moved, sliding=True)
        closest = torch.maximum(
            wanted * _smooth(arc[:, 0] / (2.5 * rise[:, 0])), _CLOSEST * (arc[:, 0] / _LEAVING).clamp(max=1.0)
        )
        deep = (closest - near.distance).clamp(min=0.0)[:, None]
        inside = near.distance[:, None] < _CLOSEST
        moved = moved + deep * near.normal * torch.where(inside, 1.0, _PUSHED)
        # Segments keep their length: hair does not stretch.
        direction = normalize(moved - place, dim=1)
        place = place + step * direction
        points.append(place)
        normals.append(near.normal)
    return Grown(torch.stack(points, dim=1), torch.stack(normals, dim=1))


def _first_direction(field: Field, surface: Surface, near: object, roots: Tensor, own: Tensor, lift: Tensor) -> Tensor:
    along = normalize(combed(field, surface, near, roots) + own, dim=1)  # type: ignore[arg-type]
    normal = near.normal  # type: ignore[attr-defined]
    along = normalize(along - (along * normal).sum(dim=1, keepdim=True) * normal, dim=1)
    return torch.cos(lift) * along + torch.sin(lift) * normal


def _off_face(surface: Surface, place: Tensor, field: Field) -> Tensor:
    """Return [N, 3] what sweeps hair off the face, to the side that it is on."""
    azimuth, elevation = surface.skull.angles(place)
    over = _smooth((_FACE_SIDES - azimuth.abs()) / _FACE_FADES)
    _, top = surface.skull.angles(surface.head.landmark("trichion"))
    over = (
        over
        * _smooth((top + _FACE_ABOVE - elevation) / _FACE_FADES)
        * _smooth((elevation - _FACE_BOTTOM) / _FACE_FADES)
    )
    side = torch.where(place[:, 0] >= surface.skull.centre[0], 1.0, -1.0)
    way = torch.stack((side, torch.full_like(side, 0.45), torch.zeros_like(side)), dim=1)
    return (_SWEPT * over * (1.0 - field["face"]))[:, None] * way


def _height(surface: Surface, roots: Tensor) -> Tensor:
    """Return [N] 0..1: how far up a root is; hair from above lies over hair from below."""
    _, elevation = surface.skull.angles(roots)
    return ((elevation - _LOWEST) / (_HIGHEST - _LOWEST)).clamp(0.0, 1.0)


def _smooth(share: Tensor) -> Tensor:
    share = share.clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
