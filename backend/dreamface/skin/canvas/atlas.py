"""A tile's texels on the head's surface.

What varies slowly over the skin is painted on a coarse grid of texels and enlarged. Only relief, spots and hairs are
painted at full size, straight into the layout. A texel outside the islands copies the nearest one inside, so that no
filter ever mixes in a background.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import max_pool2d

from dreamface.face import Head, Topology
from dreamface.geometry import smoothstep
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layout import painted_parts

_BORDER: Final = 0.012  # of the tile: detail that differs across the seams fades out over this distance to them
_TEXELS_IN_MEMORY: Final = 2_000_000  # of atlases, more than one head has at 4096: 200 MB at most
_DERIVATIVES_IN_MEMORY: Final = 8  # matrices
_BLEED: Final = 4  # texels beyond an island's border that filters still mix with it
_NEIGHBOURS: Final = 1.5  # texels: those further inside than this have all eight neighbours in their island
_STEPS: Final = 5  # of a walk: the skin is about flat over each
_BEYOND: Final = -4.0  # smallest barycentric weight of a texel just outside its triangle
_LEAST_DENSITY: Final = 0.1  # tile lengths per metre of skin
_ON_EDGE: Final = -1e-5  # smallest barycentric weight that still counts as inside

# What guards divisions. Lengths are metres, or metres per tile length.
_LEAST_AREA: Final = 1e-12
_LEAST_LENGTH: Final = 1e-9
_LEAST_NORMAL: Final = 1e-12
_LEAST_ASIDE: Final = 1e-6

warnings.filterwarnings("ignore", message="Sparse CSR tensor support")  # the older format is six times slower

_derivatives: TopologyCache[Tensor] = TopologyCache(_DERIVATIVES_IN_MEMORY)
_atlases: TopologyCache[Atlas] = TopologyCache(_TEXELS_IN_MEMORY, lambda atlas: atlas.size**2)


@dataclass(frozen=True)
class Atlas:
    """Positions of the texels of an S x S tile; the same for all heads of a topology. N is S * S, row by row.

    Attributes:
        topology: the topology.
        tile: name of the tile.
        size: S.
        corners: [N, 3] int32 vertices around each texel.
        uv_corners: [N, 3] int32 the same as indices into the topology's `uv`.
        barycentric: [N, 3] weights of the corners.
        part: [N] int16 index into the topology's parts.
        inside: [S, S] bool: texels whose centre lies in an island.
        interior: [S, S] 0 at the islands' borders and outside, 1 further inside.
        inward: [N] int32 index of the nearest texel whose eight neighbours all lie in its island.
    """

    topology: Topology
    tile: str
    size: int
    corners: Tensor
    uv_corners: Tensor
    barycentric: Tensor
    part: Tensor
    inside: Tensor
    interior: Tensor
    inward: Tensor
    _regions: dict[str, Tensor] = field(default_factory=dict)
    _squares: dict[int, Tensor] = field(default_factory=dict)

    def region(self, *names: str) -> Tensor:
        """Return [S, S] the union of regions, weights 0..1; regions that the head model lacks count as 0."""
        regions = [self._region(name) for name in names if name in self.topology.regions]
        return reduce(torch.maximum, regions) if regions else torch.zeros(self.size, self.size)

    def _region(self, name: str) -> Tensor:
        """Return [S, S] the weights of one region."""
        if name not in self._regions:
            weights = self.topology.regions[name][self.corners]
            mixed = (weights * self.barycentric).sum(dim=1)
            # Outside the islands the sum may leave the range of the corners' weights.
            self._regions[name] = torch.clamp(mixed, *weights.aminmax(dim=1)).view(self.size, self.size)
        return self._regions[name]

    def spread(self, values: Tensor) -> Tensor:
        """Return [C, S, S] interpolated values [V, C] of the vertices."""
        return (self._from_vertices @ values).T.reshape(-1, self.size, self.size)

    def spread_uv(self, values: Tensor) -> Tensor:
        """Return [C, S, S] interpolated values [U, C] of the topology's texture coordinates."""
        return (self._from_uv @ values).T.reshape(-1, self.size, self.size)

    @cached_property
    def _from_vertices(self) -> Tensor:
        return self._mixing(self.corners, self.topology.parts[-1].vertices[1])

    @cached_property
    def _from_uv(self) -> Tensor:
        return self._mixing(self.uv_corners, len(self.topology.uv))

    def _mixing(self, corners: Tensor, count: int) -> Tensor:
        """Return the [N, count] sparse matrix that interpolates values of corners [N, 3] at the texels."""
        rows = torch.arange(len(corners)).repeat_interleave(corners.shape[1])
        return _sparse(torch.stack((rows, corners.reshape(-1))), self.barycentric.reshape(-1), (len(corners), count))

    def squares_shown(self, step: int) -> Tensor:
        """Return [B] whether squares of step x step texels, row by row, hold texels that show after filtering."""
        if step not in self._squares:
            margin = 2 * _BLEED + step
            near = max_pool2d(self.inside[None, None].float(), margin, step, _BLEED)
            self._squares[step] = near.view(-1) > 0.0
        return self._squares[step]

    def landmark(self, name: str) -> Tensor | None:
        """Return [2] texture coordinates of a landmark, or None where it lies in another tile."""
        place = self._landmark_places.get(name)
        return None if place is None else self.topology.uv[place]

    @cached_property
    def _landmark_places(self) -> dict[str, int]:
        """The index into `uv` of each landmark in the tile."""
        faces = torch.cat([torch.arange(*part.faces) for part in painted_parts(self.topology, self.tile)])
        vertices, first = np.unique(self.topology.faces[faces].numpy().reshape(-1), return_index=True)
        uv = self.topology.face_uvs[faces].numpy().reshape(-1)[first]
        place = dict(zip(vertices.tolist(), uv.tolist(), strict=True))
        return {name: place[vertex] for name, vertex in self.topology.landmarks.items() if vertex in place}

    def texels_of(self, *parts: str) -> Tensor:
        """Return [M] flat indices of the texels that show one of the named parts."""
        numbers = [number for number, part in enumerate(self.topology.parts) if part.name in parts]
        return torch.nonzero(torch.isin(self.part, torch.tensor(numbers, dtype=self.part.dtype)))[:, 0]

    def at(self, texels: Tensor, values: Tensor) -> Tensor:
        """Return [M, C] interpolated values [V, C] of the vertices at texels [M]."""
        return torch.einsum("nkc,nk->nc", values[self.corners[texels]], self.barycentric[texels])


