"""What differs between two paintings of a head, encoded as its map files are: what a viewport is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dreamface.face import Maps
from dreamface.images import encode_normal8, encode_srgb8, encode_unit8

_HELPERS: Final = 2  # threads; numpy lets go of Python meanwhile
_ROWS: Final = 64  # compared at a time, so that what is compared stays in the processor's cache

Window = tuple[slice, slice]
"""Rows and columns of an image."""


def pack_map_changes(before: Maps, after: Maps) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz that makes the files of the maps `before` those of the maps `after`.

    For each map that differs, "<tile>/<channel>" [h, w, C] is the smallest window that holds all the changes, and
    "<tile>/<channel>/at" int32 [2] its top row and left column. It is uint8 as in the map's PNG, or, of the
    displacement, float32 metres. "whole" names maps that were not there or had another size; they are sent whole.
    "gone" names maps that are no longer there.
    """
    named = {f"{tile}/{channel}": (tile, channel) for tile, channels in after.items() for channel in channels}
    arrays: dict[str, NDArray[Any]] = {}
    whole: list[str] = []
    with ThreadPoolExecutor(_HELPERS) as helpers:
        windows = helpers.map(lambda names: _changed_in(before, after, *names), named.values())
        found = {name: window for name, window in zip(named, windows, strict=True) if window is not None}
        cut = {name: (*names, found[name]) for name, names in named.items() if name in found}
        encoded = helpers.map(lambda one: encode_map(one[1], after[one[0]][one[1]][one[2]]), cut.values())
        for (name, (tile, channel, window)), image in zip(cut.items(), encoded, strict=True):
            arrays[name] = image
            arrays[f"{name}/at"] = np.array([part.start for part in window], np.int32)
            if _is_new(before, after, tile, channel):
                whole.append(name)
    gone = [f"{tile}/{one}" for tile, channels in before.items() for one in channels if one not in after.get(tile, {})]
    return arrays | {"whole": np.array(whole, np.str_), "gone": np.array(gone, np.str_)}


def encode_map(channel: str, image: Tensor) -> NDArray[Any]:
    """Return a map, or a window of one, as its file has it: uint8, or of the displacement float32 metres."""
    if channel == "displacement":
        return np.ascontiguousarray(image.detach().cpu().numpy(), np.float32)
    if channel == "normal":
        return encode_normal8(image)
    return encode_srgb8(image) if channel == "albedo" else encode_unit8(image)


def _is_new(before: Maps, after: Maps, tile: str, channel: str) -> bool:
    """Return whether a map was not there, or had another size."""
    earlier = before.get(tile, {}).get(channel)
    return earlier is None or earlier.shape != after[tile][channel].shape


def _changed_in(before: Maps, after: Maps, tile: str, channel: str) -> Window | None:
    """Return the smallest window in which a map differs; None where it is the same."""
    image = after[tile][channel]
    if _is_new(before, after, tile, channel):
        return slice(0, image.shape[0]), slice(0, image.shape[1])
    earlier = before[tile][channel]
    if earlier is image:  # the painter shares what it did not paint again
        return None
    return _window_of_changes(earlier.detach().cpu().numpy(), image.detach().cpu().numpy())


def _window_of_changes(one: NDArray[np.float32], other: NDArray[np.float32]) -> Window | None:
    """Return the smallest window [rows, columns] in which two images [H, W, C] differ; None where they are equal."""
    height, width = one.shape[:2]
    rows, columns = np.zeros(height, np.bool_), np.zeros(width, np.bool_)
    for top in range(0, height, _ROWS):
        band = slice(top, top + _ROWS)
        differs = one[band] != other[band]
        if differs.any():
            texels = differs.any(axis=2)
            rows[band] = texels.any(axis=1)
            columns |= texels.any(axis=0)
    changed = rows.nonzero()[0], columns.nonzero()[0]
    if not len(changed[0]):
        return None
    return slice(int(changed[0][0]), int(changed[0][-1]) + 1), slice(int(changed[1][0]), int(changed[1][-1]) + 1)
