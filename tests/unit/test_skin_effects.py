"""Effects on a marked place: which maps each changes, where, and the same at every size and time."""

import itertools
import math
from functools import cache, partial

import pytest
import torch
from scipy.ndimage import label

from dreamface.head import HeadSource, load_model
from dreamface.skin import EFFECT_FAMILIES, EFFECTS, Look, Overlay, Painter, atlas_of, each, skin_tiles
from dreamface.traits import Traits
from dreamface.units import MM

BROWN = Traits({"skin.melanin": 0.6, "hair.style": "bald"})
SIZE, SIDE = 512, 1024
COLOUR, GLOSS, RELIEF = {"albedo"}, {"roughness"}, {"displacement", "normal"}
ALL = COLOUR | GLOSS | RELIEF
CHANGES = {
    **dict.fromkeys(EFFECTS, ALL),
    **dict.fromkeys(("bruise", "birthmark", "sunburn", "tan", "pale", "vitiligo", "ink"), COLOUR),
    **dict.fromkeys(("rash", "veins", "goosebumps", "pits", "warts"), COLOUR | RELIEF),
    **dict.fromkeys(("sweat", "water", "tears"), GLOSS | RELIEF),
    **dict.fromkeys(("eyeshadow", "blush", "makeup", "highlighter", "glow"), COLOUR | GLOSS),
    "smooth": RELIEF,
}
"""What each effect changes when nothing else is said of it."""


def built(model):
    return model.build(HeadSource(BROWN, torch.Generator().manual_seed(4)))


@pytest.fixture(scope="module")
def head():
    return built(load_model("anny"))


def masks_on(head, radius=17.0, soft=6.0, middle="cheek_l"):
    """A round soft mask on the skin: tile -> [SIDE, SIDE]."""
    found = {}
    for tile in skin_tiles(head.topology):
        place = atlas_of(head.topology, tile, SIDE).spread(head.vertices)
        away = (place - head.landmark(middle)[:, None, None]).norm(dim=0) / MM
        mask = ((radius - away) / soft + 0.5).clamp(0.0, 1.0)
        if bool(mask.any()):
            found[tile] = mask
    return found


def overlay(name, masks, look=None):
    effect = EFFECTS[name]
    draw = partial(effect.draw, look=look or Look())
    return Overlay(name, (name, look), masks, 1.0, seed=3, draw=draw, reads=effect.reads)


class Painted:
    """A head's skin, without and with effects."""

    def __init__(self, head, size=SIZE):
        self.head, self.size, self.painter = head, size, Painter()
        self.masks = masks_on(head)
        self.bare = self.painter.paint(head, BROWN, resolution=size, seed=7)["skin"]
        mask = self.masks["skin"][None, None]
        self.mask = torch.nn.functional.interpolate(mask, size=(size, size), mode="bilinear", antialias=True)[0, 0]
        self.worn = cache(self._worn)

    def _worn(self, name, look=None):
        laid = (overlay(name, self.masks, look),)
        return self.painter.paint(self.head, BROWN, resolution=self.size, seed=7, overlays=laid)["skin"]

    def change(self, name, channel, look=None):
        """[S, S] how much an effect changes a channel."""
        return (self.worn(name, look)[channel] - self.bare[channel]).float().mean(dim=-1)


@pytest.fixture(scope="module")
def skin(head):
    return Painted(head)


@pytest.mark.parametrize("name", list(EFFECTS))
def test_an_effect_changes_its_maps_and_only_under_its_mask(skin, name):
    worn = skin.worn(name)
    beside = torch.nn.functional.max_pool2d(skin.mask[None, None], 3, 1, 1)[0, 0] == 0.0
    changed = set()
    for channel, before in skin.bare.items():
        differs = (worn[channel] != before).any(dim=-1)
        outside = beside if channel == "normal" else skin.mask == 0.0  # a normal sees one texel to each side
        assert not bool(differs[outside].any()), channel
        if bool(differs.any()):
            changed.add(channel)
    assert changed & ALL == CHANGES[name]
    assert all(bool(torch.isfinite(image).all()) for image in worn.values())


