"""How hairs look: their colours, how tones mix where hairs overlap, and the light that they keep off the skin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.layer import Decal, Ground
from dreamface.skin.canvas.marks import coverage
from dreamface.skin.canvas.pigments import hair_colour, hair_pigment, luminance, white_hair_colour
from dreamface.skin.canvas.strands import Fur, Strands
from dreamface.skin.canvas.subject import Subject
from dreamface.traits import Traits
from dreamface.units import MM

HAIR_TRAITS: Final = ("hair.melanin", "hair.redness", "hair.grey")
"""What the colours of all hairs depend on."""

BROW_COLOUR_TRAITS: Final = ("hair.dye", "brows.colour", *HAIR_TRAITS)
"""What the colour of brows depends on."""

_DARK_DYE: Final = 0.85  # how far brows follow a natural colour that is darker than they are
_PALE_DYE: Final = 0.25  # how far they follow a natural colour that is not
_FANTASY_DYE: Final = (0.08, 0.16)  # steps from every natural colour, over which brows cease to follow a dye
_EVEN_STEPS: Final = 0.02  # added to linear colours before the cube root, so that steps between dark ones count less

HAIR_HEIGHT: Final = 0.04 * MM  # of a hair that lies on the skin
_UPPER_HEIGHT: Final = 0.09 * MM  # of a hair that lies on other hairs

_SHELTER: Final = 0.85  # fraction of the light from below the skin that dense hairs absorb: it would blur them

_FINE_WHITE: Final = torch.tensor([0.64, 0.61, 0.54])  # of white hair's colour: the skin shows through a single hair
_THICK_WHITE: Final = 0.8  # of white hair's colour: white hairs on top of many

_BEARD_GREYING: Final = 1.5  # power of the scalp's grey: beards start to turn later
_BROW_GREYING_FROM: Final = 0.45  # grey of the scalp at which the first hairs of the brows turn
_MOST_BROW_GREY: Final = 0.45  # fraction of white hairs in the brows of a white-haired person

_STEPS: Final = torch.linspace(0.0, 1.0, 11)  # of pigments, among which the natural colour next to a dye is looked for

_LEAST_DEPTH: Final = 1e-6  # optical depth: keeps a mean over no hairs from dividing by zero


@dataclass(frozen=True)
class _Tones:
    """Factors on a colour, for its darker and its lighter hairs."""

    dark: float
    light: float


_PIGMENTED_TONES: Final = _Tones(dark=0.65, light=1.50)
_WHITE_TONES: Final = _Tones(dark=0.80, light=1.45)
_EQUAL_TONES: Final = _Tones(dark=1.0, light=1.0)  # of white hairs side by side
_LIGHT_FRACTION: Final = 0.4  # of the hairs of a colour are of its lighter tone
_LIGHTEST: Final = 0.8  # albedo that no tone exceeds
_RARE: Final = 0.01  # fraction of the hairs below which a colour is left out
_FEW: Final = 0.1  # fraction of the hairs below which a colour has one tone
_UNDERCOAT_LIGHT: Final = 0.42  # fraction of their colour that hairs keep in the shade of others
_UPPER_WEIGHT: Final = 2.6  # how much more of the upper hairs is seen than of those below


@dataclass(frozen=True)
class _TonedStrands:
    """Hairs of one tone.

    Attributes:
        strands: the hairs.
        fraction: of all hairs of the coat.
        weight: how much of them is seen, relative to others at the same place.
        colour: [3] linear Rec. 709.
    """

    strands: Strands
    fraction: float
    weight: float
    colour: Tensor


# -------------------------------------------------------------------------------------------------------------- colours


def fine_colour(traits: Traits, darker: float = 0.0) -> Tensor:
    """Return the colour [3] of single hairs that have not turned grey; `darker` 0..1 moves them towards black."""
    melanin, redness = traits.number("hair.melanin"), traits.number("hair.redness")
    return hair_pigment(melanin, redness, darker)


def fine_white() -> Tensor:
    """Return the colour [3] of single white hairs."""
    return _FINE_WHITE * white_hair_colour()


def thick_white() -> Tensor:
    """Return the colour [3] of white hairs in a thick coat."""
    return _THICK_WHITE * white_hair_colour()


def beard_grey(traits: Traits) -> float:
    """Return the fraction of white hairs in beards and stubble: fewer than on the scalp at first."""
    return traits.number("hair.grey") ** _BEARD_GREYING


def brow_grey(traits: Traits) -> float:
    """Return the fraction of white hairs in brows: they turn later than the scalp's, and never all of them."""
    late = max(0.0, traits.number("hair.grey") - _BROW_GREYING_FROM)
    return _MOST_BROW_GREY * late / (1.0 - _BROW_GREYING_FROM)


def brow_dye(traits: Traits) -> tuple[float, float, float, float]:
    """Return the colour that brows are tinted with, linear Rec. 709, and how strongly.

    It is their own, where they have one. Otherwise they follow a natural colour of the dyed hair a little, and a dark
    one nearly wholly, as no one has pale brows under black hair; a pink or blue dye they don't follow at all.
    """
    own, own_strength = traits.tint("brows.colour")
    if own_strength > 0.0:
        return (*own, own_strength)
    dye, strength = traits.tint("hair.dye")
    is_dark = luminance(torch.tensor(dye)) < luminance(hair_colour(traits))
    return (*dye, strength * (_DARK_DYE if is_dark else _PALE_DYE) * _naturalness(torch.tensor(dye)))


