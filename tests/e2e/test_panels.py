"""Every page draws in every state; a window shows how, this shows that nothing fails and what the words are."""

from __future__ import annotations

import shutil
import sys
from types import SimpleNamespace

import pytest

PAGES = ("create", "person", "skin", "hair", "edit", "animate", "output")


class Layout:
    """Stands in for Blender's layout and remembers the words that would be seen."""

    def __init__(self, words=None):
        self.words = [] if words is None else words

    def __getattr__(self, name):
        def draw(*positional, text="", **_):
            self.words.append(text or (positional[0] if name in ("operator", "menu") else ""))
            if name == "prop":
                self.words.append(positional[1])
            return SimpleNamespace() if name == "operator" else Layout(self.words)

        return draw

    def panel(self, _name, **_):
        return Layout(self.words), Layout(self.words)


def panels(blender):
    package = blender.module("application").__name__.rpartition(".dreamface_addon")[0]
    return sys.modules[f"{package}.panels"]


def drawn(blender, name, kind="PT"):
    """The words on a page, or in a menu."""
    blender.tick()
    class_ = getattr(panels(blender), f"DREAMFACE_{kind}_{name}")
    ours = [base for base in reversed(class_.__mro__) if ".panels." in base.__module__]
    own = {key: value for base in ours for key, value in vars(base).items() if not key.startswith("__")}
    fake = type("Drawn", (), own | {"layout": Layout()})()
    fake.draw(blender.bpy.context)
    return " ".join(fake.layout.words)


def preferences_words(blender):
    """What the preferences say beside their settings."""
    blender.tick()
    layout = Layout()
    for draw in panels(blender).PREFERENCES.values():
        draw(layout)
    return " ".join(layout.words)


def test_with_nothing_there(blender):
    blender.fields.prompt = ""
    assert "Generate" in drawn(blender, "create")
    assert "No head selected" in drawn(blender, "frame")
    assert "No heads in this scene" in drawn(blender, "heads", "MT")
    for name in ("person", "skin", "hair", "edit", "animate"):
        assert "Select a head" in drawn(blender, name)
    assert "Import Face Folder" in drawn(blender, "output")


def test_a_page_is_shown_while_its_icon_is_chosen(blender):
    for name in PAGES:
        blender.fields.page = name.upper()
        polls = {page: getattr(panels(blender), f"DREAMFACE_PT_{page}").poll(blender.bpy.context) for page in PAGES}
        assert [page for page, shown in polls.items() if shown] == [name]
    assert panels(blender).DREAMFACE_PT_frame.poll(blender.bpy.context)
    assert not panels(blender).DREAMFACE_PT_setup.poll(blender.bpy.context)


def test_with_a_face_and_changed_sliders(blender, monkeypatch):
    face = blender.new_face("a man with a big nose and freckles", seed=4)
    face.dreamface.nose_width = 1.0
    face.dreamface.skin_melanin = 0.9
    blender.rest()
    blender.app.making.chips.read(blender.fields.prompt)
    blender.until(lambda: blender.app.making.chips.reading(blender.fields.prompt))
    assert "Nose (1)" in drawn(blender, "person")
    skin = drawn(blender, "skin")
    assert "The skin does not show your changes yet." in skin and "Tone (1)" in skin
    assert "layer_freckles" in skin, "a layer that this skin has"
    assert "layer_lipstick" not in skin, "nobody put on lipstick"
    assert "Lipstick" in drawn(blender, "add_layer", "MT") and "Freckles" not in drawn(blender, "add_layer", "MT")
    words = drawn(blender, "create")
    assert "big nose · +1.8" in words and "freckles · 60 %" in words
    assert "Change Man" in words
    assert "seed 4" in drawn(blender, "frame") and "Man" in drawn(blender, "heads", "MT")
    assert "Running" in preferences_words(blender)
    monkeypatch.setattr(type(blender.app.setup), "why_no_backend", lambda setup: "Start the engine first")
    stopped = blender.module("link").BackendState.STOPPED
    monkeypatch.setattr(type(blender.app.session), "state", property(lambda session: stopped))
    for page in ("person", "skin", "edit"):
        seen = drawn(blender, "frame") + drawn(blender, page)
        assert seen.count("Start the engine first") == 1, "the status line says it, so the page does not"


