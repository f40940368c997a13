"""Hair as cards: budgets, roots, what they do with poor guides, how they follow the skin, and their files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygltflib
import pytest
import torch
from PIL import Image

from dreamface.export import export, write_cards
from dreamface.groom import card_shapes, make_cards
from dreamface.hair import REGIONS, Hair, HairColour, HairLook, Roots
from dreamface.head import HeadSource, load_model
from dreamface.skin import strand_colours
from dreamface.traits import ARKIT_SHAPES, Traits
from tests import hair_guides
from tests.gltf_validator import validate_glb
from tests.support import hair_of, synthetic_face, welded_face, with_hair

BUDGETS = {"scalp": (15_000, 6_000, 2_000), "beard": (4_000, 1_600, 600), "brows": (1_000, 400, 150)}
JAW_OPEN = ARKIT_SHAPES.index("jawOpen")


@pytest.fixture(scope="module")
def head():
    return load_model("anny").build(HeadSource(Traits({}), torch.Generator().manual_seed(0)))


@pytest.fixture(scope="module")
def groom(head):
    return hair_guides.groom(head, "long", 150, 20, beard=0.03)


@pytest.fixture(scope="module")
def cards(groom, head):
    return make_cards(groom, head, seed=1, resolution=256)


def triangles(cards, region):
    faces = cards.run(region)[1]
    return 2 * (faces.stop - faces.start)


@pytest.mark.parametrize("style", ["long", "curly", "dreads", "buzz"])
def test_every_level_keeps_to_its_triangles(head, style):
    groom = {"scalp": hair_guides.scalp(head, style, 300, 32)}
    counts = [triangles(make_cards(groom, head, seed=1, level=level, resolution=64), "scalp") for level in range(3)]
    assert all(count <= most for count, most in zip(counts, BUDGETS["scalp"], strict=True))
    assert counts[0] > counts[1] > counts[2] > 200


def test_smaller_regions_have_smaller_budgets(groom, head):
    uneven = groom["beard"].points * torch.linspace(0.5, 1.5, len(groom["beard"]))[:, None, None]
    groom = {**groom, "beard": replace(groom["beard"], points=uneven - uneven[:, :1] + groom["beard"].points[:, :1])}
    for level in range(3):
        cards = make_cards(groom, head, seed=1, level=level, resolution=64)
        assert all(0 < triangles(cards, region) <= most[level] for region, most in BUDGETS.items())
        assert triangles(cards, "lashes") <= (800, 400, 160)[level]


def test_cards_begin_at_their_roots_in_the_skin(cards, head):
    place = cards.roots.on(head.vertices, head.topology.triangles)
    for card in range(0, len(place), 37):
        left, right = torch.nonzero(cards.card == card)[:2, 0]
        middle = 0.5 * (cards.vertices[left] + cards.vertices[right])
        assert (middle - place[card]).norm() < 2.5e-3


def test_ribbons_face_away_from_the_head_and_never_flip(cards):
    own, faces = cards.run("scalp")
    a, b, c, d = cards.vertices[cards.faces[faces]].unbind(1)
    normal = torch.nn.functional.normalize(torch.linalg.cross(c - a, d - b), dim=1)
    outwards = torch.nn.functional.normalize((a + c) / 2 - torch.tensor([0.0, -0.03, 0.15]), dim=1)
    assert ((normal * outwards).sum(dim=1) > 0).float().mean() > 0.85
    card = cards.card[cards.faces[faces][:, 0]]
    same = card[1:] == card[:-1]
    assert ((normal[1:] * normal[:-1]).sum(dim=1)[same] > -0.2).float().mean() > 0.995
    assert (cards.normals[own].norm(dim=1) - 1.0).abs().max() < 1e-4


def test_no_card_lies_in_the_skin(cards, head):
    skin = hair_guides.Surface(head)
    own = cards.vertices[cards.run("scalp")[0]].numpy()
    distance, nearest = skin.tree.query(own)
    height = ((own - skin.points[nearest]) * skin.normals[nearest]).sum(axis=1)
    assert (height[distance < 0.04] > -0.004).mean() > 0.9


def poor(head, points, roots=None):
    count = len(points)
    roots = roots or Roots(torch.arange(count), torch.full((count, 3), 1 / 3))
    uv = torch.zeros(count, 2)
    return {"scalp": Hair("scalp", "poor", points, roots, uv, torch.zeros(count).long(), HairLook(), HairColour())}


def test_guides_that_nobody_can_see_make_no_cards_and_no_nan(head):
    start = head.vertices[head.topology.triangles[:4, 0]]
    straight = torch.stack((start, start + 0.05), dim=1)
    folded = torch.stack((start, start + 0.05, start), dim=1)
    for points in (straight, straight[:1], straight[:2], folded, start[:, None].repeat(1, 9, 1)):
        cards = make_cards(poor(head, points), head, seed=0, resolution=64)
        assert all(values.isfinite().all() for values in (cards.vertices, cards.normals, cards.uv))
        assert all(image.isfinite().all() for image in cards.maps.values())
    assert not len(make_cards(poor(head, start[:, None].repeat(1, 9, 1)), head, seed=0, resolution=64).faces)
    broken = straight.clone()
    broken[0] = float("nan")
    assert make_cards(poor(head, broken), head, seed=0, resolution=64).vertices.isfinite().all()
    assert not len(make_cards({}, head, seed=0, resolution=64).faces)


def test_stubble_is_left_to_the_skin_texture(head):
    stubble, beard = (hair_guides.small(head, "beard", 40, length) for length in (0.002, 0.012))
    assert not len(make_cards({"beard": stubble}, head, seed=0, resolution=64).faces)
    assert len(make_cards({"beard": beard}, head, seed=0, resolution=64).faces)


def test_a_beard_goes_with_the_jaw_and_the_scalp_stays(cards, head):
    shapes = load_model("anny").shapes(head)[: len(ARKIT_SHAPES)]
    moved = card_shapes(cards, head, shapes)
    assert moved.shape == (len(shapes), len(cards.vertices), 3)
    beard = moved[JAW_OPEN, cards.run("beard")[0]]
    chin = shapes[JAW_OPEN][head.topology.landmarks["multipie_08"]]
    assert beard[:, 2].min() < 0.8 * chin[2] < 0.0
    assert moved[JAW_OPEN, cards.run("scalp")[0]].norm(dim=1).median() < 1e-5


def test_a_card_turns_rigidly_with_its_root(cards, head):
    axis = torch.tensor([[0.0, 0.0, 1.0]])
    turned = torch.linalg.cross(axis.expand_as(head.vertices), head.vertices) - head.vertices
    turned = turned + (head.vertices @ axis.T) * axis  # a quarter of a turn around Z
    moved = cards.vertices + card_shapes(cards, head, turned[None])[0]
    quarter = torch.stack((-cards.vertices[:, 1], cards.vertices[:, 0], cards.vertices[:, 2]), dim=1)
    assert (moved - quarter).norm(dim=1).max() < 1e-4


def test_maps_are_in_range_and_hairs_are_drawn(cards):
    for name in ("albedo", "opacity", "root_to_tip", "id", "depth"):
        assert cards.maps[name].min() >= 0.0
        assert cards.maps[name].max() <= 1.0
    for name in ("normal", "flow"):
        assert (cards.maps[name].norm(dim=2) - 1.0).abs().max() < 1e-3
    opaque = cards.maps["opacity"] > 0.5
    assert 0.2 < opaque.float().mean() < 0.7
    assert cards.maps["normal"][opaque[..., 0]][:, 2].mean() > 0.7
    assert cards.maps["flow"][opaque[..., 0]][:, 1].mean() < -0.8


def test_each_strip_gets_clear_towards_the_tip(cards):
    scalp = (cards.maps["opacity"][:, :160, 0] > 0.5).float()
    assert scalp[20:60].mean() > 2.5 * scalp[-20:].mean()


def test_dark_and_light_hair_differ_and_grey_is_a_share_of_each_strands_hairs(head):
    def mean(**colour):
        maps = atlas_of(head, HairColour(**colour))
        return maps["albedo"][maps["opacity"][..., 0] > 0.8]

    black, blonde = mean(melanin=1.0), mean(melanin=0.2)
    assert black.mean() < 0.1 * blonde.mean()
    grey, white = mean(melanin=1.0, grey=0.5).mean(dim=1), mean(melanin=1.0, grey=1.0).mean()
    assert 0.35 * white < grey.mean() < 0.65 * white
    # A strand stands for several hairs: no two are alike, and few are all white or all dark.
    assert 0.08 * white < grey.std() < 0.3 * white
    assert ((grey < 0.1 * white) | (grey > 0.9 * white)).float().mean() < 0.1
    blue = mean(melanin=1.0, tips=(0.0, 0.0, 1.0, 1.0))
    assert blue[:, 2].mean() > 3.0 * blue[:, 0].mean()


def test_cards_have_the_colours_of_single_hairs(head):
    """Where dyes of roots and tips end, and how many strands are white or have highlights."""
    red, blue, green = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 1.0), (0.0, 1.0, 0.0, 1.0)
    dyed = HairColour(melanin=0.3, redness=0.0, roots=red, tips=blue, variation=0.0)
    maps = atlas_of(head, dyed)
    drawn, along = maps["opacity"][..., 0] > 0.9, maps["root_to_tip"][..., 0]
    shares = torch.tensor([0.08, 0.15, 0.22, 0.5, 0.65, 0.8, 0.9])
    hairs = strand_colours(dyed, torch.full((1, 2), 0.99), shares)[0]
    for share, expected in zip(shares, hairs, strict=True):
        seen = maps["albedo"][drawn & ((along - share).abs() < 0.02)].median(dim=0).values
        torch.testing.assert_close(seen / seen.sum(), expected / expected.sum(), atol=0.05, rtol=0.0)
    many = torch.rand(4000, 2, generator=torch.Generator().manual_seed(1))
    for mixed in (HairColour(melanin=1.0, grey=0.4), HairColour(melanin=1.0, highlights=green)):
        maps = atlas_of(head, mixed)
        light = maps["albedo"][maps["opacity"][..., 0] > 0.8].amax(dim=1) > 0.2
        expected = strand_colours(mixed, many, torch.tensor([0.5]))[:, 0].amax(dim=1) > 0.2
        assert abs(float(light.float().mean()) - float(expected.float().mean())) < 0.1


def atlas_of(head, colour):
    groom = {"scalp": hair_guides.scalp(head, "long", 40, 12, colour=colour)}
    return make_cards(groom, head, seed=1, resolution=256).maps


def test_the_same_seed_gives_the_same_cards(cards, groom, head):
    again = make_cards(groom, head, seed=1, resolution=256)
    other = make_cards(groom, head, seed=2, resolution=256)
    assert torch.equal(again.vertices, cards.vertices)
    assert all(torch.equal(again.maps[name], image) for name, image in cards.maps.items())
    assert other.vertices.shape != cards.vertices.shape or not torch.equal(other.vertices, cards.vertices)


def test_braids_are_made_of_their_own_cards(head):
    tied = hair_guides.scalp(head, "dreads", 60, 24)
    cards = make_cards({"scalp": tied}, head, seed=0, resolution=64)
    per_lock = torch.bincount(cards.lock)
    assert (per_lock[:60] == 2).all()
    assert set(cards.region.tolist()) == {REGIONS.index("scalp")}


# --------------------------------------------------------------------------------------------------------------- files


def haired():
    face = with_hair(welded_face(jaw_open=0.25))
    return replace(face, groom={**face.groom, "lashes": hair_of(face.head, "lashes", 5, 6)})


def test_a_glb_has_an_object_for_each_region_and_the_validator_finds_nothing_wrong(tmp_path):
    face = haired()
    path = export(face, tmp_path / "face.glb")
    report = validate_glb(path)
    assert not [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]
    gltf = pygltflib.GLTF2.load_binary(str(path))
    names = [node.name for node in gltf.nodes]
    assert names[-3:] == ["hair", "brows", "lashes"]
    assert names.count("lashes") == 1
    materials = {material.name: material for material in gltf.materials}
    assert materials["hair"].alphaMode == pygltflib.MASK
    assert materials["brows"].alphaMode == materials["lashes"].alphaMode == pygltflib.BLEND
    assert materials["hair"].doubleSided
    meshes = {mesh.name: mesh for mesh in gltf.meshes}
    moving = [mesh for mesh in meshes.values() if mesh.extras]
    assert all(mesh.extras["targetNames"] == list(face.shape_names) for mesh in moving)


def test_a_file_can_leave_hair_away_and_a_face_without_hair_is_as_before(tmp_path):
    face = synthetic_face()
    plain = export(face, tmp_path / "plain.glb").read_bytes()
    assert export(with_hair(face), tmp_path / "bald.glb", hair="none").read_bytes() == plain
    assert export(with_hair(face), tmp_path / "hair.glb").read_bytes() != plain


def test_a_heads_own_lashes_stay_where_no_others_grow(tmp_path):
    gltf = pygltflib.GLTF2.load_binary(str(export(with_hair(welded_face()), tmp_path / "face.glb")))
    assert [node.name for node in gltf.nodes].count("lashes") == 1


def test_an_obj_has_the_hair_with_its_textures(tmp_path):
    path = export(haired(), tmp_path / "face.obj")
    text, materials = path.read_text(), path.with_suffix(".mtl").read_text()
    assert {"o hair", "o brows", "o lashes"} <= set(text.splitlines())
    assert "map_d face_textures/opacity" in materials[materials.index("newmtl hair") :]


def test_a_folder_of_cards_for_blender(tmp_path):
    face = haired()
    write_cards(face.groom, face.head, face.shapes, tmp_path, seed=face.seed, level=1, resolution=64)
    with np.load(tmp_path / "cards.npz") as arrays:
        assert arrays["faces"].max() == len(arrays["vertices"]) - 1
        assert len(arrays["shape_offsets"]) == len(face.shapes) + 1
        assert arrays["region_faces"][-1, 1] == len(arrays["faces"])
        assert list(arrays["object_names"]) == ["hair", "beard", "brows", "lashes"]
        assert len(arrays["root_triangles"]) == arrays["card"].max() + 1 == len(arrays["card_regions"])
    pictures = {path.stem: Image.open(path).size for path in (tmp_path / "cards").iterdir()}
    assert set(pictures) == {"albedo", "opacity", "normal", "flow", "root_to_tip", "id", "depth"}
    assert set(pictures.values()) == {(64, 64)}
