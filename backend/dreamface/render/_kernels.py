"""Warp kernels; importing this module starts Warp, so only `raster` does, on first use."""

# mypy: ignore-errors
# Warp's kernels are a language of their own in Python's clothes: annotations are values, and a variable that changes in
# a loop must start as float(...).
# ruff: noqa: UP018
import atexit
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

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
        try:
            wp.init()
        except OSError:  # the user's cache folder can't be made
            wp.config.kernel_cache_dir = _temporary_cache()
            wp.init()
    if not os.access(wp.config.kernel_cache_dir, os.W_OK):
        wp.config.kernel_cache_dir = str(Path(_temporary_cache()) / wp.config.version)
        Path(wp.config.kernel_cache_dir).mkdir(exist_ok=True)


def _temporary_cache() -> str:
    """A place for compiled kernels where the user's own can't be written to, such as a read-only home.

    It is the same in every run, so that only the first one compiles; unless somebody else has it, who could put
    anything into it.
    """
    if hasattr(os, "getuid"):
        place = Path(tempfile.gettempdir()) / f"dreamface-kernels-{os.getuid()}"
        with suppress(OSError):
            place.mkdir(mode=0o700, exist_ok=True)
            found = place.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
                return str(place)
    fresh = tempfile.mkdtemp(prefix="dreamface-kernels-")
    atexit.register(shutil.rmtree, fresh, ignore_errors=True)
    return fresh


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
def nearest_point(
    mesh: wp.uint64,
    points: wp.array(dtype=wp.vec3),
    reach: float,
    first: int,
    faces: wp.array(dtype=wp.int32),
    places: wp.array(dtype=wp.vec3),
):
    """Point `first + tid`: the face that comes nearest within reach (-1: none), and (u, v, 0) there."""
    point = first + wp.tid()
    query = wp.mesh_query_point_no_sign(mesh, points[point], reach)
    if query.result:
        faces[point] = query.face
        places[point] = wp.vec3(query.u, query.v, 0.0)
    else:
        faces[point] = -1
        places[point] = wp.vec3(0.0, 0.0, 0.0)


@wp.func
def first_pixel(a: float, b: float, c: float):
    """The first pixel whose middle lies within three coordinates of one axis."""
    return int(wp.ceil(wp.min(a, wp.min(b, c)) - 0.5))


@wp.func
def stop_pixel(a: float, b: float, c: float):
    """The pixel after the last one whose middle lies within three coordinates of one axis."""
    return int(wp.floor(wp.max(a, wp.max(b, c)) - 0.5)) + 1


@wp.func
def twice_area(a: wp.vec3, b: wp.vec3, c: wp.vec3):
    """Twice the signed area of a triangle in the picture."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@wp.func
def edge_functions(a: wp.vec3, b: wp.vec3, c: wp.vec3, side: float, x: float, y: float):
    """Twice the areas of the triangles that a point makes with the sides opposite to a, b, c (Pineda 1988).

    All of them are at least 0 inside. They are computed alike, so that triangles sharing an edge leave no gap along it.
    """
    at_a = side * ((b[0] - x) * (c[1] - y) - (b[1] - y) * (c[0] - x))
    at_b = side * ((c[0] - x) * (a[1] - y) - (c[1] - y) * (a[0] - x))
    at_c = side * ((a[0] - x) * (b[1] - y) - (a[1] - y) * (b[0] - x))
    return wp.vec3(at_a, at_b, at_c)


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

    `corners` are pixel x, pixel y and 1 / depth, not above 0 for what is too near.
    """
    triangle = wp.tid()
    a = corners[triangles[triangle, 0]]
    b = corners[triangles[triangle, 1]]
    c = corners[triangles[triangle, 2]]
    if wp.min(a[2], wp.min(b[2], c[2])) <= 0.0:
        return
    y_first = wp.max(first_row, first_pixel(a[1], b[1], c[1]))
    y_stop = wp.min(stop_row, stop_pixel(a[1], b[1], c[1]))
    x_first = wp.max(0, first_pixel(a[0], b[0], c[0]))
    x_stop = wp.min(faces.shape[1], stop_pixel(a[0], b[0], c[0]))
    area = twice_area(a, b, c)
    if area == 0.0:
        return
    side = wp.sign(area)
    for row in range(y_first, y_stop):
        y = float(row) + 0.5
        for column in range(x_first, x_stop):
            x = float(column) + 0.5
            at = edge_functions(a, b, c, side, x, y)
            if wp.min(at) >= 0.0:
                weights = wp.vec3(at[0] * a[2], at[1] * b[2], at[2] * c[2])
                total = weights[0] + weights[1] + weights[2]
                near = total / (at[0] + at[1] + at[2])
                if near > nearness[row, column]:
                    nearness[row, column] = near
                    faces[row, column] = triangle
                    barycentric[row, column] = weights / total


