"""The papers' tables by one command. Nothing here is loaded before it is asked for."""

from dreamface.evaluation.prompts import PromptScores, evaluate_prompts, read_prompts
from dreamface.evaluation.textures import TextureRow, evaluate_textures, inception_features

__all__ = [
    "PromptScores",
    "TextureRow",
    "evaluate_prompts",
    "evaluate_textures",
    "inception_features",
    "read_prompts",
]
