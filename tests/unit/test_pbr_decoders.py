"""Decoders of specular and normal maps, trained with a complete tiny Stable Diffusion, and used."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dreamface import cli
from dreamface.errors import BadRequest, DreamFaceError
from dreamface.guidance import PbrDecoders, StableDiffusion
from dreamface.models.taking import Offer
from dreamface.models.trained import PBR_DECODERS
from dreamface.progress import Progress
from dreamface.training import DecoderRecipe, Examples, open_examples, train_pbr_decoders
from dreamface.training import pbr_decoders as training
from tests import tiny_diffusion
from tests.trainings import write_table

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("accelerate", "diffusers", "transformers")),
    reason='diffusers is not installed: pip install "dreamface[diffusion]" runs these, too',
)
FEW = DecoderRecipe(steps=12, batch=2, rate=3e-3, save_every=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_diffusion.save(tmp_path_factory.mktemp("tiny") / "sd")


@pytest.fixture(scope="module")
def base(folder: Path) -> StableDiffusion:
    return StableDiffusion.load(folder, "tiny")


def write(folder: Path, maps: bool = True) -> Path:
    """Scans whose other maps are always the same."""
    folder.mkdir()
    for name, colour in (("albedo", (180, 120, 90)), ("specular", (60, 60, 60)), ("normal", (128, 128, 255))):
        Image.fromarray(np.full((64, 64, 3), colour, np.uint8)).save(folder / f"{name}.png")
    row = {"file": "albedo.png", "caption": "a face", "domain": "desired"}
    row |= {"specular": "specular.png", "normal": "normal.png"} if maps else {}
    write_table(folder, [row])
    return folder


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return open_examples([write(tmp_path_factory.mktemp("scans") / "a")])


@pytest.fixture(autouse=True)
def _one_accelerator() -> Iterator[None]:
    yield
    if find_spec("accelerate") is not None:
        from accelerate.state import AcceleratorState

        AcceleratorState._reset_state(True)


def test_they_learn_and_can_be_installed(base: StableDiffusion, scans: Examples, tmp_path: Path) -> None:
    torch.manual_seed(0)
    begun = training._Decoders(base.autoencoder)
    before = training.loss_of_people(begun, [scans[0]], base, torch.device("cpu"))
    out = train_pbr_decoders(tmp_path / "out", scans, base, FEW)
    target = tmp_path / "installed"
    target.mkdir()
    PBR_DECODERS.take(Offer(out, "the folder", "train it again", target, lambda _: out, lambda _: None, Progress()))
    decoders = PbrDecoders.load(target, base)
    latents = base.encode(scans[0].map("albedo", base.side)[None])
    after = training.loss_of_people(
        lambda given: (decoders._decoders["specular"](given), decoders._decoders["normal"](given)),
        [scans[0]], base, torch.device("cpu"),
    )  # fmt: skip
    assert float(after) < 0.9 * float(before.detach())
    specular, normal = decoders.specular(latents), decoders.normal(latents)
    assert (
        specular.shape == (1, 1, base.side, base.side) and 0.0 <= float(specular.min()) <= float(specular.max()) <= 1.0
    )
    assert normal.shape == (1, 3, base.side, base.side)
    assert torch.allclose(normal.norm(dim=1), torch.ones(1, base.side, base.side), atol=1e-3)


def test_what_cannot_be_is_told(base: StableDiffusion, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="specular and a normal map"):
        train_pbr_decoders(tmp_path / "out", open_examples([write(tmp_path / "bare", maps=False)]), base, FEW)
    with pytest.raises(BadRequest, match="Steps"):
        DecoderRecipe(steps=0).check()
    with pytest.raises(DreamFaceError, match="can't be loaded"):
        PbrDecoders.load(tmp_path, base)


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = write(tmp_path / "scans"), tmp_path / "out"
    words = ["train", "pbr-decoders", "--data", str(data), "--base", str(folder), "-o", str(out), "--steps", "1"]
    assert cli.main([*words, "--batch", "1"]) == 0
    assert "dreamface models install pbr-decoders" in capsys.readouterr().out
    assert cli.main([*words, "--lora", "4"]) == 1
    assert "goes with" in capsys.readouterr().err
