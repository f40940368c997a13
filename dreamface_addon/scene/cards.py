"""Hair as cards: strips of mesh with a texture, for games and other programs. They move with the head's expressions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np

from .attachments import NO_ARCHIVE
from .card_view import are_old, hide_old_cards, hides_hair, note_state, show_cards, shows_cards, state_of
from .colours import show_as_colour, show_as_data
from .errors import SceneError
from .following import follow_skin
from .grooms import REGIONS
from .hair import hair_state
from .leftovers import all_or_nothing
from .materials import CHANNEL, TILE, Images, new_material
from .meshes import drive_shape_keys, object_shapes
from .naming import name_cards, name_of
from .records import FACES, cards_of, check_can_change, describe_cards, hair_of, lost_properties, was_edited
from .sculpting import Array, basis_of
from .surface import mapped_corners_of, nearest_on

_CHANNELS: Final = {"albedo": True, "opacity": False, "normal": False}
"""Picture of the cards -> whether it is a colour."""

_ROUGHNESS: Final = {"scalp": 0.58, "beard": 0.65, "brows": 0.7, "lashes": 0.6}
_LAYERS: Final = 64  # of cards that Cycles may have to look through

_FINITE: Final = ("vertices", "normals", "uv", "shape_deltas", "root_barycentric")

_USUAL: Final[dict[str, Any]] = {
    "tile": "hair", "transmission": 0.0, "ior": 1.45, "subsurface": 0.0, "subsurface_radius": [0.0, 0.0, 0.0],
    "metallic": 0.0, "coat": 0.0, "coat_roughness": 0.3, "coat_ior": 1.5, "base_colour": [1.0, 1.0, 1.0],
}  # fmt: skip
"""What every material of cards is like, as face.json says it."""


def make_cards(skin: bpy.types.Object, folder: Path, state: str = "") -> list[bpy.types.Object]:
    """Give a head the cards of a folder, in place of those that it has; return their objects.

    They are shown, unless the hair has changed since they were asked for.

    Args:
        skin: the face's.
        folder: with cards.npz and the pictures in cards/.
        state: what `cards_state` was when they were asked for; empty for what it is now.

    Raises:
        SceneError: the folder cannot be read, or the face's objects cannot be changed now; nothing was changed.
    """
    old = list(cards_of(skin).values())
    check_can_change([skin, *old])
    arrays, shapes = _read(skin, folder)
    runs = [
        (region, tuple(arrays["region_vertices"][row]), tuple(arrays["region_faces"][row]))
        for row, region in enumerate(REGIONS)
        if arrays["region_vertices"][row][1] > arrays["region_vertices"][row][0]
    ]
    with all_or_nothing():
        images = _load_images(folder / "cards")
        made = [_new_object(skin, region, arrays, shapes, images, *run) for region, *run in runs]
        for object_ in made:
            note_state(object_, state or cards_state(skin))
    _remove(old)
    name_cards(skin)
    for scene in skin.users_scene:
        if hasattr(scene, "cycles"):
            scene.cycles.transparent_max_bounces = max(scene.cycles.transparent_max_bounces, _LAYERS)
    show_cards(skin, not cards_are_old(skin))
    return made


def cards_state(skin: bpy.types.Object) -> str:
    """Return a short name for what cards of a head would be made from now."""
    return state_of(skin, hair_state(skin))


def cards_are_old(skin: bpy.types.Object) -> bool:
    """Return whether a head's hair or shape has changed since its cards were asked for."""
    return bool(cards_of(skin)) and are_old(skin, hair_state(skin))


def show_newer_hair(skin: bpy.types.Object) -> None:
    """Show a head's hair again where it is newer than the cards that are shown."""
    if shows_cards(skin) or hides_hair(skin):
        hide_old_cards(skin, hair_state(skin))


def remove_cards(skin: bpy.types.Object) -> None:
    """Take away a head's cards, and show its hair."""
    show_cards(skin, False)
    _remove(list(cards_of(skin).values()))


