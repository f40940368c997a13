"""What an artist does in the sidebar, without the window: type, Generate, sliders, variations, and mishaps."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest


def positions(face):
    coordinates = np.empty(len(face.data.vertices) * 3, np.float32)
    face.data.vertices.foreach_get("co", coordinates)
    return coordinates.reshape(-1, 3)


def albedo(face):
    nodes = face.data.materials[0].node_tree.nodes
    return next(node.image for node in nodes if node.type == "TEX_IMAGE" and node.image.name.endswith("skin albedo"))


def pixels(image):
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values


def why_not(operator):
    """What Blender's tooltip says where a button is grey."""
    with pytest.raises(RuntimeError) as refused:
        operator()
    return str(refused.value)


def test_a_prompt_becomes_a_head_in_the_scene(blender):
    face = blender.new_face("an old woman with green eyes", seed=7)
    assert face["dreamface_prompt"] == "an old woman with green eyes"
    assert face["dreamface_seed"] == "7"
    keys = face.data.shape_keys.key_blocks
    assert len(keys) >= 53 and keys["jawOpen"].value == 0.0
    assert blender.bpy.context.view_layer.objects.active == face
    assert json.loads(face["dreamface_traits"])["age"]["value"] > 50
    assert len(face.children) >= 8  # eyes, teeth, tongue, lashes


def test_the_face_stands_at_the_cursor(blender):
    blender.bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    assert tuple(blender.new_face().location) == (1.0, 2.0, 3.0)


def test_the_prompt_is_read_and_words_can_be_dropped(blender):
    blender.face()  # the backend runs
    blender.fields.prompt = "a woman with freckles and a xylophone"
    blender.until(lambda: blender.app.session.reading and blender.app.session.reading.prompt == blender.fields.prompt)
    chips = {chip.words for chip in blender.app.session.reading.chips}
    assert "freckles" in chips
    assert "xylophone" in blender.app.session.reading.not_understood
    blender.bpy.ops.dreamface.toggle_words(words="freckles")
    face = blender.new_face(blender.fields.prompt, seed=3)
    traits = json.loads(face["dreamface_traits"])
    assert traits["freckles.density"]["confidence"] == 0.0, "what freckles say was left to the seed"


def test_what_was_corrected_is_kept_with_the_head_and_with_its_prompt(blender):
    blender.face()
    chips = blender.app.making.chips
    blender.fields.prompt = "somebody"  # what was said of other prompts is forgotten
    blender.fields.prompt = "a fisherman with freckles"
    blender.until(lambda: chips.reading(blender.fields.prompt))
    assert "because of: fisherman" in chips.tooltip("fisherman")
    assert "woman" in [meaning.said for meaning in chips.meanings("fisherman")]
    blender.bpy.ops.dreamface.correct_words(words="fisherman", said="woman")
    face = blender.new_face(blender.fields.prompt, seed=3)
    assert json.loads(face["dreamface_traits"])["gender"] == {"value": -1.0, "confidence": 1.0, "because": "fisherman"}
    kept = blender.module("scene").record(face)["corrections"]
    assert [one["words"] for one in kept] == ["fisherman"]
    blender.bpy.ops.dreamface.paint()
    blender.rest()
    assert blender.module("scene").record(face)["corrections"] == kept, "an edit of the face keeps it"

    blender.fields.prompt = "somebody else"
    assert not chips.corrected
    blender.bpy.context.view_layer.objects.active = face
    blender.fields.prompt = "a fisherman with freckles"
    blender.until(lambda: chips.reading(blender.fields.prompt))
    assert chips.tooltip("fisherman").startswith("woman, corrected by you")
    blender.fields.prompt = "somebody"


