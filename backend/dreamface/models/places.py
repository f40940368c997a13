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
    """Where the model called `name` lies once it is installed."""
    return models_folder() / name
