"""A texture model sampled at once, decoded maps, and networks that sharpen: with models whose answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad

from dreamface import models, pipeline
from dreamface.errors import Cancelled, DreamFaceError, MissingDependency
from dreamface.guidance import (
    DecodedChange,
    Outcome,
    Sharpeners,
    Sitter,
    Textured,
    Upscaler,
    decoded_change,
    sample_texture,
    sharpened,
    skin_layer,
)
from dreamface.guidance.decoding import known_texels, relief_of_slopes
from dreamface.guidance.devices import lost
from dreamface.guidance.sharpening import aligned_camera, enlarge
from dreamface.pipeline import FastDetail, build_head, detailing, stranger
from dreamface.progress import Progress, Step
from dreamface.skin import atlas_of, materials, surface_of
from dreamface.skin.canvas.atlas import slopes
from tests.diffusion_double import GaussianDiffusion

BLUE = (0.25, 0.35, 0.75)


@pytest.fixture(scope="module")
def sitter() -> Sitter:
    """A head whose skin is of one colour, with black brows on top."""
    head = build_head("anny", stranger(3), 3)
    flat = torch.tensor((0.0, 0.0, 1.0)).expand(64, 64, 3)
    plain = {"albedo": torch.full((64, 64, 3), 0.3), "normal": flat, "specular": torch.full((64, 64, 1), 0.3)}
    brows = atlas_of(head.topology, "skin", 64).region("brows")[..., None]
    worn = {**plain, "albedo": 0.3 - 0.29 * brows.expand(-1, -1, 3)}
    tiles = set(head.topology.tiles)
    return Sitter(head, materials(head, stranger(3)), dict.fromkeys(tiles, worn), dict.fromkeys(tiles, plain))


def double(**more: Any) -> GaussianDiffusion:
    return GaussianDiffusion({"blue": BLUE}, **{"deviation": 0.3, "side": 64, "factor": 4, **more})


def textures(sitter: Sitter, side: int = 64) -> Textured:
    return Textured(sitter.skin(side), sitter.skin(side), Outcome(1))


# ------------------------------------------------------------------------------------------------------------ sampling


def test_a_sampled_texture_has_the_words_colour_also_below_brows(sitter: Sitter) -> None:
    made = sample_texture(double(deviation=0.01), sitter, "blue", 8, 1.0, 5)
    brows = atlas_of(sitter.head.topology, "skin", 64).region("brows") > 0.5
    wanted = torch.tensor(BLUE)[:, None]
    assert float((made.after[0][:, brows] - wanted).abs().mean()) < 0.06
    assert float((made.after[0][:, ~brows] - wanted).abs().mean()) < 0.03
    assert made.outcome == Outcome(8) and made.made == 1


def test_a_seed_is_a_texture(sitter: Sitter) -> None:
    one, again, other = (sample_texture(double(), sitter, "blue", 4, 1.0, seed).after for seed in (5, 5, 6))
    assert torch.equal(one, again) and float((one - other).abs().mean()) > 0.01


def test_too_little_memory_takes_a_smaller_texture_once(sitter: Sitter) -> None:
    assert sample_texture(double(exhausted_above=64), sitter, "blue", 2, 1.0, 5).after.shape[-1] == 32
    with pytest.raises(DreamFaceError, match="too little memory for diffusion, also for small pictures"):
        sample_texture(double(exhausted_above=16), sitter, "blue", 2, 1.0, 5)


def test_no_numbers_and_cancelling_end_it(sitter: Sitter) -> None:
    with pytest.raises(DreamFaceError, match=r"NaN.* in step 1 of 4"):
        sample_texture(double(nan_from=2000), sitter, "blue", 4, 1.0, 5)
    told: list[Step] = []
    with pytest.raises(Cancelled):
        progress = Progress(told.append, lambda: bool(told) and "step 3 of" in told[-1].message)
        sample_texture(double(), sitter, "blue", 8, 1.0, 5, progress)
    assert told[-1].message.startswith("Sampling the texture, step 3 of 8")


def test_tiles_that_were_not_made_take_the_colour_of_the_face(sitter: Sitter) -> None:
    """Nothing was made here at all, so nothing changes, whatever the textures are."""
    blue = torch.tensor(BLUE).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    made = skin_layer(sitter, Textured(sitter.skin(64), blue, Outcome(1), made=0), 128)["skin"]
    assert float(made.ratio.abs().max()) == 0.0


@pytest.mark.parametrize("installed", ["nothing", "diffusion", "another head's"])
def test_what_is_missing_for_the_fast_path_is_said(
    installed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    sentence = "No diffusion model is installed"
    if installed != "nothing":
        monkeypatch.setattr(detailing, "why_no_diffusion", lambda: "")
        sentence = r"The texture model is not installed: install one with .*--from FOLDER"
    if installed == "another head's":
        (tmp_path / models.TEXTURE_LDM.name).mkdir()
        (tmp_path / models.TEXTURE_LDM.name / "model.json").write_text('{"head": "ict"}')
        sentence = "knows the layout of the head 'ict', and this one is 'anny'"
    with pytest.raises(MissingDependency, match=sentence):
        pipeline.generate("a man", seed=1, head="anny", detail="fast-diffusion")


@pytest.mark.slow
def test_a_face_is_made_at_once() -> None:
    def make(seed: int) -> pipeline.Face:
        return pipeline.generate(
            "a blue man", seed=seed, resolution=512, head="anny", detail=FastDetail(6, 2.0), texture=double()
        )

    face, again = make(5), make(5)
    (entry,) = [edit for edit in face.record.edits if edit.id == "diffusion"]
    assert entry.parameters["fast"] is True and entry.parameters["texture_model"] == "a double"
    assert entry.parameters["steps"] == 6 and face.head.offset is None
    albedo = face.maps["skin"]["albedo"].mean(dim=(0, 1))
    assert float(albedo[2] - albedo[0]) > 0.1
    assert torch.equal(face.maps["skin"]["albedo"], again.maps["skin"]["albedo"])


# ------------------------------------------------------------------------------------------------------------ decoders


@dataclass
class Decoders:
    """Specular is the first channel of the latents; normals lean to the right as far as the second says."""

    spoilt: float = 1.0
    error: Exception | None = None
    name: str = "doubles"

    def specular(self, latents: Tensor) -> Tensor:
        if self.error is not None:
            raise self.error
        return self.spoilt * interpolate(latents[:, :1], scale_factor=4)

    def normal(self, latents: Tensor) -> Tensor:
        lean = interpolate(latents[:, 1:2], scale_factor=4)
        return torch.cat((lean, torch.zeros_like(lean), (1.0 - lean.square()).sqrt()), dim=1)


def latents() -> tuple[Tensor, Tensor]:
    own = 0.3 + 0.05 * torch.rand(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    new = own.clone()
    new[:, 0] += 0.2
    new[:, 1, 6:10, 6:10] += 0.3
    return own, new


def decode(sitter: Sitter, decoders: Any, own: Tensor, new: Tensor) -> tuple[DecodedChange | None, str]:
    return decoded_change(decoders, sitter, own, new)


def test_slopes_give_the_relief_that_they_are_of(sitter: Sitter) -> None:
    side = 256
    surface = surface_of(sitter.head, "skin", side)
    away = (surface.position - surface.position[:, 125:126, 90:91]).norm(dim=0)
    height = 1e-4 * torch.exp(-((away / 0.003) ** 2)) * surface.atlas.inside
    rows = pad(height[None, None], (0, 0, 1, 1), mode="replicate")[0, 0]
    found = relief_of_slopes(torch.stack(slopes(rows, surface.metric, side)), sitter)
    where = surface.atlas.inside & (away < 0.01)
    assert float(torch.corrcoef(torch.stack((found[where], height[where])))[0, 1]) > 0.97
    assert 0.6 < float(found.max() - found[where].median()) / 1e-4 < 1.1


def test_what_diffusion_did_not_change_no_decoder_changes(sitter: Sitter) -> None:
    own, _ = latents()
    change, said = decode(sitter, Decoders(), own, own)
    assert change is not None and said == ""
    assert float(change.specular.abs().max()) == 0.0 == float(change.height.abs().max())


def test_decoded_maps_come_on_top_of_our_own(sitter: Sitter) -> None:
    change, _ = decode(sitter, Decoders(), *latents())
    assert change is not None and float(change.height.abs().max()) > 1e-5
    known = known_texels(sitter, 64) > 0.9
    assert torch.allclose(change.specular[known], torch.full_like(change.specular[known], 0.2), atol=1e-5)
    made = skin_layer(sitter, textures(sitter), 64, change)["skin"]
    assert made.specular is not None
    # The own specular is 0.3: with this pull to all of it, it is 0.5 where cameras see the face.
    assert float((0.3 + made.specular * 0.7).max()) == pytest.approx(0.5, abs=0.01)
    outside = atlas_of(sitter.head.topology, "skin", 64).region("scalp") > 0.9
    assert float(made.specular[outside].abs().mean()) < 0.005


@pytest.mark.parametrize(
    ("decoders", "sentence"),
    [
        (Decoders(spoilt=float("nan")), "no numbers"),
        (Decoders(spoilt=0.0), "the same value everywhere"),
        (Decoders(error=torch.OutOfMemoryError("CUDA out of memory")), "too little memory for the PBR decoders"),
        (Decoders(error=lost(RuntimeError("CUDA error"))), "stopped working"),
    ],
)
def test_decoders_that_fail_leave_the_estimate(sitter: Sitter, decoders: Decoders, sentence: str) -> None:
    change, said = decode(sitter, decoders, *latents())
    assert change is None and sentence in said and said.endswith("estimated from the colour.")


# ---------------------------------------------------------------------------------------------------------- sharpening


@dataclass
class Network:
    """Does something to pictures; or runs out of memory where they have more than so many pixels a side."""

    work: Callable[[Tensor], Tensor]
    scale: int = 1
    most: int = 10_000
    name: str = "a double"

    def sharpen(self, pictures: Tensor, progress: Progress | None = None) -> Tensor:
        if pictures.shape[-1] > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.work(pictures).clamp(0.0, 1.0)


def enlarged(pictures: Tensor) -> Tensor:
    """What a convolution of 5 x 5 sees, three times as large."""
    return interpolate(avg_pool2d(pad(pictures, (2, 2, 2, 2), mode="replicate"), 5, 1), scale_factor=3)


def test_squares_leave_no_seams() -> None:
    image = torch.rand(3, 400, 400, generator=torch.Generator().manual_seed(1))
    whole = enlarged(image[None])[0]
    for network in (Network(enlarged, 3), Network(enlarged, 3, most=100)):
        made = enlarge(network, image)  # type: ignore[arg-type]
        assert made.shape == whole.shape
        inner = slice(24, -24)
        assert float((made - whole)[:, inner, inner].abs().max()) < 1e-5
    with pytest.raises(DreamFaceError, match="too little memory"):
        enlarge(Network(enlarged, 3, most=50), image)  # type: ignore[arg-type]


def test_enlarging_can_be_cancelled() -> None:
    told: list[Step] = []
    with pytest.raises(Cancelled):
        enlarge(Network(enlarged, 3), torch.rand(3, 400, 400), Progress(told.append, lambda: len(told) == 2))  # type: ignore[arg-type]
    assert told[-1].message == "Enlarging, square 2 of 9"


class Layers:
    """As much of spandrel's description of a network as is used."""

    dtype = torch.float32

    def __init__(self) -> None:
        self.model = nn.Sequential(*(nn.Conv2d(3, 3, 1) for _ in range(4)))

    def __call__(self, pictures: Tensor) -> Tensor:
        made: Tensor = self.model(pictures)
        return made


