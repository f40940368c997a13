"""A whole head's detail by diffusion: its shape carved, its skin textured (Zhang et al. 2023, "DreamFace")."""

from __future__ import annotations

import math
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import torch
from pydantic import JsonValue

from dreamface.appearance import look_at
from dreamface.edits import Diffused, diffused_pictures, overlays
from dreamface.errors import BadRequest, MissingDependency
from dreamface.face import Face, Head
from dreamface.guidance import (
    LAYER_SIDE,
    OWN_RELIEF,
    Anchor,
    Carving,
    DecodedChange,
    Guide,
    LatentDiffusion,
    LearnedPrior,
    Outcome,
    PbrDecoders,
    Sitter,
    Steps,
    Textured,
    Texturing,
    decoded_change,
    installed_pbr_decoders,
    installed_texture_model,
    normals_of_height,
    resized,
    sample_texture,
    sharpen_with_installed,
    skin_layer,
    use_diffusion,
    why_no_diffusion,
    why_no_texture_model,
)
from dreamface.head import HeadSource, load_model
from dreamface.limits import LONGEST_WISH
from dreamface.pipeline.painting import painter, painters_turn
from dreamface.pipeline.people import build_head, measure, shown_traits
from dreamface.progress import Progress
from dreamface.record import EditEntry, FaceRecord
from dreamface.skin import materials
from dreamface.traits import VOCABULARY, Group, Traits
from dreamface.units import MM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from torch import Tensor

    from dreamface.appearance import Seen
    from dreamface.face import Maps
    from dreamface.hair import Groom

DetailName = Literal["quick", "fast-diffusion", "diffusion"]
"""What makes a face's detail: our own painter alone, or on top of it a texture model at once, or score distillation."""

DETAILS: Final = ("quick", "fast-diffusion", "diffusion")

MOST_DETAIL_STEPS: Final = 1000
"""Of each half of texturing."""

MOST_DETAIL_GUIDANCE: Final = 200.0
"""How far score distillation is led towards the words."""

LABEL: Final = "Diffusion"
ENTRY: Final = "diffusion"
"""Label and id of the edit that holds what diffusion has made of the skin."""

_SHOWN_EVERY: Final = 10  # steps between two pictures of the head as it forms
_PORTRAIT: Final = 256  # pixels a side of them
_SKIN: Final = 1024  # texels a side of the skin that diffusion sees
_ON_TOP: Final = ("foundation", "blush", "eyeshadow", "eyeliner", "lipstick", "cropped_hair", "stubble", "beard",
                  "brows")  # fmt: skip
"""The skin's layers that lie on top of what diffusion makes."""

_AS_CLAY: Final = "a studio photograph of a realistic grey clay sculpture of the bald head of {}"
_AS_SKIN: Final = "a close-up photograph of detailed skin, plain background, the bald face of {}"
_AGAINST: Final = "hair, hat, glasses, blurry, text, watermark, frame, deformed, shadow, highlight"
_CARVING_GUIDANCE: Final = 0.5  # of texturing's
_CARVING_STEPS: Final = 1.5  # for each of texturing's two halves
_TEXTURE_GUIDANCE: Final = 0.01  # of the generic model's, with a texture model
_MODES: Final = 60  # of the head model's coefficients that move
_STILL: Final = 0.05 * MM  # root mean square: coefficients that move less are left alone
_SPREADS: Final = {"mode": 1.0, "slider": 0.25}  # one step of a coefficient, by the beginning of its name
_LARGEST_RELIEF: Final = 0.5  # millimetres
_MOVED: Final = 0.3  # standard deviations by which a shape trait must be farther from what was asked for, to be said
_MOVED_SHARE: Final = 0.25  # of a skin trait's range, likewise

Forming: TypeAlias = "Callable[[Tensor], None]"
"""Takes [S, S, 3] sRGB-encoded 0..1 pictures of a head as it forms."""


@dataclass(frozen=True)
class Detail:
    """How diffusion makes a head's detail.

    Attributes:
        steps: of texturing, in latent space and once more in image space; carving takes half as many again.
        guidance: how far it is led towards the words.
        carves: whether it also changes the shape.
        generic_weight: of the model's opinion of pictures of the skin (lambda_g of equations 10 and 13); 0 leaves it
            out.
        texture_weight: of the texture model's or the painted skin's opinion of the texture (lambda_tau), likewise.
    """

    steps: int = 200
    guidance: float = 100.0
    carves: bool = True
    generic_weight: float = 1.0
    texture_weight: float = 3.0


