"""What a face's objects remember: custom properties, by which they are found again whatever they are called.

The skin has the face's own: dreamface_face_id, _prompt, _seed (as text: it may not fit Blender's integers),
_resolution, _head, _vertices (how many its head has), _statement and _folder; as JSON _record (what else the face
remembers, for the backend), _traits, _measured (the shape traits as they are on the mesh), _layers (how strongly each
layer of the skin is laid on), _edits, _talk, _shapes, _regions, _landmarks (name -> vertex), _history,
_not_understood and _worn, the expression that its shape keys were last set to. Some skins have _chin, the vertex at
the tip of the chin; _candidate, whom of the seed's candidates the person began as; _extra_shapes, as JSON the names
of its shapes beyond ARKit's 52; and _studio_head, which a studio that lights it has as well. Every object, the skin
too, has dreamface_part, its name in the head model, dreamface_range, its first vertex in the head and one more than
its last, dreamface_faces, the same of faces, and dreamface_of, the face's id. Objects of hair, which are curves and
no parts, have dreamface_hair, their region, dreamface_hair_style, and dreamface_of.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import bpy

from .errors import SceneError
from .grooms import REGIONS, RegionHair
from .reading import FaceFolder, FaceObject, expression_weight
from .rigs import BONES, RING

GIVEN = "dreamface_given_name"
"""Custom property of a datablock: the name that it was given; where it has another now, that is the artist's."""

FACE_ID = "dreamface_face_id"
VERTEX_COUNT = "dreamface_vertices"
"""Custom property of the skin: how many vertices the whole head has, with parts that were deleted."""

PART = "dreamface_part"
RANGE = "dreamface_range"
FACES = "dreamface_faces"
"""Custom property of a part: its first face in the head and one more than its last; files of older versions have none,
and skins with the first of all faces.
"""

HAIR = "dreamface_hair"
"""Custom property of an object of hair: its region, such as "scalp"."""

STYLE = "dreamface_hair_style"
"""Custom property of an object of hair: its style, look and colour in face.json, as JSON."""

CARDS = "dreamface_cards"
"""Custom property of an object of cards: the region whose hair they stand for."""

FOLLOWED = "dreamface_followed"
"""Custom property of a part: the vertex groups that it has of the skin's, for an artist's own rig, as JSON."""

VISEME = "viseme_"
"""What the names of visemes begin with, which are mixed from a face's shapes."""

BEFORE_RIG = " before rig"
"""What follows the name of a vertex group, such as a region's, while a bone has that name."""

RIG = "dreamface_rig"
"""Custom property of an armature: we have made it for the head whose skin it is a child of."""

TRAITS_PROPERTY = "dreamface_traits"
MEASURED_PROPERTY = "dreamface_measured"
LAYERS_PROPERTY = "dreamface_layers"
LANDMARKS = "dreamface_landmarks"
EDITS = "dreamface_edits"
"""Custom property of the skin: the artist's edits, from below, as JSON."""

TALK = "dreamface_talk"
"""Custom property of the skin: what was said to the face and what was answered, the oldest first, as JSON."""

EXTRA_SHAPES = "dreamface_extra_shapes"
"""Custom property of the skin: the names of its shape keys beyond ARKit's, as JSON."""

CANDIDATE = "dreamface_candidate"
"""Custom property of the skin: whom of the seed's candidates the person began as."""

_ARKIT_SHAPES = 52
"""As many come first in every face; what follows is the head model's own."""

PUBLIC = (
    FACE_ID,
    "dreamface_prompt",
    "dreamface_seed",
    "dreamface_head",
    CANDIDATE,
    TRAITS_PROPERTY,
    EXTRA_SHAPES,
    "dreamface_statement",
)
"""What other software is told when a face is exported; the rest is of use in Blender alone, and tells private paths."""

_RECORD = "dreamface_record"
_OF_THE_FOLDER = frozenset({
    "schema_version", "generator", "statement", "digital_source_type", "head", "parts", "materials", "tiles", "maps",
    "shapes", "measured", "groom", "wrinkles",
})  # fmt: skip
"""Fields of face.json that describe the folder's contents; all others are what the face remembers."""

_OF_THEIR_OWN = frozenset(
    {"face_id", "prompt", "seed", "resolution", "traits", "not_understood", "history", "edits", "talk"}
)
"""What the face remembers and the skin has a property of its own for."""

