"""Looking after faces on disk."""

from __future__ import annotations

import re
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dreamface import library
from dreamface.cli.serve import default_store
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import BadRequest, Cancelled, FolderError
from dreamface.library import FaceEntry

FACES = Path("faces")
"""Where faces go in the current folder unless another place is named."""

_WHOLE_NAMES = "`dreamface faces --json` has the whole names"
_PROMPT_LENGTH = 60  # characters
_MEGABYTE = 1e6

STATES = {
    "changed": "was changed since it was saved",
    "missing": "is missing",
    "unknown": "can't be told: an older DreamFace saved it without a hash",
}
"""What became of a file, in words."""


def run(options: Namespace, terminal: Terminal) -> bool:
    """List faces, remove some, or sweep the variations that nobody picked."""
    places = list({place.resolve(): place for place in options.places or [_stored(options.store), FACES]}.values())
    entries = [entry for place in places for entry in library.faces_in(place)]
    if options.remove:
        return _remove([_find(entries, name, options.yes) for name in options.remove], options.yes, terminal)
    if options.sweep:
        unwanted = library.unwanted(entries, time.time())
        return _remove(unwanted, options.yes, terminal, library.remove_unpicked)
    terminal.result([_to_json(entry) for entry in entries])
    if not entries:
        terminal.show(f"There are no faces in {' or '.join(map(str, places))}.")
        return True
    rows = table("", "name", "made", "MB", "prompt", "where")
    for entry in entries:
        rows.add_row(
            _short(entry), _date(entry), f"{entry.size / _MEGABYTE:.1f}", _about(entry), str(entry.path.parent)
        )
    terminal.show(rows)
    total = sum(entry.size for entry in entries) / _MEGABYTE
    terminal.show(f"{_counted(len(entries))}, {total:.0f} MB.")
    old = len(library.unwanted(entries, time.time()))
    if old:
        terminal.show(f"Nobody has picked {_counted(old)} for a week: `dreamface faces --sweep` removes them.")
    return True


def _stored(store: Path | None) -> Path:
    """Where the backend keeps its faces."""
    from dreamface.service.layout import Layout

    return Layout((store or default_store()).absolute()).result("generate", "face").parent


def _find(entries: Sequence[FaceEntry], name: str, sure: bool) -> FaceEntry:
    """The face of that name. Of a job's id the beginning is enough, unless nobody is asked before it is deleted."""
    found = [entry for entry in entries if entry.id == name]
    if not found and name:
        found = [entry for entry in entries if _is_job(entry) and entry.id.startswith(name)]
        if found and sure:
            raise BadRequest(f"{name!r} is not a whole name, and --yes takes no other; {_WHOLE_NAMES}.")
    if len(found) != 1:
        many = f"There are {len(found)} faces for" if found else "There is no face called"
        raise BadRequest(f"{many} {name!r}; {_WHOLE_NAMES}.")
    return found[0]


def _remove(
    entries: Sequence[FaceEntry],
    sure: bool,
    terminal: Terminal,
    delete: Callable[[FaceEntry], object] | None = None,
) -> bool:
    """Remove faces, where the user is sure; False where some could not be.

    Args:
        entries: the faces.
        sure: whether the user has said so already.
        terminal: where they are shown.
        delete: deletes one; False from it says that it is to stay. None: `library.remove`.
    """
    unique = {entry.path: entry for entry in entries}
    size = sum(entry.size for entry in unique.values()) / _MEGABYTE
    for entry in unique.values():
        terminal.show(f"{entry.path}  {_about(entry)}")
    if unique and not sure and not _agreed(f"Delete {_counted(len(unique))} ({size:.0f} MB)? [y/N] ", terminal):
        raise Cancelled("Nothing was deleted.")
    removed, refused = [], []
    for entry in unique.values():
        try:
            if (delete or library.remove)(entry) is False:
                terminal.show(f"{entry.path} stays: it was picked, or there are files of yours in it.")
            else:
                removed.append(entry)
        except FolderError as error:  # the others can still go
            refused.append(str(error))
    terminal.result({"removed": [str(entry.path) for entry in removed], "refused": refused})
    terminal.show(*refused)
    terminal.show(f"Removed {_counted(len(removed))}, {sum(entry.size for entry in removed) / _MEGABYTE:.0f} MB.")
    return not refused


def _agreed(question: str, terminal: Terminal) -> bool:
    if terminal.as_json or not sys.stdin.isatty():
        raise BadRequest("Nobody can be asked here; add --yes to delete them.")
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _to_json(entry: FaceEntry) -> dict[str, Any]:
    return {
        "name": entry.id,
        "folder": str(entry.path),
        "prompt": entry.prompt,
        "made": datetime.fromtimestamp(entry.made, UTC).isoformat(timespec="seconds"),
        "size": entry.size,
        "damaged": entry.damaged,
        "variation_of": entry.variation_of,
    }


def _short(entry: FaceEntry) -> str:
    """Its name; of a job's id, the beginning."""
    return entry.id[:8] if _is_job(entry) else entry.id


def _is_job(entry: FaceEntry) -> bool:
    """Whether its name is a job's id, which nobody types."""
    return re.fullmatch("[0-9a-f]{32}", entry.id) is not None


def _date(entry: FaceEntry) -> str:
    return datetime.fromtimestamp(entry.made).strftime("%Y-%m-%d %H:%M")


def _about(entry: FaceEntry) -> str:
    if entry.damaged:
        return "(its face.json is damaged)"
    prompt = " ".join(entry.prompt.split())
    short = prompt if len(prompt) <= _PROMPT_LENGTH else f"{prompt[: _PROMPT_LENGTH - 1]}…"
    return f"{short} (not picked)" if entry.variation_of is not None else short


def _counted(number: int) -> str:
    return f"{number} {'face' if number == 1 else 'faces'}"


def verify(options: Namespace, terminal: Terminal) -> bool:
    """Compare a face's files with what was saved; False where one is another."""
    from dreamface import folder

    place = folder_of(options.face)
    with terminal.progress() as progress:
        findings = folder.verify(place, progress.part(0.0, 0.5))
        damaged = [found for found in findings if found.state in ("changed", "missing")]
        if not damaged:
            folder.load(place)  # it may have been saved like this
    unknown = [found for found in findings if found.state == "unknown"]
    terminal.result(
        {
            "folder": str(place),
            "whole": False if damaged else None if unknown else True,
            "files": {found.file: found.state for found in findings},
        }
    )
    terminal.show(*(f"{found.file} {STATES[found.state]}." for found in damaged))
    if damaged:
        terminal.show("Restore these files, or make the face again with `dreamface rebuild`.")
    elif unknown:
        few = ", ".join(found.file for found in unknown)
        terminal.show(f"{place} opens, but whether it is as it was saved {STATES['unknown']} ({few}).")
    else:
        terminal.show(f"{place} is as it was saved, all {len(findings)} files.")
    return not damaged


def folder_of(face: Path) -> Path:
    """The face folder where someone named the face.json in it."""
    return face.parent if face.name == "face.json" else face
