"""A Blender file, written by dreamface_addon under pip's bpy in a process of its own.

bpy is Blender itself: it must not share this process, takes over signal handling and may hang when Python exits.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from dreamface import folder
from dreamface._files import whole_file
from dreamface.errors import FolderError, MissingDependency
from dreamface.face import Face
from dreamface.progress import Progress

_STEP = "export"
_POLL = 0.1  # seconds between looks at whether the user wants to stop


def write_blend(face: Face, path: Path, progress: Progress) -> None:
    """Write `face` as a .blend with a portrait studio around it and its textures packed.

    Raises:
        MissingDependency: bpy or the add-on's code is not installed.
        FolderError: the disk refused, or Blender could not write the file.
        Cancelled: the user asked to stop.
    """
    addon = _addon_parent()
    with whole_file(path) as file, tempfile.TemporaryDirectory(prefix="dreamface-") as temporary:
        face_folder = folder.save(face, Path(temporary) / "face", progress.part(0.0, 0.3))
        _run_blender(face_folder, file, _environment(addon, Path(temporary)), progress.part(0.3, 0.95))
    progress.report(_STEP, 1.0, f"Wrote {path.name}")


def _addon_parent() -> Path:
    """The folder to import dreamface_addon from; it is never imported here."""
    if find_spec("bpy") is None:
        raise MissingDependency("Blender files need the package bpy: install it with `pip install dreamface[blender]`.")
    spec = find_spec("dreamface_addon")
    if spec is None or not spec.origin:
        raise MissingDependency("Blender files need the package dreamface_addon: install DreamFace again, all of it.")
    return Path(spec.origin).parents[1]


def _environment(addon: Path, temporary: Path) -> dict[str, str]:
    """The process's environment: it finds the add-on, no user's preferences, and a place for Blender's litter."""
    paths = [str(addon), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        "PYTHONPATH": os.pathsep.join(paths),
        "BLENDER_USER_RESOURCES": str(temporary / "blender"),
    }


def _run_blender(face_folder: Path, file: Path, environment: dict[str, str], progress: Progress) -> None:
    command = [sys.executable, "-m", "dreamface_addon.scene.write_blend", str(face_folder), str(file.absolute())]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            while process.poll() is None:
                progress.report(_STEP, 0.5, "Blender is writing the file")
                _wait(process)
        finally:
            process.kill()
        if process.returncode != 0:
            log.seek(0)
            lines = log.read().decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise FolderError(f"Blender could not write the file: {lines[-1].removeprefix('Error: ').rstrip('.')}.")


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_POLL)
    except subprocess.TimeoutExpired:
        return
