"""Maps of the folds that expressions press into the skin; see `dreamface.wrinkles` for what they hold.

Where and which way the skin folds follows from the face's own blend shapes: the strain of each region's shapes gives at
every place how far the skin is compressed, and in which direction most. Folds run across that direction. Their phase is
the field whose gradient fits the directions best, by least squares over the mesh, so that lines keep their distance.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu
from torch import Tensor
from torch.nn.functional import interpolate, pad

from dreamface.arrays import FloatArray, IntArray
from dreamface.face import Head, Maps, TileMaps, Topology
from dreamface.geometry import smoothstep, unique_edges
from dreamface.skin.canvas.atlas import SkinSurface, coarser, ramp, slopes, surface_of, uv_derivatives
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layout import MULTIPLE, painted_parts, skin_tiles
from dreamface.skin.canvas.noise import solid_noise, stream
from dreamface.traits import Traits
from dreamface.units import MM
from dreamface.wrinkles import (
    BLOOD,
    MAP_CHANNELS,
    MASK_CHANNELS,
    SETS,
    SIDE_MASKS,
    SIDES,
    WrinkleRegion,
    map_channel,
    mask_channel,
    region_weights,
)  # fmt: skip

_LARGEST_COARSE: Final = 512  # texels a side of what varies slowly
_AGES: Final = (8.0, 70.0)  # years over which folds deepen
_YOUNGEST: Final = 0.35  # of their depth at the end of that
_SMOOTHINGS: Final = 4  # of the strain over neighbours: scans are uneven
_LEAST_LENGTH: Final = 1e-6  # metres per unit of texture: guards divisions
_WANDER_CELL, _BREAK_CELL = 3.0, 1.6  # spacings of lines over which they stray, and break off
_THINNEST: Final = 1.2  # texels of a line's width
_THREADS: Final = 2
_CRUMB: Final = 30  # nodes of a piece of a region; a smaller one is left out
_SQUARINGS: Final = 4  # of a tensor whose largest eigenvector is looked for
_CUTS_IN_MEMORY: Final = 4  # meshes
_ANCHOR: Final = 1e-4  # holds the phase where nothing asks for any
_SIDE_WIDTH: Final = 12.0 * MM  # over which the left side passes into the right one
_CHANNELS: Final = "rgba"
_LEVEL: Final = 0.5  # of all channels but the masks'


@dataclass(frozen=True)
class _Ball:
    """A place around a landmark; "*" stands for both sides."""

    at: str
    radius_mm: float


@dataclass(frozen=True)
class _FoldLook:
    """How a region folds.

    Attributes:
        balls: where it lies; fades out over each ball's outer half.
        without: regions of the topology that it leaves out.
        across: which way lines are counted, to tell the two ends of a direction apart; x is away from the middle.
        spacing_mm: from line to line.
        width_mm: of a line.
        depth_mm: at full compression, of an old face.
        bulge: of the skin between lines, over the depth.
        strain: compression at which folds begin, and at which they are full.
        wander: lines that a line strays.
        broken: 0..1: how much of a line is missing.
    """

    balls: tuple[_Ball, ...]
    without: tuple[str, ...]
    across: tuple[float, float, float]
    spacing_mm: float
    width_mm: float
    depth_mm: float
    bulge: float
    strain: tuple[float, float]
    wander: float
    broken: float


_LOOKS: Final[Mapping[str, _FoldLook]] = {
    "forehead": _FoldLook(
        (_Ball("metopion", 48.0), _Ball("brow_arch_*", 34.0)), ("lids_upper", "lids_lower", "brows", "nose"),
        (0.0, 0.0, 1.0), 7.5, 0.95, 0.66, 0.35, (0.02, 0.10), 0.30, 0.2,
    ),
    "eyes": _FoldLook(
        (_Ball("exocanthion_*", 30.0), _Ball("lid_lower_*", 16.0)), ("lids_upper", "lids_margin", "brows"),
        (0.0, 0.0, 1.0), 3.6, 0.50, 0.24, 0.3, (0.03, 0.16), 0.25, 0.4,
    ),
    "cheeks": _FoldLook(
        (_Ball("cheek_*", 26.0), _Ball("cheilion_*", 24.0), _Ball("alar_base_*", 18.0)),
        ("lips_upper", "lips_lower", "nose", "nostrils", "under_eyes"),
        (1.0, 0.0, 0.35), 8.0, 1.0, 0.40, 0.4, (0.05, 0.25), 0.25, 0.35,
    ),
    "glabella": _FoldLook(
        (_Ball("glabella", 20.0), _Ball("brow_inner_*", 13.0)), ("lids_upper", "lids_margin"),
        (1.0, 0.0, 0.0), 6.5, 0.95, 0.70, 0.4, (0.03, 0.16), 0.2, 0.25,
    ),
    "nose": _FoldLook(
        (_Ball("nasion", 14.0), _Ball("bridge_side_*", 12.0), _Ball("rhinion", 10.0)), ("lids_upper", "lids_margin"),
        (0.0, 0.0, 1.0), 3.4, 0.55, 0.42, 0.3, (0.03, 0.15), 0.3, 0.35,
    ),
    "chin": _FoldLook(
        (_Ball("pogonion", 19.0), _Ball("chin_pad_*", 15.0)), ("lips_lower",),
        (0.0, 0.0, 1.0), 3.0, 0.8, 0.26, 0.5, (0.02, 0.15), 0.9, 0.5,
    ),
    "lips": _FoldLook(
        (_Ball("labrale_superius", 15.0), _Ball("labrale_inferius", 14.0), _Ball("cheilion_*", 12.0)),
        ("nose", "nostrils", "mouth_inside"),
        (1.0, 0.0, 0.0), 2.8, 0.45, 0.36, 0.3, (0.02, 0.12), 0.2, 0.3,
    ),
}  # fmt: skip
"""Region of `dreamface.wrinkles.SETS` -> its look; all numbers were chosen by eye."""


def paint_wrinkles(
    head: Head, shapes: Mapping[str, Tensor], traits: Traits, *, resolution: int, seed: int
) -> dict[str, dict[str, Tensor]]:
    """Return tile -> channel -> the wrinkle maps [S, S, 3] and masks [S / 2, S / 2, 4] of a face, all 0..1.

    Args:
        head: whose skin folds.
        shapes: blend shape -> [V, 3] metres.
        traits: of whom the age says how deep the folds get.
        resolution: side of the face's other maps in texels; S is half of it.
        seed: of everything random.
    """
    tile = skin_tiles(head.topology)[0]
    size = max(MULTIPLE, resolution // 2)
    surface = surface_of(head, tile, coarser(size, _LARGEST_COARSE))
    mesh = _Mesh.of(head, tile)
    depth = _YOUNGEST + (1.0 - _YOUNGEST) * ramp(traits.number("age"), *_AGES)
    rows = {region: row for regions in SETS.values() for region, row in regions.items()}
    rest = uv_derivatives(head, tile)

    def pieces_of(region: str) -> list[_Piece]:
        field = _field(mesh, head, rest, _posed(head, tile, shapes, rows[region]), _LOOKS[region], seed, region)
        islands = _islands(mesh, field.window)
        return [_draw(field, island, surface, size, _LOOKS[region], depth, seed) for island in islands]

    with ThreadPoolExecutor(_THREADS) as helpers:
        drawn = dict(zip(rows, helpers.map(pieces_of, rows), strict=True))
    found: dict[str, Tensor] = {}
    for name, regions in SETS.items():
        folds = found[map_channel(name)] = torch.full((size, size, 3), _LEVEL)
        masks = found[mask_channel(name)] = torch.zeros(surface.atlas.size, surface.atlas.size, len(_CHANNELS))
        for region, row in regions.items():
            for piece in drawn[region]:
                mask = masks[(*piece.coarse, _CHANNELS.index(row.channel))]
                torch.maximum(mask, piece.mask, out=mask)
                folds[piece.fine] += piece.image
        if name == SIDE_MASKS:
            masks[..., 3] = smoothstep(surface.position[0].clone(), -0.5 * _SIDE_WIDTH, 0.5 * _SIDE_WIDTH)
        folds.clamp_(0.0, 1.0)
    return {tile: found}


class WrinklePainter:
    """Painter of wrinkle maps. Painting those of the last head again, as after an edit of colours, costs nothing."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._last: tuple[Head, tuple[float, ...], dict[str, dict[str, Tensor]]] | None = None

    def paint(
        self, head: Head, shapes: Mapping[str, Tensor], traits: Traits, *, resolution: int, seed: int
    ) -> dict[str, dict[str, Tensor]]:
        """Return what `paint_wrinkles` does."""
        key = (resolution, seed, traits.number("age"))
        with self._busy:
            last = self._last
            if last is None or last[1] != key or not _same(last[0], head):
                painted = paint_wrinkles(head, shapes, traits, resolution=resolution, seed=seed)
                last = self._last = head, key, painted
        return last[2]


