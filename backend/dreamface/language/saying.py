"""Traits and their values in words, the same wherever an artist reads them.

`label_of` is what a trait is called, `in_words` how a face with that value looks ("very wide nose"), `value_of` the
value alone ("+2.4 sd") and `colour_name` the name of a colour.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from dreamface.colour_names import linear
from dreamface.language import tables
from dreamface.language.hair_words import COLOURS_SRGB
from dreamface.traits import VOCABULARY, Group, Kind, Trait, Traits, Value

_GROWN: Final = 15.0  # years from which a girl is called a woman

_AS_USUAL: Final = 0.25  # standard deviations that nobody sees

_SD_DEGREES: Final = ((1.3, "slightly"), (2.1, ""), (2.7, "very"), (99.0, "extremely"))
"""Up to so many standard deviations from the mean, and the adverb for it."""

_SHARE_DEGREES: Final = ((0.45, "slightly"), (0.7, ""), (0.9, "very"), (99.0, "extremely"))
"""The same for the share of the way from an amount's default to its end."""

_ADJECTIVES: Final = {"slightly": "slight", "": "", "very": "strong", "extremely": "extreme"}
"""The adverbs before a noun that is no adjective and noun."""

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

PEOPLES: Final = {
    "ancestry.african": "African", "ancestry.east_asian": "East Asian", "ancestry.south_asian": "South Asian",
    "ancestry.european": "European",
}  # fmt: skip
"""Traits of ancestry, and the word for their people."""

_DENSE: Final = frozenset({"freckles", "moles", "age_spots", "blemishes", "capillaries", "scars", "stubble"})
"""Things that are counted by how dense they are."""

_COUNTED: Final = ((0.02, "no {}"), (0.35, "a few {}"), (0.75, "{}"), (99.0, "many {}"))
_AMASSED: Final = ((0.02, "no {}"), (0.35, "slight {}"), (0.75, "{}"), (99.0, "strong {}"))

_COUNTABLE: Final = {
    "freckles.density": "freckles", "moles.density": "moles", "age_spots.density": "age spots",
    "blemishes.density": "blemishes", "capillaries.density": "broken capillaries", "scars.density": "scars",
    "wrinkles.forehead": "forehead wrinkles", "wrinkles.eyes": "crow's feet",
}  # fmt: skip
_MASSES: Final = {
    "vitiligo.coverage": "vitiligo", "wrinkles.cheeks": "folds in the cheeks",
    "wrinkles.mouth": "folds around the mouth", "stubble.density": "stubble", "beard.density": "beard",
    "teeth.gap": "gap between the front teeth", "hair.fringe": "fringe", "hair.temple_grey": "grey at the temples",
}  # fmt: skip
"""Amounts of things, and the things."""

_HAIR: Final = {
    "black": (1.0, 0.0), "dark brown": (0.88, 0.05), "brown": (0.76, 0.1), "light brown": (0.55, 0.1),
    "dark blonde": (0.4, 0.1), "blonde": (0.22, 0.1), "platinum blonde": (0.05, 0.0), "chestnut": (0.72, 0.4),
    "auburn": (0.62, 0.65), "copper": (0.45, 0.85), "ginger": (0.4, 0.9), "strawberry blonde": (0.24, 0.5),
}  # fmt: skip
"""Colours of hair: melanin and redness."""

_PLAIN_HAIR: Final = {name: melanin for name, (melanin, redness) in _HAIR.items() if redness <= 0.1}
"""Colours of hair that is not red, by its melanin."""

_STEPS: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "skin.melanin": (
        (0.1, "very pale skin"), (0.26, "pale skin"), (0.4, "light skin"), (0.55, "tan skin"), (0.7, "brown skin"),
        (0.85, "dark skin"), (99.0, "very dark skin"),
    ),
    "hair.grey": ((0.02, "no grey hair"), (0.5, "greying hair"), (0.95, "grey hair"), (99.0, "white hair")),
    "hair.curl": ((0.17, "straight hair"), (0.5, "wavy hair"), (0.82, "curly hair"), (99.0, "coiled hair")),
    "hair.length": (
        (0.03, "no hair"), (0.25, "short hair"), (0.5, "medium-long hair"), (0.85, "long hair"),
        (99.0, "very long hair"),
    ),
    "beard.length": (
        (0.25, "short beard"), (0.5, "medium-long beard"), (0.85, "long beard"), (99.0, "very long beard"),
    ),
    "hair.parting": ((-0.2, "right parting"), (0.2, "middle parting"), (99.0, "left parting")),
    "gender": ((-0.35, "woman"), (0.35, "androgynous"), (99.0, "man")),
}  # fmt: skip
"""Up to which value a trait is called what."""

