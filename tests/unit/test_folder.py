"""The face folder: what is written comes back, and nothing half-written or foreign is ever left or lost."""

from __future__ import annotations

import errno
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dreamface import folder, images
from dreamface.colour import encode_srgb
from dreamface.errors import Cancelled, FolderError
from dreamface.hair import groom_to_json
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES
from tests.support import synthetic_face, welded_face, with_hair

CODE = 1 / 255  # one step of an 8-bit encoding


@pytest.fixture(scope="module")
def face():
    return synthetic_face(jaw_open=0.25)


@pytest.fixture
def saved(face, tmp_path):
    return folder.save(face, tmp_path / "ada")


def test_a_saved_face_comes_back(face, saved):
    loaded = folder.load(saved)
    assert loaded.record == face.record
    assert loaded.materials == face.materials
    assert (loaded.head.model, loaded.head.identity) == (face.head.model, face.head.identity)
    assert torch.equal(loaded.head.vertices, face.head.vertices)
    assert torch.equal(loaded.shapes, face.shapes)
    before, after = face.head.topology, loaded.head.topology
    for name in ("faces", "uv", "face_uvs"):
        assert torch.equal(getattr(after, name), getattr(before, name)), name
    assert (after.parts, after.tiles, after.landmarks) == (before.parts, before.tiles, before.landmarks)
    assert list(after.regions) == list(before.regions)
    assert all(torch.equal(after.regions[name], weights) for name, weights in before.regions.items())


def test_welded_parts_triangles_and_opacity_come_back(tmp_path):
    face = welded_face()
    loaded = folder.load(folder.save(face, tmp_path / "ada"))
    before, after = face.head.topology, loaded.head.topology
    assert after.parts == before.parts
    assert [group.name for group in after.objects] == [group.name for group in before.objects]
    assert torch.equal(after.faces, before.faces) and torch.equal(loaded.shapes, face.shapes)
    assert list(loaded.maps["lashes"]) == ["opacity"]
    assert torch.equal(loaded.maps["lashes"]["opacity"], face.maps["lashes"]["opacity"])
    entry = next(file for file in folder.read_document(tmp_path / "ada").maps if file.channel == "opacity")
    assert (entry.file, entry.colour_space) == ("maps/lashes_opacity.png", "non-color")


def test_a_folder_of_before_parts_were_welded_still_loads(face, saved):
    parts = json.loads((saved / "face.json").read_text())["parts"]
    _change(saved, parts=[{name: value for name, value in part.items() if name != "object"} for part in parts])
    assert folder.load(saved).head.topology.parts == face.head.topology.parts


def test_a_parts_own_tile_comes_back_and_older_folders_have_none(face, saved, tmp_path):
    topology = face.head.topology
    parts = (replace(topology.parts[0], tile="eyes"), *topology.parts[1:])
    tiled = replace(face, head=replace(face.head, topology=replace(topology, parts=parts)))
    assert folder.load(folder.save(tiled, tmp_path / "tiled")).head.topology.parts == parts
    written = json.loads((saved / "face.json").read_text())["parts"]
    _change(saved, parts=[{name: value for name, value in part.items() if name != "tile"} for part in written])
    assert folder.load(saved).head.topology.parts == topology.parts


def test_a_part_in_a_tile_that_is_not_there_is_damaged(saved):
    parts = json.loads((saved / "face.json").read_text())["parts"]
    _change(saved, parts=[parts[0] | {"tile": "moon"}, *parts[1:]])
    with pytest.raises(FolderError, match="skin lies in the tile moon, which is not there"):
        folder.load(saved)


@pytest.mark.parametrize(
    ("part", "change", "problem"),
    [
        (1, {"object": ""}, "a face of neck points at a vertex that is not its own"),
        (1, {"object": "teeth"}, "the parts of an object must follow each other"),
        (3, {"object": ""}, "left_cornea has no vertices"),
    ],
)
def test_parts_that_are_not_welded_as_they_say_are_damaged(tmp_path, part, change, problem):
    saved = folder.save(welded_face(), tmp_path / "ada")
    parts = json.loads((saved / "face.json").read_text())["parts"]
    parts[part] |= change
    _change(saved, parts=parts)
    with pytest.raises(FolderError, match=rf"is damaged \(.*{problem}.*\)"):
        folder.load(saved)


