"""Edits: what an artist lays over a face, with words, masks, sketches and pictures."""

from dreamface.edits.copying import carry
from dreamface.edits.importing import import_mask
from dreamface.edits.places import masks_of
from dreamface.edits.regions import REGIONS, read_region
from dreamface.edits.stack import check_edits, overlays
from dreamface.edits.words import Wish, read_effects

__all__ = [
    "REGIONS",
    "Wish",
    "carry",
    "check_edits",
    "import_mask",
    "masks_of",
    "overlays",
    "read_effects",
    "read_region",
]
