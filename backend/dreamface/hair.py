"""What hair is made of: guides that are rooted in the skin, how the hairs between them look, and single strands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal, get_args

import torch
from torch import Tensor

Region = Literal["scalp", "beard", "brows", "lashes"]
REGIONS: Final[tuple[Region, ...]] = get_args(Region)
"""The kinds of hair that a head has; each is one object in Blender."""

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Roots:
    """Places on a head's surface, that move with it.

    Attributes:
        triangle: [N] int64 index into the topology's triangles.
        barycentric: [N, 3] weights of the triangle's corners.
    """

    triangle: Tensor
    barycentric: Tensor

    def __len__(self) -> int:
        return len(self.triangle)

    def of(self, chosen: Tensor) -> Roots:
        """Return those at indices, or where a mask is true."""
        return Roots(self.triangle[chosen], self.barycentric[chosen])

    def on(self, values: Tensor, triangles: Tensor) -> Tensor:
        """Return [N, C]: values [V, C] of the vertices, such as positions or texture coordinates, at the roots.

        Args:
            values: [V, C].
            triangles: [T, 3] indices into the values.
        """
        return torch.einsum("nkc,nk->nc", values[triangles[self.triangle]], self.barycentric.to(values))

    def frames(self, vertices: Tensor, triangles: Tensor) -> Tensor:
        """Return [N, 3, 3] rotations: columns are a unit edge of the root's triangle, its binormal and its normal.

        Guides that are stored against these frames follow every motion of the skin.
        """
        a, b, c = vertices[triangles[self.triangle]].unbind(1)
        edge = torch.nn.functional.normalize(b - a, dim=1)
        normal = torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=1)
        return torch.stack((edge, torch.linalg.cross(normal, edge), normal), dim=2)


@dataclass(frozen=True)
class HairLook:
    """The hairs between guides. Lengths are metres.

    Attributes:
        hairs: how many there are in a finished picture; a preview draws fewer and wider ones.
        radius: of a hair, at its root.
        tip: radius at the tip, over that at the root.
        guides_each: how many neighbouring guides a hair is mixed from; 1 where each guide is a lock of its own.
        clump: 0..1, how far hairs draw together to their guide's tip.
        clump_from: share of the length at which they start to.
        lock: radius of what they draw together to; 0 is a point.
        twist: turns that the hairs of a lock make around it, per metre.
        strand_clump: 0..1, the same for the few hairs that stick to each other within a lock.
        strand_size: hairs that stick together.
        frizz: how far hairs leave their way at random.
        frizz_scale: over which length they do.
        flyaways: 0..1, hairs that go a way of their own.
        scatter: 0..1, by how much of its length a hair may be shorter.
    """

    hairs: int = 80_000
    radius: float = 4.0e-5
    tip: float = 0.4
    guides_each: int = 3
    clump: float = 0.3
    clump_from: float = 0.1
    lock: float = 0.0
    twist: float = 0.0
    strand_clump: float = 0.3
    strand_size: int = 8
    frizz: float = 0.0005
    frizz_scale: float = 0.02
    flyaways: float = 0.02
    scatter: float = 0.08


@dataclass(frozen=True)
class HairColour:
    """Pigments and dyes of one region's hair.

    Attributes:
        melanin: 0..1, how dark.
        redness: 0..1, share of red melanin (pheomelanin).
        grey: 0..1, share of white hairs.
        dye: linear Rec. 709 and strength 0..1, all along the hairs.
        roots: the same, near the skin only.
        tips: the same, towards the tips only.
        highlights: the same, on some strands only.
        temple_grey: 0..1, share of white hairs at the temples, where that is more.
        variation: 0..1, how much strands differ.
    """

    melanin: float = 0.7
    redness: float = 0.1
    grey: float = 0.0
    dye: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.0)
    roots: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.0)
    tips: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.0)
    highlights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 0.0)
    temple_grey: float = 0.0
    variation: float = 0.15


@dataclass(frozen=True)
class Hair:
    """The hair of one region of a head, as guides.

    Attributes:
        region: which.
        style: name of its style.
        points: [N, P, 3] metres, each guide from its root to its tip; points are evenly spaced along it.
        roots: [N] where the guides are rooted; points[:, 0] lie there.
        uv: [N, 2] texture coordinates of the roots; those of the topology's tile number i lie in i..i+1 along u.
        lock: [N] int64, guides of the same lock (a tress of a braid, a dreadlock) have the same number; others their
            own.
        look: the hairs between them.
        colour: their pigments.
    """

    region: Region
    style: str
    points: Tensor
    roots: Roots
    uv: Tensor
    lock: Tensor
    look: HairLook
    colour: HairColour

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class HairMark:
    """How densely hair of a region grows on a place that an artist has marked, whatever its style says.

    Attributes:
        region: whose hair.
        weight: [V] 0..1 how much the place counts at each vertex of the head.
        density: 0..1 of the roots there; 0 is shaved.
        masks: tile -> [S, S] the same weight as a picture, row 0 at v = 1, finer than vertices are; None is not known.
    """

    region: Region
    weight: Tensor
    density: float
    masks: Mapping[str, Tensor] | None = None


Groom = Mapping[Region, Hair]
"""All hair of a head; a region without any is left out."""


@dataclass(frozen=True)
class Strands:
    """Single hairs, ready to be drawn.

    Attributes:
        points: [N, P, 3] metres, root first.
        radius: [N, P] metres.
        colour: [N, P, 3] linear Rec. 709: what a mass of such hair reflects.
        region: [N] int64 index into `REGIONS`.
    """

    points: Tensor
    radius: Tensor
    colour: Tensor
    region: Tensor

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class Cards:
    """Ribbons with hairs drawn on them, as games use: N vertices and F faces, ordered by region and card by card.

    Attributes:
        vertices: [N, 3] metres.
        faces: [F, 4] int64, counter-clockwise seen from outside; each card is one strip of quads from root to tip.
        uv: [N, 2] places in the atlas; v falls from a card's root to its tip.
        normals: [N, 3] unit, rounded as if each card were a lock.
        card: [N] int64 which card each vertex belongs to.
        roots: [C] where the cards are rooted; they move with the skin there.
        region: [C] int64 index into `REGIONS`, ascending.
        lock: [C] int64 lock of the guides that the card was made from, -1 where they are of several.
        maps: channel -> [H, W, C] atlas that all regions share. albedo: linear Rec. 709; opacity: 0..1; normal: unit
            vectors in tangent space (OpenGL); flow: unit vectors along the hairs, root to tip, in the same space;
            root_to_tip: 0..1 along the hair that is seen; id: 0..1, a random number of its own for each hair; depth:
            0..1, from the lowest of a card's hairs to the uppermost.
    """

    vertices: Tensor
    faces: Tensor
    uv: Tensor
    normals: Tensor
    card: Tensor
    roots: Roots
    region: Tensor
    lock: Tensor
    maps: Mapping[str, Tensor]

    @property
    def triangles(self) -> int:
        """How many triangles the faces are."""
        return 2 * len(self.faces)

    def run(self, region: Region) -> tuple[slice, slice]:
        """Return which vertices and which faces the cards of a region have; empty runs where it has none."""
        number = REGIONS.index(region)
        owners = self.region[self.card]
        faces = self.region[self.card[self.faces[:, 0]]]
        return tuple(  # type: ignore[return-value]
            slice(int((of < number).sum()), int((of <= number).sum())) for of in (owners, faces)
        )


def groom_to_json(groom: Groom) -> list[dict[str, Any]]:
    """Return what a groom is, without its arrays: for each region its style, look and colour."""
    return [
        {"region": hair.region, "style": hair.style, "look": asdict(hair.look), "colour": asdict(hair.colour)}
        for hair in groom.values()
    ]


def groom_from_json(
    entries: list[dict[str, Any]], arrays: Mapping[Region, tuple[Tensor, Roots, Tensor, Tensor]]
) -> Groom:
    """Return the groom of what `groom_to_json` gave and the arrays (points, roots, uv, lock) of each region.

    Raises:
        KeyError, TypeError: something is missing.
    """
    groom = {}
    for entry in entries:
        region = entry["region"]
        look = HairLook(**{field.name: entry["look"][field.name] for field in fields(HairLook)})
        given = {field.name: entry["colour"][field.name] for field in fields(HairColour)}
        values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in given.items()}
        colour = HairColour(**values)
        groom[region] = Hair(region, entry["style"], *arrays[region], look, colour)
    return groom
