"""From a prompt to a face: the stages in order. The only room that knows them all."""

from dreamface.appearance import Seen
from dreamface.axes import IDENTITY, SIDE, Axis, check_axes
from dreamface.guidance import MOST_RENDERS, why_no_diffusion
from dreamface.head import AROUND, HEADS, IndexPlan
from dreamface.limits import RESOLUTIONS
from dreamface.motion import remarks, write_take
from dreamface.performance import Performance, load_performance
from dreamface.pipeline.aligning import alignment_note, fits_better, index_looks, moved_in_words
from dreamface.pipeline.detailing import (
    DETAILS,
    MOST_DETAIL_GUIDANCE,
    MOST_DETAIL_STEPS,
    Detail,
    FastDetail,
    check_can_detail,
    check_detail,
    detail_from,
    detail_remarks,
    moved_by_detail,
    read_detail,
)
from dreamface.pipeline.diffusing import Diffusion, check_diffusion, diffuse
from dreamface.pipeline.exploring import Neighbour, explore
from dreamface.pipeline.glancing import glance
from dreamface.pipeline.hair import grow_hair, style_of_guides
from dreamface.pipeline.making import changed_record, check_can_align, edit, generate, look_at, portraits, rebuild
from dreamface.pipeline.many import SOMEBODY, Person, generate_many
from dreamface.pipeline.output import animate, check_animation, export, write_cards
from dreamface.pipeline.painting import LAYER_DESCRIPTIONS, Repainted, forget_models, repaint
from dreamface.pipeline.people import (
    build_head,
    build_heads,
    check_request,
    expressions,
    measure,
    mixed,
    reshape,
    shown_traits,
    stranger,
)
from dreamface.pipeline.photographs import Source, Wanted, from_photo
from dreamface.pipeline.pinning import PinBoard, Pins, follow_pins, get_ready, pin_points, points_shown, refit
from dreamface.prompts import Option, PromptReading, alternatives, read
from dreamface.record import Correction, EditEntry, FaceRecord
from dreamface.styles import own_styles_in, parse_style, remove_style, save_style, style_name, styles
from dreamface.text import clean
from dreamface.traits import FITS_BETTER

__all__ = [
    "AROUND",
    "DETAILS",
    "FITS_BETTER",
    "HEADS",
    "IDENTITY",
    "LAYER_DESCRIPTIONS",
    "MOST_DETAIL_GUIDANCE",
    "MOST_DETAIL_STEPS",
    "MOST_RENDERS",
    "RESOLUTIONS",
    "SIDE",
    "SOMEBODY",
    "Axis",
    "Correction",
    "Detail",
    "Diffusion",
    "EditEntry",
    "FaceRecord",
    "FastDetail",
    "IndexPlan",
    "Neighbour",
    "Option",
    "Performance",
    "Person",
    "PinBoard",
    "Pins",
    "PromptReading",
    "Repainted",
    "Seen",
    "Source",
    "Wanted",
    "alignment_note",
    "alternatives",
    "animate",
    "build_head",
    "build_heads",
    "changed_record",
    "check_animation",
    "check_axes",
    "check_can_align",
    "check_can_detail",
    "check_detail",
    "check_diffusion",
    "check_request",
    "clean",
    "detail_from",
    "detail_remarks",
    "diffuse",
    "edit",
    "explore",
    "export",
    "expressions",
    "fits_better",
    "follow_pins",
    "forget_models",
    "from_photo",
    "generate",
    "generate_many",
    "get_ready",
    "glance",
    "grow_hair",
    "index_looks",
    "load_performance",
    "look_at",
    "measure",
    "mixed",
    "moved_by_detail",
    "moved_in_words",
    "own_styles_in",
    "parse_style",
    "pin_points",
    "points_shown",
    "portraits",
    "read",
    "read_detail",
    "rebuild",
    "refit",
    "remarks",
    "remove_style",
    "repaint",
    "reshape",
    "save_style",
    "shown_traits",
    "stranger",
    "style_name",
    "style_of_guides",
    "styles",
    "why_no_diffusion",
    "write_cards",
    "write_take",
]
