"""What words ask to change about a face that is there: "older", "with fewer freckles", "as if after a week at sea".

A comparative is measured from the face as it is; everything else means what it means in a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dreamface.language.lexicon import lexicon
from dreamface.language.reader import Reading, read
from dreamface.language.tables import TENS, UNITS
from dreamface.limits import check_prompt
from dreamface.text import clean, normalise
from dreamface.traits import VOCABULARY, Group, Kind, Trait, Traits, TraitValue, Value

_AFTER: Final = r"(?:as if |like |just )?(?:back |returned )?(?:after|from) "
_A_WHILE: Final = r"(?:an? |the |two |three |several |some |many )?(?:days?|weeks?|months?|years?)? ?"

SITUATIONS: Final = {
    rf"{_AFTER}{_A_WHILE}(?:on|at|by|of)? ?(?:the )?(?:beach|sunbathing|holidays?)": "tanned skin, some freckles",
    rf"{_AFTER}{_A_WHILE}(?:on|at|of)? ?(?:the )?(?:sea|open sea|sailing|ocean)": (
        "sunburnt skin, stubble, slightly weathered"
    ),
    r"(?:as if |like )?(?:after )?(?:an? |the |many )?(?:long |bad )?"
    r"(?:nights? without (?:any )?sleep|sleepless nights?|all[- ]nighter)": "tired, bloodshot eyes, dark circles",
    r"(?:as if |like )?(?:after )?(?:a )?(?:wild |long )?(?:party|night out)": "tired, bloodshot eyes, dark circles",
    r"(?:more |looking )?(?:healthy|healthier|well[- ]rested|rested|fresh|fresher)": (
        "less tired, clear eyes, fewer blemishes"
    ),
    r"(?:looking )?(?:sick|ill|feverish|sickly)": "less red skin, dark circles, bloodshot eyes",
    r"(?:as if |like )?(?:after )?(?:crying|having cried|tears)": "bloodshot eyes, redder skin",
    r"(?:as if |like )?(?:after )?(?:a )?(?:workout|run|sports?|marathon)": "flushed skin, oily skin",
    r"(?:as if |like )?(?:out )?in the (?:cold|snow|frost)": "redder skin, redder lips",
    r"(?:evening|party|gala) (?:make[- ]?up|look)": "smoky eyes, red lipstick, eyeliner, blush, foundation",
    r"(?:everyday|day|natural|nude|light|subtle|no[- ]make[- ]?up) make[- ]?up": (
        "foundation, slight blush, pink lipstick"
    ),
    r"(?:bridal|wedding) make[- ]?up": "dewy foundation, pink blush, pink lipstick, soft eyeliner",
    r"(?:goth|gothic) make[- ]?up": "pale skin, black lipstick, black eyeshadow, eyeliner",
}
"""Situations and looks, and the same in words that a prompt may use."""

_DEGREES: Final = {
    r"(?:just )?(?:a little(?: bit)?|a bit|slightly|somewhat|a touch|a tad)": 0.5,
    r"(?:much|a lot|far|way|considerably|very much|significantly)": 1.8,
}
"""How much more or less, over what a comparative says by itself."""

_SOFTENED: Final = 0.55  # of what a word means in a prompt, that its comparative moves a shape
_HALFWAY: Final = 0.5  # of the way to the end of its range, that a comparative moves anything else
_OLDER_YEARS: Final = 12.0
_LESS: Final = frozenset({"less", "fewer"})
_MORE: Final = frozenset({"more"})
_FILLERS: Final = re.compile(
    r"^(?:please |make (?:him|her|it|them|the face|the person) |and |but |with |look(?:ing)? |a |an |the )+",
    re.IGNORECASE,
)
_CLAUSES: Final = re.compile(r"\s*(?:[,;.]|\band\b|\bbut\b)\s*", re.IGNORECASE)
_NUMBER: Final = r"(\d{1,3}|[a-z]+(?:[ -][a-z]+)?)"
_YEARS: Final = re.compile(rf"\b{_NUMBER} years? (older|younger)\b", re.IGNORECASE)
_AGED: Final = re.compile(rf"\baged? by {_NUMBER} years?\b", re.IGNORECASE)
_OLDER: Final = re.compile(r"\b(older|younger|aged)\b(?! by)(?! \d)", re.IGNORECASE)


@dataclass(frozen=True)
class _Comparative:
    """A clause that compares: its words without that, whether it asks for less, and how much."""

    words: str
    less: bool
    degree: float


def read_change(words: str, traits: Traits) -> Reading:
    """Return what a face becomes by words; the same words and face always give the same.

    Args:
        words: English, 1 to `limits.LONGEST_PROMPT` characters.
        traits: of the face as it is.

    Raises:
        BadRequest: the words are empty or too long.
    """
    check_prompt(words)
    text = normalise(clean(words)).lower()
    found: dict[str, TraitValue] = {}
    lost: list[str] = []
    for clause in _clauses(text):
        said, left = _clause(clause, traits)
        found |= said
        lost += left
    return Reading(Traits(found), tuple(dict.fromkeys(lost)))


def _clauses(text: str) -> Iterator[str]:
    """Yield clauses, with situations in words that a prompt may use."""
    for pattern, meaning in SITUATIONS.items():
        text = re.sub(rf"\b{pattern}\b", f", {meaning}, ", text)
    for clause in _CLAUSES.split(text):
        if stripped := _FILLERS.sub("", clause.strip()).strip():
            yield stripped


def _clause(clause: str, traits: Traits) -> tuple[dict[str, TraitValue], tuple[str, ...]]:
    """Return what one clause says, and its words that changed nothing."""
    if (years := _years(clause, traits)) is not None:
        return {"age": TraitValue(years, 1.0, clause)}, ()
    comparative = _comparative(clause)
    if comparative is None:
        reading = read(clause)
        return dict(reading.traits), reading.not_understood
    for words in (comparative.words, f"{comparative.words} skin"):
        reading = read(words)
        if reading.traits:
            moved = {
                name: TraitValue(_moved(VOCABULARY[name], traits.value(name), entry.value, comparative), 1.0, clause)
                for name, entry in reading.traits.items()
            }
            return moved, reading.not_understood
    return {}, (clause,)


def _years(clause: str, traits: Traits) -> float | None:
    """Return the age that a clause asks for by comparing."""
    now, trait = traits.number("age"), VOCABULARY["age"]
    if (found := _YEARS.search(clause)) and (number := _number(found[1])) is not None:
        return trait.clamp(now + (number if found[2] == "older" else -number))
    if (found := _AGED.search(clause)) and (number := _number(found[1])) is not None:
        return trait.clamp(now + number)
    if found := _OLDER.fullmatch(_without_degree(clause)[0]):
        step = _without_degree(clause)[1] * (_OLDER_YEARS + 0.12 * now)
        return trait.clamp(now - step if found[1] == "younger" else now + step)
    return None


def _number(words: str) -> float | None:
    parts = words.replace("-", " ").split()
    if words.isdigit():
        return float(words)
    values = [TENS.get(part, UNITS.get(part)) for part in parts[-2:]]
    if values and values[-1] is not None and (len(values) == 1 or values[0] is None):
        return float(values[-1])
    return float(sum(value for value in values if value is not None)) if values and None not in values else None


def _without_degree(clause: str) -> tuple[str, float]:
    for pattern, degree in _DEGREES.items():
        shorter = re.sub(rf"\b{pattern}\b ?", "", clause, count=1)
        if shorter != clause:
            return shorter.strip(), degree
    return clause, 1.0


def _comparative(clause: str) -> _Comparative | None:
    """Return what a clause compares; None where it does not."""
    words, degree = _without_degree(clause)
    tokens = words.split()
    for number, token in enumerate(tokens):
        before, after = tokens[:number], tokens[number + 1 :]
        if token in _LESS | _MORE and after:
            return _Comparative(" ".join((*before, *after)), token in _LESS, degree)
        if base := _base(token):
            return _Comparative(" ".join((*before, base, *after)), False, degree)
    return None


def _base(token: str) -> str:
    """Return the adjective that a word is the comparative of, such as "pale" of "paler"; nothing of other words."""
    if not token.endswith("er") or len(token) < 5:
        return ""
    stem = token[:-2]
    candidates = [f"{stem[:-1]}y"] if stem.endswith("i") else []
    candidates += [stem, f"{stem}e"] + ([stem[:-1]] if stem[-1] == stem[-2] else [])
    known = lexicon()
    return next((word for word in candidates if known.knows(word) or word in known.adjectives), "")


def _moved(trait: Trait, now: Value, said: Value, comparative: _Comparative) -> Value:
    """Return a trait's value, moved from what it is in the direction of what was said, or away from it."""
    sign = -1.0 if comparative.less else 1.0
    if trait.kind is Kind.TINT and isinstance(now, tuple) and isinstance(said, tuple):
        strength = now[3] + sign * comparative.degree * _HALFWAY * (1.0 - now[3] if sign > 0.0 else now[3])
        return (*(now if now[3] > 0.0 else said)[:3], min(max(strength, 0.0), 1.0))
    if trait.kind is not Kind.NUMBER or not isinstance(said, float | int) or not isinstance(now, float | int):
        return now if comparative.less else said
    assert isinstance(trait.default, float | int)
    way = sign * (said - trait.default)
    if trait.group is Group.SHAPE:
        return trait.clamp(now + _SOFTENED * comparative.degree * way)
    end = trait.high if way > 0.0 else trait.low
    return trait.clamp(now + min(1.0, _HALFWAY * comparative.degree) * (end - now))
