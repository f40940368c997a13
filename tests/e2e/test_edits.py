"""The Edit page without the window: places, words, the stack, and what becomes of them in the scene."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from tests.e2e.test_panels import drawn
from tests.e2e.test_sidebar import albedo, pixels, positions, why_not

pytestmark = pytest.mark.slow


@pytest.fixture
def face(blender):
    return blender.face()


def entries(face):
    return json.loads(face["dreamface_edits"])


def rest(blender, face, folder=False):
    """Tick until the images show the stack; with `folder` until the face's folder does."""
    app = blender.app

    def rests():
        quiet = not (app.editing.doing or app.editing._answers or app.repainting.is_behind(face))
        return quiet and (not folder or app.repainting.is_whole(face))

    blender.until(rests)
    blender.rest()


def mark(blender, region="left_cheek"):
    assert blender.bpy.ops.dreamface.mark_region(region=region) == {"FINISHED"}


def say(blender, face, words):
    """Type words and press Enter; wait until the skin shows them."""
    blender.fields.edit_words = words
    rest(blender, face)
    assert blender.app.editing.problem == blender.app.repainting.problem == ""


def test_words_on_a_region_change_the_skin_there_and_nowhere_else(blender, face):
    before = pixels(albedo(face))
    mark(blender)
    say(blender, face, "freckles")
    (entry,) = entries(face)
    assert entry["label"] == "freckles" and entry["place"]["regions"] == ["left_cheek"]
    assert blender.fields.edit_words == "" and "dreamface_draft" not in face
    now = pixels(albedo(face))
    changed = np.abs(now - before).max(axis=-1) if now.ndim > 1 else np.abs(now - before)
    assert 0.0005 < (changed > 0.01).mean() < 0.3
    face.dreamface_edit.rows[0].visible = False
    rest(blender, face)
    assert np.abs(pixels(albedo(face)) - before).max() < 1 / 255


def test_without_a_place_nothing_is_made_and_the_words_say_why(blender, face):
    assert "Type what should be there first" in why_not(blender.bpy.ops.dreamface.say_edit)
    blender.fields.edit_words = "freckles"
    rest(blender, face)
    assert "Mark a place first" in blender.app.editing.problem and entries(face) == []


def test_words_that_mean_nothing_are_said_and_lose_no_marks(blender, face):
    mark(blender)
    blender.fields.edit_words = "xylophone"
    rest(blender, face)
    assert "xylophone" in blender.app.editing.problem and entries(face) == []
    assert "Diffusion may know more words. No diffusion model is installed" in blender.app.editing.problem
    assert "Install Stable Diffusion 1.5 in DreamFace's preferences" in why_not(blender.bpy.ops.dreamface.diffuse_edit)
    assert json.loads(face["dreamface_draft"])["regions"] == ["left_cheek"]


def test_diffusion_that_fails_loses_neither_words_nor_marks(blender, face, monkeypatch):
    mark(blender)
    blender.fields.edit_words = "xylophone"
    rest(blender, face)
    model = SimpleNamespace(installed=True, title="Stable Diffusion 1.5")
    monkeypatch.setattr(blender.app.models, "find", lambda name: model)  # and its packages are not
    assert "No diffusion model is installed" in why_not(blender.bpy.ops.dreamface.diffuse_edit)
    blender.app._model_installed()
    for typed in ("", "a xylophone"):  # the words that nothing was made of, and those in the field
        blender.fields.write_edit_words(typed)
        assert blender.bpy.ops.dreamface.diffuse_edit() == {"FINISHED"}
        blender.rest()
        assert "No diffusion model is installed" in blender.app.error and entries(face) == []
        assert (blender.fields.edit_words, blender.app.editing.unknown) == (typed, "xylophone")
        assert json.loads(face["dreamface_draft"])["regions"] == ["left_cheek"]


def test_the_strength_slider_moves_the_skin_and_the_folder_follows(blender, face):
    mark(blender, "forehead")
    say(blender, face, "freckles")
    full = pixels(albedo(face))
    face.dreamface_edit.rows[0].strength = 0.3
    rest(blender, face, folder=True)
    faint = pixels(albedo(face))
    assert np.abs(faint - full).max() > 0.01
    document = json.loads((blender.module("places").Path(face["dreamface_folder"]) / "face.json").read_text("utf-8"))
    assert document["edits"][0]["strength"] == pytest.approx(0.3)
    assert not albedo(face).is_dirty, "the images are the folder's"
    assert entries(face)[0]["strength"] == pytest.approx(0.3)


