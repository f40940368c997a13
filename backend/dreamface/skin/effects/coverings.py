"""What lies dry on the skin: dirt, mud, dust, soot; paint and make-up; gold leaf and glitter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.colours import Colour, between, mixed
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Marked, Outline

# ---------------------------------------------------------------------------------------------------------------- dirt


@dataclass(frozen=True)
class _Dirt:
    """Something that sticks to the skin.

    Attributes:
        light, dark: linear Rec. 709 of the thinnest and the thickest of it.
        cover: 0..1 that a thin smudge and a thick one hide.
        patch_mm: size of its patches.
        begins: of a noise, from which there is any, at amounts of 0 and 1.
        streaked: how much it is rubbed along the place.
        rubbed_mm: length and width of what it is rubbed to.
        roughness: of it.
        grains: share of it that lies in grains.
        thick_mm: of a thick patch.
    """

    light: Colour
    dark: Colour
    cover: tuple[float, float]
    patch_mm: float
    begins: tuple[float, float]
    streaked: float
    rubbed_mm: tuple[float, float]
    roughness: float
    grains: float
    thick_mm: float


_DIRTS: Final = {
    "dirt": _Dirt(
        (0.150, 0.098, 0.060), (0.042, 0.027, 0.017), (0.30, 0.88), 9.0, (0.5, -1.3), 0.55, (16.0, 1.4), 0.72, 0.5, 0.06
    ),
    "dust": _Dirt(
        (0.46, 0.40, 0.32), (0.36, 0.30, 0.23), (0.22, 0.72), 14.0, (-0.6, -2.6), 0.25, (16.0, 1.4), 0.9, 0.35, 0.03
    ),
    "soot": _Dirt(
        (0.045, 0.040, 0.036), (0.008, 0.008, 0.008), (0.16, 0.90), 19.0, (0.2, -2.8), 0.60, (30.0, 5.5), 0.8, 0.0, 0.0
    ),
    "ash": _Dirt(
        (0.34, 0.33, 0.32), (0.12, 0.12, 0.12), (0.28, 0.80), 8.0, (0.1, -1.8), 0.3, (16.0, 1.4), 0.92, 0.6, 0.05
    ),
}


def _dirt(site: Site, look: Look) -> Sequence[Patch]:
    """Rub dirt into the place: smudges that are streaked along it, and grains."""
    kind, skin = _DIRTS[look.variant or "dirt"], Marked(site)
    course = skin.course()
    long, wide = kind.rubbed_mm
    curved = course.across + 0.35 * wide * skin.noise("dirt/curved", 2.5 * wide)
    place = torch.stack((course.along / long, curved / wide, torch.zeros_like(course.along)))
    streaks = skin.at(place, "dirt/streaks")
    powdery = kind.grains == 0.0  # finer than its grains can be seen
    patches = skin.fractal("dirt", kind.patch_mm, 2 if powdery else 6)
    fine = 0.3 * skin.noise("dirt/fine", 0.7) if powdery else skin.noise("dirt/fine", 0.7)
    amount = patches + kind.streaked * streaks + 0.25 * fine
    begins = between(*kind.begins, look.amount)
    soft = min(12.0, 0.6 * skin.radius, 0.8 * course.half_width)
    edge = smoothstep(skin.depth + 0.35 * soft * patches, -0.1 * soft, soft) * skin.fade
    smudge = smoothstep(amount, begins, begins + (4.2 if powdery else 3.2)) * edge

    def grain(away: Tensor, own: Tensor, _: slice) -> Tensor:
        return torch.stack((1.0 - smoothstep(away / (0.1 + 0.22 * own[1]), 0.55, 1.1),)) * (own[0] < 0.6 * kind.grains)

    (grains,) = skin.marks("dirt/grains", 1.15, grain) * smoothstep(smudge, 0.08, 0.5) * min(1.0, 0.35 / skin.texel)
    low, high = kind.cover
    cover = (low * smoothstep(smudge, 0.0, 0.25) + (high - low) * smudge).clamp(0.0, 1.0) * edge
    cover = torch.maximum(cover, 0.85 * grains)
    dark = (smudge + 0.8 * grains).clamp(0.0, 1.0)
    colour = mixed(kind.light, kind.dark, dark) if look.colour is None else mixed(look.colour, look.colour, dark)
    height = kind.thick_mm * smudge + 0.16 * kind.grains * grains
    return (
        skin.patch(
            cover=cover, colour=colour, gloss=smoothstep(cover, 0.0, 0.6), roughness=kind.roughness, subsurface=0.1,
            height_mm=height,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Mud:
    """Mud: its border, thickness, colours wet and dry, and the plates that it breaks into when it dries."""

    outline: Outline
    thick_mm: float = 0.6
    wet: Colour = (0.060, 0.036, 0.020)
    dry: Colour = (0.36, 0.265, 0.175)
    roughness: tuple[float, float] = (0.22, 0.9)
    plate_mm: float = 8.0
    crack_mm: float = 0.30


_MUD: Final = _Mud(outline=Outline(6.0, 9.0, 0.5, 0.3))


def _mud(site: Site, look: Look) -> Sequence[Patch]:
    """Cover the place with mud, lumpy and wet or dried to cracked plates."""
    kind, skin = _MUD, Marked(site)
    dried = look.variant == "dried"
    inside = skin.island("mud", kind.outline)
    splashes = smoothstep(skin.fractal("mud/holes", 7.0, 4), *((-2.1, -1.8) if look.amount > 0.4 else (-0.6, -0.3)))
    there = inside * splashes
    lumps = (0.6 + 0.28 * skin.fractal("mud/lumps", 6.0, 3)).clamp_min(0.12)
    height = kind.thick_mm * there * lumps
    tone = (0.5 + 0.35 * skin.fractal("mud/tone", 3.0)).clamp(0.0, 1.0)
    colour = mixed(kind.wet, tuple(1.7 * channel for channel in kind.wet), tone)  # type: ignore[arg-type]
    cover = 0.985 * there
    if dried:
        borders, number = skin.cells("mud/plates", kind.plate_mm, skin.warp("mud/bend", 4.0, 0.6))
        gap = kind.crack_mm * (0.5 + 0.5 * lumps)
        crack = 1.0 - smoothstep(borders, 0.3 * max(0.1, skin.texel), 0.3 * max(0.1, skin.texel) + 1.0)
        open_ = 1.0 - smoothstep(borders - gap, -0.12 - 0.5 * skin.texel, 0.12 + 0.5 * skin.texel)
        height = height * (1.0 - 0.92 * open_) + 0.16 * there * crack * (1.0 - open_)
        colour = mixed(kind.dry, tuple(0.72 * channel for channel in kind.dry), 0.6 * tone + 0.4 * number)  # type: ignore[arg-type]
        colour = colour * (1.0 - 0.72 * open_)
    return (
        skin.patch(
            cover=cover, colour=colour, gloss=there, roughness=kind.roughness[int(dried)], specular=0.5, subsurface=0.0,
            flat=0.85 * there, height_mm=height,
        ),
    )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- paint


@dataclass(frozen=True)
class _Finish:
    """How a film of paint or make-up shines.

    Attributes:
        roughness: 0..1.
        metallic: 0..1.
        sparkle: how much roughness varies from grain to grain.
        gloss: 0..1 how much of the skin's own shine it replaces.
    """

    roughness: float
    metallic: float = 0.0
    sparkle: float = 0.0
    gloss: float = 0.9


_FINISHES: Final = {
    "satin": _Finish(0.36),
    "matte": _Finish(0.72),
    "glossy": _Finish(0.09, gloss=1.0),
    "shimmer": _Finish(0.26, 0.55, 0.18, 1.0),
    "metallic": _Finish(0.22, 0.95, 0.10, 1.0),
}
"""Variants of everything painted."""

_FINISH_NAMES: Final = tuple(_FINISHES)


@dataclass(frozen=True)
class _Film:
    """A film on the skin.

    Attributes:
        colour: linear Rec. 709, where none is said.
        finish: where none is said.
        cover: 0..1 of the skin that it hides, at amounts of 0 and 1.
        uneven: how unevenly it lies, and over how many millimetres.
        thick_mm: what it fills of pores and lines stands on the skin.
        fills: 0..1 of pores and lines that it fills.
        worn: 0..1 that pores and lines show through.
    """

    colour: Colour
    finish: str
    cover: tuple[float, float]
    uneven: tuple[float, float]
    thick_mm: float = 0.0
    fills: float = 0.0
    worn: float = 0.0


_LIPSTICK: Final = _Film((0.300, 0.012, 0.022), "satin", (0.75, 0.97), (0.05, 0.9), fills=0.25)
_MAKEUP: Final = _Film((0.36, 0.10, 0.11), "satin", (0.25, 0.70), (0.12, 1.6))
_EYESHADOW: Final = _Film((0.05, 0.032, 0.035), "satin", (0.45, 0.9), (0.10, 1.2))
_BLUSH: Final = _Film((0.52, 0.10, 0.13), "matte", (0.15, 0.5), (0.10, 5.0))
_FACE_PAINT: Final = _Film((0.80, 0.79, 0.77), "satin", (0.88, 0.985), (0.05, 2.2), 0.05, 0.35, 0.10)
_BAND: Final = _Film((0.012, 0.012, 0.014), "matte", (0.965, 0.99), (0.012, 2.2), 0.06, 0.45)
_HIGHLIGHT: Final = _Film((0.86, 0.72, 0.56), "shimmer", (0.15, 0.4), (0.10, 3.0))


def _film(skin: Marked, name: str, kind: _Film, look: Look, there: Tensor) -> Patch:
    """Return a film of paint that lies where `there` [N] says."""
    finish = _FINISHES[look.variant if look.variant in _FINISHES else kind.finish]
    share, cell = kind.uneven
    uneven = 1.0 + share * skin.fractal(f"{name}/uneven", cell)
    worn = kind.worn * smoothstep(skin.noise(f"{name}/worn", 0.8) + 0.6 * skin.noise(f"{name}/rubbed", 6.0), 0.9, 2.0)
    cover = (between(*kind.cover, look.amount) * uneven - worn).clamp(0.0, 0.99) * there
    rough: float | Tensor = finish.roughness
    if finish.sparkle:
        grains = skin.noise(f"{name}/grains", max(0.22, 1.6 * skin.texel))
        rough = (finish.roughness + finish.sparkle * grains).clamp(0.06, 1.0)
    return skin.patch(
        cover=cover,
        colour=look.colour or kind.colour,
        gloss=finish.gloss * smoothstep(cover, 0.0, 0.75),
        roughness=rough,
        metallic=finish.metallic if finish.metallic else None,
        flat=kind.fills * there if kind.fills else None,
        height_mm=kind.thick_mm * there * uneven if kind.thick_mm else None,
    )


def _lipstick(site: Site, look: Look) -> Sequence[Patch]:
    """Paint the place with lipstick; smeared, it is rubbed out sideways."""
    skin = Marked(site)
    if look.variant != "smeared":
        return (_film(skin, "lipstick", _LIPSTICK, look, skin.mask),)
    across = skin.position[0]
    place = torch.stack((across / 22.0, skin.position[2] / 1.3, torch.zeros_like(across)))
    streaks = skin.at(place, "lipstick/streaks")
    lips = skin.cut(site.subject.region("lips_upper", "lips_lower")[None])[0]
    core = smoothstep(lips + 0.12 * streaks, 0.35, 0.6) if bool((lips > 0.5).any()) else smoothstep(
        skin.depth, 0.15 * skin.radius, 0.45 * skin.radius
    )  # fmt: skip
    core = core * skin.fade
    rubbed = smoothstep(streaks + 0.5 * skin.noise("lipstick/rubbed", 5.0), -1.1, 1.2)
    ends = smoothstep(skin.depth + 0.15 * skin.radius * streaks, 0.0, 0.4 * skin.radius) * skin.fade
    there = torch.maximum(core * (0.82 + 0.18 * rubbed), 0.60 * rubbed * ends)
    return (_film(skin, "lipstick", _LIPSTICK, look, there),)


def _worn(name: str, film: _Film, soft: float, site: Site, look: Look) -> Sequence[Patch]:
    """Lay a film over the place, fading out over a fraction `soft` of its radius; 0 is as the mask does."""
    skin = Marked(site)
    there = smoothstep(skin.depth, 0.0, soft * skin.radius) * skin.mask if soft else skin.mask
    return (_film(skin, name, film, look, there),)


@dataclass(frozen=True)
class _WarPaint:
    """Stripes as fingers draw them. Lengths are millimetres.

    Attributes:
        every: between two of them.
        filled: of that, which is painted.
        wobble: how far their borders stray.
        dry: from where on, along a stripe, its hairs show; in half lengths.
        band: times as long as wide, from where on a place is one band itself.
    """

    every: float = 13.0
    filled: float = 0.60
    wobble: float = 0.7
    dry: tuple[float, float] = (0.45, 1.05)
    band: float = 2.2
    colour: Colour = (0.012, 0.012, 0.014)


_WAR_PAINT: Final = _WarPaint()
_STROKES: Final = ("tribal", "smeared")  # variants that fingers draw, whatever the place's shape is


def _war_paint(site: Site, look: Look) -> Sequence[Patch]:
    """Draw stripes along the place, as fingers do it: full in their middle, dry and streaked at their ends."""
    kind, skin = _WAR_PAINT, Marked(site)
    finish = look.variant if look.variant in _FINISHES else "matte"
    wanted = Look(look.colour or kind.colour, look.amount, finish)
    course = skin.course()
    if look.variant == "band" or (look.variant not in _STROKES and course.half_length > kind.band * course.half_width):
        ragged = 0.35 * skin.noise("war/edge", 1.5) + 0.2 * skin.noise("war/wobble", 5.0)
        solid = smoothstep(skin.depth + ragged, -0.3 - 0.7 * skin.texel, 0.3 + 0.7 * skin.texel) * skin.fade
        return (_film(skin, "war", _BAND, wanted, solid),)
    count = max(1, round(2.0 * course.half_width / kind.every))
    every = 2.0 * course.half_width / count if count > 1 else 2.2 * course.half_width
    across = course.across + kind.wobble * skin.noise("war/wobble", 9.0) + 0.25 * skin.noise("war/edge", 1.5)
    number = (across / every - 0.5 * (count % 2 == 0)).round() + 0.5 * (count % 2 == 0)
    away = (across - number * every).abs() - 0.5 * kind.filled * every
    soft = max(0.25, 0.7 * skin.texel)
    stripe = 1.0 - smoothstep(away, -soft, soft)
    place = torch.stack((course.along / 30.0, course.across / 0.75, number))
    hairs = skin.at(place, "war/hairs")
    worn = skin.fractal("war/worn", 4.0)
    far = course.along.abs() / course.half_length
    dry = smoothstep(far + 0.12 * worn, *kind.dry)
    shown = smoothstep(hairs + 0.45 * worn + 1.9 - 3.6 * dry, -0.5, 0.6)
    pressed = smoothstep(away / (0.5 * kind.filled * every), -1.0, 0.0)  # a finger pushes paint to the borders
    there = stripe * shown * skin.fade
    film = _film(skin, "war", _FACE_PAINT, wanted, there * (0.90 + 0.10 * pressed))
    return (film,)


@dataclass(frozen=True)
class _Clown:
    """White grease paint: its colour, and how it cracks where the skin moves."""

    colour: Colour = (0.80, 0.79, 0.78)
    crack_cell_mm: float = 4.0
    crack_mm: float = 0.10
    cracked: float = 0.45


_CLOWN: Final = _Clown()


def _clown(site: Site, look: Look) -> Sequence[Patch]:
    """Cover the place with white grease paint, which has set and cracked a little."""
    kind, skin = _CLOWN, Marked(site)
    borders, _ = skin.cells("clown", kind.crack_cell_mm, skin.warp("clown/bend", 3.0, 1.0))
    where = smoothstep(skin.fractal("clown/where", 14.0), 0.2, 1.2) * kind.cracked
    cracks = (1.0 - smoothstep(borders, kind.crack_mm, kind.crack_mm + max(0.12, skin.texel))) * where
    wanted = Look(look.colour or kind.colour, max(look.amount, 0.7), look.variant or "matte")
    return (_film(skin, "clown", _FACE_PAINT, wanted, skin.mask * (1.0 - cracks)),)


# ---------------------------------------------------------------------------------------------- gold leaf, glitter


@dataclass(frozen=True)
class _Leaf:
    """Metal leaf. Lengths are millimetres.

    Attributes:
        torn: its border.
        holes: size of the holes, and of the noise from which there is one, at amounts of 0 and 1.
        crease: between creases, and their height.
        crumple: between fine wrinkles, and their height.
        flakes: of loose bits around it.
        colour: linear Rec. 709 of what it mirrors.
        roughness: the least and the most.
    """

    torn: Outline
    holes: tuple[float, float, float] = (5.0, 1.05, 2.6)
    crease: tuple[float, float] = (6.5, 0.09)
    crumple: tuple[float, float] = (2.1, 0.05)
    flakes: float = 5.0
    colour: Colour = (1.0, 0.60, 0.17)
    roughness: tuple[float, float] = (0.14, 0.34)


_LEAF: Final = _Leaf(torn=Outline(5.5, 6.0, 0.08, 0.30))
_LEAVES: Final = {"gold": _LEAF.colour, "silver": (0.86, 0.85, 0.83), "copper": (0.88, 0.40, 0.24)}


def _leaf(site: Site, look: Look) -> Sequence[Patch]:
    """Lay metal leaf on the place: torn borders, holes, creases, and loose flakes beside it."""
    kind, skin = _LEAF, Marked(site)
    jagged = 0.9 * skin.noise("leaf/jagged", 1.3) + 0.5 * skin.noise("leaf/teeth", 0.55)
    ragged = min(kind.torn.ragged_mm, kind.torn.most * skin.radius)
    edge = skin.depth + ragged * (skin.fractal("leaf", kind.torn.cell_mm, 4) - 0.9) + 0.35 * jagged
    soft = max(kind.torn.soft_mm, 0.6 * skin.texel)
    size, few, many = kind.holes
    holes = skin.fractal("leaf/holes", size, 5) + 0.15 * jagged - between(few, many, look.amount)
    sheet = smoothstep(torch.minimum(edge, -holes * 1.2), -soft, soft)
    borders, number = skin.cells("leaf/creases", kind.crease[0], skin.warp("leaf/bend", 5.0, 1.3))
    flakes = smoothstep(edge, -ragged * 1.6, 0.0) * smoothstep(
        skin.fractal("leaf/flakes", 2.2, 3) + 0.2 * jagged, 1.3, 1.45
    )
    there = torch.maximum(sheet, flakes) * skin.fade
    crease = torch.exp(-borders / 0.28) * smoothstep(skin.noise("leaf/pressed", 8.0), -1.0, 0.6)
    crumple = skin.ridges("leaf/crumple", kind.crumple[0], warp=skin.warp("leaf/fold", 3.0, 1.0)).pow(3)
    lift = torch.exp(-(edge / 0.5).square()) * smoothstep(skin.noise("leaf/lift", 3.0), 0.2, 1.0)
    height = 0.02 + kind.crease[1] * crease + kind.crumple[1] * crumple + 0.16 * lift + 0.02 * number
    low, high = kind.roughness
    rough = (low + (high - low) * (0.5 + 0.35 * skin.fractal("leaf/rough", 3.0))).clamp(0.08, 0.6)
    colour = torch.tensor(look.colour or _LEAVES[look.variant or "gold"])[:, None]
    tone = (1.0 + 0.06 * skin.fractal("leaf/tone", 4.0) - 0.18 * crease).clamp(0.6, 1.1)
    return (
        skin.patch(
            cover=there, colour=(colour * tone).clamp(0.0, 1.0), gloss=there, roughness=rough, specular=0.5,
            metallic=1.0, subsurface=0.0, flat=0.82 * there, height_mm=height * there,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Glitter:
    """Flakes of glitter: millimetres of their cells and radii, and how many cells have one at amounts of 0 and 1."""

    cell: float = 1.05
    radius: tuple[float, float] = (0.26, 0.52)
    often: tuple[float, float] = (0.5, 1.0)
    colour: Colour = (0.92, 0.86, 0.74)


_GLITTER: Final = _Glitter()


def _glitter(site: Site, look: Look) -> Sequence[Patch]:
    """Strew flakes of metal, each turned another way."""
    kind, skin = _GLITTER, Marked(site)
    often = between(*kind.often, look.amount)
    thin = smoothstep(skin.depth + 0.3 * skin.radius * skin.noise("glitter/thin", 6.0), -0.1, 0.6 * skin.radius)
    low, high = kind.radius
    soft = max(0.05, 0.6 * skin.texel)

    def flake(away: Tensor, own: Tensor, where: slice) -> Tensor:
        radius = low + (high - low) * own[1]
        there = (own[0] < often * (0.25 + 0.75 * thin[where])).float()
        inside = 1.0 - smoothstep((away - radius) / soft, -1.0, 1.0)
        there = there * (radius / radius.clamp_min(soft)).square()  # blurred ones keep their sum
        return torch.stack((inside, inside * own[2], inside * own[3])) * there

    there, tint, tilt = skin.marks("glitter", kind.cell, flake) * skin.fade
    base = look.colour or kind.colour
    colour = mixed(base, tuple(min(1.0, 0.25 + 0.9 * channel) for channel in base), tint)  # type: ignore[arg-type]
    return (
        skin.patch(
            cover=there, colour=colour, gloss=there, roughness=0.08 + 0.2 * tint, metallic=1.0, subsurface=0.0,
            height_mm=0.14 * tilt,
        ),
    )  # fmt: skip


COVERINGS: Final = (
    Effect(
        "dirt",
        "dirt, dust, soot or ash that is rubbed in",
        ("dirt", "dirty", "grime", "grimy", "filth", "smudges", "smudge", "dust", "dusty", "sand", "sandy",
         "soot", "sooty",
         "coal dust", "ash", "ashes", "grease", "greasy"),
        _dirt,
        variants=tuple(_DIRTS),
        takes_colour=True,
    ),
    Effect("mud", "mud, wet or dried", ("mud", "muddy", "clay"), _mud, variants=("wet", "dried")),
    Effect(
        "lipstick",
        "lipstick on the marked place, in any finish, or smeared",
        ("lipstick", "lip gloss", "lip colour", "lip color", "lip paint"),
        _lipstick,
        variants=(*_FINISH_NAMES, "smeared"),
        takes_colour=True,
    ),
    Effect(
        "eyeshadow",
        "eyeshadow on the marked place, in any finish",
        ("eyeshadow", "eye shadow", "smoky eye", "smokey eye", "smoky eyes", "kohl", "eyeliner", "eye liner"),
        partial(_worn, "eyeshadow", _EYESHADOW, 0.0),
        variants=_FINISH_NAMES,
        takes_colour=True,
    ),
    Effect(
        "blush",
        "blush that is blended out to the borders",
        ("blush", "blusher", "rouge", "rosy cheek", "rosy cheeks", "rosy"),
        partial(_worn, "blush", _BLUSH, 0.8),
        variants=_FINISH_NAMES,
        takes_colour=True,
    ),
    Effect(
        "makeup",
        "a sheer film of make-up",
        ("makeup", "make-up", "make up", "foundation", "powder", "concealer", "bronzer", "contour"),
        partial(_worn, "makeup", _MAKEUP, 0.0),
        variants=_FINISH_NAMES,
        takes_colour=True,
    ),
    Effect(
        "highlighter",
        "highlighter: shimmer that is blended out",
        ("highlighter", "shimmer", "strobing"),
        partial(_worn, "highlighter", _HIGHLIGHT, 0.6),
        variants=("shimmer", "metallic"),
        takes_colour=True,
    ),
    Effect(
        "paint",
        "opaque face paint in any colour and finish",
        ("face paint", "facepaint", "body paint", "paint", "painted", "grease paint", "greasepaint"),
        partial(_worn, "paint", _FACE_PAINT, 0.0),
        variants=_FINISH_NAMES,
        takes_colour=True,
    ),
    Effect(
        "war paint",
        "a band of paint on a long narrow place; else, or tribal, stripes along it, as fingers draw them",
        ("war paint", "warpaint", "tribal paint", "paint stripes", "painted stripes",
         "camo paint", "stripes of war paint", "stripes of paint",
         "eye black"),
        _war_paint,
        variants=("matte", *(name for name in _FINISH_NAMES if name != "matte"), "band", *_STROKES),
        takes_colour=True,
    ),
    Effect(
        "clown",
        "white grease paint that has cracked a little",
        ("clown", "clown white", "clown makeup", "clown paint", "white face makeup", "mime", "geisha white",
         "geisha", "joker"),
        _clown,
        variants=("matte", *(name for name in _FINISH_NAMES if name != "matte")),
        takes_colour=True,
    ),
    Effect(
        "leaf",
        "gold, silver or copper leaf with torn borders",
        ("gold leaf", "silver leaf", "copper leaf", "gold foil", "silver foil", "copper foil", "gold flakes",
         "leaf gold",
         "gilded", "gilding", "foil"),
        _leaf,
        variants=tuple(_LEAVES),
        takes_colour=True,
    ),
    Effect("glitter", "flakes of glitter", ("glitter", "glittery", "sparkles", "sequins"), _glitter, takes_colour=True),
)  # fmt: skip
