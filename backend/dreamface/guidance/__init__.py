"""Guidance: what models that know pictures and words make of a head. No model is loaded before it is asked for."""

from dreamface.guidance.aligning import (
    FITS_BETTER,
    MOST_RENDERS,
    Aligned,
    Move,
    PictureScorer,
    RelativeScore,
    align,
    check_alignment,
    is_movable,
)
from dreamface.guidance.blending import Wish
from dreamface.guidance.carving import Carved, Carving, Regularisers, normals_of_height
from dreamface.guidance.clip import ClipEncoder, forget_clip, use_clip, why_no_clip
from dreamface.guidance.distillation import Guide, Outcome, distil, optimise
from dreamface.guidance.interface import LatentDiffusion, Mixed, Prompt, guided_noise
from dreamface.guidance.layering import skin_layer
from dreamface.guidance.packages import import_packages
from dreamface.guidance.painting import Canvas, diffuse
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.sitter import Sitter, resized
from dreamface.guidance.stable_diffusion import (
    StableDiffusion,
    forget_diffusion,
    use_diffusion,
    why_no_diffusion,
)
from dreamface.guidance.texturing import Anchor, LearnedPrior, Steps, Textured, TexturePrior, Texturing
from dreamface.guidance.upscaling import Upscaler

__all__ = [
    "FITS_BETTER",
    "MOST_RENDERS",
    "Aligned",
    "Anchor",
    "Canvas",
    "Carved",
    "Carving",
    "ClipEncoder",
    "Guide",
    "LatentDiffusion",
    "LearnedPrior",
    "Mixed",
    "Move",
    "Outcome",
    "PictureScorer",
    "Prompt",
    "Regularisers",
    "RelativeScore",
    "Schedule",
    "Sitter",
    "StableDiffusion",
    "Steps",
    "TexturePrior",
    "Textured",
    "Texturing",
    "Upscaler",
    "Wish",
    "align",
    "check_alignment",
    "diffuse",
    "distil",
    "forget_clip",
    "forget_diffusion",
    "guided_noise",
    "import_packages",
    "is_movable",
    "normals_of_height",
    "optimise",
    "resized",
    "skin_layer",
    "use_clip",
    "use_diffusion",
    "why_no_clip",
    "why_no_diffusion",
]
