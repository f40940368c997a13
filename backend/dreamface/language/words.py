"""Prompt text to tokens in one canonical form: lower case, singular, one spelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from dreamface.language.tables import SPELLINGS

_TOKEN = re.compile(r"\d+[^\W\d_]*|[^\W\d_]+(?:'[^\W\d_]+)*|\n|[^\w\s]|_|[^\s]")
_NOT_PLURAL = ("ss", "us", "is", "as", "os")
_SIBILANT_PLURALS = ("shes", "ches", "sses", "xes", "zzes")
_SHORTEST_PLURAL = 4  # letters: "eyes" is one, "his" is not


@dataclass(frozen=True)
class Token:
    """A word, number or mark of the prompt.

    Attributes:
        word: canonical form.
        text: as the prompt has it.
        start: index of its first character in the normalised prompt.
        joined: whether a hyphen ties it to the word before.
    """

    word: str
    text: str
    start: int
    joined: bool = False

    @property
    def is_word(self) -> bool:
        """Whether it is a word or number, not a mark."""
        return self.word[:1].isalnum()


def tokenize(text: str) -> tuple[Token, ...]:
    """Tokens of normalised text; "isn't" becomes "is", "not", and hyphens only mark what they join."""
    tokens: list[Token] = []
    joined = False
    for match in _TOKEN.finditer(text):
        surface = match.group()
        if surface in "-\u2010\u2011\u2013" and tokens and match.start() > 0 and not text[match.start() - 1].isspace():
            joined = True
            continue
        if surface in "'\u2019" and text[max(0, match.start() - 1)] == "s":
            continue  # "three days' growth"
        tokens.extend(_tokens_of(surface, match.start(), joined))
        joined = False
    return tuple(tokens)


def _tokens_of(surface: str, start: int, joined: bool) -> list[Token]:
    lower = surface.lower()
    if lower.endswith("n't") and lower != "n't":
        stem = {"can't": "can", "won't": "will", "ain't": "is"}.get(lower, lower[:-3])
        return [Token(stem, surface, start, joined), Token("not", surface, start)]
    for ending in ("'s", "'re", "'m", "'ve", "'ll", "'d"):
        if lower.endswith(ending) and len(lower) > len(ending):
            owner = Token(canonical(lower[: -len(ending)]), surface, start, joined)
            is_copula = ending in ("'re", "'m") or owner.word in ("he", "she", "it", "that", "who")
            return [owner, Token("is", surface, start)] if is_copula else [owner]
    return [Token(canonical(lower), surface, start, joined)]


@cache
def canonical(word: str) -> str:
    """Lower-case `word` in the tables' spelling, singular."""
    spelt = SPELLINGS.get(word, word)
    singular = _singular(spelt)
    return SPELLINGS.get(singular, singular)


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or not word.endswith("s") or word.endswith(_NOT_PLURAL):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 5 else word[:-1]
    return word[:-2] if word.endswith(_SIBILANT_PLURALS) else word[:-1]
