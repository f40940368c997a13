"""An artist's own checkpoints under names of their own, and models that are known by their hash or trained at home."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from dreamface import models
from dreamface.errors import BadRequest, Cancelled, DreamFaceError
from dreamface.models import catalogue, clip, download, installing, places, trained, upscalers
from dreamface.models.remote import KnownFile
from dreamface.progress import Progress, Step
from tests.tiny_ict import Shop, shop_with
from tests.unit.test_stable_diffusion import checkpoint, folder, safetensors

SD = "stable-diffusion-v1-5"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


# ------------------------------------------------------------------------------------------------------ own checkpoints


def test_an_own_checkpoint_gets_a_name_beside_the_installed_model(home: Path, tmp_path: Path) -> None:
    models.install(SD, folder(tmp_path / "source"))
    file = safetensors(tmp_path / "Dreamy_v8.safetensors", checkpoint())
    place = models.install("dreamy", file)
    assert place == home / "dreamy" and (place / "checkpoint.safetensors").read_bytes() == file.read_bytes()
    assert (place / "tokenizer/vocab.json").is_file(), "from the installed model"
    assert (home / SD / "unet/diffusion_pytorch_model.safetensors").is_file(), "which stays"
    models.verify("dreamy")
    assert [model.name for model in models.all_models()][-1] == "dreamy"
    (place / "checkpoint.safetensors").write_bytes(b"changed")
    with pytest.raises(models.DamagedModel, match=r"checkpoint\.safetensors is missing, or not what was installed"):
        models.verify("dreamy")
    models.remove("dreamy")
    assert not place.exists() and models.STABLE_DIFFUSION.installed
    with pytest.raises(BadRequest, match="There is no model 'dreamy'"):
        models.verify("dreamy")


def test_an_own_folder_gets_a_name_and_its_manifest_may_be_lost(home: Path, tmp_path: Path) -> None:
    place = models.install("mine", folder(tmp_path / "source"))
    (place / "manifest.json").unlink()
    with pytest.raises(models.DamagedModel, match="install it again with `dreamface models install mine --from FILE`"):
        models.verify("mine")
    models.install("mine", folder(tmp_path / "again"))
    models.verify("mine")
    assert {file.name for file in home.iterdir() if not file.name.endswith(".lock")} == {"mine"}


def test_a_download_never_takes_the_place_of_an_own_checkpoint(home: Path, tmp_path: Path) -> None:
    place = models.install("mine", folder(tmp_path / "source"))
    with pytest.raises(BadRequest, match=r"mine can't be downloaded: .* \(`dreamface models install mine --from FILE`"):
        models.install("mine")
    models.verify("mine")
    assert place.is_dir()


def test_a_model_on_another_disk_is_removed_by_its_link(home: Path, tmp_path: Path) -> None:
    place = models.install("mine", folder(tmp_path / "source"))
    elsewhere = tmp_path / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere, target_is_directory=True)
    models.remove("mine")
    assert not place.exists() and elsewhere.is_dir()
    assert not [one for one in home.iterdir() if not one.name.endswith(".lock")]


def test_settings_come_from_another_checkpoint_of_the_family(home: Path, tmp_path: Path) -> None:
    models.install("first", folder(tmp_path / "source"))
    models.install("second", safetensors(tmp_path / "x.safetensors", checkpoint()))
    assert (home / "second/tokenizer/vocab.json").is_file()


def test_a_single_file_has_stable_diffusions_own_noise(home: Path, tmp_path: Path) -> None:
    """Another checkpoint may have been trained on other noise."""
    other = folder(tmp_path / "source")
    (other / "scheduler/scheduler_config.json").write_text('{"prediction_type": "v_prediction", "beta_end": 0.02}')
    models.install("first", other)
    models.install("second", safetensors(tmp_path / "x.safetensors", checkpoint()))
    first, second = (json.loads((home / name / models.SCHEDULER).read_text("utf-8")) for name in ("first", "second"))
    assert first == {"prediction_type": "v_prediction", "beta_end": 0.02}, "a folder has its own"
    assert (second["prediction_type"], second["beta_start"], second["beta_end"]) == ("epsilon", 0.00085, 0.012)
    models.verify("second")


def test_without_a_network_a_single_file_says_where_its_settings_come_from(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "get", nobody)
    monkeypatch.setattr(download.Download, "_pause", lambda *_: None)
    said = (
        r"check that this computer is online, or install Stable Diffusion 1\.5 first, from a folder .* --from FOLDER`"
    )
    with pytest.raises(DreamFaceError, match=said):
        models.install("mine", safetensors(tmp_path / "x.safetensors", checkpoint()))


@pytest.mark.parametrize("name", ["", "a b", "../x", "x.y", ".hidden", "ünï", "con", "COM1", "x" * 65, "-x", "a/b"])
def test_a_name_that_is_no_folder_everywhere_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match=r"can't be called .*: take up to 64 letters"):
        models.install(name, folder(tmp_path / "source"))


@pytest.mark.parametrize("name", ["Stable-Diffusion-v1-5", "anny", "ICT", "Taesd", "Mine"])
def test_a_name_that_is_taken_in_other_letters_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    models.install("mine", folder(tmp_path / "source"))
    with pytest.raises(BadRequest, match=r"can't be told from the model .*: call your checkpoint something else"):
        models.install(name, folder(tmp_path / "other"))


def test_a_new_name_needs_a_file(home: Path) -> None:
    with pytest.raises(BadRequest, match=r"There is no model 'mine' to install; .* get a new name with --from FILE"):
        models.install("mine")


def test_what_is_no_checkpoint_is_no_more_one_under_a_name(home: Path, tmp_path: Path) -> None:
    lora = safetensors(tmp_path / "x.safetensors", {"lora_unet_down_blocks_0.lora_down.weight": [4, 4]})
    with pytest.raises(BadRequest, match=r"is a LoRA: choose a checkpoint of Stable Diffusion 1\.5's family"):
        models.install("mine", lora)
    cut = safetensors(tmp_path / "cut.safetensors", checkpoint(), cut=5)
    with pytest.raises(BadRequest, match="is cut short: get it again from where you have it"):
        models.install("mine", cut)
    assert not (home / "mine").exists()


# ------------------------------------------------------------------------------------------------------------- choosing


def test_diffusion_works_with_the_chosen_model_and_else_with_what_there_is(home: Path, tmp_path: Path) -> None:
    assert models.chosen_diffusion() is None
    models.install("mine", folder(tmp_path / "source"))
    assert models.chosen_diffusion() == models.find("mine"), "there is no other"
    models.install(SD, folder(tmp_path / "other"))
    assert models.chosen_diffusion() == models.STABLE_DIFFUSION
    assert models.choose("mine").name == "mine"
    assert models.chosen_diffusion() == models.find("mine")
    said = {model.name: model.to_json() for model in models.all_models()}
    assert [name for name, one in said.items() if one["chosen"]] == ["mine"]
    assert [name for name, one in said.items() if one["diffuses"]] == [SD, "mine"]
    models.remove("mine")
    assert models.chosen_diffusion() == models.STABLE_DIFFUSION
    (home / "chosen.json").write_text("[" * 100_000)
    assert models.chosen_diffusion() == models.STABLE_DIFFUSION


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nobody", "There is no model 'nobody'"),
        (SD, r"Stable Diffusion 1\.5 is not installed: install it with"),
        ("taesd", "TAESD is not a model that diffusion works with"),
    ],
)
def test_what_can_not_be_chosen_is_said(home: Path, name: str, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        models.choose(name)


# ---------------------------------------------------------------------------------------------- known by their hash


KNOWN = (models.CLIP, models.TAESD, models.RESTOREFORMER, models.REALESRGAN)


def test_every_published_model_says_licence_size_and_what_it_is_for() -> None:
    said = {model.name: model.to_json() for model in models.MODELS}
    assert {one.name for one in KNOWN} <= said.keys() and {"texture-ldm", "pbr-decoders"} <= said.keys()
    for one in KNOWN:
        entry = said[one.name]
        assert entry["licence"].split()[0].rstrip(",") in ("MIT", "Apache-2.0", "BSD-3-Clause")
        assert entry["description"].endswith(".") and entry["source"].startswith("https://")
        assert entry["download_size"] > 1e6
    assert 1.70e9 < said["clip-vit-l-14"]["download_size"] < 1.72e9
    assert said["texture-ldm"]["download_size"] == 0, "nobody publishes it"


@pytest.mark.parametrize("known", [clip.CLIP, clip.TAESD])
def test_what_comes_from_a_hub_is_pinned(known: KnownFile) -> None:
    assert len(known.sha256) == 64 and "/resolve/main/" not in known.url
    revision = known.url.split("/resolve/")[1].split("/")[0]
    assert len(revision) == 40 and int(revision, 16)


DATA = b"PK\x03\x04" + bytes(range(256)) * 40


@pytest.fixture
def shop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A server that has a tiny Real-ESRGAN."""
    monkeypatch.setattr(download, "PAUSE", 0.01)
    monkeypatch.setattr(download, "_CHUNK", 100)
    with shop_with(DATA) as shop:
        known = replace(upscalers.REALESRGAN, url=shop.url, size=len(DATA), sha256=hashlib.sha256(DATA).hexdigest())
        model = replace(models.REALESRGAN, archive=shop.url, archive_size=len(DATA), take=known.take)
        monkeypatch.setattr(installing, "find", lambda name: model)
        monkeypatch.setattr(installing, "find_to_install", lambda name: model)
        yield shop