@pytest.mark.parametrize("name", list(EFFECTS))
def test_an_effect_fades_out_at_a_soft_border(skin, name):
    channel = "albedo" if "albedo" in CHANGES[name] else "displacement"
    change = skin.change(name, channel).abs()
    rim, core = (skin.mask > 0.0) & (skin.mask < 0.08), skin.mask > 0.9
    assert float(change[rim].mean()) < 0.25 * float(change[core].mean())


def test_a_scar_is_paler_than_brown_skin_raised_and_shiny(skin):
    line = skin.change("scar", "roughness") < -0.02
    assert bool(line.any())
    assert float(skin.change("scar", "albedo")[line].mean()) > 0.01
    assert float(skin.change("scar", "displacement")[line].mean()) > 20e-6


def test_a_bruise_is_soft_and_of_several_ages(skin):
    """Its rim is yellow and its middle is dark red or blue; nowhere is there a sharp border."""
    bare, worn = (maps["albedo"].float() for maps in (skin.bare, skin.worn("bruise")))
    left = (worn / bare.clamp_min(1e-3)).clamp(0.0, 1.5)
    place = atlas_of(skin.head.topology, "skin", SIZE).spread(skin.head.vertices)
    hurt = 1.0 - left.mean(dim=-1)
    near = (place - skin.head.landmark("cheek_l")[:, None, None]).norm(dim=0) / MM < 25.0
    core = near & (hurt > 0.8 * float(hurt[near].max()))
    away = (place - place[:, core].mean(dim=1)[:, None, None]).norm(dim=0) / MM
    rim, middle = left[(away > 10.0) & (away < 15.0)].mean(dim=0), left[core].mean(dim=0)
    assert float(rim[2] / rim[0]) < 0.95, "yellow: blue is what it takes most of"
    assert float(middle[0]) < 0.7 * float(rim[0])
    assert float(middle[1] / middle[0]) < float(rim[1] / rim[0]) - 0.15, "redder than the rim"
    assert float(middle[2]) > float(middle[1]), "violet"
    inside = away < 15.0
    steps = (left[1:] - left[:-1]).abs()[inside[1:] & inside[:-1]]
    assert float(steps.quantile(0.995)) < 0.2


def test_a_keloid_is_a_thick_smooth_ridge_redder_than_the_skin(skin):
    raised = skin.change("scar", "displacement", Look(variant="keloid"))
    ridge = raised > 0.5 * float(raised.max())
    assert 1.0e-3 < float(raised.max()) < 2.5e-3
    worn, bare = (
        maps["albedo"][ridge].float().mean(dim=0) for maps in (skin.worn("scar", Look(variant="keloid")), skin.bare)
    )
    assert float(worn[0] / worn[1]) > 1.03 * float(bare[0] / bare[1])
    assert float(worn.mean()) < 1.1 * float(bare.mean()), "not a pale line"
    cut = skin.change("scar", "displacement")
    assert float(ridge.float().sum()) > 1.2 * float((cut > 0.5 * float(cut.max())).sum())


def test_a_metal_plate_has_a_bevelled_edge_and_a_seam_around_it(skin):
    relief = skin.change("metal", "displacement")
    core = float(relief[skin.mask > 0.95].median())
    edge = relief[(skin.mask > 0.45) & (skin.mask < 0.7)]
    assert core > 0.3e-3
    assert float(edge.min()) < -0.05e-3, "a seam lies below the skin"


