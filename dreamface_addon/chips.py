"""What of a prompt was understood, and which of it the artist does not want used."""

from __future__ import annotations

from typing import Any

from .session import Chip, Reading, Session
from .vocabulary import TRAITS

_VALUES = 2
"""That a chip says at most: it is a button in a narrow sidebar."""

_SIGNS = ("+", "-")

_SEXES = ((0.35, "man"), (-0.35, "androgynous"), (-1.0, "woman"))
"""From where on a value of the trait gender is called what."""

_SIDES = ((0.2, "left"), (-0.2, "middle"), (-1.0, "right"))
"""From where on a parting is on which side."""

_AS_USUAL = ("none", "natural")
"""Choices that need no word."""

_SAID_BY_WORDS = (
    "hair.melanin", "hair.redness", "skin.melanin", "skin.redness", "skin.yellowness", "skin.pores", "skin.oiliness",
)  # fmt: skip
"""Amounts of which the words say more than a number."""


def in_words(name: str, value: Any, words: str) -> str:
    """Return a trait's value as an artist would say it, or nothing where the words say it already.

    Args:
        name: the trait's.
        value: as the reading gives it.
        words: of the prompt, which it was understood from.
    """
    trait, lower = TRAITS.get(name), words.casefold()
    if name.startswith("expression."):
        return f"{float(value):.0%}".replace("%", " %") if isinstance(value, int | float) else ""
    if trait is None or trait.kind in ("colour", "tint") or name in _SAID_BY_WORDS or name.startswith("ancestry."):
        return ""
    if trait.kind == "choice":
        said = str(value).replace("_", " ")
        return "" if said in lower.replace("-", " ") or value in _AS_USUAL else said
    if name == "gender":
        sex = next(sex for least, sex in _SEXES if float(value) >= least)
        return "" if sex in lower.split() else sex
    if name == "hair.parting":
        side = next(side for least, side in _SIDES if float(value) >= least)
        return "" if side in lower.split() else side
    if trait.unit == "years":
        return f"{float(value):.0f} years"
    if trait.unit == "sd":
        return f"{float(value):+.1f}"
    label = trait.label.casefold() if trait.family != "Wrinkles" else "wrinkles"
    if not float(value):
        return ""
    amount = f"{float(value):.0%}".replace("%", " %")
    return amount if label.rstrip("s") in lower else f"{amount} {label}"


class Chips:
    """The chips below the prompt.

    Attributes:
        dropped: words that are not to be used.
    """

    def __init__(self, session: Session) -> None:
        self.dropped: set[str] = set()
        self._session = session

    def read(self, prompt: str) -> None:
        """Have a changed prompt read, and forget dropped words that are no longer in it."""
        self.dropped = {words for words in self.dropped if words.casefold() in prompt.casefold()}
        if prompt.strip():
            self._session.read(prompt.strip())

    def reading(self, prompt: str) -> Reading | None:
        """Return what the prompt was understood as, if that is known yet."""
        reading = self._session.reading
        return reading if reading is not None and reading.prompt == prompt.strip() else None

    def toggle(self, words: str) -> None:
        """Use words, or leave open what they say."""
        self.dropped ^= {words}

    def tooltip(self, words: str) -> str:
        """Return what some words were understood as."""
        chip = self._chip(words)
        if chip is None:
            return ""
        labels = [TRAITS[name].label if name in TRAITS else name.partition(".")[2] for name in chip.traits]
        use = "Left open" if words in self.dropped else "Understood as"
        return f"{use}: {', '.join(labels)}. Click to change that"

    def label(self, chip: Chip) -> str:
        """Return a chip's words and what they were understood as, such as "fisherman · man, 36 % wrinkles"."""
        reading = self._session.reading
        values = (
            [in_words(name, reading.traits[name].get("value"), chip.words) for name in chip.traits] if reading else []
        )
        amounts = sorted((value for value in values if value[:1] in _SIGNS), key=lambda value: value[1:])
        others = dict.fromkeys(value for value in values if value and value not in amounts)
        said = [*amounts[-1:], *others]  # of "big nose", length and width are big: the larger of both says it
        return f"{chip.words} · {', '.join(said[:_VALUES])}" if said else chip.words

    def dropped_traits(self, prompt: str) -> list[str]:
        """Return the traits that the dropped words of a prompt are about."""
        reading = self.reading(prompt)
        chips = reading.chips if reading is not None else []
        return [name for chip in chips if chip.words in self.dropped for name in chip.traits]

    def why_not_yet(self, prompt: str) -> str:
        """Return why the prompt cannot be used yet, or nothing; without its reading, dropped words would be used."""
        return "The prompt is being read" if self.dropped and self.reading(prompt) is None else ""

    def _chip(self, words: str) -> Chip | None:
        reading = self._session.reading
        return next((chip for chip in reading.chips if chip.words == words), None) if reading is not None else None
