"""What lies on the skin under grown hair: roots on the scalp, the stubble of shaved sides, beards' undercoat.

Where hair is rooted is said by its style (`dreamface.styles`), so that paint and strands end at the same line. Each
hair is a curve in the texture layout (see `strands`) with a colour of its own (see `hair_look`). Hairs cover the skin
and stand out of it; what is seen of the skin between them is shaded. Brows have a module of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from dreamface.face import Topology
from dreamface.geometry import smoothstep
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
from dreamface.styles import Style, hair_bearing, root_density, styles
from dreamface.traits import Traits
from dreamface.units import MM

_ROOTS: Final = Coat(often=1300e3, length=1.7 * MM, width=0.085 * MM, swirl=0.45, scatter=0.40, tufts=0.10, drawn=0.13)
_SHAVED: Final = Coat(often=700e3, length=0.6 * MM, width=0.095 * MM, swirl=0.40, scatter=0.40)
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


_HAIRLINE: Final = _Edge(softenings=3, patches=0.14, mottling=0.12, channel="density", over=(0.10, 0.95))
_BEARD_EDGE: Final = _Edge(softenings=3, patches=0.12, mottling=0.10, channel="colour", over=(0.06, 0.85))
_NEIGHBOURS_WEIGHT: Final = 0.6  # of the neighbouring vertices in such a mean, against `_OWN_WEIGHT`
_OWN_WEIGHT: Final = 0.4
_CACHED_REGIONS: Final = 12  # softened regions in memory
_CACHED_TOPOLOGIES: Final = 4  # whose neighbours are known


@dataclass(frozen=True)
class _Shade:
    """The skin between hairs.

    Attributes:
        cover: fraction of the skin that the coat shades where it is dense.
        over: density of the hair over which it starts to.
    """

    cover: float
    over: tuple[float, float]


_SCALP_SHADE: Final = _Shade(cover=0.88, over=(0.45, 0.98))
_SHADE_SOFTENINGS: Final = 9  # of the density below grown hair: the scalp shimmers through for a finger's breadth
_SHAVED_SHADE: Final = _Shade(cover=0.22, over=(0.1, 1.0))
_BEARD_SHADE: Final = _Shade(cover=0.95, over=(0.1, 0.85))
_STUBBLE_SHADE: Final = _Shade(cover=0.3, over=(0.1, 1.0))
_STUBBLE_SHELTER: Final = 0.5  # how much of dense hair's shelter the densest stubble gives
_SKIN_LEFT: Final = 0.06  # fraction of the skin's colour that is seen between hairs
_GAP: Final = 0.28  # fraction of the hairs' colour that is seen of the dark between and below them
_GAP_OF_PALE: Final = 0.65  # what is added to it at luminance 1: pale hairs pass on light where dark ones absorb it
_SHADED_ROUGHNESS: Final = 0.75  # of skin below hairs, which break up what it mirrors
_SHADED_SPECULAR: Final = 0.22
_COAT_HEIGHT: Final = 0.7 * MM  # how far a beard stands out of the skin
_SCALP_HEIGHT: Final = 0.1 * MM  # the same of roots under grown hair: at the hairline no step may be seen
_TUFT_HEIGHT: Final = 0.10 * MM  # deviation of that from tuft to tuft


# ------------------------------------------------------------------------------------------------------------- regions


_softened_regions: TopologyCache[Tensor] = TopologyCache(_CACHED_REGIONS)


def _softened(subject: Subject, name: str, times: int) -> Tensor:
    """Return a region [S, S] with its border softened over `times` means; cached, as it is the same for all heads."""
    atlas = subject.surface.atlas
    key = (atlas.tile, atlas.size, name, times)
    return _softened_regions.get(
        atlas.topology,
        key,
        lambda: atlas.spread(_smoothed(atlas.topology, atlas.topology.regions[name][:, None], times))[0],
    )


_neighbour_means: TopologyCache[sp.csr_matrix] = TopologyCache(_CACHED_TOPOLOGIES)


def _smoothed(topology: Topology, weights: Tensor, times: int) -> Tensor:
    """Return weights [V, N] after `times` means over neighbouring vertices."""
    mean = _neighbour_means.get(topology, "means", lambda: _mean_of_neighbours(topology))
    found = weights.numpy()
    for _ in range(times):
        found = mean @ found
    return torch.from_numpy(found)


def _mean_of_neighbours(topology: Topology) -> sp.csr_matrix:
    """Return [V, V] the mean of each vertex and its neighbours, which count once for each triangle at their edge."""
    start = topology.triangles.numpy()
    end, shape = np.roll(start, -1, axis=1), (topology.vertex_count, topology.vertex_count)
    edges = sp.csr_matrix((np.ones(start.size, dtype=np.float32), (start.ravel(), end.ravel())), shape=shape)
    edges = edges + edges.T
    share = _NEIGHBOURS_WEIGHT / np.maximum(edges.sum(axis=1).A1, 1.0)
    mean: sp.csr_matrix = _OWN_WEIGHT * sp.eye(*shape, dtype=np.float32) + sp.diags(share) @ edges
    return mean.astype(np.float32).tocsr()


def _thinned(subject: Subject, region: Tensor, edge: _Edge) -> Tensor:
    """Return 0..1 [S, S] how densely hair grows in a region: it thins out unevenly towards the border."""
    # Mottling is left out at the borders of a tile: the next tile's texels may be too large to show it.
    mottling = subject.surface.atlas.interior * subject.noise(MOTTLING, edge.channel)
    uneven = edge.patches * subject.noise(PATCHES, edge.channel) + edge.mottling * mottling
    return smoothstep(region + uneven * 4.0 * region * (1.0 - region), *edge.over)


# --------------------------------------------------------------------------------------------------------------- scalp


@dataclass(frozen=True)
class _Sideburn:
    """The strip of hair before the ear. Its ends are called after the landmarks that they hang on.

    Attributes:
        towards_temple: where its upper end lies between the ear's top and the frontotemporale.
        below_ear: metres from the tragion to its lower end.
        half_width_at_temple, half_width_at_ear: metres.
        edge: distances from its middle, in half widths, over which it fades.
        lost: fraction of its density that is lost at the lower end.
        mens, others: density on men, and on women and children.
        years: of age over which a man's grows.
        box: metres from its middle along x, y and z, within which all of it lies.
    """

    towards_temple: float
    below_ear: tuple[float, float, float]
    half_width_at_temple: float
    half_width_at_ear: float
    edge: tuple[float, float]
    lost: float
    mens: float
    others: float
    years: tuple[float, float]
    box: tuple[float, float, float]


_SIDEBURN: Final = _Sideburn(
    towards_temple=0.42,
    below_ear=(0.0, -0.010, 0.002),
    half_width_at_temple=19.0 * MM,
    half_width_at_ear=10.5 * MM,
    edge=(0.35, 1.25),
    lost=0.4,
    mens=0.8,
    others=0.15,
    years=(13.0, 19.0),
    box=(0.03, 0.05, 0.055),
)

_WHORL: Final = (0.004, 0.05, -0.02)  # metres from the highest vertex to the crown that hairs lie away from
_GROWTH_POWER: Final = 1.4  # of the cover: hair is sparse at the hairline
_ROOT_LENGTH: Final = Line(base=0.25, slope=0.75)  # factor on the length, by the cover
_SCALP_TRAITS: Final = ("hair.style", "hair.hairline", "gender", "age", "hair.dye", "hair.roots")


def _scalp_style(subject: Subject) -> Style:
    """Return the style; where its file is missing, one that grows all over the scalp."""
    name = subject.traits.choice("hair.style")
    return styles().of("scalp").get(name) or Style(name="missing", label=name)


def _scalp_cover(subject: Subject) -> tuple[Tensor, Tensor, Tensor]:
    """Return 0..1 [S, S] how densely hair is rooted, where it is shaved to stubble, and where it hides the scalp."""
    if subject.traits.choice("hair.style") == "bald":
        nothing = torch.zeros_like(subject.surface.position[0])
        return nothing, nothing, nothing
    style = _scalp_style(subject)
    line = [subject.traits.number(name) for name in ("hair.hairline", "gender")]
    key = f"roots of {style.model_dump_json()} at {line} with sideburns {_sideburn_density(subject.traits)}"
    rooted, shaved, deep = subject.once(key, lambda: _scalp_covers(subject, style))
    return rooted, shaved, deep


def _scalp_covers(subject: Subject, style: Style) -> Tensor:
    atlas, head = subject.surface.atlas, subject.head
    bearing = hair_bearing(style, head, subject.traits, subject.seed)
    dense = root_density(style, head, subject.traits, subject.seed)
    soft = _smoothed(head.topology, torch.stack((bearing, dense), dim=1), _HAIRLINE.softenings)
    shade = _smoothed(head.topology, dense[:, None], _SHADE_SOFTENINGS)
    # Ears lie near the scalp, and softening spills onto them.
    all_of_it, rooted, deep = atlas.spread(torch.cat((soft, shade), dim=1)) * (1.0 - subject.region("ears"))
    sideburns = _sideburn_density(subject.traits) * _sideburns(subject)
    shaved = torch.maximum((all_of_it - rooted).clamp_min(0.0), sideburns * (1.0 - rooted))
    return torch.stack([*(_thinned(subject, weight, _HAIRLINE) for weight in (rooted, shaved)), deep])


def _sideburn_density(traits: Traits) -> float:
    """Return how densely the hair before the ears grows on a person, 0..1."""
    first, last = _SIDEBURN.years
    grown = min(1.0, max(0.0, (traits.number("age") - first) / (last - first)))
    return _SIDEBURN.others + (_SIDEBURN.mens - _SIDEBURN.others) * grown * (traits.number("gender") > 0.0)


def _root_colours(traits: Traits) -> tuple[Tensor, Tensor]:
    """Return the colours [3] of pigmented and of white hairs near the skin, under dyes."""
    roots, strength = traits.tint("hair.roots")
    pigmented, white = (
        torch.lerp(dyed(colour, traits), torch.tensor(roots), strength)
        for colour in (fine_colour(traits), thick_white())
    )
    return pigmented, white


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
    """Paint roots that lie away from the crown, finer and shorter at the hairline, and the stubble of shaved parts."""
    rooted, shaved, _ = _scalp_cover(subject)
    colour, white = _root_colours(subject.traits)
    grey, decals = subject.traits.number("hair.grey"), []
    for name, coat, cover in (("scalp", _ROOTS, rooted), ("shaved scalp", _SHAVED, shaved)):
        if bool(cover.any()):
            way = _away_from_crown(subject)
            fur = grow(subject, name, coat, cover**_GROWTH_POWER, way, _ROOT_LENGTH.at(cover))
            decals += hair_decals(subject, fur, grey, colour, white, _UNDERCOAT if coat is _ROOTS else 0.0)
    return decals


def _away_from_crown(subject: Subject) -> Tensor:
    """Return the way [S, S] that hair of the scalp lies."""
    head = subject.head
    crown = head.vertices[int(head.vertices[:, 2].argmax())] + torch.tensor(_WHORL)
    return subject.once(
        "away from the crown",
        lambda: ways(subject, (subject.surface.position - crown[:, None, None]).norm(dim=0)),
    )


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
        patch_half_width: distances from the middle over which a soul patch ends.
        patches: values of a noise over which a patchy beard is there.
    """

    bare_lips: float
    moustache_from: tuple[float, float]
    mouth_until: tuple[float, float]
    chin_until: tuple[float, float]
    sideburns_from: tuple[float, float]
    patch_half_width: tuple[float, float]
    patches: tuple[float, float]


