"""Hairs that lie on the skin: the cropped hair of a head without grown hair, stubble and short beards.

Each hair is a curve in the texture layout (see `strands`) with a colour of its own (see `hair_look`). Hairs cover the
skin and stand out of it; what is seen of the skin between them is shaded. Brows have a module of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Topology
from dreamface.skin.canvas.atlas import smoothstep
from dreamface.skin.canvas.cache import TopologyCache
from dreamface.skin.canvas.layer import Decal, Ground, Layer, window_of
from dreamface.skin.canvas.pigments import dyed, luminance
from dreamface.skin.canvas.ramps import Line
from dreamface.skin.canvas.shared_noises import MOTTLING, PATCHES
from dreamface.skin.canvas.strands import Coat, grow, ways
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.brows import BROWS
from dreamface.skin.layers.hair_look import (
    HAIR_TRAITS,
    beard_grey,
    fine_colour,
    fine_white,
    hair_decals,
    sheltered,
    thick_white,
)
from dreamface.units import MM

_CROP: Final = Coat(often=1300e3, length=4.2 * MM, width=0.090 * MM, swirl=0.45, scatter=0.28, tufts=0.22, drawn=0.13)
_BUZZ: Final = replace(_CROP, length=2.4 * MM, scatter=0.4)
_STUBBLE: Final = Coat(often=620e3, length=0.85 * MM, width=0.105 * MM, swirl=0.35, scatter=0.35)
_BEARD: Final = Coat(often=1100e3, length=1.0 * MM, width=0.140 * MM, swirl=0.30, scatter=0.15, tufts=0.40)
_UNDERCOAT: Final = 0.62  # fraction of the hairs of a thick coat that lie below the others


@dataclass(frozen=True)
class _Edge:
    """How the hair thins out at the border of its region.

    Attributes:
        softenings: means over neighbouring vertices that soften the region.
        patches, mottling: how much two noises move the border, as parts of the region's weight.
        channel: which of the noises' images.
        over: weight of the region over which the hair gets dense.
    """

    softenings: int
    patches: float
    mottling: float
    channel: str
    over: tuple[float, float]


_HAIRLINE: Final = _Edge(softenings=6, patches=0.07, mottling=0.03, channel="density", over=(0.08, 1.0))
_BEARD_EDGE: Final = _Edge(softenings=3, patches=0.12, mottling=0.10, channel="colour", over=(0.06, 0.85))
_NEIGHBOURS_WEIGHT: Final = 0.6  # of the neighbouring vertices in such a mean, against `_OWN_WEIGHT`
_OWN_WEIGHT: Final = 0.4
_CACHED_REGIONS: Final = 12  # softened regions in memory


@dataclass(frozen=True)
class _Shade:
    """The skin between hairs.

    Attributes:
        cover: fraction of the skin that the coat shades where it is dense.
        over: density of the hair over which it starts to.
    """

    cover: float
    over: tuple[float, float]


_CROP_SHADE: Final = _Shade(cover=0.90, over=(0.1, 1.0))
_BUZZ_SHADE: Final = _Shade(cover=0.75, over=(0.1, 1.0))
_BEARD_SHADE: Final = _Shade(cover=0.95, over=(0.1, 0.85))
_STUBBLE_SHELTER: Final = 0.5  # how much of dense hair's shelter the densest stubble gives
_SKIN_LEFT: Final = 0.06  # fraction of the skin's colour that is seen between hairs
_GAP: Final = 0.28  # fraction of the hairs' colour that is seen of the dark between and below them
_GAP_OF_PALE: Final = 0.65  # what is added to it at luminance 1: pale hairs pass on light where dark ones absorb it
_SHADED_ROUGHNESS: Final = 0.75  # of skin below hairs, which break up what it mirrors
_SHADED_SPECULAR: Final = 0.22
_COAT_HEIGHT: Final = 0.7 * MM  # how far a beard or cropped hair stands out of the skin
_TUFT_HEIGHT: Final = 0.10 * MM  # deviation of that from tuft to tuft


# ------------------------------------------------------------------------------------------------------------- regions


_softened_regions: TopologyCache[Tensor] = TopologyCache(_CACHED_REGIONS)


def _softened(subject: Subject, name: str, times: int) -> Tensor:
    """Return a region [S, S] with its border softened over `times` means; cached, as it is the same for all heads."""
    atlas = subject.surface.atlas
    key = (atlas.tile, atlas.size, name, times)
    return _softened_regions.get(
        atlas.topology, key, lambda: atlas.spread(_smoothed(atlas.topology, name, times)[:, None])[0]
    )


def _smoothed(topology: Topology, name: str, times: int) -> Tensor:
    """Return a region's weights [V] after `times` means over neighbouring vertices."""
    weight = topology.regions[name]
    edges = torch.cat((topology.triangles[:, [0, 1]], topology.triangles[:, [1, 2]], topology.triangles[:, [2, 0]]))
    near, far = torch.cat((edges, edges.flip(1))).unbind(1)
    count = torch.zeros_like(weight).index_add_(0, near, torch.ones(len(near))).clamp_min(1.0)
    for _ in range(times):
        total = torch.zeros_like(weight).index_add_(0, near, weight[far])
        weight = _OWN_WEIGHT * weight + _NEIGHBOURS_WEIGHT * total / count
    return weight


