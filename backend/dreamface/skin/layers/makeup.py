"""Make-up: lipstick, eyeshadow, eyeliner, blush and foundation, each with a colour, a strength and a finish.

Products are films that let some of the skin through and leave its relief alone. What has an edge keeps to the outlines
of lips and lids, in metres on the skin, so that it is as crisp at 4096 as at 512.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.layer import Ground, Layer, Patch, Window, window_of
from dreamface.skin.canvas.outlines import Outline, enlarge, outlines, scaled
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, luminance, resting_colour
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import inner

_MM: Final = 1e-3
_SIDES: Final = ("l", "r")
_FINEST_EDGE: Final = 0.7  # texels: a sharper edge would be jagged

_OVER_THE_LIP: Final = 0.35 * _MM  # how far lipstick is drawn over the vermilion
_LIP_EDGE: Final = 0.22 * _MM  # half the width of its edge
_LINE_EDGE: Final = 0.12 * _MM
_LINE: Final = (0.30 * _MM, 1.6 * _MM)  # height of the eyeliner at the nose and at the outer corner
_LOWER_LINE: Final = 0.55 * _MM
_WATERLINE: Final = 1.1 * _MM  # how far the line reaches onto the lid's rim, so that no skin shows between lashes
_WING: Final = (5.5 * _MM, 0.46)  # length, and radians above the eye's axis
_APPLE: Final = (15.0 * _MM, 11.0 * _MM)  # reach of the blush at the apple and at the temple
_OWN_TONE: Final = (1.0, 1.0, 1.0)  # the trait's default: foundation of no colour has that of the skin below
_FLAKES: Final = 0.10  # share of a shimmering eyeshadow that glitters


@dataclass(frozen=True)
class _Finish:
    """Of a product.

    Attributes:
        roughness, specular: where it is matte, and where it is glossy.
        opaque: share of the light that would have come out of the skin below, and does not.
    """

    roughness: tuple[float, float]
    specular: tuple[float, float]
    opaque: float


@dataclass(frozen=True)
class _Film:
    """0..1 how much of the skin a product of full strength hides, in a window of the maps; and where it glitters."""

    window: Window
    cover: Tensor
    glitters: bool = False


_BLUSH: Final = _Finish((0.66, 0.34), (0.32, 0.55), 0.15)
_SHADOW: Final = _Finish((0.68, 0.32), (0.30, 0.55), 0.5)
_INK: Final = _Finish((0.75, 0.16), (0.12, 0.65), 0.95)
_LIPSTICK: Final = _Finish((0.58, 0.12), (0.35, 0.70), 0.55)
_BASE: Final = _Finish((0.60, 0.30), (0.38, 0.55), 0.25)
_BLUSHED: Final = 0.34  # luminance of skin on which blush has its full lightness; darker skin shows through


# ----------------------------------------------------------------------------------------------------------------- lips


def _lips(subject: Subject) -> list[_Film]:
    """The vermilion and a trace more; it wears off a little where the lips meet."""
    if subject.surface.atlas.landmark("labrale_superius") is None:
        return []
    found = outlines(subject.surface.atlas, ("lips_upper", "lips_lower"))
    films = []
    for outline in found:
        window = _full(subject, outline.window)
        edge = max(_LIP_EDGE, _FINEST_EDGE / _texels_per_metre(subject, outline.window))
        away = enlarge(_metres(subject, outline), window) - _OVER_THE_LIP
        uneven = subject.noise("mottling", 0.0034, 3)[1] + subject.noise("patches", 0.011, 3)[1]
        worn = (0.90 + 0.025 * uneven) * (1.0 - inner(subject))
        cover = enlarge(worn[outline.window.slices], window).clamp(0.0, 0.96)
        films.append(_Film(window, cover * (1.0 - smooth_step(away, -edge, edge))))
    return films


# ----------------------------------------------------------------------------------------------------------------- eyes


@dataclass(frozen=True)
class _Lids:
    """Around one eye, in coarse texels of a window.

    Attributes:
        window: where.
        away: [h, w] metres from the lash line, negative on the lid's rim and behind it.
        share: [h, w] of the way from the inner to the outer corner.
        above: [h, w] metres above the line between the corners.
        width: metres between the corners.
        crease, brow: metres from the upper lash line to the lid's crease and to the brow.
    """

    window: Window
    away: Tensor
    share: Tensor
    above: Tensor
    width: float
    crease: float
    brow: float


def _eyes(subject: Subject) -> list[_Lids]:
    """Both eyes' lids, in the tile that they lie in."""
    head, atlas = subject.head, subject.surface.atlas
    found = []
    for side in _SIDES:
        corner = atlas.landmark(f"exocanthion_{side}")
        if corner is None:
            continue
        column, row = float(corner[0]) * atlas.size, (1.0 - float(corner[1])) * atlas.size
        margin = round(0.017 * float(subject.surface.density.median()) * atlas.size)
        around = [o for o in outlines(atlas, ("lids_margin",), margin=margin) if _holds(o.window, row, column)]
        if not around:
            continue
        outline = max(around, key=lambda one: one.window.shape[1])
        inner_corner, outer_corner = head.landmark(f"endocanthion_{side}"), head.landmark(f"exocanthion_{side}")
        lid = head.landmark(f"lid_upper_{side}")
        axis = outer_corner - inner_corner
        width = float(axis.norm())
        axis = axis / width
        upward = torch.tensor([0.0, 0.0, 1.0]) - axis[2] * axis
        upward = upward / upward.norm()
        place = subject.surface.position[(slice(None), *outline.window.slices)] - inner_corner[:, None, None]
        found.append(
            _Lids(
                outline.window,
                _metres(subject, outline),
                torch.einsum("chw,c->hw", place, axis) / width,
                torch.einsum("chw,c->hw", place, upward),
                width,
                float((head.landmark(f"lid_crease_{side}") - lid).norm()),
                float((head.landmark(f"brow_arch_{side}") - lid).norm()),
            )
        )
    return found


