"""Room for the eyeballs: lids that stay before them in every shape, and on the way to it.

A blend shape moves each vertex along a straight line, and an eyeball is round: lids that clear it when open and when
shut cut through the cornea in between. So the shut lid lies a little further out, and the eyeball gives way: people's
eyes, too, are drawn back by a millimetre or two when they blink (Evinger et al. 1984).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.head.anny.motion import gaze_rotations
from dreamface.units import MM

RETREAT: Final = 1.7 * MM
"""Metres that the eyeball is drawn back by eyeBlink."""

_SHUT_ON_THE_WAY: Final = (0.5, 0.75, 0.25, 1.0)  # weights of eyeBlink that are looked at
_ON_THE_WAY: Final = (0.5, 1.0)  # of another shape
_HALF_SHUT: Final = 0.5  # of eyeBlink beside another shape at 1
_BESIDE: Final = ("eyeLookDown", "eyeLookUp", "eyeLookIn", "eyeLookOut", "eyeSquint", "eyeWide")
_TOGETHER: Final = (
    ("eyeSquint", "cheekSquint"), ("eyeSquint", "cheekSquint", "mouthSmile"), ("eyeSquint", "cheekSquint", "noseSneer"),
)  # fmt: skip
"""What smiles, sneers and pain raise the lower lid with, at once."""
_TOGETHER_ROUNDS: Final = 3
_FURTHEST: Final = 1.5 * MM  # that a lid is moved outwards for one pose

Height = Callable[[Tensor, Tensor], Tensor]
"""Points [..., N, 3] metres and the eyeball's rotation [..., 3, 3] -> [..., N] metres by which they lie outside it."""


@dataclass(frozen=True)
class Lid:
    """The skin around one eye of one person.

    Attributes:
        side: "Left" or "Right", of the person.
        rest: [N, 3] metres.
        centre: [3] metres, of the eyeball.
        height: over the eyeball where that is at rest.
        least: [N] metres that a vertex stays off the eyeball.
    """

    side: str
    rest: Tensor
    centre: Tensor
    height: Height
    least: Tensor

    def clear(self, shapes: Mapping[str, Tensor], names: Sequence[str]) -> None:
        """Move shapes [N, 3] outwards, in place, so that the lids stay off the eyeball.

        Args:
            shapes: by ARKit's name; those of this eye.
            names: which of them to look at, such as "eyeSquint"; eyeBlink is always looked at.
        """
        straight = torch.eye(3)
        if names:
            alone = torch.stack([shapes[name + self.side] for name in names])
            for weight in _ON_THE_WAY:
                turns = gaze_rotations(self.side.lower(), weight)
                gazes = torch.stack([turns.get(name + self.side, straight) for name in names])
                alone += self._missing(self.rest + weight * alone, gazes, 0.0) / weight
            for name, moved in zip(names, alone, strict=True):
                shapes[name + self.side].copy_(moved)
        for together in _TOGETHER:
            raised = [shapes[name + self.side] for name in together if name in names]
            if not raised:
                continue
            for _ in range(_TOGETHER_ROUNDS):
                missing = self._missing(self.rest + torch.stack(raised).sum(dim=0), straight, 0.0) / len(raised)
                for moved in raised:
                    moved += missing
        blink = shapes["eyeBlink" + self.side]
        for weight in _SHUT_ON_THE_WAY:
            blink += self._missing(self.rest + weight * blink, straight, weight) / weight
        for name in _BESIDE:
            gaze = gaze_rotations(self.side.lower()).get(name + self.side, straight)
            posed = self.rest + _HALF_SHUT * blink + shapes[name + self.side]
            blink += self._missing(posed, gaze, _HALF_SHUT) / _HALF_SHUT

    def _missing(self, points: Tensor, gaze: Tensor, shut: float) -> Tensor:
        """[..., N, 3] steps outwards that bring points [..., N, 3] as far off the eyeball as they are to be."""
        back = torch.tensor([0.0, shut * RETREAT, 0.0])
        short = (self.least - self.height(points - back, gaze)).clamp(0.0, _FURTHEST)
        return short[..., None] * torch.nn.functional.normalize(points - self.centre - back, dim=-1)
