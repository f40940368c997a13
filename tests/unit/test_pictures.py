"""Pictures from files: whatever an artist has becomes a PNG with straight alpha."""

from __future__ import annotations

import base64
import gzip
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from dreamface.edits.pictures import LARGEST_PICTURE, read_picture, read_picture_file
from dreamface.edits.vector import render_svg
from dreamface.errors import BadRequest

RED_DISC = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 40 20">'
    '<circle cx="10" cy="10" r="10" fill="#ff0000"/>{}</svg>'
)


def file_of(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels_of(picture):
    image = Image.open(io.BytesIO(picture.png))
    assert image.mode == "RGBA"
    return np.array(image)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (file_of(Image.new("RGB", (3, 2), (200, 10, 20))), (200, 10, 20, 255)),
        (file_of(Image.new("RGBA", (3, 2), (200, 10, 20, 128))), (200, 10, 20, 128)),
        (file_of(Image.new("L", (1, 1), 90)), (90, 90, 90, 255)),
        (file_of(Image.new("LA", (2, 2), (90, 40))), (90, 90, 90, 40)),
        (file_of(Image.new("1", (2, 2), 1)), (255, 255, 255, 255)),
        (file_of(Image.new("RGB", (8, 8), (200, 10, 20)).quantize(4)), (200, 10, 20, 255)),
        (file_of(Image.fromarray(np.full((4, 4), 32896, np.uint16))), (128, 128, 128, 255)),
        (file_of(Image.new("F", (4, 4), 0.5), "TIFF"), (128, 128, 128, 255)),
        (file_of(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "TIFF"), (255, 0, 0, 255)),
        (file_of(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100), (255, 0, 0, 255)),
        (file_of(Image.new("RGB", (8, 8), (0, 0, 255)), "WEBP", lossless=True), (0, 0, 255, 255)),
    ],
    ids=[
        "rgb",
        "rgba",
        "one pixel",
        "grey alpha",
        "bits",
        "palette",
        "16 bits",
        "float",
        "cmyk tiff",
        "cmyk jpeg",
        "webp",
    ],
)
def test_every_kind_of_picture_becomes_colours_with_alpha(data, expected):
    pixels = pixels_of(read_picture(data))
    assert np.abs(pixels.astype(int) - expected).max() <= 2


def test_sixteen_bits_of_colour_and_alpha_are_read():
    rows = b"".join(b"\0" + struct.pack(">4H", 65535, 0, 32896, 32896) * 2 for _ in range(2))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 2, 2, 16, 6, 0, 0, 0))
    png += chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert pixels_of(read_picture(png))[0, 0].tolist() == [255, 0, 128, 128]


