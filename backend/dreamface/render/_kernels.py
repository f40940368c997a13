"""Warp kernels; importing this module starts Warp, so only `raster` does, on first use."""

# mypy: ignore-errors
# Warp's kernels are a language of their own in Python's clothes: annotations are values, and a variable that changes in
# a loop must start as float(...).
# ruff: noqa: UP018
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
import warp as wp


@contextmanager
def _silenced(stream: int) -> Iterator[None]:
    """Whatever is written to a file descriptor meanwhile is lost."""
    kept, nowhere = os.dup(stream), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream)
        yield
    finally:
        os.dup2(kept, stream)
        os.close(kept)
        os.close(nowhere)


def _start() -> None:
    """Start Warp without its greeting on stdout, where the backend speaks JSON.

    Its native code warns of a missing CUDA driver past every log level; where there is no GPU, that is no news.
    """
    wp.config.log_level = wp.LOG_ERROR
    with nullcontext() if torch.cuda.is_available() else _silenced(2):
        wp.init()


_start()


@wp.kernel(enable_backward=False)
def closest_hit(
    mesh: wp.uint64,
    origins: wp.array(dtype=wp.vec3),
    directions: wp.array(dtype=wp.vec3),
    first: int,
    faces: wp.array(dtype=wp.int32),
    hits: wp.array(dtype=wp.vec3),
):
    """Ray `first + tid`: the face it meets first (-1: none) and (u, v, t) there."""
    ray = first + wp.tid()
    query = wp.mesh_query_ray(mesh, origins[ray], directions[ray], 1.0e6)
    if query.result:
        faces[ray] = query.face
        hits[ray] = wp.vec3(query.u, query.v, query.t)
    else:
        faces[ray] = -1
        hits[ray] = wp.vec3(0.0, 0.0, 0.0)


@wp.kernel(enable_backward=False)
def unblocked(
    mesh: wp.uint64,
    origins: wp.array(dtype=wp.vec3),
    ends: wp.array2d(dtype=wp.vec3),
    weights: wp.array2d(dtype=wp.float32),
    first: int,
    shares: wp.array(dtype=wp.float32),
):
    """Origin `first + tid`: the weighted share of its segments to `ends` that nothing cuts."""
    point = first + wp.tid()
    origin = origins[point]
    free = float(0.0)
    total = float(0.0)
    for k in range(ends.shape[1]):
        weight = weights[point, k]
        if weight > 0.0:
            total += weight
            if not wp.mesh_query_ray_anyhit(mesh, origin, ends[point, k] - origin, 1.0):
                free += weight
    if total > 0.0:
        shares[point] = free / total
    else:
        shares[point] = 0.0


@wp.kernel(enable_backward=False)
def scan(
    corners: wp.array(dtype=wp.vec3),
    triangles: wp.array2d(dtype=wp.int32),
    first_row: int,
    stop_row: int,
    faces: wp.array2d(dtype=wp.int32),
    barycentric: wp.array2d(dtype=wp.vec3),
    nearness: wp.array2d(dtype=wp.float32),
):
    """Triangle `tid`: draw it into the rows `first_row`..`stop_row` with a depth buffer; one launch, one thread.

    `corners` are pixel x, pixel y and 1 / depth, not above 0 for what is too near. All three edge functions are worked
    out alike, so that triangles sharing an edge leave no gap along it.
    """
    triangle = wp.tid()
    a = corners[triangles[triangle, 0]]
    b = corners[triangles[triangle, 1]]
    c = corners[triangles[triangle, 2]]
    if wp.min(a[2], wp.min(b[2], c[2])) <= 0.0:
        return
    y_first = wp.max(first_row, int(wp.ceil(wp.min(a[1], wp.min(b[1], c[1])) - 0.5)))
    y_stop = wp.min(stop_row, int(wp.floor(wp.max(a[1], wp.max(b[1], c[1])) - 0.5)) + 1)
    x_first = wp.max(0, int(wp.ceil(wp.min(a[0], wp.min(b[0], c[0])) - 0.5)))
    x_stop = wp.min(faces.shape[1], int(wp.floor(wp.max(a[0], wp.max(b[0], c[0])) - 0.5)) + 1)
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if area == 0.0:
        return
    side = wp.sign(area)
    for row in range(y_first, y_stop):
        y = float(row) + 0.5
        for column in range(x_first, x_stop):
            x = float(column) + 0.5
            at_a = side * ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x))
            at_b = side * ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x))
            at_c = side * ((a[0] - x) * (b[1] - y) - (a[1] - y) * (b[0] - x))
            if at_a >= 0.0 and at_b >= 0.0 and at_c >= 0.0:
                weights = wp.vec3(at_a * a[2], at_b * b[2], at_c * c[2])
                total = weights[0] + weights[1] + weights[2]
                near = total / (at_a + at_b + at_c)
                if near > nearness[row, column]:
                    nearness[row, column] = near
                    faces[row, column] = triangle
                    barycentric[row, column] = weights / total