def _read(skin: bpy.types.Object, folder: Path) -> tuple[dict[str, Array], list[str]]:
    """The arrays of a folder of cards, checked, and the names of the shapes that move them."""
    try:
        with np.load(folder / "cards.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        _check(arrays, skin.get(FACES, (0, 0)))
    except NO_ARCHIVE as error:
        raise SceneError(f"The cards in {folder} can't be read: make them again.") from error
    try:
        shapes = json.loads(skin["dreamface_shapes"])
    except (KeyError, ValueError, TypeError) as error:
        raise lost_properties(skin) from error
    if len(arrays["shape_offsets"]) != len(shapes) + 1:
        raise SceneError("The head has other expressions than when the cards were asked for: make them again.")
    return arrays, shapes


def _check(arrays: dict[str, Array], skin: tuple[int, int]) -> None:
    """Raise ValueError, KeyError or IndexError where arrays are not those of cards: Blender trusts what it is given.

    Args:
        arrays: of the cards.
        skin: its first face in the head, and one more than its last.
    """
    count, faces, offsets = len(arrays["vertices"]), len(arrays["faces"]), arrays["shape_offsets"]
    rooted, triangles = len(arrays["root_triangles"]), arrays["root_triangles"]
    shaped = {
        "vertices": (count, 3), "normals": (count, 3), "faces": (faces, 4), "face_uvs": (faces, 4),
        "uv": (len(arrays["uv"]), 2), "region_vertices": (len(REGIONS), 2), "region_faces": (len(REGIONS), 2),
        "shape_deltas": (len(arrays["shape_vertices"]), 3), "shape_offsets": (len(offsets),),
        "card": (count,), "root_triangles": (rooted,), "root_barycentric": (rooted, 3),
    }  # fmt: skip
    indices = (("face_uvs", len(arrays["uv"])), ("shape_vertices", count), ("card", rooted))
    bounds = (("region_vertices", count), ("region_faces", faces), ("shape_offsets", len(arrays["shape_vertices"])))
    fits = all(arrays[name].shape == shape for name, shape in shaped.items())
    fits = fits and all(np.isfinite(arrays[name]).all() for name in _FINITE)
    fits = fits and bool(((triangles >= 2 * skin[0]) & (triangles < 2 * skin[1])).all())
    fits = fits and all(((arrays[name] >= 0) & (arrays[name] < most)).all() for name, most in indices)
    fits = fits and all(((arrays[name] >= 0) & (arrays[name] <= most)).all() for name, most in bounds)
    for (first, last), run in zip(arrays["region_vertices"], arrays["region_faces"], strict=True) if fits else ():
        own = arrays["faces"][slice(*run)]
        fits = fits and bool(((own >= first) & (own < last)).all())
    if not fits or (np.diff(offsets) < 0).any():
        raise ValueError("not cards")


def _remove(cards: list[bpy.types.Object]) -> None:
    for object_ in cards:
        mesh, materials = object_.data, list(object_.data.materials)
        bpy.data.objects.remove(object_)
        if not mesh.users:
            bpy.data.meshes.remove(mesh)
        for material in filter(None, materials):
            if not material.users:
                images = [node.image for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image]
                bpy.data.materials.remove(material)
                for image in images:
                    if not image.users:
                        bpy.data.images.remove(image)


def _load_images(folder: Path) -> Images:
    images: Images = {}
    for channel, is_colour in _CHANNELS.items():
        try:
            image = bpy.data.images.load(str(folder / f"{channel}.png"), check_existing=False)
            if not image.size[0]:
                raise OSError("no picture")
        except (RuntimeError, OSError) as error:
            raise SceneError(f"The picture {channel}.png of the cards can't be read: make them again.") from error
        image[TILE], image[CHANNEL] = "hair", channel
        (show_as_colour if is_colour else show_as_data)(image)
        images[channel] = image
    return images


def _new_object(
    skin: bpy.types.Object,
    region: str,
    arrays: dict[str, Array],
    shapes: list[str],
    images: Images,
    vertices: tuple[int, int],
    faces: tuple[int, int],
) -> bpy.types.Object:
    name = f"{name_of(skin)} {REGIONS[region]} cards"
    first, last = (int(bound) for bound in vertices)
    mesh = bpy.data.meshes.new(name)
    corners = arrays["faces"][slice(*faces)] - first
    neutral = arrays["vertices"][first:last]
    mesh.from_pydata(neutral.tolist(), [], corners.tolist())
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", arrays["uv"][arrays["face_uvs"][slice(*faces)]].reshape(-1).astype(np.float32))
    mesh.shade_smooth()
    mesh.normals_split_custom_set_from_vertices(arrays["normals"][first:last].tolist())
    material = new_material({**_USUAL, "name": f"{REGIONS[region]} cards", "roughness": _ROUGHNESS[region]}, images)
    material.name = name
    worn = hair_of(skin)[region].active_material if region in hair_of(skin) else None
    if worn is not None:
        material.diffuse_color = worn.diffuse_color
    mesh.materials.append(material)
    object_ = bpy.data.objects.new(name, mesh)
    skin.users_collection[0].objects.link(object_)
    object_.parent = skin
    describe_cards(object_, skin, region)
    _add_shapes(object_, skin, arrays, shapes, first, last)
    _root(object_, skin, arrays, slice(first, last))
    return object_


def _add_shapes(
    object_: bpy.types.Object, skin: bpy.types.Object, arrays: dict[str, Array], names: list[str], first: int, last: int
) -> None:
    """Add the expressions that move the cards, driven by the skin's."""
    on_skin = skin.data.shape_keys.key_blocks.keys() if skin.data.shape_keys else ()
    neutral, added = arrays["vertices"][first:last], []
    for name, moved, deltas in object_shapes(arrays, names, first, last):
        if not moved.size or name not in on_skin:
            continue
        if object_.data.shape_keys is None:
            object_.shape_key_add(name="Basis", from_mix=False)
        key = object_.shape_key_add(name=name, from_mix=False)
        points = neutral.copy()
        points[moved] += deltas
        key.points.foreach_set("co", points.astype(np.float32).reshape(-1))
        added.append(name)
    drive_shape_keys(object_, skin, added)


def _root(object_: bpy.types.Object, skin: bpy.types.Object, arrays: dict[str, Array], own: slice) -> None:
    """Let cards follow the skin by the triangles that they are rooted in."""
    cards, first, card = np.unique(arrays["card"][own], return_index=True, return_inverse=True)
    if was_edited(skin):  # its triangles have other numbers than the backend's
        edges = arrays["vertices"][own][np.stack((first, first + 1))]
        triangles, _, weights = nearest_on(skin.data, basis_of(skin.data), edges.mean(axis=0))
    else:
        triangles = arrays["root_triangles"][cards] - 2 * skin.get(FACES, (0, 0))[0]
        weights = arrays["root_barycentric"][cards]
    corners = mapped_corners_of(skin.data, triangles)
    if corners is not None:
        follow_skin(object_, skin, corners[card], weights[card])
