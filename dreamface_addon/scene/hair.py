"""Hair as curves objects on a skin: they follow it, can be combed, and what an artist has combed stays.

For each region of a head there is one object, a child of the skin, whose curves are the guides; a modifier makes the
hairs between them. Guides lie in the skin's own space, where its basis is, and Blender bends them as shape keys and
rigs bend the skin. Where the basis itself moves, by a slider or a sculpting brush, `settle_hair` takes the guides
along: the skin's attribute `REST` says where its vertices were when the guides were put there.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

import bpy
import numpy as np
from numpy.typing import NDArray

from .card_view import hide_old_cards
from .errors import SceneError
from .grooms import REGIONS, RegionHair, parse_groom
from .hair_look import add_nodes, change_nodes, choose_nodes, mark_combed, mark_playing, renew_nodes, set_look
from .hair_material import is_hair_material, new_hair_material, renew_hair_material
from .hair_width import draw_hair_as_wide_as_it_is
from .node_assets import INTERPOLATE, chain_of, name_hair_map, why_no_assets
from .records import FACES, PART, STYLE, check_can_change, describe_hair, hair_objects_of, hair_of, parts_of, skins
from .sculpting import Array, basis_of, read_vectors, rest_of, write_vectors
from .surface import (
    HAIR_MAP,
    OLD_HAIR_MAP,
    ROOT_TRIANGLE,
    corners_of,
    frames_of,
    mark_hair_map,
    nearest_on,
    rename_old_hair_map,
    why_no_hair_map,
)  # fmt: skip

REST: Final = ".dreamface_hair_rest"
"""Attribute of the skin's vertices: where they were when the hair was put there, metres."""

_GROWN: Final = "dreamface_grown"
"""Custom property of curves: a digest of the guides as we have put them; an artist has edited those with another."""

_SHOWS: Final = "dreamface_hair_shows"
"""Custom property of curves: a mark of what they were grown from."""

_BARE: Final = "dreamface_bare"
"""Custom property of the skin: region -> the mark of having no hair there, or nothing where there is some, as JSON."""

_TAKEN: Final = "-"
"""Mark of a region whose hair we have taken away, until it is noted what that shows."""

_HIDDEN: Final = "dreamface_hidden_by_hair"
"""Custom property of a part: we have hidden it, because hair stands for it."""

_TRIANGLE: Final = ROOT_TRIANGLE
_BARYCENTRIC, _LOCK, _UV = (f".dreamface_{name}" for name in ("barycentric", "lock", "root_uv"))
"""Attributes of curves: see `RegionHair`; triangles are those of the skin. The last is the root's place in the hair's
UV map when the others were written: roots that an artist has moved since have another."""

_DISTANCE: Final = ".dreamface_distance"
"""Attribute of curves: metres between a root and its place in the triangle, when that was looked for."""

_POLYGONS: Final = "dreamface_polygons"
"""Custom property of curves: how many faces the skin had to whose triangles the attributes belong."""

_SURFACE_UV: Final = "surface_uv_coordinate"  # Blender's own name

_BESIDE: Final = 0.002  # metres that a root may be from its place; farther away, the triangle is another one by now
_FAR: Final = 0.05  # metres from the skin; what lies farther away was put there


def grow_hair(
    skin: bpy.types.Object,
    arrays: dict[str, NDArray[Any]],
    groom: list[dict[str, Any]],
    regions: Iterable[str] = tuple(REGIONS),
) -> None:
    """Give a face this hair, and take away what regions it leaves out, also where an artist has edited it.

    Args:
        skin: the face's.
        arrays: as in groom.npz, for a head as the traits alone say.
        groom: as in face.json.
        regions: whose hair is changed; that of others stays as it is.

    Raises:
        SceneError: the hair does not fit, or the face's objects cannot be changed now; nothing was changed.
    """
    try:
        hairs = parse_groom(groom, arrays)
    except ValueError as error:
        raise SceneError(f"The engine sent hair that doesn't fit ({error}): start it again.") from error
    hairs = [hair for hair in hairs if hair.region in set(regions)]
    check_can_change([skin, *hair_objects_of(skin).values()])
    why_not = why_no_hair_map(skin) if hairs else ""
    if why_not:
        raise SceneError(why_not)
    others = [region for region in hair_of(skin) if region not in set(regions)]
    put_hair(skin, hairs, others, rest_of(skin.data))
    hide_old_cards(skin, hair_state(skin))


