"""The models DreamFace can use today: what each is for, its licence, and whether it is installed."""

from dreamface.models.catalogue import HEADS, MODELS, Model, check_head

__all__ = ["HEADS", "MODELS", "Model", "check_head"]
