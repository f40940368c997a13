"""Visibility: which triangle is seen where. Nothing here is differentiated; shading takes it from there.

Warp does the work, on the device the tensors are on: `RayMesh` casts rays through a bounding volume hierarchy,
`rasterise` fills a picture. `rasterise_reference` is the same in plain torch, to test against.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from dreamface.render.camera import Camera, pixel_centres

RAYS_PER_TASK = 8192
"""Long enough that launching costs nothing, short enough that threads finish together."""

NEAR = 1.0e-3
"""Metres; triangles that come closer to the camera than this are not drawn."""


@dataclass(frozen=True)
class Visibility:
    """What is seen along rays or at pixels; `...` is [N] or [H, W].

    Attributes:
        triangle: [...] int64 index of the triangle seen, -1 where there is none.
        barycentric: [..., 3] perspective-correct weights of its three corners, 0 where there is none.
        depth: [...] distance in lengths of the ray's direction; for a picture that is metres along the camera's line of
            sight. Infinite where there is none.
    """

    triangle: Tensor
    barycentric: Tensor
    depth: Tensor


class RayMesh:
    """Triangles that rays can be cast against, on the device of the vertices.

    `move` keeps the hierarchy and only refits it, which costs a twentieth of building it.
    """

    def __init__(self, vertices: Tensor, triangles: Tensor) -> None:
        """Build the hierarchy.

        Args:
            vertices: [V, 3] metres.
            triangles: [T, 3] indices into the vertices; at least one triangle.
        """
        warp = kernels().wp
        self._points = vertices.detach().to(torch.float32).contiguous().clone()
        self._corners = triangles.to(self._points.device, torch.int32).reshape(-1).contiguous()
        self._mesh = warp.Mesh(warp.from_torch(self._points, dtype=warp.vec3), warp.from_torch(self._corners))

    def move(self, vertices: Tensor) -> None:
        """Put the vertices, or the first of them, elsewhere ([N, 3] metres)."""
        self._points[: len(vertices)] = vertices.detach()
        self._mesh.refit()

    def cast(self, origins: Tensor, directions: Tensor) -> Visibility:
        """The first triangle that each ray meets, from either side.

        Args:
            origins: [N, 3] metres, or [3] for all rays.
            directions: [N, 3], of any length.

        Returns:
            Visibility of shape [N].
        """
        directions = self._own(directions)
        origins = self._own(origins.expand_as(directions))
        faces = torch.empty(len(directions), dtype=torch.int32, device=self._points.device)
        hits = torch.empty_like(directions)
        arrays = [vectors(origins), vectors(directions)]
        self._launch(kernels().closest_hit, len(directions), arrays, [scalars(faces), vectors(hits)])
        u, v, depth = hits.unbind(-1)
        seen = faces >= 0
        barycentric = torch.stack((u, v, 1.0 - u - v), dim=-1) * seen[:, None]
        return Visibility(faces.long(), barycentric, depth.masked_fill(~seen, torch.inf))

    def nearest(self, points: Tensor, reach: float) -> tuple[Tensor, Tensor]:
        """The point of the surface that is nearest to each of some points.

        Args:
            points: [N, 3] metres.
            reach: metres beyond which nothing is looked for; the less, the quicker.

        Returns:
            [N] int64 triangle, -1 where none is within reach, and [N, 3] barycentric weights there.
        """
        points = self._own(points)
        faces = torch.empty(len(points), dtype=torch.int32, device=self._points.device)
        places = torch.empty_like(points)
        arrays = [vectors(points), reach]
        self._launch(kernels().nearest_point, len(points), arrays, [scalars(faces), vectors(places)])
        u, v, _ = places.unbind(-1)
        return faces.long(), torch.stack((u, v, 1.0 - u - v), dim=-1)

    def openness(self, origins: Tensor, ends: Tensor, weights: Tensor) -> Tensor:
        """How much of what is around points can be seen from them: soft shadows and ambient occlusion.

        Args:
            origins: [N, 3] metres, a little off the surface.
            ends: [N, K, 3] metres; what each point looks at.
            weights: [N, K]; how much each end counts. Those of 0 and below are not looked at.

        Returns:
            [N] weighted share of the ends that nothing hides, 0..1; 0 where all weights are 0.
        """
        origins = self._own(origins)
        shares = torch.empty(len(origins), device=self._points.device)
        arrays = [vectors(origins), vectors(self._own(ends)), scalars(self._own(weights))]
        rays_each = max(1, ends.shape[1])
        self._launch(kernels().unblocked, len(origins), arrays, [scalars(shares)], rays_each)
        return shares

    def _own(self, tensor: Tensor) -> Tensor:
        return tensor.detach().to(self._points.device, torch.float32).contiguous()

    def _launch(self, kernel: Any, count: int, inputs: list[Any], outputs: list[Any], rays_each: int = 1) -> None:
        """Run the kernel for 0..count; on the CPU in slices side by side, as Warp runs a CPU kernel on one thread.

        Slices write disjoint ranges and only read the hierarchy; Warp calls the compiled kernel through ctypes, which
        lets go of the interpreter lock.
        """
        if count == 0:
            return
        warp = kernels().wp
        device = warp.device_from_torch(self._points.device)

        def run(first: int, length: int) -> None:
            arguments = [self._mesh.id, *inputs, first]
            warp.launch(kernel, length, inputs=arguments, outputs=outputs, device=device, record_tape=False)

        if not device.is_cpu:
            run(0, count)
            return
        step = max(1, RAYS_PER_TASK // rays_each)
        warp.load_module(kernel.module, device=device)
        if count <= step:  # a few rays are cast sooner than a thread is woken
            run(0, count)
            return
        list(threads().map(lambda first: run(first, min(step, count - first)), range(0, count, step)))


def rasterise(vertices: Tensor, triangles: Tensor, camera: Camera, size: int) -> Visibility:
    """What the camera sees at the centre of every pixel.

    On the CPU triangles are drawn into a depth buffer, which for a head is several times as fast as casting a ray per
    pixel; on CUDA rays are cast. Triangles that come closer to the camera than `NEAR` are left out on the CPU. The CPU
    looks for other devices, too, such as Apple's GPU: Warp does not know them.

    Args:
        vertices: [V, 3] metres.
        triangles: [T, 3] int64.
        camera: where it is seen from.
        size: side of the picture in pixels.

    Returns:
        Visibility of shape [size, size].
    """
    if vertices.device.type != "cuda":
        seen = _scan(camera.to_pixels(vertices.detach().float(), size).cpu(), triangles.cpu(), size)
        found = (one.to(vertices.device) for one in (seen.triangle, seen.barycentric, seen.depth))
        return Visibility(*found)
    directions = camera.rays(pixel_centres(size, vertices.device), size).view(-1, 3)
    seen = RayMesh(vertices, triangles).cast(vertices.new_tensor(camera.position), directions)
    shape = (size, size)
    return Visibility(seen.triangle.view(shape), seen.barycentric.view(*shape, 3), seen.depth.view(shape))


def scan(projected: Tensor, triangles: Tensor, size: int) -> Tensor:
    """Return [S, S] int64 the triangle at each pixel's centre, -1 where there is none; on the CPU.

    Args:
        projected: [V, 3] pixel x, pixel y and depth in metres.
        triangles: [T, 3] int64.
        size: S.
    """
    return _scan(projected.detach().float(), triangles, size).triangle


def _scan(projected: Tensor, triangles: Tensor, size: int) -> Visibility:
    """`rasterise` with a depth buffer; threads share the picture out in bands of rows."""
    warp = kernels().wp
    place, depth = projected[:, :2], projected[:, 2:]
    corners = torch.cat((place, torch.where(depth > NEAR, 1.0 / depth, 0.0)), dim=1)
    faces = torch.full((size, size), -1, dtype=torch.int32)
    barycentric, nearness = torch.zeros(size, size, 3), torch.zeros(size, size)
    inputs = [vectors(corners), scalars(triangles.to(torch.int32).contiguous())]
    outputs = [scalars(faces), vectors(barycentric), scalars(nearness)]
    kernel = kernels().scan
    warp.load_module(kernel.module, device="cpu")

    def run(rows: tuple[int, int]) -> None:
        warp.launch(kernel, len(triangles), inputs=[*inputs, *rows], outputs=outputs, device="cpu", record_tape=False)

    list(threads().map(run, _bands(place[:, 1], size)))
    return Visibility(faces.long(), barycentric, 1.0 / nearness)


def _bands(heights: Tensor, size: int) -> list[tuple[int, int]]:
    """First and stop row of as many bands as there are threads, over the rows that hold something."""
    first, last = heights.nan_to_num().clamp(0, size).aminmax()
    edges = torch.linspace(float(first.floor()), float(last.ceil()), (os.cpu_count() or 1) + 1).round().int().tolist()
    return list(pairwise(edges))


def rasterise_reference(vertices: Tensor, triangles: Tensor, camera: Camera, size: int) -> Visibility:
    """`rasterise` in plain torch, for testing; small pictures only.

    Every triangle is tried at every pixel: O(T * size^2). Inside is where all three edge functions have the sign of the
    triangle's area (Pineda 1988, "A parallel algorithm for polygon rasterization"); dividing each by its corner's depth
    makes the weights perspective-correct. Triangles nearer than `NEAR` are left out.
    """
    corners = camera.to_pixels(vertices.detach(), size)[triangles]
    pixels = pixel_centres(size, vertices.device).reshape(-1, 2)
    best = Visibility(
        torch.full((len(pixels),), -1, device=vertices.device),
        torch.zeros(len(pixels), 3, device=vertices.device),
        torch.full((len(pixels),), torch.inf, device=vertices.device),
    )
    for index in torch.nonzero((corners[..., 2] > NEAR).all(dim=1))[:, 0].tolist():
        weights, depth = _cover(corners[index].double(), pixels.double())
        nearer = (weights >= 0.0).all(dim=1) & (depth < best.depth)
        best.triangle[nearer] = index
        best.barycentric[nearer] = weights[nearer].float()
        best.depth[nearer] = depth[nearer].float()
    return Visibility(best.triangle.view(size, size), best.barycentric.view(size, size, 3), best.depth.view(size, size))


def _cover(corners: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Perspective-correct weights [P, 3] (some below 0 outside) and depth [P] of one triangle at pixels [P, 2]."""
    place, depth = corners[:, :2], corners[:, 2]
    start, end = place[[1, 2, 0]], place[[2, 0, 1]]
    edge, offset = end - start, pixels[:, None] - start
    area = edge[:, 0] * offset[..., 1] - edge[:, 1] * offset[..., 0]
    flat = area / area.sum(dim=1, keepdim=True)
    inverse_depth = (flat / depth).sum(dim=1)
    return flat / depth / inverse_depth[:, None], 1.0 / inverse_depth


