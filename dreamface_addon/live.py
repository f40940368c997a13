"""What follows the artist's hands: the reading of the prompt being typed, head and hair while a slider is dragged."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import open_arrays
from .link import Client, Exchange

DEBOUNCE = 0.25  # seconds without another letter until a prompt is read
_RETRY = 0.5  # seconds after a call that found the backend busy
_BUSY = (409, 503)
"""What a backend answers that may do it in a moment."""


@dataclass(frozen=True)
class Chip:
    """Words of the prompt and the traits that they were taken for.

    Attributes:
        words: of the prompt.
        traits: names; none where the words are of a mark at one place, "a scar on the left cheek".
        sure: 0..1, how sure that reading is.
    """

    words: str
    traits: tuple[str, ...]
    sure: float = 1.0


@dataclass(frozen=True)
class Meaning:
    """What some words could also mean.

    Attributes:
        said: it in words.
        traits: name -> the value that they would have.
    """

    said: str
    traits: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What a prompt was understood to mean.

    Attributes:
        prompt: the words.
        traits: name -> {"value", "confidence", "because", "said", "follows"}.
        not_understood: words that mean nothing here.
        nothing_read: a sentence where nothing was read, so that a face would be anybody; else empty.
        notes: (kind, words, sentence) of whatever an artist should know.
        marks: words of what lies at one place on the skin.
        others: words -> what they could also mean, the likeliest first.
    """

    prompt: str
    traits: dict[str, dict[str, Any]]
    not_understood: tuple[str, ...]
    nothing_read: str = ""
    notes: tuple[tuple[str, str, str], ...] = ()
    marks: tuple[str, ...] = ()
    others: dict[str, tuple[Meaning, ...]] = field(default_factory=dict)

    @property
    def chips(self) -> list[Chip]:
        """The traits by the words that gave them, in the words' order in the prompt."""
        groups: dict[str, list[str]] = {}
        for name, trait in self.traits.items():
            words = trait.get("because")
            if isinstance(words, str) and words:
                groups.setdefault(words, []).append(name)
        prompt = self.prompt.lower()

        def place(words: str) -> int:
            # "curly hair" of "curly red hair" does not stand together: then where the first of the words does.
            places = (prompt.find(found) for found in (words.lower(), *words.lower().split()))
            return next((found for found in places if found >= 0), len(prompt))

        chips = {words: Chip(words, tuple(names), self._sure(names)) for words, names in groups.items()}
        chips |= {words: Chip(words, ()) for words in self.marks}
        return [chips[words] for words in sorted(chips, key=place)]

    def _sure(self, names: list[str]) -> float:
        """Return how sure the surest of some traits is."""
        known = [self.traits[name].get("confidence") for name in names]
        return max((float(one) for one in known if isinstance(one, int | float)), default=1.0)


@dataclass(frozen=True)
class Shape:
    """A head as the backend reshaped it.

    Attributes:
        face_id: whose.
        traits: what it was asked to be.
        arrays: "vertices", float32 [V, 3] in metres; with shapes also "shape_offsets", "shape_vertices" and
            "shape_deltas" as in geometry.npz. They are read-only.
    """

    face_id: str
    traits: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


