"""Pins in the photographs of a head: what its record remembers of them, and the head that follows.

A history's step `{"from": "photograph", ...}` says under `photographs` how each shows the head that was fitted, and
under `person` who that is; the step `{"from": "pins", ...}` after it has the pins, by how much the person differs with
them, and how the photographs show the head then. There is at most one of these, the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
import torch

from dreamface.arrays import FloatArray
from dreamface.capture import (
    PINS,
    Fit,
    Pin,
    Pinned,
    Pinning,
    Poses,
    check_pins,
    landmark_of,
    load_population,
    project,
    skin_points,
)
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.head import load_model
from dreamface.limits import MOST_PHOTOGRAPHS
from dreamface.pipeline.making import dress
from dreamface.pipeline.people import build_head, shown_traits
from dreamface.progress import Progress
from dreamface.record import PHOTOGRAPH
from dreamface.traits import ARKIT_SHAPES

PINNED: Final = "pins"
"""What a history's step with pins is from."""

Pins = Mapping[int, Mapping[str | int, tuple[float, float] | None]]
"""Photograph, from 1 -> a point of `capture.PINS`, or a landmark 0..477 -> where the photograph shows it, in fractions
of its width and height from its upper left corner; None takes the pin away."""

_NOT_FROM_PHOTOGRAPHS: Final = (
    "This head was not made from photographs, so there is nothing to put pins in: make one with From Photo, "
    "or `dreamface from-photo`."
)
_DAMAGED: Final = "What the face remembers of its photographs is damaged: make it from them again."
_FAINT: Final = 0.02  # weights of expressions below are not remembered
_KEPT: Final = 2  # heads at a time that can follow at once


@dataclass(frozen=True)
class Shots:
    """How photographs show a head.

    Attributes:
        sizes: width and height of each, pixels.
        fit: the person, and each photograph's pose, lens and expression.
    """

    sizes: tuple[tuple[int, int], ...]
    fit: Fit

    def to_json(self) -> list[dict[str, Any]]:
        """Plain data, as a history has it under `photographs`."""
        return [
            {
                "size": list(size),
                "focal": float(self.fit.focal[number]),
                "rotation": np.round(self.fit.poses.rotation[number], 6).tolist(),
                "position": np.round(self.fit.poses.position[number], 6).tolist(),
                "expression": {
                    name: round(float(weight), 4)
                    for name, weight in zip(ARKIT_SHAPES, self.fit.weights[number], strict=True)
                    if weight >= _FAINT
                },
            }
            for number, size in enumerate(self.sizes)
        ]

    @classmethod
    def of(cls, said: Sequence[Mapping[str, Any]], values: FloatArray) -> Shots:
        """Return what a history says under `photographs` of a person whose modes have values [K].

        Raises:
            BadRequest: it is damaged.
        """
        try:
            rotation = np.array([one["rotation"] for one in said], np.float64).reshape(-1, 3, 3)
            position = np.array([one["position"] for one in said], np.float64).reshape(-1, 3)
            focal = np.array([one["focal"] for one in said], np.float64)
            sizes = tuple((int(one["size"][0]), int(one["size"][1])) for one in said)
            weights = np.array([[float(one["expression"].get(name, 0.0)) for name in ARKIT_SHAPES] for one in said])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise BadRequest(_DAMAGED) from error
        numbers = np.concatenate([part.ravel() for part in (rotation, position, focal, weights, values)])
        positive = min((*focal, *(side for size in sizes for side in size)), default=0.0) > 0.0
        # More photographs than a head can be made from would take gigabytes to follow.
        fits = len(rotation) == len(position) == len(said) <= MOST_PHOTOGRAPHS
        if not (fits and np.isfinite(numbers).all() and positive):
            raise BadRequest(_DAMAGED)
        fit = Fit(values, weights, Poses(rotation, position), focal, 0.0, np.eye(len(values)))
        return cls(sizes, fit)

    def place(self, number: int, shares: Sequence[float]) -> tuple[float, float]:
        """Return a place in a photograph, in heights from its middle, that is given in fractions from its corner."""
        width, height = self.sizes[number]
        return (shares[0] - 0.5) * width / height, shares[1] - 0.5

    def shares(self, pin: Pin) -> list[float]:
        """Return the opposite of `place`."""
        width, height = self.sizes[pin.photograph]
        return [round(pin.place[0] * height / width + 0.5, 6), round(pin.place[1] + 0.5, 6)]


