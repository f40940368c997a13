"""Photographs that a head is to be made from: those that the artist has chosen, and how the engine gets them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import bpy

from . import preferences, scene
from .setting_up import SettingUp

MOST: Final = 12
"""Photographs of one person; the engine takes no more."""

ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif")
"""Of files that the engine reads."""

LARGEST: Final = 64 * 2**20
"""Bytes of a file that an engine on another machine takes."""

CONSENT: Final = "Use photographs of people only with their consent."
_STAY: Final = "They stay on this machine, and are not kept unless you say so."
_LEAVE: Final = "They are sent to the engine on your other machine, which deletes them when the head is made."


class Photographs:
    """The photographs that the artist has chosen.

    Attributes:
        chosen: files, in the order in which they were chosen.
    """

    def __init__(self) -> None:
        self.chosen: list[Path] = []

    def add(self, files: Iterable[Path]) -> str:
        """Choose some more; return what the artist has to know about those that were not taken, or nothing."""
        others = []
        for file in files:
            if file.suffix.lower() not in ENDINGS or not file.is_file():
                others.append(file.name)
            elif file not in self.chosen:
                self.chosen.append(file)
        left_out, self.chosen = len(self.chosen) - MOST, self.chosen[:MOST]
        if others:
            return f"{', '.join(others)}: choose JPEG, PNG, WebP, TIFF or HEIC files"
        return (
            f"A head is made from at most {MOST} photographs: the last {left_out} are left out" if left_out > 0 else ""
        )

    def drop(self, number: int) -> None:
        """Choose one no longer."""
        if number < len(self.chosen):
            del self.chosen[number]

    def clear(self) -> None:
        """Choose none."""
        self.chosen = []


def consent_words() -> str:
    """Return what an artist has to read once before heads are made from photographs."""
    return f"{CONSENT} {_LEAVE if preferences.get().url else _STAY}"


def has_agreed() -> bool:
    """Return whether the artist has read it: who read that photographs stay here has not read that they are sent."""
    chosen = preferences.get()
    return bool(chosen.photographs_sent_agreed or (chosen.photographs_agreed and not chosen.url))


def agree() -> None:
    """Remember that the artist has read it."""
    chosen = preferences.get()
    chosen.photographs_agreed = True
    chosen.photographs_sent_agreed = chosen.photographs_sent_agreed or bool(chosen.url)
    bpy.context.preferences.is_dirty = True


def why_not_see(setup: SettingUp) -> str:
    """Return why the engine that was set up here cannot find faces in pictures, or nothing."""
    problem = setup.video_problem()
    if problem is None:
        return "Finding faces needs an addition to the engine: press Add Video in DreamFace's preferences"
    return problem


def sent_photographs(files: Sequence[Path], shares_disk: bool) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Return photographs as the service takes them, and what is sent ahead: SHA-256 -> bytes.

    Args:
        files: the photographs.
        shares_disk: whether the engine reads files of this machine.

    Raises:
        SceneError: one cannot be read, or is too large to be sent.
    """
    sources: list[dict[str, Any]] = []
    uploads: dict[str, bytes] = {}
    for file in files:
        if not file.is_file():
            raise scene.SceneError(f"{file.name} is not there any more: choose a photograph that exists.")
        if shares_disk:
            sources.append({"path": str(file.absolute())})
            continue
        data = _bytes_of(file)
        digest = hashlib.sha256(data).hexdigest()
        uploads[digest] = data
        sources.append({"upload": digest, "name": file.name})
    return sources, uploads


def _bytes_of(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise scene.SceneError(f"{file.name} can't be read ({error.strerror}): choose another photograph.") from error
    if len(data) > LARGEST:
        raise scene.SceneError(f"{file.name} has more than 64 MB: save it as a JPEG of at most 2,048 pixels a side.")
    return data


def uploads_of(files: Iterable[Path], request: Mapping[str, Any]) -> dict[str, bytes]:
    """Return what a job of an earlier Blender is sent ahead: SHA-256 -> bytes, of files that have not changed."""
    wanted = {str(one.get("upload")) for one in request.get("photographs", ()) if isinstance(one, dict)}
    found = {}
    for file in files if wanted != {"None"} else ():
        try:
            data = file.read_bytes()
        except OSError:
            continue  # the engine says that it was not sent
        found[hashlib.sha256(data).hexdigest()] = data
    return {digest: data for digest, data in found.items() if digest in wanted}
