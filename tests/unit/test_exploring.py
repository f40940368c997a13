"""Neighbours of a face: where they stand, what they keep, and what their pictures show."""

from __future__ import annotations

import itertools

import pytest
import torch

from dreamface import pipeline
from dreamface.axes import SIDE, Axis, check_axes, ticks
from dreamface.errors import BadRequest, Cancelled
from dreamface.pipeline import Neighbour, explore
from dreamface.progress import Progress
from dreamface.record import FaceRecord
from dreamface.traits import SHAPE_TRAITS, VOCABULARY, Kind

SIZE = 64  # pixels


@pytest.fixture(scope="module")
def record() -> FaceRecord:
    """A face's record, whose nose was asked for."""
    traits = pipeline.stranger(5).under({"age": 40.0, "gender": 1.0, "nose.length": 1.0, "freckles.density": 0.0})
    traits = traits.under({"hair.style": "short", "beard.style": "none", "stubble.density": 0.0})
    head = pipeline.build_head("anny", traits, 5)
    return FaceRecord("f", "a man", 5, 512, "anny", traits, candidate=head.candidate)


@pytest.fixture(scope="module")
def shapes(record: FaceRecord) -> tuple[list[Neighbour], list[Neighbour]]:
    """Neighbours along a trait and identity: in the order in which they were shown, and all."""
    shown: list[Neighbour] = []
    found = explore(record, (Axis("nose.width"), Axis("identity")), size=SIZE, keep=["ears.size"], shown=shown.append)
    return shown, found


@pytest.mark.parametrize("name", [name for name, trait in VOCABULARY.items() if trait.kind is Kind.NUMBER][:75:3])
@pytest.mark.parametrize("place", [0.0, 0.03, 0.1, 0.2, 0.37, 0.5, 0.9, 0.99, 1.0])
def test_no_two_ticks_are_the_same(name: str, place: float) -> None:
    trait = VOCABULARY[name]
    value = trait.low + place * (trait.high - trait.low)
    found = ticks(trait, value)
    values = [value if one is None else one for one in found]
    assert found.count(None) == 1 and len(found) == SIDE
    apart = [after - before for before, after in itertools.pairwise(values)]
    usual = (trait.high - trait.low) / 6.0 if trait.unit == "sd" else 12.0 if trait.unit == "years" else 0.2
    assert min(apart) > 0.45 * min(usual, (trait.high - trait.low) / 4.0)
    assert trait.low <= values[0] and values[-1] <= trait.high


