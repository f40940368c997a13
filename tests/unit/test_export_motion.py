"""Performances in GLB files, read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pygltflib
import pytest
from scipy.spatial.transform import Rotation

from dreamface.errors import BadRequest
from dreamface.export import export
from dreamface.export.motion import needed_keys
from dreamface.performance import Performance
from dreamface.traits import ARKIT_SHAPES
from tests.gltf_validator import validate_glb
from tests.support import synthetic_face, with_hair
from tests.takes import a_take

JAW = ARKIT_SHAPES.index("jawOpen")


@pytest.fixture(scope="module")
def glb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    face = with_hair(synthetic_face(resolution=16, jaw_open=0.25))
    return export(face, tmp_path_factory.mktemp("glb") / "face.glb", take=a_take())


@pytest.fixture(scope="module")
def gltf(glb: Path) -> Any:
    return pygltflib.GLTF2.load_binary(str(glb))


def values_of(gltf: Any, accessor: int) -> Any:
    found = gltf.accessors[accessor]
    view = gltf.bufferViews[found.bufferView]
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[found.type]
    data = gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    return np.frombuffer(data, np.float32, found.count * width).reshape(found.count, width)


def played(gltf: Any, node: int, path: str, times: Any) -> Any:
    """[T, C] what a node's property is at those times, as a viewer has it: straight lines between keys."""
    animation = gltf.animations[0]
    channel = next(each for each in animation.channels if (each.target.node, each.target.path) == (node, path))
    sampler = animation.samplers[channel.sampler]
    assert sampler.interpolation == "LINEAR"
    keys = values_of(gltf, sampler.input)[:, 0]
    values = values_of(gltf, sampler.output).reshape(len(keys), -1)
    return np.stack([np.interp(times, keys, column) for column in values.T], axis=1)


def test_khronos_validator_finds_nothing_wrong(glb: Path) -> None:
    report = validate_glb(glb)
    assert (report["issues"]["numErrors"], report["issues"]["numWarnings"]) == (0, 0), report["issues"]["messages"]
    assert report["info"]["animationCount"] == 1


def test_every_mesh_with_shapes_plays_the_take_teeth_and_cards_too(gltf: Any) -> None:
    take, moved = a_take(), set()
    for index, node in enumerate(gltf.nodes):
        if node.mesh is not None and gltf.meshes[node.mesh].weights:
            weights = played(gltf, index, "weights", take.times)
            assert np.abs(weights[:, : len(ARKIT_SHAPES)] - take.weights).max() < 1.1e-4, node.name
            moved.add(node.name)
    assert {"skin", "upper_teeth", "left_iris", "right_cornea", "hair"} <= moved


def test_the_root_turns_and_moves_with_the_head(gltf: Any) -> None:
    take = a_take()
    rotations = Rotation.from_quat(played(gltf, 0, "rotation", take.times))
    up = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])  # ours to glTF's axes
    ours = Rotation.from_euler("ZXY", take.head).as_matrix()
    assert np.abs(rotations.as_matrix() - up @ ours @ up.T).max() < 1e-3
    looks = rotations.apply([0.0, 0.0, 1.0])  # the face looks along +Z
    assert looks[30][0] > 0.2  # to the person's left at 1 s
    assert looks[0][1] < -0.15  # and down at first
    shift = played(gltf, 0, "translation", take.times)
    assert shift == pytest.approx((take.position - take.position[0]) @ up.T, abs=2e-4)


def head_space(gltf: Any, take: Performance) -> tuple[Any, Any]:
    """[T, 3, 3] turns and [T, 3] shifts of what hangs on the head's bone, from where it is at rest."""
    names = [node.name for node in gltf.nodes]
    head, place, turns = names.index("head"), np.zeros(3), np.tile(np.eye(3), (len(take), 1, 1))
    parent = {child: index for index, node in enumerate(gltf.nodes) for child in node.children or []}
    node = head
    while node != 0:
        place = place + np.array(gltf.nodes[node].translation)
        node = parent[node]
    turns = Rotation.from_quat(played(gltf, head, "rotation", take.times)).as_matrix()
    paths = {each.target.path for each in gltf.animations[0].channels if each.target.node == 0}
    shift = played(gltf, 0, "translation", take.times) if "translation" in paths else np.zeros((len(take), 3))
    return turns, shift + place - turns @ place


