"""A head of welded parts with triangles, opacity and shapes of its own, as ICT-FaceKit's is, in Blender."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from dreamface import folder, images
from dreamface.traits import ARKIT_SHAPES
from tests.addon.faces import edit_document, key_offset, maps_of, other_face, read, vertices
from tests.support import CORNEA_QUADS, NECK_QUADS, synthetic_face, welded_face

OBJECTS = ["skin", "left_sclera", "left_iris", "right_sclera", "right_iris", "teeth", "lashes"]
EXTRAS = ["cheekRaiser_L", "cheekRaiser_R"]


@pytest.fixture(scope="module")
def face():
    return welded_face(jaw_open=0.25)


@pytest.fixture(scope="module")
def other(face, tmp_path_factory):
    """The folder of someone else on the same head model."""
    return folder.save(other_face(face), tmp_path_factory.mktemp("faces") / "eve")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The folder of a face on the other head model."""
    return folder.save(synthetic_face("face-3"), tmp_path_factory.mktemp("faces") / "plain")


def test_welded_parts_are_one_object(imported):
    assert list(imported.parts) == OBJECTS
    assert all(part.parent is imported.skin for part in imported.parts.values() if part is not imported.skin)


def test_the_meshes_are_the_face_with_real_triangles(imported, face):
    topology = face.head.topology
    for group in topology.objects:
        mesh = imported.parts[group.name].data
        np.testing.assert_array_equal(
            vertices(imported.parts[group.name]), face.head.vertices[slice(*group.vertices)].numpy()
        )
        faces = (topology.faces[slice(*group.faces)] - group.vertices[0]).tolist()
        uvs = topology.uv[topology.face_uvs[slice(*group.faces)]].numpy()
        layer = read(mesh.uv_layers.active.uv, "vector", 2)
        for polygon, corners, places in zip(mesh.polygons, faces, uvs, strict=True):
            count = 3 if corners[3] == corners[2] else 4
            assert list(polygon.vertices) == corners[:count]
            np.testing.assert_array_equal(layer[polygon.loop_start : polygon.loop_start + count], places[:count])
        assert not mesh.validate(), f"Blender had to repair {group.name}"
    assert [polygon.loop_total for polygon in imported.parts["teeth"].data.polygons].count(3) == 2


def test_each_material_is_a_slot_that_its_faces_wear(imported):
    skin, eye = imported.skin.data, imported.parts["left_sclera"].data
    assert [material.name for material in skin.materials] == ["Round stranger skin", "Round stranger neck"]
    assert np.bincount(read(skin.polygons, "material_index", kind=np.int32)).tolist() == [384 - NECK_QUADS, NECK_QUADS]
    assert [material.name for material in eye.materials] == ["Round stranger sclera", "Round stranger cornea"]
    worn = read(eye.polygons, "material_index", kind=np.int32)
    assert worn.tolist() == [0] * (54 - CORNEA_QUADS) + [1] * CORNEA_QUADS


def test_opacity_is_the_materials_alpha(imported):
    lashes = imported.parts["lashes"].active_material
    alpha = lashes.node_tree.nodes["DreamFace Surface"].inputs["Alpha"].links[0].from_node
    assert (alpha.image.name, alpha.image.colorspace_settings.name) == ("Round stranger lashes opacity", "Non-Color")
    assert lashes.surface_render_method == "DITHERED", "blended lashes would be drawn in any order"


def test_a_cornea_throws_no_shadow_and_its_sclera_does(imported):
    eye = imported.parts["left_sclera"]
    cornea = eye.data.materials[1].node_tree.nodes["DreamFace Surface"].inputs["Alpha"].links[0].from_node
    assert cornea.inputs[1].links[0].from_socket.name == "Is Shadow Ray"
    assert not eye.data.materials[0].node_tree.nodes["DreamFace Surface"].inputs["Alpha"].links
    assert eye.visible_shadow


