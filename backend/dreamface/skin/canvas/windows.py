"""Where in a tile a part lies, for what paints one part after the other."""

from __future__ import annotations

from dreamface.skin.canvas.atlas import Atlas
from dreamface.skin.canvas.layer import Window


def atlas_window(atlas: Atlas, part: str) -> Window | None:
    """Return the smallest window around the texels that take after a part; None where it has none."""
    number = next(number for number, one in enumerate(atlas.topology.parts) if one.name == part)
    mask = (atlas.part == number).view(atlas.size, atlas.size).numpy()  # whose `any` is far faster than torch's
    rows, columns = mask.any(axis=1).nonzero()[0], mask.any(axis=0).nonzero()[0]
    if not len(rows):
        return None
    return Window((int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1))
