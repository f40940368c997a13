"""Nodes of a group, written as functions of each other."""

from __future__ import annotations

from typing import Any

import bpy


class NodeTree:
    """What shaders and geometry nodes have in common; kinds of trees lay out their own nodes."""

    def __init__(self, group: bpy.types.NodeTree) -> None:
        self.group = group
        self._count = 0

    def node(self, kind: str) -> bpy.types.Node:
        """Add a node."""
        raise NotImplementedError

    def set(self, socket: bpy.types.NodeSocket, value: Any) -> None:
        """Connect an input, or set its value."""
        if isinstance(value, bpy.types.NodeSocket):
            self.group.links.new(value, socket)
        else:
            socket.default_value = value

    def math(self, operation: str, *values: Any, clamp: bool = False) -> bpy.types.NodeSocket:
        """A number from numbers."""
        node = self.node("ShaderNodeMath")
        node.operation, node.use_clamp = operation, clamp
        for socket, value in zip(node.inputs, values, strict=False):
            self.set(socket, value)
        return node.outputs[0]
