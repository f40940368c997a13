"""Cards of hair: how they come in, what becomes of them when the head changes, and hair and cards in files."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

from tests.addon.faces import read, vertices, with_hair

CARD = np.array([[0.0, 0.0, 0.4], [0.01, 0.0, 0.4], [0.01, 0.0, 0.3], [0.0, 0.0, 0.3]], np.float32)


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    path = shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada")
    return with_hair(path, "scalp", "brows")


@pytest.fixture
def skin(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    return import_face(hairy_folder).skin


@pytest.fixture
def cards_folder(tmp_path, skin):
    """One card of the scalp, which the first shape key lifts by a centimetre."""
    from PIL import Image

    (tmp_path / "cards").mkdir()
    for name in ("albedo", "opacity", "normal"):
        Image.new("RGB" if name != "opacity" else "L", (4, 4), 128).save(tmp_path / "cards" / f"{name}.png")
    shapes = len(json.loads(skin["dreamface_shapes"]))
    np.savez(
        tmp_path / "cards.npz",
        vertices=CARD, normals=np.tile(np.array([0.0, -1.0, 0.0], np.float32), (4, 1)), uv=CARD[:, :2] * 50,
        faces=np.array([[0, 1, 2, 3]], np.int32), face_uvs=np.array([[0, 1, 2, 3]], np.int32),
        region_vertices=np.array([[0, 4], [0, 0], [0, 0], [0, 0]], np.int32),
        region_faces=np.array([[0, 1], [0, 0], [0, 0], [0, 0]], np.int32),
        shape_offsets=np.array([0] + [1] * shapes, np.int32), shape_vertices=np.array([0], np.int32),
        shape_deltas=np.array([[0.0, 0.0, 0.01]], np.float32),
    )  # fmt: skip
    return tmp_path


def hair(skin, region="scalp"):
    from dreamface_addon.scene import hair_of

    return hair_of(skin)[region]


def test_cards_take_the_place_of_hair(bpy, skin, cards_folder):
    from dreamface_addon.scene import cards_are_old, cards_of, hair_of, make_cards, show_cards, shows_cards

    (cards,) = make_cards(skin, cards_folder)
    assert cards_of(skin) == {"scalp": cards} and cards.parent == skin
    assert shows_cards(skin) and all(object_.hide_render for object_ in hair_of(skin).values())
    links = {link.to_socket.name for link in cards.active_material.node_tree.links}
    assert {"Base Color", "Alpha", "Normal"} <= links
    key = skin.data.shape_keys.key_blocks[1]
    key.value = 1.0
    bpy.context.view_layer.update()
    moved = cards.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices[0].co.z
    assert moved == pytest.approx(0.41, abs=1e-5), "cards follow expressions"
    assert not cards_are_old(skin)
    show_cards(skin, False)
    assert not shows_cards(skin) and not hair(skin).hide_viewport
    points = np.zeros(3 * len(hair(skin).data.points), np.float32)
    hair(skin).data.position_data.foreach_set("vector", points)
    assert cards_are_old(skin)
    images = len(bpy.data.images)
    (again,) = make_cards(skin, cards_folder)
    assert cards_of(skin) == {"scalp": again} and len(bpy.data.images) == images, "the old ones are gone"


def test_cards_that_cannot_be_read_change_nothing(skin, cards_folder, tmp_path):
    from dreamface_addon.scene import SceneError, cards_of, make_cards

    (cards,) = make_cards(skin, cards_folder)
    (tmp_path / "cards.npz").write_bytes(b"damaged")
    with pytest.raises(SceneError, match="make them again"):
        make_cards(skin, tmp_path)
    assert cards_of(skin) == {"scalp": cards}


def test_cards_are_exported_with_the_head(bpy, skin, cards_folder, tmp_path):
    from dreamface_addon.scene import export_face, make_cards

    (cards,) = make_cards(skin, cards_folder)
    for suffix in (".glb", ".fbx", ".obj"):
        path = tmp_path / f"head{suffix}"
        export_face(skin, path)
        assert cards.name.split()[-1].encode() in path.read_bytes(), suffix
    assert not cards.hide_viewport and hair(skin).hide_viewport, "the scene is as it was"


# --------------------------------------------------------------------------------------------------------------- files


def raise_all(skin, by=0.02):
    """A shape key at 1 that lifts the whole skin."""
    key = skin.shape_key_add(name="up")
    moved = vertices(skin) + np.array([0.0, 0.0, by], np.float32)
    key.points.foreach_set("co", moved.astype(np.float32).reshape(-1))
    key.value = 1.0


def on_a_rig(bpy, skin, by=0.1):
    """An armature that bends the skin, posed a little higher."""
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones.new("Neck")
    bone.head, bone.tail = (0.0, 0.0, 0.0), (0.0, 0.0, 0.3)
    bpy.ops.object.mode_set(mode="OBJECT")
    skin.vertex_groups.new(name="Neck").add(list(range(len(skin.data.vertices))), 1.0, "REPLACE")
    skin.modifiers.new("Rig", "ARMATURE").object = rig
    rig.pose.bones["Neck"].location = (0.0, by, 0.0)
    bpy.context.view_layer.update()
    return rig


def heights(path):
    """Kind of object -> mean height of the points of all its kind; the skin's without its shape keys."""
    found: dict[str, list[float]] = {}
    text = path.read_text()
    for kind, name, body in re.findall(
        r'def (Mesh|BasisCurves) "([^"]+)".*?point3f\[\] points = \[(.*?)\]', text, re.S
    ):
        points = np.array([float(number) for number in re.findall(r"-?[\d.]+(?:e-?\d+)?", body)]).reshape(-1, 3)
        found.setdefault("skin" if name.endswith("skin") else kind, []).append(points[:, 2].mean())
    return {kind: float(np.mean(values)) for kind, values in found.items()}


