"""A conversation with a face."""

from __future__ import annotations

from collections.abc import Sequence

from dreamface.editing.reading import read_words
from dreamface.errors import BadRequest
from dreamface.language import Context
from dreamface.traits import Traits


def context_of(traits: Traits, others: Sequence[str] = ()) -> Context:
    """Return what understanding needs to know of a face: also marks at places are orders."""

    def reads_more(words: str) -> bool:
        try:
            reading = read_words(words, place=False, traits=traits)
        except BadRequest:
            return False
        return bool(reading.effects or reading.traits) and not reading.contradiction

    return Context(traits, tuple(others), reads_more)
