"""A face as files for other software: what Blender reads back from them is what was in the scene."""

from __future__ import annotations

import io
import json
import re
import struct

import numpy as np
import pytest
from PIL import Image

from dreamface import folder
from tests.addon.faces import PARTS, key_offset, maps_of, vertices
from tests.gltf_validator import validate_glb
from tests.support import synthetic_face

USD = [".usdc", ".usda", ".usd"]
SUFFIXES = [".glb", ".fbx", ".obj", *USD]


@pytest.fixture(scope="module")
def face_folder(tmp_path_factory):
    return folder.save(synthetic_face(extra_shapes=("browFurrowDeep",)), tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture
def imported(scene, bpy, face_folder):
    from dreamface_addon.scene import import_face

    face = import_face(face_folder)
    face.skin.location, face.skin.rotation_euler = (0.5, -1.0, 2.0), (0.0, 0.0, 0.3)
    bpy.context.view_layer.update()
    return face


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_round_trip_keeps_names_positions_and_shape_keys(imported, bpy, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    before = {name: _world(part) for name, part in imported.parts.items()}
    keys = {name: _keys(part) for name, part in imported.parts.items()}
    opening = np.abs(key_offset(imported.skin, "jawOpen")).max()
    statement = imported.skin["dreamface_statement"]
    export_face(imported.skin, tmp_path / f"my head{suffix}")
    back = _read_back(bpy, tmp_path / f"my head{suffix}")
    assert set(back) == set(PARTS)
    for name, object_ in back.items():
        # GLB keeps one normal and UV per vertex, and so has those on seams twice; the places stay the same.
        assert _apart(_world(object_), before[name]) < 2e-5, name
        if suffix != ".glb":
            assert len(object_.data.vertices) == len(before[name])
        if suffix != ".obj":
            assert _keys(object_) == keys[name]
    if suffix != ".obj":
        scale = back["skin"].matrix_world.to_scale()[0]  # FBX is in centimetres
        assert scale * np.abs(key_offset(back["skin"], "jawOpen")).max() == pytest.approx(opening, rel=1e-3)
    if suffix in (".glb", ".fbx"):
        assert back["skin"]["dreamface_statement"] == statement
    assert any(image.size[0] == 64 for image in bpy.data.images if _part(image.name).startswith("skin_albedo"))


def test_glb_says_that_it_is_generated_and_keeps_folders_to_itself(imported, tmp_path):
    from dreamface_addon.scene import export_face

    imported.skin["dreamface_candidate"] = 4711
    export_face(imported.skin, tmp_path / "head.glb")
    data, document = (tmp_path / "head.glb").read_bytes(), _document(tmp_path / "head.glb")
    skin = next(node for node in document["nodes"] if node["name"] == "Round stranger skin")
    assert skin["extras"]["dreamface_candidate"] == 4711, "with prompt, seed and head it says who it is"
    assert json.loads(skin["extras"]["dreamface_extra_shapes"]) == ["browFurrowDeep"]
    assert "synthetic" in skin["extras"]["dreamface_statement"]
    assert not {"dreamface_folder", "dreamface_range"} & skin["extras"].keys()
    assert str(imported.face.path).encode() not in data
    assert list(tmp_path.iterdir()) == [tmp_path / "head.glb"]
    mesh = document["meshes"][skin["mesh"]]
    assert mesh["extras"]["targetNames"][17:18] == ["jawOpen"]
    assert imported.skin["dreamface_folder"] == str(imported.face.path), "in the scene nothing has changed"
    assert list(imported.skin["dreamface_range"]) == [0, len(imported.skin.data.vertices)]


def test_khronos_validator_finds_nothing_wrong_and_normal_maps_have_tangents(imported, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(imported.skin, tmp_path / "head.glb")
    report = validate_glb(tmp_path / "head.glb")
    assert not [issue for issue in report["issues"]["messages"] if issue["severity"] <= 1]
    assert report["info"]["hasMorphTargets"]
    skin = next(mesh for mesh in _document(tmp_path / "head.glb")["meshes"] if mesh["name"] == "Round stranger skin")
    assert "TANGENT" in skin["primitives"][0]["attributes"]


def test_an_iris_is_seen_by_viewers_that_know_no_transmission(imported, tmp_path):
    """They blend the cornea by its alpha; in the scene it stays as it is."""
    from dreamface_addon.scene import export_face

    alpha = imported.parts["left_cornea"].active_material.node_tree.nodes["DreamFace Surface"].inputs["Alpha"]
    export_face(imported.skin, tmp_path / "head.glb")
    cornea = next(
        made for made in _document(tmp_path / "head.glb")["materials"] if made["name"] == "Round stranger cornea"
    )
    assert cornea["alphaMode"] == "BLEND"
    assert cornea["pbrMetallicRoughness"]["baseColorFactor"][3] == pytest.approx(0.1)
    assert cornea["extensions"]["KHR_materials_transmission"] == {"transmissionFactor": 1}
    assert alpha.default_value == 1.0 and alpha.is_linked
    export_face(imported.skin, tmp_path / "head.obj")
    cornea = (tmp_path / "head.mtl").read_text().split("newmtl Round_stranger_cornea")[1].split("newmtl")[0]
    assert "d 0.1" in cornea


def test_a_texture_that_two_nodes_show_is_written_once(imported, bpy, tmp_path):
    from dreamface_addon.scene import export_face

    tree = imported.skin.active_material.node_tree
    albedo = next(node.image for node in tree.nodes if node.type == "TEX_IMAGE" and node.label == "albedo")
    again = tree.nodes.new("ShaderNodeTexImage")
    again.image = albedo
    tree.links.new(again.outputs["Color"], tree.nodes["DreamFace Surface"].inputs["Emission Color"])
    export_face(imported.skin, tmp_path / "head.glb")
    names = [image["name"] for image in _document(tmp_path / "head.glb")["images"]]
    assert names.count("Round_stranger_skin_albedo") == 1
    assert len(names) == len(set(names))


def test_gloss_is_one_texture_for_all_that_reads_it(imported, bpy, tmp_path):
    """Roughness and specular map are read four times, and lie in the file once."""
    from dreamface_addon.scene import export_face

    before = _wiring(imported.skin), sorted(bpy.data.images.keys())
    export_face(imported.skin, tmp_path / "head.glb")
    assert (_wiring(imported.skin), sorted(bpy.data.images.keys())) == before
    document = _document(tmp_path / "head.glb")
    skin = next(made for made in document["materials"] if made["name"] == "Round stranger skin")
    coat, specular = (skin["extensions"][f"KHR_materials_{name}"] for name in ("clearcoat", "specular"))
    readers = [coat["clearcoatTexture"], coat["clearcoatRoughnessTexture"], specular["specularTexture"]]
    readers.append(skin["pbrMetallicRoughness"]["metallicRoughnessTexture"])
    sources = {document["textures"][reader["index"]]["source"] for reader in readers}
    assert len(sources) == 1
    assert len(document["images"]) == 4, "gloss, colour and relief of the skin, and the eyes' colour"
    written = _picture(tmp_path / "head.glb", sources.pop())
    gloss, roughness = (_grey(imported.face.path, channel) for channel in ("specular", "roughness"))
    np.testing.assert_allclose(written[..., 0], gloss, atol=1)
    np.testing.assert_allclose(written[..., 1], roughness, atol=1)
    assert not written[..., 2].any(), "skin is no metal"
    np.testing.assert_allclose(
        written[..., 3], np.minimum(2.0 * gloss, 255), atol=2, err_msg="glTF's 1 is Blender's 0.5"
    )


def test_gloss_that_an_artist_has_changed_by_nodes_is_left_to_blender(imported, tmp_path):
    from dreamface_addon.scene import export_face

    tree = imported.skin.active_material.node_tree
    ramp, shader = tree.nodes.new("ShaderNodeMath"), tree.nodes["DreamFace Surface"]
    tree.links.new(shader.inputs["Roughness"].links[0].from_socket, ramp.inputs[0])
    tree.links.new(ramp.outputs[0], shader.inputs["Roughness"])
    before = _wiring(imported.skin)
    export_face(imported.skin, tmp_path / "head.glb")
    assert "Round_stranger_skin_roughness" in {image["name"] for image in _document(tmp_path / "head.glb")["images"]}
    assert _wiring(imported.skin) == before


def test_fbx_stands_upright_at_full_size_in_engines(scene, bpy, face_folder, tmp_path):
    """Unity and Unreal show the nodes' own transforms: 0 degrees and scale 1, centimetres, Y up, face forward."""
    from dreamface_addon.scene import export_face, import_face

    imported = import_face(face_folder)
    export_face(imported.skin, tmp_path / "head.fbx")
    objects, settings = _parse_fbx(tmp_path / "head.fbx")
    assert (settings[b"UpAxis"], settings[b"FrontAxis"], settings[b"UnitScaleFactor"]) == (1, 2, 1.0)
    models = [element for element in objects if element.id == b"Model"]
    assert len(models) == len(PARTS)
    for model in models:
        placed = {name: values for name, *values in _fbx_properties(model) if name.startswith(b"Lcl")}
        for name, values in placed.items():
            standing = 1.0 if name == b"Lcl Scaling" else 0.0
            assert values == pytest.approx([standing] * 3, abs=1e-4), (model.props[1], name)
    skin = next(
        element
        for element in objects
        if element.id == b"Geometry" and element.props[1].startswith(b"Round stranger skin")
    )
    written = np.array(_fbx_child(skin, b"Vertices").props[0]).reshape(-1, 3)
    x, y, z = vertices(imported.skin).T
    np.testing.assert_allclose(written, 100.0 * np.stack((x, z, -y), axis=1), atol=1e-3)


def test_fbx_shape_keys_move_as_in_blender(scene, bpy, face_folder, tmp_path):
    from dreamface_addon.scene import export_face, import_face

    imported = import_face(face_folder)
    export_face(imported.skin, tmp_path / "head.fbx")
    objects, _ = _parse_fbx(tmp_path / "head.fbx")
    shapes = {shape.props[1].split(b"\0")[0]: shape for shape in objects if shape.props[2] == b"Shape"}
    assert {b"jawOpen", b"eyeBlinkLeft", b"browFurrowDeep"} <= shapes.keys()
    x, y, z = key_offset(imported.skin, "browFurrowDeep").T
    moved = np.zeros((len(x), 3))
    indices = np.array(_fbx_child(shapes[b"browFurrowDeep"], b"Indexes").props[0])
    moved[indices] = np.array(_fbx_child(shapes[b"browFurrowDeep"], b"Vertices").props[0]).reshape(-1, 3)
    np.testing.assert_allclose(moved, 100.0 * np.stack((x, z, -y), axis=1), atol=1e-3)


def test_obj_says_that_it_is_generated_and_has_its_textures_beside_it(imported, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(imported.skin, tmp_path / "my head.obj")
    text = (tmp_path / "my head.obj").read_text()
    assert text.startswith("# This face was generated by DreamFace.")
    assert "mtllib my_head.mtl" in text
    textures = {file.name for file in (tmp_path / "my_head_textures").iterdir()}
    assert {
        "Round_stranger_skin_albedo.png",
        "Round_stranger_skin_normal.png",
        "Round_stranger_eyes_albedo.png",
    } <= textures
    material = (tmp_path / "my_head.mtl").read_text()
    assert "map_Kd my_head_textures/Round_stranger_skin_albedo.png" in material
    assert str(tmp_path) not in material + text


def test_two_faces_beside_each_other_keep_their_own_textures(imported, bpy, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(imported.skin, tmp_path / "ada.usda")
    export_face(imported.skin, tmp_path / "eve.usda")
    for name in ("ada", "eve"):
        text = (tmp_path / f"{name}.usda").read_text()
        assert re.search(rf"@(\./)?{name}_textures/Round_stranger_skin_albedo.png@", text), (
            "beside the file, wherever both are moved"
        )
        assert (tmp_path / f"{name}_textures/Round_stranger_skin_albedo.png").is_file()


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usda", ".obj"])
def test_nothing_else_in_the_scene_is_exported(imported, bpy, tmp_path, suffix):
    from dreamface_addon.scene import add_studio, export_face

    cube = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    bpy.context.scene.collection.objects.link(cube)
    cube.select_set(True)
    add_studio(bpy.context.scene, imported)  # lights, camera and world
    export_face(imported.skin, tmp_path / f"head{suffix}")
    _read_back(bpy, tmp_path / f"head{suffix}")
    # USD keeps a transform above every mesh, and blend shapes need a skeleton there.
    kinds = {object_.type for object_ in bpy.data.objects}
    assert kinds - ({"EMPTY", "ARMATURE"} if suffix in USD else set()) == {"MESH"}
    assert not any(object_.name.startswith("cube") for object_ in bpy.data.objects)
    assert {file.stem for file in tmp_path.iterdir()} <= {"head", "head_textures"}


def test_packed_and_painted_textures_are_exported_as_they_are(imported, bpy, tmp_path):
    from dreamface_addon.scene import export_face

    packed, painted = bpy.data.images["Round stranger skin specular"], bpy.data.images["Round stranger skin albedo"]
    packed.pack()
    packed.filepath_raw = "//gone/skin_specular.png"
    painted.pixels.foreach_set(np.tile(np.float32([0.8, 0.4, 0.2, 1.0]), 64 * 64))
    painted.update()
    export_face(imported.skin, tmp_path / "head.obj")
    assert painted.filepath == str(imported.face.path / "maps/skin_albedo.png")
    assert (painted.is_dirty, packed.filepath_raw) == (True, "//gone/skin_specular.png")
    orange = bpy.data.images.load(str(tmp_path / "head_textures/Round_stranger_skin_albedo.png"))
    assert orange.pixels[:3] == pytest.approx((0.8, 0.4, 0.2))
    assert bpy.data.images.load(str(tmp_path / "head_textures/Round_stranger_skin_specular.png")).size[0] == 64


def test_hidden_and_excluded_objects_are_exported_and_the_scene_stays_as_it_was(imported, bpy, tmp_path):
    from dreamface_addon.scene import export_face

    scene, view_layer = bpy.context.scene, bpy.context.view_layer
    cube = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    scene.collection.objects.link(cube)
    imported.parts["left_iris"].hide_set(True)
    imported.parts["right_iris"].hide_viewport = imported.parts["upper_teeth"].hide_select = True
    view_layer.layer_collection.children[imported.collection.name].exclude = True
    cube.select_set(True)
    view_layer.objects.active = cube
    bpy.ops.object.mode_set(mode="EDIT")
    scene.frame_set(7)
    export_face(imported.skin, tmp_path / "head.glb")
    assert (cube.mode, cube.select_get(), view_layer.objects.active, scene.frame_current) == ("EDIT", True, cube, 7)
    assert (imported.parts["right_iris"].hide_viewport, imported.parts["upper_teeth"].hide_select) == (True, True)
    assert view_layer.layer_collection.children[imported.collection.name].exclude
    assert [collection.name for collection in scene.collection.children] == [imported.collection.name]
    assert set(_read_back(bpy, tmp_path / "head.glb")) == set(PARTS)


def test_a_hidden_object_is_hidden_again(imported, bpy, tmp_path):
    from dreamface_addon.scene import export_face

    imported.parts["left_iris"].hide_set(True)
    export_face(imported.skin, tmp_path / "head.obj")
    assert imported.parts["left_iris"].hide_get()
    assert not bpy.context.selected_objects


def test_a_failed_export_loses_nothing_and_leaves_the_scene_alone(imported, bpy, tmp_path, monkeypatch):
    from dreamface_addon.scene import SceneError, export_face, exporting

    (tmp_path / "head.obj").write_text("precious")
    images = maps_of(imported.skin)

    def fail(**_):
        raise RuntimeError("Error: it fell over.\n")

    fail.get_rna_type = bpy.ops.wm.obj_export.get_rna_type
    monkeypatch.setattr(exporting, "_exporter", lambda suffix: fail)
    with pytest.raises(SceneError, match=r"Blender could not write head.obj \(it fell over\)"):
        export_face(imported.skin, tmp_path / "head.obj")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["precious"]
    assert maps_of(imported.skin) == images
    assert imported.skin["dreamface_folder"]
    assert not bpy.context.selected_objects
    assert len(bpy.context.scene.collection.children) == 1


def test_a_missing_texture_is_named(imported, bpy, tmp_path):
    from dreamface_addon.scene import SceneError, export_face

    bpy.data.images["Round stranger skin albedo"].filepath_raw = str(tmp_path / "gone.png")
    with pytest.raises(SceneError, match=r"The texture .*gone.png is missing: put it back"):
        export_face(imported.skin, tmp_path / "head.glb")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("head.stl", r"End the file's name in one of \.glb, \.fbx"),
        ("head", r"End the file's name in one of"),
        ("nowhere/head.glb", "nowhere is not there: choose a folder that exists"),
    ],
)
def test_where_it_cannot_go_is_a_sentence(imported, tmp_path, name, sentence):
    from dreamface_addon.scene import SceneError, export_face

    with pytest.raises(SceneError, match=sentence):
        export_face(imported.skin, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_takes_no_files_is_a_sentence(imported, tmp_path, monkeypatch):
    from dreamface_addon.scene import SceneError, export_face, exporting

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(exporting, "TemporaryDirectory", refuse)
    with pytest.raises(SceneError, match=r"head.glb cannot be written \(Permission denied\): choose another folder"):
        export_face(imported.skin, tmp_path / "head.glb")


def test_what_this_blender_cannot_export_is_said(bpy, scene):
    from dreamface_addon.scene import can_export

    assert [can_export(suffix) for suffix in (".glb", ".GLB", ".fbx", ".obj")] == [""] * 4
    bpy.ops.preferences.addon_disable(module="io_scene_fbx")
    try:
        assert "FBX format add-on is off: turn it on" in can_export(".fbx")
    finally:
        bpy.ops.preferences.addon_enable(module="io_scene_fbx")


def _read_back(bpy, path):
    """The meshes that an empty scene has after importing a file, by what follows the face's name in theirs."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importers = {
        ".glb": bpy.ops.import_scene.gltf,
        ".fbx": bpy.ops.import_scene.fbx,
        ".obj": bpy.ops.wm.obj_import,
    }
    importers.get(path.suffix, bpy.ops.wm.usd_import)(filepath=str(path))
    bpy.context.view_layer.update()
    meshes = [object_ for object_ in bpy.data.objects if object_.type == "MESH"]
    # USD has a transform and a mesh in it for each object, both of its name: Blender numbers one of the two.
    return {_part(object_.data.name if path.suffix in USD else object_.name): object_ for object_ in meshes}


def _part(name):
    """What follows the face's name in an object's; USD has no spaces in names."""
    return name.replace(" ", "_").removeprefix("Round_stranger_")


def _document(path):
    """The JSON in a GLB file."""
    data = path.read_bytes()
    return json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])


def _picture(path, index):
    """[H, W, 4] bytes of an image in a GLB file."""
    document, data = _document(path), path.read_bytes()
    view = document["bufferViews"][document["images"][index]["bufferView"]]
    start = 28 + struct.unpack("<I", data[12:16])[0] + view.get("byteOffset", 0)
    return np.asarray(Image.open(io.BytesIO(data[start : start + view["byteLength"]])).convert("RGBA"), np.float64)


def _grey(face_folder, channel):
    """[H, W] of one of the skin's maps, 0..255."""
    file = next(face_folder.glob(f"maps/skin*{channel}*"))
    return np.asarray(Image.open(file).convert("L"), np.float64)


def _wiring(object_):
    """Which output goes into which input of an object's material."""
    links = object_.active_material.node_tree.links
    return sorted((link.from_socket.path_from_id(), link.to_socket.path_from_id(), link.is_muted) for link in links)


def _parse_fbx(path):
    """The objects in an FBX file, and name -> first value of its global settings."""
    from io_scene_fbx import parse_fbx

    root, _ = parse_fbx.parse(str(path))
    settings = {name: values[0] for name, *values in _fbx_properties(_fbx_child(root, b"GlobalSettings")) if values}
    return _fbx_child(root, b"Objects").elems, settings


def _fbx_child(element, name):
    return next(child for child in element.elems if child.id == name)


def _fbx_properties(element):
    return [[entry.props[0], *entry.props[4:]] for entry in _fbx_child(element, b"Properties70").elems]


def _world(object_):
    """[V, 3] where the vertices are."""
    place = np.array(object_.matrix_world)
    return vertices(object_) @ place[:3, :3].T + place[:3, 3]


def _apart(some, others):
    """How far the point of one set that is farthest from the other set is from it, metres."""
    distances = np.linalg.norm(some[:, None] - others[None], axis=2)
    return max(distances.min(0).max(), distances.min(1).max())


def _keys(object_):
    keys = object_.data.shape_keys
    return keys.key_blocks.keys() if keys else []
