"""Contact sheets and the page of a batch: what is written, and what no prompt or name can break."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pygltflib
import pytest
from PIL import Image

from dreamface import folder, webpage
from dreamface.cli import main
from dreamface.errors import Cancelled, FolderError
from dreamface.export import light_glb
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES
from dreamface.webpage import page as page_module
from tests.gltf_validator import validate_glb
from tests.support import synthetic_face, welded_face

EVIL = "</script><img src=x onerror=\"window.injected = 1\"> & 'quoted' “smooth” \u2028 鬼"
NAMES = ("ada", "a b#c%d?e", "ünïcode 顔", 'it\'s "quoted"')


@pytest.fixture(autouse=True)
def bundle(tmp_path_factory, monkeypatch):
    """A 3D view that is built, whether or not npm is here."""
    there = tmp_path_factory.mktemp("bundle") / "page.js"
    there.write_text("window.dreamfaceViewer = {};\n", "ascii")
    monkeypatch.setattr(page_module, "_bundle", lambda: there)
    return there


def saved(place: Path, name: str, prompt: str = "somebody", seed: int = 11) -> Path:
    face = synthetic_face(face_id=name)
    return folder.save(replace(face, record=replace(face.record, prompt=prompt, seed=seed)), place / name)


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Faces with difficult names and prompts; never changed."""
    place = tmp_path_factory.mktemp("batch")
    return [saved(place, name, EVIL, number) for number, name in enumerate(NAMES)]


def data_of(out: Path) -> dict:
    text = (out / "page" / "faces.js").read_text("ascii")
    assert text.startswith("window.dreamface = ") and text.endswith(";\n")
    return json.loads(text.removeprefix("window.dreamface = ").removesuffix(";\n"))


def test_the_page_has_every_face_with_its_files(batch, tmp_path):
    page = webpage.write_page(tmp_path, batch)
    assert page == tmp_path / "index.html"
    data = data_of(tmp_path)
    assert [face["name"] for face in data["faces"]] == list(NAMES)
    assert [face["seed"] for face in data["faces"]] == [0, 1, 2, 3]
    assert data["shapes"] == list(ARKIT_SHAPES)
    for face, place in zip(data["faces"], batch, strict=True):
        assert Image.open(tmp_path / unquote(face["thumbnail"])).size == (320, 320)
        assert (tmp_path / unquote(face["picture"])).resolve() == place / "preview.png"
        assert (tmp_path / unquote(face["head"])).is_file()
        assert len(face["facets"]) == len(data["facets"])
        assert not re.search("[ #?\"']|%(?![0-9A-F]{2})", face["thumbnail"] + face["head"] + face["picture"])


