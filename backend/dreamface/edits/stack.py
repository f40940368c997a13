"""An artist's edits as overlays of the skin, from below."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from torch import Tensor

from dreamface.edits.decals import picture_overlays
from dreamface.edits.diffused import MADE, diffused_entry, diffused_overlays
from dreamface.edits.handling import picture_entry, sketch_entry
from dreamface.edits.mixing import mixed_skin, read_mix
from dreamface.edits.places import masks_of
from dreamface.edits.sketches import sketch_overlays
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.record import EditEntry
from dreamface.skin import EFFECTS, MOST_COUNTED, Effect, Look, Overlay, Patch, Site, Way, each
from dreamface.traits import VOCABULARY, Group, Traits

_Share = Annotated[float, Field(ge=0.0, le=1.0)]

_MOST_EFFECTS: Final = 24  # of one edit

SKIN_GROUPS: Final = (Group.SKIN, Group.MAKEUP, Group.PERSON, Group.HAIR)
"""Groups of traits that the skin is painted by."""


class _EffectEntry(BaseModel):
    """An effect as the parameters of an edit in words have it."""

    model_config = ConfigDict(extra="forbid")
    name: str
    colour: tuple[_Share, _Share, _Share] | None = None
    amount: _Share = 0.5
    variant: str = ""
    count: int = Field(default=0, ge=0, le=MOST_COUNTED)
    course: Way = ""

    @property
    def look(self) -> Look:
        """How it is wanted."""
        return Look(self.colour, self.amount, self.variant, self.count, self.course)


_DRAWN: Final = {
    "sketch": sketch_overlays, "picture": picture_overlays, **dict.fromkeys(MADE, diffused_overlays),
}  # fmt: skip
"""What makes overlays of pictures that were drawn or made."""

_EFFECTS: Final = TypeAdapter(Annotated[list[_EffectEntry], Field(max_length=_MOST_EFFECTS)])


def check_edits(edits: Sequence[EditEntry]) -> None:
    """Refuse edits that nothing can be made of.

    Raises:
        BadRequest: an effect is unknown, or a number is out of its range.
    """
    for edit in edits:
        if edit.kind == "mix":
            read_mix(edit)
        elif edit.kind == "sketch":
            sketch_entry(edit)
        elif edit.kind == "picture":
            picture_entry(edit)
        elif edit.kind in MADE:
            diffused_entry(edit)
        if edit.kind != "words":
            continue
        try:
            wanted = _effects(edit)
        except ValidationError as error:
            raise BadRequest(
                f"The edit {edit.label or edit.id!r} has effects that can't be read: delete it."
            ) from error
        for name, _ in wanted:
            if name not in EFFECTS:
                raise BadRequest(f"There is no effect called {name!r}: see `dreamface edits`.")


def overlays(
    edits: Sequence[EditEntry], head: Head, traits: Traits, seed: int, pictures: Mapping[str, bytes]
) -> tuple[Overlay, ...]:
    """Return the visible edits as the painter takes them.

    Args:
        edits: from below.
        head: whose skin.
        traits: what the face looks like without them.
        seed: of the face.
        pictures: SHA-256 -> PNG.

    Raises:
        BadRequest: see `check_edits`; or a mask can't be read.
    """
    check_edits(edits)
    found: list[Overlay] = []
    for edit in edits:
        if not edit.visible or edit.strength == 0.0:
            continue
        if edit.kind == "words":
            found += _words(edit, traits, seed, masks_of(edit.place, head, pictures))
        elif edit.kind == "mix":
            found += mixed_skin(edit, head, traits, pictures)
        elif edit.kind in _DRAWN:
            places = None if edit.place is None else masks_of(edit.place, head, pictures)
            found += _DRAWN[edit.kind](edit, head, seed_of(edit, seed), pictures, places)
    return tuple(found)


def _words(edit: EditEntry, traits: Traits, seed: int, masks: Mapping[str, Tensor]) -> list[Overlay]:
    """Return the overlays of an edit in words: skin with other traits, and the effects on it."""
    found = []
    own_seed = seed_of(edit, seed)
    said = {name: entry for name, entry in edit.traits.items() if VOCABULARY[name].group in SKIN_GROUPS}
    if said and edit.place is not None:
        values = tuple((name, entry.value) for name, entry in said.items())
        found.append(
            Overlay(
                f"{edit.id}/skin", (edit.place, values), masks, edit.strength, traits.under(said), said=frozenset(said)
            )
        )
    for number, (name, look) in enumerate(_effects(edit)):
        effect, id_ = EFFECTS[name], f"{edit.id}/{number}"
        draw, what = partial(_draw, effect, look), (edit.place, name, look)
        found.append(Overlay(id_, what, masks, edit.strength, seed=own_seed, draw=draw, reads=effect.reads))
    return found


def seed_of(edit: EditEntry, seed: int) -> int:
    """Return what an edit's random patterns are drawn from: its own, and always the same."""
    return zlib.crc32(edit.id.encode(), seed)


def _draw(effect: Effect, look: Look, site: Site) -> Sequence[Patch]:
    return each(effect.draw, site, look) if look.count and not effect.counts else effect.draw(site, look)


def _effects(edit: EditEntry) -> list[tuple[str, Look]]:
    """Return the effects that an edit in words has, each by name."""
    return [(entry.name, entry.look) for entry in _EFFECTS.validate_python(edit.parameters.get("effects", []))]
