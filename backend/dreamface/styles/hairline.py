"""Where the hair of the scalp begins: the border over the forehead, and a bald spot on the crown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.styles.skull import Skull
from dreamface.styles.style import Hairline
from dreamface.styles.where import size_of
from dreamface.traits import VOCABULARY
from dreamface.units import MM


@dataclass(frozen=True)
class _Border:
    """How a hairline moves. Millimetres are of a grown head, degrees are of azimuth.

    Attributes:
        front: where the forehead's border ends and the temples' hair before the ears begins: it fades over these.
        corner: half width of the bare corner of a receding hairline.
        corner_mm: how far it goes back where it recedes by 1.
        peak: half width of a widow's peak.
        usual_mm: how far the heads' own region of the scalp, which ends 70 mm above the glabella, comes down to be
            people's: foreheads are some 57 mm high (Farkas 1994).
        lowest_mm, highest_mm: by how much `hair.hairline` 0 and 1 move it.
        corner_recedes: by how much the corners recede at `hair.hairline` 1.
        crown_mm: radius of the bald spot at 1; it fades over `crown_soft` of that.
        least: density right at the border, of a soft hairline.
    """

    front: tuple[float, float] = (48.0, 76.0)
    corner: float = 18.0
    corner_mm: float = 34.0
    peak: float = 8.0
    usual_mm: float = -11.0
    lowest_mm: float = -9.0
    highest_mm: float = 24.0
    corner_recedes: float = 0.5
    crown_mm: float = 62.0
    crown_soft: tuple[float, float] = (0.55, 1.25)
    least: float = 0.3


_BORDER: Final = _Border()
_BESIDE: Final = ("forehead", "temples")  # regions that hair may grow down to
_INSIDE: Final = 0.5  # weight of the region from which a vertex counts as covered


def with_hairline(region: Tensor, line: Hairline, trait: float, head: Head) -> Tensor:
    """Return the scalp [V] with its border over the forehead moved, and with a bald spot on the crown."""
    skull = Skull.of(head)
    unit = MM * size_of(skull)
    azimuth, _ = skull.angles(head.vertices)
    border = _border_of(region, head, azimuth)
    near = torch.nonzero(sum((head.topology.regions[name] for name in _BESIDE), region) > 0.0)[:, 0]
    distance, nearest = torch.cdist(head.vertices[near], head.vertices[border]).min(dim=1)
    signed = torch.where(region[near] >= _INSIDE, distance, -distance)
    back = _shift(line, trait, azimuth[border], _azimuth_of_corner(head, skull))[nearest] * unit
    soft = max(line.soft, 1.0) * unit
    dense = _BORDER.least + (1.0 - _BORDER.least) * smoothstep((signed - back) / soft)
    moved = torch.where(
        back < 0.0, torch.maximum(region[near], smoothstep((signed - back) / (0.5 * soft))), region[near]
    )
    moved = moved * dense * torch.where(back > 0.0, smoothstep((signed - back) / (0.5 * soft) + 0.5), 1.0)
    front = 1.0 - smoothstep(azimuth[near].abs(), *_BORDER.front)
    found = region.clone()
    found[near] = torch.lerp(region[near], moved, front)
    return found * _crown(line.crown, head, skull)


def _border_of(region: Tensor, head: Head, azimuth: Tensor) -> Tensor:
    """Return the vertices [B] along which the scalp ends over the forehead and the temples."""
    triangles = head.topology.triangles
    within = (region >= _INSIDE)[triangles]
    crossed = within.any(dim=1) & ~within.all(dim=1)
    at_border = torch.zeros(len(region), dtype=torch.bool)
    at_border[triangles[crossed][within[crossed]]] = True
    inner = torch.nonzero(at_border)[:, 0]
    level = 0.5 * float(head.landmark("ear_top_l")[2] + head.landmark("ear_top_r")[2])
    ahead = (azimuth[inner].abs() < _BORDER.front[1]) & (head.vertices[inner, 2] > level)
    return inner[ahead]


def _azimuth_of_corner(head: Head, skull: Skull) -> float:
    """Return degrees, of the corner between forehead and temple."""
    corners = torch.stack((head.landmark("frontotemporale_l"), head.landmark("frontotemporale_r")))
    return float(skull.angles(corners)[0].abs().mean())


def _shift(line: Hairline, trait: float, azimuth: Tensor, corner: float) -> Tensor:
    """Return [B] millimetres by which the border lies further back, at its vertices."""
    usual = VOCABULARY["hair.hairline"].default
    assert isinstance(usual, float)
    higher = max(0.0, trait - usual) / (1.0 - usual)
    lower = max(0.0, usual - trait) / usual
    recede = min(1.0, line.recede + _BORDER.corner_recedes * higher)
    at_corner = torch.exp(-(((azimuth.abs() - corner) / _BORDER.corner) ** 2))
    in_middle = torch.exp(-((azimuth / _BORDER.peak) ** 2))
    everywhere = _BORDER.usual_mm + line.raise_mm + higher * _BORDER.highest_mm + lower * _BORDER.lowest_mm
    return everywhere + recede * _BORDER.corner_mm * at_corner - line.peak * in_middle


def _crown(bare: float, head: Head, skull: Skull) -> Tensor:
    """Return [V] what a bald spot around the whorl leaves, 0..1."""
    if bare == 0.0:
        return torch.ones(len(head.vertices))
    away = torch.nn.functional.normalize(head.vertices - skull.centre, dim=1)
    to_whorl = torch.nn.functional.normalize(skull.whorl - skull.centre, dim=0)
    arc = torch.acos((away @ to_whorl).clamp(-1.0, 1.0)) * skull.size
    radius = bare**0.5 * _BORDER.crown_mm * MM * size_of(skull)
    first, last = _BORDER.crown_soft
    return 1.0 - min(1.0, 1.5 * bare) * (1.0 - smoothstep((arc / radius - first) / (last - first)))
