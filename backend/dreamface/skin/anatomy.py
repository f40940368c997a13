"""Places on a head, in metres from its landmarks: what is anchored to the face, and not to a texture layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.render.shading import vertex_normals
from dreamface.skin.atlas import surface_of
from dreamface.skin.layout import skin_tiles
from dreamface.skin.subject import Subject

_REACH: Final = 2.2  # radii: beyond, a blob has less than a hundredth left
_SKETCH: Final = 64  # texels a side of the grid that fields are levelled on
_NO_BARE_SKIN: Final = (
    "scalp", "brows", "mouth_inside", "eye_sockets", "lids_margin", "lips_upper", "lips_lower"
)  # fmt: skip
_SQUARE: Final = 8  # texels a side of the squares that blobs are looked for in


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
        points: [K, 3] metres.
        radii: one or [K], metres.
        weights: [K]; all 1 where left out.
    """
    radius = torch.as_tensor(radii).expand(len(points))
    weight = torch.ones(len(points)) if weights is None else weights
    squares = subject.once("squares", lambda: _squares(subject))
    balls = subject.once("balls", lambda: _balls(squares))
    # Only squares of texels that a blob can reach are looked at.
    near_enough = torch.cdist(points, balls[:, :3]) < balls[:, 3] + _REACH * radius[:, None]
    number, square = near_enough.nonzero().unbind(1)
    away = torch.zeros(len(square), squares.shape[2])
    for axis in range(3):
        away += (squares[axis][square] - points[number, axis, None]).square_()
    values = (away / -radius[number, None].square()).exp_().mul_(weight[number, None])
    found = torch.zeros(squares.shape[1:])
    found.scatter_reduce_(0, square[:, None].expand_as(values), values, "amax")
    side = subject.surface.atlas.size // _SQUARE
    return found.view(side, side, _SQUARE, _SQUARE).transpose(1, 2).reshape(side * _SQUARE, side * _SQUARE)


def _squares(subject: Subject) -> Tensor:
    """[3, B, 64] positions of the texels, square by square."""
    position = subject.surface.position
    side = position.shape[1] // _SQUARE
    return position.view(3, side, _SQUARE, side, _SQUARE).transpose(2, 3).reshape(3, side * side, _SQUARE * _SQUARE)


def _balls(squares: Tensor) -> Tensor:
    """[B, 4] centre and radius of balls around the squares."""
    middle = squares.mean(dim=2)
    half = (squares - middle[..., None]).square().sum(dim=0).amax(dim=1).sqrt()
    return torch.cat((middle, half[None])).T.contiguous()


def onto_skin(subject: Subject, points: Tensor) -> Tensor:
    """[N, 3] points moved onto the skin: to the plane that touches it at the nearest vertex."""
    head = subject.head
    chosen = torch.cat([torch.arange(*part.vertices) for part in head.topology.parts if part.material == "skin"])
    _, nearest = cKDTree(head.vertices[chosen].numpy()).query(points.numpy())
    vertex = chosen[torch.from_numpy(nearest)]
    normal = vertex_normals(head.vertices, head.topology.triangles)[vertex]
    away = points - head.vertices[vertex]
    return points - (away * normal).sum(dim=1, keepdim=True) * normal


def unlit(subject: Subject, make: Callable[[Subject], Tensor]) -> Tensor:
    """[F, S, S] what `make` gives, without what follows the direction that the skin faces.

    Noses are red and look forward, necks are pale and look down: taken together that would be a light from above.
    So of each field its linear share in the normal is taken out, which is found on a coarse grid of the face, and is
    the same for all tiles and sizes.
    """
    head, tile = subject.head, skin_tiles(subject.head.topology)[0]
    sketch = Subject(head, surface_of(head, tile, _SKETCH), _SKETCH, subject.seed, subject.traits)
    atlas, normals = sketch.surface.atlas, vertex_normals(head.vertices, head.topology.triangles)
    seen = (atlas.inside & (atlas.region(*_NO_BARE_SKIN) < 0.05)).view(-1)
    normal, values = atlas.spread(normals, atlas.corners).view(3, -1)[:, seen], make(sketch).flatten(1)[:, seen]
    mean = normal.mean(dim=1, keepdim=True)
    level = normal - mean
    share = torch.linalg.solve(level @ level.T, level @ values.T).T  # [F, 3]
    here = subject.surface.atlas
    away = here.spread(normals, here.corners).view(3, -1) - mean
    return make(subject) - (share @ away).view(-1, here.size, here.size)


def curve(points: Tensor, count: int) -> Tensor:
    """[count, D] points on a smooth curve through points [K, D] (Catmull and Rom 1974)."""
    ends = torch.cat((2.0 * points[:1] - points[1:2], points, 2.0 * points[-1:] - points[-2:-1]))
    place = torch.linspace(0.0, len(points) - 1.0, count)
    piece = place.long().clamp_max(len(points) - 2)
    t = (place - piece)[:, None]
    p0, p1, p2, p3 = (ends[piece + step] for step in range(4))
    return 0.5 * (
        2.0 * p1 + (p2 - p0) * t + (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3) * t**2 + (3.0 * (p1 - p2) + p3 - p0) * t**3
    )
