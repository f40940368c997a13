"""Freckles, moles, age spots and blemishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import both, zones
from dreamface.skin.canvas.atlas import rise, smooth_step
from dreamface.skin.canvas.layer import Layer, Patch, Window
from dreamface.skin.canvas.marks import SpotList, draw_spots, texel_of
from dreamface.skin.canvas.pigments import skin_colour
from dreamface.skin.canvas.scatter import scatter
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.vitiligo import depigmented

_MM: Final = 1e-3
_BUST_RIM: Final = (0.02, 0.05)  # metres above the bust's rim where spots fade out


@dataclass(frozen=True)
class _Kind:
    """What spots of one kind are like.

    Attributes:
        where: [S, S] 0..1.
        often: per square metre at density 1.
        radii: metres, the smallest and the largest.
        law: spots with radius r are as many as r^-law (between the two).
        strengths: of the faintest and the strongest, in steps of the pigment.
        softness: width of the edge over the radius.
        ragged: see `marks.draw_spots`.
        most: that overlapping ones add up to.
        blood: steps that come with each of melanin: freckles are of the redder kind.
    """

    where: Callable[[Subject], Tensor]
    often: float
    radii: tuple[float, float]
    law: float
    strengths: tuple[float, float]
    softness: float
    ragged: float
    most: float
    blood: float = 0.0


def open_skin(subject: Subject) -> Tensor:
    """[S, S] 0..1: where marks are seen."""
    return subject.once("open skin", lambda: _open_skin(subject))


def _open_skin(subject: Subject) -> Tensor:
    covered = subject.region("lips_upper", "lips_lower", "mouth_inside", "eye_sockets", "lids_margin")
    rim = float(subject.head.vertices[:, 2].min())
    bust = smooth_step(subject.surface.position[2] - rim, *_BUST_RIM)
    # What is drawn in the layout stops at the islands' borders: most keep clear of them.
    bare = smooth_step(1.0 - covered, 0.5, 1.0) * (1.0 - 0.9 * subject.region("scalp"))
    return bare * bust * subject.surface.atlas.interior


def _sun(subject: Subject) -> Tensor:
    """Nose and upper cheeks, less on the forehead and the rest of the face; in swarms."""
    spots = zones(subject, {
        "high": (20.0 * _MM, ("rhinion", *both("upper_cheek", "cheekbone"))),
        "forehead": (36.0 * _MM, ("metopion",)),
        "rest": (20.0 * _MM, ("pogonion", "subnasale", *both("cheek", "temple"))),
    })  # fmt: skip
    sun = torch.maximum(torch.maximum(spots["high"], 0.5 * spots["forehead"]), 0.3 * spots["rest"])
    sun = torch.maximum(sun, 0.35 * subject.region("nose"))
    swarms = 0.55 + 0.36 * subject.noise("patches", 0.011, 3)[0] + 0.22 * subject.noise("patches", 0.011, 3)[1]
    return sun * swarms.clamp(0.06, 1.0) * (1.0 - subject.region("neck")) * open_skin(subject)


def _aged(subject: Subject) -> Tensor:
    spots = zones(subject, {
        "side": (24.0 * _MM, both("temple", "zygion")),
        "cheekbone": (20.0 * _MM, both("cheekbone")),
        "forehead": (36.0 * _MM, ("metopion", *both("frontotemporale"))),
        "rest": (24.0 * _MM, ("rhinion", *both("cheek", "gonion"))),
    })  # fmt: skip
    upper = torch.maximum(spots["side"], 0.8 * spots["cheekbone"])
    often = torch.maximum(upper, torch.maximum(0.65 * spots["forehead"], 0.35 * spots["rest"]))
    return often * open_skin(subject)


def _oily(subject: Subject) -> Tensor:
    spots = zones(subject, {
        "chin": (18.0 * _MM, ("pogonion", *both("cheek", "chin_side"))),
        "forehead": (32.0 * _MM, ("metopion",)),
        "rest": (24.0 * _MM, ("pronasale", *both("upper_cheek", "gonion"))),
    })  # fmt: skip
    often = torch.maximum(spots["chin"], torch.maximum(0.8 * spots["forehead"], 0.5 * spots["rest"]))
    return often * (0.7 + 0.5 * subject.noise("blotches", 0.034, 3)[0]).clamp(0.1, 1.0) * open_skin(subject)


_FRECKLES: Final = _Kind(_sun, 620e3, (0.24 * _MM, 1.4 * _MM), 2.8, (0.10, 0.60), 1.5, 1.2, 0.50, 0.45)
_MOLES: Final = _Kind(open_skin, 1.2e3, (0.45 * _MM, 2.0 * _MM), 2.8, (0.55, 1.0), 0.7, 0.55, 0.95)
_AGE_SPOTS: Final = _Kind(_aged, 7e3, (0.7 * _MM, 5.0 * _MM), 2.4, (0.08, 0.36), 0.95, 1.7, 0.36, 0.0)
_BLEMISHES: Final = _Kind(_oily, 12e3, (0.5 * _MM, 2.0 * _MM), 2.3, (0.25, 0.65), 1.3, 0.5, 0.9)

_HIDDEN: Final = 0.88  # share of spots that the darkest skin hides
_MOLE_MELANIN: Final = (0.72, 0.22)  # of pale skin's moles, and what a step of the skin's adds
_MOLE_HEIGHT, _PAPULE_HEIGHT = 0.35 * _MM, 0.30 * _MM
_HALO: Final = (2.4, 0.45, 2.0)  # of redness around a blemish: radius over its own, strength, softness
_PUS: Final = torch.tensor([0.70, 0.54, 0.36])  # linear Rec. 709 of a blemish's head
_RIPE: Final = 0.3  # share of blemishes that have one


def _choose(kind: _Kind, name: str, subject: Subject) -> SpotList:
    """A kind's spots, as many as its trait asks for."""
    where = subject.once(f"{name}/where", lambda: kind.where(subject))
    often = kind.often * subject.traits.number(name) ** 1.3
    places, random = scatter(subject, name, often * where, kind.often)
    low, high = kind.radii
    power = 1.0 - kind.law
    radii = low * (1.0 - random[:, 0] * (1.0 - (high / low) ** power)) ** (1.0 / power)
    # Large spots are strong more often than small ones.
    share = random[:, 1] * (radii / high) ** 0.35
    strengths = kind.strengths[0] + (kind.strengths[1] - kind.strengths[0]) * share
    metric = subject.surface.metric.view(3, -1)[:, texel_of(places, subject.surface.atlas.size)].T
    return SpotList(places, metric, radii, strengths, random[:, 2:5])


