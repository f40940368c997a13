"""Footage: videos and folders of pictures, whatever their rhythm, turn and size."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dreamface.errors import BadRequest
from dreamface.motion import cameras
from dreamface.motion.cameras import Pictures
from dreamface.motion.ffmpeg import LONGEST_SIDE, rising
from dreamface.motion.footage import open_footage

ffmpeg = pytest.importorskip(
    "imageio_ffmpeg", reason="imageio-ffmpeg is not installed; it comes with the extra `video`"
)


def video(file: Path, *options: str, size: str = "64x48", rate: int = 10, seconds: float = 1.0) -> Path:
    """A film of FFmpeg's test picture."""
    source = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate={rate}:duration={seconds}"]
    command = [ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *source, *options, str(file)]
    subprocess.run(command, check=True)
    return file


def test_a_video_is_read_picture_by_picture(tmp_path: Path) -> None:
    footage = open_footage(video(tmp_path / "a film.mp4"))
    frames = list(footage.frames())
    assert (footage.rate, footage.size, footage.count) == (10.0, (64, 48), 10)
    assert [frame.time for frame in frames] == pytest.approx([0.1 * number for number in range(10)])
    assert {frame.picture.shape for frame in frames} == {(48, 64, 3)}
    assert len(list(footage.frames())) == 10, "it can be gone through again"


def test_a_part_is_read(tmp_path: Path) -> None:
    whole = [frame.picture for frame in open_footage(video(tmp_path / "film.mp4")).frames()]
    part = list(open_footage(tmp_path / "film.mp4", start=0.3, end=0.7).frames())
    assert len(part) == 4
    assert part[0].time == 0.0
    assert np.abs(part[0].picture.astype(int) - whole[3]).mean() < 2.0


def test_pictures_that_come_unevenly_are_spread_evenly(tmp_path: Path) -> None:
    # Half a second of every picture, half a second of every fifth.
    uneven = "select='if(lt(t,0.5),1,not(mod(n,5)))'"
    file = video(tmp_path / "uneven.mkv", "-vf", uneven, "-fps_mode", "vfr", rate=20)
    frames = list(open_footage(file, rate=20.0).frames())
    assert len(frames) == pytest.approx(20, abs=4)
    assert frames[-1].time == pytest.approx(1.0, abs=0.25)


@pytest.fixture
def phone(tmp_path: Path) -> Path:
    """Half a second with 20 pictures a second, then half a second of dusk with every fifth of them."""
    dusk = "select='if(lt(t,0.5),1,not(mod(n,5)))'"
    return video(tmp_path / "phone.mp4", "-vf", dusk, "-fps_mode", "vfr", "-bf", "2", rate=20)


def test_every_picture_of_a_phone_has_its_own_time(phone: Path) -> None:
    footage = open_footage(phone)
    frames = list(footage.frames())
    assert [frame.time for frame in frames] == pytest.approx([*np.arange(10) / 20.0, 0.5, 0.75], abs=1e-3)
    assert not footage.breaks_off
    later = list(open_footage(phone, start=0.3).frames())
    assert [frame.time for frame in later] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.45], abs=1e-3)
    assert np.abs(later[0].picture.astype(int) - frames[6].picture).mean() < 2.0
    assert [frame.time for frame in open_footage(phone, end=0.6).frames()] == [frame.time for frame in frames[:11]]


def test_a_phones_film_that_plays_as_a_camera_has_its_own_times(phone: Path) -> None:
    times = [picture.time for picture in Pictures(str(phone))]
    assert times == pytest.approx([*np.arange(10) / 20.0, 0.5, 0.75], abs=1e-3)


def test_times_that_do_not_rise_are_put_in_order() -> None:
    said = [5.0, 5.1, None, 5.1, 5.5, 5.4]
    times = [time for time, _ in rising([(time, b"") for time in said], 0.1)]
    assert times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.5, 0.6])


def test_a_film_that_is_too_fast_is_read_at_sixty(tmp_path: Path) -> None:
    frames = list(open_footage(video(tmp_path / "fast.mp4", rate=120, seconds=0.5)).frames())
    assert [frame.time for frame in frames] == pytest.approx(np.arange(30) / 60.0)


def test_a_text_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no film " * 1000)
    with pytest.raises(BadRequest, match=r"notes\.txt is not a video"):
        open_footage(tmp_path / "notes.txt")


