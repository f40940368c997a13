"""What lids do to the eyes between them, in Cycles and in EEVEE."""

from __future__ import annotations

import bpy

from .nodes import LID_SHADE, new_node

WHITES = "sclera"
"""What the name of a white's material ends with. An iris lies below the cornea, in a hollow that is dark enough."""

_REACH = 0.005  # metres, in which a lid takes light from the eye
_UNDER, _FREE = 0.36, 0.84  # shares of the sky that a place sees close to a lid's edge and away from it
_DEEPEST = 0.66  # of the light, at most
_FLESH = (0.16, 0.07, 0.05, 1.0)  # linear: what lids and lashes throw on the eye is warm and dark
_SAMPLES = 8  # rays each time; Cycles adds up many
_HEIGHT = -800  # of the nodes, below those of the shader


def add_lid_shade(tree: bpy.types.NodeTree, output: bpy.types.Node) -> None:
    """Soft darkness along the lids, whether they are open, half shut or looking aside.

    Lashes are too few as cards, and lids too clean, to keep as much light from a white as they do in life: it would
    seem to be lit from inside. Clear parts, such as the cornea and tears, darken nothing.

    Args:
        tree: of the material.
        output: its output, whose surface is connected.
    """
    seen = new_node(tree, "ShaderNodeAmbientOcclusion", -1, _HEIGHT)
    seen.samples, seen.inputs["Distance"].default_value = _SAMPLES, _REACH
    share = new_node(tree, "ShaderNodeMapRange", 0, _HEIGHT)
    share.interpolation_type = "SMOOTHSTEP"
    share.inputs["From Min"].default_value, share.inputs["From Max"].default_value = _UNDER, _FREE
    share.inputs["To Min"].default_value = 1.0 - _DEEPEST
    dark = new_node(tree, "ShaderNodeBsdfDiffuse", 0, _HEIGHT - 300)
    dark.inputs["Color"].default_value = _FLESH
    mix = new_node(tree, "ShaderNodeMixShader", 1, _HEIGHT)
    mix.name = LID_SHADE
    tree.links.new(seen.outputs["AO"], share.inputs["Value"])
    tree.links.new(share.outputs["Result"], mix.inputs[0])
    tree.links.new(dark.outputs["BSDF"], mix.inputs[1])
    tree.links.new(output.inputs["Surface"].links[0].from_socket, mix.inputs[2])
    tree.links.new(mix.outputs["Shader"], output.inputs["Surface"])
