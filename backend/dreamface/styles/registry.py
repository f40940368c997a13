"""Which styles there are: those that come along, and the artist's own, which may replace them by name."""

from __future__ import annotations

import difflib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import Any, Final

import platformdirs
from cachetools import LRUCache

from dreamface._files import cannot_write, flush_to_disk, whole_file
from dreamface._reading import UNREADABLE, parse_json, read_regular
from dreamface.errors import BadRequest, NameTaken, UnknownName
from dreamface.hair import Region
from dreamface.styles.style import Style, parse_style
from dreamface.text import WINDOWS_DEVICES, is_printable, one_line

VARIABLE: Final = "DREAMFACE_HAIR"
"""Environment variable that names another folder for the artist's own styles."""

PICTURES: Final = "pictures"
"""Folder, beside the styles, of pictures of them."""

_NO_HAIR: Final = ("none", "bald")  # values of traits
_LARGEST_FILE: Final = 16 * 2**20  # bytes of a style; thousands of curves take less
_OFFERED: Final = 3  # nearest names, where one is unknown
_LISTS_KEPT: Final = 8  # of styles in memory: people who share a service have each their own


@dataclass(frozen=True)
class Styles:
    """All styles, and what is wrong with files that can't be read.

    Attributes:
        by_name: of all regions, in the order of their files.
        problems: file -> a sentence.
        files: where each style was read, by name.
        own: names of the artist's own.
    """

    by_name: Mapping[str, Style]
    problems: Mapping[Path, str]
    files: Mapping[str, Path] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    def of(self, region: Region) -> dict[str, Style]:
        """Return the styles of a region by name."""
        return {name: style for name, style in self.by_name.items() if style.region == region}

    def to_json(self) -> dict[str, Any]:
        """Return what a list of styles shows, as plain data: `styles` in order, and `problems` as sentences."""
        return {"styles": [self.about(name) for name in self.by_name], "problems": list(self.problems.values())}

    def about(self, name: str) -> dict[str, Any]:
        """Return what a list shows of one style; its picture is a PNG of its name beside its file."""
        style, file = self.by_name[name], self.files[name]
        pictures = (file.with_suffix(".png"), file.parent / PICTURES / f"{name}.png")
        picture = next((picture for picture in pictures if picture.is_file()), None)
        shown = ("name", "label", "region", "summary", "length", "curl", "volume", "fringe")
        return {
            **{field: getattr(style, field) for field in shown},
            "value": trait_value(name, style.region),
            "parting": None if style.parting is None else style.parting.side,
            "own": name in self.own,
            "picture": None if picture is None else str(picture),
        }


def presets_folder() -> Path:
    """The folder of the styles that come along."""
    beside = Path(__file__).resolve().parents[3] / "presets" / "hair"  # of a checkout
    within = Path(__file__).resolve().parents[1] / "presets" / "hair"  # of an installed package
    return within if within.is_dir() else beside


_used: Final[ContextVar[Path | None]] = ContextVar("own_styles", default=None)


def own_folder() -> Path:
    """The folder of the artist's own styles; it need not exist."""
    used, chosen = _used.get(), os.environ.get(VARIABLE)
    if used is not None:
        return used
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("dreamface", False)) / "hair"


def use_folder(folder: Path | None) -> None:
    """Read and keep the artist's own styles in another folder, in this thread; None: in the usual one.

    Threads that are started afterwards do not know of it: give it to each as its initializer.
    """
    _used.set(folder)


@contextmanager
def own_styles_in(folder: Path | None) -> Iterator[None]:
    """Read and keep the artist's own styles in another folder during the block; see `use_folder`."""
    before = _used.set(folder)
    try:
        yield
    finally:
        _used.reset(before)


_lock = threading.Lock()
_read: LRUCache[tuple[tuple[str, int, int, int], ...], Styles] = LRUCache(_LISTS_KEPT)


def styles() -> Styles:
    """Return all styles; files are read again when one has changed."""
    found = [entry for folder in (presets_folder(), own_folder()) for entry in _files(folder)]
    state = tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in found)
    with _lock:
        if state not in _read:
            _read[state] = _read_all([Path(name) for name, _ in found])
        return _read[state]


def state_of(value: str, region: Region) -> str:
    """Return what changes when the file of a style does; empty where there is none.

    Args:
        value: what the trait of the region calls it.
        region: what it is for.
    """
    file = styles().files.get(style_name(value, region))
    stat = _stat(file) if file is not None else None
    return "" if stat is None else f"{file} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}"


def trait_value(name: str, region: Region) -> str:
    """Return what the trait of a region calls a style: `hair.style` has its name, others have it without the region's.

    >>> trait_value("beard_full", "beard")
    'full'
    """
    return name if region == "scalp" else name.removeprefix(f"{region}_")


