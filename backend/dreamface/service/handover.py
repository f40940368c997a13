"""The file in which a running backend says where it is and how to be let in. Only the user can read it."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dreamface._files import cannot_write, sibling


@dataclass(frozen=True)
class Handover:
    """Where a backend is.

    Attributes:
        api: version of what it speaks.
        url: such as "http://127.0.0.1:43117".
        token: what every request must carry.
        pid: its process.
        version: of DreamFace.
        fingerprint: of the certificate that it shows; empty where it does not encrypt.
    """

    api: int
    url: str
    token: str
    pid: int
    version: str
    fingerprint: str = ""


_TRIES, _PAUSE = 20, 0.05  # seconds


def file_of(store: Path) -> Path:
    """Return where the backend of a store writes it by default."""
    return store / "backend.json"


def write(file: Path, handover: Handover) -> None:
    """Write the file whole, readable by the user alone from its first byte on.

    Raises:
        FolderError: the disk refused.
    """
    part = sibling(file, "part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(asdict(handover), stream)
        _put_in_place(part, file)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise cannot_write(file, error) from error


def _put_in_place(part: Path, file: Path) -> None:
    """Rename; on Windows that fails while somebody, such as a Blender that waits for it, has the old file open."""
    for _ in range(_TRIES):
        with suppress(PermissionError):
            part.replace(file)
            return
        time.sleep(_PAUSE)
    part.replace(file)


def read(file: Path) -> Handover | None:
    """What the file says, or None where there is none that can be understood."""
    try:
        data = json.loads(file.read_text("utf-8"))
        return Handover(**{key: data[key] for key in Handover.__dataclass_fields__ if key in data})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove(file: Path) -> None:
    """Take the file away if it is this process's own."""
    handover = read(file)
    if handover is not None and handover.pid == os.getpid():
        with suppress(OSError):
            file.unlink()
