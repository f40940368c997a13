"""Exported files, read back by other people's software."""

from __future__ import annotations

import errno
import io
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import torch
import trimesh
from PIL import Image

from dreamface import images, skin
from dreamface.errors import BadRequest, Cancelled, FolderError
from dreamface.export import export
from dreamface.head import HeadSource
from dreamface.prior import complete
from dreamface.progress import Progress
from dreamface.random_streams import stream
from dreamface.traits import ARKIT_SHAPES, Traits
from tests.gltf_validator import validate_glb
from tests.support import CORNEA_QUADS, NECK_QUADS, synthetic_face, welded_face

JAW_OPEN = ARKIT_SHAPES.index("jawOpen")
PARTS = ["skin", *(f"{side}_{layer}" for side in ("left", "right") for layer in ("sclera", "iris", "cornea"))]
PARTS.append("upper_teeth")


@pytest.fixture(scope="module")
def face():
    return synthetic_face(jaw_open=0.25)


@pytest.fixture(scope="module")
def glb(face, tmp_path_factory):
    return export(face, tmp_path_factory.mktemp("glb") / "face.glb")


@pytest.fixture(scope="module")
def gltf(glb):
    return pygltflib.GLTF2.load_binary(str(glb))


@pytest.fixture(scope="module")
def obj(face, tmp_path_factory):
    return export(face, tmp_path_factory.mktemp("obj") / "old man.obj")


def test_an_unknown_format_is_answered_with_the_known_ones(face, tmp_path):
    with pytest.raises(BadRequest, match=r"face\.fbx has no format .*: end it in \.glb, \.obj, \.blend\."):
        export(face, tmp_path / "face.fbx")


@pytest.mark.parametrize("name", ["face.glb", "face.obj", "FACE.GLB"])
def test_cancelling_leaves_nothing(face, tmp_path, name):
    seen = []
    with pytest.raises(Cancelled):
        export(face, tmp_path / name, Progress(seen.append, lambda: len(seen) >= 6))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["face.glb", "face.obj", "face.blend"])
def test_a_missing_folder_is_named(face, tmp_path, name):
    if name.endswith(".blend") and find_spec("bpy") is None:
        pytest.skip("pip's bpy is not installed: pip install dreamface[blender]")
    with pytest.raises(FolderError, match="nowhere is not a folder: create it first"):
        export(face, tmp_path / "nowhere" / name)


