"""What is to be made of each row, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from dreamface.batch.stores import Place, Store, store_of
from dreamface.errors import BadRequest
from dreamface.limits import check_resolution

Only = Literal["geometry", "preview", "maps"]
"""A part of a face, for a quick look."""

ONLY: Final[tuple[Only, ...]] = get_args(Only)


@dataclass(frozen=True)
class Wish:
    """What is to be made of each row.

    Attributes:
        out: the folder, or URL, that gets a face folder for each row.
        resolution: of the maps in pixels, where a row says none.
        head: head model.
        anyway: whether to make someone also where nothing of a prompt is read.
        align: 0..1 how far portraits are looked at; see `pipeline.generate`.
        formats: of "glb" and "blend", that are written into each folder.
        only: a part of each face instead of the whole; see `looks`.
        heads: whether each face's head is written for the page of all faces, too.
    """

    out: Place
    resolution: int = 1024
    head: str = "auto"
    anyway: bool = False
    align: float = 0.0
    formats: tuple[str, ...] = ()
    only: Only | None = None
    heads: bool = False

    @property
    def store(self) -> Store:
        """Where the faces go."""
        return store_of(self.out)

    def check(self) -> None:
        """Refuse what can be made of no row; once, not for each of them.

        Raises:
            BadRequest: a value is out of range, or two do not go together.
            MissingDependency: a model that it takes is not installed.
        """
        check_resolution(self.resolution)
        if self.only and self.formats:
            raise BadRequest(f"--only {self.only} makes no whole faces: leave --{self.formats[0]} away.")
        if self.only == "geometry" and self.align:
            raise BadRequest("--align looks at portraits, which --only geometry does not make: leave one of them away.")
        if self.head != "auto" or self.align:
            from dreamface import pipeline  # not above: it takes seconds, and most batches do without it

            pipeline.check_request("a face", 0, self.resolution, self.head)
            pipeline.check_can_align(self.align)
