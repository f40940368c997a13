"""ICT-FaceKit's archive against what is made of it: every mesh, the README's ranges, and the sample's coefficients."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamface.errors import MissingDependency
from dreamface.head.ict import parts as ict_parts
from dreamface.head.ict.motion import EXTRAS, SHAPE_NAMES, ict_name
from dreamface.head.ict.source import IctSource, load_source
from dreamface.models import ict_facekit
from dreamface.traits import ARKIT_SHAPES

Damage = Callable[[Callable[[dict[str, Any], bytearray], None]], str]

FLOAT = 1e-8  # metres: the file holds float32 offsets of at most some centimetres
CENTIMETRE = 0.01


@cache
def obj_vertices(file: Path) -> np.ndarray:
    """The file's vertices as Blender has them: metres, Z up, looking along -Y."""
    rows = [line.split()[1:4] for line in file.read_text("ascii").splitlines() if line.startswith("v ")]
    x, y, z = np.array(rows, dtype=np.float64).T * CENTIMETRE
    return np.stack((x, -z, y), axis=1)


@pytest.fixture(scope="module")
def source(ict_models: Path) -> IctSource:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(ict_models))
        return load_source()


@pytest.fixture(scope="module")
def neutral(ict_unpacked: Path) -> np.ndarray:
    return obj_vertices(ict_unpacked / "FaceXModel" / "generic_neutral_mesh.obj")


def test_neutral_is_the_archives(source: IctSource, neutral: np.ndarray) -> None:
    assert neutral.shape == (26719, 3)
    assert np.abs(source.neutral.numpy() - neutral).max() < FLOAT


@pytest.mark.parametrize("tens", range(10))
def test_every_mode_is_the_archives(tens: int, source: IctSource, neutral: np.ndarray, ict_unpacked: Path) -> None:
    for mode in range(10 * tens, 10 * tens + 10):
        mesh = obj_vertices(ict_unpacked / "FaceXModel" / f"identity{mode:03d}.obj")
        assert np.abs(neutral + source.modes[mode].numpy() - mesh).max() < FLOAT, mode


def test_every_expression_is_the_archives(source: IctSource, neutral: np.ndarray, ict_unpacked: Path) -> None:
    files = {file.stem for file in (ict_unpacked / "FaceXModel").glob("*.obj")}
    files = {name for name in files if not name.startswith(("identity", "generic"))}
    assert set(source.expressions) == files
    assert len(files) == 57
    for name, offsets in source.expressions.items():
        mesh = obj_vertices(ict_unpacked / "FaceXModel" / f"{name}.obj")
        assert np.abs(neutral + offsets.numpy() - mesh).max() < FLOAT, name


def readme_ranges(text: str, title: str) -> dict[str, tuple[int, int, int, int]]:
    """Name -> first vertex, end of vertices, first face, end of faces, from the README's table under a title."""
    table = text.split(title, 1)[1].split("\n### ", 1)[0]
    rows = re.findall(r"^\| #\d+ +\| ([^|]+?) +\| \[(\d+):(\d+)\] +\| \[(\d+):(\d+)\]", table, re.MULTILINE)
    return {name: (int(a), int(b) + 1, int(c), int(d) + 1) for name, a, b, c, d in rows}


def test_parts_are_the_readmes(ict_unpacked: Path) -> None:
    text = (ict_unpacked / "README.md").read_text("utf-8")
    parts, eyeballs = readme_ranges(text, "### Face Model Topology"), readme_ranges(text, "### Eyeball Details")
    assert len(parts) == 17
    assert len(eyeballs) == 4
    ours = {part.name: (*part.vertices, *part.faces) for part in ict_parts.parts((0, 0))}
    names = {
        "Face": "skin", "Head and Neck": "back_of_head", "Mouth socket": "mouth_socket",
        "Eye socket left": "left_eye_socket", "Eye socket right": "right_eye_socket",
        "Gums and tongue": "gums_and_tongue", "Teeth": "teeth",
        "Lacrimal fluid left": "left_lacrimal_fluid", "Lacrimal fluid right": "right_lacrimal_fluid",
        "Eye blend left": "left_eye_blend", "Eye blend right": "right_eye_blend",
        "Eye occlusion left": "left_eye_occlusion", "Eye occlusion right": "right_eye_occlusion",
        "Eyelashes left": "left_lashes", "Eyelashes right": "right_lashes",
        "Sclera left": "left_sclera", "Iris left": "left_iris",
        "Sclera right": "right_sclera", "Iris right": "right_iris",
    }  # fmt: skip
    for theirs, name in names.items():
        assert ours[name] == (parts | eyeballs)[theirs], name
    for side in ("left", "right"):  # the README's eyeball is our white and iris
        first, last = ours[f"{side}_sclera"], ours[f"{side}_iris"]
        assert (first[0], last[1], first[2], last[3]) == parts[f"Eyeball {side}"]
    narrow = readme_ranges(text, "### Face Area Details")["Full face area"]
    assert ours["skin"] == narrow


