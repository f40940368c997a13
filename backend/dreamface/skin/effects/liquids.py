"""Liquids on the skin: blood, sweat, tears, water, slime. They run down, shine, and stand up in drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.noise import solid_noise
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.colours import Colour, between, mixed
from dreamface.skin.effects.effect import Effect, Look
from dreamface.skin.effects.marked import Marked, Outline
from dreamface.units import MM


@dataclass(frozen=True)
class _Drops:
    """Drops that sit on the skin. Lengths are millimetres.

    Attributes:
        cell: one in each such cube.
        radius: the least and the most.
        often: of the cubes that have one, at amounts of 0 and 1.
        steep: height of the middle over the radius.
    """

    cell: float
    radius: tuple[float, float]
    often: tuple[float, float]
    steep: float = 0.42


@dataclass(frozen=True)
class _Runs:
    """Streaks that run down. Lengths are millimetres.

    Attributes:
        cell: between two of them.
        radius: half their width, the least and the most.
        often: of the cells that have one, at amounts of 0 and 1.
        ends: of the marked place's height, from its top, between which they end.
        bead: how much wider the drop at the end is.
        thick: of a streak.
        wander: how far one strays, over about 12 mm.
    """

    cell: float
    radius: tuple[float, float]
    often: tuple[float, float]
    ends: tuple[float, float] = (0.45, 1.02)
    bead: float = 0.55
    thick: float = 0.35
    wander: float = 1.3


def _dropped(skin: Marked, name: str, kind: _Drops, amount: float, near: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return [N] 0..1 of drops, and their height in millimetres; `near` [N] 0..1 makes them rarer in places."""
    low, high = kind.radius
    often = between(*kind.often, amount)
    soft = 0.5 * skin.texel

    def drop(away: Tensor, own: Tensor, where: slice) -> Tensor:
        radius = low + (high - low) * own[1].square()
        there = (own[0] < (often if near is None else often * near[where])).float()
        inside = 1.0 - smoothstep((away - radius) / max(soft, 0.08), -1.0, 1.0)
        dome = (1.0 - (away / radius).square()).clamp_min(0.0).pow(0.65) * radius
        return torch.stack((inside, dome)) * there

    shape = skin.warp(f"{name}/shape", 3.0 * high, 0.15 * high)
    inside, dome = skin.marks(name, kind.cell, drop, shape) * skin.fade
    return inside, kind.steep * dome


def _running(skin: Marked, name: str, kind: _Runs, amount: float) -> tuple[Tensor, Tensor]:
    """Return [N] 0..1 of streaks that run down from the top of the place, and their height in millimetres."""
    bottom, top = skin.extent(2)
    low, high = kind.radius
    often = between(*kind.often, amount)
    first, last = kind.ends
    down = 1.0 - skin.height
    tall = max(top - bottom, 1.0)
    soft = max(0.15, 0.7 * skin.texel)

    def run(away: Tensor, own: Tensor, where: slice) -> Tensor:
        end = first + (last - first) * own[2].sqrt()
        radius = low + (high - low) * own[1]
        left = (end - down[where]) * tall  # millimetres above its end
        below = (-left).clamp_min(0.0)
        bead = kind.bead * torch.exp(-(left / (1.6 * radius)).square())
        wide = radius * (0.62 + bead + 0.25 * own[3])
        reach = torch.hypot(away, 1.1 * below)
        begins = smoothstep((down[where] - first * (0.35 + 0.4 * own[3])) * tall, 0.0, 2.0)  # within the film
        inside = (1.0 - smoothstep((reach - wide) / soft, -1.0, 1.0)) * begins
        dome = begins * (1.0 - (reach / wide).square()).clamp_min(0.0).sqrt() * (0.6 + 1.4 * bead)
        return torch.stack((inside, dome * radius)) * (own[0] < often)

    bend = skin.warp(f"{name}/bend", 16.0, kind.wander) + skin.warp(f"{name}/wobble", 4.0, 0.14 * kind.wander)
    inside, dome = skin.runs(name, kind.cell, run, bend) * skin.fade
    return inside, kind.thick * dome


