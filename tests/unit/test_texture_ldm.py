"""A texture model, trained from a complete tiny Stable Diffusion, and used."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from dreamface.errors import BadRequest, Cancelled, DreamFaceError, FolderError
from dreamface.guidance import DESIRED, UNDESIRED, StableDiffusion, TextureDiffusion, installed_texture_model, sample
from dreamface.guidance.texture_ldm import with_domain, with_mask
from dreamface.models import model_folder
from dreamface.models.taking import Offer
from dreamface.models.trained import TEXTURE_LDM
from dreamface.progress import Progress, Step
from dreamface.training import texture_ldm
from dreamface.training.looping import Loop, claim
from dreamface.training.texture_examples import Examples, open_examples
from dreamface.training.texture_ldm import Recipe, train_texture_ldm
from tests import tiny_diffusion
from tests.running_backend import wait_for
from tests.trainings import stopped_at, write_table

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("accelerate", "diffusers", "transformers")),
    reason='diffusers is not installed: pip install "dreamface[diffusion]" runs these, too',
)
FEW = Recipe(steps=2, batch=2, tokens=3, save_every=1, show_every=0, rate=1e-3)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> StableDiffusion:
    return StableDiffusion.load(tiny_diffusion.save(tmp_path_factory.mktemp("tiny") / "sd"), "tiny")


def write_scans(folder: Path, count: int = 4, **other: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    mask = np.zeros((32, 32), np.uint8)
    mask[8:24, 8:24] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    rows = []
    for number in range(count):
        colour = generator.integers(0, 256, (1, 1, 3), dtype=np.uint8)
        Image.fromarray(np.broadcast_to(colour, (80, 80, 3)).copy()).save(folder / f"{number}.png")
        domain = "undesired" if number % 2 else "desired"
        rows.append(
            {"file": f"{number}.png", "caption": f"person {number} | a face", "domain": domain, "mask": "mask.png"}
        )
    rows[-1] |= other
    write_table(folder, rows)
    return folder


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return open_examples([write_scans(tmp_path_factory.mktemp("scans") / "a")])


@pytest.fixture(scope="module")
def trained(base: StableDiffusion, scans: Examples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("trained") / "out"
    return train_texture_ldm(out, scans, base, Recipe(**{**vars(FEW), "show_every": 2}))


# --------------------------------------------------------------------------------------------------------------- scans


def test_scans_are_read(scans: Examples) -> None:
    assert len(scans) == 4 and scans.head == ""
    assert scans[0].captions == ("person 0", "a face") and scans[0].domain == DESIRED and scans[1].domain == UNDESIRED
    assert scans[0].map("albedo", 16).shape == (3, 16, 16)
    outside = scans[0].not_face(4)
    assert float(outside[0, 0, 0]) > 0.9 and float(outside[0, 2, 2]) < 0.3


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"domain": "good"}, "desired or undesired"),
        ({"caption": ""}, "has no caption"),
        ({"file": "gone.png"}, "not there"),
    ],
)
def test_wrong_scans_are_told(change: dict[str, str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=sentence) as told:
        open_examples([write_scans(tmp_path / "scans", **change)])
    assert "Line 5" in str(told.value)


def test_grey_maps_of_16_bits_keep_their_greys(tmp_path: Path) -> None:
    folder = write_scans(tmp_path / "scans", specular="s.png", mask="m.png")
    Image.fromarray(np.full((20, 20), 16384, np.uint16)).save(folder / "s.png")
    Image.fromarray(np.full((20, 20), 65535, np.uint16)).save(folder / "m.png")
    last = open_examples([folder])[3]
    assert float(last.map("specular", 4).mean()) == pytest.approx(0.25, abs=1e-3)
    assert last.map("specular", 4).shape == (3, 4, 4) and float(last.not_face(4).max()) < 1e-5


def test_folders_with_nothing_are_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="nothing to learn from"):
        open_examples([tmp_path])
    (write_scans(tmp_path / "scans") / "0.png").write_bytes(b"no picture")
    with pytest.raises(FolderError, match=r"0\.png is no picture, or damaged"):
        open_examples([tmp_path / "scans"])[0].map("albedo", 16)


# ------------------------------------------------------------------------------------------------------------ equation


def test_it_begins_as_the_base_is(base: StableDiffusion) -> None:
    network = texture_ldm.Trained(texture_ldm._widened(base, FEW), 0).eval()
    latents, level, words = torch.randn(2, 4, 8, 8), torch.tensor([3, 700]), base.embed("a man").embedding
    with torch.no_grad():
        mine = network(latents, torch.rand(2, 1, 8, 8), level, words.expand(2, -1, -1), torch.tensor([0, 1]))
    theirs = base.predict_noise(latents, level, words.expand(2, -1, -1))
    assert torch.allclose(mine, theirs, atol=1e-5)


def test_domain_prompts_follow_the_words() -> None:
    words, domains = torch.zeros(2, 5, 4), torch.stack((torch.ones(3, 4), torch.full((3, 4), 2.0)))
    said = with_domain(words, domains, torch.tensor([DESIRED, UNDESIRED]))
    assert said.shape == (2, 8, 4)
    assert (
        float(said[0, 5:].mean()) == 1.0 and float(said[1, 5:].mean()) == 2.0 and float(said[:, :5].abs().max()) == 0.0
    )
    assert with_domain(words, None, torch.tensor([0, 0])) is words


def test_the_mask_is_one_channel_more() -> None:
    latents, mask = torch.zeros(2, 4, 8, 8), torch.zeros(1, 1, 16, 16)
    mask[..., :8, :] = 1.0
    both = with_mask(latents, mask)
    assert both.shape == (2, 5, 8, 8) and float(both[:, 4, :4].min()) == 1.0 and float(both[:, 4, 4:].max()) == 0.0


# ------------------------------------------------------------------------------------------------------------ training


def test_what_is_written_can_be_installed_and_used(trained: Path, base: StableDiffusion, tmp_path: Path) -> None:
    assert {"model.json", "README.md", "unet", "domain_prompts.safetensors", "validation"} < {
        file.name for file in trained.iterdir()
    }
    assert Image.open(trained / "validation/step-000000002.png").size == (4 * base.side, base.side)
    assert "50%" in (trained / "README.md").read_text("utf-8")
    target = tmp_path / "installed"
    target.mkdir()
    offer = Offer(trained, "the folder", "train it again", target, lambda _: trained, lambda _: None, Progress())
    TEXTURE_LDM.take(offer)
    model = TextureDiffusion.load(target, base)
    picture = sample(model, "an old man", 2)
    assert picture.shape == (1, 3, base.side, base.side) and bool(torch.isfinite(picture).all())
    assert not torch.equal(model.embed("a man").embedding, model.embed("a man", UNDESIRED).embedding)
    assert model.embed("a man").embedding.shape[1] == base.embed("a man").embedding.shape[1] + 3


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_an_installed_one_is_for_heads_of_its_layout(
    precision: torch.dtype, trained: Path, base: StableDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    assert installed_texture_model(base, "ict") is None
    shutil.copytree(trained, model_folder(TEXTURE_LDM.kind))
    assert installed_texture_model(base, "anny") is None
    monkeypatch.setattr(StableDiffusion, "precision", precision)
    model = installed_texture_model(base, "ict")
    assert model is not None and next(model._unet.parameters()).dtype is precision
    noise = model.predict_noise(torch.rand(1, 4, 8, 8), torch.tensor([500]), model.embed("a man").embedding)
    assert noise.shape == (1, 4, 8, 8) and noise.dtype is torch.float32 and bool(torch.isfinite(noise).all())


def test_it_is_loaded_once_and_again_where_another_was_installed(
    trained: Path, base: StableDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    folder, told = model_folder(TEXTURE_LDM.kind), list[Step]()
    shutil.copytree(trained, folder)
    first, second = (installed_texture_model(base, "ict", Progress(told.append)) for _ in range(2))
    assert first is second and [step.message for step in told] == ["Loading the texture model"]
    unet = folder / "unet/diffusion_pytorch_model.safetensors"
    unet.write_bytes(unet.read_bytes())
    assert installed_texture_model(base, "ict") is not first
    unet.unlink()
    with pytest.raises(DreamFaceError, match="can't be loaded"):
        installed_texture_model(base, "ict")


@pytest.mark.parametrize("index", ["{", "[]", '"ict"', "[" * 100_000])
def test_a_damaged_one_is_not_taken_for_none(
    index: str, base: StableDiffusion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    folder = model_folder(TEXTURE_LDM.kind)
    folder.mkdir()
    (folder / "model.json").write_text(index, "utf-8")
    with pytest.raises(DreamFaceError, match=r"install the folder .* again"):
        installed_texture_model(base, "anny")


def test_all_of_it_is_learnt(trained: Path, base: StableDiffusion) -> None:
    model = TextureDiffusion.load(trained, base)
    assert bool(model._unet.conv_in.weight[:, 4].abs().sum() > 0.0)  # the mask's weights began with nothing
    assert not torch.equal(model._unet.conv_in.weight[:, :4], base._unet.conv_in.weight.float())
    assert model._mask is not None and 0.5 < float(model._mask.mean()) < 0.9


@pytest.mark.slow
def test_a_stopped_run_goes_on_as_if_it_had_not_been(base: StableDiffusion, scans: Examples, tmp_path: Path) -> None:
    recipe = Recipe(**{**vars(FEW), "steps": 3})
    through = train_texture_ldm(tmp_path / "through", scans, base, recipe)
    with pytest.raises(Cancelled):
        train_texture_ldm(tmp_path / "stopped", scans, base, recipe, progress=stopped_at(3))
    assert json.loads((tmp_path / "stopped/training.json").read_text("utf-8"))["done"] == 2
    stopped = train_texture_ldm(tmp_path / "stopped", scans, base, recipe)
    one, other = (TextureDiffusion.load(folder, base) for folder in (through, stopped))
    for name, value in one._unet.state_dict().items():
        assert torch.allclose(value, other._unet.state_dict()[name], atol=1e-6), name
    assert torch.allclose(one._domains, other._domains, atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed")
def test_lora_changes_little_and_is_merged(base: StableDiffusion, scans: Examples, tmp_path: Path) -> None:
    out = train_texture_ldm(tmp_path / "out", scans, base, Recipe(**{**vars(FEW), "rank": 2, "show_every": 1}))
    model, before = TextureDiffusion.load(out, base), base._unet.state_dict()
    after = model._unet.state_dict()
    assert after.keys() == before.keys()
    changed = {
        name
        for name, value in after.items()
        if value.shape == before[name].shape and not torch.equal(value, before[name].float())
    }
    assert changed and all("attn" in name or "conv_in" in name for name in changed)


@pytest.mark.slow
def test_the_ways_without_mask_and_prompts(base: StableDiffusion, scans: Examples, tmp_path: Path) -> None:
    recipe = Recipe(**{**vars(FEW), "steps": 1, "mask": False, "tokens": 0})
    model = TextureDiffusion.load(train_texture_ldm(tmp_path / "out", scans, base, recipe), base)
    assert model._mask is None and model._domains is None
    assert torch.equal(model.embed("x").embedding, base.embed("x").embedding)


# ------------------------------------------------------------------------------------------------------------ bad input


def test_other_runs_are_not_gone_on_with(trained: Path, base: StableDiffusion, scans: Examples, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="another way"):
        train_texture_ldm(trained, scans, base, Recipe(**{**vars(FEW), "batch": 3}))
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BadRequest, match="other things"):
        train_texture_ldm(tmp_path, scans, base, FEW)


@pytest.mark.parametrize(
    "change", [{"steps": 0}, {"batch": 0}, {"rank": 0}, {"drop": 1.0}, {"rate": 0.0}, {"tokens": 65}, {"seed": -1}]
)
def test_what_cannot_be_trained_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        Recipe(**change).check()


def test_no_numbers_are_told(
    base: StableDiffusion, scans: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texture_ldm._Run, "loss", lambda *_: torch.tensor(float("nan"), requires_grad=True))
    with pytest.raises(DreamFaceError, match="no numbers"):
        train_texture_ldm(tmp_path / "out", scans, base, FEW)


def test_gradients_that_are_no_numbers_are_not_learnt_from(
    base: StableDiffusion, scans: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss is one; its gradient is not."""
    loss = texture_ldm._Run.loss

    def steep(*given: Any) -> torch.Tensor:
        found = loss(*given)
        return found + (found - found.detach()).clamp_min(0.0).sqrt()

    monkeypatch.setattr(texture_ldm._Run, "loss", steep)
    with pytest.raises(DreamFaceError, match="no numbers"):
        train_texture_ldm(tmp_path / "out", scans, base, FEW)
    assert not list((tmp_path / "out/state").glob("step-*"))


