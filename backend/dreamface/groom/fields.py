"""What a style's sections say at each root: numbers, and the way that hair is combed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.geometry import smoothstep
from dreamface.groom.surface import Near, Surface
from dreamface.styles import Cut, Parting, Section, Style, size_of, weight_of
from dreamface.units import MM

USUAL: Final = Section(
    density=1.0, length=60.0, flow={"away": 1.0}, lift=25.0, rise=12.0, follow=40.0, stiff=25.0, gravity=0.6,
    volume=6.0, layers=8.0, curl=0.0, radius=0.0, pitch=0.0, curl_from=0.15, flat=0.3, unruly=6.0, turn=0.0, face=0.0,
    twirl=0.0, gather=0.0,
)  # fmt: skip
"""What hair does where its style says nothing."""

_LENGTHS: Final = ("length", "rise", "follow", "stiff", "volume", "layers", "radius", "pitch")
_ANGLES: Final = ("lift", "unruly", "turn", "twirl")
_SHARES: Final = ("gravity", "curl", "curl_from", "flat", "face", "gather")

_PARTING_REACH: Final = 0.032  # metres from the middle to the parting at `side` 1: over the eye
_WHORL_TURN: Final = 1.4  # how much of its way hair turns at the whorl
_WHORL_REACH: Final = 0.35  # in half skulls, over which it does
_UNEVEN: Final = 1.0 * MM  # by which hairs next to a parting belong to either side
_ZIGZAG: Final = (260.0, 90.0, 3.0)  # radians per metre of two waves, and how much the second bends the first
_LOW_BESIDE: Final = 0.25  # share of its volume that hair has right at a parting
_RISES_BESIDE: Final = 1.5  # times its volume, beside a parting, to where hair has all of it
_RISEN_BY: Final = 22.0 * MM  # beside a parting, where all hair has all of it: high hair shows no wide valley
_PARTING_ENDS: Final = 22.0  # degrees of elevation over which a parting fades into the whorl


@dataclass(frozen=True)
class Field:
    """The sections of a style at N roots. Lengths are metres, angles radians.

    Attributes:
        values: number of `Section` -> [N].
        flow: direction -> [N] weight.
        cuts: scissors, and [N] bool whom they cut.
        side: [N] -1 or 1: on which side of the parting a root is; 1 is the person's left.
        parted: [N] 0..1: how much the parting matters there.
        line: the parting; None where the style has none.
        at: -1..1, where it is.
    """

    values: Mapping[str, Tensor]
    flow: Mapping[str, Tensor]
    cuts: tuple[tuple[Cut, Tensor], ...]
    side: Tensor
    parted: Tensor
    line: Parting | None = None
    at: float = 0.0

    def scaled(self, volume: float) -> Field:
        """Return the field with hair that stands off the head by another factor."""
        values = dict(self.values)
        values["volume"] = volume * values["volume"]
        values["lift"] = (volume**0.5 * values["lift"]).clamp(-torch.pi / 2, torch.pi / 2)
        return replace(self, values=values)

    def __getitem__(self, name: str) -> Tensor:
        return self.values[name]


def field_at(style: Style, surface: Surface, roots: Tensor, parting: float, random: Tensor) -> Field:
    """Return what a style says at roots.

    Args:
        style: the style.
        surface: of the head.
        roots: [N, 3] metres.
        parting: -1..1, where the parting is.
        random: [N] uniform numbers, for the parting's zigzag.
    """
    head, skull = surface.head, surface.skull
    unit = MM * size_of(skull)
    values = {name: torch.full((len(roots),), _in_units(name, USUAL, unit)) for name in (*_LENGTHS, *_ANGLES, *_SHARES)}
    flow = {name: torch.full((len(roots),), weight) for name, weight in (USUAL.flow or {}).items()}
    cuts: list[tuple[Cut, Tensor]] = []
    for section in style.sections:
        weight = weight_of(section.where, head, skull, roots)
        for name in values:
            if getattr(section, name) is not None:
                values[name] = values[name] + weight * (_in_units(name, section, unit) - values[name])
        if section.flow is not None:
            for name in dict.fromkeys((*flow, *section.flow)):  # in the same order in every process
                before = flow.get(name, torch.zeros(len(roots)))
                flow[name] = before + weight * (section.flow.get(name, 0.0) - before)
        if section.cut is not None or section.uncut:
            cuts = [(cut, whom & (weight < 0.5)) for cut, whom in cuts]
        if section.cut is not None:
            cuts.append((section.cut, weight >= 0.5))
    side, parted = _sides(style, surface, roots, parting, random)
    return Field(values, flow, tuple(cuts), side, parted, style.parting, parting)


def _in_units(name: str, section: Section, unit: float) -> float:
    value = float(getattr(section, name))
    if name in _LENGTHS:
        return value * unit
    return value * torch.pi / 180.0 if name in _ANGLES else value


def _sides(style: Style, surface: Surface, roots: Tensor, parting: float, random: Tensor) -> tuple[Tensor, Tensor]:
    """Return on which side of the parting roots are, and how much that matters there."""
    if style.parting is None:
        from_middle = roots[:, 0] - surface.skull.centre[0]
        return torch.where(from_middle >= 0.0, 1.0, -1.0), torch.zeros(len(roots))
    beside, parted = from_parting(style.parting, surface, roots, parting)
    beside = beside - (random - 0.5) * _UNEVEN
    return torch.where(beside >= 0.0, 1.0, -1.0), parted


def from_parting(line: Parting, surface: Surface, roots: Tensor, side: float) -> tuple[Tensor, Tensor]:
    """Return metres [N] from a parting to the person's left, and 0..1 [N] how much of it there is.

    Args:
        line: the style's.
        surface: of the head.
        roots: [N, 3] metres.
        side: -1..1, where it is.
    """
    skull = surface.skull
    unit = size_of(skull)
    along = roots[:, 1]
    zigzag = torch.sin(_ZIGZAG[0] * along + _ZIGZAG[2] * torch.sin(_ZIGZAG[1] * along))
    at = side * _PARTING_REACH * unit + line.zigzag * MM * unit * zigzag
    azimuth, elevation = skull.angles(roots)
    # Behind the crown the line comes back to the middle and ends.
    behind = torch.where(azimuth.abs() > 90.0, 180.0 - elevation, elevation)
    parted = ((180.0 - line.back - behind) / _PARTING_ENDS + 0.5).clamp(0.0, 1.0)
    return roots[:, 0] - skull.centre[0] - at, parted


def risen(field: Field, surface: Surface, near: Near, places: Tensor, height: Tensor) -> Tensor:
    """Return [N] 0..1: how much of its height off the skin hair has: little at a parting and at the whorl behind it.

    Args:
        field: what the style says.
        surface: of the head.
        near: what of the skin is nearest to the places.
        places: [N, 3] metres.
        height: [N] metres off the skin that it has away from there.
    """
    if field.line is None:
        return torch.ones(len(places))
    beside, parted = from_parting(field.line, surface, places, field.at)
    away = places - surface.skull.whorl
    from_whorl = (away - (away * near.normal).sum(dim=1, keepdim=True) * near.normal).norm(dim=1)
    reach = (_RISES_BESIDE * height).clamp(min=MM, max=_RISEN_BY)
    far = torch.minimum(torch.lerp(torch.ones_like(parted), beside.abs() / reach, parted), from_whorl / reach)
    return _LOW_BESIDE + (1.0 - _LOW_BESIDE) * smoothstep(far)


def combed(field: Field, surface: Surface, near: Near, places: Tensor) -> Tensor:
    """Return [N, 3] unit directions in which hair is combed at places [N, 3], along the skin there."""
    skull, normal = surface.skull, near.normal
    total = torch.zeros_like(places)
    away = places - skull.whorl
    for name, weight in field.flow.items():
        total = total + weight[:, None] * _direction(name, field, surface, places, normal, away)
    along = total - (total * normal).sum(dim=1, keepdim=True) * normal
    out = field.flow.get("out")
    along = normalize(along + 1e-6 * away, dim=1)
    if out is None:
        return along
    share = (out / (sum(weight.abs() for weight in field.flow.values()) + 1e-6)).clamp(0.0, 1.0)[:, None]
    return normalize(torch.lerp(along, normal, share), dim=1)


def _direction(name: str, field: Field, surface: Surface, places: Tensor, normal: Tensor, away: Tensor) -> Tensor:
    """Return [N, 3] a named direction, before it is laid along the skin."""
    zero, skull_size = torch.zeros_like(places), surface.skull.size
    if name == "away":
        # Around the whorl hair turns as it leaves, so that it does not part like a star.
        turn = _WHORL_TURN * torch.exp(-((away.norm(dim=1, keepdim=True) / (_WHORL_REACH * skull_size)) ** 2))
        return normalize(normalize(away, dim=1) + turn * torch.linalg.cross(normal, normalize(away, dim=1)), dim=1)
    if name == "swirl":
        return torch.linalg.cross(normal, normalize(away, dim=1))
    if name == "side":
        # Where the parting has ended, hair falls from the whorl instead.
        across = zero + places.new_tensor((1.0, 0.0, 0.0)) * field.side[:, None]
        return torch.lerp(normalize(away, dim=1), across, field.parted[:, None])
    if name == "across":
        return zero - places.new_tensor((1.0, 0.0, 0.0)) * field.side[:, None]
    if name == "middle":
        from_middle = places[:, :1] - surface.skull.centre[0]
        return zero + places.new_tensor((1.0, 0.0, 0.0)) * -torch.tanh(from_middle / (10.0 * MM))
    if name == "out":
        return zero
    return zero + places.new_tensor(_FIXED[name])


_FIXED: Final = {
    "back": (0.0, 1.0, 0.0),
    "forward": (0.0, -1.0, 0.0),
    "down": (0.0, 0.0, -1.0),
    "up": (0.0, 0.0, 1.0),
    "left": (1.0, 0.0, 0.0),
}
