"""`dreamface animate`: a performance from footage or a recorded take, as a take or on a face."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dreamface.cli.faces import folder_of
from dreamface.cli.terminal import Terminal
from dreamface.errors import BadRequest, FolderError
from dreamface.performance import Performance

TRACKERS: Final = ("auto", "face-mesh", "face-landmarker")

_TAKES: Final = (".csv", ".npz")
_FACES: Final = (".glb", ".blend")
_READ: Final = 0.7  # of the work where a face is written, too


def run(options: Namespace, terminal: Terminal) -> bool:
    """Read a performance and write it."""
    target = options.output
    _check_target(target, options.face, options.rig)
    wishes: dict[str, Any] = {
        "tracker": options.tracker, "face": options.which, "start": options.start, "end": options.end,
        "neutral": options.neutral, "mirror": options.mirror, "smoothing": options.smoothing,
        "gains": gains(options.gain), "rate": options.rate,
    }  # fmt: skip
    with terminal.progress() as progress:
        from dreamface import folder, pipeline

        pipeline.check_animation(**wishes)
        on_face = target.suffix.lower() in _FACES
        face = folder.load(folder_of(options.face)) if on_face else None
        take = pipeline.animate(options.source, **wishes, progress=progress.part(0.0, _READ if on_face else 1.0))
        if face is None:
            pipeline.write_take(take, target)
        else:
            source = folder_of(options.face)
            rest = progress.part(_READ, 1.0)
            pipeline.export(face, target, progress=rest, face_folder=source, rig=options.rig, take=take)
    notes = list(pipeline.remarks(take))
    terminal.result({"file": str(target), **_about(take), "notes": notes})
    terminal.show(f"Wrote {target}: {len(take):,} moments, {take.duration:.1f} s at {take.rate:g} a second", *notes)
    return True


def _check_target(target: Path, face: Path | None, rig: str | None) -> None:
    """Refuse what can't be written before anything slow starts.

    Raises:
        BadRequest: the file has no format that holds a performance, or it needs a face, or can't have bones.
        FolderError: its folder is not there.
    """
    suffix = target.suffix.lower()
    if suffix not in (*_TAKES, *_FACES):
        raise BadRequest(f"{target.name} holds no performance: end it in {', '.join((*_TAKES, *_FACES))}.")
    if suffix in _FACES and face is None:
        raise BadRequest(
            f"A {suffix} needs a face: dreamface animate FACE SOURCE -o {target.name}; .csv and .npz need none."
        )
    if suffix in _TAKES and rig is not None:
        raise BadRequest(f"A {suffix} has no bones: leave --rig away, or end the file in {' or '.join(_FACES)}.")
    if not target.absolute().parent.is_dir():
        raise FolderError(f"{target.parent} is not a folder: create it first or choose another place.")


def gains(given: Sequence[str]) -> dict[str, float]:
    """Return region -> factor of arguments such as "mouth=1.2".

    Raises:
        BadRequest: one is no such thing.
    """
    found: dict[str, float] = {}
    for text in given:
        name, _, factor = text.partition("=")
        try:
            found[name.strip()] = float(factor)
        except ValueError:
            raise BadRequest(f"{text!r} is no gain: write a region and a factor, such as mouth=1.2.") from None
    return found


def _about(take: Performance) -> dict[str, Any]:
    return {
        "source": take.source,
        "moments": len(take),
        "seconds": round(take.duration, 3),
        "seen": round(float(take.seen.mean()), 4),
        "rate": take.rate,
    }
