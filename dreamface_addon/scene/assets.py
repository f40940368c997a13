"""A face in the Asset Browser."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .errors import SceneError
from .records import cards_of, hair_of, parts_of

TAGS = ("DreamFace", "generated", "head")
PREVIEW_SIDE = 256  # pixels, as many as Blender's own previews have


def mark_as_asset(skin: bpy.types.Object) -> None:
    """Make the collection of a face an asset, which can be dragged in whole.

    Done again, it brings picture and words up to date. The picture is the face folder's; where that is gone, Blender
    renders one as soon as it finds time.

    Raises:
        SceneError: the face is linked from another file.
    """
    collection = _home(skin)
    if not collection.is_editable:
        raise SceneError(f"{collection.name} is linked from another file: mark it there, or make it local first.")
    collection.asset_mark()
    about = collection.asset_data
    about.description = f"{skin.get('dreamface_prompt', '')}\n{skin.get('dreamface_statement', '')}".strip()
    for tag in TAGS:
        about.tags.new(tag, skip_if_exists=True)
    folder = skin.get("dreamface_folder", "")  # a file for others to open tells no folder
    if folder and (Path(folder) / "preview.png").is_file():
        _show(collection, Path(folder) / "preview.png")
    else:
        collection.asset_generate_preview()


def _home(skin: bpy.types.Object) -> bpy.types.Collection:
    """The collection with all of a face's objects; a new one where the artist has put them side by side with others."""
    parts = [*parts_of(skin), *hair_of(skin).values(), *cards_of(skin).values()]
    for collection in bpy.data.collections:
        if all(part.name in collection.all_objects for part in parts) and skin.name in collection.objects:
            return collection
    home = bpy.data.collections.new(skin.name)
    bpy.context.scene.collection.children.link(home)
    for part in parts:
        home.objects.link(part)
    return home


def _show(collection: bpy.types.Collection, picture: Path) -> None:
    image = bpy.data.images.load(str(picture), check_existing=False)
    try:
        if not image.size[0]:
            raise SceneError(f"{picture} is damaged: generate the face again.")
        scale = PREVIEW_SIDE / max(image.size)
        image.scale(*(max(1, round(side * scale)) for side in image.size))
        pixels = np.empty(len(image.pixels), np.float32)
        image.pixels.foreach_get(pixels)
        preview = collection.preview_ensure()
        preview.image_size = image.size
        preview.image_pixels_float.foreach_set(pixels)
    finally:
        bpy.data.images.remove(image)
