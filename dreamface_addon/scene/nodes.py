"""What all of a face's materials are made of: their nodes' names, and what face.json's values are to a shader."""

from __future__ import annotations

from typing import Any

import bpy

from .colours import to_scene

COLUMN = 300  # width of a column of nodes, in the node editor's units

SURFACE, COAT, TINT = "DreamFace Surface", "DreamFace Coat", "DreamFace Tint"
SECOND_GLOSS, SECOND_ROUGHNESS = "DreamFace Second Gloss", "DreamFace Second Roughness"
"""Names of the nodes that hold a material's values."""

OCCLUSION = "DreamFace Occlusion"
"""Name of the node that says how dark EEVEE makes a cavity."""

LID_SHADE = "DreamFace Lid Shade"
"""Name of the node that darkens an eye where lids are near."""

CYCLES_OUTPUT, NO_SHADOW = "DreamFace Cycles", "DreamFace No Shadow"
"""Names of the nodes that exporters stumble over: the output for Cycles, and what makes a clear material's alpha."""

MIX_INPUTS = (0, 6, 7)
"""Factor and colours of a Mix node, which has one set of sockets per data type, all of one name."""

REACH = 2.0
"""Blender's subsurface radius in diffuse mean free paths.

Cycles' walk for skin and EEVEE take 1 / (4 pi) of the radius as the mean free path of a Burley profile (Christensen and
Burley 2015), whose mean distance is 2.5 l / s. Light skin's 3.7, 1.4 and 0.7 mm would so be 0.6, 0.15 and 0.06 mm of
spread; twice as much is near the 1.1, 0.25 and 0.17 mm of the three-layer skin in d'Eon and Luebke 2007, table 1.
"""

FULL_GLOSS = 0.5
"""The value of a specular map at which a surface reflects what its index of refraction gives: Blender's convention."""


def is_invisible(values: dict[str, Any]) -> bool:
    """Whether a material does nothing to light: all of it passes, and neither bends nor is reflected."""
    return values["transmission"] == 1.0 and values["ior"] == 1.0


def principled_inputs(values: dict[str, Any]) -> dict[str, Any]:
    """Input of the Principled BSDF -> its value; what older faces do not say is as Blender has it.

    Blender multiplies the radius by the scale, in metres.
    """
    inputs = {
        "Base Color": (*to_scene(values["base_colour"]), 1.0),
        "Metallic": values.get("metallic", 0.0),
        "Roughness": values["roughness"],
        "IOR": values["ior"],
        "Transmission Weight": values["transmission"],
        "Subsurface Weight": values["subsurface"],
        "Coat Weight": values.get("coat", 0.0),
        "Coat Roughness": values.get("coat_roughness", 0.03),
        "Coat IOR": values.get("coat_ior", 1.5),
    }
    if is_invisible(values):  # clear glass would cost Cycles bounces, and neither EEVEE nor exporters understand it
        inputs |= {"Transmission Weight": 0.0, "Alpha": 0.0}
    farthest = max(values["subsurface_radius"])
    if farthest > 0.0:
        inputs["Subsurface Scale"] = REACH * farthest
        inputs["Subsurface Radius"] = tuple(radius / farthest for radius in values["subsurface_radius"])
    return inputs


def factors(values: dict[str, Any]) -> dict[str, float]:
    """Node that multiplies a map for the second gloss -> its factor.

    The specular map, which is darker in cavities, is the coat's weight too; the roughness map gives the coat's.
    """
    inputs = principled_inputs(values)
    return {SECOND_GLOSS: inputs["Coat Weight"] / FULL_GLOSS, SECOND_ROUGHNESS: inputs["Coat Roughness"]}


def new_node(tree: bpy.types.NodeTree, kind: str, column: float, height: float) -> bpy.types.Node:
    """A node in a column of the tree; columns grow towards the output, which is in the first."""
    node = tree.nodes.new(kind)
    node.location = (COLUMN * column, height)
    return node


def set_values(shader: bpy.types.Node, values: dict[str, Any]) -> None:
    """What the material says without maps."""
    for name, value in principled_inputs(values).items():
        shader.inputs[name].default_value = value
    shader.subsurface_method = "RANDOM_WALK_SKIN"  # the one that EEVEE's profile agrees with
