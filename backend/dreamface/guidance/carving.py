"""Carving: score distillation on the shape (Zhang et al. 2023, "DreamFace", section 4.2, equations 4 to 8).

Three things move: the coefficients of the head's own shape, a displacement of every vertex along its normal, and fine
relief as a height on the texture layout. A diffusion model judges pictures of the bare shape under random light. What
comes out is an offset on top of the head, and relief for its skin.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch
from torch import Tensor

from dreamface.colour import encode_srgb
from dreamface.geometry import smoothstep
from dreamface.guidance.distillation import Guide, Outcome, distil, drawn_level, optimise, size_of_step
from dreamface.guidance.sitter import PAPER, Sitter
from dreamface.progress import Progress
from dreamface.render import (
    Mesh,
    RayMesh,
    Views,
    face_normals,
    front_light,
    look,
    normal_colours,
    random_grounds,
    random_light,
    vertex_normals,
)
from dreamface.units import MM

PROTECTED: Final = ("lips_upper", "lips_lower", "lids_upper", "lids_lower", "lids_margin", "ears", "mouth_inside",
                    "nostrils", "eye_sockets")  # fmt: skip
"""Regions that displacement leaves alone: they must meet, close, or fit what lies below them."""

LONGEST: Final = 0.98
"""Share of the schedule that times are drawn from."""

_MOST: Final = 6.0 * MM  # of displacement
_OF_ROOM: Final = 0.4  # fraction of the way to the next surface that a vertex may move, so that two never meet
_LIFT: Final = 0.05 * MM  # off the surface, where rays to the next one begin
_NECK: Final = 0.035  # metres above the head's lower border over which displacement fades in
_HEIGHT: Final = 0.3 * MM  # of fine relief
_SIDE: Final = 512  # texels a side of the relief
_MODES: Final = 2.5  # spreads of a mode that it moves at most
_RATE: Final = {"modes": 0.02, "displacement": 0.02, "relief": 0.02}  # of Adam
_CLAY: Final = 0.55  # albedo of what the model sees
_ROUNDS: Final = 60  # of halving the displacement of triangles that have turned over
_TURNED: Final = 0.1  # cosine between a triangle's normals before and after, below which it has turned over


@dataclass(frozen=True)
class Regularisers:
    """What keeps a carved head a head: weights of four penalties (equations 5 to 8).

    Each is a sum of squares, as what the model sends back is a sum over pixels: the finer the mesh, the less of both
    falls on a vertex. The weights are estimates: no full-size diffusion model has carved with them yet.

    Attributes:
        size: of the displacement, over its room.
        smoothness: of the displacement: the difference from the mean of its neighbours.
        relief: of the slopes of the fine relief.
        identity: of the modes: how far they are from the person that the words gave.
    """

    size: float = 0.5
    smoothness: float = 40.0
    relief: float = 0.1
    identity: float = 5.0


@dataclass(frozen=True)
class Carved:
    """What carving has made.

    Attributes:
        offset: [V, 3] metres on top of the head.
        relief: [T, S, S] metres of fine relief, by the skin's tiles.
        outcome: of the optimisation.
    """

    offset: Tensor
    relief: Tensor
    outcome: Outcome


class Carving:
    """A head's shape, and what moves it."""

    def __init__(
        self,
        sitter: Sitter,
        guide: Guide,
        modes: Tensor,
        seed: int,
        regularisers: Regularisers = Regularisers(),
        shading: str = "clay",
    ) -> None:
        """Find out how far every vertex may go.

        Args:
            sitter: whose head.
            guide: the generic model and the words.
            modes: [K, V, 3] metres that the shape moves by where a coefficient of its own changes by its spread.
            seed: of everything random.
            regularisers: what holds it.
            shading: "clay" under random light, or "normals" for models that know normal maps.
        """
        self._sitter, self._guide, self._regularisers, self._shading = sitter, guide, regularisers, shading
        self._random = torch.Generator().manual_seed(seed)
        device = guide.model.device
        self._base, self._modes = sitter.head.vertices.to(device), modes.to(device)
        self._mesh: Mesh = sitter.mesh.to(device)
        self._room = displacement_room(sitter).to(device)
        self._scale = relief_scale(sitter)
        self._links = _links(sitter.head.topology.triangles).to(device)
        self.parameters = {
            "modes": torch.zeros(len(modes), device=device),
            "displacement": torch.zeros(len(self._base), device=device),
            "relief": torch.zeros(len(sitter.tiles), 1, _SIDE, _SIDE, device=device),
        }
        for tensor in self.parameters.values():
            tensor.requires_grad_()

    @cached_property
    def _degree(self) -> Tensor:
        return torch.zeros(len(self._base), device=self._base.device).index_add(
            0, self._links[0], torch.ones(len(self._links[0]), device=self._base.device)
        )

    def vertices(self) -> Tensor:
        """Return [V, 3] metres: the shape as it is now (equation 4). Differentiable."""
        moved = self._shaped()
        normals = vertex_normals(moved, self._mesh.triangles)
        return moved + (self._room * torch.tanh(self.parameters["displacement"]))[:, None] * normals

    def _shaped(self) -> Tensor:
        """Return [V, 3] metres: the head with its own coefficients as they are now."""
        limited = _MODES * torch.tanh(self.parameters["modes"] / _MODES)
        return self._base + torch.einsum("k,kvx->vx", limited, self._modes)

    def relief_normals(self) -> Tensor:
        """Return [T, 3, S, S] tangent-space normals of the fine relief, not of length 1. Differentiable."""
        return _normals_of(_HEIGHT * torch.tanh(self.parameters["relief"]), self._scale)

    def step(self, views: Views, side: int, level: int) -> None:
        """Add the gradients of the model's opinion and of the regularisers to the parameters.

        Args:
            views: from where the shape is seen.
            side: pixels of the pictures.
            level: of the model's schedule.
        """
        pictures = self.pictures(views, side)
        distil(self._guide, self._guide.model.encode(pictures), self._random, level)
        self.penalty().backward()  # type: ignore[no-untyped-call]

    def pictures(self, views: Views, side: int) -> Tensor:
        """Return [B, 3, S, S] sRGB-encoded pictures 0..1 of the bare shape. Differentiable."""
        seen = look(self.vertices(), self._mesh, views, side)
        normal = self._sitter.normals(seen, self.relief_normals())
        if self._shading == "normals":
            shown = normal_colours(seen, normal)
        else:
            shown = encode_srgb(_CLAY * random_light(views, self._random).on(normal, seen.view))
        return seen.picture(shown, random_grounds(len(views), self._random, shown))

    def portrait(self, side: int) -> Tensor:
        """Return [3, S, S] an sRGB-encoded picture of the shape from the front, in a light that stays."""
        with torch.no_grad():
            views = Views.of([self._sitter.arc.camera(0.0, 0.0)], self._base)
            seen = look(self.vertices(), self._mesh, views, side)
            normal = self._sitter.normals(seen, self.relief_normals())
            shown = encode_srgb(_CLAY * front_light(views).on(normal, seen.view))
            return seen.picture(shown, shown.new_full((1, 3), PAPER))[0]

    def penalty(self) -> Tensor:
        """Return the sum of the four regularisers."""
        hold = self._regularisers
        raw, share = self.parameters["displacement"], torch.tanh(self.parameters["displacement"])
        first, second = self._links
        mean = torch.zeros_like(raw).index_add(0, first, share.index_select(0, second)) / self._degree.clamp_min(1.0)
        free = (self._room > 0.0).float()
        slopes = self.relief_normals()[:, :2]
        return (
            hold.size * (free * share.square()).sum()
            + hold.smoothness * (free * (share - mean).square()).sum()
            + hold.relief * slopes.square().sum()
            + hold.identity * self.parameters["modes"].square().sum()
        )

    def run(
        self,
        steps: int = 300,
        batch: int = 1,
        progress: Progress = Progress(),  # noqa: B008 - immutable
        seen: Callable[[int], None] | None = None,
    ) -> Carved:
        """Carve, and return what has come out.

        Args:
            steps: how many.
            batch: views in each.
            progress: told about every step.
            seen: called after every step with its number.

        Raises:
            DreamFaceError: the model gave no numbers at once, or there is too little memory.
            Cancelled: the progress said so.
        """
        model, arc = self._guide.model, self._sitter.arc

        def work(step: int, saving: bool) -> None:
            count, side = size_of_step(model, batch, model.side, saving)
            views = Views.of(arc.draw(count, self._random), self._base)
            self.step(views, side, drawn_level(model.schedule, self._random, LONGEST))

        outcome = optimise(self.parameters, _RATE, work, steps, "Carving", progress, seen)
        return self.carved(outcome)

    def carved(self, outcome: Outcome) -> Carved:
        """Return what has come out, without triangles that have turned over."""
        with torch.no_grad():
            shaped = self._shaped()
            displaced = (self.vertices() - shaped).cpu()
            displaced = straightened(shaped.cpu(), displaced, self._sitter.head.topology.triangles)
            offset = (shaped - self._base).cpu() + displaced
            relief = (_HEIGHT * torch.tanh(self.parameters["relief"]))[:, 0].cpu()
            return Carved(offset, relief, outcome)