class Reader:
    """Asks what the newest prompt means, once typing pauses.

    Attributes:
        reading: of the newest prompt that was answered; None while there is none.
        problem: a sentence about the last one; "" if it was read.
    """

    def __init__(self) -> None:
        self.reading: Reading | None = None
        self.problem = ""
        self._prompt = ""
        self._due: float | None = None
        self._asked = ""
        self._exchange: Exchange | None = None

    @property
    def pending(self) -> bool:
        """Whether a prompt waits to be read."""
        return self._due is not None or self._exchange is not None

    def read(self, prompt: str) -> None:
        """Take a prompt; a newer one replaces it."""
        if prompt == self._prompt:
            return
        self._prompt = prompt
        self._due = time.monotonic() + DEBOUNCE if prompt.strip() else None
        if not prompt.strip():
            self.reading, self.problem = None, ""

    def poll(self, client: Client) -> bool:
        """Go on; False where the connection was lost."""
        lost = self._exchange is not None and self._exchange.done and self._take(self._exchange)
        if self._exchange is None and self._due is not None and time.monotonic() >= self._due:
            self._due, self._asked = None, self._prompt
            self._exchange = client.send("POST", "/read", {"prompt": self._asked})
        return not lost

    def reconnect(self) -> None:
        """Ask again what was under way."""
        if self._exchange is not None:
            self._exchange = None
            self._again(0.0)

    def _take(self, exchange: Exchange) -> bool:
        self._exchange = None
        if self._asked != self._prompt:
            return exchange.lost  # a newer one is about to be asked
        if exchange.lost or exchange.status == 503:
            self._again(_RETRY)
            return exchange.lost
        self.problem = exchange.error or ""
        self.reading = None if self.problem else _reading(self._asked, exchange.json())
        return False

    def _again(self, after: float) -> None:
        if self._due is None and self._prompt.strip():
            self._due = time.monotonic() + after


def _reading(prompt: str, said: dict[str, Any]) -> Reading | None:
    traits, words = said.get("traits"), said.get("not_understood")
    if not isinstance(traits, dict) or not isinstance(words, list):
        return None
    known = {str(name): trait for name, trait in traits.items() if isinstance(trait, dict)}
    others = said.get("alternatives")
    return Reading(
        prompt,
        known,
        tuple(str(word) for word in words),
        nothing_read=str(said.get("note") or "") if said.get("nothing_read") else "",
        notes=tuple(
            (str(note.get("kind")), str(note.get("words")), str(note.get("text"))) for note in _dicts(said, "notes")
        ),
        marks=tuple(str(mark.get("words")) for mark in _dicts(said, "marks")),
        others={str(words): _meanings(found) for words, found in others.items()} if isinstance(others, dict) else {},
    )


