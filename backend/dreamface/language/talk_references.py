"""What "another one" and "the same" stand for: the thing that was laid on a place last."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dreamface.language.parts import find_parts

_PLACE: Final = r"(?:on|at|in|under|above|below|over|near|next to|beside|between|across|around|along|behind)"
_PUT: Final = r"(?:(?:add|put|draw|paint|place|make|give (?:her|him|it|them)|with|and|also|then) )*"
_THING: Final = re.compile(
    rf"{_PUT}(?P<thing>(?!.*\b(?:ones?|more)\b)[\w'-]+(?: [\w'-]+)*?) {_PLACE} .+", re.IGNORECASE
)
_COUNTS: Final = r"(?:two|three|four|five|six|\d)"
_LEADS: Final = re.compile(rf"^(?:an?|the|some|another|{_COUNTS}) ")
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
    bare = _LEADS.sub("", thing)
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


_IT: Final = r"(?:(?:that|this) (?:one|thing)|it|that|this|them|those|these)"
_OF_A_MARK: Final = re.compile(
    rf"(?P<before>(?:(?:move|shift|transfer|slide|bring|put|fade|soften|weaken|tone down|lighten|reduce|blend|play down|strengthen|intensify|deepen"
    rf"|darken|emphasi[sz]e|accentuate|bring out|make|turn|remove|delete|erase|lose|take|wipe|get rid of) )?){_IT}(?P<after>(?: \S.*)?)",
)
_BE: Final = re.compile(r" (?:is|are|should be|must be|could be|looks?|needs to be) \S.*")
_BARE_HOW: Final = re.compile(
    r"(?:(?:even|still|much|way|far|a|an|little|bit|touch|lot|slightly|more|less|too) )*[a-z-]+"
)
_PIECES: Final = re.compile(r"(\s*,\s*(?:and |but )?|\s+(?:and|but|then)\s+)")


def mark_of(label: str) -> str:
    """Return what an edit that lies on a place is called after its label; nothing where the label names no thing.

    >>> mark_of("give her a scar on the chin")
    'the scar on the chin'
    """
    thing = thing_of(label.strip())
    bare = _LEADS.sub("", thing)
    if not thing or bare == thing or len(bare.split()) > _LONGEST_THING:
        return ""
    return f"the {bare}{label[label.index(thing) + len(thing) :].rstrip(' .!')}"


_LONGEST_THING: Final = 4  # words


def with_mark(text: str, mark: str, compares: Callable[[str], bool] | None) -> str:
    """Return a line in which "it" is the mark that was laid or changed last; nothing of lines that do not speak of it.

    Args:
        text: in lower case, without politeness.
        mark: such as "the scar on the chin"; nothing where there is none.
        compares: whether words are a comparative that can be of a thing, such as "a bit darker"; None where the last
            change was about something else, so that "it" is the mark only where nothing else can be meant.

    >>> with_mark("move it to the forehead", "the scar on the chin", lambda words: False)
    'move the scar on the chin to the forehead'
    """
    pieces = _PIECES.split(text)
    put = [piece if number % 2 else _about_mark(piece, mark, compares) or piece for number, piece in enumerate(pieces)]
    return "".join(put) if mark and put != pieces else ""


def _about_mark(piece: str, mark: str, compares: Callable[[str], bool] | None) -> str:
    """Return a clause that is about a mark with its name; nothing of other clauses."""
    if compares is None:
        return re.sub(
            rf"^(move|shift|transfer|fade) {_IT}(?=$| (?:away|out|a (?:bit|little)|(?:\w+ )?(?:to|onto) ))",
            rf"\1 {mark}",
            piece,
        )
    if _BARE_HOW.fullmatch(piece) and compares(piece):
        return f"make {mark} {piece}"
    found = _OF_A_MARK.fullmatch(piece)
    if found is None or (not found["before"] and not _BE.fullmatch(found["after"])):
        return ""
    if found["before"] in ("make ", "turn ") and not compares(found["after"].strip()):
        return ""
    return f"{found['before']}{mark}{found['after']}"
