"""What hair looks like: pigments and dyes of single hairs, for Cycles, EEVEE and Solid view alike."""

from __future__ import annotations

import json
from typing import Any, Final

import bpy
import numpy as np

from .colours import to_scene
from .node_tree import NodeTree
from .nodes import CYCLES_OUTPUT, MIX_INPUTS, new_node

VALUES: Final = "dreamface_hair_colour"
"""Custom property of a material: the colour that it was given, as JSON."""

COLOUR: Final = "DreamFace Hair Colour"
"""Name of the node with a material's pigments and dyes, and of the node group that turns them into a colour."""

_VERSION: Final = 2
_VERSION_PROPERTY: Final = "dreamface_hair_colour_nodes"

# A mass of hair of absorption a per channel reflects exp(-5.89 sqrt(a)) where hairs have the roughness 0.3 (Chiang et
# al. 2016, "A practical and controllable hair and fur model for production path tracing", equation 9), which is how
# Cycles turns a colour into an absorption; the absorptions of the two melanins are from d'Eon et al. 2011, "An
# energy-conserving hair reflectance model".
_EUMELANIN: Final = (0.419, 0.697, 1.37)
_PHEOMELANIN: Final = (0.187, 0.4, 1.05)
_MANY_BOUNCES: Final = 5.89
_ROUGHNESS: Final = 0.3
_MOST_MELANIN: Final = 0.985  # share at which hair is black; 1 would need endless melanin
_WHITE: Final = (0.52, 0.50, 0.475)  # hair without pigment

_DARKENS_LATE: Final = (1.3, 1.1)  # power of the share of melanin, and what is added at full melanin
_RED_GLOW: Final = (2.0, 1.22, 1.6)  # factors on the colour of hair with red melanin only
_GLOW_FADES_FROM: Final = 0.6  # melanin above which red hair glows less
_GLOW_LOST: Final = 0.8  # share of the glow that black hair lacks
_UNEVEN: Final = 0.3  # of melanin, between the lightest and the darkest hair at full variation
_UNLIKE: Final = 2.8  # by how much the share of white hairs differs between strands, over the variance of single hairs
_UNEVEN_ROUGHNESS: Final = 0.5  # Cycles' random roughness at full variation
_HIGHLIGHTED: Final = 0.3  # share of the hairs that have highlights
_NEAR_ROOT, _NEAR_TIP = 0.3, 0.45  # shares of the length over which dyed roots and tips fade out
_SOLID_EXPOSURE: Final = 1.5  # Solid view's lights give back less of a colour than a studio's
_SOLID_ROUGHNESS: Final = 0.5

_SHEEN: Final = {"scalp": 0.35, "beard": 0.25, "brows": 0.12, "lashes": 0.04}
"""Region -> specular level in EEVEE. Thin hairs that stand apart mirror the sky, which nothing shades there as other
hairs do in Cycles: dark lashes would look grey."""

_PLAIN: Final = {"Melanin": "melanin", "Redness": "redness", "Grey": "grey", "Variation": "variation"}
_DYES: Final = {"Dye": "dye", "Roots": "roots", "Tips": "tips", "Highlights": "highlights"}
"""Input of the node -> field of a hair's colour."""


def new_hair_material(name: str, colour: dict[str, Any], region: str = "scalp") -> bpy.types.Material:
    """A material for hair of a region, of a colour; see `grooms.COLOUR`."""
    material = bpy.data.materials.new(name)
    if bpy.app.version < (5, 0, 0):
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    pigments = new_node(tree, "ShaderNodeGroup", -1, 300)
    pigments.name = pigments.label = COLOUR
    pigments.node_tree = _colour_group()
    pigments.width = 200
    _add_cycles(tree, pigments.outputs["Color"])
    _add_eevee(tree, pigments.outputs["Color"], _SHEEN[region])
    for socket, value in _inputs(colour).items():
        pigments.inputs[socket].default_value = value
    tree.nodes["DreamFace Strand"].inputs["Random Roughness"].default_value = colour["variation"] * _UNEVEN_ROUGHNESS
    material[VALUES] = json.dumps(colour)
    _colour_solid(material, colour, None)
    return material


def renew_hair_material(material: bpy.types.Material, colour: dict[str, Any]) -> None:
    """Give a material of ours another colour, except for those values that an artist has changed."""
    before = _values(material)
    if before is None or not material.is_editable:
        return
    old = _inputs(before)
    node = material.node_tree.nodes.get(COLOUR) if material.node_tree else None
    sockets = {} if node is None else dict(node.inputs.items())
    for name, value in _inputs(colour).items():
        socket = sockets.get(name)
        if socket is not None and np.allclose(np.array(socket.default_value), np.array(old[name]), atol=1e-5):
            socket.default_value = value
    _colour_solid(material, colour, before)
    material[VALUES] = json.dumps(colour)


def is_hair_material(material: bpy.types.Material | None) -> bool:
    """Whether a material is hair of ours."""
    return material is not None and _values(material) is not None