def test_the_stack_is_moved_copied_and_cleared(blender, face):
    ops = blender.bpy.ops.dreamface
    assert "no edits yet" in why_not(ops.delete_edit)
    for region, words in (("left_cheek", "freckles"), ("nose", "blemishes")):
        mark(blender, region)
        say(blender, face, words)
    group = face.dreamface_edit
    assert [row.label for row in group.rows] == ["freckles", "blemishes"] and group.number == 1
    assert ops.move_edit(by=-1) == {"FINISHED"}
    assert [row.label for row in group.rows] == ["blemishes", "freckles"] and group.number == 0
    assert ops.duplicate_edit() == {"FINISHED"}
    assert [row.label for row in group.rows] == ["blemishes", "blemishes copy", "freckles"] and group.number == 1
    group.rows[1].label = "spots"
    assert entries(face)[1]["label"] == "spots"
    assert ops.delete_edit() == {"FINISHED"} and len(group.rows) == 2
    rest(blender, face)


def test_selected_faces_are_a_place(blender, face):
    before = pixels(albedo(face))
    for polygon in face.data.polygons:
        polygon.select = polygon.center.x > 0.02 and polygon.center.y < 0.0
    assert blender.bpy.ops.dreamface.mark_faces() == {"FINISHED"}
    say(blender, face, "freckles")
    (entry,) = entries(face)
    assert list(entry["place"]["mask"]) and not entry["place"]["regions"]
    assert np.abs(pixels(albedo(face)) - before).max() > 0.01


def test_an_edit_of_the_whole_face_moves_the_mesh_while_sliders_stay(blender, face):
    before, age = positions(face), face.dreamface.age
    blender.fields.talk_words = "a big nose"
    rest(blender, face)
    blender.rest()
    (entry,) = entries(face)
    assert entry["place"] is None
    moved = np.linalg.norm(positions(face) - before, axis=1).max()
    assert moved > 0.001 and face.dreamface.age == age
    face.dreamface_edit.rows[0].strength = 0.0
    blender.rest()
    assert np.linalg.norm(positions(face) - before, axis=1).max() < 1e-4


def test_talk_changes_undoes_and_answers(blender, face):
    assert "Type what should be different, or a question" in why_not(blender.bpy.ops.dreamface.talk)
    before = positions(face)

    def tell(words):
        blender.fields.talk_words = words
        rest(blender, face)
        blender.rest()
        assert blender.app.editing.problem == "" and blender.fields.talk_words == ""
        return json.loads(face["dreamface_talk"])[-1]["answer"]

    assert "By shape and skin she looks about" in tell("how old does she look?"), "it is measured on the folder"
    assert "nose width" in tell("a much wider nose")
    assert np.linalg.norm(positions(face) - before, axis=1).max() > 0.001
    assert "“a much wider nose”" in tell("what did you change?")
    assert tell("undo that") == "Back to how it was before “a much wider nose”."
    assert entries(face) == [] and np.linalg.norm(positions(face) - before, axis=1).max() < 1e-4
    words = drawn(blender, "edit")
    assert "Talk" in words and "undo that" in words and "Back to how it was" in words
    blender.bpy.context.view_layer.objects.active = None
    assert "Select a DreamFace head first" in why_not(blender.bpy.ops.dreamface.talk)


def test_edits_are_copied_to_another_head(blender, face):
    mark(blender)
    say(blender, face, "freckles")
    other = blender.face("a man", seed=6)
    before = pixels(albedo(other))
    blender.bpy.context.view_layer.objects.active = face
    assert blender.bpy.ops.dreamface.copy_edits(head=str(other.session_uid)) == {"FINISHED"}
    rest(blender, other)
    assert [entry["label"] for entry in entries(other)] == ["freckles"]
    assert entries(other)[0]["id"] != entries(face)[0]["id"]
    assert np.abs(pixels(albedo(other)) - before).max() > 0.01


