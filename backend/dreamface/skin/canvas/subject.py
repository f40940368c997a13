"""Whom layers paint: a head's skin on the texels of one tile, and what several layers want to know of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from dreamface.face import Head
from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import SkinSurface, atlas_of, coarser, positions
from dreamface.skin.canvas.noise import solid_noise, stream
from dreamface.skin.canvas.shared_noises import Noise
from dreamface.traits import Traits

_TEXELS_PER_CELL: Final = 9.0  # of noise: on more it is worked out on a coarser grid and enlarged
_SMALLEST_GRID: Final = 64


class Memo:
    """Tensors by name, each made once; several threads may ask, and wait for what another is making.

    Attributes:
        noises: the noises among them, by name.
    """

    def __init__(self) -> None:
        self.noises: dict[str, Noise] = {}
        self._made: dict[str, Future[Tensor]] = {}
        self._busy = threading.Lock()

    def get(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """Return what goes by the name, made where it is not there."""
        with self._busy:
            there = self._made.get(name)
            mine = there or self._made.setdefault(name, Future())
        if there is None:
            try:
                mine.set_result(make())
            except BaseException as error:
                mine.set_exception(error)
                raise
        return mine.result()


@dataclass(frozen=True)
class Subject:
    """A head's skin in one tile.

    Attributes:
        head: whose.
        surface: where the texels of the coarse grid lie on it.
        size: side of the maps in texels.
        seed: of everything random.
        traits: those that the layer has declared.
    """

    head: Head
    surface: SkinSurface
    size: int
    seed: int
    traits: Traits
    _memo: Memo = field(default_factory=Memo)
    _whole: Subject | None = None  # on whose grid, twice as fine, noises are worked out
    _face: Subject | None = None  # None where this is the face's tile

    @property
    def tile(self) -> str:
        """The name of the tile."""
        return self.surface.atlas.tile

    @property
    def face(self) -> Subject:
        """The same head's skin in the face's tile: there, `once` keeps what all tiles need."""
        return self._face or self

    def reading(self, traits: Traits, names: tuple[str, ...]) -> Subject:
        """Return the same skin for a layer that reads these traits."""
        return replace(self, traits=traits.only(names))

    def region(self, *names: str) -> Tensor:
        """Return [S, S] union of regions, weights 0..1; 0 for those that the head model has not."""
        return self.surface.atlas.region(*names)

    def stream(self, name: str) -> torch.Generator:
        """Return a layer's own random numbers, the same in every tile."""
        return stream(self.seed, name)

    def tile_stream(self, name: str) -> torch.Generator:
        """Return a layer's own random numbers for what it draws in this tile's layout."""
        return stream(self.seed, name if self.tile == "skin" else f"{name}/{self.tile}")

    def noise(self, noise: Noise, channel: str | None = None) -> Tensor:
        """Return smooth noise on the skin: mean 0, deviation about 1, seamless; computed once for each head.

        It fades where the texels are too large to show it.

        Args:
            noise: which one.
            channel: the name of one of its images.

        Returns:
            [channels, S, S]; [S, S] of a channel.

        Raises:
            ValueError: another noise has the same name, or the noise has no such channel.
        """
        known = self._memo.noises.setdefault(noise.name, noise)
        if known != noise:
            raise ValueError(f"two noises are called {noise.name!r}: {known} and {noise}")
        whole = self._whole
        images = self._memo.get(
            f"noise {noise.name}",
            (lambda: self._noise(noise)) if whole is None else (lambda: _halved(whole.noise(noise))),
        )
        if channel is None:
            return images
        if channel not in noise.channels:
            raise ValueError(f"{noise.name!r} has no channel {channel!r}: it has {', '.join(noise.channels)}")
        return images[noise.channels.index(channel)]

    def once(self, name: str, make: Callable[[], Tensor]) -> Tensor:
        """Return what depends on nothing but the head, the seed and the name: made at first need, and kept."""
        return self._memo.get(name, make)

    def halved(self) -> Subject:
        """Return the same skin on a grid half as fine, with the same noises."""
        surface, side = self.surface, self.surface.atlas.size
        atlas = atlas_of(self.head.topology, self.tile, side // 2)
        half = replace(surface, atlas=atlas, position=_halved(surface.position), metric=_halved(surface.metric))
        return replace(self, surface=half, _memo=Memo(), _whole=self)

    def _noise(self, noise: Noise) -> Tensor:
        surface, size, cell = self.surface, self.surface.atlas.size, noise.cell
        channels, generator = len(noise.channels), self.stream(noise.name)
        grid = coarser(size, max(_SMALLEST_GRID, int(_TEXELS_PER_CELL / (cell * surface.typical_density))))
        if grid < size:
            position = self._memo.get(f"position {grid}", lambda: positions(self.head, self.tile, grid))
            found = solid_noise(position, cell, channels, generator)
            return interpolate(found[None], size=(size, size), mode="bilinear", align_corners=False)[0]
        fading = smoothstep(cell * surface.density * size, 1.5, 4.0)
        return solid_noise(surface.position, cell, channels, generator).mul_(fading)


def _halved(image: Tensor) -> Tensor:
    """Return [..., S / 2, S / 2] means of four texels."""
    side = image.shape[-1]
    return avg_pool2d(image.reshape(1, -1, side, side), 2)[0].reshape(*image.shape[:-2], side // 2, side // 2)
