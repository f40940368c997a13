"""Small quad grids and loops that procedural parts are made of."""

from __future__ import annotations

import numpy as np

from dreamface.arrays import FloatArray, IntArray


def lattice_quads(rows: int, columns: int, *, closed: bool = False) -> IntArray:
    """Quads of a rows x columns lattice of vertices in row-major order.

    Args:
        rows: count of vertices down.
        columns: count of vertices across.
        closed: join the last column to the first.

    Returns:
        [Q, 4]; corners run (r, c), (r, c + 1), (r + 1, c + 1), (r + 1, c).
    """
    across = columns if closed else columns - 1
    r, c = np.meshgrid(np.arange(rows - 1), np.arange(across), indexing="ij")
    following = (c + 1) % columns
    corners = (r * columns + c, r * columns + following, (r + 1) * columns + following, (r + 1) * columns + c)
    return np.stack(corners, axis=-1).reshape(-1, 4)


def disc_grid(cells: int) -> tuple[FloatArray, IntArray, IntArray]:
    """Return a square grid of quads mapped onto the unit disc: no pole, no triangle.

    Args:
        cells: cells per side; the rim has 4 x cells vertices.

    Returns:
        [N, 2] points; [cells^2, 4] counter-clockwise quads; [4 cells] rim vertices, counter-clockwise from angle -135
        degrees.
    """
    line = np.linspace(-1.0, 1.0, cells + 1)
    y, x = np.meshgrid(line, line, indexing="ij")
    # Concentric map (Shirley and Chiu 1997, "A low distortion map between disk and square").
    radius = np.maximum(np.abs(x), np.abs(y))
    with np.errstate(invalid="ignore", divide="ignore"):
        along = np.where(
            np.abs(x) >= np.abs(y),
            np.pi / 4.0 * y / np.where(x == 0.0, 1.0, x),
            np.pi / 2.0 - np.pi / 4.0 * x / np.where(y == 0.0, 1.0, y),
        )
    sign = np.where(np.abs(x) >= np.abs(y), np.sign(x), np.sign(y))
    points = np.stack((sign * radius * np.cos(along), sign * radius * np.sin(along)), axis=-1).reshape(-1, 2)
    side = cells + 1
    bottom = np.arange(cells)
    right = np.arange(cells) * side + cells
    top = cells * side + np.arange(cells, 0, -1)
    left = np.arange(cells, 0, -1) * side
    return points, lattice_quads(side, side), np.concatenate((bottom, right, top, left))


def ways_around(start: int, end: int, count: int) -> tuple[IntArray, IntArray]:
    """Both ways along a closed loop of `count` from `start` to `end`, both included: forwards and backwards."""
    forward = (start + np.arange((end - start) % count + 1)) % count
    backward = (start - np.arange((start - end) % count + 1)) % count
    return forward, backward
