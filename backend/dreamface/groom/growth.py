"""How a guide grows: it leaves the skin at an angle, is combed along it, falls, and keeps out of what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.geometry import smoothstep
from dreamface.groom.fields import Field, combed, risen
from dreamface.groom.surface import Near, Surface
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
_OWN_WAY: Final = 0.15  # how much of its unruliness a hair keeps where it falls
_UPRIGHT: Final = 0.6  # share of a hair's way that is upwards from which it topples
_TOPPLES: Final = 1.2  # how strongly it does, over its weight
_RISEN: Final = 2.5  # times its `rise`, along a hair, to where it lies as far off the skin as its volume says
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
    tips = _Tips(surface, roots, normal, field, random)
    points, normals = [roots], [normal]
    for number in range(1, steps + 1):
        tips.advance((number * length / steps)[:, None], (length / steps)[:, None])
        points.append(tips.place)
        normals.append(tips.near.normal)
    return Grown(torch.stack(points, dim=1), torch.stack(normals, dim=1))


class _Tips:
    """The growing ends of guides.

    Attributes:
        place: [N, 3] metres.
        direction: [N, 3] unit, in which they grow.
        near: what of the skin is nearest.
    """

    def __init__(self, surface: Surface, roots: Tensor, normal: Tensor, field: Field, random: Tensor) -> None:
        self._surface, self._field = surface, field
        self._rise, self._follow, self._stiff = (
            field[name][:, None].clamp(min=0.5 * MM) for name in ("rise", "follow", "stiff")
        )
        self._own = torch.tan(field["unruly"])[:, None] * random
        self._wanted = field["volume"] + field["layers"] * _height(surface, roots)
        self._hairline = float(surface.skull.angles(surface.head.landmark("trichion"))[1])
        self.place, self.near = roots, Near(torch.zeros(len(roots)), normal)
        along = self._combed()
        along = normalize(along - (along * normal).sum(dim=1, keepdim=True) * normal, dim=1)
        lift = (risen(field, surface, self.near, roots, self._wanted) * field["lift"])[:, None]
        self.direction = self._first = torch.cos(lift) * along + torch.sin(lift) * normal

    def advance(self, arc: Tensor, step: Tensor) -> None:
        """Grow by a step [N, 1], to where guides are `arc` [N, 1] metres long."""
        turning = 1.0 - torch.exp(-step / self._stiff)
        direction = normalize(torch.lerp(self.direction, normalize(self._pulled(arc), dim=1), turning), dim=1)
        moved = self.place + step * direction
        self.near = self._surface.near(moved, sliding=True)
        moved = moved + self._push(arc[:, 0])[:, None] * self.near.normal
        # Steps keep their length: hair does not stretch.
        self.direction = normalize(moved - self.place, dim=1)
        self.place = self.place + step * self.direction

    def _combed(self) -> Tensor:
        return normalize(combed(self._field, self._surface, self.near, self.place) + self._own, dim=1)

    def _pulled(self, arc: Tensor) -> Tensor:
        """Return [N, 3] where guides are drawn: as they left the skin, then along the comb, then down."""
        by_comb = torch.exp(-((arc / self._follow) ** 2))
        by_root = torch.exp(-((arc / self._rise) ** 2))
        onwards = self.direction + _OWN_WAY * self._own
        down = self._field["gravity"][:, None] * (arc.new_tensor(_DOWN) + self._toppling())
        free = by_comb * self._combed() + (1.0 - by_comb) * onwards + down
        return torch.lerp(free, self._first, by_root) + _off_face(
            self._surface, self.place, self._field, self._hairline
        )

    def _toppling(self) -> Tensor:
        """Return [N, 3] what tips over hair that stands straight up, where its weight alone would not turn it."""
        away = (self.place - self._surface.skull.centre) * self.place.new_tensor((1.0, 1.0, 0.0))
        upright = smoothstep((self.direction[:, 2:] - _UPRIGHT) / (1.0 - _UPRIGHT))
        return _TOPPLES * upright * normalize(away + 1e-5, dim=1)

    def _push(self, arc: Tensor) -> Tensor:
        """Return [N] metres by which guides are moved away from the skin."""
        from_root = _CLOSEST * (arc / _LEAVING).clamp(max=1.0)
        wanted = self._wanted * risen(self._field, self._surface, self.near, self.place, self._wanted)
        closest = torch.maximum(wanted * smoothstep(arc / (_RISEN * self._rise[:, 0])), from_root)
        deep = (closest - self.near.distance).clamp(min=0.0)
        return deep * torch.where(self.near.distance < _CLOSEST, 1.0, _PUSHED)


def _off_face(surface: Surface, place: Tensor, field: Field, hairline: float) -> Tensor:
    """Return [N, 3] what sweeps hair off the face, to the side that it is on; `hairline` is degrees of elevation."""
    azimuth, elevation = surface.skull.angles(place)
    over = smoothstep((_FACE_SIDES - azimuth.abs()) / _FACE_FADES)
    over = over * smoothstep((hairline + _FACE_ABOVE - elevation) / _FACE_FADES)
    over = over * smoothstep((elevation - _FACE_BOTTOM) / _FACE_FADES)
    side = torch.where(place[:, 0] >= surface.skull.centre[0], 1.0, -1.0)
    way = torch.stack((side, torch.full_like(side, 0.45), torch.zeros_like(side)), dim=1)
    return (_SWEPT * over * (1.0 - field["face"]))[:, None] * way


def _height(surface: Surface, roots: Tensor) -> Tensor:
    """Return [N] 0..1: how far up a root is; hair from above lies over hair from below."""
    _, elevation = surface.skull.angles(roots)
    return ((elevation - _LOWEST) / (_HIGHEST - _LOWEST)).clamp(0.0, 1.0)
