"""What the Edit page asks the engine: the newest stack, pictures sent once, questions in their order."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from dreamface_addon import asking, live
from dreamface_addon.asking import Question, Questions
from dreamface_addon.live import Repainter

PNG, OTHER = "a" * 64, "b" * 64


@dataclass
class Answer:
    """An exchange as the client gives it."""

    body: bytes = b""
    done: bool = False
    lost: bool = False
    error: str | None = None
    status: int | None = 200
    said: dict[str, Any] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        return self.said


@dataclass
class Engine:
    """A client that remembers what it was asked."""

    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        self.asked.append((method, path, body))
        self.answers.append(Answer())
        return self.answers[-1]

    def answer(self, **changes: Any) -> None:
        """Answer the last request."""
        for name, value in ({"done": True} | changes).items():
            setattr(self.answers[-1], name, value)

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]


def painted() -> bytes:
    packed = io.BytesIO()
    window, at = np.zeros((2, 3, 3), np.uint8), np.zeros(2, np.int32)
    np.savez(packed, **{"skin/albedo": window, "skin/albedo/at": at, "whole": np.array([], np.str_)})
    return packed.getvalue()


def wish(strength: float) -> dict[str, Any]:
    edits = [{"id": "a", "strength": strength}]
    return {"face": {"edits": edits}, "shown": [], "offset": None, "resolution": 512}


def test_pictures_go_ahead_once_and_only_the_newest_stack_is_asked_for() -> None:
    repainter, engine = Repainter(), Engine()
    for strength in (0.1, 0.2, 0.3):
        repainter.wish("ada", wish(strength), {PNG: b"png"})
        repainter.poll(engine)  # type: ignore[arg-type]
    assert engine.asked == [("PUT", f"/uploads/{PNG}", b"png")]
    engine.answer()
    repainter.poll(engine)  # type: ignore[arg-type]
    assert engine.asked[-1][1:] == ("/paint", wish(0.3))
    engine.answer(body=painted())
    repainter.wish("ada", wish(0.4), {PNG: b"png", OTHER: b"other"})
    repainter.poll(engine)  # type: ignore[arg-type]
    taken = repainter.take()
    assert taken is not None and taken.edits == [{"id": "a", "strength": 0.3}] and taken.before == []
    assert taken.arrays["skin/albedo"].shape == (2, 3, 3) and taken.arrays["whole"].size == 0
    assert engine.paths == [f"/uploads/{PNG}", "/paint", f"/uploads/{OTHER}"]


def test_an_engine_that_paints_already_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_RETRY", 0.0)
    repainter, engine = Repainter(), Engine()
    repainter.wish("ada", wish(0.1))
    repainter.poll(engine)  # type: ignore[arg-type]
    engine.answer(status=409, error="Busy.")
    repainter.poll(engine)  # type: ignore[arg-type]
    assert engine.paths == ["/paint", "/paint"] and repainter.pending


def test_an_old_engine_and_too_large_an_answer_are_known() -> None:
    repainter, engine = Repainter(), Engine()
    repainter.wish("ada", wish(0.1))
    repainter.poll(engine)  # type: ignore[arg-type]
    engine.answer(status=404, error="There is nothing here.")
    repainter.poll(engine)  # type: ignore[arg-type]
    assert repainter.unknown and repainter.problem == "" and not repainter.pending
    repainter.reconnect()
    repainter.wish("bea", wish(0.1))
    repainter.poll(engine)  # type: ignore[arg-type]
    engine.answer(status=200, error="The engine's answer is too large.")
    repainter.poll(engine)  # type: ignore[arg-type]
    assert repainter.too_much == {"bea"} and repainter.problem == "" and not repainter.unknown


def test_a_lost_engine_gets_pictures_and_question_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_RETRY", 0.0)
    repainter, engine = Repainter(), Engine()
    repainter.wish("ada", wish(0.1), {PNG: b"png"})
    repainter.poll(engine)  # type: ignore[arg-type]
    engine.answer()
    repainter.poll(engine)  # type: ignore[arg-type]
    repainter.reconnect()
    repainter.poll(engine)  # type: ignore[arg-type]
    engine.answer()
    repainter.poll(engine)  # type: ignore[arg-type]
    assert engine.paths == [f"/uploads/{PNG}", "/paint", f"/uploads/{PNG}", "/paint"]


def test_what_cannot_be_read_is_said() -> None:
    repainter, engine = Repainter(), Engine()
    repainter.wish("ada", wish(0.1))
    repainter.poll(engine)  # type: ignore[arg-type]
    engine.answer(body=b"no npz")
    repainter.poll(engine)  # type: ignore[arg-type]
    assert repainter.take() is None and "cannot be read" in repainter.problem


# ------------------------------------------------------------------------------------------------------------ questions


def asked(questions: Questions, engine: Engine, *answers: dict[str, Any]) -> None:
    """Poll, and give these answers one after the other."""
    for changes in answers:
        questions.poll(engine)  # type: ignore[arg-type]
        engine.answer(**changes)
    questions.poll(engine)  # type: ignore[arg-type]


def test_questions_are_asked_in_their_order_with_their_files() -> None:
    questions, engine, heard = Questions(), Engine(), []
    for path in ("/first", "/second"):
        questions.ask(Question(path, {}, heard.append, heard.append, {PNG: b"png"}))
    asked(questions, engine, {}, {"said": {"n": 1}}, {}, {"said": {"n": 2}})
    assert engine.paths == [f"/uploads/{PNG}", "/first", f"/uploads/{PNG}", "/second"]
    assert heard == [{"n": 1}, {"n": 2}] and not questions.pending


def test_an_older_engine_is_asked_what_it_knows() -> None:
    questions, engine, heard = Questions(), Engine(), []
    instead = Question("/read", {"prompt": "a scar"}, heard.append, heard.append)
    questions.ask(Question("/edits/read", {"words": "a scar"}, heard.append, heard.append, instead=instead))
    asked(questions, engine, {"status": 404, "error": "Nothing here."}, {"said": {"traits": {}}})
    assert engine.paths == ["/edits/read", "/read"] and heard == [{"traits": {}}]
    questions.ask(Question("/edits/carry", {}, heard.append, heard.append))
    asked(questions, engine, {"status": 404, "error": "Nothing here."})
    assert heard[-1] == asking.OLD_ENGINE


def test_refusals_are_said_and_busy_engines_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_RETRY", 0.0)
    questions, engine, heard = Questions(), Engine(), []
    questions.ask(Question("/edits/read", {}, heard.append, heard.append))
    asked(questions, engine, {"status": 409, "error": "Busy."}, {"status": 400, "error": "Say less."})
    assert heard == ["Say less."] and engine.paths == ["/edits/read", "/edits/read"]


def test_a_connection_that_breaks_again_and_again_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_RETRY", 0.0)
    questions, engine, heard = Questions(), Engine(), []
    questions.ask(Question("/edits/read", {}, heard.append, heard.append))
    asked(questions, engine, *[{"lost": True, "error": "Lost.", "status": None}] * 5)
    assert heard == ["Lost."] and len(engine.asked) == 5


def test_questions_wait_for_an_engine_and_end_with_it() -> None:
    questions, heard = Questions(), []
    questions.ask(Question("/edits/read", {}, heard.append, heard.append, doing="Reading"))
    questions.poll(None)
    assert questions.pending and questions.doing == "Reading"
    questions.give_up("No engine.")
    assert heard == ["No engine."] and not questions.pending
