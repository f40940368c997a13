"""A face from photographs, and what words change about the person in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Literal

from dreamface import pipeline
from dreamface.editing.making import NothingUnderstood, words_edit
from dreamface.face import Face
from dreamface.pipeline import Source, Wanted
from dreamface.progress import Progress
from dreamface.text import clean
from dreamface.traits import Traits, TraitValue, Value


def from_photo(
    photographs: Source | Sequence[Source],
    words: str | None = None,
    *,
    seed: int | Literal["random"] | None = None,
    resolution: int = 1024,
    head: str = "auto",
    traits: Mapping[str, TraitValue | Value] | None = None,
    tracker: str = "auto",
    places: Mapping[int, tuple[float, float]] | None = None,
    face_id: str | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """Make a face from photographs of one person. The photographs are not kept.

    Args:
        photographs: files, or what is in them; several of the same person show more.
        words: what they change about the person, such as "20 years older, with a scar on the left cheek".
        seed: what photographs do not show is drawn from it; as `generate`.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`.
        head: head model, one of `HEADS`.
        traits: laid over what photographs show, and the words.
        tracker: what finds landmarks: "auto", "face-mesh" or "face-landmarker".
        places: number of a photograph with several faces, from 1 -> where in it the one is that is meant, in fractions
            of its width and height from its upper left corner; otherwise the largest is taken.
        face_id: its identity, where it takes another face's place; None makes a new one.
        progress: told about every stage.

    Raises:
        BadRequest: a photograph can't be read, or shows no face or too little of one; words contradict themselves; or
            as `generate`.
        MissingDependency: what finds landmarks is not installed.
        Cancelled: the progress said so.
    """
    said = clean(words or "")
    return pipeline.from_photo(
        photographs, said, change=partial(wanted, said) if said else None, seed=seed, resolution=resolution, head=head,
        traits=traits, tracker=tracker, places=places, face_id=face_id, progress=progress,
    )  # fmt: skip


def wanted(words: str, person: Traits) -> Wanted:
    """Return what words change about a person, as edits of a face understand them.

    Args:
        words: such as "wider nose, a scar on the left cheek".
        person: whole, as photographs show them.

    Raises:
        BadRequest: the words contradict themselves.
    """
    try:
        new = words_edit(words, traits=person)
    except NothingUnderstood:
        return Wanted(Traits(), (), (words,))
    whole = [entry for entry in new.entries if entry.place is None and not entry.parameters.get("effects")]
    traits = Traits({name: value for entry in whole for name, value in entry.traits.items()})
    marks = tuple(entry for entry in new.entries if entry not in whole)
    return Wanted(traits, marks, new.not_understood)
