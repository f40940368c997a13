"""Heads that are asked for while pins are dragged: no drag takes the answer to another."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dreamface_addon.live import Pinner


class Engine:
    """A client that answers nothing until it is told to."""

    def __init__(self) -> None:
        self.exchanges: list[Any] = []

    def send(self, method: str, path: str, body: dict[str, Any]) -> Any:
        assert (method, path) == ("POST", "/pins")
        self.exchanges.append(SimpleNamespace(done=False, lost=False, error=None, status=200, body=b""))
        return self.exchanges[-1]


def head(across: float) -> bytes:
    packed = io.BytesIO()
    step = np.frombuffer(json.dumps({"from": "pins"}).encode(), np.uint8)
    np.savez(packed, moved=np.full((4, 3), across, np.float32), step=step)
    return packed.getvalue()


@pytest.mark.parametrize("lost", [False, True])
def test_an_answer_to_a_drag_that_was_put_back_is_not_taken(lost: bool) -> None:
    pinner, engine = Pinner(), Engine()
    pinner.wish("ada", {"pins": [{"at": [0.9, 0.9]}]})
    pinner.poll(engine)  # type: ignore[arg-type]
    pinner.forget()  # Esc, while the engine is still at it
    late = engine.exchanges[0]
    late.done, late.lost, late.body = True, lost, head(0.5)
    pinner.wish("ada", {"pins": None})
    pinner.poll(engine)  # type: ignore[arg-type]
    pinner.poll(engine)  # type: ignore[arg-type]
    assert pinner.take() is None and len(engine.exchanges) == 2
    engine.exchanges[1].done, engine.exchanges[1].body = True, head(0.1)
    pinner.poll(engine)  # type: ignore[arg-type]
    answer = pinner.take()
    assert answer is not None and answer.request == {"pins": None} and not pinner.pending
