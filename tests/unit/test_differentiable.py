"""The differentiable renderer: gradients against finite differences, and one contract for every rasteriser."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from dreamface.render import (
    Arc,
    Camera,
    FrontLight,
    Mesh,
    NvdiffrastRasteriser,
    Rasteriser,
    Seen,
    Views,
    WarpRasteriser,
    depth_shades,
    has_nvdiffrast,
    look,
    normal_colours,
    random_grounds,
    random_light,
)
from dreamface.render.outlines import _outermost
from dreamface.render.raster import rasterise, rasterise_reference, scan
from dreamface.render.visibility import shown_by_rays

SIZE = 96


def ball(rows: int = 7, columns: int = 12, radius: float = 0.1) -> tuple[Tensor, Mesh]:
    """A sphere with a square texture layout; its poles have triangles without area, as heads have."""
    v, u = torch.meshgrid(torch.linspace(0, 1, rows + 1), torch.linspace(0, 1, columns + 1), indexing="ij")
    uv = torch.stack((u, v), dim=-1).view(-1, 2)
    angle, height = 2.0 * math.pi * (torch.arange(columns) / columns), math.pi * torch.linspace(0, 1, rows + 1)
    vertices = torch.stack(
        (
            (height.sin()[:, None] * angle.cos()).reshape(-1),
            (height.sin()[:, None] * angle.sin()).reshape(-1),
            (-height.cos()[:, None].expand(-1, columns)).reshape(-1),
        ),
        dim=1,
    )
    corner, corner_uv = [], []
    for row in range(rows):
        for column in range(columns):
            a, b = row * columns + column, row * columns + (column + 1) % columns
            c, d = b + columns, a + columns
            a, b = (0, 0) if row == 0 else (a, b)  # one vertex at each pole: half of the quads there have no area
            c, d = (rows * columns, rows * columns) if row == rows - 1 else (c, d)
            p, q = row * (columns + 1) + column, row * (columns + 1) + column + 1
            r, s = q + columns + 1, p + columns + 1
            corner += [[a, b, c], [a, c, d]]
            corner_uv += [[p, q, r], [p, r, s]]
    return radius * vertices, Mesh(torch.tensor(corner), uv, torch.tensor(corner_uv))


def views(count: int = 2) -> Views:
    arc = Arc((0.0, 0.0, 0.0), 0.14)
    cameras = [arc.camera(0.3 * number - 0.2, 0.1 * number) for number in range(count)]
    return Views.of(cameras, torch.zeros(1))


def shaded(vertices: Tensor, mesh: Mesh, seen_from: Views, albedo: Tensor, light: FrontLight, relief: Tensor) -> Tensor:
    seen = look(vertices, mesh, seen_from, SIZE)
    normal = seen.bent(seen.sample(relief))
    values = seen.sample(albedo) * light.on(normal, seen.view)
    return seen.picture(values, values.new_full((len(seen_from), values.shape[1]), 0.2))


def closed(image: Tensor) -> Tensor:
    """The image with the same colours on both sides of the layout's seam, which is no outline."""
    image[..., -1] = image[..., 0]
    return image


def setting() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(3)
    vertices, _ = ball()
    relief = torch.cat((0.2 * torch.randn(2, 8, 8, generator=random), torch.ones(1, 8, 8)))
    seen_from = views()
    return {
        "vertices": vertices,
        "albedo": closed(torch.rand(3, 8, 8, generator=random)),
        "relief": closed(relief),
        "towards": torch.nn.functional.normalize(torch.tensor([[0.3, -1.0, 0.4], [-0.5, -1.0, 0.2]]), dim=1),
        "colour": torch.full((2, 3), 0.7),
        "around": torch.full((2, 3), 0.3),
        "position": seen_from.position,
        "focal": seen_from.focal,
    }


def loss_of(values: dict[str, Tensor], weight: Tensor) -> Tensor:
    _, mesh = ball()
    seen_from = Views(values["position"], views().axes, values["focal"])
    light = FrontLight(values["towards"], values["colour"], values["around"])
    picture = shaded(values["vertices"], mesh, seen_from, values["albedo"], light, values["relief"])
    return (picture.double() * weight).sum()


