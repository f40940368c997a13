"""HTTP for Blender: requests that are begun in one tick, go on in the next ones and never make anyone wait.

`Client.send` begins an exchange, `Client.poll` moves all of them on, and an `Exchange` that is `done` holds the answer
or a sentence about what went wrong. Nothing here raises for what the network or the other side does.
"""

from __future__ import annotations

import json
import os
import ssl
import time
from collections import deque
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import h11

from .channel import Channel, Request, make_request
from .events import EventParser
from .transport import Place, Transport, WatchedTime, WrongCertificate, locate

CONNECT_TIMEOUT = 5.0  # seconds until bytes can go through, TLS included
ANSWER_TIMEOUT = 30.0  # seconds without a byte
EVENTS_TIMEOUT = 15.0  # seconds without a byte on a stream of events; the backend says that it lives every 5
TOTAL_TIMEOUT = 120.0  # seconds for an answer that is neither a file nor events, however many bytes trickle in
LARGEST_BODY = 64 << 20  # bytes of an answer kept in memory
_IDLE_CONNECTIONS = 4
_PARTIAL = 206  # the status of an answer that has only what was asked for of a file

_LOST = "The connection to the engine was lost: check its address, and that it is still running."

OnEvent = Callable[[str, dict[str, Any]], None]


class Client:
    """Speaks to one backend.

    Args:
        url: http:// or https://, host, port, and a path that goes in front of all others where a proxy wants one.
            A host's name is looked up at once, which may block for some seconds; a numeric address is not.
        token: what the backend wants to see.
        fingerprint: SHA-256 of the certificate that it must show; empty: one that this computer trusts.
    """

    def __init__(self, url: str, token: str, fingerprint: str = "") -> None:
        self.url = url
        self._place = locate(url, fingerprint)
        self._token = token
        self._clock = WatchedTime()
        self._exchanges: deque[Exchange] = deque()
        self._idle: list[Channel] = []

    def send(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | bytes | None = None,
        *,
        into: Path | None = None,
        beginning: int = 0,
        on_event: OnEvent | None = None,
    ) -> Exchange:
        """Begin a request.

        Args:
            method: GET, POST or PUT.
            path: begins with "/"; characters that a URL cannot hold are quoted, a query goes through as it is.
            body: sent as JSON, or as it is.
            into: a file that a successful answer's body is written to, instead of being kept in memory.
            beginning: bytes that the file has already: only the rest is asked for, and added. Where all of it comes
                nevertheless, the file begins anew.
            on_event: called from `poll` with the name and data of each server-sent event.
        """
        address, question, query = path.partition("?")
        target = self._place.path + quote(address) + question + query
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = [("Host", self._place.authority)]
        if self._token:
            headers.append(("Authorization", f"Bearer {self._token}"))
        if on_event is not None:
            headers.append(("Accept", "text/event-stream"))
        if beginning:
            headers.append(("Range", f"bytes={beginning}-"))
        if body is not None:
            kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
            headers += [("Content-Type", kind), ("Content-Length", str(len(content)))]
        exchange = Exchange(self, make_request(method, target, headers, content), into, on_event, beginning)
        self._exchanges.append(exchange)
        exchange.advance()  # a connection that is there already takes the request at once
        return exchange

    def poll(self, budget: float = 0.005) -> None:
        """Move all exchanges on for at most `budget` seconds and the length of one step, which is far below 1 ms."""
        self._clock.tick()
        until = time.perf_counter() + budget
        without_progress = 0
        while self._exchanges and without_progress < len(self._exchanges):
            exchange = self._exchanges[0]
            self._exchanges.rotate(-1)  # everybody gets a turn, also where the budget ends early
            moved = exchange.advance()
            if exchange.done:
                self._forget(exchange)
            without_progress = 0 if moved else without_progress + 1
            if time.perf_counter() >= until:
                return

    def close(self) -> None:
        """End all exchanges, with an error, and all connections."""
        for exchange in list(self._exchanges):
            exchange._lost()
        for channel in self._idle:
            channel.transport.close()
        self._idle.clear()

    # What an Exchange needs of its client.

    @property
    def place(self) -> Place:
        """Where the requests go."""
        return self._place

    @property
    def now(self) -> float:
        """The time in seconds that timeouts go by."""
        return self._clock.seconds

    def _take_channel(self) -> Channel:
        return self._idle.pop() if self._idle else Channel(Transport(self._place), self.now)

    def _give_back(self, channel: Channel) -> None:
        channel.used = True
        self._idle.append(channel)
        if len(self._idle) > _IDLE_CONNECTIONS:
            self._idle.pop(0).transport.close()

    def _forget(self, exchange: Exchange) -> None:
        if exchange in self._exchanges:
            self._exchanges.remove(exchange)


