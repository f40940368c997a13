"""Photographs as they come: upright, not too large; and a sentence for what is no picture of a face."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageFile

from dreamface.capture.landmarks import COUNT, Landmarks
from dreamface.capture.photographs import (
    LARGEST_SIDE,
    Photograph,
    Sighting,
    _apart,
    _meant,
    find_faces,
    notes_on,
    read_photograph,
    sidedness,
)
from dreamface.errors import BadRequest, MissingDependency


def in_file(image: Image.Image, kind: str = "JPEG", **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def test_a_photograph_stands_upright_as_its_camera_says() -> None:
    image = Image.new("RGB", (60, 40), (10, 10, 10))
    image.paste((250, 250, 250), (0, 0, 60, 8))  # the upper edge, before it is turned
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    pixels = read_photograph(in_file(image, exif=exif, quality=95)).pixels
    assert pixels.shape == (60, 40, 3)
    assert pixels[:, -4:].mean() > 230 > 60 > pixels[:, :20].mean()


def test_a_large_photograph_is_made_smaller() -> None:
    for kind, size in (("JPEG", (4000, 2400)), ("PNG", (2500, 1500))):
        pixels = read_photograph(in_file(Image.new("RGB", size, (120, 80, 60)), kind)).pixels
        assert max(pixels.shape) <= LARGEST_SIDE
        assert abs(pixels.shape[1] / pixels.shape[0] - 5.0 / 3.0) < 0.01
        assert np.abs(pixels.astype(int) - (120, 80, 60)).max() <= 3


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_rgb(mode: str) -> None:
    image = Image.new("RGB", (32, 24), (200, 100, 50))
    image = Image.new("I;16", (32, 24), 30000) if mode == "I;16" else image.convert(mode)
    pixels = read_photograph(in_file(image, "TIFF" if mode in ("CMYK", "I;16") else "PNG")).pixels
    assert pixels.shape == (24, 32, 3)
    assert pixels.dtype == np.uint8


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )
    with pytest.raises(BadRequest, match="make it smaller"):
        read_photograph(bomb, "bomb.png")


def test_sixteen_bits_and_decimal_numbers_keep_their_light() -> None:
    half = Image.fromarray(np.full((24, 32), 32896, np.uint16))
    decimal = Image.fromarray(np.full((24, 32), 0.502, np.float32), "F")
    for image in (half, decimal):
        pixels = read_photograph(in_file(image, "TIFF")).pixels
        assert np.abs(pixels.astype(int) - 128).max() <= 1


def test_a_large_photograph_stands_upright_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG"):
        pixels = read_photograph(in_file(Image.new("RGB", (3000, 2500)), kind, exif=exif)).pixels
        assert pixels.shape[0] == LARGEST_SIDE > pixels.shape[1]


def test_a_face_that_two_quarters_show_is_one() -> None:
    points = np.random.default_rng(1).uniform(-0.1, 0.1, (COUNT, 2))
    faces = [Landmarks(points), Landmarks(0.98 * points + 0.01), Landmarks(points + np.array((0.5, 0.0)))]
    assert len(_apart(faces)) == 2


def test_black_and_white_is_told_within_the_face() -> None:
    coloured = sighting(0.4, grey=True)
    coloured.photograph.pixels[:60] = (250, 40, 10)
    assert coloured.is_grey
    dark = sighting(0.4)
    dark.photograph.pixels[:] = (40, 29, 24)
    assert not dark.is_grey
    pale = sighting(0.4)
    pale.photograph.pixels[:] = (196, 200, 204)  # in cool light
    height, width = pale.photograph.pixels.shape[:2]
    pale.photograph.pixels[int(0.5 * height) : int(0.6 * height), int(0.4 * width) : int(0.6 * width)] = (190, 120, 110)
    assert not pale.is_grey


def test_what_is_no_picture_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"There is no photograph nobody\.jpg"):
        read_photograph(tmp_path / "nobody.jpg")
    broken = in_file(Image.effect_noise((400, 400), 60).convert("RGB"))[:3000]
    for data in (b"", b"hello", broken, b"\0\0\0\x18ftypheic" + b"\0" * 40):
        with pytest.raises(BadRequest) as refused:
            read_photograph(data, "it.jpg")
        assert "it.jpg" in str(refused.value)
        with pytest.raises(BadRequest, match=r"^The photograph is "):
            read_photograph(data)


def test_a_picture_of_nobody_is_a_sentence() -> None:
    nobody = Photograph("wall.png", np.full((200, 300, 3), 128, np.uint8))
    try:
        with pytest.raises(BadRequest, match=r"No face was seen in wall\.png"):
            find_faces([nobody])
    except MissingDependency as missing:
        pytest.skip(str(missing))


def sighting(size: float, others: int = 0, grey: bool = False, shift: float = 0.0) -> Sighting:
    random = np.random.default_rng(1)
    points = random.uniform(-0.5 * size, 0.5 * size, (COUNT, 2))
    points[[1, 234, 454], 0] = shift * size, -0.5 * size, 0.5 * size
    pixels = np.full((400, 400, 3), (90, 90, 90) if grey else (160, 110, 80), np.uint8)
    return Sighting(Photograph("me.jpg", pixels), Landmarks(points), others)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_of_several_faces_the_one_that_is_meant_is_taken(quarters: int) -> None:
    upright = np.zeros((400, 600, 3), np.uint8)
    small, large = (Landmarks(np.random.default_rng(1).uniform(-size, size, (COUNT, 2)) + np.array((off, 0.0)))
                    for size, off in ((0.1, -0.5), (0.2, 0.4)))  # fmt: skip
    there = np.array((0.5 - 0.5 * 400 / 600, 0.5))  # of the small one
    for _ in range(quarters):  # as the photograph lay before it was turned upright
        there = np.array((1.0 - there[1], there[0]))
    assert _meant([small, large], upright, None, quarters) is large
    assert _meant([small, large], upright, (float(there[0]), float(there[1])), quarters) is small
    for places, words in (({2: (0.5, 0.5)}, "no photograph 2"), ({1: (0.5, 1.2)}, "lies outside")):
        with pytest.raises(BadRequest, match=words):
            find_faces([Photograph("a", upright)], places=places)


def test_it_is_said_what_a_photograph_does_not_show() -> None:
    assert notes_on([sighting(0.8)]) == []
    assert "2 more faces" in notes_on([sighting(0.8, others=2)])[0]
    assert "pixels high" in notes_on([sighting(0.2)])[0]
    assert "black and white" in notes_on([sighting(0.8, grey=True)])[0]
    assert "one side" in notes_on([sighting(0.8, shift=0.45)])[0]
    assert sidedness(sighting(0.8).landmarks) < 0.05


HEIC = b"\0\0\0\x18ftypheic" + bytes((200, 100, 50)) * 40


class _Heic(ImageFile.ImageFile):
    """What pillow-heif's would be, of a picture that is a few plain bytes after its mark."""

    format = "HEIF"

    def _open(self) -> None:
        self._mode, self._size = "RGB", (8, 5)
        self.tile = [("raw", (0, 0, 8, 5), 12, ("RGB", 0, 1))]


