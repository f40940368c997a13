"""Pictures of faces and of colours as Blender's icons, each loaded once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import bpy.utils.previews

_SIDE = 16  # pixels of a swatch
_MOST = 400
"""Icons that are kept; beyond them, all are loaded anew as they are drawn."""


class Pictures:
    """Icons by what they show. Without a window Blender makes none: their number is 0, and buttons show words.

    Attributes:
        cleared: how often all were freed; numbers of icons from before are of nothing.
    """

    def __init__(self) -> None:
        self.cleared = 0
        self._icons: Any = None

    def face(self, folder: Path | str) -> int:
        """Return the icon of a face folder's preview, or 0 where there is none."""
        return self.file(Path(folder) / "preview.png")

    def file(self, file: Path) -> int:
        """Return the icon of a picture, or 0 where there is none; one that was written anew is loaded again."""
        try:
            key = f"{file} {file.stat().st_mtime_ns}"
        except OSError:
            return 0
        if key not in self._loaded():
            self._icons.load(key, str(file), "IMAGE")
        return int(self._icons[key].icon_id)

    def colour(self, srgb: Sequence[float]) -> int:
        """Return the icon of a flat colour: three sRGB values, 0..1."""
        key = "colour " + " ".join(f"{value:.3f}" for value in srgb[:3])
        if key not in self._loaded():
            icon = self._icons.new(key)
            icon.icon_size = _SIDE, _SIDE
            icon.icon_pixels_float = [*srgb[:3], 1.0] * _SIDE**2
        return int(self._icons[key].icon_id)

    def trim(self) -> bool:
        """Free all icons if there are very many, but never during a draw; return whether to draw panels again."""
        full = self._icons is not None and len(self._icons) > _MOST
        if full:
            self.clear()
        return full

    def clear(self) -> None:
        """Free them all."""
        if self._icons is not None:
            bpy.utils.previews.remove(self._icons)
            self._icons = None
            self.cleared += 1

    def _loaded(self) -> Any:
        if self._icons is None:
            self._icons = bpy.utils.previews.new()
        return self._icons
