"""Look and adjust: traits that words leave open move where they should and nowhere else."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from dreamface import folder, pipeline
from dreamface.errors import BadRequest, Cancelled, DreamFaceError, MissingDependency
from dreamface.guidance import Aligned, Move, RelativeScore, align
from dreamface.head import AROUND, HeadSource, prompt_likeness
from dreamface.head.ict import looks
from dreamface.head.ict.identity import SHARED
from dreamface.head.selection.clip_pool import EmbeddingIndex
from dreamface.models import places
from dreamface.pipeline import aligning
from dreamface.prior import complete, followed
from dreamface.progress import Progress, Step
from dreamface.random_streams import stream
from dreamface.record import Alignment, Correction, EditEntry, FaceRecord
from dreamface.traits import ANCESTRIES, FITS_BETTER, SHAPE_TRAITS, Traits, TraitValue
from tests.looking_double import LookingDouble
from tests.unit.test_selection import Shapes

# -------------------------------------------------------------------------------------------------- the search, alone

READ = ("skin.melanin", "skin.redness", "freckles.density", "nose.length", "lips.upper", "moles.density")
PERSON = Traits({
    "skin.melanin": TraitValue(0.4, 0.0), "skin.redness": TraitValue(0.4, 0.0),
    "freckles.density": TraitValue(0.1, 0.0), "moles.density": TraitValue(0.1, 0.0),
    "hair.style": TraitValue("short", 0.0), "age": TraitValue(30.0, 1.0, "30"),
})  # fmt: skip
MOVES = (
    Move("skin tone", Traits({"skin.melanin": 0.8}), Traits({"skin.melanin": 0.1})),
    Move("blood", Traits({"skin.redness": 0.7}), Traits({"skin.redness": 0.2})),
    Move("freckles", Traits({"freckles.density": 0.6})),
    Move("moles", Traits({"moles.density": 0.6})),
    Move("nose", Traits({"nose.length": 1.5}), Traits({"nose.length": -1.5})),
    Move("lips", Traits({"lips.upper": 1.5}), Traits({"lips.upper": -1.5})),
    Move("hair: bun", Traits({"hair.style": "bun"}), choice="cut"),
    Move("hair: bob", Traits({"hair.style": "bob"}), choice="cut"),
)


def picture(traits: Traits) -> Tensor:
    """A picture whose pixels are traits: all that a scorer can see of somebody."""
    values = [traits.number(name) for name in READ]
    styles = {"short": 0.0, "bun": 1.0, "bob": 2.0}
    return torch.tensor([*values, styles[traits.choice("hair.style")]]).reshape(1, -1, 1).expand(-1, -1, 3)


class Counted:
    """A scorer that a function of one picture's traits is, and how often it was asked."""

    def __init__(self, rule: Callable[[list[float]], float]) -> None:
        self.rule, self.asked = rule, 0

    def score(self, pictures: Tensor) -> Tensor:
        self.asked += len(pictures)
        return torch.tensor([self.rule(one[0, :, 0].tolist()) for one in pictures])


def searched(rule: Callable[[list[float]], float], alpha: float = 1.0, seed: int = 1, most: int = 60) -> Aligned:
    scorer = Counted(rule)
    found = align(PERSON, MOVES, picture, scorer, alpha=alpha, seed=seed, most=most)
    assert scorer.asked == found.renders <= most
    assert found.after >= found.before
    return found


def test_traits_move_where_they_should_and_nowhere_else() -> None:
    found = searched(lambda seen: 0.5 * seen[2] - 0.3 * seen[0])
    assert set(found.moved) == {"freckles.density", "skin.melanin"}
    assert found.moved.number("freckles.density") > 0.5 and found.moved.number("skin.melanin") < 0.2
    assert all(entry.because == FITS_BETTER and 0.0 < entry.confidence < 0.6 for entry in found.moved.values())
    assert found.after == pytest.approx(
        0.5 * found.moved.number("freckles.density") - 0.3 * found.moved.number("skin.melanin")
    )


def test_what_lies_between_is_found() -> None:
    """The best is no end of a move: its middle is."""
    found = searched(lambda seen: -((seen[2] - 0.45) ** 2) - 0.2 * (seen[3] - 1.0) ** 2)
    assert found.moved.number("freckles.density") == pytest.approx(0.45, abs=0.1)
    assert found.moved.number("nose.length") == pytest.approx(1.0, abs=0.4)
    assert set(found.moved) == {"freckles.density", "nose.length"}