def put_hair(
    skin: bpy.types.Object,
    hairs: Iterable[RegionHair],
    kept: Collection[str] = (),
    grown_on: Array | None = None,
) -> None:
    """Build the objects of hair, in those that are there, and empty those of other regions.

    Empty ones keep modifiers and materials, which may be an artist's, until there is hair again.

    Args:
        skin: the face's; its hair map is there, or is made: see `why_no_hair_map`.
        hairs: the guides.
        kept: regions whose hair stays as it is.
        grown_on: [V, 3] metres, the skin's vertices under the guides; None for those that it has now.
    """
    there, wanted = hair_objects_of(skin), {hair.region: hair for hair in hairs}
    for region, object_ in hair_of(skin).items():
        if region not in wanted and region not in kept:
            _empty(object_)
            _note_taken(skin, region)
    settle_hair(skin)
    mark_hair_map(skin, list(wanted.values()))
    for hair in wanted.values():
        if hair.region not in kept:
            _put(skin, hair, there.get(hair.region), grown_on)
    if wanted:
        draw_hair_as_wide_as_it_is(skin)
    if wanted or kept:
        skin.add_rest_position_attribute = True  # by which Blender bends curves on it
        write_vectors(skin.data, REST, basis_of(skin.data))
    _show_lashes(skin, "lashes" not in hair_of(skin))


def _put(skin: bpy.types.Object, hair: RegionHair, object_: bpy.types.Object | None, grown_on: Array | None) -> None:
    curves = _new_curves(skin, hair)
    now = basis_of(skin.data)
    if grown_on is not None and grown_on.shape == now.shape and not np.array_equal(grown_on, now):
        _carry(curves, skin.data, grown_on, now)  # what was sculpted lies on top of what the face was built from
    if object_ is None:
        object_ = bpy.data.objects.new(REGIONS[hair.region], curves)
        skin.users_collection[0].objects.link(object_)
        object_.parent = skin
        describe_hair(object_, skin, hair)
        add_nodes(object_, skin)
        curves.materials.append(new_hair_material(f"{REGIONS[hair.region]} strands", hair.colour, hair.region))
    else:
        _replace_curves(object_, curves, hair.colour)
        renew_nodes(object_, skin)
        describe_hair(object_, skin, hair)
    set_look(object_, skin, hair.look, hair.points)


def _empty(object_: bpy.types.Object) -> None:
    """Take an object's guides away; all else of it stays."""
    curves = bpy.data.hair_curves.new(object_.data.name)
    curves.surface, curves.surface_uv_map = object_.data.surface, object_.data.surface_uv_map
    _replace_curves(object_, curves, None)


def _replace_curves(object_: bpy.types.Object, curves: bpy.types.Curves, colour: dict[str, Any] | None) -> None:
    """Give an object new guides; it keeps its materials, which get the colour unless it is None."""
    old = object_.data
    goes = 1 if old.users == 1 else 0  # users of a material that lose it here: old curves that no copy wears
    for material in old.materials:
        if colour is None:
            curves.materials.append(material)
            continue
        if is_hair_material(material) and material.users - material.use_fake_user > goes:
            material = material.copy()  # a copy of the head wears it, too
        if is_hair_material(material):
            renew_hair_material(material, colour)
        curves.materials.append(material)
    object_.data = curves
    if not old.users:
        name = old.name
        bpy.data.hair_curves.remove(old)
        curves.name = name


def _new_curves(skin: bpy.types.Object, hair: RegionHair) -> bpy.types.Curves:
    curves = bpy.data.hair_curves.new(REGIONS[hair.region])
    count, length = hair.points.shape[:2]
    curves.add_curves([length] * count)
    _write_points(curves, hair.points)
    curves.surface, curves.surface_uv_map = skin, HAIR_MAP
    first_face, last_face = skin.get(FACES, (0, len(skin.data.polygons)))
    curves[_POLYGONS] = last_face - first_face
    for name, kind, values in (
        (_SURFACE_UV, "FLOAT2", hair.uv),
        (_UV, "FLOAT2", hair.uv),
        (_BARYCENTRIC, "FLOAT_VECTOR", hair.barycentric),
        (_TRIANGLE, "INT", hair.triangle - 2 * first_face),
        (_LOCK, "INT", hair.lock),
    ):
        _write(curves, name, kind, values)
    curves[_GROWN] = _digest(curves)
    return curves


