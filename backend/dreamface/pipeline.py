"""From a prompt to a face: the stages in order. The only room that knows them all."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from cachetools import LRUCache
from pydantic import JsonValue

from dreamface import appearance
from dreamface.appearance import Seen
from dreamface.bones import BoneNames
from dreamface.edits import check_edits, check_place, diffused_pictures, hair_of, masks_of, mixed_shape, overlays
from dreamface.errors import BadRequest, Busy, FolderError, NothingRead
from dreamface.face import Face, Head, Maps, Material, expression_weights, pose
from dreamface.groom import Surface, grow, hairs_of, to_curves, unanswered
from dreamface.guidance import (
    Canvas,
    LatentDiffusion,
    Wish,
    forget_diffusion,
    use_diffusion,
    why_no_diffusion,
)
from dreamface.guidance import diffuse as diffuse_on
from dreamface.hair import REGIONS, Groom, Region
from dreamface.head import AROUND, HEADS, HeadSource, check_name, load_model
from dreamface.head import forget as forget_heads
from dreamface.images import LARGEST_MASK, decode_mask, encode_mask
from dreamface.limits import (
    LONGEST_WISH,
    MOST_GUIDANCE,
    MOST_STEPS,
    RESOLUTIONS,
    check_prompt,
    check_resolution,
    check_seed,
    drawn_seed,
)
from dreamface.motion import Changes, Tracker, Wishes, check_changes, make_take, remarks, write_take
from dreamface.performance import Performance, load_performance
from dreamface.prior import complete, followed
from dreamface.progress import Progress
from dreamface.prompts import Option, PromptReading, alternatives, read
from dreamface.random_streams import stream
from dreamface.record import MOST_EDITS, Correction, EditEntry, FaceRecord, LayerEntry, Place, Turn, corrected
from dreamface.render import portrait_camera, preview
from dreamface.rig import make_rig
from dreamface.skin import LAYERS, Overlay, Painter, WrinklePainter, check_layers, materials, wear_wrinkles
from dreamface.styles import Style, find_style, parse_style, remove_style, save_style, style_name, styles
from dreamface.text import clean
from dreamface.traits import VOCABULARY, Traits, TraitValue, Value, check_names

if TYPE_CHECKING:
    from torch import Tensor

    from dreamface.folder import FaceDocument

__all__ = [
    "AROUND",
    "HEADS",
    "LAYER_DESCRIPTIONS",
    "RESOLUTIONS",
    "Correction",
    "Diffusion",
    "EditEntry",
    "FaceRecord",
    "Option",
    "Performance",
    "PromptReading",
    "Repainted",
    "Seen",
    "alternatives",
    "animate",
    "build_head",
    "changed_record",
    "check_animation",
    "check_diffusion",
    "check_request",
    "clean",
    "diffuse",
    "edit",
    "export",
    "expressions",
    "forget_models",
    "generate",
    "grow_hair",
    "load_performance",
    "look_at",
    "measure",
    "mixed",
    "parse_style",
    "read",
    "rebuild",
    "remarks",
    "remove_style",
    "repaint",
    "reshape",
    "save_style",
    "shown_traits",
    "stranger",
    "style_name",
    "style_of_guides",
    "styles",
    "why_no_diffusion",
    "write_cards",
    "write_take",
]

LAYER_DESCRIPTIONS = {layer.name: layer.description for layer in LAYERS}
"""The skin's layers, from below, and what they are."""

PREVIEW_SIZE = 512
PREVIEW_YAW = 0.35  # radians off the front: a three-quarter view shows shape that a passport picture hides


_NOBODY = "face.json is damaged: the head's identity is that of no person; restore it or generate the face again."

_LARGEST_HEAD = 2.0  # metres from the base of the neck

_USUAL_LOOK: Mapping[Region, str] = {"scalp": "medium", "beard": "short", "brows": "natural", "lashes": "natural"}
"""The styles whose hairs between the guides a combed style has, where nobody says which."""

_KEPT_FOR = 120.0  # seconds: between two edits an artist looks, thinks, and goes on

_wrinkle_painter = WrinklePainter()
_painter = Painter(forget_after=_KEPT_FOR)  # remembers the face that was painted last, so that its next edit is quick
_painting = threading.Lock()  # held by whoever uses the painter
_TURN: Final = 0.1  # seconds between two looks at whether somebody who waits for the painter still wants it

