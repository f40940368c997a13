"""Stripes over the skin: dark bands that sweep outwards and up from the face's middle, pointed at both ends.

The phase of a wave counts stripes from below; its fraction that a stripe fills is its fullness. A fullness of 0 or less
is bare skin.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.layer import Decal, Layer
from dreamface.skin.canvas.noise import solid_noise
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.shared_noises import BLOTCHES, MOTTLING, Noise
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.pattern_drawing import EDGE, bust_rim, exactly, finest_edge, full_rows, in_bands, keeps_clear
from dreamface.units import MM


@dataclass(frozen=True)
class _Course:
    """Where stripes run. Both halves of the face follow one noise, and each strays from it by another.

    Attributes:
        period: metres from one stripe to the next.
        sweep_aside, sweep_behind: metres that a stripe rises for each metre away from the middle, and behind the face.
        wander, stray: stripes that the two noises move it.
        rounding: square metres: makes stripes pass the middle of the face without a kink.
    """

    period: float
    sweep_aside: float
    sweep_behind: float
    wander: float
    stray: float
    rounding: float


_COURSE: Final = _Course(period=17.0 * MM, sweep_aside=0.42, sweep_behind=0.30, wander=0.42, stray=0.10, rounding=1e-6)
_WANDER: Final = Noise("stripes", cell=42.0 * MM, channels=("phase", "fullness"))


@dataclass(frozen=True)
class _Fullness:
    """How much of their room stripes fill, 0..1, and what takes from it.

    Attributes:
        mean, wander, stray: of all stripes, and how much two noises change it.
        middle: what the middle of the face takes: of the face, and what is added on the brow.
        middle_width: metres.
        behind: what the back of the head takes, over `behind_over` metres from the middle and behind the face.
        bust: what the bust's rim takes, over `bust_over` metres above it.
        lids, lips, ears: what these take; lips over `lips_over` of their region's weight.
        least, most: that are drawn.
    """

    mean: float
    wander: float
    stray: float
    middle: Line
    middle_width: float
    behind: float
    behind_over: tuple[float, float]
    bust: float
    bust_over: tuple[float, float]
    lids: float
    lips: float
    lips_over: tuple[float, float]
    ears: float
    least: float
    most: float


_FULLNESS: Final = _Fullness(
    mean=0.46,
    wander=0.17,
    stray=0.10,
    middle=Line(base=0.62, slope=-0.34),
    middle_width=11.0 * MM,
    behind=0.9,
    behind_over=(0.115, 0.17),
    bust=0.7,
    bust_over=(0.02, 0.08),
    lids=0.35,
    lips=0.9,
    lips_over=(0.0, 0.5),
    ears=0.25,
    least=-0.3,
    most=0.66,
)
_COVER: Final = Line(base=0.95, slope=0.02)  # of the stripes, by the mottling


def _stripes(subject: Subject) -> Sequence[Decal]:
    """Paint the stripes."""
    tint, strength = subject.traits.tint("skin.stripes")
    if strength == 0.0:
        return ()
    fields = subject.once("stripes", lambda: _fields(subject))
    window = full_rows(subject, fields[1] > 0.0)
    if window is None:
        return ()
    cover = torch.empty(window.shape)
    fields = torch.cat((fields, finest_edge(subject)[None]))
    steepness = 2.0 * (2.0 * math.pi) / _COURSE.period  # of the wave, for an edge of half a width
    for rows, (phase, fullness, opacity, finest) in in_bands(subject, window, fields):
        wave = torch.cos(phase.mul_(2.0 * math.pi)).sub_(torch.cos(fullness.clamp_(0.0, 1.0).mul_(math.pi)))
        soft = finest.clamp_min_(EDGE).mul_(steepness)
        cover[rows] = smoothstep(wave.div_(soft), 0.0, 1.0).mul_(opacity).mul_(strength)
    return (Decal(window, cover=cover, colour=torch.tensor(tint)),)


def _fields(subject: Subject) -> Tensor:
    """Return the phase in stripes, the fullness, and 0..1 how much stripes cover, [3, S, S]."""
    x, y, z = subject.surface.position.unbind(0)
    nasion = subject.head.landmark("nasion")
    side = torch.sqrt(x * x + _COURSE.rounding)
    behind = (y - float(nasion[1])).clamp_min(0.0)
    mirrored = torch.stack((side, y, z))
    wander = solid_noise(mirrored, _WANDER.cell, len(_WANDER.channels), subject.stream(_WANDER.name))
    stray = exactly(subject, BLOTCHES)
    sweep = _COURSE.sweep_aside * side + _COURSE.sweep_behind * behind
    phase = (z - float(nasion[2]) - sweep) / _COURSE.period + _COURSE.wander * wander[0] + _COURSE.stray * stray[0]
    fullness = _FULLNESS.mean + _FULLNESS.wander * wander[1] + _FULLNESS.stray * stray[1]
    fullness = _pointed(subject, fullness, side, behind)
    opacity = _COVER.at(subject.noise(MOTTLING, "density")) * keeps_clear(subject)
    least, most = _FULLNESS.least, _FULLNESS.most
    return torch.stack((phase, fullness.clamp(least, most), opacity * (fullness > least)))


def _pointed(subject: Subject, fullness: Tensor, side: Tensor, behind: Tensor) -> Tensor:
    """Return the fullness [S, S] less what points the stripes: towards the face's middle, behind the ears, at lips."""
    look, head, z = _FULLNESS, subject.head, subject.surface.position[2]
    brow = smoothstep(z, float(head.landmark("glabella")[2]), float(head.landmark("metopion")[2]))
    fullness = fullness - look.middle.at(brow) * torch.exp(-((side / look.middle_width) ** 2))
    fullness = fullness - look.behind * smoothstep(side + behind, *look.behind_over)
    rim = bust_rim(subject)
    fullness = fullness - look.bust * (1.0 - smoothstep(z, *(rim + height for height in look.bust_over)))
    lids = subject.region("lids_upper", "lids_lower")
    lips = smoothstep(subject.region("lips_upper", "lips_lower"), *look.lips_over)
    return fullness - look.lids * lids - look.lips * lips - look.ears * subject.region("ears")


STRIPES: Final = Layer("stripes", "stripes over the skin", ("skin.stripes",), decals=_stripes)
