"""Quick pictures of random people who make faces, to learn from how a landmark tracker sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dreamface.face import Head, Maps, Material, pose
from dreamface.head import load_model
from dreamface.pipeline import build_head
from dreamface.prior import complete
from dreamface.render import Camera, rasterise
from dreamface.render.shading import interpolate, sample_texture, unit, vertex_normals
from dreamface.skin import Painter, materials
from dreamface.traits import ARKIT_SHAPES, Traits

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Light:
    """Where light comes from.

    Attributes:
        direction: [3] unit vector towards the lamp.
        strength: of the lamp, where white skin that faces it is 1.
        ambient: of the light from everywhere.
        colour: [3] of the lamp.
    """

    direction: Tensor
    strength: float
    ambient: float
    colour: Tensor


@dataclass(frozen=True)
class Shown:
    """What N pixels of a picture show of a head.

    Attributes:
        hit: [S, S] bool: which pixels.
        triangles: [N] of the head's.
        normals: [N, 3] unit.
        albedo: [N, 3] linear.
    """

    hit: Tensor
    triangles: Tensor
    normals: Tensor
    albedo: Tensor


@dataclass(frozen=True)
class Person:
    """A random person, ready for pictures.

    Attributes:
        head: neutral.
        shapes: [52, V, 3] metres.
        surfaces: materials by name.
        maps: textures by tile.
    """

    head: Head
    shapes: Tensor
    surfaces: dict[str, Material]
    maps: Maps

    @classmethod
    def of(cls, model: str, seed: int, traits: Traits | None = None, resolution: int = 512) -> Person:
        """Draw a person whom nobody has asked anything of."""
        person = complete(traits or Traits(), seed)
        head = build_head(model, person, seed)
        maps = Painter().paint(head, person, resolution=resolution, seed=seed)
        shapes = load_model(model).shapes(head)[: len(ARKIT_SHAPES)]
        return cls(head, shapes, dict(materials(head, person)), maps)

    @cached_property
    def opaque(self) -> Tensor:
        """Indices of the triangles that can be seen without looking through anything."""
        topology = self.head.topology
        counts = torch.tensor([2 * (part.faces[1] - part.faces[0]) for part in topology.parts])
        shown = torch.tensor([self._is_opaque(part.material) for part in topology.parts])
        return torch.nonzero(shown.repeat_interleave(counts))[:, 0]

    def _is_opaque(self, name: str) -> bool:
        material = self.surfaces[name]
        return material.transmission == 0.0 and "opacity" not in self.maps.get(material.tile or "", {})

    def posed(self, weights: Tensor) -> Tensor:
        """[V, 3] vertices in metres at weights [52]."""
        moved = torch.nonzero(weights)[:, 0]
        return pose(self.head.vertices, self.shapes[moved], weights[moved])

    def snapshot(self, vertices: Tensor, camera: Camera, size: int, light: Light, backdrop: float) -> Picture:
        """Take a picture [size, size, 3] of vertices [V, 3], encoded with a gamma of 2.2."""
        encoded = self.shaded(vertices, camera, size, light, backdrop) ** (1.0 / 2.2) * 255.0
        return encoded.round().to(torch.uint8).numpy()

    def shaded(self, vertices: Tensor, camera: Camera, size: int, light: Light, backdrop: float) -> Tensor:
        """Return [size, size, 3] linear 0..1 of vertices [V, 3]: colour and a matt shade, no more."""
        shown = self.shown(vertices, camera, size)
        lamp = (shown.normals @ light.direction).clamp(min=0.0)[:, None] * light.strength * light.colour
        colour = shown.albedo * (light.ambient * (0.75 + 0.25 * shown.normals[:, 2:]) + lamp)
        picture = torch.full((size, size, 3), backdrop)
        picture[shown.hit] = colour
        return picture.clamp(0.0, 1.0)

    def shown(self, vertices: Tensor, camera: Camera, size: int) -> Shown:
        """Return what a camera's picture of size x size pixels shows of vertices [V, 3], without any light."""
        topology = self.head.topology
        triangles = topology.triangles[self.opaque]
        seen = rasterise(vertices, triangles, camera, size)
        hit = seen.triangle >= 0
        which, barycentric = self.opaque[seen.triangle[hit]], seen.barycentric[hit]
        normals = vertex_normals(vertices, triangles)
        normal = unit(interpolate(normals, topology.triangles[which], barycentric))
        return Shown(hit, which, normal, self._albedo(which, barycentric))

    @cached_property
    def _surface_of_triangle(self) -> tuple[Tensor, list[tuple[Tensor, Tensor | None]]]:
        """[T] index into a list of base colours [3] and albedo maps."""
        topology = self.head.topology
        numbers: list[int] = []
        surfaces: list[tuple[Tensor, Tensor | None]] = []
        for part in topology.parts:
            material = self.surfaces[part.material]
            albedo = self.maps.get(part.tile or material.tile or "", {}).get("albedo")
            numbers += [len(surfaces)] * (2 * (part.faces[1] - part.faces[0]))
            surfaces.append((torch.tensor(material.base_colour), albedo))
        return torch.tensor(numbers), surfaces

    def _albedo(self, triangle: Tensor, barycentric: Tensor) -> Tensor:
        """Return [N, 3] linear albedo at points of triangles."""
        topology = self.head.topology
        uv = interpolate(topology.uv, topology.triangle_uvs[triangle], barycentric)
        numbers, surfaces = self._surface_of_triangle
        number = numbers[triangle]
        colours = torch.ones(len(triangle), 3)
        for seen in set(number.tolist()):
            inside = torch.nonzero(number == seen)[:, 0]
            base, albedo = surfaces[seen]
            colours[inside] = base if albedo is None else base * sample_texture(albedo, uv[inside])
        return colours


