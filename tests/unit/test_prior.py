"""What a prompt leaves open."""

from __future__ import annotations

import numpy as np
import pytest

from dreamface.language import read
from dreamface.prior import complete, followed
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


def test_who_is_half_european_is_rarely_fair() -> None:
    half = read("an Iranian woman").traits
    people = [complete(half, seed) for seed in range(200)]
    assert min(person.number("hair.melanin") for person in people) > 0.6
    blue_eyed = [person.colour("iris.colour")[2] > person.colour("iris.colour")[0] for person in people]
    assert 0.0 < np.mean(blue_eyed) < 0.15


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
    grey = Traits(dict(asked) | {"beard.colour": TraitValue((0.43, 0.40, 0.38, 0.9), 1.0, "grey stubble")})
    assert {complete(grey, seed).choice("beard.style") for seed in range(30)} == {"none"}


LONG_CUTS = {"long", "wavy", "medium", "bob", "curly", "bangs", "ponytail", "bun", "low_bun", "braids", "crown_braid"}
COILED_CUTS = {
    "afro",
    "coils",
    "twists",
    "cornrows",
    "dreadlocks",
    "braids",
    "buzz",
    "short",
    "short_curly",
    "flat_top",
}


def cuts(count: int = 200, **asked: float) -> list[str]:
    traits = Traits({name.replace("__", "."): value for name, value in asked.items()})
    return [complete(traits, seed).choice("hair.style") for seed in range(count)]


def share(found: list[str], among: set[str]) -> float:
    return sum(cut in among for cut in found) / len(found)


def test_womens_hair_reads_as_womens_and_mens_as_mens() -> None:
    european = {"ancestry__european": 1.0}
    women, men = cuts(gender=-1.0, age=30.0, **european), cuts(gender=1.0, age=30.0, **european)
    assert share(women, LONG_CUTS) > 0.9
    assert 0.0 < share(men, LONG_CUTS) < 0.15, "some men have long hair"
    assert share(cuts(gender=-1.0, age=8.0, **european), LONG_CUTS) > 0.9
    assert (
        share(cuts(gender=1.0, age=8.0, **european), {"short", "messy", "side_part", "buzz", "short_curly", "quiff"})
        > 0.85
    )


def test_a_toddlers_hair_is_short() -> None:
    for gender in (-1.0, 1.0):
        toddlers = [complete(Traits({"age": 2.0, "gender": gender}), seed) for seed in range(60)]
        assert max(child.number("hair.length") for child in toddlers) < 0.45
    assert share(cuts(60, age=2.0), {"bald", "receding", "tonsure"}) == 0.0


def test_hair_follows_ancestry_without_being_locked_to_it() -> None:
    african = cuts(ancestry__african=1.0, age=30.0)
    assert share(african, COILED_CUTS) > 0.6
    assert share(african, COILED_CUTS) < 1.0
    asian = [complete(Traits({"ancestry.east_asian": 1.0, "gender": -1.0}), seed) for seed in range(80)]
    assert np.median([person.number("hair.curl") for person in asian]) < 0.1
    people = [complete(Traits({"ancestry.african": 1.0, "hair.style": "short"}), seed) for seed in range(30)]
    assert min(person.number("hair.curl") for person in people) > 0.25, "its texture shows in short hair"


def test_what_is_said_of_the_hair_chooses_the_cut() -> None:
    woman, man = {"gender": -1.0, "age": 30.0}, {"gender": 1.0, "age": 30.0}
    assert share(cuts(60, hair__curl=0.65, **woman), {"curly", "short_curly"}) > 0.5
    assert share(cuts(60, hair__curl=0.65, **man), {"curly", "short_curly"}) > 0.5
    assert share(cuts(60, hair__curl=0.35, **woman), {"wavy"}) > 0.4
    assert share(cuts(60, hair__curl=1.0), {"afro", "coils", "twists"}) > 0.6
    long = {"long", "wavy", "curly", "bangs", "ponytail", "braids", "dreadlocks"}
    assert share(cuts(60, hair__length=0.8), long) > 0.9
    short = {"pixie", "short_curly", "bob", "short", "buzz", "coils"}
    assert share(cuts(60, hair__length=0.15, gender=-1.0), short) > 0.8
    assert share(cuts(60, hair__fringe=0.8, gender=-1.0), {"bangs"}) > 0.4
    assert share(cuts(60, hair__melanin=1.0, gender=1.0, age=60.0), {"bald"}) == 0.0, "black hair is seen"


