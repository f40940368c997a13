"""The skin's layers, from below."""

from __future__ import annotations

from typing import Final

from dreamface.skin.complexion import BEARD_SHADOW, GRAIN, LINING, LIPS, MOTTLING, TONE, UNDER_EYES, ZONES
from dreamface.skin.fantasy import FANTASY
from dreamface.skin.furrows import FURROWS
from dreamface.skin.gloss import GLOSS, TRANSLUCENCY
from dreamface.skin.hair import HAIR
from dreamface.skin.layer import Layer
from dreamface.skin.makeup import MAKEUP
from dreamface.skin.relief import BUMPS, LINES, PORES
from dreamface.skin.scars import SCARS
from dreamface.skin.spots import SPOTS
from dreamface.skin.veins import CAPILLARIES, VEINS
from dreamface.skin.vitiligo import VITILIGO
from dreamface.skin.wrinkles import WRINKLES

LAYERS: Final[tuple[Layer, ...]] = (
    TONE, ZONES, MOTTLING, GRAIN, UNDER_EYES, LIPS, VITILIGO, LINING, VEINS, GLOSS, TRANSLUCENCY,
    BUMPS, PORES, LINES, FURROWS, *WRINKLES, *SPOTS, CAPILLARIES, SCARS,
    BEARD_SHADOW, *FANTASY, *MAKEUP, *HAIR,
)  # fmt: skip
"""In the order in which they are laid on."""

LAYER_NAMES: Final = tuple(layer.name for layer in LAYERS)
