"""`dreamface animate`."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pygltflib
import pytest

from dreamface import folder
from dreamface.cli import main
from dreamface.motion import read_live_link, trackers, write_take
from dreamface.performance import Performance, load_performance
from dreamface.progress import Progress
from dreamface.traits import ARKIT_SHAPES
from tests.support import synthetic_face
from tests.takes import a_take


@pytest.fixture
def take(tmp_path: Path) -> Path:
    return write_take(a_take(), tmp_path / "take.npz")


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder.save(synthetic_face(side=2, resolution=16), tmp_path_factory.mktemp("faces") / "a face")


def animate(capsys: pytest.CaptureFixture[str], *words: Any) -> tuple[int, Any, str]:
    """Exit code, result and the last line of stderr."""
    code = main(["animate", "--json", *map(str, words)])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else None, said.err.strip().splitlines()[-1] if said.err else ""


def test_a_take_becomes_a_csv_and_back(take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, result, _ = animate(capsys, take, "-o", tmp_path / "take.csv")
    assert code == 0
    assert result == {
        "file": str(tmp_path / "take.csv"), "source": "made up.mp4", "moments": 60, "seconds": 1.967, "seen": 1.0,
        "rate": 30.0, "notes": [],
    }  # fmt: skip
    assert animate(capsys, tmp_path / "take.csv", "-o", tmp_path / "again.npz")[0] == 0
    assert np.abs(load_performance(tmp_path / "again.npz").weights - a_take().weights).max() < 1e-6


def test_all_wishes_are_heard(take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wishes = ("--start", 0.5, "--end", 1.5, "--mirror", "--gain", "jaw=0.5", "--gain", "mouthRight=2", "--rate", 24)
    code, result, _ = animate(capsys, take, "-o", tmp_path / "take.csv", *wishes)
    assert (code, result["moments"], result["rate"]) == (0, 25, 24.0)
    made = read_live_link(tmp_path / "take.csv")
    assert made.channel("mouthRight") == pytest.approx(0.5)
    assert made.channel("jawOpen")[0] == pytest.approx(0.5 * a_take().channel("jawOpen")[15], abs=1e-5)


def test_footage_on_a_face_becomes_a_glb_that_plays(
    face: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def track(source: Path, options: Any, progress: Progress) -> Performance:
        asked.append(options)
        progress.report("track", 0.5, "half")
        seen = np.ones(60, bool)
        seen[:15] = False
        return a_take(source=source.name, seen=seen)

    double = SimpleNamespace(track=track)
    monkeypatch.setattr(trackers, "room", lambda: double)
    (tmp_path / "film.mp4").write_bytes(b"frames")
    wishes = ("--tracker", "face-mesh", "--face", 1, "--neutral", 0.5)
    code, result, _ = animate(capsys, face, tmp_path / "film.mp4", "-o", tmp_path / "face.glb", *wishes)
    assert code == 0, result
    assert (asked[0].tracker, asked[0].face, asked[0].neutral) == ("face-mesh", 1, 0.5)
    assert result["notes"][0].startswith("For 0.5 of 2.0 seconds no face was seen")
    gltf = pygltflib.GLTF2.load_binary(str(tmp_path / "face.glb"))
    assert {each.target.path for each in gltf.animations[0].channels} == {"weights", "rotation", "translation"}
    assert len(gltf.meshes[0].weights) == len(ARKIT_SHAPES)


def test_a_person_reads_what_was_written(take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["animate", str(take), "-o", str(tmp_path / "take.csv")]) == 0
    assert "60 moments, 2.0 s at 30 a second" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("take.npz", "-o", "face.glb"), "A .glb needs a face: dreamface animate FACE SOURCE"),
        (("take.npz", "-o", "take.fbx"), "take.fbx holds no performance: end it in .csv, .npz, .glb, .blend."),
        (("take.npz", "-o", "none/take.csv"), "none is not a folder"),
        (("gone.mp4", "-o", "take.csv"), "gone.mp4 is not there"),
        (("take.npz", "-o", "take.csv", "--gain", "mouth"), "'mouth' is no gain"),
        (("take.npz", "-o", "take.csv", "--gain", "nose=1"), "no region 'nose'"),
        (("take.npz", "-o", "take.csv", "--smoothing", "2"), "Smoothing goes"),
        (("take.npz", "-o", "take.csv", "--start", "9"), "Nothing of the take"),
        (("gone", "take.npz", "-o", "face.glb"), "gone"),
        (("take.npz", "-o", "take.csv", "--rig", "unreal"), "A .csv has no bones"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_leaves_nothing(
    take: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: Any, sentence: str
) -> None:
    monkeypatch.chdir(take.parent)
    code, result, said = animate(capsys, *words)
    assert (code, result) == (1, None)
    assert sentence in json.loads(said)["error"]
    assert [file.name for file in take.parent.iterdir()] == ["take.npz"]


def test_a_face_can_perform_on_bones(
    face: Path, take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert animate(capsys, face, take, "-o", tmp_path / "face.glb", "--rig", "unreal")[0] == 0
    gltf = pygltflib.GLTF2.load_binary(str(tmp_path / "face.glb"))
    (turned,) = [each.target.node for each in gltf.animations[0].channels if each.target.path == "rotation"]
    assert gltf.nodes[turned].name == "head"
    assert turned in gltf.skins[0].joints
