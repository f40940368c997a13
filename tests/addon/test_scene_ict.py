"""A face of the production head in Blender; skips where ICT-FaceKit's archive is not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dreamface.traits import ARKIT_SHAPES
from tests.addon.faces import key_offset, read, vertices

WELDED = ["skin", "gums_and_tongue", "teeth", "left_sclera", "left_iris", "right_sclera", "right_iris"]
AROUND = ["lacrimal_fluid", "eye_blend", "eye_occlusion", "lashes"]
OBJECTS = [*WELDED, *(f"{side}_{name}" for name in AROUND for side in ("left", "right"))]
CLEAR = {"cornea", "lacrimal_fluid"}
INVISIBLE = {"eye_blend", "eye_occlusion"}


@pytest.fixture(scope="module")
def face(ict_models):
    import dreamface
    from dreamface import head

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(ict_models))
        head.forget()
        yield dreamface.generate("an old man smiling", seed=3, resolution=512, head="ict")
    head.forget()


def test_it_is_the_production_heads_mesh(imported, face):
    assert list(imported.parts) == OBJECTS
    assert sum(len(object_.data.vertices) for object_ in imported.parts.values()) == 26719
    polygons = [polygon.loop_total for object_ in imported.parts.values() for polygon in object_.data.polygons]
    assert (len(polygons), polygons.count(3)) == (26384, 548)
    for object_ in imported.parts.values():
        assert not object_.data.validate(), f"Blender had to repair {object_.name}"
    paper = vertices(imported.skin)
    np.testing.assert_array_equal(paper, face.head.vertices[:14062].numpy())


def test_every_face_wears_its_parts_material(imported, face):
    for group in face.head.topology.objects:
        mesh = imported.parts[group.name].data
        slots = [json.loads(material["dreamface_material"])["name"] for material in mesh.materials]
        worn = np.array(slots)[read(mesh.polygons, "material_index", kind=np.int32)]
        expected = [part.material for part in group.parts for _ in range(*part.faces)]
        assert worn.tolist() == [face.materials[name].name for name in expected], group.name


def test_materials_show_their_tiles(imported, face):
    for object_ in imported.parts.values():
        for material in object_.data.materials:
            values = json.loads(material["dreamface_material"])
            images = {node.label for node in material.node_tree.nodes if node.type == "TEX_IMAGE"}
            tile = values["tile"] or ""
            channels = face.maps.get(tile, {})
            assert images == {f"{tile}_{name}" if "wrinkle" in name else name for name in channels}, values["name"]
            clear = any(node.type == "BSDF_TRANSPARENT" for node in material.node_tree.nodes)
            assert clear == (values["name"] in CLEAR), values["name"]
            alpha = material.node_tree.nodes["DreamFace Surface"].inputs["Alpha"]
            assert (alpha.default_value == 0.0) == (values["name"] in INVISIBLE), values["name"]


def test_shape_keys_are_arkits_and_then_the_heads_own(imported, face, bpy):
    names = [key.name for key in imported.skin.data.shape_keys.key_blocks]
    assert names[:53] == ["Basis", *ARKIT_SHAPES]
    assert json.loads(imported.skin["dreamface_extra_shapes"]) == names[53:] == list(face.shape_names[52:])
    assert {"cheekRaiser_L", "cheekRaiser_R"} <= set(names[53:])
    assert np.abs(key_offset(imported.skin, "jawOpen")).max() > 0.02, "the chin goes down by centimetres"
    eye = imported.parts["left_iris"]
    imported.skin.data.shape_keys.key_blocks["eyeLookUpLeft"].value = 1.0
    bpy.context.view_layer.update()
    seen = eye.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    assert np.abs(read(seen.vertices, "co", 3) - vertices(eye)).max() > 0.001, "the ball turns with the skin's key"


def test_sliders_and_another_person_come_into_the_same_objects(imported, face, tmp_path):
    from dataclasses import replace

    from dreamface import folder
    from dreamface_addon.scene import reshape, update_face

    moved = face.head.vertices * 1.01
    reshape(imported.skin, {"vertices": moved.numpy()} | folder.pack_shapes(face.shapes), {})
    np.testing.assert_array_equal(vertices(imported.parts["teeth"]), moved[17039:21451].numpy())
    before = {name: object_.data for name, object_ in imported.parts.items()}
    someone = replace(
        face, record=replace(face.record, face_id="face-2"), head=replace(face.head, vertices=moved * 1.01)
    )
    updated = update_face(imported.skin, folder.save(someone, tmp_path / "eve"))
    assert {name: object_.data for name, object_ in updated.parts.items()} == before
    assert updated.warning == ""
