"""The skin that hair grows on and keeps out of, as a signed distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.face import Head
from dreamface.hair import Roots
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

    def __init__(self, head: Head) -> None:
        """Build the search tree."""
        group = next(group for group in head.topology.objects if group.name == "skin")
        first, stop = (2 * face for face in group.faces)
        self.head, self.skull = head, Skull.of(head)
        self.triangles = head.topology.triangles
        self.normals = vertex_normals(head.vertices, self.triangles[first:stop])
        self._first = first
        self._mesh = RayMesh(head.vertices, self.triangles[first:stop])

    def near(self, points: Tensor, reach: float = REACH) -> Near:
        """Return the signed distance to the skin or the shoulders of points [N, 3], and the way out.

        Args:
            points: [N, 3] metres.
            reach: metres beyond which the skin is not looked for; the distance is then at least so much.
        """
        triangle, weights = self._mesh.nearest(points, reach)
        found = triangle >= 0
        corners = self.triangles[self._first + triangle.clamp(min=0)]
        place = torch.einsum("nkc,nk->nc", self.head.vertices[corners], weights)
        normal = normalize(torch.einsum("nkc,nk->nc", self.normals[corners], weights), dim=1)
        away = points - place
        length = away.norm(dim=1)
        side = torch.where((away * normal).sum(dim=1) < 0.0, -1.0, 1.0)
        distance = torch.where(found, side * length, torch.full_like(length, reach))
        out = normalize(points - self.skull.centre, dim=1)
        # Close to the skin the way to it is all rounding; there the smooth normal is better.
        own = normalize(torch.lerp(normal, normalize(away, dim=1) * side[:, None], _trust(length)), dim=1)
        return self._with_body(points, distance, torch.where(found[:, None], own, out))

    def rooted(self, places: Tensor, reach: float = REACH) -> Roots:
        """Return the roots on the skin that are nearest to places [N, 3], which must be within reach of it."""
        triangle, weights = self._mesh.nearest(places, reach)
        return Roots(self._first + triangle.clamp(min=0).long(), weights)

    def _with_body(self, points: Tensor, distance: Tensor, normal: Tensor) -> Near:
        low = points[:, 2] < self.skull.centre[2] + self.skull.size * _SHOULDER_FROM[2] * 0.75
        if not bool(low.any()):
            return Near(distance, normal)
        spans = (
            (_SHOULDER_FROM, _SHOULDER_TO, _SHOULDER_RADIUS),
            (_mirrored(_SHOULDER_FROM), _mirrored(_SHOULDER_TO), _SHOULDER_RADIUS),
            (_CHEST_FROM, _CHEST_TO, _CHEST_RADIUS),
        )
        for start, end, radius in spans:
            away = self._from_axis(points, start, end)
            length = away.norm(dim=1)
            beyond = length - radius * self.skull.size
            nearer = beyond < distance
            distance = torch.where(nearer, beyond, distance)
            normal = torch.where(nearer[:, None], away / length[:, None].clamp(min=1e-6), normal)
        return Near(distance, normal)

    def _from_axis(self, points: Tensor, start: tuple[float, ...], end: tuple[float, ...]) -> Tensor:
        """Return [N, 3]: the way to points from the nearest place of a segment around the skull."""
        first = self.skull.centre + self.skull.size * points.new_tensor(start)
        axis = self.skull.size * (points.new_tensor(end) - points.new_tensor(start))
        along = ((points - first) @ axis / (axis @ axis)).clamp(0.0, 1.0)
        return points - first - along[:, None] * axis


def _mirrored(place: tuple[float, float, float]) -> tuple[float, float, float]:
    return -place[0], place[1], place[2]


def _trust(length: Tensor) -> Tensor:
    """Return [N, 1] how far to trust the direction to the nearest point at some distance."""
    return (length / (4.0 * MM)).clamp(0.0, 1.0)[:, None]
