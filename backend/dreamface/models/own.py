"""An artist's own checkpoints, by the names that they were given, and which diffusion model was chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from dreamface._files import whole_file
from dreamface.errors import BadRequest
from dreamface.models.places import model_folder, models_folder

KIND: Final = "own checkpoint"
"""What the manifest of such a model says under "kind"."""

_CHOICE: Final = "chosen.json"
_MANIFEST: Final = "manifest.json"
_INDEX: Final = "model_index.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # no dots: they part what an install leaves in between
_NO_FOLDERS: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")  # devices to Windows
_REPLACED: Final = re.compile(r"\.(.+)\.old")  # see `places.replaced_folder`


def check_name(name: str) -> None:
    """Refuse a name that can't be a folder's on every system.

    Raises:
        BadRequest: it is not.
    """
    if not _NAME.fullmatch(name) or _NO_FOLDERS.fullmatch(name):
        raise BadRequest(
            f"A checkpoint can't be called {name[:80]!r}: take up to 64 letters without accents, digits, hyphens and "
            "underscores, such as my-faces_v2."
        )


def is_own(name: str) -> bool:
    """Return whether an own checkpoint of that name is installed, even if it is damaged; `name` is none of ours."""
    if not _NAME.fullmatch(name):
        return False
    folder = model_folder(name)
    manifest = _read(folder / _MANIFEST)
    return manifest.get("kind") == KIND if manifest else (folder / _INDEX).is_file()


def own_names(ours: Collection[str]) -> list[str]:
    """Return the names of the own checkpoints that are installed.

    Args:
        ours: the names of what is no artist's own.
    """
    folder = models_folder()
    try:
        found = {_REPLACED.sub(r"\1", place.name) for place in folder.iterdir() if place.is_dir()}
    except OSError:
        return []
    return sorted(name for name in found if name not in ours and is_own(name))


def chosen_name() -> str:
    """Return the name of the diffusion model that was chosen; empty where none was."""
    return str(_read(models_folder() / _CHOICE).get("diffusion") or "")


def write_choice(name: str) -> None:
    """Remember the diffusion model that is to be used.

    Raises:
        FolderError: the disk refused.
    """
    with whole_file(models_folder() / _CHOICE) as file:
        file.write_text(json.dumps({"diffusion": name}) + "\n", "utf-8")


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
