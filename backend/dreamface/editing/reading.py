"""What words of an edit say: effects, traits and a place."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace
from typing import Any, Final

from dreamface.edits import REGIONS, SKIN_GROUPS, Wish, read_effects
from dreamface.errors import BadRequest
from dreamface.language import read
from dreamface.skin import EFFECTS
from dreamface.text import clean
from dreamface.traits import VOCABULARY, Traits

LONGEST_WORDS: Final = 500
"""Characters of an edit in words."""

_NO_WORDS: Final = "Say what should be there, such as 'a scar': `dreamface edits` lists the words that work."


@dataclass(frozen=True)
class EditReading:
    """What words ask for.

    Attributes:
        traits: of the person, at the place.
        effects: what is put on the skin.
        region: name of the place that the words say, or None.
        not_understood: words nothing was made of.
        contradiction: a sentence where the words say two things that can't both be, else empty.
    """

    traits: Traits = field(default_factory=Traits)
    effects: tuple[Wish, ...] = ()
    region: str | None = None
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
            "region": self.region,
            "not_understood": list(self.not_understood),
            "contradiction": self.contradiction,
        }


def read_words(words: str, *, place: bool) -> EditReading:
    """Return what words ask for.

    Args:
        words: such as "a pale scar on the left cheek".
        place: whether a place is marked already; if not, the words may say one.

    Raises:
        BadRequest: there are no words, or too many.
    """
    words = clean(words)
    if not any(character.isalnum() for character in words):
        raise BadRequest(_NO_WORDS)
    if len(words) > LONGEST_WORDS:
        raise BadRequest(f"The words have {len(words):,} characters; shorten them to at most {LONGEST_WORDS}.")
    region, rest = (None, words) if place else _read_region(words)
    found = replace(_read_wishes(rest), region=region)
    if not place and region is None:
        return found
    # On a marked place only the skin can be otherwise: "a big nose" makes nothing of a cheek.
    skin = {name: entry for name, entry in found.traits.items() if VOCABULARY[name].group in SKIN_GROUPS}
    lost = [entry.because or name for name, entry in found.traits.items() if name not in skin]
    return replace(found, traits=Traits(skin), not_understood=tuple(dict.fromkeys((*found.not_understood, *lost))))


def _read_wishes(words: str) -> EditReading:
    """Return the effects and traits that words ask for."""
    wishes, rest = read_effects(words)
    if not any(character.isalnum() for character in rest):
        return EditReading(effects=wishes)
    reading = read(rest)
    return EditReading(reading.traits, wishes, not_understood=reading.not_understood)


def _read_region(words: str) -> tuple[str | None, str]:
    """Return the name of the region that words say, if any, and the words without it."""
    phrases = [(phrase, name) for name, region in REGIONS.items() for phrase in region.words]
    for phrase, name in sorted(phrases, key=lambda one: -len(one[0])):
        if found := re.search(rf"\b(?:(?:on|over|across)\s+)?(?:the\s+)?{re.escape(phrase)}\b", words, re.IGNORECASE):
            return name, words[: found.start()] + words[found.end() :]
    return None, words


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
    effects = [
        {"name": one.name, "description": one.description, "words": list(one.words), "variants": list(one.variants)}
        for one in EFFECTS.values()
    ]
    families = [{"name": "effects", "words": effects}]
    for group in SKIN_GROUPS:
        traits = [trait for trait in VOCABULARY.values() if trait.group is group and (trait.more or trait.less)]
        words = [
            {"name": one.name, "description": one.description, "words": [*one.more, *one.less], "variants": []}
            for one in traits
        ]
        families.append({"name": group.value, "words": words})
    regions = [
        {"name": name, "label": one.label, "side": one.side, "words": list(one.words)} for name, one in REGIONS.items()
    ]
    return {"families": families, "regions": regions}
