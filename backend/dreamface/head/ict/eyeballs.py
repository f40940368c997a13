"""ICT-FaceKit's eyeballs: where each one's centre is, and how far its surface reaches in every direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from scipy.spatial import Delaunay
from torch import Tensor

from dreamface.face import Topology
from dreamface.geometry import fit_similarity, fit_sphere
from dreamface.head.ict.parts import CORNEA

_GRID: Final = 96  # cells per side of the map of directions
_WIDEST: Final = np.radians(125.0)  # off the line of sight, at the middle of the map's sides
_ROUND: Final = 0.02  # of the layout; the white is taken as a sphere from so far outside the cornea's edge


@dataclass(frozen=True)
class Pose:
    """One person's eyeball.

    Attributes:
        centre: [3] of the sphere that fits the white, metres.
        radius: of that sphere, metres.
        turn: [3, 3] rotation from the average person's eyeball.
        reach: [G, G] metres from the centre to the surface, by direction; see `TurningEye.height`.
    """

    centre: Tensor
    radius: float
    turn: Tensor
    reach: Tensor


class TurningEye:
    """One eyeball: its shell (white and cornea) and the iris with all that is behind it."""

    def __init__(self, topology: Topology, neutral: Tensor, side: str) -> None:
        """Learn the shell's shape.

        Args:
            topology: ICT-FaceKit's.
            neutral: [V, 3] metres, of the average person.
            side: "left" or "right", of the person.
        """
        shell, iris = topology.part(f"{side}_sclera"), topology.part(f"{side}_iris")
        self.rows = slice(shell.vertices[0], iris.vertices[1])
        """The vertices that turn."""
        self.iris = slice(*iris.vertices)
        self._shell = slice(*shell.vertices)
        self._average = neutral[self._shell]
        layout = torch.zeros(len(neutral), 2)
        faces = slice(shell.faces[0], topology.part(f"{side}_cornea").faces[1])
        layout[topology.faces[faces]] = topology.uv[topology.face_uvs[faces]]
        off_axis = torch.linalg.vector_norm(layout[self._shell] - 0.5, dim=1)
        self._white = off_axis > CORNEA + _ROUND
        centre, self.radius = fit_sphere(self._average[self._white])
        self._corners, self._shares = _map_of_directions(self._average - centre)

    def fit(self, vertices: Tensor) -> Pose:
        """Return the eyeball of a person with the vertices [V, 3]."""
        shell = vertices[self._shell]
        centre, radius = fit_sphere(shell[self._white])
        turn = fit_similarity(self._average, shell).rotation
        reach = torch.linalg.vector_norm(shell - centre, dim=1)
        return Pose(centre, radius, turn, (reach[self._corners] * self._shares).sum(dim=-1))

    @staticmethod
    def height(points: Tensor, pose: Pose, gaze: Tensor) -> Tensor:
        """Return [..., N] metres by which points lie outside the eyeball; below 0 they are in it.

        Args:
            points: [..., N, 3] metres.
            pose: of the eyeball.
            gaze: [..., 3, 3] rotation of the eyeball away from rest.
        """
        arm = points - pose.centre
        distance = torch.linalg.vector_norm(arm, dim=-1)
        place = _on_map((arm / distance[..., None]) @ (gaze @ pose.turn)).clamp(0.0, _GRID - 1.001)
        low = place.floor()
        share = place - low
        row, column = low.long().unbind(-1)
        corner = row * _GRID + column
        reach = pose.reach.reshape(-1)
        first = torch.lerp(reach[corner], reach[corner + 1], share[..., 1])
        second = torch.lerp(reach[corner + _GRID], reach[corner + _GRID + 1], share[..., 1])
        return distance - torch.lerp(first, second, share[..., 0])


def _on_map(directions: Tensor) -> Tensor:
    """[..., 2] row and column on the map of unit directions [..., 3]; the middle is -Y, off it the angle counts."""
    x, y, z = directions.unbind(-1)
    side = torch.sqrt(x * x + z * z).clamp(min=1e-9)
    scale = torch.atan2(side, -y) / side / _WIDEST
    return (torch.stack((z, x), dim=-1) * scale[..., None] + 1.0) * (0.5 * (_GRID - 1))


def _map_of_directions(arms: Tensor) -> tuple[Tensor, Tensor]:
    """Return [G, G, 3] vertices of the shell around every direction of the map and [G, G, 3] their shares."""
    places = _on_map(torch.nn.functional.normalize(arms, dim=1)).double().numpy()
    mesh = Delaunay(places)
    rows, columns = np.meshgrid(np.arange(_GRID), np.arange(_GRID), indexing="ij")
    cells = np.stack((rows, columns), axis=-1).reshape(-1, 2).astype(np.float64)
    at = mesh.find_simplex(cells)
    transform = mesh.transform[at]
    first = np.einsum("nij,nj->ni", transform[:, :2], cells - transform[:, 2])
    shares = np.concatenate((first, 1.0 - first.sum(axis=1, keepdims=True)), axis=1)
    corners = mesh.simplices[at]
    outside = at < 0  # behind the eye: nothing asks there, the nearest vertex will do
    nearest = np.linalg.norm(cells[outside, None] - places, axis=-1).argmin(axis=1)
    corners[outside], shares[outside] = nearest[:, None], (1.0, 0.0, 0.0)
    shape = (_GRID, _GRID, 3)
    return torch.from_numpy(corners.astype(np.int64)).view(shape), torch.from_numpy(shares).float().view(shape)
