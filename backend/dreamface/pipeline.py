"""From a prompt to a face: the stages in order. The only room that knows them all."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dreamface.errors import BadRequest
from dreamface.face import Face, Head
from dreamface.head import HEADS, load_model
from dreamface.language import Reading, read
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.random_streams import SEED_LIMIT, stream
from dreamface.render import portrait_camera, preview
from dreamface.rig import expression_weights, pose
from dreamface.skin import materials, paint
from dreamface.traits import Traits, TraitValue, Value

if TYPE_CHECKING:
    from dreamface.folder import FaceDocument

__all__ = ["HEADS", "RESOLUTIONS", "Reading", "export", "generate", "measure", "read", "rebuild"]

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
    _check(number, resolution, head)
    progress.report("language", 0.0, "Reading the prompt")
    reading = read(prompt)
    asked = reading.traits.under(traits or {})
    person = complete(asked, number)
    progress.report("head", 0.1, "Shaping the head")
    model = load_model(head)
    built = model.build(person, stream(number, "head"))
    return _dress(
        built, person, progress.part(0.2, 1.0), prompt=prompt, seed=number, resolution=resolution,
        not_understood=reading.not_understood, face_id=str(uuid.uuid4()), history=(),
    )  # fmt: skip


def rebuild(document: FaceDocument, *, progress: Progress = Progress()) -> Face:  # noqa: B008 - immutable
    """The face a face.json describes, bit for bit on the same machine.

    Raises:
        BadRequest: its head model is not installed here.
        Cancelled: the progress said so.
    """
    traits = Traits.from_json(document.traits)
    _check(document.seed, document.resolution, document.head.model)
    progress.report("head", 0.0, "Shaping the head")
    built = load_model(document.head.model).rebuild(document.head.identity)
    return _dress(
        built, traits, progress.part(0.1, 1.0), prompt=document.prompt, seed=document.seed,
        resolution=document.resolution, not_understood=tuple(document.not_understood), face_id=document.face_id,
        history=tuple(document.history),
    )  # fmt: skip


def measure(head: Head) -> dict[str, float]:
    """Every shape trait as it is on a head, in standard deviations of the population."""
    return load_model(head.model).measure(head)


def export(face: Face, path: Path, *, progress: Progress = Progress()) -> Path:  # noqa: B008 - immutable
    """Write a face as .glb, .obj or .blend, chosen by the path's suffix; gives the path back."""
    from dreamface.export import export as write

    return write(face, path, progress)


def _dress(
    head: Head,
    traits: Traits,
    progress: Progress,
    *,
    prompt: str,
    seed: int,
    resolution: int,
    not_understood: tuple[str, ...],
    face_id: str,
    history: tuple[Mapping[str, object], ...],
) -> Face:
    """Everything after the neutral geometry: rig, skin, preview."""
    progress.report("rig", 0.0, "Making 52 expressions")
    shapes = load_model(head.model).shapes(head)
    progress.report("skin", 0.2, "Painting the skin")
    maps = paint(head, traits, resolution=resolution, seed=seed, progress=progress.part(0.2, 0.8))
    surfaces = materials(traits)
    progress.report("preview", 0.8, "Taking the picture")
    posed = pose(head.vertices, shapes, expression_weights(traits))
    camera = portrait_camera(posed, yaw=PREVIEW_YAW)
    picture = preview(posed, head.topology, surfaces, maps, size=PREVIEW_SIZE, camera=camera)
    progress.report("preview", 1.0, "Done")
    return Face(
        face_id=face_id, prompt=prompt, seed=seed, resolution=resolution, traits=traits, head=head, shapes=shapes,
        materials=surfaces, maps=maps, preview=picture, not_understood=not_understood, history=history,
    )  # fmt: skip


def _check(seed: int, resolution: int, head: str) -> None:
    if not 0 <= seed < SEED_LIMIT:
        raise BadRequest(f"The seed must be between 0 and {SEED_LIMIT - 1}; got {seed}.")
    if resolution not in RESOLUTIONS:
        raise BadRequest(f"The resolution must be one of {', '.join(map(str, RESOLUTIONS))}; got {resolution}.")
    if head not in HEADS:
        raise BadRequest(f"There is no head model called {head!r}; choose one of {', '.join(HEADS)}.")