@dataclass(frozen=True)
class PinBoard:
    """What a history says of photographs and pins.

    Attributes:
        head: name of the head model.
        fitted: how the photographs show the head that was fitted.
        now: how they show it with the pins, and by how much it differs from the fitted one.
        pins: that there are.
    """

    head: str
    fitted: Shots
    now: Pinned
    pins: tuple[Pin, ...]

    @classmethod
    def of(cls, head: str, history: Sequence[Mapping[str, Any]]) -> PinBoard:
        """Return what a history says.

        Raises:
            BadRequest: the head was not made from photographs, or the history is damaged.
        """
        made = next((step for step in history if step.get("from") == PHOTOGRAPH and step.get("photographs")), None)
        if made is None:
            raise BadRequest(_NOT_FROM_PHOTOGRAPHS)
        count = len(load_population(head).modes)
        fitted = Shots.of(made["photographs"], _numbers(made.get("person"), count))
        pinned = next((step for step in reversed(history) if step.get("from") == PINNED), None)
        if pinned is None:
            return cls(head, fitted, Pinned(np.zeros(count), fitted.fit), ())
        values = _numbers(pinned.get("values"), count)
        shots = Shots.of(pinned.get("photographs", ()), fitted.fit.values + values)
        if len(shots.sizes) != len(fitted.sizes):
            raise BadRequest(_DAMAGED)
        return cls(head, fitted, Pinned(values, shots.fit), _pins_in(pinned, fitted))

    def with_pins(self, wanted: Pins) -> tuple[Pin, ...]:
        """Return the pins with some more, others where they are, and without those that are taken away.

        Raises:
            BadRequest: there is no such photograph or point, or a place is no two numbers.
        """
        places = {(pin.photograph, pin.landmark): pin.place for pin in self.pins}
        for photograph, points in wanted.items():
            if not (isinstance(photograph, int) and 1 <= photograph <= len(self.fitted.sizes)):
                raise BadRequest(
                    f"There is no photograph {photograph!r} of this head: count from 1 to {len(self.fitted.sizes)}."
                )
            for name, shares in points.items():
                key = photograph - 1, landmark_of(name)
                if shares is None:
                    places.pop(key, None)
                else:
                    places[key] = self.fitted.place(photograph - 1, _place(name, shares))
        pins = tuple(Pin(number, landmark, place) for (number, landmark), place in places.items())
        check_pins(pins, len(self.fitted.sizes))
        return pins

    def pins_at(self, said: Sequence[tuple[int, int, Sequence[float]]]) -> tuple[Pin, ...]:
        """Return pins of photographs, from 1, and landmarks at fractions of a photograph's width and height.

        Raises:
            BadRequest: see `capture.check_pins`.
        """
        count = len(self.fitted.sizes)
        if any(not 1 <= number <= count for number, _, _ in said):
            raise BadRequest(f"This head was made from {count} photographs: put pins in those.")
        pins = tuple(Pin(number - 1, point, self.fitted.place(number - 1, at)) for number, point, at in said)
        check_pins(pins, count)
        return pins

    def step(self, pins: Sequence[Pin], now: Pinned) -> dict[str, Any]:
        """Return a history's step with pins, and what follows them."""
        return {
            "from": PINNED,
            "pins": [
                {"photograph": pin.photograph + 1, "point": pin.landmark, "at": self.fitted.shares(pin)} for pin in pins
            ],
            "values": np.round(now.values, 5).tolist(),
            "photographs": Shots(self.fitted.sizes, now.shots).to_json(),
        }


