"""Many faces: what can be done for several people at once is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from dreamface.errors import BadRequest, DreamFaceError, NothingRead
from dreamface.face import Face
from dreamface.head import check_name
from dreamface.limits import check_prompt, check_resolution, check_seed, drawn_seed
from dreamface.pipeline.making import begun, dress
from dreamface.pipeline.people import build_heads
from dreamface.progress import Progress
from dreamface.prompts import PromptReading, read_many
from dreamface.record import FaceRecord
from dreamface.traits import Traits, TraitValue, Value

Person = str | Mapping[str, TraitValue | Value]
"""A prompt, or traits by name."""

SOMEBODY: Final = "a person"
"""The prompt of who is given by traits alone."""

_READ_TOGETHER: Final = 64  # prompts
_TOGETHER: Final = 16  # people whose heads are built at once


def generate_many(
    people: Sequence[Person],
    seeds: Sequence[int] | None = None,
    *,
    resolution: int = 1024,
    head: str = "auto",
    anyway: bool = False,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Iterator[Face]:
    """Faces of many people, one after the other, each as `generate` makes it.

    All is checked and read before the first is made. Reading, fitting and shaping are done for several people at once;
    skin, hair and pictures for each. Only a few faces are in memory at any time, so save each, or take from it what
    you need.

    Args:
        people: prompts, or traits by name.
        seeds: of each; None throws the dice for each.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`.
        head: head model, one of `HEADS`.
        anyway: whether to make someone also where nothing of a prompt was read.
        progress: told about every face.

    Returns:
        The faces in the order of the people. Vertices are those of `generate` within a hundredth of a millimetre.

    Raises:
        BadRequest: there are fewer or more seeds than people, or one of them can't be made; it is said which.
        NothingRead: nothing of one prompt was read.
        Cancelled: the progress said so, while a face is made.

    >>> faces = generate_many(["an old man", {"age": 9.0}], [1, 2], resolution=512, head="anny")
    >>> [face.record.traits.number("age") > 60.0 for face in faces]
    [True, False]
    """
    if seeds is not None and len(seeds) != len(people):
        raise BadRequest(f"Give as many seeds as people: there are {len(seeds):,} for {len(people):,}.")
    numbers = [drawn_seed(None) for _ in people] if seeds is None else list(seeds)
    records = _records(people, numbers, resolution, head, anyway)
    return _made(records, progress)


def _records(
    people: Sequence[Person], seeds: Sequence[int], resolution: int, head: str, anyway: bool
) -> list[FaceRecord]:
    """Return the records of people before they have heads; raise where one can't be made."""
    prompts = [person if isinstance(person, str) else SOMEBODY for person in people]
    check_resolution(resolution)
    check_name(head)
    for index, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
        with _which(index, people):
            check_prompt(prompt)
            check_seed(seed)
    records = []
    for first in range(0, len(people), _READ_TOGETHER):
        for index, reading in enumerate(read_many(prompts[first : first + _READ_TOGETHER]), first):
            with _which(index, people):
                asked = _asked(people[index], reading, anyway)
                records.append(begun(prompts[index], seeds[index], resolution, head, reading, asked))
    return records


def _asked(person: Person, reading: PromptReading, anyway: bool) -> Traits:
    """Return what is asked for; raise where a prompt says nothing."""
    if not isinstance(person, str):
        return Traits(person)
    if reading.nothing_read and not anyway:
        raise NothingRead(reading.nothing_read)
    return reading.traits


def _made(records: Sequence[FaceRecord], progress: Progress) -> Iterator[Face]:
    """Make the faces of records."""
    for first in range(0, len(records), _TOGETHER):
        some = records[first : first + _TOGETHER]
        heads = build_heads(some[0].head, [one.traits for one in some], [one.seed for one in some])
        for index, (record, built) in enumerate(zip(some, heads, strict=True), first):
            part = progress.part(index / len(records), (index + 1) / len(records))
            yield dress(built, replace(record, candidate=built.candidate), part)


@contextmanager
def _which(index: int, people: Sequence[Person]) -> Iterator[None]:
    """Say whom an error is about, where there are several people."""
    try:
        yield
    except DreamFaceError as error:
        if len(people) > 1:
            raise type(error)(f"Person {index + 1} of {len(people):,}: {error}") from error
        raise
