"""Words for people and first names, from the corpus: what each implies, and how far it may be trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from dreamface.language.effects import Effect, Effects, Rank
from dreamface.traits import ANCESTRIES

_FILE: Final = Path(__file__).parent.parent / "training" / "corpus" / "people.json"
_LEAST_TRUST: Final = 0.5  # of a word's traits, that they are used at all
_NOT_OF_JOBS: Final = frozenset((*ANCESTRIES, "age"))
"""What a profession doesn't tell: a judge may be thirty."""

_WITHOUT_PEOPLE: Final = frozenset({"historic", "style"})
"""Kinds of words that name a time or a fashion, not where somebody's people come from."""

_SURE_OF_JOBS: Final = 0.8  # but a choirboy is a boy
_SURE_OF_KIN: Final = 0.65  # and a nan is old, while a bride may be any age
_OF_PEOPLES: Final = frozenset((*ANCESTRIES, "gender", "age"))
"""What a people's name sets; its usual skin and hair follow from the ancestry."""


@dataclass(frozen=True)
class PersonWord:
    """A word or phrase for a person.

    Attributes:
        text: as people write it.
        effects: what it implies; empty for a profession that has no look.
        is_creature: whether it is of fantasy, a statue or a machine.
        is_noun: whether adjectives may attach to it.
    """

    text: str
    effects: Effects
    is_creature: bool
    is_noun: bool


@cache
def person_words() -> tuple[PersonWord, ...]:
    """Return the words for people but not their names."""
    return tuple(
        PersonWord(entry["text"], _effects(entry), entry["kind"] == "archetype", entry["form"] == "noun")
        for entry in _entries()
        if entry["form"] != "name"
    )


@cache
def sex_of_names() -> Mapping[str, float]:
    """Return first names, as they are written, and the `gender` that most who bear them have."""
    return {entry["text"]: float(entry["traits"]["gender"]) for entry in _entries() if entry["form"] == "name"}


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(_FILE.read_text("utf-8")))


def _effects(entry: Mapping[str, Any]) -> Effects:
    trust = entry.get("confidence", 1.0)
    sure = entry.get("sure", ())
    traits = dict(entry["traits"])
    if any(trait in ANCESTRIES and share for trait, share in traits.items()):
        traits = {**dict.fromkeys(ANCESTRIES, 0.0), **traits}
    return tuple(
        Effect(
            trait,
            tuple(value) if isinstance(value, list) else value if isinstance(value, str) else float(value),
            rank=_rank(trait, trait in sure or trust >= 1.0),
            confidence=1.0 if trait in sure else trust,
        )
        for trait, value in traits.items()
        if (trait in sure or trust >= _LEAST_TRUST)
        and (entry["kind"] != "people" or trait in _OF_PEOPLES)
        and not (entry["kind"] == "job" and trait in _NOT_OF_JOBS and trait not in sure and trust < _SURE_OF_JOBS)
        and not (entry["kind"] == "kin" and trait == "age" and trait not in sure and trust < _SURE_OF_KIN)
        and not (entry["kind"] in _WITHOUT_PEOPLE and trait in _NOT_OF_JOBS and trait not in sure)
    )


def _rank(trait: str, is_certain: bool) -> Rank:
    if not is_certain:
        return Rank.IMPLIED
    return Rank.VAGUE if trait == "age" else Rank.STATED
