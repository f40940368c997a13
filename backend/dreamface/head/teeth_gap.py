"""A gap between the upper front teeth: both halves of the row move apart along the arch, and the gum with them."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import pieces
from dreamface.units import MM

WIDEST_GAP: Final = 3.0 * MM
"""Between the two middle teeth, at `teeth.gap` 1."""

_MOVED: Final = (1.0 * MM, 26.0 * MM)  # along the arch from the midline: moves with its edge, stays
_GUM: Final = (1.5 * MM, 6.0 * MM)  # from the teeth: goes along, stays
_FOLLOWED: Final = 24  # vertices of the teeth that a vertex of the gum goes with


def gap_offsets(teeth: Tensor, faces: IntArray, gums: Tensor) -> tuple[Tensor, Tensor]:
    """Return what opens the gap by `WIDEST_GAP`: [T, 3] offsets of the teeth and [G, 3] of the gums, metres.

    Teeth do not run into each other: the next ones give way, less and less, and are a little narrower.

    Args:
        teeth: [T, 3] metres, of the upper teeth.
        faces: [F, 4] of them; every tooth is a piece of its own, and there are as many to the left as to the right.
        gums: [G, 3] metres, of the upper gums.
    """
    points = teeth.double().numpy()
    tooth = np.zeros(len(points), dtype=np.int64)
    tooth[faces] = pieces(faces)[:, None]
    moved = _apart(points, tooth)
    away, near = cKDTree(points).query(gums.double().numpy(), k=_FOLLOWED)
    shares = 1.0 / (np.square(away) + np.square(0.5 * MM))
    carried = (moved[near] * (shares / shares.sum(axis=1, keepdims=True))[..., None]).sum(axis=1)
    carried *= _fade(away[:, :1], *_GUM)
    return torch.from_numpy(moved).float(), torch.from_numpy(carried).float()


def _apart(points: FloatArray, tooth: IntArray) -> FloatArray:
    """Return [T, 3] offsets of vertices [T, 3], each along the arch where its tooth stands."""
    count = int(tooth.max()) + 1
    centres = np.stack([points[tooth == number].mean(axis=0) for number in range(count)])
    behind = centres[:, 1].max() + 5.0 * MM
    order = np.argsort(np.arctan2(centres[:, 0], behind - centres[:, 1]))  # from the person's right to the left
    row = centres[order, :2]
    along = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(row, axis=0), axis=1))))
    along -= 0.5 * (along[count // 2 - 1] + along[count // 2])
    way = np.gradient(row, axis=0)
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    own = place[tooth]
    side = np.where(own < count // 2, -1.0, 1.0)
    from_middle = side * (along[own] + ((points[:, :2] - row[own]) * way[own]).sum(axis=1))
    reach = 0.5 * WIDEST_GAP * side * _fade(from_middle, *_MOVED)
    return np.pad(reach[:, None] * way[own], ((0, 0), (0, 1)))


def _fade(values: FloatArray, low: float, high: float) -> FloatArray:
    """1 up to `low`, 0 from `high` on, smooth between."""
    share = np.clip((high - values) / (high - low), 0.0, 1.0)
    found: FloatArray = share * share * (3.0 - 2.0 * share)
    return found
