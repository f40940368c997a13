"""What artists say of a marked place, and what is made of it."""

import json
from pathlib import Path

import pytest

from dreamface.edits import check_words, read_words, vocabulary
from dreamface.edits.colours import colour_of
from dreamface.errors import BadRequest
from dreamface.language import read
from dreamface.skin import EFFECTS

PHRASES = json.loads(Path(__file__).with_name("edit_phrases.json").read_text(encoding="utf-8"))


def _first_variant(effect):
    return (*EFFECTS[effect].variants, "")[0]


def _is_meant(said, meant):
    """Whether a trait is in a range, or a tint of a colour."""
    if isinstance(meant, list):
        return meant[0] <= said <= meant[1]
    return meant == "any" or said[:3] == colour_of(meant)


def mistakes(phrase):
    """Return what is read otherwise than it is meant."""
    found = read_words(phrase["words"], read)
    wrong = []
    wanted = {wish["name"]: wish for wish in phrase["effects"]}
    if {wish.effect for wish in found.wishes} != set(wanted):
        wrong.append(f"effects {[wish.effect for wish in found.wishes]}")
    for wish in found.wishes:
        asked = wanted.get(wish.effect, {})
        meant = asked.get("variant", "") or _first_variant(wish.effect)
        if meant != (wish.look.variant or _first_variant(wish.effect)):
            wrong.append(f"variant {wish.look.variant!r}")
        if "colour" in asked and wish.look.colour != colour_of(asked["colour"]):
            wrong.append(f"colour {wish.look.colour}")
        amount = asked.get("amount")
        if (amount == "low" and wish.look.amount > 0.3) or (amount == "high" and wish.look.amount < 0.7):
            wrong.append(f"amount {wish.look.amount}")
    for name, value in phrase["traits"].items():
        said = found.traits.get(name)
        if said is None or not _is_meant(said.value, value):
            wrong.append(f"{name} {said}")
    if not phrase["traits"] and found.traits:
        wrong.append(f"traits {found.traits}")
    if list(found.not_understood) != phrase["not_understood"]:
        wrong.append(f"not understood {found.not_understood}")
    return wrong


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase["words"])
def test_phrases_are_read_as_they_are_meant(phrase):
    assert mistakes(phrase) == []


@pytest.mark.parametrize(
    ("words", "both"),
    [
        ("a bald beard", ("bald", "beard")),
        ("smooth wrinkles", ("smooth", "wrinkles")),
        ("hairy and clean-shaven", ("clean shaven", "hairy")),
        ("pale and tanned", ("pale", "tanned")),
        ("matte glossy lipstick", ("matte", "glossy")),
        ("a young old man", ("young", "old")),
    ],
)
def test_words_that_contradict_each_other_are_refused_in_one_sentence(words, both):
    with pytest.raises(BadRequest) as refused:
        read_words(words, read)
    assert all(f'"{one}"' in str(refused.value) for one in both)
    assert str(refused.value).endswith("say one of them.")


@pytest.mark.parametrize(
    "words", ["smooth out the wrinkles", "remove the beard, clean shaven", "no freckles", "a scar on pale skin"]
)
def test_words_that_only_seem_to_contradict_are_read(words):
    check_words(words)


@pytest.mark.parametrize("words", ["", "  ", ",", "?!"])
def test_nothing_said_is_refused(words):
    with pytest.raises(BadRequest, match="Say what should be there"):
        read_words(words, read)


def test_effects_win_over_traits_of_the_same_words():
    reading = read_words("a scar and freckles", read)
    assert [wish.effect for wish in reading.wishes] == ["scar"]
    assert list(reading.traits) == ["freckles.density"]


def test_what_cannot_lie_on_skin_is_said_to_be_not_understood():
    reading = read_words("blue eyes and a big nose", read)
    assert not reading.traits
    assert {"blue", "big"} <= set(reading.not_understood)


def test_parameters_are_what_an_edit_keeps():
    parameters = read_words("smeared red lipstick, very heavy", read).parameters("smeared red lipstick, very heavy")
    assert parameters["words"] == "smeared red lipstick, very heavy"
    (effect,) = parameters["effects"]
    assert effect == {"name": "lipstick", "amount": 1.0, "colour": list(colour_of("red")), "variant": "smeared"}
    assert json.loads(json.dumps(parameters)) == parameters


def test_the_vocabulary_lists_words_that_work():
    entries = vocabulary()
    assert json.loads(json.dumps(entries)) == entries
    assert {entry["name"] for entry in entries} >= {
        *EFFECTS,
        "freckles.density",
        "stubble.density",
        "amounts",
        "colours",
    }
    for entry in entries:
        if entry["name"] in EFFECTS:
            for word in entry["words"]:
                assert [wish.effect for wish in read_words(word, read).wishes] == [entry["name"]], word


def test_variants_are_words_that_choose_them():
    for effect in EFFECTS.values():
        for variant in effect.variants:
            found = read_words(f"{variant} {effect.words[0]}", read).wishes
            assert effect.name in [wish.effect for wish in found], (effect.name, variant)
            (look,) = [wish.look for wish in found if wish.effect == effect.name]
            assert look.variant in (variant, "") and (look.variant or effect.variants[0]) == variant, (
                effect.name,
                variant,
            )