_BEARD_SHAPES: Final = _BeardShapes(
    bare_lips=0.9,
    moustache_from=(-0.004, 0.004),
    mouth_until=(-0.002, 0.010),
    chin_until=(-0.006, 0.006),
    sideburns_from=(2.0, 2.4),
    patch_half_width=(0.006, 0.011),
    patches=(-0.5, 0.6),
)
_BEARD_WITHIN: Final = 0.45  # density from which a place is within a beard's border
_LEAST_WITHIN: Final = 0.6  # of the coat's density at its thinnest places
_BEARD_LENGTH: Final = Line(base=2.7, slope=11.0)  # factor on the coat's length, by the trait
_BEARD_LENGTH_AT_EDGE: Final = Line(base=0.35, slope=0.65)  # the same, by the cover

_STUBBLE_PATCHES: Final = Line(base=0.80, slope=0.20)  # density by the noise, within `_STUBBLE_PATCHES_WITHIN`
_STUBBLE_PATCHES_WITHIN: Final = (0.3, 1.2)
_STUBBLE_OVER: Final = (0.05, 1.0)  # weight of the region over which it gets dense
_STUBBLE_LENGTH: Final = Line(base=0.6, slope=0.8)  # factor on the coat's length, by the amount
_AWAY_FROM_MIDDLE: Final = 0.35  # metres that hair of the face grows away from the middle, for each metre down


