"""What artists say of numbers, kinds, sides and courses, and what is made of it."""

from __future__ import annotations

import pytest

from dreamface import editing
from dreamface.editing import making
from dreamface.edits.colours import colour_of
from dreamface.errors import BadRequest
from dreamface.traits import Traits

Said = tuple[tuple[str, ...], list[tuple[str, str, int]]]
"""Regions, and effects with their variant and count."""


def said(words: str, **changes: float) -> list[Said]:
    """Return every part of what words ask for; nothing else may be asked for."""
    reading = editing.read_words(words, place=False, traits=Traits(changes))
    assert not reading.contradiction, reading
    parts = reading.parts
    assert not any(part.traits for part in parts), parts
    return [(part.regions, [(one.effect, one.look.variant, one.look.count) for one in part.effects]) for part in parts]


def lost(words: str) -> list[str]:
    parts = editing.read_words(words, place=False).parts
    return [word for part in parts for word in part.not_understood]


@pytest.mark.parametrize(
    ("words", "effects"),
    [
        ("three moles and five freckles", [("spots", "mole", 3), ("spots", "freckle", 5)]),
        ("a mole and a wart", [("spots", "mole", 1), ("spots", "wart", 1)]),
        ("a burn and a scar", [("scar", "burn", 0), ("scar", "", 0)]),
        ("dust and soot", [("dirt", "dust", 0), ("dirt", "soot", 0)]),
        ("a scar, stitches", [("scar", "stitched", 0)]),
        ("a scar, keloid", [("scar", "keloid", 0)]),
        ("no more than three moles", [("spots", "mole", 3)]),
        ("fewer than five moles", [("spots", "mole", 4)]),
        ("two or three moles", [("spots", "mole", 3)]),
        ("about 10 moles", [("spots", "mole", 10)]),
        ("thirty moles", [("spots", "mole", 30)]),
        ("twenty-five moles", [("spots", "mole", 25)]),
        ("sixty freckles", [("spots", "freckle", 60)]),
        ("two dark moles", [("spots", "mole", 2)]),
        ("one pimple", [("spots", "pimple", 1)]),
        ("a level 3 burn", [("scar", "burn", 0)]),
        ("a third-degree burn", [("scar", "burn", 0)]),
        ("two blue spots", [("spots", "dot", 2)]),
        ("four green moles", [("spots", "mole", 4)]),
        ("five red dots", [("spots", "dot", 5)]),
    ],
)
def test_numbers_and_kinds_of_marks(words: str, effects: list[tuple[str, str, int]]) -> None:
    assert said(f"{words} on the chin") == [(("chin",), effects)]
    assert lost(f"{words} on the chin") == []


def test_a_number_wins_over_how_dense_something_is_without_a_place_too() -> None:
    for words in ("one pimple", "one dark mole", "two dark moles"):
        ((regions, ((effect, _, count),)),) = said(words)
        assert (regions, effect) == (("whole_face",), "spots") and count == (2 if "two" in words else 1), words


def test_marks_keep_the_colour_that_is_said_of_them() -> None:
    for words, colour in (("two blue spots", "blue"), ("four green moles", "green")):
        (wish,) = editing.read_words(f"{words} on the chin", place=False).effects
        assert wish.look.colour == colour_of(colour)


@pytest.mark.parametrize("words", ["0 scars", "zero scars", "no scars", "not a single scar"])
def test_none_of_something_is_a_removal(words: str) -> None:
    reading = editing.read_words(f"{words} on the chin", place=False, traits=Traits({"scars.density": 0.5}))
    assert not reading.effects and reading.traits.number("scars.density") == 0.0 and not reading.not_understood


@pytest.mark.parametrize(
    ("words", "count"), [("65 bruises", 60), ("30 scars", 12), ("a hundred scars", 12), ("20 cuts", 12)]
)
def test_more_than_can_be_drawn_is_as_many_as_can_and_told(words: str, count: int) -> None:
    edit = editing.words_edit(f"{words} on the forehead")
    assert edit.entries[0].parameters["effects"][0]["count"] == count
    assert edit.not_understood == (words.rpartition(" ")[0],)


def test_more_marks_than_can_be_counted_are_lots_and_told() -> None:
    edit = editing.words_edit("65 moles on the nose")
    assert edit.entries[0].traits.number("moles.density") > 0.7 and edit.not_understood == ("65",)


@pytest.mark.parametrize(
    ("words", "effect"),
    [
        ("40 freckles on each cheek", ("spots", "freckle", 40)),
        ("two scars on each cheek", ("scar", "", 2)),
        ("a scar on both cheeks", ("scar", "", 0)),
    ],
)
def test_each_side_gets_its_own(words: str, effect: tuple[str, str, int]) -> None:
    assert said(words) == [(("left_cheek",), [effect]), (("right_cheek",), [effect])]
    assert len(editing.words_edit(words).entries) == 2  # and the stack takes both


def test_an_edit_that_a_stack_would_refuse_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = editing.read_words("three moles on the nose", place=False)
    monkeypatch.setattr(editing.EditReading, "parameters", {"effects": [{"name": "spots", "count": 99}]})
    monkeypatch.setattr(making, "read_words", lambda *_, **__: reading)
    with pytest.raises(BadRequest):
        editing.words_edit("three moles on the nose")


@pytest.mark.parametrize(
    ("words", "course"),
    [
        ("from the left ear around the chin to the right ear", "from_left_ear_over_chin_to_right_ear"),
        ("from the left ear past the left cheek to the chin", "from_left_ear_over_left_cheek_to_chin"),
        ("from the left ear under the nose to the right ear", "from_left_ear_over_moustache_to_right_ear"),
        ("from the left ear, below the lip, to the right ear", "from_left_ear_over_below_lips_to_right_ear"),
        ("from the left ear down to the chin", "from_left_ear_to_chin"),
    ],
)
def test_what_a_course_passes_is_on_it(words: str, course: str) -> None:
    assert said(f"a scar {words}") == [((course,), [("scar", "", 0)])]
    assert lost(f"a scar {words}") == []


def test_words_within_a_course_that_say_no_place_are_told() -> None:
    assert lost("a scar from the left ear wiggling to the chin") == ["wiggling"]


@pytest.mark.parametrize(
    ("words", "trait", "grows"),
    [
        ("scale down the ears", "ears.size", False), ("scale the ears down", "ears.size", False),
        ("a scaled-down nose", "nose.width", False), ("large-scale nose", "nose.width", True),
        ("scale up the eyes", "eyes.size", True),
    ],
)  # fmt: skip
def test_scaling_makes_nothing_scaly(words: str, trait: str, grows: bool) -> None:
    reading = editing.read_words(words, place=False)
    assert not reading.effects and (reading.traits.number(trait) > 0.0) == grows
    assert "skin.scales" not in reading.traits and not reading.not_understood


def test_scaling_something_back_is_less_of_it() -> None:
    reading = editing.read_words("scale back the wrinkles", place=False, traits=Traits({"wrinkles.eyes": 0.8}))
    assert not reading.effects and reading.traits.number("wrinkles.eyes") < 0.8
