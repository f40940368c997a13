"""What reaches points of the head: how much of each light, of the light from all around, and through thin skin."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from dreamface.render.depth_maps import DepthMaps, camera_around
from dreamface.render.environment import Environment, fibonacci_sphere, irradiance, spiral_disc
from dreamface.render.scattering import transmittance
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, around_axis, unit
from dreamface.render.veil import triangle_opacity

MAP_SHARE, AROUND_SHARE = 1.0, 0.5
"""Side of the lights' and the surroundings' depth maps over that of the picture; what is in the picture fills them at
every distance."""

LARGEST_MAP = 768
"""Texels; larger ones make no visible difference."""

AROUND = 24
"""Directions that the light from all around is taken from."""

BEHIND = 0.6
"""Cosine to the line of sight above which a direction is left out: what the camera sees faces away from it."""

PORTRAIT, CLOSEST = 0.16, 4.0
"""Metres from the middle of what is in a picture to its furthest point, above which the numbers of maps are as told;
nearer there are more, as the steps between their shadows show, but not more than so many times."""

FAR_AWAY = 20.0
"""How far off those directions' cameras stand, in radii of what they look at."""

WRAP_LIMIT = -0.2
"""Cosine of the angle to a light below which nothing of it arrives, however wide it is."""

TURNED = 0.25
"""Cosine to which a surface must be turned away from a light before any comes through from behind: next to the shadow's
border there is no other side, only the surface itself at a slant."""


@dataclass(frozen=True)
class Arriving:
    """Light that reaches N points.

    Attributes:
        lit: for each light, [N, 1] the share of it that is seen.
        around: [N, 3] irradiance over pi from all around, without what bounces.
        openness: [N, 1] share of the hemisphere above that is free, weighted by the cosine.
        through: [N, 3] irradiance over pi that comes through from the other side.
    """

    lit: tuple[Tensor, ...]
    around: Tensor
    openness: Tensor
    through: Tensor


class ShadowCaster:
    """The depth maps of a scene's lights and surroundings, framed around what is in the picture."""

    def __init__(self, scene: Scene, lights: tuple[Light, ...], environment: Environment, seen: Tensor) -> None:
        """Draw the maps.

        Args:
            scene: what casts the shadows.
            lights: what shines.
            environment: what shines from far away.
            seen: [M, 3] the points in the picture, metres; at least one.
        """
        lowest, highest = seen.amin(dim=0), seen.amax(dim=0)
        middle = 0.5 * (lowest + highest)
        radius = float(torch.linalg.vector_norm(seen - middle, dim=1).max()) + 1.0e-4
        closer = min(max(1.0, PORTRAIT / radius), CLOSEST)
        everywhere = fibonacci_sphere(round(closer * AROUND), seen.device)
        self._lights, self._environment = lights, environment
        self._directions = everywhere[everywhere @ scene.camera.axes(seen)[2] < BEHIND]
        places = [points_on(light, middle, round(closer * light.shadow_points)) for light in lights]
        self._groups = list(pairwise(accumulate((len(group) for group in places), initial=0)))

        casting = torch.cat((scene.solid, scene.veil))
        opacity = torch.cat((torch.ones_like(scene.solid, dtype=torch.float32), triangle_opacity(scene, scene.veil)))

        def maps(eyes: Tensor, share: float) -> DepthMaps:
            cameras = [camera_around(eye, middle, radius) for eye in eyes]
            size = min(LARGEST_MAP, max(16, round(share * scene.size)))
            return DepthMaps(scene.vertices, scene.triangles[casting], opacity, cameras, size)

        self._lamps = maps(torch.cat(places), MAP_SHARE)
        self._sky = maps(middle + FAR_AWAY * radius * self._directions, AROUND_SHARE)

    def arriving(self, position: Tensor, smooth: Tensor, normal: Tensor, length: Tensor) -> Arriving:
        """What reaches points.

        Args:
            position: [N, 3] metres.
            smooth: [N, 3] normals of the mesh.
            normal: [N, 3] normals with the fine relief.
            length: [N, 3] metres that light goes under the surface, as in `diffusion_length`.
        """
        seen = self._lamps.visible(position, smooth, WRAP_LIMIT)
        around, openness = self._around(normal, self._sky.visible(position, smooth, WRAP_LIMIT))
        return Arriving(
            lit=tuple(seen[:, first:stop].mean(dim=1, keepdim=True) for first, stop in self._groups),
            around=around,
            openness=openness,
            through=self._through(position, smooth, length),
        )

    def lit(self, points: Tensor, nearer: float) -> Tensor:
        """[N, L] share of each light that reaches points ([N, 3] metres) that lie on no surface.

        Args:
            points: such as those of hair.
            nearer: metres that what hides a point must be nearer to the light.
        """
        seen = self._lamps.unhidden(points, nearer)
        return torch.stack([seen[:, first:stop].mean(dim=1) for first, stop in self._groups], dim=1)

    def _around(self, normal: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """The light from all around that is left by what hides `seen` ([N, K]) of it, and the share of even light.

        The harmonics know how much there would be, so that few directions are enough to tell how much is hidden.
        """
        cosine = (normal @ self._directions.T).clamp(min=0.0)
        radiance = self._environment.radiance(self._directions)
        radiance = torch.cat((radiance, torch.ones_like(radiance[:, :1])), dim=1)
        share = (cosine * seen) @ radiance / (cosine @ radiance)
        open_air = irradiance(self._environment.harmonics(), normal)
        return open_air * share[:, :3], share[:, 3:]

    def _through(self, position: Tensor, smooth: Tensor, length: Tensor) -> Tensor:
        """Light from behind, as much as the thickness lets through: ears and nostrils glow."""
        found = torch.zeros_like(position)
        for light, (first, _) in zip(self._lights, self._groups, strict=True):
            offset = light.position - position
            distance = torch.linalg.vector_norm(offset, dim=1, keepdim=True)
            cosine = -(smooth * offset).sum(dim=1, keepdim=True) / distance
            turned = (cosine - TURNED) / (1.0 - TURNED)
            behind = torch.nonzero((turned[:, 0] > 0.0) & (length.amax(dim=1) > 0.0))[:, 0]
            thickness = self._lamps.thickness(first, position[behind])[:, None]
            passing = transmittance(thickness, length[behind]) * turned[behind] / distance[behind] ** 2
            found[behind] += passing * light.colour
        return found


def points_on(light: Light, middle: Tensor, count: int) -> Tensor:
    """[count, 3] points spread over a light's disc, which faces `middle` ([3] metres)."""
    side, above = around_axis(unit(middle - light.position)[None])
    disc = light.radius * spiral_disc(count, middle.device)
    return light.position + disc[:, :1] * side + disc[:, 1:] * above
