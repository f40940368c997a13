"""Hair that follows its traits, as the mesh does: what they say is asked of the backend, and what comes is put on.

Colours, lengths and styles are asked for at once. A head that changes its shape takes its hair along; it is grown anew
when the shape rests. Hair that an artist has combed is left alone until `grow` is called.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import bpy

from . import interface, scene
from .link import BackendState
from .part import BUSY_INTERVAL, IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Hair, Session
from .setting_up import SettingUp
from .shaping import PATIENCE, Entries, built_traits, is_behind, shape_digest, traits_of
from .vocabulary import FAMILIES

QUIET = 0.08
"""Seconds without a change after which hair is asked for: a style sets several traits, one after the other."""

REST = 0.4
"""Seconds without a change of the head's shape after which its hair is grown anew; until then it is carried along."""

_FAMILIES = {
    "scalp": ("Hair", "Hair Colour"),
    "beard": ("Beard", "Hair Colour"),
    "brows": ("Brows", "Hair Colour"),
    "lashes": ("Lashes", "Hair Colour"),
}
"""Region -> the families of traits that its hair is grown from, besides the head's shape."""


def wanted_marks(entries: Entries) -> dict[str, str]:
    """Return for each region a short name for the traits that its hair is grown from."""
    shape = shape_digest(entries, exact=True)
    return {region: f"{shape}/{_digest(entries, families)}" for region, families in _FAMILIES.items()}


def _digest(entries: Entries, families: tuple[str, ...]) -> str:
    names = [trait.name for family in families for trait in FAMILIES[family]]
    values = [entry.get("value") if isinstance(entry := entries.get(name), dict) else entry for name in names]
    return hashlib.sha1(json.dumps(values).encode()).hexdigest()


def remember_grown(skin: bpy.types.Object) -> None:
    """Note that a face's hair shows its traits as they are; what an artist has deleted stays away."""
    scene.mark_grown(skin, wanted_marks(traits_of(skin)) | dict.fromkeys(scene.deleted_hair(skin), ""))


def stale_regions(skin: bpy.types.Object) -> list[str]:
    """Return the regions whose hair does not show the traits, except where an artist has edited or deleted it."""
    now, wanted = scene.grown_marks(skin), wanted_marks(traits_of(skin))
    stale = [region for region, mark in now.items() if mark and mark != wanted[region]]
    edited = scene.edited_hair(skin) if stale else []
    return [region for region in stale if region not in edited]


@dataclass(frozen=True)
class _Question:
    """Hair that was asked for and has not come yet."""

    face_id: str
    marks: dict[str, str]
    since: float


@dataclass
class _Face:
    """A face whose hair is looked after.

    Attributes:
        changed: when one of its traits changed last.
        forced: regions that are grown also where an artist has edited or deleted the hair.
        label: of the step of undo when they have come; empty where the caller has made one.
    """

    changed: float
    forced: frozenset[str] = frozenset()
    label: str = ""


