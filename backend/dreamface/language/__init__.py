"""Prompt to traits: what the words of an English prompt say about a face."""

from dreamface.language.changes import read_change, read_degrees
from dreamface.language.reader import Reading, read
from dreamface.language.removals import with_removals

__all__ = ["Reading", "read", "read_change", "read_degrees", "with_removals"]
