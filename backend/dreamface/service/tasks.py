"""What the worker can do: the jobs, and the calls that are answered while a job runs. Importing this loads torch."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from dreamface import folder as face_folder
from dreamface import models, pipeline
from dreamface._files import cannot_write
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.progress import Progress
from dreamface.service.schemas import ExportResult, FaceResult, Kind, ModelResult, to_record, to_traits

Request = Mapping[str, Any]

_MADE = 0.85
"""Of a job that makes a face: when the face is made and only saving is left."""


def generate(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Make a face in the folder `place`, which does not exist yet."""
    request = job["request"]
    face = pipeline.generate(
        request["prompt"],
        seed=request["seed"],
        resolution=request["resolution"],
        head=request["head"],
        traits=to_traits(request["traits"]),
        without=request["without"],
        # The same in every attempt: a job that is run again makes the same face.
        face_id=request["face_id"] or str(uuid.UUID(job["id"])),
        progress=progress.part(0.0, _MADE),
    )
    return _save(face, place, progress)


def edit(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Make a face again with some traits or layers changed."""
    request = job["request"]
    record = to_record(request["face"])
    files, offset = job.get("files", {}), request.get("offset")
    made = pipeline.edit(
        record,
        to_traits(request["traits"]),
        layers=request.get("layers"),
        resolution=request["resolution"],
        offset=_read_offset(files[offset]) if offset else None,
        pictures={digest: _read_file(files[digest]) for digest in record.pictures},
        progress=progress.part(0.0, _MADE),
    )
    return _save(made, place, progress)


def _read_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadRequest(f"The upload {Path(path).name} can't be read ({error.strerror}): send it again.") from error


def _read_offset(path: str) -> Tensor:
    return face_folder.unpack_offset(io.BytesIO(_read_file(path)))


def export(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Write a done job's face for another program, into the folder `place`."""
    progress.report("export", 0.0, "Opening the face")
    source = Path(job["source"])
    face = face_folder.load(source)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    name = f"face.{job['request']['format']}"
    pipeline.export(face, place / name, progress=progress.part(0.1, 1.0), face_folder=source)
    return ExportResult(file=name).model_dump()


def install_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Install a model, or put a fresh copy in the place of the old one; heads made from now on come from it."""
    name, path = job["request"]["name"], job["request"]["path"]
    pipeline.forget_models()  # Windows does not replace files that are in use
    folder = models.install(name, None if path is None else Path(path), progress)
    pipeline.forget_models()
    return ModelResult(message=f"{models.find(name).title} is installed in {folder}.").model_dump()


def remove_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Delete an installed model."""
    name = job["request"]["name"]
    progress.report("remove", 0.0, "Deleting the model")
    pipeline.forget_models()
    models.remove(name)
    return ModelResult(message=f"{models.find(name).title} is removed.").model_dump()


def verify_model(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Compare an installed model's files with what was installed."""
    name = job["request"]["name"]
    models.verify(name, progress)
    return ModelResult(message=f"{models.find(name).title} is as it was installed.").model_dump()


JOBS: Mapping[Kind, Callable[[Request, Path, Progress], dict[str, Any]]] = {
    "generate": generate,
    "edit": edit,
    "export": export,
    "install_model": install_model,
    "remove_model": remove_model,
    "verify_model": verify_model,
}
"""By kind: each returns the result's plain data; those that make files fill the folder they are given."""


def _save(face: Face, place: Path, progress: Progress) -> dict[str, Any]:
    face_folder.save(face, place, progress.part(_MADE, 1.0))
    return FaceResult(**{name: getattr(face.record, name) for name in FaceResult.model_fields}).model_dump()


def read(prompt: str) -> tuple[dict[str, Any], bytes]:
    """What a prompt says."""
    reading = pipeline.read(prompt)
    return {"traits": reading.traits.to_json(), "not_understood": list(reading.not_understood)}, b""


def reshape(
    head: str, seed: int, traits: Request, shapes: bool, candidate: int | None = None, offset: str | None = None
) -> tuple[dict[str, Any], bytes]:
    """A head's vertices and what they measure, and its shapes if they are wanted, as an .npz."""
    built = pipeline.build_head(head, to_traits(traits), seed, candidate, _read_offset(offset) if offset else None)
    measured = pipeline.measure(built)
    arrays = {
        "vertices": built.vertices.numpy().astype(np.float32),
        "measured_names": np.array(list(measured), dtype=np.str_),
        "measured": np.array(list(measured.values()), dtype=np.float32),
    }
    if shapes:
        arrays |= face_folder.pack_shapes(pipeline.expressions(built))
    archive = io.BytesIO()
    np.savez(archive, **arrays)
    return {}, archive.getvalue()


CALLS: Mapping[str, Callable[..., tuple[dict[str, Any], bytes]]] = {"read": read, "reshape": reshape}
"""By name: each returns plain data and bytes."""


def warm_up() -> None:
    """Load what the first call would wait for."""
    pipeline.read("someone reminiscent of autumn")  # not in the tables: brings the sentence encoder
    head = pipeline.build_head("auto", to_traits({}), 0)
    pipeline.expressions(head)


def rehearse(progress: Progress) -> None:
    """Make a face for nobody, so that the first job finds everything loaded: it takes twice as long otherwise."""
    pipeline.generate("a face", seed=0, resolution=512, progress=progress)