@pytest.mark.slow
def test_a_slider_says_that_a_chip_has_set_it(blender):
    chips = blender.app.making.chips
    blender.fields.prompt = "a fisherman with freckles"
    blender.until(lambda: chips.reading(blender.fields.prompt))
    blender.bpy.ops.dreamface.correct_words(words="fisherman", said="woman")
    face = blender.new_face(blender.fields.prompt, seed=3)
    assert drawn(blender, "person").count("“fisherman”: corrected by you") == 1
    face.dreamface.gender = 0.5
    assert "corrected by you" not in drawn(blender, "person"), "the hand came after the chip"
    blender.fields.prompt = "somebody"


def test_search_and_filters(blender):
    face = blender.new_face("a man with a big nose", seed=4)
    fields = blender.fields
    try:
        fields.search = "hump"
        words = drawn(blender, "person")
        assert "nose_hump" in words and "nose_width" not in words
        fields.search, fields.only_changed = "", True
        assert "Nothing on this page" in drawn(blender, "person")
        face.dreamface.ears_size = 1.0
        words = drawn(blender, "person")
        assert "ears_size" in words and "ears_protrusion" not in words
        fields.only_changed, fields.only_asked = False, True
        words = drawn(blender, "person")
        assert "gender" in words and "nose_width" in words and "chin_cleft" not in words
    finally:
        fields.search, fields.only_changed, fields.only_asked = "", False, False


def test_while_variations_are_made_and_with_an_error(blender, monkeypatch):
    blender.generate("a woman", variations=3, seed=1, update_selected=False)
    blender.app.error = "Something is wrong: do this."
    words = drawn(blender, "frame")
    assert "Something is wrong" in words and "dreamface.cancel" in words
    assert "Variations" in drawn(blender, "create")
    blender.until(lambda: not blender.app.making.running)
    assert "Pick" not in drawn(blender, "create"), "without a window Blender makes no icons"
    (blender.app.making.gallery.jobs[2].folder / "preview.png").unlink()  # a day later
    words = drawn(blender, "create")
    assert words.count("Deleted") == words.count("Pick") == 1, "who it was can still be made"
    monkeypatch.setattr(blender.app.pictures, "face", lambda folder: 1)
    blender.app.making.gallery.picked.add(blender.app.making.gallery.jobs[1].id)
    words = drawn(blender, "create")
    assert words.count("Pick") == 3 and words.count("Picked") == 1


def test_until_it_is_set_up_the_tab_shows_only_how(blender):
    preferences = blender.module("preferences").get()
    python, preferences.python = preferences.python, ""
    try:
        assert panels(blender).DREAMFACE_PT_setup.poll(blender.bpy.context)
        for name in (*PAGES, "frame"):
            assert not getattr(panels(blender), f"DREAMFACE_PT_{name}").poll(blender.bpy.context)
        assert "Set Up DreamFace" in drawn(blender, "setup")
        assert "Set Up DreamFace" in preferences_words(blender)
        preferences.python = "/opt/studio/bin/python"
        assert "There is no" in drawn(blender, "setup") and "Set Up DreamFace" not in drawn(blender, "setup")
    finally:
        preferences.python = python