def test_nothing_moves_where_nothing_helps() -> None:
    for rule in (lambda seen: 0.3, lambda seen: -seen[2] - seen[5], lambda seen: -abs(seen[0] - 0.4)):
        found = searched(rule)
        assert not found.moved and found.after == found.before


def test_of_what_excludes_itself_one_is_taken() -> None:
    found = searched(lambda seen: 0.3 * seen[6] + 0.1 * seen[1])
    assert found.moved.choice("hair.style") == "bob" and set(found.moved) <= {"hair.style", "skin.redness"}
    assert "hair.style" not in searched(lambda seen: 0.3 * seen[6], alpha=0.4).moved, "half the way is no other cut"


def test_alpha_says_how_far() -> None:
    rule: Callable[[list[float]], float] = lambda seen: seen[2]  # noqa: E731
    reach = [searched(rule, alpha).moved.number("freckles.density") for alpha in (0.25, 0.5, 1.0)]
    assert reach == sorted(reach) and reach[0] == pytest.approx(0.1 + 0.25 * 0.5, abs=0.03)
    assert align(PERSON, MOVES, picture, Counted(rule), alpha=0.0, seed=1) == Aligned(Traits(), 0.0, 0.0, 0)


def test_the_seed_gives_the_same_again() -> None:
    rule: Callable[[list[float]], float] = lambda seen: -((seen[2] - 0.3) ** 2) + 0.1 * seen[4]  # noqa: E731
    assert searched(rule, seed=3) == searched(rule, seed=3)


@pytest.mark.parametrize("most", [8, 20, 60])
def test_the_budget_is_kept(most: int) -> None:
    assert searched(lambda seen: sum(seen), most=most).renders <= most


@pytest.mark.parametrize(
    ("alpha", "most", "sentence"),
    [
        (1.2, 60, r"The alignment must be between 0 and 1; got 1\.2\."),
        (-0.1, 60, "between 0 and 1"),
        (math.nan, 60, "between 0 and 1; got nan"),
        (0.5, 3, "takes at least 8 portraits; got 3"),
    ],
)
def test_bad_numbers_are_refused(alpha: float, most: int, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        align(PERSON, MOVES, picture, Counted(sum), alpha=alpha, seed=1, most=most)


def test_looking_can_be_stopped_and_says_how_far_it_is() -> None:
    steps: list[Step] = []

    def watch(step: Step) -> None:
        steps.append(step)
        if len(steps) == 5:
            raise Cancelled

    scorer = Counted(sum)
    with pytest.raises(Cancelled):
        align(PERSON, MOVES, picture, scorer, alpha=1.0, seed=1, progress=Progress(watch))
    assert scorer.asked == 4 and [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert steps[2].message == "Looking at portrait 3"


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (DreamFaceError("The encoder gave no numbers."), "The encoder gave no numbers."),
        (torch.OutOfMemoryError("CUDA out of memory."), "too little memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "too little memory"),
        (None, r"no score \(NaN\)"),
    ],
)
def test_what_goes_wrong_in_one_portrait_ends_with_the_best_so_far(failure: Exception | None, sentence: str) -> None:
    for last in (1, 6, 14):
        seen: list[list[float]] = []

        def rule(one: list[float], last: int = last, seen: list[list[float]] = seen) -> float:
            seen.append(one)
            if len(seen) < last:
                return 0.5 * one[2] - 0.3 * one[0]
            if failure is not None:
                raise failure
            return math.nan

        found = align(PERSON, MOVES, picture, Counted(rule), alpha=1.0, seed=1)
        assert found.renders == last - 1 == len(seen) - 1
        assert re.search(f"^Looking ended at portrait {last}, and .*{sentence}", found.note)
        expected = {1: set[str](), 6: {"freckles.density"}, 14: {"freckles.density", "skin.melanin"}}
        assert set(found.moved) == expected[last]
        assert found.after > found.before or not found.moved
        assert found.after == pytest.approx(max([0.5 * one[2] - 0.3 * one[0] for one in seen[:-1]], default=0.0))


def test_a_bug_is_no_end() -> None:
    def rule(_: list[float]) -> float:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="do not match"):
        align(PERSON, MOVES, picture, Counted(rule), alpha=1.0, seed=1)