def _beard_cover(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] how densely a beard (not stubble) grows."""
    name = subject.traits.choice("beard.style")
    if name in ("none", "stubble"):
        return torch.zeros_like(subject.surface.position[0])
    region = _softened(subject, "beard", _BEARD_EDGE.softenings)
    bare = subject.region("lips_upper", "lips_lower", "mouth_inside")
    region = region * (1.0 - _BEARD_SHAPES.bare_lips * bare)
    style = styles().of("beard").get(f"beard_{name}")
    # A style whose sections say where it is dense is painted where it grows.
    drawn = style is not None and any(section.density is not None for section in style.sections)
    shape = _rooted_shape(subject, style) if style is not None and drawn else _beard_shape(subject, name)
    # Noise moves borders; within them, where a style grows at half its density, it would make blots.
    within = (shape / _BEARD_WITHIN).clamp(0.0, 1.0)
    cover = _thinned(subject, region * within, _BEARD_EDGE) * torch.maximum(shape, within * _LEAST_WITHIN)
    return cover * (0.5 + 0.5 * subject.traits.number("beard.density"))


def _rooted_shape(subject: Subject, style: Style) -> Tensor:
    """Return 0..1 [S, S] where a beard's style has roots."""
    dense = root_density(style, subject.head, subject.traits, subject.seed)
    return subject.surface.atlas.spread(_smoothed(subject.head.topology, dense[:, None], 1))[0]


