"""A head's bones in Blender: they move what they should, once, and go along with whatever becomes of the head."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from dreamface import bones as backend_bones
from dreamface import folder
from dreamface.rig import make_rig, rig_of
from dreamface.rigging import bend
from tests.addon.faces import edit_document, key_offset, other_face, with_hair
from tests.gltf_validator import validate_glb
from tests.support import synthetic_face

TURN = math.radians(20.0)


def with_rig(face):
    return replace(face, rig=make_rig(face.head, face.shapes, face.shape_names))


@pytest.fixture(scope="module")
def face():
    """Its weights are soft, and it has a region that is called like a bone."""
    plain = synthetic_face()
    topology = plain.head.topology
    neck = (plain.head.vertices[:, 2] < 0.3).float() * (torch.arange(len(plain.head.vertices)) < 300)
    topology = replace(topology, regions={**topology.regions, "neck": neck})
    return with_rig(replace(plain, head=replace(plain.head, topology=topology)))


@pytest.fixture(scope="module")
def face_folder(face, tmp_path_factory):
    return folder.save(face, tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture
def rigged(imported, bpy):
    from dreamface_addon.scene import add_rig

    return imported, add_rig(imported.skin)


def shown(bpy, object_):
    """[V, 3] of an object as it is seen, in its own space."""
    seen = object_.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = seen.to_mesh()
    places = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", places)
    seen.to_mesh_clear()
    return places.reshape(-1, 3)


def pose(bpy, armature, **turns):
    for name, turn in turns.items():
        bone = "eye.L" if name == "eye" else name
        armature.pose.bones[bone].rotation_euler = turn
    bpy.context.view_layer.update()


def whole(bpy, imported):
    return np.concatenate([shown(bpy, part) for part in imported.parts.values()])


def test_both_sides_know_the_same_bones():
    from dreamface_addon.scene import rigs

    assert rigs.BONES == backend_bones.BONES
    assert dict(rigs.PARENTS) == dict(backend_bones.PARENTS)
    assert dict(backend_bones.NAMES) == rigs.NAMES


def test_bones_move_all_parts_as_the_rig_says(rigged, bpy, face):
    imported, armature = rigged
    assert [bone.name for bone in armature.data.bones] == list(backend_bones.BONES)
    joints = rig_of(face).joints(face.head.vertices)
    for bone, joint in zip(armature.data.bones, joints.tolist(), strict=True):
        np.testing.assert_allclose(bone.head_local, joint, atol=1e-5)
        assert bone.matrix_local.to_3x3().col[0].x > 0.95, "X points to the person's left"
    pose(bpy, armature, head=(TURN, 0.0, 0.0), jaw=(TURN, 0.0, 0.0))
    left = [np.array(armature.data.bones[name].matrix_local.to_3x3().col[0]) for name in ("head", "jaw")]
    turns = {name: _about(axis, TURN) for name, axis in zip(("head", "jaw"), left, strict=True)}
    wanted = bend(face.head.vertices, rig_of(face), turns)
    assert np.abs(whole(bpy, imported) - wanted.numpy()).max() < 1e-4


def _about(axis, angle):
    """[3, 3] rotation about an axis (Rodrigues)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = torch.tensor([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]], dtype=torch.float32)
    return torch.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * (cross @ cross)


def test_the_jaws_bone_adds_to_jaw_open(rigged, bpy):
    imported, armature = rigged
    imported.skin.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    bpy.context.view_layer.update()
    teeth = imported.parts["upper_teeth"]
    opened = shown(bpy, teeth)
    np.testing.assert_allclose(opened, whole_basis(teeth) + key_offset(teeth, "jawOpen"), atol=1e-6)
    pose(bpy, armature, jaw=(TURN, 0.0, 0.0))
    assert np.linalg.norm(shown(bpy, teeth) - opened, axis=1).min() > 1e-3


def whole_basis(object_):
    points = np.empty(len(object_.data.vertices) * 3, np.float32)
    object_.data.shape_keys.reference_key.points.foreach_get("co", points)
    return points.reshape(-1, 3)


