"""How each data file that DreamFace ships was made, runnable again; and what users can train themselves."""

from dreamface.training.labelled import LabelledPictures
from dreamface.training.looping import is_first_process
from dreamface.training.pbr_decoders import DecoderRecipe, train_pbr_decoders
from dreamface.training.synthesising import LABELS, Wish, read_labels, synthesise
from dreamface.training.texture_examples import Examples, open_examples
from dreamface.training.texture_ldm import Recipe, train_texture_ldm

__all__ = [
    "LABELS",
    "DecoderRecipe",
    "Examples",
    "LabelledPictures",
    "Recipe",
    "Wish",
    "is_first_process",
    "open_examples",
    "read_labels",
    "synthesise",
    "train_pbr_decoders",
    "train_texture_ldm",
]