_NOUNS: Final = frozenset({"bags under the eyes", "dark circles", "fringe", "crow's feet"})
"""Phrases before which an adverb can't stand."""

_OF_CHOICES: Final = {
    "hair.style": "hair", "beard.style": "beard", "brows.style": "brows", "lashes.style": "lashes",
}  # fmt: skip
_COLOURED: Final = {
    "iris.colour": "eyes", "iris.right_colour": "right eye", "skin.tint": "skin", "skin.metal": "metal skin",
    "hair.dye": "dyed hair", "brows.colour": "brows", "beard.colour": "beard",
}  # fmt: skip
"""What a colour is of, where the trait's own name does not say it."""

_NO_COLOURS: Final = frozenset({
    "dark", "light", "pale", "icy", "fair", "steel", "fiery", "mousy", "greying", "bleached", "brunette", "raven",
    "piercing blue", "green blue", "grey blue", "jet black",
})  # fmt: skip
"""Words that mean a colour, but don't name it well."""

_FAMILIES: Final = {
    word: family
    for family, words in {
        "red": ("crimson", "scarlet", "ruby", "cherry", "burgundy", "maroon", "wine"),
        "pink": ("rose", "fuchsia", "magenta", "coral", "peach"),
        "purple": ("plum", "violet", "lavender", "lilac", "indigo"),
        "brown": ("chocolate", "chestnut", "bronze", "hazel", "nude", "mahogany", "caramel"),
        "yellow": ("gold", "honey", "amber"),
        "green": ("emerald", "olive", "lime", "mint"),
        "turquoise": ("teal", "cyan", "aqua"),
        "blue": ("navy", "azure"),
        "white": ("cream",), "grey": ("silver",), "orange": ("copper", "ginger", "rust", "auburn"),
        "blonde": ("platinum", "sandy"),
    }.items()
    for word in words
}  # fmt: skip
"""Shades, and the colour that anybody would call them: of "are her eyes green?" emerald ones are."""

_OF_HAIR: Final = ("beard.colour", "brows.colour", "hair.roots", "hair.tips", "hair.highlights")
_HARDLY: Final = 0.05  # of a fraction, from nothing or from its default, that is worth no word


def label_of(name: str) -> str:
    """Return what a trait is called in a sentence: "nose width"."""
    if name in _LABELS:
        return _LABELS[name]
    if name in PEOPLES:
        return f"{PEOPLES[name]} ancestry"
    if name.startswith("expression."):
        return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.partition(".")[2])
    bare = name.removesuffix(".density") if name.removesuffix(".density") in _DENSE else name
    return bare.replace(".", " ").replace("_", " ")


def in_words(name: str, value: Value, age: float = 35.0) -> str:
    """Return a trait's value as people say it.

    Args:
        name: the trait's.
        value: see `Kind`.
        age: of the person in years: a girl is no woman yet.

    >>> in_words("nose.width", 2.4)
    'very wide nose'
    """
    trait = VOCABULARY[name]
    if isinstance(value, str):
        return _choice(name, value)
    if isinstance(value, tuple):
        return _colour(trait, value)
    if name == "age":
        return f"about {value:.0f} year{'' if round(value) == 1 else 's'}"
    if name == "gender" and age < _GROWN:
        return "girl" if value < -0.35 else "child" if value < 0.35 else "boy"
    if name == "hair.melanin":
        return f"{min(_PLAIN_HAIR, key=lambda one: abs(_PLAIN_HAIR[one] - value))} hair"
    if name in _STEPS:
        return next(words for most, words in _STEPS[name] if value < most)
    if trait.group is Group.EXPRESSION:
        return f"{label_of(name)} {percent(value)}"
    if name in PEOPLES:
        return _share_of_people(PEOPLES[name], value)
    return _amount(trait, value)


def value_of(name: str, value: Value) -> str:
    """Return a trait's value alone in a few words: "40 years", "green", "+1.2 sd", "35 %".

    >>> value_of("age", 40.3), value_of("nose.width", 1.2), value_of("freckles.density", 0.35)
    ('40 years', '+1.2 sd', '35 %')
    """
    trait = VOCABULARY[name]
    if isinstance(value, str):
        return value.replace("_", " ")
    if isinstance(value, tuple):
        if trait.kind is Kind.TINT and value[3] < _HARDLY:
            return "none"
        return colour_name(value, name) + (f" ({percent(value[3])})" if trait.kind is Kind.TINT else "")
    if trait.unit == "sd":
        return f"{value:+.1f} sd"
    if trait.unit == "years":
        return f"{value:.0f} year{'' if round(value) == 1 else 's'}"
    if name == "gender":
        sex = in_words(name, value)
        return sex if sex == "androgynous" else f"{sex} ({percent(abs(value))})"
    return percent(value)


