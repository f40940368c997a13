"""A take in files for other software: every part that moves has its motion, driven ones, too."""

from __future__ import annotations

import json
import re
import struct
from types import SimpleNamespace

import numpy as np
import pytest

from dreamface.traits import ARKIT_SHAPES
from tests.performances import performance

SECONDS, RATE = 1.0, 24


@pytest.fixture
def performing(bpy, imported, tmp_path):
    """A head that opens its mouth, winks and looks around for a second."""
    from dreamface_addon.animating import Animating
    from dreamface_addon.takes import Shaping

    bpy.context.scene.render.fps = RATE
    bpy.context.scene.frame_end = 250
    weights = np.zeros((31, 52), np.float32)
    wave = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(31) / 30.0)
    for name in ("jawOpen", *driven(imported)):
        weights[:, ARKIT_SHAPES.index(name)] = wave
    performance(seconds=SECONDS, weights=weights).save(tmp_path / "talk.npz")
    part = Animating(
        SimpleNamespace(jobs=[], shares_disk=True), SimpleNamespace(why_no_backend=str), lambda _words: None, str
    )
    part.track(imported.skin, tmp_path / "talk.npz")
    part._waiting[0] = part._waiting[0].__class__(**{**vars(part._waiting[0]), "shaping": Shaping(smoothing=0.0)})
    part.tick()
    assert not part.left
    return imported


def driven(imported):
    """The expressions that move the teeth."""
    return imported.parts["upper_teeth"].data.shape_keys.key_blocks.keys()[1:]


def test_glb_has_weights_channels_on_every_part_that_moves(performing, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(performing.skin, tmp_path / "head.glb")
    document, numbers = _document(tmp_path / "head.glb"), _numbers(tmp_path / "head.glb")
    (animation,) = document["animations"]
    moved = {}
    for channel in animation["channels"]:
        name = document["nodes"][channel["target"]["node"]]["name"].removeprefix("Round stranger ")
        sampler = animation["samplers"][channel["sampler"]]
        times, values = numbers(sampler["input"]), numbers(sampler["output"])
        moved[name, channel["target"]["path"]] = times, values
    for part in ("skin", "upper teeth"):
        times, values = moved[part, "weights"]
        assert np.ptp(times) == pytest.approx(SECONDS, abs=0.01)
        assert values.reshape(len(times), -1).max(axis=0).max() == pytest.approx(1.0, abs=0.01), part
    times, turns = moved["skin", "rotation"]
    assert np.ptp(turns.reshape(len(times), 4), axis=0).max() > 0.1
    extras = json.dumps(animation.get("extras", {})) + json.dumps(document.get("extras", {}))
    assert "dreamface_take" not in extras, "the raw take stays in Blender"


@pytest.mark.slow
def test_fbx_has_curves_for_every_part_that_moves(bpy, performing, tmp_path):
    from dreamface_addon.scene import export_face

    teeth = driven(performing)
    export_face(performing.skin, tmp_path / "head.fbx")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = RATE
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "head.fbx"))
    back = {object_.name.removeprefix("Round stranger "): object_ for object_ in bpy.data.objects}
    bpy.context.scene.frame_set(1 + RATE // 2)
    assert back["skin"].data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(1.0, abs=0.02)
    assert back["upper teeth"].data.shape_keys.key_blocks[teeth[0]].value == pytest.approx(1.0, abs=0.02)
    turned = back["skin"].matrix_world.to_quaternion()
    bpy.context.scene.frame_set(1)
    assert turned.rotation_difference(back["skin"].matrix_world.to_quaternion()).angle > 0.3


@pytest.mark.slow
def test_usd_has_its_weights_in_time(performing, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(performing.skin, tmp_path / "head.usda")
    text = (tmp_path / "head.usda").read_text()
    tables = re.findall(r"blendShapeWeights\.timeSamples = \{(.*?)\n\s*\}", text, re.DOTALL)
    assert len(tables) >= 2, "the skin's and the teeth's"
    assert all(len(re.findall(r"^\s*[\d.]+:", table, re.MULTILINE)) >= RATE for table in tables)
    assert re.search(r"endTimeCode = (25|24)\b", text)


@pytest.mark.slow
def test_without_animation_nothing_moves(performing, bpy, tmp_path):
    from dreamface_addon.scene import export_face

    for suffix in (".glb", ".fbx", ".usda"):
        export_face(performing.skin, tmp_path / f"head{suffix}", animation=False)
    assert "animations" not in _document(tmp_path / "head.glb")
    samples = re.findall(r"^\s*(-?[\d.]+): ", (tmp_path / "head.usda").read_text(), re.MULTILINE)
    assert len(set(samples)) <= 1, "the frame that is shown"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "head.fbx"))
    assert not bpy.data.actions


@pytest.mark.slow
def test_the_scene_is_as_it_was(performing, bpy, tmp_path):
    from dreamface_addon import scene

    bpy.context.scene.frame_set(7)
    bpy.context.scene.frame_start, bpy.context.scene.use_preview_range = 3, True
    action = scene.worn_take(performing.skin)
    raw = bytes(action[scene.TAKE])
    scene.export_face(performing.skin, tmp_path / "head.glb")
    now = bpy.context.scene
    assert (now.frame_current, now.frame_start, now.frame_end, now.use_preview_range) == (7, 3, 250, True)
    assert bytes(action[scene.TAKE]) == raw and scene.worn_take(performing.skin) == action


def _document(path):
    data = path.read_bytes()
    return json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])


def _numbers(path):
    """What gives the floats of an accessor in a GLB file."""
    document, data = _document(path), path.read_bytes()
    start = 28 + struct.unpack("<I", data[12:16])[0]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}

    def read(index):
        accessor = document["accessors"][index]
        view = document["bufferViews"][accessor["bufferView"]]
        at = start + view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        return np.frombuffer(data, np.float32, accessor["count"] * width[accessor["type"]], at)

    return read
