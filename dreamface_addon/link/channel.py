"""HTTP on one connection: a request at a time, the next one when the answer was read in full."""

from __future__ import annotations

from dataclasses import dataclass

import h11

from .transport import Transport


@dataclass(frozen=True)
class Request:
    """What is sent."""

    head: h11.Request
    content: bytes


def make_request(method: str, target: str, headers: list[tuple[str, str]], content: bytes) -> Request | None:
    """None where HTTP has no way to say it."""
    try:
        return Request(h11.Request(method=method, target=target, headers=headers), content)
    except (h11.LocalProtocolError, UnicodeError):
        return None


class Channel:
    """A connection and the HTTP spoken on it.

    Attributes:
        began: when connecting began.
        open: bytes can go through.
        used: it has served an exchange before, so the other side may have closed it meanwhile.
        asked: a request has been given to it that it has not answered in full.
        closed: the other side has closed it.
    """

    def __init__(self, transport: Transport, now: float) -> None:
        self.transport = transport
        self.protocol = h11.Connection(h11.CLIENT)
        self.began = now
        self.open = self.used = self.asked = self.closed = False
        self._outgoing = memoryview(b"")

    def ask(self, request: Request) -> None:
        """Queue a request."""
        pieces = [self.protocol.send(request.head)]
        if request.content:
            pieces.append(self.protocol.send(h11.Data(data=request.content)))
        pieces.append(self.protocol.send(h11.EndOfMessage()))
        self._outgoing = memoryview(b"".join(piece for piece in pieces if piece))
        self.asked = True

    def flush(self) -> bool:
        """Send what can be sent now."""
        if not self._outgoing:
            return False
        sent = self.transport.send(self._outgoing)
        self._outgoing = self._outgoing[sent:]
        return sent > 0

    def rewind(self) -> None:
        """Get ready for the next request; `asked` stays True where there can be none."""
        if self.protocol.our_state is h11.DONE and self.protocol.their_state is h11.DONE and not self._outgoing:
            self.protocol.start_next_cycle()
            self.asked = False
