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
        if said is None or (isinstance(value, list) and not value[0] <= said.value <= value[1]):
            wrong.append(f"{name} {said}")
        elif isinstance(value, str) and value != "any" and said.value[:3] != colour_of(value):
            wrong.append(f"{name} {said}")
    if not phrase["traits"] and found.traits:
        wrong.append(f"traits {found.traits}")
    if list(found.not_understood) != phrase["not_understood"]:
        wrong.append(f"not understood {found.not_understood}")
    return wrong


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase["words"])
def test_phrases_are_read_as_they_are_meant(phrase):
    assert mistakes(phrase) == []
