"""Hair in the picture: strands are shaded where they are seen, and laid over the head from the nearest backwards."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from dreamface.hair import Strands
from dreamface.render.camera import Camera
from dreamface.render.depth_maps import DepthMaps, camera_around
from dreamface.render.environment import Environment, fibonacci_sphere
from dreamface.render.fibres import Reaching, shade_strands
from dreamface.render.hair_shadows import Fineness, HairShadows
from dreamface.render.raster import kernels, launch_in_slices, scalars, strand_kernels, vectors
from dreamface.render.samples import GRID, Picture, Samples
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, interpolate
from dreamface.render.shadows import FAR_AWAY, Arriving, ShadowCaster

LAMPS = Fineness(texels=160, slices=40, blur=5, lift=0.6)
"""Grids of the lights: one and a half millimetres on a head of short hair, so that locks shadow each other."""

SKY = Fineness(texels=48, slices=24, blur=3, lift=1.0)
"""Grids of the light from all around."""

SKY_DIRECTIONS, SKY_MAP = 12, 96
"""From how many directions light from all around comes, and texels of the maps that tell where the head hides it."""

SKY_SHADOW = 0.6
"""How much of its shadow hair casts on itself in light from all around; what is missing comes back from hair and skin
that the lights shine on."""

KNOTS = 7
"""Places along a strand where what changes slowly is looked up: the head's shadow and the light from all around."""

HIDES = 1.6 * math.pi / 4.0
"""Area that a hair hides of what is behind it, over its length times its width: a quarter of pi is the mean over all
directions; the rest stands for the hairs that a preview leaves out."""

NEAR_SKIN = 0.003
"""Metres; what is not nearer to a light than this does not shadow hair: the skin that it grows from."""

SUNK, FADE = 2.0e-4, 6.0e-4
"""Metres that hair may lie under the skin and be seen nevertheless, and over which it then fades."""

BEHIND, MARGIN = 0.003, 0.125
"""Metres behind the head and share of the picture outside it, beyond which a point of a hair is not looked at."""

BANDS_EACH, BANDS_ON_GPU = 4, 512
"""Bands of rows per thread, so that all finish together; and on a GPU, where each band is a thread."""

LAMP_POINTS, SKY_POINTS = 32, 10
"""Points of a strand that cast its shadow, at most."""


