"""Stable Diffusion as it is installed and loaded: a complete tiny one, in the real layout, through the real code."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from dreamface import models
from dreamface.errors import BadRequest, Cancelled, DreamFaceError
from dreamface.models import download, places, stable_diffusion
from dreamface.models.safetensors_header import NotSafetensors, family_of, read_header
from dreamface.progress import Progress, Step
from tests import tiny_diffusion

NAME = "stable-diffusion-v1-5"

needs_diffusers = pytest.mark.skipif(
    find_spec("diffusers") is None or find_spec("transformers") is None,
    reason='diffusers is not installed: pip install "dreamface[diffusion]" runs these, too',
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "models"))
    return tmp_path / "models"


def safetensors(file: Path, tensors: dict[str, list[int]], cut: int = 0) -> Path:
    """A file with the header of these tensors, whose numbers are zeros."""
    header, place = {}, 0
    for name, shape in tensors.items():
        size = 2 * int(torch.tensor(shape).prod())
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [place, place + size]}
        place += size
    text = json.dumps({"__metadata__": {"format": "pt"}} | header).encode()
    data = struct.pack("<Q", len(text)) + text + bytes(place)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data[: len(data) - cut])
    return file


def checkpoint(words: int = 768, channels: int = 4) -> dict[str, list[int]]:
    return {
        "model.diffusion_model.input_blocks.0.0.weight": [8, channels, 3, 3],
        "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [8, words],
        "first_stage_model.encoder.conv_in.weight": [8, 3, 3, 3],
        "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": [8, 8],
    }


SETTINGS = {
    "model_index.json": {"_class_name": "StableDiffusionPipeline"},
    "scheduler/scheduler_config.json": {},
    "text_encoder/config.json": {"hidden_size": 768},
    "tokenizer/vocab.json": {},
    "tokenizer/merges.txt": {},
    "unet/config.json": {"in_channels": 4, "cross_attention_dim": 768},
    "vae/config.json": {},
}
WEIGHTS = ("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model")


def folder(place: Path, half: bool = True) -> Path:
    for name, content in SETTINGS.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(json.dumps(content))
    for name in WEIGHTS:
        safetensors(place / f"{name}{'.fp16' if half else ''}.safetensors", {"a": [4, 4]})
    return place


# ---------------------------------------------------------------------------------------------------------- installing


@pytest.mark.parametrize("half", [True, False])
def test_a_folder_is_installed_checked_and_removed(home: Path, tmp_path: Path, half: bool) -> None:
    source = folder(tmp_path / "source" / "inner", half)
    (source / "safety_checker").mkdir()
    (source / "safety_checker/model.safetensors").write_bytes(b"large, and not needed")
    installed = models.install(NAME, tmp_path / "source")
    found = {file.relative_to(installed).as_posix() for file in installed.rglob("*") if file.is_file()}
    assert found == {"manifest.json", *SETTINGS, *(f"{name}.safetensors" for name in WEIGHTS)}
    assert models.STABLE_DIFFUSION.installed
    models.verify(NAME)
    (installed / "unet/config.json").write_text("{}")
    with pytest.raises(models.DamagedModel, match=r"unet.config\.json is missing, or not what was installed"):
        models.verify(NAME)
    models.remove(NAME)
    assert not models.STABLE_DIFFUSION.installed


def test_an_own_checkpoint_takes_the_settings_of_what_is_installed(home: Path, tmp_path: Path) -> None:
    models.install(NAME, folder(tmp_path / "source"))
    own = safetensors(tmp_path / "dreamy-face_v8.safetensors", checkpoint())
    installed = models.install(NAME, own)
    assert (installed / "checkpoint.safetensors").read_bytes() == own.read_bytes()
    assert (installed / "tokenizer/vocab.json").is_file() and not (installed / "unet").joinpath(WEIGHTS[0]).exists()
    models.verify(NAME)
    # And another one after it.
    models.install(NAME, own)
    assert models.STABLE_DIFFUSION.installed


MANY = [8, 8]


@pytest.mark.parametrize(
    ("tensors", "family"),
    [
        ({"lora_unet_down_blocks_0.lora_down.weight": MANY}, "a LoRA"),
        ({"unet.down.0.attn.processor.to_q.lora_A.weight": MANY}, "a LoRA"),
        ({"control_model.input_blocks.0.0.weight": MANY}, "a ControlNet"),
        ({"controlnet_cond_embedding.conv_in.weight": MANY}, "a ControlNet"),
        (checkpoint() | {"conditioner.embedders.1.model.ln_final.weight": MANY}, "Stable Diffusion XL"),
        (checkpoint(2048) | {"model.diffusion_model.label_emb.0.0.weight": MANY}, "Stable Diffusion XL"),
        ({"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": MANY}, "Stable Diffusion 3"),
        ({"double_blocks.0.img_attn.qkv.weight": MANY}, "FLUX"),
        (checkpoint(1024), "Stable Diffusion 2"),
        (checkpoint(channels=9), "a Stable Diffusion model for in-painting"),
        ({"first_stage_model.encoder.conv_in.weight": MANY}, "an autoencoder"),
        ({"emb_params": MANY}, "a textual inversion"),
        ({"some.thing": MANY}, "no checkpoint that is known here"),
    ],
)
def test_another_family_is_named(home: Path, tmp_path: Path, tensors: dict[str, list[int]], family: str) -> None:
    file = safetensors(tmp_path / "model.safetensors", tensors)
    with pytest.raises(BadRequest, match=f"is {family}.*: choose a checkpoint of Stable Diffusion 1.5's family"):
        models.install(NAME, file)
    assert not models.STABLE_DIFFUSION.installed


def test_a_checkpoint_without_its_autoencoder_is_refused(home: Path, tmp_path: Path) -> None:
    alone = {name: shape for name, shape in checkpoint().items() if "first_stage" not in name}
    with pytest.raises(BadRequest, match="has no autoencoder: choose a whole checkpoint"):
        models.install(NAME, safetensors(tmp_path / "unet.safetensors", alone))


@pytest.mark.parametrize("name", ["model.ckpt", "pytorch_model.bin", "model.pt", "model"])
def test_what_is_pickled_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / name)
    with pytest.raises(BadRequest, match=r"is pickled, and opening it could run any program: .* \.safetensors"):
        models.install(NAME, tmp_path / name)


def _without(name: str) -> Callable[[Path], object]:
    return lambda place: (place / name).unlink()


def _write(name: str, content: object) -> Callable[[Path], object]:
    return lambda place: (place / name).write_text(json.dumps(content))


def _pickle(place: Path) -> None:
    (place / "unet/diffusion_pytorch_model.fp16.safetensors").rename(place / "unet/diffusion_pytorch_model.bin")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_without("vae/diffusion_pytorch_model.fp16.safetensors"), "not complete: there is no vae/diffusion_pytorch"),
        (_without("tokenizer/vocab.json"), "not complete: there is no tokenizer/vocab.json"),
        (_without("model_index.json"), "There is no model_index.json in"),
        (_pickle, "unet in .* is pickled"),
        (_write("model_index.json", {"_class_name": "StableDiffusionXLPipeline"}), "is Stable Diffusion XL: choose"),
        (_write("model_index.json", {"_class_name": "FluxPipeline"}), "is FLUX: choose one of"),
        (_write("unet/config.json", {"in_channels": 9, "cross_attention_dim": 768}), "for in-painting"),
        (_write("unet/config.json", {"in_channels": 4, "cross_attention_dim": 1024}), "is Stable Diffusion 2"),
        (_write("text_encoder/config.json", {"hidden_size": 512}), r"does not fit its UNet \(512 and 768 numbers\)"),
        (
            lambda place: safetensors(place / f"{WEIGHTS[0]}.fp16.safetensors", {"a": [64, 64]}, cut=100),
            "unet/diffusion_pytorch_model.fp16.safetensors in .* is cut short",
        ),
    ],
)
def test_what_is_wrong_in_a_folder_is_named(
    home: Path, tmp_path: Path, damage: Callable[[Path], object], sentence: str
) -> None:
    source = folder(tmp_path / "source")
    damage(source)
    with pytest.raises(BadRequest, match=sentence):
        models.install(NAME, source)
    assert not models.STABLE_DIFFUSION.installed


def test_a_file_that_only_says_it_is_one_is_refused(tmp_path: Path) -> None:
    for data in (b"", b"short", struct.pack("<Q", 2**60) + b"{}", struct.pack("<Q", 4) + b"nope"):
        (tmp_path / "x.safetensors").write_bytes(data)
        with pytest.raises(NotSafetensors, match=r"is no \.safetensors file"):
            read_header(tmp_path / "x.safetensors")


def test_a_stopped_copy_leaves_the_old_one(home: Path, tmp_path: Path) -> None:
    models.install(NAME, folder(tmp_path / "source"))
    seen: list[Step] = []
    with pytest.raises(Cancelled):
        models.install(NAME, folder(tmp_path / "other"), Progress(seen.append, lambda: len(seen) > 3))
    models.verify(NAME)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server that has a folder, where the model's files are fetched from."""
    place = folder(tmp_path / "shop")
    for name in ("special_tokens_map", "tokenizer_config"):
        (place / f"tokenizer/{name}.json").write_text("{}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(place)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(stable_diffusion.RemoteFile, "url", property(lambda one: f"{address}/{one.path}"))
    monkeypatch.setattr(download, "PAUSE", 0.01)
    yield place
    server.shutdown()
    server.server_close()


def test_it_is_fetched_and_what_came_is_kept_until_all_is_there(home: Path, shop: Path) -> None:
    lost = shop / "vae/diffusion_pytorch_model.fp16.safetensors"
    weights = lost.read_bytes()
    lost.unlink()
    with pytest.raises(DreamFaceError, match=r"refuses .*vae.*: fetch the files of .* and install their folder"):
        models.install(NAME)
    kept = [file.name for file in (home / ".downloads").rglob("*.safetensors")]
    assert len(kept) == 2 and not models.STABLE_DIFFUSION.installed  # the other weights are not fetched twice
    lost.write_bytes(weights)
    (shop / "unet/diffusion_pytorch_model.fp16.safetensors").unlink()
    models.install(NAME)
    models.verify(NAME)
    assert not (home / ".downloads").exists()


def test_an_own_checkpoint_alone_fetches_the_settings_only(home: Path, shop: Path, tmp_path: Path) -> None:
    for weights in shop.rglob("*.safetensors"):
        weights.unlink()
    models.install(NAME, safetensors(tmp_path / "own.safetensors", checkpoint()))
    models.verify(NAME)


def test_it_is_fetched_file_by_file_at_one_revision() -> None:
    urls = [one.url for one in stable_diffusion.FILES]
    assert all(f"/resolve/{stable_diffusion.REVISION}/" in url for url in urls)
    assert sum(url.endswith(".fp16.safetensors") for url in urls) == 3
    assert 2.0e9 < stable_diffusion.SIZE < 2.3e9


@pytest.mark.slow
def test_nothing_of_it_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys; from dreamface import pipeline, editing; pipeline.why_no_diffusion(); "
        "assert not {'diffusers', 'transformers', 'accelerate'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ------------------------------------------------------------------------------------------------------------- loading


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_diffusion.save(tmp_path_factory.mktemp("tiny") / "tiny-sd")


@needs_diffusers
def test_a_folder_is_loaded_and_does_what_diffusers_own_pipeline_does(home: Path, tiny: Path) -> None:
    from dreamface import guidance

    models.install(NAME, tiny)
    assert guidance.why_no_diffusion() == ""
    model = guidance.load_diffusion()
    assert guidance.load_diffusion() is model  # from memory
    assert (model.side, model.factor) == (64, 8)
    pictures = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        latents = model.encode(pictures)
        assert latents.shape == (1, 4, 8, 8) and torch.equal(latents, model.encode(pictures))
        assert model.decode(latents).shape == (1, 3, 64, 64)
    words = model.embed("gold cracks")
    assert words.embedding.shape == (1, 77, 32) and words.cut_off == ""
    found = model.predict_noise(latents, torch.tensor([500]), words.embedding)
    assert found.shape == latents.shape and not found.requires_grad
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(tiny / "unet")
    with torch.no_grad():
        expected = unet(latents, torch.tensor([500]), encoder_hidden_states=words.embedding).sample
    torch.testing.assert_close(found, expected)
    guidance.forget_diffusion()


@needs_diffusers
def test_the_schedule_is_that_of_diffusers() -> None:
    from diffusers import DDIMScheduler

    from dreamface.guidance import Schedule

    theirs = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", set_alpha_to_one=True, clip_sample=False,
        timestep_spacing="trailing",
    )  # fmt: skip
    theirs.set_timesteps(20)
    ours = Schedule.scaled_linear()
    assert list(ours.levels(20)) == theirs.timesteps.tolist()
    latents, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    for level, following in zip(ours.levels(20), (*ours.levels(20)[1:], -1), strict=True):
        expected = theirs.step(noise, level, latents).prev_sample
        torch.testing.assert_close(ours.step(latents, noise, level, following), expected, atol=1e-4, rtol=1e-4)