def test_video_is_offered_to_an_engine_that_was_set_up_without(blender):
    preferences, folder = blender.module("preferences").get(), blender.module("places").user_folder("environment")
    setup = blender.app.setup
    assert setup.video_problem() == "", "an engine of the artist's own is their concern"
    assert "Add Video" not in preferences_words(blender)
    python, preferences.python = preferences.python, ""
    try:
        assert "video" in preferences_words(blender).split(), "the choice beside Set Up DreamFace"
        assert setup.video_problem() is None
        layout = Layout()
        panels(blender).engine._draw_addition(layout, setup.video_problem(), "Video", "following faces in video")
        assert [word for word in layout.words if word] == ["Without following faces in video", "Add Video"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "video").write_text("Faces in video can't be followed, because of the moon.")
        layout = Layout()
        panels(blender).engine._draw_addition(layout, setup.video_problem(), "Video", "following faces in video")
        assert "because of the moon" in " ".join(layout.words) and "Add Video" in layout.words
        (folder / "video").write_text("")
        layout = Layout()
        panels(blender).engine._draw_addition(layout, setup.video_problem(), "Video", "following faces in video")
        assert layout.words == []
    finally:
        preferences.python = python
        (folder / "video").unlink(missing_ok=True)


def test_diffusion_is_offered_to_an_engine_that_was_set_up_without(blender):
    preferences, folder = blender.module("preferences").get(), blender.module("places").user_folder("environment")
    setup = blender.app.setup
    assert setup.diffusion_problem() == "", "an engine of the artist's own is their concern"
    assert "Add Diffusion" not in preferences_words(blender)
    python, preferences.python = preferences.python, ""
    try:
        assert "Diffusion Models, 40 MB more" in preferences_words(blender), "the choice beside Set Up DreamFace"
        assert setup.diffusion_problem() is None and not setup._new_attempt()._work.diffusion
        preferences.diffusion = True
        assert setup._new_attempt()._work.diffusion
        preferences.diffusion = False
        layout = Layout()
        panels(blender).engine._draw_addition(layout, setup.diffusion_problem(), "Diffusion", "diffusion models")
        assert [word for word in layout.words if word] == ["Without diffusion models", "Add Diffusion"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "diffusion").write_text("Diffusion can't be used, because of the moon.")
        assert setup._new_attempt()._work.diffusion, "what was asked for once stays"
        layout = Layout()
        panels(blender).engine._draw_addition(layout, setup.diffusion_problem(), "Diffusion", "diffusion models")
        assert "because of the moon" in " ".join(layout.words) and "Add Diffusion" in layout.words
        (folder / "diffusion").write_text("")
        layout = Layout()
        panels(blender).engine._draw_addition(layout, setup.diffusion_problem(), "Diffusion", "diffusion models")
        assert layout.words == []
    finally:
        preferences.python, preferences.diffusion = python, False
        (folder / "diffusion").unlink(missing_ok=True)


def test_the_slow_cpu_is_told_to_the_engine(blender):
    preferences, installation = blender.module("preferences").get(), blender.module("installation")
    assert installation.settings().environment == {}
    try:
        preferences.compute_on = "cpu"
        assert installation.settings().environment == {"DREAMFACE_DIFFUSION_DEVICE": "cpu"}
    finally:
        preferences.compute_on = "auto"