_BUSY: Final = "DreamFace is painting another face just now: try again in a moment."
_HEADS_KEPT: Final = 2  # as it is shown and as it is to be, which differ where an edit changes the whole face
_LONGEST_LABEL: Final = 60  # characters of an edit in the history
_SKIN_OF_DIFFUSION: Final = 2048  # texels a side of the skin that diffusion sees: as fine as what it makes
_SHOWN_AS: Final = "close-up photograph of a person's face, studio light, detailed skin"
_AGAINST: Final = "blurry, text, watermark, frame, drawing, deformed"
_EDITS_KEPT: Final = MOST_EDITS  # whose masks stay in memory, a few megabytes each


def generate(
    prompt: str,
    *,
    seed: int | Literal["random"] | None = None,
    resolution: int = 1024,
    head: str = "auto",
    traits: Mapping[str, TraitValue | Value] | None = None,
    without: Collection[str] = (),
    corrections: Sequence[Correction] = (),
    anyway: bool = False,
    face_id: str | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """A face from words.

    Args:
        prompt: what the person looks like, in English.
        seed: what is left open is drawn from it, 0 <= seed < 2^32; None, -1 and "random" throw the dice. The face's
            record has the one that was used.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`.
        head: head model, one of `HEADS`.
        traits: laid over what the prompt says.
        without: traits that are left open even though the prompt gives them.
        corrections: of how words of the prompt are understood; the face's record keeps them.
        anyway: whether to make someone also where nothing of the prompt was read.
        face_id: its identity, where it takes another face's place; None makes a new one.
        progress: told about every stage.

    Raises:
        NothingRead: nothing of the prompt was read, as of one in another language; see `anyway`.
        BadRequest: the prompt is empty or too long, or a trait is unknown or out of range.
        Cancelled: the progress said so.
    """
    number = drawn_seed(seed)
    check_request(prompt, number, resolution, head)
    check_names(without)
    progress.report("language", 0.0, "Reading the prompt")
    reading = read(prompt)
    if reading.nothing_read and not anyway:
        raise NothingRead(reading.nothing_read)
    told = corrected(reading.traits, corrections)
    said = Traits({name: entry for name, entry in told.items() if name not in without})
    person = complete(said.under(traits or {}), number)
    progress.report("head", 0.1, "Shaping the head")
    built = build_head(head, person, number)
    not_understood = (*reading.unused, *_not_grown(person))
    dropped = {correction.words for correction in corrections}
    record = FaceRecord(
        face_id or str(uuid.uuid4()), clean(prompt), number, resolution, built.model, person, not_understood,
        candidate=built.candidate, edits=tuple(mark for mark in reading.marks if mark.label not in dropped),
        corrections=tuple(corrections),
    )  # fmt: skip
    return _dress(built, record, progress.part(0.2, 1.0))


def stranger(seed: int) -> Traits:
    """Return the traits of somebody whom nobody described, which the seed draws.

    Raises:
        BadRequest: the seed is out of range.
    """
    check_seed(seed)
    return complete(Traits(), seed)


def build_head(
    model: str, traits: Traits, seed: int, candidate: int | None = None, offset: Tensor | None = None
) -> Head:
    """Neutral geometry of a completed person; quick enough to follow a slider.

    Args:
        model: head model, one of `HEADS`.
        traits: all of a face's.
        seed: what the traits leave open is drawn from it.
        candidate: `Head.candidate` of the person's earlier head, where traits have changed since; None makes a new one.
        offset: [V, 3] metres on top of what the traits say: `Head.offset` of the earlier head.

    Raises:
        BadRequest: the head model is not installed here, or the offset was made for another one.
    """
    return load_model(model).build(HeadSource(traits, stream(seed, "head"), candidate, offset=offset))


def expressions(head: Head) -> Tensor:
    """[S, V, 3] blend shape deltas of a head in metres; the 52 ARKit shapes first."""
    return load_model(head.model).shapes(head)


def reshape(
    face: Face | FaceRecord,
    traits: Mapping[str, TraitValue | Value],
    *,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Head:
    """The same person's head with some traits changed; quick enough to follow a slider.

    Args:
        face: whose head; an offset on top of its traits stays, where the face itself is given and not only its record.
        traits: laid over the face's own.
        offset: [V, 3] metres on top of what the traits say; None keeps the face's.
        pictures: SHA-256 -> PNG of painted places that another face's shape is mixed in at, beside the face's own.

    Raises:
        BadRequest: a value is out of range, or the face's head model is not installed here.
    """
    record, kept_offset = _remembered(face)
    changed = replace(record, traits=_changed(record, traits))
    return _shaped(changed, kept_offset if offset is None else offset, {**_pictures_of(face), **(pictures or {})})


def mixed(head: Head, edits: Sequence[EditEntry], pictures: Mapping[str, bytes]) -> Head:
    """Return a head with the shapes of other faces that edits mix in.

    Raises:
        BadRequest: a mix or its place can't be read.
    """
    return mixed_shape(head, edits, build_head, pictures)


def shown_traits(record: FaceRecord) -> Traits:
    """Return a face's traits with its whole-face edits laid over them: what it looks like."""
    traits = record.traits
    for edit in record.edits:
        if edit.kind == "words" and edit.place is None and edit.visible and edit.strength > 0.0:
            traits = followed(traits, traits.towards(edit.traits, edit.strength), record.seed)
    return traits


def changed_record(
    record: FaceRecord, traits: Mapping[str, TraitValue | Value], layers: Mapping[str, float] | None = None
) -> FaceRecord:
    """Return a face's record with some traits and layers changed as `edit` changes them, before anything is made.

    Raises:
        BadRequest: there is no such trait or layer.
    """
    check_layers(layers or {})
    return replace(record, traits=_changed(record, traits), layers=_layered(record.layers, layers or {}))


def _changed(record: FaceRecord, traits: Mapping[str, TraitValue | Value]) -> Traits:
    """Return a face's traits with some changed, and what hangs together with those."""
    return followed(record.traits, record.traits.under(traits), record.seed)


def _pictures_of(face: Face | FaceRecord) -> Mapping[str, bytes]:
    return face.pictures if isinstance(face, Face) else {}


def _shaped(record: FaceRecord, offset: Tensor | None, pictures: Mapping[str, bytes]) -> Head:
    """Return the head of a record with what its edits do to the shape.

    A record without a candidate is from before candidates were numbered on every head.
    """
    head = build_head(record.head, shown_traits(record), record.seed, record.candidate or 0, offset)
    return mixed(head, record.edits, pictures)


def _remembered(face: Face | FaceRecord) -> tuple[FaceRecord, Tensor | None]:
    """The record, and the offset of a face whose arrays are here."""
    return (face, None) if isinstance(face, FaceRecord) else (face.record, face.head.offset)


def grow_hair(
    head: Head,
    traits: Traits,
    seed: int,
    regions: Collection[Region] | None = None,
    *,
    edits: Sequence[EditEntry] = (),
    pictures: Mapping[str, bytes] | None = None,
) -> Groom:
    """Return the hair of a head that `build_head` gave; quick enough to follow a slider.

    Args:
        head: with neutral vertices.
        traits: all of the person's.
        seed: the face's.
        regions: only of these; None is all.
        edits: the face's, some of which let hair grow in places, or shave it.
        pictures: SHA-256 -> PNG of painted places.

    Raises:
        BadRequest: a style is unknown, or a place can't be read.
    """
    traits, marks = hair_of(edits, head, traits, pictures or {})
    return grow(head, traits, seed, REGIONS if regions is None else regions, surface=Surface(head, marks))


def style_of_guides(
    name: str,
    label: str,
    region: Region,
    guides: Iterable[Tensor],
    face: Face | FaceRecord,
    *,
    offset: Tensor | None = None,
    like: str | None = None,
    summary: str = "",
    pictures: Mapping[str, bytes] | None = None,
) -> Style:
    """Return a style of guides that were combed on a head, which then fits any head; `save_style` keeps it.

    Args:
        name: what the trait of its region will call it: small letters, digits and _.
        label: what artists read.
        region: what it is for.
        guides: of each [P, 3] from its root to its tip, metres, in the head's space.
        face: on whose head; of its traits the style keeps the length and curl that it was combed at.
        offset: [V, 3] metres on top of what the traits say; None is the face's.
        like: name of a style whose hairs between the guides it has, too; None is the usual ones.
        summary: one sentence.
        pictures: SHA-256 -> PNG of places that edits of the shape lie on, beside the face's own.

    Raises:
        BadRequest: there are no guides, they do not start on the head's skin, or a text or name can't be.
    """
    record, kept_offset = _remembered(face)
    built = _shaped(record, kept_offset if offset is None else offset, {**_pictures_of(face), **(pictures or {})})
    curves = to_curves(guides, built)
    data: dict[str, object] = {
        "name": style_name(name, region), "label": label, "region": region, "summary": summary,
        "curves": curves.model_dump(), "guides": len(curves.points), "points": len(curves.points[0]),
    }  # fmt: skip
    usual = styles().of(region).get(style_name(_USUAL_LOOK[region], region))
    alike = usual if like is None else find_style(style_name(like, region), region)
    if alike is not None:
        data["look"] = alike.look.model_dump()
    for field in ("length", "curl", "volume", "fringe"):
        trait = f"{'beard' if region == 'beard' else 'hair'}.{field}"
        if region in ("scalp", "beard") and trait in VOCABULARY:
            data[field] = shown_traits(record).number(trait)
    return parse_style(data)


def edit(
    face: Face | FaceRecord,
    traits: Mapping[str, TraitValue | Value],
    *,
    layers: Mapping[str, float] | None = None,
    masks: Mapping[str, Mapping[str, Tensor] | None] | None = None,
    resolution: int | None = None,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
    edits: Sequence[EditEntry] | None = None,
    talk: Sequence[Turn] | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """The same person with some traits, layers or edits changed, all stages; the change goes into its history.

    Args:
        face: who is changed. Its record is enough, with the offset and the pictures that belong to it, if it has any.
        traits: laid over the face's own.
        layers: how strongly some of the skin's layers are laid on, 0..1; over the face's own.
        masks: where some of the skin's layers are laid on: layer -> tile -> [H, W] 0..1 in the tile's layout, row 0 at
            v = 1; None takes a layer's mask away.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`; None keeps the face's.
        offset: [V, 3] metres on top of what the traits say; None keeps the face's.
        pictures: SHA-256 -> PNG of pictures that layers and edits refer to, beside the face's own.
        edits: the artist's whole stack from below, instead of the face's; None keeps it.
        talk: the whole conversation with the face, instead of its own; None keeps it.
        progress: told about every stage.

    Raises:
        BadRequest: a value is out of range, there is no such layer or tile, a mask's picture is missing or damaged, or
            the face's head model is not installed here.
        Cancelled: the progress said so.
    """
    check_layers({**(layers or {}), **dict.fromkeys(masks or {}, 1.0)})
    before, kept_offset = _remembered(face)
    masked, drawn = _masked(before.layers, masks or {})
    record = replace(
        before,
        traits=_changed(before, traits),
        resolution=before.resolution if resolution is None else resolution,
        layers=_layered(masked, layers or {}),
        edits=before.edits if edits is None else tuple(edits),
        talk=before.talk if talk is None else tuple(talk),
        history=(*before.history, _change(traits, layers or {}, masks or {}, before.edits, edits)),
    )
    check_edits(record.edits)
    check_resolution(record.resolution)
    progress.report("head", 0.0, "Shaping the head")
    offset = kept_offset if offset is None else offset
    built = build_head(record.head, shown_traits(record), record.seed, record.candidate or 0, offset)
    known = {**_pictures_of(face), **(pictures or {}), **drawn}
    return _dress(built, record, progress.part(0.1, 1.0), known)


def look_at(face: Face, measured: Mapping[str, float] | None = None) -> dict[str, Seen]:
    """Return what a finished face shows of its traits: shape, tone, marks, folds, iris, hair; age and sex as they seem.

    Args:
        face: finished.
        measured: its shape traits, where `measure` has been asked already.

    Raises:
        BadRequest: as `measure`, where it has to be asked.
    """
    return appearance.look_at(face, measure(face.head) if measured is None else measured)


@dataclass(frozen=True)
class Repainted:
    """A head's textures before and after a change of its edits. Maps that are the same share their images.

    Attributes:
        before: with the edits that were shown.
        after: with the face's own.
    """

    before: Maps
    after: Maps


def repaint(
    face: Face | FaceRecord,
    shown: Sequence[EditEntry],
    *,
    resolution: int | None = None,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> Repainted:
    """Return a face's textures with the edits that a viewport shows, and with its own; quick enough to follow a slider.

    Only the skin and what else is painted: neither hair nor the folds of expressions.

    Args:
        face: whose edits are the new ones. Its record is enough, with the offset and the pictures that belong to it.
        shown: the edits that it had before, from below.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`; None is the face's.
        offset: [V, 3] metres on top of what the traits say; None is the face's.
        pictures: SHA-256 -> PNG of pictures that layers and edits refer to, beside the face's own.

    Raises:
        BadRequest: a value is out of range, a picture is missing or damaged, or the face's head model is not here.
        Busy: another face is being painted.
    """
    after, kept_offset = _remembered(face)
    layers = _layered(after.layers)
    after = replace(after, layers=layers, resolution=after.resolution if resolution is None else resolution)
    before = replace(after, edits=tuple(shown))
    for record in (before, after):
        check_edits(record.edits)
    check_resolution(after.resolution)
    known = {**(face.pictures if isinstance(face, Face) else {}), **(pictures or {})}
    offset = kept_offset if offset is None else offset
    if not _painting.acquire(blocking=False):
        raise Busy(_BUSY)
    try:
        return Repainted(*(_repainted(record, offset, known) for record in (before, after)))
    finally:
        _painting.release()


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
    before, kept_offset = _remembered(face)
    before = replace(before, layers=_layered(before.layers))
    known = {**_pictures_of(face), **(pictures or {})}
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
    with _turn(progress):
        maps = _repainted(record, offset, pictures)
        first = _repainted(begun, offset, pictures) if start else None
        traits = shown_traits(record)
        _, head = _kept.head(record, traits, record.to_json()["edits"], offset, pictures)
    surfaces = {
        name: replace(one, transmission=1.0, ior=1.0) if name == "lashes" else one
        for name, one in materials(head, traits).items()
    }
    return Canvas(head, surfaces, maps, masks_of(place, head, pictures), first)


def _repainted(record: FaceRecord, offset: Tensor | None, pictures: Mapping[str, bytes]) -> Maps:
    """Return a head's textures; whoever calls this holds `_painting`."""
    pictures = _needed(record, pictures)
    traits, edits = shown_traits(record), record.to_json()["edits"]
    key, head = _kept.head(record, traits, edits, offset, pictures)
    return _painter.paint(
        head, traits, resolution=record.resolution, seed=record.seed, layers=record.strengths,
        masks=_read_masks(record, pictures), overlays=_kept.overlays(record, traits, edits, key, head, pictures),
    )  # fmt: skip


class _Kept:
    """What `repaint` has made lately and may need again soon."""

    def __init__(self) -> None:
        self._heads: LRUCache[str, Head] = LRUCache(_HEADS_KEPT)
        self._overlays: LRUCache[str, tuple[Overlay, ...]] = LRUCache(_EDITS_KEPT)
        self._clock: threading.Timer | None = None
        self._busy = threading.Lock()

    def head(
        self,
        record: FaceRecord,
        traits: Traits,
        edits: Sequence[Mapping[str, Any]],
        offset: Tensor | None,
        pictures: Mapping[str, bytes],
    ) -> tuple[str, Head]:
        """Return a digest of what a head is built from, and the head.

        Args:
            record: whose.
            traits: of the record, as they are shown.
            edits: of the record, as JSON has them.
            offset: [V, 3] metres, or None.
            pictures: SHA-256 -> PNG.
        """
        moved = None if offset is None else hashlib.sha256(offset.detach().cpu().numpy().tobytes()).hexdigest()
        mixes = [edit for edit in edits if edit["kind"] == "mix"]
        key = _digest(record.head, traits.to_json(), record.seed, record.candidate, moved, mixes)
        with self._busy:
            head = self._heads.get(key)
        if head is None:
            head = _shaped(record, offset, pictures)
            with self._busy:
                self._heads[key] = head
        self._wind_clock()
        return key, head

    def overlays(
        self,
        record: FaceRecord,
        traits: Traits,
        edits: Sequence[Mapping[str, Any]],
        key: str,
        head: Head,
        pictures: Mapping[str, bytes],
    ) -> tuple[Overlay, ...]:
        """Return the edits as the painter takes them; each is worked out alone, as it depends on no other.

        Args:
            record: whose edits.
            traits: of the record, as they are shown.
            edits: the same edits, as JSON has them.
            key: digest of the head.
            head: theirs.
            pictures: SHA-256 -> PNG.
        """
        found: list[Overlay] = []
        for edit, data in zip(record.edits, edits, strict=True):
            own = _digest(key, data)
            with self._busy:
                laid = self._overlays.get(own)
            if laid is None:
                laid = overlays((edit,), head, traits, record.seed, pictures)
                with self._busy:
                    self._overlays[own] = laid
            found += laid
        return tuple(found)

    def forget(self) -> None:
        """Free the memory."""
        with self._busy:
            self._heads.clear()
            self._overlays.clear()

    def _wind_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = threading.Timer(_KEPT_FOR, self.forget)
        self._clock.daemon = True  # nobody waits for it at exit
        self._clock.start()


_kept = _Kept()


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@contextmanager
def _turn(progress: Progress) -> Iterator[None]:
    """Have the painter for oneself; meanwhile the progress may cancel."""
    while not _painting.acquire(timeout=_TURN):
        progress.report("skin", 0.0, "Waiting for the painter")
    try:
        yield
    finally:
        _painting.release()


def _masked(
    entries: Sequence[LayerEntry], masks: Mapping[str, Mapping[str, Tensor] | None]
) -> tuple[tuple[LayerEntry, ...], dict[str, bytes]]:
    """Return the layers with other masks, and the new masks' pictures: SHA-256 -> PNG."""
    laid, pictures = {entry.id: entry for entry in entries}, {}
    for name, tiles in masks.items():
        digests = {}
        for tile, mask in (tiles or {}).items():
            if mask.dim() != 2 or not 0 < min(mask.shape) <= max(mask.shape) <= LARGEST_MASK:
                raise BadRequest(
                    f"The mask of the layer {name!r} must be [H, W] with at most {LARGEST_MASK:,} pixels a side; "
                    f"got {list(mask.shape)}."
                )
            png = encode_mask(mask)
            digests[tile] = hashlib.sha256(png).hexdigest()
            pictures[digests[tile]] = png
        laid[name] = replace(laid.get(name, LayerEntry(name, name)), mask=None if tiles is None else digests)
    return tuple(laid.values()), pictures


def _layered(entries: Sequence[LayerEntry], strengths: Mapping[str, float] | None = None) -> tuple[LayerEntry, ...]:
    """All of this version's layers from below: as the entries say, with other strengths laid over.

    Entries of a kind that this version does not know may have come from another one; they are left out.
    """
    known = {entry.id: entry for entry in entries if entry.kind in LAYER_DESCRIPTIONS}
    laid = {name: known.get(name, LayerEntry(name, name)) for name in LAYER_DESCRIPTIONS} | known
    for name, strength in (strengths or {}).items():
        laid[name] = replace(laid[name], strength=strength, visible=True)
    return tuple(laid.values())


def _change(
    traits: Mapping[str, TraitValue | Value],
    layers: Mapping[str, float],
    masks: Mapping[str, Mapping[str, Tensor] | None],
    before: Sequence[EditEntry],
    edits: Sequence[EditEntry] | None,
) -> dict[str, object]:
    """What an edit did, for the history."""
    change: dict[str, object] = {"changed": Traits(traits).to_json()}
    change |= {"layers": dict(layers)} if layers else {}
    change |= {"masks": sorted(masks)} if masks else {}
    if edits is not None:
        change["edits"] = [_short(edit) for edit in edits if edit not in before]
        change["removed"] = [_short(edit) for edit in before if edit.id not in {one.id for one in edits}]
    return change


def _short(edit: EditEntry) -> str:
    """Return how the history calls an edit: it keeps hundreds of them."""
    return (edit.label or edit.id)[:_LONGEST_LABEL]


def _not_grown(traits: Traits) -> tuple[str, ...]:
    """Return the words that asked for something of the hair which its style can't show."""
    return tuple(dict.fromkeys(traits[name].because for name in unanswered(traits) if traits[name].because))


def rebuild(
    document: FaceDocument,
    *,
    offset: Tensor | None = None,
    pictures: Mapping[str, bytes] | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """The face a face.json describes, bit for bit on the same machine.

    Args:
        document: of the face folder.
        offset: [V, 3] metres, `folder.read_offset` of the same folder.
        pictures: SHA-256 -> PNG, `folder.read_pictures` of the same folder.
        progress: told about every stage.

    Raises:
        BadRequest: its head model is not installed here, a value in it is out of range, or a mask's picture is missing.
        FolderError: its identity is incomplete.
        Cancelled: the progress said so.
    """
    before = document.record
    check_request(before.prompt, before.seed, before.resolution, before.head)
    progress.report("head", 0.0, "Shaping the head")
    try:
        built = load_model(before.head).build(HeadSource(identity=document.head.identity, offset=offset))
    except KeyError as error:
        raise FolderError(f"face.json is damaged: the head's identity lacks {error}.") from error
    except (ValueError, IndexError, ArithmeticError) as error:  # numbers that no head was ever built from
        raise FolderError(_NOBODY) from error
    if not (built.vertices.abs() <= _LARGEST_HEAD).all():  # NaN neither
        raise FolderError(_NOBODY)
    return _dress(built, before, progress.part(0.1, 1.0), pictures)


def forget_models() -> None:
    """Load models anew when they are next needed: one was installed, replaced or removed."""
    forget_heads()
    forget_diffusion()
    _kept.forget()


def measure(head: Head) -> dict[str, float]:
    """Every shape trait as it is on a head, in standard deviations of the population.

    Raises:
        BadRequest: its head model is not installed here, or it is said to be of one that has another topology.
    """
    model = load_model(head.model)
    if head.topology.landmarks != model.topology.landmarks or len(head.vertices) != model.topology.vertex_count:
        raise BadRequest(f"The face's geometry is not that of the head model {head.model}: make the face again.")
    return model.measure(head)


def animate(
    source: Path,
    *,
    tracker: Tracker = "auto",
    face: int | None = None,
    start: float | None = None,
    end: float | None = None,
    neutral: float | None = None,
    mirror: bool = False,
    smoothing: float | None = None,
    gains: Mapping[str, float] | None = None,
    rate: float | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Performance:
    """Return what a face does in a video, a folder of pictures, a CSV file of Live Link Face, or a take (.npz).

    Args:
        source: the file or folder.
        tracker: reads faces in pictures: "auto", "face-mesh" or "face-landmarker".
        face: which of several faces, counted from the left; None is the largest.
        start: of the part that is read, seconds; None is the beginning.
        end: of that part; None is the end.
        neutral: second in which the face is at rest; None is the first ones of footage, and nothing of a take.
        mirror: whether left and right are exchanged.
        smoothing: 0..1; None is 0.5 for footage and 0 for a take, which has been smoothed.
        gains: region (brows, eyes, jaw, mouth, cheeks, head, gaze) or ARKit shape -> factor 0..3.
        rate: moments a second, even in time; None is the source's own.
        progress: told how far it is.

    Raises:
        BadRequest: the source is not there or no such thing, has no face in it, or a value is out of range.
        MissingDependency: no tracker is installed, and there are pictures to be read.
        Cancelled: the progress said so.
    """
    wishes = Wishes(tracker, face, start, end, neutral, mirror)
    return make_take(source, wishes, Changes(smoothing, gains or {}, rate), progress)


def check_animation(**wishes: Any) -> None:
    """Refuse what `animate` would, by its arguments but source and progress, before anything slow starts.

    Raises:
        BadRequest: a value is out of range.
    """
    changes = {name: wishes.pop(name) for name in ("smoothing", "gains", "rate") if name in wishes}
    check_changes(Wishes(**wishes), Changes(**changes))


def export(
    face: Face,
    path: Path,
    *,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    face_folder: Path | None = None,
    hair: Literal["cards", "none"] = "cards",
    level: int = 0,
    rig: BoneNames | None = None,
    detail: int = 0,
    visemes: bool = False,
    take: Performance | None = None,
) -> Path:
    """Write a face as .glb, .obj or .blend, chosen by the path's suffix; gives the path back.

    Args:
        face: what to write.
        path: the file.
        progress: told about every step.
        face_folder: where the face is saved already, if it is; a .blend is then made from there.
        hair: what GLB and OBJ have of the hair: "cards", or "none".
        level: of detail of the cards, 0 is the finest.
        rig: whose names the bones have, one of `BONE_NAMES`; None leaves bones away. OBJ has none.
        detail: of the head in GLB and OBJ, 0 is the whole one, 1 to 3 have fewer triangles.
        visemes: whether the 15 visemes of lip sync are further blend shapes.
        take: what the face does, in a .glb or .blend.
    """
    from dreamface.export import export as write

    return write(
        face, path, progress, face_folder,
        hair=hair, level=level, rig=rig, detail=detail, visemes=visemes, take=take,
    )  # fmt: skip


def write_cards(
    face: Face | FaceRecord,
    folder: Path,
    *,
    groom: Groom | None = None,
    offset: Tensor | None = None,
    level: int = 0,
    resolution: int = 1024,
    pictures: Mapping[str, bytes] | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Path:
    """Write the cards of a face's hair into a folder, for Blender; gives the folder back.

    Args:
        face: whose; of a record the head is built anew, and its hair is grown.
        folder: that gets `cards.npz` and `cards/<channel>.png`.
        groom: other hair than the face's, on the same head.
        offset: [V, 3] metres on top of what a record's traits say.
        level: of detail, 0 is the finest.
        resolution: texels a side of the pictures.
        pictures: SHA-256 -> PNG of places that a record's edits lie on.
        progress: told about every step.
    """
    from dreamface.export import write_cards as write

    if isinstance(face, FaceRecord):
        progress.report("head", 0.0, "Building the head")
        head = _shaped(face, offset, pictures or {})
        shapes = expressions(head)
        if groom is None:
            groom = grow_hair(head, shown_traits(face), face.seed, edits=face.edits, pictures=pictures)
        progress = progress.part(0.3, 1.0)
    else:
        head, shapes, groom = face.head, face.shapes, face.groom if groom is None else groom
    return write(groom, head, shapes, folder, seed=face.seed, level=level, resolution=resolution, progress=progress)


def check_request(prompt: str, seed: int, resolution: int, head: str) -> None:
    """Refuse what can't be made before anything slow starts.

    Raises:
        BadRequest: an empty or too long prompt, a seed out of range, a resolution or head model that is not offered.
    """
    check_prompt(prompt)
    check_seed(seed)
    check_resolution(resolution)
    check_name(head)


def _dress(head: Head, record: FaceRecord, progress: Progress, pictures: Mapping[str, bytes] | None = None) -> Face:
    """Everything after the neutral geometry: rig, hair, skin, preview."""
    model, traits = load_model(head.model), shown_traits(record)
    record = replace(record, head=head.model, candidate=head.candidate, layers=_layered(record.layers))
    pictures = _needed(record, pictures or {})
    head = mixed(head, record.edits, pictures)
    progress.report("rig", 0.0, "Making the expressions")
    shapes = model.shapes(head)
    rig = make_rig(head, shapes, model.shape_names)
    progress.report("hair", 0.15, "Growing the hair")
    hair_traits, marks = hair_of(record.edits, head, traits, pictures)
    surface = Surface(head, marks)
    groom = grow(head, hair_traits, record.seed, surface=surface)
    progress.report("skin", 0.2, "Painting the skin")
    masks, laid = _read_masks(record, pictures), overlays(record.edits, head, traits, record.seed, pictures)
    painting = progress.part(0.2, 0.8)
    with _turn(painting):
        maps = _painter.paint(
            head, traits, resolution=record.resolution, seed=record.seed, layers=record.strengths,
            masks=masks, overlays=laid, progress=painting,
        )  # fmt: skip
    named = dict(zip(model.shape_names, shapes, strict=True))
    folds = _wrinkle_painter.paint(head, named, traits, resolution=record.resolution, seed=record.seed)
    maps = {tile: {**channels, **folds.get(tile, {})} for tile, channels in maps.items()}
    surfaces = materials(head, traits)
    progress.report("preview", 0.8, "Taking the picture")
    weights = expression_weights(traits, model.shape_names)
    posed = pose(head.vertices, shapes, weights)
    worn = wear_wrinkles(maps, dict(zip(model.shape_names, weights.tolist(), strict=True)))
    picture = _portrait(surface, posed, groom, hair_traits, record.seed, surfaces, worn)
    progress.report("preview", 1.0, "Done")
    return Face(
        record=record, head=head, shapes=shapes,
        shape_names=model.shape_names, materials=surfaces, maps=maps, preview=picture, measured=model.measure(head),
        pictures=pictures, groom=groom, rig=rig,
    )  # fmt: skip


def _portrait(
    skin: Surface,
    posed: Tensor,
    groom: Groom,
    traits: Traits,
    seed: int,
    surfaces: Mapping[str, Material],
    maps: Maps,
) -> Tensor:
    """Return the preview: the head with its expression and its hair."""
    head = skin.head
    hairs = hairs_of(groom, head, traits, seed, posed=posed, surface=skin)
    if "lashes" in groom:  # instead of the mesh's
        bare = replace(surfaces["lashes"], transmission=1.0, ior=1.0)
        surfaces = {**surfaces, "lashes": bare}
    top = float(hairs.points[..., 2].max()) if len(hairs) else None
    camera = portrait_camera(posed, yaw=PREVIEW_YAW, top=top)
    return preview(posed, head.topology, surfaces, maps, size=PREVIEW_SIZE, camera=camera, strands=hairs)


def _needed(record: FaceRecord, pictures: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the pictures that the record's layers refer to.

    Raises:
        BadRequest: one is missing.
    """
    for entry in record.layers:
        if not set((entry.mask or {}).values()) <= pictures.keys():
            raise BadRequest(
                f"The picture of the layer {entry.id!r}'s mask is missing: send it, or take the mask away."
            )
    for edit in record.edits:
        if not set(edit.digests) <= pictures.keys():
            raise BadRequest(
                f"A picture of the edit {edit.label or edit.id!r} is missing: send it, or delete the edit."
            )
    return {digest: pictures[digest] for digest in record.pictures}


def _read_masks(record: FaceRecord, pictures: Mapping[str, bytes]) -> dict[str, dict[str, Tensor]]:
    """Return where the visible layers are laid on: layer -> tile -> [H, W] 0..1."""
    shown = [entry for entry in record.layers if entry.visible and entry.mask is not None]
    needed = {digest for entry in shown for digest in (entry.mask or {}).values()}
    masks = {digest: decode_mask(pictures[digest]) for digest in needed}
    return {entry.id: {tile: masks[digest] for tile, digest in (entry.mask or {}).items()} for entry in shown}
