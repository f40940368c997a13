"""Whole conversations with one face, as an artist would say them, and what becomes of the face."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from dreamface.editing import Others, Reply, talk
from dreamface.language import colour_family
from dreamface.pipeline import shown_traits
from dreamface.prior import complete
from dreamface.record import EditEntry, FaceRecord, Place
from dreamface.traits import VOCABULARY, Traits, TraitValue, Value

CONVERSATIONS = json.loads(Path(__file__).with_name("talk_conversations.json").read_text("utf-8"))["conversations"]
ASKED = Traits(
    {
        "age": TraitValue(34.0, 1.0, "of 34"), "gender": TraitValue(-1.0, 1.0, "woman"),
        "skin.melanin": TraitValue(0.14, 0.9, "pale"), "freckles.density": TraitValue(0.6, 1.0, "freckles"),
        "iris.colour": TraitValue((0.114, 0.205, 0.072), 1.0, "green eyes"),
        "hair.style": TraitValue("long", 1.0, "long"), "hair.length": TraitValue(0.72, 1.0, "long"),
        "hair.melanin": TraitValue(0.62, 1.0, "auburn"), "hair.redness": TraitValue(0.65, 1.0, "auburn"),
    }
)  # fmt: skip
SCAR = EditEntry(
    "words-1", "words", "a scar on the left cheek", 1.0, place=Place(("left_cheek",)),
    parameters={"effects": [{"name": "scar", "amount": 0.5}]},
)  # fmt: skip
ADA = FaceRecord(
    "ada", "a pale woman of 34 with freckles, long auburn hair, green eyes and a scar on the left cheek", 5, 512,
    "anny", complete(ASKED, 5), edits=(SCAR,), candidate=0,
)  # fmt: skip
BOB = FaceRecord("bob", "a man", 6, 512, "anny", complete(Traits({"gender": 1.0, "nose.width": 1.5}), 6), candidate=0)


def said(lines: Sequence[str], record: FaceRecord = ADA) -> Reply:
    """Say lines one after the other; return the reply to the last."""
    for line in lines:
        reply = talk(record, line, others=Others.of({"Bob": BOB}))
        record = reply.record
    return reply


def is_as_wanted(name: str, before: Value, now: Value, wanted: Any) -> bool:
    """Return whether a trait is as a row wants it: `up`, `down`, `changed`, a range, a colour or a choice."""
    if isinstance(before, tuple) and isinstance(now, tuple):
        if wanted == "changed":
            return before != now
        if isinstance(wanted, str):
            return colour_family(now, name) == wanted and (len(now) == 3 or now[3] > 0.5)
        return bool(wanted[0] <= now[3] <= wanted[1])
    if isinstance(now, str):
        return now in wanted
    assert isinstance(before, float | int) and isinstance(now, float | int)
    if wanted == "changed":
        return abs(now - before) > 1e-3
    if isinstance(wanted, str):
        return now > before + 1e-3 if wanted == "up" else now < before - 1e-3
    return bool(wanted[0] - 1e-6 <= now <= wanted[1] + 1e-6)


def faults_of(row: Mapping[str, Any]) -> list[str]:
    """Return what is otherwise than a row wants."""
    reply = said(row["say"])
    before, now = shown_traits(ADA), shown_traits(reply.record)
    faults = [
        f"{name} {before.value(name)} -> {now.value(name)}, not {wanted}"
        for name, wanted in row.get("traits", {}).items()
        if not is_as_wanted(name, before.value(name), now.value(name), wanted)
    ]
    ways = [(name, wanted) for one in row.get("any", ()) for name, wanted in one.items()]
    if ways and not any(is_as_wanted(name, before.value(name), now.value(name), wanted) for name, wanted in ways):
        faults.append(f"none of {ways}")
    for pattern in row.get("same", ()):
        faults += [
            f"{name} {before.value(name)} -> {now.value(name)}"
            for name in VOCABULARY
            if fnmatchcase(name, pattern) and before.value(name) != now.value(name)
        ]
    marks = sum(edit.place is not None and edit.visible and edit.strength > 0.0 for edit in reply.record.edits)
    wanted_marks = row.get("marks", 1)
    faults += [f"{marks} marks, not {wanted_marks}"] * (marks != wanted_marks)
    if not re.search(row.get("says", ""), reply.answer, re.IGNORECASE):
        faults.append(f"does not say {row['says']!r}")
    if "silent" in row and re.search(row["silent"], reply.answer, re.IGNORECASE):
        faults.append(f"says {row['silent']!r}")
    if reply.understood != row.get("followed", reply.understood):
        faults.append(f"followed: {reply.understood}")
    return [*faults, f"said: {reply.answer}"] if faults else []


@pytest.mark.parametrize("row", CONVERSATIONS, ids=lambda row: " / ".join(row["say"])[:60])
def test_a_conversation_comes_out_as_the_artist_means_it(row: Mapping[str, Any]) -> None:
    assert not faults_of(row)


def test_conversations_are_of_many_kinds() -> None:
    kinds = {row["kind"] for row in CONVERSATIONS}
    assert len(kinds) >= 12 and len(CONVERSATIONS) >= 150
    assert all(row.keys() & {"traits", "any", "same", "marks", "says", "silent"} for row in CONVERSATIONS)
