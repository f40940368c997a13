"""The parts of a face that people talk about by name, and the traits and regions that belong to each."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from dreamface.traits import VOCABULARY, Group, Traits


@dataclass(frozen=True)
class Part:
    """A part of a face, or something on it.

    Attributes:
        name: what it is called in sentences, such as "nose".
        words: pattern of the words for it.
        traits: names of its traits; one that ends in "." stands for all that begin so.
        regions: pieces of the names of regions that lie there.
        is_plural: whether sentences say "are" of it.
    """

    name: str
    words: str
    traits: tuple[str, ...]
    regions: tuple[str, ...] = ()
    is_plural: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its traits."""
        return _names_of(self.traits)


@cache
def _names_of(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name
        for name in VOCABULARY
        if any(name == pattern or (pattern.endswith(".") and name.startswith(pattern)) for pattern in patterns)
    )


_HAIR_COLOUR: Final = (
    "hair.melanin", "hair.redness", "hair.grey", "hair.temple_grey", "hair.dye", "hair.roots", "hair.tips",
    "hair.highlights",
)  # fmt: skip
_MARKS: Final = (
    "freckles.density", "moles.density", "age_spots.density", "blemishes.density", "capillaries.density",
    "scars.density", "vitiligo.coverage",
)  # fmt: skip
_MAKEUP: Final = tuple(name for name, trait in VOCABULARY.items() if trait.group is Group.MAKEUP)
_SHAPE: Final = tuple(name for name, trait in VOCABULARY.items() if trait.group is Group.SHAPE)
_COLOUR: Final = r"(?:colou?r|shade|hue)"

PARTS: Final = (
    Part("forehead lines", r"(?:forehead|frown|worry|brow) (?:lines|wrinkles)|wrinkles (?:on|of) (?:the|her|his|their) forehead", ("wrinkles.forehead",), (), True),
    Part("crow's feet", r"crow'?s[- ]feet|(?:lines|wrinkles) (?:around|by) (?:the|her|his|their) eyes", ("wrinkles.eyes",), (), True),
    Part("laugh lines", r"(?:laugh|smile) lines|nasolabial folds|(?:lines|wrinkles) (?:around|by) (?:the|her|his|their) mouth", ("wrinkles.mouth",), (), True),
    Part("hair colour", rf"hair[ -]?{_COLOUR}|{_COLOUR} of (?:the|her|his|their) hair", _HAIR_COLOUR),
    Part(
        "hairstyle", r"hair[ -]?(?:style|cut|do)|haircut",
        ("hair.style", "hair.length", "hair.volume", "hair.curl", "hair.parting", "hair.fringe"),
    ),
    Part("hairline", r"hair[ -]?line", ("hair.hairline",)),
    Part("fringe", r"fringe|bangs", ("hair.fringe",)),
    Part("eye colour", rf"(?:eyes?|iris)[ -]?{_COLOUR}|{_COLOUR} of (?:the|her|his|their) eyes?|iris(?:es)?", ("iris.",)),
    Part("skin tone", rf"skin[ -]?(?:tone|{_COLOUR})|complexion|{_COLOUR} of (?:the|her|his|their) skin",
         ("skin.melanin", "skin.redness", "skin.yellowness")),
    Part("freckles", r"freck\w*", ("freckles.density",), (), True),
    Part("moles", r"moles?|beauty (?:mark|spot)s?", ("moles.density",), (), True),
    Part("age spots", r"(?:age|liver|sun) ?spots?", ("age_spots.density",), (), True),
    Part("blemishes", r"blemish\w*|acne|pimples?|spots|zits?", ("blemishes.density",), (), True),
    Part("scars", r"scar(?:s|ring)?", ("scars.density",), (), True),
    Part("vitiligo", r"vitiligo", ("vitiligo.coverage",)),
    Part("lashes", r"(?:eye)?lashes", ("lashes.",), (), True),
    Part("brows", r"(?:eye ?)?brows?", ("brows.", "brow."), ("brow",), True),
    Part("eyeliner", r"eye ?liner|kohl", ("eyeliner", "eyeliner.gloss")),
    Part("eyeshadow", r"eye ?shadow", ("eyeshadow", "eyeshadow.gloss")),
    Part("lipstick", r"lip ?stick|lip ?gloss", ("lipstick", "lipstick.gloss")),
    Part("blush", r"blush(?:er)?|rouge", ("blush", "blush.gloss")),
    Part("foundation", r"foundation", ("foundation", "foundation.gloss")),
    Part("make-up", r"make[- ]?up", _MAKEUP),
    Part("bags under the eyes", r"(?:eye )?bags(?: under (?:the|her|his|their) eyes)?|dark circles|under[- ]eyes?",
         ("eyes.bags", "under_eyes."), ("under_eye", "under_left_eye", "under_right_eye"), True),
    Part("pupils", r"pupils?", ("pupil.",), (), True),
    Part("eyes", r"eyes?(?!lash| ?brow| ?liner| ?shadow)", ("eyes.", "iris.", "pupil.", "sclera."), ("eye",), True),
    Part("nostrils", r"nostrils?", ("nose.nostrils",), ("nostril",), True),
    Part("nose", r"nose|schnoz\w*|snout", ("nose.",), ("nose", "nostril")),
    Part("lips", r"lips?(?! ?stick| ?gloss)", ("lips.", "lipstick", "lipstick.gloss"), ("lip",), True),
    Part("mouth", r"mouth", ("mouth.", "lips.", "philtrum."), ("mouth", "lip")),
    Part("teeth", r"teeth|tooth", ("teeth.",), (), True),
    Part("chin", r"chin", ("chin.",), ("chin",)),
    Part("jaw", r"jaw(?:s|line| line)?", ("jaw.",), ("jaw",)),
    Part("cheekbones", r"cheek ?bones?", ("cheekbones.",), ("cheekbone",), True),
    Part("cheeks", r"cheeks?(?! ?bone)", ("cheeks.", "cheekbones.", "wrinkles.cheeks"), ("cheek",), True),
    Part("ears", r"ears?", ("ears.",), ("ear",), True),
    Part("neck", r"neck|throat", ("neck.",), ("neck",)),
    Part("forehead", r"forehead|fore ?head", ("forehead.", "wrinkles.forehead"), ("forehead",)),
    Part("temples", r"temples?", ("temples.",), ("temple",), True),
    Part("wrinkles", r"wrinkl\w*|creases", ("wrinkles.",), (), True),
    Part("stubble", r"stubble", ("stubble.density",)),
    Part("beard", r"beard|goatee|moustache|mustache|facial hair|sideburns|whiskers", ("beard.", "stubble.")),
    Part("hair", r"hair", ("hair.",), ("scalp", "hair")),
    Part("skin", r"skin", ("skin.", "wrinkles.", *_MARKS)),
    Part("age", r"age|how old", ("age",)),
    Part("sex", r"sex|gender", ("gender",)),
    Part("weight", r"weight", ("body.",)),
    Part("ancestry", r"ancestry|ethnicity|race|origin|nationality", ("ancestry.",)),
    Part("expression", r"expression|smile|smiling|frown|grin|mood", ("expression.",)),
    Part("symmetry", r"a?symmetry", ("asymmetry",)),
    Part("outline of the face", r"(?:outlines?|contours?)(?: of (?:the|her|his|their) (?:face|head))?", ("face.",)),
    Part("face", r"(?:whole |entire )?(?:face|head)(?! ?shape)", tuple(VOCABULARY)),
    Part("face shape", r"(?:face |head )?shape|shape of (?:the|her|his|their) (?:face|head)|bone structure", _SHAPE),
)  # fmt: skip
"""Longer names come first: what a name has taken, a later one does not get."""