def _beard_shape(subject: Subject, style: str) -> Tensor:
    """Return 0..1 [S, S] which part of the beard's region a style takes, where no file says it."""
    look = _BEARD_SHAPES
    x, z = subject.surface.position[0].abs(), subject.surface.position[2]
    corner_x, _, corner_z = subject.head.landmark("multipie_54").abs().tolist()
    if style == "sideburns":
        first, all_of_it = look.sideburns_from
        return smoothstep(x, first * corner_x, all_of_it * corner_x)
    if style == "patchy":
        return smoothstep(subject.noise(PATCHES, "gloss"), *look.patches)
    above = smoothstep(z, *(corner_z + step for step in look.moustache_from))
    near = 1.0 - smoothstep(x, *(corner_x + step for step in look.mouth_until))
    if style in ("moustache", "handlebar"):
        return above * near
    if style == "soul_patch":
        return (1.0 - above) * (1.0 - smoothstep(x, *look.patch_half_width))
    if style not in ("goatee", "anchor"):
        return torch.ones_like(x)
    chin = 1.0 - smoothstep(x, *(corner_x + step for step in look.chin_until))
    return near * (above + (1.0 - above) * chin)


def _beard_colours(traits: Traits, white: Tensor) -> tuple[Tensor, Tensor]:
    """Return the colours [3] of a beard's pigmented and white hairs, under its own colour."""
    colour, strength = traits.tint("beard.colour")
    tint = torch.tensor(colour)
    return torch.lerp(fine_colour(traits), tint, strength), torch.lerp(white, tint, strength)


def _stubble_density(traits: Traits) -> float:
    """Return 0..1 how dense the stubble is, whichever trait says so."""
    density = traits.number("stubble.density")
    return max(density, traits.number("beard.density")) if traits.choice("beard.style") == "stubble" else density


def _stubble_region(subject: Subject) -> Tensor:
    """Return 0..1 [S, S] where stubble grows."""
    return subject.region("beard") * (1.0 - subject.region("lips_upper", "lips_lower"))


def _stubble_decals(subject: Subject) -> Sequence[Decal]:
    """Paint hairs of half a millimetre to one and a half; sparser in patches and at the edges."""
    amount = _stubble_density(subject.traits)
    if amount == 0.0:
        return []
    region = _stubble_region(subject)
    patchy = _STUBBLE_PATCHES.at(subject.noise(PATCHES, "gloss")).clamp(*_STUBBLE_PATCHES_WITHIN)
    growth = (amount * patchy * smoothstep(region, *_STUBBLE_OVER)).clamp(0.0, 1.0)
    lengths = torch.full_like(growth, _STUBBLE_LENGTH.at(amount))
    fur = grow(subject, "stubble", _STUBBLE, growth, _downwards(subject), lengths)
    return hair_decals(subject, fur, beard_grey(subject.traits), *_beard_colours(subject.traits, fine_white()))


