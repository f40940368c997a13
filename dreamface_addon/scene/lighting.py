"""Ways to light a portrait, as a photographer names them: which lights stand where, and what is around."""

from __future__ import annotations

import math
from dataclasses import dataclass

Colour = tuple[float, float, float]

DAYLIGHT: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Light:
    """A lamp that looks at the head.

    Attributes:
        name: what it is for.
        direction: from the head to the light; the face looks along -Y.
        distance: metres.
        size: metres: side of a square, diameter of a disk; for a sun its angle, degrees.
        power: watts; for a sun watts per square metre.
        colour: linear Rec. 709.
        shape: "SQUARE", "DISK" or "SUN".
    """

    name: str
    direction: tuple[float, float, float]
    distance: float
    size: float
    power: float
    colour: Colour = DAYLIGHT
    shape: str = "SQUARE"


@dataclass(frozen=True)
class Lighting:
    """A way to light a portrait.

    Attributes:
        label: what an artist calls it.
        description: what it does to a face, as half a sentence.
        lights: those that stand around the head.
        world: what is around, linear Rec. 709; only in a world of the studio's own.
    """

    label: str
    description: str
    lights: tuple[Light, ...]
    world: Colour


def _ring(count: int, radius: float, distance: float, power: float) -> tuple[Light, ...]:
    """Lamps around the lens; `power` is that of all."""
    size = 2.0 * radius * math.sin(math.pi / count)  # they touch
    turns = (2.0 * math.pi * index / count for index in range(count))
    return tuple(
        Light(
            f"ring {index + 1}",
            (radius * math.sin(turn), -distance, radius * math.cos(turn)),
            math.hypot(radius, distance),
            size,
            power / count,
            shape="DISK",
        )
        for index, turn in enumerate(turns)
    )


LIGHTINGS = {
    "soft": Lighting(
        "Soft",
        "A large window to the side, a gentle fill and a rim: for every face",
        (
            Light("key", (-1.0, -1.0, 0.75), 1.1, 0.9, 26.0, (1.0, 0.95, 0.88)),
            Light("fill", (1.0, -1.0, 0.0), 1.6, 1.2, 6.0, (0.88, 0.94, 1.0)),
            Light("rim", (0.75, 1.0, 0.45), 1.1, 0.4, 13.0),
        ),
        (0.05, 0.05, 0.05),
    ),
    "hard": Lighting(
        "Hard",
        "One bare lamp from the side and above: deep shadows, every pore and scar",
        (
            Light("key", (-0.7, -1.0, 0.85), 1.3, 0.05, 32.0, (1.0, 0.97, 0.93), "DISK"),
            Light("fill", (1.0, -1.0, -0.1), 1.6, 1.2, 1.6, (0.8, 0.9, 1.0)),
            Light("rim", (0.9, 1.0, 0.5), 1.2, 0.08, 9.0, (0.85, 0.92, 1.0), "DISK"),
        ),
        (0.006, 0.006, 0.007),
    ),
    "sun": Lighting(
        "Sun",
        "Late sun, blue sky above and warm light from the ground: a portrait outdoors",
        (
            Light("sun", (-0.75, -0.8, 0.7), 2.0, 0.53, 7.0, (1.0, 0.8, 0.58), "SUN"),
            Light("sky", (0.5, -0.6, 1.0), 2.5, 3.0, 20.0, (0.55, 0.75, 1.0)),
            Light("ground", (0.2, -0.7, -1.0), 1.2, 1.6, 2.2, (1.0, 0.78, 0.55)),
        ),
        (0.16, 0.24, 0.36),
    ),
    "ring": Lighting(
        "Ring",
        "A ring of lamps around the lens: no shadows, and rings in the eyes",
        (
            *_ring(12, 0.2, 0.75, 8.5),
            Light("rim", (0.0, 1.0, 0.9), 1.1, 0.5, 6.0),
        ),
        (0.02, 0.02, 0.02),
    ),
}
"""Name -> lighting; the first is the usual one."""

USUAL = next(iter(LIGHTINGS))
