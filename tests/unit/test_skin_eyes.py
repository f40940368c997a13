"""What an artist sees in eyes: colours, pupils, rings, veins."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.skin import materials
from dreamface.skin.parts.eyeball import Eyeball, eyeballs
from dreamface.skin.parts.eyes import paint_eyes
from dreamface.skin.parts.iris import IrisLook, draw_iris, pupil_radius
from dreamface.skin.parts.iris_anatomy import PUPIL
from dreamface.traits import Traits, Value

BROWN, HAZEL, GREY, BLUE = (0.10, 0.042, 0.016), (0.198, 0.122, 0.041), (0.23, 0.28, 0.32), (0.105, 0.238, 0.479)
GREEN, ICE, AMBER = (0.114, 0.205, 0.072), (0.366, 0.533, 0.701), (0.392, 0.162, 0.023)
LOOK_UP = torch.linspace(-math.pi, math.pi, 721)[None, :-1]


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))


@pytest.fixture(scope="module")
def eyes(head: Head) -> dict[str, Eyeball]:
    return eyeballs(head)


def iris(colour: tuple[float, float, float], *, pupil: float = 0.36, old: float = 0.0, seed: int = 3) -> Tensor:
    """[3, R, T] of an iris by radius (0..1.25) and turn."""
    look = IrisLook(torch.tensor(colour), pupil, old, torch.tensor([0.64, 0.59, 0.55]))
    chart = draw_iris(look, 128, 512, torch.Generator().manual_seed(seed))
    radius = torch.linspace(0.0, 1.25, 251)[:, None].expand(-1, LOOK_UP.shape[1])
    return chart.at(radius, LOOK_UP.expand_as(radius))[0]


def rings(image: Tensor, low: float, high: float) -> Tensor:
    """[3] mean colour between two radii."""
    return image[:, round(low * 200) : round(high * 200)].mean(dim=(1, 2))


def paint(head: Head, eyes: dict[str, Eyeball], resolution: int = 512, seed: int = 7, **traits: Value) -> Tensor:
    """[S, S, 3] albedo of the tile that holds both irises (above) and both whites."""
    named = Traits({name.replace("__", "."): value for name, value in traits.items()})
    return paint_eyes(head, eyes, named, resolution, seed)["eyes"]["albedo"]


def irises(albedo: Tensor) -> tuple[Tensor, Tensor]:
    """[3] mean colour of the left and the right iris outside the pupil."""
    size = len(albedo)
    x, y = torch.meshgrid(*[(torch.arange(size) + 0.5) / size] * 2, indexing="xy")
    found = []
    for middle in (0.25, 0.75):
        radius = torch.hypot(x - middle, y - 0.25) / 0.235
        found.append(albedo[(radius > 0.6) & (radius < 0.75)].mean(dim=0))
    return found[0], found[1]


@pytest.mark.parametrize("colour", [BROWN, HAZEL, GREY, BLUE, GREEN, ICE, AMBER])
def test_an_iris_has_the_hue_that_was_asked_for(colour: tuple[float, float, float]) -> None:
    found = rings(iris(colour), 0.62, 0.78)
    asked = torch.tensor(colour)
    assert float(torch.nn.functional.cosine_similarity(found, asked, dim=0)) > 0.93
    assert 0.3 < float(found.mean() / asked.mean()) < 1.0  # the cornea's gleam comes on top


def test_lighter_eyes_are_lighter() -> None:
    shades = [float(rings(iris(colour), 0.5, 0.8).mean()) for colour in (BROWN, HAZEL, BLUE, ICE)]
    assert shades == sorted(shades)


def test_an_iris_has_fibres_and_they_run_outwards() -> None:
    stroma = iris(BLUE)[:, 110:160].mean(dim=0)
    around, outward = stroma.diff(dim=1)[:-1], stroma.diff(dim=0)[:, :-1]
    step_around, step_out = 2.0 * math.pi * 0.65 / 720, 1.25 / 250
    assert float(stroma.std() / stroma.mean()) > 0.15
    assert float((around / step_around).abs().mean()) > 1.5 * float((outward / step_out).abs().mean())


def test_hazel_is_brown_around_the_pupil() -> None:
    image = iris(HAZEL, pupil=0.3)
    (red_in, green_in, _), (red_out, green_out, _) = rings(image, 0.38, 0.48), rings(image, 0.7, 0.8)
    assert red_in / green_in > 1.25 * red_out / green_out


def test_a_dark_ring_lies_between_iris_and_white() -> None:
    image = iris(BLUE).mean(dim=0).mean(dim=1)
    stroma, ring, white = image[130:150].mean(), image[184:196].mean(), image[240:].mean()
    assert ring < 0.6 * stroma < white
    steps = image[184:235].diff()
    assert float(steps.max()) < 0.12 * float(white)  # soft: white comes in over a millimetre


def test_the_ring_fades_with_age_and_a_grey_one_comes() -> None:
    young, old = (rings(iris(BROWN, old=age), 0.88, 0.95) for age in (0.0, 1.0))
    assert float(old.mean()) > 2.0 * float(young.mean())


@pytest.mark.parametrize("size", [0.0, 0.4, 1.0])
def test_pupils_are_as_large_as_the_trait_says_and_black(size: float) -> None:
    radius = pupil_radius(size, 0.0)
    profile = iris(BLUE, pupil=radius).mean(dim=0).mean(dim=1)
    assert radius == pytest.approx(PUPIL.radii[0] + size * (PUPIL.radii[1] - PUPIL.radii[0]))
    assert float(profile[: round((radius - 0.02) * 200)].max()) < 0.006
    assert float(profile[round((radius + 0.08) * 200)]) > 0.02


def test_no_pupil_is_smaller_than_the_hole_in_the_mesh() -> None:
    assert pupil_radius(0.0, 0.26) == 0.26
    assert pupil_radius(1.0, 0.26) == PUPIL.radii[1]


def test_one_eye_can_have_another_colour(head: Head, eyes: dict[str, Eyeball]) -> None:
    left, right = irises(paint(head, eyes, iris__colour=BLUE, iris__right_colour=(*BROWN, 1.0)))
    assert left[2] > 1.4 * left[0] and right[0] > 2.0 * right[2]
    same = irises(paint(head, eyes, iris__colour=BLUE, iris__right_colour=(*BROWN, 0.0)))
    assert torch.allclose(left, same[0]) and same[1][2] > 1.4 * same[1][0]


def test_no_two_eyes_are_alike(head: Head, eyes: dict[str, Eyeball]) -> None:
    albedo = paint(head, eyes, iris__colour=GREEN)
    half = len(albedo) // 2
    left, right = albedo[:, :half], albedo[:, half:]
    assert float((left - right).abs().mean()) > 2e-3
    assert float((left - right.flip(1)).abs().mean()) > 2e-3  # nor mirror copies
    assert not torch.equal(albedo, paint(head, eyes, seed=8, iris__colour=GREEN))
    assert torch.equal(albedo, paint(head, eyes, iris__colour=GREEN))


def visible_white(albedo: Tensor) -> Tensor:
    """[N, 3] texels of the left white that show between open lids."""
    size = len(albedo)
    x, y = torch.meshgrid(*[(torch.arange(size) + 0.5) / size] * 2, indexing="xy")
    radius = torch.hypot(x - 0.25, y - 0.75)
    return albedo[(radius > 0.105) & (radius < 0.14)]


def test_whites_are_off_white_and_yellow_with_age(head: Head, eyes: dict[str, Eyeball]) -> None:
    young, old = (visible_white(paint(head, eyes, age=age)).mean(dim=0) for age in (20.0, 85.0))
    assert 0.36 < float(young.min()) < float(young.max()) < 0.72  # pink corners and all
    assert young[0] > young[1] > young[2]
    assert float(old[0] / old[2]) > 1.12 * float(young[0] / young[2])


def test_bloodshot_eyes_have_more_veins(head: Head, eyes: dict[str, Eyeball]) -> None:
    def veins(redness: float) -> float:
        albedo = paint(head, eyes, 2048, sclera__redness=redness)
        pink = albedo[..., 0] / albedo[..., 1]
        around = avg_pool2d(pink[None], 25, stride=1, padding=12)[0]
        return float((visible_white(pink - around) > 0.10).float().mean())

    clear, bloodshot = veins(0.0), veins(0.9)
    assert 0.005 < clear < 0.1  # even clear eyes have some
    assert bloodshot > 2.0 * clear


def test_normals_are_unit_vectors_with_relief_on_the_iris(head: Head, eyes: dict[str, Eyeball]) -> None:
    normal = paint_eyes(head, eyes, Traits(), 1024, 7)["eyes"]["normal"]
    assert float((normal.norm(dim=-1) - 1.0).abs().max()) < 0.02
    size = len(normal)
    ring = normal[size // 4, size // 4 + int(0.12 * size) : size // 4 + int(0.17 * size)]
    assert 0.02 < float(ring[:, :2].norm(dim=1).mean()) < 0.6


def test_lashes_hardly_turn_grey(head: Head) -> None:
    dark, old = (
        materials(head, Traits({"hair.melanin": 0.9, "hair.grey": grey}))["lashes"].base_colour for grey in (0.0, 1.0)
    )
    assert max(old) < 0.12 and sum(old) > sum(dark)


def test_eyes_are_wet(head: Head) -> None:
    found = materials(head, Traits())
    assert found["cornea"].transmission == 1.0 and found["cornea"].ior == pytest.approx(1.376)
    assert found["cornea"].coat > 0.0 and found["sclera"].coat > 0.0
    assert found["iris"].coat == 0.0  # it lies under water