def test_shapes_beyond_arkits_come_back_with_their_names(tmp_path):
    face = synthetic_face(extra_shapes=("browFurrowDeep", "neckTense"))
    loaded = folder.load(folder.save(face, tmp_path / "ada"))
    assert loaded.shape_names == (*ARKIT_SHAPES, "browFurrowDeep", "neckTense")
    assert torch.equal(loaded.shapes, face.shapes)


def test_the_maps_come_back_within_their_encoding(face, saved):
    loaded = folder.load(saved)
    assert [list(tile) for tile in loaded.maps.values()] == [list(tile) for tile in face.maps.values()]
    skin, original = loaded.maps["skin"], face.maps["skin"]
    encoded = encode_srgb(skin["albedo"]), encode_srgb(original["albedo"])
    assert (encoded[0] - encoded[1]).abs().max() <= 0.6 * CODE
    for channel in ("specular", "roughness", "subsurface"):
        assert (skin[channel] - original[channel]).abs().max() <= 0.51 * CODE, channel
    assert (skin["normal"] - original["normal"]).abs().max() <= 1.01 * CODE
    assert torch.equal(skin["displacement"], original["displacement"])
    assert (loaded.preview - face.preview).abs().max() <= 0.51 * CODE


def test_the_same_face_gives_the_same_bytes(face, saved, tmp_path):
    again = folder.save(synthetic_face(jaw_open=0.25), tmp_path / "again")
    assert _contents(again) == _contents(saved)


def test_loading_and_saving_changes_nothing(saved, tmp_path):
    assert _contents(folder.save(folder.load(saved), tmp_path / "again")) == _contents(saved)


def test_the_folder_says_that_the_face_is_synthetic(saved):
    document = folder.read_document(saved)
    assert "does not show a real person" in document.statement
    assert document.digital_source_type.startswith("http://cv.iptc.org/newscodes/digitalsourcetype/")
    for file in saved.rglob("*.png"):
        with Image.open(file) as image:
            assert image.info["Software"] == "DreamFace"
            assert "generated by DreamFace" in image.info["Comment"]


def test_the_geometry_needs_numpy_alone(face, saved):
    arrays = np.load(saved / "geometry.npz", allow_pickle=False)
    start, stop = arrays["shape_offsets"][17], arrays["shape_offsets"][18]
    jaw_open = np.zeros_like(arrays["vertices"])
    jaw_open[arrays["shape_vertices"][start:stop]] = arrays["shape_deltas"][start:stop]
    assert folder.read_document(saved).shapes[17] == "jawOpen"
    np.testing.assert_array_equal(jaw_open, face.shapes[17].numpy())


def test_saving_again_replaces_the_face_and_keeps_the_artists_files(saved, tmp_path):
    (saved / "maps" / "paint.psd").write_text("mine")
    (saved / "scene.blend").write_text("mine")
    folder.save(synthetic_face("face-2"), saved)
    assert folder.read_document(saved).record.face_id == "face-2"
    assert (saved / "maps" / "paint.psd").read_text() == (saved / "scene.blend").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [saved]


