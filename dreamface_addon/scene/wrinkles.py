"""Expression wrinkles in a face's material: maps of folds, as strong as the shape keys say.

`face.json` has a table: which maps, which channel of their masks is which region, and which blend shapes fold it on the
left and on the right. Here each region has two numbers in the material's nodes, with drivers that read the skin's shape
keys. Drivers are simple expressions, which Blender works out without Python: they play in files that may not run
scripts.
"""

from __future__ import annotations

from typing import Any

import bpy

from .nodes import SURFACE, new_node

STRENGTH = "DreamFace Expression Wrinkles"
"""Name of the node whose value all folds are multiplied with; and of the slider."""

NORMAL, COLOUR = "DreamFace Wrinkled Normal", "DreamFace Wrinkled Colour"
"""Names of the nodes that lay the folds over the material's normal map and colour."""

_PLACE = "DreamFace Wrinkles {} {}"  # names of the nodes with the weights of a set, on one side
_ALPHA = "DreamFace Wrinkles {} {} alpha"
_SIDES = ("left", "right")
_VECTOR = "rgb"  # the channels that go into one vector
_LEVEL = (0.5, 0.5, 0.5)  # of a map that shows nothing
_LEFT_EDGE, _ROWS = -7, -1000  # place of the nodes: columns, and units of the node editor
_ROW = 350
_MIX_VECTOR, _MIX_FLOAT = (4, 5, 1), (2, 3, 0)  # first, second and result of a Mix node, by data type


def channels_of(table: dict[str, Any]) -> list[str]:
    """Return the channels that a table of wrinkles needs."""
    return [entry[key] for entry in table.get("sets", {}).values() for key in ("map", "masks")]


def add_wrinkles(material: bpy.types.Material, images: dict[str, bpy.types.Image], table: dict[str, Any]) -> None:
    """Lay the folds over a material's normal map and colour; nothing happens where it has none of those, or no maps.

    Args:
        material: with the face's own nodes.
        images: channel -> image of its tile.
        table: `wrinkles` of face.json.
    """
    tree = material.node_tree
    shader = tree.nodes.get(SURFACE)
    if not table or STRENGTH in tree.nodes or not set(channels_of(table)) <= images.keys() or shader is None:
        return
    normal = next((node for node in tree.nodes if node.type == "NORMAL_MAP" and node.inputs["Color"].is_linked), None)
    if normal is None or not shader.inputs["Base Color"].is_linked:
        return
    strength = new_node(tree, "ShaderNodeValue", _LEFT_EDGE, _ROWS)
    strength.name = strength.label = STRENGTH
    strength.outputs[0].default_value = 1.0
    masks = {channel: _image(tree, images[channel], row) for row, channel in enumerate(dict.fromkeys(
        [table["side"]["masks"], *(entry["masks"] for entry in table["sets"].values())]
    ))}  # fmt: skip
    side = masks[table["side"]["masks"]].outputs["Alpha"]
    folds = None
    for row, (name, entry) in enumerate(table["sets"].items(), len(masks)):
        amount = _amount(tree, name, masks[entry["masks"]], side, uses_alpha=_has_alpha(entry))
        amount = _math(tree, "MULTIPLY", amount, strength.outputs[0])
        level = _vector(tree, "SUBTRACT", _image(tree, images[entry["map"]], row).outputs["Color"], _LEVEL)
        scaled = _vector(tree, "SCALE", level)
        tree.links.new(amount, scaled.node.inputs["Scale"])
        folds = scaled if folds is None else _vector(tree, "ADD", folds, scaled)
    _lay_over(tree, normal.inputs["Color"], shader.inputs["Base Color"], folds, table["blood"])


def drive_wrinkles(material: bpy.types.Material | None, keys: bpy.types.Key | None, table: dict[str, Any]) -> None:
    """Let a skin's shape keys fold it.

    Args:
        material: the skin's; one that has no wrinkles is left alone.
        keys: of the skin.
        table: `wrinkles` of face.json.
    """
    if material is None or keys is None or material.node_tree is None or STRENGTH not in material.node_tree.nodes:
        return
    for name, entry in table.get("sets", {}).items():
        for region in entry["regions"].values():
            for side in _SIDES:
                alpha = region["channel"] not in _VECTOR
                node = material.node_tree.nodes.get((_ALPHA if alpha else _PLACE).format(name, side))
                if node is not None:
                    socket = node.outputs[0] if alpha else node.inputs[_VECTOR.index(region["channel"])]
                    _drive(socket, keys, region[side])


def fold_skin(skin: bpy.types.Object, table: dict[str, Any]) -> None:
    """Let the skin's shape keys fold it, in every material that it wears.

    Args:
        skin: the face's.
        table: `wrinkles` of face.json.
    """
    for slot in skin.material_slots:
        drive_wrinkles(slot.material, skin.data.shape_keys, table)


def strength_of(skin: bpy.types.Object) -> bpy.types.NodeSocket | None:
    """Return the number that all folds of a skin are multiplied with; None where its material has none."""
    for slot in skin.material_slots:
        tree = slot.material.node_tree if slot.material else None
        if tree is not None and STRENGTH in tree.nodes:
            return tree.nodes[STRENGTH].outputs[0]
    return None