def test_an_edited_head_opens_elsewhere_without_its_folder(blender, face, tmp_path):
    for polygon in face.data.polygons:
        polygon.select = polygon.center.x > 0.02
    blender.bpy.ops.dreamface.mark_faces()
    say(blender, face, "freckles")
    shown = pixels(albedo(face))
    file = tmp_path / "head.blend"
    blender.bpy.ops.wm.save_as_mainfile(filepath=str(file))
    blender.bpy.ops.wm.open_mainfile(filepath=str(file), load_ui=False)
    (again,) = blender.faces
    assert np.abs(pixels(albedo(again)) - shown).max() < 1 / 255
    assert not blender.app.repainting.is_behind(again)
    assert [row.label for row in again.dreamface_edit.rows] == ["freckles"]
    again["dreamface_folder"] = str(tmp_path / "nowhere")
    again.dreamface_edit.rows[0].strength = 0.2
    rest(blender, again)
    assert np.abs(pixels(albedo(again)) - shown).max() > 0.01


def test_a_repainted_skin_keeps_its_edits(blender, face):
    mark(blender)
    say(blender, face, "freckles")
    face.dreamface.skin_melanin = 0.9
    assert blender.bpy.ops.dreamface.paint() == {"FINISHED"}
    blender.rest()
    assert len(entries(face)) == 1
    rest(blender, face, folder=True)


def test_a_generated_person_keeps_the_edits(blender, face):
    mark(blender)
    say(blender, face, "freckles")
    blender.bpy.context.view_layer.objects.active = face
    blender.generate("a woman", seed=8, update_selected=True)
    blender.rest()
    assert [entry["label"] for entry in entries(face)] == ["freckles"]
    rest(blender, face, folder=True)
    blender.fields.update_selected = False


def test_a_head_that_is_deleted_meanwhile_is_told(blender, face):
    mark(blender)
    blender.fields.edit_words = "freckles"
    for part in [face, *face.children]:
        blender.bpy.data.objects.remove(part)
    blender.until(lambda: blender.app.editing.problem)
    assert "gone" in blender.app.editing.problem


def paint(face, colour, rows):
    """Paint rows of the face's canvas, counted from the bottom."""
    image = dict(face["dreamface_canvases"])["skin"]
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    values.reshape(image.size[1], image.size[0], 4)[rows] = colour
    image.pixels.foreach_set(values)


def test_a_place_is_painted_and_kept_however_the_mode_is_left(blender, face):
    ops = blender.bpy.ops.dreamface
    assert "Nothing is painted now" in why_not(ops.end_painting)
    assert ops.paint_mask() == {"FINISHED"} and face.mode == "TEXTURE_PAINT"
    assert "being painted on" in why_not(ops.paint_mask)
    paint(face, (1.0, 1.0, 1.0, 1.0), slice(500, 600))
    blender.bpy.ops.object.mode_set(mode="OBJECT")  # not with Done
    blender.until(lambda: "dreamface_canvases" not in face)
    draft = json.loads(face["dreamface_draft"])
    assert set(draft["mask"]) == {"skin"}
    assert ops.paint_mask() == {"FINISHED"}
    paint(face, (1.0, 1.0, 1.0, 1.0), slice(600, 700))
    assert ops.end_painting() == {"FINISHED"} and face.mode == "OBJECT"
    assert json.loads(face["dreamface_draft"])["mask"] != draft["mask"], "it is gone on with"
    before = pixels(albedo(face))
    say(blender, face, "freckles")
    assert np.abs(pixels(albedo(face)) - before).max() > 0.01


def test_a_sketch_becomes_ink(blender, face):
    ops = blender.bpy.ops.dreamface
    assert "Nothing is drawn yet" in why_not(ops.make_sketch)
    before = pixels(albedo(face))
    assert ops.new_sketch() == {"FINISHED"}
    paint(face, (0.0, 0.0, 0.0, 1.0), slice(1000, 1060))
    blender.fields.sketch_as = "ink"
    assert ops.make_sketch() == {"FINISHED"} and face.mode == "OBJECT"
    rest(blender, face)
    (entry,) = entries(face)
    assert entry["kind"] == "sketch" and entry["parameters"] == {"as": "ink"}
    assert blender.app.repainting.problem == "" and "dreamface_sketch" not in face
    assert (np.abs(pixels(albedo(face)) - before) > 0.1).mean() > 0.001


