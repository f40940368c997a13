"""What an artist sees in the skin maps: the right things in the right places, the same every time."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from dreamface.errors import BadRequest, Cancelled
from dreamface.face import Head, Maps
from dreamface.head import HeadSource, load_model
from dreamface.progress import Progress
from dreamface.render.shading import sample_texture
from dreamface.skin import materials, paint
from dreamface.skin.canvas.atlas import Atlas, atlas_of, surface_of
from dreamface.traits import Traits, Value

SIZE = 256
CALM: Mapping[str, Value] = {"hair.style": "bald", "gender": -1.0, "brows.density": 0.0}
LUMINANCE = torch.tensor([0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def atlas(head: Head) -> Atlas:
    return atlas_of(head.topology, "skin", SIZE)


@pytest.fixture(scope="module")
def maps(head: Head) -> Maps:
    return paint(head, Traits(CALM), resolution=SIZE, seed=7)


def albedo(head: Head, size: int = SIZE, **traits: Value) -> Tensor:
    values = {name.replace("__", "."): value for name, value in traits.items()}
    return paint(head, Traits({**CALM, **values}), resolution=size, seed=7)["skin"]["albedo"]


def mean_in(image: Tensor, weight: Tensor) -> Tensor:
    """[C] mean of an image [H, W, C] where a weight [H, W] is high."""
    return image[weight > 0.7].mean(dim=0)


def test_every_channel_has_its_shape_and_range(maps: Maps) -> None:
    assert set(maps) == {"skin", "eyes", "mouth"}
    channels = {"albedo": 3, "specular": 1, "roughness": 1, "normal": 3, "displacement": 1, "subsurface": 1}
    assert {name: image.shape for name, image in maps["skin"].items()} == {
        name: (SIZE, SIZE, count) for name, count in channels.items()
    }
    for tile in maps.values():
        for name, image in tile.items():
            assert image.dtype == torch.float32
            assert image.shape[0] == image.shape[1]
            assert torch.isfinite(image).all()
            if name not in ("normal", "displacement"):
                assert image.min() >= 0.0
                assert image.max() <= 1.0
    assert torch.allclose(maps["skin"]["normal"].norm(dim=-1), torch.ones(()), atol=1e-4)
    assert 1e-6 < maps["skin"]["displacement"].abs().max() < 2e-3  # pores and folds, not bumps


@pytest.mark.parametrize("size", [128, 384, 640])
def test_any_multiple_of_128_is_painted(head: Head, size: int) -> None:
    wrinkled = Traits({"wrinkles.forehead": 1.0, "freckles.density": 0.5})
    assert paint(head, wrinkled, resolution=size, seed=1)["skin"]["normal"].shape == (size, size, 3)


def test_other_resolutions_are_refused(head: Head) -> None:
    with pytest.raises(BadRequest, match="128"):
        paint(head, Traits(), resolution=200, seed=1)


def test_the_same_face_gives_the_same_bytes(head: Head) -> None:
    person = Traits({"freckles.density": 0.6, "wrinkles.eyes": 0.5, "beard.style": "full", "hair.grey": 0.3})
    first, second = (paint(head, person, resolution=SIZE, seed=11) for _ in range(2))
    for tile, channels in first.items():
        for name, image in channels.items():
            assert torch.equal(image, second[tile][name]), (tile, name)


def test_another_seed_gives_other_skin(head: Head, maps: Maps) -> None:
    other = paint(head, Traits(CALM), resolution=SIZE, seed=8)["skin"]
    assert not torch.equal(other["albedo"], maps["skin"]["albedo"])
    assert not torch.equal(other["displacement"], maps["skin"]["displacement"])


def test_one_trait_leaves_the_other_layers_alone(head: Head) -> None:
    sparse, dense = albedo(head, brows__density=0.4), albedo(head, brows__density=0.4, freckles__density=0.5)
    changed = (sparse - dense).abs().amax(dim=-1) > 1e-6
    assert 0.0 < float(changed.float().mean()) < 0.3


def test_more_melanin_is_darker(head: Head, atlas: Atlas) -> None:
    cheeks = atlas.region("cheeks")
    tones = [
        float((mean_in(albedo(head, skin__melanin=melanin), cheeks) * LUMINANCE).sum())
        for melanin in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    assert all(lighter > darker for lighter, darker in pairwise(tones))
    assert tones[0] > 0.4
    assert tones[-1] < 0.045


@pytest.mark.parametrize("melanin", [0.05, 0.45, 0.9])
def test_skin_of_every_tone_is_warm(head: Head, atlas: Atlas, melanin: float) -> None:
    red, green, blue = mean_in(albedo(head, skin__melanin=melanin), atlas.region("forehead")).tolist()
    assert red > green > blue


def test_lips_and_cheeks_are_redder_than_the_forehead(atlas: Atlas, maps: Maps) -> None:
    image = maps["skin"]["albedo"]

    def redness(name: str) -> float:
        red, green, _ = mean_in(image, atlas.region(name)).tolist()
        return red / green

    assert redness("lips_upper") > redness("cheeks") > redness("forehead")


def test_red_lips_are_seen_to_be_red(head: Head, atlas: Atlas) -> None:
    lips = atlas.region("lips_lower") > 0.95

    def greenness(redness: float) -> float:
        red, green, _ = albedo(head, lips__redness=redness)[lips].mean(dim=0).tolist()
        return green / red

    common, asked, full = (greenness(redness) for redness in (0.5, 0.8, 1.0))
    assert asked < 0.75 * common, "as red as the words mean it"
    assert full < 0.75 * asked
    assert greenness(0.6) > 0.9 * common, "few people's lips are"


def test_dark_circles_darken_only_below_the_eyes(head: Head, atlas: Atlas) -> None:
    change = albedo(head, under_eyes__darkness=1.0) - albedo(head, under_eyes__darkness=0.0)
    assert mean_in(change, atlas.region("under_eyes")).mean() < -0.04
    assert mean_in(change, atlas.region("chin")).abs().max() < 1e-4


def test_freckles_are_spots_where_the_sun_shines(head: Head, atlas: Atlas) -> None:
    clear = albedo(head, 512)
    counts = []
    for density in (0.3, 0.9):
        marks = (clear - albedo(head, 512, freckles__density=density)).amax(dim=-1) > 0.02
        counts.append(ndimage.label(marks.numpy())[1])
        at_atlas = marks.view(SIZE, 2, SIZE, 2).any(dim=3).any(dim=1)
        for name in ("neck", "lips_upper", "mouth_inside"):
            assert not at_atlas[atlas.region(name) > 0.95].any()
    assert 20 < counts[0] < counts[1]


def test_a_blue_person_is_blue_and_keeps_darker_lips(head: Head, atlas: Atlas) -> None:
    image = albedo(head, skin__tint=(0.05, 0.2, 0.6, 1.0))
    red, green, blue = mean_in(image, atlas.region("cheeks")).tolist()
    assert blue > 2.0 * green > 2.0 * red
    light = image @ LUMINANCE
    assert mean_in(light[..., None], atlas.region("lips_upper")) < mean_in(light[..., None], atlas.region("forehead"))


def test_lipstick_stays_on_the_lips(head: Head, atlas: Atlas) -> None:
    change = (albedo(head, lipstick=(0.3, 0.0, 0.3, 1.0)) - albedo(head)).abs().amax(dim=-1, keepdim=True)
    assert mean_in(change, atlas.region("lips_upper")) > 0.05
    assert mean_in(change, atlas.region("cheeks")) == 0.0


def test_normals_are_the_slope_of_the_displacement(head: Head, atlas: Atlas) -> None:
    """The map's slopes, walked over the real distances between texels, give back the height differences."""
    folded = Traits({**CALM, "wrinkles.cheeks": 1.0, "wrinkles.mouth": 1.0, "skin.pores": 0.0})
    skin = paint(head, folded, resolution=SIZE, seed=7)["skin"]
    height, normal = skin["displacement"][..., 0], skin["normal"]
    place = surface_of(head, "skin", SIZE).position.permute(1, 2, 0)
    along_u = place[1:-1, 2:] - place[1:-1, :-2]
    along_v = place[:-2, 1:-1] - place[2:, 1:-1]
    tangent = torch.nn.functional.normalize(along_u, dim=-1)
    shear = (along_v * tangent).sum(dim=-1)
    upright = (along_v - shear[..., None] * tangent).norm(dim=-1)
    slope = -normal[1:-1, 1:-1, :2] / normal[1:-1, 1:-1, 2:]
    rise_u, rise_v = slope[..., 0] * along_u.norm(dim=-1), slope[..., 0] * shear + slope[..., 1] * upright
    face = (atlas.interior[1:-1, 1:-1] > 0.99) & (atlas.region("cheeks", "chin")[1:-1, 1:-1] > 0.5)
    for rise, true in ((rise_u, height[1:-1, 2:] - height[1:-1, :-2]), (rise_v, height[:-2, 1:-1] - height[2:, 1:-1])):
        error = (rise - true)[face].square().mean().sqrt()
        assert error < 0.1 * true[face].square().mean().sqrt()


