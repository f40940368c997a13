"""Prompts with labels, composed from the corpus: what the reader's network is trained and its thresholds chosen on.

A prompt is made of pieces. Each piece with traits is a `Span` of the prompt's characters that states them; pieces about
somebody else, clothes, cameras and characters state nothing. Phrases are held out for development by a hash of their
text, so that a development prompt has no phrase that any training prompt has.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

CORPUS: Final = Path(__file__).parent / "corpus"
HELD_OUT: Final = 10  # one phrase in so many is for development

Entry = Mapping[str, Any]

_PERSONS: Final[tuple[Mapping[str, str], ...]] = (
    {"they": "she", "them": "her", "their": "her", "theirs": "hers", "themselves": "herself"},
    {"they": "he", "them": "him", "their": "his", "theirs": "his", "themselves": "himself"},
    {"they": "they", "them": "them", "their": "their", "theirs": "theirs", "themselves": "themselves"},
)
_VERBS: Final = {"is": "are", "has": "have", "was": "were", "does": "do", "s": "", "es": ""}
_SUBJECTS: Final = (
    ("a woman", "a lady", "a girl", "the woman", "an elderly woman", "a young woman", "this woman", "my sister"),
    ("a man", "a guy", "a boy", "the man", "an old man", "a young man", "a bloke", "this man", "my uncle"),
    ("a person", "someone", "a face", "a character", "a teenager", "a kid", "a portrait of someone"),
)
_COMPANIONS: Final = (
    "her daughter", "his son", "his dog", "her boss", "a friend", "another man", "a second woman", "her horse",
    "his brother", "her grandmother", "a child", "two friends", "a priest", "the doctor", "his wife", "her twin",
)  # fmt: skip
_ACTORS: Final = (
    (
        "she",
        "she",
        "she",
        "a woman",
        "the girl",
        "my aunt",
        "Clara",
        "an old lady",
        "a waitress",
        "a queen",
        "my mother",
    ),
    ("he", "he", "he", "a man", "the boy", "my uncle", "Tom", "an old man", "a plumber", "a knight", "my brother"),
)
_ANYBODY: Final = (
    "a nurse", "a teacher", "someone", "a farmer", "the child", "a student", "a detective", "a pilot", "a soldier",
    "a cook", "the singer", "an artist", "my neighbour", "a tourist", "a scientist", "a clerk",
)  # fmt: skip
_FRAMES: Final = (
    "{someone} {act}", "{someone} {act}", "{someone} {act}", "{someone} {act}", "{someone}, who {act}",
    "the moment {someone} {act}", "{someone} when {someone} {act}", "portrait of {someone} who {act}",
)  # fmt: skip
_LEADS: Final = ("", "", "", "", "portrait of ", "close-up of ", "please make ", "I want ", "generate ", "picture ")
_TYPO_RATE: Final = 0.08


@dataclass(frozen=True)
class Span:
    """Characters [start, end) of a prompt, and the traits that they state."""

    start: int
    end: int
    traits: Mapping[str, Any]


@dataclass(frozen=True)
class Prompt:
    """A prompt and what is known about it.

    Attributes:
        text: the prompt.
        spans: the pieces that state traits.
        moment: an entry of situations.json that it tells, if any.
        is_open: whether it may hold more than is labelled, so that only its moment is learnt from.
        is_alone: whether the moment is all it holds.
    """

    text: str
    spans: tuple[Span, ...] = ()
    moment: Entry | None = None
    is_open: bool = False
    is_alone: bool = False


@dataclass(frozen=True)
class Corpus:
    """The entries of one side of the split, by what they are."""

    phrases: dict[str, list[Entry]] = field(default_factory=dict)
    people: dict[str, list[Entry]] = field(default_factory=dict)
    nothing: list[Entry] = field(default_factory=list)
    ages: list[Entry] = field(default_factory=list)
    situations: list[Entry] = field(default_factory=list)
    not_situations: list[Entry] = field(default_factory=list)
    grids: list[Entry] = field(default_factory=list)


def is_held_out(text: str) -> bool:
    """Return whether a phrase is for development."""
    return int(hashlib.sha256(text.lower().encode()).hexdigest(), 16) % HELD_OUT == 0


def load_corpus(held_out: bool) -> Corpus:
    """Return the entries to train on, or those held out."""

    def entries(name: str) -> list[Entry]:
        listed: list[Entry] = json.loads((CORPUS / f"{name}.json").read_text("utf-8"))
        return [entry for entry in listed if is_held_out(entry["text"]) == held_out]

    corpus = Corpus(
        nothing=entries("nothing"),
        ages=entries("ages"),
        situations=[*entries("situations"), *entries("moments")],
        not_situations=entries("not_situations"),
        grids=[] if held_out else json.loads((CORPUS / "grids.json").read_text("utf-8")),
    )
    places = [{**entry, "form": "noun"} for entry in entries("places")]
    for entry in (*entries("phrases"), *places, *entries("expressions")):
        corpus.phrases.setdefault(_form(entry), []).append(entry)
    for entry in entries("people"):
        corpus.people.setdefault(entry["form"], []).append(entry)
    return corpus


def _form(entry: Entry) -> str:
    """Return how a phrase joins a sentence; a clause of the expressions has its subject already."""
    if entry.get("after") == "their":
        return "their"
    whole = entry["form"] == "clause" and "after" not in entry and "absent" not in entry
    return "whole" if whole else str(entry["form"])


class Composer:
    """Makes prompts of a corpus; the same seed makes the same prompts."""

    def __init__(self, corpus: Corpus, seed: int) -> None:
        self.corpus = corpus
        self.random = random.Random(seed)

    def prompt(self) -> Prompt:
        """Return the next prompt."""
        roll = self.random.random()
        if roll < 0.20:
            return self._alone()
        if roll < 0.45:
            return self._written((self._portrait, self._portrait, self._list, self._sentences))
        if roll < 0.62:
            return self._written((self._portrait,))
        if roll < 0.80:
            return self._written((self._list,))
        if roll < 0.93:
            return self._written((self._sentences,))
        return self._written((self._in_company,))

    def moment(self, entry: Entry, plain: bool = False) -> Prompt:
        """Return a prompt that tells a moment; if not `plain`, at times with a description before it."""
        text = self._lived(entry)
        if plain or self.random.random() < 0.7:
            text = text if plain else self._slipped(text)
            return Prompt(text, moment=entry, is_open=True, is_alone=True)
        writer = _Writer(self.random.randrange(3))
        self._portrait(writer)
        writer.add(self.random.choice((". ", ", ", "; ")))
        writer.add(text)
        return Prompt(self._slipped(writer.text), moment=entry, is_open=True)

    def grid(self, grid: Entry) -> list[Entry]:
        """Return moments of a grid: each of its patterns with what fits its slots, all different."""
        made: dict[str, Entry] = {}
        for _ in range(10 * grid["count"]):
            pattern = self.random.choice(grid["patterns"])
            text = pattern["text"]
            for slot, words in grid["slots"].items():
                text = text.replace(f"{{{slot}}}", self.random.choice(words))
            if grid["form"] == "whole":
                text = fill(text, self.random.randrange(2))
            made[text] = {**pattern, "text": text.strip(), "form": grid["form"]}
            if len(made) == grid["count"]:
                break
        return list(made.values())

    def _lived(self, entry: Entry) -> str:
        """Return a moment's text; an act gets somebody who does it: "a nurse finds a hair in the soup"."""
        text = str(entry["text"])
        if entry.get("form") != "act":
            return text
        person = self.random.randrange(2)
        act, roll = fill(text, person), self.random.random()
        someone = self.random.choice(_ACTORS[person] if roll < 0.7 else _ANYBODY)
        if roll < 0.06:
            return act
        frame = self.random.choice(_FRAMES)
        return frame.format(someone=someone, act=act)

    # ------------------------------------------------------------------------------------------------------- kinds

    def _alone(self) -> Prompt:
        """One phrase with next to nothing around it."""
        writer = _Writer(self.random.randrange(3))
        form = self.random.choice(("noun", "noun", "with", "adjective", "clause", "sentence", "their"))
        if form == "adjective":
            self._phrase(writer, form)
            writer.add(self.random.choice((" face", " man", " woman", "", " person")))
        elif form == "clause":
            writer.add(self._subject(writer) + " who " if self.random.random() < 0.5 else writer.fill("{They} "))
            self._phrase(writer, form)
        elif form == "their":
            writer.add(writer.fill("{Their} "))
            self._phrase(writer, form)
        else:
            self._phrase(writer, form)
        return self._finished(writer)

    def _written(self, kinds: Sequence[Callable[[_Writer], None]]) -> Prompt:
        writer = _Writer(self.random.randrange(3))
        self.random.choice(kinds)(writer)
        return self._finished(writer)

    def _portrait(self, writer: _Writer) -> None:
        """As "a weathered Basque sailor in his fifties with a broken nose and a scar on the chin"."""
        writer.add(self.random.choice(_LEADS))
        self._someone(writer)
        if self.random.random() < 0.3:
            writer.add(self.random.choice((" ", ", ")))
            self._age(writer)
        writer.add(self.random.choice((" with ", " with ", ", ", " who has ")))
        self._phrase(writer, "noun")
        for _ in range(self.random.choice((0, 1, 1, 2))):
            form = self.random.choice(("noun", "noun", "noun", "with", "whole"))
            writer.add(", " if form == "whole" else self.random.choice((" and ", ", ", ", ", ", and ")))
            self._phrase(writer, form)
        if self.random.random() < 0.3:
            writer.add(self.random.choice((", ", " ")))
            self._nothing(writer)

    def _list(self, writer: _Writer) -> None:
        """As "wide nose, hazel eyes, freckled, film grain"."""
        if self.random.random() < 0.6:
            writer.add(self.random.choice(("man", "woman", "girl", "boy", "male", "female", "face", "portrait")))
            writer.add(", ")
        for number in range(self.random.choice((2, 3, 3, 4, 5))):
            writer.add(", " if number else "")
            if self.random.random() < 0.2:
                self._nothing(writer)
            else:
                self._phrase(writer, self.random.choice(("noun", "noun", "noun", "adjective")), bare=True)

    def _sentences(self, writer: _Writer) -> None:
        """As "She has a nose like a blade. Her brows meet. He's kind."."""
        for number in range(self.random.choice((1, 2, 2, 3))):
            writer.add(" " if number else "")
            form = self.random.choice(("noun", "noun", "clause", "their", "sentence", "whole", "adjective", "nothing"))
            if form in ("sentence", "whole"):
                self._phrase(writer, form)
                writer.add("." if form == "whole" else "")
                continue
            if form == "their":
                writer.add(writer.fill("{Their} "))
                self._phrase(writer, form)
            elif form == "nothing":
                writer.add(writer.fill("{They} {is} "))
                self._nothing(writer)
            else:
                writer.add(
                    writer.fill({"noun": "{They} {has} ", "clause": "{They} ", "adjective": "{They} {is} "}[form])
                )
                self._phrase(writer, form)
                if form == "noun" and self.random.random() < 0.5:
                    writer.add(" and ")
                    self._phrase(writer, "noun")
            writer.add(".")

    def _in_company(self, writer: _Writer) -> None:
        """Somebody, and somebody else who must not be read."""
        self._someone(writer)
        if self.random.random() < 0.6:
            writer.add(" with ")
            self._phrase(writer, "noun")
        writer.add(self.random.choice((" next to ", " beside ", ", with ", " talking to ", " holding hands with ")))
        writer.add(self.random.choice(_COMPANIONS))
        writer.add(self.random.choice((" who has ", ", who has ", " with ")))
        self._phrase(writer, "noun", silent=True)

    # ------------------------------------------------------------------------------------------------------ pieces

    def _phrase(self, writer: _Writer, form: str, bare: bool = False, silent: bool = False) -> None:
        entry = self.random.choice(self.corpus.phrases.get(form) or self.corpus.phrases["noun"])
        text = writer.fill(str(entry["text"]))
        if bare:
            text = re.sub(r"^(?:an?|the|some) ", "", text)
        writer.add(text, {} if silent else entry["traits"])

    def _someone(self, writer: _Writer) -> None:
        roll = self.random.random()
        if roll < 0.45:
            writer.add(self._subject(writer))
            return
        adjectives = [self.random.choice(self.corpus.phrases["adjective"])] if roll < 0.75 else []
        if roll > 0.85 and self.corpus.people.get("adjective"):
            adjectives = [self.random.choice(self.corpus.people["adjective"])]
        writer.add(self.random.choice(("a ", "the ", "")))
        for adjective in adjectives:
            writer.add(writer.fill(str(adjective["text"])), adjective["traits"])
            writer.add(" ")
        if roll < 0.6:
            writer.add(self.random.choice((("woman",), ("man",), ("person", "face"))[writer.person]))
        else:
            noun = self.random.choice(self.corpus.people["noun"])
            writer.add(str(noun["text"]), noun["traits"])

    def _age(self, writer: _Writer) -> None:
        entry = self.random.choice([entry for entry in self.corpus.ages if entry["form"] == "after"])
        age = entry.get("age")
        years = sum(age) / 2 if isinstance(age, list) else age
        writer.add(writer.fill(str(entry["text"])), {} if years is None else {"age": years})

    def _nothing(self, writer: _Writer) -> None:
        writer.add(writer.fill(str(self.random.choice(self.corpus.nothing)["text"])))

    def _subject(self, writer: _Writer) -> str:
        return self.random.choice(_SUBJECTS[writer.person])

    # ----------------------------------------------------------------------------------------------------- finish

    def _finished(self, writer: _Writer) -> Prompt:
        text = self._slipped(writer.text, keep_length=True)
        return Prompt(text, tuple(writer.spans))

    def _slipped(self, text: str, keep_length: bool = False) -> str:
        """At times with a typing slip, or without capitals; `keep_length` keeps spans where they are."""
        if self.random.random() < 0.35:
            text = text.lower() if len(text.lower()) == len(text) else text
        if self.random.random() < _TYPO_RATE:
            places = [m.start() for m in re.finditer(r"(?<=[a-z]{2})[a-z](?=[a-z]{2})", text)]
            if places:
                place = self.random.choice(places)
                text = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        return text


class _Writer:
    """A prompt that grows piece by piece, about one person."""

    def __init__(self, person: int) -> None:
        self.person = person
        self.text = ""
        self.spans: list[Span] = []

    def add(self, text: str, traits: Mapping[str, Any] | None = None) -> None:
        """Append text; with traits, it is a span that states them."""
        start = len(self.text)
        self.text += text
        if traits:
            self.spans.append(Span(start, len(self.text), traits))

    def fill(self, text: str) -> str:
        """Return a corpus text with its slots filled for the person."""
        return fill(text, self.person)


def fill(text: str, person: int) -> str:
    """Return a corpus text with its slots filled: for a woman (0), a man (1) or they (2)."""
    pronouns = _PERSONS[person]
    verbs = {name: (plural if person == 2 else name) for name, plural in _VERBS.items()}

    def replacement(match: re.Match[str]) -> str:
        name = match[1]
        word = {**pronouns, **verbs}.get(name.lower())
        if word is None:
            return match[0]
        return word.capitalize() if name[0].isupper() else word

    return re.sub(r"\{(\w+)\}", replacement, text)