@dataclass(frozen=True)
class SkinSurface:
    """One head's skin over the atlas.

    Attributes:
        atlas: where the texels lie.
        position: [3, S, S] metres.
        metric: [3, S, S]: a, b, c such that a height's slope along the tangent is a * dh/du and along the bitangent
            c * (dh/dv - b * dh/du), per metre; see `slopes`.
        derivatives: [U, 6] metres of surface per unit of u and of v at the topology's texture coordinates.
    """

    atlas: Atlas
    position: Tensor
    metric: Tensor
    derivatives: Tensor

    @cached_property
    def density(self) -> Tensor:
        """[S, S] tile lengths per metre of skin."""
        return torch.sqrt(self.metric[0] * self.metric[2])

    @cached_property
    def typical_density(self) -> float:
        """The median of the density on the skin."""
        return float(self.density[self.atlas.inside].median())

    def walk(self, places: Tensor, ways: Tensor) -> Tensor:
        """Return the ends of walks over the skin.

        Args:
            places: [N, 2] texture coordinates to start from.
            ways: [N, 2] metres to go along the skin: to the person's left, and up.

        Returns:
            [N, 2] texture coordinates.
        """
        for _ in range(_STEPS):
            along_u, along_v = self._derivatives_at(places).unbind(1)
            outward = torch.linalg.cross(along_u, along_v)
            outward = outward / torch.linalg.vector_norm(outward, dim=1, keepdim=True).clamp_min(_LEAST_NORMAL)
            left = torch.stack((-outward[:, 1], outward[:, 0], torch.zeros(len(places))), dim=1)
            left = left / torch.linalg.vector_norm(left, dim=1, keepdim=True).clamp_min(_LEAST_ASIDE)
            up = torch.linalg.cross(outward, left)
            step = (ways[:, :1] * left + ways[:, 1:] * up) / _STEPS
            places = places + _solve(along_u, along_v, step)
        return places

    def _derivatives_at(self, places: Tensor) -> Tensor:
        """Return [N, 2, 3] metres of surface per unit of u and of v near texture coordinates [N, 2]."""
        size = self.atlas.size
        column = (places[:, 0] * size).long().clamp(0, size - 1)
        row = ((1.0 - places[:, 1]) * size).long().clamp(0, size - 1)
        texel = row * size + column
        corners, weights = self.atlas.uv_corners[texel], self.atlas.barycentric[texel]
        return (self.derivatives[corners] * weights[..., None]).sum(dim=1).view(-1, 2, 3)


