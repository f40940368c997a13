"""Prompt to traits: what the words of an English prompt say about a face."""

from dreamface.language.changes import read_change, read_degrees
from dreamface.language.reader import Reading, read, read_many
from dreamface.language.removals import with_removals

__all__ = ["Reading", "read", "read_change", "read_degrees", "read_many", "with_removals"]
