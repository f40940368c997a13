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


def sentence(words: str, **traits: float) -> str:
    return editing.read_words(words, place=False, traits=Traits(traits)).contradiction


@pytest.mark.parametrize(
    "words",
    ["less blood", "less blood on the chin", "not so much blood on the chin", "less paint on the nose",
     "fewer scars on the chin", "fewer scars", "reduce the blood", "tone down the paint on the nose"],
)  # fmt: skip
def test_less_of_what_the_face_has_not_is_told(words: str) -> None:
    assert "make that edit weaker" in sentence(words)


def test_less_of_what_the_face_has_is_less_of_it() -> None:
    for words, trait in (
        ("fewer scars on the chin", "scars.density"), ("less redness on the cheeks", "skin.redness"),
        ("less acne on the chin", "blemishes.density"), ("less veins on the nose", "capillaries.density"),
    ):  # fmt: skip
        reading = editing.read_words(words, place=False, traits=Traits({trait: 0.8}))
        assert not reading.effects and reading.traits.number(trait) < 0.8 and reading.regions, words


def test_less_of_an_effect_on_a_marked_place_puts_none_there() -> None:
    reading = editing.read_words("less blood", place=True, marked=("chin",))
    assert not reading.effects and reading.contradiction


@pytest.mark.parametrize("words", ["snake eyes", "a dragon's eyes", "eyes of a snake"])
def test_eyes_of_an_animal_grow_no_scales(words: str) -> None:
    assert "Eyes" in sentence(words)


def test_a_single_scratch_is_one_thin_wound() -> None:
    for words in ("a scratch on the nose", "a cat scratch on the nose", "scratch on the nose"):
        assert said(words) == [(("nose",), [("wound", "open", 1)])], words
    assert sentence("a scratch").startswith("Say or mark where")


@pytest.mark.parametrize(
    ("words", "region", "colour"),
    [
        ("a black line from the forehead to the chin", "from_forehead_to_chin", "black"),
        ("a white line from the left ear to the chin", "from_left_ear_to_chin", "white"),
        ("a black stripe across the nose", "nose", "black"), ("a thin red line on the chin", "chin", "red"),
    ],
)  # fmt: skip
def test_a_line_of_a_colour_is_paint(words: str, region: str, colour: str) -> None:
    assert said(words) == [((region,), [("paint", "", 0)])]
    assert editing.read_words(words, place=False).effects[0].look.colour == colour_of(colour)


def test_a_dot_of_a_colour_is_one_dot() -> None:
    assert said("a black dot on the chin") == [(("chin",), [("spots", "dot", 1)])]


def test_colours_of_several_places_are_all_read() -> None:
    red, blue = editing.read_words("nose red and lips blue", place=False).parts
    assert red.regions == ("nose",) and blue.traits.tint("lipstick")[1] > 0.0
    assert said("nose green and cheeks red") == [
        (("nose",), [("paint", "", 0)]),
        (("cheeks",), [("rash", "flushed", 0)]),
    ]
    assert said("her left cheek is red") == [(("left_cheek",), [("blush", "", 0)])]


def test_half_of_the_face_is_asked_about() -> None:
    for words in ("half the face painted blue", "half of her face covered in mud"):
        assert sentence(words).startswith("Say which half")
    assert said("the left half of the face painted blue")[0][0] == ("left_half",)


@pytest.mark.parametrize(
    ("words", "region"),
    [
        ("a beauty mark above the lip on the left", "left_moustache"), ("a mole on the jaw on the right", "right_jaw"),
        ("a mole on the left, below the eye", "under_left_eye"), ("a mole on her right side on the chin", "right_chin"),
        ("a mole on the chin, on the left side", "left_chin"),
    ],
)  # fmt: skip
def test_a_side_said_apart_from_its_place_counts(words: str, region: str) -> None:
    assert said(words) == [((region,), [("spots", "mole", 1)])]
    assert lost(words) == []


def test_a_scar_that_the_face_has_not_cannot_be_removed_from_a_place() -> None:
    assert "has no scar" in sentence("remove the scar on the left cheek")
    assert editing.read_words("remove the scars", place=True, marked=("chin",), traits=Traits()).contradiction
    kept = editing.read_words("remove the scar on the left cheek", place=False, traits=Traits({"scars.density": 0.6}))
    assert kept.traits.number("scars.density") == 0.0 and kept.regions == ("left_cheek",)
