"""Ages said with a figure: "70 year old", "aged 45", "a man of 60", "in her early thirties"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dreamface.language.binding import Claim
from dreamface.language.effects import Rank
from dreamface.language.lexicon import Lexicon
from dreamface.language.tables import AGE_DECADES, COPULAS, DETERMINERS, TENS, UNITS
from dreamface.language.words import Token
from dreamface.traits import VOCABULARY

_EARLY, _MID, _LATE = 2.0, 5.0, 8.0  # years into a decade
_INTO_DECADE = {"early": _EARLY, "mid": _MID, "middle": _MID, "late": _LATE}
_TEEN_YEARS = 16.0
_TEENS = {"early": 13.0, "mid": 15.0, "middle": 15.0, "late": 18.0}
_OLDEST_SAID = 120.0  # years; a larger number is not an age
_JOINED = re.compile(r"(\d{1,3})(?:yo|y|yr|year)")
_DECADE = re.compile(r"([1-9]0)s")
_BEFORE = frozenset({"aged", "age", "turned", "turning"})
_AROUND = frozenset(
    {"about", "around", "roughly", "approximately", "nearly", "almost", "over", "some", "approx", "circa"}
)


@dataclass(frozen=True)
class _Number:
    value: float
    length: int  # tokens


def find_ages(tokens: Sequence[Token], lexicon: Lexicon) -> tuple[tuple[Claim, ...], tuple[Token, ...]]:
    """Claims on `age`, and the tokens without those that said it."""
    claims: list[Claim] = []
    rest: list[Token] = []
    position = 0
    while position < len(tokens):
        for pattern in (_decade, _years_old, _after_cue, _of_years, _alone):
            found = pattern(tokens, position, lexicon)
            if found is not None and found.value <= _OLDEST_SAID:
                said = tuple(tokens[position : position + found.length])
                claims.append(_claim(found.value, said, 0.8 if pattern is _alone else 1.0))
                position += found.length
                break
        else:
            rest.append(tokens[position])
            position += 1
    return tuple(claims), tuple(rest)


def _claim(years: float, tokens: tuple[Token, ...], confidence: float) -> Claim:
    words = tuple(token for token in tokens if token.is_word)
    return Claim("age", VOCABULARY["age"].clamp(years), confidence, Rank.EXACT, words)


def _word(tokens: Sequence[Token], position: int) -> str:
    return tokens[position].word if 0 <= position < len(tokens) else ""


def _number(tokens: Sequence[Token], position: int) -> _Number | None:
    word = _word(tokens, position)
    if word.isascii() and word.isdigit() and len(word) <= 3:
        return _Number(float(word), 1)
    if word in TENS:
        unit = UNITS.get(_word(tokens, position + 1), 0)
        return _Number(float(TENS[word] + unit), 2) if 0 < unit < 10 else _Number(float(TENS[word]), 1)
    return _Number(float(UNITS[word]), 1) if word in UNITS else None


def _years_old(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    if (joined := _JOINED.fullmatch(_word(tokens, position))) is not None:  # "70yo"
        return _Number(float(joined[1]), 2 if _word(tokens, position + 1) == "old" else 1)
    number = _number(tokens, position)
    if number is None:
        return None
    following = [_word(tokens, position + number.length + offset) for offset in range(3)]
    if following[0] in ("year", "yr", "month"):
        years = number.value / 12.0 if following[0] == "month" else number.value
        return _Number(
            years, number.length + (2 if following[1] == "old" else 3 if following[1:] == ["of", "age"] else 1)
        )
    if following[0] in ("yo", "yrs", "yr"):
        return _Number(number.value, number.length + 1)
    if following == ["y", "/", "o"]:
        return _Number(number.value, number.length + 3)
    return None


def _after_cue(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    if _word(tokens, position) not in _BEFORE:
        return None
    length = 1
    while _word(tokens, position + length) in ({"of", ":", "is", "at"} | _AROUND):
        length += 1
    number = _number(tokens, position + length)
    return _Number(number.value, length + number.length) if number else None


def _of_years(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "of 60" after a person, "is 60"."""
    word, before = _word(tokens, position), lexicon.entries.get(_word(tokens, position - 1))
    if not (word == "of" and before is not None and before.kind) and word not in COPULAS | _AROUND:
        return None
    length = 2 if _word(tokens, position + 1) in _AROUND else 1
    number = _number(tokens, position + length)
    after = _word(tokens, position + length + number.length) if number else ""
    if (
        number is None
        or number.value < 1
        or (after and after[0].isalpha() and after not in ("and", "with", "who", "but"))
    ):
        return None
    return _Number(number.value, length + number.length)


def _alone(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """A figure between commas: "a woman, 34, with ..."."""
    number = _number(tokens, position)
    if number is None or not _word(tokens, position).isdigit() or not 1 <= number.value < 100:
        return None
    after = _word(tokens, position + number.length)
    return number if _word(tokens, position - 1) == "," and after in (",", "", ".", "with") else None


def _decade(tokens: Sequence[Token], position: int, lexicon: Lexicon) -> _Number | None:
    """As "in her early thirties", "in his 30s", "forty-something"."""
    number = _number(tokens, position)
    if number is not None and _word(tokens, position + number.length).startswith("something"):
        return _Number(number.value + _MID, number.length + 1)
    if _word(tokens, position) != "in":
        return None
    length = 1
    while _word(tokens, position + length) in DETERMINERS:
        length += 1
    into, length = _part_of_decade(tokens, position, length)
    word = tokens[position + length].text.lower() if position + length < len(tokens) else ""
    if word in ("teens", "teen"):
        return _Number(_TEENS.get(into, _TEEN_YEARS), length + 1)
    if word in AGE_DECADES:
        return _Number(AGE_DECADES[word] + _INTO_DECADE.get(into, _MID), length + 1)
    if (joined := _DECADE.fullmatch(word)) is not None:  # "30s"
        return _Number(float(joined[1]) + _INTO_DECADE.get(into, _MID), length + 1)
    return None


def _part_of_decade(tokens: Sequence[Token], position: int, length: int) -> tuple[str, int]:
    word = _word(tokens, position + length)
    if word not in _INTO_DECADE:
        return "", length
    while _word(tokens, position + length + 1) in ("to", "mid", "late"):
        length += 1
    return word, length + 1
