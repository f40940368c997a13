"""What artists lay over a face: words on a place, sketches, pictures, another face; and edits copied to other heads."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy

from . import edit_sliders, interface, scene, shaping, stack
from .asking import Question, Questions
from .link import BackendState
from .part import BUSY_INTERVAL, IDLE_INTERVAL, READY_INTERVAL, Part
from .session import Session
from .setting_up import SettingUp
from .vocabulary import EDIT_WORDS, REGIONS, label_of_region, read_edit_words, read_regions

NO_PLACE = "Mark a place first, or name it in the words: “freckles on the left cheek”"
_NOTHING = "Nothing in “{}” is known here: the menu beside the words shows what works."
_GARBLED = "The engine's answer cannot be understood: update the extension and set up the engine again."
_GONE = "The head that this was for is gone."


@dataclass(frozen=True)
class _Answer:
    """Something to do on a head as soon as the scene may be changed."""

    face_id: str
    label: str
    apply: Callable[[bpy.types.Object], str]
    """Changes the head; returns a sentence where that could not be."""
    is_step: bool = True
    """Whether it is a step of undo: an answer to a question is none."""
    then: Callable[[], None] = lambda: None
    """Called afterwards, also where the head is gone."""


class Editing(Part):
    """Edits on their way from the artist's wish to the stack.

    Attributes:
        problem: why the last wish came to nothing, until dismissed or the next one.
        notice: what an edit waits for, or words of the last one that were not understood.
        unknown: words of the last wish that nothing was made of, for diffusion to try.
        why_no_diffusion: why the engine can't use a diffusion model, as far as it has said; empty where it can.
        families: what words can ask for: (family, ((what it is, the words), ...)).
    """

    def __init__(
        self,
        session: Session,
        setup: SettingUp,
        repaint: Callable[[bpy.types.Object], None],
        reshape: Callable[[bpy.types.Object], None],
        wake: Callable[[], None],
    ) -> None:
        """Wait for wishes.

        Args:
            session: the backend.
            setup: starts it.
            repaint: called with a head whose stack has changed.
            reshape: called with a head whose edits of the whole face have changed.
            wake: called when there is something to do.
        """
        self.problem = self.notice = self.unknown = self.why_no_diffusion = ""
        self.families = EDIT_WORDS
        self._session = session
        self._setup = setup
        self._repaint = repaint
        self._reshape = reshape
        self._wake = wake
        self._questions = Questions()
        self._answers: list[_Answer] = []
        self._lines: list[tuple[str, str]] = []  # what is said, as (face id, words); the first is under way
        self._knows = False  # what the engine's own words are

    @property
    def doing(self) -> str:
        """What is being asked of the engine, or nothing."""
        return self._questions.doing

    # ------------------------------------------------------------------------------------------------- what is possible

    def why_not_say(self, skin: bpy.types.Object, words: str, empty: str) -> str:
        """Return why nothing can be made of words now, or nothing; `empty` is why where there are none."""
        if not words.strip():
            return empty
        return stack.why_no_more(scene.stack_of(skin)) or self._setup.why_no_backend()

    def changed(self, skin: bpy.types.Object, whole_face: bool) -> None:
        """Let skin and, after a change of the whole face, mesh and hair follow a head's stack."""
        self.problem = ""
        self._repaint(skin)
        if whole_face:
            self._reshape(skin)

    # ----------------------------------------------------------------------------------------------------------- wishes

    def say(self, skin: bpy.types.Object, words: str) -> None:
        """Have words laid on the marked place of a head, or on one that they name.

        The words are read by the backend; the edit is in the stack a moment later.
        """
        words = words.strip()
        place = stack.NEW_PLACE | scene.draft_of(skin)
        marked = stack.is_marked(place)

        def laid(said: dict[str, Any]) -> None:
            reading = _Reading.of(said)
            self.why_no_diffusion = str(said.get("why_no_diffusion") or "")
            why_not = reading.why_not(words, marked)
            lost = [word for part in reading.parts for word in part.not_understood]
            offer = "" if "why_no_diffusion" not in said else self._offer()
            if why_not:
                unknown = why_not == _NOTHING.format(words)
                self.unknown = words if unknown else ""
                self._fail(f"{why_not} {offer}".strip() if unknown else why_not)
                return
            self.unknown = words if lost else ""
            self.notice = f"{_not_understood(lost)} {offer}".strip() if lost else ""
            for part in reading.parts:
                where = place if marked else _at(part, place)
                parameters = {"effects": part.effects} if part.effects else {}
                label = words if len(reading.parts) == 1 else part.words or words
                entry = stack.new_entry("words", label, place=where, traits=part.traits, parameters=parameters)
                self._add(face_id, entry, is_drafted=True)

        face_id = self._begin(skin)
        doing = f"Reading “{words}”"
        as_prompt = Question("/read", {"prompt": words}, laid, self._fail, doing=doing)  # of an older engine
        body: dict[str, Any] = {"words": words, "place": marked}
        with contextlib.suppress(scene.SceneError):  # words mean what the artist has said they do
            if corrections := scene.record(skin).get("corrections"):
                body |= {"corrections": corrections}
        self._ask(Question("/edits/read", body, laid, self._fail, instead=as_prompt, doing=doing))

    def talk(self, skin: bpy.types.Object, said: str) -> None:
        """Say something to a head: an order, a step through what was done, or a question.

        The backend understands it; what it changes is in the stack a moment later, as one step of undo. A line that is
        said before the last one is answered waits for that, because it may be about it.

        Raises:
            SceneError: the head, or another one of the scene, has lost what it is made from.
        """
        line = (interface.own_id(skin), said.strip())
        if self._lines:
            self._lines.append(line)
            return
        question = self._to_talk(skin, *line)
        self._begin(skin)
        self._lines.append(line)
        self._ask(question)

    def _to_talk(self, skin: bpy.types.Object, face_id: str, said: str) -> Question:
        """Return what asks the engine what comes of something that is said to a head as it is now.

        Raises:
            SceneError: the head, or another one of the scene, has lost what it is made from.
        """
        record = scene.record(skin)
        entries, turns = stack.canonical(record["edits"]), scene.talk_of(skin)

        def heard(answer: dict[str, Any]) -> None:
            changed = answer.get("changed") is True

            def follow(there: bpy.types.Object) -> str:
                by_hand = changed and stack.canonical(scene.stack_of(there)) != entries
                if by_hand or scene.talk_of(there) != turns:  # head or conversation are others by now: heard again
                    self._lines.insert(1, self._lines[0])
                    return ""
                return self._follow(there, answer)

            self._answers.append(_Answer(face_id, f"Say {said}", follow, changed, self._next_line))

        def failed(why: str) -> None:
            self._fail(why)
            self._next_line()

        others = [other for other in scene.skins() if other != skin and not other.library]
        body = {
            "said": said,
            "face": record | {"edits": entries, "history": []},
            "others": [{"name": scene.name_of(other), "record": _bare(scene.record(other))} for other in others[:50]],
            "folder": (str(skin.get("dreamface_folder", "")) or None) if self._session.shares_disk else None,
        }
        return Question("/talk", body, heard, failed, doing=f"Thinking about “{said}”")

    def _next_line(self) -> None:
        """Send the next line that waits for its turn; one that can't be sent is said to be, and left out."""
        del self._lines[:1]
        while self._lines:
            face_id, said = self._lines[0]
            skin = scene.find_face(face_id)
            try:
                if skin is None:
                    raise scene.SceneError(_GONE)
                self._ask(self._to_talk(skin, face_id, said))
                return
            except scene.SceneError as error:
                self._fail(f"“{said}” was not heard. {error}")
                del self._lines[:1]

    @staticmethod
    def _follow(skin: bpy.types.Object, answer: dict[str, Any]) -> str:
        """Give a head the stack and the conversation that came back; return a sentence where that could not be."""
        try:
            entries = [dict(entry) for entry in answer["edits"]]
            turns = [dict(turn) for turn in answer["talk"]]
            changed = bool(answer["changed"])
        except (KeyError, TypeError, ValueError):
            return _GARBLED
        if changed:
            now = scene.stack_of(skin)
            edit_sliders.set_stack(skin, entries, active=len(entries) - 1 if len(entries) >= len(now) else None)
        scene.set_talk(skin, turns)
        return ""

    def _offer(self) -> str:
        """Return the sentence that offers words which nothing is made of to diffusion."""
        if self.why_no_diffusion:
            return f"Diffusion may know more words. {self.why_no_diffusion}"
        return "Press Diffusion to have a model make it."

    def make_sketch(self, skin: bpy.types.Object, made_as: str) -> None:
        """Make what was drawn on a head into an edit.

        Raises:
            SceneError: nothing was drawn.
        """
        pictures = scene.sketch_of(skin)
        if not pictures:
            raise scene.SceneError("Nothing is drawn yet: press New Sketch and draw on the head.")
        label, _ = edit_sliders.MADE_AS[made_as]
        place = scene.draft_of(skin)
        entry = stack.new_entry(
            "sketch", f"{label} sketch", place=place if stack.is_marked(place) else None,
            parameters={"as": made_as}, pictures=pictures,
        )  # fmt: skip
        self._add(self._begin(skin), entry, is_drafted=True)

    def add_picture(self, skin: bpy.types.Object, png: bytes, label: str, parameters: dict[str, Any]) -> None:
        """Lay a picture on a head.

        Args:
            skin: the head's.
            png: the picture.
            label: what artists read.
            parameters: what it becomes and where it lies; see the backend's pictures.
        """
        place = scene.draft_of(skin)
        where = place if stack.is_marked(place) else None
        digest = scene.keep_picture(skin, png)
        entry = stack.new_entry("picture", label, place=where, parameters=parameters, pictures={"picture": digest})
        self._add(self._begin(skin), entry)

    def mix(self, skin: bpy.types.Object, other: bpy.types.Object, take: list[str], degree: float) -> None:
        """Mix another head of the scene in, on the marked place or everywhere.

        Raises:
            SceneError: the other head has lost what it is made from.
        """
        record = scene.record(other)
        place = scene.draft_of(skin)
        entry = stack.new_entry(
            "mix", f"{' and '.join(take).capitalize()} of {scene.name_of(other)}", strength=degree,
            place=place if stack.is_marked(place) else None, traits=shaping.wanted_traits(other),
            parameters={"take": take, "seed": record["seed"], "candidate": record["candidate"]},
        )  # fmt: skip
        self._add(self._begin(skin), entry, is_drafted=True)

    def copy(self, skin: bpy.types.Object, other: bpy.types.Object, entries: list[stack.Entry]) -> None:
        """Copy edits to another head, above its own; the backend carries places to a head of another model.

        Raises:
            SceneError: a head has lost what it is made from, or pictures of the edits are gone.
        """
        source, target = scene.record(skin), scene.record(other)
        files, _ = scene.files_of(skin, source | {"layers": [], "edits": entries})
        pictures = {digest: files[digest] for digest in scene.digests(entries)}
        face_id = self._begin(other)
        if source["head"] == target["head"]:
            self._put_on(face_id, entries, pictures)
            return

        def carried(said: dict[str, Any]) -> None:
            try:
                decoded = {digest: base64.b64decode(text, validate=True) for digest, text in said["pictures"].items()}
                self._put_on(face_id, [dict(entry) for entry in said["edits"]], decoded)
            except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
                self._fail(_GARBLED)

        doing = f"Carrying edits to {scene.name_of(other)}"
        body = {"edits": stack.canonical(entries), "from": source, "to": target}
        self._ask(Question("/edits/carry", body, carried, self._fail, pictures, doing=doing))

    def carry_along(self, skin: bpy.types.Object, before: dict[str, Any]) -> None:
        """Have the places of a head's edits carried to the mesh that it has now.

        What is painted for the next edit is forgotten, because it is in another layout. An edit whose place can't be
        carried stays in the stack, hidden, and why is said.

        Args:
            skin: the head's.
            before: the record of what it was.
        """
        scene.set_draft(skin, None)
        scene.set_sketch(skin, None)
        entries = scene.stack_of(skin)
        placed = [entry for entry in entries if scene.digests([entry]) or "tile" in (entry.get("parameters") or {})]
        if not placed:
            return
        edit_sliders.set_stack(skin, [entry | {"visible": False} if entry in placed else entry for entry in entries])
        pictures = {digest: scene.read_picture(skin, digest) for digest in scene.digests(placed)}
        files = {digest: png for digest, png in pictures.items() if png is not None}
        face_id = str(skin[scene.FACE_ID])

        def carried(said: dict[str, Any]) -> None:
            try:
                found = {str(entry["id"]): dict(entry) for entry in said["edits"]}
                decoded = [base64.b64decode(text, validate=True) for text in said["pictures"].values()]
            except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
                self._fail(_GARBLED)
                return

            def apply(there: bpy.types.Object) -> str:
                for png in decoded:
                    scene.keep_picture(there, png)
                now = [found.get(str(entry["id"]), entry) for entry in scene.stack_of(there)]
                edit_sliders.set_stack(there, now)
                return ""

            self._answers.append(_Answer(face_id, "Carry Edits", apply))

        body = {"edits": stack.canonical(placed), "from": before, "to": scene.record(skin)}
        self._ask(Question("/edits/carry", body, carried, self._not_carried, files, doing="Carrying edits along"))

    def _not_carried(self, why: str) -> None:
        self._fail(f"Edits of the former mesh are hidden, because their places could not be carried along. {why}")

    def refresh(self) -> None:
        """Ask the engine, where it runs, for the words and places that it knows."""
        if self._session.state is BackendState.READY and not self._knows:
            self._ask(Question("/edits", None, self._take_vocabulary, lambda _why: None))

    def _take_vocabulary(self, said: dict[str, Any]) -> None:
        try:
            self.families, regions = read_edit_words(said), read_regions(said)
        except (KeyError, TypeError, ValueError, AttributeError):
            return  # those that come along do as well
        REGIONS.clear()
        REGIONS.update(regions)
        self._knows = True

    def read_vector(self, skin: bpy.types.Object, content: bytes, then: Callable[[bytes], None]) -> None:
        """Have the backend make a picture of a file that Blender can't read, such as an SVG; `then` gets the PNG."""
        digest = hashlib.sha256(content).hexdigest()

        def drawn(said: dict[str, Any]) -> None:
            try:
                then(base64.b64decode(said["png"], validate=True))
            except (KeyError, TypeError, ValueError, binascii.Error):
                self._fail(_GARBLED)

        self._begin(skin)
        body = {"picture": digest, "kind": "picture"}
        self._ask(Question("/edits/picture", body, drawn, self._fail, {digest: content}, doing="Drawing the picture"))

    # --------------------------------------------------------------------------------------- what the application calls

    @property
    def interval(self) -> float:
        """Short while an answer is waited for."""
        return BUSY_INTERVAL if self._questions.pending else READY_INTERVAL if self._answers else IDLE_INTERVAL

    def tick(self) -> bool:
        """Ask what there is to ask, and put what came into stacks once the scene may be changed."""
        before = (self.problem, self.notice, self.doing)
        ready = self._session.state is BackendState.READY
        if not ready:  # another start may find what was missing
            self.why_no_diffusion = ""
        if self._questions.pending and self._session.state is BackendState.FAILED:
            self._questions.give_up(self._session.problem)
        self._questions.poll(self._session.backend.client if ready else None)
        if self._answers:
            held_by = interface.hindrance()
            if held_by is None:
                self.notice = "" if self.notice.startswith(_WAITS) else self.notice
                for answer in self._take_answers():
                    self._apply(answer)
            else:
                self.notice = f"{_WAITS} {held_by.value}."
        fitted = self._fit_rows()
        return fitted or before != (self.problem, self.notice, self.doing)

    def dismiss_messages(self) -> None:
        """Stop showing why the last wish came to nothing, and what was not understood."""
        self.problem = self.notice = self.unknown = ""

    def file_opened(self) -> None:
        """Forget what was for the file that was open before."""
        self._questions.clear()
        self._answers.clear()
        self._lines.clear()
        self.problem = self.notice = ""

    # ----------------------------------------------------------------------------------------------------------- inside

    def _begin(self, skin: bpy.types.Object) -> str:
        """Start the backend, forget the last message; return the face's id."""
        self.problem = self.notice = self.unknown = ""
        self._setup.start_if_needed()
        return interface.own_id(skin)

    def _ask(self, question: Question) -> None:
        self._questions.ask(question)
        self._wake()

    def _fail(self, why: str) -> None:
        self.problem = why

    def _add(self, face_id: str, entry: stack.Entry, is_drafted: bool = False) -> None:
        """Put an edit on top of a stack, once the scene may be changed.

        Args:
            face_id: whose.
            entry: the edit.
            is_drafted: whether what was marked and drawn for it is used up then.
        """

        def apply(skin: bpy.types.Object) -> str:
            entries = scene.stack_of(skin)
            why_not = stack.why_no_more(entries)
            if not why_not:
                edit_sliders.set_stack(skin, [*entries, entry], active=len(entries))
                if is_drafted:
                    scene.set_draft(skin, None)
                if entry["kind"] == "sketch":
                    scene.set_sketch(skin, None)
            return why_not

        self._answers.append(_Answer(face_id, str(entry["label"]), apply))
        self._wake()

    def _put_on(self, face_id: str, entries: list[stack.Entry], pictures: dict[str, bytes]) -> None:
        def apply(skin: bpy.types.Object) -> str:
            now = scene.stack_of(skin)
            added = [entry | {"id": stack.new_id()} for entry in entries]
            if len(now) + len(added) > stack.MOST_EDITS:
                return f"A face has at most {stack.MOST_EDITS} edits: delete some of {scene.name_of(skin)}'s first."
            for png in pictures.values():
                scene.keep_picture(skin, png)
            edit_sliders.set_stack(skin, [*now, *added], active=len(now) + len(added) - 1)
            return ""

        self._answers.append(_Answer(face_id, "Copy Edits", apply))
        self._wake()

    def _take_answers(self) -> list[_Answer]:
        answers, self._answers = self._answers, []
        return answers

    def _apply(self, answer: _Answer) -> None:
        skin = scene.find_face(answer.face_id)
        if skin is None:
            self._fail(_GONE)
        elif not skin.is_editable:
            self._fail(f"{skin.name} is linked from another file: make it local first (Object > Relations).")
        else:
            if why_not := answer.apply(skin):
                self._fail(why_not)
            if answer.is_step:
                interface.push_undo(f"DreamFace: {answer.label}"[:60])
        answer.then()

    @staticmethod
    def _fit_rows() -> bool:
        """Have rows for the stack of the selected head, which undo or a folder may have changed."""
        skin = scene.skin_of(bpy.context.active_object) if hasattr(bpy.context, "active_object") else None
        return skin is not None and skin.is_editable and edit_sliders.fit_rows(skin)


