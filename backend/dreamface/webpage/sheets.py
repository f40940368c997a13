"""Contact sheets: the whole batch on paper, as a casting director pins it to the wall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from dreamface._files import delete, whole_file
from dreamface.errors import FolderError
from dreamface.progress import Progress
from dreamface.provenance import EXIF_SOFTWARE, PICTURE_EXIF, SOFTWARE
from dreamface.webpage.entries import Entry, entry_of, existing, names_for, picture_of

PER_SHEET: Final = 100
"""Faces on one sheet."""

_STEP: Final = "contact sheet"


@dataclass(frozen=True)
class Layout:
    """Sizes of a sheet in pixels, and its colours in sRGB.

    Attributes:
        picture: a side of a face's picture.
        gap: between pictures.
        margin: around everything.
        header: height of the line above, with the batch's name.
        caption: height below a picture, for name and seed.
        title, name, small: sizes of the type.
    """

    picture: int = 240
    gap: int = 16
    margin: int = 56
    header: int = 76
    caption: int = 50
    title: int = 32
    name: int = 17
    small: int = 14
    ground: str = "#1b1c1e"
    empty: str = "#26282b"
    ink: str = "#e8e6e1"
    quiet: str = "#8f9196"
    rule: str = "#3a3c40"

    def columns(self, count: int) -> int:
        """How many faces stand beside each other, so that a sheet is a little wider than high."""
        return min(10, max(1, math.ceil(math.sqrt(count * 1.25)))) if count < PER_SHEET else 10


_LAYOUT: Final = Layout()
_QUALITY: Final = 88  # of JPEG
_ELLIPSIS: Final = "…"
_WIDE_FONTS: Final = (
    "NotoSansCJK-Regular.ttc", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "msyh.ttc", "segoeui.ttf", "DejaVuSans.ttf",
)  # fmt: skip
"""Fonts of systems, for names with letters that Pillow's own does not have; the first that is there is taken."""


