"""The head as distillation sees it: what of it is opaque, which texture pixels show, and from where it is seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.colour import encode_srgb
from dreamface.face import Head, Maps, Material, Part
from dreamface.render import Arc, Mesh, Seen, portrait_camera
from dreamface.skin import skin_tiles

_CLEAR: Final = 0.5  # transmission from which a material is looked through
_AROUND: Final = 1.04  # of the portrait's height is shown
PAPER: Final = 0.35
"""sRGB grey behind heads in pictures for people."""

_REST: Final = 256  # texels a side of textures that stay as they are


@dataclass(frozen=True)
class Sitter:
    """A head that sits for a diffusion model.

    Attributes:
        head: whose.
        materials: of its parts.
        maps: its textures, with brows and make-up.
        bare: the skin's textures without them.
    """

    head: Head
    materials: Mapping[str, Material]
    maps: Maps
    bare: Maps

    @cached_property
    def tiles(self) -> tuple[str, ...]:
        """The skin's tiles, the face's first."""
        return tuple(skin_tiles(self.head.topology))

    @cached_property
    def arc(self) -> Arc:
        """Where cameras stand."""
        return arc_around(self.head.vertices)

    @cached_property
    def mesh(self) -> Mesh:
        """What is not looked through; lashes are left out as well."""
        topology = self.head.topology
        return Mesh(topology.triangles[self._opaque], topology.uv, topology.triangle_uvs[self._opaque])

    @cached_property
    def _opaque(self) -> Tensor:
        """[T] int64 the topology's triangles that are drawn."""
        topology = self.head.topology
        drawn = [
            torch.arange(2 * part.faces[0], 2 * part.faces[1])
            for part in topology.parts
            if self.materials[part.material].transmission < _CLEAR and "lashes" not in part.name
        ]
        return torch.cat(drawn)

    @cached_property
    def _groups(self) -> tuple[Tensor, tuple[tuple[str, tuple[float, float, float]], ...]]:
        """[T] which texture each triangle of the mesh shows: the skin's tiles first, then (tile, base colour)."""
        topology = self.head.topology
        others: dict[tuple[str, tuple[float, float, float]], int] = {}
        found = torch.full((len(topology.triangles),), -1)
        for part in topology.parts:
            rows, tile = slice(2 * part.faces[0], 2 * part.faces[1]), self._tile(part)
            if tile in self.tiles:
                found[rows] = self.tiles.index(tile)
            else:
                key = (tile, self.materials[part.material].base_colour)
                found[rows] = len(self.tiles) + others.setdefault(key, len(others))
        return found[self._opaque], tuple(others)

    def _tile(self, part: Part) -> str:
        return part.tile or self.materials[part.material].tile or ""

    @cached_property
    def rest(self) -> tuple[Tensor, ...]:
        """[3, H, H] sRGB-encoded textures of what is no skin: they stay as they are."""
        pictures = []
        for tile, colour in self._groups[1]:
            image = self.maps.get(tile, {}).get("albedo", torch.ones(1, 1, 3)) * torch.tensor(colour)
            pictures.append(resized(encode_srgb(image).permute(2, 0, 1), _REST))
        return tuple(pictures)

    def skin(self, side: int, bare: bool = True) -> Tensor:
        """Return [T, 3, side, side] sRGB-encoded textures of the skin's tiles.

        Args:
            side: texels.
            bare: whether without brows and make-up.
        """
        maps = self.bare if bare else self.maps
        return torch.stack([resized(encode_srgb(maps[tile]["albedo"]).permute(2, 0, 1), side) for tile in self.tiles])

    def relief(self, side: int) -> Tensor:
        """Return [T, 3, side, side] tangent-space normals of the skin's tiles; averaged, so not of length 1."""
        return torch.stack([resized(self.maps[tile]["normal"].permute(2, 0, 1), side) for tile in self.tiles])

    def on_skin(self, seen: Seen) -> Sequence[Tensor]:
        """Return for each of the skin's tiles, and for each texture of the rest, int64 the pixels that show it."""
        group = self._groups[0].to(seen.triangle.device)[seen.triangle]
        return [torch.nonzero(group == number)[:, 0] for number in range(len(self.tiles) + len(self._groups[1]))]

    def paint(self, seen: Seen, skin: Tensor, rest: Sequence[Tensor]) -> Tensor:
        """Return [N, C] what pixels show.

        Args:
            seen: the pixels.
            skin: [T, C, H, H] textures of the skin's tiles; differentiable.
            rest: [C, H, H] of what else there is.
        """
        values = skin.new_zeros(len(seen.pixel), skin.shape[1])
        for pixels, texture in zip(self.on_skin(seen), (*skin, *rest), strict=True):
            if len(pixels):
                values = values.index_copy(0, pixels, seen.sample(texture, pixels))
        return values

    def normals(self, seen: Seen, relief: Tensor) -> Tensor:
        """Return [N, 3] unit normals, with relief [T, 3, H, H] on the skin."""
        flat = relief.new_tensor((0.0, 0.0, 1.0)).view(3, 1, 1)
        return seen.bent(self.paint(seen, relief, [flat] * len(self._groups[1])))


def resized(image: Tensor, side: int) -> Tensor:
    """Return [C, side, side] of an image [C, H, H]; averaged where that is smaller."""
    if image.shape[-1] == side:
        return image
    return interpolate(image[None], size=(side, side), mode="bilinear", antialias=True)[0]


def arc_around(vertices: Tensor) -> Arc:
    """Return where cameras stand around a head that looks along -Y, framed as a portrait is."""
    camera = portrait_camera(vertices)
    distance = math.dist(camera.position, camera.target)
    return Arc(camera.target, _AROUND * distance * math.tan(0.5 * camera.fov))
