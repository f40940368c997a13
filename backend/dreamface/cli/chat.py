"""`dreamface chat`: a conversation with a face."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dreamface import library
from dreamface.cli.commands import moved_elsewhere, what_was_written
from dreamface.cli.edit import open_to_change, write_edited
from dreamface.cli.faces import FACES
from dreamface.cli.making import Written, check_free
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import Cancelled, DreamFaceError

if TYPE_CHECKING:
    from dreamface.editing import Reply
    from dreamface.face import Face
    from dreamface.pipeline import Seen
    from dreamface.record import FaceRecord

_ENDS: Final = frozenset({"exit", "quit", "bye", "q", ":q", "exit()", "quit()"})
_MOST_ROWS: Final = 12  # of what a change has changed


def run(options: Namespace, terminal: Terminal) -> bool:
    """Talk with a face until the lines end, or somebody says so."""
    if options.output is not None:
        check_free(options.output)
    with terminal.progress() as progress:
        source, opened, face, notes = open_to_change(options, progress)
    chat = _Chat(face, source, opened, options, terminal, notes)
    is_live = not options.say and sys.stdin.isatty() and not terminal.as_json
    if is_live:
        terminal.show(f"“{face.prompt}”, seed {face.seed}. Say what should be different, or ask; “exit” ends.")
    for line in _lines(options.say, is_live):
        chat.hear(line, at_once=is_live)
    return chat.end()


def _lines(say: list[str], is_live: bool) -> Iterator[str]:
    """Yield what is said until the end: the lines that were given, or those that are typed."""
    if say:
        yield from say
        return
    if is_live:
        with suppress(ImportError):
            import readline  # noqa: F401 - lines can be edited and called back by arrow keys
    while True:
        try:
            line = input("> ") if is_live else sys.stdin.readline()
        except EOFError:
            return
        except KeyboardInterrupt:  # nothing is being made: it ends the conversation
            print()
            return
        if (not line and not is_live) or line.strip().lower() in _ENDS:
            return
        if line.strip():
            yield line.strip()


@dataclass
class _Chat:
    """One conversation.

    Attributes:
        face: as it was made last.
        source: where it lies.
        opened: its state there when it was opened or written last.
        options: of the command.
        terminal: where words go.
        notes: sentences about the folder.
    """

    face: Face
    source: Path
    opened: str
    options: Namespace
    terminal: Terminal
    notes: list[str]
    turns: list[dict[str, Any]] = field(default_factory=list)
    written: Written | None = None
    failed: bool = False

    def __post_init__(self) -> None:
        self.record: FaceRecord = self.face.record

    def hear(self, line: str, at_once: bool) -> None:
        """Answer a line; what it changes is made at once, or before the next look at the face.

        A line that can't be followed changes nothing, and the conversation goes on.
        """
        from dreamface import editing

        if not self.options.json:
            self.terminal.show(*([] if at_once else [f"> {line}"]))
        before = self.record
        try:
            reply = editing.talk(
                self.record, line, others=self._others(), look=self._look, understand_with=editing.understanding()
            )
        except (Cancelled, KeyboardInterrupt):
            now = "nothing was changed" if self.record is before else "what was made before that stays"
            self.terminal.show(f"Stopped; {now}.")
            self.failed = True
            return
        except DreamFaceError as error:
            self.terminal.fail(error)
            self.failed = True
            return
        self._tell(line, reply)
        before, self.record = self.record, reply.record
        if at_once and self.record.edits != self.face.record.edits and not self._make():
            self.record = before

    def end(self) -> bool:
        """Make and save what is not yet; return whether every line was followed."""
        from dreamface import editing

        known = {id(turn) for turn in self.face.record.talk}
        is_new = any(id(turn) not in known for turn in self.record.talk)
        is_lasting = editing.lasting(self.record.talk) != editing.lasting(self.face.record.talk)
        if self.record.edits != self.face.record.edits:
            self.failed |= not self._make()
        elif is_lasting or (is_new and self.written is not None):
            self.face = replace(self.face, record=self.record)
            self.failed |= not self._save()
        self.terminal.result({"turns": self.turns, **(self.written.to_json() if self.written else {})})
        if self.written is not None:
            self.written.notes += self.notes
            self.terminal.show(*what_was_written(self.written))
        elif self.options.output is not None:
            self.terminal.show("Nothing was changed, so nothing was written.")
        return not self.failed

    def _tell(self, line: str, reply: Reply) -> None:
        """Show an answer, and what changed with values before and after."""
        from dreamface.language import label_of, value_of

        self.failed |= not reply.understood
        shifts = [(name, label_of(name), value_of(name, old), value_of(name, new)) for name, old, new in reply.shifts]
        self.turns.append(
            {
                "said": line, "answer": reply.answer, "changed": reply.changed, "understood": reply.understood,
                "changes": [{"trait": name, "before": old, "after": new} for name, old, new in reply.shifts],
            }
        )  # fmt: skip
        self.terminal.show(reply.answer)
        shown = [row for row in shifts if row[2] != row[3] and f"{row[2]} → {row[3]}" not in reply.answer]
        if not shown:
            return
        rows = table("", "trait", "before", "after")
        for _, label, old, new in shown[:_MOST_ROWS]:
            rows.add_row(label, old, new)
        more = len(shown) - _MOST_ROWS
        self.terminal.show(rows, *([f"and {more} more"] if more > 0 else []))

    def _make(self) -> bool:
        """Make the face as it was talked about and save it; where that is stopped or fails it stays as it was."""
        try:
            self._make_as(self.record)
        except Cancelled:
            self.terminal.show("Stopped: the face is as it was before.")
        except DreamFaceError as error:
            self.terminal.fail(error)
            self.failed = True
        else:
            return True
        return False

    def _make_as(self, record: FaceRecord) -> None:
        """Make the face as a record says, and save it.

        Raises:
            DreamFaceError: that failed; the face is as it was.
            Cancelled: the user asked to stop; the face is as it was.
        """
        from dreamface import pipeline

        before = self.face
        try:
            with self.terminal.progress() as progress:
                self.face = pipeline.edit(
                    before, {}, edits=record.edits, talk=record.talk, progress=progress.part(0.0, 0.7)
                )
                self._write(progress.part(0.7, 1.0))
        except BaseException:
            self.face = before
            raise
        self.record = self.face.record

    def _save(self) -> bool:
        try:
            with self.terminal.progress() as progress:
                self._write(progress)
        except DreamFaceError as error:
            self.terminal.fail(error)
            return False
        return True

    def _write(self, progress: Any) -> None:
        """Write the face in place, or where it was asked for: from then on in place there."""
        from dreamface import folder

        written = write_edited(self.face, self.source, self.options, progress, self.opened)
        notes = self.written.notes if self.written else moved_elsewhere(written, self.options.output)
        self.written = replace(written, notes=list(dict.fromkeys((*notes, *written.notes))))
        self.source, self.options.output = written.folder, None
        self.opened = folder.state_of(self.source)

    def _look(self, record: FaceRecord) -> Mapping[str, Seen]:
        """Return what the face shows as a record says; what was changed since it was made last is made first."""
        from dreamface import pipeline

        if record.edits != self.face.record.edits:
            self._make_as(record)
        return pipeline.look_at(self.face)

    def _others(self) -> Any:
        """Return the faces beside this one and in the folder where faces go, by name."""
        from dreamface import folder
        from dreamface.editing import Others

        here = self.source.resolve()
        places = dict.fromkeys((here.parent, FACES.resolve()))
        entries = [entry for place in places for entry in library.faces_in(place) if entry.path.resolve() != here]
        known = {entry.path.name: entry.path for entry in reversed(entries)}

        def find(name: str) -> FaceRecord:
            path = known.get(name)
            if path is None and not name and len(known) == 1:
                path = next(iter(known.values()))
            if path is None:
                return Others.of({}).find(name) if name or not known else _which(known)
            return folder.read_document(path).record

        return Others(tuple(known), find)


def _which(known: Mapping[str, Path]) -> FaceRecord:
    from dreamface.errors import BadRequest

    raise BadRequest(f"Say which other face: {', '.join(list(known)[:5])}.")
