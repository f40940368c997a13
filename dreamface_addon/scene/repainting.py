"""Another face's maps and values in materials that exist, with what an artist has done to them left alone."""

from __future__ import annotations

import json
from typing import Any

import bpy
import numpy as np

from .colours import to_scene
from .eevee import coat_of
from .materials import CHANNEL, CHANNELS, PLAIN_INPUTS, TILE, VALUES, Images, load_images, values_of
from .nodes import COAT, MIX_INPUTS, REACH, SURFACE, TINT, factors, new_node, principled_inputs
from .reading import FaceFolder
from .records import GIVEN
from .solid import SOLID
from .wrinkles import add_wrinkles

FIRST_CHANNELS = "albedo specular roughness normal displacement subsurface opacity"
"""What a material of the first release can show."""


PATCHED = "dreamface_patched"
"""Custom property of an image: we have put windows into its pixels; see `patching`. That is not an artist's work."""

_USUAL_ROUGHNESS = 0.5  # about what roughness maps hold


def repaint(objects: list[bpy.types.Object], face: FaceFolder) -> None:
    """Let the materials that `objects` wear show the maps and values of `face`.

    Only materials of our own are touched. In them, image nodes that show one of our maps, wherever the artist has moved
    them, get the new one; a value is renewed where it is still the one that we had set. A material that something else
    wears too, a copy of the head for example, is copied first. New images are new datablocks, so that undoing brings
    back the old.
    """
    images = load_images(face)
    wanted = {values["name"]: values for values in face.document["materials"].values()}
    slots = [slot for object_ in objects for slot in object_.material_slots]
    replaced: dict[bpy.types.Image, bpy.types.Image] = {}
    for material in dict.fromkeys(slot.material for slot in slots):
        before = _values(material)
        if before.get("name") not in wanted:
            continue
        material = own_material(material, slots)
        now = wanted[before["name"]]
        _renew_values(material, before, now)
        _swap_images(material.node_tree, images, replaced)
        renew_channels(material, images.get(now["tile"], {}))
        add_wrinkles(material, images.get(now["tile"], {}), face.wrinkles)
    _take_over_names(replaced)
    for image in [image for channels in images.values() for image in channels.values() if not image.users]:
        bpy.data.images.remove(image)  # the artist does without this map


def own_material(material: bpy.types.Material, slots: list[bpy.types.MaterialSlot]) -> bpy.types.Material:
    """Return the material that some slots wear and nothing else does: a copy of it where others wear it, too."""
    own = [slot for slot in slots if slot.material == material]
    if material.users - material.use_fake_user - _users_kept(material) > len(own):
        material = material.copy()
        for slot in own:
            slot.material = material
    return material


def _users_kept(material: bpy.types.Material) -> int:
    """Return how many slots with a material meshes have that no object shows, such as those kept for an artist."""
    kept = [mesh for mesh in bpy.data.meshes if mesh.users == mesh.use_fake_user]
    return sum(other == material for mesh in kept for other in mesh.materials)


def _values(material: bpy.types.Material | None) -> dict[str, Any]:
    """What face.json said of a material when it was built; nothing where it is not ours to change."""
    if material is None or not material.is_editable or material.node_tree is None:
        return {}
    values = values_of(material)
    try:
        return values if principled_inputs(values) else {}
    except (ValueError, KeyError, TypeError):
        return {}


