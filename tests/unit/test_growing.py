"""Hair that grows on the scalp."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from typing import Final

import pytest
import torch
from torch import Tensor

from dreamface import pipeline
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.geometry import rotation_about
from dreamface.groom import Surface, grow, hairs_of, rooted_hairs
from dreamface.groom.carrying import carried
from dreamface.groom.fields import from_parting
from dreamface.groom.growing import grow_style
from dreamface.hair import Hair
from dreamface.head import HeadSource, load_model
from dreamface.pipeline import making, painting
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.styles import find_style, parse_style, root_density, styles
from dreamface.traits import Traits
from dreamface.units import MM

PERSON = complete(Traits({"age": 30.0, "gender": -1.0, "beard.style": "none", "stubble.density": 0.0}), 1)
SCALP = sorted(styles().of("scalp"))


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(PERSON, stream(1, "head")))


@pytest.fixture(scope="module")
def surface(head: Head) -> Surface:
    return Surface(head)


def traits(style: str, **asked: float) -> Traits:
    """A person with a style as it is drawn, but for what is asked: `length=0.8` is hair.length."""
    found = find_style(style, "scalp")
    usual: dict[str, float | str] = {
        "hair.style": style, "hair.length": found.length, "hair.curl": found.curl, "hair.volume": found.volume,
        "hair.fringe": found.fringe, "hair.parting": found.parting.side if found.parting else 0.0,
    }  # fmt: skip
    return PERSON.under(usual | {f"hair.{name}": value for name, value in asked.items()})


def grown(surface: Surface, style: str, **asked: float) -> Hair:
    return grow_style(find_style(style, "scalp"), surface, traits(style, **asked), 3)


def lengths(hair: Hair) -> Tensor:
    return hair.points.diff(dim=1).norm(dim=2).sum(dim=1)


def test_there_are_the_cuts_that_people_ask_for() -> None:
    known = styles()
    assert not known.problems
    counts = {"scalp": 28, "beard": 10, "brows": 8, "lashes": 4}
    assert all(len(known.of(region)) >= count for region, count in counts.items())  # type: ignore[arg-type]


@pytest.mark.parametrize("style", SCALP)
def test_every_style_grows_from_the_skin_and_keeps_out_of_it(surface: Surface, style: str) -> None:
    hair = grown(surface, style)
    assert len(hair) <= 800
    if style == "bald":
        assert len(hair) == 0
        return
    assert len(hair) > 50
    assert torch.isfinite(hair.points).all()
    head = surface.head
    assert (hair.roots.on(head.vertices, head.topology.triangles) - hair.points[:, 0]).norm(dim=1).max() < 1e-5
    distance = surface.near(hair.points[:, 1:].reshape(-1, 3)).distance
    assert distance.min() > -1e-3
    assert (distance < -5e-5).float().mean() < 0.005


def test_the_same_seed_grows_the_same_hair(head: Head, surface: Surface) -> None:
    assert torch.equal(grown(surface, "bob").points, grown(surface, "bob").points)
    asked = traits("bob")
    first, second = (hairs_of(grow(head, asked, 3), head, asked, 3, most=500) for _ in range(2))
    assert torch.equal(first.points, second.points)
    assert torch.equal(first.colour, second.colour)


def test_a_bob_ends_at_the_chin(surface: Surface) -> None:
    ends = grown(surface, "bob").points[:, -1, 2]
    chin = float(surface.head.landmark("gnathion")[2])
    assert abs(float(ends.median()) - chin) < 0.025


def test_longer_hair_is_longer_and_more_volume_stands_off_further(surface: Surface) -> None:
    short, usual, long = (float(lengths(grown(surface, "long", length=length)).median()) for length in (0.5, 0.6, 0.8))
    assert short < 0.85 * usual < usual < 0.85 * long
    flat, full = (surface.near(grown(surface, "bob", volume=volume).points[:, 8]).distance for volume in (0.1, 0.9))
    assert float(full.median()) > 1.5 * float(flat.median())


def test_curls_turn(surface: Surface) -> None:
    def turning(curl: float) -> float:
        """Return radians that a hair turns from root to tip."""
        steps = torch.nn.functional.normalize(grown(surface, "wavy", curl=curl).points.diff(dim=1), dim=2)
        return float((steps[:, 1:] * steps[:, :-1]).sum(dim=2).clamp(-1.0, 1.0).acos().sum(dim=1).mean())

    straight, wavy, curly, coiled = (turning(curl) for curl in (0.0, 0.38, 0.7, 1.0))
    assert straight < 0.7 * wavy < wavy < 0.7 * curly < curly < coiled


def test_hair_falls_to_its_side_of_the_parting(surface: Surface) -> None:
    hair = grown(surface, "long", parting=0.0)
    middle = surface.skull.centre[0]
    azimuth, _ = surface.skull.angles(hair.points[:, 0])
    front = (azimuth.abs() < 60.0) & ((hair.points[:, 0, 0] - middle).abs() > 0.004)
    start, end = (hair.points[front, place, 0] - middle for place in (0, 10))
    assert ((start > 0.0) == (end > 0.0)).float().mean() > 0.98
    moved = grown(surface, "long", parting=0.9)
    between = (moved.points[:, 0, 0] > 0.006) & (moved.points[:, 0, 0] < 0.022)
    azimuth, _ = surface.skull.angles(moved.points[:, 0])
    between &= azimuth.abs() < 60.0
    assert (moved.points[between, 10, 0] < moved.points[between, 0, 0]).float().mean() > 0.9


def test_hair_is_off_the_face_but_for_a_fringe(surface: Surface) -> None:
    def over_the_forehead(**asked: float) -> float:
        points = grown(surface, "long", **asked).points[:, 3:].reshape(-1, 3)
        azimuth, _ = surface.skull.angles(points)
        head = surface.head
        low, high = head.landmark("glabella")[2], head.landmark("trichion")[2] - 0.01
        inside = (azimuth.abs() < 28.0) & (points[:, 2] > low) & (points[:, 2] < high) & (points[:, 1] < -0.06)
        return float(inside.float().sum())

    assert over_the_forehead() < 30
    assert over_the_forehead(fringe=1.0) > 10 * (over_the_forehead() + 10)


def test_shaved_sides_are_short_and_a_monks_crown_is_bare(surface: Surface) -> None:
    undercut = grown(surface, "undercut")
    azimuth, elevation = surface.skull.angles(undercut.points[:, 0])
    side = (azimuth.abs() > 70.0) & (elevation < 20.0)
    assert lengths(undercut)[side].max() < 0.01
    assert float(lengths(undercut)[elevation > 65.0].median()) > 0.08
    _, ring = surface.skull.angles(grown(surface, "tonsure").points[:, 0])
    assert ring.max() < 45.0


def test_a_ponytail_is_one_tail_and_braids_have_three_strands_each(surface: Surface) -> None:
    tail = grown(surface, "ponytail").points[:, -12:].mean(dim=1)
    assert (tail - tail.median(dim=0).values).norm(dim=1).quantile(0.9) < 0.09
    braids = grown(surface, "braids")
    _, counts = braids.lock.unique(return_counts=True)
    assert (counts > 20).sum() == 6
    side = braids.points[:, 0, 0] > surface.skull.centre[0]
    assert ((braids.points[:, -1, 0] > surface.skull.centre[0]) == side).float().mean() > 0.99


def test_a_crown_braid_takes_hair_up_all_round(surface: Surface) -> None:
    hair = grown(surface, "crown_braid")
    root, tip = (surface.skull.angles(hair.points[:, number])[0] for number in (0, -1))
    around = torch.histc(tip, 12, -180.0, 180.0) / len(hair)
    assert float(around.min()) > 0.02, "the braid is as full everywhere"
    low = surface.skull.angles(hair.points[:, 0])[1] < 40.0  # below the braid, at the sides and the back
    further = (tip - root + 180.0) % 360.0 - 180.0
    assert float(further[low].abs().median()) < 90.0, "hair goes to the part of the braid above it, not around the head"
    _, each = hair.lock.unique(return_counts=True)  # type: ignore[no-untyped-call]
    assert len(each) == 3, "strands"
    assert int(each.min()) > 0.25 * len(hair)


def test_both_strands_of_a_twist_have_hairs(head: Head, surface: Surface) -> None:
    hair = grown(surface, "twists")
    strands = hairs_of({"scalp": hair}, head, traits("twists"), 3)
    middle = hair.points.shape[1] // 2
    nearest = torch.cdist(strands.points[:, middle], hair.points[:, middle]).argmin(dim=1)
    count = torch.bincount(nearest, minlength=len(hair))
    assert float((count > 3).float().mean()) > 0.9


def test_a_curly_bob_is_of_many_hairs_that_draw_together(head: Head, surface: Surface) -> None:
    straight, curly = grown(surface, "bob"), grown(surface, "bob", curl=0.65)
    assert curly.look.clump > 0.7
    assert curly.look.guides_each == 1, "of each curl"
    assert curly.look.frizz > 2.0 * straight.look.frizz
    assert len(hairs_of({"scalp": curly}, head, traits("bob", curl=0.65), 3)) > 9_000
    wide = [hair.points[..., 0].abs().amax(dim=1).quantile(0.9) for hair in (straight, curly)]
    assert wide[1] > 1.05 * wide[0]


@pytest.mark.parametrize(("style", "most"), [("curly", 32.0), ("dreadlocks", 28.0), ("wavy", 19.0)])
def test_hair_lies_low_at_its_parting(surface: Surface, style: str, most: float) -> None:
    hair, line = grown(surface, style), find_style(style, "scalp").parting
    assert line is not None
    beside, parted = from_parting(line, surface, hair.points[:, 0], line.side)
    near = (beside.abs() < 0.015) & (parted > 0.9)
    arc = hair.points.diff(dim=1).norm(dim=2).cumsum(dim=1)
    above = surface.near(hair.points[:, 1:].reshape(-1, 3), 0.06).distance.view(arc.shape)
    rise = torch.where(arc < 0.06, above, 0.0).amax(dim=1)
    assert float(rise[near].median()) < most * MM, "nothing stands up there"


@pytest.mark.parametrize("style", ["long", "ponytail"])
def test_hair_at_the_hairline_is_fine_and_sparse_and_partly_short(head: Head, surface: Surface, style: str) -> None:
    asked = traits(style)
    found = rooted_hairs({"scalp": grown(surface, style)}, asked, 3, surface, 12_000)[0]
    dense = found.roots.on(root_density(find_style(style, "scalp"), head, asked, 3)[:, None], surface.triangles)[:, 0]
    ahead = found.roots.on(head.vertices, surface.triangles)[:, 1] < surface.skull.centre[1]
    edge, inside = ahead & (dense < 0.4), ahead & (dense > 0.95)
    width, length = found.strands.radius[:, 0], found.strands.points.diff(dim=1).norm(dim=2).sum(dim=1)
    assert float(width[edge].median()) < 0.65 * float(width[inside].median())
    assert float((length[edge] < 0.03).float().mean()) > 0.3
    assert float((length[inside] < 0.03).float().mean()) < 0.05
    assert float(length[edge].quantile(0.9)) > 0.04, "some go along with the rest"


def test_hair_goes_along_with_the_skin(head: Head, surface: Surface) -> None:
    groom = {"scalp": grown(surface, "messy")}
    turn = rotation_about(2, 0.7)
    after = head.vertices @ turn.T + torch.tensor([0.1, 0.0, -0.2])
    moved = carried(groom, head.topology, head.vertices, after)["scalp"].points
    assert torch.allclose(moved, groom["scalp"].points @ turn.T + torch.tensor([0.1, 0.0, -0.2]), atol=2e-5)


def test_a_small_head_has_small_hair(surface: Surface) -> None:
    child = load_model("anny").build(HeadSource(complete(Traits({"age": 5.0}), 1), stream(1, "head")))
    short = float(lengths(grown(Surface(child), "messy")).median())
    assert 0.55 < short / float(lengths(grown(surface, "messy")).median()) < 0.9


def test_what_is_too_long_or_unknown_is_said(head: Head) -> None:
    with pytest.raises(BadRequest, match="nearest are bob"):
        grow(head, traits("bob").under({"hair.style": "bobb"}), 1)
    bare = replace(head, topology=replace(head.topology, regions={}))
    with pytest.raises(BadRequest, match="no region"):
        grow(bare, traits("bob"), 1)


def test_hair_grows_the_same_in_every_process() -> None:
    code = """
