"""How the command line speaks: to a person at a terminal, to a log, or as JSON to a program."""

from __future__ import annotations

import json
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, TextIO

from dreamface.errors import Cancelled, DreamFaceError
from dreamface.progress import Progress, Step, Watcher
from dreamface.text import is_printable, one_line, printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LOG_WIDTH = 160
"""Columns of a table that goes to a file or a pipe, which has no width of its own."""


class Terminal:
    """Where a command's words go.

    Results go to stdout; progress, notes and errors to stderr. With `as_json` both carry JSON only: one document on
    stdout, one object a line on stderr.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json

    def show(self, *lines: str | Rows) -> None:
        """Print text or tables for a person, without what would steer the terminal; nothing with `as_json`."""
        if not self.as_json:
            console = _console(sys.stdout)
            for line in lines:
                console.print(printable(line) if isinstance(line, str) else line.to_table())

    def result(self, data: Any) -> None:
        """Print the result for a program; nothing without `as_json`."""
        if self.as_json:
            print(_to_json(data, indent=2))

    def fail(self, error: DreamFaceError) -> None:
        """Say in one sentence what could not be done."""
        if self.as_json:
            _print_json({"error": str(error), "kind": type(error).__name__})
        else:
            print(one_line(str(error)), file=sys.stderr)

    def bug(self, error: Exception) -> None:
        """Show where an unexpected error happened."""
        self.trace("".join(traceback.format_exception(error)), repr(error))

    def trace(self, lines: str, error: str = "") -> None:
        """Show where an unexpected error happened, perhaps in another process.

        Args:
            lines: as Python prints them.
            error: what happened; by default the last of the lines.
        """
        lines = printable(lines)
        if self.as_json:
            _print_json({"error": error or lines.rstrip().rpartition("\n")[2], "kind": "bug", "traceback": lines})
        else:
            print(
                lines + "This is a bug in DreamFace; please report it with these lines and your command.",
                file=sys.stderr,
            )

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Show a job's progress; the first Ctrl-C stops it at its next step, a second one at once."""
        with self._watcher() as watcher, _stop_asked() as stop_asked:
            try:
                yield Progress(watcher, stop_asked)
            except DreamFaceError as error:
                if stop_asked() and not isinstance(error, Cancelled):
                    raise Cancelled from error  # Ctrl-C reaches helper processes too: their failing is no news
                raise

    @contextmanager
    def _watcher(self) -> Iterator[Watcher]:
        if self.as_json:
            yield lambda step: _print_json({"stage": step.stage, "fraction": step.fraction, "message": step.message})
        elif sys.stderr.isatty():
            with _bar() as watcher:
                yield watcher
        else:
            yield _LineWatcher()


_LINE_STEP = 0.1
"""Of a job: how far it gets between two plain lines about one stage."""


class _LineWatcher:
    """Writes a plain line when a stage begins and now and then while it goes on; for logs."""

    def __init__(self) -> None:
        self._stage = ""
        self._next = 0.0

    def __call__(self, step: Step) -> None:
        if step.stage != self._stage or step.fraction >= self._next:
            print(_line(step), file=sys.stderr, flush=True)
            self._stage, self._next = step.stage, step.fraction + _LINE_STEP


def _line(step: Step) -> str:
    return f"{step.fraction:4.0%}  {one_line(f'{step.stage}: {step.message}')}".rstrip(": ")


@contextmanager
def _bar() -> Iterator[Watcher]:
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with RichProgress(*columns, console=_console(sys.stderr), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda step: bar.update(task, completed=step.fraction, description=one_line(step.message or step.stage))


@contextmanager
def _stop_asked() -> Iterator[Callable[[], bool]]:
    asked = False

    def ask(signal_number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def use_utf8(*streams: TextIO) -> None:
    """Make streams speak UTF-8, as they don't by themselves on Windows; what can't be said in it becomes a `?`."""
    for stream in streams:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


@dataclass
class Rows:
    """A table in the house style.

    Attributes:
        title: above it; may be empty.
        columns: their titles.
        rows: a text for each column.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Append a row."""
        self.rows.append(cells)

    def to_table(self) -> Table:
        """Return what rich prints, without what would steer the terminal."""
        from rich.box import SIMPLE_HEAD
        from rich.table import Table

        rich = Table(*self.columns, title=self.title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        for row in self.rows:
            rich.add_row(*map(printable, row))
        return rich


def table(title: str, *columns: str) -> Rows:
    """An empty table in the house style."""
    return Rows(title, columns)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else LOG_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def _print_json(data: dict[str, Any]) -> None:
    print(_to_json(data), file=sys.stderr, flush=True)


def _to_json(data: Any, indent: int | None = None) -> str:
    """JSON in which letters of all languages stay as they are, and what would steer a terminal is escaped."""
    text = json.dumps(data, indent=indent, ensure_ascii=False)
    if is_printable(text.replace("\n", "")):
        return text
    return "".join(char if char == "\n" or is_printable(char) else json.dumps(char)[1:-1] for char in text)
