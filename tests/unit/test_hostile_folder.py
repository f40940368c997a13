"""Face folders that are damaged, or made up to do harm: each is refused at the door, in one sentence and at once."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import struct
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from dreamface import document, folder, packing
from dreamface.cli import main
from dreamface.errors import BadRequest, FolderError
from dreamface.hair import HairColour, HairLook
from dreamface.traits import ARKIT_SHAPES
from tests.support import synthetic_face, with_hair

FILES = ["face.json", "geometry.npz", "groom.npz", "preview.png", "maps/skin_albedo.png", "maps/skin_displacement.exr"]
AT_ONCE = 10.0  # seconds, on a machine that is busy; a pipe is waited for without end


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return folder.save(with_hair(synthetic_face()), tmp_path_factory.mktemp("face") / "ada")


@pytest.fixture
def saved(original, tmp_path):
    place = tmp_path / "ada"
    (place / "maps").mkdir(parents=True)
    for file in original.rglob("*"):
        if file.is_file():
            (place / file.relative_to(original)).write_bytes(file.read_bytes())
    return place


def refused(saved: Path, problem: str = "is damaged") -> str:
    """The sentence that opening it gives, which comes at once."""
    started = time.monotonic()
    with pytest.raises(FolderError, match=problem) as raised:
        folder.load(saved)
    sentence = str(raised.value)
    assert time.monotonic() - started < AT_ONCE
    assert sentence.isprintable() and sentence.endswith("."), "one line, one sentence"
    return sentence


def change(saved: Path, **fields: object) -> None:
    document = json.loads((saved / "face.json").read_text())
    (saved / "face.json").write_text(json.dumps(document | fields))


def change_geometry(saved: Path, **arrays: np.ndarray) -> None:
    before = dict(np.load(saved / "geometry.npz"))
    np.savez(saved / "geometry.npz", **(before | arrays))


# ------------------------------------------------------------------------------------------------------- not regular


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("command", ["load", "show", "export", "verify"])
def test_a_pipe_in_a_files_place_is_not_waited_for(saved, tmp_path, capsys, file, command):
    (saved / file).unlink()
    os.mkfifo(saved / file)
    if command == "load":
        refused(saved, "it is no regular file")
        return
    words = {"show": ["show", str(saved)], "export": ["export", str(saved), str(tmp_path / "a.obj")]}
    assert main(words.get(command, ["verify", str(saved)])) == 1
    captured = capsys.readouterr()
    assert file in captured.err + captured.out and "Traceback" not in captured.err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there are no device files")
@pytest.mark.parametrize("file", FILES)
def test_a_device_is_not_read_for_ever(saved, file):
    (saved / file).unlink()
    (saved / file).symlink_to("/dev/zero")
    refused(saved, "it is no regular file")


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_a_files_place_is_named(saved, file):
    (saved / file).unlink()
    (saved / file).mkdir()
    assert file in refused(saved, "it is a folder")


# ------------------------------------------------------------------------------------------------------------ geometry


def bomb(saved: Path, declared: int, content: int) -> None:
    """Vertices that say they have `declared` rows, over `content` bytes of packed zeros."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (declared, 3)})
    others = {name: array for name, array in np.load(saved / "geometry.npz").items() if name != "vertices"}
    np.savez(saved / "geometry.npz", **others)
    with (
        zipfile.ZipFile(saved / "geometry.npz", "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("vertices.npy", "w", force_zip64=True) as member,
    ):
        member.write(header.getvalue())
        for _ in range(content // 2**20):
            member.write(bytes(2**20))


def test_geometry_that_would_fill_the_memory_is_not_unpacked(saved, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST_GEOMETRY", 8 * 2**20)  # what takes long is to make the archive
    bomb(saved, declared=(12 * 2**20) // 12, content=12 * 2**20)
    assert (saved / "geometry.npz").stat().st_size < 2**20
    assert "unpacks to more than 8 MB" in refused(saved)


def test_an_array_that_says_another_size_than_it_has_is_refused(saved):
    bomb(saved, declared=2**40, content=2**20)
    assert "its vertices has another size than it says" in refused(saved)


def test_few_entries_that_unpack_to_much_are_refused(saved):
    """Shapes are stored as runs: ten million of them take little until they are filled up with zeros."""
    change_geometry(saved, shape_offsets=np.zeros(10_000_001, np.int32))
    refused(saved)


@pytest.mark.parametrize(
    ("name", "array", "problem"),
    [
        ("vertices", lambda old: np.where(np.arange(old.size).reshape(old.shape) == 7, np.nan, old), "no head has"),
        ("vertices", lambda old: np.where(np.arange(old.size).reshape(old.shape) == 7, np.inf, old), "no head has"),
        ("vertices", lambda old: old * 1e30, "no head has"),
        ("vertices", lambda old: old.astype(np.complex64), "type complex64"),
        ("vertices", lambda old: old.astype(np.float16), "type float16"),
        ("vertices", lambda old: old.astype(">f4"), "type >f4"),
        ("vertices", lambda old: old[:, :2], "shape"),
        ("vertices", lambda old: old[0], "shape"),
        ("vertices", lambda old: old[:0], "its landmark|cover|its shape|not there"),
        ("faces", lambda old: old - 5, "points at something"),
        ("faces", lambda old: old.astype(np.int64) + 2**32, "points at something"),
        ("faces", lambda old: old[:, :3], "shape"),
        ("face_uvs", lambda old: old[:-1], "shape"),
        ("uv", lambda old: old * np.nan, "no head has"),
        ("shape_vertices", lambda old: -old - 1, "points at something"),
        ("shape_vertices", lambda old: old[::-1], "order|cover"),
        ("shape_vertices", lambda old: old + 10**6, "not there"),
        ("shape_deltas", lambda old: old * np.inf, "no head has"),
        ("shape_deltas", lambda old: old[:-1], "shape"),
        ("shape_offsets", lambda old: old[::-1], "cover"),
        ("shape_offsets", lambda old: old * 0, "cover"),
        ("shape_offsets", lambda old: old[:0], "cover"),
        ("region_weights", lambda old: old - 5.0, "regions"),
        ("region_names", lambda old: old[:0], "regions"),
        ("region_names", lambda old: np.array(["same"] * len(old)), "names"),
        ("region_names", lambda old: np.array(["a\nb", *old[1:]]), "names"),
        ("region_names", lambda old: np.arange(len(old)), "type"),
        ("landmark_names", lambda old: np.array(["x" * 500, *old[1:]]), "type"),
        ("landmark_vertices", lambda old: old - 10**6, "points at something"),
    ],
)
def test_arrays_that_no_head_has_are_refused(saved, name, array, problem):
    old = np.load(saved / "geometry.npz")[name]
    with np.errstate(all="ignore"):
        change_geometry(saved, **{name: array(old)})
    refused(saved, problem)


def test_an_array_of_python_objects_is_never_unpickled(saved):
    change_geometry(saved, vertices=np.array([{"a": 1}], dtype=object))
    refused(saved)


@pytest.mark.parametrize("name", ["vertices", "faces", "uv", "shape_offsets", "region_names", "landmark_vertices"])
def test_a_missing_array_is_named(saved, name):
    arrays = {key: array for key, array in np.load(saved / "geometry.npz").items() if key != name}
    np.savez(saved / "geometry.npz", **arrays)
    assert f"it has no {name}" in refused(saved)


def test_arrays_that_nobody_knows_are_not_read(saved):
    change_geometry(saved, diary=np.array(["dear"], dtype=object))
    folder.load(saved)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_packings_are_refused(saved, packing):
    """Their readers unpack as much as they like at a time."""
    arrays = dict(np.load(saved / "geometry.npz"))
    with zipfile.ZipFile(saved / "geometry.npz", "w", packing) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            archive.writestr(f"{name}.npy", member.getvalue())
    assert "packed in a way" in refused(saved)


def test_a_flipped_bit_in_the_geometry_is_noticed(saved):
    data = bytearray((saved / "geometry.npz").read_bytes())
    data[len(data) // 2] ^= 0x10
    (saved / "geometry.npz").write_bytes(data)
    refused(saved)


def test_an_offset_that_is_said_to_be_there_and_is_not(saved):
    document = json.loads((saved / "face.json").read_text())
    change(saved, head=document["head"] | {"offset": True})
    assert "it has no offset" in refused(saved)


def test_a_sent_offset_is_held_to_the_same():
    def archive(**arrays):
        file = io.BytesIO()
        np.savez(file, **arrays)
        return io.BytesIO(file.getvalue())

    deltas, vertices = np.zeros((2, 3), np.float32), np.array([5, 1], np.int64)
    offset = folder.unpack_offset(archive(vertex_count=np.array(9), offset_vertices=vertices, offset_deltas=deltas + 1))
    assert offset.shape == (9, 3) and offset.sum() == 6.0
    for wrong in (
        {"vertex_count": np.array(-1)},
        {"vertex_count": np.array(10**12)},
        {"vertex_count": np.array(10**9)},
        {"offset_vertices": np.array([1, 1])},
        {"offset_vertices": np.array([1, 9])},
        {"offset_deltas": deltas * np.nan},
        {"offset_deltas": deltas[:1]},
    ):
        sent = {"vertex_count": np.array(9), "offset_vertices": vertices, "offset_deltas": deltas} | wrong
        with pytest.raises(BadRequest, match=r"The offset is no \.npz"):
            folder.unpack_offset(archive(**sent))


# ---------------------------------------------------------------------------------------------------------------- hair


@pytest.mark.parametrize(
    ("name", "array", "problem"),
    [
        ("scalp_points", lambda old: old * np.nan, "no head has"),
        ("scalp_points", lambda old: old * 1e9, "no head has"),
        ("scalp_points", lambda old: old.astype(np.float16), "type float16"),
        ("scalp_points", lambda old: old[:-1], "shape"),
        ("scalp_points", lambda old: old[..., :2], "shape"),
        ("scalp_points", lambda old: old[:, :1], "no curves"),
        ("scalp_points", lambda old: old[:, :0], "no curves"),
        ("scalp_triangle", lambda old: old - 1, "points at something"),
        ("scalp_triangle", lambda old: old + 10**6, "rooted in a triangle that is not there"),
        ("scalp_triangle", lambda old: old.astype(np.float32), "type float32"),
        ("brows_triangle", lambda old: old.repeat(2), "shape"),
        ("scalp_barycentric", lambda old: old + 1.0, "beside the skin"),
        ("scalp_barycentric", lambda old: old * [[3.0, -1.0, 1.0]], "beside the skin"),
        ("scalp_barycentric", lambda old: old * np.inf, "no head has"),
        ("scalp_uv", lambda old: old[:, :1], "shape"),
        ("scalp_lock", lambda old: old - 1, "points at something"),
        ("scalp_lock", lambda old: old[:2], "shape"),
    ],
)
def test_hair_that_no_head_has_is_refused(saved, name, array, problem):
    arrays = dict(np.load(saved / "groom.npz"))
    with np.errstate(all="ignore"):
        np.savez(saved / "groom.npz", **(arrays | {name: array(arrays[name])}))
    assert "groom.npz" in refused(saved, problem)


@pytest.mark.parametrize("name", ["points", "triangle", "barycentric", "uv", "lock"])
def test_a_missing_array_of_hair_is_named(saved, name):
    arrays = {key: array for key, array in np.load(saved / "groom.npz").items() if key != f"brows_{name}"}
    np.savez(saved / "groom.npz", **arrays)
    assert f"it has no brows_{name}" in refused(saved)


def test_hair_that_would_fill_the_memory_is_not_unpacked(saved, monkeypatch):
    monkeypatch.setattr(packing, "LARGEST_GROOM", 2**20)
    arrays = dict(np.load(saved / "groom.npz"))
    np.savez_compressed(saved / "groom.npz", **(arrays | {"scalp_points": np.zeros((6, 30_000, 3), np.float32)}))
    assert "unpacks to more than 1 MB" in refused(saved)


@pytest.mark.parametrize(
    "fields",
    [
        {"region": "tail"},
        {"region": "brows"},  # there are brows already
        {"style": "../secret"},
        {"style": "Bob"},
        {"style": "bob\n"},
        {"style": 7},
        {"surprise": 1},
        {"look": None},
        {"look": {"surprise": 1}},
        {"look": {"hairs": -1}},
        {"look": {"hairs": 10**9}},
        {"look": {"hairs": 1.5}},
        {"look": {"hairs": 900.0}},
        {"look": {"hairs": True}},
        {"look": {"hairs": "900"}},
        {"look": {"guides_each": 0}},
        {"look": {"radius": 1.0}},
        {"look": {"radius": "thin"}},
        {"look": {"clump": True}},
        {"look": {"clump": [0.5]}},
        {"look": {"twist": 1e300}},
        {"colour": {"melanin": 2.0}},
        {"colour": {"dye": [0.1, 0.2, 0.3]}},
        {"colour": {"dye": [0.1, 0.2, 0.3, -0.4]}},
        {"colour": {"dye": 0.5}},
        {"colour": {"grey": None}},
    ],
)
def test_looks_that_no_hair_has_are_damaged(saved, fields):
    groom = json.loads((saved / "face.json").read_text())["groom"]
    fields = {key: groom[0][key] | value if isinstance(value, dict) else value for key, value in fields.items()}
    change(saved, groom=[groom[0] | fields, *groom[1:]])
    refused(saved, r"face\.json is damaged")


def test_every_number_of_hair_has_a_range():
    assert set(document._LOOK_RANGES) == {field.name for field in dataclasses.fields(HairLook)}
    assert set(document._COLOUR_RANGES) == {field.name for field in dataclasses.fields(HairColour)}


# ---------------------------------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"generator": {"name": "DreamFace"}, "history": ' + "[" * 500 + "]" * 500 + "}",
        '{"generator": {"name": "DreamFace"}, "seed": ' + "9" * 5000 + "}",
        '{"generator": {"name": "DreamFace"}, "seed": 1e999}',
        '{"generator": {"name": "DreamFace"}, "seed": NaN}',
        '{"generator": {"name": "DreamFace"}, "prompt": "\\ud83d"}',
        '{"generator": {"name": "DreamFace"}, "\\ud83d": 1}',
        '{"generator": {"name": "DreamFace"}',
        '{"generator": {"name": "DreamFace"}, "schema_version": 3}',
        "\x00\x00",
    ],
    ids=range(10),
)
def test_json_that_no_program_takes_is_damaged(saved, text):
    (saved / "face.json").write_text(text)
    refused(saved, r"face\.json is damaged")


def test_a_huge_face_json_is_not_read(saved):
    with (saved / "face.json").open("r+b") as file:
        file.truncate(2**34)  # a hole: it takes no space
    assert "larger than 16 MB" in refused(saved)


@pytest.mark.parametrize("version", [True, None, -1, 0, 2.5, "3", [3], {"a": 1}])
def test_a_schema_that_never_was_is_damaged(saved, version):
    change(saved, schema_version=version)
    refused(saved)


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": -1},
        {"seed": 2**32},
        {"resolution": 0},
        {"resolution": 10**9},
        {"tiles": ["skin", "skin"]},
        {"tiles": ["skin", "ey\nes"]},
        {"shapes": [*ARKIT_SHAPES, "\x1b[31m"]},
        {"shapes": [*ARKIT_SHAPES, ""]},
        {"shapes": [*ARKIT_SHAPES, *(f"s{number}" for number in range(100_000))]},
        {"head": {"model": "synthetic", "identity": {"radius": 1e300}}},
        {"generator": {"name": "DreamFace", "version": "1", "hashes": {"face.json": "none"}}},
    ],
)
def test_documents_that_no_face_has_are_damaged(saved, fields):
    change(saved, **fields)
    refused(saved, r"face\.json is damaged")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "velvet"},
        {"roughness": -1.0},
        {"roughness": 2.0},
        {"base_colour": [1.0, 1.0, 1e9]},
        {"ior": 0.5},
        {"tile": "moon"},
        {"transmission": "much"},
    ],
)
def test_materials_that_no_surface_has_are_damaged(saved, fields):
    materials = json.loads((saved / "face.json").read_text())["materials"]
    change(saved, materials=materials | {"skin": materials["skin"] | fields})
    refused(saved, r"face\.json is damaged")


