"""Changes a performance as an artist wishes: stronger, from another rest, mirrored, faster, a part of it.

What works on one moment works on a whole performance: arrays may have a moment's shape or one more dimension in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from dreamface.arrays import Float32Array, FloatArray
from dreamface.errors import BadRequest
from dreamface.motion.moment import Moment
from dreamface.performance import FASTEST, Performance
from dreamface.traits import ARKIT_SHAPES

Taken = TypeVar("Taken", Performance, Moment)

HEAD: Final = "head"
GAZE: Final = "gaze"

_PREFIXES: Final[Mapping[str, str]] = {
    "brow": "brows", "eyeLook": GAZE, "eye": "eyes", "jaw": "jaw", "mouth": "mouth", "tongue": "mouth",
    "cheek": "cheeks", "nose": "cheeks",
}  # fmt: skip
"""How shapes' names begin, and the region that they are of; the first that fits counts."""

REGIONS: Final = ("brows", "eyes", "jaw", "mouth", "cheeks", HEAD, GAZE)
"""What has a gain of its own. The gaze is the eyes' angles and the eyeLook shapes, the head its turning."""

_OPPOSITES: Final = [
    (ARKIT_SHAPES.index(f"eyeLook{one}{side}"), ARKIT_SHAPES.index(f"eyeLook{other}{side}"))
    for side in ("Left", "Right")
    for one, other in (("Out", "In"), ("Down", "Up"))
]
"""Shapes that turn an eyeball one way and the other: for the left one, then the right one, aside and down."""

FULL_YAW: Final = np.radians(30.0)
FULL_PITCH: Final = np.radians(25.0)
"""Turn of an eyeball, radians, at eyeLook... = 1."""

CLOSING: Final = 0.4
"""Weight of a blink from which on an eye looks ahead again, until it is whole at 1."""

STRONGEST: Final = 3.0
"""Of a gain; 1 is as it was tracked."""

SLOWEST, QUICKEST = 0.05, 20.0
"""How much faster a performance can be made."""

HOLD: Final = 0.2
"""Seconds that a face stays as it was when it is lost."""

FADE: Final = 0.8
"""Seconds in which it then comes to rest."""

RETURN: Final = 0.15
"""Seconds before a face is found again in which it moves to where it will be."""


def region_of(shape: str) -> str:
    """Return the region that one of ARKit's shapes is of."""
    return next(region for prefix, region in _PREFIXES.items() if shape.startswith(prefix))