def test_the_score_is_the_way_along_the_words() -> None:
    """Of two portraits the difference over their distance is the cosine of Eq. 3."""
    encoder = LookingDouble()
    scorer = RelativeScore.of(encoder, "a merrow")
    pictures = torch.rand(2, 32, 32, 3, generator=torch.Generator().manual_seed(2))
    one, other = encoder.images(pictures)
    text, anchor = encoder.texts(("a merrow", "a person's face"))
    expected = torch.nn.functional.cosine_similarity(one - other, text - anchor, dim=0)
    first, second = scorer.score(pictures)
    assert float((first - second) / (one - other).norm()) == pytest.approx(float(expected), abs=1e-5)


def test_no_numbers_are_said() -> None:
    scorer = RelativeScore.of(LookingDouble(), "a merrow")
    with pytest.raises(DreamFaceError, match=r"looking double gave no numbers \(NaN\).* an alignment of 0"):
        scorer.score(torch.full((1, 8, 8, 3), math.nan))


# -------------------------------------------------------------------------------------------------------- with a face


def record_of(prompt: str, seed: int, head: str = "anny") -> FaceRecord:
    return FaceRecord("f", prompt, seed, 512, head, complete(pipeline.read(prompt).traits, seed), ())


def check_moves_of(head: str, seeds: range) -> None:
    """Whoever a seed draws may be moved, also where a measure of theirs lies beyond its slider."""
    beyond = 0
    for seed in seeds:
        record = record_of("a quillon", seed, head)
        start, moves = aligning.open_moves(record)
        measured = pipeline.measure(pipeline.build_head(head, record.traits, seed))
        beyond += any(abs(measured[name]) > 3.0 for name in SHAPE_TRAITS)
        for name in SHAPE_TRAITS:
            assert start.number(name) == pytest.approx(min(3.0, max(-3.0, measured[name])))
        assert len(moves) > 20
    assert beyond, "some are beyond, or this shows nothing"


def test_all_seeds_have_moves() -> None:
    check_moves_of("anny", range(30))


@pytest.mark.slow
def test_all_seeds_have_moves_on_the_production_head(with_ict) -> None:
    check_moves_of("ict", range(30))


def test_moves_stay_within_the_prior_and_leave_what_was_stated() -> None:
    record = record_of("an old woman with freckles, a long nose, red hair and a smile", 4)
    start, moves = aligning.open_moves(record)
    moved = {name for move in moves for ends in (move.more, move.less or Traits()) for name in ends}
    assert not moved & {name for name, entry in record.traits.items() if entry.confidence}
    assert not moved & {"age", "gender", "body.weight", *ANCESTRIES}, "who somebody is never moves"
    assert not [name for name in moved if name.startswith("expression.")], "she smiles"
    assert {"skin.redness", "eyes.size", "hair.style", "iris.colour", "lips.redness"} <= moved
    for move in moves:
        for name in set(move.more) & set(SHAPE_TRAITS):
            assert abs(move.more.number(name)) <= 2.0 or abs(move.more.number(name)) <= abs(start.number(name))
    tone = next(move for move in moves if move.title == "skin tone")
    people = [complete(record.traits.asked().under({"age": start.value("age")}), seed) for seed in range(40)]
    darkest = max(one.number("skin.melanin") for one in people)
    assert max(tone.more.number("skin.melanin"), (tone.less or tone.more).number("skin.melanin")) <= darkest + 0.05


def test_what_the_artist_has_taken_back_does_not_move() -> None:
    record = record_of("a quillon", 4)
    back = {"skin.melanin", "lips.upper", "iris.colour", "hair.style", "hair.length", "expression.jawOpen"}
    for without, is_there in ((set(), True), (back, False)):
        _, moves = aligning.open_moves(record, without)
        moved = {name for move in moves for ends in (move.more, move.less or Traits()) for name in ends}
        assert all((name in moved) is is_there for name in back)
    assert {"lips.lower", "hair.volume", "skin.redness"} <= moved
    assert not {"joy", "anger"} & {move.title for move in moves}


def test_words_that_are_taken_back_or_corrected_are_not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def stop(*_: object, without: object, **__: object) -> FaceRecord:
        given.append(without)
        raise Cancelled

    monkeypatch.setattr(pipeline.making, "aligned", stop)
    pale = Correction("pale", without=("skin.melanin",))
    for without, corrections in (((), ()), (("freckles.density",), ()), (("freckles.density",), (pale,))):
        with pytest.raises(Cancelled):
            pipeline.generate(
                "a pale woman with freckles", seed=1, head="anny", without=without, corrections=corrections, align=1.0,
                encoder=LookingDouble(),
            )  # fmt: skip
    assert given == [set(), {"freckles.density"}, {"freckles.density", "skin.melanin"}]


