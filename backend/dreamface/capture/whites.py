"""The whites of the eyes in a photograph: nearly alike in all people, so they tell light from the tone of the skin."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.arrays import FloatArray
from dreamface.capture.lighting import Light
from dreamface.capture.reading import IRISES
from dreamface.capture.skin import Seen, Shot

LID_EDGES: Final = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
"""Of both eyes, as in `IRISES`: landmarks of the edge of the lids in their order."""

SMALLEST_IRIS: Final = 3.0
"""Pixels of the radius: of smaller eyes each pixel of the white has something of lids or iris in it."""

LIMBUS: Final = 1.2
"""Radii of the iris from which there is nothing but white."""

LIDS: Final = 0.16
"""Radii of the iris beside the lids in which there are lashes and their shadows."""

EYEBALL: Final = 2.05
"""Radii of the iris that the eyeball's is long: 12 and 5.9 millimetres."""

BRIGHTEST: Final = (0.5, 0.9)
"""Fractions of the pixels, by brightness, between which they are looked at: neither lid's shadows nor glints."""

FEWEST: Final = 12
"""Pixels by which whites are told."""

CUT_OFF: Final = 0.97
"""Linear colour from which the camera has cut off."""


def whites_in(seen: Seen) -> Tensor | None:
    """Return [3] the colour of the whites of the eyes over the skin's tone: the mean of the photographs that show it.

    Pictures in colour are taken where there are any.
    """
    coloured = [one for one in zip(seen.shots, seen.lights, strict=True) if not one[0].grey]
    found = [whites_of(*one) for one in coloured or zip(seen.shots, seen.lights, strict=True)]
    shown = [one for one in found if one is not None]
    return torch.stack(shown).log().mean(dim=0).exp() if shown else None


def whites_of(shot: Shot, light: Light) -> Tensor | None:
    """Return [3] the colour of the whites of the eyes, as a fraction of the skin's tone.

    Each pixel of the white is compared with skin that lies as the eyeball does there, so the light cancels out.

    Args:
        shot: of a head.
        light: on it, times the tone of the skin.

    Returns:
        None where no whites are seen: eyes that are shut, too small, or hidden.
    """
    if not shot.eyes_open:
        return None
    found = [_white_of(shot, light, *iris, lids) for iris, lids in zip(IRISES, LID_EDGES, strict=True)]
    seen = [one for one in found if len(one)]
    if sum(map(len, seen)) < FEWEST:
        return None
    return torch.cat(seen).clamp_min(1e-4).log().median(dim=0).values.exp()


def _white_of(shot: Shot, light: Light, middle: int, rim: slice, lids: tuple[int, ...]) -> Tensor:
    """Return [N, 3] colours of pixels of one eye's white, as fractions of the skin's tone."""
    height = shot.pixels.shape[1]
    centre, around = shot.landmarks[middle], shot.landmarks[list(lids)]
    radius = float(np.linalg.norm(shot.landmarks[rim] - centre, axis=1).mean())
    if radius * height < SMALLEST_IRIS:
        return torch.zeros(0, 3)
    low, high = around.min(axis=0), around.max(axis=0)
    columns, rows = (np.arange(low[axis], high[axis], 1.0 / height) for axis in (0, 1))
    places = np.stack(np.meshgrid(columns, rows), axis=2).reshape(-1, 2)
    places = places[np.linalg.norm(places - centre, axis=1) > LIMBUS * radius]
    places = places[_depth_inside(places, around) > LIDS * radius]
    across = torch.from_numpy((places - 0.5 * (low + high)) / (EYEBALL * radius)).float()
    towards = (1.0 - across.square().sum(dim=1)).clamp_min(0.0).sqrt()
    normals = torch.nn.functional.normalize(torch.stack((across[:, 0], -towards, -across[:, 1]), dim=1), dim=1)
    colours = shot.sampled(torch.from_numpy(places).float()).T
    order = colours.sum(dim=1).argsort()
    chosen = order[int(BRIGHTEST[0] * len(order)) : int(BRIGHTEST[1] * len(order))]
    chosen = chosen[colours[chosen].amax(dim=1) < CUT_OFF]
    return colours[chosen] / light.on(normals[chosen]).clamp_min(1e-4)


def _depth_inside(places: FloatArray, ring: FloatArray) -> FloatArray:
    """Return [N] how far places [N, 2] lie inside of a convex ring [R, 2]; below 0 outside."""
    following = np.roll(ring, -1, axis=0) - ring
    inwards = np.stack((-following[:, 1], following[:, 0]), axis=1)
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-9)
    middle = ring.mean(axis=0)
    inwards *= np.sign(((middle - ring) * inwards).sum(axis=1, keepdims=True))
    depth: FloatArray = ((places[:, None] - ring) * inwards).sum(axis=2).min(axis=1, initial=np.inf)
    return depth
