"""Hair styles as data, and where on a head they grow."""

from dreamface.styles.density import hair_bearing, root_density
from dreamface.styles.registry import Styles, find_style, own_folder, presets_folder, styles
from dreamface.styles.skull import Skull
from dreamface.styles.style import Style, parse_style

__all__ = [
    "Skull", "Style", "Styles", "find_style", "hair_bearing", "own_folder", "parse_style", "presets_folder",
    "root_density", "styles",
]  # fmt: skip
