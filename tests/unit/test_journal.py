"""Jobs that outlive their Blender."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from dreamface_addon.journal import LONGEST, Entry, Journal


def entry(blend="/shots/hero.blend", **more):
    return Entry(uuid.uuid4().hex, "generate", {"prompt": "an elf queen"}, blend, **more)


def dead_blender(folder, *entries):
    """Entries of a Blender that was killed: a lock dies with its process."""
    program = (
        "import sys, os; from pathlib import Path; from dreamface_addon.journal import Entry, Journal\n"
        f"journal = Journal(Path({str(folder)!r}))\n"
        + "".join(f"journal.note(Entry(**{vars(one)!r}))\n" for one in entries)
        + "os._exit(9)"
    )
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    assert done.returncode == 9


def test_a_file_knows_the_jobs_of_a_blender_that_died(tmp_path):
    mine, other = entry(detail={"steps": 20, "guidance": 50.0}), entry("/shots/other.blend")
    dead_blender(tmp_path / "jobs", mine, other)
    journal = Journal(tmp_path / "jobs")
    assert journal.left_behind("/shots/hero.blend") == [mine]
    assert journal.left_behind("") == []
    journal.forget(mine.job)
    assert journal.left_behind("/shots/hero.blend") == []


def test_a_head_from_photographs_is_called_after_the_first(tmp_path):
    asked = {"photographs": [{"path": "/photos/anna.jpg"}], "words": ""}
    mine = Entry(uuid.uuid4().hex, "from_photo", asked, "", photographs=["/photos/anna.jpg", "/photos/side.jpg"])
    dead_blender(tmp_path, mine)
    (found,) = Journal(tmp_path).left_behind("")
    assert found == mine and found.prompt == "anna.jpg"
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"photographs": [5]}))
    assert Journal(tmp_path).left_behind("") == []


def test_jobs_of_a_living_blender_are_its_own(tmp_path):
    living, newcomer = Journal(tmp_path), Journal(tmp_path)
    living.note(entry())
    assert newcomer.left_behind("/shots/hero.blend") == [] == living.left_behind("/shots/hero.blend")


def test_quitting_forgets_what_is_cancelled_and_keeps_what_waits(tmp_path):
    cancelled, waiting = entry(), entry()
    journal = Journal(tmp_path)
    journal.note(cancelled)
    journal.note(waiting)
    journal.close(kept=(waiting.job,))
    assert Journal(tmp_path).left_behind("/shots/hero.blend") == [waiting]


def test_saving_under_another_name_takes_the_jobs_along(tmp_path):
    journal = Journal(tmp_path)
    journal.note(unsaved := entry(""))
    journal.saved_as("", "/shots/new.blend")
    journal.close(kept=(unsaved.job,))
    (found,) = Journal(tmp_path).left_behind("/shots/new.blend")
    assert found.job == unsaved.job


def test_a_finished_face_is_seen_and_an_unfinished_one_is_not(tmp_path):
    done, open_ = entry(store=str(tmp_path)), entry(store=str(tmp_path))
    (tmp_path / "faces" / done.job).mkdir(parents=True)
    assert done.folder == tmp_path / "faces" / done.job
    assert open_.folder is None and entry().folder is None


@pytest.mark.parametrize("damage", ["", "{", '{"session": 1}', '{"at": 1, "session": "x", "job": "../../x"}', "[]"])
def test_damaged_entries_are_passed_over_and_old_ones_go(tmp_path, monkeypatch, damage):
    (tmp_path / f"{uuid.uuid4().hex}.json").write_text(damage)
    dead_blender(tmp_path, mine := entry())
    assert Journal(tmp_path).left_behind("/shots/hero.blend") == [mine]
    assert len(list(tmp_path.glob("*.json"))) == 2, "it may be another Blender's that is just being written"
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + LONGEST + 60)
    assert Journal(tmp_path).left_behind("/shots/hero.blend") == []
    assert not list(tmp_path.iterdir()), "locks of dead Blenders go, too"


def test_an_entry_of_a_newer_version_is_understood(tmp_path):
    dead_blender(tmp_path, mine := entry())
    file = tmp_path / f"{mine.job}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"colour": "blue"}))
    assert Journal(tmp_path).left_behind("/shots/hero.blend") == [mine]


def test_a_disk_that_refuses_loses_no_job(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    journal = Journal(blocked / "jobs")
    journal.note(entry())
    assert journal.left_behind("/shots/hero.blend") == []
    journal.close()
