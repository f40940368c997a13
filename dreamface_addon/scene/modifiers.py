"""Inputs of geometry node modifiers by the names that an artist sees, in every Blender that we support."""

from __future__ import annotations

from typing import Any, Final

import bpy

_NUMBERS: Final = {"NodeSocketInt": int, "NodeSocketFloat": float, "NodeSocketBool": bool}


def has_input(modifier: bpy.types.Modifier, name: str, kind: str = "") -> bool:
    """Return whether a modifier's group has an input of that name, and of that kind of socket where one is given."""
    return _socket(modifier, name, kind) is not None


def read_input(modifier: bpy.types.Modifier, name: str) -> Any:
    """Return an input's value.

    Raises:
        KeyError: there is none of that name.
    """
    identifier = _need(modifier, name).identifier
    if hasattr(modifier, "properties"):  # from Blender 5.2 on
        return getattr(modifier.properties.inputs, identifier).value
    return modifier[identifier]


def write_input(modifier: bpy.types.Modifier, name: str, value: Any, kind: str = "") -> None:
    """Set an input.

    Args:
        modifier: of geometry nodes.
        name: of the input.
        value: a number, or an object; numbers become what the input takes.
        kind: of its socket, where several inputs have one name.

    Raises:
        KeyError: there is none of that name.
    """
    socket = _need(modifier, name, kind)
    value = _NUMBERS.get(socket.bl_socket_idname, lambda given: given)(value)
    if hasattr(modifier, "properties"):
        getattr(modifier.properties.inputs, socket.identifier).value = value
    else:
        modifier[socket.identifier] = value


def write_attribute(modifier: bpy.types.Modifier, name: str, attribute: str) -> None:
    """Let an input take the values of an attribute.

    Raises:
        KeyError: there is none of that name.
    """
    identifier = _need(modifier, name).identifier
    if hasattr(modifier, "properties"):
        given = getattr(modifier.properties.inputs, identifier)
        given.type, given.attribute_name = "ATTRIBUTE", attribute
    else:
        modifier[f"{identifier}_use_attribute"] = True
        modifier[f"{identifier}_attribute_name"] = attribute


def _need(modifier: bpy.types.Modifier, name: str, kind: str = "") -> Any:
    socket = _socket(modifier, name, kind)
    if socket is None:
        raise KeyError(name)
    return socket


def _socket(modifier: bpy.types.Modifier, name: str, kind: str) -> Any:
    sockets = (item for item in modifier.node_group.interface.items_tree if item.item_type == "SOCKET")
    inputs = (socket for socket in sockets if socket.in_out == "INPUT" and socket.name == name)
    return next((socket for socket in inputs if kind in ("", socket.bl_socket_idname)), None)