def _solve(along_u: Tensor, along_v: Tensor, step: Tensor) -> Tensor:
    """Return [N, 2] texture coordinates of steps [N, 3] in the tangent plane."""
    uu, uv, vv = (along_u**2).sum(dim=1), (along_u * along_v).sum(dim=1), (along_v**2).sum(dim=1)
    u, v = (along_u * step).sum(dim=1), (along_v * step).sum(dim=1)
    total = (uu * vv - uv * uv).clamp_min(_LEAST_AREA)
    return torch.stack((vv * u - uv * v, uu * v - uv * u), dim=1) / total[:, None]


def atlas_of(topology: Topology, tile: str, size: int) -> Atlas:
    """Return the atlas of a topology's tile, from memory where it was made before."""
    return _atlases.get(topology, (tile, size), lambda: _bake(topology, tile, size))


def surface_of(head: Head, tile: str, size: int) -> SkinSurface:
    """Return the head's skin in a tile, on a grid of `size` x `size` texels."""
    atlas = atlas_of(head.topology, tile, size)
    derivatives = uv_derivatives(head, tile)
    along_u, along_v = derivatives[:, :3], derivatives[:, 3:]
    length = torch.linalg.vector_norm(along_u, dim=1, keepdim=True).clamp_min(_LEAST_LENGTH)
    shear = (along_v * along_u).sum(dim=1, keepdim=True) / length
    upright = torch.sqrt(((along_v**2).sum(dim=1, keepdim=True) - shear**2).clamp_min(_LEAST_AREA))
    metric = torch.cat((1.0 / length, shear / length, 1.0 / upright), dim=1)
    metric = atlas.spread_uv(metric)
    metric[::2].clamp_min_(_LEAST_DENSITY)  # beyond the islands' borders it is continued, and might turn over
    return SkinSurface(atlas, atlas.spread(head.vertices), metric, derivatives)


def positions(head: Head, tile: str, size: int) -> Tensor:
    """Return [3, S, S] positions of a tile's texels, metres."""
    atlas = atlas_of(head.topology, tile, size)
    return atlas.spread(head.vertices)


def _tile_triangles(topology: Topology, tile: str) -> Tensor:
    """Return [T] indices of a tile's triangles."""
    parts = painted_parts(topology, tile)
    chosen = torch.cat([torch.arange(2 * part.faces[0], 2 * part.faces[1]) for part in parts])
    flat = topology.triangles[chosen, 1] == topology.triangles[chosen, 2]  # the second half of a triangle
    return chosen[~flat]


def uv_derivatives(head: Head, tile: str) -> Tensor:
    """Return [U, 6] metres of surface per unit of u and of v at texture coordinates: means of the triangles around."""
    matrix = _derivatives.get(head.topology, tile, lambda: _derivative_matrix(head.topology, tile))
    return (matrix @ head.vertices).view(2, -1, 3).permute(1, 0, 2).reshape(-1, 6)


