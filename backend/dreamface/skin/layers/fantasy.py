"""What no person has: tinted skin, stripes, an animal's spots, scales and metal.

Patterns are functions of the place on the head, so that they run on across the seams of the texture layout, and keep
clear of lips and eyes. Their edges are found at full size from fields that vary slowly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.skin.canvas.atlas import rise, smooth_step, surface_of
from dreamface.skin.canvas.lattice import Cells, Lattice, cells, exact_noise, lattice
from dreamface.skin.canvas.layer import Ground, Layer, Patch, Weave, Window, window_of
from dreamface.skin.canvas.layout import skin_tile_sides, skin_tiles
from dreamface.skin.canvas.noise import solid_noise
from dreamface.skin.canvas.outlines import enlarged_rows, scaled
from dreamface.skin.canvas.pigments import PIGMENT_TRAITS, resting_colour
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.compose import band_rows, enlarged
from dreamface.skin.layers.complexion import inner

_MM: Final = 1e-3
_EDGE: Final = 0.22 * _MM  # half the width of a pattern's edge
_FINEST_EDGE: Final = 0.6  # texels
_SKETCH: Final = 64  # texels a side are enough to know a tile's density

_STRIPE: Final = 17.0 * _MM  # from one stripe to the next
_ROSETTE: Final = 15.5 * _MM  # from one rosette to the next
_ROW, _WIDTH = 4.6 * _MM, 6.4 * _MM  # of scales: the rows overlap
_RESOLVED: Final = (2.0, 6.0)  # texels per cell: from none of a pattern to all of it
_MEAN_RIM: Final = 0.25  # share of scaled skin that is their dark rims
_OVERLAP: Final = 1.75  # rows that a scale is long
_SCALE_HEIGHT: Final = 0.34 * _MM
_BRUSHED: Final = 128  # texels a side of the metal's pattern
_SCRATCH: Final = 2.0e-6  # metres: its height


def _keeps_clear(subject: Subject) -> Tensor:
    """[S, S] 0..1: skin, but not lips, lid rims and what lies behind them."""
    lips = subject.region("lips_upper", "lips_lower")
    return (1.0 - 0.92 * lips) * (1.0 - 0.8 * subject.region("lids_margin")) * (1.0 - inner(subject))


def _tint(subject: Subject, ground: Ground) -> Ground:
    """Recolour without losing the variation: what was darker or redder than the mean skin stays so."""
    colour, strength = subject.traits.tint("skin.tint")
    if strength == 0.0:
        return ground
    mean = resting_colour(subject.traits)[:, None, None]
    tinted = torch.tensor(colour)[:, None, None] * (ground.albedo / mean).clamp(0.0, 1.8)
    return replace(ground, albedo=torch.lerp(ground.albedo, tinted, strength))


# -------------------------------------------------------------------------------------------------------------- stripes


def _stripes(subject: Subject) -> Sequence[Patch]:
    """Dark bands that sweep outwards and up from the face's middle, pointed at both ends, as a tiger's."""
    tint, strength = subject.traits.tint("skin.stripes")
    if strength == 0.0:
        return ()
    fields = subject.once("stripes", lambda: _stripe_fields(subject))
    window = _window(subject, fields[1] > 0.0)
    if window is None:
        return ()
    cover = torch.empty(window.shape)
    for rows, (phase, share, kept, finest) in _bands(subject, window, torch.cat((fields, _finest(subject)[None]))):
        wave = torch.cos(phase.mul_(2.0 * math.pi)).sub_(torch.cos(share.clamp_(0.0, 1.0).mul_(math.pi)))
        soft = finest.clamp_min_(_EDGE).mul_(4.0 * math.pi / _STRIPE)
        cover[rows] = smooth_step(wave.div_(soft), 0.0, 1.0).mul_(kept).mul_(strength)
    return (Patch(window, cover=cover, colour=torch.tensor(tint)),)


def _stripe_fields(subject: Subject) -> Tensor:
    """[3, S, S]: the number of the stripe, the share of its room that it fills, and 0..1 how much it covers."""
    head, place = subject.head, subject.surface.position
    x, y, z = place.unbind(0)
    nasion = head.landmark("nasion")
    side = torch.sqrt(x * x + 1e-6)
    behind = (y - float(nasion[1])).clamp_min(0.0)
    # Both halves follow the same course, and each strays from it on its own.
    mirrored = torch.stack((side, y, z))
    course = solid_noise(mirrored, 0.042, 2, subject.stream("stripes"))
    stray = exact_noise(subject, "blotches", 0.034, 3)
    sweep = 0.42 * side + 0.30 * behind
    phase = (z - float(nasion[2]) - sweep) / _STRIPE + 0.42 * course[0] + 0.10 * stray[0]
    share = 0.46 + 0.17 * course[1] + 0.10 * stray[1]
    brow = smooth_step(z, float(head.landmark("glabella")[2]), float(head.landmark("metopion")[2]))
    share = share - (0.62 - 0.34 * brow) * torch.exp(-((side / 0.011) ** 2))  # pointed towards the middle of the face
    share = share - 0.9 * smooth_step(side + behind, 0.115, 0.17)  # and behind the ears
    rim = float(head.vertices[:, 2].min())
    share = share - 0.7 * (1.0 - smooth_step(z, rim + 0.02, rim + 0.08))
    eyes = subject.region("lids_upper", "lids_lower")
    lips = smooth_step(subject.region("lips_upper", "lips_lower"), 0.0, 0.5)
    share = share - 0.35 * eyes - 0.9 * lips - 0.25 * subject.region("ears")
    kept = (0.95 + 0.02 * subject.noise("mottling", 0.0034, 3)[0]) * _keeps_clear(subject)
    return torch.stack((phase, share.clamp(-0.3, 0.66), kept * (share > -0.3)))


# ---------------------------------------------------------------------------------------------------------------- spots


def _rosettes(subject: Subject) -> Sequence[Patch]:
    """Broken rings around a darker middle, as a leopard's; small and full on the face, larger away from it."""
    tint, strength = subject.traits.tint("skin.spots")
    if strength == 0.0:
        return ()
    fields = subject.once("rosettes", lambda: _rosette_fields(subject))
    found = lattice(subject, "rosettes", _ROSETTE, _ROSETTE, 2.5 * _MM)
    window = _window(subject, fields[-1] > 0.0)
    if window is None:
        return ()
    cover = torch.empty(window.shape)
    fields = torch.cat((fields, _finest(subject, 1.8)[None]))
    for rows, (ahead, behind, front, down, small, gap, kept, finest) in _bands(subject, window, fields):
        soft = finest.clamp_min_(1.4 * _EDGE)
        distance, size = _to_rosette(found, torch.where(front > 0.0, ahead, behind), down)
        radius = torch.lerp(4.6 * _MM * size, 2.0 * _MM * size, small)
        # Where rings are small they are full: the hole closes.
        hole = radius * (0.52 - 1.2 * small)
        full = smooth_step((radius - distance) / soft, -1.0, 1.0).mul_(kept)
        broken = smooth_step(gap, 0.30, 0.55) * (1.0 - small)
        inside = smooth_step((hole - distance) / soft, -2.0, 2.0)
        # What is not ring is a shade darker than the skin around, too.
        cover[rows] = full.mul_(0.92 - 0.70 * torch.maximum(inside, broken)).mul_(strength)
    return (Patch(window, cover=cover, colour=torch.tensor(tint)),)


