"""Prompt to traits: what the words of an English prompt say about a face."""

from dreamface.language.alternatives import Option, alternatives
from dreamface.language.changes import read_change, read_degrees
from dreamface.language.notes import Cause, Note
from dreamface.language.reader import Reading, read
from dreamface.language.removals import with_removals
from dreamface.language.saying import hair_colour, in_words
from dreamface.language.slips import is_english

__all__ = [
    "Cause",
    "Note",
    "Option",
    "Reading",
    "alternatives",
    "hair_colour",
    "in_words",
    "is_english",
    "read",
    "read_change",
    "read_degrees",
    "with_removals",
]
