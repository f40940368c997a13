"""Where things lie on an eyeball: found from the mesh, so that it holds for every head model and every person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import fit_sphere

LIMBUS: Final = math.radians(23.5)
"""Off the eye's axis, where iris meets white: angles are scaled so that it lies there on every mesh."""

_FRONT: Final = math.radians(60.0)  # the limbus and the pupil lie nearer to the axis than this
_SECTORS: Final = 16  # around the axis, in each of which the innermost vertex belongs to a rim
_IRIS_RADIUS: Final = 5.9e-3  # metres, of what is seen of an iris: alike in all adults
_LEAST_IRIS, _MOST_IRIS = 0.90, 0.98  # of the mesh's limbus
_HOLE: Final = 0.05  # of the limbus' radius: an iris that begins further from the axis has a hole in it
_OVAL: Final = (0.7, 1.4)  # least and greatest radius of the limbus in some direction, over its mean radius
_SHORTEST: Final = 1e-6  # metres: guards divisions by a length
_TINIEST: Final = 1e-9  # the same, where all lengths might be 0
_LESS_THAN_ALL: Final = 0.999  # keeps a fraction below 1


@dataclass(frozen=True)
class Ellipse:
    """An axis-aligned ellipse across the eye's axis: [2] middle and [2] half axes, metres to the right and up."""

    middle: Tensor
    half_axes: Tensor

    def reach(self, across: Tensor) -> Tensor:
        """Return [N] distances from the middle of points [N, 2], 1 on the ellipse."""
        return torch.linalg.vector_norm((across - self.middle) / self.half_axes, dim=1)


@dataclass(frozen=True)
class Eyeball:
    """One eye of one head.

    Attributes:
        centre: [3] of the ball, metres.
        axes: [3, 3] rows: to the person's left (+X), up, and ahead along the optical axis.
        radius: of the ball, metres.
        limbus: where iris meets white.
        limbus_depth: how far ahead of the centre that is, metres.
        pupil: the hole in the iris, or None where the mesh has none.
    """

    centre: Tensor
    axes: Tensor
    radius: float
    limbus: Ellipse
    limbus_depth: float
    pupil: Ellipse | None

    def place(self, points: Tensor) -> Tensor:
        """Return [N, 3] points, metres, as seen from the ball's centre: to the left, up, ahead."""
        return (points - self.centre) @ self.axes.T

    def turn(self, place: Tensor) -> Tensor:
        """Return [N] radians around the axis; 0 is the person's left, a quarter turn is up."""
        return torch.atan2(place[:, 1], place[:, 0])

    def angle(self, place: Tensor) -> Tensor:
        """Return [N] radians off the axis, scaled so that the limbus lies at `LIMBUS` all around."""
        across = torch.linalg.vector_norm(place[:, :2], dim=1)
        at_limbus = across / self.limbus.reach(place[:, :2]).clamp_min(_SHORTEST)
        typical = float(self.limbus.half_axes.mean())
        least, most = (factor * typical for factor in _OVAL)
        limbus = torch.atan2(at_limbus.clamp(least, most), torch.tensor(self.limbus_depth))
        return torch.atan2(across, place[:, 2]) * (LIMBUS / limbus)

    @property
    def iris_edge(self) -> float:
        """Where the iris seems to end, 1 at the mesh's limbus: meshes have larger irises than people."""
        return float(min(max(_IRIS_RADIUS / float(self.limbus.half_axes.mean()), _LEAST_IRIS), _MOST_IRIS))

    @property
    def hole(self) -> float:
        """How far the hole in the iris reaches from the limbus' middle, 1 at the limbus; 0 where there is none."""
        if self.pupil is None:
            return 0.0
        aside = torch.linalg.vector_norm(self.pupil.middle - self.limbus.middle)
        return float((self.pupil.half_axes.amax() + aside) / self.limbus.half_axes.amin())

    def across(self, place: Tensor) -> Tensor:
        """Return [N, 2] away from the limbus' middle, to the left and up; of length 1 on the limbus."""
        return (place[:, :2] - self.limbus.middle) / self.limbus.half_axes

    def in_front(self, place: Tensor) -> Tensor:
        """Return [N, 1] 1 on the iris' disc, 0 on what lies behind the pupil."""
        return (torch.atan2(torch.linalg.vector_norm(place[:, :2], dim=1), place[:, 2]) < _FRONT).float()[:, None]


def eyeballs(head: Head) -> dict[str, Eyeball]:
    """Return the "left" and the "right" eye of a head, those that it has."""
    names = {part.name for part in head.topology.parts}
    return {side: _eyeball(head, side) for side in ("left", "right") if f"{side}_sclera" in names}


def _eyeball(head: Head, side: str) -> Eyeball:
    """Fit an eyeball to the mesh of one eye."""
    white, iris, cornea = (_vertices(head, f"{side}_{name}") for name in ("sclera", "iris", "cornea"))
    centre, radius = fit_sphere(white)
    ahead = torch.nn.functional.normalize(cornea.mean(dim=0) - centre, dim=0)
    left = torch.nn.functional.normalize(torch.tensor([1.0, 0.0, 0.0]) - ahead[0] * ahead, dim=0)
    axes = torch.stack((left, torch.linalg.cross(ahead, left), ahead))
    around = _rim((white - centre) @ axes.T)
    limbus, depth = _ellipse(around[:, :2]), float(around[:, 2].mean())
    edge = _rim((iris - centre) @ axes.T)[:, :2]
    has_hole = float(torch.linalg.vector_norm(edge, dim=1).min()) > _HOLE * float(limbus.half_axes.mean())
    return Eyeball(centre, axes, radius, limbus, depth, _ellipse(edge) if has_hole else None)


def _vertices(head: Head, part: str) -> Tensor:
    """Return [N, 3] vertices that a part's faces use, metres."""
    topology = head.topology
    return head.vertices[torch.unique(topology.faces[slice(*topology.part(part).faces)])]


def _rim(place: Tensor) -> Tensor:
    """Return [M, 3] the points nearest to the axis, one for each sector around it."""
    across = torch.linalg.vector_norm(place[:, :2], dim=1)
    front = torch.atan2(across, place[:, 2]) < _FRONT
    place, across = place[front], across[front]
    sector = ((torch.atan2(place[:, 1], place[:, 0]) / (2.0 * math.pi)).remainder(1.0) * _SECTORS).long()
    # By sector, the innermost of each first.
    order = (sector + across / (across.amax() + _TINIEST) * _LESS_THAN_ALL).argsort()
    first = sector[order].diff(prepend=torch.tensor([-1])) > 0
    return place[order[first]]


def _ellipse(points: Tensor) -> Ellipse:
    """Fit an axis-aligned ellipse to points [M, 2], by least squares: a x^2 + b y^2 + c x + d y = 1."""
    scale = float(torch.linalg.vector_norm(points, dim=1).mean())
    x, y = (points.double() / max(scale, _TINIEST)).unbind(1)
    a, b, c, d = torch.linalg.lstsq(
        torch.stack((x * x, y * y, x, y), dim=1), torch.ones(len(x), 1, dtype=torch.float64)
    ).solution[:, 0]
    middle = torch.stack((-c / (2.0 * a), -d / (2.0 * b)))
    size = 1.0 + a * middle[0] ** 2 + b * middle[1] ** 2
    half_axes = torch.stack((torch.sqrt(size / a), torch.sqrt(size / b)))
    return Ellipse((scale * middle).float(), (scale * half_axes).float())
