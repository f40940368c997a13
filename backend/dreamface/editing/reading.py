"""What words of an edit say: effects, traits and a place."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import Any, Final

from dreamface import edits as edit_words
from dreamface.edits import REGIONS, Wish, read_region
from dreamface.errors import BadRequest
from dreamface.language import Reading, read, read_change
from dreamface.text import clean
from dreamface.traits import Traits

LONGEST_WORDS: Final = 500
"""Characters of an edit in words."""

_NO_WORDS: Final = "Say what should be there, such as 'a scar': `dreamface edits` lists the words that work."


@dataclass(frozen=True)
class EditReading:
    """What words ask for.

    Attributes:
        traits: of the person, at the place.
        effects: what is put on the skin.
        regions: names of the places that the words say.
        not_understood: words nothing was made of.
        contradiction: a sentence where the words say two things that can't both be, else empty.
    """

    traits: Traits = field(default_factory=Traits)
    effects: tuple[Wish, ...] = ()
    regions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    contradiction: str = ""

    @property
    def parameters(self) -> dict[str, Any]:
        """The effects as an edit in words has them."""
        wanted = [
            {"name": one.effect, "amount": one.look.amount}
            | ({"colour": list(one.look.colour)} if one.look.colour is not None else {})
            | ({"variant": one.look.variant} if one.look.variant else {})
            for one in self.effects
        ]
        return {"effects": wanted} if wanted else {}

    def to_json(self) -> dict[str, Any]:
        """Plain data for a program; `traits` and, of the parameters, `effects` are those of an edit in words."""
        return {
            "traits": self.traits.to_json(),
            "effects": self.parameters.get("effects", []),
            "region": self.regions[0] if self.regions else None,
            "regions": list(self.regions),
            "not_understood": list(self.not_understood),
            "contradiction": self.contradiction,
        }


def read_words(words: str, *, place: bool, traits: Traits | None = None) -> EditReading:
    """Return what words ask for.

    Args:
        words: such as "a pale scar on the left cheek".
        place: whether a place is marked already; if not, the words may say one, and else mean the whole face.
        traits: of the face, which "older" or "fewer freckles" is measured from where the whole face is meant.

    Raises:
        BadRequest: there are no words, or too many.
    """
    words = clean(words)
    if not any(character.isalnum() for character in words):
        raise BadRequest(_NO_WORDS)
    if len(words) > LONGEST_WORDS:
        raise BadRequest(f"The words have {len(words):,} characters; shorten them to at most {LONGEST_WORDS}.")
    regions, rest = ((), words) if place else read_region(words)
    if not place and not regions:
        return _read_whole(words, traits or Traits())
    try:
        found = edit_words.read_words(rest, read)
    except BadRequest as error:
        return EditReading(regions=regions, contradiction=str(error))
    return EditReading(found.traits, found.wishes, regions, found.not_understood)


def _read_whole(words: str, traits: Traits) -> EditReading:
    """Return what words change about the whole face: its traits, and effects for what these leave over."""
    change = read_change(words, traits)
    if not change.not_understood:
        return EditReading(change.traits)
    left = edit_words.read_words(" ".join(change.not_understood), lambda text: Reading(Traits(), tuple(text.split())))
    return EditReading(change.traits, left.wishes, (), left.not_understood)


def check_region(name: str) -> str:
    """Return the name of a region, also of one that is written with spaces or capitals.

    Raises:
        BadRequest: there is no such region; the nearest name is offered.
    """
    known = re.sub(r"[\s-]+", "_", name.strip().lower())
    if known in REGIONS:
        return known
    near = difflib.get_close_matches(known, REGIONS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`dreamface edits` lists them."
    raise BadRequest(f"There is no region called {name!r}; {hint}")


def vocabulary() -> dict[str, Any]:
    """Return every word that works in an edit by family, and the regions, as plain data."""
    families: dict[str, list[dict[str, Any]]] = {}
    for entry in edit_words.vocabulary():
        families.setdefault(entry["family"], []).append({key: entry[key] for key in _SHOWN})
    regions = [
        {"name": name, "label": one.label, "side": one.side, "words": [_shown(phrase) for phrase in one.words]}
        for name, one in REGIONS.items()
    ]
    return {"families": [{"name": name, "words": words} for name, words in families.items()], "regions": regions}


def _shown(phrase: str) -> str:
    """Return a phrase without the places where a word such as "the" or "her" may stand."""
    return " ".join(word for word in phrase.split() if word != "*")


_SHOWN: Final = ("name", "description", "words", "variants")
"""Of an entry of the vocabulary."""
