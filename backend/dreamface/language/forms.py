"""Entries of a form, as in "beard: none" and "nose: big", read as the sentence that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dreamface.language.lexicon import Lexicon, resolve_alias
from dreamface.language.words import Token

_NONE: Final = frozenset(["none", "no", "nil", "nope", "absent", "zero", "n/a", "never"])
_ENDS: Final = frozenset({",", ".", ";", "\n", "/", "|"})
_SHORTEST_JOINED: Final = 7  # letters
_LONGEST_NAME: Final = 3  # words before the colon


def as_sentences(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which "beard: none" is "no beard", and the colon of "nose: big" is a verb.

    Args:
        tokens: of the prompt.
        lexicon: knows what a form may ask for.
    """
    following = [*(token.word for token in tokens[1:]), ""]
    read = [
        replace(token, word="hardly") if token.word == "barely" and after == "any" else token
        for token, after in zip(tokens, following, strict=True)
    ]
    for place, token in enumerate(tokens):
        if token.text not in (":", "=") or place == 0:
            continue
        first = _start_of_name(tokens, place, lexicon)
        if first is None:
            continue
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        last = place + 2 >= len(tokens) or tokens[place + 2].text in _ENDS
        if after is not None and after.text.lower() in _NONE and last:
            name = read[first:place]
            read[first : place + 2] = [replace(after, word="no"), *name, replace(token, word=",", text=",")]
        else:
            read[place] = replace(token, word="is")
    return _with_joined_words(read, lexicon)


def _with_joined_words(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[Token, ...]:
    """Return the tokens in which two words that the tables know as one are one: "pony tail", "lip stick"."""
    made: list[Token] = []
    for token in tokens:
        before = made[-1] if made else None
        whole = f"{before.word}{token.word}" if before is not None and before.is_word and token.is_word else ""
        apart = f"{before.word} {token.word}" if before is not None else ""
        is_pair = lexicon.knows(apart) or (before is not None and (before.word, token.word) in lexicon.pairs)
        if len(whole) >= _SHORTEST_JOINED and whole in lexicon.entries and not is_pair and before:
            made[-1] = replace(before, word=whole, text=f"{before.text} {token.text}")
        else:
            made.append(token)
    return tuple(made)


def _start_of_name(tokens: Sequence[Token], colon: int, lexicon: Lexicon) -> int | None:
    """Return where the known noun before a colon starts, if it starts an entry."""
    for first in range(max(0, colon - _LONGEST_NAME), colon):
        key = resolve_alias(" ".join(token.word for token in tokens[first:colon]))
        entry = lexicon.entries.get(key)
        starts = first == 0 or tokens[first - 1].text in _ENDS
        if starts and ((entry is not None and entry.noun) or key in lexicon.without):
            return first
    return None