def _drive(socket: bpy.types.NodeSocket, keys: bpy.types.Key, factors: dict[str, float]) -> None:
    """Let a number be the sum of shape keys times factors, from 0 to 1."""
    socket.driver_remove("default_value")
    known = {name: factor for name, factor in factors.items() if name in keys.key_blocks}
    if not known:
        socket.default_value = 0.0
        return
    driver = socket.driver_add("default_value").driver
    driver.type = "SCRIPTED"
    terms = []
    for number, (name, factor) in enumerate(known.items()):
        variable = driver.variables.new()
        variable.name = f"k{number}"
        target = variable.targets[0]
        target.id_type, target.id = "KEY", keys
        target.data_path = f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'
        terms.append(f"{factor:g}*k{number}")
    driver.expression = f"min(1.0,max(0.0,{'+'.join(terms)}))"


def _has_alpha(entry: dict[str, Any]) -> bool:
    return any(region["channel"] not in _VECTOR for region in entry["regions"].values())


def _amount(
    tree: bpy.types.NodeTree, name: str, masks: bpy.types.Node, side: bpy.types.NodeSocket, *, uses_alpha: bool
) -> bpy.types.NodeSocket:
    """How far the skin folds at each place of a set's map."""
    places = {}
    for label in _SIDES:
        node = new_node(tree, "ShaderNodeCombineXYZ", _LEFT_EDGE + 1, _ROWS)
        node.name = node.label = _PLACE.format(name, label)
        places[label] = node.outputs[0]
    weights = _mix(tree, "VECTOR", _MIX_VECTOR, side, places["right"], places["left"])
    product = _vector(tree, "DOT_PRODUCT", masks.outputs["Color"], weights)
    amount = product.node.outputs["Value"]
    if not uses_alpha:
        return amount
    values = {}
    for label in _SIDES:
        node = new_node(tree, "ShaderNodeValue", _LEFT_EDGE + 1, _ROWS - _ROW)
        node.name = node.label = _ALPHA.format(name, label)
        node.outputs[0].default_value = 0.0
        values[label] = node.outputs[0]
    weight = _mix(tree, "FLOAT", _MIX_FLOAT, side, values["right"], values["left"])
    return _math(tree, "ADD", amount, _math(tree, "MULTIPLY", weight, masks.outputs["Alpha"]))


def _lay_over(
    tree: bpy.types.NodeTree,
    normal: bpy.types.NodeSocket,
    colour: bpy.types.NodeSocket,
    folds: bpy.types.NodeSocket,
    blood: list[float],
) -> None:
    """Put the folds between what an input had and the input."""
    bent = _vector(tree, "MULTIPLY_ADD", folds, (1.0, 1.0, 0.0), normal.links[0].from_socket)
    bent.node.name = bent.node.label = NORMAL
    tree.links.new(bent, normal)
    parts = new_node(tree, "ShaderNodeSeparateXYZ", -2, _ROWS)
    tree.links.new(folds, parts.inputs[0])
    change = _vector(tree, "SCALE", tuple(2.0 * (value - 1.0) for value in blood))
    tree.links.new(parts.outputs["Z"], change.node.inputs["Scale"])
    stained = _vector(tree, "MULTIPLY_ADD", change, colour.links[0].from_socket, colour.links[0].from_socket)
    stained.node.name = stained.node.label = COLOUR
    tree.links.new(stained, colour)


def _image(tree: bpy.types.NodeTree, image: bpy.types.Image, row: int) -> bpy.types.Node:
    image.alpha_mode = "CHANNEL_PACKED"
    node = new_node(tree, "ShaderNodeTexImage", _LEFT_EDGE, _ROWS - _ROW * (row + 1))
    node.image = image
    node.label = image.name
    return node


def _mix(tree: bpy.types.NodeTree, kind: str, sockets: tuple[int, int, int], *values: Any) -> bpy.types.NodeSocket:
    first, second, result = sockets
    node = new_node(tree, "ShaderNodeMix", _LEFT_EDGE + 2, _ROWS)
    node.data_type = kind
    for socket, value in zip((node.inputs[0], node.inputs[first], node.inputs[second]), values, strict=True):
        tree.links.new(value, socket)
    return node.outputs[result]


def _math(tree: bpy.types.NodeTree, operation: str, *values: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    node = new_node(tree, "ShaderNodeMath", _LEFT_EDGE + 3, _ROWS)
    node.operation = operation
    for socket, value in zip(node.inputs, values, strict=False):
        tree.links.new(value, socket)
    return node.outputs[0]


def _vector(tree: bpy.types.NodeTree, operation: str, *values: Any) -> bpy.types.NodeSocket:
    node = new_node(tree, "ShaderNodeVectorMath", _LEFT_EDGE + 4, _ROWS)
    node.operation = operation
    for socket, value in zip(node.inputs, values, strict=False):
        if isinstance(value, bpy.types.NodeSocket):
            tree.links.new(value, socket)
        else:
            socket.default_value = value
    return node.outputs[0]