@pytest.mark.parametrize("name", ["face.glb", "face.obj"])
def test_a_read_only_disk_is_named(face, tmp_path, monkeypatch, name):
    """It refuses even to delete what is not there."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    for call in ("write_bytes", "mkdir", "unlink", "rename"):
        monkeypatch.setattr(Path, call, refuse)
    with pytest.raises(FolderError, match="is not writable: choose another place"):
        export(face, tmp_path / name)


@pytest.mark.parametrize("name", ["face.glb", "face.obj"])
def test_the_same_face_gives_the_same_bytes(face, tmp_path, name):
    written = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        export(synthetic_face(jaw_open=0.25), tmp_path / folder / name)
        files = sorted(file for file in (tmp_path / folder).rglob("*") if file.is_file())
        written.append({file.name: file.read_bytes() for file in files})
    assert written[0] == written[1]


# ----------------------------------------------------------------------------------------------------------------- GLB


def test_khronos_validator_finds_nothing_wrong(glb):
    report = validate_glb(glb)
    serious = [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]  # errors and warnings
    assert not serious
    assert report["info"]["hasMorphTargets"]


def test_every_part_is_a_named_node_under_one_root(gltf):
    root, *children = gltf.nodes
    assert [child.name for child in children] == PARTS
    assert root.children == list(range(1, len(gltf.nodes)))


def test_the_file_says_that_the_face_is_synthetic(gltf, face):
    assert gltf.asset.generator.startswith("DreamFace")
    assert "does not show a real person" in gltf.asset.extras["statement"]
    assert gltf.asset.extras["prompt"] == face.prompt


def test_a_head_looks_forward_in_gltfs_axes(glb, face):
    """DreamFace's +Z, the crown, is glTF's +Y; DreamFace's -Y, where the face looks, is glTF's +Z."""
    vertices = trimesh.load(glb).geometry["left_iris"].vertices
    start, stop = face.head.topology.part("left_iris").vertices
    x, y, z = face.head.vertices[start:stop].mean(dim=0).tolist()
    np.testing.assert_allclose(vertices.mean(axis=0), (x, z, -y), atol=2e-4)
    assert vertices[:, 0].mean() > 0.0, "left is +X"


def test_surfaces_face_outwards_with_the_seams_split(glb, face):
    skin = trimesh.load(glb, process=False).geometry["skin"]
    centre = skin.vertices.mean(axis=0)
    outwards = skin.vertices - centre
    assert (np.einsum("vc,vc->v", skin.vertex_normals, outwards) > 0).all()
    assert (np.einsum("fc,fc->f", skin.face_normals, skin.triangles_center - centre) > 0).all()
    start, stop = face.head.topology.part("skin").vertices
    assert len(skin.vertices) > stop - start
    assert len(skin.faces) == 2 * 6 * 8 * 8


def test_texture_coordinates_pick_the_same_texels(gltf, face):
    """Row 0 of an image is v = 1 here and v = 0 in glTF."""
    skin = gltf.meshes[0].primitives[0]
    position, uv = _read(gltf, skin.attributes.POSITION), _read(gltf, skin.attributes.TEXCOORD_0)
    topology = face.head.topology
    x, y, z = face.head.vertices[topology.faces[0, 0]].tolist()
    u, v = topology.uv[topology.face_uvs[0, 0]].tolist()
    same = np.abs(position - (x, z, -y)).max(axis=1) < 1e-6
    assert np.abs(uv[same] - (u, 1 - v)).max(axis=1).min() < 1e-6


def test_tangents_point_along_growing_u(gltf):
    skin = gltf.meshes[0].primitives[0]
    position, normal, tangent, uv = (
        _read(gltf, getattr(skin.attributes, name)) for name in ("POSITION", "NORMAL", "TANGENT", "TEXCOORD_0")
    )
    np.testing.assert_allclose((tangent[:, :3] * normal).sum(axis=1), 0.0, atol=1e-5)
    triangles = _read(gltf, skin.indices).reshape(-1, 3)
    a, b, c = (triangles[:, corner] for corner in range(3))
    uv = uv * (1, -1)  # v up, as tangent space counts it
    edges = np.stack((position[b] - position[a], position[c] - position[a]), axis=1)
    steps = np.stack((uv[b] - uv[a], uv[c] - uv[a]), axis=1)
    by_u, by_v = np.moveaxis(np.linalg.solve(steps, edges), 1, 0)
    bitangent = np.cross(normal, tangent[:, :3]) * tangent[:, 3:]
    for direction, expected in ((tangent[a, :3], by_u), (bitangent[a], by_v)):
        cosine = (direction * expected).sum(axis=1) / np.linalg.norm(expected, axis=1)
        assert cosine.min() > 0.7


def test_moving_parts_carry_all_shapes_by_name_at_the_faces_expression(gltf):
    for mesh in gltf.meshes:
        assert mesh.extras["targetNames"] == list(ARKIT_SHAPES), mesh.name
        assert len(mesh.primitives[0].targets) == len(ARKIT_SHAPES)
        assert {ARKIT_SHAPES[i]: weight for i, weight in enumerate(mesh.weights) if weight} == {"jawOpen": 0.25}


def test_shapes_beyond_arkits_are_exported_by_name(tmp_path):
    extra = ("browFurrowDeep", "neckTense")
    face = synthetic_face(jaw_open=0.25, extra_shapes=extra)
    skin = pygltflib.GLTF2.load_binary(str(export(face, tmp_path / "face.glb"))).meshes[0]
    assert skin.extras["targetNames"] == [*ARKIT_SHAPES, *extra]
    assert len(skin.primitives[0].targets) == len(skin.weights) == 54
    assert skin.weights[52:] == [0.0, 0.0]
    assert export(face, tmp_path / "face.obj").read_text().count("\nv ") == len(face.head.vertices)


def test_a_part_that_nothing_moves_has_no_shapes(tmp_path):
    still = synthetic_face()
    still.shapes[:, slice(*still.head.topology.part("upper_teeth").vertices)] = 0.0
    gltf = pygltflib.GLTF2.load_binary(str(export(still, tmp_path / "still.glb")))
    counts = {mesh.name: len(mesh.primitives[0].targets) for mesh in gltf.meshes}
    assert counts == {part: 0 if part == "upper_teeth" else len(ARKIT_SHAPES) for part in PARTS}


def test_a_morph_target_gives_the_shapes_vertices_and_their_normals(gltf, face):
    skin = gltf.meshes[0].primitives[0]
    target = skin.targets[JAW_OPEN]
    moved = _read(gltf, skin.attributes.POSITION) + _read(gltf, target["POSITION"])
    normals = _read(gltf, skin.attributes.NORMAL) + _read(gltf, target["NORMAL"])
    start, stop = face.head.topology.part("skin").vertices
    expected = (face.head.vertices + face.shapes[JAW_OPEN])[start:stop].numpy() @ np.array(
        [[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32
    )
    distances = np.abs(moved[:, None] - expected[None]).max(axis=2).min(axis=1)
    assert distances.max() < 2e-6

    triangles = _read(gltf, skin.indices).reshape(-1, 3)
    reference = trimesh.Trimesh(moved, triangles, process=True, merge_tex=True, merge_norm=True)
    _, nearest = reference.kdtree.query(moved)
    cosine = (reference.vertex_normals[nearest] * normals).sum(axis=1)
    assert cosine.min() > 0.98


def test_skin_material_has_its_maps(gltf, face):
    material = gltf.materials[0]
    pbr = material.pbrMetallicRoughness
    assert (pbr.metallicFactor, pbr.roughnessFactor) == (0.0, 1.0)
    np.testing.assert_array_equal(
        _texture(gltf, pbr.baseColorTexture.index), images.encode_srgb8(face.maps["skin"]["albedo"])
    )
    packed = _texture(gltf, pbr.metallicRoughnessTexture.index)
    np.testing.assert_array_equal(packed[..., 1:2], images.encode_unit8(face.maps["skin"]["roughness"]))
    np.testing.assert_array_equal(packed[..., 0:1], images.encode_unit8(face.maps["skin"]["specular"]))
    np.testing.assert_array_equal(
        _texture(gltf, material.normalTexture.index), images.encode_normal8(face.maps["skin"]["normal"])
    )
    assert material.extensions["KHR_materials_specular"]["specularColorFactor"] == [2.0] * 3


def test_the_cornea_lets_light_through(gltf):
    cornea = next(material for material in gltf.materials if material.name == "cornea")
    assert cornea.extensions["KHR_materials_transmission"] == {"transmissionFactor": 1.0}
    assert 0.002 < cornea.extensions["KHR_materials_volume"]["thicknessFactor"] < 0.004, "metres to the iris"
    assert cornea.extensions["KHR_materials_ior"] == {"ior": 1.376}
    assert cornea.pbrMetallicRoughness.roughnessFactor == 0.02
    assert cornea.extensions["KHR_materials_specular"] == {"specularColorFactor": [10.0] * 3}
    assert {"KHR_materials_transmission", "KHR_materials_ior"} <= set(gltf.extensionsUsed)


def test_the_iris_is_seen_where_nobody_knows_transmission(gltf, face):
    """Core glTF has alpha alone; a tenth of a dark colour is a veil that an iris shines through."""
    for material in gltf.materials:
        clear = face.materials[material.name].transmission > 0.0
        *colour, alpha = material.pbrMetallicRoughness.baseColorFactor
        assert material.alphaMode == ("BLEND" if clear else "OPAQUE"), material.name
        assert alpha == (0.1 if clear else 1.0)
        if clear:
            assert alpha * max(colour) < 0.05, "what is added to the iris"
            strength = material.extensions["KHR_materials_specular"]["specularColorFactor"][0]
            assert strength * alpha == pytest.approx(1.0), "the highlight is as bright as a cornea's"


def test_pictures_that_are_the_same_are_written_once(face, tmp_path):
    """As both eyes' roughness."""
    twin = {**face.maps["eyes"], "normal": face.maps["skin"]["normal"]}
    path = export(replace(face, maps={**face.maps, "eyes": twin}), tmp_path / "face.glb")
    gltf = pygltflib.GLTF2.load_binary(str(path))
    skin, eye = (next(material for material in gltf.materials if material.name == name) for name in ("skin", "iris"))
    assert skin.normalTexture.index == eye.normalTexture.index
    pictures = {
        gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
        for view in (gltf.bufferViews[image.bufferView] for image in gltf.images)
    }
    assert len(pictures) == len(gltf.images) == len(gltf.textures)
    for mesh in gltf.meshes:
        for primitive in mesh.primitives:
            mapped = gltf.materials[primitive.material].normalTexture is not None
            assert (primitive.attributes.TANGENT is not None) == mapped, mesh.name
    assert not [issue for issue in validate_glb(path)["issues"]["messages"] if issue["severity"] <= 1]


