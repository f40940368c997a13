"""Trait sliders that move the mesh while they move.

A slider writes the face's traits (`dreamface_traits` on the skin object) and nothing else; Blender makes its own step
of undo when the artist lets go. The mesh then follows the traits: whatever they say is asked of the backend, and what
comes back is applied. Undo and redo bring traits back, too, so the mesh follows them in the same way.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import bpy

from . import scene
from .backend import BackendState
from .session import Session
from .vocabulary import TRAITS, Trait

PATIENCE = 10.0
"""Seconds that a running backend has for a head before the mesh is left as it is."""

QUIET = 0.25
"""Seconds without a change after which the expressions are made anew as well; the neutral head follows at once."""

_TRAITS = "dreamface_traits"
_BUILT = "dreamface_built_traits"
_SHOWN = "dreamface_shown"
_MEASURED = "dreamface_measured"
"""Custom properties of the skin: the traits, what they were when the maps were painted, which of them the mesh shows,
and what it measures."""

BY_HAND = "set by hand"


def value_of(skin: bpy.types.Object, trait: Trait) -> Any:
    """A face's value of a trait: as it was asked for or drawn, else as it measures on the mesh."""
    entry = _parsed(skin.get(_TRAITS, "{}")).get(trait.name)
    return entry["value"] if entry else _parsed(skin.get(_MEASURED, "{}")).get(trait.name, trait.default)


def set_value(skin: bpy.types.Object, trait: Trait, value: Any) -> None:
    """Change a face's trait; the mesh follows by itself, the maps when they are painted anew."""
    entry = {"value": value, "confidence": 1.0, "because": BY_HAND}
    skin[_TRAITS] = json.dumps(_parsed(skin.get(_TRAITS, "{}")) | {trait.name: entry})


def reset(skin: bpy.types.Object, trait: Trait) -> None:
    """Set a trait back to what it was when the face was built.

    Its confidence goes back as well: a trait that was set is met exactly, one that the seed drew only as far as the
    others allow.
    """
    built, now = _parsed(skin.get(_BUILT, skin.get(_TRAITS, "{}"))), dict(_parsed(skin.get(_TRAITS, "{}")))
    now.pop(trait.name, None)
    skin[_TRAITS] = json.dumps(now | ({trait.name: built[trait.name]} if trait.name in built else {}))


def changed_traits(skin: bpy.types.Object) -> dict[str, Any]:
    """What was changed since the face was built: trait -> value."""
    now, built = _parsed(skin.get(_TRAITS, "{}")), _parsed(skin.get(_BUILT, skin.get(_TRAITS, "{}")))
    return {name: entry["value"] for name, entry in now.items() if name in TRAITS and entry != built.get(name)}


def textures_are_old(skin: bpy.types.Object) -> bool:
    """Whether a changed trait shows in the maps."""
    return any(TRAITS[name].textured for name in changed_traits(skin))


def remember_built(skin: bpy.types.Object) -> None:
    """Note that mesh and maps show the traits as they are."""
    skin[_BUILT] = skin[_TRAITS]
    skin[_SHOWN] = _digest(skin, exact=True)


@dataclass
class _Pending:
    """What was asked of the backend and is not back yet."""

    face_id: str
    shown: str
    since: float

    def is_for(self, face_id: str, shown: str) -> bool:
        """Whether it is that very question."""
        return (self.face_id, self.shown) == (face_id, shown)


class Following:
    """Keeps meshes in step with their traits; `tick` does the work, a little at a time."""

    def __init__(self, session: Session) -> None:
        self.problem = ""
        self._session = session
        self._faces: dict[str, float] = {}
        self._pending: _Pending | None = None

    @property
    def active(self) -> bool:
        """Whether a mesh is behind its traits."""
        return bool(self._faces)

    def look_at(self, skin: bpy.types.Object) -> None:
        """Check this face from now until its mesh shows its traits."""
        self._faces[scene.own_id(skin)] = time.monotonic()

    def forget(self) -> None:
        """Drop everything, as when another file is opened."""
        self._faces.clear()
        self._pending = None

    def tick(self) -> bool:
        """Apply what came back and ask for what is missing; True where a mesh has moved."""
        moved = self._apply() or self._give_up()
        for face_id, changed in list(self._faces.items()):
            skin = scene.find_face(face_id)
            if skin is None or skin.get(_SHOWN, "") == _digest(skin, exact=True):
                del self._faces[face_id]
            else:
                self._ask(skin, exact=time.monotonic() - changed > QUIET)
        return moved

    def _ask(self, skin: bpy.types.Object, exact: bool) -> None:
        wanted = _digest(skin, exact)
        face_id = skin["dreamface_face_id"]
        if not exact and skin.get(_SHOWN, "") == wanted:
            return
        if self._pending is not None and self._pending.is_for(face_id, wanted):
            return
        record = scene.record(skin)
        self._pending = _Pending(face_id, wanted, time.monotonic())
        self._session.reshape(face_id, record["head"], record["seed"], record["traits"], shapes=exact)

    def _give_up(self) -> bool:
        """Stop waiting for a backend that runs but does not answer; True where it came to that."""
        if self._session.state is BackendState.FAILED:
            waited_in_vain = bool(self._faces)
        else:
            ready = self._session.state is BackendState.READY
            since = self._pending.since if self._pending is not None and ready else time.monotonic()
            waited_in_vain = time.monotonic() - since > PATIENCE
        if waited_in_vain:
            why = self._session.problem or self._session.call_problem or "The backend does not answer."
            self.problem = f"The mesh could not follow the sliders: {why}"
            self.forget()
        return waited_in_vain

    def _apply(self) -> bool:
        shape = self._session.take_shape()
        skin = scene.find_face(shape.face_id) if shape else None
        if shape is None or skin is None or shape.face_id not in self._faces:
            return False
        exact = "shape_offsets" in shape.arrays
        try:
            scene.reshape(skin, shape.arrays, json.loads(skin[_TRAITS]))
        except scene.SceneError as error:
            self.problem = str(error)
            del self._faces[shape.face_id]
            return False
        self.problem = ""
        self._pending = None
        skin[_SHOWN] = _digest_of(shape.traits, exact)
        return True


def _digest(skin: bpy.types.Object, exact: bool) -> str:
    return _digest_of(_parsed(skin.get(_TRAITS, "{}")), exact)


def _digest_of(traits: dict[str, Any], exact: bool) -> str:
    """A short name for the traits that move the mesh; `exact` where the expressions were made for them, too."""
    values = [_what_counts(traits.get(name)) for name, trait in TRAITS.items() if trait.live]
    return hashlib.sha1(json.dumps(values).encode()).hexdigest() + (" exact" if exact else "")


def _what_counts(entry: Any) -> Any:
    return [entry["value"], entry.get("confidence")] if isinstance(entry, dict) else entry


@lru_cache(maxsize=8)
def _parsed(text: str) -> dict[str, Any]:
    """A face's traits; panels ask for them at every redraw."""
    traits: dict[str, Any] = json.loads(text)
    return traits
