"""The skin's layers, from below."""

from __future__ import annotations

from typing import Final

from dreamface.skin.canvas.layer import Layer
from dreamface.skin.layers.circles import UNDER_EYES
from dreamface.skin.layers.complexion import BEARD_SHADOW, GRAIN, TONE, UNEVENNESS, ZONES
from dreamface.skin.layers.fantasy import FANTASY
from dreamface.skin.layers.furrows import FURROWS
from dreamface.skin.layers.gloss import GLOSS, TRANSLUCENCY
from dreamface.skin.layers.hair import HAIR
from dreamface.skin.layers.lips import LINING, LIPS
from dreamface.skin.layers.makeup import MAKEUP
from dreamface.skin.layers.relief import BUMPS, LINES, PORES
from dreamface.skin.layers.scars import SCARS
from dreamface.skin.layers.spots import SPOTS
from dreamface.skin.layers.veins import CAPILLARIES, VEINS
from dreamface.skin.layers.vitiligo import VITILIGO
from dreamface.skin.layers.wrinkles import WRINKLES

LAYERS: Final[tuple[Layer, ...]] = (
    TONE, ZONES, UNEVENNESS, GRAIN, UNDER_EYES, LIPS, VITILIGO, LINING, VEINS, GLOSS, TRANSLUCENCY,
    BUMPS, PORES, LINES, FURROWS, *WRINKLES, *SPOTS, CAPILLARIES, SCARS,
    BEARD_SHADOW, *FANTASY, *MAKEUP, *HAIR,
)  # fmt: skip
"""In the order in which they are laid on."""

LAYER_NAMES: Final = tuple(layer.name for layer in LAYERS)
