"""A renderer that can be differentiated: several views of one mesh at once.

Gradients reach vertices (through what they shade and, by `outlines`, through what they hide), textures, normal maps,
lights and cameras. Visibility alone is not differentiated. Pictures are what optimisation looks at: without shadows,
hair, or light below the skin; `preview` is for people.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.render.camera import Camera
from dreamface.render.outlines import Outlines
from dreamface.render.shading import EPSILON, apply_normal_map, at_corners, unit, uv_tangents, vertex_normals
from dreamface.render.visibility import Rasteriser, rasteriser


@dataclass(frozen=True)
class Views:
    """B pinhole cameras whose pictures are square. Each of the three may ask for gradients.

    Attributes:
        position: [B, 3] metres.
        axes: [B, 3, 3], whose rows are the unit directions right, down and forward.
        focal: [B] focal length over half the picture's side.
    """

    position: Tensor
    axes: Tensor
    focal: Tensor

    @classmethod
    def of(cls, cameras: Sequence[Camera], like: Tensor) -> Views:
        """Return cameras on the device of `like`."""
        return cls(
            like.new_tensor([camera.position for camera in cameras]),
            torch.stack([camera.axes(like) for camera in cameras]),
            like.new_tensor([1.0 / math.tan(0.5 * camera.fov) for camera in cameras]),
        )

    def __len__(self) -> int:
        return len(self.position)

    def to_pixels(self, points: Tensor, size: int) -> Tensor:
        """Return [B, N, 3] pixel x, pixel y and depth in metres of points [N, 3]. Differentiable.

        Args:
            points: [N, 3] metres, in front of the cameras; or [B, N, 3], other ones for each.
            size: side of the pictures in pixels.
        """
        local = torch.einsum("bnk,bjk->bnj", points - self.position[:, None], self.axes)
        depth = local[..., 2:]
        half = 0.5 * size
        place = half + half * self.focal[:, None, None] * local[..., :2] / depth
        return torch.cat((place, depth), dim=-1)


@dataclass(frozen=True)
class Mesh:
    """What does not change while a head is optimised.

    Attributes:
        triangles: [T, 3] int64.
        uv: [U, 2] texture coordinates.
        triangle_uvs: [T, 3] int64 indices into `uv`.
    """

    triangles: Tensor
    uv: Tensor
    triangle_uvs: Tensor
    outlines: Outlines = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outlines", Outlines(self.triangles))

    def to(self, device: torch.device) -> Mesh:
        """Return it on a device."""
        if self.triangles.device == device:
            return self
        return Mesh(self.triangles.to(device), self.uv.to(device), self.triangle_uvs.to(device))

    @cached_property
    def uv_corners(self) -> Tensor:
        """[T, 6] texture coordinates, corner by corner."""
        return self.uv[self.triangle_uvs].reshape(-1, 6)


@dataclass(frozen=True)
class Seen:
    """What views show of a mesh: N pixels of B pictures of S pixels a side, which show something.

    Attributes:
        mesh: what is seen.
        vertices: [V, 3] metres.
        views: from where.
        size: S.
        shown: [B, S, S] int64 triangle at each pixel, -1 where there is none.
        projected: [B, V, 3] pixel x, pixel y and depth.
        pixel: [N] int64 flat index into the pictures.
        triangle: [N] int64.
        barycentric: [N, 3] perspective-correct weights of its corners.
        depth: [N] metres along the line of sight.
        engine: what found it.
    """

    mesh: Mesh
    vertices: Tensor
    views: Views
    size: int
    shown: Tensor
    projected: Tensor
    pixel: Tensor
    triangle: Tensor
    barycentric: Tensor
    depth: Tensor
    engine: Rasteriser

    @cached_property
    def view(self) -> Tensor:
        """[N] int64 which picture each pixel belongs to."""
        return self.pixel // (self.size * self.size)

    @cached_property
    def depths(self) -> Tensor:
        """[B, S, S] metres along the line of sight, infinite where there is nothing; without gradients."""
        found = torch.full((self.shown.numel(),), torch.inf, device=self.depth.device)
        return found.index_copy(0, self.pixel, self.depth.detach()).view(self.shown.shape)

    @cached_property
    def uv(self) -> Tensor:
        """[N, 2] texture coordinates."""
        return self._mixed(self.mesh.uv_corners.index_select(0, self.triangle))

    @cached_property
    def normal(self) -> Tensor:
        """[N, 3] smooth unit normals."""
        return unit(self.interpolate(vertex_normals(self.vertices, self.mesh.triangles)))

    def interpolate(self, attributes: Tensor) -> Tensor:
        """Return [N, C] attributes [V, C] of vertices at the pixels."""
        corners = at_corners(attributes, self.mesh.triangles).flatten(1)
        return self._mixed(corners.index_select(0, self.triangle))

    def _mixed(self, corners: Tensor) -> Tensor:
        """Return [N, C] of values [N, 3 C] at the corners."""
        a, b, c = corners.chunk(3, dim=1)
        first, second, third = self.barycentric.chunk(3, dim=1)
        return a * first + b * second + c * third

    def bent(self, relief: Tensor) -> Tensor:
        """Return [N, 3] unit normals with relief [N, 3] in tangent space; OpenGL's convention, of any length."""
        mesh = self.mesh
        tangents = uv_tangents(self.vertices, mesh.triangles, mesh.uv, mesh.triangle_uvs)
        corners = tangents[mesh.triangle_uvs].flatten(1)
        return apply_normal_map(self.normal, self._mixed(corners.index_select(0, self.triangle)), relief)

    def sample(self, texture: Tensor, some: Tensor | None = None) -> Tensor:
        """Return [N, C] what pixels, or some of them (int64), show of a texture [C, H, W]; bilinear."""
        uv = self.uv if some is None else self.uv.index_select(0, some)
        grid = torch.stack((2.0 * uv[:, 0] - 1.0, 1.0 - 2.0 * uv[:, 1]), dim=1)
        found = grid_sample(
            texture[None], grid[None, None], mode="bilinear", padding_mode="border", align_corners=False
        )
        return found[0, :, 0].T

    def picture(self, values: Tensor, behind: Tensor, antialias: bool = True) -> Tensor:
        """Return [B, C, S, S] values [N, C] as pictures.

        Args:
            values: of the pixels.
            behind: [B, C] what pixels show that show nothing of the mesh; or [B, C, S, S].
            antialias: whether pixels along outlines are blended, which gives vertices gradients from there.
        """
        count, channels = len(self.views), values.shape[1]
        ground = behind if behind.dim() == 4 else behind[:, :, None, None].expand(-1, -1, self.size, self.size)
        flat = ground.permute(0, 2, 3, 1).reshape(-1, channels)
        image = flat.index_copy(0, self.pixel, values).view(count, self.size, self.size, channels)
        if antialias:
            image = self.engine.antialias(image, self.depths, self.projected, self.mesh.outlines)
        return image.permute(0, 3, 1, 2)


