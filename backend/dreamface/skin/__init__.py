"""Skin: traits and a head to physically based maps."""

from dreamface.skin.canvas.atlas import Atlas, SkinSurface, atlas_of, surface_of
from dreamface.skin.canvas.layer import Window
from dreamface.skin.canvas.layout import skin_tiles
from dreamface.skin.canvas.overlay import Overlay, Patch, Site, Spot
from dreamface.skin.canvas.pigments import hair_pigment, white_hair_colour
from dreamface.skin.effects import EFFECT_FAMILIES, EFFECTS, Effect, Look
from dreamface.skin.expression_wrinkles import WrinklePainter, wear_wrinkles
from dreamface.skin.layers.hair_look import beard_grey, brow_dye, brow_grey
from dreamface.skin.layers.stack import LAYERS
from dreamface.skin.painter import Painter, check_layers, paint
from dreamface.skin.strand_colours import strand_colours
from dreamface.skin.surfaces import materials

__all__ = [
    "EFFECTS",
    "EFFECT_FAMILIES",
    "LAYERS",
    "Atlas",
    "Effect",
    "Look",
    "Overlay",
    "Painter",
    "Patch",
    "Site",
    "SkinSurface",
    "Spot",
    "Window",
    "WrinklePainter",
    "atlas_of",
    "beard_grey",
    "brow_dye",
    "brow_grey",
    "check_layers",
    "hair_pigment",
    "materials",
    "paint",
    "skin_tiles",
    "strand_colours",
    "surface_of",
    "wear_wrinkles",
    "white_hair_colour",
]