def test_war_paint_on_a_band_is_solid(head):
    """A narrow long place is one band of paint; a round one is striped by fingers."""
    place = atlas_of(head.topology, "skin", SIDE).spread(head.vertices)
    away = (
        place - head.landmark("glabella" if "glabella" in head.topology.landmarks else "cheek_l")[:, None, None]
    ) / MM
    band = ((away[2].abs() < 7.0) & (away[0].abs() < 40.0) & (away[1].abs() < 30.0)).float()
    covered = {}
    for name, variant in (("band", None), ("tribal", "tribal")):
        laid = (overlay("war paint", {"skin": band}, Look(colour=(0.9, 0.02, 0.02), variant=variant)),)
        worn = Painter().paint(head, BROWN, resolution=SIZE, seed=7, overlays=laid)["skin"]["albedo"].float()
        inside = torch.nn.functional.interpolate(band[None, None], size=(SIZE, SIZE))[0, 0] > 0.9
        covered[name] = float((worn[..., 1] < 0.1)[inside].float().mean())
    assert covered["band"] > 0.9 > covered["tribal"] + 0.15


def test_smooth_skin_has_less_relief_and_the_same_colour(skin):
    inside = skin.mask > 0.95
    before, after = (
        maps["normal"][..., :2][inside].std() for maps in (skin.bare, skin.worn("smooth", Look(amount=1.0)))
    )
    assert float(after) < 0.8 * float(before)


@pytest.mark.parametrize("variant", ["fine", "porcelain"])
def test_cracks_are_thin_dark_lines_all_over_the_place(skin, variant):
    inside = skin.mask > 0.9
    depth = skin.change("cracks", "displacement", Look(variant=variant))
    cracked = (depth < float(depth[inside].median()) - 80e-6) & inside
    assert 0.005 < float(cracked[inside].float().mean()) < 0.15
    worn = skin.worn("cracks", Look(variant=variant))["albedo"].float().mean(dim=-1)
    assert float(worn[cracked].mean()) < 0.8 * float(worn[inside & ~cracked].mean())
    rows, columns = torch.nonzero(inside).unbind(1)
    for half in (rows < rows.float().mean(), rows >= rows.float().mean()):
        assert int(cracked[rows[half], columns[half]].sum()) > 2


def test_sweat_is_wet_and_stands_in_drops(skin):
    inside = skin.mask > 0.95
    heavy = skin.change("sweat", "displacement", Look(amount=0.9))[inside]
    assert float(skin.change("sweat", "roughness")[inside].mean()) < -0.05
    assert float(heavy.max()) > 100e-6
    assert float(heavy.mean()) > 2.0 * float(skin.change("sweat", "displacement", Look(amount=0.1))[inside].mean())


def test_blood_runs_down(skin):
    """The lower a drip reaches, the fewer there are; above them lies a film."""
    place = atlas_of(skin.head.topology, "skin", SIZE).spread(skin.head.vertices)[2]
    inside = skin.mask > 0.3
    red = (skin.change("blood", "albedo").abs() > 0.02) & inside
    middle = float(place[inside].median())
    above, below = (float(red[inside & half].float().mean()) for half in (place > middle, place < middle))
    assert above > 1.25 * below > 0.0


def bloody(skin, masks):
    """[S, S] bool where blood on a place has coloured the skin, and places [3, S, S]."""
    laid = (overlay("blood", masks),)
    worn = Painter().paint(skin.head, BROWN, resolution=SIZE, seed=7, overlays=laid)["skin"]["albedo"]
    place = atlas_of(skin.head.topology, "skin", SIZE).spread(skin.head.vertices)
    return (worn - skin.bare["albedo"]).float().abs().mean(dim=-1) > 0.02, place


def test_blood_on_a_large_place_is_splashed_with_skin_between(skin):
    masks = masks_on(skin.head, 70.0)
    red, _ = bloody(skin, masks)
    inside = torch.nn.functional.interpolate(masks["skin"][None, None], size=(SIZE, SIZE))[0, 0] > 0.9
    assert 0.08 < float(red[inside].float().mean()) < 0.5


