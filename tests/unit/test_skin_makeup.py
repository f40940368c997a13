"""Make-up as an artist judges it: on the right places, in the right colour and finish, with clean edges, over skin."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.language import read
from dreamface.skin import paint
from dreamface.skin.canvas.atlas import Atlas, atlas_of, surface_of
from dreamface.traits import Traits, Value

SIZE = 512
BARE: Mapping[str, Value] = {"hair.style": "bald", "gender": -1.0, "brows.density": 0.0, "age": 30.0}
RED = (0.42, 0.01, 0.03, 0.9)
BLACK = (0.003, 0.003, 0.003, 1.0)


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def atlas(head: Head) -> Atlas:
    return atlas_of(head.topology, "skin", SIZE)


def maps(head: Head, size: int = SIZE, **traits: Value) -> Mapping[str, Tensor]:
    values = {name.replace("__", "."): value for name, value in traits.items()}
    return paint(head, Traits({**BARE, **values}), resolution=size, seed=7)["skin"]


def changed(head: Head, size: int = SIZE, **traits: Value) -> Tensor:
    """[S, S] how much the albedo differs from bare skin's."""
    return (maps(head, size, **traits)["albedo"] - maps(head, size)["albedo"]).abs().amax(dim=-1)


@pytest.mark.parametrize(
    ("product", "there", "elsewhere"),
    [
        ("lipstick", ("lips_upper", "lips_lower"), ("cheeks", "nose", "forehead", "neck")),
        ("eyeshadow", ("lids_upper",), ("cheeks", "nose", "forehead", "lips_upper")),
        ("eyeliner", (), ("cheeks", "nose", "forehead", "lips_upper")),
        ("blush", ("cheeks",), ("lips_upper", "forehead", "neck", "lids_upper")),
        ("foundation", ("cheeks", "forehead", "chin"), ("lips_upper", "scalp")),
    ],
)
def test_each_product_is_where_it_belongs(
    head: Head, atlas: Atlas, product: str, there: tuple[str, ...], elsewhere: tuple[str, ...]
) -> None:
    change = changed(head, **{product: (0.02, 0.5, 0.02, 1.0)})
    for name in there:
        assert change[atlas.region(name) > 0.9].mean() > 0.04, name
    for name in elsewhere:
        assert change[atlas.region(name) > 0.9].mean() < 0.004, name


@pytest.mark.parametrize("product", ["lipstick", "eyeshadow", "eyeliner", "blush", "foundation"])
def test_strength_says_how_much_of_the_skin_is_hidden(head: Head, product: str) -> None:
    weak, strong = (changed(head, **{product: (0.02, 0.02, 0.4, amount)}) for amount in (0.3, 0.9))
    assert weak.sum() > 0.0
    assert strong.sum() > 2.0 * weak.sum()
    assert changed(head, **{product: (0.02, 0.02, 0.4, 0.0)}).max() == 0.0


@pytest.mark.parametrize("product", ["lipstick", "eyeshadow", "eyeliner", "blush", "foundation"])
def test_gloss_is_smoother_than_matte_and_leaves_the_relief(head: Head, product: str) -> None:
    dull = maps(head, **{product: RED, f"{product}.gloss": 0.0})
    shiny = maps(head, **{product: RED, f"{product}.gloss": 1.0})
    made_up = changed(head, **{product: RED, f"{product}.gloss": 0.0}) > 0.03
    assert (dull["roughness"][made_up] - shiny["roughness"][made_up]).mean() > 0.05
    assert (shiny["specular"][made_up] - dull["specular"][made_up]).mean() > 0.02
    assert torch.equal(dull["displacement"], shiny["displacement"])
    assert torch.equal(dull["displacement"], maps(head)["displacement"])


