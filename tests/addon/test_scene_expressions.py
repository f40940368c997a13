"""Expressions on a head in Blender: keyed, turned, and laid over what plays."""

from __future__ import annotations

from dataclasses import replace

import pytest


@pytest.fixture
def skin(imported):
    return imported.skin


@pytest.fixture(scope="module")
def face_folder(tmp_path_factory):
    """A head that can have bones."""
    from dreamface import folder
    from dreamface.rig import make_rig
    from tests.support import synthetic_face

    face = synthetic_face()
    rigged = replace(face, rig=make_rig(face.head, face.shapes, face.shape_names))
    return folder.save(rigged, tmp_path_factory.mktemp("faces") / "ada")


def keys_of(skin):
    return skin.data.shape_keys.key_blocks


def play(bpy, skin, **channels):
    """Have an artist's action move the face: shape -> values at frames 1 and 21."""
    for name, values in channels.items():
        for frame, value in zip((1, 21), values, strict=True):
            keys_of(skin)[name].value = value
            keys_of(skin)[name].keyframe_insert("value", frame=frame)


def at(bpy, skin, frame, name):
    bpy.context.scene.frame_set(frame)
    evaluated = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.data.shape_keys.key_blocks[name].value


def test_key_frames_hold_every_slider_but_driven_ones(bpy, skin):
    from dreamface_addon import scene

    keys_of(skin)["mouthPucker"].driver_add("value").driver.expression = "0.3"
    keys_of(skin)["jawOpen"].value = 0.6
    shapes = [key.name for key in keys_of(skin)[1:]]
    count = scene.key_expression(skin, [*shapes, "no such shape"], 7)
    assert count == len(shapes) - 1
    keys_of(skin)["jawOpen"].value = 0.0
    assert at(bpy, skin, 7, "jawOpen") == pytest.approx(0.6)
    assert at(bpy, skin, 7, "mouthPucker") == pytest.approx(0.3), "its driver goes on"


def test_an_action_from_another_file_takes_no_key_frames(bpy, skin, tmp_path):
    from dreamface_addon import scene

    play(bpy, skin, jawOpen=(0.0, 0.5))
    keys, file = skin.data.shape_keys, tmp_path / "actions.blend"
    assert scene.why_no_keys(skin) == ""
    bpy.data.libraries.write(str(file), {keys.animation_data.action}, fake_user=True)
    name = keys.animation_data.action.name
    bpy.data.actions.remove(keys.animation_data.action)
    with bpy.data.libraries.load(str(file), link=True) as (_, here):
        here.actions = [name]
    keys.animation_data.action = here.actions[0]
    assert "linked from another file" in scene.why_no_keys(skin)


@pytest.mark.parametrize("with_bones", [False, True])
def test_the_head_is_turned_and_keyed(bpy, skin, with_bones):
    from dreamface_addon import scene

    if with_bones:
        scene.add_rig(skin)
    bone = scene.rig_of(skin).pose.bones["head"] if with_bones else None

    def turned():
        matrix = bone.matrix_basis if bone is not None else skin.matrix_world
        return matrix.to_quaternion().angle

    scene.turn_head(skin, (0.2, 0.0, 0.0))
    bpy.context.view_layer.update()
    assert turned() == pytest.approx(0.2, abs=1e-4)
    scene.key_expression(skin, [], 3, with_head=True)
    scene.turn_head(skin, (0.0, 0.0, 0.0))
    bpy.context.view_layer.update()
    assert turned() == pytest.approx(0.0, abs=1e-4)
    bpy.context.scene.frame_set(3)
    assert turned() == pytest.approx(0.2, abs=1e-4)


def test_an_expression_adds_to_a_performance_that_goes_on(bpy, skin):
    from dreamface_addon import scene

    play(bpy, skin, jawOpen=(0.1, 0.5), mouthPucker=(0.0, 0.4))
    assert scene.why_no_layer(skin) == ""
    track = scene.lay_expression(skin, "Smile", {"mouthPucker": 0.3, "jawOpen": 0.0}, 1, 41)
    assert at(bpy, skin, 21, "mouthPucker") == pytest.approx(0.7, abs=1e-4), "added, not put in place of it"
    assert at(bpy, skin, 21, "jawOpen") == pytest.approx(0.5, abs=1e-4)
    assert at(bpy, skin, 1, "mouthPucker") == pytest.approx(0.0, abs=1e-4), "it fades in"
    assert scene.layers_of(skin) == [track]
    action = track.strips[0].action.name
    scene.remove_layer(skin, track)
    assert at(bpy, skin, 21, "mouthPucker") == pytest.approx(0.4, abs=1e-4)
    assert scene.layers_of(skin) == [] and action not in bpy.data.actions


def test_a_second_expression_adds_to_the_first(bpy, skin):
    from dreamface_addon import scene

    play(bpy, skin, jawOpen=(0.1, 0.1))
    for name in ("One", "Two"):
        scene.lay_expression(skin, name, {"mouthPucker": 0.25}, 1, 41)
    assert at(bpy, skin, 21, "mouthPucker") == pytest.approx(0.5, abs=1e-4)
    assert [track.name for track in scene.layers_of(skin)] == ["One", "Two"]


def test_a_driven_shape_is_left_to_its_driver_under_a_layer(bpy, skin):
    from dreamface_addon import scene

    play(bpy, skin, jawOpen=(0.1, 0.5))
    keys_of(skin)["mouthPucker"].driver_add("value").driver.expression = "0.3"
    scene.lay_expression(skin, "Pout", {"mouthPucker": 0.5, "jawOpen": 0.2}, 1, 41)
    assert at(bpy, skin, 21, "mouthPucker") == pytest.approx(0.3)
    assert at(bpy, skin, 21, "jawOpen") == pytest.approx(0.7, abs=1e-4)


def test_where_nothing_plays_nothing_is_laid_over(skin):
    from dreamface_addon import scene

    assert "Nothing plays" in scene.why_no_layer(skin)
    with pytest.raises(scene.SceneError, match="make a take first"):
        scene.lay_expression(skin, "Smile", {"jawOpen": 0.3}, 1, 10)


def test_weights_of_eyes_that_bones_turn_are_the_faces_own(bpy, skin):
    from dreamface_addon import scene

    gaze = [key.name for key in keys_of(skin) if key.name.startswith("eyeLook")]
    keys_of(skin)[gaze[0]].value = 0.4
    scene.add_rig(skin)
    scene.bones_move_eyes(skin, True)
    bpy.context.view_layer.update()
    assert scene.weights_of(skin)[gaze[0]] == pytest.approx(0.4)
    assert gaze[0] not in scene.undriven_shapes(skin, gaze)
