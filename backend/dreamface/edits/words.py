"""What words ask for on a marked place: effects by name; what is left over may be traits, which prompts know.

The words are cut into clauses at "and", commas and "with". In a clause with an effect, colours, amounts and variants
are the effect's; a clause of nothing else describes the effect before it ("a scar, stitched"). All other clauses are
read as prompts are, and what they say of the skin becomes traits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Protocol

from dreamface.edits import phrases
from dreamface.edits.colours import NAMES_SRGB, SHADES, Colour, colour_of
from dreamface.errors import BadRequest
from dreamface.skin import EFFECT_FAMILIES, EFFECTS, MOST_COUNTED, MOST_LINES, Look
from dreamface.traits import VOCABULARY, Group, Kind, Traits, TraitValue

_LONGEST: Final = 5  # words of a phrase
_SEEN_MORE: Final = 1.25  # factor on traits that a small place needs more of
_OLD: Final = 72.0  # years that skin is made to look when it is to look older


class Reading(Protocol):
    """What `language.read` gives."""

    @property
    def traits(self) -> Traits: ...
    @property
    def not_understood(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Wish:
    """An effect that words ask for.

    Attributes:
        effect: name of one of `skin.EFFECTS`.
        look: how it is wanted.
        because: the words.
    """

    effect: str
    look: Look
    because: str

    def to_json(self) -> dict[str, Any]:
        """Return it as the parameters of an edit have it."""
        found: dict[str, Any] = {"name": self.effect, "amount": self.look.amount}
        if self.look.colour is not None:
            found["colour"] = list(self.look.colour)
        if self.look.variant:
            found["variant"] = self.look.variant
        if self.look.count:
            found["count"] = self.look.count
        if self.look.course:
            found["course"] = self.look.course
        return found


@dataclass(frozen=True)
class WordsReading:
    """What words say of a marked place.

    Attributes:
        wishes: effects, each once, in the order in which they are laid on.
        traits: of the skin there.
        not_understood: words that nothing was made of.
    """

    wishes: tuple[Wish, ...]
    traits: Traits
    not_understood: tuple[str, ...]

    def parameters(self, words: str) -> dict[str, Any]:
        """Return the parameters of an edit that says these words."""
        return {"words": words, "effects": [wish.to_json() for wish in self.wishes]}


def read_words(words: str, read: Callable[[str], Reading]) -> WordsReading:
    """Return what words ask for on a marked place.

    Args:
        words: as an artist types them.
        read: `language.read`.

    Raises:
        BadRequest: there are no words, or they contradict each other.

    >>> from types import SimpleNamespace
    >>> nothing = lambda text: SimpleNamespace(traits=Traits(), not_understood=tuple(text.split()))
    >>> reading = read_words("smeared red lipstick", nothing)
    >>> [(wish.effect, wish.look.variant) for wish in reading.wishes], reading.not_understood
    ([('lipstick', 'smeared')], ())
    """
    plain = _plain(words)
    if not re.search(r"\w", plain):
        raise BadRequest('Say what should be there, such as "a scar, stitched" or "freckles".')
    check_words(words)
    clauses = _clauses(counted(_without_days(plain)))
    wishes = _wishes(clauses)
    said: dict[str, TraitValue] = {}
    left: list[str] = []
    for clause in clauses:
        if clause.rest:
            traits, unknown = _read_rest(clause, read, bool(wishes))
            said |= traits
            left += unknown
    return WordsReading(tuple(wishes.values()), Traits(said), tuple(dict.fromkeys(left)))


def check_words(words: str) -> None:
    """Refuse words that contradict each other.

    Raises:
        BadRequest: they do.
    """
    tokens = " ".join(token for token in _plain(words).split() if token not in (",", "a", "the", "and"))
    removed = "|".join(re.escape(phrase) for phrase in phrases.REMOVALS)
    asked = re.sub(rf"\b(?:{removed})(?: the| her| his| all| any)? \w+", " ", tokens)
    asked = re.sub(r"\bsmooth (?:the|her|his|out|away)\b", " ", asked)
    for sides in phrases.CONTRADICTIONS:
        found = [_first(side, text) for side, text in zip(sides, (tokens, asked), strict=True)]
        if re.search(r"\bsmooth (?:out|away|the|her|his)\b", _plain(words)) and found[0] == "smooth":
            continue
        if found[0] and found[1]:
            raise BadRequest(
                f'"{words.strip()}" asks for both "{found[0]}" and "{found[1]}" in one place: say one of them.'
            )


def _first(side: Sequence[str], text: str) -> str | None:
    return next((phrase for phrase in side if re.search(rf"\b{re.escape(phrase)}\b", text)), None)


def amount_of(phrase: str) -> float | None:
    """Return how much of an effect a phrase asks for, 0..1: "a hint of", "30%"; None of other phrases."""
    if found := re.fullmatch(r"(\d{1,3}) ?(?:%|percent|per cent)(?: of)?", phrase):
        return min(float(found[1]) / 100.0, 1.0)
    return phrases.AMOUNTS.get(phrase)


def is_colour(phrase: str) -> bool:
    """Return whether a phrase is the name of a colour, also with a shade before it."""
    return colour_of(_plain(phrase)) is not None


def is_line(effect: str) -> bool:
    """Return whether an effect is lines that run over a place."""
    return EFFECTS[effect].lines


def names_effect(words: str) -> bool:
    """Return whether words ask for an effect."""
    return bool(_wishes(_clauses(counted(_plain(words)))))


_DAYS: Final = re.compile(
    r"\b(?:(?:a|an|one|two|three|four|five|six|seven|eight|nine|ten|\d+|few|couple|of|several|some|many) )*"
    r"(?P<unit>minutes?|hours?|days?|weeks?|months?|years?) old\b"
    r"(?! (?:\w+ )?(?:stubble|beard|growth|shadow|moustache|man|woman|boy|girl|person|skin|face))"
)


def _without_days(plain: str) -> str:
    """Return words in which a thing that is days or weeks old is fresh or old; a person is years old."""

    def said(found: re.Match[str]) -> str:
        unit = found["unit"].rstrip("s")
        after = plain[found.end() :].split(",")[0]
        if unit == "year" and not names_effect(after):
            return found[0]
        return "fresh" if unit in ("minute", "hour", "day") and "blood" not in plain else "old"

    return _DAYS.sub(said, plain) if names_effect(_DAYS.sub("", plain)) else plain


def _plain(words: str) -> str:
    """Return words in lower case, without accents, hyphens and quotes; marks stand alone."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", words.lower()) if not unicodedata.combining(char))
    bare = re.sub(r"[-\u2010-\u2015_/]", " ", bare)
    bare = re.sub(r"[\"'\u2018\u2019\u201c\u201d]s?\b", "", bare)
    return re.sub(r"\s+", " ", re.sub(r"([,;.!?:()&+])", r" , ", bare)).strip()


