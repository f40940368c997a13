"""Stable Diffusion as it is installed and loaded: a complete tiny one, in the real layout, through the real code."""

from __future__ import annotations

import errno
import io
import json
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
        "model.diffusion_model.middle_block.0.in_layers.0.weight": [8],
        "model.diffusion_model.output_blocks.0.0.in_layers.0.weight": [8],
        "first_stage_model.encoder.conv_in.weight": [8, 3, 3, 3],
        "first_stage_model.decoder.conv_in.weight": [8, 4, 3, 3],
        "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight": [8, words],
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
        (checkpoint(2048), "Stable Diffusion XL"),
        (checkpoint(512), "no checkpoint that is known here"),
        (checkpoint(channels=9), "a Stable Diffusion model for in-painting"),
        ({"first_stage_model.encoder.conv_in.weight": MANY}, "an autoencoder"),
        ({"encoder.conv_in.weight": MANY, "decoder.conv_in.weight": MANY}, "an autoencoder"),
        ({"emb_params": MANY}, "a textual inversion"),
        ({"string_to_param.*": MANY}, "a textual inversion"),
        ({"clip_g": MANY, "clip_l": MANY}, "a textual inversion"),
        ({"text_model.embeddings.token_embedding.weight": MANY}, "a text encoder alone"),
        ({"down_blocks.0.attentions.0.norm.weight": MANY}, "a UNet alone"),
        ({"adapter.body.0.block1.weight": MANY}, "a T2I-Adapter"),
        ({"transformer.single_transformer_blocks.0.attn.to_q.weight": MANY}, "FLUX"),
        ({"transformer.pos_embed.proj.weight": MANY}, "Stable Diffusion 3"),
        ({"some.thing": MANY}, "no checkpoint that is known here"),
    ],
)
def test_another_family_is_named(home: Path, tmp_path: Path, tensors: dict[str, list[int]], family: str) -> None:
    file = safetensors(tmp_path / "model.safetensors", tensors)
    with pytest.raises(BadRequest, match=f"is {family}.*: choose a checkpoint of Stable Diffusion 1.5's family"):
        models.install(NAME, file)
    assert not models.STABLE_DIFFUSION.installed


@pytest.mark.parametrize(
    ("without", "part"),
    [
        ("first_stage_model.", "encoder of the autoencoder"),
        ("first_stage_model.decoder.", "decoder of the autoencoder"),
        ("cond_stage_model.", "text encoder"),
        ("model.diffusion_model.", "UNet"),
        ("model.diffusion_model.middle_block.", "middle of the UNet"),
        ("model.diffusion_model.output_blocks.", "second half of the UNet"),
    ],
)
def test_a_checkpoint_that_lacks_a_part_is_refused(home: Path, tmp_path: Path, without: str, part: str) -> None:
    rest = {name: shape for name, shape in checkpoint().items() if not name.startswith(without)}
    with pytest.raises(BadRequest, match=f"has no {part}: choose a whole checkpoint"):
        models.install(NAME, safetensors(tmp_path / "some.safetensors", rest))


def test_a_checkpoint_whose_text_encoder_does_not_fit_is_refused(home: Path, tmp_path: Path) -> None:
    words = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
    with pytest.raises(BadRequest, match=r"does not fit its UNet \(512 and 768 numbers\)"):
        models.install(NAME, safetensors(tmp_path / "some.safetensors", checkpoint() | {words: [8, 512]}))


def test_a_checkpoint_that_is_cut_short_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"half\.safetensors is cut short: get it from https"):
        models.install(NAME, safetensors(tmp_path / "half.safetensors", checkpoint(), cut=9))


@pytest.mark.parametrize("name", ["model.ckpt", "pytorch_model.bin", "model.pt", "model"])
def test_what_is_pickled_is_refused(home: Path, tmp_path: Path, name: str) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / name)
    with pytest.raises(BadRequest, match=r"is pickled, and opening it could run any program: .* \.safetensors"):
        models.install(NAME, tmp_path / name)


def _without(name: str) -> Callable[[Path], object]:
    return lambda place: (place / name).unlink()


def _write(name: str, content: object) -> Callable[[Path], object]:
    return lambda place: (place / name).write_text(json.dumps(content))


def _narrow(place: Path) -> None:
    (place / "text_encoder/config.json").write_text(json.dumps({"hidden_size": 512}))
    (place / "unet/config.json").write_text(json.dumps({"in_channels": 4, "cross_attention_dim": 512}))


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
        (lambda place: (place / "model_index.json").write_text("[" * 100_000), "model_index.json in .* can't be read"),
        (_narrow, "reads words of 512 numbers, and Stable Diffusion 1.5 of 768: choose a checkpoint"),
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


