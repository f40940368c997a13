"""Words that say how much an order moves a face: "a bit", "much", "as old as possible"."""

from __future__ import annotations

import re
from typing import Final

_SMALL: Final = ("tiny", "teeny", "wee", "little", "small", "slight", "slightest", "tiniest", "smallest", "littlest")
_PIECES: Final = ("bit", "touch", "tad")

_WORDS: Final[tuple[tuple[float, tuple[str, ...]], ...]] = (
    (0.3, (
        *(f"{article} {small} {piece}" for article in ("a", "the") for small in _SMALL for piece in _PIECES),
        "ever so slightly", "very slightly", "minimally", "barely", "a hair", "a smidge", "a smidgen", "a whisker",
        "a shade",
    )),
    (1.6, ("quite a bit", "a good deal", "a great deal")),
    (0.5, (
        "a bit", "a touch", "a tad", "a notch", "slightly", "somewhat", "kind of", "kinda", "sort of", "subtly",
        "mildly", "moderately",
    )),
    (2.0, (
        "way", "insanely", "extremely", "hugely", "massively", "ridiculously", "enormously", "tremendously",
        "dramatically", "drastically", "crazy", "super", "ultra", "incredibly", "absurdly", "wildly", "grotesquely",
        "completely", "totally", "by a mile", "a whole lot",
    )),
    (1.6, (
        "very much", "so much", "much", "a lot", "lots", "far", "considerably", "significantly", "noticeably",
        "clearly", "really", "decidedly", "distinctly", "strongly", "heaps", "loads", "quite",
    )),
)  # fmt: skip
"""How far to go, over what a comparative says by itself, and the words for it; what comes first is looked for first."""

_KEPT_WHOLE: Final = r"(?! of\b)(?! as\b)(?! (?:from|apart|up|back|off|down)\b)"
"""What must not follow: "a bit of blush" and "far apart" are no degrees."""


def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"\b(?:just |only )?(?:{'|'.join(longest_first)})\b{_KEPT_WHOLE}", re.IGNORECASE)


_PATTERNS: Final = tuple((_pattern(phrases), factor) for factor, phrases in _WORDS)
_COMPARES: Final = r"(?:more|less|fewer|too|\w+er)\b"
_LITTLE: Final = re.compile(rf"\b(?:just |only )?(?:a little(?: bit)?|little bit)(?:(?= {_COMPARES})|$)", re.IGNORECASE)
"""Of "a little nose" the nose is little; of "a little wider" it is a degree."""

_POSSIBLE: Final = re.compile(r"\bas (?P<how>\w+) as (?:possible|you can|it gets|can be|they come)\b", re.IGNORECASE)

BEGINS_AMOUNT: Final = (
    r"(?:\w+ )?(?:bit|touch|tad|lot|notch|deal|ton|load|hint|trace|tinge|dash|smidgen?|whisker|shade)\b"
    r"|suggestion\b|whiff\b"
    rf"|(?:little|hair) {_COMPARES}"
)
"""Pattern of the words before which an article belongs to an amount: "a" of "a bit older" and "a hint of blush"."""


def without_degree(clause: str) -> tuple[str, float]:
    """Return a clause without the words that say how much, and how much that is.

    >>> without_degree("a bit older")
    ('older', 0.5)
    >>> without_degree("a bit of blush")
    ('a bit of blush', 1.0)
    """
    if found := _POSSIBLE.search(clause):
        return _tidy(f"{clause[: found.start()]}more {found['how']}{clause[found.end() :]}"), 2.0
    if _LITTLE.search(clause):
        factor = 0.3 if "bit" in _LITTLE.search(clause)[0] else 0.5  # type: ignore[index]
        return _tidy(_LITTLE.sub("", clause)), factor
    for pattern, factor in _PATTERNS:
        shorter = pattern.sub("", clause, count=1)
        if shorter != clause:
            rest, more = without_degree(shorter)
            return rest, factor * (more if factor > 1.0 else 1.0)
    return _tidy(clause), 1.0


def _tidy(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" ,")
