"""What texture models learn from: synthetic people, and folders of users' own scans.

A folder of scans holds textures in the UV layout of the head, and `scans.csv` with the columns

file      of the albedo map: PNG or JPEG, sRGB
caption   what the person looks like; several are separated by |
domain    desired, or undesired: one that only teaches variety, such as with light baked in
specular, normal, mask   files too; may be left out
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.nn.functional import interpolate

from dreamface.errors import FolderError
from dreamface.guidance import DESIRED, UNDESIRED
from dreamface.training.synthesising import INDEX, read_index

SCANS: Final = "scans.csv"
DOMAINS: Final = {"desired": DESIRED, "undesired": UNDESIRED}


@dataclass(frozen=True)
class TextureExample:
    """One person's textures.

    Attributes:
        captions: what can be said.
        domain: `DESIRED` or `UNDESIRED`.
        images: channel -> PNG or JPEG; albedo, and perhaps specular, normal and mask.
        names: channel -> what the picture is called, in words to the user.
    """

    captions: tuple[str, ...]
    domain: int
    images: Mapping[str, bytes]
    names: Mapping[str, str] = field(default_factory=dict)

    def map(self, channel: str, side: int) -> Tensor:
        """Return [3, side, side] 0..1 as it is encoded.

        Raises:
            FolderError: the picture can't be read.
        """
        return _resized(self.images[channel], side, "RGB", self._called(channel))

    def _called(self, channel: str) -> str:
        return self.names.get(channel) or f"The map {channel} of “{' | '.join(self.captions)[:80]}”"

    def not_face(self, side: int) -> Tensor:
        """Return [1, side, side] 1 where the layout shows no face; 0 everywhere where there is no mask."""
        if "mask" not in self.images:
            return torch.zeros(1, side, side)
        return 1.0 - _resized(self.images["mask"], side, "L", self._called("mask"))


class Examples(Protocol):
    """People that can be asked for by number."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> TextureExample: ...

    @property
    def head(self) -> str:
        """The head model whose UV layout the textures have; empty where nobody says."""


def open_examples(folders: Sequence[Path]) -> Examples:
    """Return the people of several folders as one.

    Raises:
        FolderError: a folder holds no people, or what is in it can't be read, or they are of different head models.
    """
    return _Joined([_Scans(folder) if (folder / SCANS).is_file() else _Shards(folder) for folder in folders])


