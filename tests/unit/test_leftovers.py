"""What runs that were killed leave behind goes with the next run, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dreamface import _files, folder
from dreamface._files import sibling
from dreamface.export import export
from tests.support import synthetic_face

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows can't ask whether a process lives")


@pytest.fixture(autouse=True)
def another_run(monkeypatch):
    """As if every test were a process of its own."""
    monkeypatch.setattr(_files, "_swept", set())


def killed_run(place: Path, lines: str) -> None:
    """Run some lines in a process that dies at once after them."""
    program = (
        "import os, sys, pathlib\nfrom dreamface._files import sibling, staging_folder\n"
        f"place = pathlib.Path(sys.argv[1])\n{lines}\nos.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(place)]).returncode == -9


STAGE = "with staging_folder(place) as stage:\n (stage / 'big').write_text('half'); os.kill(os.getpid(), 9)"


@pytest.mark.parametrize(
    "write",
    [
        lambda place: folder.save(synthetic_face(), place / "ada"),
        lambda place: export(synthetic_face(), place / "face.glb"),
        lambda place: export(synthetic_face(), place / "face.obj"),
    ],
)
def test_what_a_killed_run_has_left_goes_with_the_next_one(tmp_path, write):
    killed_run(tmp_path, STAGE)
    killed_run(tmp_path, "sibling(place / 'ada', 'part').mkdir()")
    killed_run(tmp_path, "sibling(place / 'face.glb', 'part').write_text('half')")
    assert len(list(tmp_path.iterdir())) == 3
    write(tmp_path)
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")]


def test_what_a_living_run_is_making_stays(tmp_path):
    mine = sibling(tmp_path / "ada", "part")
    mine.mkdir()
    folder.sweep(tmp_path)
    assert mine.is_dir()


def test_another_machines_goes_when_it_is_old(tmp_path):
    name = sibling(tmp_path / "ada", "part").name.replace(_files._machine(), "0123abcd")
    new, old = tmp_path / name, tmp_path / name.replace("ada", "bob")
    for place in (new, old):
        place.mkdir()
    week_ago = time.time() - 8 * 24 * 3600
    os.utime(old, (week_ago, week_ago))
    folder.sweep(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [new.name]


@pytest.mark.parametrize("name", [".git", ".ada.part", ".dreamface-mine", ".ada.0123abcd.part", ".x.y-1-z.part.glb"])
def test_what_others_have_hidden_stays(tmp_path, name):
    (tmp_path / name).mkdir()
    long_ago = time.time() - 1e8
    os.utime(tmp_path / name, (long_ago, long_ago))
    folder.sweep(tmp_path)
    assert (tmp_path / name).is_dir()


def test_a_face_that_a_killed_run_had_moved_aside_returns(tmp_path):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    killed_run(tmp_path, "(place / 'ada').rename(sibling(place / 'ada', 'old'))")
    assert not saved.exists()
    _files._swept.clear()
    folder.sweep(tmp_path)
    assert folder.read_document(saved).record.face_id == "old"


def test_an_artists_files_of_a_swap_that_was_killed_go_into_the_new_face(tmp_path):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    (saved / "scene.blend").write_text("mine")
    killed_run(tmp_path, "(place / 'ada').rename(sibling(place / 'ada', 'old'))")
    (tmp_path / "elsewhere").mkdir()
    folder.save(synthetic_face("new"), tmp_path / "elsewhere" / "ada").rename(saved)
    _files._swept.clear()
    killed = next(entry for entry in tmp_path.iterdir() if entry.name.startswith(".ada"))
    folder.sweep(tmp_path)
    assert (saved / "scene.blend").read_text() == "mine" and not killed.exists()
    assert folder.read_document(saved).record.face_id == "new"


@pytest.mark.parametrize("name", ["Dr. No", "old-man.v-2", "take 1.5 b", "a.b.c", "Dr.", "plain"])
def test_a_face_of_any_name_returns(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "face.json").write_text("{}")
    killed_run(tmp_path, f"(place / {name!r}).rename(sibling(place / {name!r}, 'old'))")
    folder.sweep(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def moved_aside(place, name):
    """A face folder's hidden name, as a run that was killed has left it."""
    killed_run(place, f"(place / {name!r}).rename(sibling(place / {name!r}, 'old'))")
    _files._swept.clear()
    return next(entry for entry in place.iterdir() if entry.name.startswith("."))


