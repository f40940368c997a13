"""Hair in previews: it hides what it covers and no more, stands behind what is before it, and casts shadows."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import pytest
import torch
from torch import Tensor

from dreamface.face import Material, Part, Topology
from dreamface.hair import Strands
from dreamface.render import Camera, preview
from dreamface.render import strands as drawing
from dreamface.render.environment import irradiance
from dreamface.render.samples import GRID, Picture
from dreamface.render.scene import Scene
from dreamface.render.strands import Hair
from dreamface.render.studio import portrait_lights

SIZE = 64
FRONT = Camera(position=(0.0, -1.0, 0.0), target=(0.0, 0.0, 0.0), fov=0.4)
SKIN = {"skin": Material("skin", "skin", base_colour=(0.4, 0.25, 0.2), roughness=0.6)}
MAPS: dict[str, dict[str, Tensor]] = {"skin": {}}
BLACK, BROWN, BLOND = (0.01, 0.009, 0.008), (0.08, 0.04, 0.02), (0.42, 0.30, 0.16)


def globe() -> tuple[Tensor, Topology]:
    """A globe 20 cm wide instead of a head."""
    v, u = torch.meshgrid(torch.linspace(0.02, 0.98, 24), torch.linspace(0.0, 1.0, 48), indexing="ij")
    longitude, latitude = 2.0 * math.pi * (u - 0.5), math.pi * (v - 0.5)
    unit = torch.stack((longitude.sin() * latitude.cos(), -longitude.cos() * latitude.cos(), latitude.sin()), dim=-1)
    index = torch.arange(v.numel()).view(v.shape)
    quads = torch.stack((index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]), dim=-1).view(-1, 4)
    parts = (Part("head", "skin", (0, v.numel()), (0, len(quads))),)
    uv = torch.stack((u, v), dim=-1).view(-1, 2)
    return 0.1 * unit.view(-1, 3), Topology(quads, uv, quads, parts, ("skin",))


def straight(start: Tensor, end: Tensor, width: float, colour: tuple[float, float, float] = BROWN) -> Strands:
    """Straight hairs between points [N, 3]."""
    along = torch.linspace(0.0, 1.0, 12)[None, :, None]
    points = torch.lerp(start[:, None], end[:, None], along)
    count = len(points)
    shape = points.shape[:2]
    colours = torch.tensor(colour).expand(*shape, 3).contiguous()
    return Strands(points, torch.full(shape, 0.5 * width), colours, torch.zeros(count, dtype=torch.int64))


def mass(colour: tuple[float, float, float], count: int = 6000, y: float = -0.15, half: float = 0.14) -> Strands:
    """Hair that hangs in front of the globe like a thick curtain."""
    generator = torch.Generator().manual_seed(0)
    place = torch.rand(count, 3, generator=generator) * 2.0 - 1.0
    top = torch.stack((half * place[:, 0], y + 0.02 * place[:, 1], half + 0.01 * place[:, 2]), dim=1)
    bottom = top + torch.tensor((0.0, 0.0, -2.0 * half)) + 0.01 * torch.randn(count, 3, generator=generator)
    return straight(top, bottom, 4.0e-4, colour)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shadows that are quickly made."""
    monkeypatch.setattr(drawing, "LAMPS", replace(drawing.LAMPS, texels=48, slices=16))
    monkeypatch.setattr(drawing, "SKY", replace(drawing.SKY, texels=16, slices=8))


def scene_of(size: int = SIZE) -> Scene:
    vertices, topology = globe()
    return Scene(vertices, topology, SKIN, MAPS, FRONT, size)


def drawn(strands: Strands, scene: Scene | None = None) -> Tensor:
    """[GRID * size, GRID * size, 4] the picture of hair alone: colour times opacity, and opacity."""
    scene = scene or scene_of()
    hair = Hair(scene, strands, *portrait_lights(scene.camera, scene.vertices))
    return hair.picture(Picture(scene), None)


def shown(strands: Strands | None, size: int = SIZE) -> Tensor:
    vertices, topology = globe()
    return preview(vertices, topology, SKIN, MAPS, size=size, camera=FRONT, strands=strands)


@pytest.mark.usefixtures("coarse")
def test_no_hair_changes_nothing() -> None:
    bald = straight(torch.zeros(0, 3), torch.zeros(0, 3), 1.0e-4)
    stubs = mass(BROWN)
    stubs = Strands(stubs.points[:, :1], stubs.radius[:, :1], stubs.colour[:, :1], stubs.region)
    assert torch.equal(shown(bald), shown(None))
    assert torch.equal(shown(stubs), shown(None))  # roots alone have no length


@pytest.mark.usefixtures("coarse")
def test_hair_in_front_of_the_head_is_seen_and_hair_behind_it_is_not() -> None:
    ends = torch.tensor([[-0.05, 0.0, 0.0]]), torch.tensor([[0.05, 0.0, 0.0]])
    before, behind = (tuple(end + torch.tensor((0.0, y, 0.0)) for end in ends) for y in (-0.15, 0.15))
    assert float(drawn(straight(*before, 1.0e-3))[..., 3].sum()) > 20.0
    assert float(drawn(straight(*behind, 1.0e-3))[..., 3].abs().sum()) == 0.0


