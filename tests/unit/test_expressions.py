"""Expressions as data: what backend and extension read, and what is done with their weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dreamface.errors import BadRequest
from dreamface.expressions import STRENGTHS, expression, expressions, presets_file
from dreamface.traits import ARKIT_SHAPES, Traits
from dreamface_addon import expressions as addon

PRESETS = Path(__file__).parents[2] / "presets" / "expressions.json"
PICTURES = PRESETS.parent / "expressions"
EMOTIONS = (
    "joy", "anger", "fear", "disgust", "sadness", "surprise", "contempt", "pain", "disdain", "tiredness", "flirt",
)  # fmt: skip
LOPSIDED = 0.35
"""Difference between the sides, weights, from which a face is plainly asymmetric."""


def sides_apart(weights: dict[str, float]) -> float:
    """How far both sides of a face differ, without where it looks and what shifts to a side."""
    sided = [shape for shape in weights if addon.other_side(shape) != shape and not shape.startswith("eyeLook")]
    sided = [shape for shape in sided if shape not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")]
    return max((abs(weights[shape] - weights.get(addon.other_side(shape), 0.0)) for shape in sided), default=0.0)


def test_each_emotion_comes_in_three_strengths_and_rest_is_one() -> None:
    there = {(entry.name, entry.strength) for entry in expressions()}
    assert {(name, strength) for name in EMOTIONS for strength in STRENGTHS} <= there
    assert expression("neutral").weights == {} and expression("neutral strong") == expression("neutral")
    assert len({entry.label for entry in expressions()}) == len(expressions()), "labels tell them apart"


@pytest.mark.parametrize("name", EMOTIONS)
def test_a_slight_expression_is_weaker_and_no_scaled_down_strong_one(name: str) -> None:
    slight, clear, strong = (expression(f"{name} {strength}").weights for strength in STRENGTHS)
    assert sum(slight.values()) < sum(clear.values()) < sum(strong.values())
    scale = sum(slight.values()) / sum(strong.values())
    shapes = {*slight, *strong}
    assert max(abs(slight.get(shape, 0.0) - scale * strong.get(shape, 0.0)) for shape in shapes) > 0.08


def test_people_are_asymmetric() -> None:
    for name in ("contempt", "flirt", "wink", "doubt", "disdain"):
        assert sides_apart(expression(name).weights) > LOPSIDED, name
    both = [entry for entry in expressions() if entry.strength in ("clear", "strong") and entry.name in EMOTIONS]
    even = [entry.words for entry in both if sides_apart(entry.weights) == 0.0]
    assert not even, "no face is a mirror of itself"


def test_gaze_and_jaw_stay_within_what_faces_can() -> None:
    for entry in expressions():
        assert set(entry.weights) <= set(ARKIT_SHAPES), entry.words
        assert all(0.0 < weight <= 1.0 for weight in entry.weights.values()), entry.words
        assert entry.weights.get("jawOpen", 0.0) <= 0.6, "an expression is no yawn"
        assert entry.weights.get("mouthClose", 0.0) <= entry.weights.get("jawOpen", 0.0), "lips close on an open jaw"
        for side in ("Left", "Right"):
            blink, wide = (entry.weights.get(f"eye{what}{side}", 0.0) for what in ("Blink", "Wide"))
            assert min(blink, wide) == 0.0, f"{entry.words}: a lid goes one way"
        assert set(entry.head) <= set(addon.ANGLES) and all(abs(turn) <= 15.0 for turn in entry.head.values())


@pytest.mark.parametrize(
    ("words", "meant"),
    [("joy", "joy clear"), ("Joy Strong", "joy strong"), ("slight fear", "fear slight"), ("joy-slight", "joy slight")],
)
def test_names_and_strengths_are_said_in_either_order(words: str, meant: str) -> None:
    assert expression(words).words == meant


@pytest.mark.parametrize(
    ("words", "says"), [("joi", "did you mean joy"), ("zzz", "neutral, joy, anger"), ("joy slight strong", "joy")]
)
def test_what_there_is_not_is_a_sentence(words: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        expression(words)


def test_a_face_told_an_expression_wears_that_one_alone() -> None:
    worn = Traits({"expression.tongueOut": 1.0, "age": 40.0})
    traits = worn.under(expression("joy").traits(worn))
    assert traits.value("expression.tongueOut") == 0.0 and traits.number("expression.mouthSmileLeft") > 0.5
    assert traits.number("age") == 40.0 and "expression.tongueOut" not in expression("joy").traits()


def test_extension_and_backend_read_the_same() -> None:
    assert presets_file() == PRESETS
    rows = [(entry.name, entry.strength, entry.label, dict(entry.weights), dict(entry.head)) for entry in expressions()]
    assert rows == [
        (entry.name, entry.strength, entry.label, entry.weights, entry.head) for entry in addon.presets(PRESETS)
    ]


def test_every_expression_has_a_picture_and_all_are_small() -> None:
    files = {file.stem: file for file in PICTURES.glob("*.jpg")}
    assert set(files) == {entry.picture for entry in addon.presets(PRESETS)}
    assert sum(file.stat().st_size for file in files.values()) < 300_000


def test_flipping_changes_sides_over_and_twice_is_nothing() -> None:
    plain = dict.fromkeys(ARKIT_SHAPES, 0.0) | dict(expression("flirt strong").weights)
    other = addon.mirrored(plain, "FLIP")
    assert other["browOuterUpLeft"] == plain["browOuterUpRight"] != plain["browOuterUpLeft"]
    assert other["eyeLookOutRight"] == plain["eyeLookOutLeft"] and other["eyeLookInLeft"] == plain["eyeLookInRight"]
    assert addon.mirrored(other, "FLIP") == plain


def test_one_side_on_both_leaves_the_gaze_and_puts_jaw_and_mouth_in_the_middle() -> None:
    plain = dict.fromkeys(ARKIT_SHAPES, 0.0) | {
        "mouthSmileLeft": 0.7, "mouthSmileRight": 0.2, "jawLeft": 0.4, "mouthRight": 0.3, "browInnerUp": 0.5,
        "eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6,
    }  # fmt: skip
    left, right = addon.mirrored(plain, "LEFT"), addon.mirrored(plain, "RIGHT")
    assert left["mouthSmileLeft"] == left["mouthSmileRight"] == 0.7
    assert right["mouthSmileLeft"] == right["mouthSmileRight"] == 0.2
    assert left["jawLeft"] == left["jawRight"] == left["mouthLeft"] == left["mouthRight"] == 0.0
    assert (left["eyeLookOutLeft"], left["eyeLookOutRight"], left["browInnerUp"]) == (0.6, 0.0, 0.5), (
        "eyes don't squint"
    )


def test_sliders_are_found_by_any_words_of_their_names() -> None:
    assert addon.found_shapes("smile left", ARKIT_SHAPES) == {"Mouth": ["mouthSmileLeft"]}
    assert addon.found_shapes("tongue", ARKIT_SHAPES) == {"Tongue": ["tongueOut"]}
    assert addon.found_shapes("smile", ["jawOpen"]) == {} and addon.found_shapes("zzz", ARKIT_SHAPES) == {}
    assert list(addon.found_shapes("", ARKIT_SHAPES)) == list(addon.GROUPS)


def test_own_expressions_are_kept_and_what_is_none_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "config" / "expressions.json"
    addon.save(file, "Smirk", {"mouthSmileLeft": 0.5, "jawOpen": 0.001, "browInnerUp": 0.0, "elsewhere": 1.0})
    addon.save(file, "Gape", {"jawOpen": 1.2})
    assert [(entry.name, entry.weights) for entry in addon.own(file)] == [
        ("Gape", {"jawOpen": 1.0}), ("Smirk", {"mouthSmileLeft": 0.5}),
    ]  # fmt: skip
    rows = [
        *json.loads(file.read_text()),
        "nonsense",
        {"name": "x"},
        {"name": "y", "label": "y", "weights": {"ear": 1}},
    ]
    file.write_text(json.dumps(rows))
    assert [entry.name for entry in addon.own(file)] == ["Gape", "Smirk"]
    addon.remove(file, "Gape")
    assert [entry.name for entry in addon.own(file)] == ["Smirk"]