class Exchange:
    """One request and its answer.

    Attributes:
        done: nothing more will happen.
        status: of the answer; None while there is none.
        body: of the answer; empty when it went into a file or to `on_event`.
        error: a sentence when it failed, the backend's own where it gave one; None otherwise.
        lost: it failed because the connection did, or what is at its other end: asking again may help.
        received: bytes of the body so far, those that its file began with among them.
    """

    def __init__(
        self,
        client: Client,
        request: Request | None,
        into: Path | None,
        on_event: OnEvent | None,
        beginning: int = 0,
    ) -> None:
        self.done = False
        self.status: int | None = None
        self.error: str | None = None
        self.lost = False
        self.received = 0
        self._client = client
        self._request = request
        self._into = into
        self._beginning = beginning
        self._on_event = on_event
        self._channel: Channel | None = None
        self._body = BytesIO()
        self._file: BinaryIO | None = None
        self._events = EventParser()
        self._began = self._heard = client.now
        self._answered = False  # with at least one byte
        self._reading = True  # more may be read; False while events that have arrived wait for their turn

    @property
    def body(self) -> bytes:
        """The answer's body so far."""
        return self._body.getvalue()  # BytesIO shares its buffer with the result: nothing is copied

    def json(self) -> dict[str, Any]:
        """The answer as a JSON object; empty if it is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}

    def cancel(self, why: str = "It was cancelled.") -> None:
        """End it now; does nothing where it is done."""
        if not self.done:
            self._end(why)

    def advance(self) -> bool:
        """Go one small step further; False if there was nothing to do yet."""
        if self.done:
            return False
        try:
            return self._step()
        except _Hopeless as mistake:
            self._end(str(mistake))
        except _NoUse as failure:
            self._end(str(failure), lost=True)
        except WrongCertificate as error:
            self._end(
                f"{self._client.place.host} shows another certificate than the line that you pasted (its SHA-256 "
                f"begins with {str(error)[:8]}): ask for the engine's line again. Nothing was sent.",
                lost=True,
            )
        except ssl.SSLCertVerificationError as error:
            self._end(
                f"The certificate of {self._client.place.host} was not accepted ({error.verify_message.rstrip('.')}): "
                "use one that this computer trusts, or an SSH tunnel.",
                lost=True,
            )
        except ssl.SSLError as error:
            reason = (error.reason or "no reason given").replace("_", " ").lower()
            self._end(
                f"No encrypted connection to {self._client.url} is possible ({reason}): "
                "check whether its address should begin with http.",
                lost=True,
            )
        except (h11.RemoteProtocolError, ValueError):
            if self._channel is not None and self._channel.closed and (self.status or not self._answered):
                self._broken()
            else:
                problem = f"What answers at {self._client.url} is not DreamFace: check the engine's address."
                self._end(problem, lost=True)
        except OSError:
            self._broken()
        return True

    def _step(self) -> bool:
        if self._client.place.problem:
            raise _NoUse(self._client.place.problem)
        if self._request is None:
            raise _NoUse("The engine's address or token has characters that are not allowed: check the preferences.")
        if self._channel is None:
            self._channel = self._client._take_channel()
        channel = self._channel
        if not channel.open:
            channel.open = channel.transport.connected()
            if not channel.open and self._client.now - channel.began > CONNECT_TIMEOUT:
                raise _NoUse(self._nobody)
            return channel.open
        if not channel.asked:
            channel.ask(self._request)
            self._began = self._heard = self._client.now
        flushed = channel.flush()
        if flushed:  # a large body on a slow line: the time to answer begins when it is sent
            self._began = self._heard = self._client.now
        if not self._reading:
            return self._give_event()
        event = channel.protocol.next_event()
        if event is h11.NEED_DATA:
            return self._receive(channel) or flushed
        self._take(channel, event)
        return True

    def _receive(self, channel: Channel) -> bool:
        data = channel.transport.receive()
        if data is None:
            self._check_time()
            return False
        self._heard = self._client.now
        if not data and channel.used and self.status is None:
            raise ConnectionResetError  # it had been closed while it was idle
        channel.closed = not data
        self._answered |= bool(data)
        channel.protocol.receive_data(data)
        return True

    def _check_time(self) -> None:
        limit = ANSWER_TIMEOUT if self._on_event is None else EVENTS_TIMEOUT
        unlimited = self._into is not None or self._on_event is not None
        if self._client.now - self._heard > limit:
            raise _NoUse(f"The engine has not answered for {limit:.0f} seconds: check that it is still running.")
        if self._client.now - self._began > TOTAL_TIMEOUT and not unlimited:
            raise _Hopeless("The engine's answer takes too long: try again.")

    def _take(self, channel: Channel, event: object) -> None:
        if isinstance(event, h11.Response):
            self.status = event.status_code
            if self._into is not None and self.status < 300:
                self._file = self._open(self._into)
                self.received = self._file.tell()
        elif isinstance(event, h11.Data):
            self._keep(event.data)
        elif isinstance(event, h11.EndOfMessage):
            channel.rewind()
            if channel.asked:  # it cannot be used again
                self._end(self._complaint())
            else:
                self._channel = None
                self._client._give_back(channel)
                self._end(self._complaint())
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionResetError

    def _open(self, path: Path) -> BinaryIO:
        try:
            if self.status != _PARTIAL:
                return path.open("wb", buffering=0)
            file = path.open("ab", buffering=0)
            file.truncate(self._beginning)
            file.seek(0, os.SEEK_END)
            return file
        except OSError as error:
            raise _unwritable(path, error) from error

    def _keep(self, data: bytes | bytearray) -> None:
        self.received += len(data)
        if self._file is not None:
            try:
                self._file.write(data)
            except OSError as error:
                raise _unwritable(Path(self._file.name), error) from error
        elif self._on_event is not None and self.status == 200:
            self._events.feed(data)
            self._reading = False
        elif self.received > LARGEST_BODY:
            raise _Hopeless("The engine's answer is too large: update the extension and the engine.")
        else:
            self._body.write(data)
            self._check_time()

    def _give_event(self) -> bool:
        """Hand out one event that has arrived: one a step, so that a burst of them cannot hold Blender up."""
        event = self._events.next()
        self._reading = event is None
        if event is not None and self._on_event is not None:
            self._on_event(*event)
        return True

    def _complaint(self) -> str | None:
        if self.status is None or self.status < 400:
            return None
        said = self.json().get("error")
        if isinstance(said, str) and said:
            return said
        return f"Something else answered in the engine's place (HTTP {self.status}): check that the engine runs."

    def _broken(self) -> None:
        if self._channel is not None and self._channel.used and self.status is None:
            self._drop_channel()  # an idle connection had gone stale: once more, on a new one
        else:
            self._lost()

    def _lost(self) -> None:
        before = self._channel is None or not self._channel.open
        self._end(self._nobody if before else _LOST, lost=True)

    @property
    def _nobody(self) -> str:
        return f"Nothing answers at {self._client.url}: check the address, and that the engine is running there."

    def _end(self, error: str | None, lost: bool = False) -> None:
        self.done = True
        self.error, self.lost = error, lost
        self._drop_channel()
        if self._file is not None:
            self._file.close()
        self._client._forget(self)

    def _drop_channel(self) -> None:
        if self._channel is not None:
            self._channel.transport.close()
            self._channel = None


class _NoUse(Exception):
    """The connection is of no use; the message is the exchange's error."""


class _Hopeless(Exception):
    """The exchange cannot go on, and asking again would not help; the message is its error."""


def _unwritable(path: Path, error: OSError) -> _Hopeless:
    return _Hopeless(f"{path.name} cannot be written ({error.strerror}): make room on the disk, then try again.")
