"""How much of a style's section holds at places on a head."""

from __future__ import annotations

import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.geometry import soft_edge
from dreamface.styles.face_parts import part_weight
from dreamface.styles.skull import Skull
from dreamface.styles.style import Where
from dreamface.units import MM

_ADULT: float = 0.1005
"""Metres from the middle of a grown skull to its forehead: what styles' millimetres are meant for."""


def size_of(skull: Skull) -> float:
    """Return how large a head is, over a grown one; millimetres of styles are multiplied by it."""
    return skull.size / _ADULT


def weight_of(where: Where | None, head: Head, skull: Skull, places: Tensor) -> Tensor:
    """Return [N] 0..1: how much a section holds at places [N, 3] in metres.

    Raises:
        BadRequest: it names a landmark that the head has not.
    """
    weight = torch.ones(len(places))
    if where is None:
        return weight
    unit = MM * size_of(skull)
    soft, fade = where.soft_degrees, where.soft_mm * unit
    azimuth, elevation = skull.angles(places)
    if where.azimuth is not None:
        weight = weight * _between(azimuth.abs(), where.azimuth, (0.0, 180.0), soft)
    if where.elevation is not None:
        weight = weight * _between(elevation, where.elevation, (-90.0, 90.0), soft)
    from_middle = places[:, 0] - skull.centre[0]
    if where.side != "both":
        weight = weight * soft_edge(from_middle if where.side == "left" else -from_middle, fade)
    if where.parts:
        inside = torch.stack([part_weight(part, head, places, fade) for part in where.parts]).amax(dim=0)
        weight = weight * inside
    if where.near:
        far = torch.ones_like(weight)
        for mark in where.near:
            distance = (places - place_of(head, mark.landmark)).norm(dim=1)
            far = far * (1.0 - soft_edge(mark.mm * unit - distance, fade))
        weight = weight * (1.0 - far)
    for border, axis, sign in (
        (where.above, 2, 1.0), (where.below, 2, -1.0), (where.beyond, 0, 1.0), (where.within, 0, -1.0)
    ):  # fmt: skip
        if border is not None:
            here = from_middle.abs() if axis == 0 else places[:, axis]
            place = place_of(head, border.landmark)
            limit = (abs(float(place[0] - skull.centre[0])) if axis == 0 else float(place[2])) + border.mm * unit
            weight = weight * soft_edge(sign * (here - limit), fade)
    return weight


def place_of(head: Head, landmark: str) -> Tensor:
    """Return [3] where a landmark is that a style names.

    Raises:
        BadRequest: the head has not got it.
    """
    if landmark not in head.topology.landmarks:
        raise BadRequest(f"The head has no landmark called {landmark!r}, which a hair style names.")
    return head.landmark(landmark)


def _between(value: Tensor, span: tuple[float, float], whole: tuple[float, float], soft: float) -> Tensor:
    """Return [N] 0..1 how much values lie in a span; it does not fade where the whole range ends."""
    low, high = span
    above = soft_edge(value - low, soft) if low > whole[0] else torch.ones_like(value)
    return above * soft_edge(high - value, soft) if high < whole[1] else above
