"""Hairs that lie on the skin: brows, the cropped hair of a head without grown hair, stubble and short beards.

Each hair is a curve in the texture layout (see `strands`), and has a colour of its own. They cover the skin and stand
out of it; what is seen of the skin between them is shaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.face import Topology
from dreamface.skin.canvas.atlas import smooth_step
from dreamface.skin.canvas.cache import Kept
from dreamface.skin.canvas.layer import Ground, Layer, Patch, window_of
from dreamface.skin.canvas.marks import coverage
from dreamface.skin.canvas.pigments import dyed, hair_colour, luminance, white_hair_colour
from dreamface.skin.canvas.strands import (
    Coat,
    Fur,
    Strands,
    bent,
    blurred,
    draw,
    grow,
    narrowed,
    nearest_density,
    ways,
    window_around,
)
from dreamface.skin.canvas.subject import Subject
from dreamface.traits import Traits

_MM: Final = 1e-3
_BROWS: Final = {"left": range(22, 27), "right": range(21, 16, -1)}  # Multi-PIE, from the nose outwards
_BROW_HAIRS: Final = 1900  # candidates per brow
_BROW_SHADE: Final = 0.38  # of the hairs' depth that the skin between them is shaded by
_BROW_SPREAD: Final = 0.30  # deviation of the logarithm of brow hairs' lightness

_CROP: Final = Coat(often=1300e3, length=4.2 * _MM, width=0.090 * _MM, swirl=0.45, scatter=0.28, tufts=0.22, drawn=0.13)
_BUZZ: Final = replace(_CROP, length=2.4 * _MM, scatter=0.4)
_STUBBLE: Final = Coat(often=620e3, length=0.85 * _MM, width=0.105 * _MM, swirl=0.35, scatter=0.35)
_BEARD: Final = Coat(often=1100e3, length=1.0 * _MM, width=0.140 * _MM, swirl=0.30, scatter=0.15, tufts=0.40)

_HEIGHT: Final = 0.04 * _MM  # of single hairs
_THICK_HEIGHT: Final = 0.09 * _MM  # of those that lie upon others
_COAT: Final = (0.7 * _MM, 0.10 * _MM)  # how far a beard or cropped hair stands out of the skin; deviation of its tufts
_SHELTER: Final = 0.85  # of the light from below the skin that hairs take: it would blur them
_DULL: Final = (0.75, 0.22)  # roughness and specular of skin below hairs, which break up what it mirrors
_SOFTENINGS: Final = 6  # means over neighbouring vertices that the hairline is softened with
_BEARD_SOFTENINGS: Final = 3
_KEPT: Final = 12  # softened regions in memory
_SIDEBURN: Final = (19.0 * _MM, 10.5 * _MM)  # half its width at the temple and at the ear
_AROUND: Final = (0.03, 0.05, 0.055)  # metres from a sideburn's middle: all of it lies nearer
_TONES: Final = (0.65, 1.50)  # factors on the colour of pigmented hairs, most of which are darker than some
_WHITE_TONES: Final = (0.80, 1.45)  # of white ones
_BRIGHT: Final = 0.4  # share of the lighter ones
_RARE: Final = 0.01  # share of hairs that is not worth drawing
_FEW: Final = 0.1  # share of hairs that are not worth two tones
_DEEP: Final = 0.62  # share of a thick coat's hairs that lie below the others
_SHADED: Final = 0.42  # of their colour that is left to them there
_UPON: Final = 2.6  # how much more of hairs that lie on top is seen than of those below
_PASSED_ON: Final = 0.65  # that pale hairs add to this: they pass on light where dark ones take it
_GAP: Final = 0.28  # of the colour of hairs: what is seen of the dark between and below them
_FINE_WHITE: Final = torch.tensor([0.64, 0.61, 0.54])  # of white hair's colour: a single one lets the skin through
_THICK_WHITE: Final = 0.8  # of it: white hairs on top of many
_RUFOUS: Final = torch.tensor([2.0, 1.22, 1.6])  # single red hairs glow; a mass of them is browner
_BROW_MELANIN: Final = 0.30  # of the way from the scalp hair's melanin to black


@dataclass(frozen=True)
class _Kind:
    """Hairs of one colour.

    Attributes:
        strands: those.
        share: of all hairs.
        weight: how much more of them is seen than of others where both lie.
        colour: [3].
    """

    strands: Strands
    share: float
    weight: float
    colour: Tensor


# --------------------------------------------------------------------------------------------------------------- colour


def _fine_colour(traits: Traits, darker: float = 0.0) -> Tensor:
    """[3] of single hairs of the face that have not turned grey; `darker` is the way to black, 0..1."""
    melanin, redness = traits.number("hair.melanin"), traits.number("hair.redness")
    mass = hair_colour(Traits({"hair.melanin": melanin + darker * (1.0 - melanin), "hair.redness": redness}))
    return mass * torch.lerp(torch.ones(3), _RUFOUS, redness * (1.0 - 0.8 * max(0.0, melanin - 0.6) / 0.4))


def _fine_white() -> Tensor:
    return _FINE_WHITE * white_hair_colour()


def _thick_white() -> Tensor:
    return _THICK_WHITE * white_hair_colour()


def _beard_grey(traits: Traits) -> float:
    """Share of white hairs in beards and stubble: fewer than on the scalp at first."""
    return traits.number("hair.grey") ** 1.5


def _brow_grey(grey: float) -> float:
    """Share of white hairs in brows: later than on the scalp, and never all of them."""
    return 0.55 * max(0.0, grey - 0.25) / 0.75


def _kinds(strands: Strands, grey: float, colour: Tensor, white: Tensor, deep: float) -> list[_Kind]:
    """Hairs that lie deep, and those upon them: pigmented and white ones, each darker or lighter than its like.

    Args:
        strands: all hairs.
        grey: share of white ones.
        colour: [3] of pigmented ones.
        white: [3].
        deep: share of those that lie below others, in their shade; 0 for hairs side by side.
    """
    top = strands.random[:, 1] >= deep
    turned = strands.random[:, 0] < grey
    (dark_tone, light_tone), (dull_tone, white_tone) = (_TONES, _WHITE_TONES) if deep else (_TONES, (1.0, 1.0))
    share, found = 1.0 - deep, []
    if deep:
        shaded = _SHADED * torch.lerp(colour, white, grey)
        found.append(_Kind(strands.of(~top), deep, 1.0, shaded))
    for chosen, part, base, tones in (
        (~turned, 1.0 - grey, colour, (dark_tone, light_tone)), (turned, grey, white, (dull_tone, white_tone))
    ):  # fmt: skip
        if part <= _RARE:
            continue
        own, weight = strands.of(top & chosen), _UPON if deep else 1.0
        if share * part < _FEW:
            found.append(_Kind(own, share * part, weight, base))
            continue
        lighter = own.random[:, 3] < _BRIGHT
        for these, many, tone in ((lighter, _BRIGHT, tones[1]), (~lighter, 1.0 - _BRIGHT, tones[0])):
            found.append(_Kind(own.of(these), share * part * many, weight, (tone * base).clamp_max(0.8)))
    return found


def _patches(subject: Subject, fur: Fur, grey: float, colour: Tensor, white: Tensor, deep: float = 0.0) -> list[Patch]:
    """All hairs, each in its colour."""
    window = fur.window(subject.size)
    if window is None:
        return []
    kinds = _kinds(fur.strands, grey, colour, white, deep)
    depths = fur.draw(subject.size, window, [(kind.strands, kind.share) for kind in kinds])
    total, weight = torch.zeros(window.shape), torch.full(window.shape, 1e-6)
    mixed = torch.zeros(3, *window.shape)
    for depth, kind in zip(depths, kinds, strict=True):
        total.add_(depth)
        depth.mul_(kind.weight)
        weight.add_(depth)
        for channel, value in zip(mixed, kind.colour.tolist(), strict=True):
            channel.add_(depth, alpha=value)
    cover = coverage(total)
    return [Patch(window, cover=cover, colour=mixed.div_(weight), height=(_THICK_HEIGHT if deep else _HEIGHT) * cover)]


# ---------------------------------------------------------------------------------------------------------------- brows


def _brow_patches(subject: Subject) -> Sequence[Patch]:
    """Left and right, in the tile that the forehead lies in."""
    atlas, found = subject.surface.atlas, []
    for side, numbers in _BROWS.items():
        points = [atlas.landmark(f"multipie_{number:02d}") for number in numbers]
        arc = [point for point in points if point is not None]
        if len(arc) == len(points):
            found += _paint_brow(subject, _brow(subject, torch.stack(arc), side))
    return found


def _paint_brow(subject: Subject, strands: Strands) -> list[Patch]:
    """Every hair in its own colour, and the skin below them shaded where they are dense."""
    reach = round(1.6 * _MM * float(subject.surface.density.median()) * subject.size)
    window = window_around(subject.size, strands, margin=reach + 2)
    if window is None:
        return []
    traits, random = subject.traits, strands.random
    turned = (random[:, 0] < _brow_grey(traits.number("hair.grey")))[:, None]
    shade = torch.exp(2.0 * _BROW_SPREAD * (random[:, 1] + random[:, 2] - 1.0))[:, None]
    own = torch.where(turned, _fine_white(), shade * _fine_colour(traits, _BROW_MELANIN))
    images = draw(subject.size, window, strands, own)
    soft = blurred(images[:1], reach)
    cover = coverage(1.2 * images[0] + _BROW_SHADE * soft[0])
    # Between the hairs it is as dark as pigmented ones make it.
    weight = images[0] + _BROW_SHADE * soft[0] + 1e-6
    below = _BROW_SHADE * soft[0] * _fine_colour(traits, _BROW_MELANIN)[:, None, None]
    colour = (images[1:] + below) / weight
    height = _HEIGHT * coverage(images[0])
    return [Patch(window, cover=cover, colour=colour, height=height, roughness=0.55, specular=0.25)]


def _brow(subject: Subject, arc: Tensor, side: str) -> Strands:
    """Hairs along the arc: upright near the nose, then fanning outwards, upper ones combed down, lower ones up."""
    traits = subject.traits
    full, thick = traits.number("brows.density"), traits.number("brows.thickness")
    random = torch.rand(_BROW_HAIRS, 12, generator=subject.stream(f"brow {side}"))
    along = 1.05 * random[:, 0] - 0.05  # the first ones stand before it
    across = random[:, 1] + random[:, 9] - 1.0  # densest in the middle
    wanted = full**0.8 * (0.48 + 0.52 * thick) * _brow_fill(along, across)
    point, tangent = _along_arc(arc, along)
    density = nearest_density(subject, point)
    upward = torch.stack((-tangent[:, 1], tangent[:, 0]), dim=1)
    upward = upward * upward[:, 1:].sign()
    half = (3.5 + 4.8 * thick) * _MM * _brow_profile(along)
    lift = half * across - (0.9 + 0.6 * along) * _MM + 0.5 * _MM * (random[:, 8] - 0.5)
    root = point + upward * (density * lift)[:, None]
    # Neighbours draw together to tufts.
    tuft = 0.22 * torch.sin(38.0 * along + 6.3 * random[0, 10]) + 0.15 * torch.sin(91.0 * along + 6.3 * random[0, 11])
    unruly = 0.30 + 0.12 * (1.0 - smooth_step(along, 0.0, 0.3))
    angle = _brow_angle(along, across) + unruly * (random[:, 3] + random[:, 4] - 1.0) + 0.6 * tuft * (1.0 - 0.5 * along)
    bend = (-0.45 * torch.sign(across + 0.25) - 0.10) * (0.4 + 0.8 * random[:, 5]) * smooth_step(along, 0.0, 0.25)
    length = (3.2 + 4.8 * torch.sin(torch.pi * (0.10 + 0.78 * along.clamp_min(0.0)))) * (0.45 + 0.75 * random[:, 6])
    length = length * (0.72 + 0.45 * thick) * _MM * density
    turned = torch.atan2(tangent[:, 1], tangent[:, 0])
    upright = torch.where(upward[:, 0] * tangent[:, 1] - upward[:, 1] * tangent[:, 0] < 0.0, 1.0, -1.0)
    curves = bent(root, turned + upright * angle, upright * bend, length)
    width = density * _MM * (0.060 + 0.055 * random[:, 7])
    there = random[:, 2] < wanted
    return Strands(curves, narrowed(width, subject.size), random[:, [5, 6, 7, 8]]).of(there)


def _brow_fill(along: Tensor, across: Tensor) -> Tensor:
    """How complete the brow is: airy where it starts, full in the middle, thinning to the tail and the edges."""
    start, tail = 0.20 + 0.80 * smooth_step(along, -0.05, 0.30), 1.0 - 0.74 * smooth_step(along, 0.58, 1.0)
    return start * tail * (1.0 - 0.60 * smooth_step(across.abs(), 0.35, 1.0))


def _brow_profile(along: Tensor) -> Tensor:
    """Half height along the arc, 1 at its thickest."""
    return (0.58 + 0.42 * smooth_step(along, -0.05, 0.26)) * (1.0 - 0.68 * smooth_step(along, 0.45, 1.08))


def _brow_angle(along: Tensor, across: Tensor) -> Tensor:
    """Radians from the arc's direction, + is up."""
    start = 1.22 - 0.25 * across
    lower = 0.72 - 0.62 * along
    upper = 0.12 - 0.34 * along
    body = torch.lerp(lower, upper, (0.5 + 0.6 * across).clamp(0.0, 1.0))
    return torch.lerp(start, body, smooth_step(along, 0.02, 0.42))


