"""Names of colours that may be said of paint, ink and other effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.colour_names import NAMES_SRGB, linear

Colour = tuple[float, float, float]

SHADES: Final[Mapping[str, tuple[float, float]]] = {
    "dark": (0.45, 0.0), "deep": (0.6, 0.0), "light": (1.0, 0.35), "pale": (1.0, 0.5), "pastel": (1.0, 0.5),
    "bright": (1.35, 0.03), "neon": (1.7, 0.05), "vivid": (1.3, 0.0),
}  # fmt: skip
"""Word before a colour -> factor on its light, and how much of the way to white it goes."""


def colour_of(name: str) -> Colour | None:
    """Return the linear Rec. 709 of a colour's name, with or without a shade before it; None if it is none.

    >>> colour_of("white")[0] > colour_of("grey")[0] > colour_of("dark grey")[0]
    True
    >>> colour_of("wrinkle") is None
    True
    """
    if name in NAMES_SRGB:
        return linear(NAMES_SRGB[name])
    shade, _, rest = name.partition(" ")
    below = colour_of(rest) if shade in SHADES and rest else None
    if below is None:
        return None
    factor, white = SHADES[shade]
    red, green, blue = (min(1.0, channel * factor) * (1.0 - white) + white for channel in below)
    return red, green, blue


__all__ = ["NAMES_SRGB", "SHADES", "Colour", "colour_of"]
