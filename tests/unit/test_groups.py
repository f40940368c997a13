"""Age, sex, ancestry and build as people have them: around whom heads are drawn, on both head models."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
from torch import Tensor

from dreamface import pipeline
from dreamface.face import Head
from dreamface.head import AROUND, HeadSource, load_model
from dreamface.head.measure import Points, measure_raw
from dreamface.head.norms import NORMS, shares
from dreamface.head.tendencies import TENDENCIES, TRAITS, tendencies, trait_tendencies
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.record import FaceRecord
from dreamface.traits import ANCESTRIES, SHAPE_TRAITS, Traits

USUAL = {"body.weight": 0.5, "body.muscle": 0.5}


def somebody(age: float = 28.0, gender: float = -1.0, ancestry: str = "european", **more: float) -> dict[str, float]:
    of = {name: float(name == f"ancestry.{ancestry}") for name in ANCESTRIES}
    return {"age": age, "gender": gender, "lashes.length": 0.5, **USUAL, **of, **more}


def head(model, seed: int, person: dict[str, float], candidate: int | None = None) -> Head:
    return model.build(HeadSource(complete(Traits(person), seed), stream(seed, "head"), candidate))


def raw(one: Head) -> dict[str, float]:
    measured = measure_raw(Points(one.vertices.double(), one.topology.landmarks))
    return dict(zip(SHAPE_TRAITS, measured.tolist(), strict=True))


def face(one: Head) -> Tensor:
    return one.vertices[slice(*one.topology.objects[0].vertices)]


def apart(one: Tensor, other: Tensor) -> float:
    """Mean distance after the best rigid motion, millimetres."""
    a, b = one - one.mean(dim=0), other - other.mean(dim=0)
    left, _, right = torch.linalg.svd(a.T @ b)
    mirror = torch.tensor([1.0, 1.0, float(torch.sign(torch.linalg.det(left @ right)))])
    return 1000.0 * float((a @ (left * mirror @ right) - b).norm(dim=1).mean())


@pytest.fixture(scope="module", params=["anny", "ict"])
def model(request):
    return load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")


# --------------------------------------------------------------------------------------------------------------- tables


def test_the_tables_name_what_there_is() -> None:
    bank = load_model("anny")._bank
    assert {slider for row in TENDENCIES.values() for slider in row} <= set(bank.slider_names)
    assert {trait for row in TRAITS.values() for trait in row} <= set(SHAPE_TRAITS)


def test_norms_say_what_was_published() -> None:
    """Means over both sexes, as the sources have them: noses (Farkas 2005), inner eye corners (Bouhadana 2022)."""
    african, asian, _, european = ANCESTRIES

    def share(trait: str, ancestry: str) -> float:
        return sum(shares({"age": 25.0, "gender": sex, ancestry: 1.0})[trait][0] for sex in (-1.0, 1.0))

    assert share("nose.width", african) / share("nose.width", european) == pytest.approx(42 / 33.2, abs=0.06)
    assert share("eyes.spacing", asian) / share("eyes.spacing", european) == pytest.approx(36.4 / 31.4, abs=0.06)
    assert share("nose.width", asian) > share("nose.width", european) + 0.1


def test_ears_and_noses_grow_and_lips_thin_with_age() -> None:
    young, old = (shares(somebody(age=age)) for age in (30.0, 80.0))
    assert old["ears.size"][0] > 1.12 * young["ears.size"][0]
    assert old["nose.length"][0] > 1.03 * young["nose.length"][0]
    assert old["lips.upper"][0] < 0.8 * young["lips.upper"][0]


def test_womens_necks_are_no_stalks(model) -> None:
    """The neck's girth of women over men's is 0.83 (Gordon et al. 2014)."""
    groups = (model._space if model.name == "anny" else model.space)._groups
    row = SHAPE_TRAITS.index("neck.width")
    woman, man = (float(groups.mean(somebody(gender=sex))[0][row]) for sex in (-1.0, 1.0))
    assert 0.78 < woman / man < 0.92


def test_tendencies_mix_and_end() -> None:
    assert tendencies(somebody(age=5.0)).get("own-jowl", 0.0) == 0.0
    assert tendencies(somebody(age=5.0, gender=1.0)).get("own-jaw-line", 0.0) == 0.0, "boys have no men's jaws"
    half = trait_tendencies(somebody(gender=-0.5))["nose.width"]
    assert half == pytest.approx(0.5 * trait_tendencies(somebody())["nose.width"], abs=0.05)


# ---------------------------------------------------------------------------------------------------------------- heads


@pytest.mark.parametrize("ancestry", ["african", "east_asian", "european"])
def test_a_groups_mean_is_reached(model, ancestry) -> None:
    groups = (model._space if model.name == "anny" else model.space)._groups
    people = somebody(ancestry=ancestry)
    mean, spread = groups.mean(people)
    drawn = torch.tensor([list(raw(head(model, seed, people)).values()) for seed in range(16)], dtype=torch.float64)
    missed = ((drawn.mean(dim=0) - mean) / spread).abs()
    for name in NORMS:
        if name not in ("face.width", "jaw.width", "face.length"):  # no slider of the head does these alone
            assert float(missed[SHAPE_TRAITS.index(name)]) < 0.7, name
    varied = drawn.std(dim=0) / spread
    assert 0.5 < float(varied[[SHAPE_TRAITS.index(name) for name in NORMS]].median()) < 1.4


def test_nobody_is_far_from_the_own_group(model) -> None:
    groups = (model._space if model.name == "anny" else model.space)._groups
    far = 0
    for seed in range(40):
        traits = complete(Traits(), seed)
        mean, spread = groups.mean({name: traits.number(name) for name in somebody()})
        one = model.build(HeadSource(traits, stream(seed, "head")))
        measured = torch.tensor(list(raw(one).values()), dtype=torch.float64)
        far += int((((measured - mean) / spread).abs() > 3.0).sum())
    assert far <= 0.003 * 40 * len(SHAPE_TRAITS)


def test_two_ancestries_and_both_sexes_differ_at_one_seed(model) -> None:
    of = {name: face(head(model, 4, somebody(ancestry=name[9:]))) for name in ANCESTRIES}
    differences = [apart(one, other) for one, other in combinations(of.values(), 2)]
    assert sum(differences) / len(differences) > 2.5
    assert min(differences) > 1.2
    man = face(head(model, 4, somebody(gender=1.0)))
    assert apart(of["ancestry.european"], man) > 1.5


def test_what_is_said_wins(model) -> None:
    asked = somebody(ancestry="african") | {"nose.width": -1.0, "eyes.spacing": -1.5}
    measured = model.measure(head(model, 6, asked))
    assert measured["nose.width"] == pytest.approx(-1.0, abs=0.3)
    assert measured["eyes.spacing"] == pytest.approx(-1.5, abs=0.3)


def test_a_life_is_one_continuous_person(model) -> None:
    ages = [5.0, 6.0, 9.0, 10.0, 13.0, 14.0, 17.0, 18.0, 24.0, 25.0, 39.0, 40.0, 60.0, 61.0, 89.0, 90.0]
    life = {age: head(model, 3, somebody(age=age)) for age in ages}
    for before, after in zip(ages[::2], ages[1::2], strict=True):
        assert apart(face(life[before]), face(life[after])) < 3.0 * (after - before), before
    for adult in (24.0, 39.0, 60.0, 89.0):
        assert apart(face(life[adult]), face(life[ages[ages.index(adult) + 1]])) < 1.2, adult
    measured = {age: raw(one) for age, one in life.items()}
    for older, younger in ((61.0, 39.0), (90.0, 61.0)):
        assert measured[older]["ears.size"] > measured[younger]["ears.size"]
        assert measured[older]["lips.upper"] < measured[younger]["lips.upper"]
    assert measured[5.0]["face.width"] < measured[25.0]["face.width"], "a child's skull is large beside its face"


def test_build_shows_in_the_face(model) -> None:
    thin, usual, heavy = (raw(head(model, 8, somebody(**{"body.weight": w}))) for w in (0.05, 0.5, 0.95))
    assert thin["cheeks.volume"] < usual["cheeks.volume"] < heavy["cheeks.volume"]
    assert thin["neck.width"] < usual["neck.width"] < heavy["neck.width"]
    assert thin["face.roundness"] < heavy["face.roundness"]


# ------------------------------------------------------------------------------------------- faces of older versions

OLDER = {
    "anny": {"pronasale": (0.0, -117.08, 93.27), "gonion_l": (53.39, -53.67, 68.61), "crown": (-0.5, -30.01, 227.77)},
    "ict": {"pronasale": (0.21, -118.28, 114.22), "gonion_l": (59.15, -43.44, 78.88), "crown": (-0.13, -6.23, 257.97)},
}
"""Millimetres, as versions before there were groups drew this woman."""


def test_faces_from_before_stay_as_they_were(model) -> None:
    person = {"age": 62.0, "gender": -1.0, "ancestry.east_asian": 1.0, "nose.width": 1.0, **USUAL}
    old, new = head(model, 9, person, 0), head(model, 9, person)
    for name, place in OLDER[model.name].items():
        assert (1000.0 * old.landmark(name)).tolist() == pytest.approx(place, abs=0.1), name
    assert apart(face(old), face(new)) > 0.5
    assert new.candidate == AROUND and not (old.candidate or 0) & AROUND
    again = model.build(HeadSource(identity=dict(old.identity)))
    assert torch.equal(again.vertices, old.vertices)


def test_an_old_record_is_edited_as_it_was_made() -> None:
    traits = complete(Traits({"age": 50.0}), 3)
    record = FaceRecord("o", "somebody", 3, 512, "anny", traits)  # as old versions wrote it: without a candidate
    shown = pipeline.reshape(record, {"nose.width": 1.0})
    expected = load_model("anny").build(HeadSource(traits.under({"nose.width": 1.0}), stream(3, "head"), 0))
    assert torch.equal(shown.vertices, expected.vertices)
