"""The built-in head: topology, identity, expressions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamface.errors import BadRequest
from dreamface.face import Head, split_quads
from dreamface.head import HeadSource, load_model
from dreamface.head.anny import bank
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.render import Camera, RayMesh, preview, rasterise
from dreamface.skin import materials
from dreamface.traits import ARKIT_SHAPES, SHAPE_TRAITS, Traits


def person(seed: int, asked: dict[str, float] | None = None) -> Head:
    return load_model("anny").build(HeadSource(complete(Traits(asked or {}), seed), stream(seed, "head")))


@pytest.fixture(scope="module")
def adult() -> Head:
    return person(3, {"age": 30.0, "gender": 1.0})


@pytest.fixture(scope="module")
def adult_shapes(adult: Head) -> Tensor:
    return load_model("anny").shapes(adult)


A_FEW_PIXELS = 4  # at the mouth's corners, where lips meet at a point


def part_of(head: Head, values: Tensor, name: str) -> Tensor:
    return values[..., slice(*head.topology.part(name).vertices), :]


# ------------------------------------------------------------------------------------------------------------- topology


def test_parts_cover_all_vertices_and_faces_once(adult: Head) -> None:
    topology = adult.topology
    assert [part.vertices[0] for part in topology.parts[1:]] == [part.vertices[1] for part in topology.parts[:-1]]
    assert topology.parts[-1].vertices[1] == len(adult.vertices)
    assert topology.parts[-1].faces[1] == len(topology.faces)
    for part in topology.parts:
        used = topology.faces[slice(*part.faces)]
        assert used.unique().tolist() == list(range(*part.vertices))


def test_it_has_what_a_head_has(adult: Head) -> None:
    materials = {part.material for part in adult.topology.parts}
    assert materials == {"skin", "sclera", "iris", "cornea", "teeth", "gums", "tongue", "lashes"}


def test_every_face_is_a_quad_with_area(adult: Head) -> None:
    corners = adult.vertices[split_quads(adult.topology.faces)].double()
    area = 0.5 * torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).norm(dim=1)
    assert all(len(set(face)) == 4 for face in adult.topology.faces.tolist())
    assert float((area[0::2] + area[1::2]).min()) > 1e-12


def test_skin_is_one_sheet_with_one_border_at_the_bust(adult: Head) -> None:
    faces = adult.topology.faces[slice(*adult.topology.part("skin").faces)]
    edges = torch.stack((faces, faces.roll(-1, 1)), -1).reshape(-1, 2).sort(dim=1).values
    unique, uses = edges.unique(dim=0, return_counts=True)
    assert int(uses.max()) == 2
    border = unique[uses == 1].unique()
    assert float(adult.vertices[border, 2].max()) < 0.03  # nothing open above the base of the neck
    assert len(faces.unique()) - len(unique) + len(faces) == 1  # Euler characteristic of a disc


def test_closed_parts_face_outwards(adult: Head) -> None:
    for name in ("skin", "left_sclera", "upper_teeth", "lower_teeth", "tongue"):
        part = adult.topology.part(name)
        corners = adult.vertices[split_quads(adult.topology.faces[slice(*part.faces)])]
        corners = corners - adult.vertices[slice(*part.vertices)].mean(dim=0)
        volume = (torch.linalg.cross(corners[:, 0], corners[:, 1]) * corners[:, 2]).sum() / 6.0
        assert float(volume) > 0.0, name


def test_skin_texture_does_not_overlap(adult: Head) -> None:
    """Count how many triangles claim each sample point of the tile."""
    topology = adult.topology
    part = topology.part("skin")
    corners = topology.uv[split_quads(topology.face_uvs[slice(*part.faces)])].double()
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    determinant = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    assert float(determinant.min()) > 0.0
    points = torch.rand(4000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    points = points[points[:, 0].argsort()]
    left, right = corners[..., 0].amin(dim=1), corners[..., 0].amax(dim=1)
    # [F, 2, 2]: what a point's distance from the first corner is multiplied with to give two of its barycentrics
    to_shares = torch.linalg.inv(torch.stack((first, second), dim=-1))
    at_corner = (to_shares @ corners[:, 0, :, None])[..., 0]
    for some in points.split(50):  # all at once would be gigabytes
        beside = (right > some[0, 0]) & (left < some[-1, 0])
        a, b = (some @ to_shares[beside, row].T - at_corner[beside, row] for row in (0, 1))
        assert int(((a > 0) & (b > 0) & (a + b < 1)).sum(dim=1).max()) <= 1


def test_the_face_takes_most_of_its_tile(adult: Head) -> None:
    topology = adult.topology
    faces = slice(*topology.part("skin").faces)
    quads = topology.uv[topology.face_uvs[faces]]
    diagonals = quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1]
    area = 0.5 * (diagonals[0][:, 0] * diagonals[1][:, 1] - diagonals[0][:, 1] * diagonals[1][:, 0]).abs()
    scalp = topology.regions["scalp"][topology.faces[faces]].mean(dim=1)
    below_chin = adult.vertices[topology.faces[faces]][..., 2].mean(dim=1) < float(adult.landmark("menton")[2]) - 0.01
    face = (scalp < 0.5) & ~below_chin
    assert float(area[face].sum()) > 0.5 * float(area.sum())


def test_left_and_right_have_the_same_texel_density(adult: Head) -> None:
    topology = adult.topology
    left = torch.tensor([topology.landmarks[n] for n in topology.landmarks if n.endswith("_l")])
    right = torch.tensor([topology.landmarks[n] for n in topology.landmarks if n.endswith("_r")])
    uv_of = torch.zeros(len(adult.vertices), 2)
    faces = slice(*topology.part("skin").faces)
    uv_of[topology.faces[faces].flatten()] = topology.uv[topology.face_uvs[faces].flatten()]
    mirrored = torch.stack((1.0 - uv_of[right, 0], uv_of[right, 1]), dim=1)
    assert torch.allclose(uv_of[left], mirrored, atol=2e-3)


def test_regions_lie_where_they_should(adult: Head) -> None:
    points, regions = adult.topology.landmarks, adult.topology.regions
    expected = {
        "lips_upper": "labrale_superius", "lips_lower": "multipie_57", "nose": "pronasale", "chin": "pogonion",
        "forehead": "metopion", "ears": "ear_back_l", "scalp": "crown", "neck": "jugular_notch", "beard": "pogonion",
        "cheeks": "upper_cheek_r", "under_eyes": "eye_bag_l", "brows": "brow_arch_r", "lids_upper": "lid_upper_l",
    }  # fmt: skip
    for region, landmark in expected.items():
        assert regions[region].min() >= 0.0
        assert regions[region].max() <= 1.0
        assert float(regions[region][points[landmark]]) > 0.5, region
    assert float(regions["scalp"][points["glabella"]]) == 0.0
    assert float(regions["lips_upper"][points["pogonion"]]) == 0.0


def test_multipie_landmarks_run_in_order(adult: Head) -> None:
    points = adult.vertices[adult.topology.multipie]
    assert points[:17, 0].diff().min() > -0.002  # jaw, from right to left; beside the ears it runs straight up
    assert points[17:27, 0].diff().min() > 0.0  # brows
    assert points[27:31, 2].diff().max() < 0.0  # down the nose
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]  # eye corners
    assert points[48, 0] < points[51, 0] < points[54, 0]  # mouth
    assert points[8, 2] < points[:, 2].min() + 0.002  # chin


# ------------------------------------------------------------------------------------------------------------- identity


def test_a_head_has_the_size_of_a_head(adult: Head) -> None:
    width = adult.landmark("zygion_l")[0] - adult.landmark("zygion_r")[0]
    height = adult.landmark("crown")[2] - adult.landmark("menton")[2]
    assert 0.11 < float(width) < 0.16
    assert 0.18 < float(height) < 0.27
    assert float(adult.landmark("pronasale")[1]) < float(adult.landmark("crown")[1])  # the face looks along -Y


def test_same_seed_same_head_and_stored_identity_gives_it_back() -> None:
    head, again = person(9), person(9)
    assert torch.equal(head.vertices, again.vertices)
    assert torch.equal(load_model("anny").build(HeadSource(identity=dict(head.identity))).vertices, head.vertices)


def test_two_seeds_are_two_people() -> None:
    asked = {"age": 40.0, "gender": -1.0, "ancestry.european": 1.0, "nose.width": 1.0}
    skins = [person(seed, asked).vertices[:17000] for seed in (1, 2)]
    assert float((skins[0] - skins[1]).norm(dim=1).mean()) > 0.002


# The base mesh's chin is as smooth as it gets: its cleft slider cuts whichever way it is pushed.
@pytest.mark.parametrize("trait", [name for name in SHAPE_TRAITS if name not in ("asymmetry", "chin.cleft")])
def test_each_shape_trait_can_be_asked_for(trait: str) -> None:
    """Asking for more and for less of a trait moves its measurement there, or at least far that way."""
    person_traits = {"age": 30.0, "gender": -0.2, "ancestry.european": 0.5, "ancestry.african": 0.5}
    model = load_model("anny")
    low, high = (model.measure(person(4, person_traits | {trait: value}))[trait] for value in (-1.5, 1.5))
    assert high - low > 2.2
    assert abs(high - 1.5) < 0.7
    assert abs(low + 1.5) < 0.7


def test_asymmetry_can_be_asked_for() -> None:
    model = load_model("anny")
    even, uneven = (model.measure(person(4, {"asymmetry": value}))["asymmetry"] for value in (-1.5, 2.0))
    assert uneven - even > 2.0


def test_age_changes_the_head() -> None:
    child, grown = person(5, {"age": 6.0}), person(5, {"age": 30.0})
    size = [float(head.landmark("crown")[2] - head.landmark("menton")[2]) for head in (child, grown)]
    assert size[0] < 0.95 * size[1]


def test_ancestry_changes_the_head() -> None:
    model = load_model("anny")
    heads = [person(5, {"age": 30.0, f"ancestry.{name}": 1.0}) for name in ("african", "east_asian", "european")]
    african, east_asian, european = (model.measure(head) for head in heads)
    assert african["nose.width"] > european["nose.width"] + 0.5
    assert african["lips.lower"] > european["lips.lower"] + 0.3
    assert european["nose.bridge_height"] > east_asian["nose.bridge_height"] + 0.3


def test_the_best_model_is_loaded_once() -> None:
    assert load_model("auto") is load_model("anny")
    with pytest.raises(BadRequest, match="no head model 'ogre'"):
        load_model("ogre")


@pytest.mark.parametrize(
    "content",
    [b"", pytest.param(b"PK", marks=pytest.mark.slow), pytest.param(b"not an archive", marks=pytest.mark.slow)],
)
def test_a_broken_cache_file_is_made_again(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bank.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    file = bank._cache_file()
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    made = bank.load_bank()
    assert file.stat().st_size > 1_000_000
    again = bank.load_bank()
    assert np.array_equal(made.base, again.base)
    assert made.landmarks == again.landmarks
    assert [path.name for path in file.parent.iterdir()] == [file.name]


# ----------------------------------------------------------------------------------------------------------- expression


def test_every_shape_moves_something_and_only_a_little(adult: Head, adult_shapes: Tensor) -> None:
    reach = adult_shapes.norm(dim=-1).amax(dim=1)
    assert adult_shapes.shape == (52, len(adult.vertices), 3)
    assert float(reach.min()) > 0.001
    assert float(reach.max()) < 0.06


def test_left_shapes_stay_on_the_left(adult: Head, adult_shapes: Tensor) -> None:
    skin = part_of(adult, adult.vertices, "skin")
    for name in ("eyeBlinkLeft", "mouthSmileLeft", "browDownLeft"):
        moved = part_of(adult, adult_shapes[ARKIT_SHAPES.index(name)], "skin").norm(dim=1)
        assert float(moved[skin[:, 0] > 0].sum()) > 5.0 * float(moved[skin[:, 0] < 0].sum()), name


@pytest.mark.parametrize(("name", "axis", "sign"), [
    ("eyeLookUpLeft", 2, 1), ("eyeLookDownLeft", 2, -1), ("eyeLookOutLeft", 0, 1), ("eyeLookInLeft", 0, -1),
    ("eyeLookUpRight", 2, 1), ("eyeLookDownRight", 2, -1), ("eyeLookOutRight", 0, -1), ("eyeLookInRight", 0, 1),
])  # fmt: skip
def test_eyeballs_turn(adult: Head, adult_shapes: Tensor, name: str, axis: int, sign: int) -> None:
    side = "left" if name.endswith("Left") else "right"
    deltas = part_of(adult, adult_shapes[ARKIT_SHAPES.index(name)], f"{side}_iris").mean(dim=0)
    assert sign * float(deltas[axis]) > 0.004
    sclera = part_of(adult, adult.vertices, f"{side}_sclera")
    # It turns in place: every point keeps its distance to the ball's centre.
    centre = 0.5 * (sclera.amin(dim=0) + sclera.amax(dim=0))
    turned = sclera + part_of(adult, adult_shapes[ARKIT_SHAPES.index(name)], f"{side}_sclera")
    stretch = (turned - centre).norm(dim=1) / (sclera - centre).norm(dim=1)
    assert float((stretch - 1.0).abs().max()) < 0.06


def test_lower_teeth_and_tongue_follow_the_jaw(adult: Head, adult_shapes: Tensor) -> None:
    opened = adult_shapes[ARKIT_SHAPES.index("jawOpen")]
    assert float(part_of(adult, opened, "lower_teeth")[:, 2].mean()) < -0.008
    assert float(part_of(adult, opened, "tongue")[:, 2].mean()) < -0.002
    assert float(part_of(adult, opened, "upper_teeth").norm(dim=1).max()) == 0.0


def seen_parts(head: Head, vertices: Tensor, target: Tensor) -> dict[str, int]:
    """Pixels of each part visible in a close look from the front at `target`, in a picture of 160 x 160."""
    camera = Camera(
        position=(float(target[0]), float(target[1]) - 0.5, float(target[2])), target=tuple(target.tolist()), fov=0.09
    )
    hit = rasterise(vertices, head.topology.triangles, camera, 160).triangle
    quads = hit[hit >= 0] // 2
    counts = {
        part.name: int(((quads >= part.faces[0]) & (quads < part.faces[1])).sum()) for part in head.topology.parts
    }
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("seed", range(6))
def test_shut_lids_leave_no_gap(seed: int) -> None:
    head = person(seed)
    shapes = load_model("anny").shapes(head)
    names = ("sclera", "iris", "cornea")
    for side, shape in (("left", "eyeBlinkLeft"), ("right", "eyeBlinkRight")):
        target = 0.5 * (head.landmark(f"endocanthion_{side[0]}") + head.landmark(f"exocanthion_{side[0]}"))
        open_eye = seen_parts(head, head.vertices, target)
        shut = seen_parts(head, head.vertices + shapes[ARKIT_SHAPES.index(shape)], target)
        assert f"{side}_iris" in open_eye or f"{side}_cornea" in open_eye
        assert not shut.keys() & {f"{side}_{name}" for name in names}


def test_a_closed_mouth_hides_teeth_and_tongue() -> None:
    for seed in range(6):
        head = person(seed)
        seen = seen_parts(head, head.vertices, head.landmark("stomion_superius"))
        inside = ("tongue", "upper_gums", "lower_gums", "upper_teeth", "lower_teeth")
        assert sum(seen.get(name, 0) for name in inside) <= A_FEW_PIXELS, (seed, seen)


@pytest.mark.parametrize("shape", ["eyeBlinkLeft", "jawOpen", "mouthPucker", "mouthSmileLeft", "browInnerUp"])
def test_skin_does_not_fold_over(adult: Head, adult_shapes: Tensor, shape: str) -> None:
    """Neighbouring quads of the face's outside that faced alike still do when the shape is at 1."""
    skin = adult.topology.faces[slice(*adult.topology.part("skin").faces)]
    hidden = adult.topology.regions["mouth_inside"] + adult.topology.regions["eye_sockets"]
    hidden = hidden + adult.topology.regions["lids_margin"]
    outside = skin[(hidden[skin] < 0.01).all(dim=1)]
    edges = torch.stack((outside, outside.roll(-1, 1)), -1).reshape(-1, 2).sort(dim=1).values
    _, inverse = edges.unique(dim=0, return_inverse=True)
    order = inverse.argsort(stable=True)
    twins = inverse[order][1:] == inverse[order][:-1]
    pairs = torch.stack((order[:-1][twins], order[1:][twins]), dim=1) // 4

    def agreement(vertices: Tensor) -> Tensor:
        corners = vertices[outside]
        normals = torch.linalg.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
        normals = torch.nn.functional.normalize(normals, dim=1)
        return (normals[pairs[:, 0]] * normals[pairs[:, 1]]).sum(dim=1)

    alike = agreement(adult.vertices) > 0.5
    posed = agreement(adult.vertices + adult_shapes[ARKIT_SHAPES.index(shape)])
    assert float((posed[alike] < -0.2).float().mean()) < 0.002


