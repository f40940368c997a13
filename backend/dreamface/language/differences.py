"""A difference of traits that words ask for, and how far to go towards it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from dreamface.errors import BadRequest
from dreamface.language.changes import read_change
from dreamface.language.reader import Reading
from dreamface.language.talk import NOT_UNDERSTOOD, Change, Context, Hold, Nothing
from dreamface.language.talk_reading import understand
from dreamface.traits import VOCABULARY, Kind, Traits, TraitValue


@dataclass(frozen=True)
class Difference:
    """What an order changes about a face.

    Attributes:
        traits: as they are at a strength of 1.
        strength: how far to go: 0 leaves the face, 1 is `traits`, above 1 goes beyond them.
        held: names of traits that stay.
        not_understood: words nothing was made of.
    """

    traits: Traits = field(default_factory=Traits)
    strength: float = 1.0
    held: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()

    def of(self, traits: Traits) -> Traits:
        """Return a face's traits with the difference made, what is held as it was."""
        return traits.towards(self.traits, self.strength)


def edit(traits: Traits, text: str) -> Difference:
    """Return the difference that an order in words makes to a face.

    Args:
        traits: of the face as it is; "a bit older" is measured from them.
        text: one or several orders, such as "make her a bit older and give her a sharper jaw, keep the freckles".

    Raises:
        BadRequest: it orders nothing, or contradicts itself; the message is a sentence for whoever said it.

    >>> edit(Traits({"age": 40.0}), "five years older").of(Traits({"age": 40.0})).number("age")
    45.0
    """
    steps = understand(text, Context(traits))
    changes = [step for step in steps if isinstance(step, Change)]
    if not changes:
        holds = any(isinstance(step, Hold) for step in steps)
        why = next((step.why for step in steps if isinstance(step, Nothing)), NOT_UNDERSTOOD)
        raise BadRequest("Nothing is to be changed: say what should be different." if holds else why)
    made = combined([difference(change, traits) for change in changes], traits)
    lost = tuple(step.said for step in steps if isinstance(step, Nothing) and step.said)
    return replace(made, not_understood=(*made.not_understood, *lost))


def difference(change: Change, traits: Traits, held: Collection[str] = ()) -> Difference:
    """Return the difference of one order.

    Args:
        change: it.
        traits: of the face as it is.
        held: further traits that stay.
    """
    reading = Reading(change.traits, ()) if change.traits else read_change(change.words, traits)
    stays = tuple(dict.fromkeys((*change.held, *held)))
    moved = {name: entry for name, entry in reading.traits.items() if name not in stays}
    strength = change.strength
    if strength < _SWITCHES and any(VOCABULARY[name].kind is Kind.CHOICE for name in moved):
        strength = _SWITCHES
    return Difference(Traits(moved), strength, stays, (*reading.not_understood, *change.lost))


_SWITCHES = 0.5  # strength from which a choice becomes another one


def combined(differences: Sequence[Difference], traits: Traits) -> Difference:
    """Return several differences as one; where their strengths differ, each is worked into its traits.

    Args:
        differences: at least one; a later one holds where two set the same trait.
        traits: of the face as it is.
    """
    strengths = {one.strength for one in differences if one.traits}
    strength = strengths.pop() if len(strengths) == 1 else 1.0
    found: dict[str, TraitValue] = {}
    for one in differences:
        moved = one.traits if one.strength == strength else traits.towards(one.traits, one.strength)
        found |= {name: replace(entry, value=moved[name].value) for name, entry in one.traits.items()}
    held = tuple(dict.fromkeys(name for one in differences for name in one.held))
    lost = tuple(dict.fromkeys(word for one in differences for word in one.not_understood))
    return Difference(Traits({name: entry for name, entry in found.items() if name not in held}), strength, held, lost)
