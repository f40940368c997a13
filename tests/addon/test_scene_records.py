"""Finding a face again, and what its objects say about it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.addon.faces import edit_document


def test_the_record_is_the_document(imported, face_folder):
    from dreamface_addon.scene import record

    document = json.loads((face_folder / "face.json").read_text("utf-8"))
    names = ("face_id", "prompt", "seed", "resolution", "traits", "not_understood", "history")
    other = {"head": "synthetic", "candidate": None, "layers": [], "edits": [], "talk": []}
    assert record(imported.skin) == {name: document[name] for name in names} | other
    assert imported.skin["dreamface_statement"] == document["statement"]
    assert imported.skin["dreamface_folder"] == str(face_folder)


def test_a_face_is_found_by_its_id_whatever_it_is_called(imported):
    from dreamface_addon.scene import find_face

    imported.skin.name = "Ada"
    assert find_face("face-1") == imported.skin
    assert find_face("face-2") is None


def test_the_current_scene_comes_first(imported, face_folder, bpy):
    from dreamface_addon.scene import find_face, import_face

    other_scene = bpy.data.scenes.new("other")
    elsewhere = import_face(face_folder, other_scene.collection)
    assert find_face("face-1") == imported.skin
    bpy.data.objects.remove(imported.skin)
    assert find_face("face-1") == elsewhere.skin
    other_scene.collection.children.unlink(elsewhere.collection)
    assert find_face("face-1") is None, "no scene has it any more"


def test_every_object_of_a_face_leads_to_its_skin(imported, bpy):
    from dreamface_addon.scene import skin_of

    for part in imported.parts.values():
        assert skin_of(part) == imported.skin
    hat = bpy.data.objects.new("hat", None)
    assert skin_of(hat) is None
    hat.parent = imported.parts["left_iris"]
    assert skin_of(hat) == imported.skin
    assert skin_of(None) is None


def test_a_part_parented_elsewhere_still_belongs(imported, bpy):
    from dreamface_addon.scene import parts_of, skin_of

    rig = bpy.data.objects.new("rig", None)
    bpy.context.scene.collection.objects.link(rig)
    teeth = imported.parts["upper_teeth"]
    teeth.parent = rig
    assert skin_of(teeth) == imported.skin
    assert teeth in parts_of(imported.skin)
    assert rig not in parts_of(imported.skin)


def test_a_copy_has_its_own_parts(imported, bpy):
    from dreamface_addon.scene import parts_of, skin_of

    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = imported.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    assert set(parts_of(imported.skin)) == set(imported.parts.values())
    assert set(parts_of(copy)) == set(bpy.context.selected_objects)
    assert {skin_of(part) for part in bpy.context.selected_objects} == {copy}


@pytest.mark.parametrize("with_rig", [True, False])
def test_a_copy_on_a_rig_has_its_own_parts(imported, bpy, with_rig):
    from dreamface_addon.scene import FACE_ID, parts_of, separate_copies

    rig = bpy.data.objects.new("rig", None)
    imported.collection.objects.link(rig)
    for part in imported.parts.values():
        part.parent = rig
    bpy.ops.object.select_all(action="SELECT")
    rig.select_set(with_rig)
    bpy.context.view_layer.objects.active = imported.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    parts = {part for part in bpy.context.selected_objects if "dreamface_part" in part}
    assert set(parts_of(copy)) == parts and len(parts) == len(imported.parts)
    assert set(parts_of(imported.skin)) == set(imported.parts.values())
    assert separate_copies("face-1") and {part["dreamface_of"] for part in parts} == {copy[FACE_ID]}
    assert {part["dreamface_of"] for part in imported.parts.values()} == {"face-1"}


def test_the_original_is_found_whatever_its_copies_are_called(imported, bpy):
    from dreamface_addon.scene import find_face

    skin = imported.skin
    assert find_face("face-1") == skin
    bpy.ops.object.select_all(action="DESELECT")
    skin.select_set(True)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()  # a mask made from the head
    bpy.ops.object.mode_set(mode="OBJECT")
    copy.name, skin.name = "a", "skin.original"
    copy.name = "skin"
    assert find_face("face-1") == skin


def test_a_face_is_found_after_saving_and_opening_the_file(imported, face_folder, bpy, tmp_path):
    from dreamface_addon.scene import find_face, parts_of, record

    before = record(imported.skin)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert find_face("face-1") is None
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "scene.blend"))
    skin = find_face("face-1")
    assert record(skin) == before
    assert len(parts_of(skin)) == 8


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda document: document["parts"][0].update(name="hide"), "it has no part called skin"),
        (lambda document: document["parts"][1].update(name="skin"), "two parts have the same name"),
        (lambda document: document["parts"][1].update(material="gold"), "a part has no material"),
        (lambda document: document["parts"][1].pop("vertices"), "left_sclera is empty"),
        (lambda document: document["parts"][1]["vertices"].__setitem__(0, 0), "left_sclera does not start where"),
        (lambda document: document["parts"][-1]["faces"].__setitem__(1, 10**6), "upper_teeth has more than there is"),
        (lambda document: document["parts"].pop(), "the parts do not cover all vertices and faces"),
        (lambda document: document.pop("prompt"), "prompt is missing or of the wrong kind"),
        (lambda document: document.update(prompt="a\0b"), "prompt is not plain text"),
        (lambda document: document.update(prompt="\ud800"), "prompt is not plain text"),
        (lambda document: document.update(resolution=10**12), "the resolution is no number of pixels"),
        (lambda document: document["head"].pop("model"), "the head has no model"),
        (lambda document: document["traits"].update(age=4), "the trait age has no value"),
        (
            lambda document: document["traits"]["expression.jawOpen"].update(value="wide"),
            "expression.jawOpen is no number",
        ),
        (lambda document: document["materials"]["iris"].update(roughness=float("nan")), "iris has no roughness"),
        (lambda document: document["materials"]["iris"].update(base_colour=[1, 1]), "iris has no base_colour"),
        (lambda document: document["maps"][0].update(file="../../etc/passwd"), "is not in the folder maps"),
        (lambda document: document["maps"][0].update(file="maps/other.png"), "other.png is missing"),
        (lambda document: document["shapes"].pop(), "not every blend shape has a name"),
        (lambda document: document["shapes"].__setitem__(0, "Basis"), "a shape has the name Basis"),
        (lambda document: document["shapes"].__setitem__(0, "x" * 64), "the name of a shape is missing or longer"),
    ],
)
def test_a_face_json_changed_by_hand_is_refused_before_anything_is_built(
    scene, bpy, face_folder, tmp_path, change, sentence
):
    other = shutil.copytree(face_folder, tmp_path / "other")
    edit_document(other, change)
    _refused(bpy, other, rf"is damaged \(.*{sentence}.*\): restore it or generate")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda arrays: arrays.pop("uv"), "uv is missing"),
        (lambda arrays: arrays["vertices"].__setitem__(3, float("inf")), "vertices has numbers that are none"),
        (lambda arrays: arrays["faces"].__setitem__(0, 10**6), "a face of skin points at a vertex that is not its own"),
        (lambda arrays: arrays["face_uvs"].__setitem__(0, -1), "a face points at a texture coordinate"),
        (lambda arrays: arrays["shape_vertices"].__setitem__(0, 10**6), "a shape has a vertex that is not there"),
        (lambda arrays: arrays["shape_offsets"].__setitem__(-1, 1), "the shapes do not fit together"),
        (lambda arrays: arrays["region_offsets"].__setitem__(1, 10**6), "the regions do not fit together"),
        (lambda arrays: arrays["landmark_vertices"].__setitem__(0, -1), "a landmark points at"),
        (lambda arrays: arrays.update(vertices=arrays["vertices"][:, :2]), "vertices has another shape or kind"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_before_anything_is_built(
    scene, bpy, face_folder, tmp_path, change, sentence
):
    other = shutil.copytree(face_folder, tmp_path / "other")
    arrays = dict(np.load(other / "geometry.npz"))
    change(arrays)
    np.savez(other / "geometry.npz", **arrays)
    _refused(bpy, other, rf"is damaged \({sentence}.*\): restore it or generate")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda data: b"GIF89a" + data, "is not an image"),
        (lambda data: data[: len(data) // 2], "is cut short"),
        (lambda data: b"", "is not an image"),
    ],
)
def test_a_spoilt_texture_is_refused(scene, bpy, face_folder, tmp_path, spoil, sentence):
    other = shutil.copytree(face_folder, tmp_path / "other")
    file = other / "maps/skin_albedo.png"
    file.write_bytes(spoil(file.read_bytes()))
    _refused(bpy, other, rf"is damaged \(skin_albedo.png {sentence}\)")


@pytest.mark.parametrize("text", ["[]", "{}", '{"schema_version": "1"}'])
def test_some_other_face_json_is_no_face(scene, bpy, tmp_path, text):
    (tmp_path / "face.json").write_text(text)
    _refused(bpy, tmp_path, "is not a DreamFace folder: its face.json was written by something else")


def _refused(bpy, path, sentence):
    from dreamface_addon.scene import FaceFolderError, import_face

    with pytest.raises(FaceFolderError, match=sentence):
        import_face(path)
    assert not (bpy.data.objects or bpy.data.collections or bpy.data.materials or bpy.data.images)