def test_both_sides_of_the_seam_agree(head: Head, maps: Maps, atlas: Atlas) -> None:
    topology = head.topology
    stop = topology.part("skin").faces[1]
    vertices, places = topology.faces[:stop].reshape(-1), topology.face_uvs[:stop].reshape(-1)
    scalp = topology.regions["scalp"][vertices] > 0.9
    pairs = torch.unique(torch.stack((vertices[scalp], places[scalp]), dim=1), dim=0)
    doubled = pairs[:-1, 0] == pairs[1:, 0]
    first, second = topology.uv[pairs[:-1, 1][doubled]], topology.uv[pairs[1:, 1][doubled]]
    assert len(first) > 20
    assert ((first - second).abs()[:, 0] > 0.3).any()  # they are on opposite sides of the tile
    for name, tolerance in (("albedo", 0.03), ("roughness", 0.06), ("displacement", 2e-5)):
        image = maps["skin"][name]
        apart = (sample_texture(image, first) - sample_texture(image, second)).abs()
        assert apart.mean() < tolerance / 2
        assert apart.quantile(0.95) < tolerance


def test_the_background_is_never_met(atlas: Atlas, maps: Maps) -> None:
    """8 texels at 1024 are 2 here: around every island its own colours go on."""
    image = maps["skin"]["albedo"].permute(2, 0, 1)[None]
    inside = atlas.inside[None, None]
    around = (max_pool2d(inside.float(), 5, stride=1, padding=2) > 0) & ~inside
    brightest = max_pool2d(torch.where(inside, image, -1.0), 9, stride=1, padding=4)
    darkest = -max_pool2d(torch.where(inside, -image, -2.0), 9, stride=1, padding=4)
    ring = around.expand_as(image)
    assert ring.any()
    assert (image[ring] <= brightest[ring] + 0.04).all()
    assert (image[ring] >= darkest[ring] - 0.04).all()