def test_nobody_is_made_of_another_language_unless_that_is_wanted(blender):
    blender.face()
    before = len(blender.faces)
    chips = blender.app.making.chips
    blender.fields.prompt = "ein alter Mann mit Bart"
    blender.until(lambda: chips.reading(blender.fields.prompt))
    assert "reads English only" in chips.nothing_read(blender.fields.prompt)
    blender.bpy.ops.dreamface.generate()  # a script that has not asked
    blender.rest()
    assert len(blender.faces) == before and "reads English only" in blender.app.error
    blender.bpy.ops.dreamface.generate(anyway=True)
    blender.rest()
    assert len(blender.faces) == before + 1 and blender.app.error == ""


def test_what_was_said_of_a_prompt_stays_when_another_one_is_typed(blender):
    face = blender.new_face("a man with a scar on the left cheek and glasses", seed=3)
    made, notes = blender.app.making.remarks
    assert made == "a man with a scar on the left cheek and glasses" and "glasses" in notes[0]
    (edit,) = json.loads(face["dreamface_edits"])
    assert edit["place"]["regions"] == ["left_cheek"]
    blender.bpy.ops.dreamface.dismiss_remarks()
    assert blender.app.making.remarks == ("", ())


def test_generating_again_updates_the_same_face(blender):
    face = blender.face("a young man", 1)
    face.name, face.location.x = "Hero", 2.0
    before = positions(face)
    blender.generate("a fat man", seed=1, update_selected=True)
    blender.rest()
    assert blender.faces == [face] and face.name == "Hero" and face.location.x == 2.0
    assert face["dreamface_prompt"] == "a fat man"
    assert not np.allclose(positions(face), before, atol=1e-4)


def test_renaming_during_a_job_is_safe(blender):
    face = blender.face("a young man", 1)
    blender.generate("a fat man", seed=1, update_selected=True)
    face.name = "Renamed"
    blender.rest()
    assert face.name == "Renamed" and face["dreamface_prompt"] == "a fat man"


def test_a_face_deleted_during_a_job_is_offered_as_a_new_one(blender):
    face = blender.face()
    blender.generate("a fat man", update_selected=True)
    for part in [*face.children, face]:
        blender.bpy.data.objects.remove(part)
    blender.until(lambda: blender.app.making.placing.left)
    assert blender.faces == []
    blender.bpy.ops.dreamface.bring_in(job=blender.app.making.placing.left[0][0].id)
    assert [face["dreamface_prompt"] for face in blender.faces] == ["a fat man"]
    assert blender.app.making.placing.left == []


def test_another_file_opened_during_a_job_gets_nothing_unasked(blender):
    blender.generate(update_selected=False)
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    blender.until(lambda: blender.app.making.placing.left)
    assert blender.faces == []
    blender.bpy.ops.dreamface.dismiss(job=blender.app.making.placing.left[0][0].id)
    assert blender.app.making.placing.left == []


def test_the_mesh_follows_a_slider_and_its_reset(blender):
    face = blender.face()
    before = positions(face)
    face.dreamface.nose_width = 2.5
    blender.rest()
    assert np.abs(positions(face) - before).max() > 0.001
    assert face.dreamface.nose_width == pytest.approx(2.5)
    blender.bpy.ops.dreamface.reset_trait(trait="nose.width")
    blender.rest()
    assert np.abs(positions(face) - before).max() < 1e-5


def test_a_duplicated_face_has_sliders_of_its_own(blender):
    bpy = blender.bpy
    face = blender.face()
    for part in face.children_recursive:
        part.select_set(True)
    bpy.ops.object.duplicate()
    copy = blender.module("scene").skin_of(bpy.context.active_object)
    assert copy != face
    before = positions(face)
    copy.dreamface.nose_width = 2.5
    blender.rest()
    assert np.array_equal(positions(face), before)
    assert np.abs(positions(copy) - before).max() > 0.001
    assert face.dreamface.nose_width != pytest.approx(2.5)


def evaluated(face):
    """[V, 3] as drawn: with shape keys, which undo may treat apart from the mesh."""
    import bpy

    bpy.context.view_layer.update()
    mesh = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    coordinates = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", coordinates)
    return coordinates.reshape(-1, 3)