# -------------------------------------------------------------------------------------------------------------- counts

_COUNT: Final = "count:"  # begins a token that says how many

_ONES: Final = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS: Final[Mapping[str, int]] = {
    **{name: number for number, name in enumerate(_ONES, 1)},
    **{ten: 10 * tens for tens, ten in enumerate(_TENS, 2)},
    **{f"{ten} {one}": 10 * tens + ones for tens, ten in enumerate(_TENS, 2) for ones, one in enumerate(_ONES[:9], 1)},
    **{f"{one} hundred": 100 * number for number, one in enumerate(_ONES[:9], 1)},
    **dict.fromkeys(("a single", "one single", "single", "just one", "only one", "a lone", "a solitary"), 1),
    **dict.fromkeys(("a pair of", "a couple of", "couple of", "both", "twin"), 2),
    "several": 4, "half a dozen": 6, "a dozen": 12, "a score of": 20, "two dozen": 24, "a hundred": 100,
    "hundred": 100, "a thousand": 1000, "one thousand": 1000, "thousand": 1000,
}  # fmt: skip
_NUMBER: Final = re.compile(
    rf"(?<![\w%])(?P<number>{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}|\d{{1,6}}|an?|another)(?: of)? "
    r"(?=(?P<words>\w.*))"
)
_BETWEEN_NUMBER_AND_NOUN: Final = 4  # words at most


def counted(plain: str) -> str:
    """Return plain words in which numbers of things that can be counted are tokens: "three moles", and not days.

    >>> counted("three dark moles , three day stubble")
    'count:3 dark moles , three day stubble'
    """
    return _counted(plain)[0]


