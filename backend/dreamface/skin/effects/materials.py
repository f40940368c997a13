"""The skin turned to something else: porcelain, dry earth, stone, marble, bark, frost, what glows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.colours import Colour, between, filtered, mixed
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.finer import drawn_finer
from dreamface.skin.effects.marked import Marked, Outline

# -------------------------------------------------------------------------------------------------------------- cracks


@dataclass(frozen=True)
class _Cracks:
    """Cracks in the skin, and what lies between them. Lengths are millimetres.

    Attributes:
        cell: between cracks, at amounts of 0 and 1.
        half_width: of the widest ones.
        depth: of them.
        bend: how far they stray.
        inside: linear Rec. 709 deep in them.
        plates: of what covers the skin between them; None is the skin itself.
        roughness: of the plates.
        curl: height of the plates' rims.
        flat: 0..1 of the skin's own relief that is gone on the plates.
    """

    cell: tuple[float, float]
    half_width: float
    depth: float
    bend: float
    inside: Colour
    plates: Colour | None = None
    roughness: float = 0.5
    curl: float = 0.0
    flat: float = 0.0


_CRACKS: Final = {
    "fine": _Cracks((30.0, 14.0), 0.17, 0.30, 2.0, (0.010, 0.006, 0.005), curl=0.10),
    "porcelain": _Cracks((40.0, 20.0), 0.15, 0.28, 2.4, (0.012, 0.010, 0.009), (0.66, 0.64, 0.60), 0.08, 0.10, 0.94),
    "earth": _Cracks((13.0, 7.5), 0.40, 0.55, 1.3, (0.030, 0.020, 0.012), (0.36, 0.26, 0.175), 0.92, 0.16, 0.6),
    "glowing": _Cracks((19.0, 9.0), 0.40, 0.3, 2.0, (1.0, 0.26, 0.02), (0.020, 0.017, 0.016), 0.75, 0.15, 0.5),
}
_BRANCH: Final = (0.42, 0.6)  # of the finer cracks: their cells and widths over the large ones'


def _cracks(site: Site, look: Look) -> Sequence[Patch]:
    """Break the place: large cracks and finer ones that branch off from them."""
    variant = look.variant or "fine"
    kind, skin = _CRACKS[variant], Marked(site)
    cell = min(between(*kind.cell, look.amount), 1.2 * max(skin.radius, 4.0))
    branched = variant in ("fine", "porcelain")
    inside = skin.fade if kind.plates is None else skin.island("cracks/area", Outline(2.5, 8.0, 0.2, 0.08))
    bend = skin.warp("cracks/bend", 0.8 * cell, 0.10 * cell) + skin.warp("cracks/fine", 1.6, 0.10)
    borders, number = skin.cells("cracks", cell, bend)
    fine_borders, _ = skin.cells("cracks/branch", _BRANCH[0] * cell, bend)
    width = kind.half_width * (0.75 + 0.35 * skin.noise("cracks/width", 5.0)).clamp(0.25, 1.6)
    branches = smoothstep(skin.noise("cracks/where", cell), -0.1, 0.9)
    if branched:
        # Hard skin breaks in lines that thin out and end: not all borders of plates are open, and branches leave them.
        open_here = smoothstep(skin.noise("cracks/open", 0.9 * cell) + 0.35 * skin.noise("cracks/ends", 4.0), -0.9, 0.3)
        branches = branches * torch.exp(-borders / (0.28 * cell))
        width = width * open_here
    soft = max(0.07, 0.6 * skin.texel)
    gap = 1.0 - smoothstep(borders - width, -soft, soft)
    fine = (1.0 - smoothstep(fine_borders - _BRANCH[1] * width * branches, -soft, soft)) * smoothstep(
        branches, 0.0, 0.3
    )
    open_ = torch.maximum(gap, fine)
    near = torch.exp(-borders / (2.2 if variant == "earth" else 0.9)) * (1.0 - open_)
    if branched:
        # Where they are finer than a texel, they are as much weaker.
        weak = smoothstep(open_here, 0.02, 0.25) * (2.0 * width / (width + soft)).clamp_max(1.0)
        gap, fine = gap * weak, fine * weak
        open_, near = torch.maximum(gap, fine), near * open_here
    patches = []
    if kind.plates is not None:
        tone = 1.0 + (0.16 if variant in ("earth", "glowing") else 0.03) * (
            skin.fractal("cracks/tone", 3.0) + number - 0.5
        )
        plate = torch.tensor(kind.plates)[:, None] * tone.clamp(0.4, 1.5)
        if look.colour is not None and variant != "glowing":
            plate = torch.tensor(look.colour)[:, None] * tone.clamp(0.4, 1.5)
        step = 0.05 * (number - 0.5) * (variant != "glowing")
        patches.append(
            skin.patch(
                cover=0.985 * inside, colour=plate.clamp(0.0, 1.0), gloss=inside, roughness=kind.roughness,
                specular=0.5,
                subsurface=0.3 if variant == "porcelain" else 0.0, flat=kind.flat * inside,
                height_mm=inside * (kind.curl * near + step + 0.12),
            )
        )  # fmt: skip
    cracked = open_ * inside
    within = look.colour if variant in ("fine", "glowing") and look.colour is not None else kind.inside
    if variant == "glowing":
        halo = torch.exp(-borders / 0.8) * inside * 0.75
        hot = mixed(within, tuple(min(1.0, 0.45 + 0.9 * channel) for channel in within), open_)  # type: ignore[arg-type]
        patches.append(skin.patch(cover=torch.maximum(halo, cracked), colour=hot))
        patches.append(skin.patch(gloss=cracked, roughness=0.6, subsurface=1.0, height_mm=-kind.depth * cracked))
        return patches
    raised = kind.curl * near * inside if kind.plates is None and kind.curl else 0.0
    patches.append(
        skin.patch(
            cover=0.93 * cracked, colour=within, gloss=cracked, roughness=0.8,
            height_mm=raised - kind.depth * cracked,
        )
    )  # fmt: skip
    return patches


# ------------------------------------------------------------------------------------------------------------ minerals


@dataclass(frozen=True)
class _Stone:
    """Stone.

    Attributes:
        light, dark: linear Rec. 709 of its grains.
        grain_mm: their size.
        veined: how strong its veins are.
        roughness: of it.
        rough_mm: height of its roughness; larger shapes stand out by three times that.
        flat: 0..1 of the skin's own relief that is gone.
        subsurface: of it.
    """

    light: Colour
    dark: Colour
    grain_mm: float
    veined: float
    roughness: float
    rough_mm: float
    flat: float
    subsurface: float = 0.0


_STONES: Final = {
    "stone": _Stone((0.31, 0.30, 0.28), (0.10, 0.097, 0.092), 1.0, 0.0, 0.88, 0.16, 0.75),
    "marble": _Stone((0.64, 0.63, 0.60), (0.16, 0.20, 0.21), 2.0, 0.85, 0.22, 0.0, 0.9, 0.5),
    "obsidian": _Stone((0.018, 0.018, 0.022), (0.006, 0.006, 0.008), 3.0, 0.0, 0.07, 0.0, 0.95),
}
_STONE_EDGE: Final = Outline(3.0, 9.0, 0.3, 0.10)


def _stone(site: Site, look: Look) -> Sequence[Patch]:
    """Turn the place to stone: speckled and rough, or polished with veins."""
    kind, skin = _STONES[look.variant or "stone"], Marked(site)
    inside = skin.island("stone", _STONE_EDGE)
    light = look.colour or kind.light
    speckle = smoothstep(
        skin.fractal("stone/grain", kind.grain_mm, 2) + 0.5 * skin.fractal("stone/cloud", 9.0), -0.9, 1.6
    )
    colour = mixed(light, kind.dark, (0.75 * speckle if not kind.veined else 0.12 * speckle))
    if kind.veined:
        bend = skin.warp("stone/bend", 11.0, 5.0) + skin.warp("stone/fine", 3.0, 0.9)
        veins = skin.ridges("stone/veins", 9.0, (1.0, 3.0, 3.4), bend).pow(16) + 0.5 * skin.ridges(
            "stone/fine", 4.5, (1.0, 3.0, 3.4), bend
        ).pow(22)
        smoke = skin.ridges("stone/veins", 9.0, (1.0, 3.0, 3.4), bend).pow(3) * smoothstep(
            skin.noise("stone/smoke", 15.0), -0.5, 1.2
        )
        colour = mixed(colour, kind.dark, (kind.veined * (0.8 * veins + 0.30 * smoke)).clamp(0.0, 1.0))
    relief = inside * 0.25
    if kind.rough_mm:
        chips = skin.fractal("stone/chips", 5.0, 5)
        pits = smoothstep(skin.noise("stone/pits", 1.5), 1.2, 1.9)
        relief = inside * (0.3 + kind.rough_mm * (1.6 * chips + 0.5 * skin.noise("stone/rough", 0.6)) - 0.35 * pits)
        colour = colour * (1.0 - 0.45 * pits) * (1.0 + 0.08 * chips).clamp(0.6, 1.4)
    return (
        skin.patch(
            cover=inside, colour=colour.clamp(0.0, 1.0), gloss=inside, roughness=kind.roughness, specular=0.5,
            subsurface=kind.subsurface, flat=kind.flat * inside, height_mm=relief,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Bark:
    """Bark: its border, plates in millimetres, how much longer they are than wide, depth of its furrows, colours."""

    outline: Outline
    plate_mm: float = 6.0
    long: float = 3.4
    depth_mm: float = 1.5
    light: Colour = (0.25, 0.175, 0.115)
    dark: Colour = (0.018, 0.011, 0.007)
    moss: Colour = (0.075, 0.100, 0.022)


_BARK: Final = _Bark(outline=Outline(4.0, 9.0, 0.6, 0.12))


def _bark(site: Site, look: Look) -> Sequence[Patch]:
    """Turn the place to bark: long plates with deep furrows between them."""
    kind, skin = _BARK, Marked(site)
    inside = skin.island("bark", kind.outline)
    stretch = (1.0, 1.0, kind.long)
    bend = skin.warp("bark/bend", 9.0, 2.2)
    first = skin.noise("bark/large", kind.plate_mm, stretch, bend).abs()
    second = skin.noise("bark/small", 0.45 * kind.plate_mm, stretch, bend).abs()
    furrow = (1.0 - smoothstep(first, 0.0, 0.75)) + 0.45 * (1.0 - smoothstep(second, 0.0, 0.6))
    fibres = skin.noise("bark/fibres", 0.55, (1.0, 1.0, 6.0))
    height = kind.depth_mm * (0.75 - 0.75 * furrow) + 0.09 * fibres + 0.18 * skin.fractal("bark/plates", 3.0)
    tone = (0.12 + 0.70 * furrow + 0.10 * fibres).clamp(0.0, 1.0)
    colour = mixed(look.colour or kind.light, kind.dark, tone)
    moss = smoothstep(skin.fractal("bark/moss", 8.0, 4), 0.7, 1.4) * (1.0 - tone) * 0.7
    colour = mixed(colour, kind.moss, moss)
    return (
        skin.patch(
            cover=inside, colour=colour, gloss=inside, roughness=0.88, specular=0.4, subsurface=0.0, flat=0.8 * inside,
            height_mm=height * inside,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Frost:
    """Frost: linear colour of its crystals, their size, and how far it covers at amounts of 0 and 1."""

    colour: Colour = (0.80, 0.86, 0.92)
    needle_mm: float = 1.9
    cover: tuple[float, float] = (0.55, 0.95)
    cold: Colour = (0.82, 0.90, 1.06)


_FROST: Final = _Frost()
_NEEDLES_TEXEL_MM: Final = 0.42  # of the largest texels that show its needles


def _frost(site: Site, look: Look) -> Sequence[Patch]:
    """Cover the place with needles of ice over cold, bluish skin."""
    return drawn_finer(_needles, site, look, _NEEDLES_TEXEL_MM)


def _needles(site: Site, look: Look) -> Sequence[Patch]:
    """Draw frost on texels that show its needles."""
    kind, skin = _FROST, Marked(site)
    edge = smoothstep(skin.depth + 0.3 * skin.radius * skin.fractal("frost/edge", 6.0, 4), -0.5, 0.5 * skin.radius)
    needles = skin.ridges("frost/needles", kind.needle_mm, (1.0, 2.6, 1.0), skin.warp("frost/bend", 2.0, 0.8), 3.0)
    cross = skin.ridges("frost/cross", kind.needle_mm, (2.6, 1.0, 1.6), skin.warp("frost/turn", 2.0, 0.8), 3.0)
    grown = torch.maximum(needles, cross)
    there = (grown + 0.7 * smoothstep(skin.fractal("frost/thick", 5.0), -0.4, 1.6)).clamp(0.0, 1.0) * edge * skin.fade
    cover = between(*kind.cover, look.amount) * there
    blue = mixed((1.0, 1.0, 1.0), kind.cold, edge * skin.mask)
    cold = skin.patch(stain=blue)
    ice = skin.patch(
        cover=cover, colour=look.colour or kind.colour, gloss=there, roughness=0.55 - 0.35 * grown, specular=0.5,
        subsurface=0.9, height_mm=0.16 * there * (0.4 + grown),
    )  # fmt: skip
    return cold, ice


# ---------------------------------------------------------------------------------------------------------------- glow

_GLOW: Final = (0.10, 0.85, 1.0)  # linear Rec. 709


def _glow(site: Site, look: Look) -> Sequence[Patch]:
    """Give the place a bright pure colour with light below it: the maps have no light of their own."""
    skin = Marked(site)
    colour = torch.tensor(look.colour or _GLOW)
    colour = (colour / colour.max().clamp_min(0.05)).clamp(0.01, 1.0)
    core = smoothstep(skin.depth, 0.1 * skin.radius, 0.6 * skin.radius) * skin.mask
    hot = mixed(colour[:, None], (1.0, 1.0, 1.0), 0.55 * core)
    there = skin.mask * (0.75 + 0.25 * core)
    return (skin.patch(cover=0.96 * there, colour=hot, gloss=there, roughness=0.5, subsurface=1.0),)


@dataclass(frozen=True)
class _Plate:
    """A metal plate's border. Lengths are millimetres.

    Attributes:
        height: of the plate above the skin.
        bevel: width of its sloping edge, at most, and over the place's radius.
        seam: half the width of the groove in the skin around it, and how deep it is.
        shade: factors on the skin's light in the groove.
    """

    height: float = 0.7
    bevel: tuple[float, float] = (2.6, 0.2)
    seam: float = 0.6
    deep: float = 0.5
    shade: Colour = (0.22, 0.14, 0.13)


_PLATE: Final = _Plate()


def _metal(site: Site, look: Look) -> Sequence[Patch]:
    """Plate the place with metal, polished, with fine scratches; the skin's lines are in it, its pores are not."""
    skin = Marked(site)
    kind = _PLATE
    soft, bevel = max(0.15, 0.7 * skin.texel), min(kind.bevel[0], kind.bevel[1] * skin.radius)
    there = smoothstep(skin.depth - kind.seam, -soft, soft) * skin.fade
    sloped = smoothstep(skin.depth - kind.seam, 0.0, bevel) * there
    seam = torch.exp(-((skin.depth - 0.3 * kind.seam) / max(kind.seam, 0.8 * skin.texel)).square()) * skin.fade
    seam = seam * (1.0 - there)
    scratches = skin.ridges("metal/scratches", 1.6, (9.0, 9.0, 1.0), skin.warp("metal/bend", 20.0, 6.0)).pow(6)
    colour = torch.tensor(look.colour or METALS[look.variant or "chrome"])
    tone = 1.0 + 0.02 * skin.fractal("metal/tone", 6.0)
    rough = (0.16 + 0.10 * scratches + 0.05 * skin.fractal("metal/rough", 8.0)).clamp(0.06, 0.5)
    groove = skin.patch(stain=filtered(kind.shade, seam), height_mm=-kind.deep * seam)
    plate = skin.patch(
        cover=there, colour=(colour[:, None] * tone).clamp(0.0, 1.0), gloss=there, roughness=rough, specular=0.5,
        metallic=1.0, subsurface=0.0, flat=0.88 * there, height_mm=kind.height * sloped,
    )  # fmt: skip
    return groove, plate


