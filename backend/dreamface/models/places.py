"""Where installed models lie."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

VARIABLE = "DREAMFACE_MODELS"
"""Environment variable that names another folder for models."""


def models_folder() -> Path:
    """The folder that holds one folder for each installed model; it need not exist."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("dreamface", False)) / "models"


def model_folder(name: str) -> Path:
    """Where the model called `name` lies, or would lie if it were installed."""
    folder, before = models_folder() / name, replaced_folder(name)
    # A folder can't be put in the place of another in one step: an install moves the old one aside first. Whoever looks
    # in between, or after a power cut right then, still finds the old one.
    return before if before.is_dir() and not folder.is_dir() else folder


def replaced_folder(name: str) -> Path:
    """Where an install puts the old folder of a model for the moment before the new one takes its place."""
    return models_folder() / f".{name}.old"