def _derivative_matrix(topology: Topology, tile: str) -> Tensor:
    """Return the [2U, V] sparse matrix that makes derivatives of vertices.

    The first U rows of the product are the derivatives along u at all texture coordinates, the others those along v.
    """
    chosen = _tile_triangles(topology, tile)
    corners, vertices = topology.triangle_uvs[chosen], topology.triangles[chosen]
    uv_a, uv_b, uv_c = topology.uv[corners].unbind(1)
    (u_b, v_b), (u_c, v_c) = (uv_b - uv_a).unbind(1), (uv_c - uv_a).unbind(1)
    area = u_b * v_c - u_c * v_b
    # Multiplied by the area instead of divided by it: each triangle then weighs as much as it covers of the tile.
    along_u = torch.stack((v_b - v_c, v_c, -v_b), dim=1) * torch.sign(area)[:, None]
    along_v = torch.stack((u_c - u_b, -u_c, u_b), dim=1) * torch.sign(area)[:, None]
    count = len(topology.uv)
    areas = area.abs().repeat_interleave(corners.shape[1])
    total = torch.zeros(count).index_add_(0, corners.reshape(-1), areas).clamp_min(_LEAST_AREA)
    rows = corners[:, :, None].expand(-1, -1, 3)
    values = torch.stack((along_u, along_v))[:, :, None, :] / total[rows]
    places = torch.stack(
        (torch.stack((rows, rows + count)), vertices[:, None, :].expand_as(rows).expand(2, -1, -1, -1))
    )
    shape = (2 * count, topology.parts[-1].vertices[1])
    return _sparse(places.reshape(2, -1), values.reshape(-1), shape)


