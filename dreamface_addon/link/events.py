"""Server-sent events, taken out of a stream of bytes."""

from __future__ import annotations

import json
from typing import Any

LONGEST_EVENT = 4 << 20  # bytes


class EventParser:
    """Collects bytes and gives back whole events; a half event at the end of a stream is never given."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._name = ""
        self._data: list[str] = []

    def feed(self, data: bytes | bytearray) -> None:
        """Add what has arrived.

        Raises:
            ValueError: more than LONGEST_EVENT bytes are waiting for an end.
        """
        self._buffer += data
        if len(self._buffer) > LONGEST_EVENT:
            raise ValueError("an event without an end")

    def next(self) -> tuple[str, dict[str, Any]] | None:
        """The next whole event as (name, data), or None when more bytes are needed.

        Raises:
            ValueError: the data are not a JSON object.
        """
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end < 0:
                self._searched = len(self._buffer)
                return None
            line = self._buffer[:end].rstrip(b"\r").decode("utf-8")
            del self._buffer[: end + 1]
            self._searched = 0
            event = self._line(line)
            if event is not None:
                return event

    def _line(self, line: str) -> tuple[str, dict[str, Any]] | None:
        if line:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                self._name = value
            elif field == "data":
                self._data.append(value)
            return None  # a comment, or a field that means nothing here
        name, lines = self._name, self._data
        self._name, self._data = "", []
        if not lines:
            return None
        data = json.loads("\n".join(lines))
        if not isinstance(data, dict):
            raise ValueError("an event that is not an object")
        return name, data
