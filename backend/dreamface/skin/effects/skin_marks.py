"""What changes the skin's relief: scars, wounds, acne, goosebumps, pits, and its opposite, smooth skin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.canvas.pigments import (
    PIGMENT_TRAITS,
    RESTING_OXYGENATION,
    resting_blood,
    resting_colour,
    skin_colour,
)
from dreamface.skin.effects.colours import Colour, between, filtered, mixed
from dreamface.skin.effects.counted import LOOSE, PARALLEL, each, side_by_side
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Course, Marked, Outline

# --------------------------------------------------------------------------------------------------------------- scars


@dataclass(frozen=True)
class _Line:
    """A scar that is a line along the marked place.

    Attributes:
        half_width_mm: at amounts of 0 and 1, at most.
        of_width: of the marked place's half width, that it takes at most.
        of_length: of its half length.
        wander: half widths that its course strays.
        torn: how much its width varies.
        melanin: of the skin's, that its tissue has.
        blood: steps that its tissue has more.
        margin_blood: steps that the skin beside it has more.
        height_mm: of the line; less than 0 is sunken.
        rim_mm: height of the rims beside it.
        pucker_mm: height of its small cross folds.
        gloss, roughness: how much of the skin's own shine it replaces, and by what.
        domed: 0 is as high at its borders as in its middle, 1 is round.
    """

    half_width_mm: tuple[float, float] = (0.8, 2.4)
    of_width: float = 0.9
    of_length: float = 0.94
    wander: float = 0.45
    torn: float = 0.30
    melanin: float = 0.35
    blood: float = 0.22
    margin_blood: float = 0.08
    height_mm: float = 0.16
    rim_mm: float = 0.10
    pucker_mm: float = 0.09
    gloss: float = 0.85
    roughness: float = 0.27
    domed: float = 0.0


_CUT: Final = _Line()
_FRESH_LINE: Final = replace(_CUT, blood=1.2, margin_blood=0.6, height_mm=0.34, rim_mm=0.2, melanin=0.7)
_STITCHED: Final = replace(_CUT, half_width_mm=(0.6, 1.3), blood=1.0, margin_blood=0.7, height_mm=0.22, torn=0.18)
_KELOID: Final = replace(
    _CUT, half_width_mm=(3.0, 6.5), blood=2.2, height_mm=1.8, rim_mm=0.0, pucker_mm=0.0, torn=0.12, wander=0.2,
    melanin=0.98, margin_blood=0.2, roughness=0.19, gloss=0.95, domed=1.0,
)  # fmt: skip


@dataclass(frozen=True)
class _Thread:
    """Stitches across a scar. Lengths are millimetres.

    Attributes:
        every: between two of them.
        reach: from the middle to an end.
        half_width, height: of the thread.
        lean: how far each leans to the side at random.
        hole: radius of the red spots at its ends.
        colour: linear Rec. 709.
        pull: height of the skin that it pulls up.
    """

    every: float = 5.2
    reach: float = 3.4
    half_width: float = 0.26
    height: float = 0.34
    lean: float = 0.8
    hole: float = 0.7
    colour: Colour = (0.006, 0.007, 0.012)
    pull: float = 0.22


_THREAD: Final = _Thread()


@dataclass(frozen=True)
class _Burn:
    """Burnt skin that has healed.

    Attributes:
        outline: its border.
        bands_mm: between the ropes of tissue, and their height.
        pale, pink: factors on the skin's light of what lies between them and of themselves, on pale skin.
        roughness: of ropes and of hollows.
    """

    outline: Outline
    bands_mm: tuple[float, float] = (7.5, 0.62)
    melanin: tuple[float, float] = (0.35, 0.75)
    blood: tuple[float, float] = (0.25, 1.25)
    roughness: tuple[float, float] = (0.24, 0.36)


_BURN: Final = _Burn(outline=Outline(5.0, 12.0, 1.6))


_WIDEST: Final = 1.7  # half widths of a scar at its widest
_FADED: Final = 9.0  # local half widths from its middle at which 1/1000 of its margin is left
_FARTHEST: Final = 5.0  # deviations that its course strays at most
_TISSUE_WITHIN: Final = (0.3, 1.8)
"""Bounds of the factors: on the darkest skin a scar would look like somebody else's skin."""


