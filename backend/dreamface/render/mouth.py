"""Light in an open mouth: what comes in between the lips is thrown from wall to wall until it leaves again.

A hollow with walls of reflectance r lights itself evenly, nearly (Ulbricht's sphere): of the flux that enters through
an opening of area A, the walls of area W have, on each unit of their area,

    E / E_in = A / (A + (1 - r) W).

Shadows alone would leave a black hole where people have teeth and a tongue.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.face import Topology
from dreamface.render.environment import Environment, irradiance
from dreamface.render.samples import Samples
from dreamface.render.scene import Scene
from dreamface.render.shading import Light, interpolate, unit

MOUTH_WALLS: Final = ("teeth", "gums", "tongue", "gums_and_tongue", "mouth_socket")
"""Materials of the mouth's walls."""

MOUTH_LINING: Final = "mouth_inside"
"""The region of walls that belong to another part."""

_LIPS: Final = tuple(f"multipie_{number:02d}" for number in range(60, 68))  # around the opening
_DEPTH: Final = 40.0e-3  # metres from the lips to the throat
_FLESH: Final = (0.52, 0.26, 0.24)  # reflectance of the walls, linear Rec. 709: gums and tongue, and some teeth
_LEAST_AREA: Final = 1e-7  # square metres; a smaller opening is none


def mouth_light(scene: Scene, samples: Samples, lights: tuple[Light, ...], environment: Environment) -> Tensor | None:
    """Return [N, 3] irradiance over pi that the mouth's walls have from each other; None without an open mouth.

    Args:
        scene: the head.
        samples: N points on it.
        lights: what shines.
        environment: light from all around.
    """
    thrown = wall_light(scene.vertices, scene.topology)
    if thrown is None:
        return None
    inside = _walls(scene, samples)
    if not bool((inside > 0.0).any()):
        return None
    middle, outwards = _opening(scene.vertices, scene.topology)
    entering = irradiance(environment.harmonics(), unit(outwards)[None])
    for light in lights:
        offset = light.position - middle
        distance = torch.linalg.vector_norm(offset)
        entering = entering + (offset @ unit(outwards) / distance).clamp(min=0.0) / distance**2 * light.colour
    return inside * entering * thrown


def wall_light(vertices: Tensor, topology: Topology) -> Tensor | None:
    """Return [3] the light that the mouth's walls have from each other, over what enters; None without an open mouth.

    Args:
        vertices: [V, 3] metres, with the mouth as open as it is.
        topology: the head's.
    """
    if any(name not in topology.landmarks for name in _LIPS):
        return None
    area = torch.linalg.vector_norm(_opening(vertices, topology)[1])
    if float(area) < _LEAST_AREA:
        return None
    edge = _edge(vertices, topology)
    walls = _DEPTH * torch.linalg.vector_norm(edge.roll(-1, 0) - edge, dim=1).sum() + area
    return area / (area + (1.0 - vertices.new_tensor(_FLESH)) * walls)


def _edge(vertices: Tensor, topology: Topology) -> Tensor:
    """[8, 3] points around the opening, from the person's right over the upper lip: seen from the front, clockwise."""
    return vertices[[topology.landmarks[name] for name in _LIPS]]


def _opening(vertices: Tensor, topology: Topology) -> tuple[Tensor, Tensor]:
    """[3] middle of the opening, metres, and [3] its direction outwards, as long as it has square metres."""
    edge = _edge(vertices, topology)
    middle = edge.mean(dim=0)
    return middle, -0.5 * torch.linalg.cross(edge - middle, edge.roll(-1, 0) - middle).sum(dim=0)


def _walls(scene: Scene, samples: Samples) -> Tensor:
    """[N, 1] 0..1 how far samples lie in the mouth."""
    parts = scene.topology.parts
    of_wall = torch.tensor([part.material in MOUTH_WALLS for part in parts], device=scene.vertices.device)
    found = of_wall[scene.part_of_triangle[samples.triangle]].float()[:, None]
    lining = scene.topology.regions.get(MOUTH_LINING)
    if lining is None:
        return found
    corners = scene.triangles[samples.triangle]
    return torch.maximum(found, interpolate(lining.to(found.device)[:, None], corners, samples.barycentric))
