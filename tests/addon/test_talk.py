"""Talk with a head in the scene: what is sent, what lands in its stack, and what stays of the conversation."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from dreamface.editing import Others, talk
from dreamface.record import FaceRecord, write_edits, write_talk
from dreamface.service.schemas import Talk


class Engine:
    """A client whose answers come from the backend's own code, when they are asked for."""

    def __init__(self):
        self.asked = []
        self.meanwhile = lambda: None
        self.fail_at = set()

    def send(self, method, path, body=None):
        assert (method, path) == ("POST", "/talk")
        self.asked.append(body)
        if len(self.asked) in self.fail_at:
            return SimpleNamespace(done=True, error="That can't be.", status=400, lost=False)
        assert body.keys() <= Talk.model_fields.keys()
        others = Others.of({one["name"]: FaceRecord.from_json(one["record"]) for one in body["others"]})
        reply = talk(FaceRecord.from_json(body["face"]), body["said"], others=others)
        said = {
            "answer": reply.answer, "changed": reply.changed, "understood": reply.understood, "changes": [],
            "edits": write_edits(reply.record.edits), "talk": write_talk(reply.record.talk),
        }  # fmt: skip
        self.meanwhile()
        return SimpleNamespace(done=True, error=None, status=200, lost=False, json=lambda: json.loads(json.dumps(said)))


@pytest.fixture
def skin(imported, bpy):
    from dreamface_addon import edit_sliders

    edit_sliders.register(lambda skin, whole_face: None)
    bpy.context.view_layer.objects.active = imported.skin
    yield imported.skin
    edit_sliders.unregister()


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def steps(monkeypatch):
    """The steps of undo that were pushed."""
    from dreamface_addon import interface

    pushed = []
    monkeypatch.setattr(interface, "push_undo", pushed.append)
    monkeypatch.setattr(interface, "hindrance", lambda: None)
    return pushed


@pytest.fixture
def editing(skin, engine, steps):
    from dreamface_addon.editing import Editing
    from dreamface_addon.link import BackendState

    backend = SimpleNamespace(client=engine)
    session = SimpleNamespace(state=BackendState.READY, backend=backend, problem="", shares_disk=True)
    setup = SimpleNamespace(start_if_needed=lambda: None, why_no_backend=lambda: "")
    return Editing(session, setup, lambda skin: None, lambda skin: None, lambda: None)


def say(editing, skin, *lines):
    for line in lines:
        editing.talk(skin, line)
        for _ in range(6):
            editing.tick()
        assert editing.problem == ""


def stack(skin):
    from dreamface_addon import scene

    return [(entry["label"], entry["strength"]) for entry in scene.stack_of(skin)]


def answers(skin):
    from dreamface_addon import scene

    return [turn["answer"] for turn in scene.talk_of(skin)]


def test_an_order_is_an_edit_of_the_whole_face_and_one_step_of_undo(editing, skin, steps):
    from dreamface_addon import scene

    say(editing, skin, "a bit older")
    assert stack(skin) == [("a bit older", 0.5)] and scene.stack_of(skin)[0]["place"] is None
    assert steps == ["DreamFace: Say a bit older"] and "age 41 years → " in answers(skin)[0]
    say(editing, skin, "more", "undo that", "redo")
    assert stack(skin) == [("a bit older", pytest.approx(0.75))] and len(steps) == 4


def test_a_question_is_answered_and_is_no_step(editing, skin, steps):
    say(editing, skin, "what did you change?", "older", "what did you change?")
    assert len(steps) == 1 and len(answers(skin)) == 3
    assert "Nothing yet" in answers(skin)[0] and "“older”" in answers(skin)[2]


def test_other_heads_of_the_scene_are_sent_by_name(editing, skin, engine, hairy_folder):
    from dreamface_addon import scene

    other = scene.import_face(hairy_folder).skin
    other[scene.FACE_ID] = "somebody-else"
    other[scene.TRAITS_PROPERTY] = json.dumps(
        scene.record(other)["traits"] | {"nose.width": {"value": 2.5, "confidence": 1.0, "because": ""}}
    )
    say(editing, skin, "take the nose of the other one")
    assert [one["name"] for one in engine.asked[0]["others"]] == [scene.name_of(other)]
    assert scene.stack_of(skin)[-1]["traits"]["nose.width"]["value"] == 2.5


