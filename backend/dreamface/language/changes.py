"""What words ask to change about a face that is there: "older", "with fewer freckles", "as if after a week at sea".

A comparative is measured from the face as it is; everything else means what it means in a prompt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from dreamface.language.degrees import BEGINS_AMOUNT, without_degree
from dreamface.language.lexicon import lexicon
from dreamface.language.reader import Reading, read_words
from dreamface.language.removals import with_removals
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

_SOFTENED: Final = 0.55  # of what a word means in a prompt, that its comparative moves a shape
_HALFWAY: Final = 0.5  # of the way to the end of its range, that a comparative moves anything else
_OLDER_YEARS: Final = 12.0
_LIGHTNESS: Final = {"dark": -1, "deep": -1, "black": -1, "light": 1, "pale": 1, "bright": 1, "fair": 1}
"""Adjectives of how light a colour is, and whether they mean a lighter or a darker one."""

_LIGHTER: Final = 1.8  # times as much light as before, that "lighter" means
_LESS: Final = frozenset({"less", "fewer"})
_MORE: Final = frozenset({"more"})
_FILLERS: Final = re.compile(
    r"^(?:please |(?:make|turn|give) (?:him|her|it|them|the face|the person) (?:look |seem |be )?|and |but |with "
    rf"|look(?:ing)? |even |still |(?:an?|the) (?!{BEGINS_AMOUNT}))+",
    re.IGNORECASE,
)
_ARTICLE: Final = re.compile(r"^(?:an?|the) ", re.IGNORECASE)
_CLAUSES: Final = re.compile(r"\s*(?:[,;.]|\band\b|\bbut\b)\s*", re.IGNORECASE)
_NUMBER: Final = r"(\d{1,3}|[a-z]+(?:[ -][a-z]+)?)"
_COUNTS: Final = {
    "a": 1.0, "an": 1.0, "a couple of": 2.0, "a couple": 2.0, "couple of": 2.0, "a few": 4.0, "few": 4.0, "some": 4.0,
    "several": 7.0, "many": 20.0, "half a": 0.5,
}  # fmt: skip
"""How many years or decades that are not counted are."""

_UNITS: Final = {"week": 1 / 52, "month": 1 / 12, "year": 1.0, "decade": 10.0, "generation": 25.0}
_SPAN: Final = (
    r"(?:(?P<count>\d{1,3}|a couple(?: of)?|couple of|a few|few|half a|[a-z]+(?:[ -][a-z]+)?) )?"
    r"(?P<unit>week|month|year|decade|generation)s?"
)
_YEARS: Final = re.compile(rf"(?:^|\b){_SPAN} (?P<way>older|younger)\b", re.IGNORECASE)
_BY_YEARS: Final = re.compile(
    rf"\b(?P<way>older|younger|de-?aged?|aged?|rejuvenated?)(?: \w+)? by {_SPAN}\b", re.IGNORECASE
)
_ADDED: Final = re.compile(rf"(?:add|put)(?: on| another)? {_SPAN}(?: more)?(?: to .*| on .*)?", re.IGNORECASE)
_TIMES: Final = re.compile(
    r"(?:only |about )?(?P<times>half|twice|double|two times|three times|triple|third of|quarter of|halve)"
    r"(?: as old(?: as .*)?| (?:of )?(?:the|his|her|their|its|that|this) (?:age|years)| the age)",
    re.IGNORECASE,
)
_AT_AGE: Final = re.compile(
    rf"(?:aged?|at|about|around|roughly|now|be|is|to|at age|at the age of)? ?{_NUMBER}"
    r"(?P<years>[ -]years?(?:[ -]old| of age)?)?",
    re.IGNORECASE,
)
_OLDER: Final = re.compile(r"\b(older|younger|aged)\b(?! by)(?! \d)", re.IGNORECASE)
_FACTORS: Final = {
    "half": 0.5, "half of": 0.5, "twice": 2.0, "double": 2.0, "two times": 2.0, "three times": 3.0, "triple": 3.0,
    "third of": 1 / 3, "third": 1 / 3, "quarter of": 0.25, "quarter": 0.25, "halve": 0.5,
}  # fmt: skip
_YOUNGEST: Final = 5.0  # years that a number alone means

_TIMES_NOW: Final = re.compile(
    r"(?:only |just |about )?(?P<times>half|twice|double|two times|three times|triple|third|quarter|halve)"
    r"(?: as (?:many|much)| of (?:the|her|his|their)| the(?: (?:number|amount) of)?| her| his| their) (?P<what>.+)",
    re.IGNORECASE,
)
_NOT_SO: Final = re.compile(r"^not (?:quite )?(?:so|as|that|too|very) (?P<many>many |much )?", re.IGNORECASE)
_PARTLY: Final = re.compile(
    r"(?P<share>\d{1,3}) ?(?:%|percent|per cent)(?: of)? (?:the |more )?(?P<what>\S.*)", re.IGNORECASE
)
_LITTLE: Final = re.compile(
    r"(?:just |only |merely |but )*(?:(?:an? |the )?(?:very |tiny |slight(?:est)? |faint(?:est)? |mere |little )*"
    r"(?:hint|trace|touch|tinge|suggestion|dash|whiff|smidgen|bit) of|barely any|hardly any|a tiny bit of"
    r"|(?:very,? ){2,}(?:faint|light|slight|subtle|soft|weak)) (?:the )?(?P<what>\S.*)",
    re.IGNORECASE,
)
_LOTS: Final = re.compile(
    r"(?:really |so |with )*(?:lots|loads|tons|plenty|heaps|masses|a lot|a ton|a load|a great deal) of (?P<what>\S.*)",
    re.IGNORECASE,
)
_A_LITTLE: Final = 0.35  # of what a word means by itself
_A_LOT: Final = 1.6
_UNIBROW: Final = re.compile(r"\b(?:unibrow|monobrow)\b", re.IGNORECASE)
_BROWS: Final = re.compile(r"no (?:eyebrows?|brows?)", re.IGNORECASE)


@dataclass(frozen=True)
class _Comparative:
    """A clause that compares.

    Attributes:
        words: its words with the adjective as a prompt has it: "an old man" of "an older man".
        less: whether it asks for less.
        degree: how much, over what a comparative says by itself.
        beside: the words beside the adjective: "man" of "an older man".
        lightness: 1 where it asks for a lighter colour, -1 for a darker one, 0 where it speaks of something else.
    """

    words: str
    less: bool
    degree: float
    beside: str = ""
    lightness: int = 0


def read_change(words: str, traits: Traits) -> Reading:
    """Return what a face becomes by words; the same words and face always give the same.

    Args:
        words: English, 1 to `limits.LONGEST_PROMPT` characters.
        traits: of the face as it is.

    Raises:
        BadRequest: the words are empty or too long.
    """
    check_prompt(words)
    text = with_removals(normalise(clean(words)).lower())
    found: dict[str, TraitValue] = {}
    lost: list[str] = []
    for clause in _clauses(text):
        said, left = _clause(clause, traits)
        found |= said
        lost += left
    typed = set(re.findall(r"[\w']+", words.lower()))
    return Reading(Traits(found), tuple(word for word in dict.fromkeys(lost) if typed & set(word.lower().split())))


def read_degrees(words: str) -> Reading:
    """Return what a prompt says, where it may say how much: "a hint of blush", "30% freckles", "no brows".

    Args:
        words: English, 1 to `limits.LONGEST_PROMPT` characters.

    Raises:
        BadRequest: the words are empty or too long.
    """
    text = words.strip()
    if _BROWS.fullmatch(text):
        trait = VOCABULARY["brows.density"]
        return Reading(Traits({trait.name: TraitValue(trait.low, 1.0, text)}), ())
    for pattern, factor in ((_LITTLE, _A_LITTLE), (_LOTS, _A_LOT)):
        if found := pattern.fullmatch(text):
            return _scaled(found["what"], factor, text)
    if found := _PARTLY.fullmatch(text):
        share = min(float(found["share"]) / 100.0, 1.0)
        reading = read_words(found["what"])
        said = {name: _share(VOCABULARY[name], entry, share, text) for name, entry in reading.traits.items()}
        return Reading(Traits(said), reading.not_understood)
    reading = read_words(words)
    if reading.not_understood and _UNIBROW.search(words):  # what describes it describes brows
        brows = read_words(_UNIBROW.sub("brows", words))
        lost = [word for word in reading.not_understood if word in brows.not_understood]
        return Reading(Traits({**brows.traits, **reading.traits}), tuple(lost))
    return reading


def _scaled(what: str, factor: float, because: str) -> Reading:
    """Return what words say, more or less of it."""
    reading = read_words(what)
    said = {
        name: TraitValue(_times(VOCABULARY[name], entry.value, factor, usual=True), entry.confidence, because)
        for name, entry in reading.traits.items()
    }
    return Reading(Traits(said), reading.not_understood)


def _share(trait: Trait, entry: TraitValue, share: float, because: str) -> TraitValue:
    """Return so much of a trait's whole range."""
    if trait.kind is Kind.NUMBER and trait.group is not Group.SHAPE and isinstance(entry.value, float | int):
        usual = float(trait.default)  # type: ignore[arg-type]
        up = float(entry.value) >= usual
        return replace(entry, value=usual + share * (trait.high - usual) if up else entry.value, because=because)
    if trait.kind is Kind.TINT and isinstance(entry.value, tuple):
        return replace(entry, value=(*entry.value[:3], share), because=because)
    return replace(entry, value=_times(trait, entry.value, share), because=because)


