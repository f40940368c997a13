"""The lips' relief: furrows from their border to where they meet, and the roll of skin around their red."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.creases import Creases, beside, creases, draw_creases, shows_fine, through, together, twigs
from dreamface.skin.canvas.layer import Layer, Patch
from dreamface.skin.canvas.subject import Subject

_MM: Final = 1e-3
_COUNT: Final = 54  # furrows of a lip: about one a millimetre
_DEPTH: Final = 0.085 * _MM
_WIDTH: Final = 0.24 * _MM
_FORK: Final = 2.4 * _MM  # length of the branches
_RIDGE, _RIDGE_WIDTH = 0.09 * _MM, 0.7 * _MM
_LIPS: Final = (
    ((48, 49, 50, 51, 52, 53, 54), (60, 61, 62, 63, 64)),
    ((48, 59, 58, 57, 56, 55, 54), (60, 67, 66, 65, 64)),
)
"""Multi-PIE points along each lip's border and along its inner edge, both from the person's right to the left."""
_SEARCH: Final = torch.linspace(0.6, 2.0, 57)  # shares of the way from the inner edge past the border's landmarks


def _furrows(subject: Subject) -> Sequence[Patch]:
    """Forked, deepest in the middle of the mouth, spreading to its corners, fading at the border."""
    surface, generator = subject.surface, subject.stream("lip creases")
    points = {number: surface.atlas.landmark(f"multipie_{number}") for number in range(48, 68)}
    known = {number: point for number, point in points.items() if point is not None}
    if len(known) < len(points):
        return ()
    red = subject.region("lips_upper", "lips_lower")
    lips = [_Lip(known, outer, within, red) for outer, within in _LIPS]
    stems = together(*(_across(lip, generator) for lip in lips))
    lines = stems
    if shows_fine(surface, subject.size):
        away = (0.35 + 0.3 * torch.rand(len(stems.depth), generator=generator)) * _MM
        lines = together(stems, twigs(stems, surface, generator, _FORK), beside(stems, surface, away, 0.45))
    course = subject.stream("lip creases' course")
    found = [_on_lips(subject, patch, red) for patch in draw_creases(lines, surface, subject.size, course)]
    return [*found, *draw_creases(together(*(_roll(lip) for lip in lips)), surface, subject.size, course)]


class _Lip:
    """Where one lip's border and its inner edge run, in texture coordinates."""

    def __init__(self, points: dict[int, Tensor], outer: Sequence[int], within: Sequence[int], red: Tensor) -> None:
        self._outer = torch.stack([points[number] for number in outer])
        self._within = torch.stack([points[number] for number in within])
        self._red = red

    def edge(self, share: Tensor) -> Tensor:
        """[N, 2] where the lip meets the other one, at shares [N] of its length."""
        return _on_line(self._within, share)

    def border(self, share: Tensor) -> Tensor:
        """[N, 2] where the red ends: out from the edge past the landmarks, as far as the region is more than half."""
        edge, about = _on_line(self._within, share), _on_line(self._outer, share)
        ways = edge[:, None] + _SEARCH[:, None] * (about - edge)[:, None]
        grid = torch.stack((2.0 * ways[..., 0] - 1.0, 1.0 - 2.0 * ways[..., 1]), dim=-1)
        red = grid_sample(self._red[None, None], grid[None], mode="bilinear", align_corners=False)[0, 0]
        reached = (red > 0.5).float().cumprod(dim=1).sum(dim=1)
        far = _SEARCH[0] + (reached - 0.5).clamp_min(0.0) * (_SEARCH[1] - _SEARCH[0])
        return torch.lerp(edge, about, far[:, None])


def _on_line(points: Tensor, share: Tensor) -> Tensor:
    """[N, 2] at shares [N] of the length of a broken line through points [P, 2]."""
    steps = points.diff(dim=0).norm(dim=1)
    ends = torch.cat((torch.zeros(1), steps.cumsum(0)))
    place = share * ends[-1]
    first = (torch.searchsorted(ends, place, right=True) - 1).clamp(0, len(steps) - 1)
    return torch.lerp(points[first], points[first + 1], ((place - ends[first]) / steps[first])[:, None])


def _across(lip: _Lip, generator: torch.Generator) -> Creases:
    """The furrows themselves."""
    random = torch.rand(5, _COUNT, generator=generator)
    share = (torch.arange(_COUNT) + 0.15 + 0.7 * random[0]) / _COUNT
    out = 2.0 * share - 1.0  # -1 and 1 at the corners
    border = lip.border(share)
    inner = out - 0.05 * out * (1.0 - out * out) + 0.03 * (random[1] - 0.5)  # they spread towards the border
    edge = lip.edge((0.5 + 0.5 * inner).clamp(0.0, 1.0))
    start = torch.lerp(border, edge, 0.02 + 0.3 * random[2][:, None])
    end = torch.lerp(border, edge, 0.75 + 0.45 * random[3][:, None])
    bow = torch.zeros(_COUNT, 2)
    bow[:, 0] = 0.12 * out * (border - edge).norm(dim=1)
    middle = (torch.lerp(start, end, 1.0 / 3.0) + bow, torch.lerp(start, end, 2.0 / 3.0) + bow)
    depth = _DEPTH * (0.25 + 0.85 * random[4]) * (1.0 - 0.55 * out**2)
    return creases(
        through(torch.stack((start, *middle, end), dim=1)), depth, _WIDTH * (0.7 + 0.7 * random[1]),
        sway=0.16 * _MM, broken=0.1, swelling=0.45,
    )  # fmt: skip


def _roll(lip: _Lip) -> Creases:
    """The roll of skin around a lip, in pieces that overlap."""
    ends = torch.linspace(0.05, 0.95, 7)
    steps = (-0.2, 0.27, 0.73, 1.2)
    share = torch.stack([torch.lerp(ends[:-1], ends[1:], step) for step in steps], dim=1)
    points = lip.border(share.reshape(-1)).view(-1, 4, 2)
    return creases(through(points), -_RIDGE, _RIDGE_WIDTH, swelling=0.2)


def _on_lips(subject: Subject, patch: Patch, red: Tensor) -> Patch:
    """A patch where lips are, and a little way over their border.

    Not where they meet: the skin folds there, and the layout is squeezed.
    """
    assert patch.height is not None  # furrows are no valleys
    weight = red * (1.0 - smooth_step(subject.region("mouth_inside"), 0.05, 0.5))
    factor = subject.size // len(weight)
    (top, bottom), (left, right) = patch.window.rows, patch.window.columns
    piece = weight[top // factor : -(-bottom // factor), left // factor : -(-right // factor)]
    large = interpolate(piece[None, None], scale_factor=float(factor), mode="bilinear", align_corners=False)[0, 0]
    large = large[top % factor :, left % factor :][: bottom - top, : right - left]
    return Patch(patch.window, height=patch.height * smooth_step(large, 0.1, 0.75))


FURROWS: Final = Layer("lip_furrows", "the lips' furrows", patches=_furrows)
