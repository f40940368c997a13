"""From traits and a record to a person's head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dreamface.edits import mixed_shape
from dreamface.errors import BadRequest
from dreamface.face import Face, Head
from dreamface.head import HeadSource, check_name, load_model
from dreamface.limits import (
    check_prompt,
    check_resolution,
    check_seed,
)
from dreamface.prior import complete, followed
from dreamface.random_streams import stream
from dreamface.record import EditEntry, FaceRecord
from dreamface.traits import Traits, TraitValue, Value

if TYPE_CHECKING:
    from torch import Tensor

    from dreamface.face import Material
    from dreamface.hair import Groom


NOBODY = "face.json is damaged: the head's identity is that of no person; restore it or generate the face again."
LARGEST_HEAD = 2.0  # metres from the base of the neck
_TOGETHER = 16  # heads that are fitted at once; more need memory and save nothing


def shown_materials(surfaces: Mapping[str, Material], groom: Groom) -> Mapping[str, Material]:
    """Return a head's materials; the mesh's lashes are made clear where a groom has lashes of its own."""
    if "lashes" not in groom:
        return surfaces
    return {**surfaces, "lashes": replace(surfaces["lashes"], transmission=1.0, ior=1.0)}


def stranger(seed: int) -> Traits:
    """Return the traits of somebody whom nobody described, which the seed draws.

    Raises:
        BadRequest: the seed is out of range.
    """
    check_seed(seed)
    return complete(Traits(), seed)


def build_head(
    model: str,
    traits: Traits,
    seed: int,
    candidate: int | None = None,
    offset: Tensor | None = None,
    choice: Callable[..., int] | None = None,
) -> Head:
    """Neutral geometry of a completed person; quick enough to follow a slider.

    Args:
        model: head model, one of `HEADS`.
        traits: all of a face's.
        seed: what the traits leave open is drawn from it.
        candidate: `Head.candidate` of the person's earlier head, where traits have changed since; None makes a new one.
        offset: [V, 3] metres on top of what the traits say: `Head.offset` of the earlier head.
        choice: says whom a new one begins as; see `HeadSource.choice`.

    Raises:
        BadRequest: the head model is not installed here, or the offset was made for another one.
    """
    return load_model(model).build(HeadSource(traits, stream(seed, "head"), candidate, offset=offset, choice=choice))


def build_heads(
    model: str,
    traits: Sequence[Traits],
    seeds: Sequence[int],
    candidates: Sequence[int | None] | None = None,
    offset: Tensor | None = None,
) -> list[Head]:
    """Neutral geometry of completed people, as `build_head` gives each, in less time.

    Args:
        model: head model, one of `HEADS`.
        traits: all of N people.
        seeds: of each.
        candidates: of each, where they are earlier heads'.
        offset: [V, 3] metres on top of every one of them.

    Raises:
        BadRequest: the head model is not installed here, or the offset was made for another one.
    """
    made = load_model(model)
    sources = [
        HeadSource(one, stream(seed, "head"), candidate, offset=offset)
        for one, seed, candidate in zip(traits, seeds, candidates or [None] * len(traits), strict=True)
    ]
    return [
        head
        for first in range(0, len(sources), _TOGETHER)
        for head in made.build_all(sources[first : first + _TOGETHER])
    ]


def expressions(head: Head) -> Tensor:
    """[S, V, 3] blend shape deltas of a head in metres; the 52 ARKit shapes first."""
    return load_model(head.model).shapes(head)


def reshape(
    face: Face | FaceRecord,
    traits: Mapping[str, TraitValue | Value],
    *,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Head:
    """The same person's head with some traits changed; quick enough to follow a slider.

    Args:
        face: whose head; an offset on top of its traits stays, where the face itself is given and not only its record.
        traits: laid over the face's own.
        offset: [V, 3] metres on top of what the traits say; None keeps the face's.
        pictures: SHA-256 -> PNG of painted places that another face's shape is mixed in at, beside the face's own.

    Raises:
        BadRequest: a value is out of range, or the face's head model is not installed here.
    """
    record, kept_offset = remembered(face)
    changed = replace(record, traits=with_changes(record, traits))
    return shaped_head(changed, kept_offset if offset is None else offset, {**pictures_of(face), **(pictures or {})})


def mixed(head: Head, edits: Sequence[EditEntry], pictures: Mapping[str, bytes]) -> Head:
    """Return a head with the shapes of other faces that edits mix in.

    Raises:
        BadRequest: a mix or its place can't be read.
    """
    return mixed_shape(head, edits, build_head, pictures)


def shown_traits(record: FaceRecord) -> Traits:
    """Return a face's traits with its whole-face edits laid over them: what it looks like."""
    traits = record.traits
    for edit in record.edits:
        if edit.kind == "words" and edit.place is None and edit.visible and edit.strength > 0.0:
            traits = followed(traits, traits.towards(edit.traits, edit.strength), record.seed)
    return traits


def with_changes(record: FaceRecord, traits: Mapping[str, TraitValue | Value]) -> Traits:
    """Return a face's traits with some changed, and what hangs together with those."""
    return followed(record.traits, record.traits.under(traits), record.seed)


def pictures_of(face: Face | FaceRecord) -> Mapping[str, bytes]:
    """Return the pictures that a face's edits are drawn from; a record alone has none."""
    return face.pictures if isinstance(face, Face) else {}


def shaped_head(record: FaceRecord, offset: Tensor | None, pictures: Mapping[str, bytes]) -> Head:
    """Return the head of a record with what its edits do to the shape.

    A record without a candidate is from before candidates were numbered on every head.
    """
    head = build_head(record.head, shown_traits(record), record.seed, record.candidate or 0, offset)
    return mixed(head, record.edits, pictures)


def remembered(face: Face | FaceRecord) -> tuple[FaceRecord, Tensor | None]:
    """The record, and the offset of a face whose arrays are here."""
    return (face, None) if isinstance(face, FaceRecord) else (face.record, face.head.offset)


def measure(head: Head) -> dict[str, float]:
    """Every shape trait as it is on a head, in standard deviations of the population.

    Raises:
        BadRequest: its head model is not installed here, or it is said to be of one that has another topology.
    """
    model = load_model(head.model)
    if head.topology.landmarks != model.topology.landmarks or len(head.vertices) != model.topology.vertex_count:
        raise BadRequest(f"The face's geometry is not that of the head model {head.model}: make the face again.")
    return model.measure(head)


def check_request(prompt: str, seed: int, resolution: int, head: str) -> None:
    """Refuse what can't be made before anything slow starts.

    Raises:
        BadRequest: an empty or too long prompt, a seed out of range, a resolution or head model that is not offered.
    """
    check_prompt(prompt)
    check_seed(seed)
    check_resolution(resolution)
    check_name(head)
