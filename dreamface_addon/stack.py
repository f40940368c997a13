"""The stack of a face's edits: entries as face.json has them, from below, and what an artist does with their order.

Nothing here changes an entry or a list that it was given.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

Entry = dict[str, Any]
"""id, kind, label, strength, visible, place, traits, parameters, pictures; see the backend's record."""

MOST_EDITS = 200
MOST_STRENGTH = 2.0
MOST_WHOLE_FACE = 1.5
"""How strong an edit of the whole face can be; others go to `MOST_STRENGTH`."""

LONGEST_LABEL = 500
KIND_ICONS = {
    "words": "OUTLINER_DATA_FONT",
    "sketch": "GREASEPENCIL",
    "picture": "IMAGE_DATA",
    "mix": "COMMUNITY",
    "diffusion": "SHADERFX",
    "photograph": "CAMERA_DATA",
}
WHOLE_FACE_ICON = "USER"
NEW_PLACE: Entry = {"regions": [], "mask": None, "feather": 2.0, "mirror": False, "inverted": False}
"""A place where nothing is marked yet; millimetres."""

_MARKED = r"words-\d+"  # ids of what a prompt marks
_EMPTY: Entry = {
    "kind": "words", "label": "", "strength": 1.0, "visible": True, "place": None, "traits": {}, "parameters": {},
    "pictures": {},
}  # fmt: skip


def new_id() -> str:
    """Return an id that no other edit has."""
    return uuid.uuid4().hex


def new_entry(kind: str, label: str, **fields: Any) -> Entry:
    """Return a new edit of a kind; what `fields` leave out is as an edit begins."""
    return _EMPTY | {"id": new_id(), "kind": kind, "label": label.strip()[:LONGEST_LABEL]} | fields


def canonical(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries with every field that may be left out, so that equal ones compare equal."""
    return [_canonical(entry) for entry in entries]


def _canonical(entry: Entry) -> Entry:
    place = entry.get("place")
    filled = _EMPTY | {"id": ""} | entry
    filled["strength"] = float(filled["strength"])
    if isinstance(place, dict):
        place = NEW_PLACE | {"feather": 0.0} | place
        filled["place"] = place | {"feather": float(place["feather"]), "mask": place["mask"] or None}
    return filled


def looks(entries: Iterable[Entry]) -> list[Entry]:
    """Return what of a stack shows on the skin: names are left out, and what is hidden or has no strength."""
    return [
        {name: value for name, value in entry.items() if name != "label"}
        for entry in canonical(entries)
        if entry["visible"] and entry["strength"] > 0.0
    ]


def find(entries: Sequence[Entry], edit_id: str) -> int | None:
    """Return the place of an edit from below, or None."""
    return next((number for number, entry in enumerate(entries) if entry.get("id") == edit_id), None)


def changed(entries: Sequence[Entry], number: int, **fields: Any) -> list[Entry]:
    """Return the stack with some fields of one edit changed."""
    return [entry | fields if other == number else entry for other, entry in enumerate(entries)]


def without(entries: Sequence[Entry], number: int) -> list[Entry]:
    """Return the stack without one edit."""
    return [entry for other, entry in enumerate(entries) if other != number]


def moved(entries: Sequence[Entry], number: int, by: int) -> list[Entry]:
    """Return the stack with one edit so many places higher, or lower where `by` is negative, as far as it goes."""
    rest = without(entries, number)
    place = min(max(number + by, 0), len(rest))
    return [*rest[:place], entries[number], *rest[place:]]


def duplicated(entries: Sequence[Entry], number: int) -> list[Entry]:
    """Return the stack with a copy of one edit right above it."""
    copy = entries[number] | {"id": new_id(), "label": f"{entries[number].get('label', '')} copy"[:LONGEST_LABEL]}
    return [*entries[: number + 1], copy, *entries[number + 1 :]]


_ON_HEAD = ("beard.", "stubble.", "brows.", "hair.")
"""How the names of traits begin that edits in words change hair by, and not only the skin."""


def only_paints(entry: Entry) -> bool:
    """Whether an edit changes nothing but the textures of the skin: neither the shape nor any hair."""
    if entry.get("kind") == "mix":
        return "shape" not in entry.get("parameters", {}).get("take", ("shape",))
    if entry.get("kind") != "words":
        return True
    hairy = any(name.startswith(_ON_HEAD) for name in entry.get("traits", {}))
    return not is_whole_face(entry) and not hairy


_OWN_PHOTOGRAPH: Final = "photograph-0"
"""Id of the edit that has the skin of the photographs which a face was made from; copies have ids of their own."""


def came_with(entry: Entry, prompt: str) -> bool:
    """Whether an edit was made with the face itself: its photograph's skin, diffusion's detail, or its prompt's marks.

    Args:
        entry: the edit.
        prompt: of the face. What is marked is called by the prompt's own words; other edits may have an id like it.
    """
    if entry.get("kind") == "photograph":
        return entry.get("id") == _OWN_PHOTOGRAPH
    if entry.get("kind") == "diffusion":
        return bool(entry.get("parameters", {}).get("under"))
    words, label = (" ".join(text.casefold().split()) for text in (prompt, str(entry.get("label", ""))))
    return re.fullmatch(_MARKED, str(entry.get("id", ""))) is not None and bool(label) and label in words


def shaping(entries: Iterable[Entry]) -> list[Entry]:
    """Return the visible edits that change a head's shape or hair, beside those of the whole face's traits."""
    shown = (entry for entry in entries if entry.get("visible", True) and entry.get("strength"))
    return [entry for entry in shown if not only_paints(entry) and not is_whole_face(entry)]


def is_whole_face(entry: Entry) -> bool:
    """Return whether an edit changes who the face is, not a place on its skin."""
    return entry.get("kind") == "words" and entry.get("place") is None


def most_strength(entry: Entry) -> float:
    """Return how strong an edit can be."""
    return MOST_WHOLE_FACE if is_whole_face(entry) else MOST_STRENGTH


def icon_of(entry: Entry) -> str:
    """Return the name of the icon that stands before an edit."""
    return WHOLE_FACE_ICON if is_whole_face(entry) else KIND_ICONS.get(str(entry.get("kind")), "QUESTION")


def is_marked(place: Entry | None) -> bool:
    """Return whether a place has anything on it."""
    return bool(place and (place.get("regions") or place.get("mask") or place.get("inverted")))


def why_no_more(entries: Sequence[Entry]) -> str:
    """Return why no edit can be added, or nothing."""
    return f"A face has at most {MOST_EDITS} edits: delete some first" if len(entries) >= MOST_EDITS else ""


def describe(place: Entry | None, label_of: Callable[[str], str]) -> str:
    """Return a place in a few words, such as "Left Cheek and painted"."""
    if not is_marked(place):
        return "Nothing is marked yet"
    assert place is not None
    parts = [label_of(name) for name in place.get("regions", ())] + ["a painted place"] * bool(place.get("mask"))
    what = ", ".join(parts) or "nothing"
    return f"All but {what}" if place.get("inverted") else what[0].upper() + what[1:]
