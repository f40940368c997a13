"""Sketches: what an artist drew on the head, as ink, paint, scars, hair and so on."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate, max_pool2d, pad

from dreamface.edits.drawn_images import (
    Drawing,
    inside_islands,
    masks_within,
    onto_texels,
    pushed,
    sketch_in,
    softened,
    straight,
)
from dreamface.edits.handling import handling_of, medium_of, sketch_entry
from dreamface.edits.stroke_shapes import OUTSIDE_MM, PointShapes, shapes_of
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.record import EditEntry
from dreamface.skin import Art, Overlay, Patch, Shape, Site, Window, skin_tiles, surface_of
from dreamface.units import MM

_GRID: Final = 512  # texels a side of footprints, and of the positions that shapes are measured with
_MARGIN: Final = 16  # texels around what was drawn that may be looked at
_LARGEST_MEASURED: Final = 1024  # texels a side on which strokes are measured
_MOST_POINTS: Final = 60_000  # that are measured: larger areas on a coarser grid
_TEXEL_MM: Final = 0.35  # of a grid of `_GRID` at its finest
_SOLID: Final = 0.5  # of the strongest alpha: where a stroke's edge lies
_OUTWARD: Final = 0.6  # how much more outward than down hairs grow


def sketch_overlays(
    edit: EditEntry, head: Head, seed: int, pictures: Mapping[str, bytes], places: Mapping[str, Tensor] | None
) -> list[Overlay]:
    """Return the overlay of a sketch; none where nothing was drawn.

    Args:
        edit: of kind "sketch"; its pictures are what was drawn in each tile.
        head: whose skin.
        seed: of its random patterns.
        pictures: SHA-256 -> PNG.
        places: masks of the place that it is limited to; None where it is not.

    Raises:
        BadRequest: a parameter is out of its range, or a picture is missing or damaged.
    """
    entry = sketch_entry(edit)
    medium = medium_of(entry)
    tiles = [tile for tile in skin_tiles(head.topology) if tile in edit.pictures]
    found = {tile: sketch_in(_bytes_of(edit.pictures[tile], pictures)) for tile in tiles}
    drawings = {tile: drawing for tile, drawing in found.items() if drawing is not None}
    reach = int(np.ceil(medium.runs_mm / _TEXEL_MM)) + 2
    masks = masks_within({tile: _footprint(drawing, reach) for tile, drawing in drawings.items()}, places)
    if not masks:
        return []
    handling = handling_of(entry, edit.strength, any(drawing.coloured for drawing in drawings.values()))
    sketch = _Sketch(head, drawings)

    def draw(site: Site) -> Sequence[Patch]:
        art = sketch.art(site, medium.shaped)
        return () if art is None else medium.draw(site, art, handling)

    key = ("sketch", tuple(sorted(edit.pictures.items())), edit.place, entry.model_dump_json(), handling)
    return [Overlay(f"{edit.id}/sketch", key, masks, edit.strength, seed=seed, draw=draw, reads=medium.reads)]


def check_sketch(pngs: Mapping[str, bytes]) -> None:
    """Refuse a sketch that nothing can be made of.

    Args:
        pngs: what was drawn in each tile.

    Raises:
        BadRequest: nothing was drawn, or a picture can't be read.
    """
    if not sum(sketch_in(png) is not None for png in pngs.values()):  # every one of them is read
        raise BadRequest("The sketch is empty: draw on the head first.")


def _bytes_of(digest: str, pictures: Mapping[str, bytes]) -> bytes:
    if digest not in pictures:
        raise BadRequest("What was drawn is missing from the face: draw it again, or delete the edit.")
    return pictures[digest]


def _footprint(drawing: Drawing, reach: int) -> Tensor:
    """Return [S, S] 1 where something was drawn, or within `reach` texels of that; 0 elsewhere."""
    side = drawing.size[0]
    seen = _whole(drawing.image[3:] > 0.0, drawing.box, side).float()
    if side > _GRID:
        seen = torch.nn.functional.adaptive_max_pool2d(seen[None], _GRID)[0]
    elif side < _GRID:
        seen = (interpolate(seen[None], size=(_GRID, _GRID), mode="bilinear")[0] > 0.0).float()
    return max_pool2d(seen[None], 2 * reach + 1, 1, reach)[0, 0]


def _whole(image: Tensor, box: Window, side: int) -> Tensor:
    (top, bottom), (left, right) = box.rows, box.columns
    return pad(image, (left, side - right, top, side - bottom))


@dataclass(frozen=True)
class _Layer:
    """A drawing in a tile, with some texels around it.

    Attributes:
        side: texels of the whole layout.
        box: where the images lie in it.
        image: [4, h, w] see `Drawing`.
        inside: [h, w] bool: texels in the islands.
    """

    side: int
    box: Window
    image: Tensor
    inside: Tensor


@dataclass(frozen=True)
class _Sketch:
    """What was drawn on a head, over all tiles; measured when it is first needed, by whichever thread comes first."""

    head: Head
    drawings: Mapping[str, Drawing]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def art(self, site: Site, shaped: bool) -> Art | None:
        """Return what was drawn, on the texels of a site; None where nothing was drawn in its tile."""
        tile = site.subject.tile
        with self._lock:
            layer, shapes = self._layers.get(tile), self._shapes if shaped else {}
        if layer is None:
            return None
        size = site.subject.size
        image = onto_texels(layer.image, layer.inside, layer.side, layer.box, size, site.window)
        colour, alpha = straight(image)
        return Art(colour, alpha, _shape_at(shapes[tile], size, site.window) if tile in shapes else None)

    @cached_property
    def _layers(self) -> dict[str, _Layer]:
        return {tile: _layer(self.head, tile, drawing) for tile, drawing in self.drawings.items()}

    @cached_property
    def _shapes(self) -> dict[str, _Layer]:
        """By tile, [6, h, w] depth above `OUTSIDE_MM`, so that 0 is far outside, radius, aside (2) and along (2)."""
        return _measured(self.head, {tile: _coarser(layer) for tile, layer in self._layers.items()})


def _layer(head: Head, tile: str, drawing: Drawing) -> _Layer:
    side, (top, bottom), (left, right) = drawing.size[0], drawing.box.rows, drawing.box.columns
    margin = max(_MARGIN, _MARGIN * side // _LARGEST_MEASURED)
    box = Window((max(0, top - margin), min(side, bottom + margin)), (max(0, left - margin), min(side, right + margin)))
    around = (left - box.columns[0], box.columns[1] - right, top - box.rows[0], box.rows[1] - bottom)
    return _Layer(side, box, pad(drawing.image, around), inside_islands(head.topology, tile, side, box))


def _shape_at(layer: _Layer, size: int, window: Window) -> Shape:
    found = onto_texels(layer.image, layer.inside, layer.side, layer.box, size, window)
    along = found[4:6] / torch.linalg.vector_norm(found[4:6], dim=0).clamp_min(1e-6)
    return Shape(found[0] + OUTSIDE_MM, found[1].clamp_min(1e-3), found[2:4], along)


# ------------------------------------------------------------------------------------------------ measuring strokes


def _coarser(layer: _Layer) -> _Layer:
    """Return a drawing on a grid that is coarse enough to be measured."""
    while layer.side > _LARGEST_MEASURED or int((layer.image[3] > 0.0).sum()) > _MOST_POINTS:
        (top, bottom), (left, right) = layer.box.rows, layer.box.columns
        around = (left % 2, right % 2, top % 2, bottom % 2)
        image, inside = pad(layer.image, around), pad(layer.inside[None].float(), around)
        weight = torch.nn.functional.avg_pool2d(inside[None], 2)[0]
        image = torch.nn.functional.avg_pool2d((image * inside)[None], 2)[0] / weight.clamp_min(1e-6)
        box = Window((top // 2, -(-bottom // 2)), (left // 2, -(-right // 2)))
        layer = _Layer(layer.side // 2, box, image, weight[0] > 0.6)
    return replace(layer, image=softened(pushed(layer.image, layer.inside)))  # drawn without smooth edges, it is stairs


@dataclass(frozen=True)
class _Frame:
    """A coarse drawing's texels in space.

    Attributes:
        position: [h, w, 3] millimetres.
        right, up: [h, w, 3] unit directions on the skin, for one who looks at it.
        per_column, per_row: [h, w, 3] millimetres per texel to the right, and down.
    """

    position: NDArray[np.float64]
    right: NDArray[np.float64]
    up: NDArray[np.float64]
    per_column: NDArray[np.float64]
    per_row: NDArray[np.float64]


def _frame(head: Head, tile: str, layer: _Layer) -> _Frame:
    surface = surface_of(head, tile, _GRID)
    (top, bottom), (left, right) = layer.box.rows, layer.box.columns
    y = (torch.arange(top, bottom) + 0.5) * (2.0 / layer.side) - 1.0
    x = (torch.arange(left, right) + 0.5) * (2.0 / layer.side) - 1.0
    grid = torch.stack((x[None].expand(len(y), -1), y[:, None].expand(-1, len(x))), dim=-1)[None]
    derivatives = surface.atlas.spread_uv(surface.derivatives)
    images = torch.cat((surface.position, derivatives))[None]
    found = grid_sample(images, grid, padding_mode="border", align_corners=False)[0].permute(1, 2, 0).double().numpy()
    position, per_u, per_v = found[..., :3] / MM, found[..., 3:6] / MM, found[..., 6:] / MM
    normal = _unit(np.cross(per_u, per_v))
    up = np.array((0.0, 0.0, 1.0)) - normal[..., 2:] * normal
    up = _unit(up)
    return _Frame(position, np.cross(up, normal), up, per_u / layer.side, -per_v / layer.side)


def _unit(ways: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = ways / np.maximum(np.linalg.norm(ways, axis=-1, keepdims=True), 1e-9)
    return found


def _measured(head: Head, layers: Mapping[str, _Layer]) -> dict[str, _Layer]:
    """Return the shapes of the strokes in each tile, measured over all of them together."""
    frames = {tile: _frame(head, tile, layer) for tile, layer in layers.items()}
    strongest = max(float(layer.image[3].max()) for layer in layers.values())
    solid = {t: ((layer.image[3] > _SOLID * strongest) & layer.inside).numpy() for t, layer in layers.items()}
    if not any(inside.any() for inside in solid.values()):
        return {}
    beside = {t: layers[t].inside.numpy() & ~inside & _near(inside) for t, inside in solid.items()}
    edges = np.concatenate([
        _outline(layers[t].image[3].numpy(), layers[t].inside.numpy(), _SOLID * strongest, frames[t]) for t in layers
    ])  # fmt: skip
    inside = np.concatenate([frames[t].position[solid[t]] for t in layers])
    near = np.concatenate([frames[t].position[beside[t]] for t in layers])
    own, around = shapes_of(inside, edges, near)
    found, first, second = {}, 0, 0
    for tile, layer in layers.items():
        image = np.zeros((6, *solid[tile].shape))
        for shapes, where, start in ((own, solid[tile], first), (around, beside[tile], second)):
            image[:, where] = _channels(shapes, slice(start, start + int(where.sum())), frames[tile], where)
        first, second = first + int(solid[tile].sum()), second + int(beside[tile].sum())
        found[tile] = _Layer(layer.side, layer.box, torch.from_numpy(image).float(), layer.inside)
    return found


def _near(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    reach = _MARGIN - 2
    grown = max_pool2d(torch.from_numpy(inside)[None, None].float(), 2 * reach + 1, 1, reach)
    found: NDArray[np.bool_] = grown[0, 0].numpy() > 0.0
    return found


def _outline(alpha: NDArray[np.float32], inside: NDArray[np.bool_], level: float, frame: _Frame) -> NDArray[np.float64]:
    """Return [E, 3] millimetres where alpha crosses a level, between texels of the islands."""
    found = []
    for one, other in (((slice(None), slice(0, -1)), (slice(None), slice(1, None))),
                       ((slice(0, -1), slice(None)), (slice(1, None), slice(None)))):  # fmt: skip
        low, high = alpha[one], alpha[other]
        crossed = ((low > level) != (high > level)) & inside[one] & inside[other]
        share = ((level - low[crossed]) / (high[crossed] - low[crossed]))[:, None]
        found.append(frame.position[one][crossed] * (1.0 - share) + frame.position[other][crossed] * share)
    return np.concatenate(found)


def _channels(shapes: PointShapes, part: slice, frame: _Frame, where: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return [6, N] what `_shape_at` reads."""
    aside, along = shapes.aside[part], shapes.along[part]
    outward = np.stack((_OUTWARD * np.sign(frame.position[where][:, 0]), np.zeros(len(aside)), -np.ones(len(aside))), 1)
    along = along * np.where((along * outward).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
    column, row = frame.per_column[where], frame.per_row[where]
    cc, cr, rr = (column * column).sum(1), (column * row).sum(1), (row * row).sum(1)
    a, b = (along * column).sum(1), (along * row).sum(1)
    total = np.maximum(cc * rr - cr * cr, 1e-12)
    texels = np.stack(((rr * a - cr * b) / total, (cc * b - cr * a) / total))
    texels /= np.maximum(np.linalg.norm(texels, axis=0), 1e-9)
    right, up = (aside * frame.right[where]).sum(1), (aside * frame.up[where]).sum(1)
    return np.stack((shapes.depth[part] - OUTSIDE_MM, shapes.radius[part], right, up, *texels))
