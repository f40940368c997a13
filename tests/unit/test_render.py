"""What the renderer shows: the right triangle, light from where the light is, textures the right way up."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dreamface.colour import encode_srgb
from dreamface.face import Material, Part, Topology
from dreamface.render import Camera, RayMesh, Visibility, portrait_camera, preview, rasterise
from dreamface.render.camera import pixel_centres
from dreamface.render.depth_maps import DepthMaps, camera_around
from dreamface.render.environment import Environment, fibonacci_sphere, irradiance
from dreamface.render.eyes import bend, panes, refracted
from dreamface.render.fragments import roughened
from dreamface.render.raster import rasterise_reference
from dreamface.render.samples import Picture, Samples
from dreamface.render.scattering import (
    Places,
    blur,
    diffusion_length,
    rung_shares,
    rung_width,
    rungs,
    spread,
    transmittance,
)
from dreamface.render.scene import Scene
from dreamface.render.shading import (
    Fragment,
    Light,
    apply_normal_map,
    film,
    interpolate,
    layers_of,
    lobe_sharpness,
    prefilter,
    sample_texture,
    shade,
    specular,
    uv_tangents,
    vertex_normals,
    wrapped_cosine,
)

SIZE = 48
FRONT = Camera(position=(0.0, -1.0, 0.0), target=(0.0, 0.0, 0.0), fov=0.3)


def sphere(
    radius: float = 0.1, rings: int = 24, middle: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> tuple[Tensor, ...]:
    """Vertices [V, 3], quads [F, 4] and uv [V, 2] of a globe without its poles, seam at the back (+Y)."""
    v, u = torch.meshgrid(torch.linspace(0.02, 0.98, rings), torch.linspace(0.0, 1.0, 2 * rings), indexing="ij")
    longitude, latitude = 2.0 * math.pi * (u - 0.5), math.pi * (v - 0.5)
    unit = torch.stack((longitude.sin() * latitude.cos(), -longitude.cos() * latitude.cos(), latitude.sin()), dim=-1)
    index = torch.arange(v.numel()).view(v.shape)
    quads = torch.stack((index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]), dim=-1).view(-1, 4)
    return radius * unit.view(-1, 3) + torch.tensor(middle), quads, torch.stack((u, v), dim=-1).view(-1, 2)


def globe_with_shell() -> tuple[Tensor, Topology]:
    """A globe in the middle of a slightly larger one, as an eye in its cornea."""
    inner, quads, uv = sphere(0.1)
    outer, _, _ = sphere(0.11)
    count, faces = len(inner), len(quads)
    quads = torch.cat((quads, quads + count))
    parts = (Part("eye", "eye", (0, count), (0, faces)), Part("shell", "shell", (count, 2 * count), (faces, 2 * faces)))
    return torch.cat((inner, outer)), Topology(quads, torch.cat((uv, uv)), quads, parts, ("eye",))


def look(seen: Visibility, vertices: Tensor, triangles: Tensor, normal: Tensor | None = None) -> Fragment:
    """White matte points at the visible pixels, with the given normals or the smooth ones."""
    hit = seen.triangle >= 0
    corners, barycentric = triangles[seen.triangle[hit]], seen.barycentric[hit]
    position = interpolate(vertices, corners, barycentric)
    smooth = torch.nn.functional.normalize(
        interpolate(vertex_normals(vertices, triangles), corners, barycentric), dim=1
    )
    view = torch.nn.functional.normalize(position.new_tensor(FRONT.position) - position, dim=1)
    return plain(position, smooth if normal is None else normal, view)


def plain(position: Tensor, normal: Tensor, view: Tensor, **differing: Tensor) -> Fragment:
    """White points of middling gloss without a coat; `differing` are the fields that are not so."""
    one = torch.ones_like(position[:, :1])
    fields = {
        "albedo": torch.ones_like(position), "roughness": 0.5 * one, "reflectance": 0.04 * one, "matt": one,
        "coat": 0.0 * one, "coat_roughness": 0.2 * one, "coat_reflectance": 0.04 * one,
    }  # fmt: skip
    return Fragment(position, normal, view, **{**fields, **differing})


def light_from(x: float, z: float) -> Light:
    return Light(torch.tensor((x, -1.0, z)), torch.ones(3), 0.1)


def even_light(radiance: float) -> Environment:
    """The same from everywhere."""
    grey = torch.full((3,), radiance)
    return Environment(grey, grey, torch.tensor([[0.0, 0.0, 1.0]]), torch.zeros(1, 3), torch.ones(1))


DARK = even_light(0.0)


def agreement(first: Visibility, second: Visibility) -> float:
    same = (first.triangle == second.triangle) & ((first.barycentric - second.barycentric).abs().amax(dim=-1) < 2e-3)
    depths = torch.where(first.triangle >= 0, (first.depth - second.depth).abs(), 0.0)
    return float((same & (depths < 1e-4)).float().mean())


@pytest.mark.parametrize("side", [0.0, 0.35])
def test_fast_and_plain_visibility_agree(side: float) -> None:
    near, quads, _ = sphere(0.06, rings=12, middle=(0.04, -0.15, 0.02))
    far, _, _ = sphere(0.1, rings=12)
    triangles = Topology(torch.cat((quads, quads + len(near))), torch.zeros(1, 2), quads, (), ()).triangles
    vertices = torch.cat((near, far))
    camera = Camera(position=(side, -1.0, side), target=(0.0, 0.0, 0.0), fov=0.3)
    plain = rasterise_reference(vertices, triangles, camera, SIZE)
    rays = camera.rays(pixel_centres(SIZE, vertices.device), SIZE).view(-1, 3)
    cast = RayMesh(vertices, triangles).cast(torch.tensor(camera.position), rays)
    pictured = Visibility(
        cast.triangle.view(SIZE, SIZE), cast.barycentric.view(SIZE, SIZE, 3), cast.depth.view(SIZE, SIZE)
    )
    assert (plain.triangle >= 0).float().mean() > 0.2
    assert agreement(rasterise(vertices, triangles, camera, SIZE), plain) > 0.999
    assert agreement(pictured, plain) > 0.999


def test_visible_points_project_back_onto_their_pixels() -> None:
    vertices, quads, uv = sphere()
    triangles = Topology(quads, uv, quads, (), ()).triangles
    camera = Camera(position=(0.3, -0.8, 0.4), target=(0.0, 0.0, 0.0), fov=0.3)
    seen = rasterise(vertices, triangles, camera, SIZE)
    hit = seen.triangle >= 0
    points = interpolate(vertices, triangles[seen.triangle[hit]], seen.barycentric[hit])
    projected = camera.to_pixels(points, SIZE)
    assert torch.allclose(projected[:, :2], pixel_centres(SIZE, vertices.device)[hit], atol=1e-2)
    assert torch.allclose(projected[:, 2], seen.depth[hit], atol=1e-4)


def test_nothing_in_view_is_all_background() -> None:
    vertices, quads, uv = sphere(middle=(0.0, -3.0, 0.0))
    seen = rasterise(vertices, Topology(quads, uv, quads, (), ()).triangles, FRONT, SIZE)
    assert bool((seen.triangle == -1).all()) and bool(seen.depth.isinf().all())


def test_a_moved_surface_is_hit_where_it_went() -> None:
    vertices, quads, uv = sphere()
    surface = RayMesh(vertices, Topology(quads, uv, quads, (), ()).triangles)
    origin, ahead = torch.tensor([[0.5, -1.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])
    assert surface.cast(origin, ahead).triangle.item() == -1
    surface.move(vertices + torch.tensor((0.5, 0.0, 0.0)))
    assert surface.cast(origin, ahead).depth.item() == pytest.approx(0.9, abs=2e-3)


def test_what_stands_in_front_of_a_light_takes_its_share() -> None:
    square = torch.tensor([[0.0, -1.0, 1.0], [5.0, -1.0, 1.0], [5.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    surface = RayMesh(square, torch.tensor([[0, 1, 2], [0, 2, 3]]))
    ends = torch.tensor([[[-0.5, 0.0, 2.0], [0.5, 0.0, 2.0]]])
    shares = [
        surface.openness(torch.zeros(1, 3), ends, torch.tensor([weights])).item()
        for weights in ((1.0, 1.0), (3.0, 1.0))
    ]
    assert shares == pytest.approx([0.5, 0.75])


@pytest.mark.parametrize(("x", "z"), [(0.8, 0.6), (-0.8, 0.6), (0.0, -0.9)])
def test_the_brightest_point_of_a_normal_mapped_sphere_faces_the_light(x: float, z: float) -> None:
    vertices, quads, uv = sphere(rings=48)
    topology = Topology(quads, uv, quads, (), ())
    seen = rasterise(vertices, topology.triangles, FRONT, SIZE)
    hit = seen.triangle >= 0
    fragment = look(seen, vertices, topology.triangles)
    tangents = uv_tangents(vertices, topology.triangles, uv, topology.triangle_uvs)
    tangent = interpolate(tangents, topology.triangle_uvs[seen.triangle[hit]], seen.barycentric[hit])
    tilt = torch.tensor([[0.3, 0.4, 1.0]]) / math.sqrt(1.25)
    normal = apply_normal_map(fragment.normal, tangent, tilt.expand(len(tangent), 3))
    light = light_from(x, z)
    mapped = look(seen, vertices, topology.triangles, normal)
    brightness = shade(mapped, (light,), (torch.ones(len(normal), 1),), DARK, torch.ones(len(normal), 1)).mean(dim=1)
    to_light = torch.nn.functional.normalize(light.position - mapped.position, dim=1)
    matte = (normal * to_light).sum(dim=1)
    assert matte[brightness.argmax()] > 0.9 * matte.max()
    # +u is the person's left (+X in front) and +v is up, so the relief leans that way.
    east, up = (normal - fragment.normal)[:, 0], (normal - fragment.normal)[:, 2]
    middle = fragment.normal[:, 1] < -0.95
    assert bool((east[middle] > 0.0).all()) and bool((up[middle] > 0.0).all())


def test_a_pixel_loss_reaches_texture_vertices_and_light() -> None:
    vertices, quads, uv = sphere()
    topology = Topology(quads, uv, quads, (), ())
    seen = rasterise(vertices, topology.triangles, FRONT, SIZE)
    hit = seen.triangle >= 0
    texture = torch.full((16, 16, 3), 0.5, requires_grad=True)
    vertices = vertices.requires_grad_()
    strength = torch.ones(3, requires_grad=True)
    fragment = look(seen, vertices, topology.triangles)
    at = interpolate(uv, topology.triangle_uvs[seen.triangle[hit]], seen.barycentric[hit])
    fragment = Fragment(**{**fragment.__dict__, "albedo": sample_texture(texture, at)})
    light = Light(torch.tensor((0.5, -1.0, 0.5)), strength, 0.1)
    one = torch.ones(len(at), 1)
    loss = encode_srgb(film(shade(fragment, (light,), (one,), DARK, one))).square().mean()
    loss.backward()
    for leaf in (texture, vertices, strength):
        assert leaf.grad is not None and bool(leaf.grad.isfinite().all()) and float(leaf.grad.abs().max()) > 0.0
    assert texture.grad is not None and vertices.grad is not None
    # The camera sees the front: the middle of the layout. Its sides are at the back, out of sight.
    assert float(texture.grad[:, 6:10].abs().max()) > 0.0
    assert float(texture.grad[:, :2].abs().max()) == 0.0
    behind = vertices.detach()[:, 1] > 0.05
    assert float(vertices.grad[behind].abs().max()) == 0.0


def test_row_zero_of_a_texture_is_the_top() -> None:
    image = torch.arange(6.0).view(3, 2, 1)
    corners = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    assert sample_texture(image, corners)[:, 0].tolist() == [0.0, 1.0, 4.0, 5.0]
    centres = torch.tensor([[0.25, 5 / 6], [0.75, 0.5], [0.25, 1 / 6]])
    assert torch.allclose(sample_texture(image, centres)[:, 0], torch.tensor([0.0, 3.0, 4.0]), atol=1e-5)
    assert sample_texture(image, torch.tensor([[0.5, 0.5]])).item() == pytest.approx(2.5)


def test_a_large_texture_is_averaged_before_it_can_alias() -> None:
    checks = ((torch.arange(64)[:, None] + torch.arange(64)) % 2).float()[..., None]
    fine = prefilter(checks, 8.0)
    assert fine.shape == (8, 8, 1) and torch.allclose(fine, torch.full((8, 8, 1), 0.5))
    assert prefilter(checks, 0.3) is checks


def test_wrapping_spreads_light_without_adding_any() -> None:
    cosine = torch.linspace(-1.0, 1.0, 20001)
    totals = [float(wrapped_cosine(cosine, torch.tensor(wrap)).mean()) for wrap in (0.0, 0.3, 1.0)]
    assert totals == pytest.approx([0.25, 0.25, 0.25], abs=1e-3)
    assert (
        wrapped_cosine(torch.tensor(-0.2), torch.tensor(0.3))
        > 0.0
        == wrapped_cosine(torch.tensor(-0.2), torch.tensor(0.0))
    )


# --------------------------------------------------------------------------------------------------------- two lobes


def facing(cosines: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Positions, normals and views of points seen at angles of the given cosines [N]."""
    across = torch.sqrt(1.0 - cosines**2)
    view = torch.stack((across, torch.zeros_like(across), cosines), dim=1)
    return torch.zeros_like(view), torch.tensor([[0.0, 0.0, 1.0]]).expand_as(view), view


