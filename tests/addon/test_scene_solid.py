"""Viewport colours, which are all that Solid view shows of a material."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from dreamface import folder
from tests.addon.faces import read
from tests.support import synthetic_face

GREEN, WHITE, BLACK = (0.08, 0.16, 0.06), (0.6, 0.6, 0.6), (0.0, 0.0, 0.0)  # linear


@pytest.fixture(scope="module")
def face():
    return _with_eyes(synthetic_face(), GREEN)


@pytest.fixture
def iris(imported):
    return imported.parts["left_iris"]


def test_eyes_have_irises_in_their_colour_pupils_and_whites(imported, iris):
    colours = _colours(iris)
    assert colours.keys() == {None, "pupil", "white"}
    red, green, blue = colours[None][:3]
    assert green > 1.5 * red and green > 1.5 * blue
    assert max(colours["pupil"][:3]) < 0.01
    assert min(colours["white"][:3]) > 0.6
    assert min(_solid(imported.parts["left_sclera"])[:3]) > 0.6
    worn = read(iris.data.polygons, "material_index", kind=np.int32)
    assert np.bincount(worn).min() > 0 and len(np.bincount(worn)) == 3


def test_pupils_render_as_their_iris(iris):
    """The copies have the iris' nodes and pictures: only the viewport's colour differs."""
    own, *copies = iris.data.materials
    for copy in copies:
        assert json.loads(copy["dreamface_material"]) == json.loads(own["dreamface_material"])
        assert [_described(node) for node in copy.node_tree.nodes] == [_described(node) for node in own.node_tree.nodes]
        assert len(copy.node_tree.links) == len(own.node_tree.links)


def test_what_is_clear_or_cards_with_hairs_hides_nothing(imported):
    assert _solid(imported.parts["left_cornea"])[3] == 0.0
    assert _solid(imported.skin)[3] == 1.0


def test_helpers_that_nothing_renders_are_hidden_in_the_view(scene, face, tmp_path):
    from dreamface_addon.scene import import_face

    nothing = replace(face.materials["cornea"], ior=1.0)
    helpers = replace(face, materials=face.materials | {"cornea": nothing})
    imported = import_face(folder.save(helpers, tmp_path / "ada"))
    assert imported.parts["left_cornea"].hide_viewport
    assert not imported.parts["left_sclera"].hide_viewport


def test_another_face_has_its_own_eyes(imported, iris, face, tmp_path):
    from dreamface_addon.scene import update_face

    blue = _with_eyes(replace(face, record=replace(face.record, face_id="face-2")), (0.04, 0.08, 0.2), pupil=0.6)
    before = np.bincount(read(iris.data.polygons, "material_index", kind=np.int32))
    update_face(imported.skin, folder.save(blue, tmp_path / "eve"))
    red, green, blue = _colours(iris)[None][:3]
    assert blue > green > red
    after = np.bincount(read(iris.data.polygons, "material_index", kind=np.int32))
    assert len(iris.data.materials) == 3, "the same copies serve again"
    assert after[_slot(iris, "pupil")] > before[_slot(iris, "pupil")]


def test_an_artists_viewport_colours_stay(imported, iris, face, tmp_path):
    from dreamface_addon.scene import update_face

    imported.skin.active_material.diffuse_color = (1.0, 0.0, 1.0, 1.0)
    update_face(imported.skin, folder.save(_with_eyes(face, (0.04, 0.08, 0.2)), tmp_path / "eve"))
    assert tuple(imported.skin.active_material.diffuse_color) == (1.0, 0.0, 1.0, 1.0)


def test_an_eye_whose_faces_an_artist_has_changed_stays_as_it_is(imported, iris, face, bpy, tmp_path):
    from dreamface_addon.scene import update_face

    material = bpy.data.materials.new("my lens")
    iris.data.materials.append(material)
    iris.data.polygons[0].material_index = 3
    update_face(imported.skin, folder.save(_with_eyes(face, (0.04, 0.08, 0.2)), tmp_path / "eve"))
    assert iris.data.materials[iris.data.polygons[0].material_index] == material


@pytest.mark.parametrize("suffix", [".glb", ".obj"])
def test_files_have_one_material_for_an_iris(imported, iris, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    before = list(iris.data.materials), read(iris.data.polygons, "material_index", kind=np.int32).tolist()
    export_face(imported.skin, tmp_path / f"head{suffix}")
    assert (list(iris.data.materials), read(iris.data.polygons, "material_index", kind=np.int32).tolist()) == before
    data = (tmp_path / f"head{suffix}").read_bytes()
    if suffix == ".obj":
        assert b"pupil" not in data + (tmp_path / "head.mtl").read_bytes()
    else:
        document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
        mesh = next(mesh for mesh in document["meshes"] if mesh["name"] == "Round stranger left iris")
        assert len(mesh["primitives"]) == 1
        assert not [made["name"] for made in document["materials"] if "pupil" in made["name"]]


def _with_eyes(face, colour, pupil=0.45):
    """The face with an eye's picture painted over its eyes' tile: pupil, iris and white, from the middle out."""
    iris = next(part for part in face.head.topology.parts if part.name == "left_iris")
    uv = face.head.topology.uv[face.head.topology.face_uvs[slice(*iris.faces)]].reshape(-1, 2)
    albedo = face.maps["eyes"]["albedo"]
    side = albedo.shape[0]
    place = (torch.arange(side) + 0.5) / side
    middle, reach = (uv.amin(0) + uv.amax(0)) / 2, (uv.amax(0) - uv.amin(0)).amax() / 2
    radius = torch.hypot(place[None, :] - middle[0], place[:, None] - middle[1])[..., None] / reach
    painted = torch.where(radius < pupil, torch.tensor(BLACK), torch.tensor(colour))
    painted = torch.where(radius < 0.85, painted, torch.tensor(WHITE))
    return replace(face, maps={**face.maps, "eyes": {**face.maps["eyes"], "albedo": painted}})


def _solid(object_):
    return tuple(object_.active_material.diffuse_color)


def _colours(object_):
    """Shade, None for the material itself -> its viewport colour."""
    return {material.get("dreamface_shade"): tuple(material.diffuse_color) for material in object_.data.materials}


def _slot(object_, shade):
    return next(i for i, material in enumerate(object_.data.materials) if material.get("dreamface_shade") == shade)


def _described(node):
    return node.bl_idname, node.name, getattr(getattr(node, "image", None), "name", None)
