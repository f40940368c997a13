"""What the worker for faces can do: jobs, and calls that are answered while a job runs. Importing this loads torch."""

from __future__ import annotations

import base64
import io
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial, wraps
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dreamface import editing, library, pipeline
from dreamface import folder as face_folder
from dreamface._files import cannot_write, whole_file
from dreamface._reading import read_regular
from dreamface.errors import BadRequest, DreamFaceError
from dreamface.face import Face, Head
from dreamface.images import encode_unit8, png_bytes
from dreamface.limits import MOST_CARDS_LEVEL
from dreamface.progress import Progress
from dreamface.record import FaceRecord, read_corrections, read_edits, write_edits, write_talk
from dreamface.service.glances import Glances
from dreamface.service.layout import GLANCE, NEIGHBOURS, PREVIEW, forming_picture
from dreamface.service.schemas import (
    AnimateResult,
    ExploreResult,
    ExportResult,
    FaceResult,
    GlanceResult,
    Kind,
    Region,
    to_record,
    to_traits,
)
from dreamface.traits import Traits

Request = Mapping[str, Any]
JobFunction = Callable[[Request, Path, Progress], dict[str, Any]]
Call = Callable[..., tuple[dict[str, Any], bytes]]

_DIFFUSED = 0.7
"""Of a job with diffusion: when that is done."""

_MADE = 0.85
"""Of a job that makes a face: when the face is made and only saving is left."""