def test_shapes_of_the_head_models_own_come_last_and_are_marked(imported, face):
    names = [key.name for key in imported.skin.data.shape_keys.key_blocks]
    assert names == ["Basis", *ARKIT_SHAPES, *EXTRAS]
    assert json.loads(imported.skin["dreamface_extra_shapes"]) == EXTRAS
    skin = slice(*face.head.topology.objects[0].vertices)
    np.testing.assert_allclose(key_offset(imported.skin, EXTRAS[0]), face.shapes[52, skin].numpy(), atol=1e-7)


def test_someone_else_comes_into_the_same_objects(imported, face, other, bpy):
    from dreamface_addon.scene import update_face

    before = {name: (part, part.data) for name, part in imported.parts.items()}
    slots = list(imported.skin.data.materials)
    updated = update_face(imported.skin, other)
    assert {name: (part, part.data) for name, part in updated.parts.items()} == before
    assert updated.warning == ""
    someone = other_face(face)
    for group in someone.head.topology.objects:
        np.testing.assert_array_equal(
            vertices(updated.parts[group.name]), someone.head.vertices[slice(*group.vertices)].numpy()
        )
    assert list(imported.skin.data.materials) == slots
    for slot in imported.skin.material_slots:
        images = [node.image for node in slot.material.node_tree.nodes if node.type == "TEX_IMAGE"]
        assert {image.filepath.startswith(str(other)) for image in images} == {True}
    assert maps_of(imported.parts["lashes"])["opacity"] == other / "maps/lashes_opacity.png"
    assert len(bpy.data.images) == 9


def test_sliders_move_it(imported, face):
    from dreamface_addon.scene import reshape

    moved = other_face(face).head.vertices.numpy()
    reshape(imported.skin, {"vertices": moved} | folder.pack_shapes(face.shapes), {})
    for group in face.head.topology.objects:
        np.testing.assert_array_equal(vertices(imported.parts[group.name]), moved[slice(*group.vertices)])


def test_an_edited_mesh_gets_a_new_one_with_the_slots_as_the_artist_has_them(imported, other, bpy):
    from dreamface_addon.scene import update_face

    eye = imported.parts["left_sclera"]
    sclera, cornea = eye.data.materials
    clay = bpy.data.materials.new("clay")
    eye.data.materials.clear()
    for material in (cornea, sclera, clay):
        eye.data.materials.append(material)
    eye.data.vertices.add(1)
    update_face(imported.skin, other)
    assert list(eye.data.materials) == [sclera, cornea, clay]
    assert sum(polygon.material_index for polygon in eye.data.polygons) == CORNEA_QUADS


@pytest.mark.parametrize(
    ("slots", "expected"),
    [
        ("own neck own cornea", "own neck own cornea"),
        ("- neck - cornea", "- neck - cornea"),
        ("own own own cornea", "own own own cornea"),
        ("skin own own own", "skin own own own"),
        ("neck neck sclera cornea", "neck neck sclera cornea"),
        ("cornea sclera neck skin clay", "skin neck sclera cornea clay"),
        ("own skin neck sclera cornea own", "skin neck sclera cornea own own"),
        ("skin neck", "skin neck neck neck"),
        ("clay", "clay clay clay clay"),
        ("", "- - - -"),
    ],
)
def test_a_new_mesh_wears_in_each_place_what_the_old_one_did(imported, other, bpy, slots, expected):
    from dreamface_addon.scene.reading import FaceObject, read_face_folder
    from dreamface_addon.scene.updating import _slots

    known = {"-": None} | {
        name: bpy.data.materials[f"Round stranger {name}"] for name in ("skin", "neck", "sclera", "cornea")
    }
    known |= {name: bpy.data.materials.new(name) for name in ("own", "clay")}
    mesh = imported.skin.data
    mesh.materials.clear()
    for name in slots.split():
        mesh.materials.append(known[name])
    piece = FaceObject("skin", tuple({"material": name} for name in ("skin", "neck", "sclera", "cornea")))
    assert _slots(imported.skin, read_face_folder(other), piece) == [known[name] for name in expected.split()]


