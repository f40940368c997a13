"""A face folder in Blender: objects, materials, shape keys and what an artist finds on them."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from dreamface import folder
from dreamface.traits import ARKIT_SHAPES
from tests.addon.faces import EYES
from tests.support import synthetic_face

ENGINES = ("CYCLES", "EEVEE")


def test_every_part_is_an_object_of_one_collection(imported, scene):
    assert set(imported.parts) == {"skin", "upper_teeth", *EYES}
    assert set(imported.collection.objects) == set(imported.parts.values())
    assert imported.collection.name in scene.collection.children
    assert all(part.parent is imported.skin for part in imported.parts.values() if part is not imported.skin)


def test_the_meshes_are_the_face(imported, face):
    topology = face.head.topology
    for part in topology.parts:
        mesh = imported.parts[part.name].data
        np.testing.assert_array_equal(
            _read(mesh.vertices, "co", 3), face.head.vertices[slice(*part.vertices)].numpy(), err_msg=part.name
        )
        faces = topology.faces[slice(*part.faces)].numpy() - part.vertices[0]
        np.testing.assert_array_equal(_read(mesh.loops, "vertex_index", 1, np.int32).reshape(-1, 4), faces)
        uv = topology.uv[topology.face_uvs[slice(*part.faces)]].reshape(-1, 2).numpy()
        np.testing.assert_array_equal(_read(mesh.uv_layers.active.uv, "vector", 2), uv)
        assert not mesh.validate(), f"Blender had to repair {part.name}"
        assert all(polygon.use_smooth for polygon in mesh.polygons)


def test_the_skin_has_all_shape_keys_at_the_expression_of_the_face(imported, face):
    keys = imported.skin.data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", *ARKIT_SHAPES]
    assert {key.name: key.value for key in keys[1:] if key.value} == {"jawOpen": 0.25}
    skin = slice(*face.head.topology.part("skin").vertices)
    moved = _read(keys["jawOpen"].points, "co", 3) - _read(keys["Basis"].points, "co", 3)
    np.testing.assert_allclose(moved, face.shapes[17, skin].numpy(), atol=1e-7)


def test_shapes_beyond_arkits_are_keys_too(scene, tmp_path):
    from dreamface_addon.scene import import_face

    extra = ("browFurrowDeep", "neckTense")
    imported = import_face(folder.save(synthetic_face(extra_shapes=extra), tmp_path / "ada"))
    keys = imported.skin.data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", *ARKIT_SHAPES, *extra]
    assert keys["neckTense"].value == 0.0


def test_other_parts_have_only_the_keys_that_move_them(imported):
    def names(part):
        return {key.name for key in imported.parts[part].data.shape_keys.key_blocks[1:]}

    assert names("upper_teeth") == {"jawOpen"}
    assert names("left_iris") == {f"eyeLook{way}Left" for way in ("Up", "Down", "In", "Out")}


def test_the_other_parts_follow_the_skins_keys(imported, bpy):
    skin_keys = imported.skin.data.shape_keys.key_blocks
    skin_keys["jawOpen"].value, skin_keys["eyeLookUpRight"].value = 0.75, 0.5
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    teeth, eye = (imported.parts[name].evaluated_get(depsgraph) for name in ("upper_teeth", "right_cornea"))
    assert teeth.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.75)
    assert eye.data.shape_keys.key_blocks["eyeLookUpRight"].value == pytest.approx(0.5)
    drop = _read(teeth.data.vertices, "co", 3) - _read(imported.parts["upper_teeth"].data.vertices, "co", 3)
    np.testing.assert_allclose(drop, np.broadcast_to([0, 0, -0.75 * 0.015], drop.shape), atol=1e-6)


def test_regions_are_vertex_groups_without_empty_weights(imported, face):
    assert {group.name for group in imported.skin.vertex_groups} == {"lips_upper", "forehead"}
    assert not imported.parts["upper_teeth"].vertex_groups
    weights = np.zeros(len(imported.skin.data.vertices))
    lips = imported.skin.vertex_groups["lips_upper"].index
    for vertex in imported.skin.data.vertices:
        for entry in vertex.groups:
            assert entry.weight > 0.0
            if entry.group == lips:
                weights[vertex.index] = entry.weight
    expected = face.head.topology.regions["lips_upper"][: len(weights)].numpy()
    np.testing.assert_allclose(weights, expected, atol=0.5 / 255 + 1e-6)


def test_the_maps_are_connected_in_their_colour_spaces(imported):
    skin = imported.skin.active_material.node_tree
    shader = _shader(skin)
    for socket, channel in {
        "Base Color": "albedo",
        "Roughness": "roughness",
        "Specular IOR Level": "specular",
        "Subsurface Weight": "subsurface",
    }.items():
        image = shader.inputs[socket].links[0].from_node.image
        assert image.name == f"Round stranger skin {channel}"
        assert image.colorspace_settings.name == ("sRGB" if channel == "albedo" else "Non-Color")
    normal_map = shader.inputs["Normal"].links[0].from_node
    assert normal_map.inputs["Color"].links[0].from_node.image.colorspace_settings.name == "Non-Color"
    links = [skin.get_output_node(engine).inputs["Displacement"].links[0] for engine in ENGINES]
    assert all(link.is_muted for link in links), "the normal map already shows the relief"
    link = links[0]
    displacement = link.from_node
    assert (displacement.inputs["Midlevel"].default_value, displacement.inputs["Scale"].default_value) == (0.0, 1.0)
    height = displacement.inputs["Height"].links[0].from_node.image
    assert (height.colorspace_settings.name, height.is_float) == ("Non-Color", True)


def test_both_engines_have_their_own_cornea(imported):
    """Cycles refracts; EEVEE, whose refraction hides the iris, sees through."""
    tree = imported.parts["left_cornea"].active_material.node_tree
    surfaces = {engine: tree.get_output_node(engine).inputs["Surface"].links[0].from_node for engine in ENGINES}
    assert surfaces["CYCLES"].inputs["Transmission Weight"].default_value == 1.0
    layers = [socket.links[0].from_node for socket in surfaces["EEVEE"].inputs]
    assert layers[0].type == "BSDF_TRANSPARENT"
    assert layers[1].inputs["Transmission Weight"].default_value == 0.0


def test_plain_values_reach_the_shader(imported):
    cornea = _shader(imported.parts["left_cornea"].active_material.node_tree).inputs
    assert cornea["Transmission Weight"].default_value == 1.0
    assert cornea["IOR"].default_value == pytest.approx(1.376)
    assert cornea["Roughness"].default_value == pytest.approx(0.02)
    teeth = _shader(imported.parts["upper_teeth"].active_material.node_tree).inputs
    assert tuple(teeth["Base Color"].default_value) == pytest.approx((0.8, 0.75, 0.6, 1.0))
    skin = _shader(imported.skin.active_material.node_tree).inputs
    radius = np.array(skin["Subsurface Radius"].default_value) * skin["Subsurface Scale"].default_value
    np.testing.assert_allclose(radius / radius[0], np.array((0.0037, 0.0014, 0.0007)) / 0.0037, rtol=1e-5)
    np.testing.assert_allclose(radius[0], 2.0 * 0.0037, rtol=1e-5)


def test_the_skin_remembers_where_it_came_from(imported, face):
    skin = imported.skin
    assert (skin["dreamface_face_id"], skin["dreamface_prompt"]) == (face.face_id, face.prompt)
    assert int(skin["dreamface_seed"]) == face.seed
    assert json.loads(skin["dreamface_traits"])["nose.width"]["value"] == 1.25


def test_a_seed_beyond_blenders_integers_is_kept(scene, face_folder, tmp_path):
    from dreamface_addon.scene import import_face

    other = shutil.copytree(face_folder, tmp_path / "other")
    document = json.loads((other / "face.json").read_text())
    (other / "face.json").write_text(json.dumps(document | {"seed": 2**40}))
    assert int(import_face(other).skin["dreamface_seed"]) == 2**40


def test_importing_twice_gives_two_independent_heads(imported, face_folder, bpy):
    from dreamface_addon.scene import import_face

    second = import_face(face_folder)
    assert second.collection is not imported.collection
    assert not set(second.parts.values()) & set(imported.parts.values())
    second.skin.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    weights = [
        head.parts["upper_teeth"].evaluated_get(depsgraph).data.shape_keys.key_blocks["jawOpen"].value
        for head in (imported, second)
    ]
    assert weights == pytest.approx([0.25, 1.0])
    assert imported.skin.active_material is not second.skin.active_material


def test_a_face_can_go_into_a_given_collection(scene, bpy, face_folder):
    from dreamface_addon.scene import import_face

    cast = bpy.data.collections.new("cast")
    scene.collection.children.link(cast)
    imported = import_face(face_folder, cast)
    assert list(cast.children) == [imported.collection]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda path: (path / "face.json").unlink(), "is not a DreamFace folder: choose one"),
        (lambda path: (path / "face.json").write_text("{"), "is damaged .*: restore it"),
        (lambda path: (path / "face.json").write_text('{"schema_version": 9}'), "newer DreamFace .* update"),
        (lambda path: (path / "geometry.npz").write_bytes(b"PK"), "is damaged .*: restore it"),
        (lambda path: (path / "maps/eyes_albedo.png").unlink(), "eyes_albedo.png is missing.*: restore it"),
    ],
)
def test_a_bad_folder_is_refused_in_a_sentence_and_leaves_the_scene_alone(
    scene, bpy, face_folder, tmp_path, damage, sentence
):
    from dreamface_addon.scene import FaceFolderError, import_face

    other = shutil.copytree(face_folder, tmp_path / "other")
    damage(other)
    with pytest.raises(FaceFolderError, match=sentence):
        import_face(other)
    assert not (bpy.data.objects or bpy.data.collections or bpy.data.materials or bpy.data.images)


def _shader(tree):
    return next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")


def _read(collection, attribute, width, kind=np.float32):
    values = np.empty(len(collection) * width, kind)
    collection.foreach_get(attribute, values)
    return values.reshape(-1, width) if width > 1 else values
