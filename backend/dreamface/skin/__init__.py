"""Skin: traits and a head to physically based maps."""

from dreamface.skin.layers.stack import LAYERS
from dreamface.skin.painter import Painter, check_layers, paint
from dreamface.skin.surfaces import materials

__all__ = ["LAYERS", "Painter", "check_layers", "materials", "paint"]