def _same(one: Head, other: Head) -> bool:
    return one.topology is other.topology and torch.equal(one.vertices, other.vertices)


# ----------------------------------------------------------------------------------------------------- on the mesh


@dataclass(frozen=True)
class _Mesh:
    """The face's skin cut along the layout's seams: one node per texture coordinate.

    Attributes:
        vertex: [U] the vertex of each node; -1 for those of other tiles.
        points: [U, 3] metres.
        edges: [E, 2] nodes.
        mean: [U, U] takes the means of neighbours and of the node itself.
    """

    vertex: Tensor
    points: Tensor
    edges: IntArray
    mean: sp.csr_matrix

    @classmethod
    def of(cls, head: Head, tile: str) -> _Mesh:
        """Return the mesh of a head's tile."""
        vertex, edges, mean = _cuts.get(head.topology, tile, lambda: _cut(head.topology, tile))
        return cls(vertex, head.vertices[vertex], edges, mean)


_Cut = tuple[Tensor, IntArray, sp.csr_matrix]

_cuts: TopologyCache[_Cut] = TopologyCache(_CUTS_IN_MEMORY)


def _cut(topology: Topology, tile: str) -> _Cut:
    """Return what all heads share of `_Mesh`: vertices, edges and means."""
    faces = torch.cat([torch.arange(*part.faces) for part in painted_parts(topology, tile)])
    corners, vertices = topology.face_uvs[faces], topology.faces[faces]
    count = len(topology.uv)
    vertex = torch.full((count,), -1).index_put_((corners.reshape(-1),), vertices.reshape(-1))
    edges, _, _ = unique_edges(corners.numpy())
    edges = edges[edges[:, 0] != edges[:, 1]]
    one_way = sp.coo_matrix((np.ones(len(edges)), edges.T), shape=(count, count))
    joined = (one_way + one_way.T + sp.identity(count)).tocsr()
    mean = sp.diags(1.0 / np.asarray(joined.sum(axis=1))[:, 0]) @ joined
    return vertex, edges, mean.tocsr().astype(np.float32)