def keep_edited_hair(skin: bpy.types.Object) -> str:
    """Remove a face's hair, because the skin has become another head's; what an artist has edited stays in the file.

    Returns:
        A sentence about what stayed, or nothing.
    """
    edited, kept = edited_hair(skin), []
    for region, object_ in hair_objects_of(skin).items():
        if region in edited:
            curves = object_.data
            curves.use_fake_user = True
            curves.name = f"{curves.name[:_NAME_LENGTH]} before"
            kept.append(f"“{curves.name}”")
        _remove(object_)
        _note_taken(skin, region)
    if not kept:
        return ""
    return (
        "The hair that you have edited does not fit the new head. It is kept in the file: give a hair object the "
        f"curves {', '.join(kept)} to see it."
    )


_NAME_LENGTH: Final = 48  # letters of the old name in that of kept curves, which may be 63 bytes long


def _remove(object_: bpy.types.Object) -> None:
    curves, materials = object_.data, list(object_.data.materials)
    bpy.data.objects.remove(object_)
    if not curves.users:
        bpy.data.hair_curves.remove(curves)
    for material in materials:
        if is_hair_material(material) and not material.users:
            bpy.data.materials.remove(material)


def _show_lashes(skin: bpy.types.Object, shown: bool) -> None:
    """Hide the head's own lashes while hair stands for them; what an artist shows or hides stays so."""
    for part in parts_of(skin):
        if not str(part[PART]).endswith("lashes"):
            continue
        if not shown and _HIDDEN not in part and not (part.hide_viewport and part.hide_render):
            part.hide_viewport = part.hide_render = part[_HIDDEN] = True
        elif shown and _HIDDEN in part:
            part.hide_viewport = part.hide_render = False
            del part[_HIDDEN]


def use_blender_nodes(skin: bpy.types.Object, wanted: bool = True) -> None:
    """Let Blender's own node groups make the hairs of a face, or DreamFace's again; what grows later is made so, too.

    Guides, materials, how many hairs are drawn, and modifiers that an artist has added stay.

    Raises:
        SceneError: this Blender has no such nodes, or the hair cannot be changed now; nothing was changed.
    """
    hairs = hair_objects_of(skin).values()
    check_can_change([skin, *hairs])
    why_not = why_no_assets() if wanted else ""
    if why_not:
        raise SceneError(why_not)
    settle_hair(skin)
    choose_nodes(skin, wanted)
    for object_ in hairs:
        change_nodes(object_, skin, hair_curves_of(object_))


# ----------------------------------------------------------------------------------------------------- what it shows


def mark_grown(skin: bpy.types.Object, marks: Mapping[str, str]) -> None:
    """Note for each region what its hair shows.

    In the curves, not on an object: undo brings each datablock back by itself, and a mark says the truth only if it
    lies where the guides are. Regions without hair have their mark on the skin.
    """
    there, bare = hair_of(skin), _bare(skin)
    for region, mark in marks.items():
        if region in there:
            there[region].data[_SHOWS] = mark
        bare[region] = "" if region in there else mark
    skin[_BARE] = json.dumps(bare)


def grown_marks(skin: bpy.types.Object, hair: Mapping[str, bpy.types.Object] | None = None) -> dict[str, str]:
    """Return for each region what its hair shows; nothing where that is unknown, or where it was deleted.

    Args:
        skin: the face's.
        hair: what `hair_of` has found on it, where that is known.
    """
    there, bare = hair_of(skin) if hair is None else hair, _bare(skin)
    return {
        region: str(there[region].data.get(_SHOWS, "")) if region in there else bare.get(region, "")
        for region in REGIONS
    }


def knows_grown(skin: bpy.types.Object) -> bool:
    """Return whether it was ever noted what a face's hair shows."""
    return _BARE in skin


def deleted_hair(skin: bpy.types.Object) -> list[str]:
    """Return the regions whose hair an artist has deleted."""
    there = hair_of(skin)
    return [region for region, mark in _bare(skin).items() if region not in there and not mark]


def _note_taken(skin: bpy.types.Object, region: str) -> None:
    """Note that we have taken a region's hair away: no artist has deleted it."""
    if knows_grown(skin):
        skin[_BARE] = json.dumps({**_bare(skin), region: _TAKEN})


def _bare(skin: bpy.types.Object) -> dict[str, str]:
    """Region -> what its lack of hair shows; nothing where there is hair."""
    try:
        marks = json.loads(skin.get(_BARE, "{}"))
        return {region: mark for region, mark in marks.items() if region in REGIONS and isinstance(mark, str)}
    except (ValueError, TypeError, AttributeError):
        return {}


