"""Skin that no person has: patterns that go around the head, keep off lips and eyes, and have crisp edges."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.render.shading import sample_texture
from dreamface.skin import paint
from dreamface.skin.canvas.atlas import Atlas, atlas_of, surface_of
from dreamface.traits import Traits, Value

SIZE = 512
BARE: Mapping[str, Value] = {"hair.style": "bald", "gender": -1.0, "brows.density": 0.0, "age": 30.0}
PATTERNS = ("skin.stripes", "skin.spots", "skin.scales")
DARK = (0.01, 0.01, 0.05)


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def atlas(head: Head) -> Atlas:
    return atlas_of(head.topology, "skin", SIZE)


def maps(head: Head, size: int = SIZE, seed: int = 7, **traits: Value) -> Mapping[str, Tensor]:
    values = {name.replace("__", "."): value for name, value in traits.items()}
    return paint(head, Traits({**BARE, **values}), resolution=size, seed=seed)["skin"]


def changed(head: Head, trait: str, strength: float = 1.0, size: int = SIZE) -> Tensor:
    """[S, S] how much the albedo differs from plain skin's."""
    pattern = {trait: (*DARK, strength)}
    return (maps(head, size, **pattern)["albedo"] - maps(head, size)["albedo"]).abs().amax(dim=-1)


@pytest.mark.parametrize("trait", PATTERNS)
def test_patterns_cover_the_face_but_not_the_lips(head: Head, atlas: Atlas, trait: str) -> None:
    change = changed(head, trait)
    cheeks, lips = change[atlas.region("cheeks") > 0.8], change[atlas.region("lips_upper", "lips_lower") > 0.95]
    assert (cheeks > 0.1).float().mean() > 0.05
    assert lips.mean() < 0.25 * cheeks.mean()


@pytest.mark.parametrize("trait", ["skin.stripes", "skin.spots"])
def test_stripes_and_spots_leave_skin_between_them(head: Head, atlas: Atlas, trait: str) -> None:
    change = changed(head, trait, size=1024)[::2, ::2]
    skin = (atlas.region("cheeks", "forehead", "temples") > 0.5) & atlas.inside
    assert 0.08 < float((change[skin] > 0.15).float().mean()) < 0.65
    assert float((change[skin] < 0.01).float().mean()) > 0.25
    between = (change[skin] > 0.03) & (change[skin] < 0.1)
    assert float(between.float().mean()) < 0.2  # crisp


@pytest.mark.parametrize("trait", ["skin.spots", "skin.scales"])
def test_patterns_go_on_across_the_seam(head: Head, trait: str) -> None:
    topology = head.topology
    stop = topology.part("skin").faces[1]
    vertices, places = topology.faces[:stop].reshape(-1), topology.face_uvs[:stop].reshape(-1)
    scalp = topology.regions["scalp"][vertices] > 0.9
    pairs = torch.unique(torch.stack((vertices[scalp], places[scalp]), dim=1), dim=0)
    doubled = pairs[:-1, 0] == pairs[1:, 0]
    first, second = topology.uv[pairs[:-1, 1][doubled]], topology.uv[pairs[1:, 1][doubled]]
    image = maps(head, 2048, **{trait: (*DARK, 1.0)})["albedo"]
    sides = torch.stack([sample_texture(image, places)[:, 1] for places in (first, second)])
    assert sides[0].std() > 0.008
    assert torch.corrcoef(sides)[0, 1] > 0.75


@pytest.mark.parametrize(("trait", "least"), [("skin.spots", 0.9), ("skin.scales", 0.8), ("skin.stripes", 0.95)])
def test_patterns_go_on_in_the_next_tile(ict_head, trait: str, least: float) -> None:
    head = ict_head.build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))
    person = Traits({**BARE, trait: (*DARK, 1.0)})
    painted, topology = paint(head, person, resolution=1024, seed=7, layers={"grain": 0.0}), head.topology
    places = []
    for tile in ("skin", "back_of_head"):
        faces = slice(*topology.part(tile).faces)
        corners = zip(topology.faces[faces].view(-1).tolist(), topology.face_uvs[faces].view(-1).tolist(), strict=True)
        places.append(dict(corners))
    shared = sorted(set(places[0]) & set(places[1]))
    front, back = (
        sample_texture(painted[tile]["albedo"], topology.uv[[at[vertex] for vertex in shared]]).mean(dim=1)
        for tile, at in zip(("skin", "back_of_head"), places, strict=True)
    )
    assert len(shared) > 100
    assert front.std() > 0.01  # the pattern is there
    assert torch.corrcoef(torch.stack((front, back)))[0, 1] > least


