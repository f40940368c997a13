"""Places on a head, in metres from its landmarks: what is anchored to the face, and not to a texture layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.render import vertex_normals
from dreamface.skin.canvas.subject import Subject

_REACH: Final = 2.2  # radii: beyond, a blob has less than a hundredth left
_SKETCH: Final = 128  # texels a side of the grid that fields are levelled on
_NO_BARE_SKIN: Final = (
    "scalp", "brows", "mouth_inside", "eye_sockets", "lids_margin", "lips_upper", "lips_lower"
)  # fmt: skip
_FACE: Final = ("forehead", "temples", "nose", "cheeks", "lids_upper", "lids_lower", "under_eyes", "brows")
_STRIDE: Final = 3  # every third vertex of it is enough to know where the skin lies
_COARSEST, _FINEST = 8, 2  # texels a side of the squares that blobs are looked for in; grids are multiples of it


def both(*names: str) -> tuple[str, ...]:
    """Return the landmarks on the left and on the right."""
    return tuple(f"{name}_{side}" for name in names for side in "lr")


def places(subject: Subject, *names: str) -> Tensor:
    """Return [K, 3] positions of landmarks, metres."""
    known = subject.head.topology.landmarks
    return subject.head.vertices[[known[name] for name in names]]


def near(subject: Subject, radius: float, *names: str) -> Tensor:
    """Return [S, S] 0..1: 1 at the landmarks, and less away from them, exp(-(distance / radius)^2)."""
    return blobs(subject, places(subject, *names), radius)


def zones(subject: Subject, wanted: Mapping[str, tuple[float, Sequence[str]]]) -> dict[str, Tensor]:
    """Return what `near` gives for many at once, much faster: each, by name, a radius in metres and landmarks."""
    points = torch.cat([places(subject, *names) for _, names in wanted.values()])
    counts = torch.tensor([len(names) for _, names in wanted.values()])
    radii = torch.tensor([radius for radius, _ in wanted.values()]).repeat_interleave(counts)
    group = torch.arange(len(wanted)).repeat_interleave(counts)
    return dict(zip(wanted, _blobs(subject, points, radii, None, group), strict=True))


def blobs(subject: Subject, points: Tensor, radii: float | Tensor, weights: Tensor | None = None) -> Tensor:
    """Return [S, S] the largest of weight x exp(-(distance / radius)^2), distances in space.

    Args:
        subject: whose skin.
        points: [K, 3] metres, or [K, 2, 3] both ends of straight lines.
        radii: one or [K], metres.
        weights: [K]; all 1 where left out.
    """
    return _blobs(subject, points, radii, weights, torch.zeros(len(points), dtype=torch.int64))[0]


def _blobs(subject: Subject, points: Tensor, radii: float | Tensor, weights: Tensor | None, group: Tensor) -> Tensor:
    """Return [G, S, S] the largest of each group 0..G-1 [K]; see `blobs`."""
    radius = torch.as_tensor(radii).expand(len(points))
    weight = torch.ones(len(points)) if weights is None else weights
    start, way = (points[:, 0], points[:, 1] - points[:, 0]) if points.dim() == 3 else (points, None)
    reach, middle = _REACH * radius, start
    if way is not None:
        reach, middle = reach + 0.5 * way.norm(dim=1), start + 0.5 * way
    squares = _squares(subject)
    number, square = _reached(subject, middle, reach)
    away = _distances(squares, square, start[number], None if way is None else way[number])
    values = (away / -radius[number, None].square()).exp_().mul_(weight[number, None])
    count, (_, number_of, texels) = int(group[-1]) + 1, squares.shape
    found = torch.zeros(count * number_of, texels)
    place = group[number] * number_of + square
    found.scatter_reduce_(0, place[:, None].expand_as(values), values, "amax")
    size = subject.surface.atlas.size
    side = size // _FINEST
    return found.view(count, side, side, _FINEST, _FINEST).transpose(2, 3).reshape(count, size, size)


def _reached(subject: Subject, middle: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Return which blobs [P] can reach which of the finest squares [P]; blobs around [K, 3] reach [K] metres.

    Large squares are looked at first, then the quarters of those that are reached.
    """
    atlas = subject.surface.atlas
    balls, shown = _balls(subject, _COARSEST), atlas.squares_shown(_COARSEST).nonzero()[:, 0]
    far = balls[shown, 3] + reach[:, None]
    number, square = (_squared(middle, balls[shown, :3]) < far * far).nonzero().unbind(1)
    square = shown[square]
    quarters, step = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]), _COARSEST
    while step > _FINEST:
        side, step = atlas.size // step, step // 2
        row, column = square // side, square % side
        square = ((2 * row[:, None] + quarters[:, 0]) * (2 * side) + 2 * column[:, None] + quarters[:, 1]).view(-1)
        number = number.repeat_interleave(len(quarters))
        ball = _balls(subject, step)[square]
        far, away = ball[:, 3] + reach[number], (ball[:, :3] - middle[number]).square_().sum(dim=1)
        kept = ((away < far * far) & atlas.squares_shown(step)[square]).nonzero()[:, 0]
        number, square = number[kept], square[kept]
    return number, square


def _squared(points: Tensor, others: Tensor) -> Tensor:
    """Return [P, Q] squared distances of points [P, 3] and [Q, 3]: one product of matrices, and no roots."""
    lengths = points.square().sum(dim=1, keepdim=True) + others.square().sum(dim=1)
    return lengths.addmm_(points, others.T, alpha=-2.0)


