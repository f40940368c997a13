"""Copy Edits: one face's edits for another one, of another head model too."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Final

import numpy as np
import torch
from PIL import Image
from pydantic import JsonValue
from torch import Tensor

from dreamface.edits.diffused import KINDS, MADE, tiles_in
from dreamface.edits.places import fitted
from dreamface.edits.sheet import MASK_SIZE, Sheet, sheet_of
from dreamface.errors import BadRequest
from dreamface.face import Head, Topology
from dreamface.head import Carrier
from dreamface.images import LARGEST_MASK, decode_mask, encode_mask, encode_unit8, png_bytes
from dreamface.record import EditEntry
from dreamface.skin import TopologyCache

_CARRIERS: Final = 2  # kept, one for each way
_LEAST_ALPHA: Final = 1.0 / 255.0

_carriers: TopologyCache[Carrier] = TopologyCache(_CARRIERS)


def carry(
    edits: Sequence[EditEntry],
    pictures: Mapping[str, bytes],
    source: Head,
    target: Head,
    taken: Collection[str] = (),
) -> tuple[tuple[EditEntry, ...], dict[str, bytes]]:
    """Return edits of one face for another one, and the pictures that they refer to.

    Between heads of the same model everything stays as it is. To another model's head, masks and sketches are carried
    to its layout, and pictures on the skin lie at the same place of the face.

    Args:
        edits: from below.
        pictures: SHA-256 -> PNG, all that the edits refer to.
        source: whose edits they are.
        target: who gets them.
        taken: ids of the target's own edits: an edit with one of these gets another id.

    Raises:
        BadRequest: a picture is missing or damaged.
    """
    if source.model != target.model:
        _check_pictures(edits, pictures)
        work = _Work(source, target, pictures)
        edits = [work.carried(edit) for edit in edits]
        pictures = {**pictures, **work.made}
    return copied(edits, pictures, taken)


def copied(
    edits: Sequence[EditEntry], pictures: Mapping[str, bytes], taken: Collection[str] = ()
) -> tuple[tuple[EditEntry, ...], dict[str, bytes]]:
    """Return edits of one face for another one of the same head model; see `carry`.

    Raises:
        BadRequest: a picture is missing.
    """
    _check_pictures(edits, pictures)
    edits = _with_own_ids(edits, taken)
    return edits, {digest: pictures[digest] for edit in edits for digest in edit.digests}


def _check_pictures(edits: Sequence[EditEntry], pictures: Mapping[str, bytes]) -> None:
    missing = [edit for edit in edits if not pictures.keys() >= set(edit.digests)]
    if missing:
        raise BadRequest(f"A picture of the edit {missing[0].label or missing[0].id!r} is missing: copy the others.")


def _with_own_ids(edits: Sequence[EditEntry], taken: Collection[str]) -> tuple[EditEntry, ...]:
    used, found = set(taken), []
    for edit in edits:
        id_ = edit.id
        if id_ in used:
            id_ = next(name for number in count(2) if (name := f"{edit.id}-{number}") not in used)
        used.add(id_)
        found.append(replace(edit, id=id_))
    return tuple(found)


class _Work:
    """Carries edits to another layout; pictures that several edits have are carried once.

    Attributes:
        made: SHA-256 -> PNG of the pictures that were made.
    """

    def __init__(self, source: Head, target: Head, pictures: Mapping[str, bytes]) -> None:
        self.made: dict[str, bytes] = {}
        self._pictures = pictures
        self._source, self._target = sheet_of(source.topology), sheet_of(target.topology)
        self._carrier = carrier_between(source.topology, target.topology, target.model)
        self._done: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def carried(self, edit: EditEntry) -> EditEntry:
        """Return an edit for the other layout."""
        if edit.place is not None and edit.place.mask is not None:
            mask = self._images(edit.place.mask, drawn=False)
            edit = replace(edit, place=replace(edit.place, mask=mask))
        tiles = {tile.name for tile in self._source.tiles}
        if edit.kind in MADE:
            edit = replace(edit, pictures=self._made(edit.pictures))
        elif edit.pictures and edit.pictures.keys() <= tiles:
            edit = replace(edit, pictures=self._images(edit.pictures, drawn=True))
        return replace(edit, parameters=self._anchored(edit.parameters))

    def _made(self, names: Mapping[str, str]) -> dict[str, str]:
        """Return the pictures that diffusion made, carried: for each tile one of every kind."""
        found = {}
        for kind in KINDS:
            own = {tile: names[f"{kind}/{tile}"] for tile in tiles_in(names) if f"{kind}/{tile}" in names}
            found[kind] = self._images(own, drawn=True)
        tiles = dict.fromkeys(tile for images in found.values() for tile in images)
        return {f"{kind}/{tile}": found[kind].get(tile) or self._empty() for tile in tiles for kind in KINDS}

    def _empty(self) -> str:
        """Return the SHA-256 of a picture of nothing."""
        png = _encode_drawing(torch.zeros(8, 8, 4))
        digest = hashlib.sha256(png).hexdigest()
        self.made[digest] = png
        return digest

    def _anchored(self, parameters: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return parameters whose point on the skin, if they have one, is on the other head's."""
        tile, u, v = (parameters.get(name) for name in ("tile", "u", "v"))
        known = tile in {one.name for one in self._source.tiles}
        if not (known and isinstance(u, int | float) and isinstance(v, int | float)):
            return parameters
        other, (u, v) = self._carrier.place(str(tile), (float(u), float(v)))
        return {**parameters, "tile": other, "u": u, "v": v}

    def _images(self, digests: Mapping[str, str], drawn: bool) -> dict[str, str]:
        """Return tile -> SHA-256 of carried pictures: masks, or what was drawn in colours; no empty ones."""
        key = tuple(sorted(digests.items()))
        if key not in self._done:
            read = _decode_drawing if drawn else _decode_mask
            images = {tile: self._filled(read(self._pictures[one]), tile) for tile, one in digests.items()}
            carried = _stitched(self._target, self._carrier.images(images))
            self._done[key] = {}
            for tile, image in carried.items():
                if float(image[..., -1].max()) >= 0.5 / 255.0:
                    png = _encode_drawing(image) if drawn else encode_mask(image[..., 0])
                    digest = hashlib.sha256(png).hexdigest()
                    self.made[digest] = png
                    self._done[key][tile] = digest
        return self._done[key]

    def _filled(self, image: Tensor, tile: str) -> Tensor:
        """Return [S, S, C] of [H, W, C], filled beyond the source's islands."""
        sheet = next((one for one in self._source.tiles if one.name == tile), None)
        if sheet is None:
            raise BadRequest(
                f"A picture is for the tile {tile!r}, which this head's skin doesn't have: delete the edit."
            )
        channels = [sheet.image(fitted(one, sheet).reshape(-1)[sheet.texel]) for one in image.unbind(-1)]
        return torch.stack(channels, dim=-1)


