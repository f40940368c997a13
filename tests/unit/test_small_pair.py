"""The built-in pair of small diffusion models: how it is packed and asked, what it makes, and how it is trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamface.edits import masks_of
from dreamface.errors import DreamFaceError
from dreamface.guidance import Canvas, Mixed, SmallDiffusion, SmallPair, Wish, diffuse, sample, small_pair
from dreamface.guidance.small_networks import CHANNELS, FACTOR, SIDE, TOKENS, Autoencoder, Denoiser
from dreamface.guidance.small_pair import WEIGHTS, pack, unpack
from dreamface.head import HeadSource, load_model
from dreamface.prior import complete
from dreamface.record import Place
from dreamface.skin import Painter, materials
from dreamface.training import small_pair as training
from dreamface.traits import Traits
from tests.diffusion_double import GaussianDiffusion

LARGEST = 16_000_000  # bytes


def untrained() -> tuple[Autoencoder, Denoiser, Denoiser]:
    torch.manual_seed(0)
    networks = Autoencoder(), Denoiser(), Denoiser()
    for denoiser in networks[1:]:
        torch.nn.init.normal_(denoiser.last.weight, std=0.05)  # else it says nothing
    return networks


@pytest.fixture(scope="module")
def tiny() -> SmallPair:
    return unpack(pack(*untrained()))


def test_packed_weights_say_what_the_whole_ones_do() -> None:
    autoencoder, texture, picture = untrained()
    pair = unpack(pack(autoencoder, texture, picture))
    torch.manual_seed(1)
    latents, level, states = torch.randn(2, 4, 16, 16), torch.tensor([10, 900]), torch.randn(2, TOKENS, 384)
    with torch.no_grad():
        whole = picture(latents, level, states)
    schedule = pair.picture.schedule
    told = pair.picture.predict_noise(latents, level, states)
    expected = schedule.noise_of(whole, latents, level, "v_prediction")
    assert (told - expected).abs().mean() < 0.02 * whole.abs().mean()


def test_both_are_what_guidance_asks_for(tiny: SmallPair) -> None:
    for model in (tiny.texture, tiny.picture):
        pictures = torch.rand(2, 3, SIDE, SIDE, requires_grad=True)
        latents = model.encode(pictures)
        assert latents.shape == (2, CHANNELS, SIDE // FACTOR, SIDE // FACTOR)
        assert model.side // model.factor == latents.shape[-1]
        assert torch.equal(latents, model.encode(pictures))
        again = model.decode(latents)
        assert again.shape == pictures.shape
        again.sum().backward()
        assert pictures.grad is not None and bool(pictures.grad.abs().sum() > 0.0)
        noise = model.predict_noise(
            latents, torch.tensor([5, 500]), model.embed("a pale man").embedding.expand(2, -1, -1)
        )
        assert noise.shape == latents.shape and not noise.requires_grad
    mixed = Mixed(tiny.picture, tiny.texture, 0.25)
    said, level = mixed.embed("a woman"), torch.tensor([100, 100])
    both = mixed.predict_noise(latents.detach(), level, said.embedding.expand(2, -1, -1))
    one, other = (
        model.predict_noise(latents.detach(), level, model.embed("a woman").embedding.expand(2, -1, -1))
        for model in (tiny.picture, tiny.texture)
    )
    assert torch.allclose(both, 0.75 * one + 0.25 * other, atol=1e-5)


def test_larger_pictures_have_more_latents(tiny: SmallPair) -> None:
    assert tiny.texture.encode(torch.rand(1, 3, 2 * SIDE, 2 * SIDE)).shape[-1] == 2 * SIDE // FACTOR


def test_what_is_not_read_of_long_words_is_told(tiny: SmallPair) -> None:
    short = tiny.texture.embed("a pale old man with a grey beard")
    assert short.cut_off == "" and short.embedding.shape == (1, TOKENS, 384)
    long = tiny.texture.embed("a pale old man " + "and a scar " * 12 + "and a green hat")
    assert long.cut_off.endswith("green hat") and len(long.cut_off) < 100


def test_a_model_that_gives_no_numbers_is_told() -> None:
    with pytest.raises(DreamFaceError, match=r"a double gave no numbers \(NaN\) in step 1 of 4"):
        sample(GaussianDiffusion(nan_from=2000), "a man", 4, channels=3)


def test_words_that_are_not_there_change_nothing(tiny: SmallPair) -> None:
    latents, level = torch.randn(1, 4, 16, 16), torch.tensor([400])
    words = tiny.texture.embed("a man").embedding
    read = int((words.abs().sum(dim=-1) > 0).sum())
    shorter = tiny.texture.predict_noise(latents, level, words[:, :read])
    assert torch.allclose(tiny.texture.predict_noise(latents, level, words), shorter, atol=1e-5)


# ------------------------------------------------------------------------------------------------------------- shipped


def test_what_is_shipped_is_small() -> None:
    assert WEIGHTS.stat().st_size < LARGEST


def lightness(pictures: Tensor) -> float:
    """Mean of the face's middle: half-way between the eyes and the mouth there is skin alone."""
    return float(pictures[..., SIDE // 2 - 6 : SIDE // 2 + 6, SIDE // 2 - 12 : SIDE // 2 + 12].mean())


@pytest.mark.parametrize("kind", ["texture", "picture"])
def test_shipped_ones_read_words(kind: str) -> None:
    model: SmallDiffusion = getattr(small_pair(), kind)
    pale = sample(model, "a very pale woman", 8)
    dark = sample(model, "a very dark-skinned woman", 8)
    assert bool(torch.isfinite(pale).all()) and lightness(pale) > lightness(dark) + 0.15


def test_shipped_ones_keep_pictures() -> None:
    picture = sample(small_pair().texture, "an old man", 8).clamp(0.0, 1.0)
    again = small_pair().texture.decode(small_pair().texture.encode(picture))
    assert float((again - picture).square().mean()) < 0.002


# ------------------------------------------------------------------------------------------------------------ training


def people(count: int) -> training.People:
    generator = np.random.default_rng(0)
    labels = [{"captions": [f"person {number}", "a face"] * 2} for number in range(count)]
    shades = generator.integers(0, 256, (count, 1, 1, 3), dtype=np.uint8)
    albedo = np.broadcast_to(shades, (count, SIDE, SIDE, 3)).copy()
    return training.People(albedo, np.stack((albedo, 255 - albedo), axis=1), labels)


def losses(trainer: training.Trainer, step: Callable[[np.random.Generator], Tensor]) -> list[float]:
    found = []

    def told(chance: np.random.Generator) -> Tensor:
        loss = step(chance)
        found.append(float(loss.detach()))
        return loss

    trainer.run(told)
    return found


def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    def network() -> torch.nn.Module:
        torch.manual_seed(0)
        return torch.nn.Conv2d(1, 1, 1)

    def step(net: torch.nn.Module) -> Callable[[np.random.Generator], Tensor]:
        return lambda chance: (net(torch.rand(4, 1, 2, 2)) - float(chance.random())).square().mean()

    one = network()
    through = losses(training.Trainer(one, tmp_path / "through.pt", 8, 0.01), step(one))
    half = network()
    stopped = training.Trainer(half, tmp_path / "stopped.pt", 8, 0.01)

    def dies_after_five(chance: np.random.Generator) -> Tensor:
        if stopped.steps == 5:
            stopped.save()
            raise KeyboardInterrupt
        return step(half)(chance)

    with pytest.raises(KeyboardInterrupt):
        stopped.run(dies_after_five)
    again = network()
    rest = losses(training.Trainer(again, tmp_path / "stopped.pt", 8, 0.01), step(again))
    assert rest == pytest.approx(through[5:], rel=1e-5)
    assert all(torch.allclose(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True))


def test_an_autoencoder_and_a_denoiser_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "BATCH", 8)
    some = people(12)
    network = training.train_autoencoder(some, tmp_path, 3)
    training.measure_latents(network, some)
    latents = training.encode_people(network, some, "picture", tmp_path)
    assert latents.shape == (12, 2, 4, 16, 16) and abs(float(latents.float().std()) - 1.0) < 0.3
    learnt = training.Learnt(latents, *training.read_captions(some, tmp_path))
    assert learnt.spans.shape == (12, training.CAPTIONS, 2)
    training.train_denoiser(learnt, "picture", tmp_path, 2)
    assert sorted(file.stem for file in tmp_path.glob("*.pt"))[0] == "autoencoder"
    kept = training.averaged("picture", tmp_path)
    assert all(bool(torch.isfinite(value).all()) for value in kept.state_dict().values())


def test_smaller_pictures_are_means_of_squares() -> None:
    pictures = np.zeros((1, 2 * SIDE, 2 * SIDE, 3), np.uint8)
    pictures[:, ::2, ::2] = 200
    assert np.array_equal(training.smaller(pictures), np.full((1, SIDE, SIDE, 3), 50, np.uint8))


def test_the_card_says_what_the_pair_is() -> None:
    card = (Path(__file__).parents[2] / "docs" / "small-pair.md").read_text("utf-8")
    assert all(word in card for word in ("synthetic", "MiniLM", "64", "not"))


# --------------------------------------------------------------------------------------------------- the way of others


@pytest.mark.slow
def test_it_goes_the_way_that_stable_diffusion_goes() -> None:
    traits = complete(Traits({"hair.style": "bald"}), 3)
    head = load_model("anny").build(HeadSource(traits, torch.Generator().manual_seed(3)))
    maps = Painter().paint(head, traits, resolution=256, seed=3)
    place = Place(("left_cheek", "right_cheek", "forehead", "nose"), feather=5.0)
    canvas = Canvas(head, materials(head, traits), maps, masks_of(place, head, {}))
    wish = Wish("a very dark-skinned woman", "", 4, 4.0, 0.0, 1)
    pair = small_pair()
    for texture in (None, pair.texture):
        made = diffuse(pair.picture, canvas, wish, texture=texture, share=0.5, size=256)
        changed = made["skin"].ratio[:, made["skin"].seen > 0.5]
        assert changed.numel() and bool(torch.isfinite(changed).all()) and float(changed.mean()) < -0.1  # darker
