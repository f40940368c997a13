"""Courses over the skin: from one place to another, as a finger would draw them."""

from __future__ import annotations

import itertools
import re
from typing import Final

import torch
from torch import Tensor

_SAMPLES: Final = 48  # places of a course between two of its stops
_REACH_MM: Final = 5.0  # beside it, within which skin carries it
_DEEP_MM: Final = 8.0  # below the most outward skin there: what lies deeper is another fold
_SMOOTHED: Final = 5  # samples
_AXIS_BACK_MM: Final = 25.0  # behind the ears' fronts, where a head's axis is

_COURSE: Final = re.compile(r"from_(?P<first>\w+?)(?:_over_(?P<over>\w+?))?_to_(?P<last>\w+)")
_BETWEEN: Final = re.compile(r"between_(?P<first>\w+?)_and_(?P<last>\w+)")


def course_name(first: str, last: str, over: str = "") -> str:
    """Return the name of the course from one region to another.

    >>> course_name("left_brow", "chin", "left_cheek")
    'from_left_brow_over_left_cheek_to_chin'
    """
    return f"from_{first}{f'_over_{over}' if over else ''}_to_{last}"


def between_name(first: str, last: str) -> str:
    """Return the name of the place between two regions."""
    return f"between_{first}_and_{last}"


def stops_of(name: str) -> tuple[str, ...]:
    """Return the names of the regions that a course or a place between two names; nothing of other names.

    >>> stops_of("from_left_brow_over_left_cheek_to_chin")
    ('left_brow', 'left_cheek', 'chin')
    """
    found = _COURSE.fullmatch(name) or _BETWEEN.fullmatch(name)
    return tuple(stop for stop in found.groups() if stop) if found else ()


def is_course(name: str) -> bool:
    """Return whether a name is that of a course."""
    return _COURSE.fullmatch(name) is not None


def over_skin(stops: Tensor, skin: Tensor, axis: Tensor, mm: float) -> Tensor:
    """Return [P, 3] a line over the skin through places on it.

    Args:
        stops: [K, 3] metres.
        skin: [N, 3] metres; places on the skin, without insides.
        axis: [3] metres; a point of the head's upright axis.
        mm: metres that a millimetre of an average head is on this one.
    """
    parts = [_between(first, last, skin, axis, mm) for first, last in itertools.pairwise(stops)]
    return torch.cat([part[:-1] for part in parts[:-1]] + [parts[-1]])


def _between(first: Tensor, last: Tensor, skin: Tensor, axis: Tensor, mm: float) -> Tensor:
    """Return [P, 3] a line over the skin from one place to another, in a plane that stands on it."""
    straight = last - first
    length = straight.norm().clamp_min(1e-6)
    along = straight / length
    outward = 0.5 * (first + last) - axis - torch.tensor([0.0, _AXIS_BACK_MM * mm, 0.0])
    outward = outward * torch.tensor([1.0, 1.0, 0.0])
    outward = outward - (outward @ along) * along
    outward = outward / outward.norm().clamp_min(1e-6)
    aside = torch.linalg.cross(along, outward)
    own, reach = skin - first, _REACH_MM * mm
    place, beside, height = own @ along, own @ aside, own @ outward
    shares = torch.linspace(0.0, 1.0, _SAMPLES)
    near = beside.abs() < 2.0 * reach
    place, beside, height = place[near], beside[near], height[near]
    away = (place - (shares * length)[:, None]).square() + beside.square()  # [P, N]
    close = away < reach**2
    top = torch.where(close, height, -torch.inf).amax(dim=1)
    weight = torch.exp(-away / (0.5 * reach) ** 2) * (close & (height > top[:, None] - _DEEP_MM * mm))
    total = weight.sum(dim=1)
    high = torch.where(total > 1e-6, (weight * height).sum(dim=1) / total.clamp_min(1e-9), torch.nan)
    high[0], high[-1] = 0.0, 0.0
    high = _filled(high)
    return first + shares[:, None] * straight + _smooth(high)[:, None] * outward


def _filled(values: Tensor) -> Tensor:
    """Return values in which holes (NaN) are bridged; the first and the last one are known."""
    known = torch.nonzero(~values.isnan())[:, 0]
    spot = torch.arange(len(values))
    after = torch.searchsorted(known, spot).clamp_max(len(known) - 1)
    before = (torch.searchsorted(known, spot, right=True) - 1).clamp_min(0)
    low, high = known[before], known[after]
    share = ((spot - low) / (high - low).clamp_min(1)).float()
    return torch.lerp(values[low], values[high], share)


def _smooth(values: Tensor) -> Tensor:
    """Return values, each the mean of those around it; the ends stay."""
    reach = _SMOOTHED // 2
    padded = torch.nn.functional.pad(values[None, None], (reach, reach), mode="replicate")
    found = torch.nn.functional.avg_pool1d(padded, _SMOOTHED, 1)[0, 0]
    found[0], found[-1] = values[0], values[-1]
    return found
