"""The vocabulary and the mapping."""

from __future__ import annotations

import json

import pytest

from dreamface.errors import BadRequest
from dreamface.styles.style import NAME
from dreamface.traits import ARKIT_SHAPES, SHAPE_TRAITS, STYLE_NAME, VOCABULARY, Group, Kind, Traits, TraitValue


def test_the_vocabulary_is_complete() -> None:
    assert len(SHAPE_TRAITS) == 45
    assert len(ARKIT_SHAPES) == len(set(ARKIT_SHAPES)) == 52
    assert {trait.group for trait in VOCABULARY.values()} == set(Group)


@pytest.mark.parametrize("name", VOCABULARY)
def test_every_trait_is_described_and_its_default_is_valid(name: str) -> None:
    trait = VOCABULARY[name]
    assert len(trait.description) > 3
    assert trait.check(trait.default) == trait.default
    assert trait.group is Group.EXPRESSION or trait.more or trait.choices


@pytest.mark.parametrize(("name", "value"), [
    ("nose.width", 3.5), ("nose.width", float("nan")), ("nose.width", "wide"), ("nose.width", True), ("age", 0.0),
    ("hair.style", "Perm"), ("hair.style", "../perm"), ("beard.style", ""),
    ("hair.style", 7), ("hair.style", "perm\n"), ("iris.colour", (0.1, 0.2)), ("iris.colour", (0.1, 0.2, 1.2)),
    ("skin.tint", (0.1, 0.2, 0.3)),
])  # fmt: skip
def test_bad_values_are_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(BadRequest, match=name.replace(".", r"\.")):
        Traits({name: value})  # type: ignore[dict-item]


def test_a_style_of_the_artists_own_passes_under_any_name_that_a_style_may_have() -> None:
    assert STYLE_NAME == NAME
    assert Traits({"hair.style": "my_perm_2"}).choice("hair.style") == "my_perm_2"
    assert VOCABULARY["hair.style"].to_json()["open"] is True
    assert VOCABULARY["nose.width"].to_json()["open"] is False
    with pytest.raises(
        BadRequest, match=r"hair\.style must be .*bald.* or the name of a style of your own; got 'Perm'"
    ):
        Traits({"hair.style": "Perm"})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(BadRequest, match="dreamface traits"):
        Traits({"nose.colour": 1.0})


def test_json_round_trip_is_exact() -> None:
    traits = Traits({
        "nose.width": TraitValue(1.23456789012345, 0.7, "broad nose"),
        "iris.colour": (0.1, 0.2, 0.3),
        "hair.style": TraitValue("bald", 0.0),
        "lipstick": (0.9, 0.1, 0.1, 1.0),
    })  # fmt: skip
    again = Traits.from_json(json.loads(json.dumps(traits.to_json())))
    assert dict(again) == dict(traits)


def test_later_values_lie_over_earlier_ones_and_defaults_fill_in() -> None:
    traits = Traits({"age": 30.0}).under({"age": TraitValue(60.0, 0.5, "old"), "hair.grey": TraitValue(0.4, 0.0)})
    assert traits.number("age") == 60.0
    assert list(traits.asked()) == ["age"]
    assert traits.number("skin.melanin") == VOCABULARY["skin.melanin"].default
    assert traits.tint("lipstick")[1] == 0.0


def test_the_order_is_the_vocabularys() -> None:
    assert list(Traits({"hair.grey": 0.1, "nose.width": 0.0})) == ["nose.width", "hair.grey"]


def test_kinds_match_their_defaults() -> None:
    sizes = {Kind.COLOUR: 3, Kind.TINT: 4}
    for trait in VOCABULARY.values():
        if trait.kind in sizes:
            assert isinstance(trait.default, tuple)
            assert len(trait.default) == sizes[trait.kind]
