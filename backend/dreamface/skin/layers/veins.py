"""Veins that shine through thin skin, and capillaries that have widened for good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import blobs, both, curve, near, onto_skin
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layer import Decal, Ground, Layer
from dreamface.skin.canvas.marks import coverage, draw_lines, texel_of
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, resting_colour
from dreamface.skin.canvas.scatter import scatter
from dreamface.skin.canvas.shared_noises import BLOTCHES, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.spots import open_skin
from dreamface.units import MM

# What dermis above a vein leaves of the skin's colour: less of the red, which would have reached the vein
# (Kienle et al. 1996, "Why do veins appear blue? A new look at an old question").
_BLUISH: Final = torch.tensor([0.80, 0.905, 0.955])
_ALONG, _ALONG_BRANCH = 32, 10  # points along a vein, and along one that leaves it
_THINNER: Final = 0.6  # branches


@dataclass(frozen=True)
class _Course:
    """Where a vein runs.

    Attributes:
        knots: four places, each a mean of landmarks: their weights by name. A landmark of a side has no "_l" or "_r".
        width: over the usual one.
        strength: 0..1 how much of it shows.
    """

    knots: tuple[dict[str, float], ...]
    width: float
    strength: float


_COURSES: Final = (
    # The frontal branch of the superficial temporal vein, from before the ear over the temple to the forehead.
    _Course(
        knots=(
            {"tragion": 0.55, "zygion": 0.45},
            {"zygion": 0.2, "temple": 0.8},
            {"temple": 0.4, "frontotemporale": 0.6},
            {"frontotemporale": 0.9, "brow_arch": 0.1},
        ),
        width=1.5,
        strength=0.9,
    ),
    # From the corner of the eye to it.
    _Course(
        knots=(
            {"exocanthion": 0.85, "zygion": 0.15},
            {"exocanthion": 0.6, "temple": 0.2, "brow_outer": 0.2},
            {"exocanthion": 0.3, "temple": 0.55, "brow_outer": 0.15},
            {"temple": 0.85, "brow_outer": 0.15},
        ),
        width=1.0,
        strength=0.7,
    ),
    # The parietal branch.
    _Course(
        knots=(
            {"zygion": 0.3, "temple": 0.7},
            {"zygion": 0.05, "temple": 0.85, "euryon": 0.1},
            {"temple": 0.7, "euryon": 0.3},
            {"temple": 0.45, "euryon": 0.55},
        ),
        width=1.2,
        strength=0.6,
    ),
    # The angular vein, from the inner corner of the eye down beside the nose.
    _Course(
        knots=(
            {"brow_inner": 0.6, "endocanthion": 0.4},
            {"endocanthion": 0.9, "bridge_side": 0.1},
            {"endocanthion": 0.45, "nose_side": 0.3, "eye_bag": 0.25},
            {"nose_side": 0.4, "upper_cheek": 0.6},
        ),
        width=0.9,
        strength=0.6,
    ),
    # Below the lower lid.
    _Course(
        knots=(
            {"endocanthion": 0.7, "eye_bag": 0.3},
            {"endocanthion": 0.25, "eye_bag": 0.7, "upper_cheek": 0.05},
            {"eye_bag": 0.75, "exocanthion": 0.1, "upper_cheek": 0.15},
            {"eye_bag": 0.35, "exocanthion": 0.55, "upper_cheek": 0.1},
        ),
        width=0.7,
        strength=0.6,
    ),
    # On the upper lid.
    _Course(
        knots=(
            {"endocanthion": 0.6, "lid_crease": 0.4},
            {"endocanthion": 0.2, "lid_crease": 0.5, "lid_upper": 0.3},
            {"lid_crease": 0.65, "lid_upper": 0.2, "exocanthion": 0.15},
            {"lid_crease": 0.45, "exocanthion": 0.55},
        ),
        width=0.6,
        strength=0.55,
    ),
    # The supratrochlear vein, up the forehead.
    _Course(
        knots=(
            {"brow_inner": 0.8, "glabella": 0.2},
            {"brow_inner": 0.55, "metopion": 0.45},
            {"metopion": 0.6, "frontotemporale": 0.1, "brow_inner": 0.3},
            {"metopion": 0.45, "trichion": 0.4, "frontotemporale": 0.15},
        ),
        width=1.3,
        strength=0.45,
    ),
)

_PASSED: Final = tuple(dict.fromkeys(name for course in _COURSES for knot in course.knots for name in knot))
"""The landmarks that veins run past, without their sides."""


@dataclass(frozen=True)
class _VeinLook:
    """How veins are drawn.

    Attributes:
        shows, shows_patches, shows_blotches: how much of them shows: mean, and weights of two noises.
        weakest: strength of the weakest of people's veins, over the table's.
        radius_mm, radius_width_mm: half the width of the thinnest, and what the course's width adds.
        ends: radians of a sine that fades a vein, at its start and before its end.
        wander_broad, wander_fine: how far knots and the points between them leave the course, over its length.
        branch_from, branch_span: where branches leave, as fractions of the vein.
        branch_ahead: points along the vein from which its direction is taken.
        branch_turn, branch_tilt: how far they turn off, and how the plane leans in which they do.
        branch_length, branch_range: over those points' length: of the shortest, and what is added at random.
        branch_bend, branch_on: how far they bend, and how far their ends follow the vein.
    """

    shows: float = 0.6
    shows_patches: float = 0.35
    shows_blotches: float = 0.2
    weakest: float = 0.35
    radius_mm: float = 0.5
    radius_width_mm: float = 0.55
    ends: tuple[float, float] = (0.25, 0.12)
    wander_broad: float = 0.19
    wander_fine: float = 0.07
    branch_from: float = 0.2
    branch_span: float = 0.5
    branch_ahead: int = 5
    branch_turn: float = 0.7
    branch_tilt: tuple[float, float, float] = (0.0, -1.0, 0.15)
    branch_length: float = 0.8
    branch_range: float = 0.8
    branch_bend: float = 0.6
    branch_on: float = 0.4


_LOOK: Final = _VeinLook()


class _Columns:
    """Which of a vein's random numbers stand for what."""

    count: Final = 64
    strength: Final = 0
    broad: Final = slice(1, 13)
    fine: Final = slice(20, 44)
    branches: Final = tuple(slice(first, first + 6) for first in (46, 52))