def test_only_the_first_process_makes_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    claim(tmp_path / "out", {"steps": 1})
    assert not (tmp_path / "out").exists()
    monkeypatch.setenv("RANK", "0")
    claim(tmp_path / "out", {"steps": 1})
    assert (tmp_path / "out/training.json").is_file()


# ---------------------------------------------------------------------------------------------------- several processes


class Together:
    """Stands in for accelerate where there are several processes, of which this is one.

    Attributes:
        asked: which of this process's steps another one is asked to stop at, from 1; 0: none.
    """

    def __init__(self, asked: int = 0, scaler: object = None) -> None:
        self.num_processes, self.device, self.scaler = 2, torch.device("cpu"), scaler
        self.is_main_process, self.asked, self.steps, self.saved = False, asked, 0, list[str]()

    def reduce(self, told: torch.Tensor, _how: str) -> torch.Tensor:
        self.steps += 1
        return told + float(self.steps == self.asked)

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()

    def clip_grad_norm_(self, learning: list[torch.nn.Parameter], most: float) -> torch.Tensor:
        return torch.nn.utils.clip_grad_norm_(learning, most)

    def save_state(self, folder: str) -> None:
        self.saved.append(folder)

    def load_state(self, _folder: str) -> None:
        pass

    def wait_for_everyone(self) -> None:
        pass


