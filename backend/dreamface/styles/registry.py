"""Which styles there are: those that come along, and the artist's own, which may replace them by name."""

from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from dreamface._reading import UNREADABLE, parse_json, read_regular
from dreamface.errors import BadRequest
from dreamface.hair import Region
from dreamface.styles.style import Style, parse_style

VARIABLE: Final = "DREAMFACE_HAIR"
"""Environment variable that names another folder for the artist's own styles."""

_LARGEST_FILE: Final = 16 * 2**20  # bytes of a style; thousands of curves take less
_OFFERED: Final = 3  # nearest names, where one is unknown


@dataclass(frozen=True)
class Styles:
    """All styles, and what is wrong with files that can't be read.

    Attributes:
        by_name: of all regions, in the order of their files.
        problems: file -> a sentence.
    """

    by_name: Mapping[str, Style]
    problems: Mapping[Path, str]

    def of(self, region: Region) -> dict[str, Style]:
        """Return the styles of a region by name."""
        return {name: style for name, style in self.by_name.items() if style.region == region}


def presets_folder() -> Path:
    """The folder of the styles that come along."""
    beside = Path(__file__).resolve().parents[3] / "presets" / "hair"  # of a checkout
    within = Path(__file__).resolve().parents[1] / "presets" / "hair"  # of an installed package
    return within if within.is_dir() else beside


def own_folder() -> Path:
    """The folder of the artist's own styles; it need not exist."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("dreamface", False)) / "hair"


_lock = threading.Lock()
_read: dict[tuple[tuple[str, int, int], ...], Styles] = {}


def styles() -> Styles:
    """Return all styles; files are read again when one has changed."""
    files = [file for folder in (presets_folder(), own_folder()) for file in _files(folder)]
    state = tuple((str(file), stat.st_mtime_ns, stat.st_size) for file in files if (stat := _stat(file)))
    with _lock:
        if state not in _read:
            _read.clear()
            _read[state] = _read_all(files)
        return _read[state]


def find_style(name: str, region: Region) -> Style:
    """Return a style by name.

    Raises:
        BadRequest: there is none, or its file can't be read; the nearest names are offered.
    """
    known = styles()
    found = known.of(region).get(name)
    if found is not None:
        return found
    for file, problem in known.problems.items():
        if file.stem == name:
            raise BadRequest(problem)
    near = difflib.get_close_matches(name, known.of(region), _OFFERED, 0.0)
    raise BadRequest(f"There is no {region} style called {name!r}; the nearest are {', '.join(near)}.")


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.glob("*.json") if file.is_file())
    except OSError:
        return []


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def _read_all(files: list[Path]) -> Styles:
    by_name: dict[str, Style] = {}
    problems: dict[Path, str] = {}
    for file in files:
        try:
            style = parse_style(parse_json(read_regular(file, _LARGEST_FILE)))
            if style.name != file.stem:
                raise BadRequest(f"It is called {style.name!r} inside: give it the file's name.")
            by_name[style.name] = style
        except UNREADABLE as error:
            problems[file] = f"The hair style {file.name} is damaged: {error}"
        except BadRequest as error:
            problems[file] = f"{file.name}: {error}"
    return Styles(by_name, problems)