def test_saving_through_a_link_replaces_what_it_points_at(saved, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(saved, target_is_directory=True)
    folder.save(synthetic_face("face-2"), link)
    assert link.is_symlink()
    assert folder.read_document(saved).record.face_id == "face-2"


def test_an_empty_folder_may_be_filled(face, tmp_path):
    (tmp_path / "empty").mkdir()
    folder.save(face, tmp_path / "empty")
    assert folder.read_document(tmp_path / "empty").record.face_id == face.face_id


@pytest.mark.parametrize("content", ["notes.txt", "face.json"])
def test_a_folder_that_is_not_ours_is_left_alone(face, tmp_path, content):
    other = tmp_path / "other"
    other.mkdir()
    (other / content).write_text("{}")
    with pytest.raises(FolderError, match="not a DreamFace folder: choose another name"):
        folder.save(face, other)
    assert (other / content).read_text() == "{}"
    assert list(tmp_path.iterdir()) == [other]


def test_a_file_in_the_way_is_left_alone(face, tmp_path):
    (tmp_path / "ada").write_text("mine")
    with pytest.raises(FolderError, match="not a DreamFace folder"):
        folder.save(face, tmp_path / "ada")
    assert (tmp_path / "ada").read_text() == "mine"


@pytest.mark.parametrize("reports", [1, 3, 8])
def test_a_cancelled_save_leaves_the_old_face_and_nothing_else(face, saved, tmp_path, reports):
    before = _contents(saved)
    seen = []

    with pytest.raises(Cancelled):
        folder.save(synthetic_face("face-2"), saved, Progress(seen.append, lambda: len(seen) >= reports))
    assert _contents(saved) == before
    assert list(tmp_path.iterdir()) == [saved]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "The disk is full: free some space"),
        (errno.EACCES, "is not writable: choose another place"),
        (errno.EROFS, "is not writable: choose another place"),
        (errno.EIO, "could not be written"),
    ],
)
def test_a_disk_that_refuses_leaves_the_old_face(face, saved, tmp_path, monkeypatch, code, sentence):
    before = _contents(saved)

    def refuse(image, path):
        path.write_bytes(b"half")
        raise OSError(code, "refused")

    monkeypatch.setattr(images, "write_exr", refuse)
    with pytest.raises(FolderError, match=sentence):
        folder.save(synthetic_face("face-2"), saved)
    assert _contents(saved) == before
    assert list(tmp_path.iterdir()) == [saved]


def test_the_old_face_returns_when_the_new_one_cannot_take_its_place(face, saved, tmp_path, monkeypatch):
    before = _contents(saved)
    rename = Path.rename

    def refuse_the_new(self, target):
        if self.name.endswith(".part"):
            raise PermissionError(errno.EACCES, "refused")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_the_new)
    with pytest.raises(FolderError, match="not writable"):
        folder.save(synthetic_face("face-2"), saved)
    assert _contents(saved) == before
    assert list(tmp_path.iterdir()) == [saved]


def test_a_missing_parent_is_named(face, tmp_path):
    with pytest.raises(FolderError, match=r"nowhere is not a folder: create it first"):
        folder.save(face, tmp_path / "nowhere" / "ada")


def test_a_place_that_is_no_face_folder_is_refused(tmp_path):
    with pytest.raises(FolderError, match=r"not a DreamFace folder: choose one that has a face.json"):
        folder.load(tmp_path)
    (tmp_path / "face.json").write_text('{"name": "someone else\'s"}')
    with pytest.raises(FolderError, match="written by something else"):
        folder.load(tmp_path)


def test_a_face_of_the_first_schema_is_read(saved):
    text = json.loads((saved / "face.json").read_text("utf-8"))
    text["schema_version"] = 1
    del text["layers"]
    for material in text["materials"].values():
        for name in ("metallic", "coat", "coat_roughness", "coat_ior"):
            del material[name]
    (saved / "face.json").write_text(json.dumps(text), "utf-8")
    face = folder.load(saved)
    assert face.record.layers == ()
    assert {material.coat for material in face.materials.values()} == {0.0}


@pytest.mark.parametrize("name", ["seed", "resolution"])
@pytest.mark.parametrize("value", ["11", 11.0, True])
def test_numbers_of_another_type_are_refused(saved, name, value):
    _change(saved, **{name: value})
    with pytest.raises(FolderError, match=name):
        folder.read_document(saved)


def test_a_face_without_an_offset_needs_no_geometry_to_be_rebuilt(saved):
    (saved / "geometry.npz").unlink()
    assert folder.read_offset(saved) is None