@cache
def kernels() -> Any:
    """The kernels' module; importing it starts Warp, which takes half a second, or some more the first time ever."""
    from dreamface.render import _kernels

    return _kernels


@cache
def strand_kernels() -> Any:
    """The kernels for hair, apart as most pictures do without."""
    from dreamface.render import _strand_kernels

    return _strand_kernels


def launch_in_slices(
    kernel: Any,
    count: int,
    inputs: list[Any],
    outputs: list[Any],
    device: torch.device,
    length: int = RAYS_PER_TASK,
) -> None:
    """Run a kernel whose last input is where to start for 0..count; on the CPU in slices side by side.

    Args:
        kernel: writes disjoint memory for each number.
        count: how many numbers.
        inputs: what it reads, without where to start.
        outputs: what it writes.
        device: where the tensors are.
        length: of a slice.
    """
    warp = kernels().wp
    place = warp.device_from_torch(device)
    step = length if place.is_cpu else max(1, count)

    def run(first: int) -> None:
        some = min(step, count - first)
        warp.launch(kernel, some, inputs=[*inputs, first], outputs=outputs, device=place, record_tape=False)

    if not place.is_cpu:
        run(0)
        return
    warp.load_module(kernel.module, device=place)
    list(threads().map(run, range(0, count, step)))


@cache
def threads() -> ThreadPoolExecutor:
    """As many as there are processors; Warp runs a CPU kernel on the thread that launches it."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="rays")


def vectors(tensor: Tensor) -> Any:
    """A contiguous tensor [..., 3] as Warp sees it, in the same memory."""
    warp = kernels().wp
    return warp.from_torch(tensor, dtype=warp.vec3)


def scalars(tensor: Tensor) -> Any:
    """A contiguous tensor as Warp sees it, in the same memory."""
    return kernels().wp.from_torch(tensor)
