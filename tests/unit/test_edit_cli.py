"""`dreamface edit` and `dreamface edits`, with a pipeline that repaints nothing."""

from __future__ import annotations

import json
import math
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import dreamface
from dreamface import editing, folder
from dreamface.cli import doctor, main
from dreamface.errors import BadRequest
from dreamface.face import Face
from dreamface.images import decode_mask, encode_mask
from dreamface.progress import Progress
from dreamface.record import EditEntry, FaceRecord, Place
from dreamface.traits import Traits
from tests.support import synthetic_face

Read = Callable[[], list[str]]

MASK = torch.zeros(8, 8)
MASK[2:4, 2:4] = 1.0


@dataclass
class FakePipeline:
    """Stands in for dreamface.pipeline; `on_edit` and `on_export` may raise or press Ctrl-C."""

    on_edit: Callable[[], None] = lambda: None
    on_export: Callable[[], None] = lambda: None
    exports: int = 0
    calls: list[Sequence[EditEntry]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)

    def edit(
        self,
        face: Face,
        traits: Mapping[str, Any],
        *,
        edits: Sequence[EditEntry],
        pictures: Mapping[str, bytes],
        progress: Progress,
    ) -> Face:
        self.told.append(dict(traits))
        progress.report("skin", 0.5, "painting the skin")
        self.on_edit()
        self.calls.append(edits)
        known = {**face.pictures, **pictures}
        record = replace(face.record, edits=tuple(edits))
        return replace(face, record=record, pictures={digest: known[digest] for digest in record.pictures})

    @staticmethod
    def shown_traits(record: FaceRecord) -> Traits:
        return record.traits

    def export(self, face: Face, path: Path, *, progress: Progress, face_folder: Path, **more: Any) -> Path:
        self.on_export()
        self.exports += 1
        path.write_text(f"export {self.exports} of {len(face.record.edits)} edits")
        return path


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    fake = FakePipeline()
    monkeypatch.setitem(sys.modules, "dreamface.pipeline", fake)
    monkeypatch.setattr(dreamface, "pipeline", fake, raising=False)
    monkeypatch.setattr(doctor, "can_have_bpy", lambda: False)
    monkeypatch.chdir(tmp_path)
    folder.save(synthetic_face(resolution=16, side=2), "face")
    Path("m.png").write_bytes(encode_mask(MASK))
    return fake


def edits_of(place: str = "face") -> tuple[EditEntry, ...]:
    return folder.read_document(place).record.edits


def labels(place: str = "face") -> list[str]:
    return [edit.label for edit in edits_of(place)]


