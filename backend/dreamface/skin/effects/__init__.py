"""What an artist can put on a marked place of the skin: each effect draws patches for all maps at once."""

from dreamface.skin.effects.counted import each
from dreamface.skin.effects.effect import MOST_COUNTED, MOST_LINES, Effect, Look, Way
from dreamface.skin.effects.table import EFFECT_FAMILIES, EFFECTS

__all__ = ["EFFECTS", "EFFECT_FAMILIES", "MOST_COUNTED", "MOST_LINES", "Effect", "Look", "Way", "each"]
