"""What a prompt leaves open."""

from __future__ import annotations

import numpy as np

from dreamface.prior import complete
from dreamface.traits import ANCESTRIES, VOCABULARY, Group, Kind, Traits, TraitValue

PEOPLE = [complete(Traits(), seed) for seed in range(300)]


def numbers(name: str) -> np.ndarray:
    return np.array([person.number(name) for person in PEOPLE])


def test_every_person_skin_and_hair_trait_is_filled_in() -> None:
    drawn = set(PEOPLE[0])
    for trait in VOCABULARY.values():
        if trait.group in (Group.PERSON, Group.SKIN, Group.HAIR) and trait.kind is not Kind.TINT:
            assert trait.name in drawn, trait.name


def test_what_was_drawn_was_not_asked_for() -> None:
    assert not PEOPLE[0].asked()


def test_people_are_balanced() -> None:
    assert 0.4 < (numbers("gender") > 0).mean() < 0.6
    for name in ANCESTRIES:
        assert 0.15 < (numbers(name) > 0.5).mean() < 0.35, name
    assert numbers("age").min() < 25
    assert numbers("age").max() > 55


def test_colouring_follows_ancestry_and_age() -> None:
    african, european = numbers("ancestry.african") > 0.8, numbers("ancestry.european") > 0.8
    assert numbers("skin.melanin")[african].mean() > numbers("skin.melanin")[european].mean() + 0.4
    old, young = numbers("age") > 55, numbers("age") < 28
    assert numbers("wrinkles.eyes")[old].mean() > numbers("wrinkles.eyes")[young].mean() + 0.3
    assert numbers("hair.grey")[old].mean() > numbers("hair.grey")[young].mean() + 0.2


def test_same_seed_same_person_and_other_seed_another() -> None:
    assert dict(complete(Traits(), 5)) == dict(PEOPLE[5])
    assert dict(PEOPLE[5]) != dict(PEOPLE[6])


def test_what_was_asked_stays() -> None:
    asked = Traits({"age": TraitValue(7.0, 0.9, "child"), "skin.melanin": TraitValue(0.9, 1.0, "dark skin")})
    person = complete(asked, 1)
    assert person["age"] == asked["age"]
    assert person["skin.melanin"] == asked["skin.melanin"]


def test_asking_for_one_trait_does_not_reshuffle_the_others() -> None:
    plain, freckled = complete(Traits(), 8), complete(Traits({"freckles.density": 0.9}), 8)
    assert {name: plain[name] for name in plain if name != "freckles.density"} == {
        name: freckled[name] for name in freckled if name != "freckles.density"
    }


def test_evidence_counts() -> None:
    for seed in range(12):
        assert complete(Traits({"beard.style": "full"}), seed).number("gender") > 0
        assert complete(Traits({"hair.grey": 0.9}), seed).number("age") > 50
        assert complete(Traits({"skin.melanin": 0.85}), seed).number("ancestry.east_asian") < 0.5


def test_children_have_no_beards_and_no_wrinkles() -> None:
    for seed in range(20):
        child = complete(Traits({"age": 6.0, "gender": 1.0}), seed)
        assert child.choice("beard.style") == "none"
        assert child.number("stubble.density") == 0.0
        assert child.number("wrinkles.forehead") < 0.02


def test_a_denied_ancestry_leaves_the_others_open() -> None:
    drawn = [complete(Traits({"ancestry.european": 0.0}), seed) for seed in range(20)]
    assert all(sum(person.number(name) for name in ANCESTRIES) > 0.99 for person in drawn)


def test_denying_every_ancestry_still_gives_a_person() -> None:
    person = complete(Traits(dict.fromkeys(ANCESTRIES, 0.0)), 3)
    assert person.number("age") > 1


def test_who_has_stubble_has_no_beard_by_surprise() -> None:
    asked = Traits({"gender": 1.0, "age": 30.0, "stubble.density": TraitValue(0.5, 1.0, "stubble")})
    assert {complete(asked, seed).choice("beard.style") for seed in range(30)} == {"none"}
