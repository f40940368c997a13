"""Pins: the head follows points that are dragged in its photographs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dreamface.capture import Fit, Pin, Pinned, Pinning, Poses, check_pins, landmark_of, load_population, skin_points
from dreamface.capture.pins import PINS
from dreamface.capture.pose import project
from dreamface.errors import BadRequest
from dreamface.models import HEADS
from dreamface.pipeline import PinBoard
from dreamface.pipeline.pinning import with_step
from dreamface.training.snapshots import rotation
from dreamface.traits import ARKIT_SHAPES

INSTALLED = [head.name for head in HEADS if head.installed]
HEIGHT = 512
SMILE = ARKIT_SHAPES.index("mouthSmileLeft")


class Photographed:
    """Somebody in two photographs, a fit without any doubt, and how they show the points of the head."""

    def __init__(self, head: str) -> None:
        self.population = load_population(head)
        self.skin = skin_points(head)
        values = 0.7 * np.random.default_rng(4).normal(size=len(self.population.modes))
        weights = np.zeros((2, len(ARKIT_SHAPES)))
        weights[0, SMILE] = 0.5
        turns = np.stack([rotation(yaw, -0.05, 0.02).double().numpy() for yaw in (0.1, -0.5)])
        middle = self.skin.on(self.population.vertices(values)).mean(axis=0)
        focal = np.array((2.2, 1.8))
        places = np.stack(
            [np.array((0.01, 0.4 * lens, 0.0)) - turn @ middle for turn, lens in zip(turns, focal, strict=True)]
        )
        self.fit = Fit(values, weights, Poses(turns, places), focal, 0.0, np.eye(len(values)))
        self.now = Pinned(np.zeros(len(values)), self.fit)
        self.pinning = Pinning(self.population, self.fit)
        self.response = self.population.usual_shapes[:, self.skin.vertex]

    def points(self, followed: Pinned, number: int) -> np.ndarray:
        """Return [478, 3] metres on the head, with the expression in a photograph."""
        neutral = self.skin.on(self.population.vertices(self.fit.values + followed.values))
        return neutral + np.tensordot(followed.shots.weights[number], self.response, axes=1)

    def seen(self, followed: Pinned, number: int) -> np.ndarray:
        """Return [478, 2] where a photograph shows them, pixels from its middle."""
        one = slice(number, number + 1)
        poses = Poses(followed.shots.poses.rotation[one], followed.shots.poses.position[one])
        return HEIGHT * project(poses.place(self.points(followed, number)[None]), self.fit.focal[one])[0]

    def drag(self, moves: dict[tuple[int, str], tuple[float, float]]) -> tuple[list[Pin], Pinned]:
        """Drag points by pixels; return the pins, and what follows."""
        pins = []
        for (number, name), move in moves.items():
            place = (self.seen(self.now, number)[PINS[name]] + move) / HEIGHT
            pins.append(Pin(number, PINS[name], (float(place[0]), float(place[1]))))
        points = [self.points(self.now, pin.photograph)[pin.landmark] for pin in pins]
        return pins, self.pinning.follow(pins, np.array(points), self.now)[0]


@pytest.fixture(scope="module", params=INSTALLED)
def somebody(request: pytest.FixtureRequest) -> Photographed:
    return Photographed(request.param)


def test_the_nose_goes_where_it_is_dragged_and_the_rest_stays_about_where_it_is(somebody: Photographed) -> None:
    pins, followed = somebody.drag({(0, "nose.tip"): (8.0, 9.0)})
    before, after = somebody.seen(somebody.now, 0), somebody.seen(followed, 0)
    assert np.linalg.norm(after[pins[0].landmark] - HEIGHT * np.array(pins[0].place)) < 2.0
    far = np.linalg.norm(before - before[pins[0].landmark], axis=1) > 80.0
    moved = np.linalg.norm(after - before, axis=1)[far]
    assert np.median(moved) < 2.0 and moved.max() < 8.0
    other = np.linalg.norm(somebody.seen(followed, 1) - somebody.seen(somebody.now, 1), axis=1)
    assert np.median(other) < 4.0  # the other photograph has no pin, and still shows the same head
    turn = followed.shots.poses.rotation[0] @ somebody.fit.poses.rotation[0].T
    assert np.degrees(np.arccos(0.5 * (np.trace(turn) - 1.0))) < 3.0  # it is another nose, not a turned head


def test_pins_of_several_photographs_hold_together(somebody: Photographed) -> None:
    moves = {
        (0, "mouth.corner.left"): (7.0, -4.0), (0, "jaw.right"): (-8.0, 0.0), (1, "nose.tip"): (6.0, 0.0),
        (1, "chin"): (0.0, 8.0),
    }  # fmt: skip
    pins, followed = somebody.drag(moves)
    for pin in pins:
        shown = somebody.seen(followed, pin.photograph)[pin.landmark]
        assert np.linalg.norm(shown - HEIGHT * np.array(pin.place)) < 2.0


def test_a_pin_that_is_taken_off_leaves_nothing(somebody: Photographed) -> None:
    _, followed = somebody.drag({(0, "brow.peak.left"): (0.0, -9.0)})
    back, moved = somebody.pinning.follow([], np.zeros((0, 3)), followed)
    assert np.abs(back.values).max() < 1e-6
    assert np.abs(back.shots.poses.position - somebody.fit.poses.position).max() < 1e-6
    there = somebody.population.vertices(somebody.fit.values + followed.values) + moved
    assert np.abs(there - somebody.population.vertices(somebody.fit.values)).max() < 1e-6


def test_a_history_keeps_pins_and_what_follows_them(somebody: Photographed) -> None:
    shots = [_said(somebody.fit, number) for number in range(2)]
    history: list[dict[str, Any]] = [
        {"from": "photograph", "photographs": shots, "person": somebody.fit.values.tolist(), "notes": []}
    ]
    board = PinBoard.of(somebody.population.head, history)
    assert board.pins == ()
    pins = board.with_pins({1: {"nose.tip": (0.5, 0.4), 152: (0.5, 0.7)}, 2: {"chin": (0.4, 0.7)}})
    assert [(pin.photograph, pin.landmark) for pin in pins] == [(0, 4), (0, 152), (1, 152)]
    step = json.loads(json.dumps(board.step(pins, Pinned(0.1 * somebody.fit.values, somebody.fit))))
    again = PinBoard.of(somebody.population.head, with_step(with_step(history, step), step))
    assert np.allclose([pin.place for pin in again.pins], [pin.place for pin in pins], atol=1e-5)
    assert np.allclose(again.now.values, 0.1 * somebody.fit.values, atol=1e-5)
    left = again.with_pins({1: {"nose.tip": None}})
    assert [(pin.photograph, pin.landmark) for pin in left] == [(0, 152), (1, 152)]


def _said(fit: Fit, number: int) -> dict[str, Any]:
    """Return what a history says of a photograph."""
    return {
        "size": [400, 512], "focal": fit.focal[number], "rotation": fit.poses.rotation[number].tolist(),
        "position": fit.poses.position[number].tolist(), "expression": {"mouthSmileLeft": 0.5},
    }  # fmt: skip


SHOT = {
    "size": [400, 512], "focal": 2.0, "rotation": np.eye(3).tolist(), "position": [0.0, 1.0, 0.0], "expression": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"photographs": []}, "not made from photographs"),
        ({"from": "words"}, "not made from photographs"),
        ({"photographs": [{"size": [1, 1]}]}, "damaged"),
        ({"photographs": "two"}, "damaged"),
        ({"photographs": [SHOT] * 13}, "damaged"),
        ({"person": [1.0]}, "damaged"),
        ({"person": "somebody"}, "damaged"),
    ],
)
def test_a_damaged_history_is_a_sentence(damage: dict[str, Any], words: str) -> None:
    step = {"from": "photograph", "photographs": [SHOT]} | damage
    with pytest.raises(BadRequest, match=words):
        PinBoard.of("anny", [step])


def test_pins_that_no_photograph_can_hold_are_a_sentence() -> None:
    pin = Pin(0, 4, (0.1, 0.1))
    check_pins([pin], 1)
    for pins, words in (
        ([pin, pin], "two pins"),
        ([replace(pin, photograph=1)], "no photograph 2"),
        ([replace(pin, place=(float("nan"), 0.0))], "far outside"),
        ([replace(pin, landmark=number) for number in range(478)] * 2, "at most"),
    ):
        with pytest.raises(BadRequest, match=words):
            check_pins(pins, 1)
    assert landmark_of("nose.tip") == landmark_of(4) == 4
    for name in ("nose", 478, -1, True, 1.5):
        with pytest.raises(BadRequest, match="There is no pin"):
            landmark_of(name)  # type: ignore[arg-type]


def test_the_command_line_reads_pins() -> None:
    from dreamface.cli.pins import _pins

    found = _pins(["nose.tip=0.5,0.42", "2:152=0.4,0.8", "chin=off"])
    assert found == {1: {"nose.tip": (0.5, 0.42), "chin": None}, 2: {152: (0.4, 0.8)}}
    for said in ("nose.tip", "nose.tip=", "nose.tip=0.5", "nose.tip=a,b", "x:chin=0.1,0.2", "chin=1,2,3"):
        with pytest.raises(BadRequest, match="is no pin: write such as"):
            _pins([said])