@pytest.fixture(scope="module")
def oily(face):
    """A face with a second gloss on skin and cornea, and a golden ornament."""
    materials = face.materials | {
        "skin": replace(face.materials["skin"], coat=0.3, coat_roughness=0.6, coat_ior=1.4),
        "cornea": replace(face.materials["cornea"], coat=1.0, coat_roughness=0.01, coat_ior=1.5),
    }
    gold = torch.zeros(32, 32, 1)
    gold[8:16] = 1.0
    return replace(face, materials=materials, maps={**face.maps, "skin": {**face.maps["skin"], "metallic": gold}})


def test_a_second_gloss_is_a_clear_coat(oily, tmp_path):
    gltf = pygltflib.GLTF2.load_binary(str(export(oily, tmp_path / "face.glb")))
    skin, cornea = (
        next(material for material in gltf.materials if material.name == name) for name in ("skin", "cornea")
    )
    coat = skin.extensions["KHR_materials_clearcoat"]
    packed = skin.pbrMetallicRoughness.metallicRoughnessTexture.index
    assert coat["clearcoatTexture"] == coat["clearcoatRoughnessTexture"] == {"index": packed}
    assert coat["clearcoatNormalTexture"] == {"index": skin.normalTexture.index}
    assert coat["clearcoatRoughnessFactor"] == 0.6, "a share of the map"
    straight_on = (
        coat["clearcoatFactor"] * 0.5 * 0.04
    )  # at a specular level of 0.5, by glTF's fixed index of refraction
    assert straight_on == pytest.approx(0.3 * (0.4 / 2.4) ** 2)
    assert cornea.extensions["KHR_materials_clearcoat"] == {"clearcoatFactor": 1.0, "clearcoatRoughnessFactor": 0.01}
    assert {"KHR_materials_clearcoat", "KHR_materials_volume"} <= set(gltf.extensionsUsed)


