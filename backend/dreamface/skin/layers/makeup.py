"""Make-up: lipstick, eyeshadow, eyeliner, blush and foundation, each with a colour, a strength and a finish.

Products are films that let some of the skin through and leave its relief alone. A new product is a row of `_PRODUCTS`
and a function that says where its film lies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.skin.canvas.layer import Decal, Ground, Layer
from dreamface.skin.canvas.outlines import enlarge, outlines
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, luminance, resting_colour
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.shared_noises import MOTTLING, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import inner
from dreamface.skin.layers.eye_makeup import eyeliner, eyeshadow
from dreamface.skin.layers.makeup_films import (
    FINEST_EDGE,
    SIDES,
    Film,
    edgeless_films,
    full_window,
    metres_to,
    texels_per_metre,
)
from dreamface.traits import Traits
from dreamface.units import MM

_Tint = tuple[float, float, float]  # linear Rec. 709


# ----------------------------------------------------------------------------------------------------------------- lips


@dataclass(frozen=True)
class _Lipstick:
    """Lipstick: the vermilion and a trace more; it wears off a little where the lips meet.

    Attributes:
        over: metres that it is drawn over the vermilion.
        edge: metres: half the width of its edge.
        cover: 0..1 of the skin, by the unevenness.
        most: that unevenness may make of it.
    """

    over: float
    edge: float
    cover: Line
    most: float


_LIPSTICK: Final = _Lipstick(over=0.25 * MM, edge=0.5 * MM, cover=Line(base=0.84, slope=0.045), most=0.94)


def _lips(subject: Subject) -> list[Film]:
    """Return the lipstick."""
    if subject.surface.atlas.landmark("labrale_superius") is None:
        return []
    films = []
    for outline in outlines(subject.surface.atlas, ("lips_upper", "lips_lower")):
        window = full_window(subject, outline.window)
        edge = max(_LIPSTICK.edge, FINEST_EDGE / texels_per_metre(subject, outline.window))
        away = enlarge(metres_to(subject, outline), window) - _LIPSTICK.over
        uneven = subject.noise(MOTTLING, "colour") + subject.noise(PATCHES, "colour")
        worn = _LIPSTICK.cover.at(uneven) * (1.0 - inner(subject))
        cover = enlarge(worn[outline.window.slices], window).clamp(0.0, _LIPSTICK.most)
        films.append(Film(window, cover * (1.0 - smoothstep(away, -edge, edge))))
    return films


# ------------------------------------------------------------------------------------------------- cheeks and the face


@dataclass(frozen=True)
class _Blush:
    """Blush: from the apples of the cheeks up along the cheekbones to the temples.

    Attributes:
        apple, temple: two landmarks each with their weights: a mean place.
        towards_bone: of the way from that apple to the cheekbone.
        reach_at_apple, reach_at_temple: metres.
        falloff: how fast it gets weaker away from the middle of the stroke, in squares of the reach.
        lost: fraction that is lost on the way to the temple.
        least: that is left out, so that it ends.
        cover: 0..1 of the skin.
        patches: how much a noise changes it.
        bare: regions that have none.
    """

    apple: Mapping[str, float]
    temple: Mapping[str, float]
    towards_bone: float
    reach_at_apple: float
    reach_at_temple: float
    falloff: float
    lost: float
    least: float
    cover: float
    patches: float
    bare: tuple[str, ...]


_BLUSH: Final = _Blush(
    apple={"upper_cheek": 0.55, "cheek": 0.45},
    temple={"zygion": 0.6, "temple": 0.4},
    towards_bone=0.35,
    reach_at_apple=15.0 * MM,
    reach_at_temple=11.0 * MM,
    falloff=1.3,
    lost=0.62,
    least=0.02,
    cover=0.62,
    patches=0.07,
    bare=("lids_lower", "lids_upper", "ears", "scalp", "nose", "lips_upper", "lips_lower"),
)


@dataclass(frozen=True)
class _Foundation:
    """Foundation: the face up to the hairline; blended out under the jaw and before the ears.

    Attributes:
        throat: metres from the height of the chin over which it begins.
        ears: metres from the ear's tragion, backwards, over which it ends.
        bare: regions that have none.
        thin_regions, thinner: regions where it is rubbed in least, and the fraction that they lack.
        cover: 0..1 of the skin.
        patches: how much a noise changes it.
    """

    throat: tuple[float, float]
    ears: tuple[float, float]
    bare: tuple[str, ...]
    thin_regions: tuple[str, ...]
    thinner: float
    cover: float
    patches: float


_FOUNDATION: Final = _Foundation(
    throat=(-0.030, 0.004),
    ears=(-0.02, 0.0),
    bare=("lips_upper", "lips_lower", "scalp", "mouth_inside", "eye_sockets", "lids_margin", "ears"),
    thin_regions=("nostrils", "brows"),
    thinner=0.25,
    cover=0.84,
    patches=0.03,
)


def _cheeks(subject: Subject) -> list[Film]:
    """Return the blush on both cheeks."""
    look, place, films = _BLUSH, subject.surface.position, []
    bare = subject.region(*look.bare)
    for side in SIDES:
        apple = _mean_place(subject.head, look.apple, side)
        apple = apple + look.towards_bone * (subject.head.landmark(f"cheekbone_{side}") - apple)
        sweep = _mean_place(subject.head, look.temple, side) - apple
        away = place - apple[:, None, None]
        along = (torch.einsum("chw,c->hw", away, sweep) / float(sweep @ sweep)).clamp(0.0, 1.0)
        distance = (away - along * sweep[:, None, None]).norm(dim=0)
        reach = look.reach_at_apple + (look.reach_at_temple - look.reach_at_apple) * along
        stroke = torch.exp(-look.falloff * (distance / reach) ** 2) * (1.0 - look.lost * along) * (1.0 - bare)
        uneven = 1.0 + look.patches * subject.noise(PATCHES, "density")
        films += edgeless_films(subject, look.cover * (stroke - look.least).clamp_min(0.0) * uneven)
    return films


def _mean_place(head: Head, weights: Mapping[str, float], side: str) -> Tensor:
    """Return the mean position [3] of two landmarks of one side."""
    first, second = (weight * head.landmark(f"{name}_{side}") for name, weight in weights.items())
    return first + second


def _face(subject: Subject) -> list[Film]:
    """Return the foundation."""
    look, head, place = _FOUNDATION, subject.head, subject.surface.position
    chin, ear = float(head.landmark("menton")[2]), float(head.landmark("tragion_l")[1])
    throat = smoothstep(place[2], *(chin + step for step in look.throat))
    before = 1.0 - smoothstep(place[1], *(ear + step for step in look.ears))
    cover = look.cover * throat * before * (1.0 - subject.region(*look.bare)) * (1.0 - inner(subject))
    cover = cover * (1.0 - look.thinner * subject.region(*look.thin_regions))
    return edgeless_films(subject, cover * (1.0 + look.patches * subject.noise(PATCHES, "colour")))


# ------------------------------------------------------------------------------------------------------------- products


@dataclass(frozen=True)
class _Product:
    """A product of make-up.

    Attributes:
        name: of its layer and of its trait.
        description: for lists and tooltips.
        films: where it lies.
        roughness, specular: where it is matte, and where it is glossy.
        opaque: fraction of the light that would have come out of the skin below, and does not.
        colour: its colour [3], where that depends on the skin's; else it is the trait's tint.
    """

    name: str
    description: str
    films: Callable[[Subject], list[Film]]
    roughness: tuple[float, float]
    specular: tuple[float, float]
    opaque: float
    colour: Callable[[_Tint, Traits], Tensor] | None = None


_NO_TINT: Final = (1.0, 1.0, 1.0)  # the trait's default: such a foundation has the colour of the skin
_FULL_BLUSH: Final = 0.34  # luminance of skin on which blush has its full lightness; darker skin shows through


def _foundation_colour(tint: _Tint, traits: Traits) -> Tensor:
    return resting_colour(traits) if tint == _NO_TINT else torch.tensor(tint)


def _blush_colour(tint: _Tint, traits: Traits) -> Tensor:
    return torch.tensor(tint) * min(1.0, math.sqrt(luminance(resting_colour(traits)) / _FULL_BLUSH))


_PRODUCTS: Final = (
    _Product(
        name="foundation",
        description="foundation, which evens the skin out",
        films=_face,
        roughness=(0.60, 0.30),
        specular=(0.38, 0.55),
        opaque=0.25,
        colour=_foundation_colour,
    ),
    _Product(
        name="blush",
        description="blush on the cheeks",
        films=_cheeks,
        roughness=(0.66, 0.34),
        specular=(0.32, 0.55),
        opaque=0.15,
        colour=_blush_colour,
    ),
    _Product(
        name="eyeshadow",
        description="eyeshadow on the upper lids",
        films=eyeshadow,
        roughness=(0.68, 0.32),
        specular=(0.30, 0.55),
        opaque=0.5,
    ),
    _Product(
        name="eyeliner",
        description="a line along the lashes",
        films=eyeliner,
        roughness=(0.75, 0.16),
        specular=(0.12, 0.65),
        opaque=0.95,
    ),
    _Product(
        name="lipstick",
        description="lipstick",
        films=_lips,
        roughness=(0.58, 0.20),
        specular=(0.35, 0.65),
        opaque=0.75,
    ),
)
"""In the order in which they are laid on."""


@dataclass(frozen=True)
class _Flakes:
    """Flakes of mica in what glitters: single texels that mirror.

    Attributes:
        fraction: of the texels that glitter.
        pale: of the way from the product's colour to white.
        roughness, specular, metallic: of the flakes.
    """

    fraction: float
    pale: float
    roughness: float
    specular: float
    metallic: float


_FLAKES: Final = _Flakes(fraction=0.10, pale=0.45, roughness=0.12, specular=1.0, metallic=0.6)


def _paint(product: _Product, subject: Subject) -> Sequence[Decal]:
    """Paint a product's films in its colour."""
    tint, strength = subject.traits.tint(product.name)
    if strength == 0.0:
        return ()
    gloss = subject.traits.number(f"{product.name}.gloss")
    colour = product.colour(tint, subject.traits) if product.colour else torch.tensor(tint)
    roughness, specular = (matte + (glossy - matte) * gloss for matte, glossy in (product.roughness, product.specular))
    patches, flakes = [], subject.tile_stream(f"{product.name} glitter")
    for film in product.films(subject):
        cover = strength * film.cover
        patches.append(Decal(film.window, cover=cover, colour=colour, roughness=roughness, specular=specular))
        if film.glitters and gloss > 0.0:
            patches.append(_glitter(film, strength * gloss, colour, flakes))
    return patches