def test_a_face_at_rest_may_take_an_expression() -> None:
    _, moves = aligning.open_moves(record_of("a quillon", 4))
    assert {"joy", "anger"} <= {move.title for move in moves}
    assert len(moves) < 60 - 18, "all are tried"


def test_what_was_moved_follows_age_as_what_was_drawn_does() -> None:
    drawn = complete(Traits({"age": 30.0, "gender": 1.0}), 1)
    deeper = {"wrinkles.forehead": TraitValue(drawn.number("wrinkles.forehead") + 0.1, 0.3, FITS_BETTER)}
    nose = {"nose.length": TraitValue(1.5, 0.3, FITS_BETTER)}
    moved = drawn.under({**deeper, **nose})
    older, without = (followed(one, one.under({"age": 60.0}), 1) for one in (moved, drawn))
    gained = without.number("wrinkles.forehead") - drawn.number("wrinkles.forehead")
    assert gained > 0.1
    assert older.number("wrinkles.forehead") == pytest.approx(min(1.0, moved.number("wrinkles.forehead") + gained))
    assert older["wrinkles.forehead"].because == FITS_BETTER and older.number("nose.length") == 1.5
    others = [name for name in drawn if name not in moved or moved[name].because != FITS_BETTER]
    assert all(older.value(name) == without.value(name) for name in others), "and the others as without it"


def test_alpha_0_is_exactly_the_face_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_of("a quillon", 2)
    monkeypatch.setattr(aligning, "open_moves", pytest.fail)
    assert aligning.aligned(record, LookingDouble(), 0.0, progress=Progress()) is record
    assert "alignment" not in record.to_json()


def test_nobody_to_look_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(places.VARIABLE, str(tmp_path))
    with pytest.raises(
        MissingDependency, match=r"needs CLIP ViT-L/14: install it with `dreamface models install clip-"
    ):
        pipeline.generate("a quillon", seed=1, resolution=512, align=0.5)
    with pytest.raises(BadRequest, match="The alignment must be between 0 and 1"):
        pipeline.generate("a quillon", seed=1, resolution=512, align=2.0)


def test_what_is_said_of_looking_is_what_the_face_shows() -> None:
    drawn = Traits({name: TraitValue(value, 0.0) for name, value in (("skin.melanin", 0.5), ("freckles.density", 0.0))})
    moved = {
        name: TraitValue(value, 0.3, FITS_BETTER) for name, value in (("skin.melanin", 0.1), ("freckles.density", 0.9))
    }
    record = record_of("a quillon", 2)
    record = replace(record, traits=record.traits.under(moved), alignment=Alignment(1.0, "double", drawn, 0.1, 0.2, 20))
    both = pipeline.alignment_note(record)
    assert "freckles" in both and "skin (was" in both
    by_hand = replace(record, traits=record.traits.under({"freckles.density": TraitValue(0.0)}))
    assert "freckles" not in pipeline.alignment_note(by_hand) and "skin (was" in pipeline.alignment_note(by_hand)
    words = EditEntry("1", "words", "dark skin", traits=Traits({"skin.melanin": TraitValue(0.9, 1.0, "dark skin")}))
    assert "skin" not in pipeline.alignment_note(replace(record, edits=(words,)))
    assert "skin (was" in pipeline.alignment_note(replace(record, edits=(replace(words, visible=False),)))
    assert pipeline.alignment_note(replace(by_hand, edits=(words,))) == "What looking moved was set since."
    smile = replace(record_of("a quillon", 2), alignment=Alignment(1.0, "double", Traits(), 0.1, 0.2, 20))
    assert "set since" in pipeline.alignment_note(smile), "of an expression nothing was drawn"
    none = Alignment(1.0, "double", Traits(), 0.1, 0.1, 20)
    ended = replace(smile, alignment=replace(none, notes=("Looking ended.",)))
    assert pipeline.alignment_note(ended).endswith("fit them better. Looking ended.")
    assert FaceRecord.from_json(ended.to_json()) == ended and "notes" not in smile.to_json()["alignment"]
    assert "Nothing that the words leave open" in pipeline.alignment_note(
        replace(record_of("a quillon", 2), alignment=none)
    )


