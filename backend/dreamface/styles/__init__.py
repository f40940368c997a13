"""Hair styles as data, and where on a head they grow."""

from dreamface.styles.density import hair_bearing, root_density
from dreamface.styles.registry import (
    Styles,
    find_style,
    own_folder,
    presets_folder,
    remove_style,
    save_style,
    style_name,
    styles,
)
from dreamface.styles.skull import Skull
from dreamface.styles.style import Curves, Style, parse_style

__all__ = [
    "Curves",
    "Skull",
    "Style",
    "Styles",
    "find_style",
    "hair_bearing",
    "own_folder",
    "parse_style",
    "presets_folder",
    "remove_style",
    "root_density",
    "save_style",
    "style_name",
    "styles",
]
