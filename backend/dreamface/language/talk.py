"""What somebody says to a face that is there: orders, steps through its history, questions.

`understand` knows words only: what becomes of a face is `dreamface.editing`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from dreamface.language.changes import read_change
from dreamface.language.parts import Part
from dreamface.language.reader import Reading
from dreamface.language.talk_orders import is_known
from dreamface.traits import Traits

LONGEST_SAID: Final = 500
"""Characters that are listened to at once."""


@dataclass(frozen=True)
class Change:
    """An order to change something.

    Attributes:
        words: as edits in words are read, such as "bigger nose"; degrees are in `strength`.
        strength: how far towards it: 1 is what the words mean, less is "a bit", more is "much".
        held: traits that stay as they are meanwhile.
        said: what was typed for it.
        traits: what the words mean, where that is known without reading them.
        lost: clauses beside it that nothing was made of.
        instead: whether it takes the place of the last change, which it corrects.
    """

    words: str
    strength: float = 1.0
    held: tuple[str, ...] = ()
    said: str = ""
    traits: Traits = field(default_factory=Traits)
    lost: tuple[str, ...] = ()
    instead: bool = False


@dataclass(frozen=True)
class Hold:
    """Parts that no further order may change; `free` are the only ones that may, where somebody said so."""

    parts: tuple[Part, ...]
    free: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Release:
    """Parts that orders may change again."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Undo:
    """The last changes, as many as `count`, are taken back."""

    count: int = 1


@dataclass(frozen=True)
class UndoBut:
    """Every change is taken back but what was done to parts, or but the first or the last changes."""

    parts: tuple[Part, ...] = ()
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class UndoOne:
    """One change is taken back and later ones stay; `number` counts from 1."""

    number: int


@dataclass(frozen=True)
class Redo:
    """What was taken back last is done again."""

    count: int = 1


@dataclass(frozen=True)
class Version:
    """The face goes back or forth to how it was after a number of changes: 1 is before the first."""

    number: int


@dataclass(frozen=True)
class Scale:
    """The last change is made so many times as strong; -1 is the other way round."""

    factor: float


@dataclass(frozen=True)
class Restore:
    """Parts go back to the last state in which they were different; `to_start`, to how they began."""

    parts: tuple[Part, ...]
    to_start: bool = False


@dataclass(frozen=True)
class Take:
    """Parts are taken from another face, whole or a share; `source` is what it was called, "" is "the other one"."""

    parts: tuple[Part, ...]
    source: str = ""
    share: float = 1.0


@dataclass(frozen=True)
class Restart:
    """Everything that was said is taken back."""


@dataclass(frozen=True)
class Question:
    """A question. It changes nothing.

    Attributes:
        topic: "age", "sex", "trait" (one or more of the face's), "why", "changes", "unknown", "describe", "help" or
            "prompt".
        traits: names of those that it is about; none where it is about something that only lies on a place.
        claimed: what it supposes of them, as in "is her nose big?".
        words: it.
    """

    topic: str
    traits: tuple[str, ...] = ()
    claimed: Traits = field(default_factory=Traits)
    words: str = ""


@dataclass(frozen=True)
class Nothing:
    """Nothing that can be followed.

    Attributes:
        why: a sentence.
        said: the clause that it is about, where others beside it may be followed.
    """

    why: str
    said: str = ""


Step: TypeAlias = (
    "Change | Hold | Release | Undo | UndoBut | UndoOne | Redo | Version | Scale | Restore | Take | Restart | "
    "Question | Nothing"
)

CAN_DO: Final = (
    "Say what should be different (“a bit older”, “a sharper jaw, keep the freckles”), step back and forth (“undo "
    "that”, “more”, “the nose was better before”) or ask (“why is she pale?”)."
)
NOT_UNDERSTOOD: Final = f"I did not understand that. {CAN_DO}"
NO_WORDS: Final = f"You said nothing. {CAN_DO}"


@dataclass(frozen=True)
class Context:
    """What understanding needs to know of the face that is talked to.

    Attributes:
        traits: as the face shows them.
        others: names of other faces.
        thing: what was laid on a place last, such as "a scar": what "another one" stands for.
        reads_more: whether words mean something although they say no trait, such as a mark at a place.
        last: what was said for the last change that holds: what "no, green" corrects.
        before: traits before that change, where there is one.
        moved: names of the traits that it set.
        mark: what was laid on a place or changed there last, such as "the scar on the chin".
        is_mark_last: whether the last change was of that alone: "it" stands for it then.
    """

    traits: Traits = field(default_factory=Traits)
    others: tuple[str, ...] = ()
    thing: str = ""
    reads_more: Callable[[str], bool] = lambda words: False
    last: str = ""
    before: Traits | None = None
    moved: tuple[str, ...] = ()
    mark: str = ""
    is_mark_last: bool = False

    def read(self, words: str) -> Reading:
        """Return what words change about the face; no words change nothing."""
        if not any(map(str.isalnum, words)):
            return Reading(Traits(), ())
        return read_change(words, self.traits)

    def means_something(self, words: str) -> bool:
        """Return whether words ask for a change."""
        return is_known(words) and (bool(self.read(words).traits) or self.reads_more(words))
