"""Decals: pictures laid on the skin around a place, wrapped without stretching."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import label
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, pad

from dreamface.edits.drawn_images import (
    Drawing,
    inside_islands,
    masks_within,
    picture_in,
    pushed,
    straight,
    texel_corners,
    texels_in,
)
from dreamface.edits.handling import PictureEntry, handling_of, medium_of, picture_entry
from dreamface.edits.stroke_shapes import OUTSIDE_MM, shapes_of
from dreamface.edits.wrapping import Anchor, Wrap, lay
from dreamface.errors import BadRequest
from dreamface.face import Head, Topology
from dreamface.record import EditEntry
from dreamface.skin import Art, Overlay, Patch, Shape, Site, Spot, Window, painted_parts, skin_tiles
from dreamface.units import MM

_GRID: Final = 512  # texels a side of footprints
_WRAPS_KEPT: Final = 24
_SLACK: Final = 1.04  # of the picture's half diagonal that is laid out
_MEASURED: Final = 320  # pixels of the longer side on which a picture's shape is measured
_BLEED: Final = 4  # texels beyond an island's border that a decal goes on
_SPARSE: Final = 4  # windows with fewer than one texel in so many of the decal are split
_CELL: Final = 16  # texels a side of the cells in which pieces of a decal hang together
_SHAPE_MARGIN_MM: Final = 2.5  # around a picture, in which the skin beside it is measured

_wraps: OrderedDict[tuple[object, ...], tuple[Tensor, Wrap]] = OrderedDict()
_busy = Lock()


def picture_overlays(
    edit: EditEntry, head: Head, seed: int, pictures: Mapping[str, bytes], places: Mapping[str, Tensor] | None
) -> list[Overlay]:
    """Return the overlay of a picture on the skin; none where all of it is transparent.

    Args:
        edit: of kind "picture", whose picture is called "picture".
        head: whose skin: its shape decides how the picture lies.
        seed: of its random patterns.
        pictures: SHA-256 -> PNG.
        places: masks of the place that it is limited to; None where it is not.

    Raises:
        BadRequest: a parameter is out of its range, or the picture is missing or damaged.
    """
    entry = picture_entry(edit)
    digest = edit.pictures.get("picture")
    if digest is None or digest not in pictures:
        raise BadRequest("A picture is missing from the face: lay it on again, or delete the edit.")
    drawing = picture_in(pictures[digest])
    if drawing is None:
        return []
    medium = medium_of(entry)
    decal = _decal(head, drawing, entry, medium.runs_mm)
    masks = masks_within({tile: part.footprint() for tile, part in decal.parts.items()}, places)
    if not masks:
        return []
    handling = handling_of(entry, edit.strength, drawing.coloured)

    def draw(site: Site) -> Sequence[Patch]:
        pieces = decal.pieces(site)
        return [patch for piece, art in pieces for patch in medium.draw(piece, art, handling)]

    key = ("picture", digest, edit.place, entry.model_dump_json(), handling)
    return [Overlay(f"{edit.id}/picture", key, masks, edit.strength, seed=seed, draw=draw, reads=medium.reads)]


def wrap_of(head: Head, anchor: Anchor, radius: float) -> Wrap:
    """Return `wrapping.lay`, from memory where it was asked for before with the same shape of the same head model."""
    key = (id(head.topology), anchor, round(radius, 5))
    with _busy:
        kept = _wraps.get(key)
        if kept is not None and torch.equal(kept[0], head.vertices):
            _wraps.move_to_end(key)
            return kept[1]
    wrap = lay(head, anchor, radius)
    with _busy:
        _wraps[key] = head.vertices, wrap
        while len(_wraps) > _WRAPS_KEPT:
            _wraps.popitem(last=False)
    return wrap


@dataclass(frozen=True)
class _Part:
    """A decal's triangles in one tile.

    Attributes:
        topology: of the head.
        tile: name of the tile.
        uv: [T, 3, 2] texture coordinates.
        places: [T, 3, 2] of the corners in the picture: -1..1 from left to right and from top to bottom.
    """

    topology: Topology
    tile: str
    uv: NDArray[np.float32]
    places: NDArray[np.float32]

    def footprint(self) -> Tensor:
        """Return [S, S] 1 where the decal may lie, and a little around; 0 elsewhere."""
        found = torch.zeros(_GRID, _GRID)
        columns, rows = self.uv[..., 0] * _GRID, (1.0 - self.uv[..., 1]) * _GRID
        low = np.stack((rows.min(1), columns.min(1)), 1).astype(int) - 3
        high = np.stack((rows.max(1), columns.max(1)), 1).astype(int) + 4
        for (top, left), (bottom, right) in zip(low.clip(0).tolist(), high.tolist(), strict=True):
            found[top:bottom, left:right] = 1.0
        return found


@dataclass(frozen=True)
class _Decal:
    """A picture that lies on a head.

    Attributes:
        drawing: the picture.
        scale: millimetres per pixel.
        parts: by tile.
        shaped: whether the shape of what is on it is needed too.
    """

    drawing: Drawing
    scale: float
    parts: Mapping[str, _Part]
    shaped: bool
    _lock: Lock = field(default_factory=Lock)

    def pieces(self, site: Site) -> list[tuple[Site, Art]]:
        """Return the picture on the texels of a site, as pieces that lie far from each other."""
        part, size = self.parts[site.subject.tile], site.subject.size
        rows, columns, places = _texels_of(part, size, site.window)
        if not len(rows):
            return []
        values = self._values(places, site.texel)
        found = []
        for window, chosen in _split(rows, columns, site.window):
            spot = Spot(window, _cut(site.mask, site.window, window))
            art = _art(values[:, chosen], rows[chosen], columns[chosen], window, part, size)
            found.append((Site(site.subject, spot, site.seed, site.masks), art))
        return found

    def _values(self, places: NDArray[np.float32], texel: float) -> Tensor:
        """Return [4 or 10, N] the picture, and what `_shape_image` has, at places in it."""
        image, mode, factor = self.drawing.image, "bicubic", texel / self.scale
        if factor > 1.0:  # as coarse as the texels are
            height, width = (max(1, round(side / factor)) for side in image.shape[1:])
            image = interpolate(image[None], size=(height, width), mode="bilinear", antialias=True)[0]
            mode = "bilinear"
        grid = torch.from_numpy(places)[None, None]
        found = grid_sample(image[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0, :, 0]
        if not self.shaped:
            return found
        with self._lock:
            shape, margin = self._shape
        height, width = shape.shape[1:]
        scale = torch.tensor((1.0 - 2.0 * margin / width, 1.0 - 2.0 * margin / height))
        measured = grid_sample(shape[None], grid * scale, padding_mode="border", align_corners=False)[0, :, 0]
        return torch.cat((found, measured))

    @cached_property
    def _shape(self) -> tuple[Tensor, int]:
        """[6, h, w] what `Shape` has, with a margin around the picture, and how many pixels that is."""
        return _shape_image(self.drawing, self.scale)


def _decal(head: Head, drawing: Drawing, entry: PictureEntry, runs_mm: float) -> _Decal:
    """Return a picture wrapped around its anchor."""
    height, width = drawing.size
    scale = entry.size_mm / max(height, width)
    half = np.array((width, height)) * (0.5 * scale * MM)
    wrap = wrap_of(head, Anchor(entry.tile, entry.u, entry.v), _SLACK * float(np.hypot(*half)) + runs_mm * MM)
    cosine, sine = math.cos(entry.angle), math.sin(entry.angle)
    places = wrap.flat @ np.array(((cosine, -sine), (sine, cosine)))  # turned back by the picture's angle
    if entry.mirrored:
        places[..., 0] *= -1.0
    places = places * np.array((1.0, -1.0)) / half
    reach = 1.0 + runs_mm * MM / half
    near = ((places.min(axis=1) <= reach) & (places.max(axis=1) >= -reach)).all(axis=1)
    triangles, places = wrap.triangles[near], places[near]
    uv = head.topology.uv[head.topology.triangle_uvs[torch.from_numpy(triangles)]].numpy()
    a, b = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    order = np.argsort(-np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]), kind="stable")
    tiles = _tiles_of(head.topology, triangles)
    parts = {}
    for tile in skin_tiles(head.topology):
        chosen = order[tiles[order] == head.topology.tiles.index(tile)]
        if len(chosen):
            parts[tile] = _Part(head.topology, tile, uv[chosen], places[chosen].astype(np.float32))
    return _Decal(drawing, scale, parts, medium_of(entry).shaped)


def _tiles_of(topology: Topology, triangles: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return [T] the number of each triangle's tile."""
    found = np.full(len(triangles), -1)
    for tile in skin_tiles(topology):
        for part in painted_parts(topology, tile):
            found[(triangles >= 2 * part.faces[0]) & (triangles < 2 * part.faces[1])] = topology.tiles.index(tile)
    return found


