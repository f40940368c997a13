"""Corrections of what was said just before: "no, green", "I meant the left one", "make that pink".

A correction is put together with what it corrects, so that it can be understood as one order in its place.
"""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.degrees import without_degree
from dreamface.language.parts import find_parts, without_parts
from dreamface.language.removals import with_removals
from dreamface.language.talk_orders import THE

_STARTS: Final = (
    "no+", "nope", "nah", "not that", "wait", "sorry", "oops", "i mean", "i meant", "i said", "actually",
    "rather", "or rather", "better", "make (?:that|it|them)", "instead", "ah", "oh", "i want(?:ed)?", "i was thinking of",
    "only", "just", "i thought of", "it should (?:be|have been)", "they should (?:be|have been)", "should have been", "say", "but",
)  # fmt: skip
_STARTED: Final = re.compile(rf"^(?:(?:{'|'.join(_STARTS)})\b[\s,.!:;-]*)+")
_ENDED: Final = re.compile(
    r"[\s,.!]*(?:\b(?:i (?:said|meant|mean)|instead|please|rather|not that one|only|alone|just)[\s.!]*)+$"
)
_MEANT: Final = re.compile(
    r"\b(?:i (?:said|mean|meant)|make (?:that|it|them)|instead)\b|^(?:no+(?=[,.!;:]| (?:wait|sorry|i|not|make|rather|actually|the other)\b)|nope|nah|actually|rather|or rather|sorry|wait|better)(?=\W|$)"
)
_NOT_BESIDE: Final = re.compile(rf",?\s*(?:and )?not (?:on )?(?:{THE} |an? )?[\w -]+$")
_NOT_THIS: Final = re.compile(rf"^(?:no,? )?not (?:{THE} |an? )?[\w ]+?, *(?=\w)")
_ONE_LIP: Final = re.compile(r"(?:only |just )*(?:the )?(?P<which>upper|lower|top|bottom) (?:one|lip)(?: only| alone)?")
_SIDE: Final = re.compile(
    rf"(?:on |at )?(?:{THE} )?(?:person's |other )?(?P<side>left|right)(?:[- ]hand)?(?: (?:one|side|eye|cheek|ear|brow|eyebrow))?"
)
_ALONE: Final = re.compile(r"^(?:only|just) | (?:only|alone)$")
_OTHER_SIDE: Final = re.compile(rf"(?:on )?(?:{THE} )?other (?:one|side|eye|cheek|ear|brow|eyebrow)")
_PLACE: Final = r"(?:on|at|under|over|above|below|beneath|near|next to|beside|between|across|around|along|behind)"
_PLACED: Final = re.compile(rf"{_PLACE} \S.*")
_ORDER: Final = re.compile(r"^(?:make|give|turn|put|add|take|set|let|have|remove|keep|undo|redo|go|start|reset)\b")


def corrects(text: str) -> bool:
    """Return whether a text says by its own words that it corrects what was said before."""
    return bool(_MEANT.search(text) or _NOT_THIS.match(text) or _ONE_LIP.fullmatch(text)) or bool(
        _SIDE.fullmatch(_ALONE.sub("", _NOT_BESIDE.sub("", text.strip(" .!"))))
        or _OTHER_SIDE.fullmatch(text.strip(" .!"))
    )


def corrected_order(text: str, last: str) -> str:
    """Return what was said last with a correction worked in, or "" where it is none of it.

    Args:
        text: the correction, in lower case.
        last: what it may correct, in lower case.

    >>> corrected_order("no, green", "give her blue eyes")
    'green eyes'
    >>> corrected_order("i meant the left one", "right eye blue")
    'left eye blue'
    >>> corrected_order("no, i meant the mouth", "wider nose")
    'wider mouth'
    """
    text = _NOT_THIS.sub("", text.strip(" .!?"))
    what = _ENDED.sub("", _STARTED.sub("", text.strip(" .!?"))).strip(" ,.!?")
    bare = _NOT_BESIDE.sub("", what).strip(" ,") or what
    if not bare or not last or re.match(r"(?:undo|like that|that|don't|not)\b", bare):
        return ""
    if _SIDE.fullmatch(bare) or _OTHER_SIDE.fullmatch(bare):
        return _on_the_side(bare, last)
    if (lip := _ONE_LIP.fullmatch(bare)) and re.search(r"\blips\b", last):
        return re.sub(r"\blips\b", f"{lip['which'].replace('top', 'upper').replace('bottom', 'lower')} lip", last)
    if _PLACED.fullmatch(bare):
        start = re.search(rf"\b{_PLACE} (?=\S)", last)
        return f"{last[: start.start()]}{bare}" if start else ""
    parts, old = find_parts(bare), find_parts(last)
    if parts and not _rest(bare):
        return _with_part(bare, last)
    if parts or _ORDER.match(bare):
        return bare
    return _with_noun(bare, last) if old and len(bare.split()) <= 4 else bare


def _rest(text: str) -> str:
    """Return what a text says beside the names of parts."""
    return re.sub(rf"\b(?:{THE}|an?)\b", "", without_parts(text)).strip(" ,")


def _on_the_side(bare: str, last: str) -> str:
    """Return an order for the other side, or for one side of a pair; nothing where it names neither."""
    now, pair = re.search(r"\b(left|right)\b", last), _PAIR.search(last)
    found = _SIDE.fullmatch(bare)
    if now is None:
        if pair is None or found is None:
            return ""
        return f"{last[: pair.start()]}{pair['the'] or ''}{found['side']} {pair['one']}{last[pair.end() :]}"
    side = found["side"] if found else {"left": "right", "right": "left"}[now[1]]
    return re.sub(r"\b(?:left|right)\b", side, last)


_PAIR: Final = re.compile(
    rf"\b(?:both (?:of )?)?(?P<the>{THE} )?(?:both )?(?P<one>eye|eye ?brow|brow|cheek|ear|nostril|eye ?lid|temple)s\b"
)
"""What there is one of on each side, where an order names both."""


def _with_part(bare: str, last: str) -> str:
    """Return an order for another part: "wider mouth" of "wider nose"."""
    name = re.sub(rf"^{THE} ", "", bare)
    words, _ = without_degree(last)
    if with_removals(last) != last or not find_parts(words):
        return ""
    put = without_parts(last, "\0")
    return re.sub("\0.*\0|\0", name, put) if "\0" in put else ""


def _with_noun(bare: str, last: str) -> str:
    """Return an adjective with the noun that the last order was about: "green eyes"."""
    noun = _last_noun(last)
    return f"{re.sub(r'^(?:the |an? )', '', bare)} {noun}".strip()


def _last_noun(last: str) -> str:
    """Return the last part that an order names, with its side: "left eye"."""
    clauses = re.split(r",|\band\b|;", last)
    for clause in reversed(clauses):
        if parts := find_parts(clause):
            side = re.search(r"\b(left|right) (\w+)", clause)
            return side[0] if side else parts[-1].name
    return ""
