"""The eyes' tiles: first every texel gets its place on an eyeball, then irises and whites are painted there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.face import Head, TileMaps
from dreamface.skin.canvas.atlas import atlas_of, coarser, positions, ramp
from dreamface.skin.canvas.layer import Window, window_of
from dreamface.skin.canvas.layout import painted_parts, tile_of
from dreamface.skin.canvas.noise import stream
from dreamface.skin.canvas.windows import atlas_window
from dreamface.skin.parts.eyeball import LIMBUS, Eyeball
from dreamface.skin.parts.iris import (
    IrisChart,
    IrisLook,
    around_limbus,
    draw_iris,
    pupil_radius,
    rim_colour,
    unit_normals,
)
from dreamface.skin.parts.sclera import VEINS_REACH, ScleraLook, draw_veins, lay_veins, look_up, sclera_colour, white_of
from dreamface.traits import Traits

_KINDS: Final = ("sclera", "iris")
_LARGEST: Final = {1: 1024, 4: 2048}  # texels a side of a tile, by how many whites and irises it has
_LARGEST_OTHERWISE: Final = 1024
_SMALLER: Final = 2  # side of the skin's maps over that of these
_SMALLER_IRIS: Final = 4  # the same of a tile with nothing but an iris
_ROUGHNESS: Final = {"sclera": 0.30, "iris": 0.45}
_TEXELS_PER_CELL: Final = 8  # places are found on a coarser grid
_SMALLEST_GRID: Final = 64
_VEINS: Final = (128, 768)  # texels a side of the chart that veins are drawn on, at least and at most
_VEINS_MARGIN: Final = 0.1  # radii of the iris: veins end so far within their chart
_OLD: Final = (25.0, 90.0)  # years over which irises and whites age
_BACK: Final = -0.5  # radii of the ball: what lies further behind its centre than this is its back
_BUMPS: Final = 0.035  # slope of the white's unevenness, which breaks up what it mirrors


@dataclass(frozen=True)
class _ChartSize:
    """The iris' chart: its sizes over the texels across the iris, and the least of them."""

    rows: float = 5.0 / 16.0
    least_rows: int = 64
    columns: int = 2
    least_columns: int = 256


_CHART: Final = _ChartSize()

EYE_TRAITS: Final = (
    "iris.colour", "iris.right_colour", "pupil.size", "sclera.redness", "age", "skin.melanin"
)  # fmt: skip
"""What eyes depend on."""


@dataclass(frozen=True)
class _Canvas:
    """The maps of a tile while it is painted: [S, S, 3 or 1]."""

    albedo: Tensor
    roughness: Tensor
    normal: Tensor

    @classmethod
    def blank(cls, size: int) -> _Canvas:
        """Return empty maps."""
        return cls(torch.empty(size, size, 3), torch.empty(size, size, 1), torch.empty(size, size, 3))

    def maps(self) -> TileMaps:
        """Return what was painted."""
        return {"albedo": self.albedo.clamp_(0.0, 1.0), "roughness": self.roughness, "normal": self.normal}


@dataclass(frozen=True)
class _Spot:
    """Where on a tile an iris or a white is painted.

    Attributes:
        ball: the eye.
        side: "left" or "right".
        coarse: window of the coarse grid, on which places are known.
        factor: texels per cell of that grid, a side.
        place: [N, 3] places of the window's cells, seen from the ball's centre.
    """

    ball: Eyeball
    side: str
    coarse: Window
    factor: int
    place: Tensor

    @property
    def window(self) -> Window:
        """The window of the map's texels."""
        return self.coarse.scaled(self.factor)

    def image(self, values: Tensor) -> Tensor:
        """Return [C, h, w] on the coarse grid from [N, C]."""
        return values.T.reshape(-1, *self.coarse.shape)

    def enlarged(self, image: Tensor) -> Tensor:
        """Return [H, W, C] texels from [C, h, w].

        Channels are last from the start, because copies of large images are slow.
        """
        last = image[None].contiguous(memory_format=torch.channels_last)
        large = interpolate(last, size=self.window.shape, mode="bilinear", align_corners=False)
        return large[0].permute(1, 2, 0)


def paint_eyes(
    head: Head, eyes: Mapping[str, Eyeball], traits: Traits, resolution: int, seed: int
) -> dict[str, TileMaps]:
    """Paint albedo, roughness and normals of every tile with whites or irises; none for a head without eyes.

    Args:
        head: the person's head.
        eyes: "left" and "right", from `eyeballs`.
        traits: their colours.
        resolution: of the skin's maps; the eyes' are smaller.
        seed: of fibres and veins.
    """
    topology, irises = head.topology, _Irises(eyes, traits, seed)
    tiles = [tile_of(topology, topology.part(f"{side}_{kind}").material) for side in eyes for kind in _KINDS]
    return {
        tile: _paint_tile(head, irises, tile, traits, resolution, seed)
        for tile in dict.fromkeys(tiles)
        if tile is not None
    }


class _Irises:
    """Both irises of a person.

    Where both have one colour, one chart serves both, upside down for the right eye: nobody sees that, and it takes
    half the time.
    """

    def __init__(self, eyes: Mapping[str, Eyeball], traits: Traits, seed: int) -> None:
        self.eyes = eyes
        self._traits, self._seed = traits, seed
        self._drawn: dict[tuple[bool, int], IrisChart] = {}

    def look(self, side: str) -> IrisLook:
        """Return the look of the "left" or the "right" one."""
        number, colour = self._traits.number, torch.tensor(self._traits.colour("iris.colour"))
        if self._differs(side):
            other, strength = self._traits.tint("iris.right_colour")
            colour = torch.lerp(colour, torch.tensor(other), strength)
        hole = max(ball.hole / ball.iris_edge for ball in self.eyes.values())
        old = ramp(number("age"), *_OLD)
        return IrisLook(colour, pupil_radius(number("pupil.size"), hole), old, white_of(old, number("skin.melanin")))

    def at(self, side: str, left: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
        """Return [3, H, W] colours and normals of the "left" or the "right" one at places [H, W].

        Args:
            side: of the eye.
            left: distance from the iris' middle to the person's left, 1 at the mesh's limbus.
            up: the same upwards.
        """
        radius = (left * left + up * up).sqrt_().div_(self.eyes[side].iris_edge)
        texels, differs = len(radius), self._differs(side)
        if (differs, texels) not in self._drawn:
            random = stream(self._seed, "iris other" if differs else "iris")
            rows = max(_CHART.least_rows, int(_CHART.rows * texels))
            columns = max(_CHART.least_columns, _CHART.columns * texels)
            self._drawn[differs, texels] = draw_iris(self.look(side), rows, columns, random)
        # Upside down, so that what age leaves above and below the pupil stays there.
        return self._drawn[differs, texels].at(radius, torch.atan2(up, left), math.pi if side == "right" else 0.0)

    def _differs(self, side: str) -> bool:
        """Return whether the eye has a colour of its own."""
        return side == "right" and self._traits.tint("iris.right_colour")[1] > 0.0


def _paint_tile(head: Head, irises: _Irises, tile: str, traits: Traits, resolution: int, seed: int) -> TileMaps:
    """Paint all irises and whites of a tile."""
    parts = painted_parts(head.topology, tile)
    only_iris = len(parts) == 1 and parts[0].name.endswith("iris")
    smaller = _SMALLER_IRIS if only_iris else _SMALLER
    size = min(resolution // smaller, _LARGEST.get(len(parts), _LARGEST_OTHERWISE))
    grid = coarser(size, max(_SMALLEST_GRID, size // _TEXELS_PER_CELL))
    atlas, position = atlas_of(head.topology, tile, grid), positions(head, tile, grid)
    canvas = _Canvas.blank(size)
    for part in parts:
        window = atlas_window(atlas, part.name)
        if window is None:
            continue
        side, _, kind = part.name.rpartition("_")
        points = position[(slice(None), *window.slices)].reshape(3, -1).T
        ball = irises.eyes[side]
        spot = _Spot(ball, side, window, size // grid, ball.place(points))
        if kind == "iris":
            _paint_iris(canvas, spot, irises)
        else:
            _paint_sclera(canvas, spot, irises.look(side), traits, stream(seed, f"{kind} {side}"))
    return canvas.maps()


def _paint_iris(canvas: _Canvas, spot: _Spot, irises: _Irises) -> None:
    """Paint an iris; what is seen through the pupil is black."""
    ball, here = spot.ball, spot.window.slices
    left, up = spot.enlarged(spot.image(ball.across(spot.place) * ball.in_front(spot.place))).unbind(-1)
    colour, normal = irises.at(spot.side, left, up)
    canvas.albedo[here] = colour.permute(1, 2, 0)
    canvas.normal[here] = normal.permute(1, 2, 0)
    canvas.roughness[here] = _ROUGHNESS["iris"]


def _paint_sclera(canvas: _Canvas, spot: _Spot, iris: IrisLook, traits: Traits, generator: torch.Generator) -> None:
    """Paint a white: yellower with age, pink towards the corners, with veins that come from there."""
    ball, here, redness = spot.ball, spot.window.slices, traits.number("sclera.redness")
    look = ScleraLook(iris.white, redness, iris.old, -1.0 if spot.side == "left" else 1.0)
    # A hole in the middle of a layout shows the back of the ball: there the limbus goes on.
    angle = ball.angle(spot.place)[:, None] / LIMBUS
    reach = torch.where(spot.place[:, 2:] < _BACK * ball.radius, 1.0, angle.clamp_min(1.0))
    place = spot.image(torch.nn.functional.normalize(spot.place[:, :2], dim=1) * reach)
    radius = spot.image(reach)[0] / ball.iris_edge
    colour = around_limbus(radius, rim_colour(iris)[:, None, None], sclera_colour(look, place, generator))
    colour = spot.enlarged(colour)
    near = window_of(radius < VEINS_REACH - _VEINS_MARGIN, margin=1)
    if near is not None:
        shown = near.scaled(spot.factor).slices
        fewest, most = _VEINS
        chart = draw_veins(max(fewest, min(most, len(colour[shown]))), redness, generator)
        lay_veins(colour[shown], look_up(chart, spot.enlarged(place)[shown]), redness)
    canvas.albedo[here] = colour
    canvas.roughness[here] = _ROUGHNESS["sclera"]
    bumps = _BUMPS * torch.randn(2, *spot.coarse.shape, generator=generator)
    canvas.normal[here] = spot.enlarged(unit_normals(bumps))
