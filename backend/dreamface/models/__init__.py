"""The models DreamFace can use: what each is for, its licence, and whether it is installed."""

from dreamface.models.catalogue import HEADS, MODELS, Model, check_head
from dreamface.models.places import model_folder, models_folder

__all__ = ["HEADS", "MODELS", "Model", "check_head", "model_folder", "models_folder"]
