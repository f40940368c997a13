"""Windows of a face's maps put into its images, so that an edit shows at once, before its folder is made again."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .colours import show_as_colour, show_as_data
from .errors import SceneError
from .materials import CHANNEL, TILE, Images, values_of
from .reading import FaceFolder
from .records import parts_of
from .repainting import PATCHED, own_material, renew_channels

Maps = dict[tuple[str, str], bpy.types.Image]
"""(tile, channel) -> the image that shows it."""

_AT = "/at"
_LISTS = ("whole", "gone")
_COLOUR = "albedo"


def patch_maps(skin: bpy.types.Object, arrays: dict[str, NDArray[Any]]) -> None:
    """Put the windows of an answer to POST /paint into a face's images.

    Args:
        skin: the face's.
        arrays: "<tile>/<channel>" [h, w, C], uint8 as in the map's PNG or float32, and "<tile>/<channel>/at" int32 [2],
            the window's top row and left column, row 0 at v = 1; "whole" names maps that were not there before, and
            "gone" those that are no longer there.

    Raises:
        SceneError: a window does not fit the images. Nothing was changed.
    """
    maps = maps_of(skin)
    windows = {_names(name): array for name, array in arrays.items() if name not in _LISTS and not name.endswith(_AT)}
    places = {names: tuple(int(part) for part in arrays["/".join(names) + _AT]) for names in windows}
    whole = {_names(name) for name in arrays.get("whole", np.array([], np.str_)).tolist()}
    gone = {_names(name) for name in arrays.get("gone", np.array([], np.str_)).tolist()}
    worn = {tile for tile, _ in maps}
    for names, window in windows.items():
        if names in maps and names not in whole:
            _check_fits(maps[names], window, places[names])
    maps |= _made_own(skin, {names: maps[names] for names in windows if names in maps})
    new = {names: window for names, window in windows.items() if names in whole and names[0] in worn}
    if new or gone:
        _add_and_remove(skin, maps, new, gone)
    for names, window in windows.items():
        if names in maps and names not in new:
            _put(maps[names], window, places[names])
    _show_again(skin, {maps[names] for names in windows if names in maps})


def maps_of(skin: bpy.types.Object) -> Maps:
    """Return the images of a face's maps that its materials show."""
    materials = {slot.material for part in parts_of(skin) for slot in part.material_slots if values_of(slot.material)}
    images = [node.image for material in materials for node in _image_nodes(material)]
    return {(image[TILE], image[CHANNEL]): image for image in images if TILE in image and CHANNEL in image}


def _made_own(skin: bpy.types.Object, maps: Maps) -> Maps:
    """Return those of the maps that another head, such as a copy, shows as well, as images of this head alone."""
    slots = [slot for part in parts_of(skin) for slot in part.material_slots]
    ours = [own_material(material, slots) for material in dict.fromkeys(slot.material for slot in slots) if material]
    nodes = [node for material in ours for node in _image_nodes(material) if material.is_editable]
    elsewhere = {
        node.image for material in bpy.data.materials if material not in ours for node in _image_nodes(material)
    }
    own: Maps = {}
    for names, image in maps.items():
        if image in elsewhere:
            own[names] = _copy(image)
            for node in nodes:
                if node.image == image:
                    node.image = own[names]
    return own


def _copy(image: bpy.types.Image) -> bpy.types.Image:
    """Return a copy of an image with its pixels as they are, which may be others than in its file."""
    copy = image.copy()
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    copy.pixels.foreach_set(pixels)
    return copy


def _show_again(skin: bpy.types.Object, images: set[bpy.types.Image]) -> None:
    """Have 3D views draw the materials that show images again: else they go on showing what the graphics card has."""
    for material in {slot.material for part in parts_of(skin) for slot in part.material_slots if slot.material}:
        if any(node.image in images for node in _image_nodes(material)):
            material.update_tag()
            material.node_tree.update_tag()


def _image_nodes(material: bpy.types.Material) -> list[bpy.types.Node]:
    nodes = material.node_tree.nodes if material.node_tree else ()
    return [node for node in nodes if node.type == "TEX_IMAGE" and node.image is not None]


def are_painted(skin: bpy.types.Object) -> bool:
    """Return whether something was patched in a face's images that neither their files nor this file hold."""
    return any(image.is_dirty and PATCHED in image for image in maps_of(skin).values())