NAME = "realesrgan-x4plus"


def test_a_known_file_is_fetched_checked_and_removed(shop: Shop, home: Path) -> None:
    place = models.install(NAME)
    assert (place / "RealESRGAN_x4plus.pth").read_bytes() == DATA
    models.verify(NAME)
    assert not (home / ".downloads").exists()
    models.remove(NAME)
    assert not place.exists()


def test_a_download_that_is_cut_goes_on(shop: Shop, home: Path) -> None:
    seen: list[Step] = []
    with pytest.raises(Cancelled):
        models.install(NAME, None, Progress(seen.append, lambda: len(seen) > 20))
    part = next((home / ".downloads").glob("*.part"))
    have = part.stat().st_size
    assert 0 < have < len(DATA)
    models.install(NAME)
    models.verify(NAME)
    assert shop.asked == ["", f"bytes={have}-"]


@pytest.mark.parametrize("kind", ["file", "other name", "folder", "inner folder"])
def test_a_known_file_is_taken_from_wherever_it_lies(shop: Shop, tmp_path: Path, kind: str) -> None:
    name = "x.bin" if kind == "other name" else "RealESRGAN_x4plus.pth"
    file = tmp_path / "own" / ("inner" if kind == "inner folder" else "") / name
    file.parent.mkdir(parents=True)
    file.write_bytes(DATA)
    models.install(NAME, tmp_path / "own" if "folder" in kind else file)
    models.verify(NAME)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (DATA[:-100], r"has 0\.0 of Real-ESRGAN x4plus's 0\.0 MB, the rest is missing: get it from http"),
        (DATA[:-1] + b"x", "is not Real-ESRGAN x4plus, or is damaged: get it from http"),
        (pickle.dumps({"a": 1}) + bytes(20_000), "is another file, and not Real-ESRGAN x4plus"),
        (
            pickle.dumps({"a": 1}),
            r"MB and Real-ESRGAN x4plus 0\.0: it is another model, or the rest of it is missing; get it",
        ),
        (b"", "the rest is missing"),
        (DATA + b"more", "is another file, and not Real-ESRGAN x4plus"),
    ],
)
def test_another_file_is_not_taken_for_it(shop: Shop, home: Path, tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "x.pth").write_bytes(data)
    with pytest.raises(BadRequest, match=sentence):
        models.install(NAME, tmp_path / "x.pth")
    assert not (home / NAME).exists()


