"""What an artist sees in the maps of a head with many tiles: no seams, and every part in its own colours."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dreamface.face import Head, Maps
from dreamface.head import HeadSource, load_model
from dreamface.render.shading import sample_texture
from dreamface.skin import materials, paint
from dreamface.skin.canvas.atlas import positions
from dreamface.skin.parts.dentition import mouth_of
from dreamface.skin.parts.eyeball import LIMBUS, Eyeball, eyeballs
from dreamface.traits import Traits, Value

SIZE = 512
BLUE = (0.10, 0.22, 0.45)
SHAVEN: dict[str, Value] = {"hair.style": "bald", "gender": -1.0}


@pytest.fixture(scope="module")
def head(ict_head) -> Head:
    return ict_head.build(HeadSource(Traits({"age": 30.0}), torch.Generator().manual_seed(4)))


@pytest.fixture(scope="module")
def maps(head: Head) -> Maps:
    return paint(head, Traits({**SHAVEN, "iris.colour": BLUE, "sclera.redness": 0.4}), resolution=SIZE, seed=7)


def at_corners(head: Head, part_name: str) -> tuple[Tensor, Tensor]:
    """[N] vertices and [N, 2] texture coordinates of all corners of a part's faces."""
    topology, part = head.topology, head.topology.part(part_name)
    faces = slice(*part.faces)
    return topology.faces[faces].reshape(-1), topology.uv[topology.face_uvs[faces].reshape(-1)]


def test_every_part_that_shows_has_maps(head: Head, maps: Maps) -> None:
    skin = {"albedo", "specular", "roughness", "normal", "displacement", "subsurface"}
    assert set(maps["skin"]) == set(maps["back_of_head"]) == skin
    for tile in ("gums_and_tongue", "teeth", "left_sclera", "left_iris", "right_sclera", "right_iris"):
        assert set(maps[tile]) == {"albedo", "roughness", "normal"}
    for tile in maps.values():
        for name, image in tile.items():
            assert image.dtype == torch.float32 and bool(torch.isfinite(image).all())
            if name not in ("normal", "displacement"):
                assert float(image.min()) >= 0.0 and float(image.max()) <= 1.0


def test_every_part_has_its_material(head: Head, maps: Maps) -> None:
    found = materials(head, Traits())
    assert {part.material for part in head.topology.parts} == set(found)
    assert all(material.tile is None or material.tile in maps for material in found.values())
    assert found["back_of_head"].tile == found["mouth_socket"].tile == "back_of_head"
    clear = {name for name, material in found.items() if material.transmission > 0.0}
    assert clear == {"cornea", "lacrimal_fluid", "eye_blend", "eye_occlusion"}


def test_the_seam_between_face_and_back_of_head_does_not_show(head: Head, maps: Maps) -> None:
    face, face_uv = at_corners(head, "skin")
    back, back_uv = at_corners(head, "back_of_head")
    shared = sorted(set(face.tolist()) & set(back.tolist()))
    assert len(shared) > 100
    first = face_uv[[int((face == vertex).nonzero()[0]) for vertex in shared]]
    second = back_uv[[int((back == vertex).nonzero()[0]) for vertex in shared]]
    for name, most in (("albedo", 2.0 / 255.0), ("roughness", 0.02), ("subsurface", 0.02), ("displacement", 5e-6)):
        apart = sample_texture(maps["skin"][name], first) - sample_texture(maps["back_of_head"][name], second)
        assert float(apart.abs().mean()) < most, name


def test_brows_are_painted_once(head: Head) -> None:
    bare, hairy = (
        paint(head, Traits({**SHAVEN, "brows.density": density}), resolution=256, seed=7) for density in (0.0, 0.9)
    )
    assert torch.equal(bare["back_of_head"]["albedo"], hairy["back_of_head"]["albedo"])
    hidden = (bare["skin"]["albedo"] - hairy["skin"]["albedo"]).amax(dim=-1)
    row, column = torch.nonzero(hidden > 0.05).unbind(1)
    places = torch.stack((column / 256.0, 1.0 - row / 256.0), dim=1)
    vertices, uv = at_corners(head, "skin")
    for number in (19, 24):
        brow = uv[(vertices == head.topology.landmarks[f"multipie_{number}"]).nonzero()[0]]
        assert float((places - brow).norm(dim=1).min()) < 0.01


