"""Windows of maps put into a face's images: what a slider of an edit shows before the folder is made again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from dreamface import folder
from dreamface.images import encode_normal8, encode_srgb8, encode_unit8

AT = np.array([10, 20], np.int32)


@pytest.fixture
def api(bpy):
    from dreamface_addon import scene

    return scene


def image_of(skin, channel):
    nodes = skin.active_material.node_tree.nodes
    return next(node.image for node in nodes if node.type == "TEX_IMAGE" and node.label == channel)


def pixels(image):
    """[H, W, C] of an image, row 0 at v = 1."""
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], -1)[::-1]


def changed(face):
    """The face with a square of every map of the skin changed, and the windows that say so."""
    maps = {tile: {name: image.clone() for name, image in channels.items()} for tile, channels in face.maps.items()}
    square = slice(10, 16), slice(20, 29)
    arrays = {}
    for name, image in maps["skin"].items():
        up = torch.tensor([0.6, 0.0, 0.8])
        image[square] = up if name == "normal" else 0.0007 if name == "displacement" else 0.25
        window = image[square]
        encode = {"albedo": encode_srgb8, "normal": encode_normal8}.get(name, encode_unit8)
        arrays[f"skin/{name}"] = window.numpy() if name == "displacement" else encode(window)
        arrays[f"skin/{name}/at"] = AT
    return replace(face, maps=maps), arrays


def test_windows_make_the_images_that_the_new_folder_has(scene, api, imported, face, tmp_path):
    other, arrays = changed(face)
    assert len(arrays) == 2 * len(face.maps["skin"])
    before = {
        name.split("/")[1]: pixels(image_of(imported.skin, name.split("/")[1])) for name in arrays if "/at" not in name
    }
    api.patch_maps(imported.skin, arrays)
    there = api.import_face(folder.save(other, tmp_path / "other")).skin
    for channel, was in before.items():
        now = pixels(image_of(imported.skin, channel))
        assert np.abs(now - was).max() > 1e-4, channel
        assert np.abs(now - pixels(image_of(there, channel))).max() < 1e-6, channel
        assert (now[40:] == was[40:]).all(), channel


def test_what_was_painted_is_saved_in_the_file(scene, api, imported, face, bpy, tmp_path):
    _, arrays = changed(face)
    assert not api.are_painted(imported.skin) and not api.pack_painted(imported.skin)
    api.patch_maps(imported.skin, arrays)
    wanted = {channel: pixels(image_of(imported.skin, channel)) for channel in ("albedo", "displacement")}
    assert api.are_painted(imported.skin) and api.pack_painted(imported.skin)
    assert not api.are_painted(imported.skin)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "head.blend"))
    skin = api.find_face("face-1")
    for channel, values in wanted.items():
        assert np.abs(pixels(image_of(skin, channel)) - values).max() < 1e-6, channel


def test_images_go_back_to_their_files(scene, api, imported, face):
    before = pixels(image_of(imported.skin, "albedo"))
    api.patch_maps(imported.skin, changed(face)[1])
    api.show_files(imported.skin)
    assert (pixels(image_of(imported.skin, "albedo")) == before).all() and not api.are_painted(imported.skin)


def test_metal_comes_and_goes(scene, api, imported):
    shader = imported.skin.active_material.node_tree.nodes["DreamFace Surface"]
    metal = np.full((64, 64, 1), 255, np.uint8)
    at = np.zeros(2, np.int32)
    api.patch_maps(
        imported.skin, {"skin/metallic": metal, "skin/metallic/at": at, "whole": np.array(["skin/metallic"])}
    )
    assert shader.inputs["Metallic"].is_linked
    assert pixels(image_of(imported.skin, "metallic")).min() == 1.0
    api.patch_maps(imported.skin, {"gone": np.array(["skin/metallic"])})
    assert not shader.inputs["Metallic"].is_linked


def test_a_window_that_does_not_fit_changes_nothing(scene, api, imported, face):
    arrays = changed(face)[1] | {"skin/roughness/at": np.array([60, 0], np.int32)}
    before = pixels(image_of(imported.skin, "albedo"))
    with pytest.raises(api.SceneError, match="Repaint Skin"):
        api.patch_maps(imported.skin, arrays)
    assert (pixels(image_of(imported.skin, "albedo")) == before).all()


def test_maps_that_nobody_wears_are_passed_over(scene, api, imported):
    window = np.zeros((4, 4, 3), np.uint8)
    api.patch_maps(imported.skin, {"neck/albedo": window, "neck/albedo/at": AT})
    assert not api.are_painted(imported.skin)


def test_a_copy_of_the_head_stays_as_it_is(scene, api, imported, face, bpy):
    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = imported.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    before = pixels(image_of(copy, "albedo"))
    arrays = changed(face)[1]
    api.patch_maps(imported.skin, arrays)
    assert (pixels(image_of(copy, "albedo")) == before).all()
    assert np.abs(pixels(image_of(imported.skin, "albedo")) - before).max() > 0.01
    api.patch_maps(imported.skin, arrays)
    assert imported.skin.active_material != copy.active_material