def test_a_turned_phone_is_upright(tmp_path: Path) -> None:
    flat = video(tmp_path / "flat.mp4")
    turned = tmp_path / "turned.mp4"
    program = ffmpeg.get_ffmpeg_exe()
    turn = ["-display_rotation", "90", "-i", str(flat), "-c", "copy", str(turned)]
    subprocess.run([program, "-loglevel", "error", "-y", *turn], check=True)
    footage = open_footage(turned)
    assert footage.size == (48, 64)
    assert next(iter(footage.frames())).picture.shape == (64, 48, 3)


def test_ten_bits_and_large_pictures_are_read(tmp_path: Path) -> None:
    file = video(
        tmp_path / "large.mkv", "-pix_fmt", "yuv420p10le", "-c:v", "ffv1", size="2560x1440", rate=60, seconds=0.05
    )
    footage = open_footage(file)
    assert footage.size == (LONGEST_SIDE, 720)
    assert len(list(footage.frames())) == 3


def test_a_film_that_was_cut_off_gives_what_it_has(tmp_path: Path) -> None:
    file = video(tmp_path / "film.mkv", "-c:v", "mjpeg", size="320x240")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert 1 <= len(list(open_footage(file).frames())) < 10


@pytest.mark.parametrize("content", [b"", b"no film at all", b"\x00" * 4096])
def test_what_is_no_video_is_said(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "film.mp4"
    file.write_bytes(content)
    with pytest.raises(BadRequest, match=r"film\.mp4"):
        list(open_footage(file).frames())


def test_a_part_beyond_the_end_is_said(tmp_path: Path) -> None:
    file = video(tmp_path / "film.mp4")
    with pytest.raises(BadRequest, match=r"1\.0 seconds long"):
        open_footage(file, start=5.0)
    with pytest.raises(BadRequest, match="empty"):
        open_footage(file, start=0.5, end=0.5)


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in (1, 2, 10):
        Image.new("RGB", (20, 10), (number, 0, 0)).save(tmp_path / f"face {number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    footage = open_footage(tmp_path)
    frames = list(footage.frames())
    assert [int(frame.picture[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert (footage.rate, footage.size) == (24.0, (20, 10))


def test_a_folder_without_pictures_and_a_broken_one_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no pictures"):
        open_footage(tmp_path)
    (tmp_path / "1.png").write_bytes(b"broken")
    with pytest.raises(BadRequest, match=r"1\.png"):
        open_footage(tmp_path)


def test_pixels_that_are_not_square_are_seen_as_they_are_meant(tmp_path: Path) -> None:
    narrow = video(tmp_path / "narrow.mp4", "-vf", "setsar=2/1", size="32x48")
    footage = open_footage(narrow)
    assert footage.size == (64, 48)
    assert next(iter(footage.frames())).picture.shape == (48, 64, 3)


@pytest.mark.parametrize("size", ["32x48", "1400x1600"])
def test_a_cameras_pixels_that_are_not_square_are_seen_as_they_are_meant(
    monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    lens = f"testsrc=size={size}:rate=10,setsar=2/1"
    monkeypatch.setattr(cameras, "list_cameras", lambda: [cameras.Camera("camera:0", "Made-up Camera", lens)])
    monkeypatch.setattr(cameras, "_camera_input", lambda: ["-f", "lavfi", "-t", "0.3"])
    pictures = Pictures("camera")
    assert pictures.size == {"32x48": (64, 48), "1400x1600": (1280, 731)}[size]
    assert {picture.pixels.shape[::-1] for picture in pictures} == {(3, *pictures.size)}


def test_photographs_stand_upright_and_sixteen_bits_are_not_white(tmp_path: Path) -> None:
    turned = Image.new("RGB", (80, 40), (200, 10, 10))
    exif = turned.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    turned.save(tmp_path / "1.jpg", exif=exif)
    assert open_footage(tmp_path).size == (40, 80)
    grey = tmp_path / "grey"
    grey.mkdir()
    Image.fromarray(np.full((20, 20), 127 * 257, np.uint16)).save(grey / "1.png")
    assert next(iter(open_footage(grey).frames())).picture.mean() == pytest.approx(127, abs=1)


def test_hidden_files_and_odd_digits_are_no_trouble(tmp_path: Path) -> None:
    for name in ("1.png", "²1.png"):
        Image.new("RGB", (20, 10)).save(tmp_path / name)
    (tmp_path / "._1.png").write_bytes(b"what a Mac leaves")
    assert len(list(open_footage(tmp_path).frames())) == 2
    with pytest.raises(BadRequest, match="start earlier"):
        open_footage(tmp_path, start=60.0)