class Hair:
    """Strands that stand on a scene's head."""

    def __init__(self, scene: Scene, strands: Strands, lights: tuple[Light, ...], environment: Environment) -> None:
        """Find what the strands hide of the light.

        Args:
            scene: the head.
            strands: at least one.
            lights: what shines.
            environment: what shines from far away.
        """
        self._scene, self._lights, self._environment = scene, lights, environment
        points = strands.points.float().contiguous()
        self._strands = replace(
            strands,
            points=points,
            radius=strands.radius.float().contiguous(),
            colour=strands.colour.float().contiguous(),
        )
        flat = points.view(-1, 3)
        lowest, highest = flat.amin(dim=0), flat.amax(dim=0)
        self._middle = 0.5 * (lowest + highest)
        self._radius = 0.5 * float(torch.linalg.vector_norm(highest - lowest)) + 1.0e-3
        areas = _areas(self._strands)
        self._directions = fibonacci_sphere(SKY_DIRECTIONS, points.device)
        lamps = [self._framed(light.position) for light in lights]
        self._lamps = HairShadows(*_thinned(points, areas, LAMP_POINTS), lamps, self._radius, LAMPS)
        self._sky_cameras = [self._framed(eye) for eye in self._middle + FAR_AWAY * self._radius * self._directions]
        self._sky = HairShadows(*_thinned(points, areas, SKY_POINTS), self._sky_cameras, self._radius, SKY)

    def _framed(self, eye: Tensor) -> Camera:
        return camera_around(eye, self._middle, self._radius)

    def over(self, arriving: Arriving, samples: Samples) -> Arriving:
        """What is left of the light on samples of the head after it has come through the hair."""
        scene = self._scene
        corners = scene.triangles[samples.triangle]
        position = interpolate(scene.vertices, corners, samples.barycentric)
        passing = self._lamps.passing(position, hair=False).unbind(1)
        cosine = (scene.normals @ self._directions.T).clamp(min=0.0)
        free = (cosine * self._sky.passing(scene.vertices, hair=False)).sum(dim=1) / cosine.sum(dim=1).clamp(min=1.0e-6)
        free = interpolate(free[:, None], corners, samples.barycentric)
        return replace(
            arriving,
            lit=tuple(lit * share[:, None] for lit, share in zip(arriving.lit, passing, strict=True)),
            around=arriving.around * free,
            openness=arriving.openness * free,
        )

    def picture(self, head: Picture, caster: ShadowCaster | None) -> Tensor:
        """[GRID * size, GRID * size, 4] linear colour times opacity, and opacity.

        Args:
            head: what hides the hair behind it.
            caster: where the head's shadow falls; None: one is made.
        """
        strands, camera = self._strands, self._scene.camera
        places, seen = project(strands, camera, head.depth)
        eye = head.depth.new_tensor(camera.position)
        radiance = shade_strands(strands, seen, self._reaching(caster), self._lights, eye)
        return draw(places, seen, radiance, head.depth)

    def lit_by(self, caster: ShadowCaster | None, points: Tensor) -> Tensor:
        """[N, L] share of each light that the head lets pass to points ([N, 3] metres); arguments as `picture`."""
        if caster is None:
            caster = ShadowCaster(self._scene, self._lights, self._environment, self._strands.points.view(-1, 3))
        return caster.lit(points, NEAR_SKIN)

    def _reaching(self, caster: ShadowCaster | None) -> Reaching:
        strands = self._strands
        count, length = strands.points.shape[:2]
        passing = self._lamps.passing(strands.points.view(-1, 3), hair=True).view(count, length, -1)
        knots = _at_knots(strands.points)
        flat = knots.reshape(-1, 3)
        lit = self.lit_by(caster, flat).view(count, KNOTS, -1)
        return Reaching(passing, lit.contiguous(), self._around(flat, strands).view(count, KNOTS, 3).contiguous())

    def _around(self, knots: Tensor, strands: Strands) -> Tensor:
        scene = self._scene
        casting = scene.triangles[scene.solid]
        maps = DepthMaps(
            scene.vertices, casting, torch.ones(len(casting), device=knots.device), self._sky_cameras, SKY_MAP
        )  # fmt: skip
        free = maps.unhidden(knots, 2.0 * self._radius / SKY_MAP + NEAR_SKIN)
        brightness = strands.colour.mean(dim=(1, 2)).clamp(0.0, 1.0).sqrt().repeat_interleave(KNOTS)
        passing = self._sky.passing(knots, hair=True).clamp(min=1.0e-4) ** (
            SKY_SHADOW * (1.0 - 0.8 * brightness[:, None])
        )
        radiance = self._environment.radiance(self._directions)
        return 2.0 * (free * passing) @ radiance / len(radiance)


def has_length(strands: Strands | None) -> bool:
    """Whether there is any hair to draw."""
    return strands is not None and len(strands) > 0 and strands.points.shape[1] > 1


def over(samples: Samples, colour: Tensor, hair: Tensor, size: int) -> Tensor:
    """[N, 3] linear colour of samples with hair (from `Hair.picture`) over them."""
    fine = GRID * size
    column, row = (samples.place * GRID).long().unbind(1)
    found = hair.view(-1, 4)[row * fine + column]
    whole = samples.share > 0.5
    means = hair.view(size, GRID, size, GRID, 4).mean(dim=(1, 3)).view(-1, 4)
    found = torch.where(whole[:, None], means[samples.pixel], found)
    return colour * (1.0 - found[:, 3:]) + found[:, :3]


def _areas(strands: Strands) -> Tensor:
    """[N, P] square metres that the stretch of hair around each point hides, seen from anywhere."""
    lengths = torch.linalg.vector_norm(strands.points.diff(dim=1), dim=2)
    halves = torch.nn.functional.pad(lengths, (0, 1)) + torch.nn.functional.pad(lengths, (1, 0))
    return (HIDES * halves * strands.radius).contiguous()


def _at_knots(points: Tensor) -> Tensor:
    """[N, KNOTS, 3] places evenly along strands [N, P, 3]."""
    at = torch.linspace(0.0, points.shape[1] - 1.0, KNOTS, device=points.device)
    first = at.long().clamp(max=max(0, points.shape[1] - 2))
    second = (first + 1).clamp(max=points.shape[1] - 1)
    return torch.lerp(points[:, first], points[:, second], (at - first)[:, None])


