"""The parts of a face that beards grow in, found from landmarks, and the unevenness of their borders.

A part's weight is 1 well within it and fades over its border. Heights and widths are of the head itself, so that a
style's moustache ends at the corners of the mouth on every head.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import soft_edge
from dreamface.random_streams import stream
from dreamface.units import MM

FacePart = Literal["moustache", "soul_patch", "corners", "chin", "jaw", "cheeks", "sideburns", "neck"]
"""Under the nose; below the lower lip; strips beside the mouth; the chin; along the jaw; above that up to the cheek
line; before the ears; below the jaw."""

PARTS: Final[tuple[FacePart, ...]] = get_args(FacePart)

_WAVES: Final = 7  # that a field of noise is made of
_FIELDS: Final = 2**31  # numbers of fields of noise
_CHEEK_CURVE: Final = 1.9  # power: how far the line of the cheeks sags between the ear and the mouth


@dataclass(frozen=True)
class _Marks:
    """Places of a face in metres: widths from its middle, heights, and depths (forward is below 0)."""

    mouth_x: float
    mouth_z: float
    nose_x: float
    nose_z: float
    lip_z: float
    below_lip_z: float
    chin_z: float
    chin_y: float
    ear_y: float
    ear_z: float
    jaw_y: float
    jaw_z: float
    cheek_y: float
    middle: float

    @classmethod
    def of(cls, head: Head) -> _Marks:
        def mean(name: str, axis: int) -> float:
            return 0.5 * float(head.landmark(f"{name}_l")[axis] + head.landmark(f"{name}_r")[axis])

        def width(name: str) -> float:
            return 0.5 * float(head.landmark(f"{name}_l")[0] - head.landmark(f"{name}_r")[0])

        def middle(name: str, axis: int) -> float:
            return float(head.landmark(name)[axis])

        return cls(
            mouth_x=width("cheilion"), mouth_z=mean("cheilion", 2),
            nose_x=width("alare"), nose_z=middle("subnasale", 2),
            lip_z=middle("labrale_inferius", 2), below_lip_z=middle("sublabiale", 2), chin_z=middle("gnathion", 2),
            chin_y=middle("gnathion", 1), ear_y=mean("tragion", 1), ear_z=mean("tragion", 2), jaw_y=mean("gonion", 1),
            jaw_z=mean("gonion", 2), cheek_y=mean("cheilion", 1), middle=mean("cheilion", 0),
        )  # fmt: skip


def part_weight(part: FacePart, head: Head, places: Tensor, soft: float) -> Tensor:
    """Return [N] 0..1: how far places [N, 3] lie within a part; borders fade over `soft` metres."""
    marks = _Marks.of(head)
    x = (places[:, 0] - marks.middle).abs()
    return _WEIGHTS[part](marks, x, places[:, 1], places[:, 2], soft)


def noise(places: Tensor, scale: float, number: int) -> Tensor:
    """Return [N] of mean 0 and deviation 1 that changes over `scale` metres; `number` tells fields apart."""
    waves = torch.Generator().manual_seed(number)
    ways = torch.nn.functional.normalize(torch.randn(_WAVES, 3, generator=waves), dim=1)
    turns = (0.6 + 0.9 * torch.rand(_WAVES, generator=waves)) / (2.0 * scale)
    phases = torch.rand(_WAVES, generator=waves)
    return torch.sin(2.0 * math.pi * (places @ (ways * turns[:, None]).T + phases)).sum(dim=1) * (2.0 / _WAVES) ** 0.5


def noise_number(seed: int, name: str) -> int:
    """Return the number of a person's own field of `noise`, the same for the same seed and name."""
    return int(torch.randint(_FIELDS, (1,), generator=stream(seed, name)))


