"""Connections that nobody has been let in by yet: how long they may take, and how many there may be.

uvicorn waits for ever for a request that never becomes whole. Here such a connection has a time limit, and where one
address has too many of them the oldest goes. A client that sends its request at once is let in, however many others
hang on. This builds on uvicorn's class for a connection, so pyproject.toml takes the minor versions that were tested.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from typing import Any, ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_LIMIT: Final = 10.0
"""Seconds in which a request's line and headers must have come."""

BODY_LIMIT: Final = 30.0
"""Seconds in which a request's body, or the next `BODY_STEP` bytes of it, must have come."""

BODY_STEP: Final = 2**18  # bytes

_PER_ADDRESS: Final = 64
_DESCRIPTORS_SHARE: Final = 4  # of those that the process may have, at most one in so many is for strangers
_SUMMARY_EVERY: Final = 60.0  # seconds

_TOO_SLOW: Final = "The request did not come in time: send it again, whole."
_NOT_HTTP: Final = "That is no HTTP/1.1 request: send one as /openapi.json describes them."

log = logging.getLogger(__name__)


class Refusals:
    """Says in the log what was refused: the first time at once, then a summary a minute."""

    def __init__(self, every: float = _SUMMARY_EVERY) -> None:
        self._every = every
        self._counts: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def note(self, why: str) -> None:
        """Count a refusal."""
        if self._timer is None:
            log.warning("A connection was refused: %s.", why)
            self._rest()
        else:
            self._counts[why] += 1

    def _rest(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._sum_up)

    def _sum_up(self) -> None:
        self._timer = None
        if self._counts:
            said = ", ".join(f"{count} times {why}" for why, count in self._counts.most_common())
            log.warning("More connections were refused in the last %.0f seconds: %s.", self._every, said)
            self._counts.clear()
            self._rest()


class Guard:
    """What all connections share.

    Args:
        descriptors: how many the process may have open.
    """

    def __init__(self, descriptors: int) -> None:
        self.refusals = Refusals()
        self._most = max(4, descriptors // _DESCRIPTORS_SHARE)
        self._strangers: dict[Connection, str] = {}  # not let in yet, with their addresses, oldest first

    @property
    def backlog(self) -> int:
        """How many connections are taken in at once, before any of them can be refused."""
        return min(_PER_ADDRESS, max(4, self._most // 2))

    def opened(self, connection: Connection, address: str) -> None:
        """Take note of a new connection; the oldest stranger goes where there are too many."""
        self._strangers[connection] = address
        alike = [stranger for stranger, other in self._strangers.items() if other == address]
        crowd = alike if len(alike) > _PER_ADDRESS else list(self._strangers)
        if len(alike) > _PER_ADDRESS or len(crowd) > self._most:
            self.known(crowd[0])
            self.refusals.note("too many that had not sent a whole request yet")
            crowd[0].transport.abort()

    def known(self, connection: Connection) -> None:
        """Stop counting a connection as a stranger: it was let in, or is over."""
        self._strangers.pop(connection, None)


class Connection(H11Protocol):
    """uvicorn's, with limits on what a request may take to come in.

    `guard` is set by `guarded_by`. Whoever lets a request in calls `let_in` of its scope's state.
    """

    guard: ClassVar[Guard]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.app_state = {**self.app_state, "let_in": self._let_in}
        self._limit: asyncio.TimerHandle | None = None
        self._limited: object = None  # what the limit is for: h11's state, and steps of the body
        self._received = 0  # bytes of the request that is coming in

    def _let_in(self) -> None:
        self.guard.known(self)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time limit."""
        super().connection_made(transport)
        self.guard.opened(self, self.client[0] if self.client else "")
        self._set_limit()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.guard.known(self)
        if self._limit is not None:
            self._limit.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came in, and look at what is still to come."""
        self._received += len(data)
        super().data_received(data)
        self._set_limit()

    def on_response_complete(self) -> None:
        """Go on to the next request."""
        super().on_response_complete()
        self._set_limit()

    def _set_limit(self) -> None:
        """Have one time limit for the headers, one for each step of the body, and none while it is our turn."""
        state: object = self.conn.their_state
        resting = self.timeout_keep_alive_task is not None  # between two requests: uvicorn has a limit for that
        if state not in (h11.IDLE, h11.SEND_BODY) or resting:
            state = None
        if state is not h11.SEND_BODY:
            self._received = 0
        limited = (state, self._received // BODY_STEP)
        if limited == self._limited and self._limit is not None:
            return
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
        self._limited = limited
        if state is not None and not self.transport.is_closing():
            seconds = HEADERS_LIMIT if state is h11.IDLE else BODY_LIMIT
            self._limit = self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        self.guard.refusals.note("the request did not come in time")
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_answer(b"408 Request Timeout", _TOO_SLOW))
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Say in a sentence that what came is not HTTP."""
        self.guard.refusals.note("what came was no HTTP")
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_answer(b"400 Bad Request", _NOT_HTTP))
        self.transport.close()


def guarded_by(guard: Guard) -> type[Connection]:
    """Return the class of connections that a guard looks after."""
    return type("GuardedConnection", (Connection,), {"guard": guard})


def _answer(status: bytes, sentence: str) -> bytes:
    body = json.dumps({"error": sentence}).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body
