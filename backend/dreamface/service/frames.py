"""What the service and its worker say to each other over a pipe: a JSON header and, after it, bytes."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO, NamedTuple

_PREFIX = struct.Struct(">4sII")  # mark, bytes of the header, bytes of the payload
_MARK = b"DrF1"
_LONGEST = 512 * 2**20  # bytes; more is garbage. All maps of a head at 4096 are 300 MB

BROKEN = 65
"""Exit code of a worker whose libraries do not load."""


class Frame(NamedTuple):
    """One message."""

    header: dict[str, Any]
    payload: bytes


class FrameError(Exception):
    """The other side sent something that is no frame, or half of one."""


def pack(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """A message as it goes through the pipe."""
    return pack_head(header, len(payload)) + payload


def pack_head(header: Mapping[str, Any], payload: int) -> bytes:
    """A message as it goes through the pipe, without the bytes that follow it; `payload` says how many."""
    text = json.dumps(header).encode()
    return _PREFIX.pack(_MARK, len(text), payload) + text


def read(stream: BinaryIO) -> Frame | None:
    """The next message, or None where the stream has ended; blocks.

    Raises:
        FrameError: see there.
    """
    prefix = stream.read(_PREFIX.size)
    if not prefix:
        return None
    header, payload = _lengths(prefix)
    body = stream.read(header + payload)
    return _frame(body, header, payload)


async def receive(stream: asyncio.StreamReader) -> Frame | None:
    """The same for asyncio.

    Raises:
        FrameError: see there.
    """
    try:
        header, payload = _lengths(await stream.readexactly(_PREFIX.size))
        return _frame(await stream.readexactly(header + payload), header, payload)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise FrameError("it ended in the middle of a message") from error
        return None


def _lengths(prefix: bytes) -> tuple[int, int]:
    if len(prefix) < _PREFIX.size:
        raise FrameError("it ended in the middle of a message")
    mark, header, payload = _PREFIX.unpack(prefix)
    if mark != _MARK or header + payload > _LONGEST:
        raise FrameError(f"it sent {prefix!r}")
    return header, payload


def _frame(body: bytes, header: int, payload: int) -> Frame:
    if len(body) < header + payload:
        raise FrameError("it ended in the middle of a message")
    try:
        data = json.loads(body[:header])
    except ValueError as error:
        raise FrameError(f"it sent {body[:header][:80]!r}") from error
    if not isinstance(data, dict):
        raise FrameError(f"it sent {body[:header][:80]!r}")
    return Frame(data, body[header:])
