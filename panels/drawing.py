"""What several panels draw with: text that wraps, rows of buttons that wrap, progress."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import blf
import bpy

CATEGORY = "DreamFace"
"""The sidebar's tab."""

# Pixels at a UI scale of 1.
_EDGES = 55  # of the panel, with the tabs beside it
_ICON = 26
IN_BOX = 14
BESIDE_BUTTON = 26
"""What a text has less room for than one that stands free: pixels at a UI scale of 1."""

PROMPT_BUTTONS = 70
"""Pixels that the buttons beside the prompt and the field's own edges take."""

_BUTTON_PADDING = 34  # pixels: a button's own edges and its icon
_FONT = 0

_PARTS = (re.compile(r"[/\\]*[^/\\]+[/\\]*|.+"), re.compile(r"[-_.]*[^-_.]+[-_.]*|.+"))
"""Pieces of a word that may stand in different lines: folders of a path; where that is not enough, parts of a name."""

Item = TypeVar("Item")
Group = tuple[bpy.types.UILayout, bpy.types.UILayout | None]


def text(layout: bpy.types.UILayout, words: str, icon: str = "NONE", inset: int = 0, share: float = 1.0) -> None:
    """A text over as many lines as it takes in this sidebar, or in a share of it; the icon stands before the first."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    room = share * _room(inset + (_ICON if icon != "NONE" else 0))
    for number, line in enumerate(_lines(words, room)):
        beside = "BLANK1" if icon != "NONE" else "NONE"
        column.label(text=line, icon=icon if number == 0 else beside)


def line(layout: bpy.types.UILayout, words: str) -> None:
    """A text in one line, which Blender cuts off where it does not fit."""
    row = layout.row()
    row.scale_y = 0.8
    row.label(text=words)


def fits(words: str, beside: int = 0) -> bool:
    """Whether a text can be read whole in one line of this sidebar, with `beside` pixels of other things in it."""
    return _width(words) <= _room(beside)


def chips(
    layout: bpy.types.UILayout,
    items: Sequence[Item],
    label: Callable[[Item], str],
    draw: Callable[[bpy.types.UILayout, Item], None],
    width: float | None = None,
) -> None:
    """Buttons side by side, in as many rows as it takes; `width` is that of a window other than the sidebar, pixels."""
    column = layout.column(align=True)
    for line in _rows(items, lambda item: _width(label(item)) + _BUTTON_PADDING * _scale(), width or _room()):
        row = column.row(align=True)
        row.alignment = "LEFT"
        for item in line:
            draw(row, item)


def group(layout: bpy.types.UILayout, name: str, label: str, closed: bool = True) -> Group:
    """A heading that opens and closes; its body is None while it is closed."""
    header, body = layout.panel(f"DREAMFACE_{name}", default_closed=closed)
    header.label(text=label)
    return header, body


def progress(layout: bpy.types.UILayout, fraction: float, words: str) -> None:
    """A bar with words on it."""
    layout.progress(factor=min(max(fraction, 0.0), 1.0), text=words, type="BAR")


def remaining(seconds: float | None) -> str:
    """Such as " · 3 s left"; nothing where it is not known."""
    if seconds is None:
        return ""
    return f" · {seconds:.0f} s left" if seconds < 90.0 else f" · {seconds / 60.0:.0f} min left"


def _lines(words: str, room: float) -> Iterator[str]:
    space = _width(" ")
    for paragraph in words.splitlines():
        pieces = [piece for word in paragraph.split() for piece in _pieces(word, room)]
        for line in _rows(pieces, lambda piece: _width(piece.strip()) + space * piece.endswith(" "), room + space):
            yield "".join(line).strip()


def _pieces(word: str, room: float) -> list[str]:
    """A word and the space after it; one that is too long for a line, as paths are, in pieces."""
    pieces = [word + " "]
    for parts in _PARTS:
        pieces = [part for piece in pieces for part in ([piece] if _width(piece) <= room else parts.findall(piece))]
    return pieces


def _rows(items: Iterable[Item], width: Callable[[Item], float], room: float) -> Iterator[list[Item]]:
    """Items in rows that are no wider than `room`, but hold at least one each."""
    row: list[Item] = []
    used = 0.0
    for item in items:
        if row and used + width(item) > room:
            yield row
            row, used = [], 0.0
        row.append(item)
        used += width(item)
    if row:
        yield row


def _room(inset: int = 0) -> float:
    region = bpy.context.region
    return max(region.width if region else 300, 120) - (_EDGES + inset) * _scale()


def _width(words: str) -> float:
    blf.size(_FONT, bpy.context.preferences.ui_styles[0].widget.points * _scale())
    return blf.dimensions(_FONT, words)[0]


def _scale() -> float:
    return bpy.context.preferences.system.ui_scale