def _liner(subject: Subject) -> list[_Film]:
    """Along the upper lashes, thicker outwards, with a small wing; a hint of it along the outer half of the lower."""
    films = []
    for lids in _eyes(subject):
        window = _full(subject, lids.window)
        away, share, above = enlarge(torch.stack((lids.away, lids.share, lids.above)), window).unbind(0)
        soft = max(_LINE_EDGE, _FINEST_EDGE / _texels_per_metre(subject, lids.window))
        upper = smooth_step(above, -0.4 * _MM, 0.4 * _MM)
        height = _LINE[0] + (_LINE[1] - _LINE[0]) * share.clamp(0.0, 1.0) ** 1.5
        present = smooth_step(share, -0.02, 0.16) * (1.0 - smooth_step(share, 1.0, 1.06))
        line = 1.0 - smooth_step(away - height * present, -soft, soft)
        line = line * smooth_step(away, -_WATERLINE - soft, -_WATERLINE + soft) * upper * present
        lower = 1.0 - smooth_step(away - _LOWER_LINE * smooth_step(share, 0.35, 1.0), -2.0 * soft, 2.0 * soft)
        lower = lower * smooth_step(away, -0.5 * _MM - soft, -0.5 * _MM + soft) * (1.0 - upper)
        lower = 0.45 * lower * smooth_step(share, 0.35, 0.7) * (1.0 - smooth_step(share, 1.0, 1.05))
        wing = _wing(lids, share, above, soft) * smooth_step(away, -_WATERLINE, 0.0)
        films.append(_Film(window, 0.97 * torch.maximum(torch.maximum(line, wing), lower)))
    return films


def _wing(lids: _Lids, share: Tensor, above: Tensor, soft: float) -> Tensor:
    """[h, w] a tapering stroke from the outer corner on, in the direction in which the lower lid would go on."""
    length, angle = _WING
    out, up = math.cos(angle), math.sin(angle)
    x, y = (share - 0.965) * lids.width, above - 0.2 * _MM
    along = (x * out + y * up) / length
    across = (y * out - x * up).abs()
    half = 0.62 * _LINE[1] * (1.0 - along).clamp(0.0, 1.0) ** 0.9 * smooth_step(along, -0.35, -0.05)
    return (1.0 - smooth_step(across - half, -soft, soft)) * smooth_step(half, 0.0, 0.5 * soft)


