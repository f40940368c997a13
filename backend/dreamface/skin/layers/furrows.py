"""The lips' relief: furrows from their border to where they meet, and the roll of skin around their red."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.creases import Creases, beside, creases, draw_creases, shows_fine, through, together, twigs
from dreamface.skin.canvas.layer import Decal, Layer
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.subject import Subject
from dreamface.units import MM


@dataclass(frozen=True)
class _LipPoints:
    """Multi-PIE points along a lip's border and along its inner edge, both from the person's right to the left."""

    border: tuple[int, ...]
    edge: tuple[int, ...]


_UPPER_LIP: Final = _LipPoints(border=(48, 49, 50, 51, 52, 53, 54), edge=(60, 61, 62, 63, 64))
_LOWER_LIP: Final = _LipPoints(border=(48, 59, 58, 57, 56, 55, 54), edge=(60, 67, 66, 65, 64))
_SEARCH: Final = torch.linspace(0.6, 2.0, 57)  # of the way from the inner edge to the border's landmarks, and past them


@dataclass(frozen=True)
class _FurrowLook:
    """The furrows across a lip, from its border to its inner edge.

    Each `Line` is read at a random number 0..1.

    Attributes:
        count: of a lip: about one a millimetre.
        first, spread: where each lies in its own part of the lip's length, and at random.
        fan, lean: how far furrows spread towards the border, in half lengths of the lip, and what is random in it.
        start, end: of the way from the border to the inner edge.
        bow: how far they bow outwards, in their lengths at the corners.
        depth, width: metres.
        depth_varies, width_varies: factors.
        shallower: fraction of the depth that the outermost lack.
        sway: metres that they leave their curves.
        broken, swelling: see `creases.Creases`.
        fork: metres: length of the branches.
        parallel_mm, parallel_depth: from a furrow to its parallel, and its depth over the furrow's.
    """

    count: int
    first: float
    spread: float
    fan: float
    lean: float
    start: Line
    end: Line
    bow: float
    depth: float
    depth_varies: Line
    width: float
    width_varies: Line
    shallower: float
    sway: float
    broken: float
    swelling: float
    fork: float
    parallel_mm: Line
    parallel_depth: float


_FURROW: Final = _FurrowLook(
    count=54,
    first=0.15,
    spread=0.7,
    fan=0.05,
    lean=0.03,
    start=Line(base=0.02, slope=0.3),
    end=Line(base=0.75, slope=0.45),
    bow=0.12,
    depth=0.12 * MM,
    depth_varies=Line(base=0.25, slope=0.85),
    width=0.24 * MM,
    width_varies=Line(base=0.7, slope=0.7),
    shallower=0.55,
    sway=0.16 * MM,
    broken=0.1,
    swelling=0.45,
    fork=2.4 * MM,
    parallel_mm=Line(base=0.35, slope=0.3),
    parallel_depth=0.45,
)
_THIRDS: Final = (1.0 / 3.0, 2.0 / 3.0)
_NOT_WHERE_LIPS_MEET: Final = (0.05, 0.5)  # weight of the mouth's lining over which furrows end
_ON_RED: Final = (0.1, 0.75)  # weight of the lips over which they come


@dataclass(frozen=True)
class _RollLook:
    """The roll of skin around a lip's red, in pieces that overlap.

    Attributes:
        height, width: metres.
        first, last: of the lip's length, where the roll ends.
        pieces: how many.
        knots: where the four points of a piece lie, from its start 0 to its end 1.
        swelling: see `creases.Creases`.
    """

    height: float
    width: float
    first: float
    last: float
    pieces: int
    knots: tuple[float, float, float, float]
    swelling: float


_ROLL: Final = _RollLook(
    height=0.09 * MM, width=0.7 * MM, first=0.05, last=0.95, pieces=6, knots=(-0.2, 0.27, 0.73, 1.2), swelling=0.2
)


def _furrows(subject: Subject) -> Sequence[Decal]:
    """Draw furrows: forked, deepest in the middle of the mouth, spreading to its corners, fading at the border."""
    surface, generator = subject.surface, subject.stream("lip creases")
    red = subject.region("lips_upper", "lips_lower")
    lips = _lips(subject, red)
    if not lips:
        return ()
    stems = together(*(_across(lip, generator) for lip in lips))
    lines = stems
    if shows_fine(surface, subject.size):
        away = _FURROW.parallel_mm.at(torch.rand(len(stems.depth), generator=generator)) * MM
        branches = twigs(stems, surface, generator, _FURROW.fork)
        lines = together(stems, branches, beside(stems, surface, away, _FURROW.parallel_depth))
    course = subject.stream("lip creases' course")
    furrows = [_on_lips(subject, decal, red) for decal in draw_creases(lines, surface, subject.size, course)]
    return [*furrows, *draw_creases(together(*(_roll(lip) for lip in lips)), surface, subject.size, course)]


@dataclass(frozen=True)
class _Lip:
    """Where one lip runs, in texture coordinates.

    Attributes:
        about: [P, 2] landmarks along its border, which lies a little further in or out.
        within: [Q, 2] landmarks along its inner edge.
        red: [S, S] weight of both lips.
    """

    about: Tensor
    within: Tensor
    red: Tensor

    def edge(self, along: Tensor) -> Tensor:
        """Return places [N, 2] where the lip meets the other one, at 0..1 [N] of its length."""
        return _on_line(self.within, along)

    def border(self, along: Tensor) -> Tensor:
        """Return places [N, 2] where the red ends: out from the inner edge, as far as it is more than half red."""
        edge, about = _on_line(self.within, along), _on_line(self.about, along)
        ways = edge[:, None] + _SEARCH[:, None] * (about - edge)[:, None]
        grid = torch.stack((2.0 * ways[..., 0] - 1.0, 1.0 - 2.0 * ways[..., 1]), dim=-1)
        red = grid_sample(self.red[None, None], grid[None], mode="bilinear", align_corners=False)[0, 0]
        reached = (red > 0.5).float().cumprod(dim=1).sum(dim=1)
        far = _SEARCH[0] + (reached - 0.5).clamp_min(0.0) * (_SEARCH[1] - _SEARCH[0])
        return torch.lerp(edge, about, far[:, None])


def _lips(subject: Subject, red: Tensor) -> list[_Lip]:
    """Return both lips; none where they lie in another tile."""
    lips = []
    for points in (_UPPER_LIP, _LOWER_LIP):
        about, within = _places(subject, points.border), _places(subject, points.edge)
        if about is None or within is None:
            return []
        lips.append(_Lip(about, within, red))
    return lips


def _places(subject: Subject, numbers: Sequence[int]) -> Tensor | None:
    """Return where Multi-PIE points lie, [P, 2]; None where one of them lies in another tile."""
    points = [subject.surface.atlas.landmark(f"multipie_{number}") for number in numbers]
    here = [point for point in points if point is not None]
    return torch.stack(here) if len(here) == len(points) else None


def _on_line(points: Tensor, along: Tensor) -> Tensor:
    """Return places [N, 2] at 0..1 [N] of the length of a broken line through points [P, 2]."""
    steps = points.diff(dim=0).norm(dim=1)
    ends = torch.cat((torch.zeros(1), steps.cumsum(0)))
    place = along * ends[-1]
    first = (torch.searchsorted(ends, place, right=True) - 1).clamp(0, len(steps) - 1)
    return torch.lerp(points[first], points[first + 1], ((place - ends[first]) / steps[first])[:, None])


def _across(lip: _Lip, generator: torch.Generator) -> Creases:
    """Return the furrows of a lip."""
    look = _FURROW
    random = torch.rand(5, look.count, generator=generator)
    along = (torch.arange(look.count) + look.first + look.spread * random[0]) / look.count
    out = 2.0 * along - 1.0
    border = lip.border(along)
    inner = out - look.fan * out * (1.0 - out * out) + look.lean * (random[1] - 0.5)
    edge = lip.edge((0.5 + 0.5 * inner).clamp(0.0, 1.0))
    start = torch.lerp(border, edge, look.start.at(random[2][:, None]))
    end = torch.lerp(border, edge, look.end.at(random[3][:, None]))
    bow = torch.zeros(look.count, 2)
    bow[:, 0] = look.bow * out * (border - edge).norm(dim=1)
    middle = [torch.lerp(start, end, third) + bow for third in _THIRDS]
    return creases(
        through(torch.stack((start, *middle, end), dim=1)),
        look.depth * look.depth_varies.at(random[4]) * (1.0 - look.shallower * out**2),
        look.width * look.width_varies.at(random[1]),
        sway=look.sway,
        broken=look.broken,
        swelling=look.swelling,
    )


def _roll(lip: _Lip) -> Creases:
    """Return the roll of skin around a lip's red."""
    ends = torch.linspace(_ROLL.first, _ROLL.last, _ROLL.pieces + 1)
    along = torch.stack([torch.lerp(ends[:-1], ends[1:], knot) for knot in _ROLL.knots], dim=1)
    points = lip.border(along.reshape(-1)).view(-1, 4, 2)
    return creases(through(points), -_ROLL.height, _ROLL.width, swelling=_ROLL.swelling)


def _on_lips(subject: Subject, decal: Decal, red: Tensor) -> Decal:
    """Return a decal where lips are, and a little way over their border.

    Not where they meet: the skin folds there, and the layout is squeezed.
    """
    assert decal.height is not None  # furrows are no valleys
    weight = red * (1.0 - smoothstep(subject.region("mouth_inside"), *_NOT_WHERE_LIPS_MEET))
    factor = subject.size // len(weight)
    (top, bottom), (left, right) = decal.window.rows, decal.window.columns
    piece = weight[top // factor : -(-bottom // factor), left // factor : -(-right // factor)]
    large = interpolate(piece[None, None], scale_factor=float(factor), mode="bilinear", align_corners=False)[0, 0]
    large = large[top % factor :, left % factor :][: bottom - top, : right - left]
    return Decal(decal.window, height=decal.height * smoothstep(large, *_ON_RED))


FURROWS: Final = Layer("lip_furrows", "the lips' furrows", decals=_furrows)
