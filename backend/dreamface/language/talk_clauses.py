"""What one clause of an order asks for."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dreamface.language.changes import base_of
from dreamface.language.degrees import without_degree
from dreamface.language.lexicon import lexicon
from dreamface.language.parts import Part, find_parts, part_of, traits_of, without_parts
from dreamface.language.talk import Change, Context, Hold, Nothing, Restore, Step, Take
from dreamface.language.talk_expressions import expression_of
from dreamface.language.talk_history import read_history, read_taking
from dreamface.language.talk_orders import THE, as_change, by_percent, stripped
from dreamface.language.talk_poses import cannot_move, pose_of
from dreamface.language.talk_sides import eye_of, only_both, without_comparing
from dreamface.language.talk_unmade import reason_of
from dreamface.language.talk_wishes import removal
from dreamface.traits import VOCABULARY, Kind, Traits

_NOT_SO: Final = re.compile(
    rf"^(?:and )?(?:not|no|instead of|rather than) (?:{THE} )?[\w -]+? ones?$"
    r"|^(?:not|rather than|instead of) (?:an? )?[\w-]+$"
)
_FORBIDS: Final = re.compile(
    r"^(?:please )?(?:don't|do not|dont|never|stop|avoid|without|no need (?:for you )?to|there is no need to|you (?:needn't|shouldn't|mustn't|don't have to))"
    r" (?:make|making|give|giving|turn|turning|let|letting|add|adding|have|having|put|putting)\b ?(?P<what>.*)$"
)
ABUSE: Final = re.compile(
    r"^(?:you|u)(?:'re| are|r)?\b"
    r"|^(?:ignore|disregard|forget) (?:all |your |the |any )*(?:previous|prior|above)?\s*"
    r"(?:instructions|rules|prompts?)"
    r"|^(?:write|print|tell (?=me an? |us an? )|sing|play|open|run|send|buy|search|translate|calculate) "
    r"(?:me |us )?(?!more)"
)


def traits_set(step: Change, context: Context) -> set[str]:
    """Return the names of the traits that an order sets."""
    return set(step.traits or context.read(step.words).traits)


SAID_ALREADY: Final = Nothing("")
"""Of a clause that only says again what another one says: "not the blue one"."""


def step_of(text: str, steps: Sequence[Step], last: Sequence[Part], context: Context) -> Step | None:
    """Return the step that one clause asks for; None where it asks for none.

    Args:
        text: the clause, in lower case and without politeness.
        steps: of the clauses before it.
        last: parts that "them" stands for.
        context: the face.
    """
    step = read_history(text, context.others, last)
    if (less := removal(text)) and (step is None or isinstance(step, Take)):
        text, step = less, None
    if step is not None:
        return step
    orders = [one for one in steps if isinstance(one, Change)]
    if orders and (limit := _BUT_NOT.fullmatch(text)):
        return _but_not(limit["what"], orders[-1], context) or SAID_ALREADY
    if orders and _NOT_SO.match(text):
        return SAID_ALREADY
    if stays := _staying(text, context):
        return stays
    if _SIDE_ALONE.fullmatch(text):
        return Nothing(_WHAT_THERE, text)
    if why := cannot_move(text) or reason_of(text):
        return Nothing(why, text)
    meant, strength = pose_of(text)
    if not meant:
        meant, strength = expression_of(text, context.traits)
    meant = meant or eye_of(text, context.traits)
    if meant:
        return Change(text, strength, said=text, traits=meant)
    if why := only_both(text, context.traits):
        return Nothing(why, text)
    for read in (_vague, _forbidden, _undoing, _likened, _change):
        if found := read(text, context):
            return found
    return read_taking(text, context.others)


_SIDE_ALONE: Final = re.compile(
    rf"(?:(?:only|just|{THE}|on|at|to) )*(?:left|right)(?:[- ]hand)?(?: (?:side|one|ones))?(?: (?:only|alone|just))?"
)
_WHAT_THERE: Final = "Say what should be on that side, such as “the left eye brown” or “look left”."
_BUT_NOT: Final = re.compile(
    r"(?:though |just |only |but |and |yet )*(?:not|without (?:being|getting|becoming|looking|going))"
    r"(?: (?:too|so|that|any|overly|at all|being|looking))* (?P<what>(?!(?:the|an?|her|his) )[\w' -]+?)(?: (?:though|please|at all))?"
)
_STAYING: Final = re.compile(
    rf"(?:(?:{THE} [\w]+|she|he|it|they) )?(?:(?:should|must|has to|have to|needs to|can|may) )?"
    r"(?:stay|stays|remain|remains|staying|remaining) (?P<what>(?!as\b|the same|like|put|there)[\w -]+)"
)


def _but_not(what: str, order: Change, context: Context) -> Step | None:
    """Return what must not go along with an order as what stays: "older but not wrinkled"."""
    parts = find_parts(order.words)
    own = traits_set(order, context)
    of_part = {name for part in parts[:1] for name in context.read(as_change(f"{what} {part.name}")[0]).traits}
    names = of_part or set(context.read(as_change(what)[0]).traits)
    names = names if own - names else names - own  # "bigger nose but not wider" makes it longer alone
    return Hold(tuple(map(_alone, sorted(names)))) if names else None


def _staying(text: str, context: Context) -> Step | None:
    """Return what somebody says stays as it is by how it is: "she should stay feminine"."""
    found = _STAYING.fullmatch(text)
    names = tuple(context.read(found["what"]).traits) if found else ()
    return Hold(tuple(dict.fromkeys(map(part_of, names)))) if names else None


def _alone(name: str) -> Part:
    """Return a trait as a part of its own."""
    return Part(name, "", (name,))


def only_parts(text: str) -> tuple[Part, ...]:
    """Return the parts that a clause names where it says nothing else."""
    rest = re.sub(rf"\b{THE}\b", "", without_parts(text))
    return find_parts(text) if not rest.strip(" ,") else ()


_VAGUE: Final = re.compile(
    rf"(?:i|we) (?:(?:do not|don't|didn't) (?:really )?(?:like|love|want|care for)|hate|dislike) (?:how |the way )?(?P<what>(?:{THE}) [\w ]+?)(?: looks?| is| are)?(?: (?:at all|much|like that|like this|now))*"
    rf"|(?:there (?:is|'s) )?something(?:'s)? (?:is |looks )?(?:wrong|off|odd|strange|weird)(?: going on)? (?:about|with|in|around) (?P<where>(?:{THE}) [\w ]+)"
    rf"|(?P<part>(?:{THE}) [\w ]+?) (?:is|are|looks?|seems?) (?:a bit |somehow |just |all |still )*(?:wrong|off|odd|not right|weird|strange)"
)
_WHAT_OF_IT: Final = "Say what should be different about the {}, such as “bigger” or “smaller”."


def _vague(text: str, _context: Context) -> Step | None:
    """Return the sentence for a complaint about a part that does not say what is wrong with it."""
    found = _VAGUE.fullmatch(text)
    parts = only_parts(found["what"] or found["where"] or found["part"]) if found else ()
    return Nothing(_WHAT_OF_IT.format(parts[0].name)) if parts else None


_UNDOES: Final = re.compile(
    rf"(?:undo|revert|take back) (?:only |just )?(?:{THE} )?(?P<what>\S.*?)(?: (?:bit|part|thing|change|edit|one|stuff))*"
)
_HOW_TO_UNDO: Final = "I don't know which change you mean: say “undo”, “undo the last two”, “undo the first one” or “undo all but the nose”."


def _undoing(text: str, context: Context) -> Step | None:
    """Return the step that takes back what words name by what they did: "undo the older bit"."""
    found = _UNDOES.fullmatch(text)
    if found is None:
        return None
    names = tuple(context.read(found["what"]).traits)
    return Restore(tuple(map(_alone, names))) if names else Nothing(_HOW_TO_UNDO)


def _forbidden(text: str, context: Context) -> Step | None:
    """Return what must not be done as parts that stay: "don't make her older" holds the age."""
    if not (found := _FORBIDS.match(text)):
        return None
    what = re.sub(r"\b(?:any|even|so) (?=\w)", "", found["what"])
    said = [as_change(stripped(f"make {one}"))[0] for one in re.split(r" or |, ", what)]
    claims = [(words, context.read(words).traits) for words in said if words]
    names = tuple(name for _, traits in claims for name in traits)
    if (
        names
        and not compares(what)
        and " like " not in f" {what}"
        and all(_is_so(name, traits, context) for _, traits in claims for name in traits)
    ):
        return _undone(claims, context)
    return Hold(tuple(dict.fromkeys(map(part_of, names)))) if names else None


def compares(words: str) -> bool:
    """Return whether any of the words compares: "more", "older"."""
    return any(word in ("more", "less", "fewer") or base_of(word) for word in words.split())


def _is_so(name: str, said: Traits, context: Context) -> bool:
    """Return whether a face is already as words say, or nearly."""
    trait, now, claimed = VOCABULARY[name], context.traits.value(name), said.value(name)
    if trait.kind is not Kind.NUMBER:
        return now == claimed
    assert isinstance(now, float | int) and isinstance(claimed, float | int) and isinstance(trait.default, float | int)
    way = claimed - trait.default
    return (now - trait.default) * way > 0.0 and abs(now - trait.default) >= _NEARLY * abs(way)


_NEARLY: Final = 0.6  # of what words say, from which a face is so


def _undone(claims: Sequence[tuple[str, Traits]], context: Context) -> Step | None:
    """Return the order against what a face already is: an expression goes, of anything else there is less."""
    moved = {name: entry for _, traits in claims for name, entry in traits.items() if name.startswith("expression.")}
    words = " and ".join(words for words, _ in claims)
    if moved:
        return Change(words, said=words, traits=Traits({n: replace(e, value=0.0) for n, e in moved.items()}))
    less = f"less {claims[0][0]}"
    return Change(less, said=less) if context.means_something(less) else None


_LIKENED: Final = re.compile(
    rf"(?:(?:give|make|with|have|want) (?:{THE} )?)*(?:(?:an? |the |her |his )?(?P<part>[\w ]+?) (?:(?:a (?:little )?(?:bit|little|touch) )?more )?(?:like|of) (?:(?:that|those|the (?P<same>[\w ]+?)) of )?an? (?P<who>[\w ]+)|an? (?P<whose>[\w ]+?)'s? (?P<thing>[\w ]+))"
)


def _likened(text: str, context: Context) -> Step | None:
    """Return the change of a part that is likened to somebody's: of "a nose like a Roman emperor" the nose alone."""
    found = _LIKENED.fullmatch(text)
    parts = only_parts(found["part"] or found["thing"]) if found else ()
    if found is None or not parts or not any(map(_is_person, (found["who"] or found["whose"]).split())):
        return None
    if found["same"] and only_parts(found["same"]) != parts:
        return None
    said = context.read(f"{parts[0].name} like a {found['who']}" if found["who"] else text).traits
    own = Traits({name: entry for name, entry in said.items() if name in traits_of(parts)})
    strength = without_degree(text)[1]
    return Change(text, strength, said=text, traits=own) if own else Nothing(_NOT_LIKENED.format(text))


