"""From planned ribbons to a mesh: frames that face outwards, rows of vertices, and quads between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.face import Head
from dreamface.groom.cards.atlas import Strip
from dreamface.groom.cards.curves import facing, lengths, spread_rows, tangents, unit
from dreamface.groom.cards.plan import Plan, Ribbons
from dreamface.groom.shaping import resampled
from dreamface.hair import Region, Roots
from dreamface.styles import Skull
from dreamface.units import MM

_SUNK: Final = 1.2 * MM  # how deep cards begin below the skin, so that none floats
_LEAVING: Final = 40 * MM  # along a card, from where its own skin says what is outwards to where the skull does
_RISING: Final = 20 * MM  # along a card, over which it rises to the height of its layer
_MIDDLE: Final = (0.5, 0.5, 0.7)  # of the skin's extent: about the skull's, on a head without its landmarks
_CLEARANCE: Final = 1.2 * MM  # between a card and the skin
_FARTHEST_PUSH: Final = 12 * MM
_NEAR_SKIN: Final = 40 * MM
_ROUND: Final = 0.5  # how far the normals of a card's edges lean to the sides
_HEAD_SHAPED: Final = 0.35  # how far they lean to where the head as a whole faces
_TIP: Final = 0.45  # of its width, what a card loses towards the tip
_FLYING: Final = 12 * MM  # how far the tips of hairs that fly away stand off
_FINE_SINK: Final[dict[Region, float]] = {"scalp": 1.0, "beard": 0.6, "brows": 0.15, "lashes": 0.1}  # of `_SUNK`


class Skin:
    """The surface that cards stay out of.

    Args:
        head: whose.
    """

    def __init__(self, head: Head) -> None:
        part = head.topology.part("skin")
        own = slice(*part.vertices)
        triangles = head.topology.triangles[2 * part.faces[0] : 2 * part.faces[1]]
        a, b, c = head.vertices[triangles].unbind(1)
        area = torch.linalg.cross(b - a, c - a)
        normals = torch.zeros_like(head.vertices)
        for corner in range(3):
            normals.index_add_(0, triangles[:, corner], area)
        self._points, self._normals = head.vertices[own], unit(normals[own])
        self._tree = cKDTree(self._points.numpy())
        low, high = self._points.amin(dim=0), self._points.amax(dim=0)
        known = "opisthocranion" in head.topology.landmarks
        self._centre = Skull.of(head).centre if known else low + (high - low) * low.new_tensor(_MIDDLE)

    def outside(self, points: Tensor, clearance: float) -> Tensor:
        """Return points [N, 3], those below or close to the skin moved out of it."""
        distance, index = self._tree.query(points.numpy(), distance_upper_bound=_NEAR_SKIN)
        close = torch.from_numpy(distance < _NEAR_SKIN)
        nearest = torch.from_numpy(index)[close]
        normal = self._normals[nearest]
        height = ((points[close] - self._points[nearest]) * normal).sum(dim=1, keepdim=True)
        moved = points.clone()
        moved[close] += (clearance - height).clamp(0.0, _FARTHEST_PUSH) * normal
        return moved

    def outwards(self, points: Tensor) -> Tensor:
        """Return [..., 3] unit directions away from the upright axis that ends in the middle of the skull."""
        centre = self._centre
        height = torch.minimum(points[..., 2:], centre[2])
        return unit(points - torch.cat((centre[:2].expand_as(points[..., :2]), height), dim=-1))


@dataclass(frozen=True)
class Mesh:
    """Cards of one layer.

    Attributes:
        vertices: [N, 3] metres.
        normals: [N, 3].
        uv: [N, 2].
        faces: [F, 4].
        card: [N] int64 0..C-1.
    """

    vertices: Tensor
    normals: Tensor
    uv: Tensor
    faces: Tensor
    card: Tensor


def mesh(
    ribbons: Ribbons, planned: Plan, region: Region, head: Head, skin: Skin, strips: list[Strip],
    generator: torch.Generator,
) -> Mesh:  # fmt: skip
    """Return the mesh of a layer's cards.

    Args:
        ribbons: of the layer.
        planned: of the region.
        region: which.
        head: that it grows on.
        skin: of the head.
        strips: of the atlas that the cards show, drawn by lot.
        generator: of the lot.
    """
    lines = ribbons.lines
    along = tangents(lines)
    own = planned.roots.frames(head.vertices, head.topology.triangles)[ribbons.guide][:, None, :, 2]
    gone = lengths(lines)[:, None, None] * torch.linspace(0.0, 1.0, lines.shape[1])[None, :, None]
    outward = unit(torch.lerp(own.expand_as(lines), skin.outwards(lines), smooth(gone / _LEAVING)))
    normal = facing(along, outward)
    lift = ribbons.layer.lift * smooth(gone / _RISING)
    if ribbons.layer.name == "fly":
        lift = lift + _FLYING * torch.rand(len(lines), 1, 1, generator=generator) * _share(lines) ** 2
    lines = lines + lift * normal
    side = torch.linalg.cross(normal, along)
    # Hair that stands off has no side that faces outwards: its cards stand every way, as the hairs around them do.
    standing = (along * outward).sum(dim=2).mean(dim=1).clamp(min=0.0) ** 4
    lot = math.pi * torch.rand(len(lines), generator=generator)
    turn = (ribbons.roll + standing * lot)[:, None, None]
    normal, side = normal * turn.cos() + side * turn.sin(), side * turn.cos() - normal * turn.sin()
    taper = (_TIP * (1.0 - standing))[:, None, None]
    width = ribbons.width[..., None] * (1.0 - taper * _share(lines) ** 3)
    lines = lines - _SUNK * _FINE_SINK[region] * own * (1.0 - smooth(gone / (0.5 * _RISING)))
    chosen = torch.randint(len(strips), (len(lines),), generator=generator)
    mirrored = torch.rand(len(lines), generator=generator) < 0.5
    bounds = torch.tensor([strip.bounds for strip in strips])[chosen]
    u = torch.where(mirrored[:, None], bounds[:, [1, 0]], bounds[:, [0, 1]])
    values = torch.cat((lines, normal, side, width, outward), dim=2)
    groups = [
        _rows(values[these], int(number), torch.cat((u, bounds[:, 2:]), dim=1)[these], these)
        for number in torch.unique(ribbons.segments)
        if len(these := torch.nonzero(ribbons.segments == number)[:, 0])
    ]
    joined = _joined(groups)
    clear = skin.outside(joined.vertices, _CLEARANCE * _FINE_SINK[region])
    free = joined.row > 0
    vertices = torch.where(free[:, None], clear, joined.vertices)
    return Mesh(vertices, joined.normals, joined.uv, joined.faces, joined.card)


def smooth(share: Tensor) -> Tensor:
    """Return 0..1, smoothly."""
    share = share.clamp(0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def _share(lines: Tensor) -> Tensor:
    """[1, M, 1] 0..1 along lines."""
    return torch.linspace(0.0, 1.0, lines.shape[1])[None, :, None]


@dataclass(frozen=True)
class _Rows:
    vertices: Tensor
    normals: Tensor
    uv: Tensor
    faces: Tensor
    card: Tensor
    row: Tensor


def _rows(values: Tensor, segments: int, bounds: Tensor, card: Tensor) -> _Rows:
    """Cards of so many segments: two vertices a row, left and right as seen from outside with the tip below."""
    places = spread_rows(values[..., :3], segments + 1)
    found = resampled(values, places)
    middle, normal, side, width, outward = torch.split(found, [3, 3, 3, 1, 3], dim=2)
    normal, side = unit(normal), unit(side)
    left, right = middle - 0.5 * width * side, middle + 0.5 * width * side
    vertices = torch.stack((left, right), dim=2)
    seen = unit(torch.lerp(normal, outward, _HEAD_SHAPED))
    normals = torch.stack((seen - _ROUND * side, seen + _ROUND * side), dim=2)
    share = places / (values.shape[1] - 1)
    v = torch.lerp(bounds[:, 2:3], bounds[:, 3:4], share)
    uv = torch.stack((bounds[:, None, :2].expand(-1, segments + 1, 2), v[..., None].expand(-1, -1, 2)), dim=3)
    count = len(values)
    first = 2 * torch.arange(segments)
    strip = torch.stack((first, first + 2, first + 3, first + 1), dim=1)
    faces = (strip[None] + 2 * (segments + 1) * torch.arange(count)[:, None, None]).reshape(-1, 4)
    owner = card[:, None].expand(-1, 2 * (segments + 1)).reshape(-1)
    row = torch.arange(segments + 1).repeat_interleave(2).repeat(count)
    return _Rows(vertices.reshape(-1, 3), unit(normals).reshape(-1, 3), uv.reshape(-1, 2), faces, owner, row)


def _joined(groups: list[_Rows]) -> _Rows:
    """All of them as one."""
    starts = torch.tensor([0, *(len(group.vertices) for group in groups)]).cumsum(0)
    faces = [group.faces + start for group, start in zip(groups, starts.tolist(), strict=False)]
    return _Rows(
        torch.cat([group.vertices for group in groups]),
        torch.cat([group.normals for group in groups]),
        torch.cat([group.uv for group in groups]),
        torch.cat(faces),
        torch.cat([group.card for group in groups]),
        torch.cat([group.row for group in groups]),
    )


def rooted(ribbons: Ribbons, planned: Plan) -> Roots:
    """Return [C] where the cards of a layer are rooted."""
    return planned.roots.of(ribbons.guide)
