"""Where the extension's own files lie, and where it may write: never into its own folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy

EXTENSION = Path(__file__).resolve().parent.parent
"""The installed extension; read-only as far as we are concerned."""

PACKAGE = (__package__ or "").rpartition(".")[0]
"""The extension's name as Blender knows it, such as bl_ext.user_default.dreamface."""


def user_folder(name: str) -> Path:
    """A file or folder of ours in the user's own Blender folder; not made yet.

    Blender removes it with the extension: it is for what can be made again, such as the backend's environment.
    """
    return Path(bpy.utils.extension_path_user(PACKAGE, path="", create=True)) / name


def prompts_file() -> Path:
    """Where the last prompts are kept."""
    return user_folder("prompts.json")


def looks_file() -> Path:
    """Where the artist's own looks are kept: beside Blender's preferences, so that they outlive the extension."""
    return Path(bpy.utils.user_resource("CONFIG", path="dreamface")) / "looks.json"


def expressions_file() -> Path:
    """Where the artist's own expressions are kept, beside the looks."""
    return looks_file().with_name("expressions.json")


def default_store() -> Path:
    """Where jobs and faces are kept: the backend's own place, so that `dreamface jobs` knows them, too.

    Saved scenes refer to the textures in it, so it outlives the extension.
    """
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "dreamface"
    if sys.platform == "darwin":
        return home / "Library/Application Support/dreamface"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share") / "dreamface"


def backend_wheel() -> Path:
    """The backend that travels inside the extension; a path that does not exist where it was left out."""
    found = sorted((EXTENSION / "backend").glob("dreamface-*.whl"))
    return found[-1] if found else EXTENSION / "backend" / "dreamface.whl"


def backend_constraints() -> Path:
    """The exact versions that the backend is installed with."""
    return EXTENSION / "backend" / "constraints.txt"


def video_packages() -> Path:
    """The list of packages that following faces in video takes."""
    return EXTENSION / "backend" / "video.txt"
