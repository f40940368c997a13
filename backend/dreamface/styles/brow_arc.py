"""Where a brow lies on a face and how its hairs stand in it: grown and painted brows ask the same.

A hair's place in the brow is `along`, from 0 at the inner end to 1 at the tail, and `across`, from -1 at the lower edge
to 1 at the upper one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.styles.registry import styles
from dreamface.styles.skull import Skull
from dreamface.styles.style import BrowShape
from dreamface.styles.where import size_of
from dreamface.traits import Traits
from dreamface.units import MM

BROW_SIDES: Final = (("left", "l"), ("right", "r"))
"""Of the two brows: the name, and the end of its landmarks' names."""

# Of the traits: share of the hairs that are there, and factors on the band's height and the hairs' length.
_DENSITY_POWER: Final = 0.6
_FEWER_IN_THIN: Final = 0.35
_HEIGHT: Final = (0.55, 1.45)
_LENGTH: Final = (0.85, 1.12)

_INNER_UNTIL: Final = 0.30  # along, where the inner end's numbers have given way to the middle's
_OUTER_FROM: Final = 0.55  # along, from where they give way to the outer end's
_ENDS: Final = (0.2, 0.12)  # along, over which hairs get dense at the inner end and sparse at the outer
_SHORTER_AT_EDGE: Final = 0.25  # share of the length that hairs of the upper edge lack
_HEAD: Final = 0.6  # millimetres by which the inner end is higher than the arc of the landmarks
_LEVEL: Final = 0.5  # of the arch's height, at which an arch that is taken away lies
_UNEVEN: Final = 0.4 * MM  # deviation of a brow's arch from the other's
_STEP: Final = 0.01  # along, to either side, by which the brow's direction is found


