"""What turns a head while a take is on may change: bones come and go, modes change, heads are copied."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dreamface import folder
from dreamface.rig import make_rig
from dreamface.traits import ARKIT_SHAPES
from tests.addon.faces import edit_document
from tests.performances import saved
from tests.support import synthetic_face

PEAK = 13
"""The frame, at 24 a second, where the head is turned by 0.4 rad and the jaw is open."""


def with_rig(face):
    return replace(face, rig=make_rig(face.head, face.shapes, face.shape_names))


@pytest.fixture(scope="module")
def face_folder(tmp_path_factory):
    return folder.save(with_rig(synthetic_face()), tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture
def skin(imported, bpy):
    bpy.context.scene.render.fps = 24
    return imported.skin


@pytest.fixture
def animating(bpy, scene):
    from dreamface_addon.animating import Animating

    session = SimpleNamespace(jobs=[], shares_disk=True)
    return Animating(session, SimpleNamespace(why_no_backend=str), lambda _words: None, lambda: None)


def perform(animating, skin, file):
    from dreamface_addon import scene
    from dreamface_addon.takes import Shaping

    animating.track(skin, file)
    animating._waiting[-1] = replace(animating._waiting[-1], shaping=Shaping(smoothing=0.0, move=0.0))
    animating.tick()
    return scene.worn_take(skin)


def at(bpy, frame):
    bpy.context.scene.frame_set(1)
    bpy.context.scene.frame_set(frame)


def turned(bpy, skin):
    """How far the head is turned to its left, radians: the skin's own, and by its bone."""
    bpy.context.view_layer.update()
    from dreamface_addon.scene import rig_of

    looks = -skin.matrix_world.to_3x3().col[1]
    rig = rig_of(skin)
    bone = 0.0
    if rig is not None:
        pose = rig.pose.bones["head"]
        bone = pose.matrix_basis.to_quaternion().angle
        assert rig.matrix_world.to_quaternion().rotation_difference(skin.matrix_world.to_quaternion()).angle < 1e-4
    return pytest.approx((math.atan2(looks.x, -looks.y), bone), abs=0.02)


def test_bones_that_come_during_a_take_turn_the_head_once(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    perform(animating, skin, saved(tmp_path))
    at(bpy, PEAK)
    scene.add_rig(skin)
    animating.bones_changed(skin)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.4)
    scene.take_off(skin)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.0)


def test_a_take_in_the_nla_turns_the_head_once_though_bones_come_and_go(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    action = perform(animating, skin, saved(tmp_path))
    scene.push_take(skin)
    scene.add_rig(skin)
    animating.bones_changed(skin)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.4)
    perform(animating, skin, saved(tmp_path, "above"))
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.4)
    scene.remove_take(scene.worn_take(skin), scene.skins())
    scene.remove_rig(skin)
    animating.bones_changed(skin)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.4, 0.0)
    scene.remove_take(action, scene.skins())
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.0)


def test_a_take_that_is_deleted_after_bones_came_leaves_the_head_straight(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    action = perform(animating, skin, saved(tmp_path))
    at(bpy, PEAK)
    scene.add_rig(skin)
    scene.remove_take(action, scene.skins())
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.0)


def test_a_head_that_loses_its_bones_during_a_take_goes_on_turning(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    scene.add_rig(skin)
    action = perform(animating, skin, saved(tmp_path))
    at(bpy, PEAK)
    scene.remove_rig(skin)
    animating.bake(skin, action)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.4, 0.0)
    scene.take_off(skin)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.0)


@pytest.mark.parametrize("has_bones", [False, True])
def test_a_camera_leaves_the_head_straight_though_bones_came_or_went(bpy, skin, has_bones):
    from dreamface_addon import scene

    (change, back) = (scene.remove_rig, scene.add_rig) if has_bones else (scene.add_rig, scene.remove_rig)
    if has_bones:
        scene.add_rig(skin)

    def show():
        scene.keep_expression(skin, scene.BEFORE_PREVIEW)
        scene.Puppet(skin, ARKIT_SHAPES).show(np.zeros(52), (0.5, 0.0, 0.0), (0.0, 0.0, 0.0))

    show()
    change(skin)
    show()
    assert scene.bring_back_expression(skin, scene.BEFORE_PREVIEW)
    assert turned(bpy, skin) == (0.0, 0.0)
    back(skin)
    assert turned(bpy, skin) == (0.0, 0.0)


