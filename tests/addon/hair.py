"""What tests of hair in Blender share, whichever nodes make the hairs."""

from __future__ import annotations

import numpy as np

from tests.addon.faces import POINTS, read

UP = np.array([0.0, 0.0, 0.02], np.float32)  # metres


def guides(object_):
    """[N, P, 3] as they are stored, metres."""
    return read(object_.data.position_data, "vector", 3).reshape(-1, POINTS, 3)


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


def check_follows_placing(bpy, skin, object_, atol):
    """Hair is moved, turned and scaled with its head; `atol` in metres."""
    from mathutils import Matrix

    before = shown(bpy, object_)
    place = Matrix.Translation((1.0, 2.0, 3.0)) @ Matrix.Rotation(0.7, 4, "Z") @ Matrix.Scale(2.0, 4)
    skin.matrix_world = place
    matrix = np.array(place)
    np.testing.assert_allclose(shown(bpy, object_), before @ matrix[:3, :3].T + matrix[:3, 3], atol=atol)


def check_survives_saving(bpy, scalp, path):
    """Hair of which half is drawn is as it was after its file was saved and opened; gives the skin and that hair."""
    from dreamface_addon.scene import edited_hair, find_face, hair_density, hair_of, set_hair_density

    set_hair_density(scalp, 0.5)
    before, hairs, nodes = guides(scalp), len(shown(bpy, scalp)), names(scalp)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    skin = find_face("face-1")
    hair = hair_of(skin)["scalp"]
    np.testing.assert_array_equal(guides(hair), before)
    assert names(hair) == nodes and len(shown(bpy, hair)) == hairs
    assert edited_hair(skin) == [] and abs(hair_density(hair) - 0.5) < 1e-6
    return skin, hair


def names(object_):
    """The node groups of an object's modifiers."""
    return [modifier.node_group.name for modifier in object_.modifiers]
