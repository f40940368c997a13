"""`dreamface refit`: points of a face from photographs moved to where these show them."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dreamface.cli.commands import moved_elsewhere, what_was_written
from dreamface.cli.edit import open_to_change, write_edited
from dreamface.cli.faces import folder_of
from dreamface.cli.making import check_free
from dreamface.cli.terminal import Terminal, table
from dreamface.errors import BadRequest

if TYPE_CHECKING:
    from dreamface.pipeline import Pins

_OFF = "off"


def run(options: Namespace, terminal: Terminal) -> bool:
    """Move points, or list where they are."""
    pins = _pins(options.pins)
    if not pins:
        return _list(options, terminal)
    if options.output is not None:
        check_free(options.output)
    with terminal.progress() as progress:
        from dreamface import pipeline

        source, opened, face, notes = open_to_change(options, progress)
        made = pipeline.refit(face, pins, progress=progress.part(0.05, 0.7))
        written = write_edited(made, source, options, progress.part(0.7, 1.0), opened)
    written.notes += notes + moved_elsewhere(written, options.output)
    terminal.result({"pins": made.record.history[-1]["pins"], **written.to_json()})
    terminal.show(*what_was_written(written))
    return True


def _list(options: Namespace, terminal: Terminal) -> bool:
    """Show where photographs show the points of a face."""
    with terminal.progress() as progress:
        from dreamface import folder, pipeline

        progress.report("open", 0.0, "Opening the face")
        shown = pipeline.points_shown(folder.load(folder_of(options.face)))
    terminal.result({"points": {str(number): places for number, places in shown.items()}})
    points = table("Points in the photographs", "photograph", "point", "across", "down")
    for number, places in shown.items():
        for name, (across, down) in places.items():
            points.add_row(str(number), name, f"{across:.4f}", f"{down:.4f}")
    terminal.show(points)
    return True


def _pins(said: Sequence[str]) -> Pins:
    """Return pins as typed: `nose.tip=0.5,0.42`, `2:chin=0.4,0.8` in the second photograph, `chin=off`.

    Raises:
        BadRequest: one is something else.
    """
    found: dict[int, dict[str | int, tuple[float, float] | None]] = {}
    for pin in said:
        where, _, place = pin.partition("=")
        number, _, name = where.rpartition(":")
        point = int(name) if name.isdecimal() else name
        try:
            at = None if place == _OFF else _place(place)
            found.setdefault(int(number or 1), {})[point] = at
        except ValueError as error:
            raise BadRequest(
                f"{pin!r} is no pin: write such as nose.tip=0.5,0.42 (fractions of the photograph's width and height "
                "from its upper left corner), 2:chin=0.4,0.8 in the second photograph, or chin=off."
            ) from error
    return found


def _place(said: str) -> tuple[float, float]:
    across, down = (float(part) for part in said.split(","))
    return across, down
