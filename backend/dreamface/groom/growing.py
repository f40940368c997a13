"""From a head and its traits to the guides of all its hair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.groom.brows import grow_brows
from dreamface.groom.colours import colour_of
from dreamface.groom.fields import USUAL, Field, field_at
from dreamface.groom.growth import grow_guides
from dreamface.groom.lashes import grow_lashes
from dreamface.groom.looks import look_of, thinned
from dreamface.groom.own_curves import from_curves
from dreamface.groom.roots import hair_uv, spread
from dreamface.groom.rows import cornrows, wound
from dreamface.groom.shaping import curled, even, gathered, kept_share, resample, turned, twirled
from dreamface.groom.surface import Surface
from dreamface.groom.ties import tied
from dreamface.hair import Groom, Hair, Region, Roots
from dreamface.random_streams import stream
from dreamface.styles import Cut, Rows, Section, Style, Where, bearded, find_style, root_density, size_of
from dreamface.traits import Traits
from dreamface.units import MM

# hair.curl -> radius and pitch of a curl in millimetres: from waves over curls to coils.
_CURL: Final = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
_CURL_RADIUS: Final = (0.0, 3.5, 6.5, 8.0, 7.5, 5.0, 2.6)
_CURL_PITCH: Final = (120.0, 110.0, 80.0, 52.0, 32.0, 19.0, 9.0)

# hair.length -> metres of loose hair, the unit in which lengths of styles are compared.
_LENGTH: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
_LENGTH_METRES: Final = (0.004, 0.020, 0.05, 0.10, 0.17, 0.26, 0.45, 0.75)

_LENGTH_SPREAD: Final = 0.05  # standard deviation of guides' lengths

# hair.volume -> factor on how far hair stands off the head.
_VOLUME: Final = (0.0, 0.5, 1.0)
_VOLUME_FACTOR: Final = (0.3, 1.0, 2.6)
_THINNEST_BEARD: Final = 0.3  # of a style's hairs, at the least `beard.density`
_GROWN_LATER: Final = 1.35  # guides grow so much longer than they should be, where scissors cut them


_FRINGE_FROM: Final = 0.15  # hair.fringe above which hair is cut over the forehead
_SHORTEST_FRINGE, _LONGEST_FRINGE = 32.0, -4.0  # millimetres from the glabella up to its ends
_FRINGE: Final = Section(
    where=Where(azimuth=(-1.0, 38.0), elevation=(30.0, 72.0), soft_degrees=12.0),
    length=120.0, flow={"forward": 1.0, "down": 0.6}, lift=30.0, rise=14.0, follow=55.0, stiff=20.0, gravity=0.9,
    volume=7.0, turn=12.0, unruly=4.0, face=1.0,
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """How a person's traits change a style.

    Attributes:
        length: factor.
        volume: factor.
        curl: added to the style's own.
        parting: -1..1.
    """

    length: float
    volume: float
    curl: float
    parting: float


def grow(head: Head, traits: Traits, seed: int) -> Groom:
    """Return the hair of a head: its guides by region.

    Args:
        head: with neutral vertices.
        traits: all of a person's.
        seed: of what is uneven.

    Raises:
        BadRequest: a style is unknown.
    """
    surface = Surface(head)
    groom: dict[Region, Hair] = {}
    for style in styles_of(traits):
        hair = grow_hair(style, surface, traits, seed)
        if len(hair):
            groom[style.region] = hair
    return groom


def grow_hair(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return hair of one style, of whatever region.

    Raises:
        BadRequest: the head has no region for it.
    """
    grower = _GROWERS[style.region] if style.curves is None else grow_combed
    return grower(style, surface, traits, seed)


def styles_of(traits: Traits) -> list[Style]:
    """Return the styles that a person wears.

    Raises:
        BadRequest: one is unknown.
    """
    names: dict[Region, str] = {"scalp": traits.choice("hair.style")}
    beard = traits.choice("beard.style")
    if beard == "none" and traits.number("stubble.density") > 0.0:
        beard = "stubble"
    if beard != "none":
        names["beard"] = f"beard_{beard}"
    names["brows"] = f"brows_{traits.choice('brows.style')}"
    names["lashes"] = f"lashes_{traits.choice('lashes.style')}"
    return [find_style(name, region) for region, name in names.items()]


