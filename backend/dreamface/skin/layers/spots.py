"""Freckles, moles, age spots and blemishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.anatomy import both
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layer import Decal, Layer, Window
from dreamface.skin.canvas.marks import SpotList, draw_spots, texel_of
from dreamface.skin.canvas.pigments import skin_colour
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.scatter import scatter
from dreamface.skin.canvas.shared_noises import BLOTCHES, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.vitiligo import depigmented
from dreamface.skin.layers.zones import Zone, strongest
from dreamface.units import MM

# ------------------------------------------------------------------------------------------------------ where spots are


_BUST_RIM: Final = (0.02, 0.05)  # metres above the bust's rim over which spots come
_BARE_OVER: Final = (0.5, 1.0)  # 1 less the weight of lips and eyes: over which spots come
_UNDER_HAIR: Final = 0.9  # fraction of the spots that the scalp lacks

_SUNNY: Final = (
    Zone(("rhinion", *both("upper_cheek", "cheekbone")), radius=19.0 * MM),
    Zone(both("cheek"), radius=18.0 * MM, weight=0.22),
    Zone(("metopion", *both("temple")), radius=34.0 * MM, weight=0.10),
    Zone(("pogonion", "subnasale"), radius=16.0 * MM, weight=0.06),
)
_SUNNY_NOSE: Final = 0.45  # weight of the nose among these


@dataclass(frozen=True)
class _Swarms:
    """Where freckles are denser: their mean density, how much two noises change it, and its bounds."""

    mean: float
    first: float
    second: float
    within: tuple[float, float]


_SWARMS: Final = _Swarms(mean=0.55, first=0.20, second=0.12, within=(0.15, 1.0))

_AGEING: Final = (
    Zone(both("temple", "zygion"), radius=24.0 * MM),
    Zone(both("cheekbone"), radius=20.0 * MM, weight=0.8),
    Zone(("metopion", *both("frontotemporale")), radius=36.0 * MM, weight=0.65),
    Zone(("rhinion", *both("cheek", "gonion")), radius=24.0 * MM, weight=0.35),
)
_OILY: Final = (
    Zone(("pogonion", *both("cheek", "chin_side")), radius=18.0 * MM),
    Zone(("metopion",), radius=32.0 * MM, weight=0.8),
    Zone(("pronasale", *both("upper_cheek", "gonion")), radius=24.0 * MM, weight=0.5),
)
_OILY_BLOTCHES: Final = Line(base=0.7, slope=0.5)  # density by the noise, within `_OILY_WITHIN`
_OILY_WITHIN: Final = (0.1, 1.0)


def open_skin(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] where marks are seen."""
    return subject.once("open skin", lambda: _open_skin(subject))


def _open_skin(subject: Subject) -> Tensor:
    covered = subject.region("lips_upper", "lips_lower", "mouth_inside", "eye_sockets", "lids_margin")
    rim = float(subject.head.vertices[:, 2].min())
    bust = smoothstep(subject.surface.position[2] - rim, *_BUST_RIM)
    # What is drawn in the layout stops at the islands' borders: spots keep clear of them.
    bare = smoothstep(1.0 - covered, *_BARE_OVER) * (1.0 - _UNDER_HAIR * subject.region("scalp"))
    return bare * bust * subject.surface.atlas.interior


def _sun(subject: Subject) -> Tensor:
    """Return 0..1 [S, S]: nose and upper cheeks, less on the forehead and the rest of the face; in swarms."""
    sun = torch.maximum(strongest(subject, _SUNNY), _SUNNY_NOSE * subject.region("nose"))
    first, second, _ = subject.noise(PATCHES)
    swarms = _SWARMS.mean + _SWARMS.first * first + _SWARMS.second * second
    return sun * swarms.clamp(*_SWARMS.within) * (1.0 - subject.region("neck")) * open_skin(subject)


def _aged(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] where age spots come: first at the sides of the face."""
    return strongest(subject, _AGEING) * open_skin(subject)


def _oily(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] where blemishes come: first on the chin, then on the forehead."""
    blotchy = _OILY_BLOTCHES.at(subject.noise(BLOTCHES, "density")).clamp(*_OILY_WITHIN)
    return strongest(subject, _OILY) * blotchy * open_skin(subject)


# ------------------------------------------------------------------------------------------------------ kinds of spots


