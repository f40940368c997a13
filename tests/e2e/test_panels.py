"""Every panel draws in every state; a window shows how, this shows that nothing fails."""

from __future__ import annotations

import shutil
import sys
from types import SimpleNamespace

import pytest

PANELS = ("create", "shape", "face", "models", "backend")


class Layout:
    """Stands in for Blender's layout and remembers the words that would be seen."""

    def __init__(self, words=None):
        self.words = [] if words is None else words

    def __getattr__(self, name):
        def draw(*positional, text="", **_):
            self.words.append(text or (positional[0] if name in ("operator", "menu") else ""))
            return SimpleNamespace() if name == "operator" else Layout(self.words)

        return draw

    def panel(self, _name, **_):
        return Layout(self.words), Layout(self.words)


def drawn(blender, name):
    """The words on a panel."""
    package = blender.module("application").__name__.rpartition(".dreamface_addon")[0]
    module = sys.modules[f"{package}.panels.{name}"]
    panel = getattr(module, f"DREAMFACE_PT_{name}")
    own = {key: value for key, value in vars(panel).items() if not key.startswith("__")}
    fake = type("Drawn", (), own | {"layout": Layout()})()
    fake.draw(blender.bpy.context)
    return " ".join(fake.layout.words)


def test_with_nothing_there(blender):
    blender.fields.prompt = ""
    assert "Generate" in drawn(blender, "create")
    assert "Select a DreamFace head" in drawn(blender, "shape")
    for name in PANELS:
        drawn(blender, name)


def test_with_a_face_and_changed_sliders(blender):
    face = blender.new_face("a man with a big nose", seed=4)
    face.dreamface.nose_width = 1.0
    face.dreamface.skin_melanin = 0.9
    blender.rest()
    blender.app.making.chips.read(blender.fields.prompt)
    blender.until(lambda: blender.app.making.chips.reading(blender.fields.prompt))
    words = drawn(blender, "shape")
    assert "Nose (1)" in words and "The textures do not show these changes yet." in words
    assert "big nose" in drawn(blender, "create")
    assert "a man with a big nose" in drawn(blender, "face")
    assert "Ready" in drawn(blender, "backend")


def test_while_variations_are_made_and_with_an_error(blender, monkeypatch):
    blender.generate("a woman", variations=3, seed=1, update_selected=False)
    blender.app.error = "Something is wrong: do this."
    words = drawn(blender, "create")
    assert "Variations" in words and "Something is wrong" in words and "dreamface.cancel" in words
    blender.until(lambda: not blender.app.making.running)
    assert "Pick" not in drawn(blender, "create"), "without a window Blender makes no icons"
    monkeypatch.setattr(blender.app.making.gallery, "icon", lambda job: 1)
    blender.app.making.gallery.picked.add(blender.app.making.gallery.jobs[1].id)
    words = drawn(blender, "create")
    assert words.count("Pick") == 3 and words.count("Picked") == 1


def test_without_a_backend(blender):
    preferences = blender.module("preferences").get()
    python, preferences.python = preferences.python, ""
    try:
        assert "Set up DreamFace's engine first" in drawn(blender, "create")
        assert "Set Up Backend" in drawn(blender, "backend")
    finally:
        preferences.python = python


def test_an_unfinished_set_up_is_no_update(blender):
    preferences, setup = blender.module("preferences").get(), blender.app.setup
    folder = blender.module("places").user_folder("environment")
    python, preferences.python = preferences.python, ""
    try:
        environment = blender.module("setup").environment_python(folder)
        environment.parent.mkdir(parents=True)
        environment.touch()
        (folder / "setup.log").write_text("> pip install torch\n")
        next_time = blender.module("setting_up").SettingUp(blender.app.session, lambda: None)
        setup.attempt = next_time.attempt  # as after starting Blender again
        words = drawn(blender, "backend")
        assert "Set-up was not finished: what is there already is kept" in words and "Go On" in words
        assert "was updated" not in words

        (folder / "finished.json").write_text('{"wheel": "of another version"}')
        assert blender.module("setting_up").SettingUp(blender.app.session, lambda: None).attempt is None
        setup.attempt = None
        assert "was updated" in drawn(blender, "backend")
    finally:
        shutil.rmtree(folder)
        setup.attempt = next_time.attempt
        preferences.python = python
    assert setup.attempt is None, "with another environment the attempt matters no more"


def test_what_a_model_for_cards_says(blender):
    preferences, setup = blender.module("preferences").get(), blender.app.setup
    assert "3 GB to download" in setup.accelerator_offer()
    assert "set it up for the card where it is" in setup.why_not_accelerate()
    python, preferences.python = preferences.python, ""
    try:
        assert "Allow online access" in setup.why_not_accelerate()
    finally:
        preferences.python = python
    folder = blender.module("places").user_folder("environment")
    folder.mkdir()
    (folder / "accelerator").touch()
    assert setup.accelerator_offer() == ""
    shutil.rmtree(folder)


@pytest.mark.parametrize("menu", ["DREAMFACE_MT_prompts"])
def test_the_menu_of_prompts(blender, menu):
    module = sys.modules[blender.module("application").__name__.rpartition(".dreamface_addon")[0] + ".panels.create"]
    class_ = getattr(module, menu)
    fake = type("Drawn", (), {"layout": Layout(), "draw": vars(class_)["draw"]})()
    fake.draw(blender.bpy.context)
    assert "Old fisherman" in fake.layout.words
