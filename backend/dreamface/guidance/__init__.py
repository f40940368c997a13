"""Guidance: what models that know pictures and words make of a head. No model is loaded before it is asked for."""

from dreamface.guidance.blending import Wish
from dreamface.guidance.clip import ClipEncoder
from dreamface.guidance.distillation import Guide, Outcome, distil, optimise
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
    "Canvas",
    "ClipEncoder",
    "Guide",
    "LatentDiffusion",
    "Mixed",
    "Outcome",
    "Prompt",
    "Schedule",
    "StableDiffusion",
    "Upscaler",
    "Wish",
    "diffuse",
    "distil",
    "forget_diffusion",
    "guided_noise",
    "import_packages",
    "optimise",
    "use_diffusion",
    "why_no_diffusion",
]
