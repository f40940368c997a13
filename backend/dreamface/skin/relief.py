"""Height of the skin itself: pores, the fine lines between them, the lips' furrows, and an unevenness."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from dreamface.skin.complexion import inner
from dreamface.skin.layer import Ground, Layer, Patch, Weave, window_of
from dreamface.skin.noise import cell_tile, flat_noise, stream
from dreamface.skin.subject import Subject

_MM: Final = 1e-3
_REPEATS: Final = 4  # the fine patterns repeat this often across the tile
_PORE_CELLS: Final = 84  # per repetition: about one pore per square millimetre of face
_LINE_CELLS: Final = 120
_PORE_DEPTH: Final = 0.075 * _MM
_LINE_DEPTH: Final = 0.028 * _MM
_SMALLEST_PATTERN: Final = 256  # texels a side that a pattern is drawn with before it is averaged
_PATTERN_SEED: Final = 0  # everybody's patterns are the same ones, shifted by each one's own seed
_CREASES: Final = 88.85  # across the lips
_CREASE_LENGTH: Final = 16  # over its width
_LIP_CREASE_DEPTH: Final = 0.035 * _MM


@lru_cache(maxsize=4)
def _patterns(size: int) -> Tensor:
    """[3, P, P] one repetition for a tile of `size` texels; finer than it can show is averaged away.

    How deep in a pore (0..1), how deep in a line that divides the skin into fields (0..1), and every field's own
    shade (mean 0, deviation about 1).
    """
    side = size // _REPEATS
    drawn = side * math.ceil(_SMALLEST_PATTERN / side)
    first, _, own = cell_tile(_PORE_CELLS, drawn, stream(_PATTERN_SEED, "pores"))
    radius = 0.16 + 0.16 * own
    pores = torch.exp(-((first / radius) ** 2)) * (0.25 + 0.75 * own**2)
    line_first, line_second, field = cell_tile(_LINE_CELLS, drawn, stream(_PATTERN_SEED, "lines"))
    lines = (1.0 - (line_second - line_first) / 0.35).clamp(0.0, 1.0)
    patterns = torch.stack((pores, lines * lines, (field - 0.5) * 3.4))[None]
    return avg_pool2d(patterns, drawn // side)[0] if drawn > side else patterns[0]


def _own(subject: Subject, patterns: Tensor) -> Tensor:
    """Patterns [K, P, P] shifted by as much as the seed says."""
    side = patterns.shape[-1]
    shift = (torch.rand(2, generator=subject.stream("patterns")) * side).long().tolist()
    return patterns.roll(shift, dims=(1, 2))


def _calm(subject: Subject) -> Tensor:
    """[S, S] 0..1: skin with pores, away from the islands' borders, where the layout breaks the patterns."""
    region = subject.region
    covered = (1.0 - region("lips_upper", "lips_lower")) * (1.0 - region("lids_margin")) * (1.0 - inner(subject))
    return covered * subject.surface.atlas.interior


def _pores(subject: Subject) -> Weave:
    region = subject.region
    weight = 0.35 + 0.65 * region("nose") + 0.45 * region("cheeks") + 0.3 * region("forehead") + 0.25 * region("chin")
    quiet = 0.8 * region("under_eyes", "lids_upper", "lids_lower") + 0.3 * region("neck") + 0.5 * region("ears")
    amount = subject.traits.number("skin.pores")
    return Weave(
        tiles=_own(subject, _patterns(subject.size)[:1]),
        weights=((weight - quiet).clamp(0.0, 1.0) * _calm(subject))[None],
        height=torch.tensor([-_PORE_DEPTH * (0.15 + 1.5 * amount)]),
        melanin=torch.zeros(1),
        blood=torch.zeros(1),
        roughness=torch.tensor([0.10]),
        specular=torch.tensor([-0.25]),
    )


def _lines(subject: Subject) -> Weave:
    amount = subject.traits.number("skin.pores")
    age = min(1.0, max(0.0, (subject.traits.number("age") - 15.0) / 60.0))
    weight = (0.6 + 0.4 * (1.0 - subject.region("nose"))) * _calm(subject)
    return Weave(
        tiles=_own(subject, _patterns(subject.size)[1:]),
        weights=weight.expand(2, -1, -1),
        height=torch.tensor([-_LINE_DEPTH * (0.55 + 0.5 * amount + 0.6 * age), 0.0]),
        melanin=torch.tensor([0.0, 0.008]),
        blood=torch.zeros(2),
        roughness=torch.tensor([0.0, 0.03]),
        specular=torch.tensor([-0.075, 0.0]),
    )


def _bumps(subject: Subject, ground: Ground) -> Ground:
    """The skin is never quite even."""
    wide = subject.noise("bumps", 0.006)[0]
    return replace(ground, height=ground.height + 0.022 * _MM * wide * subject.surface.atlas.interior)


def _furrows(subject: Subject) -> Sequence[Patch]:
    """Creases that run up and down over the lips, where lips are."""
    corners = [subject.surface.atlas.landmark(name) for name in ("multipie_48", "multipie_54")]
    lips = subject.region("lips_upper", "lips_lower")
    if corners[0] is None or corners[1] is None:
        return ()
    lips = interpolate(lips[None, None], size=(subject.size, subject.size), mode="bilinear")[0, 0]
    window = window_of(lips > 0.0)
    if window is None:
        return ()
    columns = round(_CREASES / float((corners[1] - corners[0]).norm()))
    noise = flat_noise(round(columns / _CREASE_LENGTH), columns, subject.size, subject.stream("lip creases"))
    return (Patch(window, height=_LIP_CREASE_DEPTH * noise[window.slices] * lips[window.slices]),)


PORES: Final = Layer("pores", "pores", ("skin.pores",), weave=_pores)
LINES: Final = Layer("lines", "the fine lines of the skin", ("skin.pores", "age"), weave=_lines)
BUMPS: Final = Layer("bumps", "a slight unevenness", stain=_bumps)
FURROWS: Final = Layer("lip_furrows", "the lips' furrows", patches=_furrows)