import hashlib
from dreamface.groom import grow
from dreamface.head import HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import Traits
person = complete(Traits({"hair.style": "wavy"}), 1)
head = load_model("anny").build(HeadSource(person, stream(1, "head")))
print(hashlib.sha256(grow(head, person, 3, ("scalp",))["scalp"].points.numpy().tobytes()).hexdigest())
"""

    environment = os.environ | {"PYTHONHASHSEED": "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"}
    arguments = [sys.executable, "-c", code]
    other = subprocess.run(arguments, capture_output=True, text=True, check=True, env=environment).stdout
    person = complete(Traits({"hair.style": "wavy"}), 1)
    head = load_model("anny").build(HeadSource(person, stream(1, "head")))
    own = grow(head, person, 3, ("scalp",))["scalp"].points.numpy().tobytes()
    assert other.strip() == hashlib.sha256(own).hexdigest()


def test_cornrows_reach_both_ears(surface: Surface) -> None:
    x = grown(surface, "cornrows").points[:, 0, 0] - surface.skull.centre[0]
    assert abs(float(x.max() + x.min())) < 0.012
    few = grow_style(find_style("cornrows", "scalp").model_copy(update={"guides": 100}), surface, traits("cornrows"), 3)
    assert len(few) <= 100
    x = few.points[:, 0, 0] - surface.skull.centre[0]
    assert x.min() < -0.05 and x.max() > 0.05


def test_temples_turn_grey_before_the_rest(head: Head) -> None:
    asked = traits("short", temple_grey=1.0, grey=0.0, melanin=0.9)
    hair = hairs_of(grow(head, asked, 3, ("scalp",)), head, asked, 3, most=3000)
    azimuth, elevation = Surface(head).skull.angles(hair.points[:, 0])
    pale = hair.colour[:, 0].mean(dim=1) > 0.2
    assert pale[(azimuth.abs() > 70.0) & (azimuth.abs() < 95.0) & (elevation < 10.0)].float().mean() > 0.8
    assert pale[elevation > 50.0].float().mean() < 0.02


def test_a_fringe_of_a_style_is_as_long_as_asked(surface: Surface) -> None:
    def lowest(amount: float) -> float:
        points = grown(surface, "bangs", fringe=amount).points
        azimuth, _ = surface.skull.angles(points)
        return float(points[..., 2][(azimuth.abs() < 15.0) & (points[..., 1] < -0.08)].quantile(0.02))

    assert lowest(1.0) < lowest(0.4) - 0.008 < lowest(0.0) - 0.02


def test_a_ponytail_is_curly_if_asked_and_leaves_a_fringe_out(surface: Surface) -> None:
    straight, curly = (grown(surface, "ponytail", curl=curl).points for curl in (0.0, 0.65))
    assert (straight[:, -1] - curly[:, -1]).norm(dim=1).mean() > 0.003
    fringed = grown(surface, "ponytail", fringe=1.0).points
    assert (fringed[:, -1, 1] < -0.08).sum() > 20


def test_what_a_style_cannot_show_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painting.painter, "paint", lambda *_, **__: {})
    monkeypatch.setattr(making, "_portrait", lambda *_: torch.zeros(8, 8, 3))
    assert pipeline.generate("a man with an afro parted on the left", seed=1, resolution=512).record.not_understood
    assert not pipeline.generate("a woman with a curly ponytail", seed=1, resolution=512).record.not_understood


ODD: Final[dict[str, dict[str, object]]] = {
    "no guides in a tie": {"guides": 0, "ties": [{"at": {"azimuth": 180, "elevation": 40}}]},
    "one guide": {"guides": 1},
    "a tail of no length": {"ties": [{"at": {"azimuth": 180, "elevation": 40}, "length": 0}]},
    "rows without plaits": {"rows": {"form": "cornrow", "pitch": 0}, "sections": [{"length": 0}]},
    "no hairs": {"look": {"hairs": 0}},
    "nothing anywhere": {"sections": [{"density": 0.0}]},
    "as long as can be": {"sections": [{"length": 1500}], "longest": 10},
    "no length": {"sections": [{"length": 0}]},
}


@pytest.mark.parametrize("what", ODD)
def test_odd_styles_grow_something_or_nothing(surface: Surface, what: str) -> None:
    style = parse_style({"name": "odd", "label": "Odd", "points": 6, **ODD[what]})
    hair = grow_style(style, surface, traits("long"), 3)
    assert torch.isfinite(hair.points).all()


def test_mistakes_in_styles_are_named(surface: Surface) -> None:
    with pytest.raises(BadRequest, match="smaller to the larger"):
        parse_style({"name": "odd", "label": "Odd", "sections": [{"where": {"azimuth": [90, 10]}}]})
    unknown = parse_style({"name": "odd", "label": "Odd", "sections": [{"cut": {"landmark": "nowhere"}}]})
    with pytest.raises(BadRequest, match="no landmark called 'nowhere'"):
        grow_style(unknown, surface, traits("long"), 3)
