"""The whole way: prompt -> face -> folder -> face."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import dreamface
from dreamface import editing, folder, pipeline
from dreamface.errors import BadRequest, Cancelled, FolderError, NothingRead
from dreamface.face import Face, Head
from dreamface.groom import Surface
from dreamface.pipeline import making, painting
from dreamface.progress import Progress, Step
from dreamface.record import Correction
from dreamface.styles import Style, Styles, find_style, registry
from dreamface.traits import VOCABULARY, Traits, TraitValue
from dreamface.wrinkles import MAP_CHANNELS, MASK_CHANNELS
from tests.support import synthetic_face

PROMPT = "an elderly man with a broad nose and freckles, smiling"


_search_trees: list[Head] = []


@pytest.fixture(scope="module")
def face() -> Face:
    build = Surface.__init__

    def counted(surface: Surface, head: Head, *more: object) -> None:
        _search_trees.append(head)
        build(surface, head, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Surface, "__init__", counted)
        return pipeline.generate(PROMPT, seed=1, resolution=512)


@pytest.fixture
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces are made without maps and preview, which take most of the time, for what they have nothing to do with."""
    monkeypatch.setattr(painting.painter, "paint", lambda *_, **__: {})
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))


@pytest.fixture(scope="module")
def narrow(face: Face) -> Face:
    """The same person with a narrower nose."""
    return pipeline.edit(face, {"nose.width": -1.5})


def test_the_skin_is_made_searchable_once(face: Face) -> None:
    """For the hair and for its preview, which takes a quarter of a second."""
    assert [head.model for head in _search_trees] == [face.head.model]


def test_the_prompt_can_be_found_in_the_face(face: Face) -> None:
    assert face.traits.number("age") > 60
    assert face.traits.number("gender") > 0.5
    assert face.traits["freckles.density"].because == "freckles"
    assert pipeline.measure(face.head)["nose.width"] > 1.2
    assert face.traits.number("expression.mouthSmileLeft") > 0.3


def test_a_face_is_complete(face: Face) -> None:
    assert face.shapes.shape == (52, len(face.head.vertices), 3)
    assert set(face.maps) == set(face.head.topology.tiles)
    for part in face.head.topology.parts:
        assert part.material in face.materials
    for material in face.materials.values():
        assert material.tile is None or material.tile in face.maps
    own = {"albedo", "specular", "roughness", "normal", "displacement", "subsurface"}
    assert set(face.maps["skin"]) == own | {*MAP_CHANNELS, *MASK_CHANNELS}
    assert face.maps["skin"]["albedo"].shape == (512, 512, 3)
    for tile in face.maps.values():
        for image in tile.values():
            assert image.shape[0] == image.shape[1] <= 512
            assert torch.isfinite(image).all()
    assert face.preview.shape == (512, 512, 3)


def test_the_preview_shows_a_face_in_front_of_a_backdrop(face: Face) -> None:
    middle = face.preview[180:300, 180:330].mean(dim=(0, 1))
    corner = face.preview[:40, :40].mean(dim=(0, 1))
    assert float((middle - corner).abs().max()) > 0.1
    assert float(middle[0] - middle[2]) > 0.03  # skin is warmer than the backdrop


def test_rebuilding_gives_the_same_bytes(face: Face, tmp_path: Path) -> None:
    folder.save(face, tmp_path / "first")
    again = pipeline.rebuild(folder.read_document(tmp_path / "first"))
    folder.save(again, tmp_path / "second")
    files = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert len(files) > 5
    for file in files:
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes(), file


def test_hair_is_rooted_in_the_head_and_comes_back_from_its_folder(face: Face, tmp_path: Path) -> None:
    topology, scalp = face.head.topology, face.groom["scalp"]
    on_skin = scalp.roots.on(face.head.vertices, topology.triangles)
    assert len(scalp) > 50 and torch.allclose(scalp.points[:, 0], on_skin, atol=1e-5)
    loaded = folder.load(folder.save(face, tmp_path / "face")).groom
    assert list(loaded) == list(face.groom)
    for region, hair in face.groom.items():
        assert torch.equal(loaded[region].points, hair.points)
        assert (loaded[region].look, loaded[region].colour) == (hair.look, hair.colour)


def test_an_unknown_style_is_refused_before_anything_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[Step] = []
    style = Style(name="bob", label="Bob")
    monkeypatch.setattr(registry, "styles", lambda: Styles({"bob": style}, {}))
    monkeypatch.setattr(making, "grow", lambda head, traits, seed: find_style(traits.choice("hair.style"), "scalp"))
    with pytest.raises(BadRequest, match=r"There is no scalp style called 'bop'; the nearest are bob\."):
        pipeline.generate("a man", seed=1, traits={"hair.style": "bop"}, progress=Progress(steps.append))
    assert "skin" not in {step.stage for step in steps}


