"""What the renderer shows: the right triangle, light from where the light is, textures the right way up."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from dreamface.face import Material, Part, Topology
from dreamface.render import Camera, Surface, Visibility, portrait_camera, preview, rasterise
from dreamface.render.camera import pixel_centres
from dreamface.render.raster import rasterise_reference
from dreamface.render.shading import (
    Ambient,
    Fragment,
    Light,
    apply_normal_map,
    encode_srgb,
    film,
    interpolate,
    prefilter,
    sample_texture,
    shade,
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
    white, one = torch.ones_like(position), torch.ones_like(position[:, :1])
    return Fragment(
        position, smooth if normal is None else normal, smooth, view, white, 0.5 * one, 0.04 * one, 0.0 * white
    )


def light_from(x: float, z: float) -> Light:
    return Light(torch.tensor((x, -1.0, z)), torch.ones(3), 0.1)


DARK = Ambient(torch.zeros(3), torch.zeros(3))


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
    cast = Surface(vertices, triangles).cast(torch.tensor(camera.position), rays)
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
    surface = Surface(vertices, Topology(quads, uv, quads, (), ()).triangles)
    origin, ahead = torch.tensor([[0.5, -1.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0]])
    assert surface.cast(origin, ahead).triangle.item() == -1
    surface.move(vertices + torch.tensor((0.5, 0.0, 0.0)))
    assert surface.cast(origin, ahead).depth.item() == pytest.approx(0.9, abs=2e-3)


def test_what_stands_in_front_of_a_light_takes_its_share() -> None:
    square = torch.tensor([[0.0, -1.0, 1.0], [5.0, -1.0, 1.0], [5.0, 1.0, 1.0], [0.0, 1.0, 1.0]])
    surface = Surface(square, torch.tensor([[0, 1, 2], [0, 2, 3]]))
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
    normal = apply_normal_map(fragment.soft_normal, tangent, tilt.expand(len(tangent), 3))
    light = light_from(x, z)
    mapped = look(seen, vertices, topology.triangles, normal)
    brightness = shade(mapped, (light,), (torch.ones(len(normal), 1),), DARK, torch.ones(len(normal), 1)).mean(dim=1)
    to_light = torch.nn.functional.normalize(light.position - mapped.position, dim=1)
    matte = (normal * to_light).sum(dim=1)
    assert matte[brightness.argmax()] > 0.9 * matte.max()
    # +u is the person's left (+X in front) and +v is up, so the relief leans that way.
    east, up = (normal - fragment.soft_normal)[:, 0], (normal - fragment.soft_normal)[:, 2]
    middle = fragment.soft_normal[:, 1] < -0.95
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
