"""Names of a face's datablocks: "Elf queen" for its collection, "Elf queen skin" for its skin.

Each datablock remembers the name that it was given, so that a name the artist has chosen is never changed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import bpy

from .materials import CHANNEL, TILE, VALUES
from .records import GIVEN, PART, parts_of
from .solid import SHADE

NAME = "dreamface_name"
"""Custom property of the skin: what the face is called."""

_LONGEST = 32
"""Bytes of a face's name; Blender up to 4.5 keeps 63 of a datablock's, and the longest label takes 24."""

_ARTICLE = re.compile(r"^(an?|the|one|some|portrait of|photo of|picture of)\s+", re.IGNORECASE)
_REST = re.compile(r"[,.;:!?()\n\"“”]|\s(?:with|who|whose|and|that|wearing|having|from|in)\s", re.IGNORECASE)
"""Where the description of a person turns from what they are to what they have."""

_NAMELESS = "Face"


def name_from(prompt: str) -> str:
    """Return a short name for a face of this prompt, such as "Elf queen" for "an elf queen with silver hair"."""
    words = prompt.strip()
    while _ARTICLE.match(words):
        words = _ARTICLE.sub("", words, count=1)
    start = _REST.split(words, maxsplit=1)[0].split()
    name = ""
    for word in start:
        longer = f"{name} {word}".strip()
        if name and len(longer.encode()) > _LONGEST:
            break
        name = longer
    name = name.encode()[:_LONGEST].decode(errors="ignore")
    return name[:1].upper() + name[1:] or _NAMELESS


def free_name(name: str) -> str:
    """Return the name, or the first of "name 2", "name 3" that no other face in this file has."""
    taken = {block.name.casefold() for blocks in _named() for block in blocks}
    taken |= {block.get(NAME, "").casefold() for block in bpy.data.objects}
    candidates = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(free for free in candidates if not {free.casefold(), f"{free} skin".casefold()} & taken)


def call_face(skin: bpy.types.Object, name: str) -> None:
    """Name a face's collection, objects, meshes, materials and images after it, except those named by hand."""
    skin[NAME] = name
    called: Counter[tuple[type, str]] = Counter()
    for block, label in _blocks(skin):
        kind = type(block), label
        called[kind] += 1  # both irises have a copy of one material, say
        _call(block, name, label if called[kind] == 1 else f"{label} {called[kind]}")


def rename_face(skin: bpy.types.Object, name: str) -> None:
    """Give a face another name, which no other face has; an empty one changes nothing."""
    name = " ".join(name.split()).encode()[:_LONGEST].decode(errors="ignore").strip()
    if name and name != skin.get(NAME):
        skin[NAME] = ""
        call_face(skin, free_name(name))


def name_after_update(skin: bpy.types.Object, prompt_before: str) -> None:
    """Name what has come in with an update, and the whole face anew where its name came from another prompt.

    Faces of older versions, which have no name of ours, keep the names that they have.
    """
    if NAME not in skin:
        return
    before, now = name_from(prompt_before), name_from(skin["dreamface_prompt"])
    if now != before and re.fullmatch(rf"{re.escape(before)}( \d+)?", skin[NAME]):
        rename_face(skin, now)
    else:
        call_face(skin, skin[NAME])


def name_of(skin: bpy.types.Object) -> str:
    """Return what a face is called; the object's own name for faces of older versions."""
    return str(skin.get(NAME) or skin.name)


def _call(block: bpy.types.ID, name: str, label: str) -> None:
    given = block.get(GIVEN)
    if not block.is_editable or (given is not None and block.name != given):
        return
    full = f"{name} {label}".strip()
    other = _named_blocks(block).get(full)
    if other is not None and other != block and not other.users:
        other.name = f"{full} before"  # left over from a deleted face: Blender would number ours
    block.name = full
    block[GIVEN] = block.name


def _blocks(skin: bpy.types.Object) -> Iterator[tuple[bpy.types.ID, str]]:
    """Yield each datablock that belongs to this face alone, and its label."""
    parts = parts_of(skin)
    for collection in skin.users_collection:
        if GIVEN in collection:
            yield collection, ""
    for part in parts:
        label = str(part[PART]).replace("_", " ")
        yield part, label
        if part.data.users == 1:
            yield part.data, label
    materials = _unique(slot.material for part in parts for slot in part.material_slots)
    for material in materials:
        if VALUES in material:
            words = json.loads(material[VALUES]).get("name", ""), material.get(SHADE, "")
            yield material, " ".join(words).strip().replace("_", " ")
    for image in _unique(node.image for material in materials for node in _image_nodes(material)):
        if CHANNEL in image:
            yield image, f"{image[TILE]} {image[CHANNEL]}".replace("_", " ")


def _image_nodes(material: bpy.types.Material) -> list[bpy.types.Node]:
    nodes = material.node_tree.nodes if material.node_tree else ()
    return [node for node in nodes if node.type == "TEX_IMAGE" and node.image is not None]


def _unique(blocks: Iterable[bpy.types.ID | None]) -> list[bpy.types.ID]:
    return [block for block in dict.fromkeys(blocks) if block is not None]


def _named() -> tuple[bpy.types.bpy_prop_collection, ...]:
    return bpy.data.collections, bpy.data.objects


def _named_blocks(block: bpy.types.ID) -> bpy.types.bpy_prop_collection:
    kinds = {
        bpy.types.Collection: bpy.data.collections,
        bpy.types.Object: bpy.data.objects,
        bpy.types.Mesh: bpy.data.meshes,
        bpy.types.Material: bpy.data.materials,
        bpy.types.Image: bpy.data.images,
    }
    return next(blocks for kind, blocks in kinds.items() if isinstance(block, kind))