# --------------------------------------------------------------------------------------------------------------- blood


@dataclass(frozen=True)
class _Blood:
    """Blood on the skin.

    Attributes:
        pool: border of the film from which it runs.
        reaches: of the place's height, from its top, over which the film ends.
        film_mm: its thickness.
        thin, thick: linear Rec. 709 of a smear and of a thick drop.
        cover: 0..1 how much of the skin a smear and a thick drop hide.
        roughness: wet, and of the thinnest of it.
        runs: the streaks.
        spatter: drops around it.
    """

    pool: Outline
    reaches: tuple[float, float] = (0.30, 0.62)
    film_mm: float = 0.16
    thin: Colour = (0.20, 0.007, 0.006)
    thick: Colour = (0.060, 0.0022, 0.0018)
    cover: tuple[float, float] = (0.80, 0.985)
    roughness: tuple[float, float] = (0.10, 0.2)
    runs: _Runs = _Runs(7.5, (0.9, 2.2), (0.55, 1.0))
    spatter: _Drops = _Drops(5.0, (0.25, 1.6), (0.4, 0.9), 0.22)


_BLOOD: Final = _Blood(pool=Outline(4.0, 9.0, 0.35, 0.14))
_DRIED: Final = replace(
    _BLOOD, thin=(0.13, 0.018, 0.010), thick=(0.028, 0.0055, 0.004), roughness=(0.48, 0.62), film_mm=0.09,
    cover=(0.68, 0.96),
)  # fmt: skip


def _blood(site: Site, look: Look) -> Sequence[Patch]:
    """Cover the place with blood: a film at its top that runs down in drips, or spatter, or a smear."""
    kind, skin = (_DRIED if look.variant == "dried" else _BLOOD), Marked(site)
    drops, drop_height = _dropped(skin, "blood/drops", kind.spatter, look.amount)
    if look.variant == "spatter":
        fine = replace(kind.spatter, cell=2.6, radius=(0.15, 0.6), often=(0.15, 0.45))
        small, small_height = _dropped(skin, "blood/fine", fine, look.amount)
        there, height = torch.maximum(drops, small), torch.maximum(drop_height, small_height)
        thickness = (0.55 + height / 0.2).clamp(0.0, 1.0)
    elif look.variant == "smeared":
        there, height, thickness = _smear(skin)
    elif _is_nosebleed(skin):
        there, height, thickness = _nosebleed(skin, look)
    else:
        there, height, thickness = _pool_and_runs(skin, kind, look)
    colour = mixed(kind.thin, kind.thick, thickness)
    low, high = kind.cover
    wet, dull = kind.roughness
    rough = dull + (wet - dull) * thickness
    if look.variant == "dried":
        borders, _ = skin.cells("blood/dry", 2.2, skin.warp("blood/dry/bend", 2.0, 0.4))
        cracks = (1.0 - smoothstep(borders, 0.04, 0.04 + max(0.1, skin.texel))) * smoothstep(thickness, 0.5, 1.0)
        height = height * (1.0 - 0.8 * cracks)
        there = there * (1.0 - 0.30 * cracks)
    return (
        skin.patch(
            cover=there * (low + (high - low) * thickness), colour=colour, gloss=there, roughness=rough, specular=0.5,
            subsurface=0.35, flat=there * 0.75 * thickness, height_mm=height,
        ),
    )  # fmt: skip