def test_hair_comes_back_as_it_was(face, tmp_path):
    hairy = with_hair(face)
    loaded = folder.load(folder.save(hairy, tmp_path / "hairy")).groom
    assert list(loaded) == ["scalp", "brows"]
    assert groom_to_json(loaded) == groom_to_json(hairy.groom)
    for region, hair in hairy.groom.items():
        found = loaded[region]
        assert (found.look, found.colour, found.style) == (hair.look, hair.colour, hair.style)
        for name in ("points", "uv", "lock"):
            assert torch.equal(getattr(found, name), getattr(hair, name)), name
        assert torch.equal(found.roots.triangle, hair.roots.triangle)
        assert torch.equal(found.roots.barycentric, hair.roots.barycentric)
    assert _contents(folder.save(folder.load(tmp_path / "hairy"), tmp_path / "again")) == _contents(tmp_path / "hairy")


def test_hair_needs_numpy_alone(face, tmp_path):
    folder.save(with_hair(face), tmp_path / "hairy")
    arrays = np.load(tmp_path / "hairy" / "groom.npz", allow_pickle=False)
    kinds = {name: (array.dtype.str, array.shape) for name, array in arrays.items() if name.startswith("brows")}
    assert kinds == {
        "brows_points": ("<f4", (4, 3, 3)), "brows_triangle": ("<i4", (4,)), "brows_barycentric": ("<f4", (4, 3)),
        "brows_uv": ("<f4", (4, 2)), "brows_lock": ("<i4", (4,)),
    }  # fmt: skip
    assert [hair["region"] for hair in json.loads((tmp_path / "hairy/face.json").read_text())["groom"]] == [
        "scalp", "brows",
    ]  # fmt: skip


def test_a_face_without_hair_has_no_file_of_it_and_older_ones_open_bald(saved):
    assert not (saved / "groom.npz").exists()
    text = json.loads((saved / "face.json").read_text("utf-8"))
    del text["groom"]
    (saved / "face.json").write_text(json.dumps(text | {"schema_version": 3}), "utf-8")
    assert folder.load(saved).groom == {}


def test_hair_that_was_touched_since_is_found_out(face, tmp_path):
    path = folder.save(with_hair(face), tmp_path / "hairy")
    assert {found.file: found.state for found in folder.verify(path)}["groom.npz"] == "whole"
    arrays = dict(np.load(path / "groom.npz"))
    np.savez(path / "groom.npz", **(arrays | {"scalp_points": arrays["scalp_points"] * 1.01}))
    assert {found.file for found in folder.verify(path) if found.state != "whole"} == {"groom.npz"}
    (path / "groom.npz").unlink()
    assert {found.file: found.state for found in folder.verify(path)}["groom.npz"] == "missing"
    with pytest.raises(FolderError, match=r"groom\.npz is missing: restore it"):
        folder.load(path)


def test_a_face_that_lost_its_hair_leaves_no_old_hair_behind(face, tmp_path):
    folder.save(with_hair(face), tmp_path / "hairy")
    folder.save(face, tmp_path / "hairy")
    assert not (tmp_path / "hairy" / "groom.npz").exists()


def test_layers_of_the_second_schema_are_read_as_entries(saved):
    text = json.loads((saved / "face.json").read_text("utf-8"))
    text |= {"schema_version": 2, "layers": {"freckles": 0.25, "brows": 1.0}}
    (saved / "face.json").write_text(json.dumps(text), "utf-8")
    record = folder.load(saved).record
    assert record.strengths == {"freckles": 0.25, "brows": 1.0}
    assert [(entry.id, entry.kind, entry.visible) for entry in record.layers] == [
        ("freckles", "freckles", True), ("brows", "brows", True),
    ]  # fmt: skip