def write_contact_sheets(
    out: Path,
    faces: Sequence[Path],
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> list[Path]:
    """Write pictures of all faces into `out`, 100 on each sheet, and return the sheets.

    `contact-sheet.jpg`, `contact-sheet-2.jpg` and so on; sheets of an earlier, larger batch are removed. A face without
    a picture has an empty place, and one that can't be read says so.

    Args:
        out: an existing folder.
        faces: face folders, in the order in which they are shown. Without any there is no sheet.
        progress: told about every face.

    Raises:
        FolderError: the disk refused.
        Cancelled: the user asked to stop.
    """
    faces = existing(faces)
    names = names_for(faces)
    pages = [range(first, min(first + PER_SHEET, len(faces))) for first in range(0, len(faces), PER_SHEET)]
    written = []
    for number, page in enumerate(pages, 1):
        part = progress.part((number - 1) / len(pages), number / len(pages))
        count = f"{len(faces):,} {'face' if len(faces) == 1 else 'faces'}"
        told = count if len(pages) == 1 else f"{count}, sheet {number} of {len(pages)}"
        sheet = _sheet([(names[index], faces[index]) for index in page], out.resolve().name, told, part)
        path = out / _file_name(number)
        if path.exists() and not _is_ours(path):
            raise FolderError(f"{path} is a picture of your own: move it away, or choose another folder.")
        with whole_file(path) as file:
            sheet.save(file, "JPEG", quality=_QUALITY, subsampling=0, exif=_exif())
        written.append(path)
    for old in out.glob("contact-sheet*.jpg"):
        if old.name not in {path.name for path in written} and _is_sheet(old.stem) and _is_ours(old):
            delete(old)
    return written


def _file_name(number: int) -> str:
    return "contact-sheet.jpg" if number == 1 else f"contact-sheet-{number}.jpg"


def _is_sheet(stem: str) -> bool:
    number = stem.removeprefix("contact-sheet").removeprefix("-")
    return number == "" or number.isdigit()


def _is_ours(path: Path) -> bool:
    """Whether a picture is one of our sheets."""
    try:
        with Image.open(path) as picture:
            return picture.getexif().get(EXIF_SOFTWARE) == SOFTWARE
    except (OSError, ValueError, SyntaxError):
        return False


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif.update(PICTURE_EXIF)
    return exif


def _sheet(faces: Sequence[tuple[str, Path]], title: str, told: str, progress: Progress) -> Image.Image:
    look = _LAYOUT
    columns = look.columns(len(faces))
    rows = math.ceil(len(faces) / columns)
    width = 2 * look.margin + columns * look.picture + (columns - 1) * look.gap
    height = 2 * look.margin + look.header + rows * (look.picture + look.caption) + (rows - 1) * look.gap
    sheet = Image.new("RGB", (width, height + look.small + look.gap), look.ground)
    draw = ImageDraw.Draw(sheet)
    _frame(draw, title, told, sheet.size)
    for index, (name, face) in enumerate(faces):
        column, row = index % columns, index // columns
        left = look.margin + column * (look.picture + look.gap)
        top = look.margin + look.header + row * (look.picture + look.caption + look.gap)
        _place(sheet, draw, entry_of(name, face), left, top)
        progress.report(_STEP, (index + 1) / len(faces), f"Contact sheet: {name}")
    return sheet


def _frame(draw: ImageDraw.ImageDraw, title: str, told: str, size: tuple[int, int]) -> None:
    """The batch's name and how many faces it has above a rule, and below everything that the faces are synthetic."""
    look, (width, height) = _LAYOUT, size
    right = width - look.margin
    numbered = draw.textlength(told, _font(told, look.name))
    fitted = _fitted(draw, title, look.title, right - look.margin - numbered - look.gap)
    draw.text((look.margin, look.margin + look.title - 8), fitted, look.ink, _font(fitted, look.title), anchor="ls")
    draw.text((right, look.margin + look.title - 8), told, look.quiet, _font(told, look.name), anchor="rs")
    line = look.margin + look.header - look.gap - 8
    draw.line((look.margin, line, right, line), look.rule)
    notice = _fitted(
        draw, "These pictures were generated by DreamFace. They are synthetic.", look.small, right - look.margin
    )
    draw.text((look.margin, height - look.margin), notice, look.quiet, _font(notice, look.small), anchor="lb")


def _place(sheet: Image.Image, draw: ImageDraw.ImageDraw, entry: Entry, left: int, top: int) -> None:
    """One face: its picture, its name and its seed."""
    look = _LAYOUT
    picture = picture_of(entry.folder, look.picture) if entry.document is not None else None
    if picture is not None:
        sheet.paste(picture, (left, top))
    else:
        draw.rectangle((left, top, left + look.picture - 1, top + look.picture - 1), look.empty)
        missing = "No picture" if entry.document is not None else "Damaged"
        middle = (left + look.picture / 2, top + look.picture / 2)
        draw.text(middle, missing, look.quiet, _font(missing, look.name), anchor="mm")
    seed = "" if entry.document is None else f"seed {entry.document.record.seed}"
    for text, size, colour, down in ((entry.name, look.name, look.ink, 24), (seed, look.small, look.quiet, 44)):
        fitted = _fitted(draw, text, size, look.picture)
        draw.text((left, top + look.picture + down), fitted, colour, _font(fitted, size), anchor="ls")


def _fitted(draw: ImageDraw.ImageDraw, text: str, size: int, width: float) -> str:
    """A line of text, cut where it is too long."""
    font = _font(text, size)
    if draw.textlength(text, font) <= width:
        return text
    low, high = 0, len(text)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        fits = draw.textlength(text[:middle].rstrip(" -_") + _ELLIPSIS, font) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip(" -_") + _ELLIPSIS


def _font(text: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, or the system's where it lacks letters of the text."""
    return (
        _system_font(size)
        if any(ord(letter) > _LAST_OF_LATIN and letter != _ELLIPSIS for letter in text)
        else _own_font(size)
    )


_LAST_OF_LATIN: Final = 0x17F  # Latin Extended-A


@lru_cache
def _own_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache
def _system_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _WIDE_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return _own_font(size)
