"""What an artist sees of the skin's relief in a close-up: pores, lines, wrinkles, lips, and how all of it shines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import find_peaks
from torch import Tensor

from dreamface.face import Head, TileMaps, Topology
from dreamface.geometry.subdivision import catmull_clark, linear_subdivision
from dreamface.head import HeadSource, load_model
from dreamface.skin import paint
from dreamface.skin.canvas.atlas import SkinSurface, slopes, surface_of
from dreamface.skin.canvas.layer import Decal, DetailTiles, Ground, Layer
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.compose import Composition, Laid, compose
from dreamface.skin.layers.furrows import FURROWS
from dreamface.skin.layers.relief import LINES, PORES
from dreamface.skin.layers.wrinkles import WRINKLES
from dreamface.traits import Traits, Value

SIZE = 1024
SEED = 5
AREAS = ("forehead", "eyes", "cheeks", "mouth")
PLAIN: dict[str, Value] = {
    "age": 30.0, "hair.style": "bald", "brows.density": 0.0, "stubble.density": 0.0, "freckles.density": 0.0,
    "moles.density": 0.0, "blemishes.density": 0.0, "scars.density": 0.0, "age_spots.density": 0.0,
    "capillaries.density": 0.0, "skin.pores": 0.0, **{f"wrinkles.{area}": 0.0 for area in AREAS},
}  # fmt: skip


@pytest.fixture(scope="module", params=["anny", "ict"])
def head(request: pytest.FixtureRequest) -> Head:
    model = load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")
    found: Head = model.build(HeadSource(Traits({"age": 45.0}), torch.Generator().manual_seed(4)))
    return found


@pytest.fixture(scope="module")
def surface(head: Head) -> SkinSurface:
    return surface_of(head, "skin", SIZE)


@pytest.fixture(scope="module")
def maps(head: Head) -> TileMaps:
    """Of an old face with everything that the skin's own relief has."""
    person = {**PLAIN, "age": 70.0, "skin.pores": 0.5, "skin.oiliness": 0.6}
    traits = Traits({**person, **{f"wrinkles.{area}": 0.8 for area in AREAS}})
    return paint(head, traits, resolution=SIZE, seed=SEED)["skin"]


def relief(head: Head, *layers: Layer, size: int = SIZE, seed: int = SEED, **traits: Value) -> Tensor:
    """[S, S] metres of some layers alone; `skin__pores` stands for `skin.pores`."""
    named = Traits({**PLAIN, **{name.replace("__", "."): value for name, value in traits.items()}})
    subject = Subject(head, surface_of(head, "skin", min(size, 512)), size, seed, Traits())
    found: list[Decal | DetailTiles] = []
    for layer in layers:
        own = subject.reading(named, layer.traits)
        found += list(layer.decals(own)) if layer.decals else []
        found += [layer.detail_tiles(own)] if layer.detail_tiles else []
    ground = Ground.blank(subject.surface.atlas.size)
    laid = tuple(Laid(what, 1.0) for what in found)
    composition = Composition(size, ground, subject.surface.metric, torch.zeros(3), torch.zeros(3), laid)
    return compose(composition).maps["displacement"][..., 0]


def wrinkled(head: Head, size: int = SIZE, seed: int = SEED, age: float | None = None, **amounts: float) -> Tensor:
    """[S, S] metres of wrinkles alone."""
    layers = [layer for layer in WRINKLES if layer.name.removesuffix("_wrinkles") in amounts]
    named = {f"wrinkles__{name}": amount for name, amount in amounts.items()}
    return relief(head, *layers, size=size, seed=seed, **({"age": age} if age is not None else {}), **named)


def near(surface: SkinSurface, head: Head, landmark: str, radius: float) -> Tensor:
    """[S, S] bool: within some metres of a landmark."""
    away = surface.position - head.landmark(landmark)[:, None, None]
    return ((away * away).sum(dim=0) < radius**2) & surface.atlas.inside