def test_hair_goes_along(scene, bpy, face, tmp_path):
    from dreamface_addon.scene import add_rig, import_face

    imported = import_face(with_hair(folder.save(face, tmp_path / "ada"), "scalp"))
    armature = add_rig(imported.skin)
    hair = next(object_ for object_ in imported.collection.objects if object_.type == "CURVES")

    def tips():
        seen = hair.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        places = np.empty(len(seen.points) * 3, np.float32)
        seen.points.foreach_get("position", places)
        return places.reshape(-1, 3)

    before = tips()
    pose(bpy, armature, neck=(0.0, TURN, 0.0))
    joint = np.array(armature.data.bones["neck"].head_local)
    matrix = armature.data.bones["neck"].matrix_local.to_3x3()
    turn = np.array(matrix @ armature.pose.bones["neck"].matrix_basis.to_3x3() @ matrix.inverted())
    np.testing.assert_allclose(tips(), (before - joint) @ turn.T + joint, atol=2e-3)


def test_removing_the_rig_leaves_everything_as_it_was(imported, bpy):
    from dreamface_addon.scene import add_rig, aim_eyes, remove_rig, rig_of

    def state():
        return (
            {part.name: [group.name for group in part.vertex_groups] for part in imported.parts.values()},
            {part.name: [modifier.name for modifier in part.modifiers] for part in imported.parts.values()},
            sorted(object_.name for object_ in bpy.data.objects),
            {
                part.name: [(key.name, round(key.value, 6), key.mute) for key in part.data.shape_keys.key_blocks]
                for part in imported.parts.values()
                if part.data.shape_keys
            },
            len(bpy.data.armatures),
        )

    mask = imported.skin.modifiers.new("Mask", "MASK")
    mask.vertex_group = "neck"
    imported.skin.data.shape_keys.key_blocks["eyeLookUpLeft"].value = 0.25
    bpy.context.view_layer.update()
    before = state()
    add_rig(imported.skin)
    assert mask.vertex_group == "neck before rig", "an artist's modifier goes on with the region"
    aim_eyes(imported.skin)
    bpy.context.view_layer.update()
    assert rig_of(imported.skin) is not None
    remove_rig(imported.skin)
    bpy.context.view_layer.update()
    assert state() == before and mask.vertex_group == "neck"


def test_eyes_look_at_the_target_and_turn_once(rigged, bpy):
    from dreamface_addon.scene import aim_eyes, eye_target, release_eyes

    imported, armature = rigged
    skin, ball = imported.skin, imported.parts["left_sclera"]
    keys = skin.data.shape_keys.key_blocks
    rest = shown(bpy, ball)
    target = aim_eyes(skin)
    assert aim_eyes(skin) == target == eye_target(skin)
    joint = np.array(armature.data.bones["eye.L"].head_local)
    target.location = joint + np.array([0.1, -0.5, 0.1])
    bpy.context.view_layer.update()
    ahead = np.array(armature.pose.bones["eye.L"].matrix.to_3x3().col[1])
    wanted = np.array([0.1, -0.5, 0.1]) / np.linalg.norm([0.1, -0.5, 0.1])
    np.testing.assert_allclose(ahead, wanted, atol=1e-3)
    rest_turn = np.array(armature.data.bones["eye.L"].matrix_local.to_3x3())
    turn = np.array(armature.pose.bones["eye.L"].matrix.to_3x3()) @ rest_turn.T
    np.testing.assert_allclose(shown(bpy, ball), (rest - joint) @ turn.T + joint, atol=1e-5)
    assert keys["eyeLookUpLeft"].value > 0.1 and keys["eyeLookOutLeft"].value > 0.1, "lids follow"
    assert keys["eyeLookDownLeft"].value == keys["eyeLookInLeft"].value == 0.0
    assert keys["eyeLookInRight"].value > 0.1 and keys["eyeLookOutRight"].value == 0.0
    target.location = joint + np.array([0.0, 0.5, 0.0])
    bpy.context.view_layer.update()
    behind = np.array(armature.pose.bones["eye.L"].matrix.to_3x3().col[1])
    assert behind[1] < -0.5, "eyes do not roll back"
    release_eyes(skin)
    bpy.context.view_layer.update()
    np.testing.assert_allclose(shown(bpy, ball), rest, atol=1e-6)
    keys["eyeLookUpLeft"].value = 1.0
    bpy.context.view_layer.update()
    np.testing.assert_allclose(shown(bpy, ball), rest + key_offset(ball, "eyeLookUpLeft"), atol=1e-6)


