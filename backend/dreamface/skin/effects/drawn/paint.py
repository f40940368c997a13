"""Paint: make-up or face paint, a film on the skin with a gloss of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.drawn.art import Art, Handling, Medium
from dreamface.units import MM


@dataclass(frozen=True)
class _Finish:
    """Gloss of a film of paint.

    Attributes:
        roughness, specular: 0..1.
        subsurface: 0..1; paint lets little light into the skin.
    """

    roughness: float
    specular: float
    subsurface: float


FINISHES: Final[Mapping[str, _Finish]] = {
    "matte": _Finish(0.72, 0.32, 0.25),
    "satin": _Finish(0.45, 0.45, 0.25),
    "glossy": _Finish(0.14, 0.55, 0.25),
}
"""By name."""


@dataclass(frozen=True)
class _Film:
    """How a film of paint lies on the skin, from the thinnest to the thickest.

    Attributes:
        height_mm: of the film.
        levels: share of pores and fine lines that it fills.
        grain_mm, uneven: size of its unevenness, and how much cover that takes.
        cracks_from: thickness from which it cracks.
        flake_mm: between cracks.
        crack: width of a crack, in deviations of the noise whose zero it follows.
    """

    height_mm: tuple[float, float] = (0.004, 0.06)
    levels: tuple[float, float] = (0.12, 0.75)
    grain_mm: float = 0.5
    uneven: float = 0.05
    cracks_from: float = 0.55
    flake_mm: float = 2.6
    crack: float = 0.09


_FILM: Final = _Film()
_FOLDS: Final = ("under_eyes", "lids_upper", "lids_lower", "forehead", "lips_upper", "lips_lower", "chin")
"""Regions whose skin folds most: thick paint cracks there first."""


def _paint(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    finish, thick = FINISHES[handling.finish], handling.thickness
    cover = art.alpha * site.mask
    worn = 1.0 - _FILM.uneven * (1.0 - thick) * site.noise("paint grain", _FILM.grain_mm)[0].abs()
    cover = (cover * worn.clamp(0.0, 1.0)).clamp_(0.0, 1.0)
    if thick > _FILM.cracks_from:
        folds = site.cut(site.subject.region(*_FOLDS)[None])[0]
        depth = (thick - _FILM.cracks_from) / (1.0 - _FILM.cracks_from) * (0.35 + 0.65 * folds)
        lines = site.noise("paint cracks", _FILM.flake_mm)[0].abs()
        cover = cover * (1.0 - depth * (1.0 - smoothstep(lines, 0.25 * _FILM.crack, _FILM.crack)))
    low, high = _FILM.height_mm
    least, most = _FILM.levels
    return (
        Patch(
            site.window,
            cover=cover,
            colour=art.colour,
            gloss=cover,
            roughness=finish.roughness,
            specular=finish.specular,
            subsurface=finish.subsurface,
            flat=cover * (least + (most - least) * thick),
            height=cover * ((low + (high - low) * thick) * MM),
        ),
    )


PAINT: Final = Medium("paint", "face paint or make-up: a film on the skin, matte, satin or glossy", _paint)
