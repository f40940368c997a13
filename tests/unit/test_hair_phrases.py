"""What people say of hair, beards, brows and lashes; the phrases are written apart from the tables that read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dreamface.colour_names import linear
from dreamface.language import read
from dreamface.language.hair_words import COLOURS_SRGB
from dreamface.language.tables import HAIR_COLOURS
from dreamface.skin.canvas.pigments import hair_colour
from dreamface.traits import VOCABULARY, Kind, Traits

PHRASES: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "hair_phrases.json").read_text("utf-8"))

NEAR = 0.1


def fits(name: str, value: Any, expected: Any) -> bool:
    """Whether a trait was read as expected; None is a trait that was not read."""
    if expected == "absent" or value is None:
        return (expected == "absent") == (value is None)
    if expected == "any":
        return True
    trait = VOCABULARY[name]
    if trait.kind is Kind.TINT:
        return value[3] > 0.25 and looks(value[:3], expected)
    if isinstance(expected, float):
        return abs(value - expected) <= NEAR
    sides = {"high": lambda: value > trait.default, "low": lambda: value < trait.default, "zero": lambda: value == 0.0}
    return sides[expected]() if expected in sides and trait.kind is Kind.NUMBER else value == expected


def looks(colour: tuple[float, float, float], name: str) -> bool:
    """Whether linear Rec. 709 is what people call so."""
    red, green, blue = colour
    grey = max(colour) < 1.35 * min(colour)
    return {
        "red": red > 1.8 * green and red > 2.5 * blue,
        "blonde": red > 0.1 and green > 0.5 * red and red > 1.2 * blue,
        "dark": max(colour) < 0.08,
        "white": grey and min(colour) > 0.4,
        "grey": grey and min(colour) > 0.12,
        "blue": blue > 1.5 * max(red, green),
        "green": green > 1.5 * max(red, blue),
        "pink": red > 1.5 * green and blue > green,
        "purple": min(red, blue) > 1.5 * green,
    }[name]


def wrong(phrase: str) -> list[str]:
    """What of a phrase was read otherwise than expected."""
    reading, expected = read(phrase), PHRASES[phrase]
    unread = [word.lower() for word in reading.not_understood]
    faults = [
        f"{name} is {reading.traits[name].value if name in reading.traits else None}, not {value}"
        for name, value in expected.items()
        if name != "unread" and not fits(name, reading.traits[name].value if name in reading.traits else None, value)
    ]
    lost = [word for word in unread if word not in expected.get("unread", ())]
    silent = [word for word in expected.get("unread", ()) if word not in unread]
    return [*faults, *(f"{word} is not understood" for word in lost), *(f"{word} means nothing" for word in silent)]


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_about_hair_says(phrase: str) -> None:
    assert wrong(phrase) == []


@pytest.mark.parametrize(
    ("prompt", "expected", "unread"),
    [
        ("a moustache but no beard", {"beard.style": "moustache"}, ()),
        ("a viking without a beard", {"beard.style": "none"}, ()),
        ("an undercut with a man bun", {"hair.style": "bun"}, ("undercut",)),
        ("a pink mohawk with shaved sides", {"hair.style": "mohawk"}, ()),
        ("her hair in a tight bun", {"hair.style": "bun"}, ("tight",)),
        ("his beard is braided", {"beard.style": "full"}, ("braided",)),
        ("half Irish, part Japanese", {"hair.parting": "absent", "hair.style": "absent"}, ("part",)),
        ("a long red goatee", {"beard.style": "goatee", "beard.colour": "red", "beard.length": "high"}, ()),
        ("a man with a red beard", {"hair.redness": "high"}, ()),
        ("a man with a red beard and black hair", {"hair.redness": "absent", "hair.melanin": 1.0}, ()),
        ("a blonde curly bob", {"hair.style": "bob", "hair.curl": 0.65, "hair.melanin": "low"}, ()),
        ("pointed ear tips", {"ears.pointed": "high"}, ()),
    ],
)
def test_words_about_hair_in_company(prompt: str, expected: dict[str, Any], unread: tuple[str, ...]) -> None:
    reading = read(prompt)
    for name, value in expected.items():
        assert fits(name, reading.traits[name].value if name in reading.traits else None, value), name
    assert reading.not_understood == unread


def test_a_beards_colour_is_that_of_hair_called_the_same() -> None:
    for name, effects in HAIR_COLOURS.items():
        grey = any(effect.trait == "hair.grey" for effect in effects)
        if name in COLOURS_SRGB and not grey:
            pigments = Traits({effect.trait: effect.value for effect in effects if effect.value is not None})
            assert linear(COLOURS_SRGB[name]) == pytest.approx(hair_colour(pigments).tolist(), abs=0.005), name
