"""Painted hair as an artist judges it: single hairs where hair grows, in its colour, and none anywhere else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from dreamface.face import Head
from dreamface.groom import Surface
from dreamface.groom.growing import grow_hair
from dreamface.head import HeadSource, load_model
from dreamface.render.shading import sample_texture
from dreamface.skin import hair_pigment, paint
from dreamface.skin.canvas.atlas import Atlas, atlas_of, surface_of
from dreamface.skin.canvas.strands import Strands, draw, window_around
from dreamface.styles import styles
from dreamface.traits import Traits, Value

SIZE = 512
BARE: Mapping[str, Value] = {
    "hair.style": "bald", "brows.density": 0.0, "gender": -1.0, "age": 30.0, "hair.melanin": 0.9, "hair.redness": 0.0,
}  # fmt: skip
LUMINANCE = torch.tensor([0.2126, 0.7152, 0.0722])


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))


@pytest.fixture(scope="module")
def atlas(head: Head) -> Atlas:
    return atlas_of(head.topology, "skin", SIZE)


def maps(head: Head, size: int = SIZE, **traits: Value) -> Mapping[str, Tensor]:
    values = {name.replace("__", "."): value for name, value in traits.items()}
    return paint(head, Traits({**BARE, **values}), resolution=size, seed=7)["skin"]


def darkened(head: Head, size: int = SIZE, **traits: Value) -> Tensor:
    """[S, S] how much darker the skin is than without hair."""
    return (maps(head, size)["albedo"] - maps(head, size, **traits)["albedo"]) @ LUMINANCE


def widened(image: Tensor, texels: int) -> Tensor:
    """[H, W] the largest value within so many rows and columns."""
    rows = max_pool2d(image[None], (2 * texels + 1, 1), stride=1, padding=(texels, 0))
    return max_pool2d(rows, (1, 2 * texels + 1), stride=1, padding=(0, texels))[0]


def test_a_thin_hair_keeps_its_width_wherever_it_lies() -> None:
    for offset in (0.0, 0.25, 0.5, 0.8):
        start = torch.tensor([0.25, 0.5 + offset / 256])
        line = torch.stack((start, start + torch.tensor([0.2, 0.0]), start + torch.tensor([0.4, 0.0])))
        strand = Strands(line[None], torch.tensor([0.5 / 256]), torch.zeros(1, 4))
        window = window_around(256, strand)
        assert window is not None
        across = draw(256, window, strand)[0].sum(dim=0)
        middle = across[len(across) // 2 - 20 : len(across) // 2 + 5]
        assert torch.allclose(middle, torch.tensor(0.45), atol=0.1)


def test_hairs_are_drawn_into_their_window_only() -> None:
    generator = torch.Generator().manual_seed(1)
    root = 0.3 + 0.2 * torch.rand(400, 1, 2, generator=generator)
    strands = Strands(
        root + 0.02 * torch.randn(400, 3, 2, generator=generator), torch.full((400,), 4e-3), torch.zeros(400, 4)
    )
    window = window_around(128, strands)
    assert window is not None
    whole = draw(128, type(window)((0, 128), (0, 128)), strands)[0]
    assert torch.allclose(whole[window.slices], draw(128, window, strands)[0], atol=1e-5)
    whole[window.slices] = 0.0
    assert whole.max() == 0.0


def test_denser_brows_are_the_same_hairs_and_some_more(head: Head) -> None:
    hairs = [darkened(head, 1024, brows__density=density).clamp_min(0.0) for density in (0.35, 0.7, 1.0)]
    sums = [float(image.sum()) for image in hairs]
    assert sums[0] < sums[1] < sums[2]
    dark = hairs[0] > 0.5 * hairs[0].max()
    assert (hairs[2][dark] > 0.8 * hairs[0][dark]).float().mean() > 0.97


def test_thicker_brows_are_higher(head: Head) -> None:
    def height(thickness: float) -> int:
        image = darkened(head, brows__density=0.8, brows__thickness=thickness)
        return int((image[:, 300] > 0.02).sum())

    assert height(1.0) > height(0.5) > height(0.0) > 0


@pytest.mark.parametrize("style", ["natural", "straight", "arched", "thick", "thin"])
def test_painted_brows_lie_below_the_grown_ones(head: Head, style: str) -> None:
    """Paint and strands are one brow, whatever its style: nobody has two above each other."""
    traits = {"brows.style": style, "brows.density": 0.8, "brows.thickness": 0.5}
    painted = darkened(head, 1024, **{name.replace(".", "__"): value for name, value in traits.items()})
    grown = grow_hair(styles().of("brows")[f"brows_{style}"], Surface(head), Traits({**BARE, **traits}), 7)
    columns, rows = ((grown.uv * torch.tensor([1.0, -1.0]) + torch.tensor([0.0, 1.0])) * 1024).long().unbind(1)
    under = widened((painted > 0.03).float(), 4)
    assert under[rows, columns].mean() > 0.95
    roots = torch.zeros(1024, 1024)
    roots[rows, columns] = 1.0
    assert widened(roots, 24)[painted > 0.03].mean() > 0.95


def test_brows_are_hairs_of_many_shades_and_stand_out_of_the_skin(head: Head, atlas: Atlas) -> None:
    hairy, bare = maps(head, 2048, brows__density=0.8), maps(head, 2048)
    brow = torch.nn.functional.interpolate(atlas.region("brows")[None, None], size=(2048, 2048))[0, 0] > 0.8
    light = (hairy["albedo"] @ LUMINANCE)[brow]
    assert light.quantile(0.9) > 2.5 * light.quantile(0.1)
    raised = (hairy["displacement"] - bare["displacement"])[..., 0]
    assert 1e-5 < raised[brow].max() < 1e-4
    assert raised[widened(brow.float(), 60) == 0.0].abs().max() == 0.0


def test_brows_turn_grey_later_than_the_scalp_and_never_all(head: Head, atlas: Atlas) -> None:
    brow, scalp = atlas.region("brows") > 0.8, atlas.region("scalp") > 0.95

    def light(grey: float) -> tuple[float, float]:
        image = maps(head, skin__melanin=0.2, brows__density=0.8, hair__style="short", hair__grey=grey)["albedo"]
        return float((image[brow] @ LUMINANCE).mean()), float((image[scalp] @ LUMINANCE).mean())

    young, greying, white = light(0.0), light(0.3), light(1.0)
    assert greying[1] - young[1] > 3.0 * (greying[0] - young[0])
    assert young[0] < white[0] < white[1]


def test_white_hairs_on_dark_skin_are_no_chalk(head: Head, atlas: Atlas) -> None:
    image = maps(head, 1024, skin__melanin=0.85, stubble__density=0.6, brows__density=0.7, hair__grey=1.0)["albedo"]
    assert (image @ LUMINANCE).quantile(0.999) < 0.33


def test_stubble_is_dots_in_the_beard_and_nowhere_else(head: Head, atlas: Atlas) -> None:
    size = 2048
    shaven = maps(head, size)["displacement"][..., 0]
    raised = maps(head, size, stubble__density=0.5)["displacement"][..., 0] - shaven
    beard = torch.nn.functional.interpolate(atlas.region("beard")[None, None], size=(size, size), mode="bilinear")[0, 0]
    lips = torch.nn.functional.interpolate(
        atlas.region("lips_upper", "lips_lower")[None, None], size=(size, size), mode="bilinear"
    )[0, 0]
    hairs = raised > 1e-5
    assert 0.008 < float(hairs[beard > 0.9].float().mean()) < 0.35
    assert not hairs[widened(beard, 30) == 0.0].any()
    assert float(hairs[lips > 0.95].float().mean()) < 0.002
    # Finer than a blur over a millimetre.
    density = float(surface_of(head, "skin", SIZE).density[atlas.region("beard") > 0.9].median()) * size
    side = 2 * round(0.0005 * density) + 1
    soft = avg_pool2d(raised[None, None], side, stride=1, padding=side // 2)[0, 0]
    assert raised[beard > 0.9].std() > 1.5 * soft[beard > 0.9].std()


def test_more_stubble_is_the_same_hairs_and_some_more(head: Head) -> None:
    size = 2048
    bare = maps(head, size)["displacement"][..., 0]
    few, many = (
        maps(head, size, stubble__density=density)["displacement"][..., 0] - bare > 1.5e-5 for density in (0.3, 0.8)
    )
    assert many.sum() > 1.8 * few.sum()
    grown = max_pool2d(many[None].float(), 3, stride=1, padding=1)[0] > 0.0
    assert float(grown[few].float().mean()) > 0.97


def test_a_red_beard_is_red(head: Head, atlas: Atlas) -> None:
    chin = atlas.region("beard") > 0.95
    bare = maps(head, skin__melanin=0.15, beard__style="none", beard__density=0.0)["albedo"]

    def ratio(redness: float) -> float:
        person = {"beard__style": "full", "beard__density": 0.9, "beard__length": 0.3, "hair__melanin": 0.45}
        colour = maps(head, skin__melanin=0.15, hair__redness=redness, **person)["albedo"]
        hairy = chin & (colour @ LUMINANCE < 0.6 * (bare @ LUMINANCE))
        red, green, _ = colour[hairy].mean(dim=0)
        return float(red / green)

    assert ratio(0.9) > 1.2 * ratio(0.0)  # of what is painted below the hairs
    red, green, _ = hair_pigment(0.45, 0.9)
    assert red > 2.8 * green


def test_a_grey_beard_is_light_hairs_over_dark_gaps(head: Head, atlas: Atlas) -> None:
    person = {"beard__style": "full", "beard__density": 0.9, "beard__length": 0.3, "hair__grey": 1.0}
    light = maps(head, 2048, skin__melanin=0.2, **person)["albedo"] @ LUMINANCE
    chin = torch.nn.functional.interpolate(atlas.region("beard")[None, None], size=(2048, 2048))[0, 0] > 0.95
    assert light[chin].quantile(0.95) > 1.8 * light[chin].quantile(0.05)


def test_a_moustache_is_seen(head: Head, atlas: Atlas) -> None:
    dark = darkened(head, skin__melanin=0.2, beard__style="moustache", beard__density=0.8)
    bare = maps(head, skin__melanin=0.2)["albedo"] @ LUMINANCE
    between = [atlas.landmark(name) for name in ("subnasale", "labrale_superius")]
    assert between[0] is not None
    assert between[1] is not None
    place = 0.5 * (between[0] + between[1])
    row, column = int((1.0 - place[1]) * SIZE), int(place[0] * SIZE)
    patch = (slice(row - 4, row + 5), slice(column + 4, column + 16))
    assert dark[patch].mean() > 0.4 * bare[patch].mean()


def test_the_hairline_is_soft_and_ragged(head: Head) -> None:
    dark = darkened(head, 1024, hair__style="short")
    trichion = atlas_of(head.topology, "skin", SIZE).landmark("trichion")
    assert trichion is not None
    row, column = int((1.0 - trichion[1]) * 1024), int(trichion[0] * 1024)
    strip = dark[row - 40 : row + 90, column - 60 : column + 60]
    full = strip[:10].mean()
    starts = [int((line > 0.3 * full).nonzero().max()) for line in strip.T if (line > 0.3 * full).any()]
    assert torch.tensor(starts).float().std() > 2.0  # ragged
    across = strip.mean(dim=1) / full
    assert int(((across > 0.15) & (across < 0.85)).sum()) >= 8  # and no edge


def test_skin_shimmers_through_behind_the_hairline(head: Head) -> None:
    """The shade below hair is no cap: it gets dark over a finger's breadth."""
    dark, bare = darkened(head, 1024, hair__style="long"), maps(head, 1024)["albedo"] @ LUMINANCE
    trichion = atlas_of(head.topology, "skin", SIZE).landmark("trichion")
    assert trichion is not None
    row, column = int((1.0 - trichion[1]) * 1024), int(trichion[0] * 1024)
    columns = slice(column - 50, column + 50)
    share = (dark / bare)[: row + 60, columns].mean(dim=1)
    per_mm = float(surface_of(head, "skin", SIZE).density[int(SIZE * (1.0 - trichion[1])), column // 2]) * 1.024
    light, dense = int((share > 0.1).nonzero().max()), int((share > 0.75).nonzero().max())
    assert 9.0 < (light - dense) / per_mm < 40.0


@pytest.mark.parametrize(
    ("region", "person"),
    [
        ("brows", {"brows__density": 0.7}),
        ("beard", {"beard__style": "full", "beard__density": 0.7, "beard__length": 0.3}),
        ("beard", {"stubble__density": 0.6}),
        ("scalp", {"hair__style": "short"}),
    ],
)
def test_small_maps_look_like_large_ones_from_afar(
    head: Head, atlas: Atlas, region: str, person: Mapping[str, Value]
) -> None:
    """The same mean colour, and as uneven."""
    where = atlas.region(region) > 0.8
    small, large = (
        avg_pool2d(maps(head, size, skin__melanin=0.3, **person)["albedo"].permute(2, 0, 1), size // SIZE)
        for size in (SIZE, 2048)
    )
    assert torch.allclose(small[:, where].mean(dim=1), large[:, where].mean(dim=1), atol=0.012, rtol=0.03)
    uneven = [float(image[:, where].mean(dim=0).std()) for image in (small, large)]
    assert uneven[0] == pytest.approx(uneven[1], rel=0.2)


def test_cropped_hair_goes_on_in_the_next_tile(ict_head) -> None:
    head = ict_head.build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))
    painted = paint(head, Traits({**BARE, "hair.style": "short"}), resolution=1024, seed=7)
    topology, places = head.topology, []
    for tile in ("skin", "back_of_head"):
        faces = slice(*topology.part(tile).faces)
        corners = zip(topology.faces[faces].view(-1).tolist(), topology.face_uvs[faces].view(-1).tolist(), strict=True)
        places.append(dict(corners))
    shared = sorted(set(places[0]) & set(places[1]))
    places = [topology.uv[[at[vertex] for vertex in shared]] for at in places]
    for channel in ("albedo", "roughness"):
        front, back = (
            255.0 * sample_texture(painted[tile][channel], at).mean(dim=1)
            for tile, at in zip(("skin", "back_of_head"), places, strict=True)
        )
        assert abs(float((front - back).mean())) < 0.6  # what pores there are differs from texel to texel
        if channel == "albedo":
            assert float((front - back).abs().mean()) < 1.0


def test_bald_is_bald(head: Head) -> None:
    plain = {**BARE, "hair.melanin": 0.2}
    dark = {**BARE, "hair.melanin": 1.0}
    first, second = (
        paint(head, Traits(person), resolution=SIZE, seed=7, layers={"beard_shadow": 0.0})["skin"]["albedo"]
        for person in (plain, dark)
    )
    assert torch.equal(first, second)


def test_layers_are_apart(head: Head) -> None:
    """Grown hair hides each of them on its own."""
    person = Traits({"hair.style": "short", "stubble.density": 0.6, "beard.style": "goatee", "beard.density": 0.8})
    whole = paint(head, person, resolution=SIZE, seed=7)["skin"]["albedo"]
    for layer in ("cropped_hair", "stubble", "beard", "brows"):
        without = paint(head, person, resolution=SIZE, seed=7, layers={layer: 0.0})["skin"]["albedo"]
        assert not torch.equal(whole, without), layer
