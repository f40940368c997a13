"""People to choose from: two pictures are taken at a time, each once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from dreamface.errors import BadRequest, Cancelled
from dreamface.progress import Progress
from dreamface.service.glances import Glances


class Camera:
    """Takes a picture of a seed once it may."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.may = threading.Event()
        self.together = threading.Barrier(2)

    def take(self, request: Mapping[str, Any]) -> str:
        self.begun.append(request["seed"])
        assert self.may.wait(10.0)
        if request["seed"] == 13:
            raise BadRequest("Nobody has this seed: choose another.")
        return f"picture {request['seed']}"


def asked(*seeds: int) -> list[dict[str, Any]]:
    return [{"seed": seed} for seed in seeds]


def test_the_next_person_is_begun_while_one_is_waited_for() -> None:
    camera = Camera()

    def take(request: Mapping[str, Any]) -> str:
        if request["seed"] < 2:
            camera.together.wait(10.0)  # it is only left once both are there
        return camera.take(request)

    camera.may.set()
    glances = Glances(take)
    assert glances.get(asked(0)[0], asked(1, 2), Progress()) == "picture 0"
    assert glances.get(asked(1)[0], asked(2), Progress()) == "picture 1"
    assert glances.get(asked(2)[0], [], Progress()) == "picture 2"
    assert sorted(camera.begun) == [0, 1, 2], "each is taken once"
    assert glances.get(asked(2)[0], [], Progress()) == "picture 2" and len(camera.begun) == 4, "nothing is kept"


def test_what_goes_wrong_is_said_to_whoever_asked_for_it() -> None:
    camera = Camera()
    camera.may.set()
    glances = Glances(camera.take)
    assert glances.get(asked(0)[0], asked(13), Progress()) == "picture 0"
    with pytest.raises(BadRequest, match="Nobody has this seed"):
        glances.get(asked(13)[0], [], Progress())


def test_a_cancelled_one_is_left_at_once() -> None:
    camera = Camera()
    glances = Glances(camera.take)
    with pytest.raises(Cancelled):
        glances.get(asked(0)[0], asked(1), Progress(cancelled=lambda: True))
    camera.may.set()
    assert glances.get(asked(2)[0], [], Progress()) == "picture 2"