def too_many(words: str) -> tuple[str, ...]:
    """Return the numbers in words that are more than can be drawn: as many as can be, or lots, are drawn instead.

    >>> too_many("65 moles and three freckles")
    ('65',)
    """
    return _counted(_plain(words))[1]


def _counted(plain: str) -> tuple[str, tuple[str, ...]]:
    lost: list[str] = []

    def said(found: re.Match[str]) -> str:
        number, tokens = found["number"], found["words"].split()
        for index in range(min(_BETWEEN_NUMBER_AND_NOUN, len(tokens))):
            if noun := _noun_at(tokens, index):
                if number in ("a", "an", "another"):
                    return found[0] if noun not in phrases.ONE_SPOT else f"{_COUNT}1 "
                count = number_of(number)
                if count > (most := _most_of(noun)):
                    lost.append(number)
                    return "lots of " if noun in phrases.SPOTS else f"{_COUNT}{most} "
                return f"{_COUNT}{count} " if count else found[0]
            if not (_is_descriptive(tokens[index]) or tokens[index] in phrases.BESIDE_COUNTED):
                break
        return found[0]

    return _NUMBER.sub(said, plain), tuple(lost)


def number_of(word: str) -> int:
    """Return the number that a word is, or the words or digits are."""
    plain = _plain(word)
    return _NUMBERS.get(plain) or int(plain)


def _most_of(noun: str) -> int:
    """Return how many of a thing can be drawn."""
    effect, variant = _effect_phrases().get(noun, ("", ""))
    is_line = noun not in phrases.SPOTS and EFFECTS[effect].lines and variant not in phrases.PATCHES
    return MOST_LINES if is_line else MOST_COUNTED


def _noun_at(tokens: Sequence[str], index: int) -> str:
    """Return the phrase for a thing that can be counted that begins at a token."""
    for count in range(min(_LONGEST, len(tokens) - index), 0, -1):
        phrase = " ".join(tokens[index : index + count])
        if phrase in phrases.SPOTS:
            return phrase
        if phrase in _effect_phrases():
            effect = _effect_phrases()[phrase][0]
            return phrase if effect in phrases.COUNTABLE and phrase not in phrases.UNCOUNTED else ""
    return ""


# ------------------------------------------------------------------------------------------------------------- clauses


@dataclass
class _Clause:
    """A part of what was said.

    Attributes:
        effects: phrases that ask for effects, with the effect and its variant.
        amounts, colours, others: words that describe something.
        rest: the words of the clause without the effects' own.
        count: how many are asked for; 0 where nobody says.
        removing: whether it asks for less of something.
    """

    effects: list[tuple[str, str, str]] = field(default_factory=list)
    amounts: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    count: int = 0
    removing: bool = False

    @property
    def describes(self) -> bool:
        """Whether it says nothing but how something else is."""
        said = {word for phrase in (*self.amounts, *self.colours) for word in phrase.split()} | phrases.IGNORED
        return not (self.effects or self.removing) and not [
            word for word in self.rest if word not in said and not _is_descriptive(word)
        ]


def _clauses(plain: str) -> list[_Clause]:
    tokens, found, clause = plain.split(), [], _Clause()
    index = 0
    while index < len(tokens):
        phrase, kind, meaning = _longest(tokens, index)
        if clause.count and (spots := _spots_at(tokens, index)):
            phrase, kind, meaning = spots[0], "effect", ("spots", spots[1])
        count = len(phrase.split())
        if kind == "separator" or (kind == "removal" and (clause.rest or clause.effects)):
            found.append(clause)
            clause = _Clause(removing=kind == "removal")
        elif kind == "removal":
            clause.removing = True
        elif kind == "count":
            clause.count = int(phrase.removeprefix(_COUNT))
        elif kind == "effect" and not clause.removing:
            effect, variant = meaning
            clause.effects.append((phrase, effect, variant))
        else:
            {"amount": clause.amounts, "colour": clause.colours}.get(kind, clause.others).append(phrase)
            clause.rest += tokens[index : index + count]
        index += count
    return [one for one in (*found, clause) if one.rest or one.effects]


