"""The faces on a disk: listed, removed by name, and swept where they are variations that nobody picked."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time

import pytest

from dreamface import folder, library
from dreamface.cli import faces as cli_faces
from dreamface.cli import main
from dreamface.errors import FolderError
from tests.support import synthetic_face

DAY = 24 * 3600.0
JOBS = ("0" * 31 + "1", "0" * 31 + "2", "f" * 32)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store with three faces, and one in the current folder's `faces`."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(JOBS):
        place = tmp_path / "store" / "faces" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        folder.save(synthetic_face(f"face-{number}", resolution=16, side=2), place)
        os.utime(place / "face.json", (1000.0 * number, 1000.0 * number))
    (tmp_path / "faces").mkdir()
    folder.save(synthetic_face("mine", resolution=16, side=2), tmp_path / "faces" / "a-man-7")
    return tmp_path / "store"


def listed(capsys, *words):
    assert main(["faces", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def names(capsys, *words):
    return [face["name"] for face in listed(capsys, *words)]


def test_all_faces_are_listed_newest_first(store, capsys):
    faces = listed(capsys, "--store", str(store))
    assert [face["name"] for face in faces] == [*reversed(JOBS), "a-man-7"]
    files = [file for file in (store / "faces" / JOBS[0]).rglob("*") if file.is_file()]
    oldest = faces[2]
    assert oldest["size"] == sum(file.stat().st_size for file in files)
    assert oldest["made"] == "1970-01-01T00:00:00+00:00"
    assert oldest["prompt"] == "a round stranger, “smooth”"
    assert main(["faces", "--store", str(store)]) == 0
    said = capsys.readouterr().out
    assert "ffffffff" in said and "a-man-7" in said and "round stranger" in said and "4 faces" in said


def test_a_named_folder_is_the_only_one_looked_into(store, capsys):
    assert names(capsys, "faces") == ["a-man-7"]
    assert main(["faces", "nowhere"]) == 0
    assert capsys.readouterr().out == "There are no faces in nowhere.\n"


def test_what_is_no_face_is_not_listed_and_a_damaged_one_is(store, capsys):
    (store / "faces" / "notes").mkdir()
    (store / "faces" / "theirs").mkdir()
    (store / "faces" / "theirs" / "face.json").write_text('{"name": "somebody"}')
    (store / "faces" / JOBS[0] / "face.json").write_text("{")
    faces = {face["name"]: face["damaged"] for face in listed(capsys, "--store", str(store))}
    assert faces == {JOBS[0]: True, JOBS[1]: False, JOBS[2]: False, "a-man-7": False}


def test_a_face_is_removed_by_its_name(store, capsys):
    assert main(["faces", "--store", str(store), "--remove", JOBS[2], "--yes"]) == 0
    assert "Removed 1 face" in capsys.readouterr().out
    assert names(capsys, "--store", str(store)) == [JOBS[1], JOBS[0], "a-man-7"]
    assert {path.name for path in (store / "faces").iterdir()} == set(JOBS[:2])


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("000", "'000' is not a whole name"),
        ("fff", "'fff' is not a whole name"),
        ("a-man", "no face called 'a-man'"),
        ("a-", "no face called 'a-'"),
        ("b", "There is no face called 'b'"),
        ("", "no face called"),
        ("..", "no face called"),
        ("../faces/a-man-7", "no face called"),
    ],
)
def test_a_name_that_is_not_one_faces_removes_nothing(store, capsys, name, sentence):
    assert main(["faces", "--store", str(store), "--remove", name, "--yes"]) == 1
    assert sentence in capsys.readouterr().err
    assert len(names(capsys, "--store", str(store))) == 4


@pytest.mark.parametrize(
    ("name", "left"),
    [("fff", [JOBS[1], JOBS[0], "a-man-7"]), ("000", None), ("a-man", None), ("", None)],
)
def test_whoever_is_asked_may_give_the_beginning_of_a_jobs_id(store, capsys, monkeypatch, name, left):
    monkeypatch.setattr(sys, "stdin", Keyboard("y\n"))
    assert main(["faces", "--store", str(store), "--remove", name]) == (1 if left is None else 0)
    capsys.readouterr()
    assert names(capsys, "--store", str(store)) == (left or [*reversed(JOBS), "a-man-7"])


def test_one_face_that_refuses_keeps_no_other(store, capsys, monkeypatch):
    really = library.remove

    def refuse(entry):
        if entry.id == JOBS[0]:
            raise FolderError("It is in use: close it.")
        really(entry)

    monkeypatch.setattr(cli_faces.library, "remove", refuse)
    chosen = [word for name in JOBS[:2] for word in ("--remove", name)]
    assert main(["faces", "--store", str(store), *chosen, "--yes"]) == 1
    assert "It is in use: close it." in capsys.readouterr().out
    assert names(capsys, "--store", str(store)) == [JOBS[2], JOBS[0], "a-man-7"]


def test_sweeping_by_hand_spares_what_an_artist_works_with(store, capsys):
    mine, other = (store / "faces" / name for name in JOBS[:2])
    for place in (mine, other):
        (place / library.VARIATION).write_text(json.dumps({"of": "a", "since": time.time() - 8 * DAY}))
    (mine / "scene.blend").write_text("mine")
    assert main(["faces", "--store", str(store), "--sweep", "--yes"]) == 0
    said = " ".join(capsys.readouterr().out.split())  # a terminal breaks lines where it likes
    assert "Removed 1 face" in said and "files of yours" in said
    assert (mine / "scene.blend").exists() and not (mine / library.VARIATION).exists() and not other.exists()


class Keyboard(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("typed", "left"), [("y\n", 3), ("YES\n", 3), ("n\n", 4), ("\n", 4), ("", 4)])
def test_it_asks_first(store, capsys, monkeypatch, typed, left):
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    code = main(["faces", "--store", str(store), "--remove", "a-man-7"])
    assert (code == 0) == (left == 3)
    captured = capsys.readouterr()
    assert "Delete 1 face" in captured.err and "round stranger" in captured.out
    assert len(names(capsys, "--store", str(store))) == left


def test_where_nobody_can_be_asked_nothing_is_deleted(store, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["faces", "--store", str(store), "--remove", "a-man-7"]) == 1
    assert "add --yes" in capsys.readouterr().err
    assert len(names(capsys, "--store", str(store))) == 4


def test_variations_that_nobody_picked_go_after_a_week(store, capsys):
    places = [store / "faces" / name for name in JOBS]
    for place in places:
        library.mark_variation(place, "request-1")
    library.mark_picked(places[1])
    faces = library.faces_in(store / "faces")
    assert [face.variation_of for face in reversed(faces)] == ["request-1", None, "request-1"]
    now = time.time()
    assert library.unwanted(faces, now + 6.9 * DAY) == []
    assert library.unwanted(faces, now - 30 * DAY) == [], "a clock that was set back"
    assert {face.id for face in library.unwanted(faces, now + 7.1 * DAY)} == {JOBS[0], JOBS[2]}

    assert main(["faces", "--store", str(store), "--sweep", "--yes"]) == 0
    assert "Removed 0 faces" in capsys.readouterr().out
    (places[0] / library.VARIATION).write_text(json.dumps({"of": "request-1", "since": now - 8 * DAY}))
    assert main(["faces", "--store", str(store)]) == 0
    assert "Nobody has picked 1 face for a week" in capsys.readouterr().out
    assert main(["faces", "--store", str(store), "--sweep", "--yes"]) == 0
    capsys.readouterr()
    assert names(capsys, "--store", str(store)) == [JOBS[2], JOBS[1], "a-man-7"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"since": "long ago"}', '{"since": NaN}', '{"since": true}'])
def test_a_mark_that_cannot_be_read_removes_nothing(store, text):
    (store / "faces" / JOBS[0] / library.VARIATION).write_text(text)
    assert library.unwanted(library.faces_in(store / "faces"), time.time() + 1e9) == []


def test_marking_a_face_twice_or_picking_one_that_is_none_is_fine(store):
    place = store / "faces" / JOBS[0]
    library.mark_picked(place)
    library.mark_variation(place, "a")
    library.mark_variation(place, "b")
    assert next(face.variation_of for face in library.faces_in(store / "faces") if face.path == place) == "b"
    folder.load(place)
    folder.save(synthetic_face(resolution=16, side=2), place)
    assert not (place / library.VARIATION).exists(), "whoever saves a face anew wants it"


def test_the_library_needs_no_torch():
    program = "import sys\nfrom dreamface import library\nprint({'torch', 'pydantic'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout.strip() == "set()"
