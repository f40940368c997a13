"""A head painted again while its edits change: what a viewport follows a slider with."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from dreamface import pipeline
from dreamface.edits import masks_of
from dreamface.errors import BadRequest, Busy, Cancelled
from dreamface.face import Maps
from dreamface.images import encode_mask
from dreamface.pipeline import making, painting, people
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.record import EditEntry, FaceRecord, Place
from dreamface.traits import Traits

MASK = torch.zeros(256, 256)
MASK[100:140, 90:150] = 1.0
PNG = encode_mask(MASK)
DIGEST = hashlib.sha256(PNG).hexdigest()
PICTURES = {DIGEST: PNG}


def words(name: str, strength: float = 1.0, **more: object) -> EditEntry:
    effects = {"effects": [{"name": "bruise"}]}
    entry = EditEntry(name, "words", "a bruise", strength, place=Place(mask={"skin": DIGEST}), parameters=effects)
    return replace(entry, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def record() -> FaceRecord:
    return FaceRecord("f", "a pale woman", 3, 512, "anny", complete(Traits({"skin.melanin": 0.1}), 3))


def repaint(
    record: FaceRecord, edits: Sequence[EditEntry], shown: Sequence[EditEntry] = (), **more: object
) -> pipeline.Repainted:
    return pipeline.repaint(replace(record, edits=tuple(edits)), shown, pictures=PICTURES, **more)  # type: ignore[arg-type]


def changed(one: Maps, other: Maps) -> set[str]:
    named = [(tile, name) for tile, maps in one.items() for name in maps]
    return {f"{tile}/{name}" for tile, name in named if not torch.equal(one[tile][name], other[tile][name])}


def test_a_bruise_is_the_only_difference(record: FaceRecord) -> None:
    found = repaint(record, [words("a")])
    assert "skin/albedo" in changed(found.before, found.after)
    assert found.before["eyes"]["albedo"] is found.after["eyes"]["albedo"]
    texels = (found.before["skin"]["albedo"] != found.after["skin"]["albedo"]).any(dim=2)
    head = pipeline.reshape(record, {})
    place = masks_of(Place(mask={"skin": DIGEST}), head, PICTURES)["skin"]
    reached = torch.nn.functional.interpolate(place[None, None], size=texels.shape, mode="area") > 0.0
    reached = torch.nn.functional.max_pool2d(reached.float(), 3, 1, 1)[0, 0] > 0.0  # what halving a mask blurs
    assert bool(texels.any()) and not bool((texels & ~reached).any())


def test_it_is_what_a_whole_edit_paints(record: FaceRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    found = repaint(record, [words("a", 0.5), words("b", 1.5)], [words("b")])
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
    face = pipeline.edit(record, {}, edits=[words("a", 0.5), words("b", 1.5)], pictures=PICTURES)
    for tile, maps in found.after.items():
        assert all(torch.equal(image, face.maps[tile][name]) for name, image in maps.items()), tile
    assert not changed(repaint(record, [words("b")], [words("b")]).after, found.before)


def test_a_slider_builds_no_head_and_reads_no_mask(record: FaceRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    repaint(record, [words("a"), words("b")], [words("b")])
    asked: list[str] = []
    build, laid = pipeline.build_head, painting.overlays
    monkeypatch.setattr(people, "build_head", lambda *args: (asked.append("head"), build(*args))[1])
    monkeypatch.setattr(
        painting, "overlays", lambda edits, *args: (asked.extend(one.id for one in edits), laid(edits, *args))[1]
    )
    repaint(record, [words("a", 0.7), words("b")], [words("a"), words("b")])
    assert asked == ["a"]  # the one whose strength is new
    pipeline.forget_models()
    repaint(record, [words("a", 0.7)], [words("a", 0.7)])
    assert asked[1:] == ["head", "a"]


def test_a_whole_face_edit_may_change_the_head(record: FaceRecord) -> None:
    older = EditEntry("old", "words", "older", traits=Traits({"age": 80.0}))
    found = repaint(record, [older])
    assert "skin/albedo" in changed(found.before, found.after)
    plain = repaint(record, [], [older])
    assert not changed(plain.after, found.before) and not changed(plain.before, found.after)


def test_the_viewport_chooses_its_own_resolution(record: FaceRecord) -> None:
    found = repaint(record, [words("a")], resolution=1024)
    assert found.after["skin"]["albedo"].shape == (1024, 1024, 3)
    with pytest.raises(BadRequest, match="512"):
        repaint(record, [], resolution=100)


def test_what_is_missing_or_unknown_is_a_sentence(record: FaceRecord) -> None:
    with pytest.raises(BadRequest, match="picture of the edit 'a bruise' is missing"):
        pipeline.repaint(replace(record, edits=(words("a"),)), ())
    with pytest.raises(BadRequest, match="picture of the edit 'a bruise' is missing"):
        pipeline.repaint(record, (words("a"),))
    with pytest.raises(BadRequest, match="effect called 'zorgon'"):
        repaint(record, [words("a", parameters={"effects": [{"name": "zorgon"}]})])
    repaint(record, [words("a")])  # nobody has kept the painter


def test_nobody_waits_for_the_painter_but_jobs_which_can_be_stopped(record: FaceRecord) -> None:
    with painting.painters_turn(Progress()):
        with pytest.raises(Busy, match="try again"):
            repaint(record, [words("a")])
        stop = threading.Event()
        found: list[BaseException] = []

        def work() -> None:
            try:
                with painting.painters_turn(Progress(cancelled=stop.is_set)):
                    pass
            except Cancelled as error:
                found.append(error)

        job = threading.Thread(target=work)
        job.start()
        stop.set()
        job.join(5.0)
        assert len(found) == 1
