"""What the reader tells the artist: because of which words, how surely, and what it makes nothing of, and why."""

from __future__ import annotations

import re

import pytest

from dreamface import prompts
from dreamface.cli import words as cli_words
from dreamface.colour_names import linear
from dreamface.editing.phrasing import describe
from dreamface.errors import BadRequest
from dreamface.language import colour_family, colour_name, in_words, tables, value_of
from dreamface.language.tables import BREAKS, COPULAS, DETERMINERS, FUNCTION_WORDS, NEUTRAL_WORDS, PERSON_PRONOUNS
from dreamface.language.words import canonical
from dreamface.service import schemas, tasks
from dreamface.traits import VOCABULARY, Traits

SAID = [
    ("nose.width", 1.8, "wide nose"),
    ("nose.width", 2.4, "very wide nose"),
    ("nose.width", -0.9, "slightly narrow nose"),
    ("nose.width", 3.0, "extremely wide nose"),
    ("nose.width", 0.0, "usual nose width"),
    ("eyes.bags", 2.4, "strong bags under the eyes"),
    ("age", 45.0, "about 45 years"),
    ("age", 1.0, "about 1 year"),
    ("gender", 1.0, "man"),
    ("gender", -1.0, "woman"),
    ("gender", 0.0, "androgynous"),
    ("skin.melanin", 0.9, "very dark skin"),
    ("skin.melanin", 0.05, "very pale skin"),
    ("freckles.density", 0.0, "no freckles"),
    ("freckles.density", 0.2, "a few freckles"),
    ("freckles.density", 0.6, "freckles"),
    ("freckles.density", 0.9, "many freckles"),
    ("hair.style", "side_part", "hair: side part"),
    ("beard.style", "none", "no beard"),
    ("beard.style", "full", "beard: full"),
    ("hair.melanin", 0.76, "brown hair"),
    ("hair.melanin", 0.22, "blonde hair"),
    ("hair.melanin", 1.0, "black hair"),
    ("hair.curl", 0.65, "curly hair"),
    ("ancestry.european", 1.0, "European"),
    ("ancestry.east_asian", 0.5, "half East Asian"),
    ("iris.colour", (0.1046, 0.2384, 0.4793), "blue eyes"),
    ("lipstick", (0.45, 0.005, 0.01, 0.9), "red lipstick"),
    ("lipstick", (0.45, 0.005, 0.01, 0.0), "no lipstick"),
    ("expression.jawOpen", 0.5, "jaw open 50 %"),
]


@pytest.mark.parametrize(("name", "value", "words"), SAID)
def test_a_value_is_said_in_words(name, value, words):
    assert in_words(name, Traits({name: value}).value(name)) == words


@pytest.mark.parametrize("trait", ["iris.colour", "lipstick", "hair.dye"])
def test_a_colour_is_called_what_a_prompt_calls_it(trait):
    table = tables.IRIS_SRGB if trait == "iris.colour" else tables.COLOURS_SRGB
    for name in ("blue", "green", "brown", "violet", "emerald", "crimson", "turquoise"):
        assert colour_name(linear(table[name]), trait) == name
    assert colour_family(linear(table["emerald"]), trait) == "green"
    assert colour_family(linear(table["crimson"]), trait) == "red"


def test_the_same_words_everywhere():
    """The table of `dreamface show`, the answers of talk and the chips' tooltips say a value alike."""
    for name, value in (("nose.width", 2.4), ("freckles.density", 0.2), ("skin.melanin", 0.2), ("lips.upper", -1.8)):
        said = in_words(name, value)
        assert cli_words.in_words(VOCABULARY[name], value) == f"{said} ({value_of(name, value)})"
        assert said in describe(Traits({name: value}), 30.0) or name == "freckles.density"


def test_a_boy_is_no_man():
    assert in_words("gender", 1.0, age=9.0) == "boy"
    assert in_words("gender", -1.0, age=9.0) == "girl"


# ---------------------------------------------------------------------------------------------------------- the causes


@pytest.mark.parametrize(
    ("prompt", "trait", "words"),
    [
        ("An old man with a very wide nose", "nose.width", ["very wide nose"]),
        ("Her nose is big", "nose.width", ["nose", "big"]),
        ("a woman with curly red hair", "hair.redness", ["red hair"]),
        ("a woman with curly red hair", "hair.curl", ["curly", "hair"]),
        ("a half Japanese, half Irish girl", "ancestry.european", ["half Japanese", "half Irish"]),
    ],
)
def test_a_cause_is_the_exact_words_of_the_prompt(prompt, trait, words):
    reading = prompts.read(prompt)
    cause = reading.causes[trait]
    assert [reading.text[start:stop] for start, stop in cause.spans] == words


