"""Lashes on cards: strips along the lids whose opacity says where the hairs are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head, TileMaps, Topology
from dreamface.geometry import pieces
from dreamface.skin.eyeball import Eyeball
from dreamface.skin.kept import Kept
from dreamface.skin.layout import painted_parts, tile_of
from dreamface.skin.marks import coverage, draw_hairs
from dreamface.skin.noise import stream
from dreamface.traits import Traits

LASH_TRAITS: Final = ("lashes.length",)
"""What lashes depend on."""

_MM: Final = 1e-3
_LARGEST: Final = 2048  # texels a side
_HAIRS: Final = {"upper": 200, "lower": 110}  # per eye, shared among its strips
_SHORTEST: Final = {"upper": 0.45, "lower": 0.35}  # of the strip's height, with lashes.length 0
_LONGEST: Final = {"upper": 1.12, "lower": 0.85}
_WIDTH: Final = {"upper": 0.21 * _MM, "lower": 0.15 * _MM}  # at the root
_DENSITY: Final = 3.6  # optical depth through a hair's middle
_CLUMP: Final = 3  # neighbours whose tips draw together


_KEPT: Final = 8  # parts in memory

_Cards = list[tuple[Tensor, Tensor]]

_known: Kept[_Cards] = Kept(_KEPT)


@dataclass(frozen=True)
class _Strip:
    """A card in the texture layout.

    Attributes:
        lid: "upper" or "lower".
        origin: [2] where the root's edge starts, at the nose.
        along: [2] from there to the root's other end.
        out: [2] from the root to the tip.
        density: tile lengths per metre.
    """

    lid: str
    origin: Tensor
    along: Tensor
    out: Tensor
    density: float


def paint_lashes(
    head: Head, eyes: Mapping[str, Eyeball], traits: Traits, resolution: int, seed: int
) -> dict[str, TileMaps]:
    """Opacity [S, S, 1] of the lashes' tile; none for a head whose lashes are ribbons one by one.

    Args:
        head: whose lashes.
        eyes: "left" and "right", from `eyeballs`.
        traits: how long they are.
        resolution: side of the map in texels.
        seed: of what makes them uneven.
    """
    tile = tile_of(head.topology, "lashes")
    if tile is None:
        return {}
    size = min(resolution, _LARGEST)
    curves, widths = [], []
    for part in painted_parts(head.topology, tile):
        side = part.name.partition("_")[0]
        strips = _strips(head, side, eyes[side])
        counts = {lid: sum(strip.lid == lid for strip in strips) for lid in _HAIRS}
        for number, strip in enumerate(strips):
            count = math.ceil(_HAIRS[strip.lid] / counts[strip.lid])
            generator = stream(seed, f"lashes {side} {number}")
            found = _grow(strip, traits.number("lashes.length"), count, generator)
            curves.append(found[0])
            widths.append(found[1])
    depth = draw_hairs(size, torch.cat(curves), _DENSITY * torch.cat(widths))
    return {tile: {"opacity": coverage(depth)[..., None].clamp(0.0, 1.0)}}


def _grow(strip: _Strip, length: float, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """[N, 3, 2] curves and [N] widths at the root, in tile lengths."""
    random = torch.rand(count, 7, generator=generator)
    along = 0.02 + 0.96 * (torch.arange(count) + 0.1 + 0.8 * random[:, 0]) / count
    reach = torch.lerp(torch.tensor(_SHORTEST[strip.lid]), torch.tensor(_LONGEST[strip.lid]), length)
    # Short at the nose, longest beyond the middle.
    profile = 0.5 + 0.5 * torch.sin(math.pi * along.clamp(0.0, 1.0) ** 1.35 * 0.93)
    reach = reach * profile * (0.72 + 0.28 * random[:, 1])
    # Some of them short, between the others.
    reach = (reach * torch.where(random[:, 2] < 0.2, 0.6, 1.0)).clamp_max(1.0)
    group = along.view(-1)[torch.arange(count) // _CLUMP * _CLUMP]
    aspect = strip.out.norm() / strip.along.norm()
    lean = (along - 0.40) * 0.75 + 0.16 * (random[:, 3] - 0.5)
    tip = along + reach * aspect * lean
    tip = tip + (0.45 * random[:, 4]) * (group - along)
    bend = along + 0.5 * (tip - along) + reach * aspect * (0.10 * (random[:, 5] - 0.5) - 0.12 * lean)
    places = [
        strip.origin + across[:, None] * strip.along + up[:, None] * strip.out
        for across, up in ((along, torch.zeros_like(reach)), (bend, 0.55 * reach), (tip, reach))
    ]
    return torch.stack(places, dim=1), strip.density * _WIDTH[strip.lid] * (0.7 + 0.5 * random[:, 6])


def _strips(head: Head, side: str, ball: Eyeball) -> list[_Strip]:
    """One eye's cards: each an island of the layout that is longer along the lid than it is high."""
    topology = head.topology
    place = ball.place(head.vertices)
    return [
        _strip(topology.uv[uvs], place[vertices], head.vertices[vertices, 0].abs())
        for vertices, uvs in _cards(topology, f"{side}_lashes")
    ]


def _cards(topology: Topology, part: str) -> _Cards:
    """[N] vertices and texture coordinates of each card's corners; the same for all heads of a topology."""
    return _known.get(topology, part, lambda: _find_cards(topology, part))


def _find_cards(topology: Topology, part: str) -> _Cards:
    found, faces = topology.part(part).faces, topology.faces
    island = torch.from_numpy(pieces(topology.face_uvs[slice(*found)].numpy()))
    chosen = [torch.nonzero(island == number)[:, 0] + found[0] for number in range(int(island.max()) + 1)]
    return [(faces[one].reshape(-1), topology.face_uvs[one].reshape(-1)) for one in chosen]


def _strip(uv: Tensor, place: Tensor, aside: Tensor) -> _Strip:
    """A card from its faces' corners.

    Args:
        uv: [N, 2] texture coordinates.
        place: [N, 3] seen from the eyeball.
        aside: [N] metres from the head's middle.
    """
    low, high = uv.amin(dim=0), uv.amax(dim=0)
    length = int((high - low).argmax())
    share = (uv - low) / (high - low)
    # Roots lie nearer to the ball than tips.
    distance = torch.linalg.vector_norm(place, dim=1)
    from_nose, from_root = _direction(share[:, length], aside), _direction(share[:, 1 - length], distance)
    origin, along, out = low.clone(), torch.zeros(2), torch.zeros(2)
    for axis, forward, edge in ((length, from_nose, along), (1 - length, from_root, out)):
        edge[axis] = (high - low)[axis] * (1.0 if forward else -1.0)
        origin[axis] = low[axis] if forward else high[axis]
    roots = (share[:, 1 - length] < 0.1) if from_root else (share[:, 1 - length] > 0.9)
    ends = place[roots]
    metres = float(ends[:, 0].max() - ends[:, 0].min())
    lid = "upper" if float(ends[:, 1].mean()) > 0.0 else "lower"
    return _Strip(lid, origin, along, out, float(along.norm()) / metres)


def _direction(share: Tensor, values: Tensor) -> bool:
    """Whether values grow with the share 0..1 along a card."""
    return float(values[share > 0.9].mean()) > float(values[share < 0.1].mean())