def test_a_slider_that_moves_meanwhile_is_not_lost(editing, skin, engine):
    from dreamface_addon import edit_sliders, scene

    say(editing, skin, "older")
    once = iter([True])

    def move():
        if next(once, False):
            (entry,) = scene.stack_of(skin)
            edit_sliders.set_stack(skin, [entry | {"strength": 0.25}])

    engine.meanwhile = move
    say(editing, skin, "wider nose")
    assert stack(skin) == [("older", 0.25), ("wider nose", 1.0)] and len(engine.asked) == 3


def send_quickly(editing, skin, *lines):
    for line in lines:
        editing.talk(skin, line)
    for _ in range(8 * len(lines)):
        editing.tick()


def said(skin):
    from dreamface_addon import scene

    return [turn["said"] for turn in scene.talk_of(skin)]


def test_lines_that_are_sent_quickly_are_heard_one_after_the_other(editing, skin, engine, steps):
    send_quickly(editing, skin, "don't touch the nose", "what did you change?", "older", "more", "undo that")
    assert said(skin) == ["don't touch the nose", "what did you change?", "older", "more", "undo that"]
    assert stack(skin) == [("older", 1.0)] and len(steps) == 3 and editing.problem == ""
    assert len(engine.asked) == 5, "none is asked twice"


def test_a_conversation_that_changes_meanwhile_is_not_overwritten(editing, skin, engine):
    from dreamface_addon import scene

    say(editing, skin, "older")
    once = iter([True])

    def undo_in_blender():
        if next(once, False):
            edit_talk = [*scene.talk_of(skin), {"said": "", "answer": "mine", "did": "hold", "parts": ["nose"]}]
            scene.set_talk(skin, edit_talk)

    engine.meanwhile = undo_in_blender
    say(editing, skin, "what did you change?")
    assert [turn["did"] for turn in scene.talk_of(skin)] == ["change", "hold", "question"]


def test_a_line_that_fails_does_not_stop_the_next_one(editing, skin, engine):
    engine.fail_at = {1}
    send_quickly(editing, skin, "older", "wider nose")
    assert said(skin) == ["wider nose"] and [label for label, _ in stack(skin)] == ["wider nose"]
    assert editing.problem == "That can't be.", "it is still to be read why the first came to nothing"


def test_lines_for_a_file_that_was_closed_are_forgotten(editing, skin, engine):
    editing.talk(skin, "older")
    editing.talk(skin, "wider nose")
    editing.file_opened()
    say(editing, skin, "fuller lips")
    assert said(skin) == ["fuller lips"]


def test_lines_for_a_head_that_is_gone_are_said_to_be(editing, skin, engine):
    from dreamface_addon import scene

    editing.talk(skin, "older")
    editing.talk(skin, "wider nose")
    skin[scene.FACE_ID] = "somebody-else"
    for _ in range(12):
        editing.tick()
    assert "head that this was for is gone" in editing.problem and stack(skin) == []


def test_the_conversation_is_in_the_record_and_comes_back_from_a_folder(editing, skin, face, tmp_path):
    from dataclasses import replace

    from dreamface import folder
    from dreamface_addon import scene

    say(editing, skin, "a bit older", "don't touch the nose")
    sent = FaceRecord.from_json(scene.record(skin))
    assert [turn.did for turn in sent.talk] == ["change", "hold"] and sent.talk[1].parts == ("nose",)
    place = folder.save(replace(face, record=replace(sent, resolution=face.resolution)), tmp_path / "talked")
    fresh = scene.import_face(place).skin
    assert FaceRecord.from_json(scene.record(fresh)).talk == sent.talk
    say(editing, skin, "why is she old?")
    scene.update_face(skin, place, scene.stack_of(skin))
    assert len(scene.talk_of(skin)) == 3, "what was said while the folder was made stays"


def test_why_nothing_can_be_said(editing, skin):
    empty = "Type what should be different, or a question"
    assert editing.why_not_say(skin, "  ", empty) == empty and editing.why_not_say(skin, "older", empty) == ""


def test_a_garbled_answer_changes_nothing(editing, skin):
    assert "cannot be understood" in editing._follow(skin, {"edits": 5, "talk": [], "changed": True})
    assert stack(skin) == []


def test_damaged_talk_is_as_none(skin):
    from dreamface_addon import scene

    for text in ("no json", "5", "[5]"):
        skin["dreamface_talk"] = text
        assert scene.talk_of(skin) == []
