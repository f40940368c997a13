"""Edits on a face's stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from dreamface import edits as edits_room
from dreamface import pipeline
from dreamface.editing.files import Mask, Picture
from dreamface.editing.making import NewEdit, Spot, diffusion_edit, mark, picture_edit, sketch_edit, words_edit
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.pipeline import Diffusion
from dreamface.progress import Progress
from dreamface.record import MOST_EDITS, EditEntry, FaceRecord, Place


def added(edits: Sequence[EditEntry], *new: EditEntry) -> tuple[EditEntry, ...]:
    """Return a stack with further edits on top; each gets an id that no other has, the same every time.

    Raises:
        BadRequest: there are too many.
    """
    stack = list(edits)
    for entry in new:
        taken = {one.id for one in stack}
        id_ = next(name for name in (f"{entry.kind}-{number}" for number in count(1)) if name not in taken)
        stack.append(replace(entry, id=id_ if not entry.id or entry.id in taken else entry.id))
    if len(stack) > MOST_EDITS:
        raise BadRequest(f"A face has at most {MOST_EDITS} edits: remove some first.")
    return tuple(stack)


def add_edit(
    face: Face,
    words: str | None = None,
    *,
    place: Place | None = None,
    region: str | None = None,
    mask: Mask | Mapping[str, Mask] | None = None,
    feather: float = 0.0,
    mirror: bool = False,
    sketch: Picture | Mapping[str, Picture] | None = None,
    picture: Picture | None = None,
    at: Spot | None = None,
    size_mm: float = 40.0,
    angle: float = 0.0,
    as_: str = "",
    strength: float = 1.0,
    label: str = "",
    pictures: Mapping[str, bytes] | None = None,
    diffusion: bool | Diffusion = False,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """Return a face with one more edit on top of its stack, made of words, a sketch or a picture.

    Words that say several things at several places make one edit of each. Diffusion makes of words what they say, and
    may begin with a sketch or a picture.

    Args:
        face: whose.
        words: what should be there; without a place they may say one, and else they change the whole face.
        place: a marked place, instead of the four arguments that follow.
        region: name of a region.
        mask: grey pictures in the layouts of texture tiles, or [H, W] 0..1; one alone is the face's tile.
        feather: millimetres over which the place fades out beyond its border.
        mirror: whether it also lies on the other side of the face.
        sketch: what was drawn, in the layouts of texture tiles; one picture alone is the face's tile.
        picture: a picture to lay on the skin.
        at: where the picture's middle lies: a region, or a tile with u and v.
        size_mm: of the picture's longer side.
        angle: degrees by which the picture is turned, counter-clockwise.
        as_: what a sketch or picture becomes, one of `MADE_AS`.
        strength: 0..2; 1 is what the edit means to be.
        label: what artists read; else the words.
        pictures: SHA-256 -> PNG that `place` refers to, beside the face's own.
        diffusion: whether the installed diffusion model makes what the words say; or how, with the words in it.
        progress: told about every stage.

    Raises:
        BadRequest: see `mark`, `words_edit`, `sketch_edit`, `picture_edit` and `diffusion_edit`.
        Cancelled: the progress said so.
    """
    wish = _wish(diffusion, words)
    given = [one for one in (None if wish else words, sketch, picture) if one is not None]
    if len(given) > 1 or not (given or wish):
        raise BadRequest("An edit is made of words, a sketch or a picture: give one of them.")
    place, found = _marked(face, place, region, mask, feather, mirror)
    drawn = {**(pictures or {}), **found}
    new: NewEdit | None = None
    if words is not None and wish is None:
        traits = pipeline.shown_traits(face.record)
        known = face.record.corrections
        new = words_edit(words, place, traits=traits, strength=strength, label=label, corrections=known)
    elif sketch is not None:
        new = sketch_edit(face.head.topology, sketch, as_, place, strength=strength, label=label)
    elif picture is not None:
        if at is None:
            raise BadRequest("Say where the picture lies: at='left_cheek', or a tile with u and v.")
        new = picture_edit(
            face.head, picture, at, size_mm, angle=angle, as_=as_, place=place, strength=strength, label=label
        )
    if wish is not None:
        new = diffusion_edit(
            face, wish, place, start=new, strength=strength, label=label, pictures=drawn,
            progress=progress.part(0.0, 0.7),
        )  # fmt: skip
        progress = progress.part(0.7, 1.0)
    assert new is not None  # one of them was given
    stack = added(face.record.edits, *new.entries)
    return pipeline.edit(face, {}, edits=stack, pictures={**drawn, **new.pictures}, progress=progress)


def _marked(
    face: Face,
    place: Place | None,
    region: str | None,
    mask: Mask | Mapping[str, Mask] | None,
    feather: float,
    mirror: bool,
) -> tuple[Place | None, dict[str, bytes]]:
    """Return the place that is given or marked, and its masks' pictures: SHA-256 -> PNG.

    Raises:
        BadRequest: both are there, or it can't be marked.
    """
    regions = () if region is None else (region,)
    if place is None:
        return mark(face.head.topology, regions=regions, mask=mask, feather=feather, mirror=mirror)
    if regions or mask is not None or feather or mirror:
        raise BadRequest("A place is either given whole, or by its region, mask, feather and mirror: leave one away.")
    return place, {}


def _wish(diffusion: bool | Diffusion, words: str | None) -> Diffusion | None:
    """Return what diffusion should make; None where it should not.

    Raises:
        BadRequest: there are no words, or they are given twice.
    """
    if isinstance(diffusion, Diffusion):
        if words is not None:
            raise BadRequest("Give the words for diffusion once: alone, or in its settings.")
        return diffusion
    if diffusion and words is None:
        raise BadRequest("Say what diffusion should make, such as 'gold cracks'.")
    return Diffusion(words or "") if diffusion else None


def carry(
    edits: Sequence[EditEntry], pictures: Mapping[str, bytes], source: FaceRecord, target: FaceRecord
) -> tuple[tuple[EditEntry, ...], dict[str, bytes]]:
    """Return edits of one face as another face can have them, and the pictures that they refer to.

    Args:
        edits: from below.
        pictures: SHA-256 -> PNG of what they refer to.
        source: whose edits they are.
        target: who gets them.

    Raises:
        BadRequest: a picture is missing or damaged, or a head model is not installed here.
    """
    taken = [edit.id for edit in target.edits]
    if source.head == target.head:
        return edits_room.copied(edits, pictures, taken)
    # Only where things lie on a head matters here, and not what edits have made of its shape.
    own, theirs = (pipeline.reshape(replace(record, edits=()), {}) for record in (source, target))
    return edits_room.carry(edits, pictures, own, theirs, taken)
