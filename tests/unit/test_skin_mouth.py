"""What an artist sees in a mouth: teeth, gums, tongue."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamface.face import Head, TileMaps
from dreamface.head import HeadSource, load_model
from dreamface.render.shading import sample_texture
from dreamface.skin import materials
from dreamface.skin.parts.dentition import Mouth, mouth_of
from dreamface.skin.parts.mouth import paint_mouth
from dreamface.traits import Traits, Value


@pytest.fixture(scope="module")
def head() -> Head:
    return load_model("anny").build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))


@pytest.fixture(scope="module")
def mouth(head: Head) -> Mouth:
    return mouth_of(head)


def maps(head: Head, resolution: int = 1024, seed: int = 7, **traits: Value) -> TileMaps:
    named = Traits({name.replace("__", "."): value for name, value in traits.items()})
    return paint_mouth(head, named, resolution, seed)["mouth"]


def corners(head: Head, *parts: str) -> tuple[Tensor, Tensor]:
    """[N] vertices and [N, 2] texture coordinates of all corners of parts."""
    topology = head.topology
    faces = torch.cat([torch.arange(*topology.part(name).faces) for name in parts])
    return topology.faces[faces].reshape(-1), topology.uv[topology.face_uvs[faces].reshape(-1)]


def on_teeth(head: Head, mouth: Mouth, image: Tensor, low: float, high: float) -> Tensor:
    """[N, C] values on the crowns between two heights, 0 at the gum and 1 at the biting edge; front teeth."""
    vertices, uv = corners(head, "upper_teeth", "lower_teeth")
    up, number = mouth.up[vertices], mouth.number[vertices]
    return sample_texture(image, uv[(up > low) & (up < high) & (number < 2)])


def test_teeth_are_pale_and_not_grey(head: Head, mouth: Mouth) -> None:
    red, green, blue = on_teeth(head, mouth, maps(head)["albedo"], 0.25, 0.75).mean(dim=0).tolist()
    assert 0.58 < red < 0.75 and 0.9 * red < green < red and 0.65 * red < blue < 0.92 * green


def test_edges_are_bluer_and_necks_are_yellower_than_the_middle(head: Head, mouth: Mouth) -> None:
    albedo = maps(head)["albedo"]
    neck, middle, edge = (
        on_teeth(head, mouth, albedo, *band).mean(dim=0) for band in ((0.01, 0.25), (0.4, 0.7), (0.97, 1.01))
    )
    assert edge[2] / edge[0] > middle[2] / middle[0] > neck[2] / neck[0]


def test_teeth_yellow_by_age_and_by_trait(head: Head, mouth: Mouth) -> None:
    def yellow(**traits: Value) -> float:
        red, _, blue = on_teeth(head, mouth, maps(head, 512, **traits)["albedo"], 0.2, 0.8).mean(dim=0).tolist()
        return red / blue

    assert yellow(age=80.0) > yellow(age=20.0) + 0.08
    white, stained = yellow(teeth__yellowness=0.0), yellow(teeth__yellowness=1.0)
    assert white < 1.3 and stained > 1.25 * white


def test_every_tooth_has_a_shade_of_its_own(head: Head, mouth: Mouth) -> None:
    vertices, uv = corners(head, "upper_teeth")
    colour = sample_texture(maps(head)["albedo"], uv).mean(dim=1)
    crown = (mouth.up[vertices] > 0.3) & (mouth.up[vertices] < 0.8) & (mouth.number[vertices] < 2)
    shades = [colour[crown & (mouth.own[vertices] == tooth)].mean() for tooth in mouth.own[vertices[crown]].unique()]
    assert len(shades) == 4 and float(torch.stack(shades).std()) > 1e-3


def test_it_is_darker_between_teeth_than_on_them(head: Head, mouth: Mouth) -> None:
    vertices, uv = corners(head, "upper_teeth")
    colour = sample_texture(maps(head)["albedo"], uv).mean(dim=1)
    crown = (mouth.up[vertices] > 0.3) & (mouth.up[vertices] < 0.7) & (mouth.number[vertices] < 2)
    across = mouth.across[vertices]
    assert colour[crown & (across > 0.97)].mean() < 0.92 * colour[crown & (across < 0.6)].mean()


def test_gums_are_pink_and_paler_around_the_teeth(head: Head, mouth: Mouth) -> None:
    vertices, uv = corners(head, "upper_gums", "lower_gums")
    colour, margin = sample_texture(maps(head, skin__melanin=0.1)["albedo"], uv), mouth.margin[vertices]
    near, far = colour[margin < 0.5e-3].mean(dim=0), colour[margin > 3e-3].mean(dim=0)
    assert far[0] > 2.0 * far[1] and near[1] > 1.15 * far[1]


def test_dark_skin_has_darker_gums(head: Head) -> None:
    _, uv = corners(head, "upper_gums")
    light, dark = (sample_texture(maps(head, 512, skin__melanin=m)["albedo"], uv).mean() for m in (0.1, 0.95))
    assert dark < 0.9 * light


def test_the_tongue_has_papillae(head: Head) -> None:
    found = maps(head, 2048)
    _, uv = corners(head, "tongue")
    _, gums = corners(head, "upper_gums")
    rough, smooth = (sample_texture(found["normal"], at)[:, :2].norm(dim=1).mean() for at in (uv, gums))
    assert float(rough) > 0.08 and rough > 2.0 * smooth
    assert float((found["normal"].norm(dim=-1) - 1.0).abs().max()) < 1e-4


def test_the_same_mouth_gives_the_same_bytes(head: Head) -> None:
    first, second, other = maps(head, 512), maps(head, 512), maps(head, 512, seed=8)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["albedo"], other["albedo"])


def test_everything_in_a_mouth_is_wet(head: Head) -> None:
    found = materials(head, Traits())
    for name in ("teeth", "gums", "tongue"):
        assert found[name].coat > 0.5 and found[name].subsurface > 0.3
