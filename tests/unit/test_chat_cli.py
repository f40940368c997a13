"""`dreamface chat`, with a pipeline that repaints nothing."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import dreamface
from dreamface import editing, folder
from dreamface.cli import doctor, main
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.pipeline import Seen
from dreamface.progress import Progress
from dreamface.record import MOST_TURNS, EditEntry, FaceRecord, Turn
from dreamface.traits import Traits
from tests.support import synthetic_face


@dataclass
class FakePipeline:
    """Stands in for dreamface.pipeline; `on_edit` may raise or press Ctrl-C."""

    on_edit: Callable[[], None] = lambda: None
    made: list[tuple[str, ...]] = field(default_factory=list)
    looked: int = 0

    def edit(
        self, face: Face, traits: Mapping[str, Any], *, edits: Sequence[EditEntry], talk: Sequence[Turn],
        progress: Progress,
    ) -> Face:  # fmt: skip
        progress.report("skin", 0.5, "painting the skin")
        self.on_edit()
        progress.report("skin", 0.6, "painting on")
        self.made.append(tuple(edit.label for edit in edits))
        return replace(face, record=replace(face.record, edits=tuple(edits), talk=tuple(talk)))

    def look_at(self, face: Face) -> dict[str, Seen]:
        self.looked += 1
        return {"age": Seen(50.0 + len(face.record.edits))}

    @staticmethod
    def shown_traits(record: FaceRecord) -> Traits:
        return record.traits


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    monkeypatch.setitem(sys.modules, "dreamface.pipeline", fake)
    monkeypatch.setattr(dreamface, "pipeline", fake, raising=False)
    monkeypatch.setattr(doctor, "can_have_bpy", lambda: False)
    monkeypatch.chdir(tmp_path)
    folder.save(synthetic_face(resolution=16, side=2), "face")
    return fake


def type_lines(monkeypatch: pytest.MonkeyPatch, *lines: str, live: bool = False) -> None:
    """Let lines come from standard input, as from a terminal where `live`."""
    stream = io.StringIO("".join(f"{line}\n" for line in lines))
    monkeypatch.setattr(stream, "isatty", lambda: live, raising=False)
    monkeypatch.setattr(sys, "stdin", stream)


def record(place: str = "face") -> FaceRecord:
    return folder.read_document(place).record


def said(place: str = "face") -> list[str]:
    return [turn.said for turn in record(place).talk]


def test_lines_of_a_script_change_a_face_that_is_made_once(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", "face", "--say", "a bit older", "--say", "wider nose", "--no-glb"]) == 0
    out = capsys.readouterr().out
    assert "> a bit older\nChanged age 41 years → " in out and "nose width +1.2 sd → " in out.replace("+1.3", "+1.2")
    assert pipeline.made == [("a bit older", "wider nose")]
    assert said() == ["a bit older", "wider nose"] and len(record().edits) == 2


def test_another_folder_may_be_written_and_a_later_chat_goes_on(pipeline: FakePipeline) -> None:
    assert main(["chat", "face", "-o", "older", "--say", "a bit older", "--no-glb", "--no-blend"]) == 0
    assert said() == [] and said("older") == ["a bit older"]
    assert main(["chat", "older", "--say", "undo that", "--no-glb"]) == 0
    assert record("older").edits == () and said("older") == ["a bit older", "undo that"]


def test_lines_come_from_standard_input_until_exit(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    type_lines(monkeypatch, "how old does she look?", "", "older", "how old does she look?", "exit", "never read")
    assert main(["chat", "face", "--no-glb"]) == 0
    out = capsys.readouterr().out
    assert "looks about 50" in out and "looks about 51" in out, "what was changed is made before the face is looked at"
    assert "never read" not in out and pipeline.looked == 2


def test_a_bad_line_loses_nothing_and_fails_a_script(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", "face", "--say", "older", "--say", "fghj", "--say", "wider nose", "--no-glb"]) == 1
    assert "I did not understand that" in capsys.readouterr().out
    assert len(record().edits) == 2


def test_questions_alone_write_nothing(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("face/face.json").read_bytes()
    assert main(["chat", "face", "-o", "new", "--say", "what did you change?"]) == 0
    assert "Nothing was changed, so nothing was written." in capsys.readouterr().out
    assert Path("face/face.json").read_bytes() == before and not Path("new").exists() and pipeline.made == []


def test_what_was_asked_after_the_last_change_is_saved_with_it(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_lines(monkeypatch, "older", "how old does she look?", "what did you change?", "exit")
    assert main(["chat", "face", "--no-glb"]) == 0
    assert said() == ["older", "how old does she look?", "what did you change?"] and len(pipeline.made) == 1


def test_what_is_held_is_saved_by_a_face_that_has_heard_much_already(pipeline: FakePipeline) -> None:
    face = folder.load("face")
    heard = tuple(Turn(f"hi {number}", "yes", "nothing") for number in range(MOST_TURNS))
    folder.save(replace(face, record=replace(face.record, talk=heard)), "face")
    assert main(["chat", "face", "--say", "don't touch the nose", "--no-glb"]) == 0
    assert record().talk[-1].parts == ("nose",) and len(record().talk) == MOST_TURNS


def test_what_is_held_is_saved_though_nothing_changed(pipeline: FakePipeline) -> None:
    assert main(["chat", "face", "--say", "don't touch the nose", "--no-glb"]) == 0
    assert record().talk[-1].parts == ("nose",) and pipeline.made == []
    assert main(["chat", "face", "--say", "wider nose", "--no-glb"]) == 1
    assert record().edits == ()


def test_ctrl_c_while_a_change_is_made_leaves_the_face_and_the_talk_goes_on(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    presses = iter((True, False))

    def press() -> None:
        if next(presses):
            os.kill(os.getpid(), signal.SIGINT)

    pipeline.on_edit = press
    lines = iter(("older", "wider nose"))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines, "exit"))
    assert main(["chat", "face", "--no-glb"]) == 0
    assert "Stopped: the face is as it was before." in capsys.readouterr().out
    assert [edit.label for edit in record().edits] == ["wider nose"] and said() == ["wider nose"]


@pytest.mark.parametrize("end", [KeyboardInterrupt, EOFError])
def test_ctrl_c_and_ctrl_d_at_the_prompt_end_it(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, end: type[BaseException]
) -> None:
    lines = iter(("older", end()))

    def type_line(prompt: str) -> str:
        line = next(lines)
        if isinstance(line, BaseException):
            raise line
        return line

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", type_line)
    assert main(["chat", "face", "--no-glb"]) == 0
    assert [edit.label for edit in record().edits] == ["older"]


def test_what_fails_while_it_is_made_is_a_sentence(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise BadRequest("The head model is not installed here.")

    pipeline.on_edit = fail
    assert main(["chat", "face", "--say", "older", "--no-glb"]) == 1
    assert "The head model is not installed here." in capsys.readouterr().err
    assert record().edits == ()


def test_a_program_gets_every_turn(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "face", "--json", "--say", "older", "--say", "what did you change?", "--no-glb"]) == 0
    result = json.loads(capsys.readouterr().out)
    first, second = result["turns"]
    assert first["changed"] and first["changes"][0]["trait"] == "age" and first["changes"][0]["before"] == 41.0
    assert not second["changed"] and "“older”" in second["answer"] and result["folder"].endswith("face")


def test_faces_beside_it_can_be_named(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    other = synthetic_face("face-2", resolution=16, side=2)
    Path("faces").mkdir()
    told = other.record.traits.under({"hair.style": "afro"})
    folder.save(replace(other, record=replace(other.record, traits=told)), "faces/anna")
    assert main(["chat", "face", "--say", "take the hair of anna", "--no-glb"]) == 0
    assert record().edits[-1].traits.choice("hair.style") == "afro"
    assert main(["chat", "face", "--say", "take the nose of bob", "--no-glb"]) == 1
    assert "There is no face called “bob” here." in capsys.readouterr().out


def test_a_question_after_an_order_in_one_line_sees_what_the_order_made(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", "face", "--say", "blue eyes. how old does she look?", "--no-glb"]) == 0
    assert "looks about 51" in capsys.readouterr().out
    assert len(record().edits) == 1 and said() == ["blue eyes. how old does she look?", ""], "one line, two answers"


def test_where_the_face_cant_be_made_a_question_is_not_answered_from_the_old_one(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise BadRequest("The head model is not installed here.")

    pipeline.on_edit = fail
    assert main(["chat", "face", "--say", "blue eyes. how old does she look?", "--no-glb"]) == 1
    said_, shown = capsys.readouterr()
    assert "looks about" not in said_ and "not installed" in shown and record().edits == ()


def test_a_part_is_held_though_the_conversation_is_as_long_as_it_gets(pipeline: FakePipeline) -> None:
    face = folder.load("face")
    long = replace(face.record, talk=(Turn("hi", "yes", "question"),) * MOST_TURNS)
    folder.save(replace(face, record=long), "face")
    assert main(["chat", "face", "--say", "don't touch the nose", "--no-glb"]) == 0
    assert record().talk[-1].parts == ("nose",)


def paint_over(place: str = "face") -> tuple[Path, bytes]:
    """Paint over a map of a face as an artist would; return the file and what is in it then."""
    file = next(Path(place).glob("maps/*.png"), None) or next(Path(place).rglob("*albedo*"))
    file.write_bytes(file.read_bytes() + b"painted")
    return file, file.read_bytes()


def test_a_map_that_is_painted_while_one_talks_is_not_lost(
    pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    painted: list[tuple[Path, bytes]] = []
    lines = iter(("older", "wider nose", "don't touch the lips"))

    def type_line(prompt: str) -> str:
        line = next(lines, "exit")
        if line == "wider nose":
            painted.append(paint_over())
        return line

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", type_line)
    assert main(["chat", "face", "--no-glb"]) == 1
    file, content = painted[0]
    assert file.read_bytes() == content and said() == ["older"]
    assert "was changed since it was saved" in capsys.readouterr().err


def test_a_face_that_another_program_saved_while_one_talks_is_not_lost(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = EditEntry("mine", "words", "mine", traits=Traits({"age": 60.0}))

    def save_another() -> None:
        face = folder.load("face")
        folder.save(replace(face, record=replace(face.record, edits=(mine,))), "face")

    pipeline.on_edit = save_another
    assert main(["chat", "face", "--say", "older", "--no-glb"]) == 1
    assert record().edits == (mine,) and "was saved by another program" in capsys.readouterr().err


assert editing  # is loaded before the pipeline is replaced
