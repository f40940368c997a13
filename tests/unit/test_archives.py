"""Archives whose list of members is meant to fill the memory, in every form that a list's size can be told in."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamface import _archives
from dreamface.errors import BadRequest
from dreamface.models.contents import BadContents, open_contents
from dreamface.packing import LARGEST_GEOMETRY, pack_offset, read_geometry, unpack_offset

FORMS = ("zip", "zip64", "zip64 behind a plain end")
ENTRY = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"


def with_members(archive: bytes, more: int, form: str) -> bytes:
    """A sound archive, with so many more entries in its list."""
    place = archive.rfind(b"PK\5\6")
    _, _, _, _, count, size, start, _ = struct.unpack_from("<4s4H2LH", archive, place)
    listed = archive[start : start + size] + ENTRY * more
    whole = archive[:start] + listed
    plain = (min(count + more, 0xFFFF),) * 2 + (len(listed), start)
    if form == "zip":
        return whole + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *plain, 0)
    end = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF) if form == "zip64" else (count, count, size, start)
    return (
        whole
        + struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count + more, count + more, len(listed), start)
        + struct.pack("<4sLQL", b"PK\6\7", 0, len(whole), 1)
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *end, 0)
    )


def offset() -> bytes:
    archive = io.BytesIO()
    np.savez(archive, **pack_offset(torch.ones(10, 3)))
    return archive.getvalue()


class Watched(zipfile.ZipFile):
    """Notes the members that are listed."""

    most = 0

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        Watched.most = max(Watched.most, len(self.filelist))


@pytest.fixture(autouse=True)
def watched(monkeypatch):
    Watched.most = 0
    monkeypatch.setattr(_archives.zipfile, "ZipFile", Watched)


@pytest.mark.parametrize("form", FORMS)
def test_an_offset_with_a_list_of_members_without_end_is_refused(form):
    assert unpack_offset(io.BytesIO(with_members(offset(), 100, form))).shape == (10, 3)
    with pytest.raises(BadRequest, match="too many files"):
        unpack_offset(io.BytesIO(with_members(offset(), 100_000, form)))
    assert Watched.most < 200


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_of_a_model_with_a_list_of_members_without_end_is_refused(tmp_path, form):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model/anchor.txt", "here")
    Watched.most = 0
    place = tmp_path / "model.zip"
    place.write_bytes(with_members(archive.getvalue(), 100, form))
    with open_contents(place, "anchor.txt", "The download", "try again") as contents:
        assert contents.read("anchor.txt") == b"here"
    place.write_bytes(with_members(archive.getvalue(), 400_000, form))
    with (
        pytest.raises(BadContents, match=r"not the archive that it should be \(it has too many files in it\)"),
        open_contents(place, "anchor.txt", "The download", "try again"),
    ):
        pass
    assert Watched.most < 200


def test_a_long_comment_is_no_problem():
    archive = io.BytesIO(offset())
    with zipfile.ZipFile(archive, "a") as file:
        file.comment = b"c" * 65535
    assert unpack_offset(archive).shape == (10, 3)


def test_a_geometry_that_is_larger_than_any_is_not_looked_at(tmp_path: Path):
    file = tmp_path / "geometry.npz"
    with file.open("wb") as data:
        data.truncate(LARGEST_GEOMETRY * 2)
        data.seek(0, 2)
        data.write(offset()[-22:])
    with pytest.raises(ValueError, match=r"larger than 2.. MB"):
        read_geometry(file)
    assert Watched.most == 0
