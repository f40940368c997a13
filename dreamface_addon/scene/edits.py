"""A face's edits in the .blend file: the stack, what the next edit is made from, and the pictures of both.

The stack is a custom property of the skin. Pictures (masks, sketches, decals) are packed images, which the skin points
to: Blender then undoes, copies and appends them with the head, keeps one of what several heads use, and drops what none
uses any more when the file is saved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

from .colours import show_as_data
from .records import EDITS

BUILT_EDITS = "dreamface_built_edits"
"""Custom property of the skin: the edits that the face's folder shows, as JSON."""

DRAFT = "dreamface_draft"
"""Custom property of the skin: the place, as JSON, that is marked for the next edit."""

SKETCH = "dreamface_sketch"
"""Custom property of the skin: tile -> SHA-256 of what is drawn for the next edit, as JSON."""

_PICTURES = "dreamface_pictures"
"""Custom property of the skin: the first `_KEY` digits of a picture's SHA-256 -> the image with it."""

_DIGEST = "dreamface_digest"
"""Custom property of an image: SHA-256 of the PNG that is packed in it."""

_KEY = 40  # digits; Blender's custom properties have names of up to 63 letters
_OWNERS = (EDITS, BUILT_EDITS)

Entry = dict[str, Any]


def stack_of(skin: bpy.types.Object) -> list[Entry]:
    """Return a face's edits from below, not to be changed; none where the property was damaged by hand."""
    return _entries(str(skin.get(EDITS, "[]")))


def set_stack(skin: bpy.types.Object, entries: Iterable[Entry]) -> None:
    """Give a face these edits, from below; pictures that nothing refers to any more are forgotten."""
    skin[EDITS] = json.dumps(list(entries))
    forget_unused(skin)


def change_stack(skin: bpy.types.Object, entries: Iterable[Entry]) -> None:
    """Give a face these edits, which refer to the same pictures as before: quick enough for a slider."""
    skin[EDITS] = json.dumps(list(entries))


def built_edits(skin: bpy.types.Object) -> list[Entry]:
    """Return the edits that a face's maps in its folder show."""
    return _entries(str(skin.get(BUILT_EDITS, "[]")))


def draft_of(skin: bpy.types.Object) -> Entry:
    """Return the place that is marked for the next edit; empty where nothing was marked yet."""
    return _mapping(skin.get(DRAFT, "{}"))


def sketch_of(skin: bpy.types.Object) -> dict[str, str]:
    """Return tile -> SHA-256 of what was drawn for the next edit."""
    return _mapping(skin.get(SKETCH, "{}"))


def set_draft(skin: bpy.types.Object, place: Entry | None) -> None:
    """Mark a place for the next edit; None marks nothing."""
    _set(skin, DRAFT, place)


def set_sketch(skin: bpy.types.Object, pictures: dict[str, str] | None) -> None:
    """Note what was drawn for the next edit: tile -> SHA-256; None is nothing."""
    _set(skin, SKETCH, pictures)


def describe_edits(
    skin: bpy.types.Object, document: dict[str, Any], folder: Path, stack: list[Entry] | None = None
) -> None:
    """Take over the edits of a face folder, which the skin shows now, with their pictures.

    A picture that is missing there may be in the file already; whoever sends it says so where it is in neither.

    Args:
        skin: the face's.
        document: the folder's face.json.
        folder: where it is.
        stack: the edits that the face is to have; None is the folder's.
    """
    entries = document.get("edits", [])
    skin[BUILT_EDITS] = json.dumps(entries)
    skin[EDITS] = json.dumps(entries if stack is None else stack)
    for digest in digests(entries):
        if read_picture(skin, digest) is None:
            try:
                keep_picture(skin, (folder / "layers" / f"{digest}.png").read_bytes())
            except OSError:
                continue
    forget_unused(skin)


# ------------------------------------------------------------------------------------------------------------- pictures


