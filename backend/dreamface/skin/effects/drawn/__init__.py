"""What a drawing or a picture becomes on the skin: ink, paint, a scar, hair, metal and so on."""

from dreamface.skin.effects.drawn.art import Art, Handling, Medium, Shape
from dreamface.skin.effects.drawn.table import MEDIA

__all__ = ["MEDIA", "Art", "Handling", "Medium", "Shape"]