def _twin(shape: str) -> str:
    """Return the shape of the other side; the shape itself where there is none."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if shape.endswith(side):
            return shape.removesuffix(side) + other
    return shape


_MIRRORED: Final = [ARKIT_SHAPES.index(_twin(shape)) for shape in ARKIT_SHAPES]


def mirrored(taken: Taken) -> Taken:
    """Return the same with left and right exchanged, as in a looking-glass."""
    return replace(
        taken,
        weights=taken.weights[..., _MIRRORED],
        head=taken.head * np.array([-1.0, 1.0, -1.0], np.float32),
        position=taken.position * np.array([-1.0, 1.0, 1.0], np.float32),
        eyes=taken.eyes[..., ::-1, :] * np.array([-1.0, 1.0], np.float32),
    )


# ---------------------------------------------------------------------------------------------------------------- gains


def check_gains(gains: Mapping[str, float]) -> None:
    """Refuse gains for what there is not, or out of range.

    Raises:
        BadRequest: a name is neither a region nor one of ARKit's shapes, or a gain is not between 0 and 3.
    """
    for name, gain in gains.items():
        if name not in REGIONS and name not in ARKIT_SHAPES:
            raise BadRequest(f"There is no region {name!r}: choose {', '.join(REGIONS)}, or one of ARKit's shapes.")
        if not 0.0 <= gain <= STRONGEST:
            raise BadRequest(f"A gain goes from 0 to {STRONGEST:g}, and 1 leaves {name} as it is; got {gain:g}.")


def amplified(taken: Taken, gains: Mapping[str, float]) -> Taken:
    """Return the same with some regions or shapes stronger or weaker; weights stay within 0..1.

    Args:
        taken: what was tracked.
        gains: region or shape -> factor; a shape's comes on top of its region's.

    Raises:
        BadRequest: see `check_gains`.
    """
    check_gains(gains)
    if not gains:
        return taken
    factors = [gains.get(region_of(shape), 1.0) * gains.get(shape, 1.0) for shape in ARKIT_SHAPES]
    return replace(
        taken,
        weights=(taken.weights * np.array(factors, np.float32)).clip(0.0, 1.0),
        head=(taken.head * np.float32(gains.get(HEAD, 1.0))).clip(-np.pi, np.pi),
        eyes=taken.eyes * np.float32(gains.get(GAZE, 1.0)),
    )


# -------------------------------------------------------------------------------------------------------------- neutral


def calibrated(taken: Taken, neutral: Moment) -> Taken:
    """Return the same as it is where `neutral` is the face at rest that looks straight ahead.

    Every weight loses what it has at rest, and still reaches 1: (w - rest) / (1 - rest). Turns of the head and of the
    eyes are those from the neutral ones, in the eyeLook shapes too; the place of the head stays as it is.
    """
    rest = neutral.weights.clip(0.0, 0.95)
    weights = ((taken.weights - rest) / (1.0 - rest)).clip(0.0, 1.0).astype(np.float32)
    for one, other in _OPPOSITES:
        turn = taken.weights[..., one] - taken.weights[..., other] - (neutral.weights[one] - neutral.weights[other])
        weights[..., one], weights[..., other] = turn.clip(0.0, 1.0), (-turn).clip(0.0, 1.0)
    return replace(
        taken,
        weights=weights,
        head=_turned_from(taken.head, neutral.head),
        eyes=(taken.eyes - neutral.eyes).astype(np.float32),
    )


def _turned_from(head: Float32Array, neutral: Float32Array) -> Float32Array:
    """[..., 3] yaw, pitch and roll as seen from the neutral turn [3]."""
    from scipy.spatial.transform import Rotation

    order = "ZXY"  # capital: each about the axes that the one before has turned
    turn = Rotation.from_euler(order, neutral).inv() * Rotation.from_euler(order, head.reshape(-1, 3))
    return turn.as_euler(order).reshape(head.shape).astype(np.float32)


def neutral_at(performance: Performance, time: float) -> Moment:
    """Return the moment that is nearest to a time, seconds from the start, of those in which a face was seen.

    Raises:
        BadRequest: the take is not that long, or has no face in it.
    """
    if not 0.0 <= time <= performance.duration + 1.0 / performance.rate:
        raise BadRequest(
            f"The take is {performance.duration:.2f} seconds long: choose a neutral moment in it, not {time:g} s."
        )
    seen = np.flatnonzero(performance.seen)
    if not len(seen):
        raise BadRequest("No face was seen in the take: choose another one.")
    index = seen[np.abs(performance.times[seen] - performance.times[0] - time).argmin()]
    return moment_of(performance, int(index))


def moment_of(performance: Performance, index: int) -> Moment:
    """Return one moment of a performance."""
    return Moment(
        float(performance.times[index]),
        performance.weights[index],
        performance.head[index],
        performance.position[index],
        performance.eyes[index],
        bool(performance.seen[index]),
    )


# ----------------------------------------------------------------------------------------------------------------- eyes


def gaze_of(weights: Float32Array | FloatArray) -> FloatArray:
    """Return [..., 2, 2] yaw and pitch of the left and the right eyeball, radians, at weights [..., 52]."""
    turns = [weights[..., one] - weights[..., other] for one, other in _OPPOSITES]
    scale = np.array((FULL_YAW, FULL_PITCH, -FULL_YAW, FULL_PITCH))  # out is to the person's left in the left eye alone
    gaze: FloatArray = (np.stack(turns, axis=-1) * scale).reshape(*weights.shape[:-1], 2, 2)
    return gaze


def eyes_of_weights(taken: Taken) -> Taken:
    """Return the same with eyes that are turned as the eyeLook shapes say.

    What reads pictures has both from one measurement: after gains, another rest, closed lids and smoothing they still
    have to say the same. A phone measures the angles by themselves.
    """
    return replace(taken, eyes=gaze_of(taken.weights).astype(np.float32))


# ----------------------------------------------------------------------------------------------------------------- lids


def lids_over_eyes(taken: Taken) -> Taken:
    """Return the same with eyes that look ahead while their lids are closed.

    A look down lowers the upper lid, as a blink does: together they would draw it past the lower one and through the
    eyeball. Behind closed lids nobody sees where it looks.
    """
    weights = taken.weights.copy()
    for side in ("Left", "Right"):
        closed = _smooth((weights[..., ARKIT_SHAPES.index(f"eyeBlink{side}")] - CLOSING) / (1.0 - CLOSING))
        for way in ("Down", "Up", "In", "Out"):
            weights[..., ARKIT_SHAPES.index(f"eyeLook{way}{side}")] *= (1.0 - closed).astype(np.float32)
    return replace(taken, weights=weights)


# ----------------------------------------------------------------------------------------------------------------- time


def trimmed(performance: Performance, start: float | None, end: float | None) -> Performance:
    """Return the part between two times in seconds from the start; None is the take's own end. Times begin at 0 again.

    Raises:
        BadRequest: there is nothing between them.
    """
    if start is None and end is None:
        return performance
    times = performance.times - performance.times[0]
    kept = (times >= (start or 0.0) - 1e-6) & (times <= (np.inf if end is None else end) + 1e-6)
    if not kept.any():
        raise BadRequest(
            f"Nothing of the take, which is {performance.duration:.2f} seconds long, lies between "
            f"{start or 0.0:g} and {performance.duration if end is None else end:g} s: choose other times."
        )
    arrays = {name: getattr(performance, name)[kept] for name in ("weights", "head", "position", "eyes", "seen")}
    return replace(performance, times=times[kept] - times[kept][0], **arrays)


def retimed(performance: Performance, speed: float) -> Performance:
    """Return a performance that plays `speed` times as fast, with the same moments.

    Raises:
        BadRequest: the speed is out of range.
    """
    if not SLOWEST <= speed <= QUICKEST:
        raise BadRequest(f"A performance plays {SLOWEST:g} to {QUICKEST:g} times as fast; got {speed:g}.")
    start = performance.times[0]
    rate = min(performance.rate * speed, FASTEST)
    return replace(performance, times=start + (performance.times - start) / speed, rate=rate)


# ---------------------------------------------------------------------------------------------------------- unseen


def presence(since: FloatArray) -> FloatArray:
    """Return how much of a face is left, 1..0, so many seconds after it was lost: held, then faded."""
    return 1.0 - _smooth((since - HOLD) / FADE)


def _smooth(x: FloatArray | Float32Array) -> FloatArray:
    inside = np.clip(x, 0.0, 1.0).astype(np.float64)
    return inside * inside * (3.0 - 2.0 * inside)


def held_and_faded(performance: Performance) -> Performance:
    """Return a performance that holds still where no face was seen, then comes to rest, and is back in time.

    Only moments that were not seen change. The place of the head is held.
    """
    seen = np.flatnonzero(performance.seen)
    lost = np.flatnonzero(~performance.seen)
    if not len(seen) or not len(lost):
        return performance
    after = np.searchsorted(seen, lost)
    before, later = seen[np.maximum(after - 1, 0)], seen[np.minimum(after, len(seen) - 1)]
    times = performance.times
    left = np.where(after > 0, presence(times[lost] - times[before]), 0.0)
    back = np.where(after < len(seen), _smooth(1.0 - (times[later] - times[lost]) / RETURN), 0.0)
    changed = {}
    for name in ("weights", "head", "position", "eyes"):
        values = getattr(performance, name)
        across = (-1,) + (1,) * (values.ndim - 1)
        if name == "position":
            held = np.where((after > 0).reshape(across), values[before], values[later])
        else:
            held = values[before] * left.reshape(across)
        filled = values.copy()
        filled[lost] = held + back.reshape(across) * (values[later] - held)
        changed[name] = filled
    return replace(performance, **changed)
