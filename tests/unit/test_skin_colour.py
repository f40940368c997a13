"""What an artist sees of the skin's colours: tones that people have, zones, and marks that stay where they are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from dreamface.face import Head, Maps
from dreamface.head import HeadSource, load_model
from dreamface.render.shading import sample_texture, vertex_normals
from dreamface.skin import paint
from dreamface.skin.canvas.atlas import Atlas, atlas_of, surface_of
from dreamface.skin.canvas.layout import painted_parts, skin_tiles
from dreamface.skin.canvas.marks import SpotList, draw_lines, draw_spots
from dreamface.skin.canvas.pigments import resting_colour
from dreamface.skin.canvas.scatter import spread_points
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.spots import _BLEMISHES, _FRECKLES, _choose
from dreamface.traits import Traits, Value

SIZE = 512
CALM: Mapping[str, Value] = {"hair.style": "bald", "gender": -1.0, "brows.density": 0.0, "skin.melanin": 0.15}
LUMINANCE = torch.tensor([0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def ict(ict_head) -> Head:
    return ict_head.build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))


@pytest.fixture(scope="module")
def atlas(head: Head) -> Atlas:
    return atlas_of(head.topology, "skin", SIZE)


@pytest.fixture(scope="module")
def bare(head: Head) -> Maps:
    return painted(head)


def painted(head: Head, size: int = SIZE, **traits: Value) -> Maps:
    values = {name.replace("__", "."): value for name, value in traits.items()}
    return paint(head, Traits({**CALM, **values}), resolution=size, seed=7)


def albedo(head: Head, **traits: Value) -> Tensor:
    return painted(head, **traits)["skin"]["albedo"]


def mean_in(image: Tensor, weight: Tensor) -> Tensor:
    return image[weight > 0.7].mean(dim=0)


def near(head: Head, landmark: str, radius: float) -> Tensor:
    """[SIZE, SIZE] bool: texels within metres of a landmark."""
    place = surface_of(head, "skin", SIZE).position
    return (place - head.landmark(landmark)[:, None, None]).norm(dim=0) < radius


# ------------------------------------------------------------------------------------------------------------- tones


def lightness(linear: Tensor) -> float:
    return 116.0 * float(linear @ LUMINANCE) ** (1.0 / 3.0) - 16.0


def in_cielab(linear: Tensor) -> np.ndarray:
    """[..., 3] linear Rec. 709 to CIE 1976 L*, a*, b* under D65."""
    colour = pytest.importorskip("colour")
    space = colour.RGB_COLOURSPACES["ITU-R BT.709"]
    return np.asarray(colour.XYZ_to_Lab(linear.double().numpy() @ space.matrix_RGB_to_XYZ.T, space.whitepoint))


def test_every_tone_of_the_monk_scale_is_reached_but_the_two_that_nobody_has() -> None:
    colour = pytest.importorskip("colour")
    monk = ("f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134")
    amounts = [
        {"skin.melanin": melanin, "skin.redness": redness, "skin.yellowness": yellowness}
        for melanin in np.linspace(0.0, 1.0, 31).tolist()
        for redness in (0.0, 0.2, 1.0)
        for yellowness in (0.0, 0.4, 1.0)
    ]
    skins = in_cielab(torch.stack([resting_colour(Traits(each)) for each in amounts]))
    for tone in monk:
        encoded = torch.tensor([int(tone[start : start + 2], 16) / 255.0 for start in (0, 2, 4)])
        linear = torch.from_numpy(np.asarray(colour.cctf_decoding(encoded.numpy(), "sRGB")))
        apart = colour.delta_E(skins, in_cielab(linear), method="CIE 2000")
        assert apart.min() < 4.0, tone


def test_the_darkest_skin_is_a_warm_brown_that_people_have() -> None:
    """The darkest faces measured are near L* 27 with a chroma of about 15; melanin spans people, and no more."""
    darkest = None
    for melanin in (0.8, 0.85, 0.9, 0.95, 1.0):
        skin = Traits({"skin.melanin": melanin, "skin.redness": 0.42, "skin.yellowness": 0.28})
        light, red, yellow = in_cielab(resting_colour(skin))
        assert light > 23.0
        assert 13.5 < np.hypot(red, yellow) < 22.0, melanin
        assert 45.0 < np.degrees(np.arctan2(yellow, red)) < 60.0, melanin
        darkest = light
    assert darkest is not None and darkest < 28.0


@pytest.mark.parametrize(
    ("melanin", "lightness", "redness", "yellowness"),
    [
        (0.14, (64.0, 72.0), (9.0, 14.0), (14.0, 20.0)),  # Europeans, as the prior draws most of them
        (0.22, (60.0, 68.0), (9.0, 14.0), (16.0, 21.0)),  # East Asians: Koreans' faces are 58 to 64, 8 to 12, about 17
        (0.50, (48.0, 58.0), (10.0, 15.0), (17.0, 23.0)),  # South Asians
        (0.76, (35.0, 45.0), (9.0, 13.5), (13.0, 18.0)),  # Africans
    ],
)
def test_each_ancestrys_mean_is_within_what_was_measured(
    melanin: float, lightness: tuple[float, float], redness: tuple[float, float], yellowness: tuple[float, float]
) -> None:
    skin = Traits({"skin.melanin": melanin, "skin.redness": 0.42, "skin.yellowness": 0.28})
    for value, (least, most) in zip(in_cielab(resting_colour(skin)), (lightness, redness, yellowness), strict=True):
        assert least < value < most


def test_equal_steps_of_melanin_look_about_equal() -> None:
    tones = [lightness(resting_colour(Traits({"skin.melanin": amount / 10.0}))) for amount in range(11)]
    steps = [lighter - darker for lighter, darker in pairwise(tones)]
    assert min(steps) > 2.5
    assert max(steps) < 12.0


def test_people_have_colours_that_people_have() -> None:
    """Hue angles of skin in CIE L*a*b* lie between 40 and 70 degrees at moderate redness (Xiao et al. 2017)."""
    for melanin in (0.07, 0.14, 0.3, 0.5, 0.75, 0.85):
        red, green, blue = resting_colour(Traits({"skin.melanin": melanin, "skin.redness": 0.42})).tolist()
        assert 1.2 < red / green < 2.6
        assert 1.1 < green / blue < 2.4


def test_freckles_are_small_and_brown_on_nose_and_cheeks(head: Head, bare: Maps) -> None:
    """No rash: few on forehead and chin, browner and not redder than the skin, hardly any wider than 2 mm."""
    plain = bare["skin"]["albedo"]
    some, many = (albedo(head, freckles__density=density) for density in (0.3, 1.0))

    def spotted(image: Tensor) -> Tensor:
        return (image @ LUMINANCE) < 0.93 * (plain @ LUMINANCE)

    cheek, few = spotted(many)[near(head, "upper_cheek_l", 0.01)].float().mean(), []
    for name, radius in (("metopion", 0.025), ("pogonion", 0.012)):
        few.append(spotted(many)[near(head, name, radius)].float().mean())
    assert cheek > 0.08
    assert max(few) < 0.2 * cheek
    assert 0.08 * cheek < spotted(some)[near(head, "upper_cheek_l", 0.01)].float().mean() < 0.5 * cheek
    spots = spotted(many)
    skin, brown = in_cielab(plain[spots]), in_cielab(many[spots])
    assert (brown[:, 2] - skin[:, 2]).mean() > (brown[:, 1] - skin[:, 1]).mean()  # yellower by more than redder
    freckled = Subject(head, surface_of(head, "skin", 256), SIZE, 7, Traits({**CALM, "freckles.density": 1.0}))
    chosen = _choose(_FRECKLES, "freckles.density", freckled)
    assert chosen.radii.max() < 1.2e-3
    assert (chosen.radii > 0.8e-3).float().mean() < 0.05


# ------------------------------------------------------------------------------------------------------------- zones


@pytest.mark.parametrize("which", ["head", "ict"])
@pytest.mark.parametrize("melanin", [0.12, 0.75])
def test_no_light_is_baked_in(which: str, melanin: float, request: pytest.FixtureRequest) -> None:
    head = request.getfixturevalue(which)
    image = albedo(head, gender=0.9, stubble__density=0.0, skin__melanin=melanin)
    atlas = atlas_of(head.topology, "skin", SIZE)
    normals = vertex_normals(head.vertices, head.topology.triangles)
    normal = torch.nn.functional.normalize(atlas.spread(normals).view(3, -1), dim=0)
    other = ("scalp", "brows", "mouth_inside", "eye_sockets", "lids_margin", "lips_upper", "lips_lower")
    skin = (atlas.inside & (atlas.region(*other) < 0.05)).view(-1)
    x, y = normal[:, skin].double(), (image @ LUMINANCE).view(-1)[skin].double()
    x, y = x - x.mean(dim=1, keepdim=True), y - y.mean()
    follows = ((x @ y) @ torch.linalg.solve(x @ x.T, x @ y) / (y @ y)).sqrt()  # r of the worst direction
    assert follows < 0.05


@pytest.mark.parametrize("which", ["head", "ict"])
def test_seams_do_not_show(which: str, request: pytest.FixtureRequest) -> None:
    head = request.getfixturevalue(which)
    topology, maps = head.topology, painted(head, 1024)
    hidden = torch.maximum(topology.regions["mouth_inside"], topology.regions["eye_sockets"]) > 0.05
    sides: dict[int, list[Tensor]] = {}
    for tile in skin_tiles(topology):
        for part in painted_parts(topology, tile):
            corners = torch.stack((topology.faces, topology.face_uvs), dim=-1)[slice(*part.faces)].reshape(-1, 2)
            corners = torch.unique(corners, dim=0)
            values = sample_texture(maps[tile]["albedo"], topology.uv[corners[:, 1]])
            for vertex, value in zip(corners[:, 0].tolist(), values, strict=True):
                sides.setdefault(vertex, []).append(value)
    apart = [(values[0] - values[1]).abs().mean() for v, values in sides.items() if len(values) > 1 and not hidden[v]]
    assert len(apart) > 20
    assert torch.stack(apart).mean() < 1.0 / 255.0


def test_zones_are_where_painters_put_them(head: Head, bare: Maps) -> None:
    image = bare["skin"]["albedo"]
    ratio = image[..., 0] / image[..., 1]
    yellow = image[..., 1] / image[..., 2]
    forehead, cheek = near(head, "metopion", 0.02), near(head, "upper_cheek_l", 0.012)
    for redder in ("pronasale", "alare_l", "ear_lobe_l"):
        assert ratio[near(head, redder, 0.006)].mean() > ratio[forehead].mean() + 0.03, redder
    assert ratio[cheek].mean() > ratio[forehead].mean()
    assert yellow[forehead].mean() > yellow[cheek].mean()


def test_dark_circles_follow_the_tear_trough(head: Head) -> None:
    fall = (albedo(head, under_eyes__darkness=0.0) - albedo(head, under_eyes__darkness=1.0)) @ LUMINANCE
    middle = torch.lerp(head.landmark("endocanthion_l"), head.landmark("eye_bag_l"), 0.6)
    place = surface_of(head, "skin", SIZE).position
    trough = (place - middle[:, None, None]).norm(dim=0) < 0.005
    outer = near(head, "exocanthion_l", 0.004) & (place[2] < head.landmark("exocanthion_l")[2])
    assert fall[trough].mean() > 0.045
    assert fall[trough].mean() > 1.3 * fall[outer].mean()  # no round blob: it fades outwards
    assert fall[near(head, "cheek_l", 0.008)].abs().max() < 1e-4


def test_dark_skin_is_darker_around_the_eyes_and_the_mouth(head: Head) -> None:
    values = Traits({**CALM, "skin.melanin": 0.7})
    zoned, even = (
        paint(head, values, resolution=SIZE, seed=7, layers={"zones": strength})["skin"]["albedo"] @ LUMINANCE
        for strength in (1.0, 0.0)
    )
    change, lips = zoned / even, atlas_of(head.topology, "skin", SIZE).region("lips_upper", "lips_lower")
    cheek = change[near(head, "upper_cheek_l", 0.01)].mean()
    assert change[near(head, "lid_crease_l", 0.004)].mean() < 0.88 * cheek
    assert change[near(head, "cheilion_l", 0.008) & (lips < 0.05)].mean() < 0.92 * cheek


@pytest.mark.parametrize("melanin", [0.7, 0.85])
def test_tired_eyes_on_dark_skin_are_a_warm_brown(head: Head, melanin: float) -> None:
    image = albedo(head, skin__melanin=melanin, under_eyes__darkness=0.8)
    cheek = image[near(head, "cheek_l", 0.01)].mean(dim=0)
    for name in ("lid_crease_l", "eye_bag_r"):
        lid = image[near(head, name, 0.004)].mean(dim=0)
        assert lid @ LUMINANCE < 0.95 * (cheek @ LUMINANCE), name
        assert lid[0] / lid[1] > cheek[0] / cheek[1], name  # neither olive
        assert lid[1] / lid[2] > 0.95 * cheek[1] / cheek[2], name  # nor grey


def test_a_mans_lips_stand_out_less_than_a_womans(head: Head) -> None:
    lips = atlas_of(head.topology, "skin", SIZE).region("lips_lower") > 0.9
    skin = near(head, "pogonion", 0.01)

    def redder(**traits: Value) -> float:
        image = albedo(head, age=30.0, stubble__density=0.0, **traits)
        ratio = image[..., 0] / image[..., 1]
        return float(ratio[lips].mean() / ratio[skin].mean()) - 1.0

    assert 0.1 < redder(gender=1.0) < 0.85 * redder(gender=-1.0)


def test_a_mans_jaw_is_bluer_than_his_cheeks(head: Head) -> None:
    man = {"gender": 1.0, "age": 35.0, "hair.melanin": 0.9, "stubble.density": 0.0}
    shaven = albedo(head, **{name.replace(".", "__"): value for name, value in man.items()})
    change = shaven / albedo(head)
    jaw, forehead = change[near(head, "chin_side_l", 0.01)].mean(dim=0), change[near(head, "metopion", 0.02)].mean(0)
    assert jaw[0] < jaw[2] < 1.0  # the red goes first
    assert jaw.mean() < forehead.mean() - 0.04
    assert (forehead - 1.0).abs().max() < 0.05


def test_colour_varies_at_every_scale(head: Head) -> None:
    image = painted(head, 2048)["skin"]["albedo"].permute(2, 0, 1)
    place = head.topology.uv  # a patch of the cheek, far from all seams
    landmark = atlas_of(head.topology, "skin", 256).landmark("cheek_l")
    assert landmark is not None and len(place)
    column, row = int(landmark[0] * 2048), int((1.0 - landmark[1]) * 2048)
    patch = image[:, row - 64 : row + 64, column - 64 : column + 64].numpy()
    red_to_green = np.log(patch[0] / patch[1])
    for sigma in (0.8, 3.0, 10.0):  # texels of about 0.18 mm
        detail = ndimage.gaussian_filter(red_to_green, sigma) - ndimage.gaussian_filter(red_to_green, 2.5 * sigma)
        assert detail.std() > 0.003, sigma


def test_veins_show_through_light_skin_only(head: Head) -> None:
    temples = near(head, "temple_l", 0.025)

    def bluish(melanin: float) -> float:
        values = {**CALM, "skin.melanin": melanin, "age": 75.0}
        with_veins, without = (
            paint(head, Traits(values), resolution=SIZE, seed=7, layers={"veins": strength})["skin"]["albedo"]
            for strength in (1.0, 0.0)
        )
        change = (with_veins / without)[temples]
        assert (change[:, 0] <= change[:, 2] + 1e-5).all()
        return float((1.0 - change[:, 0]).max())

    assert bluish(0.05) > 0.05
    assert bluish(0.8) == 0.0


# ------------------------------------------------------------------------------------------------------------- marks


MARKS = ("freckles.density", "moles.density", "age_spots.density", "blemishes.density", "capillaries.density")


@pytest.mark.parametrize("trait", MARKS)
def test_more_marks_are_the_same_ones_and_some_more(head: Head, bare: Maps, trait: str) -> None:
    clear = bare["skin"]["albedo"]
    name = trait.replace(".", "__")
    few, many = (((clear - albedo(head, **{name: amount})) @ LUMINANCE) for amount in (0.35, 0.7))
    assert (few > 0.01).sum() > 10
    assert (many > 0.01).sum() > (few > 0.01).sum()
    assert (many[few > 0.01] > 0.005).float().mean() > 0.99


@pytest.mark.parametrize("trait", [*MARKS, "scars.density", "vitiligo.coverage"])
def test_marks_are_on_both_sides_and_no_mirror_copies(head: Head, bare: Maps, trait: str) -> None:
    change = (albedo(head, **{trait.replace(".", "__"): 0.7}) - bare["skin"]["albedo"]).abs().sum(dim=-1)
    left, right = change[:, SIZE // 2 :], change[:, : SIZE // 2].flip(1)
    assert min(float(left.sum()), float(right.sum())) > 0.05 * float(change.sum())
    assert not torch.allclose(left, right, atol=1e-3)


def test_freckles_have_sizes_from_many_tiny_to_few_large(head: Head) -> None:
    dense = paint(head, Traits({**CALM, "freckles.density": 0.8}), resolution=2048, seed=7)["skin"]["albedo"]
    clear = paint(head, Traits(CALM), resolution=2048, seed=7)["skin"]["albedo"]
    found, count = ndimage.label(((clear - dense) @ LUMINANCE > 0.012).numpy())
    areas = np.bincount(found.ravel())[1:]
    assert count > 300
    assert np.median(areas) < 0.12 * np.quantile(areas, 0.99)


def test_spots_are_round_on_the_skin(ict: Head) -> None:
    """Wherever the layout is stretched, as at the temples: second moments on the skin are alike in all directions."""
    surface = surface_of(ict, "skin", SIZE)
    for name in ("temple_l", "metopion", "neck_side_l"):
        place = surface.atlas.landmark(name)
        if place is None:
            continue
        row, column = int((1.0 - place[1]) * SIZE), int(place[0] * SIZE)
        metric = surface.metric[:, row, column]
        one = SpotList(place[None], metric[None], torch.tensor([4e-3]), torch.ones(1), torch.zeros(1, 3))
        drawn = draw_spots(SIZE, one, 0.5, ragged=0.0)
        assert drawn is not None
        window, image = drawn
        there = surface.position[(slice(None), *window.slices)].reshape(3, -1).T
        weight = image.view(-1) / surface.density[window.slices].reshape(-1).square()
        centred = there - (there * weight[:, None]).sum(dim=0) / weight.sum()
        spread = torch.linalg.eigvalsh((centred * weight[:, None]).T @ centred / weight.sum()).sqrt()
        assert spread[1] > 0.75 * spread[2], name  # the third, smallest one is the skin's bend
        assert 1.2e-3 < spread[2] < 3e-3


def test_spots_that_are_smaller_than_a_texel_keep_their_sum() -> None:
    metric = torch.tensor([[2.0, 0.0, 2.0]])
    sums = []
    for size in (256, 2048):
        one = SpotList(torch.tensor([[0.5, 0.5]]), metric, torch.tensor([6e-4]), torch.ones(1), torch.zeros(1, 3))
        drawn = draw_spots(size, one, 1.0, ragged=0.0)
        assert drawn is not None
        sums.append(float(drawn[1].sum()) / size**2)
    assert sums[0] == pytest.approx(sums[1], rel=0.25)


def test_lines_cover_their_area() -> None:
    line = torch.stack((torch.linspace(0.2, 0.8, 9), torch.full((9,), 0.4)), dim=1)[None]
    for size in (128, 1024):
        drawn = draw_lines(size, line, torch.tensor([0.002]), torch.ones(1))
        assert drawn is not None
        taper = float((4.0 * torch.linspace(0.0, 1.0, 1001) * (1.0 - torch.linspace(0.0, 1.0, 1001))).sqrt().mean())
        assert float(drawn[1].sum()) / size**2 == pytest.approx(0.6 * 0.002 * taper, rel=0.03)


@pytest.mark.parametrize("count", [16, 100, 400, 1024])
def test_every_beginning_of_the_points_is_spread_evenly(count: int) -> None:
    points = spread_points()[:count]
    away = (points[:, None] - points[None]).abs()
    away = torch.minimum(away, 1.0 - away).norm(dim=2) + 9.0 * torch.eye(count)
    random = 0.5 / count**0.5  # mean distance to the nearest of as many random points
    assert away.amin() > random


def test_vitiligo_has_no_melanin_and_leaves_the_rest(head: Head) -> None:
    dark = albedo(head, skin__melanin=0.7)
    patchy = albedo(head, skin__melanin=0.7, vitiligo__coverage=0.4)
    pale = albedo(head, skin__melanin=0.0)
    change = ((patchy - dark) @ LUMINANCE) / ((pale - dark) @ LUMINANCE).clamp_min(1e-3)
    atlas = atlas_of(head.topology, "skin", SIZE)
    face = atlas.region("cheeks", "forehead", "chin", "under_eyes", "lids_upper") > 0.5
    inside, outside = change[face] > 0.75, change[face].abs() < 0.05
    assert 0.05 < inside.float().mean() < 0.7
    assert (inside | outside).float().mean() > 0.85  # the edges are crisp
    assert change[atlas.region("under_eyes") > 0.7].mean() > change[near(head, "cheek_l", 0.01)].mean()


def test_where_there_is_no_melanin_dark_skin_has_no_dark_lids(head: Head) -> None:
    patchy = albedo(head, skin__melanin=0.7, vitiligo__coverage=0.4)
    lid, trough = (patchy[near(head, name, 0.004)] @ LUMINANCE for name in ("lid_crease_l", "eye_bag_l"))
    pale = albedo(head, skin__melanin=0.0) @ LUMINANCE
    assert lid.mean() > 0.8 * pale[near(head, "lid_crease_l", 0.004)].mean()
    assert trough.mean() > 0.8 * pale[near(head, "eye_bag_l", 0.004)].mean()


def test_scars_are_few_shiny_lines_with_relief(head: Head, bare: Maps) -> None:
    scarred = painted(head, scars__density=0.3)["skin"]
    smoother = (bare["skin"]["roughness"] - scarred["roughness"])[..., 0] > 0.05
    moved = (scarred["displacement"] - bare["skin"]["displacement"])[..., 0].abs() > 1e-5
    assert 20 < smoother.sum() < 0.02 * SIZE**2
    assert (moved & smoother).sum() > 0.7 * smoother.sum()


def test_marks_of_pale_skin_are_brown_and_those_of_blood_red(head: Head, bare: Maps) -> None:
    clear = bare["skin"]["albedo"]

    def left(trait: str) -> list[float]:
        marked = albedo(head, **{trait.replace(".", "__"): 0.8})
        fallen = ((clear - marked) @ LUMINANCE) > 0.04
        share: list[float] = (marked / clear)[fallen].mean(dim=0).tolist()
        return share

    red, green, blue = left("freckles.density")
    assert red > green > blue  # melanin takes the blue
    red, green, blue = left("blemishes.density")
    assert green < blue < red  # blood takes the green


@pytest.mark.parametrize("name", ["freckles.density", "blemishes.density"])
def test_spots_stay_where_they_are_on_a_face_of_another_shape(name: str) -> None:
    person, model = Traits({name: 0.6}), load_model("anny")
    heads = [
        model.build(HeadSource(person.under(shape), torch.Generator().manual_seed(3)))
        for shape in ({}, {"jaw.width": 0.5}, {"nose.width": 1.0})
    ]
    kind = {"freckles.density": _FRECKLES, "blemishes.density": _BLEMISHES}[name]
    found = []
    for head in heads:
        subject = Subject(head, surface_of(head, "skin", 256), 512, 7, person)
        found.append({tuple(place) for place in _choose(kind, name, subject).places.tolist()})
    for other in found[1:]:
        assert len(found[0] & other) > 0.85 * len(found[0])
