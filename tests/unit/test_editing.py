"""Edits made of words, sketches and pictures, and laid on a face."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import dreamface
from dreamface import editing, pipeline
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.images import decode_mask, encode_mask, png_bytes
from dreamface.pipeline import making, painting
from dreamface.prior import complete
from dreamface.record import MOST_EDITS, EditEntry, FaceRecord, Place
from dreamface.skin import EFFECTS
from dreamface.traits import Traits

SPOT = torch.zeros(64, 64)
SPOT[20:30, 20:30] = 1.0
PNG = encode_mask(SPOT)


def picture(mode: str = "RGBA", colour: Any = (200, 0, 0, 255), kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image = Image.new(mode, (8, 6), colour)
    if mode == "RGBA":
        image.putpixel((0, 0), (0, 0, 0, 0))  # a sketch does not cover all of its tile
    image.save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="module")
def face() -> Face:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting.wrinkle_painter, "paint", lambda *_, **__: {})
        patch.setattr(making, "grow", lambda *_, **__: {})
        patch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
        record = FaceRecord("f", "a pale woman", 3, 512, "anny", complete(Traits({"skin.melanin": 0.1}), 3))
        return pipeline.edit(record, {})


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faces without maps and preview, which take most of the time."""
    monkeypatch.setattr(painting.painter, "paint", lambda *_, **__: {})
    monkeypatch.setattr(painting.wrinkle_painter, "paint", lambda *_, **__: {})
    monkeypatch.setattr(making, "make_rig", lambda *_: None)
    monkeypatch.setattr(making, "grow", lambda *_, **__: {})
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))


# -------------------------------------------------------------------------------------------------------------- words


def test_words_say_what_and_where() -> None:
    found = editing.read_words("a bruise and freckles on the left cheek, and a zorgon", place=False)
    assert [one.effect for one in found.effects] == ["bruise"]
    assert found.parameters == {"effects": [{"name": "bruise", "amount": 0.5}]}
    assert (found.regions, list(found.traits)) == (("left_cheek",), ["freckles.density"])
    assert found.not_understood == ("zorgon",)
    assert found.to_json()["effects"] == found.parameters["effects"]
    assert found.to_json()["traits"]["freckles.density"]["because"] == "freckles"