def test_the_face_moves_over_where_its_range_ends() -> None:
    nose = VOCABULARY["nose.width"]
    assert ticks(nose, 0.0) == [-2.0, -1.0, None, 1.0, 2.0]
    assert ticks(nose, 1.5)[3:] == [2.25, 3.0], "steps become shorter"
    assert ticks(nose, -3.4) == [None, -2.0, -1.0, 0.0, 1.0], "what is measured may lie outside of the range"


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ([Axis("nose.width")], "two axes"),
        ([Axis("nose.width"), Axis("nose.width")], "Both axes are nose.width"),
        ([Axis("identity"), Axis("identity")], "a person of their own"),
        ([Axis("nose.widht"), Axis("age")], "no axis"),
        ([Axis("hair.style"), Axis("age")], "no axis"),
        ([Axis("nose.width", 0.0), Axis("age")], "above 0"),
        ([Axis("nose.width", float("nan")), Axis("age")], "above 0"),
        ([Axis("nose.width", 1.6), Axis("age")], "at most 1.5"),
        ([Axis("nose.width", towards=3), Axis("age")], "Only the axis identity"),
        ([Axis("identity", towards=-3), Axis("age")], "seed"),
    ],
)
def test_what_is_no_grid_is_said(axes: list[Axis], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        check_axes(axes)


def test_pictures_have_a_size(record: FaceRecord) -> None:
    with pytest.raises(BadRequest, match="64 to 512"):
        explore(record, (Axis("age"), Axis("gender")), size=2000)


def test_the_face_comes_first_and_then_rings(shapes: tuple[list[Neighbour], list[Neighbour]]) -> None:
    shown, found = shapes
    assert [(one.row, one.column) for one in found] == [(row, column) for row in range(SIDE) for column in range(SIDE)]
    assert shown[0].is_face and sum(one.is_face for one in found) == 1
    rings = [max(abs(one.row - shown[0].row), abs(one.column - shown[0].column)) for one in shown]
    assert rings == sorted(rings)


def test_what_was_asked_or_locked_stays(record: FaceRecord, shapes: tuple[list[Neighbour], list[Neighbour]]) -> None:
    _, found = shapes
    own = pipeline.measure(pipeline.reshape(record, {}))
    for one in found:
        assert "nose.length" not in one.traits
        held = one.traits.number("ears.size") if "ears.size" in one.traits else own["ears.size"]
        assert held == pytest.approx(own["ears.size"], abs=0.2)
        assert not any(entry.is_asked for name, entry in one.traits.items() if name != "nose.width")
    corner = found[0].traits
    measured = pipeline.measure(pipeline.reshape(record, corner))
    for name in ("ears.size", "nose.length"):
        assert measured[name] == pytest.approx(own[name], abs=0.3), name
    assert {"jaw.width", "eyes.size", "nose.width"} <= corner.keys() <= set(SHAPE_TRAITS)


def test_picking_is_an_edit(record: FaceRecord, shapes: tuple[list[Neighbour], list[Neighbour]]) -> None:
    _, found = shapes
    here = next(one for one in found if one.is_face)
    beside = found[SIDE * here.row + here.column + 1]
    assert set(beside.traits) == {"nose.width"} and beside.traits.number("nose.width") == beside.values[0]
    measured = [pipeline.measure(pipeline.reshape(record, one.traits)) for one in (here, beside)]
    moved = measured[1]["nose.width"] - measured[0]["nose.width"]
    assert moved == pytest.approx(beside.values[0] - here.values[0], abs=0.3)
    above = found[SIDE * (here.row - 1) + here.column]
    near = pipeline.measure(pipeline.reshape(record, above.traits))
    other = pipeline.measure(pipeline.build_head("anny", record.traits, record.seed + 1))
    names = [name for name in above.traits if abs(other[name] - measured[0][name]) > 1.0]
    nearer = [abs(near[name] - other[name]) < abs(measured[0][name] - other[name]) for name in names]
    assert len(nearer) > 5 and sum(nearer) > 0.8 * len(nearer)


def test_the_same_input_gives_the_same_pictures(
    record: FaceRecord, shapes: tuple[list[Neighbour], list[Neighbour]]
) -> None:
    again: list[Neighbour] = []

    def stop(neighbour: Neighbour) -> None:
        again.append(neighbour)

    progress = Progress(cancelled=lambda: len(again) == 4)
    with pytest.raises(Cancelled):
        explore(
            record, (Axis("nose.width"), Axis("identity")), size=SIZE, keep=["ears.size"], shown=stop, progress=progress
        )
    assert len(again) == 4
    for before, after in zip(shapes[0], again, strict=False):
        assert torch.equal(before.picture, after.picture)


def test_pictures_differ_where_faces_do(shapes: tuple[list[Neighbour], list[Neighbour]]) -> None:
    shown, _ = shapes
    assert shown[0].picture.shape == (SIZE, SIZE, 3)
    assert float(shown[0].picture.min()) >= 0.0 and float(shown[0].picture.max()) <= 1.0
    for one in shown[1:]:
        assert float((one.picture - shown[0].picture).abs().max()) > 0.02


@pytest.mark.slow
def test_skin_and_hair_go_along_with_their_axes(record: FaceRecord) -> None:
    found = explore(record, (Axis("skin.melanin"), Axis("hair.melanin")), size=SIZE)
    here = next(one for one in found if one.is_face)
    row = found[SIDE * here.row : SIDE * here.row + SIDE]
    brightness = [float(one.picture.mean()) for one in row]
    assert row[0].values[0] < row[-1].values[0] and brightness[0] > brightness[-1]
    column = found[here.column :: SIDE]
    assert not torch.equal(column[0].picture, column[-1].picture)


@pytest.mark.slow
def test_a_sculpted_offset_stays(record: FaceRecord) -> None:
    head = pipeline.build_head("anny", record.traits, record.seed, record.candidate)
    offset = torch.zeros_like(head.vertices)
    offset[:, 1] = torch.where(head.vertices[:, 2] > head.vertices[:, 2].mean(), -0.01, 0.0)
    shown: list[Neighbour] = []
    plain: list[Neighbour] = []
    axes = (Axis("nose.width"), Axis("jaw.width"))
    explore(record, axes, size=SIZE, offset=offset, shown=shown.append)
    explore(record, axes, size=SIZE, shown=plain.append)
    assert all(not torch.equal(one.picture, other.picture) for one, other in zip(shown, plain, strict=True))


def test_what_goes_along_with_age_is_said(record: FaceRecord) -> None:
    found = explore(record, (Axis("age", 12.0), Axis("nose.width")), size=SIZE)
    oldest = found[14]
    assert set(oldest.traits) == {"age"}
    assert oldest.shows.number("wrinkles.forehead") > record.traits.number("wrinkles.forehead") + 0.2
    assert pipeline.changed_record(record, oldest.traits).traits == record.traits.under(oldest.shows)
    assert found[12].is_face and not found[12].shows