def _texels_of(
    part: _Part, size: int, window: Window
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return rows [N] and columns [N] of the window's texels that a decal's triangles cover, and places in it [N, 2].

    Where the layout overlaps itself, the later triangle shows.
    """
    rows, columns, triangle, b, c = texels_in(texel_corners(part.uv, size), window)
    b, c = b[:, None], c[:, None]
    first = part.places[triangle, 0]
    places = first + b * (part.places[triangle, 1] - first) + c * (part.places[triangle, 2] - first)
    return rows, columns, places.astype(np.float32)


def _split(
    rows: NDArray[np.int64], columns: NDArray[np.int64], window: Window
) -> list[tuple[Window, NDArray[np.bool_] | slice]]:
    """Return windows of texels that lie far from each other, as on both sides of a seam, and which texels these are."""
    if _area(window) < _SPARSE * len(rows):
        return [(window, slice(None))]
    top, left = window.rows[0], window.columns[0]
    cells = np.zeros(((window.shape[0] // _CELL) + 1, (window.shape[1] // _CELL) + 1), bool)
    row, column = (rows - top) // _CELL, (columns - left) // _CELL
    cells[row, column] = True
    piece, count = label(cells, np.ones((3, 3)))
    found: list[tuple[Window, NDArray[np.bool_] | slice]] = []
    numbers = piece[row, column]
    for number in range(1, count + 1):
        chosen = numbers == number
        found.append((_around(rows[chosen], columns[chosen], window), chosen))
    return found


def _around(rows: NDArray[np.int64], columns: NDArray[np.int64], window: Window) -> Window:
    (top, bottom), (left, right) = window.rows, window.columns
    return Window(
        (max(top, int(rows.min()) - _BLEED), min(bottom, int(rows.max()) + 1 + _BLEED)),
        (max(left, int(columns.min()) - _BLEED), min(right, int(columns.max()) + 1 + _BLEED)),
    )


def _area(window: Window) -> int:
    return window.shape[0] * window.shape[1]


def _cut(image: Tensor, window: Window, part: Window) -> Tensor:
    top, left = window.rows[0], window.columns[0]
    return image[part.rows[0] - top : part.rows[1] - top, part.columns[0] - left : part.columns[1] - left]


def _art(
    values: Tensor, rows: NDArray[np.int64], columns: NDArray[np.int64], window: Window, part: _Part, size: int
) -> Art:
    """Return values [C, N] of texels as a drawing in a window, continued a little beyond the islands."""
    height, width = window.shape
    place = torch.from_numpy((rows - window.rows[0]) * width + (columns - window.columns[0]))
    image = torch.zeros(len(values), height * width)
    if len(values) > 4:
        image[4] = OUTSIDE_MM
    image[:, place] = values
    known = torch.zeros(height * width, dtype=torch.bool)
    known[place] = True
    image, covered = image.view(-1, height, width), known.view(height, width)
    beyond = ~covered & ~inside_islands(part.topology, part.tile, size, window)
    continued = pushed(image, covered, _BLEED, beyond)
    image = torch.where(covered | beyond, continued, image)
    colour, alpha = straight(image)
    if len(values) == 4:
        return Art(colour, alpha)
    depth = torch.where(image[5] < 1e-4, torch.full_like(image[4], OUTSIDE_MM), image[4])
    return Art(colour, alpha, Shape(depth, image[5].clamp_min(1e-3), image[6:8], image[8:10]))


def _shape_image(drawing: Drawing, scale: float) -> tuple[Tensor, int]:
    """Return [6, h, w] depth, radius, aside (2), along (2) of what is on a picture, and pixels of margin around it."""
    alpha = drawing.image[3:]
    factor = min(1.0, _MEASURED / max(alpha.shape[1:]))
    sides = [max(1, round(side * factor)) for side in alpha.shape[1:]]
    alpha = interpolate(alpha[None], size=sides, mode="bilinear", antialias=True)[0, 0]
    pixel = scale * drawing.size[0] / sides[0]
    margin = min(_MEASURED // 4, math.ceil(_SHAPE_MARGIN_MM / pixel))
    level = 0.5 * float(alpha.max())
    values = pad(alpha, (margin, margin, margin, margin)).numpy()
    rows, columns = np.indices(values.shape)
    places = np.stack((columns * pixel, -rows * pixel, np.zeros(values.shape)), axis=-1)
    solid = values > level
    edges = []
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        crossed = solid[one] != solid[other]
        share = ((level - values[one][crossed]) / (values[other][crossed] - values[one][crossed]))[:, None]
        edges.append(places[one][crossed] * (1.0 - share) + places[other][crossed] * share)
    own, around = shapes_of(places[solid], np.concatenate(edges), places[~solid])
    image = np.zeros((6, *values.shape))
    for shapes, where in ((own, solid), (around, ~solid)):
        right, up, _ = shapes.aside.T
        image[:, where] = np.stack((shapes.depth, shapes.radius, right, up, shapes.along[:, 0], -shapes.along[:, 1]))
    return torch.from_numpy(image).float(), margin