def test_what_lies_on_another_machine_is_listed_and_can_be_removed(blender):
    engine = sys.modules[panels(blender).__name__ + ".engine"]
    clearing_of = blender.module("clearing")
    clearing = clearing_of.Clearing(SimpleNamespace(shares_disk=False), lambda: None)
    layout = Layout()
    engine._draw_room(layout, clearing)
    assert "Free Space" in layout.words
    clearing.items = [clearing_of.Kept(str(number), f"Face: elf {number}", 10**9) for number in range(15)]
    clearing.used, clearing.allowed, clearing.sent, clearing.styles = 15 * 10**9, 20 * 10**9, 2_000_000, 300_000
    layout = Layout()
    engine._draw_room(layout, clearing)
    words = " ".join(layout.words)
    assert "15.0 GB of 20.0 GB" in words and "Face: elf 11" in words and "and 3 smaller ones" in words
    assert layout.words.count("dreamface.remove_made") == 13 and "hair styles: 0.3 MB" in words
    assert not blender.bpy.ops.dreamface.free_space.poll(), "the engine of this machine has the library"


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
        words = drawn(blender, "setup")
        assert "Set-up was not finished: what is there already is kept" in words and "Go On" in words
        assert "was updated" not in words

        with blender.module("setup").try_lock(folder / "lock"):
            setup.attempt = blender.module("setting_up").SettingUp(blender.app.session, lambda: None).attempt
            words = drawn(blender, "setup")
            assert "Another Blender is setting DreamFace up: wait" in words and "Go On" not in words
            assert "Wait until the other Blender" in setup.why_not_set_up()
        assert "Set-up was not finished" in drawn(blender, "setup"), "the other Blender has stopped"

        (folder / "finished.json").write_text('{"wheel": "of another version"}')
        assert blender.module("setting_up").SettingUp(blender.app.session, lambda: None).attempt is None
        setup.attempt = None
        assert "was updated" in drawn(blender, "setup")
    finally:
        shutil.rmtree(folder)
        setup.attempt = next_time.attempt
        preferences.python = python
    assert setup.attempt is None, "with another environment the attempt matters no more"


def test_the_engine_is_set_up_for_a_card_where_diffusion_is_chosen(blender, monkeypatch):
    preferences, setup, fields = blender.module("preferences").get(), blender.app.setup, blender.fields
    monkeypatch.setattr(blender.module("setting_up"), "has_nvidia_driver", lambda: True)
    monkeypatch.setattr(type(blender.app), "why_not_made_by", lambda app, detail: "")
    folder = blender.module("places").user_folder("environment")
    assert setup.accelerator_offer() == "", "the engine was not set up here"
    python, preferences.python = preferences.python, ""
    try:
        assert "3 GB to download" in setup.accelerator_offer()
        folder.mkdir(exist_ok=True)
        (folder / "accelerator").touch()
        assert setup.accelerator_offer() == "", "it is set up for the card"
        (folder / "accelerator").unlink()
        monkeypatch.setattr(blender.module("setting_up"), "has_nvidia_driver", lambda: False)
        assert setup.accelerator_offer() == "", "there is no card"
    finally:
        preferences.python = python
    monkeypatch.setattr(type(setup), "accelerator_offer", lambda setup: "There is a card.")
    assert "Set Up for the NVIDIA Card" not in drawn(blender, "create")
    fields.detail = "DIFFUSION"
    try:
        assert "Set Up for the NVIDIA Card" in drawn(blender, "create")
    finally:
        fields.detail = "QUICK"


def test_the_menu_of_looks_and_prompts(blender):
    assert "Old fisherman" in drawn(blender, "prompts", "MT")


@pytest.mark.slow
def test_a_look_of_ones_own_is_saved_used_and_removed(blender):
    face = blender.new_face("a man with freckles", seed=4, name="Kim")
    face.dreamface.nose_width = 2.5
    blender.rest()
    blender.bpy.ops.dreamface.save_look(name="Kim's look")
    assert "Kim's look" in drawn(blender, "prompts", "MT")
    blender.fields.prompt = ""
    blender.bpy.ops.dreamface.use_look(look="Kim's look")
    assert blender.fields.prompt == "a man with freckles" and "Look: Kim's look" in drawn(blender, "create")
    other = blender.new_face("a man with freckles", seed=9)
    assert other.dreamface.nose_width == pytest.approx(2.5), "another seed, the same person"
    blender.bpy.ops.dreamface.drop_look()
    assert "Look:" not in drawn(blender, "create")
    blender.bpy.ops.dreamface.remove_look(look="Kim's look")
    assert "Kim's look" not in drawn(blender, "prompts", "MT")


