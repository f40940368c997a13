"""Takes in the scene: one action for face and head, made anew by its sliders; nothing of the artist's is lost."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dreamface import folder
from tests.addon.faces import vertices
from tests.performances import performance, saved
from tests.support import synthetic_face


@pytest.fixture
def animating(bpy, scene):
    from dreamface_addon.animating import Animating

    errors: list[str] = []
    setup = SimpleNamespace(why_no_backend=lambda: "")
    part = Animating(
        SimpleNamespace(jobs=[], shares_disk=True),
        setup,
        lambda words: errors.extend(filter(None, [words])),
        lambda: None,
    )
    part.errors = errors
    return part


@pytest.fixture
def skin(imported):
    return imported.skin


@pytest.fixture
def take_file(tmp_path):
    return saved(tmp_path)


def perform(animating, skin, file, **shaping):
    """Have a head perform a take's file, through the part's own tick."""
    from dreamface_addon.takes import Shaping

    animating.track(skin, file)
    animating._waiting[-1] = replace(animating._waiting[-1], shaping=Shaping(**{"smoothing": 0.0} | shaping))
    while animating._waiting:
        animating.tick()
    assert not animating.left and not animating.errors, animating.left
    from dreamface_addon import scene

    return scene.worn_take(skin)


def settle(animating):
    """Let sliders come to rest."""
    until = time.monotonic() + 3.0
    while animating._changed and time.monotonic() < until:
        animating.tick()
        time.sleep(0.02)
    assert not animating._changed


def value(bpy, skin, name, frame):
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))
    return skin.data.shape_keys.key_blocks[name].value


def evaluated(bpy, part):
    return np.array(
        [tuple(vertex.co) for vertex in part.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices]
    )


def test_a_take_moves_face_and_head_at_the_scenes_frame_rate(bpy, animating, skin, take_file):
    bpy.context.scene.render.fps = 24
    action = perform(animating, skin, take_file)
    assert action.name == "monologue" and action.use_fake_user
    assert tuple(action.frame_range) == (1.0, 49.0)
    assert value(bpy, skin, "jawOpen", 13) == pytest.approx(1.0, abs=2e-3), "half a second is twelve frames"
    assert value(bpy, skin, "jawOpen", 25) == pytest.approx(0.0, abs=2e-3)
    assert value(bpy, skin, "eyeBlinkLeft", 25) == pytest.approx(1.0, abs=2e-3)
    assert value(bpy, skin, "eyeBlinkRight", 25) == 0.0
    bpy.context.scene.frame_set(13)
    turned = -skin.matrix_world.to_3x3().col[1]
    assert math.atan2(turned.x, -turned.y) == pytest.approx(0.4, abs=0.01), "to the person's own left, which is +X"
    assert skin.rotation_euler[:] == (0.0, 0.0, 0.0) and skin.location[:] == (0.0, 0.0, 0.0), "the artist's own"


@pytest.mark.slow
def test_with_slots_it_is_one_action_and_without_two_of_one_name(bpy, animating, skin, take_file):
    from dreamface_addon.scene import actions

    action = perform(animating, skin, take_file)
    on_object, on_keys = skin.animation_data, skin.data.shape_keys.animation_data
    assert on_keys.action == action
    if actions.HAS_SLOTS:
        assert on_object.action == action and on_object.action_slot != on_keys.action_slot
        assert {slot.target_id_type for slot in action.slots} == {"KEY", "OBJECT"}
    else:
        assert on_object.action.name == "monologue head"


def test_driven_parts_move_along(bpy, imported, animating, take_file):
    teeth = imported.parts["upper_teeth"]
    names = teeth.data.shape_keys.key_blocks.keys()[1:] if teeth.data.shape_keys else []
    assert names, "the teeth of the test's face have shape keys"
    times = np.arange(61) / 30.0
    from dreamface.traits import ARKIT_SHAPES

    weights = np.zeros((61, 52), np.float32)
    weights[30:, ARKIT_SHAPES.index(names[0])] = 1.0
    file = take_file.with_name("teeth.npz")
    performance(weights=weights, times=times).save(file)
    perform(animating, imported.skin, file)
    bpy.context.scene.frame_set(1)
    before = evaluated(bpy, teeth)
    bpy.context.scene.frame_set(45)
    assert np.abs(evaluated(bpy, teeth) - before).max() > 1e-4


@pytest.mark.slow
def test_keys_are_few_and_the_curves_are_right_everywhere(bpy, animating, skin, take_file):
    from dreamface_addon import scene
    from dreamface_addon.scene.actions import curves_of

    action = perform(animating, skin, take_file)
    resting = [curve for curve in curves_of(action) if "mouthPucker" in curve.data_path]
    assert [len(curve.keyframe_points) for curve in resting] == [1]
    jaw = next(curve for curve in curves_of(action) if "jawOpen" in curve.data_path)
    made = performance()
    rate = bpy.context.scene.render.fps
    for frame in range(1, 50):
        wanted = np.interp((frame - 1) / rate, made.times, made.channel("jawOpen"))
        assert jaw.evaluate(frame) == pytest.approx(wanted, abs=1e-3)
    everything = scene.count_keys(action)
    assert everything < 0.2 * 52 * 49


def test_sliders_after_tracking_make_the_curves_anew_from_the_raw_take(bpy, animating, skin, tmp_path):
    weak = performance()
    file = tmp_path / "weak.npz"
    replace(weak, weights=0.5 * weak.weights).save(file)
    action = perform(animating, skin, file)
    rate = bpy.context.scene.render.fps
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(0.5, abs=2e-3)
    animating.change(action, gains={"jaw": 2.0})
    settle(animating)
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(1.0, abs=2e-3)
    animating.change(action, gains={"jaw": 1.5})
    settle(animating)
    bpy.context.view_layer.update()
    shown = skin.data.shape_keys.key_blocks["jawOpen"].value
    assert shown == pytest.approx(0.75, abs=2e-3), "the frame that is shown follows, too"
    animating.change(action, gains={"jaw": 2.0}, mirror=True)
    settle(animating)
    assert value(bpy, skin, "eyeBlinkRight", 1 + rate) == pytest.approx(0.5, abs=2e-3)
    assert value(bpy, skin, "eyeBlinkLeft", 1 + rate) == 0.0
    animating.change(action, mirror=False, gains={}, speed=2.0)
    settle(animating)
    assert value(bpy, skin, "jawOpen", 1 + rate / 4) == pytest.approx(0.5, abs=2e-3)
    assert animating.why_old(skin, action) == ""


@pytest.mark.slow
def test_another_frame_rate_is_said_and_baked_again(bpy, animating, skin, take_file):
    bpy.context.scene.render.fps = 24
    action = perform(animating, skin, take_file)
    bpy.context.scene.render.fps = 30
    assert "made for 24 frames a second, the scene has 30" in animating.why_old(skin, action)
    animating.bake(skin, action)
    assert animating.why_old(skin, action) == "" and action.frame_range[1] == 61.0


def test_own_animation_goes_on_playing_below_the_take(bpy, animating, skin, take_file):
    keys = skin.data.shape_keys
    for frame, weight in ((1, 0.0), (20, 0.8)):
        keys.key_blocks["tongueOut"].value = weight
        keys.key_blocks["tongueOut"].keyframe_insert("value", frame=frame)
        skin.location.x = frame / 20
        skin.keyframe_insert("location", frame=frame)
    own = keys.animation_data.action
    own.name = "my tongue"
    perform(animating, skin, take_file)
    assert own.name in [strip.action.name for track in keys.animation_data.nla_tracks for strip in track.strips]
    assert "my tongue" in animating.message
    bpy.context.scene.frame_set(20)
    assert skin.location.x == pytest.approx(1.0, abs=1e-4), "what a take does not move goes on as it was keyed"


def test_own_keys_on_a_take_are_never_lost(bpy, animating, skin, take_file):
    from dreamface_addon import scene
    from dreamface_addon.scene.actions import curves_of

    action = perform(animating, skin, take_file)
    curve = next(curve for curve in curves_of(action) if "mouthPucker" in curve.data_path)
    curve.keyframe_points.insert(12, 0.7)
    assert scene.is_edited(action)
    animating.change(action, smoothing=0.8)
    settle(animating)
    assert curve.evaluate(12) == pytest.approx(0.7), "a slider does not take them away"
    animating._edited.clear()
    assert "You have edited the keys" in animating.why_old(skin, action)
    animating.bake(skin, action)
    kept = bpy.data.actions["monologue edited"]
    assert not scene.is_take(kept)
    assert next(curve for curve in curves_of(kept) if "mouthPucker" in curve.data_path).evaluate(12) == pytest.approx(
        0.7
    )
    assert not scene.is_edited(action) and animating.why_old(skin, action) == ""


@pytest.mark.slow
def test_an_own_key_of_another_property_stays_when_a_take_is_baked(bpy, animating, skin, take_file):
    from dreamface_addon.scene.actions import curves_of

    action = perform(animating, skin, take_file)
    own = skin.shape_key_add(name="mine", from_mix=False)
    own.keyframe_insert("value", frame=3)
    animating.bake(skin, action)
    assert [curve for curve in curves_of(action) if "mine" in curve.data_path]


def test_taking_it_off_gives_the_expression_back(bpy, animating, skin, take_file):
    from dreamface_addon import scene

    keys = skin.data.shape_keys.key_blocks
    keys["mouthPucker"].value = 0.4
    expression = {key.name: key.value for key in keys}
    assert expression["jawOpen"] == pytest.approx(0.25), "what the prompt asked for"
    perform(animating, skin, take_file)
    bpy.context.scene.frame_set(20)
    scene.take_off(skin)
    bpy.context.scene.frame_set(21)
    assert {key.name: key.value for key in keys} == pytest.approx(expression)
    assert tuple(skin.delta_rotation_euler) == (0.0, 0.0, 0.0)
    assert len(scene.takes_of(skin)) == 1, "it stays in the list"


def test_it_is_pushed_to_the_nla_and_plays_there(bpy, animating, skin, take_file):
    from dreamface_addon import scene

    action = perform(animating, skin, take_file)
    assert scene.push_take(skin) == "monologue"
    assert scene.worn_take(skin) is None and scene.in_nla(skin, action)
    rate = bpy.context.scene.render.fps
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(1.0, abs=2e-3)
    skin.data.shape_keys.key_blocks["mouthPucker"].keyframe_insert("value", frame=1)
    scene.remove_take(action, scene.skins())
    assert not scene.takes_of(skin) and not list(scene.strips_of(skin.data.shape_keys))
    assert scene.action_of(skin.data.shape_keys) is not None, "the artist's own stays"


def test_another_face_performs_it_too_with_a_take_of_its_own(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon.scene import import_face, worn_take

    action = perform(animating, skin, take_file, gains={"jaw": 0.5})
    other = import_face(folder.save(synthetic_face("face-9"), tmp_path / "other")).skin
    copy = animating.apply_to(action, other)
    assert worn_take(other) == copy != action
    rate = bpy.context.scene.render.fps
    assert value(bpy, other, "jawOpen", 1 + rate / 2) == pytest.approx(0.5, abs=2e-3)
    animating.change(copy, gains={"jaw": 1.0})
    settle(animating)
    assert value(bpy, other, "jawOpen", 1 + rate / 2) == pytest.approx(1.0, abs=2e-3)
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(0.5, abs=2e-3), "each has its own"


@pytest.mark.slow
def test_saved_and_opened_again_it_is_all_there(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon import scene

    action = perform(animating, skin, take_file)
    raw = bytes(action[scene.TAKE])
    scene.take_off(skin)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    (skin,) = scene.skins()
    (action,) = scene.takes_of(skin)
    assert bytes(action[scene.TAKE]) == raw
    animating.file_opened()
    animating.use(skin, action)
    animating.change(action, gains={"jaw": 0.5})
    settle(animating)
    rate = bpy.context.scene.render.fps
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(0.5, abs=2e-3)


def test_a_head_that_is_gone_leaves_the_take_to_be_decided_about(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon.scene import import_face, worn_take

    animating.track(skin, take_file)
    bpy.data.objects.remove(skin)
    animating.tick()
    assert [arrived.why for arrived in animating.left] == ["Its head is gone: “monologue”"]
    other = import_face(folder.save(synthetic_face("face-9"), tmp_path / "other")).skin
    animating.bring_in_left(0, other)
    animating.tick()
    assert worn_take(other) is not None and not animating.left


@pytest.mark.slow
def test_what_is_no_take_is_a_sentence_and_changes_nothing(bpy, animating, skin, tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"no take")
    actions = list(bpy.data.actions)
    animating.track(skin, tmp_path / "broken.npz")
    animating.tick()
    assert "no take of DreamFace, or it is damaged" in animating.left[0].why
    assert list(bpy.data.actions) == actions and skin.data.shape_keys.animation_data is None


@pytest.mark.slow
def test_two_heads_perform_different_takes(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon.scene import import_face, takes_of

    other = import_face(folder.save(synthetic_face("face-9"), tmp_path / "other")).skin
    still = tmp_path / "still.npz"
    performance(weights=np.zeros((61, 52), np.float32)).save(still)
    perform(animating, skin, take_file)
    perform(animating, other, still)
    rate = bpy.context.scene.render.fps
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(1.0, abs=2e-3)
    assert other.data.shape_keys.key_blocks["jawOpen"].value == 0.0
    assert [take.name for take in takes_of(skin)] == ["monologue"] and [take.name for take in takes_of(other)] == [
        "still"
    ]


@pytest.mark.slow
def test_drivers_of_the_artist_are_told_of(bpy, animating, skin, take_file):
    skin.data.shape_keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.3"
    perform(animating, skin, take_file)
    assert animating.message == "Drivers move jawOpen: the take can't."


def test_a_moved_and_turned_head_performs_where_it_stands(bpy, animating, skin, take_file):
    from mathutils import Vector

    skin.location, skin.rotation_euler = (3.0, 1.0, 0.5), (0.0, 0.0, math.radians(90.0))
    action = perform(animating, skin, take_file, move=0.0)
    rate = bpy.context.scene.render.fps
    bpy.context.scene.frame_set(1 + rate // 4)
    pitch = 0.2 * math.sin(2.0 * math.pi * (rate // 4) / rate)
    yaw = 0.4 * math.sin(math.pi * (rate // 4) / rate)
    looks = skin.matrix_world.to_3x3() @ Vector((0.0, -1.0, 0.0))
    assert looks.z == pytest.approx(-math.sin(pitch), abs=0.01), "it nods about its own ears"
    assert math.atan2(looks.y, looks.x) == pytest.approx(yaw, abs=0.01), "from where it was turned to"
    from dreamface_addon.scene.head_motion import pivot_of

    pivot = skin.matrix_world @ Vector(pivot_of(skin))
    bpy.context.scene.frame_set(1)
    assert (pivot - skin.matrix_world @ Vector(pivot_of(skin))).length < 2e-3, "the neck stays where it is"
    skin.location.x = 5.0
    bpy.context.scene.frame_set(5)
    assert skin.matrix_world.translation.x > 4.5, "it can be moved while it performs"
    skin.rotation_euler.z = 0.0
    assert "The head was turned" in animating.why_old(skin, action)


def test_with_a_rig_the_heads_bone_turns(bpy, animating, skin, take_file):
    from mathutils import Vector

    armature = _rig(bpy, skin)
    perform(animating, skin, take_file)
    rate = bpy.context.scene.render.fps
    frame = 1 + rate // 4
    bpy.context.scene.frame_set(frame)
    bone = armature.pose.bones["head"]
    rest = armature.data.bones["head"].matrix_local.to_3x3()
    turned = bone.matrix.to_3x3() @ rest.inverted()
    looks = turned @ Vector((0.0, -1.0, 0.0))
    yaw, pitch = 0.4 * math.sin(math.pi * (frame - 1) / rate), 0.2 * math.sin(2.0 * math.pi * (frame - 1) / rate)
    assert looks.z == pytest.approx(-math.sin(pitch), abs=0.01)
    assert math.atan2(looks.x, -looks.y) == pytest.approx(yaw, abs=0.01)
    assert tuple(skin.delta_rotation_euler) == (0.0, 0.0, 0.0), "not turned twice"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["XYZ", "QUATERNION", "AXIS_ANGLE"])
def test_a_bone_keeps_its_own_way_to_turn(bpy, animating, skin, take_file, mode):
    from mathutils import Vector

    armature = _rig(bpy, skin)
    armature.pose.bones["head"].rotation_mode = mode
    perform(animating, skin, take_file)
    rate = bpy.context.scene.render.fps
    bpy.context.scene.frame_set(1 + rate // 2)
    bone = armature.pose.bones["head"]
    assert bone.rotation_mode == mode
    looks = bone.matrix.to_3x3() @ armature.data.bones["head"].matrix_local.to_3x3().inverted() @ Vector((0, -1, 0))
    assert math.atan2(looks.x, -looks.y) == pytest.approx(0.4, abs=0.01)


@pytest.mark.slow
def test_a_bone_that_is_locked_in_its_place_turns_and_stays(bpy, animating, skin, take_file):
    armature = _rig(bpy, skin)
    armature.pose.bones["head"].lock_location = (True, True, True)
    perform(animating, skin, take_file, move=1.0)
    bpy.context.scene.frame_set(13)
    bone = armature.pose.bones["head"]
    assert tuple(bone.location) == (0.0, 0.0, 0.0) and tuple(bone.rotation_euler) != (0.0, 0.0, 0.0)


def _rig(bpy, skin):
    """A neck and a head, the head leaning forward a little, as in a real one."""
    data = bpy.data.armatures.new("rig")
    armature = bpy.data.objects.new("rig", data)
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    neck, head = data.edit_bones.new("neck"), data.edit_bones.new("head")
    neck.head, neck.tail = (0.0, 0.03, 0.1), (0.0, 0.02, 0.2)
    head.head, head.tail, head.parent = (0.0, 0.02, 0.2), (0.0, -0.01, 0.4), neck
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.pose.bones["head"].rotation_mode = "YXZ"
    modifier = skin.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    return armature


@pytest.mark.slow
def test_cleaning_up_thins_edited_keys_where_they_are(bpy, animating, skin, take_file):
    from dreamface_addon import scene
    from dreamface_addon.scene.actions import curves_of

    action = perform(animating, skin, take_file)
    before, after = scene.thin_keys(action, 0.05)
    assert after < 0.6 * before
    jaw = next(curve for curve in curves_of(action) if "jawOpen" in curve.data_path)
    made, rate = performance(), bpy.context.scene.render.fps
    for frame in range(1, 49):
        wanted = np.interp((frame - 1) / rate, made.times, made.channel("jawOpen"))
        assert jaw.evaluate(frame) == pytest.approx(wanted, abs=0.055)


@pytest.mark.slow
def test_a_new_head_model_goes_on_performing(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon import scene
    from tests.addon.faces import other_head

    action = perform(animating, skin, take_file)
    scene.push_take(skin)
    scene.update_face(skin, other_head(tmp_path))
    assert scene.in_nla(skin, action), "its NLA goes over to the new mesh"
    rate = bpy.context.scene.render.fps
    assert value(bpy, skin, "jawOpen", 1 + rate / 2) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.slow
def test_two_minutes_are_keyed_quickly(bpy, animating, skin, tmp_path):
    file = tmp_path / "long.npz"
    noise = np.random.default_rng(1).uniform(0.0, 1.0, (3601, 52)).astype(np.float32)
    made = performance(seconds=120.0)
    replace(made, weights=np.clip(0.3 + 0.2 * noise, 0.0, 1.0)).save(file)
    began = time.process_time()
    action = perform(animating, skin, file, smoothing=0.5)
    assert time.process_time() - began < 3.0
    assert action.frame_range[1] == pytest.approx(1 + 120 * bpy.context.scene.render.fps)


@pytest.mark.slow
def test_the_mesh_itself_is_left_alone(bpy, animating, skin, take_file):
    before = vertices(skin)
    perform(animating, skin, take_file)
    bpy.context.scene.frame_set(20)
    np.testing.assert_array_equal(vertices(skin), before)


def test_a_video_is_tracked_raw_and_comes_in_when_the_job_is_done(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon import scene
    from dreamface_addon.job import Job

    asked = []
    animating._session.submit = lambda kind, request, tag: asked.append((kind, request, tag))
    animating.track(skin, tmp_path / "monologue.mp4", tracker="face-mesh", face=None, start=1.0, end=None)
    ((kind, request, tag),) = asked
    assert kind == "animate" and request == {
        "source": str(tmp_path / "monologue.mp4"), "tracker": "face-mesh", "face": None, "start": 1.0, "end": None,
        "neutral": None, "mirror": False, "smoothing": 0.0, "gains": {},
    }  # fmt: skip
    job = Job("1", kind, request, tag, state="done", folder=take_file.parent)
    job.result = {"file": str(take_file), "notes": ["The face is out of view from 0.5 to 0.8 s."]}
    animating.finish(job)
    animating.tick()
    action = scene.worn_take(skin)
    assert action.name == "monologue" and "out of view" in action[scene.NOTES]
    assert action[scene.FOOTAGE] == str(tmp_path / "monologue.mp4")
    assert animating.shaping_of(action).smoothing == 0.5, "smoothed by the slider, not by the engine"


def test_a_job_that_fails_says_why(bpy, animating, skin):
    from dreamface_addon.job import Job

    animating.finish(Job("1", "animate", {}, None, state="failed", error="No face is seen: choose another part."))
    assert animating.errors == ["No face is seen: choose another part."]


def test_an_engine_on_another_machine_cannot_see_a_file_of_this_one(animating, tmp_path):
    animating._session.shares_disk = False
    assert "cannot see this file" in animating.why_not_track(tmp_path / "a.mp4")
    assert animating.why_not_track(tmp_path / "a.npz") == ""


@pytest.mark.slow
def test_a_take_waits_for_object_mode(bpy, animating, skin, take_file):
    from dreamface_addon import scene

    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="SCULPT")
    animating.track(skin, take_file)
    animating.tick()
    assert animating.notice == "The take is ready and comes in when you are back in Object Mode."
    assert scene.worn_take(skin) is None
    bpy.ops.object.mode_set(mode="OBJECT")
    animating.tick()
    assert scene.worn_take(skin) is not None and animating.notice == ""


@pytest.mark.slow
def test_a_linked_head_is_left_alone(bpy, animating, skin, take_file, tmp_path):
    from dreamface_addon import scene

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (there, wanted):
        wanted.collections = there.collections
    bpy.context.scene.collection.children.link(wanted.collections[0])
    (linked,) = scene.skins()
    assert "linked from another file" in scene.why_no_expression(linked)
    animating.track(linked, take_file)
    animating.tick()
    assert "linked from another file" in animating.left[0].why
    assert not [action for action in bpy.data.actions if scene.is_take(action)]


@pytest.mark.slow
def test_a_sculpted_expression_plays_as_it_was_sculpted(bpy, animating, skin, take_file):
    key = skin.data.shape_keys.key_blocks["jawOpen"]
    key.data[5].co.z += 0.01
    basis = skin.data.shape_keys.reference_key.data[5].co.copy()
    sculpted = key.data[5].co - basis
    perform(animating, skin, take_file, gains={"head": 0.0})
    rate = bpy.context.scene.render.fps
    bpy.context.scene.frame_set(1 + rate // 2)
    moved = evaluated(bpy, skin)[5] - np.array(basis)
    np.testing.assert_allclose(moved, sculpted, atol=5e-4)


def test_a_head_that_turns_on_its_pivot_goes_nowhere(skin):
    from mathutils import Euler

    from dreamface_addon.scene import pivot_places
    from dreamface_addon.scene.head_motion import pivot_of

    pivot = np.array(pivot_of(skin))
    head = np.array([[0.0, 0.0, 0.0], [0.4, 0.2, 0.1], [-0.3, -0.2, 0.0]])
    turns = [np.array(Euler((pitch, roll, yaw), "YXZ").to_matrix()) for yaw, pitch, roll in head]
    origin = np.array([np.array((0.0, 0.6, 0.0)) + pivot - turn @ pivot for turn in turns])
    places = pivot_places(skin, head, origin)
    assert np.ptp(places, axis=0).max() < 1e-6
    assert not pivot_places(skin, head, np.zeros((3, 3))).any(), "a place that is not known stays so"