def test_a_photograph_taken_sideways_is_upright():
    image = Image.new("RGB", (40, 20), "black")
    image.paste("white", (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it right by a quarter
    picture = read_picture(file_of(image, "JPEG", exif=exif))
    assert picture.size == (20, 40)
    assert pixels_of(picture)[5, 10, 0] > 200
    assert pixels_of(picture)[35, 10, 0] < 50


def test_a_large_picture_is_made_smaller_and_transparent_colours_do_not_bleed():
    image = Image.new("RGBA", (6000, 300), (255, 255, 255, 0))
    image.paste((0, 0, 0, 255), (0, 0, 3000, 300))
    picture = read_picture(file_of(image))
    assert picture.size == (LARGEST_PICTURE, 102)
    pixels = pixels_of(picture)
    seen = pixels[..., 3] > 10
    assert pixels[seen][:, :3].max() < 60


def test_of_a_moving_picture_the_first_one_is_taken():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    data = file_of(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert pixels_of(read_picture(data))[0, 0].tolist() == [255, 0, 0, 255]


def test_the_same_file_gives_the_same_bytes():
    data = file_of(Image.effect_noise((60, 40), 80.0).convert("RGB"))
    assert read_picture(data).png == read_picture(data).png


def png_that_says_it_is(width, height):
    data = bytearray(file_of(Image.new("L", (4, 4))))
    data[16:24] = struct.pack(">2I", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no picture"),
        (b"hello", "no picture"),
        (file_of(Image.effect_noise((60, 40), 80.0))[:500], "no picture"),
        (file_of(Image.new("RGBA", (30, 30), (255, 0, 0, 0))), "transparent"),
        (png_that_says_it_is(20_000, 20_000), "too large"),
        (png_that_says_it_is(30_000, 10), "too large"),
        (png_that_says_it_is(2**31 - 1, 2**31 - 1), "too large"),
    ],
    ids=["empty", "words", "cut short", "transparent", "20,000", "a strip", "a bomb"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(data, says):
    with pytest.raises(BadRequest, match=says) as refused:
        read_picture(data)
    assert str(refused.value).endswith(".")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="nowhere"):
        read_picture_file(tmp_path / "nowhere.png")


# ------------------------------------------------------------------------------------------------------- scanned flash


def scan():
    image = Image.new("RGB", (64, 64), (250, 248, 243))
    image.paste((12, 10, 11), (10, 10, 30, 54))
    image.paste((215, 30, 40), (34, 10, 54, 54))
    return file_of(image)


def test_a_scan_on_paper_is_noticed_and_can_be_cut_out():
    whole = read_picture(scan())
    assert whole.on_paper
    assert (pixels_of(whole)[..., 3] == 255).all()
    pixels = pixels_of(read_picture(scan(), cut_out=True))
    assert pixels[2, 2, 3] == 0
    black = pixels[30, 20]
    assert black[3] == 255 and black[:3].max() < 20
    red = pixels[30, 44]
    assert red[3] > 230 and red[0] > 200 and red[1] < 40


def test_nothing_is_cut_out_of_a_picture_that_is_transparent_already():
    image = Image.new("RGBA", (8, 8), (255, 255, 255, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    picture = read_picture(file_of(image), cut_out=True)
    assert not picture.on_paper
    assert pixels_of(picture)[4, 4].tolist() == [255, 255, 255, 255]


def test_empty_paper_is_refused():
    with pytest.raises(BadRequest, match="paper"):
        read_picture(file_of(Image.new("RGB", (9, 9), "white")), cut_out=True)


# ------------------------------------------------------------------------------------------------------------- vectors


@pytest.fixture
def resvg():
    pytest.importorskip("resvg_py", reason="SVG needs resvg_py")


def test_a_vector_picture_is_drawn_sharp_and_large(resvg):
    picture = read_picture(RED_DISC.format("").encode())
    assert picture.size == (2048, 1024)
    pixels = pixels_of(picture)
    assert pixels[512, 512].tolist() == [255, 0, 0, 255]
    assert pixels[512, 1500, 3] == 0
    rim = (pixels[512, :, 3] > 0) & (pixels[512, :, 3] < 255)
    assert rim.sum() <= 4
    assert read_picture(gzip.compress(RED_DISC.format("").encode())).png == picture.png


def test_neither_files_nor_the_net_are_looked_at(resvg, tmp_path, monkeypatch):
    secret = tmp_path / "secret.png"
    secret.write_bytes(file_of(Image.new("RGB", (8, 8), (0, 255, 0))))
    plain = render_svg(RED_DISC.format("").encode(), 64)
    monkeypatch.chdir(tmp_path)
    for link in (secret.as_posix(), secret.as_uri(), "secret.png", "http://127.0.0.1:9/x.png", "//127.0.0.1:9/x.png"):
        for element in (
            f'<image href="{link}" x="20" width="20" height="20"/>',
            f'<image xlink:href=" {link}" x="20" width="20" height="20"/>',
            f'<use href="{link}#x" x="20"/>',
            f'<filter id="f"><feImage href="{link}"/></filter>',
            f"<style>@import url({link}); rect {{ fill: url({link}#x) }}</style>",
        ):
            assert render_svg(RED_DISC.format(element).encode(), 64) == plain, element


def test_scripts_are_not_run_and_pictures_in_the_file_are_shown(resvg):
    plain = render_svg(RED_DISC.format("").encode(), 64)
    for element in ("<script>document.documentElement.remove()</script>", '<g onload="alert(1)"/>'):
        assert render_svg(RED_DISC.format(element).encode(), 64) == plain
    data = base64.b64encode(file_of(Image.new("RGB", (8, 8), (0, 255, 0)))).decode()
    element = f'<image href="data:image/png;base64,{data}" x="20" width="20" height="20"/>'
    shown = Image.open(io.BytesIO(render_svg(RED_DISC.format(element).encode(), 64)))
    assert shown.getpixel((48, 16)) == (0, 255, 0, 255)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + RED_DISC.format("<text>&x;</text>"), "entities"),
        ('<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + RED_DISC.format("<text>&a;</text>"), "entities"),
        ("<svg", "damaged"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "width and a height"),
        ('<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>', "width and a height"),
        ('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1e6"/>', "50 times"),
        ('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>', "transparent"),
        (
            RED_DISC.format(
                '<g id="a0"><rect width="1" height="1"/></g>'
                + "".join(f'<g id="a{n}">' + f'<use href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))
            ),
            "200,000",
        ),
    ],
    ids=["file", "entity", "cut short", "no size", "flat", "a strip", "empty", "a bomb of uses"],
)
def test_a_vector_picture_that_is_no_good_is_refused_in_a_sentence(resvg, text, says):
    with pytest.raises(BadRequest, match=says):
        read_picture(text.encode())


def test_without_the_library_the_message_says_what_to_do(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(BadRequest, match="set DreamFace up again"):
        read_picture(RED_DISC.format("").encode())