def test_joints_follow_sliders_sculpting_and_other_faces(rigged, bpy, face, tmp_path):
    from dreamface_addon.scene import reshape, settle_rig, update_face

    imported, armature = rigged

    def joints():
        return np.array([bone.head_local for bone in armature.data.bones])

    vertices = face.head.vertices.numpy() * np.float32([1.1, 1.0, 0.9])
    before = joints()
    reshape(imported.skin, {"vertices": vertices}, {"nose.width": 0.5})
    np.testing.assert_array_equal(joints(), before)
    shapes = folder.pack_shapes(face.shapes)  # the slider rests
    reshape(imported.skin, {"vertices": vertices, **shapes}, {"nose.width": 0.5})
    wanted = rig_of(face).joints(torch.from_numpy(vertices))
    np.testing.assert_allclose(joints(), wanted, atol=1e-4)
    assert bpy.context.mode == "OBJECT" and armature.mode == "OBJECT"
    for part in imported.parts.values():
        keys = part.data.shape_keys
        for points in [part.data.vertices, *(key.points for key in keys.key_blocks if keys)]:
            places = np.empty(len(points) * 3, np.float32)
            points.foreach_get("co", places)
            points.foreach_set("co", (places.reshape(-1, 3) + np.float32([0.0, 0.0, 0.01])).reshape(-1))
    assert settle_rig(imported.skin) and not settle_rig(imported.skin)
    np.testing.assert_allclose(joints(), wanted.numpy() + np.float32([0.0, 0.0, 0.01]), atol=1e-4)
    someone = with_rig(other_face(face))
    update_face(imported.skin, folder.save(someone, tmp_path / "other"))
    np.testing.assert_allclose(joints()[:, 0], rig_of(someone).joints(someone.head.vertices)[:, 0], atol=1e-3)


def test_bones_carry_on_after_the_head_became_another_model(rigged, bpy, tmp_path):
    from dreamface_addon.scene import rig_of as rig_in_scene
    from dreamface_addon.scene import update_face

    imported, armature = rigged
    another = with_rig(synthetic_face("face-3", side=5))
    path = folder.save(another, tmp_path / "other")
    edit_document(path, lambda document: document["head"].update(model="another"))
    edit_document(path, lambda document: document["parts"][-1].update(name="tongue"))
    changed = update_face(imported.skin, path)
    assert rig_in_scene(imported.skin) == armature
    before = {name: shown(bpy, part) for name, part in changed.parts.items()}
    pose(bpy, armature, neck=(TURN, 0.0, 0.0))
    for name, part in changed.parts.items():
        assert np.linalg.norm(shown(bpy, part) - before[name], axis=1).max() > 0.01, name


def test_the_rig_comes_back_with_the_file(rigged, bpy, tmp_path):
    from dreamface_addon.scene import eye_target, find_face, rig_of, settle_rig

    imported, _ = rigged
    face_id = imported.skin["dreamface_face_id"]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    skin = find_face(face_id)
    armature = rig_of(skin)
    assert armature is not None and eye_target(skin) is None
    assert {modifier.object for modifier in skin.modifiers if modifier.type == "ARMATURE"} == {armature}
    assert not settle_rig(skin), "it is where it was"


def test_a_face_of_an_older_version_says_how_to_get_bones(scene, bpy, face, tmp_path):
    from dreamface_addon.scene import SceneError, add_rig, import_face

    imported = import_face(folder.save(replace(face, rig=None), tmp_path / "ada"))
    with pytest.raises(SceneError, match="press Repaint Skin"):
        add_rig(imported.skin)
    assert not bpy.data.armatures


