"""What stripes, rosettes and scales are drawn with.

Patterns are functions of the place on the head, so that they run on across the seams of the texture layout. Their edges
are found at full size from fields on the coarse grid that vary slowly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.atlas import ramp, surface_of
from dreamface.skin.canvas.bands import band_rows, enlarged
from dreamface.skin.canvas.lattice import exact_noise
from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.layout import skin_tile_sides, skin_tiles
from dreamface.skin.canvas.shared_noises import Noise
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import inner
from dreamface.units import MM

EDGE: Final = 0.22 * MM  # half the width of a pattern's edge
_FINEST_EDGE: Final = 0.6  # the same in texels, where they are so large that the edge would be jagged
_RESOLVED: Final = (2.0, 6.0)  # texels per cell over which a pattern of cells comes to be seen
_SKETCH: Final = 64  # texels a side are enough to know a tile's density
_OFF_LIPS: Final = 0.92  # fraction of a pattern that lips lack
_OFF_LID_RIMS: Final = 0.8  # fraction of a pattern that the lids' rims lack


def keeps_clear(subject: Subject) -> Tensor:
    """Return 0..1 [S, S]: 1 on skin, less on lips and the lids' rims, 0 on what lies behind them."""
    lips = subject.region("lips_upper", "lips_lower")
    rims = subject.region("lids_margin")
    return (1.0 - _OFF_LIPS * lips) * (1.0 - _OFF_LID_RIMS * rims) * (1.0 - inner(subject))


def bust_rim(subject: Subject) -> float:
    """Return the height in metres at which the bust is cut off."""
    return float(subject.head.vertices[:, 2].min())


def exactly(subject: Subject, noise: Noise) -> Tensor:
    """Return a noise [channels, S, S] that agrees at the borders of tiles; see `lattice.exact_noise`."""
    return exact_noise(subject, noise)


def full_rows(subject: Subject, where: Tensor) -> Window | None:
    """Return the window of the maps around what is true in [S, S], of whole rows, as `in_bands` draws; None if nothing.

    Fields are enlarged by bands of whole rows.
    """
    found = window_of(where, margin=1)
    if found is None:
        return None
    return Window(found.rows, (0, where.shape[1])).scaled(subject.size // where.shape[0])


def in_bands(subject: Subject, window: Window, fields: Tensor) -> Iterator[tuple[slice, tuple[Tensor, ...]]]:
    """Yield bands of a window's rows, each with the fields [C, S, S] enlarged there, [h, size] each."""
    for start in range(*window.rows, band_rows(subject.size)):
        stop = min(start + band_rows(subject.size), window.rows[1])
        large = enlarged(fields, (start, stop), subject.size, "bicubic")
        yield slice(start - window.rows[0], stop - window.rows[0]), large.unbind(0)


def away_from_borders(subject: Subject) -> Tensor:
    """Return 0..1 [S, S]: 0 along the borders of a tile where another one, with other texels, goes on; 1 inside."""
    atlas = subject.surface.atlas
    several = len(skin_tiles(atlas.topology)) > 1
    return atlas.interior if several else torch.ones_like(atlas.interior)


def finest_edge(subject: Subject, softer: float = 1.0) -> Tensor:
    """Return half the width in metres [S, S] of the sharpest edge that the maps can show.

    At the borders of tiles it is the edge of the tile with the larger texels, times `softer`: lines show where they do
    not meet, surfaces hardly.
    """
    here = _FINEST_EDGE / (subject.surface.typical_density * subject.size)
    at_border = softer * _FINEST_EDGE / _coarsest_density(subject)
    return torch.lerp(torch.tensor(at_border), torch.tensor(here), away_from_borders(subject))


def resolved(subject: Subject, width: float) -> Tensor:
    """Return 0..1 [S, S] how much is seen of a pattern of cells of a width; at tiles' borders, what all can show."""
    at_border = ramp(width * _coarsest_density(subject), *_RESOLVED)
    return at_border + (1.0 - at_border) * away_from_borders(subject)


def _coarsest_density(subject: Subject) -> float:
    """Return texels per metre of the tile with the largest texels."""
    head, face = subject.head, subject.face
    sides = skin_tile_sides(head.topology, face.size)
    return min(surface_of(head, tile, _SKETCH).typical_density * side for tile, side in sides.items())
