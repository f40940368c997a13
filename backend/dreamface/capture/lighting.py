"""The light in a photograph: second-order spherical harmonics (Ramamoorthi and Hanrahan 2001) times the skin's tone.

A picture shows light times albedo. Where light goes with the normal and albedo with the place on the skin, the two are
told apart; how bright both are together is known, and how bright either, only from what skins and exposures there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.capture.landmarks import Landmarks
from dreamface.images import decode_srgb8
from dreamface.render import harmonic_basis
from dreamface.skin import resting_colours, sclera_white
from dreamface.traits import Traits

ROUNDS: Final = 12
"""Of weighting outliers down."""

RIDGE: Final = (0.0, 0.001, 0.006)
"""Regularisation of the coefficients of each order, per sample."""

OUTLIERS: Final = (0.8, 0.25)
"""By how much the logarithm of a sample's colour may differ from what the light explains, in the first round and in the
last, before the sample counts less and less (Geman-McClure). Wide at first, so that hair does not pass for skin."""

HIGHLIGHT: Final = 2.0
"""How much sooner a sample that is too bright counts less: skin shines."""

DARKEST: Final = 0.12
"""Fraction of the mean light that reaches a shadow at least."""

FAINTEST: Final = 1e-4
"""Of light times albedo: less is none."""

USUAL_LIGHT: Final = -0.05
LIGHT_SPREAD: Final = 0.45
"""Middle and standard deviation of the logarithm of the light on a face, where white in the light is 1."""

WARMTH: Final = (0.71, 0.0, -0.71)
TINT: Final = (0.41, -0.82, 0.41)
COLOUR_SPREADS: Final = (0.10, 0.05)
"""Directions in which the logarithm of the light's colour varies: along black bodies of all temperatures, and across
them, to green or magenta. Standard deviations of both, with what the camera's white balance leaves."""

USUAL_PIGMENTS: Final = ((0.42, 0.60), (0.42, 0.22), (0.28, 0.11))
"""Middle and standard deviation of melanin, redness and yellowness among people. Melanin is hardly held: nobody is to
become paler or darker than they are because of others."""

WHITES: Final = (-0.10, 0.20)
"""Middle and standard deviation of the logarithm of how bright whites of eyes are in a light, which lids and
lashes shade, and which differ among people."""

WHITES_COLOUR: Final = 0.06
"""Standard deviation of the logarithm of one of their channels against the others: they are yellowish or reddish."""

DOUBTED: Final = 3.0
"""Standard deviations from which the light is taken to be unusual, or whites to be something else."""


@dataclass(frozen=True)
class Light:
    """Light that falls on a face.

    Attributes:
        coefficients: [9, 3] of the irradiance over pi, by direction in the camera's axes.
        shadow: [3] the least that reaches any surface. The mean of the harmonics does not tell it: they were fitted to
            surfaces that face the camera, and mean nothing elsewhere.
    """

    coefficients: Tensor
    shadow: Tensor = field(default_factory=lambda: torch.full((3,), FAINTEST))

    def on(self, normals: Tensor) -> Tensor:
        """Return [..., 3] irradiance over pi on surfaces with unit normals [..., 3]."""
        return torch.maximum(harmonic_basis(normals) @ self.coefficients, self.shadow)


def estimate_light(colours: Tensor, albedo: Tensor, normals: Tensor, weights: Tensor) -> tuple[Light, Tensor]:
    """Return the light that makes an albedo look like this, and how far each sample is believed.

    Args:
        colours: [N, 3] linear, as the photograph has them.
        albedo: [N, 3] linear, up to a colour for all: what the light is multiplied by is that of the albedo's unit.
        normals: [N, 3] unit, in the camera's axes.
        weights: [N] 0..1.

    Returns:
        The light, and [N] 0..1.
    """
    basis = harmonic_basis(normals).double()
    ridge = torch.tensor([RIDGE[0], *[RIDGE[1]] * 3, *[RIDGE[2]] * 5], dtype=torch.float64)
    wanted = (colours / albedo.clamp_min(1e-3)).double()
    middle = wanted.clamp_min(1e-4).log().mean(dim=1)
    start = _weighted_median(middle, weights.double())
    belief = weights.double() / (1.0 + ((middle - start) / OUTLIERS[0]).square()).square()
    light = Light(torch.zeros(9, 3))
    for number in range(ROUNDS):
        scaled = basis * belief[:, None]
        normal = scaled.T @ basis + torch.diag(ridge * belief.sum() + 1e-9)
        found = torch.linalg.solve(normal, scaled.T @ wanted)
        usual = (basis @ found * belief[:, None]).sum(dim=0) / belief.sum().clamp_min(1e-9)
        light = Light(found.float(), (DARKEST * usual).clamp_min(FAINTEST).float())
        ratio = (wanted.clamp_min(1e-4) / light.on(normals).double()).log().mean(dim=1)
        apart = torch.where(ratio > 0.0, HIGHLIGHT * ratio, ratio)
        outlier = OUTLIERS[0] * (OUTLIERS[1] / OUTLIERS[0]) ** (number / (ROUNDS - 1))
        belief = weights.double() / (1.0 + (apart / outlier).square()).square()
    return light, (belief / weights.double().clamp_min(1e-6)).float()