def _pool_and_runs(skin: Marked, kind: _Blood, look: Look) -> tuple[Tensor, Tensor, Tensor]:
    """Return [N] where there is blood, its height, and how thick it looks, 0..1."""
    if skin.radius > _SPLASH.from_radius:
        return _splashes(skin, kind, look)
    first, last = kind.reaches
    ends = between(0.55, 1.35, look.amount)
    down = 1.0 - skin.height + 0.10 * skin.fractal("blood/edge", 6.0)
    soft = max(0.03, 1.2 * skin.texel / max(1.0, skin.extent(2)[1] - skin.extent(2)[0]))
    middle = 0.5 * (first + last) * ends
    film = skin.island("blood", kind.pool) * (1.0 - smoothstep(down, middle - soft, middle + soft))
    runs, run_height = _running(skin, "blood/runs", kind.runs, look.amount)
    there = torch.maximum(film, runs)
    uneven = (0.5 + 0.30 * skin.fractal("blood/thick", 5.0)).clamp(0.0, 1.0)
    height = torch.maximum(kind.film_mm * film * (0.5 + uneven), run_height)
    thickness = torch.maximum(film * uneven, runs * (0.6 + 0.55 * (run_height / 0.5).clamp(0.0, 1.0)))
    return there, height, thickness.clamp(0.0, 1.0)


@dataclass(frozen=True)
class _Splash:
    """Blood that has hit a large place: splashes with skin between them, which run down. Lengths are millimetres.

    Attributes:
        from_radius: of the place, from where on it is splashed and not covered.
        cells: sizes of a splash and of two kinds of bays in its border, and how strong each is.
        covered: share of the place that splashes cover, at amounts of 0 and 1.
        lower: how much weaker the noise is at the bottom of the place than at its top.
        edge: of that noise, over which a splash gets as thick as can be.
        runs: what runs down; `ends` are millimetres from where a run starts.
        head: how much wider a run starts than it is, and over which length.
        starts: of the place's height, below which no run starts.
        drops: spatter, most of it beside the splashes.
    """

    from_radius: float = 45.0
    cells: tuple[tuple[float, float], ...] = ((26.0, 0.85), (9.0, 0.40), (3.2, 0.22))
    covered: tuple[float, float] = (0.08, 0.5)
    lower: float = 0.5
    edge: float = 0.8
    runs: _Runs = _Runs(13.0, (0.7, 1.5), (0.35, 0.95), (12.0, 62.0), 0.5, 0.20, 1.6)
    head: tuple[float, float] = (1.3, 6.0)
    starts: float = 0.7
    drops: _Drops = _Drops(4.4, (0.2, 1.5), (0.35, 0.85), 0.22)


_SPLASH: Final = _Splash()
_CLOUD_READ: Final = 20_000  # places at which a large place's splashes are measured


def _splash_field(skin: Marked, place: Tensor) -> Tensor:
    """Return [N] noise at places [3, N] in millimetres: there is blood where it is high."""
    bottom, top = skin.extent(2)

    bent = place + 1.8 * solid_noise(place[:, None], 8.0, 3, skin.site.random("blood/splash/bend"))[:, 0]
    field = _SPLASH.lower * (place[2] - bottom) / max(top - bottom, 1.0)
    for number, (cell, strength) in enumerate(_SPLASH.cells):
        own = solid_noise(bent[:, None], cell, 1, skin.site.random(f"blood/splash/{number}"))
        field = field + strength * own[0, 0]
    return field