def _thinned(subject: Subject, region: Tensor, edge: _Edge) -> Tensor:
    """Return 0..1 [S, S] how densely hair grows in a region: it thins out unevenly towards the border."""
    # Mottling is left out at the borders of a tile: the next tile's texels may be too large to show it.
    mottling = subject.surface.atlas.interior * subject.noise(MOTTLING, edge.channel)
    uneven = edge.patches * subject.noise(PATCHES, edge.channel) + edge.mottling * mottling
    return smoothstep(region + uneven * 4.0 * region * (1.0 - region), *edge.over)


# --------------------------------------------------------------------------------------------------------------- scalp


@dataclass(frozen=True)
class _BareCorner:
    """A place where a receding hairline has no hair: a landmark, and how far around it the hair is gone."""

    landmark: str
    radius: float


_RECEDING: Final = (
    _BareCorner(landmark="frontotemporale_l", radius=58.0 * MM),
    _BareCorner(landmark="frontotemporale_r", radius=58.0 * MM),
    _BareCorner(landmark="trichion", radius=50.0 * MM),
)
_REGROWTH: Final = (0.45, 1.3)  # of that radius: where the first hair grows, and where all of it does

_MOHAWK_HALF_WIDTH: Final = 22.0 * MM
_MOHAWK_FALLOFF: Final = 4  # power: the larger, the sharper is the strip's border
_MOHAWK: Final = Line(base=0.25, slope=0.75)  # density beside the strip, and what is added on it


@dataclass(frozen=True)
class _Sideburn:
    """The strip of hair before the ear. Its ends are called after the landmarks that they hang on.

    Attributes:
        towards_temple: where its upper end lies between the ear's top and the frontotemporale.
        below_ear: metres from the tragion to its lower end.
        half_width_at_temple, half_width_at_ear: metres.
        edge: distances from its middle, in half widths, over which it fades.
        lost: fraction of its density that is lost at the lower end.
        box: metres from its middle along x, y and z, within which all of it lies.
    """

    towards_temple: float
    below_ear: tuple[float, float, float]
    half_width_at_temple: float
    half_width_at_ear: float
    edge: tuple[float, float]
    lost: float
    box: tuple[float, float, float]


_SIDEBURN: Final = _Sideburn(
    towards_temple=0.42,
    below_ear=(0.0, -0.010, 0.002),
    half_width_at_temple=19.0 * MM,
    half_width_at_ear=10.5 * MM,
    edge=(0.35, 1.25),
    lost=0.25,
    box=(0.03, 0.05, 0.055),
)

