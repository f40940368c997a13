"""Quick looks: a part of each face, in files beside where its folder will be.

    geometry   NAME.glb, the neutral head with its blend shapes, and NAME.json, who it is
    preview    NAME.jpg, its picture
    maps       NAME.maps/, its textures as PNG

They are no face folders, so that a folder of a row's name is always whole; a later run without `--only` makes it.
Each says whose it is, so that a table that has changed is noticed.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dreamface._reading import parse_json
from dreamface.batch.making import generate, identity
from dreamface.batch.outcome import Kind
from dreamface.batch.plan import PlannedRow
from dreamface.batch.stores import RECORD, Store
from dreamface.batch.wishes import Only, Wish
from dreamface.errors import FolderError, NothingRead
from dreamface.progress import Progress
from dreamface.provenance import PICTURE_EXIF, SOFTWARE, STATEMENT

if TYPE_CHECKING:
    from dreamface.face import Face
    from dreamface.record import FaceRecord

SUFFIXES: Final[Mapping[Only, str]] = {"geometry": ".glb", "preview": ".jpg", "maps": ".maps"}
"""What stands behind a row's name."""

_PICTURE_MAPS: Final = 512  # pixels of the maps that the picture is taken of: more are not seen in it
_QUALITY: Final = 90  # of the JPEG
_COMMENT: Final = "comment"  # of a JPEG: whose picture it is


def make_look(row: PlannedRow, wish: Wish, progress: Progress) -> Kind:
    """Write what is wanted of a row, whole or not at all.

    Raises:
        FolderError: something else has its place, or the disk refused.
        BadRequest: it can't be made.
        Cancelled: the progress said so.
    """
    assert wish.only is not None
    store = wish.store
    if look_is_there(row, wish, store):
        return "skipped"
    with store.staging() as stage:
        *beside, last = _WRITERS[wish.only](row, wish, stage, progress)
        for staged in beside:  # what is there already is of a look that was taken away
            store.write(staged.name, staged.read_bytes())
        store.put(last, last.name)
    return "made"


def look_is_there(row: PlannedRow, wish: Wish, store: Store) -> bool:
    """Whether a row's look is there already.

    Raises:
        FolderError: something else has its place.
    """
    assert wish.only is not None
    name = f"{row.name}{SUFFIXES[wish.only]}"
    if not store.exists(name):
        return False
    said = _READERS[wish.only](store, row.name)
    if said is None or not row.is_of(said, wish.head):
        raise FolderError(f"{name} is of another face; give this row a name of its own or delete the file.")
    return True


# ------------------------------------------------------------------------------------------------------------ geometry


def _write_geometry(row: PlannedRow, wish: Wish, stage: Path, progress: Progress) -> list[Path]:
    from dreamface.export import write_glb

    face = shape(row, wish, progress.part(0.0, 0.7))
    said, file = stage / f"{row.name}.json", stage / f"{row.name}.glb"
    write_glb(face, file, progress.part(0.7, 1.0), hair="none", lit=False)
    said.write_text(json.dumps(_said(face), indent=1) + "\n", "utf-8")
    return [said, file]  # what tells whether it is there comes last


def shape(row: PlannedRow, wish: Wish, progress: Progress) -> Face:
    """Return a row's face without hair, maps and picture: its neutral head and its blend shapes.

    Raises:
        NothingRead: nothing of the prompt was read.
        BadRequest: it can't be made.
    """
    import torch

    from dreamface import pipeline
    from dreamface.face import Face
    from dreamface.prior import complete
    from dreamface.record import FaceRecord
    from dreamface.skin import materials
    from dreamface.traits import ARKIT_SHAPES

    pipeline.check_request(row.prompt, row.seed, row.resolution, wish.head)
    progress.report("language", 0.0, "Reading the prompt")
    reading = pipeline.read(row.prompt)
    if reading.nothing_read and not wish.anyway:
        raise NothingRead(reading.nothing_read)
    person = complete(reading.traits, row.seed)
    progress.report("head", 0.1, "Shaping the head")
    head = pipeline.build_head(wish.head, person, row.seed)
    progress.report("rig", 0.5, "Making the expressions")
    return Face(
        record=FaceRecord(
            str(uuid.uuid4()), pipeline.clean(row.prompt), row.seed, row.resolution, head.model, person,
            tuple(reading.unused), candidate=head.candidate, edits=tuple(reading.marks),
        ),
        head=head,
        shapes=pipeline.expressions(head)[: len(ARKIT_SHAPES)],
        materials=materials(head, person),
        maps={},
        preview=torch.zeros(1, 1, 3),
        shape_names=ARKIT_SHAPES,
    )  # fmt: skip


