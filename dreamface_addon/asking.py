"""Questions to the backend that are asked one after the other, with the files that they need sent ahead."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .link import Client, Exchange

_RETRY = 0.5  # seconds after a backend that was busy
_TRIES = 4  # times that a question is asked when the connection breaks
_BUSY = (409, 503)
_NOT_THERE = (404, 405)

OLD_ENGINE = "The engine is too old for this: set it up again in the preferences."


@dataclass
class Question:
    """Something to ask.

    Attributes:
        path: where, by POST; by GET where there is no body.
        body: what.
        on_answer: called with what came back.
        on_failure: called with a sentence where nothing did.
        files: SHA-256 -> bytes of what it refers to.
        instead: asked where the backend is too old to know the path; None fails.
        doing: what is being done meanwhile, for display.
    """

    path: str
    body: dict[str, Any] | None
    on_answer: Callable[[dict[str, Any]], None]
    on_failure: Callable[[str], None]
    files: Mapping[str, bytes] = field(default_factory=dict)
    instead: Question | None = None
    doing: str = ""
    tries: int = 0
    sent: set[str] = field(default_factory=set)


class Questions:
    """Questions in the order in which they came; the first is under way."""

    def __init__(self) -> None:
        self._all: list[Question] = []
        self._exchange: Exchange | None = None
        self._uploading = ""
        self._not_before = 0.0

    @property
    def doing(self) -> str:
        """What is being asked; nothing where nothing is."""
        return self._all[0].doing if self._all else ""

    @property
    def pending(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._all)

    def ask(self, question: Question) -> None:
        """Put a question at the end."""
        self._all.append(question)

    def poll(self, client: Client | None) -> None:
        """Go on; without a client nothing can be asked for the moment."""
        if client is None:
            self._leave()
            return
        if self._exchange is not None and self._exchange.done:
            self._take(self._exchange)
        if self._exchange is None and self._all and time.monotonic() >= self._not_before:
            self._send(client, self._all[0])

    def give_up(self, why: str) -> None:
        """Answer all questions with a sentence: there is no engine."""
        self._exchange, self._uploading = None, ""
        questions, self._all = self._all, []
        for question in questions:
            question.on_failure(why)

    def clear(self) -> None:
        """Forget all questions."""
        self._all.clear()
        self._exchange, self._uploading = None, ""

    def _leave(self) -> None:
        """The connection is gone: what was under way is asked again, with its files."""
        self._exchange, self._uploading = None, ""
        for question in self._all:
            question.sent.clear()

    def _send(self, client: Client, question: Question) -> None:
        self._uploading = next((digest for digest in question.files if digest not in question.sent), "")
        if self._uploading:
            self._exchange = client.send("PUT", f"/uploads/{self._uploading}", question.files[self._uploading])
        else:
            method = "GET" if question.body is None else "POST"
            self._exchange = client.send(method, question.path, question.body)

    def _take(self, exchange: Exchange) -> None:
        self._exchange = None
        question = self._all[0]
        if exchange.error is None and self._uploading:
            question.sent.add(self._uploading)
        elif exchange.error is None:
            self._all.pop(0)
            question.on_answer(exchange.json())
        elif exchange.status in _BUSY or (exchange.lost and question.tries < _TRIES):
            question.tries += exchange.lost
            self._not_before = time.monotonic() + _RETRY
        elif exchange.status in _NOT_THERE and not self._uploading:
            self._all.pop(0)
            if question.instead is not None:
                self._all.insert(0, question.instead)
            else:
                question.on_failure(OLD_ENGINE)
        else:
            self._all.pop(0)
            question.on_failure(exchange.error)
