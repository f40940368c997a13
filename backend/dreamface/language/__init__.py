"""Prompt to traits: what the words of an English prompt say about a face."""

from dreamface.language.reader import Reading, check_prompt, read
from dreamface.language.words import clean

__all__ = ["Reading", "check_prompt", "clean", "read"]
