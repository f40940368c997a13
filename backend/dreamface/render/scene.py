"""What is in front of the camera: a head with its materials, and which of its triangles have which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dreamface.face import Maps, Material, Topology
from dreamface.render.camera import Camera
from dreamface.render.raster import RayMesh
from dreamface.render.shading import vertex_normals


@dataclass(frozen=True)
class Scene:
    """A head in front of a camera.

    Attributes:
        vertices: [V, 3] metres.
        topology: the head's faces, texture layout and parts.
        materials: every part's material, by name.
        maps: the textures of every tile that a material reads.
        camera: where it is seen from.
        size: side of the picture in pixels.
    """

    vertices: Tensor
    topology: Topology
    materials: Mapping[str, Material]
    maps: Maps
    camera: Camera
    size: int

    @cached_property
    def triangles(self) -> Tensor:
        """[T, 3] corners of all triangles."""
        return self.topology.triangles.to(self.vertices.device)

    @cached_property
    def triangle_uvs(self) -> Tensor:
        """[T, 3] texture corners of all triangles."""
        return self.topology.triangle_uvs.to(self.vertices.device)

    @cached_property
    def uv(self) -> Tensor:
        """[U, 2] texture coordinates."""
        return self.topology.uv.to(self.vertices.device)

    @cached_property
    def normals(self) -> Tensor:
        """[V, 3] smooth unit normals."""
        return vertex_normals(self.vertices, self.triangles)

    @cached_property
    def part_of_triangle(self) -> Tensor:
        """[T] int64 index into the topology's parts."""
        counts = torch.tensor([2 * (part.faces[1] - part.faces[0]) for part in self.topology.parts])
        return torch.arange(len(counts)).repeat_interleave(counts).to(self.vertices.device)

    @cached_property
    def solid(self) -> Tensor:
        """Indices of the triangles that hide what is behind them."""
        return torch.nonzero(~self._lets_light_through & ~self._has_holes)[:, 0]

    @cached_property
    def clear(self) -> Tensor:
        """Indices of the triangles that light passes through; without those that do nothing to it at all."""
        seen = [self.materials[part.material].ior != 1.0 for part in self.topology.parts]
        return torch.nonzero(self._lets_light_through & self._of_parts(seen))[:, 0]

    @cached_property
    def veil(self) -> Tensor:
        """Indices of the triangles whose opacity comes from a map, such as lashes on cards."""
        return torch.nonzero(self._has_holes & ~self._lets_light_through)[:, 0]

    @cached_property
    def solid_surface(self) -> RayMesh:
        """The solid triangles, to cast rays against."""
        return RayMesh(self.vertices, self.triangles[self.solid])

    def with_material(self, material: Material, triangle: Tensor) -> Tensor:
        """[M] indices of those among triangles [N] that have the material."""
        return torch.nonzero(self._of_parts([p.material == material.name for p in self.topology.parts])[triangle])[:, 0]

    def is_metallic(self, material: Material) -> bool:
        """Whether any of the material is."""
        return material.metallic > 0.0 or "metallic" in self.maps.get(material.tile or "", {})

    @cached_property
    def object_of_triangle(self) -> Tensor:
        """[T] int64 index into the topology's objects: parts that are welded together share one."""
        names = [group.name for group in self.topology.objects]
        numbers = torch.tensor([names.index(part.object_name) for part in self.topology.parts])
        return numbers.to(self.vertices.device)[self.part_of_triangle]

    @cached_property
    def _lets_light_through(self) -> Tensor:
        parts = self.topology.parts
        return self._of_parts([self.materials[part.material].transmission > 0.0 for part in parts])

    @cached_property
    def _has_holes(self) -> Tensor:
        tiles = [self.materials[part.material].tile for part in self.topology.parts]
        return self._of_parts([tile is not None and "opacity" in self.maps.get(tile, {}) for tile in tiles])

    def _of_parts(self, chosen: list[bool]) -> Tensor:
        """[T] bool: triangles of the parts that are chosen."""
        return torch.tensor(chosen, device=self.vertices.device)[self.part_of_triangle]
