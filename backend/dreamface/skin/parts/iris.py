"""The iris on a polar chart: what lies between pupil and white, ring by ring and all around.

The stroma is drawn in its own coordinate, 0 at the pupil's edge and 1 at the limbus: when a pupil widens, fibres,
collarette and furrows are pushed together, as they are in an eye.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from dreamface.skin.canvas.atlas import rise, smooth_step
from dreamface.skin.canvas.pigments import luminance

REACH: Final = 1.25
"""Radius at the chart's last row: 1 is where the iris seems to end, and what is beyond that is white."""

PUPIL_SHARES: Final = (0.22, 0.60)
"""Of the iris' radius, with `pupil.size` 0 and 1: about 2.6 to 7 mm across (Watson and Yellott 2012)."""

_RADIUS: Final = 5.9e-3  # metres; irises of all adults are nearly the same size
_RELIEF: Final = 16e-6  # metres between a fibre's crest and the ground
_TISSUE: Final = 0.58  # the trait is the colour people see, with the cornea's gleam; the tissue is darker
_PUPIL: Final = (0.0025, 0.0022, 0.0022)
_EPITHELIUM: Final = (0.090, 0.036, 0.012)  # brown, behind the stroma; it shows at the pupil's edge and in flecks
_ARCUS: Final = (0.33, 0.34, 0.335)  # the greyish ring of old age
_GREYNESS: Final = 0.36  # of blue and grey irises: their names are more colourful than they are
_COLLARETTE: Final = 0.27  # of the stroma
_LIMBUS: Final = (0.95, 1.13)  # radii between which white takes over: about 1 mm, of which half is plain to see
_SHADE: Final = (0.84, 0.87, 0.90)  # times the white: what it is like at its border, where the iris shines through
_VEIL: Final = (1.25, 0.98, 0.72)  # colour of thin melanin over grey
_FLECKS: Final = 5  # at most


@dataclass(frozen=True)
class IrisLook:
    """One person's iris.

    Attributes:
        colour: [3] linear Rec. 709, as people see it.
        pupil: radius of the pupil, 1 is the iris'.
        old: 0 for the young, 1 for the very old.
        white: [3] the eyeball's colour around it.
    """

    colour: Tensor
    pupil: float
    old: float
    white: Tensor


@dataclass(frozen=True)
class IrisChart:
    """What a texel on the iris looks up: [6, R, T + 2], colour and normal, one column of the other end at each end."""

    image: Tensor

    def at(self, radius: Tensor, turn: Tensor, turned: float = 0.0) -> tuple[Tensor, Tensor]:
        """[3, H, W] colours and [3, H, W] normals (to the person's left, up, ahead) at places [H, W].

        Args:
            radius: 1 is where the iris seems to end.
            turn: from the person's left upwards, -pi..pi.
            turned: how far the whole iris is turned that way, 0..2 pi.
        """
        columns = self.image.shape[-1]
        around = (turn + (math.pi - turned)).remainder(2.0 * math.pi) - math.pi if turned else turn
        grid = torch.stack((around * ((columns - 2) / (columns * math.pi)), radius * (2.0 / REACH) - 1.0), dim=-1)
        found = grid_sample(self.image[None], grid[None], padding_mode="border", align_corners=False)[0]
        colour, (left, up, ahead) = found[:3], found[3:]
        cosine, sine = math.cos(turned), math.sin(turned)
        return colour, torch.stack((cosine * left - sine * up, sine * left + cosine * up, ahead))


def pupil_share(size: float, hole: float) -> float:
    """Radius of the pupil, 1 is the iris', for `pupil.size`; none is smaller than the mesh's own `hole`."""
    small, large = PUPIL_SHARES
    return max(small + (large - small) * size, hole)


def around_limbus(radius: Tensor, rim: Tensor, white: Tensor) -> Tensor:
    """[3, ...] colours across the limbus, from the iris' rim to the white of the eye.

    Args:
        radius: [...] 1 is where the iris seems to end.
        rim: [3, ...] colour of the iris there.
        white: [3, ...].
    """
    shade = torch.tensor(_SHADE).view(3, *[1] * radius.dim())
    bluish = torch.lerp(white, white * shade, 1.0 - smooth_step(radius, 1.05, 1.36))
    return torch.lerp(rim, bluish, smooth_step(radius, *_LIMBUS))


