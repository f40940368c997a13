"""The add-on's stack of edits: order, strength, and the traits that edits of the whole face show."""

from __future__ import annotations

import json
import random

import pytest

from dreamface.record import EditEntry, FaceRecord, Place
from dreamface.traits import VOCABULARY, Kind, Traits
from dreamface_addon import stack, whole_face


def three():
    return [stack.new_entry("words", name, place=dict(stack.NEW_PLACE)) for name in "abc"]


def labels(entries):
    return [entry["label"] for entry in entries]


def test_edits_move_as_far_as_they_can():
    entries = three()
    assert labels(stack.moved(entries, 0, 1)) == ["b", "a", "c"]
    assert labels(stack.moved(entries, 2, 1)) == ["a", "b", "c"]
    assert labels(stack.moved(entries, 2, -9)) == ["c", "a", "b"]
    assert labels(entries) == ["a", "b", "c"]


def test_a_copy_lies_right_above_and_is_another_edit():
    entries = stack.duplicated(three(), 1)
    assert labels(entries) == ["a", "b", "b copy", "c"]
    assert len({entry["id"] for entry in entries}) == 4


def test_what_the_engine_writes_back_is_what_was_sent():
    place = Place(("left_cheek",), {"skin": "a" * 64}, 3.0, True, False)
    edit = EditEntry(
        "one", "words", "a scar", 1.5, True, place, Traits({"age": 60.0}), {"effects": []}, {"x": "b" * 64}
    )
    bare = EditEntry("two", "sketch")
    record = FaceRecord("f", "p", 1, 512, "anny", Traits(), edits=(edit, bare))
    written = json.loads(json.dumps(record.to_json()))["edits"]
    sent = stack.canonical(written)
    assert (
        stack.canonical(
            json.loads(json.dumps(FaceRecord.from_json(record.to_json() | {"edits": sent}).to_json()))["edits"]
        )
        == sent
    )


def test_names_and_hidden_edits_do_not_show():
    entries = three()
    assert stack.looks(entries) == stack.looks(stack.changed(entries, 1, label="other"))
    hidden = stack.changed(entries, 1, visible=False)
    assert (
        stack.looks(hidden)
        == stack.looks(stack.without(entries, 1))
        == stack.looks(stack.changed(entries, 1, strength=0))
    )


def test_a_place_is_said_in_words():
    place = dict(stack.NEW_PLACE)
    assert stack.describe(place, str.title) == "Nothing is marked yet"
    assert stack.describe(place | {"regions": ["nose"], "mask": {"skin": "0"}}, str.title) == "Nose, a painted place"
    assert stack.describe(place | {"regions": ["nose"], "inverted": True}, str.title) == "All but Nose"


@pytest.mark.parametrize("amount", [0.0, 0.3, 0.5, 1.0, 1.5])
def test_whole_face_edits_show_what_the_engine_shows(amount):
    dice = random.Random(3)

    def drawn(names):
        return Traits({name: thrown(VOCABULARY[name]) for name in names})

    def thrown(trait):
        if trait.kind is Kind.CHOICE:
            return dice.choice(trait.choices)
        if trait.kind is Kind.NUMBER:
            return dice.uniform(trait.low, trait.high)
        values = [dice.random() for _ in range(3)]
        return tuple(values if trait.kind is Kind.COLOUR else [*values, dice.choice([0.0, 0.7])])

    names = list(VOCABULARY)
    base, wanted = drawn(names[::2]), drawn(names)
    edits = (
        EditEntry("a", "words", strength=amount, traits=wanted),
        EditEntry("b", "words", strength=0.5, traits=drawn(names[::3])),
        EditEntry("c", "words", visible=False, traits=drawn(names)),
        EditEntry("d", "words", place=Place(("nose",)), traits=drawn(names)),
    )
    record = FaceRecord("f", "p", 1, 512, "anny", base, edits=edits)
    written = json.loads(json.dumps(record.to_json()))
    shown = whole_face.shown_traits(written["traits"], written["edits"])
    theirs = base
    for edit in edits:
        if edit.place is None and edit.visible:
            theirs = theirs.towards(edit.traits, edit.strength)
    theirs = theirs.to_json()
    assert shown.keys() == theirs.keys()
    for name, entry in theirs.items():
        assert shown[name]["value"] == pytest.approx(entry["value"]), name
        assert shown[name]["confidence"] == entry["confidence"]
