"""Expression wrinkles: which maps show them, and how the blend shapes' weights drive them.

Skin that an expression compresses folds. The face's tile has two maps of such folds, and a map of masks for each:

    wrinkles_<set>       red, green: the folds' normal in tangent space, as in a normal map (0.5 is level);
                         blue: blood, 0.5 is none, above it the skin is redder, below it paler
    wrinkle_masks_<set>  a channel for each region of the set: how far a place belongs to the region

    strength at a place = sum over regions of mask * weight,
    weight of a region  = sum over shapes of factor * weight of the shape, at most 1.

Left and right have weights of their own; the alpha channel of `SIDE_MASKS` is 1 on the person's left, 0 on the right.
Red and green, less 0.5, times the strength are added to those of the face's normal map. The linear albedo is multiplied
by 1 + strength * (2 * blue - 1) * (`BLOOD` - 1).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Side = Literal["left", "right"]

SIDES: Final[tuple[Side, ...]] = ("left", "right")


@dataclass(frozen=True)
class WrinkleRegion:
    """A region of the face whose skin folds together.

    Attributes:
        channel: of the set's masks.
        shapes: blend shape -> factor; {side} stands for Left or Right.
    """

    channel: Literal["r", "g", "b", "a"]
    shapes: Mapping[str, float]

    def factors(self, side: Side) -> dict[str, float]:
        """Blend shape -> factor, on one side of the face."""
        return {name.format(side=side.capitalize()): factor for name, factor in self.shapes.items()}


SETS: Final[Mapping[str, Mapping[str, WrinkleRegion]]] = {
    "raised": {
        "forehead": WrinkleRegion("r", {"browInnerUp": 0.8, "browOuterUp{side}": 0.8}),
        "eyes": WrinkleRegion(
            "g", {"mouthSmile{side}": 0.5, "eyeSquint{side}": 0.6, "cheekSquint{side}": 0.6, "eyeBlink{side}": 0.15}
        ),
        "cheeks": WrinkleRegion(
            "b",
            {"mouthSmile{side}": 0.8, "mouthDimple{side}": 0.5, "mouthUpperUp{side}": 0.5, "noseSneer{side}": 0.3,
             "cheekSquint{side}": 0.3},
        ),
    },
    "drawn": {
        "glabella": WrinkleRegion("r", {"browDown{side}": 1.0, "noseSneer{side}": 0.3}),
        "nose": WrinkleRegion("g", {"noseSneer{side}": 1.0, "mouthUpperUp{side}": 0.2}),
        "chin": WrinkleRegion("b", {"mouthShrugLower": 0.9, "mouthPucker": 0.3, "mouthRollLower": 0.4}),
        "lips": WrinkleRegion("a", {"mouthPucker": 0.9, "mouthFunnel": 0.35, "mouthShrugUpper": 0.2}),
    },
}  # fmt: skip
"""Set -> its regions. Regions of one set hardly overlap."""

SIDE_MASKS: Final = "raised"
"""The set whose masks' alpha channel tells left from right."""

BLOOD: Final = (0.86, 0.66, 0.64)
"""What full blood leaves of the albedo: linear red, green, blue."""


def map_channel(name: str) -> str:
    """Return the channel of a set's folds."""
    return f"wrinkles_{name}"


def mask_channel(name: str) -> str:
    """Return the channel of a set's masks."""
    return f"wrinkle_masks_{name}"


MAP_CHANNELS: Final = tuple(map_channel(name) for name in SETS)
MASK_CHANNELS: Final = tuple(mask_channel(name) for name in SETS)


def region_weights(weights: Mapping[str, float]) -> dict[str, dict[str, tuple[float, float]]]:
    """Return set -> region -> how far it folds on the left and on the right, 0..1.

    Args:
        weights: of the blend shapes, by name; those that are missing are 0.
    """

    def weight(region: WrinkleRegion, side: Side) -> float:
        total = sum(factor * max(weights.get(name, 0.0), 0.0) for name, factor in region.factors(side).items())
        return min(total, 1.0)

    return {
        name: {region: (weight(row, "left"), weight(row, "right")) for region, row in regions.items()}
        for name, regions in SETS.items()
    }


def table(maps: Mapping[str, Container[str]]) -> dict[str, Any]:
    """Return the table of weights as JSON, for engines and for the extension; nothing where no tile has the maps.

    Args:
        maps: tile -> its channels.
    """
    tile = next((tile for tile, channels in maps.items() if MAP_CHANNELS[0] in channels), None)
    if tile is None:
        return {}
    return {
        "tile": tile,
        "blood": list(BLOOD),
        "side": {"masks": mask_channel(SIDE_MASKS), "channel": "a"},
        "sets": {
            name: {
                "map": map_channel(name),
                "masks": mask_channel(name),
                "regions": {
                    region: {"channel": row.channel, **{side: row.factors(side) for side in SIDES}}
                    for region, row in regions.items()
                },
            }
            for name, regions in SETS.items()
        },
    }
