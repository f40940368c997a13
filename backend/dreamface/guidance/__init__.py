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
from dreamface.guidance.carving import Carved, Carving, Regularisers, normals_of_height
from dreamface.guidance.clip import ClipEncoder, forget_clip, use_clip, why_no_clip
from dreamface.guidance.decoding import DecodedChange, decoded_change
from dreamface.guidance.distillation import Guide, Outcome, distil, optimise
from dreamface.guidance.interface import LatentDiffusion, Mixed, Prompt, guided_noise
from dreamface.guidance.layering import LAYER_SIDE, OWN_RELIEF, skin_layer
from dreamface.guidance.packages import import_packages, need_packages
from dreamface.guidance.painting import Canvas, diffuse
from dreamface.guidance.pbr_decoders import CHANNELS, Decoder, PbrDecoders, installed_pbr_decoders
from dreamface.guidance.sampling import sample
from dreamface.guidance.schedule import Schedule
from dreamface.guidance.sharpening import Sharpeners, sharpen_with_installed, sharpened
from dreamface.guidance.sitter import Sitter, resized
from dreamface.guidance.small_pair import SmallDiffusion, SmallPair, small_pair
from dreamface.guidance.stable_diffusion import (
    StableDiffusion,
    forget_diffusion,
    use_diffusion,
    why_no_diffusion,
)
from dreamface.guidance.texture_ldm import (
    DESIRED,
    UNDESIRED,
    TextureDiffusion,
    installed_texture_model,
    why_no_texture_model,
)
from dreamface.guidance.texture_sampling import sample_texture
from dreamface.guidance.texturing import Anchor, LearnedPrior, Steps, Textured, TexturePrior, Texturing
from dreamface.guidance.upscaling import Upscaler

__all__ = [
    "CHANNELS",
    "DESIRED",
    "LAYER_SIDE",
    "MOST_RENDERS",
    "OWN_RELIEF",
    "UNDESIRED",
    "Aligned",
    "Anchor",
    "Canvas",
    "Carved",
    "Carving",
    "ClipEncoder",
    "DecodedChange",
    "Decoder",
    "Guide",
    "LatentDiffusion",
    "LearnedPrior",
    "Mixed",
    "Move",
    "Outcome",
    "PbrDecoders",
    "PictureScorer",
    "Prompt",
    "Regularisers",
    "RelativeScore",
    "Schedule",
    "Sharpeners",
    "Sitter",
    "SmallDiffusion",
    "SmallPair",
    "StableDiffusion",
    "Steps",
    "TextureDiffusion",
    "TexturePrior",
    "Textured",
    "Texturing",
    "Upscaler",
    "Wish",
    "align",
    "check_alignment",
    "decoded_change",
    "diffuse",
    "distil",
    "forget_clip",
    "forget_diffusion",
    "guided_noise",
    "import_packages",
    "installed_pbr_decoders",
    "installed_texture_model",
    "is_movable",
    "need_packages",
    "normals_of_height",
    "optimise",
    "resized",
    "sample",
    "sample_texture",
    "sharpen_with_installed",
    "sharpened",
    "skin_layer",
    "small_pair",
    "use_clip",
    "use_diffusion",
    "why_no_clip",
    "why_no_diffusion",
    "why_no_texture_model",
]
