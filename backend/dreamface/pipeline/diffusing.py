"""Diffusion on a marked place of a face's skin."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from dreamface.edits import check_edits, check_place, diffused_pictures, masks_of
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.guidance import (
    Canvas,
    LatentDiffusion,
    Wish,
    use_diffusion,
)
from dreamface.guidance import diffuse as diffuse_on
from dreamface.limits import (
    LONGEST_WISH,
    MOST_GUIDANCE,
    MOST_STEPS,
    check_seed,
)
from dreamface.pipeline.painting import faded, kept, painters_turn, repainted
from dreamface.pipeline.people import pictures_of, remembered, shown_traits
from dreamface.progress import Progress
from dreamface.record import MOST_EDITS, EditEntry, FaceRecord, Place
from dreamface.skin import materials
from dreamface.text import clean
from dreamface.traits import Traits

if TYPE_CHECKING:
    from torch import Tensor


_SKIN_OF_DIFFUSION: Final = 2048  # texels a side of the skin that diffusion sees: as fine as what it makes
_SHOWN_AS: Final = "close-up photograph of a person's face, studio light, detailed skin"
_AGAINST: Final = "blurry, text, watermark, frame, drawing, deformed"


@dataclass(frozen=True)
class Diffusion:
    """How diffusion works on a place.

    Attributes:
        words: what should be there.
        against: what should not.
        steps: of denoising.
        guidance: how far it is led towards the words; 1 is the words alone.
        keep: 0..1 how much of what is there is kept: 0 begins with noise alone, 1 changes nothing.
        seed: of its noise; None is drawn from the face's own.
    """

    words: str
    against: str = ""
    steps: int = 30
    guidance: float = 7.5
    keep: float = 0.0
    seed: int | None = None


def diffuse(
    face: Face | FaceRecord,
    wish: Diffusion,
    place: Place,
    *,
    start: Sequence[EditEntry] = (),
    label: str = "",
    strength: float = 1.0,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
    model: LatentDiffusion | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> tuple[EditEntry, dict[str, bytes]]:
    """Return an edit that a diffusion model makes on a place, and its pictures; `edit` then lays it on.

    Where the words are more than the model reads, the edit's parameter `cut_off` says which it has not read.

    Args:
        face: on whose skin, as it is with its edits.
        wish: what should be there.
        place: where.
        start: further edits that it begins with, such as a sketch; they are not laid on.
        label: what artists read; else the words.
        strength: 0..2 of the edit.
        offset: [V, 3] metres on top of what the traits say; None is the face's.
        pictures: SHA-256 -> PNG that the place and the edits refer to, beside the face's own.
        model: which one; None is the one that is installed.
        progress: told about every step.

    Raises:
        BadRequest: nothing is marked, or a value is out of its range.
        MissingDependency: no model is installed.
        DreamFaceError: the model gave no numbers, or there is too little memory.
        Cancelled: the progress said so.
    """
    before, kept_offset = remembered(face)
    before = replace(before, layers=faded(before.layers))
    known = {**pictures_of(face), **(pictures or {})}
    check_diffusion(wish, before, place, known)
    offset = kept_offset if offset is None else offset
    seed = zlib.crc32(wish.words.encode(), before.seed) if wish.seed is None else wish.seed
    asked = Wish(f"{_SHOWN_AS}, {wish.words}", wish.against or _AGAINST, wish.steps, wish.guidance, wish.keep, seed)
    progress.report("load", 0.0, "Loading the diffusion model")
    with use_diffusion(progress.part(0.0, 0.1)) if model is None else nullcontext(model) as model:
        progress.report("skin", 0.1, "Painting the skin")
        canvas = _canvas(before, tuple(start), place, offset, known, progress.part(0.1, 0.15))
        made = diffuse_on(model, canvas, asked, progress=progress.part(0.15, 1.0))
        name, cut_off = model.name, model.embed(asked.words).cut_off
    names, pngs = diffused_pictures(made, canvas.head.topology, canvas.masks)
    parameters: dict[str, JsonValue] = {
        "words": wish.words, "model": name, "seed": seed, "steps": wish.steps, "guidance": wish.guidance,
        "keep": wish.keep, **({"cut_off": cut_off[:LONGEST_WISH]} if cut_off else {}),
    }  # fmt: skip
    entry = EditEntry("", "diffusion", label or wish.words, strength, True, place, Traits(), parameters, names)
    masks = {digest: known[digest] for digest in (place.mask or {}).values()}
    return entry, {**masks, **pngs}


def check_diffusion(
    wish: Diffusion,
    record: FaceRecord | None = None,
    place: Place | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> None:
    """Refuse what no diffusion can be, before anything slow starts.

    Args:
        wish: what should be there.
        record: of the face, where it is known.
        place: where, where it is known.
        pictures: SHA-256 -> PNG that the place refers to.

    Raises:
        BadRequest: there are no words or too many, a value is out of its range, the place has a region that is not
            known or a mask that is missing, or the face has as many edits as it can have.
    """
    if not clean(wish.words).strip():
        raise BadRequest("Say what diffusion should make, such as 'gold cracks'.")
    for words in (wish.words, wish.against):
        if len(words) > LONGEST_WISH:
            raise BadRequest(f"Diffusion takes at most {LONGEST_WISH} characters of words; got {len(words)}.")
    if record is not None and len(record.edits) >= MOST_EDITS:
        raise BadRequest(f"A face has at most {MOST_EDITS} edits: remove some first.")
    if place is not None:
        check_place(place, pictures or {})
    if not 1 <= wish.steps <= MOST_STEPS:
        raise BadRequest(f"Diffusion takes 1 to {MOST_STEPS} steps; got {wish.steps}.")
    if not 0.0 <= wish.guidance <= MOST_GUIDANCE:
        raise BadRequest(f"The guidance must be between 0 and {MOST_GUIDANCE:g}; got {wish.guidance:g}.")
    if not 0.0 <= wish.keep < 1.0:
        raise BadRequest(f"How much of the skin is kept must be 0 or more, and less than 1; got {wish.keep:g}.")
    if wish.seed is not None:
        check_seed(wish.seed)


def _canvas(
    record: FaceRecord,
    start: tuple[EditEntry, ...],
    place: Place,
    offset: Tensor | None,
    pictures: Mapping[str, bytes],
    progress: Progress,
) -> Canvas:
    """Return a face's skin, painted, and the masks of a place on it."""
    record = replace(record, resolution=min(record.resolution, _SKIN_OF_DIFFUSION))
    check_edits((*record.edits, *start))
    begun = replace(record, edits=(*record.edits, *start))
    with painters_turn(progress):
        maps = repainted(record, offset, pictures)
        first = repainted(begun, offset, pictures) if start else None
        traits = shown_traits(record)
        _, head = kept.head(record, traits, record.to_json()["edits"], offset, pictures)
    surfaces = {
        name: replace(one, transmission=1.0, ior=1.0) if name == "lashes" else one
        for name, one in materials(head, traits).items()
    }
    return Canvas(head, surfaces, maps, masks_of(place, head, pictures), first)
