"""The test set for the reader of prompts is well formed, and its scorer scores. The reader itself is not asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import filter as matching
from typing import Any

import pytest

from benchmarks import reading
from dreamface.traits import VOCABULARY, Kind

DESCRIBED = reading.load("described")
BINDINGS = reading.load("bindings")
SITUATIONS = json.loads((reading.PROMPTS / "situations.json").read_text("utf-8"))
KINDS = {
    "people", "ages", "denial", "whose", "place", "idiom", "typos", "types", "names", "other", "lists", "paragraphs",
    "casting", "novel", "contradictions", "archetypes", "hair", "beardbrow", "eyes", "skin", "makeup", "teeth", "shape",
    "expression", "ancestry", "voice",
}  # fmt: skip


def wanted_values() -> Iterator[tuple[str, str, Any]]:
    """Every prompt, trait and acceptable value of the two files of traits."""
    for entry in DESCRIBED:
        alternatives = [one for group in reading.groups_of(entry) for one in group] + [entry.get("limits", {})]
        for one in alternatives:
            yield from ((entry["prompt"], name, value) for name, value in one.items() if name != "unused")
    for entry in BINDINGS:
        for pair in entry["pairs"]:
            yield from ((entry["prompt"], name, value) for name, value in pair["traits"].items())


def names_of(wanted: Any) -> Iterable[str]:
    return [one.removeprefix("not ") for one in ([wanted] if isinstance(wanted, str) else wanted)]


def test_it_is_as_large_as_it_says() -> None:
    assert {entry["kind"] for entry in DESCRIBED} == KINDS
    assert len(DESCRIBED) >= 420
    assert sum(len(entry["pairs"]) for entry in BINDINGS) >= 240 and len(BINDINGS) >= 120
    assert len(SITUATIONS["situations"]) >= 130
    for kind, least in {"people": 30, "denial": 30, "whose": 25, "other": 20, "paragraphs": 12}.items():
        assert sum(entry["kind"] == kind for entry in DESCRIBED) >= least, kind


def test_no_prompt_comes_twice() -> None:
    prompts = [entry["prompt"] for entry in (*DESCRIBED, *BINDINGS, *SITUATIONS["situations"])]
    bare = Counter("".join(filter(str.isalnum, prompt.lower())) or prompt for prompt in prompts)
    assert [prompt for prompt, times in bare.items() if times > 1] == []


def test_every_value_is_one_that_its_trait_can_have() -> None:
    for prompt, name, wanted in wanted_values():
        trait = VOCABULARY[name]
        if trait.kind is Kind.NUMBER:
            low, high = wanted
            assert trait.low <= low <= high <= trait.high, (prompt, name)
        elif trait.kind is Kind.CHOICE:
            assert set(names_of(wanted)) <= set(trait.choices), (prompt, name)
        else:
            assert set(names_of(wanted)) <= {*reading.COLOURS, "any", "none"}, (prompt, name)


def test_fields_are_known_and_their_patterns_match_traits() -> None:
    fields = {"kind", "prompt", "expect", "any", "limits", "may", "absent", "unused", "places", "language"}
    for entry in DESCRIBED:
        assert entry.keys() <= fields, entry["prompt"]
        assert all(len(group) > 1 for group in entry.get("any", ())), entry["prompt"]
        for pattern in (*entry.get("may", ()), *entry.get("absent", ()), *entry.get("places", ())):
            assert matching(VOCABULARY, pattern), (entry["prompt"], pattern)
        stated = [name for group in reading.groups_of(entry) for one in group for name in one]
        for pattern in entry.get("absent", ()):
            assert not matching(stated, pattern), f"{entry['prompt']}: {pattern} is stated and must be absent"


def test_words_said_to_be_unused_are_in_the_prompt() -> None:
    for entry in DESCRIBED:
        spoken = [one["unused"] for group in entry.get("any", ()) for one in group if "unused" in one]
        for unused in (*entry.get("unused", ()), *spoken):
            for word in [unused] if isinstance(unused, str) else unused:
                assert word in entry["prompt"].lower(), (entry["prompt"], word)


def test_situations_have_a_known_family_and_band() -> None:
    families = set(SITUATIONS["families"])
    assert len(families) == 8 and families == {family for family, _ in reading.PROTOTYPES}
    for entry in SITUATIONS["situations"]:
        others, bands = entry.get("other_families", []), entry.get("other_bands", [])
        assert {entry["family"], *others} <= families and entry["family"] not in others, entry["prompt"]
        assert {entry["band"], *bands} <= set(SITUATIONS["bands"]) and entry["band"] not in bands, entry["prompt"]
    counts = Counter(entry["family"] for entry in SITUATIONS["situations"])
    assert min(counts[family] for family in families) >= 12


def read(traits: dict[str, Any], unused: str = "") -> reading.Said:
    return reading.Said(traits, reading.words(unused), 0.0)


def test_a_good_reading_has_no_fault_and_a_bad_one_has_each() -> None:
    entry = {
        "kind": "whose", "prompt": "an old man with a big nose, a scarf and a beard of medium length",
        "expect": {"gender": [0.3, 1], "age": [58, 95], "beard.length": [0.15, 0.75]},
        "any": [[{"nose.width": [0.3, 3]}, {"nose.length": [0.3, 3]}]], "absent": ["hair.length"], "unused": ["scarf"],
    }  # fmt: skip
    good = {
        "gender": 1.0,
        "age": 70.0,
        "beard.length": 0.5,
        "beard.style": "full",
        "nose.length": 1.0,
        "hair.grey": 0.6,
    }
    score = reading.score_entry(entry, read(good, "scarf"))
    assert (score.found, score.in_range, score.false, score.faultless) == (4, 4, 0, 1)
    bad = {"gender": -1.0, "age": 20.0, "nose.width": 0.1, "hair.length": 0.5, "eyes.size": 1.0}
    score = reading.score_entry(entry, read(bad))
    assert (score.found, score.missed, score.false, score.on_side, score.in_range) == (3, 1, 2, 1, 0)
    assert any(fault == "unsaid scarf" for fault in score.faults) and not score.faultless


def test_adjectives_of_other_nouns_are_not_bound() -> None:
    small_nose = {"nose.width": [-3, -0.15], "nose.length": [-3, -0.15]}
    assert reading.is_bound(small_nose, read({"nose.width": -1.0}))
    assert not reading.is_bound(small_nose, read({"nose.width": -1.0, "nose.length": 1.0}))
    assert not reading.is_bound(small_nose, read({"eyes.size": -1.0}))


@pytest.mark.parametrize(
    ("name", "linear"),
    [
        ("blue", (0.05, 0.15, 0.5)), ("green", (0.05, 0.2, 0.06)), ("brown", (0.13, 0.06, 0.03)),
        ("red", (0.6, 0.02, 0.03)), ("grey", (0.2, 0.22, 0.24)), ("white", (0.9, 0.9, 0.9)),
        ("black", (0.01, 0.01, 0.01)), ("pink", (0.9, 0.2, 0.5)), ("purple", (0.2, 0.03, 0.4)),
        ("gold", (0.8, 0.5, 0.1)),
    ],
)  # fmt: skip
def test_colours_are_told_by_name(name: str, linear: tuple[float, ...]) -> None:
    assert reading.fits("iris.colour", linear, name)
    assert not reading.fits("iris.colour", linear, f"not {name}")
    assert reading.fits("hair.dye", (*linear, 0.8), name) and not reading.fits("hair.dye", (*linear, 0.05), name)


def both(**weights: float) -> dict[str, float]:
    return {f"{name}{side}": weight for name, weight in weights.items() for side in ("Left", "Right")}


@pytest.mark.parametrize(
    ("family", "weights"),
    [
        ("joy", both(mouthSmile=0.7)),
        ("joy", both(mouthSmile=0.8, cheekSquint=0.5) | {"jawOpen": 0.5}),
        ("anger", both(browDown=0.8, mouthPress=0.3, noseSneer=0.2)),
        ("fear", both(eyeWide=0.7, mouthStretch=0.5, browOuterUp=0.3) | {"browInnerUp": 0.7}),
        ("disgust", both(noseSneer=0.8, mouthUpperUp=0.4)),
        ("sadness", both(mouthFrown=0.5) | {"browInnerUp": 0.6}),
        ("surprise", both(eyeWide=0.5, browOuterUp=0.7) | {"browInnerUp": 0.6, "jawOpen": 0.5}),
        ("contempt", {"mouthSmileLeft": 0.5, "mouthDimpleLeft": 0.3}),
        ("contempt", {"noseSneerRight": 0.4, "mouthUpperUpRight": 0.3}),
        ("calm", both(eyeBlink=0.5, eyeLookDown=0.3)),
        ("calm", {}),
    ],
)
def test_expressions_are_put_into_the_family_anyone_would_name(family: str, weights: dict[str, float]) -> None:
    assert reading.face_family(weights) == family


def test_strength_has_three_bands() -> None:
    for weight, band in ((0.2, "slight"), (0.5, "clear"), (0.9, "strong")):
        assert reading.face_band(both(mouthSmile=weight, cheekSquint=0.7 * weight, eyeSquint=0.4 * weight)) == band