@wp.func
def seen_from(camera: wp.mat33, position: wp.vec3, focal: float, size: float, point: wp.vec3):
    """Pixel x, pixel y and 1 / depth of a point; 1 / depth is 0 for what is too near or behind."""
    local = camera * (point - position)
    if local[2] <= 1.0e-3:
        return wp.vec3(0.0, 0.0, 0.0)
    near = 1.0 / local[2]
    return wp.vec3(0.5 * size + focal * local[0] * near, 0.5 * size + focal * local[1] * near, near)


@wp.kernel(enable_backward=False)
def project(
    vertices: wp.array(dtype=wp.vec3),
    cameras: wp.array(dtype=wp.mat33),
    positions: wp.array(dtype=wp.vec3),
    focals: wp.array(dtype=wp.float32),
    size: float,
    number: int,
    projected: wp.array2d(dtype=wp.vec3),
):
    """Vertex `tid` as camera `number` sees it."""
    vertex = wp.tid()
    projected[number, vertex] = seen_from(cameras[number], positions[number], focals[number], size, vertices[vertex])


@wp.kernel(enable_backward=False)
def draw_nearness(
    projected: wp.array2d(dtype=wp.vec3),
    triangles: wp.array2d(dtype=wp.int32),
    number: int,
    nearness: wp.array3d(dtype=wp.float32),
):
    """Triangle `tid`: draw its 1 / depth into map `number` where it is the nearest so far."""
    triangle = wp.tid()
    size = nearness.shape[1]
    a = projected[number, triangles[triangle, 0]]
    b = projected[number, triangles[triangle, 1]]
    c = projected[number, triangles[triangle, 2]]
    if wp.min(a[2], wp.min(b[2], c[2])) <= 0.0:
        return
    y_first = wp.max(0, first_pixel(a[1], b[1], c[1]))
    y_stop = wp.min(size, stop_pixel(a[1], b[1], c[1]))
    x_first = wp.max(0, first_pixel(a[0], b[0], c[0]))
    x_stop = wp.min(size, stop_pixel(a[0], b[0], c[0]))
    if y_first >= y_stop or x_first >= x_stop:
        return
    area = twice_area(a, b, c)
    if area == 0.0:
        return
    side = wp.sign(area)
    scale = side / area
    for row in range(y_first, y_stop):
        y = float(row) + 0.5
        for column in range(x_first, x_stop):
            x = float(column) + 0.5
            at = edge_functions(a, b, c, side, x, y)
            if wp.min(at) >= 0.0:
                # 1 / depth is linear across the picture.
                near = scale * (at[0] * a[2] + at[1] * b[2] + at[2] * c[2])
                wp.atomic_max(nearness, number, row, column, near)


@wp.func
def unhidden(nearness: wp.array3d(dtype=wp.float32), number: int, row: int, column: int, near: float):
    """1 where nothing in the map is nearer than `near`; nothing is nearer outside the map."""
    size = nearness.shape[1]
    free = float(1.0)
    if row >= 0 and row < size and column >= 0 and column < size and nearness[number, row, column] > near:
        free = 0.0
    return free


@wp.kernel(enable_backward=False)
def look_up_nearness(
    points: wp.array(dtype=wp.vec3),
    normals: wp.array(dtype=wp.vec3),
    cameras: wp.array(dtype=wp.mat33),
    positions: wp.array(dtype=wp.vec3),
    focals: wp.array(dtype=wp.float32),
    nearness: wp.array3d(dtype=wp.float32),
    lift: float,
    lowest: float,
    first: int,
    shares: wp.array2d(dtype=wp.float32),
):
    """Point `first + tid`: for each map the share of the four texels around it in which nothing hides it.

    The point is lifted off its surface by some texels, more where it is seen at a slant, so that the surface does not
    hide itself (Holbert 2011, "Saying goodbye to shadow acne"). Where the cosine to the map's eye is below `lowest` the
    share is 0.
    """
    index = first + wp.tid()
    point = points[index]
    normal = normals[index]
    size = float(nearness.shape[1])
    for number in range(nearness.shape[0]):
        offset = positions[number] - point
        distance = wp.length(offset)
        cosine = wp.dot(normal, offset) / distance
        share = float(0.0)
        if cosine > lowest:
            texel = distance / focals[number]
            slant = wp.sqrt(wp.max(0.0, 1.0 - cosine * cosine))
            lifted = point + texel * (lift * slant + 0.2) * normal
            place = seen_from(cameras[number], positions[number], focals[number], size, lifted)
            near = place[2] * (1.0 + 0.3 * lift * texel * place[2])
            x = place[0] - 0.5
            y = place[1] - 0.5
            column = int(wp.floor(x))
            row = int(wp.floor(y))
            x = x - float(column)
            y = y - float(row)
            upper = (1.0 - x) * unhidden(nearness, number, row, column, near)
            upper += x * unhidden(nearness, number, row, column + 1, near)
            lower = (1.0 - x) * unhidden(nearness, number, row + 1, column, near)
            lower += x * unhidden(nearness, number, row + 1, column + 1, near)
            share = (1.0 - y) * upper + y * lower
        shares[index, number] = share