def _spots_at(tokens: Sequence[str], index: int) -> tuple[str, str] | None:
    """Return the phrase for small marks that begins at a token, and which they are."""
    for count in (2, 1):
        phrase = " ".join(tokens[index : index + count])
        if phrase in phrases.SPOTS:
            return phrase, phrases.SPOTS[phrase]
    return None


def _longest(tokens: Sequence[str], index: int) -> tuple[str, str, tuple[str, str]]:
    """Return the longest phrase that begins at a token, its kind, and of an effect its name and variant."""
    if tokens[index].startswith(_COUNT):
        return tokens[index], "count", ("", "")
    for count in range(min(_LONGEST, len(tokens) - index), 0, -1):
        phrase = " ".join(tokens[index : index + count])
        if phrase in phrases.REMOVALS and index + count < len(tokens):
            return phrase, "removal", ("", "")
        if phrase in phrases.TRAITS:
            return phrase, "other", ("", "")
        if phrase in _effect_phrases():
            return phrase, "effect", _effect_phrases()[phrase]
        if amount_of(phrase) is not None:
            return phrase, "amount", ("", "")
        if colour_of(phrase) is not None:
            return phrase, "colour", ("", "")
        if phrase in phrases.SEPARATORS:
            return phrase, "separator", ("", "")
        if count > 1 and _is_descriptive(phrase):
            return phrase, "other", ("", "")
    return tokens[index], "other", ("", "")


@cache
def _effect_phrases() -> Mapping[str, tuple[str, str]]:
    """Return every phrase that asks for an effect -> its name and variant."""
    found = {}
    for effect in EFFECTS.values():
        for phrase in (*effect.words, *(name for name in effect.variants if effect.name == "metal")):
            plain = _plain(phrase)
            variant = plain if effect.name == "metal" and plain in effect.variants else ""
            found[plain] = phrases.MEANINGS.get(plain, (effect.name, variant))
    return {**phrases.MORE, **found}


@cache
def _modifiers(effect: str) -> Mapping[str, str]:
    """Return the words that choose a variant of an effect -> the variant."""
    variants = EFFECTS[effect].variants
    finishes = {word: name for word, name in phrases.FINISHES.items() if name in variants}
    return {**finishes, **{name: name for name in variants}, **phrases.MODIFIERS.get(effect, {})}


@cache
def _is_descriptive(phrase: str) -> bool:
    """Whether a word or phrase can say how an effect is."""
    if amount_of(phrase) is not None or phrase in phrases.AGES or colour_of(phrase) is not None or phrase in SHADES:
        return True
    return phrase in phrases.WAYS or any(phrase in _modifiers(effect) for effect in EFFECTS)


# ------------------------------------------------------------------------------------------------------------- effects


def _wishes(clauses: Sequence[_Clause]) -> dict[str, Wish]:
    """Return the effects that clauses ask for, by kind; clauses of nothing but descriptions change the last one."""
    wishes: dict[str, Wish] = {}
    last: list[str] = []
    waiting: list[_Clause] = []
    for clause in clauses:
        if clause.effects:
            last = []
            for phrase, effect, variant in _own_effects(clause):
                kind = effect if effect in last else _kind_of(wishes, clause, (phrase, effect, variant))
                wish = wishes.get(kind, Wish(effect, Look(), ""))
                wishes[kind] = _asked_for(wish, clause, phrase, variant)
                last.append(kind)
            for other in (*waiting, clause):
                _describe(wishes, last, other)
            waiting = []
            said = phrases.IGNORED | (phrases.STRIPES if {"paint", "war paint"} & set(last) else frozenset())
            clause.rest = [word for word in clause.rest if word not in said]
        elif clause.describes and last:
            _describe(wishes, last, clause)
        elif clause.describes:
            waiting.append(clause)
        elif not clause.removing:
            last = []
    return wishes


def _kind_of(wishes: Mapping[str, Wish], clause: _Clause, said: tuple[str, str, str]) -> str:
    """Return the name of a kind of an effect: moles and warts are two, "a scar, keloid" is one."""
    phrase, effect, variant = said
    before = wishes.get(effect)
    if before is None or before.look.variant == variant or effect == "cracks":
        return effect
    named = bool(clause.count) or not phrases.ARTICLES.isdisjoint(clause.rest)
    both = bool(before.look.variant and variant)
    if not named and (phrase in phrases.UNCOUNTED or (phrase in _modifiers(effect) and not both)):
        return effect
    return f"{effect}/{variant}" if both or effect in phrases.COUNTABLE else effect


