"""A frame around the skull that is the same on every head, so that styles fit all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head

_UP: Final = 0.30  # of the way from the ear's hole to the crown at which the skull's middle lies
_WHORL_ELEVATION: Final = 62.0  # degrees, behind the crown, of the point that hair grows away from


@dataclass(frozen=True)
class Skull:
    """The skull of a head: where its middle is and how large it is.

    Azimuth is 0 in front, 90 over the person's left ear, 180 behind and -90 over the right ear; elevation is 0 at the
    height of the middle and 90 at the top. Both are degrees.

    Attributes:
        centre: [3] metres.
        size: metres from there to the forehead or the back.
    """

    centre: Tensor
    size: float

    @classmethod
    def of(cls, head: Head) -> Skull:
        """Return the skull of a head."""
        ears = 0.5 * (head.landmark("tragion_l") + head.landmark("tragion_r"))
        front, back = head.landmark("glabella"), head.landmark("opisthocranion")
        top = head.landmark("crown")
        height = float(ears[2] + _UP * (top[2] - ears[2]))
        centre = torch.stack((ears[0], 0.5 * (front[1] + back[1]), ears.new_tensor(height)))
        return cls(centre, 0.5 * float(back[1] - front[1]))

    def angles(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return azimuth and elevation [N] of points [N, 3]."""
        x, y, z = (points - self.centre).unbind(-1)
        azimuth = torch.rad2deg(torch.atan2(x, -y))
        return azimuth, torch.rad2deg(torch.atan2(z, torch.hypot(x, y)))

    def direction(self, azimuth: float, elevation: float) -> Tensor:
        """Return the unit direction [3] from the middle."""
        a, e = math.radians(azimuth), math.radians(elevation)
        return self.centre.new_tensor((math.cos(e) * math.sin(a), -math.cos(e) * math.cos(a), math.sin(e)))

    @cached_property
    def whorl(self) -> Tensor:
        """[3] metres: where hair grows away from, a little behind the top."""
        return self.centre + self.size * self.direction(180.0, _WHORL_ELEVATION)
