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
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layout import painted_parts, tile_of
from dreamface.skin.canvas.marks import coverage, draw_hairs
from dreamface.skin.canvas.noise import stream
from dreamface.skin.parts.eyeball import Eyeball
from dreamface.traits import Traits
from dreamface.units import MM

LASH_TRAITS: Final = ("lashes.length",)
"""What lashes depend on."""

_LARGEST: Final = 2048  # texels a side
_EYES: Final = 2
_PARTS_IN_MEMORY: Final = 8
_END: Final = 0.1  # of a card's height: its corners nearer to the root than this are at the root


@dataclass(frozen=True)
class _LidLook:
    """The lashes of one lid.

    Attributes:
        hairs: per eye, spread over its cards.
        shortest, longest: with `lashes.length` 0 and 1, in heights of the card.
        width_mm: at the root.
    """

    hairs: int
    shortest: float
    longest: float
    width_mm: float


_LIDS: Final = {
    "upper": _LidLook(hairs=168, shortest=0.45, longest=1.12, width_mm=0.20),
    "lower": _LidLook(hairs=84, shortest=0.25, longest=0.72, width_mm=0.14),
}


@dataclass(frozen=True)
class _LashLook:
    """How lashes grow, on both lids. Places along a lid are 0 at the nose and 1 at the other end.

    Attributes:
        first, span: place of the first root, and from there to the last.
        before, scatter: roots are moved by up to this many places of their row towards the nose, and from there by up
            to so many away from it.
        nose_length: length at the nose, over that of the longest.
        peak, half_turns: exponent of the place and half turns of a sine along the lid, which make lashes longest
            beyond its middle.
        shortest, length_spread: factors on the length of the shortest lash, and from there to the longest.
        young, young_length: fraction of lashes that are short, and factor on their length. Each lash grows for months
            and then falls out.
        clump: neighbours whose tips draw together, on average.
        clumping: how much of the way to a common place tips move at most.
        upright_at: place at which lashes stand straight; the others lean away from it.
        lean: by their length, at a distance of 1 from there.
        lean_scatter, bend_scatter: what is added to that at random, and to the middle of a lash.
        bend: fraction of the lean that the middle of a lash bends back.
        middle_height: of a lash's middle control point, over its length.
        depth: optical depth through a lash's middle.
        finest, width_spread: factors on the width of the finest lash, and from there to the widest.
    """

    first: float = 0.02
    span: float = 0.96
    before: float = 0.2
    scatter: float = 1.4
    nose_length: float = 0.5
    peak: float = 1.35
    half_turns: float = 0.93
    shortest: float = 0.62
    length_spread: float = 0.38
    young: float = 0.22
    young_length: float = 0.55
    clump: float = 2.6
    clumping: float = 0.6
    upright_at: float = 0.40
    lean: float = 0.75
    lean_scatter: float = 0.20
    bend_scatter: float = 0.14
    bend: float = 0.12
    middle_height: float = 0.55
    depth: float = 3.6
    finest: float = 0.6
    width_spread: float = 0.6


_LASH: Final = _LashLook()


@dataclass(frozen=True)
class _Card:
    """A strip's corners, the same for all heads of a topology.

    Attributes:
        vertices: [N].
        low, high: [2] of its island in the texture layout.
        length: 0 where it is longer along u than along v, 1 otherwise.
        place: [N, 2] 0..1 across the island, along u and v.
    """

    vertices: Tensor
    low: Tensor
    high: Tensor
    length: int
    place: Tensor


