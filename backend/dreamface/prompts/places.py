"""Places in a prompt: "a scar on the left cheek" lies there, and what can't lie where it is wanted is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import JsonValue

from dreamface.edits import HOMES, ON_SKIN, SOMEWHERE, Wish, find_regions, names_effect, needs_side, read_words
from dreamface.errors import BadRequest
from dreamface.language import Cause, Note, Reading, hair_colour, in_words
from dreamface.record import EditEntry, Place
from dreamface.traits import VOCABULARY, Group, Traits, TraitValue

_PIECES: Final = re.compile(
    r"[,;:!?\n]|\.(?!\d)|\b(?:with|has|having|who|that|wearing|but|is|are|plus)\b"
    r"|\band\b(?=\s+(?:(?:an?|the|one|two|three|four|five|some|his|her|their|\w+ly)\s+)*(?:\w+\s+){1,4}?"
    r"(?:on|across|over|above|below|under|near|beside|at|through|around|along|beneath)\b)",
    re.IGNORECASE,
)
"""What stands between two things that can each have a place."""

_DENIED: Final = re.compile(r"\b(?:no|not|without|never|hardly|lacks?|lacking|minus)\b", re.IGNORECASE)

_STREAK: Final = re.compile(
    r"\b(?:(?P<before>[a-z]+)\s+)?(?:streaks?|strands?|locks?)\s+(?:of|in)\s+(?:(?:the|his|her|their)\s+)?"
    r"(?:(?P<after>[a-z]+)\s+)?hair\b",
    re.IGNORECASE,
)
_STREAK_STRENGTH: Final = 0.6  # of highlights
_OF_HAIR: Final = ("hair.grey", "hair.melanin", "hair.redness", "hair.dye", "hair.highlights")
_NO_STREAK: Final = "{}: a single streak has no place of its own yet; highlights of that colour lie in all of the hair."

_CORRECTED: Final = re.compile(
    r"\b(?P<first>(?:left|right|upper|lower)(?:\s+\w+)?)\s*[,;.\u2014\u2013-]*\s*(?:oh\s+)?"
    r"(?:no|wait|sorry|i mean|rather|or rather|make that|scratch that|actually)\b[\s,]*"
    r"(?:(?:no|wait|sorry|i mean|make that|actually|on|the|his|her|their)\b[\s,]*)*(?=(?:left|right|upper|lower)\b)",
    re.IGNORECASE,
)
"""A place that is taken back at once: "the left cheek, no, the right cheek"."""

_BARE_SIDE: Final = re.compile(r"(?:left|right|upper|lower)\s*(?:one\b)?\s*(?=[,;.!?]|$|and\b|with\b)", re.IGNORECASE)
_ONLY_BEFORE: Final = re.compile(r"\b(?:only|just|solely|nowhere (?:else )?(?:but|except))\s+$", re.IGNORECASE)
_ONLY_BEHIND: Final = re.compile(r"^\s*,?\s*(?:only|alone|and nowhere else|nowhere else)\b", re.IGNORECASE)
_BLACK_EYE: Final = re.compile(
    r"\b(?:an?|the|his|her|their)\s+(?:\w+\s+)?(?:black eye|shiner)\b(?![\s,]+(?:and|but)?\s*(?:an?|one|the)\s+\w+"
    r"\s+(?:eye|one)\b)",
    re.IGNORECASE,
)
_BRUISED: Final = "a bruise around the left eye"

_ALL_OVER: Final = frozenset({"whole_face", "whole_head"})
_CHEEKS: Final = frozenset({"cheeks", "left_cheek", "right_cheek", "cheekbones"})
_USUAL: Final[Mapping[str, frozenset[str]]] = {
    "freckles.density": _ALL_OVER | {"nose", "nose_bridge", "cheeks", "cheekbones", "forehead"},
    "capillaries.density": _ALL_OVER | {"nose", "cheeks", "cheekbones"},
    "blemishes.density": _ALL_OVER | {"cheeks", "forehead", "chin"},
    "age_spots.density": _ALL_OVER | {"forehead", "cheeks", "temples"},
    "moles.density": _ALL_OVER,
    "scars.density": _ALL_OVER,
}
"""Marks that can lie at one place alone -> where they lie anyway."""

_NOT_THERE: Final = "{}: the {} lie where they usually do; mark the place on the Edit page to have them there."
_WHERE: Final = "Say where the {0} should be, such as “{1}{0} on the left cheek”."
_NOUNS: Final = {"ink": "tattoo"}
_UNCOUNTED: Final = ("blood", "war paint")
_NO_PICTURE: Final = "{}: words make no pictures; lay one on the skin, on the Edit page."
_TATTOO: Final = "ink"
_IS_THING: Final = re.compile(
    r"(?:^|[,;.]|\b(?:an?|the|some|his|her|their|with|of|and|two|three|many|several|few))\s*(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
"""What stands before something that somebody has: "a fresh bruise", and not "could cut"."""
_NEAR: Final = 24  # characters between a mark and its place


@dataclass(frozen=True)
class Places:
    """What a prompt says of places.

    Attributes:
        marks: edits that lie there.
        notes: on places that nothing can be put at.
        gone: traits that marks stand for.
        changed: traits that are otherwise than they were read.
        causes: of those, and of traits whose place is where they lie anyway.
        spans: words that are spoken for, by where they start and end in the text.
    """

    marks: tuple[EditEntry, ...] = ()
    notes: tuple[Note, ...] = ()
    gone: frozenset[str] = frozenset()
    changed: Mapping[str, TraitValue] = field(default_factory=dict)
    causes: Mapping[str, Cause] = field(default_factory=dict)
    spans: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, said: Reading) -> Places:
        """Return what a prompt says of places.

        Args:
            said: how it was read.
        """
        finder = _Finder(said)
        for start, stop in _pieces(finder.open):
            finder.look_at(start, stop)
        finder.look_for_black_eye()
        finder.look_for_streaks()
        finder.look_for_homeless()
        return finder.found()

    def cover(self, start: int) -> bool:
        """Return whether a word that starts there is spoken for."""
        return any(first <= start < last for first, last in self.spans)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Return where each part of a text starts and stops that says one thing, perhaps with its place."""
    start = 0
    for match in _PIECES.finditer(text):
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _without(phrases: Iterable[str], text: str) -> str:
    """Return a text with spaces for phrases that are spoken for: the nose of a nose ring is no place."""
    for phrase in phrases:
        text = text.replace(phrase, " " * len(phrase), 1)
    return text