def test_the_population_is_its_own_yardstick() -> None:
    model = load_model("anny")
    everyone = np.array([list(model.measure(person(seed)).values()) for seed in range(40)])
    assert np.abs(everyone.mean(axis=0)).max() < 1.2
    assert 0.4 < np.median(everyone.std(axis=0)) < 1.6


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75])
def test_half_shut_lids_cover_the_eye_and_do_not_cut_it(weight: float) -> None:
    """The visible lids lie outside the eyeball, which a straight way from open to shut would lead through."""
    for seed in range(4):
        head = person(seed)
        shapes = load_model("anny").shapes(head)
        for side in ("left", "right"):
            posed = head.vertices + weight * shapes[ARKIT_SHAPES.index(f"eyeBlink{side.capitalize()}")]
            assert _lid_outside_eye(head, posed, side, "lids_upper") > -0.05e-3, (seed, side)


@pytest.mark.parametrize("beside", ["mouthSmile", "noseSneer"])
def test_lower_lids_that_smiles_and_sneers_raise_do_not_cut_the_eye(beside: str) -> None:
    """Each shape clears it alone; squints, cheeks and smiles come together."""
    for seed in range(3):
        head = person(seed)
        shapes = load_model("anny").shapes(head)
        for side in ("left", "right"):
            names = [f"{name}{side.capitalize()}" for name in ("eyeSquint", "cheekSquint", beside)]
            posed = head.vertices + sum(shapes[ARKIT_SHAPES.index(name)] for name in names)
            assert _lid_outside_eye(head, posed, side, "lids_lower") > -0.05e-3, (seed, side)


