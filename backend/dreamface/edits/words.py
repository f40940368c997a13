"""What words ask for on a marked place: effects by name; what is left over may be traits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dreamface.skin import EFFECTS, Look


@dataclass(frozen=True)
class Wish:
    """An effect that words ask for.

    Attributes:
        effect: name of one of `skin.EFFECTS`.
        look: how it is wanted.
        because: the words.
    """

    effect: str
    look: Look
    because: str


def read_effects(words: str) -> tuple[tuple[Wish, ...], str]:
    """Return the effects that words ask for, and the words without them.

    >>> wishes, rest = read_effects("a bruise and freckles")
    >>> [wish.effect for wish in wishes], rest
    (['bruise'], 'a  and freckles')
    """
    wishes = []
    for effect in EFFECTS.values():
        for phrase in sorted(effect.words, key=len, reverse=True):
            if found := re.search(rf"\b{re.escape(phrase)}\b", words, re.IGNORECASE):
                wishes.append(Wish(effect.name, Look(), found[0]))
                words = words[: found.start()] + words[found.end() :]
                break
    return tuple(wishes), words