def _sparse(places: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    """Return an [N, M] matrix with values [K] at rows and columns [2, K], in the format that multiplies fastest."""
    matrix = torch.sparse_coo_tensor(places, values, shape, check_invariants=True).coalesce().to_sparse_csr()
    rows, columns = matrix.crow_indices().int(), matrix.col_indices().int()  # half the memory
    return torch.sparse_csr_tensor(rows, columns, matrix.values(), shape, check_invariants=True)


def texels_inside(topology: Topology, tile: str, size: int) -> tuple[Tensor, Tensor]:
    """Return where the texels of a tile's islands lie on the mesh; much cheaper than an atlas.

    Returns:
        [size, size] int64 the triangle around each texel's centre, -1 outside the islands; and [N, 3] barycentric
        weights of the N texels inside, row by row.
    """
    chosen, places, covered = _covering(topology, tile, size)
    inside = torch.nonzero(covered >= 0)[:, 0]
    weights = _weights(places[covered[inside]], torch.stack((inside % size, inside // size), dim=1).to(places.dtype))
    triangle = torch.full((size * size,), -1)
    triangle[inside] = chosen[covered[inside]]
    weights = weights.clamp_min(0.0)
    return triangle.view(size, size), weights / weights.sum(dim=1, keepdim=True)


def _covering(topology: Topology, tile: str, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return a tile's T triangles, their corners [T, 3, 2] in texels, and which of the T covers each texel, or -1."""
    chosen = _tile_triangles(topology, tile)
    uv = topology.uv[topology.triangle_uvs[chosen]]
    # Where a layout overlaps itself, as at the hidden back of a ball, the finer triangles show: they come last.
    (u_b, v_b), (u_c, v_c) = (uv[:, 1] - uv[:, 0]).unbind(1), (uv[:, 2] - uv[:, 0]).unbind(1)
    order = torch.argsort((u_b * v_c - u_c * v_b).abs(), descending=True, stable=True)
    chosen, uv = chosen[order], uv[order]
    places = torch.stack((uv[..., 0] * size - 0.5, (1.0 - uv[..., 1]) * size - 0.5), dim=-1)
    return chosen, places, _cover(places, size)


def _bake(topology: Topology, tile: str, size: int) -> Atlas:
    """Make the atlas of a topology's tile."""
    chosen, places, covered = _covering(topology, tile, size)
    inside = (covered >= 0).view(size, size)
    distance = distance_transform_edt(inside.numpy())
    nearest = nearest_texels(inside.numpy())
    triangle = covered[nearest]
    corners = topology.triangles[chosen[triangle]]
    barycentric = _weights(places[triangle], _beside(nearest, size)).clamp_min(_BEYOND)
    barycentric = barycentric / barycentric.sum(dim=1, keepdim=True)
    counts = torch.tensor([2 * (part.faces[1] - part.faces[0]) for part in topology.parts])
    part_of_triangle = torch.arange(len(counts), dtype=torch.int16).repeat_interleave(counts)
    return Atlas(
        topology,
        tile,
        size,
        corners.int(),
        topology.triangle_uvs[chosen[triangle]].int(),
        barycentric,
        part_of_triangle[chosen[triangle]],
        inside,
        smoothstep(torch.from_numpy(distance.astype(np.float32)) / size, 0.0, _BORDER),
        nearest_texels(distance > _NEIGHBOURS).int(),
    )


def _beside(nearest: Tensor, size: int) -> Tensor:
    """Return [N, 2] the column and row that each texel [N] stands for.

    A texel inside stands for itself, one outside for a texel a step beyond the nearest one inside.

    The surface goes on for that step, so that both sides of a seam still agree where texels are mixed at it.
    """
    pixel = torch.stack((nearest % size, nearest // size), dim=1)
    texel = torch.arange(size * size)
    step = torch.stack((texel % size, texel // size), dim=1) - pixel
    return (pixel + step.clamp(-1, 1)).to(torch.float32)


def nearest_texels(chosen: NDArray[np.bool_]) -> Tensor:
    """Return [N] flat indices of the chosen texel nearest to each of [S, S]."""
    rows, columns = distance_transform_edt(~chosen, return_distances=False, return_indices=True)
    return torch.from_numpy(rows.astype(np.int64) * len(chosen) + columns).view(-1)


def _cover(places: Tensor, size: int) -> Tensor:
    """Return [size * size] the last triangle that covers each texel's centre, -1 for none.

    Args:
        places: [T, 3, 2] of the triangles' corners, texels.
        size: texels a side.
    """
    low = places.amin(dim=1).ceil().long().clamp(0, size - 1)
    high = places.amax(dim=1).floor().long().clamp(0, size - 1)
    width, height = (high - low + 1).clamp_min(0).unbind(1)
    count = width * height
    triangle = torch.repeat_interleave(torch.arange(len(places)), count)
    number = torch.arange(len(triangle)) - (count.cumsum(0) - count)[triangle]
    x = low[triangle, 0] + number % width[triangle]
    y = low[triangle, 1] + number // width[triangle]
    weights = _weights(places[triangle], torch.stack((x, y), dim=1).to(places.dtype))
    hit = (weights >= _ON_EDGE).all(dim=1)
    covering = torch.full((size * size,), -1)
    return covering.scatter_reduce_(0, (y * size + x)[hit], triangle[hit], "amax")


def _weights(corners: Tensor, points: Tensor) -> Tensor:
    """Return [N, 3] barycentric weights of points [N, 2] in triangles [N, 3, 2]."""
    (x_a, y_a), (x_b, y_b) = (corners[:, 0] - points).unbind(1), (corners[:, 1] - points).unbind(1)
    x_c, y_c = (corners[:, 2] - points).unbind(1)
    parts = torch.stack((x_b * y_c - x_c * y_b, x_c * y_a - x_a * y_c, x_a * y_b - x_b * y_a), dim=1)
    total = parts.sum(dim=1, keepdim=True)
    return parts / torch.where(total.abs() < _LEAST_AREA, _LEAST_AREA, total)


def coarser(size: int, most: int) -> int:
    """Return the largest whole fraction of `size` that is at most `most`."""
    return next(size // factor for factor in range(1, size + 1) if size % factor == 0 and size // factor <= most)


def ramp(value: float, low: float, high: float) -> float:
    """Return the `smoothstep` of one number."""
    fraction = min(max((value - low) / (high - low), 0.0), 1.0)
    return fraction * fraction * (3.0 - 2.0 * fraction)


def slopes(height: Tensor, metric: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the rise per metre along tangent and bitangent.

    Args:
        height: [H + 2, W] metres, with one row more above and below.
        metric: [3, H, W], see `SkinSurface`.
        size: texels per tile.

    Returns:
        Two [H, W].
    """
    per_u = torch.empty_like(height[1:-1])
    per_u[:, 1:-1] = height[1:-1, 2:] - height[1:-1, :-2]
    per_u[:, 0], per_u[:, -1] = 2.0 * (height[1:-1, 1] - height[1:-1, 0]), 2.0 * (height[1:-1, -1] - height[1:-1, -2])
    per_v = height[:-2] - height[2:]
    scale = 0.5 * size
    return per_u.mul(metric[0]).mul_(scale), (per_v - metric[1] * per_u).mul_(metric[2]).mul_(scale)