@needs_diffusers
def test_gradients_go_through_the_encoder_and_not_through_the_denoiser(home: Path, tiny: Path) -> None:
    from dreamface import guidance

    models.install(NAME, tiny)
    model = guidance.load_diffusion()
    picture = torch.full((1, 3, 64, 64), 0.5, requires_grad=True)
    latents = model.encode(picture)
    noise = model.predict_noise(latents, torch.tensor([300]), model.embed("x").embedding)
    latents.backward(gradient=noise)
    assert picture.grad is not None and bool((picture.grad != 0.0).any())
    guidance.forget_diffusion()


@needs_diffusers
def test_a_single_file_is_the_same_model_as_its_folder(home: Path, tiny: Path, tmp_path: Path, monkeypatch) -> None:
    from dreamface import guidance

    models.install(NAME, tiny)
    first = guidance.load_diffusion()
    file = tiny_diffusion.save_single(tiny, tmp_path / "own.safetensors")
    monkeypatch.setattr("dreamface.models.safetensors_header._WORDS", {32: "Stable Diffusion 1.5"})
    assert family_of(read_header(file)) == "Stable Diffusion 1.5"
    models.install(NAME, file)
    second = guidance.load_diffusion()
    assert second is not first and second.name == f"{NAME} (own checkpoint)"
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(second.encode(picture), first.encode(picture))
        latents = first.encode(picture)
        torch.testing.assert_close(second.decode(latents), first.decode(latents))
        words = [model.embed("gold cracks").embedding for model in (first, second)]
        torch.testing.assert_close(*words)
        found = [model.predict_noise(latents, torch.tensor([40]), words[0]) for model in (first, second)]
        torch.testing.assert_close(*found)
    guidance.forget_diffusion()


