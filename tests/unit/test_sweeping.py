"""Variations that nobody picks go after a week, pictures to choose by after a day; everything else stays."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

import pytest

from dreamface import _files, library
from dreamface.errors import FolderError
from dreamface.service.layout import GLANCE, NEIGHBOURS
from dreamface.service.sweeping import A_DAY, sweep_neighbours, sweep_variations


def face(folder, name, marked=None):
    path = folder / name
    path.mkdir(parents=True)
    (path / "face.json").write_text(json.dumps({"generator": {"name": "DreamFace"}, "prompt": name}))
    if marked is not None:
        library.mark_variation(path, "group")
        said = json.loads((path / library.VARIATION).read_text())
        (path / library.VARIATION).write_text(json.dumps(said | {"since": time.time() - marked}))
    return path


def test_what_was_not_picked_goes_and_everything_else_stays(tmp_path):
    old = face(tmp_path, "old", library.KEPT_FOR + 60)
    young, picked, plain = (
        face(tmp_path, "young", 60),
        face(tmp_path, "picked", library.KEPT_FOR + 60),
        face(tmp_path, "plain"),
    )
    library.mark_picked(picked)

    async def once():
        task = asyncio.create_task(sweep_variations(tmp_path, every=3600.0))
        while old.exists():
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(once(), 5.0))
    assert young.exists() and picked.exists() and plain.exists()


def test_pictures_to_choose_by_go_after_a_day_and_other_exports_stay(tmp_path):
    def made(name, file, age):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).write_text("{}")
        os.utime(tmp_path / name / file, (time.time() - age,) * 2)
        return tmp_path / name

    old = [made("glance", GLANCE, A_DAY + 60.0), made("explore", NEIGHBOURS, A_DAY + 60.0)]
    stay = [made("young", GLANCE, A_DAY - 60.0), made("take", "take.npz", 9 * A_DAY)]

    async def once():
        task = asyncio.create_task(sweep_neighbours(tmp_path, every=3600.0))
        while any(folder.exists() for folder in old):
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(asyncio.wait_for(once(), 5.0))
    assert all(folder.exists() for folder in stay)


def test_exports_that_can_not_be_listed_are_tried_again(tmp_path, monkeypatch, caplog):
    def refuse(*_):
        raise OSError("Stale file handle")

    monkeypatch.setattr(Path, "glob", refuse)

    async def briefly():
        task = asyncio.create_task(sweep_neighbours(tmp_path, every=0.001))
        while len(caplog.records) < 2:
            await asyncio.sleep(0.001)
            assert not task.done()
        task.cancel()

    asyncio.run(asyncio.wait_for(briefly(), 5.0))


def test_a_folder_that_is_not_there_yet_is_no_problem(tmp_path):
    async def briefly():
        task = asyncio.create_task(sweep_variations(tmp_path / "none", every=0.01))
        await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()

    asyncio.run(briefly())


def sweep(place, until, every=0.01):
    """Sweep until something is so."""

    async def go():
        task = asyncio.create_task(sweep_variations(place, every))
        async with asyncio.timeout(5.0):
            while not until():
                assert not task.done()
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()

    asyncio.run(go())


OLD = library.KEPT_FOR + 60


def names(place):
    return sorted(entry.name for entry in place.iterdir())


def test_a_face_with_an_artists_own_files_stays_and_is_no_variation_any_more(tmp_path):
    mine, other, looked_at = face(tmp_path, "mine", OLD), face(tmp_path, "other", OLD), face(tmp_path, "looked at", OLD)
    (mine / "work").mkdir()
    (mine / "work" / "scene.blend").write_text("hours")
    (looked_at / ".DS_Store").write_text("of a file manager")
    sweep(tmp_path, lambda: not other.exists() and not looked_at.exists())
    assert (mine / "work" / "scene.blend").read_text() == "hours"
    assert not (mine / library.VARIATION).exists()
    assert names(tmp_path) == ["mine"]


@pytest.mark.parametrize("moment", ["before", "while it is moved"])
def test_a_face_that_is_picked_during_the_sweep_stays(tmp_path, monkeypatch, moment):
    path = face(tmp_path, "picked", OLD)
    (entry,) = library.unwanted(library.faces_in(tmp_path), time.time())
    if moment == "before":
        library.mark_picked(path)
    else:
        sibling = library.sibling

        def pick(place, purpose):
            if purpose == "old":
                library.mark_picked(path)
            return sibling(place, purpose)

        monkeypatch.setattr(library, "sibling", pick)
    assert not library.remove_unpicked(entry)
    assert names(tmp_path) == ["picked"]
    assert json.loads((path / "face.json").read_text())["prompt"] == "picked"


def test_whoever_picks_a_face_that_has_just_gone_is_told(tmp_path):
    path = face(tmp_path, "a", OLD)
    (entry,) = library.unwanted(library.faces_in(tmp_path), time.time())
    assert library.remove_unpicked(entry)
    with pytest.raises(FolderError, match="is not there any more"):
        library.mark_picked(path)


def test_a_face_returns_whose_removal_was_killed_before_it_was_decided(tmp_path, monkeypatch):
    path = face(tmp_path, "a", OLD)
    (entry,) = library.unwanted(library.faces_in(tmp_path), time.time())

    def die(path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(library, "_is_unpicked", die)
        with pytest.raises(KeyboardInterrupt):
            library.remove_unpicked(entry)
    assert not path.exists()
    monkeypatch.setattr(_files.os, "kill", lambda *arguments: (_ for _ in ()).throw(ProcessLookupError))
    monkeypatch.setattr(_files, "_swept", set())
    library.sweep(tmp_path)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [FolderError("It is in use."), PermissionError(13, "in use")])
def test_a_folder_that_refuses_to_go_keeps_no_other(tmp_path, monkeypatch, error):
    stuck, *others = [face(tmp_path, name, OLD) for name in ("b", "a", "c")]
    really = library.remove_unpicked

    def refuse(entry):
        if entry.path == stuck:
            raise error
        return really(entry)

    monkeypatch.setattr(library, "remove_unpicked", refuse)
    sweep(tmp_path, lambda: not any(path.exists() for path in others))
    assert stuck.exists()


def test_a_face_that_is_picked_while_it_is_looked_at_ends_no_sweep(tmp_path, monkeypatch):
    picked = face(tmp_path, "picked", OLD)
    other = face(tmp_path, "other", OLD)
    read = library._read

    def pick(file):
        if file == picked / library.VARIATION:
            library.mark_picked(picked)
        return read(file)

    monkeypatch.setattr(library, "_read", pick)
    sweep(tmp_path, lambda: not other.exists())
    assert picked.exists()
    assert [entry.variation_of for entry in library.faces_in(tmp_path)] == [None]


def test_a_place_that_refuses_to_be_looked_into_is_tried_again(tmp_path, monkeypatch):
    old, tries = face(tmp_path, "old", OLD), []
    really = library.faces_in

    def refuse(place):
        tries.append(place)
        if len(tries) < 3:
            raise OSError(5, "Input/output error")
        return really(place)

    monkeypatch.setattr(library, "faces_in", refuse)
    sweep(tmp_path, lambda: not old.exists())