def rim_colour(look: IrisLook) -> Tensor:
    """[3] colour of the dark ring around an iris."""
    grey = luminance(look.colour)
    return 0.19 * torch.lerp(look.colour, torch.full((3,), grey), 0.55) + 0.008


def draw_iris(look: IrisLook, rows: int, columns: int, generator: torch.Generator) -> IrisChart:
    """An iris on a chart of `rows` from the middle to REACH and `columns` all around."""
    polar = _Polar(look.pupil, rows, columns, generator)
    ciliary, fibres, crypts, furrows, edge = _stroma(polar, look.old)
    colour = _coloured(polar, look, ciliary, fibres, crypts, furrows, edge)
    relief = 0.6 * fibres + 0.9 * edge - 1.3 * crypts - 0.7 * furrows
    image = torch.cat((colour, unit_normals(polar.slopes(_RELIEF * relief * polar.on_stroma))))
    return IrisChart(pad(image[None], (1, 1, 0, 0), mode="circular")[0])


def unit_normals(slopes: Tensor) -> Tensor:
    """[3, H, W] from slopes [2, H, W]: rise per metre to the left and up."""
    upright = torch.rsqrt(1.0 + slopes[0] * slopes[0] + slopes[1] * slopes[1])
    return torch.stack((-slopes[0] * upright, -slopes[1] * upright, upright))


class _Polar:
    """The chart's coordinates, and noise on it."""

    def __init__(self, pupil: float, rows: int, columns: int, generator: torch.Generator) -> None:
        self.rows, self.columns, self.generator = rows, columns, generator
        self.radius = ((torch.arange(rows) + 0.5) * (REACH / rows))[:, None]
        self.turn = ((torch.arange(columns) + 0.5) * (2.0 * math.pi / columns) - math.pi)[None, :]
        self.share = (self.radius - pupil) / (1.0 - pupil)
        self.stroma = self.share.clamp(0.0, 1.0)
        self.on_stroma = smooth_step(self.share, 0.0, 0.05) * (1.0 - smooth_step(self.radius, 0.88, 1.0))

    def noise(self, rings: int, spokes: int) -> Tensor:
        """[R, T] noise, mean 0, deviation about 1: `rings` values across the stroma, `spokes` around."""
        return self._down(self.around(rings + 1, spokes), self.stroma[:, 0] * rings)

    def around(self, count: int, spokes: int) -> Tensor:
        """[count, T] noise around the iris."""
        lattice = torch.randn(count, spokes, generator=self.generator)
        place = (torch.arange(self.columns) + 0.5) * (spokes / self.columns)
        spoke = place.long()
        share = _fade(place - spoke)
        return 1.3 * torch.lerp(lattice[:, spoke], lattice[:, (spoke + 1) % spokes], share)

    @staticmethod
    def _down(lines: Tensor, place: Tensor) -> Tensor:
        """[R, T] between lines [K, T] at places [R] 0..K-1; one product with the lines' weights."""
        away = (place[:, None] - torch.arange(len(lines))).abs()
        return _fade((1.0 - away).clamp_min(0.0)) @ lines

    def bent(self, images: Tensor, columns: Tensor) -> Tensor:
        """[C, R, T] images whose places are `columns` [R, T] further around."""
        wide = pad(images[None], (16, 16, 0, 0), mode="circular")
        across = (torch.arange(self.columns) + 16.5 + columns.clamp(-15.0, 15.0)) * (2.0 / wide.shape[-1]) - 1.0
        down = ((torch.arange(self.rows) + 0.5) * (2.0 / self.rows) - 1.0)[:, None].expand_as(across)
        return grid_sample(wide, torch.stack((across, down), dim=-1)[None], align_corners=False)[0]

    def slopes(self, height: Tensor) -> Tensor:
        """[2, R, T] rise of a height [R, T] in metres, per metre to the person's left and up."""
        step_out, step_around = _RADIUS * REACH / self.rows, _RADIUS * 2.0 * math.pi / self.columns
        outward = (pad(height[None], (0, 0, 1, 1), mode="replicate")[0].diff(dim=0)[1:]) / step_out
        along = (height.roll(-1, 1) - height) / (step_around * self.radius)
        cosine, sine = self.turn.cos(), self.turn.sin()
        return torch.stack((cosine * outward - sine * along, sine * outward + cosine * along))


