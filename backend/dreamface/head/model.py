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

    def build(self, traits: Traits, generator: torch.Generator) -> Head:
        """One person's neutral head.

        Args:
            traits: what was asked for (confidence above 0) is met as closely as the model can; other shape traits are
                free and drawn. Person traits are taken as they are.
            generator: what is free is drawn from it.
        """
        ...

    def rebuild(self, identity: Mapping[str, float]) -> Head:
        """The head of a stored identity, vertex for vertex."""
        ...

    def shapes(self, head: Head) -> Tensor:
        """[52, V, 3] ARKit blend shape deltas of this head in metres, in the order of `ARKIT_SHAPES`."""
        ...

    def measure(self, head: Head) -> dict[str, float]:
        """Every shape trait as it is on this head, in standard deviations of the model's population."""
        ...
