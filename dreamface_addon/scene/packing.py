"""Gloss maps in one texture each, as glTF reads them.

Blender's exporter writes roughness and specular map once for each property that reads them, and takes the specular map
for glTF's, which says 1 where Blender says 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from .colours import show_as_data
from .nodes import FULL_GLOSS, SURFACE, new_node

Maps = tuple[bpy.types.Image | None, bpy.types.Image, bpy.types.Image | None]
"""Specular, roughness and metallic map; no metallic map means no metal."""

_INPUTS = ("Specular IOR Level", "Roughness", "Metallic")
"""Inputs of the Principled BSDF that the maps go straight into."""

_CHANNELS = {"Specular IOR Level": "Red", "Roughness": "Green", "Metallic": "Blue"}


@contextmanager
def packed_gloss(materials: list[bpy.types.Material], folder: Path) -> Iterator[None]:
    """Let each material read its gloss maps from one texture: specular, roughness, metal, and glTF's specular as alpha.

    Materials whose maps an artist has changed by nodes in between stay as they are.

    Args:
        materials: to export.
        folder: where the textures are written; it exists.
    """
    packed: dict[Maps, bpy.types.Image] = {}
    with ExitStack() as undo:
        for material in materials:
            maps = _gloss_maps(material) if material.node_tree and material.is_editable else None
            if maps is None:
                continue
            if maps not in packed:
                packed[maps] = _pack(maps, folder)
                undo.callback(bpy.data.images.remove, packed[maps])
            _rewire(material.node_tree, packed[maps], undo)
        yield


def _gloss_maps(material: bpy.types.Material) -> Maps | None:
    """The material's maps; None where packing gains nothing or would lose something."""
    shader = material.node_tree.nodes.get(SURFACE)
    if shader is None or shader.type != "BSDF_PRINCIPLED":
        return None
    nodes = [_image_node(shader.inputs[name]) for name in _INPUTS]
    linked = [shader.inputs[name].is_linked for name in _INPUTS]
    if nodes[1] is None or any(is_linked and node is None for is_linked, node in zip(linked, nodes, strict=True)):
        return None
    if not linked[2] and shader.inputs["Metallic"].default_value > 0.0:
        return None
    images = [node.image if node else None for node in nodes]
    sizes = {tuple(image.size) for image in images if image is not None}
    known = all(image is None or image.source in {"FILE", "GENERATED"} for image in images)
    return (images[0], images[1], images[2]) if known and len(sizes) == 1 and 0 not in min(sizes) else None


def _image_node(socket: bpy.types.NodeSocket) -> bpy.types.Node | None:
    """The node whose picture goes straight into an input, by the mesh's own texture coordinates."""
    if not socket.is_linked or socket.links[0].is_muted:
        return None
    node, output = socket.links[0].from_node, socket.links[0].from_socket
    plain = node.type == "TEX_IMAGE" and output.name == "Color" and not node.inputs["Vector"].is_linked
    return node if plain and node.image is not None else None


def _pack(maps: Maps, folder: Path) -> bpy.types.Image:
    """Write three maps as one PNG, and load that."""
    specular, roughness, metallic = maps
    file = folder / f"{bpy.path.clean_name(roughness.name).removesuffix('_roughness')}_gloss.png"
    width, height = roughness.size
    pixels = np.zeros((width * height, 4), np.float32)
    pixels[:, 0] = 1.0 if specular is None else _first_channel(specular)
    pixels[:, 1] = _first_channel(roughness)
    pixels[:, 2] = 0.0 if metallic is None else _first_channel(metallic)
    pixels[:, 3] = np.minimum(pixels[:, 0] / FULL_GLOSS, 1.0) if specular is not None else 1.0
    drawn = bpy.data.images.new(file.stem, width, height, alpha=True)
    try:
        show_as_data(drawn)
        drawn.alpha_mode = "CHANNEL_PACKED"
        drawn.file_format, drawn.filepath_raw = "PNG", str(file)
        drawn.pixels.foreach_set(pixels.reshape(-1))
        drawn.save()
    finally:
        bpy.data.images.remove(drawn)
    image = bpy.data.images.load(str(file))
    image.name = file.stem
    image.alpha_mode = "CHANNEL_PACKED"
    show_as_data(image)
    return image


def _first_channel(image: bpy.types.Image) -> NDArray[np.float32]:
    """[width * height] of an image that is grey."""
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values[:: image.channels]


def _rewire(tree: bpy.types.NodeTree, image: bpy.types.Image, undo: ExitStack) -> None:
    """Let whatever reads the tree's gloss maps read the packed image."""
    shader = tree.nodes[SURFACE]
    node, channels = new_node(tree, "ShaderNodeTexImage", -3, 0), new_node(tree, "ShaderNodeSeparateColor", -2, 0)
    undo.callback(tree.nodes.remove, channels)
    undo.callback(tree.nodes.remove, node)
    node.image = image
    tree.links.new(node.outputs["Color"], channels.inputs["Color"])
    for name in _INPUTS:
        source = _image_node(shader.inputs[name])
        for link in list(source.outputs["Color"].links) if source else ():
            _relink(tree, link, channels.outputs[_CHANNELS[name]], undo)
    if shader.inputs["Specular IOR Level"].is_linked:
        tree.links.new(node.outputs["Alpha"], shader.inputs["Specular IOR Level"])
    if not shader.inputs["Metallic"].is_linked:
        tree.links.new(channels.outputs["Blue"], shader.inputs["Metallic"])  # the exporter fills a missing one by white


def _relink(tree: bpy.types.NodeTree, link: bpy.types.NodeLink, source: bpy.types.NodeSocket, undo: ExitStack) -> None:
    undo.callback(tree.links.new, link.from_socket, link.to_socket)
    tree.links.new(source, link.to_socket)