_WHORL: Final = (0.004, 0.05, -0.02)  # metres from the highest vertex to the crown that hairs lie away from
_CROP_GROWTH_POWER: Final = 1.4  # of the cover: hair is sparse at the hairline
_CROP_LENGTH: Final = Line(base=0.25, slope=0.75)  # factor on the length, by the cover


def _scalp_cover(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] how densely cropped hair grows."""
    style = subject.traits.choice("hair.style")
    if style == "bald":
        return torch.zeros_like(subject.surface.position[0])
    return subject.once(f"{style} hair", lambda: _style_cover(subject, style))


def _style_cover(subject: Subject, style: str) -> Tensor:
    surface, head = subject.surface, subject.head
    region = 1.0 - (1.0 - _softened(subject, "scalp", _HAIRLINE.softenings)) * (1.0 - _sideburns(subject))
    if style == "receding" and "frontotemporale_l" in head.topology.landmarks:
        first, all_of_it = _REGROWTH
        for corner in _RECEDING:
            distance = (surface.position - head.landmark(corner.landmark)[:, None, None]).norm(dim=0)
            region = region * smoothstep(distance, first * corner.radius, all_of_it * corner.radius)
    cover = _thinned(subject, region, _HAIRLINE)
    if style == "mohawk":
        return cover * _MOHAWK.at(torch.exp(-((surface.position[0] / _MOHAWK_HALF_WIDTH) ** _MOHAWK_FALLOFF)))
    return cover


def _sideburns(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] where the hair before the ears grows."""
    place = subject.surface.position
    bare = torch.ones_like(place[0])
    for side in ("l", "r"):
        start, way = _sideburn_axis(subject, side)
        middle = (start + 0.5 * way).tolist()
        near = [(axis - here).abs_() < reach for axis, here, reach in zip(place, middle, _SIDEBURN.box, strict=True)]
        window = window_of(near[0] & near[1] & near[2], margin=1)
        if window is None:
            continue
        bare[window.slices] *= 1.0 - _sideburn(place[(slice(None), *window.slices)] - start[:, None, None], way)
    return 1.0 - bare


def _sideburn_axis(subject: Subject, side: str) -> tuple[Tensor, Tensor]:
    """Return a sideburn's upper end [3], and the way from there to its lower end [3]."""
    head = subject.head
    ear, temple = head.landmark(f"ear_top_{side}"), head.landmark(f"frontotemporale_{side}")
    start = torch.lerp(ear, temple, _SIDEBURN.towards_temple)
    return start, head.landmark(f"tragion_{side}") + torch.tensor(_SIDEBURN.below_ear) - start


def _sideburn(away: Tensor, way: Tensor) -> Tensor:
    """Return 0..1 [h, w] how densely a sideburn grows at places [3, h, w] from its upper end."""
    look = _SIDEBURN
    along = (torch.einsum("chw,c->hw", away, way) / float(way @ way)).clamp(0.0, 1.0)
    distance = (away - along * way[:, None, None]).norm(dim=0)
    half = look.half_width_at_temple + (look.half_width_at_ear - look.half_width_at_temple) * along.sqrt()
    return (1.0 - look.lost * along) * (1.0 - smoothstep(distance / half, *look.edge))


def _scalp_decals(subject: Subject) -> Sequence[Decal]:
    """Paint hairs of a few millimetres that lie away from the crown, finer and shorter at the hairline; dyed."""
    cover, head = _scalp_cover(subject), subject.head
    if not bool(cover.any()):
        return []
    crown = head.vertices[int(head.vertices[:, 2].argmax())] + torch.tensor(_WHORL)
    way = subject.once(
        "away from the crown",
        lambda: ways(subject, (subject.surface.position - crown[:, None, None]).norm(dim=0)),
    )
    coat = _BUZZ if subject.traits.choice("hair.style") == "buzz" else _CROP
    fur = grow(subject, "scalp", coat, cover**_CROP_GROWTH_POWER, way, _CROP_LENGTH.at(cover))
    colour, white = (dyed(colour, subject.traits) for colour in (fine_colour(subject.traits), thick_white()))
    return hair_decals(subject, fur, subject.traits.number("hair.grey"), colour, white, _UNDERCOAT)