def generate(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Make a face in the folder `place`, which does not exist yet."""
    request = job["request"]
    reading = pipeline.read(request["prompt"])
    face = pipeline.generate(
        **_wanted(request),
        resolution=request["resolution"],
        align=request["align"],
        # The same in every attempt: a job that is run again makes the same face.
        face_id=request["face_id"] or str(uuid.UUID(job["id"])),
        detail=pipeline.detail_from(request["detail"]) if request.get("detail") else "quick",
        reading=reading,
        progress=progress.part(0.0, _MADE),
        forming=partial(_show_forming, forming_picture(place)),
    )
    notes = [*(note.text for note in reading.notes), *pipeline.detail_remarks(face.record)]
    looked = {"moved": pipeline.moved_in_words(face.record), "looked": pipeline.alignment_note(face.record)}
    result = {**_save(face, place, progress), "notes": notes, **looked}
    if request.get("variation_of"):
        library.mark_variation(place, request["variation_of"])
    return result


def _wanted(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments by which `pipeline.generate` and `pipeline.glance` know who is wanted."""
    return {
        "prompt": request["prompt"],
        "seed": request["seed"],
        "head": request["head"],
        "traits": to_traits(request["traits"]),
        "without": request["without"],
        "corrections": read_corrections(request["corrections"]),
        "anyway": request["anyway"],
    }


def _show_forming(file: Path, picture: Tensor) -> None:
    """Write a picture of a head as it forms, whole; where the disk refuses it, nobody misses it."""
    with suppress(OSError, DreamFaceError), whole_file(file) as part:
        part.write_bytes(png_bytes(encode_unit8(picture)))


def from_photo(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Make a face from photographs in the folder `place`, which does not exist yet."""
    request, files = job["request"], job.get("files", {})
    photographs = [
        Path(one["path"]) if one["path"] else _read_file(files[one["upload"]]) for one in request["photographs"]
    ]
    copies = _contents(photographs) if request["keep"] else ()
    face = editing.from_photo(
        photographs,
        request["words"],
        seed=request["seed"],
        resolution=request["resolution"],
        head=request["head"],
        traits=to_traits(request["traits"]),
        tracker=request["tracker"],
        face_id=request["face_id"] or str(uuid.UUID(job["id"])),
        progress=progress.part(0.0, _MADE),
    )
    result = {**_save(face, place, progress), "notes": list(face.record.history[0]["notes"])}
    if request["keep"]:
        names = [one["path"] or one["name"] for one in request["photographs"]]
        _keep_photographs(place / PHOTOGRAPHS, copies, names)
    return result


def _contents(photographs: Sequence[Path | bytes]) -> list[bytes]:
    """Return what is in photographs: a disk may be unplugged before the face is made."""
    found = []
    for one in photographs:
        try:
            found.append(read_regular(one, _LARGEST) if isinstance(one, Path) else one)
        except (OSError, ValueError):
            found.append(b"")  # making the face says why it can't be read
    return found


def _keep_photographs(folder: Path, copies: Sequence[bytes], names: Sequence[str]) -> None:
    """Write copies of photographs into a folder, as 1.jpg, 2.png."""
    try:
        folder.mkdir()
        for number, (data, name) in enumerate(zip(copies, names, strict=True), 1):
            ending = PurePath(name).suffix.lower()
            (folder / f"{number}{ending if ending in _ENDINGS else ''}").write_bytes(data)
    except OSError as error:
        raise cannot_write(folder, error) from error


PHOTOGRAPHS = "photographs"
"""Of a face folder: the folder of the photographs that it was made from, where they were to be kept."""

_LARGEST = 2**28
"""Bytes of a photograph; no face is made from one that has more."""

_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".heif"})


def edit(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Make a face again with some traits, layers or edits changed."""
    request = job["request"]
    record = to_record(request["face"])
    files, offset = job.get("files", {}), request.get("offset")
    moved = _read_offset(files[offset]) if offset else None
    pictures = {digest: _read_file(files[digest]) for digest in record.pictures}
    edits, part = record.edits, progress.part(0.0, _MADE)
    if request.get("diffusion"):
        # It works on the skin that the edit will lie on.
        shown = pipeline.changed_record(record, to_traits(request["traits"]), request.get("layers"))
        new = _diffused(request["diffusion"], shown, moved, pictures, files, progress.part(0.0, _DIFFUSED))
        edits, pictures = editing.added(edits, *new.entries), {**pictures, **new.pictures}
        part = progress.part(_DIFFUSED, _MADE)
    made = pipeline.edit(
        record,
        to_traits(request["traits"]),
        layers=request.get("layers"),
        resolution=request["resolution"],
        offset=moved,
        pictures=pictures,
        edits=edits if request.get("diffusion") else None,
        progress=part,
    )
    return _save(made, place, progress)


def _diffused(
    asked: Request,
    record: FaceRecord,
    offset: Tensor | None,
    pictures: Mapping[str, bytes],
    files: Mapping[str, str],
    progress: Progress,
) -> editing.NewEdit:
    """Return the edit that a diffusion model makes of what was asked."""
    where = read_edits([{"id": "place", "kind": "words", "place": asked["place"]}])[0].place
    drawn = {digest: _read_file(files[digest]) for digest in ((where and where.mask) or {}).values()}
    start = None
    if asked["sketch"]:
        topology = pipeline.reshape(record, {}, pictures=pictures).topology
        start = editing.sketch_edit(
            topology, {tile: _read_file(files[digest]) for tile, digest in asked["sketch"].items()}, "paint"
        )
    settings = {name: asked[name] for name in ("words", "steps", "guidance", "keep", "seed")}
    return editing.diffusion_edit(
        record, editing.Diffusion(**settings), where, start=start, strength=asked["strength"], offset=offset,
        pictures={**pictures, **drawn}, progress=progress,
    )  # fmt: skip


def _read_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadRequest(f"The upload {Path(path).name} can't be read ({error.strerror}): send it again.") from error


def _read_offset(path: str) -> Tensor:
    return face_folder.unpack_offset(io.BytesIO(_read_file(path)))


def cards(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Make cards of a face's hair, into the folder `place`."""
    request = job["request"]
    record, files, offset = to_record(request["face"]), job.get("files", {}), request.get("offset")
    moved = _read_offset(files[offset]) if offset else None
    groom, pictures = None, {digest: _read_file(files[digest]) for digest in record.pictures}
    if request.get("hair"):
        head = pipeline.reshape(record, {}, offset=moved, pictures=pictures)
        sent = io.BytesIO(_read_file(files[request["hair"]]))
        groom = face_folder.unpack_groom(sent, request["groom"], head.topology)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    pipeline.write_cards(
        record,
        place,
        groom=groom,
        offset=moved,
        level=request["level"],
        resolution=request["resolution"],
        pictures=pictures,
        progress=progress,
    )
    return ExportResult(file="cards.npz").model_dump()


def explore(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Take pictures of a face's neighbours, each into the folder `place` as soon as it is there."""
    request = job["request"]
    record, files, offset = to_record(request["face"]), job.get("files", {}), request.get("offset")
    right, up = (pipeline.Axis(**axis) for axis in request["axes"])
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    listed: list[dict[str, Any]] = []

    def keep(neighbour: pipeline.Neighbour) -> None:
        with whole_file(place / _neighbour_name(neighbour)) as part:
            part.write_bytes(png_bytes(encode_unit8(neighbour.picture)))
        listed.append(_neighbour_json(neighbour))
        with whole_file(place / NEIGHBOURS) as part:
            part.write_text(json.dumps({"axes": request["axes"], "neighbours": listed}), "utf-8")

    pipeline.explore(
        record,
        (right, up),
        size=request["size"],
        keep=request["keep"],
        offset=_read_offset(files[offset]) if offset else None,
        pictures={digest: _read_file(files[digest]) for digest in record.pictures},
        shown=keep,
        progress=progress,
    )
    return ExploreResult(file=NEIGHBOURS, rows=pipeline.SIDE, columns=pipeline.SIDE).model_dump()


def glance(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Take a small picture of somebody, into the folder `place`."""
    styles = {"styles": job.get("styles")}
    ahead = [{**one, **styles} for one in job.get("ahead", ())]
    record, picture = _glances.get({**job["request"], **styles}, ahead, progress)
    told = {"prompt": record.prompt, "seed": record.seed, "traits": record.traits.to_json()}
    try:
        place.mkdir(parents=True)
        (place / PREVIEW).write_bytes(png_bytes(encode_unit8(picture)))
        (place / GLANCE).write_text(json.dumps(told), "utf-8")
    except OSError as error:
        raise cannot_write(place, error) from error
    return GlanceResult(file=PREVIEW, prompt=record.prompt, seed=record.seed).model_dump()


def _take_glance(request: Request) -> tuple[FaceRecord, Tensor]:
    with pipeline.own_styles_in(_folder(request["styles"])):  # this thread is not the job's
        return pipeline.glance(**_wanted(request), size=request["size"])


_glances = Glances(_take_glance)


def _neighbour_json(neighbour: pipeline.Neighbour) -> dict[str, Any]:
    return {
        "row": neighbour.row,
        "column": neighbour.column,
        "picture": _neighbour_name(neighbour),
        "values": neighbour.values,
        "is_face": neighbour.is_face,
        "traits": neighbour.traits.to_json(),
        "shown": neighbour.shows.to_json(),
    }


def _neighbour_name(neighbour: pipeline.Neighbour) -> str:
    return f"{neighbour.row}-{neighbour.column}.png"


def export(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Write a done job's face for another program, into the folder `place`."""
    progress.report("export", 0.0, "Opening the face")
    source = Path(job["source"])
    face = face_folder.load(source)
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    request = job["request"]
    name, lod = f"face.{request['format']}", request.get("lod", 0)
    pipeline.export(
        face,
        place / name,
        progress=progress.part(0.1, 1.0),
        face_folder=source,
        level=min(lod, MOST_CARDS_LEVEL),
        rig=request.get("rig"),
        detail=lod,
        visemes=request.get("visemes", False),
    )
    return ExportResult(file=name).model_dump()


def animate(job: Request, place: Path, progress: Progress) -> dict[str, Any]:
    """Read a performance, into the folder `place`."""
    request = job["request"]
    wishes = {name: request[name] for name in ("tracker", "face", "start", "end", "neutral", "mirror")}
    take = pipeline.animate(
        Path(request["source"]), **wishes, smoothing=request["smoothing"], gains=request["gains"],
        progress=progress.part(0.0, 0.98),
    )  # fmt: skip
    try:
        place.mkdir(parents=True)
    except OSError as error:
        raise cannot_write(place, error) from error
    take.save(place / "take.npz")
    return AnimateResult(
        file="take.npz",
        source=take.source,
        moments=len(take),
        seconds=round(take.duration, 3),
        seen=float(take.seen.mean()),
        rate=take.rate,
        notes=list(pipeline.remarks(take)),
    ).model_dump()


def _with_styles(job: JobFunction) -> JobFunction:
    """Return the function of a job that takes the hair styles of whoever has asked for it as the artist's own."""

    @wraps(job)
    def do(order: Request, place: Path, progress: Progress) -> dict[str, Any]:
        with pipeline.own_styles_in(_folder(order.get("styles"))):
            return job(order, place, progress)

    return do


def _asked_with_styles(call: Call) -> Call:
    """Return the function of a call that takes the hair styles of whoever asks as the artist's own."""

    @wraps(call)
    def answer(styles: str | None = None, **arguments: Any) -> tuple[dict[str, Any], bytes]:
        with pipeline.own_styles_in(_folder(styles)):
            return call(**arguments)

    return answer


def _folder(path: str | None) -> Path | None:
    return None if path is None else Path(path)


_JOBS: Mapping[Kind, JobFunction] = {
    "generate": generate,
    "from_photo": from_photo,
    "edit": edit,
    "cards": cards,
    "explore": explore,
    "glance": glance,
    "export": export,
    "animate": animate,
}

JOBS: Mapping[Kind, JobFunction] = {kind: _with_styles(job) for kind, job in _JOBS.items()}
"""By kind: each returns the result's plain data; those that make files fill the folder they are given."""


def _save(face: Face, place: Path, progress: Progress) -> dict[str, Any]:
    face_folder.save(face, place, progress.part(_MADE, 1.0))
    known = {name: getattr(face.record, name) for name in FaceResult.model_fields if hasattr(face.record, name)}
    return FaceResult(**known).model_dump()


def read(prompt: str) -> tuple[dict[str, Any], bytes]:
    """What a prompt says."""
    reading = pipeline.read(prompt)
    others = {
        words: [{"said": option.said, "traits": dict(option.traits)} for option in options]
        for words, options in pipeline.alternatives(reading).items()
    }
    return {**reading.to_json(), "alternatives": others}, b""


def reshape(
    head: str,
    seed: int,
    traits: Request,
    shapes: bool,
    candidate: int | None = None,
    offset: str | None = None,
    edits: list[dict[str, Any]] | None = None,
    files: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], bytes]:
    """A head's vertices and what they measure, and its shapes if they are wanted, as an .npz."""
    built, _ = _mixed(head, seed, to_traits(traits), candidate, offset, edits, files)
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


def follow_pins(
    head: str, history: list[dict[str, Any]], pins: list[dict[str, Any]] | None
) -> tuple[dict[str, Any], bytes]:
    """How a head's vertices move for pins, the history's step that says so, and the points there are, as an .npz."""
    board = pipeline.PinBoard.of(head, history)
    arrays: dict[str, Any] = pipeline.pin_points(head)
    if pins is None:
        pipeline.get_ready(board)
    else:
        wanted = board.pins_at([(one["photograph"], one["point"], one["at"]) for one in pins])
        points = np.array([one["where"] for one in pins], np.float64).reshape(-1, 3)
        step, moved = pipeline.follow_pins(board, wanted, points)
        written = np.frombuffer(json.dumps(step).encode(), np.uint8)
        arrays |= {"moved": moved.astype(np.float32), "step": written}
    archive = io.BytesIO()
    np.savez(archive, **arrays)
    return {}, archive.getvalue()


def _mixed(
    head: str,
    seed: int,
    traits: Traits,
    candidate: int | None,
    offset: str | None,
    edits: list[dict[str, Any]] | None,
    files: Mapping[str, str] | None,
) -> tuple[Head, dict[str, bytes]]:
    """Return a head with what its edits mix in, and the pictures of their places."""
    pictures = {digest: _read_file(path) for digest, path in (files or {}).items()}
    built = pipeline.build_head(head, traits, seed, candidate or 0, _read_offset(offset) if offset else None)
    return pipeline.mixed(built, read_edits(edits or []), pictures), pictures


def groom(
    head: str,
    seed: int,
    traits: Request,
    regions: list[Region] | None,
    candidate: int | None = None,
    offset: str | None = None,
    edits: list[dict[str, Any]] | None = None,
    files: Mapping[str, str] | None = None,
) -> tuple[dict[str, Any], bytes]:
    """The hair of a head, as an .npz with the arrays of groom.npz, and the JSON that face.json has of it."""
    person = to_traits(traits)
    built, pictures = _mixed(head, seed, person, candidate, offset, edits, files)
    grown = pipeline.grow_hair(built, person, seed, regions, edits=read_edits(edits or []), pictures=pictures)
    archive = io.BytesIO()
    np.savez(archive, **face_folder.pack_sent_groom(grown))
    return {}, archive.getvalue()


def paint(
    face: Request, shown: list[dict[str, Any]], offset: str | None, resolution: int | None, files: Mapping[str, str]
) -> tuple[dict[str, Any], bytes]:
    """What differs in a head's textures from the edits that are shown to the face's own, as an .npz.

    `files` says where the uploads lie that the edits and layers refer to, by their SHA-256.
    """
    painted = pipeline.repaint(
        to_record(face),
        read_edits(shown),
        resolution=resolution,
        offset=_read_offset(offset) if offset else None,
        pictures={digest: _read_file(path) for digest, path in files.items()},
    )
    archive = io.BytesIO()
    np.savez(archive, **face_folder.pack_map_changes(painted.before, painted.after))
    return {}, archive.getvalue()


def edit_vocabulary() -> tuple[dict[str, Any], bytes]:
    """Every word that works in an edit, and the regions."""
    return editing.vocabulary(), b""


def read_edit(
    words: str, place: bool, traits: Request, whole: bool, corrections: list[dict[str, Any]] | None = None
) -> tuple[dict[str, Any], bytes]:
    """What the words of an edit ask for."""
    reading = editing.read_words(words, place=place, traits=Traits(to_traits(traits)), whole=whole)
    reading = editing.with_corrections(reading, read_corrections(corrections or []))
    return {**reading.to_json(), "why_no_diffusion": pipeline.why_no_diffusion()}, b""


def talk(said: str, face: Request, others: list[dict[str, Any]], folder: str | None) -> tuple[dict[str, Any], bytes]:
    """What comes of something that is said to a face."""
    record = to_record(face)
    known = editing.Others.of({one["name"]: to_record(one["record"]) for one in others})
    reply = editing.talk(
        record, said, others=known, look=lambda now: _look_at(now, folder), understand_with=editing.understanding()
    )
    changes = [{"trait": name, "before": before, "after": after} for name, before, after in reply.shifts]
    return {
        "answer": reply.answer, "changed": reply.changed, "understood": reply.understood,
        "edits": write_edits(reply.record.edits), "talk": write_talk(reply.record.talk), "changes": changes,
    }, b""  # fmt: skip


def _look_at(record: FaceRecord, folder: str | None) -> Mapping[str, pipeline.Seen]:
    """Return what a face shows, where its folder is of it as it is now; else the measures of its shape alone."""
    try:
        if folder is not None:
            made = face_folder.read_document(Path(folder)).record
            if (made.traits, made.edits) == (record.traits, record.edits):
                return pipeline.look_at(face_folder.load(Path(folder)))
        measured = pipeline.measure(pipeline.reshape(record, {}))
    except DreamFaceError:
        return {}  # its traits say enough
    return {name: pipeline.Seen(value) for name, value in measured.items()}


def carry_edits(
    edits: list[dict[str, Any]], source: Request, target: Request, files: Mapping[str, str]
) -> tuple[dict[str, Any], bytes]:
    """Edits of one face as another can have them, with their pictures."""
    pictures = {digest: _read_file(path) for digest, path in files.items()}
    carried, kept = editing.carry(read_edits(edits), pictures, to_record(source), to_record(target))
    coded = {digest: base64.b64encode(png).decode() for digest, png in kept.items()}
    return {"edits": write_edits(carried), "pictures": coded}, b""


def edit_picture(path: str, kind: editing.PictureKind) -> tuple[dict[str, Any], bytes]:
    """A picture as the PNG that edits keep of it, and its size."""
    png = editing.normalise(_read_file(path), kind)
    width, height = editing.size_of(png)
    return {"width": width, "height": height}, png


def styles() -> tuple[dict[str, Any], bytes]:
    """What hair styles there are."""
    return pipeline.styles().to_json(), b""


def save_style(
    name: str,
    label: str,
    region: Region,
    summary: str,
    replace: bool,
    style: Request | None,
    guides: list[list[list[float]]] | None,
    record: Request | None,
    offset: str | None,
    like: str | None,
) -> tuple[dict[str, Any], bytes]:
    """Keep a style of the artist's own: a whole one, or one that is made of guides."""
    name = pipeline.style_name(name, region)
    if guides is not None and record is not None:
        made = pipeline.style_of_guides(
            name,
            label,
            region,
            map(torch.tensor, guides),
            to_record(record),
            offset=_read_offset(offset) if offset else None,
            like=like,
            summary=summary,
        )
    else:
        made = pipeline.parse_style(
            {**({"summary": summary} if summary else {}), **(style or {}), "name": name, "label": label}
            | {"region": region}
        )
    pipeline.save_style(made, replace)
    return pipeline.styles().about(name), b""


def remove_style(name: str) -> tuple[dict[str, Any], bytes]:
    """Delete a style of the artist's own."""
    pipeline.remove_style(name)
    return {}, b""


def forget() -> tuple[dict[str, Any], bytes]:
    """Load models anew when they are next needed: one was installed or removed."""
    pipeline.forget_models()
    return {}, b""


_CALLS: Mapping[str, Call] = {
    "read": read,
    "reshape": reshape,
    "follow_pins": follow_pins,
    "groom": groom,
    "paint": paint,
    "edit_vocabulary": edit_vocabulary,
    "read_edit": read_edit,
    "talk": talk,
    "carry_edits": carry_edits,
    "edit_picture": edit_picture,
    "styles": styles,
    "save_style": save_style,
    "remove_style": remove_style,
    "forget": forget,
}

CALLS: Mapping[str, Call] = {name: _asked_with_styles(call) for name, call in _CALLS.items()}
"""By name: each returns plain data and bytes."""


def warm_up() -> None:
    """Load what the first call would wait for."""
    pipeline.read("someone reminiscent of autumn")  # not in the tables: brings the sentence encoder
    head = pipeline.build_head("auto", to_traits({}), 0)
    pipeline.expressions(head)


def rehearse(progress: Progress) -> None:
    """Make a face for nobody, so that the first job finds everything loaded: it takes twice as long otherwise."""
    pipeline.generate("a face", seed=0, resolution=512, progress=progress)
