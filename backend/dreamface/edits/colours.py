"""Names of colours that may be said of paint, ink and other effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Colour = tuple[float, float, float]

NAMES_SRGB: Final[Mapping[str, str]] = {
    "red": "#b3101c", "crimson": "#9c0f24", "scarlet": "#c8201a", "ruby": "#8f0f2a", "cherry": "#a1132b",
    "burgundy": "#5c1023", "maroon": "#5a1418", "wine": "#5e1526", "plum": "#5b2046", "pink": "#e07a9a",
    "hot pink": "#e0307f", "magenta": "#c01f8a", "fuchsia": "#c4217f", "rose": "#c65a6c", "coral": "#e3694f",
    "peach": "#eaa07f", "nude": "#b9806a", "orange": "#e0701a", "amber": "#d8890f", "yellow": "#e8c52a",
    "gold": "#d9a53a", "golden": "#d9a53a", "rose gold": "#d79a86", "bronze": "#8f5f32", "copper": "#b06a40",
    "brown": "#5b3420", "chocolate": "#3d2114", "tan": "#c19a6b", "beige": "#d8c3a5", "ochre": "#b5751f",
    "green": "#2f7d3a", "emerald": "#0f7a4f", "olive": "#6b6b2a", "lime": "#8ec63f", "mint": "#8fd4b0",
    "teal": "#1d7f80", "turquoise": "#30b3ad", "cyan": "#25b5cf", "aqua": "#3fc0c8", "blue": "#2a59b8",
    "navy": "#172a57", "navy blue": "#172a57", "azure": "#3a8fd9", "sky blue": "#7fb9e6", "indigo": "#3a2a86",
    "purple": "#6a2c91", "violet": "#7a3fb0", "lavender": "#b19bd9", "lilac": "#bf9fd6", "black": "#0b0a0b",
    "white": "#f0efed", "grey": "#808080", "gray": "#808080", "silver": "#c9ccd2", "cream": "#efe3cc",
    "ivory": "#efe6d2", "charcoal": "#2b2b2d",
}  # fmt: skip
"""Name -> sRGB."""

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
        code = NAMES_SRGB[name]
        red, green, blue = (_linear(int(code[k : k + 2], 16) / 255.0) for k in (1, 3, 5))
        return red, green, blue
    shade, _, rest = name.partition(" ")
    below = colour_of(rest) if shade in SHADES and rest else None
    if below is None:
        return None
    factor, white = SHADES[shade]
    red, green, blue = (min(1.0, channel * factor) * (1.0 - white) + white for channel in below)
    return red, green, blue


def _linear(encoded: float) -> float:
    """Return the linear value of an sRGB one (IEC 61966-2-1)."""
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4
