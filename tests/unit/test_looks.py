"""Looks of one's own on disk."""

from __future__ import annotations

import json

from dreamface_addon.looks import Look, read, remove, save


def test_the_newest_is_on_top_and_names_are_unique(tmp_path):
    file = tmp_path / "config" / "looks.json"
    for look in (Look("Ann", "a woman"), Look("Bob", "a man", seed=3), Look("Ann", "an old woman")):
        save(file, look)
    assert [(look.name, look.prompt) for look in read(file)] == [("Ann", "an old woman"), ("Bob", "a man")]
    remove(file, "Ann")
    assert [look.seed for look in read(file)] == [3]
    remove(file, "nobody")


def test_what_is_not_understood_is_kept(tmp_path):
    file = tmp_path / "looks.json"
    newer = {"name": "Cy", "prompt": "a child", "mood": "merry"}
    file.write_text(json.dumps([newer, "nonsense", {"name": 5}]))
    assert [look.name for look in read(file)] == ["Cy"], "fields of newer versions are passed over"
    save(file, Look("Ann", "a woman"))
    assert newer in json.loads(file.read_text()) and "nonsense" in json.loads(file.read_text())


def test_a_damaged_file_is_put_aside_before_it_is_written_over(tmp_path):
    file = tmp_path / "looks.json"
    file.write_text('[{"name": "Ann", "prom')
    assert read(file) == []
    save(file, Look("Bob", "a man"))
    assert [look.name for look in read(file)] == ["Bob"]
    assert (tmp_path / "looks.damaged").read_text().startswith('[{"name": "Ann"')
