"""Detail by diffusion, from a prompt to a face on disk, through the whole pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from dreamface import folder, pipeline
from dreamface.appearance import Seen
from dreamface.cli import main
from dreamface.colour import encode_srgb
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, MissingDependency
from dreamface.face import Face
from dreamface.guidance import Prompt, StableDiffusion, resized
from dreamface.guidance.layering import shown_texels
from dreamface.pipeline import Detail, build_head, detailing
from dreamface.pipeline.detailing import texture_skin
from dreamface.prior import complete
from dreamface.progress import Progress, Step
from dreamface.record import FaceRecord
from dreamface.traits import Traits
from tests.diffusion_double import GaussianDiffusion
from tests.tiny_diffusion import save
from tests.unit.test_edit_places import across_seams

BLUE = (0.25, 0.35, 0.75)
GREEN = (0.25, 0.75, 0.35)
WORDS = "a Na'vi warrior with red lipstick"


def double(**more: Any) -> GaussianDiffusion:
    return GaussianDiffusion({"Na'vi": BLUE}, 0.3, side=64, factor=4, **more)


def make(prompt: str = WORDS, steps: int = 24, model: Any = None, **more: Any) -> Face:
    detail = Detail(steps, 3.0)
    return pipeline.generate(
        prompt, seed=5, resolution=512, head="anny", detail=detail, model=model or double(), **more
    )


@pytest.fixture(scope="module")
def face() -> Face:
    return make()


def skin(face: Face) -> torch.Tensor:
    return face.maps["skin"]["albedo"]


@pytest.mark.slow
def test_words_that_no_trait_has_colour_the_skin(face: Face) -> None:
    quick = pipeline.generate(WORDS, seed=5, resolution=512, head="anny", anyway=True)
    before, after = skin(quick).mean(dim=(0, 1)), skin(face).mean(dim=(0, 1))
    assert float(after[2] - after[0]) > 0.1 > 0.0 > float(before[2] - before[0])
    assert face.record.not_understood == () and "Na'vi" in " ".join(quick.record.not_understood)


@pytest.mark.slow
def test_lipstick_and_brows_lie_on_top(face: Face) -> None:
    """Without the lipstick the same texels are another colour; with it they are as red as on a quick head."""
    bare = pipeline.edit(face, {}, layers={"lipstick": 0.0})
    changed = (skin(face) - skin(bare)).abs().amax(dim=2) > 0.05
    assert 0.0005 < float(changed.float().mean()) < 0.1
    lips, under = skin(face)[changed].mean(dim=0), skin(bare)[changed].mean(dim=0)
    assert float(lips[0] - lips[2]) > float(under[0] - under[2]) + 0.1


@pytest.mark.slow
def test_the_head_is_one_like_any_other(face: Face, tmp_path: Path) -> None:
    (entry, *_) = face.record.edits
    assert (entry.id, entry.kind, entry.label) == ("diffusion", "diffusion", "Diffusion")
    assert entry.parameters["model"] == "a double" and entry.parameters["under"] is True
    assert face.head.offset is not None and 0.0002 < float(face.head.offset.abs().max()) < 0.05
    folder.save(face, tmp_path / "face")
    kept = folder.load(tmp_path / "face")
    assert torch.equal(kept.head.vertices, face.head.vertices)
    # Sliders work on top of it, and shapes are made for it.
    wider = pipeline.edit(kept, {"nose.width": 2.0})
    assert wider.head.offset is not None and torch.allclose(wider.head.offset, kept.head.offset)  # type: ignore[arg-type]
    assert float((wider.head.vertices - kept.head.vertices).abs().max()) > 0.0005
    assert wider.shapes.shape == face.shapes.shape
    # Half as strong, and gone.
    half, gone = (
        pipeline.edit(kept, {}, edits=[*map_first(kept, strength), *kept.record.edits[1:]]) for strength in (0.5, 0.0)
    )
    blueness = [float((skin(one)[..., 2] - skin(one)[..., 0]).mean()) for one in (gone, half, kept)]
    assert blueness[0] < blueness[1] < blueness[2]


def map_first(face: Face, strength: float) -> list[Any]:
    return [replace(face.record.edits[0], strength=strength)]


@pytest.mark.slow
def test_the_same_seed_makes_the_same_head_and_pictures_of_it_change_nothing(face: Face) -> None:
    shown: list[torch.Tensor] = []
    again = make(forming=shown.append)
    # Threads add up in any order, so the last bits differ.
    assert torch.allclose(again.head.vertices, face.head.vertices, atol=1e-5)
    assert torch.allclose(skin(again), skin(face), atol=0.01)
    assert len(shown) == 3 + 2 + 2 and all(one.shape == (256, 256, 3) for one in shown)
    clay, last = shown[0], shown[-1]
    middle = slice(110, 150)
    assert float(clay[middle, middle].std(dim=2).mean()) < 0.01  # grey
    assert float((last[middle, middle, 2] - last[middle, middle, 0]).mean()) > 0.05  # blue


@pytest.mark.slow
def test_a_complete_stable_diffusion_goes_the_same_way(tmp_path: Path) -> None:
    model = StableDiffusion.load(save(tmp_path / "tiny"), "tiny")
    made = make("a pale woman", 2, model)
    assert made.record.edits[0].parameters["model"] == "tiny"
    assert bool(torch.isfinite(skin(made)).all()) and bool(torch.isfinite(made.head.vertices).all())


@pytest.mark.slow
def test_what_was_cut_off_and_where_it_stopped_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Gaussian gives no numbers below a level that texturing falls to halfway."""

    class Short(GaussianDiffusion):
        def embed(self, words: str) -> Prompt:
            return Prompt(super().embed(words).embedding, "and a hat")

    # Carving draws its levels from all of them, so it is left out here.
    model = Short({"Na'vi": BLUE}, 0.3, side=64, factor=4, nan_from=700)
    made = pipeline.generate(
        WORDS, seed=5, resolution=512, head="anny", detail=Detail(6, 3.0, carves=False), model=model
    )
    cut, stopped = pipeline.detail_remarks(made.record)
    assert "has not read: “and a hat”" in cut
    assert "NaN" in stopped and "is kept" in stopped and made.record.edits[0].parameters["steps"] < 12
    assert made.head.offset is None


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ("thorough", "There is no detail 'thorough': choose quick, fast-diffusion or diffusion."),
        (Detail(steps=0), "takes 1 to 1000 steps; got 0"),
        (Detail(steps=5000), "takes 1 to 1000 steps; got 5000"),
        (Detail(guidance=-1.0), "must be between 0 and 200; got -1"),
        (Detail(guidance=float("nan")), "must be between 0 and 200; got nan"),
        (Detail(generic_weight=-1.0), "one of them more than 0; got -1 and 3"),
        (Detail(texture_weight=float("inf")), "one of them more than 0; got 1 and inf"),
        (Detail(generic_weight=0.0, texture_weight=0.0), "one of them more than 0; got 0 and 0"),
    ],
)
def test_bad_input_is_a_sentence(detail: Any, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence.replace("(", r"\(")):
        pipeline.generate("a man", seed=1, detail=detail, model=double())


