"""What else a photograph tells: the iris, the brows, the hair and the beard, read into traits by measurement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.capture.skin import Seen, Shot, View
from dreamface.face import Head
from dreamface.render import RayMesh, vertex_normals
from dreamface.skin import atlas_of, hair_pigment, white_hair_colour
from dreamface.traits import TraitValue, Value
from dreamface.units import MM

SURE: Final = 0.8
"""Confidence of a colour that was seen."""

LIKELY: Final = 0.5
"""Confidence of a style of hair."""

IRISES: Final = ((468, slice(469, 473)), (473, slice(474, 478)))
"""Of both eyes: the landmark in the middle of the iris, and those of its rim."""

RING: Final = (0.45, 0.82)
"""Radii of what of the iris is looked at, between pupil and limbus."""

EYE_SHADE: Final = 0.62
"""Fraction of the face's light that reaches an iris under lid and lashes."""

IRIS_RANGE: Final = (0.012, 0.40)
"""Linear colours that irises have."""

HAIR_SHADE: Final = 0.55
"""Fraction of the face's light that reaches hair, which shades itself."""

HAIR_APART: Final = 0.30
"""Logarithm of a colour by which hair differs from skin, at least."""

BALD: Final = 0.25
"""Fraction of the scalp that is covered, below which there is no hair."""

LONG_DOWN: Final = ((0.0, 0.25), (0.035, 0.45), (0.09, 0.7), (0.15, 0.9))
"""Metres below the ear lobe down to which hair is seen, and the trait hair.length that is so long."""

BESIDE: Final = (0.004, 0.030)
"""Metres outwards from the head at which hair is looked for."""

BEARD: Final = ((0.10, 0.0), (0.30, 0.45), (0.55, 1.0))
"""How much darker than the cheeks the skin of the beard is, as a logarithm, and how dense that makes it."""

STUBBLE_BELOW: Final = 0.5
"""Density of a beard that is rather stubble."""


@dataclass(frozen=True)
class Measured:
    """A photograph's light on the face at large, and what the skin is like in it.

    Attributes:
        light: [3] linear.
        skin: [3] linear, as the photograph shows it.
    """

    light: Tensor
    skin: Tensor


def read_features(head: Head, seen: Seen, light: Tensor, gender: float) -> dict[str, TraitValue]:
    """Return the traits of eyes and hair that photographs show, read off the one that shows the face largest.

    Args:
        head: at rest.
        seen: what photographs show of it.
        light: [3] linear: the mean light on the face.
        gender: from female (-1) to male (1), as it seems.
    """
    number = max(range(len(seen.shots)), key=lambda one: (not seen.shots[one].grey, _size(seen.shots[one])))
    shot, measured = seen.shots[number], Measured(light, seen.both)
    found: dict[str, tuple[Value, float]] = {}
    if (iris := _iris(shot, light)) is not None:
        found["iris.colour"] = (tuple(iris.tolist()), SURE)
    found |= _hair(head, shot, measured)
    if gender < 0.0 and found.get("hair.style") == ("short", LIKELY):
        found["hair.style"] = ("pixie", LIKELY)
    if gender < 0.0:
        found |= {"beard.style": ("none", LIKELY), "stubble.density": (0.0, LIKELY)}
    elif "skin" in seen.views[number]:
        found |= _beard(head, shot, seen.views[number]["skin"], measured)
    return {name: TraitValue(value, confidence) for name, (value, confidence) in found.items()}


def _size(shot: Shot) -> float:
    return float(np.ptp(shot.landmarks[:, 1]))


