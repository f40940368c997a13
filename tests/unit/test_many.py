"""Many faces at once: each is the one that is made alone, and nothing is made before all is checked."""

from __future__ import annotations

import gc
import weakref

import pytest

import dreamface
from dreamface import Progress, pipeline
from dreamface.errors import BadRequest, Cancelled, NothingRead
from dreamface.traits import Traits

PEOPLE = ("an old man with a big nose", {"age": 9.0, "ears.size": 2.0}, "a woman with red hair and full lips")
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def together() -> list[dreamface.Face]:
    return list(dreamface.generate_many(PEOPLE, SEEDS, resolution=512, head="anny"))


@pytest.mark.parametrize("index", [0, 1])
def test_each_is_the_face_that_is_made_alone(together, index) -> None:
    person, seed = PEOPLE[index], SEEDS[index]
    words = person if isinstance(person, str) else pipeline.SOMEBODY
    traits = None if isinstance(person, str) else person
    alone = dreamface.generate(words, traits=traits, seed=seed, resolution=512, head="anny", anyway=True)
    many = together[index]
    assert many.record.traits == alone.record.traits
    assert many.record.candidate == alone.record.candidate
    assert float((many.head.vertices - alone.head.vertices).norm(dim=1).max()) < 1e-5
    for tile, channels in alone.maps.items():
        for name, picture in channels.items():
            assert float((many.maps[tile][name].float() - picture.float()).abs().max()) <= 1.0 / 255.0, name
    assert float((many.preview - alone.preview).abs().max()) <= 2.0 / 255.0


def test_what_was_asked_for_is_reached(together) -> None:
    assert together[1].record.traits.number("age") == 9.0
    assert together[1].measured["ears.size"] == pytest.approx(2.0, abs=0.3)
    assert [face.record.seed for face in together] == list(SEEDS)
    assert len({face.record.face_id for face in together}) == 3


def test_all_is_checked_before_anybody_is_made() -> None:
    with pytest.raises(BadRequest, match=r"Person 2 of 3: .*empty"):
        dreamface.generate_many(["a man", " ", "a woman"], SEEDS)
    with pytest.raises(BadRequest, match=r"Person 3 of 3: .*seed"):
        dreamface.generate_many(PEOPLE, [1, 2, -7])
    with pytest.raises(BadRequest, match=r"^Give as many seeds as people: there are 2 for 3\."):
        dreamface.generate_many(PEOPLE, [1, 2])
    with pytest.raises(BadRequest, match=r"^The resolution"):
        dreamface.generate_many(PEOPLE, SEEDS, resolution=100)
    with pytest.raises(BadRequest, match=r"Person 1 of 2: .*nose\.widht"):
        dreamface.generate_many([{"nose.widht": 1.0}, "a man"], [1, 2])
    with pytest.raises(NothingRead, match="Person 2 of 2: "):
        dreamface.generate_many(["a man", "eine alte Frau mit roten Haaren und einer großen Nase"], [1, 2])
    with pytest.raises(NothingRead) as caught:
        dreamface.generate_many(["qwrtz"], [1])
    assert "Person" not in str(caught.value)


def test_nobody_is_no_error() -> None:
    assert list(dreamface.generate_many([])) == []


def test_faces_are_let_go() -> None:
    faces = dreamface.generate_many([Traits({"age": 30.0})] * 2, [4, 5], resolution=512, head="anny")
    first = weakref.ref(next(faces))
    next(faces)
    gc.collect()
    assert first() is None


def test_progress_is_told_and_stops_it() -> None:
    said: list[float] = []

    def watch(step) -> None:
        said.append(step.fraction)
        if step.fraction > 0.5:
            raise Cancelled("Stopped.")

    faces = dreamface.generate_many(["a man", "a woman"], [1, 2], resolution=512, head="anny", progress=Progress(watch))
    next(faces)
    assert said == sorted(said)
    assert said[-1] == pytest.approx(0.5)
    with pytest.raises(Cancelled):
        next(faces)
