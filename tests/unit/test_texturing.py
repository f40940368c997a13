"""Texturing and carving against models whose answers are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from dreamface.errors import Cancelled, DreamFaceError
from dreamface.guidance import (
    Anchor,
    Carving,
    Guide,
    LatentDiffusion,
    LearnedPrior,
    Outcome,
    Regularisers,
    Sitter,
    Steps,
    Textured,
    TexturePrior,
    Texturing,
    skin_layer,
)
from dreamface.guidance.carving import PROTECTED, displacement_room, straightened
from dreamface.guidance.distillation import score_gradient
from dreamface.guidance.layering import shown_texels
from dreamface.pipeline import build_head, stranger
from dreamface.pipeline.detailing import shape_modes
from dreamface.progress import Progress
from dreamface.render import Views
from dreamface.render.shading import face_normals
from dreamface.skin import materials
from tests.diffusion_double import GaussianDiffusion

BLUE = (0.2, 0.35, 0.8)


@pytest.fixture(scope="module")
def sitter() -> Sitter:
    """A head whose skin is of one colour, with a darker mark where the brows are."""
    traits = stranger(3)
    head = build_head("anny", traits, 3)
    surfaces = materials(head, traits)
    tiles = set(head.topology.tiles)
    flat = torch.tensor((0.0, 0.0, 1.0)).expand(64, 64, 3)
    plain = {tile: {"albedo": torch.full((64, 64, 3), 0.3), "normal": flat} for tile in tiles}
    return Sitter(head, surfaces, plain, plain)


@pytest.fixture(scope="module")
def modes(sitter: Sitter) -> Tensor:
    return shape_modes(sitter.head)


def double(mean: tuple[float, float, float] = BLUE, **more: float) -> GaussianDiffusion:
    return GaussianDiffusion({"blue": mean}, 0.3, side=64, factor=4, **more)  # type: ignore[arg-type]


def texturing(
    sitter: Sitter, weight: float = 1.0, prior: TexturePrior | None = None, model: LatentDiffusion | None = None
) -> Texturing:
    guide = Guide.reading(model or double(), "blue", "", 1.0, weight)
    return Texturing(sitter, guide, None if prior is None else lambda own: prior, 7)


def seeded(number: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(number)


# ---------------------------------------------------------------------------------------------------------- texturing


@pytest.mark.parametrize("kind", ["latent_step", "image_step"])
def test_two_paths_are_the_weighted_sum(sitter: Sitter, kind: str) -> None:
    """The same noise, so each alone and both together can be compared."""

    @dataclass
    class Fixed:
        value: Tensor

        def gradient(self, latents: Tensor, step: int, steps: int, random: torch.Generator) -> Tensor:
            return self.value

    shape = texturing(sitter).latents.shape
    texture = torch.randn(shape, generator=seeded())
    found = {}
    for name, weight, prior in (
        ("generic", 1.0, None), ("half", 0.5, None), ("both", 0.5, Fixed(3.0 * texture)),
    ):  # fmt: skip
        one = texturing(sitter, weight, prior)
        getattr(one, kind)(3, 10)
        assert one.latents.grad is not None
        found[name] = one.latents.grad
    assert torch.allclose(found["half"], 0.5 * found["generic"], atol=1e-6)
    assert torch.allclose(found["both"], 0.5 * found["generic"] + 3.0 * texture, atol=1e-5)
    assert float(found["generic"].abs().max()) > 1e-4


def test_a_texture_model_judges_the_layout_itself(sitter: Sitter) -> None:
    guide = Guide.reading(double((0.9, 0.1, 0.1)), "blue", "", 1.0, 3.0)
    prior, latents = LearnedPrior(guide), torch.randn(1, 3, 16, 16, generator=seeded(3))
    found = prior.gradient(latents, 2, 10, seeded())
    noise = torch.randn(latents.shape, generator=seeded())
    level = round(0.98 * (1.0 - 2 / 9) * 1000) - 1
    assert torch.allclose(found, score_gradient(guide, latents, noise, level), atol=1e-6)


def test_the_skin_takes_the_colour_of_the_words_where_cameras_see_it(sitter: Sitter) -> None:
    made = texturing(sitter).run(Steps(150, 20))
    assert made.outcome == Outcome(170)
    shown = shown_texels(sitter)["skin"]
    seen = torch.nn.functional.interpolate(shown[None, None], size=(64, 64))[0, 0] > 0.95
    colour = made.after[0][:, seen].mean(dim=1)
    start = made.before[0][:, seen].mean(dim=1)
    target = torch.tensor(BLUE)
    assert float((colour - target).abs().max()) < 0.12 < float((start - target).abs().max())


def test_both_paths_meet_between_what_each_wants(sitter: Sitter) -> None:
    red = Guide.reading(double((0.9, 0.1, 0.1)), "blue", "", 1.0, 3.0)
    alone, both = (texturing(sitter, 1.0, prior).run(Steps(80, 0)) for prior in (None, LearnedPrior(red)))
    assert float(both.after[0, 0].mean()) > float(alone.after[0, 0].mean()) + 0.1  # redder


def test_the_anchor_holds_large_areas_at_first_and_features_to_the_end(sitter: Sitter) -> None:
    own = torch.zeros(1, 3, 16, 16)
    anchor = Anchor.of(sitter, own)
    shifted = own + 1.0
    assert float(anchor.gradient(shifted, 0, 100, seeded()).mean()) == pytest.approx(0.5, abs=0.05)
    assert float(anchor.gradient(shifted, 99, 100, seeded()).abs().max()) < 1e-6
    checked = own + (torch.arange(16) % 2 * 2.0 - 1.0)  # fine stripes
    for step in (0, 99):
        pull = anchor.gradient(checked, step, 100, seeded()).abs().mean(dim=(0, 1))
        at_features, elsewhere = pull[anchor.features[0, 0] > 0.9], pull[anchor.features[0, 0] == 0.0]
        assert float(at_features.min()) > 0.15 and float(elsewhere.max()) < 0.05
    assert 0.05 < float((anchor.features > 0.5).float().mean()) < 0.6


def test_brows_and_make_up_are_seen_but_not_taken_in(sitter: Sitter) -> None:
    """They lie on top of the layer, so they are in every picture and in no texture."""
    marked = dict(sitter.maps)
    worn = torch.full((64, 64, 3), 0.3)
    worn[20:40, 20:40] = 0.02
    marked["skin"] = {**sitter.maps["skin"], "albedo": worn}
    dressed = replace(sitter, maps=marked)
    one = texturing(dressed)
    assert torch.equal(one.latents.detach(), texturing(sitter).latents.detach())
    views = Views.of([sitter.arc.camera(0.0, 0.0)], sitter.head.vertices)
    bare = texturing(sitter)
    with torch.no_grad():
        difference = (bare.lit(views, 64) - one.lit(views, 64)).amax(dim=1)
    assert 0.005 < float((difference > 0.1).float().mean()) < 0.6


def test_the_same_seed_gives_the_same_texture(sitter: Sitter) -> None:
    one, other = (texturing(sitter).run(Steps(6, 2)).after for _ in range(2))
    assert torch.equal(one, other)


def test_cancelling_stops_it(sitter: Sitter) -> None:
    told: list[object] = []
    with pytest.raises(Cancelled):
        texturing(sitter).run(Steps(50, 50), Progress(told.append, lambda: len(told) > 3))


def test_no_numbers_keep_the_last_texture(sitter: Sitter) -> None:
    # The Gaussian gives none below a level that falls to it in the midst of the steps.
    made = texturing(sitter, model=double(nan_from=500)).run(Steps(20, 20))
    assert 5 < made.outcome.steps < 30 and "NaN" in made.outcome.stopped
    assert bool(torch.isfinite(made.after).all())


def test_where_memory_runs_out_the_latents_are_kept(sitter: Sitter, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    whole = texturing(sitter)
    whole.run(Steps(4, 0))
    made = texturing(sitter)
    monkeypatch.setattr(made, "image_step", exhausted)
    found = made.run(Steps(4, 4))
    assert found.outcome.steps == 4 and "too little memory for step 1 of 4 of finishing" in found.outcome.stopped
    assert bool(torch.isfinite(found.after).all()) and not torch.equal(found.after, found.before)
    monkeypatch.setattr(whole, "image_step", exhausted)
    with pytest.raises(DreamFaceError, match="too little memory"):
        whole.run(Steps(0, 4))


# ----------------------------------------------------------------------------------------------------------- the layer


def test_the_layer_goes_on_where_no_camera_sees_the_skin(sitter: Sitter) -> None:
    before = torch.full((1, 3, 64, 64), 0.6)
    after = torch.tensor(BLUE).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    made = skin_layer(sitter, Textured(before, after, Outcome(1)), 128)["skin"]
    shown = shown_texels(sitter)["skin"]
    assert 0.2 < float((shown > 0.9).float().mean()) < 0.9
    assert float((made.ratio[2] - made.ratio[0]).mean()) > 0.5  # bluer everywhere
    assert float(made.hides.max()) == 0.0 and bool((made.seen == 1.0).all())


def test_an_unchanged_texture_makes_an_empty_layer(sitter: Sitter) -> None:
    same = torch.rand(1, 3, 64, 64, generator=seeded())
    made = skin_layer(sitter, Textured(same, same, Outcome(1)), 128)["skin"]
    assert float(made.ratio.abs().max()) == 0.0 and float(made.relief.abs().max()) == 0.0


# ------------------------------------------------------------------------------------------------------------- carving


@dataclass
class Likes(GaussianDiffusion):
    """Wants the very picture that it was shown first, whatever the words are; its noise level says how sure it is."""

    wanted: Tensor | None = None

    def predict_noise(self, latents: Tensor, level: Tensor, embedding: Tensor) -> Tensor:
        assert self.wanted is not None
        kept = self.schedule.signal[level].float().view(-1, 1, 1, 1)
        return (
            (1.0 - kept).sqrt()
            * (latents - kept.sqrt() * self.wanted.repeat(2, 1, 1, 1))
            / (kept * self.deviation**2 + 1.0 - kept)
        )


def carving(sitter: Sitter, model: GaussianDiffusion, modes: Tensor, hold: Regularisers | None = None) -> Carving:
    loose = Regularisers(0.0, 2.0, 0.0, 0.0)
    return Carving(sitter, Guide.reading(model, "", "", 1.0), modes, 5, hold or loose, "normals")


@pytest.mark.slow
def test_carving_finds_the_shape_that_the_model_wants(sitter: Sitter, modes: Tensor) -> None:
    """The model wants pictures of the same head with other coefficients; they come out of it."""
    modes = modes[:2]
    model = Likes(side=64, factor=4)
    views = Views.of([sitter.arc.camera(yaw, 0.0) for yaw in (-0.6, 0.0, 0.6)], sitter.head.vertices)
    target = torch.tensor([0.8, -0.6])
    wanted = carving(sitter, model, modes)
    with torch.no_grad():
        wanted.parameters["modes"].copy_(target)
        grounds = wanted._random.get_state()
        model.wanted = model.encode(wanted.pictures(views, 64))
    one = carving(sitter, model, modes)
    adam = torch.optim.Adam([one.parameters["modes"]], lr=0.05)
    for step in range(40):
        one._random.set_state(grounds)
        adam.zero_grad()
        one.step(views, 64, 300 - 5 * step)
        adam.step()
    reached = one.parameters["modes"].detach()
    assert float((reached - target).abs().max()) < 0.2


def test_displacement_moves_free_skin_and_nothing_else(sitter: Sitter) -> None:
    one = carving(sitter, double(), torch.zeros(0, *sitter.head.vertices.shape))
    with torch.no_grad():
        one.parameters["displacement"].fill_(10.0)
    moved = torch.linalg.vector_norm(one.carved(Outcome(1)).offset, dim=1)
    topology = sitter.head.topology
    for name in PROTECTED:
        if name in topology.regions:
            assert float(moved[topology.regions[name] > 0.5].max()) == 0.0, name
    assert float(moved[topology.part("skin").vertices[1] :].max()) == 0.0  # eyes, lashes, teeth
    assert float(moved[topology.regions["forehead"] > 0.9].min()) > 0.001
    assert float(moved.max()) <= 0.0061


def test_eyes_and_teeth_follow_the_coefficients(sitter: Sitter, modes: Tensor) -> None:
    assert 20 < len(modes) <= 60
    topology = sitter.head.topology
    for name in ("left_iris", "upper_teeth", "left_lashes"):
        start, stop = topology.part(name).vertices
        assert float(torch.linalg.vector_norm(modes[:, start:stop], dim=2).amax()) > 0.0005, name


def test_no_triangle_turns_over(sitter: Sitter) -> None:
    vertices, triangles = sitter.head.vertices, sitter.head.topology.triangles
    room = displacement_room(sitter)
    wild = room[:, None] * torch.randn(vertices.shape, generator=seeded())
    before = face_normals(vertices, triangles)
    whole = torch.linalg.vector_norm(before, dim=1) > 1e-9

    def turned(offset: Tensor) -> int:
        after = face_normals(vertices + offset, triangles)
        return int(((before * after).sum(dim=1)[whole] < 0.0).sum())

    assert turned(wild) > 500
    assert turned(straightened(vertices, wild, triangles)) == 0


def test_surfaces_that_face_each_other_never_meet(sitter: Sitter) -> None:
    """Both sides of a gap may take less than half of it."""
    head = sitter.head
    room = displacement_room(sitter)
    assert float(room.min()) == 0.0 and float(room.max()) == pytest.approx(0.006)
    thin = head.topology.regions["nostrils"] > 0.5
    assert float(room[thin].max()) == 0.0


def test_every_regulariser_holds_its_own(sitter: Sitter, modes: Tensor) -> None:
    modes = modes[:4]
    for name, parameter in (
        ("size", "displacement"), ("smoothness", "displacement"), ("relief", "relief"), ("identity", "modes"),
    ):  # fmt: skip
        off = {"size": 0.0, "smoothness": 0.0, "relief": 0.0, "identity": 0.0}
        one = carving(sitter, double(), modes, Regularisers(**{**off, name: 1.0}))
        assert float(one.penalty()) == 0.0
        with torch.no_grad():
            one.parameters[parameter].copy_(0.1 * torch.randn(one.parameters[parameter].shape, generator=seeded()))
        penalty = one.penalty()
        penalty.backward()
        assert float(penalty) > 0.0
        moved = [key for key, value in one.parameters.items() if value.grad is not None and value.grad.abs().sum() > 0]
        assert moved == [parameter]


def test_carving_is_reproducible_and_its_relief_is_small(sitter: Sitter, modes: Tensor) -> None:
    made = [carving(sitter, double(), modes[:8]).run(4) for _ in range(2)]
    assert torch.equal(made[0].offset, made[1].offset) and torch.equal(made[0].relief, made[1].relief)
    assert 0.0 < float(made[0].relief.abs().max()) <= 0.0003
    assert made[0].outcome == Outcome(4)
