"""The names of colours as people say them of make-up, dyes, paint and unnatural skin, and what each looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
"""Name -> sRGB. Irises and natural hair have colours of their own."""

OF_SKIN: Final = frozenset({
    "amber", "beige", "charcoal", "golden", "gray", "ivory", "navy blue", "ochre", "rose gold", "sky blue", "tan",
})  # fmt: skip
"""Names that prompts do not read from this table: of skin and hair they mean something else ("golden skin"), or the
grammar puts them together ("sky blue")."""


def linear(srgb: str) -> tuple[float, float, float]:
    """Return a colour such as "#2a59b8" (sRGB, IEC 61966-2-1) as linear Rec. 709.

    `colour` has the curve for tensors; loading torch for it would make every first prompt wait.
    """
    channels = (int(srgb[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue
