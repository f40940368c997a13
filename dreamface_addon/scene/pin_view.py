"""Pins over a photograph in the 3D view: a dot for each point that can be dragged."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from .highlight import TINT

FREE: Final = (1.0, 1.0, 1.0, 0.9)
HARD: Final = (*TINT[:3], 1.0)
_RIM: Final = (0.0, 0.0, 0.0, 0.85)
_RIM_WIDTH: Final = 1.3  # pixels
_SIDES: Final = 14  # of a dot


@dataclass(frozen=True)
class Dot:
    """A point in a region.

    Attributes:
        place: pixels from the region's lower left corner.
        radius: pixels.
        colour: with opacity.
    """

    place: tuple[float, float]
    radius: float
    colour: tuple[float, ...]


class Dots:
    """Draws dots in one 3D view's region; nothing where there is no window."""

    def __init__(self, what: Callable[[], Sequence[Dot]]) -> None:
        """Draw from now on what `what` returns at each redraw."""
        self._what = what
        self._handle: object | None = None
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def remove(self) -> None:
        """Draw nothing any more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None

    def _draw(self) -> None:
        dots = self._what()
        if not dots:
            return
        corners: list[tuple[float, float, float]] = []
        colours: list[tuple[float, ...]] = []
        for dot in dots:
            for radius, colour in ((dot.radius + _RIM_WIDTH, _RIM), (dot.radius, dot.colour)):
                disc = _disc(dot.place, radius)
                corners += disc
                colours += [colour] * len(disc)
        shader = gpu.shader.from_builtin("SMOOTH_COLOR")
        gpu.state.blend_set("ALPHA")
        batch_for_shader(shader, "TRIS", {"pos": corners, "color": colours}).draw(shader)
        gpu.state.blend_set("NONE")


def _disc(place: tuple[float, float], radius: float) -> list[tuple[float, float, float]]:
    """Return the corners of a disc's triangles."""
    angles = [2.0 * math.pi * side / _SIDES for side in range(_SIDES + 1)]
    rim = [(place[0] + radius * math.cos(angle), place[1] + radius * math.sin(angle), 0.0) for angle in angles]
    middle = (*place, 0.0)
    return [corner for one, other in pairwise(rim) for corner in (middle, one, other)]
