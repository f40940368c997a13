"""Hair in Blender: guides on the skin, the hairs between them, and what an artist does to them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.addon.faces import POINTS, read, vertices, with_hair

UP = np.array([0.0, 0.0, 0.02], np.float32)  # metres


@pytest.fixture(scope="module")
def hairy_folder(face_folder, tmp_path_factory):
    path = shutil.copytree(face_folder, tmp_path_factory.mktemp("hair") / "ada")
    return with_hair(path, "scalp", "brows")


@pytest.fixture
def hairy(scene, hairy_folder):
    from dreamface_addon.scene import import_face

    return import_face(hairy_folder)


@pytest.fixture
def scalp(hairy):
    from dreamface_addon.scene import hair_of

    return hair_of(hairy.skin)["scalp"]


def guides(object_):
    """[N, P, 3] as they are stored, metres."""
    return read(object_.data.position_data, "vector", 3).reshape(-1, POINTS, 3)


def stored(path, region="scalp"):
    with np.load(path / "groom.npz") as arrays:
        return arrays[f"{region}_points"]


def shown(bpy, object_):
    """[H, P, 3] the hairs that the view draws, in the world."""
    bpy.context.view_layer.update()
    evaluated = object_.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = read(evaluated.data.position_data, "vector", 3)
    matrix = np.array(evaluated.matrix_world)
    return (points @ matrix[:3, :3].T + matrix[:3, 3]).reshape(-1, POINTS, 3)


def comb(object_, by=0.01):
    """What a brush does: guides differ from how they have grown."""
    points = guides(object_)
    points[:, 1:, 0] += by
    object_.data.position_data.foreach_set("vector", points.reshape(-1))


def test_each_region_is_curves_on_the_skin(hairy, hairy_folder):
    from dreamface_addon.scene import hair_of

    hair = hair_of(hairy.skin)
    assert [object_.name for object_ in hair.values()] == ["Round stranger hair", "Round stranger brows"]
    for region, object_ in hair.items():
        assert object_.parent == hairy.skin and object_.users_collection == (hairy.collection,)
        assert object_.data.surface == hairy.skin and object_.data.surface_uv_map == "Hair"
        np.testing.assert_array_equal(guides(object_), stored(hairy_folder, region))
    assert hairy.skin.data.uv_layers.active.name == "UVMap"


def test_hairs_grow_between_the_guides_and_stay_on_the_skin(bpy, hairy, scalp):
    hairs = shown(bpy, scalp)
    assert len(hairs) == pytest.approx(1200, rel=0.1)
    radius = np.linalg.norm(hairs[:, 0] - [0.0, 0.0, 0.3], axis=1)
    assert radius.max() < 0.1005 and radius.min() > 0.09
    assert len(np.unique(hairs[:, 0].round(6), axis=0)) > 1000, "hairs have roots of their own"
    widths = read(scalp.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.attributes["radius"].data, "value")
    assert widths.max() == pytest.approx(0.0001, rel=0.01)


def test_fewer_hairs_in_the_view_are_wider(bpy, scalp):
    from dreamface_addon.scene import hair_density, set_hair_density

    assert (hair_density(scalp), hair_density(scalp, render=True)) == (1.0, 1.0), "few hairs are all drawn"
    set_hair_density(scalp, 0.5)
    assert len(shown(bpy, scalp)) == pytest.approx(600, rel=0.15)
    widths = read(scalp.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.attributes["radius"].data, "value")
    assert widths.max() == pytest.approx(0.0002, rel=0.01)


def test_hair_follows_expressions(bpy, hairy, scalp):
    before = shown(bpy, scalp)
    mesh = hairy.skin.data
    key = hairy.skin.shape_key_add(name="up")
    moved = vertices(hairy.skin) + UP
    key.points.foreach_set("co", moved.astype(np.float32).reshape(-1))
    key.value = 1.0
    mesh.update()
    np.testing.assert_allclose(shown(bpy, scalp), before + UP, atol=2e-5)


def test_hair_follows_a_head_that_is_moved_turned_and_scaled(bpy, hairy, scalp):
    from mathutils import Matrix

    before = shown(bpy, scalp)
    place = Matrix.Translation((1.0, 2.0, 3.0)) @ Matrix.Rotation(0.7, 4, "Z") @ Matrix.Scale(2.0, 4)
    hairy.skin.matrix_world = place
    matrix = np.array(place)
    np.testing.assert_allclose(shown(bpy, scalp), before @ matrix[:3, :3].T + matrix[:3, 3], atol=1e-4)


@pytest.mark.parametrize("mode", ["NEAREST", "DEFORM"])
def test_blenders_snap_to_the_surface_finds_the_roots_where_they_are(bpy, hairy, scalp, mode):
    """Curves in another space than their surface's look right, and jump as soon as they are edited."""
    hairy.skin.matrix_world[0][3] = 0.5
    hairy.skin.scale = (2.0, 2.0, 2.0)
    bpy.context.view_layer.update()
    before = guides(scalp)
    bpy.ops.object.select_all(action="DESELECT")
    bpy.context.view_layer.objects.active = scalp
    scalp.select_set(True)
    assert bpy.ops.curves.snap_curves_to_surface(attach_mode=mode) == {"FINISHED"}
    np.testing.assert_allclose(guides(scalp), before, atol=5e-4)
