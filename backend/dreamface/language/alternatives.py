"""What words could also mean, for an artist to choose from: the other way round, or the next nearest phrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.language import encoder
from dreamface.language.effects import value_of
from dreamface.language.lexicon import lexicon
from dreamface.language.saying import in_words
from dreamface.traits import VOCABULARY, Group, Kind, Traits, Value

_MOST: Final = 4  # for one chip
_NEAREST: Final = 6  # phrases that are looked at
_LEAST_ALIKE: Final = 0.55  # cosine
_OF_THEIR_OWN: Final = (Group.PERSON, Group.EXPRESSION)
_GENERATION: Final = 15.0  # years


@dataclass(frozen=True)
class Option:
    """Another meaning of some words.

    Attributes:
        said: it in words.
        traits: the values that they would have.
    """

    said: str
    traits: Mapping[str, Value]


def alternatives(traits: Traits, doubtful: float) -> dict[str, tuple[Option, ...]]:
    """Return what words could also mean: words -> the likeliest first.

    Args:
        traits: what a prompt says, with the words.
        doubtful: confidence below which words may mean something else entirely.
    """
    groups: dict[str, list[str]] = {}
    for name, entry in traits.items():
        if entry.because:
            groups.setdefault(entry.because, []).append(name)
    return {words: _options(words, names, traits, doubtful) for words, names in groups.items()}


def _options(words: str, names: Sequence[str], traits: Traits, doubtful: float) -> tuple[Option, ...]:
    found: dict[str, Option] = {}
    sure = max(traits[name].confidence for name in names)
    meanings = _next_nearest(words, {name: traits.value(name) for name in names}) if sure < doubtful else ()
    for option in (*_other_ways(names, traits), *meanings):
        found.setdefault(option.said, option)
    return tuple(found.values())[:_MOST]


def _other_ways(names: Sequence[str], traits: Traits) -> Iterator[Option]:
    """Return the opposite of what was understood: of the sex, the age, and the trait that is furthest from usual."""
    age = traits.number("age") if "age" in traits else 35.0
    if "gender" in names and traits.number("gender"):
        other = -traits.number("gender") / abs(traits.number("gender"))
        yield Option(in_words("gender", other, age), {"gender": other})
    if "age" in names:
        for years in (traits.number("age") - _GENERATION, traits.number("age") + _GENERATION):
            if VOCABULARY["age"].low <= years <= VOCABULARY["age"].high:
                yield Option(in_words("age", years), {"age": years})
    moved = [name for name in names if VOCABULARY[name].group is Group.EXPRESSION and traits.number(name) > 0.0]
    if moved:
        yield Option("a face at rest", dict.fromkeys(moved, 0.0))
    others = [name for name in names if VOCABULARY[name].group not in _OF_THEIR_OWN and _distance(name, traits)]
    if others:
        main = max(others, key=lambda name: _distance(name, traits))
        alike = [
            name for name in others if name.split(".")[0] == main.split(".")[0] and _other(name, traits) is not None
        ]
        if main in alike:
            values = {name: value for name in alike if (value := _other(name, traits)) is not None}
            yield Option(in_words(main, values[main]), values)


def _distance(name: str, traits: Traits) -> float:
    """Return how far a trait is from usual, as a share of its range."""
    trait, value = VOCABULARY[name], traits.value(name)
    if isinstance(value, str):
        return 0.5 if value != "none" else 0.0
    if isinstance(value, tuple):
        return value[3] if trait.kind is Kind.TINT else 0.0
    assert isinstance(trait.default, float | int)
    return abs(value - trait.default) / (trait.high - trait.low)


def _other(name: str, traits: Traits) -> Value | None:
    """Return the opposite value of a trait, or None where there is none."""
    trait, value = VOCABULARY[name], traits.value(name)
    if trait.kind is Kind.CHOICE:
        return "none" if "none" in trait.choices and value != "none" else None
    if isinstance(value, tuple):
        return (*value[:3], 0.0) if trait.kind is Kind.TINT else None
    assert isinstance(value, float | int) and isinstance(trait.default, float | int)
    mirrored = trait.default - (value - trait.default)
    return trait.clamp(mirrored)


def _next_nearest(words: str, now: Mapping[str, Value]) -> Iterator[Option]:
    """Return the meanings of known phrases that are near, and other than what the words are taken for."""
    if encoder.model_folder() is None:
        return
    for match in encoder.nearest_few(words.lower(), lexicon().parts_of(words.lower()), _NEAREST):
        effects = lexicon().phrases.get(match.phrase, ())
        values = {effect.trait: value for effect in effects if (value := value_of(effect)) is not None}
        if match.similarity >= _LEAST_ALIKE and values and values != dict(now):
            yield Option(match.phrase, values)