def test_metal_leaves_the_mouths_lining(ict_head) -> None:
    head = ict_head.build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))
    gold = paint(head, Traits({**BARE, "skin.metal": (1.0, 0.62, 0.17, 1.0)}), resolution=SIZE, seed=7)["back_of_head"]
    atlas = atlas_of(head.topology, "back_of_head", SIZE // 2)
    for part, redness in (("mouth_socket", 2.5), ("left_eye_socket", 1.8)):
        lining = atlas.texels_of(part)
        lining = lining[atlas.region("mouth_inside", "eye_sockets").view(-1)[lining] > 0.99]
        assert gold["metallic"].view(-1)[lining].mean() < 0.05
        red, green, _ = gold["albedo"].view(-1, 3)[lining].mean(dim=0)
        assert red > redness * green
    assert gold["metallic"].view(-1)[atlas.texels_of("back_of_head")].min() > 0.9


def test_stripes_are_alike_on_both_sides_but_no_mirror_copies(head: Head) -> None:
    change = changed(head, "skin.stripes")
    left, right = change[:, SIZE // 2 :].flatten(), change.flip(1)[:, SIZE // 2 :].flatten()
    drawn = (left > 0.02) | (right > 0.02)
    agreement = float(torch.corrcoef(torch.stack((left[drawn], right[drawn])))[0, 1])
    assert -0.2 < agreement < 0.9
    assert float((left > 0.1).float().mean()) == pytest.approx(float((right > 0.1).float().mean()), rel=0.4)


def test_scales_have_a_height_and_are_small_around_the_eyes(head: Head, atlas: Atlas) -> None:
    size = 1024
    raised = maps(head, size, skin__scales=(*DARK, 1.0))["displacement"] - maps(head, size)["displacement"]
    raised = raised[..., 0]
    assert 1.5e-4 < float(raised.max()) < 6e-4
    # What is smaller rises and falls more often over the same way.
    surface = surface_of(head, "skin", SIZE)
    step = (raised[1:, :] - raised[:-1, :]).abs()[::2, ::2] * surface.density[:SIZE, :] * size
    eyes = (atlas.region("lids_upper", "under_eyes") > 0.5) & (atlas.region("lids_margin") == 0.0)
    assert step[eyes].mean() > 1.1 * step[atlas.region("forehead") > 0.8].mean()


def test_weak_scales_reach_the_neck_before_the_nose(head: Head, atlas: Atlas) -> None:
    change = changed(head, "skin.scales", 0.45)
    assert change[atlas.region("temples") > 0.8].mean() > 5.0 * change[atlas.region("nose") > 0.8].mean()
    assert (changed(head, "skin.scales", 1.0)[atlas.region("nose") > 0.8] > 0.05).float().mean() > 0.5


def test_metal_is_metallic_smooth_and_still_has_its_relief(head: Head, atlas: Atlas) -> None:
    gold, plain = maps(head, skin__metal=(1.0, 0.62, 0.17, 1.0)), maps(head)
    face = atlas.region("cheeks", "forehead", "chin") > 0.8
    assert "metallic" not in plain
    assert gold["metallic"][face].min() > 0.9
    assert gold["roughness"][face].mean() < plain["roughness"][face].mean() - 0.1
    assert gold["roughness"][face].std() > 0.01
    assert gold["subsurface"][face].max() < 0.02
    assert torch.allclose(gold["albedo"][face].mean(dim=0), torch.tensor([1.0, 0.62, 0.17]), atol=0.06)
    apart = (gold["displacement"] - plain["displacement"])[face].abs().max()
    assert apart < 0.5 * plain["displacement"][face].std()


def test_metal_hides_marks(head: Head, atlas: Atlas) -> None:
    freckled = {"skin__metal": (0.8, 0.8, 0.8, 1.0), "skin__melanin": 0.1}
    change = maps(head, freckles__density=1.0, **freckled)["albedo"] - maps(head, **freckled)["albedo"]
    assert change.abs().max() < 0.03


def test_another_seed_gives_another_pattern(head: Head) -> None:
    for trait in PATTERNS:
        pattern = {trait: (*DARK, 1.0)}
        first, second = (maps(head, seed=seed, **pattern)["albedo"] for seed in (7, 8))
        assert (first - second).abs().mean() > 2e-3
        assert torch.equal(first, maps(head, seed=7, **pattern)["albedo"])


def test_make_up_and_hair_lie_over_patterns(head: Head, atlas: Atlas) -> None:
    scaly: Mapping[str, Value] = {"skin__scales": (0.05, 0.3, 0.05, 1.0)}
    lips = atlas.region("lips_upper") > 0.95
    red, green, _ = maps(head, lipstick=(0.5, 0.01, 0.02, 1.0), **scaly)["albedo"][lips].mean(dim=0)
    assert red > 4.0 * green