class Growing(Part):
    """Hair that follows its traits; `tick` does the work, a little at a time.

    Attributes:
        problem: why hair cannot follow, until dismissed or the next change.
        notice: what it waits for, or nothing.
    """

    def __init__(self, session: Session, setup: SettingUp, wake: Callable[[], None]) -> None:
        self.problem = self.notice = ""
        self._session = session
        self._setup = setup
        self._wake = wake
        self._faces: dict[str, _Face] = {}
        self._question: _Question | None = None
        self._hindered = False

    @property
    def active(self) -> bool:
        """Whether hair is on its way, and nobody has to do anything before."""
        on_its_way = self._session.state in (BackendState.STARTING, BackendState.READY)
        return bool(self._faces) and not self._hindered and on_its_way

    @property
    def interval(self) -> float:
        """Short while hair is on its way."""
        if self.active:
            return BUSY_INTERVAL if self._question is None else READY_INTERVAL / 4
        return READY_INTERVAL if self._faces and self._hindered else IDLE_INTERVAL

    def is_growing(self, skin: bpy.types.Object) -> bool:
        """Return whether hair of this face is waited for."""
        return str(skin.get(scene.FACE_ID)) in self._faces

    def look_at(self, skin: bpy.types.Object) -> None:
        """Let a face's hair follow its traits from now on, until it does."""
        if not scene.knows_grown(skin):  # of an older file
            scene.mark_grown(skin, wanted_marks(built_traits(skin)))
        if is_behind(skin) or stale_regions(skin):
            self._look_at(skin)

    def follow_all(self) -> None:
        """Let each hair follow that does not show its face's traits, as after undo."""
        for skin in scene.skins():
            if stale_regions(skin):
                self._setup.start_if_needed()
                self._look_at(skin)

    def grow(self, skin: bpy.types.Object, regions: Collection[str] = tuple(_FAMILIES), label: str = "") -> None:
        """Grow hair anew, also where an artist has edited or deleted it; the backend is started if needed.

        Args:
            skin: the face's.
            regions: which hair.
            label: what the step of undo is called that is made when it has come; empty for none.
        """
        self._setup.start_if_needed()
        face = self._look_at(skin)
        face.forced, face.label = face.forced | frozenset(regions), label or face.label
        face.changed = 0.0

    def _look_at(self, skin: bpy.types.Object) -> _Face:
        face = self._faces.setdefault(str(skin[scene.FACE_ID]), _Face(0.0))
        face.changed = time.monotonic()
        self.problem = ""
        self._wake()
        return face

    # --------------------------------------------------------------------------------------- what the application calls

    def tick(self) -> bool:
        """Put on what came, and ask for what is missing."""
        before = (self.problem, self.notice, bool(self._faces))
        hair = self._session.take_hair()
        applied = hair is not None and self._take(hair)
        refused = self._session.grow_refused if self._session.state is BackendState.READY else ""
        if refused and self._question is not None:
            self._drop(self._question.face_id, refused)
        held_by = interface.hindrance() if self._faces else None
        self._hindered = held_by is not None
        for face_id in list(self._faces) if not self._hindered else ():
            try:
                self._look_after(face_id)
            except (scene.SceneError, ValueError, KeyError, TypeError) as error:
                self._drop(face_id, str(error))
        self.notice = self._what_for(held_by) if self._faces else ""
        return applied or before != (self.problem, self.notice, bool(self._faces))

    def dismiss_messages(self) -> None:
        """Stop showing why hair could not follow."""
        self.problem = ""

    def file_opened(self) -> None:
        """Forget the faces of the file that was open before."""
        self._faces.clear()
        self._question = None
        self.problem = self.notice = ""

    def _look_after(self, face_id: str) -> None:
        skin, face = scene.find_face(face_id), self._faces[face_id]
        if skin is None:
            self._drop(face_id)
            return
        if is_behind(skin):
            return  # the mesh comes first: hair is rooted in it
        stale = dict.fromkeys([*stale_regions(skin), *sorted(face.forced)])
        if not stale:
            self._drop(face_id)
        elif self._question is None and self._rests(skin, face):
            self._ask(skin, face_id, [region for region in _FAMILIES if region in stale])

    def _rests(self, skin: bpy.types.Object, face: _Face) -> bool:
        shape = shape_digest(traits_of(skin), exact=True)
        marks = [mark for mark in scene.grown_marks(skin).values() if mark]
        moved = any(mark.partition("/")[0] != shape for mark in marks)
        return time.monotonic() - face.changed > (REST if moved else QUIET)

    def _ask(self, skin: bpy.types.Object, face_id: str, regions: list[str]) -> None:
        record = scene.record(skin)
        marks = wanted_marks(record["traits"])
        self._session.grow(face_id, record["head"], record["seed"], record["traits"], record["candidate"], regions)
        self._question = _Question(face_id, {region: marks[region] for region in regions}, time.monotonic())

    def _take(self, hair: Hair) -> bool:
        """Put on hair that has come, unless nobody waits for it or the head has another shape by now."""
        question, self._question = self._question, None
        skin, face = scene.find_face(hair.face_id), self._faces.get(hair.face_id)
        if skin is None or face is None or question is None or interface.hindrance() is not None:
            return False
        marks = wanted_marks(hair.traits)
        shape = shape_digest(traits_of(skin), exact=True)
        if is_behind(skin) or any(mark.partition("/")[0] != shape for mark in marks.values()):
            return False
        kept = [region for region in scene.edited_hair(skin) if region not in face.forced]
        regions = [region for region in hair.regions if region not in kept]
        try:
            scene.grow_hair(skin, hair.arrays, hair.groom, regions)
        except scene.SceneError as error:
            self._drop(hair.face_id, str(error))
            return True
        scene.mark_grown(skin, {region: marks[region] for region in regions})
        face.forced -= frozenset(regions)
        if face.label and not face.forced:
            interface.push_undo(f"DreamFace: {face.label}")
            face.label = ""
        return True

    def _what_for(self, held_by: interface.Hindrance | None) -> str:
        """Return what the hair waits for, as a sentence; nothing where it is about to come."""
        if held_by is not None:
            return f"The hair follows {held_by.value}."
        state, question = self._session.state, self._question
        if state is BackendState.READY:
            late = question is not None and time.monotonic() - question.since > PATIENCE
            return "The engine does not answer yet; the hair follows when it does." if late else ""
        if state is BackendState.STOPPED:
            why_not = self._setup.why_no_backend() or "Start the engine first, in the preferences"
            return f"{why_not}: the hair follows then."
        return f"The hair follows when the engine is ready. {self._session.problem}".strip()

    def _drop(self, face_id: str, why: str = "") -> None:
        self._faces.pop(face_id, None)
        if self._question is not None and self._question.face_id == face_id:
            self._question = None
        self.problem = why or self.problem
