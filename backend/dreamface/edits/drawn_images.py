"""Drawings and pictures as tensors: decoded once, cut to what shows, and put on the texels of the maps."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, max_pool2d, pad

from dreamface.errors import BadRequest
from dreamface.face import Topology
from dreamface.images import decode_srgb8, decode_unit8, encode_mask
from dreamface.skin import Window, painted_parts

_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]

LARGEST_SKETCH: Final = 8192
"""Pixels a side of what was drawn in a tile."""

_LARGEST_READ: Final = 4096  # pixels a side: larger drawings are halved, as no map shows more
_GUTTER: Final = 6  # texels beyond the islands that filters may mix in
_KEPT: Final = 6  # pictures in memory
_EXACT: Final = 1_300_000  # texels of a window in which each is looked at
_ON_EDGE: Final = -1e-5  # smallest barycentric weight that still counts as inside
_LEAST_AREA: Final = 1e-12  # square texels
_LEAST_ALPHA: Final = 1e-4  # below which a colour is nobody's


@dataclass(frozen=True)
class Drawing:
    """What shows of a drawing in a tile, or of a picture.

    Attributes:
        size: height and width of the whole of it, pixels.
        box: where `image` lies in it.
        image: [4, h, w] linear Rec. 709 multiplied with alpha, and alpha.
    """

    size: tuple[int, int]
    box: Window
    image: Tensor

    @property
    def coloured(self) -> bool:
        """Whether any of it is neither black nor grey."""
        spread = self.image[:3].amax(dim=0) - self.image[:3].amin(dim=0)
        return bool((spread > 0.02).any()) or bool((self.image[:3] > 0.02).any())


@lru_cache(maxsize=_KEPT)
def sketch_in(png: bytes) -> Drawing | None:
    """Return what was drawn in a tile; None where nothing was.

    Args:
        png: RGBA, in the tile's layout.

    Raises:
        BadRequest: it is no square PNG with a transparent background, is damaged, or too large.
    """
    image = _opened(png)
    width, height = image.size
    if width != height:
        raise BadRequest(f"A sketch must be as wide as it is high, and this one has {width:,} x {height:,} pixels.")
    if width > LARGEST_SKETCH:
        raise BadRequest(f"A sketch may have at most {LARGEST_SKETCH:,} pixels a side: make it smaller.")
    if width > _LARGEST_READ:
        image = image.convert("RGBa").reduce(2).convert("RGBA")
    return _drawing(np.asarray(image))


@lru_cache(maxsize=_KEPT)
def picture_in(png: bytes) -> Drawing | None:
    """Return a picture; None where all of it is transparent.

    Raises:
        BadRequest: it is no PNG, or is damaged.
    """
    found = _drawing(np.asarray(_opened(png)), whole=True)
    return found


def drawn_mask(png: bytes) -> bytes:
    """Return the grey PNG that is white where something was drawn.

    Raises:
        BadRequest: it is no PNG, is damaged, or nothing was drawn.
    """
    alpha = np.asarray(_opened(png))[..., 3]
    if not alpha.any():
        raise BadRequest("The sketch is empty: draw on the head first.")
    return encode_mask(torch.from_numpy((alpha > 0).astype(np.float32)))


def _opened(png: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if max(image.size) > LARGEST_SKETCH:
                raise BadRequest(f"A drawing may have at most {LARGEST_SKETCH:,} pixels a side: make it smaller.")
            return image.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequest(f"The drawing is no PNG picture, or is damaged ({error}).") from error


def _drawing(pixels: NDArray[np.uint8], whole: bool = False) -> Drawing | None:
    seen = pixels[..., 3] > 0
    rows, columns = np.nonzero(seen.any(axis=1))[0], np.nonzero(seen.any(axis=0))[0]
    if not len(rows):
        return None
    height, width = seen.shape
    box = Window((0, height), (0, width))
    if not whole:
        box = Window((int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1))
    part = pixels[box.slices]
    alpha = decode_unit8(part[..., 3:])
    image = torch.cat((decode_srgb8(part[..., :3]) * alpha, alpha), dim=2).permute(2, 0, 1).contiguous()
    return Drawing((height, width), box, image)


def straight(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return [3, h, w] colours and [h, w] alpha of an image [4, h, w] whose colours are multiplied with alpha.

    Where nothing was drawn, the colours are those of what was drawn nearest, as far as filters reach.
    """
    alpha = image[3].clamp(0.0, 1.0)
    known = alpha > _LEAST_ALPHA
    colour = (image[:3] / alpha.clamp_min(_LEAST_ALPHA)).clamp_(0.0, 1.0) * known
    return colour, alpha * known


