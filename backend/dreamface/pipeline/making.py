"""From a prompt to a face, and from a face to its next version: the stages in order."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

from dreamface import appearance
from dreamface.appearance import Seen
from dreamface.edits import check_edits, hair_of, overlays
from dreamface.errors import FolderError, MissingDependency, NothingRead
from dreamface.face import Face, Head, Maps, Material, expression_weights, pose
from dreamface.groom import Surface, grow, hairs_of
from dreamface.guidance import LatentDiffusion, check_alignment, why_no_clip
from dreamface.hair import Groom
from dreamface.head import Encoder, HeadSource, load_model
from dreamface.limits import (
    check_resolution,
    drawn_seed,
)
from dreamface.pipeline.aligning import aligned, looking
from dreamface.pipeline.detailing import (
    Detail,
    DetailName,
    FastDetail,
    Forming,
    check_can_detail,
    make_detail,
    read_detail,
)
from dreamface.pipeline.hair import not_grown
from dreamface.pipeline.painting import (
    faded,
    needed_pictures,
    painter,
    painters_turn,
    read_masks,
    with_masks,
    wrinkle_painter,
)
from dreamface.pipeline.people import (
    LARGEST_HEAD,
    NOBODY,
    build_head,
    check_request,
    measure,
    mixed,
    pictures_of,
    remembered,
    shown_materials,
    shown_traits,
    with_changes,
)
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.prompts import PromptReading, read
from dreamface.record import Correction, EditEntry, FaceRecord, Turn, corrected
from dreamface.render import portrait_camera, preview
from dreamface.rig import make_rig
from dreamface.skin import check_layers, materials, wear_wrinkles
from dreamface.text import clean
from dreamface.traits import Traits, TraitValue, Value, check_names

if TYPE_CHECKING:
    from torch import Tensor

    from dreamface.folder import FaceDocument

PREVIEW_SIZE = 512
_STRANDS: Final = 12_000  # of hair in a preview of that size; half as many where a side has a quarter of the pixels
PREVIEW_YAW = 0.35  # radians off the front: a three-quarter view shows shape that a passport picture hides
_LOOKED: Final = 0.85  # of making a face that is looked at: when its traits are settled
_LONGEST_LABEL: Final = 60  # characters of an edit in the history


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
    align: float = 0.0,
    encoder: Encoder | None = None,
    face_id: str | None = None,
    detail: DetailName | Detail | FastDetail = "quick",
    model: LatentDiffusion | None = None,
    texture: LatentDiffusion | None = None,
    reading: PromptReading | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    forming: Forming | None = None,
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
        align: 0..1 how far traits that the words leave open are moved, so that the portrait fits the words better; 0
            does not look at it.
        encoder: what looks; None is the installed CLIP.
        face_id: its identity, where it takes another face's place; None makes a new one.
        detail: "quick", or "diffusion": a diffusion model carves the shape and textures the skin after all words of
            the prompt, also those that no trait has; or "fast-diffusion": a texture model makes the skin at once. A
            `Detail` or a `FastDetail` says how.
        model: which diffusion model; None is the one that is installed.
        texture: a model of textures of the head's layout with the same latents; None: see `make_detail`.
        reading: what `read` said of the prompt, where it was asked already; None reads it.
        progress: told about every stage.
        forming: called every few steps of diffusion with a picture of the head by then, [S, S, 3] sRGB-encoded.

    Raises:
        NothingRead: nothing of the prompt was read, as of one in another language; see `anyway`. A diffusion model
            reads all words, so it is not raised with one.
        BadRequest: the prompt is empty or too long, a trait or `align` is unknown or out of range, or there is no such
            detail.
        MissingDependency: `align` is more than 0 and nothing that looks is installed, or detail by diffusion is asked
            for and no model is.
        DreamFaceError: the diffusion model gave no numbers, or there is too little memory for it.
        Cancelled: the progress said so.
    """
    number = drawn_seed(seed)
    check_request(prompt, number, resolution, head)
    check_names(without)
    if (how := read_detail(detail)) is not None:
        check_can_detail(how, head, model, texture)
    check_can_align(align, encoder)
    progress.report("language", 0.0, "Reading the prompt")
    reading = read(prompt) if reading is None else reading
    record = from_words(
        prompt, number, resolution, head, traits or {}, without, corrections, anyway or how is not None, face_id,
        reading,
    )  # fmt: skip
    if align:
        taken_back = {*without, *(reading.traits.keys() - _said(reading, without, corrections).keys())}
        record = _aligned(record, align, encoder, taken_back, progress.part(0.05, _LOOKED))
        progress = progress.part(_LOOKED, 1.0)
    progress.report("head", 0.1, "Shaping the head")
    built = build_head(record.head, record.traits, number, record.candidate)
    record = replace(record, candidate=built.candidate)
    if how is None:
        return dress(built, record, progress.part(0.2, 1.0))
    made = make_detail(built, record, how, model, texture, progress.part(0.1, 0.9), forming)
    record = replace(record, edits=(made.entry, *record.edits), not_understood=not_grown(record.traits))
    return dress(made.head, record, progress.part(0.9, 1.0), made.pictures)


