"""Places on the skin as masks: for each texture tile a grey picture in its layout, made from the mesh."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from .errors import SceneError
from .materials import values_of
from .meshes import UV_MAP
from .png import Bytes, decode_png, encode_png, image_values, to_bytes

MASK_SIZE = 1024
"""Texels a side of a mask."""

SKIN_MATERIALS = ("skin", "back_of_head", "mouth_socket", "eye_socket")
"""Materials of the head models that are skin, also where it goes on behind lips and lids."""

_BEYOND = 2  # texels that a mask goes beyond the faces that it is made from, so that no gap shows at seams
_ROUNDING = 1e-6  # of barycentric coordinates at a triangle's edge

_LUMINANCE = np.array((0.2126, 0.7152, 0.0722), np.float32)  # Rec. 709

Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]


def skin_tiles(skin: bpy.types.Object) -> dict[str, list[int]]:
    """Return the texture tiles that hold skin, the face's first: tile -> its material slots."""
    tiles: dict[str, list[int]] = {}
    for slot, material in enumerate(skin.data.materials):
        values = values_of(material)
        if values.get("name") in SKIN_MATERIALS and isinstance(values.get("tile"), str):
            tiles.setdefault(values["tile"], []).append(slot)
    return tiles


def mask_of_faces(skin: bpy.types.Object) -> dict[str, bytes]:
    """Return the selected faces of a skin as masks: tile -> PNG; the mesh may be in Edit Mode.

    Raises:
        SceneError: none is selected, or the head has no skin with textures.
    """
    with _mesh_of(skin) as mesh:
        chosen = np.zeros(len(mesh.polygons), bool)
        mesh.polygons.foreach_get("select", chosen)
        if not chosen.any():
            raise SceneError("No face of the skin is selected: select some in Edit Mode first.")
        return _masks(skin, mesh, np.ones(len(mesh.vertices), np.float32), chosen)


def mask_of_view(skin: bpy.types.Object, matrix: Matrix, box: Box) -> dict[str, bytes]:
    """Return the skin that is seen in a box of a view as masks: tile -> PNG.

    Args:
        skin: the head's.
        matrix: from the world to the view: x and y -1..1 from left to right and from below.
        box: left, bottom, right, top in those.

    Raises:
        SceneError: no skin is seen there.
    """
    posed = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = posed.data
    if len(mesh.polygons) != len(skin.data.polygons):
        raise SceneError("A modifier changes the head's faces: switch it off in the viewport, or select faces.")
    seen = _seen(posed, np.array(matrix @ posed.matrix_world, np.float64), matrix, box)
    if not seen.any():
        raise SceneError("No skin of the selected head is seen there: drag a box over it.")
    with _mesh_of(skin) as own:
        return _masks(skin, own, np.ones(len(own.vertices), np.float32), seen)


def _seen(posed: bpy.types.Object, to_view: NDArray[np.float64], matrix: Matrix, box: Box) -> NDArray[np.bool_]:
    """Return [F] which faces have their middle in a box of a view, with nothing of the head in front of it."""
    mesh = posed.data
    centres = np.empty(len(mesh.polygons) * 3, np.float32)
    mesh.polygons.foreach_get("center", centres)
    centres = centres.reshape(-1, 3)
    places = np.c_[centres, np.ones(len(centres))] @ to_view.T
    in_front = places[:, 3] > 0.0
    flat = places[:, :2] / np.where(in_front, places[:, 3], 1.0)[:, None]
    left, bottom, right, top = box
    inside = in_front & (flat[:, 0] >= left) & (flat[:, 0] <= right) & (flat[:, 1] >= bottom) & (flat[:, 1] <= top)
    back, to_local = matrix.inverted(), posed.matrix_world.inverted()
    for number in np.flatnonzero(inside):
        x, y = flat[number]
        near = back @ Vector((x, y, -1.0, 1.0))
        start = to_local @ (near.xyz / near.w)
        direction = Vector(centres[number]) - start
        hit, _, _, first = posed.ray_cast(start, direction.normalized(), distance=direction.length * 1.01)
        inside[number] = hit and (first == number or _are_neighbours(mesh, first, int(number)))
    return inside


def _are_neighbours(mesh: bpy.types.Mesh, one: int, other: int) -> bool:
    return bool(set(mesh.polygons[one].vertices) & set(mesh.polygons[other].vertices))


def mask_of_group(skin: bpy.types.Object, name: str) -> dict[str, bytes]:
    """Return a vertex group of a skin as masks: tile -> PNG, as strong as its weights.

    Raises:
        SceneError: there is no such group, or nothing is in it.
    """
    group = skin.vertex_groups.get(name)
    if group is None:
        raise SceneError(f"{skin.name} has no vertex group called {name}: choose one that it has.")
    with _mesh_of(skin) as mesh:
        weights = np.zeros(len(mesh.vertices), np.float32)
        for vertex in mesh.vertices:
            for entry in vertex.groups:
                if entry.group == group.index:
                    weights[vertex.index] = entry.weight
        if not weights.any():
            raise SceneError(f"The vertex group {name} is empty: paint weights or assign vertices first.")
        return _masks(skin, mesh, weights, np.ones(len(mesh.polygons), bool))


