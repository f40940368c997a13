"""From a head and its traits to the guides of all its hair."""

from __future__ import annotations

import torch

from dreamface.face import Head
from dreamface.hair import Groom, Hair, HairColour, HairLook, Roots
from dreamface.random_streams import stream
from dreamface.traits import Traits


def grow(head: Head, traits: Traits, seed: int) -> Groom:
    """Return the hair of a head: its guides by region.

    Args:
        head: with neutral vertices.
        traits: all of a person's.
        seed: of what is uneven.

    Raises:
        BadRequest: a style is unknown.
    """
    triangles = head.topology.triangles
    weight = head.topology.regions["scalp"][triangles].mean(dim=1)
    generator = stream(seed, "hair")
    chosen = torch.multinomial(weight.double(), 400, generator=generator)
    bary = torch.distributions.Dirichlet(torch.ones(3)).sample((400,))
    roots = Roots(chosen, bary)
    start = roots.on(head.vertices, triangles)
    normal = roots.frames(head.vertices, triangles)[:, :, 2]
    t = torch.linspace(0.0, 1.0, 20)[None, :, None]
    points = start[:, None] + 0.06 * t * normal[:, None] + 0.2 * t**2 * torch.tensor([0.0, 0.0, -1.0])
    uv = roots.on(head.topology.uv, head.topology.triangle_uvs)
    return {"scalp": Hair("scalp", "long", points, roots, uv, torch.arange(400), HairLook(), HairColour())}
