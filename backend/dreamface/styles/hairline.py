"""Where the hair of the scalp begins, over the forehead, at the temples and before the ears; a bald crown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.styles.face_parts import noise, noise_number
from dreamface.styles.skull import Skull
from dreamface.styles.style import Hairline
from dreamface.styles.where import size_of
from dreamface.traits import VOCABULARY, Traits
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
        womens_mm: by how much women's lies lower: their foreheads are some 53 mm high.
        womens_corner_mm: how far their corners come forward, which makes the line round.
        uneven_mm, uneven_cell_mm: deviation and size of the small peaks and bays that no two people share.
        most_uneven: deviations that these have at most.
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
    least: float = 0.15
    womens_mm: float = -4.5
    womens_corner_mm: float = -4.0
    uneven_mm: float = 1.8
    uneven_cell_mm: float = 9.0
    most_uneven: float = 1.7


@dataclass(frozen=True)
class _Temple:
    """The hair at the temples: a point that comes forward behind the brow's tail, and sideburns before the ear.

    Its border is drawn in a side view. Heights are 0 at the tragion, 1 at the brow's outer end and 2 at the
    frontotemporale; depths are 0 at the tragion and 1 at the eye's outer corner. In young women the temporal point lies
    some 4 cm behind that corner.

    Attributes:
        heights, depths: [N] corners of the border.
        least_depth: the ear's front, behind which no sideburn grows.
        lateral: share of the ears' distance from the middle from which on skin is the side's.
        soft_mm: over which hair gets dense.
        above_mm: how softly sideburns end below.
        back_mm: how far the border goes back at `hair.hairline` 1.
        recede_mm: how far it does so where the corners recede by 1.
        fullness: density of the temples' fine hair.
    """

    heights: tuple[float, ...] = (-0.2, 0.15, 0.5, 0.85, 1.1, 1.35, 1.65, 2.0, 2.4)
    depths: tuple[float, ...] = (0.22, 0.25, 0.3, 0.4, 0.49, 0.5, 0.5, 0.58, 0.62)
    least_depth: float = 0.02
    lateral: float = 0.6
    soft_mm: float = 9.0
    above_mm: float = 5.0
    back_mm: float = 10.0
    recede_mm: float = 12.0
    fullness: float = 0.85


_BORDER: Final = _Border()
_TEMPLE: Final = _Temple()
_BESIDE: Final = ("forehead", "temples")  # regions that hair may grow down to
_INSIDE: Final = 0.5  # weight of the region from which a vertex counts as covered


def with_hairline(region: Tensor, line: Hairline, traits: Traits, head: Head, seed: int) -> Tensor:
    """Return the scalp [V] with its border over the forehead moved, and with a bald spot on the crown.

    Args:
        region: [V] 0..1, the head's own scalp.
        line: of the style.
        traits: `hair.hairline` and `gender` are read.
        head: with neutral vertices.
        seed: of the line's small peaks and bays.
    """
    trait, female = traits.number("hair.hairline"), max(0.0, -traits.number("gender"))
    skull = Skull.of(head)
    unit = MM * size_of(skull)
    azimuth, _ = skull.angles(head.vertices)
    border = _border_of(region, head, azimuth)
    near = torch.nonzero(sum((head.topology.regions[name] for name in _BESIDE), region) > 0.0)[:, 0]
    distance, nearest = torch.cdist(head.vertices[near], head.vertices[border]).min(dim=1)
    signed = torch.where(region[near] >= _INSIDE, distance, -distance)
    back = _shift(line, trait, female, azimuth[border], _azimuth_of_corner(head, skull))[nearest] * unit
    back = back + _BORDER.uneven_mm * unit * _uneven(head.vertices[near], unit, seed)
    soft = max(line.soft, 1.0) * unit
    dense = _BORDER.least + (1.0 - _BORDER.least) * smoothstep((signed - back) / soft)
    moved = torch.where(
        back < 0.0, torch.maximum(region[near], smoothstep((signed - back) / (0.5 * soft))), region[near]
    )
    moved = moved * dense * torch.where(back > 0.0, smoothstep((signed - back) / (0.5 * soft) + 0.5), 1.0)
    front = 1.0 - smoothstep(azimuth[near].abs(), *_BORDER.front)
    found = region.clone()
    found[near] = torch.lerp(region[near], moved, front)
    return torch.maximum(found, _temples(line, trait, head, unit)) * _crown(line.crown, head, skull)


def _temples(line: Hairline, trait: float, head: Head, unit: float) -> Tensor:
    """Return [V] how densely hair grows at the temples and before the ears.

    Args:
        line: of the style; `sideburn` is the height at which sideburns end.
        trait: `hair.hairline`.
        head: with neutral vertices.
        unit: metres of a millimetre on a grown head.
    """
    found = torch.zeros(len(head.vertices))
    off_ears = head.topology.regions["ears"] < _INSIDE
    higher = _beyond_usual(trait)[0]
    for side in ("l", "r"):
        ear, eye = head.landmark(f"tragion_{side}"), head.landmark(f"exocanthion_{side}")
        brow, corner = head.landmark(f"brow_outer_{side}"), head.landmark(f"frontotemporale_{side}")
        own = torch.nonzero(off_ears & (head.vertices[:, 0] / ear[0] > _TEMPLE.lateral))[:, 0]
        levels = np.array([float(point[2]) for point in (ear, brow, corner)])
        deep = float(ear[1] - eye[1])
        metres, counts = _extended(levels)
        height = np.interp(head.vertices[own, 2].numpy(), metres, counts)
        border = torch.from_numpy(np.interp(height, _TEMPLE.heights, _TEMPLE.depths)).float() * deep
        border = border - (higher * _TEMPLE.back_mm + line.recede * _TEMPLE.recede_mm) * unit
        depth = ear[1] - head.vertices[own, 1]
        within = smoothstep((border - depth) / (_TEMPLE.soft_mm * unit))
        within = within * smoothstep((depth - _TEMPLE.least_depth * deep) / (3.0 * unit))
        low = float(np.interp(line.sideburn, counts, metres))
        below = smoothstep((head.vertices[own, 2] - low) / (_TEMPLE.above_mm * unit) + 0.5)
        below = below * (torch.from_numpy(height) < _TEMPLE.heights[-1]).float()
        found[own] = _TEMPLE.fullness * within * below
    return found


def _extended(levels: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[float, ...]]:
    """Return heights in metres, and what they count as: 0 tragion, 1 brow, 2 forehead's corner, and beyond these."""
    below, above = levels[0] - (levels[1] - levels[0]), levels[2] + (levels[2] - levels[1])
    return np.array([below, *levels, above]), (-1.0, 0.0, 1.0, 2.0, 3.0)


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


