"""Installing a head model in the preferences, working with it, and doing without it again; with a real backend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.e2e.conftest import PATIENCE
from tests.e2e.test_panels import drawn, preferences_words
from tests.e2e.test_sidebar import positions, why_not
from tests.tiny_diffusion import save
from tests.unit.test_stable_diffusion import folder as stable_diffusion_folder
from tests.unit.test_stable_diffusion import safetensors

NAME = "ict-facekit"


@pytest.fixture
def models(blender):
    """What the models in the preferences know, once the backend has said it."""
    if blender.app.session.state.name in ("STOPPED", "FAILED"):
        blender.bpy.ops.dreamface.start_backend()
    blender.until(lambda: blender.app.models.installable is not None)
    return blender.app.models


def finish(blender):
    blender.until(lambda: not blender.app.models.busy)
    blender.until(lambda: not blender.app.models.asking)


@pytest.mark.parametrize("name", [NAME, "face-landmarker"])
def test_what_can_be_installed_is_listed(blender, models, name):
    words = preferences_words(blender)
    model = models.find(name)
    assert all(part in words for part in (model.title, model.licence, "Install from File"))
    assert model.folder in words.replace(" ", ""), "broken into lines where it is too long"
    assert ("to download" in words) == (model.download_size > 0)
    assert "Verify" not in words and not model.installed


def test_downloading_needs_permission_and_a_file_does_not(blender, models):
    operators = blender.bpy.ops.dreamface
    assert not blender.bpy.app.online_access
    assert "Allow online access" in why_not(operators.install_model)
    assert operators.install_model_file.poll()
    assert "Allow Online Access" in preferences_words(blender)


def test_without_a_backend_the_panel_says_so(blender):
    preferences = blender.module("preferences").get()
    python, preferences.python = preferences.python, ""
    try:
        assert "Set up DreamFace's engine first" in preferences_words(blender)
        assert "Set up DreamFace's engine first" in why_not(blender.bpy.ops.dreamface.verify_model)
    finally:
        preferences.python = python


def test_a_file_that_is_no_archive_is_a_sentence(blender, models, tmp_path):
    (tmp_path / "holiday.zip").write_bytes(b"JFIF")
    operators = blender.bpy.ops.dreamface
    with pytest.raises(RuntimeError, match="is not there: choose the downloaded file"):
        operators.install_model_file(model=NAME, filepath=str(tmp_path / "gone.zip"))
    operators.install_model_file(model=NAME, filepath=str(tmp_path / "holiday.zip"))
    finish(blender)
    well, sentence = models.outcome(NAME)
    assert not well and "holiday.zip" in sentence
    words = preferences_words(blender)
    assert sentence.split()[0] in words and "Install from File" in words and "Install Again" not in words
    assert blender.app.error == "", "the Create page has nothing to do with it"
    operators.dismiss_model(model=NAME)
    assert models.outcome(NAME) == (True, "")


def test_an_own_checkpoint_is_added_chosen_and_removed(blender, models, tmp_path):
    operators = blender.bpy.ops.dreamface
    with pytest.raises(RuntimeError, match=r"is not there: choose a \.safetensors file"):
        operators.add_checkpoint(filepath=str(tmp_path / "gone.safetensors"))
    lora = safetensors(tmp_path / "style.safetensors", {"lora_unet_x.lora_down.weight": [2, 2]})
    operators.add_checkpoint(filepath=str(lora))
    finish(blender)
    assert "is a LoRA" in models.outcome("style")[1] and "is a LoRA" in preferences_words(blender)
    operators.dismiss_model(model="style")
    assert "is a LoRA" not in preferences_words(blender)
    operators.add_checkpoint(filepath=str(stable_diffusion_folder(tmp_path / "Dreamy Faces 8.1")))
    finish(blender)
    name = "Dreamy-Faces-8-1"
    try:
        assert models.outcome(name)[0] and models.find(name).installed, models.outcome(name)
        assert operators.detail_by_diffusion.poll()
        assert "Train a texture model" in why_not(operators.fast_detail)
        assert models.diffusion.name == name, "there is no other"
        words = preferences_words(blender)
        assert name in words and "Diffusion works with it" in words and "Use for Diffusion" not in words
        operators.choose_model(model=name)
        finish(blender)
        assert models.outcome(name) == (True, f"Diffusion works with {name} from now on.")
    finally:
        operators.remove_model("EXEC_DEFAULT", model=name)
        finish(blender)
    assert models.find(name) is None and f"{name} is removed" in preferences_words(blender)
    operators.dismiss_model(model=name)
    assert "Install Stable Diffusion" in why_not(operators.detail_by_diffusion)
    blender.fields.prompt, blender.fields.detail = "a pale woman", "DIFFUSION"
    assert "Install Stable Diffusion" in drawn(blender, "create")
    assert operators.generate() == {"CANCELLED"} and not blender.app.making.running
    assert blender.fields.detail == "QUICK"
    blender.fields.detail = "FAST"
    assert "Install Stable Diffusion" in drawn(blender, "create")
    assert operators.generate() == {"CANCELLED"} and blender.fields.detail == "QUICK"


@pytest.mark.slow
def test_a_head_gets_its_detail_by_diffusion(blender, models, tmp_path):
    """With a complete Stable Diffusion of few numbers, through the very engine that the real one goes through."""
    operators, fields = blender.bpy.ops.dreamface, blender.fields
    quick = blender.new_face("a pale woman", seed=8)
    operators.add_checkpoint(filepath=str(save(tmp_path / "Tiny", width=768)))
    finish(blender)
    try:
        assert models.diffusion.name == "Tiny"
        assert operators.detail_by_diffusion() == {"FINISHED"} and fields.detail == "DIFFUSION"
        words = drawn(blender, "create")
        assert "Advanced" in words
        fields.detail_steps = 10
        before = set(blender.faces)
        blender.generate("a pale woman", update_selected=False, seed=8)
        blender.until(lambda: not blender.app.making.running, 4 * PATIENCE)  # the painter is asked twice more
        blender.rest()
        assert blender.app.error == ""
        (face,) = set(blender.faces) - before
        job = next(job for job in reversed(blender.app.session.jobs) if job.kind == "generate")
        assert job.request["detail"] == {"fast": False, "steps": 10, "guidance": 100.0}
        assert np.abs(positions(face) - positions(quick)).max() > 1e-4, "carved"
        record = blender.module("scene").record(face)
        (edit,) = record["edits"]
        assert edit["label"] == "Diffusion" and edit["parameters"]["model"] == "Tiny"
    finally:
        fields.detail, fields.detail_steps = "QUICK", 200
        operators.remove_model("EXEC_DEFAULT", model="Tiny")
        finish(blender)
        operators.dismiss_model(model="Tiny")


@pytest.mark.slow
def test_a_head_model_comes_and_goes(blender, models, ict_archive):
    operators = blender.bpy.ops.dreamface
    plain = blender.new_face("a woman", seed=5)
    operators.install_model_file(model=NAME, filepath=str(ict_archive))
    assert "dreamface.cancel_model" in preferences_words(blender)
    try:
        finish(blender)
        assert models.outcome(NAME)[0], models.outcome(NAME)
        assert "ict" in [name for name, _, _ in models.head_items] and models.find(NAME).installed
        words = preferences_words(blender)
        assert "Verify" in words and "Install Again" not in words
        operators.verify_model(model=NAME)
        finish(blender)
        assert models.outcome(NAME)[0], models.outcome(NAME)
        face = _work_with_it(blender, plain)
        _damage_and_mend_it(blender, models, ict_archive)
        operators.remove_model("EXEC_DEFAULT", model=NAME)
        finish(blender)
        assert [name for name, _, _ in models.head_items] == ["auto", "anny"]
        _do_without_it(blender, face)
        _catch_up(blender, face, ict_archive)
    finally:
        if models.find(NAME).installed:
            operators.remove_model("EXEC_DEFAULT", model=NAME)
            finish(blender)


def _work_with_it(blender, plain):
    """A new head, a slider, another head model in a face that is there."""
    face = blender.new_face("an old man", head="ict", seed=3)
    parts = [child for child in face.children if child.type == "MESH"]
    assert len(face.data.vertices) == 14062 and len(parts) == 14
    before = positions(face)
    face.dreamface.nose_width = 2.5
    blender.rest()
    assert blender.app.following.problem == "" and np.abs(positions(face) - before).max() > 0.001
    plain.shape_key_add(name="scar", from_mix=False)
    blender.module("placing").select(plain)
    blender.generate("an old man", head="ict", seed=4, update_selected=True)
    blender.rest()
    assert len(plain.data.vertices) == 14062
    assert "scar" in blender.app.making.placing.warning and "scar" in drawn(blender, "frame")
    operators = blender.bpy.ops.dreamface
    operators.dismiss_error()
    assert "scar" not in drawn(blender, "frame")
    return face


def _damage_and_mend_it(blender, models, archive):
    operators = blender.bpy.ops.dreamface
    licence = Path(models.find(NAME).folder) / "LICENSE"
    text = licence.read_text()
    licence.write_text("")
    operators.verify_model(model=NAME)
    finish(blender)
    assert not models.outcome(NAME)[0]
    assert "Install Again" in preferences_words(blender) and operators.install_model_file.poll()
    operators.install_model_file(model=NAME, filepath=str(archive))
    finish(blender)
    assert models.outcome(NAME)[0], models.outcome(NAME)
    assert licence.read_text() == text and "Install Again" not in preferences_words(blender)


def _catch_up(blender, face, archive):
    """The mesh follows the slider that was moved while the model was missing."""
    before = positions(face)
    blender.bpy.ops.dreamface.install_model_file(model=NAME, filepath=str(archive))
    finish(blender)
    blender.rest()
    assert blender.app.following.problem == "" and np.abs(positions(face) - before).max() > 0.001


def _do_without_it(blender, face):
    """Nothing that is there is lost, and what needs the model says so."""
    before = positions(face)
    face.dreamface.nose_width = -2.0
    blender.rest()
    assert "not installed" in blender.app.following.problem
    np.testing.assert_array_equal(positions(face), before)
    blender.module("placing").select(face)
    blender.bpy.ops.dreamface.paint()
    blender.rest()
    assert "not installed" in blender.app.error
    assert "not installed" in drawn(blender, "frame")
    blender.bpy.ops.dreamface.dismiss_error()
    assert "not installed" not in drawn(blender, "frame")
    folder = face["dreamface_folder"]
    assert blender.bpy.ops.dreamface.import_face(filepath=f"{folder}/face.json") == {"FINISHED"}
    assert len(blender.bpy.context.object.data.vertices) == 14062, "the stored mesh needs no model"
