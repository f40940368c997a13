"""The models DreamFace can use: what each is for, its licence, where it comes from, and whether it is installed."""

from dreamface.models import ict_facekit
from dreamface.models.catalogue import (
    FACE_LANDMARKER,
    HEADS,
    MODELS,
    STABLE_DIFFUSION,
    TALK_MODEL,
    Installation,
    Model,
    check_head,
    find,
)
from dreamface.models.installing import DamagedModel, install, read_manifest, remove, verify
from dreamface.models.places import model_folder, models_folder
from dreamface.models.stable_diffusion import CHECKPOINT, SCHEDULER

__all__ = [
    "CHECKPOINT",
    "FACE_LANDMARKER",
    "HEADS",
    "MODELS",
    "SCHEDULER",
    "STABLE_DIFFUSION",
    "TALK_MODEL",
    "DamagedModel",
    "Installation",
    "Model",
    "check_head",
    "find",
    "ict_facekit",
    "install",
    "model_folder",
    "models_folder",
    "read_manifest",
    "remove",
    "verify",
]
