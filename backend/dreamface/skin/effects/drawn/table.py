"""All media, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.skin.effects.drawn.art import Medium
from dreamface.skin.effects.drawn.hairs import HAIR
from dreamface.skin.effects.drawn.ink import INK
from dreamface.skin.effects.drawn.jewels import GEM, METAL
from dreamface.skin.effects.drawn.paint import PAINT
from dreamface.skin.effects.drawn.relief import RELIEF
from dreamface.skin.effects.drawn.strokes import SCAR, WRINKLE

MEDIA: Final[Mapping[str, Medium]] = {
    medium.name: medium for medium in (INK, PAINT, SCAR, WRINKLE, HAIR, METAL, GEM, RELIEF)
}