def test_a_picture_lies_where_the_pointer_is(blender, face, tmp_path):
    from mathutils import Vector

    scene, picture = blender.module("scene"), blender.package("operators.edit.picture")
    pixels_of_file = np.zeros((64, 64, 4), np.uint8)
    pixels_of_file[16:48, 16:48] = (10, 10, 60, 255)
    file = tmp_path / "anchor.png"
    file.write_bytes(blender.module("scene.png").encode_png(pixels_of_file))
    blender.fields.picture_file, blender.fields.picture_as = str(file), "ink"
    front = min((face.matrix_world @ vertex.co for vertex in face.data.vertices), key=lambda place: place.y)
    spot = scene.spot_under(face, Vector((0.03, -1.0, front.z)), Vector((0.0, 1.0, 0.0)))
    before = pixels(albedo(face))
    picture.lay(blender.bpy.context, face, spot, 30.0, 0.0)
    rest(blender, face)
    (entry,) = entries(face)
    assert entry["label"] == "anchor as tattoo ink" and entry["parameters"]["size_mm"] == 30.0
    assert blender.app.repainting.problem == ""
    first = pixels(albedo(face))
    assert (np.abs(first - before) > 0.1).mean() > 0.0005
    face.dreamface_edit.size_mm = 60.0
    rest(blender, face)
    assert entries(face)[0]["parameters"]["size_mm"] == 60.0
    assert (np.abs(pixels(albedo(face)) - before) > 0.1).sum() > 2 * (np.abs(first - before) > 0.1).sum()


@pytest.fixture
def with_diffusion(blender, tmp_path, monkeypatch):
    """A tiny Stable Diffusion is installed for the engine."""
    pytest.importorskip("diffusers", reason='diffusers is not installed: pip install "dreamface[diffusion]"')
    from dreamface import models
    from dreamface.models import stable_diffusion
    from tests import tiny_diffusion

    monkeypatch.setattr(stable_diffusion, "WIDTHS", (32,))  # as narrow as its words are
    models.install("stable-diffusion-v1-5", tiny_diffusion.save(tmp_path / "tiny"))
    blender.app.models._stale = True
    blender.until(lambda: (found := blender.app.models.find("stable-diffusion-v1-5")) and found.installed)
    yield
    models.remove("stable-diffusion-v1-5")
    blender.app.models._stale = True


def test_a_diffusion_model_makes_an_edit_like_any_other(blender, face, with_diffusion):
    before = pixels(albedo(face))
    mark(blender)
    blender.fields.edit_words = "a xylophone"
    rest(blender, face)
    assert "Press Diffusion to have a model make it" in blender.app.editing.problem
    blender.fields.diffusion_keep = 0.5
    assert blender.bpy.ops.dreamface.diffuse_edit() == {"FINISHED"}
    blender.rest()
    assert blender.app.error == ""
    assert blender.bpy.ops.dreamface.diffuse_edit.poll() is False  # the words are used up
    rest(blender, face, folder=True)
    (entry,) = entries(face)
    assert (entry["kind"], entry["label"]) == ("diffusion", "a xylophone") and len(entry["pictures"]) == 3
    assert "dreamface_draft" not in face and len(face.dreamface_edit.rows) == 1
    assert np.abs(pixels(albedo(face)) - before).max() > 0.05
    face.dreamface_edit.rows[0].strength = 0.0  # without the model
    rest(blender, face)
    assert np.abs(pixels(albedo(face)) - before).max() < 1.5 / 255
    face.dreamface_edit.rows[0].strength = 2.0
    rest(blender, face)
    assert blender.app.repainting.problem == ""


def test_diffusion_can_be_cancelled_and_leaves_nothing(blender, face, with_diffusion):
    mark(blender)
    blender.fields.edit_words = "a xylophone"
    rest(blender, face)
    assert blender.bpy.ops.dreamface.diffuse_edit() == {"FINISHED"}
    blender.app.making.cancel()
    blender.rest()
    assert blender.bpy.ops.dreamface.diffuse_edit.poll()  # the words are still there
    assert entries(face) == [] and json.loads(face["dreamface_draft"])["regions"] == ["left_cheek"]
