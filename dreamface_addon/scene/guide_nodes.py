"""How guides of hair follow the skin, as nodes: by the triangles that are noted for their roots.

Blender's own node looks all roots up by their places in a UV map, and sorts the skin's faces for it, in each frame
anew. Here the noted triangles are taken where they hold these places, whatever has become of the skin; where one does
not, as with guides that an artist has just added, or under a modifier that cuts the skin's faces anew, Blender's node
bends all of them, in the same way.
"""

from __future__ import annotations

from typing import Final

from .geometry_tree import GeometryTree, Value
from .surface import HAIR_MAP, ROOT_TRIANGLE

SKIN: Final = "Skin"
"""Name of the input."""

_UV: Final = "surface_uv_coordinate"  # Blender's own name
_REST: Final = "rest_position"  # likewise
_BESIDE: Final = 0.01  # of a triangle, that a root may lie outside of it: the map is not more accurate
_NO_AREA, _NO_MAPPED_AREA = 1e-14, 1e-12  # square metres; of the map

_HELD: Final = "dreamface_held"
_NOW, _THEN = (
    tuple(f"dreamface_{when}_{what}" for what in ("place", "across", "along", "normal")) for when in ("now", "then")
)
"""Attributes of guides that are handed on from one step to the next."""


def on_the_skin(tree: GeometryTree, guides: Value, skin: Value, by_map: Value) -> Value:
    """The guides where their skin is now.

    Args:
        tree: to which nodes are added.
        guides: at rest.
        skin: the object, or none.
        by_map: whether Blender's own node is wanted.
    """
    mesh = tree.node("GeometryNodeObjectInfo", {"transform_space": "ORIGINAL"}, Object=skin).outputs["Geometry"]
    looked_up = tree.node("GeometryNodeDeformCurvesOnSurface", Curves=guides).outputs[0]
    quick = _with_places(tree, guides, mesh)
    settings = {"data_type": "FLOAT", "domain": "CURVE"}
    held = tree.node("GeometryNodeAttributeStatistic", settings, Geometry=quick)
    tree.set(tree.input(held, "Attribute"), tree.named(_HELD))
    least = next(socket for socket in held.outputs if socket.enabled and socket.name == "Min")
    wanted = tree.math("MULTIPLY", tree.math("GREATER_THAN", least, 0.5), tree.math("SUBTRACT", 1.0, by_map))
    position = _moved(tree, quick, skin)
    quick = tree.node("GeometryNodeSetPosition", Geometry=quick, Position=position).outputs[0]
    both = {"False": looked_up, "True": quick}
    return tree.node("GeometryNodeSwitch", {"input_type": "GEOMETRY"}, Switch=wanted, **both).outputs[0]


def _with_places(tree: GeometryTree, guides: Value, mesh: Value) -> Value:
    """The guides with place and axes of their roots on the skin, now and at rest; and whether these are known."""
    corners = _corners(tree, mesh)
    weights, held = _weights(tree, mesh, corners)
    index = tree.node("GeometryNodeInputIndex").outputs[0]
    vertex = tree.node("GeometryNodeVertexOfCorner", Corner_Index=index).outputs[0]
    settings = {"data_type": "INT", "domain": "CORNER"}
    vertices = [
        tree.out(tree.node("GeometryNodeSampleIndex", settings, Geometry=mesh, Value=vertex, Index=corner))
        for corner in corners
    ]
    rest = tree.named(_REST, "FLOAT_VECTOR")
    flat = tree.node("GeometryNodeSetPosition", Geometry=mesh, Position=rest).outputs[0]
    for names, state in ((_NOW, mesh), (_THEN, flat)):
        position, normal = (tree.node(f"GeometryNodeInput{name}").outputs[0] for name in ("Position", "Normal"))
        places = [tree.sample(state, position, vertex, "POINT") for vertex in vertices]
        normals = [tree.sample(state, normal, vertex, "POINT") for vertex in vertices]
        place, up = (tree.sum(*map(tree.times, vectors, weights)) for vectors in (places, normals))
        up = tree.vector("NORMALIZE", up)
        edge = tree.vector("SUBTRACT", places[1], places[0])
        across = tree.vector("NORMALIZE", tree.vector("CROSS_PRODUCT", up, edge))
        area = tree.vector("CROSS_PRODUCT", edge, tree.vector("SUBTRACT", places[2], places[0]))
        there = tree.math("GREATER_THAN", tree.vector("LENGTH", area), _NO_AREA)
        held = tree.math("MULTIPLY", held, there)
        for name, value in zip(names, (place, across, tree.vector("CROSS_PRODUCT", up, across), up), strict=True):
            guides = tree.store(guides, name, value, "FLOAT_VECTOR")
    return tree.store(guides, _HELD, held)


