"""What artists type on the Edit page and after `dreamface edit`: removing, ages, places, degrees, several things."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dreamface import editing
from dreamface.edits import region_named
from dreamface.edits.colours import colour_of
from dreamface.errors import BadRequest
from dreamface.skin import EFFECTS
from dreamface.traits import Traits

HERE = Path(__file__).parent
PHRASES, LATER = (json.loads((HERE / f"edit_phrases_{n}.json").read_text("utf-8")) for n in (2, 3))
FACE = Traits(
    {
        "age": 40.0, "freckles.density": 0.4, "wrinkles.forehead": 0.3, "wrinkles.eyes": 0.3, "skin.melanin": 0.4,
        "beard.style": "short", "stubble.density": 0.4, "moles.density": 0.4, "lips.redness": 0.5, "gender": 0.4,
        "lipstick": (0.5, 0.05, 0.05, 0.8), "eyeshadow": (0.2, 0.1, 0.1, 0.6), "brows.density": 0.6,
    }
)  # fmt: skip


def _amount_is(said: float, meant: float | str) -> bool:
    if isinstance(meant, str):
        return said <= 0.3 if meant == "low" else said >= 0.7
    return said == pytest.approx(meant)


def _effects_are(part: editing.EditReading, meant: dict[str, Any]) -> bool:
    said = {wish.effect: wish.look for wish in part.effects}
    if set(said) != set(meant):
        return False
    for name, look in said.items():
        first = (*EFFECTS[name].variants, "")[0]
        if (look.variant or first) != (meant[name].get("variant") or first):
            return False
        if "colour" in meant[name] and look.colour != colour_of(meant[name]["colour"]):
            return False
        if meant[name].get("count") is not None and look.count != meant[name]["count"]:
            return False
        if meant[name].get("course") is not None and look.course != meant[name]["course"]:
            return False
        if "amount" in meant[name] and not _amount_is(look.amount, meant[name]["amount"]):
            return False
    return True


def part_is(part: editing.EditReading, meant: dict[str, Any]) -> bool:
    """Return whether one part is read as it is meant."""
    if "effects" in meant and not _effects_are(part, meant["effects"]):
        return False
    if "regions" in meant and list(part.regions) != meant["regions"]:
        return False
    if part.inverted != meant.get("inverted", False):
        return False
    if meant.get("traits") == {} and part.traits:
        return False
    now = part.traits
    numbers = {name: now.number(name) for name in meant.get("traits", ()) if name in now}
    inside = all(
        name in numbers and low - 1e-6 <= numbers[name] <= high + 1e-6
        for name, (low, high) in meant.get("traits", {}).items()
    )
    chosen = all(name in now and now.choice(name) == value for name, value in meant.get("choice", {}).items())
    gone = all(name in now and now.tint(name)[1] == 0.0 for name in meant.get("none", ()))
    tinted = all(
        name in now and low <= now.tint(name)[1] <= high for name, (low, high) in meant.get("tint", {}).items()
    )
    return inside and chosen and gone and tinted


def right(phrase: dict[str, Any]) -> bool:
    """Return whether words are read as they are meant."""
    place = phrase.get("place", False)
    reading = editing.read_words(phrase["words"], place=place, traits=FACE)
    if "says" in phrase:
        return phrase["says"] in reading.contradiction
    if "fails_naming" in phrase:
        with pytest.raises(BadRequest, match=phrase["fails_naming"]):
            editing.words_edit(phrase["words"], traits=FACE)
        return True
    lost = [word for part in reading.parts for word in part.not_understood]
    if reading.contradiction or ("not" in phrase and lost != phrase["not"]):
        return False
    if "not_has" in phrase and not any(phrase["not_has"] in word for word in lost):
        return False
    if "only" in phrase:
        effects = {wish.effect for wish in reading.effects}
        there = set(reading.traits) <= set(phrase["only"]) and effects <= set(phrase["effects_or"])
        gone = all(name in reading.traits and reading.traits.tint(name)[1] == 0.0 for name in phrase.get("none", ()))
        return there and gone and bool(reading.traits or effects) and list(reading.regions) in phrase["regions_or"]
    if phrase.get("any"):
        return bool(reading.traits or reading.effects)
    meant = phrase.get("parts", [phrase])
    return len(reading.parts) == len(meant) and all(map(part_is, reading.parts, meant))


def test_every_place_that_words_name_can_be_marked() -> None:
    for phrase in (*PHRASES, *LATER):
        for part in editing.read_words(phrase["words"], place=False, traits=FACE).parts:
            assert all(region_named(name) is not None for name in part.regions), phrase["words"]


@pytest.mark.parametrize("phrase", [*PHRASES, *LATER], ids=lambda phrase: phrase["words"])
def test_words_are_read_as_they_are_meant(phrase: dict[str, Any]) -> None:
    assert right(phrase), editing.read_words(phrase["words"], place=phrase.get("place", False), traits=FACE)