@pytest.mark.parametrize("follows_first", [True, False], ids=["after the mesh has followed", "before"])
def test_undo_brings_slider_and_mesh_back(blender, follows_first):
    bpy = blender.bpy
    face = blender.face()
    name, before, value = face.name, evaluated(face), face.dreamface.jaw_width
    face.dreamface.jaw_width = -2.5
    if follows_first:
        blender.rest()
    bpy.ops.ed.undo_push(message="as letting go of the slider does")
    blender.rest()
    assert np.abs(evaluated(face) - before).max() > 0.001
    bpy.ops.ed.undo()
    blender.rest()
    face = bpy.data.objects[name]
    assert face.dreamface.jaw_width == pytest.approx(value)
    assert np.abs(evaluated(face) - before).max() < 1e-5
    bpy.ops.ed.redo()
    blender.rest()
    assert np.abs(evaluated(bpy.data.objects[name]) - before).max() > 0.001


def test_one_undo_removes_the_new_face(blender):
    blender.bpy.ops.ed.undo_push(message="an empty scene")
    objects = len(blender.bpy.data.objects)
    blender.new_face()
    blender.bpy.ops.ed.undo()
    assert blender.faces == [] and len(blender.bpy.data.objects) == objects


def test_an_exported_face_imported_again_is_only_a_mesh(blender, tmp_path):
    face = blender.face()
    path = tmp_path / "face.glb"
    blender.bpy.ops.dreamface.export_face(filepath=str(path), format=".glb")
    blender.bpy.ops.import_scene.gltf(filepath=str(path))
    scene = blender.module("scene")
    twin = next(object_ for object_ in blender.bpy.data.objects if object_ != face and "dreamface_face_id" in object_)
    assert scene.skin_of(twin) is None and scene.find_face(face["dreamface_face_id"]) == face
    twin.dreamface.nose_width = 2.0
    face.dreamface.nose_width = 2.0
    blender.rest()
    assert blender.app.following.problem == ""


def test_words_stay_dropped_whatever_stands_around_the_prompt(blender):
    blender.face()
    blender.fields.prompt = " a woman with freckles "
    blender.until(lambda: blender.app.making.chips.reading(blender.fields.prompt))
    blender.bpy.ops.dreamface.toggle_words(words="freckles")
    face = blender.new_face(blender.fields.prompt, seed=3)
    assert json.loads(face["dreamface_traits"])["freckles.density"]["confidence"] == 0.0


def test_a_slider_moved_while_textures_are_painted_keeps_its_value(blender):
    face = blender.face()
    face.dreamface.skin_melanin = 0.9
    blender.bpy.ops.dreamface.paint()
    face.dreamface.nose_width = 2.5
    blender.rest()
    assert face.dreamface.nose_width == pytest.approx(2.5)
    assert blender.module("shaping").changed_traits(face) == {"nose.width": pytest.approx(2.5)}
    assert not blender.module("shaping").is_behind(face)


def test_a_face_with_damaged_properties_harms_nothing_else(blender):
    broken, whole = blender.face("a young man", 1), blender.face()
    broken["dreamface_traits"] = "{"
    assert broken.dreamface.nose_width == pytest.approx(broken.dreamface.nose_width)  # the panel asks, too
    del broken["dreamface_seed"]
    broken.dreamface.nose_width = 1.0
    blender.until(lambda: not blender.app.following.active)
    assert "lost its DreamFace properties" in blender.app.following.problem
    whole.dreamface.nose_width = 2.0
    blender.rest()
    assert blender.app.following.problem == "" and not blender.module("shaping").is_behind(whole)


def test_edit_mode_is_waited_for(blender):
    bpy = blender.bpy
    face = blender.face()
    before = positions(face)
    bpy.ops.object.mode_set(mode="SCULPT")
    face.dreamface.nose_width = 2.5
    blender.generate("a man", update_selected=False)
    blender.until(lambda: blender.app.making.placing.notice)
    assert "Object Mode" in blender.app.making.placing.notice and len(blender.faces) == 1
    bpy.ops.object.mode_set(mode="OBJECT")
    blender.rest()
    assert len(blender.faces) == 2 and blender.app.making.placing.notice == ""
    assert np.abs(positions(face) - before).max() > 0.001


