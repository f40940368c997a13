"""A mask picture from any program: what an artist drew in grey, in colour or in transparency."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from dreamface.edits import import_mask
from dreamface.errors import BadRequest
from dreamface.images import decode_mask


def file(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def half(mode: str, dark, light) -> Image.Image:
    """A picture whose left half is dark and whose right half is light."""
    image = Image.new(mode, (64, 64), dark)
    image.paste(light, (32, 0, 64, 64))
    return image


def read(data: bytes) -> Tensor:
    png, digest = import_mask(data)
    assert hashlib.sha256(png).hexdigest() == digest
    return decode_mask(png)


PICTURES = {
    "grey": file(half("L", 0, 255)),
    "black and white": file(half("1", 0, 1)),
    "16 bits": file(Image.fromarray(np.repeat([[0] * 32 + [65535] * 32], 64, axis=0).astype(np.uint16))),
    "16-bit TIFF": file(Image.fromarray(np.repeat([[0] * 32 + [65535] * 32], 64, axis=0).astype(np.uint16)), "TIFF"),
    "float TIFF": file(Image.fromarray(np.repeat([[0.0] * 32 + [1.0] * 32], 64, axis=0).astype(np.float32)), "TIFF"),
    "32-bit integers": file(Image.fromarray(np.repeat([[0] * 32 + [65535] * 32], 64, axis=0).astype(np.int32)), "TIFF"),
    "colour": file(half("RGB", (0, 0, 0), (255, 255, 255))),
    "palette": file(half("RGB", (0, 0, 0), (255, 255, 255)).quantize(4)),
    "GIF": file(half("L", 0, 255), "GIF"),
    "CMYK": file(half("CMYK", (0, 0, 0, 255), (0, 0, 0, 0)), "JPEG", quality=100),
    "JPEG": file(half("L", 0, 255), "JPEG", quality=100),
    "WebP": file(half("RGB", (0, 0, 0), (255, 255, 255)), "WEBP", lossless=True),
    "BMP": file(half("RGB", (0, 0, 0), (255, 255, 255)), "BMP"),
    "red on nothing": file(half("RGBA", (255, 0, 0, 0), (255, 0, 0, 255))),
    "black on nothing": file(half("RGBA", (0, 0, 0, 0), (0, 0, 0, 255))),
    "grey and alpha": file(half("LA", (255, 0), (255, 255))),
    "opaque colour with alpha": file(half("RGBA", (0, 0, 0, 255), (255, 255, 255, 255))),
    "palette with a transparent colour": file(half("P", 0, 1), transparency=0),
}


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_light_or_there_is_marked(name: str) -> None:
    mask = read(PICTURES[name])
    assert float(mask[:, : mask.shape[1] // 2 - 4].max()) < 0.03
    assert float(mask[:, mask.shape[1] // 2 + 4 :].min()) > 0.97


def test_colours_count_by_their_luminance() -> None:
    green, blue = (float(read(file(Image.new("RGB", (8, 8), colour))).mean()) for colour in ("#00ff00", "#0000ff"))
    assert green > 0.5 > blue > 0.0


def test_both_colour_and_alpha_count_where_both_vary() -> None:
    image = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    image.paste((255, 255, 255, 255), (16, 0, 64, 64))
    image.paste((0, 0, 0, 255), (40, 0, 64, 64))
    row = read(file(image))[0]
    scale = len(row) / 64
    assert [round(float(row[int(x * scale)])) for x in (4, 24, 56)] == [0, 1, 0]


def test_a_large_picture_is_made_smaller_and_a_small_one_is_not_blown_up() -> None:
    assert read(file(Image.new("L", (3000, 3000), 200))).shape == (1024, 1024)
    assert read(file(Image.new("L", (512, 512), 200))).shape == (512, 512)


def test_one_pixel_marks_everything() -> None:
    assert float(read(file(Image.new("L", (1, 1), 255))).min()) == 1.0


def test_a_picture_that_is_not_square_is_stretched_over_the_tile() -> None:
    mask = read(file(half("L", 0, 255).resize((64, 16))))
    assert mask.shape[0] == mask.shape[1]
    assert float(mask[0, -1]) == 1.0 and float(mask[-1, 0]) == 0.0


def test_a_picture_that_lies_on_its_side_in_a_camera_is_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    assert float(read(file(half("L", 0, 255), "JPEG", quality=100, exif=exif))[:, :20].min()) > 0.97


def huge() -> bytes:
    """A PNG that says it has 20,000 x 20,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


REFUSED = {
    "all black": (file(Image.new("L", (64, 64), 0)), "Nothing is marked"),
    "all transparent": (file(Image.new("RGBA", (64, 64), (255, 0, 0, 0))), "Nothing is marked"),
    "20,000 pixels": (huge(), "at most 8,192 pixels a side"),
    "cut short": (PICTURES["colour"][:-40], "damaged"),
    "no picture": (b"Dear artist", "no picture"),
    "empty": (b"", "empty"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_a_mask_is_refused_in_one_sentence(name: str) -> None:
    data, words = REFUSED[name]
    with pytest.raises(BadRequest, match=words) as refusal:
        import_mask(data)
    assert str(refusal.value).count(". ") == 0 and str(refusal.value).endswith(".")


def test_the_same_file_gives_the_same_bytes() -> None:
    assert import_mask(PICTURES["JPEG"]) == import_mask(PICTURES["JPEG"])