def carrier_between(source: Topology, target: Topology, to: str) -> Carrier:
    """Return what carries masks to another head model's layout, from memory where it was made before."""
    return _carriers.get(target, (id(source), to), lambda: Carrier(source, target, to, MASK_SIZE))


def _stitched(sheet: Sheet, images: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return [S, S, C] of each tile, the same on both sides of every seam."""
    channels = next(iter(images.values())).shape[-1]
    found = [
        sheet.seams.stitched({tile.name: images[tile.name][..., number].contiguous() for tile in sheet.tiles})
        for number in range(channels)
    ]
    return {tile.name: torch.stack([channel[tile.name] for channel in found], dim=-1) for tile in sheet.tiles}


def _decode_mask(png: bytes) -> Tensor:
    return decode_mask(png)[..., None]


def _decode_drawing(png: bytes) -> Tensor:
    """Return [H, W, 4] colours times alpha, and alpha, of an RGBA PNG."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            if max(image.size) > LARGEST_MASK:
                raise BadRequest(f"A sketch may have at most {LARGEST_MASK:,} pixels a side: make it smaller.")
            pixels = np.asarray(image.convert("RGBA"), dtype=np.float32) / 255.0
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadRequest("A sketch's picture is damaged: draw it again.") from error
    drawn = torch.from_numpy(pixels)
    return torch.cat((drawn[..., :3] * drawn[..., 3:], drawn[..., 3:]), dim=-1)


def _encode_drawing(image: Tensor) -> bytes:
    """Return the RGBA PNG of [H, W, 4] colours times alpha, and alpha."""
    alpha = image[..., 3:]
    colour = torch.where(alpha >= _LEAST_ALPHA, image[..., :3] / alpha.clamp_min(_LEAST_ALPHA), 0.0)
    return png_bytes(encode_unit8(torch.cat((colour.clamp(0.0, 1.0), alpha), dim=-1)))
