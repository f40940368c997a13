"""The exported .blend: written by a process of its own, whole, and openable with nothing beside it."""

from __future__ import annotations

import pytest

from dreamface.errors import Cancelled, FolderError, MissingDependency
from dreamface.export import blend, export
from dreamface.progress import Progress
from tests.support import synthetic_face


@pytest.fixture(scope="module")
def written(bpy, tmp_path_factory):
    path = tmp_path_factory.mktemp("blend") / "an old fisherman.blend"
    export(synthetic_face(), path)
    return path


def test_nothing_but_the_file_is_written(written):
    assert list(written.parent.iterdir()) == [written]


def test_the_file_opens_as_a_portrait(written, bpy):
    bpy.ops.wm.open_mainfile(filepath=str(written))
    scene = bpy.context.scene
    assert len(bpy.data.objects["skin"].data.shape_keys.key_blocks) == 53
    assert [light.data.type for light in bpy.data.objects if light.type == "LIGHT"] == ["AREA"] * 3
    assert scene.view_settings.view_transform == "AgX"
    skin = bpy.data.objects["skin"].data.vertices
    crown, chin = (pick(skin, key=lambda vertex: vertex.co.z).co for pick in (max, min))
    left, right = (bpy.data.objects[f"{side}_iris"].data.vertices[0].co for side in ("left", "right"))
    assert 0.5 < _in_picture(left, scene).x < 1 and 0 < _in_picture(right, scene).x < 0.5, "left is +X and on the right"
    assert 0.7 < _in_picture(crown, scene).y < 1 and 0 < _in_picture(chin, scene).y < 0.3


def test_the_textures_are_packed_and_tell_no_paths(written, bpy):
    bpy.ops.wm.open_mainfile(filepath=str(written))
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert {image.name for image in images} == {
        "eyes_albedo",
        *(f"skin_{name}" for name in ("albedo", "specular", "roughness", "normal", "displacement", "subsurface")),
    }
    for image in images:
        assert image.packed_file
        assert max(image.pixels[:64]) > 0.0
        assert image.filepath.startswith("//textures/")


def test_cancelling_stops_blender_and_leaves_nothing(bpy, tmp_path):
    started = []

    def watch(step):
        if "Blender" in step.message:
            started.append(step)

    with pytest.raises(Cancelled):
        export(synthetic_face(), tmp_path / "face.blend", Progress(watch, lambda: len(started) > 1))
    assert not list(tmp_path.iterdir())


def test_a_failure_in_blender_is_a_sentence(bpy, tmp_path, monkeypatch):
    monkeypatch.setattr(blend.folder, "save", lambda face, path, progress: path)  # no folder for Blender to read
    with pytest.raises(FolderError, match=r"Blender could not write the file: .*is not a DreamFace folder"):
        export(synthetic_face(), tmp_path / "face.blend")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["bpy", "dreamface_addon"])
def test_a_missing_package_is_named(tmp_path, monkeypatch, package):
    find_spec = blend.find_spec
    monkeypatch.setattr(blend, "find_spec", lambda name: None if name == package else find_spec(name))
    with pytest.raises(MissingDependency, match=rf"need the package {package}: install"):
        export(synthetic_face(), tmp_path / "face.blend")


def _in_picture(point, scene):
    """Where the camera sees a point: 0..1 from the picture's lower left corner."""
    from bpy_extras.object_utils import world_to_camera_view

    return world_to_camera_view(scene, scene.camera, point)