def test_a_network_stops_between_two_layers() -> None:
    network, ran = Layers(), list[int]()
    for number, layer in enumerate(network.model):
        layer.register_forward_hook(lambda *_, number=number: ran.append(number))
    upscaler = Upscaler("x", torch.device("cpu"), 1, network)
    with pytest.raises(Cancelled):
        upscaler.sharpen(torch.rand(1, 3, 8, 8), Progress(cancelled=lambda: len(ran) == 2))
    assert ran == [0, 1]
    assert upscaler.sharpen(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8, 8) and ran == [0, 1, 0, 1, 2, 3]


def test_restoring_says_what_it_does_and_can_be_cancelled(sitter: Sitter) -> None:
    told: list[Step] = []
    networks = Sharpeners(restorer=Network(lambda some: some))  # type: ignore[arg-type]
    with pytest.raises(Cancelled):
        sharpened(textures(sitter), sitter, networks, Progress(told.append, lambda: len(told) == 2))
    assert [step.message for step in told] == ["Looking at the face", "Sharpening the face"]


def test_a_texture_that_was_enlarged_is_finer_and_of_the_same_colour(sitter: Sitter) -> None:
    begun = textures(sitter)
    made = sharpened(begun, sitter, Sharpeners(enlarger=Network(enlarged, 3)))  # type: ignore[arg-type]
    assert made.after.shape == made.before.shape == (1, 3, 192, 192)
    assert torch.allclose(made.after, made.before, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.1])
def test_a_restored_face_keeps_its_colour(sitter: Sitter, shift: float) -> None:
    made = sharpened(textures(sitter), sitter, Sharpeners(restorer=Network(lambda some: some + shift)))  # type: ignore[arg-type]
    assert float((made.after - made.before).abs().mean()) < 0.003


def test_the_face_lies_where_restoring_looks_for_it(sitter: Sitter) -> None:
    camera = aligned_camera(sitter.head)
    corners = torch.stack([sitter.head.landmark(f"multipie_{number}") for number in (36, 39, 42, 45, 48, 54)])
    places = camera.to_pixels(corners, 512)[:, :2]
    for found, wanted in ((places[:2], (193, 240)), (places[2:4], (319, 240)), (places[4:], (257, 371))):
        assert torch.allclose(found.mean(dim=0), torch.tensor(wanted, dtype=torch.float32), atol=14.0)