def test_on_a_place_only_the_skin_can_be_otherwise() -> None:
    whole = editing.read_words("thin lips and freckles", place=False)
    assert any(name.startswith("lips.") for name in whole.traits) and not whole.not_understood
    there = editing.read_words("thin lips and freckles", place=True)
    assert list(there.traits) == ["freckles.density"] and there.not_understood == ("thin",)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(" ", "Say what should be there"), ("?!", "Say what should be there"), ("a" * 501, "at most 500")],
)
def test_words_that_are_none_are_a_sentence(words: str, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        editing.read_words(words, place=True)


def test_words_without_a_meaning_are_a_sentence() -> None:
    with pytest.raises(BadRequest, match="Nothing was understood in 'a zorgon'"):
        editing.words_edit("a zorgon")
    with pytest.raises(BadRequest, match="Nothing of the skin there was understood"):
        editing.words_edit("a zorgon", Place(("nose",)))
    with pytest.raises(BadRequest, match="between 0 and 2"):
        editing.words_edit("a bruise", Place(("nose",)), strength=2.5)


def test_a_marked_place_wins_over_one_in_words() -> None:
    nose, cheek = (editing.words_edit("a scar on the left cheek", Place((name,))) for name in ("nose", "left_cheek"))
    assert nose.entry.place == Place(("nose",)) and nose.not_understood == ("on the left cheek",)
    assert cheek.entry.place == Place(("left_cheek",)) and cheek.not_understood == ()


def test_every_part_of_what_words_say_is_plain_data() -> None:
    said = editing.read_words("freckles everywhere but the nose, a scar on the left cheek", place=False).to_json()
    first, second = said["parts"]
    assert {name: said[name] for name in first if name != "words"} == {k: v for k, v in first.items() if k != "words"}
    assert (first["region"], first["regions"], first["inverted"]) == (None, ["nose"], True)
    assert (second["words"], second["region"], second["effects"][0]["name"]) == (
        "a scar on the left cheek", "left_cheek", "scar",
    )  # fmt: skip


def test_regions_are_found_by_any_writing_and_the_nearest_is_offered() -> None:
    assert editing.check_region(" Left cheek ") == editing.check_region("left-cheek") == "left_cheek"
    with pytest.raises(BadRequest, match="did you mean left_cheek"):
        editing.check_region("left_chek")
    with pytest.raises(BadRequest, match="`dreamface edits` lists them"):
        editing.check_region("xyzzy")


def test_every_word_of_the_vocabulary_works() -> None:
    known = editing.vocabulary()
    assert known["families"] and known["regions"]
    for family in known["families"]:
        assert family["words"], family["name"]
        assert all(one["description"] and one["words"] for one in family["words"])
    effects = [one for family in known["families"] for one in family["words"] if one["name"] in EFFECTS]
    assert effects
    for effect in effects:
        for word in effect["words"]:
            assert editing.read_words(word, place=True).effects[0].effect == effect["name"], word
    for region in known["regions"]:
        for word in region["words"][:1]:
            assert region["name"] in editing.read_words(f"a bruise on the {word}", place=False).regions, word


# ----------------------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    ("data", "kind", "sentence"),
    [
        (b"", "mask", "file is empty"),
        (b"GIF89a", "mask", "damaged|no picture|can't be read"),
        (encode_mask(torch.zeros(4, 4)), "mask", "Nothing is marked"),
        (picture()[:-30], "sketch", "damaged"),
        (picture(colour=(1, 2, 3, 0)), "sketch", "Nothing of the picture shows"),
        (picture("L", 5)[:40] + b"\0" * 40, "picture", "damaged"),
    ],
    ids=["empty", "no picture", "black", "cut short", "transparent", "damaged"],
)
def test_a_picture_that_can_not_be_used_is_a_sentence(data: bytes, kind: editing.PictureKind, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        editing.normalise(data, kind)


def test_pictures_become_png_with_colours_and_masks_grey() -> None:
    for data in (picture(), picture("RGB", (1, 2, 3)), picture("L", 9)):
        with Image.open(io.BytesIO(editing.normalise(data, "picture"))) as image:
            assert image.mode == "RGBA" and image.size == (8, 6)
    for data in (picture(kind="GIF"), picture("I;16", 5)):
        assert editing.size_of(editing.normalise(data, "picture")) == (8, 6)
    assert torch.equal(decode_mask(editing.normalise(PNG, "mask")), SPOT)


def test_sentences_name_the_file_and_the_tile(face: Face, tmp_path: Path) -> None:
    topology = face.head.topology
    with pytest.raises(BadRequest, match=r"gone\.png can't be read"):
        editing.mark(topology, mask=tmp_path / "gone.png")
    (tmp_path / "black.png").write_bytes(encode_mask(torch.zeros(4, 4)))
    with pytest.raises(BadRequest, match=r"black\.png: Nothing is marked"):
        editing.mark(topology, mask=tmp_path / "black.png")
    with pytest.raises(BadRequest, match="tile 'eyes', but this head has skin in skin"):
        editing.mark(topology, mask={"eyes": PNG})
    with pytest.raises(BadRequest, match=r"\[H, W\]"):
        editing.mark(topology, mask=torch.zeros(4, 4, 3))
    with pytest.raises(BadRequest, match="Nothing is marked"):
        editing.mark(topology, feather=3.0)
    with pytest.raises(BadRequest, match="between 0 and 40 mm"):
        editing.mark(topology, regions=["nose"], feather=-1.0)
    assert editing.mark(topology) == (None, {})


def test_sketches_and_pictures_are_kept_with_what_they_become(face: Face) -> None:
    topology, head = face.head.topology, face.head
    sketch = editing.sketch_edit(topology, picture(), "tattoo").entry
    assert (sketch.kind, sketch.parameters, list(sketch.pictures)) == ("sketch", {"as": "ink"}, ["skin"])
    decal = editing.picture_edit(head, picture(), "left cheek", 40, angle=15).entry.parameters
    assert (decal["as"], decal["tile"], decal["size_mm"]) == ("ink", "skin", 40.0)
    assert decal["angle"] == pytest.approx(math.radians(15))
    at = editing.picture_edit(head, picture(), ("skin", 0.5, 0.25), 40).entry.parameters
    assert (at["tile"], at["u"], at["v"]) == ("skin", 0.5, 0.25)
    for wrong, sentence in (
        (lambda: editing.sketch_edit(topology, picture(), "soup"), "made as ink"),
        (lambda: editing.picture_edit(head, picture(), "nose", 0.0), "at most 200 mm"),
        (lambda: editing.picture_edit(head, picture(), "nose", 4.0, angle=900.0), "degrees"),
        (lambda: editing.picture_edit(head, picture(), ("skin", 2.0, 0.0), 4.0), "between 0 and 1"),
        (lambda: editing.picture_edit(head, picture(), ("moon", 0.5, 0.0), 4.0), "tile 'moon'"),
    ):
        with pytest.raises(BadRequest, match=sentence):
            wrong()


def test_another_face_can_be_mixed_in() -> None:
    other = FaceRecord("o", "an old man", 9, 512, "anny", complete(Traits({"age": 80.0}), 9), candidate=4)
    entry = editing.mix_edit(other, ("shape",), degree=0.25).entry
    assert (entry.kind, entry.strength, entry.traits) == ("mix", 0.25, other.traits)
    assert entry.parameters == {"take": ["shape"], "seed": 9, "candidate": 4}
    stranger = editing.mix_edit(5, ("skin", "shape")).entry
    assert stranger.parameters == {"take": ["skin", "shape"], "seed": 5, "candidate": pipeline.AROUND}
    assert stranger.traits == complete(Traits(), 5)
    for more, sentence in ((("hair",), "skin or shape"), ((), "nothing")):
        with pytest.raises(BadRequest, match=sentence):
            editing.mix_edit(5, more)
    with pytest.raises(BadRequest, match="degree"):
        editing.mix_edit(5, degree=1.5)


# ---------------------------------------------------------------------------------------------------------- the stack


def test_edits_are_laid_on_top_and_saved_with_the_face(face: Face, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(painting.wrinkle_painter, "paint", lambda *_, **__: {})
        patch.setattr(making, "grow", lambda *_, **__: {})
        patch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
        made = dreamface.add_edit(face, "a bruise", mask=SPOT, feather=2.0, mirror=True, strength=0.8, label="Fight")
    entry = made.record.edits[0]
    assert (entry.id, entry.kind, entry.label, entry.strength) == ("words-1", "words", "Fight", 0.8)
    assert entry.place is not None and (entry.place.feather, entry.place.mirror) == (2.0, True)
    assert torch.equal(decode_mask(made.pictures[entry.digests[0]]), SPOT)
    assert not torch.equal(made.maps["skin"]["albedo"], face.maps["skin"]["albedo"])
    assert torch.equal(made.maps["skin"]["displacement"], face.maps["skin"]["displacement"])
    dreamface.save(made, tmp_path / "face")
    again = dreamface.load(tmp_path / "face")
    assert again.record == made.record and again.pictures == made.pictures


@pytest.mark.usefixtures("quick")
def test_words_may_say_the_place_themselves(face: Face) -> None:
    there = dreamface.add_edit(face, "a bruise on the left cheek").record.edits[0]
    assert there.place == Place(("left_cheek",))
    both = dreamface.add_edit(face, "mud on the chin and a bruise on the nose").record.edits
    assert [(one.id, one.place) for one in both] == [("words-1", Place(("chin",))), ("words-2", Place(("nose",)))]
    whole = dreamface.add_edit(face, "older").record
    assert whole.edits[0].place is None and pipeline.shown_traits(whole).number("age") > whole.traits.number("age")


@pytest.mark.usefixtures("quick")
def test_a_stack_is_removed_from_and_reordered_by_passing_another(face: Face) -> None:
    made = dreamface.add_edit(dreamface.add_edit(face, "a bruise", region="nose"), "freckles", region="forehead")
    first, second = made.record.edits
    assert (first.id, second.id) == ("words-1", "words-2")
    other = dreamface.edit(made, {}, edits=[replace(second, strength=0.5)])
    assert [(one.id, one.strength) for one in other.record.edits] == [("words-2", 0.5)]
    assert dreamface.add_edit(other, "a bruise", region="nose").record.edits[-1].id == "words-1"
    assert other.record.history[-1]["edits"] == ["freckles"]


def test_an_edit_is_one_thing_at_one_place(face: Face) -> None:
    for more, sentence in (
        ({}, "words, a sketch or a picture"),
        ({"words": "a bruise", "sketch": picture()}, "give one of them"),
        ({"picture": picture()}, "where the picture lies"),
        ({"words": "a bruise", "place": Place(("nose",)), "region": "nose"}, "leave one away"),
    ):
        with pytest.raises(BadRequest, match=sentence):
            dreamface.add_edit(face, **more)
    full = [EditEntry(str(number), "words") for number in range(MOST_EDITS)]
    with pytest.raises(BadRequest, match="at most 200 edits"):
        editing.added(full, EditEntry("", "words"))


def test_edits_are_copied_to_a_head_of_the_same_model() -> None:
    record = FaceRecord("f", "a woman", 3, 512, "anny", Traits())
    painted = EditEntry("a", "words", "a bruise", place=Place(mask={"skin": "0" * 64}))
    edits, pictures = editing.carry([painted], {"0" * 64: PNG, "1" * 64: PNG}, record, replace(record, seed=4))
    assert edits == (painted,) and pictures == {"0" * 64: PNG}
    with pytest.raises(BadRequest, match="picture of the edit 'a bruise' is missing"):
        editing.carry([painted], {}, record, record)
    with pytest.raises(BadRequest, match="'ict' is not installed here"):
        editing.carry([painted], {"0" * 64: PNG}, record, replace(record, head="ict"))
    named = replace(painted, place=Place(("nose",)))
    assert added_twice(named) == ["a", "words-1"]


def added_twice(entry: EditEntry) -> list[str]:
    return [one.id for one in editing.added([entry], entry)]


def test_drawn_pixels_stay_as_they_were(face: Face) -> None:
    pixels = np.random.default_rng(1).integers(1, 255, (5, 7, 4), dtype=np.uint8)
    pixels[0, 0] = 0  # it does not cover all of the tile
    new = editing.sketch_edit(face.head.topology, {"skin": png_bytes(pixels)})
    with Image.open(io.BytesIO(next(iter(new.pictures.values())))) as image:
        assert np.array_equal(np.array(image), pixels)


@pytest.mark.parametrize("words", ["and", "plus", "with", "and and"])
def test_words_that_only_join_ask_for_nothing(words: str) -> None:
    reading = editing.read_words(words, place=False)
    assert not reading.traits and not reading.effects and not reading.contradiction