def test_the_page_asks_for_nothing_from_a_network_or_from_files_but_by_tags(batch, tmp_path):
    text = webpage.write_page(tmp_path, batch).read_text("utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert not re.search(r"\bfetch\(|XMLHttpRequest|^\s*import\b|import\(", text, re.MULTILINE)
    assert "{{" not in text.split("<script")[0]


def test_no_prompt_and_no_name_becomes_markup(batch, tmp_path):
    out = tmp_path / "<b>{{GALLERY}} & co"
    out.mkdir()
    text = webpage.write_page(out, batch).read_text("utf-8")
    assert "onerror" not in text.replace(".onerror", "")
    assert "<b>" not in text and text.count("&lt;b&gt;{{GALLERY}} &amp; co") == 2
    assert text.count("new Gallery()") == 1
    script = (out / "page" / "faces.js").read_text("ascii")
    assert "<" not in script
    assert data_of(out)["faces"][0]["prompt"] == folder.read_document(batch[0]).record.prompt


def test_a_heads_script_hands_over_its_glb(batch, tmp_path):
    webpage.write_page(tmp_path, batch[3:])
    script = (tmp_path / "page" / "heads" / f"{NAMES[3]}.js").read_text("ascii")
    name, data = re.fullmatch(r'// \d+\ndreamfaceHead\((".*"), "([A-Za-z0-9+/=]+)"\);\n', script).groups()
    assert json.loads(name) == NAMES[3]
    assert gzip.decompress(base64.b64decode(data)) == light_glb(folder.load(batch[3]))


@pytest.mark.parametrize("face", [synthetic_face(), welded_face()], ids=["synthetic", "welded"])
def test_the_small_glb_is_valid_and_has_all_shapes(face, tmp_path):
    path = tmp_path / "face.glb"
    path.write_bytes(light_glb(face))
    report = validate_glb(path)
    known = {"MESH_PRIMITIVE_GENERATED_TANGENT_SPACE", "VALUE_NOT_IN_LIST"}  # WebP is an extension's
    found = [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1 and issue["code"] not in known]
    assert found == []
    assert "KHR_mesh_quantization" in report["info"]["extensionsRequired"]


def test_the_small_glbs_shapes_move_what_the_faces_do():
    face = synthetic_face()
    file = pygltflib.GLTF2.load_from_bytes(light_glb(face))
    skin = next(mesh for mesh in file.meshes if mesh.name == "skin")
    blob = file.binary_blob()
    index = face.shape_names.index("jawOpen")
    accessor = file.accessors[skin.primitives[0].targets[index]["POSITION"]]
    view = file.bufferViews[accessor.sparse.values.bufferView]
    offsets = np.frombuffer(blob, np.int16, 3 * accessor.sparse.count, view.byteOffset).reshape(-1, 3) / 32767
    largest = face.shapes[index, slice(*face.head.topology.part("skin").vertices)].norm(dim=1).max().item()
    assert accessor.normalized
    assert np.linalg.norm(offsets, axis=1).max() == pytest.approx(largest, abs=3e-5)


def test_a_damaged_face_is_listed_with_the_reason(batch, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(batch[0], broken)
    (broken / "face.json").write_text("{", "utf-8")
    gone = tmp_path / "gone"
    webpage.write_page(tmp_path, [broken, batch[1], gone])
    faces = data_of(tmp_path)["faces"]
    assert set(faces[0]) == {"name", "reason"} and "face.json" in faces[0]["reason"]
    assert str(tmp_path) not in faces[0]["reason"]
    assert faces[2]["reason"]
    assert faces[1]["head"]


def test_a_face_whose_arrays_are_lost_shows_its_picture(batch, tmp_path):
    half = tmp_path / "half"
    shutil.copytree(batch[0], half)
    (half / "geometry.npz").unlink()
    webpage.write_page(tmp_path, [half])
    (face,) = data_of(tmp_path)["faces"]
    assert face["head"] == "" and "dreamface view half" in face["missing"] and face["thumbnail"]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n...")])
def test_a_missing_or_damaged_preview_leaves_an_empty_place(batch, tmp_path, damage):
    face = tmp_path / "face"
    shutil.copytree(batch[0], face)
    damage(face / "preview.png")
    webpage.write_page(tmp_path, [face], heads=False)
    (shown,) = data_of(tmp_path)["faces"]
    assert shown["thumbnail"] == "" and not shown.get("reason")
    (sheet,) = webpage.write_contact_sheets(tmp_path, [face])
    assert sheet.is_file()


def test_large_batches_and_those_that_want_none_have_no_heads(batch, tmp_path, monkeypatch):
    webpage.write_page(tmp_path, batch, heads=False)
    assert [face["head"] for face in data_of(tmp_path)["faces"]] == [""] * 4
    monkeypatch.setattr(page_module, "MOST_HEADS", 3)
    webpage.write_page(tmp_path, batch)
    assert "dreamface view ada" in data_of(tmp_path)["faces"][0]["missing"]
    assert not any((tmp_path / "page" / "heads").iterdir())


def test_heads_that_workers_have_written_are_on_the_page(batch, tmp_path):
    script = webpage.write_head(tmp_path, batch[0], face=folder.load(batch[0]))
    webpage.write_page(tmp_path, batch, heads=False)
    heads = [face["head"] for face in data_of(tmp_path)["faces"]]
    assert heads == [script.relative_to(tmp_path).as_posix(), "", "", ""]


def test_without_the_3d_view_the_page_says_how_it_is_built(batch, tmp_path, monkeypatch):
    webpage.write_page(tmp_path, batch[:1])
    assert (tmp_path / "page" / "viewer.js").is_file()
    monkeypatch.setattr(page_module, "_bundle", lambda: None)
    webpage.write_page(tmp_path, batch[:1])
    data = data_of(tmp_path)
    assert data["viewer"] == "" and "npm install && npm run build" in data["build"]
    assert not (tmp_path / "page" / "viewer.js").exists()


def test_writing_the_page_again_keeps_what_is_there(batch, tmp_path):
    face = tmp_path / "face"
    shutil.copytree(batch[0], face)
    webpage.write_page(tmp_path, [face])
    files = [tmp_path / "page" / "heads" / "face.js", tmp_path / "page" / "thumbnails" / "face.jpg"]
    before = [file.stat().st_mtime_ns for file in files]
    webpage.write_page(tmp_path, [face])
    assert [file.stat().st_mtime_ns for file in files] == before
    folder.save(replace(folder.load(face), preview=1.0 - folder.load(face).preview), face)
    webpage.write_page(tmp_path, [face])
    assert all(file.stat().st_mtime_ns > then for file, then in zip(files, before, strict=True))


def test_another_face_of_that_name_has_its_own_head_and_picture(batch, tmp_path):
    """Also one that is older than what was made of the first."""
    first, second = tmp_path / "one" / "face", tmp_path / "two" / "face"
    shutil.copytree(batch[1], second)
    shutil.copytree(batch[0], first)
    os.utime(second / "face.json", ns=(10**18, 10**18))
    webpage.write_page(tmp_path, [first])
    files = [tmp_path / "page" / "heads" / "face.js", tmp_path / "page" / "thumbnails" / "face.jpg"]
    before = [file.read_bytes() for file in files]
    webpage.write_page(tmp_path, [second])
    assert all(file.read_bytes() != then for file, then in zip(files, before, strict=True))


def test_nothing_of_somebody_elses_is_written_over(batch, tmp_path):
    own = tmp_path / "index.html"
    own.write_text("<title>My holidays</title>")
    with pytest.raises(FolderError, match="a page of your own: move it away"):
        webpage.write_page(tmp_path, batch[:1])
    assert own.read_text() == "<title>My holidays</title>"
    for name in ("contact-sheet.jpg", "contact-sheet-7.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    with pytest.raises(FolderError, match="a picture of your own"):
        webpage.write_contact_sheets(tmp_path, batch[:1])
    (tmp_path / "contact-sheet.jpg").unlink()
    webpage.write_contact_sheets(tmp_path, batch[:1])
    webpage.write_contact_sheets(tmp_path, batch[:1])
    assert Image.open(tmp_path / "contact-sheet-7.jpg").size == (8, 8)


def test_faces_of_the_same_name_are_told_apart(batch, tmp_path):
    other = tmp_path / "elsewhere" / "ADA"
    shutil.copytree(batch[0], other)
    webpage.write_page(tmp_path, [batch[0], other, batch[0]], heads=False)
    assert [face["name"] for face in data_of(tmp_path)["faces"]] == ["ada", "ADA-2"]


def test_stopping_writes_no_page(batch, tmp_path):
    with pytest.raises(Cancelled):
        webpage.write_page(tmp_path, batch, Progress(cancelled=lambda: True))
    assert not (tmp_path / "index.html").exists()


def test_a_folder_that_is_not_there_is_one_sentence(batch, tmp_path):
    with pytest.raises(FolderError, match="create it first"):
        webpage.write_page(tmp_path / "nowhere", batch)
    with pytest.raises(FolderError, match="create it first"):
        webpage.write_contact_sheets(tmp_path / "nowhere", batch)


# ------------------------------------------------------------------------------------------------------ contact sheets


def test_a_sheet_has_each_face_once_and_in_order(tmp_path):
    place = tmp_path / "faces"
    place.mkdir()
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    faces = [saved(place, f"face-{number}") for number in range(3)]
    for face, colour in zip(faces, colours, strict=True):
        Image.new("RGB", (64, 64), colour).save(face / "preview.png")
    (path,) = webpage.write_contact_sheets(tmp_path, faces)
    assert path.name == "contact-sheet.jpg"
    sheet = Image.open(path)
    assert "synthetic" in sheet.getexif()[0x010E]
    row = [sheet.getpixel((x, 300)) for x in range(sheet.width)]
    first_row = [
        colour for colour in colours if any(sum(abs(a - b) for a, b in zip(p, colour, strict=True)) < 30 for p in row)
    ]
    assert first_row == colours[: len(first_row)] and len(first_row) >= 2


def test_there_are_100_faces_a_sheet_and_old_sheets_go(batch, tmp_path, monkeypatch):
    monkeypatch.setattr(webpage.sheets, "PER_SHEET", 2)
    assert [path.name for path in webpage.write_contact_sheets(tmp_path, batch)] == [
        "contact-sheet.jpg",
        "contact-sheet-2.jpg",
    ]
    (tmp_path / "contact-sheet-mine.jpg").write_bytes(b"")
    assert len(webpage.write_contact_sheets(tmp_path, batch[:1])) == 1
    assert sorted(path.name for path in tmp_path.glob("*.jpg")) == ["contact-sheet-mine.jpg", "contact-sheet.jpg"]
    assert webpage.write_contact_sheets(tmp_path, []) == []


# ------------------------------------------------------------------------------------------------------ dreamface view


def test_view_writes_a_page_and_opens_it(batch, tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    assert main(["view", str(batch[1]), "-o", str(tmp_path / "new" / "page")]) == 0
    page = tmp_path / "new" / "page" / "index.html"
    assert opened == [page.as_uri()] and str(page) in capsys.readouterr().out
    assert [face["name"] for face in data_of(page.parent)["faces"]] == [NAMES[1]]


def test_view_without_opening_says_where_the_page_is(batch, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("webbrowser.open", lambda url: pytest.fail("opened"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["view", str(batch[0] / "face.json"), "--no-open", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["opened"] is False and told["faces"] == [str(batch[0])]
    assert Path(told["page"]).is_file() and Path(told["page"]).is_relative_to(tmp_path)


def test_view_shows_a_whole_folder_of_faces(batch, tmp_path):
    assert main(["view", str(batch[0].parent), "--no-open", "-o", str(tmp_path)]) == 0
    assert sorted(face["name"] for face in data_of(tmp_path)["faces"]) == sorted(NAMES)


def test_view_refuses_what_is_no_face(tmp_path, capsys):
    assert main(["view", str(tmp_path), "--no-open"]) == 1
    assert "There is no face in" in capsys.readouterr().err
    (tmp_path / "face.json").write_text("{", "utf-8")
    assert main(["view", str(tmp_path), "--no-open"]) == 1
    assert "face.json" in capsys.readouterr().err