def on_eyeball(head: Head, maps: Maps, tile: str) -> tuple[Tensor, Tensor]:
    """[N, 3] where a tile's texels lie, seen from the eyeball, and [N, 3] their colours; those that look ahead."""
    colour = maps[tile]["albedo"]
    place = eyeballs(head)[tile.partition("_")[0]].place(positions(head, tile, len(colour)).reshape(3, -1).T)
    ahead = place[:, 2] > 0.8 * place[:, 2].max()
    return place[ahead], colour.view(-1, 3)[ahead]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_iris_is_centred_on_the_iris(head: Head, maps: Maps, side: str) -> None:
    """Colours are looked up where the mesh is: a black pupil around its hole, blue, dark at the limbus."""
    ball, (place, colour) = eyeballs(head)[side], on_eyeball(head, maps, f"{side}_iris")
    radius = ball.across(place).norm(dim=1) / ball.iris_edge
    ring = colour[(radius > 0.45) & (radius < 0.7)].mean(dim=0)
    red, green, blue = ring.tolist()
    assert blue > 1.3 * green > 1.3 * red
    for dark in (radius < 0.32, (radius > 0.92) & (radius < 0.96)):
        turn = ((ball.turn(place[dark]) + torch.pi) * (8 / (2 * torch.pi))).long().clamp(0, 7)
        around = [colour[dark][turn == eighth].mean() for eighth in range(8)]
        assert max(around) < 0.6 * ring.mean()  # all the way round
    assert ball.hole / ball.iris_edge < 0.3
    vertices, uv = at_corners(head, f"{side}_iris")
    behind = sample_texture(maps[f"{side}_iris"]["albedo"], uv)[ball.place(head.vertices[vertices])[:, 2] < 0.0]
    assert behind.mean() < 0.005  # the back of the ball is seen through the pupil


def test_the_white_begins_where_the_iris_ends(head: Head, maps: Maps) -> None:
    ball, (place, colour) = eyeballs(head)["left"], on_eyeball(head, maps, "left_sclera")
    angle, grey = ball.angle(place), colour.mean(dim=1)
    assert float(angle.min()) == pytest.approx(LIMBUS, abs=0.03)
    far = float(grey[(angle > 0.6) & (angle < 0.8)].mean())
    assert 0.4 < far < 0.7
    assert float(grey[angle < LIMBUS + 0.02].mean()) < 0.95 * far  # bluish where the iris shines through


@pytest.mark.parametrize("side", ["left", "right"])
def test_iris_and_white_meet_in_one_colour(head: Head, maps: Maps, side: str) -> None:
    """The iris' mesh goes on under the cornea's edge, and is painted as white there."""
    ball, found = eyeballs(head)[side], []
    for kind in ("iris", "sclera"):
        place, colour = on_eyeball(head, maps, f"{side}_{kind}")
        reach = ball.across(place).norm(dim=1)
        found.append(colour[(reach > 0.98) & (reach < 1.02)].mean(dim=0))
    assert float((found[0] - found[1]).abs().max()) < 0.06


def test_left_and_right_eyes_have_their_own_veins(maps: Maps) -> None:
    for kind in ("sclera", "iris"):
        left, right = (maps[f"{side}_{kind}"]["albedo"] for side in ("left", "right"))
        assert float((left - right).abs().mean()) > 1e-3
        assert float((left - right.flip(1)).abs().mean()) > 1e-3  # nor mirror copies


