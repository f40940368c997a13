"""Veins that shine through thin skin, and capillaries that have widened for good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.anatomy import blobs, both, curve, near, onto_skin
from dreamface.skin.canvas.atlas import rise
from dreamface.skin.canvas.layer import Ground, Layer, Patch
from dreamface.skin.canvas.marks import coverage, draw_lines, texel_of
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, resting_colour
from dreamface.skin.canvas.scatter import scatter
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.spots import open_skin

_MM: Final = 1e-3
# What dermis above a vein leaves of the skin's colour: less of the red, which would have reached the vein
# (Kienle et al. 1996, "Why do veins appear blue? A new look at an old question").
_BLUISH: Final = torch.tensor([0.80, 0.905, 0.955])
_ALONG, _ALONG_BRANCH = 32, 10  # points along a vein, and along one that leaves it
_THINNER: Final = 0.6  # branches

# Veins as landmarks that they run past (weights of landmarks at four knots), and their width and strength.
_COURSES: Final[tuple[tuple[tuple[dict[str, float], ...], float, float], ...]] = (
    # The frontal branch of the superficial temporal vein, from before the ear over the temple to the forehead.
    (({"tragion": 0.55, "zygion": 0.45}, {"zygion": 0.2, "temple": 0.8}, {"temple": 0.4, "frontotemporale": 0.6},
      {"frontotemporale": 0.9, "brow_arch": 0.1}), 1.5, 0.9),
    # From the corner of the eye to it.
    (({"exocanthion": 0.85, "zygion": 0.15}, {"exocanthion": 0.6, "temple": 0.2, "brow_outer": 0.2},
      {"exocanthion": 0.3, "temple": 0.55, "brow_outer": 0.15}, {"temple": 0.85, "brow_outer": 0.15}), 1.0, 0.7),
    # The parietal branch.
    (({"zygion": 0.3, "temple": 0.7}, {"zygion": 0.05, "temple": 0.85, "euryon": 0.1},
      {"temple": 0.7, "euryon": 0.3}, {"temple": 0.45, "euryon": 0.55}), 1.2, 0.6),
    # The angular vein, from the inner corner of the eye down beside the nose.
    (({"brow_inner": 0.6, "endocanthion": 0.4}, {"endocanthion": 0.9, "bridge_side": 0.1},
      {"endocanthion": 0.45, "nose_side": 0.3, "eye_bag": 0.25}, {"nose_side": 0.4, "upper_cheek": 0.6}), 0.9, 0.6),
    # Below the lower lid.
    (({"endocanthion": 0.7, "eye_bag": 0.3}, {"endocanthion": 0.25, "eye_bag": 0.7, "upper_cheek": 0.05},
      {"eye_bag": 0.75, "exocanthion": 0.1, "upper_cheek": 0.15},
      {"eye_bag": 0.35, "exocanthion": 0.55, "upper_cheek": 0.1}), 0.7, 0.6),
    # On the upper lid.
    (({"endocanthion": 0.6, "lid_crease": 0.4}, {"endocanthion": 0.2, "lid_crease": 0.5, "lid_upper": 0.3},
      {"lid_crease": 0.65, "lid_upper": 0.2, "exocanthion": 0.15}, {"lid_crease": 0.45, "exocanthion": 0.55}),
     0.6, 0.55),
    # The supratrochlear vein, up the forehead.
    (({"brow_inner": 0.8, "glabella": 0.2}, {"brow_inner": 0.55, "metopion": 0.45},
      {"metopion": 0.6, "frontotemporale": 0.1, "brow_inner": 0.3},
      {"metopion": 0.45, "trichion": 0.4, "frontotemporale": 0.15}), 1.3, 0.45),
)  # fmt: skip

_PASSED: Final = tuple(dict.fromkeys(name for knots, _, _ in _COURSES for knot in knots for name in knot))
"""The landmarks that veins run past, without their sides."""


def _net(subject: Subject) -> Tensor:
    """[S, S] 0..1 how much of veins shows, if skin lets it."""
    lines = subject.face.once("veins/courses", lambda: _lines(subject))
    drawn = blobs(subject, lines[:, :6].view(-1, 2, 3), lines[:, 6], lines[:, 7])
    # Deeper here than there.
    depth = 0.6 + 0.35 * subject.noise("patches", 0.011, 3)[0] + 0.2 * subject.noise("blotches", 0.034, 3)[1]
    return drawn * depth.clamp(0.0, 1.0)


def _lines(subject: Subject) -> Tensor:
    """[N, 8] straight pieces of veins: both ends, a radius, all in metres, and 0..1 how much of it shows."""
    random = torch.rand(2 * len(_COURSES), 64, generator=subject.stream("veins"))
    trunks = _trunks(subject)
    widths, strengths = torch.tensor([course[1:] for course in _COURSES]).repeat(2, 1).unbind(1)
    strengths = strengths * (0.35 + 0.65 * random[:, 0])
    found = []
    main = curve(onto_skin(subject, _wandering(trunks, random)), _ALONG)
    leaving = [_leaving(main, random[:, 46 + 6 * number : 52 + 6 * number]) for number in range(2)]
    branches = (curve(onto_skin(subject, knots), _ALONG_BRANCH) for knots in leaving)
    for lines, thickness in ((main, 1.0), *((branch, _THINNER) for branch in branches)):
        count = lines.shape[1] - 1
        fading = torch.linspace(0.25, math.pi - 0.12, count).sin().sqrt()
        radii = (0.5 + 0.55 * thickness * widths) * _MM
        weights = thickness * strengths[:, None] * fading
        found.append(
            torch.cat(
                (lines[:, :-1], lines[:, 1:], radii[:, None, None].expand(-1, count, 1), weights[..., None]), dim=2
            ).flatten(0, 1)
        )
    return torch.cat(found)


def _trunks(subject: Subject) -> Tensor:
    """[M, 4, 3] the knots of all courses, on the left and then on the right: means of landmarks."""
    known, means = subject.head.topology.landmarks, [knot for knots, _, _ in _COURSES for knot in knots]
    vertices = [[known[f"{name}_{side}" if f"{name}_{side}" in known else name] for name in _PASSED] for side in "lr"]
    shares = torch.tensor([[knot.get(name, 0.0) for name in _PASSED] for knot in means])
    return (shares @ subject.head.vertices[torch.tensor(vertices)]).view(2 * len(_COURSES), -1, 3)


def _wandering(trunks: Tensor, random: Tensor) -> Tensor:
    """[M, 8, 3] knots of veins that wander about knots [M, 4, 3]."""
    length = trunks.diff(dim=1).norm(dim=2).sum(dim=1)[:, None, None]
    broad = 0.19 * length * (random[:, 1:13].view(-1, 4, 3) - 0.5)
    fine = 0.07 * length * (random[:, 20:44].view(-1, 8, 3) - 0.5)
    return curve(trunks + broad, 8) + fine


def _leaving(main: Tensor, random: Tensor) -> Tensor:
    """[M, 3, 3] knots of veins that leave others [M, L, 3] somewhere on their way, to one side."""
    number = torch.arange(len(main))
    start = ((0.2 + 0.5 * random[:, 0]) * _ALONG).long()
    first, later = main[number, start], main[number, (start + 5).clamp_max(_ALONG - 1)]
    ahead = later - first
    across = torch.linalg.cross(ahead, torch.tensor([[0.0, -1.0, 0.15]]).expand_as(ahead))
    turn = torch.where(random[:, 1] < 0.5, 0.7, -0.7)[:, None]
    step = (0.8 + 0.8 * random[:, 2:3]) * (ahead + turn * across)
    bend = 0.6 * (random[:, 3:6] - 0.5) * step.norm(dim=1, keepdim=True)
    return curve(
        torch.stack((first, first + 0.5 * step + bend, first + step + 0.4 * ahead + bend), dim=1), _ALONG_BRANCH
    )


def _veins(subject: Subject, ground: Ground) -> Ground:
    """Most on light and thin skin: of children and the old."""
    number = subject.traits.number
    base, age = number("skin.melanin"), number("age")
    thin = 0.55 + 0.3 * rise(age, 45.0, 85.0) + 0.15 * (1.0 - rise(age, 4.0, 14.0))
    strength = thin * max(0.0, 1.0 - 1.5 * base) ** 1.5
    if strength == 0.0:
        return ground
    weight = strength * subject.once("veins", lambda: _net(subject))
    shade = torch.lerp(torch.ones(3, 1, 1), _BLUISH[:, None, None], weight)
    return replace(ground, albedo=ground.albedo * shade)


# ----------------------------------------------------------------------------------------------- broken capillaries

_OFTEN: Final = 34e3  # threads per square metre at density 1
_LENGTHS: Final = (1.5 * _MM, 7.0 * _MM)
_WIDTHS: Final = (0.06 * _MM, 0.20 * _MM)
_POINTS: Final = 16  # along a thread
_RED: Final = torch.tensor([0.80, 0.36, 0.40])  # what blood just below the surface leaves of the skin's colour
_DENSEST: Final = 0.85  # share of the skin that a thread hides


def _reddened(subject: Subject) -> Tensor:
    wings = near(subject, 6.5 * _MM, *both("alare", "alar_base"))
    tip = near(subject, 11.0 * _MM, "pronasale")
    cheeks = near(subject, 17.0 * _MM, *both("upper_cheek", "cheekbone"))
    patchy = (0.55 + 0.6 * subject.noise("patches", 0.011, 3)[0]).clamp(0.05, 1.0)
    return torch.stack((wings, 0.6 * tip, 0.6 * cheeks * patchy)).amax(dim=0) * open_skin(subject)


def _capillaries(subject: Subject) -> Sequence[Patch]:
    """Thin red threads that wander and branch."""
    amount = subject.traits.number("capillaries.density")
    if amount == 0.0:
        return ()
    where = subject.once("capillaries/where", lambda: _reddened(subject))
    places_, random = scatter(subject, "capillaries", _OFTEN * amount**1.2 * where, _OFTEN)
    if not len(places_):
        return ()
    metric = subject.surface.metric.view(3, -1)[:, texel_of(places_, subject.surface.atlas.size)].T
    lengths = _LENGTHS[0] + (_LENGTHS[1] - _LENGTHS[0]) * random[:, 0] ** 2.0
    widths = _WIDTHS[0] + (_WIDTHS[1] - _WIDTHS[0]) * random[:, 1] ** 1.5
    strengths = 0.4 + 0.6 * random[:, 2]
    trunks = _threads(places_, metric, lengths, random[:, 3:8])
    # Every thread has a thinner one that leaves it on its way.
    at = (4 + (8 * random[:, 3])).long()
    starts = trunks[torch.arange(len(trunks)), at]
    twigs = _threads(starts, metric, 0.55 * lengths, random.roll(3, dims=1)[:, 3:8])
    widths = widths * torch.sqrt(metric[:, 0] * metric[:, 2])
    lines, widths = torch.cat((trunks, twigs)), torch.cat((widths, 0.65 * widths))
    drawn = draw_lines(subject.size, lines, widths, torch.cat((strengths, 0.8 * strengths)))
    if drawn is None:
        return ()
    window, image = drawn
    colour = resting_colour(subject.traits) * _RED
    return (Patch(window, cover=coverage(1.5 * image).clamp_max_(_DENSEST), colour=colour),)


def _threads(starts: Tensor, metric: Tensor, lengths: Tensor, random: Tensor) -> Tensor:
    """[N, P, 2] places along winding threads from places [N, 2]."""
    share = torch.linspace(0.0, 1.0, _POINTS)
    wave = torch.sin(2.0 * math.pi * (share * (0.6 + 1.4 * random[:, 1:2]) + random[:, 2:3]))
    ripple = torch.sin(2.0 * math.pi * (share * (2.0 + 2.0 * random[:, 3:4]) + random[:, 4:5]))
    heading = 2.0 * math.pi * random[:, :1] + 0.8 * wave + 0.5 * ripple
    step = lengths[:, None] / (_POINTS - 1)
    across, up = (step * heading.cos()).cumsum(dim=1), (step * heading.sin()).cumsum(dim=1)
    a, b, c = (part[:, None] for part in metric.unbind(1))
    return starts[:, None] + torch.stack((a * across - b * c * up, c * up), dim=-1)


VEINS: Final = Layer("veins", "veins at temples and lids", ("skin.melanin", "age"), stain=_veins)
CAPILLARIES: Final = Layer(
    "capillaries",
    "broken capillaries on nose and cheeks",
    ("capillaries.density", *PIGMENT_TRAITS),
    patches=_capillaries,
)
