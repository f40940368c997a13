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
from dreamface.skin.canvas.cache import Kept
from dreamface.skin.canvas.layout import painted_parts, tile_of
from dreamface.skin.canvas.marks import coverage, draw_hairs
from dreamface.skin.canvas.noise import stream
from dreamface.skin.parts.eyeball import Eyeball
from dreamface.traits import Traits

LASH_TRAITS: Final = ("lashes.length",)
"""What lashes depend on."""

_MM: Final = 1e-3
_LARGEST: Final = 2048  # texels a side
_HAIRS: Final = {"upper": 168, "lower": 84}  # per eye, shared among its strips
_SHORTEST: Final = {"upper": 0.45, "lower": 0.25}  # of the strip's height, with lashes.length 0
_LONGEST: Final = {"upper": 1.12, "lower": 0.72}
_WIDTH: Final = {"upper": 0.20 * _MM, "lower": 0.14 * _MM}  # at the root
_DENSITY: Final = 3.6  # optical depth through a hair's middle
_CLUMP: Final = 2.6  # neighbours whose tips draw together, on average

_KEPT: Final = 8  # parts in memory


@dataclass(frozen=True)
class _Card:
    """A strip's corners, the same for all heads of a topology.

    Attributes:
        vertices: [N].
        low, high: [2] of its island in the texture layout.
        length: 0 where it is longer along u than along v, 1 otherwise.
        share: [N, 2] 0..1 across the island.
    """

    vertices: Tensor
    low: Tensor
    high: Tensor
    length: int
    share: Tensor


_known: Kept[list[_Card]] = Kept(_KEPT)


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
    strips = [
        strip
        for part in painted_parts(head.topology, tile)
        for strip in _strips(head, part.name, eyes[part.name.partition("_")[0]])
    ]
    grown = [
        _grow(lid, [strip for strip in strips if strip.lid == lid], traits.number("lashes.length"), seed)
        for lid in dict.fromkeys(strip.lid for strip in strips)
    ]
    depth = draw_hairs(size, torch.cat([curves for curves, _ in grown]), torch.cat([widths for _, widths in grown]))
    return {tile: {"opacity": coverage(depth)[..., None].clamp(0.0, 1.0)}}


def _grow(lid: str, strips: list[_Strip], length: float, seed: int) -> tuple[Tensor, Tensor]:
    """[N, 3, 2] curves on the strips of both eyes' upper or lower lids and [N] widths at the root, in tile lengths."""
    count = math.ceil(_EYES * _HAIRS[lid] / len(strips))
    random = torch.rand(8, len(strips), count, generator=stream(seed, f"lashes {lid}"))
    number = torch.arange(count)
    along = 0.02 + 0.96 * (number - 0.2 + 1.4 * random[0]) / count
    longest = _SHORTEST[lid] + (_LONGEST[lid] - _SHORTEST[lid]) * length
    # Short at the nose, longest beyond the middle.
    profile = 0.5 + 0.5 * torch.sin(math.pi * along.clamp(0.0, 1.0) ** 1.35 * 0.93)
    # Each grows for months and then falls out: some are short, between the others.
    reach = (longest * profile * (0.62 + 0.38 * random[1]) * torch.where(random[2] < 0.22, 0.55, 1.0)).clamp_max(1.0)
    # Tips draw together in twos and threes.
    bundle = (random[7] < 1.0 / _CLUMP).cumsum(dim=1)
    first = (bundle[:, :, None] > bundle[:, None, :]).sum(dim=2).clamp_max(count - 1)
    middle = along.gather(1, first)
    out, base = torch.stack([strip.out for strip in strips]), torch.stack([strip.along for strip in strips])
    aspect = (out.norm(dim=1) / base.norm(dim=1))[:, None]
    lean = (along - 0.40) * 0.75 + 0.20 * (random[3] - 0.5)
    tip = along + reach * aspect * lean
    tip = tip + 0.6 * random[4] * (middle - along)
    bend = along + 0.5 * (tip - along) + reach * aspect * (0.14 * (random[5] - 0.5) - 0.12 * lean)
    across = torch.stack((along, bend, tip), dim=2)[..., None]
    up = torch.stack((torch.zeros_like(reach), 0.55 * reach, reach), dim=2)[..., None]
    origin = torch.stack([strip.origin for strip in strips])
    curves = origin[:, None, None] + across * base[:, None, None] + up * out[:, None, None]
    density = torch.tensor([strip.density for strip in strips])[:, None]
    widths = _DENSITY * _WIDTH[lid] * density * (0.6 + 0.6 * random[6])
    return curves.reshape(-1, 3, 2), widths.reshape(-1)


_EYES: Final = 2


def _strips(head: Head, part: str, ball: Eyeball) -> list[_Strip]:
    """One eye's cards: each an island of the layout that is longer along the lid than it is high."""
    cards = _known.get(head.topology, part, lambda: _find_cards(head.topology, part))
    return [_strip(card, head.vertices[card.vertices], ball) for card in cards]


def _find_cards(topology: Topology, part: str) -> list[_Card]:
    found, faces = topology.part(part).faces, topology.faces
    island = torch.from_numpy(pieces(topology.face_uvs[slice(*found)].numpy()))
    cards = []
    for number in range(int(island.max()) + 1):
        chosen = torch.nonzero(island == number)[:, 0] + found[0]
        uv = topology.uv[topology.face_uvs[chosen].reshape(-1)]
        low, high = uv.amin(dim=0), uv.amax(dim=0)
        length = int((high - low).argmax())
        cards.append(_Card(faces[chosen].reshape(-1), low, high, length, (uv - low) / (high - low)))
    return cards


def _strip(card: _Card, points: Tensor, ball: Eyeball) -> _Strip:
    """A card as it lies on a head, from the places [N, 3] of its corners."""
    place = ball.place(points)
    share_along, share_out = card.share[:, card.length], card.share[:, 1 - card.length]
    # Roots lie nearer to the ball than tips.
    from_nose = _grows(share_along, points[:, 0].abs())
    from_root = _grows(share_out, torch.linalg.vector_norm(place, dim=1))
    origin, along, out = card.low.clone(), torch.zeros(2), torch.zeros(2)
    for axis, forward, edge in ((card.length, from_nose, along), (1 - card.length, from_root, out)):
        edge[axis] = (card.high - card.low)[axis] * (1.0 if forward else -1.0)
        origin[axis] = card.low[axis] if forward else card.high[axis]
    ends = place[(share_out < 0.1) if from_root else (share_out > 0.9)]
    left, right = torch.aminmax(ends[:, 0])
    lid = "upper" if float(ends[:, 1].mean()) > 0.0 else "lower"
    return _Strip(lid, origin, along, out, float(along.abs().sum() / (right - left)))


def _grows(share: Tensor, values: Tensor) -> bool:
    """Whether values grow with the share 0..1 along a card."""
    return float((values * (share - 0.5)).sum()) > float(values.mean() * (share - 0.5).sum())