def _fade(share: Tensor) -> Tensor:
    return share * share * (3.0 - 2.0 * share)


def _bell(values: Tensor) -> Tensor:
    """Nearly exp(-values^2), and 0 beyond 2: the exponential of what is almost nothing takes processors long."""
    return (1.0 - 0.25 * values * values).clamp_min_(0.0).square_().square_()


def _stroma(polar: _Polar, old: float) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """[R, T] each, 0..1: outside the collarette, fibres, crypts, contraction furrows, the collarette's crest."""
    wander = polar.around(2, 26)
    edge_at = _COLLARETTE + 0.035 * wander[:1] + 0.018 * polar.around(1, 70)
    away = polar.share - edge_at
    ciliary, edge = smooth_step(away, -0.04, 0.05), _bell(away / 0.045)
    unit = polar.columns / 1024.0  # bends are told in columns of a chart of 1024
    bend = 5.0 * unit * polar.noise(2, 17) + 2.4 * unit * polar.noise(3, 55)
    first, second = polar.noise(2, 74), polar.noise(3, 120)
    bundles = torch.stack((_ridge(first, 0.50), _ridge(second, 0.42)))
    bundles = torch.stack((polar.bent(bundles[:1], bend)[0], polar.bent(bundles[1:], -0.8 * bend)[0]))
    fine = 0.5 + 0.30 * polar.noise(2, 310)
    threads = torch.maximum(bundles[0], 0.8 * bundles[1])
    inner = 0.15 + 0.45 * _ridge(polar.noise(1, 84), 0.6) + 0.45 * fine
    fibres = torch.lerp(inner, 0.66 * threads + 0.46 * fine, ciliary).clamp(0.0, 1.0)
    crypts = smooth_step(polar.bent(polar.noise(3, 34)[None], bend)[0], 1.25, 2.1)
    crypts = crypts * smooth_step(away, 0.0, 0.07) * (1.0 - smooth_step(polar.stroma, 0.62, 0.85))
    furrows = _furrows(polar, old, wander[1:])
    return ciliary, fibres * (1.0 - 0.55 * crypts), crypts, furrows * ciliary, edge


def _ridge(noise: Tensor, width: float) -> Tensor:
    """1 where noise passes through zero: lines that meet and part."""
    return _bell(noise / width)


def _furrows(polar: _Polar, old: float, wander: Tensor) -> Tensor:
    """Arcs around the pupil, where the iris folds when it widens."""
    there = polar.around(3, 7)
    found = torch.zeros(polar.rows, polar.columns)
    for number, at in enumerate((0.52, 0.68, 0.82)):
        line = _bell((polar.share - at - 0.012 * wander) / 0.016)
        found = found + line * smooth_step(there[number], 0.0 - 0.5 * old, 1.0)
    return found