@dataclass(frozen=True)
class FastDetail:
    """How a texture model makes a face's skin at once; the shape stays as it is.

    Attributes:
        steps: of denoising.
        guidance: how far it is led towards the words; 1 is the words alone.
    """

    steps: int = 30
    guidance: float = 2.0


@dataclass(frozen=True)
class Detailed:
    """What diffusion has made of a head.

    Attributes:
        head: carved.
        entry: the edit that holds its skin.
        pictures: SHA-256 -> PNG of the edit.
    """

    head: Head
    entry: EditEntry
    pictures: dict[str, bytes]


def read_detail(detail: DetailName | Detail | FastDetail) -> Detail | FastDetail | None:
    """Return how diffusion is to make the detail; None where it is not asked for.

    Raises:
        BadRequest: there is no such detail, or a number is out of range.
    """
    if isinstance(detail, Detail | FastDetail):
        check_detail(detail)
        return detail
    if detail not in DETAILS:
        raise BadRequest(f"There is no detail {detail!r}: choose {', '.join(DETAILS[:-1])} or {DETAILS[-1]}.")
    return {"quick": None, "fast-diffusion": FastDetail(), "diffusion": Detail()}[detail]


def detail_from(data: Mapping[str, Any]) -> Detail | FastDetail:
    """Return how detail is to be made, of plain data: `fast`, and numbers; None is the usual."""
    numbers = {name: value for name, value in data.items() if name != "fast" and value is not None}
    return FastDetail(**numbers) if data.get("fast") else Detail(**numbers)


def check_detail(detail: Detail | FastDetail) -> None:
    """Refuse numbers out of range, before anything slow starts.

    Raises:
        BadRequest: one is.
    """
    if not 1 <= detail.steps <= MOST_DETAIL_STEPS:
        raise BadRequest(f"Detail by diffusion takes 1 to {MOST_DETAIL_STEPS} steps; got {detail.steps}.")
    if not 0.0 <= detail.guidance <= MOST_DETAIL_GUIDANCE:
        raise BadRequest(
            f"The guidance of detail by diffusion must be between 0 and {MOST_DETAIL_GUIDANCE:g}; "
            f"got {detail.guidance:g}."
        )
    if isinstance(detail, FastDetail):
        return
    weights = (detail.generic_weight, detail.texture_weight)
    if not all(0.0 <= weight < math.inf for weight in weights) or not any(weights):
        raise BadRequest(
            "The two weights of detail by diffusion must be 0 or more, and one of them more than 0; got "
            f"{detail.generic_weight:g} and {detail.texture_weight:g}."
        )


def check_can_detail(
    detail: Detail | FastDetail, head: str, model: LatentDiffusion | None, texture: LatentDiffusion | None
) -> None:
    """Refuse detail that no model can make here, before anything slow starts.

    Args:
        detail: how.
        head: name of the head model, one of `HEADS`.
        model: of pictures; None is the one that is installed.
        texture: of textures; None likewise.

    Raises:
        MissingDependency: no model is installed, or none of textures of this head.
        DreamFaceError: what is installed is damaged.
    """
    given = texture if isinstance(detail, FastDetail) else model
    if given is None and (sentence := why_no_diffusion()):
        raise MissingDependency(sentence)
    if given is None and isinstance(detail, FastDetail) and (sentence := why_no_texture_model(load_model(head).name)):
        raise MissingDependency(sentence)


