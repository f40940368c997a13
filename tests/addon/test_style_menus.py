"""Menus of hair styles, which Blender asks for all the time."""

from __future__ import annotations

from pathlib import Path

import pytest

PRESETS = Path(__file__).parents[2] / "presets" / "hair"


@pytest.fixture
def pictures(bpy, monkeypatch):
    """Icons, and how often their files were looked at."""
    from dreamface_addon.pictures import Pictures

    made = Pictures()
    made.looked = []
    monkeypatch.setattr(made, "file", lambda file: made.looked.append(file) or 100 * (made.cleared + 1))
    return made


@pytest.fixture
def styling(bpy, pictures):
    from dreamface_addon.link import BackendState
    from dreamface_addon.styles import Styles
    from dreamface_addon.styling import Styling

    class Session:
        state = BackendState.STOPPED

    return Styling(Styles(Session(), PRESETS, lambda: None), None, pictures, None)


def names(styling, region, current=""):
    return [item[0] for item in styling.items(region, current)]


def test_pictures_are_looked_for_once_until_the_list_changes(styling, pictures):
    for _ in range(3):
        assert "bob" in names(styling, "scalp", "bob") and "full" in names(styling, "beard", "full")
    once = len(pictures.looked)
    assert once == len(set(pictures.looked)) > 30
    styling._styles._take_list([{"name": "mine", "label": "Mine", "region": "scalp", "own": True}])
    assert "mine" in names(styling, "scalp") and len(pictures.looked) > once


def test_a_style_that_is_gone_is_there_for_the_head_that_wears_it(styling, pictures):
    for _ in range(2):
        assert names(styling, "scalp", "gone")[-1] == "gone"
        assert names(styling, "scalp", "bob")[-1] != "gone"
    looked = len(pictures.looked)
    names(styling, "scalp", "gone")
    assert len(pictures.looked) == looked


def test_icons_that_were_freed_are_loaded_again(styling, pictures, monkeypatch):
    assert {item[3] for item in styling.items("scalp", "bob")} == {100}
    pictures._loaded()
    pictures.clear()
    assert {item[3] for item in styling.items("scalp", "bob")} == {200}
