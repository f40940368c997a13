"""The Animate page's buttons, pressed as an artist does: takes, expressions, and one step back after each."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from dreamface import folder
from dreamface.rig import make_rig
from dreamface.traits import ARKIT_SHAPES
from tests.e2e.test_panels import drawn
from tests.performances import performance, saved
from tests.support import synthetic_face


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    home = tmp_path_factory.mktemp("heads")
    return [folder.save(synthetic_face(f"face-{name}"), home / name) / "face.json" for name in ("ada", "eve")]


@pytest.fixture
def head(blender, folders):
    """A head, selected."""
    blender.bpy.ops.dreamface.import_face(filepath=str(folders[0]))
    blender.fields.page = "ANIMATE"
    (head,) = blender.faces
    return head


@pytest.fixture
def ops(blender):
    return blender.bpy.ops.dreamface


def settle(blender):
    part = blender.app.animating
    blender.until(lambda: not part._waiting and not part._changed)
    assert blender.app.error == ""


def track(blender, path):
    assert blender.bpy.ops.dreamface.track(filepath=str(path)) == {"FINISHED"}
    settle(blender)
    return blender.module("scene").worn_take(blender.faces[0])


def jaw(blender, head, second):
    scene = blender.bpy.context.scene
    frame = 1 + second * scene.render.fps
    scene.frame_set(int(frame), subframe=frame % 1)
    return head.data.shape_keys.key_blocks["jawOpen"].value


def test_bones_that_come_and_go_during_a_take_turn_the_head(blender, ops, tmp_path):
    face = synthetic_face("face-bones")
    face = replace(face, rig=make_rig(face.head, face.shapes, face.shape_names))
    ops.import_face(filepath=str(folder.save(face, tmp_path / "bones") / "face.json"))
    (head,), scene = blender.faces, blender.module("scene")
    blender.module("placing").select(head)
    track(blender, saved(tmp_path))
    jaw(blender, head, 0.5)
    assert ops.add_rig() == {"FINISHED"}
    jaw(blender, head, 0.5)
    bone = scene.rig_of(head).pose.bones["head"]
    assert bone.matrix_basis.to_quaternion().angle > 0.1 and not any(head.delta_rotation_euler)
    assert ops.remove_rig() == {"FINISHED"}
    jaw(blender, head, 0.5)
    assert head.delta_rotation_euler.z > 0.1


def test_a_take_is_chosen_shaped_and_shown_on_the_page(blender, head, ops, tmp_path):
    assert "None yet: choose a video" in drawn(blender, "animate")
    action = track(blender, saved(tmp_path))
    words = drawn(blender, "animate")
    assert "gain_eyes" in words and "smoothing" in words and "Bake Again" not in words
    action.dreamface.smoothing = 0.0
    action.dreamface.gain_jaw = 0.5
    settle(blender)
    assert jaw(blender, head, 0.5) == pytest.approx(0.5, abs=2e-3)
    assert action.dreamface.gain_jaw == 0.5 and action.dreamface.gain_eyes == 1.0
    ops.reset_shaping()
    settle(blender)
    assert jaw(blender, head, 0.5) > 0.9
    blender.bpy.context.scene.render.fps = 60
    assert "The keys were made for 24 frames a second, the scene has 60" in drawn(blender, "animate")
    ops.bake_take()
    assert "frames a second" not in drawn(blender, "animate") and action.frame_range[1] == 121.0


@pytest.mark.slow
def test_a_neutral_face_is_chosen_at_a_frame_and_taken_back(blender, head, ops, tmp_path):
    action = track(blender, saved(tmp_path))
    action.dreamface.smoothing = 0.0
    settle(blender)
    before = jaw(blender, head, 0.25)
    ops.use_as_neutral()
    settle(blender)
    assert jaw(blender, head, 0.25) == pytest.approx(0.0, abs=0.01) and before > 0.4
    ops.use_as_neutral(clear=True)
    settle(blender)
    assert jaw(blender, head, 0.25) == pytest.approx(before, abs=2e-3)


@pytest.mark.slow
def test_time_is_cut_and_stretched(blender, head, ops, tmp_path):
    scene = blender.bpy.context.scene
    action = track(blender, saved(tmp_path))
    scene.frame_end = 25
    ops.bake_range()
    settle(blender)
    assert tuple(action.frame_range) == (1.0, 25.0)
    ops.reset_shaping()
    ops.retime()
    settle(blender)
    assert tuple(action.frame_range) == (1.0, 61.0), "sixty pictures, sixty frames"
    ops.retime(original=True)
    ops.fit_scene()
    settle(blender)
    ops.fit_scene()
    assert (scene.frame_start, scene.frame_end) == (1, 49)
    scene.frame_start, scene.frame_end = 200, 250
    with pytest.raises(RuntimeError, match="does not play within this range"):
        ops.bake_range()


@pytest.mark.slow
def test_keys_are_cleaned_up(blender, head, ops, tmp_path):
    scene = blender.module("scene")
    action = track(blender, saved(tmp_path))
    before = scene.count_keys(action)
    ops.clean_keys(tolerance=0.05)
    assert scene.count_keys(action) < 0.7 * before
    action.dreamface.gain_jaw = 0.9
    settle(blender)
    assert scene.count_keys(action) < 0.7 * before, "sliders keep it clean"


@pytest.mark.slow
def test_another_head_performs_it_and_each_take_is_used_pushed_and_deleted(blender, head, ops, folders, tmp_path):
    scene = blender.module("scene")
    action = track(blender, saved(tmp_path))
    ops.import_face(filepath=str(folders[1]))
    other = next(face for face in blender.faces if face != head)
    with pytest.raises(RuntimeError, match="performs no take"):
        ops.apply_take(skin=str(head.session_uid))
    ops.select_head(skin=str(head.session_uid))
    ops.apply_take(skin=str(other.session_uid))
    assert scene.worn_take(other) not in (None, action)
    ops.push_take()
    assert scene.in_nla(head, action) and "Press the symbol before a take" in drawn(blender, "animate")
    ops.delete_take(take=action.name)
    assert not scene.takes_of(head) and scene.worn_take(other) is not None


@pytest.fixture
def expression_fields(blender, monkeypatch, tmp_path):
    """The fields as they are at first, and no expressions of one's own."""
    monkeypatch.setattr(blender.module("places"), "expressions_file", lambda: tmp_path / "own.json")
    fields = blender.fields
    yield fields
    fields.expression_strength, fields.expression_level = 1.0, "clear"
    fields.expression_head, fields.expression_search, fields.expression = False, "", ""
    blender.bpy.context.scene.tool_settings.use_keyframe_insert_auto = False