def grow_style(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return hair of one style.

    Raises:
        BadRequest: the head has no region for it.
    """
    head = surface.head
    generator = stream(seed, f"{style.region} guides")
    density = root_density(style, head, traits)
    shape = shape_of(style, traits)
    style = with_fringe(style, traits)
    if style.rows is not None and style.rows.form == "cornrow":
        length = _base(style).length or 0.0
        grown = cornrows(
            style.rows, surface, density, length * MM * size_of(surface.skull) * shape.length, style.points,
            style.guides, generator,
        )  # fmt: skip
        roots, points, lock = grown.roots, grown.points, grown.lock
    elif style.rows is not None:
        roots, points, lock = _locks(style, style.rows, surface, density, shape, generator)
    else:
        roots = spread(head, density, style.guides, generator)
        if style.region == "beard":
            roots = roots.of(bearded(head, roots))
        points = _guides(style, surface, roots, shape, generator)
        points, lock = _with_ties(style, surface, roots, points, shape, generator)
    points = kept_out(points, surface)
    uv = hair_uv(head, roots)
    look = look_of(style, surface)
    if style.region == "beard":
        look = thinned(look, _amount_of_beard(style, traits))
    return Hair(style.region, style.name, points, roots, uv, lock, look, colour_of(style, traits))


def _amount_of_beard(style: Style, traits: Traits) -> float:
    amount = traits.number("beard.density")
    if style.name == "beard_stubble" and traits.choice("beard.style") == "none":
        amount = traits.number("stubble.density")
    return _THINNEST_BEARD + (1.0 - _THINNEST_BEARD) * amount


def grow_combed(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return hair of a style that an artist has combed, longer or shorter as the traits ask; `seed` changes nothing.

    Raises:
        BadRequest: its curves are metres away from the head.
    """
    del seed
    if style.curves is None:
        raise ValueError("a style without curves")
    points, roots = from_curves(style.curves, surface.head, surface)
    points = kept_out(points[:, :1] + shape_of(style, traits).length * (points - points[:, :1]), surface)
    uv, lock = hair_uv(surface.head, roots), torch.arange(len(roots))
    return Hair(style.region, style.name, points, roots, uv, lock, look_of(style, surface), colour_of(style, traits))


def with_fringe(style: Style, traits: Traits) -> Style:
    """Return the style with as much of a fringe as the traits ask for."""
    amount = traits.number("hair.fringe") if "hair.fringe" in traits else style.fringe
    loose = style.region == "scalp" and style.rows is None and style.guides > 0
    if not loose or style.fringe > 0.0 or amount < _FRINGE_FROM:
        return style
    lifted = float(np.interp(amount, (_FRINGE_FROM, 1.0), (_SHORTEST_FRINGE, _LONGEST_FRINGE)))
    cut = Cut(landmark="glabella", mm=lifted, ragged=9.0)
    return style.model_copy(update={"sections": (*style.sections, _FRINGE.model_copy(update={"cut": cut}))})


def _base(style: Style) -> Section:
    """Return what a style says everywhere."""
    return style.sections[0] if style.sections else USUAL


def _locks(
    style: Style, rows: Rows, surface: Surface, density: Tensor, shape: Shape, generator: torch.Generator
) -> tuple[Roots, Tensor, Tensor]:
    """Return roots, points and locks of hair that is parted into boxes."""
    unit = MM * size_of(surface.skull)
    area = surface.area(density)
    boxes = min(style.guides // rows.strands, round(0.8 * area / (rows.size * unit) ** 2))
    roots = spread(surface.head, density, boxes, generator)
    middle = _guides(style, surface, roots, shape, generator)
    start = roots.on(surface.head.vertices, surface.triangles)
    normal = torch.nn.functional.normalize(roots.on(surface.normals, surface.triangles), dim=1)
    points, lock = wound(middle, normal[:, None].expand_as(middle), rows, unit, style.points)
    points = torch.cat((start.repeat(rows.strands, 1)[:, None], points[:, 1:]), dim=1)
    return roots.of(torch.arange(len(roots)).repeat(rows.strands)), points, lock


def _with_ties(
    style: Style, surface: Surface, roots: Roots, points: Tensor, shape: Shape, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the guides with those that a tie takes gathered, and their locks."""
    lock = torch.arange(len(roots))  # loose guides have a number of their own
    start = points[:, 0]
    normal = torch.nn.functional.normalize(roots.on(surface.normals, surface.triangles), dim=1)
    for tie in style.ties:
        for mirrored in (False, True) if tie.mirrored else (False,):
            found = tied(tie, mirrored, surface, start, normal, style.points, shape.length, generator)
            points, lock = points.clone(), lock.clone()
            points[found.chosen] = found.points
            lock[found.chosen] = found.lock + lock.max() + 1
    return points, lock


def shape_of(style: Style, traits: Traits) -> Shape:
    """Return how traits change a style."""
    parting = style.parting.side if style.parting is not None else 0.0
    if style.region == "beard":
        return Shape(_beard_length(traits.number("beard.length"), style), volume=1.0, curl=0.0, parting=parting)
    here, there = (
        float(np.interp(value, _LENGTH, _LENGTH_METRES)) for value in (traits.number("hair.length"), style.length)
    )
    length = min(max(here / there, style.shortest), style.longest)

    def asked(name: str, usual: float) -> float:
        return traits.number(name) if name in traits else usual

    volume, usual = (
        float(np.interp(value, _VOLUME, _VOLUME_FACTOR)) for value in (asked("hair.volume", style.volume), style.volume)
    )
    return Shape(
        length,
        volume=volume / usual,
        curl=asked("hair.curl", style.curl) - style.curl,
        parting=asked("hair.parting", parting),
    )


def _beard_length(asked: float, style: Style) -> float:
    """Return the factor on a beard's length: from its shortest to its longest as `beard.length` goes from 0 to 1."""
    if asked < style.length:
        return float(style.shortest ** ((style.length - asked) / style.length))
    return float(style.longest ** ((asked - style.length) / max(1.0 - style.length, 1e-6)))


def _guides(style: Style, surface: Surface, roots: Roots, shape: Shape, generator: torch.Generator) -> Tensor:
    head, triangles = surface.head, surface.triangles
    count = len(roots)
    if not count:
        return torch.zeros(0, style.points, 3)
    random = torch.rand(count, 4, generator=generator)
    own = torch.randn(count, 3, generator=generator)
    start = roots.on(head.vertices, triangles)
    normal = torch.nn.functional.normalize(roots.on(surface.normals, triangles), dim=1)
    field = field_at(style, surface, start, shape.parting, random[:, 0])
    length = field["length"] * shape.length * (1.0 + _LENGTH_SPREAD * own[:, 0].clamp(-2.0, 2.0))
    cut = torch.zeros(count, dtype=torch.bool)
    for _, whom in field.cuts:
        cut |= whom
    field = field.scaled(shape.volume)
    grown = grow_guides(surface, start, normal, field, torch.where(cut, _GROWN_LATER * length, length), own)
    kept = kept_share(grown.points, field, surface, random[:, 1])
    points = even(resample(grown.points, 2 * style.points, kept), style.points)
    away = torch.nn.functional.normalize(resample(grown.normal, style.points, kept), dim=2)
    points = turned(points, away, field["turn"])
    points = twirled(gathered(points, field["gather"], surface), field["twirl"])
    radius, pitch = _curl(field, shape, surface)
    points = curled(
        points, away, radius * (0.75 + 0.5 * random[:, 2]), pitch * (0.85 + 0.3 * random[:, 3]), field["curl_from"],
        field["flat"], 2.0 * torch.pi * random[:, 2],
    )  # fmt: skip
    return points


def _curl(field: Field, shape: Shape, surface: Surface) -> tuple[Tensor, Tensor]:
    """Return radius and pitch [N] of the guides' curls in metres."""
    unit = MM * size_of(surface.skull)
    asked = (field["curl"] + shape.curl).clamp(0.0, 1.0)

    def measured(name: str, values: tuple[float, ...]) -> Tensor:
        at, usual = (torch.from_numpy(np.interp(curl, _CURL, values)).float() * unit for curl in (asked, field["curl"]))
        # What a style draws goes with its own curl; another one changes it in proportion.
        return torch.where((field[name] > 0.0) & (usual > 0.0), field[name] * at / usual.clamp(min=1e-9), at)

    return measured("radius", _CURL_RADIUS), measured("pitch", _CURL_PITCH)


_MARGIN: Final = 0.6 * MM  # from the skin, of everything but roots
_FREE_FROM: Final = 8.0 * MM  # along a hair, from where it keeps that margin
_LOOKED: Final = 10.0 * MM  # how far from hair the skin is looked for
_PASSES: Final = 3  # in which hair is moved out of folds, as between an ear and the head


def kept_out(points: Tensor, surface: Surface) -> Tensor:
    """Return curves [N, P, 3] with what came too close to the skin moved out of it; roots stay."""
    count, each = points.shape[:2]
    step = (points[:, 1:] - points[:, :-1]).norm(dim=2).cumsum(dim=1)
    moved = points[:, 1:].reshape(-1, 3)
    closest = _MARGIN * (step.reshape(-1) / _FREE_FROM).clamp(max=1.0)
    deep = torch.arange(len(moved))
    for _ in range(_PASSES):
        near = surface.near(moved[deep], reach=_LOOKED)
        missing = closest[deep] - near.distance
        still = torch.nonzero(missing > 0.0)[:, 0]
        deep = deep[still]
        moved = moved.index_add(0, deep, missing[still, None] * near.normal[still])
    return torch.cat((points[:, :1], moved.view(count, each - 1, 3)), dim=1)


_GROWERS: Final[Mapping[Region, Callable[[Style, Surface, Traits, int], Hair]]] = {
    "scalp": grow_style, "beard": grow_style, "brows": grow_brows, "lashes": grow_lashes
}  # fmt: skip