def _lid_outside_eye(head: Head, posed: Tensor, side: str, lid: str) -> float:
    """Return the least metres by which a lid of a posed head [V, 3] lies outside its eyeball."""
    hidden = head.topology.regions["lids_margin"] + head.topology.regions["eye_sockets"]
    first, last = (head.topology.part(f"{side}_{part}") for part in ("sclera", "cornea"))
    ball = posed[first.vertices[0] : last.vertices[1]]
    centre = posed[slice(*first.vertices)].mean(dim=0)
    lids = posed[(hidden < 0.05) & (head.topology.regions[lid] > 0.5)]
    lids = lids[(lids - centre).norm(dim=1) < 0.03]
    triangles = head.topology.triangles[2 * first.faces[0] : 2 * last.faces[1]] - first.vertices[0]
    reach = RayMesh(ball, triangles).cast(lids + (lids - centre), centre - lids).depth
    outside = (reach - 1.0) * (lids - centre).norm(dim=1)  # of the outermost surface
    return float(outside[torch.isfinite(outside)].min())


def test_the_tongue_comes_out_between_the_lips() -> None:
    """Lips part for it: none of it lies before the upper lip's red."""
    for seed in range(4):
        head = person(seed)
        out = head.vertices + load_model("anny").shapes(head)[ARKIT_SHAPES.index("tongueOut")]
        tongue = out[slice(*head.topology.part("tongue").vertices)]
        upper, lower = (out[head.topology.landmarks[f"stomion_{lip}"]] for lip in ("superius", "inferius"))
        assert float(upper[2] - lower[2]) > 4e-3
        before = tongue[(tongue[:, 1] < upper[1]) & (tongue[:, 0].abs() < 5e-3)]
        assert len(before)
        assert float(before[:, 2].max()) < float(upper[2]) + 0.5e-3, seed


