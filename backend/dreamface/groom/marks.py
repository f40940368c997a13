"""Hair on places that an artist has marked: denser, sparser or shaved, other than as its style grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from scipy.spatial import cKDTree
from torch import Tensor
from torch.nn.functional import grid_sample

from dreamface.groom.keeping_out import kept_out
from dreamface.groom.looks import thinned
from dreamface.groom.roots import hair_uv, scatter
from dreamface.groom.surface import Surface
from dreamface.hair import Hair, HairMark, Roots
from dreamface.random_streams import stream
from dreamface.styles import Style, root_density, size_of
from dreamface.traits import Traits
from dreamface.units import MM

_MOST_MORE: Final = 1.6  # times as many hairs as a style has, where marks let it grow on more skin
_BROW_POWER: Final = 0.6  # brows' hairs go with their density to this power, as in `grow_brows`
_CROWDED: Final = 1.6  # squares of the usual distance between brows' neighbours, to each of their hairs
_MOST_TRIED: Final = 6000  # roots that a mark on brows tries: one on all of a face doesn't grow fur
_BARE: Final = 1.5  # usual distances from the nearest hair at which skin is bare
_BESIDE: Final = 2.5 * MM  # from a brow's hairs, on a head of usual size, within which new ones grow
_INNER: Final = 0.15  # of a brow's hairs, its inner end
_SHORTEST_NEW, _LONGEST_NEW = 0.6, 1.0  # lengths of new hairs over that of the hair they go along with


def density_of(style: Style, surface: Surface, traits: Traits, seed: int) -> tuple[Tensor, float]:
    """Return [V] 0..1 how densely a style has roots, and how many hairs it has over those without any marks.

    Raises:
        BadRequest: the head has no region for such hair.
    """
    usual = root_density(style, surface.head, traits, seed)
    density = usual
    for mark in marks_of(surface, style.region):
        density = torch.lerp(density, torch.full_like(density, mark.density), mark.weight)
    if density is usual:
        return usual, 1.0
    whole = surface.area(usual)
    return density, min(surface.area(density) / whole, _MOST_MORE) if whole > 0.0 else 0.0


def marks_of(surface: Surface, region: str) -> Sequence[HairMark]:
    """Return the marks of a region's hair."""
    return [mark for mark in surface.marks if mark.region == region]


