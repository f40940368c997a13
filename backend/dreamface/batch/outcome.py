"""What became of the rows, and the table of those that failed."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from dreamface.batch.table import Failure, Table
from dreamface.text import printable

Kind = Literal["made", "exported", "skipped", "failed", "stop"]
"""What became of a row; "stop": the reason concerns all the others, too."""

_MOST_SAID: Final = 20  # failures in a terminal, and kinds of notes
_OWN: Final = (("line", "reason"), ("failed line", "failed reason"))
"""Columns that are added to the row's; the second two where the table has one of the first of its own."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row.

    Attributes:
        index: of the row in the table.
        kind: what became of it.
        name: of its folder.
        reason: why it failed; a sentence.
        notes: sentences about what could not be written.
        trace: where a bug happened, as Python prints it.
    """

    index: int
    kind: Kind
    name: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    trace: str = ""


Results: TypeAlias = "Generator[Result | None, None, None]"
"""What became of rows, in any order; None now and then, so that whoever reads it can look up."""


@dataclass
class Outcome:
    """What became of all rows, in the order of the table.

    Attributes:
        made: names of new folders.
        exported: names of folders that were there and got files they lacked.
        skipped: names of folders that were there with all that is asked for.
        failures: the other rows.
        notes: sentences about what could not be written; may repeat.
        names: of all folders that are there.
    """

    made: list[str] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def there(self) -> int:
        """How many rows have their folder."""
        return len(self.names)

    def to_json(self) -> dict[str, Any]:
        """Plain data for a program."""
        return {
            "made": self.made,
            "exported": self.exported,
            "skipped": self.skipped,
            "failed": [{"line": failure.line, "reason": failure.reason} for failure in self.failures],
            "notes": sorted(set(self.notes)),
        }

    def sentences(self) -> list[str]:
        """The same for a person, without the counts; of many failures the first."""
        exported = [f"Of those that were there, {len(self.exported)} got new exports"] if self.exported else []
        failed = [f"Line {failure.line}: {failure.reason}" for failure in self.failures]
        return [*exported, *_first(sorted(set(self.notes))), *_first(failed)]


def _first(lines: Sequence[str]) -> list[str]:
    """Return as many lines as fit on a screen, and how many more there are."""
    more = len(lines) - _MOST_SAID
    return [*lines[:_MOST_SAID], *([f"and {more:,} more"] if more > 0 else [])]


def collect(table: Table, results: dict[int, Result], refused: dict[int, Failure]) -> Outcome:
    """Return the outcome of rows by their index in the table; those with neither are left out.

    Args:
        table: with all rows.
        results: of those that were there, or were worked on.
        refused: those that no face can be made of.
    """
    outcome = Outcome()
    lists = {"made": outcome.made, "exported": outcome.exported, "skipped": outcome.skipped}
    for index, row in enumerate(table.rows):
        if index in refused:
            outcome.failures.append(refused[index])
        elif (result := results.get(index)) is None:
            continue
        elif result.kind in lists:
            lists[result.kind].append(result.name)
            outcome.names.append(result.name)
            outcome.notes += result.notes
        else:
            outcome.failures.append(Failure(row.line, result.reason, result.name, row.cells))
    return outcome


def _was_failed(table: Table) -> bool:
    """Whether the last two columns are what an earlier `failed_table` has added: numbers of lines, and reasons."""
    last = tuple(title.lower() for title in table.columns[-2:])
    place = len(table.columns) - 2
    return last in _OWN and all(row.cells[place].strip().isdigit() for row in table.rows if len(row.cells) > place)


def failed_table(table: Table, failures: Sequence[Failure]) -> str:
    """Return the CSV of rows that failed: their own cells, their names, line and reason; it is a table again."""
    titles = list(table.columns[:-2] if _was_failed(table) else table.columns)
    kept = range(len(titles))
    own_titles = next((pair for pair in _OWN if not {title.lower() for title in titles} & set(pair)), _OWN[-1])
    lower = [title.lower() for title in titles]
    if "name" not in lower:
        titles, lower = [*titles, "name"], [*lower, "name"]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*titles, *own_titles])
    for failure in failures:
        cells = failure.cells
        own = [cells[number] if number < len(cells) else "" for number in kept]
        own += [""] * (len(titles) - len(own))
        place = lower.index("name")
        own[place] = own[place].strip() or failure.name
        writer.writerow([*map(printable, own), failure.line, failure.reason])
    return text.getvalue()
