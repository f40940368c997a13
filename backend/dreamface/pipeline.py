"""From a prompt to a face: the stages in order. The only room that knows them all."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamface.errors import BadRequest, FolderError
from dreamface.face import Face, Head, expression_weights, pose
from dreamface.head import HEADS, check_name, load_model
from dreamface.language import Reading, check_prompt, clean, read
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.random_streams import SEED_LIMIT, stream
from dreamface.render import portrait_camera, preview
from dreamface.skin import materials, paint
from dreamface.traits import Traits, TraitValue, Value

if TYPE_CHECKING:
    from dreamface.folder import FaceDocument

__all__ = [
    "HEADS",
    "RESOLUTIONS",
    "Reading",
    "check_request",
    "clean",
    "edit",
    "export",
    "generate",
    "measure",
    "read",
    "rebuild",
    "reshape",
]

RESOLUTIONS = (512, 1024, 2048, 4096)
"""Sides of the maps that can be asked for, in pixels."""

PREVIEW_SIZE = 512
PREVIEW_YAW = 0.35  # radians off the front: a three-quarter view shows shape that a passport picture hides


def generate(
    prompt: str,
    *,
    seed: int | None = None,
    resolution: int = 1024,
    head: str = "auto",
    traits: Mapping[str, TraitValue | Value] | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """A face from words.

    Args:
        prompt: what the person looks like, in English.
        seed: what is left open is drawn from it, 0 <= seed < 2^32; None throws the dice.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`.
        head: head model, one of `HEADS`.
        traits: laid over what the prompt says.
        progress: told about every stage.

    Raises:
        BadRequest: the prompt is empty or too long, or a value is out of range.
        Cancelled: the progress said so.
    """
    number = secrets.randbelow(SEED_LIMIT) if seed is None else seed
    check_request(prompt, number, resolution, head)
    progress.report("language", 0.0, "Reading the prompt")
    reading = read(prompt)
    person = complete(reading.traits.under(traits or {}), number)
    progress.report("head", 0.1, "Shaping the head")
    record = _Record(clean(prompt), number, resolution, str(uuid.uuid4()), reading.not_understood)
    return _dress(_shape(head, person, number), person, record, progress.part(0.2, 1.0))


def reshape(face: Face, traits: Mapping[str, TraitValue | Value]) -> Head:
    """The same person's head with some traits changed; quick enough to follow a slider.

    Args:
        face: whose head.
        traits: laid over the face's own.

    Raises:
        BadRequest: a value is out of range, or the face's head model is not installed here.
    """
    return _shape(face.head.model, face.traits.under(traits), face.seed)


def edit(
    face: Face,
    traits: Mapping[str, TraitValue | Value],
    *,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """The same person with some traits changed, all stages; the change goes into its history.

    Raises:
        BadRequest: a value is out of range, or the face's head model is not installed here.
        Cancelled: the progress said so.
    """
    changed = face.traits.under(traits)
    step = {"changed": Traits(traits).to_json()}
    record = _Record(face.prompt, face.seed, face.resolution, face.face_id, face.not_understood, (*face.history, step))
    progress.report("head", 0.0, "Shaping the head")
    return _dress(_shape(face.head.model, changed, face.seed), changed, record, progress.part(0.1, 1.0))


def rebuild(document: FaceDocument, *, progress: Progress = Progress()) -> Face:  # noqa: B008 - immutable
    """The face a face.json describes, bit for bit on the same machine.

    Raises:
        BadRequest: its head model is not installed here, or a value in it is out of range.
        FolderError: its identity is incomplete.
        Cancelled: the progress said so.
    """
    traits = Traits.from_json(document.traits)
    check_request(document.prompt, document.seed, document.resolution, document.head.model)
    progress.report("head", 0.0, "Shaping the head")
    try:
        built = load_model(document.head.model).rebuild(document.head.identity)
    except KeyError as error:
        raise FolderError(f"face.json is damaged: the head's identity lacks {error}.") from error
    record = _Record(
        document.prompt, document.seed, document.resolution, document.face_id, tuple(document.not_understood),
        tuple(document.history),
    )  # fmt: skip
    return _dress(built, traits, record, progress.part(0.1, 1.0))


def measure(head: Head) -> dict[str, float]:
    """Every shape trait as it is on a head, in standard deviations of the population."""
    return load_model(head.model).measure(head)


def export(
    face: Face,
    path: Path,
    *,
    progress: Progress = Progress(),  # noqa: B008 - immutable
    face_folder: Path | None = None,
) -> Path:
    """Write a face as .glb, .obj or .blend, chosen by the path's suffix; gives the path back.

    `face_folder` is where the face is saved already, if it is; a .blend is then made from there.
    """
    from dreamface.export import export as write

    return write(face, path, progress, face_folder)


def check_request(prompt: str, seed: int, resolution: int, head: str) -> None:
    """Refuse what can't be made before anything slow starts.

    Raises:
        BadRequest: an empty or too long prompt, a seed out of range, a resolution or head model that is not offered.
    """
    check_prompt(prompt)
    if not 0 <= seed < SEED_LIMIT:
        raise BadRequest(f"The seed must be between 0 and {SEED_LIMIT - 1}; got {seed}.")
    if resolution not in RESOLUTIONS:
        raise BadRequest(f"The resolution must be one of {', '.join(map(str, RESOLUTIONS))}; got {resolution}.")
    check_name(head)


@dataclass(frozen=True)
class _Record:
    """What a face remembers of how it came about; see `Face`."""

    prompt: str
    seed: int
    resolution: int
    face_id: str
    not_understood: tuple[str, ...]
    history: tuple[Mapping[str, object], ...] = ()


def _shape(model: str, person: Traits, seed: int) -> Head:
    """Neutral geometry of a completed person."""
    return load_model(model).build(person, stream(seed, "head"))


def _dress(head: Head, traits: Traits, record: _Record, progress: Progress) -> Face:
    """Everything after the neutral geometry: rig, skin, preview."""
    model = load_model(head.model)
    progress.report("rig", 0.0, "Making the expressions")
    shapes = model.shapes(head)
    progress.report("skin", 0.2, "Painting the skin")
    maps = paint(head, traits, resolution=record.resolution, seed=record.seed, progress=progress.part(0.2, 0.8))
    surfaces = materials(head, traits)
    progress.report("preview", 0.8, "Taking the picture")
    posed = pose(head.vertices, shapes, expression_weights(traits, model.shape_names))
    camera = portrait_camera(posed, yaw=PREVIEW_YAW)
    picture = preview(posed, head.topology, surfaces, maps, size=PREVIEW_SIZE, camera=camera)
    progress.report("preview", 1.0, "Done")
    return Face(
        face_id=record.face_id, prompt=record.prompt, seed=record.seed, resolution=record.resolution, traits=traits,
        head=head, shapes=shapes, shape_names=model.shape_names, materials=surfaces, maps=maps, preview=picture,
        not_understood=record.not_understood, history=record.history,
    )  # fmt: skip