def roughness_of(height: Tensor, where: Tensor) -> float:
    """Root mean square of the relief, in metres."""
    return float((height[where] - height[where].mean()).square().mean().sqrt())


# ------------------------------------------------------------------------------------------------- wrinkles


WHERE = {
    "forehead": (("metopion", 22e-3), ("glabella", 12e-3)),
    "eyes": (("exocanthion_l", 26e-3), ("eye_bag_l", 12e-3)),
    "cheeks": (("alar_base_l", 14e-3), ("cheilion_l", 24e-3)),
    "mouth": (("labrale_superius", 10e-3), ("chin_side_l", 18e-3)),
}


@pytest.mark.parametrize("area", AREAS)
def test_wrinkles_lie_where_they_are_called_and_deepen(head: Head, surface: SkinSurface, area: str) -> None:
    deep, half = (wrinkled(head, **{area: amount}) for amount in (1.0, 0.5))
    for landmark, radius in WHERE[area]:
        place = near(surface, head, landmark, radius)
        assert roughness_of(deep, place) > 1.3 * roughness_of(half, place) > 1.2e-6, landmark
        assert -3.5e-3 < float(deep[place].min()) < -5e-5, landmark  # a fold, neither a scratch nor a crack
    beyond = surface.atlas.region("neck", "scalp") > 0.9
    assert float(deep[beyond].abs().mean()) < 0.05 * float(deep[deep != 0.0].abs().mean())


def test_wrinkles_of_both_heads_lie_at_the_same_place(ict_head) -> None:
    """Millimetres from the landmarks, not texels: the two layouts have nothing in common."""
    middles = []
    for model in (load_model("anny"), ict_head):
        head = model.build(HeadSource(Traits({"age": 45.0}), torch.Generator().manual_seed(4)))
        surface = surface_of(head, "skin", SIZE)
        for area, landmark in (("cheeks", "cheilion_l"), ("eyes", "exocanthion_l"), ("forehead", "metopion")):
            height = wrinkled(head, **{area: 1.0})
            place = near(surface, head, landmark, 32e-3)
            depth = (-height).clamp_min(0.0) * place / (surface.density * 1e-3) ** 2  # each texel by its area
            middle = (surface.position * depth).sum(dim=(1, 2)) / depth.sum()
            middles.append((area, (middle - head.landmark(landmark))[[0, 2]]))
    for (area, first), (_, second) in zip(middles[:3], middles[3:], strict=True):
        assert float((first - second).norm()) < (6e-3 if area == "forehead" else 4e-3), area  # brows differ in height


@pytest.mark.parametrize("side", ["l", "r"])
def test_old_cheeks_have_folds_and_no_gills(head: Head, side: str) -> None:
    """Across the cheek beside the mouth there are one or two folds, not a row of parallel grooves."""
    height, surface = wrinkled(head, age=78.0, cheeks=0.85, mouth=0.85), surface_of(head, "skin", 512)
    corner = surface.atlas.landmark(f"cheilion_{side}")
    assert corner is not None
    out = torch.linspace(6e-3, 46e-3, 161) * (1.0 if side == "l" else -1.0)
    for up in (-4e-3, 2e-3, 8e-3):
        places = surface.walk(corner.expand(len(out), 2), torch.stack((out, torch.full_like(out, up)), dim=1))
        column, row = (places[:, 0] * SIZE).long(), ((1.0 - places[:, 1]) * SIZE).long()
        section = height[row, column].numpy()
        grooves, _ = find_peaks(-section, prominence=0.2e-3)
        assert len(grooves) <= 3, (up, grooves)
    assert float(height[near(surface_of(head, "skin", SIZE), head, f"alar_base_{side}", 14e-3)].min()) < -0.5e-3


