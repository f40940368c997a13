"""Hair styles as data, and where on a head they grow."""

from dreamface.styles.registry import Styles, find_style, own_folder, presets_folder, styles
from dreamface.styles.skull import Skull
from dreamface.styles.style import Style, parse_style

__all__ = ["Skull", "Style", "Styles", "find_style", "own_folder", "parse_style", "presets_folder", "styles"]