def test_without_a_second_gloss_there_is_no_clear_coat(gltf):
    assert not any("KHR_materials_clearcoat" in material.extensions for material in gltf.materials)


def test_metal_is_the_blue_of_the_packed_texture(oily, gltf, tmp_path):
    golden = pygltflib.GLTF2.load_binary(str(export(oily, tmp_path / "face.glb"))).materials[0].pbrMetallicRoughness
    assert (golden.metallicFactor, gltf.materials[0].pbrMetallicRoughness.metallicFactor) == (1.0, 0.0)
    golden_glb = pygltflib.GLTF2.load_binary(str(tmp_path / "face.glb"))
    blue = _texture(golden_glb, golden.metallicRoughnessTexture.index)[..., 2]
    assert blue.shape == (64, 64), "as large as the roughness map"
    assert (blue[20:28] == 255).all() and not blue[40:].any()


def test_khronos_validator_finds_nothing_wrong_with_second_gloss_and_metal(oily, tmp_path):
    report = validate_glb(export(oily, tmp_path / "face.glb"))
    assert not [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]


# ----------------------------------------------------------------------------------------------------------------- OBJ


def test_an_objs_materials_have_their_second_gloss_and_metal(oily, tmp_path):
    text = export(oily, tmp_path / "face.obj").with_suffix(".mtl").read_text()
    skin, cornea = (text.partition(f"newmtl {name}\n")[2].partition("newmtl")[0] for name in ("skin", "cornea"))
    assert "Pc 0.3\nPcr 0.27\n" in skin, "0.6 of the skin's 0.45"
    assert "map_Pm face_textures/metallic.1001.png" in skin
    assert "Pc 1\nPcr 0.01\n" in cornea
    assert "Pc " not in text.partition("newmtl teeth\n")[2].partition("newmtl")[0]