def _asked_for(wish: Wish, clause: _Clause, phrase: str, variant: str) -> Wish:
    """Return a wish with what a phrase itself says of it."""
    colour = colour_of(phrases.LIQUID_COLOURS.get(phrase, ""))
    way, several = phrases.SCRATCHES.get(phrase, ("", 0))
    if phrase in phrases.DOTS and clause.colours:
        variant = "dot"
    look = replace(
        wish.look, variant=variant or wish.look.variant, colour=colour or wish.look.colour,
        count=clause.count or several or wish.look.count, course=way or wish.look.course,
        amount=phrases.FINE_AMOUNT if phrase in phrases.FINE else wish.look.amount,
    )  # fmt: skip
    return replace(wish, look=look, because=f"{wish.because} {phrase}".strip())


def _own_effects(clause: _Clause) -> list[tuple[str, str, str]]:
    """Return a clause's effects without those that only describe another one, which become words beside it."""
    found = []
    for phrase, effect, variant in clause.effects:
        beside = [name for _, name, _ in clause.effects if name != effect]
        describes = [name for name in beside if phrase in _modifiers(name)]
        coloured = colour_of(phrase) is not None and any(EFFECTS[name].takes_colour for name in beside)
        if describes or coloured or (beside and phrase in phrases.ADJECTIVES):
            (clause.colours if coloured and not describes else clause.others).append(phrase)
        else:
            found.append((phrase, effect, variant))
    return found or clause.effects


def _describe(wishes: dict[str, Wish], names: Sequence[str], clause: _Clause) -> None:
    """Give effects the colours, amounts and variants of a clause, and take those words out of it."""
    used: set[str] = set()
    for key in names:
        wish, name = wishes[key], wishes[key].effect
        look, effect = wish.look, EFFECTS[name]
        for phrase in (*clause.others, *clause.colours, *clause.amounts):
            if effect.lines and phrase in phrases.WAYS:
                look, used = replace(look, course=phrases.WAYS[phrase]), used | {phrase}
            if phrase not in _modifiers(name):
                continue
            coloured = phrase in clause.colours and effect.takes_colour and bool(look.variant)
            if phrase in phrases.WEAK and look.variant:
                used.add(phrase)
            elif not coloured:
                look, used = replace(look, variant=_modifiers(name)[phrase]), used | {phrase}
        for phrase in clause.amounts:
            look, used = replace(look, amount=amount_of(phrase) or 0.0), used | {phrase}
        for phrase in clause.colours:
            used.add(phrase)
            if effect.takes_colour and _modifiers(name).get(phrase) is None:
                look = replace(look, colour=colour_of(phrase))
        if name == "spots":
            used |= set(SHADES)  # "a dark mole" is one of its kind, and not dark skin
        wishes[key] = replace(wish, look=look)
    words = {word for phrase in used for word in phrase.split()} | phrases.IGNORED
    words |= phrases.AGES if phrases.PEOPLE.isdisjoint(clause.rest) else set()
    clause.rest = [word for word in clause.rest if word not in words]


# -------------------------------------------------------------------------------------------------------------- traits


