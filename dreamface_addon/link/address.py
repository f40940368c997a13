"""Where a backend on another machine is: the one line that it gives to those who may use it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = re.compile("[0-9a-f]{64}")
_BETWEEN = str.maketrans("", "", ": -")  # as other programs write fingerprints: AB:CD:...


@dataclass(frozen=True)
class Address:
    """What a line says.

    Attributes:
        url: https://, host and port.
        token: that the backend wants to see.
        fingerprint: SHA-256 of the certificate that it must show, 64 small hexadecimal digits.
    """

    url: str
    token: str
    fingerprint: str


def is_line(text: str) -> bool:
    """Return whether a text is meant as a whole line, and not only as a URL."""
    return "#" in text


def normalised(fingerprint: str) -> str:
    """Return a fingerprint as it is compared, whichever way it was written: AB:CD:... as abcd..."""
    return fingerprint.translate(_BETWEEN).lower()


def is_fingerprint(text: str) -> bool:
    """Return whether a text can be the SHA-256 of a certificate, normalised."""
    return bool(_DIGITS.fullmatch(text))


def parse(text: str) -> Address | None:
    """Return what a line `host:port#token#fingerprint` says; None where it is not complete."""
    parts = [part.strip() for part in text.strip().split("#")]
    if len(parts) != 3 or not all(parts):
        return None
    where, token, shown = parts
    fingerprint = normalised(shown)
    host, colon, port = where.removeprefix("https://").rstrip("/").rpartition(":")
    if not is_fingerprint(fingerprint) or not (colon and host and port.isascii() and port.isdigit()) or "/" in host:
        return None
    return Address(f"https://{host}:{port}", token, fingerprint)
