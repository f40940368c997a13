"""Meshes that are rooted in a skin and follow it as its hair does: by shape keys, an armature, a lattice, or anything.

Each piece of such a mesh, a card of hair or a gem on the forehead, has a triangle of the skin as its root and goes and
turns with it. The triangle is found by the hair's UV map, so that it stays when an artist changes the skin's topology.
"""

from __future__ import annotations

from typing import Any, Final

import bpy
import numpy as np

from .modifiers import write_input
from .node_tree import NodeTree
from .sculpting import Array
from .surface import HAIR_MAP

GROUP: Final = "DreamFace Follow Skin"
"""Name of the node group; all faces in a file share it."""

_VERSION: Final = 1
_VERSION_PROPERTY: Final = "dreamface_follow_nodes"

_CORNERS: Final = (".dreamface_corner_1", ".dreamface_corner_2", ".dreamface_corner_3")
"""Attributes of vertices: where in the hair's UV map the corners of their root's triangle are, or just inside."""

_WEIGHTS: Final = ".dreamface_root_weights"
"""Attribute of vertices: barycentric coordinates of their root between these corners."""

_INSIDE: Final = 0.9  # of a corner's way from the middle: at the corner itself, a neighbouring triangle could be found


def follow_skin(object_: bpy.types.Object, skin: bpy.types.Object, corners: Array, weights: Array) -> None:
    """Let a mesh follow a skin: it shows where modifiers put it, and no file has more of it than of the skin's own.

    Args:
        object_: the mesh, which lies in the skin's own space, around the skin's basis.
        skin: which has the hair's UV map.
        corners: [N, 3, 2] of each vertex: where in that map the corners of its root's triangle are.
        weights: [N, 3] of each vertex: barycentric coordinates of its root in the triangle.
    """
    middle = corners.mean(axis=1, keepdims=True)
    inside = middle + _INSIDE * (corners - middle)
    # The same root between other corners.
    weights = 1.0 / 3.0 + (weights - 1.0 / 3.0) / _INSIDE
    for name, values in zip(_CORNERS, inside.transpose(1, 0, 2), strict=True):
        _write(object_.data, name, "FLOAT2", values)
    _write(object_.data, _WEIGHTS, "FLOAT_VECTOR", weights)
    for each in (object_, skin):
        each.add_rest_position_attribute = True
    modifier = object_.modifiers.new(GROUP, "NODES")
    modifier.node_group = _group()
    write_input(modifier, "Skin", skin)


def _write(mesh: bpy.types.Mesh, name: str, kind: str, values: Array) -> None:
    attribute = mesh.attributes.new(name, kind, "POINT")
    attribute.data.foreach_set("vector", np.ascontiguousarray(values, np.float32).reshape(-1))


def _group() -> bpy.types.NodeTree:
    for group in bpy.data.node_groups:
        if group.get(_VERSION_PROPERTY) == _VERSION and group.is_editable:
            return group
    group = bpy.data.node_groups.new(GROUP, "GeometryNodeTree")
    group[_VERSION_PROPERTY] = _VERSION
    _build(group)
    return group


def _build(group: bpy.types.NodeTree) -> None:
    for name, way, kind in (
        ("Geometry", "INPUT", "NodeSocketGeometry"),
        ("Skin", "INPUT", "NodeSocketObject"),
        ("Geometry", "OUTPUT", "NodeSocketGeometry"),
    ):
        group.interface.new_socket(name, in_out=way, socket_type=kind)
    group.is_modifier = True
    tree = _Tree(group)
    given = tree.node("NodeGroupInput").outputs
    info = tree.node("GeometryNodeObjectInfo", "ORIGINAL")
    tree.set(info.inputs["Object"], given["Skin"])
    skin = info.outputs["Geometry"]
    position, rest = tree.node("GeometryNodeInputPosition").outputs[0], tree.named("rest_position", "FLOAT_VECTOR")
    now, found = tree.places(skin, position)
    before, known = tree.places(skin, rest)
    there = tree.both(found, known)
    follows = tree.sum(_placed(tree, before, now, rest))
    moved = tree.node("GeometryNodeSetPosition")
    for name, value in (("Geometry", given["Geometry"]), ("Selection", there), ("Position", follows)):
        tree.set(moved.inputs[name], value)
    tree.set(tree.node("NodeGroupOutput").inputs["Geometry"], moved.outputs[0])


