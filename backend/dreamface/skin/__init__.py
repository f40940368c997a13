"""Skin: traits and a head to physically based maps."""

from dreamface.skin.canvas.atlas import Atlas, SkinSurface, atlas_of, nearest_texels, surface_of, texels_inside
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.layout import painted_parts, skin_tiles
from dreamface.skin.canvas.overlay import Overlay, Patch, Site, Spot
from dreamface.skin.canvas.pigments import hair_pigment, pigment_slopes, pigments_of, resting_colours, white_hair_colour
from dreamface.skin.canvas.pigments import resting_colour as resting_tone
from dreamface.skin.effects import EFFECT_FAMILIES, EFFECTS, MOST_COUNTED, MOST_LINES, Effect, Look, Way, each
from dreamface.skin.effects.drawn import MEDIA, Art, Handling, Medium, Shape
from dreamface.skin.expression_wrinkles import WrinklePainter, wear_wrinkles
from dreamface.skin.layers.hair_look import beard_grey, brow_dye, brow_grey
from dreamface.skin.layers.stack import LAYERS
from dreamface.skin.painter import Painter, check_layers, paint
from dreamface.skin.parts.sclera import white_of as sclera_white
from dreamface.skin.strand_colours import strand_colours
from dreamface.skin.surfaces import materials

__all__ = [
    "EFFECTS",
    "EFFECT_FAMILIES",
    "LAYERS",
    "MEDIA",
    "MOST_COUNTED",
    "MOST_LINES",
    "Art",
    "Atlas",
    "Effect",
    "Handling",
    "Look",
    "Medium",
    "Overlay",
    "Painter",
    "Patch",
    "Shape",
    "Site",
    "SkinSurface",
    "Spot",
    "TopologyCache",
    "Way",
    "Window",
    "WrinklePainter",
    "atlas_of",
    "beard_grey",
    "brow_dye",
    "brow_grey",
    "check_layers",
    "each",
    "hair_pigment",
    "materials",
    "nearest_texels",
    "paint",
    "painted_parts",
    "pigment_slopes",
    "pigments_of",
    "resting_colours",
    "resting_tone",
    "sclera_white",
    "skin_tiles",
    "strand_colours",
    "surface_of",
    "texels_inside",
    "wear_wrinkles",
    "white_hair_colour",
    "window_of",
]
