"""A head's textures, painted again after a change as quickly as a slider moves."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cachetools import LRUCache

from dreamface.edits import check_edits, overlays
from dreamface.errors import BadRequest, Busy
from dreamface.face import Face, Head, Maps
from dreamface.guidance import (
    forget_clip,
    forget_diffusion,
)
from dreamface.head import forget as forget_heads
from dreamface.images import LARGEST_MASK, decode_mask, encode_mask
from dreamface.limits import (
    check_resolution,
)
from dreamface.pipeline.people import remembered, shaped_head, shown_traits
from dreamface.progress import Progress
from dreamface.record import MOST_EDITS, EditEntry, FaceRecord, LayerEntry
from dreamface.skin import LAYERS, Overlay, Painter, WrinklePainter
from dreamface.traits import Traits

if TYPE_CHECKING:
    from torch import Tensor


LAYER_DESCRIPTIONS = {layer.name: layer.description for layer in LAYERS}
"""The skin's layers, from below, and what they are."""
_KEPT_FOR = 120.0  # seconds: between two edits an artist looks, thinks, and goes on
wrinkle_painter = WrinklePainter()
painter = Painter(forget_after=_KEPT_FOR)  # remembers the face that was painted last, so that its next edit is quick
_painting = threading.Lock()  # held by whoever uses the painter
_TURN: Final = 0.1  # seconds between two looks at whether somebody who waits for the painter still wants it
_BUSY: Final = "DreamFace is painting another face just now: try again in a moment."
_HEADS_KEPT: Final = 2  # as it is shown and as it is to be, which differ where an edit changes the whole face
_EDITS_KEPT: Final = MOST_EDITS  # whose masks stay in memory, a few megabytes each


@dataclass(frozen=True)
class Repainted:
    """A head's textures before and after a change of its edits. Maps that are the same share their images.

    Attributes:
        before: with the edits that were shown.
        after: with the face's own.
    """

    before: Maps
    after: Maps


