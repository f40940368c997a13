"""Prompt to traits: what the words of an English prompt say about a face."""

from dreamface.language.changes import read_change
from dreamface.language.reader import Reading, read

__all__ = ["Reading", "read", "read_change"]
