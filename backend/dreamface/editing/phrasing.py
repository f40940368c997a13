"""Sentences about a face: who it is, what changed, what stands out. The words of traits are `language`'s."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.language import PARTS, PEOPLES, hair_in_words, in_words, label_of, percent, value_of
from dreamface.record import EditEntry
from dreamface.traits import ANCESTRIES, VOCABULARY, Group, Kind, Traits, Value

_PLAIN: Final = 0.05  # of a fraction, that is there
_STANDS_OUT: Final = 0.8  # standard deviations from the mean
_MOST_SHIFTS: Final = 6


@dataclass(frozen=True)
class Who:
    """How a person is spoken of: "he", "his" and "him"."""

    she: str
    her: str
    him: str

    @property
    def start(self) -> str:
        """The pronoun at the beginning of a sentence."""
        return self.she.capitalize()


def who_is(traits: Traits) -> Who:
    """Return how a face is spoken of."""
    gender = traits.number("gender")
    if abs(gender) <= 0.2:
        return Who("it", "its", "it")
    return Who("she", "her", "her") if gender < 0.0 else Who("he", "his", "him")


def sex_of(gender: float) -> str:
    """Return the word for a place on the axis from woman to man: "a woman", "androgynous"."""
    word = in_words("gender", gender)
    return word if word == "androgynous" else f"a {word}"


def length_of_hair(traits: Traits) -> str:
    """Return how long the hair is: "short", "very long"."""
    return in_words("hair.length", traits.number("hair.length")).removesuffix(" hair")


def is_there(name: str, value: Value) -> bool:
    """Return whether a face has something at all: freckles, a beard, lipstick."""
    trait = VOCABULARY[name]
    if trait.kind is Kind.TINT and isinstance(value, tuple):
        return value[3] >= _PLAIN
    if isinstance(value, str):
        return value not in ("none", "bald")
    return not isinstance(value, tuple) and value >= _PLAIN


def shifts_in_words(shifts: Iterable[tuple[str, Value, Value]]) -> str:
    """Return what changed with values before and after: "age 34 years → 40 years, nose width +0.4 sd → +1.2 sd"."""
    said = [f"{label_of(name)} {value_of(name, old)} → {value_of(name, new)}" for name, old, new in shifts]
    said = _without_sides(said)
    more = f" and {len(said) - _MOST_SHIFTS} more" if len(said) > _MOST_SHIFTS else ""
    return ", ".join(said[:_MOST_SHIFTS]) + more


def _without_sides(said: Sequence[str]) -> list[str]:
    """Return lines in which left and right, where they are the same, are one: "mouth smile 0 % → 70 %"."""
    bare = [line.replace(" left ", " ", 1).replace(" right ", " ", 1) for line in said]
    return list(dict.fromkeys(line if bare.count(other) < 2 else other for line, other in zip(said, bare, strict=True)))


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def labels_of(edits: Iterable[EditEntry]) -> list[str]:
    """Return the labels of edits in quotation marks; the id of one without a label."""
    return [f"“{edit.label or edit.id}”" for edit in edits]


def ancestry_of(traits: Traits) -> str:
    """Return the ancestry in words: "mostly European, some African"."""
    shares = sorted(((traits.number(name), PEOPLES[name]) for name in ANCESTRIES), reverse=True)
    whole = sum(share for share, _ in shares) or 1.0
    first = f"{'' if shares[0][0] / whole > 0.9 else 'mostly '}{shares[0][1]}"
    if shares[0][0] / whole < 0.4:
        return "mixed: " + listed([f"{word} {percent(share / whole)}" for share, word in shares if share / whole > 0.1])
    rest = [word for share, word in shares[1:] if share / whole > 0.15]
    return first + (f", some {listed(rest)}" if rest else "")


def describe(traits: Traits, age: float) -> str:
    """Return a face in two sentences.

    Args:
        traits: as it shows them.
        age: that it looks like.
    """
    who = who_is(traits)
    noun = {"she": "woman", "he": "man", "it": "person"}[who.she]
    if age < 16.0:
        noun = {"she": "girl", "he": "boy", "it": "child"}[who.she]
    hair = (
        "a bald head"
        if traits.choice("hair.style") == "bald"
        else f"{length_of_hair(traits)} {hair_in_words(traits)} hair"
    )
    beard = traits.choice("beard.style")
    parts = [
        in_words("skin.melanin", traits.number("skin.melanin")),
        in_words("iris.colour", traits.value("iris.colour")),
        hair,
    ]
    parts += [
        f"a {beard.replace('_', ' ')} beard" if beard in ("full", "short", "patchy") else beard.replace("_", " ")
    ] * (beard != "none")
    first = f"A {noun} of about {age:.0f} with {listed(parts)}."
    apart = _stands_out(traits)
    return f"{first} What stands out: {listed(apart)}." if apart else first


def _stands_out(traits: Traits) -> list[str]:
    """Return the traits that are furthest from what is usual, in words."""
    shape = [(abs(float(entry.value)), name) for name, entry in traits.items()
             if VOCABULARY[name].group is Group.SHAPE and isinstance(entry.value, int | float)]  # fmt: skip
    words = [in_words(name, traits.value(name)) for size, name in sorted(shape, reverse=True)[:3] if size > _STANDS_OUT]
    marks = [
        name
        for name in ("freckles.density", "scars.density", "vitiligo.coverage", "moles.density")
        if traits.number(name) > 0.25
    ]
    return [*(label_of(name) for name in marks), *words]


def with_cause(said: str, cause: str) -> str:
    """Return a sentence with its cause, which begins with "because" or is one of its own."""
    return f"{said}, {cause}." if cause.startswith("because") else f"{said}: {cause}."


def parts_of(names: Iterable[str]) -> list[str]:
    """Return the names of the fewest parts that traits belong to: of all of the nose's just "nose"."""
    left = dict.fromkeys(names)
    whole = set(left)
    found = []
    for part in sorted(PARTS, key=lambda one: -len(one.names)):
        if whole.issuperset(part.names) and any(name in left for name in part.names):
            found.append(part.name)
            left = {name: None for name in left if name not in part.names}
    return [*found, *(label_of(name) for name in left)]