def make_detail(
    head: Head,
    record: FaceRecord,
    detail: Detail | FastDetail,
    model: LatentDiffusion | None = None,
    texture: LatentDiffusion | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    forming: Forming | None = None,
    decoders: PbrDecoders | None = None,
) -> Detailed:
    """Carve and texture a head after its prompt, or texture it at once.

    Args:
        head: as the traits make it.
        record: whose; its edits lie on top.
        detail: how.
        model: knows pictures of anything; None is the one that is installed.
        texture: knows textures of this head's layout, with the same latents; None: the one that is installed, where
            `model` is, too, else the painted skin stands in for it.
        progress: told about every step.
        forming: called every few steps with a picture of what there is by then.
        decoders: of specular and relief from those latents; None: those that are installed, where the models are, too.

    Raises:
        MissingDependency: no model is installed.
        DreamFaceError: the model gave no numbers, or there is too little memory.
        Cancelled: the progress said so.
    """
    check_detail(detail)
    progress.report("load", 0.0, "Loading the diffusion model")
    with _networks(head, detail, model, texture, decoders, progress.part(0.0, 0.05)) as networks:
        made = _made_by(networks, head, record, detail, progress.part(0.05, 0.9), forming)
        decoded, failed = _decoded(networks.decoders, made)
    progress.report("diffusion", 0.9, "Making it sharper")
    textured, sharpeners, said = sharpen_with_installed(made.textured, made.sitter, progress.part(0.9, 0.95))
    progress.report("diffusion", 0.95, "Laying it on")
    side = max(LAYER_SIDE, textured.after.shape[-1])
    layer, relief_mm = _with_relief(skin_layer(made.sitter, textured, side, decoded), made.sitter, made.relief)
    everywhere = {tile: torch.ones(_SKIN, _SKIN) for tile in layer}
    names, pictures = diffused_pictures(layer, head.topology, everywhere)
    shown_before = _shown_before(made.sitter, record)
    stopped = " ".join(one for one in (*(outcome.stopped for outcome in made.outcomes), failed, *said) if one)
    parameters: dict[str, JsonValue] = {
        "words": record.prompt[:LONGEST_WISH], "model": made.model, "seed": record.seed,
        "steps": sum(outcome.steps for outcome in made.outcomes), "guidance": detail.guidance, "under": True,
        "relief_mm": relief_mm, **({"shown": shown_before} if shown_before else {}),
        **({"fast": True} if isinstance(detail, FastDetail) else {}),
        **({"texture_model": networks.texture.name} if networks.texture is not None else {}),
        **({"pbr_decoders": networks.decoders.name} if networks.decoders is not None and decoded is not None else {}),
        **({"sharpened_by": list(sharpeners)} if sharpeners else {}),
        **({"cut_off": made.cut_off[:LONGEST_WISH]} if made.cut_off else {}),
        **({"stopped": stopped[:LONGEST_WISH]} if stopped else {}),
    }  # fmt: skip
    entry = EditEntry(ENTRY, "diffusion", LABEL, 1.0, True, None, Traits(), parameters, names)
    return Detailed(made.head, entry, pictures)


@dataclass(frozen=True)
class _Networks:
    """What makes detail; of `make_detail`'s arguments, those that are there."""

    model: LatentDiffusion | None
    texture: LatentDiffusion | None
    decoders: PbrDecoders | None


@dataclass(frozen=True)
class _Made:
    """A head whose skin was made, before it is laid on.

    Attributes:
        head: perhaps carved.
        sitter: the same with its painted skin.
        textured: the new skin.
        relief: [T, S, S] metres that carving has made; None: nothing.
        outcomes: of all stages.
        model: what made it.
        cut_off: what of the prompt was not read.
    """

    head: Head
    sitter: Sitter
    textured: Textured
    relief: Tensor | None
    outcomes: tuple[Outcome, ...]
    model: str
    cut_off: str


def _made_by(
    networks: _Networks,
    head: Head,
    record: FaceRecord,
    detail: Detail | FastDetail,
    progress: Progress,
    forming: Forming | None,
) -> _Made:
    """Return the head and its new skin, by score distillation or by sampling."""
    model, texture = networks.model, networks.texture
    if isinstance(detail, FastDetail):
        assert texture is not None
        sitter, textured = sample_skin(head, record, detail, texture, progress)
        cut_off = texture.embed(record.prompt).cut_off
        return _Made(head, sitter, textured, None, (textured.outcome,), (model or texture).name, cut_off)
    assert model is not None
    carved, relief, outcomes = head, None, []
    if detail.carves:
        carved, relief, outcome = _carve(head, record, detail, model, progress.part(0.0, 0.47), forming)
        outcomes.append(outcome)
    part = progress.part(0.47, 1.0)
    sitter, textured = texture_skin(carved, record, detail, model, texture, relief, part, forming)
    cut_off = model.embed(_AS_SKIN.format(record.prompt)).cut_off
    return _Made(carved, sitter, textured, relief, (*outcomes, textured.outcome), model.name, cut_off)


