"""Copy Edits: what was marked, drawn and laid on one face lies at the same places of another one."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from dreamface.edits import carry, masks_of
from dreamface.edits.sheet import MASK_SIZE, bilinear, sheet_of
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.images import encode_mask, encode_unit8, png_bytes
from dreamface.record import EditEntry, Place
from dreamface.traits import Traits


@pytest.fixture(scope="module")
def heads(ict_head) -> dict[str, Head]:
    def source() -> HeadSource:
        return HeadSource(Traits({"age": 35.0}), torch.Generator().manual_seed(3))

    return {"anny": load_model("anny").build(source()), "ict": ict_head.build(source())}


def digest(png: bytes) -> str:
    return hashlib.sha256(png).hexdigest()


def spot(head: Head, name: str, radius_mm: float) -> dict[str, Tensor]:
    sheet = sheet_of(head.topology)
    away = (sheet.from_vertices(head.vertices) - head.landmark(name)).norm(dim=1)
    return sheet.images((away < radius_mm / 1000.0).float())


def kept(pngs: dict[str, bytes]) -> tuple[dict[str, str], dict[str, bytes]]:
    return {tile: digest(png) for tile, png in pngs.items()}, {digest(png): png for png in pngs.values()}


def middle(head: Head, images: dict[str, Tensor]) -> Tensor:
    """The centre of what is marked, metres."""
    sheet = sheet_of(head.topology)
    weight = sheet.flat(images)
    return (sheet.from_vertices(head.vertices) * weight[:, None]).sum(dim=0) / weight.sum()


def at(head: Head, tile: str, u: float, v: float) -> Tensor:
    """The place of a texture coordinate, metres."""
    sheet = sheet_of(head.topology)
    position = sheet.from_vertices(head.vertices)
    uv = torch.tensor([[u, v]])
    return torch.stack([bilinear(sheet.images(column)[tile], uv)[0] for column in position.unbind(1)])


WAYS = [("anny", "ict"), ("ict", "anny")]


@pytest.mark.parametrize("one, other", WAYS)
@pytest.mark.parametrize("name", ["cheek_l", "pronasale", "opisthocranion", "ear_behind_top_r"])  # of two persons
def test_a_mask_lies_at_the_same_place_of_the_other_head(heads, one: str, other: str, name: str) -> None:
    source, target = heads[one], heads[other]
    mask, pictures = kept({tile: encode_mask(image) for tile, image in spot(source, name, 12.0).items()})
    edit = EditEntry("a", "words", place=Place(("nose",), mask, feather=3.0, mirror=True))
    (carried,), made = carry([edit], pictures, source, target)
    assert carried.place is not None and carried.place.mask is not None
    assert (carried.place.regions, carried.place.feather, carried.place.mirror) == (("nose",), 3.0, True)
    found = masks_of(Place(mask=carried.place.mask), target, made)
    assert float((middle(target, found) - target.landmark(name)).norm()) < 0.010
    area = sum(float(image.mean()) for image in found.values())
    own = sum(float(image.mean()) for image in spot(target, name, 12.0).values())
    assert area == pytest.approx(own, rel=0.6)


@pytest.mark.parametrize("one, other", WAYS)
def test_a_carried_mask_comes_back(heads, one: str, other: str) -> None:
    source, target = heads[one], heads[other]
    painted = spot(source, "upper_cheek_r", 15.0)
    mask, pictures = kept({tile: encode_mask(image) for tile, image in painted.items()})
    there, pictures = carry([EditEntry("a", "words", place=Place(mask=mask))], pictures, source, target)
    back, pictures = carry(there, pictures, target, source)
    assert back[0].place is not None
    found = masks_of(back[0].place, source, pictures)["skin"]
    assert float(torch.minimum(found, painted["skin"]).sum() / torch.maximum(found, painted["skin"]).sum()) > 0.85


@pytest.mark.parametrize("one, other", WAYS)
def test_a_sketch_keeps_its_colours(heads, one: str, other: str) -> None:
    source, target = heads[one], heads[other]
    red = torch.tensor([1.0, 0.25, 0.0])
    pngs = {}
    for tile, image in spot(source, "metopion", 15.0).items():
        pngs[tile] = png_bytes(encode_unit8(torch.cat((red.expand(MASK_SIZE, MASK_SIZE, 3), image[..., None]), dim=-1)))
    drawn, pictures = kept(pngs)
    (carried,), made = carry([EditEntry("a", "sketch", pictures=drawn)], pictures, source, target)
    with Image.open(io.BytesIO(made[carried.pictures["skin"]])) as image:
        assert image.mode == "RGBA"
        pixels = torch.from_numpy(np.array(image)).float() / 255.0
    assert torch.allclose(pixels[pixels[..., 3] > 0.5][:, :3], red, atol=0.02)
    assert float((middle(target, {"skin": pixels[..., 3]}) - target.landmark("metopion")).norm()) < 0.008


@pytest.mark.parametrize("one, other", WAYS)
@pytest.mark.parametrize("name", ["cheek_l", "opisthocranion", "pogonion"])
def test_a_pictures_anchor_moves_along(heads, one: str, other: str, name: str) -> None:
    source, target = heads[one], heads[other]
    sheet = sheet_of(source.topology)
    nearest = int((sheet.from_vertices(source.vertices) - source.landmark(name)).norm(dim=1).argmin())
    tile = next(t for t in sheet.tiles if nearest < t.count or (nearest := nearest - t.count) < 0)
    texel = int(tile.texel[nearest])
    u, v = (texel % MASK_SIZE + 0.5) / MASK_SIZE, 1.0 - (texel // MASK_SIZE + 0.5) / MASK_SIZE
    settings = {"as": "ink", "tile": tile.name, "u": u, "v": v, "size_mm": 30.0, "angle": 0.3}
    png = png_bytes(np.zeros((4, 4, 4), np.uint8))
    edit = EditEntry("a", "picture", parameters=settings, pictures={"picture": digest(png)})
    (carried,), made = carry([edit], {digest(png): png}, source, target)
    assert {**carried.parameters, **{key: settings[key] for key in ("tile", "u", "v")}} == settings
    moved = carried.parameters
    assert float((at(target, moved["tile"], moved["u"], moved["v"]) - target.landmark(name)).norm()) < 0.008
    assert carried.pictures == edit.pictures and made == {digest(png): png}


def test_to_a_head_of_the_same_model_edits_stay_as_they_are(heads) -> None:
    mask, pictures = kept({"skin": encode_mask(spot(heads["anny"], "cheek_l", 9.0)["skin"])})
    edits = [EditEntry("a", "words", place=Place(mask=mask)), EditEntry("b", "words", place=Place(("nose",)))]
    found, made = carry(edits, {**pictures, "f" * 64: b"of another edit"}, heads["anny"], heads["anny"], taken=("b",))
    assert found[0] == edits[0] and found[1].place == edits[1].place
    assert [edit.id for edit in found] == ["a", "b-2"]
    assert made == pictures


def test_ids_are_new_where_they_collide(heads) -> None:
    edits = [EditEntry("a", "words"), EditEntry("a-2", "words")]
    found, _ = carry(edits, {}, heads["anny"], heads["anny"], taken=("a", "a-3"))
    assert len({edit.id for edit in found} | {"a", "a-3"}) == 4


def test_a_missing_or_damaged_picture_is_said(heads) -> None:
    edit = EditEntry("a", "words", "Scar", place=Place(mask={"skin": "0" * 64}))
    with pytest.raises(BadRequest, match="'Scar' is missing"):
        carry([edit], {}, heads["anny"], heads["ict"])
    with pytest.raises(BadRequest, match="damaged"):
        carry([edit], {"0" * 64: b"nothing"}, heads["anny"], heads["ict"])
