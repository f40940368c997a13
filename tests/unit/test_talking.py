"""A conversation with a face: what becomes of its stack of edits, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dreamface import editing
from dreamface.editing import Others, talk
from dreamface.errors import BadRequest
from dreamface.language import Change, Context, Question
from dreamface.pipeline import Seen, shown_traits
from dreamface.prior import complete
from dreamface.record import MOST_TURNS, Correction, EditEntry, FaceRecord, Place, Turn, read_talk, write_talk
from dreamface.traits import Traits, TraitValue

ASKED = Traits(
    {
        "age": TraitValue(34.0, 1.0, "of 34"), "gender": TraitValue(-1.0, 1.0, "woman"),
        "skin.melanin": TraitValue(0.14, 0.9, "pale"), "freckles.density": TraitValue(0.6, 1.0, "freckles"),
        "iris.colour": TraitValue((0.114, 0.205, 0.072), 1.0, "green eyes"),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def ada() -> FaceRecord:
    return FaceRecord("ada", "a pale woman of 34", 5, 512, "anny", complete(ASKED, 5), ("portrait",), candidate=0)


@pytest.fixture(scope="module")
def bob() -> FaceRecord:
    told = Traits({"gender": 1.0, "hair.style": "buzz", "hair.melanin": 1.0, "nose.width": 1.5, "beard.style": "full"})
    return FaceRecord("bob", "a man", 6, 512, "anny", complete(told, 6), candidate=0)


def said(record: FaceRecord, *lines: str, **more: Any) -> editing.Reply:
    """Say lines one after the other; return the reply to the last."""
    for line in lines:
        reply = talk(record, line, **more)
        record = reply.record
    return reply


def number(record: FaceRecord, trait: str) -> float:
    return shown_traits(record).number(trait)


# -------------------------------------------------------------------------------------------------------------- orders


def test_an_order_is_an_edit_of_the_whole_face_and_says_before_and_after(ada: FaceRecord) -> None:
    reply = said(ada, "a bit older")
    (edit,) = reply.record.edits
    assert (edit.kind, edit.place, edit.label, edit.strength) == ("words", None, "a bit older", 0.5)
    assert reply.changed and "age 34 years → 42 years" in reply.answer
    assert reply.shifts[0] == ("age", 34.0, pytest.approx(42.04))
    assert number(reply.record, "age") == pytest.approx(42.04) and reply.record.traits == ada.traits


def test_what_is_kept_stays_even_where_it_would_go_along(ada: FaceRecord) -> None:
    free = said(ada, "make her 80")
    kept = said(ada, "make her 80, keep the wrinkles and the hair")
    names = ("wrinkles.forehead", "wrinkles.eyes", "hair.grey", "hair.hairline")
    assert any(number(free.record, name) != number(ada, name) for name in names)
    assert all(number(kept.record, name) == number(ada, name) for name in names)
    assert "Kept hair and wrinkles" in kept.answer and number(kept.record, "age") == 80.0


def test_a_part_that_is_held_stays_until_it_is_released(ada: FaceRecord) -> None:
    held = said(ada, "don't touch the nose", "make the nose wider")
    assert not held.changed and "you may change the nose again" in held.answer
    assert said(held.record, "you may change the nose again", "make the nose wider").changed


def test_marks_at_a_place_are_laid_there(ada: FaceRecord) -> None:
    reply = said(ada, "a scar on the left cheek")
    assert [edit.place.regions for edit in reply.record.edits if edit.place] == [("left_cheek",)]
    assert "which" not in said(ada, "a scar").answer and "where the scar should be" in said(ada, "a scar").answer


def test_words_that_mean_nothing_are_said_beside_what_was_done(ada: FaceRecord) -> None:
    reply = said(ada, "older and zorgon")
    assert reply.changed
    assert "zorgon" in said(ada, "blue zorgon eyes").answer


def test_an_order_that_reaches_the_end_says_so(ada: FaceRecord) -> None:
    reply = said(ada, "much wider nose", *["more"] * 6)
    assert not reply.changed and "as far as it goes" in reply.answer
    assert number(reply.record, "nose.width") == 3.0


# ------------------------------------------------------------------------------------------------------------- history


def test_undo_and_redo_step_through_what_was_said(ada: FaceRecord) -> None:
    changed = said(ada, "a bit older", "wider nose", "fuller lips")
    back = said(changed.record, "undo the last two")
    assert [edit.label for edit in back.record.edits] == ["a bit older"] and "fuller lips" in back.answer
    assert said(back.record, "redo").record.edits == changed.record.edits
    assert said(back.record, "undo that").record.edits == ()
    assert said(back.record, "blue eyes", "redo").changed is False


def test_start_over_takes_everything_back_and_redo_brings_it_again(ada: FaceRecord) -> None:
    changed = said(ada, "a bit older", "a scar on the left cheek", "more")
    start = said(changed.record, "start over")
    assert start.record.edits == () and shown_traits(start.record) == ada.traits
    assert said(start.record, "redo").record.edits == changed.record.edits


def test_undo_leaves_what_an_artist_did_meanwhile(ada: FaceRecord) -> None:
    changed = said(ada, "a bit older", "wider nose").record
    own = EditEntry("mine", "words", "my own", traits=Traits({"chin.height": 1.0}))
    by_hand = replace(changed, edits=(*changed.edits, own))
    assert [edit.label for edit in said(by_hand, "undo that").record.edits] == ["a bit older", "my own"]
    without = replace(changed, edits=changed.edits[1:])  # "a bit older" was deleted in the stack
    assert [edit.label for edit in said(without, "undo the last two").record.edits] == []


def test_more_and_less_move_the_last_change(ada: FaceRecord) -> None:
    base = number(ada, "nose.width")
    widths = [base] + [
        number(said(ada, "wider nose", *then).record, "nose.width") for then in ((), ("more",), ("more", "more"))
    ]
    assert widths == sorted(widths) and len(set(widths)) == 4
    half = number(said(ada, "wider nose", "half of that").record, "nose.width")
    assert half - base == pytest.approx(0.5 * (widths[1] - base))
    assert len(said(ada, "wider nose", "more", "less").record.edits) == 1
    assert "say first what should be different" in said(ada, "more").answer


def test_more_acts_on_what_still_holds_after_an_undo(ada: FaceRecord) -> None:
    reply = said(ada, "wider nose", "fuller lips", "undo that", "more")
    assert {name for name, _, _ in reply.shifts} == {"nose.width"} or reply.shifts[0][0].startswith("nose.")


def test_one_part_goes_back_to_what_it_was_and_the_rest_stays(ada: FaceRecord) -> None:
    reply = said(ada, "wider nose", "a scar on the nose", "fuller lips", "older", "the nose was better before")
    assert number(reply.record, "nose.width") == number(said(ada, "wider nose").record, "nose.width")
    assert not any(edit.place for edit in reply.record.edits), (
        "the scar on the nose is the last thing that changed there"
    )
    again = said(reply.record, "put the nose back the way it was", "back to the original nose")
    assert number(again.record, "nose.width") == number(ada, "nose.width")
    assert number(again.record, "lips.upper") == number(reply.record, "lips.upper") > number(ada, "lips.upper")
    assert "has not changed" in said(ada, "older", "the chin was better before").answer


def test_parts_come_from_another_face(ada: FaceRecord, bob: FaceRecord) -> None:
    others = Others.of({"Bob": bob})
    for line in ("take the hair of Bob", "take the hair of the other one", "give her Bob's hair"):
        record = said(ada, line, others=others).record
        assert shown_traits(record).choice("hair.style") == "buzz" and number(record, "nose.width") == number(
            ada, "nose.width"
        )
    assert "no face called “Eve”" in said(ada, "take the nose of Eve", others=others).answer
    assert "no other face" in said(ada, "take the nose of the other one").answer
    assert "taken over whole" in said(ada, "take the nose of Bob", "more", others=others).answer
    two = Others.of({"Bob": bob, "Eve": bob})
    assert "Say which other face: Bob and Eve" in said(ada, "take the nose of the other one", others=two).answer


def places(record: FaceRecord) -> list[tuple[str, ...]]:
    return [edit.place.regions for edit in record.edits if edit.place]


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("another one on the chin", "chin"),
        ("and one on the chin", "chin"),
        ("the same on the chin", "chin"),
        ("on the chin too", "chin"),
        ("a longer one on the nose", "nose"),
    ],
)
def test_another_one_is_what_was_laid_on_a_place_last(ada: FaceRecord, line: str, where: str) -> None:
    first = said(ada, "a scar on the left cheek")
    reply = said(first.record, "older", line)
    assert places(reply.record)[-1] == (where,) and len(places(reply.record)) == 2
    scar, other = (edit for edit in reply.record.edits if edit.place)
    assert [one["name"] for one in other.parameters["effects"]] == [one["name"] for one in scar.parameters["effects"]]
    assert said(reply.record, "one more on the forehead").changed, "and so on"


def test_another_one_of_nothing_is_asked_for(ada: FaceRecord) -> None:
    reply = said(ada, "another one on the chin")
    assert not reply.changed and "say what should be there" in reply.answer
    both = said(ada, "a mole on the left cheek and another one on the chin")
    assert places(both.record) == [("left_cheek",), ("chin",)]


def test_only_one_part_changes_where_that_was_said(ada: FaceRecord) -> None:
    only = said(ada, "only change the nose")
    assert only.understood and "Only the nose will change" in only.answer
    assert not said(only.record, "fuller lips").changed and not said(only.record, "older").changed
    wider = said(only.record, "wider nose")
    assert wider.changed and {name.split(".")[0] for name, _, _ in wider.shifts} == {"nose"}
    lips = said(only.record, "only change the lips").record
    assert said(lips, "fuller lips").changed
    assert not said(lips, "wider nose").changed and not said(lips, "wider mouth").changed
    assert said(lips, "you may change everything again", "older").changed
    assert {name for name, _, _ in said(ada, "a wider nose and mouth, only change the nose").shifts} == {"nose.width"}


def test_versions_are_counted_from_the_face_as_it_was(ada: FaceRecord) -> None:
    talked = said(ada, "wider nose", "fuller lips", "older").record
    first, second = said(talked, "go back to the first version"), said(talked, "go back to version 2")
    assert first.record.edits == () and [edit.label for edit in second.record.edits] == ["wider nose"]
    assert "fuller lips" in second.answer and "older" in second.answer
    third = said(second.record, "go to the third version")
    assert [edit.label for edit in third.record.edits] == ["wider nose", "fuller lips"]
    assert said(third.record, "version 4").record.edits == talked.edits
    nowhere = said(talked, "go back to version 9")
    assert not nowhere.changed and "4 the newest" in nowhere.answer
    assert "already" in said(talked, "version 4").answer


def test_everything_comes_from_another_face(ada: FaceRecord, bob: FaceRecord) -> None:
    reply = said(ada, "take everything from Bob", others=Others.of({"Bob": bob}))
    now, his = shown_traits(reply.record), shown_traits(bob)
    for name in ("gender", "hair.style", "nose.width", "skin.melanin"):
        assert now.value(name) == his.value(name)
    assert "no face called" in said(ada, "take everything from Eve").answer


@pytest.mark.parametrize("line", ["a 500 year old", "-5 years old", "make her 500", "make him a thousand years old"])
def test_an_age_that_nobody_has_changes_nothing(ada: FaceRecord, line: str) -> None:
    reply = said(ada, line)
    assert not reply.changed and not reply.understood and "1 to 95 years old" in reply.answer
    assert said(ada, "make her 90 years old").changed


# ----------------------------------------------------------------------------------------------------------- questions


def look(record: FaceRecord) -> Mapping[str, Seen]:
    return {
        "age": Seen(41.0),
        "gender": Seen(-0.95),
        "skin.melanin": Seen(0.15, "L* 73"),
        "freckles.density": Seen(0.5, "3.6 on a square centimetre"),
    }


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "how old does she look?",
            "By shape and skin she looks about 41. Her age is set to 34, because the prompt says “of 34”.",
        ),
        ("is she a man?", "No, she is a woman, because the prompt says “woman”."),
        ("what colour are her eyes?", "Her eyes are green."),
        ("are her eyes blue?", "No: her eyes are green."),
        ("why is she pale?", "Her skin is pale (14 %), because the prompt says “pale”."),
        ("does she have freckles?", "Yes: freckles are 50 % (3.6 on a square centimetre)."),
        ("does she have a beard?", "No, she has no beard."),
        ("is she wearing lipstick?", "No, she has no lipstick."),
        ("what did you change?", "Nothing yet: she is as prompt and seed made her."),
        ("what was the prompt?", "The prompt was “a pale woman of 34”, the seed 5, on the anny head."),
    ],
)  # fmt: skip
def test_questions_are_answered_from_the_face(ada: FaceRecord, question: str, answer: str) -> None:
    reply = talk(ada, question, look=look)
    assert reply.answer == answer
    assert not reply.changed and reply.record.edits == () and reply.record.traits == ada.traits


def test_why_names_prompt_talk_edits_hand_and_seed(ada: FaceRecord) -> None:
    record = said(ada, "wider nose").record
    record = replace(
        record, edits=(*record.edits, EditEntry("e", "words", "chinny", traits=Traits({"chin.height": 1.5})))
    )
    record = replace(record, traits=record.traits.under({"jaw.width": TraitValue(1.2, 1.0, "set by hand")}))
    assert "because you said “wider nose”" in said(record, "why is the nose wide?").answer
    assert "because of the edit “chinny”" in said(record, "why is the chin so long?").answer
    assert "you set it by hand" in said(record, "why is the jaw wide?").answer
    assert "the seed (5) drew it" in said(record, "why is her hair that colour?").answer
    assert "That is not quite so" in said(record, "why is she tanned?").answer


def test_what_was_changed_and_what_is_unknown_are_told(ada: FaceRecord) -> None:
    changed = said(ada, "a bit older", "fuller lips", "undo that", "what did you change?")
    assert "1 change: “a bit older” (age 34 years → 42 years" in changed.answer and "lips" not in changed.answer
    unknown = said(ada, "what don't you know?").answer
    assert "“portrait”" in unknown and "the seed (5) drew" in unknown


def test_nobody_looks_at_the_face_for_orders_and_reasons(ada: FaceRecord) -> None:
    def refuse(record: FaceRecord) -> Mapping[str, Seen]:
        raise AssertionError("it is slow")

    said(ada, "older", "why is she pale?", "what did you change?", "undo that", "hello", look=refuse)


# -------------------------------------------------------------------------------------------------- what is kept of it


def test_a_conversation_is_plain_data_in_the_record(ada: FaceRecord) -> None:
    record = said(
        ada, "a bit older", "a scar on the nose", "don't touch the lips", "undo that", "how old is she?"
    ).record
    assert read_talk(write_talk(record.talk)) == record.talk
    assert FaceRecord.from_json(record.to_json()) == record
    assert [turn.did for turn in record.talk] == ["change", "change", "hold", "undo", "question"]
    assert "talk" not in ada.to_json(), "a face that nobody talked to is as it always was"
    long = replace(record, talk=(Turn("hi", "yes", "nothing"),) * (MOST_TURNS + 20))
    assert len(FaceRecord.from_json(long.to_json()).talk) == len(said(long, "older").record.talk) == MOST_TURNS


@pytest.mark.parametrize("data", [5, [{}], [{"said": "a", "answer": "b", "did": "dance"}], [{"said": "a"}]])
def test_a_damaged_conversation_is_a_sentence(data: Any) -> None:
    with pytest.raises(BadRequest, match="conversation can't be read"):
        read_talk(data)


def test_a_model_of_ones_own_may_understand(ada: FaceRecord) -> None:
    heard: list[str] = []

    def understand(text: str, context: Context) -> list[Any]:
        heard.append(text)
        return [Change("wider nose", 1.0), Question("help")]

    reply = talk(ada, "whatever", understand_with=understand)
    assert heard == ["whatever"] and reply.changed and "Say what should be different" in reply.answer


OWN = EditEntry("mine", "words", "a scar on the left cheek", place=Place(("left_cheek",)), traits=Traits({"age": 60.0}))


@pytest.mark.parametrize(
    "line",
    ["undo that", "undo 3", "never mind", "oops", "start over", "delete everything", "more", "half of that",
     "undo that and make her younger"],
)  # fmt: skip
def test_steps_leave_alone_what_talk_did_not_make(ada: FaceRecord, line: str) -> None:
    by_hand = replace(ada, edits=(OWN,))
    reply = said(by_hand, line)
    assert reply.record.edits[:1] == (OWN,) and not reply.understood
    assert "There is nothing" in reply.answer
    assert reply.record.edits[1:] == () or "younger" in line


def test_steps_beyond_what_talk_made_say_so_and_bring_nothing_back(ada: FaceRecord) -> None:
    by_hand = replace(ada, edits=(OWN,))
    for _ in range(2):
        reply = said(by_hand, "older", "undo that", "undo that")
        assert reply.record.edits == (OWN,) and "nothing to take back" in reply.answer
        by_hand = reply.record
    fresh = said(by_hand, "older", "start over").record
    added = replace(fresh, edits=(*fresh.edits, replace(OWN, id="second")))
    assert said(added, "start over", "start over").record.edits == added.edits


def test_redo_brings_an_edit_back_as_the_artist_had_left_it(ada: FaceRecord) -> None:
    older = said(ada, "older").record
    mine = replace(older.edits[0], strength=0.3, label="tired eyes")
    by_hand = replace(older, edits=(mine,))
    back = said(by_hand, "undo that").record
    assert back.edits == () and said(back, "redo").record.edits == (mine,)
    assert said(back, "redo", "undo that", "redo").record.edits == (mine,)
    marked = said(ada, "freckles on the nose").record
    place = marked.edits[0].place
    assert place is not None
    moved = replace(marked.edits[0], place=replace(place, feather=4.0, inverted=True))
    assert said(replace(marked, edits=(moved,)), "undo that", "redo").record.edits == (moved,)


def test_taking_back_more_keeps_what_was_changed_by_hand_since(ada: FaceRecord) -> None:
    record = said(ada, "older", "more").record
    mine = replace(record.edits[0], visible=False, strength=0.2)
    back = said(replace(record, edits=(mine,)), "undo that").record
    assert back.edits == (mine,) and said(back, "redo").record.edits == (mine,)
    renamed = replace(record, edits=(replace(record.edits[0], label="mine"),))
    back = said(renamed, "undo that").record
    assert [(edit.label, edit.strength) for edit in back.edits] == [("mine", 1.0)]
    assert said(back, "redo").record.edits == renamed.edits
    assert said(renamed, "start over", "redo").record.edits == renamed.edits


def test_redo_does_not_bring_back_what_the_artist_has_deleted(ada: FaceRecord) -> None:
    record = said(ada, "older", "wider nose").record
    without = replace(record, edits=record.edits[1:])
    assert [edit.label for edit in said(without, "start over", "redo").record.edits] == ["wider nose"]


def test_what_is_painted_for_an_edit_is_hidden_by_undo_in_place_of_lost(ada: FaceRecord) -> None:
    record = said(ada, "freckles on the nose").record
    painted = replace(record.edits[0], place=Place(mask={"skin": "a" * 64}))
    back = said(replace(record, edits=(painted,)), "undo that")
    assert back.record.edits == (replace(painted, visible=False),) and "stays" in back.answer
    assert said(back.record, "redo").record.edits == (painted,)


def test_what_is_held_and_what_changed_outlive_many_questions(ada: FaceRecord) -> None:
    held = said(ada, "keep the hair", "older").record
    long = replace(held, talk=(*held.talk, *(Turn("hi", "yes", "question"),) * (MOST_TURNS + 20)))
    reply = said(long, "how old is she?", "blue hair")
    assert not reply.changed and "I keep the hair" in reply.answer
    assert len(reply.record.talk) == MOST_TURNS
    assert said(reply.record, "undo that").record.edits == ()
    free = said(reply.record, "you may change the hair again", "blue hair")
    assert free.changed


def test_a_change_that_is_forgotten_is_said(ada: FaceRecord) -> None:
    record = said(ada, "wider nose").record
    edit = record.edits[0]
    full = replace(record, talk=(*record.talk, *(Turn("more", "yes", "change", (edit,), (edit,)),) * (MOST_TURNS - 1)))
    reply = said(full, "older")
    assert "“wider nose” can't be taken back by “undo” any more" in reply.answer
    assert reply.record.talk[-1].answer == reply.answer


def test_everything_in_a_line_has_to_be_followed(ada: FaceRecord, bob: FaceRecord) -> None:
    reply = said(ada, "bigger nose. take the hair of Zoe. blue eyes", others=Others.of({"Bob": bob}))
    assert reply.changed and not reply.understood and len(reply.record.edits) == 2
    assert "no face called “Zoe”" in reply.answer
    assert said(ada, "bigger nose. blue eyes").understood


def test_a_question_after_an_order_sees_the_changed_face(ada: FaceRecord) -> None:
    seen: list[float] = []

    def look_at(record: FaceRecord) -> Mapping[str, Seen]:
        seen.append(number(record, "age"))
        return {"age": Seen(number(record, "age"))}

    reply = said(ada, "make her 70. how old does she look?", look=look_at)
    assert seen == [70.0] and "looks about 70" in reply.answer


def test_talk_means_by_words_what_the_artist_has_said_they_mean(ada: FaceRecord) -> None:
    plain = said(ada, "a hooked nose").record.edits[-1].traits
    words = next(iter(plain.values())).because
    taught = replace(ada, corrections=(Correction(words, Traits({"nose.width": 2.0}), tuple(plain)),))
    found = said(taught, "a hooked nose").record.edits[-1].traits
    assert set(found) == {"nose.width"} and found.number("nose.width") == 2.0
    assert not said(taught, "a hooked nose, but keep the nose").changed


def test_another_persons_nose_is_taken_also_where_its_traits_are_the_same(ada: FaceRecord) -> None:
    eve = replace(ada, prompt="eve", seed=9)
    others = Others.of({"Eve": eve})
    reply = said(ada, "take the nose of Eve", others=others)
    (edit,) = reply.record.edits
    assert reply.changed and "The nose as Eve has it" in reply.answer.replace("eve", "Eve")
    assert edit.kind == "mix" and edit.place == Place(("nose",)) and edit.strength == 1.0
    assert edit.parameters == {"take": ["shape"], "seed": 9, "candidate": 0} and edit.traits == shown_traits(ada)
    assert "take the nose of Eve" in said(reply.record, "did you change the nose?").answer
    assert "Nothing about that" in said(reply.record, "did you change the ears?").answer
    assert said(reply.record, "undo that").record.edits == ()
    assert said(reply.record, "the nose was better before").record.edits == ()
    assert [edit.strength for edit in said(reply.record, "half of that").record.edits] == [0.5]


def test_a_share_of_another_person_moves_traits_and_shape_alike(ada: FaceRecord, bob: FaceRecord) -> None:
    reply = said(ada, "make her look a bit more like Bob", others=Others.of({"Bob": bob}))
    words, mix = reply.record.edits
    assert words.kind == "words" and mix.kind == "mix" and words.strength == mix.strength < 1.0
    assert mix.traits == shown_traits(replace(ada, edits=(words,))), "its traits are not taken twice"


def test_the_same_person_has_the_same_nose_and_another_model_none_to_give(ada: FaceRecord) -> None:
    same = said(ada, "take the nose of Twin", others=Others.of({"Twin": ada}))
    assert not same.changed and "The nose is the same there." in same.answer
    other = said(ada, "take the nose of Ict", others=Others.of({"Ict": replace(ada, head="ict", seed=9)}))
    assert not other.changed and "another model" in other.answer


def _with_scar(ada: FaceRecord, place: Place, *effects: str) -> FaceRecord:
    """Return the face with one more edit, which lies on a place."""
    named = [{"name": name, "amount": 0.5} for name in effects]
    entry = EditEntry("mine", "words", "the one of yesterday", place=place, parameters={"effects": named})
    return replace(ada, edits=(*ada.edits, entry))


def test_a_mark_that_moves_lies_nowhere_else(ada: FaceRecord) -> None:
    place = Place(("chin",), feather=2.0, mirror=True, inverted=True)
    moved = talk(_with_scar(ada, place, "scar"), "move the scar to the forehead").record.edits[-1]
    assert moved.place == Place(("forehead",), feather=2.0) and moved.label == "a scar on the forehead"


def test_a_mark_of_several_things_keeps_its_label(ada: FaceRecord) -> None:
    record = _with_scar(ada, Place(("chin",)), "scar", "bruise")
    moved = talk(record, "move the scar to the forehead").record.edits[-1]
    assert moved.place == Place(("forehead",)) and moved.label == "the one of yesterday"


def test_what_was_painted_is_not_moved(ada: FaceRecord) -> None:
    record = _with_scar(ada, Place(("chin",), mask={"1001": "0" * 64}), "scar")
    reply = talk(record, "move the scar to the forehead")
    assert not reply.changed and not reply.understood and "painted" in reply.answer