SLANTS = torch.linspace(0.1, 1.0, 10)


@pytest.mark.parametrize("coat", [0.0, 0.5, 1.0])
def test_a_white_thing_in_an_even_white_room_cannot_be_seen(coat: float) -> None:
    position, normal, view = facing(SLANTS)
    one = torch.ones_like(position[:, :1])
    for roughness in (0.1, 0.4, 0.8):
        white = plain(position, normal, view, coat=coat * one, roughness=roughness * one)
        colour = shade(white, (), (), even_light(1.0), one)
        assert torch.allclose(colour, torch.ones_like(colour), atol=5e-3)


@pytest.mark.parametrize(("roughness", "coat_roughness"), [(0.35, 0.2), (0.6, 0.35), (0.9, 0.5)])
def test_the_lobes_reflect_as_much_of_every_light_as_they_take_from_what_is_below(
    roughness: float, coat_roughness: float
) -> None:
    """The furnace again, with lights in all directions instead of an even room."""
    directions = fibonacci_sphere(40000, torch.device("cpu"))
    position, normal, view = facing(SLANTS[2:])
    for index in range(len(position)):
        at = slice(index, index + 1)
        one = torch.ones(1, 1)
        gloss = {"roughness": roughness * one, "coat": 0.7 * one, "coat_roughness": coat_roughness * one}
        layers = layers_of(plain(position[at], normal[at], view[at], **gloss))
        size = len(directions)
        many = plain(
            position[at].expand(size, -1), normal[at].expand(size, -1), view[at].expand(size, -1),
            **{name: value.expand(size, -1) for name, value in gloss.items()},
        )  # fmt: skip
        reflected = float(specular(many, layers, directions, torch.zeros(size, 1)).mean()) * 4.0
        assert reflected == pytest.approx(float(layers.coat + layers.gloss), abs=0.02)


