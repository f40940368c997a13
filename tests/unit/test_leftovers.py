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