def test_brows_grow_where_the_brows_are(head: Head, atlas: Atlas) -> None:
    with_brows = albedo(head, brows__density=0.8, hair__melanin=0.9)
    hidden = (albedo(head, brows__density=0.0, hair__melanin=0.9) - with_brows).amax(dim=-1)
    brows = atlas.region("brows")
    assert hidden[brows > 0.7].mean() > 0.1
    near = max_pool2d((brows > 0.1).float()[None, None], 13, stride=1, padding=6)[0, 0] > 0
    assert hidden[~near].max() < 1e-6


def test_brows_are_no_mirror_copies(head: Head) -> None:
    hidden = (albedo(head, 1024) - albedo(head, 1024, brows__density=0.7)).amax(dim=-1)
    # Both brows have the same outline; it is the single hairs that must differ.
    hairs = hidden - avg_pool2d(hidden[None, None], 7, stride=1, padding=3)[0, 0]
    left, right = hairs[:, 512:].flatten(), hairs.flip(1)[:, 512:].flatten()
    drawn = (hidden[:, 512:].flatten() > 0.01) | (hidden.flip(1)[:, 512:].flatten() > 0.01)
    agreement = torch.corrcoef(torch.stack((left[drawn], right[drawn])))[0, 1]
    assert agreement < 0.5


def test_hair_shows_on_the_scalp_unless_bald(head: Head, atlas: Atlas) -> None:
    cropped, bald = albedo(head, hair__style="short", hair__melanin=0.9), albedo(head)
    assert mean_in(cropped, atlas.region("scalp")).mean() < 0.5 * mean_in(bald, atlas.region("scalp")).mean()
    assert torch.equal(cropped[atlas.region("cheeks") > 0.9], bald[atlas.region("cheeks") > 0.9])


def test_wrinkles_are_as_deep_as_asked(head: Head, atlas: Atlas) -> None:
    depths = []
    for amount in (0.0, 0.5, 1.0):
        person = Traits({**CALM, "wrinkles.forehead": amount})
        height = paint(head, person, resolution=SIZE, seed=7)["skin"]["displacement"][..., 0]
        depths.append(-float(height[atlas.region("forehead") > 0.7].min()))
    assert depths[0] < depths[1] < depths[2]
    assert depths[2] > 1e-4