def test_a_nose_bleeds_from_its_nostrils_down(skin):
    red, place = bloody(skin, masks_on(skin.head, 24.0, 2.0, "subnasale"))
    low = skin.head.landmark("subnasale")[2]
    assert int(red.sum()) > 20
    assert float((place[2][red] < low + 7.0 * MM).float().mean()) > 0.9
    assert float(place[2][red].amin()) < float(low) - 9.0 * MM


@pytest.mark.parametrize("name", [effect.name for effect in EFFECTS.values() if effect.takes_colour])
def test_an_effect_takes_the_colour_that_is_said(skin, name):
    blue, red = (skin.worn(name, Look(colour=colour))["albedo"] for colour in ((0.02, 0.05, 0.6), (0.6, 0.03, 0.02)))
    away = (red - blue)[skin.mask > 0.5]
    assert float(away[:, 0].mean()) > 0.003
    assert float(away[:, 2].mean()) < -0.003


@pytest.mark.parametrize("name", ["birthmark", "scar", "blood", "mud", "leaf", "cracks", "frost", "scales"])
def test_sizes_agree(skin, finer, name):
    assert_sizes_agree(skin, finer, name)


@pytest.fixture(scope="module")
def finer(head):
    return Painted(head, 2 * SIZE)


def assert_sizes_agree(small, large, name, within=0.15):
    for channel in ("albedo", "roughness", "displacement"):
        if channel in CHANGES[name]:
            first, second = (
                float((painted.change(name, channel) * painted.mask).sum() / painted.mask.sum())
                for painted in (small, large)
            )
            least = {"albedo": 0.004, "roughness": 0.01, "displacement": 12e-6}[channel]
            assert first == pytest.approx(second, rel=within, abs=least), channel


@pytest.mark.slow
@pytest.mark.parametrize("name", EFFECTS)
def test_all_effects_agree_at_all_sizes(skin, finer, name):
    assert_sizes_agree(skin, finer, name, within=0.2)


def test_random_marks_lie_at_the_same_places_under_a_larger_mask(head):
    """What is random hangs on the skin and not on the mask: an artist who paints on keeps the marks that are there."""
    painter = Painter()
    small, large = (
        painter.paint(head, BROWN, resolution=SIZE, seed=7, overlays=(overlay("goosebumps", masks),))["skin"][
            "displacement"
        ]
        for masks in (masks_on(head, 12.0, 1.0), masks_on(head, 20.0, 1.0))
    )
    place = atlas_of(head.topology, "skin", SIZE).spread(head.vertices)
    inside = (place - head.landmark("cheek_l")[:, None, None]).norm(dim=0) < 10.0 * MM
    assert torch.equal(small[inside], large[inside])


