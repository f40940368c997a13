"""Light from all around: a soft gradient with glowing panels in it, known everywhere in closed form.

Panels are spherical Gaussians, colour * exp(sharpness * (cosine - 1)): blurring one by a glossy lobe gives another, so
that mirrors of any roughness need no pictures (Wang et al. 2009, "All-frequency rendering of dynamic, spatially-varying
reflectance"). Matt surfaces get the light's nine spherical harmonics (Ramamoorthi and Hanrahan 2001, "An efficient
representation for irradiance environment maps").
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

SHARPEST = 1.0e6
"""Sharpness of a mirror's lobe: a thousandth of a radian wide."""

HARMONIC_SAMPLES = 1024
"""Directions that the harmonics are summed over; the panels are wide, so few would do."""

# The cosine lobe's own first three bands over pi (Ramamoorthi and Hanrahan 2001, equation 8).
_COSINE_BANDS = (1.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 0.25, 0.25, 0.25, 0.25, 0.25)


@dataclass(frozen=True)
class Environment:
    """Light from far away.

    Attributes:
        sky: [3] radiance from straight above.
        ground: [3] radiance from straight below; in between it goes evenly from one to the other.
        axes: [P, 3] unit directions towards the panels.
        colours: [P, 3] radiance in the panels' middle.
        sharpness: [P] how narrow the panels are.
    """

    sky: Tensor
    ground: Tensor
    axes: Tensor
    colours: Tensor
    sharpness: Tensor

    def radiance(self, direction: Tensor, lobe: Tensor | None = None) -> Tensor:
        """What is seen in directions, all around them by a lobe's width.

        Args:
            direction: [N, 3] unit vectors.
            lobe: [N, 1] sharpness of the lobe that it is averaged over; None: a mirror's.

        Returns:
            [N, 3] linear radiance.
        """
        if lobe is None:
            lobe = direction.new_full((1, 1), SHARPEST)
        wide = self.sharpness * lobe / (self.sharpness + lobe)
        glow = wide / self.sharpness * torch.exp(wide * (direction @ self.axes.T - 1.0))
        # The mean height of a lobe's directions is that of its axis times coth(s) - 1 / s.
        narrow = 1.0 / torch.tanh(lobe) - 1.0 / lobe
        gradient = torch.lerp(self.ground, self.sky, 0.5 + 0.5 * narrow * direction[:, 2:])
        return gradient + glow @ self.colours

    def harmonics(self) -> Tensor:
        """[9, 3] coefficients of the light that falls on matt surfaces, over pi; see `irradiance`."""
        directions = fibonacci_sphere(HARMONIC_SAMPLES, self.sky.device)
        basis = harmonic_basis(directions)
        projected = basis.T @ self.radiance(directions) * (4.0 * math.pi / HARMONIC_SAMPLES)
        return projected * projected.new_tensor(_COSINE_BANDS)[:, None]


def irradiance(harmonics: Tensor, normal: Tensor) -> Tensor:
    """[N, 3] irradiance over pi on surfaces with normals [N, 3], from `Environment.harmonics` ([9, 3])."""
    return (harmonic_basis(normal) @ harmonics).clamp(min=0.0)


def harmonic_basis(direction: Tensor) -> Tensor:
    """[N, 9] real spherical harmonics of the first three bands at unit vectors [N, 3]."""
    x, y, z = direction.unbind(-1)
    columns = (
        torch.full_like(x, 0.282095),
        0.488603 * y,
        0.488603 * z,
        0.488603 * x,
        1.092548 * x * y,
        1.092548 * y * z,
        0.315392 * (3.0 * z * z - 1.0),
        1.092548 * x * z,
        0.546274 * (x * x - y * y),
    )
    return torch.stack(columns, dim=-1)


def fibonacci_sphere(count: int, device: torch.device) -> Tensor:
    """[count, 3] evenly spread unit vectors on a golden-angle spiral."""
    steps = torch.arange(count, device=device) + 0.5
    z = 1.0 - 2.0 * steps / count
    angle = steps * (math.pi * (3.0 - math.sqrt(5.0)))
    ring = torch.sqrt(1.0 - z * z)
    return torch.stack((ring * torch.cos(angle), ring * torch.sin(angle), z), dim=1)


def spiral_disc(count: int, device: torch.device) -> Tensor:
    """[count, 2] points evenly spread over the unit disc on a golden-angle spiral (Vogel 1979)."""
    steps = torch.arange(count, device=device) + 0.5
    radius, angle = torch.sqrt(steps / count), steps * (math.pi * (3.0 - math.sqrt(5.0)))
    return torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=1)
