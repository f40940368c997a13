"""The hairs between guides, as a node group of Blender's that each object of hair has in a modifier.

Guides follow the skin, whatever deforms it; hairs are mixed from neighbouring guides, as many as are wanted in the view
and in a render. Made by code, because Blender's own hair assets are missing in many builds, have other inputs from one
version to the next, and would take longer than a slider may.
"""

from __future__ import annotations

from typing import Any, Final

import bpy

from .geometry_tree import GeometryTree, Value
from .guide_nodes import SKIN, on_the_skin

GROUP: Final = "DreamFace Hair"
"""Name of the node group; all faces in a file share it."""

_VERSION: Final = 2
_VERSION_PROPERTY: Final = "dreamface_hair_nodes"

COMBED: Final = "Being Combed"
"""Input: Blender's own way of bending guides is needed, which tells brushes how far each is turned."""

PLAYING: Final = "Playing"
"""Input: an animation plays in the view, which draws fewer hairs then, and wider ones."""

_PLAYED_POINTS = 320_000.0  # of an object's hairs, at most, while an animation plays

_ABOUT_PLAYING: Final = "Whether an animation plays, set by DreamFace: the 3D view draws fewer hairs then, wider ones"
_ABOUT_SKIN: Final = "On which the hair grows; without it roots are looked up anew in each frame, which takes longer"
_ABOUT_COMBED: Final = "Whether guides are being combed, set by DreamFace"

_INT, _FLOAT = "NodeSocketInt", "NodeSocketFloat"

INPUTS: Final[dict[str, tuple[str, float, float, float, str]]] = {
    "Viewport Amount": (_FLOAT, 0.25, 0.0, 1.0, "Share of the hairs that the 3D view draws, wider ones"),
    "Render Amount": (_FLOAT, 1.0, 0.0, 1.0, "Share of the hairs that a render draws"),
    "Hairs": (_INT, 80_000, 0, 1_000_000, "How many hairs there are at an amount of 1"),
    "Points": (_INT, 32, 2, 1000, "How many points a hair has; the 3D view draws no more than 32"),
    "Radius": (_FLOAT, 4e-5, 0.0, 0.01, "Of a hair at its root, in metres"),
    "Tip": (_FLOAT, 0.4, 0.0, 1.0, "Radius at the tip, over that at the root"),
    "Spread": (_FLOAT, 0.01, 0.0, 0.1, "How far around its guide's root a hair may grow, in metres"),
    "Mixing": (_FLOAT, 1.0, 0.0, 1.0, "How far hairs take the shape of neighbouring guides, too"),
    "Clump": (_FLOAT, 0.3, 0.0, 1.0, "How far hairs draw together to their guide's tip"),
    "Clump From": (_FLOAT, 0.1, 0.0, 0.99, "Share of the length at which they start to"),
    "Lock": (_FLOAT, 0.0, 0.0, 0.1, "Radius of what they draw together to, in metres"),
    "Twist": (_FLOAT, 0.0, -1000.0, 1000.0, "Turns that they make around their guide, per metre"),
    "Strand Clump": (_FLOAT, 0.3, 0.0, 1.0, "How far a few hairs stick to each other"),
    "Strand Size": (_INT, 8, 1, 1000, "How many stick together"),
    "Frizz": (_FLOAT, 0.0005, 0.0, 0.1, "How far hairs leave their way, in metres"),
    "Frizz Scale": (_FLOAT, 0.02, 0.0001, 1.0, "Over which length they do, in metres"),
    "Flyaways": (_FLOAT, 0.02, 0.0, 1.0, "Share of hairs that go a way of their own"),
    "Scatter": (_FLOAT, 0.08, 0.0, 1.0, "By how much of its length a hair may be shorter"),
}
"""Input -> kind, default, least and most, and what it is."""

_HAIR, _GUIDE, _FIRST, _ROOT, _REST_ROOT, _REST_TIP = (
    f"dreamface_{name}" for name in ("hair", "guide", "first", "root", "rest_root", "rest_tip")
)
_NEIGHBOURS = ("dreamface_neighbour_1", "dreamface_neighbour_2")
_WEIGHTS = ("dreamface_weight_1", "dreamface_weight_2")
_MATES_WEIGHTS = ("dreamface_mates_weight_1", "dreamface_mates_weight_2")
_LIKE = ("dreamface_like_1", "dreamface_like_2")
_LENGTH = "dreamface_length"
_ALONG, _NORMAL, _BINORMAL = (f"dreamface_{name}" for name in ("along", "normal", "binormal"))
"""Attributes that the group hands on from one step to the next."""

