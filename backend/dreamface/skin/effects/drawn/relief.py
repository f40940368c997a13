"""Relief: a picture's brightness as height of the skin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch

from dreamface.colour import encode_srgb
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.effects.drawn.art import Art, Handling, Medium
from dreamface.units import MM

_LUMINANCE: Final = (0.2126, 0.7152, 0.0722)  # of linear Rec. 709


def _relief(site: Site, art: Art, handling: Handling) -> Sequence[Patch]:
    """Raise what is lighter than middle grey, and sink what is darker, as the picture's codes say."""
    grey = encode_srgb(torch.einsum("chw,c->hw", art.colour, torch.tensor(_LUMINANCE)).clamp(0.0, 1.0))
    most = handling.depth_mm if handling.depth_mm is not None else RELIEF.depth_mm
    assert most is not None
    return (Patch(site.window, height=(2.0 * grey - 1.0) * art.alpha * site.mask * (most * MM)),)


RELIEF: Final = Medium(
    "relief", "grey as height: lighter than middle grey is raised, darker is sunk", _relief, depth_mm=0.5,
    deepest_mm=5.0,
)  # fmt: skip