@pytest.mark.parametrize(
    "fields",
    [
        {"colour_space": "non-color"},
        {"file": "maps/skin_albedo.exr"},
        {"file": "maps/skin_albedo.tif"},
        {"file": "maps/eyes_albedo.png"},
        {"channel": "normal"},
        {"tile": "moon"},
        {"sha256": "00"},
    ],
)
def test_maps_that_are_not_what_they_say_are_damaged(saved, fields):
    maps = json.loads((saved / "face.json").read_text())["maps"]
    change(saved, maps=[maps[0] | fields, *maps[1:]])
    refused(saved, r"face\.json is damaged")


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "", "  ", "x" * 1000, "\u202egnp"])
def test_names_that_steer_a_terminal_or_a_text_file_are_damaged(saved, name):
    parts = json.loads((saved / "face.json").read_text())["parts"]
    change(saved, parts=[parts[0] | {"name": name}, *parts[1:]])
    refused(saved, r"face\.json is damaged")


# -------------------------------------------------------------------------------------------------------------- images


def png(width: int, height: int, data: bytes, colours: int = 2) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, colours, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("file", ["preview.png", "maps/skin_albedo.png"])
def test_a_picture_that_would_fill_the_memory_is_not_unpacked(saved, file, recwarn):
    (saved / file).write_bytes(png(9000, 9000, zlib.compress(b"0")))
    assert "9,000 x 9,000 pixels" in refused(saved)
    assert not recwarn.list