def percent(share: float) -> str:
    """Return a share in percent: "35 %"."""
    return f"{share:.0%}".replace("%", " %")


def colour_name(rgb: Iterable[float], name: str = "") -> str:
    """Return the name that is nearest to a linear Rec. 709 colour, as prompts know it.

    Args:
        rgb: (r, g, b) or more, each 0..1; what follows is left out.
        name: of the trait whose colour it is: irises and hair have colours of their own.

    >>> colour_name((0.0, 0.0, 0.0))
    'black'
    """
    own = tuple(rgb)[:3]

    def distance(entry: tuple[str, tuple[float, float, float]]) -> float:
        return sum(w * (a**0.45 - b**0.45) ** 2 for w, a, b in zip((2.0, 4.0, 3.0), own, entry[1], strict=True))

    return min(_known_colours(name), key=distance)[0]


def colour_family(rgb: Iterable[float], name: str = "") -> str:
    """Return the colour that anybody would call a shade: "red" of crimson, "blue" of ice blue."""
    last = colour_name(rgb, name).split()[-1]
    return _FAMILIES.get(last, last)


@cache
def _known_colours(trait: str) -> tuple[tuple[str, tuple[float, float, float]], ...]:
    tabled = tables.IRIS_SRGB if trait.startswith("iris.") else tables.COLOURS_SRGB
    natural = COLOURS_SRGB if trait in _OF_HAIR else {}
    both = (*natural.items(), *tabled.items())
    return tuple((word, linear(srgb)) for word, srgb in both if word not in _NO_COLOURS)


def hair_in_words(traits: Traits) -> str:
    """Return the colour of all the hair: "auburn", "dyed green", "brown, greying"."""
    dye, strength = traits.tint("hair.dye")
    if strength > 0.3:
        return f"dyed {colour_name(dye)}"
    grey = traits.number("hair.grey")
    if grey > 0.7:
        return "white" if grey > 0.95 else "grey"
    melanin, redness = traits.number("hair.melanin"), traits.number("hair.redness")
    name = min(_HAIR, key=lambda one: (_HAIR[one][0] - melanin) ** 2 + 0.5 * (_HAIR[one][1] - redness) ** 2)
    return f"{name}, greying" if grey > 0.25 else name


def hair_colour(word: str) -> tuple[float, float, float] | None:
    """Return the linear Rec. 709 (r, g, b) of a colour that hair can have, or None for what is no colour."""
    named = COLOURS_SRGB.get(word) or tables.COLOURS_SRGB.get(word)
    return linear(named) if named else None


def _amount(trait: Trait, value: float) -> str:
    for table, degrees in ((_COUNTABLE, _COUNTED), (_MASSES, _AMASSED)):
        if trait.name in table:
            return next(words for most, words in degrees if value < most).format(table[trait.name])
    assert isinstance(trait.default, float)
    distance = value - trait.default
    phrases = trait.more if distance > 0.0 else trait.less
    if abs(distance) < (_AS_USUAL if trait.unit == "sd" else _HARDLY) or not phrases:
        return f"usual {label_of(trait.name)}"
    if trait.unit == "sd":
        return _degreed(phrases[0], abs(distance), _SD_DEGREES)
    end = trait.high if distance > 0.0 else trait.low
    return _degreed(phrases[0], distance / (end - trait.default), _SHARE_DEGREES)


def _degreed(phrase: str, amount: float, degrees: tuple[tuple[float, str], ...]) -> str:
    adverb = next(word for most, word in degrees if amount < most)
    if phrase in _NOUNS:
        adverb = _ADJECTIVES[adverb]
    return f"{adverb} {phrase}".strip()


def _choice(name: str, value: str) -> str:
    thing, said = _OF_CHOICES.get(name, label_of(name)), value.replace("_", " ")
    return f"no {thing}" if value == "none" else said if value == "bald" else f"{thing}: {said}"


def _colour(trait: Trait, value: tuple[float, ...]) -> str:
    thing = _COLOURED.get(trait.name, label_of(trait.name).removesuffix(" colour"))
    if trait.kind is Kind.TINT and value[3] <= 0.02:
        return f"no {thing}"
    faint = "faint " if trait.kind is Kind.TINT and value[3] < 0.35 else ""
    return f"{faint}{colour_name(value, trait.name)} {thing}"


def _share_of_people(name: str, share: float) -> str:
    if share < 0.02:
        return f"not {name}"
    return name if share > 0.98 else f"half {name}" if abs(share - 0.5) < 0.02 else f"{percent(share)} {name}"
