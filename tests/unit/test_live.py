"""Performances while they happen, within this process: phones, shaping, recording."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dreamface.errors import BadRequest, FolderError
from dreamface.motion import Adjustments, Live, Shown, cameras, recording, rescue, trackers
from dreamface.motion.cameras import Pictures, is_camera, list_cameras, parse_devices
from dreamface.motion.live import Newest, Shaper, open_source
from dreamface.motion.moment import Moment, at_rest, from_rows
from dreamface.motion.packets import Receiver, pack, to_packet
from dreamface.motion.phones import Phone
from dreamface.motion.recording import About, Recorder
from dreamface.motion.shaping import moment_of
from dreamface.performance import load_performance
from dreamface.traits import ARKIT_SHAPES
from tests.takes import a_take

JAW = ARKIT_SHAPES.index("jawOpen")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sending(port: int, garbage: bool = False) -> Iterator[None]:
    """A phone that sends the made-up take, again and again."""
    done = threading.Event()

    def send() -> None:
        take, number = a_take(), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not done.is_set():
                moment = replace(moment_of(take, number % len(take)), time=number / 60.0)
                if garbage:
                    sender.sendto(b"\6garbage", ("127.0.0.1", port))
                packet = to_packet(moment, device="phone", subject="me", rate=60.0)
                sender.sendto(pack(packet), ("127.0.0.1", port))
                number += 1
                done.wait(1 / 120)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def run(live: Live, shown: list[Shown]) -> threading.Thread:
    thread = threading.Thread(target=lambda: shown.extend(live.moments()))
    thread.start()
    return thread


# ------------------------------------------------------------------------------------------------------------- a phone


def test_a_phone_is_seen_and_recorded_whatever_else_comes_in(tmp_path: Path) -> None:
    port, shown = free_port(), list[Shown]()
    live = Live(f"udp:{port}", None, Adjustments(smoothing=0.0), tmp_path / "takes")
    thread = run(live, shown)
    with sending(port, garbage=True):
        while len(shown) < 5:
            time.sleep(0.01)
        live.record(True)
        while len(shown) < 40:
            time.sleep(0.01)
        recorded = live.record(False)
        live.adjust(Adjustments(mirror=True, smoothing=0.0))
        count = len(shown)
        while len(shown) < count + 5:
            time.sleep(0.01)
    live.stop()
    thread.join(5.0)
    assert not thread.is_alive()
    assert live.ending == ""
    assert recorded is not None
    take = load_performance(recorded.file)
    assert (len(take), take.times[0], take.source) == (recorded.moments, 0.0, f"Live Link Face (port {port})")
    assert recorded.moments >= 20
    assert take.channel("mouthLeft") == pytest.approx(0.25)
    assert shown[0].moment.weights[ARKIT_SHAPES.index("mouthLeft")] == pytest.approx(0.25)
    assert shown[-1].moment.weights[ARKIT_SHAPES.index("mouthRight")] == pytest.approx(0.25)
    assert all(each.latency < 0.5 for each in shown)


def test_a_phone_that_falls_silent_leaves_a_face_at_rest(tmp_path: Path) -> None:
    port, shown = free_port(), list[Shown]()
    live = Live(f"udp:{port}", None, Adjustments(smoothing=0.0), tmp_path)
    thread = run(live, shown)
    with sending(port):
        while len(shown) < 10:
            time.sleep(0.01)
    before = len(shown)
    time.sleep(2.0)
    quiet = len(shown)
    assert not shown[-1].moment.seen
    assert not shown[-1].moment.weights.any()
    assert shown[-1].moment.time > shown[before - 1].moment.time + 1.0
    time.sleep(0.3)
    assert len(shown) == quiet  # there is nothing more to tell
    with sending(port):
        while not shown[-1].moment.seen:
            time.sleep(0.01)
    live.stop()
    thread.join(5.0)


def test_a_port_that_is_taken_or_cannot_be_is_a_sentence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        with pytest.raises(BadRequest, match="is taken by another program"):
            Phone(f"udp:{taken.getsockname()[1]}")
    for source in ("udp:80", "udp:99999"):
        with pytest.raises(BadRequest, match="A port is a number"):
            Phone(source)


# ------------------------------------------------------------------------------------------------------------- cameras


def test_without_a_camera_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("imageio_ffmpeg")
    monkeypatch.setattr("dreamface.motion.cameras.list_cameras", lambda: [])
    with pytest.raises(BadRequest, match="No camera was found"):
        open_source("camera")
    with pytest.raises(BadRequest, match="is not there"):
        open_source(str(tmp_path / "gone.mp4"))
    with pytest.raises(BadRequest, match="is a folder"):
        open_source(str(tmp_path))
    (tmp_path / "notes.txt").write_text("no film " * 1000)
    with pytest.raises(BadRequest, match=r"notes\.txt is no video"):
        Pictures(str(tmp_path / "notes.txt"))
    for source in ("", "a\0b"):
        with pytest.raises(BadRequest, match="Choose a camera"):
            open_source(source)


@pytest.mark.parametrize(("size", "read"), [((1088, 1920), (726, 1280)), ((320, 240), (320, 240))])
def test_large_pictures_are_read_no_larger_than_a_face_needs(
    tmp_path: Path, size: tuple[int, int], read: tuple[int, int]
) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    film = str(tmp_path / "film.mp4")
    writer = imageio_ffmpeg.write_frames(film, size, fps=30, codec="libx264", output_params=["-preset", "ultrafast"])
    writer.send(None)
    for _ in range(2):
        writer.send(np.full((size[1], size[0], 3), 128, np.uint8).tobytes())
    writer.close()
    pictures = Pictures(film)
    assert pictures.size == pytest.approx(read, abs=1)
    times = [(picture.pixels.shape, picture.time) for picture in pictures]
    assert [shape for shape, _ in times] == [(pictures.size[1], pictures.size[0], 3)] * 2
    assert [time for _, time in times] == pytest.approx([0.0, 1.0 / 30.0])
    assert pictures.ending == "film.mp4 has ended."
    pictures.close()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("/dev/video0: Device or resource busy", "is in use by another program"),
        ("/dev/video0: Permission denied", "does not let Made-up Camera be used"),
        ("/dev/video0: No such device", "is not there any more"), ("?", "sends no pictures"),
    ],
)  # fmt: skip
def test_a_camera_that_does_not_open_says_why(monkeypatch: pytest.MonkeyPatch, said: str, words: str) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")

    def refuse(*arguments: Any, **options: Any) -> Iterator[Any]:
        raise OSError(f"Could not load meta information\n=== stderr ===\n{said}")
        yield

    monkeypatch.setattr(imageio_ffmpeg, "read_frames", refuse)
    known = [cameras.Camera("camera:0", "Made-up Camera", "/dev/video0")]
    monkeypatch.setattr(cameras, "list_cameras", lambda: known)
    with pytest.raises(BadRequest, match=f"Made-up Camera.*{words}|{words}"):
        Pictures("camera")


def test_the_cameras_of_this_machine_can_be_listed() -> None:
    assert all(is_camera(camera.id) and camera.name for camera in list_cameras())


def test_cameras_are_read_from_what_ffmpeg_lists() -> None:
    mac = (
        "[AVFoundation indev @ 0x7f] AVFoundation video devices:\n[AVFoundation indev @ 0x7f] [0] FaceTime HD Camera\n"
        "[AVFoundation indev @ 0x7f] [1] Capture screen 0\n[AVFoundation indev @ 0x7f] AVFoundation audio devices:\n"
        "[AVFoundation indev @ 0x7f] [0] Built-in Microphone\n"
    )
    assert parse_devices(mac, True) == [("FaceTime HD Camera", "0:none")]
    windows = (
        '[dshow @ 01] "Integrated Camera" (video)\n[dshow @ 01]   Alternative name "@d"\n[dshow @ 01] "Mic" (audio)\n'
    )
    assert parse_devices(windows, False) == [("Integrated Camera", "video=Integrated Camera")]


def test_a_source_is_told_by_its_name() -> None:
    assert [is_camera(name) for name in ("camera", "camera:1", "camera.mp4", "camera:x", "/dev/camera")] == [
        True, True, False, False, False,
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- newest


def test_only_the_newest_waits_and_others_are_counted() -> None:
    newest = Newest()
    for number in range(5):
        newest.put(number)
    taken = newest.take(1.0)
    assert taken is not None
    assert (taken[0], newest.dropped) == (4, 4)
    assert newest.take(0.01) is None
    newest.put("last")
    newest.end()
    assert not newest.is_over
    assert newest.take(1.0) is not None
    assert newest.is_over


# ------------------------------------------------------------------------------------------------------------- shaping


def seen_at(moment: float, jaw: float = 0.5) -> Moment:
    seen = at_rest(moment, seen=True)
    seen.weights[JAW] = jaw
    return seen


def test_a_lost_face_is_held_then_fades_and_returns() -> None:
    shaper = Shaper(Adjustments(smoothing=0.0))
    values = [shaper(seen_at(0.0))[1]]
    values += [shaper(at_rest(step / 30.0))[1] for step in range(1, 60)]
    jaw = np.array([value.weights[JAW] for value in values])
    assert jaw[:6] == pytest.approx(0.5)
    assert jaw[-20:] == pytest.approx(0.0, abs=1e-6)
    assert not any(value.seen for value in values[1:])
    assert shaper(seen_at(3.0))[1].weights[JAW] == pytest.approx(0.5)


def test_the_face_of_just_now_becomes_neutral() -> None:
    shaper = Shaper(Adjustments(smoothing=0.0))
    with pytest.raises(BadRequest, match="No face was seen yet"):
        shaper.take_neutral()
    for step in range(60):
        shaper(seen_at(step / 30.0, jaw=0.2))
    shaper.take_neutral()
    assert shaper(seen_at(2.0, jaw=0.2))[1].weights[JAW] == pytest.approx(0.0, abs=1e-6)
    assert shaper(seen_at(2.1, jaw=1.0))[1].weights[JAW] == pytest.approx(1.0)


@pytest.mark.parametrize(("is_footage", "degrees"), [(True, 9.0), (False, 6.0)])
def test_eyes_before_a_camera_turn_as_their_shapes_say(is_footage: bool, degrees: float) -> None:
    shaper, raw = Shaper(Adjustments(smoothing=0.0, gains={"gaze": 0.6}), is_footage), at_rest(0.0, seen=True)
    raw.weights[ARKIT_SHAPES.index("eyeLookOutLeft")] = 0.5
    raw.eyes[0, 0] = np.radians(10.0)  # another angle than the shape's
    for moment in shaper(raw):
        assert moment.eyes[0, 0] == pytest.approx(np.radians(degrees))


def test_adjustments_out_of_range_are_sentences() -> None:
    with pytest.raises(BadRequest, match="no region"):
        Adjustments(gains={"nose": 1.0})
    with pytest.raises(BadRequest, match="Smoothing"):
        Adjustments(smoothing=-1.0)


# ----------------------------------------------------------------------------------------------------------- recording


def record(folder: Path, count: int = 30, **about: Any) -> Recorder:
    recorder = Recorder(folder, About("camera", (640, 480), **about))
    recorder.start()
    for index in range(count):
        recorder.add(replace(moment_of(a_take(), index), time=5.0 + index / 30.0))
    return recorder


def test_each_take_of_a_session_is_a_file_of_its_own(tmp_path: Path) -> None:
    recorder = record(tmp_path)
    first = recorder.stop()
    recorder.start()
    recorder.add(seen_at(1.0))
    second = recorder.stop()
    assert first is not None
    assert second is not None
    assert [first.file.name, second.file.name] == ["take-1.npz", "take-2.npz"]
    take = load_performance(first.file)
    assert np.array_equal(take.weights, a_take().weights[:30])
    assert (take.rate, take.source, take.footage, take.times[0]) == (30.0, "camera", (640, 480), 0.0)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["take-1.npz", "take-2.npz"]
    assert recorder.stop() == second


def test_a_take_that_was_deleted_costs_no_other_take(tmp_path: Path) -> None:
    recorder = record(tmp_path)
    recorder.stop()
    for jaw in (0.25, 0.75):
        recorder.start()
        recorder.add(seen_at(1.0, jaw))
        recorder.stop()
    (tmp_path / "take-1.npz").unlink()
    recorder.start()
    recorder.add(seen_at(1.0, 0.5))
    recorder.stop()
    jaws = [float(load_performance(tmp_path / f"take-{number}.npz").channel("jawOpen")[0]) for number in (2, 3, 4)]
    assert jaws == [0.25, 0.75, 0.5]


def test_a_phone_whose_clock_is_set_does_not_end_a_take(tmp_path: Path) -> None:
    recorder, receiver = Recorder(tmp_path, About("phone")), Receiver()
    recorder.start()
    for start in (40_000.0, 20_000.0, 39_000.0):  # more than the longest take away from each other
        for index in range(10):
            packet = to_packet(seen_at(start + index / 60.0), device="phone", subject="me", rate=60.0)
            moment = receiver(pack(packet))
            assert moment is not None
            recorder.add(moment)
    assert recorder.is_on
    recorded = recorder.stop()
    assert recorded is not None
    assert recorded.moments == 30
    assert recorded.seconds < 1.0


def test_rest_that_was_shown_in_a_pause_costs_no_moment_of_the_phone(tmp_path: Path) -> None:
    """A phone that stalls for 0.8 s by its own clock, and for 1 s by ours: moments at rest fill in by ours."""
    recorder = Recorder(tmp_path, About("phone"))
    recorder.start()
    phone = [index / 60.0 for index in range(30)] + [1.3 + index / 60.0 for index in range(30)]
    for time_of_phone in phone[:30]:
        recorder.add(seen_at(time_of_phone))
    for index in range(8):
        recorder.add(at_rest(phone[29] + 0.3 + 0.1 * index))
    for time_of_phone in phone[30:]:
        recorder.add(seen_at(time_of_phone))
    recorder.add(at_rest(phone[-1] + 0.3))
    recorded = recorder.stop()
    assert recorded is not None
    take = load_performance(recorded.file)
    assert take.times[take.seen] == pytest.approx(phone)
    assert (~take.seen).sum() == 7  # what lies before the phone went on, and after it ended
    assert not take.seen[-1]


def test_one_seen_row_out_of_time_takes_no_rest_away() -> None:
    moments = [seen_at(1.0), *(at_rest(1.0 + index) for index in range(1, 4)), seen_at(0.5), seen_at(5.0)]
    take = from_rows(np.stack([moment.to_row() for moment in moments]), rate=30.0, source="phone")
    assert take.times == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0])


def test_a_take_may_begin_while_the_last_one_is_made(tmp_path: Path) -> None:
    recorder = record(tmp_path)
    rows = recorder.detach()
    recorder.start()
    recorder.add(seen_at(1.0))
    assert recorder.finish(rows) is not None
    second = recorder.stop()
    assert second is not None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["take-1.npz", "take-2.npz"]
    assert (len(load_performance(tmp_path / "take-1.npz")), second.moments) == (30, 1)


def test_a_take_without_moments_is_none(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, About("camera"))
    recorder.start()
    assert recorder.stop() is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_recorder_left_is_rescued(tmp_path: Path) -> None:
    recorder = record(tmp_path)
    assert recorder._file is not None
    recorder._file.write(b"half a row")
    recorder._file.close()  # as when the process was killed
    rescued = rescue(tmp_path)
    assert rescued is not None
    assert (rescued.moments, rescued.file.name) == (30, "take-1.npz")
    assert load_performance(rescued.file).source == "camera"
    assert rescue(tmp_path) == rescued
    assert rescue(tmp_path / "nothing") is None


def test_damaged_rows_are_left_where_they_are_or_left_out(tmp_path: Path) -> None:
    record(tmp_path).stop()
    (tmp_path / "take-2.rows").write_bytes(np.full((3, 64), np.nan).tobytes())
    (tmp_path / "take-3.rows").write_bytes(np.full((3, 64), 0.5).tobytes() + np.full((1, 64), 0.7).tobytes())
    (tmp_path / "take-3.json").write_text("{")
    rescued = rescue(tmp_path)
    assert rescued is not None
    assert (rescued.file.name, rescued.moments) == ("take-3.npz", 2)  # of rows with one time, one


def test_a_full_disk_keeps_the_take_so_far(tmp_path: Path) -> None:
    recorder = record(tmp_path)
    file = recorder._file
    assert file is not None

    def refuse(data: bytes) -> int:
        raise OSError(28, "No space left on device")

    recorder._file = SimpleNamespace(write=refuse, flush=file.flush, close=file.close)  # type: ignore[assignment]
    with pytest.raises(FolderError, match="The disk is full"):
        recorder.add(seen_at(9.0))
    assert recorder.last is not None
    assert len(load_performance(recorder.last.file)) == 30


def test_a_take_that_is_too_long_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LONGEST", 0.5)
    recorder = record(tmp_path)
    assert not recorder.is_on
    assert recorder.last is not None
    assert recorder.last.seconds == pytest.approx(0.5)


def test_a_take_is_smoothed_both_ways_when_it_is_over(tmp_path: Path) -> None:
    recorded = record(tmp_path, 60, smoothing=0.5).stop()
    assert recorded is not None
    assert not load_performance(recorded.file).eyes.any()  # a camera's, and no shape looks anywhere
    blink = load_performance(recorded.file).channel("eyeBlinkLeft")
    assert abs(int(blink.argmax()) - int(a_take().channel("eyeBlinkLeft").argmax())) == 0
    assert not np.array_equal(blink, a_take().channel("eyeBlinkLeft"))


def test_a_camera_without_a_tracker_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "_ROOM", "dreamface.motion.nowhere")
    with pytest.raises(Exception, match=r"dreamface\[video\]"):
        Live("camera", None, Adjustments(), tmp_path)