_OF = "dreamface_of"
_REGIONS = "dreamface_regions"
_WORN = "dreamface_worn"
_SHOWN = "dreamface_shown"
_CHIN_LANDMARK = "multipie_08"


def describe_skin(skin: bpy.types.Object, face: FaceFolder) -> None:
    """Write on the skin which face it is now."""
    document = face.document
    skin[FACE_ID] = document["face_id"]
    skin["dreamface_prompt"] = document["prompt"]
    skin["dreamface_seed"] = str(document["seed"])
    skin["dreamface_resolution"] = document["resolution"]
    skin["dreamface_head"] = document["head"]["model"]
    skin["dreamface_statement"] = document["statement"]
    skin["dreamface_folder"] = str(face.path)
    skin[VERTEX_COUNT] = len(face.arrays["vertices"])
    skin[_RECORD] = json.dumps(
        {name: value for name, value in document.items() if name not in _OF_THE_FOLDER | _OF_THEIR_OWN}
    )
    _describe_talk(skin, document)
    for name in ("traits", "shapes", "history", "not_understood"):
        skin[f"dreamface_{name}"] = json.dumps(document[name])
    skin[_REGIONS] = json.dumps(face.arrays["region_names"].tolist())
    skin[MEASURED_PROPERTY] = json.dumps(document.get("measured", {}))
    skin[LAYERS_PROPERTY] = json.dumps(strengths(document.get("layers", [])))
    candidate = document["head"].get("identity", {}).get("candidate")
    if candidate is None:
        skin.pop(CANDIDATE, None)
    else:
        skin[CANDIDATE] = int(candidate)
    extras = document["shapes"][_ARKIT_SHAPES:]
    if extras:
        skin[EXTRA_SHAPES] = json.dumps(extras)
    else:
        skin.pop(EXTRA_SHAPES, None)
    landmarks = face.landmarks()
    skin[LANDMARKS] = json.dumps(landmarks)
    if _CHIN_LANDMARK in landmarks:
        skin["dreamface_chin"] = landmarks[_CHIN_LANDMARK]
    else:
        skin.pop("dreamface_chin", None)


def _describe_talk(skin: bpy.types.Object, document: dict[str, Any]) -> None:
    """Write the conversation that a folder has; one that has gone on since, in the scene, stays."""
    said = document.get("talk") or []
    now = talk_of(skin)
    goes_on = len(now) >= len(said) and all(
        one.get("said") == other.get("said") for one, other in zip(now, said, strict=False)
    )
    if not (document["history"] and goes_on):
        set_talk(skin, said)