def _beard_decals(subject: Subject) -> Sequence[Decal]:
    """Paint a short beard, downwards and away from the middle."""
    cover, traits = _beard_cover(subject), subject.traits
    if not bool(cover.any()):
        return []
    lengths = _BEARD_LENGTH.at(traits.number("beard.length")) * _BEARD_LENGTH_AT_EDGE.at(cover)
    fur = grow(subject, "beard", _BEARD, cover, _downwards(subject), lengths)
    return hair_decals(subject, fur, beard_grey(traits), *_beard_colours(traits, thick_white()), _UNDERCOAT)


def _downwards(subject: Subject) -> Tensor:
    """Return the way [S, S] that hair of the face grows: down, and away from the middle."""
    x, _, z = subject.surface.position
    return subject.once("down the face", lambda: ways(subject, _AWAY_FROM_MIDDLE * x.abs() - z))


# --------------------------------------------------------------------------------------------------------------- layers


def _shaded(subject: Subject, ground: Ground, colour: Tensor, cover: Tensor, height: float) -> Ground:
    """Return the ground as seen between hairs of a colour [3], raised by metres to where they lie, tuft by tuft."""
    gap = _GAP + _GAP_OF_PALE * luminance(colour)
    between = ground.albedo * _SKIN_LEFT + gap * colour[:, None, None]
    tuft = 1.0 + _TUFT_HEIGHT / _COAT_HEIGHT * subject.noise(MOTTLING, "density") * subject.surface.atlas.interior
    return replace(
        ground,
        albedo=torch.lerp(ground.albedo, between, cover),
        subsurface=sheltered(ground, cover),
        roughness=torch.lerp(ground.roughness, torch.tensor(_SHADED_ROUGHNESS), cover),
        specular=torch.lerp(ground.specular, torch.tensor(_SHADED_SPECULAR), cover),
        height=ground.height + height * cover * tuft,
    )


def _shade_scalp(subject: Subject, ground: Ground) -> Ground:
    _, shaved, deep = _scalp_cover(subject)
    colour = torch.lerp(*_root_colours(subject.traits), subject.traits.number("hair.grey"))
    cover = _SCALP_SHADE.cover * smoothstep(deep, *_SCALP_SHADE.over)
    cover = cover + (1.0 - cover) * _SHAVED_SHADE.cover * smoothstep(shaved, *_SHAVED_SHADE.over)
    return _shaded(subject, ground, colour, cover, _SCALP_HEIGHT)


def _shade_beard(subject: Subject, ground: Ground) -> Ground:
    traits = subject.traits
    colour = torch.lerp(*_beard_colours(traits, thick_white()), beard_grey(traits))
    cover = _BEARD_SHADE.cover * smoothstep(_beard_cover(subject), *_BEARD_SHADE.over)
    return _shaded(subject, ground, colour, cover, _COAT_HEIGHT)


def _shade_stubble(subject: Subject, ground: Ground) -> Ground:
    traits = subject.traits
    density = _stubble_density(traits)
    if density == 0.0:
        return ground
    region = _stubble_region(subject)
    colour = torch.lerp(*_beard_colours(traits, fine_white()), beard_grey(traits))
    cover = _STUBBLE_SHADE.cover * density * smoothstep(region, *_STUBBLE_SHADE.over)
    shaded = _shaded(subject, ground, colour, cover, 0.0)
    return replace(shaded, subsurface=sheltered(ground, _STUBBLE_SHELTER * density * subject.region("beard")))


HAIR: Final = (
    Layer(
        "cropped_hair", "roots of the hair on the scalp, and the stubble of shaved sides",
        (*_SCALP_TRAITS, *HAIR_TRAITS), stain=_shade_scalp, decals=_scalp_decals,
    ),
    Layer(
        "stubble", "stubble", ("stubble.density", "beard.style", "beard.density", "beard.colour", *HAIR_TRAITS),
        stain=_shade_stubble, decals=_stubble_decals,
    ),
    Layer(
        "beard", "a short beard", ("beard.style", "beard.density", "beard.length", "beard.colour", *HAIR_TRAITS),
        stain=_shade_beard, decals=_beard_decals,
    ),
    BROWS,
)  # fmt: skip
"""In the order in which they are laid on."""
