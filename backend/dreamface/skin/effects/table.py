"""All effects, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.skin.effects.bruises import BRUISES
from dreamface.skin.effects.coverings import COVERINGS
from dreamface.skin.effects.effect import Effect
from dreamface.skin.effects.liquids import LIQUIDS
from dreamface.skin.effects.materials import MATERIALS
from dreamface.skin.effects.pigments import PIGMENTS
from dreamface.skin.effects.scales import SCALES
from dreamface.skin.effects.skin_marks import SKIN_MARKS
from dreamface.skin.effects.spots import SPOTS

EFFECT_FAMILIES: Final[Mapping[str, tuple[Effect, ...]]] = {
    "Colour of the skin": (*BRUISES, *PIGMENTS),
    "Relief of the skin": (*SKIN_MARKS, SPOTS),
    "Wet": LIQUIDS,
    "Paint and dirt": COVERINGS,
    "Other materials": (*MATERIALS, SCALES),
}
"""All effects as lists and panels group them."""

EFFECTS: Final[Mapping[str, Effect]] = {effect.name: effect for family in EFFECT_FAMILIES.values() for effect in family}
"""All effects, by name."""