def test_only_the_known_file_may_be_pickled(home: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ViT-L-14.pt", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))
    with pytest.raises(BadRequest, match="is pickled, and opening it could run any program"):
        models.install("clip-vit-l-14", tmp_path / "ViT-L-14.pt")
    with pytest.raises(BadRequest, match="is a LoRA, and not CLIP ViT-L/14"):
        models.install("clip-vit-l-14", safetensors(tmp_path / "l.safetensors", {"lora_unet.x": [2, 2]}))
    with pytest.raises(BadRequest, match=r"There is no open_clip_model\.safetensors in"):
        models.install("clip-vit-l-14", tmp_path)
    with pytest.raises(BadRequest, match="There is no file or folder"):
        models.install("clip-vit-l-14", tmp_path / "nowhere")


# ---------------------------------------------------------------------------------------------------- trained at home


def trained_folder(place: Path, kind: str = "texture-ldm", parts: tuple[str, ...] = ("unet",)) -> Path:
    for part in parts:
        safetensors(place / part / "model.safetensors", {"a": [4, 4]})
    (place / "model.json").write_text(json.dumps({"kind": kind, "format": trained.FORMAT}))
    (place / "README.md").write_text("Trained on 50,000 faces of our own.")
    (place / "optimizer.bin").write_bytes(b"large, and not needed")
    return place


@pytest.mark.parametrize(("kind", "parts"), [("texture-ldm", ("unet",)), ("pbr-decoders", ("specular", "normal"))])
def test_a_trained_folder_is_installed(home: Path, tmp_path: Path, kind: str, parts: tuple[str, ...]) -> None:
    trained_folder(tmp_path / "run" / "out", kind, parts)
    place = models.install(kind, tmp_path / "run")
    models.verify(kind)
    found = {file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()}
    assert found == {"model.json", "README.md", "manifest.json", *(f"{part}/model.safetensors" for part in parts)}
    models.remove(kind)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda place: (place / "model.json").unlink(), r"There is no model\.json in"),
        (lambda place: (place / "model.json").write_text("{"), r"model\.json in .* is damaged"),
        (
            lambda place: (place / "model.json").write_text('{"kind": "pbr-decoders", "format": 1}'),
            "is of the kind 'pbr-decoders', and the texture model is 'texture-ldm'",
        ),
        (
            lambda place: (place / "model.json").write_text('{"kind": "texture-ldm", "format": 9}'),
            "is of another format than this DreamFace reads",
        ),
        (lambda place: (place / "README.md").unlink(), r"there is no README\.md, which says what it was trained on"),
        (lambda place: (place / "unet/model.safetensors").unlink(), "there are no weights in unet/"),
        (
            lambda place: (place / "unet/model.safetensors").rename(place / "unet/model.bin"),
            r"unet/model\.bin in .* is pickled",
        ),
        (
            lambda place: safetensors(place / "unet/model.safetensors", {"a": [4, 4]}, cut=3),
            r"unet/model\.safetensors in .* is cut short",
        ),
    ],
)
def test_what_is_wrong_in_a_trained_folder_is_said(
    home: Path, tmp_path: Path, damage: Callable[[Path], object], sentence: str
) -> None:
    damage(trained_folder(tmp_path / "out"))
    with pytest.raises(BadRequest, match=sentence):
        models.install("texture-ldm", tmp_path / "out")
    assert not (home / "texture-ldm").exists()


def test_a_trained_model_can_not_be_downloaded(home: Path) -> None:
    with pytest.raises(DreamFaceError, match="The texture model can't be downloaded: install the folder that training"):
        models.install("texture-ldm")


def test_names_of_ours_are_all_different() -> None:
    names = [model.name.lower() for model in (*catalogue.HEADS, *catalogue.MODELS)]
    assert len(set(names)) == len(names)
