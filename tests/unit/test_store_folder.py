"""A store's folder at its start: what is closed to others, what is swept, and what of the user's stays as it is."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from dreamface import _files
from dreamface.errors import DreamFaceError
from dreamface.service.layout import Layout
from dreamface.service.uploads import Uploads

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a user's folders are closed to others there")

JOB, DIGEST = "0123456789abcdef" * 2, "0123456789abcdef" * 4


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def put(path: Path, bits: int, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(bits)
    return path


def folder(path: Path, bits: int = 0o755) -> Path:
    path.mkdir(parents=True)
    path.chmod(bits)
    return path


def test_a_users_own_files_keep_their_permissions(tmp_path: Path) -> None:
    own = [
        put(tmp_path / "exports" / "render.sh", 0o755),
        put(tmp_path / "downloads" / "notes.txt", 0o644),
        put(tmp_path / "faces" / "readme.txt", 0o664),
        put(tmp_path / "uploads" / "picture.png", 0o644),
        put(tmp_path / "build.log", 0o644),
        folder(tmp_path / "mine"),
        folder(tmp_path / "token"),
        folder(tmp_path / "faces" / "a-man-7"),
    ]
    before = [mode(path) for path in own]
    Layout(tmp_path).prepare()
    assert [mode(path) for path in own] == before


def test_what_an_older_version_left_open_is_closed(tmp_path: Path) -> None:
    ours = [
        put(tmp_path / "store_id", 0o644, "id"),
        put(tmp_path / "backend.log", 0o644),
        put(tmp_path / "jobs.sqlite-wal", 0o644),
        put(tmp_path / "uploads" / DIGEST, 0o644),
        folder(tmp_path / "faces" / JOB),
        folder(tmp_path / "exports" / JOB),
        folder(tmp_path / "downloads" / JOB),
        tmp_path / "faces",
    ]
    Layout(tmp_path).prepare()
    assert [path for path in ours if mode(path) & 0o077] == []


def test_a_face_that_the_user_opened_to_others_stays_open(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "store")
    layout.prepare()
    face = folder(layout.faces / JOB, 0o700)
    opened = (layout.root, layout.faces, face)
    for path in opened:
        path.chmod(0o750)
    layout.prepare()
    assert [oct(mode(path)) for path in opened] == ["0o750"] * 3
    log = put(layout.root / "backend.log", 0o644)
    layout.prepare()
    assert mode(log) == 0o600, "prompts are in it, whoever made it"


@pytest.mark.parametrize("name", ["downloads"])
def test_a_file_under_a_folders_name_that_is_not_needed_is_no_problem(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, 0o644, "the user's")
    Layout(tmp_path).prepare()
    assert (tmp_path / name).read_text() == "the user's"


@pytest.mark.parametrize("name", ["faces", "exports", "staging", "uploads"])
def test_a_file_under_a_needed_folders_name_is_said(tmp_path: Path, name: str) -> None:
    put(tmp_path / name, 0o644, "the user's")
    with pytest.raises(DreamFaceError, match=f"{name} is a file: move it away"):
        Layout(tmp_path).prepare()
    assert (tmp_path / name).read_text() == "the user's"


def test_a_folder_that_refuses_to_be_closed_does_not_keep_the_backend_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path / "downloads")
    iterdir = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "downloads":
            raise PermissionError(13, "no")
        return iterdir(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert Layout(tmp_path).prepare()


def test_only_jobs_leave_the_staging_folder(tmp_path: Path) -> None:
    mine = put(tmp_path / "staging" / "my-show" / "scene.blend", 0o644, "the user's")
    folder(tmp_path / "staging" / f"{JOB}-1" / "maps")
    folder(tmp_path / "staging" / f".{JOB}-1.0123abcd-1-01234567.part")
    Layout(tmp_path).prepare()
    assert mine.read_text() == "the user's"
    assert [entry.name for entry in (tmp_path / "staging").iterdir()] == ["my-show"]


def test_only_uploads_leave_the_folder_of_uploads(tmp_path: Path) -> None:
    long_ago = time.time() - 1e8
    own = [put(tmp_path / name, 0o644) for name in ("picture.png", ".hidden", ".notes.part")]
    ours = [put(tmp_path / name, 0o600) for name in (DIGEST, f".{DIGEST}.0123abcd-1-01234567.part")]
    for path in (*own, *ours):
        os.utime(path, (long_ago, long_ago))
    Uploads(tmp_path).sweep(())
    assert all(path.exists() for path in own)
    assert not any(path.exists() for path in ours)


def test_what_a_killed_removal_has_left_goes_with_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_files, "_swept", set())
    monkeypatch.setattr(_files.os, "kill", lambda *arguments: (_ for _ in ()).throw(ProcessLookupError))
    faces = tmp_path / "faces"
    put(faces / f".{JOB}.removed" / "maps" / "skin.png", 0o600)  # as the add-on removes faces
    put(_files.sibling(faces / JOB, "part") / "face.json", 0o600)  # as the command line does
    put(_files.sibling(faces / ("f" * 32), "old") / "face.json", 0o600)
    mine = put(faces / ".mine.removed" / "scene.blend", 0o600)
    put(_files.sibling(tmp_path / "exports" / JOB, "part") / "face.obj", 0o600)  # as the service removes files
    Layout(tmp_path).prepare()
    assert mine.exists() and not list((tmp_path / "exports").iterdir())
    assert sorted(entry.name for entry in faces.iterdir()) == [".mine.removed", "f" * 32]
