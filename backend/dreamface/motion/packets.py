"""What Live Link Face sends over UDP while it tracks, one packet a frame, to port 11111 unless told otherwise.

A packet of version 6, numbers with the highest byte first:

    version            uint8
    device             its id: uint32 bytes, then so many of UTF-8
    subject            the name that the artist gave it: the same
    frame              int32, frames since midnight
    sub-frame          float32, of a frame
    frame rate         int32 numerator, int32 denominator
    count              uint8: 61, or 0 where the app sees no face
    values             float32 each: Apple's 52 shapes, then the angles, as in the app's CSV files

The left of jaw and mouth comes before their right here, other than in the files.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from dreamface.arrays import Float32Array
from dreamface.motion.live_link import ANGLES, from_values, to_values
from dreamface.motion.moment import Moment, at_rest
from dreamface.traits import ARKIT_SHAPES

PORT: Final = 11111
"""Where the app sends to unless told otherwise."""

LONGEST: Final = 2048
"""Bytes of the longest packet; the app's are about 330."""

VERSION: Final = 6
COUNT: Final = len(ARKIT_SHAPES) + len(ANGLES)

_LENGTH: Final = struct.Struct(">I")
_TIME: Final = struct.Struct(">ifii")
_LONGEST_NAME: Final = 256  # bytes
_DAY: Final = 24 * 3600.0  # seconds
_FARTHEST: Final = 100.0  # no weight or angle is further from 0


@dataclass(frozen=True)
class Packet:
    """One frame.

    Attributes:
        device: id of the phone.
        subject: the name that the artist gave it.
        frame: since midnight, with a fraction.
        rate: frames a second.
        values: [61] with the app's signs, `ARKIT_SHAPES` first; None where no face was seen.
    """

    device: str
    subject: str
    frame: float
    rate: float
    values: Float32Array | None

    @property
    def time(self) -> float:
        """Seconds since midnight."""
        return self.frame / self.rate


def pack(packet: Packet, denominator: int = 1) -> bytes:
    """Return a packet's bytes, as the app would send it; its rate is a whole number of `1 / denominator`."""
    whole = int(packet.frame)
    values = b"" if packet.values is None else packet.values.astype(">f4").tobytes()
    return b"".join(
        (
            bytes((VERSION,)),
            *(_LENGTH.pack(len(text)) + text for text in (packet.device.encode(), packet.subject.encode())),
            _TIME.pack(whole, packet.frame - whole, round(packet.rate * denominator), denominator),
            bytes((len(values) // 4,)),
            values,
        )
    )


def unpack(data: bytes) -> Packet:
    """Return what the bytes say.

    Raises:
        ValueError: they are no packet of Live Link Face.
    """
    if not data or data[0] != VERSION:
        raise ValueError("it is no packet of version 6")
    device, place = _text(data, 1)
    subject, place = _text(data, place)
    if len(data) < place + _TIME.size + 1:
        raise ValueError("it is cut short")
    frame, sub_frame, numerator, denominator = _TIME.unpack_from(data, place)
    place += _TIME.size
    count, rest = data[place], data[place + 1 :]
    if count not in (0, COUNT) or len(rest) < 4 * count:
        raise ValueError(f"it has {count} values")
    if numerator <= 0 or denominator <= 0 or frame < 0 or not 0.0 <= sub_frame <= 1.0:
        raise ValueError("its time can't be")
    values = np.frombuffer(rest, ">f4", count).astype(np.float32) if count else None
    if values is not None and not (np.abs(values) <= _FARTHEST).all():  # NaN neither
        raise ValueError("it has a value that is no number")
    return Packet(device, subject, frame + sub_frame, numerator / denominator, values)


def _text(data: bytes, place: int) -> tuple[str, int]:
    """Return the text at a place, and the place after it."""
    if len(data) < place + _LENGTH.size:
        raise ValueError("it is cut short")
    (length,) = _LENGTH.unpack_from(data, place)
    place += _LENGTH.size
    if length > _LONGEST_NAME or len(data) < place + length:
        raise ValueError("it is cut short")
    return data[place : place + length].rstrip(b"\0").decode("utf-8"), place + length  # UnicodeDecodeError is one


class Receiver:
    """Makes moments of packets, and counts what is none.

    Times begin at 0 with the first packet and go on over midnight. The first phone that is heard is the one that is
    listened to.

    Attributes:
        garbage: how many packets were no Live Link Face's.
        others: how many came from other phones.
        late: how many came after a later one.
    """

    def __init__(self) -> None:
        self.garbage = self.others = self.late = 0
        self._device = ""
        self._start: float | None = None
        self._last = 0.0

    def __call__(self, data: bytes) -> Moment | None:
        """Return the moment of a packet; None where it is to be left out."""
        try:
            packet = unpack(data)
        except ValueError:
            self.garbage += 1
            return None
        self._device = self._device or packet.device
        if packet.device != self._device:
            self.others += 1
            return None
        time = self._time_of(packet)
        if time is None:
            self.late += 1
            return None
        return to_moment(packet, time)

    def _time_of(self, packet: Packet) -> float | None:
        """Return seconds since the first packet; None where a later one was there already."""
        if self._start is None:
            self._start = packet.time
            return 0.0
        time = packet.time - self._start
        time += _DAY * round((self._last - time) / _DAY)  # the day that is nearest
        if time <= self._last:
            return None
        self._last = time
        return time


def to_moment(packet: Packet, time: float) -> Moment:
    """Return what a packet says of a face, in our signs."""
    if packet.values is None:
        return at_rest(time)
    weights, head, eyes = from_values(packet.values.astype(np.float64))
    return Moment(time, weights, head, np.zeros(3, np.float32), eyes)


def to_packet(moment: Moment, *, device: str, subject: str, rate: float) -> Packet:
    """Return a moment as a packet; one in which no face was seen has no values."""
    values = to_values(moment.weights, moment.head, moment.eyes).astype(np.float32) if moment.seen else None
    return Packet(device, subject, moment.time * rate, rate, values)