def test_a_tongue_halfway_out_lies_over_the_lower_lip() -> None:
    """A shape moves it on a straight line: it has to clear the lip on the way, too."""
    for seed in range(4):
        head = person(seed)
        half = head.vertices + 0.5 * load_model("anny").shapes(head)[ARKIT_SHAPES.index("tongueOut")]
        tongue = half[slice(*head.topology.part("tongue").vertices)]
        lip = half[head.topology.landmarks["stomion_inferius"]]
        over = tongue[((tongue[:, 1] - lip[1]).abs() < 2e-3) & ((tongue[:, 0] - lip[0]).abs() < 5e-3)]
        assert len(over), seed
        assert float(over[:, 2].min() - lip[2]) > -1.5e-3, seed


def test_an_open_mouth_is_no_black_hole(adult: Head, adult_shapes: Tensor) -> None:
    """Light goes from wall to wall: teeth, tongue and throat are seen, and are darker than the lips before them."""
    posed = adult.vertices + 0.5 * adult_shapes[ARKIT_SHAPES.index("jawOpen")]
    middle = 0.5 * (posed[adult.topology.landmarks["stomion_superius"]] + posed[adult.topology.multipie[66]])
    x, y, z = middle.tolist()
    camera = Camera((x, y - 0.5, z), (x, y, z), fov=0.14)
    look = {name: replace(material, tile=None) for name, material in materials(adult, Traits()).items()}
    picture = preview(posed, adult.topology, look, {}, size=72, camera=camera).mean(dim=2)
    seen = rasterise(posed, adult.topology.triangles, camera, 72).triangle
    quads, faces = seen.div(2, rounding_mode="floor"), adult.topology.faces
    inside = torch.zeros(72, 72, dtype=torch.bool)
    for name in ("upper_teeth", "lower_teeth", "tongue"):
        part = adult.topology.part(name)
        inside |= (quads >= part.faces[0]) & (quads < part.faces[1])
    lining = (adult.topology.regions["mouth_inside"][faces] > 0.9).all(dim=1)
    inside |= lining[quads.clamp(min=0)] & (seen >= 0)
    assert int(inside.sum()) > 150
    assert float(picture[inside].quantile(0.1)) > 0.12
    assert float(picture[inside].median()) < float(picture[~inside].median())