@pytest.mark.parametrize(
    "prompt", ["a woman of 75 with white wavy hair", "a girl of 8 with straight hair", "a black woman with curly hair"]
)
def test_hair_whose_wave_is_named_hangs_loose(prompt: str) -> None:
    asked = read(prompt).traits
    worn = {complete(asked, seed).choice("hair.style") for seed in range(60)}
    assert not worn & {"ponytail", "bun", "low_bun", "braids", "crown_braid", "cornrows", "dreadlocks"}


@pytest.mark.parametrize("prompt", ["an old woman with white wavy hair in a low bun", "a woman with a curly ponytail"])
def test_hair_whose_wave_is_named_is_tied_where_the_prompt_says_so(prompt: str) -> None:
    worn = {complete(read(prompt).traits, seed).choice("hair.style") for seed in range(5)}
    assert worn <= {"low_bun", "ponytail"}


def test_a_grey_beard_leaves_black_hair_black() -> None:
    asked = Traits({"beard.style": "full", "beard.colour": (0.33, 0.32, 0.31, 0.9), "hair.melanin": 1.0})
    for seed in range(20):
        man = complete(asked, seed)
        assert man.number("age") > 50
        assert man.number("hair.grey") < 0.25


def test_only_who_asks_gets_a_tonsure() -> None:
    assert share(cuts(300, gender=1.0, age=60.0), {"tonsure"}) == 0.0


def test_men_lose_hair_with_age_and_women_do_not() -> None:
    gone = {"bald", "receding"}
    assert share(cuts(gender=1.0, age=65.0), gone) > share(cuts(gender=1.0, age=25.0), gone) + 0.15
    assert share(cuts(gender=-1.0, age=65.0), gone) == 0.0


# ------------------------------------------------------------------------------------------- what goes along with age


def test_who_gets_older_gets_grey_and_lined() -> None:
    young = complete(Traits({"age": 30.0, "gender": 1.0}), 5)
    old = followed(young, young.under({"age": 75.0}), 5)
    for name in ("hair.grey", "wrinkles.eyes", "age_spots.density", "teeth.yellowness"):
        assert old.number(name) > young.number(name) + 0.1, name
    assert old.number("hair.melanin") == young.number("hair.melanin")
    assert old.choice("hair.style") == young.choice("hair.style")


def test_a_life_is_one_persons_there_and_back() -> None:
    young = complete(Traits({"age": 30.0}), 8)
    back = followed(young.under({"age": 70.0}), young.under({"age": 70.0}), 8)
    old = followed(young, young.under({"age": 70.0}), 8)
    again = followed(old, old.under({"age": 30.0}), 8)
    assert back == young.under({"age": 70.0})
    assert again.number("hair.grey") == pytest.approx(young.number("hair.grey"), abs=0.05)


def test_what_was_said_stays_at_every_age() -> None:
    said = complete(Traits({"age": 70.0, "hair.grey": 0.0}), 3)
    older = followed(said, said.under({"age": 90.0}), 3)
    assert older.number("hair.grey") == 0.0


def test_a_child_has_no_beard() -> None:
    men = {seed: complete(Traits({"age": 40.0, "gender": 1.0}), seed) for seed in range(40)}
    seed, man = next((seed, man) for seed, man in men.items() if man.choice("beard.style") != "none")
    assert followed(man, man.under({"age": 8.0}), seed).choice("beard.style") == "none"


def test_a_nose_moves_nothing_else() -> None:
    person = complete(Traits({"age": 40.0}), 3)
    assert followed(person, person.under({"nose.width": 2.0}), 3) == person.under({"nose.width": 2.0})
