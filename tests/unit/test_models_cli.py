"""`dreamface models`, what `doctor` says of them, and faces whose model is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dreamface import folder, pipeline
from dreamface.cli import main
from dreamface.errors import BadRequest
from dreamface.models import ict_facekit, places
from tests import tiny_ict
from tests.support import synthetic_face
from tests.unit.test_stable_diffusion import checkpoint, safetensors
from tests.unit.test_stable_diffusion import folder as folder_of_stable_diffusion

Run = Callable[..., tuple[int, str, str]]
HOW = "install it with `dreamface models install ict-facekit`, or under Models in DreamFace's preferences"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny archive that passes for the real one, and an empty models' folder."""
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "models"))
    made = tiny_ict.write_zip(tmp_path / "tiny.zip", tiny_ict.files())
    known = tiny_ict.known_of(made)
    monkeypatch.setattr(ict_facekit, "known", lambda: known)
    return made


@pytest.fixture
def run(archive: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> tuple[int, str, str]:
        code = main([*words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_list_says_what_there_is_and_how_to_have_it(run: Run, archive: Path, tmp_path: Path) -> None:
    code, out, _ = run("models")
    assert code == 0
    assert "about 120 MB to download" in out
    assert "To have it: dreamface models install ict-facekit" in out
    assert "MIT, (c) 2020 USC Institute for Creative" in out
    run("models", "install", "ict-facekit", "--from", str(archive))
    assert "dreamface models install ict-facekit" not in run("models", "list")[1]
    listed = {entry["name"]: entry for entry in json.loads(run("models", "list", "--json")[1])}
    assert listed["ict"]["installed"] is True
    assert listed["ict"]["folder"] == str(tmp_path / "models" / "ict-facekit")
    assert listed["anny"]["install_name"] == ""


def test_a_model_is_installed_verified_and_removed(run: Run, archive: Path, tmp_path: Path) -> None:
    place = tmp_path / "models" / "ict-facekit"
    code, out, err = run("models", "install", "ict-facekit", "--from", str(archive))
    assert (code, out) == (0, f"Installed ICT-FaceKit in {place}\n")
    assert "check: Checking " in err
    assert run("models", "verify", "ict-facekit")[:2] == (0, "ICT-FaceKit is as it was installed.\n")
    (place / "LICENSE").write_text("")
    code, out, err = run("models", "verify", "ict-facekit")
    assert (code, out) == (1, "")
    assert f"{place / 'LICENSE'} is missing, or not what was installed: install it again with `dreamface " in err
    assert run("models", "remove", "ict-facekit")[:2] == (0, "Removed ICT-FaceKit\n")
    code, _, err = run("models", "remove", "ict-facekit")
    assert (code, err) == (1, f"ICT-FaceKit is not installed: {HOW}.\n")


@pytest.mark.parametrize(("words", "sentence"), [
    (["install"], "Name the model to install; `dreamface models` lists them."),
    (["install", "nix"],
     "There is no model 'nix' to install; there is ict-facekit, face-landmarker, stable-diffusion-v1-5, clip-vit-l-14, "
     "taesd, restoreformer, realesrgan-x4plus, texture-ldm, pbr-decoders, talk-model, and checkpoints of your own get "
     "a new name with --from FILE."),
    (["choose", "ict-facekit"],
     "ICT-FaceKit is not a model that diffusion works with: choose one of Stable Diffusion's family."),
    (["choose"], "Name the model to choose; `dreamface models` lists them."),
    (["verify", "ict-facekit", "--from", "x"], "--from goes with `dreamface models install NAME`."),
    (["install", "ict-facekit", "--from", "nowhere"], "There is no file or folder nowhere: check the path."),
])  # fmt: skip
def test_what_can_not_be_done_is_one_sentence(run: Run, words: list[str], sentence: str) -> None:
    code, out, err = run("models", *words)
    assert (code, out, err) == (1, "", f"{sentence}\n")


def test_doctor_knows_the_installed_models(run: Run, archive: Path, tmp_path: Path) -> None:
    from dreamface.cli.doctor import _models

    check, landmarker, diffusion, *others = _models()
    assert check.ok and landmarker.ok and diffusion.ok
    assert check.found == "not installed; to have it: dreamface models install ict-facekit"
    assert landmarker.found == "not installed; to have it: dreamface models install face-landmarker"
    assert diffusion.found == "not installed; to have it: dreamface models install stable-diffusion-v1-5"
    assert "not installed; to have it: dreamface models install texture-ldm --from FOLDER" in [
        other.found for other in others
    ]
    found = [other.found for other in others]
    assert "not installed; to have it: dreamface models install talk-model --from FILE" in found
    run("models", "install", "ict-facekit", "--from", str(archive))
    check, *_ = _models()
    assert check.ok
    assert str(tmp_path / "models" / "ict-facekit") in check.found
    file = tmp_path / "models" / "ict-facekit" / ict_facekit.FILE
    file.write_bytes(file.read_bytes()[:-1])
    check, *_ = _models()
    assert not check.ok
    assert not check.needed
    assert "dreamface models install ict-facekit" in check.advice


# --------------------------------------------------------------------------------------- a face whose model is missing


@pytest.fixture
def face(archive: Path, tmp_path: Path) -> Path:
    """A face that was made with ICT-FaceKit, somewhere where that is installed."""
    made = synthetic_face(resolution=512, side=2)
    place = tmp_path / "face"
    folder.save(replace(made, head=replace(made.head, model="ict"), measured={"nose.width": 0.75}), place)
    return place


def test_it_is_shown_with_what_was_measured_then(run: Run, face: Path) -> None:
    code, out, _ = run("show", str(face), "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["head"] == "ict"
    assert shown["measured"] == {"nose.width": 0.75}
    assert shown["notes"] == [f"Measured when it was made: The head model 'ict' is not installed here: {HOW}."]


def test_its_stored_mesh_is_exported(run: Run, face: Path, tmp_path: Path) -> None:
    assert run("export", str(face), str(tmp_path / "head.glb"))[0] == 0
    assert (tmp_path / "head.glb").read_bytes()[:4] == b"glTF"
    assert run("export", str(face), str(tmp_path / "head.obj"))[0] == 0


def test_it_can_not_be_made_again_or_changed(run: Run, face: Path, tmp_path: Path) -> None:
    code, _, err = run("rebuild", str(face), "-o", str(tmp_path / "again"))
    assert (code, err.splitlines()[-1]) == (1, f"The head model 'ict' is not installed here: {HOW}.")
    assert not (tmp_path / "again").exists()
    with pytest.raises(BadRequest, match="install it with `dreamface models install ict-facekit`"):
        pipeline.edit(folder.load(face), {"nose.width": 1.0})


def test_an_own_checkpoint_is_installed_under_a_name_and_chosen(run: Run, tmp_path: Path) -> None:
    stable = folder_of_stable_diffusion(tmp_path / "sd")
    run("models", "install", "stable-diffusion-v1-5", "--from", str(stable))
    file = safetensors(tmp_path / "Dreamy.safetensors", checkpoint())
    code, out, _ = run("models", "install", "dreamy", "--from", str(file))
    place = tmp_path / "models" / "dreamy"
    assert (code, out) == (0, f"Installed dreamy in {place}\nTo use it: dreamface models choose dreamy\n")
    assert run("models", "choose", "dreamy")[:2] == (0, "Diffusion works with dreamy from now on.\n")
    listed = {entry["name"]: entry for entry in json.loads(run("models", "list", "--json")[1])}
    assert listed["dreamy"]["chosen"] and not listed["stable-diffusion-v1-5"]["chosen"]
    assert "(diffusion works with it)" in run("models")[1].replace("\n", " ")
    assert "dreamface models install texture-ldm" not in run("models")[1], "nobody publishes it"
    assert run("models", "remove", "dreamy")[:2] == (0, "Removed dreamy\n")


def test_an_index_is_begun_only_after_its_time_was_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def index(count: int | None, *, agree: Callable[[pipeline.IndexPlan], bool], **_: object) -> Path | None:
        return Path("place") if agree(pipeline.IndexPlan(count or 16_384, 30, 12, 9_000.0)) else None

    monkeypatch.setattr(pipeline, "index_looks", index)
    code, out, _ = run("models", "index")
    said = " ".join(out.split())
    assert code == 0 and "Add --yes to begin." in said
    assert "16,384 candidates with 30 pictures each, of which 12 have been looked at: about 2.5 hours on this" in said
    code, out, _ = run("models", "index", "--count", "100", "--yes")
    assert code == 0 and "100 candidates" in out and "The index is in place" in " ".join(out.split())
    code, _, err = run("models", "list", "--yes")
    assert code == 1 and "--count and --yes go with `dreamface models index`" in err


def test_an_index_needs_clip(run: Run) -> None:
    code, _, err = run("models", "index")
    assert code == 1 and "needs CLIP ViT-L/14: install it with `dreamface models install clip-vit-l-14`" in err