def smooth_weight() -> Tensor:
    """A weight that changes slowly over the picture: a sum with it has no noise of single pixels."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, SIZE), torch.linspace(-1, 1, SIZE), indexing="ij")
    waves = torch.stack((torch.cos(2 * x + y), torch.sin(3 * y - x), torch.cos(x * y + 1)))
    return torch.stack((waves, waves.flip(0))).double()


@pytest.mark.parametrize(
    ("name", "step", "within"),
    [
        ("albedo", 1e-2, 0.01), ("relief", 1e-2, 0.05), ("towards", 1e-2, 0.03), ("colour", 1e-2, 0.01),
        ("around", 1e-2, 0.01), ("position", 1e-2, 0.03), ("focal", 1e-1, 0.03), ("vertices", 3e-3, 0.06),
    ],
)  # fmt: skip
def test_gradients_are_those_of_finite_differences(name: str, step: float, within: float) -> None:
    values, weight = setting(), smooth_weight()
    if name in ("position", "focal"):  # shading is too steep along outlines for differences between whole pixels
        values |= {"albedo": torch.ones(3, 8, 8), "colour": torch.zeros(2, 3), "around": torch.ones(2, 3)}
    values[name] = values[name].clone().requires_grad_()
    loss_of(values, weight).backward()
    gradient = values[name].grad
    assert gradient is not None
    random = torch.Generator().manual_seed(1)
    for _ in range(3):
        # A smooth direction for vertices: what optimisation moves; single vertices are smaller than pixels.
        way = torch.randn(values[name].shape, generator=random)
        if name == "vertices":
            way = torch.sin(20.0 * values[name].detach() @ torch.randn(3, 3, generator=random)) + 0.5
        way = step * way / way.abs().max()
        with torch.no_grad():
            ahead = loss_of({**values, name: values[name] + way}, weight)
            back = loss_of({**values, name: values[name] - way}, weight)
        measured, found = float(ahead - back) / 2.0, float((gradient * way).sum())
        scale = float((gradient.abs() * way.abs()).sum())
        assert abs(measured - found) < within * max(abs(measured), 0.3 * scale)


def test_a_silhouette_alone_pulls_vertices() -> None:
    """A ball of one colour: all of the gradient comes from its outline. Its area grows as its radius does."""
    vertices, mesh = ball(24, 48)
    seen_from, scale = views(1), torch.ones((), requires_grad=True)

    def area(factor: Tensor) -> Tensor:
        seen = look(factor * vertices, mesh, seen_from, 128)
        return seen.picture(torch.ones(len(seen.pixel), 1), torch.zeros(1, 1)).sum()

    covered = area(scale)
    covered.backward()
    assert scale.grad is not None
    with torch.no_grad():
        measured = float(area(torch.tensor(1.02)) - area(torch.tensor(0.98))) / 0.04
    assert float(scale.grad) == pytest.approx(measured, rel=0.03)
    assert float(scale.grad) == pytest.approx(2.0 * float(covered), rel=0.1)  # an area's, but for perspective


def test_without_antialiasing_a_silhouette_gives_nothing() -> None:
    vertices, mesh = ball()
    points = vertices.clone().requires_grad_()
    seen = look(points, mesh, views(1), SIZE)
    picture = seen.picture(torch.ones(len(seen.pixel), 1) + 0.0 * seen.depth[:, None], torch.zeros(1, 1), False)
    picture.sum().backward()
    assert points.grad is not None and float(points.grad.abs().max()) == 0.0


def test_weights_and_depth_are_those_of_the_reference() -> None:
    vertices, mesh = ball()
    camera = Arc((0.0, 0.0, 0.0), 0.14).camera(0.3, 0.1)
    seen = look(vertices, mesh, Views.of([camera], vertices), SIZE)
    known = rasterise_reference(vertices, mesh.triangles, camera, SIZE)
    assert torch.equal(seen.shown[0], known.triangle)
    here = known.triangle >= 0
    assert torch.allclose(seen.depth, known.depth[here], atol=1e-5)
    assert torch.allclose(seen.barycentric, known.barycentric[here], atol=2e-3)


def test_rays_and_scan_lines_see_the_same() -> None:
    vertices, mesh = ball()
    projected = views(1).to_pixels(vertices, SIZE)[0]
    by_rays, by_lines = (one(projected, mesh.triangles, SIZE) for one in (shown_by_rays, scan))
    assert float((by_rays == by_lines).float().mean()) > 0.99
    behind = projected * torch.tensor((1.0, 1.0, -1.0))
    assert int(shown_by_rays(behind, mesh.triangles, SIZE).max()) == -1


def test_several_views_are_those_of_one_camera_each() -> None:
    vertices, mesh = ball()
    arc = Arc((0.0, 0.0, 0.0), 0.14)
    cameras = [arc.camera(-0.6, 0.0), arc.camera(0.6, 0.1)]
    seen = look(vertices, mesh, Views.of(cameras, vertices), SIZE)
    for number, camera in enumerate(cameras):
        assert torch.equal(seen.shown[number], rasterise(vertices, mesh.triangles, camera, SIZE).triangle)


def test_four_channels_are_drawn_as_three() -> None:
    vertices, mesh = ball()
    latents = torch.randn(4, 8, 8, requires_grad=True)
    seen = look(vertices, mesh, views(), 16)
    picture = seen.picture(seen.sample(latents), torch.zeros(2, 4))
    assert picture.shape == (2, 4, 16, 16)
    picture.sum().backward()
    assert latents.grad is not None and float(latents.grad.abs().sum()) > 0.0


def test_normals_and_depth_are_shown_as_people_know_them() -> None:
    vertices, mesh = ball(24, 48)
    seen = look(vertices, mesh, Views.of([Camera((0.0, -1.0, 0.0), (0.0, 0.0, 0.0), 0.4)], vertices), 65)
    colours = seen.picture(normal_colours(seen, seen.normal), torch.zeros(1, 3), False)[0]
    assert colours[:, 32, 32].tolist() == pytest.approx([0.5, 0.5, 1.0], abs=0.05)  # faces the camera: blue
    assert colours[0, 32, 45] > 0.6 > 0.4 > colours[0, 32, 20]  # the right side is redder
    assert colours[1, 20, 32] > 0.6 > 0.4 > colours[1, 45, 32]  # the upper side is greener
    shades = seen.picture(depth_shades(seen), torch.zeros(1, 1), False)[0, 0]
    assert float(shades[32, 32]) == pytest.approx(1.0, abs=0.02)
    assert 0.19 < float(shades[shades > 0].min()) < 0.5


def test_cameras_stay_on_the_arc_and_lights_in_front() -> None:
    arc, random = Arc((0.0, 0.02, 0.1), 0.14), torch.Generator().manual_seed(5)
    cameras = arc.draw(200, random)
    yaws = [math.degrees(math.atan2(camera.position[0], 0.02 - camera.position[1])) for camera in cameras]
    assert max(yaws) <= 45.0 + 1e-3 and min(yaws) >= -45.0 - 1e-3 and max(yaws) > 35.0 and min(yaws) < -35.0
    some = Views.of(cameras, torch.zeros(1))
    light = random_light(some, random)
    assert bool(((light.towards * some.axes[:, 2]).sum(dim=1) <= 0.0).all())
    assert torch.allclose(light.colour + light.around, torch.ones(200, 3))
    grounds = random_grounds(200, random, torch.zeros(1))
    assert float(grounds.min()) >= 0.0 and float(grounds.max()) <= 1.0 and float(grounds.std()) > 0.2


def test_the_same_seed_draws_the_same() -> None:
    arc = Arc((0.0, 0.0, 0.0), 0.14)
    one, other = (arc.draw(3, torch.Generator().manual_seed(8)) for _ in range(2))
    assert one == other != arc.draw(3, torch.Generator().manual_seed(9))


ENGINES: dict[str, Callable[[], Rasteriser]] = {"warp": WarpRasteriser, "nvdiffrast": NvdiffrastRasteriser}


@pytest.mark.parametrize("name", ENGINES)
def test_every_rasteriser_keeps_to_the_contract(name: str) -> None:
    if name == "nvdiffrast" and not has_nvdiffrast():
        pytest.skip("nvdiffrast is not installed here, or there is no CUDA device")
    device = torch.device("cuda" if name == "nvdiffrast" else "cpu")
    engine = ENGINES[name]()
    vertices, mesh = ball()
    vertices = vertices.to(device)
    mesh = Mesh(mesh.triangles.to(device), mesh.uv.to(device), mesh.triangle_uvs.to(device))
    arc = Arc((0.0, 0.0, 0.0), 0.14)
    camera = arc.camera(0.3, 0.1)
    seen_from = Views.of([camera, arc.camera(-0.2, 0.0)], vertices)
    known = rasterise_reference(vertices.cpu(), mesh.triangles.cpu(), camera, SIZE).triangle
    shown = engine.triangles(seen_from.to_pixels(vertices, SIZE), mesh.triangles, SIZE)
    assert shown.shape == (2, SIZE, SIZE) and shown.dtype == torch.int64
    assert float((shown[0].cpu() == known).float().mean()) > 0.99
    points = vertices.clone().requires_grad_()
    picture = _cover(look(points, mesh, seen_from, SIZE, engine))
    hard = (shown >= 0).float()
    assert float((picture - hard).abs().max()) <= 0.5 + 1e-5  # a pixel changes by half at most
    blended = (picture > 0.01) & (picture < 0.99)
    assert 0.5 < float(blended.sum()) / (2.0 * math.pi * SIZE * 0.35 * 2) < 2.0  # about the two outlines' length
    picture.sum().backward()
    grown = (points.grad * points.detach()).sum()  # type: ignore[operator]
    assert float(grown) == pytest.approx(2.0 * float(picture.detach().sum()), rel=0.15)


def _cover(seen: Seen) -> Tensor:
    ones = torch.ones(len(seen.pixel), 1, device=seen.vertices.device)
    return seen.picture(ones, torch.zeros(2, 1, device=seen.vertices.device))[:, 0]


def test_the_outermost_crossing_of_every_pair_is_kept() -> None:
    """Among numbers of pixels that single precision can't tell apart."""
    pair = torch.tensor([2**25 + 1, 7, 2**25, 7, 2**25 + 1])
    reach = torch.tensor([0.2, 0.9, 0.7, 0.1, 0.6])
    kept = _outermost(pair, reach)
    assert sorted(kept.tolist()) == [1, 2, 4]