def a_loop(out: Path, accelerator: Together) -> Loop:
    from diffusers.training_utils import EMAModel

    network = torch.nn.Linear(2, 1)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    return Loop(out, network, network, optimiser, accelerator, EMAModel(list(network.parameters())))


def test_all_processes_stop_at_the_same_step(tmp_path: Path) -> None:
    """Ctrl-C reaches them at different moments, and one that goes on alone waits for the others for ever."""
    together = Together(asked=3)
    with pytest.raises(Cancelled):
        a_loop(tmp_path, together).run(lambda network, step: network(torch.ones(1, 2)).sum(), 9, 100)
    assert together.steps == 3 and together.saved == [str(tmp_path / "state/new")]


def test_steps_that_half_precision_leaves_out_are_no_end(tmp_path: Path) -> None:
    """The first gradients in fp16 are often too large: its scaler leaves the step out, and goes on with less."""

    def steep(network: torch.nn.Module, step: int) -> torch.Tensor:
        found = network(torch.ones(1, 2)).sum()
        return found + (found - found.detach()).clamp_min(0.0).sqrt()

    with pytest.raises(DreamFaceError, match="no numbers"):
        a_loop(tmp_path, Together()).run(steep, 1, 100)
    a_loop(tmp_path, Together(scaler=object())).run(steep, 1, 100)