def _distances(squares: Tensor, square: Tensor, start: Tensor, way: Tensor | None) -> Tensor:
    """[P, N] squared distances of the texels in squares [P] from points [P, 3], or lines from there along [P, 3]."""
    away = torch.zeros(len(square), squares.shape[2])
    along = None if way is None else torch.zeros_like(away)
    for axis in range(3):
        apart = squares[axis][square] - start[:, axis, None]
        if way is not None and along is not None:
            along.addcmul_(apart, way[:, axis, None])
        away += apart.square_()
    if way is not None and along is not None:
        length = way.square().sum(dim=1, keepdim=True).clamp_min(1e-12)
        share = (along / length).clamp_(0.0, 1.0)
        away += share * (share * length - 2.0 * along)
    return away


def _squares(subject: Subject) -> Tensor:
    """Return [3, B, N] positions of the texels, by the finest squares."""

    def make() -> Tensor:
        position = subject.surface.position
        side = position.shape[1] // _FINEST
        by_square = position.view(3, side, _FINEST, side, _FINEST).transpose(2, 3)
        return by_square.reshape(3, side * side, _FINEST * _FINEST)

    return subject.once("squares", make)


def _balls(subject: Subject, step: int) -> Tensor:
    """Return [B, 4] centre and radius of balls around squares of step x step texels."""

    def make() -> Tensor:
        if step == _FINEST:
            return _around(_squares(subject), torch.zeros(()))
        side = subject.surface.atlas.size // step
        quarters = _balls(subject, step // 2).view(side, 2, side, 2, 4).permute(4, 0, 2, 1, 3).reshape(4, -1, 4)
        return _around(quarters[:3], quarters[3])

    return subject.once(f"balls {step}", make)


def _around(parts: Tensor, radii: Tensor) -> Tensor:
    """Return [B, 4] centre and radius of balls around N balls each, of centres [3, B, N] and radii [B, N]."""
    middle = parts.mean(dim=2)
    away = (parts - middle[..., None]).square_().sum(dim=0).sqrt_() + radii
    return torch.cat((middle, away.amax(dim=1)[None])).T.contiguous()


def onto_skin(subject: Subject, points: Tensor) -> Tensor:
    """Return [..., 3] points near the face moved onto it: to the plane that touches it at the nearest vertex."""
    head = subject.head
    face = torch.stack([head.topology.regions[name] for name in _FACE]).amax(dim=0).nonzero()[::_STRIDE, 0]
    vertex = face[_squared(points.reshape(-1, 3), head.vertices[face]).argmin(dim=1)].view(points.shape[:-1])
    normal = _vertex_normals(subject)[vertex]
    away = points - head.vertices[vertex]
    return points - (away * normal).sum(dim=-1, keepdim=True) * normal


def _vertex_normals(subject: Subject) -> Tensor:
    """Return [V, 3] unit normals."""
    head = subject.head
    return subject.face.once("vertex normals", lambda: vertex_normals(head.vertices, head.topology.triangles))


def coarsely(subject: Subject, make: Callable[[Subject], Tensor]) -> Tensor:
    """Return [F, S, S] what `make` gives on a grid half as fine, enlarged: for what is some texels wide or wider."""
    size = subject.surface.atlas.size
    if size % 2:
        return make(subject)
    found = make(subject.halved())
    return interpolate(found[None], size=(size, size), mode="bilinear", align_corners=False)[0]


def unlit(subject: Subject, name: str, make: Callable[[Subject], Tensor]) -> Tensor:
    """Return [F, S, S] what `make` gives, kept under the name, without what follows the direction that the skin faces.

    Noses are red and look forward, necks are pale and look down: taken together that would be a light from above.
    So of each field its linear share in the normal is taken out. It is found on the face, for all tiles.
    """

    def lit(subject: Subject) -> Tensor:
        return subject.once(f"{name}, lit", lambda: make(subject))

    def level() -> Tensor:
        face = subject.face
        light, fields = face.once(f"{name}, light", lambda: _light_in(face, lit(face))), lit(subject)
        of_light = torch.addmm(light[:, 3:], light[:, :3], _normals(subject).flatten(1))
        return fields - of_light.view_as(fields)

    return subject.once(name, level)


def _normals(subject: Subject) -> Tensor:
    """Return [3, S, S] unit normals."""
    return subject.once("normals", lambda: subject.surface.atlas.spread(_vertex_normals(subject)))


def _light_in(face: Subject, fields: Tensor) -> Tensor:
    """[F, 4] of fields [F, S, S] the slopes along the normal by least squares over the bare skin, and the offset."""
    atlas, step = face.surface.atlas, max(1, face.surface.atlas.size // _SKETCH)
    seen = (atlas.inside & (atlas.region(*_NO_BARE_SKIN) < 0.05))[::step, ::step]
    normal, values = _normals(face)[:, ::step, ::step][:, seen], fields[:, ::step, ::step][:, seen]
    mean = normal.mean(dim=1, keepdim=True)
    away = normal - mean
    share = torch.linalg.solve(away @ away.T, away @ values.T).T
    return torch.cat((share, -share @ mean), dim=1)


def curve(points: Tensor, count: int) -> Tensor:
    """Return [..., count, D] points on smooth curves through points [..., K, D] (Catmull and Rom 1974)."""
    first, last = 2.0 * points[..., :1, :] - points[..., 1:2, :], 2.0 * points[..., -1:, :] - points[..., -2:-1, :]
    ends, number = torch.cat((first, points, last), dim=-2), points.shape[-2]
    place = torch.linspace(0.0, number - 1.0, count)
    piece = place.long().clamp_max(number - 2)
    t = (place - piece)[:, None]
    p0, p1, p2, p3 = (ends[..., piece + step, :] for step in range(4))
    return 0.5 * (
        2.0 * p1 + (p2 - p0) * t + (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3) * t**2 + (3.0 * (p1 - p2) + p3 - p0) * t**3
    )