def weights(head):
    return {key.name: key.value for key in head.data.shape_keys.key_blocks[1:]}


def test_expressions_are_put_on_and_set_back(blender, head, ops, expression_fields):
    fields, presets = expression_fields, blender.module("expressions")
    file = blender.package("operators.animate.expressions").FILE
    words = drawn(blender, "animate")
    assert "Joy" in words and "Surprise" in words and "Jaw Open" in words
    fields.expression_strength = 0.5
    ops.use_expression(expression="surprise")
    wanted = presets.find(file, "surprise", "clear").weights
    assert weights(head)["jawOpen"] == pytest.approx(0.5 * wanted["jawOpen"])
    assert weights(head)["mouthSmileLeft"] == 0.0
    assert "Jaw (1)" in drawn(blender, "animate")
    fields.expression_strength, fields.expression_level = 1.0, "slight"
    ops.use_expression(expression="surprise")
    assert weights(head)["jawOpen"] == pytest.approx(presets.find(file, "surprise", "slight").weights["jawOpen"])
    ops.reset_expression(group="Jaw")
    assert weights(head)["jawOpen"] == 0.0 and weights(head)["eyeWideLeft"] > 0.2
    fields.expression_search = "wide left"
    words = drawn(blender, "animate")
    assert "Eye Wide Left" in words and "Jaw Open" not in words
    blender.bpy.context.scene.tool_settings.use_keyframe_insert_auto = True
    ops.use_expression(expression="neutral")
    assert head.data.shape_keys.animation_data.action is not None, "Auto Keying keys them"


