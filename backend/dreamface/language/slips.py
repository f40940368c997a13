"""Likely typing slips: "freckels", "smilling"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cache
from typing import Final

from dreamface.language.encoder import model_folder
from dreamface.language.lexicon import lexicon
from dreamface.language.words import canonical

CONFIDENCE: Final = 0.6
"""How sure a corrected word makes us."""

_SHORTEST = 5  # letters; shorter words have too many neighbours
_LIKENESS = 0.84  # difflib ratio: one slip in seven letters


def correction(word: str) -> str | None:
    """The known word that `word` is most likely a slip of, or None.

    Real English words are left alone: they are in the encoder's word list. Without that list nothing is corrected.
    """
    if len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return None
    if not _english_words() or word in _english_words():
        return None
    alike = [known for known in _known_words().get(word[0], ()) if abs(len(known) - len(word)) <= 2]
    matches = difflib.get_close_matches(word, alike, n=1, cutoff=_LIKENESS)
    return matches[0] if matches else None


def is_english(word: str) -> bool:
    """Return whether a word, as tokens have it, is in the encoder's list of whole words."""
    return word in _english_words()


@cache
def _known_words() -> dict[str, tuple[str, ...]]:
    """Single words the lexicon knows, by first letter."""
    phrases: Iterable[str] = (*lexicon().entries, *lexicon().adjectives)
    words = {word for phrase in phrases for word in phrase.split() if len(word) >= _SHORTEST - 1}
    return {initial: tuple(sorted(w for w in words if w[0] == initial)) for initial in {word[0] for word in words}}


@cache
def _english_words() -> frozenset[str]:
    """Whole words of the encoder's WordPiece list, singular."""
    folder = model_folder()
    if folder is None:
        return frozenset()
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(canonical(line) for line in lines if line.isalpha()) | frozenset(lines)
