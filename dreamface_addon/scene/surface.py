"""The skin as hair sees it: its triangles, and a UV map in which no two places of the skin are one."""

from __future__ import annotations

from typing import Final

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree

from .grooms import RegionHair
from .meshes import UV_MAP
from .records import FACES
from .sculpting import Array

HAIR_MAP: Final = "DreamFace Hair"
"""UV map of the skin by which hair finds its roots: the usual one, with the head's tiles side by side along u."""

OLD_HAIR_MAP: Final = "Hair"
"""What older versions called it; an artist's own map may be called so, too."""

ROOT_TRIANGLE: Final = ".dreamface_triangle"
"""Attribute of curves: the skin's triangle that each is rooted in, see `corners_of`."""

_MOST_MAPS: Final = 8  # that Blender has room for


def corners_of(mesh: bpy.types.Mesh, triangles: Array) -> Array:
    """Return the vertices [N, 3] of triangles [N]: 2 f and 2 f + 1 are the corners 0 1 2 and 0 2 3 of the face f.

    A face that is a triangle itself is 2 f; its second half is the last corner twice.
    """
    vertices = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", vertices)
    return vertices[_loops_of(mesh, triangles)]


def mapped_corners_of(mesh: bpy.types.Mesh, triangles: Array) -> Array | None:
    """Return where in the hair's UV map corners of triangles are, [N, 3, 2]; None where the skin has no such map."""
    layer = mesh.uv_layers.get(HAIR_MAP)
    return None if layer is None else _read_map(layer)[_loops_of(mesh, triangles)]


def nearest_on(mesh: bpy.types.Mesh, vertices: Array, places: Array) -> tuple[Array, Array, Array]:
    """Return the triangles closest to places [N, 3], their vertices [N, 3], and the places' weights there [N, 3]."""
    halves = corners_of(mesh, np.arange(2 * len(mesh.polygons)))
    tree = BVHTree.FromPolygons(vertices.tolist(), halves.tolist(), all_triangles=True)
    found = np.array([tree.find_nearest(place)[2] or 0 for place in places.tolist()], np.int32)
    first, second, third = vertices[halves[found]].transpose(1, 0, 2).astype(np.float64)
    across = np.stack((second - first, third - first), axis=2)
    shares = np.einsum("nij,nj->ni", np.linalg.pinv(across), places - first)
    return found, halves[found], np.column_stack((1.0 - shares.sum(axis=1), shares)).astype(np.float32)


def _loops_of(mesh: bpy.types.Mesh, triangles: Array) -> Array:
    starts = np.empty(len(mesh.polygons), np.int32)
    totals = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    mesh.polygons.foreach_get("loop_total", totals)
    face, half = triangles // 2, triangles % 2
    steps = np.stack((np.zeros_like(half), 1 + half, 2 + half), axis=1)
    return np.asarray(starts[face][:, None] + np.minimum(steps, totals[face][:, None] - 1))


def frames_of(corners: Array) -> Array:
    """Return [N, 3, 3] rotations of triangles' corners [N, 3, 3]: columns are an edge, its binormal and the normal."""
    edge = _unit(corners[:, 1] - corners[:, 0])
    normal = _unit(np.cross(edge, corners[:, 2] - corners[:, 0]))
    return np.stack((edge, np.cross(normal, edge), normal), axis=2)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


def why_no_hair_map(skin: bpy.types.Object) -> str:
    """Return why a skin cannot have the hair's UV map, as a sentence; nothing where it can."""
    layers = skin.data.uv_layers
    if UV_MAP not in layers:
        return (
            f"Hair finds its roots by the UV map “{UV_MAP}”, which {skin.name} does not have any more: rename it back, "
            "or undo, then grow the hair."
        )
    if HAIR_MAP not in layers and len(layers) >= _MOST_MAPS:
        return (
            f"Hair needs a UV map of its own, and {skin.name} has {_MOST_MAPS} already, which is as many as Blender "
            "has room for: remove one, then grow the hair."
        )
    return ""


def rename_old_hair_map(mesh: bpy.types.Mesh) -> None:
    """Give a map of ours in a file of an older version its name of today; an artist's own keeps it."""
    old, usual = mesh.uv_layers.get(OLD_HAIR_MAP), mesh.uv_layers.get(UV_MAP)
    if old is None or usual is None or HAIR_MAP in mesh.uv_layers:
        return
    shift = _read_map(old) - _read_map(usual)
    if np.abs(shift - np.rint(shift)).max(initial=0.0) < _SAME_PLACE and np.abs(shift[:, 1]).max(initial=0.0) < 0.5:
        old.name = HAIR_MAP


_SAME_PLACE: Final = 1e-4  # shares of a tile


def mark_hair_map(skin: bpy.types.Object, hairs: list[RegionHair]) -> None:
    """Give a skin the hair's UV map.

    Args:
        skin: the face's.
        hairs: whose roots tell in which tile the faces of each of the skin's materials lie.
    """
    mesh = skin.data
    usual = mesh.uv_layers.get(UV_MAP)
    if usual is None or not hairs:
        return
    slots, totals = np.empty(len(mesh.polygons), np.int32), np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    mesh.polygons.foreach_get("loop_total", totals)
    places = _read_map(usual)
    tiles = _tiles(mesh, slots, places)
    first_face = skin.get(FACES, (0, 0))[0]
    faces = np.concatenate([hair.triangle for hair in hairs]) // 2 - first_face
    across = np.concatenate([hair.uv[:, 0] for hair in hairs])
    worn = slots[np.clip(faces, 0, len(slots) - 1)]
    for slot in np.unique(worn):
        tiles[slot] = int(np.floor(np.median(across[worn == slot])))
    places[:, 0] += np.repeat(tiles[slots], totals)
    active = mesh.uv_layers.active_index
    layer = mesh.uv_layers.get(HAIR_MAP) or mesh.uv_layers.new(name=HAIR_MAP, do_init=False)
    if layer is not None:  # see `why_no_hair_map`
        layer.uv.foreach_set("vector", places.reshape(-1))
        mesh.uv_layers.active_index = active


def _tiles(mesh: bpy.types.Mesh, slots: Array, places: Array) -> Array:
    """The tile's number of each material slot, as the map has it that is there, or in the order of the slots."""
    tiles = np.arange(int(slots.max(initial=0)) + 1)
    layer = mesh.uv_layers.get(HAIR_MAP)
    if layer is not None:
        starts = np.empty(len(mesh.polygons), np.int32)
        mesh.polygons.foreach_get("loop_start", starts)
        shifts = np.rint(_read_map(layer)[starts, 0] - places[starts, 0]).astype(int)
        tiles[slots] = shifts
    return tiles


def _read_map(layer: bpy.types.MeshUVLoopLayer) -> Array:
    places = np.empty(2 * len(layer.uv), np.float32)
    layer.uv.foreach_get("vector", places)
    return places.reshape(-1, 2)