@dataclass(frozen=True)
class _Field:
    """Where and how a region folds, per node.

    Attributes:
        window: [U] 0..1 that it belongs to the region.
        amount: [U] 0..1 how far it is compressed, in the window.
        phase: [U] in lines, strayed.
        noise: [U, 2] that breaks lines, and makes what lies between swell more or less.
    """

    window: Tensor
    amount: Tensor
    phase: Tensor
    noise: Tensor


def _posed(head: Head, tile: str, shapes: Mapping[str, Tensor], region: WrinkleRegion) -> Tensor:
    """Return [U, 6] metres of surface per unit of u and of v where all shapes of a region are at once."""
    moved = head.vertices.clone()
    for name, factor in {name: factor for side in SIDES for name, factor in region.factors(side).items()}.items():
        if name in shapes:
            moved.add_(shapes[name], alpha=factor)
    return uv_derivatives(replace(head, vertices=moved), tile)


def _field(mesh: _Mesh, head: Head, rest: Tensor, posed: Tensor, look: _FoldLook, seed: int, name: str) -> _Field:
    """Return a region's folds.

    Args:
        mesh: of the face.
        head: whose.
        rest: [U, 6] metres of surface per unit of u and of v.
        posed: [U, 6] the same under the region's shapes.
        look: of the region.
        seed: of everything random.
        name: of the region.
    """
    window = _window(mesh, head, look)
    near = torch.nonzero(window > 0.0)[:, 0]
    tensor, mean = (
        _compression(rest[near], posed[near]).reshape(-1, 9).numpy(),
        mesh.mean[near.numpy()][:, near.numpy()],
    )
    for _ in range(_SMOOTHINGS):
        tensor = mean @ tensor
    values, directions = _strongest(torch.from_numpy(tensor).view(-1, 3, 3))
    amount, direction = torch.zeros_like(window), torch.zeros_like(mesh.points)
    amount[near] = smoothstep(values, *look.strain) * window[near]
    direction[near] = _aligned(directions, mesh.points[near], look.across)
    places = mesh.points[near].T[..., None]
    noise = torch.zeros(len(window), 3)
    noise[near] = torch.cat([
        solid_noise(places, cell * look.spacing_mm * MM, count, stream(seed, f"{name} folds {count}"))[..., 0]
        for count, cell in ((1, _WANDER_CELL), (2, _BREAK_CELL))
    ]).T  # fmt: skip
    phase = _phase(mesh, direction, amount, look.spacing_mm * MM) + look.wander * noise[:, 0]
    return _Field(window, amount, phase, noise[:, 1:])


