"""Scars and wrinkles along drawn strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.drawn.art import Art, Handling, Medium, Shape, bump, firm
from dreamface.units import MM


@dataclass(frozen=True)
class _Scar:
    """A healed cut.

    Attributes:
        groove, groove_width: how deep its middle lies, of its depth, and how wide that is, of half its width.
        rim, rim_at, rim_width: the same of the raised sides, which lie at this share of half its width.
        uneven_mm, uneven: along it, size and amount of change.
        paler, pinker_rim, bloodless: melanin that it lacks; blood of its sides and in its middle.
        levelled: share of pores and lines that are gone.
        gloss, roughness, specular: of new skin without pores.
        full_from_mm: half width from which it is as deep as was asked for; finer ones are shallower.
    """

    groove: float = 0.6
    groove_width: float = 0.36
    rim: float = 0.5
    rim_at: float = 0.62
    rim_width: float = 0.2
    uneven_mm: float = 2.2
    uneven: float = 0.2
    paler: float = -0.16
    pinker_rim: float = 0.20
    bloodless: float = -0.10
    levelled: float = 0.9
    gloss: float = 0.8
    roughness: float = 0.27
    specular: float = 0.52
    full_from_mm: float = 1.1


@dataclass(frozen=True)
class _Wrinkle:
    """A furrow.

    Attributes:
        width: of the furrow, of half the stroke's width.
        rim, rim_at, rim_width: how far its sides rise, of its depth; where, and how wide they are.
        blood: more in its depth.
        full_from_mm: half width from which it is as deep as was asked for.
    """

    width: float = 0.42
    rim: float = 0.16
    rim_at: float = 0.85
    rim_width: float = 0.2
    blood: float = 0.08
    full_from_mm: float = 0.8


_SCAR, _WRINKLE = _Scar(), _Wrinkle()


def _shape_of(art: Art) -> Shape:
    assert art.shape is not None, "the medium is shaped"
    return art.shape


def _depth(medium: Medium, handling: Handling, shape: Shape, full_from: float) -> Tensor:
    """Return [h, w] metres of depth: finer strokes are shallower."""
    wanted = handling.depth_mm if handling.depth_mm is not None else medium.depth_mm
    assert wanted is not None, "the medium has a depth"
    return (shape.radius / full_from).clamp(0.0, 1.0) * (wanted * MM)


def _scar(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    shape, body = _shape_of(art), firm(site, art)
    across = shape.across
    depth = _depth(SCAR, handling, shape, _SCAR.full_from_mm)
    depth = depth * (1.0 + _SCAR.uneven * site.noise("scar", _SCAR.uneven_mm)[0])
    middle, rim = bump(across, 0.0, _SCAR.groove_width), bump(across, _SCAR.rim_at, _SCAR.rim_width)
    soft = body * (1.0 - across).mul(4.0).clamp(0.0, 1.0)  # nothing steps up at its border
    return (
        Patch(
            site.window,
            melanin=soft * _SCAR.paler,
            blood=soft * (_SCAR.pinker_rim * rim + _SCAR.bloodless * middle),
            gloss=soft * _SCAR.gloss,
            roughness=_SCAR.roughness,
            specular=_SCAR.specular,
            flat=soft * _SCAR.levelled,
            height=soft * depth * (_SCAR.rim * rim - _SCAR.groove * middle),
        ),
    )


def _wrinkle(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    shape, body = _shape_of(art), firm(site, art)
    across = shape.across
    middle, rim = bump(across, 0.0, _WRINKLE.width), bump(across, _WRINKLE.rim_at, _WRINKLE.rim_width)
    soft = body * (1.0 - across).mul(5.0).clamp(0.0, 1.0)
    depth = _depth(WRINKLE, handling, shape, _WRINKLE.full_from_mm)
    return (
        Patch(
            site.window,
            blood=soft * middle * _WRINKLE.blood,
            height=soft * depth * (_WRINKLE.rim * rim - middle),
        ),
    )


SCAR: Final = Medium(
    "scar", "a scar along the strokes: a furrow with raised sides, paler and shinier, without pores", _scar,
    shaped=True, depth_mm=0.45,
)  # fmt: skip
WRINKLE: Final = Medium("wrinkle", "a wrinkle along the strokes", _wrinkle, shaped=True, depth_mm=0.3)