def test_the_fields_survive_another_file_and_variations_do_not(blender):
    blender.generate("a woman with freckles", variations=4, seed=20, update_selected=False)
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    assert (blender.fields.prompt, blender.fields.seed, blender.fields.variations) == ("a woman with freckles", 20, 4)
    blender.until(lambda: not blender.app.making.running)
    assert blender.app.making.gallery.jobs == [] and blender.app.making.placing.left == []


def test_an_unrelated_undo_does_not_start_the_backend(blender):
    blender.face()
    blender.app.setup.stop()
    blender.until(lambda: not blender.app.session.active)
    blender.bpy.ops.ed.undo_push(message="something else")
    blender.bpy.ops.ed.undo()
    assert blender.app.session.state.name == "STOPPED"


def test_textures_follow_when_asked(blender):
    face = blender.face("a pale woman with freckles", 5)
    before = pixels(albedo(face))
    face.dreamface.skin_melanin = 0.95
    blender.rest()
    assert np.array_equal(pixels(albedo(face)), before)
    assert blender.module("shaping").textures_are_old(face)
    blender.bpy.ops.dreamface.paint()
    blender.rest()
    assert pixels(albedo(face)).mean() < before.mean() - 0.05
    assert not blender.module("shaping").textures_are_old(face)
    assert blender.faces == [face]


def test_a_layer_is_faded_when_asked(blender):
    face = blender.face("a pale woman with freckles", 5)
    before, shaping = pixels(albedo(face)), blender.module("shaping")
    assert face.dreamface.layer_freckles == 1.0
    face.dreamface.layer_freckles = 0.0
    assert shaping.changed_layers(face) == {"freckles": 0.0} and shaping.textures_are_old(face)
    blender.bpy.ops.dreamface.paint()
    blender.rest()
    assert pixels(albedo(face)).mean() > before.mean()
    assert face.dreamface.layer_freckles == 0.0 and not shaping.textures_are_old(face)
    face.dreamface.layer_brows = 0.5
    blender.bpy.ops.dreamface.reset_trait(trait="")
    assert face.dreamface.layer_brows == 1.0 and face.dreamface.layer_freckles == 0.0


def test_variations_are_shown_and_the_one_that_is_picked_is_made(blender):
    blender.generate("a woman", variations=2, seed=20, resolution="1024", update_selected=False)
    blender.until(lambda: not blender.app.making.running)
    gallery = blender.app.making.gallery
    assert [job.request["seed"] for job in gallery.jobs] == [20, 21]
    assert [job.error for job in gallery.jobs] == ["", ""]
    assert all((job.folder / "preview.png").is_file() for job in gallery.jobs)
    assert not any((job.folder / "face.json").exists() for job in gallery.jobs), "none is made before one is picked"
    assert blender.faces == []
    blender.bpy.ops.dreamface.pick(job=gallery.jobs[1].id)
    blender.rest()
    (face,) = blender.faces
    assert face["dreamface_seed"] == "21" and face["dreamface_resolution"] == 1024
    assert tuple(albedo(face).size) == (1024, 1024)


def test_cancel_leaves_the_scene_as_it_is(blender):
    blender.generate(resolution="4096", update_selected=False)
    blender.until(lambda: any(job.fraction > 0.1 for job in blender.app.making.running))
    blender.bpy.ops.dreamface.cancel()
    blender.rest()
    assert blender.faces == [] and blender.app.error == ""