_TURN = 6.2831853
_MOST_EACH = 4096  # hairs of one guide have numbers below
APART, APART_TIPS = 3.0, 0.015
"""Guides whose tips are farther apart than so many times their roots, and metres, are not mixed."""

VIEWED_POINTS = 32.0
"""Of a hair, at most, in the 3D view."""

_WIDEST = 8.0  # times as wide as hairs really are, where only few are drawn
_FLYING, _FLYING_SLOWLY = 8.0, 4.0  # times as far as others do flyaways leave their way, over as many times the length
_WAVES = ((51, 4.1, 6.7), (55, 3.3, 7.3))  # seed, and radians per length of the frizz, at most, of two waves each


def hair_group() -> bpy.types.NodeTree:
    """Return the node group that makes hairs from guides; it is made where the file has none of this version."""
    for group in bpy.data.node_groups:
        if group.get(_VERSION_PROPERTY) == _VERSION and group.is_editable:
            return group
    group = bpy.data.node_groups.new(GROUP, "GeometryNodeTree")
    group[_VERSION_PROPERTY] = _VERSION
    _build(group)
    return group


def is_hair_group(group: bpy.types.NodeTree | None) -> bool:
    """Return whether a node group is ours, of whatever version, and whatever it is called by now."""
    return group is not None and _VERSION_PROPERTY in group


def is_old_hair_group(group: bpy.types.NodeTree) -> bool:
    """Return whether a node group is ours, of an older version, and has as many nodes and links as we have made."""
    size = _OLD_SIZES.get(int(group.get(_VERSION_PROPERTY, 0)))
    return size is not None and (len(group.nodes), len(group.links)) == size


_OLD_SIZES: Final = {1: (258, 362)}
"""Version -> nodes and links; a group with others has been changed by an artist, and stays."""


def _build(group: bpy.types.NodeTree) -> None:
    group.is_modifier = True
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    group.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    for name, (kind, value, least, most, about) in INPUTS.items():
        socket = group.interface.new_socket(name, description=about, in_out="INPUT", socket_type=kind)
        socket.default_value = int(value) if kind == _INT else value
        socket.min_value, socket.max_value = (int(least), int(most)) if kind == _INT else (least, most)
    # Last, because modifiers of files from before know the others by their number.
    group.interface.new_socket(SKIN, description=_ABOUT_SKIN, in_out="INPUT", socket_type="NodeSocketObject")
    group.interface.new_socket(COMBED, description=_ABOUT_COMBED, in_out="INPUT", socket_type="NodeSocketBool")
    group.interface.new_socket(PLAYING, description=_ABOUT_PLAYING, in_out="INPUT", socket_type="NodeSocketBool")
    tree = GeometryTree(group)
    given = tree.node("NodeGroupInput").outputs
    guides = _described_guides(tree, given["Geometry"])
    guides = on_the_skin(tree, guides, given[SKIN], given[COMBED])
    is_view = tree.node("GeometryNodeIsViewport").outputs[0]
    viewed_points = tree.math("MINIMUM", given["Points"], VIEWED_POINTS)
    points = tree.mix(is_view, given["Points"], viewed_points)
    whole = tree.math("MAXIMUM", tree.math("MULTIPLY", given["Hairs"], viewed_points), 1.0)
    played = tree.math("MINIMUM", given["Viewport Amount"], tree.math("DIVIDE", _PLAYED_POINTS, whole))
    viewed = tree.mix(given[PLAYING], given["Viewport Amount"], played)
    amount = tree.mix(is_view, given["Render Amount"], viewed)
    guides = _even(tree, guides, points)
    guides = _with_directions(tree, guides, given)
    hairs = _duplicated(tree, guides, given["Hairs"], amount)
    hairs = _with_neighbours(tree, guides, hairs, given)
    tree.hairs = hairs
    tree.curve = tree.node("GeometryNodeCurveOfPoint").outputs["Curve Index"]
    hairs = tree.node("GeometryNodeSetPosition", Geometry=hairs, Position=_position(tree, guides, given)).outputs[0]
    hairs = tree.node("GeometryNodeSetCurveRadius", Curve=hairs, Radius=_radius(tree, given, amount)).outputs[0]
    tree.node("NodeGroupOutput", Geometry=_without_our_attributes(tree, hairs))


