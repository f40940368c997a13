"""What the Hair page stands on: what hair shows, what was deleted, hair as it is sent, and cards."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest

from tests.addon.faces import with_hair

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


def test_marks_tell_what_hair_shows_and_what_was_deleted(bpy, skin):
    from dreamface_addon.scene import deleted_hair, grown_marks, knows_grown, mark_grown

    assert not knows_grown(skin) and set(grown_marks(skin).values()) == {""}
    mark_grown(skin, dict.fromkeys(("scalp", "beard", "brows", "lashes"), "one"))
    assert knows_grown(skin)
    assert set(grown_marks(skin).values()) == {"one"} and deleted_hair(skin) == []
    bpy.data.objects.remove(hair(skin))
    assert deleted_hair(skin) == ["scalp"]
    assert grown_marks(skin) == {"scalp": "", "beard": "one", "brows": "one", "lashes": "one"}


def test_hair_is_grown_in_the_regions_that_were_asked_for(skin, hairy_folder):
    from dreamface_addon.scene import grow_hair, hair_of

    with np.load(hairy_folder / "groom.npz") as file:
        arrays = dict(file)
    groom = json.loads((hairy_folder / "face.json").read_text("utf-8"))["groom"]
    brows = hair(skin, "brows").data
    grow_hair(skin, arrays, groom, ["scalp"])
    assert hair(skin, "brows").data == brows
    grow_hair(skin, arrays, [], ["scalp", "beard"])
    assert list(hair_of(skin)) == ["brows"] and hair(skin, "brows").data == brows


def test_hair_is_sent_as_it_is_combed(skin, hairy_folder):
    from dreamface_addon.scene import pack_hair

    scalp = hair(skin)
    points = np.empty(3 * len(scalp.data.points), np.float32)
    scalp.data.position_data.foreach_get("vector", points)
    scalp.data.position_data.foreach_set("vector", points + np.float32(0.001))
    entries, packed = pack_hair(skin)
    assert [entry["region"] for entry in entries] == ["scalp", "brows"] and "look" in entries[0]
    with np.load(io.BytesIO(packed)) as sent, np.load(hairy_folder / "groom.npz") as grown:
        assert sent.keys() == grown.keys()
        np.testing.assert_allclose(sent["scalp_points"], grown["scalp_points"] + 0.001, atol=1e-6)
        np.testing.assert_allclose(sent["brows_points"], grown["brows_points"], atol=1e-6)
        np.testing.assert_array_equal(sent["scalp_triangle"], grown["scalp_triangle"])
        np.testing.assert_allclose(sent["scalp_barycentric"], grown["scalp_barycentric"], atol=1e-5)
        np.testing.assert_array_equal(sent["scalp_lock"], grown["scalp_lock"])


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