def _decoded(decoders: PbrDecoders | None, made: _Made) -> tuple[DecodedChange | None, str]:
    """Return how decoders change the face's maps, or None; and why there is none, as a sentence."""
    own, latents = made.textured.own, made.textured.latents
    if decoders is None or own is None or latents is None:
        return None, ""
    return decoded_change(decoders, made.sitter, own[:1], latents[:1])


@contextmanager
def _networks(
    head: Head,
    detail: Detail | FastDetail,
    model: LatentDiffusion | None,
    texture: LatentDiffusion | None,
    decoders: PbrDecoders | None,
    progress: Progress,
) -> Iterator[_Networks]:
    """Give the models of pictures and of textures, and decoders, to a block.

    What is installed is only looked for where neither model is given, and a texture model only where it has a say.
    """
    if model is not None or (texture is not None and isinstance(detail, FastDetail)):
        yield _Networks(model, texture, decoders)
        return
    with use_diffusion(progress.part(0.0, 0.6)) as found:
        if texture is None and (isinstance(detail, FastDetail) or detail.texture_weight > 0.0):
            texture = installed_texture_model(found, head.model, progress.part(0.6, 0.9))
        if texture is None and isinstance(detail, FastDetail):  # removed since it was checked
            raise MissingDependency(why_no_texture_model(head.model))
        if decoders is None:
            decoders = installed_pbr_decoders(found, head.model, progress.part(0.9, 1.0))
        yield _Networks(found, texture, decoders)


def detail_remarks(record: FaceRecord) -> list[str]:
    """Return sentences on how a face's detail was made: what of the prompt was cut off, and why it has ended early."""
    found = []
    for edit in record.edits:
        if edit.kind == "diffusion" and edit.parameters.get("under"):
            if cut_off := edit.parameters.get("cut_off"):
                found.append(f"The prompt is longer than the diffusion model reads; it has not read: “{cut_off}”.")
            if stopped := edit.parameters.get("stopped"):
                found.append(str(stopped))
    return found


def _every_few(portrait: Callable[[int], Tensor], forming: Forming | None) -> Callable[[int], None] | None:
    """Return what to call after every step, so that a picture is handed on every few of them."""
    if forming is None:
        return None

    def shown(step: int) -> None:
        if step % _SHOWN_EVERY == _SHOWN_EVERY - 1:
            forming(portrait(_PORTRAIT).clamp(0.0, 1.0).permute(1, 2, 0).cpu())

    return shown


def seed_of_detail(seed: int, what: str) -> int:
    """Return the seed of a stage, from the face's."""
    return zlib.crc32(what.encode(), seed)


# ------------------------------------------------------------------------------------------------------------ carving


def _carve(
    head: Head,
    record: FaceRecord,
    detail: Detail,
    model: LatentDiffusion,
    progress: Progress,
    forming: Forming | None,
) -> tuple[Head, Tensor, Outcome]:
    """Return the carved head, [T, S, S] metres of fine relief, and how it ended."""
    progress.report("carving", 0.0, "Looking at the head")
    traits = shown_traits(record)
    sitter = Sitter(head, materials(head, traits), {}, {})
    words, scale = _AS_CLAY.format(record.prompt), _CARVING_GUIDANCE * detail.guidance
    guide = Guide.reading(model, words, _AGAINST, scale)
    carving = Carving(sitter, guide, shape_modes(head), seed_of_detail(record.seed, "carving"))
    steps = max(1, round(_CARVING_STEPS * detail.steps))
    carved = carving.run(steps, progress=progress, seen=_every_few(carving.portrait, forming))
    offset = carved.offset if head.offset is None else head.offset + carved.offset
    shaped = build_head(head.model, traits, record.seed, head.candidate, offset)
    return shaped, carved.relief, carved.outcome


