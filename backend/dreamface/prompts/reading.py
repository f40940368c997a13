"""What a prompt says, with the reasons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pydantic import JsonValue

from dreamface import language
from dreamface.language import Cause, Note, Option
from dreamface.prompts.places import Places
from dreamface.record import EditEntry
from dreamface.traits import Traits

DOUBTFUL: Final = 0.6
"""Confidence below which what words are taken for is a guess."""

_CHANGE_NOTHING: Final = ("unmade", "name", "profession", "company")
_ANYBODY: Final = frozenset({"random", "anything", "anyone", "anybody", "whatever", "whoever", "surprise"})
_SAY: Final = "describe a face, such as “an old fisherman with a grey beard”."
_ARTICLES: Final = frozenset(("a", "an", "the", "with", "and", "of", "in", "is"))
_SHOWN: Final = 60  # characters of a prompt in a sentence


@dataclass(frozen=True)
class PromptReading:
    """What a prompt says.

    Attributes:
        traits: only what it says, each with its confidence and the words that caused it.
        not_understood: content words that nothing was made of and no reason is known of, in the order of the prompt.
        causes: trait -> where the words that caused it stand in `text`, and its value in words.
        marks: what lies at one place on the skin: "a scar on the left cheek".
        notes: what an artist should know: of contradictions, of words that nothing is made of and why.
        text: that was read: the prompt without what can't be seen.
        nothing_read: a sentence where nothing was read, so that a face would be anybody; else "".
    """

    traits: Traits
    not_understood: tuple[str, ...] = ()
    causes: Mapping[str, Cause] = field(default_factory=dict)
    marks: tuple[EditEntry, ...] = ()
    notes: tuple[Note, ...] = ()
    text: str = ""
    nothing_read: str = ""

    @property
    def note(self) -> str:
        """A sentence on why nothing was read, or ""."""
        return self.nothing_read

    @property
    def unused(self) -> tuple[str, ...]:
        """All words that changed nothing, with a known reason or without, in the order of the prompt."""
        words = (*self.not_understood, *(note.words for note in self.notes if note.kind in _CHANGE_NOTHING))
        return tuple(dict.fromkeys(sorted(words, key=lambda word: self.text.lower().find(word.lower()))))

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a program."""
        return {
            "text": self.text,
            "traits": {name: {**entry, **self._cause(name)} for name, entry in self.traits.to_json().items()},
            "marks": [
                {
                    "words": mark.label,
                    "regions": list(mark.place.regions) if mark.place else [],
                    "effects": _effects_of(mark),
                    "traits": list(mark.traits),
                }
                for mark in self.marks
            ],
            "notes": [{"kind": note.kind, "words": note.words, "text": note.text} for note in self.notes],
            "not_understood": list(self.not_understood),
            "note": self.note,
            "nothing_read": bool(self.nothing_read),
        }

    def _cause(self, name: str) -> dict[str, Any]:
        cause = self.causes.get(name)
        if cause is None:
            return {}
        return {"said": cause.said, "spans": [list(span) for span in cause.spans], "follows": cause.follows}


def read(prompt: str) -> PromptReading:
    """Read an English prompt; the same prompt always gives the same reading.

    Args:
        prompt: 1 to `limits.LONGEST_PROMPT` characters; control characters are ignored.

    Raises:
        BadRequest: the prompt is empty or too long.
    """
    return read_many([prompt])[0]


def read_many(prompts: Sequence[str]) -> list[PromptReading]:
    """Read English prompts as `read` does; together they cost less than one after the other.

    Raises:
        BadRequest: a prompt is empty or too long.
    """
    return [_finished(said) for said in language.read_many(prompts)]


def _finished(said: language.Reading) -> PromptReading:
    """Return a reading with its marks and places."""
    if said.language:
        return PromptReading(Traits(), said.not_understood, text=said.text, nothing_read=said.note)
    places = Places.of(said)
    causes = {name: cause for name, cause in said.why.causes.items() if name not in places.gone}
    causes |= places.causes
    kept = {name: entry for name, entry in said.traits.items() if name not in places.gone}
    riddles = (token.text for token in said.why.riddles if not places.cover(token.start))
    notes = sorted((*said.why.notes, *places.notes), key=lambda note: said.text.find(note.words))
    reading = PromptReading(
        traits=Traits({**kept, **places.changed}),
        not_understood=tuple(dict.fromkeys(riddles)),
        causes=causes,
        marks=places.marks,
        notes=tuple(notes),
        text=said.text,
    )
    return replace(reading, nothing_read=_why_nothing(reading, said.why.names_somebody))


def alternatives(reading: PromptReading) -> dict[str, tuple[Option, ...]]:
    """Return what the words of a reading could also mean: words -> the likeliest first.

    Args:
        reading: of the prompt.
    """
    return language.alternatives(reading.traits, doubtful=DOUBTFUL)


def _effects_of(mark: EditEntry) -> list[JsonValue]:
    """Return the names of what a mark puts on the skin."""
    listed = mark.parameters.get("effects")
    return [one["name"] for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _why_nothing(reading: PromptReading, names_somebody: bool) -> str:
    """Return a sentence where nothing was read, so that a face would be anybody; else ""."""
    if reading.traits or reading.marks or names_somebody:
        return ""
    shown = " ".join(reading.text.split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN].rstrip()}…"
    if not any(map(str.isalpha, shown)):
        return f"There are no words in “{shown}”: {_SAY}"
    if _is_english(shown):
        return f"Nothing of “{shown}” is about a face: {_SAY}" if _describes_nobody(reading) else ""
    return f"Nothing of “{shown}” was understood: describe a face in English."


def _describes_nobody(reading: PromptReading) -> bool:
    """Return whether all that a prompt says is known to be about no face: a greeting, an insult, clothes alone."""
    words = {word.lower() for word in re.findall(r"[^\W\d_]+", reading.text)}
    if words & _ANYBODY:
        return False
    return {word.lower() for word in reading.not_understood} <= language.SMALL_TALK


def _is_english(text: str) -> bool:
    """Return whether at least half of a text's words are English; nonsense is not."""
    words = [word for word in re.findall(r"[^\W\d_]+", text.lower()) if word not in _ARTICLES]
    known = [len(word) > 1 and language.is_english(word) for word in words]
    return not language.is_english("the") or (bool(known) and 2 * sum(known) >= len(known))
