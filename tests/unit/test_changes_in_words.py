"""Words that change a face which is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dreamface.errors import BadRequest
from dreamface.language import read_change
from dreamface.traits import VOCABULARY, Traits

PHRASES = json.loads((Path(__file__).parent / "change_phrases.json").read_text("utf-8"))
FACE = Traits(
    {
        "age": 40.0, "freckles.density": 0.4, "body.weight": 0.5, "wrinkles.forehead": 0.3, "wrinkles.eyes": 0.3,
        "wrinkles.cheeks": 0.3, "wrinkles.mouth": 0.3, "skin.melanin": 0.4, "skin.redness": 0.35, "gender": 0.2,
        "hair.melanin": 0.6, "hair.length": 0.4, "hair.style": "medium", "under_eyes.darkness": 0.4,
        "beard.style": "short", "iris.colour": (0.13, 0.06, 0.03),
    }
)  # fmt: skip


def right(phrase: dict[str, Any]) -> bool:
    reading = read_change(phrase["words"], FACE)
    now = reading.traits

    def number(name: str) -> float:
        return now.number(name) if name in now else FACE.number(name)

    up = all(number(name) > FACE.number(name) for name in phrase.get("up", ()))
    down = all(number(name) < FACE.number(name) for name in phrase.get("down", ()))
    least = all(number(name) >= value for name, value in phrase.get("least", {}).items())
    exact = all(number(name) == pytest.approx(value) for name, value in phrase.get("is", {}).items())
    chosen = all(name in now and now.choice(name) == value for name, value in phrase.get("choice", {}).items())
    tinted = all(name in now and now.tint(name)[1] > 0.0 for name in phrase.get("tint", ()))
    gone = all(name in now and now.tint(name)[1] == 0.0 for name in phrase.get("none", ()))
    changed = all(name in now and now.value(name) != FACE.value(name) for name in phrase.get("changed", ()))
    lost = bool(reading.not_understood) or not phrase.get("not_understood")
    return up and down and least and exact and chosen and tinted and gone and changed and lost


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase["words"])
def test_a_change_in_words_is_read(phrase: dict[str, Any]) -> None:
    assert right(phrase), dict(read_change(phrase["words"], FACE).traits)


def test_a_comparative_is_measured_from_the_face() -> None:
    pale, dark = (read_change("darker skin", Traits({"skin.melanin": value})).traits for value in (0.2, 0.8))
    assert pale.number("skin.melanin") < dark.number("skin.melanin")


DEGREES = [
    ("make her a bit older", "older", 0.5),
    ("make him a little younger", "younger", 0.5),
    ("make her look slightly older", "older", 0.5),
    ("turn her a lot older", "older", 1.6),
    ("make her much younger", "younger", 1.6),
    ("make her quite a bit older", "older", 1.6),
    ("a tiny bit older", "older", 0.3),
    ("just a little bit older", "older", 0.3),
    ("an older face", "older", 1.0),
    ("even older", "older", 1.0),
    ("give her a touch more freckles", "more freckles", 0.5),
    ("a lot more freckles", "more freckles", 1.6),
    ("give her a little fuller lips", "fuller lips", 0.5),
    ("a tad wider nose", "wider nose", 0.5),
    ("just a little bit more grey", "greyer", 0.3),
]


@pytest.mark.parametrize(("words", "plain", "degree"), DEGREES)
def test_words_before_a_comparative_say_how_far_it_goes(words: str, plain: str, degree: float) -> None:
    """The article of "a bit" belongs to the degree, not to a noun."""
    (name, far), *_ = read_change(plain, FACE).traits.items()
    now = FACE.number(name)
    went = read_change(words, FACE).traits.number(name) - now
    assert isinstance(far.value, float) and went == pytest.approx(degree * (far.value - now))


def test_an_amount_keeps_its_article_and_a_noun_loses_it() -> None:
    few, many = (
        read_change(words, FACE).traits.number("freckles.density") for words in ("freckles", "a lot of freckles")
    )
    assert many > few and not read_change("give her a lot of freckles", FACE).not_understood
    older = read_change("an older woman", FACE).traits
    assert older.number("gender") == -1.0 and older.number("age") == read_change("older", FACE).traits.number("age")


@pytest.mark.parametrize(
    ("words", "way"),
    [
        ("less dark eyes", 1),
        ("lighter eyes", 1),
        ("darker eyes", -1),
        ("less bright eyes", -1),
        ("a lot darker eyes", -1),
    ],
)
def test_colours_get_lighter_and_darker_and_stay_the_colour_that_they_are(words: str, way: int) -> None:
    face = Traits({"iris.colour": (0.08, 0.2, 0.06)})
    now = read_change(words, face).traits.colour("iris.colour")
    assert (sum(now) - 0.34) * way > 0.0
    assert now[1] / now[0] == pytest.approx(2.5), "still green"


def test_make_up_gets_lighter_and_stays_as_strong() -> None:
    colour, strength = read_change("less dark lipstick", Traits({"lipstick": (0.2, 0.01, 0.02, 0.9)})).traits.tint(
        "lipstick"
    )
    assert strength == 0.9 and colour[0] > 0.2
    green = read_change("less green eyes", Traits({"iris.colour": (0.08, 0.2, 0.06)})).traits.colour("iris.colour")
    assert green[1] - green[0] < 0.12 and green[1] > green[0]


def test_it_stays_in_range_however_often_it_is_said() -> None:
    face = FACE
    for _ in range(12):
        face = face.under(read_change("a much bigger nose, older", face).traits)
    assert face.number("age") == VOCABULARY["age"].high


def test_nothing_said_is_an_error() -> None:
    with pytest.raises(BadRequest):
        read_change("  ", FACE)
