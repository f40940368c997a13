"""The situations that expressions are learnt from: well formed, and enough of each kind."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from dreamface.traits import ARKIT_SHAPES

CORPUS = Path(__file__).parents[2] / "backend" / "dreamface" / "training" / "corpus"
FAMILIES = ("joy", "anger", "fear", "disgust", "sadness", "surprise", "contempt", "calm")
ALWAYS = {"text", "mixture", "strength"}
STRENGTHS = ("slight", "clear", "strong")
SHAPES = {f"expression.{shape}" for shape in ARKIT_SHAPES}
SITUATIONS = json.loads((CORPUS / "situations.json").read_text("utf-8"))
NOT_SITUATIONS = json.loads((CORPUS / "not_situations.json").read_text("utf-8"))
EXPRESSIONS = json.loads((CORPUS / "expressions.json").read_text("utf-8"))
FACES = json.loads((CORPUS / "families.json").read_text("utf-8"))


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def are_weights(weights: dict[str, float]) -> bool:
    return weights.keys() <= SHAPES and all(0 <= weight <= 1 for weight in weights.values())


def is_lopsided(weights: dict[str, float]) -> bool:
    """Whether the two sides differ by what one sees, or the mouth or jaw is drawn aside; a look aside is neither."""
    for shape, weight in weights.items():
        if shape.endswith(("mouthLeft", "mouthRight", "jawLeft", "jawRight")):
            return True
        other = shape.removesuffix("Left") + "Right" if shape.endswith("Left") else shape.removesuffix("Right") + "Left"
        sided = shape.endswith(("Left", "Right")) and "eyeLook" not in shape
        if sided and abs(weight - weights.get(other, 0)) >= 0.15:
            return True
    return False


def band(strength: float) -> str:
    return "slight" if strength < 0.38 else "clear" if strength < 0.68 else "strong"


@pytest.mark.parametrize("entries", [SITUATIONS, NOT_SITUATIONS], ids=["situations", "not situations"])
def test_each_is_well_formed(entries):
    for entry in entries:
        text = entry["text"]
        assert ALWAYS <= entry.keys() <= ALWAYS | {"details", "kinds"}, text
        assert text == " ".join(text.split()), text
        shares = list(entry["mixture"].values())
        assert set(entry["mixture"]) <= set(FAMILIES) and min(shares) > 0 and sum(shares) == pytest.approx(1), text
        assert shares == sorted(shares, reverse=True), f"the strongest first: {text}"
        assert 0 <= entry["strength"] <= 1, text
        assert are_weights(entry.get("details", {})), text
        assert set(entry.get("kinds", ())) <= {"masked", "negated"}, text


def test_none_is_written_twice():
    texts = [plain(entry["text"]) for entry in chain(SITUATIONS, NOT_SITUATIONS, EXPRESSIONS)]
    assert [text for text, times in Counter(texts).items() if times > 1] == []


def test_situations_are_many_and_balanced():
    assert len(SITUATIONS) >= 1250
    assert all(3 <= len(entry["text"].split()) <= 40 for entry in SITUATIONS)
    strongest = Counter(next(iter(entry["mixture"])) for entry in SITUATIONS)
    assert all(strongest[family] >= 130 for family in FAMILIES), strongest
    bands = Counter(band(entry["strength"]) for entry in SITUATIONS)
    assert all(0.25 <= bands[name] / len(SITUATIONS) <= 0.42 for name in STRENGTHS), bands
    seconds = [sorted(entry["mixture"].values())[-2] for entry in SITUATIONS if len(entry["mixture"]) > 1]
    assert sum(second >= 0.3 for second in seconds) >= 350
    assert sum(is_lopsided(entry.get("details", {})) for entry in SITUATIONS) >= 120
    kinds = Counter(chain.from_iterable(entry.get("kinds", ()) for entry in SITUATIONS))
    assert kinds["masked"] >= 150 and kinds["negated"] >= 100, kinds


def test_details_agree_with_themselves():
    for entry in SITUATIONS:
        weight = Counter(entry.get("details", {}))
        for side in ("Left", "Right"):
            up, down = weight[f"expression.eyeLookUp{side}"], weight[f"expression.eyeLookDown{side}"]
            aside, towards = weight[f"expression.eyeLookOut{side}"], weight[f"expression.eyeLookIn{side}"]
            assert not (up and down) and not (aside and towards), entry["text"]
            shut = weight[f"expression.eyeBlink{side}"] >= 0.6
            assert not (shut and weight[f"expression.eyeWide{side}"]), entry["text"]


def test_what_is_no_situation_leaves_the_face_alone():
    assert len(NOT_SITUATIONS) >= 250
    for entry in NOT_SITUATIONS:
        assert entry["mixture"] == {"calm": 1.0} and entry["strength"] <= 0.15 and "details" not in entry, entry["text"]


def test_expressions_say_what_the_face_does():
    assert len(EXPRESSIONS) >= 350
    for entry in EXPRESSIONS:
        assert entry.keys() == {"text", "traits", "form"}, entry["text"]
        assert entry["traits"] and are_weights(entry["traits"]), entry["text"]
        assert (entry["form"] == "with") == bool(re.match("with(out)? ", entry["text"])), entry["text"]
    assert Counter(entry["form"] for entry in EXPRESSIONS).keys() == {"adjective", "clause", "with", "noun"}


def test_left_and_right_are_mirrored_in_the_words():
    """What is said of the left and also of the right says the same of the other side."""
    said = {entry["text"]: entry["traits"] for entry in EXPRESSIONS}
    swap = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}

    def mirrored(name: str) -> str:
        return re.sub("Left|Right" if name in SHAPES else r"\b(left|right)\b", lambda side: swap[side[0]], name)

    pairs = [text for text in said if re.search(r"\b(left|right)\b", text) and mirrored(text) in said]
    assert len(pairs) >= 40
    for text in pairs:
        assert {mirrored(shape): weight for shape, weight in said[text].items()} == said[mirrored(text)], text


def test_families_have_faces_at_three_strengths_and_other_ways_to_wear_them():
    assert FACES.keys() == {*FAMILIES, "pain", "tiredness", "flirt", "disdain"}
    for family, face in FACES.items():
        assert face.keys() == {*STRENGTHS, "variants"} and face["variants"], family
        for way in (face, *face["variants"]):
            assert all(are_weights(way[strength]) for strength in STRENGTHS), family
            slight, clear, strong = (sum(way[strength].values()) for strength in STRENGTHS)
            assert 0 < slight < clear < strong, (family, way.get("name"))
        names = [way["name"] for way in face["variants"]]
        assert len(set(names)) == len(names), family