def _renew_values(material: bpy.types.Material, before: dict[str, Any], values: dict[str, Any]) -> None:
    nodes = material.node_tree.nodes
    for name, old, new in ((SURFACE, before, values), (COAT, coat_of(before), coat_of(values))):
        if name not in nodes:
            continue
        old_inputs, new_inputs = principled_inputs(old), principled_inputs(new)
        if CHANNELS not in material:
            old_inputs |= _first_scattering(nodes[name], old_inputs)
            # It has no node that multiplies the roughness map by this share.
            new_inputs["Coat Roughness"] *= _USUAL_ROUGHNESS
        for socket in nodes[name].inputs:
            if socket.name in old_inputs.keys() & new_inputs.keys():
                _renew(socket, "default_value", old_inputs[socket.name], new_inputs[socket.name])
    old_factors, new_factors = factors(before), factors(values)
    for name in old_factors.keys() & nodes.keys():
        _renew(nodes[name].inputs[1], "default_value", old_factors[name], new_factors[name])
    old_colour, new_colour = (*to_scene(before["base_colour"]), 1.0), (*to_scene(values["base_colour"]), 1.0)
    if TINT in nodes:
        _renew(nodes[TINT].inputs[MIX_INPUTS[2]], "default_value", old_colour, new_colour)
    if SOLID not in material:  # built by the first release
        alpha = material.diffuse_color[3]
        _renew(material, "diffuse_color", (*before["base_colour"], alpha), (*values["base_colour"], alpha))
    material[VALUES] = json.dumps(values)


def _first_scattering(shader: bpy.types.Node, inputs: dict[str, Any]) -> dict[str, Any]:
    """What the first release made of a subsurface radius; where that is as it was, the shader takes to today's walk."""
    if "Subsurface Scale" not in inputs:
        return {}
    scale = inputs["Subsurface Scale"] / REACH
    untouched = np.isclose(shader.inputs["Subsurface Scale"].default_value, scale, atol=1e-5)
    if untouched and shader.subsurface_method == "RANDOM_WALK":
        shader.subsurface_method = "RANDOM_WALK_SKIN"
    return {"Subsurface Scale": scale}


def _renew(holder: Any, attribute: str, old: Any, new: Any) -> None:
    """Set an attribute to `new` if it is still `old`."""
    now = np.array(getattr(holder, attribute))
    if now.shape == np.shape(old) and np.allclose(now, old, atol=1e-5):
        setattr(holder, attribute, new)


def renew_channels(material: bpy.types.Material, images: Images) -> None:
    """Show the maps that the old face did not have, and no longer those that the new one has not: metal comes and goes.

    Of what the artist has connected instead, or removed, nothing changes.
    """
    tree, had = material.node_tree, material.get(CHANNELS, FIRST_CHANNELS).split()
    for node in [node for node in tree.nodes if _channel(node) in had and _channel(node) not in images]:
        image = node.image
        tree.nodes.remove(node)
        if not (image.users or _is_hand_painted(image)):
            bpy.data.images.remove(image)
    shader = tree.nodes.get(SURFACE)
    for channel, name in PLAIN_INPUTS.items() if shader is not None else ():
        if channel in images and channel not in had and not shader.inputs[name].is_linked:
            node = new_node(tree, "ShaderNodeTexImage", -2, 800)
            node.label, node.image = channel, images[channel]
            tree.links.new(node.outputs["Color"], shader.inputs[name])
    material[CHANNELS] = " ".join(images)


def _channel(node: bpy.types.Node) -> str | None:
    image = getattr(node, "image", None)
    return None if image is None else image.get(CHANNEL)


def _swap_images(
    tree: bpy.types.NodeTree, images: dict[str, Images], replaced: dict[bpy.types.Image, bpy.types.Image]
) -> None:
    for node in tree.nodes:
        if node.type == "GROUP" and node.node_tree is not None and node.node_tree.users == 1:
            _swap_images(node.node_tree, images, replaced)
        old = getattr(node, "image", None)
        new = images.get(old.get(TILE), {}).get(old.get(CHANNEL)) if old is not None else None
        if new is not None:
            node.image = new
            replaced[old] = new


def _is_hand_painted(image: bpy.types.Image) -> bool:
    return bool(image.is_dirty and PATCHED not in image)


def _take_over_names(replaced: dict[bpy.types.Image, bpy.types.Image]) -> None:
    """Remove the old images that nothing shows any more, so that they fill no memory, and name the new ones like them.

    What an artist has painted on is kept: it may not be saved yet.
    """
    for old, new in replaced.items():
        if not (old.users or _is_hand_painted(old)):
            name, given = old.name, old.get(GIVEN)
            bpy.data.images.remove(old)
            new.name = name
            if given is not None:
                new[GIVEN] = given
