"""Hair that is asked for while sliders move: one request at a time, the newest wish, nothing lost."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dreamface_addon import live
from dreamface_addon.live import Grower

GROOM = [{"region": "scalp", "style": "short", "look": {}, "colour": {}}]


@dataclass
class Answer:
    """An exchange as the client gives it."""

    body: bytes = b""
    done: bool = False
    lost: bool = False
    error: str | None = None
    status: int | None = 200


@dataclass
class Engine:
    """A client that remembers what it was asked."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def send(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        assert (method, path) == ("POST", "/groom")
        self.asked.append(body)
        self.answers.append(Answer())
        return self.answers[-1]

    def answer(self, **changes: Any) -> None:
        """Answer the last request."""
        said = {"done": True, "body": hair(self.asked[-1]["traits"].get("hair.length", 0.0))} | changes
        for name, value in said.items():
            setattr(self.answers[-1], name, value)


def hair(length: float) -> bytes:
    """What the engine sends: one guide of that length."""
    packed = io.BytesIO()
    text = np.frombuffer(json.dumps(GROOM).encode(), np.uint8)
    np.savez(packed, groom=text, scalp_points=np.array([[[0, 0, 0], [0, 0, length]]], np.float32))
    return packed.getvalue()


def wish(length: float, regions: tuple[str, ...] = ("scalp",)) -> dict[str, Any]:
    return {"head": "anny", "seed": 1, "traits": {"hair.length": length}, "candidate": None, "regions": list(regions)}


def test_one_request_at_a_time_and_always_the_newest_wish() -> None:
    grower, engine = Grower(), Engine()
    for length in (0.1, 0.2, 0.3):
        grower.wish("ada", wish(length))
        assert grower.poll(engine)  # type: ignore[arg-type]
    assert [body["traits"]["hair.length"] for body in engine.asked] == [0.1]
    engine.answer()
    grower.poll(engine)  # type: ignore[arg-type]
    assert [body["traits"]["hair.length"] for body in engine.asked] == [0.1, 0.3], "0.2 was dropped"
    engine.answer()
    grower.poll(engine)  # type: ignore[arg-type]
    taken = grower.take()
    assert taken is not None and taken.groom == GROOM and taken.regions == ("scalp",)
    assert taken.arrays["scalp_points"][0, 1, 2] == np.float32(0.3), "only the newest hair is put on"
    assert grower.take() is None and not grower.pending


def test_faces_and_regions_do_not_replace_each_other() -> None:
    grower, engine = Grower(), Engine()
    for face, regions in (("ada", ("scalp",)), ("ada", ("beard",)), ("bea", ("scalp",))):
        grower.wish(face, wish(0.5, regions))
        grower.poll(engine)  # type: ignore[arg-type]
        engine.answer()
        grower.poll(engine)  # type: ignore[arg-type]
    taken = [(each.face_id, each.regions) for each in iter(grower.take, None)]
    assert taken == [("ada", ("scalp",)), ("ada", ("beard",)), ("bea", ("scalp",))]


def test_a_busy_engine_and_a_lost_one_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_RETRY", 0.0)
    grower, engine = Grower(), Engine()
    grower.wish("ada", wish(0.5))
    grower.poll(engine)  # type: ignore[arg-type]
    engine.answer(status=503, error="The engine is starting.")
    assert grower.poll(engine)  # type: ignore[arg-type]
    engine.answer(lost=True, error="The engine was lost.", status=None)
    assert not grower.poll(engine), "the connection was lost"  # type: ignore[arg-type]
    engine.answer()
    grower.poll(engine)  # type: ignore[arg-type]
    assert grower.take() is not None and grower.problem == "" and len(engine.asked) == 3


@pytest.mark.parametrize("body", [b"", b"no arrays", hair(1.0)[:-30]])
def test_damaged_hair_is_a_sentence(body: bytes) -> None:
    grower, engine = Grower(), Engine()
    grower.wish("ada", wish(0.5))
    grower.poll(engine)  # type: ignore[arg-type]
    engine.answer(body=body)
    grower.poll(engine)  # type: ignore[arg-type]
    assert grower.take() is None
    assert grower.problem == "The engine sent hair that cannot be read: restart it."


def test_what_the_engine_refuses_is_said() -> None:
    grower, engine = Grower(), Engine()
    grower.wish("ada", wish(0.5))
    grower.poll(engine)  # type: ignore[arg-type]
    engine.answer(error="There is no scalp style called 'mop'.", status=400)
    grower.poll(engine)  # type: ignore[arg-type]
    assert grower.problem == "There is no scalp style called 'mop'." and not grower.pending