def test_metal_is_coloured_and_has_nothing_below() -> None:
    position, normal, view = facing(torch.tensor([1.0]))
    gold = torch.tensor([[1.0, 0.7, 0.3]])
    metal = plain(
        position, normal, view, albedo=gold, reflectance=gold, matt=torch.zeros(1, 1), roughness=torch.full((1, 1), 0.3)
    )
    light = Light(torch.tensor((0.0, 0.0, 1.0)), torch.ones(3), 0.05)
    one = torch.ones(1, 1)
    straight = shade(metal, (light,), (one,), DARK, one)[0]
    assert float(straight[1] / straight[0]) == pytest.approx(0.7, abs=0.02)
    assert float(straight[2] / straight[0]) == pytest.approx(0.3, abs=0.02)
    aside = Light(torch.tensor((1.0, 0.0, 0.2)), torch.ones(3), 0.0)
    matt = plain(position, normal, view, albedo=gold)
    assert float(shade(metal, (aside,), (one,), DARK, one).max()) < 0.3 * float(
        shade(matt, (aside,), (one,), DARK, one).max()
    )


def test_the_coat_adds_a_sharper_highlight() -> None:
    lean = torch.linspace(0.0, 0.6, 61)
    normal = torch.stack((lean.sin(), torch.zeros_like(lean), lean.cos()), dim=1)
    position, view = torch.zeros_like(normal), torch.tensor([[0.0, 0.0, 1.0]]).expand_as(normal)
    one = torch.ones(61, 1)
    light = Light(torch.tensor((0.0, 0.0, 1.0)), torch.ones(3), 0.02)

    def highlight(coat: float) -> Tensor:
        fragment = plain(position, normal, view, albedo=torch.zeros(61, 3), coat=coat * one)
        return shade(fragment, (light,), (one,), DARK, one)[:, 0]

    bare, coated = highlight(0.0), highlight(0.5)
    assert float(coated[0]) > 2.0 * float(bare[0])
    assert float((coated / coated[0] > 0.5).sum()) < 0.6 * float((bare / bare[0] > 0.5).sum())


