"""Brows, lashes and beards: where they grow, which way, and that they keep out of the skin and the eyes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from dreamface.groom import hairs_of
from dreamface.groom.colours import colour_of
from dreamface.groom.growing import grow_hair, shape_of
from dreamface.groom.surface import Surface
from dreamface.hair import Hair
from dreamface.head import HeadSource, load_model
from dreamface.render import RayMesh
from dreamface.styles import find_style, styles
from dreamface.traits import BEARD_STYLES, BROW_STYLES, LASH_STYLES, Traits
from dreamface.units import MM

SEED = 4
BEARDS = [f"beard_{name}" for name in BEARD_STYLES if name != "none"]
BROWS = [f"brows_{name}" for name in BROW_STYLES]
LASHES = [f"lashes_{name}" for name in LASH_STYLES]
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("beard_full", "beard_stubble", "beard_patchy")]
QUICK_BEARDS = [
    name
    if name in ("beard_moustache", "beard_soul_patch", "beard_full")
    else pytest.param(name, marks=pytest.mark.slow)
    for name in BEARDS
]
"""Styles whose test is part of every run; others are slow."""
PERSON = Traits({"brows.density": 0.7, "beard.density": 0.8, "hair.melanin": 0.8})


def _surface(model) -> Surface:
    return Surface(model.build(HeadSource(Traits({"age": 40.0}), torch.Generator().manual_seed(3))))


@pytest.fixture(scope="module")
def surface() -> Surface:
    """The skin of a head of the built-in model."""
    return _surface(load_model("anny"))


@pytest.fixture(scope="module")
def ict_surface(ict_head) -> Surface:
    """The skin of a head of ICT-FaceKit's."""
    return _surface(ict_head)


@pytest.fixture(params=["surface", pytest.param("ict_surface", marks=pytest.mark.slow)])
def any_surface(request) -> Surface:
    return request.getfixturevalue(request.param)


_grown: dict[tuple, Hair] = {}


def grown(name: str, surface: Surface, seed: int = SEED, **traits) -> Hair:
    """Return hair of a style, kept for the next test."""
    key = (name, surface.head.model, seed, tuple(traits.items()))
    if key not in _grown:
        asked = PERSON.under({key.replace("__", "."): value for key, value in traits.items()})
        _grown[key] = grow_hair(styles().by_name[name], surface, asked, seed)
    return _grown[key]


def test_every_style_of_the_vocabulary_has_a_file() -> None:
    known = styles()
    assert not known.problems
    for region, names in (("beard", BEARDS), ("brows", BROWS), ("lashes", LASHES)):
        assert set(known.of(region)) == set(names)
        assert len({style.label for style in known.of(region).values()}) == len(names)


# --------------------------------------------------------------------------------------------------------------- brows


@pytest.mark.parametrize("name", BROWS)
def test_brows_lie_over_the_eyes_on_both_sides(name, any_surface) -> None:
    surface = any_surface
    roots, head = grown(name, surface).points[:, 0], surface.head
    left = roots[:, 0] > surface.skull.centre[0]
    assert abs(int(left.sum()) - len(roots) / 2) < 2
    assert 100 < len(roots) <= 560
    crease, highest = head.landmark("lid_crease_l")[2], head.landmark("metopion")[2]
    assert float(roots[:, 2].quantile(0.03)) > crease and float(roots[:, 2].max()) < highest
    across = roots[left][:, 0]
    assert float(across.min()) < head.landmark("endocanthion_l")[0] + 2 * MM
    assert float(across.max()) > head.landmark("lid_upper_outer_l")[0] + 5 * MM