def test_multipie_landmarks_are_the_readmes(source: IctSource, ict_unpacked: Path) -> None:
    text = (ict_unpacked / "README.md").read_text("utf-8")
    listed = text.split("landmarks indices:", 1)[1].strip().split("\n", 1)[0]
    assert source.multipie.tolist() == [int(number) for number in listed.split(",")]


def test_sample_coefficients_give_the_plain_sum(source: IctSource, neutral: np.ndarray, ict_unpacked: Path) -> None:
    """The light model's scripts take the first 100 of the full model's coefficients."""
    sample = json.loads((ict_unpacked / "sample_data" / "sample_identity_coeffs.json").read_text("utf-8"))
    names = json.loads((ict_unpacked / "FaceXModel" / "vertex_indices.json").read_text("utf-8"))["expressions"]
    identity = sample["identity_coefficients"][:100]
    expression = np.array(sample["expression_coefficients"])
    expression[[3, 26]] = 0.4, 0.7  # the sample's are all 0, which would test nothing
    expected = neutral.copy()
    for mode, weight in enumerate(identity):
        expected += weight * (obj_vertices(ict_unpacked / "FaceXModel" / f"identity{mode:03d}.obj") - neutral)
    for name, weight in zip(names, expression, strict=True):
        if weight:
            expected += weight * (obj_vertices(ict_unpacked / "FaceXModel" / f"{name}.obj") - neutral)
    found = source.neutral.double().numpy()
    found = found + np.einsum("m,mvx->vx", np.array(identity), source.modes.double().numpy())
    found = found + sum(
        weight * source.expressions[name].double().numpy() for name, weight in zip(names, expression, strict=True)
    )
    assert np.abs(found - expected).max() < 1e-7
    assert np.abs(expected - neutral).max() > 5e-3


def test_every_shape_has_its_source(source: IctSource) -> None:
    """All of ARKit's names are made of the archive's, but for the tongue, and none of the archive's is forgotten."""
    assert SHAPE_NAMES[:52] == ARKIT_SHAPES
    used = set(EXTRAS)
    for name in ARKIT_SHAPES:
        if name in ("browInnerUp", "cheekPuff"):
            assert {f"{name}_L", f"{name}_R"} <= set(EXTRAS)
        elif name != "tongueOut":
            used.add(ict_name(name))
    assert used == set(source.expressions)


# --------------------------------------------------------------------------------------------- damaged installed files


@pytest.fixture
def damaged(ict_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Damage:
    """Installs a copy in which one thing is not as it was, and gives the sentence that loading it ends with."""
    data = (ict_models / "ict-facekit" / ict_facekit.FILE).read_bytes()
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])

    def damage(change: Callable[[dict[str, Any], bytearray], None]) -> str:
        changed, body = json.loads(json.dumps(header)), bytearray(data[start:])
        change(changed, body)
        said = json.dumps(changed).encode()
        place = tmp_path / "ict-facekit" / ict_facekit.FILE
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(len(said).to_bytes(8, "little") + said + body)
        with pytest.raises(MissingDependency) as refused:
            load_source()
        return str(refused.value)

    return damage


def overwrite(name: str, content: bytes) -> Callable[[dict[str, Any], bytearray], None]:
    """Puts something else where an array begins."""

    def change(header: dict[str, Any], body: bytearray) -> None:
        start = header[name]["data_offsets"][0]
        body[start : start + len(content)] = content

    return change


@pytest.mark.parametrize("name", ["faces", "face_uvs", "multipie"])
@pytest.mark.parametrize("content", [
    (28911).to_bytes(4, "little"), (-1).to_bytes(4, "little", signed=True), bytes(range(7, 207)),
])  # fmt: skip
def test_numbers_that_lead_beyond_the_arrays_are_found(damaged: Damage, name: str, content: bytes) -> None:
    sentence = damaged(overwrite(name, content))
    assert sentence == (
        f"The installed ICT-FaceKit is damaged or of another version (its {name} lead beyond its arrays): "
        "install it again with `dreamface models install ict-facekit`, or under Models in DreamFace's preferences."
    )


@pytest.mark.parametrize("change", [
    lambda header, body: header.pop("__metadata__"),
    lambda header, body: header["__metadata__"].update(format="0"),
    lambda header, body: header["__metadata__"].update(expression_names="7"),
    lambda header, body: header["__metadata__"].update(
        expression_names=header["__metadata__"]["expression_names"].replace("jawOpen", "jawOpem")
    ),
    lambda header, body: header["neutral"].update(shape=[3, 26719]),
    lambda header, body: header["faces"].update(dtype="F32"),
    lambda header, body: header.update(nix=header.pop("uv")),
    lambda header, body: body.pop(),
])  # fmt: skip
def test_another_header_is_found(damaged: Damage, change: Callable[[dict[str, Any], bytearray], None]) -> None:
    sentence = damaged(change)
    assert sentence.startswith("The installed ICT-FaceKit is damaged or of another version (")
    assert sentence.endswith("install ict-facekit`, or under Models in DreamFace's preferences.")


def test_what_is_not_installed_says_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    how = "install it with `dreamface models install ict-facekit`, or under Models in DreamFace's preferences."
    with pytest.raises(MissingDependency) as refused:
        load_source()
    assert str(refused.value) == f"ICT-FaceKit is not installed: {how}"