def test_teeth_are_pale_and_gums_are_red(head: Head, maps: Maps) -> None:
    mouth = mouth_of(head)
    vertices, uv = at_corners(head, "teeth")
    seen, number = mouth.up[vertices] > 0.1, mouth.number[vertices]
    colour = sample_texture(maps["teeth"]["albedo"], uv)
    red, green, blue = colour[seen & (number < 3)].mean(dim=0).tolist()
    assert colour[seen & (number > 5)].mean() < 0.6 * colour[seen & (number < 3)].mean()  # little light gets there
    assert 0.8 * red < green < red and 0.7 * red < blue < green and red > 0.5
    vertices, uv = at_corners(head, "gums_and_tongue")
    red, green, blue = sample_texture(maps["gums_and_tongue"]["albedo"], uv).mean(dim=0).tolist()
    assert red > 2.0 * green and red > 2.0 * blue


def test_teeth_are_numbered_and_stand_in_the_gums(head: Head) -> None:
    mouth, topology = mouth_of(head), head.topology
    teeth = slice(*topology.part("teeth").vertices)
    assert set(mouth.own[teeth].tolist()) == set(range(32))
    middle = mouth.number[teeth] == 0
    assert float(head.vertices[teeth][middle][:, 0].abs().max()) < 0.011
    # Roots are as long as crowns, and hidden: much of each tooth lies below its neck.
    assert 0.2 < float((mouth.up[teeth] == 0.0).float().mean()) < 0.7
    tongue = head.vertices[mouth.tongue > 0.5]
    assert len(tongue) > 300 and float(tongue[:, 0].abs().max()) < 0.025


def test_the_built_in_mouth_is_read_from_its_mesh_too() -> None:
    head = load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(3)))
    mouth = mouth_of(head)
    for name in ("upper_teeth", "lower_teeth"):
        part = slice(*head.topology.part(name).vertices)
        assert set(mouth.number[part].tolist()) == set(range(7))
    tongue = slice(*head.topology.part("tongue").vertices)
    assert bool((mouth.tongue[tongue] == 1.0).all())
    assert float(mouth.tongue.sum()) == tongue.stop - tongue.start


def test_eyeballs_are_found_from_the_mesh(head: Head) -> None:
    found = eyeballs(head)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ball: Eyeball = found[side]
        assert sign * float(ball.centre[0]) > 0.025
        assert 0.012 < ball.radius < 0.018
        assert float(ball.axes[2, 1]) < -0.95 and float(ball.axes[1, 2]) > 0.95  # looks ahead, up is up
        assert ball.pupil is not None and 0.0005 < float(ball.pupil.half_axes.mean()) < 0.003
        assert 0.005 < float(ball.limbus.half_axes.mean()) < 0.008


def test_lashes_are_fine_hairs_on_clear_cards(head: Head, maps: Maps) -> None:
    opacity = maps["lashes"]["opacity"]
    assert opacity.shape == (SIZE, SIZE, 1)
    assert 0.01 < float((opacity > 0.5).float().mean()) < 0.25
    assert float((opacity < 0.02).float().mean()) > 0.5
    vertices, uv = at_corners(head, "left_lashes")
    ball = eyeballs(head)["left"]
    distance = ball.place(head.vertices[vertices]).norm(dim=1)
    far, near = (
        sample_texture(opacity, uv[distance > distance.quantile(0.9)]).mean(),
        sample_texture(opacity, uv[distance < distance.quantile(0.2)]).mean(),
    )
    assert far < near  # they taper from the lid outwards


def test_longer_lashes_cover_more(head: Head) -> None:
    short, long = (
        paint(head, Traits({"lashes.length": length}), resolution=256, seed=7)["lashes"]["opacity"].sum()
        for length in (0.0, 1.0)
    )
    assert long > 1.4 * short


def test_the_same_face_gives_the_same_bytes(head: Head) -> None:
    person = Traits({"freckles.density": 0.6, "beard.style": "full", "hair.grey": 0.3})
    first, second = (paint(head, person, resolution=256, seed=11) for _ in range(2))
    for tile, channels in first.items():
        for name, image in channels.items():
            assert torch.equal(image, second[tile][name]), (tile, name)
