"""Where the extension's own files lie, and where it may write: never into its own folder."""

from __future__ import annotations

from pathlib import Path

import bpy

EXTENSION = Path(__file__).resolve().parent.parent
"""The installed extension; read-only as far as we are concerned."""

PACKAGE = (__package__ or "").rpartition(".")[0]
"""The extension's name as Blender knows it, such as bl_ext.user_default.dreamface."""


def user_folder(name: str) -> Path:
    """A folder for our files in the user's own Blender folder; not made yet.

    `environment` holds the backend's virtual environment, `store` its jobs and faces.
    """
    return Path(bpy.utils.extension_path_user(PACKAGE, path="", create=True)) / name


def backend_wheel() -> Path:
    """The backend that travels inside the extension; a path that does not exist where it was left out."""
    found = sorted((EXTENSION / "backend").glob("dreamface-*.whl"))
    return found[-1] if found else EXTENSION / "backend" / "dreamface.whl"


def backend_constraints() -> Path:
    """The exact versions that the backend is installed with."""
    return EXTENSION / "backend" / "constraints.txt"