def _moustache(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    # From under the nose its upper border runs down to beyond the corner of the mouth.
    far = ((x - 0.5 * m.nose_x) / (m.mouth_x + 7.0 * MM - 0.5 * m.nose_x)).clamp(0.0, 1.0)
    upper = m.nose_z - 1.5 * MM + far * (m.mouth_z + 5.0 * MM - m.nose_z)
    return (
        soft_edge(upper - z, soft)
        * soft_edge(m.mouth_x + 5.0 * MM - x, soft)
        * soft_edge(z - m.mouth_z + 3.0 * MM, soft)
    )


def _soul_patch(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    lowest = m.below_lip_z - 4.0 * MM
    wide = 5.5 * MM + 3.0 * MM * ((z - lowest) / max(m.lip_z - lowest, MM)).clamp(0.0, 1.0)
    return soft_edge(wide - x, soft) * soft_edge(z - lowest, soft) * soft_edge(m.lip_z + 2.0 * MM - z, soft)


def _corners(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    middle = m.mouth_x + 3.0 * MM - 0.10 * (m.mouth_z - z).clamp(min=0.0)
    return (
        soft_edge(5.5 * MM - (x - middle).abs(), soft)
        * soft_edge(m.mouth_z + 4.0 * MM - z, soft)
        * _chin_height(m, z, soft)
    )


def _chin(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    below = (m.below_lip_z - z).clamp(min=0.0)
    wide = 0.72 * m.mouth_x + 0.35 * below.clamp(max=18.0 * MM)
    return soft_edge(wide - x, soft) * soft_edge(m.below_lip_z + 1.0 * MM - z, soft) * _chin_height(m, z, soft)


def _chin_height(m: _Marks, z: Tensor, soft: float) -> Tensor:
    return soft_edge(z - m.chin_z + 6.0 * MM, soft)


def _jaw(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    above = z - _jaw_line(m, y)
    return soft_edge(19.0 * MM - above, soft) * soft_edge(above + 6.0 * MM, soft) * soft_edge(x - 0.8 * m.mouth_x, soft)


def _cheeks(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    back = ((y - m.cheek_y) / (m.ear_y - 7.0 * MM - m.cheek_y)).clamp(0.0, 1.0)
    line = m.mouth_z + 9.0 * MM + back**_CHEEK_CURVE * (m.ear_z - m.mouth_z - 4.0 * MM)
    inside = soft_edge(line - z, soft) * soft_edge(x - m.mouth_x - 4.0 * MM, soft)
    return inside * soft_edge(z - _jaw_line(m, y) - 2.0 * MM, soft) * soft_edge(m.ear_y - 6.0 * MM - y, soft)


def _sideburns(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    before = m.ear_y - 5.0 * MM - y
    wide = 19.0 * MM + 0.22 * (m.ear_z - z).clamp(min=0.0)
    ends = soft_edge(z - m.mouth_z - 8.0 * MM, soft)
    return soft_edge(before, 0.5 * soft) * soft_edge(wide - before, soft) * ends * soft_edge(x - m.mouth_x, soft)


def _neck(m: _Marks, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
    below = _jaw_line(m, y) - z
    return soft_edge(below + 3.0 * MM, soft) * soft_edge(28.0 * MM - below, 24.0 * MM)


def _jaw_line(m: _Marks, y: Tensor) -> Tensor:
    """Return [N] the height of the jaw's edge at a depth: from its corner to the chin, and up to the ear behind it."""
    along = ((y - m.jaw_y) / (m.chin_y - m.jaw_y)).clamp(-1.0, 1.0)
    front = m.jaw_z + along.clamp(min=0.0) * (m.chin_z - m.jaw_z)
    return front + (-along).clamp(min=0.0) * 2.0 * (m.ear_z - m.jaw_z)


_WEIGHTS: Final[Mapping[FacePart, Callable[[_Marks, Tensor, Tensor, Tensor, float], Tensor]]] = {
    "moustache": _moustache, "soul_patch": _soul_patch, "corners": _corners, "chin": _chin, "jaw": _jaw,
    "cheeks": _cheeks, "sideburns": _sideburns, "neck": _neck,
}  # fmt: skip