def test_a_glossy_lobe_is_as_wide_as_the_gaussian_that_stands_for_it() -> None:
    """Seen straight on, mirrored light half as bright as the brightest is as far off in both."""
    for roughness in (0.25, 0.4):
        angle = torch.linspace(0.0, 1.2, 4001)
        half = torch.cos(0.5 * angle)
        alpha = roughness**2
        ggx = ((alpha**2) / (half * half * (alpha**2 - 1.0) + 1.0) ** 2) / (1.0 / alpha**2)
        lobe = torch.exp(float(lobe_sharpness(torch.tensor(roughness), torch.tensor(1.0))) * (torch.cos(angle) - 1.0))
        widths = [float(angle[(profile / profile[0] > 0.5).sum()]) for profile in (ggx, lobe)]
        assert widths[1] == pytest.approx(widths[0], rel=0.35)


def test_relief_lost_in_averaging_becomes_roughness() -> None:
    slopes = 0.15 * torch.randn(20000, 2, generator=torch.Generator().manual_seed(0))
    normals = torch.nn.functional.normalize(torch.cat((slopes, torch.ones(20000, 1)), dim=1), dim=1)
    smooth = torch.full((1, 1), 0.2)
    rough = roughened(smooth, normals.mean(dim=0, keepdim=True))
    assert float(rough) ** 4 == pytest.approx(0.2**4 + 2.0 * 0.15**2, rel=0.1)
    assert torch.allclose(roughened(smooth, normals[:1]), smooth, atol=1e-3)


# --------------------------------------------------------------------------------------------------------- all around

STUDIO = Environment(
    sky=torch.tensor((0.2, 0.3, 0.5)),
    ground=torch.tensor((0.3, 0.2, 0.1)),
    axes=torch.nn.functional.normalize(torch.tensor([[1.0, -1.0, 0.5], [-1.0, -0.2, 0.0]]), dim=1),
    colours=torch.tensor([[2.0, 1.8, 1.5], [0.3, 0.4, 0.9]]),
    sharpness=torch.tensor([4.0, 9.0]),
)


def test_nine_harmonics_light_matt_surfaces_like_the_whole_room() -> None:
    directions = fibonacci_sphere(4096, torch.device("cpu"))
    normals = fibonacci_sphere(50, torch.device("cpu"))
    falling = (normals @ directions.T).clamp(min=0.0) @ STUDIO.radiance(directions) * (4.0 / 4096)
    assert torch.allclose(irradiance(STUDIO.harmonics(), normals), falling, atol=0.03 * float(falling.max()))