# ----------------------------------------------------------------------------------------------------- the islands


def inside_islands(topology: Topology, tile: str, size: int, window: Window) -> Tensor:
    """Return [h, w] bool: texels of a window whose middles lie in the tile's islands.

    In large windows those at the islands' very borders count as outside: what is next to them tells as much.
    """
    triangles = _triangles(topology, tile)
    if window.shape[0] * window.shape[1] > _EXACT:
        return _about_inside(triangles, size, window)
    corners = texel_corners(triangles, size)
    rows, columns, *_ = texels_in(corners, window)
    found = torch.zeros(window.shape, dtype=torch.bool)
    found[rows - window.rows[0], columns - window.columns[0]] = True
    return found


def _about_inside(triangles: NDArray[np.float32], size: int, window: Window) -> Tensor:
    """Return the same but for the islands' borders, in a time that hardly grows with the window."""
    top, bottom, left, right = window.rows[0] - 2, window.rows[1] + 2, window.columns[0] - 2, window.columns[1] + 2
    places = texel_corners(triangles, size) - (left, top)
    low, high = places.min(axis=1), places.max(axis=1)
    near = (high >= 0.0).all(axis=1) & (low[:, 0] <= right - left) & (low[:, 1] <= bottom - top)
    canvas = Image.new("L", (right - left, bottom - top))
    draw = ImageDraw.Draw(canvas)
    for corners in places[near]:
        draw.polygon([*map(tuple, corners.tolist())], fill=1)
    covered = torch.from_numpy(np.array(canvas)).float()[None, None]
    return (-max_pool2d(-covered, 3, 1, 1))[0, 0, 2:-2, 2:-2] > 0.0


def _triangles(topology: Topology, tile: str) -> NDArray[np.float32]:
    """Return [T, 3, 2] texture coordinates of a tile's triangles."""
    parts = painted_parts(topology, tile)
    chosen = torch.cat([torch.arange(2 * part.faces[0], 2 * part.faces[1]) for part in parts])
    return topology.uv[topology.triangle_uvs[chosen]].numpy()


def texel_corners(uv: NDArray[np.float32], size: int) -> NDArray[np.float64]:
    """Return [T, 3, 2] columns and rows of texture coordinates; the middles of texels are whole numbers."""
    return np.stack((uv[..., 0] * size, (1.0 - uv[..., 1]) * size), axis=-1).astype(np.float64) - 0.5


def texels_in(corners: NDArray[np.float64], window: Window) -> tuple[_Ints, _Ints, _Ints, _Floats, _Floats]:
    """Return the texels of a window whose middles lie in triangles.

    Args:
        corners: [T, 3, 2] columns and rows, see `texel_corners`.
        window: of the texels.

    Returns:
        [N] rows, columns, triangles in their order, and the barycentric weights of the second and the third corner.
    """
    (top, bottom), (left, right) = window.rows, window.columns
    low = np.maximum(np.ceil(corners.min(axis=1)), (left, top)).astype(np.int64)
    high = np.minimum(np.floor(corners.max(axis=1)), (right - 1, bottom - 1)).astype(np.int64)
    width, height = np.maximum(high - low + 1, 0).T
    count = width * height
    triangle = np.repeat(np.arange(len(corners)), count)
    number = np.arange(len(triangle)) - np.repeat(np.cumsum(count) - count, count)
    across = width[triangle]
    columns, rows = low[triangle, 0] + number % across, low[triangle, 1] + number // across
    # Barycentric weights are linear in the texel's place: two products each.
    (x_a, y_a), (x_b, y_b), (x_c, y_c) = (corners[:, corner].T for corner in range(3))
    area = (x_b - x_a) * (y_c - y_a) - (x_c - x_a) * (y_b - y_a)
    area = np.where(np.abs(area) < _LEAST_AREA, np.inf, area)
    second = np.stack(((y_c - y_a) / area, -(x_c - x_a) / area), axis=1)
    third = np.stack((-(y_b - y_a) / area, (x_b - x_a) / area), axis=1)
    x, y = columns - x_a[triangle], rows - y_a[triangle]
    b = x * second[triangle, 0] + y * second[triangle, 1]
    c = x * third[triangle, 0] + y * third[triangle, 1]
    hit = (b >= _ON_EDGE) & (c >= _ON_EDGE) & (b + c <= 1.0 - _ON_EDGE) & np.isfinite(area)[triangle]
    return rows[hit], columns[hit], triangle[hit], b[hit], c[hit]


