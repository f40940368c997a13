"""Metal and gems: cut out, thick, with a bevelled edge, and pressed into the skin a little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.drawn.art import Art, Handling, Medium, Shape
from dreamface.units import MM


@dataclass(frozen=True)
class _Metal:
    """A thin sheet of metal.

    Attributes:
        bevel_mm: width of its bevelled edge, at most; and of half its width, at most.
        roughness, specular: 0..1.
        dimmest: luminance that drawn black has at least: there is no black mirror.
    """

    bevel_mm: tuple[float, float] = (0.7, 0.4)
    roughness: float = 0.2
    specular: float = 0.6
    dimmest: float = 0.06


@dataclass(frozen=True)
class _Gem:
    """A cut stone.

    Attributes:
        sides: of its cut, where it is round.
        table: share of half its width that is flat on top.
        roughness, specular: 0..1.
        deeper: power that makes its colour more saturated.
        sparkle: how much brighter and darker its facets are than its colour.
    """

    sides: int = 8
    table: float = 0.45
    roughness: float = 0.04
    specular: float = 0.9
    deeper: float = 1.25
    sparkle: float = 0.6


@dataclass(frozen=True)
class _Pressed:
    """The skin around: how deep it is pressed in, of the jewel's height; over how many millimetres; how much redder."""

    depth: float = 0.3
    width_mm: float = 0.7
    blood: float = 0.12


_METAL, _GEM, _PRESSED = _Metal(), _Gem(), _Pressed()
_EDGE_MM: Final = 0.08  # over which the jewel's edge goes from skin to stone


def _body(site: Site, art: Art) -> tuple[Shape, Tensor, Tensor]:
    """Return the shape, [h, w] 0..1 where the jewel is, and [h, w] 0..1 where the skin beside it is pressed in."""
    assert art.shape is not None, "the medium is shaped"
    edge = max(_EDGE_MM, site.texel)
    body = smoothstep(art.shape.depth, -0.5 * edge, 0.5 * edge) * site.mask
    beside = torch.exp(-((art.shape.depth.clamp(max=0.0) / _PRESSED.width_mm) ** 2)) * (1.0 - body) * site.mask
    return art.shape, body, torch.where(art.shape.depth > -3.0 * _PRESSED.width_mm, beside, torch.zeros(()))


def _thick(handling: Handling, medium: Medium) -> float:
    wanted = handling.depth_mm if handling.depth_mm is not None else medium.depth_mm
    assert wanted is not None, "the medium has a depth"
    return wanted * MM


def _pressed(beside: Tensor, thick: float) -> Tensor:
    return beside * (-_PRESSED.depth * thick)


def _metal(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    shape, body, beside = _body(site, art)
    thick = _thick(handling, METAL)
    widest, share = _METAL.bevel_mm
    bevel = torch.minimum(torch.full_like(shape.radius, widest), shape.radius * share).clamp_min(_EDGE_MM)
    rise = smoothstep((shape.depth / bevel).clamp(0.0, 1.0), 0.0, 1.0)
    return (
        Patch(
            site.window,
            blood=beside * _PRESSED.blood,
            cover=body,
            colour=_METAL.dimmest + (1.0 - _METAL.dimmest) * art.colour,
            gloss=body,
            roughness=_METAL.roughness,
            specular=_METAL.specular,
            subsurface=0.0,
            metallic=1.0,
            flat=body,
            height=body * rise * thick + _pressed(beside, thick),
        ),
    )


def _gem(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    shape, body, beside = _body(site, art)
    thick = _thick(handling, GEM)
    # Planes lean in from each side of the cut and end at the table. On a long stroke the middle is a line, so that the
    # same rule gives the two slopes of a baguette.
    right, up = shape.aside
    turn = torch.atan2(up, right) * (_GEM.sides / (2.0 * math.pi))
    side = torch.round(turn)
    off = (turn - side) * (2.0 * math.pi / _GEM.sides)
    out = torch.hypot(right, up) * torch.cos(off) / shape.radius.clamp_min(1e-3) / math.cos(math.pi / _GEM.sides)
    crown = ((1.0 - out) / (1.0 - _GEM.table)).clamp(0.0, 1.0)
    on_table = smoothstep(crown, 0.97, 1.0)
    light = torch.sin(side * 2.4 + 0.6) * (1.0 - on_table) + on_table * 0.35
    colour = art.colour.clamp(0.0, 1.0) ** _GEM.deeper * (1.0 + _GEM.sparkle * light)
    return (
        Patch(
            site.window,
            blood=beside * _PRESSED.blood,
            cover=body,
            colour=colour.clamp(0.0, 1.0),
            gloss=body,
            roughness=_GEM.roughness,
            specular=_GEM.specular,
            subsurface=0.0,
            metallic=0.0,
            flat=body,
            height=body * (0.35 + 0.65 * crown) * thick + _pressed(beside, thick),
        ),
    )


METAL: Final = Medium(
    "metal", "metal, cut out with a bevelled edge and pressed into the skin", _metal, shaped=True, depth_mm=0.5,
    deepest_mm=5.0, runs_mm=2.1,
)  # fmt: skip
GEM: Final = Medium(
    "gem", "a cut gem in the colour drawn", _gem, shaped=True, depth_mm=1.2, deepest_mm=8.0, runs_mm=2.1
)