def project(strands: Strands, camera: Camera, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Where strands of N hairs with P points are in a picture.

    Args:
        strands: hair.
        camera: where it is seen from.
        depth: [F, F] metres of what hides it.

    Returns:
        [N, P, 4] pixel x and y, depth in metres and half the width in pixels; and [N, P] bool, what may be seen.
    """
    module, warp = strand_kernels(), kernels().wp
    places = strands.points.new_empty(*strands.points.shape[:2], 4)
    seen = torch.empty(strands.points.shape[:2], dtype=torch.bool, device=depth.device)
    fine = len(depth)
    inputs = [
        vectors(strands.points), scalars(strands.radius), warp.mat33(*camera.axes(depth).flatten().tolist()),
        warp.vec3(*camera.position), 0.5 * fine / math.tan(0.5 * camera.fov), scalars(depth), BEHIND, MARGIN * fine,
    ]  # fmt: skip
    outputs = [warp.from_torch(places, dtype=warp.vec4), scalars(seen)]
    launch_in_slices(module.project_points, seen.numel(), inputs, outputs, depth.device)
    return places, seen


def draw(places: Tensor, seen: Tensor, radiance: Tensor, depth: Tensor) -> Tensor:
    """[F, F, 4] the picture of strands: linear colour times opacity, and opacity.

    Args:
        places: [N, P, 4] as from `project`.
        seen: [N, P] bool as from `project`.
        radiance: [N, P, 3] linear colour of the points.
        depth: [F, F] metres of what hides them.
    """
    warp = kernels().wp
    count, length = seen.shape
    fine, flat = len(depth), places.view(-1, 4)
    picture = torch.zeros(fine, fine, 4, device=depth.device)
    starts = torch.arange(count * length, device=depth.device).view(count, length)[:, :-1]
    starts = starts[seen[:, :-1] | seen[:, 1:]]
    starts = starts[torch.argsort(flat[starts, 2] + flat[starts + 1, 2], stable=True)]
    bands = _bands(flat, starts, fine)
    inputs = [
        *(scalars(part) for part in bands), warp.from_torch(flat, dtype=warp.vec4), vectors(radiance.view(-1, 3)),
        scalars(depth), SUNK, FADE, warp.from_torch(picture, dtype=warp.vec4),
    ]  # fmt: skip
    launch_in_slices(strand_kernels().draw_bands, len(bands[2]) - 1, inputs, [], depth.device, length=1)
    return picture


def _bands(flat: Tensor, starts: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Share the segments out among bands of rows that hold about as many each.

    Args:
        flat: [N, 4] all points.
        starts: [S] those at which segments start, in order.
        size: rows.

    Returns:
        [M] segments of all bands one after the other, [B + 1] where in it each band begins, [B + 1] its first row.
    """
    one, other = flat[starts], flat[starts + 1]
    margin = torch.maximum(one[:, 3], other[:, 3]) + 1.0
    upper = torch.minimum(one[:, 1], other[:, 1]) - margin
    lower = torch.maximum(one[:, 1], other[:, 1]) + margin
    count = BANDS_EACH * (os.cpu_count() or 1) if flat.device.type == "cpu" else BANDS_ON_GPU
    some = upper[:: max(1, len(upper) // 4096)].clamp(0.0, size).sort().values
    cuts = some[torch.linspace(0, max(0, len(some) - 1), count + 1, device=some.device).long()] if len(some) else some
    rows = sorted({0, *cuts[1:-1].int().tolist(), size})
    parts = [starts[(upper < stop) & (lower > first)] for first, stop in pairwise(rows)]
    begins = torch.tensor([0, *accumulate(len(part) for part in parts)], dtype=torch.int32, device=flat.device)
    return torch.cat(parts).int(), begins, torch.tensor(rows, dtype=torch.int32, device=flat.device)


def _thinned(points: Tensor, areas: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """[M, 3] places that stand for all points [N, P, 3] of strands, at most `most` for each, and [M] their areas."""
    step = -(-points.shape[1] // most)
    short = -points.shape[1] % step
    grouped = torch.nn.functional.pad(areas, (0, short)).view(len(points), -1, step).sum(dim=2)
    index = (torch.arange(grouped.shape[1], device=points.device) * step + step // 2).clamp(max=points.shape[1] - 1)
    return points[:, index].reshape(-1, 3), grouped.reshape(-1)