def _iris(shot: Shot, light: Tensor) -> Tensor | None:
    """Return [3] linear: the colour of the irises.

    None where they are too small or hidden, by lids or glasses, or where the picture has no colours.
    """
    if shot.grey or not shot.eyes_open:
        return None
    colours = []
    for middle, rim in IRISES:
        centre = torch.from_numpy(shot.landmarks[middle]).float()
        radius = float(np.linalg.norm(shot.landmarks[rim] - shot.landmarks[middle], axis=1).mean())
        if radius * shot.pixels.shape[1] < _SMALLEST_IRIS:
            continue
        radii = torch.linspace(*RING, 5) * radius
        turns = torch.linspace(0.0, 2.0 * torch.pi, 33)[:-1]
        # The upper lid hides and shades the upper part.
        turns = turns[(turns.sin() > -0.35)]
        ring = torch.stack((turns.cos(), turns.sin()), dim=1)
        places = centre + (radii[:, None, None] * ring).reshape(-1, 2)
        colours.append(shot.sampled(places).T)
    if not colours:
        return None
    seen = torch.cat(colours)
    order = seen.sum(dim=1).argsort()
    middle_ones = seen[order[int(0.2 * len(order)) : int(0.75 * len(order))]]  # neither lashes nor glints
    colour = middle_ones.median(dim=0).values / (EYE_SHADE * light)
    low, high = IRIS_RANGE
    if float(colour.max()) <= low or float(colour.max()) >= high:  # dark glasses, or what they mirror
        return None
    return colour.clamp(low, high)


_SMALLEST_IRIS: Final = 2.0  # pixels of the radius


def _apart(colours: Tensor, skin: Tensor) -> Tensor:
    """Return [N] how far colours [N, 3] are from the skin's in any light: darker, or of another hue."""
    ratio = colours.clamp_min(2e-3).log() - skin.clamp_min(2e-3).log()
    grey = ratio.mean(dim=1, keepdim=True)
    return (-grey[:, 0]).clamp_min(0.0) + 2.0 * (ratio - grey).norm(dim=1)


def _hair(head: Head, shot: Shot, measured: Measured) -> dict[str, tuple[Value, float]]:
    """Return what is told of the hair on the scalp."""
    colours = _colours_of(head, shot, "scalp", 0.6)
    if len(colours) < _FEWEST:
        return {}
    covered = _apart(colours, measured.skin) > HAIR_APART
    share = float(covered.float().mean())
    if share < BALD:
        return {"hair.style": ("bald", LIKELY)}
    hair = colours[covered]
    found = _hair_colour(hair.median(dim=0).values / (HAIR_SHADE * measured.light), shot.grey)
    return found | _length(head, shot, hair)


_FEWEST: Final = 40  # places by which hair is told


def _colours_of(head: Head, shot: Shot, region: str, least: float) -> Tensor:
    """Return [N, 3] linear: what is seen where the vertices of a region are."""
    weights = head.topology.regions[region]
    normals = vertex_normals(shot.placed, head.topology.triangles)
    rows = torch.nonzero(weights > least)[:, 0]
    points = shot.placed[rows]
    facing = -(normals[rows] * torch.nn.functional.normalize(points, dim=1)).sum(dim=1)
    depth = RayMesh(shot.placed, head.topology.triangles).cast(torch.zeros(3), points).depth
    rows = rows[(facing > 0.15) & ((1.0 - depth) * points.norm(dim=1) < 4.0 * MM)]
    places = shot.project(shot.placed[rows])
    return shot.sampled(places[shot.inside(places)]).T


def _hair_colour(colour: Tensor, without_hue: bool = False) -> dict[str, tuple[Value, float]]:
    """Return the melanins and the grey of hair that looks like this, [3] linear; without a hue only how dark it is."""
    best, least = (0.7, 0.1, 0.0), float("inf")
    wanted = colour.clamp_min(1e-3).log()
    for grey in (0.0,) if without_hue else (0.0, 0.25, 0.5, 0.75, 1.0):
        for melanin in np.linspace(0.1, 1.0, 19):
            for redness in (_USUAL_REDNESS,) if without_hue else np.linspace(0.0, 0.7, 8):
                own = torch.lerp(hair_pigment(float(melanin), float(redness)), white_hair_colour(), grey * grey)
                off = wanted - own.clamp_min(1e-3).log()
                grey_off = off.mean()
                hue = 0.0 if without_hue else 3.0 * (off - grey_off).square().sum()
                cost = float(0.5 * grey_off**2 + hue + 0.05 * grey + 0.2 * redness)
                if cost < least:
                    best, least = (float(melanin), float(redness), grey), cost
    if without_hue:
        return {"hair.melanin": (best[0], LIKELY)}
    return {"hair.melanin": (best[0], SURE), "hair.redness": (best[1], SURE), "hair.grey": (best[2], SURE)}


_USUAL_REDNESS: Final = 0.1  # of hair whose hue is not seen


