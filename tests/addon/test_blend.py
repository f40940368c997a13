"""The exported .blend: written by a process of its own, whole, and openable with nothing beside it."""

from __future__ import annotations

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from dreamface.errors import Cancelled, FolderError, MissingDependency
from dreamface.export import blend, export
from dreamface.progress import Progress
from tests.support import synthetic_face
from tests.takes import a_take


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
    assert len(bpy.data.objects["Round stranger skin"].data.shape_keys.key_blocks) == 53
    assert [light.data.type for light in bpy.data.objects if light.type == "LIGHT"] == ["AREA"] * 3
    assert scene.view_settings.view_transform == "AgX"
    skin = bpy.data.objects["Round stranger skin"].data.vertices
    crown, chin = (pick(skin, key=lambda vertex: vertex.co.z).co for pick in (max, min))
    left, right = (bpy.data.objects[f"Round stranger {side} iris"].data.vertices[0].co for side in ("left", "right"))
    assert 0.5 < _in_picture(left, scene).x < 1 and 0 < _in_picture(right, scene).x < 0.5, "left is +X and on the right"
    assert 0.7 < _in_picture(crown, scene).y < 1 and 0 < _in_picture(chin, scene).y < 0.3


CHANNELS = ("albedo", "specular", "roughness", "normal", "displacement", "subsurface")


def test_the_textures_are_packed_and_tell_no_paths(written, bpy):
    bpy.ops.wm.open_mainfile(filepath=str(written))
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert {image.name for image in images} == {
        "Round stranger eyes albedo",
        *(f"Round stranger skin {channel}" for channel in CHANNELS),
    }
    for image in images:
        assert image.packed_file
        assert max(image.pixels[:64]) > 0.0
        assert image.filepath.startswith("//textures/")
    assert "dreamface_folder" not in bpy.data.objects["Round stranger skin"]


@pytest.mark.slow
def test_a_take_is_performed_at_its_own_rate(bpy, tmp_path):
    if not (Path(__file__).parents[2] / "dreamface_addon/scene/performing.py").exists():
        pytest.skip("takes cannot be put into Blender files here")
    take = a_take(90, 24.0)
    export(synthetic_face(side=2, resolution=16), tmp_path / "face.blend", take=take)
    assert [file.name for file in tmp_path.iterdir()] == ["face.blend"]
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    scene, skin = bpy.context.scene, bpy.data.objects["Round stranger skin"]
    assert (scene.render.fps, scene.render.fps_base, scene.frame_start, scene.frame_end) == (24, 1.0, 1, 90)
    turns = []
    for frame in (1, 25, 26, 60, 90):
        scene.frame_set(frame)
        keys = skin.data.shape_keys.key_blocks
        for shape in ("jawOpen", "eyeBlinkLeft", "mouthLeft"):
            assert keys[shape].value == pytest.approx(take.channel(shape)[frame - 1], abs=1e-3), (frame, shape)
        turns.append(tuple(skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.to_euler("YXZ")))
    expected = take.head[[0, 24, 25, 59, 89]][:, [1, 2, 0]]  # pitch, roll, yaw
    assert turns == [pytest.approx(row, abs=2e-3) for row in expected.tolist()]


@pytest.mark.slow
def test_a_rate_that_is_no_whole_number_is_kept(bpy, tmp_path):
    if not (Path(__file__).parents[2] / "dreamface_addon/scene/performing.py").exists():
        pytest.skip("takes cannot be put into Blender files here")
    export(synthetic_face(side=2, resolution=16), tmp_path / "face.blend", take=a_take(30, 30_000 / 1001))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    render = bpy.context.scene.render
    assert render.fps / render.fps_base == pytest.approx(30_000 / 1001, rel=1e-5)


def test_cancelling_stops_blender_and_leaves_nothing(bpy, tmp_path):
    started = []

    def watch(step):
        if "Blender" in step.message:
            started.append(step)

    with pytest.raises(Cancelled):
        export(synthetic_face(), tmp_path / "face.blend", Progress(watch, lambda: len(started) > 1))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="a script with a #! line stands in for Blender")
def test_cancelling_while_blender_saves_leaves_nothing(bpy, tmp_path, monkeypatch):
    """Blender's own half-written file, whose name ends in an @, goes with the rest."""
    blender, out = tmp_path / "blender", tmp_path / "out"
    out.mkdir()
    save_for_ever = 'import sys, time; open(sys.argv[-1] + "@", "wb").write(b"BLENDER"); time.sleep(60)'
    # By way of a shell, because a #! line cannot name a Python whose path has a space in it.
    blender.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(save_for_ever)} "$@"\n')
    blender.chmod(0o755)
    monkeypatch.setattr(blend.sys, "executable", str(blender))
    half_written = []

    def cancelled():
        half_written.extend(out.rglob("*.blend@"))
        return bool(half_written)

    with pytest.raises(Cancelled):
        export(synthetic_face(), out / "face.blend", Progress(cancelled=cancelled))
    assert half_written
    assert not list(out.iterdir())


def test_a_saved_face_is_not_saved_again(bpy, tmp_path, monkeypatch):
    face_folder = blend.folder.save(synthetic_face(), tmp_path / "ada")
    monkeypatch.setattr(blend.folder, "save", None)
    export(synthetic_face(), face_folder / "ada.blend", face_folder=face_folder)
    assert (face_folder / "ada.blend").stat().st_size > 10_000
    assert blend.folder.load(face_folder).face_id == "face-1"


def test_files_in_the_users_folder_pass_for_no_module(bpy, tmp_path, monkeypatch):
    for module in ("bpy", "json", "numpy"):
        (tmp_path / f"{module}.py").write_text("raise RuntimeError('taken for a module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)  # two empty entries: both mean the current folder
    assert export(synthetic_face(), Path("face.blend")).is_file()


def test_a_failure_in_blender_is_a_sentence(bpy, tmp_path):
    with pytest.raises(FolderError, match=r"Blender could not write the file: .*is not a DreamFace folder"):
        export(synthetic_face(), tmp_path / "face.blend", face_folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_system_library_sends_to_the_doctor(bpy, tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "bpy.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.setattr(blend, "_addon_parent", lambda: broken)  # first on Blender's path
    monkeypatch.setenv("PYTHONPATH", str(Path(find_spec("dreamface_addon").origin).parents[1]))
    with pytest.raises(MissingDependency, match=r"does not load \(libGL.so.1: .*\): run `dreamface doctor`"):
        export(synthetic_face(), tmp_path / "face.blend")
    assert list(tmp_path.iterdir()) == [broken]


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
