"""Freeing space on another machine that makes the faces, as the preferences do it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from dreamface_addon.clearing import SENT, Clearing, Kept, in_words
from dreamface_addon.link import BackendState

LISTED = {
    "used": 2_500_000_000, "allowed": 20_000_000_000, "uploads": 1000, "styles": 20,
    "items": [{"job": "a", "kind": "generate", "label": "an elf", "created": "", "size": 2_000_000}],
}  # fmt: skip


class Engine:
    """A session with another machine, whose engine answers at once."""

    state, shares_disk = BackendState.READY, False

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.backend = SimpleNamespace(client=self)
        self.refusals: dict[str, tuple[int, str]] = {}

    def send(self, method: str, path: str) -> Any:
        self.asked.append((method, path))
        status, error = self.refusals.get(method, (200 if method == "GET" else 204, ""))
        return SimpleNamespace(done=True, lost=False, error=error, status=status, json=lambda: LISTED)


def clearing() -> tuple[Clearing, Engine]:
    engine = Engine()
    return Clearing(engine, lambda: None), engine  # type: ignore[arg-type]


def settle(part: Clearing) -> None:
    while part.busy:
        part.tick()


def test_what_lies_there_is_listed_and_removed() -> None:
    part, engine = clearing()
    part.look()
    settle(part)
    assert part.items == [Kept("a", "Face: an elf", 2_000_000)] and (part.used, part.sent, part.styles) == (
        2_500_000_000,
        1000,
        20,
    )
    part.remove("a")
    part.remove(SENT)
    settle(part)
    assert engine.asked[1:] == [("DELETE", "/uploads"), ("GET", "/room")]
    part.remove("a")
    settle(part)
    assert engine.asked[3] == ("DELETE", "/jobs/a/files") and part.problem == ""
    part.close()
    assert part.items is None


def test_what_could_not_be_removed_is_said_and_the_list_asked_for_again() -> None:
    part, engine = clearing()
    engine.refusals["DELETE"] = (409, "Job a is running: only a done job has files.")
    part.remove("a")
    settle(part)
    assert part.problem.startswith("Job a is running") and engine.asked[-1] == ("GET", "/room") and part.items
    engine.refusals["GET"] = (404, "There is nothing at /room.")
    part.look()
    settle(part)
    assert "update DreamFace on that machine" in part.problem
    engine.shares_disk = True
    assert "on this computer" in part.why_not()


def test_sizes_are_said_in_words() -> None:
    assert [in_words(size) for size in (10, 2_340_000, 20_000_000_000)] == ["0.1 MB", "2.3 MB", "20.0 GB"]