def test_a_rough_mirror_shows_the_room_blurred_but_as_bright() -> None:
    directions = fibonacci_sphere(20000, torch.device("cpu"))
    sharp = STUDIO.radiance(directions)
    for lobe in (5.0, 50.0):
        blurred = STUDIO.radiance(directions, torch.full((1, 1), lobe))
        assert torch.allclose(blurred.mean(dim=0), sharp.mean(dim=0), rtol=0.03)
        assert float(blurred.std(dim=0).max()) < float(sharp.std(dim=0).max())
        # Against the sum over the lobe itself.
        axis = STUDIO.axes[0]
        weight = torch.exp(lobe * (directions @ axis - 1.0))[:, None]
        summed = (weight * sharp).sum(dim=0) / weight.sum()
        found = STUDIO.radiance(axis[None], torch.full((1, 1), lobe))[0]
        assert torch.allclose(found, summed, rtol=0.12)


# --------------------------------------------------------------------------------------------------------- shadows


def test_depth_maps_and_rays_agree_on_what_is_hidden() -> None:
    ball, quads, uv = sphere(0.03, middle=(0.05, -0.2, 0.05))
    wall = torch.tensor([[-0.2, 0.0, -0.2], [0.2, 0.0, -0.2], [0.2, 0.0, 0.2], [-0.2, 0.0, 0.2]])
    vertices = torch.cat((wall, ball))
    triangles = Topology(torch.cat((torch.tensor([[0, 1, 2, 3]]), quads + 4)), uv, quads, (), ()).triangles
    spots = torch.rand(500, 2, generator=torch.Generator().manual_seed(1)) * 0.36 - 0.18
    points = torch.stack((spots[:, 0], torch.zeros(500), spots[:, 1]), dim=1)
    normals = torch.tensor([[0.0, -1.0, 0.0]]).expand_as(points)
    eyes = torch.tensor([[0.4, -1.0, 0.5], [-0.3, -0.9, 0.1], [0.1, 1.0, 0.0]])
    cameras = [camera_around(eye, torch.zeros(3), 0.3) for eye in eyes]
    seen = DepthMaps(vertices, triangles, torch.ones(len(triangles)), cameras, 512).visible(points, normals)
    lifted = points + 1e-4 * normals
    for number, eye in enumerate(eyes[:2]):
        share = RayMesh(vertices, triangles).openness(lifted, eye.expand(500, 1, 3), torch.ones(500, 1))
        clear_cut = (seen[:, number] - 0.5).abs() > 0.49
        assert 0.02 < float((share < 0.5).float().mean()) < 0.5
        assert float(clear_cut.float().mean()) > 0.97
        assert torch.equal(seen[clear_cut, number].round(), share[clear_cut])
    assert float(seen[:, 2].max()) == 0.0  # from behind


def test_a_sheet_as_open_as_it_is_hides_its_share_of_a_lamp() -> None:
    sheet = torch.tensor([[-1.0, -0.5, -1.0], [1.0, -0.5, -1.0], [1.0, -0.5, 1.0], [-1.0, -0.5, 1.0]])
    triangles = torch.tensor([[0, 1, 2], [0, 2, 3]])
    eyes = torch.tensor([[0.01 * number, -1.0, 0.0] for number in range(24)])
    cameras = [camera_around(eye, torch.zeros(3), 0.1) for eye in eyes]
    maps = DepthMaps(sheet, triangles, torch.full((2,), 0.3), cameras, 32)
    share = float(maps.visible(torch.zeros(1, 3), torch.tensor([[0.0, -1.0, 0.0]])).mean())
    assert share == pytest.approx(0.7, abs=0.05)


# --------------------------------------------------------------------------------------------------------- scattering


def test_the_ladder_of_gaussians_is_the_profile() -> None:
    length, pixel = torch.tensor([0.9e-3, 0.3e-3]), 1.5e-4
    count = rungs(3.0 * 0.9e-3 / pixel)
    shares = rung_shares(length, pixel, count)
    assert torch.allclose(shares.sum(dim=0), torch.ones(2), atol=1e-5) and float(shares.min()) >= 0.0
    widths = torch.tensor([pixel * rung_width(number) for number in range(count + 1)])
    for channel, d in enumerate(length.tolist()):
        # Light that comes out within r, by the profile's integral and by that of the Gaussians.
        for r in (2.0 * d, 4.0 * d, 8.0 * d):
            inside = 1.0 - 0.25 * math.exp(-r / d) - 0.75 * math.exp(-r / (3.0 * d))
            gaussians = 1.0 - torch.exp(-0.5 * (r / widths[1:]) ** 2)
            found = float(shares[0, channel] + (shares[1:, channel] * gaussians).sum())
            assert found == pytest.approx(inside, abs=0.04)


def test_red_goes_furthest_and_nothing_goes_nowhere() -> None:
    radius, albedo = torch.tensor((3.67e-3, 1.37e-3, 0.68e-3)), torch.tensor((0.5, 0.5, 0.5))
    length = diffusion_length(radius, albedo)
    stays = rung_shares(length, 5e-4, 4)[0]
    assert float(stays[0]) < float(stays[1]) < float(stays[2])
    assert torch.allclose(rung_shares(torch.zeros(3), 5e-4, 4)[0], torch.ones(3))


