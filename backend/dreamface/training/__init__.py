"""How each data file that DreamFace ships was made, runnable again; and what users can train themselves."""

from dreamface.training.pbr_decoders import DecoderRecipe, train_pbr_decoders
from dreamface.training.synthesising import Wish, synthesise
from dreamface.training.texture_examples import Examples, open_examples
from dreamface.training.texture_ldm import Recipe, train_texture_ldm

__all__ = [
    "DecoderRecipe",
    "Examples",
    "Recipe",
    "Wish",
    "open_examples",
    "synthesise",
    "train_pbr_decoders",
    "train_texture_ldm",
]