def _net(subject: Subject) -> Tensor:
    """Return [S, S] 0..1 how much of veins shows, if skin lets it."""
    lines = subject.face.once("veins/courses", lambda: _lines(subject))
    drawn = blobs(subject, lines[:, :6].view(-1, 2, 3), lines[:, 6], lines[:, 7])
    # Deeper here than there.
    depth = (
        _LOOK.shows
        + _LOOK.shows_patches * subject.noise(PATCHES, "density")
        + _LOOK.shows_blotches * subject.noise(BLOTCHES, "colour")
    )
    return drawn * depth.clamp(0.0, 1.0)


def _lines(subject: Subject) -> Tensor:
    """Return [N, 8] straight pieces of veins: both ends, a radius, all in metres, and 0..1 how much of it shows."""
    random = torch.rand(2 * len(_COURSES), _Columns.count, generator=subject.stream("veins"))
    trunks = _trunks(subject)
    widths, strengths = torch.tensor([(course.width, course.strength) for course in _COURSES]).repeat(2, 1).unbind(1)
    strengths = strengths * (_LOOK.weakest + (1.0 - _LOOK.weakest) * random[:, _Columns.strength])
    found = []
    main = curve(onto_skin(subject, _wandering(trunks, random)), _ALONG)
    leaving = [_leaving(main, random[:, columns]) for columns in _Columns.branches]
    branches = (curve(onto_skin(subject, knots), _ALONG_BRANCH) for knots in leaving)
    for lines, thickness in ((main, 1.0), *((branch, _THINNER) for branch in branches)):
        count = lines.shape[1] - 1
        fading = torch.linspace(_LOOK.ends[0], math.pi - _LOOK.ends[1], count).sin().sqrt()
        radii = (_LOOK.radius_mm + _LOOK.radius_width_mm * thickness * widths) * MM
        weights = thickness * strengths[:, None] * fading
        found.append(
            torch.cat(
                (lines[:, :-1], lines[:, 1:], radii[:, None, None].expand(-1, count, 1), weights[..., None]), dim=2
            ).flatten(0, 1)
        )
    return torch.cat(found)


def _trunks(subject: Subject) -> Tensor:
    """Return [M, 4, 3] the knots of all courses, on the left and then on the right: means of landmarks."""
    known, means = subject.head.topology.landmarks, [knot for course in _COURSES for knot in course.knots]
    vertices = [[known[f"{name}_{side}" if f"{name}_{side}" in known else name] for name in _PASSED] for side in "lr"]
    shares = torch.tensor([[knot.get(name, 0.0) for name in _PASSED] for knot in means])
    return (shares @ subject.head.vertices[torch.tensor(vertices)]).view(2 * len(_COURSES), -1, 3)