def test_hair_in_a_usd_file_is_where_the_expression_puts_it(bpy, skin, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(skin, tmp_path / "rest.usda")
    raise_all(skin)
    export_face(skin, tmp_path / "raised.usda")
    rest, raised = heights(tmp_path / "rest.usda"), heights(tmp_path / "raised.usda")
    assert raised["BasisCurves"] - rest["BasisCurves"] == pytest.approx(0.02, abs=1e-4)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.usd_import(filepath=str(tmp_path / "raised.usda"))
    bpy.context.scene.frame_set(1)
    mesh = next(mesh for mesh in bpy.data.meshes if mesh.name.endswith("skin"))
    assert mesh.shape_keys.key_blocks["up"].value == pytest.approx(1.0), "the head is told to stand there, too"


def test_a_posed_head_and_its_hair_are_in_a_usd_file_in_one_state(bpy, skin, tmp_path):
    from dreamface_addon.scene import export_face

    export_face(skin, tmp_path / "rest.usda")
    rig = on_a_rig(bpy, skin)
    skin.modifiers.new("Finer", "SUBSURF").show_render = False
    export_face(skin, tmp_path / "posed.usda")
    rest, posed = heights(tmp_path / "rest.usda"), heights(tmp_path / "posed.usda")
    for kind in ("skin", "BasisCurves"):
        assert posed[kind] == pytest.approx(rest[kind], abs=1e-4), kind
    assert rig.data.pose_position == "POSE"
    assert [(each.show_viewport, each.show_render) for each in skin.modifiers] == [(True, True), (True, False)]


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".obj", ".usda"])
def test_files_leave_the_artists_uv_maps_as_they_are(skin, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    maps = skin.data.uv_layers
    mine = maps.new(name="Mine")
    mine.uv.foreach_set("vector", np.full(2 * len(mine.uv), 0.25, np.float32))
    maps.active, mine.active_render, mine.active_clone = maps["Mine"], True, True
    mesh, names = skin.data, maps.keys()
    export_face(skin, tmp_path / f"head{suffix}")
    maps = skin.data.uv_layers
    assert skin.data == mesh and maps.keys() == names
    assert (maps.active.name, maps["Mine"].active_render, maps["Mine"].active_clone) == ("Mine", True, True)
    assert (read(maps["Mine"].uv, "vector", 2) == 0.25).all()


def test_a_files_mesh_has_its_own_name(skin, tmp_path):
    from dreamface_addon.scene import export_face

    before = skin.data.name
    export_face(skin, tmp_path / "head.glb")
    content = (tmp_path / "head.glb").read_bytes()
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    assert before in {mesh["name"] for mesh in document["meshes"]} and skin.data.name == before