def test_the_same_edit_gives_the_same_bytes(head):
    laid = tuple(overlay(name, masks_on(head)) for name in ("scar", "blood", "cracks", "leaf"))
    first, second = (Painter().paint(head, BROWN, resolution=256, seed=7, overlays=laid)["skin"] for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def marks_in(image):
    """How many separate marks there are in [S, S] bool, without specks."""
    labels, count = label(image.numpy())
    return sum(int((labels == number).sum()) > 4 for number in range(1, count + 1))


@pytest.mark.parametrize("count", [1, 3, 7])
def test_as_many_spots_are_drawn_as_are_asked_for(skin, count):
    changed = skin.change("spots", "albedo", Look(variant="mole", count=count))
    assert marks_in(changed < -0.02) == count


@pytest.mark.parametrize(("name", "variant"), [("scar", "cut"), ("wound", "open")])
def test_lines_are_counted_and_lie_side_by_side(skin, name, variant):
    one, three = (
        marks_in(skin.change(name, "roughness", Look(variant=variant, count=count)) < -0.04) for count in (0, 3)
    )
    assert (one, three) == (1, 3)


def test_a_line_runs_the_way_that_is_said(skin):
    place = atlas_of(skin.head.topology, "skin", SIZE).spread(skin.head.vertices)
    spans = {}
    for way in ("down", "across"):
        line = skin.change("scar", "roughness", Look(course=way)) < -0.03
        low, high = (place[2][line].quantile(q) for q in (0.02, 0.98))
        spans[way] = float(high - low) / MM
    assert spans["down"] > 2.0 * spans["across"]


def test_each_of_several_bruises_is_a_patch_of_its_own(skin):
    draw = partial(each, EFFECTS["bruise"].draw, look=Look(count=3))
    laid = (Overlay("bruises", "three", skin.masks, 1.0, seed=3, draw=draw, reads=EFFECTS["bruise"].reads),)
    worn = skin.painter.paint(skin.head, BROWN, resolution=SIZE, seed=7, overlays=laid)["skin"]["albedo"]
    changed = (worn - skin.bare["albedo"]).float().abs().mean(dim=-1)
    strong = changed > 0.35 * float(changed[skin.mask > 0.5].quantile(0.98))
    pieces, _ = label(strong.numpy())
    sizes = torch.bincount(torch.from_numpy(pieces).long().view(-1))[1:]
    assert int((sizes > 0.05 * float(sizes.sum())).sum()) == 3, sizes.tolist()
    assert not bool(changed[skin.mask == 0.0].any())


def test_a_place_has_at_most_twelve_lines_and_each_needs_less_than_all_of_it(skin):
    seen = []

    def draw(site):
        found = EFFECTS["scar"].draw(site, Look(count=60))
        seen.append(
            (
                site.mask.numel(),
                [math.prod(high - low for low, high in (one.window.rows, one.window.columns)) for one in found],
            )
        )
        return found

    wide = masks_on(skin.head, radius=55.0)
    laid = (Overlay("scars", "sixty", wide, 1.0, seed=3, draw=draw, reads=EFFECTS["scar"].reads),)
    skin.painter.paint(skin.head, BROWN, resolution=SIZE, seed=7, overlays=laid)
    whole, parts = max(seen)
    assert len(parts) == 12
    assert sum(parts) < 0.7 * 12 * whole, (whole, parts)


def test_scales_are_smaller_and_let_more_skin_through_towards_the_border(skin):
    place = atlas_of(skin.head.topology, "skin", SIZE).spread(skin.head.vertices)
    away = (place - skin.head.landmark("cheek_l")[:, None, None]).norm(dim=0) / MM
    changed = skin.change("scales", "albedo").abs()
    core, ring, rim = (changed[(away > low) & (away <= high)].mean() for low, high in ((0, 7), (9, 13), (15, 19)))
    assert float(core) > 1.3 * float(ring) > 1.3 * 1.3 * float(rim)


@pytest.mark.parametrize("variant", EFFECTS["scales"].variants)
def test_scales_stand_above_the_skin_and_hide_its_pores(skin, variant):
    raised = skin.change("scales", "displacement", Look(variant=variant))[skin.mask > 0.95]
    assert float(raised.quantile(0.9)) > 60e-6
    assert float(raised.std()) > 25e-6


@pytest.mark.slow
def test_every_variant_draws_something_of_its_own(skin):
    for effect in EFFECTS.values():
        drawn = [skin.worn(effect.name, Look(variant=variant)) for variant in effect.variants[:3]]
        for one, other in itertools.pairwise(drawn):
            assert any(not torch.equal(one[name], other[name]) for name in one.keys() & other.keys()), effect.name


@pytest.mark.slow
@pytest.mark.parametrize("name", list(EFFECTS))
def test_effects_work_on_the_production_head(on_ict, name):
    test_an_effect_changes_its_maps_and_only_under_its_mask(on_ict, name)


@pytest.fixture(scope="module")
def on_ict(ict_head):
    return Painted(built(ict_head))


def test_every_effect_is_in_one_family_and_explains_itself():
    names = [effect.name for family in EFFECT_FAMILIES.values() for effect in family]
    assert len(set(names)) == len(names) == len(EFFECTS) >= 35
    assert all(effect.description and effect.words for effect in EFFECTS.values())