@pytest.mark.slow
def test_a_weight_of_0_leaves_a_path_out() -> None:
    """Pictures want it blue, textures want it green."""
    traits = complete(Traits({"skin.melanin": 0.3}), 5)
    head = build_head("anny", traits, 5, 0)
    record = FaceRecord("", "a Na'vi", 5, 512, "anny", traits, ())
    green = GaussianDiffusion({"Na'vi": GREEN}, 0.3, side=64, factor=4)

    def colour(generic: float, texture: float) -> torch.Tensor:
        detail = Detail(20, 1.0, False, generic, texture)
        sitter, textured = texture_skin(head, record, detail, double(), green)
        seen = shown_texels(sitter)["skin"] > 0.9
        return resized(textured.after[0], seen.shape[-1])[:, seen].mean(dim=1)

    both, blue, leaf = colour(1.0, 1.0), colour(1.0, 0.0), colour(0.0, 1.0)
    assert float(blue[2] - blue[1]) > 0.1 and float(leaf[1] - leaf[2]) > 0.1
    assert float(leaf[2] - leaf[1]) < float(both[2] - both[1]) < float(blue[2] - blue[1])


@pytest.mark.slow
def test_an_installed_texture_model_judges_the_face(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def installed(_progress: Progress) -> Iterator[GaussianDiffusion]:
        yield double()

    asked: list[str] = []

    def textures(_base: Any, head: str, _progress: Progress) -> GaussianDiffusion:
        asked.append(head)
        return GaussianDiffusion({"Na'vi": GREEN}, 0.1, side=64, factor=4)

    monkeypatch.setattr(detailing, "why_no_diffusion", lambda: "")
    monkeypatch.setattr(detailing, "use_diffusion", installed)
    detail = Detail(12, 3.0, generic_weight=0.0)
    wish: dict[str, Any] = {"seed": 5, "resolution": 512, "head": "anny", "detail": detail}
    monkeypatch.setattr(detailing, "installed_texture_model", lambda *_: None)
    painted = pipeline.generate(WORDS, **wish)
    monkeypatch.setattr(detailing, "installed_texture_model", textures)
    judged = pipeline.generate(WORDS, **wish)
    assert asked == ["anny"] and judged.record.edits[0].parameters["texture_model"] == "a double"
    assert "texture_model" not in painted.record.edits[0].parameters
    greener = skin(judged).mean(dim=(0, 1)) - skin(painted).mean(dim=(0, 1))
    assert float(greener[1] - greener[0]) > 0.05


def test_a_texture_model_without_a_say_is_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def installed(_progress: Progress) -> Iterator[GaussianDiffusion]:
        yield double()

    textures = double()
    monkeypatch.setattr(detailing, "use_diffusion", installed)
    monkeypatch.setattr(detailing, "installed_texture_model", lambda *_: textures)
    head = build_head("anny", complete(Traits(), 5), 5, 0)
    for weight, wanted in ((0.0, None), (3.0, textures)):
        with detailing._networks(head, Detail(texture_weight=weight), None, None, None, Progress()) as found:
            assert found.texture is wanted


def test_without_a_model_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path))
    with pytest.raises(MissingDependency, match="No diffusion model is installed: "):
        pipeline.generate("a man", seed=1, detail="diffusion")


