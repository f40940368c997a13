"""Ways of speaking, said as the readings of edits know them: "zero moles" is "no moles", "scaled down" is "smaller"."""

from __future__ import annotations

import re
from typing import Final

from dreamface.edits.regions import find_regions
from dreamface.edits.words import COUNTED_NOUNS, NUMBER_WORDS, is_colour, names_effect, number_of

_NUMBER: Final = rf"(?:{'|'.join(word.replace(' ', '[ -]') for word in NUMBER_WORDS)}|\d{{1,6}})"
_BEFORE_NOUN: Final = rf"(?= (?:[\w-]+ ){{0,3}}?(?:{'|'.join(map(re.escape, COUNTED_NOUNS))})\b)"

_NONE: Final = re.compile(
    r"(?<![\w.,%-])(?:0|zero|not (?:a single|one|any))(?: of the| of)? (?!percent|per cent|degrees?\b|mm\b)(?=[a-z])",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"\b(?:(?:no|not) (?:more|fewer|less) than|at (?:the )?(?:most|least)|up to|a maximum of|maximum|exactly|about|"
    rf"precisely|around|roughly|approximately|almost|nearly|more than|over|some) (?={_NUMBER}{_BEFORE_NOUN})",
    re.IGNORECASE,
)
_BELOW: Final = re.compile(rf"\b(?:fewer|less) than (?P<number>{_NUMBER}){_BEFORE_NOUN}", re.IGNORECASE)
_RANGE: Final = re.compile(
    rf"\b(?:between )?(?:{_NUMBER} (?:or|to|and) |\d+-)(?P<last>{_NUMBER}){_BEFORE_NOUN}", re.IGNORECASE
)
_GRADE: Final = re.compile(
    r"\b(?:(?:level|grade|stage|type|class|phase|degree|category)[ -](?:\d+|one|two|three|four|five)|"
    r"(?:first|second|third|fourth|1st|2nd|3rd|4th)[ -](?:degree|grade)) ",
    re.IGNORECASE,
)

_SCALED: Final = r"(?:re)?scal(?:e|ed|ing)"
_MORE_OR_LESS: Final = {"down": "smaller", "up": "bigger", "back": "less"}
_SCALED_IT: Final = re.compile(
    rf"\b{_SCALED}[ -](?P<how>down|up|back)(?: (?:the|his|her|their|its|a|both))*(?= \w)", re.IGNORECASE
)
_SCALED_AFTER: Final = re.compile(
    rf"\b{_SCALED} (?:(?:the|his|her|their|its|both) )+(?P<what>[\w -]+?) (?P<how>down|up|back)\b", re.IGNORECASE
)
_SIZED: Final = re.compile(
    r"\b(?P<size>large|small|big|tiny|huge|full|life|larger|smaller)[ -]scaled?(?= \w)(?! scales)", re.IGNORECASE
)


def rephrased(words: str, marked: bool = False) -> str:
    """Return words of an edit with numbers, degrees and scaling said the plain way.

    Args:
        words: as an artist types them.
        marked: whether a place is marked, and need not be said.

    >>> rephrased("no more than three moles"), rephrased("0 scars on the chin"), rephrased("scale down the ears")
    ('three moles', 'no scars on the chin', 'smaller ears')
    """
    words = _GRADE.sub("", words)
    words = _BELOW.sub(lambda found: str(max(1, number_of(found["number"]) - 1)), words)
    words = _ABOUT.sub("", words)
    words = _RANGE.sub(lambda found: found["last"], words)
    words = _NONE.sub("no ", words)
    words = _SCALED_AFTER.sub(lambda found: f"{_MORE_OR_LESS[found['how'].lower()]} {found['what']}", words)
    words = _SCALED_IT.sub(lambda found: _MORE_OR_LESS[found["how"].lower()], words)
    words = _SIZED.sub(lambda found: found["size"], words)
    if _GROWN.search(words) or names_effect(words) or not (marked or find_regions(words)[0]):
        return words
    return _STRIPE.sub(_painted, words)


_GROWN: Final = re.compile(
    r"\b(?:hair\w*|beard\w*|brows?|eyebrows?|moustache|tattoo\w*|lashes|wrinkles?)\b", re.IGNORECASE
)
_STRIPE: Final = re.compile(
    r"\b(?P<before>\w+ )?(?P<colour>\w+) (?P<what>lines?|stripe|band|streak|stroke|bar)\b(?! of)", re.IGNORECASE
)


def _painted(found: re.Match[str]) -> str:
    return f"{found[0]} of paint" if is_colour(found["colour"]) else found[0]
