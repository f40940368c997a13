"""Canvases that artists paint on a head with brushes, where a picture lies, and pictures as they are kept."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dreamface.images import decode_mask


@pytest.fixture
def api(bpy):
    from dreamface_addon import scene

    return scene


def fill(image, colour, rows=slice(None)):
    """Paint rows of an image, counted from the bottom."""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    pixels.reshape(image.size[1], image.size[0], 4)[rows] = colour
    image.pixels.foreach_set(pixels)


def test_a_mask_is_painted_and_the_materials_are_as_before(scene, api, imported, bpy):
    skin = imported.skin
    nodes = skin.active_material.node_tree.nodes
    albedo = next(node for node in nodes if node.label == "albedo")
    nodes.active = albedo
    api.open_canvases(skin, api.MASK, {})
    (canvas,) = api.canvases_of(skin).values()
    assert nodes.active.image == canvas and tuple(canvas.size) == (1024, 1024)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
    api.choose_canvases(skin)
    slots = skin.active_material.texture_paint_images
    assert slots[skin.active_material.paint_active_slot] == canvas, "brushes paint on the canvas"
    assert api.canvas_pictures(skin) == {}, "nothing is painted yet"
    fill(canvas, (1.0, 1.0, 1.0, 1.0), slice(0, 100))
    mask = decode_mask(api.canvas_pictures(skin)["skin"])
    assert mask[-100:].min() == 1.0 and mask[:-100].max() == 0.0, "row 0 is at v = 1"
    bpy.ops.object.mode_set(mode="OBJECT")
    api.close_canvases(skin)
    assert nodes.active == albedo and not [node for node in nodes if "Canvas" in node.name]
    assert not [image for image in bpy.data.images if image.name.startswith("DreamFace")]
    assert api.painted_kind(skin) == "" and "dreamface_canvases" not in skin


def test_a_mask_that_is_there_is_gone_on_with(scene, api, imported):
    from dreamface_addon.scene.png import encode_png

    before = np.zeros((512, 512), np.uint8)
    before[:64] = 255
    api.open_canvases(imported.skin, api.MASK, {"skin": encode_png(before)})
    mask = decode_mask(api.canvas_pictures(imported.skin)["skin"])
    assert mask.shape == (1024, 1024) and mask[:128].min() == 1.0 and mask[130:].max() == 0.0


def test_a_sketch_has_colour_and_is_empty_where_nothing_is_drawn(scene, api, imported):
    from dreamface_addon.scene.png import decode_png

    api.open_canvases(imported.skin, api.SKETCH_KIND, {})
    (canvas,) = api.canvases_of(imported.skin).values()
    assert api.canvas_pictures(imported.skin) == {}
    fill(canvas, (1.0, 0.0, 0.0, 1.0), slice(0, 10))
    values = decode_png(api.canvas_pictures(imported.skin)["skin"])
    assert values[-1, 0].tolist() == [1.0, 0.0, 0.0, 1.0] and values[0, 0, 3] == 0.0


def test_what_is_painted_is_saved_with_the_file(scene, api, imported, bpy, tmp_path):
    api.open_canvases(imported.skin, api.MASK, {})
    (canvas,) = api.canvases_of(imported.skin).values()
    fill(canvas, (1.0, 1.0, 1.0, 1.0), slice(0, 100))
    api.pack_canvases(imported.skin)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "painting.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "painting.blend"))
    skin = api.find_face("face-1")
    assert api.painted_kind(skin) == api.MASK
    assert decode_mask(api.canvas_pictures(skin)["skin"])[-100:].min() == 1.0
    api.close_canvases(skin)


def test_a_head_without_our_skin_says_so(scene, api, imported, bpy):
    imported.skin.data.materials.clear()
    with pytest.raises(api.SceneError, match="put one back on"):
        api.open_canvases(imported.skin, api.MASK, {})
    with pytest.raises(api.SceneError, match="put one back on"):
        for polygon in imported.skin.data.polygons:
            polygon.select = True
        api.mask_of_faces(imported.skin)


def test_a_ray_finds_the_spot_of_the_skin(scene, api, imported, bpy):
    from mathutils import Vector

    skin = imported.skin
    skin.location = (1.0, 2.0, 3.0)
    bpy.context.view_layer.update()
    spot = api.spot_under(skin, Vector((1.003, 0.0, 3.302)), Vector((0.0, 1.0, 0.0)))
    assert spot.tile == "skin" and spot.normal.y < -0.9
    assert (spot.point - Vector((1.003, 1.9, 3.302))).length < 0.01
    polygon = min(skin.data.polygons, key=lambda one: (skin.matrix_world @ one.center - spot.point).length)
    uv = np.array([skin.data.uv_layers.active.uv[loop].vector for loop in polygon.loop_indices])
    assert (uv.min(axis=0) - 0.02 < (spot.u, spot.v)).all() and ((spot.u, spot.v) < uv.max(axis=0) + 0.02).all()
    assert api.spot_under(skin, Vector((5.0, 0.0, 3.3)), Vector((0.0, 1.0, 0.0))) is None


def test_pictures_are_kept_as_they_look(scene, api, bpy, tmp_path):
    from dreamface_addon.scene.png import decode_png, encode_png

    pixels = np.zeros((30, 4000, 4), np.uint8)
    pixels[...] = (200, 100, 50, 255)
    (tmp_path / "wide.png").write_bytes(encode_png(pixels))
    values = decode_png(api.picture_png(str(tmp_path / "wide.png")))
    assert values.shape == (15, 2048, 4)
    assert np.abs(values[5, 1000] * 255 - (200, 100, 50, 255)).max() < 1.5
    for name, content, why in (
        ("no.png", b"no picture", "no picture that Blender can read"),
        ("clear.png", encode_png(np.zeros((4, 4, 4), np.uint8)), "transparent all over"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(api.SceneError, match=why):
            api.picture_png(str(tmp_path / name))
    with pytest.raises(api.SceneError, match="can't be read"):
        api.picture_png(str(tmp_path / "gone.png"))


def test_edits_that_change_under_a_folder_stay(scene, api, imported, face_folder):
    mine = [{"id": "mine", "kind": "words", "label": "a scar", "strength": 1.0, "visible": True, "place": None}]
    api.update_face(imported.skin, face_folder, None, mine)
    assert api.stack_of(imported.skin) == mine and api.built_edits(imported.skin) == []
    assert json.loads(imported.skin["dreamface_edits"]) == mine
