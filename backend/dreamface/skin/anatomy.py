"""Places on a head, in metres from its landmarks: what is anchored to the face, and not to a texture layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.render.shading import vertex_normals
from dreamface.skin.atlas import surface_of
from dreamface.skin.layout import skin_tiles
from dreamface.skin.subject import Subject

_REACH: Final = 2.2  # radii: beyond, a blob has less than a hundredth left
_SKETCH: Final = 128  # texels a side of the grid that fields are levelled on
_NO_BARE_SKIN: Final = (
    "scalp", "brows", "mouth_inside", "eye_sockets", "lids_margin", "lips_upper", "lips_lower"
)  # fmt: skip
_FACE: Final = ("forehead", "temples", "nose", "cheeks", "lids_upper", "lids_lower", "under_eyes", "brows")
_SQUARES: Final = (8, 4, 2)  # texels a side of the squares that blobs are looked for in: the first that fits
_LEAST_SQUARES: Final = 64  # a side


def both(*names: str) -> tuple[str, ...]:
    """The landmarks on the left and on the right."""
    return tuple(f"{name}_{side}" for name in names for side in "lr")


def places(subject: Subject, *names: str) -> Tensor:
    """[K, 3] positions of landmarks, metres."""
    return torch.stack([subject.head.landmark(name) for name in names])


def near(subject: Subject, radius: float, *names: str) -> Tensor:
    """[S, S] 0..1: 1 at the landmarks, and less away from them, exp(-(distance / radius)^2)."""
    return blobs(subject, places(subject, *names), radius)


def blobs(subject: Subject, points: Tensor, radii: float | Tensor, weights: Tensor | None = None) -> Tensor:
    """[S, S] the largest of weight x exp(-(distance / radius)^2), distances in space.

    Args:
        subject: whose skin.
        points: [K, 3] metres, or [K, 2, 3] both ends of straight lines.
        radii: one or [K], metres.
        weights: [K]; all 1 where left out.
    """
    radius = torch.as_tensor(radii).expand(len(points))
    weight = torch.ones(len(points)) if weights is None else weights
    start, way = (points[:, 0], points[:, 1] - points[:, 0]) if points.dim() == 3 else (points, None)
    reach, middle = _REACH * radius, start
    if way is not None:
        reach, middle = reach + 0.5 * way.norm(dim=1), start + 0.5 * way
    squares = subject.once("squares", lambda: _squares(subject))
    balls = subject.once("balls", lambda: _balls(squares))
    # Only squares of texels that a blob can reach are looked at.
    number, square = (torch.cdist(middle, balls[:, :3]) < balls[:, 3] + reach[:, None]).nonzero().unbind(1)
    away = _distances(squares, square, start[number], None if way is None else way[number])
    values = (away / -radius[number, None].square()).exp_().mul_(weight[number, None])
    found = torch.zeros(squares.shape[1:])
    found.scatter_reduce_(0, square[:, None].expand_as(values), values, "amax")
    size = subject.surface.position.shape[1]
    square_side = _square(size)
    side = size // square_side
    return found.view(side, side, square_side, square_side).transpose(1, 2).reshape(size, size)


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
    """[3, B, N] positions of the texels, square by square."""
    position = subject.surface.position
    square = _square(position.shape[1])
    side = position.shape[1] // square
    return position.view(3, side, square, side, square).transpose(2, 3).reshape(3, side * side, square * square)


def _square(size: int) -> int:
    """Texels a side of the squares that a grid is cut into."""
    return next((square for square in _SQUARES if size % square == 0 and size >= _LEAST_SQUARES * square), 1)


def _balls(squares: Tensor) -> Tensor:
    """[B, 4] centre and radius of balls around the squares."""
    middle = squares.mean(dim=2)
    half = (squares - middle[..., None]).square().sum(dim=0).amax(dim=1).sqrt()
    return torch.cat((middle, half[None])).T.contiguous()


def onto_skin(subject: Subject, points: Tensor) -> Tensor:
    """[..., 3] points near the face moved onto it: to the plane that touches it at the nearest vertex."""
    head = subject.head
    face = torch.stack([head.topology.regions[name] for name in _FACE]).amax(dim=0).nonzero()[:, 0]
    vertex = face[torch.cdist(points.reshape(-1, 3), head.vertices[face]).argmin(dim=1)].view(points.shape[:-1])
    normal = _vertex_normals(subject)[vertex]
    away = points - head.vertices[vertex]
    return points - (away * normal).sum(dim=-1, keepdim=True) * normal


def _vertex_normals(subject: Subject) -> Tensor:
    """[V, 3] unit normals."""
    head = subject.head
    return subject.once("vertex normals", lambda: vertex_normals(head.vertices, head.topology.triangles))


def coarsely(subject: Subject, make: Callable[[Subject], Tensor]) -> Tensor:
    """[F, S, S] what `make` gives on a grid half as fine, enlarged: for what is some texels wide or wider."""
    size = subject.surface.atlas.size
    if size % 2:
        return make(subject)
    found = make(subject.halved())
    return interpolate(found[None], size=(size, size), mode="bilinear", align_corners=False)[0]


def unlit(subject: Subject, make: Callable[[Subject], Tensor]) -> Tensor:
    """[F, S, S] what `make` gives, without what follows the direction that the skin faces.

    Noses are red and look forward, necks are pale and look down: taken together that would be a light from above.
    So of each field its linear share in the normal is taken out. It is found on the face, for all tiles.
    """
    head, fields = subject.head, make(subject)
    normals = _vertex_normals(subject)
    normal, face = _spread(subject, normals), skin_tiles(head.topology)[0]
    if subject.tile == face:
        mean, share = _linear_share(subject, normal, fields)
    else:
        sketch = Subject(head, surface_of(head, face, _SKETCH), _SKETCH, subject.seed, subject.traits)
        mean, share = _linear_share(sketch, _spread(sketch, normals), make(sketch))
    return fields - (share @ (normal.view(3, -1) - mean)).view_as(fields)


def _spread(subject: Subject, values: Tensor) -> Tensor:
    """[C, S, S] of values [V, C]."""
    return subject.surface.atlas.spread(values, subject.surface.atlas.corners)


def _linear_share(subject: Subject, normal: Tensor, fields: Tensor) -> tuple[Tensor, Tensor]:
    """[3, 1] mean normal and [F, 3] least-squares slopes of fields [F, S, S] over the bare skin."""
    atlas, step = subject.surface.atlas, max(1, subject.surface.atlas.size // _SKETCH)
    seen = (atlas.inside & (atlas.region(*_NO_BARE_SKIN) < 0.05))[::step, ::step]
    normal, values = normal[:, ::step, ::step][:, seen], fields[:, ::step, ::step][:, seen]
    mean = normal.mean(dim=1, keepdim=True)
    level = normal - mean
    return mean, torch.linalg.solve(level @ level.T, level @ values.T).T


def curve(points: Tensor, count: int) -> Tensor:
    """[..., count, D] points on smooth curves through points [..., K, D] (Catmull and Rom 1974)."""
    first, last = 2.0 * points[..., :1, :] - points[..., 1:2, :], 2.0 * points[..., -1:, :] - points[..., -2:-1, :]
    ends, number = torch.cat((first, points, last), dim=-2), points.shape[-2]
    place = torch.linspace(0.0, number - 1.0, count)
    piece = place.long().clamp_max(number - 2)
    t = (place - piece)[:, None]
    p0, p1, p2, p3 = (ends[..., piece + step, :] for step in range(4))
    return 0.5 * (
        2.0 * p1 + (p2 - p0) * t + (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3) * t**2 + (3.0 * (p1 - p2) + p3 - p0) * t**3
    )