def _uneven(places: Tensor, unit: float, seed: int) -> Tensor:
    """Return [N] of deviation 1: how a person's hairline goes forward and back at places [N, 3]."""
    field = noise(places, _BORDER.uneven_cell_mm * unit, noise_number(seed, "hairline"))
    return field.clamp(-_BORDER.most_uneven, _BORDER.most_uneven)


def _shift(line: Hairline, trait: float, female: float, azimuth: Tensor, corner: float) -> Tensor:
    """Return [B] millimetres by which the border lies further back, at its vertices."""
    higher, lower = _beyond_usual(trait)
    recede = min(1.0, line.recede + _BORDER.corner_recedes * higher)
    at_corner = torch.exp(-(((azimuth.abs() - corner) / _BORDER.corner) ** 2))
    in_middle = torch.exp(-((azimuth / _BORDER.peak) ** 2))
    everywhere = _BORDER.usual_mm + line.raise_mm + higher * _BORDER.highest_mm + lower * _BORDER.lowest_mm
    at_corner = at_corner * (recede * _BORDER.corner_mm + female * _BORDER.womens_corner_mm)
    return everywhere + female * _BORDER.womens_mm + at_corner - line.peak * in_middle


def _beyond_usual(trait: float) -> tuple[float, float]:
    """Return how much higher and how much lower than usual a `hair.hairline` is, 0..1."""
    usual = VOCABULARY["hair.hairline"].default
    assert isinstance(usual, float)
    return max(0.0, trait - usual) / (1.0 - usual), max(0.0, usual - trait) / usual


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
