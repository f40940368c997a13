"""Likely typing slips: "freckels", "smilling"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from string import ascii_lowercase
from typing import Final

from dreamface.language.encoder import model_folder
from dreamface.language.lexicon import lexicon
from dreamface.language.tables import BREAKS, COPULAS, DETERMINERS, FUNCTION_WORDS, PARTS, PERSON_PRONOUNS, SPELLINGS
from dreamface.language.words import Token, canonical

_GLUE: Final = BREAKS | COPULAS | DETERMINERS | FUNCTION_WORDS | PERSON_PRONOUNS

CONFIDENCE: Final = 0.6
"""How sure a corrected word makes us."""

_SHORTEST = 3  # letters
_SHORT = 4  # letters; words as short must be one slip from a word that is longer or as long
_TWO_SLIPS_FROM = 8  # letters; shorter words have too many neighbours at two slips
_SHORT_WORDS: Final = frozenset(("man", "boy", "old", "big", "red", "bun", "bob", "fat", "sad", "shy"))
"""Words of three letters whose letters are often swapped: "a yuong mna"."""

_COMMON = 12000  # rank in the encoder's list, which has frequent words first
_REAL: Final = frozenset(
    [
        "lisp",
        "scouring",
        "brawn",
        "brawny",
        "hare",
        "mote",
        "lop",
        "lank",
        "bread",
        "beads",
        "fawn",
        "tawny",
        "dank",
        "tans",
        "browse",
        "chic",
        "whet",
        "wane",
        "chine",
        "moue",
        "lobe",
        "mauve",
        "hale",
        "wan",
        "lithe",
        "lathe",
        "louche",
        "rouge",
        "hoary",
        "pate",
        "dour",
        "sour",
        "brood",
        "broods",
        "grind",
        "wince",
        "wimple",
        "tinge",
        "mien",
        "brash",
        "posh",
        "lush",
        "scarf",
        "scare",
        "scary",
        "stare",
        "smock",
        "smell",
        "smirch",
        "cloak",
        "clock",
        "chick",
        "cheek",
        "crown",
        "drown",
        "weird",
        "wired",
        "haired",
        "wired",
        "nosy",
        "rosy",
        "cheery",
        "cherry",
        "berry",
        "bearded",
        "beaded",
        "bedded",
        "braided",
        "faint",
        "feint",
        "gaunt",
        "haunt",
        "taunt",
        "jaunt",
        "flaky",
        "flaxen",
    ]
)
"""English words that are near words for faces and that the encoder's list lacks."""


def correction(word: str, following: str = "") -> str | None:
    """Return the known word that `word` is most likely a slip of, or None.

    Args:
        word: as tokens have it.
        following: the word behind it. Of known words that are equally near, one that can be said of it is meant.

    Real English words are left alone: they are in the encoder's word list. Without that list nothing is corrected.
    """
    near = _near_words(word)
    if not near:
        return None
    return canonical(min((slips, _beside(known, following), _rank(known), known) for slips, known in near)[-1])


@cache
def _near_words(word: str) -> tuple[tuple[int, str], ...]:
    """Return the known words that a word may be a slip of, each after the number of its slips; none of real words."""
    if len(word) < _SHORTEST or not (word.isascii() and word.isalpha()):
        return ()
    if not _english_words() or word in _english_words() or word in _REAL:
        return ()
    if word.endswith("ing") and len(word) > _TWO_SLIPS_FROM - 2 and _has_english_stem(word.removesuffix("ing")):
        return ()  # "snowing"
    most = 2 if len(word) >= _TWO_SLIPS_FROM else 1
    found: list[tuple[int, str]] = []
    for initial in {word[0], word[1]}:
        for known in _known_words().get(initial, ()):
            if abs(len(known) - len(word)) > most or (len(word) <= _SHORT and not _is_short_match(word, known)):
                continue
            slips = _slips(word, known, most)
            if slips <= most and (known[0] == word[0] or known[:2] == word[1::-1]):
                found.append((slips, known))
    found += [(1, f"{letter}{word}") for letter in ascii_lowercase if f"{letter}{word}" in _first_lost()]
    return tuple(found)


def _has_english_stem(stem: str) -> bool:
    return stem in _english_words() or f"{stem}e" in _english_words()


def _beside(word: str, following: str) -> int:
    """Return 0 where a word says something of the one behind it, else 1."""
    noun = canonical(following)
    return int(not noun or noun not in lexicon().entries or not lexicon().pair(canonical(word), noun))


def _is_short_match(word: str, known: str) -> bool:
    """Whether a short word lost a letter of a known one, or has two of its letters swapped; "hare" is no "hair"."""
    return len(known) > len(word) or sorted(known) == sorted(word)


def _slips(word: str, known: str, most: int) -> int:
    """Return how many letters were lost, added, changed or swapped with their neighbour, if at most `most`."""
    before: list[int] = []
    row = list(range(len(known) + 1))
    for i, letter in enumerate(word, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(known, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == known[j - 2] and word[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def is_english(word: str) -> bool:
    """Return whether a word, as tokens have it, is in the encoder's list of whole words, or a form of one there."""
    stems = (word.removesuffix(ending) for ending in ("ing", "ed") if word.endswith(ending))
    return word in _english_words() or any(len(stem) >= _SHORT and _has_english_stem(stem) for stem in stems)


def are_words(tokens: Sequence[Token]) -> bool:
    """Return whether at least half of the words that carry meaning are English or known; nonsense isn't read."""
    content = [token.word for token in tokens if token.word.isalpha() and token.word not in _GLUE]
    known = sum(is_english(word) or word in _all_known() for word in content)
    return not content or not _english_words() or 2 * known >= len(content)


@cache
def _all_known() -> frozenset[str]:
    return frozenset(word for words in _known_words().values() for word in words)


@cache
def _known_words() -> dict[str, tuple[str, ...]]:
    """Single words the lexicon knows, by first letter."""
    phrases: Iterable[str] = (*lexicon().entries, *lexicon().adjectives, *SPELLINGS)
    words = {word for phrase in phrases for word in phrase.split() if word.isalpha()}
    words = {word for word in words if len(word) > _SHORTEST or word in PARTS or word in _SHORT_WORDS}
    words |= {f"{part}s" for part in PARTS if " " not in part}
    return {initial: tuple(sorted(w for w in words if w[0] == initial)) for initial in {word[0] for word in words}}


@cache
def _first_lost() -> frozenset[str]:
    """Longer known words, of which the first letter may be lost: "rinkles"."""
    return frozenset(word for words in _known_words().values() for word in words if len(word) > _SHORT + 1)


def _rank(word: str) -> int:
    """Return 0 for a thing of its own, 1 for a frequent word and 2 for others: the lowest is meant."""
    entry = lexicon().entries.get(canonical(word))
    if entry is not None and entry.noun:
        return 0
    return 1 if _places().get(word, _COMMON) < _COMMON else 2


@cache
def _places() -> dict[str, int]:
    folder = model_folder()
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines() if folder else []
    return {line: place for place, line in enumerate(lines)}


@cache
def _english_words() -> frozenset[str]:
    """Whole words of the encoder's WordPiece list, singular."""
    folder = model_folder()
    if folder is None:
        return frozenset()
    lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(canonical(line) for line in lines if line.isalpha()) | frozenset(lines)