def from_words(
    prompt: str,
    seed: int,
    resolution: int,
    head: str,
    traits: Mapping[str, TraitValue | Value],
    without: Collection[str],
    corrections: Sequence[Correction],
    anyway: bool,
    face_id: str | None = None,
    reading: PromptReading | None = None,
) -> FaceRecord:
    """Return the record of somebody new, before there is a head; arguments as for `generate`.

    Raises:
        NothingRead: nothing of the prompt was read, and nobody is to be made then.
    """
    reading = read(prompt) if reading is None else reading
    if reading.nothing_read and not anyway:
        raise NothingRead(reading.nothing_read)
    said = _said(reading, without, corrections)
    return begun(prompt, seed, resolution, head, reading, said.under(traits), corrections, face_id)


def _said(reading: PromptReading, without: Collection[str], corrections: Sequence[Correction]) -> Traits:
    """Return what a prompt says, but what the artist has taken back."""
    told = corrected(reading.traits, corrections)
    return Traits({name: entry for name, entry in told.items() if name not in without})


def begun(
    prompt: str,
    seed: int,
    resolution: int,
    head: str,
    reading: PromptReading,
    asked: Traits,
    corrections: Sequence[Correction] = (),
    face_id: str | None = None,
) -> FaceRecord:
    """Return the record of somebody new, before there is a head.

    Args:
        prompt: as typed.
        seed: what is left open is drawn from it.
        resolution: side of the maps in pixels.
        head: head model, one of `HEADS`.
        reading: of the prompt.
        asked: all that is asked for, by the prompt and beside it.
        corrections: of how words of the prompt are understood.
        face_id: its identity; None makes a new one.
    """
    person = complete(asked, seed)
    dropped = {correction.words for correction in corrections}
    return FaceRecord(
        face_id or str(uuid.uuid4()), clean(prompt), seed, resolution, load_model(head).name, person,
        (*reading.unused, *not_grown(person)),
        edits=tuple(mark for mark in reading.marks if mark.label not in dropped), corrections=tuple(corrections),
    )  # fmt: skip


def check_can_align(align: float, encoder: Encoder | None = None) -> None:
    """Refuse a strength of aligning that is out of range, or one above 0 where nothing looks.

    Args:
        align: see `generate`.
        encoder: what looks; None is the installed CLIP.

    Raises:
        BadRequest: `align` is out of range.
        MissingDependency: nothing that looks at portraits is installed.
    """
    check_alignment(align)
    if align and encoder is None and (sentence := why_no_clip()):
        raise MissingDependency(sentence)


def _aligned(
    record: FaceRecord, alpha: float, encoder: Encoder | None, without: Collection[str], progress: Progress
) -> FaceRecord:
    """Return a record whose open traits, but those `without`, were moved so that its portrait fits the words better."""
    progress.report("align", 0.0, "Loading what looks at portraits")
    with looking(encoder, progress.part(0.0, 0.05)) as found:
        return aligned(record, found, alpha, without=without, progress=progress.part(0.05, 1.0))


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
    before, kept_offset = remembered(face)
    masked, drawn = with_masks(before.layers, masks or {})
    record = replace(
        before,
        traits=with_changes(before, traits),
        resolution=before.resolution if resolution is None else resolution,
        layers=faded(masked, layers or {}),
        edits=before.edits if edits is None else tuple(edits),
        talk=before.talk if talk is None else tuple(talk),
        history=(*before.history, _change(traits, layers or {}, masks or {}, before.edits, edits)),
    )
    check_edits(record.edits)
    check_resolution(record.resolution)
    progress.report("head", 0.0, "Shaping the head")
    offset = kept_offset if offset is None else offset
    built = build_head(record.head, shown_traits(record), record.seed, record.candidate or 0, offset)
    known = {**pictures_of(face), **(pictures or {}), **drawn}
    return dress(built, record, progress.part(0.1, 1.0), known)


