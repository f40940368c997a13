"""Guidance: what models that know pictures and words make of a head. No model is loaded before it is asked for."""

from dreamface.guidance.aligning import (
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
from dreamface.guidance.clip import ClipEncoder, forget_clip, use_clip, why_no_clip
from dreamface.guidance.interface import LatentDiffusion, Mixed, Prompt, guided_noise
from dreamface.guidance.packages import import_packages
from dreamface.guidance.painting import Canvas, diffuse
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.stable_diffusion import (
    StableDiffusion,
    forget_diffusion,
    use_diffusion,
    why_no_diffusion,
)
from dreamface.guidance.upscaling import Upscaler

__all__ = [
    "MOST_RENDERS",
    "Aligned",
    "Canvas",
    "ClipEncoder",
    "LatentDiffusion",
    "Mixed",
    "Move",
    "PictureScorer",
    "Prompt",
    "RelativeScore",
    "Schedule",
    "StableDiffusion",
    "Upscaler",
    "Wish",
    "align",
    "check_alignment",
    "diffuse",
    "forget_clip",
    "forget_diffusion",
    "guided_noise",
    "import_packages",
    "is_movable",
    "use_clip",
    "use_diffusion",
    "why_no_clip",
    "why_no_diffusion",
]