def _rosette_fields(subject: Subject) -> Tensor:
    """[7, S, S]: the lattice with ragged edges, 0..1 how small rings are, where they are broken, what they cover."""
    found = lattice(subject, "rosettes", _ROSETTE, _ROSETTE, 2.5 * _MM)
    middle, small = exact_noise(subject, "patches", 0.011, 3), subject.noise("mottling", 0.0034, 3) * _apart(subject)
    down = found.down + (1.15 * middle[0] + 0.32 * small[0]) * _MM
    turns = found.turns + (1.15 * middle[1] + 0.32 * small[1]) * _MM / 0.09
    gap = 0.5 * exact_noise(subject, "rosette gaps", 0.0062, 1)[0]
    head, place = subject.head, subject.surface.position
    near = (place - head.landmark("rhinion")[:, None, None]).norm(dim=0)
    face = 1.0 - smooth_step(near, 0.040, 0.095)
    clear = _keeps_clear(subject) * (1.0 - 0.5 * smooth_step(subject.region("nose"), 0.3, 0.9))
    clear = clear * smooth_step(clear, 0.1, 0.6)
    rim = float(head.vertices[:, 2].min())
    return torch.stack((*turns, found.front, down, face, gap, clear * smooth_step(place[2], rim + 0.01, rim + 0.05)))