WHOLE = '{"dtype": "F16", "shape": [2, 2], "data_offsets": [0, 8]}'


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("[" * 100_000, "is no .safetensors file"),
        ('{"a": ' * 5000 + "1" + "}" * 5000, "is no .safetensors file"),
        ("[]", "is no .safetensors file"),
        ('{"a": 1}', "'a' has numbers of no kind"),
        (f'{{"a": {WHOLE.replace("F16", "F99")}}}', "'a' has numbers of no kind that is known"),
        (f'{{"a": {WHOLE.replace("[2, 2]", "[1e999, 2]")}}}', "it is not said how large 'a' is"),
        (f'{{"a": {WHOLE.replace("[2, 2]", "[Infinity]")}}}', "it is not said how large"),
        (f'{{"a": {WHOLE.replace("[2, 2]", "[null, 4]")}}}', "it is not said how large"),
        (
            f'{{"a": {WHOLE.replace("[2, 2]", str([chr(120), 4]).replace(chr(39), chr(34)))}}}',
            "it is not said how large",
        ),
        (f'{{"a": {WHOLE.replace("[2, 2]", "4")}}}', "it is not said how large"),
        (f'{{"a": {WHOLE.replace("[2, 2]", "[true, 4]")}}}', "it is not said how large"),
        (f'{{"a": {WHOLE.replace("[0, 8]", "[0, 1e999]")}}}', "it is not said how large"),
        (f'{{"a": {WHOLE.replace("[0, 8]", "[-8, 0]")}}}', "it is not said how large"),
        (f'{{"a": {WHOLE.replace("[2, 2]", "[2, 3]")}}}', "'a' has another size than its shape"),
        (f'{{"a": {WHOLE}, "b": {WHOLE}}}', "its parts do not follow each other"),
        (f'{{"a": {WHOLE.replace("[0, 8]", "[8, 16]")}}}', "its parts do not follow each other"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(home: Path, tmp_path: Path, header: str, sentence: str) -> None:
    file = tmp_path / "x.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(64))
    with pytest.raises(BadRequest, match=rf"x\.safetensors .*{sentence}.*: get it from https"):
        models.install(NAME, file)


def test_a_file_with_something_behind_its_tensors_is_refused(tmp_path: Path) -> None:
    file = safetensors(tmp_path / "x.safetensors", {"a": [2, 2]})
    read_header(file)
    file.write_bytes(file.read_bytes() + b"more")
    with pytest.raises(NotSafetensors, match="there is more in it than it says"):
        read_header(file)


@pytest.mark.parametrize("at", ["open", "read"])
def test_a_source_that_can_not_be_read_is_named_and_not_where_it_is_copied_to(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    source, opened = folder(tmp_path / "source"), Path.open

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(errno.EIO, "Input/output error")

    def broken(self: Path, *given: Any, **more: Any) -> Any:
        if self.name == "merges.txt" and source in self.parents:
            if at == "open":
                raise PermissionError(errno.EACCES, "Permission denied", str(self))
            return Broken()
        return opened(self, *given, **more)

    monkeypatch.setattr(Path, "open", broken)
    with pytest.raises(BadRequest, match=r"source.*merges\.txt can't be read.*Check its permissions and its disk"):
        models.install(NAME, source)
    assert not models.STABLE_DIFFUSION.installed


def test_room_is_looked_for_by_what_is_copied(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = SimpleNamespace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    models.install(NAME, folder(tmp_path / "source"))  # which is small
    large = safetensors(tmp_path / "large.safetensors", checkpoint() | {"first_stage_model.x": [3_000_000, 2]})
    with pytest.raises(DreamFaceError, match=r"takes 13 MB and .* has 10 MB left: free some space"):
        models.install(NAME, large)


def test_hashing_is_told_and_can_be_stopped(home: Path, tmp_path: Path) -> None:
    seen: list[Step] = []
    source = folder(tmp_path / "source")
    with pytest.raises(Cancelled):
        stop = Progress(seen.append, lambda: bool(seen) and seen[-1].message.startswith("Checking"))
        models.install(NAME, source, stop)
    assert not models.STABLE_DIFFUSION.installed
    models.install(NAME, source, Progress(seen.append))
    fractions = [step.fraction for step in seen if step.stage == "verify"]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0


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
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A model whose words have 32 numbers, which is taken here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stable_diffusion, "WIDTHS", (768, 32))
        yield tiny_diffusion.save(tmp_path_factory.mktemp("tiny") / "tiny-sd")


@needs_diffusers
def test_a_folder_is_loaded_and_does_what_diffusers_own_pipeline_does(home: Path, tiny: Path) -> None:
    from dreamface import guidance

    models.install(NAME, tiny)
    assert guidance.why_no_diffusion() == ""
    with guidance.use_diffusion() as model:
        pass
    with guidance.use_diffusion() as again:
        assert again is model  # from memory
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
    with guidance.use_diffusion() as model:
        pass
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
    with guidance.use_diffusion() as first:
        pass
    file = tiny_diffusion.save_single(tiny, tmp_path / "own.safetensors")
    monkeypatch.setattr("dreamface.models.safetensors_header._WORDS", {32: "Stable Diffusion 1.5"})
    assert family_of(read_header(file)) == "Stable Diffusion 1.5"
    models.install(NAME, file)
    with guidance.use_diffusion() as second:
        pass
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
def test_the_chosen_checkpoint_is_loaded_and_remembered_by_its_name(home: Path, tiny: Path) -> None:
    from dreamface import guidance

    models.install("dreamy", tiny)
    assert guidance.why_no_diffusion() == ""
    with guidance.use_diffusion() as first:
        assert first.name == "dreamy"
    models.install(NAME, tiny)
    with guidance.use_diffusion() as second:
        assert second.name == NAME
    models.choose("dreamy")
    with guidance.use_diffusion() as third:
        assert third.name == "dreamy"
    (home / "dreamy/unet/diffusion_pytorch_model.safetensors").write_bytes(b"")
    guidance.forget_diffusion()
    again = "dreamy can't be loaded .*: install it again with `dreamface models install dreamy --from FILE`"
    with pytest.raises(DreamFaceError, match=again), guidance.use_diffusion():
        pass
    guidance.forget_diffusion()


@needs_diffusers
def test_where_networks_take_turns_they_make_the_same(home: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dreamface import guidance
    from dreamface.guidance import devices
    from dreamface.guidance import stable_diffusion as loading

    models.install(NAME, tiny)
    picture = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    made = []
    for takes_turns in (False, True):
        place = devices.Place(torch.device("cpu"), torch.float32, takes_turns)
        monkeypatch.setattr(loading, "choose_place", lambda _, place=place: place)
        with guidance.use_diffusion() as model, torch.no_grad():
            latents = model.encode(picture)
            words = model.embed("gold").embedding.expand(2, -1, -1)
            made.append(model.decode(model.predict_noise(latents, torch.tensor([40, 40]), words)))
        guidance.forget_diffusion()
    torch.testing.assert_close(*made)


@needs_diffusers
def test_a_model_is_kept_while_it_works_and_for_a_while_after(home: Path, tiny: Path, monkeypatch) -> None:
    from dreamface import guidance
    from dreamface.guidance import holding
    from dreamface.guidance import stable_diffusion as loading

    monkeypatch.setattr(holding, "_KEPT_FOR", 0.05)
    models.install(NAME, tiny)
    with guidance.use_diffusion() as model:
        with guidance.use_diffusion() as other:
            assert other is model
        time.sleep(0.3)
        assert loading._held._model is model  # the inner one's clock has run down
    assert loading._held._model is model
    time.sleep(0.3)
    assert loading._held._model is None


@needs_diffusers
def test_words_beyond_what_it_reads_are_told(home: Path, tiny: Path) -> None:
    from dreamface import guidance

    models.install(NAME, tiny)
    with guidance.use_diffusion() as model:
        prompt = model.embed("a" * 70 + "bcdefghijk")
    assert prompt.cut_off.replace(" ", "") == "ghijk"
    guidance.forget_diffusion()


@needs_diffusers
@pytest.mark.parametrize(
    "damage",
    [
        lambda unet, _: unet.unlink(),
        lambda unet, _: unet.write_bytes(b"\0" * 64),
        lambda unet, _: unet.write_bytes(unet.read_bytes().replace(b'"F32"', b'"F99"')),
        lambda unet, _: unet.write_bytes(unet.read_bytes()[:-4]),
        lambda _, scheduler: scheduler.write_text("[]"),
        lambda _, scheduler: scheduler.write_text('{"num_train_timesteps": 1e999}'),
        lambda _, scheduler: scheduler.write_text("[" * 100_000),
    ],
)
def test_a_damaged_model_is_said(home: Path, tiny: Path, damage: Callable[[Path, Path], object]) -> None:
    from dreamface import guidance

    installed = models.install(NAME, tiny)
    damage(installed / "unet/diffusion_pytorch_model.safetensors", installed / "scheduler/scheduler_config.json")
    sentence = f"{NAME} can't be loaded .*: install it again"
    with pytest.raises(DreamFaceError, match=sentence), guidance.use_diffusion():
        pass
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