def test_incisors_are_no_boxes(adult: Head) -> None:
    """Edges are arcs, necks are narrower than edges."""
    rows = slice(*adult.topology.part("upper_teeth").vertices)
    tooth = adult.vertices[rows][:100]  # the left middle incisor
    low, high = float(tooth[:, 2].min()), float(tooth[:, 2].max())
    edge = tooth[tooth[:, 2] < low + 1.0e-3]
    neck = tooth[(tooth[:, 2] - low).abs() > 0.75 * (high - low)]
    assert float(neck[:, 0].max() - neck[:, 0].min()) < 0.85 * float(tooth[:, 0].max() - tooth[:, 0].min())
    assert float(edge[:, 0].max() - edge[:, 0].min()) < 0.98 * float(tooth[:, 0].max() - tooth[:, 0].min())


@pytest.mark.parametrize("name", ["anny", "ict"])
def test_heads_built_together_are_those_built_alone(name, request) -> None:
    model = request.getfixturevalue("ict_head") if name == "ict" else load_model(name)
    asked = ({}, {"nose.width": 2.0}, {"age": 7.0, "ears.pointed": 2.0}, {"jaw.width": -1.5, "lips.upper": 1.0})

    def sources():
        return [HeadSource(complete(Traits(one), seed), stream(seed, "head")) for seed, one in enumerate(asked)]

    alone = [model.build(source) for source in sources()]
    stored = HeadSource(identity=alone[1].identity, offset=torch.full_like(alone[1].vertices, 1e-3))
    together = model.build_all([*sources()[:2], stored, *sources()[2:]])
    sculpted = together.pop(2)
    assert torch.allclose(sculpted.vertices, alone[1].vertices + 1e-3, atol=1e-7)
    for one, other in zip(together, alone, strict=True):
        assert float((one.vertices - other.vertices).norm(dim=1).max()) < 1e-5  # a hundredth of a millimetre
        assert one.candidate == other.candidate