def _said(face: Face) -> dict[str, Any]:
    """Return what tells whose a look is."""
    return {"generator": {"name": SOFTWARE}, "statement": STATEMENT, **face.record.to_json(), "head": face.head.model}


def _read_geometry(store: Store, name: str) -> dict[str, Any] | None:
    return _read(store, f"{name}.json")


# ------------------------------------------------------------------------------------------------------------- preview


def _write_preview(row: PlannedRow, wish: Wish, stage: Path, progress: Progress) -> list[Path]:
    from PIL import Image

    from dreamface.images import encode_unit8

    face = generate(row, wish, progress, resolution=min(row.resolution, _PICTURE_MAPS))
    said = _short(replace(face.record, resolution=row.resolution))
    picture = Image.fromarray(encode_unit8(face.preview))
    tags = Image.Exif()
    tags.update(PICTURE_EXIF)
    file = stage / f"{row.name}.jpg"
    picture.save(file, "JPEG", quality=_QUALITY, comment=json.dumps(said).encode(), exif=tags)
    return [file]


def _read_preview(store: Store, name: str) -> dict[str, Any] | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(store.read(f"{name}.jpg") or b"")) as picture:
            said = json.loads(picture.info.get(_COMMENT, b""))
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    return said if isinstance(said, dict) else None


# ---------------------------------------------------------------------------------------------------------------- maps


def _write_maps(row: PlannedRow, wish: Wish, stage: Path, progress: Progress) -> list[Path]:
    from dreamface.images import write_exr, write_png
    from dreamface.map_changes import encode_map

    face = generate(row, wish, progress)
    folder = stage / f"{row.name}.maps"
    folder.mkdir()
    for tile, channels in face.maps.items():
        for channel, image in channels.items():
            if channel == "displacement":
                write_exr(image, folder / f"{tile}_{channel}.exr")
            else:
                write_png(encode_map(channel, image), folder / f"{tile}_{channel}.png")
    (folder / RECORD).write_text(json.dumps(_short(face.record), indent=1) + "\n", "utf-8")
    return [folder]


def _read_maps(store: Store, name: str) -> dict[str, Any] | None:
    return _read(store, f"{name}.maps/{RECORD}")


# -------------------------------------------------------------------------------------------------------------- pieces


def _short(record: FaceRecord) -> dict[str, Any]:
    """Return what tells whose a look is, where the whole record would be too long."""
    own = {name: getattr(record, name) for name in ("prompt", "seed", "resolution", "head")}
    return {"generator": {"name": SOFTWARE}, "statement": STATEMENT, **own}


def _read(store: Store, name: str) -> dict[str, Any] | None:
    """Return whose a look is; None where its file is missing or damaged."""
    try:
        said = parse_json(store.read(name) or b"")
    except ValueError:
        return None
    return identity(said) if isinstance(said, dict) else None


_WRITERS: Final[Mapping[Only, Callable[[PlannedRow, Wish, Path, Progress], list[Path]]]] = {
    "geometry": _write_geometry, "preview": _write_preview, "maps": _write_maps,
}  # fmt: skip
_READERS: Final[Mapping[Only, Callable[[Store, str], dict[str, Any] | None]]] = {
    "geometry": _read_geometry, "preview": _read_preview, "maps": _read_maps,
}  # fmt: skip