def _weighted_median(values: Tensor, weights: Tensor) -> Tensor:
    order = values.argsort()
    share = weights[order].cumsum(dim=0)
    return values[order][int((share < 0.5 * share[-1]).sum())]


def split_tone(both: Tensor, grey: bool = False, whites: Tensor | None = None) -> tuple[Traits, Tensor]:
    """Tell skin from light, where only their product is known.

    Args:
        both: [3] linear: the mean light on the face times the skin's tone.
        grey: whether the picture is black and white, so that only how bright the skin is tells.
        whites: [3] linear: of the eyes, over the skin's tone; see `whites_of`.

    Returns:
        Melanin, redness and yellowness that are most probable, and [3] the light.
    """
    amounts, colours = resting_colours()
    tones = colours.clamp_min(1e-4).log()
    left = both.clamp_min(1e-4).log() - tones
    level = left.mean(dim=1)
    cost = _doubted(((level - USUAL_LIGHT) / LIGHT_SPREAD).square())
    if not grey:
        for axis, spread in zip((WARMTH, TINT), COLOUR_SPREADS, strict=True):
            cost = cost + ((left @ torch.tensor(axis)) / spread).square()
    for column, (middle, spread) in enumerate(USUAL_PIGMENTS):
        cost = cost + ((amounts[:, column] - middle) / spread).square()
    if whites is not None:
        cost = cost + _off_the_whites(whites.clamp_min(1e-4).log() + tones, amounts[:, 0], grey)
    best = int(cost.argmin())
    melanin, redness, yellowness = amounts[best].tolist()
    found = Traits({"skin.melanin": melanin, "skin.redness": redness, "skin.yellowness": yellowness})
    light = both / colours[best].clamp_min(1e-4)
    return found, light.log().mean().exp().expand(3).clone() if grey else light


def _off_the_whites(seen: Tensor, melanin: Tensor, grey: bool) -> Tensor:
    """Return [N] what it costs that whites look like that.

    Args:
        seen: [N, 3] logarithms of the whites' colours, if the skin's tone were that.
        melanin: [N] of that skin.
        grey: whether only how bright they are tells.
    """
    off = seen - sclera_white(_USUAL_AGE, melanin[:, None]).log()
    level = off.mean(dim=1, keepdim=True)
    cost = ((level[:, 0] - WHITES[0]) / WHITES[1]).square()
    if not grey:
        cost = cost + ((off - level) / WHITES_COLOUR).square().sum(dim=1)
    return _doubted(cost)


def _doubted(cost: Tensor) -> Tensor:
    """Return a cost that rises ever less beyond `DOUBTED` (Geman-McClure): one clue that is far off is outvoted."""
    return cost / (1.0 + cost / DOUBTED**2)


_USUAL_AGE: Final = 0.3  # of whites, between the young and the very old


DIM: Final = 0.3
TINTED: Final = 0.16
"""Light that is darker than `DIM`, or whose channels differ by more than `TINTED` (as a logarithm), tells little of
colours."""


def note_on_light(light: Tensor) -> str:
    """Return a sentence on light [3] in which colours are hardly seen; "" where they are."""
    channels = light.clamp_min(1e-4).log()
    if float(channels.mean().exp()) < DIM:
        return "The face is in very dark light: the colours of skin, eyes and hair are guesses."
    if float((channels - channels.mean()).abs().max()) > TINTED:
        return "The light on the face has a colour: a part of it is taken for that of skin, eyes and hair."
    return ""


BARE_SKIN: Final = (50, 280, 205, 425, 101, 330, 118, 347, 151, 197)
"""Landmarks on bare skin: cheeks, forehead and the bridge of the nose."""


def first_tone(pixels: NDArray[np.uint8], landmarks: Landmarks) -> Tensor:
    """Return [3] linear: the colour of a face in sRGB pixels [H, W, 3], before anything is known of its light.

    Args:
        pixels: of the photograph.
        landmarks: of the face in it.
    """
    height, width = pixels.shape[:2]
    columns, rows = landmarks.in_pixels(pixels)[list(BARE_SKIN)].round().astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    found = pixels[rows[inside], columns[inside]]
    linear = decode_srgb8(found[None] if len(found) else pixels.reshape(1, -1, 3)[:, ::997])[0]
    return linear.median(dim=0).values
