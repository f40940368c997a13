"""Pictures of depth alone, taken from where light comes from: what they do not see lies in shadow (Williams 1978).

Many small ones from places all over a lamp give its soft shadow (Heckbert and Herf 1997, "Simulating soft shadows with
graphics hardware"), and from all around, how open a place is. Warp does the work, on the device the tensors are on;
nothing here is differentiated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from dreamface.render.camera import Camera
from dreamface.render.raster import kernels, launch_in_slices, scalars, strand_kernels, threads, vectors

LIFT = 2.0
"""Texels that a point is lifted off its surface where light grazes it, so that the surface does not shadow itself."""

GOLDEN = 0.618034
"""Multiples of the golden section fill 0..1 evenly, wherever one stops."""

POINTS_PER_TASK = 8192
"""Long enough that launching costs nothing, short enough that threads finish together."""


def camera_around(eye: Tensor, middle: Tensor, radius: float) -> Camera:
    """A camera at `eye` ([3] metres, outside the ball) that just frames the ball around `middle` ([3] metres)."""
    distance = float(torch.linalg.vector_norm(eye - middle))
    fov = 2.0 * math.asin(min(radius / distance, 0.99))
    # What points straight up needs another up; any will do, as nobody looks at the picture.
    steep = abs(float(eye[2] - middle[2])) > 0.99 * distance
    up = (0.0, 1.0, 0.0) if steep else (0.0, 0.0, 1.0)
    x, y, z = eye.tolist()
    u, v, w = middle.tolist()
    return Camera(position=(x, y, z), target=(u, v, w), fov=fov, up=up)


class DepthMaps:
    """What K cameras see of a surface: only how near it is."""

    def __init__(
        self, vertices: Tensor, triangles: Tensor, opacity: Tensor, cameras: Sequence[Camera], size: int
    ) -> None:
        """Draw them.

        Args:
            vertices: [V, 3] metres.
            triangles: [T, 3] indices into the vertices.
            opacity: [T] 0..1 of the triangles; that share of the cameras sees them (Enderton et al. 2010, "Stochastic
                transparency").
            cameras: K of them.
            size: side of each picture in texels.
        """
        warp = kernels().wp
        self._warp = warp
        self._device = warp.device_from_torch(vertices.device)
        points = vertices.detach().float().contiguous()
        corners = triangles.to(torch.int32).contiguous()
        self._count = len(cameras)
        self._nearness = points.new_zeros(self._count, size, size)
        axes = torch.stack([camera.axes(points) for camera in cameras]).contiguous()
        positions = points.new_tensor([camera.position for camera in cameras])
        focals = points.new_tensor([0.5 * size / math.tan(0.5 * camera.fov) for camera in cameras])
        self._kept = (axes, positions, focals)  # Warp's arrays only borrow their memory
        self._cameras = [warp.from_torch(axes, dtype=warp.mat33), vectors(positions), scalars(focals)]
        self._map = scalars(self._nearness)
        self._draw(points, corners, opacity)

    def _draw(self, points: Tensor, corners: Tensor, opacity: Tensor) -> None:
        size = self._nearness.shape[1]
        projected = points.new_empty(self._count, len(points), 3)
        places = self._warp.from_torch(projected, dtype=self._warp.vec3)
        # Cameras next to each other get thresholds far apart.
        thresholds = [(0.5 + number * GOLDEN) % 1.0 for number in range(self._count)]
        solid, veil, opacity = corners[opacity >= 1.0], corners[opacity < 1.0], opacity[opacity < 1.0]
        drawn = [(solid, veil[opacity > threshold].contiguous()) for threshold in thresholds]

        def draw(number: int) -> None:
            seen_from = [vectors(points), *self._cameras, float(size), number]
            self._launch(kernels().project, len(points), seen_from, [places])
            for some in drawn[number]:
                if len(some):
                    self._launch(kernels().draw_nearness, len(some), [places, scalars(some), number], [self._map])

        self._spread(draw, range(self._count))

    def visible(self, points: Tensor, normals: Tensor, lowest: float = 0.0) -> Tensor:
        """How much of points the cameras see.

        Args:
            points: [N, 3] metres, on the surface.
            normals: [N, 3] of the surface, unit length.
            lowest: cosine between a normal and the direction to a camera below which the answer is 0.

        Returns:
            [N, K] 0..1; what lies outside a camera's picture is seen.
        """
        points, normals = points.detach().contiguous(), normals.detach().contiguous()
        shares = torch.empty(len(points), self._count, device=points.device)
        inputs = [vectors(points), vectors(normals), *self._cameras, self._map, LIFT, lowest]
        outputs, count = [scalars(shares)], len(points)
        kernel = kernels().look_up_nearness
        step = POINTS_PER_TASK if self._device.is_cpu else max(1, count)
        self._spread(
            lambda first: self._launch(kernel, min(step, count - first), [*inputs, first], outputs),
            range(0, count, step),
        )
        return shares

    def unhidden(self, points: Tensor, nearer: float) -> Tensor:
        """Which points the cameras see, of points that lie on no surface.

        Args:
            points: [N, 3] metres.
            nearer: metres by which what hides a point is nearer to the camera, at least.

        Returns:
            [N, K] 0 or 1; what lies outside a camera's picture is seen.
        """
        points = points.detach().contiguous()
        shares = torch.empty(len(points), self._count, device=points.device)
        inputs = [vectors(points), *self._cameras, self._map, nearer]
        kernel = strand_kernels().look_up_unhidden
        launch_in_slices(kernel, len(points), inputs, [scalars(shares)], points.device)
        return shares

    def thickness(self, number: int, points: Tensor) -> Tensor:
        """[N] metres from where camera `number` sees the surface to points [N, 3] that lie behind it; 0 and up."""
        axes, position = self._kept[0][number], self._kept[1][number]
        right, down, depth = ((points.detach() - position) @ axes.T).unbind(-1)
        size = self._nearness.shape[1]
        focal = self._kept[2][number]
        column = (0.5 * size + focal * right / depth).long().clamp(0, size - 1)
        row = (0.5 * size + focal * down / depth).long().clamp(0, size - 1)
        nearness = self._nearness[number, row, column]
        nearest = torch.where(nearness > 0.0, 1.0 / nearness.clamp(min=1.0e-6), depth)
        return (depth - nearest).clamp(min=0.0)

    def _spread(self, task: Callable[[int], None], numbers: range) -> None:
        """Run the task for every number; on the CPU side by side, as Warp runs a CPU kernel on one thread.

        Tasks write disjoint memory, and Warp lets go of the interpreter lock while a kernel runs.
        """
        if self._device.is_cpu:
            self._warp.load_module(kernels().draw_nearness.module, device=self._device)
            list(threads().map(task, numbers))
        else:
            for number in numbers:
                task(number)

    def _launch(self, kernel: Any, count: int, inputs: list[Any], outputs: list[Any]) -> None:
        self._warp.launch(kernel, count, inputs=inputs, outputs=outputs, device=self._device, record_tape=False)