def _dicts(said: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the objects of a list in an answer; what is something else is passed over."""
    found = said.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _meanings(found: Any) -> tuple[Meaning, ...]:
    listed = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return tuple(Meaning(str(one.get("said")), one["traits"]) for one in listed if isinstance(one.get("traits"), dict))


@dataclass(frozen=True)
class Hair:
    """A head's hair as the backend grew it.

    Attributes:
        face_id: whose.
        traits: what it was asked to be.
        regions: those that were asked for; one without arrays has no hair.
        groom: of each region with hair what face.json says of it.
        arrays: as in groom.npz. They are read-only.
    """

    face_id: str
    traits: dict[str, Any]
    regions: tuple[str, ...]
    groom: list[dict[str, Any]]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Painted:
    """What differs in a head's maps when its edits change, as the backend painted it.

    Attributes:
        face_id: whose.
        edits: the stack that it shows then.
        before: the stack that it shows until then.
        arrays: see POST /paint. They are read-only.
    """

    face_id: str
    edits: list[dict[str, Any]]
    before: list[dict[str, Any]]
    arrays: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class _Call:
    face_id: str
    body: dict[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


class _Newest:
    """Base of what asks about faces, one at a time, always the newest of each face.

    Attributes:
        problem: a sentence about the last one; "" if it came.
    """

    _path: str
    """Where to ask."""

    def __init__(self) -> None:
        self.problem = ""
        self._waiting: dict[str, _Call] = {}
        self._call: _Call | None = None
        self._exchange: Exchange | None = None
        self._not_before = 0.0

    @property
    def pending(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._waiting or self._exchange)

    def wish(self, face_id: str, body: dict[str, Any], files: Mapping[str, bytes] | None = None) -> None:
        """Ask; an older wish for the same face is dropped. Files, by SHA-256, are sent ahead where they have to be."""
        self._waiting.pop(face_id, None)
        self._waiting[face_id] = _Call(face_id, body, files or {})

    def poll(self, client: Client) -> bool:
        """Go on; False where the connection was lost."""
        lost = self._exchange is not None and self._exchange.done and self._take(self._exchange)
        self.ask(client)
        return not lost

    def ask(self, client: Client) -> None:
        """Send the next wish, if none is under way."""
        if self._exchange is None and self._waiting and time.monotonic() >= self._not_before:
            self._call = self._waiting.pop(next(iter(self._waiting)))
            self._exchange = client.send("POST", self._path, self._call.body)

    def reconnect(self) -> None:
        """Ask again what was under way."""
        if self._exchange is not None:
            self._exchange = None
            self._again()

    def _take(self, exchange: Exchange) -> bool:
        self._exchange = None
        self.problem = exchange.error or ""
        if exchange.lost or exchange.status in _BUSY:
            self._not_before = time.monotonic() + _RETRY
            self._again()
        elif exchange.error is None and self._call is not None:
            self._open(self._call, exchange.body)
        return exchange.lost

    def _again(self) -> None:
        if self._call is not None:
            self._waiting.setdefault(self._call.face_id, self._call)

    def _open(self, call: _Call, body: bytes) -> None:
        raise NotImplementedError


class Reshaper(_Newest):
    """Asks for heads.

    Attributes:
        arrived: heads that were not taken yet, oldest first.
    """

    _path = "/reshape"

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[Shape] = []

    @property
    def pending(self) -> bool:
        """Whether a head is waited for, or waits to be taken."""
        return bool(super().pending or self.arrived)

    def take(self) -> Shape | None:
        """The oldest head that has arrived and was not taken yet."""
        return self.arrived.pop(0) if self.arrived else None

    def _open(self, call: _Call, body: bytes) -> None:
        try:
            arrays = open_arrays(body)
            vertices = arrays["vertices"]
            if vertices.dtype != np.float32 or vertices.ndim != 2 or vertices.shape[1] != 3:
                raise ValueError("vertices")
        except (ValueError, KeyError):
            self.problem = "The engine sent a head that cannot be read: restart it."
            return
        self.arrived = [
            shape for shape in self.arrived if shape.face_id != call.face_id or "shape_deltas" in shape.arrays
        ]
        self.arrived.append(Shape(call.face_id, dict(call.body["traits"]), arrays))


@dataclass(frozen=True)
class Pinned:
    """A head as it follows pins in its photographs.

    Attributes:
        face_id: whose.
        request: what was asked.
        arrays: see POST /pins. They are read-only.
        step: of the history, with the pins; empty where only the points were asked for.
    """

    face_id: str
    request: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    step: dict[str, Any]


class Pinner(_Newest):
    """Asks how heads follow pins.

    Attributes:
        arrived: answers that were not taken yet, oldest first.
    """

    _path = "/pins"

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[Pinned] = []

    @property
    def pending(self) -> bool:
        """Whether an answer is waited for, or waits to be taken."""
        return bool(super().pending or self.arrived)

    def take(self) -> Pinned | None:
        """The oldest answer that has arrived and was not taken yet."""
        return self.arrived.pop(0) if self.arrived else None

    def forget(self) -> None:
        """Ask nothing more, and take no answer, nor one that is under way: the next drag would take it for its own."""
        self._waiting.clear()
        self._call = self._exchange = None
        self.arrived.clear()
        self.problem = ""

    def _open(self, call: _Call, body: bytes) -> None:
        try:
            arrays = open_arrays(body)
            step = json.loads(arrays["step"].tobytes()) if "step" in arrays else {}
            if not isinstance(step, dict) or (step and arrays["moved"].ndim != 2):
                raise ValueError("step")
        except (ValueError, KeyError):
            self.problem = "The engine sent a head that cannot be read: restart it."
            return
        self.arrived.append(Pinned(call.face_id, call.body, arrays, step))


class Grower(_Newest):
    """Asks for heads' hair.

    Attributes:
        arrived: hair that was not taken yet, oldest first; of one face and the same regions only the newest.
    """

    _path = "/groom"

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[Hair] = []

    @property
    def pending(self) -> bool:
        """Whether hair is waited for, or waits to be taken."""
        return bool(super().pending or self.arrived)

    def take(self) -> Hair | None:
        """The oldest hair that has arrived and was not taken yet."""
        return self.arrived.pop(0) if self.arrived else None

    def _open(self, call: _Call, body: bytes) -> None:
        try:
            arrays = open_arrays(body)
            groom = json.loads(arrays.pop("groom").tobytes())
            if not (isinstance(groom, list) and all(isinstance(entry, dict) for entry in groom)):
                raise ValueError("groom")
        except (ValueError, KeyError):
            self.problem = "The engine sent hair that cannot be read: restart it."
            return
        hair = Hair(call.face_id, dict(call.body["traits"]), tuple(call.body["regions"]), groom, arrays)
        self.arrived = [
            other for other in self.arrived if (other.face_id, other.regions) != (hair.face_id, hair.regions)
        ]
        self.arrived.append(hair)


class Repainter(_Newest):
    """Asks what differs in heads' maps when their edits change. Pictures are sent ahead, each once.

    Attributes:
        arrived: answers that were not taken yet, oldest first.
        unknown: whether the backend is too old to be asked.
        too_much: face ids of answers that were too large; their whole folders are made instead.
    """

    _path = "/paint"

    def __init__(self) -> None:
        super().__init__()
        self.arrived: list[Painted] = []
        self.unknown = False
        self.too_much: set[str] = set()
        self._sent: set[str] = set()
        self._uploading = ""

    @property
    def pending(self) -> bool:
        """Whether an answer is waited for, or waits to be taken."""
        return bool(super().pending or self.arrived)

    def take(self) -> Painted | None:
        """The oldest answer that has arrived and was not taken yet."""
        return self.arrived.pop(0) if self.arrived else None

    def ask(self, client: Client) -> None:
        """Send the next wish if none is under way, and what it needs before it."""
        if self._exchange is None and self._waiting and time.monotonic() >= self._not_before:
            files = next(iter(self._waiting.values())).files
            missing = next((digest for digest in files if digest not in self._sent), "")
            if missing:
                self._uploading = missing
                self._exchange = client.send("PUT", f"/uploads/{missing}", files[missing])
                return
        super().ask(client)

    def reconnect(self) -> None:
        """Ask again what was under way; it may be another backend, which has none of the files."""
        self._sent.clear()
        self.unknown = False
        if self._uploading:
            self._exchange, self._uploading = None, ""
        super().reconnect()

    def _take(self, exchange: Exchange) -> bool:
        if not self._uploading:
            return self._take_answer(exchange)
        self._exchange, uploaded, self._uploading = None, self._uploading, ""
        if exchange.error is None:
            self._sent.add(uploaded)
        elif exchange.lost or exchange.status in _BUSY:
            self._not_before = time.monotonic() + _RETRY
        else:
            self.problem = exchange.error
            self._waiting.pop(next(iter(self._waiting), ""), None)
        return exchange.lost

    def _take_answer(self, exchange: Exchange) -> bool:
        lost = super()._take(exchange)
        if exchange.status == 400:
            self._sent.clear()  # an upload may have been deleted
        if exchange.status in (404, 405):
            self.unknown, self.problem = True, ""
        elif exchange.status == 200 and exchange.error and not exchange.lost and self._call is not None:
            self.too_much.add(self._call.face_id)
            self.problem = ""
        return lost

    def _open(self, call: _Call, body: bytes) -> None:
        try:
            arrays = open_arrays(body)
        except ValueError:
            self.problem = "The engine sent textures that cannot be read: restart it."
            return
        self.arrived.append(Painted(call.face_id, call.body["face"]["edits"], call.body["shown"], arrays))
