"""Where the picture is looked at: once in a pixel of one smooth surface, several times where there is an edge in it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from dreamface.render.raster import rasterise
from dreamface.render.scene import Scene

GRID = 3
"""Samples per pixel are GRID x GRID; odd, so that the middle one is the pixel's centre."""

EDGE_DEPTH = 0.003
"""Metres; a pixel whose samples lie further apart than this has an edge in it."""


@dataclass(frozen=True)
class Samples:
    """Places in the picture that are shaded.

    Attributes:
        pixel: [N] index of the pixel it belongs to.
        share: [N] of that pixel's colour.
        place: [N, 2] pixel x and y.
        triangle: [N] index into the scene's triangles, -1 for the backdrop.
        barycentric: [N, 3].
        depth: [N] metres.
    """

    pixel: Tensor
    share: Tensor
    place: Tensor
    triangle: Tensor
    barycentric: Tensor
    depth: Tensor

    def of(self, chosen: Tensor | slice) -> Samples:
        """Those at indices, in a slice, or where a mask is true."""
        return Samples(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def and_then(self, others: Samples) -> Samples:
        """These and others."""
        pairs = ((getattr(self, field.name), getattr(others, field.name)) for field in fields(self))
        return Samples(*(torch.cat(pair) for pair in pairs))


class Picture:
    """What is seen of the solid surfaces, GRID x GRID times a pixel."""

    def __init__(self, scene: Scene) -> None:
        """Look at the scene."""
        self._scene = scene
        self._seen = rasterise(scene.vertices, scene.triangles[scene.solid], scene.camera, GRID * scene.size)

    @property
    def depth(self) -> Tensor:
        """[GRID * size, GRID * size] metres, infinite where nothing is seen."""
        return self._seen.depth

    def every(self, pixels: Tensor) -> Samples:
        """All samples of some pixels ([size, size] bool)."""
        return self._samples(pixels[:, None, :, None].expand(-1, GRID, -1, GRID).contiguous(), 1.0 / GRID**2)

    def middle(self, pixels: Tensor) -> Samples:
        """The middle one of some pixels ([size, size] bool)."""
        size = self._scene.size
        chosen = torch.zeros(size, GRID, size, GRID, dtype=torch.bool, device=pixels.device)
        chosen[:, GRID // 2, :, GRID // 2] = pixels
        return self._samples(chosen, 1.0)

    def edges(self) -> Tensor:
        """[size, size] bool: pixels whose samples show different parts, or the same one at different depths."""
        scene, seen = self._scene, self._seen
        # One number per part, further apart than any depths: a single range then finds both kinds of edge.
        marks = 100.0 * scene.part_of_triangle[scene.solid].float()
        marked = torch.where(seen.triangle >= 0, seen.depth + marks[seen.triangle.clamp(min=0)], -100.0)
        blocks = marked.view(scene.size, GRID, scene.size, GRID)
        return blocks.amax(dim=(1, 3)) - blocks.amin(dim=(1, 3)) > EDGE_DEPTH

    def _samples(self, chosen: Tensor, share: float) -> Samples:
        """Those of [size, GRID, size, GRID] bool."""
        size, fine = self._scene.size, GRID * self._scene.size
        index = torch.nonzero(chosen.view(-1))[:, 0]
        row, column = index // fine, index % fine
        triangle = self._seen.triangle.view(-1)[index]
        return Samples(
            pixel=row // GRID * size + column // GRID,
            share=torch.full_like(self._seen.depth.view(-1)[index], share),
            place=(torch.stack((column, row), dim=1) + 0.5) / GRID,
            triangle=torch.where(triangle >= 0, self._scene.solid[triangle.clamp(min=0)], -1),
            barycentric=self._seen.barycentric.view(-1, 3)[index],
            depth=self._seen.depth.view(-1)[index],
        )


def inside_outline(scene: Scene, samples: Samples, triangles: Tensor) -> Tensor:
    """[M] indices of the samples within the boxes around some of the triangles, part by part."""
    found = torch.zeros_like(samples.pixel, dtype=torch.bool)
    part = scene.part_of_triangle[triangles]
    for number in torch.unique(part).tolist():
        corners = scene.triangles[triangles[part == number]].reshape(-1)
        place = scene.camera.to_pixels(scene.vertices[corners], scene.size)[:, :2]
        found |= ((samples.place >= place.amin(dim=0)) & (samples.place <= place.amax(dim=0))).all(dim=1)
    return torch.nonzero(found)[:, 0]