def test_an_obj_keeps_quads_parts_and_texture_coordinates(obj, face):
    lines = obj.read_text().splitlines()
    topology = face.head.topology
    faces = [line.split()[1:] for line in lines if line.startswith("f ")]
    assert [[int(corner.split("/")[0]) - 1 for corner in corners] for corners in faces] == topology.faces.tolist()
    assert [line.split()[1] for line in lines if line.startswith("g ")] == PARTS
    uv = np.array([[float(number) for number in line.split()[1:]] for line in lines if line.startswith("vt ")])
    used = uv[[[int(corner.split("/")[1]) - 1 for corner in corners] for corners in faces]]
    np.testing.assert_allclose(used % 1.0, topology.uv[topology.face_uvs].numpy(), atol=1e-6)


def test_a_name_never_becomes_a_line_of_an_obj(face, tmp_path):
    """Nor two names one, nor one two: to OBJ, white space ends a name."""
    topology, evil = face.head.topology, "skin\nmtllib evil.mtl\x1b[31m\u2028v 1 2 3"
    names = {"skin": evil, "left_iris": "an iris", "right_iris": "an\tiris"}
    parts = tuple(
        replace(part, name=names.get(part.name, part.name), material=evil if part.material == "skin" else part.material)
        for part in topology.parts
    )
    shown = replace(
        face,
        head=replace(face.head, topology=replace(topology, parts=parts)),
        materials=face.materials | {evil: replace(face.materials["skin"], name=evil)},
    )
    lines = export(shown, tmp_path / "a face\nv 1 2 3.obj").read_text("utf-8").split("\n")
    plain = export(face, tmp_path / "plain.obj").read_text("utf-8").split("\n")
    assert [line.split(" ")[0] for line in lines] == [line.split(" ")[0] for line in plain]
    groups = [line for line in lines if line.startswith("g ")]
    assert len(set(groups)) == len(parts) and all(len(group.split()) == 2 for group in groups)
    library = next(line for line in lines if line.startswith("mtllib ")).split()[1]
    materials = (tmp_path / library).read_text("utf-8")
    assert materials.isprintable() or materials.replace("\n", "").isprintable()
    used = {line.split()[1] for line in lines if line.startswith("usemtl ")}
    assert used == {line.split()[1] for line in materials.split("\n") if line.startswith("newmtl ")}


def test_an_objs_textures_are_udim_tiles(obj, face):
    lines, topology = obj.read_text().splitlines(), face.head.topology
    uv = np.array([[float(number) for number in line.split()[1:]] for line in lines if line.startswith("vt ")])
    faces = [[int(corner.split("/")[1]) - 1 for corner in line.split()[1:]] for line in lines if line.startswith("f ")]
    for part in topology.parts:
        tile = face.materials[part.material].tile
        column = 0 if tile is None else topology.tiles.index(tile)
        used = uv[np.concatenate(faces[slice(*part.faces)])]
        assert (np.floor(used[:, 0]) == column).all(), part.name
    textures = {file.name for file in (obj.parent / "old_man_textures").iterdir()}
    assert {"albedo.1001.png", "albedo.1002.png", "normal.1001.png", "displacement.1001.exr"} <= textures
    assert "map_Kd old_man_textures/albedo.1002.png" in obj.with_name("old_man.mtl").read_text()


def test_posing_adds_the_weighted_shapes(face):
    weights = torch.zeros(2, 52)
    weights[0, JAW_OPEN], weights[1, 3] = 0.5, 1.0
    posed = face.posed(weights)
    torch.testing.assert_close(posed[0], face.head.vertices + 0.5 * face.shapes[JAW_OPEN])
    torch.testing.assert_close(posed[1], face.head.vertices + face.shapes[3])


def test_an_obj_wears_the_faces_expression(obj, face):
    vertices = [
        [float(number) for number in line.split()[1:]] for line in obj.read_text().splitlines() if line.startswith("v ")
    ]
    posed = face.head.vertices + 0.25 * face.shapes[JAW_OPEN]
    x, y, z = posed.numpy().T
    np.testing.assert_allclose(vertices, np.stack((x, z, -y), axis=1), atol=1e-6)


