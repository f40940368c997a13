"""What a finished face shows, beside what it was made with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from dreamface import head, pipeline
from dreamface.appearance import features, read_out
from dreamface.appearance.skin import SkinSeen
from dreamface.colour import lab
from dreamface.face import Face


@pytest.fixture(scope="module", params=["anny", pytest.param("ict", marks=pytest.mark.slow)])
def faces(request: pytest.FixtureRequest) -> Iterator[tuple[Face, Face]]:
    """A face with few marks and one with many of the same person."""
    plain = {"age": 25.0, "freckles.density": 0.0, "wrinkles.forehead": 0.0, "skin.melanin": 0.15, "hair.style": "bob"}
    worn = {"age": 80.0, "freckles.density": 0.9, "wrinkles.forehead": 0.9, "skin.melanin": 0.6, "hair.style": "bald"}
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "ict":
            patch.setenv("DREAMFACE_MODELS", str(request.getfixturevalue("ict_models")))
        head.forget()
        first, second = (
            pipeline.generate("a woman with green eyes", seed=4, resolution=1024, head=request.param, traits=traits)
            for traits in (plain, worn)
        )
        yield first, second
    head.forget()


def test_more_of_a_trait_is_seen_as_more(faces: tuple[Face, Face]) -> None:
    plain, worn = (pipeline.look_at(face) for face in faces)
    for name, least in (("freckles.density", 0.3), ("wrinkles.forehead", 0.4), ("skin.melanin", 0.3), ("age", 25.0)):
        assert worn[name].value - plain[name].value > least, name  # type: ignore[operator]


def test_what_is_measured_is_what_was_asked_for(faces: tuple[Face, Face]) -> None:
    for face, (melanin, style) in zip(faces, ((0.15, "bob"), (0.6, "bald")), strict=True):
        seen = pipeline.look_at(face)
        assert seen["skin.melanin"].value == pytest.approx(melanin, abs=0.1)
        assert seen["hair.style"].value == style
        irises = lab(torch.tensor([seen["iris.colour"].value, face.traits["iris.colour"].value]))
        hue, asked = torch.atan2(irises[:, 2], irises[:, 1]).rad2deg().tolist()
        assert hue == pytest.approx(asked, abs=30.0), "pupil and pattern darken it; it is as green"
        assert seen["nose.width"].value == pytest.approx(pipeline.measure(face.head)["nose.width"])


def test_a_hidden_layer_is_not_seen(faces: tuple[Face, Face]) -> None:
    """What counts is the finished skin, not what was asked for."""
    worn = faces[1]
    bare = pipeline.edit(worn, {}, layers={"freckles": 0.0})
    assert pipeline.look_at(bare)["freckles.density"].value < 0.2  # type: ignore[operator]


def test_a_face_without_readable_maps_shows_its_shape_and_hair(faces: tuple[Face, Face]) -> None:
    seen = pipeline.look_at(replace(faces[0], maps={}))
    assert "nose.width" in seen and "hair.style" in seen and "skin.melanin" not in seen


def test_a_measure_that_is_missing_counts_as_usual(faces: tuple[Face, Face]) -> None:
    measures = features(SkinSeen(faces[0]), pipeline.measure(faces[0].head), faces[0].groom)
    without = {name: value for name, value in measures.items() if name != "grey"}
    assert abs(read_out(without)["age"] - read_out(measures)["age"]) < 15.0