def test_maps_that_would_fill_the_memory_together_are_not_unpacked(saved):
    for file in (saved / "maps").glob("*.png"):
        colours = 2 if "albedo" in file.name or "normal" in file.name else 0
        file.write_bytes(png(8192, 8192, zlib.compress(b"0"), colours))
    assert "larger together" in refused(saved)


@pytest.mark.parametrize("size", [(0, 5), (2**31 - 1, 2**31 - 1)])
def test_a_picture_of_no_size_is_refused(saved, size):
    (saved / "preview.png").write_bytes(png(*size, zlib.compress(b"0")))
    refused(saved)


@pytest.mark.parametrize(
    ("file", "mode"),
    [
        ("maps/skin_albedo.png", "L"),
        ("maps/skin_normal.png", "L"),
        ("maps/skin_roughness.png", "RGB"),
        ("preview.png", "L"),
        ("preview.png", "RGBA"),
        ("preview.png", "P"),
        ("maps/skin_roughness.png", "I;16"),
    ],
)
def test_a_picture_with_other_channels_is_refused(saved, file, mode):
    Image.new(mode, (64, 64)).save(saved / file)
    assert file in refused(saved)


def test_a_flipped_bit_in_a_picture_is_noticed(saved):
    data = bytearray((saved / "maps/skin_albedo.png").read_bytes())
    data[len(data) // 2] ^= 0x10
    (saved / "maps/skin_albedo.png").write_bytes(data)
    assert "checksum" in refused(saved)


def write_exr(path: Path, channels: dict[str, np.ndarray]) -> None:
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    OpenEXR.File(header, channels).write(str(path))


@pytest.mark.parametrize(
    "channels",
    [
        {"Y": np.full((64, 64), np.nan, np.float32)},
        {"Y": np.full((64, 64), np.inf, np.float32)},
        {"Y": np.full((64, 64), 1e6, np.float32)},
        {"Z": np.zeros((64, 64), np.float32)},
        {"Y": np.zeros((64, 64), np.float32), "Z": np.zeros((64, 64), np.float32)},
    ],
    ids=range(5),
)
def test_displacement_that_no_skin_has_is_refused(saved, channels):
    write_exr(saved / "maps/skin_displacement.exr", channels)
    assert "skin_displacement.exr" in refused(saved)


def test_what_openexr_says_of_a_damaged_file_is_not_heard(saved, capfd):
    file = saved / "maps/skin_displacement.exr"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 :] = b"\x1b" * (len(data) - len(data) // 2)
    file.write_bytes(data)
    refused(saved)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


@pytest.mark.parametrize("side", [9000, 2**30])
def test_an_exr_that_would_fill_the_memory_is_not_unpacked(saved, side):
    file = saved / "maps/skin_displacement.exr"
    write_exr(file, {"Y": np.zeros((64, 64), np.float32)})
    window = struct.pack("<iiii", 0, 0, 63, 63)
    assert window in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(window, struct.pack("<iiii", 0, 0, side - 1, side - 1)))
    refused(saved)