def _times(trait: Trait, value: Value, factor: float, *, usual: bool = False) -> Value:
    """Return a trait's value, so many times as far from where there is nothing of it, or no more than usual."""
    if trait.kind is Kind.TINT and isinstance(value, tuple):
        return (*value[:3], min(value[3] * factor, 1.0))
    if trait.kind is not Kind.NUMBER or not isinstance(value, float | int):
        return value
    nothing = float(trait.default) if usual else _nothing(trait)  # type: ignore[arg-type]
    return trait.clamp(nothing + factor * (float(value) - nothing))


def _nothing(trait: Trait) -> float:
    """Return the value of a number where there is nothing of it."""
    assert isinstance(trait.default, float | int)
    return float(trait.default) if trait.group is Group.SHAPE else trait.low


def _clauses(text: str) -> Iterator[str]:
    """Yield clauses, with situations in words that a prompt may use."""
    for pattern, meaning in SITUATIONS.items():
        text = re.sub(rf"(?<!no )(?<!without )\b{pattern}\b", f", {meaning}, ", text)
    for clause in [text] if _gives_two_irises(text) else _CLAUSES.split(text):
        if stripped := _FILLERS.sub("", clause.strip()).strip():
            yield _NOT_SO.sub(lambda found: "fewer " if found["many"] else "less ", stripped)