def _length(head: Head, shot: Shot, hair: Tensor) -> dict[str, tuple[Value, float]]:
    """Return how far down the hair beside the face is seen."""
    marks, middle = head.topology.landmarks, hair.clamp_min(2e-3).log().median(dim=0).values
    spread = hair.clamp_min(2e-3).log().std(dim=0).clamp(0.15, 0.5)
    down = -1.0
    up = shot.placed[marks["crown"]] - shot.placed[marks["menton"]]
    up = up / up.norm()
    for below, _ in LONG_DOWN:
        like = []
        for side in ("l", "r"):
            ear, other = (shot.placed[marks[f"ear_lobe_{one}"]] for one in (side, "r" if side == "l" else "l"))
            out = (ear - other) / (ear - other).norm()
            steps = torch.linspace(*BESIDE, 6)[:, None]
            places = shot.project(ear + out * steps - up * (below + 0.005))
            places = places[shot.inside(places)]
            if len(places):
                seen = shot.sampled(places).T.clamp_min(2e-3).log()
                like.append(((seen - middle).abs() < 1.6 * spread).all(dim=1).float().mean())
        if not like or float(torch.stack(like).mean()) < 0.5:
            break
        down = below
    if down < 0.0:
        return {"hair.style": ("short", LIKELY), "hair.length": (0.2, LIKELY)}
    length = dict(LONG_DOWN)[down]
    style = "bob" if down < 0.05 else "medium" if down < 0.12 else "long"
    return {"hair.style": (style, LIKELY), "hair.length": (length, LIKELY)}


def _beard(head: Head, shot: Shot, view: View, measured: Measured) -> dict[str, tuple[Value, float]]:
    """Return how dense the beard is."""
    atlas = atlas_of(head.topology, "skin", view.seen.shape[0])
    beard = (atlas.region("beard") > 0.6) & (atlas.region("lips_upper", "lips_lower") < 0.05) & (view.seen > 0.3)
    cheeks = (atlas.region("cheeks") > 0.5) & (atlas.region("beard") < 0.1) & (view.seen > 0.3)
    if int(beard.sum()) < _FEWEST or int(cheeks.sum()) < _FEWEST:
        return {}
    own, around = (
        shot.sampled(view.places[where]).clamp_min(2e-3).log().mean(dim=0).median() for where in (beard, cheeks)
    )
    darker = float(around - own)
    steps, amounts = zip(*BEARD, strict=True)
    density = float(np.interp(darker, steps, amounts))
    if density < 0.05:
        return {"beard.style": ("none", LIKELY), "stubble.density": (0.0, LIKELY)}
    if density < STUBBLE_BELOW:
        return {"beard.style": ("none", LIKELY), "stubble.density": (density, LIKELY)}
    return {"beard.style": ("short", LIKELY), "beard.density": (density, LIKELY)}


COLOURING: Final = {
    "ancestry.african": (0.76, 0.14), "ancestry.east_asian": (0.22, 0.10), "ancestry.south_asian": (0.50, 0.14),
    "ancestry.european": (0.14, 0.11),
}  # fmt: skip
"""Melanin of people's skin: middle and standard deviation, with what a photograph is wrong by."""

SHAPE_DOUBT: Final = 0.22
"""Typical error of an ancestry's share that the shape predicts."""

LIGHT_IRIS: Final = 0.07
"""Linear green of an iris from which it is rather a European's."""


def ancestry_of(shape: Mapping[str, float], melanin: float, iris: Value | None) -> dict[str, float]:
    """Return the shares of ancestries that go with a shape and colours.

    Args:
        shape: ancestry -> share that hangs together with the shape.
        melanin: of the skin.
        iris: its colour, where it was seen.
    """
    light = isinstance(iris, tuple) and iris[1] > LIGHT_IRIS
    scores = {}
    for name, (middle, spread) in COLOURING.items():
        score = -0.5 * ((melanin - middle) / spread) ** 2 - np.log(spread) + shape[name] / SHAPE_DOUBT
        scores[name] = score + (_LIGHT_EYED if light and name == "ancestry.european" else 0.0)
    most = max(scores.values())
    shares = {name: float(np.exp(score - most)) for name, score in scores.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


_LIGHT_EYED: Final = 2.5