def _coloured(
    polar: _Polar, look: IrisLook, ciliary: Tensor, fibres: Tensor, crypts: Tensor, furrows: Tensor, edge: Tensor
) -> Tensor:
    """[3, R, T] colour of everything on the chart."""
    red, green, blue = look.colour.tolist()
    grey = luminance(look.colour)
    pale = rise(grey, 0.04, 0.18)  # little pigment in the stroma: fibres are white threads
    cool = rise((red - blue) / (red + blue + 1e-4), 0.5, -0.2)
    # Neither brown nor green: pigment that thins out from the pupil on.
    hazel = rise(green / (red + 1e-4), 0.46, 0.60) * (red > blue) * (1.0 - cool)
    tissue = _TISSUE * torch.lerp(look.colour, torch.full((3,), grey), _GREYNESS * cool)
    greenish = torch.stack((0.72 * tissue[0], 1.02 * tissue[1], 1.15 * tissue[2]))
    outer = torch.lerp(tissue, greenish, hazel)
    brown = torch.tensor(_EPITHELIUM) * (0.5 + 6.0 * grey)
    warmth = 0.10 * cool + 0.80 * hazel + 0.15 * (1.0 - cool) * (1.0 - hazel)
    inner = torch.lerp(tissue, brown, warmth)
    uneven = 0.16 * polar.around(1, 9) + 0.10 * polar.around(1, 40)
    spread = 1.0 - smooth_step(polar.share - 0.22 * hazel - 0.10 * uneven, _COLLARETTE - 0.10, _COLLARETTE + 0.22)
    base = torch.lerp(outer[:, None, None], inner[:, None, None], spread)
    flecks = _flecks(polar)
    if flecks is not None:
        base = torch.lerp(base, brown[:, None, None], 0.75 * flecks)
    # Threads scatter all light alike, most where little pigment covers them.
    thread = torch.lerp(base, base.mean(dim=0, keepdim=True) + 0.03, 0.45 * pale * (0.25 + 0.75 * cool))
    deep, high = 0.42 + 0.16 * (1.0 - pale), 1.95 - 0.45 * (1.0 - pale)
    colour = torch.lerp(deep * base, high * thread, fibres)
    light = (1.0 + 0.22 * edge) * (1.0 - 0.55 * crypts) * (1.0 - (0.18 + 0.14 * (1.0 - pale)) * furrows)
    patches = polar.noise(2, 7)
    light = light * (1.0 + 0.13 * patches * ciliary) * (1.06 - 0.22 * smooth_step(polar.share, 0.45, 1.0))
    # Here and there a thin layer of melanin, or none at all.
    veil = (0.16 * cool + 0.08) * (0.5 + 0.5 * polar.noise(2, 11)).clamp(0.0, 1.0) * (1.0 - 0.5 * fibres)
    colour = torch.lerp(colour, (0.55 * grey + 0.02) * torch.tensor(_VEIL)[:, None, None], veil)
    return _framed(polar, look, colour * light)


def _framed(polar: _Polar, look: IrisLook, colour: Tensor) -> Tensor:
    """The stroma between the pupil and the limbus."""
    wobble = 0.012 * polar.around(1, 34)
    rim = rim_colour(look)[:, None, None]
    ring = smooth_step(polar.radius + wobble, 0.72 + 0.05 * look.old, 0.975) ** 1.3
    colour = torch.lerp(colour, rim, (0.90 - 0.22 * look.old) * ring)
    # It begins above and below, is never sharp, and few have much of it.
    arcus = smooth_step(polar.radius, 0.78, 0.93) * (1.0 - smooth_step(polar.radius, 0.92, 1.05))
    uneven = (0.62 + 0.30 * polar.turn.sin() ** 2 + 0.16 * polar.around(1, 8)).clamp(0.0, 1.0)
    amount = rise(look.old, 0.55, 1.0) * (0.22 + 0.26 * float(torch.rand(1, generator=polar.generator)))
    colour = torch.lerp(colour, torch.tensor(_ARCUS)[:, None, None], amount * arcus * uneven)
    ruff = _bell((polar.share - 0.02) / 0.028) * (0.8 + 0.2 * polar.around(1, 90)).clamp(0.0, 1.0)
    colour = torch.lerp(colour, 0.35 * torch.tensor(_EPITHELIUM)[:, None, None], 0.85 * ruff)
    open_at = smooth_step(polar.share + 0.006 * polar.around(1, 60), -0.022, 0.012)
    colour = torch.lerp(torch.tensor(_PUPIL)[:, None, None], colour, open_at)
    return around_limbus(polar.radius.expand(-1, polar.columns), colour, look.white[:, None, None])


def _flecks(polar: _Polar) -> Tensor | None:
    """[R, T] 0..1 brown freckles; most irises have none."""
    random = torch.rand(_FLECKS, 4, generator=polar.generator)
    count = int(max(0.0, 9.0 * float(random[0, 0]) - 4.0))
    if count == 0:
        return None
    found = torch.zeros(polar.rows, polar.columns)
    for number in range(count):
        _, at, turn, size = random[number].tolist()
        around = torch.remainder(polar.turn - 2.0 * math.pi * turn, 2.0 * math.pi) - math.pi
        reach = 0.02 + 0.045 * size
        far = ((polar.share - 0.35 - 0.5 * at) / (1.6 * reach)) ** 2 + (around * polar.radius / reach) ** 2
        found = found + _bell(far.sqrt())
    return found.clamp_max(1.0)