def _tissue(site: Site, melanin: float, blood: float) -> Colour:
    """Return factors on the light of a person's skin that make it the tissue of a scar."""
    traits, one = site.subject.traits, torch.ones(1, 1)
    amounts = (
        melanin * traits.number("skin.melanin"),
        resting_blood(traits) + blood,
        RESTING_OXYGENATION,
        traits.number("skin.yellowness"),
    )
    colour = skin_colour(*(amount * one for amount in amounts))[:, 0, 0] / resting_colour(traits)
    red, green, blue = colour.clamp(*_TISSUE_WITHIN).tolist()
    return red, green, blue


def _scar(site: Site, look: Look) -> Sequence[Patch]:
    """Draw one of the kinds of scars."""
    if look.variant == "burn":
        return each(_burn_scar, site, look) if look.count else _burn_scar(site, look)
    kind = {"fresh": _FRESH_LINE, "stitched": _STITCHED, "keloid": _KELOID}.get(look.variant, _CUT)
    place = Marked(site)
    found: list[Patch] = []
    for number, course in enumerate(
        side_by_side(site, place.course(look.course, straight=bool(look.course)), look.count, LOOSE)
    ):
        found += _one_scar(place, course, kind, look, number)
    return found


def _one_scar(place: Marked, course: Course, kind: _Line, look: Look, number: int) -> Sequence[Patch]:
    """Draw one line of scars."""
    skin, course = _around_line(place, course, kind, look)
    width, line, away = _line(skin, course, kind, look, number)
    rims = torch.exp(-((away - 1.7) / 0.55).square()) * _within(skin, course, kind)
    margin = torch.exp(-(away / 3.2).square()) * _within(skin, course, kind)
    margin_leaves = _tissue(skin.site, 1.0, kind.margin_blood)
    stain = filtered(margin_leaves, margin - 0.9 * line) * filtered(_tissue(skin.site, kind.melanin, kind.blood), line)
    folds = skin.fractal("scar/folds", 2.2, 2) * line * kind.pucker_mm
    round_ = 1.0 - kind.domed + kind.domed * (1.0 - away.clamp(0.0, 1.0).square()).sqrt()
    height = kind.height_mm * line * round_ + kind.rim_mm * rims + folds
    patch = skin.patch(
        stain=stain, gloss=kind.gloss * line, roughness=kind.roughness, flat=0.95 * line, height_mm=height
    )
    return (patch, *_stitches(skin, course, width)) if look.variant == "stitched" else (patch,)


def _half_width(course: Course, kind: _Line, look: Look) -> float:
    """Return millimetres from a scar's middle to its sides."""
    return min(between(*kind.half_width_mm, look.amount), kind.of_width * course.half_width + 0.3)


def _around_line(skin: Marked, course: Course, kind: _Line, look: Look) -> tuple[Marked, Course]:
    """Return the texels that a line, its margin and its stitches reach, and its course there."""
    thread = 3.0 * _THREAD.reach if look.variant == "stitched" else 0.0
    far = _half_width(course, kind, look) * (_WIDEST * _FADED + _FARTHEST * kind.wander) + thread
    end = kind.of_length * course.half_length + thread
    near = (course.across.abs() < far) & (course.along.abs() < end)
    return (skin.near(near), course.near(near)) if near.any() else (skin, course)


