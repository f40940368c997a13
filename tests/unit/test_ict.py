"""The production head: people on ICT-FaceKit's topology. Needs the archive; skips where it is not."""

from __future__ import annotations

import pytest
import torch

from dreamface import folder, pipeline
from dreamface.errors import BadRequest
from dreamface.head import HeadSource, best, load_model
from dreamface.head.ict.identity import SHARED
from dreamface.head.ict.parts import PAPER
from dreamface.head.selection.candidates import choose
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import ARKIT_SHAPES, SHAPE_TRAITS, Traits

KINDS = {
    "skin", "back_of_head", "mouth_socket", "eye_socket", "gums_and_tongue", "teeth", "sclera", "cornea", "iris",
    "lacrimal_fluid", "eye_blend", "eye_occlusion", "lashes",
}  # fmt: skip
PERSON = {"age": 30.0, "gender": -1.0, "ancestry.european": 1.0, "body.weight": 0.5, "body.muscle": 0.5}


def person(seed: int, **asked: float) -> Traits:
    return complete(Traits({**PERSON, **{name.replace("__", "."): value for name, value in asked.items()}}), seed)


def build(model, seed: int, candidate: int | None = None, **asked: float):
    return model.build(HeadSource(person(seed, **asked), stream(seed, "head"), candidate))


def apart(one, other) -> float:
    """Mean distance of the skins in millimetres, middles on each other."""
    a, b = one.vertices[:PAPER], other.vertices[:PAPER]
    return 1000.0 * float(torch.linalg.vector_norm((a - a.mean(0)) - (b - b.mean(0)), dim=1).mean())


def test_counts_are_the_archives(ict_head) -> None:
    topology = ict_head.topology
    assert topology.faces.shape == (26384, 4)
    assert len(build(ict_head, 1).vertices) == 26719
    assert ict_head.shape_names[:52] == ARKIT_SHAPES
    kinds = {part.name.removeprefix("left_").removeprefix("right_") for part in topology.parts}
    assert kinds == KINDS
    assert topology.tiles.index("skin") == 0 and topology.tiles.index("lashes") == 6  # 1001 and 1007


def test_the_head_stands_like_the_built_in_one(ict_head) -> None:
    """Metres, Z up, looking along -Y, the left eye at +X, the base of the neck at the origin."""
    head = build(ict_head, 1)
    low, high = head.vertices.amin(0), head.vertices.amax(0)
    assert 0.25 < float(high[2]) < 0.45 and -0.2 < float(low[2]) < 0.0
    assert float(head.landmark("pronasale")[1]) < float(head.landmark("opisthocranion")[1])
    assert float(head.landmark("exocanthion_l")[0]) > 0.02 > float(head.landmark("exocanthion_r")[0])


def test_what_is_asked_for_is_met(ict_head) -> None:
    asked = {"nose.width": 1.8, "jaw.width": -1.2, "eyes.tilt": 1.0, "lips.upper": 1.5, "ears.size": -1.0}
    head = ict_head.build(HeadSource(complete(Traits(asked), 5), stream(5, "head")))
    measured = ict_head.measure(head)
    assert set(measured) == set(SHAPE_TRAITS)
    for name, value in asked.items():
        assert abs(measured[name] - value) < 0.3, name
    modes = torch.tensor([value for name, value in head.identity.items() if name.startswith("mode.")])
    assert float(modes.square().mean()) < 2.0


def test_two_seeds_are_two_people_with_the_same_nose(ict_head) -> None:
    asked = {"nose__width": 1.5, "nose__length": -1.0, "jaw__width": 1.0}
    same = [apart(build(ict_head, 2 * pair, **asked), build(ict_head, 2 * pair + 1, **asked)) for pair in range(6)]
    free = [apart(build(ict_head, 2 * pair), build(ict_head, 2 * pair + 1)) for pair in range(6)]
    assert sum(same) > 0.5 * sum(free)


def test_the_same_seed_is_the_same_person(ict_head) -> None:
    assert torch.equal(build(ict_head, 3, nose__width=1.0).vertices, build(ict_head, 3, nose__width=1.0).vertices)


def test_a_slider_keeps_the_person(ict_head) -> None:
    """With its candidate, a head changes where the trait is; without, someone else may fit better."""
    before = build(ict_head, 4, nose__width=1.0)
    after = build(ict_head, 4, candidate=before.candidate, nose__width=1.1)
    stranger = build(ict_head, 5, nose__width=1.1)
    assert apart(before, after) < 0.15 * apart(before, stranger)
    assert after.candidate == before.candidate