def test_every_trait_has_its_cause_and_those_that_follow_say_so():
    reading = prompts.read("a weathered fisherman with a hooked nose")
    assert reading.causes.keys() == reading.traits.keys()
    assert not reading.causes["nose.hump"].follows
    assert reading.causes["gender"].follows and reading.causes["gender"].words == "fisherman"
    assert reading.causes["gender"].said == "man"
    assert reading.causes["nose.hump"].said == "hooked nose"


def test_spans_are_of_the_prompt_also_behind_invisible_characters():
    reading = prompts.read("a\u200b woman with a wide nose")
    assert [reading.text[a:b] for a, b in reading.causes["nose.width"].spans] == ["wide nose"]


# ----------------------------------------------------------------------------------------------------- what is not read


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (
            "ein alter Mann mit Bart",
            "DreamFace reads English only, and this looks like German; nothing of it was read.",
        ),
        ("старый рыбак с бородой", "English only"),  # noqa: RUF001
        ("😀😀", "no words in"),
        ("12345", "no words in"),
        ("?!", "no words in"),
        ("asdf qwer", "Nothing of “asdf qwer” was understood"),
        ("a blorptastic zxqv", "Nothing of “a blorptastic zxqv” was understood"),
        ("x", "Nothing of “x” was understood"),
    ],
)
def test_what_cannot_be_read_is_said(prompt, said):
    reading = prompts.read(prompt)
    assert said in reading.nothing_read
    assert reading.note == reading.nothing_read


@pytest.mark.parametrize(
    "prompt",
    ["a person", "somebody", "a face", "a librarian", "a man", "Anna", "she", "a person with glasses", "portrait"],
)
def test_somebody_of_whom_little_is_said_is_somebody(prompt):
    assert prompts.read(prompt).nothing_read == ""


def test_english_that_says_nothing_of_a_face_is_listed_and_somebody_is_made():
    reading = prompts.read("a zany captain of a quantum vessel")
    assert reading.nothing_read == ""
    assert {"zany", "captain", "quantum", "vessel"} <= set(reading.not_understood)


def texts(prompt: str, kind: str) -> list[str]:
    return [note.text for note in prompts.read(prompt).notes if note.kind == kind]


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("a man who looks like Brad Pitt", "Brad Pitt"),
        ("Marilyn Monroe", "Marilyn Monroe"),
        ("Marilyn with short hair", ""),
        ("a girl like my friend Anna", "Anna"),
        ("looks like Anna", "Anna"),
        ("She looks a bit like Angelina Jolie", "Angelina Jolie"),
        ("a woman, Anna Karenina, with dark hair", "Anna Karenina"),
        ("looks like anna", "anna"),
    ],
)
def test_nobody_is_known_by_name(prompt, name):
    said = texts(prompt, "name")
    assert said == ([f"“{name}”: DreamFace does not know people by name; describe the face."] if name else [])


@pytest.mark.parametrize(
    "prompt", ["Anna, 34", "A Martian woman", "An Old Man With A Wide Nose", "Librarian with a scar"]
)
def test_what_is_no_name_is_not_called_one(prompt):
    assert texts(prompt, "name") == []


def test_a_first_name_alone_still_tells_the_usual_sex():
    reading = prompts.read("Anna, 34")
    assert reading.traits.number("gender") == -1.0 and reading.causes["gender"].words == "Anna"


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a man wearing glasses", "glasses: DreamFace makes no glasses yet."),
        ("a woman with gold earrings", "gold earrings: DreamFace makes no jewellery yet."),
        ("a man in a red hat", "red hat: DreamFace makes no hats yet."),
        ("a woman in a black leather jacket", "black leather jacket: DreamFace makes no clothes yet."),
        ("a woman in front of a forest", "forest: DreamFace makes no surroundings yet."),
        ("a man in soft studio light", "soft studio light: DreamFace sets no light by the prompt; see Output."),
        ("a man with a cigar", "cigar: DreamFace makes no things that people hold yet."),
        ("an oil painting of a man", "oil painting: DreamFace makes no pictures in a style; the head is a real one."),
    ],
)
def test_words_that_nothing_is_made_of_yet_are_listed_with_the_reason(prompt, said):
    reading = prompts.read(prompt)
    assert said in [note.text for note in reading.notes if note.kind == "unmade"]
    words = said.split(":")[0].split()
    assert not set(words) & set(reading.not_understood), "the reason is said, so it is no riddle"


