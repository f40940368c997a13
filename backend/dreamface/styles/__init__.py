"""Hair styles as data, and where on a head they grow."""

from dreamface.styles.density import bearded, hair_bearing, root_density
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
from dreamface.styles.style import (
    BrowShape,
    Curves,
    Cut,
    LashShape,
    Place,
    Rows,
    Section,
    Style,
    Tie,
    Where,
    parse_style,
)
from dreamface.styles.where import size_of, weight_of

__all__ = [
    "BrowShape",
    "Curves",
    "Cut",
    "LashShape",
    "Place",
    "Rows",
    "Section",
    "Skull",
    "Style",
    "Styles",
    "Tie",
    "Where",
    "bearded",
    "find_style",
    "hair_bearing",
    "own_folder",
    "parse_style",
    "presets_folder",
    "remove_style",
    "root_density",
    "save_style",
    "size_of",
    "style_name",
    "styles",
    "weight_of",
]
