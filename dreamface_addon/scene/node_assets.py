"""Hair by the node groups that come with Blender: a stack of modifiers that artists know and can add to.

Each is an asset of Blender's library of hair nodes, appended once per file. They run one after the other: hairs between
the guides, where the skin is at rest; then their length, how they clump, their frizz, and their radius; and last, as in
all hair of Blender's, they are taken along to where the skin is now. The library is missing in some builds, and inputs
have other names from one version to the next.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from .errors import SceneError
from .hair_nodes import APART, APART_TIPS
from .modifiers import has_input, read_input, write_attribute, write_input
from .sculpting import Array, basis_of
from .surface import HAIR_MAP, corners_of

INTERPOLATE, TRIM, CLUMP, FRIZZ, PROFILE = (
    "Interpolate Hair Curves",
    "Trim Hair Curves",
    "Clump Hair Curves",
    "Frizz Hair Curves",
    "Set Hair Curve Profile",
)
DEFORM: Final = "Surface Deform"
"""Blender's name for the group that it gives new hair itself; it is in no library."""

CHAIN: Final = (INTERPOLATE, TRIM, CLUMP, FRIZZ, PROFILE, DEFORM)

NO_LIBRARY: Final = (
    "This Blender comes without its library of hair nodes: the hair keeps DreamFace's nodes. Blender from blender.org "
    "has the library."
)

_ASSET: Final = "dreamface_node_asset"
"""Custom property of a node group: the asset that it was appended as, whatever it is called now."""

_LIBRARY: Final = "procedural_hair_node_assets.blend"
_FOLDERS: Final = ("nodes", "geometry_nodes")  # of Blender's data files: from version 5 on, and before

_DENSITY: Final = f"{INTERPOLATE}/Density"
_VIEWPORT: Final = f"{INTERPOLATE}/Viewport Amount"
_MOST_DENSE: Final = 1e8  # hairs per square metre; Blender's sliders end at what suits a head of 10 m

_NEAR: Final = 0.75  # of the distance between guides: how far from one hairs grow
_PARTED: Final = 0.02  # of neighbouring guides, so many of which differ: there is a parting, or there are locks
_NEIGHBOURS: Final = 3  # of a guide
_SAMPLES: Final = 20_000  # places on the skin by which the area with hair is measured
_FRIZZ: Final = 1.07
"""By how much each point turns a hair aside, over how far the middle of the hair is to be from its way, divided by the
root of how many points are before it: each goes on from the last, at random, and both are as wide on average."""


def library() -> Path | None:
    """Return the file of Blender's hair nodes; None where this build has none."""
    folder = Path(bpy.utils.system_resource("DATAFILES"), "assets")
    files = (folder / name / _LIBRARY for name in _FOLDERS)
    return next((file for file in files if file.is_file()), None)


def has_library() -> bool:
    """Return whether this Blender has hair nodes of its own."""
    return library() is not None


def why_no_assets() -> str:
    """Return why hair cannot have Blender's nodes, as a sentence; nothing where it can."""
    try:
        _groups()
    except SceneError as error:
        return str(error)
    return ""


def can_use_assets() -> bool:
    """Return whether hair can have Blender's nodes."""
    return not why_no_assets()


def chain_of(object_: bpy.types.Object) -> dict[str, bpy.types.Modifier]:
    """Asset -> the modifier of an object of hair that runs it; those that an artist has removed are missing.

    An artist may stack more of one kind: the first is ours.
    """
    chain: dict[str, bpy.types.Modifier] = {}
    for modifier in object_.modifiers:
        if modifier.type == "NODES" and modifier.node_group is not None and _ASSET in modifier.node_group:
            chain.setdefault(modifier.node_group[_ASSET], modifier)
    return chain


def add_chain(object_: bpy.types.Object, skin: bpy.types.Object, place: int) -> None:
    """Give an object of hair the modifiers, whose inputs are still Blender's.

    Args:
        object_: of hair.
        skin: on which it grows.
        place: of the first modifier in the stack.

    Raises:
        SceneError: this Blender has no such nodes; nothing was changed.
    """
    groups = _groups()
    for number, name in enumerate(CHAIN):
        modifier = object_.modifiers.new(name, "NODES")
        modifier.node_group, modifier.show_expanded = groups[name], False
        object_.modifiers.move(len(object_.modifiers) - 1, place + number)
    chain = chain_of(object_)
    chain[DEFORM].use_pin_to_last = True  # what an artist adds is for hair at rest, too
    _connect(chain[INTERPOLATE], skin)
    write_input(chain[TRIM], "Replace Length", False)
    write_input(chain[FRIZZ], "Cumulative Offset", True)
    write_input(chain[FRIZZ], "Shape", 0.0)