class _Joined:
    """Several folders, one after the other."""

    def __init__(self, parts: Sequence[Examples]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        heads = sorted({part.head for part in parts} - {""})
        if len(heads) > 1:
            raise FolderError(
                f"The folders hold textures of different head models ({', '.join(heads)}): learn from those of one."
            )
        self._head = next(iter(heads), "")

    @property
    def head(self) -> str:
        return self._head

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __getitem__(self, number: int) -> TextureExample:
        which = int(np.searchsorted(self._ends, number, side="right"))
        return self._parts[which][number - (int(self._ends[which - 1]) if which else 0)]


class _Shards:
    """People that `dreamface synthesise` has made: all desired. Each is read from its shard when it is asked for."""

    def __init__(self, folder: Path) -> None:
        if not (folder / INDEX).is_file():
            raise FolderError(
                f"{folder} holds nothing to learn from: give a folder that `dreamface synthesise` has made, or one of "
                f"scans with a {SCANS}."
            )
        self._places: list[tuple[Path, dict[str, tuple[int, int]]]] = []
        index = read_index(folder)
        self._head = str(index.get("head", ""))
        for shard in index["shards"]:
            self._places += where_files_lie(folder / shard["name"])
        if not self._places:
            raise FolderError(f"{folder} holds no people yet: let `dreamface synthesise` finish.")

    @property
    def head(self) -> str:
        return self._head

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> TextureExample:
        shard, files = self._places[number]
        with shard.open("rb") as file:

            def read(name: str) -> bytes:
                start, size = files[name]
                file.seek(start)
                return file.read(size)

            maps = [name for name in files if name.endswith(".png") and not name.startswith("picture")]
            images = {name.removesuffix(".png"): read(name) for name in maps}
            called = {name.removesuffix(".png"): f"{name} of a person in {shard}" for name in files}
            return TextureExample(tuple(json.loads(read("json"))["captions"]), DESIRED, images, called)


def where_files_lie(shard: Path) -> list[tuple[Path, dict[str, tuple[int, int]]]]:
    """Return where the files of each person lie in a shard: first byte and size."""
    people: dict[str, dict[str, tuple[int, int]]] = {}
    try:
        with tarfile.open(shard) as tar:
            for member in tar:
                key, _, extension = member.name.partition(".")
                people.setdefault(key, {})[extension] = (member.offset_data, member.size)
    except (OSError, tarfile.TarError) as error:
        raise FolderError(f"{shard} is missing or damaged: delete it, and let `dreamface synthesise` go on.") from error
    return [(shard, files) for files in people.values()]


class _Scans:
    """A folder of users' own scans."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            with (folder / SCANS).open(encoding="utf-8-sig", newline="") as file:
                self._rows = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise FolderError(f"{folder / SCANS} can't be read: save it as CSV in UTF-8.") from error
        if not self._rows:
            raise FolderError(f"{folder / SCANS} has no rows: add one for each scan.")
        for line, row in enumerate(self._rows, start=2):
            self._check(line, row)

    def _check(self, line: int, row: Mapping[str, str | None]) -> None:
        for name in ("file", "caption", "domain"):
            if not (row.get(name) or "").strip():
                raise FolderError(f"Line {line} of {self._folder / SCANS} has no {name}: fill it in.")
        if (domain := str(row["domain"]).strip()) not in DOMAINS:
            raise FolderError(
                f"Line {line} of {self._folder / SCANS} has the domain {domain[:40]!r}: write desired or undesired."
            )
        for name in ("file", "specular", "normal", "mask"):
            value = (row.get(name) or "").strip()
            if value and not (self._folder / value).is_file():
                raise FolderError(f"Line {line} of {self._folder / SCANS} names {value[:80]!r}, which is not there.")

    @property
    def head(self) -> str:
        return ""

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> TextureExample:
        row = self._rows[number]
        names = {"albedo": row["file"], **{name: row.get(name) for name in ("specular", "normal", "mask")}}
        try:
            images = {name: (self._folder / str(file).strip()).read_bytes() for name, file in names.items() if file}
        except OSError as error:
            raise FolderError(f"A scan of line {number + 2} of {self._folder / SCANS} can't be read.") from error
        captions = tuple(part.strip() for part in str(row["caption"]).split("|") if part.strip())
        called = {name: str(self._folder / str(file).strip()) for name, file in names.items() if file}
        return TextureExample(captions, DOMAINS[str(row["domain"]).strip()], images, called)


def _resized(picture: bytes, side: int, mode: str, called: str) -> Tensor:
    """Return [C, side, side] 0..1 of a picture as RGB or L."""
    try:
        image = Image.open(io.BytesIO(picture))
        if image.mode in _GREYS_OF_16_BITS:  # Pillow would clip them at 255
            grey = np.array(image, np.float32) / _WHITE_OF_16_BITS
            values = np.repeat(grey[:, :, None], 3, axis=2) if mode == "RGB" else grey
        else:
            values = np.array(image.convert(mode), np.float32) / _WHITE
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
        raise FolderError(f"{called} is no picture, or damaged: take it out.") from error
    found = torch.from_numpy(values)
    planes = found.permute(2, 0, 1) if mode == "RGB" else found[None]
    return interpolate(planes[None], size=(side, side), mode="bilinear", antialias=True)[0]


_GREYS_OF_16_BITS: Final = ("I;16", "I;16B", "I;16L", "I")
_WHITE, _WHITE_OF_16_BITS = 255.0, 65535.0
