"""What "another one" and "the same" stand for: the thing that was laid on a place last."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.parts import find_parts

_PLACE: Final = r"(?:on|at|in|under|above|below|over|near|next to|beside|between|across|around|along|behind)"
_PUT: Final = r"(?:(?:add|put|draw|paint|place|make|give (?:her|him|it|them)|with|and|also|then) )*"
_THING: Final = re.compile(
    rf"{_PUT}(?P<thing>(?!.*\b(?:ones?|more)\b)[\w'-]+(?: [\w'-]+)*?) {_PLACE} .+", re.IGNORECASE
)
_COUNTS: Final = r"(?:two|three|four|five|six|\d)"
_WHICH: Final = (
    r"another(?: one)?|one more|one|a second(?: one)?|a third(?: one)?|the same(?: again)?"
    rf"|(?:an?|the) (?P<how>[\w-]+) one|(?P<count>{_COUNTS}) (?:more|others?)"
)
_ANOTHER: Final = re.compile(
    rf"{_PUT}(?:{_WHICH})(?: (?:just )?like (?:it|that))?(?P<where> {_PLACE} .+?)(?: (?:too|as well|also))?",
    re.IGNORECASE,
)
_THERE_TOO: Final = re.compile(rf"{_PUT}(?P<where>{_PLACE} .+?) (?:too|as well|also)", re.IGNORECASE)


_TAKES_ONE: Final = re.compile(
    rf"(?P<verb>(?:remove|delete|erase|lose|drop|take off|take away|get rid of|no)) (?:(?:the|that|this) )?one(?= {_PLACE} )"
)


def thing_of(words: str) -> str:
    """Return the thing that words lay on a place: "a scar" of "add a scar on the left cheek"; nothing of other words.

    >>> thing_of("put a long scar on the left cheek")
    'a long scar'
    """
    found = _THING.fullmatch(words.strip())
    return found["thing"] if found else ""


def refers(clause: str) -> bool:
    """Return whether a clause speaks of something that was said before: "another one on the chin"."""
    found = _ANOTHER.fullmatch(clause) or _THERE_TOO.fullmatch(clause)
    return found is not None and bool(find_parts(found["where"]))  # "in her sixties too" is about no place


def with_thing(clause: str, thing: str) -> str:
    """Return a clause with the thing that it refers to: "a scar on the chin" of "another one on the chin".

    Args:
        clause: in lower case; one that refers to nothing stays as it is.
        thing: what was laid on a place last, such as "a scar"; nothing where there is none.
    """
    bare = re.sub(rf"^(?:an?|the|some|another|{_COUNTS}) ", "", thing)
    if thing and _TAKES_ONE.search(clause):
        return _TAKES_ONE.sub(rf"\g<verb> the {bare}", clause)
    if not thing or not refers(clause):
        return clause
    if found := _ANOTHER.fullmatch(clause):
        if found["count"]:
            return f"{found['count']} {bare if bare.endswith('s') else f'{bare}s'}{found['where']}"
        article = "an" if (found["how"] or bare)[:1] in "aeiou" else "a"
        plural = thing.endswith("s") and not thing.startswith(("a ", "an "))
        return f"{'' if plural else f'{article} '}{found['how'] + ' ' if found['how'] else ''}{bare}{found['where']}"
    if found := _THERE_TOO.fullmatch(clause):
        return f"{thing} {found['where']}"
    return clause
