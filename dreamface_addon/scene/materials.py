"""A face's materials as Principled BSDF node trees, the same in Blender 4.2 to 5.2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy

from .colours import show_as_colour, show_as_data, to_scene
from .eevee import add_clear_coat, add_occlusion
from .eyes import WHITES, add_lid_shade
from .nodes import (
    COLUMN,
    CYCLES_OUTPUT,
    MIX_INPUTS,
    NO_SHADOW,
    SECOND_GLOSS,
    SECOND_ROUGHNESS,
    SURFACE,
    TINT,
    factors,
    is_invisible,
    new_node,
    set_values,
)
from .reading import FaceFolder
from .wrinkles import add_wrinkles, channels_of

PLAIN_INPUTS = {
    "roughness": "Roughness",
    "specular": "Specular IOR Level",
    "subsurface": "Subsurface Weight",
    "metallic": "Metallic",
    "opacity": "Alpha",
}
"""Channel -> the Principled BSDF input that its map goes straight into."""


Images = dict[str, bpy.types.Image]
"""Channel -> image of one tile."""

VALUES, CHANNELS = "dreamface_material", "dreamface_channels"
"""Custom properties of a material as it was built: its values in face.json, as JSON, and its maps, between spaces.

Materials of the first release have no channels.
"""

TILE, CHANNEL = "dreamface_tile", "dreamface_channel"
"""Custom properties of an image: which map it is."""


def values_of(material: bpy.types.Material | None) -> dict[str, Any]:
    """Return what face.json said of a material when it was built; nothing where it is not ours, or lost that."""
    try:
        values = {} if material is None else json.loads(material.get(VALUES, "{}"))
    except (ValueError, TypeError):
        return {}
    return values if isinstance(values, dict) else {}


def load_images(face: FaceFolder) -> dict[str, Images]:
    """Tile -> its images, for the tiles that the face's materials read; anew each time, as files change."""
    tiles = {face.document["materials"][part["material"]]["tile"] for part in face.document["parts"]} - {None}
    return {
        tile: {channel: _load(tile, channel, *file) for channel, file in face.maps(tile).items()}
        for tile in sorted(tiles)
    }


def _load(tile: str, channel: str, file: Path, is_colour: bool) -> bpy.types.Image:
    image = bpy.data.images.load(str(file), check_existing=False)
    image.name = file.stem
    image[TILE], image[CHANNEL] = tile, channel
    show = show_as_colour if is_colour else show_as_data
    show(image)
    return image


def new_materials(face: FaceFolder) -> dict[str, bpy.types.Material]:
    """Name in face.json -> material, for those that the face's parts wear."""
    images, described = load_images(face), face.document["materials"]
    used = dict.fromkeys(part["material"] for part in face.document["parts"])
    table = face.wrinkles
    return {name: new_material(described[name], images.get(described[name]["tile"], {}), table) for name in used}


def new_material(values: dict[str, Any], images: Images, wrinkles: dict[str, Any] | None = None) -> bpy.types.Material:
    """Return a new material as face.json describes it, with its tile's maps connected."""
    name = values["name"]
    material = bpy.data.materials.new(name)
    material[VALUES], material[CHANNELS] = json.dumps(values), " ".join(images)
    if bpy.app.version < (5, 0, 0):  # from 5.0 on materials always have nodes, and use_nodes warns that it will go
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    output = new_node(tree, "ShaderNodeOutputMaterial", 1, 300)
    shader = new_node(tree, "ShaderNodeBsdfPrincipled", 0, 300)
    shader.name = SURFACE
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    set_values(shader, values)
    folding = channels_of(wrinkles or {})
    plain = {channel: image for channel, image in images.items() if channel not in folding}
    _connect_maps(tree, shader, output, plain, values)
    add_wrinkles(material, images, wrinkles or {})
    material.displacement_method = "DISPLACEMENT"
    if is_invisible(values):
        return material
    if values["transmission"] > 0.0:
        output.name, output.target = CYCLES_OUTPUT, "CYCLES"
        if "opacity" not in images:
            _let_light_through(tree, shader)
        add_clear_coat(material, values)
    elif "opacity" not in images:
        if name.endswith(WHITES):
            add_lid_shade(tree, output)
        add_occlusion(material, output)
    return material