# ------------------------------------------------------------------------------------------------------ where it may go


def displacement_room(sitter: Sitter) -> Tensor:
    """Return [V] metres that each vertex may go along its normal, to either side; 0 where it is protected.

    That is less than half of the way to the next surface: two that face each other can't meet.
    """
    head = sitter.head
    topology, vertices = head.topology, head.vertices
    first, stop = topology.objects[0].vertices
    free = torch.zeros(len(vertices))
    free[first:stop] = 1.0
    for name in PROTECTED:
        if name in topology.regions:
            free = free * (1.0 - smoothstep(topology.regions[name].clone(), 0.0, 0.3))
    free = free * _above_the_border(topology.triangles, vertices)
    free = _spread_inward(free, topology.triangles)
    normals = vertex_normals(vertices, topology.triangles)
    rays = RayMesh(vertices, topology.triangles)
    ahead = [rays.cast(vertices + side * _LIFT * normals, side * normals).depth for side in (1.0, -1.0)]
    return free * torch.minimum(torch.stack(ahead).amin(dim=0) * _OF_ROOM, torch.tensor(_MOST))


def _above_the_border(triangles: Tensor, vertices: Tensor) -> Tensor:
    """Return [V] 0 at the head's lower border, which other meshes may be joined to, and 1 further up."""
    return smoothstep(vertices[:, 2] - vertices[triangles.reshape(-1), 2].min(), 0.3 * _NECK, 1.3 * _NECK)