def changed_record(
    record: FaceRecord, traits: Mapping[str, TraitValue | Value], layers: Mapping[str, float] | None = None
) -> FaceRecord:
    """Return a face's record with some traits and layers changed as `edit` changes them, before anything is made.

    Raises:
        BadRequest: there is no such trait or layer.
    """
    check_layers(layers or {})
    return replace(record, traits=with_changes(record, traits), layers=faded(record.layers, layers or {}))


def look_at(face: Face, measured: Mapping[str, float] | None = None) -> dict[str, Seen]:
    """Return what a finished face shows of its traits: shape, tone, marks, folds, iris, hair; age and sex as they seem.

    Args:
        face: finished.
        measured: its shape traits, where `measure` has been asked already.

    Raises:
        BadRequest: as `measure`, where it has to be asked.
    """
    return appearance.look_at(face, measure(face.head) if measured is None else measured)


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
        raise FolderError(NOBODY) from error
    if not (built.vertices.abs() <= LARGEST_HEAD).all():  # NaN neither
        raise FolderError(NOBODY)
    return dress(built, before, progress.part(0.1, 1.0), pictures)


def dress(
    head: Head,
    record: FaceRecord,
    progress: Progress,
    pictures: Mapping[str, bytes] | None = None,
    shapes: Tensor | None = None,
) -> Face:
    """Return a face: everything after the neutral geometry, rig, hair, skin, preview.

    Args:
        head: neutral, without the shapes of other faces that edits mix in.
        record: whose.
        progress: told about every stage.
        pictures: SHA-256 -> PNG that the record refers to.
        shapes: [S, V, 3] of this head, where they are known and no edit mixes in another.
    """
    model, traits = load_model(head.model), shown_traits(record)
    record = replace(record, head=head.model, candidate=head.candidate, layers=faded(record.layers))
    pictures = needed_pictures(record, pictures or {})
    head = mixed(head, record.edits, pictures)
    progress.report("rig", 0.0, "Making the expressions")
    shapes = model.shapes(head) if shapes is None else shapes
    rig = make_rig(head, shapes, model.shape_names)
    progress.report("hair", 0.15, "Growing the hair")
    hair_traits, marks = hair_of(record.edits, head, traits, pictures)
    surface = Surface(head, marks)
    groom = grow(head, hair_traits, record.seed, surface=surface)
    progress.report("skin", 0.2, "Painting the skin")
    masks, laid = read_masks(record, pictures), overlays(record.edits, head, traits, record.seed, pictures)
    painting = progress.part(0.2, 0.8)
    with painters_turn(painting):
        maps = painter.paint(
            head, traits, resolution=record.resolution, seed=record.seed, layers=record.strengths,
            masks=masks, overlays=laid, progress=painting,
        )  # fmt: skip
    named = dict(zip(model.shape_names, shapes, strict=True))
    folds = wrinkle_painter.paint(head, named, traits, resolution=record.resolution, seed=record.seed)
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
    yaw: float = PREVIEW_YAW,
    size: int = PREVIEW_SIZE,
) -> Tensor:
    """Return a picture of the head with its expression and its hair."""
    head = skin.head
    most = min(_STRANDS, round(_STRANDS * (size / PREVIEW_SIZE) ** 0.5))
    hairs = hairs_of(groom, head, traits, seed, most=most, posed=posed, surface=skin)
    surfaces = shown_materials(surfaces, groom)
    top = float(hairs.points[..., 2].max()) if len(hairs) else None
    camera = portrait_camera(posed, yaw=yaw, top=top)
    return preview(posed, head.topology, surfaces, maps, size=size, camera=camera, strands=hairs)


def portraits(face: Face, yaws: Sequence[float], size: int = PREVIEW_SIZE) -> list[Tensor]:
    """Return pictures [size, size, 3] of a face, sRGB-encoded, as its preview is one.

    Args:
        face: with its expression and its hair.
        yaws: how far the camera walks around the head for each, radians.
        size: side of the pictures in pixels.
    """
    record, head = face.record, face.head
    hair_traits, marks = hair_of(record.edits, head, shown_traits(record), face.pictures)
    worn = wear_wrinkles(face.maps, dict(zip(face.shape_names, face.expression.tolist(), strict=True)))
    posed, skin = face.posed(face.expression), Surface(head, marks)
    return [
        _portrait(skin, posed, face.groom, hair_traits, record.seed, face.materials, worn, yaw, size) for yaw in yaws
    ]
