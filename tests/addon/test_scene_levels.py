"""Files with fewer triangles: the same head, with its shapes, weights, textures, hair and what plays on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dreamface import folder, skin
from dreamface.head import HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.rig import make_rig, reduced
from dreamface.traits import Traits
from tests.addon.faces import read, vertices, with_hair
from tests.support import synthetic_face

FIRST, LAST = 1, 13


@pytest.fixture(scope="module")
def face():
    """A head of the built-in model, without pictures."""
    model, plain = load_model("anny"), synthetic_face()
    head = model.build(HeadSource(complete(Traits({"age": 30.0}), 3), stream(3, "head")))
    shapes = model.shapes(head)
    record = replace(plain.record, head=head.model)
    return replace(
        plain, record=record, head=head, shapes=shapes, shape_names=model.shape_names, maps={},
        materials=skin.materials(head, record.traits), rig=make_rig(head, shapes, model.shape_names),
    )  # fmt: skip


@pytest.fixture(scope="module")
def face_folder(face, tmp_path_factory):
    path = folder.save(face, tmp_path_factory.mktemp("faces") / "ada")
    return with_hair(path, "scalp")


@pytest.fixture(scope="module")
def file(bpy, face_folder, tmp_path_factory):
    """The head in a .blend: to import it takes a second."""
    from dreamface_addon.scene import add_rig, import_face

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 24
    imported = import_face(face_folder)
    armature = add_rig(imported.skin)
    keys = imported.skin.data.shape_keys.key_blocks
    for frame, value in ((FIRST, 0.0), (LAST, 1.0)):
        keys["jawOpen"].value = value
        keys["jawOpen"].keyframe_insert("value", frame=frame)
        armature.pose.bones["head"].rotation_mode = "XYZ"
        armature.pose.bones["head"].rotation_euler = (0.0, 0.3 * value, 0.0)
        armature.pose.bones["head"].keyframe_insert("rotation_euler", frame=frame)
    path = tmp_path_factory.mktemp("blend") / "ada.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


@pytest.fixture
def ada(bpy, file):
    from dreamface_addon.scene import find_face

    bpy.ops.wm.open_mainfile(filepath=str(file))
    return find_face("face-1")


def sizes(bpy):
    return {
        object_.name: (object_.data.name, len(object_.data.loops), len(object_.data.shape_keys.key_blocks or ()))
        for object_ in bpy.data.objects
        if object_.type == "MESH" and object_.data.shape_keys
    }


def back(bpy, path):
    """The meshes and curves of a file, by the ends of their names."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 24
    if path.suffix == ".fbx":
        bpy.ops.import_scene.fbx(filepath=str(path), anim_offset=0.0)
    elif path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif path.suffix == ".obj":
        bpy.ops.wm.obj_import(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    kept = [object_ for object_ in bpy.data.objects if object_.type in {"MESH", "CURVES"}]
    return {object_.name.replace("_", " ").removeprefix("Round stranger ").split(".")[0]: object_ for object_ in kept}


def box(bpy, object_, frame):
    """[2, 3] of the box around an object at a frame, metres in the world."""
    bpy.context.scene.frame_set(frame)
    seen = object_.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = (
        read(seen.data.points, "position", 3) if object_.type == "CURVES" else read(seen.to_mesh().vertices, "co", 3)
    )
    matrix = np.array(seen.matrix_world)
    places = points @ matrix[:3, :3].T + matrix[:3, 3]
    return np.stack((places.min(axis=0), places.max(axis=0)))


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usdc", ".obj"])
def test_a_file_has_the_levels_triangles_and_all_else(bpy, ada, face, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    wanted = reduced(face, 2)
    counts = {group.name: group.faces[1] - group.faces[0] for group in wanted.head.topology.objects}
    before, keys = sizes(bpy), list(ada.data.shape_keys.key_blocks.keys())
    jaw = next(object_ for object_ in bpy.data.objects if object_.get("dreamface_part") == "lower_teeth")
    moving = {"skin": ada, "lower teeth": jaw}
    boxes = {name: [box(bpy, each, frame) for frame in (FIRST, LAST)] for name, each in moving.items()}
    bpy.context.scene.frame_set(FIRST)
    objects = set(bpy.data.objects)
    export_face(ada, tmp_path / f"ada{suffix}", rig="dreamface", level=2)
    assert sizes(bpy) == before and set(bpy.data.objects) == objects
    found = back(bpy, tmp_path / f"ada{suffix}")
    for name, count in counts.items():
        assert len(found[name.replace("_", " ")].data.polygons) == count, name
    assert found["skin"].data.uv_layers
    if suffix == ".obj":
        return
    names = list(found["skin"].data.shape_keys.key_blocks.keys())  # Blender numbers those of a skeleton's meshes in USD
    assert all(any(name.startswith(key) for name in names) for key in keys[1:])
    for name, places in boxes.items():
        for frame, place in zip((FIRST, LAST), places, strict=True):
            np.testing.assert_allclose(box(bpy, found[name], frame), place, atol=2e-3)


def test_blenders_levels_are_the_engines(bpy, ada, face, tmp_path):
    from dreamface_addon.scene.levels import at_level
    from dreamface_addon.scene.records import parts_of

    wanted = reduced(face, 3)
    with at_level(parts_of(ada), [], 3):
        corners = np.empty(len(ada.data.loops), np.int32)
        ada.data.loops.foreach_get("vertex_index", corners)
        uv = read(ada.data.uv_layers["UVMap"].data, "uv", 2)
        ours = np.concatenate((vertices(ada)[corners], uv), axis=1).reshape(-1, 3 * 5)
        open_ = read(ada.data.shape_keys.key_blocks["jawOpen"].points, "co", 3)
        moved = np.abs(open_ - vertices(ada)).max()
    group = wanted.head.topology.objects[0]
    faces, face_uvs = (
        each[slice(*group.faces), :3] for each in (wanted.head.topology.faces, wanted.head.topology.face_uvs)
    )
    theirs = np.concatenate((wanted.head.vertices[faces].numpy(), wanted.head.topology.uv[face_uvs].numpy()), axis=2)
    np.testing.assert_allclose(_sorted(ours), _sorted(theirs.reshape(-1, 15)), atol=1e-6)
    assert moved > 0.005


def _sorted(rows):
    return rows[np.lexsort(np.round(rows, 5).T)]


@pytest.mark.parametrize("suffix", [".usdc", ".obj"])
def test_hair_and_cards_follow_the_whole_skin(bpy, ada, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    bpy.context.scene.frame_set(LAST)
    if suffix == ".obj":
        cards_on(ada, tmp_path)
    name = "hair" if suffix == ".usdc" else "cards"
    boxes = []
    for level in (0, 3):
        path = tmp_path / f"{level}{suffix}"
        export_face(ada, path, animation=False, level=level)
    for level in (0, 3):
        found = back(bpy, tmp_path / f"{level}{suffix}")
        boxes.append(box(bpy, next(each for key, each in found.items() if name in key or each.type == "CURVES"), 1))
    assert np.ptp(boxes[0], axis=0).max() > 0.05
    np.testing.assert_allclose(boxes[1], boxes[0], atol=1e-4)


def cards_on(skin, path):
    from tests.addon.test_scene_lending import cards_on as make

    return make(skin, path)


def test_a_head_without_levels_says_so(bpy, scene, tmp_path):
    from dreamface_addon.scene import SceneError, export_face, import_face

    other = import_face(folder.save(synthetic_face("face-9"), tmp_path / "other")).skin
    with pytest.raises(SceneError, match="no levels of detail for the head model synthetic: export the whole head"):
        export_face(other, tmp_path / "other.glb", level=1)
    assert not (tmp_path / "other.glb").exists()


def test_a_mesh_that_an_artist_has_cut_says_so(bpy, ada, tmp_path):
    from dreamface_addon.scene import SceneError, export_face

    bpy.context.view_layer.objects.active = ada
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.quads_convert_to_tris()
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(SceneError, match="has other faces than it was made with"):
        export_face(ada, tmp_path / "ada.glb", level=1)
