"""Skin: traits and a head to physically based maps."""

from dreamface.skin.canvas.pigments import hair_pigment, white_hair_colour
from dreamface.skin.expression_wrinkles import WrinklePainter, wear_wrinkles
from dreamface.skin.layers.hair_look import beard_grey, brow_dye, brow_grey
from dreamface.skin.layers.stack import LAYERS
from dreamface.skin.painter import Painter, check_layers, paint
from dreamface.skin.strand_colours import strand_colours
from dreamface.skin.surfaces import materials

__all__ = [
    "LAYERS",
    "Painter",
    "WrinklePainter",
    "beard_grey",
    "brow_dye",
    "brow_grey",
    "check_layers",
    "hair_pigment",
    "materials",
    "paint",
    "strand_colours",
    "wear_wrinkles",
    "white_hair_colour",
]
