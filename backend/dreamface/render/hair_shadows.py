"""What hair does to light on its way: grids that stand in the light's direction and are dark behind hair.

Each grid is what a camera in the light's place sees, cut into slices. Hairs are spread over its cells; from slice to
slice the shadow grows by what a slice hides, and gets softer, as the lights are wide. That takes the place of marching
towards the light from every point (Lokovic and Veach 2000, "Deep shadow maps"; Yuksel and Keyser 2008, "Deep opacity
maps").
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from dreamface.render.camera import Camera
from dreamface.render.raster import kernels, launch_in_slices, scalars, strand_kernels, threads, vectors


@dataclass(frozen=True)
class Fineness:
    """How fine a grid is.

    Attributes:
        texels: of its side.
        slices: along the light.
        blur: texels, odd: how far the shadow spreads from slice to slice.
        lift: slices that hair is looked up nearer to the light, so that it does not shadow itself.
    """

    texels: int
    slices: int
    blur: int
    lift: float


class HairShadows:
    """The grids of K lights."""

    def __init__(
        self, points: Tensor, areas: Tensor, cameras: Sequence[Camera], radius: float, fineness: Fineness
    ) -> None:
        """Fill them.

        Args:
            points: [N, 3] metres, of hair.
            areas: [N] square metres that each hides.
            cameras: one for each light, from which all points are in the picture.
            radius: metres from what the cameras look at to the furthest point.
            fineness: how fine.
        """
        self._fineness = fineness
        axes = torch.stack([camera.axes(points) for camera in cameras]).contiguous()
        positions = points.new_tensor([camera.position for camera in cameras])
        focals = points.new_tensor([0.5 * fineness.texels / math.tan(0.5 * camera.fov) for camera in cameras])
        targets = points.new_tensor([camera.target for camera in cameras])
        nearest = torch.linalg.vector_norm(targets - positions, dim=1) - radius
        self._thickness = 2.0 * radius / fineness.slices
        self._kept = (axes, positions, focals, nearest)  # Warp's arrays only borrow their memory
        self._cameras = [
            kernels().wp.from_torch(axes, dtype=kernels().wp.mat33), *(scalars_or_vectors(t) for t in self._kept[1:]),
            self._thickness,
        ]  # fmt: skip
        self._shadows = _propagated(self._splat(points, areas, len(cameras)), fineness.blur)

    def _splat(self, points: Tensor, areas: Tensor, count: int) -> Tensor:
        """[K, slices, texels, texels] optical depth of the cells."""
        fine, warp = self._fineness, kernels().wp
        depths = points.new_zeros(count, fine.slices, fine.texels, fine.texels)
        kernel, device = strand_kernels().splat_optical_depth, warp.device_from_torch(points.device)
        places, hidden, grids = vectors(points), scalars(areas), scalars(depths)

        def draw(number: int) -> None:
            inputs = [places, hidden, *self._cameras, number]
            warp.launch(kernel, len(points), inputs=inputs, outputs=[grids], device=device, record_tape=False)

        if device.is_cpu:
            warp.load_module(kernel.module, device=device)
            list(threads().map(draw, range(count)))
        else:
            for number in range(count):
                draw(number)
        return depths

    def passing(self, points: Tensor, *, hair: bool) -> Tensor:
        """[N, K] share 0..1 of each light that hair lets pass to points.

        Args:
            points: [N, 3] metres.
            hair: whether they are hair themselves.
        """
        points = points.contiguous()
        shares = points.new_empty(len(points), len(self._shadows))
        inputs = [vectors(points), *self._cameras, self._fineness.lift if hair else 0.0, scalars(self._shadows)]
        launch_in_slices(
            strand_kernels().look_up_passing, len(points), inputs, [scalars(shares)], points.device
        )  # fmt: skip
        return shares


def scalars_or_vectors(tensor: Tensor) -> object:
    """A tensor [K] or [K, 3] as Warp sees it."""
    return vectors(tensor) if tensor.dim() == 2 else scalars(tensor)


def _propagated(depths: Tensor, blur: int) -> Tensor:
    """[K, slices + 1, H, W] shadow 0..1 on the slices' near faces, and behind the last one; from optical depths."""
    count, slices, height, width = depths.shape
    shadows = depths.new_zeros(count, slices + 1, height, width)
    hidden = 1.0 - torch.exp(-depths)
    current = shadows[:, 0]
    for layer in range(slices):
        current = torch.lerp(hidden[:, layer], torch.ones_like(current), current)
        current = avg_pool2d(current, blur, stride=1, padding=blur // 2)
        shadows[:, layer + 1] = current
    return shadows
