"""What every head model offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

from dreamface.face import Head, Topology
from dreamface.traits import Traits


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

    def build(self, traits: Traits, generator: torch.Generator, candidate: int | None = None) -> Head:
        """One person's neutral head.

        Args:
            traits: what was asked for (confidence above 0) is met as closely as the model can; other shape traits are
                free and drawn. Person traits are taken as they are.
            generator: what is free is drawn from it.
            candidate: whom to begin with: `Head.candidate` of an earlier head, so that it is the same person with other
                traits; None chooses anew. A model that has no candidates takes no notice.
        """
        ...

    def rebuild(self, identity: Mapping[str, float]) -> Head:
        """The head of a stored identity, vertex for vertex; KeyError where a coefficient is missing."""
        ...

    def shapes(self, head: Head) -> Tensor:
        """[S, V, 3] blend shape deltas of this head in metres, in the order of `shape_names`."""
        ...

    def measure(self, head: Head) -> dict[str, float]:
        """Every shape trait as it is on this head, in standard deviations of the model's population."""
        ...
