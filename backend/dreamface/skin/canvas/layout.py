"""Which texture tile each material reads, on every head model: the only place that knows their tiles' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.face import Part, Topology

SKIN_MATERIALS: Final = ("skin", "back_of_head", "mouth_socket", "eye_socket")
"""What is painted as skin, with all channels."""

MULTIPLE: Final = 128
"""Texels that all sides of the skin's tiles are multiples of."""

_TILES: Final[Mapping[str, tuple[str, ...]]] = {
    "skin": ("skin",),
    "back_of_head": ("back_of_head",),
    "mouth_socket": ("back_of_head",),
    "eye_socket": ("back_of_head",),
    "sclera": ("eyes",),
    "iris": ("eyes",),
    "left_sclera": ("left_sclera",),
    "left_iris": ("left_iris",),
    "right_sclera": ("right_sclera",),
    "right_iris": ("right_iris",),
    "teeth": ("teeth", "mouth"),
    "gums": ("mouth",),
    "tongue": ("mouth",),
    "gums_and_tongue": ("gums_and_tongue",),
    "lashes": ("lashes",),
}  # fmt: skip
"""Material -> the tiles that it may read; the head model has at most one of them."""


def tile_of(topology: Topology, material: str) -> str | None:
    """Return the tile that a material's maps are painted in, or None where it has none on this head."""
    return next((tile for tile in _TILES.get(material, ()) if tile in topology.tiles), None)


def painted_parts(topology: Topology, tile: str) -> list[Part]:
    """Return the parts whose texels make up a tile, in order."""
    return [part for part in topology.parts if tile_of(topology, part.material) == tile]


def skin_tile_sides(topology: Topology, resolution: int) -> dict[str, int]:
    """The tiles that hold skin, the face's first, and their sides in texels; hair and shade hide what others hold."""
    face, *others = skin_tiles(topology)
    behind = max(MULTIPLE, resolution // 2 // MULTIPLE * MULTIPLE)
    return {face: resolution, **dict.fromkeys(others, behind)}


def skin_tiles(topology: Topology) -> list[str]:
    """Return the tiles that hold skin, the face's first."""
    tiles = [tile_of(topology, part.material) for part in topology.parts if part.material in SKIN_MATERIALS]
    return list(dict.fromkeys(tile for tile in tiles if tile is not None))
