"""Expression wrinkles in Blender: what drives them, their slider, and what becomes of them in files and updates."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from dreamface import folder
from dreamface.wrinkles import MAP_CHANNELS, MASK_CHANNELS
from tests.addon.faces import edit_document
from tests.support import synthetic_face

STRENGTH = "DreamFace Expression Wrinkles"


@pytest.fixture(scope="module")
def plain():
    return synthetic_face(jaw_open=0.25)


@pytest.fixture(scope="module")
def face(plain):
    """A face whose skin folds."""
    generator = torch.Generator().manual_seed(9)
    folds = {name: torch.rand(32, 32, 3, generator=generator) for name in MAP_CHANNELS}
    folds |= {name: torch.rand(32, 32, 4, generator=generator) for name in MASK_CHANNELS}
    return replace(plain, maps={**plain.maps, "skin": {**plain.maps["skin"], **folds}})


@pytest.fixture
def tree(imported):
    return imported.skin.active_material.node_tree


def weights(bpy, material, name):
    """The numbers of a set's regions on one side, as Blender works them out now."""
    bpy.context.view_layer.update()
    tree = material.evaluated_get(bpy.context.evaluated_depsgraph_get()).node_tree
    node = tree.nodes[f"DreamFace Wrinkles {name}"]
    return [socket.default_value for socket in node.inputs] or node.outputs[0].default_value


def test_shape_keys_fold_the_skin(bpy, imported):
    keys, material = imported.skin.data.shape_keys.key_blocks, imported.skin.active_material
    assert weights(bpy, material, "raised left") == [0.0, 0.0, 0.0]
    keys["browOuterUpLeft"].value = 0.5
    keys["mouthPucker"].value = 1.0
    keys["browDownRight"].value = 1.0
    assert weights(bpy, material, "raised left") == pytest.approx([0.4, 0.0, 0.0])
    assert weights(bpy, material, "raised right") == pytest.approx([0.0, 0.0, 0.0])
    assert weights(bpy, material, "drawn right")[0] == pytest.approx(1.0)
    assert weights(bpy, material, "drawn left alpha") == pytest.approx(0.9)
    keys["browInnerUp"].value = keys["browOuterUpLeft"].value = 1.0
    assert weights(bpy, material, "raised left")[0] == pytest.approx(1.0)  # and no more


def test_drivers_play_in_files_that_may_not_run_scripts(tree):
    drivers = tree.animation_data.drivers
    assert len(drivers) == 14  # seven regions, two sides
    assert all(driver.driver.is_simple_expression and driver.driver.is_valid for driver in drivers)


def test_the_strength_is_one_number(imported, tree):
    from dreamface_addon.scene import wrinkle_strength

    socket = wrinkle_strength(imported.skin)
    assert socket == tree.nodes[STRENGTH].outputs[0]
    assert socket.default_value == 1.0
    assert len(socket.links) == 2  # each set's map is multiplied with it


def test_masks_keep_their_alpha(tree):
    masks = [node.image for node in tree.nodes if node.type == "TEX_IMAGE" and "mask" in node.image.name]
    assert len({image.name for image in masks}) == 2
    assert all(image.alpha_mode == "CHANNEL_PACKED" for image in masks)
    assert all(image.colorspace_settings.name == "Non-Color" for image in masks)


def test_an_older_face_has_none_and_gets_them_by_an_update(bpy, scene, plain, face, tmp_path):
    from dreamface_addon.scene import import_face, update_face, wrinkle_strength

    older = folder.save(plain, tmp_path / "older")
    edit_document(older, lambda document: (document.pop("wrinkles"), document.update(schema_version=4)))
    imported = import_face(older)
    assert wrinkle_strength(imported.skin) is None
    update_face(imported.skin, folder.save(face, tmp_path / "newer"))
    assert wrinkle_strength(imported.skin) is not None
    imported.skin.data.shape_keys.key_blocks["noseSneerLeft"].value = 1.0
    assert weights(bpy, imported.skin.active_material, "drawn left")[1] == pytest.approx(1.0)


def test_an_update_keeps_the_strength_and_shows_the_new_folds(imported, tree, face, tmp_path):
    from dreamface_addon.scene import update_face, wrinkle_strength

    before = {node.image for node in tree.nodes if node.type == "TEX_IMAGE"}
    wrinkle_strength(imported.skin).default_value = 0.4
    update_face(imported.skin, folder.save(face, tmp_path / "again"))
    tree = imported.skin.active_material.node_tree
    assert wrinkle_strength(imported.skin).default_value == pytest.approx(0.4)
    assert not before & {node.image for node in tree.nodes if node.type == "TEX_IMAGE"}
    assert len(tree.animation_data.drivers) == 14


def test_exporters_find_the_normal_map_itself(imported, tree):
    from dreamface_addon.scene.staging import plain_materials

    normal = next(node for node in tree.nodes if node.type == "NORMAL_MAP").inputs["Color"]
    colour = tree.nodes["DreamFace Surface"].inputs["Base Color"]
    assert normal.links[0].from_node.type == colour.links[0].from_node.type == "VECT_MATH"
    with plain_materials([imported.skin]):
        assert normal.links[0].from_node.image.name.endswith("normal")
        assert colour.links[0].from_node.type != "VECT_MATH"
    assert normal.links[0].from_node.type == colour.links[0].from_node.type == "VECT_MATH"
