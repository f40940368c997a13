"""Eyes of two colours: "one blue and one brown eye", "a green left eye and a brown right eye"; vampires' red ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dreamface.colour_names import linear
from dreamface.language.binding import Claim
from dreamface.language.effects import Rank
from dreamface.language.lexicon import key_of
from dreamface.language.meanings import CREATURES
from dreamface.language.tables import COPULAS, DETERMINERS, IRIS_SRGB
from dreamface.language.words import Token

_COLOURS: Final = {tuple(key_of(name).split()): linear(srgb) for name, srgb in IRIS_SRGB.items()}
_RED: Final = _COLOURS["crimson",]
_SORE: Final = {"bloodshot", "rimmed", "cry", "crying", "sore", "teary", "tired"}  # why eyes may be red
_LONGEST: Final = max(map(len, _COLOURS))
_LETTERS: Final = {
    "one": "o", "other": "t", "eye": "e", "iris": "e", "left": "l", "right": "r", "and": "a", "but": "a",
    "&": "a", ",": "a",
}  # fmt: skip
_SKIPPED: Final = DETERMINERS | COPULAS | {"with", "has", "have", "its", "(", ")", "on", "in", "side", "hand"}

# c: a colour. Of "one" and "the other", the first is taken to be the left.
_ONE_AND_OTHER: Final = (
    re.compile(r"oce?a+[ot]ce?"),  # one blue and one brown eye; one blue eye, the other brown
    re.compile(r"oeca+te?c"),  # one eye is blue and the other is brown
    re.compile(r"oeca+oe?c"),
)
_LEFT_AND_RIGHT: Final = (
    re.compile(r"c([lr])ea+c([lr])e"),  # a green left eye and a brown right eye
    re.compile(r"([lr])eca+([lr])e?c"),  # the left eye is green, the right one brown
    re.compile(r"([lr])eca+([lr])oc"),
    re.compile(r"o?ce?([lr])e?a*o?ce?([lr])"),  # one brown eye (right), one green (left)
)


def find_irises(tokens: Sequence[Token]) -> tuple[tuple[Claim, ...], tuple[Token, ...]]:
    """Claims on both irises, and the tokens without those that said so."""
    letters, spans, colours = _spelt(tokens)
    for pattern in (*_ONE_AND_OTHER, *_LEFT_AND_RIGHT):
        found = pattern.search(letters)
        if found is None or "e" not in found.group():
            continue
        said = tokens[spans[found.start()][0] : spans[found.end() - 1][1]]
        first, second = [colours[place] for place in range(*found.span()) if letters[place] == "c"]
        sides = found.groups() or ("l", "r")
        if sides[0] == sides[1]:
            continue
        left, right = (first, second) if sides[0] == "l" else (second, first)
        words = tuple(token for token in said if token.is_word)
        claims = (
            Claim("iris.colour", left, 1.0, Rank.EXACT, words),
            Claim("iris.right_colour", (*right, 1.0), 1.0, Rank.EXACT, words),
        )
        start, stop = spans[found.start()][0], spans[found.end() - 1][1]
        return claims, (*tokens[:start], *tokens[stop:])
    return (), tuple(tokens)


def with_red_ones(claims: Sequence[Claim], tokens: Sequence[Token]) -> tuple[Claim, ...]:
    """The claims; where the prompt is about a creature, plain "red eyes" are red irises and not bloodshot."""
    words = {token.word for token in tokens}
    if words.isdisjoint(CREATURES) or not words.isdisjoint(_SORE):
        return tuple(claims)
    return tuple(replace(claim, trait="iris.colour", value=_RED) if _says_red(claim) else claim for claim in claims)


def _says_red(claim: Claim) -> bool:
    words = [token.word for token in claim.tokens]
    return claim.trait == "sclera.redness" and claim.value != 0.0 and words == ["red", "eye"]


def _spelt(
    tokens: Sequence[Token],
) -> tuple[str, list[tuple[int, int]], dict[int, tuple[float, float, float]]]:
    """A letter per word that matters (x for others), which tokens [start, stop) each is, and the colours by place."""
    letters, spans, colours = "", [], {}
    position = 0
    while position < len(tokens):
        length = _colour_at(tokens, position)
        if length:
            colours[len(letters)] = _COLOURS[tuple(token.word for token in tokens[position : position + length])]
        word = tokens[position].word
        if length or word not in _SKIPPED:
            letters += "c" if length else _LETTERS.get(word, "x")
            spans.append((position, position + max(1, length)))
        position += max(1, length)
    return letters, spans, colours


def _colour_at(tokens: Sequence[Token], position: int) -> int:
    """How many tokens name a colour of irises; 0 for none."""
    for length in range(_LONGEST, 0, -1):
        if tuple(token.word for token in tokens[position : position + length]) in _COLOURS:
            return length
    return 0