def mass_colour(colour: dict[str, Any]) -> tuple[float, float, float]:
    """Return the linear Rec. 709 that a mass of hair reflects, all its hairs taken together."""
    redness, share = np.clip(colour["redness"], 0.0, 1.0), np.clip(colour["melanin"], 0.0, 1.0)
    late, later = _DARKENS_LATE
    melanin = -np.log(1.0 - _MOST_MELANIN * share ** ((1.0 - redness) * (late + later * share) + redness))
    eumelanin, pheomelanin = np.array(_EUMELANIN), np.array(_PHEOMELANIN)
    absorption = melanin * (eumelanin + redness * (pheomelanin - eumelanin))
    glow = 1.0 + redness * (np.array(_RED_GLOW) - 1.0) * _glow_left(float(share))
    found = np.minimum(glow * np.exp(-_MANY_BOUNCES * np.sqrt(absorption)), _WHITE)
    found = found + (np.array(_WHITE) - found) * colour["grey"]
    *dye, strength = colour["dye"]
    red, green, blue = found + (np.array(dye) - found) * strength
    return float(red), float(green), float(blue)


def _glow_left(melanin: float) -> float:
    return 1.0 - _GLOW_LOST * max(0.0, melanin - _GLOW_FADES_FROM) / (1.0 - _GLOW_FADES_FROM)


def _values(material: bpy.types.Material) -> dict[str, Any] | None:
    try:
        values = json.loads(material.get(VALUES, "null"))
    except (ValueError, TypeError):
        return None
    return values if isinstance(values, dict) else None


def _inputs(colour: dict[str, Any]) -> dict[str, Any]:
    """Input of the node -> its value."""
    inputs: dict[str, Any] = {socket: float(colour[field]) for socket, field in _PLAIN.items()}
    for socket, field in _DYES.items():
        *dye, strength = colour[field]
        inputs[socket], inputs[f"{socket} Strength"] = (*to_scene(dye), 1.0), float(strength)
    return inputs


