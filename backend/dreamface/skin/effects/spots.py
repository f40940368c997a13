"""Small marks that are asked for by number: moles, freckles, pimples, warts, age spots, painted dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.colours import Colour, between, filtered
from dreamface.skin.effects.counted import places
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Marked


@dataclass(frozen=True)
class _Kind:
    """Marks of one kind. Lengths are millimetres.

    Attributes:
        radius: the least and the most.
        leaves: factors on the skin's light in one.
        soft: of its radius, over which it ends.
        height: of its dome.
        halo: factors on the light around it, and radii over which that ends.
        ragged: of its radius, that its outline strays.
        mottled: how much its colour varies.
        head: of its radius, that a pale head has.
        gloss, roughness: how much of the skin's own shine it replaces, and by what.
        rough: of its height, that its top is uneven.
    """

    radius: tuple[float, float]
    leaves: Colour
    soft: float
    height: float
    halo: tuple[Colour, float] = ((1.0, 1.0, 1.0), 1.0)
    ragged: float = 0.12
    mottled: float = 0.15
    head: float = 0.0
    gloss: float = 0.0
    roughness: float = 0.4
    rough: float = 0.0


_KINDS: Final = {
    "mole": _Kind((1.1, 2.0), (0.24, 0.15, 0.11), 0.22, 0.42, ((0.90, 0.80, 0.74), 1.35), gloss=0.5, roughness=0.42),
    "freckle": _Kind((0.75, 1.25), (0.62, 0.44, 0.31), 0.55, 0.0, ragged=0.22),
    "pimple": _Kind(
        (1.1, 2.0), (0.90, 0.44, 0.43), 0.75, 0.75, ((0.90, 0.55, 0.55), 2.1), head=0.38, gloss=0.55, roughness=0.26
    ),
    "wart": _Kind((1.5, 2.6), (0.78, 0.66, 0.56), 0.3, 1.5, mottled=0.3, gloss=0.4, roughness=0.6, rough=0.3),
    "age spot": _Kind((2.2, 4.2), (0.66, 0.50, 0.37), 0.3, 0.0, ragged=0.24, mottled=0.25),
    "dot": _Kind((1.6, 2.2), (1.0, 1.0, 1.0), 0.14, 0.0, ragged=0.05, mottled=0.0, gloss=0.9, roughness=0.5),
}
_HEAD: Final = (0.72, 0.60, 0.36)  # linear Rec. 709 of what is under a ripe pimple's skin
_DOT: Final = (0.012, 0.010, 0.010)  # linear Rec. 709 of paint whose colour nobody says
_PAINTED: Final = 0.92  # of the skin, that a colour of its own hides
_SIZES: Final = (0.7, 1.3)  # at amounts of 0 and 1
_USUAL: Final = 1  # where nobody says how many
_REACH: Final = 3.0  # radii at which nothing of one is left


def _spots(site: Site, look: Look) -> Sequence[Patch]:
    """Draw so many marks, each with its own size and outline, spread over the place."""
    kind, whole = _KINDS[look.variant or "mole"], Marked(site)
    count = look.count or _USUAL
    colour = look.colour or (_DOT if look.variant == "dot" else None)
    pattern = f"spots/{look.variant}"  # marks of two kinds lie beside each other
    own = torch.rand(3, count, generator=site.random(f"{pattern}/own"))
    low, high = kind.radius
    size = between(*_SIZES, look.amount)
    found: list[Patch] = []
    for number, middle in enumerate(places(site, pattern, count)):
        radius = size * (low + (high - low) * float(own[0, number]))
        near = (whole.position - middle[:, None]).norm(dim=0) < _REACH * radius
        if bool(near.any()):
            found.append(_spot(whole.near(near), middle, radius, kind, float(own[1, number]), colour))
    return found


def _spot(skin: Marked, middle: Tensor, radius: float, kind: _Kind, own: float, own_colour: Colour | None) -> Patch:
    """Draw one of them; with a colour of its own it is of that, and not what the skin makes of it."""
    away = (skin.position - middle[:, None]).norm(dim=0) / radius
    out = (away * (1.0 + kind.ragged * skin.fractal("spots/outline", 2.2 * radius, 2))).clamp_min(0.0)
    soft = max(kind.soft, 0.7 * skin.texel / radius)
    there = (1.0 - smoothstep(out, 1.0 - soft, 1.0 + soft)) * skin.fade
    colour, reach = kind.halo
    halo = torch.exp(-(out / reach).square()) * (1.0 - smoothstep(out, 2.0, 0.95 * _REACH)) * skin.fade
    dome = (1.0 - (out / 1.1).square()).clamp_min(0.0) * skin.fade
    thick = there * (1.0 + kind.mottled * skin.noise("spots/mottled", 0.6 * radius)) * (0.85 + 0.3 * own)
    head = (1.0 - smoothstep(out, 0.6 * kind.head, 1.3 * kind.head)) * skin.fade if kind.head else None
    uneven = 1.0 + kind.rough * skin.noise("spots/rough", 0.7)
    cover, paint = (None, None) if head is None else (0.6 * head, _HEAD)
    stain = filtered(kind.leaves, thick.clamp_min(0.0)) * filtered(colour, halo)
    if own_colour is not None:
        cover, paint, stain = _PAINTED * there, own_colour, torch.ones_like(stain)
    return skin.patch(
        stain=stain,
        cover=cover,
        colour=paint,
        gloss=kind.gloss * there if kind.gloss else None,
        roughness=kind.roughness if kind.gloss else None,
        height_mm=kind.height * radius / kind.radius[1] * dome * uneven if kind.height else None,
    )


SPOTS: Final = Effect(
    "spots",
    "single moles, freckles, pimples, warts, age spots or painted dots, as many as are asked for: “three moles”",
    ("a single mole", "a single freckle", "a single pimple", "a single wart", "a beauty mark"),
    _spots,
    variants=tuple(_KINDS),
    takes_colour=True,
    counts=True,
)
