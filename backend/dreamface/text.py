"""Text that people type, made fit for files and tables."""

from __future__ import annotations

import re
import unicodedata

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u0060": "'", "\u00b4": "'"})
_UNWRITABLE = frozenset({"Cc", "Cs"})  # Unicode categories: control characters; surrogates, as undecodable bytes become
_INVISIBLE = frozenset({"Cf", "Co", "Cn"})  # format, private use, unassigned
_BREAKS = frozenset({"Zl", "Zp"})  # line and paragraph separators
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

WINDOWS_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))))
"""Names no file can have on Windows."""

SLUG_LENGTH = 40
"""Characters of a prompt that a folder is named after."""

REPLACEMENT = "\ufffd"
"""What is shown in the place of a character that can't be."""


def clean(prompt: str) -> str:
    """The prompt as any file can hold it: without control characters and bytes that were no text; line breaks stay."""
    kept = prompt.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(char for char in kept if char == "\n" or unicodedata.category(char) not in _UNWRITABLE)


def normalise(text: str) -> str:
    """Cleaned text in one form for the tables: composed characters, straight apostrophes, nothing invisible."""
    visible = "".join(char for char in text if unicodedata.category(char) not in _INVISIBLE)
    return unicodedata.normalize("NFC", visible).translate(_APOSTROPHES)


def printable(text: str) -> str:
    """The text as a terminal or a line of a file can show it: a replacement character for what would steer either.

    Line breaks stay, tabs become spaces. Replaced are control characters, such as a terminal's escape sequences begin
    with; characters that turn the direction of writing; and bytes that were no text.
    """
    return "".join(char if char == "\n" or _is_shown(char) else " " if char == "\t" else REPLACEMENT for char in text)


def is_printable(text: str) -> bool:
    """Whether `printable` leaves one line of text as it is."""
    return all(map(_is_shown, text))


def one_line(text: str) -> str:
    """`printable`, with spaces for line breaks and other runs of white space."""
    return " ".join(printable(text).split())


def slug(prompt: str) -> str:
    """A prompt as a name that is good for files on every system: "An old man!" -> "an-old-man"."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", prompt).lower().replace("_", " "))
    name = ""
    for word in words:
        if name and len(name) + 1 + len(word) > SLUG_LENGTH:
            break
        name = f"{name}-{word}" if name else word[:SLUG_LENGTH]
    return f"face-{name}" if name in WINDOWS_DEVICES else name or "face"


def is_text(words: str) -> bool:
    """False where bytes that are not UTF-8 became lone surrogates, which few libraries and no file format take."""
    return not any("\ud800" <= character <= "\udfff" for character in words)


def _is_shown(char: str) -> bool:
    return char.isprintable() or (unicodedata.category(char) not in _UNWRITABLE | _BREAKS and char not in _DIRECTIONS)
