"""Places on the skin as masks: selected faces, vertex groups and pictures."""

from __future__ import annotations

import numpy as np
import pytest

from dreamface.images import decode_mask


@pytest.fixture
def api(bpy):
    from dreamface_addon import scene

    return scene


def values(png):
    return decode_mask(png).numpy()


def select(bpy, skin, wanted):
    """Select the faces of a skin that a function of their middle wants."""
    for polygon in skin.data.polygons:
        polygon.select = wanted(polygon.center)


def texels(skin, wanted, size=1024):
    """[N, 2] row and column of the middles of the faces that a function of their middle wants."""
    uv = skin.data.uv_layers.active.uv
    middles = [
        np.mean([uv[loop].vector for loop in polygon.loop_indices], axis=0)
        for polygon in skin.data.polygons
        if wanted(polygon.center)
    ]
    return np.array([(int((1 - v) * size), int(u * size)) for u, v in middles])


def test_pngs_come_back_as_they_were(scene):
    from dreamface_addon.scene.png import decode_png, encode_png, to_bytes

    dice = np.random.default_rng(1)
    for shape in ((3, 5), (4, 2, 3), (7, 3, 4)):
        pixels = dice.integers(0, 256, shape, np.uint8)
        if shape[-1] == 4:
            pixels[..., 3] = 255
        back = to_bytes(decode_png(encode_png(pixels)))
        wanted = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        assert (back[..., : wanted.shape[2]] == wanted).all()


def test_selected_faces_become_a_mask(scene, api, imported, bpy):
    skin = imported.skin
    select(bpy, skin, lambda centre: centre.x > 0.0)
    masks = {tile: values(png) for tile, png in api.mask_of_faces(skin).items()}
    assert set(masks) == {"skin"} and masks["skin"].shape == (1024, 1024)
    rows, columns = texels(skin, lambda centre: centre.x > 0.0).T
    assert (masks["skin"][rows, columns] == 1.0).all()
    rows, columns = texels(skin, lambda centre: centre.x < 0.0).T
    assert (masks["skin"][rows, columns] == 0.0).all()


def test_faces_selected_in_edit_mode_count(scene, api, imported, bpy):
    skin = imported.skin
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    assert values(api.mask_of_faces(skin)["skin"]).mean() > 0.2
    bpy.ops.mesh.select_all(action="DESELECT")
    with pytest.raises(api.SceneError, match="No face of the skin is selected"):
        api.mask_of_faces(skin)


def test_a_vertex_group_becomes_a_mask_as_strong_as_its_weights(scene, api, imported):
    skin = imported.skin
    group = skin.vertex_groups.new(name="mine")
    with pytest.raises(api.SceneError, match="mine is empty"):
        api.mask_of_group(skin, "mine")
    group.add(list(range(len(skin.data.vertices))), 0.5, "REPLACE")
    mask = values(api.mask_of_group(skin, "mine")["skin"])
    rows, columns = texels(skin, lambda centre: True).T
    assert np.abs(mask[rows, columns] - 0.5).max() < 0.01
    with pytest.raises(api.SceneError, match="no vertex group called yours"):
        api.mask_of_group(skin, "yours")


def test_a_picture_becomes_a_mask_of_our_size(scene, api, bpy, tmp_path):
    from dreamface_addon.scene.png import encode_png

    pixels = np.zeros((40, 30, 3), np.uint8)
    pixels[:20] = (255, 255, 255)
    (tmp_path / "mask.png").write_bytes(encode_png(pixels))
    mask = values(api.mask_of_picture(str(tmp_path / "mask.png"), "skin")["skin"])
    assert mask.shape == (1024, 1024) and mask[:400].min() == 1.0 and mask[600:].max() == 0.0
    (tmp_path / "mask.png").write_bytes(b"no picture")
    with pytest.raises(api.SceneError, match="mask\\.png"):
        api.mask_of_picture(str(tmp_path / "mask.png"), "skin")
    assert not [image for image in bpy.data.images if image.name.startswith("mask")]


def test_masks_lie_together(scene, api):
    from dreamface_addon.scene.png import encode_png

    first, second = np.zeros((1024, 1024), np.uint8), np.zeros((512, 512), np.uint8)
    first[:100], second[-50:] = 255, 128
    both = api.joined([{"skin": encode_png(first)}, {"skin": encode_png(second), "neck": encode_png(second)}])
    mask = values(both["skin"])
    assert mask[:100].min() == 1.0 and abs(mask[-1, 0] - 128 / 255) < 1e-3 and mask[500].max() == 0.0
    assert set(both) == {"skin", "neck"}


def test_what_is_seen_in_a_box_of_the_view_becomes_a_mask(scene, api, imported, bpy):
    from mathutils import Matrix

    skin = imported.skin
    bpy.context.view_layer.update()
    # A view from the front, 0.3 m wide, without perspective: x to the right, z up, near is towards -y.
    matrix = Matrix(((1 / 0.15, 0, 0, 0), (0, 0, 1 / 0.15, -0.3 / 0.15), (0, 1.0, 0, 0), (0, 0, 0, 1)))
    mask = values(api.mask_of_view(skin, matrix, (0.0, -1.0, 1.0, 1.0))["skin"])

    def marked(wanted):
        rows, columns = texels(skin, wanted).T
        return mask[rows, columns].mean()

    assert marked(lambda centre: centre.x > 0.03 and centre.y < -0.04) == 1.0, "seen"
    assert marked(lambda centre: centre.x > 0.03 and centre.y > 0.04) == 0.0, "behind"
    assert marked(lambda centre: centre.x < -0.03) == 0.0, "beside the box"
    with pytest.raises(api.SceneError, match="No skin"):
        api.mask_of_view(skin, matrix, (0.9, 0.9, 1.0, 1.0))
