"""Style mixing: the skin, the shape or a region of another face, by degree (Karras et al. 2019's idea on our terms)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dreamface.edits.places import masks_of
from dreamface.edits.vertices import at_vertices
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.geometry import fit_similarity
from dreamface.limits import SEED_LIMIT
from dreamface.record import EditEntry
from dreamface.skin import Overlay
from dreamface.traits import VOCABULARY, Group, Traits

_SKIN_TRAITS: Final = tuple(
    trait.name for trait in VOCABULARY.values() if trait.group in (Group.SKIN, Group.MAKEUP) or trait.name == "age"
)
"""What of another face its skin is: also the age, which pores and folds go by."""

_BORDER: Final = (0.02, 0.35)  # weights of a softened region that its border has
_FEWEST_ON_BORDER: Final = 12  # vertices; all of the head has no border

_SMOOTHINGS: Final = 40  # rounds over neighbours that soften the border of a region, so that its shape blends in


class _Mix(BaseModel):
    """The parameters of a mix.

    Attributes:
        take: what of the other face.
        seed: the other face's.
        candidate: the other face's, see `FaceRecord`.
    """

    model_config = ConfigDict(extra="forbid")
    take: Annotated[list[Literal["skin", "shape"]], Field(min_length=1)]
    seed: Annotated[int, Field(ge=0, lt=SEED_LIMIT)]
    candidate: Annotated[int, Field(ge=0, lt=2**32)] | None = None


Build = Callable[[str, Traits, int, int | None], Head]
"""Head model, traits, seed and candidate -> the neutral head; see `pipeline.build_head`."""


def read_mix(edit: EditEntry) -> _Mix:
    """Return the parameters of a mix.

    Raises:
        BadRequest: they can't be read.
    """
    try:
        return _Mix.model_validate(edit.parameters)
    except ValidationError as error:
        raise BadRequest(f"The mix {edit.label or edit.id!r} can't be read: delete it, and mix again.") from error


def mixed_skin(edit: EditEntry, head: Head, traits: Traits, pictures: Mapping[str, bytes]) -> list[Overlay]:
    """Return the other face's skin as an overlay; nothing where only the shape is taken."""
    mix = read_mix(edit)
    if "skin" not in mix.take:
        return []
    other = traits.under({name: edit.traits[name] for name in _SKIN_TRAITS if name in edit.traits})
    key = (edit.place, mix.seed, tuple((name, entry.value) for name, entry in other.items()))
    masks = masks_of(edit.place, head, pictures)
    return [Overlay(f"{edit.id}/skin", key, masks, edit.strength, other, mix.seed)]


def mixed_shape(head: Head, edits: Sequence[EditEntry], build: Build, pictures: Mapping[str, bytes]) -> Head:
    """Return the head on its way to the shapes of other faces, everywhere or in regions.

    Args:
        head: without any mix.
        edits: from below.
        build: makes the other heads.
        pictures: SHA-256 -> PNG of painted places.

    Raises:
        BadRequest: a mix or its place can't be read.
    """
    vertices = head.vertices
    for edit in edits:
        if edit.kind != "mix" or not edit.visible or edit.strength == 0.0:
            continue
        mix = read_mix(edit)
        if "shape" not in mix.take:
            continue
        other = build(head.model, edit.traits, mix.seed, mix.candidate or 0)
        weight, theirs = torch.ones(len(vertices)), other.vertices
        if edit.place is not None:
            weight = _softened(at_vertices(masks_of(edit.place, head, pictures), head.topology), head)
            theirs = _fitted(theirs, vertices, weight)
        vertices = vertices + (edit.strength * weight)[:, None] * (theirs - vertices)
    return head if vertices is head.vertices else replace(head, vertices=vertices)


def _fitted(theirs: torch.Tensor, own: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return [V, 3] the other head, moved and scaled so that the border of a region lies on the own one's.

    A nose is to have another shape; where it sits is this face's.
    """
    border = (weight > _BORDER[0]) & (weight < _BORDER[1])
    if int(border.sum()) < _FEWEST_ON_BORDER:
        return theirs
    return fit_similarity(theirs[border], own[border]).apply(theirs)


def _softened(weight: torch.Tensor, head: Head) -> torch.Tensor:
    """Return [V] weights averaged over neighbours again and again; each eye, and so on, follows the skin near it."""
    topology = head.topology
    triangles = topology.triangles
    start, end = torch.cat([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2))]).T
    count = torch.zeros(len(weight)).index_add_(0, start, torch.ones(len(start))).clamp_min(1.0)
    for _ in range(_SMOOTHINGS):
        weight = 0.5 * weight + 0.5 * torch.zeros(len(weight)).index_add_(0, start, weight[end]) / count
    skin = next(one for one in topology.objects if one.name == "skin")
    outer = torch.unique(topology.faces[slice(*skin.faces)])
    for part in topology.parts:
        if part.object_name != "skin":
            inner = torch.arange(*part.vertices)
            near = torch.cdist(head.vertices[inner], head.vertices[outer]).argmin(dim=1)
            weight[inner] = weight[outer[near]].mean()
    return weight