def look(vertices: Tensor, mesh: Mesh, views: Views, size: int, engine: Rasteriser | None = None) -> Seen:
    """Find out what views show of a mesh.

    Args:
        vertices: [V, 3] metres; may ask for gradients.
        mesh: its triangles and texture layout.
        views: from where.
        size: side of the pictures in pixels.
        engine: finds out what is visible; None is the best there is on the device.
    """
    engine = engine or rasteriser(vertices.device)
    projected = views.to_pixels(vertices, size)
    with torch.no_grad():
        shown = engine.triangles(projected, mesh.triangles, size)
        pixel = torch.nonzero(shown.reshape(-1) >= 0)[:, 0]
        triangle = shown.reshape(-1)[pixel]
    barycentric, depth = _weights(projected, mesh.triangles, triangle, pixel, size)
    return Seen(mesh, vertices, views, size, shown, projected, pixel, triangle, barycentric, depth, engine)


def _weights(projected: Tensor, triangles: Tensor, triangle: Tensor, pixel: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return [N, 3] perspective-correct weights of triangles' corners at pixels' centres, and [N] the depth there.

    The edge functions of Pineda 1988, each over the depth of its corner.
    """
    count = len(triangles)
    corners = projected.index_select(1, triangles.reshape(-1)).reshape(-1, 9)  # gradients in order, see `at_corners`
    x_a, y_a, z_a, x_b, y_b, z_b, x_c, y_c, z_c = (
        corners.index_select(0, pixel // (size * size) * count + triangle).unbind(1)
    )  # fmt: skip
    x, y = pixel % size + 0.5, (pixel // size) % size + 0.5
    x_a, x_b, x_c, y_a, y_b, y_c = x_a - x, x_b - x, x_c - x, y_a - y, y_b - y, y_c - y
    a, b, c = x_b * y_c - y_b * x_c, x_c * y_a - y_c * x_a, x_a * y_b - y_a * x_b
    far = torch.stack((a / z_a, b / z_b, c / z_c), dim=1)
    total = far.sum(dim=1, keepdim=True)
    total = torch.where(total.abs() < EPSILON * EPSILON, 1.0, total)
    return far / total, (a + b + c) / total[:, 0]


# ------------------------------------------------------------------------------------------------------------- light


@dataclass(frozen=True)
class FrontLight:
    """One far light for each view, and light from all around. Matt surfaces only.

    Attributes:
        towards: [B, 3] unit directions towards it, in the world.
        colour: [B, 3] of a white surface that faces it.
        around: [B, 3] of a white surface everywhere.
    """

    towards: Tensor
    colour: Tensor
    around: Tensor

    def on(self, normal: Tensor, view: Tensor) -> Tensor:
        """Return [N, 3] light on unit normals [N, 3] in views [N]. Differentiable."""
        cosine = (normal * self.towards.index_select(0, view)).sum(dim=1, keepdim=True).clamp_min(0.0)
        return self.around.index_select(0, view) + cosine * self.colour.index_select(0, view)


def normal_colours(seen: Seen, normal: Tensor) -> Tensor:
    """Return [N, 3] 0..1 colours of unit normals [N, 3] as normal maps of a view have them.

    Red grows to the right, green upwards and blue towards the camera.
    """
    axes = seen.views.axes * seen.vertices.new_tensor((1.0, -1.0, -1.0))[:, None]
    local = torch.einsum("nk,njk->nj", normal, axes.index_select(0, seen.view))
    return 0.5 * local + 0.5


def depth_shades(seen: Seen) -> Tensor:
    """Return [N, 1] 0..1: 1 is the nearest that the pictures show, and 0.2 the farthest."""
    near, far = seen.depth.detach().aminmax() if len(seen.depth) else (torch.zeros(()), torch.ones(()))
    return (1.0 - 0.8 * (seen.depth - near) / (far - near).clamp_min(EPSILON))[:, None]


# ------------------------------------------------------------------------------------------------------------ random


@dataclass(frozen=True)
class Arc:
    """Where cameras are drawn from: an arc in front of a head (Zhang et al. 2023, "DreamFace", section 4.2).

    Attributes:
        target: what is in the middle of the pictures, metres.
        radius: metres around it that the pictures show.
        yaw: radians to the left and to the right.
        pitch: radians up and down.
        fov: radians.
    """

    target: tuple[float, float, float]
    radius: float
    yaw: float = math.radians(45.0)
    pitch: float = math.radians(12.0)
    fov: float = math.radians(22.0)

    def camera(self, yaw: float, pitch: float) -> Camera:
        """Return the camera at two angles in radians."""
        distance = self.radius / math.sin(0.5 * self.fov)
        return Camera.around(self.target, distance, yaw, pitch, self.fov)

    def draw(self, count: int, random: torch.Generator) -> tuple[Camera, ...]:
        """Return cameras at angles that are drawn evenly."""
        angles = 2.0 * torch.rand(count, 2, generator=random) - 1.0
        return tuple(self.camera(self.yaw * a, self.pitch * b) for a, b in angles.tolist())


def random_light(views: Views, random: torch.Generator, strength: tuple[float, float] = (0.45, 0.75)) -> FrontLight:
    """Return a light for each view, drawn evenly from the hemisphere in front of the head (equation 5).

    The light around is what the light leaves of 1, so that a white surface that faces it is white.

    Args:
        views: whose cameras say where the front is.
        random: what it is drawn from, on the CPU.
        strength: between which the light's own share is drawn.
    """
    count, like = len(views), views.position
    away = torch.randn(count, 3, generator=random).to(like)
    # The axes' third row leads away from the camera: the hemisphere lies on the other side.
    towards = away * torch.where((away * views.axes[:, 2]).sum(dim=1, keepdim=True) > 0.0, -1.0, 1.0)
    share = strength[0] + (strength[1] - strength[0]) * torch.rand(count, 1, generator=random).to(like)
    white = torch.ones(count, 3).to(like)
    return FrontLight(unit(towards).detach(), share * white, (1.0 - share) * white)


def front_light(views: Views) -> FrontLight:
    """Return a light from the upper left of each camera, always the same."""
    right, down, forward = views.axes.unbind(1)
    towards = unit(-0.5 * right - 0.6 * down - forward)
    white = torch.ones_like(towards)
    return FrontLight(towards, 0.75 * white, 0.35 * white)


def random_grounds(count: int, random: torch.Generator, like: Tensor) -> Tensor:
    """Return [B, 3] plain colours behind the head, 0..1: mostly greys, some with a little colour."""
    grey = torch.rand(count, 1, generator=random)
    tint = 0.15 * (torch.rand(count, 3, generator=random) - 0.5)
    return (grey + tint).clamp(0.0, 1.0).to(like)
