"""What can be asked for, checked before anything slow is loaded."""

from __future__ import annotations

from dreamface.errors import BadRequest
from dreamface.random_streams import SEED_LIMIT
from dreamface.text import clean, normalise

__all__ = [
    "LARGEST_MAP",
    "LONGEST_PROMPT",
    "RESOLUTIONS",
    "SEED_LIMIT",
    "check_prompt",
    "check_resolution",
    "check_seed",
]

LONGEST_PROMPT = 2000
"""Characters."""

RESOLUTIONS = (512, 1024, 2048, 4096)
"""Sides of the maps that can be asked for, in pixels."""

LARGEST_MAP = 8192
"""Pixels a side of a map or a picture in a face folder; a larger one is meant to fill the memory."""


def check_prompt(prompt: str) -> None:
    """Refuse a prompt that cannot be read.

    Raises:
        BadRequest: the prompt is empty or too long.
    """
    if len(prompt) > LONGEST_PROMPT:
        raise BadRequest(f"The prompt has {len(prompt):,} characters; shorten it to at most {LONGEST_PROMPT:,}.")
    if not normalise(clean(prompt)).strip():
        raise BadRequest("The prompt is empty; describe a face, such as 'an old fisherman with a grey beard'.")


def check_seed(seed: int) -> None:
    """Refuse a seed that nothing can be drawn from.

    Raises:
        BadRequest: it is out of range.
    """
    if not 0 <= seed < SEED_LIMIT:
        raise BadRequest(f"The seed must be between 0 and {SEED_LIMIT - 1}; got {seed}.")


def check_resolution(resolution: int) -> None:
    """Refuse maps of a size that is not made.

    Raises:
        BadRequest: it is not one of `RESOLUTIONS`.
    """
    if resolution not in RESOLUTIONS:
        raise BadRequest(f"The resolution must be one of {', '.join(map(str, RESOLUTIONS))}; got {resolution}.")