_NOT_LIKENED: Final = "I know nothing of “{}” that I could make: say how it looks, such as “a hooked nose”."


def _is_person(word: str) -> bool:
    entry = lexicon().entries.get(word)
    return entry is not None and bool(entry.kind)


def _change(text: str, context: Context) -> Step | None:
    """Return the change that a clause orders; None where it means nothing."""
    if ABUSE.match(text):
        return None
    plain, share = by_percent(_by_percent(text, context))
    words, strength = as_change(plain)
    strength *= share
    if not words or not any(map(str.isalnum, words)):
        return None
    if re.fullmatch(
        r"(?:change|do|make|edit|different|another|something|anything|it|that)"
        r"(?: (?:it|that|something|anything|her|him))?",
        words,
    ):
        return None
    laid = without_comparing(text)
    for candidate in dict.fromkeys((laid or words, words, plain)):
        if context.means_something(candidate):
            return Change(candidate, strength if candidate in (laid, words) else 1.0, said=text)
    return None


_PERCENT: Final = re.compile(r"^(?:about |around )?(?P<share>\d{1,3}) ?(?:%|percent|per cent) (?P<how>older|younger)$")


def _by_percent(text: str, context: Context) -> str:
    """Return "20 % older" in years."""
    found = _PERCENT.match(re.sub(r"^(?:make|let) (?:her|him|it|them) (?:look |be )?", "", text))
    if not found:
        return text
    return f"{max(1, round(context.traits.number('age') * int(found['share']) / 100))} years {found['how']}"
