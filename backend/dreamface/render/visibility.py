"""Which triangle every pixel of several views shows, and how pixels blend along outlines: by Warp, or by nvdiffrast.

Warp is always there. nvdiffrast (Laine et al. 2020, "Modular primitives for high-performance differentiable
rendering") is used on CUDA where the user has installed it; its licence is not for commercial work, so it is never
installed for them.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any, Final, Protocol

import torch
from torch import Tensor

from dreamface.render.camera import pixel_centres
from dreamface.render.outlines import Outlines, blend_outlines
from dreamface.render.raster import NEAR, RayMesh, scan


class Rasteriser(Protocol):
    """What the differentiable renderer needs beside torch."""

    def triangles(self, projected: Tensor, triangles: Tensor, size: int) -> Tensor:
        """Return [B, S, S] int64 index of the triangle that each pixel's centre shows, -1 where there is none.

        Args:
            projected: [B, V, 3] pixel x, pixel y and depth in metres.
            triangles: [T, 3] int64.
            size: S.
        """
        ...

    def antialias(self, image: Tensor, depth: Tensor, projected: Tensor, outlines: Outlines) -> Tensor:
        """Return [B, S, S, C] an image whose pixels along outlines are blended by how much each side covers of them.

        Through those shares, vertices get the gradients of what they hide and show.

        Args:
            image: [B, S, S, C].
            depth: [B, S, S] metres along the line of sight; infinite where a pixel shows nothing.
            projected: [B, V, 3] as for `triangles`; differentiable.
            outlines: of the same mesh.
        """
        ...


class WarpRasteriser:
    """Visibility by Warp, and blending in torch; on the CPU and on CUDA. Warp knows no other device: the CPU looks."""

    def triangles(self, projected: Tensor, triangles: Tensor, size: int) -> Tensor:
        """See `Rasteriser`."""
        views, device = projected.detach(), projected.device
        if device.type == "cuda":
            return torch.stack([shown_by_rays(view, triangles, size) for view in views])
        views, triangles = views.cpu(), triangles.cpu()
        return torch.stack([scan(view, triangles, size) for view in views]).to(device)

    def antialias(self, image: Tensor, depth: Tensor, projected: Tensor, outlines: Outlines) -> Tensor:
        """See `Rasteriser`."""
        return blend_outlines(image, depth, projected, outlines)


def shown_by_rays(projected: Tensor, triangles: Tensor, size: int) -> Tensor:
    """Return [S, S] int64 what each pixel shows, by rays through the picture's own space.

    With the inverse of the depth as third coordinate, flat triangles stay flat, and the nearest has the largest one.

    Args:
        projected: [V, 3] pixel x, pixel y and depth in metres.
        triangles: [T, 3] int64.
        size: S.
    """
    depth = projected[:, 2:]
    # Triangles with a corner that is too near are left out.
    kept = torch.nonzero((depth[triangles, 0] > NEAR).all(dim=1))[:, 0]
    if not len(kept):
        return torch.full((size, size), -1, device=projected.device)
    picture = torch.cat((projected[:, :2], size / depth.clamp_min(NEAR)), dim=1)
    centres = pixel_centres(size, projected.device).reshape(-1, 2)
    above = float(picture[:, 2].max()) + 1.0
    origins = torch.cat((centres, torch.full_like(centres[:, :1], above)), dim=1)
    down = centres.new_tensor((0.0, 0.0, -1.0)).expand_as(origins)
    found = RayMesh(picture, triangles[kept]).cast(origins, down).triangle
    return torch.where(found >= 0, kept[found.clamp_min(0)], -1).view(size, size)


class NvdiffrastRasteriser:
    """Both by nvdiffrast, on CUDA."""

    def __init__(self) -> None:
        """Make its context.

        Raises:
            ImportError: it is not installed.
        """
        import nvdiffrast.torch  # type: ignore[import-not-found]

        self._module: Any = nvdiffrast.torch
        self._context: Any = self._module.RasterizeCudaContext()

    def triangles(self, projected: Tensor, triangles: Tensor, size: int) -> Tensor:
        """See `Rasteriser`."""
        return self._raster(projected.detach(), triangles, size)[..., 3].long() - 1

    def antialias(self, image: Tensor, depth: Tensor, projected: Tensor, outlines: Outlines) -> Tensor:
        """See `Rasteriser`."""
        size, corners = image.shape[1], outlines.triangles.int().contiguous()
        raster = self._raster(projected.detach(), outlines.triangles, size)
        found: Tensor = self._module.antialias(image.contiguous(), raster, _clip(projected, size), corners)
        return found

    def _raster(self, projected: Tensor, triangles: Tensor, size: int) -> Tensor:
        corners = triangles.int().contiguous()
        raster: Tensor = self._module.rasterize(self._context, _clip(projected, size), corners, (size, size))[0]
        return raster


def _clip(projected: Tensor, size: int) -> Tensor:
    """Return [B, V, 4] clip space coordinates, whose rows grow downwards as ours do."""
    place, depth = projected[..., :2], projected[..., 2:]
    return torch.cat(((2.0 * place / size - 1.0) * depth, depth - 2.0 * NEAR, depth), dim=-1).contiguous()


_WARP: Final = WarpRasteriser()


def has_nvdiffrast() -> bool:
    """Return whether nvdiffrast can be used here: it is installed, and there is a CUDA device."""
    return torch.cuda.is_available() and find_spec("nvdiffrast") is not None


@cache
def _nvdiffrast() -> Rasteriser | None:
    """Return it; None where it is not installed, or does not load."""
    try:
        return NvdiffrastRasteriser() if has_nvdiffrast() else None
    except (ImportError, OSError, RuntimeError):  # it compiles itself when it is first used, and may fail to
        return None


def rasteriser(device: torch.device) -> Rasteriser:
    """Return what to use for tensors on a device."""
    return (_nvdiffrast() or _WARP) if device.type == "cuda" else _WARP