def _wandering(trunks: Tensor, random: Tensor) -> Tensor:
    """Return [M, 8, 3] knots of veins that wander about knots [M, 4, 3]."""
    length = trunks.diff(dim=1).norm(dim=2).sum(dim=1)[:, None, None]
    broad = _LOOK.wander_broad * length * (random[:, _Columns.broad].view(-1, 4, 3) - 0.5)
    fine = _LOOK.wander_fine * length * (random[:, _Columns.fine].view(-1, 8, 3) - 0.5)
    return curve(trunks + broad, fine.shape[1]) + fine


def _leaving(main: Tensor, random: Tensor) -> Tensor:
    """Return [M, 3, 3] knots of veins that leave others [M, L, 3] somewhere on their way, to one side."""
    number = torch.arange(len(main))
    start = ((_LOOK.branch_from + _LOOK.branch_span * random[:, 0]) * _ALONG).long()
    first, later = main[number, start], main[number, (start + _LOOK.branch_ahead).clamp_max(_ALONG - 1)]
    ahead = later - first
    across = torch.linalg.cross(ahead, torch.tensor([_LOOK.branch_tilt]).expand_as(ahead))
    turn = torch.where(random[:, 1] < 0.5, _LOOK.branch_turn, -_LOOK.branch_turn)[:, None]
    step = (_LOOK.branch_length + _LOOK.branch_range * random[:, 2:3]) * (ahead + turn * across)
    bend = _LOOK.branch_bend * (random[:, 3:6] - 0.5) * step.norm(dim=1, keepdim=True)
    knots = (first, first + 0.5 * step + bend, first + step + _LOOK.branch_on * ahead + bend)
    return curve(torch.stack(knots, dim=1), _ALONG_BRANCH)


_THIN_SKIN, _THIN_OLD, _THIN_YOUNG = 0.55, 0.3, 0.15  # how much of veins skin shows; what age and childhood add
_OLD_AGES, _YOUNG_AGES = (45.0, 85.0), (4.0, 14.0)
_HIDING, _HIDING_POWER = 1.5, 1.5  # how fast melanin hides them


def _veins(subject: Subject, ground: Ground) -> Ground:
    """Paint veins: most on light and thin skin, which is that of children and of the old."""
    number = subject.traits.number
    base, age = number("skin.melanin"), number("age")
    thin = _THIN_SKIN + _THIN_OLD * ramp(age, *_OLD_AGES) + _THIN_YOUNG * (1.0 - ramp(age, *_YOUNG_AGES))
    strength = thin * max(0.0, 1.0 - _HIDING * base) ** _HIDING_POWER
    if strength == 0.0:
        return ground
    weight = strength * subject.once("veins", lambda: _net(subject))
    shade = torch.lerp(torch.ones(3, 1, 1), _BLUISH[:, None, None], weight)
    return replace(ground, albedo=ground.albedo * shade)


# ----------------------------------------------------------------------------------------------- broken capillaries

_RED: Final = torch.tensor([0.80, 0.36, 0.40])  # what blood just below the surface leaves of the skin's colour
_POINTS: Final = 16  # along a thread
_DENSEST: Final = 0.85  # how much of the skin a thread hides at most


@dataclass(frozen=True)
class _ThreadPlaces:
    """Where threads are: radii in mm around the wings and the tip of the nose and on the cheeks, and how many there.

    Attributes:
        patchy, patches, patchy_range: mean and weight of the noise on the cheeks, and its least and most.
    """

    wings_mm: float = 6.5
    tip_mm: float = 11.0
    tip: float = 0.6
    cheeks_mm: float = 17.0
    cheeks: float = 0.6
    patchy: float = 0.55
    patches: float = 0.6
    patchy_range: tuple[float, float] = (0.05, 1.0)


@dataclass(frozen=True)
class _ThreadLook:
    """What a thread looks like. Pairs are least and most.

    Attributes:
        density: threads per square metre at density 1, and `density_power` of the trait.
        lengths_mm, widths_mm: with the powers that make most of them short and thin.
        faintest: strength of the faintest.
        twig_from, twig_span: points of the thread between which its twig leaves it.
        twig_length, twig_width, twig_strength: over the thread's.
        gain: of the drawn lines' coverage.
        wave, ripple: radians that its heading swings, broadly and finely.
        wave_turns, ripple_turns: least number of those swings, and what is added at random.
    """

    density: float = 34e3
    density_power: float = 1.2
    lengths_mm: tuple[float, float] = (1.5, 7.0)
    lengths_power: float = 2.0
    widths_mm: tuple[float, float] = (0.06, 0.20)
    widths_power: float = 1.5
    faintest: float = 0.4
    twig_from: int = 4
    twig_span: int = 8
    twig_length: float = 0.55
    twig_width: float = 0.65
    twig_strength: float = 0.8
    gain: float = 1.5
    wave: float = 0.8
    wave_turns: tuple[float, float] = (0.6, 1.4)
    ripple: float = 0.5
    ripple_turns: tuple[float, float] = (2.0, 2.0)