def test_what_does_nothing_to_light_is_seen_by_no_engine(face, scene, bpy, tmp_path):
    from dreamface_addon.scene import export_face, import_face

    nothing = replace(face.materials["cornea"], ior=1.0)
    changed = replace(face, materials=face.materials | {"cornea": nothing})
    imported = import_face(folder.save(changed, tmp_path / "ada"))
    cornea, tree = _cornea(imported), _cornea(imported).node_tree
    assert tree.get_output_node("EEVEE") == tree.get_output_node("CYCLES")
    assert _surface(cornea).inputs["Alpha"].default_value == 0.0 and cornea.diffuse_color[3] == 0.0
    assert cornea.surface_render_method == "DITHERED", "blended, it would be sorted with what is seen"
    export_face(imported.skin, tmp_path / "head.glb")
    export_face(imported.skin, tmp_path / "head.obj")
    shown = next(entry for entry in _glb(tmp_path / "head.glb")["materials"] if entry["name"] == cornea.name)
    assert shown["alphaMode"] != "OPAQUE" and shown["pbrMetallicRoughness"]["baseColorFactor"][3] == 0.0
    assert "KHR_materials_transmission" not in shown.get("extensions", {})
    lines = (tmp_path / "head.mtl").read_text().partition(f"newmtl {cornea.name.replace(' ', '_')}\n")[2].splitlines()
    assert float(next(line for line in lines if line.startswith("d ")).split()[1]) == 0.0


@pytest.mark.parametrize(("ior", "seen"), [(1.0, False), (1.376, True)])
def test_a_pane_in_cycles(face, scene, bpy, tmp_path, ior, seen):
    """Before a luminous wall, under a lamp, a ball of the cornea's material: all or nothing of it is seen."""
    from dreamface_addon.scene import import_face

    clear = replace(face.materials["cornea"], ior=ior)
    path = folder.save(replace(face, materials=face.materials | {"cornea": clear}), tmp_path / "ada")
    cornea = _cornea(import_face(path))
    for object_ in list(scene.objects):
        bpy.data.objects.remove(object_)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.5, location=(0.3, 0.0, 0.0))
    ball = bpy.context.object
    ball.data.materials.append(cornea)
    _luminous_wall(bpy)
    bpy.ops.object.light_add(type="POINT", location=(1.0, -2.0, 1.0))
    bpy.context.object.data.energy = 500.0
    bpy.ops.object.camera_add(location=(0.0, -4.0, 0.0), rotation=(np.pi / 2, 0.0, 0.0))
    scene.camera = bpy.context.object
    with_ball = _rendered(scene, tmp_path)
    bpy.data.objects.remove(ball)
    change = np.abs(with_ball - _rendered(scene, tmp_path)).max()
    assert change > 0.2 if seen else change < 0.02


def test_another_head_model_takes_over_and_gives_back(imported, plain, other, bpy):
    from dreamface_addon.scene import update_face

    skin = imported.skin
    skin.name = "Ada"
    updated = update_face(skin, plain)
    assert (updated.warning, len(skin.data.vertices), len(skin.data.materials)) == ("", 386, 1)
    assert {"left_cornea", "upper_teeth"} <= set(updated.parts) and "lashes" not in bpy.data.objects
    assert "dreamface_extra_shapes" not in skin and EXTRAS[0] not in skin.data.shape_keys.key_blocks
    again = update_face(skin, other)
    assert (set(again.parts), skin.name) == (set(OBJECTS), "Ada")
    assert [material.name for material in skin.data.materials] == ["Someone else skin", "Someone else neck"]
    assert EXTRAS[0] in skin.data.shape_keys.key_blocks
    assert not [mesh for mesh in bpy.data.meshes if not mesh.users]