@pytest.mark.parametrize("has_bones", [False, True])
def test_a_take_that_does_not_turn_the_head_leaves_it_as_the_artist_has_it(bpy, animating, skin, tmp_path, has_bones):
    from dreamface_addon import scene

    owner = scene.add_rig(skin).pose.bones["head"] if has_bones else skin
    path = "rotation_euler" if has_bones else "delta_rotation_euler"
    setattr(owner, path, (0.0, 0.0, 0.1))
    rested = tuple(getattr(owner, path))
    action = perform(animating, skin, saved(tmp_path))
    at(bpy, PEAK)
    assert tuple(getattr(owner, path)) != pytest.approx(rested, abs=0.05)
    animating.change(action, gains={"head": 0.0})
    time.sleep(0.15)
    animating.tick()
    at(bpy, PEAK)
    assert tuple(getattr(owner, path)) == pytest.approx(rested)
    animating.change(action, gains={})
    time.sleep(0.15)
    animating.tick()
    perform(animating, skin, saved(tmp_path, "still", head=np.zeros((61, 3), np.float32)))
    at(bpy, PEAK)
    assert tuple(getattr(owner, path)) == pytest.approx(rested)


def test_another_mode_of_rotation_is_said_and_baked_again(bpy, animating, skin, tmp_path):
    action = perform(animating, skin, saved(tmp_path))
    skin.rotation_mode = "QUATERNION"
    assert "turned or changed" in animating.why_old(skin, action)
    animating.bake(skin, action)
    at(bpy, PEAK)
    assert animating.why_old(skin, action) == "" and turned(bpy, skin) == (0.4, 0.0)
    skin.rotation_mode = "AXIS_ANGLE"
    animating.bake(skin, action)
    at(bpy, PEAK)
    assert turned(bpy, skin) == (0.0, 0.0), "Blender can't turn it beside its own rotation"


def test_sliders_of_a_copied_head_move_the_copy(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    perform(animating, skin, saved(tmp_path))
    for object_ in bpy.context.scene.objects:
        object_.select_set(True)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.duplicate()
    copy = bpy.context.active_object
    animating.change(scene.worn_take(copy), gains={"jaw": 0.5, "head": 0.5})
    time.sleep(0.15)
    animating.tick()
    at(bpy, PEAK)
    opened = [each.data.shape_keys.key_blocks["jawOpen"].value for each in (skin, copy)]
    assert opened == pytest.approx([1.0, 0.5], abs=2e-3)
    assert turned(bpy, skin) == (0.4, 0.0) and turned(bpy, copy) == (0.2, 0.0)


def test_a_head_of_axis_and_angle_performs_a_take_with_its_face(bpy, animating, skin, tmp_path):
    skin.rotation_mode = "AXIS_ANGLE"
    perform(animating, skin, saved(tmp_path))
    at(bpy, PEAK)
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(1.0, abs=2e-3)
    assert turned(bpy, skin) == (0.0, 0.0)


def test_an_expression_of_an_older_file_comes_back(skin):
    from dreamface_addon import scene

    kept = {"keys": {"jawOpen": 0.3}, "bone": "", "mode": "XYZ", "head": [0.0, 0.0, 0.1, 0.0, 0.0, 0.0], "hidden": []}
    skin[scene.BEFORE_TAKE] = json.dumps(kept)
    skin.delta_rotation_euler = (0.0, 0.0, 0.4)
    assert scene.bring_back_expression(skin, scene.BEFORE_TAKE)
    assert tuple(skin.delta_rotation_euler) == pytest.approx((0.0, 0.0, 0.1))
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.3)