def _splashes(skin: Marked, kind: _Blood, look: Look) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same of blood that was splashed on a large place."""
    shape = _SPLASH
    cloud = skin.site.cloud
    cloud = cloud[:: max(1, len(cloud) // _CLOUD_READ)]
    everywhere = _splash_field(skin, cloud[:, :3].T / MM)
    order = everywhere.argsort(descending=True)
    covered = cloud[order, 3].cumsum(0) / cloud[:, 3].sum() > between(*shape.covered, look.amount)
    field = _splash_field(skin, skin.position)
    over = field - everywhere[order[covered][0]]
    film = smoothstep(over, 0.0, 0.10) * smoothstep(skin.depth + 2.0 * over, 0.0, 1.0) * skin.fade
    drops, drop_height = _dropped(
        skin, "blood/splash/drops", shape.drops, look.amount, smoothstep(over, -0.9, -0.1).square()
    )
    runs, run_height = drops, drop_height
    for number in range(2):
        own, tall = _trickles(skin, f"blood/trickles/{number}", look.amount)
        runs, run_height = torch.maximum(runs, own), torch.maximum(run_height, tall)
    thick = smoothstep(over, 0.0, shape.edge) * (0.8 + 0.2 * skin.fractal("blood/thick", 5.0)).clamp(0.3, 1.1)
    height = torch.maximum(kind.film_mm * film * (0.4 + thick), run_height)
    thickness = torch.maximum(film * (0.25 + 0.6 * thick), runs * (0.5 + (run_height / 0.5).clamp(0.0, 0.5)))
    return torch.maximum(film, runs), height, thickness.clamp(0.0, 1.0)


def _trickles(skin: Marked, name: str, amount: float) -> tuple[Tensor, Tensor]:
    """Return [N] 0..1 of runs that each start somewhere with a splash of their own, and their height in millimetres."""
    kind, (more, far) = _SPLASH.runs, _SPLASH.head
    bottom, top = skin.extent(2)
    below_top = (1.0 - skin.height) * max(top - bottom, 1.0)
    often, soft = between(*kind.often, amount), max(0.15, 0.7 * skin.texel)
    (low, high), (short, long) = kind.radius, kind.ends

    def run(away: Tensor, own: Tensor, where: slice) -> Tensor:
        down = below_top[where] - _SPLASH.starts * own[3] * (top - bottom)
        left = short + (long - short) * own[2].square() - down
        radius = low + (high - low) * own[1]
        bead = kind.bead * torch.exp(-(left / (1.6 * radius)).square())
        wide = radius * (0.7 + bead + more * torch.exp(-(down / far).square()))
        reach = torch.hypot(away, 1.1 * ((-left).clamp_min(0.0) + (-down).clamp_min(0.0)))
        inside = 1.0 - smoothstep((reach - wide) / soft, -1.0, 1.0)
        dome = (1.0 - (reach / wide).square()).clamp_min(0.0).sqrt() * radius * (0.7 + bead)
        return torch.stack((inside, dome)) * (own[0] < often)

    bend = skin.warp(f"{name}/bend", 16.0, kind.wander) + skin.warp(f"{name}/wobble", 3.5, 0.5)
    inside, dome = skin.runs(name, kind.cell, run, bend) * skin.fade
    return inside, kind.thick * dome


@dataclass(frozen=True)
class _Nosebleed:
    """Blood from the nostrils. Lengths are millimetres.

    Attributes:
        landmarks: below which it starts, and how much of the way down it runs from each.
        half_width: of a run, at amounts of 0 and 1.
        at_nostril: how much wider it starts, and over which length.
        above: how far above the landmark it starts.
        wander: how far it strays.
        thick: of a run, over its half width.
        until: radius of a place that is taken for a nose.
    """

    landmarks: tuple[tuple[str, float], ...] = (("multipie_32", 0.98), ("multipie_34", 0.6))
    half_width: tuple[float, float] = (1.0, 2.2)
    at_nostril: tuple[float, float] = (0.9, 3.5)
    above: float = 6.0
    wander: float = 1.1
    thick: float = 0.28
    until: float = 45.0


_NOSEBLEED: Final = _Nosebleed()


def _is_nosebleed(skin: Marked) -> bool:
    """Return whether the place is a nose with what lies below it: both nostrils, and not all of a face."""
    kind, head = _NOSEBLEED, skin.site.subject.head
    if skin.radius > kind.until:
        return False
    cloud = skin.site.cloud
    marked, weight = cloud[:, :3], cloud[:, 3]
    for name, _ in kind.landmarks:
        if name not in head.topology.landmarks:
            return False
        away = (marked - head.landmark(name)).norm(dim=1)
        if float(weight[away < 6.0 * MM].sum()) < (4.0 * MM) ** 2:
            return False
    return True


def _nosebleed(skin: Marked, look: Look) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same of blood that runs from both nostrils to the bottom of the place."""
    kind, x, z = _NOSEBLEED, skin.position[0], skin.position[2]
    bottom, soft = skin.extent(2)[0], max(0.15, 0.7 * skin.texel)
    half = between(*kind.half_width, look.amount) * (0.85 + 0.18 * skin.noise("nosebleed/width", 5.0)).clamp(0.5, 1.4)
    stray = kind.wander * skin.noise("nosebleed/course", 9.0)
    more, far = kind.at_nostril
    there, height = torch.zeros_like(x), torch.zeros_like(x)
    for name, share in kind.landmarks:
        start_x, _, start_z = (skin.site.subject.head.landmark(name) / MM).tolist()
        down = start_z - z
        end = max(4.0, share * (start_z - bottom) * between(0.6, 1.0, look.amount))
        left = end - down
        wide = half * (
            1.0 + more * torch.exp(-(down / far).square()) + 0.4 * torch.exp(-(left / (1.5 * half)).square())
        )
        reach = torch.hypot(x - start_x - stray * smoothstep(down, 0.0, 8.0), (-left).clamp_min(0.0))
        inside = (1.0 - smoothstep((reach - wide) / soft, -1.0, 1.0)) * smoothstep(down, -kind.above, -kind.above + 1.5)
        there = torch.maximum(there, inside * skin.fade)
        dome = (1.0 - (reach / wide).square()).clamp_min(0.0).sqrt() * inside
        height = torch.maximum(height, kind.thick * half * dome * skin.fade)
    smear = smoothstep(skin.fractal("nosebleed/smear", 4.0) - 0.12 * (z - bottom), 0.2, 1.2) * skin.mask * (z < start_z)
    thickness = there * (0.45 + (height / 0.5).clamp(0.0, 0.5))
    return torch.maximum(there, 0.25 * smear), height, thickness


