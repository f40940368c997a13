"""From Photo: photographs are chosen, a head is made of them, and it comes in as they show it."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from dreamface import folder
from dreamface.capture.pose import project
from dreamface.record import EditEntry
from dreamface.traits import ARKIT_SHAPES, Traits
from tests.e2e.test_panels import drawn
from tests.e2e.test_sidebar import why_not
from tests.support import synthetic_face

SHOT = {
    "size": [320, 400], "focal": 2.2, "rotation": np.eye(3).tolist(), "position": [0.0, 0.9, -0.3],
    "expression": {"jawOpen": 0.5},
}  # fmt: skip


@pytest.fixture
def photographs(tmp_path):
    files = [tmp_path / "Anna_front.jpg", tmp_path / "side.png"]
    for file in files:
        Image.new("RGB", (320, 400), (140, 110, 90)).save(file)
    return files


@pytest.fixture
def page(blender):
    """The first page, of somebody who has read about consent."""
    preferences = blender.module("photographing").preferences.get()
    preferences.photographs_agreed = True
    blender.fields.page = "CREATE"
    blender.fields.resolution, blender.fields.keep_seed, blender.fields.seed = "512", True, 3
    blender.fields.photo_keep, blender.fields.photo_words, blender.fields.update_selected = False, "", False
    yield blender
    blender.app.photographs.clear()
    preferences.photographs_agreed = False


def choose(blender, files):
    names = [{"name": file.name} for file in files]
    done = blender.bpy.ops.dreamface.choose_photographs(directory=f"{files[0].parent}/", files=names)
    assert done == {"FINISHED"}


def arrive(blender, monkeypatch, home, count=1, words=""):
    """Press Make Head, and have the engine be done with it at once; return what was asked."""
    home.mkdir(exist_ok=True)
    made = synthetic_face("face-photo")
    notes = ["The face is small."]
    history = ({"from": "photograph", "photographs": [SHOT] * count, "notes": notes},)
    skin = EditEntry("photograph-0", "photograph", "Skin in the photograph")
    place = folder.save(
        replace(made, record=replace(made.record, history=history, edits=(skin,), prompt=words)), home / "anna"
    )
    job_type, asked = blender.module("job").Job, []

    def submit(kind, request, tag, files=None, job_id=""):
        asked.append((kind, request, files))
        return job_type("e" * 32, kind, request, tag, state="done", folder=place, result={"notes": notes})

    making = blender.app.making
    monkeypatch.setattr(making._session, "submit", submit)
    taken = []
    monkeypatch.setattr(making.recovery, "note", lambda job, purpose: taken.append(job))
    assert blender.bpy.ops.dreamface.from_photo() == {"FINISHED"}
    making.finish(taken[0])
    blender.rest()
    assert blender.app.error == ""
    return asked[0]


def test_photographs_are_chosen_and_left_out(page, photographs, tmp_path):
    assert "Choose photographs first" in why_not(page.bpy.ops.dreamface.from_photo)
    assert "Choose Photographs…" in drawn(page, "create")
    choose(page, photographs)
    choose(page, photographs[:1])  # once more
    assert page.app.photographs.chosen == photographs
    words = drawn(page, "create")
    assert "Anna_front.jpg" in words and "side.png" in words and "Make Head" in words
    (tmp_path / "notes.txt").write_text("me")
    choose(page, [tmp_path / "notes.txt"])
    page.bpy.ops.dreamface.drop_photograph(number=0)
    assert page.app.photographs.chosen == photographs[1:]
    many = [tmp_path / f"{number}.jpg" for number in range(20)]
    for file in many:
        file.write_bytes(b"")
    assert "at most 12" in page.app.photographs.add(many)
    assert len(page.app.photographs.chosen) == 12


def test_consent_is_read_once(page, photographs):
    chosen = page.module("photographing").preferences.get()
    chosen.photographs_agreed = False
    choose(page, photographs)
    assert "only with their consent" in drawn(page, "create")
    assert "consent" in why_not(page.bpy.ops.dreamface.from_photo)
    page.bpy.ops.dreamface.agree_photographs()
    assert chosen.photographs_agreed
    assert "consent" not in drawn(page, "create")


def test_who_has_read_that_photographs_stay_reads_that_they_are_sent(page, photographs, monkeypatch):
    photographing = page.module("photographing")
    choose(page, photographs)
    assert "consent" not in drawn(page, "create")
    chosen = SimpleNamespace(url="https://render.studio", photographs_agreed=True, photographs_sent_agreed=False)
    monkeypatch.setattr(photographing.preferences, "get", lambda: chosen)
    words = photographing.consent_words()
    assert "sent to the engine" in words and not photographing.has_agreed()
    assert "consent" in why_not(page.bpy.ops.dreamface.from_photo)
    photographing.agree()
    assert photographing.has_agreed()
    chosen.url = ""
    assert photographing.has_agreed()


def test_an_engine_without_a_tracker_says_what_to_do(page, photographs, monkeypatch):
    choose(page, photographs)
    monkeypatch.setattr(page.app.setup, "video_problem", lambda: None)
    assert "press Add Video" in drawn(page, "create")
    assert "press Add Video" in why_not(page.bpy.ops.dreamface.from_photo)


def test_the_head_comes_in_as_the_photograph_shows_it(page, photographs, monkeypatch, tmp_path):
    choose(page, photographs)
    page.fields.photo_words = "older"
    kind, request, files = arrive(page, monkeypatch, tmp_path, count=2)
    assert (kind, request["words"], request["seed"], request["resolution"]) == ("from_photo", "older", 3, 512)
    assert request["photographs"] == [{"path": str(file)} for file in photographs] and not files
    assert not request["keep"]
    (face,), home, ours = page.faces, page.bpy.context.scene, page.module("scene")
    assert ours.name_of(face) == "Anna front"
    assert home.camera.name == "Anna front photo 1"
    assert (home.render.resolution_x, home.render.resolution_y) == (320, 400)
    background = ours.photograph_background(home.camera)
    assert page.bpy.path.abspath(background.image.filepath) == str(photographs[0])
    assert background.image.packed_file is None
    words = drawn(page, "create")
    assert "The face is small." in words and "Anna_front.jpg" in words and "Photo 1" in words

    page.bpy.ops.dreamface.view_photo(number=1)
    assert home.camera.name == "Anna front photo 2"
    page.bpy.ops.dreamface.wear_photo(number=0)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 0.5
    page.bpy.ops.dreamface.wear_photo(number=0)
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 0.0
    page.bpy.ops.dreamface.save_photo_expression(number=0, name="Anna laughs")
    kept = page.module("expressions").own(page.module("places").expressions_file())
    assert [(one.name, one.weights) for one in kept if one.name == "Anna laughs"] == [("Anna laughs", {"jawOpen": 0.5})]
    page.bpy.ops.dreamface.remove_expression(expression="Anna laughs")
    page.bpy.ops.dreamface.view_photo(number=1)
    assert home.camera is None


def test_the_head_and_its_camera_are_one_step_of_undo(page, photographs, monkeypatch, tmp_path):
    bpy = page.bpy
    bpy.context.scene.render.resolution_x = 777
    bpy.ops.ed.undo_push(message="before")
    choose(page, photographs[:1])
    arrive(page, monkeypatch, tmp_path)
    assert len(page.faces) == 1 and bpy.context.scene.render.resolution_x == 320
    bpy.ops.ed.undo()
    assert not page.faces and not [one for one in bpy.data.objects if one.type == "CAMERA"]
    assert (bpy.context.scene.camera, bpy.context.scene.render.resolution_x) == (None, 777)
    bpy.ops.ed.redo()
    (face,) = page.faces
    assert page.module("scene").seen_photograph(face, bpy.context.scene) == 0


def test_a_head_is_made_again_from_other_photographs(page, photographs, monkeypatch, tmp_path):
    choose(page, photographs[:1])
    arrive(page, monkeypatch, tmp_path / "first")
    (face,), ours = page.faces, page.module("scene")
    face.location.x = 1.0
    page.app.photographs.clear()
    choose(page, photographs[1:])
    page.fields.update_selected = True
    _, request, _ = arrive(page, monkeypatch, tmp_path / "second")
    assert request["face_id"] == "face-photo"
    assert page.faces == [face] and face.location.x == 1.0
    assert [edit["id"] for edit in ours.stack_of(face)] == ["photograph-0"]
    (camera,) = [one for one in page.bpy.data.objects if one.type == "CAMERA"]
    assert ours.photograph_background(camera).image.name == "side.png"
    assert camera.matrix_world.translation.x == pytest.approx(1.0)


def test_a_head_that_is_made_from_words_again_has_nothing_of_its_photographs(page, photographs, monkeypatch, tmp_path):
    home, ours = page.bpy.context.scene, page.module("scene")
    home.render.resolution_x = 777
    choose(page, photographs[:1])
    arrive(page, monkeypatch, tmp_path / "first")
    (face,) = page.faces
    page.bpy.ops.dreamface.wear_photo(number=0)
    words = folder.save(synthetic_face("face-photo"), tmp_path / "words")
    page.module("placing").place(words, face)
    assert (home.camera, home.render.resolution_x) == (None, 777)
    assert not [one for one in page.bpy.data.objects if one.type == "CAMERA"]
    assert face.data.shape_keys.key_blocks["jawOpen"].value == 0.0 and not ours.wears_photograph(face)


def test_a_scene_is_not_stuck_when_the_head_in_the_photograph_is_deleted(page, photographs, monkeypatch, tmp_path):
    bpy, home = page.bpy, page.bpy.context.scene
    home.render.resolution_x = 777
    assert "does not look" in why_not(bpy.ops.dreamface.leave_photo)
    for gone in ("head", "camera"):
        choose(page, photographs[:1])
        arrive(page, monkeypatch, tmp_path / gone)
        assert "Leave Photo" not in drawn(page, "create")
        bpy.data.batch_remove([*page.faces, *([home.camera] if gone == "camera" else ())])
        assert home.render.resolution_x == 320 and "Leave Photo" in drawn(page, "create")
        assert bpy.ops.dreamface.leave_photo() == {"FINISHED"}
        assert (home.camera, home.render.resolution_x) == (None, 777)
        assert "Leave Photo" not in drawn(page, "create")
        page.app.photographs.clear()


def test_a_head_that_comes_in_elsewhere_leaves_that_scene_its_camera(page, photographs, monkeypatch, tmp_path):
    bpy = page.bpy
    asked, shown = bpy.context.scene, bpy.data.scenes.new("Shown")
    asked.render.resolution_x = 777
    choose(page, photographs[:1])
    making = page.app.making
    add = making.placing.add
    monkeypatch.setattr(making.placing, "add", lambda job: (setattr(bpy.context.window, "scene", shown), add(job)))
    arrive(page, monkeypatch, tmp_path)
    assert len(page.faces) == 1 and asked in page.faces[0].users_scene
    assert (asked.camera, asked.render.resolution_x) == (None, 777)


def test_the_next_head_is_shown_though_the_view_shows_the_last_ones_photograph(
    page, photographs, monkeypatch, tmp_path
):
    bpy, home = page.bpy, page.bpy.context.scene
    area = next((area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D"), None)
    if area is None:
        pytest.skip("this Blender has no 3D view")
    choose(page, photographs[:1])
    arrive(page, monkeypatch, tmp_path / "first")
    first, view = home.camera, area.spaces.active.region_3d
    assert first is not None and view.view_perspective == "CAMERA"
    arrive(page, monkeypatch, tmp_path / "second")
    second = home.camera
    assert second not in (first, None)
    page.bpy.ops.dreamface.view_photo(number=0)
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    home.collection.objects.link(own)
    home.camera, view.view_perspective = own, "CAMERA"  # the artist composes a picture
    arrive(page, monkeypatch, tmp_path / "third")
    assert home.camera == own


def test_a_head_that_is_there_is_changed_without_turning_the_scene_to_it(page, photographs, monkeypatch, tmp_path):
    home = page.bpy.context.scene
    choose(page, photographs[:1])
    arrive(page, monkeypatch, tmp_path / "first")
    page.bpy.ops.dreamface.view_photo(number=0)
    page.fields.update_selected, home.render.resolution_x = True, 777
    arrive(page, monkeypatch, tmp_path / "second")
    assert (home.camera, home.render.resolution_x) == (None, 777)
    page.bpy.ops.dreamface.view_photo(number=0)
    arrive(page, monkeypatch, tmp_path / "third")
    assert home.camera is not None and home.render.resolution_x == 320


def test_a_head_keeps_its_name_when_photographs_change_it(page, photographs, monkeypatch, tmp_path):
    made = folder.save(synthetic_face("face-photo"), tmp_path / "words")
    face = page.module("placing").place(made).skin
    assert page.module("scene").name_of(face) == "Round stranger"
    choose(page, photographs[:1])
    page.fields.update_selected = True
    arrive(page, monkeypatch, tmp_path / "photo", words="older")
    assert page.faces == [face] and page.module("scene").name_of(face) == "Round stranger"


def test_photographs_are_sent_to_an_engine_elsewhere_and_packed_where_asked(page, photographs, monkeypatch, tmp_path):
    choose(page, photographs[:1])
    page.fields.photo_keep = True
    monkeypatch.setattr(type(page.app.session), "shares_disk", property(lambda session: False))
    _, request, files = arrive(page, monkeypatch, tmp_path)
    ((digest, data),) = files.items()
    assert data == photographs[0].read_bytes()
    assert request["photographs"] == [{"upload": digest, "name": "Anna_front.jpg"}] and request["keep"]
    background = page.module("scene").photograph_background(page.bpy.context.scene.camera)
    assert background.image.packed_file is not None


def test_a_photograph_that_is_gone_is_said_and_nothing_is_asked(page, photographs):
    choose(page, photographs)
    photographs[1].unlink()
    with pytest.raises(RuntimeError, match=r"side\.png is not there any more"):
        page.bpy.ops.dreamface.from_photo()
    assert not page.app.making.running


@pytest.mark.slow
def test_a_real_photograph_becomes_a_head_that_lies_on_it(page, tmp_path):
    """From the button to the scene, with one of our own heads: where its features are in the picture is known."""
    from tests.unit.test_capture import Person, View, portrait, rotation

    weights = torch.zeros(len(ARKIT_SHAPES))
    weights[ARKIT_SHAPES.index("jawOpen")] = 0.5
    person = Person.of("anny", 12, Traits({"age": 45.0, "gender": 1.0, "skin.melanin": 0.4}))
    file = tmp_path / "portrait.jpg"
    file.write_bytes(portrait(person, weights))
    choose(page, [file])
    page.bpy.ops.dreamface.from_photo()
    page.until(lambda: page.app.making.running[0].state == "running")
    page.bpy.ops.dreamface.cancel()
    page.rest()
    assert (page.faces, page.app.error) == ([], "")
    page.bpy.ops.dreamface.from_photo()
    page.rest()
    if "pip install" in page.app.error:
        pytest.skip(page.app.error)
    assert page.app.error == ""
    (face,), home = page.faces, page.bpy.context.scene
    assert home.camera.name == "Portrait photo 1" and home.render.resolution_x == home.render.resolution_y == 512
    page.bpy.ops.dreamface.wear_photo(number=0)
    assert face.data.shape_keys.key_blocks["jawOpen"].value > 0.1

    turn = rotation(0.2, -0.05, 0.0)
    view = View(turn, torch.tensor([0.0, 0.85, 0.0]) - turn @ person.head.landmark("multipie_30"), 2.2)
    names = [name for name in json.loads(face["dreamface_landmarks"]) if name.startswith("multipie")]
    numbers = torch.tensor([person.head.topology.landmarks[name] for name in names])
    placed = view.place(person.posed(weights))[numbers].double().numpy()
    true = 512.0 * (project(placed[None], np.array((view.focal,)))[0] + 0.5)
    inner = [number for number, name in enumerate(names) if int(name.removeprefix("multipie_")) >= FEATURES]
    assert np.linalg.norm(landmarks_seen(page.bpy, face, names) - true, axis=1)[inner].mean() < 4.0


FEATURES = 17
"""The first landmark of brows, nose, eyes and mouth; those before lie on the jaw's outline."""


def landmarks_seen(bpy, face, names):
    """Return [N, 2] where the scene's camera sees landmarks of a head, in pixels."""
    from bpy_extras.object_utils import world_to_camera_view

    home = bpy.context.scene
    bpy.context.view_layer.update()
    shown = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    known = json.loads(face["dreamface_landmarks"])
    places = [
        world_to_camera_view(home, home.camera, shown.matrix_world @ shown.data.vertices[known[name]].co)
        for name in names
    ]
    size = home.render.resolution_x, home.render.resolution_y
    return np.array([(place.x * size[0], (1.0 - place.y) * size[1]) for place in places])
