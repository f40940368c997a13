"""Live Link Face's packets."""

from __future__ import annotations

import random
import struct
from dataclasses import replace

import numpy as np
import pytest

from dreamface.motion.moment import Moment
from dreamface.motion.packets import Packet, Receiver, pack, to_packet, unpack
from dreamface.motion.shaping import moment_of
from dreamface.traits import ARKIT_SHAPES
from tests.takes import a_take

DEVICE = "9C3CCE8E-3C5A-4BBA-8E64-9A2D3F3B2F0A"


def sent(moment: Moment, **others: object) -> bytes:
    return pack(to_packet(moment, **{"device": DEVICE, "subject": "iPhone", "rate": 60.0, **others}))  # type: ignore[arg-type]


def test_a_packet_is_laid_out_as_the_app_does_it() -> None:
    values = np.arange(61, dtype=np.float32) / 61
    data = pack(Packet(DEVICE, "iPhone", 100.25, 60.0, values))
    expected = b"\6\0\0\0\x24" + DEVICE.encode() + b"\0\0\0\6iPhone" + struct.pack(">ifii", 100, 0.25, 60, 1) + b"\x3d"
    assert data == expected + struct.pack(">61f", *values)


def test_a_moment_comes_over_the_wire_as_it_was() -> None:
    moment = moment_of(a_take(), 40)
    got = Receiver()(sent(moment))
    assert got is not None
    assert got.seen
    assert got.time == 0.0
    for name in ("weights", "head", "eyes"):
        assert getattr(got, name) == pytest.approx(getattr(moment, name), abs=1e-6), name
    assert got.weights[ARKIT_SHAPES.index("mouthLeft")] == pytest.approx(0.25)


def test_times_count_from_the_first_packet_and_over_midnight() -> None:
    receiver, moment = Receiver(), moment_of(a_take(), 0)
    moments = [receiver(sent(replace(moment, time=time))) for time in (86_399.9, 86_399.95, 0.05)]
    assert [moment.time for moment in moments if moment] == pytest.approx([0.0, 0.05, 0.15], abs=1e-3)


def test_what_comes_late_or_from_another_phone_is_left_out_and_counted() -> None:
    receiver, take = Receiver(), a_take()
    assert receiver(sent(moment_of(take, 10))) is not None
    assert receiver(sent(moment_of(take, 9))) is None
    assert receiver(sent(moment_of(take, 10))) is None
    assert receiver(sent(moment_of(take, 20), device="another")) is None
    assert (receiver.late, receiver.others, receiver.garbage) == (2, 1, 0)


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def times_of(receiver: Receiver, *times: float, device: str = DEVICE) -> list[float | None]:
    """What becomes of packets that are sent at those times of the phone, seconds since midnight."""
    face = moment_of(a_take(), 0)
    moments = [receiver(sent(replace(face, time=time), device=device)) for time in times]
    return [None if moment is None else moment.time for moment in moments]


def test_one_odd_time_stamp_costs_nothing_after_it() -> None:
    receiver = Receiver(Clock())
    assert times_of(receiver, 50.0, 50.1, 9000.0, 50.2, 50.3) == pytest.approx(
        [0.0, 0.1, 0.1 + 1 / 60, 0.1 + 2 / 60, 0.2 + 2 / 60], abs=1e-3
    )
    assert receiver.late == 0


@pytest.mark.parametrize("away", [-3600.0, -40_000.0, 7.0, 40_000.0])
def test_a_clock_that_is_set_leaves_time_as_long_as_it_was(away: float) -> None:
    clock = Clock()
    receiver = Receiver(clock)
    times = times_of(receiver, 45_000.0, 45_000.1)
    clock.now += 0.5
    times += times_of(receiver, 45_000.6 + away, 45_000.7 + away)
    assert times == pytest.approx([0.0, 0.1, 0.6, 0.7], abs=1e-3)


def test_a_phone_that_was_silent_goes_on_in_its_own_time() -> None:
    clock = Clock()
    receiver = Receiver(clock)
    times = times_of(receiver, 50.0)
    clock.now += 30.02  # on its way 0.02 s longer
    assert times + times_of(receiver, 80.0, 80.1) == pytest.approx([0.0, 30.0, 30.1], abs=1e-3)


def test_another_phone_is_heard_after_two_seconds_of_silence() -> None:
    clock = Clock()
    receiver = Receiver(clock)
    assert times_of(receiver, 50.0) == [0.0]
    clock.now += 1.5
    assert times_of(receiver, 200.0, device="another") == [None]
    clock.now += 1.0
    assert times_of(receiver, 201.0, 201.1, device="another") == pytest.approx([2.5, 2.6], abs=1e-3)
    assert times_of(receiver, 53.0) == [None]
    assert receiver.others == 2


def test_a_packet_without_values_is_a_moment_without_a_face() -> None:
    moment = Receiver()(pack(Packet(DEVICE, "iPhone", 1.0, 60.0, None)))
    assert moment is not None
    assert not moment.seen


def test_garbage_is_ignored_and_counted() -> None:
    receiver, dice = Receiver(), random.Random(2)
    whole = sent(moment_of(a_take(), 5))
    wrong = [b"", b"\6", b"GET / HTTP/1.1\r\n", whole[:-1], whole[:50], bytes(2000), b"\6" + b"\xff" * 400]
    wrong += [b"\7" + whole[1:], whole[:-4] + struct.pack(">f", np.nan), dice.randbytes(500)]
    assert [receiver(data) for data in wrong] == [None] * len(wrong)
    assert receiver.garbage == len(wrong)
    assert receiver(whole) is not None


def test_no_bytes_whatever_break_it() -> None:
    receiver, dice, whole = Receiver(), random.Random(4), sent(moment_of(a_take(), 5))
    for _ in range(2000):
        data = bytearray(whole[: dice.randrange(len(whole) + 1)] if dice.random() < 0.3 else whole)
        for _ in range(dice.randrange(8)):
            if data:
                data[dice.randrange(len(data))] = dice.randrange(256)
        moment = receiver(bytes(data))
        assert moment is None or np.isfinite(moment.to_row()).all()


def test_frame_rates_that_are_no_whole_number_are_kept() -> None:
    assert unpack(pack(Packet(DEVICE, "x", 10.0, 60_000 / 1001, None), 1001)).rate == pytest.approx(59.94, abs=0.001)