def _as_corrected(text: str) -> str:
    """Return a text with spaces for places that are taken back; a side alone gets the part that was named before."""
    for found in list(_CORRECTED.finditer(text)):
        part = found["first"].split()[1:]
        if len(part) == 1 and _BARE_SIDE.match(text, found.end()):
            side = text[found.end() :].split()[0].rstrip(",;.!?")
            corrected = f"{side} {part[0]}"
            width = found.end() + len(side) - found.start()
            text = f"{text[: found.start()]}{corrected.ljust(width)[:width]}{text[found.start() + width :]}"
        else:
            text = f"{text[: found.start()]}{' ' * (found.end() - found.start())}{text[found.end() :]}"
    return text


class _Finder:
    """Looks for places in one prompt."""

    def __init__(self, said: Reading) -> None:
        self._said = said
        self._text = said.text
        self.open = _as_corrected(
            _without([note.words for note in said.why.notes if note.kind != "contradiction"], said.text)
        )
        self._marks: list[EditEntry] = []
        self._notes: list[Note] = []
        self._gone: set[str] = set()
        self._changed: dict[str, TraitValue] = {}
        self._causes: dict[str, Cause] = {}
        self._spans: list[tuple[int, int]] = []

    def found(self) -> Places:
        """Return all that was found."""
        changed = {
            name: Cause(entry.because, self._spans_of(entry.because), in_words(name, entry.value), 1.0, False)
            for name, entry in self._changed.items()
        }
        causes = self._causes | changed
        return Places(
            tuple(self._marks), tuple(self._notes), frozenset(self._gone), self._changed, causes, tuple(self._spans)
        )

    def look_at(self, start: int, stop: int) -> None:
        """Take up a mark with its place, or the place of something that lies elsewhere."""
        regions, rest, places = find_regions(self.open[start:stop])
        if not regions or any(map(needs_side, regions)) or len(places) == 0:
            return
        where = self._span_of(places[-1], start, stop)
        if where is None:
            return
        if names_effect(rest) and not _DENIED.search(rest):
            self._take_mark(self._start_of_thing(start, where[0]), where[1])
        else:
            self._take_place(regions, (start, stop), where)

    def look_for_black_eye(self) -> None:
        """Bruise an eye that is black: "a black eye" has no black iris."""
        found = _BLACK_EYE.search(self._text)
        if found is None:
            return
        regions, rest, _ = find_regions(_BRUISED)
        effects: dict[str, JsonValue] = {"effects": [wish.to_json() for wish in _wishes(rest)]}
        self._gone |= {name for name in ("iris.colour", "iris.right_colour") if self._lies_in(name, found.span())}
        self._add(EditEntry(self._id(), "words", found[0], place=Place(regions), parameters=effects), found.span())

    def look_for_streaks(self) -> None:
        """Make highlights of a streak of one colour, and not all the hair of that colour."""
        for match in _STREAK.finditer(self._text):
            word = match["after"] or match["before"] or ""
            if (rgb := hair_colour(word.lower())) is None:
                continue
            other = match["before"] and not hair_colour(match["before"].lower())
            first = match.end("before") + 1 if other else match.start()
            span = (first, match.end())
            words = self._text[first : match.end()]
            self._gone |= {name for name in _OF_HAIR if self._lies_in(name, span)}
            self._changed["hair.highlights"] = TraitValue((*rgb, _STREAK_STRENGTH), 1.0, words)
            self._note(words, _NO_STREAK.format(words), span)

    def look_for_homeless(self) -> None:
        """Ask where marks should be that have no place: "a tattoo"."""
        for token in self._said.why.riddles:
            taken = any(first <= token.start < last for first, last in self._spans)
            before = self._text[: token.start]
            if taken or not _IS_THING.search(before) or not names_effect(token.text):
                continue
            wishes = _wishes(token.text)
            if wishes and wishes[0].effect in SOMEWHERE and wishes[0].effect not in HOMES:
                noun = _NOUNS.get(wishes[0].effect, wishes[0].effect)
                text = _WHERE.format(noun, "" if noun in _UNCOUNTED else "a ")
                self._note(token.text, text, (token.start, token.start + len(token.text)))

    def _start_of_thing(self, start: int, place: int) -> int:
        """Return where the words of a mark start: behind those that say who somebody is."""
        people = [
            last
            for name in ("gender", "age")
            if name in self._said.why.causes
            for first, last in self._said.why.causes[name].spans
            if start <= first and last <= place and names_effect(self._text[last:place])
        ]
        begin = max(people, default=start)
        lead = re.match(r"[\s,]*(?:(?:there|of|of the)\b\s*)?", self._text[begin:])
        return begin + (lead.end() if lead else 0)

    def _take_mark(self, start: int, stop: int) -> None:
        words = " ".join(self.open[start:stop].split())
        regions, rest, _ = find_regions(self.open[start:stop])
        wishes = [wish for wish in _wishes(rest) if wish.effect not in HOMES]
        if not regions or not wishes or set(regions) <= _ALL_OVER:
            return
        if any(wish.effect == _TATTOO for wish in wishes) and _unknown(rest):
            self._note(words, _NO_PICTURE.format(words), (start, stop))
            return
        effects: dict[str, JsonValue] = {"effects": [wish.to_json() for wish in wishes]}
        self._add(EditEntry(self._id(), "words", words, place=Place(regions), parameters=effects), (start, stop))

    def _take_place(self, regions: tuple[str, ...], piece: tuple[int, int], where: tuple[int, int]) -> None:
        """Take up the place of a trait that was read without it."""
        if not any(token.start in range(*where) for token in self._said.why.riddles):
            return  # "wrinkles around the eyes": it belongs to what was read
        names = [
            name for name in self._said.traits if VOCABULARY[name].group is Group.SKIN and self._lies_in(name, piece)
        ]
        if not names:
            return
        placeable = [name for name in names if name in _USUAL and name in ON_SKIN]
        if not any(self._said.traits.number(name) for name in names):
            self._spans.append(where)  # "no scar on the left cheek": it lies nowhere
        elif placeable and not self._is_only(where) and all(set(regions) <= _USUAL[name] for name in placeable):
            self._spans.append(where)
            causes = self._said.why.causes
            self._causes |= {name: replace(causes[name], spans=(*causes[name].spans, where)) for name in placeable}
        elif placeable == names and self._said.traits.number(names[0]) > 0.0:
            start = min(self._said.why.causes[name].spans[0][0] for name in names)
            there = Traits({name: replace(self._said.traits[name]) for name in names})
            mark = EditEntry(self._id(), "words", self._text[start : where[1]], place=Place(regions), traits=there)
            self._add(mark, (start, where[1]))
        else:
            words = self._text[slice(*where)]
            self._note(words, _NOT_THERE.format(words, self._said.traits[names[0]].because.lower()), where)

    def _is_only(self, where: tuple[int, int]) -> bool:
        """Whether a place is said to be the only one: "freckles on the nose only"."""
        before, behind = self._text[: where[0]], self._text[where[1] :]
        return bool(_ONLY_BEFORE.search(before) or _ONLY_BEHIND.search(behind))

    def _add(self, mark: EditEntry, span: tuple[int, int]) -> None:
        self._marks.append(mark)
        self._spans.append(span)
        self._gone |= {
            name for name in self._said.traits if VOCABULARY[name].group is Group.SKIN and self._lies_in(name, span)
        }

    def _note(self, words: str, text: str, span: tuple[int, int]) -> None:
        self._notes.append(Note("place", words, text))
        self._spans.append(span)

    def _id(self) -> str:
        return f"words-{len(self._marks) + 1}"

    def _lies_in(self, name: str, span: tuple[int, int]) -> bool:
        """Whether all words that caused a trait stand between two places of the text."""
        cause = self._said.why.causes.get(name)
        return bool(cause and cause.spans) and all(
            span[0] <= start and stop <= span[1] for start, stop in (cause.spans if cause else ())
        )

    def _span_of(self, words: str, start: int, stop: int) -> tuple[int, int] | None:
        pattern = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)
        found = pattern.search(self.open, start, stop) or pattern.search(self._text, start, stop)
        return found.span() if found else None

    def _spans_of(self, words: str) -> tuple[tuple[int, int], ...]:
        span = self._span_of(words, 0, len(self._text))
        return (span,) if span else ()


@dataclass(frozen=True)
class _Nothing:
    """A reading of words as nothing: only effects are looked for."""

    not_understood: tuple[str, ...]
    traits: Traits = field(default_factory=Traits)


def _wishes(words: str) -> tuple[Wish, ...]:
    try:
        return read_words(words, lambda text: _Nothing(tuple(text.split()))).wishes
    except BadRequest:
        return ()


def _unknown(words: str) -> Iterable[str]:
    """Return the words of a mark that say more than the mark itself: what a tattoo shows."""
    try:
        return read_words(words, lambda text: _Nothing(tuple(text.split()))).not_understood
    except BadRequest:
        return ()