def _placed(tree: _Tree, before: list[Any], now: list[Any], place: Any) -> list[Any]:
    """The vectors whose sum is a place when its root's triangle has moved from three corners to three others."""
    weights = tree.node("ShaderNodeSeparateXYZ")
    tree.set(weights.inputs[0], tree.named(_WEIGHTS, "FLOAT_VECTOR"))
    roots = [
        tree.sum([tree.times(corner, weight) for corner, weight in zip(corners, weights.outputs, strict=True)])
        for corners in (before, now)
    ]
    away = tree.vector("SUBTRACT", place, roots[0])
    turned = [
        tree.times(after, tree.vector("DOT_PRODUCT", away, axis))
        for axis, after in zip(_frame(tree, before), _frame(tree, now), strict=True)
    ]
    return [roots[1], *turned]


def _frame(tree: _Tree, corners: list[Any]) -> list[Any]:
    """The axes of a triangle, as `surface.frames_of` has them: an edge, its binormal and the normal."""
    edge = tree.vector("SUBTRACT", corners[1], corners[0])
    normal = tree.vector("CROSS_PRODUCT", edge, tree.vector("SUBTRACT", corners[2], corners[0]))
    edge, normal = (tree.vector("NORMALIZE", axis) for axis in (edge, normal))
    return [edge, tree.vector("CROSS_PRODUCT", normal, edge), normal]


class _Tree(NodeTree):
    """Nodes of a group, written as functions of each other."""

    def node(self, kind: str, space: str = "") -> bpy.types.Node:
        """Add a node."""
        node = self.group.nodes.new(kind)
        node.location, node.hide = (180 * (self._count // 4), -60 * (self._count % 4)), True
        self._count += 1
        if space:
            node.transform_space = space
        return node

    def named(self, name: str, kind: str) -> Any:
        """An attribute."""
        node = self.node("GeometryNodeInputNamedAttribute")
        node.data_type = kind
        self.set(node.inputs["Name"], name)
        return next(socket for socket in node.outputs if socket.enabled)

    def places(self, skin: Any, vectors: Any) -> tuple[list[Any], Any]:
        """Vectors of the skin at the three corners of roots' triangles, and whether all are there."""
        found, there = [], None
        for name in _CORNERS:
            node = self.node("GeometryNodeSampleUVSurface")
            node.data_type = "FLOAT_VECTOR"
            sockets = {socket.name: socket for socket in node.inputs if socket.enabled}
            maps = [sockets[other] for other in ("UV Map", "Source UV Map") if other in sockets]
            self.set(sockets["Mesh"], skin)
            self.set(sockets["Value"], vectors)
            self.set(maps[0], self.named(HAIR_MAP, "FLOAT_VECTOR"))
            self.set(sockets["Sample UV"], self.named(name, "FLOAT_VECTOR"))
            found.append(next(socket for socket in node.outputs if socket.enabled and socket.name == "Value"))
            valid = node.outputs["Is Valid"]
            there = valid if there is None else self.both(there, valid)
        return found, there

    def both(self, first: Any, second: Any) -> Any:
        """Whether two things are true."""
        node = self.node("FunctionNodeBooleanMath")
        self.set(node.inputs[0], first)
        self.set(node.inputs[1], second)
        return node.outputs[0]

    def vector(self, operation: str, *values: Any) -> Any:
        """A vector, or a number, from vectors."""
        node = self.node("ShaderNodeVectorMath")
        node.operation = operation
        for socket, value in zip(node.inputs, values, strict=False):
            self.set(socket, value)
        return next(socket for socket in node.outputs if socket.enabled)

    def times(self, vector: Any, number: Any) -> Any:
        """A vector times a number."""
        node = self.node("ShaderNodeVectorMath")
        node.operation = "SCALE"
        self.set(node.inputs[0], vector)
        self.set(node.inputs["Scale"], number)
        return node.outputs[0]

    def sum(self, vectors: list[Any]) -> Any:
        """The sum of vectors."""
        total = vectors[0]
        for vector in vectors[1:]:
            total = self.vector("ADD", total, vector)
        return total
