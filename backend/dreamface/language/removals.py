"""Verbs that take something away, said as readings know it: "wipe the lipstick off" is "no lipstick"."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.lexicon import lexicon, resolve_alias

_DETERMINERS: Final = r"(?:all |any |every |of |the |her |his |their |its |my |your |those |these )*"
_MOVED: Final = r"(?:take|wipe|clean|wash|rub|scrub|strip|shave|scrape|brush|peel|clear|get)"
_VERB: Final = (
    rf"(?:please |now |then |also )*(?:{_MOVED} (?:off|away)|remove|lose|get rid of|do away with|erase|delete"
    r"|eliminate|drop|ditch|kill|banish|zap|strip|take out|wipe out|clear up|pluck|shave|hide|conceal|cover up|heal|smooth (?:out|away)|smoothen (?:out|away)|iron out)"
)
_TAKEN: Final = re.compile(rf"{_VERB} {_DETERMINERS}(?P<what>\S.*)", re.IGNORECASE)
_TAKEN_OFF: Final = re.compile(
    rf"(?:please |now |then |also )*{_MOVED} {_DETERMINERS}(?P<what>\S.*?) (?:off|away)"
    r"(?: (?:of |from )?(?P<where>.+))?",
    re.IGNORECASE,
)
_YEARS_OFF: Final = re.compile(
    r"(?:please )?(?:take|knock|shave|wipe|get|lose|drop|remove|cut) (?:off )?(?:the |some )?(?P<span>(?:[\w-]+ )*?(?:years?|decades?))"
    r"(?: off| away)?(?: (?:of |from )?(?:him|her|it|them|the face|his face|her face))?",
    re.IGNORECASE,
)
_NO_MORE: Final = re.compile(r"no (?:more|longer)(?: any)? (?P<what>\S.*)", re.IGNORECASE)
_SHAVEN: Final = re.compile(r"(?:please )?shave (?:him|her|it|them|the face)(?: clean)?|shaved? clean", re.IGNORECASE)
_PARTS: Final = re.compile(r"(\s*(?:[,;.!?]+|\band\b|\bbut\b|\bwith\b|\bthen\b)\s*)", re.IGNORECASE)
_PLACED: Final = re.compile(r"\b(?:from|on|under|around|over|in|at|above|below|across|between)\b", re.IGNORECASE)
_LISTS: Final = ("", ",", "and")
_LED: Final = re.compile(r"(?:all |any )?(?:the|her|his|their|its) (?P<what>\S.*)", re.IGNORECASE)


def with_removals(words: str) -> str:
    """Return words in which what is taken away follows "no"; a verb reaches over the things that are listed after it.

    Args:
        words: as an artist types them.

    >>> with_removals("take the make-up off and get rid of her freckles")
    'no make-up and no freckles'
    >>> with_removals("remove the beard and the moles from the chin, older")
    'no beard and no moles from the chin, older'
    """
    pieces = _PARTS.split(words)
    removing, placed, separator = False, False, ""
    for number, piece in enumerate(pieces):
        if number % 2:
            separator = piece.strip().lower()
            continue
        if not piece.strip():
            removing = removing and separator in _LISTS
            continue
        said = _removal(piece.strip())
        if not said and removing and separator in _LISTS:
            if placed and not _PLACED.search(piece):
                continue  # "remove the freckles from the nose and the chin": another place
            said = _listed(piece.strip())
        removing, placed = bool(said), bool(_PLACED.search(said))
        pieces[number] = said or piece
    return "".join(pieces)


def _removal(clause: str) -> str:
    """Return a clause with a removing verb as it reads with "no"; nothing of other clauses."""
    if _SHAVEN.fullmatch(clause):
        return "clean shaven"
    if found := _NO_MORE.fullmatch(clause):
        return f"no {found['what']}"
    if found := _YEARS_OFF.fullmatch(clause):
        return "younger" if found["span"].lower() == "years" else f"{found['span']} younger"
    if found := _TAKEN_OFF.fullmatch(clause):
        where = found["where"] or ""
        return f"no {found['what']}{f' on {where}' if where else ''}"
    if found := _TAKEN.fullmatch(clause):
        return f"no {found['what']}"
    return ""


def _listed(clause: str) -> str:
    """Return a thing that is listed after a removing verb as it reads with "no"; nothing of other clauses."""
    if found := _LED.fullmatch(clause):
        return f"no {found['what']}"
    bare = clause.lower().replace("-", "")
    known = (lexicon().entries.get(resolve_alias(word)) for word in (bare, bare.removesuffix("s")))
    return f"no {clause}" if any(entry is not None and entry.noun for entry in known) else ""
