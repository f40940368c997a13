"""Veins that shine through thin skin, and capillaries that have widened for good."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.anatomy import blobs, both, curve, near, onto_skin
from dreamface.skin.atlas import smooth_step
from dreamface.skin.layer import Ground, Layer, Patch
from dreamface.skin.marks import coverage, draw_lines, texel_of
from dreamface.skin.pigments import PIGMENT_TRAITS, resting_colour
from dreamface.skin.scatter import scatter
from dreamface.skin.spots import open_skin
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
# What dermis above a vein leaves of the skin's colour: less of the red, which would have reached the vein
# (Kienle et al. 1996, "Why do veins appear blue? A new look at an old question").
_BLUISH: Final = torch.tensor([0.80, 0.905, 0.955])
_STEPS: Final = 14  # points along a branch

# Veins as landmarks that they run past (weights of landmarks at each knot), and their width and strength.
_COURSES: Final[tuple[tuple[tuple[dict[str, float], ...], float, float], ...]] = (
    # The frontal branch of the superficial temporal vein, from before the ear over the temple to the forehead.
    (({"tragion": 0.55, "zygion": 0.45}, {"zygion": 0.35, "temple": 0.65}, {"temple": 0.8, "frontotemporale": 0.2},
      {"frontotemporale": 0.9, "temple": 0.1}, {"frontotemporale": 0.9, "brow_arch": 0.1}), 1.5, 0.9),
    # From the corner of the eye to it.
    (({"exocanthion": 0.85, "zygion": 0.15}, {"exocanthion": 0.4, "temple": 0.4, "brow_outer": 0.2},
      {"temple": 0.85, "brow_outer": 0.15}), 1.0, 0.7),
    # The parietal branch.
    (({"zygion": 0.3, "temple": 0.7}, {"temple": 0.8, "euryon": 0.2}, {"temple": 0.45, "euryon": 0.55}), 1.2, 0.6),
    # The angular vein, from the inner corner of the eye down beside the nose.
    (({"brow_inner": 0.6, "endocanthion": 0.4}, {"endocanthion": 0.9, "bridge_side": 0.1},
      {"endocanthion": 0.45, "nose_side": 0.3, "eye_bag": 0.25}, {"nose_side": 0.4, "upper_cheek": 0.6}), 0.9, 0.6),
    # Below the lower lid.
    (({"endocanthion": 0.7, "eye_bag": 0.3}, {"eye_bag": 0.8, "upper_cheek": 0.2},
      {"eye_bag": 0.35, "exocanthion": 0.55, "upper_cheek": 0.1}), 0.7, 0.6),
    # On the upper lid.
    (({"endocanthion": 0.6, "lid_crease": 0.4}, {"lid_crease": 0.65, "lid_upper": 0.35},
      {"lid_crease": 0.45, "exocanthion": 0.55}), 0.6, 0.55),
    # The supratrochlear vein, up the forehead.
    (({"brow_inner": 0.8, "glabella": 0.2}, {"brow_inner": 0.55, "metopion": 0.45},
      {"metopion": 0.6, "frontotemporale": 0.1, "brow_inner": 0.3},
      {"metopion": 0.45, "trichion": 0.4, "frontotemporale": 0.15}), 1.3, 0.45),
)  # fmt: skip


def _net(subject: Subject) -> Tensor:
    """[S, S] 0..1 how much of veins shows, if skin lets it."""
    random = torch.rand(2, len(_COURSES), 64, generator=subject.stream("veins"))
    lines, radii, weights = [], [], []
    for side, of_side in zip("lr", random, strict=True):
        for (knots, width, strength), numbers in zip(_COURSES, of_side, strict=True):
            trunk = torch.stack([_knot(subject, knot, side) for knot in knots])
            here = strength * (0.35 + 0.65 * float(numbers[0]))
            for line, thickness in _branches(trunk, numbers):
                lines.append(line)
                radii.append(torch.full((len(line),), (0.5 + 0.55 * width * thickness) * _MM))
                weights.append(here * thickness * torch.linspace(0.25, math.pi - 0.12, len(line)).sin().sqrt())
    on_skin = onto_skin(subject, torch.cat(lines))
    # Deeper here than there.
    depth = 0.6 + 0.35 * subject.noise("patches", 0.011, 3)[0] + 0.2 * subject.noise("blotches", 0.034, 3)[1]
    return blobs(subject, on_skin, torch.cat(radii), torch.cat(weights)) * depth.clamp(0.0, 1.0)


def _knot(subject: Subject, shares: dict[str, float], side: str) -> Tensor:
    """[3] mean of landmarks, those of a side where there are two."""
    known = subject.head.topology.landmarks
    names = {name: f"{name}_{side}" if f"{name}_{side}" in known else name for name in shares}
    return torch.stack([share * subject.head.landmark(names[name]) for name, share in shares.items()]).sum(dim=0)


def _branches(trunk: Tensor, numbers: Tensor) -> list[tuple[Tensor, float]]:
    """A wandering vein through knots [K, 3], and two that leave it: [N, 3] each, and thickness."""
    length = float((trunk[1:] - trunk[:-1]).norm(dim=1).sum())
    wander = (numbers[1 : 1 + trunk.numel()].view(-1, 3) - 0.5) * 0.14 * length
    fine = (numbers[20:44].view(8, 3) - 0.5) * 0.05 * length
    main = curve(curve(trunk + wander, 8) + fine, 36)
    found = [(main, 1.0)]
    for number in range(2):
        where, side, reach = numbers[46 + 4 * number : 49 + 4 * number].tolist()
        start = int((0.2 + 0.5 * where) * len(main))
        ahead = main[min(start + 5, len(main) - 1)] - main[start]
        across = torch.linalg.cross(ahead, torch.tensor([0.0, -1.0, 0.15]))
        turn = (0.7 if side < 0.5 else -0.7) * across
        step = (0.8 + 0.8 * reach) * (ahead + turn)
        bend = (numbers[54 + 3 * number : 57 + 3 * number] - 0.5) * 0.6 * step.norm()
        branch = torch.stack((main[start], main[start] + 0.5 * step + bend, main[start] + step + 0.4 * ahead + bend))
        found.append((curve(branch, _STEPS), 0.6))
    return found


def _veins(subject: Subject, ground: Ground) -> Ground:
    """Most on light and thin skin: of children and the old."""
    number = subject.traits.number
    base, age = number("skin.melanin"), number("age")
    thin = 0.55 + 0.3 * _between(age, 45.0, 85.0) + 0.15 * (1.0 - _between(age, 4.0, 14.0))
    strength = thin * max(0.0, 1.0 - 1.5 * base) ** 1.5
    if strength == 0.0:
        return ground
    weight = strength * subject.once("veins", lambda: _net(subject))
    shade = torch.lerp(torch.ones(3, 1, 1), _BLUISH[:, None, None], weight)
    return replace(ground, albedo=ground.albedo * shade)


def _between(value: float, low: float, high: float) -> float:
    return float(smooth_step(torch.tensor(value), low, high))


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