def with_step(history: Sequence[Mapping[str, Any]], step: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return a history with a step with pins in place of the one that it has."""
    return (*(one for one in history if one.get("from") != PINNED), step)


def _pins_in(said: Mapping[str, Any], fitted: Shots) -> tuple[Pin, ...]:
    """Return a step's pins.

    Raises:
        BadRequest: it is damaged.
    """
    try:
        places = [(int(one["photograph"]) - 1, landmark_of(one["point"]), one["at"]) for one in said["pins"]]
        pins = tuple(Pin(number, landmark, fitted.place(number, at)) for number, landmark, at in places)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadRequest(_DAMAGED) from error
    check_pins(pins, len(fitted.sizes))
    return pins


def _numbers(said: object, count: int) -> FloatArray:
    """Return values of modes; zeros where faces of older versions have none.

    Raises:
        BadRequest: they are others.
    """
    if said is None:
        return np.zeros(count)
    try:
        values = np.array(said, np.float64)
    except (TypeError, ValueError) as error:
        raise BadRequest(_DAMAGED) from error
    if values.shape != (count,):
        raise BadRequest(_DAMAGED)
    return values


def _place(name: object, shares: object) -> tuple[float, float]:
    try:
        across, down = (float(part) for part in shares)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise BadRequest(
            f"The pin {name!r} lies at {shares!r}: give fractions of the width and of the height."
        ) from error
    return across, down


def follow_pins(board: PinBoard, pins: Sequence[Pin], points: FloatArray) -> tuple[dict[str, Any], FloatArray]:
    """Return the history's step with pins, and [V, 3] metres by which the neutral head moves for them.

    Args:
        board: what the history says.
        pins: all that there are to be, N.
        points: [N, 3] metres on the head as it is now, with the expression in each pin's photograph.

    Raises:
        BadRequest: see `capture.check_pins`.
    """
    now, moved = _pinning(board).follow(pins, points, board.now)
    return board.step(pins, now), moved


def pin_points(head: str) -> dict[str, Any]:
    """Return what points of a head model are offered as pins.

    `names` and `points` [P], their landmarks; `vertices` [P] that stand for them, `offsets` [P, 3] metres from there.
    """
    skin, points = skin_points(head), np.array(list(PINS.values()))
    return {
        "names": np.array(list(PINS), np.str_),
        "points": points,
        "vertices": skin.vertex[points],
        "offsets": skin.off[points].astype(np.float32),
    }


def get_ready(board: PinBoard) -> None:
    """Do now what the first of `follow_pins` would do, which takes a second or two."""
    _pinning(board)


def _pinning(board: PinBoard) -> Pinning:
    fit = board.fitted.fit
    parts = (fit.values, fit.weights, fit.poses.rotation, fit.poses.position, fit.focal)
    return _made(board.head, tuple(part.tobytes() for part in parts))


@lru_cache(maxsize=_KEPT)
def _made(head: str, parts: tuple[bytes, ...]) -> Pinning:
    values, weights, rotation, position, focal = (np.frombuffer(part) for part in parts)
    poses = Poses(rotation.reshape(-1, 3, 3), position.reshape(-1, 3))
    weights = weights.reshape(len(focal), len(ARKIT_SHAPES))
    return Pinning(load_population(head), Fit(values, weights, poses, focal, 0.0, np.eye(len(values))))


def refit(face: Face, pins: Pins, *, progress: Progress = Progress()) -> Face:  # noqa: B008 - immutable
    """Move points of a head to where its photographs show them; the rest follows as it is most probable.

    What was sculpted stays, and so do the skin, which lies in UV, and the traits: the change is an offset on top of
    them.

    Args:
        face: from photographs.
        pins: those that are to be added or to be moved, or taken away; others that the face has stay.
        progress: told about every stage.

    Raises:
        BadRequest: the face was not made from photographs, or there is no such photograph or point.
        Cancelled: the progress said so.
    """
    record = face.record
    board = PinBoard.of(record.head, record.history)
    wanted = board.with_pins(pins)
    progress.report("photograph", 0.0, "Following the pins")
    step, moved = follow_pins(board, wanted, _points(face, board, wanted))
    offset = torch.from_numpy(moved).to(face.head.vertices)
    offset = offset if face.head.offset is None else face.head.offset + offset
    head = build_head(record.head, shown_traits(record), record.seed, record.candidate or 0, offset)
    record = replace(record, history=with_step(record.history, step))
    return dress(head, record, progress.part(0.2, 1.0), face.pictures)


def points_shown(face: Face) -> dict[int, dict[str, tuple[float, float]]]:
    """Return where photographs show a head's points that are offered as pins.

    Photograph, from 1 -> point -> fractions of its width and height from its upper left corner; as `refit` takes them.

    Raises:
        BadRequest: the face was not made from photographs.
    """
    board = PinBoard.of(face.record.head, face.record.history)
    found = {}
    for number in range(len(board.fitted.sizes)):
        pins = [Pin(number, landmark, (0.0, 0.0)) for landmark in PINS.values()]
        shots, one = board.now.shots, slice(number, number + 1)
        poses = Poses(shots.poses.rotation[one], shots.poses.position[one])
        seen = project(poses.place(_points(face, board, pins)[None]), shots.focal[one])[0]
        shares = [board.fitted.shares(replace(pin, place=tuple(place))) for pin, place in zip(pins, seen, strict=True)]
        found[number + 1] = {name: (across, down) for name, (across, down) in zip(PINS, shares, strict=True)}
    return found


def _points(face: Face, board: PinBoard, pins: Sequence[Pin]) -> FloatArray:
    """Return [N, 3] metres on the head: pinned points, with the expressions in their photographs."""
    skin = skin_points(face.record.head)
    shapes = load_model(face.record.head).shapes(face.head)[: len(ARKIT_SHAPES)].double().numpy()
    neutral = face.head.vertices.double().numpy()
    found = [
        neutral[vertex] + off + board.now.shots.weights[pin.photograph] @ shapes[:, vertex]
        for pin in pins
        for vertex, off in [(skin.vertex[pin.landmark], skin.off[pin.landmark])]
    ]
    return np.array(found).reshape(-1, 3)