def test_a_backend_that_dies_is_started_again_and_the_face_still_comes(blender):
    blender.face()
    blender.generate(update_selected=False)
    blender.until(lambda: any(job.state == "running" for job in blender.app.making.running))
    os.kill(blender.app.session.backend.health["pid"], signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    blender.rest()
    assert len(blender.faces) == 2 and blender.app.error == ""


def test_grey_buttons_say_why(blender):
    ops = blender.bpy.ops.dreamface
    blender.fields.prompt = ""
    assert "Type what the face looks like" in why_not(ops.generate)
    assert "Select a DreamFace head" in why_not(ops.paint)
    assert "Nothing is being made" in why_not(ops.cancel)
    preferences = blender.module("preferences").get()
    python, preferences.python = preferences.python, "/nowhere/python"
    blender.fields.prompt = "a man"
    assert "choose another Python" in why_not(ops.generate)
    preferences.python = ""
    assert "Set up DreamFace's engine first" in why_not(ops.generate)
    preferences.python = python


def test_asset_studio_and_exports(blender, tmp_path):
    bpy = blender.bpy
    face = blender.face()
    assert bpy.ops.dreamface.mark_asset() == {"FINISHED"}
    assert bpy.ops.dreamface.add_studio() == {"FINISHED"}
    assert bpy.context.scene.camera is not None
    blender.module("placing").select(face)
    for suffix in (".glb", ".fbx", ".usdc", ".obj"):
        path = tmp_path / f"face{suffix}"
        assert bpy.ops.dreamface.export_face(filepath=str(path), format=suffix) == {"FINISHED"}
        assert path.stat().st_size > 100_000


def test_a_face_folder_is_imported_and_nonsense_is_refused(blender, tmp_path):
    folder = blender.face()["dreamface_folder"]
    assert blender.bpy.ops.dreamface.import_face(filepath=f"{folder}/face.json") == {"FINISHED"}
    assert len(blender.faces) == 2
    nonsense = tmp_path / "face.json"
    nonsense.write_text("[]")
    objects = len(blender.bpy.data.objects)
    with pytest.raises(RuntimeError, match="DreamFace"):
        blender.bpy.ops.dreamface.import_face(filepath=str(nonsense))
    assert len(blender.bpy.data.objects) == objects


@pytest.mark.slow
def test_masks_and_what_was_sculpted_stay_when_the_textures_are_made_again(blender, tmp_path):
    torch = pytest.importorskip("torch")
    from dreamface import folder, pipeline

    face = folder.load(blender.face("a pale woman with freckles", 5)["dreamface_folder"])
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    offset = torch.zeros_like(face.head.vertices)
    offset[100:120, 2] = 0.03
    mask = torch.zeros(64, 64)
    mask[:, :32] = 1.0
    made = pipeline.edit(face, {}, masks={"freckles": {"skin": mask}}, offset=offset)
    path = folder.save(made, tmp_path / "masked")
    assert blender.bpy.ops.dreamface.import_face(filepath=str(path / "face.json")) == {"FINISHED"}
    (skin,) = blender.faces
    blender.bpy.context.view_layer.objects.active = skin
    blender.fields.resolution = "512"
    assert blender.bpy.ops.dreamface.paint() == {"FINISHED"}
    blender.rest()
    assert blender.app.error == ""
    again = folder.load(skin["dreamface_folder"])
    assert Path(skin["dreamface_folder"]) != path
    assert again.pictures == made.pictures
    assert torch.equal(again.head.offset, offset)
    assert torch.equal(again.maps["skin"]["albedo"], folder.load(path).maps["skin"]["albedo"])
    # A slider moves the rest, and what was sculpted stays on top.
    before = positions(skin)
    skin.dreamface.nose_width = 2.0
    blender.rest()
    assert blender.app.following.problem == ""
    plain = pipeline.reshape(made.record, {"nose.width": 2.0}).vertices.numpy()
    first, last = skin["dreamface_range"]
    assert np.abs(positions(skin) - before).max() > 1e-3
    assert np.allclose(positions(skin), (plain + offset.numpy())[first:last], atol=1e-6)
    # It is in the .blend; masks are in the folder only, which is said where they are missing.
    (Path(skin["dreamface_folder"]) / "face.json").unlink()
    assert blender.module("scene.attachments").files_of(skin, {"layers": []})[1]
    (Path(skin["dreamface_folder"]) / "layers" / f"{next(iter(made.pictures))}.png").unlink()
    with pytest.raises(RuntimeError, match="restore the face's folder"):
        blender.bpy.ops.dreamface.paint()
    skin["dreamface_folder"] = ""
    with pytest.raises(RuntimeError, match="import the face's folder again"):
        blender.bpy.ops.dreamface.paint()


def test_registering_twice_leaves_nothing_behind(blender):
    import addon_utils

    package = blender.module("application").__name__.rpartition(".dreamface_addon")[0]
    preferences = blender.module("preferences").get()
    python, store = preferences.python, preferences.store
    for _ in range(2):
        addon_utils.disable(package, default_set=True)
        assert not hasattr(blender.bpy.types, "DREAMFACE_PT_create")
        addon_utils.enable(package, default_set=True)
    preferences = blender.bpy.context.preferences.addons[package].preferences
    preferences.python, preferences.store = python, store
    assert hasattr(blender.bpy.types, "DREAMFACE_PT_create")


def test_a_bug_in_the_timer_is_shown_and_the_timer_goes_on(blender, monkeypatch, capsys):
    application = blender.module("application")

    def fail():
        raise ZeroDivisionError("made up")

    face = blender.face()
    before = positions(face)
    monkeypatch.setattr(blender.app.following, "tick", fail)
    assert application._tick() == blender.module("part").IDLE_INTERVAL
    assert "made up" in blender.app.error and "Traceback" in capsys.readouterr().err
    monkeypatch.undo()
    blender.app.dismiss_error()
    face.dreamface.nose_width = 2.5
    blender.rest()
    assert np.abs(positions(face) - before).max() > 0.001


def test_an_offline_blender_asks_no_other_machine(blender):
    operators = blender.bpy.ops.dreamface
    preferences = blender.module("preferences").get()
    assert not blender.bpy.app.online_access
    operators.stop_backend()
    blender.until(lambda: not blender.app.session.active)
    blender.fields.prompt = "a man"
    preferences.url = "http://faces.example:8765"
    try:
        assert "Allow online access" in why_not(operators.generate)
        assert "Allow online access" in why_not(operators.start_backend)
        preferences.url = "http://127.0.0.1:1"  # as the end of an SSH tunnel would be
        blender.generate()
        blender.rest()
        assert blender.app.error.startswith("Nothing answers at http://127.0.0.1:1: check the address")
        assert blender.faces == []
    finally:
        preferences.url = ""


@pytest.mark.slow
def test_a_second_head_stands_beside_the_first_with_names_of_its_own(blender):
    first = blender.new_face("an elf queen with silver hair", seed=1)
    second = blender.new_face("a dwarf with a beard", seed=2)
    assert first["dreamface_prompt"] == "an elf queen with silver hair", "Generate makes a new head"
    assert (first.name, second.name) == ("Elf queen skin", "Dwarf skin")
    assert (second.location - first.location).length > 0.3, "not inside the other"
    named = blender.new_face("a dwarf with a beard", seed=3, name="Gimli")
    assert named.name == "Gimli skin" and named.users_collection[0].name == "Gimli"
    assert blender.fields.name == "", "the next head is somebody else"


def test_a_face_lands_in_the_scene_that_it_was_asked_from(blender):
    bpy = blender.bpy
    asked = bpy.context.scene
    blender.generate("a young man")
    asked.name = "Renamed meanwhile"
    other = bpy.data.scenes.new("other")
    with bpy.context.temp_override(scene=other):
        blender.rest()
    (face,) = blender.faces
    assert face.users_scene == (asked,)


def test_a_face_whose_scene_is_gone_is_offered(blender):
    bpy = blender.bpy
    doomed = bpy.data.scenes.new("doomed")
    making = blender.app.making
    with bpy.context.temp_override(scene=doomed):
        blender.generate("a young man")
    bpy.data.scenes.remove(doomed)
    blender.until(lambda: making.placing.left)
    assert "scene" in making.placing.left[0][1] and blender.faces == []
    bpy.ops.dreamface.bring_in(job=making.placing.left[0][0].id)
    assert len(blender.faces) == 1


def left_behind(blender, *jobs):
    """What another Blender that was killed has left in the journal, for a file that was never saved."""
    from tests.unit.test_journal import dead_blender

    journal = blender.module("journal")
    store = str(blender.app.session.backend.settings.store)
    dead_blender(
        blender.module("places").user_folder("jobs"),
        *(journal.Entry(job, "generate", request, "", store=store, name="Mira", **more) for job, request, more in jobs),
    )
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    blender.tick()
    return {offer.id: offer for offer in blender.app.making.recovery.offers}


def test_what_was_made_when_blender_died_is_offered_when_the_file_is_opened_again(blender):
    made = blender.face("a young man", 1)
    finished, unfinished, unwanted = Path(made["dreamface_folder"]).name, "0" * 31 + "1", "0" * 31 + "2"
    request = {"prompt": "an elf queen", "seed": 3, "resolution": 512, "head": "auto", "without": []}
    offers = left_behind(blender, (finished, request, {}), (unfinished, request, {}), (unwanted, request, {}))
    assert blender.faces == [], "nothing comes in unasked"
    assert offers[finished].finished and not offers[unfinished].finished
    assert "was not finished" in offers[unfinished].words
    blender.bpy.ops.dreamface.recover(offer=finished)
    blender.rest()
    assert [face["dreamface_prompt"] for face in blender.faces] == ["a young man"]
    blender.bpy.ops.dreamface.recover(offer=unfinished)
    blender.rest()
    assert {face.name for face in blender.faces} == {"Mira skin", "Mira 2 skin"}
    blender.bpy.ops.dreamface.dismiss_offer(offer=unwanted)
    blender.bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=False, load_ui=False)
    blender.tick()
    assert blender.app.making.recovery.offers == [], "each is offered once"


