"""What the worker for models can do. Importing this does not load torch, so that such a worker is there at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dreamface import models
from dreamface.progress import Progress
from dreamface.service.schemas import Kind, ModelResult

Request = Mapping[str, Any]


def install_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Install a model, or put a fresh copy in the place of the old one; heads made from now on come from it."""
    name, path = job["request"]["name"], job["request"]["path"]
    folder = models.install(name, None if path is None else Path(path), progress)
    return ModelResult(message=f"{models.find(name).title} is installed in {folder}.").model_dump()


def remove_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Delete an installed model."""
    name = job["request"]["name"]
    title = models.find(name).title
    progress.report("remove", 0.0, "Deleting the model")
    models.remove(name)
    return ModelResult(message=f"{title} is removed.").model_dump()


def verify_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Compare an installed model's files with what was installed."""
    name = job["request"]["name"]
    models.verify(name, progress)
    return ModelResult(message=f"{models.find(name).title} is as it was installed.").model_dump()


def choose_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Have diffusion work with an installed model."""
    model = models.choose(job["request"]["name"])
    return ModelResult(message=f"Diffusion works with {model.title} from now on.").model_dump()


JOBS: Mapping[Kind, Callable[[Request, Path, Progress], dict[str, Any]]] = {
    "install_model": install_model,
    "remove_model": remove_model,
    "verify_model": verify_model,
    "choose_model": choose_model,
}
"""By kind: each returns the result's plain data."""