def style_name(value: str, region: Region) -> str:
    """Return the name of the style that the trait of a region calls so: the inverse of `trait_value`."""
    return value if region == "scalp" else f"{region}_{trait_value(value, region)}"


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
    wanted = trait_value(name, region)
    near = difflib.get_close_matches(wanted, [trait_value(known, region) for known in known.of(region)], _OFFERED, 0.0)
    if not near:
        raise BadRequest(f"There is no {region} style called {wanted!r}, nor any other: install DreamFace again.")
    raise BadRequest(f"There is no {region} style called {wanted!r}; the nearest are {', '.join(near)}.")


def save_style(style: Style, replace: bool = False) -> Path:
    """Write a style into the artist's own folder, whole or not at all, and return its file.

    Args:
        style: a style that comes along is hidden by an own one of the same name.
        replace: whether it may take the place, or the name, of another one.

    Raises:
        NameTaken: there is a style of that name, and it is not to be replaced.
        BadRequest: no file can have that name, or its texts are not one line each.
        FolderError: the disk refused.
    """
    file = own_folder() / f"{style.name}.json"
    _check_texts(style)
    if style.name in WINDOWS_DEVICES:
        raise BadRequest(f"No file can be called {style.name}: choose another name for this hair style.")
    _check_name(style)
    if not replace and (style.name in styles().by_name or os.path.lexists(file)):
        raise NameTaken(f"There is a hair style called {style.name} already: choose another name, or replace it.")
    data = style.model_dump(mode="json", exclude_defaults=True) | {"name": style.name, "region": style.region}
    text = json.dumps(data, ensure_ascii=False) + "\n"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(file, error) from error
    with whole_file(file) as part:
        part.write_text(text, "utf-8")
        flush_to_disk(part)
    return file


def _check_name(style: Style) -> None:
    """Refuse names under which a style could not be worn, or would hide one of another region.

    Raises:
        BadRequest: it has such a name.
    """
    value, taken = trait_value(style.name, style.region), styles().by_name.get(style.name)
    if value in _NO_HAIR:
        raise BadRequest(f"{value!r} means that there is no hair: choose another name for this style.")
    if style.name != style_name(value, style.region) or (taken is not None and taken.region != style.region):
        raise BadRequest(f"{style.name!r} can't be the name of a {style.region} style: choose another one.")


def remove_style(name: str) -> None:
    """Delete one of the artist's own styles, also one that can't be read.

    Raises:
        UnknownName: there is none of that name.
        BadRequest: it comes along, and is not theirs.
        FolderError: the disk refused.
    """
    known = styles()
    owned = {file.stem: file for file in known.problems if file.parent == own_folder()}
    owned |= {own: known.files[own] for own in known.own}
    if name not in owned:
        if name in known.by_name:
            raise BadRequest(f"The hair style {name} comes along with DreamFace: only your own ones can be removed.")
        raise UnknownName(f"There is no hair style of your own called {one_line(name)!r}.")
    try:
        owned[name].unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(owned[name], error) from error


def _files(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Return the files of styles in a folder by name, and what changes when one does: this is asked for every face."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.path: _stat(entry) for entry in entries if entry.name.endswith(".json")}
    except OSError:
        return []
    return [(path, stat) for path, stat in sorted(found.items()) if stat is not None and S_ISREG(stat.st_mode)]


def _stat(file: Path | os.DirEntry[str]) -> os.stat_result | None:
    try:
        return file.stat()
    except OSError:
        return None


def _check_texts(style: Style) -> None:
    """Refuse texts that would steer a terminal or break a list."""
    for name, text in (("label", style.label), ("summary", style.summary)):
        if not is_printable(text):
            raise BadRequest(f"This hair style's {name} must be one line of text.")


def _read_all(files: list[Path]) -> Styles:
    by_name: dict[str, Style] = {}
    places: dict[str, Path] = {}
    problems: dict[Path, str] = {}
    for file in files:
        try:
            style = parse_style(parse_json(read_regular(file, _LARGEST_FILE)))
            if style.name != file.stem:
                raise BadRequest(f"It is called {style.name!r} inside: give it the file's name.")
            _check_texts(style)
            if style.name in by_name and by_name[style.name].region != style.region:
                raise BadRequest(f"It is for another region than the {style.name} that comes along: rename the file.")
            by_name[style.name], places[style.name] = style, file
        except UNREADABLE as error:
            problems[file] = f"The hair style {file.name} is damaged: {error}"
        except BadRequest as error:
            problems[file] = f"{file.name}: {error}"
    own = frozenset(name for name, file in places.items() if file.parent == own_folder())
    return Styles(by_name, problems, places, own)