def test_oil_shines(head: Head, atlas: Atlas) -> None:
    dry, oily = (
        paint(head, Traits({**CALM, "skin.oiliness": oil}), resolution=SIZE, seed=7)["skin"]["roughness"]
        for oil in (0.0, 1.0)
    )
    assert mean_in(oily, atlas.region("nose")) < mean_in(dry, atlas.region("nose")) - 0.1


def test_irises_have_the_asked_colour_and_a_pupil(head: Head) -> None:
    eyes = paint(head, Traits({"iris.colour": (0.1, 0.25, 0.5)}), resolution=512, seed=7)["eyes"]["albedo"]
    size = eyes.shape[0]
    middle, radius = (size // 4, size // 4), 0.235 * size
    assert eyes[middle].max() < 0.02
    red, green, blue = eyes[middle[0], middle[1] + int(0.7 * radius)].tolist()
    assert blue > green > red


def test_bloodshot_eyes_are_redder(head: Head) -> None:
    def redness(amount: float) -> float:
        eyes = paint(head, Traits({"sclera.redness": amount}), resolution=SIZE, seed=7)["eyes"]["albedo"]
        red, green, _ = eyes[eyes.shape[0] // 2 :].mean(dim=(0, 1)).tolist()
        return red / green

    assert redness(1.0) > redness(0.0) + 0.1


def test_teeth_yellow_with_age(head: Head) -> None:
    def yellowness(age: float) -> float:
        mouth = paint(head, Traits({"age": age}), resolution=SIZE, seed=7)["mouth"]["albedo"]
        red, _, blue = mouth[: mouth.shape[0] // 2].mean(dim=(0, 1)).tolist()
        return red / blue

    assert yellowness(80.0) > yellowness(20.0) + 0.1


def test_every_part_has_its_material(head: Head, maps: Maps) -> None:
    found = materials(head, Traits())
    assert {part.material for part in head.topology.parts} <= set(found)
    assert all(material.tile is None or material.tile in maps for material in found.values())
    assert found["cornea"].transmission == 1.0


def test_lashes_follow_the_hair(head: Head) -> None:
    black = materials(head, Traits({"hair.melanin": 1.0, "hair.redness": 0.0}))["lashes"].base_colour
    blonde = materials(head, Traits({"hair.melanin": 0.1, "hair.redness": 0.0}))["lashes"].base_colour
    assert max(black) < 0.02 < min(blonde)


def test_ears_of_dark_skin_do_not_glow(head: Head) -> None:
    """Light that goes far below the skin is red; melanin takes it, and the oil on dark skin must not look wet."""
    pale, medium, dark = (Traits({"skin.melanin": melanin, "age": 30.0}) for melanin in (0.1, 0.5, 0.95))
    light, middle, deep = (materials(head, traits)["skin"] for traits in (pale, medium, dark))
    assert light.subsurface_radius[0] > 2.9e-3
    assert middle.subsurface_radius[0] < 0.5 * light.subsurface_radius[0], "a medium tone's ear is no lamp"
    assert deep.subsurface_radius[0] < 0.6e-3
    assert light.subsurface_radius[1] < 0.32 * light.subsurface_radius[0], "what comes through is red, not orange"
    spread = [skin.subsurface_radius[0] / skin.subsurface_radius[2] for skin in (light, deep)]
    assert spread[1] < 0.75 * spread[0]
    assert deep.coat < 0.6 * light.coat
    maps = [paint(head, traits, resolution=SIZE, seed=7)["skin"] for traits in (pale, dark)]
    ears = atlas_of(head.topology, "skin", SIZE).region("ears") > 0.9
    through = [float(each["subsurface"][ears].mean()) for each in maps]
    assert through[1] < 0.8 * through[0]
    skin = atlas_of(head.topology, "skin", SIZE).region("cheeks") > 0.9
    assert float((maps[1]["roughness"] - maps[0]["roughness"])[skin].mean()) > 0.03


def test_painting_can_be_stopped(head: Head) -> None:
    with pytest.raises(Cancelled):
        paint(head, Traits(), resolution=SIZE, seed=7, progress=Progress(cancelled=lambda: True))