def test_an_expression_is_flipped_mirrored_and_set_as_key_frames(blender, head, ops, expression_fields):
    ops.use_expression(expression="flirt")
    before = weights(head)
    ops.mirror_expression(how="FLIP")
    assert before["mouthSmileLeft"] > before["mouthSmileRight"] > 0.1
    assert weights(head)["mouthSmileRight"] == pytest.approx(before["mouthSmileLeft"])
    ops.mirror_expression(how="LEFT")
    assert weights(head)["mouthSmileLeft"] == weights(head)["mouthSmileRight"] == before["mouthSmileRight"]
    blender.bpy.context.scene.frame_set(5)
    ops.key_expression()
    keyed = weights(head)
    ops.reset_expression()
    assert not any(weights(head)[shape] for shape in ARKIT_SHAPES)
    blender.bpy.context.scene.frame_set(6)
    blender.bpy.context.scene.frame_set(5)
    assert weights(head) == pytest.approx(keyed)


def test_a_head_turns_along_where_that_is_wanted(head, ops, expression_fields):
    ops.use_expression(expression="disdain")
    assert head.delta_rotation_euler[:] == (0.0, 0.0, 0.0)
    expression_fields.expression_head = True
    ops.use_expression(expression="disdain")
    assert head.delta_rotation_euler.x < -0.1, "the chin goes up"
    ops.reset_expression()
    assert head.delta_rotation_euler[:] == pytest.approx((0.0, 0.0, 0.0))


def test_own_expressions_are_saved_used_and_removed(blender, head, ops, expression_fields):
    head.data.shape_keys.key_blocks["mouthPucker"].value = 0.4
    with pytest.raises(RuntimeError, match="Give the expression a name"):
        ops.save_expression(name=" ")
    ops.save_expression(name="Whistle")
    ops.reset_expression()
    assert "Whistle" in drawn(blender, "animate")
    ops.use_expression(expression="Whistle", own=True)
    assert weights(head)["mouthPucker"] == pytest.approx(0.4)
    ops.remove_expression(expression="Whistle")
    assert "Whistle" not in drawn(blender, "animate")
    with pytest.raises(RuntimeError, match="no expression called Whistle"):
        ops.use_expression(expression="Whistle", own=True)


def test_an_expression_is_laid_over_a_take(blender, head, ops, tmp_path, expression_fields):
    with pytest.raises(RuntimeError, match="Nothing plays on this head"):
        ops.lay_expression()
    action = track(blender, saved(tmp_path))
    with pytest.raises(RuntimeError, match="Choose an expression first"):
        ops.lay_expression()
    with pytest.raises(RuntimeError, match="A take moves this head"):
        ops.key_expression()
    blender.bpy.context.scene.frame_set(20)
    plain = weights(head)["mouthPucker"]
    ops.use_expression(expression="kiss")
    blender.bpy.context.scene.frame_set(1)
    ops.lay_expression()
    blender.bpy.context.scene.frame_set(20)
    assert weights(head)["mouthPucker"] > plain + 0.5 and scene_of(blender).in_nla(head, action)
    assert "Kiss, from frame 1" in drawn(blender, "animate")
    (layer,) = scene_of(blender).layers_of(head)
    ops.remove_expression_layer(track=layer.name)
    assert weights(head)["mouthPucker"] == pytest.approx(plain)


def scene_of(blender):
    return blender.module("scene")


def test_grey_buttons_say_why(blender, ops, tmp_path):
    with pytest.raises(RuntimeError, match="Select a DreamFace head first"):
        ops.track(filepath=str(tmp_path / "a.mp4"))
    with pytest.raises(RuntimeError, match="Select a DreamFace head first"):
        ops.push_take()
    with pytest.raises(RuntimeError, match="Start a camera first"):
        ops.record_camera()
    with pytest.raises(RuntimeError, match="No camera is on"):
        ops.stop_camera()


@pytest.mark.slow
def test_a_file_that_is_not_there_and_one_that_is_broken(blender, head, ops, tmp_path):
    with pytest.raises(RuntimeError, match="is not there: choose a file"):
        ops.track(filepath=str(tmp_path / "gone.mp4"))
    (tmp_path / "broken.npz").write_bytes(b"broken")
    ops.track(filepath=str(tmp_path / "broken.npz"))
    blender.until(lambda: blender.app.animating.left)
    assert "is damaged" in drawn(blender, "animate")
    ops.dismiss_arrived(number=0)
    assert "is damaged" not in drawn(blender, "animate")