def pack_painted(skin: bpy.types.Object) -> bool:
    """Put what was patched in a face's images into the .blend file; return whether there was anything.

    What an artist alone has painted there is for the artist to save.
    """
    painted = [image for image in maps_of(skin).values() if image.is_dirty and PATCHED in image]
    for image in painted:
        image.pack()
    return bool(painted)


def show_files(skin: bpy.types.Object) -> None:
    """Let a face's images that were patched show what their files hold, or what is packed in them."""
    patched = {image for image in maps_of(skin).values() if PATCHED in image}
    for image in patched:
        image.reload()
        del image[PATCHED]
    _show_again(skin, patched)


def _names(name: str) -> tuple[str, str]:
    tile, _, channel = name.rpartition("/")
    return tile, channel


def _check_fits(image: bpy.types.Image, window: NDArray[Any], at: tuple[int, ...]) -> None:
    width, height = image.size
    rows, columns = window.shape[0] + at[0], window.shape[1] + at[1]
    if min(at) < 0 or rows > height or columns > width or not len(image.pixels):
        raise SceneError(f"The texture {image.name} has another size than its face: press Repaint Skin.")


def _put(image: bpy.types.Image, window: NDArray[Any], at: tuple[int, ...]) -> None:
    """Write a window into an image's pixels, whose rows begin at the bottom."""
    width, height = image.size
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    channels = pixels.size // (width * height)
    view = pixels.reshape(height, width, channels)[::-1]
    rows, columns = window.shape[:2]
    target = view[at[0] : at[0] + rows, at[1] : at[1] + columns]
    colours = min(channels, 3)
    target[..., :colours] = _values(window)[..., :colours] if window.shape[2] > 1 else _values(window)
    image.pixels.foreach_set(pixels)
    image[PATCHED] = True
    image.update()


def _values(window: NDArray[Any]) -> NDArray[np.float32]:
    """Return a window as an image's pixels hold it."""
    if window.dtype == np.uint8:
        return np.multiply(window, np.float32(1.0 / 255.0), dtype=np.float32)
    return np.asarray(window, np.float32)


def _add_and_remove(
    skin: bpy.types.Object, maps: Maps, new: dict[tuple[str, str], NDArray[Any]], gone: set[tuple[str, str]]
) -> None:
    """Let materials show maps that were not there before, and no longer those that have gone: metal comes and goes."""
    by_tile: dict[str, Images] = {}
    for (tile, channel), image in maps.items():
        if (tile, channel) not in gone and (tile, channel) not in new:
            by_tile.setdefault(tile, {})[channel] = image
    for (tile, channel), window in new.items():
        by_tile.setdefault(tile, {})[channel] = _new_image(skin, tile, channel, window)
    materials = dict.fromkeys(slot.material for part in parts_of(skin) for slot in part.material_slots)
    changed = {tile for tile, _ in {*new, *gone}}
    for material in materials:
        of_material = values_of(material).get("tile")
        if of_material in changed and material.is_editable and material.node_tree is not None:
            renew_channels(material, by_tile[of_material])


def _new_image(skin: bpy.types.Object, tile: str, channel: str, window: NDArray[Any]) -> bpy.types.Image:
    height, width = window.shape[:2]
    is_float = window.dtype != np.uint8
    image = bpy.data.images.new(f"{skin.name} {tile} {channel}", width, height, float_buffer=is_float)
    image[TILE], image[CHANNEL] = tile, channel
    show = show_as_colour if channel == _COLOUR else show_as_data
    show(image)
    _put(image, window, (0, 0))
    return image


def show_folder(skin: bpy.types.Object, face: FaceFolder) -> bool:
    """Let a face's images show the files of another folder of it, whose maps look as they do; return whether they do.

    Images, materials and meshes stay: nothing that a step of undo knows is exchanged. Where the folder has other maps
    than the face wears, nothing is done.
    """
    maps = maps_of(skin)
    files = {
        (tile, channel): file for tile in {tile for tile, _ in maps} for channel, (file, _) in face.maps(tile).items()
    }
    if files.keys() != maps.keys():
        return False
    for names, image in maps.items():
        packed = image.packed_file is not None
        if packed:
            image.unpack(method="REMOVE")
        image.source = "FILE"
        image.filepath = str(files[names])
        image.reload()
        image.pop(PATCHED, None)
        if packed:
            image.pack()
    _show_again(skin, set(maps.values()))
    return True
