"""Hair before it is grown: what a groom is, and styles as data."""

from dreamface.hair.nouns import (
    REGIONS,
    Groom,
    Hair,
    HairColour,
    HairLook,
    Roots,
    Strands,
    groom_from_json,
    groom_to_json,
)

__all__ = [
    "REGIONS",
    "Groom",
    "Hair",
    "HairColour",
    "HairLook",
    "Roots",
    "Strands",
    "groom_from_json",
    "groom_to_json",
]