def test_blurring_keeps_the_light_there_is() -> None:
    spot, even = torch.zeros(1, 65, 65), torch.full((1, 65, 65), 0.7)
    spot[0, 32, 32] = 1.0
    depth = torch.zeros(65, 65)
    for step in (1, 2, 4):
        spot = blur(spot, depth, step, 1e-3)
        even = blur(even, depth + torch.rand(65, 65, generator=torch.Generator().manual_seed(2)), step, 1e-3)
    assert float(spot.sum()) == pytest.approx(1.0, abs=1e-5)
    assert torch.allclose(even, torch.full_like(even, 0.7), atol=1e-5)
    across = torch.arange(65.0) - 32.0
    assert float((spot[0].sum(dim=0) * across**2).sum()) == pytest.approx(rung_width(3) ** 2, rel=1e-3)


def test_light_does_not_leap_over_a_silhouette_or_into_another_thing() -> None:
    size = 32
    column = torch.arange(size * size) % size
    bright = (column < 16).float()[:, None].expand(-1, 3).contiguous()
    pixel, share = torch.arange(size * size), torch.ones(size * size)
    skin, medium = torch.tensor([[2.0e-3, 1.0e-3, 0.5e-3]]), torch.zeros(size * size, dtype=torch.int64)

    def spread_over(depth: Tensor, body: Tensor) -> Tensor:
        weight = torch.ones(size * size, 1)
        return spread(bright, Places(pixel, share, depth, body, size, 1e-3), skin, medium, weight)

    flat, one = torch.ones(size * size), torch.zeros(size * size, dtype=torch.int64)
    together = spread_over(flat, one)
    row = together.view(size, size, 3)[16]
    assert 0.5 > float(row[16, 0]) > float(row[16, 1]) > float(row[16, 2]) > 0.02
    assert float(together.mean()) == pytest.approx(0.5, abs=0.01)
    stepped = spread_over(torch.where(column < 16, 1.0, 1.03), one)
    other = spread_over(flat, (column < 16).long())
    hard = spread_over(flat, torch.where(column < 16, 0, -1))
    assert torch.allclose(stepped, bright, atol=4e-3)
    for parted in (other, hard):
        assert torch.allclose(parted, bright, atol=1e-5)