@pytest.mark.slow
def test_a_face_is_moved_and_opened_later_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the first few moves alone, to be quick: the colours."""
    aligned = aligning.aligned
    monkeypatch.setattr(pipeline.making, "aligned", lambda *given, **named: aligned(*given, **named, most=14))
    face = pipeline.generate(
        "a quillon", seed=2, resolution=512, head="anny", align=1.0, encoder=LookingDouble(), anyway=True
    )
    moved, alignment = pipeline.fits_better(face.traits), face.record.alignment
    assert alignment is not None and alignment.renders <= 14 and alignment.after > alignment.before
    assert "skin.melanin" in moved and set(moved) <= {"skin.melanin", "skin.redness", "skin.yellowness"}
    assert face.traits.number("skin.melanin") < alignment.drawn.number("skin.melanin")
    assert set(alignment.drawn) == set(moved)
    drawn = complete(pipeline.read("a quillon").traits, 2)
    assert {name for name in drawn if drawn.value(name) != face.traits.value(name)} == set(moved), "and nothing else"
    assert "light" in pipeline.alignment_note(face.record) and FITS_BETTER in pipeline.alignment_note(face.record)
    assert not [word for word in face.record.not_understood if FITS_BETTER in word]
    folder.save(face, tmp_path / "face")
    again = pipeline.rebuild(folder.read_document(tmp_path / "face"))
    assert again.record == folder.read_document(tmp_path / "face").record == face.record
    assert torch.equal(again.head.vertices, face.head.vertices)
    assert torch.equal(again.maps["skin"]["albedo"], face.maps["skin"]["albedo"])


class Outline:
    """An encoder that sees nothing but how much of the lower background a face covers, whatever its colours."""

    name, dimension = "outline", 2

    def images(self, pictures: Tensor) -> Tensor:
        skin = pictures[..., 0] > pictures[..., 2]  # the background is a bluish grey
        wide = skin[:, round(0.67 * skin.shape[1]) : round(0.85 * skin.shape[1])].float().mean(dim=(1, 2))
        return torch.nn.functional.normalize(torch.stack((wide, torch.full_like(wide, 0.4)), dim=1), dim=1)

    def texts(self, prompts: Sequence[str]) -> Tensor:
        said = torch.tensor([[0.8 if "quillon" in prompt else 0.4, 0.4] for prompt in prompts])
        return torch.nn.functional.normalize(said, dim=1)


@pytest.mark.slow
def test_different_seeds_stay_different_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks sees shape alone, and wants the same of both: both fit it better, and differ as much as before."""
    open_moves, titles = aligning.open_moves, ("roundness of the face", "strength of the jaw")

    def shape_moves(record: FaceRecord, without: Collection[str]) -> tuple[Traits, tuple[Move, ...]]:
        start, moves = open_moves(record, without)
        return start, tuple(move for move in moves if move.title in titles)

    monkeypatch.setattr(aligning, "open_moves", shape_moves)
    monkeypatch.setattr(aligning, "_SKIN", 128)
    before, after, gained = [], [], []
    for seed in (1, 4):
        record = record_of("a bald quillon", seed)
        found = aligning.aligned(record, Outline(), 1.0, most=8, progress=Progress())
        assert found.alignment is not None and found.alignment.after > found.alignment.before
        moved = pipeline.fits_better(found.traits)
        assert moved and set(moved) <= {"face.roundness", "cheeks.volume", "jaw.width", "chin.width"}
        before.append(pipeline.build_head("anny", record.traits, seed))
        after.append(pipeline.build_head("anny", found.traits, seed))
        was, now = pipeline.measure(before[-1]), pipeline.measure(after[-1])
        gained.append(now[moved[0]] - was[moved[0]])
    assert min(map(abs, gained)) > 0.3, "their heads show it"
    apart = [float((first.vertices - second.vertices).norm(dim=1).mean()) for first, second in (before, after)]
    assert apart[1] > 0.7 * apart[0]


# ---------------------------------------------------------------------------------------------------- a pool, by looks


def test_what_is_too_long_to_be_looked_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Short(LookingDouble):
        def unread(self, prompt: str) -> str:
            return prompt[9:].strip()

    monkeypatch.setattr(aligning, "open_moves", lambda record, _: (record.traits, ()))
    monkeypatch.setattr(aligning, "look_and_adjust", lambda *_, **__: Aligned(Traits(), 0.1, 0.1, 1))
    for encoder, prompt, notes in (
        (Short(), "a quillon, and a merrow", 1), (Short(), "a quillon", 0), (LookingDouble(), "a quillon, a merrow", 0),
    ):  # fmt: skip
        found = aligning.aligned(record_of(prompt, 1), encoder, 1.0, progress=Progress()).alignment
        assert found is not None and len(found.notes) == notes
        assert not notes or "“, and a merrow” was left out" in found.notes[0]