def test_a_newer_schema_asks_for_an_update(saved):
    _change(saved, schema_version=9)
    with pytest.raises(FolderError, match=r"newer DreamFace \(schema 9\): update DreamFace"):
        folder.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": "one"},
        {"seed": "seven"},
        {"surprise": 1},
        {"layers": {"freckles": 1.5}},
        {"layers": {"freckles": True}},
        {"layers": {"freckles": "0.5"}},
        {"layers": [{"id": "a", "kind": "freckles"}, {"id": "a", "kind": "moles"}]},
        {"layers": [{"id": "a", "kind": "freckles", "strength": 2.0}]},
        {"layers": [{"kind": "freckles"}]},
        {"traits": {"nose.colour": {"value": 1.0, "confidence": 1.0, "because": ""}}},
        {"traits": {"age": {"value": 1000.0, "confidence": 1.0, "because": ""}}},
        {"traits": {"age": {"value": 30.0, "because": ""}}},
        {"traits": {"age": {"value": 30.0, "confidence": "high", "because": ""}}},
        {"traits": {"age": {"value": 30.0, "confidence": 1.0, "because": None}}},
        {"head": {"model": "synthetic"}},
        {"head": {"model": "synthetic", "identity": {"radius": float("nan")}}},
        {"shapes": ["a"]},
        {"shapes": [*ARKIT_SHAPES, "jawOpen"]},
        {"parts": []},
        {"parts": [{"name": "skin", "material": "skin", "vertices": [5, 9], "faces": [0, 9]}]},
        {"parts": [{"name": "skin", "material": "skin", "vertices": [0, 0], "faces": [0, 9]}]},
        {"parts": [{"name": "skin", "material": "velvet", "vertices": [0, 9], "faces": [0, 9]}]},
        {"maps": [{"tile": "skin", "channel": "normal", "file": "maps/a.png", "colour_space": "non-color"}]},
        {"maps": [{"tile": "a", "channel": "albedo", "file": "maps/../../secret.png", "colour_space": "srgb"}]},
    ],
)
def test_a_wrong_document_is_called_damaged(saved, change):
    _change(saved, **change)
    for read in (folder.read_document, folder.load):
        with pytest.raises(
            FolderError, match=r"face\.json is damaged .*: restore it or generate the face again\.$"
        ) as raised:
            read(saved)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("file", ["geometry.npz", "maps/skin_albedo.png", "maps/skin_displacement.exr", "preview.png"])
@pytest.mark.parametrize("keep", [0, 60, 0.5])
def test_a_truncated_file_is_called_damaged(saved, file, keep):
    data = (saved / file).read_bytes()
    (saved / file).write_bytes(data[: int(len(data) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(FolderError, match=rf"{file} is damaged .*: restore it"):
        folder.load(saved)


@pytest.mark.parametrize("file", ["geometry.npz", "maps/eyes_albedo.png", "maps/skin_displacement.exr"])
def test_a_missing_file_is_named(saved, file):
    (saved / file).unlink()
    with pytest.raises(FolderError, match=rf"{file} is missing: restore it"):
        folder.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: {"faces": _with(arrays["faces"], (5, 2), len(arrays["vertices"]))},
        lambda arrays: {"faces": _with(arrays["faces"], (5, 2), len(arrays["vertices"]) - 1)},  # another part's
        lambda arrays: {"face_uvs": _with(arrays["face_uvs"], (5, 2), -1)},
        lambda arrays: {"landmark_vertices": _with(arrays["landmark_vertices"], 3, len(arrays["vertices"]))},
        lambda arrays: {"vertices": np.concatenate((arrays["vertices"], arrays["vertices"]))},
        lambda arrays: {"faces": arrays["faces"][:-1]},
        lambda arrays: {"shape_offsets": arrays["shape_offsets"][:-1]},
        lambda arrays: {"vertices": np.array("none")},
    ],
)
def test_geometry_that_does_not_fit_is_damaged(saved, change):
    arrays = dict(np.load(saved / "geometry.npz"))
    np.savez(saved / "geometry.npz", **(arrays | change(arrays)))
    with pytest.raises(FolderError, match=r"geometry.npz is damaged"):
        folder.load(saved)


def _with(array, place, value):
    changed = array.copy()
    changed[place] = value
    return changed


def _change(path, **fields):
    document = json.loads((path / "face.json").read_text())
    (path / "face.json").write_text(json.dumps(document | fields))


def _contents(path):
    return {file.relative_to(path): file.read_bytes() for file in path.rglob("*") if file.is_file()}