def _smear(skin: Marked) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same of blood that a hand has wiped along the place."""
    course = skin.course()
    streaks = skin.noise("blood/smear", 1.0) * 0.35
    place = torch.stack((course.along / 26.0, course.across / 1.1, torch.zeros_like(course.along)))
    lines = skin.at(place, "blood/streaks") + streaks
    inside = skin.island("blood/area", Outline(4.0, 7.0, 1.2))
    there = inside * smoothstep(lines + 0.9, 0.0, 1.3)
    thickness = smoothstep(lines, -0.2, 2.4) * there
    return there * (0.55 + 0.45 * thickness), 0.07 * thickness, thickness


# --------------------------------------------------------------------------------------------------------------- sweat


@dataclass(frozen=True)
class _Film:
    """Clear water on the skin.

    Attributes:
        wet: 0..1 how much of the skin's own shine the film replaces, at amounts of 0 and 1.
        roughness: of the film and of drops.
        patchy: how unevenly it lies, and over how many millimetres.
        drops: fine and large ones.
        runs: streaks, where there is much of it.
        runs_from: amount from which there are any.
    """

    wet: tuple[float, float]
    roughness: tuple[float, float]
    patchy: tuple[float, float]
    drops: tuple[_Drops, ...]
    runs: _Runs
    runs_from: float


_SWEAT: Final = _Film(
    wet=(0.25, 0.75),
    roughness=(0.30, 0.08),
    patchy=(0.25, 8.0),
    drops=(_Drops(2.0, (0.30, 0.75), (0.15, 0.95), 0.36), _Drops(4.4, (0.7, 1.2), (0.15, 0.85), 0.24)),
    runs=_Runs(20.0, (0.5, 0.9), (0.0, 0.6), (0.3, 1.0), 0.6, 0.3, 0.9),
    runs_from=0.7,
)
_WATER: Final = _Film(
    wet=(0.75, 1.0),
    roughness=(0.17, 0.05),
    patchy=(0.12, 12.0),
    drops=(_Drops(4.2, (0.3, 0.9), (0.15, 0.6), 0.34), _Drops(10.0, (0.9, 2.0), (0.15, 0.7), 0.28)),
    runs=_Runs(26.0, (0.5, 0.9), (0.1, 0.7), (0.25, 1.0), 0.7, 0.22, 2.2),
    runs_from=0.0,
)
_DROP_SPECULAR: Final = 0.55


def _wet(site: Site, kind: _Film, name: str, look: Look) -> Sequence[Patch]:
    """Lay a film, drops and streaks of clear water on the skin: nothing of its colour changes."""
    skin = Marked(site)
    share, cell = kind.patchy
    film = (between(*kind.wet, look.amount) * (1.0 + share * skin.fractal(name, cell))).clamp(0.0, 1.0) * skin.mask
    blend = min(14.0, 0.7 * skin.radius)  # millimetres over which it dries out towards the border
    film = film * smoothstep(skin.depth + 0.2 * blend * skin.noise(f"{name}/border", cell), 0.0, blend)
    there, height = torch.zeros_like(film), torch.zeros_like(film)
    for number, drops in enumerate(kind.drops):
        own, tall = _dropped(skin, f"{name}/{number}", drops, look.amount)
        there, height = torch.maximum(there, own), torch.maximum(height, tall)
    if look.amount >= kind.runs_from:
        own, tall = _running(skin, f"{name}/runs", kind.runs, look.amount)
        there, height = torch.maximum(there, own), torch.maximum(height, tall)
    rough, clear = kind.roughness
    gloss = torch.maximum(film, there)
    return (
        skin.patch(gloss=gloss, roughness=rough + (clear - rough) * there, flat=0.85 * there, height_mm=height),
        skin.patch(gloss=there, specular=_DROP_SPECULAR),
    )


def _sweat(site: Site, look: Look) -> Sequence[Patch]:
    return _wet(site, _SWEAT, "sweat", look)


def _water(site: Site, look: Look) -> Sequence[Patch]:
    return _wet(site, _WATER, "water", look)


# --------------------------------------------------------------------------------------------------------------- tears


@dataclass(frozen=True)
class _Tear:
    """A track that a tear has left. Lengths are millimetres.

    Attributes:
        half_width: at amounts of 0 and 1.
        of_width: of the place's half width that it takes at most.
        wander: how far it strays.
        thick: of the film.
        bead: radius of the drop at its lower end.
        ends: of the place's height at which the drop hangs.
        roughness: of the water.
        sore: factors on the light of the skin that it has run over.
    """

    half_width: tuple[float, float] = (1.0, 2.3)
    of_width: float = 0.75
    wander: float = 1.0
    thick: float = 0.16
    bead: float = 2.1
    ends: float = 0.08
    roughness: float = 0.06


_TEAR: Final = _Tear()


def _tears(site: Site, look: Look) -> Sequence[Patch]:
    """Lay a wet track down the middle of the place, with a drop at its end. With a colour: tears of ink or blood."""
    kind, skin = _TEAR, Marked(site)
    course = skin.course("down")
    width = min(between(*kind.half_width, look.amount), kind.of_width * course.half_width + 0.4)
    uneven = (1.0 + 0.22 * skin.noise("tears/width", 5.0)).clamp(0.5, 1.5)
    across = course.across + kind.wander * skin.noise("tears/course", 13.0)
    soft = max(0.15, 0.7 * skin.texel)
    away = (across.abs() / (width * uneven)).clamp(0.0, 4.0)
    above = skin.height
    track = (1.0 - smoothstep((away - 1.0) * width / soft, -1.0, 1.0)) * (above > kind.ends).float()
    bottom, top = skin.extent(2)
    drop_away = torch.hypot(across, 0.7 * (above - kind.ends) * (top - bottom))
    bead = min(kind.bead, 1.4 * width)
    drop = 1.0 - smoothstep((drop_away - bead) / soft, -1.0, 1.0)
    there = torch.maximum(track, drop) * skin.fade
    dome = (1.0 - (drop_away / bead).square()).clamp_min(0.0).sqrt() * 0.5 * bead
    height = torch.maximum(kind.thick * (1.0 - away.square()).clamp_min(0.0).sqrt() * track, dome) * skin.fade
    wet = skin.patch(gloss=there, roughness=kind.roughness, specular=0.5, flat=0.8 * there, height_mm=height)
    if look.colour is None and look.variant != "bloody" and look.variant != "mascara":
        return (wet,)
    colour = look.colour or ((0.12, 0.004, 0.003) if look.variant == "bloody" else (0.006, 0.005, 0.006))
    streaks = (0.75 + 0.3 * skin.noise("tears/streaks", 1.6, (1.0, 1.0, 6.0))).clamp(0.2, 1.0)
    dense = (0.95 if look.variant == "bloody" else 0.8) * streaks
    return skin.patch(cover=there * dense, colour=colour), wet


# --------------------------------------------------------------------------------------------------------------- slime


@dataclass(frozen=True)
class _Slime:
    """Slime, oil or anything thick and wet: its colour, how it covers, and how it runs."""

    colour: Colour = (0.16, 0.36, 0.03)
    cover: tuple[float, float] = (0.45, 0.85)
    thick_mm: float = 0.7
    roughness: float = 0.07
    runs: _Runs = _Runs(10.0, (1.4, 3.2), (0.6, 1.0), (0.5, 1.02), 0.6, 0.6, 1.0)


_SLIME: Final = _Slime()


def _slime(site: Site, look: Look) -> Sequence[Patch]:
    """Pour something thick and wet over the place; it runs down."""
    kind, skin = _SLIME, Marked(site)
    pool = replace(_BLOOD.pool, soft_mm=0.6)
    down = 1.0 - skin.height + 0.08 * skin.fractal("slime/edge", 7.0)
    film = skin.island("slime", pool) * (1.0 - smoothstep(down, 0.5, 0.58))
    runs, height = _running(skin, "slime/runs", kind.runs, look.amount)
    there = torch.maximum(film, runs)
    thick = torch.maximum(kind.thick_mm * film * (0.6 + 0.25 * skin.fractal("slime/thick", 6.0)).clamp_min(0.1), height)
    low, high = kind.cover
    cover = there * (low + (high - low) * (thick / (1.2 * kind.thick_mm)).clamp(0.0, 1.0))
    return (
        skin.patch(
            cover=cover, colour=look.colour or kind.colour, gloss=there, roughness=kind.roughness, specular=0.55,
            subsurface=0.8, flat=0.85 * there, height_mm=thick,
        ),
    )  # fmt: skip


LIQUIDS: Final = (
    Effect(
        "blood",
        "blood that runs down: a film, splashes on a large place, from a nose's nostrils; dried, spattered or smeared",
        ("blood", "bloody", "bleeding", "bloodied", "blood drips", "dripping blood", "dried blood", "blood spatter",
         "blood splatter", "smeared blood", "nosebleed"),
        _blood,
        variants=("fresh", "dried", "spatter", "smeared"),
    ),
    Effect(
        "sweat",
        "sweat: a film, drops, and streaks when there is much of it; no colour",
        ("sweat", "sweaty", "sweating", "perspiration", "sweat drops", "beads of sweat"),
        _sweat,
    ),
    Effect(
        "water",
        "water on the skin: a film, drops and streaks; no colour",
        ("water", "wet", "rain", "water drops", "raindrops", "droplets", "drops", "dew", "soaked", "wet skin"),
        _water,
    ),
    Effect(
        "tears",
        "a wet track down the place with a drop at its end; with a colour, tears of that colour",
        ("tear", "tears", "crying", "tear track", "tear tracks", "teary", "running mascara", "tears of blood"),
        _tears,
        variants=("clear", "mascara", "bloody"),
        takes_colour=True,
    ),
    Effect(
        "slime",
        "something thick and wet that runs down: green, or of any colour",
        ("slime", "goo", "ooze", "slimy", "oil", "tar", "honey", "syrup", "milk", "dripping paint"),
        _slime,
        takes_colour=True,
    ),
)  # fmt: skip
