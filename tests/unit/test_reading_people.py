"""Who a prompt is about: pronouns, names, words for people, ages, somebody else in it, and other languages."""

from __future__ import annotations

import pytest

from dreamface.language import read, read_change
from dreamface.traits import Traits


def sex(prompt: str) -> float | None:
    traits = read(prompt).traits
    return traits.number("gender") if "gender" in traits else None


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("She has green eyes", -1.0),
        ("his jaw is square", 1.0),
        ("a doctor in her fifties", -1.0),
        ("give him a big nose", 1.0),
        ("a weathered fisherwoman and her net", -1.0),
        ("a saleswoman with red hair", -1.0),
        ("a lad with freckles", 1.0),
        ("a pale countess", -1.0),
        ("Elena, 34, with high cheekbones", -1.0),
        ("a man smiling at her", 1.0),
        ("a woman whose father had his nose broken", -1.0),
        ("a man with his daughter", 1.0),
        ("a man and a woman", 1.0),
        ("a woman next to her husband, who has a big beard", -1.0),
    ],
)
def test_a_prompt_tells_the_sex(prompt: str, expected: float) -> None:
    assert sex(prompt) == expected


@pytest.mark.parametrize(
    "prompt", ["a doctor", "a nurse", "a soldier", "a librarian with grey eyes", "they have a big nose", "a judge, old"]
)
def test_a_sex_that_is_not_said_stays_open(prompt: str) -> None:
    assert sex(prompt) is None


@pytest.mark.parametrize(
    ("prompt", "low", "high"),
    [
        ("between 30 and 40 years old", 34, 36),
        ("a 20-25 year old woman", 22, 23),
        ("a woman in her forties", 44, 46),
        ("maybe fifty", 50, 50),
        ("late 20s", 26, 29),
        ("a man, 40s, bald", 43, 46),
        ("early thirties, red hair", 31, 33),
        ("a girl of ten", 10, 10),
        ("pushing sixty", 57, 60),
        ("fortyish, bald", 40, 42),
        ("seventy-odd, white hair", 70, 75),
        ("ten going on eleven", 10, 11),
        ("a 40 year old woman who looks 20", 20, 20),
    ],
)
def test_a_prompt_tells_the_age(prompt: str, low: float, high: float) -> None:
    assert low <= read(prompt).traits.number("age") <= high


@pytest.mark.parametrize(
    "prompt",
    [
        "a man of -5 years",
        "a woman with her 5 year old son",
        "a 1940s film star",
        "a man with 40 freckles",
    ],
)
def test_numbers_that_are_not_the_persons_age_set_none(prompt: str) -> None:
    assert "age" not in read(prompt).traits


def test_a_mother_is_not_as_old_as_her_child() -> None:
    assert read("the mother of a six year old").traits.number("age") > 20


@pytest.mark.parametrize("prompt", ["beard: none", "hardly any beard", "beard: no, blue eyes"])
def test_a_form_denies_a_beard(prompt: str) -> None:
    assert read(prompt).traits["beard.style"].value == "none"


def test_a_form_describes() -> None:
    traits = read("nose: big\neyes: green\nage: 45").traits
    assert traits.number("nose.width") > 1.0 or traits.number("nose.length") > 1.0
    assert traits.number("age") == 45
    red, green, blue = traits.colour("iris.colour")
    assert green > red and green > blue


def test_hardly_any_freckles_are_none() -> None:
    assert read("hardly any freckles").traits.number("freckles.density") < 0.1


def test_eyes_that_are_not_blue_have_another_colour() -> None:
    red, _, blue = read("her eyes are not blue").traits.colour("iris.colour")
    assert red > blue


def test_the_second_person_is_said_and_not_made() -> None:
    reading = read("a bald man with his daughter, who has red hair")
    assert reading.traits["hair.style"].value == "bald"
    assert not {"hair.redness", "age"} & set(reading.traits)
    assert {"daughter", "red", "hair"} <= set(reading.not_understood)


