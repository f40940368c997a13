"""Models that are one file, which a package of their own reads."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from dreamface.errors import DreamFaceError
from dreamface.guidance.devices import Place, check_memory, choose_place
from dreamface.guidance.packages import need_packages
from dreamface.models import Installation, model_folder
from dreamface.progress import Progress


def begin_loading(model: Installation, package: str, work_bytes: float, progress: Progress) -> tuple[Path, Place, Any]:
    """Return a model's file, where it is to compute, and the package that reads it.

    Args:
        model: how it is installed.
        package: the name it is imported by.
        work_bytes: of memory that computing takes beside the weights.
        progress: told that loading begins.

    Raises:
        DreamFaceError: the model is not installed, or there is too little memory.
        MissingDependency: the package can't be imported.
        Cancelled: the progress said so.
    """
    file = model_folder(model.name) / model.file
    if not file.is_file():
        raise DreamFaceError(f"{model.title} is not installed: {model.how}.")
    need_packages(model.title, package)
    place = choose_place()
    check_memory(place, file.stat().st_size + work_bytes, model.title)
    progress.report("load", 0.0, f"Loading {model.title}")
    return file, place, importlib.import_module(package)