def test_a_model_that_gives_no_numbers_at_once_is_an_error() -> None:
    with pytest.raises(DreamFaceError, match=r"NaN.*another seed or less guidance"):
        make(model=double(nan_from=2000))


def test_cancelling_keeps_nothing(tmp_path: Path) -> None:
    told: list[Step] = []
    with pytest.raises(Cancelled):
        make(progress=Progress(told.append, lambda: bool(told) and "step 3 of" in told[-1].message))
    assert "left" in told[-1].message


def test_the_command_checks_its_numbers(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = ["-o", str(tmp_path / "face")]
    assert main(["generate", "a man", *out, "--steps", "10"]) != 0
    assert "--steps is for --detail diffusion" in capsys.readouterr().err
    assert main(["generate", "a man", *out, "--detail", "diffusion", "--guidance", "900"]) != 0
    assert "between 0 and 200" in capsys.readouterr().err
    assert not (tmp_path / "face").exists()


@pytest.mark.slow
def test_it_is_said_where_diffusion_moved_the_head(face: Face) -> None:
    """An offset that makes the whole head wider than the nose which was asked for."""
    assert not [note for note in pipeline.moved_by_detail(face, face.measured, {}) if "nose" in note]
    record = replace(face.record, traits=Traits(face.record.traits).under({"nose.width": 0.0}))
    wide = face.head.vertices * torch.tensor((1.2, 1.0, 1.0))
    offset = wide - (face.head.vertices - face.head.offset)  # type: ignore[operator]
    moved = replace(face, record=record, head=replace(face.head, vertices=wide, offset=offset))
    notes = pipeline.moved_by_detail(moved, pipeline.measure(moved.head), pipeline.look_at(moved))
    assert any(note.startswith("Diffusion has moved nose.width") and "asked for" in note for note in notes), notes
    gone = replace(record, edits=())
    assert pipeline.moved_by_detail(replace(moved, record=gone), pipeline.measure(moved.head), {}) == []


@pytest.mark.slow
def test_of_skin_it_is_said_where_it_is_farther_off_than_it_was_painted() -> None:
    made = make("a Na'vi with very pale skin and freckles", 4)
    (entry,) = [edit for edit in made.record.edits if edit.id == "diffusion"]
    shown = entry.parameters["shown"]
    assert isinstance(shown, dict) and {"skin.melanin", "freckles.density"} <= shown.keys(), shown
    wanted = float(made.traits["skin.melanin"].value)  # type: ignore[arg-type]
    assert abs(float(shown["skin.melanin"]) - wanted) < 0.1  # type: ignore[arg-type]
    dark = {"skin.melanin": Seen(0.9)}

    def said(first: object) -> list[str]:
        before = replace(entry, parameters=entry.parameters | {"shown": first})  # type: ignore[arg-type]
        record = replace(made.record, edits=(before,))
        return [note for note in pipeline.moved_by_detail(replace(made, record=record), {}, dark) if "melanin" in note]

    assert len(said(shown)) == 1
    assert said({"skin.melanin": 0.9}) == said({}) == said(None) == said({"skin.melanin": "pale"}) == []


@pytest.mark.slow
def test_both_tiles_of_the_production_head_agree(with_ict: Path) -> None:
    """A skin made blue has no step where the face's tile meets the back of the head's."""
    wish: dict[str, Any] = {"seed": 5, "resolution": 1024, "head": "ict"}
    made = pipeline.generate(WORDS, detail=Detail(16, 3.0), model=double(), **wish)
    (entry, *others) = made.record.edits
    bare = pipeline.edit(made, {}, edits=[replace(entry, visible=False), *others])
    tiles = ("skin", "back_of_head")

    def step(face: Face) -> torch.Tensor:
        sides = across_seams(face.head, {tile: encode_srgb(face.maps[tile]["albedo"]) for tile in tiles})
        return (sides[0] - sides[1]).abs().amax(dim=1)

    blueness = [float((skin(face)[..., 2] - skin(face)[..., 0]).mean()) for face in (bare, made)]
    assert blueness[1] > blueness[0] + 0.05
    wider = step(made) - step(bare)
    assert float((wider <= 3.0 / 255.0).float().mean()) > 0.97 and float(wider.mean()) < 1.0 / 255.0
    assert made.head.offset is not None and made.shapes.shape == bare.shapes.shape