@pytest.mark.parametrize("side", ["l", "r"])
def test_old_eyes_have_bags_and_no_worms(head: Head, surface: SkinSurface, side: str) -> None:
    """What hangs under an old eye is soft: a bag has no steep rim, and no roll lies below it."""
    height = wrinkled(head, age=78.0, eyes=0.9)
    padded = torch.nn.functional.pad(height[None, None], (0, 0, 1, 1), mode="replicate")[0, 0]
    along_u, along_v = slopes(padded, surface.metric, SIZE)
    steep = torch.sqrt(along_u**2 + along_v**2)
    under = near(surface, head, f"eye_bag_{side}", 16e-3) & (surface.position[2] < head.landmark(f"eye_bag_{side}")[2])
    assert float(height[under].max()) < 1.2e-3
    assert float(steep[under].quantile(0.95)) < 0.65
    assert float(height[near(surface, head, f"eye_bag_{side}", 12e-3)].amin()) < -0.25e-3


def test_small_maps_have_the_folds_of_large_ones(head: Head) -> None:
    """At 512, too: as deep at the same places, but for what is too fine for them."""
    large, small = (wrinkled(head, size, age=75.0, eyes=0.8, cheeks=0.8, mouth=0.8) for size in (2048, 512))
    large = torch.nn.functional.avg_pool2d(large[None, None], 4)[0, 0]
    folded = large.abs() > 0.15e-3
    apart = (large - small)[folded].square().mean().sqrt() / large[folded].square().mean().sqrt()
    assert float(apart) < 0.2


def test_left_and_right_are_no_mirror_copies() -> None:
    head = load_model("anny").build(HeadSource(Traits(), torch.Generator().manual_seed(4)))  # its layout is symmetrical
    height = wrinkled(head, eyes=1.0, cheeks=1.0)
    fine = height - torch.nn.functional.avg_pool2d(height[None, None], 15, 1, 7)[0, 0]
    drawn = fine.abs() > 1e-5
    drawn |= drawn.flip(1)
    agreement = torch.corrcoef(torch.stack((fine[drawn], fine.flip(1)[drawn])))[0, 1]
    assert float(agreement) < 0.6


def test_a_wrinkle_stays_where_it_is_while_it_deepens(head: Head) -> None:
    """Moving the slider a little moves the height a little, everywhere."""
    before, after = (wrinkled(head, forehead=amount) for amount in (0.60, 0.62))
    assert 0.0 < float((after - before).abs().max()) < 0.1 * float(before.abs().max())


def test_the_neck_gets_rings_with_age(head: Head, surface: SkinSurface) -> None:
    region = surface.atlas.region("neck") > 0.5
    young, old = (relief(head, WRINKLES[-1], age=age) for age in (25.0, 75.0))
    assert roughness_of(old, region) > 2.0 * roughness_of(young, region) > 0.0
    assert float(old[~region].abs().sum()) < 0.5 * float(old[region].abs().sum())


def test_wrinkles_keep_their_volume_at_every_resolution(head: Head) -> None:
    """What is finer than a texel gets shallower instead of disappearing between texels."""
    volumes = []
    for size in (512, 1024, 2048):
        volumes.append(float(wrinkled(head, size, forehead=0.8).clamp(max=0.0).sum()) / size**2)
    assert volumes[0] == pytest.approx(volumes[2], rel=0.25)
    assert volumes[1] == pytest.approx(volumes[2], rel=0.15)


# ------------------------------------------------------------------------------------------------- pores and lines


def test_pores_differ_by_region(head: Head, surface: SkinSurface) -> None:
    height = relief(head, PORES, skin__pores=0.8)
    depth = {
        name: roughness_of(height, near(surface, head, landmark, 8e-3))
        for name, landmark in (
            ("nose", "pronasale"), ("cheek", "upper_cheek_l"), ("forehead", "metopion"), ("lid", "lid_upper_l"),
            ("neck", "neck_side_l"),
        )
    }  # fmt: skip
    assert depth["nose"] > depth["forehead"] > 2.0 * depth["lid"]
    assert depth["cheek"] > depth["forehead"]
    assert depth["neck"] < 0.3 * depth["forehead"]
    lips = surface.atlas.region("lips_upper", "lips_lower") > 0.9
    assert roughness_of(height, lips) < 0.05 * depth["nose"]


