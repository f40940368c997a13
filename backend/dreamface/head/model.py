"""What every head model offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Head, Topology
from dreamface.traits import Traits

AROUND: Final = 2**30
"""Added to the number of a candidate that is drawn around the mean of people of the same age, sex and ancestry. Faces
from before that was done have none of it, and stay as they were."""


@dataclass(frozen=True)
class HeadSource:
    """What a head is built from: a base, the traits asked of it, and an offset on top.

    Attributes:
        traits: of a whole person. What was asked for (confidence above 0) is met as closely as the model can; other
            shape traits are free and drawn. Person traits are taken as they are.
        generator: what is free is drawn from it; not needed where `identity` is given.
        candidate: whom to begin with: `Head.candidate` of an earlier head, so that it is the same person with other
            traits; None chooses anew. Below `AROUND` is somebody from before there was any.
        identity: the model's coefficients, such as a stored head's or a photograph's. They are the base, and nothing
            is drawn or fitted.
        offset: [V, 3] metres, added to the vertices: what was sculpted or carved on top of what the rest says.
        choice: says whom to begin with where `candidate` is None, see `ict.identity.Choice`; models without a pool of
            candidates don't ask it.
    """

    traits: Traits = field(default_factory=Traits)
    generator: torch.Generator | None = None
    candidate: int | None = None
    identity: Mapping[str, float] | None = None
    offset: Tensor | None = None
    choice: Callable[..., int] | None = None

    def drawn_from(self) -> torch.Generator:
        """Return the generator.

        Raises:
            ValueError: there is neither a generator nor an identity.
        """
        if self.generator is None:
            raise ValueError("A head that has no identity yet is drawn from a generator.")
        return self.generator


def with_offset(head: Head, offset: Tensor | None) -> Head:
    """Return the head with an offset [V, 3] in metres on top.

    Raises:
        BadRequest: the offset was made for another topology.
    """
    if offset is None:
        return head
    if offset.shape != head.vertices.shape:
        raise BadRequest(
            f"The offset moves {len(offset):,} vertices and the head has {len(head.vertices):,}: "
            "it was made for another head model."
        )
    return replace(head, vertices=head.vertices + offset, offset=offset)


class HeadModel(Protocol):
    """A topology, and how identity and expression move it."""

    @property
    def name(self) -> str:
        """Such as "anny"."""
        ...

    @property
    def topology(self) -> Topology:
        """Shared by all its heads."""
        ...

    @property
    def shape_names(self) -> tuple[str, ...]:
        """What `shapes` gives, in order: ARKit's 52 names first, then the model's own extras."""
        ...

    def build(self, source: HeadSource) -> Head:
        """One person's neutral head.

        Raises:
            KeyError: the source's identity lacks a coefficient.
            BadRequest: the source's offset was made for another topology.
        """
        ...

    def build_all(self, sources: Sequence[HeadSource]) -> list[Head]:
        """Neutral heads of some people, as `build` gives each: together they cost less than one after the other."""
        ...

    def shapes(self, head: Head) -> Tensor:
        """Return [S, V, 3] blend shape deltas of this head in metres, in the order of `shape_names`."""
        ...

    def coefficients(self, head: Head) -> Tensor:
        """Return [P] coefficients in which the neutral shape is almost linear; what was sculpted is not in them."""
        ...

    def vertices_at(self, coefficients: Tensor, person: Mapping[str, float]) -> Tensor:
        """Return [V, 3] metres: the neutral head with linear coefficients [P], which need not be any person's.

        Args:
            coefficients: [P].
            person: lashes.length and teeth.gap, 0..1.
        """
        ...

    def skin_offsets(self, coefficients: Tensor) -> Tensor:
        """Return [K, S, 3] metres that coefficients [K, P] move the first S vertices, the skin's.

        Linear: lids that keep off the eyes, and where the origin goes, are left aside.
        """
        ...

    def measure(self, head: Head) -> dict[str, float]:
        """Return every shape trait as it is on this head, in standard deviations of the model's population."""
        ...
