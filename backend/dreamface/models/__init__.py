"""The models DreamFace can use: what each is for, its licence, where it comes from, and whether it is installed."""

from dreamface.models import ict_facekit
from dreamface.models.catalogue import (
    CLIP,
    FACE_LANDMARKER,
    HEADS,
    MODELS,
    PBR_DECODERS,
    REALESRGAN,
    RESTOREFORMER,
    STABLE_DIFFUSION,
    TAESD,
    TEXTURE_LDM,
    Installation,
    Model,
    all_models,
    check_head,
    choose,
    chosen_diffusion,
    find,
    find_to_install,
    own_models,
)
from dreamface.models.installing import DamagedModel, install, read_manifest, remove, verify
from dreamface.models.places import model_folder, models_folder
from dreamface.models.stable_diffusion import CHECKPOINT, SCHEDULER

__all__ = [
    "CHECKPOINT",
    "CLIP",
    "FACE_LANDMARKER",
    "HEADS",
    "MODELS",
    "PBR_DECODERS",
    "REALESRGAN",
    "RESTOREFORMER",
    "SCHEDULER",
    "STABLE_DIFFUSION",
    "TAESD",
    "TEXTURE_LDM",
    "DamagedModel",
    "Installation",
    "Model",
    "all_models",
    "check_head",
    "choose",
    "chosen_diffusion",
    "find",
    "find_to_install",
    "ict_facekit",
    "install",
    "model_folder",
    "models_folder",
    "own_models",
    "read_manifest",
    "remove",
    "verify",
]