def pushed(image: Tensor, known: Tensor, steps: int = _GUTTER, target: Tensor | None = None) -> Tensor:
    """Return an image [C, h, w] continued beyond the texels that are known.

    Args:
        image: what is known, and anything elsewhere.
        known: [h, w] bool.
        steps: texels by which it is continued.
        target: [h, w] bool of texels that may be written; None: all that are not known.
    """
    values, weight = image * known, known[None].float()
    free = ~known if target is None else target & ~known
    for _ in range(steps):
        around = avg_pool2d(pad(torch.cat((values, weight))[None], (1, 1, 1, 1)), 3, 1)[0]
        reached = free & (weight[0] == 0.0) & (around[-1] > 0.0)
        if not bool(reached.any()):
            break
        values = torch.where(reached, around[:-1] / around[-1:].clamp_min(1e-9), values)
        weight = torch.where(reached, 1.0, weight)
    return values


def onto_texels(image: Tensor, known: Tensor, side: int, box: Window, size: int, window: Window) -> Tensor:
    """Return [C, h, w] an image in a tile's layout on the texels of a window of the maps.

    Args:
        image: [C, H, W] what lies in `box`, and 0 beyond.
        known: [H, W] bool: texels in the islands; the others are continued from these.
        side: texels of the whole layout that the image is drawn in.
        box: where the image lies in that layout.
        size: texels a side of the maps.
        window: of the maps.
    """
    factor = max(1, side // size)
    (top, bottom), (left, right) = box.rows, box.columns
    margin = factor * (_GUTTER + 2)
    before = (margin + top % factor, margin + left % factor)
    after = (margin + (-bottom) % factor, margin + (-right) % factor)
    around = (before[1], after[1], before[0], after[0])
    weight = pad(known[None].float(), around, value=0.0)
    # Beyond the box nothing was drawn, but the islands go on: what is next to it there is known to be nothing.
    values = pad(image * known, around)
    if factor > 1:
        values, weight = avg_pool2d(values[None], factor)[0], avg_pool2d(weight[None], factor)[0]
    values = pushed(values / weight.clamp_min(1e-6), weight[0] > 0.0)
    fine = side / factor
    if fine < size:
        values = softened(values)
    rows = (torch.arange(*window.rows) + 0.5) * (fine / size) - (top - before[0]) / factor
    columns = (torch.arange(*window.columns) + 0.5) * (fine / size) - (left - before[1]) / factor
    height, width = values.shape[1:]
    y, x = rows * (2.0 / height) - 1.0, columns * (2.0 / width) - 1.0
    grid = torch.stack((x[None].expand(len(y), -1), y[:, None].expand(-1, len(x))), dim=-1)[None]
    mode = "bicubic" if fine < size else "bilinear"
    return grid_sample(values[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0]


def softened(image: Tensor) -> Tensor:
    """Return [C, h, w] after a binomial filter: what is enlarged shows no stairs then."""
    padded = pad(image[None], (1, 1, 1, 1), mode="replicate")[0]
    rows = 0.25 * (padded[:, :-2] + padded[:, 2:]) + 0.5 * padded[:, 1:-1]
    return 0.25 * (rows[:, :, :-2] + rows[:, :, 2:]) + 0.5 * rows[:, :, 1:-1]


def masks_within(own: Mapping[str, Tensor], places: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
    """Return footprints [S, S] by tile, limited to the masks of a place; without those that nothing is left of."""
    found = {}
    for tile, footprint in own.items():
        mask = footprint
        if places is not None:
            if tile not in places:
                continue
            place = places[tile]
            size = (place.shape[-1], place.shape[-1])
            grown = torch.nn.functional.interpolate(footprint[None, None], size=size, mode="bilinear")[0, 0]
            mask = grown * place
        if bool(mask.any()):
            found[tile] = mask
    return found
