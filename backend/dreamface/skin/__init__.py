"""Skin: traits and a head to physically based maps."""

from dreamface.skin.painter import paint
from dreamface.skin.surfaces import materials

__all__ = ["materials", "paint"]
