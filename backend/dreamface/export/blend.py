"""A Blender file, written by dreamface_addon under pip's bpy in a process of its own.

bpy is Blender itself: it must not share this process, takes over signal handling and may hang when Python exits.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from dreamface import folder
from dreamface._files import cannot_write, staging_folder
from dreamface.errors import FolderError, MissingDependency
from dreamface.face import Face
from dreamface.performance import Performance
from dreamface.progress import Progress

_STEP = "export"
_TAKE = "take.npz"
_POLL = 0.1  # seconds between looks at whether the user wants to stop


def write_blend(
    face: Face,
    path: Path,
    progress: Progress,
    face_folder: Path | None = None,
    *,
    rig: bool = False,
    take: Performance | None = None,
) -> None:
    """Write `face` as a .blend with a portrait studio around it and its textures packed.

    Args:
        face: what to write.
        path: the file.
        progress: told about every step.
        face_folder: where `face` is saved already, or None.
        rig: whether the head has bones.
        take: what the face does, as an action on its shape keys, or None.

    Raises:
        MissingDependency: bpy or the add-on's code is not installed, or bpy does not load.
        FolderError: the disk refused, or Blender could not write the file.
        Cancelled: the user asked to stop.
    """
    addon = _addon_parent()
    with _stage(path) as stage:
        source = face_folder or folder.save(face, stage / "face", progress.part(0.0, 0.3))
        options = ["--rig"] if rig else []
        if take is not None:
            take.save(stage / _TAKE)
            options += ["--take", str(stage / _TAKE)]
        _run_blender(source, stage / path.name, options, _environment(addon, stage), progress.part(0.3, 0.95))
        (stage / path.name).replace(path)
    progress.report(_STEP, 1.0, f"Wrote {path.name}")


@contextmanager
def _stage(path: Path) -> Iterator[Path]:
    """A folder beside `path`, on the same disk, for all that Blender leaves around when it is stopped."""
    try:
        with staging_folder(path.parent) as stage:
            yield stage.absolute()
    except OSError as error:
        raise cannot_write(path, error) from error


def _addon_parent() -> Path:
    """The folder to import dreamface_addon from; it is never imported here."""
    if find_spec("bpy") is None:
        raise MissingDependency(
            "Blender files need the package bpy: install it with `pip install dreamface[blender]` on Python 3.11 or "
            "3.13."
        )
    spec = find_spec("dreamface_addon")
    if spec is None or not spec.origin:
        raise MissingDependency("Blender files need the package dreamface_addon: install DreamFace again, all of it.")
    return Path(spec.origin).parents[1]


def _environment(addon: Path, temporary: Path) -> dict[str, str]:
    """The process's environment: it finds the add-on, no user's preferences, and a place for Blender's litter."""
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    paths = [str(addon), *filter(None, inherited)]  # an empty one would be the user's folder
    return {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        "PYTHONPATH": os.pathsep.join(paths),
        "BLENDER_USER_RESOURCES": str(temporary / "blender"),
    }


def _run_blender(
    face_folder: Path, file: Path, options: list[str], environment: dict[str, str], progress: Progress
) -> None:
    in_isolation = (sys.executable, "-P")  # no file in the user's folder passes for a module
    program = (*in_isolation, "-m", "dreamface_addon.scene.write_blend")
    command = [*program, str(face_folder.absolute()), str(file), *options]
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
            raise _failure(log.read().decode("utf-8", "replace"))


def _failure(log: str) -> MissingDependency | FolderError:
    """What the last line of Blender's output says went wrong."""
    reason = (log.strip().splitlines() or ["no reason given"])[-1].removeprefix("Error: ").rstrip(".")
    kind, _, detail = reason.partition(": ")
    if kind in ("ImportError", "ModuleNotFoundError"):
        return MissingDependency(f"The package bpy does not load ({detail}): run `dreamface doctor`, which says why.")
    return FolderError(f"Blender could not write the file: {reason}; `dreamface doctor` may know why.")


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_POLL)
    except subprocess.TimeoutExpired:
        return
