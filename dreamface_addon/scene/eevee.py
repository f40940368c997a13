"""What EEVEE needs besides a face's shaders: it traces no rays in new scenes.

Each of these is an output of its own, which Cycles does not see.
"""

from __future__ import annotations

from typing import Any

import bpy

from .nodes import COAT, CYCLES_OUTPUT, OCCLUSION, new_node, set_values

CAVITY = 0.03  # metres, in which something may hide a place from the light: nostrils, the mouth, the lids' folds
HIDDEN, OPEN = 0.3, 0.8
"""Shares of the sky around a place from which it is black and fully lit; rays on the screen miss what lies behind."""

_HEIGHT = -500  # of the nodes, below those of the shader


def add_occlusion(material: bpy.types.Material, cycles: bpy.types.Node) -> None:
    """Dark nostrils, mouths and lid folds, where EEVEE lets the world's light in as if nothing were around.

    The shader itself is the same, so that what an artist does to it shows in both engines.

    Args:
        material: whose.
        cycles: its output, which becomes that of Cycles alone.
    """
    tree = material.node_tree
    cycles.name, cycles.target = CYCLES_OUTPUT, "CYCLES"
    seen = new_node(tree, "ShaderNodeAmbientOcclusion", -1, _HEIGHT)
    seen.inputs["Distance"].default_value = CAVITY
    share = new_node(tree, "ShaderNodeMapRange", 0, _HEIGHT)
    share.name, share.interpolation_type = OCCLUSION, "SMOOTHSTEP"
    share.inputs["From Min"].default_value, share.inputs["From Max"].default_value = HIDDEN, OPEN
    mix = new_node(tree, "ShaderNodeMixShader", 1, _HEIGHT)
    output = new_node(tree, "ShaderNodeOutputMaterial", 2, _HEIGHT)
    output.target = "EEVEE"
    tree.links.new(seen.outputs["AO"], share.inputs["Value"])
    tree.links.new(share.outputs["Result"], mix.inputs[0])
    tree.links.new(cycles.inputs["Surface"].links[0].from_socket, mix.inputs[2])  # the first, empty, is black
    tree.links.new(mix.outputs["Shader"], output.inputs["Surface"])
    for link in cycles.inputs["Displacement"].links:
        tree.links.new(link.from_socket, output.inputs["Displacement"]).is_muted = link.is_muted


def add_clear_coat(material: bpy.types.Material, values: dict[str, Any]) -> None:
    """A surface that reflects and lets everything behind it through.

    EEVEE's refraction shows what lies behind only with ray tracing: the iris would be gone.
    """
    tree = material.node_tree
    add = new_node(tree, "ShaderNodeAddShader", 0, _HEIGHT)
    output = new_node(tree, "ShaderNodeOutputMaterial", 1, _HEIGHT)
    output.target = "EEVEE"
    clear = new_node(tree, "ShaderNodeBsdfTransparent", -1, _HEIGHT)
    coat = new_node(tree, "ShaderNodeBsdfPrincipled", -1, _HEIGHT - 100)
    coat.name = COAT
    set_values(coat, coat_of(values))
    tree.links.new(clear.outputs["BSDF"], add.inputs[0])
    tree.links.new(coat.outputs["BSDF"], add.inputs[1])
    tree.links.new(add.outputs["Shader"], output.inputs["Surface"])
    material.surface_render_method = "BLENDED"  # dithering would drop the reflection with the rest


def coat_of(values: dict[str, Any]) -> dict[str, Any]:
    """What is left of a transmissive material when only its reflection counts."""
    return values | {"base_colour": (0.0, 0.0, 0.0), "transmission": 0.0, "subsurface": 0.0}
