"""What chips say."""

from __future__ import annotations

import pytest

from dreamface_addon.chips import Chips, corrected_traits, in_words, notes_in_lines
from dreamface_addon.live import Meaning, Reading, _reading


@pytest.mark.parametrize(
    ("name", "value", "words", "said"),
    [
        ("age", 70.0, "old", "70 years"),
        ("gender", 1.0, "fisherman", "man"),
        ("gender", -1.0, "woman", ""),
        ("gender", 1.0, "woman-like", "man"),
        ("stubble.density", 0.36, "unshaven", "36 % stubble"),
        ("freckles.density", 0.6, "freckles", "60 %"),
        ("nose.hump", 1.8, "hooked nose", "+1.8"),
        ("nose.width", -1.1, "small nose", "-1.1"),
        ("hair.style", "curly", "curly hair", ""),
        ("beard.style", "full", "viking", "full"),
        ("hair.style", "side_part", "dapper", "side part"),
        ("hair.style", "low_bun", "a low-bun", ""),
        ("hair.parting", -0.6, "parted over one eye", "right"),
        ("hair.parting", 0.6, "left parting", ""),
        ("brows.style", "natural", "plain brows", ""),
        ("hair.melanin", 0.9, "dark hair", ""),
        ("iris.colour", [0.1, 0.2, 0.1], "green eyes", ""),
        ("ancestry.african", 1.0, "Nigerian", ""),
        ("wrinkles.eyes", 0.48, "fisherman", "48 % wrinkles"),
        ("expression.jawOpen", 0.5, "shouting", "50 %"),
        ("no.such", 1.0, "x", ""),
        ("beard.style", "none", "an elf", ""),
        ("hair.length", 0.0, "shaved head", ""),
        ("skin.pores", 0.62, "fisherman", ""),
    ],
)
def test_a_value_is_said_as_an_artist_would(name, value, words, said):
    assert in_words(name, value, words) == said


# ------------------------------------------------------------------------------------- what the artist makes of them


class FakeSession:
    """A session in which a prompt has been read."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def read(self, prompt: str) -> None:
        """Ask nobody."""


PROMPT = "a fisherman with cut cheekbones and a scar on the chin"
READING = Reading(
    PROMPT,
    {
        "gender": {"value": 1.0, "confidence": 0.5, "because": "fisherman", "said": "man", "follows": True},
        "stubble.density": {
            "value": 0.36,
            "confidence": 0.5,
            "because": "fisherman",
            "said": "stubble",
            "follows": True,
        },
        "cheekbones.prominence": {
            "value": 2.1,
            "confidence": 0.9,
            "because": "cut cheekbones",
            "said": "sharp cheekbones",
        },
    },
    (),
    notes=(
        ("unmade", "glasses", "glasses: DreamFace makes no glasses yet."),
        ("name", "Brad Pitt", "“Brad Pitt”: nobody is known."),
        ("unmade", "red hat", "red hat: DreamFace makes no hats yet."),
    ),
    marks=("a scar on the chin",),
    others={"fisherman": (Meaning("woman", {"gender": -1.0}), Meaning("fish scales", {"skin.scales": [1, 1, 1, 1]}))},
)


@pytest.fixture
def chips() -> Chips:
    return Chips(FakeSession(READING))


def test_a_tooltip_says_what_words_mean_and_why(chips):
    assert chips.tooltip("fisherman") == (
        "follows: man, stubble, because of: fisherman. 50 % sure. A guess: click to choose what it means"
    )
    assert chips.tooltip("cut cheekbones").startswith("sharp cheekbones, because of: cut cheekbones. 90 % sure. Click")
    assert "an edit of its own" in chips.tooltip("a scar on the chin")


def test_guesses_are_told_from_what_is_sure(chips):
    doubtful = {chip.words: chips.is_doubtful(chip) for chip in READING.chips}
    assert doubtful == {"fisherman": True, "cut cheekbones": False, "a scar on the chin": False}


def test_a_chip_can_mean_something_else_and_says_that_it_was_corrected(chips):
    chips.correct("fisherman", "woman")
    (fisherman,) = [chip for chip in READING.chips if chip.words == "fisherman"]
    assert not chips.is_doubtful(fisherman)
    assert chips.label(fisherman) == "fisherman · woman"
    assert chips.tooltip("fisherman").startswith("woman, corrected by you, because of: fisherman")
    said = {"value": -1.0, "confidence": 1.0, "because": "fisherman"}
    assert chips.corrections(PROMPT) == [{"words": "fisherman", "traits": {"gender": said}, "without": []}]
    chips.correct("fisherman", "fish scales")
    assert chips.corrections(PROMPT)[0]["without"] == ["gender", "stubble.density"], "another meaning of all the words"
    chips.correct("fisherman", "")
    assert chips.corrections(PROMPT) == []


def test_a_chip_can_be_removed(chips):
    chips.toggle("fisherman")
    chips.toggle("a scar on the chin")
    assert chips.corrections(PROMPT) == [
        {"words": "fisherman", "traits": {}, "without": ["gender", "stubble.density"]},
        {"words": "a scar on the chin", "traits": {}, "without": []},
    ]
    assert "corrected by you" in chips.tooltip("fisherman")


def test_what_a_face_remembers_is_taken_over(chips):
    chips.correct("fisherman", "woman")
    chips.toggle("cut cheekbones")
    kept = chips.corrections(PROMPT)
    again = Chips(FakeSession(READING))
    again.adopt(kept)
    assert again.corrections(PROMPT) == kept
    assert again.dropped == {"cut cheekbones"}
    (fisherman,) = [chip for chip in READING.chips if chip.words == "fisherman"]
    assert again.label(fisherman) == "fisherman · woman"
    again.read("a fisherman")
    assert again.dropped == set() and "fisherman" in again.corrected, "other words say nothing of those"


def test_a_slider_knows_that_a_chip_has_set_it_until_a_hand_does(chips):
    chips.correct("fisherman", "woman")
    kept = chips.corrections(PROMPT)
    assert corrected_traits(kept, {"gender": {"value": -1.0, "because": "fisherman"}}) == {"gender": "fisherman"}
    assert corrected_traits(kept, {"gender": {"value": 0.2, "because": "set by hand"}}) == {}
    assert corrected_traits([{"words": 3}, {}], {"gender": None}) == {}, "of a file that was damaged by hand"


def test_things_that_are_not_made_share_a_line():
    assert notes_in_lines(READING) == ["Not made by DreamFace yet: glasses, red hat", "“Brad Pitt”: nobody is known."]


def test_an_answer_of_the_backend_becomes_a_reading():
    said = {
        "traits": {"age": {"value": 60.0, "confidence": 1.0, "because": "old", "said": "about 60 years"}},
        "not_understood": [], "note": "", "nothing_read": False, "marks": [{"words": "a scar on the chin"}],
        "notes": [{"kind": "unmade", "words": "hat", "text": "hat: none."}],
        "alternatives": {"old": [{"said": "about 45 years", "traits": {"age": 45.0}}], "x": 3},
    }  # fmt: skip
    reading = _reading("an old man", said)
    assert reading is not None and reading.others["old"] == (Meaning("about 45 years", {"age": 45.0}),)
    assert reading.notes == (("unmade", "hat", "hat: none."),) and reading.marks == ("a scar on the chin",)
    older = _reading("x", {"traits": {}, "not_understood": ["x"], "note": ""})
    assert older is not None and older.nothing_read == "" and older.notes == ()
    foreign = _reading("x", {"traits": {}, "not_understood": [], "note": "English only.", "nothing_read": True})
    assert foreign is not None and foreign.nothing_read == "English only."
