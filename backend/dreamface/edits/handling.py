"""How a sketch or a picture is made into something, as the parameters of an edit say it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dreamface.errors import BadRequest
from dreamface.record import EditEntry
from dreamface.skin import MEDIA, Handling, Medium

_Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
_Number = Annotated[float, Field(allow_inf_nan=False)]

LARGEST_MM: Final = 200.0
"""Longer side of a picture on the skin."""

SMALLEST_MM: Final = 1.0
"""The same, of the smallest."""


class SketchEntry(BaseModel):
    """What a sketch becomes, as the parameters of its edit have it."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    medium: str = Field(default="ink", alias="as")
    finish: Literal["matte", "satin", "glossy"] = "satin"
    depth_mm: _Number | None = None
    thickness: _Share = 0.2


class PictureEntry(SketchEntry):
    """What a picture becomes, and where it lies."""

    tile: str = Field(min_length=1, max_length=100)
    u: _Share
    v: _Share
    size_mm: float = Field(default=40.0, ge=SMALLEST_MM, le=LARGEST_MM, allow_inf_nan=False)
    angle: _Number = 0.0
    mirrored: bool = False
    max_mm: _Number | None = None


def sketch_entry(edit: EditEntry) -> SketchEntry:
    """Return what the sketch of an edit becomes.

    Raises:
        BadRequest: a parameter is unknown or out of its range.
    """
    return _checked(edit, SketchEntry)


def picture_entry(edit: EditEntry) -> PictureEntry:
    """Return what the picture of an edit becomes, and where it lies.

    Raises:
        BadRequest: a parameter is unknown, missing or out of its range.
    """
    entry = _checked(edit, PictureEntry)
    assert isinstance(entry, PictureEntry)
    return entry


def first_problem(error: ValidationError) -> str:
    """Return where the first problem of an edit's parameters lies, and what it is, without a full stop."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].rstrip('.')}"


def _checked(edit: EditEntry, kind: type[SketchEntry]) -> SketchEntry:
    name = edit.label or edit.id
    try:
        entry = kind.model_validate(dict(edit.parameters))
    except ValidationError as error:
        raise BadRequest(f"The {edit.kind} {name!r} can't be laid on ({first_problem(error)}).") from error
    if (medium := MEDIA.get(entry.medium)) is None:
        raise BadRequest(f"Nothing can be drawn as {entry.medium!r}: choose one of {', '.join(MEDIA)}.")
    if kind is PictureEntry and medium.strokes_only:
        raise BadRequest(f"A picture can't become {medium.name}: draw it as a sketch instead.")
    depth = _depth(entry)
    if depth is not None and not 0.0 < depth <= medium.deepest_mm:
        raise BadRequest(
            f"The {edit.kind} {name!r} is {depth:g} mm deep; as {medium.name} it can be at most "
            f"{medium.deepest_mm:g} mm, and more than 0."
        )
    return entry


def _depth(entry: SketchEntry) -> float | None:
    return entry.max_mm if isinstance(entry, PictureEntry) and entry.max_mm is not None else entry.depth_mm


def medium_of(entry: SketchEntry) -> Medium:
    """Return what it is made of."""
    return MEDIA[entry.medium]


def handling_of(entry: SketchEntry, strength: float, coloured: bool) -> Handling:
    """Return how the medium is wanted."""
    runs = strength if entry.medium == "ink" else 1.0
    return Handling(entry.finish, _depth(entry), entry.thickness, runs, coloured)