def test_variations_come_back_as_variations(blender):
    request = {"prompt": "an elf queen", "resolution": 512, "head": "auto", "without": []}
    more = {"in_gallery": True, "resolution": 512}
    jobs = [("a" * 31 + str(seed), request | {"seed": seed}, more) for seed in (1, 2)]
    (offer,) = left_behind(blender, *jobs).values()
    assert "2 variations" in offer.words
    blender.bpy.ops.dreamface.recover(offer=offer.id)
    blender.until(lambda: not blender.app.making.running)
    assert [job.state for job in blender.app.making.gallery.jobs] == ["done", "done"] and blender.faces == []
    blender.bpy.ops.dreamface.pick(job=jobs[0][0])
    blender.rest()
    assert len(blender.faces) == 1


def test_a_job_that_the_engine_never_had_is_offered_again(blender, monkeypatch):
    session = blender.app.session
    if session.state.name == "READY":
        session.stop()
        blender.until(lambda: session.state.name == "STOPPED" and not session.backend.ending)
    monkeypatch.setattr(session.backend, "start", lambda: session.backend.fail("It does not start today."))
    blender.generate("a young man", seed=1)
    blender.until(lambda: not blender.app.making.running)
    (offer,) = blender.app.making.recovery.offers
    assert "It does not start today." in blender.app.error and not offer.finished
    monkeypatch.undo()
    blender.bpy.ops.dreamface.recover(offer=offer.id)
    blender.rest()
    assert len(blender.faces) == 1 and blender.app.making.recovery.offers == []


def test_pressing_generate_again_while_a_face_is_made_says_so(blender):
    blender.generate("a man", seed=1)
    assert blender.bpy.ops.dreamface.generate.poll(), "a button that turns grey under the pointer may stay grey"
    assert blender.bpy.ops.dreamface.generate() == {"CANCELLED"}
    blender.rest()
    assert len(blender.faces) == 1
