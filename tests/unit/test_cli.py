"""The command line, with a pipeline that makes a small made-up face in no time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch

import dreamface
from dreamface import folder
from dreamface import pipeline as real_pipeline
from dreamface.appearance import Seen
from dreamface.batch import Failure, Row, processes, read_table
from dreamface.cli import doctor, main
from dreamface.cli.words import colour_hex, in_words, settings
from dreamface.errors import BadRequest, DreamFaceError, MissingDependency, NothingRead
from dreamface.face import Face, Head
from dreamface.guidance import check_alignment
from dreamface.language import Cause, Note
from dreamface.limits import SEED_LIMIT, drawn_seed
from dreamface.progress import Progress
from dreamface.prompts import Option, PromptReading
from dreamface.record import Alignment, Correction
from dreamface.text import slug
from dreamface.traits import VOCABULARY, Traits, TraitValue, Value
from tests.support import synthetic_face

GERMAN = "ein Mann"
PROMPT = "An old fisherman, hooked nose"
ASKED = {"nose.hump": TraitValue(1.9, 0.9, "hooked nose"), "age": TraitValue(68.0, 0.5, "old")}
CAUSES = {
    "nose.hump": Cause("hooked nose", ((18, 29),), "hooked nose", 0.9, False),
    "age": Cause("old", ((3, 6),), "about 68 years", 0.5, True),
}
NOTES = (
    Note("unmade", "glasses", "glasses: DreamFace makes no glasses yet."),
    Note("profession", "nurse", "nurse: says nothing."),
)


@dataclass
class FakePipeline:
    """Stands in for dreamface.pipeline; `on_generate` and `on_export` may raise or press Ctrl-C."""

    check_request = staticmethod(real_pipeline.check_request)
    clean = staticmethod(real_pipeline.clean)
    fits_better = staticmethod(real_pipeline.fits_better)
    alignment_note = staticmethod(real_pipeline.alignment_note)
    detail_remarks = staticmethod(real_pipeline.detail_remarks)
    moved_by_detail = staticmethod(real_pipeline.moved_by_detail)
    on_generate: Callable[[str], None] = lambda prompt: None
    on_export: Callable[[Path], None] = lambda path: None
    calls: list[dict[str, Any]] = field(default_factory=list)
    no_clip: str = ""

    def check_can_align(self, align: float) -> None:
        check_alignment(align)
        if align and self.no_clip:
            raise MissingDependency(self.no_clip)

    def read(self, prompt: str) -> PromptReading:
        self.check_request(prompt, 0, 512, "auto")
        if prompt == GERMAN:
            return PromptReading(Traits(), ("ein", "Mann"), nothing_read="DreamFace reads English only.")
        return PromptReading(Traits(ASKED), ("quantum",), CAUSES, (), NOTES, PROMPT)

    def alternatives(self, reading: PromptReading) -> dict[str, tuple[Option, ...]]:
        return {"old": (Option("about 53 years", {"age": 53.0}),)}

    def generate(
        self,
        prompt: str,
        *,
        seed: int | None = None,
        resolution: int = 1024,
        head: str = "auto",
        traits: Mapping[str, Value] | None = None,
        anyway: bool = False,
        align: float = 0.0,
        detail: str = "quick",
        reading: PromptReading | None = None,
        progress: Progress,
    ) -> Face:
        assert detail == "quick"
        if prompt == GERMAN and not anyway:
            raise NothingRead("DreamFace reads English only.")
        self.calls.append({"prompt": prompt, "seed": seed, "resolution": resolution, "head": head, "traits": traits})
        progress.report("head", 0.2, "shaping the head")
        self.on_generate(prompt)
        progress.report("skin", 0.9, "painting the skin")
        face = synthetic_face(resolution=16, side=2)
        seed = 7 if seed is None else seed
        record = replace(
            face.record, prompt=prompt, seed=seed, resolution=resolution, traits=Traits(ASKED),
            not_understood=("quantum",),
        )  # fmt: skip
        if align:
            moved = {"skin.melanin": TraitValue(0.1, 0.3, real_pipeline.FITS_BETTER)}
            looked = Alignment(align, "CLIP", Traits({"skin.melanin": TraitValue(0.45, 0.0)}), 0.1, 0.2, 40)
            record = replace(record, traits=record.traits.under(moved), alignment=looked)
        return replace(face, record=record)

    def rebuild(
        self,
        document: folder.FaceDocument,
        *,
        offset: torch.Tensor | None,
        pictures: dict[str, bytes],
        progress: Progress,
    ) -> Face:
        made = self.generate(document.record.prompt, progress=progress)
        return replace(made, record=replace(made.record, seed=document.record.seed))

    def measure(self, head: Head) -> dict[str, float]:
        return {"nose.hump": 1.7}

    def look_at(self, face: Face, measured: Mapping[str, float]) -> dict[str, Seen]:
        shown = {name: Seen(value) for name, value in measured.items()}
        return {
            **shown,
            "age": Seen(61.0),
            "gender": Seen(0.9),
            "freckles.density": Seen(0.3, "4.0 on a square centimetre"),
        }

    def export(self, face: Face, path: Path, *, progress: Progress, face_folder: Path, **options: Any) -> Path:
        progress.report("export", 0.5, "writing")
        self.on_export(path)
        path.write_text("a mesh")
        return path


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    monkeypatch.setitem(sys.modules, "dreamface.pipeline", fake)
    monkeypatch.setattr(dreamface, "pipeline", fake, raising=False)
    monkeypatch.setattr(processes, "processors", lambda: 1)  # other processes know nothing of this pipeline
    monkeypatch.chdir(tmp_path)
    return fake


def test_what_looking_has_moved_is_said_apart(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["generate", PROMPT, "--seed", "3", "--no-glb", "--no-blend", "--align", "0.7"]
    assert main([*words, "-o", "one"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Looked Moved, because the picture fits the words better: pale skin (was " in said
    assert "pale skin" not in said[: said.index("Looked")], "nobody asked for it"
    assert main([*words, "-o", "two", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["alignment"]["strength"] == 0.7 and set(told["moved"]) == {"skin.melanin"}
    assert "skin.melanin" not in told["understood"]
    assert main(["show", "one"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "the picture fits the words better" in said and "Looked Moved, because" in said
    assert main([*words[:-1], "1.5", "-o", "three"]) == 1
    assert "The alignment must be between 0 and 1; got 1.5." in capsys.readouterr().err


def ctrl_c(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)


def fail_blend(path: Path) -> None:
    if path.suffix == ".blend":
        raise MissingDependency("Writing .blend files needs bpy: pip install 'dreamface[blender]'.")


def test_generate_makes_a_folder_with_everything_in_it(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", PROMPT]) == 0

    made = Path("faces/an-old-fisherman-hooked-nose-7")
    assert folder.load(made).prompt == PROMPT
    assert (made / "an-old-fisherman-hooked-nose.glb").exists()
    assert (made / "an-old-fisherman-hooked-nose.blend").exists()
    said = capsys.readouterr().out
    assert "hooked nose" in said and "68 years" in said and "quantum" in said
    assert str(made / "preview.png") in said
    assert list(Path("faces").iterdir()) == [made], "nothing temporary is left"


def test_a_prompt_needs_no_quotes(pipeline: FakePipeline) -> None:
    assert main(["generate", "an", "old", "man", "--seed", "3"]) == 0
    assert pipeline.calls[0]["prompt"] == "an old man"


def test_what_is_asked_for_reaches_the_pipeline(pipeline: FakePipeline) -> None:
    words = ["generate", PROMPT, "-o", "out", "--seed", "4294967295", "--resolution", "2048", "--head", "anny"]
    assert main([*words, "--set", "nose.width=-1.5", "--set", "hair.style=bob", "--no-blend", "--no-glb"]) == 0

    call = pipeline.calls[0]
    assert (call["seed"], call["resolution"], call["head"]) == (4294967295, 2048, "anny")
    assert call["traits"] == {"nose.width": -1.5, "hair.style": "bob"}
    assert {path.name for path in Path("out").iterdir()} == {"face.json", "geometry.npz", "maps", "preview.png"}


def test_a_named_expression_reaches_the_pipeline_and_set_wins(pipeline: FakePipeline) -> None:
    assert main(["generate", PROMPT, "--expression", "slight joy", "--set", "expression.mouthSmileLeft=0.9"]) == 0
    told = pipeline.calls[0]["traits"]
    assert told["expression.mouthSmileLeft"] == 0.9 and 0.0 < told["expression.mouthSmileRight"] < 0.5


def test_expressions_are_listed_by_name_and_strength(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["expressions", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {"slight", "clear", "strong"} == {row["strength"] for row in rows if row["name"] == "fear"}
    assert main(["expressions"]) == 0
    assert "joy strong" in capsys.readouterr().out


@pytest.mark.parametrize("seed", ["-1", "random", " Random "])
def test_minus_one_and_random_throw_the_dice(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], seed: str
) -> None:
    assert main(["generate", PROMPT, "--seed", seed, "-o", "out"]) == 0
    assert pipeline.calls[0]["seed"] is None
    assert capsys.readouterr().out.splitlines()[-1] == "Seed      7", "what was used is said"
    table = write_table(f"prompt,seed\na man,{seed}\n")
    for out in ("one", "two", "one"):
        assert main(["batch", table, "-o", out]) == 0
        shutil.rmtree(Path(out, "a-man"))
    drawn = [call["seed"] for call in pipeline.calls[1:]]
    assert drawn[0] == drawn[2] != drawn[1], "a batch keeps what it has drawn"


@pytest.mark.parametrize("seed", [None, -1, "random"])
def test_thrown_dice_give_another_seed_each_time(seed: int | str | None) -> None:
    drawn = {drawn_seed(seed) for _ in range(20)}
    assert len(drawn) > 10 and all(0 <= number < 2**32 for number in drawn)
    assert drawn_seed(5) == 5
    for wrong in (-2, 2**32, "dice"):
        with pytest.raises(BadRequest, match="seed must be"):
            drawn_seed(wrong)


def test_json_is_all_there_is_on_both_streams(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", PROMPT, "--seed", "5", "--json"]) == 0

    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert result["seed"] == 5
    assert result["understood"]["nose.hump"]["value"] == 1.9
    assert result["not_understood"] == ["quantum"]
    assert Path(result["preview"]).exists() and Path(result["files"]["glb"]).exists()
    steps = [json.loads(line) for line in captured.err.splitlines()]
    fractions = [step["fraction"] for step in steps]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert "painting the skin" in [step["message"] for step in steps]


def test_in_a_log_each_step_is_one_line(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", PROMPT])
    assert " 14%  head: shaping the head" in capsys.readouterr().err.splitlines()


def without_bpy(monkeypatch: pytest.MonkeyPatch, marker: str) -> None:
    """bpy is not installed, and built for what the marker says."""
    real = doctor.util.find_spec
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: None if name == "bpy" else real(name))
    asked = ["rich", f'bpy==4.5.15; ({marker}) and extra == "blender"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda package: asked)


THIS_PYTHON = "python_version == '{}.{}'".format(*sys.version_info[:2])


def test_where_bpy_can_be_installed_generate_says_how(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_bpy(monkeypatch, THIS_PYTHON)
    pipeline.on_export = fail_blend
    assert main(["generate", PROMPT, "-o", "out"]) == 0

    assert Path("out/an-old-fisherman-hooked-nose.glb").exists()
    assert "There is no .blend: Writing .blend files needs bpy" in capsys.readouterr().out


def test_where_there_is_no_bpy_a_blend_is_spoken_of_only_if_it_was_asked_for(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_bpy(monkeypatch, "python_version == '3.99'")
    pipeline.on_export = fail_blend
    assert main(["generate", PROMPT, "-o", "out"]) == 0
    assert Path("out/an-old-fisherman-hooked-nose.glb").exists()
    assert ".blend" not in "".join(capsys.readouterr())

    assert main(["export", "out", "out.blend"]) == 1
    assert "Writing .blend files needs bpy" in capsys.readouterr().err


def test_a_face_is_never_written_over(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", PROMPT]) == main(["generate", PROMPT]) == 0
    assert {path.name for path in Path("faces").iterdir()} == {
        "an-old-fisherman-hooked-nose-7",
        "an-old-fisherman-hooked-nose-7-2",
    }

    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("keep")
    assert main(["generate", PROMPT, "-o", "mine"]) == 1
    assert "already exists" in capsys.readouterr().err
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]
    assert len(pipeline.calls) == 2, "it was refused before the work"


def test_runs_at_the_same_time_lose_no_face(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """Each finds the name free when it starts, and taken when it is done."""
    later = iter([2, 1, 0])

    def run_another(prompt: str) -> None:
        if next(later, 0):
            assert main(["generate", PROMPT, "--seed", "1"]) == 0

    pipeline.on_generate = run_another
    assert main(["generate", PROMPT, "--seed", "1"]) == 0
    names = {path.name for path in Path("faces").iterdir()}
    assert names == {f"an-old-fisherman-hooked-nose-1{end}" for end in ("", "-2", "-3")}
    assert all(folder.load(Path("faces") / name).prompt == PROMPT for name in names)


def test_a_named_folder_that_was_taken_meanwhile_keeps_what_is_in_it(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    def take(prompt: str) -> None:
        Path("out").mkdir()
        Path("out/notes.txt").write_text("mine")

    pipeline.on_generate = take
    assert main(["generate", PROMPT, "-o", "out"]) == 0
    assert [path.name for path in Path("out").iterdir()] == ["notes.txt"]
    assert folder.load("out-2").prompt == PROMPT
    assert "Meanwhile something else was put into out, so the face is in out-2." in capsys.readouterr().out


def test_an_empty_folder_that_nobody_named_stays(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").mkdir()
    Path("out-2").mkdir()
    inode = Path("out-2").stat().st_ino

    def take(prompt: str) -> None:
        Path("out/notes.txt").write_text("mine")

    pipeline.on_generate = take
    assert main(["generate", PROMPT, "-o", "out"]) == 0
    assert Path("out-2").stat().st_ino == inode and not list(Path("out-2").iterdir())
    assert folder.load("out-3").prompt == PROMPT
    assert main(["generate", PROMPT, "-o", "out-2"]) == 0, "the one that was named may be empty"
    assert folder.load("out-2").prompt == PROMPT


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["generate", "  "], "prompt is empty"),
        (["read", " "], "prompt is empty"),
        (["generate", "man", "--seed", "-2"], "between 0 and 4294967295"),
        (["generate", "man", "--seed", "4294967296"], "between 0 and 4294967295"),
        (["generate", "man", "--resolution", "1000"], "512, 1024, 2048, 4096"),
        (["generate", "man", "--head", "flame"], "auto, anny"),
        (["generate", "man", "--set", "nose.widht=1"], "did you mean nose.width"),
        (["generate", "man", "--set", "zzzzzz=1"], "dreamface traits"),
        (["generate", "man", "--set", "nose.width"], "trait=value"),
        (["generate", "man", "--set", "nose.width=wide"], "takes a number"),
        (["generate", "man", "--set", "nose.width=9"], "between -3 and 3"),
        (["generate", "man", "--set", "iris.colour=blue"], "#rrggbb"),
        (["generate", "x" * 2001], "shorten it"),
        (["generate", "man", "-o", "a-file"], "a-file is a file, not a folder"),
        (["generate", "man", "-o", "a-file/some/face"], "a-file is a file, not a folder"),
        (["generate", "man", "-o", "."], "name a new one"),
        (["generate", "man", "-o", "new/.."], "name a new one"),
        (["generate", "man", "-o", "x" * 300], "could not be written"),
        (["generate", "man", "-o", "f\udcffce"], "not text in UTF-8"),
        (["rebuild", "nowhere", "-o", "."], "name a new one"),
        (["show", "nowhere"], "nowhere"),
        (["rebuild", "nowhere", "-o", "out"], "nowhere"),
        (["batch", "nowhere.csv", "-o", "out"], "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    Path("a-file").write_text("")
    assert main(words) == 1

    captured = capsys.readouterr()
    assert sentence in captured.err
    assert len(captured.err.splitlines()) == 1 and captured.out == ""
    assert [path.name for path in Path().iterdir()] == ["a-file"]


def test_a_file_called_faces_is_in_the_way(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    Path("faces").write_text("")
    assert main(["generate", "man"]) == 1
    assert capsys.readouterr().err == "faces is a file, not a folder; choose another place.\n"
    assert pipeline.calls == [], "it was refused before the work"


def test_the_current_folder_is_never_replaced(pipeline: FakePipeline, tmp_path: Path) -> None:
    assert main(["generate", "man", "-o", str(tmp_path)]) == 1
    assert list(tmp_path.iterdir()) == [] and pipeline.calls == []


def test_errors_are_json_too(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "man", "--seed", "-2", "--json"]) == 1
    error = json.loads(capsys.readouterr().err)
    assert error["kind"] == "BadRequest" and "seed" in error["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no read-only folders of this kind")
def test_a_folder_that_cannot_be_written_to(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "man", "-o", "/proc/dreamface/face"]) == 1
    assert "/proc" in capsys.readouterr().err
    assert pipeline.calls == [], "it was refused before the work"


@pytest.mark.parametrize("moment", ["on_generate", "on_export"])
def test_ctrl_c_leaves_nothing(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], moment: str) -> None:
    setattr(pipeline, moment, ctrl_c)
    assert main(["generate", PROMPT, "-o", "out/face"]) == 130

    assert list(Path("out").iterdir()) == []
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped; nothing was written."
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_helper_that_ctrl_c_stopped_is_no_failure(pipeline: FakePipeline) -> None:
    def interrupted(path: Path) -> None:
        ctrl_c()
        raise DreamFaceError("Blender could not write the file.")

    main(["generate", PROMPT, "-o", "out"])
    pipeline.on_export = interrupted
    assert main(["export", "out", "head.blend"]) == 130


def test_a_second_ctrl_c_does_not_wait_for_the_next_step(pipeline: FakePipeline) -> None:
    went_on: list[str] = []

    def stuck(prompt: str) -> None:
        ctrl_c()
        ctrl_c()
        went_on.append(prompt)

    pipeline.on_generate = stuck
    assert main(["generate", PROMPT, "-o", "out/face"]) == 130
    assert went_on == [] and list(Path("out").iterdir()) == []


def test_a_bug_shows_where_it_happened(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(prompt: str) -> None:
        raise ZeroDivisionError

    pipeline.on_generate = broken
    assert main(["generate", PROMPT, "-o", "out/face"]) == 3
    said = capsys.readouterr().err
    assert "ZeroDivisionError" in said and "please report it" in said
    assert list(Path("out").iterdir()) == []

    assert main(["generate", PROMPT, "--json"]) == 3
    last = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert last["kind"] == "bug" and "in broken" in last["traceback"]


def test_another_language_is_said_and_fails(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", GERMAN]) == 4
    assert "DreamFace reads English only." in capsys.readouterr().err
    assert main(["read", GERMAN, "--json"]) == 4
    said = capsys.readouterr()
    assert json.loads(said.out)["nothing_read"] is True and json.loads(said.err)["kind"] == "NothingRead"


def test_no_face_is_passed_off_as_the_answer_to_what_was_not_read(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", GERMAN, "-o", "out/face"]) == 4
    assert "DreamFace reads English only." in capsys.readouterr().err
    assert not Path("out/face").exists()
    assert main(["generate", GERMAN, "-o", "out/face", "--anyway"]) == 0
    assert Path("out/face/face.json").exists()


def test_generate_says_what_it_made_of_the_prompt(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", PROMPT]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Note      glasses: DreamFace makes no glasses yet." in lines
    assert "          nurse: says nothing." in lines
    assert [line for line in lines if line.startswith("Ignored")] == ["Ignored   quantum"]
    assert main(["generate", PROMPT, "-o", "b", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["read_notes"][0].startswith("glasses")


def test_read_says_why(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", PROMPT]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "nose.hump" in line)
    assert "hooked nose" in row and "+1.9 sd" in row and "90%" in row
    assert main(["read", PROMPT]) == 0
    shown = capsys.readouterr().out
    old = next(line for line in shown.splitlines() if line.strip().startswith("old "))
    assert "about 68 years, follows" in old and "50%?" in old and old.rstrip().endswith("68 years")
    assert "Guessed   “old” could also be: about 53 years" in shown
    assert shown.index("old ") < shown.index("hooked nose"), "in the order of the prompt"
    assert "glasses: DreamFace makes no glasses yet." in shown

    assert main(["read", PROMPT, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["traits"]["age"]["because"] == "old"


def test_show_says_what_was_corrected(
    pipeline: FakePipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face = synthetic_face(resolution=16, side=2)
    corrections = (Correction("fisherman", Traits({"gender": -1.0})), Correction("a scar on the chin"))
    traits = Traits({"gender": TraitValue(-1.0, 1.0, "fisherman")})
    folder.save(replace(face, record=replace(face.record, traits=traits, corrections=corrections)), tmp_path / "face")
    assert main(["show", str(tmp_path / "face")]) == 0
    shown = capsys.readouterr().out
    assert "fisherman, corrected by you" in shown
    assert "“a scar on the chin” means nothing here: corrected by you" in shown


def test_show_puts_measured_beside_asked_for(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", PROMPT, "-o", "out"])
    capsys.readouterr()

    assert main(["show", "out"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "nose.hump" in line)
    assert "+1.9 sd" in row and "+1.7 sd" in row
    assert main(["show", "out/face.json", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["measured"] == {"nose.hump": 1.7}
    assert shown["seen"]["freckles.density"] == {"value": 0.3, "note": "4.0 on a square centimetre"}


def test_show_says_how_old_a_face_seems(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", PROMPT, "-o", "out"])
    capsys.readouterr()
    main(["show", "out"])
    assert "a man of about 61 years" in capsys.readouterr().out


EVIL = "a man\x1b]0;owned\x07\x1b[2J\x9b31m \u202egnp.exe"


@pytest.mark.parametrize("words", [["show", "out"], ["show", "out", "--json"], ["generate", EVIL], ["show", EVIL]])
def test_no_foreign_text_steers_the_terminal(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """A prompt, a word that was not understood and a name come from whoever made the face."""
    main(["generate", PROMPT, "-o", "out"])
    document = json.loads(Path("out/face.json").read_text())
    document["prompt"] = EVIL
    document["not_understood"] = [EVIL]
    document["traits"]["age"]["because"] = EVIL
    Path("out/face.json").write_text(json.dumps(document))
    capsys.readouterr()
    main(words)
    captured = capsys.readouterr()
    assert (captured.out + captured.err).replace("\n", "").isprintable()
    if "--json" in words:
        assert json.loads(captured.out)["prompt"] == EVIL, "nothing is lost for a program"


def test_a_face_of_a_missing_head_model_is_shown_without_measures(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(head: Head) -> dict[str, float]:
        raise BadRequest("The head model 'ict' is not installed here.")

    main(["generate", PROMPT, "-o", "out"])
    capsys.readouterr()
    monkeypatch.setattr(pipeline, "measure", measure)
    assert main(["show", "out"]) == 0
    said = capsys.readouterr().out
    assert "hooked nose (+1.9 sd)" in said
    assert said.splitlines()[-1] == "Nothing could be measured: The head model 'ict' is not installed here."


def test_export_and_rebuild(pipeline: FakePipeline) -> None:
    main(["generate", PROMPT, "-o", "out", "--seed", "9"])
    assert main(["export", "out", "head.obj"]) == 0
    assert Path("head.obj").exists()

    assert main(["rebuild", "out", "-o", "again", "--no-blend"]) == 0
    assert folder.read_document("again").record.seed == 9
    assert Path("again/an-old-fisherman-hooked-nose.glb").exists()


def test_rebuilding_says_which_files_were_changed(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    main(["generate", PROMPT, "-o", "out"])
    capsys.readouterr()
    Path("out/maps/skin_albedo.png").write_bytes(b"painted over")
    Path("out/maps/eyes_albedo.png").unlink()  # a face is made again from its face.json alone
    assert main(["rebuild", "out", "-o", "again", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [
        "In out, maps/skin_albedo.png was changed since it was saved."
    ]


def test_a_sculpted_head_is_not_rebuilt_from_changed_geometry(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    face = synthetic_face(resolution=16, side=2)
    offset = torch.zeros_like(face.head.vertices)
    offset[3] = 0.01
    folder.save(replace(face, head=replace(face.head, offset=offset)), "out")
    other = torch.full_like(offset, 0.02)
    folder.save(replace(face, head=replace(face.head, offset=other)), "other")
    Path("out/geometry.npz").write_bytes(Path("other/geometry.npz").read_bytes())
    assert main(["rebuild", "out", "-o", "again"]) == 1
    assert "has what was sculpted on the head: restore it." in capsys.readouterr().err
    assert not Path("again").exists() and pipeline.calls == []


def test_traits_of_a_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["traits", "hair"]) == 0
    said = capsys.readouterr().out
    assert "hair.style" in said and "mohawk" in said and "nose.width" not in said

    assert main(["traits", "--json"]) == 0
    assert [trait["name"] for trait in json.loads(capsys.readouterr().out)] == list(VOCABULARY)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["traits", "shape"], ["generate", "man", "--set", "x=1"]])
def test_what_needs_no_torch_does_not_load_it(words: list[str]) -> None:
    program = (
        "import sys\nfrom dreamface.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "print('loaded' if 'torch' in sys.modules else 'quick')"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8")
    assert ran.stdout.splitlines()[-1] == "quick"


QUICK = ("--resolution", "512", "--no-blend", "--no-glb", "--seed", "1")


def test_the_real_command_speaks_json_only(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dreamface", "generate", "a man", "--json", *QUICK]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")

    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout)
    assert result["understood"]["gender"]["value"] == 1.0
    assert (tmp_path / result["preview"]).exists()
    steps = [json.loads(line) for line in ran.stderr.splitlines()]
    assert steps[-1]["fraction"] == 1.0


@pytest.mark.parametrize(
    ("prompt", "code", "sentence"),
    [
        ("a m\udcffan\x07 with \x1b[31m \udced\udca0 a beard\x00", 0, "beard"),
        ("\udcff\x1b\x07", 1, "prompt is empty"),
    ],
)
def test_bytes_that_are_no_text_are_passed_over(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    prompt: str,
    code: int,
    sentence: str,
) -> None:
    """A terminal's undecodable bytes reach Python as lone surrogates."""
    monkeypatch.chdir(tmp_path)
    assert main(["generate", prompt, *QUICK]) == code

    captured = capsys.readouterr()
    said = captured.err if code else captured.out
    assert sentence in said and said.replace("\n", "").isprintable()
    assert len(captured.err.splitlines()) == 1 or code == 0
    assert Path("faces").exists() == (code == 0)


