"""What can be asked for, checked before anything slow is loaded."""

from __future__ import annotations

import secrets
from typing import Final

from dreamface.errors import BadRequest
from dreamface.random_streams import SEED_LIMIT
from dreamface.text import clean, normalise

__all__ = [
    "LARGEST_MAP",
    "LONGEST_PROMPT",
    "LONGEST_WISH",
    "MOST_CARDS_LEVEL",
    "MOST_GUIDANCE",
    "MOST_PHOTOGRAPHS",
    "MOST_STEPS",
    "RANDOM",
    "RESOLUTIONS",
    "SEED_LIMIT",
    "THROW_DICE",
    "check_export",
    "check_prompt",
    "check_resolution",
    "check_seed",
    "drawn_seed",
    "read_seed",
]

THROW_DICE, RANDOM = -1, "random"
"""What stands for a seed that nobody chose, as a number and as a word."""

LONGEST_PROMPT = 2000
"""Characters."""

RESOLUTIONS = (512, 1024, 2048, 4096)
"""Sides of the maps that can be asked for, in pixels."""

MOST_CARDS_LEVEL = 2
"""Cards of hair have fewer levels of detail than the head."""

LARGEST_MAP = 8192
"""Pixels a side of a map or a picture in a face folder; a larger one is meant to fill the memory."""

LONGEST_WISH: Final = 500
"""Characters of the words that diffusion works with."""

MOST_STEPS: Final = 250
"""Of diffusion: more make no visible difference."""

MOST_GUIDANCE: Final = 30.0
"""Of diffusion: how far it is led towards the words."""

MOST_PHOTOGRAPHS: Final = 12
"""Of one person, from which a head is made."""


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


def drawn_seed(seed: int | str | None) -> int:
    """Return the seed to use: the one that is given, or where the dice are to be thrown, a new one.

    Args:
        seed: a number; None, `THROW_DICE` or "random" throws the dice.

    Raises:
        BadRequest: it is out of range, or another word.
    """
    if seed is None or seed in (THROW_DICE, RANDOM):
        return secrets.randbelow(SEED_LIMIT)
    if isinstance(seed, str):
        raise BadRequest(f"The seed must be a number or the word {RANDOM}; got {seed!r}.")
    check_seed(seed)
    return seed


def read_seed(text: str) -> int | None:
    """Return the seed that someone typed; None where the dice are to be thrown.

    Raises:
        ValueError: it is neither a whole number nor `RANDOM`.
    """
    typed = text.strip().lower()
    seed = None if typed == RANDOM else int(typed)
    return None if seed == THROW_DICE else seed


def check_export(suffix: str, has_rig: bool, detail: int, has_visemes: bool) -> None:
    """Refuse a file that cannot hold what is asked for.

    Args:
        suffix: of the file, such as ".glb".
        has_rig: whether it is to have bones.
        detail: level of detail of the head, 0 is the whole one.
        has_visemes: whether it is to have visemes.

    Raises:
        BadRequest: its format holds no such thing.
    """
    if suffix == ".obj" and (has_rig or has_visemes):
        raise BadRequest("OBJ files hold neither bones nor blend shapes: write a .glb or a .blend instead.")
    if suffix == ".blend" and detail:
        raise BadRequest("Blender files hold the whole head: leave the level of detail away, or write a .glb.")


def check_resolution(resolution: int) -> None:
    """Refuse maps of a size that is not made.

    Raises:
        BadRequest: it is not one of `RESOLUTIONS`.
    """
    if resolution not in RESOLUTIONS:
        raise BadRequest(f"The resolution must be one of {', '.join(map(str, RESOLUTIONS))}; got {resolution}.")
