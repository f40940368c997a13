"""Heads with bones in files: whatever moves in the scene moves the same way there, cards, hair and eyes, too."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamface import folder
from dreamface.rig import make_rig
from tests.addon.faces import guides_on, read, with_hair
from tests.support import synthetic_face

FIRST, LAST = 1, 13
CARDS = np.array(
    [
        *([0.0, 0.0, 0.4], [0.01, 0.0, 0.4], [0.01, 0.0, 0.3], [0.0, 0.0, 0.3]),
        *([0.03, 0.0, 0.25], [0.04, 0.0, 0.25], [0.04, 0.0, 0.2], [0.03, 0.0, 0.2]),
    ],
    np.float32,
)
KINDS = (".glb", ".fbx", ".usdc")


@pytest.fixture(scope="module")
def face():
    plain = synthetic_face()
    return replace(plain, rig=make_rig(plain.head, plain.shapes, plain.shape_names))


@pytest.fixture(scope="module")
def face_folder(face, tmp_path_factory):
    return folder.save(face, tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture
def rigged(bpy, imported):
    return with_bones(bpy, imported)


def with_bones(bpy, imported):
    from dreamface_addon.scene import add_rig

    bpy.context.scene.render.fps = 24
    armature = add_rig(imported.skin)
    bpy.context.view_layer.update()
    return imported, armature


def keyed(owner, name, *values):
    for frame, value in zip((FIRST, LAST), values, strict=True):
        setattr(owner, name, value)
        owner.keyframe_insert(name, frame=frame)


def places(bpy, object_):
    """[V, 3] of an object as it is seen in the scene."""
    seen = object_.evaluated_get(bpy.context.evaluated_depsgraph_get())
    if object_.type == "CURVES":
        own = read(seen.data.points, "position", 3)
    else:
        own = read(seen.to_mesh().vertices, "co", 3)
        seen.to_mesh_clear()
    matrix = np.array(seen.matrix_world)
    return own @ matrix[:3, :3].T + matrix[:3, 3]


def middles(bpy, objects):
    """Object's name -> [2, 3]: the middle of its box in the first and the last frame."""
    found = {name: [] for name in objects}
    for frame in (FIRST, LAST):
        bpy.context.scene.frame_set(frame)
        for name, object_ in objects.items():
            points = places(bpy, object_)
            found[name].append((points.min(axis=0) + points.max(axis=0)) / 2)
    return {name: np.array(points) for name, points in found.items()}


