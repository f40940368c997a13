"""Images that an artist paints on the head with Blender's brushes: a mask, or a sketch in colour, one for each tile.

While a head is painted, each of its materials has an unconnected image node with its tile's canvas, chosen, so that one
stroke goes on from one tile to the next. The skin points to the canvases, so that they are saved with it.
"""

from __future__ import annotations

import json
from typing import Any, Final

import bpy
import numpy as np

from .colours import show_as_colour, show_as_data
from .errors import SceneError
from .masks import MASK_SIZE, skin_tiles
from .materials import values_of
from .png import decode_png, encode_png, image_values, to_bytes

MASK, SKETCH_KIND = "mask", "sketch"
"""What can be painted: a place, white on black, or a sketch in colour over the skin."""

PAINTING: Final = "dreamface_painting"
"""Custom property of the skin while it is painted: what, and which image node of each material was chosen, as JSON."""

_CANVASES: Final = "dreamface_canvases"
"""Custom property of the skin while it is painted: tile -> image."""

_NODE: Final = "DreamFace Canvas"
_SKETCH_SIZE: Final = 2048  # pixels a side: strokes are finer than a mask's border
_SCRATCH: Final = "DreamFace scratch"
_DARKEST: Final = 0.5 / 255.0  # what is not above it is nothing


def open_canvases(skin: bpy.types.Object, kind: str, pictures: dict[str, bytes]) -> None:
    """Give a head canvases to paint on; pictures that are there already, tile -> PNG, are gone on with.

    Raises:
        SceneError: it has no skin textures that could be painted.
    """
    tiles = skin_tiles(skin)
    if not tiles or not skin.data.uv_layers:
        raise SceneError(f"{skin.name} wears none of DreamFace's skin materials: put one back on to paint on it.")
    close_canvases(skin)
    canvases = {tile: _new_canvas(kind, tile, pictures.get(tile)) for tile in tiles}
    chosen: dict[str, str] = {}
    for slot in skin.material_slots:
        material = slot.material
        if material is None or material.node_tree is None or not material.is_editable:
            continue
        nodes = material.node_tree.nodes
        if _NODE in nodes:
            continue  # one material in two slots
        chosen[material.name] = nodes.active.name if nodes.active is not None else ""
        node = nodes.new("ShaderNodeTexImage")
        node.name = node.label = _NODE
        node.image = canvases.get(str(values_of(material).get("tile"))) or _scratch()
        nodes.active = node
    skin[_CANVASES] = canvases
    skin[PAINTING] = json.dumps({"kind": kind, "chosen": chosen})


def choose_canvases(skin: bpy.types.Object) -> None:
    """Let brushes paint on the canvases; Blender knows a material's images once it is in Texture Paint."""
    for material in _materials(skin):
        images, canvas = list(material.texture_paint_images), material.node_tree.nodes[_NODE].image
        if canvas in images:
            material.paint_active_slot = images.index(canvas)


def painted_kind(skin: bpy.types.Object) -> str:
    """Return what is being painted on a head; nothing where nothing is."""
    return str(_state(skin).get("kind", "")) if PAINTING in skin else ""


def canvases_of(skin: bpy.types.Object) -> dict[str, bpy.types.Image]:
    """Return tile -> canvas of a head that is being painted."""
    return {tile: image for tile, image in dict(skin[_CANVASES]).items() if image} if _CANVASES in skin else {}


def canvas_pictures(skin: bpy.types.Object) -> dict[str, bytes]:
    """Return what was painted: tile -> PNG, grey of a mask; tiles with nothing on them are left out."""
    is_mask = painted_kind(skin) == MASK
    pictures = {}
    for tile, image in canvases_of(skin).items():
        values = image_values(image)
        if is_mask:
            grey = values[..., :3].mean(axis=2) * values[..., 3]
            if grey.max() > _DARKEST:
                pictures[tile] = encode_png(to_bytes(grey))
        elif values[..., 3].max() > _DARKEST:
            pictures[tile] = encode_png(to_bytes(values))
    return pictures


def close_canvases(skin: bpy.types.Object) -> None:
    """Take a head's canvases away, and let its materials be as they were."""
    if PAINTING not in skin:
        return
    chosen = _state(skin).get("chosen", {})
    for material in _materials(skin):
        nodes = material.node_tree.nodes
        nodes.remove(nodes[_NODE])
        before = nodes.get(chosen.get(material.name, ""))
        if before is not None:
            nodes.active = before
    images = [*canvases_of(skin).values(), bpy.data.images.get(_SCRATCH)]
    skin.pop(_CANVASES, None)
    del skin[PAINTING]
    for image in images:
        if image is not None and not image.users:
            bpy.data.images.remove(image)


def pack_canvases(skin: bpy.types.Object) -> None:
    """Put what is painted so far into the .blend file."""
    for image in canvases_of(skin).values():
        if image.is_dirty:
            image.pack()


def _materials(skin: bpy.types.Object) -> list[bpy.types.Material]:
    """Return the materials of a skin that have a canvas, each once."""
    worn = dict.fromkeys(slot.material for slot in skin.material_slots if slot.material is not None)
    return [material for material in worn if material.node_tree is not None and _NODE in material.node_tree.nodes]


def _state(skin: bpy.types.Object) -> dict[str, Any]:
    try:
        state = json.loads(skin[PAINTING])
    except (KeyError, ValueError, TypeError):
        return {}
    return state if isinstance(state, dict) else {}


def _new_canvas(kind: str, tile: str, png: bytes | None) -> bpy.types.Image:
    is_mask = kind == MASK
    size = MASK_SIZE if is_mask else _SKETCH_SIZE
    image = bpy.data.images.new(f"DreamFace {kind} {tile}", size, size, alpha=not is_mask)
    image.generated_color = (0.0, 0.0, 0.0, 1.0 if is_mask else 0.0)
    (show_as_data if is_mask else show_as_colour)(image)
    if png is not None:
        values = decode_png(png)
        rows = np.arange(size) * values.shape[0] // size
        columns = np.arange(size) * values.shape[1] // size
        image.pixels.foreach_set(np.ascontiguousarray(values[rows][:, columns][::-1]).reshape(-1))
    image.pack()  # else undo and files would lose what is on it already
    return image


def _scratch() -> bpy.types.Image:
    """Return what strokes go to that run over eyes' corners and an artist's own materials."""
    return bpy.data.images.get(_SCRATCH) or bpy.data.images.new(_SCRATCH, 4, 4)