def test_a_console_of_another_encoding_gets_utf8() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "dreamface", "traits", "person"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
    )
    assert "young … old" in ran.stdout.decode("utf-8")


@pytest.mark.parametrize("words", [[], ["sing"], ["generate"], ["generate", "man", "--seed", "x"], ["traits", "toes"]])
def test_a_wrong_command_line_is_a_usage_error(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2


# --------------------------------------------------------------------------------------------------------------- batch


def write_table(text: str) -> str:
    Path("prompts.csv").write_text(text, encoding="utf-8")
    return "prompts.csv"


def made_in(out: str) -> set[str]:
    """The folders of a batch; beside them there are files of its own."""
    return {path.name for path in Path(out).iterdir() if path.is_dir() and path.name != "page"}


def test_a_batch_ends_with_a_page_of_its_faces(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    Path("faces.csv").write_text("prompt,name\nan old man,ada\na girl,page\n", "utf-8")
    assert main(["batch", "faces.csv", "-o", "out", "--json"]) == 1, "page is the page's own folder"
    said = json.loads(capsys.readouterr().out)
    assert said["pages"] == [str(Path("out") / name) for name in ("index.html", "contact-sheet.jpg")]
    assert "an old man" in Path("out/page/faces.js").read_text("utf-8")
    assert main(["batch", "faces.csv", "-o", "bare", "--no-page"]) == 1
    assert not Path("bare/index.html").exists()
    capsys.readouterr()
    Path("mended.csv").write_text("prompt,name\na girl,bea\n", "utf-8")
    assert main(["batch", "mended.csv", "-o", "out"]) == 0
    data = Path("out/page/faces.js").read_text("utf-8")
    assert "an old man" in data and "a girl" in data, "a table of what had failed is not all of the batch"
    Path("out/index.html").write_text("mine", "utf-8")
    assert main(["batch", "mended.csv", "-o", "out"]) == 0
    assert "The page of all faces is not whole: " in capsys.readouterr().out
    assert Path("out/index.html").read_text("utf-8") == "mine"


def test_batch_makes_a_folder_for_each_row(pipeline: FakePipeline) -> None:
    table = write_table(
        "\ufeffPrompt,name,seed,resolution,notes\n"
        "an old man,,3,512,\n"
        "an old man,,4,,asked for twice\n"
        '"a woman,\nsmiling",ada,,,\n'
    )
    assert main(["batch", table, "-o", "out", "--glb", "--resolution", "2048"]) == 0

    assert made_in("out") == {"an-old-man", "an-old-man-2", "ada"}
    calls = [(call["seed"], call["resolution"]) for call in pipeline.calls]
    assert calls[:2] == [(3, 512), (4, 2048)] and calls[2][1] == 2048 and 0 <= calls[2][0] < SEED_LIMIT
    assert Path("out/ada/ada.glb").exists() and not Path("out/ada/ada.blend").exists()


@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
@pytest.mark.parametrize("lead", ["", "sep={}\n"])
def test_a_table_may_be_separated_by_what_spreadsheets_use(pipeline: FakePipeline, delimiter: str, lead: str) -> None:
    rows = [["name", "Prompt", "seed"], ["ada", '"a woman, smiling; tall"', "3"], ["", "an old man", ""]]
    table = lead.format(delimiter) + "".join(delimiter.join(row) + "\r\n" for row in rows)
    assert main(["batch", write_table(table), "-o", "out"]) == 0
    assert [call["prompt"] for call in pipeline.calls] == ["a woman, smiling; tall", "an old man"]
    assert pipeline.calls[0]["seed"] == 3 and made_in("out") == {"ada", "an-old-man"}


def test_commas_in_prompts_do_not_separate_where_semicolons_do(pipeline: FakePipeline) -> None:
    assert main(["batch", write_table("prompt;name\nan old man, bald;a\n"), "-o", "out"]) == 0
    assert pipeline.calls[0]["prompt"] == "an old man, bald"


def test_excels_unicode_text_is_read(pipeline: FakePipeline) -> None:
    Path("prompts.txt").write_bytes("prompt\tname\r\nFrau mit Zöpfen\tzoe\r\n".encode("utf-16"))
    assert main(["batch", "prompts.txt", "-o", "out"]) == 0
    assert folder.read_document("out/zoe").record.prompt == "Frau mit Zöpfen"


def test_unicode_text_that_is_cut_short_is_refused(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    Path("prompts.txt").write_bytes("prompt\r\na man".encode("utf-16")[:-1])
    assert main(["batch", "prompts.txt", "-o", "out"]) == 1
    assert capsys.readouterr().err == "prompts.txt is no text; save the table as “CSV UTF-8”.\n"


@pytest.mark.parametrize("row", ["a man", '"a man" x', '"a man""'])
def test_a_long_table_is_read_at_once(tmp_path: Path, row: str) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text("prompt\n" + f"{row}\n" * 10_000)
    started = time.monotonic()
    rows = read_table(table).rows
    assert time.monotonic() - started < 5.0
    if row == "a man":
        assert [read.name for read in rows[:3] if isinstance(read, Row)] == ["a-man", "a-man-2", "a-man-3"]
        assert len({read.name for read in rows if isinstance(read, Row)}) == 10_000
    else:
        assert all(isinstance(read, Failure) for read in rows)


def test_batch_asks_once_whether_it_can_look(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table("prompt\none\ntwo\n")
    pipeline.no_clip = "Comparing pictures with words needs CLIP."
    assert main(["batch", table, "-o", "out", "--align", "0.7"]) == 1
    assert capsys.readouterr().err.count("needs CLIP") == 1 and not pipeline.calls
    assert main(["batch", table, "-o", "out", "--align", "7"]) == 1
    assert capsys.readouterr().err.count("between 0 and 1") == 1 and not pipeline.calls
    pipeline.no_clip = ""
    assert main(["batch", table, "-o", "out", "--align", "0.7"]) == 0 and len(pipeline.calls) == 2


def test_batch_goes_on_where_it_stopped(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table("prompt\none\ntwo\nthree\n")
    pipeline.on_generate = lambda prompt: ctrl_c() if prompt == "two" else None
    assert main(["batch", table, "-o", "out"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped; 1 of 3 are there, run it again to go on."
    assert made_in("out") == {"one"}

    pipeline.on_generate = lambda prompt: None
    pipeline.calls.clear()
    assert main(["batch", table, "-o", "out"]) == 0
    assert [call["prompt"] for call in pipeline.calls] == ["two", "three"]
    assert "2 made, 1 were there, 0 failed" in capsys.readouterr().out


def test_bad_rows_are_listed_and_the_others_made(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(prompt: str) -> None:
        if prompt == "odd":
            raise ZeroDivisionError
        if prompt == "unlucky":
            raise DreamFaceError("No luck.")

    pipeline.on_generate = broken
    table = write_table(
        'prompt,name,seed,resolution\n"a\nb",ab,,\n,empty,,\n\n"x\nx",,soon,\ny,,,1000\nz,a/b,,\nodd,,,\nunlucky,,,\nlast,,,\n'
    )
    assert main(["batch", table, "-o", "out", "--json"]) == 1

    result = json.loads(capsys.readouterr().out)
    assert result["made"] == ["ab", "last"]
    reasons = {failure["line"]: failure["reason"] for failure in result["failed"]}
    assert list(reasons) == [4, 6, 8, 9, 10, 11]
    assert "prompt is empty" in reasons[4] and "'soon'" in reasons[6] and "1000" in reasons[8]
    assert "a/b" in reasons[9] and "report" in reasons[10] and reasons[11] == "No luck."


def test_a_row_never_takes_anothers_folder(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", write_table("prompt,name\none,x\ntwo,x\n"), "-o", "out"]) == 1
    assert "Line 3: " in capsys.readouterr().out
    assert folder.read_document("out/x").record.prompt == "one"


def test_a_prompt_with_commas_is_not_cut(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table('prompt\nan old man, bald\n"an old woman, smiling"\na boy,\n')
    assert main(["batch", table, "-o", "out"]) == 1

    assert [call["prompt"] for call in pipeline.calls] == ["an old woman, smiling", "a boy"]
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Line 2: "))
    assert line.endswith("has more cells than the first line has columns; put the prompt in quotes.")


def test_rows_that_are_no_csv_or_no_text_cost_only_themselves(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        b"prompt,name",
        b"one,a",
        b'"a woman" foo,b',
        b"caf\xe9 brown,c",
        b'"two,d',
        b'"three, four",e',
        b'"five,f',
        b"",
    ]
    Path("prompts.csv").write_bytes(b"\r\n".join(lines))
    assert main(["batch", "prompts.csv", "-o", "out", "--json"]) == 1

    result = json.loads(capsys.readouterr().out)
    assert result["made"] == ["a", "e"]
    reasons = {failure["line"]: failure["reason"] for failure in result["failed"]}
    assert list(reasons) == [3, 4, 5, 7]
    assert "UTF-8" in reasons[4] and all("quotes" in reasons[line] for line in (3, 5, 7))


def test_batch_adds_the_exports_that_are_missing(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table("prompt\nthe king\u2019s son\n")
    assert main(["batch", table, "-o", "out"]) == 0
    assert main(["batch", table, "-o", "out", "--glb"]) == 0
    assert Path("out/the-king-s-son/the-king-s-son.glb").exists()
    assert "0 made, 1 were there" in capsys.readouterr().out and len(pipeline.calls) == 1

    Path("out/the-king-s-son/the-king-s-son.glb").write_text("mine")
    assert main(["batch", table, "-o", "out", "--glb"]) == 0
    assert Path("out/the-king-s-son/the-king-s-son.glb").read_text() == "mine", "nothing is exported twice"


def test_a_face_of_another_resolution_is_not_there(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table("prompt\none\n")
    assert main(["batch", table, "-o", "out", "--resolution", "512"]) == 0
    assert main(["batch", table, "-o", "out", "--resolution", "2048"]) == 1
    assert "512 pixels" in capsys.readouterr().out


def test_a_row_asked_for_twice_under_one_name_is_made_once_and_said(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", write_table("prompt,name\none,x\none,X\n"), "-o", "out"]) == 1
    assert "Line 3: Line 2 has the same name" in capsys.readouterr().out
    assert len(pipeline.calls) == 1


def test_a_file_where_the_faces_should_go(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", write_table("prompt\none\n"), "-o", "prompts.csv"]) == 1
    assert capsys.readouterr().err == "prompts.csv is a file, not a folder; choose another place.\n"


@pytest.mark.parametrize("text", ["", "prompt\n", "words\nold man\n"])
def test_a_table_without_prompts_is_refused(pipeline: FakePipeline, text: str) -> None:
    assert main(["batch", write_table(text), "-o", "out"]) == 1
    assert not Path("out").exists()


# -------------------------------------------------------------------------------------------------------------- doctor


def test_doctor_looks_at_everything(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor", "--json"])
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert {
        "Python",
        "torch",
        "versions",
        "MiniLM",
        "ICT-FaceKit",
        "FaceLandmarker",
        "The language model for talk",
        "Stable Diffusion 1.5",
        "CLIP ViT-L/14",
        "TAESD",
        "RestoreFormer",
        "Real-ESRGAN x4plus",
        "The texture model",
        "The PBR decoders",
        "bpy",
        "video",
        "cache folder",
        "kernels",
        "disk",
        "this folder",
    } == set(checks)
    assert all(check["ok"] or check["advice"] for check in checks.values())
    video = checks["video"]
    if video["ok"]:
        assert f"reads videos, the face mesh of mediapipe {version('mediapipe')} follows faces" in video["found"]
    else:  # not installed, or a Python whose mediapipe has no mesh of its own
        assert "dreamface models install face-landmarker" in video["advice"] or "video.txt" in video["advice"]


def test_doctor_compares_with_the_versions_for_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constraints = tmp_path / "constraints.txt"
    constraints.write_text('# Exact.\nnumpy==0.1; python_version < "3"\nrich==0.0.1\nno-such-package==1.0\n')
    monkeypatch.setattr(doctor, "CONSTRAINTS", constraints)
    check = doctor._versions()
    assert not check.ok
    assert check.found == f"rich {version('rich')} instead of 0.0.1"


def test_doctor_names_debians_packages_of_missing_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "\tlibm.so.6 => /lib/libm.so.6 (0x7f)\n\tlibXi.so.6 => not found\n\tlibSM.so.6 => not found\n"

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if command[0] == "ldd":
            return subprocess.CompletedProcess(command, 0, listing, "")
        return subprocess.CompletedProcess(command, 1, "", "ImportError: libXi.so.6: cannot open shared object file")

    monkeypatch.setattr(doctor.sys, "platform", "linux")
    monkeypatch.setattr(doctor.shutil, "which", lambda name: name)
    monkeypatch.setattr(doctor.subprocess, "run", run)
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: type("Spec", (), {"origin": "/site/bpy/__init__.so"}))
    check = doctor.check_bpy()
    assert not check.ok and not check.needed
    assert "apt install libsm6 libxi6" in check.advice


@pytest.mark.parametrize("missing", ["imageio_ffmpeg", "mediapipe"])
def test_doctor_says_how_video_is_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('No module named {missing}', name='{missing}')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: None)
    check = doctor._video()
    assert not check.ok and not check.needed
    words = {"imageio_ffmpeg": "Videos can't be read here:", "mediapipe": "Faces in pictures need mediapipe:"}
    assert check.found.startswith(words[missing])
    assert "--no-deps -r" in check.advice and "video.txt" in check.advice
    monkeypatch.setattr(doctor, "VIDEO", tmp_path / "none.txt")
    assert doctor._video_advice().endswith("pip install 'dreamface[video]'.")


def test_a_library_of_the_systems_that_mediapipe_misses_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mediapipe.py").write_text("raise OSError('libEGL.so.1: cannot open shared object file')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    assert "does not load (libEGL.so.1" in doctor._video().advice


@pytest.mark.parametrize(
    ("marker", "advice"),
    [
        (THIS_PYTHON, "Needed for .blend files only: pip install 'dreamface[blender]'."),
        ("python_version == '3.98' or python_version == '3.99'", "use Python 3.98 or 3.99."),
        ("platform_machine == 'another'", "there is none for this machine."),
    ],
)
def test_doctor_says_which_python_writes_blend_files(monkeypatch: pytest.MonkeyPatch, marker: str, advice: str) -> None:
    monkeypatch.setattr(doctor, "PYTHONS", ("3.97", "3.98", "3.99"))
    without_bpy(monkeypatch, marker)
    check = doctor.check_bpy()
    assert not check.ok and not check.needed
    assert check.advice.endswith(advice)


def test_doctor_names_the_bpy_that_is_here_to_be_installed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "ImportError: no")
    monkeypatch.setattr(doctor.subprocess, "run", lambda command, **_: failed)
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: type("Spec", (), {"origin": "/site/bpy/__init__.so"}))
    monkeypatch.setattr(doctor, "missing_libraries", lambda module: [])
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "5.2.3")
    assert doctor.check_bpy().advice.endswith("pip install --force-reinstall bpy==5.2.3.")


# --------------------------------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("nose.hump", 1.9, "hooked nose (+1.9 sd)"),
        ("nose.hump", -0.5, "slightly concave nose (-0.5 sd)"),
        ("nose.hump", 0.1, "usual hump of the nose (+0.1 sd)"),
        ("age", 62.4, "62 years"),
        ("gender", -1.0, "woman (100 %)"),
        ("gender", 0.0, "androgynous"),
        ("freckles.density", 0.7, "freckles (70 %)"),
        ("ancestry.european", 0.2, "20 % European"),
        ("hair.style", "bob", "bob"),
        ("iris.colour", (1.0, 0.0, 0.0), "glowing red eyes (#ff0000)"),
        ("lipstick", (1.0, 0.0, 0.0, 0.5), "scarlet lipstick (#ff0000, 50 %)"),
        ("lipstick", (1.0, 1.0, 1.0, 0.0), "no lipstick"),
        ("expression.jawOpen", 0.3, "30 %"),
    ],
)
def test_values_in_words(name: str, value: Value, words: str) -> None:
    assert in_words(VOCABULARY[name], value) == words


def test_hex_colours_are_read_and_shown_alike() -> None:
    chosen = settings(["iris.colour=#4a7fb0", "lipstick=#aa2233", "eyeliner=0.1, 0.2, 0.3, 0.4"])
    assert colour_hex(chosen["iris.colour"]) == "#4a7fb0"
    assert colour_hex(chosen["lipstick"][:3]) == "#aa2233" and chosen["lipstick"][3] == 1.0
    assert chosen["eyeliner"] == (0.1, 0.2, 0.3, 0.4)


def test_settings_are_checked_against_the_vocabulary() -> None:
    with pytest.raises(BadRequest, match="one of bald"):
        settings(["hair.style=My Mullet"])
    assert settings(["hair.style=my_mullet"]) == {"hair.style": "my_mullet"}


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("An OLD man!", "an-old-man"),
        ("  jaw/../../etc  ", "jaw-etc"),
        ("Frau mit Zöpfen", "frau-mit-zöpfen"),
        ("con", "face-con"),
        ("!!!", "face"),
        ("a very long description of somebody whose nose is long", "a-very-long-description-of-somebody"),
        ("x" * 100, "x" * 40),
    ],
)
def test_prompts_become_names_for_files(prompt: str, name: str) -> None:
    assert slug(prompt) == name