def _spread_inward(free: Tensor, triangles: Tensor, rounds: int = 4) -> Tensor:
    """Return [V] the same with soft borders, which lie outside of what is protected."""
    first, second = _links(triangles)
    count = torch.zeros_like(free).index_add(0, first, torch.ones(len(first))).clamp_min(1.0)
    for _ in range(rounds):
        free = torch.minimum(free, 0.5 * free + 0.5 * torch.zeros_like(free).index_add(0, first, free[second]) / count)
    return free


def _links(triangles: Tensor) -> Tensor:
    """Return [2, L] pairs of vertices that an edge joins, both ways."""
    sides = torch.cat((triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]))
    sides = sides[sides[:, 0] != sides[:, 1]]
    count = int(triangles.max()) + 1
    pairs = torch.cat((sides[:, 0] * count + sides[:, 1], sides[:, 1] * count + sides[:, 0])).unique()  # type: ignore[no-untyped-call]
    return torch.stack((pairs // count, pairs % count))


def relief_scale(sitter: Sitter) -> float:
    """Return the metres of skin that the side of a texture tile takes, on average."""
    mesh, vertices = sitter.mesh, sitter.head.vertices
    a, b, c = vertices[mesh.triangles].unbind(1)
    area = torch.linalg.vector_norm(torch.linalg.cross(b - a, c - a), dim=1)
    uv_a, uv_b, uv_c = mesh.uv[mesh.triangle_uvs].unbind(1)
    (u_b, v_b), (u_c, v_c) = (uv_b - uv_a).unbind(1), (uv_c - uv_a).unbind(1)
    flat = (u_b * v_c - u_c * v_b).abs()
    whole = flat > 0.0
    return float((area[whole] / flat[whole]).median().sqrt())


def normals_of_height(height: Tensor, sitter: Sitter) -> Tensor:
    """Return [T, 3, S, S] tangent-space normals, not of length 1, of heights [T, 1, S, S] in metres."""
    return _normals_of(height, relief_scale(sitter))


def _normals_of(height: Tensor, scale: float) -> Tensor:
    # Rows grow downwards, and v upwards.
    slopes = torch.cat((-_difference(height, 3), _difference(height, 2)), dim=1) * (0.5 * height.shape[-1] / scale)
    return torch.cat((slopes, torch.ones_like(height)), dim=1)


def _difference(image: Tensor, axis: int) -> Tensor:
    """Return central differences of [T, 1, S, S] over two texels."""
    return torch.roll(image, -1, dims=axis) - torch.roll(image, 1, dims=axis)


def straightened(vertices: Tensor, offset: Tensor, triangles: Tensor) -> Tensor:
    """Return a displacement [V, 3] with less of it where triangles would turn over.

    Args:
        vertices: [V, 3] metres without it.
        offset: [V, 3] metres.
        triangles: [T, 3].
    """
    before = face_normals(vertices, triangles)
    size = torch.linalg.vector_norm(before, dim=1)
    whole = size > size[size > 0.0].median() * 1e-3
    first, second = _links(triangles)
    for _ in range(_ROUNDS):
        after = face_normals(vertices + offset, triangles)
        length = size * torch.linalg.vector_norm(after, dim=1)
        turned = whole & ((before * after).sum(dim=1) < _TURNED * length)
        if not bool(turned.any()):
            break
        near = torch.zeros(len(vertices))
        near[triangles[turned].reshape(-1)] = 1.0
        around = torch.zeros_like(near).index_reduce(0, first, near[second], "amax")
        offset = offset * (1.0 - 0.5 * torch.maximum(near, 0.5 * around))[:, None]
    return offset
