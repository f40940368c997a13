"""From a head and its traits to the guides of all its hair."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.groom.asked import Shape, shape_of, with_curls, with_fringe
from dreamface.groom.brows import grow_brows
from dreamface.groom.colours import colour_of
from dreamface.groom.fields import USUAL, Field, field_at
from dreamface.groom.growth import grow_guides
from dreamface.groom.keeping_out import kept_out
from dreamface.groom.lashes import grow_lashes
from dreamface.groom.looks import look_of, thinned
from dreamface.groom.marks import as_marked, density_of
from dreamface.groom.own_curves import from_curves
from dreamface.groom.roots import hair_uv, spread
from dreamface.groom.rows import cornrows, wound
from dreamface.groom.shaping import (
    arc_lengths,
    curled,
    even,
    gathered,
    kept_share,
    off_face_share,
    resample,
    turned,
    twirled,
)
from dreamface.groom.surface import Surface
from dreamface.groom.ties import tied
from dreamface.hair import REGIONS, Groom, Hair, Region, Roots
from dreamface.random_streams import stream
from dreamface.styles import Rows, Section, Style, bearded, find_style, size_of, weight_of
from dreamface.traits import Traits
from dreamface.units import MM

# hair.curl -> radius and pitch of a curl in millimetres: from waves over curls to coils.
_CURL: Final = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
_CURL_RADIUS: Final = (0.0, 3.5, 6.5, 8.0, 7.5, 5.0, 2.6)
_CURL_PITCH: Final = (120.0, 110.0, 80.0, 52.0, 32.0, 19.0, 9.0)

_LENGTH_SPREAD: Final = 0.05  # standard deviation of guides' lengths

_BY_DENSITY: Final = ("scalp", "beard")  # regions whose roots lie where their density says

MOST_POINTS: Final = 96
"""Of a guide."""

_POINTS_A_TURN: Final = 6.0  # of a curl
_FEWEST_A_TURN: Final = 4.0  # where there can't be more, curls are wider
_MOST_TURNS: Final = 0.8  # quantile of the guides' turns that there are points for
_USUAL_BROWS: Final = 0.6  # `brows.density` at which brows are as they were combed
_THINNEST_BEARD: Final = 0.3  # of a style's hairs, at the least `beard.density`
_IN_FRINGE: Final = 0.5  # weight of a fringe's section from which hair belongs to it
_TAIL_FROM: Final = 0.45  # share of tied hair's length from which it curls: on the head it is drawn smooth
_GROWN_LATER: Final = 1.35  # guides grow so much longer than they should be, where scissors cut them


def grow(
    head: Head, traits: Traits, seed: int, regions: Collection[Region] = REGIONS, *, surface: Surface | None = None
) -> Groom:
    """Return the hair of a head: its guides by region.

    Args:
        head: with neutral vertices.
        traits: all of a person's.
        seed: of what is uneven.
        regions: what of it is grown.
        surface: the head's, where it is there already.

    Raises:
        BadRequest: a style is unknown.
    """
    surface = surface or Surface(head)
    groom: dict[Region, Hair] = {}
    for style in styles_of(traits, regions):
        hair = grow_hair(style, surface, traits, seed)
        hair = hair if style.region in _BY_DENSITY and style.curves is None else as_marked(hair, surface, traits, seed)
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


def styles_of(traits: Traits, regions: Collection[Region] = REGIONS) -> list[Style]:
    """Return the styles that a person wears in some regions.

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
    return [find_style(name, region) for region, name in names.items() if region in regions]


def grow_style(style: Style, surface: Surface, traits: Traits, seed: int) -> Hair:
    """Return hair of one style.

    Raises:
        BadRequest: the head has no region for it.
    """
    head = surface.head
    generator = stream(seed, f"{style.region} guides")
    density, share = density_of(style, surface, traits, seed)
    shape = shape_of(style, traits)
    style = with_fringe(style, traits)
    style = style if share == 1.0 else style.model_copy(update={"guides": round(share * style.guides)})
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
    look = thinned(look_of(with_curls(style, traits), surface), share)
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
    look = thinned(look_of(style, surface), _amount(style, traits))
    hair = Hair(style.region, style.name, points, roots, uv, lock, look, colour_of(style, traits))
    return hair if look.hairs else replace(hair, points=points[:0], roots=roots.of(lock[:0]), uv=uv[:0], lock=lock[:0])