def _window(mesh: _Mesh, head: Head, look: _FoldLook) -> Tensor:
    """Return [U] 0..1 where a region lies."""
    ends = [
        (ball, ball.at.replace("*", end)) for ball in look.balls for end in (("l", "r") if "*" in ball.at else ("",))
    ]
    known = [(ball, head.landmark(name)) for ball, name in ends if name in head.topology.landmarks]
    if not known:
        return torch.zeros(len(mesh.points))
    radii = torch.tensor([ball.radius_mm * MM for ball, _ in known])
    away = torch.cdist(mesh.points, torch.stack([centre for _, centre in known])) / radii
    window = 1.0 - smoothstep(away.amin(dim=1), 0.5, 1.0)
    for name in (*look.without, "mouth_inside", "eye_sockets"):
        if name in head.topology.regions:
            window = window * (1.0 - head.topology.regions[name][mesh.vertex])
    return torch.where((window > 0.01) & (mesh.vertex >= 0), window, 0.0)


def _compression(rest: Tensor, posed: Tensor) -> Tensor:
    """Return [N, 3, 3] share of its length that the surface loses, as a tensor: 0 where it is stretched.

    Args:
        rest: [N, 6] metres of surface per unit of u and of v.
        posed: [N, 6] the same, posed.
    """
    along_u, along_v = rest[:, :3], rest[:, 3:]
    length = along_u.norm(dim=1, keepdim=True).clamp_min(_LEAST_LENGTH)
    first = along_u / length
    shear = (along_v * first).sum(dim=1, keepdim=True)
    second = along_v - shear * first
    height = second.norm(dim=1, keepdim=True).clamp_min(_LEAST_LENGTH)
    second = second / height
    moved_first = posed[:, :3] / length  # where the two unit vectors go
    moved_second = (posed[:, 3:] - shear * moved_first) / height
    # The smaller eigenvalue of the metric [[a, b], [b, d]], and its vector.
    a, b, d = (
        (one * other).sum(dim=1, keepdim=True)
        for one, other in ((moved_first, moved_first), (moved_first, moved_second), (moved_second, moved_second))
    )
    least = 0.5 * (a + d) - (0.25 * (a - d).square() + b.square()).sqrt()
    steeper = a > d
    way = torch.where(steeper, b * first + (least - a) * second, (least - d) * first + b * second)
    way = torch.where(way.norm(dim=1, keepdim=True) > 1e-9, way, second)
    way = torch.nn.functional.normalize(way, dim=1)
    lost = (1.0 - least.clamp_min(0.0).sqrt()).clamp(0.0, 1.0)
    return lost[..., None] * way[:, :, None] * way[:, None, :]