@needs_diffusers
def test_words_beyond_what_it_reads_are_told(home: Path, tiny: Path) -> None:
    from dreamface import guidance

    models.install(NAME, tiny)
    prompt = guidance.load_diffusion().embed("a" * 70 + "bcdefghijk")
    assert prompt.cut_off.replace(" ", "") == "ghijk"
    guidance.forget_diffusion()


@needs_diffusers
@pytest.mark.parametrize("kind", ["missing", "garbled"])
def test_a_damaged_model_is_said(home: Path, tiny: Path, kind: str) -> None:
    from dreamface import guidance

    installed = models.install(NAME, tiny)
    weights = installed / "unet/diffusion_pytorch_model.safetensors"
    weights.unlink() if kind == "missing" else weights.write_bytes(b"\0" * 64)
    with pytest.raises(DreamFaceError, match=f"{NAME} can't be loaded .*: install it again"):
        guidance.load_diffusion()
    guidance.forget_diffusion()


@needs_diffusers
@pytest.mark.slow
def test_the_real_code_paints_a_place(home: Path, tiny: Path) -> None:
    """From the installed folder to pictures on the skin; the weights are noise, and so is what they make."""
    from dreamface import pipeline
    from dreamface.prior import complete
    from dreamface.record import FaceRecord, Place
    from dreamface.traits import Traits

    models.install(NAME, tiny)
    record = FaceRecord("f", "somebody", 3, 512, "anny", complete(Traits({"age": 35.0}), 3))
    wish = pipeline.Diffusion("gold cracks", steps=2)
    entry, pictures = pipeline.diffuse(record, wish, Place(("left_cheek",)))
    again, _ = pipeline.diffuse(record, wish, Place(("left_cheek",)))
    assert entry.parameters["model"] == NAME and set(entry.pictures.values()) <= pictures.keys()
    assert entry == again  # reproducible
    pipeline.forget_models()
