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
from dreamface.render.raster import kernels, scalars, threads, vectors

LIFT = 1.5
"""Texels that a point is lifted off its surface where light grazes it, so that the surface does not shadow itself."""

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

    def __init__(self, vertices: Tensor, triangles: Tensor, cameras: Sequence[Camera], size: int) -> None:
        """Draw them.

        Args:
            vertices: [V, 3] metres.
            triangles: [T, 3] indices into the vertices.
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
        self._kept = (points, corners, axes, positions, focals)  # Warp's arrays only borrow their memory
        self._cameras = [warp.from_torch(axes, dtype=warp.mat33), vectors(positions), scalars(focals)]
        self._map = scalars(self._nearness)
        drawn = [vectors(points), scalars(corners), *self._cameras]
        self._spread(
            lambda number: self._launch(kernels().draw_nearness, len(corners), [*drawn, number], [self._map]),
            range(self._count),
        )

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