def stacked(*names: str) -> None:
    for name in names:
        assert main(["edit", "face", "a bruise", "--region", "nose", "--label", name]) == 0


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    before = Path("face/face.json").read_bytes()
    assert main(["edit", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == "" and Path("face/face.json").read_bytes() == before
    sentence = said.err.splitlines()[-1]
    assert sentence.endswith((".", "?"))
    return sentence


# --------------------------------------------------------------------------------------------------------- new edits


def test_words_are_laid_on_a_painted_place(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--mask", "m.png", "--feather", "3", "--mirror", "--strength", "0.8"]
    assert main(["edit", "face", "a", "bruise", "zorgon", *arguments]) == 0
    said = capsys.readouterr().out
    assert "Ignored   zorgon" in said and f"Folder    {Path('face').resolve()}" in said
    assert "80%" in said and "a mask, mirrored, 3 mm feather" in said
    (edit,) = edits_of()
    assert (edit.id, edit.kind, edit.label, edit.strength) == ("words-1", "words", "a bruise zorgon", 0.8)
    assert edit.place is not None and (edit.place.feather, edit.place.mirror) == (3.0, True)
    assert torch.equal(decode_mask(folder.read_pictures("face")[edit.digests[0]]), MASK)


@pytest.fixture
def diffused(pipeline: FakePipeline, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Place, dict[str, Any]]]:
    """A diffusion model that is installed; what it is asked for."""
    asked: list[tuple[Any, Place, dict[str, Any]]] = []

    def diffuse(
        face: Face, wish: Any, place: Place, *, progress: Progress, **more: Any
    ) -> tuple[EditEntry, dict[str, bytes]]:
        progress.report("diffusion", 0.5, "Diffusion, step 3 of 6")
        asked.append((wish, place, more))
        entry = EditEntry("", "diffusion", more["label"], more["strength"], place=place, pictures={})
        masks = {digest: more["pictures"][digest] for digest in (place.mask or {}).values()}
        return entry, masks

    monkeypatch.setattr(editing.making.pipeline, "why_no_diffusion", lambda: "")
    monkeypatch.setattr(editing.making.pipeline, "diffuse", diffuse)
    return asked


def test_diffusion_makes_what_words_say(diffused: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--steps", "6", "--guidance", "5", "--from-skin", "0.6", "--seed", "9", "--strength", "0.5"]
    assert main(["edit", "face", "gold", "cracks", "--region", "left_cheek", "--diffusion", *settings]) == 0
    assert "Diffusion, step 3 of 6" in capsys.readouterr().err
    ((wish, place, more),) = diffused
    assert (wish.words, wish.steps, wish.guidance, wish.keep, wish.seed) == ("gold cracks", 6, 5.0, 0.6, 9)
    assert place == Place(("left_cheek",)) and not more["start"]
    (edit,) = edits_of()
    assert (edit.id, edit.label, edit.strength) == ("diffusion-1", "gold cracks", 0.5)


def test_diffusion_begins_with_a_sketch_or_a_picture(diffused: list[Any]) -> None:
    Path("s.png").write_bytes(editing.normalise(rgba(), "sketch"))
    assert main(["edit", "face", "a dragon", "--sketch", "s.png", "--diffusion"]) == 0
    picture = ["--picture", "s.png", "--at", "skin:0.5,0.4", "--region", "nose"]
    assert main(["edit", "face", "a dragon", *picture, "--diffusion"]) == 0
    (_, place, more), (_, nose, other) = diffused
    assert [entry.kind for entry in (*more["start"], *other["start"])] == ["sketch", "picture"]
    assert set(place.mask or {}) == {"skin"} and nose == Place(("nose",))
    assert [edit.kind for edit in edits_of()] == ["diffusion", "diffusion"]  # neither is an edit of its own


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--diffusion", "--region", "nose"], "Say what diffusion should make"),
        (["gold", "--diffusion"], "Say or mark where diffusion is to work"),
        (["gold", "--region", "nose", "--steps", "3"], "--steps goes with --diffusion"),
        (["gold", "--region", "nose", "--diffusion", "--steps", "0"], "takes 1 to 250 steps"),
        (["gold", "--region", "nose", "--diffusion", "--strength", "3"], "strength must be between 0 and 2"),
        (["gold", "--region", "nose", "--diffusion", "--mix", "seed:5"], "are two edits"),
        (["gold", "--sketch", "m.png", "--picture", "m.png", "--diffusion"], "a sketch or with a picture"),
        (["gold", "--region", "nose", "--diffusion", "--at", "nose"], "--at goes with --picture"),
    ],
)
def test_diffusion_that_can_not_be_is_a_sentence(
    diffused: list[Any], arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sentence in refused(["face", *arguments], capsys)
    assert not diffused


def test_words_that_nothing_is_made_of_are_offered_to_diffusion_as_it_is_asked_for_here(
    diffused: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(["face", "a zorbly frim", "--region", "nose"], capsys)
    assert said.endswith("lists the words that work. Diffusion may know it: add --diffusion.") and not diffused


def test_without_a_model_diffusion_says_how_to_have_one(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(["face", "gold", "--region", "nose", "--diffusion"], capsys)
    assert said.startswith("No diffusion model is installed: install it with `dreamface models install stable-")
    assert main(["edit", "face", "a bruise, zorgon", "--region", "nose"]) == 0
    assert "Diffusion may know more words. No diffusion model is installed" in capsys.readouterr().out


def test_a_named_expression_is_worn_and_edits_stay(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    stacked("one")
    assert main(["edit", "face", "--expression", "joy strong"]) == 0
    laid, worn = pipeline.told
    assert laid == {} and worn["expression.mouthSmileLeft"] > 0.8 and labels() == ["one"]
    assert "did you mean joy" in refused(["face", "--expression", "joi"], capsys)
    assert "two edits" in refused(["face", "a scar", "--expression", "joy"], capsys)


def test_things_at_several_places_are_an_edit_each(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    words = "a scar on the left cheek and a zorgon bruise on the right cheek"
    assert main(["edit", "face", words]) == 0
    assert "Ignored   zorgon" in capsys.readouterr().out
    scar, bruise = edits_of()
    assert (scar.place, bruise.place) == (Place(("left_cheek",)), Place(("right_cheek",)))
    assert (scar.label, bruise.label) == ("a scar on the left cheek", "a zorgon bruise on the right cheek")
    assert main(["edit", "face", "mud everywhere but the nose"]) == 0
    assert edits_of()[-1].place == Place(("nose",), inverted=True)


def test_every_kind_of_edit_can_be_made(pipeline: FakePipeline) -> None:
    Path("s.png").write_bytes(editing.normalise(rgba(), "sketch"))
    for arguments in (
        ["a bruise on the left cheek"],
        ["--sketch", "s.png", "--as", "tattoo", "--region", "left cheek"],
        ["--picture", "s.png", "--at", "skin:0.5,0.4", "--size", "30", "--angle", "15", "--as", "relief"],
        ["--picture", "s.png", "--at", "skin:0.5,0.25"],
        ["--mix", "seed:5", "--take", "skin", "--take", "shape", "--degree", "0.3", "--invert", "--region", "nose"],
    ):
        if arguments[0] == "--mix":
            pipeline.stranger = lambda seed: folder.read_document("face").record.traits  # type: ignore[attr-defined]
        assert main(["edit", "face", *arguments]) == 0, arguments
    words, sketch, decal, at, mix = edits_of()
    assert words.place == Place(("left_cheek",))
    assert (sketch.kind, sketch.parameters, sketch.place) == ("sketch", {"as": "ink"}, Place(("left_cheek",)))
    turned = pytest.approx(math.radians(15))
    where = {"tile": "skin", "u": 0.5, "v": 0.4}
    assert decal.parameters == {"as": "relief", **where, "size_mm": 30.0, "angle": turned}
    assert decal.pictures == {"picture": sketch.pictures["skin"]}
    assert (at.parameters["tile"], at.parameters["u"], at.parameters["v"]) == ("skin", 0.5, 0.25)
    assert (mix.strength, mix.parameters["take"], mix.parameters["seed"]) == (0.3, ["skin", "shape"], 5)
    assert mix.place == Place(("nose",), inverted=True)


def rgba() -> bytes:
    from dreamface.images import png_bytes

    pixels = torch.full((4, 4, 4), 200, dtype=torch.uint8)
    pixels[0, 0] = 0
    return png_bytes(pixels.numpy())


def test_another_face_is_mixed_in_and_copied_from(pipeline: FakePipeline) -> None:
    other = synthetic_face(resolution=16, side=2)
    painted = editing.mark(other.head.topology, mask=encode_mask(MASK))
    entry = EditEntry("words-1", "words", "theirs", place=painted[0])
    record = replace(other.record, prompt="the other", seed=9, edits=(entry,))
    folder.save(replace(other, record=record, pictures=painted[1]), "other")
    stacked("mine")
    assert main(["edit", "face", "--copy-from", "other", "--json"]) == 0
    assert [(edit.id, edit.label) for edit in edits_of()] == [("words-1", "mine"), ("words-1-2", "theirs")]
    assert main(["edit", "face", "--mix", "other/face.json"]) == 0
    mixed = edits_of()[-1]
    assert (mixed.label, mixed.strength, mixed.parameters["seed"]) == ("skin of “the other”", 0.5, 9)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["face"], "Say what to edit"),
        (["face", "a bruise", "--list"], "words and --list are two edits"),
        (["face", "a bruise", "--size", "3"], "--size goes with --picture"),
        (["face", "--mix", "seed:1", "--strength", "1"], "--strength goes with words"),
        (["face", "--list", "--mirror"], "--mirror goes with words"),
        (["face", "a zorgon"], "Nothing was understood in 'a zorgon'"),
        (["face", "a bruise", "--region", "left_chek"], "did you mean left_cheek?"),
        (["face", "a bruise", "--mask", "gone.png"], "gone.png can't be read (No such file or directory)"),
        (["face", "a bruise", "--mask", "black.png"], "black.png: Nothing is marked"),
        (["face", "a bruise", "--tile", "moon=m.png"], "the tile 'moon', but this head has skin in skin"),
        (["face", "a bruise", "--tile", "m.png"], "Write which tile m.png is for"),
        (["face", "a bruise", "--mask", "m.png", "--tile", "skin=m.png"], "two masks for the tile skin"),
        (["face", "a bruise", "--mirror"], "Nothing is marked"),
        (["face", "a bruise", "--feather", "99"], "between 0 and 40 mm"),
        (["face", "a bruise on the nose", "--strength", "3"], "between 0 and 2"),
        (["face", "--sketch", "colour.png", "--as", "song"], "made as ink"),
        (["face", "--picture", "colour.png"], "Say where the picture lies"),
        (["face", "--picture", "colour.png", "--at", "skin:x"], "written TILE:U,V"),
        (["face", "--mix", "seed:x"], "such as seed:5"),
        (["face", "--mix", "nowhere"], "nowhere"),
        (["face", "--copy-from", "face"], "face has no edits"),
        (["face", "--remove", "1"], "The face has no edits"),
        (["nowhere", "a bruise"], "nowhere"),
        (["face", "a bruise", "-o", "m.png"], "is a file"),
        (["face", "a bruise", "-o", "face"], "already exists"),
    ],
)
def test_what_can_not_be_done_is_one_sentence_and_changes_nothing(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    Path("black.png").write_bytes(encode_mask(torch.zeros(4, 4)))
    Path("colour.png").write_bytes(rgba())
    assert words in refused(arguments, capsys)
    assert pipeline.calls == []


# ---------------------------------------------------------------------------------------------------------- the stack


def test_the_stack_is_listed_from_the_top(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edit", "face", "--list"]) == 0
    assert capsys.readouterr().out.strip() == "The face has no edits."
    stacked("one", "two")
    main(["edit", "face", "--hide", "1"])
    capsys.readouterr()
    assert main(["edit", "face/face.json", "--list"]) == 0
    said = capsys.readouterr().out
    assert said.index("two") < said.index("one") and "100%, hidden" in said and "words-1" in said
    assert main(["edit", "face", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["number"], one["label"], one["visible"]) for one in listed] == [(1, "one", False), (2, "two", True)]


def test_the_stack_is_changed_by_numbers_and_ids(pipeline: FakePipeline) -> None:
    stacked("one", "two", "three", "four")
    assert main(["edit", "face", "--move", "1", "up"]) == 0 and labels() == ["two", "one", "three", "four"]
    assert main(["edit", "face", "--move", "words-4", "1"]) == 0 and labels() == ["four", "two", "one", "three"]
    assert main(["edit", "face", "--move", "2", "down"]) == 0 and labels() == ["two", "four", "one", "three"]
    assert main(["edit", "face", "--remove", "1", "--remove", "words-3"]) == 0 and labels() == ["four", "one"]
    assert main(["edit", "face", "--set-strength", "1", "0.5"]) == 0 and edits_of()[0].strength == 0.5
    assert main(["edit", "face", "--hide", "1", "--hide", "2"]) == 0
    assert [edit.visible for edit in edits_of()] == [False, False]
    assert main(["edit", "face", "--show", "2"]) == 0
    assert [edit.visible for edit in edits_of()] == [False, True]
    assert main(["edit", "face", "--remove", "1", "--remove", "2"]) == 0 and labels() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--remove", "7"], "There is no edit 7: the face has 2 edits, and --list shows them."),
        (["--hide", "0"], "There is no edit 0"),
        (["--show", "zorgon"], "There is no edit zorgon"),
        (["--show", "word"], "Several edits begin with 'word'"),
        (["--move", "2", "up"], "Edit 2 is on top already"),
        (["--move", "1", "down"], "Edit 1 is at the bottom already"),
        (["--move", "1", "1"], "Edit 1 is there already"),
        (["--move", "1", "3"], "a number from 1 to 2"),
        (["--move", "1", "left"], "up, down, or to a number"),
        (["--set-strength", "1", "nan"], "between 0 and 2"),
        (["--set-strength", "1", "much"], "between 0 and 2"),
    ],
)
def test_a_change_that_can_not_be_is_one_sentence(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    stacked("one", "two")
    assert words in refused(["face", *arguments], capsys)


# ------------------------------------------------------------------------------------------------- where it is written


def test_a_face_is_replaced_whole_or_not_at_all(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    Path("face/notes.txt").write_text("mine")
    stacked("one")
    pipeline.on_edit = lambda: signal.raise_signal(signal.SIGINT)
    before = Path("face/face.json").read_bytes()
    assert main(["edit", "face", "a bruise", "--region", "nose"]) == 130
    assert Path("face/face.json").read_bytes() == before and Path("face/notes.txt").read_text() == "mine"
    assert sorted(path.name for path in Path().iterdir()) == ["face", "m.png"]


def test_another_folder_gets_the_face_and_its_exports(pipeline: FakePipeline) -> None:
    assert main(["edit", "face", "a bruise", "--region", "nose", "-o", "out/new"]) == 0
    assert labels("out/new") == ["a bruise"] and labels() == []
    assert len(list(Path("out/new").glob("*.glb"))) == 1
    assert main(["edit", "face", "a bruise on the nose", "-o", "out/bare", "--no-glb"]) == 0
    assert not list(Path("out/bare").glob("*.glb"))


def test_exports_that_lie_with_the_face_are_made_anew(pipeline: FakePipeline) -> None:
    main(["edit", "face", "a bruise on the nose", "-o", "new"])
    (export,) = Path("new").glob("*.glb")
    first = export.read_text()
    assert main(["edit", "new", "freckles"]) == 0
    assert list(Path("new").glob("*.glb")) == [export]
    assert export.read_text() != first and "of 2 edits" in export.read_text()

    def fail() -> None:
        raise BadRequest("The export can't be written: free some space.")

    pipeline.on_export, last = fail, export.read_text()
    assert main(["edit", "new", "freckles"]) == 1
    assert labels("new") == ["a bruise on the nose", "freckles"] and export.read_text() == last


def test_what_somebody_painted_over_is_not_lost(pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    Path("face/maps/skin_albedo.png").write_bytes(Path("face/maps/eyes_albedo.png").read_bytes())
    said = refused(["face", "a bruise on the nose"], capsys)
    assert "skin_albedo.png was changed since it was saved" in said and "add -o" in said


# ----------------------------------------------------------------------------------------------------- dreamface edits


def test_an_export_that_somebody_worked_in_is_not_lost(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", "face", "a bruise on the nose", "-o", "new"]) == 0
    (export,) = Path("new").glob("*.glb")
    assert main(["edit", "new", "a bruise on the chin"]) == 0, "our own writing is no change"
    export.write_text("an artist's scene")
    assert main(["edit", "new", "a bruise on the nose", "--no-glb"]) == 0, "it is not made again then"
    capsys.readouterr()
    assert main(["edit", "new", "a bruise on the nose"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"{export} was changed since it was saved" in said and "-o" in said
    assert export.read_text() == "an artist's scene" and len(edits_of("new")) == 3
    export.unlink()
    assert main(["edit", "new", "a bruise on the nose"]) == 0, "who has moved it away goes on"


def test_an_export_over_an_older_one_is_our_own_writing(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who exports a face again under the same name has not worked in it, and may go on in place."""
    assert main(["edit", "face", "a bruise on the nose", "-o", "new"]) == 0
    (export,) = Path("new").glob("*.glb")
    first = export.read_text()
    assert main(["export", "new", str(export)]) == 0 and export.read_text() != first
    assert main(["edit", "new", "a bruise on the chin"]) == 0
    assert main(["export", "new", "new/another.glb"]) == 0
    Path("new/another.glb").write_text("an artist's scene")
    assert main(["edit", "new", "a bruise on the lips"]) == 0, "nobody would make that one again"
    assert main(["export", "new", "elsewhere.glb"]) == 0
    export.write_text("an artist's scene")
    capsys.readouterr()
    assert main(["edit", "new", "a bruise on the neck"]) == 1
    assert "was changed since it was saved" in capsys.readouterr().err


def test_what_is_painted_while_an_edit_is_made_is_not_lost(
    pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    painted = next(Path("face/maps").iterdir())
    pipeline.on_edit = lambda: painted.write_bytes(b"by hand") and None
    assert "was changed since it was saved" in refused(["face", "a bruise on the nose"], capsys)
    assert painted.read_bytes() == b"by hand"


def test_the_words_that_work_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edits"]) == 0
    said = capsys.readouterr().out
    assert "bruise" in said and "black eye" in said and "left_cheek" in said and "freckles" in said
    assert main(["edits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == editing.vocabulary()
