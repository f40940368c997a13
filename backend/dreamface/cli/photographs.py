"""`dreamface from-photo`: a face from photographs of one person."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dreamface.cli.commands import ignored_words, moved_elsewhere, wanted_formats, what_was_written
from dreamface.cli.making import Destination, write
from dreamface.cli.terminal import Terminal
from dreamface.cli.words import settings, summary
from dreamface.errors import BadRequest
from dreamface.text import slug

if TYPE_CHECKING:
    from dreamface.traits import Traits, TraitValue

CONSENT: Final = "Use photographs of people only with their consent. They stay on this machine and are not kept."


def run(options: Namespace, terminal: Terminal) -> bool:
    """Make a face from photographs, its folder and its exports."""
    chosen, places = settings(options.set), _places(options.face_at)
    destination = Destination(options.output)
    with terminal.progress() as progress:
        from dreamface import editing

        with destination.staging() as stage:
            face = editing.from_photo(
                options.photographs,
                options.words,
                seed=options.seed,
                resolution=options.resolution,
                head=options.head,
                traits=chosen or None,
                tracker=options.tracker,
                places=places,
                progress=progress.part(0.0, 0.7),
            )
            name = slug(options.photographs[0].stem) or "photograph"
            folder = destination.folder(name, face.seed)
            written = write(face, stage, folder, name, wanted_formats(options), progress.part(0.7, 1.0))
    made = face.record.history[0]
    written.notes += [*made["notes"], *moved_elsewhere(written, options.output)]
    shown = face.traits.asked()
    terminal.result(
        {
            "seed": face.seed,
            "resolution": face.resolution,
            "shown": shown.to_json(),
            "photographs": made["photographs"],
            "not_understood": list(face.record.not_understood),
            "consent": CONSENT,
            **written.to_json(),
        }
    )
    terminal.show(
        f"Shows     {summary(first_things(shown))}",
        *ignored_words(face.record.not_understood),
        *what_was_written(written),
        f"Seed      {face.seed}",
        CONSENT,
    )
    return True


def _places(said: Sequence[str]) -> dict[int, tuple[float, float]]:
    """Return places as typed: `0.3,0.4`, or `2:0.3,0.4` in the second photograph.

    Raises:
        BadRequest: one is something else.
    """
    found = {}
    for one in said:
        number, _, place = one.rpartition(":")
        try:
            across, down = (float(part) for part in place.split(","))
            found[int(number or 1)] = across, down
        except ValueError as error:
            raise BadRequest(
                f"{one!r} is no place of a face: write such as 0.3,0.4 (fractions of the photograph's width and "
                "height from its upper left corner), or 2:0.3,0.4 in the second photograph."
            ) from error
    return found


def first_things(shown: Traits) -> dict[str, TraitValue]:
    """Return what photographs show as artists look for it: the person, the skin, eyes and hair, then the shape."""
    from dreamface.traits import VOCABULARY, Group

    order = {Group.PERSON: 0, Group.SKIN: 1, Group.HAIR: 3}

    def rank(name: str) -> int:
        return _EYES if name.startswith("iris.") else order.get(VOCABULARY[name].group, len(order) + 1)

    named = sorted(shown, key=rank)
    return {name: replace(shown[name], confidence=1.0 - place / len(named)) for place, name in enumerate(named)}


_EYES: Final = 2