def _naturalness(colour: Tensor) -> float:
    """Return how far a colour [3] is one that hair has by nature: 1 for those, 0 for pink or blue."""
    steps = (_evenly(colour) - _evenly(_natural_colours())).norm(dim=1).min()
    return 1.0 - float(smoothstep(steps, *_FANTASY_DYE))


def _evenly(colour: Tensor) -> Tensor:
    """Return colours [..., 3] on a scale whose steps look alike."""
    return (colour + _EVEN_STEPS) ** (1.0 / 3.0)


@cache
def _natural_colours() -> Tensor:
    """[N, 3] linear Rec. 709 of hair of all pigments, and on its way to white."""
    pigmented = torch.stack(
        [hair_pigment(melanin, redness) for melanin in _STEPS.tolist() for redness in _STEPS[::5].tolist()]
    )
    return torch.cat(
        [torch.lerp(pigmented, white_hair_colour().expand_as(pigmented), grey) for grey in (0.0, 0.5, 1.0)]
    )


def brow_colours(traits: Traits, darker: float) -> tuple[Tensor, Tensor]:
    """Return the colours [3] of the brows' pigmented and white hairs.

    Args:
        traits: a person's.
        darker: 0..1, from the scalp's melanin to black.
    """
    *dye, strength = brow_dye(traits)
    tint = torch.tensor(dye)
    return torch.lerp(fine_colour(traits, darker), tint, strength), torch.lerp(fine_white(), tint, strength)


# -------------------------------------------------------------------------------------------------------------- drawing


def hair_decals(
    subject: Subject, fur: Fur, grey: float, colour: Tensor, white: Tensor, undercoat: float = 0.0
) -> list[Decal]:
    """Paint hairs, each in its tone.

    Args:
        subject: whose skin they lie on.
        fur: all hairs.
        grey: fraction of white ones.
        colour: [3] of the pigmented ones.
        white: [3] of the white ones.
        undercoat: fraction of hairs that lie below others, in their shade; 0 for hairs side by side.
    """
    window = fur.window(subject.size)
    if window is None:
        return []
    tones = _by_tone(fur.strands, grey, colour, white, undercoat)
    depths = fur.draw(subject.size, window, [(tone.strands, tone.fraction) for tone in tones])
    total, weight = torch.zeros(window.shape), torch.full(window.shape, _LEAST_DEPTH)
    mixed = torch.zeros(3, *window.shape)
    for depth, tone in zip(depths, tones, strict=True):
        total.add_(depth)
        depth.mul_(tone.weight)
        weight.add_(depth)
        for channel, value in zip(mixed, tone.colour.tolist(), strict=True):
            channel.add_(depth, alpha=value)
    cover = coverage(total)
    height = (_UPPER_HEIGHT if undercoat else HAIR_HEIGHT) * cover
    return [Decal(window, cover=cover, colour=mixed.div_(weight), height=height)]


def _by_tone(strands: Strands, grey: float, colour: Tensor, white: Tensor, undercoat: float) -> list[_TonedStrands]:
    """Sort hairs by tone: those of the undercoat, then the pigmented and the white ones above it."""
    upper = strands.random[:, 1] >= undercoat
    is_white = strands.random[:, 0] < grey
    tones = []
    if undercoat:
        shaded = _UNDERCOAT_LIGHT * torch.lerp(colour, white, grey)
        tones.append(_TonedStrands(strands.of(~upper), undercoat, 1.0, shaded))
    weight, white_tones = (_UPPER_WEIGHT, _WHITE_TONES) if undercoat else (1.0, _EQUAL_TONES)
    for chosen, fraction, base, pair in (
        (~is_white, 1.0 - grey, colour, _PIGMENTED_TONES), (is_white, grey, white, white_tones)
    ):  # fmt: skip
        if fraction > _RARE:
            all_of_colour = _TonedStrands(strands.of(upper & chosen), (1.0 - undercoat) * fraction, weight, base)
            tones += _darker_and_lighter(all_of_colour, pair)
    return tones


def _darker_and_lighter(hairs: _TonedStrands, tones: _Tones) -> list[_TonedStrands]:
    """Sort hairs of one colour into lighter and darker ones; few hairs stay together."""
    if hairs.fraction < _FEW:
        return [hairs]
    lighter = hairs.strands.random[:, 3] < _LIGHT_FRACTION
    groups = ((lighter, _LIGHT_FRACTION, tones.light), (~lighter, 1.0 - _LIGHT_FRACTION, tones.dark))
    return [
        _TonedStrands(
            hairs.strands.of(chosen),
            hairs.fraction * fraction,
            hairs.weight,
            (tone * hairs.colour).clamp_max(_LIGHTEST),
        )
        for chosen, fraction, tone in groups
    ]


def sheltered(ground: Ground, cover: Tensor) -> Tensor:
    """Return the subsurface [S, S] that hairs leave where they cover 0..1 of the skin."""
    return ground.subsurface * (1.0 - _SHELTER * cover)
