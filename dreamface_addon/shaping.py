"""Trait sliders that move the mesh while they move.

A slider writes the face's traits (a custom property of the skin object) and nothing else; Blender makes its own step of
undo when the artist lets go. The mesh then follows the traits: whatever they say is asked of the backend, and what
comes back is applied. Undo and redo bring traits back, too, so the mesh follows them in the same way.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import bpy

from . import interface, scene, stack
from .link import BackendState
from .part import BUSY_INTERVAL, IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session, Shape
from .setting_up import SettingUp
from .vocabulary import LAYERS, TRAITS, Trait
from .whole_face import shown_traits as with_edits

PATIENCE = 10.0
"""Seconds that a running backend has for a head before it is said that the mesh waits for it."""

QUIET = 0.25
"""Seconds without a change after which the expressions are made anew as well; the neutral head follows at once."""

_BUILT, _BUILT_LAYERS = "dreamface_built_traits", "dreamface_built_layers"
"""Custom properties of the skin: its traits and its layers' strengths as they were when the maps were painted."""

BY_HAND = "set by hand"

Entries = dict[str, Any]
"""Trait -> {"value", "confidence", "because"}."""


# --------------------------------------------------------------------------------------------------- a face's traits


def traits_of(skin: bpy.types.Object) -> Entries:
    """Return a face's traits, not to be changed; none if the property was damaged by hand."""
    return _parsed(skin.get(scene.TRAITS_PROPERTY, "{}"))


def value_of(skin: bpy.types.Object, trait: Trait) -> Any:
    """Return a face's value of a trait: as it was asked for or drawn, otherwise as measured on the mesh."""
    entry = traits_of(skin).get(trait.name)
    value = (
        entry.get("value")
        if isinstance(entry, dict)
        else _parsed(skin.get(scene.MEASURED_PROPERTY, "{}")).get(trait.name)
    )
    return value if _fits(value, trait) else trait.default


def wanted_traits(skin: bpy.types.Object) -> Entries:
    """Return the traits that mesh and hair are to show: a face's own, with its edits of the whole face over them."""
    return with_edits(traits_of(skin), scene.stack_of(skin))


def set_value(skin: bpy.types.Object, trait: Trait, value: Any, because: str = BY_HAND) -> None:
    """Change a face's trait; mesh and hair follow by themselves, the maps when they are painted again."""
    skin[scene.TRAITS_PROPERTY] = json.dumps(
        traits_of(skin) | {trait.name: {"value": value, "confidence": 1.0, "because": because}}
    )


def is_set_by_hand(skin: bpy.types.Object, trait: Trait) -> bool:
    """Return whether an artist has set a trait of a face."""
    entry = traits_of(skin).get(trait.name)
    return isinstance(entry, dict) and entry.get("because") == BY_HAND


def reset(skin: bpy.types.Object, trait: Trait) -> None:
    """Set a trait back to what it was when the face was built.

    Its confidence goes back as well: a trait that was set is met exactly, one that the seed drew only as far as the
    others allow.
    """
    skin[scene.TRAITS_PROPERTY] = json.dumps(_with(traits_of(skin), trait.name, built_traits(skin).get(trait.name)))


def lay_over(skin: bpy.types.Object, since: Entries, now: Entries) -> None:
    """Change a face's traits as they were changed between two moments."""
    entries = traits_of(skin)
    for name in since.keys() | now.keys():
        if since.get(name) != now.get(name):
            entries = _with(entries, name, now.get(name))
    skin[scene.TRAITS_PROPERTY] = json.dumps(entries)


def changed_traits(skin: bpy.types.Object) -> dict[str, Any]:
    """Return what was changed since the face was built: trait -> value."""
    now, built = traits_of(skin), built_traits(skin)
    names = [name for name in TRAITS if now.get(name) != built.get(name)]
    return {name: value_of(skin, TRAITS[name]) for name in names}


def strength_of(skin: bpy.types.Object, layer: str) -> float:
    """Return the strength of a layer of a face's skin, 0..1."""
    value = _parsed(skin.get(scene.LAYERS_PROPERTY, "{}")).get(layer, 1.0)
    return value if isinstance(value, int | float) else 1.0


def set_strength(skin: bpy.types.Object, layer: str, strength: float) -> None:
    """Change the strength of a layer; the maps follow when they are painted again."""
    skin[scene.LAYERS_PROPERTY] = json.dumps(_parsed(skin.get(scene.LAYERS_PROPERTY, "{}")) | {layer: strength})


