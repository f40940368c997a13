"""The papers' tables: what is counted, on models and faces whose answer is known."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamface import cli, evaluation, guidance, pipeline
from dreamface.errors import BadRequest, FolderError
from dreamface.evaluation import evaluate_prompts, evaluate_textures, prompts, read_prompts, textures
from dreamface.guidance import DESIRED, UNDESIRED, Prompt, Schedule, StableDiffusion, sample

needs_clean_fid = pytest.mark.skipif(
    find_spec("cleanfid") is None or find_spec("torchvision") is None, reason="clean-fid is not installed"
)


# ------------------------------------------------------------------------------------------------------------- prompts


def unit(*rows: Sequence[float]) -> Tensor:
    return torch.nn.functional.normalize(torch.tensor(rows), dim=1)


def test_scores_of_known_embeddings() -> None:
    words = unit((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    right, wrong = unit((1.0, 0.0, 1.0), (1.0, 0.0, 1.0)), unit((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    found = prompts.scores(torch.stack((right, wrong)), words, 2.5)
    assert found.clip_score == pytest.approx(100.0 * (2.0 * math.sqrt(0.5) + 0.0 + 1.0) / 4.0)
    assert found.precision == pytest.approx(0.75)  # one view of the second face is nearer to the first prompt
    assert found.consistency == pytest.approx(0.5)  # the first face's views agree, the second's are at right angles
    assert (found.seconds, found.count) == (2.5, 2)


def test_every_face_is_made_once_and_looked_at_from_three_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    seen: list[tuple[float, ...]] = []

    def make(prompt: str, **how: Any) -> Any:
        asked.append((prompt, how))
        return SimpleNamespace(number=len(asked) - 1)

    def portraits(face: Any, yaws: Sequence[float], size: int) -> list[Tensor]:
        seen.append(tuple(round(math.degrees(yaw)) for yaw in yaws))
        return [torch.full((size, size, 3), float(face.number)) for _ in yaws]

    class Encoder:
        def images(self, pictures: Tensor) -> Tensor:
            return torch.nn.functional.one_hot(pictures[:, 0, 0, 0].long(), 2).float()

        def texts(self, said: Sequence[str]) -> Tensor:
            return torch.eye(2)

    monkeypatch.setattr(prompts, "portraits", portraits)
    found = evaluate_prompts(("a man", "a woman"), Encoder(), seed=3, make=make)
    assert [prompt for prompt, _ in asked] == ["a man", "a woman"] and asked[0][1]["seed"] == 3
    assert seen == [(0, 15, -15)] * 2
    assert (found.clip_score, found.precision, found.consistency) == (100.0, 1.0, 1.0)


def test_prompts_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_text("# people\na man\n\n  a woman  \n", "utf-8")
    assert read_prompts(file) == ("a man", "a woman")
    for text, sentence in (("a man", "give 2 to"), ("a man\na man", "twice")):
        file.write_text(text, "utf-8")
        with pytest.raises(BadRequest, match=sentence):
            read_prompts(file)
    with pytest.raises(FolderError, match="can't be read"):
        read_prompts(tmp_path / "gone.txt")


# ------------------------------------------------------------------------------------------------------------ textures


class Painter:
    """A model that makes pictures of one shade, whatever is said."""

    name, side, factor = "painter", 8, 1
    device, schedule = torch.device("cpu"), Schedule.scaled_linear()

    def __init__(self, shade: float) -> None:
        self._shade = shade

    def embed(self, words: str) -> Prompt:
        return Prompt(torch.zeros(1, 1, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        raise NotImplementedError

    def decode(self, latents: Tensor) -> Tensor:
        return self._shade + 0.05 * latents[:, :3].clamp(-2.0, 2.0)

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        kept = self.schedule.signal[level].view(-1, 1, 1, 1).float()
        return latents / (1.0 - kept).sqrt()  # what is left is always nothing


class Textures:
    """Shades around 0.5 that are desired, and around 0.2 that are not."""

    def __len__(self) -> int:
        return 40

    def __getitem__(self, number: int) -> Any:
        middle, domain = ((0.5, DESIRED), (0.2, UNDESIRED))[number % 2]
        noise = torch.Generator().manual_seed(number)
        picture = middle + 0.01 * torch.randn(3, 8, 8, generator=noise)
        return SimpleNamespace(captions=("a face",), domain=domain, map=lambda channel, side: picture)


def features(pictures: Tensor) -> np.ndarray:
    return pictures.mean(dim=(2, 3)).double().numpy() + 1e-3 * np.random.default_rng(0).normal(size=(len(pictures), 3))


@needs_clean_fid
def test_the_nearer_textures_have_the_lower_distance() -> None:
    models = {"desired": Painter(0.5), "others": Painter(0.2)}
    rows = {row.name: row for row in evaluate_textures(models, Textures(), features, count=30, steps=1)}
    assert rows["desired"].desired < rows["others"].desired
    assert abs(rows["desired"].desired) < 0.1 * rows["others"].desired


@needs_clean_fid
def test_the_distance_is_that_of_the_papers() -> None:
    generator = np.random.default_rng(0)
    one, other = generator.normal(size=(60, 4)), generator.normal(0.5, 1.0, size=(50, 4))

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / 4 + 1.0) ** 3

    # Binkowski et al. 2018, equation 4, over all pairs; the subsets' mean is about that
    same = (kernel(one, one).sum() - np.trace(kernel(one, one))) / (60 * 59)
    same += (kernel(other, other).sum() - np.trace(kernel(other, other))) / (50 * 49)
    expected = same - 2.0 * kernel(one, other).mean()
    assert textures.kernel_distance(one, other) == pytest.approx(expected, rel=0.1)
    assert textures.kernel_distance(one, other) == textures.kernel_distance(one, other)


def test_too_few_textures_are_told() -> None:
    with pytest.raises(BadRequest, match="At least 10"):
        evaluate_textures({"a": Painter(0.5)}, Textures(), features, count=5)


# ------------------------------------------------------------------------------------------------------------ commands


@pytest.mark.slow
@pytest.mark.skipif(find_spec("diffusers") is None, reason="diffusers is not installed")
def test_the_table_of_figure_13_is_one_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three texture models that training has written, compared with scans; Inception's network is a stand-in."""
    from tests import tiny_diffusion, tiny_guides
    from tests.unit.test_texture_ldm import write_scans

    sd = tiny_diffusion.save(tmp_path / "sd")
    base = StableDiffusion.load(sd, "tiny")
    folders = []
    for name in ("full", "one", "none"):
        folders.append(str(tiny_guides.install_texture_model(tmp_path / name, base, "ict", seed=len(name))))
    data = write_scans(tmp_path / "scans", 24)
    monkeypatch.setattr(evaluation, "inception_features", lambda device: features)
    monkeypatch.setattr(textures, "sample", lambda model, words, _, *how, **more: sample(model, words, 1, *how, **more))
    monkeypatch.setattr(textures, "kernel_distance", lambda one, other, seed: float(abs(one.mean() - other.mean())))
    words = ["evaluate", "texture-ldm", folders[0], "--without-prompts", folders[1], "--without-both", folders[2]]
    assert cli.main([*words, "--data", str(data), "--base", str(sd), "--count", "10", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == ["without mask and prompts", "without prompts", "full"]
    assert all(math.isfinite(row["all"]) and row["desired"] > 0.0 for row in rows)
    assert cli.main([*words, "--base", str(sd)]) != 0
    assert "Say with --data which textures to compare with" in capsys.readouterr().err


def test_faces_of_prompts_are_measured_with_any_detail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    class Looks:
        def images(self, pictures: Tensor) -> Tensor:
            return torch.eye(4)[:1].expand(len(pictures), -1)

        def texts(self, said: Sequence[str]) -> Tensor:
            return torch.eye(4)[: len(said)]

    monkeypatch.setattr(guidance.ClipEncoder, "load", lambda progress: Looks())
    monkeypatch.setattr(pipeline, "generate", lambda prompt, **how: asked.append(how))
    monkeypatch.setattr(prompts, "portraits", lambda face, yaws, size: [torch.zeros(8, 8, 3) for _ in yaws])
    (tmp_path / "prompts.txt").write_text("a man\na woman\n", "utf-8")
    words = ["evaluate", "prompts", str(tmp_path / "prompts.txt"), "--detail", "diffusion", "--seed", "7", "--json"]
    assert cli.main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(how["detail"], how["seed"]) for how in asked] == [("diffusion", 7)] * 2
    assert found["clip_score"] == pytest.approx(50.0) and found["precision"] == 0.5 and found["count"] == 2
