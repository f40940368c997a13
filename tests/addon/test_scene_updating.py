"""Another face in the objects of one that is there, around which an artist has worked."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from dreamface import folder
from tests.addon.faces import (
    PARTS,
    edit_document,
    key_offset,
    maps_of,
    other_face,
    other_head,
    vertices,
    with_expression,
)
from tests.support import synthetic_face


@pytest.fixture(scope="module")
def face():
    return synthetic_face(jaw_open=0.25)


@pytest.fixture(scope="module")
def folders(face, tmp_path_factory):
    home = tmp_path_factory.mktemp("faces")
    return folder.save(face, home / "ada"), folder.save(other_face(face), home / "eve")


@pytest.fixture
def imported(scene, folders):
    from dreamface_addon.scene import import_face

    return import_face(folders[0])


@pytest.fixture
def update(folders):
    from dreamface_addon.scene import update_face

    return lambda skin, path=folders[1]: update_face(skin, path)


def test_the_objects_stay_and_have_the_new_shape(imported, update, face, bpy):
    skin = imported.skin
    before = {name: (part, part.data, part.name) for name, part in imported.parts.items()}
    skin.location, skin.name = (1.0, 2.0, 3.0), "Ada"
    subdivision = skin.modifiers.new("Subdivision", "SUBSURF")
    updated = update(skin)
    assert (updated.skin, updated.collection) == (skin, imported.collection)
    assert (skin.name, tuple(skin.location), skin.modifiers[0]) == ("Ada", (1.0, 2.0, 3.0), subdivision)
    assert set(bpy.data.objects) == set(updated.parts.values())
    someone = other_face(face)
    for part in someone.head.topology.parts:
        object_ = updated.parts[part.name]
        assert (object_, object_.data) == before[part.name][:2]
        np.testing.assert_array_equal(vertices(object_), someone.head.vertices[slice(*part.vertices)].numpy())
    teeth = slice(*someone.head.topology.part("upper_teeth").vertices)
    np.testing.assert_allclose(
        key_offset(updated.parts["upper_teeth"], "jawOpen"), someone.shapes[17, teeth].numpy(), atol=1e-7
    )


def test_the_skin_says_who_it_is_now(imported, update):
    from dreamface_addon.scene import find_face, record

    update(imported.skin)
    assert find_face("face-1") is None
    assert find_face("face-2") == imported.skin
    now = record(imported.skin)
    assert (now["prompt"], now["seed"]) == ("someone else", 2**32 - 1)


def test_an_artists_own_shape_keys_and_groups_go_along(imported, update):
    skin = imported.skin
    scar = skin.shape_key_add(name="scar", from_mix=False)
    wanted = np.zeros_like(vertices(skin))
    wanted[7] = (0.0, -0.004, 0.001)
    scar.points.foreach_set("co", (vertices(skin) + wanted).reshape(-1))
    scar.value = 0.8
    skin.vertex_groups.new(name="tattoo").add([3], 0.5, "REPLACE")
    update(skin)
    np.testing.assert_allclose(key_offset(skin, "scar"), wanted, atol=1e-7)
    assert skin.data.shape_keys.key_blocks["scar"].value == pytest.approx(0.8)
    assert skin.vertex_groups["tattoo"].weight(3) == 0.5


def test_a_pose_stays_but_a_new_expression_is_worn(imported, update, face, tmp_path):
    keys = imported.skin.data.shape_keys.key_blocks
    keys["eyeBlinkLeft"].value, keys["jawOpen"].value = 0.6, 0.1
    update(imported.skin)  # wears what the first one wore
    assert (keys["eyeBlinkLeft"].value, keys["jawOpen"].value) == pytest.approx((0.6, 0.1))
    smiling = with_expression(other_face(face), mouthSmileLeft=0.7)
    update(imported.skin, folder.save(smiling, tmp_path / "smiling"))
    weights = [keys[name].value for name in ("eyeBlinkLeft", "jawOpen", "mouthSmileLeft")]
    assert weights == pytest.approx([0.6, 0.0, 0.7])


def test_keys_that_the_old_face_lacked_are_added_and_driven(imported, update, face, tmp_path):
    teeth = imported.parts["upper_teeth"]
    teeth.shape_key_clear()
    imported.skin.shape_key_remove(imported.skin.data.shape_keys.key_blocks["tongueOut"])
    update(imported.skin)
    assert "tongueOut" in imported.skin.data.shape_keys.key_blocks
    assert teeth.data.shape_keys.key_blocks.keys() == ["Basis", "jawOpen"]
    driver = teeth.data.shape_keys.animation_data.drivers[0].driver
    assert driver.variables[0].targets[0].id == imported.skin.data.shape_keys


def test_the_maps_are_the_new_ones_in_nodes_that_the_artist_may_have_changed(imported, update, folders, bpy):
    tree = imported.skin.active_material.node_tree
    albedo = next(node for node in tree.nodes if node.label == "albedo")
    ramp = tree.nodes.new("ShaderNodeHueSaturation")
    tree.links.new(albedo.outputs["Color"], ramp.inputs["Color"])
    tree.links.new(ramp.outputs["Color"], tree.nodes["DreamFace Surface"].inputs["Base Color"])
    albedo.label = "my skin"
    update(imported.skin)
    assert tree.nodes["DreamFace Surface"].inputs["Base Color"].links[0].from_node == ramp
    assert {path.parent.parent for path in maps_of(imported.skin).values()} == {folders[1]}
    assert maps_of(imported.parts["left_iris"])["albedo"] == folders[1] / "maps/eyes_albedo.png"
    assert len(bpy.data.images) == 7, "the old ones fill no memory"
    assert bpy.data.images["Someone else skin albedo"].colorspace_settings.name == "sRGB"
    assert bpy.data.images["Someone else skin roughness"].colorspace_settings.name == "Non-Color"


def test_nodes_in_a_group_get_the_new_maps_too(imported, update, folders, bpy):
    tree = imported.skin.active_material.node_tree
    group = bpy.data.node_groups.new("grading", "ShaderNodeTree")
    inside = group.nodes.new("ShaderNodeTexImage")
    inside.image = bpy.data.images["Round stranger skin specular"]
    tree.nodes.new("ShaderNodeGroup").node_tree = group
    update(imported.skin)
    assert inside.image.filepath == str(folders[1] / "maps/skin_specular.png")


def test_a_map_that_the_artist_has_removed_stays_removed(imported, update, folders, bpy):
    tree = imported.skin.active_material.node_tree
    tree.nodes.remove(next(node for node in tree.nodes if node.label == "displacement"))
    update(imported.skin)
    assert "displacement" not in maps_of(imported.skin)
    loaded = [image.filepath for image in bpy.data.images]
    assert str(folders[1] / "maps/skin_displacement.exr") not in loaded


def test_a_picture_that_was_painted_on_is_kept(imported, update, bpy):
    painted = bpy.data.images["Round stranger skin albedo"]
    painted.pixels[0] = 0.5
    assert painted.is_dirty
    update(imported.skin)
    assert painted in list(bpy.data.images)


def test_values_are_renewed_unless_the_artist_has_changed_them(imported, update):
    teeth = imported.parts["upper_teeth"].active_material
    surface = teeth.node_tree.nodes["DreamFace Surface"].inputs
    surface["Roughness"].default_value = 0.9
    update(imported.skin)
    assert surface["Roughness"].default_value == pytest.approx(0.9)
    assert tuple(surface["Base Color"].default_value) == pytest.approx((0.9, 0.9, 0.7, 1.0))
    assert tuple(teeth.diffuse_color) == pytest.approx((0.9, 0.9, 0.7, 1.0))


def test_an_artists_own_material_is_left_alone(imported, update, bpy):
    clay = bpy.data.materials.new("clay")
    imported.skin.data.materials[0] = clay
    update(imported.skin)
    assert imported.skin.active_material == clay


def test_a_copy_is_updated_alone(imported, update, folders, bpy):
    from dreamface_addon.scene import skin_of

    before = vertices(imported.skin)
    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = imported.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    assert copy != imported.skin
    updated = update(copy)
    assert skin_of(updated.parts["left_iris"]) == copy
    assert not set(updated.parts.values()) & set(imported.parts.values())
    np.testing.assert_array_equal(vertices(imported.skin), before)
    assert maps_of(imported.skin)["albedo"].parent.parent == folders[0]
    assert maps_of(copy)["albedo"].parent.parent == folders[1]
    assert maps_of(imported.parts["left_iris"])["albedo"].parent.parent == folders[0]


def test_undo_brings_the_old_face_back_with_its_maps(imported, update, folders, bpy):
    before, pixels = vertices(imported.skin), bpy.data.images["Round stranger skin albedo"].pixels[:4]
    bpy.ops.ed.undo_push(message="before")
    update(imported.skin)
    assert bpy.data.images["Someone else skin albedo"].pixels[:4] != pixels
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    skin = bpy.data.objects["Round stranger skin"]
    np.testing.assert_array_equal(vertices(skin), before)
    assert skin["dreamface_face_id"] == "face-1"
    assert maps_of(skin)["albedo"] == folders[0] / "maps/skin_albedo.png"
    assert bpy.data.images["Round stranger skin albedo"].pixels[:4] == pixels


def test_parts_that_were_deleted_stay_deleted_and_parts_on_a_rig_are_found(imported, update, bpy, face):
    rig = bpy.data.objects.new("rig", None)
    bpy.context.scene.collection.objects.link(rig)
    bpy.data.objects.remove(imported.parts["left_cornea"])
    imported.parts["right_iris"].parent = rig
    imported.parts["right_iris"].name = "eye"
    updated = update(imported.skin)
    assert "left_cornea" not in updated.parts
    iris = updated.parts["right_iris"]
    assert (iris.name, iris.parent) == ("eye", rig)
    expected = other_face(face).head.vertices[slice(*face.head.topology.part("right_iris").vertices)]
    np.testing.assert_array_equal(vertices(iris), expected.numpy())


def test_an_edited_mesh_gets_a_new_one(imported, update, face, bpy):
    skin = imported.skin
    skin.data.shape_keys.key_blocks["jawOpen"].value = 0.9
    material = skin.active_material
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    update(skin)
    assert len(skin.data.vertices) == face.head.topology.part("skin").vertices[1]
    assert (skin.active_material, skin.data.name, len(bpy.data.meshes)) == (material, "Someone else skin", len(PARTS))
    assert skin.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.9)
    assert _weight_of_teeth(imported, bpy) == pytest.approx(0.9), "the other parts follow the new keys"


def test_another_head_takes_over_the_objects(imported, update, bpy, tmp_path):
    skin = imported.skin
    skin.name, skin.location = "Ada", (1.0, 0.0, 0.0)
    keys = skin.data.shape_keys
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=1)
    keys.key_blocks["jawOpen"].value = 0.75
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=10)
    action = keys.animation_data.action
    blink = keys.key_blocks["eyeBlinkLeft"].driver_add("value").driver
    blink.expression = "0.5"
    watcher = bpy.data.objects.new("watcher", None)
    bpy.context.scene.collection.objects.link(watcher)
    variable = watcher.driver_add("location", 0).driver.variables.new()
    variable.targets[0].id_type, variable.targets[0].id = "KEY", keys
    path = other_head(tmp_path)
    updated = update(skin, path)
    assert (updated.skin, skin.name, tuple(skin.location)) == (skin, "Ada", (1.0, 0.0, 0.0))
    assert set(updated.parts) == {*PARTS, "tongue"} - {"upper_teeth"}
    assert "upper_teeth" not in bpy.data.objects
    assert updated.parts["tongue"].parent == skin
    assert updated.parts["tongue"].users_collection == skin.users_collection
    new_keys = skin.data.shape_keys
    assert new_keys.animation_data.action == action
    bpy.context.scene.frame_set(10)
    assert new_keys.key_blocks["jawOpen"].value == pytest.approx(0.75)
    assert "eyeBlinkLeft" in new_keys.animation_data.drivers[0].data_path
    assert watcher.animation_data.drivers[0].driver.variables[0].targets[0].id == new_keys
    assert maps_of(skin)["albedo"].parent.parent == path
    assert not [mesh for mesh in bpy.data.meshes if not mesh.users]


@pytest.mark.parametrize("mode", ["EDIT", "SCULPT"])
def test_a_head_that_is_being_worked_on_is_left_alone(imported, update, bpy, mode):
    bpy.context.view_layer.objects.active = imported.parts["left_iris"]
    bpy.ops.object.mode_set(mode=mode)
    _refused(imported, update, rf"left iris is in {mode.title()} Mode: go back to Object Mode")


def test_a_damaged_folder_changes_nothing(imported, update, folders, tmp_path):
    damaged = shutil.copytree(folders[1], tmp_path / "damaged")
    edit_document(damaged, lambda document: document["materials"]["teeth"].pop("ior"))
    _refused(imported, lambda skin: update(skin, damaged), "the material teeth has no ior")


def test_a_linked_head_is_left_alone(imported, update, bpy, tmp_path):
    library = tmp_path / "library.blend"
    bpy.data.libraries.write(str(library), {imported.collection})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(library), link=True) as (source, target):
        target.objects = source.objects
    skin = next(object_ for object_ in target.objects if object_.name == "Round stranger skin")
    from dreamface_addon.scene import SceneError

    with pytest.raises(SceneError, match="skin is linked from another file: make it local"):
        update(skin)


def _refused(imported, update, sentence):
    from dreamface_addon.scene import SceneError

    before, images = vertices(imported.skin), maps_of(imported.skin)
    with pytest.raises(SceneError, match=sentence):
        update(imported.skin)
    np.testing.assert_array_equal(vertices(imported.skin), before)
    assert (imported.skin["dreamface_face_id"], maps_of(imported.skin)) == ("face-1", images)


def _weight_of_teeth(imported, bpy):
    bpy.context.view_layer.update()
    teeth = imported.parts["upper_teeth"].evaluated_get(bpy.context.evaluated_depsgraph_get())
    return teeth.data.shape_keys.key_blocks["jawOpen"].value


def test_a_variation_that_comes_in_is_wanted(imported, folders):
    from dreamface_addon.scene import import_face, update_face

    mark = folders[0] / "variation.json"
    for bring_in in (lambda: update_face(imported.skin, folders[0]), lambda: import_face(folders[0])):
        mark.write_text("{}")
        bring_in()
        assert not mark.exists(), "what is in a scene is not deleted after a week"
