"""Make-up: lipstick, eyeshadow, eyeliner, blush and foundation, each with a colour, a strength and a finish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.skin.atlas import smooth_step
from dreamface.skin.complexion import inner
from dreamface.skin.layer import Layer, Patch, window_of
from dreamface.skin.subject import Subject

_MATTE, _GLOSSY = 0.62, 0.14  # roughness


def _lips(subject: Subject) -> Tensor:
    return 0.92 * smooth_step(subject.region("lips_upper", "lips_lower"), 0.25, 0.75) * (1.0 - inner(subject))


def _lids(subject: Subject) -> Tensor:
    return 0.75 * smooth_step(subject.region("lids_upper"), 0.15, 0.9) * (1.0 - subject.region("lids_margin"))


def _liner(subject: Subject) -> Tensor:
    return 0.9 * smooth_step(subject.region("lids_margin"), 0.02, 0.35) * (1.0 - inner(subject))


def _cheeks(subject: Subject) -> Tensor:
    return 0.45 * subject.region("cheeks")


def _face(subject: Subject) -> Tensor:
    return 0.6 * (1.0 - subject.region("lips_upper", "lips_lower", "scalp", "neck")) * (1.0 - inner(subject))


def _product(where: Callable[[Subject], Tensor], name: str, subject: Subject) -> Sequence[Patch]:
    """A film of one colour where a [S, S] field says."""
    colour, strength = subject.traits.tint(name)
    if strength == 0.0:
        return ()
    field = where(subject)
    field = interpolate(field[None, None], size=(subject.size, subject.size), mode="bilinear")[0, 0]
    window = window_of(field > 0.0)
    if window is None:
        return ()
    gloss = subject.traits.number(f"{name}.gloss")
    return (
        Patch(
            window,
            cover=strength * field[window.slices],
            colour=torch.tensor(colour),
            roughness=_MATTE + (_GLOSSY - _MATTE) * gloss,
        ),
    )


def _layer(name: str, description: str, where: Callable[[Subject], Tensor]) -> Layer:
    return Layer(name, description, (name, f"{name}.gloss"), patches=partial(_product, where, name))


MAKEUP: Final = (
    _layer("foundation", "foundation, which evens the skin out", _face),
    _layer("blush", "blush on the cheeks", _cheeks),
    _layer("eyeshadow", "eyeshadow on the upper lids", _lids),
    _layer("eyeliner", "a line along the lids", _liner),
    _layer("lipstick", "lipstick", _lips),
)
