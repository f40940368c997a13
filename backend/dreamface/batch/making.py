"""What becomes of single rows; runs in whichever process makes faces."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from dreamface.batch.outcome import Kind, Result
from dreamface.batch.plan import PlannedRow
from dreamface.batch.stores import Store
from dreamface.batch.wishes import Wish
from dreamface.errors import Cancelled, DiskFull, DreamFaceError, FolderError
from dreamface.progress import Progress
from dreamface.writing import export_all, prepare

ProgressOf = Callable[[PlannedRow], Progress]
"""Gives the part of a batch's progress that is one row's."""

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_FULL: Final = "The disk is full: free some space"
_MADE, _WRITTEN = 0.6, 0.85  # of a row's time: when the face is there, and when it is written


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
    store = wish.store
    if store.exists(row.name):
        return _complete(row, wish, store, progress)
    with store.staging() as stage:
        face = generate(row, wish, progress.part(0.0, _MADE))
        written = prepare(face, stage / row.name, row.name, wish.formats, progress.part(_MADE, _WRITTEN))
        kind = put(written.folder, row, wish, store)
    if kind == "made":
        _write_head(row, wish, face, progress.part(_WRITTEN, 1.0))
    return kind, tuple(written.notes)


def _write_head(row: PlannedRow, wish: Wish, face: Any, progress: Progress) -> None:
    """Write a head for the page of all faces, while other processes make theirs; what fails, the page tries again."""
    if not wish.heads or not isinstance(wish.out, Path):
        return
    from dreamface import webpage

    try:
        webpage.write_head(wish.out, wish.out / row.name, progress, name=row.name, face=face)
    except Cancelled:
        raise
    except Exception:  # the face itself is there
        return


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


def put(staged: Path, row: PlannedRow, wish: Wish, store: Store) -> Kind:
    """Move a face to its place; where the same was made meanwhile, by a worker thought dead, that stays.

    Raises:
        FolderError: something else is there by now, or nothing can be written there.
    """
    if store.put(staged, row.name):
        return "made"
    check_same(row, wish, store)
    return "skipped"


def _complete(row: PlannedRow, wish: Wish, store: Store, progress: Progress) -> tuple[Kind, tuple[str, ...]]:
    """Write the exports that a row's folder lacks."""
    from dreamface import folder as face_folder

    check_same(row, wish, store)
    missing = missing_formats(row, wish, store)
    if not missing:
        return "skipped", ()
    with store.fetch(row.name) as folder:
        written = export_all(face_folder.load(folder), folder, row.name, missing, progress)
        store.put_beside(folder, row.name, [file.name for file in written.files.values()])
    return ("exported" if written.files else "skipped"), tuple(written.notes)


def missing_formats(row: PlannedRow, wish: Wish, store: Store) -> list[str]:
    """Return the exports that a row's folder lacks."""
    return [suffix for suffix in wish.formats if not store.exists(f"{row.name}/{row.name}.{suffix}")]


def check_same(row: PlannedRow, wish: Wish, store: Store) -> None:
    """Refuse a folder whose face is another than the row's; needs no torch where it is the same.

    Raises:
        FolderError: it is, or the folder holds no face.
    """
    said = store.said(row.name)
    if said is not None and row.is_of(identity(said), wish.head):
        return
    from dreamface import folder as face_folder

    with store.fetch(row.name) as folder:
        record = face_folder.read_document(folder).record
    face = f"“{record.prompt}” with seed {record.seed}, {record.resolution} pixels, {record.head}"
    place = wish.out / row.name if isinstance(wish.out, Path) else f"{wish.out}/{row.name}"
    raise FolderError(f"{place} holds another face, {face}; give this row a name of its own or delete the folder.")


def identity(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells whose face a face.json is of."""
    head = said.get("head")
    model = head.get("model") if isinstance(head, Mapping) else head
    return {**{name: said.get(name) for name in ("prompt", "seed", "resolution")}, "head": model}
