"""The skin that hair grows on and keeps out of, as a signed distance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.face import Head
from dreamface.hair import HairMark, Roots
from dreamface.render import RayMesh, vertex_normals
from dreamface.styles import Skull
from dreamface.units import MM

REACH: Final = 45.0 * MM
"""How far from the skin distances are known; beyond, they are this."""

_SHOULDER_RADIUS: Final = 0.50  # in half skulls, as all of these
_SHOULDER_FROM: Final = (0.25, 0.52, -2.28)  # middle of a shoulder's inner and outer end, from the skull's middle
_SHOULDER_TO: Final = (1.75, 0.45, -2.78)
_CHEST_FROM: Final = (0.0, 0.05, -2.75)
_CHEST_TO: Final = (0.0, 0.25, -4.5)
_CHEST_RADIUS: Final = 0.95
_INSIDE_SKULL, _INSIDE_NECK, _NECK_ENDS = 0.97, 0.55, -2.0  # half skulls, of where hair may be deep inside the head
_FACE_ENDS, _FACE_WIDE, _FACE_DEEP = -1.3, 0.68, -0.9  # the same of the face
_BUST_FROM, _BUST_ENDS, _BUST_WIDE, _BUST_DEEP = -1.4, -2.6, 1.5, 1.0  # the same of the bust
_INNER: Final = frozenset(("mouth_inside", "nostrils", "eye_sockets"))  # regions that hair neither grows on nor meets
_ON_BORDER: Final = 0.999  # weight of border vertices, above which the nearest place is an open edge: nothing is inside
_NEXT_TO: Final = 30.0 * MM  # along a line, within which the skin is that of a root, on whichever head
_BEFORE: Final = 1.0 * MM  # by which a line starts before a point that may lie right in the skin
_BODY_BELOW: Final = -1.6  # height from which the body is looked for
_FLAT: Final = (1.0, 1.35, 1.0)  # the body is so much less deep than it is wide
_SLIDES: Final = (0.3, 1.6, 0.6)  # hair slides off the shoulders to the front and the back more than it lies on them


@dataclass(frozen=True)
class Near:
    """What of the skin is nearest to N points.

    Attributes:
        distance: [N] metres, below 0 inside.
        normal: [N, 3] unit direction away from the skin.
    """

    distance: Tensor
    normal: Tensor


class Surface:
    """A head's skin, and stand-ins for the shoulders that no head has."""

    def __init__(self, head: Head, marks: Sequence[HairMark] = ()) -> None:
        """Build the search tree.

        Args:
            head: whose skin.
            marks: places on it where hair grows other than as its style does.
        """
        self.marks = tuple(marks)
        topology = head.topology
        first, stop = (2 * face for face in next(one for one in topology.objects if one.name == "skin").faces)
        inner = torch.zeros(topology.vertex_count)
        for region in _INNER & topology.regions.keys():
            inner = torch.maximum(inner, topology.regions[region])
        self.head, self.skull = head, Skull.of(head)
        self.triangles = topology.triangles
        self._index = first + torch.nonzero(inner[self.triangles[first:stop]].amin(dim=1) < 0.5)[:, 0]
        outer = self.triangles[self._index]
        self.normals = vertex_normals(head.vertices, outer)
        self._is_border = _border(outer, topology.vertex_count)
        self._mesh = RayMesh(head.vertices, outer)

    def near(self, points: Tensor, reach: float = REACH, sliding: bool = False) -> Near:
        """Return the signed distance to the skin or the shoulders of points [N, 3], and the way out.

        Args:
            points: [N, 3] metres.
            reach: metres beyond which the skin is not looked for; the distance is then at least so much.
            sliding: whether the way off the shoulders is more to the front and the back, as hair slides.
        """
        triangle, weights = self._mesh.nearest(points, reach)
        distance = torch.full((len(points),), reach)
        normal = normalize(points - self.skull.centre, dim=1)
        found = torch.nonzero(triangle >= 0)[:, 0]
        distance[found], normal[found] = self._beside(points[found], triangle[found], weights[found])
        self._add_body(points, distance, normal, sliding)
        return Near(distance, normal)

    def _beside(self, points: Tensor, triangle: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return signed distance [N] and way out [N, 3] of points whose nearest place on the skin is known."""
        corners = self.triangles[self._index[triangle]]
        weights = weights[:, :, None]
        place = (self.head.vertices[corners] * weights).sum(dim=1)
        normal = normalize((self.normals[corners] * weights).sum(dim=1), dim=1)
        away = points - place
        length = away.norm(dim=1)
        at_border = (self._is_border[corners] * weights[:, :, 0]).sum(dim=1) > _ON_BORDER
        side = torch.where(((away * normal).sum(dim=1) < 0.0) & ~at_border, -1.0, 1.0)
        # Close to the skin the way to it is all rounding; there the smooth normal is better.
        out = torch.lerp(normal, away * (side / length.clamp(min=1e-9))[:, None], _trust(length))
        return side * length, normalize(out, dim=1)

    def may_be_deep(self, points: Tensor) -> Tensor:
        """Return [N] bool: which of points [N, 3] may lie deep inside the skull, the face, the neck or the bust."""
        away = (points - self.skull.centre) / self.skull.size
        x, y, z = away.unbind(1)
        neck = (z < 0.0) & (z > _NECK_ENDS) & (torch.hypot(x, y) < _INSIDE_NECK)
        bust = (z < _BUST_FROM) & (z > _BUST_ENDS) & (x.abs() < _BUST_WIDE) & (y.abs() < _BUST_DEEP)
        face = (z < 0.0) & (z > _FACE_ENDS) & (x.abs() < _FACE_WIDE) & (y < 0.0) & (y > _FACE_DEEP)
        return (away.norm(dim=1) < _INSIDE_SKULL) | neck | bust | face

    def area(self, density: Tensor) -> float:
        """Return the square metres that a density [V] covers."""
        a, b, c = self.head.vertices[self.triangles].unbind(1)
        areas = 0.5 * torch.linalg.cross(b - a, c - a).norm(dim=1)
        return float((areas * density[self.triangles].mean(dim=1)).sum())

    def outermost(self, way: Tensor) -> Tensor:
        """Return [N, 3] where the skin is in directions [N, 3] from the skull's middle, seen from outside."""
        origin = self.skull.centre + 4.0 * self.skull.size * way
        depth = self._mesh.cast(origin, -way).depth
        depth = torch.where(torch.isfinite(depth), depth, torch.full_like(depth, 3.0 * self.skull.size))
        return origin - depth[:, None] * way

    def roots_at(self, points: Tensor) -> Roots:
        """Return the places on the skin that are nearest to points [N, 3]."""
        triangle, weights = self._mesh.nearest(points, 1.0)
        return Roots(self._index[triangle.clamp(min=0)], weights)

    def roots_along(self, points: Tensor, directions: Tensor) -> Roots:
        """Return where lines through points meet the skin next to them, or the nearest place where they do not.

        Args:
            points: [N, 3] metres.
            directions: [N, 3] unit vectors.
        """
        found = self.roots_at(points)
        out, back = (self._mesh.cast(points - _BEFORE * way, way) for way in (directions, -directions))
        away = [(seen.depth - _BEFORE).abs() for seen in (out, back)]
        outwards = away[0] <= away[1]
        triangle = torch.where(outwards, out.triangle, back.triangle)
        weights = torch.where(outwards[:, None], out.barycentric, back.barycentric)
        close = torch.minimum(*away) < _NEXT_TO
        return Roots(
            torch.where(close, self._index[triangle.clamp(min=0)], found.triangle),
            torch.where(close[:, None], weights, found.barycentric),
        )

    def _add_body(self, points: Tensor, distance: Tensor, normal: Tensor, sliding: bool) -> None:
        """Lower the distances of points that are nearer to the shoulders, in place."""
        low = torch.nonzero(points[:, 2] < self.skull.centre[2] + self.skull.size * _BODY_BELOW)[:, 0]
        if not len(low):
            return
        spans = (
            (_SHOULDER_FROM, _SHOULDER_TO, _SHOULDER_RADIUS),
            (_mirrored(_SHOULDER_FROM), _mirrored(_SHOULDER_TO), _SHOULDER_RADIUS),
            (_CHEST_FROM, _CHEST_TO, _CHEST_RADIUS),
        )
        for start, end, radius in spans:
            away = self._from_axis(points[low], start, end) * points.new_tensor(_FLAT)
            beyond = away.norm(dim=1) - radius * self.skull.size
            nearer = torch.nonzero(beyond < distance[low])[:, 0]
            distance[low[nearer]] = beyond[nearer]
            way = away[nearer] * away.new_tensor(_SLIDES) if sliding else away[nearer]
            normal[low[nearer]] = normalize(way + 1e-6, dim=1)

    def _from_axis(self, points: Tensor, start: tuple[float, ...], end: tuple[float, ...]) -> Tensor:
        """Return [N, 3]: the way to points from the nearest place of a segment around the skull."""
        first = self.skull.centre + self.skull.size * points.new_tensor(start)
        axis = self.skull.size * (points.new_tensor(end) - points.new_tensor(start))
        along = ((points - first) @ axis / (axis @ axis)).clamp(0.0, 1.0)
        return points - first - along[:, None] * axis


def _border(triangles: Tensor, vertex_count: int) -> Tensor:
    """Return [V] 1 for vertices at an open edge of triangles [T, 3], as below the neck, and 0 for others."""
    edges = torch.cat((triangles[:, :2], triangles[:, 1:], triangles[:, [2, 0]])).sort(dim=1).values
    edges = edges[edges[:, 0] != edges[:, 1]]
    number, count = (edges[:, 0] * vertex_count + edges[:, 1]).unique(return_counts=True)  # type: ignore[no-untyped-call]
    open_edges = number[count == 1]
    border = torch.zeros(vertex_count)
    border[torch.cat((open_edges // vertex_count, open_edges % vertex_count))] = 1.0
    return border


def _mirrored(place: tuple[float, float, float]) -> tuple[float, float, float]:
    return -place[0], place[1], place[2]


def _trust(length: Tensor) -> Tensor:
    """Return [N, 1] how far to trust the direction to the nearest point at some distance."""
    return (length / (4.0 * MM)).clamp(0.0, 1.0)[:, None]
