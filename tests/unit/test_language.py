"""Prompts to traits: what the words say comes out, with its reason, and nothing else does."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import numpy as np
import pytest

from dreamface.errors import BadRequest
from dreamface.language import encoder, read
from dreamface.limits import check_prompt
from dreamface.text import clean
from dreamface.traits import ANCESTRIES, SHAPE_TRAITS, VOCABULARY, Kind

HIGH, LOW, ZERO = "high", "low", "zero"
SMILE = "expression.mouthSmileLeft"
OPEN = "expression.jawOpen"

NEEDS_ENCODER = pytest.mark.skipif(encoder.model_folder() is None, reason="the encoder's package is not installed")

# What each prompt must say: HIGH and LOW are sides of the trait's default, ZERO is 0, anything else is the value.
PROMPTS = {
    # binding
    "a big nose and small eyes": {"nose.width": HIGH, "eyes.size": LOW},
    "a wide nose, mouth and jaw": {"nose.width": HIGH, "mouth.width": HIGH, "jaw.width": HIGH},
    "thin lips and thick brows": {"lips.upper": LOW, "lips.lower": LOW, "brows.thickness": HIGH},
    "eyes that are close together": {"eyes.spacing": LOW},
    "close-set eyes": {"eyes.spacing": LOW},
    "his nose is broad": {"nose.width": HIGH},
    "her eyes are big and blue, her nose is small": {"eyes.size": HIGH, "nose.width": LOW},
    "his nose and ears are big": {"nose.width": HIGH, "ears.size": HIGH},
    "a nose that is long and thin": {"nose.length": HIGH, "nose.width": LOW},
    "she has a big nose and she is thin": {"nose.width": HIGH, "body.weight": LOW},
    "a square-jawed, thin-lipped man": {"jaw.width": HIGH, "lips.upper": LOW, "gender": 1.0},
    "the tip of his nose is round": {"nose.tip_width": HIGH},
    "bigger ears": {"ears.size": HIGH},
    "ears that stick out": {"ears.protrusion": HIGH},
    "a thin man with a thin face": {"body.weight": LOW, "face.width": LOW, "gender": 1.0},
    # people and ages
    "a 70 year old woman": {"age": 70.0, "gender": -1.0},
    "a man of 60": {"age": 60.0, "gender": 1.0},
    "a girl aged 12": {"age": 12.0, "gender": -1.0},
    "a woman in her thirties": {"age": 35.0},
    "a man in his late 40s": {"age": 48.0},
    "a seventy-five-year-old grandmother": {"age": 75.0, "gender": -1.0},
    "a middle-aged lady": {"age": 50.0, "gender": -1.0},
    "a little boy": {"age": 9.0, "gender": 1.0},
    "a toddler": {"age": 2.5},
    "a 20 year old girl": {"age": 20.0, "gender": -1.0},
    "an old king": {"age": HIGH, "gender": 1.0},
    "a young queen": {"age": LOW, "gender": -1.0},
    "a muscular teenager": {"age": 16.0, "body.muscle": HIGH},
    # ancestry
    "half Japanese half Irish": {"ancestry.east_asian": 0.5, "ancestry.european": 0.5, "ancestry.african": ZERO},
    "a Nigerian man": {"ancestry.african": 1.0, "ancestry.european": ZERO},
    "a Brazilian woman": {"ancestry.european": 0.55, "ancestry.african": 0.35},
    "a black woman with white hair": {"ancestry.african": 1.0, "hair.grey": 1.0},
    "not Asian": {"ancestry.east_asian": ZERO},
    # skin, hair, eyes, make-up
    "very dark skin": {"skin.melanin": HIGH},
    "pale skin with rosy cheeks": {"skin.melanin": LOW, "skin.redness": HIGH},
    "long curly black hair": {"hair.style": "curly", "hair.length": HIGH, "hair.melanin": 1.0},
    "a blonde woman with braids": {"hair.melanin": LOW, "hair.style": "braids"},
    "auburn hair": {"hair.redness": HIGH},
    "pink hair": {"hair.dye": None},
    "a bald man": {"hair.style": "bald"},
    "his hair is short and grey": {"hair.length": LOW, "hair.grey": HIGH},
    "red lipstick and green eyeshadow": {"lipstick": None, "eyeshadow": None},
    "a long white beard": {"beard.length": HIGH, "beard.style": "full"},
    "a goatee": {"beard.style": "goatee"},
    "bushy eyebrows and long lashes": {"brows.thickness": HIGH, "lashes.length": HIGH},
    "bags under his eyes": {"eyes.bags": HIGH},
    "wrinkles around the eyes": {"wrinkles.eyes": HIGH},
    # negation
    "no freckles": {"freckles.density": ZERO},
    "no freckles, moles or wrinkles": {"freckles.density": ZERO, "moles.density": ZERO, "wrinkles.eyes": ZERO},
    "no freckles, big nose": {"freckles.density": ZERO, "nose.width": HIGH},
    "without a beard": {"beard.style": "none", "beard.density": ZERO},
    "he doesn't have a moustache": {"beard.style": "none"},
    "not smiling": {SMILE: ZERO},
    "she isn't old": {"age": 35.0},
    "a clean-shaven man": {"beard.style": "none", "stubble.density": ZERO},
    "no eyebrows": {"brows.density": ZERO},
    "free of wrinkles": {"wrinkles.forehead": ZERO},
    "his nose isn't big": {"nose.width": ZERO},
    "no hair": {"hair.style": "bald"},
    "not a very old woman": {"age": 35.0, "gender": -1.0},
    # expressions
    "smiling": {SMILE: HIGH},
    "a slight smile": {SMILE: 0.35},
    "angry": {"expression.browDownLeft": HIGH},
    "surprised": {"expression.eyeWideLeft": HIGH, "expression.browInnerUp": HIGH},
    "sad": {"expression.mouthFrownLeft": HIGH},
    "winking": {"expression.eyeBlinkLeft": 1.0},
    "laughing": {SMILE: HIGH, OPEN: HIGH},
    "mouth open and eyes closed": {OPEN: HIGH, "expression.eyeBlinkRight": 1.0},
    "disgusted": {"expression.noseSneerLeft": HIGH},
    "afraid": {"expression.eyeWideLeft": HIGH, "expression.mouthStretchLeft": HIGH},
    "pouting": {"expression.mouthPucker": HIGH},
    "with her tongue out": {"expression.tongueOut": 1.0},
    # people who look like something
    "an elf": {"ears.pointed": HIGH},
    "a goblin": {"ears.pointed": HIGH, "nose.length": HIGH},
    "a vampire": {"skin.melanin": LOW},
    "a weathered fisherman": {"wrinkles.eyes": HIGH, "wrinkles.forehead": HIGH},
    "tired": {"under_eyes.darkness": HIGH},
    "a vampire with tanned skin": {"skin.melanin": HIGH},
    # make-up and its finish
    "glossy red lipstick": {"lipstick": None, "lipstick.gloss": HIGH},
    "red glossy lipstick": {"lipstick": None, "lipstick.gloss": HIGH},
    "matte black lipstick": {"lipstick": None, "lipstick.gloss": ZERO},
    "shimmering gold eyeshadow and dewy blush": {"eyeshadow.gloss": HIGH, "blush.gloss": HIGH, "blush": None},
    "a woman with glossy lips": {"lipstick.gloss": HIGH, "gender": -1.0},
    "winged eyeliner": {"eyeliner": None},
    "a woman wearing heavy makeup": {"lipstick": None, "foundation": None, "eyeliner": None},
    # eyes, teeth and marks
    "heterochromia: one blue and one brown eye": {"iris.colour": None, "iris.right_colour": None},
    "dilated pupils": {"pupil.size": HIGH},
    "tiny pupils": {"pupil.size": LOW},
    "yellow teeth": {"teeth.yellowness": HIGH},
    "very white teeth": {"teeth.yellowness": LOW},
    "a woman with vitiligo": {"vitiligo.coverage": HIGH, "gender": -1.0},
    "a scar on the cheek": {"scars.density": HIGH},
    "a scarred pirate without freckles": {"scars.density": HIGH, "freckles.density": ZERO},
    "broken capillaries on his nose": {"capillaries.density": HIGH},
    # skin that no person has
    "a blue alien with stripes": {"skin.tint": None, "skin.stripes": None, "hair.style": "bald"},
    "a green lizard man with scales": {"skin.tint": None, "skin.scales": None, "gender": 1.0},
    "a golden robot woman": {"skin.metal": None, "gender": -1.0, "wrinkles.eyes": ZERO},
    "a man made of gold": {"skin.metal": None, "gender": 1.0},
    "golden metal skin": {"skin.metal": None},
    "snake scales": {"skin.scales": None},
    "leopard spots on her skin": {"skin.spots": None},
    "a purple alien with spots": {"skin.spots": None, "blemishes.density": ZERO},
    "a leopard man with black spots": {"skin.spots": None, "blemishes.density": ZERO},
    "a leopard woman with spots": {"skin.spots": None, "blemishes.density": ZERO, "skin.tint": None},
    "a zebra man": {"skin.stripes": None, "skin.tint": None, "gender": 1.0},
}  # fmt: skip


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_says(prompt):
    traits = read(prompt).traits
    for name, expected in PROMPTS[prompt].items():
        assert name in traits, f"{name} is missing"
        value, default = traits[name].value, VOCABULARY[name].default
        if expected == HIGH:
            assert value > default, name
        elif expected == LOW:
            assert value < default, name
        elif expected == ZERO:
            assert value == 0.0, name
        elif expected is not None:
            assert value == (pytest.approx(expected) if isinstance(expected, float) else expected), name
    assert read(prompt).not_understood == ()


def test_spots_of_a_leopard_have_the_colour_that_was_said():
    red, green, blue, _ = read("a leopard man with black spots").traits["skin.spots"].value
    assert max(red, green, blue) < 0.005
    assert read("a man with red spots").traits.number("blemishes.density") > 0.0


def test_one_scar_is_fewer_than_scars():
    one, some, many = (
        read(prompt).traits.number("scars.density")
        for prompt in ("a scar on his cheek", "scars", "covered in scars, scarred")
    )
    assert 1.0 <= 18 * one < 2.0
    assert one < 0.5 * some < many


@pytest.mark.parametrize("prompt", PROMPTS)
def test_reasons_are_words_of_the_prompt(prompt):
    words = set(re.findall(r"[\w']+", prompt))
    for name, entry in read(prompt).traits.items():
        assert entry.because, name
        assert 0.0 < entry.confidence <= 1.0, name
        assert set(re.findall(r"[\w']+", entry.because)) <= words, name


@pytest.mark.parametrize("prompt", ["a vampire with red eyes", "a red-eyed demon", "a woman with crimson eyes"])
def test_red_irises(prompt):
    red, green, blue = read(prompt).traits["iris.colour"].value
    assert red > 4.0 * max(green, blue)


@pytest.mark.parametrize(
    "prompt", ["a tired man with red eyes", "a tired man with bright red eyes", "an elf with bloodshot red eyes"]
)
def test_red_eyes_that_are_bloodshot(prompt):
    traits = read(prompt).traits
    assert traits["sclera.redness"].value > 0.4
    assert "iris.colour" not in traits


def test_a_creature_without_red_eyes():
    assert "iris.colour" not in read("an orc without red eyes").traits


@pytest.mark.parametrize(
    ("prompt", "left", "right"),
    [
        ("heterochromia: one blue and one brown eye", "blue", "brown"),
        ("one blue eye and one green eye", "blue", "green"),
        ("one of her eyes is brown", "brown", None),
        ("one eye is blue and the other is brown", "blue", "brown"),
        ("her left eye is green, her right eye is brown", "green", "brown"),
        ("a brown right eye and a blue left eye", "blue", "brown"),
        ("blue eyes", "blue", None),
        ("a man with heterochromia and blue eyes", "blue", "brown"),
    ],
)
def test_eyes_of_two_colours(prompt, left, right):
    traits = read(prompt).traits

    def name(colour):
        red, green, blue = colour
        return "blue" if blue > max(red, green) else "green" if green > red else "brown"

    assert name(traits.colour("iris.colour")) == left
    other, strength = traits.tint("iris.right_colour")
    assert (name(other) if strength else None) == right


@pytest.mark.parametrize(
    ("prompt", "trait", "channel"),
    [
        ("a blue alien with stripes", "skin.stripes", 2),
        ("a green lizard man with scales", "skin.scales", 1),
        ("a lizard woman with blue scales", "skin.scales", 2),
        ("a red dragon", "skin.scales", 0),
        ("a golden robot woman", "skin.metal", 0),
        ("metallic blue skin", "skin.metal", 2),
        ("a man with red stripes", "skin.stripes", 0),
        ("green eyeshadow", "eyeshadow", 1),
    ],
)
def test_patterns_have_the_colour_that_was_said_or_the_skins(prompt, trait, channel):
    colour, strength = read(prompt).traits.tint(trait)
    assert strength > 0.5
    assert max(colour) == colour[channel]
    assert min(colour) < colour[channel]


def test_stripes_are_darker_than_the_skin_they_are_on():
    traits = read("a blue alien with stripes").traits
    assert max(traits.tint("skin.stripes")[0]) < 0.3 * max(traits.tint("skin.tint")[0])


@pytest.mark.parametrize(
    ("prompt", "only"),
    [
        ("a wide nose", {"nose.width"}),
        ("thin lips", {"lips.upper", "lips.lower"}),
        ("a woman of 30", {"age", "gender"}),
        ("freckles on her nose and cheeks", {"freckles.density", "gender"}),
        ("green eyes", {"iris.colour"}),
        ("a black leather jacket", set()),
        ("a man in a blue hat", {"gender"}),
        ("a man with a nose ring and a red dress", {"gender"}),
        ("a face", set()),
        ("a man in black", {"gender"}),
        ("a woman in white and red", {"gender"}),
        ("a man dressed all in black", {"gender"}),
        ("a woman wearing white", {"gender"}),
        ("a man in tan", {"gender"}),
        ("a black hat", set()),
        ("a red dress", set()),
        ("a tan coat", set()),
        ("his hat is black", {"gender"}),
        ("a man in a suit that is white", {"gender"}),
        ("a woman with white and gold earrings", {"gender"}),
        ("a man against a plain white background", {"gender"}),
        ("a black and white photo of a woman", {"gender"}),
        ("a white suit, black tie and brown eyes", {"iris.colour"}),
        ("white sunglasses and black hair", {"hair.melanin"}),
        ("a woman wearing black lipstick", {"gender", "lipstick"}),
        ("a man in a striped shirt", {"gender"}),
        ("a man with a snake tattoo", {"gender"}),
        ("a woman with golden skin", {"gender", "skin.yellowness", "skin.melanin"}),
    ],
)
def test_what_is_not_mentioned_is_absent(prompt, only):
    assert set(read(prompt).traits) == only


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("a black woman in white", {"ancestry.african": 1.0, "ancestry.european": 0.0}),
        ("a white-haired man in black", {"hair.grey": 1.0}),
        ("a man in his 30s, black", {"age": 35.0, "ancestry.african": 1.0}),
        ("a man in black is old", {"age": 70.0}),
    ],
)
def test_a_person_keeps_a_colour_beside_clothes(prompt, said):
    traits = read(prompt).traits
    assert {name: traits[name].value for name in said} == said


def test_a_vocabulary_phrase_reads_to_its_trait():
    """Every phrase of the vocabulary, on its own and on the right side."""
    wrong = []
    for trait in VOCABULARY.values():
        for phrase in trait.more:
            found = read(phrase)
            if (
                trait.name not in found.traits
                or found.not_understood
                or not _is_more(trait, found.traits[trait.name].value)
            ):
                wrong.append((trait.name, phrase))
        for phrase in trait.less:
            found = read(phrase)
            if (
                trait.name not in found.traits
                or found.not_understood
                or not _is_less(trait, found.traits[trait.name].value)
            ):
                wrong.append((trait.name, phrase))
    assert wrong == []


def _is_more(trait, value):
    if trait.kind is Kind.NUMBER:
        return value > trait.default
    return trait.kind is Kind.COLOUR or value[3] > 0.0


def _is_less(trait, value):
    """An amount that most faces have none of cannot be less than that: a short beard is shorter than a long one."""
    return value < (trait.default if trait.default > trait.low else _plain_amount(trait))


def _plain_amount(trait):
    return read(trait.more[0]).traits[trait.name].value


@pytest.mark.parametrize(
    ("name", "phrases"),
    [
        ("nose.width", ("a slightly wide nose", "a wide nose", "a very wide nose", "an extremely wide nose")),
        ("eyes.size", ("slightly big eyes", "big eyes", "really big eyes", "huge eyes")),
        ("freckles.density", ("no freckles", "a few freckles", "freckles", "covered in freckles")),
        ("age", ("a bit old", "old", "very old", "extremely old")),
        ("skin.melanin", ("very pale skin", "pale skin", "dark skin", "very dark skin")),
        (SMILE, ("not smiling", "slightly smiling", "smiling", "a huge smile")),
        ("body.weight", ("extremely thin", "thin", "a little thin", "a bit fat", "fat", "very fat")),
    ],
)
def test_degrees_are_in_order(name, phrases):
    values = [read(phrase).traits[name].value for phrase in phrases]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("phrase", "deviations"),
    [("a wide jaw", 1.8), ("a slightly wide jaw", 0.9), ("a very narrow jaw", -2.4), ("an extremely wide jaw", 3.0)],
)
def test_shape_levels(phrase, deviations):
    assert read(phrase).traits.number("jaw.width") == pytest.approx(deviations)


def test_colours_are_what_they_are_called():
    blue = read("blue eyes").traits.colour("iris.colour")
    green = read("her eyes are green").traits.colour("iris.colour")
    brown = read("brown eyes").traits.colour("iris.colour")
    assert blue[2] == max(blue)
    assert green[1] == max(green)
    assert brown[0] == max(brown)
    (red, _, tint_blue), strength = read("a blue alien").traits.tint("skin.tint")
    assert tint_blue > red
    assert strength > 0.5
    lips, strength = read("bright red lipstick").traits.tint("lipstick")
    assert lips[0] == max(lips)
    assert strength > 0.5


def test_later_words_win_with_less_confidence():
    entry = read("a big nose. A small nose").traits["nose.width"]
    assert entry.value < 0.0
    assert entry.confidence < read("a small nose").traits["nose.width"].confidence


def test_looks_that_are_only_suggested_are_less_sure_than_those_said():
    fisherman, wrinkled = read("a fisherman").traits, read("wrinkled").traits
    assert fisherman["wrinkles.eyes"].confidence < wrinkled["wrinkles.eyes"].confidence


def test_ancestry_shares_add_up():
    for prompt in ("Chinese", "half Japanese half Irish", "a Brazilian man", "Mexican", "Arab"):
        traits = read(prompt).traits
        assert sum(traits.number(name) for name in ANCESTRIES) == pytest.approx(1.0), prompt


def test_unknown_words_are_reported_and_function_words_are_not():
    reading = read("a man with a 😀 and 東京 in the spaceship")
    assert reading.not_understood == ("😀", "東京", "spaceship")
    assert set(reading.traits) == {"gender"}


def test_nothing_usable_gives_no_traits():
    reading = read("zxqv 12345 !!!")
    assert dict(reading.traits) == {}
    assert reading.not_understood == ("zxqv", "12345")


@NEEDS_ENCODER
@pytest.mark.parametrize(
    ("slip", "name"), [("freckels", "freckles.density"), ("a smilling man", SMILE), ("wrinkels", "wrinkles.eyes")]
)
def test_typing_slips_are_forgiven_with_less_confidence(slip, name):
    assert 0.0 < read(slip).traits[name].confidence < 1.0


@pytest.mark.parametrize("prompt", ["a man in a house", "a horse", "bread", "the noise"])
def test_words_that_only_look_alike_are_no_slips(prompt):
    traits = set(read(prompt).traits)
    assert not traits & set(SHAPE_TRAITS)
    assert "beard.density" not in traits


@NEEDS_ENCODER
@pytest.mark.parametrize(
    ("prompt", "name", "side"),
    [
        ("a nose like a potato", "nose.tip_width", 1),
        ("crinkles beside the eyes", "wrinkles.eyes", 1),
        ("his hairline is creeping back", "hair.style", 0),
        ("skin like leather", "skin.pores", 1),
        ("a grin from ear to ear", SMILE, 1),
    ],
)
def test_paraphrases_are_found_by_meaning(prompt, name, side):
    entry = read(prompt).traits[name]
    assert 0.0 < entry.confidence <= 1.0
    if side:
        assert (entry.value - VOCABULARY[name].default) * side > 0.0


def test_without_the_encoder_the_tables_still_work(monkeypatch):
    monkeypatch.setattr(encoder, "model_folder", lambda: None)
    reading = read("a big nose and snout-like whatsits")
    assert reading.traits.number("nose.width") > 0.0
    assert "whatsits" in reading.not_understood


@NEEDS_ENCODER
def test_embeddings_are_those_of_the_published_model():
    texts = ["a nose like a hawk's beak", "an aquiline nose", "skin like leather", "the tax office"]
    cosines = encoder.embed(texts) @ encoder.embed(texts).T
    # As transformers computes them from the same weights.
    expected = [0.58883, 0.31245, 0.01313, 0.28488, 0.02622, 0.02616]
    assert cosines[np.triu_indices(4, 1)] == pytest.approx(expected, abs=2e-5)
    assert np.diag(cosines) == pytest.approx(1.0, abs=1e-6)


@NEEDS_ENCODER
def test_a_texts_embedding_does_not_depend_on_its_company():
    long = "nose " * 900  # longer than the model reads
    together, alone = encoder.embed(["kind eyes", long, ""]), encoder.embed(["kind eyes"])
    assert np.allclose(together[0], alone[0], atol=1e-6)
    assert np.isfinite(together).all()


@NEEDS_ENCODER
@pytest.mark.slow
def test_transformers_computes_the_same_embeddings():
    import torch

    from dreamface.guidance.torchvision_operators import make_torchvision_importable

    make_torchvision_importable()
    transformers = pytest.importorskip("transformers")
    texts = ["a nose like a hawk's beak", "Ünïcodé 👩 ß", "x", "weathered by decades of wind and salt " * 90]
    folder = encoder.model_folder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).train(False)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
    assert np.allclose(encoder.embed(texts), torch.nn.functional.normalize(mean, dim=1), rtol=0.0, atol=1e-6)


def test_a_plain_prompt_loads_no_heavy_library():
    code = "import sys; from dreamface.language import read; read('a big nose'); print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\x00\x07"])
def test_an_empty_prompt_is_refused(prompt):
    with pytest.raises(BadRequest, match="empty"):
        read(prompt)


def test_a_long_prompt_is_refused_with_the_limit():
    with pytest.raises(BadRequest, match="2,000"):
        read("big nose " * 223)


def test_control_characters_are_ignored():
    assert read("a bi\x00g no\x07se").traits == read("a big nose").traits


def test_a_cleaned_prompt_can_be_written_anywhere_and_reads_the_same():
    typed = "an o\x00ld\tman\x1b with\udcff a big nose\r\nand L\u2019Oréal lips 👩\u200d🦰"
    cleaned = clean(typed)
    assert cleaned == "an old man with a big nose\nand L\u2019Oréal lips 👩\u200d🦰"
    assert cleaned.encode("utf-8").decode("utf-8") == clean(cleaned) == cleaned
    assert read(cleaned) == read(typed)


def test_a_prompt_is_checked_before_anything_is_read():
    check_prompt("an old man")
    with pytest.raises(BadRequest, match="empty"):
        check_prompt("\x00 \udcff")


@pytest.mark.parametrize("left", [b"", b"\x93NUMPY", b"PK\x03\x04 no archive", b"text", slice(0, -40)])
def test_a_damaged_cache_of_phrases_is_made_anew(monkeypatch, tmp_path, left):
    made = []

    def embed(phrases):
        made.append(len(phrases))
        return np.full((len(phrases), 384), 0.5, np.float32)

    path = tmp_path / "phrases.npy"
    monkeypatch.setattr(encoder, "embed", embed)
    monkeypatch.setattr(encoder, "_cache_path", lambda phrases: path)
    known_phrases = encoder._known_phrases.__wrapped__  # without what earlier tests left in memory
    phrases, known = known_phrases()
    path.write_bytes(path.read_bytes()[left] if isinstance(left, slice) else left)
    for _ in range(2):
        again = known_phrases()
        assert again[0] == phrases
        np.testing.assert_array_equal(again[1], known)
    assert made == [len(phrases)] * 2, "the second time it is read"


def test_reading_is_deterministic():
    prompt = "a weathered 60 year old fisherman with a scruffy beard and eyes like the sea"
    first, second = read(prompt), read(prompt)
    assert first == second


def test_random_text_never_crashes(monkeypatch):
    monkeypatch.setattr(encoder, "model_folder", lambda: None)
    generator = random.Random(7)
    words = [
        "no",
        "not",
        "very",
        "and",
        ",",
        "or",
        "is",
        "nose",
        "big",
        "eyes",
        "of",
        "60",
        "half",
        "man",
        "with",
        "'s",
        "n't",
        "-",
    ]
    for _ in range(300):
        noise = "".join(chr(generator.randrange(1, 0x3000)) for _ in range(generator.randrange(1, 40)))
        jumble = " ".join(generator.choice(words) for _ in range(generator.randrange(1, 20)))
        for prompt in (noise, jumble, f"{jumble} {noise}"):
            try:
                reading = read(prompt)
            except BadRequest:
                continue
            assert all(word for word in reading.not_understood)


@pytest.mark.parametrize(
    ("prompt", "said", "unsaid"),
    [
        ("a pale freckled red-haired girl", {"skin.melanin", "freckles.density", "hair.redness"}, set()),
        ("a pale long-haired boy", {"skin.melanin", "hair.length"}, {"hair.melanin"}),
        ("a thin grey-haired man", {"body.weight", "hair.grey"}, {"hair.volume"}),
        ("a tall dark-haired man", {"hair.melanin"}, {"hair.length"}),
        ("a dark red-haired man", {"hair.redness"}, {"skin.melanin"}),
        ("a big brown-eyed girl", {"iris.colour"}, {"eyes.size"}),
    ],
)
def test_what_stands_before_a_hyphenated_word_speaks_of_the_person(
    prompt: str, said: set[str], unsaid: set[str]
) -> None:
    found = read(prompt).traits
    assert said <= found.keys() and not unsaid & found.keys()
