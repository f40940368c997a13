"""How densely a style has roots, at every vertex of a head."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.styles.skull import Skull
from dreamface.styles.style import Style
from dreamface.styles.where import weight_of
from dreamface.traits import Traits

_OF_REGION: Final = {"scalp": "scalp", "beard": "beard", "brows": "brows", "lashes": "lids_margin"}


def root_density(style: Style, head: Head, traits: Traits) -> Tensor:
    """Return [V] 0..1 how densely hair of a style grows at a head's vertices.

    Args:
        style: whose roots.
        head: with neutral vertices.
        traits: a person's; `hair.hairline` moves the border of the scalp.

    Raises:
        BadRequest: the head has no region for such hair, or lacks a landmark that the style names.
    """
    region = head.topology.regions[_OF_REGION[style.region]]
    covered = torch.nonzero(region > 0.0)[:, 0]
    places, skull = head.vertices[covered], Skull.of(head)
    density = torch.ones(len(covered))
    for section in style.sections:
        if section.density is not None:
            density = torch.lerp(
                density, torch.full_like(density, section.density), weight_of(section.where, head, skull, places)
            )
    found = torch.zeros_like(region)
    found[covered] = density * region[covered]
    return found
