"""What lids and lips keep of the light from what lies behind them, as colours of vertices.

Viewers of glTF cast no shadows into an eye or a mouth: whites would seem to be lit from inside, and a mouth would be
flat and as bright as the lips. Colours of vertices survive in every viewer, need no texture, and multiply the base
colour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Face, Part
from dreamface.geometry import smoothstep
from dreamface.render import MOUTH_LINING, MOUTH_WALLS, RayMesh, fibonacci_sphere, vertex_normals, wall_light
from dreamface.units import MM

_WHITES: Final = "sclera"  # what the names of the whites' materials end with
_EYE: Final = ("sclera", "iris", "cornea")  # what the names of materials end with that are the eyeball itself
_LID_REACH: Final = 5.0 * MM  # in which a lid takes light from the white
_UNDER, _FREE = 0.36, 0.84  # shares of the sky that a place sees close to a lid's edge and away from it
_DEEPEST: Final = 0.66  # of the light, at most
_LID_COLOUR: Final = (0.27, 0.15, 0.12)  # what lids and lashes throw on the white, over the white's own colour
_MOUTH_REACH: Final = 120.0 * MM  # from the throat out of the lips
_LIFT: Final = 0.5 * MM  # off the surface at which rays start
DIRECTIONS: Final = 96  # of rays, half of which are above a surface

_OPEN_MOUTHS: Final[tuple[dict[str, float], ...]] = (
    {"jawOpen": 0.6},
    {
        "jawOpen": 0.3, "mouthSmileLeft": 1.0, "mouthSmileRight": 1.0, "mouthUpperUpLeft": 0.6,
        "mouthUpperUpRight": 0.6, "mouthLowerDownLeft": 0.6, "mouthLowerDownRight": 0.6,
    },
)  # fmt: skip
"""Shapes that open a mouth: a place is as bright as it is in that which lets most light on it. Shut, nobody sees it."""


def vertex_shade(face: Face, directions: int = DIRECTIONS) -> Tensor:
    """Return [V, 3] what is left of the light on each vertex, linear Rec. 709, 0..1; 1 where nothing hides it.

    Whites are shaded by lids at rest; teeth, gums, tongue and lining as in an open mouth.

    Args:
        face: of V vertices.
        directions: in which light is looked for.
    """
    shade = torch.ones_like(face.head.vertices)
    _shade_whites(face, shade, directions)
    _shade_mouth(face, shade, directions)
    return shade


def _shade_whites(face: Face, shade: Tensor, directions: int) -> None:
    chosen = _marked(face, lambda part: part.material.endswith(_WHITES)).nonzero()[:, 0]
    around = _hiding(face, lambda part: not part.material.endswith(_EYE))
    if not len(chosen) or not len(around):
        return
    seen = _openness(face, face.head.vertices, chosen, around, _LID_REACH, directions)
    lit = 1.0 - _DEEPEST * (1.0 - smoothstep(seen, _UNDER, _FREE))[:, None]
    shade[chosen] = lit + (1.0 - lit) * shade.new_tensor(_LID_COLOUR)


def _shade_mouth(face: Face, shade: Tensor, directions: int) -> None:
    topology = face.head.topology
    weight = _marked(face, lambda part: part.material in MOUTH_WALLS).float()
    if MOUTH_LINING in topology.regions:
        weight = torch.maximum(weight, topology.regions[MOUTH_LINING].to(weight))
    chosen = weight.nonzero()[:, 0]
    around = _hiding(face, lambda part: True)
    if not len(chosen) or not len(around):
        return
    brightest = torch.zeros_like(shade[chosen])
    for shapes in _OPEN_MOUTHS:
        vertices = face.posed(_weights(face, shapes))
        thrown = wall_light(vertices, topology)
        if thrown is not None:
            seen = _openness(face, vertices, chosen, around, _MOUTH_REACH, directions)[:, None]
            brightest = torch.maximum(brightest, seen + (1.0 - seen) * thrown)
    if bool((brightest > 0.0).any()):
        shade[chosen] = torch.lerp(torch.ones_like(brightest), brightest, weight[chosen, None])


def _weights(face: Face, shapes: dict[str, float]) -> Tensor:
    """Return [S] weights of the face's blend shapes."""
    return face.head.vertices.new_tensor([shapes.get(name, 0.0) for name in face.shape_names])


def _marked(face: Face, wanted: Callable[[Part], bool]) -> Tensor:
    """Return [V] bool: the vertices of the faces of some parts."""
    topology = face.head.topology
    marked = torch.zeros(topology.vertex_count, dtype=torch.bool)
    for part in topology.parts:
        if wanted(part):
            marked[topology.faces[slice(*part.faces)].reshape(-1).cpu()] = True
    return marked.to(face.head.vertices.device)


def _hiding(face: Face, wanted: Callable[[Part], bool]) -> Tensor:
    """Return [T, 3] triangles of some parts, without what is clear or has holes."""

    def hides(part: Part) -> bool:
        material = face.materials[part.material]
        has_holes = "opacity" in face.maps.get(material.tile or "", {})
        return material.transmission == 0.0 and not has_holes and wanted(part)

    topology = face.head.topology
    counts = torch.tensor([2 * (part.faces[1] - part.faces[0]) for part in topology.parts])
    chosen = torch.tensor([hides(part) for part in topology.parts]).repeat_interleave(counts)
    return topology.triangles[chosen.to(topology.triangles.device)]


def _openness(face: Face, vertices: Tensor, chosen: Tensor, around: Tensor, reach: float, count: int) -> Tensor:
    """Return [N] the share of even light that arrives at some vertices, 0..1.

    Args:
        face: whose topology it is.
        vertices: [V, 3] metres.
        chosen: [N] which of them.
        around: [T, 3] triangles that hide light.
        reach: metres; what is further away hides none.
        count: of directions.
    """
    normal = vertex_normals(vertices, face.head.topology.triangles)[chosen]
    start = vertices[chosen] + _LIFT * normal
    directions = fibonacci_sphere(count, vertices.device)
    ends = start[:, None] + reach * directions
    return RayMesh(vertices, around).openness(start, ends, (normal @ directions.T).clamp(min=0.0))