def mask_of_picture(file: str, tile: str) -> dict[str, bytes]:
    """Return a greyscale picture in a tile's layout as its mask; colour counts as bright as it looks.

    Raises:
        SceneError: it can't be read.
    """
    try:
        image = bpy.data.images.load(file, check_existing=False)
    except RuntimeError as error:
        raise SceneError(f"{file} can't be read as a picture: choose a PNG, JPEG, TIFF or EXR file.") from error
    try:
        values = image_values(image, MASK_SIZE)
    except ValueError as error:
        raise SceneError(f"{file} has no pixels that Blender can read: save it as PNG and try again.") from error
    finally:
        bpy.data.images.remove(image)
    grey = np.asarray(np.nan_to_num(values[..., :3]) @ _LUMINANCE, np.float32)
    return {tile: encode_png(to_bytes(grey))}


def joined(pictures: list[dict[str, bytes]]) -> dict[str, bytes]:
    """Return masks laid together: where one of them marks a place, it is marked."""
    tiles: dict[str, Floats] = {}
    for picture in pictures:
        for tile, png in picture.items():
            values = _resized(decode_png(png)[..., 0])
            tiles[tile] = np.maximum(tiles[tile], values) if tile in tiles else values
    return {tile: encode_png(to_bytes(values)) for tile, values in tiles.items()}


def _resized(values: Floats) -> Floats:
    """Return a mask at the size of ours, by its nearest texels."""
    height, width = values.shape
    rows = np.arange(MASK_SIZE) * height // MASK_SIZE
    columns = np.arange(MASK_SIZE) * width // MASK_SIZE
    return np.asarray(values[rows][:, columns], np.float32)


@contextmanager
def _mesh_of(skin: bpy.types.Object) -> Iterator[bpy.types.Mesh]:
    """Give a skin's mesh; in Edit Mode, which hides its attributes, a copy as it is now."""
    if not skin.data.is_editmode:
        yield skin.data
        return
    skin.update_from_editmode()
    mesh = skin.data.copy()
    try:
        yield mesh
    finally:
        bpy.data.meshes.remove(mesh)


def _masks(
    skin: bpy.types.Object, mesh: bpy.types.Mesh, weights: Floats, chosen: NDArray[np.bool_]
) -> dict[str, bytes]:
    """Return vertices' weights on the chosen faces as masks; tiles with nothing on them are left out."""
    tiles = skin_tiles(skin)
    layer = mesh.uv_layers.get(UV_MAP)
    if not tiles or layer is None:
        raise SceneError(f"{skin.name} wears none of DreamFace's skin materials: put one back on to mark places.")
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    loops, corners, polygons = np.empty(count * 3, np.int32), np.empty(count * 3, np.int32), np.empty(count, np.int32)
    mesh.loop_triangles.foreach_get("loops", loops)
    mesh.loop_triangles.foreach_get("vertices", corners)
    mesh.loop_triangles.foreach_get("polygon_index", polygons)
    slots = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    uv = np.empty(len(layer.uv) * 2, np.float32)
    layer.uv.foreach_get("vector", uv)
    triangles = uv.reshape(-1, 2)[loops].reshape(-1, 3, 2)
    values = weights[corners].reshape(-1, 3)
    shown = chosen[polygons] & (values.max(axis=1) > 0.0)
    masks = {}
    for tile, own in tiles.items():
        of_tile = shown & np.isin(slots[polygons], own)
        if of_tile.any():
            masks[tile] = encode_png(raster(triangles[of_tile], values[of_tile]))
    if not masks:
        raise SceneError("What is selected has no skin texture: select faces of the face, the head or the neck.")
    return masks


def raster(triangles: Floats, values: Floats, size: int = MASK_SIZE) -> Bytes:
    """Return triangles drawn in texture space, a little beyond their edges.

    Args:
        triangles: [T, 3, 2] texture coordinates, v = 0 at the bottom.
        values: [T, 3] 0..1 at their corners.
        size: texels a side.

    Returns:
        [size, size] with row 0 at v = 1.
    """
    image = np.zeros((size, size), np.float32)
    corners = triangles * size - 0.5
    low = np.clip(np.floor(corners.min(axis=1)).astype(int), 0, size - 1)
    high = np.clip(np.ceil(corners.max(axis=1)).astype(int), 0, size - 1)
    for points, weights, (left, bottom), (right, top) in zip(corners, values, low, high, strict=True):
        x, y = np.arange(left, right + 1)[None], np.arange(bottom, top + 1)[:, None]
        (ax, ay), (bx, by), (cx, cy) = points
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area == 0.0:
            continue
        second = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
        third = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
        inside = (second >= -_ROUNDING) & (third >= -_ROUNDING) & (second + third <= 1.0 + _ROUNDING)
        value = weights[0] + second * (weights[1] - weights[0]) + third * (weights[2] - weights[0])
        window = image[bottom : top + 1, left : right + 1]
        np.maximum(window, np.where(inside, value, 0.0), out=window)
    for _ in range(_BEYOND):
        image = _grown(image)
    return to_bytes(image[::-1])


def _grown(image: Floats) -> Floats:
    """Return an image with every empty texel as bright as the brightest beside it."""
    padded = np.pad(image, 1)
    beside = np.maximum.reduce([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
    return np.where(image > 0.0, image, beside)
