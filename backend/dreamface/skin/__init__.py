"""Skin: traits and a head to physically based maps."""

from dreamface.skin.hair_pigment import hair_pigment
from dreamface.skin.layers.stack import LAYERS
from dreamface.skin.painter import Painter, check_layers, paint
from dreamface.skin.surfaces import materials

__all__ = ["LAYERS", "Painter", "check_layers", "hair_pigment", "materials", "paint"]