def test_a_locked_bone_keeps_the_place_that_the_artist_gave_it(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    bone = scene.add_rig(skin).pose.bones["head"]
    bone.location = (0.01, 0.0, 0.0)
    perform(animating, skin, saved(tmp_path))
    at(bpy, PEAK)
    scene.take_off(skin)
    assert bone.location.x == pytest.approx(0.01)


# ------------------------------------------------------------------------------------------------------------ the gaze


def gaze_of(skin):
    return skin.data.shape_keys.key_blocks["eyeLookOutLeft"].value


def test_a_gaze_that_a_take_gives_is_not_taken_for_the_heads_own(bpy, animating, skin, tmp_path):
    from dreamface_addon import scene

    weights = np.zeros((61, 52), np.float32)
    weights[:, ARKIT_SHAPES.index("eyeLookOutLeft")] = 0.7
    file = saved(tmp_path, weights=weights)
    scene.add_rig(skin)
    skin.data.shape_keys.key_blocks["eyeLookOutLeft"].value = 0.1
    perform(animating, skin, file)
    at(bpy, PEAK)
    scene.aim_eyes(skin)
    scene.take_off(skin)
    scene.release_eyes(skin)
    at(bpy, PEAK)
    assert gaze_of(skin) == pytest.approx(0.1)
    target = scene.aim_eyes(skin)
    target.location.x += 0.3
    at(bpy, PEAK)
    assert gaze_of(skin) > 0.2, "the bone's"
    perform(animating, skin, file)
    scene.release_eyes(skin)
    scene.take_off(skin)
    at(bpy, PEAK)
    assert gaze_of(skin) == pytest.approx(0.1)


def test_an_eye_target_that_was_deleted_by_hand_can_be_had_again(bpy, skin):
    from dreamface_addon import scene

    rig = scene.add_rig(skin)
    bpy.data.objects.remove(scene.aim_eyes(skin))
    assert scene.eye_target(skin) is None
    again = scene.aim_eyes(skin)
    assert scene.eye_target(skin) == again and len(rig.pose.bones["eye.L"].constraints) == 2
    scene.release_eyes(skin)
    assert scene.eye_target(skin) is None and not len(rig.pose.bones["eye.L"].constraints)


def test_bones_that_were_deleted_by_hand_leave_no_dead_drivers(bpy, imported, skin):
    from dreamface_addon import scene

    bpy.data.objects.remove(scene.add_rig(skin))
    bpy.data.objects.remove(_with_target(scene, skin))
    rig = scene.add_rig(skin)
    assert scene.eyes_follow_bones(skin)
    drivers = [driver for driver in skin.data.shape_keys.animation_data.drivers if "eyeLook" in driver.data_path]
    assert {driver.driver.variables[0].targets[0].id for driver in drivers} == {rig}
    scene.remove_rig(skin)
    assert not [driver for driver in skin.data.shape_keys.animation_data.drivers if "eyeLook" in driver.data_path]
    assert not [key for key in imported.parts["left_sclera"].data.shape_keys.key_blocks if key.mute]


def _with_target(scene, skin):
    rig = scene.add_rig(skin)
    scene.aim_eyes(skin)
    return rig


def test_gaze_and_visemes_stay_the_artists_with_another_head_model(bpy, imported, skin, tmp_path):
    from dreamface_addon import scene

    path = folder.save(with_rig(synthetic_face("face-3", side=5)), tmp_path / "other")
    edit_document(path, lambda document: document["head"].update(model="another"))
    keys = skin.data.shape_keys.key_blocks
    keys["eyeLookOutLeft"].value = 0.1
    scene.add_rig(skin)
    scene.aim_eyes(skin).location.x += 0.3
    scene.add_visemes(skin)
    keys["viseme_aa"].value, keys["viseme_oh"].slider_max = 0.5, 2.0
    scene.update_face(skin, path)
    keys = skin.data.shape_keys.key_blocks
    assert keys["viseme_aa"].value == 0.5 and keys["viseme_oh"].slider_max == 2.0
    scene.release_eyes(skin)
    bpy.context.view_layer.update()
    assert keys["eyeLookOutLeft"].value == pytest.approx(0.1)
    assert not [key.name for key in imported.parts["left_sclera"].data.shape_keys.key_blocks if key.mute]


def test_clearing_what_was_sculpted_puts_the_joints_back(bpy, skin):
    from dreamface_addon import scene

    rig = scene.add_rig(skin)
    joints = {bone.name: bone.head_local.copy() for bone in rig.data.bones}
    basis = skin.data.shape_keys.reference_key
    for index, point in enumerate(basis.data):
        if index % 3:
            point.co.z += 0.02
            skin.data.vertices[index].co.z += 0.02
    assert scene.settle_rig(skin)
    scene.clear_sculpted(skin)
    for bone in rig.data.bones:
        np.testing.assert_allclose(bone.head_local, joints[bone.name], atol=1e-5)