def test_inner_hairs_point_up_and_the_tail_outwards(surface) -> None:
    points = grown("brows_natural", surface).points
    left = points[points[:, 0, 0] > surface.skull.centre[0]]
    order = left[:, 0, 0].argsort()
    way = torch.nn.functional.normalize(left[:, 2] - left[:, 0], dim=1)[order]
    inner, tail = way[: len(way) // 12].mean(dim=0), way[-len(way) // 5 :].mean(dim=0)
    assert inner[2] > 0.75
    assert tail[0] > 0.5 and tail[2] < 0.3


def test_brows_lie_close_to_the_skin(surface) -> None:
    points = grown("brows_natural", surface).points
    distance = surface.near(points.reshape(-1, 3)).distance
    assert float(distance.max()) < 3.0 * MM
    length = (points[:, 1:] - points[:, :-1]).norm(dim=2).sum(dim=1)
    assert float(length.min()) > 4 * MM and float(length.max()) < 13 * MM


def test_no_density_is_no_brows(surface) -> None:
    assert len(grown("brows_natural", surface, brows__density=0.0)) == 0
    few, many = (grown("brows_natural", surface, brows__density=value) for value in (0.2, 1.0))
    assert len(few) < 0.6 * len(many) and few.look.hairs < 0.6 * many.look.hairs


def test_thickness_widens_brows(surface) -> None:
    def height(thickness: float) -> float:
        roots = grown("brows_natural", surface, brows__thickness=thickness).points[:, 0]
        middle = roots[(roots[:, 0] - surface.head.landmark("lid_upper_l")[0]).abs() < 4 * MM]
        return float(middle[:, 2].quantile(0.95) - middle[:, 2].quantile(0.05))

    assert height(1.0) > 1.5 * height(0.0)


def test_brows_of_a_face_are_not_mirror_images(surface) -> None:
    points = grown("brows_natural", surface).points[:, 0]
    half = len(points) // 2
    left, right = points[:half], points[half:].clone()
    right[:, 0] = 2.0 * surface.skull.centre[0] - right[:, 0]
    assert float(torch.cdist(left, right).min(dim=1).values.median()) > 0.1 * MM


# -------------------------------------------------------------------------------------------------------------- lashes


@pytest.mark.parametrize("name", LASHES)
def test_lashes_are_rooted_at_the_lids_and_keep_out_of_the_eye(name, any_surface) -> None:
    surface = any_surface
    hair, head = grown(name, surface), surface.head
    topology = head.topology
    margin = hair.roots.on(topology.regions["lids_margin"][:, None], topology.triangles)
    assert float((margin > 0.1).float().mean()) > 0.95
    for side in ("left", "right"):
        part = topology.part(f"{side}_sclera")
        ball = head.vertices[slice(*part.vertices)]
        first, stop = (2 * face for face in part.faces)
        centre = 0.5 * (ball.amin(dim=0) + ball.amax(dim=0))
        mesh = RayMesh(head.vertices, topology.triangles[first:stop])
        here = hair.points[(hair.points[:, 0, 0] > 0.0) == (side == "left")].reshape(-1, 3)
        triangle, weights = mesh.nearest(here, 0.05)
        corners = topology.triangles[first + triangle]
        near = torch.einsum("nkc,nk->nc", head.vertices[corners], weights)
        beyond = ((here - centre).norm(dim=1) - (near - centre).norm(dim=1)) > -0.05 * MM
        assert float(beyond.float().mean()) > 0.999


def test_upper_lashes_curve_up_and_are_longer_outside(surface) -> None:
    hair, head = grown("lashes_natural", surface, lashes__length=0.5), surface.head
    shape = find_style("lashes_natural", "lashes").lashes
    upper = hair.points[: shape.count_upper]
    assert float((upper[:, -1, 2] - upper[:, 0, 2]).median()) > 2 * MM
    assert float((upper[:, -1, 1] - upper[:, 0, 1]).median()) < -2 * MM
    length = (upper[:, 1:] - upper[:, :-1]).norm(dim=2).sum(dim=1)
    fifth = shape.count_upper // 5
    assert length[-2 * fifth : -fifth].mean() > 1.15 * length[:fifth].mean()
    lower = hair.points[shape.count_upper : shape.count_upper + shape.count_lower]
    assert float((lower[:, -1, 2] - lower[:, 0, 2]).median()) < -1 * MM
    assert lower[:, 0, 2].mean() < head.landmark("exocanthion_l")[2] < upper[:, 0, 2].mean()


def test_long_lashes_are_longer(surface) -> None:
    short, long = (grown("lashes_natural", surface, lashes__length=value).points for value in (0.05, 1.0))
    assert (long[:, -1] - long[:, 0]).norm(dim=1).mean() > 1.5 * (short[:, -1] - short[:, 0]).norm(dim=1).mean()


# -------------------------------------------------------------------------------------------------------------- beards


@pytest.mark.parametrize("name", QUICK_BEARDS)
def test_beards_do_not_grow_on_lips_or_in_the_mouth_and_nose(name, any_surface) -> None:
    surface = any_surface
    hair, topology = grown(name, surface), surface.head.topology
    assert len(hair) > 50
    for region in ("lips_upper", "lips_lower", "mouth_inside", "nostrils"):
        there = hair.roots.on(topology.regions[region][:, None], topology.triangles)
        assert float(there.max()) < 0.5, region


def test_beards_differ_by_where_they_grow(any_surface) -> None:
    surface = any_surface
    head = surface.head
    mouth, lip = head.landmark("cheilion_l"), head.landmark("labrale_inferius")[2]
    compared = [f"beard_{name}" for name in ("moustache", "soul_patch", "goatee", "sideburns", "full")]
    places = {name: grown(name, surface).points[:, 0] for name in compared}
    assert float(places["beard_moustache"][:, 2].min()) > mouth[2] - 8 * MM
    assert float(places["beard_soul_patch"][:, 0].abs().max()) < 14 * MM
    assert float(places["beard_soul_patch"][:, 2].max()) < lip + 5 * MM
    assert float(places["beard_goatee"][:, 0].abs().max()) < mouth[0] + 16 * MM
    assert float(places["beard_sideburns"][:, 0].abs().min()) > mouth[0]
    assert float(places["beard_full"][:, 0].abs().max()) > 1.8 * mouth[0]


def test_a_moustache_grows_down_and_to_its_sides(surface) -> None:
    points = grown("beard_moustache", surface).points
    way = points[:, -1] - points[:, 0]
    side = (points[:, 0, 0] - surface.skull.centre[0]).sign()
    beside = (points[:, 0, 0] - surface.skull.centre[0]).abs() > 5 * MM
    assert float((way[:, 2] < 0.0).float().mean()) > 0.9
    assert float((way[beside, 0] * side[beside] > 0.0).float().mean()) > 0.9


def test_ends_of_a_handlebar_curl_up(surface) -> None:
    points = grown("beard_handlebar", surface).points
    lowest = points[:, :, 2].amin(dim=1)
    assert float((points[:, -1, 2] - lowest).median()) > 5 * MM
    assert float(points[:, -1, 0].abs().median()) > surface.head.landmark("cheilion_l")[0]


def test_the_length_of_a_beard_goes_from_its_shortest_to_its_longest(surface) -> None:
    def length(value: float) -> float:
        points = grown("beard_full", surface, beard__length=value).points
        chin = (points[:, 0] - surface.head.landmark("pogonion")).norm(dim=1) < 15 * MM
        return float((points[chin, 1:] - points[chin, :-1]).norm(dim=2).sum(dim=1).mean())

    short, long = length(0.0), length(1.0)
    assert short < 0.035 and long > 0.12
    usual = find_style("beard_full", "beard").length
    factors = [
        shape_of(find_style("beard_full", "beard"), PERSON.under({"beard.length": value})).length
        for value in (0.0, 0.5 * usual, usual, 0.5 + 0.5 * usual, 1.0)
    ]
    assert factors == sorted(set(factors)) and factors[2] == 1.0


def test_a_sparse_beard_has_fewer_hairs(surface) -> None:
    sparse, dense = (grown("beard_soul_patch", surface, beard__density=value).look.hairs for value in (0.1, 0.9))
    assert 0 < sparse < 0.5 * dense


# ------------------------------------------------------------------------------------------------------------- contact


@pytest.mark.parametrize("name", ["beard_handlebar", "brows_thick", "lashes_natural", *SLOW])
def test_hair_keeps_out_of_the_skin(name, any_surface) -> None:
    surface = any_surface
    hair = grown(name, surface)
    strands = hairs_of({hair.region: hair}, surface.head, PERSON, SEED, most=3000)
    distance = surface.near(strands.points[:, 1:].reshape(-1, 3)).distance
    assert float((distance < -0.02 * MM).float().mean()) < 0.005
    assert float(distance.min()) > -1.0 * MM


@pytest.mark.parametrize("name", ["beard_soul_patch", "brows_natural", "lashes_natural"])
def test_roots_stay_on_skin_that_moves(name, any_surface, request) -> None:
    surface = any_surface
    hair, head = grown(name, surface), surface.head
    model = request.getfixturevalue("ict_head") if head.model == "ict" else load_model(head.model)
    shapes = model.shapes(head)
    for pose in ("jawOpen", "browInnerUp", "eyeBlinkLeft"):
        posed = Surface(replace(head, vertices=head.vertices + shapes[model.shape_names.index(pose)]))
        roots = hair.roots.on(posed.head.vertices, posed.triangles)
        assert float(posed.near(roots).distance.abs().max()) < 0.2 * MM


@pytest.mark.parametrize("name", ["beard_soul_patch", "brows_soft", "lashes_doll"])
def test_the_same_seed_grows_the_same_hair(name, surface) -> None:
    first, again, other = (grown(name, surface, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.points, again.points) and torch.equal(first.roots.triangle, again.roots.triangle)
    assert not torch.equal(first.points[: len(other)], other.points[: len(first)])


# -------------------------------------------------------------------------------------------------------------- colour


def test_brows_of_blond_hair_are_darker_and_turn_grey_later() -> None:
    def colour(name: str, traits: dict):
        return colour_of(styles().by_name[name], PERSON.under(traits))

    assert colour("brows_natural", {"hair.melanin": 0.2}).melanin > 0.35
    assert colour("brows_natural", {"hair.melanin": 0.9}).melanin >= 0.9
    greying = {"hair.grey": 0.2}
    assert colour("brows_natural", greying).grey == 0.0 < colour("beard_full", greying).grey < 0.2
    tints = {"beard.colour": (0.5, 0.1, 0.0, 1.0), "hair.dye": (0.0, 0.0, 1.0, 1.0)}
    assert colour("beard_full", tints).dye == (0.5, 0.1, 0.0, 1.0)
    assert colour("brows_natural", tints).dye[3] == 0.0, "brows under blue hair keep their own colour"
    white = {"hair.grey": 1.0}
    assert colour("lashes_natural", white).grey < 0.06 < 0.4 < colour("brows_natural", white).grey, "lashes stay dark"