@dataclass(frozen=True)
class View:
    """How a head stands before a camera, which is at the origin and looks along +Y.

    Attributes:
        rotation: [3, 3] of the head.
        position: [3] metres: of the head's origin.
        focal: of the lens, in heights of the picture.
    """

    rotation: Tensor
    position: Tensor
    focal: float

    @property
    def camera(self) -> Camera:
        """As the renderer has it."""
        return Camera((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), 2.0 * math.atan(0.5 / self.focal))

    def place(self, points: Tensor) -> Tensor:
        """[..., 3] points of the head, before the camera."""
        return points @ self.rotation.T + self.position


def rotation(yaw: float, pitch: float, roll: float) -> Tensor:
    """[3, 3]: rolled about Y, pitched about X, turned about Z, as `Performance` has it; radians."""
    (cy, sy), (cp, sp), (cr, sr) = ((math.cos(a), math.sin(a)) for a in (yaw, pitch, roll))
    about_z = torch.tensor([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    about_x = torch.tensor([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    about_y = torch.tensor([[cr, 0.0, sr], [0.0, 1.0, 0.0], [-sr, 0.0, cr]])
    return about_z @ about_x @ about_y


def front_direction(azimuth: float, height: float) -> Tensor:
    """Return [3] the unit vector towards something in front of a head: radians to the side, and above the horizon."""
    return torch.tensor(
        [math.sin(azimuth) * math.cos(height), -math.cos(azimuth) * math.cos(height), math.sin(height)]
    ).float()


def random_light(generator: np.random.Generator) -> Light:
    """A lamp somewhere in front, hard or soft, cool or warm."""
    azimuth, height = generator.uniform(-1.4, 1.4), generator.uniform(-0.3, 1.1)
    warmth = generator.uniform(-0.12, 0.12)
    strength = generator.uniform(0.4, 1.3)
    ambient, colour = generator.uniform(0.35, 0.8), torch.tensor([1 + warmth, 1.0, 1 - warmth]).float()
    return Light(front_direction(azimuth, height), strength, ambient, colour)


def random_view(generator: np.random.Generator, head: Head, spread: float = 1.0) -> View:
    """A head that looks roughly at a lens that may be long or short."""
    turn = rotation(*(generator.normal(0.0, sigma * spread) for sigma in (0.30, 0.16, 0.12)))
    focal = float(np.exp(generator.uniform(np.log(0.9), np.log(3.0))))
    share, aside, up = (generator.uniform(*span) for span in ((0.45, 0.85), (-0.15, 0.15), (-0.12, 0.12)))
    return framed(head, turn, focal, share, (aside, up))


def framed(head: Head, turn: Tensor, focal: float, share: float, off: tuple[float, float]) -> View:
    """Return how a head stands before a lens that shows it in a given size at a given place.

    Args:
        head: at rest.
        turn: [3, 3] from its axes to the camera's.
        focal: of the lens, in heights of the picture.
        share: of the picture's height that the head's 0.24 m take.
        off: how far it is to the right and up from the picture's middle, in heights of the picture.
    """
    distance = focal * 0.24 / share
    aside, up = (part * distance / focal for part in off)
    place = torch.tensor([aside, distance, up]).float()
    middle = head.landmark("multipie_30") - torch.tensor([0.0, -0.03, 0.0])
    return View(turn.float(), place - turn.float() @ middle, focal)
