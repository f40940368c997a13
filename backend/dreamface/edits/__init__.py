"""Edits: what an artist lays over a face, with words, masks, sketches and pictures."""

from dreamface.edits.hair import hair_of
from dreamface.edits.mixing import mixed_shape
from dreamface.edits.places import masks_of
from dreamface.edits.regions import REGIONS
from dreamface.edits.stack import SKIN_GROUPS, check_edits, overlays
from dreamface.edits.words import Wish, read_effects

__all__ = [
    "REGIONS",
    "SKIN_GROUPS",
    "Wish",
    "check_edits",
    "hair_of",
    "masks_of",
    "mixed_shape",
    "overlays",
    "read_effects",
]