def _read_rest(
    clause: _Clause, read: Callable[[str], Reading], beside_effects: bool
) -> tuple[dict[str, TraitValue], list[str]]:
    """Return the traits that a clause's other words say, and the words that nothing was made of."""
    text = _rewritten(" ".join(clause.rest))
    if not [word for word in text.split() if word not in phrases.IGNORED]:
        return {}, []
    if clause.removing and (gone := next((word for word in phrases.REMOVED if word in text), None)):
        return {name: TraitValue(value, 1.0, f"no {gone}") for name, value in phrases.REMOVED[gone].items()}, []
    if clause.removing:
        text = " ".join(word for word in text.split() if word not in ("the", "her", "his", "all", "any"))
    reading = read(f"no {text}" if clause.removing else text)
    found = {}
    for name, entry in reading.traits.items():
        if name in phrases.ON_SKIN:
            found[name] = replace(entry, value=_seen(name, entry.value))
    if "beard.style" in found and found["beard.style"].value == "stubble":  # else the prompt's beard is drawn as well
        found = {name: entry for name, entry in found.items() if not name.startswith("beard.")}
    if text.split() and text.split()[0] == "old" and "age" not in found:
        found["age"] = TraitValue(_OLD, 1.0, text)
    known = " ".join(entry.because for entry in found.values()).split()
    lost = [word for name, entry in reading.traits.items() if name not in phrases.ON_SKIN
            for word in entry.because.split() if word not in known]  # fmt: skip
    unknown = [word for word in (*reading.not_understood, *lost) if word not in phrases.IGNORED and word != "old"]
    for colour in (phrase for phrase in clause.colours if set(phrase.split()) <= set(unknown)):
        for name, entry in found.items():
            rgb = colour_of(colour)
            if VOCABULARY[name].kind is Kind.TINT and rgb is not None and isinstance(entry.value, tuple):
                found[name] = replace(entry, value=(*rgb, entry.value[3]))
                unknown = [word for word in unknown if word not in colour.split()]
    if clause.removing and beside_effects and not found and _names_effect(text):
        return {}, []  # "a wound without blood"
    return found, unknown


def _names_effect(text: str) -> bool:
    return any(re.search(rf"\b{re.escape(phrase)}\b", text) for phrase in _effect_phrases())


def _rewritten(text: str) -> str:
    for word, better in sorted(phrases.REWRITES.items(), key=lambda item: -len(item[0])):
        text = re.sub(rf"\b{re.escape(word)}\b(?! skin)", better, text) if better.endswith("skin") else re.sub(
            rf"\b{re.escape(word)}\b", better, text
        )  # fmt: skip
    return text


def _seen(name: str, value: Any) -> Any:
    """Return a trait's value, more of it where a small place would show too little."""
    if name in phrases.SEEN and isinstance(value, float | int):
        return min(1.0, _SEEN_MORE * float(value))
    return value


# ---------------------------------------------------------------------------------------------------------- vocabulary


def vocabulary() -> list[dict[str, Any]]:
    """Return all that can be said of a marked place, for lists and panels: plain data, family by family."""
    effects = [
        {
            "family": family, "name": effect.name, "description": effect.description, "words": list(effect.words),
            "variants": list(effect.variants), "modifiers": dict(_modifiers(effect.name)),
            "colour": effect.takes_colour,
        }
        for family, members in EFFECT_FAMILIES.items()
        for effect in members
    ]  # fmt: skip
    traits = [
        {
            "family": "Traits of the person", "name": name, "description": trait.description,
            "words": [word for word in (*trait.more, *trait.less) if _plain(word) not in _effect_phrases()],
            "variants": [], "modifiers": {},
            "colour": trait.kind in (Kind.TINT, Kind.COLOUR),
        }
        for name, trait in VOCABULARY.items()
        if (name in phrases.ON_SKIN and trait.group in (Group.SKIN, Group.HAIR)) or name == "age"
    ]  # fmt: skip
    beside = [
        _words_entry("amounts", "how much of it", phrases.AMOUNTS),
        _words_entry("colours", "colours, also with a shade before them: dark, light, bright", NAMES_SRGB),
        _words_entry("removing", "takes away what follows", phrases.REMOVALS),
    ]
    return [*effects, *(entry for entry in traits if entry["words"]), *beside]


def _words_entry(name: str, description: str, words: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    return {
        "family": "Words beside them", "name": name, "description": description, "words": list(words),
        "variants": [], "modifiers": {}, "colour": False,
    }  # fmt: skip


COUNTED_NOUNS: Final = tuple(
    sorted(
        {*phrases.SPOTS, *(phrase for phrase, (effect, _) in _effect_phrases().items()
                           if effect in phrases.COUNTABLE and phrase not in phrases.UNCOUNTED)},
        key=len, reverse=True,
    )
)  # fmt: skip
"""Phrases of what can be counted, the longest first."""

NUMBER_WORDS: Final = tuple(sorted(_NUMBERS, key=len, reverse=True))
"""Words and phrases for numbers, the longest first."""

__all__ = ["Colour", "Wish", "WordsReading", "check_words", "read_words", "vocabulary"]
