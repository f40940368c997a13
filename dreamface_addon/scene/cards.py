"""Hair as cards: strips of mesh with a texture, for games and other programs. They move with the head's expressions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import bpy
import numpy as np

from .colours import show_as_colour, show_as_data
from .errors import SceneError
from .grooms import REGIONS
from .hair import hair_state
from .materials import CHANNEL, TILE, Images, new_material
from .meshes import drive_shape_keys, object_shapes
from .naming import name_of
from .records import cards_of, check_can_change, describe_cards, hair_of
from .sculpting import Array

_STATE: Final = "dreamface_cards_of"
"""Custom property of an object of cards: the hair that they were made from."""

_CHANNELS: Final = {"albedo": True, "opacity": False, "normal": False}
"""Picture of the cards -> whether it is a colour."""

_ROUGHNESS: Final = {"scalp": 0.58, "beard": 0.65, "brows": 0.7, "lashes": 0.6}
_LAYERS: Final = 64  # of cards that Cycles may have to look through

_USUAL: Final[dict[str, Any]] = {
    "tile": "hair", "transmission": 0.0, "ior": 1.45, "subsurface": 0.0, "subsurface_radius": [0.0, 0.0, 0.0],
    "metallic": 0.0, "coat": 0.0, "coat_roughness": 0.3, "coat_ior": 1.5, "base_colour": [1.0, 1.0, 1.0],
}  # fmt: skip
"""What every material of cards is like, as face.json says it."""


def make_cards(skin: bpy.types.Object, folder: Path) -> list[bpy.types.Object]:
    """Give a head the cards of a folder, in place of those that it has; return their objects.

    Args:
        skin: the face's.
        folder: with cards.npz and the pictures in cards/.

    Raises:
        SceneError: the folder cannot be read, or the face's objects cannot be changed now.
    """
    check_can_change([skin, *cards_of(skin).values()])
    try:
        with np.load(folder / "cards.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        shapes = json.loads(skin["dreamface_shapes"])
        runs = [
            (region, tuple(arrays["region_vertices"][row]), tuple(arrays["region_faces"][row]))
            for row, region in enumerate(REGIONS)
            if arrays["region_vertices"][row][1] > arrays["region_vertices"][row][0]
        ]
    except (OSError, ValueError, KeyError, IndexError, TypeError, BadZipFile) as error:
        raise SceneError(f"The cards in {folder} can't be read: make them again.") from error
    _remove(skin)
    images = _load_images(folder / "cards")
    made = [_new_object(skin, region, arrays, shapes, images, *run) for region, *run in runs]
    for scene in skin.users_scene:
        if hasattr(scene, "cycles"):
            scene.cycles.transparent_max_bounces = max(scene.cycles.transparent_max_bounces, _LAYERS)
    show_cards(skin, True)
    return made


def show_cards(skin: bpy.types.Object, shown: bool) -> None:
    """Show a head's cards and hide its hair, or the other way round."""
    cards = cards_of(skin)
    for objects, hidden in ((cards, not shown), (hair_of(skin), shown and bool(cards))):
        for object_ in objects.values():
            object_.hide_viewport = object_.hide_render = hidden


def shows_cards(skin: bpy.types.Object) -> bool:
    """Return whether a head has cards, and shows them."""
    return any(not object_.hide_viewport for object_ in cards_of(skin).values())


def cards_are_old(skin: bpy.types.Object) -> bool:
    """Return whether a head's hair has changed since its cards were made."""
    cards = cards_of(skin).values()
    now = hair_state(skin) if cards else ""
    return any(object_.get(_STATE) != now for object_ in cards)


def _remove(skin: bpy.types.Object) -> None:
    for object_ in cards_of(skin).values():
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
        except RuntimeError as error:
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
    mesh.materials.append(material)
    object_ = bpy.data.objects.new(name, mesh)
    for image in images.values():
        image.name = f"{name_of(skin)} cards {image[CHANNEL]}"
    skin.users_collection[0].objects.link(object_)
    object_.parent = skin
    describe_cards(object_, skin, region)
    object_[_STATE] = hair_state(skin)
    _add_shapes(object_, skin, arrays, shapes, first, last)
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
