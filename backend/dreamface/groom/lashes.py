"""Lashes along the margins of the lids."""

from __future__ import annotations

import torch

from dreamface.groom.colours import colour_of
from dreamface.groom.looks import look_of
from dreamface.groom.surface import Surface
from dreamface.hair import Hair, Roots
from dreamface.styles import Style
from dreamface.traits import Traits


def grow_lashes(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return the lashes of a head."""
    none = Roots(torch.zeros(0, dtype=torch.int64), torch.zeros(0, 3))
    return Hair(
        "lashes", style.name, torch.zeros(0, style.points, 3), none, torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64),
        look_of(style, surface), colour_of(style, traits),
    )  # fmt: skip