METALS: Final[dict[str, Colour]] = {
    "chrome": (0.72, 0.73, 0.75),
    "gold": (1.0, 0.62, 0.168),
    "silver": (0.83, 0.81, 0.77),
    "copper": (0.87, 0.43, 0.26),
    "bronze": (0.56, 0.25, 0.078),
    "rose gold": (0.89, 0.49, 0.40),
    "brass": (0.74, 0.52, 0.15),
    "steel": (0.50, 0.51, 0.53),
    "iron": (0.27, 0.26, 0.24),
    "titanium": (0.39, 0.36, 0.33),
    "platinum": (0.69, 0.66, 0.58),
}
"""Linear Rec. 709 of what polished metals mirror."""

MATERIALS: Final = (
    Effect(
        "cracks",
        "cracks in the skin; cracked porcelain, dry earth, or cracks that glow",
        ("crack", "cracks", "cracked", "fractured", "shattered", "cracked porcelain", "porcelain", "china doll",
         "dry earth", "cracked earth", "dried earth", "desert", "glowing cracks", "lava", "magma", "molten", "ember",
         "embers", "fire cracks"),
        _cracks,
        variants=tuple(_CRACKS),
        takes_colour=True,
    ),
    Effect(
        "stone",
        "stone, polished marble or obsidian",
        ("stone", "rock", "granite", "concrete", "petrified", "statue", "marble", "obsidian"),
        _stone,
        variants=tuple(_STONES),
        takes_colour=True,
    ),
    Effect(
        "bark", "bark with deep furrows", ("bark", "tree bark", "wood", "wooden", "tree"), _bark, takes_colour=True
    ),
    Effect(
        "frost",
        "needles of ice on cold skin",
        ("frost", "frosty", "ice", "icy", "frozen", "snow", "frostbite", "frost bite", "frostbitten"),
        _frost,
        takes_colour=True,
    ),
    Effect(
        "glow",
        "a bright pure colour with light below it; it looks lit, but gives no light to what is around it",
        ("glow", "glowing", "neon", "luminous", "bioluminescent", "glow in the dark"),
        _glow,
        takes_colour=True,
    ),
    Effect(
        "metal",
        "polished metal: chrome, gold, copper and others",
        ("metal", "metal plate", "metallic", "metal skin", "plated", *METALS, "chrome plate"),
        _metal,
        variants=tuple(METALS),
        takes_colour=True,
    ),
)  # fmt: skip