def test_what_an_artist_made_on_the_old_head_is_kept_and_said(imported, plain, bpy):
    from dreamface_addon.scene import update_face

    skin, teeth = imported.skin, imported.parts["teeth"]
    scar = skin.shape_key_add(name="scar", from_mix=False)
    scar.points[7].co.y -= 0.004
    skin.vertex_groups.new(name="tattoo").add([3], 0.5, "REPLACE")
    teeth.vertex_groups.new(name="gold").add([1], 1.0, "REPLACE")
    warning = update_face(skin, plain).warning
    assert all(
        name in warning
        for name in ("scar", "tattoo", "gold", "“Round stranger skin before”", "“Round stranger teeth before”")
    )
    assert not any(name in warning for name in ("jawOpen", "forehead", "iris"))
    assert (skin.data.name, len(bpy.data.meshes["Round stranger skin before"].vertices)) == ("Round stranger skin", 386)
    show = bpy.data.objects.new("show", bpy.data.meshes["Round stranger skin before"])
    assert key_offset(show, "scar")[7] == pytest.approx((0.0, -0.004, 0.0), abs=1e-6)
    assert show.vertex_groups["tattoo"].weight(3) == pytest.approx(0.5)
    assert "Round stranger teeth" not in bpy.data.objects, "its mesh is kept, not the object"


def test_a_file_of_before_regions_were_noted_loses_nothing(imported, plain, bpy):
    from dreamface_addon.scene import update_face

    del imported.skin["dreamface_regions"]
    assert "forehead" in update_face(imported.skin, plain).warning
    assert "Round stranger skin before" in bpy.data.meshes


def test_a_copy_is_a_face_of_its_own(imported, other, bpy):
    from dreamface_addon.scene import parts_of, separate_copies, update_face

    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = imported.skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    assert separate_copies("face-1")
    assert len(parts_of(copy)) == len(OBJECTS)
    before = vertices(imported.skin)
    update_face(copy, other)
    np.testing.assert_array_equal(vertices(imported.skin), before)
    kept = [material.name for material in imported.skin.data.materials]
    assert kept == ["Round stranger skin", "Round stranger neck"] and not set(kept) & {
        material.name for material in copy.data.materials
    }


def test_studio_and_asset(imported, scene):
    from dreamface_addon.scene import add_studio, mark_as_asset

    add_studio(scene, imported)
    mark_as_asset(imported.skin)
    assert imported.collection.asset_data is not None and scene.camera is not None


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".usda", ".obj"])
def test_a_round_trip_keeps_objects_slots_and_shape_keys(imported, bpy, tmp_path, suffix):
    from dreamface_addon.scene import export_face
    from tests.addon.test_scene_exporting import _part, _read_back

    shadowless = imported.parts["left_sclera"].data.materials[1].node_tree.nodes["DreamFace Surface"].inputs["Alpha"]
    keys = {
        name: part.data.shape_keys and part.data.shape_keys.key_blocks.keys() for name, part in imported.parts.items()
    }
    export_face(imported.skin, tmp_path / f"head{suffix}")
    assert shadowless.is_linked, "in the scene nothing has changed"
    back = _read_back(bpy, tmp_path / f"head{suffix}")
    assert set(back) == set(OBJECTS)
    assert [_part(material.name) for material in back["skin"].data.materials] == ["skin", "neck"]
    assert [_part(material.name) for material in back["left_sclera"].data.materials] == ["sclera", "cornea"]
    if suffix != ".obj":
        assert {
            name: part.data.shape_keys and part.data.shape_keys.key_blocks.keys() for name, part in back.items()
        } == keys
    if suffix == ".usda":  # Blender 5.2 writes it and does not read it
        assert (tmp_path / "head.usda").read_text().count("inputs:opacity.connect") == 1
    else:
        assert _surface(back["lashes"].data.materials[0]).inputs["Alpha"].is_linked, "the lashes stay cut out"
    assert not _surface(back["left_sclera"].data.materials[1]).inputs["Alpha"].is_linked
    if suffix != ".glb":  # which knows triangles alone
        assert sorted({polygon.loop_total for polygon in back["teeth"].data.polygons}) == [3, 4]