class _Pool:
    """A pool whose index is usable or not."""

    def __init__(self, problem: str, chosen: int = 0) -> None:
        self._problem, self._chosen = problem, chosen

    def choice(self, *_: object) -> Callable[..., int]:
        if self._problem:
            raise BadRequest(self._problem)
        return lambda *_: self._chosen


def test_why_an_index_is_not_used_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    record = record_of("a quillon", 2)

    def build(*_: object, choice: Callable[..., int]) -> object:
        return SimpleNamespace(candidate=choice())

    monkeypatch.setattr(aligning, "build_head", build)
    for pools, candidate, note in (
        ([], None, ""),
        ([_Pool("It is damaged: build it again."), _Pool("It is unfinished.")], None, "It is damaged: build it again."),
        ([_Pool("It is damaged."), _Pool("", 7)], 7, ""),
    ):
        monkeypatch.setattr(aligning, "looks_pools", lambda _, pools=pools: pools)
        found, said = aligning._chosen_by_looks(record, LookingDouble(), 1.0)
        assert found.candidate == candidate and said.endswith(note) and bool(said) == bool(note)

    def refuse(*_: object, **__: object) -> None:
        raise BadRequest("A head can't be built.")

    monkeypatch.setattr(aligning, "build_head", refuse)
    with pytest.raises(BadRequest, match="can't be built"):
        aligning._chosen_by_looks(record, LookingDouble(), 1.0)


@pytest.mark.slow
def test_the_likest_candidate_of_a_pool_is_where_a_face_begins(
    ict_head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "models_folder", lambda: tmp_path)
    monkeypatch.setattr(looks, "_OWN_SHARE", 1.0)
    pool, cpu, encoder = looks.LooksPool(ict_head, 9), torch.device("cpu"), Shapes()
    plan = pool.plan(encoder, cpu, Progress())
    assert (plan.count, plan.pictures, plan.done) == (9, 30, 0) and plan.seconds > 0.0
    with pytest.raises(BadRequest, match="no finished index"):
        pool.choice(encoder, "wide", 1, 1.0)
    said: list[str] = []
    index = pool.build(encoder, cpu, Progress(lambda step: said.append(step.message)))
    assert said[0] == "Looking at candidate 1 of 10" and said[3].startswith("Looking at candidate 4 of 10, about ")
    assert pool.plan(encoder, cpu, Progress()).done == 10 and pool.plan(encoder, cpu, Progress()).seconds == 0.0
    assert [one.pool.count for one in looks.begun_pools(ict_head)] == [9]
    text, anchor = encoder.texts(("wide", "the face"))
    seen = prompt_likeness(index.rows(0, 9), index.mean_head, text, anchor)
    choice = pool.choice(encoder, "wide", 1, 1.0)
    assert choice(pool.pool, None) == SHARED + int(seen.argmax())
    source = HeadSource(complete(Traits(), 1), stream(1, "head"), choice=choice)
    assert ict_head.build(source).candidate == AROUND + SHARED + int(seen.argmax())


def test_each_seed_looks_through_its_own_share_of_a_pool(
    ict_head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many candidates whose looks are made up: seeds come to different ones, and all of them to likely ones."""
    count, encoder = 2000, Shapes()
    drawn = torch.rand(count + 1, 3, generator=torch.Generator().manual_seed(1))
    index = EmbeddingIndex(encoder.name, torch.nn.functional.normalize(drawn, dim=1).half().numpy())
    monkeypatch.setattr(looks, "open_index", lambda *_: index)
    pool = looks.LooksPool(ict_head, count)
    text, anchor = encoder.texts(("wide", "the face"))
    order = prompt_likeness(index.rows(0, count), index.mean_head, text, anchor).argsort(descending=True).tolist()
    ranks = {
        alpha: [order.index(pool.choice(encoder, "wide", seed, alpha)(pool.pool, None) - SHARED) for seed in range(12)]
        for alpha in (0.1, 1.0)
    }
    assert len(set(ranks[1.0])) > 6, "different seeds stay different people"
    assert max(ranks[1.0]) < 100 < max(ranks[0.1]), "and alpha says how like the words they are"