def test_a_face_returns_into_an_empty_folder(tmp_path):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    moved_aside(tmp_path, "ada")
    saved.mkdir()
    folder.sweep(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["ada"]
    assert folder.read_document(saved).record.face_id == "old"


@pytest.mark.parametrize("there", ["folder", "file", "link"])
def test_a_face_whose_place_somebody_else_has_taken_stays_whole(tmp_path, there):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    (saved / "scene.blend").write_text("mine")
    killed = moved_aside(tmp_path, "ada")
    if there == "folder":
        saved.mkdir()
        (saved / "scene.blend").write_text("another")
    elif there == "file":
        saved.write_text("another")
    else:
        saved.symlink_to(tmp_path / "nowhere")
    folder.sweep(tmp_path)
    assert (killed / "scene.blend").read_text() == "mine"
    assert folder.read_document(killed).record.face_id == "old"
    if there == "folder":
        assert [file.name for file in saved.iterdir()] == ["scene.blend"]
        assert (saved / "scene.blend").read_text() == "another"


def test_an_artists_two_files_of_one_name_are_both_kept(tmp_path):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    (saved / "scene.blend").write_text("first")
    killed = moved_aside(tmp_path, "ada")
    (tmp_path / "elsewhere").mkdir()
    folder.save(synthetic_face("new"), tmp_path / "elsewhere" / "ada").rename(saved)
    (saved / "scene.blend").write_text("second")
    (saved / "scene-2.blend").write_text("third")
    _files._swept.clear()
    folder.sweep(tmp_path)
    assert not killed.exists()
    kept = {file.name: file.read_text() for file in saved.glob("*.blend")}
    assert kept == {"scene.blend": "second", "scene-2.blend": "third", "scene-3.blend": "first"}


def test_what_an_artist_had_under_a_name_that_the_new_face_takes_is_kept(tmp_path):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    (saved / "layers").mkdir()
    face = synthetic_face("new")
    new = folder.save(face, tmp_path / "bob")
    fresh = next(file for file in new.rglob("*") if file.is_file() and "maps" in file.parts)
    document = saved / "face.json"
    document.write_text(document.read_text().replace(f'"{fresh.relative_to(new).as_posix()}"', '"maps/other.png"'))
    (saved / fresh.relative_to(new)).write_text("the artist's")
    folder.save(face, saved)
    assert (saved / fresh.relative_to(new)).read_bytes() == fresh.read_bytes()
    kept = fresh.with_stem(f"{fresh.stem}-2").relative_to(new)
    assert (saved / kept).read_text() == "the artist's"


def test_what_a_living_run_has_moved_aside_stays_however_old_it_is(tmp_path):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    long_ago = time.time() - 1e8
    os.utime(saved, (long_ago, long_ago))
    aside = sibling(saved, "old")
    saved.rename(aside)
    folder.sweep(tmp_path)
    assert aside.is_dir() and not saved.exists()


def test_a_face_that_another_machine_moves_aside_now_stays(tmp_path, monkeypatch):
    saved = folder.save(synthetic_face("old"), tmp_path / "ada")
    long_ago = time.time() - 1e8
    os.utime(saved, (long_ago, long_ago))
    aside = tmp_path / sibling(saved, "old").name.replace(_files._machine(), "0123abcd")
    saved.rename(aside)
    folder.sweep(tmp_path)
    assert aside.is_dir() and not saved.exists()
    _files._swept.clear()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 8 * 24 * 3600)
    folder.sweep(tmp_path)
    assert saved.is_dir() and not aside.exists()


def test_a_name_from_before_it_had_a_time_is_known(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".ada.{_files._machine()}-{dead.pid}-0123abcd.part").mkdir()
    folder.sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_one_leftover_that_cannot_be_looked_at_keeps_no_other(tmp_path, monkeypatch):
    for name in ("ada", "bob", "eve"):
        killed_run(tmp_path, f"sibling(place / {name!r}, 'part').mkdir()")
    really = _files._is_abandoned

    def refuse(name, *arguments):
        if "bob" in str(name):
            raise PermissionError(13, "no")
        return really(name, *arguments)

    monkeypatch.setattr(_files, "_is_abandoned", refuse)
    folder.sweep(tmp_path)
    assert [entry.name[:4] for entry in tmp_path.iterdir()] == [".bob"]


def test_two_machines_of_one_name_are_told_apart(monkeypatch):
    names = set()
    for node in (0x001122334455, 0x00AABBCCDDEE):
        monkeypatch.setattr(_files.uuid, "getnode", lambda node=node: node)
        names.add(_files._machine.__wrapped__())
    assert len(names) == 2
    made_up = set()
    for node in (0x011122334455, 0x01AABBCCDDEE):  # where there is no network card, every process gets another number
        monkeypatch.setattr(_files.uuid, "getnode", lambda node=node: node)
        made_up.add(_files._machine.__wrapped__())
    assert len(made_up) == 1
