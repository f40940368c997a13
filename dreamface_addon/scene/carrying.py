"""What was sculpted on one mesh, carried over to another that shows about the same: another head model, say.

The heads are laid onto each other by the middles of the regions that both have. Each vertex of the new mesh then takes
the displacement of the closest place of the old one. Displacements are not turned or scaled: all heads look along -Y,
and a bump of 5 mm stays one of 5 mm.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from .reading import FaceFolder
from .sculpting import Array, built_offset_of, offset_of, positions, rest_of

NEAR, FAR = 0.006, 0.018
"""Metres between a vertex and the closest place of the other mesh: up to where it takes all, and from where nothing."""

ENOUGH = 0.5
"""Share of the largest displacement that must have arrived; else the meshes have too little in common."""

_RIDGE = 0.01  # how much a map is drawn towards a mere shift, which few regions would not fix


@dataclass(frozen=True)
class Map:
    """Where places on the old head are on the new one: `places @ linear + shift`.

    Attributes:
        linear: [3, 3].
        shift: [3] metres.
    """

    linear: Array
    shift: Array


SAME_PLACE = Map(np.eye(3), np.zeros(3))


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


def sculpture_of(mesh: bpy.types.Mesh, without_built: bool = False) -> Sculpture | None:
    """Return what was sculpted on a mesh, in Object Mode; None where nothing was.

    Args:
        mesh: any; its topology may have been edited.
        without_built: leave out what its face folder came with.
    """
    rest, offset = rest_of(mesh), offset_of(mesh)
    built = built_offset_of(mesh) if without_built else None
    if built is not None:
        offset = offset - built
    if rest is None or not (np.abs(offset) > _NOTHING).any():
        return None
    mesh.calc_loop_triangles()
    triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    return Sculpture(rest, offset, triangles.reshape(-1, 3))


_NOTHING = 1e-6  # metres; a subdivided mesh interpolates what lies in it, with rounding


def map_between(skin: bpy.types.Object, face: FaceFolder) -> Map:
    """Return the map from a skin, without what was sculpted on it, to the head of another face."""
    old, new = _middles_of_groups(skin), _middles_of_regions(face)
    common = sorted(old.keys() & new.keys())
    if common:
        source, target = (np.stack([middles[name] for name in common]) for middles in (old, new))
    else:
        source, target = positions(skin.data.vertices), face.arrays["vertices"] - face.offset
        source, target = (np.stack([ends.min(axis=0), ends.max(axis=0)]) for ends in (source, target))
    middle, to = source.mean(axis=0), target.mean(axis=0)
    spread = (source - middle).T @ (source - middle)
    ridge = np.eye(3) * max(_RIDGE * np.trace(spread) / 3.0, 1e-9)
    linear = np.linalg.solve(spread + ridge, (source - middle).T @ (target - to) + ridge)
    return Map(linear, to - middle @ linear)


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
    old = sculpture.rest @ place.linear + place.shift
    tree = BVHTree.FromPolygons(old.tolist(), sculpture.triangles.tolist(), all_triangles=True)
    normals = _normals(mesh)
    carried = np.zeros_like(rest)
    for vertex, (position, normal) in enumerate(zip(rest.tolist(), normals, strict=True)):
        place_there, its_normal, triangle, distance = tree.find_nearest(position, FAR)
        if place_there is None or its_normal.dot(normal) <= 0.0:
            continue  # the inside of a lip lies close to its outside
        corners = sculpture.triangles[triangle]
        weights = _barycentric(np.array(place_there), old[corners])
        weight = np.clip((FAR - distance) / (FAR - NEAR), 0.0, 1.0)
        carried[vertex] = weight * (weights @ sculpture.offset[corners])
    arrived, sent = (np.linalg.norm(moves, axis=1).max() for moves in (carried, sculpture.offset))
    return carried if arrived >= ENOUGH * sent else None


def _normals(mesh: bpy.types.Mesh) -> list[list[float]]:
    values = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("normal", values)
    return values.reshape(-1, 3).tolist()


def _barycentric(point: Array, corners: Array) -> Array:
    """[3] weights of a triangle's corners [3, 3] that give the point nearest to `point` [3] in its plane."""
    edges = np.stack((corners[1] - corners[0], corners[2] - corners[0]), axis=1)
    second, third = np.linalg.lstsq(edges, point - corners[0], rcond=None)[0]
    weights = np.clip([1.0 - second - third, second, third], 0.0, 1.0)
    return weights / weights.sum()


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
