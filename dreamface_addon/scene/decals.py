"""Where a picture lies on a head: the spot of its skin under the pointer, and the picture itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from mathutils.interpolate import poly_3d_calc

from .errors import SceneError
from .masks import skin_tiles
from .meshes import UV_MAP
from .png import encode_png, image_values, to_bytes

LARGEST_PICTURE = 2048
"""Pixels of the longer side that are kept."""

_LARGEST_FILE = 256 * 2**20  # bytes
_FAR = 1000.0  # metres


@dataclass(frozen=True)
class Spot:
    """A place on a head's skin.

    Attributes:
        tile, u, v: in its texture.
        point: in the world, metres.
        normal: of the skin there, in the world, of length 1.
    """

    tile: str
    u: float
    v: float
    point: Vector
    normal: Vector


def spot_under(skin: bpy.types.Object, origin: Vector, direction: Vector) -> Spot | None:
    """Return where a ray from a place in the world meets a head's skin, as it is posed now; None where it misses."""
    posed = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    to_local = posed.matrix_world.inverted()
    start = to_local @ origin
    along = (to_local.to_3x3() @ direction).normalized()
    hit, point, normal, number = posed.ray_cast(start, along, distance=_FAR)
    mesh = posed.data
    layer = mesh.uv_layers.get(UV_MAP)
    if not hit or layer is None or not 0 <= number < len(mesh.polygons):
        return None
    polygon = mesh.polygons[number]
    tile = next((tile for tile, slots in skin_tiles(skin).items() if polygon.material_index in slots), "")
    if not tile:
        return None
    weights = poly_3d_calc([mesh.vertices[vertex].co for vertex in polygon.vertices], point)
    uv = [layer.uv[loop].vector for loop in polygon.loop_indices]
    u, v = (float(sum(weight * corner[axis] for weight, corner in zip(weights, uv, strict=True))) for axis in (0, 1))
    turned = (posed.matrix_world.to_3x3().inverted().transposed() @ normal).normalized()
    return Spot(tile, min(max(u, 0.0), 1.0), min(max(v, 0.0), 1.0), posed.matrix_world @ point, turned)


def picture_png(file: str) -> bytes:
    """Return a picture file as PNG with colour and transparency, at most `LARGEST_PICTURE` pixels a side.

    Raises:
        SceneError: it is not there, or Blender can't read it.
    """
    path = Path(bpy.path.abspath(file))
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SceneError(f"{path} can't be read ({error.strerror}): choose another picture.") from error
    if size > _LARGEST_FILE:
        raise SceneError(f"{path.name} has {size / 2**20:,.0f} MB: make it smaller than {_LARGEST_FILE // 2**20} MB.")
    try:
        image = bpy.data.images.load(str(path), check_existing=False)
    except RuntimeError as error:
        raise SceneError(f"{path.name} is no picture that Blender can read: choose a PNG, JPEG or TIFF.") from error
    try:
        width, height = image.size
        if max(width, height) > LARGEST_PICTURE:
            share = LARGEST_PICTURE / max(width, height)
            image.scale(max(1, round(width * share)), max(1, round(height * share)))
        values, is_linear = image_values(image), image.is_float
    except ValueError as error:
        raise SceneError(f"{path.name} is no picture that Blender can read: choose a PNG, JPEG or TIFF.") from error
    finally:
        bpy.data.images.remove(image)
    values = np.nan_to_num(values)
    if is_linear:
        colour = np.clip(values[..., :3], 0.0, 1.0)
        encoded = np.where(colour <= 0.0031308, colour * 12.92, 1.055 * colour ** (1.0 / 2.4) - 0.055)
        values = np.concatenate((encoded, values[..., 3:]), axis=2).astype(np.float32)
    if values[..., 3].max() <= 0.0:
        raise SceneError(f"{path.name} is transparent all over: nothing of it would be seen.")
    return encode_png(to_bytes(values))