_cards: TopologyCache[list[_Card]] = TopologyCache(_PARTS_IN_MEMORY)


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
    """Paint the opacity [S, S, 1] of the lashes' tile; none for a head whose lashes are ribbons one by one.

    Args:
        head: the person's head.
        eyes: "left" and "right", from `eyeballs`.
        traits: how long they are.
        resolution: side of the map in texels.
        seed: of what is uneven.
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


def _grow(lid: str, strips: list[_Strip], trait: float, seed: int) -> tuple[Tensor, Tensor]:
    """Return hairs on the strips of both eyes' upper or lower lids.

    Args:
        lid: "upper" or "lower".
        strips: of that lid.
        trait: `lashes.length`.
        seed: of what is uneven.

    Returns:
        [N, 3, 2] curves, and [N] widths at the root in tile lengths.
    """
    look = _LIDS[lid]
    count = math.ceil(_EYES * look.hairs / len(strips))
    random = torch.rand(8, len(strips), count, generator=stream(seed, f"lashes {lid}"))
    root = _LASH.first + _LASH.span * (torch.arange(count) - _LASH.before + _LASH.scatter * random[0]) / count
    reach = _lengths(root, look.shortest + (look.longest - look.shortest) * trait, random[1], random[2])
    base, out = torch.stack([strip.along for strip in strips]), torch.stack([strip.out for strip in strips])
    aspect = (out.norm(dim=1) / base.norm(dim=1))[:, None]
    lean = (root - _LASH.upright_at) * _LASH.lean + _LASH.lean_scatter * (random[3] - 0.5)
    tip = root + reach * aspect * lean
    tip = tip + _LASH.clumping * random[4] * (_clumps(root, random[7]) - root)
    bend = _LASH.bend_scatter * (random[5] - 0.5) - _LASH.bend * lean
    middle = root + 0.5 * (tip - root) + reach * aspect * bend
    across = torch.stack((root, middle, tip), dim=2)[..., None]
    up = torch.stack((torch.zeros_like(reach), _LASH.middle_height * reach, reach), dim=2)[..., None]
    origin = torch.stack([strip.origin for strip in strips])
    curves = origin[:, None, None] + across * base[:, None, None] + up * out[:, None, None]
    density = torch.tensor([strip.density for strip in strips])[:, None]
    width = look.width_mm * MM
    widths = _LASH.depth * width * density * (_LASH.finest + _LASH.width_spread * random[6])
    return curves.reshape(-1, 3, 2), widths.reshape(-1)


def _lengths(root: Tensor, longest: float, random: Tensor, young: Tensor) -> Tensor:
    """Return lengths of lashes that root at places [K, C]; the others are uniform random numbers [K, C]."""
    wave = torch.sin(math.pi * root.clamp(0.0, 1.0) ** _LASH.peak * _LASH.half_turns)
    profile = _LASH.nose_length + (1.0 - _LASH.nose_length) * wave
    varied = longest * profile * (_LASH.shortest + _LASH.length_spread * random)
    return (varied * torch.where(young < _LASH.young, _LASH.young_length, 1.0)).clamp_max(1.0)


def _clumps(root: Tensor, random: Tensor) -> Tensor:
    """Return the places [K, C] towards which tips draw together, in twos and threes.

    Args:
        root: [K, C] places of the roots.
        random: [K, C] uniform numbers, which decide where a new clump begins.
    """
    clump = (random < 1.0 / _LASH.clump).cumsum(dim=1)
    first = (clump[:, :, None] > clump[:, None, :]).sum(dim=2).clamp_max(root.shape[1] - 1)
    return root.gather(1, first)


def _strips(head: Head, part: str, ball: Eyeball) -> list[_Strip]:
    """Return one eye's cards: each an island of the layout that is longer along the lid than it is high."""
    cards = _cards.get(head.topology, part, lambda: _find_cards(head.topology, part))
    return [_strip(card, head.vertices[card.vertices], ball) for card in cards]


def _find_cards(topology: Topology, part: str) -> list[_Card]:
    """Return the cards that a part's faces make."""
    span, faces = topology.part(part).faces, topology.faces
    island = torch.from_numpy(pieces(topology.face_uvs[slice(*span)].numpy()))
    cards = []
    for number in range(int(island.max()) + 1):
        chosen = torch.nonzero(island == number)[:, 0] + span[0]
        uv = topology.uv[topology.face_uvs[chosen].reshape(-1)]
        low, high = uv.amin(dim=0), uv.amax(dim=0)
        length = int((high - low).argmax())
        cards.append(_Card(faces[chosen].reshape(-1), low, high, length, (uv - low) / (high - low)))
    return cards


def _strip(card: _Card, points: Tensor, ball: Eyeball) -> _Strip:
    """Return a card as it lies on a head, from the positions [N, 3] of its corners."""
    place = ball.place(points)
    along_card, out_of_lid = card.place[:, card.length], card.place[:, 1 - card.length]
    # Roots lie nearer to the ball than tips.
    from_nose = _grows(along_card, points[:, 0].abs())
    from_root = _grows(out_of_lid, torch.linalg.vector_norm(place, dim=1))
    origin, along, out = card.low.clone(), torch.zeros(2), torch.zeros(2)
    for axis, forward, edge in ((card.length, from_nose, along), (1 - card.length, from_root, out)):
        edge[axis] = (card.high - card.low)[axis] * (1.0 if forward else -1.0)
        origin[axis] = card.low[axis] if forward else card.high[axis]
    ends = place[(out_of_lid < _END) if from_root else (out_of_lid > 1.0 - _END)]
    left, right = torch.aminmax(ends[:, 0])
    lid = "upper" if float(ends[:, 1].mean()) > 0.0 else "lower"
    return _Strip(lid, origin, along, out, float(along.abs().sum() / (right - left)))


def _grows(place: Tensor, values: Tensor) -> bool:
    """Return whether values [N] grow with places [N], 0..1 across a card."""
    return float((values * (place - 0.5)).sum()) > float(values.mean() * (place - 0.5).sum())