def test_colour_under_the_light_stays_as_crisp_as_it_is_painted() -> None:
    vertices, quads, uv = sphere(rings=32)
    stripes = 0.2 + 0.6 * ((torch.arange(256) // 8) % 2).float()[None, :, None].expand(256, 256, 3).contiguous()
    topology = Topology(quads, uv, quads, (Part("skin", "skin", (0, len(vertices)), (0, len(quads))),), ("skin",))
    camera = Camera(position=(0.0, -1.2, 0.0), target=(0.0, 0.0, 0.0), fov=0.1)

    def contrast(subsurface: float) -> float:
        skin = Material("skin", "skin", subsurface=subsurface, subsurface_radius=(4e-3, 2e-3, 1e-3))
        line = preview(vertices, topology, {"skin": skin}, {"skin": {"albedo": stripes}}, size=64, camera=camera)[32]
        return float(line[8:-8, 1].amax() - line[8:-8, 1].amin())

    assert contrast(1.0) == pytest.approx(contrast(0.0), rel=0.05)


def test_thin_things_let_light_through_and_red_most() -> None:
    length = torch.tensor([[0.9e-3, 0.4e-3, 0.2e-3]])
    nothing, ear, head = transmittance(torch.tensor([[0.0], [4e-3], [0.1]]), length)
    assert torch.allclose(nothing, torch.ones(3))
    assert 0.5 > float(ear[0]) > 0.05 and float(ear[0]) > 3.0 * float(ear[1])
    assert float(head.max()) < 1e-6


def test_light_bends_towards_the_normal_of_what_is_denser() -> None:
    down = torch.nn.functional.normalize(torch.tensor([[0.6, 0.0, -0.8]]), dim=1)
    bent = refracted(down, torch.tensor([[0.0, 0.0, 1.0]]), torch.tensor([[1.376]]))
    assert float(bent[0, 0]) == pytest.approx(0.6 / 1.376, abs=1e-5)
    assert float(torch.linalg.vector_norm(bent)) == pytest.approx(1.0, abs=1e-5)


def test_the_portrait_shows_the_whole_head() -> None:
    neck, _, _ = sphere(0.06)
    head, _, _ = sphere(0.12, middle=(0.0, 0.0, 0.18))
    for yaw in (0.0, 0.6):
        place = portrait_camera(torch.cat((neck, head)), yaw=yaw).to_pixels(head, 100)
        assert float(place[:, :2].min()) > 0.0 and float(place[:, :2].max()) < 100.0
    turned = portrait_camera(head, yaw=0.6)
    assert turned.position[0] > 0.1


@pytest.mark.parametrize("shift", [0.0, -0.5])
def test_heads_are_framed_by_their_outline_wherever_they_stand(shift: float) -> None:
    head, _, _ = sphere(0.11, 64, middle=(0.0, 0.0, 0.30 + shift))
    neck = torch.cat([sphere(0.05, 64, middle=(0.0, 0.0, height + shift))[0] for height in (0.10, 0.13, 0.16, 0.19)])
    bust, _, _ = sphere(0.2, 64, middle=(0.0, 0.0, -0.1 + shift))
    place = portrait_camera(torch.cat((head, neck, bust))).to_pixels(head, 100)
    top, bottom = float(place[:, 1].min()), float(place[:, 1].max())
    assert 4.0 < top < 12.0 and 68.0 < bottom < 90.0
    assert float(place[:, 0].mean()) == pytest.approx(50.0, abs=1.0)


def test_a_small_busts_end_is_no_neck() -> None:
    """A child's bust narrows to its end no further below the crown than an adult's neck lies."""
    head, _, _ = sphere(0.085, 64, middle=(0.0, 0.0, 0.25))
    neck = torch.cat([sphere(0.035, 64, middle=(0.0, 0.0, height))[0] for height in (0.13, 0.15, 0.17)])
    shoulders, _, _ = sphere(0.1, 64, middle=(0.0, 0.0, 0.06))
    bust = shoulders * torch.tensor([1.0, 1.0, 0.6])
    whole = torch.cat((head, neck, bust))
    camera = portrait_camera(whole)
    place = camera.to_pixels(head, 100)
    assert 68.0 < float(place[:, 1].max()) < 90.0
    assert float(camera.to_pixels(whole, 100)[:, 1].max()) > 105.0  # the cut is below the picture


MATERIALS = {
    "eye": Material("eye", "eye", roughness=0.8),
    "shell": Material("shell", transmission=1.0, roughness=0.0, ior=1.376),
}
RED = {"eye": {"albedo": torch.tensor((0.5, 0.02, 0.02)).expand(8, 8, 3).contiguous()}}


def test_the_cornea_hides_nothing_and_mirrors_the_studio() -> None:
    vertices, topology = globe_with_shell()
    camera = Camera(position=(0.0, -1.2, 0.0), target=(0.0, 0.0, 0.0), fov=0.25)
    with_shell = preview(vertices, topology, MATERIALS, RED, size=SIZE, camera=camera)
    count, faces = topology.parts[0].vertices[1], topology.parts[0].faces[1]
    alone = Topology(topology.faces[:faces], topology.uv, topology.face_uvs[:faces], topology.parts[:1], topology.tiles)
    without = preview(vertices[:count], alone, MATERIALS, RED, size=SIZE, camera=camera)
    middle = with_shell[SIZE // 2 + 4, SIZE // 2 + 4]
    assert middle[0] > 2.0 * middle[1]
    gain = (with_shell - without).amax(dim=-1)
    assert float(gain.max()) > 0.2 and float(gain.median()) < 0.02


def test_a_metallic_map_and_a_coat_change_the_picture_where_they_are() -> None:
    vertices, quads, uv = sphere()
    part = Part("skin", "skin", (0, len(vertices)), (0, len(quads)))
    topology = Topology(quads, uv, quads, (part,), ("skin",))
    skin = Material("skin", "skin", roughness=0.4, coat_roughness=0.15)
    maps = {"albedo": torch.full((16, 16, 3), 0.4)}
    metallic = torch.zeros(16, 16, 1)
    metallic[:, 8:] = 1.0  # the person's left half
    camera = Camera(position=(0.0, -1.2, 0.0), target=(0.0, 0.0, 0.0), fov=0.25)

    def picture(material: Material, tile: dict[str, Tensor]) -> Tensor:
        return preview(vertices, topology, {"skin": material}, {"skin": tile}, size=SIZE, camera=camera)

    plain_one = picture(skin, maps)
    metal = picture(skin, {**maps, "metallic": metallic})
    assert torch.allclose(metal[:, : SIZE // 2 - 6], plain_one[:, : SIZE // 2 - 6], atol=1e-4)
    assert float((metal - plain_one)[:, SIZE // 2 + 6 :].abs().max()) > 0.05
    oiled = picture(replace(skin, coat=0.6), maps)
    assert float((oiled - plain_one).max()) > 0.05 and float((oiled - plain_one).min()) < 0.0


def test_a_part_hides_what_is_behind_it_when_nothing_passes_through() -> None:
    vertices, topology = globe_with_shell()
    solid = {**MATERIALS, "shell": Material("shell", base_colour=(0.02, 0.02, 0.5), roughness=0.8)}
    camera = Camera(position=(0.0, -1.2, 0.0), target=(0.0, 0.0, 0.0), fov=0.25)
    middle = preview(vertices, topology, solid, RED, size=SIZE, camera=camera)[SIZE // 2, SIZE // 2]
    assert middle[2] > 2.0 * middle[0]


def test_what_a_map_says_is_open_shows_what_is_behind() -> None:
    vertices, topology = globe_with_shell()
    topology = Topology(topology.faces, topology.uv, topology.face_uvs, topology.parts, ("eye", "veil"))
    veiled = {**MATERIALS, "shell": Material("shell", "veil", base_colour=(0.02, 0.02, 0.5), roughness=0.8)}
    camera = Camera(position=(0.0, -1.2, 0.0), target=(0.0, 0.0, 0.0), fov=0.25)
    opacity = torch.zeros(64, 64, 1)
    opacity[:, 32:] = 1.0  # the person's left half
    maps = {**RED, "veil": {"opacity": opacity}}
    picture = preview(vertices, topology, veiled, maps, size=SIZE, camera=camera)
    open_side, covered = picture[SIZE // 2, SIZE // 2 - 8], picture[SIZE // 2, SIZE // 2 + 8]
    assert open_side[0] > 2.0 * open_side[2] and covered[2] > 2.0 * covered[0]
    half = preview(vertices, topology, veiled, {**RED, "veil": {"opacity": opacity * 0.5}}, size=SIZE, camera=camera)
    between = half[SIZE // 2, SIZE // 2 + 8]
    assert open_side[0] > between[0] > covered[0] and covered[2] > between[2] > open_side[2]


def test_a_cornea_magnifies_what_is_behind_it() -> None:
    ball, quads, uv = sphere(0.1, 64)
    dome, _, _ = sphere(0.13, 64)
    count, faces = len(ball), len(quads)
    parts = (Part("eye", "eye", (0, count), (0, faces)), Part("shell", "shell", (count, 2 * count), (faces, 2 * faces)))
    topology = Topology(torch.cat((quads, quads + count)), uv, torch.cat((quads, quads)), parts, ("eye",))
    camera = Camera(position=(0.0, -9.0, 0.0), target=(0.0, 0.0, 0.0), fov=0.008)
    scene = Scene(torch.cat((ball, dome)), topology, MATERIALS, RED, camera, 32)
    samples = Picture(scene).middle(torch.ones(32, 32, dtype=torch.bool))
    bent = bend(scene, samples, panes(scene, samples))

    def across(seen: Samples) -> Tensor:
        return interpolate(scene.vertices, scene.triangles[seen.triangle], seen.barycentric)[:, [0, 2]]

    # A lens surface of radius R, seen through from behind at a distance s: m = 1 / (1 - (n - 1) s / (n R)).
    expected = 1.0 / (1.0 - 0.376 * 0.03 / (1.376 * 0.13))
    magnified = across(samples).square().mean().sqrt() / across(bent).square().mean().sqrt()
    assert float(magnified) == pytest.approx(expected, rel=0.02)


def test_a_clear_part_that_bends_no_light_is_not_there() -> None:
    vertices, topology = globe_with_shell()
    nothing = {**MATERIALS, "shell": Material("shell", transmission=1.0, roughness=0.0, ior=1.0)}
    camera = Camera(position=(0.0, -1.2, 0.0), target=(0.0, 0.0, 0.0), fov=0.25)
    count, faces = topology.parts[0].vertices[1], topology.parts[0].faces[1]
    alone = Topology(topology.faces[:faces], topology.uv, topology.face_uvs[:faces], topology.parts[:1], topology.tiles)
    with_shell = preview(vertices, topology, nothing, RED, size=SIZE, camera=camera)
    without = preview(vertices[:count], alone, nothing, RED, size=SIZE, camera=camera)
    assert float((with_shell - without).abs().max()) < 1e-3


def test_the_same_head_gives_the_same_picture() -> None:
    vertices, topology = globe_with_shell()
    first = preview(vertices, topology, MATERIALS, RED, size=32)
    again = preview(vertices.clone(), topology, MATERIALS, RED, size=32)
    assert first.shape == (32, 32, 3) and first.dtype == torch.float32
    assert first.numpy().tobytes() == again.numpy().tobytes()
    assert float(first.min()) >= 0.0 and float(first.max()) <= 1.0


def test_importing_is_quiet_and_does_not_start_warp() -> None:
    code = "import sys, dreamface.render; assert 'warp' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("place", [(0.0, 0.0, 1.0), (0.0, 0.0, -1.0)])
def test_a_camera_that_looks_straight_up_or_down_has_axes(place: tuple[float, float, float]) -> None:
    axes = Camera(position=place, target=(0.0, 0.0, 0.0), fov=0.5).axes(torch.zeros(1))
    assert torch.allclose(axes @ axes.T, torch.eye(3), atol=1e-6)
    assert float(torch.linalg.det(axes)) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is found in another way")
def test_a_home_that_cannot_be_written_to_is_no_obstacle(tmp_path: Path) -> None:
    """Warp compiles its kernels into the user's cache folder."""
    (tmp_path / "home").write_text("not a folder, so nothing can be made in it")
    program = "import warp\nfrom dreamface.render import _kernels\nprint(warp.config.kernel_cache_dir)"
    environment = {
        name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "WARP_CACHE_PATH")
    }
    environment |= {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()).parents[1] == tmp_path