def test_dice_change_a_region_and_a_lock_keeps_it(blender):
    face = blender.face("a man", 4)
    before = {name: getattr(face.dreamface, name) for name in ("nose_width", "nose_hump", "jaw_width")}
    blender.bpy.ops.dreamface.roll_region(region="Nose")
    now = {name: getattr(face.dreamface, name) for name in before}
    assert now["nose_width"] != before["nose_width"] and now["jaw_width"] == before["jaw_width"]
    blender.bpy.ops.dreamface.lock_region(region="Nose")
    assert blender.bpy.ops.dreamface.roll_region(region="Nose") == {"CANCELLED"}
    blender.generate("a woman", seed=8, update_selected=True)
    blender.rest()
    assert face["dreamface_prompt"] == "a woman"
    assert face.dreamface.nose_width == pytest.approx(now["nose_width"], abs=1e-4), "words leave it as it is"
    assert face.dreamface.nose_hump == pytest.approx(now["nose_hump"], abs=1e-4)


def test_layers_and_swatches(blender):
    face = blender.face("a woman", 4)
    blender.bpy.ops.dreamface.add_layer(layer="lipstick")
    assert face.dreamface.lipstick[3] > 0.5 and "layer_lipstick" in drawn(blender, "skin")
    blender.bpy.ops.dreamface.remove_layer(layer="lipstick")
    assert face.dreamface.lipstick[3] == 0.0 and "layer_lipstick" not in drawn(blender, "skin")
    blender.bpy.ops.dreamface.use_swatch(kind="hair", swatch="Red")
    assert face.dreamface.hair_redness > 0.9
    blender.bpy.ops.dreamface.use_swatch(kind="iris", swatch="Violet")
    assert face.dreamface.iris_colour[2] > face.dreamface.iris_colour[1]


def test_the_library_finds_brings_in_and_deletes(blender, tmp_path):
    made = [blender.new_face(prompt, seed=4) for prompt in ("a zany librarian", "a zany captain")]
    folders = [face["dreamface_folder"] for face in made]
    library = blender.app.library
    library.show()
    blender.until(lambda: len(library.faces("zany")) == 2)
    assert [str(entry.folder) for entry in library.faces("captain")] == [folders[1]]
    face = library.faces("captain")[0].id
    assert blender.bpy.ops.dreamface.bring_in_made(face=face) == {"FINISHED"}
    assert len(blender.faces) == 3
    blender.bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))  # makes paths relative
    with pytest.raises(RuntimeError, match="made from it"):
        blender.bpy.ops.dreamface.delete_made(face=face)
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    assert blender.bpy.ops.dreamface.delete_made(face=face) == {"FINISHED"}
    library.show()
    blender.until(lambda: not library.faces("captain"))
    assert not blender.module("places").Path(folders[1]).exists()


def test_keeping_variations_stops_nothing(blender):
    blender.generate("a man", seed=4)
    backend, preferences = blender.app.session.backend, blender.module("preferences").get()
    preferences.keep_variations = True
    try:
        assert blender.app.session.backend is backend and blender.app.making.running
        assert backend.settings.keep_variations, "from the next start on"
        blender.rest()
        assert len(blender.faces) == 1
    finally:
        preferences.keep_variations = False


def test_a_locked_region_beyond_what_may_be_asked_for_is_kept_as_far_as_it_goes(blender):
    face = blender.face("a man", 4)
    face["dreamface_measured"] = '{"mouth.corners": 3.2, "mouth.width": -3.4}'
    blender.bpy.ops.dreamface.lock_region(region="Mouth")
    locked = blender.module("regions").locked_traits(face)
    assert locked["mouth.corners"] <= 3.0 and locked["mouth.width"] >= -3.0
    blender.generate("a woman", seed=8, update_selected=True)
    blender.rest()
    assert blender.app.error == "" and face["dreamface_prompt"] == "a woman"


def test_a_copy_is_selected_from_the_menu_of_heads(blender):
    bpy, face = blender.bpy, blender.face("a man", 4)
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    assert copy != face and copy["dreamface_face_id"] == face["dreamface_face_id"]
    for skin in (face, copy):
        bpy.ops.dreamface.select_head(skin=str(skin.session_uid))
        assert bpy.context.view_layer.objects.active == skin


