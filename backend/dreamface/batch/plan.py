"""Which faces a table asks for, and who they become: `batch.json`.

A row that leaves its seed open gets one that is derived from the batch's own seed and the row's name. The batch's seed
is drawn when a folder gets its first batch and is kept in `batch.json` there. So a batch that is stopped and goes on,
on however many machines, makes the same people.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dreamface import __version__
from dreamface.batch.table import PLAN, Failure, Row, Table, check_name
from dreamface.batch.wishes import Wish
from dreamface.errors import BadRequest, FolderError
from dreamface.limits import SEED_LIMIT, check_prompt, check_resolution, check_seed
from dreamface.text import clean

FORMAT: Final = 1
_SEED_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A face that is to be made.

    Attributes:
        index: of the row in the table, from 0.
        line: where it starts in the file, from 1.
        name: of its folder.
        prompt: as typed.
        seed: which one is used, 0 <= seed < 2^32.
        seed_is_open: whether the table leaves it open, so that a face with another one is as good.
        resolution: of the maps in pixels.
    """

    index: int
    line: int
    name: str
    prompt: str
    seed: int
    seed_is_open: bool
    resolution: int

    def is_of(self, made: Mapping[str, Any], head: str) -> bool:
        """Whether a face is this row's.

        Args:
            made: its prompt, seed, resolution and head model, as `identity` returns them.
            head: the model that is asked for.
        """
        return (
            made.get("prompt") == clean(self.prompt)
            and (self.seed_is_open or made.get("seed") == self.seed)
            and made.get("resolution") == self.resolution
            and head in ("auto", made.get("head"))
        )


def plan_row(index: int, row: Row, wish: Wish, seed: int) -> PlannedRow | Failure:
    """Return the face that a row asks for, or why there is none; a hundred thousand take seconds.

    Args:
        index: of the row in the table.
        row: with a name.
        wish: what the row leaves open.
        seed: of the batch.
    """
    resolution = wish.resolution if row.resolution is None else row.resolution
    own = _derived(seed, row.name) if row.seed is None else row.seed
    try:
        check_name(row.name)
        check_prompt(row.prompt)
        check_seed(own)
        check_resolution(resolution)
    except BadRequest as error:
        return Failure(row.line, str(error), row.name, row.cells)
    return PlannedRow(index, row.line, row.name, row.prompt, own, row.seed is None, resolution)


def _derived(seed: int, name: str) -> int:
    digest = hashlib.sha256(f"{seed}/{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:_SEED_BYTES], "big") % SEED_LIMIT


def read_seed_of(text: bytes | None) -> int:
    """Return the seed of a batch from what its `batch.json` holds; a new one where there is none yet.

    Raises:
        FolderError: it is damaged, or a newer DreamFace wrote it.
    """
    if text is None:
        return secrets.randbelow(SEED_LIMIT)
    try:
        found = json.loads(text)
        version, seed = found["format"], found["seed"]
        if isinstance(version, int) and version > FORMAT:
            raise FolderError(f"{PLAN} was written by a newer DreamFace: update DreamFace to go on with this batch.")
        check_seed(int(seed))
        return int(seed)
    except (ValueError, KeyError, TypeError, BadRequest) as error:
        raise FolderError(
            f"{PLAN} is damaged: restore or delete it; without it, rows without a seed that are not made yet become "
            "other people."
        ) from error


def plan_as_text(seed: int, table: Table, wish: Wish) -> str:
    """Return what `batch.json` holds."""
    planned = {
        "format": FORMAT,
        "dreamface": __version__,
        "seed": seed,
        "rows": len(table.rows),
        "resolution": wish.resolution,
        "head": wish.head,
        "align": wish.align,
        "only": wish.only,
    }
    return json.dumps(planned, indent=1) + "\n"