_WAITS = "The edit is laid on"


@dataclass(frozen=True)
class _Reading:
    """What the backend has understood of words; of several things at several places, `parts` are all of them."""

    words: str
    traits: dict[str, Any]
    effects: list[dict[str, Any]]
    regions: list[str]
    is_inverted: bool
    not_understood: list[str]
    contradiction: str
    further: tuple[_Reading, ...] = ()

    @property
    def parts(self) -> tuple[_Reading, ...]:
        return (self, *self.further)

    @classmethod
    def of(cls, said: dict[str, Any]) -> _Reading:
        """Read an answer; what can't be read says nothing. Older backends know traits alone, or one place."""
        traits, effects = said.get("traits"), said.get("effects")
        words, parts = said.get("not_understood"), said.get("parts")
        regions = said.get("regions") or [said.get("region") or ""]
        all_parts = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        first = all_parts[0] if all_parts else said
        return cls(
            str(first.get("words") or ""),
            traits if isinstance(traits, dict) else {},
            [effect for effect in effects if isinstance(effect, dict)] if isinstance(effects, list) else [],
            [str(name) for name in regions if name] if isinstance(regions, list) else [],
            said.get("inverted") is True,
            [str(word) for word in words] if isinstance(words, list) else [],
            str(said.get("contradiction") or ""),
            tuple(cls.of({**part, "parts": []}) for part in all_parts[1:]),
        )

    def why_not(self, words: str, marked: bool) -> str:
        """Return why nothing can be made of it, or nothing."""
        if self.contradiction:
            return self.contradiction
        if not (self.traits or self.effects):
            return _NOTHING.format(words)
        placed = any(part.regions for part in self.parts)
        return "" if marked or placed else f"{NO_PLACE}."


def _bare(record: dict[str, Any]) -> dict[str, Any]:
    """Return another head's record without what nobody asks of it."""
    return record | {"edits": stack.canonical(record["edits"]), "history": [], "talk": []}


def _at(reading: _Reading, place: stack.Entry | None) -> stack.Entry | None:
    """Return the place that words name; None is the whole face."""
    if not reading.regions:
        return None
    named: stack.Entry = {"regions": list(reading.regions)} | ({"inverted": True} if reading.is_inverted else {})
    return (place or stack.NEW_PLACE) | named


def _not_understood(words: list[str]) -> str:
    return f"Not understood: {', '.join(words)}." if words else ""


def describe(place: stack.Entry) -> str:
    """Return a place in a few words."""
    return stack.describe(place, label_of_region)
