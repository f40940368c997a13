"""Units of length. Everything is in metres; tables are written in millimetres: `2.5 * MM`."""

from typing import Final

MM: Final = 1e-3
"""Metres."""
