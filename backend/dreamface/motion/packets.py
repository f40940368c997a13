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
import time
from collections.abc import Callable
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
_BACK: Final = 1.0  # seconds by which a packet may come late
_AHEAD: Final = 5.0  # seconds by which one may be ahead of this machine's clock
_SILENT: Final = 2.0  # seconds after which another phone is listened to
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

    Times begin at 0 with the first packet and go on over midnight. Where a phone's time can't be, because its clock was
    set or one packet is wrong, they go on by this machine's clock. The first phone that is heard is the one that is
    listened to, until it is silent for two seconds.

    Attributes:
        garbage: how many packets were no Live Link Face's.
        others: how many came from other phones.
        late: how many came after a later one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Wait for a phone; `clock` gives seconds of this machine."""
        self.garbage = self.others = self.late = 0
        self._clock = clock
        self._device = ""
        self._start: float | None = None  # the phone's time at which ours is 0
        self._last = self._heard = 0.0  # the newest moment's time, and when it came

    def __call__(self, data: bytes) -> Moment | None:
        """Return the moment of a packet; None where it is to be left out."""
        try:
            packet = unpack(data)
        except ValueError:
            self.garbage += 1
            return None
        now = self._clock()
        if self._device and packet.device != self._device:
            if now - self._heard <= _SILENT:
                self.others += 1
                return None
            self._anchor(packet, now)
        self._device = packet.device
        time = self._time_of(packet, now)
        if time is None:
            self.late += 1
            return None
        self._last, self._heard = time, now
        return to_moment(packet, time)

    def _time_of(self, packet: Packet, now: float) -> float | None:
        """Return seconds since the first packet; None where a later one was there already."""
        if self._start is None:
            self._start = packet.time
            return 0.0
        time = packet.time - self._start
        time += _DAY * round((self._last - time) / _DAY)  # the day that is nearest
        if not -_BACK <= time - self._last <= now - self._heard + _AHEAD:
            return self._anchor(packet, now)
        return time if time > self._last else None

    def _anchor(self, packet: Packet, now: float) -> float:
        """Have a packet come as much later than the last one as it did here, and return its time."""
        time = self._last + max(now - self._heard, min(1.0 / packet.rate, 1.0))
        self._start = packet.time - time
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
