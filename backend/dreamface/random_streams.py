"""Independent random streams from one seed, so that a change in one stage reshuffles no other."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

SEED_LIMIT = 2**32
"""Seeds are 0 <= seed < SEED_LIMIT."""


def stream(seed: int, name: str) -> torch.Generator:
    """The generator called `name` under `seed`; the same two always give the same draws."""
    import torch  # here, so that the service, which only checks seeds, need not load it

    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