def test_other_software_finds_the_objs_materials_and_textures(obj):
    scene = trimesh.load(obj)
    assert set(scene.geometry) == {"skin", "sclera", "iris", "cornea", "teeth"}
    skin = scene.geometry["skin"]
    assert skin.visual.material.image.size == (64, 64)
    assert (np.einsum("vc,vc->v", skin.vertex_normals, skin.vertices - skin.vertices.mean(axis=0)) > 0).all()
    for line in obj.with_name("old_man.mtl").read_text().splitlines():
        if line.startswith(("map_", "norm ", "disp ")):
            assert (obj.parent / line.split()[1]).is_file(), line


# --------------------------------------------------------------------------- welded parts, triangles, opacity, extras


@pytest.fixture(scope="module")
def welded():
    return welded_face(jaw_open=0.25)


@pytest.fixture(scope="module")
def welded_glb(welded, tmp_path_factory):
    return export(welded, tmp_path_factory.mktemp("glb") / "face.glb")


@pytest.mark.parametrize("ior", [1.376, 1.0])
def test_khronos_validator_finds_nothing_wrong_with_welded_parts(welded, tmp_path, ior):
    cornea = replace(welded.materials["cornea"], ior=ior)
    shown = replace(welded, materials=welded.materials | {"cornea": cornea})
    report = validate_glb(export(shown, tmp_path / "face.glb"))
    assert not [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]


