"""All effects, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.skin.effects.bruises import BRUISES
from dreamface.skin.effects.effect import Effect

EFFECTS: Final[Mapping[str, Effect]] = {effect.name: effect for effect in (*BRUISES,)}
