"""What an artist sculpts, between sliders, words and textures; and sliders that have to wait."""

from __future__ import annotations

import numpy as np
import pytest

from tests.addon.faces import key_offset
from tests.addon.faces import vertices as positions
from tests.e2e.test_sidebar import why_not

RAISE = np.float32([0.0, 0.0, 0.01])  # metres
VERTICES = slice(100, 140)


def sculpt(blender, face, key=0):
    """Raise some vertices in Edit Mode, with the shape key of that number active."""
    import bmesh
    from mathutils import Vector

    blender.module("placing").select(face)
    face.active_shape_key_index = key
    blender.bpy.ops.object.mode_set(mode="EDIT")
    mesh = bmesh.from_edit_mesh(face.data)
    mesh.verts.ensure_lookup_table()
    for vertex in mesh.verts[VERTICES]:
        vertex.co += Vector(RAISE.tolist())
    bmesh.update_edit_mesh(face.data)
    blender.bpy.ops.object.mode_set(mode="OBJECT")
    blender.bpy.ops.ed.undo_push(message="sculpted")


def raised(plain):
    expected = plain.copy()
    expected[VERTICES] += RAISE
    return expected


def plain_head(face, **traits):
    """The skin as the backend makes it for the face's traits, without anything that was sculpted."""
    pipeline = pytest.importorskip("dreamface.pipeline")
    from dreamface import folder

    record = folder.load(face["dreamface_folder"]).record
    first, last = face["dreamface_range"]
    return pipeline.reshape(record, traits).vertices.numpy()[first:last]


@pytest.mark.slow
def test_what_was_sculpted_survives_sliders_textures_words_and_undo(blender):
    face = blender.face()
    name = face.name
    sculpt(blender, face)
    sculpt(blender, face, key=face.data.shape_keys.key_blocks.find("mouthPucker"))
    pucker = key_offset(face, "mouthPucker")
    face.dreamface.nose_width = 2.0
    blender.rest()
    np.testing.assert_allclose(positions(face), raised(plain_head(face, **{"nose.width": 2.0})), atol=1e-6)
    np.testing.assert_allclose(key_offset(face, "mouthPucker"), pucker, atol=1e-6)

    blender.fields.resolution = "512"
    assert blender.bpy.ops.dreamface.paint() == {"FINISHED"}
    blender.rest()
    assert blender.app.error == ""
    plain = plain_head(face)
    np.testing.assert_allclose(positions(face), raised(plain), atol=1e-6)

    blender.generate("a fat man", seed=1, update_selected=True)
    blender.rest()
    np.testing.assert_allclose(positions(face), raised(plain_head(face)), atol=1e-6)
    np.testing.assert_allclose(key_offset(face, "mouthPucker"), pucker, atol=1e-6)
    blender.bpy.ops.ed.undo()
    blender.rest()
    face = blender.bpy.data.objects[name]
    np.testing.assert_allclose(positions(face), raised(plain), atol=1e-6)


def test_sculpted_changes_are_cleared_in_one_step(blender):
    face = blender.face()
    name, before = face.name, positions(face)
    pucker = key_offset(face, "mouthPucker")
    assert "Nothing was sculpted on this head" in why_not(blender.bpy.ops.dreamface.clear_sculpt)
    sculpt(blender, face, key=face.data.shape_keys.key_blocks.find("mouthPucker"))
    sculpt(blender, face)
    changes = blender.module("shaping").sculpted(face)
    assert changes.millimetres == pytest.approx(10.0, rel=1e-3) and changes.expressions == ("mouthPucker",)
    assert blender.bpy.ops.dreamface.clear_sculpt() == {"FINISHED"}
    blender.bpy.ops.ed.undo_push(message="as the operator does in a window")
    blender.rest()
    np.testing.assert_array_equal(positions(face), before)
    np.testing.assert_allclose(key_offset(face, "mouthPucker"), pucker, atol=1e-6)
    assert not blender.module("shaping").sculpted(face)
    blender.bpy.ops.ed.undo()
    blender.rest()
    face = blender.bpy.data.objects[name]
    np.testing.assert_allclose(positions(face), raised(before), atol=1e-6)
    np.testing.assert_allclose(key_offset(face, "mouthPucker")[VERTICES], pucker[VERTICES] + RAISE, atol=1e-6)


def test_an_applied_scale_is_said_and_nothing_goes_wrong_with_it(blender):
    bpy = blender.bpy
    face = blender.face()
    name, plain = face.name, positions(face)
    blender.module("placing").select(face)
    bpy.ops.ed.undo_push(message="before")
    face.scale = (10.0, 10.0, 10.0)
    bpy.ops.object.transform_apply(location=False, rotation=False, scale=True)
    bpy.ops.ed.undo_push(message="Apply Scale")
    before = positions(face)
    assert "was applied to its mesh" in why_not(bpy.ops.dreamface.clear_sculpt)
    face.dreamface.nose_width = 2.0
    blender.until(lambda: blender.app.following.problem)
    assert "was applied to its mesh" in blender.app.following.problem
    with pytest.raises(RuntimeError, match="was applied to its mesh"):
        bpy.ops.dreamface.paint()
    np.testing.assert_array_equal(positions(face), before)
    bpy.ops.ed.undo()
    blender.rest()
    face = bpy.data.objects[name]
    np.testing.assert_array_equal(positions(face), plain)
    face.dreamface.nose_width = 2.0
    blender.rest()
    np.testing.assert_allclose(positions(face), plain_head(face, **{"nose.width": 2.0}), atol=1e-6)