# ------------------------------------------------------------------------------------------------- guides on the skin


def edited_hair(skin: bpy.types.Object, hair: Mapping[str, bpy.types.Object] | None = None) -> list[str]:
    """Return the regions of a face's hair that an artist has edited by hand: combed, cut, added to.

    Args:
        skin: the face's.
        hair: what `hair_of` has found on it, or some of that; None for all of it.
    """
    there = hair_of(skin) if hair is None else hair
    return [region for region, object_ in there.items() if _is_edited(object_.data)]


def hair_curves_of(object_: bpy.types.Object, count: int | None = None) -> Array:
    """Return an object's guides at rest, [N, P, 3] metres in the skin's space, their points evenly spaced.

    Args:
        object_: of hair.
        count: P; None for as many as the longest guide has.
    """
    points, offsets = _points(object_.data), _offsets(object_.data)
    lengths = np.diff(offsets)
    most = count or int(lengths.max(initial=2))
    guides = [_resampled(points[first:last], most) for first, last in pairwise(offsets) if last - first > 1]
    return np.stack(guides) if guides else np.zeros((0, most, 3), np.float32)


def pack_hair(skin: bpy.types.Object) -> tuple[list[dict[str, Any]], bytes]:
    """Return a face's hair as it is now: what face.json says of it, and its arrays as the .npz of groom.npz.

    Raises:
        SceneError: the face has lost what its hair looks like.
    """
    settle_hair(skin)
    entries: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for region, object_ in hair_of(skin).items():
        guides, long = hair_curves_of(object_), np.diff(_offsets(object_.data)) > 1
        if not len(guides):
            continue
        try:
            entries.append({"region": region, **json.loads(object_[STYLE])})
        except (KeyError, ValueError, TypeError) as error:
            raise SceneError(f"{object_.name} has lost its DreamFace properties: grow the hair again.") from error
        curves, mesh = object_.data, skin.data
        _, barycentric = _roots(curves, mesh, basis_of(mesh))
        arrays |= {
            f"{region}_points": guides.astype(np.float32),
            f"{region}_triangle": _read(curves, _TRIANGLE, 1, np.int32)[long] + 2 * skin.get(FACES, (0, 0))[0],
            f"{region}_barycentric": _weights(barycentric[long]),
            f"{region}_uv": _read(curves, _SURFACE_UV, 2)[long],
            f"{region}_lock": _read(curves, _LOCK, 1, np.int32)[long],
        }
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return entries, packed.getvalue()


def _weights(barycentric: Array) -> Array:
    """Weights of roots [N, 3], those beside their triangle moved onto it."""
    inside = barycentric.clip(0.0, 1.0)
    return (inside / inside.sum(axis=1, keepdims=True)).astype(np.float32)


def hair_state(skin: bpy.types.Object) -> str:
    """Return a short name for a face's hair as it is now."""
    digest = hashlib.blake2b(digest_size=16)
    for region, object_ in hair_of(skin).items():
        digest.update(f"{region} {object_.get(STYLE, '')} {_digest(object_.data)}".encode())
    return digest.hexdigest()


def _resampled(points: Array, count: int) -> Array:
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))))
    if len(points) == count and np.ptp(np.diff(way)) < 1e-3 * way[-1]:
        return points
    at = np.linspace(0.0, way[-1], count)
    return np.stack([np.interp(at, way, points[:, axis]) for axis in range(3)], axis=1).astype(np.float32)


def carry_hair(skin: bpy.types.Object, before: Array, after: Array) -> None:
    """Move the guides of a face's hair with its skin, each as its root's triangle turns and moves.

    Args:
        skin: the face's.
        before: [V, 3] metres, the skin's vertices where the guides are now.
        after: [V, 3] metres, where the guides are to be.
    """
    _carry_all([object_.data for object_ in hair_of(skin).values()], skin.data, before, after)


def _carry_all(hairs: Iterable[bpy.types.Curves], mesh: bpy.types.Mesh, before: Array, after: Array) -> None:
    for curves in hairs:
        if len(curves.curves) and len(mesh.polygons):
            _carry(curves, mesh, before, after)
            curves.update_tag()