def _let_light_through(tree: bpy.types.NodeTree, shader: bpy.types.Node) -> None:
    """For Cycles, no shadow: a path tracer finds no light through refraction, and would leave the iris in the dark.

    In the material, not on the object: cornea and sclera, which does throw one, may be one object.
    """
    path, invert = new_node(tree, "ShaderNodeLightPath", -2, 0), new_node(tree, "ShaderNodeMath", -1, 0)
    invert.name, invert.operation = NO_SHADOW, "SUBTRACT"
    invert.inputs[0].default_value = 1.0
    tree.links.new(path.outputs["Is Shadow Ray"], invert.inputs[1])
    tree.links.new(invert.outputs["Value"], shader.inputs["Alpha"])


def _connect_maps(
    tree: bpy.types.NodeTree,
    shader: bpy.types.Node,
    output: bpy.types.Node,
    images: Images,
    values: dict[str, Any],
) -> None:
    nodes = {channel: _image_node(tree, image, channel, row) for row, (channel, image) in enumerate(images.items())}
    for channel, socket in PLAIN_INPUTS.items():
        if channel in nodes:
            tree.links.new(nodes[channel].outputs["Color"], shader.inputs[socket])
    if "albedo" in nodes:
        colour = _multiplied(tree, nodes["albedo"].outputs["Color"], values["base_colour"])
        tree.links.new(colour, shader.inputs["Base Color"])
    if "normal" in nodes:
        normal_map = new_node(tree, "ShaderNodeNormalMap", -1, -200)
        tree.links.new(nodes["normal"].outputs["Color"], normal_map.inputs["Color"])
        for socket in ("Normal", "Coat Normal"):  # oil lies in pores and lines as it lies elsewhere
            tree.links.new(normal_map.outputs["Normal"], shader.inputs[socket])
    if "displacement" in nodes:
        displacement = new_node(tree, "ShaderNodeDisplacement", -1, -450)
        displacement.inputs["Midlevel"].default_value = 0.0
        displacement.inputs["Scale"].default_value = 1.0  # the map is in metres already
        tree.links.new(nodes["displacement"].outputs["Color"], displacement.inputs["Height"])
        displacement.label = "Displacement: subdivide the mesh, then unmute its links"
        link = tree.links.new(displacement.outputs["Displacement"], output.inputs["Displacement"])
        link.is_muted = True  # the normal map shows the same relief, and a coarse mesh would catch single wrinkles
    _connect_second_gloss(tree, shader, nodes, values)


def _connect_second_gloss(
    tree: bpy.types.NodeTree, shader: bpy.types.Node, nodes: dict[str, bpy.types.Node], values: dict[str, Any]
) -> None:
    """The maps of the first gloss times a factor: where it is rough so is the second, and cavities darken both."""
    wanted = ((SECOND_GLOSS, "specular", "Coat Weight"), (SECOND_ROUGHNESS, "roughness", "Coat Roughness"))
    for row, (name, channel, socket) in enumerate(wanted):
        if channel not in nodes:
            continue
        product = new_node(tree, "ShaderNodeMath", -1, 100 - 150 * row)
        product.name, product.operation, product.use_clamp = name, "MULTIPLY", True
        product.inputs[1].default_value = factors(values)[name]
        tree.links.new(nodes[channel].outputs["Color"], product.inputs[0])
        tree.links.new(product.outputs["Value"], shader.inputs[socket])


def _multiplied(tree: bpy.types.NodeTree, colour: bpy.types.NodeSocket, factor: list[float]) -> bpy.types.NodeSocket:
    """`colour` times the material's base colour; itself where that is white."""
    if min(factor) == 1.0:
        return colour
    mix = new_node(tree, "ShaderNodeMix", -1, 300)
    mix.name = TINT
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    factor_socket, first, second = (mix.inputs[index] for index in MIX_INPUTS)
    factor_socket.default_value = 1.0
    second.default_value = (*to_scene(factor), 1.0)
    tree.links.new(colour, first)
    return mix.outputs[_MIX_RESULT]


_MIX_RESULT = 2


def _image_node(tree: bpy.types.NodeTree, image: bpy.types.Image, channel: str, row: int) -> bpy.types.Node:
    node = new_node(tree, "ShaderNodeTexImage", -2, 500 - COLUMN * row)
    node.label, node.image = channel, image
    return node