def changed_layers(skin: bpy.types.Object) -> dict[str, float]:
    """Return the strengths that were changed since the face was built."""
    built = _parsed(skin.get(_BUILT_LAYERS, skin.get(scene.LAYERS_PROPERTY, "{}")))
    now = {layer: strength_of(skin, layer) for layer in LAYERS}
    return {layer: strength for layer, strength in now.items() if strength != built.get(layer, 1.0)}


def built_layers(skin: bpy.types.Object, layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries of a face's layers as strong as they were when its maps were painted."""
    built = _parsed(skin.get(_BUILT_LAYERS, skin.get(scene.LAYERS_PROPERTY, "{}")))
    return [entry | {"strength": built.get(entry["id"], 1.0), "visible": True} for entry in layers]


def reset_layers(skin: bpy.types.Object) -> None:
    """Set every layer's strength back to what it was when the face was built."""
    if _BUILT_LAYERS in skin:
        skin[scene.LAYERS_PROPERTY] = skin[_BUILT_LAYERS]


def textures_are_old(skin: bpy.types.Object) -> bool:
    """Return whether something that shows in the maps was changed."""
    return bool(changed_layers(skin)) or any(TRAITS[name].textured for name in changed_traits(skin))


def remember_built(skin: bpy.types.Object) -> None:
    """Note that mesh and maps show the traits as they are, and the maps the layers."""
    skin[_BUILT] = skin[scene.TRAITS_PROPERTY]
    skin[_BUILT_LAYERS] = skin.get(scene.LAYERS_PROPERTY, "{}")
    scene.mark_shown(skin, shape_digest(wanted_traits(skin), exact=True))


def is_behind(skin: bpy.types.Object) -> bool:
    """Return whether a mesh shows other traits than its face has, as after undo."""
    alone = skin.data.users == 1  # linked duplicates share one mesh: it can't show the traits of both
    return alone and not scene.shows(skin, shape_digest(wanted_traits(skin), exact=True), unmarked=True)


def shown_traits(skin: bpy.types.Object) -> Entries | None:
    """Return a face's traits with those that move the mesh as the mesh shows them; None where that is not known."""
    now = wanted_traits(skin)
    built = with_edits(built_traits(skin), scene.built_edits(skin))
    for known in (now, *reversed(_moved_to.values()), built):
        if any(scene.shows(skin, shape_digest(known, exact)) for exact in (True, False)):
            live = [name for name, trait in TRAITS.items() if trait.live]
            others = {name: entry for name, entry in now.items() if name not in live}
            return others | {name: known[name] for name in live if name in known}
    return None


_moved_to: dict[str, Entries] = {}
"""Face id -> the traits to which its mesh was moved last."""


def built_traits(skin: bpy.types.Object) -> Entries:
    """Return a face's traits as they were when it was built, not to be changed."""
    return _parsed(skin[_BUILT]) if _BUILT in skin else traits_of(skin)


def _with(entries: Entries, name: str, entry: Any) -> Entries:
    others = {other: value for other, value in entries.items() if other != name}
    return others if entry is None else others | {name: entry}


def _fits(value: Any, trait: Trait) -> bool:
    if trait.kind == "choice":
        return value in trait.choices or (trait.is_style and isinstance(value, str) and bool(value))
    if trait.kind == "number":
        return isinstance(value, int | float)
    return isinstance(value, list) and len(value) == (3 if trait.kind == "colour" else 4)


def shape_digest(entries: Entries, exact: bool) -> str:
    """Return a short name for the traits that move the mesh; `exact` if the expressions are made for them, too."""
    counts = [
        [entry.get("value"), entry.get("confidence")] if isinstance(entry := entries.get(name), dict) else entry
        for name, trait in TRAITS.items()
        if trait.live
    ]
    return hashlib.sha1(json.dumps(counts).encode()).hexdigest() + (" exact" if exact else "")


@lru_cache(maxsize=16)
def _parsed(text: str) -> Entries:
    """Return a custom property's JSON; cached, because panels ask for it at every redraw."""
    try:
        entries = json.loads(text)
    except (ValueError, TypeError):
        return {}
    return entries if isinstance(entries, dict) else {}


# --------------------------------------------------------------------------------------------------------- following


@dataclass(frozen=True)
class _Question:
    """A request to the backend that is not answered yet."""

    face_id: str
    shown: str
    since: float


class Following(Part):
    """Meshes that follow their traits; `tick` does the work, a little at a time.

    A change waits for as long as it takes: for Object Mode, for the backend to start, or to be started.

    Attributes:
        problem: why a mesh cannot follow, until dismissed, the next change, or until it does not have to any more.
        notice: what a mesh waits for, or nothing.
    """

    def __init__(
        self,
        session: Session,
        setup: SettingUp,
        wake: Callable[[], None],
        on_look: Callable[[bpy.types.Object], None] = lambda skin: None,
    ) -> None:
        """Look after nothing yet.

        Args:
            session: the backend.
            setup: starts it.
            wake: called when there is something to do.
            on_look: called with a face's skin whose traits have changed.
        """
        self.problem = self.notice = ""
        self._session = session
        self._setup = setup
        self._wake = wake
        self._on_look = on_look
        self._changed: dict[str, float] = {}  # face id -> when; those that are looked after
        self._question: _Question | None = None
        self._ready_since = 0.0
        self._hindered = False  # the scene must not be changed now

    @property
    def active(self) -> bool:
        """Whether a mesh is on its way to its traits, and nobody has to do anything before."""
        return bool(self._changed) and not self._hindered and self._session.state in _ON_ITS_WAY

    @property
    def interval(self) -> float:
        """Short while a mesh is on its way."""
        if self.active:
            return BUSY_INTERVAL
        return READY_INTERVAL if self._changed and self._hindered else IDLE_INTERVAL

    def is_following(self, skin: bpy.types.Object) -> bool:
        """Return whether a face's mesh is on its way to its traits, or will be; not where it was given up."""
        return skin[scene.FACE_ID] in self._changed

    def follow(self, skin: bpy.types.Object) -> None:
        """Let a face's mesh follow its traits, which have changed; start the backend if needed."""
        self._setup.start_if_needed()
        self.look_at(skin)
        self._wake()

    def follow_all(self) -> None:
        """Let each mesh follow that does not show its face's traits."""
        _sculpted.clear()
        behind = [skin for skin in scene.skins() if is_behind(skin)]
        if not behind:
            self.problem = ""
        for skin in behind:
            self.follow(skin)

    def make_expressions(self, skin: bpy.types.Object) -> None:
        """Have a face's own shape keys made anew that were not sculpted, although its traits have not changed."""
        scene.mark_shown(skin, "")
        self.follow(skin)

    def try_again(self) -> None:
        """Follow again after a model was installed, because a missing one may have been the problem."""
        self.problem = ""
        self._session.forget_call_problem()
        self.follow_all()

    def look_at(self, skin: bpy.types.Object) -> None:
        """Check this face from now until its mesh shows its traits."""
        face_id = skin[scene.FACE_ID]
        if face_id not in self._changed or scene.find_face(face_id) != skin:
            scene.separate_copies(face_id)
            face_id = skin[scene.FACE_ID]
        self._changed[face_id] = time.monotonic()
        self.problem = ""
        self._on_look(skin)

    def file_opened(self) -> None:
        """Forget the faces of the file that was open before."""
        self._changed.clear()
        _moved_to.clear()
        self._question = None
        self.problem = self.notice = ""
        _sculpted.clear()

    def dismiss_messages(self) -> None:
        """Stop showing why a mesh could not follow."""
        self.problem = ""

    def tick(self) -> bool:
        """Apply what came back and ask for what is missing."""
        before = (self.problem, self.notice)
        if self._session.state is not BackendState.READY:
            self._ready_since = time.monotonic()
        shape = self._session.take_shape()
        applied = shape is not None and self._take(shape)
        self._give_up_refused()
        held_by = interface.hindrance() if self._changed else None
        self._hindered = held_by is not None
        if not self._hindered:
            for face_id in list(self._changed):
                try:
                    self._look_after(face_id)
                except (scene.SceneError, ValueError, KeyError, TypeError) as error:
                    self._drop(face_id, str(error))
        self.notice = self._what_for(held_by) if self._changed else ""
        return applied or before != (self.problem, self.notice)

    def _look_after(self, face_id: str) -> None:
        skin = scene.find_face(face_id)
        if skin is None or scene.shows(skin, shape_digest(wanted_traits(skin), exact=True)):
            self._drop(face_id)
        elif self._question is None or self._question.face_id == face_id:
            self._ask(skin, face_id, exact=time.monotonic() - self._changed[face_id] > QUIET)

    def _ask(self, skin: bpy.types.Object, face_id: str, exact: bool) -> None:
        traits = wanted_traits(skin)
        wanted = shape_digest(traits, exact)
        if self._question is not None and self._question.shown == wanted:
            return
        if not exact and scene.shows(skin, wanted):
            return
        record = scene.record(skin)
        mixes = stack.shaping(scene.stack_of(skin))
        self._session.reshape(face_id, record["head"], record["seed"], traits, record["candidate"], exact, mixes)
        self._question = _Question(face_id, wanted, time.monotonic())

    def _take(self, shape: Shape) -> bool:
        """Apply a head that has come, unless nobody waits for it any more."""
        exact = "shape_offsets" in shape.arrays
        mark = shape_digest(shape.traits, exact)
        if self._question is not None and self._question.shown == mark:
            self._question = None
        skin = scene.find_face(shape.face_id)
        if skin is None or shape.face_id not in self._changed or interface.hindrance() is not None:
            return False
        try:
            scene.reshape(skin, shape.arrays, traits_of(skin))
        except scene.SceneError as error:
            self._drop(shape.face_id, str(error))
        else:
            scene.mark_shown(skin, mark)
            _moved_to[shape.face_id] = shape.traits
        return True

    def _give_up_refused(self) -> None:
        """Leave a face alone whose head the backend refuses: its head model is not installed, for example."""
        refused = self._session.reshape_refused if self._session.state is BackendState.READY else ""
        if refused and self._question is not None and self._question.face_id in self._changed:
            self._drop(self._question.face_id, f"The mesh could not follow the sliders: {refused}")

    def _what_for(self, held_by: interface.Hindrance | None) -> str:
        """Return what the meshes wait for, as a sentence; nothing where they are about to follow."""
        state, question = self._session.state, self._question
        if held_by is not None:
            return f"The head follows the sliders {held_by.value}."
        if state is BackendState.READY:
            asked = max(question.since, self._ready_since) if question is not None else time.monotonic()
            late = time.monotonic() - asked > PATIENCE
            return "The engine does not answer yet; the head follows the sliders when it does." if late else ""
        if state is BackendState.STOPPED:
            why_not = self._setup.why_no_backend() or "Start the engine first, in the preferences"
            return f"{why_not}: the head follows the sliders then."
        return f"The head follows the sliders when the engine is ready. {self._session.problem}".strip()

    def _drop(self, face_id: str, why: str = "") -> None:
        del self._changed[face_id]
        if self._question is not None and self._question.face_id == face_id:
            self._question = None
        self.problem = why or self.problem


_ON_ITS_WAY = (BackendState.STARTING, BackendState.READY)


# --------------------------------------------------------------------------------------------------------- sculpting


def sculpted(skin: bpy.types.Object) -> scene.SculptedChanges:
    """Return what was sculpted on a face; fast enough to be asked at every redraw.

    Which expressions were sculpted may be a second old, also under a brush. In Edit Mode it is what was there before.
    """
    now, last = time.monotonic(), _sculpted.get(skin.session_uid)
    moved = scene.sculpted_distance(skin)
    if moved is None:
        return last.changes if last is not None else scene.SculptedChanges(0.0, ())
    applied = scene.applied_transform(skin)
    if applied:
        seen = _Seen(_LONG_AGO, skin.mode, scene.SculptedChanges(0.0, (), applied))
    elif last is not None and _is_fresh(last, skin.mode, moved, now):
        changes = replace(last.changes, millimetres=moved, notice=scene.edited_parts(skin))
        seen = replace(last, changes=changes)
    else:
        changes = scene.SculptedChanges(moved, scene.sculpted_expressions(skin), scene.edited_parts(skin))
        seen = _Seen(now, skin.mode, changes)
    _sculpted[skin.session_uid] = seen
    return seen.changes


def clear_sculpted(skin: bpy.types.Object) -> bool:
    """Set a face's mesh back to what its traits say; return whether shape keys have to be made anew.

    Raises:
        SceneError: its objects cannot be changed now, or its transform was applied to the mesh.
    """
    _sculpted.clear()
    return bool(scene.clear_sculpted(skin))


@dataclass(frozen=True)
class _Seen:
    """What was sculpted on a face when its expressions were looked at last, and in which mode it was then."""

    at: float
    mode: str
    changes: scene.SculptedChanges


def _is_fresh(last: _Seen, mode: str, moved: float, now: float) -> bool:
    """Whether expressions need not be looked at again: that takes longer than a brush has between two redraws.

    In other modes than Sculpt Mode nobody moves vertices all the time: there a move says that there is more to see.
    """
    same = mode == "SCULPT" or last.changes.millimetres == moved
    return same and last.mode == mode and now - last.at < _SCULPTED_FOR


_LONG_AGO = float("-inf")
_SCULPTED_FOR = 1.0  # seconds
_sculpted: dict[int, _Seen] = {}
"""The skin's session_uid -> what was seen there."""