def corrections_of(skin: bpy.types.Object) -> list[dict[str, Any]]:
    """Return what the artist has said of words of a face's prompt; none where the property was damaged by hand."""
    try:
        found = json.loads(skin.get(_RECORD, "{}")).get("corrections", [])
    except (ValueError, TypeError, AttributeError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def talk_of(skin: bpy.types.Object) -> list[dict[str, Any]]:
    """Return the conversation with a face, the oldest turn first; none where the property was damaged by hand."""
    try:
        turns = json.loads(skin.get(TALK, "[]"))
    except (ValueError, TypeError):
        return []
    return turns if isinstance(turns, list) and all(isinstance(turn, dict) for turn in turns) else []


def set_talk(skin: bpy.types.Object, turns: list[dict[str, Any]]) -> None:
    """Give a face this conversation."""
    if turns:
        skin[TALK] = json.dumps(turns)
    else:
        skin.pop(TALK, None)


def describe_part(object_: bpy.types.Object, face: FaceFolder, piece: FaceObject) -> None:
    """Write on an object which part of which face it is now."""
    object_[PART] = piece.name
    object_[RANGE] = piece.vertices
    object_[FACES] = piece.faces
    object_[_OF] = face.document["face_id"]


def describe_hair(object_: bpy.types.Object, skin: bpy.types.Object, hair: RegionHair) -> None:
    """Write on an object of hair what it is, and which face's."""
    object_[HAIR] = hair.region
    object_[STYLE] = json.dumps({"style": hair.style, "look": hair.look, "colour": hair.colour})
    object_[_OF] = skin[FACE_ID]


def own_names(object_: bpy.types.Object, skin: bpy.types.Object) -> tuple[str, ...]:
    """Names of the shape keys and vertex groups that an artist has added to an object of a face.

    Where the skin does not say which came with the face, as in files of older versions, all may be the artist's.
    """
    keys = object_.data.shape_keys
    there = {
        "dreamface_shapes": [key.name for key in keys.key_blocks[1:]] if keys else [],
        _REGIONS: [group.name for group in object_.vertex_groups],
    }
    made: list[str] = []
    for known, names in there.items():
        try:
            ours = set(json.loads(skin.get(known, "[]")))
            if known == "dreamface_shapes":
                ours |= {name for name in names if name.startswith(VISEME)}
            if known == _REGIONS:
                ours |= set(json.loads(object_.get(FOLLOWED, "[]")))
                ours |= {*BONES, RING, *(name + BEFORE_RIG for name in ours)}
        except (ValueError, TypeError):
            ours = set()
        made += [name for name in names if name not in ours]
    return tuple(made)


def wear_expression(skin: bpy.types.Object, traits: dict[str, Any]) -> None:
    """Set the shape keys to the expression in a face's traits, but only those whose weight in it has changed.

    So an artist's pose stays, unless the face itself is asked to smile, or not to smile any more.
    """
    worn = json.loads(skin.get(_WORN, "{}"))
    keys = skin.data.shape_keys
    for key in keys.key_blocks[1:] if keys else ():
        weight = expression_weight(traits, key.name)
        if weight != worn.get(key.name, 0.0):
            key.value = weight
    names = [name.partition(".")[2] for name in traits if name.startswith("expression.")]
    skin[_WORN] = json.dumps({name: expression_weight(traits, name) for name in names})


def find_face(face_id: str) -> bpy.types.Object | None:
    """Return the skin of the face with that id, in the current scene where it is there, or else in any.

    Copies that share the id come after their original.
    """
    name, uid = _last_seen.get(face_id, ("", 0))
    for objects in (bpy.context.scene.objects, bpy.data.objects):
        seen = objects.get(name)  # scenes may have ten thousand objects, and sliders ask at every step
        if seen is not None and seen.session_uid == uid and _is_skin_of(seen, face_id):
            return seen
        found = min((skin for skin in objects if _is_skin_of(skin, face_id)), key=_age, default=None)
        if found is not None:
            _last_seen[face_id] = (found.name, found.session_uid)
            return found
    return None


_last_seen: dict[str, tuple[str, int]] = {}
"""Face id -> name and session_uid under which its skin was found last; only where to look first."""


def _is_skin_of(object_: bpy.types.Object, face_id: str) -> bool:
    return object_.get(FACE_ID) == face_id and is_skin(object_) and bool(object_.users_scene)


def _age(object_: bpy.types.Object) -> int:
    """Return a number that is higher for objects that were made later."""
    return int(object_.session_uid)


def is_skin(object_: bpy.types.Object) -> bool:
    """Whether an object is a face's skin; an exported face that was imported again is only a mesh."""
    return FACE_ID in object_ and PART in object_ and RANGE in object_


def skins() -> list[bpy.types.Object]:
    """The skins of all faces that are in a scene."""
    return [object_ for object_ in bpy.data.objects if is_skin(object_) and object_.users_scene]


def separate_copies(face_id: str) -> bool:
    """Give the copies of a duplicated face ids of their own; True where there were any.

    Jobs and sliders look their face up by its id. The one that was there first keeps it.
    """
    sharing = [skin for skin in skins() if skin[FACE_ID] == face_id]
    for copy in sorted(sharing, key=_age)[1:]:
        objects = [*parts_of(copy), *hair_objects_of(copy).values(), *cards_of(copy).values()]
        copy[FACE_ID] = str(uuid.uuid4())
        for object_ in objects:
            object_[_OF] = copy[FACE_ID]
    return len(sharing) > 1


def mark_shown(skin: bpy.types.Object, mark: str) -> None:
    """Note in a face's meshes and shape keys what they show.

    Not on the object: undo brings each datablock back by itself, and only those that its steps tell apart. A mark says
    the truth only if it lies where the vertices are.
    """
    for data in _shape_data(skin):
        data[_SHOWN] = mark


def shows(skin: bpy.types.Object, mark: str, unmarked: bool = False) -> bool:
    """Whether all of a face's meshes and shape keys carry the mark; `unmarked` is the answer for those with none."""
    return all(unmarked if _SHOWN not in data else data[_SHOWN] == mark for data in _shape_data(skin))


def _shape_data(skin: bpy.types.Object) -> list[bpy.types.ID]:
    meshes = [object_.data for object_ in parts_of(skin)]
    return [*meshes, *(mesh.shape_keys for mesh in meshes if mesh.shape_keys)]


def skin_of(object_: bpy.types.Object | None) -> bpy.types.Object | None:
    """The skin of the face that an object belongs to: itself or one that it is parented to.

    A part that the artist has parented elsewhere, to a rig say, is known by lying in one collection with its skin.
    """
    ancestor = object_
    while ancestor is not None:
        if is_skin(ancestor):
            return ancestor
        ancestor = ancestor.parent
    return _skin_beside(object_) if object_ is not None and _OF in object_ else None


def _skin_beside(part: bpy.types.Object) -> bpy.types.Object | None:
    """Return the skin in a part's collections whose face it says it is of.

    Among copies of a face that is the one on the same rig, or the one that was copied together with the part.
    """
    neighbours = dict.fromkeys(_neighbours(part))
    skins_beside = [other for other in neighbours if is_skin(other) and other[FACE_ID] == part[_OF]]
    if len(skins_beside) < 2:
        return skins_beside[0] if skins_beside else None
    on_same_rig = [skin for skin in skins_beside if _root(skin) == _root(part)]
    candidates = sorted(on_same_rig or skins_beside, key=_age)
    alike = [other for other in neighbours if _role(other) == _role(part) and other.get(_OF) == part[_OF]]
    alike = [other for other in alike if not on_same_rig or _root(other) == _root(part)]
    return candidates[min(sorted(alike, key=_age).index(part), len(candidates) - 1)]


def _role(object_: bpy.types.Object) -> tuple[str | None, str | None]:
    """What an object is to its face: a part of it, or the hair of a region."""
    return object_.get(PART), object_.get(HAIR) or object_.get(CARDS)


def _root(object_: bpy.types.Object) -> bpy.types.Object:
    while object_.parent is not None:
        object_ = object_.parent
    return object_


def parts_of(skin: bpy.types.Object) -> list[bpy.types.Object]:
    """All objects of a face, the skin first; those that the artist has deleted are not there."""
    return [object_ for object_ in _candidates(skin) if PART in object_ and skin_of(object_) == skin]


def hair_of(skin: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Region -> the object with a face's hair there; see `grooms.REGIONS` for their order."""
    return {region: object_ for region, object_ in hair_objects_of(skin).items() if len(object_.data.curves)}


def hair_objects_of(skin: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Region -> the object for a face's hair there, also where it is bare now."""
    found = [object_ for object_ in _candidates(skin) if HAIR in object_ and object_.type == "CURVES"]
    by_region = {object_[HAIR]: object_ for object_ in _copies_first(found) if skin_of(object_) == skin}
    return {region: by_region[region] for region in REGIONS if region in by_region}


def rig_of(skin: bpy.types.Object) -> bpy.types.Object | None:
    """Return the armature that `armature.add_rig` has given a head; None where it has none."""
    found = [object_ for object_ in _candidates(skin) if object_.type == "ARMATURE" and RIG in object_]
    return next((object_ for object_ in _copies_first(found) if skin_of(object_) == skin), None)


def cards_of(skin: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Region -> the object with a face's cards of that hair."""
    found = [object_ for object_ in _candidates(skin) if CARDS in object_ and object_.type == "MESH"]
    return {object_[CARDS]: object_ for object_ in _copies_first(found) if skin_of(object_) == skin}


def _copies_first(objects: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """Sort objects so that an artist's backup copies come before what they were copied from.

    In a file that was opened again all objects are as old as their names say; the one that we have named has its name.
    """
    return sorted(objects, key=lambda object_: (object_.name != object_.get(GIVEN), _age(object_)), reverse=True)


def describe_cards(object_: bpy.types.Object, skin: bpy.types.Object, region: str) -> None:
    """Write on an object of cards what it is, and which face's."""
    object_[CARDS], object_[_OF] = region, skin[FACE_ID]


def _candidates(skin: bpy.types.Object) -> list[bpy.types.Object]:
    """What may belong to a face, the skin first."""
    return list(dict.fromkeys((skin, *skin.children_recursive, *_neighbours(skin))))


def _neighbours(object_: bpy.types.Object) -> list[bpy.types.Object]:
    return [neighbour for collection in object_.users_collection for neighbour in collection.objects]


def was_edited(part: bpy.types.Object) -> bool:
    """Whether a part has another number of vertices than it came with: something was joined to it or cut off, say."""
    try:
        first, last = part[RANGE]
    except (KeyError, ValueError, TypeError):
        return True
    return len(part.data.vertices) != last - first


def record(skin: bpy.types.Object) -> dict[str, Any]:
    """What the backend needs to edit the face, as plain values: face_id, prompt, seed, resolution, head, traits, ...

    What Blender does not know of is given back as it came; files of older versions have only the rest.

    Raises:
        SceneError: its custom properties were removed or changed by hand.
    """
    try:
        return json.loads(skin.get(_RECORD, "{}")) | {
            "face_id": skin[FACE_ID],
            "prompt": skin["dreamface_prompt"],
            "seed": int(skin["dreamface_seed"]),
            "resolution": int(skin["dreamface_resolution"]),
            "head": skin["dreamface_head"],
            "traits": traits_of(skin),
            "not_understood": json.loads(skin["dreamface_not_understood"]),
            "history": json.loads(skin["dreamface_history"]),
            "candidate": skin.get(CANDIDATE),
            "layers": _layers_as_set(skin),
            "edits": edits_of(skin),
            "talk": talk_of(skin),
        }
    except (KeyError, ValueError, TypeError) as error:
        raise lost_properties(skin) from error


def strengths(layers: list[dict[str, Any]] | dict[str, float]) -> dict[str, float]:
    """Strength 0..1 of every layer by id, 0 for hidden ones; faces of older versions say just that."""
    if isinstance(layers, dict):
        return layers
    return {entry["id"]: entry["strength"] if entry.get("visible", True) else 0.0 for entry in layers}


def _layers_as_set(skin: bpy.types.Object) -> list[dict[str, Any]]:
    """The face's layer entries with the strengths that its sliders show.

    Raises:
        KeyError, ValueError, TypeError: the properties were removed or changed by hand.
    """
    entries = json.loads(skin.get(_RECORD, "{}")).get("layers", [])
    known = {} if isinstance(entries, dict) else {entry["id"]: entry for entry in entries}
    built = strengths(entries)
    for name, strength in json.loads(skin.get(LAYERS_PROPERTY, "{}")).items():
        if name not in known:
            known[name] = {"id": name, "kind": name, "strength": strength}
        elif strength != built[name]:
            known[name] = known[name] | {"strength": strength, "visible": True}
    return list(known.values())


def edits_of(skin: bpy.types.Object) -> list[dict[str, Any]]:
    """The artist's edits, from below, as face.json has them.

    Raises:
        ValueError, TypeError: the property was changed by hand.
    """
    edits = json.loads(skin.get(EDITS, "[]"))
    if not (isinstance(edits, list) and all(isinstance(edit, dict) for edit in edits)):
        raise ValueError("not edits")
    return edits


def traits_of(skin: bpy.types.Object) -> dict[str, Any]:
    """Trait -> {"value", "confidence", "because"}.

    Raises:
        KeyError, ValueError, TypeError: the property was removed or changed by hand.
    """
    traits = json.loads(skin[TRAITS_PROPERTY])
    if not isinstance(traits, dict):
        raise ValueError("not traits")
    return traits


def lost_properties(skin: bpy.types.Object) -> SceneError:
    """What to raise where a skin does not say any more what a face needs to say."""
    return SceneError(f"{skin.name} has lost its DreamFace properties: undo, or import the face's folder again.")


def check_can_change(objects: list[bpy.types.Object]) -> None:
    """Raise unless all the objects and their meshes may be changed now.

    Raises:
        SceneError: one is linked from another file, or is being edited, sculpted or painted.
    """
    for object_ in objects:
        if not (object_.is_editable and object_.data.is_editable):
            raise SceneError(f"{object_.name} is linked from another file: make it local first (Object > Relations).")
        if object_.mode != "OBJECT":
            mode = object_.mode.replace("_", " ").title()
            raise SceneError(f"{object_.name} is in {mode} Mode: go back to Object Mode first.")