def _connect(modifier: bpy.types.Modifier, skin: bpy.types.Object) -> None:
    """Tell the modifier that makes hairs where its surface is; from Blender 5 on curves say so themselves."""
    if has_input(modifier, "Surface", "NodeSocketObject"):
        write_input(modifier, "Surface", skin, "NodeSocketObject")
        name_hair_map(modifier)
    for name, value in (
        ("Surface Rest Position", True),
        ("Resting Surface", True),
        ("Poisson Disk Distribution", False),
        ("Part by Mesh Islands", False),
    ):
        if has_input(modifier, name):
            write_input(modifier, name, value)


def name_hair_map(modifier: bpy.types.Modifier) -> None:
    """Tell the modifier that makes hairs what the hair's UV map is called."""
    if has_input(modifier, "Surface UV Map"):
        write_attribute(modifier, "Surface UV Map", HAIR_MAP)


def remove_chain(object_: bpy.types.Object) -> None:
    """Take the modifiers away; what an artist has added stays."""
    for modifier in chain_of(object_).values():
        object_.modifiers.remove(modifier)


def look_inputs(skin: bpy.types.Object, look: dict[str, float], guides: Array, spread: float) -> dict[str, float]:
    """Return "asset/input" -> value for hair that looks so.

    Args:
        skin: on which it grows.
        look: as in `grooms.LOOK`.
        guides: [N, P, 3] metres.
        spread: metres between neighbouring roots.
    """
    near = _NEAR * spread
    area = _area_near(skin, guides[:, 0], near)
    lengths = np.linalg.norm(np.diff(guides, axis=1), axis=2).sum(axis=1)
    length = float(np.median(lengths)) if len(lengths) else 0.0
    return {
        f"{INTERPOLATE}/Interpolation Guides": 1 if _are_parted(guides) else max(look["guides_each"], 1),
        f"{INTERPOLATE}/Distance to Guides": near,
        _DENSITY: min(look["hairs"] / area, _MOST_DENSE) if area > 0.0 else 0.0,
        f"{TRIM}/Random Offset": look["scatter"] * length,
        f"{CLUMP}/Factor": min(max(look["clump"], 0.0), 1.0),
        f"{CLUMP}/Shape": 0.5 + 0.5 * min(max(look["clump_from"], 0.0), 0.98),
        f"{CLUMP}/Tip Spread": look["lock"],
        f"{FRIZZ}/Distance": _FRIZZ * look["frizz"] / float(np.sqrt(0.5 * guides.shape[1])),
        f"{PROFILE}/Radius": look["radius"],
        f"{PROFILE}/Factor Min": look["tip"],
    }


def read_chain(object_: bpy.types.Object, name: str) -> float | None:
    """Return the value of "asset/input"; None where an artist has removed that modifier."""
    asset, _, input_ = name.partition("/")
    modifier = chain_of(object_).get(asset)
    return float(read_input(modifier, input_)) if modifier is not None and has_input(modifier, input_) else None


def write_chain(object_: bpy.types.Object, name: str, value: float) -> None:
    """Set "asset/input"; nothing happens where an artist has removed that modifier."""
    asset, _, input_ = name.partition("/")
    modifier = chain_of(object_).get(asset)
    if modifier is not None and has_input(modifier, input_):
        write_input(modifier, input_, value)


def chain_density(object_: bpy.types.Object, most: float, render: bool) -> float:
    """Return the share, 0..1, of the hairs that the 3D view draws, or a render; 0 where no modifier makes any.

    Args:
        object_: of hair.
        most: hairs per square metre where all are drawn.
        render: of a render.
    """
    density, in_view = read_chain(object_, _DENSITY), read_chain(object_, _VIEWPORT)
    if density is None or in_view is None or most <= 0.0:
        return 0.0
    share = min(density / most, 1.0)
    return share if render else share * min(in_view, 1.0)


def set_chain_density(object_: bpy.types.Object, most: float, share: float, render: bool) -> None:
    """Let the 3D view, or a render, draw a share, 0..1, of the hairs.

    With Blender's nodes the view shows a share of what is rendered: a render draws at least as many, and the view at
    most as many.
    """
    view, rendered = (chain_density(object_, most, render=of_render) for of_render in (False, True))
    view, rendered = (min(view, share), share) if render else (share, max(rendered, share))
    write_chain(object_, _DENSITY, rendered * most)
    write_chain(object_, _VIEWPORT, view / rendered if rendered > 0.0 else 1.0)


def density_of(inputs: dict[str, Any]) -> float:
    """Return the hairs per square metre of a look's inputs."""
    return float(inputs.get(_DENSITY, 0.0))


def is_density(name: str) -> bool:
    """Return whether "asset/input" says how many hairs are drawn."""
    return name in (_DENSITY, _VIEWPORT)


# -------------------------------------------------------------------------------------------------------- node groups