def _strongest(tensors: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest eigenvalue [N] and its unit vector [N, 3] of symmetric, positive tensors [N, 3, 3]."""
    power = tensors
    for _ in range(_SQUARINGS):
        power = power / power.diagonal(dim1=1, dim2=2).sum(dim=1).clamp_min(1e-12)[:, None, None]
        power = power @ power
    column = power.diagonal(dim1=1, dim2=2).argmax(dim=1)
    vector = torch.nn.functional.normalize(power[torch.arange(len(power)), :, column], dim=1)
    return torch.einsum("ni,nij,nj->n", vector, tensors, vector), vector


def _aligned(directions: Tensor, points: Tensor, across: tuple[float, float, float]) -> Tensor:
    """Return directions [N, 3] turned the way that lines are counted."""
    side, back, up = across
    reference = torch.tensor([side, back, up]).expand(len(points), 3).clone()
    if up != 0.0:  # counted away from the middle on both sides
        reference[:, 0] *= torch.sign(points[:, 0])
    towards = (directions * reference).sum(dim=1, keepdim=True)
    return torch.where(towards < 0.0, -directions, directions)


def _phase(mesh: _Mesh, direction: Tensor, amount: Tensor, spacing: float) -> Tensor:
    """Return [U] the field that rises by one line per spacing along the directions, as nearly as can be."""
    phase = torch.zeros(len(amount))
    folds = (amount > 0.0).numpy()
    edges = mesh.edges[folds[mesh.edges].all(axis=1)]
    if not len(edges):
        return phase
    nodes = np.flatnonzero(folds)
    index = np.full(len(folds), -1)
    index[nodes] = np.arange(len(nodes))
    steps = mesh.points[edges[:, 0]] - mesh.points[edges[:, 1]]
    way = direction[edges].mean(dim=1)
    wanted = ((steps * way).sum(dim=1) / spacing).double().numpy()
    weights = amount[edges].mean(dim=1).double().numpy()
    across = _differences(index[edges], len(nodes))
    system = across.T @ sp.diags(weights) @ across + _ANCHOR * sp.identity(len(nodes))
    phase[nodes] = torch.from_numpy(splu(system.tocsc()).solve(across.T @ (weights * wanted))).float()
    return phase


def _differences(edges: IntArray, count: int) -> sp.csr_matrix:
    """Return [E, N] the matrix that takes each edge's first end less its second."""
    rows = np.repeat(np.arange(len(edges)), 2)
    values: FloatArray = np.tile([1.0, -1.0], len(edges))
    return sp.csr_matrix((values, (rows, edges.ravel())), shape=(len(edges), count))


# ---------------------------------------------------------------------------------------------------- in the layout


@dataclass(frozen=True)
class _Piece:
    """A region in the layout.

    Attributes:
        coarse: rows and columns of the masks that it covers.
        mask: [h, w] 0..1.
        fine: rows and columns of the map.
        image: [h', w', 3] to add there.
    """

    coarse: tuple[slice, slice]
    mask: Tensor
    fine: tuple[slice, slice]
    image: Tensor


def _islands(mesh: _Mesh, window: Tensor) -> list[Tensor]:
    """Return the nodes [K] of each connected piece of a region, such as its left and its right half; not crumbs."""
    inside = (window > 0.0).numpy()
    edges = mesh.edges[inside[mesh.edges].all(axis=1)]
    links = sp.coo_matrix((np.ones(len(edges), dtype=bool), edges.T), shape=(len(inside), len(inside)))
    _, label = connected_components(links, directed=False)
    sizes = np.bincount(label[inside], minlength=1)
    return [torch.from_numpy(np.flatnonzero((label == one) & inside)) for one in np.flatnonzero(sizes >= _CRUMB)]


def _draw(
    field: _Field, island: Tensor, surface: SkinSurface, size: int, look: _FoldLook, depth: float, seed: int
) -> _Piece:
    """Return the folds of a piece of a region.

    Args:
        field: of the region.
        island: [K] nodes of the piece.
        surface: whose skin it is.
        size: of the map, in texels.
        look: of the region.
        depth: 0..1: what the age makes of the look's.
        seed: of everything random.
    """
    atlas = surface.atlas
    side, factor = atlas.size, size // atlas.size
    coarse = _span(atlas.topology.uv[island], side)
    texels = torch.arange(side * side).view(side, side)[coarse]
    columns = torch.zeros(len(field.window), 5)
    columns[island, 0], columns[island, 1], columns[island, 2] = (
        values[island] for values in (field.window, field.amount, field.phase)
    )
    columns[island, 3:] = field.noise[island]
    corners, weights = atlas.uv_corners[texels.reshape(-1)], atlas.barycentric[texels.reshape(-1)]
    spread = sum(columns[corners[:, corner]] * weights[:, corner, None] for corner in range(3))
    assert isinstance(spread, Tensor)
    spread = spread.T.reshape(-1, *texels.shape)
    images = torch.cat((spread, surface.metric[(slice(None), *coarse)]))
    large = interpolate(images[None], scale_factor=float(factor), mode="bilinear", align_corners=False)[0]
    amount, phase, breaks, swelling = large[1:5]
    width = max(look.width_mm, _THINNEST / (surface.typical_density * size * MM))
    line, groove, bulge = _profile(phase, look.spacing_mm / width)
    groove = groove * _line_strength(line, seed) * (1.0 - look.broken * smoothstep(breaks, 0.0, 1.2))
    bulge = look.bulge * bulge * (0.75 + 0.25 * swelling).clamp(0.0, 1.5)
    relief = depth * amount.clamp(0.0, 1.0) * (bulge - groove)
    padded = pad((look.depth_mm * MM * relief)[None, None], (0, 0, 1, 1), mode="replicate")[0, 0]
    along_u, along_v = slopes(padded, large[5:], size)
    upright = torch.rsqrt(1.0 + along_u * along_u + along_v * along_v)
    image = torch.stack((-along_u * upright, -along_v * upright, -relief), dim=-1).mul_(_LEVEL)
    fine = tuple(slice(span.start * factor, span.stop * factor) for span in coarse)
    return _Piece(coarse, spread[0].clamp(0.0, 1.0), (fine[0], fine[1]), image)


def _span(places: Tensor, side: int) -> tuple[slice, slice]:
    """Return the rows and columns, in a layout of side x side texels, around texture coordinates [N, 2]."""
    low, high = places.amin(dim=0) * side, places.amax(dim=0) * side
    columns = slice(max(0, int(low[0])), min(side, int(high[0]) + 1))
    return slice(max(0, int(side - high[1])), min(side, int(side - low[1]) + 1)), columns


def _profile(phase: Tensor, sharpness: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the number of the line, its groove 0..1 and the bulge between lines 0..1.

    Args:
        phase: [h, w] in lines.
        sharpness: distance of lines over their width.
    """
    line = phase.floor()
    place = phase - line - 0.5
    groove = torch.exp(-(place.abs() * sharpness).pow(1.4))
    return line, groove, 0.5 - 0.5 * torch.cos(2.0 * torch.pi * place)


def _line_strength(line: Tensor, seed: int) -> Tensor:
    """Return how deep each line is, 0.5..1."""
    table = 0.5 + 0.5 * torch.rand(64, generator=stream(seed, "folds' lines"))
    return table[line.long().remainder(64)]


# ------------------------------------------------------------------------------------------------------------- worn


def wear_wrinkles(maps: Maps, weights: Mapping[str, float]) -> Maps:
    """Return the maps of a face as an expression folds its skin; the same ones where nothing folds, or none can.

    Args:
        maps: of the face.
        weights: of its blend shapes, by name.
    """
    worn = dict(maps)
    for tile, channels in maps.items():
        if set(MAP_CHANNELS) | set(MASK_CHANNELS) <= channels.keys():
            changed = _folded(channels, weights)
            if changed is not None:
                worn[tile] = {**channels, **changed}
    return worn


def _folded(channels: TileMaps, weights: Mapping[str, float]) -> dict[str, Tensor] | None:
    """Return the normal and the albedo of a tile in an expression; None where nothing folds."""
    found = region_weights(weights)
    if not any(weight for regions in found.values() for pair in regions.values() for weight in pair):
        return None
    left = channels[mask_channel(SIDE_MASKS)][..., 3]
    change = torch.zeros_like(channels[MAP_CHANNELS[0]])
    for name, regions in SETS.items():
        masks = channels[mask_channel(name)]
        strength = torch.zeros_like(left)
        for region, row in regions.items():
            here = torch.lerp(torch.tensor(found[name][region][1]), torch.tensor(found[name][region][0]), left)
            strength += here * masks[..., _CHANNELS.index(row.channel)]
        change += (channels[map_channel(name)] - _LEVEL) * _enlarged(strength[..., None], len(change))
    change = _enlarged(change, len(channels["normal"])).mul_(1.0 / _LEVEL)
    normal = channels["normal"].clone()
    normal[..., :2] += change[..., :2]
    albedo = channels["albedo"] * (1.0 + change[..., 2:] * (torch.tensor(BLOOD) - 1.0))
    return {"normal": torch.nn.functional.normalize(normal, dim=-1), "albedo": albedo.clamp_(0.0, 1.0)}


def _enlarged(image: Tensor, size: int) -> Tensor:
    """Return [size, size, C] of [S, S, C]."""
    planes = image.permute(2, 0, 1)[None]
    return interpolate(planes, size=(size, size), mode="bilinear", align_corners=False)[0].permute(1, 2, 0)