@pytest.mark.slow
def test_footage_stands_behind_the_camera_and_goes_again(blender, head, ops, tmp_path):
    scene, bpy = blender.module("scene"), blender.bpy
    video = _video(tmp_path)
    action = track(blender, saved(tmp_path, focal=1.5, footage=(64, 48)))
    with pytest.raises(RuntimeError, match="no footage"):
        ops.show_footage()
    action[scene.FOOTAGE] = str(video)
    ops.show_footage(place_camera=True)
    camera = bpy.context.scene.camera
    assert camera is not None and scene.shows_footage(bpy.context.scene)
    assert camera.data.lens == pytest.approx(1.5 * 24.0)
    looks = -camera.matrix_world.to_3x3().col[2]
    assert tuple(looks) == pytest.approx((0.0, 1.0, 0.0), abs=1e-5), "into the face"
    assert camera.matrix_world.translation.y == pytest.approx(-0.6, abs=1e-5)
    with pytest.raises(RuntimeError, match="no sound"):
        ops.show_footage(sound=True)
    ops.show_footage(hide=True)
    assert not scene.shows_footage(bpy.context.scene)
    bpy.context.scene.render.fps = 25
    ops.use_footage_rate()
    assert bpy.context.scene.render.fps / bpy.context.scene.render.fps_base == pytest.approx(30.0)
    assert action.frame_range[1] == 61.0
    video.unlink()
    with pytest.raises(RuntimeError, match="is not where it was"):
        ops.show_footage()


def _video(tmp_path):
    """A short silent video, by Blender's own FFmpeg."""
    imageio = pytest.importorskip("imageio.v2")
    path = tmp_path / "monologue.mp4"
    try:
        with imageio.get_writer(path, fps=30) as writer:
            for number in range(10):
                writer.append_data(np.full((48, 64, 3), 20 * number, np.uint8))
    except (ImportError, ValueError) as error:
        pytest.skip(f"no FFmpeg: {error}")
    return path


@pytest.mark.slow
def test_a_duplicated_head_keeps_its_own_take(blender, head, ops, tmp_path):
    bpy, scene = blender.bpy, blender.module("scene")
    action = track(blender, saved(tmp_path))
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    still = tmp_path / "still.npz"
    performance(weights=np.zeros((61, len(ARKIT_SHAPES)), np.float32)).save(still)
    assert ops.track(filepath=str(still)) == {"FINISHED"}
    settle(blender)
    assert scene.worn_take(copy).name.startswith("still")
    assert scene.worn_take(head) == action and json.loads(action[scene.SHAPING])["start"] == 1.0


def test_tracking_stands_in_the_status_line_with_a_button_that_cancels(blender, head, monkeypatch):
    job = blender.module("job").Job("1", "animate", {}, state="running", message="Tracking frame 40 of 90", eta=3.0)
    monkeypatch.setattr(type(blender.app.animating), "running", property(lambda _part: [job]))
    words = drawn(blender, "frame")
    assert "Tracking frame 40 of 90 · 3 s left" in words and "dreamface.cancel" in words
    cancelled = []
    monkeypatch.setattr(blender.app.session, "cancel", cancelled.append)
    assert blender.bpy.ops.dreamface.cancel() == {"FINISHED"}
    assert cancelled == [job]


def test_the_page_while_a_camera_is_on(blender, head, ops):
    feed = blender.app.session.feed
    assert "Start" in drawn(blender, "animate") and "Live Link Face" in str(blender.app.living.camera_items)
    blender.app.living.face_id = head["dreamface_face_id"]
    feed.state, feed.name = "on", "A Camera"
    try:
        words = drawn(blender, "animate")
        assert "Starting the camera…" in words and "Record" in words and "Stop" in words
        assert "A Camera moves a head" in drawn(blender, "frame")
        with pytest.raises(RuntimeError, match="A camera is on: stop it first"):
            ops.start_camera()
        ops.rest_camera()
        ops.record_camera()
        assert "Stop at 0 s" in drawn(blender, "animate") and "A Camera records" in drawn(blender, "frame")
    finally:
        feed._forget()
        feed._ended = None
        blender.app.living.face_id = ""