def test_a_run_that_goes_on_computes_on_its_own_device(tmp_path: Path) -> None:
    """Accelerate reads the running mean of the weights onto the CPU; the weights are on the card."""
    (tmp_path / "state/step-000000007").mkdir(parents=True)
    together = Together()
    together.device = torch.device("meta")
    loop = a_loop(tmp_path, together)
    assert loop._resume() == 7
    assert {value.device.type for value in loop._mean.shadow_params} == {"meta"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["texture-ldm", "pbr-decoders"])
def test_two_processes_learn_together_and_go_on_after_a_stop(kind: str, tmp_path: Path) -> None:
    """What `accelerate launch` does, on CPUs that speak by gloo: interrupted in the middle, and begun again."""
    write_scans(tmp_path / "scans", specular="0.png", normal="1.png", domain="desired")
    tiny_diffusion.save(tmp_path / "sd")
    command = [
        "train", kind, "--data", str(tmp_path / "scans"), "--base", str(tmp_path / "sd"), "-o", str(tmp_path / "out"),
        "--batch", "1", "--save-every", "2",
    ]  # fmt: skip
    first = launched([*command, "--steps", "100000"])
    try:
        wait_for(lambda: list((tmp_path / "out/state").glob("step-*")), 240.0)
        for process in first:  # as Ctrl-C does, which reaches all of them
            process.send_signal(signal.SIGINT)
        assert [process.wait(120.0) for process in first] == [130, 130]
    finally:
        for process in first:
            process.kill()
    (state,) = (tmp_path / "out/state").glob("step-*")
    done = int(state.name.removeprefix("step-"))
    assert json.loads((tmp_path / "out/training.json").read_text("utf-8"))["done"] == done >= 2
    assert {file.name for file in state.glob("random_states_*")} == {"random_states_0.pkl", "random_states_1.pkl"}
    again = launched([*command, "--steps", str(done + 2)])
    try:
        assert [process.wait(240.0) for process in again] == [0, 0]
    finally:
        for process in again:
            process.kill()
    assert (tmp_path / "out/model.json").is_file()
    assert [file.name for file in (tmp_path / "out/state").iterdir()] == [f"step-{done + 2:09d}"]


def launched(arguments: list[str]) -> list[subprocess.Popen[bytes]]:
    """Start two processes of the command as a launcher does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "DREAMFACE_DIFFUSION_DEVICE": "cpu",
    }  # fmt: skip
    return [
        subprocess.Popen(
            [sys.executable, "-m", "dreamface", *arguments],
            env=os.environ | shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]


def test_damaged_models_are_told(trained: Path, base: StableDiffusion, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    (tmp_path / "copy/domain_prompts.safetensors").write_bytes(b"no")
    with pytest.raises(DreamFaceError, match="can't be loaded"):
        TextureDiffusion.load(tmp_path / "copy", base)


@pytest.fixture(autouse=True)
def _one_accelerator() -> Iterator[None]:
    yield
    if find_spec("accelerate") is not None:
        from accelerate.state import AcceleratorState, PartialState

        AcceleratorState._reset_state(True)
        PartialState._reset_state()
