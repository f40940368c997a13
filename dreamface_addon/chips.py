"""What of a prompt was understood, and which of it the artist does not want used."""

from __future__ import annotations

from typing import Any

from .session import Chip, Meaning, Reading, Session
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


DOUBTFUL = 0.6
"""How sure a reading is at least that is shown as one; what is less sure is a guess, and is shown as such."""

_YOURS = "corrected by you"
_MOST_ALIKE = 3
"""Traits of one chip that a tooltip lists."""


class Chips:
    """The chips below the prompt.

    Attributes:
        dropped: words that are not to be used.
        corrected: words -> what the artist has said they mean.
    """

    def __init__(self, session: Session) -> None:
        self.dropped: set[str] = set()
        self.corrected: dict[str, Meaning] = {}
        self._session = session

    def read(self, prompt: str) -> None:
        """Have a changed prompt read, and forget what was said of words that are no longer in it."""
        self.dropped = {words for words in self.dropped if _are_in(words, prompt)}
        self.corrected = {words: meaning for words, meaning in self.corrected.items() if _are_in(words, prompt)}
        if prompt.strip():
            self._session.read(prompt.strip())

    def reading(self, prompt: str) -> Reading | None:
        """Return what the prompt was understood as, if that is known yet."""
        reading = self._session.reading
        return reading if reading is not None and reading.prompt == prompt.strip() else None

    def nothing_read(self, prompt: str) -> str:
        """Return a sentence where nothing of the prompt was read, so that a face would be anybody; else nothing."""
        reading = self.reading(prompt)
        return reading.nothing_read if reading is not None else ""

    # ------------------------------------------------------------------------------------------------------ corrections

    def toggle(self, words: str) -> None:
        """Use words, or leave open what they say."""
        self.corrected.pop(words, None)
        self.dropped ^= {words}

    def correct(self, words: str, said: str) -> None:
        """Have words mean something else, one of `meanings`; or, where it is none of them, what they were read as."""
        self.dropped.discard(words)
        self.corrected.pop(words, None)
        meaning = next((one for one in self.meanings(words) if one.said == said), None)
        if meaning is not None:
            self.corrected[words] = meaning

    def meanings(self, words: str) -> tuple[Meaning, ...]:
        """Return what words could also mean, the likeliest first."""
        reading = self._session.reading
        return reading.others.get(words, ()) if reading is not None else ()

    def corrections(self, prompt: str) -> list[dict[str, Any]]:
        """Return what the artist has said of the prompt's words, as the backend and a face's record have it."""
        reading = self.reading(prompt)
        found: list[dict[str, Any]] = []
        for chip in reading.chips if reading is not None else []:
            if chip.words in self.dropped:
                found.append({"words": chip.words, "traits": {}, "without": list(chip.traits)})
            elif (meaning := self.corrected.get(chip.words)) is not None:
                traits = {
                    name: {"value": value, "confidence": 1.0, "because": chip.words}
                    for name, value in meaning.traits.items()
                }
                # A meaning of other traits is another reading of all the words; else the rest of theirs stays.
                other = not meaning.traits.keys() <= set(chip.traits)
                gone = [name for name in chip.traits if other and name not in meaning.traits]
                found.append({"words": chip.words, "traits": traits, "without": gone})
        return found

    def adopt(self, corrections: Any) -> None:
        """Take over what the artist has said before of a prompt's words: that of a face which was made from it."""
        self.dropped, self.corrected = set(), {}
        for one in corrections if isinstance(corrections, list) else []:
            words, traits = one.get("words"), one.get("traits") or {}
            if not isinstance(words, str) or not isinstance(traits, dict):
                continue
            if not traits:
                self.dropped.add(words)
                continue
            values = {name: entry.get("value") for name, entry in traits.items() if isinstance(entry, dict)}
            said = ", ".join(filter(None, (in_words(name, value, "") for name, value in values.items())))
            self.corrected[words] = Meaning(said or words, values)

    def why_not_yet(self, prompt: str) -> str:
        """Return why the prompt cannot be used yet, or nothing; without its reading, dropped words would be used."""
        waits = (self.dropped or self.corrected) and self.reading(prompt) is None
        return "The prompt is being read" if waits else ""

    # ----------------------------------------------------------------------------------------------- how they are drawn

    def is_doubtful(self, chip: Chip) -> bool:
        """Return whether a chip is only a guess, which nobody has confirmed."""
        return chip.sure < DOUBTFUL and chip.words not in self.corrected

    def label(self, chip: Chip) -> str:
        """Return a chip's words and what they were understood as, such as "fisherman · man, 36 % wrinkles"."""
        if chip.words in self.corrected:
            return f"{chip.words} · {self._said_by_you(chip.words)}"
        reading = self._session.reading
        values = (
            [in_words(name, reading.traits[name].get("value"), chip.words) for name in chip.traits] if reading else []
        )
        amounts = sorted((value for value in values if value[:1] in _SIGNS), key=lambda value: value[1:])
        others = dict.fromkeys(value for value in values if value and value not in amounts)
        said = [*amounts[-1:], *others]  # of "big nose", length and width are big: the larger of both says it
        return f"{chip.words} · {', '.join(said[:_VALUES])}" if said else chip.words

    def said(self, chip: Chip) -> list[str]:
        """Return what a chip's words were understood as, in words: "man", "slightly dark skin (follows)"."""
        reading = self._session.reading
        found: list[tuple[str, bool]] = []
        for name in chip.traits if reading is not None else ():
            entry = reading.traits.get(name, {}) if reading is not None else {}
            label = TRAITS[name].label if name in TRAITS else name.partition(".")[2]
            found.append((str(entry.get("said") or label), bool(entry.get("follows"))))
        if found and all(follows for _, follows in found):
            return [f"{'follows: ' if number == 0 else ''}{said}" for number, said in enumerate(_once(found))]
        return [f"{said} (follows)" if (said, True) in found else said for said in _once(found)]

    def meaning(self, chip: Chip) -> str:
        """Return what a chip's words were understood as, in one line: "man, stubble and 3 more"."""
        said = self.said(chip)
        more = f" and {len(said) - _MOST_ALIKE} more" if len(said) > _MOST_ALIKE else ""
        return f"{', '.join(said[:_MOST_ALIKE])}{more}"

    def tooltip(self, words: str) -> str:
        """Return what some words were understood as, and why: "man, because of: fisherman. 50 % sure"."""
        chip = self.chip(words)
        if chip is None:
            return ""
        if words in self.dropped:
            return f"Left open, {_YOURS}: {words}. Click to use it again"
        if words in self.corrected:
            return f"{self._said_by_you(words)}, {_YOURS}, because of: {words}. Click to choose something else"
        if not chip.traits:
            return f"Lies there as an edit of its own, because of: {words}. Click to leave it out"
        sure = f"{chip.sure:.0%}".replace("%", " %")
        guess = "A guess" if self.is_doubtful(chip) else "Click"
        ask = ": click to choose what it means" if self.is_doubtful(chip) else " to correct it or leave it open"
        return f"{self.meaning(chip)}, because of: {words}. {sure} sure. {guess}{ask}"

    def _said_by_you(self, words: str) -> str:
        """Return what the artist has said that words mean, as the reading calls it, where it knows that."""
        meaning = self.corrected[words]
        return next((one.said for one in self.meanings(words) if one.traits == meaning.traits), meaning.said)

    def chip(self, words: str) -> Chip | None:
        """Return the chip of some words, if there is one."""
        reading = self._session.reading
        return next((chip for chip in reading.chips if chip.words == words), None) if reading is not None else None


