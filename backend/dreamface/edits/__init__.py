"""Edits: what an artist lays over a face, with words, masks, sketches and pictures."""

from dreamface.edits.places import masks_of
from dreamface.edits.regions import REGIONS
from dreamface.edits.stack import check_edits, overlays
from dreamface.edits.words import Wish, WordsReading, check_words, read_words, vocabulary

__all__ = [
    "REGIONS",
    "Wish",
    "WordsReading",
    "check_edits",
    "check_words",
    "masks_of",
    "overlays",
    "read_words",
    "vocabulary",
]