def _groups() -> dict[str, bpy.types.NodeTree]:
    """The chain's node groups; those that the file lacks are appended, all at once, for they share groups in them."""
    groups = {
        group[_ASSET]: group
        for group in bpy.data.node_groups
        if group.get(_ASSET) in CHAIN and group.is_editable and group.library is None
    }
    missing = [name for name in CHAIN if name not in groups]
    if not missing:
        return groups
    wanted = [name for name in missing if name != DEFORM]
    groups |= _append(wanted) if wanted else {}
    if DEFORM in missing:
        groups[DEFORM] = _new_deform_group()
    for name in missing:
        groups[name][_ASSET] = name
    return groups


def _append(names: list[str]) -> dict[str, bpy.types.NodeTree]:
    file = library()
    if file is None:
        raise SceneError(NO_LIBRARY)
    before, libraries = set(bpy.data.node_groups), set(bpy.data.libraries)
    with bpy.data.libraries.load(str(file), link=False) as (there, wanted):
        lacking = [name for name in names if name not in there.node_groups]
        wanted.node_groups = [] if lacking else list(names)
    for used in set(bpy.data.libraries) - libraries:
        bpy.data.libraries.remove(used)  # nothing is linked
    if lacking:
        raise SceneError(f"Blender's library of hair nodes has no {lacking[0]}: the hair keeps DreamFace's nodes.")
    for group in set(bpy.data.node_groups) - before:
        group.asset_clear()  # it is Blender's asset, not one of this file
    groups = dict(zip(names, wanted.node_groups, strict=True))
    for socket in groups[INTERPOLATE].interface.items_tree if INTERPOLATE in groups else ():
        if socket.item_type == "SOCKET" and socket.in_out == "INPUT" and socket.name == "Density":
            socket.max_value = _MOST_DENSE
    return groups


def _new_deform_group() -> bpy.types.NodeTree:
    group = bpy.data.node_groups.new(DEFORM, "GeometryNodeTree")
    group.is_modifier = True
    for side in ("OUTPUT", "INPUT"):
        group.interface.new_socket("Geometry", in_out=side, socket_type="NodeSocketGeometry")
    nodes = [
        group.nodes.new(kind) for kind in ("NodeGroupInput", "GeometryNodeDeformCurvesOnSurface", "NodeGroupOutput")
    ]
    for number, node in enumerate(nodes):
        node.location = (200 * number, 0)
    for start, end in pairwise(nodes):
        group.links.new(start.outputs[0], end.inputs[0])
    return group


# --------------------------------------------------------------------------------------------------------------- area


def _are_parted(guides: Array) -> bool:
    """Whether neighbours go ways of their own, so that hairs mixed from them would lie across a parting.

    DreamFace's nodes look at each pair of guides; Blender's can only mix all or none.
    """
    roots, tips = guides[:, 0], guides[:, -1]
    tree = _tree_of(roots)
    pairs = [
        (number, other, apart)
        for number, root in enumerate(roots.tolist())
        for _, other, apart in tree.find_n(root, _NEIGHBOURS + 1)
        if other != number
    ]
    if not pairs:
        return False
    first, second, apart = (np.array(column) for column in zip(*pairs, strict=True))
    tips_apart = np.linalg.norm(tips[first] - tips[second], axis=1)
    return bool((tips_apart > APART * apart + APART_TIPS).mean() > _PARTED)


def _tree_of(roots: Array) -> KDTree:
    tree = KDTree(len(roots))
    for number, root in enumerate(roots.tolist()):
        tree.insert(root, number)
    tree.balance()
    return tree


def _area_near(skin: bpy.types.Object, roots: Array, near: float) -> float:
    """Square metres of the skin at rest that are no farther than `near` metres from a root."""
    if not len(roots):
        return 0.0
    mesh = skin.data
    triangles = basis_of(mesh)[corners_of(mesh, np.arange(2 * len(mesh.polygons)))].astype(np.float64)
    sides = triangles[:, 1:] - triangles[:, :1]
    areas = 0.5 * np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1)
    reach = near + np.linalg.norm(sides, axis=2).max(axis=1)
    inside = ((triangles[:, 0] > roots.min(axis=0) - reach[:, None]).all(axis=1)) & (
        (triangles[:, 0] < roots.max(axis=0) + reach[:, None]).all(axis=1)
    )
    triangles, areas = triangles[inside], areas[inside]
    if not areas.sum() > 0.0:
        return 0.0
    tree = _tree_of(roots)
    generator = np.random.default_rng(0)
    chosen = triangles[generator.choice(len(areas), _SAMPLES, p=areas / areas.sum())]
    places = np.einsum("nkx,nk->nx", chosen, generator.dirichlet([1.0, 1.0, 1.0], _SAMPLES))
    covered = sum(tree.find(place)[2] <= near for place in places.tolist())
    return float(areas.sum()) * covered / _SAMPLES
