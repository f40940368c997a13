"""Edits that are in no stack yet: of a place, and what should be there."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from torch import Tensor

from dreamface import pipeline
from dreamface.editing.files import Mask, Picture, by_digest, by_tile, read_mask, read_picture
from dreamface.editing.reading import LONGEST_WORDS, EditReading, check_region, read_words, with_corrections
from dreamface.edits import LARGEST_MM, Anchor, anchor_at, check_edits, drawn_mask, find_regions
from dreamface.errors import BadRequest, MissingDependency
from dreamface.face import Face, Head, Topology
from dreamface.pipeline import Diffusion
from dreamface.progress import Progress
from dreamface.record import MOST_STRENGTH, WIDEST_FEATHER, Correction, EditEntry, FaceRecord, Place
from dreamface.skin import MEDIA
from dreamface.text import clean
from dreamface.traits import Traits

Spot: TypeAlias = "str | tuple[str, float, float]"
"""Where the middle of a picture lies: a landmark, the middle of a region, or a tile and u and v in 0..1."""

MADE_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "sketch": tuple(MEDIA),
    "picture": tuple(name for name, medium in MEDIA.items() if not medium.strokes_only),
}
"""What sketches and pictures can be made as; the first where nobody says."""

_SAME: Final = {"tattoo": "ink"}
"""Other words for them."""


class NothingUnderstood(BadRequest):
    """Nothing is made of an edit's words.

    Attributes:
        reason: the sentence without the offer to have diffusion make them, for who asks for that in another way.
    """

    def __init__(self, reason: str) -> None:
        """Offer it as it is asked for in Python."""
        super().__init__(f"{reason} {offer_diffusion('give add_edit diffusion=True')}")
        self.reason = reason


@dataclass(frozen=True)
class NewEdit:
    """An edit that is not in a stack yet.

    Attributes:
        entry: it; its id is "".
        pictures: SHA-256 -> PNG of what it refers to.
        not_understood: words nothing was made of.
        further: more edits, where words ask for several things at several places.
    """

    entry: EditEntry
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    not_understood: tuple[str, ...] = ()
    further: tuple[EditEntry, ...] = ()

    @property
    def entries(self) -> tuple[EditEntry, ...]:
        """All edits, from below."""
        return (self.entry, *self.further)


def mark(
    topology: Topology,
    *,
    regions: Collection[str] = (),
    mask: Mask | Mapping[str, Mask] | None = None,
    feather: float = 0.0,
    mirror: bool = False,
    inverted: bool = False,
) -> tuple[Place | None, dict[str, bytes]]:
    """Return a place, and its masks' pictures: SHA-256 -> PNG. None where nothing is marked.

    Args:
        topology: of the head.
        regions: by name.
        mask: what is painted beside them: grey pictures in the layouts of texture tiles; one alone is the face's.
        feather: millimetres over which it fades out beyond its border.
        mirror: whether it also lies on the other side of the face.
        inverted: whether everything but the place is meant.

    Raises:
        BadRequest: there is no such region or tile, nothing is painted in a mask, or it can't be read.
    """
    if not 0.0 <= feather <= WIDEST_FEATHER:
        raise BadRequest(f"The feather must be between 0 and {WIDEST_FEATHER:g} mm; got {feather:g}.")
    names = tuple(dict.fromkeys(map(check_region, regions)))
    if not names and mask is None:
        if feather or mirror or inverted:
            raise BadRequest(
                "Nothing is marked that could be feathered, mirrored or inverted: give a mask or a region. A picture "
                "or a sketch lies where it was laid; add it again for the other side."
            )
        return None, {}
    pngs = {} if mask is None else {tile: read_mask(one) for tile, one in by_tile(topology, mask, "mask").items()}
    digests, pictures = by_digest(pngs)
    return Place(names, digests or None, float(feather), mirror, inverted), pictures


def words_edit(
    words: str,
    place: Place | None = None,
    *,
    traits: Traits | None = None,
    strength: float = 1.0,
    label: str = "",
    corrections: Sequence[Correction] = (),
) -> NewEdit:
    """Return an edit in words; without a place they may say one, or several, and else they change the whole face.

    Args:
        words: what should be there.
        place: a marked place.
        traits: of the face, which words such as "older" are measured from.
        strength: 0..2.
        label: what artists read; else the words.
        corrections: the face's: how it understands words.

    Raises:
        NothingUnderstood: nothing is made of the words; diffusion may know them.
        BadRequest: there are no words, they contradict themselves, or the strength can't be.
    """
    marked = place.regions if place is not None and place.mask is None and not place.inverted else ()
    reading = with_corrections(read_words(words, place=place is not None, traits=traits, marked=marked), corrections)
    if reading.contradiction:
        raise BadRequest(reading.contradiction)
    if not reading.traits and not reading.effects:
        where = " of the skin there" if place is not None or reading.regions else ""
        unknown = ", ".join(f"“{word}”" for word in reading.not_understood)
        why = f" (no meaning of {unknown} is known)" if unknown and place is None and reading.regions else ""
        raise NothingUnderstood(
            f"Nothing{where} was understood in {clean(words)!r}{why}: `dreamface edits` lists the words that work."
        )
    parts = reading.parts
    made = [_said(part, label or (clean(words) if len(parts) == 1 else part.words), strength, place) for part in parts]
    lost = tuple(dict.fromkeys(word for part in parts for word in part.not_understood))
    check_edits(made)
    return NewEdit(made[0], {}, lost, tuple(made[1:]))


def _said(part: EditReading, label: str, strength: float, place: Place | None) -> EditEntry:
    """Return the edit of one part of what words ask for."""
    if place is None and part.regions:
        place = Place(part.regions, inverted=part.inverted)
    return _entry("words", label, strength, place, traits=part.traits, parameters=part.parameters)


def sketch_edit(
    topology: Topology,
    sketch: Picture | Mapping[str, Picture],
    as_: str = "",
    place: Place | None = None,
    *,
    strength: float = 1.0,
    label: str = "",
) -> NewEdit:
    """Return an edit of what an artist drew on the head.

    Args:
        topology: of the head.
        sketch: pictures in the layouts of texture tiles; one alone is the face's.
        as_: what it becomes, one of `MADE_AS`.
        place: what it is cut to; None is nothing.
        strength: 0..2.
        label: what artists read.

    Raises:
        BadRequest: nothing is drawn, a tile or kind is unknown, or the strength can't be.
    """
    kind = _made_as("sketch", as_)
    pngs = {tile: read_picture(one, "sketch") for tile, one in by_tile(topology, sketch, "sketch").items()}
    digests, pictures = by_digest(pngs)
    entry = _entry("sketch", label or f"sketch as {kind}", strength, place, parameters={"as": kind}, pictures=digests)
    return NewEdit(entry, pictures)


def picture_edit(
    head: Head,
    picture: Picture,
    at: Spot,
    size_mm: float,
    *,
    angle: float = 0.0,
    as_: str = "",
    place: Place | None = None,
    strength: float = 1.0,
    label: str = "",
) -> NewEdit:
    """Return an edit that lays a picture on the skin.

    Args:
        head: that it is laid on.
        picture: it.
        at: where its middle lies.
        size_mm: of its longer side.
        angle: degrees by which it is turned, counter-clockwise as one looks at it.
        as_: what it becomes, one of `MADE_AS`.
        place: what it is cut to; None is nothing.
        strength: 0..2.
        label: what artists read.

    Raises:
        BadRequest: it can't be read, a value is out of range, or a tile, region or kind is unknown.
    """
    kind = _made_as("picture", as_)
    if not 0.0 < size_mm <= LARGEST_MM:
        raise BadRequest(f"A picture's size must be above 0 and at most {LARGEST_MM:g} mm; got {size_mm:g}.")
    if not -360.0 <= angle <= 360.0:
        raise BadRequest(f"A picture's angle must be between -360 and 360 degrees; got {angle:g}.")
    where = anchor_at(head, _named(head, at)) if isinstance(at, str) else _spot(head.topology, *at)
    name = "picture" if isinstance(picture, bytes) else Path(picture).stem
    digests, pictures = by_digest({"picture": read_picture(picture, "picture")})
    parameters = {
        "as": kind, "tile": where.tile, "u": where.u, "v": where.v, "size_mm": float(size_mm),
        "angle": math.radians(angle),
    }  # fmt: skip
    entry = _entry("picture", label or f"{name} as {kind}", strength, place, parameters=parameters, pictures=digests)
    return NewEdit(entry, pictures)


def _named(head: Head, name: str) -> str:
    """Return the name of a landmark or region, also of one that is written with spaces or capitals."""
    return name if name in head.topology.landmarks else check_region(name)


def _spot(topology: Topology, tile: str, u: float, v: float) -> Anchor:
    by_tile(topology, {tile: None}, "picture")
    if not (0.0 <= u <= 1.0 and 0.0 <= v <= 1.0):
        raise BadRequest(f"A place in a tile has u and v between 0 and 1; got {u:g} and {v:g}.")
    return Anchor(tile, float(u), float(v))


def offer_diffusion(how: str) -> str:
    """Return the sentence that offers words which nothing is made of to diffusion.

    Args:
        how: one asks for it: the end of a sentence.
    """
    if why_not := pipeline.why_no_diffusion():
        return f"Diffusion may know more words. {why_not}"
    return f"Diffusion may know it: {how}."


def diffusion_edit(
    face: Face | FaceRecord,
    wish: Diffusion,
    place: Place | None = None,
    *,
    start: NewEdit | None = None,
    strength: float = 1.0,
    label: str = "",
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> NewEdit:
    """Return an edit that the installed diffusion model makes on a place.

    Args:
        face: on whose skin.
        wish: what should be there; without a place its words must name one, or `start` must be a sketch.
        place: a marked place.
        start: a sketch or picture that it begins with.
        strength: 0..2.
        label: what artists read; else the words.
        offset: [V, 3] metres on top of what the traits say; None is the face's.
        pictures: SHA-256 -> PNG that the place and the face's edits refer to, beside the face's own.
        progress: told about every step.

    Raises:
        BadRequest: no place is marked or named, or a value is out of its range.
        MissingDependency: no model is installed.
        DreamFaceError: the model gave no numbers, or there is too little memory.
        Cancelled: the progress said so.
    """
    pipeline.check_diffusion(wish, face if isinstance(face, FaceRecord) else face.record)
    _check_strength(strength)
    if why_not := pipeline.why_no_diffusion():
        raise MissingDependency(why_not)
    where, words, masks = (place, wish.words, {}) if place is not None else _where_said(wish.words, start)
    entry, made = pipeline.diffuse(
        face, replace(wish, words=words), where,
        start=() if start is None else (replace(start.entry, id="start of diffusion"),),
        label=(label or clean(wish.words))[:LONGEST_WORDS], strength=float(strength), offset=offset,
        pictures={**(pictures or {}), **(start.pictures if start is not None else {}), **masks}, progress=progress,
    )  # fmt: skip
    cut_off = str(entry.parameters.get("cut_off", ""))
    return NewEdit(entry, made, (cut_off,) if cut_off else ())


def _where_said(words: str, start: NewEdit | None) -> tuple[Place, str, dict[str, bytes]]:
    """Return where words say that diffusion is to work, or a sketch; the words without that; and the place's masks.

    Raises:
        BadRequest: neither says it.
    """
    names, rest, _ = find_regions(words)
    if names and rest.strip():
        return Place(tuple(names)), rest.strip(), {}
    if start is not None and start.entry.kind == "sketch":
        place, masks = _where_drawn(start)
        return place, words, masks
    raise BadRequest("Say or mark where diffusion is to work, such as by the region left_cheek or a mask.")


_AROUND_SKETCH: Final = 4.0  # millimetres over which what diffusion makes of a sketch fades out around it


def _where_drawn(sketch: NewEdit) -> tuple[Place, dict[str, bytes]]:
    """Return where a sketch was drawn as a place, and its masks: SHA-256 -> PNG."""
    pngs = {tile: drawn_mask(sketch.pictures[digest]) for tile, digest in sketch.entry.pictures.items()}
    digests, masks = by_digest(pngs)
    return Place((), digests, _AROUND_SKETCH), masks


TAKEN: Final = ("skin", "shape")
"""What of another face can be mixed in."""


def mix_edit(
    other: FaceRecord | int,
    take: Collection[str] = ("skin",),
    place: Place | None = None,
    *,
    degree: float = 0.5,
    label: str = "",
) -> NewEdit:
    """Return an edit that mixes another face in.

    Args:
        other: its record, or a seed, which stands for somebody whom nobody described.
        take: of `TAKEN`.
        place: where; None is everywhere.
        degree: 0..1, how far towards the other.
        label: what artists read.

    Raises:
        BadRequest: the degree or what to take can't be.
    """
    wanted = tuple(name for name in TAKEN if name in take)
    if not wanted or len(wanted) != len(set(take)):
        raise BadRequest(f"What is taken of another face is {' or '.join(TAKEN)}; got {', '.join(take) or 'nothing'}.")
    if not 0.0 <= degree <= 1.0:
        raise BadRequest(f"The degree must be between 0 and 1; got {degree:g}.")
    candidate: int | None = pipeline.AROUND
    if isinstance(other, int):
        traits, seed = pipeline.stranger(other), other
        name = f"seed {other}"
    else:
        traits, seed, candidate, name = pipeline.shown_traits(other), other.seed, other.candidate, f"“{other.prompt}”"
    parameters = {"take": list(wanted), "seed": seed, "candidate": candidate}
    text = label or f"{' and '.join(wanted)} of {name}"
    return NewEdit(_entry("mix", text[:LONGEST_WORDS], degree, place, traits=traits, parameters=parameters))


def _made_as(kind: Literal["sketch", "picture"], as_: str) -> str:
    """Return what a sketch or picture is made as.

    Raises:
        BadRequest: there is no such thing.
    """
    known = MADE_AS[kind]
    name = _SAME.get(as_.strip().lower(), as_.strip().lower()) or known[0]
    if name not in known:
        raise BadRequest(f"A {kind} can be made as {', '.join(known[:-1])} or {known[-1]}; got {as_!r}.")
    return name


def _entry(
    kind: Literal["words", "sketch", "picture", "mix"], label: str, strength: float, place: Place | None, **more: Any
) -> EditEntry:
    _check_strength(strength)
    return EditEntry("", kind, label[:LONGEST_WORDS], float(strength), place=place, **more)


def _check_strength(strength: float) -> None:
    if not 0.0 <= strength <= MOST_STRENGTH:
        raise BadRequest(f"The strength must be between 0 and {MOST_STRENGTH:g}; got {strength:g}.")
