"""A batch: what is there is skipped, the rest is handed to an executor, and what failed is listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final, Protocol

from dreamface.batch.looks import SUFFIXES, look_is_there
from dreamface.batch.making import ProgressOf, check_same, missing_formats
from dreamface.batch.outcome import Outcome, Result, Results, collect, failed_table
from dreamface.batch.pace import Pace
from dreamface.batch.plan import PlannedRow, plan_as_text, plan_row, read_seed_of
from dreamface.batch.stores import Store
from dreamface.batch.table import FAILED, PLAN, Failure, Table
from dreamface.batch.wishes import Wish
from dreamface.errors import Cancelled, DreamFaceError, FolderError
from dreamface.progress import Progress

_SPREADSHEETS: Final = "utf-8-sig"  # with the mark by which Excel knows UTF-8
_LOOK_EVERY: Final = 500  # rows that are planned between two reports


class Executor(Protocol):
    """Has rows made, by whatever means."""

    def run(self, rows: Sequence[PlannedRow], wish: Wish, progress_of: ProgressOf) -> Results:
        """Yield what became of each row.

        Closing the generator stops the work at once; nothing half-made is left.

        Raises:
            DreamFaceError: it can't go on with any row.
        """
        ...


def run_batch(
    table: Table,
    wish: Wish,
    executor: Executor,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    on_bug: Callable[[str], None] = lambda trace: None,
) -> Outcome:
    """Make a face for every row; faces that are there already only get the exports they lack.

    Names, seeds and results are the same whatever the executor is. A batch that was stopped goes on when it is run
    again with the same folder.

    Args:
        table: see `read_table`.
        wish: what is wanted of each row.
        executor: has rows made: `Here`, `Processes` or `Farm`.
        progress: told about every face.
        on_bug: is given the trace of each kind of bug once.

    Raises:
        BadRequest: the wish can be had of no row.
        Busy: another batch works in the folder.
        FolderError: nothing can be written there, or the disk is full; what is made stays.
        Cancelled: the progress said so; the sentence says how to go on.
        DreamFaceError: the executor can't go on.
    """
    wish.check()
    store = wish.store
    with store.alone():
        seed = _begin(table, wish, store)
        run = _Run(table, wish, store, progress, on_bug)
        try:
            run.sort_out(seed)
            run.work(executor)
        except (Cancelled, KeyboardInterrupt):
            raise Cancelled(f"Stopped; {run.so_far}, run it again to go on.") from None
        outcome = collect(table, run.results, run.refused)
        _write_failed(table, outcome.failures, store)
    return outcome


class _Run:
    """One run of a batch."""

    def __init__(
        self, table: Table, wish: Wish, store: Store, progress: Progress, on_bug: Callable[[str], None]
    ) -> None:
        self.results: dict[int, Result] = {}
        self.refused: dict[int, Failure] = {}
        self._table, self._wish, self._store = table, wish, store
        self._progress, self._on_bug = progress, on_bug
        self._todo: list[PlannedRow] = []
        self._fresh: set[int] = set()  # rows of which nothing was there
        self._bugs: set[str] = set()
        self._pace = Pace()

    @property
    def _total(self) -> int:
        return len(self._table.rows)

    @property
    def so_far(self) -> str:
        """How many rows have their face."""
        there = sum(result.kind in ("made", "exported", "skipped") for result in self.results.values())
        return f"{there:,} of {self._total:,} are there"

    def sort_out(self, seed: int) -> None:
        """Plan the rows: some are refused, some are there already, the rest is to be done."""
        names = self._store.names()
        for index, row in enumerate(self._table.rows):
            if index % _LOOK_EVERY == 0:
                self._progress.report("plan", 0.0, f"Looked at {index:,} of {self._total:,} rows")
            planned = row if isinstance(row, Failure) else plan_row(index, row, self._wish, seed)
            if isinstance(planned, Failure):
                self.refused[index] = planned
                continue
            try:
                name = name_of(planned, self._wish)
                if not (self._store.exists(name) if names is None else name in names):
                    self._fresh.add(index)
                    self._todo.append(planned)
                elif is_done(planned, self._wish, self._store):
                    self.results[index] = Result(index, "skipped", planned.name)
                else:
                    self._todo.append(planned)
            except DreamFaceError as error:
                self.refused[index] = Failure(planned.line, str(error), planned.name, row.cells)

    def work(self, executor: Executor) -> None:
        """Have done what is to be done.

        Raises:
            FolderError: the disk is full, or the like.
            Cancelled: the user asked to stop.
        """
        if not self._todo:
            return
        self._pace = Pace()
        with closing(executor.run(self._todo, self._wish, self._progress_of)) as results:
            for result in results:
                if result is not None:
                    self._take(result)
                else:
                    self._report()
        self._report()

    def _take(self, result: Result) -> None:
        if result.kind == "stop":
            raise FolderError(f"{result.reason}; {self.so_far}, run it again to go on.")
        if result.kind == "skipped" and result.index in self._fresh:
            result = replace(result, kind="made")  # by a worker that died before it could say so
        self.results[result.index] = result
        self._pace.count()
        if result.trace and result.trace not in self._bugs:
            self._bugs.add(result.trace)
            self._on_bug(result.trace)

    @property
    def _over(self) -> int:
        return len(self.results) + len(self.refused)

    def _report(self) -> None:
        said = self._pace.in_words(self._total - self._over)
        message = f"{self._over:,} of {self._total:,}: {said or 'starting'}"
        self._progress.report("batch", self._over / self._total, message)

    def _progress_of(self, row: PlannedRow) -> Progress:
        """Return the part of the progress that is this row's, where rows are made one after the other."""
        part = self._progress.part(self._over / self._total, (self._over + 1) / self._total)
        said = self._pace.in_words(self._total - self._over)
        part.report("batch", 0.0, f"{self._over + 1:,} of {self._total:,}: {row.name}" + (f", {said}" if said else ""))
        return part


def name_of(row: PlannedRow, wish: Wish) -> str:
    """Return the name of what is made of a row: its face folder, or the file of a quick look."""
    return row.name if wish.only is None else f"{row.name}{SUFFIXES[wish.only]}"


def is_done(row: PlannedRow, wish: Wish, store: Store) -> bool:
    """Whether all that is asked for of a row is there.

    Raises:
        FolderError: something else has its place.
    """
    if wish.only is not None:
        return look_is_there(row, wish, store)
    if not store.exists(row.name):
        return False
    check_same(row, wish, store)
    return not missing_formats(row, wish, store)


# ------------------------------------------------------------------------------------------------------ the folder


def _begin(table: Table, wish: Wish, store: Store) -> int:
    """Clear away what a killed batch has left, write `batch.json`, and return the batch's seed.

    Raises:
        FolderError: nothing can be written there, or an earlier `batch.json` is damaged.
    """
    store.sweep()
    before = store.read(PLAN)
    seed = read_seed_of(before)
    data = plan_as_text(seed, table, wish).encode()
    if data != before:
        store.write(PLAN, data)
    return seed


def _write_failed(table: Table, failures: Sequence[Failure], store: Store) -> None:
    """Write the table of rows that failed, or take away that of an earlier run.

    Raises:
        FolderError: it can't be written.
    """
    if failures:
        store.write(FAILED, failed_table(table, failures).encode(_SPREADSHEETS, "replace"))
    else:
        store.remove(FAILED)