def _along_arc(arc: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Points and unit tangents [N, 2] at shares 0..1 of a Catmull-Rom spline through [P, 2] points."""
    padded = torch.cat((2 * arc[:1] - arc[1:2], arc, 2 * arc[-1:] - arc[-2:-1]))
    place = share * (len(arc) - 1)
    piece = place.long().clamp_max(len(arc) - 2)
    t = (place - piece)[:, None]
    a, b, c, d = (padded[piece + step] for step in range(4))
    point = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    slope = 0.5 * ((c - a) + 2 * (2 * a - 5 * b + 4 * c - d) * t + 3 * (3 * b - a - 3 * c + d) * t**2)
    return point, slope / slope.norm(dim=1, keepdim=True)


# ------------------------------------------------------------------------------------------------------ scalp and beard


_soft: Kept[Tensor] = Kept(_KEPT)


def _softened(subject: Subject, name: str, times: int) -> Tensor:
    """[S, S] a region whose border is softened over some means of neighbouring vertices; kept, as nobody's own."""
    atlas = subject.surface.atlas
    key = (atlas.tile, atlas.size, name, times)
    return _soft.get(atlas.topology, key, lambda: atlas.spread(_smoothed(atlas.topology, name, times)[:, None])[0])


def _smoothed(topology: Topology, name: str, times: int) -> Tensor:
    """[V] a region's weights."""
    weight = topology.regions[name]
    edges = torch.cat((topology.triangles[:, [0, 1]], topology.triangles[:, [1, 2]], topology.triangles[:, [2, 0]]))
    near, far = torch.cat((edges, edges.flip(1))).unbind(1)
    neighbours = torch.zeros_like(weight).index_add_(0, near, torch.ones(len(near))).clamp_min(1.0)
    for _ in range(times):
        weight = 0.4 * weight + 0.6 * torch.zeros_like(weight).index_add_(0, near, weight[far]) / neighbours
    return weight


def _scalp_cover(subject: Subject) -> Tensor:
    """[S, S] 0..1: where cropped hair grows; it thins out unevenly towards the hairline."""
    style = subject.traits.choice("hair.style")
    if style == "bald":
        return torch.zeros_like(subject.surface.position[0])
    return subject.once(f"{style} hair", lambda: _style_cover(subject, style))


def _style_cover(subject: Subject, style: str) -> Tensor:
    surface, head = subject.surface, subject.head
    soft = 1.0 - (1.0 - _softened(subject, "scalp", _SOFTENINGS)) * (1.0 - _sideburns(subject))
    if style == "receding" and "frontotemporale_l" in head.topology.landmarks:
        for name, reach in (("frontotemporale_l", 0.058), ("frontotemporale_r", 0.058), ("trichion", 0.050)):
            distance = (surface.position - head.landmark(name)[:, None, None]).norm(dim=0)
            soft = soft * smooth_step(distance, 0.45 * reach, 1.3 * reach)
    small = surface.atlas.interior * subject.noise("mottling", 0.0034, 3)[0]  # which tiles show unequally well
    uneven = 0.07 * subject.noise("patches", 0.011, 3)[0] + 0.03 * small
    cover = smooth_step(soft + uneven * 4.0 * soft * (1.0 - soft), 0.08, 1.0)
    if style == "mohawk":
        return cover * (0.25 + 0.75 * torch.exp(-((surface.position[0] / 0.022) ** 4)))
    return cover


def _sideburns(subject: Subject) -> Tensor:
    """[S, S] 0..1: the hair before the ears."""
    head, place = subject.head, subject.surface.position
    found = torch.ones_like(place[0])
    for side in ("l", "r"):
        temple = torch.lerp(head.landmark(f"ear_top_{side}"), head.landmark(f"frontotemporale_{side}"), 0.42)
        fall = head.landmark(f"tragion_{side}") + torch.tensor([0.0, -0.010, 0.002]) - temple
        middle = (temple + 0.5 * fall).tolist()
        near = [(axis - here).abs_() < reach for axis, here, reach in zip(place, middle, _AROUND, strict=True)]
        window = window_of(near[0] & near[1] & near[2], margin=1)
        if window is None:
            continue
        away = place[(slice(None), *window.slices)] - temple[:, None, None]
        share = (torch.einsum("chw,c->hw", away, fall) / float(fall @ fall)).clamp(0.0, 1.0)
        distance = (away - share * fall[:, None, None]).norm(dim=0)
        width = _SIDEBURN[0] + (_SIDEBURN[1] - _SIDEBURN[0]) * share.sqrt()
        found[window.slices] *= 1.0 - (1.0 - 0.25 * share) * (1.0 - smooth_step(distance / width, 0.35, 1.25))
    return 1.0 - found


def _scalp_patches(subject: Subject) -> Sequence[Patch]:
    """Strands of a few millimetres that lie away from the crown, finer and shorter at the hairline; under the dye."""
    cover, head = _scalp_cover(subject), subject.head
    if not bool(cover.any()):
        return []
    crown = head.vertices[int(head.vertices[:, 2].argmax())] + torch.tensor([0.004, 0.05, -0.02])
    way = subject.once(
        "away from the crown",
        lambda: ways(subject, (subject.surface.position - crown[:, None, None]).norm(dim=0)),
    )
    coat = _BUZZ if subject.traits.choice("hair.style") == "buzz" else _CROP
    fur = grow(subject, "scalp", coat, cover**1.4, way, 0.25 + 0.75 * cover)
    colour, white = (dyed(colour, subject.traits) for colour in (_fine_colour(subject.traits), _thick_white()))
    return _patches(subject, fur, subject.traits.number("hair.grey"), colour, white, _DEEP)


def _beard_cover(subject: Subject) -> Tensor:
    """[S, S] 0..1: where and how densely a beard (not stubble) grows."""
    surface, head, traits = subject.surface, subject.head, subject.traits
    style = traits.choice("beard.style")
    if style == "none":
        return torch.zeros_like(surface.position[0])
    region = _softened(subject, "beard", _BEARD_SOFTENINGS)
    region = region * (1.0 - 0.9 * subject.region("lips_upper", "lips_lower", "mouth_inside"))
    x, z = surface.position[0].abs(), surface.position[2]
    corner_x, _, corner_z = head.landmark("multipie_54").abs().tolist()
    above = smooth_step(z, corner_z - 0.004, corner_z + 0.004)
    near = 1.0 - smooth_step(x, corner_x - 0.002, corner_x + 0.010)
    shapes = {
        "full": torch.ones_like(x),
        "moustache": above * near,
        "goatee": near * (above + (1.0 - above) * (1.0 - smooth_step(x, corner_x - 0.006, corner_x + 0.006))),
        "sideburns": smooth_step(x, 2.0 * corner_x, 2.4 * corner_x),
    }
    small = surface.atlas.interior * subject.noise("mottling", 0.0034, 3)[1]  # which tiles show unequally well
    uneven = 0.12 * subject.noise("patches", 0.011, 3)[1] + 0.10 * small
    cover = region * shapes[style]
    cover = smooth_step(cover + uneven * 4.0 * cover * (1.0 - cover), 0.06, 0.85)
    return cover * (0.5 + 0.5 * traits.number("beard.density"))


def _stubble_patches(subject: Subject) -> Sequence[Patch]:
    """Half a millimetre to one and a half, downwards and away from the middle; sparser in patches and to the edges."""
    amount = subject.traits.number("stubble.density")
    if amount == 0.0:
        return []
    where = subject.region("beard") * (1.0 - subject.region("lips_upper", "lips_lower"))
    patchy = (0.80 + 0.20 * subject.noise("patches", 0.011, 3)[2]).clamp(0.3, 1.2)
    growth = (amount * patchy * smooth_step(where, 0.05, 1.0)).clamp(0.0, 1.0)
    lengths = torch.full_like(growth, 0.6 + 0.8 * amount)
    fur = grow(subject, "stubble", _STUBBLE, growth, _downwards(subject), lengths)
    return _patches(subject, fur, _beard_grey(subject.traits), _fine_colour(subject.traits), _fine_white())


def _beard_patches(subject: Subject) -> Sequence[Patch]:
    """A short beard, downwards and away from the middle."""
    cover = _beard_cover(subject)
    if not bool(cover.any()):
        return []
    lengths = (2.7 + 11.0 * subject.traits.number("beard.length")) * (0.35 + 0.65 * cover)
    fur = grow(subject, "beard", _BEARD, cover, _downwards(subject), lengths)
    return _patches(subject, fur, _beard_grey(subject.traits), _fine_colour(subject.traits), _thick_white(), _DEEP)


def _downwards(subject: Subject) -> Tensor:
    """[S, S] the way that hair of the face grows: down, and away from the middle."""
    x, _, z = subject.surface.position
    return subject.once("down the face", lambda: ways(subject, 0.35 * x.abs() - z))


# --------------------------------------------------------------------------------------------------------------- layers


def _shade(subject: Subject, ground: Ground, colour: Tensor, cover: Tensor) -> Ground:
    """The ground as seen between hairs of a colour [3], and raised to where they lie, tuft by tuft."""
    gap = _GAP + _PASSED_ON * luminance(colour)
    shaded = ground.albedo * 0.06 + gap * colour[:, None, None]
    high, tufts = _COAT
    tuft = 1.0 + tufts / high * subject.noise("mottling", 0.0034, 3)[0] * subject.surface.atlas.interior
    albedo = torch.lerp(ground.albedo, shaded, cover)
    return replace(
        ground,
        albedo=albedo,
        subsurface=ground.subsurface * (1.0 - _SHELTER * cover),
        roughness=torch.lerp(ground.roughness, torch.tensor(_DULL[0]), cover),
        specular=torch.lerp(ground.specular, torch.tensor(_DULL[1]), cover),
        height=ground.height + high * cover * tuft,
    )


def _shade_scalp(subject: Subject, ground: Ground) -> Ground:
    traits = subject.traits
    colour = torch.lerp(_fine_colour(traits), _thick_white(), traits.number("hair.grey"))
    buzzed = 0.75 if traits.choice("hair.style") == "buzz" else 0.90
    return _shade(subject, ground, dyed(colour, traits), buzzed * smooth_step(_scalp_cover(subject), 0.1, 1.0))


def _shade_beard(subject: Subject, ground: Ground) -> Ground:
    traits = subject.traits
    colour = torch.lerp(_fine_colour(traits), _thick_white(), _beard_grey(traits))
    return _shade(subject, ground, colour, 0.95 * smooth_step(_beard_cover(subject), 0.1, 0.85))


def _shade_stubble(subject: Subject, ground: Ground) -> Ground:
    dense = 0.5 * subject.traits.number("stubble.density") * subject.region("beard")
    return replace(ground, subsurface=ground.subsurface * (1.0 - _SHELTER * dense))


def _shade_brows(subject: Subject, ground: Ground) -> Ground:
    dense = subject.traits.number("brows.density") * smooth_step(subject.region("brows"), 0.05, 0.6)
    return replace(ground, subsurface=ground.subsurface * (1.0 - _SHELTER * dense))


_COLOUR: Final = ("hair.melanin", "hair.redness", "hair.grey")

HAIR: Final = (
    Layer(
        "cropped_hair", "the cropped hair of a head without grown hair", ("hair.style", "hair.dye", *_COLOUR),
        stain=_shade_scalp, patches=_scalp_patches,
    ),
    Layer("stubble", "stubble", ("stubble.density", *_COLOUR), stain=_shade_stubble, patches=_stubble_patches),
    Layer(
        "beard", "a short beard", ("beard.style", "beard.density", "beard.length", *_COLOUR),
        stain=_shade_beard, patches=_beard_patches,
    ),
    Layer(
        "brows", "eyebrows", ("brows.thickness", "brows.density", *_COLOUR),
        stain=_shade_brows, patches=_brow_patches,
    ),
)  # fmt: skip
