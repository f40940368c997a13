"""Score distillation against models whose answers are known in closed form."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamface.errors import Cancelled, DreamFaceError
from dreamface.guidance import Guide, LatentDiffusion, Outcome, Schedule, StableDiffusion, distil, optimise
from dreamface.guidance.distillation import Clock, drawn_level, falling_level, noise_like, score_gradient
from dreamface.progress import Progress, Step
from tests.diffusion_double import GaussianDiffusion
from tests.tiny_diffusion import save

RED, GREY = (0.9, 0.2, 0.1), (0.5, 0.5, 0.5)


def seeded(number: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def red(scale: float = 1.0, weight: float = 1.0, deviation: float = 0.3) -> Guide:
    return Guide.reading(GaussianDiffusion({"red": RED}, deviation), "red", "", scale, weight)


@pytest.mark.parametrize("scale", [1.0, 7.5])
def test_it_converges_to_the_mean_of_a_gaussian(scale: float) -> None:
    guide, random = red(scale), seeded()
    latents = torch.zeros(1, 3, 4, 4, requires_grad=True)

    def work(step: int, saving: bool) -> None:
        distil(guide, latents, random, drawn_level(guide.model.schedule, random))

    optimise({"latents": latents}, {"latents": 0.02}, work, 400, "Testing")
    # With guidance, the point of rest lies beyond the mean, away from what the empty words mean:
    # none + scale (words - none).
    mean = 2.0 * torch.tensor(RED) - 1.0
    target = (2.0 * torch.tensor(GREY) - 1.0) + scale * (mean - (2.0 * torch.tensor(GREY) - 1.0))
    if scale == 1.0:
        assert torch.allclose(latents.detach().mean(dim=(0, 2, 3)), mean, atol=0.05)
    else:
        reached = latents.detach().mean(dim=(0, 2, 3))
        assert torch.equal(reached.sign(), target.sign()) and bool((reached.abs() > 2.0 * mean.abs()).all())


def tiny(folder: Path) -> LatentDiffusion:
    return StableDiffusion.load(save(folder), "tiny")


@pytest.mark.parametrize("kind", ["gaussian", "stable diffusion"])
def test_the_gradient_is_the_difference_of_the_noises(kind: str, tmp_path: Path) -> None:
    model: LatentDiffusion = GaussianDiffusion({"red": RED}, 0.3) if kind == "gaussian" else tiny(tmp_path)
    guide, level = Guide.reading(model, "red", "", 3.0), 400
    channels = 3 if kind == "gaussian" else 4
    latents = torch.randn(2, channels, 8, 8, generator=seeded(4)).requires_grad_()
    distil(guide, latents, seeded(), level)
    noise = noise_like(latents, seeded())
    kept = float(model.schedule.signal[level])
    noised = kept**0.5 * latents.detach() + (1.0 - kept) ** 0.5 * noise
    asked = torch.full((2,), level)
    none, words = (
        model.predict_noise(noised, asked, one.embedding.expand(2, -1, -1)) for one in (guide.none, guide.words)
    )
    expected = (1.0 - kept) * (none + 3.0 * (words - none) - noise) / 2.0
    assert latents.grad is not None
    assert float((latents.grad - expected).abs().max()) < 1e-5
    assert float(expected.abs().max()) > 1e-2


@dataclass
class Knowing(GaussianDiffusion):
    """Finds the very noise that was added, whatever the words are."""

    added: Tensor = field(default_factory=lambda: torch.zeros(()))

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        return self.added.repeat(len(latents) // len(self.added), 1, 1, 1)


def test_it_is_zero_where_the_noise_is_found() -> None:
    latents = torch.randn(2, 3, 4, 4, generator=seeded())
    noise = noise_like(latents, seeded(2))
    guide = Guide.reading(Knowing(added=noise), "red", "", 50.0)
    assert float(score_gradient(guide, latents, noise, 300).abs().max()) < 1e-5


def test_it_is_linear_in_the_guidance() -> None:
    latents, noise = (torch.randn(1, 3, 4, 4, generator=seeded(number)) for number in (1, 2))
    at = {scale: score_gradient(red(scale), latents, noise, 500) for scale in (0.0, 1.0, 5.0, 9.0)}
    assert torch.allclose(at[9.0] - at[5.0], 4.0 * (at[1.0] - at[0.0]), atol=1e-4)
    model = GaussianDiffusion({"red": RED}, 0.3)
    kept = float(model.schedule.signal[500])
    noised = model.schedule.noised(latents, noise, 500)
    alone = model.predict_noise(noised, torch.tensor([500]), model.embed("red").embedding)
    assert torch.allclose(at[1.0], (1.0 - kept) * (alone - noise), atol=1e-5)  # 1 is the words alone


def test_half_precision_loses_nothing_on_the_way_back() -> None:
    """The usual loss, half the square of a difference, gives this gradient as 17 % too little or as infinity."""
    latents = torch.randn(1, 4, 8, 8, generator=seeded()).half().requires_grad_()
    gradient = torch.full_like(latents, 100.0)
    latents.backward(gradient)
    assert latents.grad is not None and torch.equal(latents.grad, gradient)


def test_frozen_networks_get_no_gradients(tmp_path: Path) -> None:
    model = StableDiffusion.load(save(tmp_path), "tiny")
    pictures = torch.rand(1, 3, 64, 64, generator=seeded()).requires_grad_()
    distil(Guide.reading(model, "red"), model.encode(pictures), seeded(), 500)
    assert pictures.grad is not None and float(pictures.grad.abs().sum()) > 0.0
    networks = (model._unet, model._autoencoder, model._text_encoder)
    assert all(weight.grad is None for network in networks for weight in network.parameters())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_gives_what_the_cpu_gives() -> None:
    on_gpu = GaussianDiffusion({"red": RED}, 0.3, device=torch.device("cuda"))
    latents = torch.randn(2, 3, 8, 8, generator=seeded(4))
    found = []
    for guide in (red(5.0), Guide.reading(on_gpu, "red", "", 5.0)):
        own = latents.to(guide.model.device)
        found.append(score_gradient(guide, own, noise_like(own, seeded()), 400).cpu())
    assert torch.allclose(*found, atol=1e-5)


def test_times_are_the_papers() -> None:
    schedule, random = Schedule.scaled_linear(), seeded()
    drawn = [drawn_level(schedule, random, 0.9) for _ in range(3000)]
    assert min(drawn) >= 0.02 * 900 - 1 and max(drawn) <= 0.98 * 900
    assert min(drawn) < 25 and max(drawn) > 870 and abs(sum(drawn) / 3000 - 450) < 20
    falling = [falling_level(schedule, step, 200, 0.98) for step in range(200)]
    assert falling[0] == 979 and falling[-1] == 0
    steps = [one - other for one, other in itertools.pairwise(falling)]
    assert max(steps) - min(steps) <= 1


# ------------------------------------------------------------------------------------------------------ when it fails


def moving(steps: int, work: object, **more: object) -> tuple[Tensor, Outcome]:
    tensor = torch.zeros(3, requires_grad=True)
    outcome = optimise(
        {"x": tensor}, {"x": 0.1}, lambda step, saving: work(tensor, step, saving), steps, "Carving", **more
    )  # type: ignore[operator, arg-type]
    return tensor.detach(), outcome


def test_no_numbers_stop_it_and_the_last_good_state_is_kept() -> None:
    states = []

    def work(tensor: Tensor, step: int, saving: bool) -> None:
        states.append(tensor.detach().clone())
        tensor.backward(torch.full((3,), torch.nan if step == 5 else 1.0))

    kept, outcome = moving(20, work)
    assert outcome.steps == 5 and "NaN" in outcome.stopped and "step 6 of 20" in outcome.stopped
    assert torch.equal(kept, states[5]) and bool(torch.isfinite(kept).all())


def test_no_numbers_in_the_first_step_are_an_error() -> None:
    with pytest.raises(DreamFaceError, match=r"NaN.*try another seed or less guidance"):
        moving(20, lambda tensor, step, saving: tensor.backward(torch.full((3,), torch.nan)))


def test_exhausted_memory_saves_once_and_then_says_so() -> None:
    asked = []

    def once(tensor: Tensor, step: int, saving: bool) -> None:
        asked.append((step, saving))
        if not saving and step == 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        tensor.backward(torch.ones(3))

    _, outcome = moving(3, once)
    assert outcome == Outcome(3) and asked == [(0, False), (1, False), (1, True), (2, True)]

    def always(tensor: Tensor, step: int, saving: bool) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

    with pytest.raises(DreamFaceError, match=r"too little memory for diffusion.*close other programs"):
        moving(3, always)


def test_a_lost_graphics_card_is_said() -> None:
    def gone(tensor: Tensor, step: int, saving: bool) -> None:
        raise RuntimeError("CUDA error: unspecified launch failure")

    with pytest.raises(DreamFaceError, match="graphics card has stopped working"):
        moving(3, gone)


def test_other_errors_are_not_swallowed() -> None:
    def wrong(tensor: Tensor, step: int, saving: bool) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        moving(3, wrong)


def test_progress_tells_every_step_and_can_cancel() -> None:
    told: list[Step] = []
    seen: list[int] = []
    progress = Progress(told.append, lambda: len(told) == 4)
    with pytest.raises(Cancelled):
        moving(20, lambda tensor, step, saving: tensor.backward(torch.ones(3)), progress=progress, seen=seen.append)
    assert [one.message.split(",")[1].strip() for one in told] == [f"step {n} of 20" for n in (1, 2, 3, 4)]
    assert "left" in told[-1].message and seen == [0, 1, 2, 3]


def test_the_time_left_is_that_of_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("dreamface.guidance.distillation.time.monotonic", lambda: now[0])
    clock = Clock(100)
    said = []
    for step in range(40):
        said.append(clock.left(step))
        now[0] += 30.0 if step == 0 else 2.0
    assert said[0] == said[1] == "" and said[30] == ", 2 minutes left"
