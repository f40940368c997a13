"""The hand-written words for training a reader: well formed, in the vocabulary's terms, and enough of them."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import dreamface
from dreamface.traits import VOCABULARY, Kind

CORPUS = Path(dreamface.__file__).parent / "training" / "corpus"
AT_LEAST = {"phrases": 1600, "people": 500, "ages": 150, "nothing": 300, "places": 120}
FORMS = {"noun", "with", "adjective", "clause", "sentence"}
SLOTS = {"they", "them", "their", "theirs", "themselves", "is", "has", "was", "does", "s", "es"}
KEYS = {
    "phrases": ({"text", "form", "traits", "absent"}, {"after"}),
    "people": ({"text", "kind", "form", "traits"}, {"confidence", "sure", "absent"}),
    "ages": ({"text", "form"}, {"age", "traits", "absent"}),
    "nothing": ({"text", "why"}, set()),
    "places": ({"text", "mark", "place", "traits"}, {"absent"}),
}


def read(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((CORPUS / f"{name}.json").read_text(encoding="utf-8"))
    return entries


@pytest.mark.parametrize("name", AT_LEAST)
def test_entries_are_well_formed(name: str) -> None:
    entries = read(name)
    assert len(entries) >= AT_LEAST[name]
    needed, allowed = KEYS[name]
    for entry in entries:
        assert needed <= entry.keys() <= needed | allowed, entry
        text = entry["text"]
        assert text and text == " ".join(text.split()), entry
        assert {slot.lower() for slot in re.findall(r"\{(.*?)\}", text)} <= SLOTS, entry
        assert not re.search(r"[{}]", re.sub(r"\{\w+\}", "", text)), entry
    texts = Counter(entry["text"].casefold() for entry in entries)
    assert [text for text, count in texts.items() if count > 1] == []


@pytest.mark.parametrize("name", AT_LEAST)
def test_values_are_of_the_vocabulary(name: str) -> None:
    for entry in read(name):
        traits, absent = entry.get("traits", {}), entry.get("absent", [])
        for trait, value in traits.items():
            VOCABULARY[trait].check(value)
            if VOCABULARY[trait].kind is Kind.CHOICE:
                assert value in VOCABULARY[trait].choices, entry
        assert set(absent) <= VOCABULARY.keys(), entry
        assert not set(absent) & traits.keys(), entry


@pytest.mark.parametrize("name", AT_LEAST)
def test_one_entry_a_line(name: str) -> None:
    lines = (CORPUS / f"{name}.json").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "[" and lines[-1] == "]"
    assert [json.loads(line.rstrip(",")) for line in lines[1:-1]] == read(name)


def test_phrases_say_how_they_are_used() -> None:
    for entry in read("phrases"):
        assert entry["form"] in FORMS, entry
        assert entry["traits"] or entry["absent"], entry
        assert entry.get("after") in (None, "their"), entry
        assert "after" not in entry or entry["form"] == "clause", entry
    assert {entry["form"] for entry in read("phrases")} == FORMS


def test_every_trait_and_choice_has_phrases() -> None:
    said: Counter[str] = Counter()
    chosen: Counter[tuple[str, str]] = Counter()
    for entry in read("phrases"):
        said.update(list(entry["traits"]))
        chosen.update((trait, value) for trait, value in entry["traits"].items() if isinstance(value, str))
    assert [trait for trait in VOCABULARY if said[trait] < 3] == []
    choices = [(trait.name, choice) for trait in VOCABULARY.values() for choice in trait.choices]
    assert [choice for choice in choices if chosen[choice] < 3] == []


def test_people() -> None:
    kinds = {"kin", "age", "job", "people", "archetype", "historic", "style", "name"}
    people = read("people")
    assert {entry["kind"] for entry in people} == kinds
    for entry in people:
        assert entry["form"] in {"noun", "adjective", "name"}, entry
        assert 0.0 < entry.get("confidence", 1.0) <= 1.0, entry
        assert set(entry.get("sure", [])) <= entry["traits"].keys(), entry
    names = [entry for entry in people if entry["kind"] == "name"]
    assert len(names) >= 150
    assert all(entry["traits"] in ({"gender": 1}, {"gender": -1}) for entry in names)


def test_ages() -> None:
    age = VOCABULARY["age"]
    for entry in read("ages"):
        assert entry["form"] in FORMS | {"after"}, entry
        if "age" not in entry:
            assert entry["absent"] == ["age"], entry
        elif isinstance(entry["age"], list):
            low, high = entry["age"]
            assert age.low <= low < high <= age.high, entry
        else:
            age.check(entry["age"])


def test_places_and_what_says_nothing_are_named() -> None:
    assert all(entry["mark"] and entry["place"] for entry in read("places"))
    assert all(entry["why"] for entry in read("nothing"))