# ------------------------------------------------------------------------------------------------------ beard, stubble


@dataclass(frozen=True)
class _BeardShapes:
    """Where the styles of a beard end, relative to the corner of the mouth. Lengths are metres.

    Attributes:
        bare_lips: fraction of the beard's hair that is missing on lips.
        moustache_from: heights over which the moustache starts.
        mouth_until: distances from the face's middle, beyond the corner, over which moustache and goatee end.
        chin_until: the same of the goatee below the mouth.
        sideburns_from: distances from the middle, in distances of the corner, over which sideburns start.
    """

    bare_lips: float
    moustache_from: tuple[float, float]
    mouth_until: tuple[float, float]
    chin_until: tuple[float, float]
    sideburns_from: tuple[float, float]


_BEARD_SHAPES: Final = _BeardShapes(
    bare_lips=0.9,
    moustache_from=(-0.004, 0.004),
    mouth_until=(-0.002, 0.010),
    chin_until=(-0.006, 0.006),
    sideburns_from=(2.0, 2.4),
)
_BEARD_LENGTH: Final = Line(base=2.7, slope=11.0)  # factor on the coat's length, by the trait
_BEARD_LENGTH_AT_EDGE: Final = Line(base=0.35, slope=0.65)  # the same, by the cover

_STUBBLE_PATCHES: Final = Line(base=0.80, slope=0.20)  # density by the noise, within `_STUBBLE_PATCHES_WITHIN`
_STUBBLE_PATCHES_WITHIN: Final = (0.3, 1.2)
_STUBBLE_OVER: Final = (0.05, 1.0)  # weight of the region over which it gets dense
_STUBBLE_LENGTH: Final = Line(base=0.6, slope=0.8)  # factor on the coat's length, by the amount
_AWAY_FROM_MIDDLE: Final = 0.35  # metres that hair of the face grows away from the middle, for each metre down


def _beard_cover(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] how densely a beard (not stubble) grows."""
    style = subject.traits.choice("beard.style")
    if style == "none":
        return torch.zeros_like(subject.surface.position[0])
    region = _softened(subject, "beard", _BEARD_EDGE.softenings)
    bare = subject.region("lips_upper", "lips_lower", "mouth_inside")
    region = region * (1.0 - _BEARD_SHAPES.bare_lips * bare)
    cover = _thinned(subject, region * _beard_shape(subject, style), _BEARD_EDGE)
    return cover * (0.5 + 0.5 * subject.traits.number("beard.density"))


def _beard_shape(subject: Subject, style: str) -> Tensor:
    """Return 0..1 [S, S] which part of the beard's region a style takes."""
    look = _BEARD_SHAPES
    x, z = subject.surface.position[0].abs(), subject.surface.position[2]
    corner_x, _, corner_z = subject.head.landmark("multipie_54").abs().tolist()
    if style == "full":
        return torch.ones_like(x)
    if style == "sideburns":
        first, all_of_it = look.sideburns_from
        return smoothstep(x, first * corner_x, all_of_it * corner_x)
    above = smoothstep(z, *(corner_z + step for step in look.moustache_from))
    near = 1.0 - smoothstep(x, *(corner_x + step for step in look.mouth_until))
    if style == "moustache":
        return above * near
    chin = 1.0 - smoothstep(x, *(corner_x + step for step in look.chin_until))
    return near * (above + (1.0 - above) * chin)


def _stubble_decals(subject: Subject) -> Sequence[Decal]:
    """Paint hairs of half a millimetre to one and a half; sparser in patches and at the edges."""
    amount = subject.traits.number("stubble.density")
    if amount == 0.0:
        return []
    region = subject.region("beard") * (1.0 - subject.region("lips_upper", "lips_lower"))
    patchy = _STUBBLE_PATCHES.at(subject.noise(PATCHES, "gloss")).clamp(*_STUBBLE_PATCHES_WITHIN)
    growth = (amount * patchy * smoothstep(region, *_STUBBLE_OVER)).clamp(0.0, 1.0)
    lengths = torch.full_like(growth, _STUBBLE_LENGTH.at(amount))
    fur = grow(subject, "stubble", _STUBBLE, growth, _downwards(subject), lengths)
    return hair_decals(subject, fur, beard_grey(subject.traits), fine_colour(subject.traits), fine_white())


