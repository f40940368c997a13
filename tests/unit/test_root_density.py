"""Where a style has roots: the hairline, bald crowns and shaved sides."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamface.colour_names import linear
from dreamface.face import Head
from dreamface.groom import Surface
from dreamface.groom.growing import grow_hair
from dreamface.head import HeadSource, load_model
from dreamface.language.tables import COLOURS_SRGB
from dreamface.skin import brow_dye
from dreamface.styles import Skull, Style, hair_bearing, root_density, styles
from dreamface.traits import Traits

SEED = 3
_BARE = 0.02  # density at which hardly a hair grows


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


def density(head: Head, line: dict[str, float] | None = None, trait: float = 0.3) -> Tensor:
    style = Style.model_validate({"name": "plain", "label": "Plain", "hairline": line or {}})
    return root_density(style, head, Traits({"hair.hairline": trait}), SEED)


def lowest_in_front(head: Head, dense: Tensor, within_degrees: tuple[float, float]) -> float:
    """Return how high the hairline lies at an azimuth, metres."""
    azimuth, _ = Skull.of(head).angles(head.vertices)
    there = (azimuth.abs() > within_degrees[0]) & (azimuth.abs() < within_degrees[1]) & (dense > 0.5)
    return float(head.vertices[there, 2].min())


def test_a_hairline_goes_up_with_its_trait_and_leaves_the_sides(head: Head) -> None:
    low, usual, high = (density(head, trait=trait) for trait in (0.0, 0.3, 1.0))
    heights = [lowest_in_front(head, dense, (0.0, 25.0)) for dense in (low, usual, high)]
    assert heights[0] < heights[1] < heights[2]
    assert heights[2] - heights[1] > 0.008
    azimuth, _ = Skull.of(head).angles(head.vertices)
    sides = azimuth.abs() > 85.0
    assert torch.equal(low[sides], high[sides])


def test_womens_hairlines_are_lower_and_rounder_than_mens(head: Head) -> None:
    style = Style(name="plain", label="Plain")
    women, men = (root_density(style, head, Traits({"gender": gender}), SEED) for gender in (-1.0, 1.0))
    middle, corner = (
        lowest_in_front(head, men, where) - lowest_in_front(head, women, where) for where in ((0.0, 12.0), (32.0, 48.0))
    )
    assert 0.002 < middle < 0.008
    assert corner > middle


def test_no_two_people_have_the_same_hairline_and_one_has_it_again(head: Head) -> None:
    style = Style(name="plain", label="Plain")
    mine, again, yours = (root_density(style, head, Traits(), seed) for seed in (1, 1, 2))
    assert torch.equal(mine, again)
    azimuth, _ = Skull.of(head).angles(head.vertices)
    partly = (mine > _BARE) & (mine < 0.98) & (azimuth.abs() < 40.0)
    assert 0.03 < float((mine - yours)[partly].abs().mean()) < 0.4
    assert torch.equal(mine[head.vertices[:, 1] > 0.05], yours[head.vertices[:, 1] > 0.05])


def test_temples_recede_before_the_middle(head: Head) -> None:
    usual, receding = density(head), density(head, {"recede": 0.8})
    middle, corner = (
        lowest_in_front(head, receding, where) - lowest_in_front(head, usual, where)
        for where in ((0.0, 10.0), (32.0, 48.0))
    )
    assert corner > middle + 0.005


def test_a_widows_peak_comes_down_in_the_middle(head: Head) -> None:
    peak = density(head, {"peak": 12.0, "raise_mm": 10.0})
    assert lowest_in_front(head, peak, (0.0, 8.0)) < lowest_in_front(head, peak, (15.0, 25.0)) - 0.003


def beside(head: Head, dense: Tensor, height: float) -> Tensor:
    """Return how far before the ear hair grows on both sides: shares of the way from tragion to eye corner.

    Args:
        head: whose.
        dense: of roots, [V].
        height: 0 at the tragion, 1 at the brow's outer end.
    """
    found = []
    for side in ("l", "r"):
        ear, eye, brow = (head.landmark(f"{name}_{side}") for name in ("tragion", "exocanthion", "brow_outer"))
        level = ear[2] + height * (brow[2] - ear[2])
        near = (head.vertices[:, 2] - level).abs() < 0.004
        near &= (head.vertices[:, 0] * ear[0] > 0.0) & (dense > 0.4)
        forward = (ear[1] - head.vertices[near, 1]) / (ear[1] - eye[1])
        found.append(float(forward.max()) if len(forward) else -1.0)
    return torch.tensor(found)


def test_hair_comes_forward_at_the_temples_and_goes_down_before_the_ears(head: Head) -> None:
    usual = density(head)
    assert 0.35 < float(beside(head, usual, 1.25).min()) <= float(beside(head, usual, 1.25).max()) < 0.6
    assert float(beside(head, density(head, {"recede": 0.9}), 1.25).max()) < float(beside(head, usual, 1.25).min())
    long, short = (beside(head, density(head, {"sideburn": end}), 0.15) for end in (0.0, 0.5))
    assert float(long.min()) > 0.05 > float(short.max())
    low, lower = (beside(head, density(head, {"sideburn": end}), -0.4) for end in (0.0, -1.0))
    assert float(lower.min()) > 0.05 > float(low.max())


def test_a_bald_crown_is_behind_and_the_rest_stays(head: Head) -> None:
    usual, bald = density(head), density(head, {"crown": 0.8})
    skull = Skull.of(head)
    crown = (head.vertices - skull.whorl).norm(dim=1) < 0.03
    assert float(bald[crown].max()) < 0.2 < float(usual[crown].min())
    azimuth, elevation = skull.angles(head.vertices)
    front = (azimuth.abs() < 60.0) & (elevation < 50.0)
    assert torch.allclose(bald[front], usual[front], atol=0.02)


def test_what_is_shaved_still_bears_hair(head: Head) -> None:
    mohawk = styles().of("scalp")["mohawk"]
    bearing, rooted = hair_bearing(mohawk, head, Traits(), SEED), root_density(mohawk, head, Traits(), SEED)
    sides = head.vertices[:, 0].abs() > 0.05
    assert float(bearing[sides].max()) > 0.9
    assert float(rooted[sides].max()) < 0.1
    assert bool((rooted <= bearing + 1e-6).all())


def test_two_people_have_different_patches_in_a_beard_and_one_has_them_again(head: Head) -> None:
    patchy, person = styles().of("beard")["beard_patchy"], Traits({"beard.density": 0.5})
    mine, again, yours = (root_density(patchy, head, person, seed) for seed in (1, 1, 2))
    assert torch.equal(mine, again)
    there = (mine > _BARE) | (yours > _BARE)
    assert float(torch.corrcoef(torch.stack((mine[there], yours[there])))[0, 1]) < 0.5


def test_hair_in_the_skin_and_on_it_have_the_same_patches(head: Head) -> None:
    """What is grown follows the seed as what is painted does."""
    patchy, person = styles().of("beard")["beard_patchy"], Traits({"beard.density": 0.5})
    for seed in (1, 2):
        hair = grow_hair(patchy, Surface(head), person, seed)
        roots = hair.roots
        own, other = (
            roots.on(root_density(patchy, head, person, which)[:, None], head.topology.triangles)[:, 0] < _BARE
            for which in (seed, 3 - seed)
        )
        assert own.float().mean() < 0.6 * other.float().mean()


def test_brows_under_hair_that_was_dyed_black_are_not_pale() -> None:
    blonde = {"hair.melanin": 0.2}
    *colour, strength = brow_dye(Traits({**blonde, "hair.dye": (0.004, 0.003, 0.003, 1.0)}))
    assert strength > 0.7
    assert max(colour) < 0.01
    assert brow_dye(Traits({"brows.colour": (0.4, 0.3, 0.2, 0.9)}))[3] == 0.9


@pytest.mark.parametrize("melanin", [0.0, 0.2, 0.9])
@pytest.mark.parametrize("colour", ["pink", "hot pink", "navy", "green", "purple", "red", "turquoise"])
def test_brows_under_a_fantasy_colour_stay_as_they_are(colour: str, melanin: float) -> None:
    dye = (*linear(COLOURS_SRGB[colour]), 1.0)
    assert brow_dye(Traits({"hair.melanin": melanin, "hair.dye": dye}))[3] < 0.02
    assert brow_dye(Traits({"brows.colour": dye}))[3] == 1.0, "unless they are dyed themselves"


@pytest.mark.parametrize("colour", ["black", "chocolate", "brown", "burgundy"])
def test_brows_follow_a_dark_natural_colour(colour: str) -> None:
    dye = (*linear(COLOURS_SRGB[colour]), 1.0)
    assert brow_dye(Traits({"hair.melanin": 0.1, "hair.dye": dye}))[3] > 0.7
