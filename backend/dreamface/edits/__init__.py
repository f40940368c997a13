"""Edits: what an artist lays over a face, with words, masks, sketches and pictures."""

from dreamface.edits.anchors import anchor_at
from dreamface.edits.copying import carry, copied
from dreamface.edits.diffused import LARGEST_RATIO, Diffused, diffused_pictures, specular_of_gloss
from dreamface.edits.drawn_images import drawn_mask
from dreamface.edits.hair import hair_of
from dreamface.edits.handling import LARGEST_MM
from dreamface.edits.importing import import_mask
from dreamface.edits.mixing import mixed_shape
from dreamface.edits.paths import is_course as is_along
from dreamface.edits.phrases import ADJECTIVES, HOMES, ON_SKIN, REMOVED, SOMEWHERE
from dreamface.edits.pictures import Picture, covers_all, read_picture, read_picture_file
from dreamface.edits.places import check_place, masks_of
from dreamface.edits.regions import (
    REGIONS,
    find_regions,
    imply_region,
    needs_side,
    on_side,
    read_exception,
    read_region,
    region_named,
)
from dreamface.edits.rephrasing import rephrased
from dreamface.edits.sheet import MASK_SIZE
from dreamface.edits.sketches import check_sketch
from dreamface.edits.stack import SKIN_GROUPS, check_edits, overlays
from dreamface.edits.words import (
    Wish,
    WordsReading,
    check_words,
    is_colour,
    is_line,
    names_effect,
    read_words,
    too_many,
    vocabulary,
)
from dreamface.edits.wrapping import Anchor, anchor_of, point_of

__all__ = [
    "ADJECTIVES",
    "HOMES",
    "LARGEST_MM",
    "LARGEST_RATIO",
    "MASK_SIZE",
    "ON_SKIN",
    "REGIONS",
    "REMOVED",
    "SKIN_GROUPS",
    "SOMEWHERE",
    "Anchor",
    "Diffused",
    "Picture",
    "Wish",
    "WordsReading",
    "anchor_at",
    "anchor_of",
    "carry",
    "check_edits",
    "check_place",
    "check_sketch",
    "check_words",
    "copied",
    "covers_all",
    "diffused_pictures",
    "drawn_mask",
    "find_regions",
    "hair_of",
    "imply_region",
    "import_mask",
    "is_along",
    "is_colour",
    "is_line",
    "masks_of",
    "mixed_shape",
    "names_effect",
    "needs_side",
    "on_side",
    "overlays",
    "point_of",
    "read_exception",
    "read_picture",
    "read_picture_file",
    "read_region",
    "read_words",
    "region_named",
    "rephrased",
    "specular_of_gloss",
    "too_many",
    "vocabulary",
]