@dataclass(frozen=True)
class _Kind:
    """What spots of one kind are like.

    Attributes:
        where: 0..1 [S, S].
        often: per square metre at density 1.
        radii: metres, the smallest and the largest.
        law: spots of radius r are as many as r^-law, between these two.
        strengths: of the faintest and the strongest, in steps of the pigment.
        softness: width of the edge over the radius.
        ragged: how irregular the outlines are, see `marks.draw_spots`.
        most: that overlapping ones add up to.
    """

    where: Callable[[Subject], Tensor]
    often: float
    radii: tuple[float, float]
    law: float
    strengths: tuple[float, float]
    softness: float
    ragged: float
    most: float


_FRECKLES: Final = _Kind(
    where=_sun,
    often=620e3,
    radii=(0.26 * MM, 1.0 * MM),
    law=3.0,
    strengths=(0.08, 0.48),
    softness=1.4,
    ragged=0.7,
    most=0.42,
)
_MOLES: Final = _Kind(
    where=open_skin,
    often=1.2e3,
    radii=(0.45 * MM, 2.0 * MM),
    law=2.8,
    strengths=(0.55, 1.0),
    softness=0.7,
    ragged=0.55,
    most=0.95,
)
_AGE_SPOTS: Final = _Kind(
    where=_aged,
    often=7e3,
    radii=(0.7 * MM, 5.0 * MM),
    law=2.4,
    strengths=(0.08, 0.36),
    softness=0.95,
    ragged=1.7,
    most=0.36,
)
_BLEMISHES: Final = _Kind(
    where=_oily,
    often=12e3,
    radii=(0.5 * MM, 2.0 * MM),
    law=2.3,
    strengths=(0.25, 0.65),
    softness=1.3,
    ragged=0.5,
    most=0.9,
)
_DENSITY_POWER: Final = 1.3  # of the trait: its first steps add few spots
_LARGE_ARE_STRONG: Final = 0.35  # power of the radius over the largest: large spots are strong more often

_HIDDEN: Final = 0.88  # fraction of flat brown spots that the darkest skin hides
_HIDING: Final = (0.1, 0.9)  # melanin of the skin over which it does


@dataclass(frozen=True)
class _MolePigment:
    """What moles are coloured by.

    Attributes:
        melanin: by the skin's melanin.
        blood, oxygenation, carotene: see `pigments.skin_colour`.
        height: metres that they stand out.
    """

    melanin: Line
    blood: float
    oxygenation: float
    carotene: float
    height: float


_MOLE: Final = _MolePigment(
    melanin=Line(base=0.72, slope=0.22), blood=0.6, oxygenation=0.8, carotene=0.3, height=0.35 * MM
)


@dataclass(frozen=True)
class _Halo:
    """The redness around a blemish: its radius and strength over the blemish's, its edge, and the most blood of it."""

    radius: float
    strength: float
    softness: float
    most: float


@dataclass(frozen=True)
class _Head:
    """The pale head of a ripe blemish.

    Attributes:
        fraction: of the blemishes have one.
        least_radius: metres of the smallest such blemish.
        radius: over that of the blemish.
        strength, most: 0..1 how much it hides, and the most that overlapping ones do.
        softness, ragged: as of a kind of spots.
        roughness: of it.
        colour: linear Rec. 709.
    """

    fraction: float
    least_radius: float
    radius: float
    strength: float
    most: float
    softness: float
    ragged: float
    roughness: float
    colour: tuple[float, float, float]


_HALO: Final = _Halo(radius=2.4, strength=0.45, softness=2.0, most=0.6)
_HEAD: Final = _Head(
    fraction=0.3,
    least_radius=0.8 * MM,
    radius=0.5,
    strength=0.55,
    most=0.55,
    softness=1.2,
    ragged=0.3,
    roughness=0.3,
    colour=(0.70, 0.54, 0.36),
)
_PAPULE_HEIGHT: Final = 0.30 * MM


# -------------------------------------------------------------------------------------------------------------- drawing


def _choose(kind: _Kind, name: str, subject: Subject) -> SpotList:
    """Return a kind's spots, as many as its trait asks for."""
    where = subject.once(f"{name}/where", lambda: kind.where(subject))
    often = kind.often * subject.traits.number(name) ** _DENSITY_POWER
    places, random = scatter(subject, name, often * where, kind.often)
    low, high = kind.radii
    power = 1.0 - kind.law
    radii = low * (1.0 - random[:, 0] * (1.0 - (high / low) ** power)) ** (1.0 / power)
    faint, strong = kind.strengths
    strengths = faint + (strong - faint) * (random[:, 1] * (radii / high) ** _LARGE_ARE_STRONG)
    metric = subject.surface.metric.view(3, -1)[:, texel_of(places, subject.surface.atlas.size)].T
    return SpotList(places, metric, radii, strengths, random[:, 2:5])


