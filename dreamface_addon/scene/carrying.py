"""What was sculpted on one mesh, carried over to another that shows about the same: another head model, say.

The old head is laid onto the new one by a smooth warp that takes each landmark to its like; or, where a file of an
older version does not know them, by the middles of the regions that both heads have. Each vertex of the new mesh then
takes the displacement of the closest place of the old one. Displacements are not turned or scaled: all heads look
along -Y, and a bump of 5 mm stays one of 5 mm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from .reading import FaceFolder
from .records import LANDMARKS, RANGE, was_edited
from .sculpting import Array, built_offset_of, offset_of, positions, rest_of

NEAR, FAR = 0.006, 0.018
"""Metres between a vertex and the closest place of the other mesh: up to where it takes all, and from where nothing."""

ENOUGH = 0.5
"""Share of the largest displacement that must have arrived; else the meshes have too little in common."""

_RIDGE = 0.01  # how much a linear map is drawn towards a mere shift, which few points would not fix
_SMOOTHING = 1e-4  # metres: how much the warp may leave at a landmark of what the others do not say
_FEWEST = 8  # landmarks for a warp


@dataclass(frozen=True)
class Map:
    """Where places on the old head are on the new one.

    Attributes:
        linear: [3, 3], applied to rows.
        shift: [3] metres.
        centres: [L, 3] metres on the old head, from which the warp's kernel, the distance, is measured.
        weights: [L, 3] of these distances.
    """

    linear: Array
    shift: Array
    centres: Array
    weights: Array

    def __call__(self, places: Array) -> Array:
        """Return places [N, 3] in metres on the new head."""
        return places @ self.linear + self.shift + _distances(places, self.centres) @ self.weights


SAME_PLACE = Map(np.eye(3), np.zeros(3), np.zeros((0, 3)), np.zeros((0, 3)))


@dataclass(frozen=True)
class Sculpture:
    """What was sculpted on a mesh.

    Attributes:
        rest: [V, 3] metres, without it.
        offset: [V, 3] metres.
        triangles: [T, 3] vertices.
    """

    rest: Array
    offset: Array
    triangles: Array


def sculpture_of(object_: bpy.types.Object, without_built: bool = False) -> Sculpture | None:
    """Return what was sculpted on a part's mesh, in Object Mode; None where nothing was.

    Args:
        object_: the part; the topology of its mesh may have been edited.
        without_built: leave out what its face folder came with.
    """
    mesh = object_.data
    rest, offset = rest_of(mesh), offset_of(mesh)
    built = built_offset_of(mesh) if without_built else None
    if built is not None:
        offset = offset - built
    if rest is None:
        return None
    added = added_vertices(object_)
    offset = np.where(added[:, None], np.float32(0.0), offset)
    if not (np.abs(offset) > _NOTHING).any():
        return None
    mesh.calc_loop_triangles()
    triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    triangles = triangles.reshape(-1, 3)
    return Sculpture(rest, offset, triangles[~added[triangles].any(axis=1)])


def added_vertices(object_: bpy.types.Object) -> Array:
    """Return which vertices a part's mesh has got since it was built, [V]: by Join, Extrude or Duplicate.

    Blender puts those of another mesh, which does not know what traits say, at zero; and those that are made from
    others where these are. How far they are from there is nothing that was sculpted.
    """
    rest = rest_of(object_.data)
    if rest is None or not was_edited(object_):
        return np.zeros(len(object_.data.vertices), bool)
    places, place = np.unique(rest, axis=0, return_inverse=True)
    place = place.reshape(-1)
    nearest_first = np.lexsort((np.linalg.norm(offset_of(object_.data), axis=1), place))
    added = np.ones(len(rest), bool)
    added[nearest_first[np.searchsorted(place[nearest_first], np.arange(len(places)))]] = False
    return added | ~rest.any(axis=1)


_NOTHING = 1e-6  # metres; a subdivided mesh interpolates what lies in it, with rounding


def map_between(skin: bpy.types.Object, face: FaceFolder) -> Map:
    """Return the map from a skin, without what was sculpted on it, to the head of another face."""
    old, new = _landmarks_of(skin), _landmarks_in(face)
    common = sorted(old.keys() & new.keys())
    if len(common) >= _FEWEST:
        return _warp(*(np.stack([points[name] for name in common]) for points in (old, new)))
    old, new = _middles_of_groups(skin), _middles_of_regions(face)
    common = sorted(old.keys() & new.keys())
    if common:
        return _linear_map(*(np.stack([points[name] for name in common]) for points in (old, new)))
    boxes = (positions(skin.data.vertices), face.arrays["vertices"] - face.offset)
    return _linear_map(*(np.stack([box.min(axis=0), box.max(axis=0)]) for box in boxes))


def _linear_map(source: Array, target: Array) -> Map:
    """Return the linear map that takes points [N, 3] closest to others [N, 3]."""
    middle, to = source.mean(axis=0), target.mean(axis=0)
    spread = (source - middle).T @ (source - middle)
    ridge = np.eye(3) * max(_RIDGE * np.trace(spread) / 3.0, 1e-9)
    linear = np.linalg.solve(spread + ridge, (source - middle).T @ (target - to) + ridge)
    return Map(linear, to - middle @ linear, np.zeros((0, 3)), np.zeros((0, 3)))


def _warp(source: Array, target: Array) -> Map:
    """Return the biharmonic spline, which bends space least, that takes points [N, 3] to others [N, 3]."""
    ones, count = np.ones((len(source), 1)), len(source)
    kernel = _distances(source, source) - _SMOOTHING * np.eye(count)  # the kernel -r is positive on what sums to 0
    affine = np.hstack((source, ones))
    system = np.block([[kernel, affine], [affine.T, np.zeros((4, 4))]])
    found = np.linalg.lstsq(system, np.vstack((target, np.zeros((4, 3)))), rcond=None)[0]
    return Map(found[count : count + 3], found[count + 3], source, found[:count])


def _distances(places: Array, centres: Array) -> Array:
    """[N, L] metres between places [N, 3] and centres [L, 3]."""
    squares = ((places[:, None, axis] - centres[None, :, axis]) ** 2 for axis in range(3))
    return np.sqrt(sum(squares, np.zeros((len(places), len(centres)))))


def _landmarks_of(skin: bpy.types.Object) -> dict[str, Array]:
    """Name -> [3] metres, without what was sculpted."""
    rest = rest_of(skin.data)
    try:
        vertices = json.loads(skin.get(LANDMARKS, "{}"))
        if rest is None or len(rest) != skin[RANGE][1]:
            return {}  # its topology was edited, and its vertices may have other numbers
        return {name: rest[vertex] for name, vertex in vertices.items() if 0 <= vertex < len(rest)}
    except (ValueError, TypeError, AttributeError, KeyError):
        return {}


def _landmarks_in(face: FaceFolder) -> dict[str, Array]:
    rest = face.arrays["vertices"] - face.offset
    return {name: rest[vertex] for name, vertex in face.landmarks().items()}


def carry(sculpture: Sculpture, mesh: bpy.types.Mesh, place: Map) -> Array | None:
    """Return the [V, 3] displacements in metres that a new mesh takes over; None where the meshes do not meet.

    Args:
        sculpture: what was sculpted on the old mesh.
        mesh: the new one.
        place: see `map_between`.
    """
    rest = rest_of(mesh)
    if rest is None:
        return None
    old = place(sculpture.rest)
    tree = BVHTree.FromPolygons(old.tolist(), sculpture.triangles.tolist(), all_triangles=True)
    hits = []
    for vertex, (position, normal) in enumerate(zip(rest.tolist(), _normals(mesh), strict=True)):
        closest, its_normal, triangle, distance = tree.find_nearest(position, FAR)
        if closest is not None and its_normal.dot(normal) > 0.0:  # the inside of a lip lies close to its outside
            hits.append((vertex, triangle, distance, *closest))
    carried = np.zeros_like(rest)
    if hits:
        found = np.array(hits)
        vertices, corners = found[:, 0].astype(int), sculpture.triangles[found[:, 1].astype(int)]
        shares = _barycentric(found[:, 3:], old[corners]) * np.clip((FAR - found[:, 2:3]) / (FAR - NEAR), 0.0, 1.0)
        carried[vertices] = np.einsum("nc,ncx->nx", shares, sculpture.offset[corners])
    arrived, sent = (np.linalg.norm(moves, axis=1).max() for moves in (carried, sculpture.offset))
    return carried if arrived >= ENOUGH * sent else None


def _normals(mesh: bpy.types.Mesh) -> list[list[float]]:
    values = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("normal", values)
    return values.reshape(-1, 3).tolist()


def _barycentric(points: Array, corners: Array) -> Array:
    """[N, 3] weights of triangles' corners [N, 3, 3] that give points [N, 3] in their planes; flat triangles share."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(first, second)
    area = np.maximum(np.einsum("nx,nx->n", normal, normal), 1e-30)
    arm = points - corners[:, 0]
    along_first = np.einsum("nx,nx->n", np.cross(arm, second), normal) / area
    along_second = np.einsum("nx,nx->n", np.cross(first, arm), normal) / area
    weights = np.clip(np.stack((1.0 - along_first - along_second, along_first, along_second), axis=1), 0.0, 1.0)
    weights[weights.sum(axis=1) == 0.0] = 1.0
    return weights / weights.sum(axis=1, keepdims=True)


def _middles_of_groups(skin: bpy.types.Object) -> dict[str, Array]:
    """Name of a vertex group -> the weighted mean, [3] in metres, of the skin's vertices in it."""
    rest = rest_of(skin.data)
    if rest is None:
        rest = positions(skin.data.vertices)
    sums = np.zeros((len(skin.vertex_groups), 4))
    for position, vertex in zip(np.column_stack((rest, np.ones(len(rest)))), skin.data.vertices, strict=True):
        for element in vertex.groups:
            if element.group < len(sums):
                sums[element.group] += element.weight * position
    return {group.name: total[:3] / total[3] for group, total in zip(skin.vertex_groups, sums, strict=True) if total[3]}


def _middles_of_regions(face: FaceFolder) -> dict[str, Array]:
    """Name of a region -> the weighted mean, [3] in metres, of the head's vertices in it."""
    rest = face.arrays["vertices"] - face.offset
    middles = {}
    for name, (vertices, weights) in face.regions().items():
        if weights.sum() > 0.0:
            middles[name] = weights @ rest[vertices] / weights.sum()
    return middles
