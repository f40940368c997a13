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
from dreamface.groom.fields import Field, field_at
from dreamface.groom.growth import grow_guides
from dreamface.groom.lashes import grow_lashes
from dreamface.groom.looks import look_of, thinned
from dreamface.groom.roots import hair_uv, spread
from dreamface.groom.shaping import curled, even, gathered, kept_share, resample, turned, twirled
from dreamface.groom.surface import Surface
from dreamface.hair import Groom, Hair, Region, Roots
from dreamface.random_streams import stream
from dreamface.styles import Style, find_style
from dreamface.styles.density import bearded, root_density
from dreamface.styles.where import size_of
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
    return _GROWERS[style.region](style, surface, traits, seed)


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
    roots = spread(head, density, style.guides, generator)
    if style.region == "beard":
        roots = roots.of(bearded(head, roots))
    points = _guides(style, surface, roots, shape_of(style, traits), generator)
    uv = hair_uv(head, roots)
    lock = torch.arange(len(points))
    look = look_of(style, surface)
    if style.region == "beard":
        look = thinned(look, _amount_of_beard(style, traits))
    return Hair(style.region, style.name, points, roots, uv, lock, look, colour_of(style, traits))


def _amount_of_beard(style: Style, traits: Traits) -> float:
    amount = traits.number("beard.density")
    if style.name == "beard_stubble" and traits.choice("beard.style") == "none":
        amount = traits.number("stubble.density")
    return _THINNEST_BEARD + (1.0 - _THINNEST_BEARD) * amount


def shape_of(style: Style, traits: Traits) -> Shape:
    """Return how traits change a style."""
    of_beard = style.region == "beard"
    asked = traits.number("beard.length" if of_beard else "hair.length")
    here, there = (float(np.interp(value, _LENGTH, _LENGTH_METRES)) for value in (asked, style.length))
    parting = style.parting.side if style.parting is not None else 0.0
    length = min(max(here / there, style.shortest), style.longest)
    if of_beard:
        length = _beard_length(asked, style)
        return Shape(length, volume=1.0, curl=0.0, parting=parting)
    volume, usual = (
        float(np.interp(value, _VOLUME, _VOLUME_FACTOR)) for value in (traits.number("hair.volume"), style.volume)
    )
    parted = traits["hair.parting"].confidence > 0.0 or traits.number("hair.parting") != 0.0
    return Shape(
        length=length,
        volume=volume / usual,
        curl=traits.number("hair.curl") - style.curl,
        parting=traits.number("hair.parting") if parted else parting,
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
    grown = grow_guides(surface, start, normal, field, torch.where(cut, _GROWN_LATER * length, length), own)
    kept = kept_share(grown.points, field, surface, random[:, 1])
    points = even(resample(grown.points, 2 * style.points, kept), style.points)
    away = torch.nn.functional.normalize(resample(grown.normal, style.points, kept), dim=2)
    points = turned(points, away, field["turn"])
    points = twirled(gathered(points, field["gather"], surface), field["twirl"])
    radius, pitch = _curl(style, field, shape, surface)
    points = curled(
        points, away, radius * (0.75 + 0.5 * random[:, 2]), pitch * (0.85 + 0.3 * random[:, 3]), field["curl_from"],
        field["flat"], 2.0 * torch.pi * random[:, 2],
    )  # fmt: skip
    return kept_out(points, surface)


def _curl(style: Style, field: Field, shape: Shape, surface: Surface) -> tuple[Tensor, Tensor]:
    """Return radius and pitch [N] of the guides' curls in metres."""
    amount = (field["curl"] + shape.curl).clamp(0.0, 1.0).numpy()
    unit = MM * size_of(surface.skull)
    usual_radius = torch.from_numpy(np.interp(amount, _CURL, _CURL_RADIUS)).float() * unit
    usual_pitch = torch.from_numpy(np.interp(amount, _CURL, _CURL_PITCH)).float() * unit
    radius = torch.where(field["radius"] > 0.0, field["radius"], usual_radius)
    return radius, torch.where(field["pitch"] > 0.0, field["pitch"], usual_pitch)


_MARGIN: Final = 0.6 * MM  # from the skin, of everything but roots
_DEEPEST: Final = 15.0 * MM  # inside the skin, from where hair still finds out
_FREE_FROM: Final = 8.0 * MM  # along a hair, from where it keeps that margin


def kept_out(points: Tensor, surface: Surface) -> Tensor:
    """Return curves [N, P, 3] with what came too close to the skin moved out of it; roots stay."""
    count, each = points.shape[:2]
    step = (points[:, 1:] - points[:, :-1]).norm(dim=2).cumsum(dim=1)
    flat = points[:, 1:].reshape(-1, 3)
    near = surface.near(flat, reach=_DEEPEST)
    closest = _MARGIN * (step.reshape(-1) / _FREE_FROM).clamp(max=1.0)
    deep = (closest - near.distance).clamp(min=0.0)
    moved = flat + deep[:, None] * near.normal
    return torch.cat((points[:, :1], moved.view(count, each - 1, 3)), dim=1)


_GROWERS: Final[Mapping[Region, Callable[[Style, Surface, Traits, int], Hair]]] = {
    "scalp": grow_style, "beard": grow_style, "brows": grow_brows, "lashes": grow_lashes
}  # fmt: skip
