"""What lies in the skin and changes its colour: birthmarks, the sun's work, pallor, patches without pigment, veins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.canvas.pigments import RESTING_OXYGENATION, skin_colour
from dreamface.skin.effects.colours import Colour, between, column, filtered, mixed
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Marked, Outline


@dataclass(frozen=True)
class _Birthmark:
    """A birthmark.

    Attributes:
        outline: its border.
        leaves: factors on the skin's light.
        uneven: how much its thickness varies, and over how many millimetres.
        lumps_mm: height of the lumps that it consists of.
        lump_cell_mm: their size.
        gloss: 0..1 how much of the skin's own shine it replaces.
    """

    outline: Outline
    leaves: Colour
    uneven: tuple[float, float]
    lumps_mm: float = 0.0
    lump_cell_mm: float = 3.0
    gloss: float = 0.0


_BIRTHMARKS: Final = {
    "port wine": _Birthmark(Outline(5.0, 14.0, 1.6), (0.66, 0.29, 0.38), (0.22, 3.2)),
    "cafe au lait": _Birthmark(Outline(3.2, 12.0, 1.0), (0.70, 0.56, 0.45), (0.07, 2.0)),
    "strawberry": _Birthmark(Outline(2.5, 5.0, 0.7), (0.80, 0.15, 0.17), (0.12, 2.5), 1.1, 3.0, 0.35),
    "mole": _Birthmark(Outline(1.2, 5.0, 0.35), (0.30, 0.18, 0.13), (0.10, 1.6), 0.5, 2.2, 0.15),
}


def _birthmark(site: Site, look: Look) -> Sequence[Patch]:
    """Filter the skin's light through blood or melanin, within a border of nature's own."""
    kind, skin = _BIRTHMARKS[look.variant or "port wine"], Marked(site)
    share, cell = kind.uneven
    inside = skin.island("birthmark", kind.outline)
    thick = inside * (1.0 + share * skin.fractal("birthmark/uneven", cell)).clamp(0.3, 1.5)
    patch = {"stain": filtered(kind.leaves, thick)}
    if not kind.lumps_mm:
        return (skin.patch(**patch),)
    lumps = kind.lumps_mm * inside * (0.7 + 0.3 * skin.noise("birthmark/lumps", kind.lump_cell_mm)).clamp_min(0.0)
    return (skin.patch(**patch, height_mm=lumps, flat=0.5 * inside, gloss=kind.gloss * inside, roughness=0.32),)


# ------------------------------------------------------------------------------------------------------------- the sun


@dataclass(frozen=True)
class _Sunburn:
    """A sunburn.

    Attributes:
        leaves: factors on the light of strongly burnt skin.
        mottled: how uneven it is, and over how many millimetres.
        peels_over: amount from which the skin begins to peel, and at which it peels most.
        flakes: size of the flakes in millimetres, and the fraction of the skin that has peeled at most.
        flake_colour: of dead skin.
        flake_mm: height of the curled rims.
    """

    leaves: Colour = (0.93, 0.44, 0.42)
    mottled: tuple[float, float] = (0.12, 6.0)
    peels_over: tuple[float, float] = (0.6, 1.0)
    flakes: tuple[float, float] = (9.0, 0.42)
    flake_colour: Colour = (0.62, 0.50, 0.42)
    flake_mm: float = 0.11


_SUNBURN: Final = _Sunburn()


def _sunburn(site: Site, look: Look) -> Sequence[Patch]:
    """Redden the skin; where it is burnt badly, it comes off in flakes with pale curled rims over new, smooth skin."""
    kind, skin = _SUNBURN, Marked(site)
    share, cell = kind.mottled
    amount = skin.mask * (between(0.5, 1.2, look.amount) * (1.0 + share * skin.fractal("sunburn", cell)))
    patches = [skin.patch(stain=filtered(kind.leaves, amount.clamp_min(0.0)))]
    low, high = kind.peels_over
    peeling = min(max((look.amount - low) / (high - low), 0.0), 1.0)
    if look.variant == "peeling":
        peeling = max(peeling, 0.8)
    if peeling > 0.0:
        size, most = kind.flakes
        edge = skin.fractal("sunburn/flakes", size, 4) - between(2.2, 0.35, peeling * most / 0.42)
        bare = smoothstep(edge, 0.0, 0.12) * skin.fade
        rim = torch.exp(-((edge + 0.06) / 0.10).square()) * skin.fade
        rim = rim * (0.55 + 0.45 * skin.noise("sunburn/rim", 1.6)).clamp(0.0, 1.0)
        patches.append(
            skin.patch(
                stain=filtered((1.04, 0.80, 0.80), bare),
                cover=0.72 * rim,
                colour=kind.flake_colour,
                gloss=torch.maximum(0.5 * bare, 0.8 * rim),
                roughness=torch.where(rim > bare, 0.75, 0.30),
                flat=0.55 * bare,
                height_mm=kind.flake_mm * rim - 0.03 * bare,
            )
        )
    return patches


@dataclass(frozen=True)
class _Tan:
    """Steps of melanin that a tanned place has more, at amounts of 0 and 1, and of blood."""

    melanin: tuple[float, float]
    blood: float


_TANS: Final = {"tanned": _Tan((0.08, 0.30), 0.06), "tan line": _Tan((-0.08, -0.26), -0.10)}


def _tan(site: Site, look: Look) -> Sequence[Patch]:
    """Give the place more of the sun, or, as under a strap, less."""
    kind, skin = _TANS[look.variant or "tanned"], Marked(site)
    melanin = between(*kind.melanin, look.amount) * skin.mask
    return (skin.patch(melanin=melanin, blood=kind.blood * skin.mask),)


_PALLOR: Final = (1.10, 1.24, 1.27)  # factors on the light of skin that the blood has left


def _pale(site: Site, look: Look) -> Sequence[Patch]:
    """Take the blood out of the skin."""
    skin = Marked(site)
    return (skin.patch(stain=filtered(_PALLOR, between(0.6, 1.4, look.amount) * skin.mask)),)


@dataclass(frozen=True)
class _Rash:
    """Red blotches.

    Attributes:
        leaves: factors on the light where it is strongest.
        blotch_mm: size.
        over: of the noise over which a blotch begins.
        bumps_mm: height of its small bumps.
    """

    leaves: Colour
    blotch_mm: float
    over: tuple[float, float]
    bumps_mm: float


_RASHES: Final = {
    "rash": _Rash((0.90, 0.42, 0.42), 4.0, (-0.4, 1.1), 0.10),
    "flushed": _Rash((0.95, 0.58, 0.60), 12.0, (-2.6, 0.8), 0.0),
    "allergy": _Rash((0.93, 0.50, 0.50), 8.0, (0.0, 0.35), 0.35),
}


def _rash(site: Site, look: Look) -> Sequence[Patch]:
    """Redden the skin in blotches; hives also swell."""
    kind, skin = _RASHES[look.variant or "rash"], Marked(site)
    low, high = kind.over
    blotches = smoothstep(skin.fractal("rash", kind.blotch_mm) + between(-0.5, 0.7, look.amount), low, high) * skin.mask
    stain = filtered(kind.leaves, blotches)
    if not kind.bumps_mm:
        return (skin.patch(stain=stain),)
    bumps = kind.bumps_mm * blotches * (0.8 + 0.3 * skin.noise("rash/bumps", 1.1))
    return (skin.patch(stain=stain, height_mm=bumps),)


# ----------------------------------------------------------------------------------------------------- without pigment

_BARE: Final = Outline(5.0, 9.0, 0.5)
_BARE_MELANIN, _BARE_BLOOD, _BARE_COVER = 0.04, 0.75, 0.94  # of skin without pigment; a little of the skin's own stays


def _vitiligo(site: Site, look: Look) -> Sequence[Patch]:
    """Show skin that has lost its pigment, with a sharp winding border; pores and lines stay."""
    skin, one = Marked(site), torch.ones(1, 1)
    colour = skin_colour(_BARE_MELANIN * one, _BARE_BLOOD * one, RESTING_OXYGENATION * one, 0.2 * one)[:, 0, 0]
    bare = skin.island("vitiligo", _BARE)
    islets = smoothstep(skin.fractal("vitiligo/islets", 4.5), 1.5, 1.75)  # of pigment around hairs
    return (skin.patch(cover=_BARE_COVER * bare * (1.0 - 0.8 * islets), colour=colour),)


# --------------------------------------------------------------------------------------------------------------- veins


@dataclass(frozen=True)
class _Vein:
    """Veins of one size.

    Attributes:
        cell_mm: between them.
        width: of the noise at which one ends: the half width in cells, about.
        leaves: factors on the light over one.
        height_mm: that the skin is raised.
    """

    cell_mm: float
    width: float
    leaves: Colour
    height_mm: float


_VEINS: Final = (
    _Vein(17.0, 0.10, (0.60, 0.72, 0.86), 0.30),
    _Vein(7.0, 0.11, (0.70, 0.78, 0.88), 0.10),
    _Vein(3.2, 0.13, (0.80, 0.84, 0.90), 0.03),
)
_DARK: Final = (0.16, 0.13, 0.17)  # factors on the light over a vein that something evil flows through


def _veins(site: Site, look: Look) -> Sequence[Patch]:
    """Draw winding veins that branch into finer ones, seen through the skin and a little raised."""
    skin = Marked(site)
    bend = skin.warp("veins/bend", 6.0, 1.6)
    stain, height = torch.ones(3, len(skin.mask)), torch.zeros_like(skin.mask)
    for number, vein in enumerate(_VEINS):
        line = skin.noise(f"veins/{number}", vein.cell_mm, warp=bend).abs()
        soft = max(vein.width, 1.2 * skin.texel / vein.cell_mm)
        shown = smoothstep(skin.noise(f"veins/{number}/where", 2.2 * vein.cell_mm), -0.7, 0.5)
        there = (1.0 - smoothstep(line, 0.25 * soft, soft)) * shown * skin.mask * between(0.6, 1.3, look.amount)
        leaves = vein.leaves
        if look.variant == "dark":
            leaves = _DARK
        if look.colour is not None:
            leaves = tuple(max(channel, 0.03) ** 0.6 for channel in look.colour)
        stain *= filtered(leaves, there)
        height += vein.height_mm * there
    return (skin.patch(stain=stain, height_mm=height),)


# ---------------------------------------------------------------------------------------------------------------- ink


@dataclass(frozen=True)
class _Ink:
    """Tattoo ink.

    Attributes:
        black: factors on the light under black ink, which looks blue through skin.
        thins: of a colour's darkness, how much is seen through the skin.
        uneven: how unevenly it lies, and over how many millimetres.
    """

    black: Colour = (0.055, 0.062, 0.075)
    thins: float = 0.85
    uneven: tuple[float, float] = (0.05, 1.8)


_INK: Final = _Ink()


def _ink(site: Site, look: Look) -> Sequence[Patch]:
    """Fill the place with tattoo ink, which lies in the skin: shine and relief stay."""
    skin = Marked(site)
    share, cell = _INK.uneven
    amount = skin.mask * (1.0 + share * skin.fractal("ink", cell))
    if look.colour is None:
        return (skin.patch(stain=filtered(_INK.black, amount)),)
    most = max(*look.colour, 1e-3)
    leaves = tuple(max(0.04, channel / max(most, 0.35)) ** _INK.thins for channel in look.colour)
    return (skin.patch(stain=mixed((1.0, 1.0, 1.0), column(leaves), amount.clamp(0.0, 1.0))),)


PIGMENTS: Final = (
    Effect(
        "birthmark",
        "a birthmark: a port-wine stain, café au lait, strawberry mark or large mole",
        ("birthmark", "birthmarks", "port wine stain", "port wine birthmark", "café au lait", "strawberry mark",
         "haemangioma", "hemangioma", "naevus", "nevus", "big mole", "large mole", "giant mole"),
        _birthmark,
        variants=tuple(_BIRTHMARKS),
    ),
    Effect(
        "sunburn",
        "sunburn: red skin, which peels when there is much of it",
        ("sunburn", "sunburned", "sunburnt", "sun burn", "peeling skin"),
        _sunburn,
        variants=("red", "peeling"),
    ),
    Effect(
        "tan",
        "more of the sun (tanned), or less, as under a strap or glasses (tan line)",
        ("tan", "tanned", "suntan", "sun tan", "suntanned", "tan line", "tan lines"),
        _tan,
        variants=("tanned", "tan line"),
    ),
    Effect(
        "pale", "skin that the blood has left", ("pale", "pallor", "paler", "pallid", "ashen", "bloodless"), _pale
    ),
    Effect(
        "rash",
        "red blotches; flushed skin; the swellings of an allergy",
        ("rash", "eczema", "rosacea", "hives", "blotchy", "flushed", "flush", "irritated", "redness", "red skin",
         "allergic reaction"),
        _rash,
        variants=tuple(_RASHES),
    ),
    Effect(
        "vitiligo",
        "a patch without pigment, with a winding border",
        ("vitiligo", "vitiligo patch", "depigmented", "depigmentation", "white patch"),
        _vitiligo,
    ),
    Effect(
        "veins",
        "winding veins, blue or dark",
        ("vein", "veins", "veiny", "varicose"),
        _veins,
        variants=("blue", "dark"),
        takes_colour=True,
    ),
    Effect(
        "ink",
        "tattoo ink in the skin, black or coloured",
        ("ink", "inked", "tattoo", "tattooed", "tattoos", "blackout tattoo"),
        _ink,
        takes_colour=True,
    ),
)  # fmt: skip
