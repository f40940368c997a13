"""Names of a face's datablocks: "Elf queen" for its collection, "Elf queen skin" for its skin.

Each datablock remembers the name that it was given, so that a name the artist has chosen is never changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import bpy

from .grooms import REGIONS
from .hair_material import is_hair_material
from .materials import CHANNEL, TILE, values_of
from .records import CARDS, GIVEN, HAIR, PART, cards_of, hair_objects_of, is_skin, parts_of
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


def free_name(name: str, skin: bpy.types.Object | None = None) -> str:
    """Return the name, or the first of "name 2", "name 3" that no other face in this file has.

    Args:
        name: the one that is wanted.
        skin: of the face that wants it; what that has itself is free. None for a face that is not there yet.
    """
    own = {block for block, _ in _blocks(skin)} if skin is not None else set()
    taken = {block.name.casefold() for blocks in _named() for block in blocks if block not in own}
    taken |= {str(block.get(NAME, "")).casefold() for block in bpy.data.objects if block != skin}
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


def name_cards(skin: bpy.types.Object) -> None:
    """Name what belongs to a face's cards after it, except what was named by hand."""
    for block, label in _card_blocks(skin):
        _call(block, name_of(skin), label)


def rename_face(skin: bpy.types.Object, name: str) -> None:
    """Give a face another name, which no other face has; an empty one changes nothing."""
    name = " ".join(name.split()).encode()[:_LONGEST].decode(errors="ignore").strip()
    if name and name != skin.get(NAME):
        call_face(skin, free_name(name, skin))


def name_after_update(skin: bpy.types.Object, prompt_before: str) -> None:
    """Name what has come in with an update, and the whole face anew where its name came from another prompt.

    Faces of older versions, which have no name of ours, keep the names that they have.
    """
    if NAME not in skin:
        return
    before, now = name_from(prompt_before), name_from(skin["dreamface_prompt"])
    if now != before and re.fullmatch(rf"{re.escape(before)}( \d+)?", name_of(skin)):
        rename_face(skin, now)
    else:
        call_face(skin, skin[NAME])


def name_of(skin: bpy.types.Object) -> str:
    """Return what a face is called; the object's own name for faces of older versions."""
    return str(skin.get(NAME) or skin.name)


def _call(block: bpy.types.ID, name: str, label: str) -> None:
    if not block.is_editable or _is_named_by_hand(block):
        return
    full = f"{name} {label}".strip()
    other = _named_blocks(block).get(full)
    if other is not None and other != block and not other.users:
        other.name = f"{full} before"  # left over from a deleted face: Blender would number ours
    block.name = full
    block[GIVEN] = block.name


def _is_named_by_hand(block: bpy.types.ID) -> bool:
    """Whether an artist has named it: it has another name than it was given, which Blender may have numbered."""
    given = block.get(GIVEN)
    return given is not None and not re.fullmatch(rf"{re.escape(str(given))}(\.\d+)?", block.name)


def _blocks(skin: bpy.types.Object) -> Iterator[tuple[bpy.types.ID, str]]:
    """Yield each datablock that belongs to this face alone, and its label."""
    parts = parts_of(skin)
    for collection in skin.users_collection:
        if GIVEN in collection and not any(is_skin(other) and other != skin for other in collection.objects):
            yield collection, ""
    for part in parts:
        label = str(part[PART]).replace("_", " ")
        yield part, label
        if part.data.users == 1:
            yield part.data, label
    yield from _hair_blocks(skin, {str(part[PART]) for part in parts})
    yield from _card_blocks(skin)
    materials = _materials(parts)
    theirs = _materials(object_ for object_ in bpy.data.objects if PART in object_ and object_ not in parts)
    for material in materials:
        name = values_of(material).get("name")
        if name and material not in theirs:
            yield material, f"{name} {material.get(SHADE, '')}".strip().replace("_", " ")
    their_images = _images(theirs)
    for image in _images(materials):
        if CHANNEL in image and image not in their_images:
            yield image, f"{image.get(TILE, '')} {image[CHANNEL]}".strip().replace("_", " ")


def _hair_blocks(skin: bpy.types.Object, parts: set[str]) -> Iterator[tuple[bpy.types.ID, str]]:
    """Yield the objects, curves and materials of a face's hair; a part may have the usual name of one."""
    hair = hair_objects_of(skin)
    others = _materials(object_ for object_ in bpy.data.objects if HAIR in object_ and object_ not in hair.values())
    for region, object_ in hair.items():
        label = REGIONS[region] if REGIONS[region] not in parts else f"{REGIONS[region]} hair"
        yield object_, label
        if object_.data.users == 1:
            yield object_.data, label
        for material in _materials([object_]):
            if is_hair_material(material) and material not in others:
                yield material, label


def _card_blocks(skin: bpy.types.Object) -> Iterator[tuple[bpy.types.ID, str]]:
    """Yield the objects, meshes, materials and images of a face's cards."""
    cards = cards_of(skin)
    others = _materials(object_ for object_ in bpy.data.objects if CARDS in object_ and object_ not in cards.values())
    for region, object_ in cards.items():
        yield object_, f"{REGIONS[region]} cards"
        if object_.data.users == 1:
            yield object_.data, f"{REGIONS[region]} cards"
        for material in _materials([object_]):
            if values_of(material).get("name") == f"{REGIONS[region]} cards" and material not in others:
                yield material, f"{REGIONS[region]} cards"
    their_images = _images(others)
    for image in _images(_materials(cards.values())):
        if CHANNEL in image and image not in their_images:
            yield image, f"cards {image[CHANNEL]}"


def _materials(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Material]:
    """The materials that objects wear, each once."""
    return _unique(slot.material for object_ in objects for slot in object_.material_slots)


def _images(materials: Iterable[bpy.types.Material]) -> list[bpy.types.Image]:
    """The images that materials show, each once."""
    return _unique(node.image for material in materials for node in _image_nodes(material))


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
        bpy.types.Curves: bpy.data.hair_curves,
        bpy.types.Material: bpy.data.materials,
        bpy.types.Image: bpy.data.images,
    }
    return next(blocks for kind, blocks in kinds.items() if isinstance(block, kind))