def test_the_pores_trait_scales_them(head: Head, surface: SkinSurface) -> None:
    nose = near(surface, head, "pronasale", 10e-3)
    few, usual, many = (roughness_of(relief(head, PORES, skin__pores=amount), nose) for amount in (0.0, 0.4, 1.0))
    assert 0.0 < 2.0 * few < usual < 0.7 * many


@pytest.mark.parametrize(("landmark", "apart"), [("rhinion", 0.8e-3), ("upper_cheek_l", 1.12e-3)])
def test_pores_are_as_far_apart_as_on_skin(head: Head, landmark: str, apart: float) -> None:
    """Counted where they are deep: about one in three of the cells has a pore that is."""
    size = 4096
    surface = surface_of(head, "skin", size // 4)
    height = relief(head, PORES, size=size, skin__pores=1.0)
    lowest = -torch.nn.functional.max_pool2d(-height[None, None], 7, 1, 3)[0, 0]
    place = near(surface, head, landmark, 6e-3)
    rows, columns = place.nonzero().unbind(1)
    window = (slice(4 * int(rows.min()), 4 * int(rows.max())), slice(4 * int(columns.min()), 4 * int(columns.max())))
    pits = ((height == lowest) & (height < -4e-6))[window]
    inside = place.repeat_interleave(4, dim=0).repeat_interleave(4, dim=1)[window]
    area = float((1.0 / surface.density[place] ** 2).mean()) / size**2 * float(inside.sum())
    spacing = (area / float((pits & inside).sum())) ** 0.5
    assert 0.75 * apart < spacing < 1.6 * apart


def test_fine_lines_follow_the_tension(head: Head, surface: SkinSurface) -> None:
    """Across the forehead furrows run from side to side: the height changes more upwards than sideways."""
    height = relief(head, LINES, size=4 * SIZE, skin__pores=0.5)
    a, _, c = surface.metric
    forehead = near(surface, head, "metopion", 20e-3)
    sideways, upwards = (height[::4, 1::4] - height[::4, ::4]) * a, (height[::4, ::4] - height[1::4, ::4]) * c
    assert float(upwards[forehead].square().mean()) > 1.4 * float(sideways[forehead].square().mean())


def test_skin_is_coarser_when_old(head: Head, surface: SkinSurface) -> None:
    cheek = near(surface, head, "cheek_l", 15e-3)
    young, old = (roughness_of(relief(head, LINES, age=age), cheek) for age in (20.0, 80.0))
    assert old > 1.5 * young > 0.0


# ------------------------------------------------------------------------------------------------- lips


def test_lips_have_upright_furrows_deepest_in_the_middle(head: Head, surface: SkinSurface) -> None:
    height = relief(head, FURROWS, size=4 * SIZE)
    fine, height = height, height[::4, ::4]
    lips = surface.atlas.region("lips_upper", "lips_lower") > 0.9
    assert 1.5e-5 < -float(height[lips].quantile(0.01)) < 2.5e-4
    within = torch.nn.functional.avg_pool2d(lips[None, None].float(), 11, 1, 5)[0, 0] > 0.999  # not at their border
    middle = within & (near(surface, head, "labrale_inferius", 9e-3) | near(surface, head, "labrale_superius", 9e-3))
    a, _, c = surface.metric
    sideways, upwards = (fine[::4, 1::4] - fine[::4, ::4]) * a, (fine[::4, ::4] - fine[1::4, ::4]) * c
    assert float(sideways[middle].square().mean()) > 1.5 * float(upwards[middle].square().mean())
    corner = near(surface, head, "cheilion_l", 8e-3) & lips
    assert roughness_of(height, middle) > 1.2 * roughness_of(height, corner)


def test_a_ridge_runs_around_the_lips(head: Head, surface: SkinSurface) -> None:
    height = relief(head, FURROWS)
    border = near(surface, head, "labrale_superius", 2.5e-3) | near(surface, head, "labrale_inferius", 2.5e-3)
    assert float(height[border].max()) > 3e-5
    assert float(height[near(surface, head, "cheek_l", 20e-3)].abs().max()) == 0.0


# ------------------------------------------------------------------------------------------------- displaced meshes


def fine_topology(topology: Topology) -> tuple[Topology, Any]:
    """The skin, subdivided three times, and the operator that gives its vertices."""
    part = topology.part("skin")
    first, last = part.faces
    faces, uvs = topology.faces[first:last].numpy(), topology.face_uvs[first:last].numpy()
    count, uv = int(faces.max()) + 1, topology.uv[: int(uvs.max()) + 1].double().numpy()
    matrix = None
    for _ in range(3):
        step, flat = catmull_clark(faces, count), linear_subdivision(uvs, len(uv))
        matrix = step.matrix if matrix is None else step.matrix @ matrix
        faces, uvs, count, uv = step.faces, flat.faces, step.matrix.shape[0], flat.matrix @ uv
    fine = Topology(torch.from_numpy(faces), torch.from_numpy(uv).float(), torch.from_numpy(uvs), (), ())
    return fine, matrix


def on_fine_mesh(head: Head, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """[S, S, 3] points and unit normals of the subdivided skin at texels, float64, and [S, S] where it is."""
    from dreamface.skin.canvas import atlas

    fine, matrix = fine_topology(head.topology)
    vertices = torch.from_numpy(np.asarray(matrix @ head.vertices[: matrix.shape[1]].double().numpy()))
    corners, triangles = fine.uv[fine.triangle_uvs], fine.triangles
    places = torch.stack((corners[..., 0] * size - 0.5, (1.0 - corners[..., 1]) * size - 0.5), dim=-1)
    covered = atlas._cover(places, size)
    texel = torch.arange(size * size)
    pixel = torch.stack((texel % size, texel // size), dim=1).double()
    weights = atlas._weights(places[covered.clamp_min(0)].double(), pixel)[..., None]
    a, b, c = vertices[triangles].unbind(1)
    normals = torch.zeros_like(vertices)
    normals.index_add_(0, triangles.reshape(-1), torch.linalg.cross(b - a, c - a).repeat_interleave(3, dim=0))
    normals = torch.nn.functional.normalize(normals, dim=-1)
    chosen = triangles[covered.clamp_min(0)]
    point, normal = ((values[chosen] * weights).sum(dim=1).view(size, size, 3) for values in (vertices, normals))
    return point, torch.nn.functional.normalize(normal, dim=-1), (covered >= 0).view(size, size)


def across(image: Tensor) -> tuple[Tensor, Tensor]:
    """Central differences along u and along v."""
    return image[1:-1, 2:] - image[1:-1, :-2], image[:-2, 1:-1] - image[2:, 1:-1]


def test_normals_are_those_of_the_displaced_skin(head: Head, maps: TileMaps) -> None:
    """Displace the subdivided mesh texel by texel, and compare its normals with the map's, everywhere on the skin.

    Tangents point along growing u, bitangents along growing v (OpenGL's convention). Where neighbouring texels of the
    mesh itself differ by more than a degree from its normal, as where lips touch, no map of this size can say. Where
    folds are a millimetre deep on skin that is curved as much, as around old lids, the map is a little off.
    """
    point, normal, inside = on_fine_mesh(head, SIZE)
    displaced = point + normal * maps["displacement"].double()
    true = torch.nn.functional.normalize(torch.linalg.cross(*across(displaced)), dim=-1)
    along_u, along_v = across(point)
    flat = torch.nn.functional.normalize(torch.linalg.cross(along_u, along_v), dim=-1)
    normal = normal[1:-1, 1:-1]
    tangent = torch.nn.functional.normalize(along_u - (along_u * normal).sum(dim=-1, keepdim=True) * normal, dim=-1)
    x, y, z = maps["normal"][1:-1, 1:-1].double().split(1, dim=-1)
    mapped = x * tangent + y * torch.linalg.cross(normal, tangent) + z * normal
    error, base = (
        torch.rad2deg(torch.acos((one * other).sum(dim=-1).clamp(-1.0, 1.0)))
        for one, other in ((true, mapped), (flat, normal))
    )
    whole = torch.nn.functional.avg_pool2d(inside[None, None].float(), 3, 1)[0, 0] > 0.999
    shown = whole & (base < 1.0)
    assert float(shown.sum()) > 0.97 * float(whole.sum())
    assert float((error[shown] > 2.0).float().mean()) < 1e-2
    assert float((error[shown] > 5.0).float().mean()) < 1e-3
    assert float(error[shown].median()) < 0.15
    steep = shown & (z[..., 0] < 0.97)  # where there is something to get wrong: slopes of more than 14 degrees
    assert int(steep.sum()) > 500 and float(error[steep].quantile(0.9)) < 2.5


# ------------------------------------------------------------------------------------------------- gloss


def test_pores_and_wrinkles_shine_less_and_are_no_darker(head: Head, surface: SkinSurface, maps: TileMaps) -> None:
    layers = dict.fromkeys(("pores", "lines", *(f"{area}_wrinkles" for area in AREAS)), 0.0)
    person = {**PLAIN, "age": 70.0, "skin.pores": 0.5, "skin.oiliness": 0.6}
    traits = Traits({**person, **{f"wrinkles.{area}": 0.8 for area in AREAS}})
    smooth = paint(head, traits, resolution=SIZE, seed=SEED, layers=layers)["skin"]
    deeper = (smooth["displacement"] - maps["displacement"])[..., 0]
    face = surface.atlas.region("forehead", "nose", "temples") > 0.5  # no soft folds there, only grooves
    deep = face & (deeper > 1e-4)
    assert int(deep.sum()) > 300
    dimmed = (maps["specular"] / smooth["specular"])[..., 0]
    assert float(dimmed[deep].mean()) < 0.75
    assert float(dimmed[face & (deeper < -2e-6)].mean()) > 0.95
    assert torch.equal(smooth["albedo"], maps["albedo"])


def test_the_middle_of_the_face_shines_more_than_its_sides(surface: SkinSurface, maps: TileMaps) -> None:
    def mean(channel: str, *regions: str) -> float:
        return float(maps[channel][..., 0][(surface.atlas.region(*regions) > 0.8) & surface.atlas.inside].mean())

    assert mean("roughness", "nose") < mean("roughness", "forehead") < mean("roughness", "cheeks")
    assert mean("roughness", "cheeks") < mean("roughness", "neck")
    assert mean("roughness", "lips_lower") < mean("roughness", "nose")
    assert 0.2 < mean("roughness", "lids_margin") < 0.28 < mean("roughness", "lips_lower"), "wet, but no glint"
    assert mean("specular", "nose") > mean("specular", "cheeks") > mean("specular", "neck")
    for thin in ("ears", "lips_upper", "nostrils"):
        assert mean("subsurface", thin) > 1.2 * mean("subsurface", "cheeks")


def test_gloss_varies_at_several_scales(head: Head, surface: SkinSurface, maps: TileMaps) -> None:
    rough = maps["roughness"][..., 0]
    cheek = near(surface, head, "cheek_l", 18e-3)
    for texels in (9, 41):  # about 2 and 10 mm
        smooth = torch.nn.functional.avg_pool2d(rough[None, None], texels, 1, texels // 2)[0, 0]
        assert float((rough - smooth)[cheek].std()) > 1.5e-3, texels


def test_relief_is_the_same_every_time_and_another_with_another_seed(head: Head) -> None:
    def made(seed: int) -> Tensor:
        layers = (PORES, LINES, FURROWS, *WRINKLES)
        return relief(head, *layers, size=512, seed=seed, age=66.0, skin__pores=0.7, wrinkles__forehead=0.9)

    assert torch.equal(made(1), made(1))
    one, other = made(1), made(2)
    drawn = (one != 0.0) & (other != 0.0)
    assert float(torch.corrcoef(torch.stack((one[drawn], other[drawn])))[0, 1]) < 0.9