def settle_hair(skin: bpy.types.Object) -> bool:
    """Take a face's guides along to where the skin's vertices are now; return whether they had to move.

    In Edit Mode nobody knows where the vertices are, and hair that is linked from another file stays as it is there.
    """
    mesh = skin.data
    wearers = [other for other in skins() if other.data == mesh] if mesh.users > 1 else []  # linked copies of the head
    hairs = list(dict.fromkeys(object_.data for head in (skin, *wearers) for object_ in hair_of(head).values()))
    if not hairs or mesh.is_editmode or not all(block.is_editable for block in (mesh, *hairs)):
        return False
    renew_hair_map(skin)
    before, after = read_vectors(mesh, REST), basis_of(mesh)
    if before is None:  # another mesh has taken the place of the one that the hair was put on
        for curves in hairs:
            if len(curves.curves) and len(mesh.polygons):
                _snap(curves, mesh, after)
    elif np.array_equal(before, after):
        return False
    else:
        _carry_all(hairs, mesh, before, after)
    write_vectors(mesh, REST, after)
    return True


def renew_hair_nodes(skin: bpy.types.Object) -> None:
    """Let nodes of ours make a face's hair as they do today, where the file is of an older version."""
    for object_ in hair_objects_of(skin).values():
        renew_nodes(object_, skin)


def mark_combed_hair(skin: bpy.types.Object, combed: bpy.types.Object | None) -> None:
    """Tell the nodes of a face's hair which object's guides are being combed, if any."""
    for object_ in hair_objects_of(skin).values():
        mark_combed(object_, object_ == combed)


def mark_playing_hair(skin: bpy.types.Object, playing: bool) -> None:
    """Tell the nodes of a face's hair whether an animation plays."""
    for object_ in hair_objects_of(skin).values():
        mark_playing(object_, playing)


def note_roots(skin: bpy.types.Object) -> None:
    """Note where guides are rooted that an artist has added or moved: as long as some are not known, all are looked up.

    In Edit Mode nobody knows where the skin's vertices are, and hair that is linked from another file stays as it is.
    """
    mesh, hairs = skin.data, [object_.data for object_ in hair_of(skin).values()]
    if mesh.is_editmode or not len(mesh.polygons) or not all(curves.is_editable for curves in hairs):
        return
    rest = read_vectors(mesh, REST)
    for curves in hairs:
        if len(curves.curves):
            _roots(curves, mesh, basis_of(mesh) if rest is None else rest)
            curves.update_tag()


def renew_hair_map(skin: bpy.types.Object) -> None:
    """Call a face's UV map for hair as it is called today, where the file is of an older version."""
    mesh = skin.data
    old = [object_ for object_ in hair_objects_of(skin).values() if object_.data.surface_uv_map == OLD_HAIR_MAP]
    if not old or mesh.is_editmode or not all(block.is_editable for block in (mesh, *(hair.data for hair in old))):
        return
    rename_old_hair_map(mesh)
    if HAIR_MAP not in mesh.uv_layers:
        return
    for object_ in old:
        object_.data.surface_uv_map = HAIR_MAP
        modifier = chain_of(object_).get(INTERPOLATE)
        if modifier is not None and object_.is_editable:
            name_hair_map(modifier)


def _carry(curves: bpy.types.Curves, mesh: bpy.types.Mesh, before: Array, after: Array) -> None:
    was_edited = _is_edited(curves)
    corners, barycentric = _roots(curves, mesh, before)
    turns = frames_of(after[corners]) @ frames_of(before[corners]).transpose(0, 2, 1)
    start, end = (np.einsum("nkx,nk->nx", vertices[corners], barycentric) for vertices in (before, after))
    points, lengths = _points(curves), np.diff(_offsets(curves))
    if (lengths == lengths[0]).all():
        guides = points.reshape(len(lengths), -1, 3)
        moved = (guides - start[:, None]) @ turns.transpose(0, 2, 1) + end[:, None]
    else:
        guide = np.repeat(np.arange(len(lengths)), lengths)
        moved = np.einsum("pxy,py->px", turns[guide], points - start[guide]) + end[guide]
    _write_points(curves, moved)
    if not was_edited:
        curves[_GROWN] = _digest(curves)


def _snap(curves: bpy.types.Curves, mesh: bpy.types.Mesh, vertices: Array) -> None:
    """Shift guides so that they are rooted in the skin again, except where that is far away."""
    was_edited = _is_edited(curves)
    corners, barycentric = _roots(curves, mesh, vertices, _FAR)
    points, offsets = _points(curves), _offsets(curves)
    shift = np.einsum("nkx,nk->nx", vertices[corners], barycentric) - points[offsets[:-1]]
    shift[np.linalg.norm(shift, axis=1) > _FAR] = 0.0
    _write_points(curves, points + np.repeat(shift, np.diff(offsets), axis=0))
    if not was_edited:
        curves[_GROWN] = _digest(curves)


