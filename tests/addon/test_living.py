"""A camera moves a head, and afterwards the head is as it was, whatever happened meanwhile."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from tests.addon.faces import with_hair
from tests.addon.hair import shown
from tests.performances import saved

SHAPES = 52
JAW_OPEN = 17


@pytest.fixture
def animating(bpy, scene):
    from dreamface_addon.animating import Animating

    session = SimpleNamespace(jobs=[], shares_disk=True)
    return Animating(session, SimpleNamespace(why_no_backend=str), lambda _words: None, lambda: None)


@pytest.fixture
def settling(bpy):
    from dreamface_addon.settling import Settling

    return Settling()


@pytest.fixture
def living(animating, settling):
    from dreamface_addon.feed import Feed
    from dreamface_addon.living import Living

    setup = SimpleNamespace(why_no_backend=str, start_if_needed=lambda: None)
    return Living(SimpleNamespace(feed=Feed()), setup, animating, settling, lambda: None)


@pytest.fixture(autouse=True)
def fields(bpy, monkeypatch):
    """The sidebar's, which only the extension has."""
    from dreamface_addon import living

    fields = SimpleNamespace(camera_hair=True)
    monkeypatch.setattr(living, "_fields", lambda: fields)
    return fields


@pytest.fixture
def skin(imported):
    keys = imported.skin.data.shape_keys.key_blocks
    keys["mouthPucker"].value = 0.3
    return imported.skin


def start(living, skin):
    living.start(skin, "camera:0")
    living._session.feed.state = "on"


def bring(living, jaw=0.8, head=(0.3, 0.1, 0.0), position=(0.0, 0.6, 0.0), seen=True):
    """A moment comes, and the timer fires."""
    from dreamface_addon.feed import Moment

    weights = np.zeros(SHAPES, np.float32)
    weights[JAW_OPEN] = jaw
    living._session.feed._newest = Moment(0.0, weights, head, position, seen, 30.0, 10.0, 0)
    living.tick()


def end(living, file=None, reason=""):
    from dreamface_addon.feed import Ended

    living._session.feed._finish(Ended(file, 2.0, reason))
    living.tick()


def expression(skin):
    return {key.name: round(key.value, 4) for key in skin.data.shape_keys.key_blocks}


def turned(skin):
    return tuple(skin.delta_rotation_euler)


def test_moments_move_face_and_head_and_stop_puts_both_back(bpy, living, skin):
    from dreamface_addon import scene

    before = expression(skin)
    start(living, skin)
    bring(living)
    assert expression(skin)["jawOpen"] == pytest.approx(0.8) and expression(skin)["mouthPucker"] == 0.0
    assert turned(skin) != (0.0, 0.0, 0.0)
    bring(living, jaw=0.2)
    assert expression(skin)["jawOpen"] == pytest.approx(0.2)
    living.stop()
    assert expression(skin) == before and turned(skin) == (0.0, 0.0, 0.0)
    assert scene.BEFORE_PREVIEW not in skin


@pytest.mark.slow
def test_driven_parts_follow_a_camera(bpy, living, imported):
    teeth = imported.parts["upper_teeth"]
    name = teeth.data.shape_keys.key_blocks.keys()[1]
    from dreamface_addon.expressions import ARKIT_SHAPES
    from dreamface_addon.feed import Moment

    start(living, imported.skin)
    weights = np.zeros(SHAPES, np.float32)
    weights[ARKIT_SHAPES.index(name)] = 0.9
    living._session.feed._newest = Moment(0.0, weights, (0.0,) * 3, (0.0,) * 3, True, 30.0, 10.0, 0)
    living.tick()
    bpy.context.view_layer.update()
    assert teeth.data.shape_keys.key_blocks[name].value == pytest.approx(0.9)


def test_nothing_is_written_into_the_undo_stack(bpy, living, skin, monkeypatch):
    from dreamface_addon import interface

    pushed = []
    monkeypatch.setattr(interface, "push_undo", pushed.append)
    start(living, skin)
    for jaw in (0.1, 0.5, 0.9):
        bring(living, jaw)
    living.stop()
    assert not pushed and skin.animation_data is None and skin.data.shape_keys.animation_data is None


@pytest.mark.slow
def test_hair_is_hidden_meanwhile_where_it_is_not_wanted(bpy, living, scene, face_folder, fields, tmp_path):
    from dreamface_addon.scene import hair_of, import_face

    fields.camera_hair = False
    skin = import_face(with_hair(shutil.copytree(face_folder, tmp_path / "hairy"), "scalp", "brows")).skin
    start(living, skin)
    bring(living)
    assert {region: hair.hide_viewport for region, hair in hair_of(skin).items()} == {"scalp": True, "brows": False}
    living.stop()
    assert not any(hair.hide_viewport for hair in hair_of(skin).values())
    fields.camera_hair = True
    start(living, skin)
    bring(living)
    assert not any(hair.hide_viewport for hair in hair_of(skin).values())