def _corners(tree: GeometryTree, mesh: Value) -> list[Value]:
    """The corners of each guide's noted triangle."""
    triangle = tree.named(ROOT_TRIANGLE, "INT")
    face = tree.math("FLOOR", tree.math("MULTIPLY", triangle, 0.5))
    half = tree.math("SUBTRACT", triangle, tree.math("MULTIPLY", face, 2.0))
    index = tree.node("GeometryNodeInputIndex").outputs[0]
    firsts = tree.node("GeometryNodeCornersOfFace", Face_Index=index).outputs["Corner Index"]
    settings = {"data_type": "INT", "domain": "FACE"}
    first = tree.out(tree.node("GeometryNodeSampleIndex", settings, Geometry=mesh, Value=firsts, Index=face))
    return [first, *(tree.math("ADD", first, tree.math("ADD", half, step)) for step in (1.0, 2.0))]


def _weights(tree: GeometryTree, mesh: Value, corners: list[Value]) -> tuple[list[Value], Value]:
    """The weights of a triangle's corners at the root's place in the UV map, and whether it lies in the triangle."""
    uv = tree.named(HAIR_MAP, "FLOAT_VECTOR")
    first, second, third = (tree.sample(mesh, uv, corner, "CORNER") for corner in corners)
    place = tree.vector("SUBTRACT", tree.named(_UV, "FLOAT_VECTOR"), first)
    edges = [tree.vector("SUBTRACT", corner, first) for corner in (second, third)]
    area = _across(tree, *edges)
    weights = [tree.math("DIVIDE", _across(tree, *pair), area) for pair in ((place, edges[1]), (edges[0], place))]
    weights = [tree.math("SUBTRACT", 1.0, tree.math("ADD", *weights)), *weights]
    least = tree.math("MINIMUM", weights[0], tree.math("MINIMUM", *weights[1:]))
    inside = tree.math("GREATER_THAN", least, -_BESIDE)
    mapped = tree.math("GREATER_THAN", tree.math("ABSOLUTE", area), _NO_MAPPED_AREA)
    return weights, tree.math("MULTIPLY", inside, mapped)


def _across(tree: GeometryTree, first: Value, second: Value) -> Value:
    """Twice the area between two vectors of the map."""
    crossed = tree.vector("CROSS_PRODUCT", first, second)
    return tree.node("ShaderNodeSeparateXYZ", Vector=crossed).outputs["Z"]


def _moved(tree: GeometryTree, guides: Value, skin: Value) -> Value:
    """Where points of guides are when their roots' place and axes are as they are now."""
    placed = tree.node("GeometryNodeObjectInfo", {"transform_space": "RELATIVE"}, Object=skin).outputs["Transform"]
    back = tree.node("FunctionNodeInvertMatrix", Matrix=placed).outputs[0]
    position = tree.node("GeometryNodeInputPosition").outputs[0]
    position = tree.node("FunctionNodeTransformPoint", Vector=position, Transform=back).outputs[0]
    curve = tree.node("GeometryNodeCurveOfPoint").outputs["Curve Index"]
    now, then = (
        [tree.sample(guides, tree.named(name, "FLOAT_VECTOR"), curve, "CURVE") for name in names]
        for names in (_NOW, _THEN)
    )
    away = tree.vector("SUBTRACT", position, then[0])
    turned = (
        tree.times(axis, tree.vector("DOT_PRODUCT", away, before))
        for axis, before in zip(now[1:], then[1:], strict=True)
    )
    return tree.node("FunctionNodeTransformPoint", Vector=tree.sum(now[0], *turned), Transform=placed).outputs[0]
