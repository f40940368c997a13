"""What the network adds to the tables, takes back from them, and makes of moments."""

from __future__ import annotations

import time

import pytest

from dreamface.language import encoder, read
from dreamface.language.columns import column_of, decode_value, encode_value, parse_column
from dreamface.language.joining import joined
from dreamface.language.understanding import understand
from dreamface.language.words import tokenize
from dreamface.traits import VOCABULARY, Kind

pytestmark = pytest.mark.skipif(encoder.model_folder() is None, reason="MiniLM is not installed")


def expression(prompt: str) -> dict[str, float]:
    traits = read(prompt).traits
    names = [name for name in traits if name.startswith("expression.")]
    return {name.removeprefix("expression."): traits.number(name) for name in names}


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("nose.width", 1.5),
        ("nose.width", -2.0),
        ("nose.width", 0.0),
        ("age", 44.0),
        ("beard.style", "goatee"),
        ("iris.colour", (0.2, 0.4, 0.1)),
        ("lipstick", (0.5, 0.02, 0.04, 0.8)),
        ("freckles.density", 0.7),
    ],
)
def test_a_column_keeps_the_value_of_a_trait(trait: str, value: object) -> None:
    column = column_of(trait, value)
    assert parse_column(column.name) == column
    assert decode_value(column, encode_value(column, value)) == pytest.approx(value) or value == "goatee"


def test_a_tint_that_is_denied_has_no_strength() -> None:
    column = column_of("lipstick", (0.5, 0.0, 0.0, 0.0))
    assert decode_value(column, encode_value(column, (0.5, 0.0, 0.0, 0.0)))[3] == 0.0


def test_words_that_the_tables_lack_state_a_trait_and_are_named() -> None:
    traits = read("a beard of medium length").traits
    assert "hair.length" not in traits and "hair.style" not in traits
    assert 0.1 < traits.number("beard.length") < 0.8
    assert "medium length" in traits["beard.length"].because and traits["beard.length"].confidence > 0.5


@pytest.mark.parametrize(
    ("prompt", "trait"),
    [
        ("a man with thick black-rimmed glasses", "beard.style"),
        ("a man with thick black-rimmed glasses", "brows.thickness"),
        ("a woman with a nose ring", "nose.width"),
        ("a woman in a red hat", "hair.redness"),
    ],
)
def test_what_somebody_wears_says_nothing_about_the_face(prompt: str, trait: str) -> None:
    assert trait not in read(prompt).traits


@pytest.mark.parametrize(
    "prompt", ["a doctor", "a nurse", "a boss", "someone from the office", "a criminal", "a genius"]
)
def test_sex_age_and_ancestry_that_are_not_said_stay_open(prompt: str) -> None:
    assert not {"gender", "age"} & set(read(prompt).traits)
    assert not [name for name in read(prompt).traits if name.startswith("ancestry.")]


def test_a_moment_brings_an_expression_with_its_words() -> None:
    face = expression("she has just been told that her dog died")
    assert face["browInnerUp"] > 0.3 and face.get("mouthSmileLeft", 0.0) < 0.2
    because = read("she has just been told that her dog died").traits["expression.browInnerUp"].because
    assert "died" in because


@pytest.mark.parametrize(
    "prompt",
    ["nobody claps", "the toilet floods", "the dog has not come home", "she was not invited", "her father died"],
)
def test_short_events_and_what_others_do_are_moments_too(prompt: str) -> None:
    assert expression(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "By gaslight the marquise might have been forty; by day she was never seen.",
        "He once kept a shop that sold wedding rings, and before that he was a diver.",
        "A woman who sells umbrellas to tourists in front of the cathedral",
        "casting: a hangman and a bride, both over thirty, two days in May",
    ],
)
def test_prose_that_tells_no_moment_leaves_the_face_at_rest(prompt: str) -> None:
    assert expression(prompt) == {}


@pytest.mark.parametrize(
    "prompt",
    ["a librarian with grey eyes", "an old fisherman with a grey beard", "asdkjh qwe lkj", "a woman with a broad nose"],
)
def test_descriptions_and_nonsense_leave_the_face_at_rest(prompt: str) -> None:
    assert expression(prompt) == {}


def test_an_expression_that_is_named_wins_over_the_moment() -> None:
    face = expression("smiling, she has just been told that her dog died")
    assert face["mouthSmileLeft"] > 0.4


def test_reading_is_the_same_each_time() -> None:
    prompt = "he finds a hair in his soup, a bony man with ears like jug handles"
    assert read(prompt) == read(prompt)


def test_nothing_that_is_left_over_is_lost() -> None:
    prompt = "a tall man with a parrot tattoo and glasses"
    text, tokens = prompt, tokenize(prompt)
    claims, left = joined((), (), understand(text, tokens, 0.5))
    used = {token for claim in claims for token in claim.tokens}
    assert used <= set(tokens) and left == ()
    assert {"tall", "parrot", "tattoo", "glasses"} <= set(read(prompt).not_understood)


def test_values_are_in_the_range_of_their_trait() -> None:
    for prompt in ("eyes like slits and a nose like a beak", "hair the colour of fire", "wearing purple lipstick"):
        for name, entry in read(prompt).traits.items():
            VOCABULARY[name].check(entry.value)
            assert 0.0 < entry.confidence <= 1.0
            assert VOCABULARY[name].kind is not Kind.CHOICE or entry.value in VOCABULARY[name].choices


def test_a_warm_prompt_is_read_quickly() -> None:
    prompt = "a woman with cheekbones you could cut paper with and eyes like slits"
    read(prompt)
    start = time.process_time()
    for _ in range(5):
        read(prompt)
    assert (time.process_time() - start) / 5 < 0.1