@pytest.mark.usefixtures("coarse")
def test_hair_is_seen_beside_the_head_and_where_there_is_none() -> None:
    ends = torch.tensor([[-0.19, 0.0, 0.0]]), torch.tensor([[0.19, 0.0, 0.0]])
    opacity = drawn(straight(*ends, 2.0e-3))[..., 3].sum(dim=0)
    assert float(opacity[GRID * SIZE // 2]) == 0.0
    assert float(opacity[GRID * 8]) > 0.5
    aside = straight(torch.tensor([[3.0, 0.0, 0.0]]), torch.tensor([[3.0, 0.0, 0.1]]), 1.0e-3)
    assert float(drawn(aside)[..., 3].sum()) == 0.0


@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 4, 1.2, math.pi / 2])
@pytest.mark.parametrize("width", [0.02, 0.3, 1.0, 3.0])  # pixels
def test_a_hair_hides_as_much_as_it_is_wide(width: float, angle: float) -> None:
    sample = 2.0 * math.tan(0.5 * FRONT.fov) / SIZE * 0.8
    reach = 24.0 * sample * torch.tensor([[math.cos(angle), 0.0, math.sin(angle)]])
    middle = torch.tensor([[0.0021, -0.2, 0.0013]])
    hair = straight(middle - reach, middle + reach, width * sample)
    nothing = torch.full((SIZE, SIZE), torch.inf)
    places, seen = drawing.project(hair, FRONT, nothing)
    opacity = drawing.draw(places, seen, torch.ones_like(hair.points), nothing)[..., 3]
    assert float(opacity.sum()) == pytest.approx(48.0 * width, rel=0.04)
    assert float(opacity.max()) <= 1.5 * width  # narrow hair fades, it does not get dotted


@pytest.mark.usefixtures("coarse")
def test_what_is_nearer_hides_what_is_further_whatever_comes_first() -> None:
    left, right = torch.tensor([[-0.1, 0.0, 0.0]]), torch.tensor([[0.1, 0.0, 0.0]])
    both = torch.tensor([[0.0, -0.15, 0.0], [0.0, -0.2, 0.0]])
    strands = straight(left + both, right + both, 4.0e-3)
    colours = torch.tensor([[0.5, 0.01, 0.01], [0.01, 0.01, 0.5]])
    for order in ([0, 1], [1, 0]):
        colour = colours[order][:, None].expand(-1, 12, -1).contiguous()
        found = drawn(Strands(strands.points[order], strands.radius, colour, strands.region))
        red, _, blue, _ = found[GRID * SIZE // 2, GRID * SIZE // 2]
        assert float(blue) > 5.0 * float(red)


def test_a_tuft_casts_a_shadow_on_the_skin_below_it() -> None:
    generator = torch.Generator().manual_seed(0)
    root = 0.03 * torch.randn(1500, 3, generator=generator) * torch.tensor((1.0, 0.3, 0.3))
    root = root + torch.tensor((-0.05, -0.14, 0.09))
    tuft = straight(root, root + torch.tensor((0.0, -0.01, -0.02)), 4.0e-4)
    with_tuft, without = shown(tuft), shown(None)
    bare = drawn(tuft).view(SIZE, GRID, SIZE, GRID, 4).sum(dim=(1, 3, 4)) == 0.0
    darker = (without - with_tuft).mean(dim=2)[bare]
    assert float(darker.max()) > 0.08
    assert float(darker.min()) > -0.02  # and nothing gets brighter


@pytest.mark.usefixtures("coarse")
def test_the_head_shades_hair() -> None:
    scene = scene_of()
    hair = Hair(scene, mass(BLOND, y=0.13), *portrait_lights(FRONT, scene.vertices))
    key = portrait_lights(FRONT, scene.vertices)[0][0].position
    behind = (-key / torch.linalg.vector_norm(key) * 0.14)[None]
    lit = hair.lit_by(None, torch.cat((behind, -behind)))
    assert float(lit[0, 0]) < 0.05 and float(lit[1, 0]) > 0.95


@cache
def mean_colour(colour: tuple[float, float, float]) -> Tensor:
    """[3] linear, of the middle of a curtain of hair."""
    found = drawn(mass(colour))[GRID * 20 : GRID * 44, GRID * 20 : GRID * 44]
    assert float(found[..., 3].mean()) > 0.98
    return found[..., :3].mean(dim=(0, 1))


def test_a_mass_of_hair_reflects_about_its_colour() -> None:
    lights, environment = portrait_lights(FRONT, torch.zeros(1))
    facing = torch.tensor([[0.0, -1.0, 0.0]])
    arriving = irradiance(environment.harmonics(), facing)[0]
    for light in lights:
        offset = light.position - 0.17 * facing[0]
        distance = torch.linalg.vector_norm(offset)
        arriving = arriving + light.colour * (offset @ facing[0] / distance**3).clamp(min=0.0)
    for colour in (BLOND, (0.2, 0.2, 0.2), (0.7, 0.7, 0.7)):
        share = mean_colour(colour) / (arriving * torch.tensor(colour))
        assert 0.65 < float(share.mean()) < 1.35, colour


def test_black_hair_is_black_and_blond_hair_blond() -> None:
    black, brown, blond = (mean_colour(colour) for colour in (BLACK, BROWN, BLOND))
    assert float(black.mean()) < 0.6 * float(brown.mean()) < 0.3 * float(blond.mean())
    assert float(blond[0]) > float(blond[1]) > 1.3 * float(blond[2])
    assert float(black.mean()) < 0.07


@pytest.mark.usefixtures("coarse")
def test_the_same_hair_gives_the_same_bytes_however_it_is_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    hair = mass(BROWN, 500)
    first = shown(hair)
    assert torch.equal(first, shown(hair))
    monkeypatch.setattr(drawing, "BANDS_EACH", 7)
    assert torch.equal(first, shown(hair))