def _to_rosette(found: Lattice, turn: Tensor, down: Tensor) -> tuple[Tensor, Tensor]:
    """[h, w] metres to the nearest rosette's middle, and its size about 1; they lie off the middle of their cells."""
    below = down / found.row_height - 0.5
    first = below.floor()
    nearest, chosen = torch.full_like(turn, 1.0), torch.zeros_like(turn, dtype=torch.long)
    for step in (0.0, 1.0):
        row = first + step
        cell = cells(found, turn, row)
        aside = (cell.across + 0.34 * (found.own(1, cell.index) - 0.5)) * found.cell_width
        along = (below - row + 0.34 * (found.own(2, cell.index) - 0.5)) * found.row_height
        distance = torch.sqrt(aside * aside + along * along)
        closer = distance < nearest
        chosen = torch.where(closer, cell.index, chosen)
        nearest = torch.minimum(nearest, distance)
    return nearest, 0.72 + 0.56 * found.own(3, chosen)


# --------------------------------------------------------------------------------------------------------------- scales


def _scales(subject: Subject) -> Sequence[Patch]:
    """Rows of overlapping scales with a raised free edge, each of a shade of its own, dark between them."""
    tint, strength = subject.traits.tint("skin.scales")
    if strength == 0.0:
        return ()
    found = lattice(subject, "scales", _ROW, _WIDTH, 2.0 * _MM)
    kept = _scaled_skin(subject, strength)
    window = _window(subject, kept > 0.0)
    if window is None:
        return ()
    cover, dark, height = (torch.empty(window.shape) for _ in range(3))
    fields = torch.stack((*found.turns, found.front, found.down, kept, _finest(subject, 2.5), _shown(subject, _ROW)))
    for rows, (ahead, behind, front, down, presence, finest, shown) in _bands(subject, window, fields):
        soft = finest.clamp_min_(2.0 * _EDGE).mul_(2.0 / _WIDTH)
        turn = torch.where(front > 0.0, ahead, behind)
        relief, rim, scale = _scale(found, turn, down / found.row_height, soft)
        rim = torch.lerp(torch.tensor(_MEAN_RIM), rim, shown)
        shade = torch.lerp(torch.tensor(0.5), found.own(1, scale), shown)
        # Where scales run out, they do so one by one.
        presence = presence * smooth_step(presence + 0.7 * (found.own(2, scale) - 0.5), 0.40, 0.52)
        cover[rows] = presence * (0.90 - 0.16 * shade)
        dark[rows] = presence * (0.72 * rim + 0.30 * shade * (1.0 - rim))
        height[rows] = relief.mul_(presence).mul_(_SCALE_HEIGHT)
    colour = torch.tensor(tint)
    return (
        Patch(window, cover=cover, colour=colour, height=height, roughness=0.36, specular=0.62),
        Patch(window, cover=dark, colour=0.16 * colour, roughness=0.55),
    )


def _horny(subject: Subject, ground: Ground) -> Ground:
    """Scales let little light in."""
    _, strength = subject.traits.tint("skin.scales")
    if strength == 0.0:
        return ground
    return replace(ground, subsurface=ground.subsurface * (1.0 - 0.75 * _scaled_skin(subject, strength)))