_PATTERN: Final = re.compile("|".join(f"(?P<p{number}>\\b(?:{part.words})\\b)" for number, part in enumerate(PARTS)))


def find_parts(text: str) -> tuple[Part, ...]:
    """Return the parts that a lower-case text names, in its order, each once.

    >>> [part.name for part in find_parts("keep the freckles and her eye colour")]
    ['freckles', 'eye colour']
    """
    found = []
    for match in _PATTERN.finditer(text):
        assert match.lastgroup is not None
        found.append(PARTS[int(match.lastgroup[1:])])
    return tuple(dict.fromkeys(found))


def without_parts(text: str, put: str = "") -> str:
    """Return a lower-case text with something else in the place of the names of parts."""
    return _PATTERN.sub(put, text)


def parts_beside(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return everything else of a face: parts without a trait of these, and single traits that no such part has."""
    free = set(traits_of(parts))
    others = tuple(part for part in PARTS if not free & set(part.names))
    covered = free.union(traits_of(others))
    return (*others, *(Part(name, "", (name,)) for name in VOCABULARY if name not in covered))


def part_named(name: str) -> Part | None:
    """Return the part of this name; of a trait's name, that trait alone."""
    alone = Part(name, "", (name,)) if name in VOCABULARY else None
    return next((part for part in PARTS if part.name == name), alone)


def part_of(trait: str) -> Part:
    """Return the smallest part that a trait belongs to."""
    own = [part for part in PARTS if trait in part.names]
    return min(own, key=lambda part: len(part.names)) if own else Part(trait, "", (trait,))


def traits_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the names of all traits of parts, each once."""
    return tuple(dict.fromkeys(name for part in parts for name in part.names))


_MOVED_BY: Final = {
    "mouth": ("mouth", "jaw", "tongue", "cheekSquint"), "lips": ("mouth", "cheekSquint"), "jaw": ("jaw",), "eyes": ("eye",),
    "brows": ("brow",), "nose": ("nose",), "cheeks": ("cheek",),
}  # fmt: skip
"""Part -> how the names of the blend shapes begin that move it."""


def traits_held_by(parts: Iterable[Part]) -> tuple[str, ...]:
    """Return the names of all traits of parts, and of the expressions that would move them, each once."""
    parts = tuple(parts)
    moved = tuple(f"expression.{start}" for part in parts for start in _MOVED_BY.get(part.name, ()))
    shapes = (name for name in VOCABULARY if moved and name.startswith(moved))
    return tuple(dict.fromkeys((*traits_of(parts), *shapes)))


def held_values(traits: Traits, names: Iterable[str]) -> Traits:
    """Return the values that traits have now, of those names that have any."""
    return Traits({name: traits[name] for name in names if name in traits})
