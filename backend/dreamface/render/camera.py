"""Pinhole cameras: world to pixels, and pixels to rays.

Pixel coordinates have their origin at the picture's upper left corner, x to the right and y down; the centre of the
first pixel is (0.5, 0.5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import max_pool1d

FULL_FRAME_HEIGHT = 24.0
"""Short side of a full-frame sensor, millimetres."""

HEADROOM, NECK = 0.09, 0.22
"""Space above the crown, and what is shown below the neck's narrowest stretch, over the height between the two."""

NECK_FROM, NECK_TO = 0.11, 0.30
"""Metres below the crown between which a neck is looked for: heads of children and of giants."""

SHOWN = 0.6
"""Share of what there is below the neck that is shown at most, so that the cut of a small bust is not."""

SHOULDERS = 1.15
"""How much wider than a neck the bust gets below it, at least."""

PARALLEL = 1.0e-4
"""Sine of the angle below which two directions are taken for one."""

OUTLINE_STEP = 0.01
"""Metres between the heights at which the outline's width is taken."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera looking at a point; its pictures are square.

    Attributes:
        position: where it stands, metres.
        target: what is in the middle of the picture, metres.
        fov: angle between the upper and the lower edge of the picture, radians, above 0 and below pi.
        up: direction that is up in the picture; where it is the line of sight itself, any other is.
    """

    position: tuple[float, float, float]
    target: tuple[float, float, float]
    fov: float
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)

    @classmethod
    def around(
        cls, target: tuple[float, float, float], distance: float, yaw: float, pitch: float, fov: float
    ) -> Camera:
        """Return a camera that looks at a target; at angles of 0 it stands in front of a head that looks along -Y.

        Args:
            target: what is in the middle of the picture, metres.
            distance: between the camera and its target, metres.
            yaw: how far the camera walks around the target, radians; above 0 towards +X.
            pitch: how far it climbs above the target, radians.
            fov: angle between the upper and the lower edge of the picture, radians.
        """
        x, y, z = target
        level = distance * math.cos(pitch)
        place = (x + level * math.sin(yaw), y - level * math.cos(yaw), z + distance * math.sin(pitch))
        return cls(place, target, fov)

    def axes(self, like: Tensor) -> Tensor:
        """[3, 3]: rows are the unit directions right, down and forward, on the device of `like`."""
        forward = like.new_tensor(self.target) - like.new_tensor(self.position)
        forward = forward / torch.linalg.vector_norm(forward)
        right = torch.linalg.cross(forward, like.new_tensor(self.up))
        if float(torch.linalg.vector_norm(right)) < PARALLEL * math.hypot(*self.up):
            sideways = (1.0, 0.0, 0.0) if abs(float(forward[0])) < 0.9 else (0.0, 1.0, 0.0)
            right = torch.linalg.cross(forward, torch.linalg.cross(like.new_tensor(sideways), forward))
        right = right / torch.linalg.vector_norm(right)
        return torch.stack((right, torch.linalg.cross(forward, right), forward))

    def to_camera(self, points: Tensor) -> Tensor:
        """World points to camera space: right, down and depth along the line of sight.

        Args:
            points: [..., 3] metres.

        Returns:
            [..., 3] metres; what is in front of the camera has a depth above 0. Differentiable.
        """
        return (points - points.new_tensor(self.position)) @ self.axes(points).T

    def to_pixels(self, points: Tensor, size: int) -> Tensor:
        """World points to the picture.

        Args:
            points: [..., 3] metres, in front of the camera.
            size: side of the picture in pixels.

        Returns:
            [..., 3] pixel x, pixel y and depth in metres. Differentiable.
        """
        right, down, depth = self.to_camera(points).unbind(-1)
        focal = 0.5 * size / math.tan(0.5 * self.fov)
        return torch.stack((0.5 * size + focal * right / depth, 0.5 * size + focal * down / depth, depth), dim=-1)

    def rays(self, pixels: Tensor, size: int) -> Tensor:
        """Directions from the camera through points of the picture.

        Args:
            pixels: [..., 2] pixel x and y.
            size: side of the picture in pixels.

        Returns:
            [..., 3] world directions whose depth is 1, so that position + depth * direction is the point seen.
        """
        tangent = (2.0 * pixels / size - 1.0) * math.tan(0.5 * self.fov)
        return torch.cat((tangent, torch.ones_like(tangent[..., :1])), dim=-1) @ self.axes(pixels)


def pixel_centres(size: int, device: torch.device) -> Tensor:
    """[size, size, 2] x and y of every pixel's centre."""
    steps = torch.arange(size, device=device, dtype=torch.float32) + 0.5
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack((x, y), dim=-1)


def portrait_camera(
    vertices: Tensor, *, yaw: float = 0.0, focal_length: float = 85.0, top: float | None = None
) -> Camera:
    """Frame a head as a portrait photographer would: a long level lens, the whole head and a bit of neck.

    The head is centred, not the shoulders, so a wide bust is cut by the sides of the picture. Where the neck is comes
    from the outline, so every head model is framed alike, whatever its bust and origin.

    Args:
        vertices: [V, 3] metres; the head looks along -Y.
        yaw: how far the camera walks around the head, radians; above 0 it shows more of the person's left side.
        focal_length: full-frame equivalent in millimetres.
        top: height of the top of the hair, metres; None for a head without any.
    """
    points = vertices.detach()
    crown = float(points[:, 2].max())
    neck = _neck_height(points, crown)
    head = points[points[:, 2] > neck]
    x, y = (0.5 * (head.amin(dim=0) + head.amax(dim=0)))[:2].tolist()
    height = crown - neck
    highest = crown if top is None else max(crown, top)
    above, bottom = (
        highest + HEADROOM * height,
        max(neck - NECK * height, neck - SHOWN * (neck - float(points[:, 2].min()))),
    )
    fov = 2.0 * math.atan(0.5 * FULL_FRAME_HEIGHT / focal_length)
    distance = 0.5 * (above - bottom) / math.tan(0.5 * fov)
    middle = 0.5 * (above + bottom)
    return Camera.around((x, y, middle), distance, yaw, 0.0, fov)


def _neck_height(points: Tensor, crown: float) -> float:
    """Height of the neck's narrowest stretch, which is about the chin's: metres."""
    level = ((crown - points[:, 2]) / OUTLINE_STEP).long()
    reach = (points[:, 0] - points[:, 0].median()).abs()
    outline = reach.new_zeros(int(level.max()) + 1).scatter_reduce_(0, level, reach, "amax")
    outline = max_pool1d(outline[None, None], 3, stride=1, padding=1)[0, 0]  # bridges levels between rows of vertices
    levels = range(round(NECK_FROM / OUTLINE_STEP), min(round(NECK_TO / OUTLINE_STEP), len(outline)))
    found = [(float(outline[number]), number) for number in levels if outline[number] > 0.0]
    # Shoulders lie below a neck; a bust narrows again below those, which on a child is no further down.
    found = [at for at in found if float(outline[at[1] :].max()) > SHOULDERS * at[0]] or found
    if not found:
        return float(points[:, 2].min())
    narrow = [number for width, number in found if width < 1.06 * min(found)[0]]
    return crown - OUTLINE_STEP * (sum(narrow) / len(narrow) + 0.5)