def _damaged(_image: _Heic) -> None:
    raise SyntaxError("cut off")


@pytest.fixture
def heif(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for pillow-heif."""
    for known in ("OPEN", "ID"):
        monkeypatch.setattr(Image, known, getattr(Image, known).copy())

    def register() -> None:
        Image.register_open("HEIF", _Heic, lambda start: start[4:8] == b"ftyp")

    monkeypatch.setitem(sys.modules, "pillow_heif", SimpleNamespace(register_heif_opener=register))


def test_heic_is_read_where_its_library_is_installed(heif: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = read_photograph(HEIC, "IMG_0001.HEIC").pixels
    assert pixels.shape == (5, 8, 3)
    assert (pixels == (200, 100, 50)).all()
    monkeypatch.setattr(_Heic, "_open", _damaged)
    with pytest.raises(BadRequest, match="is damaged: save it again"):
        read_photograph(HEIC, "IMG_0001.HEIC")


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"heim", b"hevx", b"mif1", b"msf1"])
def test_heic_without_its_library_says_what_to_do(brand: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)  # as if it were not installed
    with pytest.raises(BadRequest, match="pillow-heif is not installed: install it, or save the picture as JPEG"):
        read_photograph(HEIC.replace(b"heic", brand), "IMG_0001.HEIC")
