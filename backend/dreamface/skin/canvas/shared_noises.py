"""Noises that several layers share, so that skin, hair and patterns are uneven in the same places.

A noise is computed once for each head, whichever layer asks first: `subject.noise(PATCHES, "colour")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dreamface.units import MM


@dataclass(frozen=True)
class Noise:
    """A smooth noise on the skin.

    Attributes:
        name: of its random stream. No other noise has it.
        cell: metres between independent values.
        channels: names of its independent images, called after what most layers take them for.
    """

    name: str
    cell: float
    channels: tuple[str, ...] = ("value",)


_UNEVEN: Final = ("density", "colour", "gloss")

BLOTCHES: Final = Noise("blotches", cell=34.0 * MM, channels=_UNEVEN)
PATCHES: Final = Noise("patches", cell=11.0 * MM, channels=_UNEVEN)
MOTTLING: Final = Noise("mottling", cell=3.4 * MM, channels=_UNEVEN)
HUES: Final = Noise("hues", cell=21.0 * MM, channels=("carotene", "oxygenation"))
HAIR_SWIRL: Final = Noise("hair swirl", cell=22.0 * MM)