def test_another_prompt_drops_the_look(blender):
    making = blender.app.making
    making.look = blender.module("looks").Look("Ann", "a woman")
    blender.bpy.ops.dreamface.use_prompt(prompt="an old fisherman")
    assert making.look is None
    making.look = blender.module("looks").Look("Ann", "a woman")
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    assert making.look is None


def test_a_colour_comes_back_with_its_layer(blender):
    face = blender.face("a woman", 4)
    face.dreamface.lipstick = (0.02, 0.1, 0.8, 0.7)
    blender.bpy.ops.dreamface.remove_layer(layer="lipstick")
    blender.bpy.ops.dreamface.add_layer(layer="lipstick")
    assert tuple(face.dreamface.lipstick)[:3] == pytest.approx((0.02, 0.1, 0.8)) and face.dreamface.lipstick[3] > 0.5


def test_fitting_the_words_is_not_there_until_clip_is_and_grey_with_the_reason_where_it_can_not_look(
    blender, monkeypatch
):
    making, models, fields = blender.app.making, blender.app.models, blender.fields
    blender.until(lambda: not making.running)
    clip = SimpleNamespace(name="clip-vit-l-14", title="CLIP ViT-L/14", installed=False, chosen=False)
    monkeypatch.setattr(making, "why_not_generate", lambda prompt: "")
    monkeypatch.setattr(blender.app.setup, "diffusion_problem", lambda: None)
    for known in (None, [], [clip]):
        monkeypatch.setattr(models, "installable", known)
        words = drawn(blender, "create")
        assert "align" not in words and "CLIP" not in words
    clip.installed = True
    words = drawn(blender, "create")
    assert "align" in words and "Add Diffusion in DreamFace's preferences first." in words
    clip.installed = False
    sent = []
    monkeypatch.setattr(
        making._session, "submit", lambda kind, request, *_: sent.append(request) or SimpleNamespace(id="")
    )
    monkeypatch.setattr(making.recovery, "note", lambda *_: None)
    fields.prompt, fields.update_selected, fields.variations = "a porcelain doll", False, 1
    try:
        fields.align = 0.7
        blender.bpy.ops.dreamface.generate()
        assert "align" not in sent[-1], "nobody looks"
        monkeypatch.setattr(models, "installable", None)
        blender.bpy.ops.dreamface.generate()
        assert sent[-1]["align"] == pytest.approx(0.7), "an engine that has not answered says itself what lacks"
        monkeypatch.setattr(models, "installable", [clip])
        clip.installed = True
        monkeypatch.setattr(making, "why_not_align", lambda model: "")
        words = drawn(blender, "create")
        assert "align" in words and "Add Diffusion" not in words
        blender.bpy.ops.dreamface.generate()
        assert sent[-1]["align"] == pytest.approx(0.7)
        making.moved, making.looked = (
            ("light skin (was tan skin)",),
            "Moved, because the picture fits the words better: ...",
        )
        words = drawn(blender, "create")
        assert "because the picture fits the words better" in words and "light skin (was tan skin)" in words
        making.file_opened()
        assert (making.moved, making.looked) == ((), ""), "which were of the other file's face"
    finally:
        fields.align, making.moved, making.looked = 0.0, (), ""
        making.gallery.clear()


def test_why_clip_can_not_look(blender, monkeypatch):
    making = blender.app.making
    assert "has not said yet" in making.why_not_align(None)
    clip = SimpleNamespace(title="CLIP", installed=True)
    for problem, sentence in ((None, "Add Diffusion in"), ("It is broken.", "It is broken."), ("", "")):
        monkeypatch.setattr(blender.app.setup, "diffusion_problem", lambda problem=problem: problem)
        assert sentence in making.why_not_align(clip) and bool(making.why_not_align(clip)) == bool(sentence)