def _colour_solid(material: bpy.types.Material, colour: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Set the viewport's colour, unless an artist has."""
    if before is None or np.allclose(np.array(material.diffuse_color), _solid(before), atol=1e-4):
        material.diffuse_color = _solid(colour)
        material.roughness, material.metallic = _SOLID_ROUGHNESS, 0.0


def _solid(colour: dict[str, Any]) -> tuple[float, ...]:
    return (*to_scene([min(channel * _SOLID_EXPOSURE, 1.0) for channel in mass_colour(colour)]), 1.0)


def _add_cycles(tree: bpy.types.NodeTree, colour: bpy.types.NodeSocket) -> None:
    strand = new_node(tree, "ShaderNodeBsdfHairPrincipled", 0, 300)
    strand.name = "DreamFace Strand"
    strand.model, strand.parametrization = "CHIANG", "COLOR"
    for name, value in {"Roughness": 0.25, "Radial Roughness": _ROUGHNESS, "Coat": 0.0}.items():
        strand.inputs[name].default_value = value
    output = new_node(tree, "ShaderNodeOutputMaterial", 1, 300)
    output.name, output.target = CYCLES_OUTPUT, "CYCLES"
    tree.links.new(colour, strand.inputs["Color"])
    tree.links.new(strand.outputs[0], output.inputs["Surface"])


def _add_eevee(tree: bpy.types.NodeTree, colour: bpy.types.NodeSocket, sheen: float) -> None:
    """EEVEE draws Cycles' hair as if it were chalk: a surface that shines does better."""
    shader = new_node(tree, "ShaderNodeBsdfPrincipled", 0, -300)
    shader.name = "DreamFace Sheen"
    for name, value in {"Roughness": 0.42, "IOR": 1.55, "Specular IOR Level": sheen}.items():
        shader.inputs[name].default_value = value
    output = new_node(tree, "ShaderNodeOutputMaterial", 1, -300)
    output.target = "EEVEE"
    tree.links.new(colour, shader.inputs["Base Color"])
    tree.links.new(shader.outputs[0], output.inputs["Surface"])


def _colour_group() -> bpy.types.NodeTree:
    for group in bpy.data.node_groups:
        if group.get(_VERSION_PROPERTY) == _VERSION and group.is_editable:
            return group
    group = bpy.data.node_groups.new(COLOUR, "ShaderNodeTree")
    group[_VERSION_PROPERTY] = _VERSION
    _build(group)
    return group


def _build(group: bpy.types.NodeTree) -> None:
    group.interface.new_socket("Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    for name in _PLAIN:
        _new_factor(group, name)
    for name in _DYES:
        group.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketColor")
        _new_factor(group, f"{name} Strength")
    tree = _Tree(group)
    given = tree.node("NodeGroupInput").outputs
    info = tree.node("ShaderNodeHairInfo").outputs
    colour = _pigment(tree, given, tree.random(info["Random"], 1))
    colour = tree.mix(
        _white_share(tree, given["Grey"], tree.random(info["Random"], 2)), colour, (*to_scene(_WHITE), 1.0)
    )
    some = tree.math("LESS_THAN", tree.random(info["Random"], 3), _HIGHLIGHTED)
    root = tree.ramp(info["Intercept"], _NEAR_ROOT, 0.0)
    tip = tree.ramp(info["Intercept"], 1.0 - _NEAR_TIP, 1.0)
    for name, where in (("Dye", 1.0), ("Highlights", some), ("Roots", root), ("Tips", tip)):
        colour = tree.mix(tree.math("MULTIPLY", given[f"{name} Strength"], where), colour, given[name])
    tree.set(tree.node("NodeGroupOutput").inputs["Color"], colour)


def _white_share(tree: _Tree, grey: Any, random: Any) -> Any:
    """How many of a strand's hairs are white: it stands for several."""
    unlike = tree.math("MULTIPLY", tree.math("SUBTRACT", 0.5, random), _UNLIKE)
    variance = tree.math("MULTIPLY", grey, tree.math("SUBTRACT", 1.0, grey))
    return tree.math("ADD", grey, tree.math("MULTIPLY", unlike, variance), clamp=True)


def _new_factor(group: bpy.types.NodeTree, name: str) -> None:
    socket = group.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat")
    socket.subtype = "FACTOR"
    socket.min_value, socket.max_value = 0.0, 1.0


def _pigment(tree: _Tree, given: Any, random: Any) -> Any:
    """What a mass of hairs reflects that are all like this one."""
    unlike = tree.math("MULTIPLY", tree.math("SUBTRACT", random, 0.5), _UNEVEN)
    melanin = tree.math("ADD", given["Melanin"], tree.math("MULTIPLY", unlike, given["Variation"]), clamp=True)
    late, later = _DARKENS_LATE
    power = tree.math("ADD", tree.math("MULTIPLY", melanin, later), late)
    brown = tree.math("SUBTRACT", 1.0, given["Redness"])
    late = tree.math("ADD", tree.math("MULTIPLY", power, brown), given["Redness"])
    seen = tree.math("POWER", melanin, late)
    left = tree.math("SUBTRACT", 1.0, tree.math("MULTIPLY", seen, _MOST_MELANIN))
    amount = tree.math("MULTIPLY", tree.math("LOGARITHM", left, np.e), -1.0)
    above = tree.math("MAXIMUM", tree.math("SUBTRACT", melanin, _GLOW_FADES_FROM), 0.0)
    left_of_glow = tree.math("SUBTRACT", 1.0, tree.math("MULTIPLY", above, _GLOW_LOST / (1.0 - _GLOW_FADES_FROM)))
    glowing = tree.math("MULTIPLY", given["Redness"], left_of_glow)
    channels = []
    for eumelanin, pheomelanin, white, glow in zip(_EUMELANIN, _PHEOMELANIN, _WHITE, _RED_GLOW, strict=True):
        each = tree.math("ADD", tree.math("MULTIPLY", given["Redness"], pheomelanin - eumelanin), eumelanin)
        depth = tree.math("SQRT", tree.math("MULTIPLY", amount, each))
        reflected = tree.math("EXPONENT", tree.math("MULTIPLY", depth, -_MANY_BOUNCES))
        glows = tree.math("ADD", tree.math("MULTIPLY", glowing, glow - 1.0), 1.0)
        channels.append(tree.math("MINIMUM", tree.math("MULTIPLY", reflected, glows), white))
    together = tree.node("ShaderNodeCombineColor")
    for socket, channel in zip(together.inputs, channels, strict=False):
        tree.set(socket, channel)
    return together.outputs[0]


class _Tree(NodeTree):
    """Shader nodes, written as functions of each other."""

    def node(self, kind: str) -> bpy.types.Node:
        """Add a node."""
        node = new_node(self.group, kind, self._count // 2 / 2, -150 * (self._count % 4))
        node.hide = True
        self._count += 1
        return node

    def mix(self, share: Any, first: Any, second: Any) -> bpy.types.NodeSocket:
        """Between two colours."""
        node = self.node("ShaderNodeMix")
        node.data_type = "RGBA"
        for index, value in zip(MIX_INPUTS, (share, first, second), strict=True):
            self.set(node.inputs[index], value)
        return node.outputs[2]

    def random(self, number: Any, seed: int) -> bpy.types.NodeSocket:
        """0..1, of a hair's own random number; another for each seed."""
        node = self.node("ShaderNodeTexWhiteNoise")
        node.noise_dimensions = "1D"
        self.set(node.inputs["W"], self.math("MULTIPLY_ADD", number, 1000.0, float(seed)))
        return node.outputs["Value"]

    def ramp(self, number: Any, nothing: float, full: float) -> bpy.types.NodeSocket:
        """0..1, smoothly from where there is nothing to where there is all."""
        node = self.node("ShaderNodeMapRange")
        node.interpolation_type = "SMOOTHSTEP"
        low, high = min(nothing, full), max(nothing, full)
        node.inputs["From Min"].default_value, node.inputs["From Max"].default_value = low, high
        node.inputs["To Min"].default_value = float(full < nothing)
        node.inputs["To Max"].default_value = float(full > nothing)
        self.set(node.inputs["Value"], number)
        return node.outputs["Result"]