def test_lipstick_has_a_line_and_not_a_haze(head: Head) -> None:
    """From 10 % to 90 % within a millimetre, at any size."""
    for size in (512, 2048):
        change = changed(head, size, lipstick=(0.4, 0.0, 0.4, 1.0))
        lip = atlas_of(head.topology, "skin", 512).landmark("labrale_inferius")
        assert lip is not None
        column, row = int(lip[0] * size), int((1.0 - lip[1]) * size)
        per_metre = float(surface_of(head, "skin", 512).density[row * 512 // size, column * 512 // size]) * size
        reach = int(0.004 * per_metre)
        crossing = change[row - reach : row + 2 * reach, column]
        crossing = crossing / crossing.max()
        width = int(((crossing > 0.1) & (crossing < 0.7)).sum()) / per_metre
        assert width < max(0.001, 2.5 / per_metre)
        assert width > 0.00025  # and no cut-out


def test_eyeliner_is_thicker_at_the_outer_corner_and_winged(head: Head) -> None:
    size = 1024
    surface = surface_of(head, "skin", 512)
    drawn = changed(head, size, eyeliner=BLACK)[::2, ::2] > 0.1
    inner_corner, outer_corner = head.landmark("endocanthion_l"), head.landmark("exocanthion_l")
    axis = (outer_corner - inner_corner) / (outer_corner - inner_corner).norm()
    share = torch.einsum("chw,c->hw", surface.position - inner_corner[:, None, None], axis)
    share = share / float((outer_corner - inner_corner).norm())
    eye = (surface.position - head.landmark("lid_upper_l")[:, None, None]).norm(dim=0) < 0.022
    outside = eye & surface.atlas.inside & (surface.atlas.region("lids_margin") < 0.5)
    inwards = (drawn & outside & (share > 0.2) & (share < 0.5)).sum()
    outwards = (drawn & outside & (share > 0.65) & (share < 0.95)).sum()
    assert outwards > 1.3 * inwards
    assert (drawn & outside & (share > 1.05)).any()
    assert not (drawn & (share > 1.45) & eye).any()


def test_eyeshadow_is_graded_from_the_lashes_to_below_the_brow(head: Head, atlas: Atlas) -> None:
    change = changed(head, eyeshadow=(0.02, 0.02, 0.2, 0.9))
    lash, crease, brow = (atlas.landmark(name) for name in ("lid_upper_l", "lid_crease_l", "brow_arch_l"))
    assert lash is not None
    assert crease is not None
    assert brow is not None

    def at(place: Tensor) -> float:
        return float(change[int((1.0 - place[1]) * SIZE), int(place[0] * SIZE)])

    on_lid = 0.35 * crease + 0.65 * lash
    assert at(on_lid) > at(crease) > at(0.5 * (crease + brow)) > at(brow) - 1e-6
    assert at(brow) < 0.02


def test_foundation_evens_the_skin_and_lies_over_its_marks(head: Head, atlas: Atlas) -> None:
    spotty: Mapping[str, Value] = {"freckles__density": 0.9, "blemishes__density": 0.7, "skin__melanin": 0.15}
    cheeks = atlas.region("cheeks") > 0.7
    bare, even = (
        maps(head, foundation=(1.0, 1.0, 1.0, amount), **spotty)["albedo"][cheeks].std(dim=0).mean()
        for amount in (0.0, 1.0)
    )
    assert even < 0.5 * bare
    assert even > 0.02 * bare  # but it is no mask


@pytest.mark.parametrize("melanin", [0.1, 0.8])
def test_foundation_without_a_colour_has_the_skins(head: Head, atlas: Atlas, melanin: float) -> None:
    forehead = atlas.region("forehead") > 0.7
    bare, made_up = (
        maps(head, skin__melanin=melanin, foundation=(1.0, 1.0, 1.0, amount))["albedo"][forehead].mean(dim=0)
        for amount in (0.0, 1.0)
    )
    assert torch.allclose(bare, made_up, rtol=0.2)


def test_shimmer_glitters(head: Head) -> None:
    plain, shimmering = (
        maps(head, 1024, eyeshadow=(0.3, 0.2, 0.1, 0.9), eyeshadow__gloss=gloss) for gloss in (0.0, 1.0)
    )
    assert "metallic" not in plain
    flakes = shimmering["metallic"][..., 0]
    assert 0.0 < float((flakes > 0.1).float().mean()) < 0.01
    assert float(flakes.max()) > 0.2


def test_both_eyes_glitter_in_their_own_way(head: Head) -> None:
    flakes = maps(head, 1024, eyeshadow=(0.3, 0.2, 0.1, 1.0), eyeshadow__gloss=1.0)["metallic"][..., 0]
    columns = flakes.any(dim=0).nonzero()[:, 0]
    width = int((columns.diff() > 50).nonzero()[0]) + 1
    left, right = flakes[:, columns[0] : columns[0] + width], flakes[:, columns[-1] + 1 - width : columns[-1] + 1]
    for shift in range(-3, 4):
        assert torch.corrcoef(torch.stack((left.flatten(), right.roll(shift, 1).flatten())))[0, 1] < 0.5


def test_white_face_paint_is_white(head: Head, atlas: Atlas) -> None:
    paint_of = read("a woman with white face paint").traits.tint("foundation")
    forehead = atlas.region("forehead") > 0.7
    red, _, blue = maps(head, skin__melanin=0.7, foundation=(*paint_of[0], 1.0))["albedo"][forehead].mean(dim=0)
    assert red > 0.6
    assert blue > 0.85 * red


def test_blush_on_dark_skin_is_no_chalk(head: Head, atlas: Atlas) -> None:
    cheeks = atlas.region("cheeks") > 0.8
    bare, made_up = (
        maps(head, skin__melanin=0.9, blush=(0.63, 0.10, 0.15, amount))["albedo"][cheeks].mean(dim=0)
        for amount in (0.0, 0.6)
    )
    assert made_up[0] / made_up[1] > 1.15 * bare[0] / bare[1]
    assert made_up.mean() < 2.2 * bare.mean()
