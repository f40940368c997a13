"""What skin is composed of: named layers, and the four things that a layer can lay on.

A layer is a function of the head, the traits that it says it reads, and the seed. It changes pigments (before they are
mixed to a colour) or the ground (after that), both on a coarse grid; and it adds decals and detail tiles at full size.
`painter` runs the layers and keeps what they gave; `compose` puts maps together from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.subject import Subject


@dataclass(frozen=True)
class Ground:
    """What varies slowly over the skin, on the coarse grid of S x S texels.

    Attributes:
        melanin: [S, S] 0..1, as `skin.melanin`.
        blood: [S, S] 0..2, see `pigments.skin_colour`.
        oxygenation: [S, S] 0..1 of the blood.
        carotene: [S, S] 0..1, as `skin.yellowness`.
        albedo: [3, S, S] linear Rec. 709; what the pigments give, from when they are mixed on.
        roughness, specular, subsurface, metallic: [S, S] 0..1, as in the maps.
        height: [S, S] metres.
    """

    melanin: Tensor
    blood: Tensor
    oxygenation: Tensor
    carotene: Tensor
    albedo: Tensor
    roughness: Tensor
    specular: Tensor
    subsurface: Tensor
    metallic: Tensor
    height: Tensor

    @classmethod
    def blank(cls, size: int) -> Ground:
        """Skin without any pigment, neither glossy nor matt, flat."""
        nothing = torch.zeros(size, size)
        even = {name: torch.full((size, size), value) for name, value in _BLANK.items()}
        return cls(nothing, nothing, **even, albedo=torch.ones(3, size, size), metallic=nothing, height=nothing)

    def towards(self, other: Ground, weight: float | Tensor) -> Ground:
        """Return a ground between this one (weight 0) and another (1).

        Args:
            other: of the same size.
            weight: 0..1, one number or [S, S].
        """
        if not isinstance(weight, Tensor) and weight == 1.0:
            return other
        return Ground(*(_between(getattr(self, f.name), getattr(other, f.name), weight) for f in fields(self)))


_BLANK: Final = {"oxygenation": 0.8, "carotene": 0.3, "roughness": 0.5, "specular": 0.5, "subsurface": 0.5}


def _between(start: Tensor, end: Tensor, weight: float | Tensor) -> Tensor:
    return start if start is end else torch.lerp(start, end, weight)


@dataclass(frozen=True)
class Window:
    """Rows and columns [start, stop) of a tile's maps."""

    rows: tuple[int, int]
    columns: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.rows[1] - self.rows[0], self.columns[1] - self.columns[0]

    @property
    def slices(self) -> tuple[slice, slice]:
        """To cut it out of an image [..., S, S]: `image[..., *window.slices]`."""
        return slice(*self.rows), slice(*self.columns)

    def scaled(self, factor: int) -> Window:
        """Return the same window on a grid that is `factor` times finer."""
        (top, bottom), (left, right) = self.rows, self.columns
        return Window((top * factor, bottom * factor), (left * factor, right * factor))


@dataclass(frozen=True)
class Decal:
    """What a layer adds to a window of the maps at full size. All images are [h, w] of the window.

    Pigments and heights add up. What covers hides what earlier layers left, and pulls the gloss to its own.

    Attributes:
        window: where.
        melanin: steps of `skin.melanin`.
        blood: steps of the blood axis.
        height: metres; what lies deep shines less, see `compose`.
        valley: metres of what is too broad to keep light out.
        cover: 0..1 how much of the skin it hides.
        colour: [3] or [3, h, w] linear Rec. 709 of what covers; None leaves the skin's.
        roughness, specular, metallic: of what covers; None leaves the skin's.
    """

    window: Window
    melanin: Tensor | None = None
    blood: Tensor | None = None
    height: Tensor | None = None
    valley: Tensor | None = None
    cover: Tensor | None = None
    colour: Tensor | None = None
    roughness: float | None = None
    specular: float | None = None
    metallic: float | None = None


@dataclass(frozen=True)
class DetailTiles:
    """K repeating patterns over the whole tile: each adds tile x weight, times what it stands for.

    Attributes:
        tiles: [K, P, P], P divides the maps' side.
        weights: [K, S, S] on the coarse grid.
        height: [K] metres.
        melanin, blood, roughness, specular: [K] steps of each.
    """

    tiles: Tensor
    weights: Tensor
    height: Tensor
    melanin: Tensor
    blood: Tensor
    roughness: Tensor
    specular: Tensor


@dataclass(frozen=True)
class Layer:
    """One layer of the skin.

    Attributes:
        name: such as "freckles"; what its strength is stored under.
        description: one line in plain words, for lists and tooltips.
        traits: all that it reads; reading another is an error.
        pigments: changes the ground before pigments are mixed.
        stain: changes the ground after that.
        decals: what it adds at full size.
        detail_tiles: what it adds everywhere.
        amount: the trait that says how much there is of it, where other layers make room for it: they are told that
            there is none while the layer's strength is 0.
    """

    name: str
    description: str
    traits: tuple[str, ...] = ()
    pigments: Callable[[Subject, Ground], Ground] | None = None
    stain: Callable[[Subject, Ground], Ground] | None = None
    decals: Callable[[Subject], Sequence[Decal]] | None = None
    detail_tiles: Callable[[Subject], DetailTiles | None] | None = None
    amount: str | None = None


Strengths = Mapping[str, float]
"""Layer -> how strongly it is laid on, 0..1; 1 for those that are left out."""

Masks = Mapping[str, Mapping[str, Tensor]]
"""Layer -> tile -> [H, W] 0..1 how much of the layer is laid on there, in the tile's layout, row 0 at v = 1.

A layer that is left out is laid on everywhere, a tile that is left out gets nothing of it.
"""


def window_of(mask: Tensor, margin: int = 0) -> Window | None:
    """Return the smallest window around what is not zero in [S, S], and some texels more; None where all is zero."""
    rows, columns = mask.any(dim=1).nonzero()[:, 0], mask.any(dim=0).nonzero()[:, 0]
    if not len(rows):
        return None
    height, width = mask.shape
    return Window(
        (max(0, int(rows[0]) - margin), min(height, int(rows[-1]) + 1 + margin)),
        (max(0, int(columns[0]) - margin), min(width, int(columns[-1]) + 1 + margin)),
    )