def as_marked(hair: Hair, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return hair that does not grow by density, such as brows, as marks have it, one after the other.

    Marks shave it; those that ask for more than the person's brows have let more of them grow, between the brows, too.

    Args:
        hair: of brows, lashes or a combed style.
        surface: of the head, with marks.
        traits: a person's.
        seed: of what is uneven.
    """
    for number, mark in enumerate(marks_of(surface, hair.region)):
        if not len(hair):
            break
        if _left(mark, traits) > 1.0:
            hair = _bushier(hair, _grown(hair, mark, surface, traits, stream(seed, f"bushier {number}")))
        else:
            random = torch.rand(len(hair), generator=stream(seed, f"shaved {number}"))
            hair = _kept(hair, random >= _weight(hair.roots, mark, surface) * (1.0 - _left(mark, traits)))
    return hair


def _kept(hair: Hair, which: Tensor) -> Hair:
    """Return those guides [N] bool of hair, with as many of its hairs."""
    if bool(which.all()):
        return hair
    look = thinned(hair.look, float(which.float().mean()))
    return Hair(
        hair.region, hair.style, hair.points[which], hair.roots.of(which), hair.uv[which], hair.lock[which], look,
        hair.colour,
    )  # fmt: skip


def _bushier(hair: Hair, more: Hair) -> Hair:
    """Return hair with the guides of more of it, and as many more hairs."""
    points = torch.cat((hair.points, more.points))
    roots = Roots(
        torch.cat((hair.roots.triangle, more.roots.triangle)),
        torch.cat((hair.roots.barycentric, more.roots.barycentric)),
    )
    return Hair(
        hair.region, hair.style, points, roots, torch.cat((hair.uv, more.uv)), torch.arange(len(points)),
        thinned(hair.look, len(points) / len(hair)), hair.colour,
    )  # fmt: skip


def _grown(hair: Hair, mark: HairMark, surface: Surface, traits: Traits, generator: torch.Generator) -> Hair:
    """Return the hairs that a mark adds: on bare skin as densely as brows are, and between those that are there."""
    head, triangles = surface.head, surface.triangles
    there = hair.points[:, 0]
    spacing = float(torch.from_numpy(cKDTree(there.numpy()).query(there.numpy(), k=2)[0][:, 1]).median())
    tried = round(surface.area((mark.weight > 0.0).float()) / spacing**2 / _CROWDED)
    roots = scatter(head, (mark.weight > 0.0).float(), min(tried, _MOST_TRIED), generator)
    random = torch.rand(len(roots), 2, generator=generator)
    distance, nearest = cKDTree(there.numpy()).query(roots.on(head.vertices, triangles).numpy())
    bare = torch.from_numpy(distance).float() > _BARE * spacing
    often = torch.where(bare, mark.density**_BROW_POWER, min(1.0, _left(mark, traits) - 1.0))
    place = roots.on(head.vertices, triangles)
    near = torch.from_numpy(distance).float() < _BESIDE * size_of(surface.skull)
    roots_kept = (random[:, 0] < often * _weight(roots, mark, surface)) & (near | _between(there, place))
    roots = roots.of(roots_kept)
    like = torch.from_numpy(nearest)[roots_kept]
    place = roots.on(head.vertices, triangles)
    length = _SHORTEST_NEW + (_LONGEST_NEW - _SHORTEST_NEW) * random[roots_kept, 1]
    points = place[:, None] + length[:, None, None] * (hair.points[like] - hair.points[like, :1])
    points = kept_out(points, surface)
    return Hair(
        hair.region, hair.style, points, roots, hair_uv(head, roots), torch.arange(len(roots)), hair.look, hair.colour
    )


def _between(brows: Tensor, places: Tensor) -> Tensor:
    """Return [N] bool: places between the inner ends of two brows with roots [G, 3], where they meet in some people."""
    left = brows[:, 0] > 0.0
    if not bool(left.any()) or bool(left.all()):
        return torch.zeros(len(places), dtype=torch.bool)
    inner = brows[:, 0].abs() < brows[:, 0].abs().quantile(_INNER)
    low, high = brows[inner, 2].amin(), brows[inner, 2].amax()
    across = (places[:, 0] > brows[~left, 0].amax()) & (places[:, 0] < brows[left, 0].amin())
    return across & (places[:, 2] > low) & (places[:, 2] < high)


def _left(mark: HairMark, traits: Traits) -> float:
    """Return how many hairs a mark asks for, over those that a person's brows or lashes have."""
    if mark.region != "brows":
        return mark.density
    own = traits.number("brows.density")
    return (mark.density / own) ** _BROW_POWER if own > 0.0 else 1.0


def _weight(roots: Roots, mark: HairMark, surface: Surface) -> Tensor:
    """Return [N] 0..1 of a mark at roots: by its picture where it has one, as a slit is narrower than the mesh."""
    if not mark.masks:
        return roots.on(mark.weight[:, None], surface.triangles)[:, 0]
    uv, found = hair_uv(surface.head, roots), torch.zeros(len(roots))
    for number, tile in enumerate(surface.head.topology.tiles):
        if tile in mark.masks:
            here = uv[:, 0].floor() == number
            place = (uv[here] - uv.new_tensor((float(number), 0.0))) * uv.new_tensor((2.0, -2.0))
            place = place + uv.new_tensor((-1.0, 1.0))
            image = mark.masks[tile][None, None]
            found[here] = grid_sample(image, place[None, None], padding_mode="border", align_corners=False)[0, 0, 0]
    return found