_TWO_IRISES: Final = re.compile(r"\bone\b.*\beyes?\b.*\b(?:other|one)\b|\bone\b.*\b(?:other|one)\b.*\beyes?\b")


def _gives_two_irises(text: str) -> bool:
    """Return whether a text is about two eyes of different colours: "one eye blue and the other brown"."""
    return bool(_TWO_IRISES.search(text)) and "iris.right_colour" in read_words(text).traits


def _clause(clause: str, traits: Traits) -> tuple[dict[str, TraitValue], tuple[str, ...]]:
    """Return what one clause says, and its words that changed nothing."""
    if (years := _years(clause, traits)) is not None:
        return {"age": TraitValue(years, 1.0, clause)}, ()
    if found := _TIMES_NOW.fullmatch(clause):
        reading, factor = read_words(found["what"]), _FACTORS[found["times"]]
        return {
            name: TraitValue(_times(VOCABULARY[name], traits.value(name), factor), 1.0, clause)
            for name in reading.traits
        }, reading.not_understood
    comparative = None if _is_amount(clause) else _comparative(clause)
    if comparative is None:
        reading = read_degrees(clause)
        return dict(reading.traits), reading.not_understood
    for words in (comparative.words, f"{comparative.words} skin", f"{comparative.words} hair"):
        reading = read_words(words)
        if reading.traits:
            moved = {
                name: TraitValue(_moved(VOCABULARY[name], traits.value(name), entry.value, comparative), 1.0, clause)
                for name, entry in reading.traits.items()
            }
            return moved | _sex(comparative.beside), reading.not_understood
    return {}, (clause,)


def _sex(words: str) -> dict[str, TraitValue]:
    """Return the sex that words name: "an older man" is a man, not only more of one."""
    said = read_words(words).traits if words.strip() else Traits()
    return {name: entry for name, entry in said.items() if name == "gender"}


def _is_amount(clause: str) -> bool:
    """Whether a clause says how much of something there is by itself."""
    return any(pattern.fullmatch(clause) for pattern in (_LITTLE, _LOTS, _PARTLY))


