"""People to paint, and captions in several styles that say some of what they look like.

What the prior seldom draws (make-up, freckles, beards, great age, unnatural skin) is wished for now and then, so that a
model sees enough of it. A caption says a few of a person's traits, the striking ones before the others.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dreamface.colour_names import linear
from dreamface.language.tables import COLOURS_SRGB
from dreamface.prior import complete
from dreamface.traits import ANCESTRIES, Traits, TraitValue, Value

PALE, LIGHT, BROWN, DARK = 0.14, 0.36, 0.52, 0.78
"""Melanin up to which skin is called so."""

SKIN_WORDS: Final[tuple[tuple[float, tuple[str, ...]], ...]] = (
    (0.08, ("very pale", "porcelain", "ghostly pale", "extremely fair")),
    (PALE, ("pale", "fair", "pale", "light")),
    (0.24, ("light", "fair", "light")),
    (LIGHT, ("olive", "tanned", "light brown")),
    (BROWN, ("brown", "tan", "medium brown")),
    (0.66, ("dark", "dark brown", "brown")),
    (DARK, ("dark", "dark brown", "black", "deep brown")),
    (1.01, ("very dark", "black", "ebony", "deep black")),
)
"""Melanin up to which words are said of skin."""

LIPSTICKS: Final = (
    "red", "red", "crimson", "pink", "hot pink", "rose", "coral", "nude", "plum", "burgundy", "purple", "black",
    "brown", "orange", "blue", "green", "gold", "white",
)  # fmt: skip
EYESHADOWS: Final = ("blue", "green", "purple", "pink", "gold", "brown", "black", "silver", "teal", "orange", "red")
BLUSHES: Final = ("pink", "rose", "coral", "red", "peach")
STRANGE_SKINS: Final = (
    "blue",
    "green",
    "purple",
    "red",
    "grey",
    "gold",
    "silver",
    "turquoise",
    "white",
    "pink",
    "yellow",
)
IRISES: Final[Mapping[str, str]] = {
    "blue": "#5b86b8", "green": "#5f7d4c", "brown": "#5a3a22", "dark brown": "#331d10", "hazel": "#7b6239",
    "grey": "#84909a", "amber": "#a8702a",
}  # fmt: skip
HAIR: Final[Mapping[str, tuple[float, float]]] = {
    "black": (0.97, 0.05), "brown": (0.74, 0.2), "blond": (0.26, 0.15), "red": (0.45, 0.95), "dark brown": (0.88, 0.15),
}  # fmt: skip
"""Name -> melanin and redness."""

ANCESTRY_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ancestry.african": ("African", "Nigerian", "Kenyan", "Black African", "Ghanaian", "Ethiopian"),
    "ancestry.east_asian": ("East Asian", "Chinese", "Japanese", "Korean", "Asian"),
    "ancestry.south_asian": ("South Asian", "Indian", "Pakistani", "Bengali", "Sri Lankan"),
    "ancestry.european": ("European", "Scandinavian", "Irish", "Italian", "Polish", "Caucasian"),
}
BEARDS: Final[Mapping[str, tuple[str, ...]]] = {
    "full": ("full beard", "beard", "thick beard"), "short": ("short beard", "beard", "trimmed beard"),
    "goatee": ("goatee",), "moustache": ("moustache",), "handlebar": ("handlebar moustache",),
    "anchor": ("anchor beard",), "sideburns": ("sideburns",), "patchy": ("patchy beard",),
    "soul_patch": ("soul patch",), "stubble": ("stubble",),
}  # fmt: skip


@dataclass(frozen=True)
class Described:
    """A person, and words about them.

    Attributes:
        traits: all that is painted.
        captions: each says other things, in another style.
    """

    traits: Traits
    captions: tuple[str, ...]


def describe(seed: int, count: int = 6) -> Described:
    """Return a person of the balanced prior, with some wishes, and captions.

    Args:
        seed: the same gives the same person and words.
        count: of captions.
    """
    chance = random.Random(f"synthetic person {seed}")
    wished, named = _wishes(chance)
    traits = complete(Traits(wished), seed)
    teller = _Teller(traits, named, chance)
    return Described(traits, tuple(teller.caption() for _ in range(count)))


# ------------------------------------------------------------------------------------------------------------- wishes


def _wishes(chance: random.Random) -> tuple[dict[str, TraitValue | Value], dict[str, str]]:
    """Return traits that are wished for, and the names of their colours by trait."""
    wished: dict[str, TraitValue | Value] = {}
    named: dict[str, str] = {}
    male = chance.random() < 0.5
    wished["gender"] = (1.0 if male else -1.0) * chance.uniform(0.8, 1.0)
    wished["age"] = age = chance.uniform(18.0, 45.0) if chance.random() < 0.3 else chance.uniform(5.0, 92.0)
    if chance.random() < 0.5:
        wished["skin.melanin"] = chance.uniform(0.02, 0.97)

    def tint(trait: str, colours: Sequence[str], low: float, high: float) -> None:
        named[trait] = chance.choice(colours)
        wished[trait] = (*linear(COLOURS_SRGB[named[trait]]), chance.uniform(low, high))

    adult_woman = not male and age > 15
    for trait, colours, low, high, often in (
        ("lipstick", LIPSTICKS, 0.75, 1.0, 0.5), ("eyeshadow", EYESHADOWS, 0.6, 1.0, 0.25),
        ("blush", BLUSHES, 0.5, 0.9, 0.15), ("eyeliner", ("black",), 0.8, 1.0, 0.15),
    ):  # fmt: skip
        if chance.random() < (often if adult_woman else 0.04):
            tint(trait, colours, low, high)
    if chance.random() < 0.07:
        tint("skin.tint", STRANGE_SKINS, 0.7, 1.0)
    if male and age > 19 and chance.random() < 0.5:
        wished["beard.style"] = chance.choice(("full", "full", "short", "full", *BEARDS))
        wished["beard.density"] = chance.uniform(0.7, 1.0)
    if chance.random() < 0.35:
        named["hair"] = chance.choice(tuple(HAIR))
        wished["hair.melanin"], wished["hair.redness"] = HAIR[named["hair"]]
    elif age > 45 and chance.random() < 0.5:
        wished["hair.grey"] = chance.uniform(0.8, 1.0)
    for trait, low, high, often in (
        ("freckles.density", 0.4, 0.95, 0.12), ("moles.density", 0.4, 0.9, 0.06), ("blemishes.density", 0.4, 0.9, 0.06),
        ("vitiligo.coverage", 0.3, 0.7, 0.04), ("under_eyes.darkness", 0.7, 1.0, 0.08),
        ("brows.thickness", 0.85, 1.0, 0.08), ("skin.redness", 0.75, 1.0, 0.06),
    ):  # fmt: skip
        if chance.random() < often:
            wished[trait] = chance.uniform(low, high)
    if chance.random() < 0.4:
        named["iris"] = chance.choice(tuple(IRISES))
        wished["iris.colour"] = linear(IRISES[named["iris"]])
    style = chance.random()
    if male and style < 0.7:
        wished["hair.style"] = "bald" if style < 0.2 else "buzz" if style < 0.35 else "short"
    return wished, named


# ------------------------------------------------------------------------------------------------------------- words


@dataclass(frozen=True)
class _Fact:
    """Something that can be said.

    Attributes:
        weight: how likely it is said.
        thing: as "red lipstick", after "with".
        clause: as "her skin is pale".
    """

    weight: float
    thing: str
    clause: str


class _Teller:
    """Composes captions of one person."""

    def __init__(self, traits: Traits, named: Mapping[str, str], chance: random.Random) -> None:
        self._traits, self._named, self._chance = traits, named, chance
        self._age, self._male = traits.number("age"), traits.number("gender") > 0.0
        self._they, self._their = ("he", "his") if self._male else ("she", "her")

    def caption(self) -> str:
        """Return the next one."""
        kinds: tuple[Callable[[], str], ...] = (
            self._portrait,
            self._portrait,
            self._portrait,
            self._list,
            self._sentences,
        )
        text = self._chance.choice(kinds)()
        return text.lower() if self._chance.random() < 0.3 else text

    # ------------------------------------------------------------------------------------------------------- styles

    def _portrait(self) -> str:
        """As "a very dark-skinned woman with red lipstick"."""
        things = [fact.thing for fact in self._facts(self._chance.choice((0, 1, 1, 2, 2, 3)))]
        lead = self._chance.choice(("", "", "", "portrait of ", "a photo of ", "the face of ", "close-up of "))
        ending = "" if not things else self._chance.choice((" with ", " with ", ", ")) + _joined(things)
        return f"{lead}{self._who()}{ending}"

    def _list(self) -> str:
        """As "woman, 70 years old, pale skin, red lipstick"."""
        words = [self._noun()]
        if self._chance.random() < 0.7:
            words.append(
                self._chance.choice((self._age_word(), f"{round(self._age)} years old", f"aged {round(self._age)}"))
            )
        if self._chance.random() < 0.75:
            words.append(f"{self._skin_word()} skin")
        words += [fact.thing.removeprefix("a ") for fact in self._facts(self._chance.choice((1, 2, 3)))]
        return ", ".join(words)

    def _sentences(self) -> str:
        """As "An old man. His skin is dark. He has a grey beard."."""
        said = [f"{self._who()}."]
        for fact in self._facts(self._chance.choice((1, 2, 2))):
            clause = self._chance.choice((fact.clause, f"{self._they} has {fact.thing}"))
            said.append(f"{clause[0].upper()}{clause[1:]}.")
        return " ".join(said)

    # ------------------------------------------------------------------------------------------------------- pieces

    def _who(self) -> str:
        """As "a pale old man"."""
        words: list[str] = []
        roll = self._chance.random()
        if roll < 0.65:
            word = self._skin_word()
            words.append(
                self._chance.choice((word, f"{word}-skinned")) if "skin.tint" not in self._named else f"{word}-skinned"
            )
        age, noun, after = self._age_word(), self._noun(), ""
        if self._chance.random() < 0.65:
            words.insert(self._chance.choice((0, len(words))), age)
        elif self._chance.random() < 0.4:
            after = self._chance.choice(
                (
                    f" of {round(self._age)}",
                    f", {round(self._age)} years old",
                    f" in {self._their} {_decade(self._age)}",
                )
            )
        main = max(ANCESTRIES, key=self._traits.number)
        if self._traits.number(main) > 0.8 and self._chance.random() < 0.25 and "skin.tint" not in self._named:
            words.append(self._chance.choice(ANCESTRY_WORDS[main]))
        text = " ".join((*words, noun))
        return f"{'an' if text[0].lower() in 'aeiou' else 'a'} {text}{after}"

    def _noun(self) -> str:
        if self._chance.random() < 0.06:
            return self._chance.choice(("person", "human"))
        if self._age < 13:
            return "boy" if self._male else "girl"
        if self._age < 19:
            return self._chance.choice(("boy", "man") if self._male else ("girl", "woman"))
        return self._chance.choice(
            ("man", "man", "man", "male", "guy") if self._male else ("woman", "woman", "woman", "lady", "female")
        )

    def _age_word(self) -> str:
        for end, words in (
            (13, ("little", "young", "small")), (20, ("teenage", "young", "adolescent")), (33, ("young", "youthful")),
            (45, ("adult", "grown-up", "thirtysomething")), (58, ("middle-aged", "mature")),
            (72, ("old", "older", "elderly", "ageing")), (200, ("old", "very old", "elderly", "aged", "ancient")),
        ):  # fmt: skip
            if self._age < end:
                return self._chance.choice(words)
        raise AssertionError

    def _skin_word(self) -> str:
        if "skin.tint" in self._named:
            return self._named["skin.tint"]
        melanin = self._traits.number("skin.melanin")
        return self._chance.choice(next(words for end, words in SKIN_WORDS if melanin <= end))

    def _facts(self, count: int) -> list[_Fact]:
        """Return some things to say, the striking ones likelier."""
        known = self._known()
        chosen: list[_Fact] = []
        while known and len(chosen) < count:
            fact = self._chance.choices(known, [one.weight for one in known])[0]
            known.remove(fact)
            chosen.append(fact)
        return chosen

    def _known(self) -> list[_Fact]:
        """Return all that can be said."""
        traits, their = self._traits, self._their
        found = [_Fact(0.5, f"{(word := self._skin_word())} skin", f"{their} skin is {word}")]
        for trait, things, verb in (
            ("lipstick", ("lipstick", "lipstick", "lips", "painted lips"), "lips are"),
            ("eyeshadow", ("eyeshadow", "eye shadow", "eyelids"), "eyelids are"),
            ("blush", ("blush", "blush on the cheeks", "cheeks"), "cheeks are"),
            ("eyeliner", ("eyeliner",), "eyeliner is"),
        ):
            if trait in self._named:
                colour = self._named[trait]
                found.append(_Fact(3.0, f"{colour} {self._chance.choice(things)}", f"{their} {verb} {colour}"))
        hair = self._hair_word()
        if (style := traits.choice("beard.style")) in BEARDS and traits.number("beard.density") > 0.3:
            word = self._chance.choice(BEARDS[style])
            thing = f"{hair} {word}" if self._chance.random() < 0.75 else word
            article = "" if word in ("sideburns", "stubble") else "an " if thing[0] in "aeiou" else "a "
            found.append(_Fact(3.0, f"{article}{thing}", f"{self._they} has {article}{thing}"))
        elif self._male and self._age > 19:
            found.append(_Fact(0.3, "a clean-shaven face", f"{self._they} is clean-shaven"))
        for trait, over, weight, words in (
            ("freckles.density", 0.3, 2.5, ("freckles", "many freckles", "a freckled face")),
            ("moles.density", 0.35, 1.5, ("moles", "many moles", "beauty marks")),
            ("blemishes.density", 0.35, 2.0, ("acne", "pimples", "spotty skin", "blemishes")),
            ("vitiligo.coverage", 0.2, 2.5, ("vitiligo", "vitiligo patches")),
            ("under_eyes.darkness", 0.6, 2.0, ("dark circles under the eyes", "dark circles", "tired eyes")),
            ("skin.redness", 0.7, 1.5, ("a ruddy complexion", "flushed skin", "red cheeks")),
            ("age_spots.density", 0.4, 0.7, ("age spots", "liver spots")),
            ("wrinkles.forehead", 0.65, 0.8, ("wrinkles", "a wrinkled face", "deep wrinkles")),
        ):
            if traits.number(trait) > over:
                word = self._chance.choice(words)
                found.append(_Fact(weight, word, f"{self._they} has {word}"))
        thick = traits.number("brows.thickness")
        brows = "thick " if thick > 0.8 else "thin " if thick < 0.2 else ""
        found.append(_Fact(1.5 if brows else 0.4, f"{brows}{hair} eyebrows", f"{their} eyebrows are {brows or hair}"))
        if traits.choice("hair.style") == "bald":
            found.append(_Fact(0.5, "a bald head", f"{self._they} is bald"))
        else:
            found.append(_Fact(0.6, f"{hair} hair", f"{their} hair is {hair}"))
        if "iris" in self._named:
            found.append(_Fact(0.7, f"{self._named['iris']} eyes", f"{their} eyes are {self._named['iris']}"))
        return found

    def _hair_word(self) -> str:
        grey = self._traits.number("hair.grey")
        if grey > 0.85:
            return self._chance.choice(("white", "grey", "silver", "grey"))
        if grey > 0.45:
            return self._chance.choice(("grey", "greying", "gray"))
        melanin, redness = self._traits.number("hair.melanin"), self._traits.number("hair.redness")
        if redness > 0.6:
            return self._chance.choice(("red", "ginger"))
        for over, word in ((0.92, "black"), (0.82, "dark brown"), (0.55, "brown"), (0.35, "dark blond")):
            if melanin > over:
                return word
        return self._chance.choice(("blond", "blonde"))


def _decade(age: float) -> str:
    """Return "forties" of 43."""
    names = (
        "childhood",
        "teens",
        "twenties",
        "thirties",
        "forties",
        "fifties",
        "sixties",
        "seventies",
        "eighties",
        "nineties",
    )
    return names[min(int(age // 10), len(names) - 1)]


def _joined(things: Sequence[str]) -> str:
    return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} and {things[-1]}"