def test_professions_without_a_look_are_listed():
    assert texts("a nurse with green eyes", "profession") == [
        "nurse: says nothing about the face, so it changed nothing."
    ]


def test_a_second_person_is_said_not_to_be_made():
    assert texts("a man with his daughter who has red hair", "company") == [
        "daughter who has red hair: one face is made, and this is about somebody else."
    ]


@pytest.mark.parametrize(
    ("prompt", "later", "traits"),
    [
        ("a bald man with long hair", "long hair", {"hair.style": None}),
        ("a man with long hair, bald", "bald", {"hair.style": "bald", "hair.length": 0.0}),
        ("a clean-shaven man with a full beard", "full beard", {"beard.style": "full"}),
        ("a man with a big nose and a small nose", "small nose", {}),
    ],
)
def test_of_a_contradiction_the_later_wins_and_it_is_said(prompt, later, traits):
    reading = prompts.read(prompt)
    said = [note for note in reading.notes if note.kind == "contradiction"]
    assert len(said) == 1 and said[0].text.endswith(f"contradict each other: the later, “{later}”, is made.")
    for name, value in traits.items():
        assert (reading.traits.value(name) if name in reading.traits else None) == value


def test_what_does_not_contradict_is_not_called_so():
    for prompt in (
        "an old man with a big hooked nose",
        "a woman with long curly red hair",
        "a slightly old, tired man",
    ):
        assert texts(prompt, "contradiction") == []


# ------------------------------------------------------------------------------------------------------------ places


@pytest.mark.parametrize(
    ("prompt", "effect", "region", "label"),
    [
        ("a woman with a scar on the left cheek", "scar", "left_cheek", "a scar on the left cheek"),
        ("a mole above the lip", "spots", "moustache", "a mole above the lip"),
        (
            "an old man, bruise under the right eye, blue eyes",
            "bruise",
            "under_right_eye",
            "bruise under the right eye",
        ),
        ("two scars on her chin and blue eyes", "scar", "chin", "two scars on her chin"),
        ("a tattoo on the forehead", "ink", "forehead", "a tattoo on the forehead"),
    ],
)
def test_a_place_is_kept_for_what_can_lie_there(prompt, effect, region, label):
    reading = prompts.read(prompt)
    (mark,) = reading.marks
    assert mark.place is not None and mark.place.regions == (region,)
    assert [one["name"] for one in mark.parameters["effects"]] == [effect]
    assert mark.label == label
    assert not {"scars.density", "moles.density"} & reading.traits.keys(), "one mark there, and not all over the face"
    assert not set(re.findall(r"\w+", label)) & set(reading.not_understood)


def test_two_things_at_two_places_are_two_marks():
    marks = prompts.read("a man with a scar on the chin and a mole on the left cheek").marks
    assert [mark.place.regions for mark in marks if mark.place] == [("chin",), ("left_cheek",)]
    assert len({mark.id for mark in marks}) == 2


def test_denied_marks_are_not_made():
    assert prompts.read("a woman without a scar on the cheek").marks == ()
    assert prompts.read("a woman, no moles on the left cheek").marks == ()


def test_a_scar_without_a_place_is_a_trait_as_before():
    reading = prompts.read("a man with a scar")
    assert reading.marks == () and "scars.density" in reading.traits


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("brown hair with a streak of white hair", "streak of white hair: a single streak has no place of its own yet"),
        ("a man with wrinkles on the left cheek", "on the left cheek: the wrinkles lie where they usually do"),
        ("a woman with a tattoo", "Say where the tattoo should be"),
        ("a dragon tattoo on the neck", "words make no pictures"),
    ],
)
def test_a_place_that_cannot_be_kept_is_said(prompt, said):
    assert any(said in text for text in texts(prompt, "place"))


def test_a_white_streak_does_not_make_all_hair_white():
    reading = prompts.read("brown hair with a streak of white hair")
    assert "hair.grey" not in reading.traits and reading.traits.tint("hair.highlights")[0][2] > 0.4


