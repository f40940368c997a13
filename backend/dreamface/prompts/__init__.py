"""A whole prompt as it is read: traits with their causes, marks with their places, and notes on all the rest."""

from dreamface.language import Option
from dreamface.prompts.reading import DOUBTFUL, PromptReading, alternatives, read, read_many

__all__ = ["DOUBTFUL", "Option", "PromptReading", "alternatives", "read", "read_many"]