def test_a_welded_object_is_one_mesh_with_a_primitive_for_each_material(welded_glb, welded):
    gltf = pygltflib.GLTF2.load_binary(str(welded_glb))
    assert [node.name for node in gltf.nodes[1:]] == [group.name for group in welded.head.topology.objects]
    names = [material.name for material in gltf.materials]
    shown = {mesh.name: [names[primitive.material] for primitive in mesh.primitives] for mesh in gltf.meshes}
    assert shown["skin"] == ["skin", "neck"] and shown["left_sclera"] == ["sclera", "cornea"]
    skin, eye = (next(mesh for mesh in gltf.meshes if mesh.name == name) for name in ("skin", "left_sclera"))
    assert [gltf.accessors[part.indices].count // 6 for part in skin.primitives] == [384 - NECK_QUADS, NECK_QUADS]
    assert [gltf.accessors[part.indices].count // 6 for part in eye.primitives] == [54 - CORNEA_QUADS, CORNEA_QUADS]
    assert {len(part.targets) for part in skin.primitives} == {54}, "one list of weights drives them all"
    assert skin.extras["beyondArkit"] == ["cheekRaiser_L", "cheekRaiser_R"]


def test_normals_run_smoothly_across_a_weld(welded_glb):
    """The skin and the neck lie on one sphere: where they meet there must be no crease."""
    gltf = pygltflib.GLTF2.load_binary(str(welded_glb))
    skin = next(mesh for mesh in gltf.meshes if mesh.name == "skin")
    (here, here_normals), (there, there_normals) = (
        (_read(gltf, part.attributes.POSITION), _read(gltf, part.attributes.NORMAL)) for part in skin.primitives
    )
    pairs = np.argwhere(np.abs(here[:, None] - there[None]).max(axis=2) < 1e-7)
    assert len(pairs) > 20
    np.testing.assert_allclose(here_normals[pairs[:, 0]], there_normals[pairs[:, 1]], atol=1e-6)


def test_triangles_are_written_once(welded_glb, welded):
    gltf = pygltflib.GLTF2.load_binary(str(welded_glb))
    teeth = next(mesh for mesh in gltf.meshes if mesh.name == "teeth").primitives[0]
    corners, places = _read(gltf, teeth.indices).reshape(-1, 3), _read(gltf, teeth.attributes.POSITION)
    assert len(corners) == 23 * 2 + 2
    a, b, c = (places[corners[:, corner]] for corner in range(3))
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).min() > 1e-8


def test_opacity_is_the_alpha_of_the_base_colour(welded_glb, welded):
    gltf = pygltflib.GLTF2.load_binary(str(welded_glb))
    materials = {material.name: material for material in gltf.materials}
    assert {name for name, material in materials.items() if material.alphaMode != "OPAQUE"} == {"lashes", "cornea"}
    assert materials["lashes"].alphaMode == "BLEND"
    pixels = _texture(gltf, materials["lashes"].pbrMetallicRoughness.baseColorTexture.index)
    opacity = images.encode_unit8(welded.maps["lashes"]["opacity"])
    np.testing.assert_array_equal(pixels[..., 3:], opacity)
    assert (pixels[..., :3] == 255).all(), "the material's own colour is what is seen"


def test_opacity_goes_with_a_colour_map_of_another_size(welded, tmp_path):
    lashes = {"albedo": torch.full((8, 8, 3), 0.5), "opacity": welded.maps["lashes"]["opacity"]}
    path = export(replace(welded, maps={**welded.maps, "lashes": lashes}), tmp_path / "face.glb")
    gltf = pygltflib.GLTF2.load_binary(str(path))
    material = next(material for material in gltf.materials if material.name == "lashes")
    pixels = _texture(gltf, material.pbrMetallicRoughness.baseColorTexture.index)
    assert pixels.shape == (32, 32, 4)
    np.testing.assert_array_equal(pixels[0, 0, :3], images.encode_srgb8(torch.full((1, 1, 3), 0.5))[0, 0])


def test_an_obj_of_welded_parts_shares_vertices_and_has_triangles(welded, tmp_path):
    lines = export(welded, tmp_path / "face.obj").read_text().splitlines()
    topology = welded.head.topology
    assert [line.split()[1] for line in lines if line.startswith("o ")] == [group.name for group in topology.objects]
    assert [line.split()[1] for line in lines if line.startswith("g ")] == [part.name for part in topology.parts]
    faces = [[int(corner.split("/")[0]) - 1 for corner in line.split()[1:]] for line in lines if line.startswith("f ")]
    expected = [face[:3] if face[3] == face[2] else face for face in topology.faces.tolist()]
    assert faces == expected and sum(len(face) == 3 for face in faces) == 2
    assert sum(line.startswith("v ") for line in lines) == sum(line.startswith("vn ") for line in lines)
    material = (tmp_path / "face.mtl").read_text().partition("newmtl lashes")[2].partition("newmtl")[0]
    assert "map_d face_textures/opacity.1004.png" in material and "map_Kd" not in material


def test_a_cornea_without_a_tile_lies_where_its_eyeball_does(welded, tmp_path):
    lines = export(welded, tmp_path / "face.obj").read_text().splitlines()
    uv = np.array([[float(number) for number in line.split()[1:]] for line in lines if line.startswith("vt ")])
    faces = [[int(corner.split("/")[1]) - 1 for corner in line.split()[1:]] for line in lines if line.startswith("f ")]
    cornea = uv[np.concatenate(faces[slice(*welded.head.topology.part("left_cornea").faces)])]
    assert (np.floor(cornea[:, 0]) == welded.head.topology.tiles.index("eyes")).all()


def test_a_parts_own_tile_comes_before_its_materials(welded, tmp_path):
    topology, own = welded.head.topology, {"lashes": "neck", "left_cornea": "skin"}
    parts = tuple(replace(part, tile=own.get(part.name, "")) for part in topology.parts)
    head = replace(welded.head, topology=replace(topology, parts=parts))
    tiles = _obj_tiles(export(replace(welded, head=head), tmp_path / "face.obj"))
    assert (tiles["lashes"], tiles["left_cornea"]) == ({1003}, {1001})
    assert (tiles["left_sclera"], tiles["right_cornea"], tiles["neck"]) == ({1002}, {1002}, {1003})


def test_the_production_heads_parts_lie_in_the_archives_tiles(ict_models, ict_head, monkeypatch, tmp_path):
    from dreamface.head.ict.source import load_source

    monkeypatch.setenv("DREAMFACE_MODELS", str(ict_models))
    source, eyeballs = load_source(), {}
    shown = _obj_tiles(export(_plain_face(ict_head), tmp_path / "face.obj"))
    for part in ict_head.topology.parts:
        if part.name.endswith(("sclera", "iris", "cornea")):
            eyeballs[part.name] = shown[part.name]
            continue
        columns = source.uv[source.face_uvs[slice(*part.faces)].reshape(-1), 0].floor().unique().tolist()
        assert shown[part.name] == {1001 + int(column) for column in columns}, part.name
    assert set().union(*(shown[name] for name in shown.keys() - eyeballs.keys())) == set(range(1001, 1008))
    assert (shown["left_lacrimal_fluid"], shown["right_lacrimal_fluid"]) == ({1005}, {1006})
    assert eyeballs["left_cornea"] == eyeballs["left_sclera"] == {1008}, "our own, as the archive's lie over the face"
    assert eyeballs["right_cornea"] == eyeballs["right_sclera"] == {1010}


def test_what_does_nothing_to_light_is_not_seen(welded, tmp_path):
    """Only what neither bends nor reflects: glass and water stay."""
    nothing = replace(welded.materials["cornea"], ior=1.0)
    face = replace(welded, materials=welded.materials | {"cornea": nothing})
    gltf = pygltflib.GLTF2.load_binary(str(export(face, tmp_path / "face.glb")))
    cornea = next(material for material in gltf.materials if material.name == "cornea")
    assert (cornea.alphaMode, cornea.pbrMetallicRoughness.baseColorFactor[3]) == ("MASK", 0.0)
    assert cornea.alphaCutoff > 0.0 and "KHR_materials_transmission" not in cornea.extensions
    assert _opacity(export(face, tmp_path / "face.obj"), "cornea") == 0.0
    assert 0.0 < _opacity(export(welded, tmp_path / "glass.obj"), "cornea") < 0.2


def test_a_glb_names_head_and_candidate(gltf, welded, tmp_path):
    assert gltf.asset.extras["head"] == "synthetic" and "candidate" not in gltf.asset.extras
    chosen = replace(welded, head=replace(welded.head, identity={**welded.head.identity, "candidate": 4711}))
    extras = pygltflib.GLTF2.load_binary(str(export(chosen, tmp_path / "face.glb"))).asset.extras
    assert (extras["head"], extras["candidate"]) == ("welded", 4711)


def test_exporting_again_replaces_the_old_files(face, tmp_path):
    first = export(face, tmp_path / "face.obj").read_bytes()
    export(synthetic_face(side=2), tmp_path / "face.obj")
    assert (tmp_path / "face.obj").read_bytes() != first
    assert {path.name for path in tmp_path.iterdir()} == {"face.obj", "face.mtl", "face_textures"}


def _plain_face(model):
    """A face of a head model, without maps and without shapes that move anything."""
    traits = complete(Traits({"age": 30.0, "gender": -1.0, "ancestry.european": 1.0}), 1)
    head = model.build(HeadSource(traits, stream(1, "head")))
    plain = synthetic_face()
    return replace(
        plain,
        record=replace(plain.record, head=head.model, traits=traits),
        head=head,
        shapes=torch.zeros(len(model.shape_names), *head.vertices.shape),
        shape_names=model.shape_names,
        materials=skin.materials(head, traits),
        maps={},
    )


def _obj_tiles(path):
    """Part -> the UDIM numbers that its texture coordinates lie in."""
    columns, tiles = [], {}
    for kind, _, rest in (line.partition(" ") for line in path.read_text().splitlines()):
        if kind == "vt":
            columns.append(int(float(rest.split()[0]) // 1))
        elif kind == "g":
            part = tiles.setdefault(rest, set())
        elif kind == "f":
            part |= {1001 + columns[int(corner.split("/")[1]) - 1] for corner in rest.split()}
    return tiles


def _opacity(obj, material):
    lines = obj.with_suffix(".mtl").read_text().partition(f"newmtl {material}\n")[2].splitlines()
    return float(next(line for line in lines if line.startswith("d ")).split()[1])


def _read(gltf, index):
    """An accessor's values [count, width], sparse ones filled in."""
    accessor = gltf.accessors[index]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor.type]

    def view(number, kind, count):
        start = gltf.bufferViews[number].byteOffset
        return np.frombuffer(gltf.binary_blob(), kind, count, start)

    kinds = {pygltflib.FLOAT: np.float32, pygltflib.UNSIGNED_SHORT: np.uint16, pygltflib.UNSIGNED_INT: np.uint32}
    if accessor.bufferView is not None:
        return view(accessor.bufferView, kinds[accessor.componentType], accessor.count * width).reshape(-1, width)
    values = np.zeros((accessor.count, width), np.float32)
    if (sparse := accessor.sparse) is not None:
        indices = view(sparse.indices.bufferView, kinds[sparse.indices.componentType], sparse.count)
        values[indices] = view(sparse.values.bufferView, np.float32, sparse.count * width).reshape(-1, width)
    return values


def _texture(gltf, index):
    view = gltf.bufferViews[gltf.images[gltf.textures[index].source].bufferView]
    file = gltf.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    return np.array(Image.open(io.BytesIO(file)))
