"""Seeds: what a prompt leaves open is drawn from one."""

from __future__ import annotations

import secrets

SEED_LIMIT = 2**31
"""Seeds are below it, because Blender's integers hold no more."""


def seeds_from(seed: int, count: int) -> list[int]:
    """Return `count` seeds that begin with `seed`; the same seed gives the same gallery."""
    return [(seed + index) % SEED_LIMIT for index in range(count)]


def new_seed() -> int:
    """Return a random seed."""
    return secrets.randbelow(SEED_LIMIT)