def test_a_known_head_model_has_bones_without_its_folder(scene):
    from dreamface_addon.scene.rigs import BONES, usual_rig

    with np.load(_usual_file()) as known:
        counts = {name: int(known[f"{name}.vertex_count"]) for name in ("anny", "ict")}
    for model, count in counts.items():
        data = usual_rig(model, count)
        assert list(data.carried) == list(BONES) and len(data.ring) > 40
        assert usual_rig(model, count + 1) is None


def _usual_file():
    from dreamface_addon.scene import rigs

    return rigs._USUAL


# -------------------------------------------------------------------------------------------------- an artist's own rig


def own_rig(bpy, skin):
    rig = bpy.data.objects.new("Body", bpy.data.armatures.new("Body"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("Skull")
    bone.head, bone.tail = (0.0, 0.0, 0.1), (0.0, 0.0, 0.3)
    bpy.ops.object.mode_set(mode="OBJECT")
    skin.vertex_groups.new(name="Skull").add(list(range(len(skin.data.vertices))), 1.0, "REPLACE")
    skin.modifiers.new("Body", "ARMATURE").object = rig
    rig.pose.bones["Skull"].rotation_mode = "XYZ"
    return rig


def test_parts_follow_an_armature_that_an_artist_puts_on_the_skin(imported, bpy):
    from dreamface_addon.scene import follow_armatures

    rig = own_rig(bpy, imported.skin)
    rest = {name: shown(bpy, part) for name, part in imported.parts.items()}
    assert follow_armatures(imported.skin) and not follow_armatures(imported.skin)
    rig.pose.bones["Skull"].rotation_euler = (TURN, 0.0, 0.0)
    bpy.context.view_layer.update()
    moved = np.array(rig.pose.bones["Skull"].matrix @ rig.data.bones["Skull"].matrix_local.inverted())
    for name, part in imported.parts.items():
        np.testing.assert_allclose(shown(bpy, part), rest[name] @ moved[:3, :3].T + moved[:3, 3], atol=1e-5)
    imported.skin.modifiers.remove(imported.skin.modifiers["Body"])
    assert follow_armatures(imported.skin)
    assert not [modifier for part in imported.parts.values() for modifier in part.modifiers]
    assert not [group for part in list(imported.parts.values())[1:] for group in part.vertex_groups]


def test_a_part_that_an_artist_has_rigged_is_left_alone(imported, bpy):
    from dreamface_addon.scene import follow_armatures

    rig = own_rig(bpy, imported.skin)
    teeth = imported.parts["upper_teeth"]
    teeth.modifiers.new("Mine", "ARMATURE").object = rig
    follow_armatures(imported.skin)
    assert [modifier.name for modifier in teeth.modifiers] == ["Mine"] and not teeth.vertex_groups


# ------------------------------------------------------------------------------------------------------------- visemes


def test_visemes_are_mixed_move_all_parts_and_go_again(imported, bpy):
    from dreamface_addon.scene import add_visemes, has_visemes, remove_visemes
    from dreamface_addon.scene.visemes import VISEMES

    skin, teeth = imported.skin, imported.parts["upper_teeth"]
    before = [key.name for key in skin.data.shape_keys.key_blocks]
    add_visemes(skin)
    assert has_visemes(skin)
    assert [key.name for key in skin.data.shape_keys.key_blocks] == [*before, *VISEMES]
    wanted = sum(weight * key_offset(skin, name) for name, weight in VISEMES["viseme_oh"].items())
    np.testing.assert_allclose(key_offset(skin, "viseme_oh"), wanted, atol=1e-6)
    skin.data.shape_keys.key_blocks["viseme_aa"].value = 1.0
    bpy.context.view_layer.update()
    assert np.abs(shown(bpy, teeth) - whole_basis(teeth)).max() > 1e-3
    remove_visemes(skin)
    assert [key.name for key in skin.data.shape_keys.key_blocks] == before
    assert not [key for key in teeth.data.shape_keys.key_blocks if key.name.startswith("viseme")]


# --------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(("suffix", "names"), [(".glb", "unreal"), (".fbx", "unity"), (".usdc", "vrm")])
def test_files_have_the_bones_and_the_scene_stays_as_it_is(rigged, bpy, tmp_path, suffix, names):
    from dreamface_addon.scene import aim_eyes, export_face

    imported, armature = rigged
    imported.skin.location = (0.5, -1.0, 2.0)
    aim_eyes(imported.skin)
    bpy.context.view_layer.update()
    joints = [armature.matrix_world @ bone.head_local for bone in armature.data.bones]
    before = _rig_state(imported, armature)
    path = tmp_path / f"head{suffix}"
    export_face(imported.skin, path, rig=names, visemes=True)
    bpy.context.view_layer.update()
    assert _rig_state(imported, armature) == before
    if suffix == ".glb":
        report = validate_glb(path)
        assert not report["issues"]["numErrors"] and report["info"]["hasSkins"]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    reader = {".glb": "gltf", ".fbx": "fbx"}.get(suffix)
    getattr(bpy.ops.import_scene, reader)(filepath=str(path)) if reader else bpy.ops.wm.usd_import(filepath=str(path))
    back = next(object_ for object_ in bpy.data.objects if object_.type == "ARMATURE")
    assert {bone.name for bone in back.data.bones} == set(backend_bones.NAMES[names])
    for name, joint in zip(backend_bones.NAMES[names], joints, strict=True):
        np.testing.assert_allclose(back.matrix_world @ back.data.bones[name].head_local, joint, atol=1e-4)
    carried = [each for each in bpy.data.objects if each.type == "MESH" and each.find_armature() == back]
    assert len(carried) == len(before[0])
    skin = next(each for each in carried if len(each.data.vertices) > 300)
    assert "viseme_aa" in skin.data.shape_keys.key_blocks


def _rig_state(imported, armature):
    keys = imported.skin.data.shape_keys
    return (
        {part.name: [group.name for group in part.vertex_groups] for part in imported.parts.values()},
        [bone.name for bone in armature.data.bones],
        (armature.name, armature.data.name, armature.parent),
        np.round(np.array(armature.matrix_world), 5).tolist(),
        [key.name for key in keys.key_blocks],
        sorted(driver.data_path for driver in keys.animation_data.drivers),
        [target.bone_target for d in keys.animation_data.drivers for v in d.driver.variables for target in v.targets],
        [key.mute for key in imported.parts["left_iris"].data.shape_keys.key_blocks],
    )


def test_an_fbx_has_its_armature_upright_at_scale_one(rigged, tmp_path):
    """In its own axes and centimetres, as Unity and Unreal read them."""
    from io_scene_fbx import parse_fbx

    from dreamface_addon.scene import export_face

    imported, _ = rigged
    export_face(imported.skin, tmp_path / "head.fbx", rig="unreal")
    root, _ = parse_fbx.parse(str(tmp_path / "head.fbx"))
    objects = next(element for element in root.elems if element.id == b"Objects")
    models = [element for element in objects.elems if element.id == b"Model"]
    null = next(model for model in models if model.props[2] == b"Null")
    properties = {
        element.props[0]: element.props[4:]
        for element in next(child for child in null.elems if child.id == b"Properties70").elems
    }
    np.testing.assert_allclose(properties.get(b"Lcl Scaling", (1, 1, 1)), (1.0, 1.0, 1.0), atol=1e-5)
    np.testing.assert_allclose(properties.get(b"Lcl Rotation", (0, 0, 0)), (0.0, 0.0, 0.0), atol=1e-3)
    bones = [model for model in models if model.props[2] == b"LimbNode"]
    assert {bone.props[1].split(b"\0")[0].decode() for bone in bones} == set(backend_bones.NAMES["unreal"])


def test_without_the_wish_for_bones_files_have_none(rigged, tmp_path):
    from dreamface_addon.scene import export_face

    imported, _ = rigged
    export_face(imported.skin, tmp_path / "head.glb")
    assert not validate_glb(tmp_path / "head.glb")["info"]["hasSkins"]