@dataclass(frozen=True)
class BrowArc:
    """The middle line of a brow, and its shape.

    Attributes:
        places: [3, 3] metres: inner end, arch and outer end.
        share: along, of the arch.
        length: metres.
        outward: 1 on the left and -1 on the right.
        shape: of the style, as the person's traits have it.
        unit: metres of a style's millimetre.
        uneven: metres by which this brow's arch is higher than the style's.
    """

    places: Tensor
    share: float
    length: float
    outward: float
    shape: BrowShape
    unit: float
    uneven: float

    def at(self, along: Tensor, across: Tensor) -> tuple[Tensor, Tensor]:
        """Return places [N, 3] on the line, and how far up [N] from there a hair grows, in metres."""
        first, peak, last = self.places
        t, m = self._on_line(along), self.share
        line = (
            ((t - m) * (t - 1.0) / m)[:, None] * first
            + (t * (1.0 - t) / (m * (1.0 - m)))[:, None] * peak
            + (t * (t - m) / (1.0 - m))[:, None] * last
        )
        shape = self.shape
        chord = torch.lerp(first, last, t[:, None])
        level = _LEVEL * (peak - torch.lerp(first, last, m))
        line = torch.lerp(line, chord + level, shape.flat)
        raised = (shape.arch * self.unit + self.uneven) * _bump(along, shape.arch_at, shape.peak)
        raised = raised + _HEAD * self.unit * (1.0 - along / _INNER_UNTIL).clamp(min=0.0)
        raised = raised + shape.tail * self.unit * ((along - 0.35) / 0.65).clamp(min=0.0) ** 1.6
        return line, raised + 0.5 * along_brow(along, shape.height) * self.unit * across

    def frame(self, along: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Return the ways [N, 3] along the brow and up across it, on skin with unit normals [N, 3]."""
        zero = torch.zeros_like(along)
        ends = []
        for side in (-_STEP, _STEP):
            line, raised = self.at(along + side, zero)
            ends.append(line + raised[:, None] * line.new_tensor((0.0, 0.0, 1.0)))
        tangent = ends[1] - ends[0]
        tangent = normalize(tangent - (tangent * normal).sum(dim=1, keepdim=True) * normal, dim=1)
        return tangent, self.outward * torch.linalg.cross(normal, tangent)

    def crowding(self, along: Tensor) -> Tensor:
        """Return [N] how many hairs stand `along` the brow: fewer at its ends, and where the band is narrower."""
        here = along_brow(along, self.shape.density) * along_brow(along, self.shape.height)
        return here * (along / _ENDS[0]).clamp(0.0, 1.0) ** 0.6 * ((1.0 - along) / _ENDS[1]).clamp(0.0, 1.0) ** 0.5

    def thinning(self, across: Tensor) -> Tensor:
        """Return [N] 0..1: which share of the hairs stands `across` the band: fewer at its edges."""
        return 1.0 - self.shape.soft * across.abs() ** 1.7

    def lengths(self, along: Tensor, across: Tensor) -> Tensor:
        """Return metres [N] that hairs are long."""
        length = along_brow(along, self.shape.length) * self.unit
        return length * (1.0 - _SHORTER_AT_EDGE * across.clamp(min=0.0))

    def angles(self, along: Tensor, across: Tensor, phases: Tensor) -> Tensor:
        """Return degrees [N] by which hairs' roots point up from the brow's direction; neighbours draw together.

        Args:
            along: [N].
            across: [N].
            phases: [3] radians, of the tufts' waves.
        """
        tufts = (
            torch.sin(31.0 * along + 2.1 * across + phases[0])
            + 0.7 * torch.sin(67.0 * along - 3.4 * across + phases[1])
            + 0.5 * torch.sin(13.0 * along + 5.0 * across + phases[2])
        )
        tufts = tufts * (0.35 + 0.65 * smoothstep(along / _INNER_UNTIL))
        combed = along_brow(along, self.shape.angle) - along_brow(along, self.shape.spread) * across
        return combed + self.shape.tufts * tufts

    def _on_line(self, along: Tensor) -> Tensor:
        inner, outer = self.shape.inner * self.unit / self.length, self.shape.outer * self.unit / self.length
        return -inner + (1.0 + inner + outer) * along


def brow_shape(traits: Traits) -> BrowShape:
    """Return the shape of the style of brows that a person has; the usual one where the style is missing."""
    style = styles().of("brows").get(f"brows_{traits.choice('brows.style')}")
    return (style.brows if style else None) or BrowShape()


def brow_arc(shape: BrowShape, head: Head, traits: Traits, suffix: str, generator: torch.Generator) -> BrowArc:
    """Return where a brow lies on a head.

    Args:
        shape: of the style.
        head: whose brow.
        traits: a person's.
        suffix: of the landmarks' names, as in `BROW_SIDES`.
        generator: of what is uneven; one number is drawn.
    """
    places = torch.stack([head.landmark(f"brow_{name}_{suffix}") for name in ("inner", "arch", "outer")])
    first, second = ((places[n + 1] - places[n]).norm() for n in range(2))
    return BrowArc(
        places=places,
        share=float(first / (first + second)),
        length=float(first + second),
        outward=1.0 if suffix == "l" else -1.0,
        shape=_fitted(shape, traits),
        unit=MM * size_of(Skull.of(head)),
        uneven=_UNEVEN * float(torch.randn(1, generator=generator)),
    )


def share_of_brow_hairs(traits: Traits) -> float:
    """Return 0..1: how many of a style's hairs a person's brows have."""
    density, thickness = traits.number("brows.density"), traits.number("brows.thickness")
    return density**_DENSITY_POWER * (1.0 - _FEWER_IN_THIN * (1.0 - thickness))


def along_brow(along: Tensor, values: tuple[float, float, float]) -> Tensor:
    """Return [N]: numbers of the inner end, the middle and the outer end, run into each other."""
    first, middle, last = values
    start = 1.0 - smoothstep(along / _INNER_UNTIL)
    end = ((along - _OUTER_FROM) / (1.0 - _OUTER_FROM)).clamp(0.0, 1.0)
    return middle + (first - middle) * start + (last - middle) * end


def _fitted(shape: BrowShape, traits: Traits) -> BrowShape:
    thickness = traits.number("brows.thickness")
    high, long = (low + (most - low) * thickness for low, most in (_HEIGHT, _LENGTH))
    first, middle, last = shape.height
    near, far, end = shape.length
    height, length = (high * first, high * middle, high * last), (long * near, long * far, long * end)
    return shape.model_copy(update={"height": height, "length": length})


def _bump(along: Tensor, highest: float, peak: float) -> Tensor:
    """Return [N]: 0 at the ends of the brow and 1 at its highest; a tent where `peak` is 1."""
    tent = torch.minimum(along / highest, (1.0 - along) / (1.0 - highest)).clamp(0.0, 1.0)
    return peak * tent + (1.0 - peak) * torch.sin(0.5 * torch.pi * tent)
