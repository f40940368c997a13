"""Noises that several layers share, so that skin, hair and patterns are uneven in the same places.

Read one with `subject.noise(*PATCHES)`: it is worked out once for each head, whichever layer asks first.
"""

from __future__ import annotations

from typing import Final, NamedTuple

_MM: Final = 1e-3


class Noise(NamedTuple):
    """A smooth noise on the skin: the arguments of `Subject.noise`.

    Attributes:
        name: of its random stream.
        cell: metres between independent values.
        channels: how many independent images it has.
    """

    name: str
    cell: float
    channels: int


BLOTCHES: Final = Noise("blotches", cell=34.0 * _MM, channels=3)
PATCHES: Final = Noise("patches", cell=11.0 * _MM, channels=3)
MOTTLING: Final = Noise("mottling", cell=3.4 * _MM, channels=3)