def shape_modes(head: Head) -> Tensor:
    """Return [K, V, 3] metres: the independent ways in which a head's coefficients move its shape, largest first.

    Each is one spread of what coefficients do that vary by a spread each: principal components. Measured by
    differences, as a head model need not be differentiable; many coefficients move the same, so far fewer are left.
    """
    model, moves = load_model(head.model), []
    rest = model.build(HeadSource(identity=head.identity)).vertices
    for name, value in head.identity.items():
        step = _SPREADS.get(name.partition(".")[0])
        if step is None:
            continue
        moved = model.build(HeadSource(identity={**head.identity, name: value + step})).vertices - rest
        if float(moved.square().sum(dim=1).mean().sqrt()) > _STILL:
            moves.append(moved)
    if not moves:
        return torch.zeros(0, *rest.shape)
    flat = torch.stack(moves).flatten(1)
    _, ways = torch.linalg.eigh((flat @ flat.T).double())
    found = (ways.flip(1).T.float() @ flat)[:_MODES].view(-1, *rest.shape)
    return found[found.square().sum(dim=2).mean(dim=1).sqrt() > _STILL]


# ---------------------------------------------------------------------------------------------------------- texturing


def texture_skin(
    head: Head,
    record: FaceRecord,
    detail: Detail,
    model: LatentDiffusion,
    texture: LatentDiffusion | None = None,
    relief: Tensor | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    forming: Forming | None = None,
) -> tuple[Sitter, Textured]:
    """Return the head as it sat with its painted skin, and the textures that diffusion has made of that.

    Args:
        head: whose skin.
        record: of the face; its prompt is what is asked for.
        detail: how.
        model: knows pictures of anything.
        texture: see `make_detail`.
        relief: [T, S, S] metres of the skin's tiles that carving has made; None: nothing.
        progress: told about every step.
        forming: called every few steps with a picture of what there is by then.

    Raises:
        DreamFaceError: the model gave no numbers at once, or there is too little memory.
        Cancelled: the progress said so.
    """
    sitter = _sit(head, record, progress.part(0.0, 0.1))
    texturing = _texturing(sitter, record, detail, model, texture, relief)
    shown = _every_few(texturing.portrait, forming)
    return sitter, texturing.run(Steps(detail.steps, detail.steps), progress.part(0.1, 1.0), shown)