def _shadow(subject: Subject) -> list[_Film]:
    """Strongest along the lashes and at the outer corner, to the crease, and fading out below the brow."""
    films = []
    for lids in _eyes(subject):
        away, share, above = lids.away, lids.share, lids.above
        upper = smooth_step(above, -1.0 * _MM, 1.5 * _MM)
        graded = (
            1.0 - 0.25 * smooth_step(away, 0.0, lids.crease) - 0.75 * smooth_step(away, lids.crease, 0.85 * lids.brow)
        )
        across = smooth_step(share, -0.10, 0.22) * (1.0 - smooth_step(share, 1.02, 1.42))
        across = across * (0.80 + 0.20 * smooth_step(share, 0.35, 0.95))
        under = (1.0 - smooth_step(away, 0.0, 3.2 * _MM)) * smooth_step(share, 0.25, 1.0)
        under = 0.5 * under * (1.0 - smooth_step(share, 1.0, 1.2))
        field = torch.lerp(under, graded * across, upper) * smooth_step(away, -0.6 * _MM, 0.2 * _MM)
        grain = 1.0 + 0.06 * subject.noise("mottling", 0.0034, 3)[2][lids.window.slices]
        window = _full(subject, lids.window)
        films.append(_Film(window, enlarge(0.93 * field * grain, window).clamp(0.0, 0.94), glitters=True))
    return films


# ------------------------------------------------------------------------------------------------- cheeks and the face


def _cheeks(subject: Subject) -> list[_Film]:
    """From the apples up along the cheekbones to the temples."""
    head, place, films = subject.head, subject.surface.position, []
    kept = 1.0 - subject.region("lids_lower", "lids_upper", "ears", "scalp", "nose", "lips_upper", "lips_lower")
    for side in _SIDES:
        bone = head.landmark(f"cheekbone_{side}")
        apple = 0.55 * head.landmark(f"upper_cheek_{side}") + 0.45 * head.landmark(f"cheek_{side}")
        apple = apple + 0.35 * (bone - apple)
        temple = 0.6 * head.landmark(f"zygion_{side}") + 0.4 * head.landmark(f"temple_{side}")
        sweep = temple - apple
        away = place - apple[:, None, None]
        share = (torch.einsum("chw,c->hw", away, sweep) / float(sweep @ sweep)).clamp(0.0, 1.0)
        distance = (away - share * sweep[:, None, None]).norm(dim=0)
        reach = _APPLE[0] + (_APPLE[1] - _APPLE[0]) * share
        field = torch.exp(-1.3 * (distance / reach) ** 2) * (1.0 - 0.62 * share) * kept
        field = 0.62 * (field - 0.02).clamp_min(0.0) * (1.0 + 0.07 * subject.noise("patches", 0.011, 3)[0])
        films += _coarse_film(subject, field)
    return films


def _face(subject: Subject) -> list[_Film]:
    """The face up to the hairline; blended out under the jaw and before the ears."""
    region = subject.region
    place, chin = subject.surface.position, float(subject.head.landmark("menton")[2])
    throat = smooth_step(place[2], chin - 0.030, chin + 0.004)
    before = 1.0 - smooth_step(place[1], *(float(subject.head.landmark("tragion_l")[1]) + d for d in (-0.02, 0.0)))
    bare = region("lips_upper", "lips_lower", "scalp", "mouth_inside", "eye_sockets", "lids_margin", "ears")
    field = 0.84 * throat * before * (1.0 - bare) * (1.0 - inner(subject))
    # Thinner where it is rubbed in least, at the nostrils and the brows.
    field = field * (1.0 - 0.25 * region("nostrils", "brows")) * (1.0 + 0.03 * subject.noise("patches", 0.011, 3)[1])
    return _coarse_film(subject, field)


def _coarse_film(subject: Subject, field: Tensor) -> list[_Film]:
    """A film without edges from a [S, S] field."""
    found = window_of(field > 6e-3, margin=1)
    if found is None:
        return []
    window = _full(subject, found)
    return [_Film(window, enlarge(field[found.slices], window).clamp(0.0, 1.0))]