def test_a_head_on_bones_goes_where_one_without_goes(gltf: Any, tmp_path: Path) -> None:
    take = a_take()
    rigged = export(synthetic_face(resolution=16, side=2), tmp_path / "a.glb", rig="dreamface", take=take)
    turns, shift = head_space(pygltflib.GLTF2.load_binary(str(rigged)), take)
    other = played(gltf, 0, "translation", take.times)
    assert np.abs(turns - Rotation.from_quat(played(gltf, 0, "rotation", take.times)).as_matrix()).max() < 1e-3
    assert np.abs((shift - shift[0]) - (other - other[0])).max() < 1e-3  # metres


def test_a_head_on_bones_without_a_place_turns_about_its_bone(tmp_path: Path) -> None:
    take = a_take(position=np.zeros((60, 3), np.float32))
    rigged = export(synthetic_face(resolution=16, side=2), tmp_path / "a.glb", rig="dreamface", take=take)
    document = pygltflib.GLTF2.load_binary(str(rigged))
    assert not [each for each in document.animations[0].channels if each.target.path == "translation"]


def test_eyes_are_turned_by_their_shapes_and_not_twice(gltf: Any) -> None:
    turned = {
        gltf.nodes[each.target.node].name for each in gltf.animations[0].channels if each.target.path == "rotation"
    }
    assert turned == {"head"}


def test_a_take_without_head_and_place_moves_weights_alone(tmp_path: Path) -> None:
    still = a_take(position=np.zeros((60, 3), np.float32), head=np.zeros((60, 3), np.float32))
    gltf = pygltflib.GLTF2.load_binary(
        str(export(synthetic_face(resolution=16, side=2), tmp_path / "a.glb", take=still))
    )
    assert {each.target.path for each in gltf.animations[0].channels} == {"weights"}


def test_shapes_beyond_arkits_stay_as_the_face_wears_them(tmp_path: Path) -> None:
    face = synthetic_face(resolution=16, side=2, extra_shapes=("cheekPuff_L",))
    path = export(face, tmp_path / "a.glb", take=a_take())
    gltf = pygltflib.GLTF2.load_binary(str(path))
    node = next(i for i, each in enumerate(gltf.nodes) if each.name == "skin")
    weights = played(gltf, node, "weights", a_take().times)
    assert weights.shape[1] == len(ARKIT_SHAPES) + 1
    assert not weights[:, -1].any()


def test_a_take_of_one_moment_is_valid(tmp_path: Path) -> None:
    path = export(synthetic_face(resolution=16, side=2), tmp_path / "a.glb", take=a_take(1))
    assert validate_glb(path)["issues"]["numErrors"] == 0


def test_without_a_take_there_is_no_animation(tmp_path: Path) -> None:
    assert not pygltflib.GLTF2.load_binary(
        str(export(synthetic_face(resolution=16, side=2), tmp_path / "a.glb"))
    ).animations


def test_an_obj_holds_no_movement(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"end the name in \.glb or \.blend"):
        export(synthetic_face(resolution=16, side=2), tmp_path / "a.obj", take=a_take())


# ---------------------------------------------------------------------------------------------------------------- keys


def test_straight_movement_needs_two_keys() -> None:
    times = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.1, 500))
    values = np.stack((3.0 * times, 1.0 - times, np.full(500, 0.25)), axis=1)
    assert needed_keys(times, values).tolist() == [0, 499]


def test_what_is_left_out_is_on_the_line() -> None:
    take: Performance = a_take(600, 60.0)
    values = np.concatenate((take.weights, take.head), axis=1).astype(np.float64)
    for tolerance in (1e-4, 1e-3, 1e-2):
        kept = needed_keys(take.times, values, tolerance)
        again = np.stack([np.interp(take.times, take.times[kept], column[kept]) for column in values.T], axis=1)
        assert np.abs(again - values).max() <= tolerance * 1.001
        assert (np.diff(kept) > 0).all()
    assert len(kept) < 100


def test_a_still_face_costs_two_keys_and_one_moment_one() -> None:
    assert needed_keys(np.arange(9) / 30.0, np.zeros((9, 52))).tolist() == [0, 8]
    assert needed_keys(np.zeros(1), np.zeros((1, 52))).tolist() == [0]
