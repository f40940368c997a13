"""What an artist's edits lay over finished skin, in the order of the stack.

An edit is either drawn, which gives patches, or it is the same skin with other traits that shows where its mask says.
Both are exact: where the mask is 0, not a bit of the maps changes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.skin.canvas.atlas import surface_of
from dreamface.skin.canvas.bands import enlarged
from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.masks import resized
from dreamface.skin.canvas.noise import solid_noise, stream
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS
from dreamface.skin.canvas.subject import Subject
from dreamface.traits import Traits
from dreamface.units import MM

_CLOUD: Final = 256  # texels a side on which a mask is looked at as a whole

MOST: Final = 2.0
"""Strength of an edit at most; 1 is what it means to be."""


_TEXELS_PER_CELL: Final = 8.0  # of noise: on more it is worked out on a coarser grid and enlarged


@dataclass(frozen=True)
class Patch:
    """What an edit changes in a window of the maps at full size. Images are [h, w], or [3, h, w] of colours.

    The order within a patch is: pigments, stain, cover, gloss, relief. An image that is 0 (a stain that is 1) leaves
    the texel as it was, bit for bit.

    Attributes:
        window: where.
        melanin: steps of `skin.melanin` more or less.
        blood: steps of the blood axis.
        stain: [3, h, w] factor on the albedo, as of ink that lies in the skin and filters its light.
        cover: 0..1 how much `colour` hides of the skin, as paint does.
        colour: [3] or [3, h, w] linear Rec. 709 of what covers.
        gloss: 0..1 how much roughness, specular, subsurface and metallic are pulled to the ones below.
        roughness, specular, subsurface, metallic: 0..1 or [h, w]; None leaves the skin's.
        flat: 0..1 how much of pores, lines and everything else in the relief is levelled.
        height: metres of relief on top.
        under: whether its colour lies below what covers the skin, such as brows and make-up.
    """

    window: Window
    melanin: Tensor | None = None
    blood: Tensor | None = None
    stain: Tensor | None = None
    cover: Tensor | None = None
    colour: Tensor | None = None
    gloss: Tensor | None = None
    roughness: float | Tensor | None = None
    specular: float | Tensor | None = None
    subsurface: float | Tensor | None = None
    metallic: float | Tensor | None = None
    flat: Tensor | None = None
    height: Tensor | None = None
    under: bool = False

    @property
    def nbytes(self) -> int:
        """Memory that its images take."""
        images = [getattr(self, one.name) for one in fields(self)]
        return sum(image.nbytes for image in images if isinstance(image, Tensor))


@dataclass(frozen=True)
class Spot:
    """A mask within a window of the maps at full size.

    Attributes:
        window: where; outside it is 0.
        image: [h, w] 0..1.
    """

    window: Window
    image: Tensor

    def cut(self, here: Window) -> Tensor:
        """Return [h, w] a part of it."""
        (top, _), (left, _) = self.window.rows, self.window.columns
        (first, last), (start, stop) = here.rows, here.columns
        return self.image[first - top : last - top, start - left : stop - left]

    @classmethod
    def of(cls, mask: Tensor, size: int) -> Spot | None:
        """Return a mask [H, H] of a tile for maps of `size` texels a side; None where it is 0 all over."""
        if (found := window_of(mask > 0.0)) is None:
            return None
        side = mask.shape[-1]
        if size % side or size == side:
            whole = resized(mask, size)
            window = window_of(whole > 0.0)
            return None if window is None else cls(window, whole[window.slices].clone())
        # Only the window is enlarged: a mask of a scar would take 64 MB at 4096 otherwise.
        (top, bottom), (left, right) = found.rows, found.columns
        rows, columns = (max(0, top - 1), min(side, bottom + 1)), (max(0, left - 1), min(side, right + 1))
        window = Window(rows, columns).scaled(size // side)
        image = enlarged(mask[None], window.rows, size, columns=window.columns)[0]
        return cls(window, image.contiguous().clamp_(0.0, 1.0))


@dataclass(frozen=True)
class Site:
    """Where an edit is drawn: a window of a tile of somebody's skin.

    Attributes:
        subject: whose skin, with the traits that the edit reads.
        spot: the mask in the tile.
        seed: of everything random in this edit; the same in all tiles.
        masks: of all tiles, as `Overlay` has them.
    """

    subject: Subject
    spot: Spot
    seed: int
    masks: Mapping[str, Tensor]

    @property
    def window(self) -> Window:
        """Where."""
        return self.spot.window

    @property
    def mask(self) -> Tensor:
        """[h, w] 0..1."""
        return self.spot.image

    def cut(self, image: Tensor) -> Tensor:
        """Return [C, h, w] what the window shows of a coarse image [C, S, S]; bilinear."""
        return enlarged(image, self.window.rows, self.subject.size, columns=self.window.columns).contiguous()

    @cached_property
    def position(self) -> Tensor:
        """[3, h, w] metres."""
        return self.cut(self.subject.surface.position)

    @cached_property
    def texel(self) -> float:
        """Millimetres that a texel of the maps takes, in the middle of the skin."""
        return 1.0 / (self.subject.size * self.subject.surface.typical_density * MM)

    @cached_property
    def cloud(self) -> Tensor:
        """[N, 4] places on the skin in all tiles where the mask lies, metres, and square metres of mask at each."""
        found = []
        for tile, mask in self.masks.items():
            surface = surface_of(self.subject.head, tile, _CLOUD)
            weight = resized(mask, _CLOUD) * surface.atlas.inside / (surface.density * _CLOUD).square()
            there = weight > 0.0
            found.append(torch.cat((surface.position[:, there], weight[there][None])).T)
        return torch.cat(found)

    def random(self, name: str) -> torch.Generator:
        """Return the random numbers of one of the edit's own patterns, the same in every tile."""
        return stream(self.seed, f"edit/{name}")

    def noise(self, name: str, cell_mm: float, channels: int = 1) -> Tensor:
        """Return [channels, h, w] smooth noise on the skin: mean 0, deviation about 1, seamless across tiles.

        Args:
            name: of the pattern; another name gives another one.
            cell_mm: between its lattice points.
            channels: how many independent images.
        """
        factor = 1
        while cell_mm / self.texel >= 2 * factor * _TEXELS_PER_CELL and self.subject.size % (2 * factor) == 0:
            factor *= 2
        factor = min(factor, self.subject.size // self.subject.surface.position.shape[-1])
        if factor == 1:
            return solid_noise(self.position, cell_mm * MM, channels, self.random(name))
        return self._coarse_noise(cell_mm, channels, self.random(name), factor)

    def _coarse_noise(self, cell_mm: float, channels: int, random: torch.Generator, factor: int) -> Tensor:
        """Return noise that is worked out on a grid `factor` times coarser, which is fine enough, and enlarged."""
        (top, bottom), (left, right) = self.window.rows, self.window.columns
        size = self.subject.size // factor
        rows = max(0, top // factor - 1), min(size, -(-bottom // factor) + 1)
        columns = max(0, left // factor - 1), min(size, -(-right // factor) + 1)
        position = enlarged(self.subject.surface.position, rows, size, columns=columns).contiguous()
        noise = solid_noise(position, cell_mm * MM, channels, random)
        large = interpolate(noise[None], scale_factor=factor, mode="bilinear", align_corners=False)[0]
        above, before = top - rows[0] * factor, left - columns[0] * factor
        return large[:, above : above + bottom - top, before : before + right - left].contiguous()


@dataclass(frozen=True)
class Overlay:
    """One edit as the painter takes it.

    Attributes:
        id: unique among a face's edits.
        key: two overlays with the same id and key have the same pixels, strength aside.
        masks: tile -> [H, H] 0..1 where it is laid on, filled beyond the islands; a tile that is left out gets nothing.
        strength: 0..`MOST`.
        traits: what the skin under the mask has instead of the person's own.
        seed: of everything random in it; None is the person's own.
        draw: what it draws; the painter weakens it by nothing, so it must leave alone what its mask does.
        reads: traits of the person that `draw` reads.
        said: names of the traits that the edit itself gives: layers that read them show under it even where the artist
            has hidden them elsewhere.
    """

    id: str
    key: Hashable
    masks: Mapping[str, Tensor]
    strength: float = 1.0
    traits: Traits | None = None
    seed: int | None = None
    draw: Callable[[Site], Sequence[Patch]] | None = None
    reads: tuple[str, ...] = PIGMENT_TRAITS
    said: frozenset[str] = frozenset()