def _years(clause: str, traits: Traits) -> float | None:
    """Return the age that a clause asks for by comparing, or by a number alone."""
    now, trait = traits.number("age"), VOCABULARY["age"]
    if found := _TIMES.fullmatch(clause):
        return trait.clamp(now * _FACTORS[found["times"].lower()])
    for found in (_YEARS.search(clause), _BY_YEARS.search(clause), _ADDED.fullmatch(clause)):
        count = (found["count"] or "a") if found else ""
        if found and (number := _COUNTS.get(count, _number(count))) is not None:
            years = number * _UNITS[found["unit"]]
            way = found.groupdict().get("way") or "older"
            return trait.clamp(now - years if way[0] in "yrd" else now + years)
    if (found := _AT_AGE.fullmatch(clause)) and (number := _number(found[1])) is not None:
        return trait.clamp(number) if found["years"] or number >= _YOUNGEST else None
    words, degree = without_degree(clause)
    if found := _OLDER.fullmatch(_ARTICLE.sub("", words)):
        step = degree * _older_by(now)
        return trait.clamp(now - step if found[1] == "younger" else now + step)
    return None


def _older_by(age: float) -> float:
    """Return how many years "older" means at an age."""
    return _OLDER_YEARS + 0.12 * age


def _number(words: str) -> float | None:
    parts = words.replace("-", " ").split()
    if words.isdigit():
        return float(words)
    values = [TENS.get(part, UNITS.get(part)) for part in parts[-2:]]
    if values and values[-1] is not None and (len(values) == 1 or values[0] is None):
        return float(values[-1])
    return float(sum(value for value in values if value is not None)) if values and None not in values else None


def _comparative(clause: str) -> _Comparative | None:
    """Return what a clause compares; None where it does not."""
    words, degree = without_degree(clause)
    tokens = _ARTICLE.sub("", words).split()
    for number, token in enumerate(tokens):
        before, after = tokens[:number], tokens[number + 1 :]
        if token in _LESS | _MORE and after:
            return _of_lightness(_Comparative(" ".join((*before, *after)), token in _LESS, degree))
        if base := base_of(token):
            words = " ".join((*before, base, *after))
            return _of_lightness(_Comparative(words, False, degree, " ".join((*before, *after))))
    return None


def _of_lightness(comparative: _Comparative) -> _Comparative:
    """Return a comparative that knows whether it is about how light a colour is: "less dark" is lighter."""
    tokens = comparative.words.split()
    for number, token in enumerate(tokens):
        if (way := _LIGHTNESS.get(token)) is None:
            continue
        if not comparative.less:
            return replace(comparative, lightness=way)
        tokens[number] = "dark" if way > 0 else "light"
        other = " ".join(tokens)
        if read_words(other).traits:
            return replace(comparative, words=other, less=False, lightness=-way)
    return comparative


def base_of(token: str) -> str:
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
    if isinstance(now, tuple) and isinstance(said, tuple):
        if comparative.lightness and (len(now) == 3 or now[3] > 0.0):
            factor = _LIGHTER ** (comparative.lightness * comparative.degree)
            return (*(min(factor * channel, 1.0) for channel in now[:3]), *now[3:])
        if trait.kind is Kind.COLOUR:
            return _tinged(now, said, sign * comparative.degree)
    if trait.kind is Kind.TINT and isinstance(now, tuple) and isinstance(said, tuple):
        strength = now[3] + sign * comparative.degree * _HALFWAY * (1.0 - now[3] if sign > 0.0 else now[3])
        return (*(now if now[3] > 0.0 else said)[:3], min(max(strength, 0.0), 1.0))
    if trait.kind is not Kind.NUMBER or not isinstance(said, float | int) or not isinstance(now, float | int):
        return now if comparative.less else said
    assert isinstance(trait.default, float | int)
    way = sign * (said - trait.default)
    if trait.name == "age":  # "an older face" is as much older as "older"
        step = comparative.degree * _older_by(now)
        return trait.clamp(now + step if way > 0.0 else now - step)
    if trait.group is Group.SHAPE:
        return trait.clamp(now + _SOFTENED * comparative.degree * way)
    end = trait.high if way > 0.0 else trait.low
    return trait.clamp(now + min(1.0, _HALFWAY * comparative.degree) * (end - now))


def _tinged(now: tuple[float, ...], said: tuple[float, ...], degree: float) -> tuple[float, ...]:
    """Return a colour that is more of another one, or, with a negative degree, greyer."""
    grey = (sum(now) / len(now),) * len(now)
    share = min(1.0, _HALFWAY * abs(degree))
    return tuple(a + share * (b - a) for a, b in zip(now, said if degree > 0.0 else grey, strict=True))