@pytest.mark.parametrize(
    "prompt", ["a man with a child's face", "a woman with the nose of a boxer", "half man half elf"]
)
def test_one_person_compared_with_another_is_read_whole(prompt: str) -> None:
    assert not {"child", "boxer", "elf"} & set(read(prompt).not_understood)


@pytest.mark.parametrize("word", ["librarian", "nurse", "teacher", "lawyer"])
def test_professions_without_a_look_are_said(word: str) -> None:
    assert word in read(f"a {word} with blue eyes").not_understood


def test_people_are_not_known_by_name() -> None:
    assert {"Angela", "Merkel"} <= set(read("Angela Merkel with blue eyes").not_understood)


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("eine alte Frau mit grünen Augen", "German"),
        ("un homme avec une barbe", "French"),
        ("una mujer con ojos verdes y pelo largo", "Spanish"),
        ("старик с седой бородой", "Cyrillic"),  # noqa: RUF001
        ("青い目の女性", "Japanese"),
        ("امرأة بعيون خضراء", "Arabic"),
    ],
)
def test_other_languages_are_said_and_not_read(prompt: str, language: str) -> None:
    reading = read(prompt)
    assert language in reading.language and language in reading.note
    assert reading.traits == Traits() and reading.not_understood


@pytest.mark.parametrize(
    "prompt",
    [
        "a man",
        "old man, no hair",
        "a femme fatale",
        "Dutch woman",
        "señor with a moustache",
        "xqzv",
        "grand, blond",
        "😀",
    ],
)
def test_english_and_nonsense_are_no_other_language(prompt: str) -> None:
    assert read(prompt).language == ""


@pytest.mark.parametrize(
    ("prompt", "shape", "other"),
    [
        ("winking with the right eye", "eyeBlinkRight", "eyeBlinkLeft"),
        ("winking", "eyeBlinkLeft", "eyeBlinkRight"),
        ("a sneer on the left side", "noseSneerLeft", "noseSneerRight"),
    ],
)
def test_an_expression_is_on_the_side_that_is_said(prompt: str, shape: str, other: str) -> None:
    traits = read(prompt).traits
    assert traits.number(f"expression.{shape}") > 0.3
    assert f"expression.{other}" not in traits or traits.number(f"expression.{other}") < 0.2


@pytest.mark.parametrize("words", ["make her older", "give him freckles"])
def test_pronouns_of_a_change_leave_the_sex_alone(words: str) -> None:
    assert "gender" not in read_change(words, Traits({"age": 30.0})).traits


@pytest.mark.parametrize(
    ("prompt", "ancestry"),
    [
        ("a gaunt viking", "ancestry.european"),
        ("a yakuza boss with a scar", "ancestry.east_asian"),
        ("a maharaja with a moustache", "ancestry.south_asian"),
        ("a Nigerian viking", "ancestry.african"),
        ("a Korean cossack", "ancestry.east_asian"),
        ("a Swedish samurai", "ancestry.european"),
    ],
)
def test_kinds_of_people_tell_where_they_are_from_unless_it_is_said(prompt: str, ancestry: str) -> None:
    assert read(prompt).traits.number(ancestry) == 1.0


@pytest.mark.parametrize(
    ("prompt", "low", "high"),
    [
        ("a goth girl", 17, 24),
        ("a girl with black lipstick and heavy eyeliner", 17, 24),
        ("a boy with a full beard", 17, 24),
        ("a little girl with lipstick", 5, 12),
        ("a girl of ten with red lipstick", 9, 11),
        ("a girl with freckles", 5, 13),
    ],
)
def test_girls_in_make_up_and_boys_with_beards_are_just_grown(prompt: str, low: float, high: float) -> None:
    assert low <= read(prompt).traits.number("age") <= high


def test_a_complexion_before_dyed_hair_is_the_persons() -> None:
    traits = read("a girl of fifteen, pale, purple hair").traits
    assert traits["skin.melanin"].because == "pale"
    assert "hair.melanin" not in traits