def test_a_slider_in_another_mode_says_what_it_waits_for(blender):
    face = blender.face()
    for mode, width in (("SCULPT", 2.5), ("EDIT", -2.5)):
        before = positions(face)
        blender.bpy.ops.object.mode_set(mode=mode)
        face.dreamface.nose_width = width
        blender.until(lambda: blender.app.following.notice)
        assert blender.app.following.notice == "The head follows the sliders when you are back in Object Mode."
        assert blender.app.following.interval < 0.5, "it is not asked much later"
        blender.bpy.ops.object.mode_set(mode="OBJECT")
        blender.until(lambda: not blender.app.following.notice)
        blender.rest()
        assert np.abs(positions(face) - before).max() > 0.001


@pytest.mark.slow
def test_sliders_set_by_a_script_wait_for_a_cold_backend(blender, monkeypatch):
    face = blender.face()
    before = positions(face)
    blender.bpy.ops.dreamface.stop_backend()
    blender.until(lambda: not blender.app.session.active)
    monkeypatch.setattr(blender.module("shaping"), "PATIENCE", 0.1)  # far less than a start takes
    face.dreamface.nose_width = 1.5
    face.dreamface.jaw_width = -1.5
    blender.until(lambda: blender.app.following.notice)
    assert blender.app.following.notice.startswith("The head follows the sliders when the engine is ready.")
    blender.rest()
    assert (blender.app.following.notice, blender.app.following.problem) == ("", "")
    assert np.abs(positions(face) - before).max() > 0.001
    assert not blender.module("shaping").is_behind(face)


WAITING = {
    "STARTING": "The head follows the sliders when the engine is ready. It is slow today.",
    "STOPPED": "Start DreamFace's engine first, in the preferences: the head follows the sliders then.",
    "FAILED": "The head follows the sliders when the engine is ready. It is slow today.",
}


def test_sliders_wait_until_the_backend_is_ready(blender, monkeypatch):
    face = blender.face()
    following, backend, preferences = blender.app.following, blender.app.session.backend, blender.module("preferences")
    monkeypatch.setattr(blender.module("shaping"), "PATIENCE", 0.2)
    preferences.get().start_by_itself = False
    try:
        for width, (state, says) in enumerate(WAITING.items()):
            before = positions(face)
            with monkeypatch.context() as patch:
                patch.setattr(backend, "poll", lambda budget: None)
                patch.setattr(backend, "state", type(backend.state)[state])
                patch.setattr(backend, "problem", "It is slow today.")
                face.dreamface.nose_width = 2.5 - width
                face.dreamface.jaw_width = width - 1.5
                for _ in range(20):
                    blender.tick()
                assert (following.notice, following.problem) == (says, "")
                assert following.active == (state == "STARTING"), "nothing is polled for that does not come by itself"
                assert blender.bpy.ops.dreamface.start_backend.poll() == (state != "STARTING")
            np.testing.assert_array_equal(positions(face), before)
            blender.rest()
            assert (following.notice, following.problem) == ("", "")
            assert not blender.module("shaping").is_behind(face)
            assert np.abs(positions(face) - before).max() > 0.001
    finally:
        preferences.get().start_by_itself = True


def test_a_backend_that_is_slow_to_answer_is_waited_for(blender, monkeypatch):
    face = blender.face()
    monkeypatch.setattr(blender.module("shaping"), "PATIENCE", 0.0)
    take = blender.app.session.take_shape
    monkeypatch.setattr(blender.app.session, "take_shape", lambda: None)
    face.dreamface.nose_width = 2.5
    blender.until(lambda: "does not answer yet" in blender.app.following.notice)
    monkeypatch.setattr(blender.app.session, "take_shape", take)
    monkeypatch.setattr(blender.module("shaping"), "PATIENCE", 10.0)
    blender.rest()
    assert blender.app.following.notice == "" and not blender.module("shaping").is_behind(face)


def test_what_a_refused_slider_has_said_goes_with_undo(blender):
    face = blender.face()
    blender.bpy.ops.ed.undo_push(message="as it came")
    head, face["dreamface_head"] = face["dreamface_head"], "ict"  # which is not installed
    face.dreamface.nose_width = 2.5
    blender.rest()
    assert "not installed" in blender.app.following.problem and blender.app.following.notice == ""
    blender.bpy.ops.ed.undo_push(message="slider")
    blender.bpy.ops.ed.undo()
    assert blender.app.following.problem == ""
    assert blender.faces[0]["dreamface_head"] == head