def _amount(style: Style, traits: Traits) -> float:
    """Return which share of a combed style's hairs the traits ask for."""
    if style.region == "beard":
        return _amount_of_beard(style, traits)
    return traits.number("brows.density") / _USUAL_BROWS if style.region == "brows" else 1.0


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
    if not len(roots):
        return points, lock
    free = torch.zeros(len(roots), dtype=torch.bool)
    for section in style.sections:
        if section.loose:
            free |= weight_of(section.where, surface.head, surface.skull, start) >= _IN_FRINGE
    for tie in style.ties:
        looser = tie.model_copy(update={"tight": tie.tight * shape.volume, "radius": tie.radius * shape.volume**0.5})
        for mirrored in (False, True) if tie.mirrored else (False,):
            found = tied(looser, mirrored, surface, start, normal, points.shape[1], shape.length, generator)
            chosen = found.chosen & ~free
            tails = found.points[chosen[found.chosen]]
            if tie.form == "tail":
                tails = _curled_tail(tails, normal[chosen], shape, surface, generator)
            points, lock = points.clone(), lock.clone()
            points[chosen] = tails
            lock[chosen] = found.lock[chosen[found.chosen]] + lock.max() + 1
    return points, lock


def _curled_tail(points: Tensor, normal: Tensor, shape: Shape, surface: Surface, generator: torch.Generator) -> Tensor:
    """Return the guides of a tail with as much curl as is asked for."""
    amount = max(0.0, shape.curl)
    unit, count = MM * size_of(surface.skull), len(points)
    radius, pitch = (float(np.interp(amount, _CURL, values)) * unit for values in (_CURL_RADIUS, _CURL_PITCH))
    if amount == 0.0 or not count:
        return points
    pitch = max(pitch, _FEWEST_A_TURN * float(arc_lengths(points)[:, -1].max()) / points.shape[1])
    random = torch.rand(count, generator=generator)
    every = torch.ones(count)
    return curled(
        points, normal[:, None].expand_as(points), radius * (0.75 + 0.5 * random), pitch * every, _TAIL_FROM * every,
        0.0 * every, 2.0 * torch.pi * random,
    )  # fmt: skip


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
    radius, pitch = _curl(field, shape, surface)
    length = torch.where(cut, _GROWN_LATER * length, length)
    grown = grow_guides(surface, start, normal, field, length, own)
    kept = kept_share(grown.points, field, surface, random[:, 1])
    if style.region == "scalp":
        kept = torch.minimum(kept, off_face_share(grown.points, field, surface))
    points_each = _points_for(style.points, kept * length, radius, pitch)
    pitch = pitch.clamp(min=_FEWEST_A_TURN * float((kept * length).max()) / points_each)
    points = even(resample(grown.points, 2 * points_each, kept), points_each)
    away = torch.nn.functional.normalize(resample(grown.normal, points_each, kept), dim=2)
    points = turned(points, away, field["turn"])
    points = twirled(gathered(points, field["gather"], surface), field["twirl"])
    points = curled(
        points, away, radius * (0.65 + 0.7 * random[:, 2]), pitch * (0.75 + 0.5 * random[:, 3]), field["curl_from"],
        field["flat"], 2.0 * torch.pi * random[:, 2],
    )  # fmt: skip
    return points


def _points_for(usual: int, length: Tensor, radius: Tensor, pitch: Tensor) -> int:
    """Return how many points guides need: a style's own, and more where they have more turns than that can show."""
    curls = radius > 0.0
    if not bool(curls.any()):
        return usual
    turns = float((length / pitch)[curls].quantile(_MOST_TURNS))
    return min(max(usual, round(_POINTS_A_TURN * turns)), MOST_POINTS)


def _curl(field: Field, shape: Shape, surface: Surface) -> tuple[Tensor, Tensor]:
    """Return radius and pitch [N] of the guides' curls in metres."""
    unit = MM * size_of(surface.skull)
    asked = (field["curl"] + shape.curl).clamp(0.0, 1.0)

    def measured(name: str, values: tuple[float, ...]) -> Tensor:
        at, usual = (torch.from_numpy(np.interp(curl, _CURL, values)).float() * unit for curl in (asked, field["curl"]))
        # What a style draws goes with its own curl; another one changes it in proportion.
        return torch.where((field[name] > 0.0) & (usual > 0.0), field[name] * at / usual.clamp(min=1e-9), at)

    return measured("radius", _CURL_RADIUS), measured("pitch", _CURL_PITCH)


_GROWERS: Final[Mapping[Region, Callable[[Style, Surface, Traits, int], Hair]]] = {
    "scalp": grow_style, "beard": grow_style, "brows": grow_brows, "lashes": grow_lashes
}  # fmt: skip
