"""Text that people type, made fit for files and tables."""

from __future__ import annotations

import unicodedata

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u0060": "'", "\u00b4": "'"})
_UNWRITABLE = frozenset({"Cc", "Cs"})  # Unicode categories: control characters; surrogates, as undecodable bytes become
_INVISIBLE = frozenset({"Cf", "Co", "Cn"})  # format, private use, unassigned


def clean(prompt: str) -> str:
    """The prompt as any file can hold it: without control characters and bytes that were no text; line breaks stay."""
    kept = prompt.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(char for char in kept if char == "\n" or unicodedata.category(char) not in _UNWRITABLE)


def normalise(text: str) -> str:
    """Cleaned text in one form for the tables: composed characters, straight apostrophes, nothing invisible."""
    visible = "".join(char for char in text if unicodedata.category(char) not in _INVISIBLE)
    return unicodedata.normalize("NFC", visible).translate(_APOSTROPHES)