def _beard_decals(subject: Subject) -> Sequence[Decal]:
    """Paint a short beard, downwards and away from the middle."""
    cover, traits = _beard_cover(subject), subject.traits
    if not bool(cover.any()):
        return []
    lengths = _BEARD_LENGTH.at(traits.number("beard.length")) * _BEARD_LENGTH_AT_EDGE.at(cover)
    fur = grow(subject, "beard", _BEARD, cover, _downwards(subject), lengths)
    return hair_decals(subject, fur, beard_grey(traits), fine_colour(traits), thick_white(), _UNDERCOAT)


def _downwards(subject: Subject) -> Tensor:
    """Return the way [S, S] that hair of the face grows: down, and away from the middle."""
    x, _, z = subject.surface.position
    return subject.once("down the face", lambda: ways(subject, _AWAY_FROM_MIDDLE * x.abs() - z))


# --------------------------------------------------------------------------------------------------------------- layers


def _shaded(subject: Subject, ground: Ground, colour: Tensor, cover: Tensor) -> Ground:
    """Return the ground as seen between hairs of a colour [3], raised to where they lie, tuft by tuft."""
    gap = _GAP + _GAP_OF_PALE * luminance(colour)
    between = ground.albedo * _SKIN_LEFT + gap * colour[:, None, None]
    tuft = 1.0 + _TUFT_HEIGHT / _COAT_HEIGHT * subject.noise(MOTTLING, "density") * subject.surface.atlas.interior
    return replace(
        ground,
        albedo=torch.lerp(ground.albedo, between, cover),
        subsurface=sheltered(ground, cover),
        roughness=torch.lerp(ground.roughness, torch.tensor(_SHADED_ROUGHNESS), cover),
        specular=torch.lerp(ground.specular, torch.tensor(_SHADED_SPECULAR), cover),
        height=ground.height + _COAT_HEIGHT * cover * tuft,
    )


def _shade_scalp(subject: Subject, ground: Ground) -> Ground:
    traits = subject.traits
    colour = torch.lerp(fine_colour(traits), thick_white(), traits.number("hair.grey"))
    shade = _BUZZ_SHADE if traits.choice("hair.style") == "buzz" else _CROP_SHADE
    cover = shade.cover * smoothstep(_scalp_cover(subject), *shade.over)
    return _shaded(subject, ground, dyed(colour, traits), cover)


def _shade_beard(subject: Subject, ground: Ground) -> Ground:
    traits = subject.traits
    colour = torch.lerp(fine_colour(traits), thick_white(), beard_grey(traits))
    cover = _BEARD_SHADE.cover * smoothstep(_beard_cover(subject), *_BEARD_SHADE.over)
    return _shaded(subject, ground, colour, cover)


def _shade_stubble(subject: Subject, ground: Ground) -> Ground:
    dense = _STUBBLE_SHELTER * subject.traits.number("stubble.density") * subject.region("beard")
    return replace(ground, subsurface=sheltered(ground, dense))


HAIR: Final = (
    Layer(
        "cropped_hair", "the cropped hair of a head without grown hair", ("hair.style", "hair.dye", *HAIR_TRAITS),
        stain=_shade_scalp, decals=_scalp_decals,
    ),
    Layer("stubble", "stubble", ("stubble.density", *HAIR_TRAITS), stain=_shade_stubble, decals=_stubble_decals),
    Layer(
        "beard", "a short beard", ("beard.style", "beard.density", "beard.length", *HAIR_TRAITS),
        stain=_shade_beard, decals=_beard_decals,
    ),
    BROWS,
)  # fmt: skip
"""In the order in which they are laid on."""