_WHERE: Final = _ThreadPlaces()
_THREAD: Final = _ThreadLook()


def _reddened(subject: Subject) -> Tensor:
    """Return [S, S] 0..1 how many threads there are."""
    wings = near(subject, _WHERE.wings_mm * MM, *both("alare", "alar_base"))
    tip = near(subject, _WHERE.tip_mm * MM, "pronasale")
    cheeks = near(subject, _WHERE.cheeks_mm * MM, *both("upper_cheek", "cheekbone"))
    patchy = (_WHERE.patchy + _WHERE.patches * subject.noise(PATCHES, "density")).clamp(*_WHERE.patchy_range)
    return torch.stack((wings, _WHERE.tip * tip, _WHERE.cheeks * cheeks * patchy)).amax(dim=0) * open_skin(subject)


def _capillaries(subject: Subject) -> Sequence[Decal]:
    """Paint thin red threads that wander and branch."""
    amount, look = subject.traits.number("capillaries.density"), _THREAD
    if amount == 0.0:
        return ()
    where = subject.once("capillaries/where", lambda: _reddened(subject))
    starts, random = scatter(subject, "capillaries", look.density * amount**look.density_power * where, look.density)
    if not len(starts):
        return ()
    metric = subject.surface.metric.view(3, -1)[:, texel_of(starts, subject.surface.atlas.size)].T
    lengths = _between(look.lengths_mm, random[:, 0] ** look.lengths_power)
    widths = _between(look.widths_mm, random[:, 1] ** look.widths_power)
    strengths = look.faintest + (1.0 - look.faintest) * random[:, 2]
    trunks = _threads(starts, metric, lengths, random[:, 3:8])
    # Every thread has a thinner one that leaves it on its way.
    leave = (look.twig_from + (look.twig_span * random[:, 3])).long()
    twig_starts = trunks[torch.arange(len(trunks)), leave]
    twigs = _threads(twig_starts, metric, look.twig_length * lengths, random.roll(3, dims=1)[:, 3:8])
    widths = widths * torch.sqrt(metric[:, 0] * metric[:, 2])
    lines, widths = torch.cat((trunks, twigs)), torch.cat((widths, look.twig_width * widths))
    drawn = draw_lines(subject.size, lines, widths, torch.cat((strengths, look.twig_strength * strengths)))
    if drawn is None:
        return ()
    window, image = drawn
    colour = resting_colour(subject.traits) * _RED
    return (Decal(window, cover=coverage(look.gain * image).clamp_max_(_DENSEST), colour=colour),)


def _between(span_mm: tuple[float, float], fraction: Tensor) -> Tensor:
    """Return metres between two lengths in mm."""
    low, high = (end * MM for end in span_mm)
    return low + (high - low) * fraction


def _threads(starts: Tensor, metric: Tensor, lengths: Tensor, random: Tensor) -> Tensor:
    """Return [N, P, 2] places along winding threads from places [N, 2]."""
    along = torch.linspace(0.0, 1.0, _POINTS)
    wave = _swing(along, _THREAD.wave_turns, random[:, 1:3])
    ripple = _swing(along, _THREAD.ripple_turns, random[:, 3:5])
    heading = 2.0 * math.pi * random[:, :1] + _THREAD.wave * wave + _THREAD.ripple * ripple
    step = lengths[:, None] / (_POINTS - 1)
    across, up = (step * heading.cos()).cumsum(dim=1), (step * heading.sin()).cumsum(dim=1)
    a, b, c = (part[:, None] for part in metric.unbind(1))
    return starts[:, None] + torch.stack((a * across - b * c * up, c * up), dim=-1)


def _swing(along: Tensor, turns: tuple[float, float], random: Tensor) -> Tensor:
    """Return [N, P] sine waves along threads, with a random [N, 2] number of turns and start."""
    least, more = turns
    return torch.sin(2.0 * math.pi * (along * (least + more * random[:, :1]) + random[:, 1:2]))


VEINS: Final = Layer("veins", "veins at temples and lids", ("skin.melanin", "age"), stain=_veins)
CAPILLARIES: Final = Layer(
    "capillaries",
    "broken capillaries on nose and cheeks",
    ("capillaries.density", *PIGMENT_TRAITS),
    decals=_capillaries,
)
