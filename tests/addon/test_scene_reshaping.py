"""New vertices for a whole head, as a moving slider asks for them."""

from __future__ import annotations

import numpy as np
import pytest

from dreamface import folder
from tests.addon.faces import key_offset, other_face, read, vertices

SCAR = np.float32([0.0, 0.001, 0.0])  # metres; what an artist's own shape key moves every vertex by


@pytest.fixture
def skin(imported):
    return imported.skin


@pytest.fixture(scope="module")
def someone(face):
    return other_face(face)


@pytest.fixture(scope="module")
def moved(someone):
    """What the backend answers while a slider moves."""
    return {"vertices": someone.head.vertices.numpy()}


@pytest.fixture(scope="module")
def moved_with_shapes(moved, someone):
    """What it answers when the slider has come to rest."""
    return moved | folder.pack_shapes(someone.shapes)


def test_all_parts_move(skin, moved, face):
    from dreamface_addon.scene import parts_of, reshape

    reshape(skin, moved, {})
    for object_ in parts_of(skin):
        part = slice(*face.head.topology.part(object_["dreamface_part"]).vertices)
        np.testing.assert_array_equal(vertices(object_), moved["vertices"][part])


def test_every_shape_key_keeps_what_it_does(skin, moved, face):
    from dreamface_addon.scene import reshape

    teeth = next(child for child in skin.children if child.name.endswith(" upper teeth"))
    scar = skin.shape_key_add(name="scar", from_mix=False)
    scar.points.foreach_set("co", (vertices(skin) + SCAR).reshape(-1))
    before = {name: key_offset(skin, name) for name in ("jawOpen", "mouthPucker", "scar")}
    before_teeth = key_offset(teeth, "jawOpen")
    reshape(skin, moved, {})
    for name, offset in before.items():
        np.testing.assert_allclose(key_offset(skin, name), offset, atol=1e-7, err_msg=name)
    np.testing.assert_allclose(key_offset(teeth, "jawOpen"), before_teeth, atol=1e-7)


def test_shapes_of_the_new_head_replace_the_old_ones(skin, moved_with_shapes, someone, face):
    from dreamface_addon.scene import reshape

    scar = skin.shape_key_add(name="scar", from_mix=False)
    scar.points.foreach_set("co", (vertices(skin) + SCAR).reshape(-1))
    reshape(skin, moved_with_shapes, {})
    part = slice(*face.head.topology.part("skin").vertices)
    for index, name in enumerate(someone.shape_names):
        np.testing.assert_allclose(key_offset(skin, name), someone.shapes[index, part].numpy(), atol=1e-7, err_msg=name)
    np.testing.assert_allclose(key_offset(skin, "scar"), np.broadcast_to(SCAR, (len(vertices(skin)), 3)), atol=1e-7)


def test_what_is_seen_is_the_new_shape_with_its_pose_and_its_normals(skin, moved, face, bpy):
    from dreamface_addon.scene import record, reshape

    reshape(skin, moved, record(skin)["traits"])
    bpy.context.view_layer.update()
    seen = skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    part = slice(*face.head.topology.part("skin").vertices)
    expected = moved["vertices"][part] + 0.25 * face.shapes[17, part].numpy()
    np.testing.assert_allclose(read(seen.vertices, "co", 3), expected, atol=1e-6)
    quads = face.head.topology.faces[slice(*face.head.topology.part("skin").faces)].numpy()
    corners = vertices(skin)[quads]
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    np.testing.assert_allclose(read(skin.data.polygons, "normal", 3), normals, atol=1e-4)


def test_a_head_without_shape_keys_moves_too(skin, moved, face):
    from dreamface_addon.scene import reshape

    skin.shape_key_clear()
    reshape(skin, moved, {})
    np.testing.assert_array_equal(vertices(skin), moved["vertices"][slice(*face.head.topology.part("skin").vertices)])


def test_the_traits_are_stored_with_their_reasons(skin, moved):
    from dreamface_addon.scene import record, reshape

    before = record(skin)["traits"]
    age = {"value": 60.0, "confidence": 1.0, "because": "set by hand"}
    reshape(skin, moved, {"nose.width": 2.0, "age": age, "lipstick": before["lipstick"]})
    assert record(skin)["traits"] == {
        "nose.width": {"value": 2.0, "confidence": 0.8, "because": "round"},
        "age": age,
        "lipstick": before["lipstick"],
    }


def test_an_expression_among_the_traits_is_worn(skin, moved):
    from dreamface_addon.scene import reshape

    keys = skin.data.shape_keys.key_blocks
    keys["eyeBlinkLeft"].value = 0.6
    reshape(skin, moved, {"expression.jawOpen": 0.25, "expression.mouthPucker": 0.5})
    weights = [keys[name].value for name in ("eyeBlinkLeft", "jawOpen", "mouthPucker")]
    assert weights == pytest.approx([0.6, 0.25, 0.5])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda arrays: {"vertices": arrays["vertices"][:-5]}, "upper teeth has other vertices than the head"),
        (lambda arrays: {"vertices": arrays["vertices"] * np.nan}, "The engine sent vertices that are no numbers"),
        (lambda arrays: arrays | {"shape_offsets": arrays["shape_offsets"][:-1]}, "skin has other shape keys"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_moves(skin, moved_with_shapes, spoil, sentence):
    from dreamface_addon.scene import SceneError, reshape

    before = vertices(skin)
    with pytest.raises(SceneError, match=sentence):
        reshape(skin, spoil(moved_with_shapes), {"age": 20.0})
    np.testing.assert_array_equal(vertices(skin), before)
    assert "20.0" not in skin["dreamface_traits"]


def test_an_edited_mesh_is_refused(skin, moved, bpy):
    from dreamface_addon.scene import SceneError, reshape

    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(SceneError, match="skin is in Edit Mode: go back to Object Mode first"):
        reshape(skin, moved, {})
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(SceneError, match="skin has other vertices than the head it came from"):
        reshape(skin, moved, {})


def test_properties_removed_by_hand_are_a_sentence(skin, moved):
    from dreamface_addon.scene import SceneError, record, reshape

    skin["dreamface_traits"] = "{"
    for action in (lambda: reshape(skin, moved, {}), lambda: record(skin)):
        with pytest.raises(SceneError, match="skin has lost its DreamFace properties: undo"):
            action()
