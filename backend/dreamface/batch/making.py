"""What becomes of single rows; runs in whichever process makes faces."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from dreamface import library
from dreamface.batch.outcome import Kind, Result
from dreamface.batch.plan import PlannedRow
from dreamface.batch.wishes import Wish
from dreamface.errors import Cancelled, DiskFull, DreamFaceError, FolderError
from dreamface.progress import Progress
from dreamface.writing import export_all, prepare, staging

ProgressOf = Callable[[PlannedRow], Progress]
"""Gives the part of a batch's progress that is one row's."""

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_FULL: Final = "The disk is full: free some space"
_MADE: Final = 0.7  # of a row's time: when the face is there and has to be written


def unwatched(row: PlannedRow) -> Progress:
    """Return a progress that nobody watches."""
    return Progress()


def load_pipeline() -> None:
    """Load what every face takes; seconds."""
    from dreamface import pipeline  # noqa: F401


class Make(Protocol):
    """Makes the faces of rows. The one place where several faces could be made at once."""

    def __call__(self, rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf = unwatched) -> Iterator[Result]:
        """Yield what became of each row, in any order, one result for each."""
        ...


def make(rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf = unwatched) -> Iterator[Result]:
    """Make rows one after the other; yield a result for each, whatever goes wrong with it.

    Raises:
        Cancelled: the progress said so.
    """
    for row in rows:
        yield _make_safely(row, wish, progress_of(row))


def _make_safely(row: PlannedRow, wish: Wish, progress: Progress) -> Result:
    try:
        kind, notes = _make_one(row, wish, progress)
        return Result(row.index, kind, row.name, notes=notes)
    except Cancelled:
        raise
    except DiskFull:
        return Result(row.index, "stop", row.name, _FULL)
    except DreamFaceError as error:
        return Result(row.index, "failed", row.name, str(error))
    except Exception as error:  # a bug that one row meets must not lose the night's other rows
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return Result(row.index, "stop", row.name, _FULL)
        reason = f"a bug in DreamFace, please report it: {error!r}"
        return Result(row.index, "failed", row.name, reason, trace="".join(traceback.format_exception(error)))


def _make_one(row: PlannedRow, wish: Wish, progress: Progress) -> tuple[Kind, tuple[str, ...]]:
    """Make a row's face, or what its folder lacks.

    Raises:
        DreamFaceError: it can't be made.
    """
    if wish.only is not None:
        from dreamface.batch.looks import make_look

        return make_look(row, wish, progress), ()
    if (wish.out / row.name).exists():
        return _complete(row, wish, progress)
    return _make_face(row, wish, progress)


def _make_face(row: PlannedRow, wish: Wish, progress: Progress) -> tuple[Kind, tuple[str, ...]]:
    with staging(wish.out) as stage:
        face = generate(row, wish, progress.part(0.0, _MADE))
        written = prepare(face, stage / row.name, row.name, wish.formats, progress.part(_MADE, 1.0))
        return move(written.folder, wish.out / row.name, row, wish), tuple(written.notes)


def generate(row: PlannedRow, wish: Wish, progress: Progress, resolution: int | None = None) -> Any:
    """Return a row's face.

    Args:
        row: what it is made from.
        wish: what else is wanted.
        progress: 0..1 of the making.
        resolution: of its maps; None is the row's.

    Raises:
        DreamFaceError: it can't be made.
    """
    from dreamface import pipeline

    return pipeline.generate(
        row.prompt,
        seed=row.seed,
        resolution=resolution or row.resolution,
        head=wish.head,
        anyway=wish.anyway,
        align=wish.align,
        progress=progress,
    )


def move(staged: Path, target: Path, row: PlannedRow, wish: Wish) -> Kind:
    """Move what was made to its place; where the same was made meanwhile, by a worker thought dead, that stays.

    Raises:
        FolderError: something else is there by now, or the disk refused.
    """
    from dreamface._files import cannot_write

    try:
        if not target.exists():
            staged.rename(target)
            return "made"
    except OSError as error:
        if not target.exists():
            raise cannot_write(target, error) from error
    check_same(target, row, wish)
    return "skipped"


def _complete(row: PlannedRow, wish: Wish, progress: Progress) -> tuple[Kind, tuple[str, ...]]:
    """Write the exports that a row's folder lacks."""
    from dreamface import folder as face_folder

    folder = wish.out / row.name
    check_same(folder, row, wish)
    missing = missing_formats(row, wish)
    if not missing:
        return "skipped", ()
    written = export_all(face_folder.load(folder), folder, row.name, missing, progress)
    return ("exported" if written.files else "skipped"), tuple(written.notes)


def missing_formats(row: PlannedRow, wish: Wish) -> list[str]:
    """Return the exports that a row's folder lacks."""
    return [suffix for suffix in wish.formats if not (wish.out / row.name / f"{row.name}.{suffix}").exists()]


def check_same(folder: Path, row: PlannedRow, wish: Wish) -> None:
    """Refuse a folder whose face is another than the row's.

    Raises:
        FolderError: it is, or the folder holds no face.
    """
    if is_there(folder, row, wish):
        return
    from dreamface import folder as face_folder

    record = face_folder.read_document(folder).record
    face = f"“{record.prompt}” with seed {record.seed}, {record.resolution} pixels, {record.head}"
    raise FolderError(f"{folder} holds another face, {face}; give this row a name of its own or delete the folder.")


def is_there(folder: Path, row: PlannedRow, wish: Wish) -> bool:
    """Whether a folder holds a row's face, as far as face.json tells without being checked; needs no torch."""
    said = library.describe(folder)
    return said is not None and row.is_of(identity(said), wish.head)


def identity(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells whose face a face.json is of."""
    head = said.get("head")
    model = head.get("model") if isinstance(head, Mapping) else head
    return {**{name: said.get(name) for name in ("prompt", "seed", "resolution")}, "head": model}