def _drawn(kind: _Kind, name: str, subject: Subject) -> tuple[Window, Tensor] | None:
    """The window and the image [h, w] of a kind's spots; None where there are none."""
    if subject.traits.number(name) == 0.0:
        return None
    return draw_spots(subject.size, _choose(kind, name, subject), kind.softness, kind.ragged)


def _brown(kind: _Kind, name: str, subject: Subject) -> Sequence[Patch]:
    """Flat spots with melanin, which dark skin shows less."""
    drawn = _drawn(kind, name, subject)
    if drawn is None:
        return ()
    window, image = drawn
    amount = image.clamp_max_(kind.most).mul_(1.0 - _HIDDEN * rise(subject.traits.number("skin.melanin"), 0.1, 0.9))
    if (pale := depigmented(subject)) is not None:
        amount *= 1.0 - _cut(pale, subject.size, window.rows, window.columns)
    return (Patch(window, melanin=amount, blood=kind.blood * amount),)


def _moles(subject: Subject) -> Sequence[Patch]:
    """Nests of melanocytes, which hide the skin, and stand out a little."""
    name = "moles.density"
    drawn = _drawn(_MOLES, name, subject)
    if drawn is None:
        return ()
    window, cover = drawn
    cover = cover.clamp_max_(_MOLES.most)
    own = subject.traits.number("skin.melanin")
    least, share = _MOLE_MELANIN
    melanin = torch.full((1, 1), least + share * own)
    colour = skin_colour(melanin, torch.full((1, 1), 0.6), torch.full((1, 1), 0.8), torch.full((1, 1), 0.3))[:, 0, 0]
    return (Patch(window, cover=cover, colour=colour, height=_MOLE_HEIGHT * cover),)


def _cut(image: Tensor, size: int, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """[h, w] part of a coarse image [S, S] enlarged to [size, size]; the nearest texel's values."""
    side = image.shape[-1]
    row, column = (torch.arange(*span) * side // size for span in (rows, columns))
    return image[row][:, column]


def _blemishes(subject: Subject) -> Sequence[Patch]:
    """Papules: a red halo, a redder dome, and on the ripest a pale head."""
    name = "blemishes.density"
    if subject.traits.number(name) == 0.0:
        return ()
    spots, found = _choose(_BLEMISHES, name, subject), []
    wider, fainter, softness = _HALO
    halo = SpotList(spots.places, spots.metric, spots.radii * wider, spots.strengths * fainter, spots.shapes)
    ripe = spots.of((spots.shapes[:, 2] < _RIPE) & (spots.radii > 0.8 * _MM))
    heads = SpotList(ripe.places, ripe.metric, ripe.radii * 0.5, 0.55 * torch.ones_like(ripe.radii), ripe.shapes)
    if drawn := draw_spots(subject.size, halo, softness):
        found.append(Patch(drawn[0], blood=drawn[1].clamp_max_(0.6)))
    if drawn := draw_spots(subject.size, spots, _BLEMISHES.softness, _BLEMISHES.ragged):
        dome = drawn[1].clamp_max_(_BLEMISHES.most)
        found.append(Patch(drawn[0], blood=dome, height=_PAPULE_HEIGHT * dome))
    if drawn := draw_spots(subject.size, heads, 1.2, 0.3):
        found.append(Patch(drawn[0], cover=drawn[1].clamp_max_(0.55), colour=_PUS, roughness=0.3))
    return tuple(found)


def _brown_layer(name: str, description: str, kind: _Kind) -> Layer:
    traits = (f"{name}.density", "skin.melanin", "vitiligo.coverage")
    return Layer(name, description, traits, patches=partial(_brown, kind, f"{name}.density"))


SPOTS: Final = (
    _brown_layer("freckles", "freckles, where the sun shines", _FRECKLES),
    Layer("moles", "moles", ("moles.density", "skin.melanin"), patches=_moles),
    _brown_layer("age_spots", "age spots", _AGE_SPOTS),
    Layer("blemishes", "blemishes", ("blemishes.density",), patches=_blemishes),
)
