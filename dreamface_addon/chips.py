"""What of a prompt was understood, and which of it the artist does not want used."""

from __future__ import annotations

from .session import Chip, Reading, Session
from .vocabulary import TRAITS


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