def test_two_seeds_are_two_people_and_both_are_as_asked() -> None:
    one, other = (pipeline.generate("a woman with a big nose", seed=seed, resolution=512) for seed in (1, 2))
    assert float((one.preview - other.preview).abs().mean()) > 0.01
    for face in (one, other):
        assert pipeline.measure(face.head)["nose.width"] > 1.2
        assert face.traits.number("gender") < -0.5


@pytest.mark.usefixtures("unpainted")
def test_a_prompt_with_nothing_usable_still_gives_a_person() -> None:
    face = pipeline.generate("asdf qwer", seed=3, resolution=512, anyway=True)
    assert face.record.not_understood == ("asdf", "qwer")
    assert not face.traits.asked()
    assert face.traits.number("age") > 15


@pytest.mark.parametrize("prompt", ["ein alter Mann mit Bart", "asdf qwer", "😀😀"])
def test_nobody_is_passed_off_as_the_answer_to_what_was_not_read(prompt: str) -> None:
    with pytest.raises(NothingRead, match=r"reads English only|was understood|no words in"):
        pipeline.generate(prompt, seed=3, resolution=512)


@pytest.mark.usefixtures("unpainted")
def test_what_lies_at_a_place_becomes_an_edit_of_the_face() -> None:
    face = pipeline.generate("a man of 40 with a scar on the left cheek and a red hat", seed=3, resolution=512)
    (mark,) = face.record.edits
    assert (mark.label, mark.place and mark.place.regions) == ("a scar on the left cheek", ("left_cheek",))
    assert face.traits["scars.density"].confidence == 0.0
    assert face.record.not_understood == ("red hat",)


@pytest.mark.usefixtures("unpainted")
def test_a_correction_is_kept_with_the_face_and_wherever_it_is_made_again(tmp_path: Path) -> None:
    corrections = (
        Correction("fisherman", Traits({"gender": -1.0}), ("stubble.density",)),
        Correction("a scar on the left cheek"),
    )
    words = "a fisherman with a scar on the left cheek"
    face = pipeline.generate(words, seed=3, resolution=512, corrections=corrections)
    assert face.traits["gender"] == TraitValue(-1.0, 1.0, "fisherman")
    assert face.traits["stubble.density"].confidence == 0.0
    assert face.traits["skin.melanin"].because == "fisherman", "the rest of the words goes on"
    assert face.record.edits == ()
    folder.save(face, tmp_path / "face")
    document = folder.read_document(tmp_path / "face")
    assert document.record.corrections == corrections
    assert pipeline.rebuild(document).record.corrections == corrections
    assert pipeline.edit(face, {"age": 60.0}).record.corrections == corrections
    edited = editing.words_edit("a fisherman", corrections=corrections)
    assert edited.entry.traits.number("gender") == -1.0 and "stubble.density" not in edited.entry.traits


@pytest.mark.usefixtures("unpainted")
def test_values_can_be_laid_over_the_prompt() -> None:
    face = pipeline.generate("an old man", seed=3, resolution=512, traits={"age": 20.0, "nose.hump": 2.0})
    assert face.traits.number("age") == 20.0
    assert pipeline.measure(face.head)["nose.hump"] > 1.5


def test_an_edit_changes_what_was_asked_and_keeps_the_person(face: Face, narrow: Face) -> None:
    changed, before, after = narrow, pipeline.measure(face.head), pipeline.measure(narrow.head)
    assert after["nose.width"] < -1.0
    assert changed.face_id == face.face_id
    assert changed.record.history[-1]["changed"]["nose.width"]["value"] == -1.5
    others = [name for name in before if not name.startswith(("nose", "philtrum"))]
    assert sum(abs(after[name] - before[name]) for name in others) / len(others) < 0.15
    assert torch.equal(pipeline.reshape(face, {"nose.width": -1.5}).vertices, changed.head.vertices)


def test_progress_rises_to_one_and_names_the_stages() -> None:
    steps: list[Step] = []
    pipeline.generate("a man", seed=1, resolution=512, progress=Progress(steps.append))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {"language", "head", "rig", "hair", "skin", "preview"} <= {step.stage for step in steps}


@pytest.mark.parametrize("stage", ["head", "hair", "skin", "preview"])
def test_it_can_be_stopped_at_every_stage(stage: str) -> None:
    seen: list[str] = []
    progress = Progress(lambda step: seen.append(step.stage), lambda: stage in seen)
    with pytest.raises(Cancelled):
        pipeline.generate("a man", seed=1, resolution=512, progress=progress)