def test_fewer_hairs_are_drawn_meanwhile_as_while_an_animation_plays(
    bpy, living, settling, scene, hairy_folder, tmp_path
):
    from dreamface_addon.scene import hair_of, import_face
    from dreamface_addon.scene.modifiers import read_input, write_input

    moved, other = import_face(hairy_folder).skin, import_face(hairy_folder).skin
    other["dreamface_face_id"] = "face-2"
    scalp, others = hair_of(moved)["scalp"], hair_of(other)["scalp"]
    write_input(scalp.modifiers[0], "Hairs", 60_000)
    write_input(scalp.modifiers[0], "Viewport Amount", 1.0)
    whole = len(shown(bpy, scalp))

    def are_few():
        return len(shown(bpy, scalp)) < 0.6 * whole, bool(read_input(others.modifiers[0], "Playing"))

    start(living, moved)
    bring(living)
    assert are_few() == (True, False) and not scalp.hide_viewport
    settling.playing(True)
    settling.playing(False)
    assert are_few() == (True, False), "an animation that stops does not slow the camera down"
    living.before_save()
    assert are_few() == (False, False), "a file holds all of it"
    bring(living)
    write_input(scalp.modifiers[0], "Playing", False)  # as a step of undo does
    living.put_back_all()
    assert are_few() == (True, False)
    living.stop()
    assert are_few() == (False, False)


def test_a_file_that_is_saved_meanwhile_holds_the_head_as_it_was(bpy, living, skin, tmp_path):
    from dreamface_addon import scene

    before = expression(skin)
    start(living, skin)
    bring(living)
    living.before_save()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"), copy=True)
    bring(living)
    assert expression(skin)["jawOpen"] == pytest.approx(0.8), "and goes on"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    (skin,) = scene.skins()
    assert expression(skin) == before
    living.file_opened()


@pytest.mark.slow
def test_a_file_of_a_blender_that_died_is_put_right(bpy, living, skin, tmp_path):
    from dreamface_addon import scene

    before = expression(skin)
    start(living, skin)
    bring(living)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "autosave.blend"), copy=True)  # as an autosave: nobody is told
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "autosave.blend"))
    living.file_opened()
    living._session.feed._forget()
    living.put_back_all()
    (skin,) = scene.skins()
    assert expression(skin) == before and turned(skin) == (0.0, 0.0, 0.0)


def test_a_head_that_is_deleted_stops_the_camera(bpy, living, skin):
    start(living, skin)
    bring(living)
    bpy.data.objects.remove(skin)
    bring(living)
    assert not living.is_on
    end(living, reason="The head that the camera moved is gone.")
    assert "head that the camera moved is gone" in living.problem


def test_what_was_recorded_comes_in_as_a_take(bpy, living, animating, skin, tmp_path):
    from dreamface_addon import scene

    start(living, skin)
    bring(living)
    living.record(True)
    living.stop()
    end(living, saved(tmp_path, "recorded"))
    animating.tick()
    action = scene.worn_take(skin)
    assert action is not None and action.name == "Camera take"
    bpy.context.scene.frame_set(1 + bpy.context.scene.render.fps // 2)
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(1.0, abs=0.01), "as it was seen"
    scene.take_off(skin)
    assert expression(skin)["mouthPucker"] == pytest.approx(0.3)


@pytest.mark.slow
def test_recorded_in_another_file_it_is_offered(bpy, living, animating, skin, tmp_path):
    start(living, skin)
    living.record(True)
    for part in (animating, living):
        part.file_opened()
    end(living, saved(tmp_path, "recorded"))
    animating.tick()
    assert [arrived.why for arrived in animating.left] == ["It was made in another file: “Camera take”"]


@pytest.mark.slow
def test_a_playing_take_does_not_fight_with_the_camera(bpy, living, animating, skin, tmp_path):
    animating.track(skin, saved(tmp_path))
    animating.tick()
    start(living, skin)
    bring(living, jaw=0.33)
    bpy.context.scene.frame_set(20)
    living.show_again()  # what Blender's handler calls
    assert expression(skin)["jawOpen"] == pytest.approx(0.33)
    living.stop()
    bpy.context.scene.frame_set(1)
    assert expression(skin)["jawOpen"] == pytest.approx(0.0, abs=0.01), "the take goes on"


@pytest.mark.slow
def test_a_head_in_sculpt_mode_waits(bpy, living, skin):
    before = expression(skin)
    start(living, skin)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="SCULPT")
    assert "Leave Sculpt Mode" in living.why_not_start(skin)
    bring(living)
    assert expression(skin) == before
    bpy.ops.object.mode_set(mode="OBJECT")
    bring(living)
    assert expression(skin) != before
    living.stop()


@pytest.mark.slow
def test_the_head_moves_from_where_it_was_first_seen(bpy, living, skin):
    start(living, skin)
    bring(living, head=(0.0, 0.0, 0.0), position=(0.1, 0.7, 0.0))
    assert tuple(skin.delta_location) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    bring(living, head=(0.0, 0.0, 0.0), position=(0.15, 0.7, 0.0))
    assert tuple(skin.delta_location) == pytest.approx((0.05, 0.0, 0.0), abs=1e-6)
    living.stop()
    assert tuple(skin.delta_location) == (0.0, 0.0, 0.0)
