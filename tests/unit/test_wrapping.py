"""A picture around a place of the skin: unrolled with little stretch, upright, over seams, and anew on another head."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dreamface.edits.anchors import anchor_at
from dreamface.edits.wrapping import Anchor, anchor_of, lay, point_of
from dreamface.errors import BadRequest
from dreamface.head import HeadSource, load_model
from dreamface.traits import Traits


@pytest.fixture(scope="module")
def head():
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(4)))


def within(wrap, side):
    """The triangles that a square picture with sides of so many metres lies on."""
    return (np.abs(wrap.flat) <= side / 2).all(axis=2).any(axis=1)


def stretch_over_skin(head, wrap, side, *shares):
    """How much longer or shorter lengths become, at shares of the picture's area."""
    chosen = within(wrap, side)
    corners = head.vertices.numpy()[head.topology.triangles.numpy()[wrap.triangles[chosen]]]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    worst = np.maximum(wrap.stretch[chosen, 0], 1.0 / np.maximum(wrap.stretch[chosen, 1], 1e-6)) - 1.0
    order = worst.argsort()
    return [float(worst[order][np.searchsorted(area[order].cumsum(), share * area.sum())]) for share in shares]


def check_little_stretch(head, place):
    for side in (0.03, 0.06):
        wrap = lay(head, anchor_of(head, place), 0.71 * side)
        median, most = stretch_over_skin(head, wrap, side, 0.5, 0.95)
        assert median <= 0.10
        assert most <= 0.20
        assert not wrap.turned[within(wrap, side)].any()


def over_nose_and_cheek(head):
    return 0.5 * (head.landmark("nose_side_l") + head.landmark("cheekbone_l"))


def test_a_picture_over_nose_and_cheek_is_hardly_stretched(head):
    check_little_stretch(head, over_nose_and_cheek(head))


def test_lengths_on_the_skin_are_lengths_in_the_picture(head):
    wrap = lay(head, anchor_of(head, head.landmark("cheek_l")), 0.02)
    corners = head.vertices.numpy()[head.topology.triangles.numpy()[wrap.triangles]]
    own = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    assert np.allclose(np.linalg.norm(wrap.flat[:, 1] - wrap.flat[:, 0], axis=1), own, rtol=0.1)


@pytest.mark.parametrize("name", ["glabella", "cheek_l", "cheek_r", "gonion_l", "cervicale", "pogonion"])
def test_up_is_up_and_right_is_right_for_who_looks_at_the_skin(head, name):
    place = head.landmark(name)
    wrap = lay(head, anchor_of(head, place), 0.02)
    corners = head.vertices.double().numpy()[head.topology.triangles.numpy()[wrap.triangles]]
    ways, flat = corners.mean(axis=1) - place.double().numpy(), wrap.flat.mean(axis=1)
    near = np.linalg.norm(flat, axis=1) < 0.012
    assert np.corrcoef(ways[near, 2], flat[near, 1])[0, 1] > 0.9
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[near].sum(axis=0)
    right = np.cross((0.0, 0.0, 1.0), normal)
    assert np.corrcoef(ways[near] @ right, flat[near, 0])[0, 1] > 0.9


def test_a_picture_does_not_reach_through_the_head(head):
    """One on the lower lip leaves the upper lip alone, as far as the way round the corner is long."""
    wrap = lay(head, anchor_of(head, head.landmark("labrale_inferius")), 0.012)
    reached = np.unique(head.topology.triangles.numpy()[wrap.triangles])
    assert head.topology.regions["lips_lower"].numpy()[reached].max() > 0.9
    assert head.topology.regions["lips_upper"].numpy()[reached].max() < 0.5
    wrap = lay(head, anchor_of(head, head.landmark("ear_front_l")), 0.01)
    reached = np.unique(head.topology.triangles.numpy()[wrap.triangles])
    assert head.topology.landmarks["ear_behind_top_l"] not in reached


def test_an_anchor_is_the_place_it_was_made_of(head):
    for name in ("pronasale", "cheek_l", "crown", "ear_lobe_r", "cervicale"):
        anchor = anchor_of(head, head.landmark(name))
        assert torch.allclose(point_of(head, anchor), head.landmark(name), atol=1e-5)
    beside = head.landmark("cheek_l") * 1.05
    assert float((point_of(head, anchor_of(head, beside)) - beside).norm()) < 0.02


def test_another_shape_is_laid_anew(head):
    anchor = anchor_of(head, head.landmark("cheek_l"))
    wide = load_model("anny").build(HeadSource(Traits({"cheeks.volume": 3.0}), torch.Generator().manual_seed(3)))
    assert not torch.equal(wide.vertices, head.vertices)
    one, other = lay(head, anchor, 0.02), lay(wide, anchor, 0.02)
    for shape, wrap in ((head, one), (wide, other)):
        assert stretch_over_skin(shape, wrap, 0.02, 0.95)[0] < 0.03


def test_places_have_names(head):
    assert anchor_at(head, "glabella") == anchor_of(head, head.landmark("glabella"))
    left, right = (point_of(head, anchor_at(head, f"{side}_cheek")) for side in ("left", "right"))
    assert left[0] > 0.02 and right[0] < -0.02
    assert float((left - head.landmark("cheek_l")).norm()) < 0.04
    assert abs(float(point_of(head, anchor_at(head, "forehead"))[0])) < 0.01
    with pytest.raises(BadRequest, match="no place called 'tail'"):
        anchor_at(head, "tail")
    with pytest.raises(BadRequest, match="no skin in a tile called 'tail'"):
        point_of(head, Anchor("tail", 0.5, 0.5))


@pytest.mark.slow
def test_on_the_other_head_too(with_ict):
    head = load_model("ict").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))
    check_little_stretch(head, over_nose_and_cheek(head))
    wrap = lay(head, anchor_of(head, head.landmark("mastoid_l")), 0.03)
    faces = wrap.triangles // 2
    skin, back = head.topology.part("skin").faces, head.topology.part("back_of_head").faces
    assert ((faces >= skin[0]) & (faces < skin[1])).any() and ((faces >= back[0]) & (faces < back[1])).any()