# ------------------------------------------------------------------------------------------------------------- products


def _product(where: Callable[[Subject], list[_Film]], name: str, finish: _Finish, subject: Subject) -> Sequence[Patch]:
    """Films of one colour."""
    tint, strength = subject.traits.tint(name)
    if strength == 0.0:
        return ()
    gloss, colour = subject.traits.number(f"{name}.gloss"), torch.tensor(tint)
    if name == "foundation" and tint == _OWN_TONE:
        colour = resting_colour(subject.traits)
    if name == "blush":
        shade = luminance(resting_colour(subject.traits))
        colour = colour * min(1.0, math.sqrt(shade / _BLUSHED))
    roughness, specular = (low + (high - low) * gloss for low, high in (finish.roughness, finish.specular))
    patches, flakes = [], subject.tile_stream(f"{name} glitter")
    for film in where(subject):
        cover = strength * film.cover
        patches.append(Patch(film.window, cover=cover, colour=colour, roughness=roughness, specular=specular))
        if film.glitters and gloss > 0.0:
            patches.append(_glitter(film, strength * gloss, colour, flakes))
    return patches


def _quiet(
    where: Callable[[Subject], list[_Film]], name: str, finish: _Finish, subject: Subject, ground: Ground
) -> Ground:
    """Less light from below the skin, which would blur what lies on it."""
    _, strength = subject.traits.tint(name)
    if strength == 0.0:
        return ground
    subsurface = ground.subsurface.clone()
    for film in where(replace(subject, size=subject.surface.atlas.size)):
        subsurface[film.window.slices] *= 1.0 - finish.opaque * strength * film.cover
    return replace(ground, subsurface=subsurface)


def _glitter(film: _Film, amount: float, colour: Tensor, generator: torch.Generator) -> Patch:
    """Flakes of mica: single texels that mirror, and are paler than what they lie in."""
    flakes = torch.rand(film.window.shape, generator=generator)
    shine = amount * film.cover * ((flakes - (1.0 - _FLAKES)) / _FLAKES).clamp_min(0.0)
    pale = torch.lerp(colour, torch.ones(3), 0.45)
    return Patch(film.window, cover=shine, colour=pale, roughness=0.12, specular=1.0, metallic=0.6)


def _metres(subject: Subject, outline: Outline) -> Tensor:
    """[h, w] metres on the skin to an outline, from the distances in the layout."""
    stretch_u, _, stretch_v = subject.surface.metric[(slice(None), *outline.window.slices)].unbind(0)
    rise_v, rise_u = torch.gradient(outline.distance)
    slope = torch.sqrt((rise_u * stretch_u) ** 2 + (rise_v * stretch_v) ** 2)
    steepness = torch.sqrt(rise_u**2 + rise_v**2).clamp_min(1e-9)
    return outline.distance * steepness / slope.clamp_min(1e-9)


def _full(subject: Subject, window: Window) -> Window:
    return scaled(window, subject.size // subject.surface.atlas.size)


def _texels_per_metre(subject: Subject, window: Window) -> float:
    return float(subject.surface.density[window.slices].median()) * subject.size


def _holds(window: Window, row: float, column: float) -> bool:
    return window.rows[0] <= row < window.rows[1] and window.columns[0] <= column < window.columns[1]


def _layer(name: str, description: str, where: Callable[[Subject], list[_Film]], finish: _Finish) -> Layer:
    traits = (name, f"{name}.gloss", *(PIGMENT_TRAITS if name in ("foundation", "blush") else ()))
    return Layer(
        name,
        description,
        traits,
        stain=partial(_quiet, where, name, finish),
        patches=partial(_product, where, name, finish),
    )


MAKEUP: Final = (
    _layer("foundation", "foundation, which evens the skin out", _face, _BASE),
    _layer("blush", "blush on the cheeks", _cheeks, _BLUSH),
    _layer("eyeshadow", "eyeshadow on the upper lids", _shadow, _SHADOW),
    _layer("eyeliner", "a line along the lashes", _liner, _INK),
    _layer("lipstick", "lipstick", _lips, _LIPSTICK),
)
