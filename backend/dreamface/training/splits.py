"""Which people a model learns from, and which it is chosen and judged by: nobody is in two of these."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

SPLITS: Final[Mapping[str, float]] = {"train": 0.8, "val": 0.1, "test": 0.1}
"""Share of the people in each."""

SEED: Final = 0
_STEPS: Final = 2**32


def split_of(digest: str, seed: int = SEED, shares: Mapping[str, float] = SPLITS) -> str:
    """Return the split that a person belongs to, whatever people there are besides.

    Args:
        digest: of who it is, at least 16 hexadecimal digits: two people who are alike are in the same split.
        seed: another seed gives other splits.
        shares: of the people in each, 1 together.
    """
    drawn = int.from_bytes(hashlib.sha256(f"split {seed} of {digest[:16]}".encode()).digest()[:4], "big") / _STEPS
    end = 0.0
    for name, share in shares.items():
        end += share
        if drawn < end:
            return name
    return list(shares)[-1]