def _line(skin: Marked, course: Course, kind: _Line, look: Look, number: int) -> tuple[float, Tensor, Tensor]:
    """Return a scar's half width, how much of it [N] lies at each texel, and [N] half widths away from its middle."""
    width, own = _half_width(course, kind, look), f"/{number}" if number else ""
    stray = width * kind.wander * skin.noise(f"scar/course{own}", 6.0)
    torn = (1.0 + kind.torn * skin.fractal(f"scar/torn{own}", 2.4)).clamp(0.45, _WIDEST)
    taper = (1.0 - (course.along / (kind.of_length * course.half_length)).square()).clamp_min(0.0).sqrt()
    local = width * torn * (0.25 + 0.75 * taper)
    away = (course.across + stray).abs() / local
    soft = max(0.28, 0.7 * skin.texel / width)
    line = (1.0 - smoothstep(away, 1.0 - soft, 1.0 + soft)) * _within(skin, course, kind)
    return width, line, away


def _within(skin: Marked, course: Course, kind: _Line) -> Tensor:
    """Return [N] 1 between a scar's ends, and 0 beyond them."""
    end = kind.of_length * course.half_length
    return (1.0 - smoothstep(course.along.abs(), end - min(2.0, 0.3 * end), end)) * skin.fade


def _stitches(skin: Marked, course: Course, width: float) -> Sequence[Patch]:
    """Draw the thread, the skin that it pulls up, and the sore holes that it goes through."""
    kind = _THREAD
    count = max(2, round(2.0 * 0.88 * course.half_length / kind.every))
    every = 2.0 * 0.88 * course.half_length / count
    number = ((course.along / every) - 0.5).round().clamp(-(count // 2), (count - 1) // 2)
    table = torch.rand(2, 512, generator=skin.site.random("scar/stitches")) - 0.5
    own = table[:, (number.long() + 256).clamp(0, 511)]
    reach = min(kind.reach, max(1.4, 0.85 * course.half_width)) * (1.0 + 0.3 * own[0])
    lean = kind.lean * own[1] * course.across / kind.reach
    beside = (course.along - (number + 0.5) * every - lean).abs()
    beyond = (course.across.abs() - reach).clamp_min(0.0)
    away = torch.hypot(beside, beyond)
    soft = max(0.06, 0.6 * skin.texel)
    thread = (1.0 - smoothstep(away, kind.half_width - soft, kind.half_width + soft)) * skin.fade
    knot = torch.hypot(beside, course.across - 0.8 * reach)
    thread = torch.maximum(thread, (1.0 - smoothstep(knot, 0.45 - soft, 0.45 + soft)) * skin.fade)
    hole = torch.exp(-(torch.hypot(beside, course.across.abs() - reach) / kind.hole).square()) * skin.fade
    pull = torch.exp(-(beside / 1.3).square()) * torch.exp(-(course.across / (0.8 * kind.reach)).square()) * skin.fade
    round_ = (1.0 - (away / kind.half_width).square()).clamp_min(0.0).sqrt()
    sore = skin.patch(stain=filtered((0.72, 0.33, 0.34), hole), height_mm=kind.pull * pull - 0.15 * hole)
    cord = skin.patch(
        cover=0.97 * thread, colour=kind.colour, gloss=thread, roughness=0.42, subsurface=0.0,
        height_mm=kind.height * thread * (0.6 + 0.4 * round_),
    )  # fmt: skip
    return sore, cord


def _burn_scar(site: Site, look: Look) -> Sequence[Patch]:
    """Draw melted skin: shining ropes of tissue, pink and pale, and no pores."""
    kind, skin = _BURN, Marked(site)
    inside = skin.island("burn", kind.outline)
    cell, height = kind.bands_mm
    bend = skin.warp("burn/bend", 9.0, 2.4)
    ropes = torch.exp(-(skin.noise("burn/ropes", cell, (1.0, 1.0, 1.6), bend) / 0.42).square())
    small = torch.exp(-(skin.noise("burn/small", 0.55 * cell, warp=bend) / 0.5).square())
    relief = inside * height * (ropes + 0.45 * small * (1.0 - ropes) - 0.3)
    pink = smoothstep(0.3 * ropes + 0.55 * skin.fractal("burn/pink", 6.0), -0.5, 1.0)
    pale_leaves, pink_leaves = (
        _tissue(site, melanin, blood) for melanin, blood in zip(kind.melanin, kind.blood, strict=True)
    )
    leaves = mixed(pale_leaves, pink_leaves, pink)
    low, high = kind.roughness
    return (
        skin.patch(
            stain=leaves.pow(inside),
            gloss=0.9 * inside,
            roughness=high + (low - high) * ropes,
            flat=0.97 * inside,
            height_mm=relief,
        ),
    )


# -------------------------------------------------------------------------------------------------------------- wounds


@dataclass(frozen=True)
class _Wound:
    """An open cut. Lengths are millimetres.

    Attributes:
        half_width, scratched: at amounts of 0 and 1, of a single one and of several side by side.
        depth: of the gap.
        rim: height of its swollen borders.
        flesh, deep: linear Rec. 709 of what is seen in it, at its border and deep in it.
        sore: factors on the light of the skin around it.
    """

    half_width: tuple[float, float] = (1.1, 3.0)
    scratched: tuple[float, float] = (0.35, 2.6)
    depth: float = 1.3
    rim: float = 0.55
    flesh: Colour = (0.30, 0.035, 0.028)
    deep: Colour = (0.045, 0.002, 0.002)
    sore: Colour = (0.86, 0.40, 0.42)


_WOUND: Final = _Wound()
_SCRATCH: Final = 0.1  # amounts up to which a single one is a scratch


def _wound(site: Site, look: Look) -> Sequence[Patch]:
    """Open the skin along the place: a dark wet gap between swollen red borders."""
    if look.variant == "graze":
        return each(_graze, site, look) if look.count else _graze(site, look)
    place = Marked(site)
    found: list[Patch] = []
    for number, course in enumerate(
        side_by_side(site, place.course(look.course, straight=bool(look.course)), look.count, PARALLEL)
    ):
        found += _one_wound(place, course, look, number)
    return found


def _one_wound(place: Marked, course: Course, look: Look, number: int) -> Sequence[Patch]:
    """Draw one gap."""
    kind = _WOUND
    shape = replace(_CUT, half_width_mm=kind.half_width, torn=0.28, wander=0.35)
    if look.count > 1 or look.amount <= _SCRATCH:  # claws and cats scratch thinner lines than a blade cuts
        shape = replace(shape, half_width_mm=kind.scratched)
    skin, course = _around_line(place, course, shape, look)
    _, gap, away = _line(skin, course, shape, look, number)
    within = _within(skin, course, shape)
    deep = (1.0 - away.clamp(0.0, 1.0).square()) * gap
    rims = torch.exp(-((away - 1.35) / 0.45).square()) * within
    sore = torch.exp(-(away / 3.4).square()) * within
    colour = mixed(kind.flesh, kind.deep, (deep * (1.0 + 0.25 * skin.noise("wound", 0.9))).clamp(0.0, 1.0))
    around = skin.patch(stain=filtered(kind.sore, sore), height_mm=kind.rim * rims)
    inside = skin.patch(
        cover=0.97 * gap, colour=colour, gloss=gap, roughness=0.16, specular=0.5, flat=0.9 * gap,
        height_mm=-kind.depth * deep,
    )  # fmt: skip
    return around, inside


def _graze(site: Site, look: Look) -> Sequence[Patch]:
    """Scrape the skin off in parallel scratches, with small beads of blood and scabs."""
    skin = Marked(site)
    course = skin.course(look.course, straight=bool(look.course))
    scratches = skin.noise("graze", 1.3, (1.0, 1.0, 1.0), skin.warp("graze/bend", 12.0, 1.5))
    along = torch.stack((course.along / 9.0, course.across / 0.55, torch.zeros_like(course.along)))
    lines = skin.at(along, "graze/lines")
    inside = skin.island("graze/area", Outline(4.0, 8.0, 2.0))
    raw = smoothstep(lines + 0.5 * scratches, 0.1, 1.1) * inside
    scab = smoothstep(lines + scratches, 1.5, 2.0) * inside
    sore = skin.patch(stain=filtered((0.88, 0.46, 0.46), 0.75 * inside + 0.5 * raw), height_mm=-0.12 * raw)
    crust = skin.patch(
        cover=torch.maximum(0.65 * raw, 0.92 * scab), colour=mixed((0.24, 0.03, 0.022), (0.05, 0.008, 0.006), scab),
        gloss=torch.maximum(raw, scab), roughness=0.22 + 0.3 * scab, flat=0.6 * raw, height_mm=0.14 * scab,
    )  # fmt: skip
    return sore, crust


# ---------------------------------------------------------------------------------------------------------------- acne


@dataclass(frozen=True)
class _Pimple:
    """Pimples. Lengths are millimetres.

    Attributes:
        cell: there is at most one in each such cube.
        often: of the cubes, at amounts of 0 and 1, that have one.
        radius: the least and the most.
        height: of a dome of the largest.
        halo: radii over which the redness around it ends.
        ripe: of them, that have a pale head, of so many radii.
        sore, halo_leaves: factors on the light of the dome and of what is around it.
        head: linear Rec. 709.
    """

    cell: float = 6.5
    often: tuple[float, float] = (0.45, 1.0)
    radius: tuple[float, float] = (1.0, 2.2)
    height: float = 0.8
    halo: float = 2.0
    ripe: tuple[float, float] = (0.45, 0.42)
    sore: Colour = (0.88, 0.45, 0.44)
    halo_leaves: Colour = (0.93, 0.52, 0.52)
    head: Colour = (0.72, 0.60, 0.36)


_PIMPLE: Final = _Pimple()


def _acne(site: Site, look: Look) -> Sequence[Patch]:
    """Draw inflamed domes with red halos; the ripest have a pale head."""
    kind, skin = _PIMPLE, Marked(site)
    often = between(*kind.often, look.amount)
    blotch = skin.warp("acne/shape", 2.2, 0.10)

    def pimple(away: Tensor, own: Tensor, _: slice) -> Tensor:
        there = (own[0] < often).float()
        radius = between(*kind.radius, 0.0) + (kind.radius[1] - kind.radius[0]) * own[1].square()
        share, size = kind.ripe
        dome = (1.0 - (away / (1.35 * radius)).square()).clamp_min(0.0).square()
        halo = torch.exp(-(away / (0.72 * kind.halo * radius)).square()) * (1.0 - smoothstep(away, 2.2, 3.2))
        head = (1.0 - smoothstep(away, 0.6 * size * 1.0, size * 1.75)) * (own[2] < share) * (radius > 1.0)
        return torch.stack((dome * (radius / kind.radius[1]), dome, halo, head)) * there

    height, dome, halo, head = skin.marks("acne", kind.cell, pimple, blotch) * skin.fade
    sore = filtered(kind.halo_leaves, halo) * filtered(kind.sore, dome)
    return (
        skin.patch(
            stain=sore, cover=0.62 * head, colour=kind.head, gloss=torch.maximum(0.55 * dome, head), roughness=0.27,
            flat=0.6 * dome, height_mm=kind.height * height + 0.12 * head,
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Bumps:
    """Small bumps or pits, close together. Lengths are millimetres.

    Attributes:
        cell: one in each such cube.
        radius: the least and the most.
        height: of the middle; less than 0 are pits.
        leaves: factors on the light in them.
        often: of the cubes that have one, at amounts of 0 and 1.
    """

    cell: float
    radius: tuple[float, float]
    height: float
    leaves: Colour
    often: tuple[float, float] = (0.6, 1.0)


_BUMPS: Final = {
    "goosebumps": _Bumps(2.1, (0.55, 0.95), 0.34, (0.98, 0.95, 0.95)),
    "pits": _Bumps(4.6, (0.6, 1.6), -0.6, (0.95, 0.86, 0.86), (0.35, 0.95)),
    "warts": _Bumps(7.0, (1.2, 2.8), 1.7, (0.80, 0.70, 0.62), (0.5, 1.0)),
}


def _bumps(site: Site, variant: str, look: Look) -> Sequence[Patch]:
    """Draw bumps or pits all over the place."""
    kind, skin = _BUMPS[variant], Marked(site)
    often = between(*kind.often, look.amount)
    low, high = kind.radius

    def bump(away: Tensor, own: Tensor, _: slice) -> Tensor:
        radius = low + (high - low) * own[1]
        inside = (1.0 - (away / radius).square()).clamp_min(0.0)
        return torch.stack((inside.square() * radius / high,)) * (own[0] < often)

    (found,) = skin.marks(variant, kind.cell, bump, skin.warp(f"{variant}/shape", 1.2, 0.15)) * skin.mask
    height = kind.height * found
    if variant == "warts":
        height = height * (1.0 + 0.3 * skin.noise("warts/rough", 0.8))
    return (skin.patch(stain=filtered(kind.leaves, found.clamp(0.0, 1.0)), height_mm=height),)


def _goosebumps(site: Site, look: Look) -> Sequence[Patch]:
    return _bumps(site, "goosebumps", look)


def _pits(site: Site, look: Look) -> Sequence[Patch]:
    return _bumps(site, "pits", look)


def _warts(site: Site, look: Look) -> Sequence[Patch]:
    return _bumps(site, "warts", look)


_LEVELLED: Final = (0.45, 0.95)  # of pores, lines and bumps, at amounts of 0 and 1


def _smooth(site: Site, look: Look) -> Sequence[Patch]:
    """Level pores and lines, as retouching does; the skin's shine gets more even."""
    skin = Marked(site)
    return (skin.patch(flat=between(*_LEVELLED, look.amount) * skin.mask),)


_READS: Final = PIGMENT_TRAITS

SKIN_MARKS: Final = (
    Effect(
        "scar",
        "a scar along the marked place: cut, fresh, stitched or keloid; or a burn all over it",
        ("scar", "scars", "scarred", "scar tissue", "scarring", "stitches", "sutures", "burn", "burns", "burned",
         "burnt", "burn mark", "burn scar", "burn scars", "keloid"),
        _scar,
        reads=_READS,
        variants=("cut", "fresh", "stitched", "burn", "keloid"),
        counts=True,
        lines=True,
    ),
    Effect(
        "wound",
        "an open cut along the marked place, or a graze all over it",
        ("wound", "wounds", "wounded", "gash", "open cut", "slash", "slashed", "laceration", "cut", "cuts", "graze",
         "grazed", "scrape", "scraped", "scratches", "scratched", "abrasion", "road rash"),
        _wound,
        variants=("open", "graze"),
        counts=True,
        lines=True,
    ),
    Effect(
        "acne",
        "pimples, some of them ripe",
        ("acne", "pimple", "pimples", "zit", "zits", "spotty", "breakout", "breakouts", "blemish", "blemishes",
         "pustules"),
        _acne,
    ),
    Effect("goosebumps", "goosebumps", ("goosebumps", "goose bumps", "gooseflesh", "goose flesh"), _goosebumps),
    Effect(
        "pits",
        "pits that acne or smallpox has left",
        ("pits", "pitted", "pockmarks", "pockmark", "pockmarked", "acne scars", "acne scar", "pox scars"),
        _pits,
    ),
    Effect("warts", "warts", ("wart", "warts", "warty"), _warts),
    Effect(
        "smooth",
        "pores and lines levelled, as retouching does",
        ("smooth", "smoother", "smoothen", "smooth out", "smoothed", "airbrushed", "retouched", "poreless", "flawless",
         "no pores", "without pores"),
        _smooth,
    ),
)  # fmt: skip
