"""A face under a studio's own colour management; Blender reads it once, so each needs a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dreamface import folder
from dreamface.export import export
from tests.support import MATERIALS, synthetic_face

ACES = "ocio://cg-config-v2.1.0_aces-v1.3_ocio-v2.3"

NO_SRGB = """
ocio_profile_version: 2
roles: {scene_linear: lin, default: lin, data: raw, texture_paint: video, color_picking: video, default_byte: video,
        default_float: lin, default_sequencer: video, aces_interchange: lin}
file_rules: [!<Rule> {name: Default, colorspace: lin}]
displays: {screen: [!<View> {name: Plain, colorspace: video}]}
active_displays: [screen]
active_views: [Plain]
colorspaces:
  - !<ColorSpace> {name: lin, isdata: false}
  - !<ColorSpace> {name: raw, isdata: true}
  - !<ColorSpace>
    name: video
    from_scene_reference: !<ExponentTransform> {value: [2.4, 2.4, 2.4, 1], direction: inverse}
"""
"""A configuration in which nothing has the name of what albedo maps are stored in."""

IMPORT = """
import json, sys
from pathlib import Path
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
from dreamface_addon.scene import add_studio, export_face, import_face
from dreamface_addon.scene.studio import set_up_rendering
face = import_face(sys.argv[1])
add_studio(bpy.context.scene, face)
set_up_rendering(bpy.context.scene)
export_face(face.skin, Path(sys.argv[2]))
teeth = face.parts["upper_teeth"].active_material.node_tree.nodes["DreamFace Surface"].inputs["Base Color"]
print("SEEN", json.dumps({
    "spaces": {image.name: image.colorspace_settings.name for image in bpy.data.images},
    "warning": face.warning,
    "view": bpy.context.scene.view_settings.view_transform,
    "teeth": list(teeth.default_value)[:3],
    "key": list(bpy.data.lights["key"].color),
}))
sys.stdout.flush()
import os
os._exit(0)
"""


@pytest.fixture(scope="module")
def face_folder(bpy, tmp_path_factory):
    return folder.save(synthetic_face(), tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture(scope="module")
def aces(face_folder, tmp_path_factory):
    """What is in a scene with ACES after an import, and the file that it was exported to."""
    path = tmp_path_factory.mktemp("aces") / "ada.glb"
    return _import(face_folder, path, ACES), path


def test_aces_shows_colours_as_srgb_and_the_rest_as_data(aces):
    seen, _ = aces
    albedo = {name for name in seen["spaces"] if name.endswith("albedo")}
    assert len(albedo) == 2
    for name, space in seen["spaces"].items():
        assert space == ("sRGB - Texture" if name in albedo else "Raw"), name
    assert seen["warning"] == ""


def test_aces_keeps_its_own_view(aces):
    assert aces[0]["view"] == "ACES 1.0 - SDR Video"


def test_plain_colours_are_turned_into_the_scenes_space_and_back_in_files(aces):
    """0.8, 0.75, 0.6 of Rec. 709 in ACEScg, by the matrix of the ACES documents (Bradford, D60)."""
    seen, path = aces
    assert MATERIALS["teeth"].base_colour == (0.8, 0.75, 0.6)
    assert seen["teeth"] == pytest.approx([0.7736, 0.7515, 0.6204], abs=2e-3)
    assert seen["key"] != pytest.approx([1.0, 0.95, 0.88], abs=1e-3), "a light's colour, too"
    teeth = next(material for material in _document(path)["materials"] if material["name"] == "Round stranger teeth")
    assert teeth["pbrMetallicRoughness"]["baseColorFactor"] == pytest.approx([0.8, 0.75, 0.6, 1.0], abs=1e-4)


def test_a_blend_file_is_written_under_aces(bpy, tmp_path, monkeypatch):
    monkeypatch.setenv("OCIO", ACES)
    path = export(synthetic_face(), tmp_path / "ada.blend")
    assert list(tmp_path.iterdir()) == [path]
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert len(bpy.data.objects["Round stranger skin"].data.shape_keys.key_blocks) == 53


def test_a_configuration_without_srgb_gets_a_warning_and_its_own_space_for_pictures(face_folder, tmp_path):
    (tmp_path / "config.ocio").write_text(NO_SRGB)
    seen = _import(face_folder, tmp_path / "ada.glb", str(tmp_path / "config.ocio"))
    assert seen["warning"].startswith("This scene's colour management has no sRGB texture space")
    assert seen["spaces"]["Round stranger skin albedo"] == "video"
    assert seen["spaces"]["Round stranger skin roughness"] == "raw"
    assert seen["view"] == "Plain"


def test_what_fails_leaves_nothing_in_the_file(scene, face_folder, monkeypatch, bpy):
    from dreamface_addon.scene import import_face, importing

    def fail(*_):
        raise TypeError("enum not found")

    mine = bpy.data.images.new("mine", 4, 4)
    monkeypatch.setattr(importing, "describe_skin", fail)
    kinds = ("collections", "objects", "meshes", "materials", "images", "shape_keys")
    before = {kind: [datablock.name for datablock in getattr(bpy.data, kind)] for kind in kinds}
    with pytest.raises(TypeError, match="enum not found"):
        import_face(face_folder)
    assert {kind: [datablock.name for datablock in getattr(bpy.data, kind)] for kind in kinds} == before
    assert mine.name == "mine"


def test_blenders_own_colour_management_needs_no_warning(scene, face_folder):
    from dreamface_addon.scene import import_face

    assert import_face(face_folder).warning == ""


def _import(face_folder, path, configuration):
    environment = os.environ | {"OCIO": configuration, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", IMPORT, str(face_folder), str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(next(line for line in done.stdout.splitlines() if line.startswith("SEEN "))[5:])


def _document(path):
    data = path.read_bytes()
    return json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
