"""Films of make-up: how much of the skin a product hides, in a window of the maps.

Films with an edge keep to the outlines of lips and lids, in metres on the skin, so that they are as crisp on maps of
4096 texels a side as on maps of 512.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.outlines import Outline, enlarge
from dreamface.skin.canvas.subject import Subject

SIDES: Final = ("l", "r")
FINEST_EDGE: Final = 0.7  # texels: a sharper edge would be jagged
_LEAST_COVER: Final = 6e-3  # of the skin: a thinner film is not painted
_LEAST_SLOPE: Final = 1e-9  # keeps a division by the slope of a level field finite


@dataclass(frozen=True)
class Film:
    """Make-up at full strength.

    Attributes:
        window: of the maps.
        cover: [h, w] 0..1 how much of the skin it hides.
        glitters: whether a glossy one has flakes that mirror.
    """

    window: Window
    cover: Tensor
    glitters: bool = False


def full_window(subject: Subject, window: Window) -> Window:
    """Return a window of the coarse grid as one of the maps."""
    return window.scaled(subject.size // subject.surface.atlas.size)


def edgeless_films(subject: Subject, cover: Tensor) -> list[Film]:
    """Return a film without edges, from its cover on the coarse grid [S, S]; none where it hides nothing."""
    found = window_of(cover > _LEAST_COVER, margin=1)
    if found is None:
        return []
    window = full_window(subject, found)
    return [Film(window, enlarge(cover[found.slices], window).clamp(0.0, 1.0))]


def metres_to(subject: Subject, outline: Outline) -> Tensor:
    """Return metres [h, w] on the skin to an outline, negative inside, from the distances in the layout."""
    stretch_u, _, stretch_v = subject.surface.metric[(slice(None), *outline.window.slices)].unbind(0)
    rise_v, rise_u = torch.gradient(outline.distance)
    slope = torch.sqrt((rise_u * stretch_u) ** 2 + (rise_v * stretch_v) ** 2)
    steepness = torch.sqrt(rise_u**2 + rise_v**2).clamp_min(_LEAST_SLOPE)
    return outline.distance * steepness / slope.clamp_min(_LEAST_SLOPE)


def texels_per_metre(subject: Subject, window: Window) -> float:
    """Return the density of the maps in a window of the coarse grid."""
    return float(subject.surface.density[window.slices].median()) * subject.size
