"""A face's traits in the words of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.language import PARTS
from dreamface.traits import ANCESTRIES, VOCABULARY, Group, Kind, Traits, Value

_LABELS: Final = {
    "gender": "sex", "skin.melanin": "skin tone", "skin.redness": "redness of the skin",
    "skin.yellowness": "yellowness of the skin", "hair.melanin": "darkness of the hair",
    "hair.redness": "redness of the hair", "hair.grey": "share of grey hair", "hair.style": "hairstyle",
    "beard.style": "beard", "iris.colour": "eye colour", "iris.right_colour": "colour of the right eye",
    "body.weight": "weight", "body.muscle": "muscle", "asymmetry": "asymmetry", "hair.dye": "hair dye",
    "eyes.bags": "bags under the eyes", "under_eyes.darkness": "dark circles", "nose.tip_up": "upturn of the nose",
    "nose.hump": "hump of the nose", "vitiligo.coverage": "vitiligo", "lips.upper": "upper lip",
    "lips.lower": "lower lip", "wrinkles.forehead": "forehead wrinkles", "wrinkles.eyes": "crow's feet",
    "wrinkles.cheeks": "cheek wrinkles", "wrinkles.mouth": "mouth wrinkles",
    "chin.cleft": "cleft of the chin", "brow.ridge": "brow ridge",
}  # fmt: skip
"""What traits are called where their names do not say it."""

_ANCESTRIES: Final = {
    "ancestry.african": "African", "ancestry.east_asian": "East Asian", "ancestry.south_asian": "South Asian",
    "ancestry.european": "European",
}  # fmt: skip

_SKIN_TONES: Final = (
    (0.1, "very pale"), (0.26, "pale"), (0.4, "light"), (0.55, "tan"), (0.7, "brown"), (0.85, "dark"),
    (1.1, "very dark"),
)  # fmt: skip
"""Up to so much melanin, and the word for it."""

_SD: Final = ((0.3, "average"), (0.8, "slightly"), (1.7, ""), (2.5, "very"), (9.0, "extremely"))
"""Up to so many standard deviations from the mean, and the word for it."""

_HAIR: Final = {
    "black": (1.0, 0.0), "dark brown": (0.88, 0.05), "brown": (0.76, 0.1), "light brown": (0.55, 0.1),
    "dark blonde": (0.4, 0.1), "blonde": (0.22, 0.1), "platinum blonde": (0.05, 0.0), "chestnut": (0.72, 0.4),
    "auburn": (0.62, 0.65), "copper": (0.45, 0.85), "ginger": (0.4, 0.9), "strawberry blonde": (0.24, 0.5),
}  # fmt: skip
"""Colours of hair: melanin and redness."""

_COLOURS: Final = {
    "black": "#17110d", "dark brown": "#38200f", "brown": "#5a3a22", "light brown": "#84582f", "hazel": "#7b6239",
    "amber": "#a8702a", "gold": "#c79a3c", "grey": "#84909a", "silver": "#b9c0c6", "white": "#f0efec",
    "green": "#5f7d4c", "dark green": "#2f5a33", "bright green": "#3fa046", "blue": "#5b86b8", "light blue": "#93b3d1",
    "dark blue": "#2c4478", "bright blue": "#2f78d0", "turquoise": "#3f9c9c", "violet": "#71579b", "purple": "#6a2f8c",
    "pink": "#dc7f9e", "rose": "#c0606f", "red": "#b3241f", "dark red": "#701820", "orange": "#d8741f",
    "yellow": "#e0c437", "beige": "#d3b394",
}  # fmt: skip
"""Names of colours, as sRGB."""

_PLAIN: Final = 0.05  # of a fraction, from its default, that is worth a word
_MOST_SHIFTS: Final = 6


@dataclass(frozen=True)
class Who:
    """How a person is spoken of: "he", "his" and "him"."""

    she: str
    her: str
    him: str

    @property
    def start(self) -> str:
        """The pronoun at the beginning of a sentence."""
        return self.she.capitalize()


def who_is(traits: Traits) -> Who:
    """Return how a face is spoken of."""
    gender = traits.number("gender")
    if abs(gender) <= 0.2:
        return Who("it", "its", "it")
    return Who("she", "her", "her") if gender < 0.0 else Who("he", "his", "him")


def label_of(name: str) -> str:
    """Return what a trait is called in a sentence: "nose width"."""
    if name in _LABELS:
        return _LABELS[name]
    if name in _ANCESTRIES:
        return f"{_ANCESTRIES[name]} ancestry"
    if name.startswith("expression."):
        return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.partition(".")[2])
    bare = name.removesuffix(".density") if name.removesuffix(".density") in _MARKS else name
    return bare.replace(".", " ").replace("_", " ")


_MARKS: Final = frozenset({"freckles", "moles", "age_spots", "blemishes", "capillaries", "scars", "stubble"})
"""Things that are counted by how dense they are."""


def value_of(name: str, value: Value) -> str:
    """Return a trait's value in a few words: "40 years", "green", "+1.2 sd", "35 %".

    >>> value_of("age", 40.3), value_of("nose.width", 1.2), value_of("freckles.density", 0.35)
    ('40 years', '+1.2 sd', '35 %')
    """
    trait = VOCABULARY[name]
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, tuple):
        if len(value) == 4 and value[3] < _PLAIN:
            return "none"
        return colour_name(value) + (f" ({value[3]:.0%})".replace("%", " %") if len(value) == 4 else "")
    if trait.unit == "sd":
        return f"{value:+.1f} sd"
    if trait.unit == "years":
        return f"{value:.0f} years"
    if name == "gender":
        return sex_of(value)
    return f"{value:.0%}".replace("%", " %")


def colour_name(rgb: Sequence[float]) -> str:
    """Return the name that is nearest to a linear colour.

    >>> colour_name((0.0, 0.0, 0.0))
    'black'
    """
    own = [_encoded(channel) for channel in rgb[:3]]

    def distance(code: str) -> float:
        other = [int(code[place : place + 2], 16) / 255.0 for place in (1, 3, 5)]
        return sum(weight * (a - b) ** 2 for weight, a, b in zip((2.0, 4.0, 3.0), own, other, strict=True))

    return min(_COLOURS, key=lambda name: distance(_COLOURS[name]))


def _encoded(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def sex_of(gender: float) -> str:
    """Return the word for a place on the axis from woman to man."""
    if abs(gender) < 0.2:
        return "neither clearly a woman nor a man"
    noun = "woman" if gender < 0.0 else "man"
    return f"a {noun}" if abs(gender) > 0.5 else f"more of a {noun}"


def hair_colour(traits: Traits) -> str:
    """Return the colour of the hair in words."""
    dye, strength = traits.tint("hair.dye")
    if strength > 0.3:
        return f"dyed {colour_name(dye)}"
    grey = traits.number("hair.grey")
    if grey > 0.7:
        return "white" if grey > 0.95 else "grey"
    melanin, redness = traits.number("hair.melanin"), traits.number("hair.redness")
    name = min(_HAIR, key=lambda one: (_HAIR[one][0] - melanin) ** 2 + 0.5 * (_HAIR[one][1] - redness) ** 2)
    return f"{name}, greying" if grey > 0.25 else name


def skin_tone(melanin: float) -> str:
    """Return how light or dark skin is in words."""
    return next(word for limit, word in _SKIN_TONES if melanin < limit)


def length_of_hair(traits: Traits) -> str:
    """Return how long the hair is in words."""
    length = traits.number("hair.length")
    return "short" if length < 0.25 else "medium-long" if length < 0.5 else "long"


def is_there(name: str, value: Value) -> bool:
    """Return whether a face has something at all: freckles, a beard, lipstick."""
    trait = VOCABULARY[name]
    if trait.kind is Kind.TINT and isinstance(value, tuple):
        return value[3] >= _PLAIN
    if isinstance(value, str):
        return value not in ("none", "bald")
    return not isinstance(value, tuple) and value >= _PLAIN


def in_a_word(name: str, value: Value) -> str:
    """Return how a trait stands out: "very wide nose", "average"; nothing where no word says it."""
    trait = VOCABULARY[name]
    if not isinstance(value, int | float) or trait.kind is not Kind.NUMBER:
        return value_of(name, value)
    if trait.unit == "sd":
        degree = next(word for limit, word in _SD if abs(value) < limit)
        phrase = (trait.more if value > 0.0 else trait.less)[:1]
        return "average" if degree == "average" or not phrase else f"{degree} {phrase[0]}".strip()
    usual = trait.default if isinstance(trait.default, float) else 0.0
    phrase = trait.more[:1] if value > usual + _PLAIN else trait.less[:1] if value < usual - _PLAIN else ()
    return phrase[0] if phrase else ""


def shifts_in_words(shifts: Iterable[tuple[str, Value, Value]]) -> str:
    """Return what changed with values before and after: "age 34 years → 40 years, nose width +0.4 sd → +1.2 sd"."""
    said = [f"{label_of(name)} {value_of(name, old)} → {value_of(name, new)}" for name, old, new in shifts]
    said = _without_sides(said)
    more = f" and {len(said) - _MOST_SHIFTS} more" if len(said) > _MOST_SHIFTS else ""
    return ", ".join(said[:_MOST_SHIFTS]) + more


def _without_sides(said: Sequence[str]) -> list[str]:
    """Return lines in which left and right, where they are the same, are one: "mouth smile 0 % → 70 %"."""
    bare = [line.replace(" left ", " ", 1).replace(" right ", " ", 1) for line in said]
    return list(dict.fromkeys(line if bare.count(other) < 2 else other for line, other in zip(said, bare, strict=True)))


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def ancestry_of(traits: Traits) -> str:
    """Return the ancestry in words: "mostly European, some African"."""
    shares = sorted(((traits.number(name), _ANCESTRIES[name]) for name in ANCESTRIES), reverse=True)
    whole = sum(share for share, _ in shares) or 1.0
    first = f"{'' if shares[0][0] / whole > 0.9 else 'mostly '}{shares[0][1]}"
    if shares[0][0] / whole < 0.4:
        return "mixed: " + listed(
            [f"{word} {share / whole:.0%}".replace("%", " %") for share, word in shares if share / whole > 0.1]
        )
    rest = [word for share, word in shares[1:] if share / whole > 0.15]
    return first + (f", some {listed(rest)}" if rest else "")


def describe(traits: Traits, age: float) -> str:
    """Return a face in two sentences.

    Args:
        traits: as it shows them.
        age: that it looks like.
    """
    who = who_is(traits)
    noun = {"she": "woman", "he": "man", "it": "person"}[who.she]
    if age < 16.0:
        noun = {"she": "girl", "he": "boy", "it": "child"}[who.she]
    hair = (
        "a bald head"
        if traits.choice("hair.style") == "bald"
        else f"{length_of_hair(traits)} {hair_colour(traits)} hair"
    )
    beard = traits.choice("beard.style")
    parts = [
        f"{skin_tone(traits.number('skin.melanin'))} skin",
        f"{colour_name(traits.colour('iris.colour'))} eyes",
        hair,
    ]
    parts += [
        f"a {beard.replace('_', ' ')} beard" if beard in ("full", "short", "patchy") else beard.replace("_", " ")
    ] * (beard != "none")
    first = f"A {noun} of about {age:.0f} with {listed(parts)}."
    apart = _stands_out(traits)
    return f"{first} What stands out: {listed(apart)}." if apart else first


def _stands_out(traits: Traits) -> list[str]:
    """Return the traits that are furthest from what is usual, in words."""
    shape = [(abs(float(entry.value)), name) for name, entry in traits.items()
             if VOCABULARY[name].group is Group.SHAPE and isinstance(entry.value, int | float)]  # fmt: skip
    words = [in_a_word(name, traits.value(name)) for size, name in sorted(shape, reverse=True)[:3] if size > 0.8]
    marks = [
        name
        for name in ("freckles.density", "scars.density", "vitiligo.coverage", "moles.density")
        if traits.number(name) > 0.25
    ]
    return [*(label_of(name) for name in marks), *words]


def with_cause(said: str, cause: str) -> str:
    """Return a sentence with its cause, which begins with "because" or is one of its own."""
    return f"{said}, {cause}." if cause.startswith("because") else f"{said}: {cause}."


def parts_of(names: Iterable[str]) -> list[str]:
    """Return the names of the fewest parts that traits belong to: of all of the nose's just "nose"."""
    left = dict.fromkeys(names)
    whole = set(left)
    found = []
    for part in sorted(PARTS, key=lambda one: -len(one.names)):
        if whole.issuperset(part.names) and any(name in left for name in part.names):
            found.append(part.name)
            left = {name: None for name in left if name not in part.names}
    return [*found, *(label_of(name) for name in left)]
