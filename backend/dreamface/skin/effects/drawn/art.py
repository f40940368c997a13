"""What was drawn, on the texels of a window of the maps, and what it can be made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.overlay import Patch, Site
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS

_SIGMAS = 3.0  # of a Gaussian, beyond which it counts as 0


@dataclass(frozen=True)
class Shape:
    """How far into the drawn strokes each texel lies. Images are [h, w], millimetres on the skin.

    Attributes:
        depth: to the nearest edge of a stroke; below 0 outside.
        radius: half the stroke's width there.
        aside: [2, h, w] from the stroke's middle to the texel: to the right and up.
        along: [2, h, w] unit direction of the stroke in texels, right and down; it points down or outwards.
    """

    depth: Tensor
    radius: Tensor
    aside: Tensor
    along: Tensor

    @property
    def across(self) -> Tensor:
        """[h, w] 0 in the middle of a stroke, 1 at its edges and outside."""
        return 1.0 - (self.depth / self.radius.clamp_min(1e-3)).clamp(0.0, 1.0)


@dataclass(frozen=True)
class Art:
    """A drawing in a window of the maps.

    Attributes:
        colour: [3, h, w] linear Rec. 709, not multiplied with alpha.
        alpha: [h, w] 0..1.
        shape: of its strokes; None where the medium does not need it.
    """

    colour: Tensor
    alpha: Tensor
    shape: Shape | None = None


@dataclass(frozen=True)
class Handling:
    """How a medium is wanted.

    Attributes:
        finish: of paint: "matte", "satin" or "glossy".
        depth_mm: how deep or high it is at most; None is the medium's own.
        thickness: 0..1 of paint: how thickly it is laid on.
        strength: of the edit; only ink looks at it, as more of it runs further.
        coloured: whether colours were drawn, and not only black on nothing.
    """

    finish: str = "satin"
    depth_mm: float | None = None
    thickness: float = 0.2
    strength: float = 1.0
    coloured: bool = True


@dataclass(frozen=True)
class Medium:
    """What a drawing is made of.

    Attributes:
        name: such as "ink".
        description: one line in plain words.
        draw: what it changes at a site; texels at which the site's mask is 0 are left alone.
        reads: traits of the person that it reads.
        shaped: whether it needs the strokes' shape.
        depth_mm: how deep or high it is, where nothing else is wanted; None where that means nothing.
        deepest_mm: what can be wanted at most.
        strokes_only: whether only sketches can be made of it.
        runs_mm: millimetres that it may reach beyond what was drawn.
    """

    name: str
    description: str
    draw: Callable[[Site, Art, Handling], Sequence[Patch]]
    reads: tuple[str, ...] = PIGMENT_TRAITS
    shaped: bool = False
    depth_mm: float | None = None
    deepest_mm: float = 2.0
    strokes_only: bool = False
    runs_mm: float = 0.0


def blurred(image: Tensor, sigma: float) -> Tensor:
    """Return [C, h, w] after a Gaussian of `sigma` texels; the borders repeat."""
    reach = int(_SIGMAS * sigma + 0.5)
    if reach == 0:
        return image
    line = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    line = line / line.sum()
    padded = pad(image[:, None], (reach, reach, reach, reach), mode="replicate")
    found = conv2d(conv2d(padded, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))[:, 0]
    return found


def bump(place: Tensor, middle: float, width: float) -> Tensor:
    """Return a bell of height 1 at `middle`, exp(-((place - middle) / width)^2)."""
    return torch.exp(-(((place - middle) / width) ** 2))


def firm(site: Site, art: Art) -> Tensor:
    """Return [h, w] 0..1 where a stroke with a body lies: a faint rim of a soft brush is none of it."""
    return smoothstep(art.alpha, 0.1, 0.6) * site.mask
