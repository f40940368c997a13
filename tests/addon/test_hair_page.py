"""What the Hair page stands on: what hair shows, what was deleted, and hair as it is sent."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pytest

from tests.addon.faces import with_hair


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    path = shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada")
    return with_hair(path, "scalp", "brows")


@pytest.fixture
def skin(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    return import_face(hairy_folder).skin


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