# ----------------------------------------------------------------------------------------- nothing vanishes unsaid

EVERYTHING = [
    "a weathered fisherman with a beard, a scar on the left cheek and gold earrings",
    "Casting call: female librarian, late 40s, red glasses, sharp cheekbones, quiet voice, lives in Berlin",
    "She has an oval face, two moles above the lip and a nose ring; her black leather jacket is torn.",
    "a man with his dog in front of a forest at dawn, looks like Clint Eastwood",
    "an orc with green skin, tusks and an iron helmet holding an axe",
    "freckles on her nose, hair in a bun, soft window light, 85mm photo",
    "a bald man with long hair and a flamboyant moustache of zinc",
    "a grumpy quantum physicist with a blorptastic jaw on a Tuesday",
    "scar over one eyebrow, dimples, a birthmark on his neck, teeth like pearls",
]
SILENT = BREAKS | COPULAS | DETERMINERS | FUNCTION_WORDS | NEUTRAL_WORDS | PERSON_PRONOUNS


@pytest.mark.parametrize("prompt", EVERYTHING)
def test_no_content_word_vanishes_unsaid(prompt):
    reading = prompts.read(prompt)
    said = " ".join(
        [
            *(reading.text[start:stop] for cause in reading.causes.values() for start, stop in cause.spans),
            *(mark.label for mark in reading.marks),
            *(note.words for note in reading.notes),
            *reading.not_understood,
        ]
    ).casefold()
    spoken = set(re.findall(r"[\w']+", said))
    content = {
        word
        for word in re.findall(r"[^\W_][\w']*", prompt.casefold())
        if canonical(word) not in SILENT and word not in SILENT
    }
    assert content - spoken == set()


# ------------------------------------------------------------------------------------------------------ alternatives


def test_doubtful_words_have_other_meanings_to_choose_from():
    reading = prompts.read("a woman with cheekbones you could cut yourself on")
    found = prompts.alternatives(reading)
    others = next(options for words, options in found.items() if "cheekbones" in words)
    assert others and all(option.traits for option in others)
    assert len({option.said for option in others}) == len(others)


def test_a_trait_can_be_the_other_way():
    reading = prompts.read("a fisherman with a wide nose")
    found = prompts.alternatives(reading)
    assert ("woman", {"gender": -1.0}) in [(one.said, dict(one.traits)) for one in found["fisherman"]]
    assert ("narrow nose", {"nose.width": -1.8}) in [(one.said, dict(one.traits)) for one in found["wide nose"]]


def test_what_is_too_long_is_said():
    with pytest.raises(BadRequest, match="shorten it to at most 2,000"):
        prompts.read("a man with a wide nose " * 500)


def test_the_service_gives_all_of_it():
    said, _ = tasks.read("a fisherman with cheekbones you could cut yourself on, glasses and a scar on the chin")
    reading = schemas.Reading.model_validate(said)
    assert reading.traits["gender"].said == "man" and reading.traits["gender"].follows
    assert reading.traits["gender"].spans == [[2, 11]]
    assert [mark.regions for mark in reading.marks] == [["chin"]]
    assert [note.text for note in reading.notes] == ["glasses: DreamFace makes no glasses yet."]
    assert "woman" in [option.said for option in reading.alternatives["fisherman"]]
    assert schemas.Reading.model_validate(tasks.read("ein alter Mann mit Bart")[0]).nothing_read


def test_an_edit_in_the_same_words_means_what_the_artist_has_said():
    said, _ = tasks.read_edit("a fisherman", False, {}, True)
    assert said["traits"]["gender"]["value"] == 1.0
    corrections = [{"words": "fisherman", "traits": {"gender": {"value": -1.0, "confidence": 1.0, "because": ""}}}]
    said, _ = tasks.read_edit("a fisherman", False, {}, True, corrections)
    assert said["traits"]["gender"]["value"] == -1.0
    corrections = [{"words": "fisherman", "without": ["gender"]}]
    assert "gender" not in tasks.read_edit("a fisherman", False, {}, True, corrections)[0]["traits"]


def test_a_face_that_a_moment_brings_can_be_at_rest():
    reading = prompts.read("he finds a hair in his soup")
    ((_, options),) = [one for one in prompts.alternatives(reading).items() if "soup" in one[0]]
    assert options[0].said == "a face at rest" and set(options[0].traits.values()) == {0.0}