def _once(said: list[tuple[str, bool]]) -> list[str]:
    return list(dict.fromkeys(words for words, _ in said))


def _are_in(words: str, prompt: str) -> bool:
    """Return whether words stand in a prompt, not always side by side: "curly hair" in "curly red hair"."""
    return all(word in prompt.casefold() for word in words.casefold().split())


def corrected_traits(corrections: list[dict[str, Any]], traits: dict[str, Any]) -> dict[str, str]:
    """Return the traits whose value the artist gave by correcting words of the prompt, and the words.

    Args:
        corrections: as a face's record has them.
        traits: name -> entry, as they are now; one that was set by hand since is no longer that of the words.
    """
    found: dict[str, str] = {}
    for one in corrections:
        words, given = one.get("words"), one.get("traits")
        for name in given if isinstance(given, dict) and isinstance(words, str) else ():
            entry = traits.get(name)
            if isinstance(entry, dict) and entry.get("because") == words:
                found[name] = str(words)
    return found


def notes_in_lines(reading: Reading) -> list[str]:
    """Return what an artist should know of a reading; things that are not made share one line."""
    unmade = [words for kind, words, _ in reading.notes if kind == "unmade"]
    others = [text for kind, _, text in reading.notes if kind != "unmade"]
    return ([f"Not made by DreamFace yet: {', '.join(unmade)}"] if unmade else []) + others
