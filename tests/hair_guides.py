"""Plausible guides of several hair styles, for tests, benchmarks and pictures of cards: no groom needs to be grown."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Head
from dreamface.hair import Groom, Hair, HairColour, HairLook, Region, Roots
from dreamface.random_streams import stream
from dreamface.render.shading import vertex_normals
from dreamface.styles import Skull

SKIN_LIFT = 0.004  # metres between guides and the skin


def roots_in(head: Head, weights: Tensor, count: int, seed: int = 0) -> Roots:
    """Roots spread by area over where weights [V] are positive: many candidates, thinned to the farthest apart."""
    generator = stream(seed, "roots")
    triangles = head.topology.triangles
    a, b, c = head.vertices[triangles].unbind(1)
    area = torch.linalg.cross(b - a, c - a).norm(dim=1) * weights[triangles].mean(dim=1)
    chosen = torch.multinomial(area.double(), 6 * count, replacement=True, generator=generator)
    cut = torch.rand(6 * count, 2, generator=generator).sort(dim=1).values
    bary = torch.stack((cut[:, 0], cut[:, 1] - cut[:, 0], 1.0 - cut[:, 1]), dim=1)
    roots = Roots(chosen, bary)
    places = roots.on(head.vertices, triangles)
    kept, nearest = [0], (places - places[0]).norm(dim=1)
    for _ in range(count - 1):
        kept.append(int(nearest.argmax()))
        nearest = torch.minimum(nearest, (places - places[kept[-1]]).norm(dim=1))
    return roots.of(torch.tensor(kept))


class Surface:
    """Keeps points out of a head."""

    def __init__(self, head: Head) -> None:
        skin = slice(*head.topology.part("skin").vertices)
        self.points = head.vertices[skin].numpy()
        faces = head.topology.triangles[: 2 * head.topology.part("skin").faces[1]]
        self.normals = vertex_normals(head.vertices, faces)[skin].numpy()
        self.tree = cKDTree(self.points)

    def out(self, points: np.ndarray, lift: np.ndarray | float) -> np.ndarray:
        """Push points [N, 3] out until they are `lift` metres above the skin."""
        distance, index = self.tree.query(points)
        normal = self.normals[index]
        height = ((points - self.points[index]) * normal).sum(axis=1)
        push = np.where(distance < 0.05, np.maximum(lift - height, 0.0), 0.0)
        return points + push[:, None] * normal


def grown(head: Head, roots: Roots, length: Tensor, points: int, turn: Callable, lift: Tensor) -> Tensor:
    """[N, P, 3]: walks from the roots; `turn(direction, place, share)` says where each step goes."""
    surface = Surface(head)
    place = roots.on(head.vertices, head.topology.triangles).numpy()
    direction = roots.frames(head.vertices, head.topology.triangles)[:, :, 2].numpy()
    step = (length / (points - 1)).numpy()[:, None]
    path = [place]
    for index in range(1, points):
        share = index / (points - 1)
        direction = turn(direction, place, share)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True).clip(1e-9)
        moved = surface.out(place + step * direction, lift.numpy() * min(1.0, 4.0 * share))
        moved = place + step * (moved - place) / np.linalg.norm(moved - place, axis=1, keepdims=True).clip(1e-9)
        direction, place = (moved - place) / step.clip(1e-9), moved
        path.append(place)
    return torch.from_numpy(np.stack(path, axis=1)).float()


def _hair(head: Head, region: Region, style: str, points: Tensor, roots: Roots, look: HairLook, colour: HairColour,
          lock: Tensor | None = None) -> Hair:  # fmt: skip
    uv = roots.on(head.topology.uv, head.topology.triangle_uvs)
    lock = torch.arange(len(points)) if lock is None else lock
    return Hair(region, style, points, roots, uv, lock, look, colour)


def _falling(head: Head, roots: Roots, parting: float, out: float, pull: float) -> Callable:
    """Hair that leaves a parting to both sides, then hangs."""
    skull = Skull.of(head)
    start = roots.on(head.vertices, head.topology.triangles)
    side = torch.where(start[:, :1] > skull.centre[0] + parting, 1.0, -1.0).numpy()
    back = (start[:, 1:2] - skull.centre[1]).numpy()
    flow = np.concatenate((side, 0.45 + 6.0 * back.clip(-0.05, 0.05), np.full_like(side, -0.15)), axis=1)
    normal = roots.frames(head.vertices, head.topology.triangles)[:, :, 2].numpy()

    def turn(direction: np.ndarray, place: np.ndarray, share: float) -> np.ndarray:
        if share < 0.04:
            return out * normal + 0.9 * flow
        gravity = np.array([0.0, 0.0, -1.0])
        over = place[:, 2:] > float(skull.centre[2])
        return direction * 0.5 + pull * gravity + np.where(over, 0.5, 0.05) * flow

    return turn


def scalp(head: Head, style: str = "long", count: int = 400, points: int = 24, seed: int = 0,
          colour: HairColour = HairColour(), length: float | None = None) -> Hair:  # fmt: skip # noqa: B008
    """Scalp hair: long, bob, curly, afro, dreads or buzz."""
    generator = stream(seed, style)
    roots = roots_in(head, (head.topology.regions["scalp"] > 0.4).float(), count, seed)
    normal = roots.frames(head.vertices, head.topology.triangles)[:, :, 2]
    start = roots.on(head.vertices, head.topology.triangles)
    lift = 0.003 + 0.009 * torch.rand(count, generator=generator)
    usual = {"long": 0.34, "bob": 0.2, "curly": 0.22, "afro": 0.09, "dreads": 0.25, "buzz": 0.012}[style]
    lengths = (length or usual) * (0.9 + 0.2 * torch.rand(count, generator=generator))
    look = {
        "long": HairLook(clump=0.4),
        "bob": HairLook(clump=0.3),
        "curly": HairLook(clump=0.6, frizz=0.001),
        "afro": HairLook(clump=0.4, frizz=0.003),
        "dreads": HairLook(guides_each=1, clump=0.95, clump_from=0.0, lock=0.004, twist=40.0),
        "buzz": HairLook(clump=0.0),
    }[style]
    if style in ("afro", "buzz"):
        t = torch.linspace(0.0, 1.0, points)[None, :, None]
        lean = torch.tensor([0.0, 0.3, -0.6]) if style == "buzz" else torch.tensor([0.0, 0.0, 0.35])
        way = torch.nn.functional.normalize(normal + lean, dim=1)
        guides = start[:, None] + lengths[:, None, None] * t * way[:, None]
        if style == "afro":
            guides = coiled(guides, 0.006, 0.012, generator)
    else:
        long_ones = _falling(head, roots, 0.02, 0.5, 0.8)
        guides = grown(head, roots, lengths, points, long_ones, lift)
    if style == "bob":
        guides = _turned_in(guides, Skull.of(head))
    if style == "curly":
        guides = coiled(guides, 0.009, 0.045, generator)
    return _hair(head, "scalp", style, guides, roots, look, colour)


def _turned_in(guides: Tensor, skull: Skull) -> Tensor:
    """The ends curve towards the neck."""
    share = torch.linspace(0.0, 1.0, guides.shape[1])[None, :, None]
    inward = torch.nn.functional.normalize((skull.centre - guides) * torch.tensor([1.0, 1.0, 0.0]), dim=2)
    return guides + 0.02 * ((share - 0.7) / 0.3).clamp(min=0.0) ** 2 * inward


def coiled(guides: Tensor, radius: float, pitch: float, generator: torch.Generator) -> Tensor:
    """Wind guides around themselves."""
    points = guides.shape[1]
    tangent = torch.nn.functional.normalize(torch.gradient(guides, dim=1)[0], dim=2)
    side = torch.nn.functional.normalize(
        torch.linalg.cross(tangent, tangent.new_tensor([0.3, 0.5, 0.8]).expand_as(tangent)), dim=2
    )
    other = torch.linalg.cross(tangent, side)
    along = torch.linspace(0.0, 1.0, points)[None, :, None] * guides.diff(dim=1).norm(dim=2).sum(dim=1)[:, None, None]
    phase = 2.0 * math.pi * (along / pitch + torch.rand(len(guides), 1, 1, generator=generator))
    grow = (along / (2.0 * pitch)).clamp(max=1.0)
    return guides + radius * grow * (torch.cos(phase) * side + torch.sin(phase) * other)


def small(head: Head, region: Region, count: int, length: float, points: int = 8, seed: int = 0,
          colour: HairColour = HairColour()) -> Hair:  # fmt: skip # noqa: B008
    """A beard, brows or lashes: they lean the way that such hair does."""
    weights = head.topology.regions["lids_margin" if region == "lashes" else region] > 0.5
    roots = roots_in(head, weights.float(), count, seed)
    start = roots.on(head.vertices, head.topology.triangles)
    normal = roots.frames(head.vertices, head.topology.triangles)[:, :, 2]
    sideways = torch.where(start[:, :1] > 0.0, 1.0, -1.0) * torch.tensor([[1.0, 0.0, 0.0]])
    lean = {
        "beard": 0.5 * sideways + torch.tensor([0.0, -0.3, -1.2]),
        "brows": 2.5 * sideways + torch.tensor([0.0, 0.0, 0.6]),
        "lashes": torch.tensor([[0.0, -2.0, 0.3]]).expand(count, 3),
    }[region]
    way = torch.nn.functional.normalize(normal + lean, dim=1)
    t = torch.linspace(0.0, 1.0, points)[None, :, None]
    bend = torch.tensor([0.0, 0.0, 0.5 if region == "lashes" else -0.3]) * length * t**2
    jitter = 0.85 + 0.3 * torch.rand(count, 1, 1, generator=stream(seed, region))
    guides = start[:, None] + jitter * (length * t * way[:, None] + bend)
    surface = Surface(head)
    if region == "beard":
        flat = surface.out(guides.reshape(-1, 3).numpy(), 0.002)
        guides = torch.from_numpy(flat).float().view(guides.shape)
        guides[:, 0] = start
    return _hair(head, region, region, guides, roots, HairLook(), colour)


def groom(head: Head, style: str = "long", count: int = 400, points: int = 24, seed: int = 0,
          colour: HairColour = HairColour(), beard: float = 0.0) -> Groom:  # fmt: skip # noqa: B008
    """Scalp hair, brows, lashes, and a beard of so many metres."""
    found: dict[Region, Hair] = {"scalp": scalp(head, style, count, points, seed, colour)}
    if beard:
        found["beard"] = small(head, "beard", 300, beard, 12, seed, colour)
    found["brows"] = small(head, "brows", 160, 0.009, 8, seed, colour)
    found["lashes"] = small(head, "lashes", 160, 0.008, 8, seed, colour)
    return found
