"""The ring of vertices at which a head is joined to a body."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dreamface.arrays import IntArray
from dreamface.face import Head


def find_neck_ring(head: Head) -> Tensor:
    """Return [R] the vertices of the skin's lowest open edge, in order; none where the skin is closed.

    Counter-clockwise seen from above, beginning at the vertex that lies farthest in front.
    """
    first, last = next(group.faces for group in head.topology.objects if group.name == "skin")
    loops = open_loops(head.topology.faces[first:last].numpy())
    if not loops:
        return torch.zeros(0, dtype=torch.int64)
    vertices = head.vertices.double().numpy()
    loop = min(loops, key=lambda loop: float(vertices[loop, 2].mean()))
    x, y = vertices[loop, 0], vertices[loop, 1]
    area = float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
    if area < 0.0:
        loop = loop[::-1]
    start = int(vertices[loop, 1].argmin())
    return torch.from_numpy(np.roll(loop, -start).copy())


def open_loops(faces: IntArray) -> list[IntArray]:
    """Return the closed loops of edges that only one of the faces [F, 4] has, each as its vertices in order.

    Loops that touch themselves are left out.
    """
    edges, uses = edges_of(faces)
    border = edges[uses == 1]
    beside: dict[int, list[int]] = {}
    for start, end in border.tolist():
        beside.setdefault(start, []).append(end)
        beside.setdefault(end, []).append(start)
    loops, seen = [], set()
    for vertex in beside:
        if vertex in seen:
            continue
        loop = _follow(vertex, beside)
        seen |= set(loop)
        if loop:
            loops.append(np.array(loop, np.int64))
    return loops


def edges_of(faces: IntArray) -> tuple[IntArray, IntArray]:
    """Return [E, 2] the edges of faces [F, 4], the lower vertex first, and [E] how many faces have each."""
    ends = np.stack((faces, np.roll(faces, -1, axis=1)), axis=-1).reshape(-1, 2)
    low, high = ends.min(axis=1).astype(np.int64), ends.max(axis=1).astype(np.int64)
    real = low != high  # a triangle repeats its last corner
    count = int(faces.max()) + 1
    numbers, uses = np.unique(low[real] * count + high[real], return_counts=True)  # far faster than of rows
    return np.stack((numbers // count, numbers % count), axis=1), uses.astype(np.int64)


def _follow(start: int, beside: dict[int, list[int]]) -> list[int]:
    """The loop through a vertex; empty where it branches or does not close."""
    loop, previous, current = [start], -1, start
    while True:
        neighbours = beside[current]
        if len(neighbours) != 2:
            return []
        following = neighbours[0] if neighbours[0] != previous else neighbours[1]
        if following == start:
            return loop
        loop.append(following)
        previous, current = current, following
        if len(loop) > len(beside):
            return []
