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

from . import interface, scene, stack
from .link import BackendState
from .part import BUSY_INTERVAL, IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Hair, Session
from .setting_up import SettingUp
from .shaping import PATIENCE, Entries, built_traits, is_behind, shape_digest, shown_traits, wanted_traits
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
    scene.mark_grown(skin, wanted_marks(wanted_traits(skin)) | dict.fromkeys(scene.deleted_hair(skin), ""))


def stale_regions(skin: bpy.types.Object) -> list[str]:
    """Return the regions whose hair does not show the traits, except where an artist has edited or deleted it."""
    return _compare(skin, wanted_traits(skin)).stale


_ANY_SHAPE = "any"
"""In a mark instead of the head's shape: what there is stays as it is when only the shape changes."""


@dataclass(frozen=True)
class _State:
    """A face's hair beside the traits that it is to show.

    Attributes:
        traits: those.
        wanted: region -> mark of hair that shows them.
        marks: region -> mark of what its hair shows.
        stale: regions that show others, and that an artist has not edited.
        edited: regions that show others, and that an artist has edited.
    """

    traits: Entries
    wanted: dict[str, str]
    marks: dict[str, str]
    stale: list[str]
    edited: list[str]


def _compare(skin: bpy.types.Object, traits: Entries) -> _State:
    hair, wanted = scene.hair_of(skin), wanted_marks(traits)
    marks = scene.grown_marks(skin, hair)
    others = [region for region, mark in marks.items() if mark and not _is_as_wanted(mark, wanted[region])]
    edited = scene.edited_hair(skin, {region: hair[region] for region in others if region in hair})
    return _State(traits, wanted, marks, [region for region in others if region not in edited], edited)


def _is_as_wanted(mark: str, wanted: str) -> bool:
    shape, _, own = mark.partition("/")
    return mark == wanted or (shape == _ANY_SHAPE and own == wanted.partition("/")[2])


def _mark_as_built(skin: bpy.types.Object) -> None:
    """Note what the hair shows of a face that is older than hair: it has none, and gets none with another shape."""
    there = scene.hair_of(skin)
    marks = wanted_marks(built_traits(skin)).items()
    scene.mark_grown(
        skin,
        {region: mark if region in there else f"{_ANY_SHAPE}/{mark.partition('/')[2]}" for region, mark in marks},
    )


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


def _rests(state: _State, face: _Face) -> bool:
    """Whether a face's traits have not changed for as long as it takes until its hair is asked for."""
    shapes = {mark.partition("/")[0] for mark in (*state.marks.values(), *state.wanted.values()) if mark}
    return time.monotonic() - face.changed > (REST if len(shapes - {_ANY_SHAPE}) > 1 else QUIET)


class Growing(Part):
    """Hair that follows its traits; `tick` does the work, a little at a time.

    Attributes:
        problem: why hair cannot follow, until dismissed or the next change.
        notice: what it waits for, or nothing.
    """

    def __init__(
        self,
        session: Session,
        setup: SettingUp,
        wake: Callable[[], None],
        moves: Callable[[bpy.types.Object], bool] = lambda skin: True,
    ) -> None:
        """Look after nothing yet.

        Args:
            session: the backend.
            setup: starts it.
            wake: called when there is something to do.
            moves: whether the mesh of a face that does not show its traits is on its way to them.
        """
        self.problem = self.notice = ""
        self._session = session
        self._setup = setup
        self._wake = wake
        self._moves = moves
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
        face_id = str(skin.get(scene.FACE_ID))
        return face_id in self._faces and scene.find_face(face_id) == skin

    def look_at(self, skin: bpy.types.Object) -> None:
        """Let a face's hair follow its traits from now on, until it does."""
        if not scene.knows_grown(skin):  # of an older file
            _mark_as_built(skin)
        state = _compare(skin, wanted_traits(skin))
        if state.stale or is_behind(skin):
            self._look_at(skin)
        elif state.edited:
            self.problem = scene.applied_transform(skin)  # nobody has combed that

    def follow_all(self) -> None:
        """Let each hair follow that does not show its face's traits, after undo and redo.

        What was to be grown in any case is withdrawn: it was asked for in a scene that is not there any more.
        """
        self.problem = ""  # it may be what was undone
        for face in self._faces.values():
            face.forced, face.label = frozenset(), ""
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
        self.problem = scene.applied_transform(skin)
        if self.problem:
            return
        self._setup.start_if_needed()
        if label:
            interface.own_id(skin)
        face = self._look_at(skin)
        face.forced, face.label = face.forced | frozenset(regions), label or face.label
        face.changed = 0.0

    def _look_at(self, skin: bpy.types.Object) -> _Face:
        face_id = str(skin[scene.FACE_ID])
        if face_id not in self._faces or scene.find_face(face_id) != skin:
            scene.separate_copies(face_id)  # answers are put on the face that has the id
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
        behind = is_behind(skin)
        if behind and self._moves(skin):
            return  # the mesh comes first: hair is rooted in it
        traits = shown_traits(skin) if behind else wanted_traits(skin)
        state = _compare(skin, traits) if traits is not None else None
        wanted = face.forced.union(state.stale) if state is not None else ()
        if state is None or not wanted:
            self._drop(face_id)  # where the mesh can't follow, that was said
        elif self._question is None and _rests(state, face):
            self._ask(skin, face_id, state, [region for region in _FAMILIES if region in wanted])

    def _ask(self, skin: bpy.types.Object, face_id: str, state: _State, regions: list[str]) -> None:
        applied = scene.applied_transform(skin)
        if applied:
            self._drop(face_id, applied)
            return
        record = scene.record(skin)
        edits = stack.shaping(scene.stack_of(skin))
        self._session.grow(face_id, record["head"], record["seed"], state.traits, record["candidate"], regions, edits)
        self._question = _Question(face_id, {region: state.wanted[region] for region in regions}, time.monotonic())

    def _take(self, hair: Hair) -> bool:
        """Put on hair that has come, unless nobody waits for it or the head has another shape by now."""
        question, self._question = self._question, None
        skin, face = scene.find_face(hair.face_id), self._faces.get(hair.face_id)
        if skin is None or face is None or question is None or interface.hindrance() is not None:
            return False
        behind = is_behind(skin)
        traits = None if behind and self._moves(skin) else shown_traits(skin) if behind else wanted_traits(skin)
        if traits is None or shape_digest(traits, exact=True) != shape_digest(hair.traits, exact=True):
            return False
        marks, wanted = wanted_marks(hair.traits), face.forced.union(_compare(skin, traits).stale)
        regions = [region for region in hair.regions if region in wanted]
        if not regions:
            return False
        try:
            scene.check_not_applied(skin)
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