def _described_guides(tree: GeometryTree, guides: Value) -> Value:
    """The guides with their number, root, tip and length, as they are at rest.

    Which guides are neighbours must not depend on how the skin is bent, or hairs would jump from one to the other.
    """
    points = tree.node("GeometryNodePointsOfCurve")
    first = points.outputs["Point Index"]
    last = tree.math("ADD", first, tree.math("SUBTRACT", points.outputs["Total"], 1.0))
    guides = tree.store(guides, _GUIDE, tree.node("GeometryNodeInputIndex").outputs[0], "INT")
    guides = tree.store(guides, _REST_ROOT, _point(tree, first), "FLOAT_VECTOR")
    guides = tree.store(guides, _REST_TIP, _point(tree, last), "FLOAT_VECTOR")
    return tree.store(guides, _LENGTH, tree.node("GeometryNodeSplineLength").outputs["Length"])


def _point(tree: GeometryTree, index: Value) -> Value:
    """Where the point of that index is."""
    settings = {"data_type": "FLOAT_VECTOR", "domain": "POINT"}
    position = tree.node("GeometryNodeInputPosition").outputs[0]
    return tree.out(tree.node("GeometryNodeFieldAtIndex", settings, Value=position, Index=index))


def _with_directions(tree: GeometryTree, guides: Value, given: Any) -> Value:
    """The bent guides with first point, root, how far along them points are, and the directions across them there.

    Before there are hairs: Blender would find what is the same for all hairs of a guide for each of them anew.
    """
    first = tree.node("GeometryNodePointsOfCurve").outputs["Point Index"]
    guides = tree.store(guides, _FIRST, first, "INT")
    guides = tree.store(guides, _ROOT, _point(tree, first), "FLOAT_VECTOR")
    along = tree.node("GeometryNodeSplineParameter").outputs["Factor"]
    guides = tree.store(guides, _ALONG, along, "FLOAT", "POINT")
    normal, tangent = (tree.node(f"GeometryNodeInput{name}").outputs[0] for name in ("Normal", "Tangent"))
    framed = tree.store(guides, _NORMAL, normal, "FLOAT_VECTOR", "POINT")
    framed = tree.store(framed, _BINORMAL, tree.vector("CROSS_PRODUCT", tangent, normal), "FLOAT_VECTOR", "POINT")
    wanted = tree.math("GREATER_THAN", given["Lock"], 0.0)  # copies of them for each hair take their time
    switch = tree.node(
        "GeometryNodeSwitch", {"input_type": "GEOMETRY"}, Switch=wanted, **{"False": guides, "True": framed}
    )
    return switch.outputs[0]


def _count(tree: GeometryTree, guides: Value) -> Value:
    return tree.node("GeometryNodeAttributeDomainSize", {"component": "CURVE"}, Geometry=guides).outputs["Spline Count"]


def _duplicated(tree: GeometryTree, guides: Value, wanted: Value, amount: Value) -> Value:
    """As many copies of each guide as it has hairs, each with a number of its own that more or fewer do not change."""
    each = tree.math("DIVIDE", tree.math("MULTIPLY", wanted, amount), tree.math("MAXIMUM", _count(tree, guides), 1.0))
    number = tree.named(_GUIDE, "INT")
    copies = tree.math("FLOOR", tree.math("ADD", each, tree.random(1, number)))
    copies = tree.math("MINIMUM", copies, float(_MOST_EACH - 1))
    node = tree.node("GeometryNodeDuplicateElements", {"domain": "SPLINE"}, Geometry=guides, Amount=copies)
    own = tree.math("ADD", tree.math("MULTIPLY", number, float(_MOST_EACH)), node.outputs["Duplicate Index"])
    return tree.store(node.outputs["Geometry"], _HAIR, own, "INT")