def _roots(
    curves: bpy.types.Curves, mesh: bpy.types.Mesh, vertices: Array, beside: float = _BESIDE
) -> tuple[Array, Array]:
    """[N, 3] the vertices around each root, and their weights.

    Those of roots that an artist has made or moved are found, and all where the skin has other triangles by now.

    Args:
        curves: the guides.
        mesh: the skin's.
        vertices: [V, 3] metres, the skin's where the guides are.
        beside: metres that a root may be from its triangle.
    """
    triangle, barycentric = _read(curves, _TRIANGLE, 1, np.int32), _read(curves, _BARYCENTRIC, 3)
    uv, known = _read(curves, _SURFACE_UV, 2), _read(curves, _UV, 2)
    lost = (np.abs(uv - known) > 1e-6).any(axis=1) | (np.abs(barycentric.sum(axis=1) - 1.0) > 1e-3)
    lost |= (triangle < 0) | (triangle >= 2 * len(mesh.polygons))
    lost |= curves.get(_POLYGONS, len(mesh.polygons)) != len(mesh.polygons)
    corners = corners_of(mesh, np.where(lost, 0, triangle))
    roots, distance = _points(curves)[_offsets(curves)[:-1]], _read(curves, _DISTANCE, 1)
    lost |= ~(np.abs(_distances(roots, vertices[corners], barycentric) - distance) < beside)
    if lost.any():
        triangle[lost], corners[lost], barycentric[lost] = nearest_on(mesh, vertices, roots[lost])
        distance[lost] = _distances(roots[lost], vertices[corners[lost]], barycentric[lost])
        curves[_POLYGONS] = len(mesh.polygons)
        _write(curves, _DISTANCE, "FLOAT", distance)
        _write(curves, _TRIANGLE, "INT", triangle)
        _write(curves, _BARYCENTRIC, "FLOAT_VECTOR", barycentric)
        _write(curves, _UV, "FLOAT2", uv)
    return corners, barycentric


def _distances(roots: Array, corners: Array, barycentric: Array) -> Array:
    """[N] metres between roots [N, 3] and their places by weights [N, 3] between corners [N, 3, 3]."""
    return np.asarray(np.linalg.norm(np.einsum("nkx,nk->nx", corners, barycentric) - roots, axis=1))


def _is_edited(curves: bpy.types.Curves) -> bool:
    return bool(len(curves.curves)) and curves.get(_GROWN) != _digest(curves)


def _digest(curves: bpy.types.Curves) -> str:
    digest = hashlib.blake2b(_points(curves).tobytes(), digest_size=16)
    digest.update(_offsets(curves).tobytes())
    return digest.hexdigest()


def _points(curves: bpy.types.Curves) -> Array:
    values = np.empty(3 * len(curves.points), np.float32)
    curves.position_data.foreach_get("vector", values)
    return values.reshape(-1, 3)


def _write_points(curves: bpy.types.Curves, points: Array) -> None:
    curves.position_data.foreach_set("vector", np.ascontiguousarray(points, np.float32).reshape(-1))


def _offsets(curves: bpy.types.Curves) -> Array:
    """[N + 1] the first point of each curve, and one more than the last of all."""
    values = np.zeros(len(curves.curves) + 1, np.int32)
    if len(curves.curves):
        curves.curve_offset_data.foreach_get("value", values)
    return values


_FIELDS: Final = {"FLOAT": "value", "INT": "value", "FLOAT2": "vector", "FLOAT_VECTOR": "vector"}


def _read(curves: bpy.types.Curves, name: str, width: int, kind: type = np.float32) -> Array:
    """An attribute of each curve, [N, width] or [N]; zeros where it is missing."""
    attribute = curves.attributes.get(name)
    values: Array = np.zeros(len(curves.curves) * width, kind)
    if attribute is not None and attribute.domain == "CURVE" and len(attribute.data) == len(curves.curves):
        attribute.data.foreach_get(_FIELDS[attribute.data_type], values)
    return values.reshape(-1, width) if width > 1 else values


def _write(curves: bpy.types.Curves, name: str, kind: str, values: Array) -> None:
    attribute = curves.attributes.get(name) or curves.attributes.new(name, kind, "CURVE")
    attribute.data.foreach_set(_FIELDS[kind], np.ascontiguousarray(values).reshape(-1))