def test_a_slider_moves_its_own_part_of_the_face(ict_head) -> None:
    before = build(ict_head, 6, nose__width=0.0)
    after = build(ict_head, 6, candidate=before.candidate, nose__width=1.0)
    moved = 1000.0 * torch.linalg.vector_norm(after.vertices - before.vertices, dim=1)[:PAPER]
    away = torch.linalg.vector_norm(before.vertices[:PAPER] - before.landmark("pronasale"), dim=1)
    assert float(moved[away > 0.06].mean()) < 0.6
    wings = [after.landmark(name) - before.landmark(name) for name in ("alare_l", "alare_r")]
    assert float(wings[0][0] - wings[1][0]) > 1e-3  # a millimetre wider


def test_rebuilding_gives_the_same_vertices(ict_head) -> None:
    head = build(ict_head, 6, ears__pointed=1.0)
    assert torch.equal(ict_head.build(HeadSource(identity=head.identity)).vertices, head.vertices)
    with pytest.raises(KeyError):
        ict_head.build(HeadSource(identity={}))


def test_children_are_smaller(ict_head) -> None:
    adult, child = build(ict_head, 7), build(ict_head, 7, age=6.0)
    assert float(child.vertices[:PAPER, 2].max()) < 0.95 * float(adult.vertices[:PAPER, 2].max())


@pytest.mark.parametrize("change", [{"gender": 1.0}, {"age": 75.0}, {"ancestry__east_asian": 1.0}], ids=str)
def test_age_sex_and_ancestry_change_the_shape_as_on_the_built_in_head(ict_head, change) -> None:
    """What changes most on the built-in head changes in the same direction here."""
    if "ancestry__east_asian" in change:
        change = change | {"ancestry__european": 0.0}
    built_in = load_model("anny")
    there, here = (
        {name: after[name] - before[name] for name in SHAPE_TRAITS}
        for before, after in (
            [model.measure(build(model, 8)), model.measure(build(model, 8, **change))] for model in (built_in, ict_head)
        )
    )
    telling = [name for name in SHAPE_TRAITS if abs(there[name]) > 0.4]
    assert len(telling) >= 3
    assert sum(there[name] * here[name] > 0.0 for name in telling) >= 0.85 * len(telling)


def test_auto_takes_the_production_head_when_it_is_installed(with_ict) -> None:
    assert best() == "ict"


def test_without_the_model_the_sentence_says_how_to_get_it() -> None:
    assert best() == "anny"
    with pytest.raises(BadRequest, match="dreamface models install ict-facekit"):
        pipeline.generate("a woman", head="ict")


def test_a_face_goes_the_whole_way(with_ict, tmp_path) -> None:
    face = pipeline.generate("an old man with a broad nose and blue eyes", seed=2, resolution=512)
    assert face.head.model == "ict" and face.measured["nose.width"] > 0.5
    loaded = folder.load(folder.save(face, tmp_path / "face"))
    assert torch.equal(loaded.head.vertices, face.head.vertices)
    assert loaded.head.topology.objects[0].parts[1].object == "skin"
    again = pipeline.rebuild(folder.read_document(tmp_path / "face"))
    assert torch.equal(again.head.vertices, face.head.vertices)
    assert torch.equal(again.maps["skin"]["albedo"], face.maps["skin"]["albedo"])
    older = pipeline.edit(face, {"nose.width": 2.0})
    assert older.head.candidate == face.head.candidate and older.measured["nose.width"] > face.measured["nose.width"]


def test_another_way_to_choose_takes_its_place(ict_head) -> None:
    """A scorer of looks, say, over the pool that all seeds share; the traits are fitted all the same."""
    space, asked = ict_head.space, person(3, nose__width=1.5)

    class Wide:
        def score(self, first, candidates):
            return candidates[:, 0]

    def choice(_pool, scorer):
        assert scorer is not None
        return SHARED + int(choose(space.shared_pool(500), Wide())[0])

    one, other = (space.build([HeadSource(asked, stream(seed, "head"), choice=choice)])[0] for seed in (1, 2))
    assert one.candidate == other.candidate >= SHARED
    assert torch.equal(one.modes, other.modes)
    widest = torch.stack([space.shared_pool(500).candidate(number)[0] for number in range(500)]).max()
    assert abs(float(one.modes[0] - widest)) < 0.5
    again = space.build([HeadSource(asked, stream(9, "head"), one.candidate)])[0]
    assert torch.equal(again.modes, one.modes)
    head = ict_head.build(HeadSource(identity=space.to_mapping(one)))
    assert abs(ict_head.measure(head)["nose.width"] - 1.5) < 0.3