def _with_neighbours(tree: GeometryTree, guides: Value, hairs: Value, given: Any) -> Value:
    """The hairs with the two guides beside their own between which they grow.

    Hairs that stick together have the same neighbours; each has weights of its own, and those of the whole strand.
    """
    index = tree.node("GeometryNodeInputIndex").outputs[0]
    roots = tree.named(_REST_ROOT, "FLOAT_VECTOR")
    places = tree.sample(guides, roots, index, "CURVE")
    cloud = tree.node("GeometryNodePoints", Count=_count(tree, guides), Position=places).outputs[0]
    hair = tree.named(_HAIR, "INT")
    mates = tree.math("FLOOR", tree.math("DIVIDE", hair, given["Strand Size"]))
    tips = tree.named(_REST_TIP, "FLOAT_VECTOR")
    shares = {names: _shares(tree, seed, of) for names, seed, of in ((_WEIGHTS, 20, hair), (_MATES_WEIGHTS, 30, mates))}
    for number, (neighbour, like) in enumerate(zip(_NEIGHBOURS, _LIKE, strict=True)):
        aside = tree.sum(roots, tree.times(tree.random_vector(10 + number, mates), given["Spread"]))
        near = tree.node("GeometryNodeSampleNearest", {"domain": "POINT"}, Geometry=cloud, Sample_Position=aside)
        hairs = tree.store(hairs, neighbour, near.outputs[0], "INT")
        other = tree.named(neighbour, "INT")
        apart = tree.vector("DISTANCE", roots, tree.sample(guides, roots, other, "CURVE"))
        tips_apart = tree.vector("DISTANCE", tips, tree.sample(guides, tips, other, "CURVE"))
        most = tree.math("ADD", tree.math("MULTIPLY", apart, APART), APART_TIPS)
        alike = tree.math("MULTIPLY", tree.math("LESS_THAN", tips_apart, most), given["Mixing"])
        hairs = tree.store(hairs, like, alike)
        for names, weights in shares.items():
            hairs = tree.store(hairs, names[number], weights[number])
    return hairs


def _shares(tree: GeometryTree, seed: int, number: Value) -> tuple[Value, Value]:
    """Weights of the two neighbours, so that hairs are spread evenly over the triangle of the three guides."""
    reach, part = tree.math("SQRT", tree.random(seed, number)), tree.random(seed + 1, number)
    second = tree.math("MULTIPLY", reach, part)
    return tree.math("SUBTRACT", reach, second), second


def _position(tree: GeometryTree, guides: Value, given: Any) -> Value:
    """Where the points of hairs are, that lie on their guides until now.

    What is the same all along a hair is looked up three numbers at a time: that decides how long all of it takes.
    """
    position = tree.node("GeometryNodeInputPosition").outputs[0]
    along, index = tree.named(_ALONG), tree.node("GeometryNodeSplineParameter").outputs["Index"]
    hair, root = tree.named(_HAIR, "INT"), tree.named(_ROOT, "FLOAT_VECTOR")
    offsets = []
    for neighbour, like, weight, mates_weight in zip(_NEIGHBOURS, _LIKE, _WEIGHTS, _MATES_WEIGHTS, strict=True):
        other = tree.named(neighbour, "INT")
        settings, first = {"data_type": "INT", "domain": "CURVE"}, tree.named(_FIRST, "INT")
        first = tree.out(tree.node("GeometryNodeSampleIndex", settings, Geometry=guides, Value=first, Index=other))
        beside = tree.sample(guides, position, tree.math("ADD", tree.of_hair(first, "INT"), index), "POINT")
        shape = tree.vector("SUBTRACT", beside, position)
        shift = tree.vector("SUBTRACT", tree.sample(guides, root, other, "CURVE"), root)
        shift = tree.of_hair(tree.times(shift, tree.math("SUBTRACT", 1.0, tree.named(like))), "FLOAT_VECTOR")
        change = tree.math("SUBTRACT", tree.named(mates_weight), tree.named(weight))
        sticking = tree.math("MULTIPLY", given["Strand Clump"], change)
        own, sticking, alike = tree.three_of_hair(tree.named(weight), sticking, tree.named(like))
        share = tree.math("MULTIPLY_ADD", sticking, along, own)
        offsets.append(tree.times(tree.sum(shift, tree.times(shape, alike)), share))
    clump, lock = _clump(tree, given, along, hair)
    aside = tree.times(tree.sum(*offsets), tree.math("SUBTRACT", 1.0, clump))
    locked = tree.where(tree.math("GREATER_THAN", given["Lock"], 0.0), tree.sum(aside, tree.times(lock, clump)), aside)
    curly = tree.where(tree.math("GREATER_THAN", given["Frizz"], 0.0), _frizz(tree, given, along, hair), (0.0,) * 3)
    return tree.sum(position, locked, curly)