def _drawn(kind: _Kind, name: str, subject: Subject) -> tuple[Window, Tensor] | None:
    """Return the window and the image [h, w] of a kind's spots; None where there are none."""
    if subject.traits.number(name) == 0.0:
        return None
    return draw_spots(subject.size, _choose(kind, name, subject), kind.softness, kind.ragged)


def _brown(kind: _Kind, name: str, subject: Subject) -> Sequence[Decal]:
    """Paint flat spots with melanin, which dark skin shows less."""
    drawn = _drawn(kind, name, subject)
    if drawn is None:
        return ()
    window, image = drawn
    hidden = _HIDDEN * ramp(subject.traits.number("skin.melanin"), *_HIDING)
    amount = image.clamp_max_(kind.most).mul_(1.0 - hidden)
    if (pale := depigmented(subject)) is not None:
        amount *= 1.0 - _cut(pale, subject.size, window.rows, window.columns)
    return (Decal(window, melanin=amount),)


def _cut(image: Tensor, size: int, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """Return part [h, w] of a coarse image [S, S] enlarged to [size, size]; the nearest texel's values."""
    side = image.shape[-1]
    row, column = (torch.arange(*span) * side // size for span in (rows, columns))
    return image[row][:, column]


def _moles(subject: Subject) -> Sequence[Decal]:
    """Paint nests of melanocytes, which hide the skin and stand out a little."""
    drawn = _drawn(_MOLES, "moles.density", subject)
    if drawn is None:
        return ()
    window, cover = drawn
    cover = cover.clamp_max_(_MOLES.most)
    melanin = _MOLE.melanin.at(subject.traits.number("skin.melanin"))
    amounts = (melanin, _MOLE.blood, _MOLE.oxygenation, _MOLE.carotene)
    colour = skin_colour(*(torch.full((1, 1), amount) for amount in amounts))[:, 0, 0]
    return (Decal(window, cover=cover, colour=colour, height=_MOLE.height * cover),)


def _blemishes(subject: Subject) -> Sequence[Decal]:
    """Paint papules: a red halo, a redder dome, and on the ripest a pale head."""
    name = "blemishes.density"
    if subject.traits.number(name) == 0.0:
        return ()
    spots, patches = _choose(_BLEMISHES, name, subject), []
    if drawn := draw_spots(subject.size, _halos(spots), _HALO.softness):
        patches.append(Decal(drawn[0], blood=drawn[1].clamp_max_(_HALO.most)))
    if drawn := draw_spots(subject.size, spots, _BLEMISHES.softness, _BLEMISHES.ragged):
        dome = drawn[1].clamp_max_(_BLEMISHES.most)
        patches.append(Decal(drawn[0], blood=dome, height=_PAPULE_HEIGHT * dome))
    if drawn := draw_spots(subject.size, _heads(spots), _HEAD.softness, _HEAD.ragged):
        cover, colour = drawn[1].clamp_max_(_HEAD.most), torch.tensor(_HEAD.colour)
        patches.append(Decal(drawn[0], cover=cover, colour=colour, roughness=_HEAD.roughness))
    return tuple(patches)


def _halos(spots: SpotList) -> SpotList:
    """Return the redness around blemishes."""
    radii, strengths = spots.radii * _HALO.radius, spots.strengths * _HALO.strength
    return SpotList(spots.places, spots.metric, radii, strengths, spots.shapes)


def _heads(spots: SpotList) -> SpotList:
    """Return the heads of the blemishes that are ripe."""
    ripe = spots.of((spots.shapes[:, 2] < _HEAD.fraction) & (spots.radii > _HEAD.least_radius))
    strengths = _HEAD.strength * torch.ones_like(ripe.radii)
    return SpotList(ripe.places, ripe.metric, ripe.radii * _HEAD.radius, strengths, ripe.shapes)


def _brown_layer(name: str, description: str, kind: _Kind) -> Layer:
    traits = (f"{name}.density", "skin.melanin", "vitiligo.coverage")
    return Layer(name, description, traits, decals=partial(_brown, kind, f"{name}.density"))


SPOTS: Final = (
    _brown_layer("freckles", "freckles, where the sun shines", _FRECKLES),
    Layer("moles", "moles", ("moles.density", "skin.melanin"), decals=_moles),
    _brown_layer("age_spots", "age spots", _AGE_SPOTS),
    Layer("blemishes", "blemishes", ("blemishes.density",), decals=_blemishes),
)
"""In the order in which they are laid on."""