@pytest.mark.parametrize(("arguments", "word"), [
    ({"prompt": ""}, "empty"), ({"prompt": " \n\t"}, "empty"), ({"prompt": "x" * 10_000}, "2,000"),
    ({"seed": -2}, "seed"), ({"seed": 2**32}, "seed"), ({"resolution": 1000}, "resolution"), ({"head": "ogre"}, "head"),
    ({"traits": {"nose.widht": 1.0}}, "nose.widht"), ({"traits": {"nose.width": 9.0}}, "nose.width"),
])  # fmt: skip
def test_bad_requests_get_one_sentence(arguments: dict[str, object], word: str) -> None:
    with pytest.raises(BadRequest, match=word) as caught:
        pipeline.generate(**({"prompt": "a man", "seed": 1, "resolution": 512} | arguments))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("unpainted")
def test_emoji_and_control_characters_do_no_harm() -> None:
    face = pipeline.generate("a man\x00 with \x1b[31m blue eyes 🙂", seed=1, resolution=512)
    assert face.traits.number("gender") > 0.5
    red, _, blue = face.traits.colour("iris.colour")
    assert blue > red


def test_the_package_offers_what_its_page_says() -> None:
    for name in dreamface.__all__:
        assert getattr(dreamface, name) is not None
    assert len(VOCABULARY) == 170


@pytest.mark.usefixtures("unpainted")
def test_traits_of_the_prompt_can_be_left_out() -> None:
    face = pipeline.generate("an old man with freckles", seed=3, resolution=512, without=["freckles.density", "age"])
    assert face.traits["freckles.density"].confidence == 0.0
    assert face.traits["age"].confidence == 0.0
    assert face.traits.number("gender") > 0.5
    with pytest.raises(BadRequest, match=r"nose\.widht"):
        pipeline.generate("a man", resolution=512, without=["nose.widht"])


@pytest.mark.usefixtures("unpainted")
def test_a_face_can_take_anothers_place() -> None:
    assert pipeline.generate("a man", seed=3, resolution=512, face_id="kept").face_id == "kept"


def test_a_record_is_enough_for_an_edit(face: Face, narrow: Face) -> None:
    record, ours = face.record, narrow
    theirs = pipeline.edit(record, {"nose.width": -1.5})
    assert torch.equal(ours.head.vertices, theirs.head.vertices)
    assert torch.equal(ours.preview, theirs.preview)
    assert ours.record.history == theirs.record.history
    assert torch.equal(pipeline.reshape(record, {"nose.width": -1.5}).vertices, theirs.head.vertices)


@pytest.mark.usefixtures("unpainted")
def test_what_was_sculpted_stays_through_edits_saving_and_rebuilding(face: Face, narrow: Face, tmp_path: Path) -> None:
    """Horns on a head: whatever the traits say later, they are still there."""
    offset = torch.zeros_like(face.head.vertices)
    offset[100:120] = torch.tensor([0.0, 0.0, 0.03])
    with pytest.raises(BadRequest, match="another head model"):
        pipeline.build_head("anny", face.traits, face.seed, offset=offset[:50])
    head = replace(face.head, vertices=face.head.vertices + offset, offset=offset)
    path = folder.save(replace(face, head=head), tmp_path / "horned")
    sculpted = folder.load(path)
    assert torch.equal(sculpted.head.offset, offset)
    plain, horned = narrow.head, pipeline.edit(sculpted, {"nose.width": -1.5}).head
    torch.testing.assert_close(horned.vertices - plain.vertices, offset, rtol=0, atol=1e-6)
    torch.testing.assert_close(pipeline.reshape(sculpted, {"nose.width": -1.5}).vertices, horned.vertices)
    again = pipeline.rebuild(folder.read_document(path), offset=folder.read_offset(path))
    torch.testing.assert_close(again.head.vertices, sculpted.head.vertices, rtol=0, atol=1e-6)


def test_an_edit_can_change_the_resolution(face: Face) -> None:
    changed = pipeline.edit(face, {}, resolution=1024)
    assert changed.maps["skin"]["albedo"].shape == (1024, 1024, 3)
    assert changed.resolution == 1024
    with pytest.raises(BadRequest, match="resolution"):
        pipeline.edit(face, {}, resolution=1000)


def test_an_identity_of_nobody_is_damage_and_not_a_bug(face: Face, tmp_path: Path) -> None:
    document = folder.read_document(folder.save(face, tmp_path / "face"))
    for number in (1e9, -1e9):
        identity = dict.fromkeys(document.head.identity, number)
        other = document.model_copy(update={"head": document.head.model_copy(update={"identity": identity})})
        with pytest.raises(FolderError, match="identity is that of no person"):
            pipeline.rebuild(other)


def test_a_face_that_names_another_head_model_is_not_measured() -> None:
    head = replace(synthetic_face().head, model="anny")
    with pytest.raises(BadRequest, match="geometry is not that of the head model anny"):
        pipeline.measure(head)
