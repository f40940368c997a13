"""A face in the Asset Browser."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from dreamface import folder, images
from tests.addon.faces import PARTS, other_face
from tests.support import synthetic_face


@pytest.fixture(scope="module")
def face():
    return synthetic_face()


def test_the_collection_is_an_asset_that_tells_what_it_is(imported, face):
    from dreamface_addon.scene import mark_as_asset

    mark_as_asset(imported.skin)
    about = imported.collection.asset_data
    assert about.description.splitlines() == [face.prompt, imported.skin["dreamface_statement"]]
    assert {tag.name for tag in about.tags} == {"DreamFace", "generated", "head"}
    assert about.author == ""


def test_its_picture_is_the_faces(imported, face, bpy):
    from dreamface_addon.scene import mark_as_asset

    mark_as_asset(imported.skin)
    assert tuple(imported.collection.preview.image_size) == (256, 256)
    seen = _pixels(imported.collection.preview)
    wanted = images.encode_unit8(face.preview)[::-1] / 255  # Blender's first row is at the bottom
    middle = (np.arange(48) * 256 / 48 + 256 / 96).astype(int)
    assert np.corrcoef(seen[middle][:, middle, :3].ravel(), wanted.ravel())[0, 1] > 0.8, "but for the enlarging"
    assert (seen[..., 3] == 1.0).all()
    assert not any(image.name.startswith("preview") for image in bpy.data.images)


def test_marking_again_brings_picture_and_words_up_to_date(imported, face, tmp_path):
    from dreamface_addon.scene import mark_as_asset, update_face

    mark_as_asset(imported.skin)
    before = _pixels(imported.collection.preview)
    update_face(imported.skin, folder.save(other_face(face, preview=1.0 - face.preview), tmp_path / "eve"))
    mark_as_asset(imported.skin)
    assert imported.collection.asset_data.description.startswith("someone else\n")
    assert len(imported.collection.asset_data.tags) == 3
    assert np.corrcoef(before[..., :3].ravel(), _pixels(imported.collection.preview)[..., :3].ravel())[0, 1] < -0.9


def test_the_asset_is_dragged_in_whole_from_another_file(imported, bpy, tmp_path):
    from dreamface_addon.scene import find_face, mark_as_asset, parts_of

    mark_as_asset(imported.skin)
    name = imported.collection.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), assets_only=True) as (source, target):
        assert source.collections == [name]
        target.collections = source.collections
    bpy.context.scene.collection.children.link(bpy.data.collections[name])
    assert tuple(bpy.data.collections[name].preview.image_size) == (256, 256)
    assert {part["dreamface_part"] for part in parts_of(find_face("face-1"))} == set(PARTS)


def test_a_head_that_lies_loose_in_the_scene_gets_a_collection(imported, bpy):
    from dreamface_addon.scene import mark_as_asset

    for part in imported.parts.values():
        bpy.context.scene.collection.objects.link(part)
    bpy.data.collections.remove(imported.collection)
    mark_as_asset(imported.skin)
    home = next(collection for collection in bpy.data.collections if collection.asset_data)
    assert set(home.objects) == set(imported.parts.values())


def test_without_its_folder_it_is_an_asset_all_the_same(scene, face_folder, tmp_path):
    from dreamface_addon.scene import import_face, mark_as_asset

    moved = shutil.copytree(face_folder, tmp_path / "moved")
    imported = import_face(moved)
    shutil.rmtree(moved)
    mark_as_asset(imported.skin)
    assert imported.collection.asset_data


def test_a_damaged_picture_is_a_sentence(scene, face_folder, tmp_path):
    from dreamface_addon.scene import SceneError, import_face, mark_as_asset

    damaged = shutil.copytree(face_folder, tmp_path / "damaged")
    (damaged / "preview.png").write_bytes(b"no picture")
    with pytest.raises(SceneError, match=r"preview\.png is damaged: generate the face again"):
        mark_as_asset(import_face(damaged).skin)


def _pixels(preview):
    """[H, W, 4] of a preview, 0..1."""
    width, height = preview.image_size
    values = np.empty(width * height * 4, np.float32)
    preview.image_pixels_float.foreach_get(values)
    return values.reshape(height, width, 4)
