"""The tongue of ICT-FaceKit put out: the archive has no such expression."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.face import Topology
from dreamface.geometry import pieces
from dreamface.head.ict.openings import Loops
from dreamface.head.ict.parts import LOWER_INCISORS, LOWER_TEETH

JAW: Final = 0.55
"""How far jawOpen takes part in tongueOut: the teeth let the tongue through."""

LIP: Final = 0.6
"""How far mouthLowerDown takes part: the lower lip gives way."""

_ON_TONGUE: Final = (0.8, 0.2)  # a place within the tongue's island of the layout
_LIP_RINGS: Final = range(2, 13)  # of the mouth's loops: the lower lip's back, top and front
_ROOT: Final = -0.047  # metres; Y behind which the average person's tongue stays where it is
_LEAVES: Final = 0.45  # of the tongue's length, over which it passes into the new course
_THIN: Final = 0.42  # height and width of the part that is out, of those at rest
_NARROW: Final = 0.74
_HALF_THICKNESS: Final = 3.4e-3  # metres that its middle passes above the teeth and the lip
_RIDES: Final = 0.76  # of the jaw's way that the part which is out goes along
_OVER_LIP: Final = 4.5e-3  # metres: halfway out, which is on a straight line from its rest, it clears the lip, too
_TIP: Final = (-0.017, 0.0005)  # metres from there to the middle of its tip: forwards and up


class Tongue:
    """The tongue's vertices, and how each lies along it."""

    def __init__(self, topology: Topology, neutral: Tensor, mouth: Loops) -> None:
        """Find the tongue.

        Args:
            topology: ICT-FaceKit's.
            neutral: [V, 3] metres, of the average person.
            mouth: the loops around the mouth.
        """
        self.vertices = torch.from_numpy(_island(topology, _ON_TONGUE))
        points = neutral[self.vertices].double().numpy()
        tip = points[:, 1].min()
        self._along = np.clip((_ROOT - points[:, 1]) / (_ROOT - tip), 0.0, 1.0)
        middle = np.abs(points[:, 0]) < 2e-3
        self._stations = np.linspace(0.0, 1.0, 12)
        core = _middle_heights(self._along[middle], points[middle, 2], self._stations)
        self._core = core - points[:, 2].mean()  # height of its middle over its vertices' mean
        columns = mouth.lower[len(mouth.lower) // 2 + np.arange(-1, 2)]
        self._lip = torch.from_numpy(np.stack([mouth.ring(step) for step in _LIP_RINGS])[:, columns])

    def out(self, neutral: Tensor, jaw_open: Tensor) -> Tensor:
        """Return [N, 3] offsets of `vertices` that put the tongue out over the lower lip, the jaw's share included.

        Args:
            neutral: [V, 3] metres, of one person.
            jaw_open: [V, 3] that person's jawOpen at weight 1.
        """
        points = neutral[self.vertices].double().numpy()
        core = self._core + points[:, 2].mean()
        course = self._course(neutral, core)
        height = points[:, 2] - np.interp(self._along, self._stations, core)
        leaving = _smooth(self._along / _LEAVES)
        place, forward = course(self._along), course(self._along, 1)
        forward /= np.linalg.norm(forward, axis=1, keepdims=True)
        upward = np.stack((forward[:, 1], -forward[:, 0]), axis=1)  # in (Y, Z), at a right angle to the course
        put_out = np.stack((
            points[:, 0] * (1.0 + leaving * (_NARROW - 1.0)),
            place[:, 0] + height * (1.0 + leaving * (_THIN - 1.0)) * upward[:, 0],
            place[:, 1] + height * (1.0 + leaving * (_THIN - 1.0)) * upward[:, 1],
        ), axis=1)  # fmt: skip
        target = points + leaving[:, None] * (put_out - points)
        teeth = slice(*LOWER_TEETH)
        swing = _affine(neutral[teeth].double().numpy(), jaw_open[teeth].double().numpy())
        with_jaw = np.concatenate((target, np.ones((len(target), 1))), axis=1) @ swing
        own = jaw_open[self.vertices].double().numpy()
        moved = target + JAW * (own + leaving[:, None] * (_RIDES * with_jaw - own))
        return torch.from_numpy(moved - points).float()

    def _course(self, neutral: Tensor, core: FloatArray) -> CubicSpline:
        """(Y, Z) of the middle of the tongue that is out, from root (0) to tip (1): over the teeth and over the lip."""
        points = neutral[self.vertices, 1].double().numpy()
        root, tip = points[self._along <= 0.02].min(), points.min()
        incisors = neutral[slice(*LOWER_INCISORS)].double().numpy()
        crest = incisors[incisors[:, 2] >= np.quantile(incisors[:, 2], 0.9)].mean(axis=0)[1:]
        lip = neutral[self._lip].double().numpy().reshape(-1, 3)
        top = lip[lip[:, 2].argmax(), 1:]
        front = lip[:, 1].min()
        rise = np.array([0.0, _HALF_THICKNESS])
        knots = np.array([
            (root, core[0]),
            (root + 0.35 * (tip - root), np.interp(0.35, self._stations, core)),
            crest + rise + (0.006, 0.0005),
            (0.5 * (crest[0] + top[0]), max(crest[1], top[1]) + 0.6 * _OVER_LIP + _HALF_THICKNESS),
            (0.5 * (top[0] + front), top[1] + _OVER_LIP + _HALF_THICKNESS),
            (front + 0.55 * _TIP[0], top[1] + _OVER_LIP + _HALF_THICKNESS + _TIP[1]),
            (front + _TIP[0], top[1] + _OVER_LIP + 0.6 * _HALF_THICKNESS + _TIP[1]),
        ])  # fmt: skip
        length = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))))
        return CubicSpline(length / length[-1], knots)


def _island(topology: Topology, inside: tuple[float, float]) -> IntArray:
    """Vertices of the gums' and tongue's part that lie on the same island of the layout as the face around a place."""
    part = slice(*topology.part("gums_and_tongue").faces)
    faces, uvs = topology.faces[part].numpy(), topology.face_uvs[part].numpy()
    island = pieces(uvs)
    middles = topology.uv.numpy()[uvs].mean(axis=1)
    seen = island[np.linalg.norm(middles - inside, axis=1).argmin()]
    found: IntArray = np.unique(faces[island == seen])
    return found


def _middle_heights(along: FloatArray, height: FloatArray, stations: FloatArray) -> FloatArray:
    """Return [S] halfway between the lowest and the highest vertex around each station."""
    near = np.abs(along - stations[:, None]) <= 0.75 * (stations[1] - stations[0])
    top = np.where(near, height, -np.inf).max(axis=1)
    bottom = np.where(near, height, np.inf).min(axis=1)
    found: FloatArray = 0.5 * (top + bottom)
    return found


def _smooth(share: FloatArray) -> FloatArray:
    """0 to 1, level at both ends."""
    share = np.clip(share, 0.0, 1.0)
    found: FloatArray = share * share * (3.0 - 2.0 * share)
    return found


def _affine(points: FloatArray, offsets: FloatArray) -> FloatArray:
    """Return [4, 3] the affine map from points [N, 3] (and a 1) to offsets [N, 3], by least squares."""
    system = np.concatenate((points, np.ones((len(points), 1))), axis=1)
    found: FloatArray = np.linalg.lstsq(system, offsets, rcond=None)[0]
    return found