# ----------------------------------------------------------------------------------------------------------- verifying


def verified(place: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = main(["verify", str(place), "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_face_that_nobody_touched_is_whole(saved, capsys):
    code, found = verified(saved, capsys)
    assert (code, found["whole"], set(found["files"].values())) == (0, True, {"whole"})
    on_disk = {file.relative_to(saved).as_posix() for file in saved.rglob("*") if file.is_file()}
    assert set(found["files"]) == on_disk
    assert main(["verify", str(saved / "face.json")]) == 0
    assert f"is as it was saved, all {len(on_disk)} files." in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize("file", ["geometry.npz", "preview.png", "maps/eyes_albedo.png", "maps/skin_displacement.exr"])
def test_a_changed_and_a_missing_file_are_named(saved, capsys, file):
    data = bytearray((saved / file).read_bytes())
    data[len(data) // 2] ^= 1
    (saved / file).write_bytes(data)
    code, found = verified(saved, capsys)
    assert (code, found["whole"], found["files"][file]) == (1, False, "changed")
    (saved / file).unlink()
    code, found = verified(saved, capsys)
    assert (code, found["files"][file]) == (1, "missing")
    assert main(["verify", str(saved)]) == 1
    assert f"{file} is missing." in capsys.readouterr().out.splitlines()


def test_a_map_that_was_painted_over_still_opens(saved):
    """An artist may paint over a map; only who asks is told."""
    Image.new("RGB", (64, 64), (200, 100, 50)).save(saved / "maps/skin_albedo.png")
    assert folder.load(saved).maps["skin"]["albedo"].std() < 1.0
    changed = [found.file for found in folder.verify(saved) if found.state != "whole"]
    assert changed == ["maps/skin_albedo.png"]


def test_a_face_json_of_other_words_is_noticed_and_one_of_another_layout_is_not(saved, capsys):
    text = json.loads((saved / "face.json").read_text())
    (saved / "face.json").write_text(json.dumps(text, indent=4, sort_keys=True))
    assert verified(saved, capsys)[0] == 0
    change(saved, seed=12)
    code, found = verified(saved, capsys)
    assert (code, found["files"]["face.json"]) == (1, "changed")


def test_an_older_face_opens_and_verify_says_that_it_cannot_tell(saved, capsys):
    document = json.loads((saved / "face.json").read_text())
    del document["generator"]["hashes"]
    for file in document["maps"]:
        del file["sha256"]
    (saved / "face.json").write_text(json.dumps(document))
    folder.load(saved)
    code, found = verified(saved, capsys)
    assert (code, found["whole"], set(found["files"].values())) == (0, None, {"unknown"})
    assert main(["verify", str(saved)]) == 0
    assert "can't be told" in capsys.readouterr().out


def test_a_map_has_the_hash_of_its_file(saved):
    document = folder.read_document(saved)
    for file in document.maps:
        assert file.sha256 == hashlib.sha256((saved / file.file).read_bytes()).hexdigest()
