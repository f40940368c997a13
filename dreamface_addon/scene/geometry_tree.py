"""Geometry nodes of hair, written as functions of each other."""

from __future__ import annotations

from typing import Any

import bpy

from .node_tree import NodeTree

Value = Any
"""A socket of a node, or a number or vector that an input is set to."""


class GeometryTree(NodeTree):
    """Nodes of a group, written as functions of each other."""

    hairs: Value
    """The hairs that points are of, for `of_hair`."""

    curve: Value
    """Number of the hair that a point is of."""

    def node(self, kind: str, settings: dict[str, Any] | None = None, **inputs: Value) -> bpy.types.Node:
        """Add a node; its inputs are named as sockets are, with _ for a space."""
        node = self.group.nodes.new(kind)
        node.location = (180 * self._count, -220 * (self._count % 3))
        node.hide = True
        self._count += 1
        for name, value in (settings or {}).items():
            if hasattr(node, name):
                setattr(node, name, value)
            else:  # Blender 5 has made a socket of it
                self.input(node, name.replace("_", " ").title()).default_value = value.title()
        for name, value in inputs.items():
            self.set(self.input(node, name.replace("_", " ")), value)
        return node

    def input(self, node: bpy.types.Node, name: str) -> bpy.types.NodeSocket:
        """An input of a node that has one for each type of data."""
        return next(socket for socket in node.inputs if socket.enabled and socket.name == name)

    def out(self, node: bpy.types.Node) -> bpy.types.NodeSocket:
        """The output of a node that has one for each type of data."""
        return next(socket for socket in node.outputs if socket.enabled)

    def vector(self, operation: str, *values: Value, scale: Value = None) -> bpy.types.NodeSocket:
        """A vector, or a number, from vectors."""
        node = self.node("ShaderNodeVectorMath", {"operation": operation})
        for socket, value in zip(node.inputs, values, strict=False):
            self.set(socket, value)
        if scale is not None:
            self.set(node.inputs["Scale"], scale)
        return self.out(node)

    def sum(self, *vectors: Value) -> bpy.types.NodeSocket:
        """The sum of vectors."""
        total = vectors[0]
        for vector in vectors[1:]:
            total = self.vector("ADD", total, vector)
        return total

    def times(self, vector: Value, number: Value) -> bpy.types.NodeSocket:
        """A vector times a number."""
        return self.vector("SCALE", vector, scale=number)

    def mix(self, share: Value, first: Value, second: Value) -> bpy.types.NodeSocket:
        """Between two numbers."""
        return self.math("ADD", self.math("MULTIPLY", self.math("SUBTRACT", second, first), share), first)

    def named(self, name: str, kind: str = "FLOAT") -> bpy.types.NodeSocket:
        """An attribute."""
        return self.out(self.node("GeometryNodeInputNamedAttribute", {"data_type": kind}, Name=name))

    def store(
        self, geometry: Value, name: str, value: Value, kind: str = "FLOAT", domain: str = "CURVE"
    ) -> bpy.types.NodeSocket:
        """The geometry with an attribute."""
        settings = {"data_type": kind, "domain": domain}
        node = self.node("GeometryNodeStoreNamedAttribute", settings, Geometry=geometry, Name=name)
        self.set(self.input(node, "Value"), value)
        return node.outputs[0]

    def random(self, seed: int, number: Value) -> bpy.types.NodeSocket:
        """0..1, the same for the same number."""
        return self.out(self.node("FunctionNodeRandomValue", {"data_type": "FLOAT"}, ID=number, Seed=seed))

    def random_vector(self, seed: int, number: Value) -> bpy.types.NodeSocket:
        """Each of its coordinates -1..1, the same for the same number."""
        settings, end = {"data_type": "FLOAT_VECTOR"}, (1.0, 1.0, 1.0)
        node = self.node("FunctionNodeRandomValue", settings, Min=(-1.0, -1.0, -1.0), Max=end, ID=number, Seed=seed)
        return self.out(node)

    def of_hair(self, value: Value, kind: str = "FLOAT") -> bpy.types.NodeSocket:
        """What is the same all along a hair, found once for each.

        Blender's node for another domain would write it down for each point, which takes longer than to look it up.
        """
        settings = {"data_type": kind, "domain": "CURVE"}
        node = self.node("GeometryNodeSampleIndex", settings, Geometry=self.hairs, Value=value, Index=self.curve)
        return self.out(node)

    def three_of_hair(self, *values: Value) -> list[bpy.types.NodeSocket]:
        """Three numbers that are the same all along a hair."""
        packed = self.node("ShaderNodeCombineXYZ")
        for socket, value in zip(packed.inputs, values, strict=True):
            self.set(socket, value)
        looked_up = self.of_hair(packed.outputs[0], "FLOAT_VECTOR")
        return list(self.node("ShaderNodeSeparateXYZ", Vector=looked_up).outputs)

    def where(self, wanted: Value, then: Value, otherwise: Value, kind: str = "VECTOR") -> bpy.types.NodeSocket:
        """One of two values; that which is not wanted is not computed, where this is the same for all."""
        node = self.node("GeometryNodeSwitch", {"input_type": kind}, Switch=wanted)
        self.set(self.input(node, "True"), then)
        self.set(self.input(node, "False"), otherwise)
        return self.out(node)

    def sample(self, geometry: Value, value: Value, index: Value, domain: str) -> bpy.types.NodeSocket:
        """A vector of another geometry's element."""
        settings = {"data_type": "FLOAT_VECTOR", "domain": domain}
        node = self.node("GeometryNodeSampleIndex", settings, Geometry=geometry, Value=value, Index=index)
        return self.out(node)