def test_glb_tells_a_clear_cornea_from_cut_out_lashes(imported, tmp_path):
    from dreamface_addon.scene import export_face

    cornea = imported.parts["left_sclera"].data.materials[1].node_tree
    export_face(imported.skin, tmp_path / "head.glb")
    materials = {material["name"]: material for material in _glb(tmp_path / "head.glb")["materials"]}
    assert materials["Round stranger cornea"]["extensions"]["KHR_materials_transmission"] == {"transmissionFactor": 1}
    modes = {name: material["alphaMode"] for name, material in materials.items() if "alphaMode" in material}
    blended = {"Round stranger lashes": "BLEND", "Round stranger cornea": "BLEND"}
    assert modes == blended, "a cornea that is not known to transmit is blended"
    assert cornea.get_output_node("EEVEE") != cornea.get_output_node("CYCLES"), "in the scene nothing has changed"


def test_a_folder_without_objects_is_one_of_before(scene, plain):
    from dreamface_addon.scene import import_face

    edit_document(plain, lambda document: [part.pop("object", None) for part in document["parts"]])
    assert "left_cornea" in import_face(plain).parts


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda document: document["parts"][1].pop("object"), "a face of neck points at a vertex that is not its own"),
        (lambda document: document["parts"][1].update(object="teeth"), "two objects have the same name"),
        (lambda document: document["parts"][3].update(object=None), "a part is welded to something that is not text"),
        (lambda document: document["parts"][3].update(object=""), "left_cornea is empty"),
        (lambda document: document["parts"][0].update(object="hide"), "no part called skin|hide|skin"),
        (lambda document: document["head"].update(identity={"candidate": "x"}), "the head's identity is no numbers"),
    ],
)
def test_parts_that_do_not_fit_are_refused(scene, face, tmp_path, change, sentence):
    from dreamface_addon.scene import FaceFolderError, import_face

    path = folder.save(face, tmp_path / "bad")
    edit_document(path, change)
    with pytest.raises(FaceFolderError, match=rf"is damaged \(.*({sentence})"):
        import_face(path)


def test_a_face_with_a_corner_twice_is_refused(scene, face, tmp_path):
    from dreamface_addon.scene import FaceFolderError, import_face

    faces = face.head.topology.faces.clone()
    faces[5, 1] = faces[5, 0]
    head = replace(face.head, topology=replace(face.head.topology, faces=faces))
    path = folder.save(replace(face, head=head), tmp_path / "bad")
    with pytest.raises(FaceFolderError, match="a face has a corner twice"):
        import_face(path)


def _surface(material):
    return next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


def _cornea(imported):
    return imported.parts["left_sclera"].data.materials[1]


def _glb(path):
    data = path.read_bytes()
    return json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])


def _luminous_wall(bpy):
    """Bright on one side and dark on the other."""
    for x, strength in ((-2.0, 0.1), (2.0, 0.8)):
        bpy.ops.mesh.primitive_plane_add(size=4.0, location=(x, 2.0, 0.0), rotation=(np.pi / 2, 0.0, 0.0))
        material = bpy.data.materials.new("wall")
        if bpy.app.version < (5, 0, 0):
            material.use_nodes = True
        tree = material.node_tree
        tree.nodes.clear()
        light, output = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeOutputMaterial")
        light.inputs["Strength"].default_value = strength
        tree.links.new(light.outputs[0], output.inputs["Surface"])
        bpy.context.object.data.materials.append(material)


def _rendered(scene, folder_):
    """[32, 32, 3] what the camera sees in Cycles."""
    import bpy

    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = 16, False, 0
    scene.render.resolution_x = scene.render.resolution_y = 32
    scene.render.image_settings.file_format, scene.render.image_settings.color_mode = "PNG", "RGB"
    scene.render.filepath = str(folder_ / "seen.png")
    bpy.ops.render.render(write_still=True)
    return images.read_png(folder_ / "seen.png") / 255.0