def keep_picture(skin: bpy.types.Object, png: bytes) -> str:
    """Keep a picture for a face in the file; return its SHA-256."""
    digest = hashlib.sha256(png).hexdigest()
    image = _known(digest) or _pack(digest, png)
    if _PICTURES not in skin:
        skin[_PICTURES] = {digest[:_KEY]: image}
    else:
        skin[_PICTURES][digest[:_KEY]] = image
    return digest


def read_picture(skin: bpy.types.Object, digest: str) -> bytes | None:
    """Return a picture of a face's edits by its SHA-256; None where the file has not got it."""
    image = picture_image(skin, digest)
    content = _content(image) if image is not None else None
    return content if content is not None and hashlib.sha256(content).hexdigest() == digest else None


def picture_image(skin: bpy.types.Object, digest: str) -> bpy.types.Image | None:
    """Return the image that holds a picture of a face's edits, for display; None where there is none."""
    return dict(skin[_PICTURES]).get(digest[:_KEY]) if _PICTURES in skin else None


def forget_unused(skin: bpy.types.Object) -> None:
    """Let go of the pictures that neither edits nor drafts of a face refer to."""
    if _PICTURES not in skin:
        return
    used = [digest for name in _OWNERS for digest in digests(_entries(str(skin.get(name, "[]"))))]
    used += digests([{"place": draft_of(skin), "pictures": sketch_of(skin)}])
    keys = {digest[:_KEY] for digest in used}
    for key in [key for key in skin[_PICTURES].keys() if key not in keys]:  # noqa: SIM118 - no mapping
        del skin[_PICTURES][key]
    if not skin[_PICTURES].keys():
        del skin[_PICTURES]


def digests(entries: Iterable[Entry]) -> list[str]:
    """Return the SHA-256 of every picture that edits refer to, each once; what can't be read is passed over."""
    found: dict[str, None] = {}
    for entry in entries:
        place = entry.get("place")
        mask = place.get("mask") if isinstance(place, dict) else None
        for pictures in (mask, entry.get("pictures")):
            if isinstance(pictures, dict):
                found |= dict.fromkeys(digest for digest in pictures.values() if isinstance(digest, str))
    return list(found)


def _pack(digest: str, png: bytes) -> bpy.types.Image:
    image = bpy.data.images.new(f"DreamFace {digest[:8]}", 1, 1)
    image.source = "FILE"
    image.pack(data=png, data_len=len(png))
    image[_DIGEST] = digest
    show_as_data(image)
    return image


def _known(digest: str) -> bpy.types.Image | None:
    """Return an image that has a picture already."""
    for image in bpy.data.images:
        if image.get(_DIGEST) == digest and image.library is None and _content(image) is not None:
            return image
    return None


def _content(image: bpy.types.Image) -> bytes | None:
    """Return an image's bytes: those that are packed, or those of the file that an artist has unpacked them to."""
    if image.packed_file is not None:
        return bytes(image.packed_file.data)
    try:
        return Path(bpy.path.abspath(image.filepath, library=image.library)).read_bytes()
    except (OSError, ValueError):
        return None


def _set(skin: bpy.types.Object, name: str, value: Entry | dict[str, str] | None) -> None:
    if value:
        skin[name] = json.dumps(value)
    else:
        skin.pop(name, None)
    forget_unused(skin)


_parsed: dict[str, Any] = {}
"""Text -> what it says, because panels ask at every redraw; at most `_MOST_PARSED`."""

_MOST_PARSED = 64


def _parse(text: str) -> Any:
    if text not in _parsed:
        if len(_parsed) >= _MOST_PARSED:
            _parsed.clear()
        try:
            _parsed[text] = json.loads(text)
        except (ValueError, TypeError):
            _parsed[text] = None
    return _parsed[text]


def _entries(text: str) -> list[Entry]:
    entries = _parse(text)
    known = entries if isinstance(entries, list) else []
    return [entry for entry in known if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _mapping(text: Any) -> dict[str, Any]:
    found = _parse(str(text))
    return found if isinstance(found, dict) else {}
