"""A glance: a small picture of the person whom a prompt and a seed give, before the face is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dreamface.axes import LARGEST_PICTURE, SMALLEST_PICTURE
from dreamface.errors import BadRequest
from dreamface.pipeline.exploring import Studio
from dreamface.pipeline.making import from_words
from dreamface.pipeline.people import build_head, check_request
from dreamface.progress import Progress
from dreamface.record import Correction, FaceRecord
from dreamface.traits import TraitValue, Value

if TYPE_CHECKING:
    from torch import Tensor

_SIZE: Final = 160  # pixels a side
_REGIONS: Final = ("scalp", "beard", "brows")  # of hair; the mesh's own lashes do for a small picture
_RESOLUTION: Final = 512  # of a face that is made from the record


def glance(
    prompt: str,
    *,
    seed: int,
    head: str = "auto",
    traits: Mapping[str, TraitValue | Value] | None = None,
    without: Collection[str] = (),
    corrections: Sequence[Correction] = (),
    anyway: bool = False,
    size: int = _SIZE,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> tuple[FaceRecord, Tensor]:
    """Return who it is, and a picture [size, size, 3], sRGB-encoded: the person whom `generate` makes of the same.

    Args:
        prompt: what the person looks like, in English.
        seed: what is left open is drawn from it.
        head: head model, one of `HEADS`.
        traits: laid over what the prompt says.
        without: traits that are left open even though the prompt gives them.
        corrections: of how words of the prompt are understood.
        anyway: whether to show someone also where nothing of the prompt was read.
        size: side of the picture in pixels, 64 to 512.
        progress: told about every stage.

    Raises:
        NothingRead: nothing of the prompt was read.
        BadRequest: the prompt is empty or too long, or something is unknown or out of range.
        Cancelled: the progress said so.

    >>> record, picture = glance("an old man", seed=1, head="anny", size=64)
    >>> record.traits.number("age") > 60.0, tuple(picture.shape)
    (True, (64, 64, 3))
    """
    if not SMALLEST_PICTURE <= size <= LARGEST_PICTURE:
        raise BadRequest(f"Pictures have {SMALLEST_PICTURE} to {LARGEST_PICTURE} pixels a side; got {size}.")
    check_request(prompt, seed, _RESOLUTION, head)
    progress.report("language", 0.0, "Reading the prompt")
    record = from_words(prompt, seed, _RESOLUTION, head, traits or {}, without, corrections, anyway)
    progress.report("head", 0.1, "Shaping the head")
    built = build_head(record.head, record.traits, seed, record.candidate)
    record = replace(record, candidate=built.candidate)
    progress.report("preview", 0.3, "Taking the picture")
    picture = Studio(record, built, None, {}, size, None, _REGIONS).portrait()
    progress.report("preview", 1.0, "Done")
    return record, picture