def repaint(
    face: Face | FaceRecord,
    shown: Sequence[EditEntry],
    *,
    resolution: int | None = None,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Repainted:
    """Return a face's textures with the edits that a viewport shows, and with its own; quick enough to follow a slider.

    Only the skin and what else is painted: neither hair nor the folds of expressions.

    Args:
        face: whose edits are the new ones. Its record is enough, with the offset and the pictures that belong to it.
        shown: the edits that it had before, from below.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`; None is the face's.
        offset: [V, 3] metres on top of what the traits say; None is the face's.
        pictures: SHA-256 -> PNG of pictures that layers and edits refer to, beside the face's own.

    Raises:
        BadRequest: a value is out of range, a picture is missing or damaged, or the face's head model is not here.
        Busy: another face is being painted.
    """
    after, kept_offset = remembered(face)
    layers = faded(after.layers)
    after = replace(after, layers=layers, resolution=after.resolution if resolution is None else resolution)
    before = replace(after, edits=tuple(shown))
    for record in (before, after):
        check_edits(record.edits)
    check_resolution(after.resolution)
    known = {**(face.pictures if isinstance(face, Face) else {}), **(pictures or {})}
    offset = kept_offset if offset is None else offset
    if not _painting.acquire(blocking=False):
        raise Busy(_BUSY)
    try:
        return Repainted(*(repainted(record, offset, known) for record in (before, after)))
    finally:
        _painting.release()


def repainted(record: FaceRecord, offset: Tensor | None, pictures: Mapping[str, bytes]) -> Maps:
    """Return a head's textures; whoever calls this holds `_painting`."""
    pictures = needed_pictures(record, pictures)
    traits, edits = shown_traits(record), record.to_json()["edits"]
    key, head = kept.head(record, traits, edits, offset, pictures)
    return painter.paint(
        head, traits, resolution=record.resolution, seed=record.seed, layers=record.strengths,
        masks=read_masks(record, pictures), overlays=kept.overlays(record, traits, edits, key, head, pictures),
    )  # fmt: skip


class _Kept:
    """What `repaint` has made lately and may need again soon."""

    def __init__(self) -> None:
        self._heads: LRUCache[str, Head] = LRUCache(_HEADS_KEPT)
        self._overlays: LRUCache[str, tuple[Overlay, ...]] = LRUCache(_EDITS_KEPT)
        self._clock: threading.Timer | None = None
        self._busy = threading.Lock()

    def head(
        self,
        record: FaceRecord,
        traits: Traits,
        edits: Sequence[Mapping[str, Any]],
        offset: Tensor | None,
        pictures: Mapping[str, bytes],
    ) -> tuple[str, Head]:
        """Return a digest of what a head is built from, and the head.

        Args:
            record: whose.
            traits: of the record, as they are shown.
            edits: of the record, as JSON has them.
            offset: [V, 3] metres, or None.
            pictures: SHA-256 -> PNG.
        """
        moved = None if offset is None else hashlib.sha256(offset.detach().cpu().numpy().tobytes()).hexdigest()
        mixes = [edit for edit in edits if edit["kind"] == "mix"]
        key = _digest(record.head, traits.to_json(), record.seed, record.candidate, moved, mixes)
        with self._busy:
            head = self._heads.get(key)
        if head is None:
            head = shaped_head(record, offset, pictures)
            with self._busy:
                self._heads[key] = head
        self._wind_clock()
        return key, head

    def overlays(
        self,
        record: FaceRecord,
        traits: Traits,
        edits: Sequence[Mapping[str, Any]],
        key: str,
        head: Head,
        pictures: Mapping[str, bytes],
    ) -> tuple[Overlay, ...]:
        """Return the edits as the painter takes them; each is worked out alone, as it depends on no other.

        Args:
            record: whose edits.
            traits: of the record, as they are shown.
            edits: the same edits, as JSON has them.
            key: digest of the head.
            head: theirs.
            pictures: SHA-256 -> PNG.
        """
        found: list[Overlay] = []
        for edit, data in zip(record.edits, edits, strict=True):
            own = _digest(key, data)
            with self._busy:
                laid = self._overlays.get(own)
            if laid is None:
                laid = overlays((edit,), head, traits, record.seed, pictures)
                with self._busy:
                    self._overlays[own] = laid
            found += laid
        return tuple(found)

    def forget(self) -> None:
        """Free the memory."""
        with self._busy:
            self._heads.clear()
            self._overlays.clear()

    def _wind_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = threading.Timer(_KEPT_FOR, self.forget)
        self._clock.daemon = True  # nobody waits for it at exit
        self._clock.start()


kept = _Kept()


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@contextmanager
def painters_turn(progress: Progress) -> Iterator[None]:
    """Have the painter for oneself; meanwhile the progress may cancel."""
    while not _painting.acquire(timeout=_TURN):
        progress.report("skin", 0.0, "Waiting for the painter")
    try:
        yield
    finally:
        _painting.release()


def with_masks(
    entries: Sequence[LayerEntry], masks: Mapping[str, Mapping[str, Tensor] | None]
) -> tuple[tuple[LayerEntry, ...], dict[str, bytes]]:
    """Return the layers with other masks, and the new masks' pictures: SHA-256 -> PNG."""
    laid = {entry.id: entry for entry in entries}
    pictures: dict[str, bytes] = {}
    for name, tiles in masks.items():
        for mask in (tiles or {}).values():
            if mask.dim() != 2 or not 0 < min(mask.shape) <= max(mask.shape) <= LARGEST_MASK:
                raise BadRequest(
                    f"The mask of the layer {name!r} must be [H, W] with at most {LARGEST_MASK:,} pixels a side; "
                    f"got {list(mask.shape)}."
                )
        digests, drawn = mask_pictures(tiles or {})
        pictures |= drawn
        laid[name] = replace(laid.get(name, LayerEntry(name, name)), mask=None if tiles is None else digests)
    return tuple(laid.values()), pictures


def mask_pictures(masks: Mapping[str, Tensor]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return the pictures of masks, tile -> [H, W] 0..1: tile -> SHA-256, and SHA-256 -> PNG."""
    pngs = {tile: encode_mask(mask) for tile, mask in masks.items()}
    digests = {tile: hashlib.sha256(png).hexdigest() for tile, png in pngs.items()}
    return digests, {digests[tile]: png for tile, png in pngs.items()}


def faded(entries: Sequence[LayerEntry], strengths: Mapping[str, float] | None = None) -> tuple[LayerEntry, ...]:
    """All of this version's layers from below: as the entries say, with other strengths laid over.

    Entries of a kind that this version does not know may have come from another one; they are left out.
    """
    known = {entry.id: entry for entry in entries if entry.kind in LAYER_DESCRIPTIONS}
    laid = {name: known.get(name, LayerEntry(name, name)) for name in LAYER_DESCRIPTIONS} | known
    for name, strength in (strengths or {}).items():
        laid[name] = replace(laid[name], strength=strength, visible=True)
    return tuple(laid.values())


def forget_models() -> None:
    """Load models anew when they are next needed: one was installed, replaced or removed."""
    forget_heads()
    forget_diffusion()
    forget_clip()
    kept.forget()


def needed_pictures(record: FaceRecord, pictures: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the pictures that the record's layers refer to.

    Raises:
        BadRequest: one is missing.
    """
    for entry in record.layers:
        if not set((entry.mask or {}).values()) <= pictures.keys():
            raise BadRequest(
                f"The picture of the layer {entry.id!r}'s mask is missing: send it, or take the mask away."
            )
    for edit in record.edits:
        if not set(edit.digests) <= pictures.keys():
            raise BadRequest(
                f"A picture of the edit {edit.label or edit.id!r} is missing: send it, or delete the edit."
            )
    return {digest: pictures[digest] for digest in record.pictures}


def read_masks(record: FaceRecord, pictures: Mapping[str, bytes]) -> dict[str, dict[str, Tensor]]:
    """Return where the visible layers are laid on: layer -> tile -> [H, W] 0..1."""
    shown = [entry for entry in record.layers if entry.visible and entry.mask is not None]
    needed = {digest for entry in shown for digest in (entry.mask or {}).values()}
    masks = {digest: decode_mask(pictures[digest]) for digest in needed}
    return {entry.id: {tile: masks[digest] for tile, digest in (entry.mask or {}).items()} for entry in shown}