def opened(bpy, path):
    """The objects in a file, by the ends of their names."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 24
    if path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    elif path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    kept = [object_ for object_ in bpy.data.objects if object_.type in {"MESH", "CURVES", "ARMATURE"}]
    return {object_.name.replace("_", " ").removeprefix("Round stranger ").split(".")[0]: object_ for object_ in kept}


# --------------------------------------------------------------------------------------------------------------- hair


@pytest.fixture
def hairy(bpy, scene, face_folder, tmp_path):
    """A head with bones, hair, and a take in which its head turns."""
    from dreamface_addon.scene import import_face

    path = with_hair(shutil.copytree(face_folder, tmp_path / "hairy"), "scalp")
    imported, armature = with_bones(bpy, import_face(path))
    armature.pose.bones["head"].rotation_mode = "XYZ"
    keyed(armature.pose.bones["head"], "rotation_euler", (0.0, 0.0, 0.0), (0.3, 0.5, 0.0))
    return imported, armature


def cards_on(skin, path):
    """Two cards of the scalp, one of them low; nothing of the face moves either."""
    from PIL import Image

    from dreamface_addon.scene import make_cards

    (path / "cards").mkdir()
    for name in ("albedo", "opacity", "normal"):
        Image.new("RGB" if name != "opacity" else "L", (4, 4), 128).save(path / "cards" / f"{name}.png")
    shapes = len(json.loads(skin["dreamface_shapes"]))
    roots = guides_on(Path(skin["dreamface_folder"]), "scalp")
    np.savez(
        path / "cards.npz",
        vertices=CARDS, normals=np.tile(np.array([0.0, -1.0, 0.0], np.float32), (8, 1)), uv=CARDS[:, :2] * 20,
        faces=np.arange(8).reshape(2, 4).astype(np.int32), face_uvs=np.arange(8).reshape(2, 4).astype(np.int32),
        region_vertices=np.array([[0, 8], [0, 0], [0, 0], [0, 0]], np.int32),
        region_faces=np.array([[0, 2], [0, 0], [0, 0], [0, 0]], np.int32),
        shape_offsets=np.zeros(shapes + 1, np.int32), shape_vertices=np.zeros(0, np.int32),
        shape_deltas=np.zeros((0, 3), np.float32), card=np.repeat([0, 1], 4).astype(np.int32),
        root_triangles=roots["scalp_triangle"][:2], root_barycentric=roots["scalp_barycentric"][:2],
    )  # fmt: skip
    return make_cards(skin, path)[0]


@pytest.mark.parametrize("suffix", KINDS)
def test_cards_go_with_the_bones(bpy, hairy, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    imported, armature = hairy
    cards = cards_on(imported.skin, tmp_path)
    cards.vertex_groups.new(name="head")
    before = [(modifier.name, modifier.show_viewport, modifier.show_render) for modifier in cards.modifiers]
    bpy.context.scene.frame_set(LAST)
    turn = armature.pose.bones["head"].matrix @ armature.data.bones["head"].matrix_local.inverted()
    high = np.array([turn @ vertex.co for vertex in list(cards.data.vertices)[:4]])
    export_face(imported.skin, tmp_path / f"head{suffix}", rig="unity")
    assert [group.name for group in cards.vertex_groups] == ["head"]
    assert [(modifier.name, modifier.show_viewport, modifier.show_render) for modifier in cards.modifiers] == before
    file = opened(bpy, tmp_path / f"head{suffix}")
    name = next(name for name in file if "cards" in name)
    for frame, wanted in ((FIRST, CARDS[:4]), (LAST, high)):
        bpy.context.scene.frame_set(frame)
        there = places(bpy, file[name])
        for corner in wanted:
            assert np.linalg.norm(there - corner, axis=1).min() < 2e-3, (frame, corner, there)


def test_usd_has_hair_that_goes_with_the_bones(bpy, hairy, tmp_path):
    from dreamface_addon.scene import export_face, hair_of

    imported, _ = hairy
    own = bpy.data.objects.new("Cloth", bpy.data.armatures.new("Cloth"))
    imported.skin.modifiers.new("Cloth", "ARMATURE").object = own
    before = middles(bpy, {"hair": hair_of(imported.skin)["scalp"]})["hair"]
    assert np.linalg.norm(before[1] - before[0]) > 0.02
    export_face(imported.skin, tmp_path / "head.usdc", rig="dreamface")
    file = opened(bpy, tmp_path / "head.usdc")
    curves = next(object_ for object_ in file.values() if object_.type == "CURVES")
    np.testing.assert_allclose(middles(bpy, {"hair": curves})["hair"], before, atol=2e-3)


# --------------------------------------------------------------------------------------------------------- whole heads


@pytest.mark.parametrize(
    ("suffix", "how"), [(".glb", "keys"), (".fbx", "keys"), (".fbx", "parent"), (".usdc", "parent")]
)
def test_files_have_what_moves_the_head_itself(bpy, rigged, tmp_path, suffix, how):
    from dreamface_addon.scene import export_face

    imported, armature = rigged
    moved = imported.skin
    if how == "parent":
        moved = bpy.data.objects.new("Walk", None)
        bpy.context.scene.collection.objects.link(moved)
        imported.skin.parent = moved
        imported.skin.location = (0.0, 0.2, 0.0)
    keyed(moved, "location", (0.1, 0.0, 0.0), (0.6, 0.0, 0.3))
    keyed(moved, "rotation_euler", (0.0, 0.0, 0.0), (0.0, 0.0, 0.7))
    before = middles(bpy, {"skin": imported.skin, "upper teeth": imported.parts["upper_teeth"]})
    export_face(imported.skin, tmp_path / f"head{suffix}", rig="dreamface")
    assert not armature.constraints and armature.parent == imported.skin
    file = opened(bpy, tmp_path / f"head{suffix}")
    for name, found in middles(bpy, {name: file[name] for name in before}).items():
        np.testing.assert_allclose(found, before[name], atol=1e-3)


def test_an_fbx_has_bones_where_they_are_moved(bpy, rigged, tmp_path):
    """Its armature is measured in centimetres."""
    from dreamface_addon.scene import export_face

    imported, armature = rigged
    bone = armature.pose.bones["head"]
    bone.lock_location = (False, False, False)
    keyed(bone, "location", (0.0, 0.0, 0.0), (0.0, 0.1, 0.05))
    objects = set(bpy.data.objects)
    before = middles(bpy, {"skin": imported.skin, "left sclera": imported.parts["left_sclera"]})
    assert np.ptp(before["left sclera"], axis=0).max() > 0.05
    export_face(imported.skin, tmp_path / "head.fbx", rig="unreal")
    assert set(bpy.data.objects) == objects and not bone.constraints
    file = opened(bpy, tmp_path / "head.fbx")
    for name, found in middles(bpy, {name: file[name] for name in before}).items():
        np.testing.assert_allclose(found, before[name], atol=1e-3)


def test_an_artists_groups_and_bones_of_the_files_names_are_left_alone(bpy, rigged, tmp_path):
    from dreamface_addon.scene import export_face

    imported, armature = rigged
    part = imported.parts["left_sclera"]
    part.vertex_groups.new(name="LeftEye").add([0], 1.0, "REPLACE")
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    added = armature.data.edit_bones.new("Head")
    added.head, added.tail = (0.0, 0.0, 0.0), (0.0, 0.0, 0.1)
    bpy.ops.object.mode_set(mode="OBJECT")
    keyed(armature.pose.bones["eye.L"], "rotation_euler", (0.0, 0.0, 0.0), (0.0, 0.0, 0.5))
    groups, bones = [group.name for group in part.vertex_groups], [bone.name for bone in armature.data.bones]
    bpy.context.scene.frame_set(LAST)
    wanted = places(bpy, part)
    export_face(imported.skin, tmp_path / "head.fbx", rig="unity")
    assert [group.name for group in part.vertex_groups] == groups
    assert [bone.name for bone in armature.data.bones] == bones
    file = opened(bpy, tmp_path / "head.fbx")
    (back,) = (object_ for object_ in file.values() if object_.type == "ARMATURE")
    assert {"Neck", "Head", "Jaw", "LeftEye", "RightEye"} <= {bone.name for bone in back.data.bones}
    assert back.data.bones["Head"].parent == back.data.bones["Neck"]
    bpy.context.scene.frame_set(LAST)
    np.testing.assert_allclose(places(bpy, file["left sclera"]), wanted, atol=1e-4)


# ---------------------------------------------------------------------------------------------------------------- eyes


def test_a_target_that_moves_is_motion(bpy, rigged):
    from dreamface_addon.scene import aim_eyes, motion_range, parts_of

    imported, _ = rigged
    target = aim_eyes(imported.skin)
    assert motion_range(parts_of(imported.skin)) is None
    rail = bpy.data.objects.new("Rail", None)
    target.parent = rail
    keyed(rail, "location", (0.0, 0.0, 0.0), (0.1, 0.0, 0.0))
    assert motion_range(parts_of(imported.skin)) == (FIRST, LAST)


@pytest.mark.parametrize("rig", ["dreamface", None])
@pytest.mark.parametrize("suffix", KINDS)
def test_eyes_that_look_at_a_target_do_so_once(bpy, rigged, tmp_path, suffix, rig):
    """Whatever a take says of the gaze; lids follow, and without bones the shapes turn the eyes."""
    from dreamface_addon.scene import aim_eyes, export_face

    imported, armature = rigged
    skin, ball = imported.skin, imported.parts["left_sclera"]
    keys = skin.data.shape_keys
    keyed(keys.key_blocks["eyeLookOutLeft"], "value", 0.5, 0.9)
    target = aim_eyes(skin)
    ahead = target.location.copy()
    keyed(target, "location", ahead, (ahead.x + 0.25, ahead.y, ahead.z))
    muted = [key.mute for key in ball.data.shape_keys.key_blocks]
    wanted = []
    for frame in (FIRST, LAST):
        bpy.context.scene.frame_set(frame)
        wanted.append((places(bpy, ball), keys.key_blocks["eyeLookOutLeft"].value))
    assert wanted[1][1] > 0.2
    before = set(bpy.data.actions), set(bpy.data.objects)
    export_face(skin, tmp_path / f"head{suffix}", rig=rig)
    assert (set(bpy.data.actions), set(bpy.data.objects)) == before and armature.animation_data is None
    assert [key.mute for key in ball.data.shape_keys.key_blocks] == muted
    drivers = ball.data.shape_keys.animation_data.drivers
    assert not any(driver.mute for driver in drivers)
    file = opened(bpy, tmp_path / f"head{suffix}")
    lids, own = (_shape(file[name], "eyeLookOutLeft") for name in ("skin", "left sclera"))
    for frame, (points, weight) in zip((FIRST, LAST), wanted, strict=True):
        bpy.context.scene.frame_set(frame)
        assert lids.value == pytest.approx(weight, abs=0.02)
        if rig is not None:
            there = places(bpy, file["left sclera"])  # in GLB some vertices are there twice
            assert max(np.linalg.norm(there - point, axis=1).min() for point in points) < 3e-4
        else:
            assert own.value == pytest.approx(weight, abs=0.02)


def _shape(object_, name):
    """A shape key by the name's beginning: Blender numbers the shapes of a skeleton's meshes in USD."""
    return next(key for key in object_.data.shape_keys.key_blocks if key.name.startswith(name))
