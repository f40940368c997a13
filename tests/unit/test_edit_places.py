"""Marked places as masks: what an artist painted in a layout, on the skin, and what feather and mirror make of it."""

from __future__ import annotations

import hashlib

import pytest
import torch
from torch import Tensor

from dreamface.edits import masks_of, places
from dreamface.edits.sheet import MASK_SIZE, bilinear, sheet_of
from dreamface.edits.symmetry import symmetry_of
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.images import encode_mask
from dreamface.record import Place
from dreamface.skin import Overlay, Painter, texels_inside
from dreamface.traits import Traits

BALD = Traits({"age": 35.0, "hair.style": "bald", "beard.style": "none"})


@pytest.fixture(scope="module", params=["anny", "ict"])
def head(request: pytest.FixtureRequest) -> Head:
    model = load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")
    return model.build(HeadSource(Traits({"age": 35.0}), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def ict(ict_head) -> Head:
    return ict_head.build(HeadSource(Traits({"age": 35.0}), torch.Generator().manual_seed(3)))


def painted(images: dict[str, Tensor], **place) -> tuple[Place, dict[str, bytes]]:
    """A place with a painted mask, and its pictures."""
    pngs = {tile: encode_mask(image) for tile, image in images.items()}
    digests = {tile: hashlib.sha256(png).hexdigest() for tile, png in pngs.items()}
    return Place(mask=digests, **place), {digests[tile]: pngs[tile] for tile in pngs}


def spot(head: Head, middle: Tensor, radius_mm: float) -> dict[str, Tensor]:
    """A round spot with a hard border on the skin, as painted."""
    sheet = sheet_of(head.topology)
    away = (sheet.from_vertices(head.vertices) - middle).norm(dim=1)
    return sheet.images((away < radius_mm / 1000.0).float())


def at_vertices(head: Head, masks: dict[str, Tensor], vertices: Tensor) -> Tensor:
    """What the masks have at some vertices of the face's tile."""
    topology = head.topology
    corner = topology.faces.reshape(-1).argsort(stable=True)
    first = torch.searchsorted(topology.faces.reshape(-1)[corner], vertices)
    uv = topology.uv[topology.face_uvs.reshape(-1)[corner[first]]]
    return bilinear(masks.get("skin", torch.zeros(MASK_SIZE, MASK_SIZE)), uv)


def test_no_place_is_everywhere(head: Head) -> None:
    masks = masks_of(None, head, {})
    assert masks and all(bool((mask == 1.0).all()) and mask.shape == (MASK_SIZE, MASK_SIZE) for mask in masks.values())


def test_nothing_marked_gives_no_mask(head: Head) -> None:
    assert masks_of(Place(), head, {}) == {}
    place, pictures = painted({"skin": torch.zeros(64, 64)})
    assert masks_of(place, head, pictures) == {}


def test_everything_but_nothing_is_everywhere(head: Head) -> None:
    assert all(bool((mask == 1.0).all()) for mask in masks_of(Place(inverted=True), head, {}).values())


def test_inverted_is_the_rest(head: Head) -> None:
    place, rest = (masks_of(Place(("nose",), inverted=inverted), head, {}) for inverted in (False, True))
    assert torch.allclose(place["skin"] + rest["skin"], torch.ones(()), atol=5e-3)


@pytest.mark.parametrize("side", [512, *(pytest.param(side, marks=pytest.mark.slow) for side in (1024, 2048))])
def test_a_picture_of_any_size_marks_the_same_place_and_no_background_shows(head: Head, side: int) -> None:
    """White islands on black: beyond their borders it is white, too."""
    sheet = sheet_of(head.topology)
    names = [tile.name for tile in sheet.tiles]
    images = {name: (texels_inside(head.topology, name, side)[0] >= 0).float() for name in names}
    place, pictures = painted(images)
    for mask in masks_of(place, head, pictures).values():
        assert float((mask < 0.99).float().mean()) < 1e-3


def test_regions_and_what_was_painted_are_one_place(head: Head) -> None:
    chin = head.landmark("pogonion")
    place, pictures = painted(spot(head, chin, 8.0), regions=("nose",))
    at = at_vertices(head, masks_of(place, head, pictures), torch.tensor(_vertices(head, "pogonion", "pronasale")))
    assert bool((at > 0.9).all())


def _vertices(head: Head, *names: str) -> list[int]:
    return [head.topology.landmarks[name] for name in names]


def test_mirror_is_the_other_side_by_topology(head: Head) -> None:
    """However crooked the face is."""
    mirror = symmetry_of(head.topology).vertices
    crooked = Head(
        head.model, head.topology, head.vertices + torch.tensor([0.01, 0.0, 0.0]) * (head.vertices[:, :1] > 0), {}
    )
    for one in (head, crooked):
        place, pictures = painted(spot(head, head.landmark("cheek_l"), 9.0), mirror=True)
        masks = masks_of(place, one, pictures)
        near = (head.vertices - head.landmark("cheek_l")).norm(dim=1) < 0.006
        skin = torch.nonzero(near & (torch.arange(len(near)) < head.topology.part("skin").vertices[1]))[:, 0]
        assert len(skin) > 3
        assert bool((at_vertices(one, masks, mirror[skin]) > 0.9).all())
        assert torch.allclose(at_vertices(one, masks, skin), at_vertices(one, masks, mirror[skin]), atol=0.05)


def test_mirror_of_a_region(head: Head) -> None:
    both = masks_of(Place(("left_cheek",), mirror=True), head, {})
    at = at_vertices(head, both, torch.tensor(_vertices(head, "cheek_l", "cheek_r")))
    assert float(at[0]) == pytest.approx(float(at[1]), abs=0.02) and float(at[1]) > 0.5


@pytest.mark.parametrize(
    "feather", [1.0, 10.0, pytest.param(3.0, marks=pytest.mark.slow), pytest.param(40.0, marks=pytest.mark.slow)]
)
def test_feather_is_in_millimetres_of_skin(head: Head, feather: float) -> None:
    middle = head.landmark("metopion")
    place, pictures = painted(spot(head, middle, 6.0), feather=feather)
    sheet = sheet_of(head.topology)
    values = sheet.flat(masks_of(place, head, pictures))
    away = (sheet.from_vertices(head.vertices) - middle).norm(dim=1) * 1000.0 - 6.0
    near = away < feather + 10.0
    wanted = 1.0 - torch.clamp(away / feather, 0.0, 1.0) ** 2 * (3.0 - 2.0 * torch.clamp(away / feather, 0.0, 1.0))
    slack = 0.12 if feather < 40.0 else 0.2  # the forehead is bent
    assert float((values - wanted)[near].abs().max()) < slack + 0.45 / feather  # a texel is 0.4 mm
    assert float((values - wanted)[near].abs().mean()) < 0.03
    assert float(values[away > feather + 1.0].max()) == 0.0


def test_no_feather_leaves_the_mask_as_painted(head: Head) -> None:
    images = spot(head, head.landmark("cheek_l"), 9.0)
    place, pictures = painted(images)
    assert torch.allclose(masks_of(place, head, pictures)["skin"], images["skin"], atol=1e-3)


def test_feather_does_not_jump_from_lip_to_lip(head: Head) -> None:
    sheet = sheet_of(head.topology)
    upper = head.topology.regions["lips_upper"]
    place, pictures = painted(sheet.images((sheet.from_vertices(upper) > 0.5).float()), feather=6.0)
    masks = masks_of(place, head, pictures)
    at = at_vertices(head, masks, torch.tensor(_vertices(head, "labrale_superius", "labrale_inferius", "subnasale")))
    assert float(at[0]) > 0.5 and float(at[1]) < 0.05


def test_unknown_names_and_missing_pictures_are_refused(head: Head) -> None:
    with pytest.raises(BadRequest, match="no region called 'elbow'"):
        masks_of(Place(("elbow",)), head, {})
    with pytest.raises(BadRequest, match="picture is missing"):
        masks_of(Place(mask={"skin": "0" * 64}), head, {})
    with pytest.raises(BadRequest, match="tile 'knee'"):
        masks_of(Place(mask={"knee": "0" * 64}), head, {"0" * 64: b""})


def test_a_place_is_worked_out_once(head: Head, monkeypatch: pytest.MonkeyPatch) -> None:
    place, pictures = painted(spot(head, head.landmark("cheek_r"), 7.0), feather=2.0)
    once = masks_of(place, head, pictures)
    monkeypatch.setattr(places, "_masks_of", None)
    again = masks_of(place, head, pictures)
    assert all(torch.equal(once[tile], again[tile]) for tile in once)


# ------------------------------------------------------------------------------------------------------------- seams


def across_seams(head: Head, maps: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """[P, C] of the skin's maps at matching points along the seams of ICT's two tiles, from either side."""
    sheet = sheet_of(head.topology)
    tiles = [tile.name for tile in sheet.tiles]
    first, second = (torch.from_numpy(side).float() for side in sheet.seams.points)
    cross = (first[:, 0] == 0.0) != (second[:, 0] == 0.0)
    outside = sheet.seams.outside
    found = []
    for side in (first, second):
        values = torch.zeros(len(side), next(iter(maps.values())).shape[-1])
        for number, tile in enumerate(tiles):
            rows = torch.nonzero(side[:, 0] == number)[:, 0]
            uv = torch.stack(((side[rows, 1] + 0.5) / MASK_SIZE, 1.0 - (side[rows, 2] + 0.5) / MASK_SIZE), dim=1)
            values[rows] = torch.stack([bilinear(image, uv) for image in maps[tile].unbind(-1)], dim=1)
        found.append(values[cross & torch.from_numpy(outside)])
    return found[0], found[1]


def test_a_stroke_across_the_seam_of_two_tiles_is_one_mark(ict: Head) -> None:
    """A hard-edged stroke of black paint from ear to ear over the head, across ICT's seam: no step in the albedo."""
    sheet = sheet_of(ict.topology)
    position = sheet.from_vertices(ict.vertices)
    stroke = ((position[:, 1] - ict.landmark("tragion_l")[1]).abs() < 0.02).float()
    place, pictures = painted(sheet.images(stroke))
    masks = masks_of(place, ict, pictures)
    assert set(masks) == {"skin", "back_of_head"}
    painter = Painter()
    before = painter.paint(ict, BALD, resolution=2048, seed=3)
    overlay = Overlay("dark", place, masks, traits=BALD.under({"skin.melanin": 1.0}))
    after = painter.paint(ict, BALD, resolution=2048, seed=3, overlays=(overlay,))
    tiles = ("skin", "back_of_head")
    one, other = across_seams(ict, {tile: before[tile]["albedo"] for tile in tiles})
    marked, marked_other = across_seams(ict, {tile: after[tile]["albedo"] for tile in tiles})
    assert float((marked - one).abs().max()) > 0.2  # there is something to see
    step = (marked - marked_other).abs() - (one - other).abs()
    assert float(step.max()) <= 1.0 / 255.0


def test_both_sides_of_every_seam_have_the_same_mask(head: Head) -> None:
    sheet = sheet_of(head.topology)
    position = sheet.from_vertices(head.vertices)
    for axis, width in ((0, 0.05), (1, 0.05), (2, 0.04)):
        stripes = ((position[:, axis] / width) % 1.0 < 0.5).float()
        place, pictures = painted(sheet.images(stripes))
        one, other = sheet.seams.both_sides(masks_of(place, head, pictures))
        shown = sheet.seams.outside
        assert float(abs(one - other)[shown].max()) < 0.03, axis