def _glitter(film: Film, amount: float, colour: Tensor, generator: torch.Generator) -> Decal:
    """Paint the flakes in a film."""
    random, fraction = torch.rand(film.window.shape, generator=generator), _FLAKES.fraction
    shine = amount * film.cover * ((random - (1.0 - fraction)) / fraction).clamp_min(0.0)
    return Decal(
        film.window,
        cover=shine,
        colour=torch.lerp(colour, torch.ones(3), _FLAKES.pale),
        roughness=_FLAKES.roughness,
        specular=_FLAKES.specular,
        metallic=_FLAKES.metallic,
    )


def _keep_light_out(product: _Product, subject: Subject, ground: Ground) -> Ground:
    """Let less light below the skin, which would blur what lies on it."""
    _, strength = subject.traits.tint(product.name)
    if strength == 0.0:
        return ground
    subsurface = ground.subsurface.clone()
    for film in product.films(replace(subject, size=subject.surface.atlas.size)):
        subsurface[film.window.slices] *= 1.0 - product.opaque * strength * film.cover
    return replace(ground, subsurface=subsurface)


def _layer(product: _Product) -> Layer:
    traits = (product.name, f"{product.name}.gloss", *(PIGMENT_TRAITS if product.colour else ()))
    return Layer(
        product.name,
        product.description,
        traits,
        stain=partial(_keep_light_out, product),
        decals=partial(_paint, product),
    )


MAKEUP: Final = tuple(_layer(product) for product in _PRODUCTS)
