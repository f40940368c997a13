"""What no person has: tinted skin and metal, and the patterns of stripes, rosettes and scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.bands import enlarged
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground, Layer, Window
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, resting_colour
from dreamface.skin.canvas.shared_noises import BLOTCHES, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.rosettes import ROSETTES
from dreamface.skin.layers.scales import SCALES
from dreamface.skin.layers.stripes import STRIPES

_MOST_VARIATION: Final = 1.8  # factor on the tint where skin is lighter than its mean


def _tint(subject: Subject, ground: Ground) -> Ground:
    """Recolour without losing the variation: what was darker or redder than the mean skin stays so."""
    colour, strength = subject.traits.tint("skin.tint")
    if strength == 0.0:
        return ground
    mean = resting_colour(subject.traits)[:, None, None]
    tinted = torch.tensor(colour)[:, None, None] * (ground.albedo / mean).clamp(0.0, _MOST_VARIATION)
    return replace(ground, albedo=torch.lerp(ground.albedo, tinted, strength))


# ---------------------------------------------------------------------------------------------------------------- metal


@dataclass(frozen=True)
class _Metal:
    """What metal is like.

    Attributes:
        cover: 0..1 how much it hides of what skin is coloured by; only the faintest marks are left.
        roughness, roughness_within: in the mean, and its bounds.
        blotches, patches: roughness that two noises add.
        specular: of the metal.
        mouth_over, eyes_over: weights of the mouth's lining and of the eye sockets over which the metal ends: lips turn
            to the lining gradually; eyelids end where the sockets begin.
    """

    cover: float
    roughness: float
    roughness_within: tuple[float, float]
    blotches: float
    patches: float
    specular: float
    mouth_over: tuple[float, float]
    eyes_over: tuple[float, float]


_METAL: Final = _Metal(
    cover=0.96,
    roughness=0.27,
    roughness_within=(0.12, 0.5),
    blotches=0.05,
    patches=0.03,
    specular=0.5,
    mouth_over=(0.0, 0.8),
    eyes_over=(0.88, 1.0),
)


@dataclass(frozen=True)
class _Brushing:
    """Fine scratches in one direction, in a repeating square.

    Attributes:
        side: of the square in texels.
        length: texels after which scratches change.
        long, short: weights of scratches that run through the square, and of those that change.
        height: metres.
        roughness: deviation.
    """

    side: int
    length: int
    long: float
    short: float
    height: float
    roughness: float


_BRUSHING: Final = _Brushing(side=128, length=32, long=0.6, short=0.4, height=2.0e-6, roughness=0.035)


def _outer_skin(subject: Subject) -> Tensor:
    """Return 0..1 [S, S]: skin, and not the mouth's lining or the eye sockets."""
    lining, sockets = subject.region("mouth_inside"), subject.region("eye_sockets")
    inside = torch.maximum(smoothstep(lining, *_METAL.mouth_over), smoothstep(sockets, *_METAL.eyes_over))
    return 1.0 - inside


def _metal_ground(subject: Subject, ground: Ground) -> Ground:
    """Polish unevenly, and let no light below the surface."""
    _, strength = subject.traits.tint("skin.metal")
    if strength == 0.0:
        return ground
    metal = strength * _outer_skin(subject)
    uneven = _METAL.blotches * subject.noise(BLOTCHES, "density") + _METAL.patches * subject.noise(PATCHES, "colour")
    roughness = (_METAL.roughness + uneven).clamp(*_METAL.roughness_within)
    return replace(
        ground,
        roughness=torch.lerp(ground.roughness, roughness, metal),
        specular=torch.lerp(ground.specular, torch.tensor(_METAL.specular), metal),
        subsurface=ground.subsurface * (1.0 - metal),
    )


def _metal_decals(subject: Subject) -> Sequence[Decal]:
    """Paint one colour over everything."""
    tint, strength = subject.traits.tint("skin.metal")
    if strength == 0.0:
        return ()
    size = subject.size
    everywhere = Window((0, size), (0, size))
    cover = enlarged(_METAL.cover * strength * _outer_skin(subject)[None], everywhere.rows, size)[0]
    return (Decal(everywhere, cover=cover, colour=torch.tensor(tint), metallic=1.0),)


def _brushed(subject: Subject) -> DetailTiles | None:
    _, strength = subject.traits.tint("skin.metal")
    if strength == 0.0:
        return None
    side, length, generator = _BRUSHING.side, _BRUSHING.length, subject.tile_stream("brushed metal")
    long = torch.randn(side, 1, generator=generator).expand(side, side)
    short = torch.randn(side, side // length, generator=generator).repeat_interleave(length, dim=1)
    tile = _BRUSHING.long * long + _BRUSHING.short * short
    return DetailTiles(
        tiles=tile[None],
        weights=(strength * subject.surface.atlas.interior * _outer_skin(subject))[None],
        height=torch.tensor([_BRUSHING.height]),
        melanin=torch.zeros(1),
        blood=torch.zeros(1),
        roughness=torch.tensor([_BRUSHING.roughness]),
        specular=torch.zeros(1),
    )


TINT: Final = Layer("tint", "an unnatural skin colour", ("skin.tint", *PIGMENT_TRAITS), stain=_tint)
METAL: Final = Layer(
    "metal", "metal instead of skin", ("skin.metal",), stain=_metal_ground, decals=_metal_decals, detail_tiles=_brushed
)
FANTASY: Final = (TINT, METAL, SCALES, ROSETTES, STRIPES)
"""In the order in which they are laid on."""
