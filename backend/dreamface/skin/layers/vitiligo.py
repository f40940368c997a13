"""Vitiligo: patches without melanin around eyes, mouth and nostrils, nearly alike on both sides, with crisp edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import blobs, both, curve, near, places
from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.layer import Ground, Layer
from dreamface.skin.canvas.subject import Subject

_MM: Final = 1e-3
_LEAST: Final = 0.012  # melanin that is left
_EDGE: Final = 0.035  # of the field that is cut at the coverage: about a millimetre of skin
_REACH: Final = (1.02, -0.32)  # level of the field that is cut at the least and at full coverage


def depigmented(subject: Subject) -> Tensor | None:
    """[S, S] 0..1 where there is no melanin; None where there are no patches."""
    coverage = subject.traits.number("vitiligo.coverage")
    if coverage == 0.0:
        return None
    least, full = _REACH
    level = least + (full - least) * coverage**0.8
    return smooth_step(subject.once("vitiligo", lambda: _field(subject)), level - _EDGE, level + _EDGE)


def _field(subject: Subject) -> Tensor:
    """[S, S] how early a place loses its melanin, 1 first; uneven at every size, so that the outlines are."""
    eyes = torch.cat([
        curve(places(subject, *(f"multipie_{first + step % 6}" for step in range(7))), 24) for first in (36, 42)
    ])  # fmt: skip
    mouth = curve(places(subject, *(f"multipie_{48 + step % 12}" for step in range(13))), 36)
    often = torch.stack((
        blobs(subject, eyes, 15.0 * _MM),
        0.95 * blobs(subject, mouth, 14.0 * _MM),
        0.85 * near(subject, 9.0 * _MM, *both("alar_base")),
        0.72 * near(subject, 17.0 * _MM, "pogonion", *both("temple", "gonion")),
        0.66 * near(subject, 20.0 * _MM, "metopion", *both("frontotemporale", "neck_side")),
    )).amax(dim=0)  # fmt: skip
    broad, small = subject.noise("vitiligo", 0.019, 1)[0], subject.noise("vitiligo outlines", 0.0062, 1)[0]
    fine = subject.noise("mottling", 0.0034, 3)[0]
    return often + 0.16 * broad + 0.075 * small + 0.025 * fine


def _bleach(subject: Subject, ground: Ground) -> Ground:
    pale = depigmented(subject)
    if pale is None:
        return ground
    # Around hairs that still have theirs, melanin comes back first.
    specks = smooth_step(subject.noise("mottling", 0.0034, 3)[1], 1.75, 2.1)
    pale = pale * (1.0 - 0.8 * specks)
    return replace(ground, melanin=torch.lerp(ground.melanin, ground.melanin.clamp_max(_LEAST), pale))


VITILIGO: Final = Layer(
    "vitiligo", "patches without pigment", ("vitiligo.coverage",), pigments=_bleach, amount="vitiligo.coverage"
)