def _scale(found: Lattice, turn: Tensor, below: Tensor, soft: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """[h, w] height, nearness 0..1 to the scale's edge, and which scale it is.

    `below` counts rows from the crown.

    A scale begins with its row and reaches over the next: where the row above still covers, it lies on top.
    """
    row = below.floor()
    over, under = cells(found, turn, row - 1.0), cells(found, turn, row)
    along_over, along_under = (below - row + 1.0) / _OVERLAP, (below - row) / _OVERLAP
    room_over, room_under = _room(over, along_over), _room(under, along_under)
    on_top = smooth_step(room_over / soft, 0.0, 1.0)
    relief = torch.lerp(_relief(under, along_under), _relief(over, along_over), on_top)
    edge = torch.where(room_over > 0.0, room_over, torch.minimum(room_under, -room_over))
    rim = 1.0 - smooth_step(edge / soft, 0.25, 1.6)
    return relief, rim, torch.where(room_over > 0.0, over.index, under.index)


def _room(cell: Cells, along: Tensor) -> Tensor:
    """[h, w] half cells to the edge of a scale: straight sides and a round tip, negative outside."""
    tip = ((along - 0.42) / 0.58).clamp_min(0.0)
    half_width = 0.98 * torch.sqrt((1.0 - tip * tip).clamp_min(0.0)) - 4.0 * (along - 1.0).clamp_min(0.0)
    return half_width - 2.0 * cell.across.abs()


def _relief(cell: Cells, along: Tensor) -> Tensor:
    """[h, w] 0..1 how high a scale stands: it rises to its free edge, and is arched across with a faint keel."""
    across = 2.0 * cell.across.abs()
    arched = 1.0 - 0.42 * across * across
    return (0.22 + 0.62 * along.clamp(0.0, 1.0)) * arched + 0.10 * (1.0 - 6.0 * across).clamp_min(0.0) * along


def _scaled_skin(subject: Subject, strength: float) -> Tensor:
    """[S, S] 0..1: scales come first on neck, temples and brow, and reach the middle of the face last."""
    head, place = subject.head, subject.surface.position
    middle = 0.5 * (head.landmark("pronasale") + head.landmark("subnasale"))
    distance = (place - middle[:, None, None]).norm(dim=0)
    late = torch.exp(-((distance / 0.062) ** 2)) + 0.30 * subject.region("ears")
    uneven = 0.10 * exact_noise(subject, "patches", 0.011, 3)[0] + 0.08 * exact_noise(subject, "blotches", 0.034, 3)[2]
    return smooth_step(1.75 * strength - late + uneven, 0.05, 0.42) * _keeps_clear(subject)


# ---------------------------------------------------------------------------------------------------------------- metal


def _skin(subject: Subject) -> Tensor:
    """[S, S] 0..1: lips turn to the mouth's lining gradually; eyelids end where the sockets begin."""
    lining, sockets = subject.region("mouth_inside"), subject.region("eye_sockets")
    return 1.0 - torch.maximum(smooth_step(lining, 0.0, 0.8), smooth_step(sockets, 0.88, 1.0))


def _metal_ground(subject: Subject, ground: Ground) -> Ground:
    """Polished unevenly, without anything below the surface that light could enter."""
    _, strength = subject.traits.tint("skin.metal")
    if strength == 0.0:
        return ground
    metal = strength * _skin(subject)
    uneven = 0.05 * subject.noise("blotches", 0.034, 3)[0] + 0.03 * subject.noise("patches", 0.011, 3)[1]
    return replace(
        ground,
        roughness=torch.lerp(ground.roughness, (0.27 + uneven).clamp(0.12, 0.5), metal),
        specular=torch.lerp(ground.specular, torch.tensor(0.5), metal),
        subsurface=ground.subsurface * (1.0 - metal),
    )


def _metal_patches(subject: Subject) -> Sequence[Patch]:
    """One colour over everything that skin is coloured by; only its faintest marks are left."""
    tint, strength = subject.traits.tint("skin.metal")
    if strength == 0.0:
        return ()
    size = subject.size
    everywhere = Window((0, size), (0, size))
    cover = enlarged(0.96 * strength * _skin(subject)[None], everywhere.rows, size)[0]
    return (Patch(everywhere, cover=cover, colour=torch.tensor(tint), metallic=1.0),)


def _brushed(subject: Subject) -> Weave | None:
    """Fine scratches in one direction, which vary the gloss."""
    _, strength = subject.traits.tint("skin.metal")
    if strength == 0.0:
        return None
    generator = subject.tile_stream("brushed metal")
    lines = torch.randn(_BRUSHED, 1, generator=generator).expand(_BRUSHED, _BRUSHED)
    patches = torch.randn(_BRUSHED, _BRUSHED // 32, generator=generator).repeat_interleave(32, dim=1)
    tile = 0.6 * lines + 0.4 * patches
    return Weave(
        tiles=tile[None],
        weights=(strength * subject.surface.atlas.interior * _skin(subject))[None],
        height=torch.tensor([_SCRATCH]),
        melanin=torch.zeros(1),
        blood=torch.zeros(1),
        roughness=torch.tensor([0.035]),
        specular=torch.zeros(1),
    )


# -------------------------------------------------------------------------------------------------------------- helpers


def _window(subject: Subject, where: Tensor) -> Window | None:
    """The window of the maps around what is true on the coarse grid; whole rows, as fields are enlarged by bands."""
    found = window_of(where, margin=1)
    if found is None:
        return None
    return scaled(Window(found.rows, (0, where.shape[1])), subject.size // where.shape[0])


def _bands(subject: Subject, window: Window, fields: Tensor) -> Iterator[tuple[slice, tuple[Tensor, ...]]]:
    """Bands of a window's rows, and the fields [C, S, S] enlarged there; they stay in the processor's cache."""
    for start in range(*window.rows, band_rows(subject.size)):
        stop = min(start + band_rows(subject.size), window.rows[1])
        large = enlarged_rows(fields, (start, stop), subject.size)
        yield slice(start - window.rows[0], stop - window.rows[0]), large.unbind(0)


def _apart(subject: Subject) -> Tensor:
    """[S, S] 0..1: 0 along the borders of a tile where another one, with other texels, goes on; 1 inside."""
    atlas = subject.surface.atlas
    several = len(skin_tiles(atlas.topology)) > 1
    return atlas.interior if several else torch.ones_like(atlas.interior)


def _finest(subject: Subject, softer: float = 1.0) -> Tensor:
    """[S, S] metres: half the width of the sharpest edge to be seen, at tiles' borders in whichever is the coarser.

    There it may be some times softer: lines show where they do not meet, surfaces hardly.
    """
    own = _FINEST_EDGE / _texels_per_metre(subject)
    shared = softer * _FINEST_EDGE / _texels_beyond(subject)
    return torch.lerp(torch.tensor(shared), torch.tensor(own), _apart(subject))


def _shown(subject: Subject, width: float) -> Tensor:
    """[S, S] 0..1 how much of a pattern of cells of a width is to be seen: at tiles' borders, what all can show."""
    shared = rise(width * _texels_beyond(subject), *_RESOLVED)
    return shared + (1.0 - shared) * _apart(subject)


def _texels_beyond(subject: Subject) -> float:
    """Texels per metre of the coarsest tile."""
    head, face = subject.head, subject.face
    sides = skin_tile_sides(head.topology, face.size)
    return min(surface_of(head, tile, _SKETCH).typical_density * side for tile, side in sides.items())


def _texels_per_metre(subject: Subject) -> float:
    return subject.surface.typical_density * subject.size


TINT: Final = Layer("tint", "an unnatural skin colour", ("skin.tint", *PIGMENT_TRAITS), stain=_tint)
METAL: Final = Layer(
    "metal", "metal instead of skin", ("skin.metal",), stain=_metal_ground, patches=_metal_patches, weave=_brushed
)
SCALES: Final = Layer("scales", "overlapping scales", ("skin.scales",), stain=_horny, patches=_scales)
ROSETTES: Final = Layer("spots", "an animal's spots", ("skin.spots",), patches=_rosettes)
STRIPES: Final = Layer("stripes", "stripes over the skin", ("skin.stripes",), patches=_stripes)
FANTASY: Final = (TINT, METAL, SCALES, ROSETTES, STRIPES)
