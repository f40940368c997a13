"""Hair styles as data, and where on a head they grow."""

from dreamface.styles.density import bearded, hair_bearing, root_density
from dreamface.styles.face_parts import noise
from dreamface.styles.registry import (
    Styles,
    find_style,
    own_folder,
    own_styles_in,
    presets_folder,
    remove_style,
    save_style,
    state_of,
    style_name,
    styles,
    use_folder,
)
from dreamface.styles.skull import Skull
from dreamface.styles.style import (
    MOST_GUIDES,
    BrowShape,
    Curves,
    Cut,
    LashShape,
    Parting,
    Place,
    Rows,
    Section,
    Style,
    Tie,
    Where,
    parse_style,
)
from dreamface.styles.where import place_of, size_of, weight_of

__all__ = [
    "MOST_GUIDES",
    "BrowShape",
    "Curves",
    "Cut",
    "LashShape",
    "Parting",
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
    "noise",
    "own_folder",
    "own_styles_in",
    "parse_style",
    "place_of",
    "presets_folder",
    "remove_style",
    "root_density",
    "save_style",
    "size_of",
    "state_of",
    "style_name",
    "styles",
    "use_folder",
    "weight_of",
]