def sample_skin(
    head: Head,
    record: FaceRecord,
    detail: FastDetail,
    texture: LatentDiffusion,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> tuple[Sitter, Textured]:
    """Return the head as it sits with its painted skin, and the textures that a texture model makes at once.

    Args:
        head: whose skin.
        record: of the face; its prompt is what is asked for.
        detail: how.
        texture: knows textures of this head's layout.
        progress: told about every step.

    Raises:
        DreamFaceError: the model gave no numbers, or there is too little memory.
        Cancelled: the progress said so.
    """
    sitter, seed = _sit(head, record, progress.part(0.0, 0.3)), seed_of_detail(record.seed, "sampling")
    part = progress.part(0.3, 1.0)
    return sitter, sample_texture(texture, sitter, record.prompt, detail.steps, detail.guidance, seed, part)


def _sit(head: Head, record: FaceRecord, progress: Progress) -> Sitter:
    """Return the head with its painted skin, with and without what lies on top of diffusion's."""
    traits, resolution = shown_traits(record), min(record.resolution, _SKIN)
    laid = overlays(record.edits, head, traits, record.seed, {})
    with painters_turn(progress):
        maps = painter.paint(
            head, traits, resolution=resolution, seed=record.seed, layers=record.strengths, overlays=laid,
            progress=progress.part(0.0, 0.6),
        )  # fmt: skip
        bare = painter.paint(
            head, traits, resolution=resolution, seed=record.seed,
            layers={**record.strengths, **dict.fromkeys(_ON_TOP, 0.0)}, progress=progress.part(0.6, 1.0),
        )  # fmt: skip
    return Sitter(head, materials(head, traits), maps, bare)


def _texturing(
    sitter: Sitter,
    record: FaceRecord,
    detail: Detail,
    model: LatentDiffusion,
    texture: LatentDiffusion | None,
    relief: Tensor | None,
) -> Texturing:
    words = _AS_SKIN.format(record.prompt)

    def prior(own: Tensor) -> LearnedPrior | Anchor:
        anchor = Anchor.of(sitter, own, detail.texture_weight)
        if texture is None:
            return anchor
        scale = max(1.0, _TEXTURE_GUIDANCE * detail.guidance)
        return LearnedPrior(Guide.reading(texture, record.prompt, "", scale, detail.texture_weight), anchor)

    normals = None if relief is None else _bent(sitter.relief(model.side), sitter, relief)
    guide = Guide.reading(model, words, _AGAINST, detail.guidance, detail.generic_weight)
    return Texturing(sitter, guide, prior, seed_of_detail(record.seed, "texturing"), normals)


def _bent(normals: Tensor, sitter: Sitter, relief: Tensor) -> Tensor:
    """Return [T, 3, S, S] the skin's normals with fine relief [T, H, H] on top: their slopes add up."""
    fine = torch.stack([resized(one, normals.shape[-1]) for one in normals_of_height(relief[:, None], sitter)])
    upright = normals[:, 2:].clamp_min(0.1)
    return torch.cat((normals[:, :2] / upright + fine[:, :2], torch.ones_like(upright)), dim=1)


def _with_relief(made: dict[str, Diffused], sitter: Sitter, relief: Tensor | None) -> tuple[dict[str, Diffused], float]:
    """Return the same with carved relief, and the millimetres that relief of 1 means in it."""
    totals = {tile: made[tile].relief * OWN_RELIEF for tile in sitter.tiles}
    for tile, height in zip(sitter.tiles, relief, strict=True) if relief is not None else ():
        totals[tile] = totals[tile] + resized(height[None] / MM, totals[tile].shape[-1])[0]
    largest = max(float(total.abs().max()) for total in totals.values())
    span = min(max(largest, OWN_RELIEF), _LARGEST_RELIEF)
    return {tile: replace(made[tile], relief=totals[tile] / span) for tile in made}, round(span, 4)


# ---------------------------------------------------------------------------------------------------- what has moved


def moved_by_detail(face: Face, measured: Mapping[str, float], seen: Mapping[str, Seen]) -> list[str]:
    """Return a sentence for every trait of the prompt that diffusion has led the head away from.

    Args:
        face: finished.
        measured: its shape traits, in standard deviations.
        seen: what else it shows.
    """
    shown_edits = (edit for edit in face.record.edits if edit.visible and edit.strength > 0.0)
    layer = next((edit for edit in shown_edits if edit.id == ENTRY), None)
    if layer is None:
        return []
    noted = layer.parameters.get("shown")
    painted = noted if isinstance(noted, dict) else {}
    head, asked = face.head, face.traits.asked()
    before = _measured_before(head)
    found = []
    for name, entry in asked.items():
        if not isinstance(entry.value, float | int):
            continue
        trait, wanted = VOCABULARY[name], float(entry.value)
        if name in before and name in measured:
            missed, at_first = abs(measured[name] - wanted), abs(before[name] - wanted)
            if missed > at_first + _MOVED:
                found.append(_moved(name, entry.because, wanted, measured[name]))
        elif name in seen:
            first, shown = painted.get(name), seen[name].value
            if not isinstance(first, float | int) or not isinstance(shown, float | int):
                continue
            if abs(shown - wanted) > abs(first - wanted) + _MOVED_SHARE * (trait.high - trait.low):
                found.append(_moved(name, entry.because, wanted, shown))
    return found


def _measured_before(head: Head) -> dict[str, float]:
    """Return a head's shape traits without its offset; nothing where there is none, or they can't be measured here."""
    if head.offset is None:
        return {}
    try:
        return measure(replace(head, vertices=head.vertices - head.offset, offset=None))
    except (BadRequest, MissingDependency):  # the head model is not installed here
        return {}


@dataclass(frozen=True)
class _Painted:
    """As much of a face as is looked at, before diffusion and hair."""

    head: Head
    maps: Maps
    groom: Groom


def _shown_before(sitter: Sitter, record: FaceRecord) -> dict[str, JsonValue]:
    """Return what the painted skin shows of the traits that the prompt asks of it, before diffusion."""
    asked = [name for name in record.traits.asked() if VOCABULARY[name].group is Group.SKIN]
    if not asked:
        return {}
    seen = look_at(_Painted(sitter.head, sitter.maps, {}), measure(sitter.head))
    numbers = {name: seen[name].value for name in asked if name in seen}
    return {name: round(float(value), 4) for name, value in numbers.items() if isinstance(value, float | int)}


def _moved(name: str, because: str, wanted: float, shown: float) -> str:
    words = f" (“{because}”)" if because else ""
    return f"Diffusion has moved {name}{words} from {wanted:.2g}, which was asked for, to {shown:.2g}."