def _clump(tree: GeometryTree, given: Any, along: Value, hair: Value) -> tuple[Value, Value]:
    """How far hairs have come together, 0..1; and where around their guide each is then, a vector."""
    ramp = tree.node("ShaderNodeMapRange", {"interpolation_type": "SMOOTHSTEP"}, Value=along)
    tree.set(ramp.inputs["From Min"], given["Clump From"])
    clump = tree.math("MULTIPLY", ramp.outputs[0], given["Clump"])
    twist = tree.math("MULTIPLY", tree.math("MULTIPLY", tree.named(_LENGTH), given["Twist"]), _TURN)
    start = tree.math("MULTIPLY", tree.random(40, hair), _TURN)
    radius = tree.math("MULTIPLY", tree.math("SQRT", tree.random(41, hair)), given["Lock"])
    twist, start, radius = tree.three_of_hair(twist, start, radius)
    angle = tree.math("MULTIPLY_ADD", along, twist, start)
    across = tree.times(tree.named(_NORMAL, "FLOAT_VECTOR"), tree.math("COSINE", angle))
    up = tree.times(tree.named(_BINORMAL, "FLOAT_VECTOR"), tree.math("SINE", angle))
    return clump, tree.times(tree.sum(across, up), radius)


def _frizz(tree: GeometryTree, given: Any, along: Value, hair: Value) -> Value:
    """How far a hair has left its way, a vector: waves whose lengths have no common measure; fewer while it plays."""
    playing = tree.math("MULTIPLY", tree.node("GeometryNodeIsViewport").outputs[0], given[PLAYING])
    flies = tree.math("LESS_THAN", tree.random(50, hair), given["Flyaways"])
    scale = tree.math("MULTIPLY", given["Frizz Scale"], tree.math("MULTIPLY_ADD", flies, _FLYING_SLOWLY - 1.0, 1.0))
    turns = tree.math("DIVIDE", tree.named(_LENGTH), scale)
    most = tree.math("MULTIPLY", given["Frizz"], tree.math("MULTIPLY_ADD", flies, _FLYING - 1.0, 1.0))
    far = tree.math("MINIMUM", tree.math("MULTIPLY", along, tree.of_hair(turns)), 1.0)  # the root stays
    waves = []
    for seed, first, second in _WAVES:
        start = tree.math("MULTIPLY", tree.random(seed, hair), _TURN)
        speed = tree.math("MULTIPLY_ADD", tree.random(seed + 1, hair), 0.5, 0.5)
        fast, start = tree.of_hair(tree.math("MULTIPLY", speed, turns)), tree.of_hair(start)
        way, again = tree.math("MULTIPLY", along, fast), tree.math("MULTIPLY", start, 2.0)
        once = tree.math("SINE", tree.math("MULTIPLY_ADD", way, first, start))
        twice = tree.math("SINE", tree.math("MULTIPLY_ADD", way, second, again))
        both = tree.math("MULTIPLY_ADD", twice, 0.4, once)
        size = tree.math("MULTIPLY", tree.where(playing, once, both, "FLOAT"), far)
        aside = tree.of_hair(tree.times(tree.random_vector(seed + 2, hair), most), "FLOAT_VECTOR")
        waves.append(tree.times(aside, size))
    return tree.sum(*waves)


def _without_our_attributes(tree: GeometryTree, hairs: Value) -> Value:
    """The hairs without what was handed on; with it where this Blender removes attributes by their full names only."""
    node = tree.node("GeometryNodeRemoveAttribute", Geometry=hairs, Name="dreamface_*")
    menu = next((socket for socket in node.inputs if socket.name == "Pattern Mode"), None)  # from Blender 5 on
    if menu is not None:
        menu.default_value = "Wildcard"
    elif hasattr(node, "pattern_mode"):
        node.pattern_mode = "WILDCARD"
    return node.outputs[0]


def _even(tree: GeometryTree, guides: Value, points: Value) -> Value:
    """The guides with the same number of points each, so that one can be mixed with another point by point.

    They become straight from point to point: of smooth ones Blender would look for places in between, only to know how
    large the object is, which takes longer than all the rest.
    """
    return tree.node("GeometryNodeResampleCurve", {"mode": "COUNT"}, Curve=guides, Count=points).outputs[0]


def _radius(tree: GeometryTree, given: Any, amount: Value) -> Value:
    """The radius of hairs: thinner towards the tip, wider where few are drawn, nothing beyond where one ends early."""
    few = tree.math("MINIMUM", tree.math("DIVIDE", 1.0, tree.math("MAXIMUM", amount, 1e-3)), _WIDEST)
    thick = tree.math("MULTIPLY", given["Radius"], few)
    along, hair = tree.named(_ALONG), tree.named(_HAIR, "INT")
    radius = tree.math("MULTIPLY", tree.mix(along, 1.0, given["Tip"]), thick)
    end = tree.of_hair(tree.math("SUBTRACT", 1.0001, tree.math("MULTIPLY", tree.random(60, hair), given["Scatter"])))
    return tree.math("MULTIPLY", radius, tree.math("LESS_THAN", along, end))
