"""What an artist sculpts on a face: it stays on top of whatever the traits say, and can be taken back."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest

from dreamface import folder
from tests.addon.faces import key_offset, other_face, other_head, read, vertices
from tests.support import synthetic_face

RAISE = np.float32([0.0, 0.002, 0.01])  # metres
CROWN = 7  # a vertex


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


@pytest.fixture(scope="module")
def other_folder(someone, tmp_path_factory):
    return folder.save(someone, tmp_path_factory.mktemp("faces") / "eve")


@pytest.fixture(scope="module")
def carved(someone, tmp_path_factory):
    """The folder of a face whose head has an offset, and the offset."""
    offset = someone.head.vertices * 0.0
    offset[20:30, 2] = 0.005
    head = replace(someone.head, vertices=someone.head.vertices + offset, offset=offset)
    return folder.save(replace(someone, head=head), tmp_path_factory.mktemp("faces") / "carved"), offset.numpy()


def raise_in_edit_mode(bpy, object_, key=0, by=RAISE, vertex=CROWN):
    """Move a vertex as an artist does, with the shape key of that number active."""
    import bmesh

    bpy.context.view_layer.objects.active = object_
    object_.active_shape_key_index = key
    bpy.ops.object.mode_set(mode="EDIT")
    mesh = bmesh.from_edit_mesh(object_.data)
    mesh.verts.ensure_lookup_table()
    mesh.verts[vertex].co += read_vector(by)
    bmesh.update_edit_mesh(object_.data)
    bpy.ops.object.mode_set(mode="OBJECT")


def read_vector(values):
    from mathutils import Vector

    return Vector(values.tolist())


def key_number(object_, name):
    return object_.data.shape_keys.key_blocks.find(name)


def part_of(head, object_):
    return head.vertices[slice(*head.topology.part(object_["dreamface_part"]).vertices)].numpy()


def raised(plain, by=RAISE, vertex=CROWN):
    expected = plain.copy()
    expected[vertex] += by
    return expected


@pytest.mark.parametrize("part", ["skin", "left_iris", "upper_teeth"])
def test_a_sculpted_part_stays_sculpted_under_a_slider(imported, moved, moved_with_shapes, someone, bpy, part):
    from dreamface_addon.scene import reshape

    object_ = imported.parts[part]
    raise_in_edit_mode(bpy, object_)
    for step in range(5):
        reshape(imported.skin, {"vertices": moved["vertices"] * (1.0 + step / 50)}, {})
    reshape(imported.skin, moved, {})
    expected = raised(part_of(someone.head, object_))
    np.testing.assert_allclose(vertices(object_), expected, atol=1e-6)
    if object_.data.shape_keys:
        np.testing.assert_array_equal(read(object_.data.shape_keys.reference_key.points, "co", 3), vertices(object_))
    reshape(imported.skin, moved_with_shapes, {})
    np.testing.assert_allclose(vertices(object_), expected, atol=1e-6)
    others = np.arange(len(expected)) != CROWN
    np.testing.assert_array_equal(vertices(object_)[others], expected[others])
    if "jawOpen" in (object_.data.shape_keys.key_blocks if object_.data.shape_keys else ()):
        wanted = someone.shapes[17, slice(*someone.head.topology.part(part).vertices)].numpy()
        np.testing.assert_allclose(key_offset(object_, "jawOpen"), wanted, atol=1e-6)


@pytest.mark.parametrize("mode", ["slider", "words"])
def test_a_sculpted_expression_stays_and_the_others_are_made_anew(
    skin, moved, moved_with_shapes, someone, other_folder, bpy, mode
):
    from dreamface_addon.scene import reshape, update_face

    raise_in_edit_mode(bpy, skin, key_number(skin, "mouthPucker"), by=np.float32([0.0, 0.00005, 0.0]))
    sculpted = key_offset(skin, "mouthPucker")
    for _ in range(2):  # it is known as sculpted the second time, too
        reshape(skin, moved, {})
        if mode == "slider":
            reshape(skin, moved_with_shapes, {})
        else:
            update_face(skin, other_folder)
    np.testing.assert_allclose(key_offset(skin, "mouthPucker"), sculpted, atol=1e-6)
    part = slice(*someone.head.topology.part("skin").vertices)
    for name in ("jawOpen", "mouthFunnel"):
        wanted = someone.shapes[someone.shape_names.index(name), part].numpy()
        np.testing.assert_allclose(key_offset(skin, name), wanted, atol=1e-7, err_msg=name)


def test_a_long_drag_makes_no_expression_seem_sculpted(skin, moved, moved_with_shapes, face, someone):
    from dreamface_addon.scene import reshape, sculpted_expressions

    start = face.head.vertices.numpy()
    for step in np.linspace(0.0, 1.0, 400, dtype=np.float32):
        reshape(skin, {"vertices": start + step * (moved["vertices"] - start)}, {})
    reshape(skin, moved_with_shapes, {})
    assert sculpted_expressions(skin) == ()
    part = slice(*someone.head.topology.part("skin").vertices)
    np.testing.assert_allclose(key_offset(skin, "jawOpen"), someone.shapes[17, part].numpy(), atol=1e-7)


def test_a_basis_moved_by_a_script_alone_sculpts_no_expression(skin, moved_with_shapes, someone):
    from dreamface_addon.scene import reshape, sculpted_expressions

    basis = skin.data.shape_keys.reference_key
    basis.points.foreach_set("co", raised(vertices(skin)).reshape(-1))
    assert sculpted_expressions(skin) == ()
    reshape(skin, moved_with_shapes, {})
    np.testing.assert_allclose(vertices(skin), raised(part_of(someone.head, skin)), atol=1e-6)
    part = slice(*someone.head.topology.part("skin").vertices)
    np.testing.assert_allclose(key_offset(skin, "jawOpen"), someone.shapes[17, part].numpy(), atol=1e-7)


def test_what_was_sculpted_stays_on_someone_else(imported, other_folder, someone, bpy):
    from dreamface_addon.scene import update_face

    for part in ("skin", "left_iris"):
        raise_in_edit_mode(bpy, imported.parts[part])
    for _ in range(2):
        update_face(imported.skin, other_folder)
    for part in ("skin", "left_iris"):
        object_ = imported.parts[part]
        np.testing.assert_allclose(vertices(object_), raised(part_of(someone.head, object_)), atol=1e-6)
    teeth = imported.parts["upper_teeth"]
    np.testing.assert_array_equal(vertices(teeth), part_of(someone.head, teeth))


def test_an_edit_gets_what_was_sculpted_and_does_not_bring_it_twice(imported, face, someone, bpy, tmp_path):
    from dreamface_addon.scene import files_of, record, update_face

    skin, teeth = imported.skin, imported.parts["upper_teeth"]
    assert files_of(skin, record(skin)) == ({}, None)
    raise_in_edit_mode(bpy, skin)
    raise_in_edit_mode(bpy, teeth)
    files, digest = files_of(skin, record(skin))
    offset = folder.unpack_offset(io.BytesIO(files[digest]))
    first = face.head.topology.part("upper_teeth").vertices[0]
    assert np.flatnonzero(offset.any(dim=1)).tolist() == [CROWN, first + CROWN]
    np.testing.assert_allclose(offset[[CROWN, first + CROWN]], np.stack([RAISE, RAISE]), atol=1e-7)
    head = replace(someone.head, vertices=someone.head.vertices + offset, offset=offset)
    made = folder.save(replace(someone, head=head), tmp_path / "made")
    raise_in_edit_mode(bpy, skin, vertex=CROWN + 1)  # while the backend works
    update_face(skin, made, files[digest])
    expected = raised(raised(part_of(someone.head, skin)), vertex=CROWN + 1)
    np.testing.assert_allclose(vertices(skin), expected, atol=1e-6)
    np.testing.assert_allclose(vertices(teeth), raised(part_of(someone.head, teeth)), atol=1e-6)


def test_what_is_being_edited_is_sent_as_it_is(skin, bpy):
    from dreamface_addon.scene import files_of, record

    meshes = len(bpy.data.meshes)
    raise_in_edit_mode(bpy, skin)
    before = files_of(skin, record(skin))
    for mode in ("EDIT", "SCULPT"):
        bpy.ops.object.mode_set(mode=mode)
        assert files_of(skin, record(skin)) == before
    bpy.ops.object.mode_set(mode="OBJECT")
    assert len(bpy.data.meshes) == meshes


def test_parts_that_were_deleted_are_counted(imported, face, bpy):
    from dreamface_addon.scene import files_of, record

    skin = imported.skin
    bpy.data.objects.remove(imported.parts["upper_teeth"])  # the last of the head's
    raise_in_edit_mode(bpy, skin)
    files, digest = files_of(skin, record(skin))
    assert len(folder.unpack_offset(io.BytesIO(files[digest]))) == len(face.head.vertices)


def test_a_carved_head_is_sculpted_on(scene, carved, face, someone, moved, bpy, tmp_path):
    from dreamface_addon.scene import files_of, import_face, record, reshape, update_face

    path, offset = carved
    skin = import_face(path).skin
    np.testing.assert_array_equal(vertices(skin), part_of(someone.head, skin) + offset[: len(vertices(skin))])
    files, digest = files_of(skin, record(skin))
    np.testing.assert_array_equal(folder.unpack_offset(io.BytesIO(files[digest])), offset)
    raise_in_edit_mode(bpy, skin)
    plain = face.head.vertices.numpy()
    reshape(skin, {"vertices": plain}, {})
    expected = raised(part_of(face.head, skin) + offset[: len(vertices(skin))])
    np.testing.assert_allclose(vertices(skin), expected, atol=1e-6)
    update_face(skin, path)  # its own folder again: the carving is there once
    expected = raised(part_of(someone.head, skin) + offset[: len(vertices(skin))])
    np.testing.assert_allclose(vertices(skin), expected, atol=1e-6)


def test_a_carved_head_comes_in_on_top_of_what_was_sculpted(skin, carved, someone, bpy):
    from dreamface_addon.scene import update_face

    raise_in_edit_mode(bpy, skin)
    path, offset = carved
    update_face(skin, path)
    expected = raised(part_of(someone.head, skin) + offset[: len(vertices(skin))])
    np.testing.assert_allclose(vertices(skin), expected, atol=1e-6)


def test_an_offset_changed_by_hand_is_refused(scene, carved, tmp_path):
    import shutil

    from dreamface_addon.scene import FaceFolderError, import_face

    damaged = shutil.copytree(carved[0], tmp_path / "damaged")
    arrays = dict(np.load(damaged / "geometry.npz"))
    arrays["offset_vertices"] = arrays["offset_vertices"] + 10**6
    np.savez(damaged / "geometry.npz", **arrays)
    with pytest.raises(FaceFolderError, match="the offset has a vertex that is not there"):
        import_face(damaged)


def test_a_mesh_of_an_older_version_is_taken_as_its_traits_say(skin, moved, moved_with_shapes, someone, bpy):
    from dreamface_addon.scene import reshape, sculpted_distance

    raise_in_edit_mode(bpy, skin)
    skin.data.attributes.remove(skin.data.attributes[".dreamface_rest"])
    for data in (skin.data, skin.data.shape_keys):
        for name in list(data.keys()):
            del data[name]
    assert sculpted_distance(skin) == 0.0
    reshape(skin, moved_with_shapes, {})
    np.testing.assert_array_equal(vertices(skin), part_of(someone.head, skin))
    raise_in_edit_mode(bpy, skin)
    reshape(skin, moved, {})
    np.testing.assert_allclose(vertices(skin), raised(part_of(someone.head, skin)), atol=1e-6)


def test_undo_and_redo_keep_traits_and_sculpture_apart(skin, moved, face, someone, bpy):
    from dreamface_addon.scene import reshape

    name, plain, other = skin.name, part_of(face.head, skin), part_of(someone.head, skin)
    bpy.ops.ed.undo_push(message="as it came")
    raise_in_edit_mode(bpy, skin)
    bpy.ops.ed.undo_push(message="sculpted")
    reshape(bpy.data.objects[name], moved, {})
    bpy.ops.ed.undo_push(message="slider")
    bpy.ops.ed.undo()
    np.testing.assert_allclose(vertices(bpy.data.objects[name]), raised(plain), atol=1e-6)
    bpy.ops.ed.redo()
    np.testing.assert_allclose(vertices(bpy.data.objects[name]), raised(other), atol=1e-6)
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    skin = bpy.data.objects[name]
    np.testing.assert_array_equal(vertices(skin), plain)
    reshape(skin, moved, {})
    np.testing.assert_array_equal(vertices(skin), other)


def test_keys_that_undo_brought_back_without_their_mesh_are_not_sculpted(skin, moved, face, bpy):
    """Undo leaves a mesh as it is where two steps tell only the keys apart, and it has followed a slider since."""
    from dreamface_addon.scene import reshape

    name = skin.name
    for weight in (0.1, 0.5):  # Blender's first undo after a file was opened brings everything back
        bpy.ops.ed.undo_push(message="as it came")
        bpy.data.objects[name].data.shape_keys.key_blocks["jawOpen"].value = weight
        bpy.ops.ed.undo_push(message="posed")
        reshape(bpy.data.objects[name], moved, {})  # as a slider does: no step of its own
        bpy.ops.ed.undo()
    skin = bpy.data.objects[name]
    basis = read(skin.data.shape_keys.reference_key.points, "co", 3)
    assert not np.allclose(basis, vertices(skin), atol=1e-3), "they are of different moments"
    reshape(skin, {"vertices": face.head.vertices.numpy()}, {})
    np.testing.assert_array_equal(vertices(skin), part_of(face.head, skin))
    np.testing.assert_array_equal(read(skin.data.shape_keys.reference_key.points, "co", 3), part_of(face.head, skin))


def test_an_edit_of_topology_is_a_sentence_and_loses_nothing(skin, moved, bpy):
    from dreamface_addon.scene import SceneError, reshape

    raise_in_edit_mode(bpy, skin)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    before = vertices(skin)
    with pytest.raises(SceneError, match="skin has other vertices than the head it came from"):
        reshape(skin, moved, {})
    np.testing.assert_array_equal(vertices(skin), before)


def test_a_sculpted_copy_and_its_original_go_their_own_ways(imported, moved, face, someone, bpy):
    from dreamface_addon.scene import FACE_ID, find_face, parts_of, reshape, separate_copies

    skin = imported.skin
    raise_in_edit_mode(bpy, skin)
    bpy.ops.object.select_all(action="SELECT")
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.duplicate()
    copy = bpy.context.view_layer.objects.active
    raise_in_edit_mode(bpy, copy, vertex=CROWN + 1)
    assert separate_copies(skin[FACE_ID])
    assert (find_face("face-1"), find_face(copy[FACE_ID])) == (skin, copy)
    assert len(parts_of(copy)) == len(parts_of(skin)) == len(imported.parts)
    reshape(copy, moved, {})
    np.testing.assert_allclose(vertices(skin), raised(part_of(face.head, skin)), atol=1e-6)
    np.testing.assert_allclose(vertices(copy), raised(raised(part_of(someone.head, skin)), vertex=CROWN + 1), atol=1e-6)


@pytest.mark.parametrize("suffix", [".glb", ".usdc", ".fbx"])
def test_the_hidden_attributes_are_not_exported(skin, bpy, tmp_path, suffix):
    from dreamface_addon.scene import export_face

    raise_in_edit_mode(bpy, skin)
    path = tmp_path / f"face{suffix}"
    export_face(skin, path)
    exported = path.read_bytes()
    if suffix == ".usdc":
        text = tmp_path / "face.usda"
        export_face(skin, text)
        exported += text.read_bytes()
    assert b"dreamface_rest" not in exported and b"dreamface_shape_sums" not in exported


def test_clearing_gives_back_what_the_traits_say(imported, moved, moved_with_shapes, someone, bpy):
    from dreamface_addon.scene import clear_sculpted, reshape, sculpted_distance, sculpted_expressions

    skin, iris = imported.skin, imported.parts["left_iris"]
    assert (sculpted_distance(skin), sculpted_expressions(skin)) == (0.0, ())
    scar = skin.shape_key_add(name="scar", from_mix=False)
    scar.points[3].co.z += 0.001
    reshape(skin, moved, {})
    raise_in_edit_mode(bpy, skin)
    raise_in_edit_mode(bpy, iris, by=RAISE * 0.1)
    raise_in_edit_mode(bpy, skin, key_number(skin, "mouthPucker"), vertex=CROWN + 1)
    assert sculpted_distance(skin) == pytest.approx(1000 * np.linalg.norm(RAISE), rel=1e-3)
    assert sculpted_expressions(skin) == ("mouthPucker",)
    assert clear_sculpted(skin) == ("mouthPucker",)
    for object_ in (skin, iris):
        np.testing.assert_array_equal(vertices(object_), part_of(someone.head, object_))
    assert sculpted_distance(skin) == 0.0
    reshape(skin, moved_with_shapes, {})
    part = slice(*someone.head.topology.part("skin").vertices)
    wanted = someone.shapes[someone.shape_names.index("mouthPucker"), part].numpy()
    np.testing.assert_allclose(key_offset(skin, "mouthPucker"), wanted, atol=1e-7)
    assert key_offset(skin, "scar")[3] == pytest.approx([0.0, 0.0, 0.001], abs=1e-7)
    assert sculpted_expressions(skin) == ()
    assert clear_sculpted(skin) == ()


def test_a_carved_head_is_cleared_too(scene, carved, someone):
    from dreamface_addon.scene import clear_sculpted, files_of, import_face, record, sculpted_distance

    skin = import_face(carved[0]).skin
    assert sculpted_distance(skin) == pytest.approx(5.0, rel=1e-3)
    clear_sculpted(skin)
    np.testing.assert_allclose(vertices(skin), part_of(someone.head, skin), atol=1e-7)
    assert files_of(skin, record(skin)) == ({}, None)


def bump(points, centre, height=0.01, width=0.06):
    """[V, 3] metres: a smooth bump on top of the skin's sphere, away from its middle."""
    away = points - centre
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    distances = np.linalg.norm(points - centre - np.float32([0.0, 0.0, 0.1]), axis=1)
    return (height * np.exp(-((distances / width) ** 2))[:, None] * away).astype(np.float32)


def sculpt_bump(object_, by):
    """Sculpt in all shape keys, as Blender's brushes do on the basis."""
    for key in object_.data.shape_keys.key_blocks:
        key.points.foreach_set("co", (read(key.points, "co", 3) + by).reshape(-1))
    object_.data.vertices.foreach_set("co", (vertices(object_) + by).reshape(-1))


CENTRE = np.float32([0.0, 0.0, 0.3])


def with_landmarks(path, centre):
    """Give a face's folder landmarks all around its head, wherever its vertices are."""
    arrays = dict(np.load(path / "geometry.npz"))
    skin = arrays["vertices"][: json.loads((path / "face.json").read_text("utf-8"))["parts"][0]["vertices"][1]]
    rays = (skin - centre) / np.linalg.norm(skin - centre, axis=1, keepdims=True)
    directions = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
    directions = directions[np.abs(directions).any(axis=1)]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    arrays["landmark_vertices"] = np.argmax(directions @ rays.T, axis=1).astype(np.int32)
    arrays["landmark_names"] = np.array([f"ray_{number}" for number in range(len(directions))])
    np.savez(path / "geometry.npz", **arrays)
    return path


# The coarse head has no vertices where the fine one's landmarks are, so these lie up to 10 mm apart.
@pytest.mark.parametrize(("by", "error"), [("landmarks", 0.0025), ("regions", 0.0006)])
def test_what_was_sculpted_goes_over_to_another_head(scene, bpy, tmp_path, by, error):
    from dreamface_addon.scene import import_face, sculpted_distance, sculpted_expressions, update_face

    mine = folder.save(synthetic_face(side=24), tmp_path / "fine")
    skin = import_face(with_landmarks(mine, CENTRE)).skin
    if by == "regions":
        del skin["dreamface_landmarks"]  # as in a file of an older version
    sculpt_bump(skin, bump(vertices(skin), CENTRE))
    path = with_landmarks(other_head(tmp_path), CENTRE)
    plain = np.load(path / "geometry.npz")["vertices"]
    updated = update_face(skin, path)
    plain = plain[: len(vertices(skin))]
    np.testing.assert_allclose(vertices(skin) - plain, bump(plain, CENTRE), atol=error)
    carried = 1000.0 * np.linalg.norm(bump(plain, CENTRE), axis=1).max()
    assert sculpted_distance(skin) == pytest.approx(carried, abs=1000.0 * error) and sculpted_expressions(skin) == ()
    assert updated.warning == "What was sculpted is on the new mesh now, as closely as it fits: look it over, or undo."
    assert np.abs(key_offset(skin, "jawOpen")).max() < 0.02, "shape keys go along"
    assert not [mesh for mesh in bpy.data.meshes if "before" in mesh.name]


def test_what_another_head_cannot_take_over_is_kept(imported, bpy, tmp_path):
    from dreamface_addon.scene import update_face

    skin, teeth = imported.skin, imported.parts["upper_teeth"]
    raise_in_edit_mode(bpy, skin, key_number(skin, "mouthPucker"))
    raise_in_edit_mode(bpy, teeth)  # the other head has none
    raised_teeth = vertices(teeth)
    warning = update_face(skin, other_head(tmp_path)).warning
    assert "could not take over" in warning and "(mouthPucker) and what was sculpted on the head itself" in warning
    assert "“Round stranger skin before”" in warning and "“Round stranger upper teeth before”" in warning
    kept = next(mesh for mesh in bpy.data.meshes if mesh.name.startswith("Round stranger upper teeth"))
    np.testing.assert_array_equal(read(kept.vertices, "co", 3), raised_teeth)


def test_an_edited_mesh_hands_over_what_was_sculpted_on_it(imported, other_folder, someone, bpy):
    from dreamface_addon.scene import update_face

    skin = imported.skin
    sculpt_bump(skin, bump(vertices(skin), CENTRE))
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    warning = update_face(skin, other_folder).warning
    plain = part_of(someone.head, skin)
    assert len(vertices(skin)) == len(plain) and "What was sculpted is on the new mesh now" in warning
    assert 0.008 < np.linalg.norm(vertices(skin) - plain, axis=1).max() < 0.011


def join_a_hat(bpy, skin):
    """Join a cube above the head to it, as Ctrl+J does; returns the number of its first vertex."""
    first = len(skin.data.vertices)
    bpy.ops.mesh.primitive_cube_add(size=0.1, location=(0.0, 0.0, 0.5))
    skin.select_set(True)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.join()
    assert len(skin.data.vertices) == first + 8
    return first


def test_what_was_joined_to_the_head_is_not_sculpted_and_stays(imported, bpy):
    from dreamface_addon.scene import clear_sculpted, edited_parts, sculpted_distance, sculpted_expressions

    skin, iris = imported.skin, imported.parts["left_iris"]
    assert edited_parts(skin) == ""
    raise_in_edit_mode(bpy, iris, by=RAISE * 0.1)
    raise_in_edit_mode(bpy, skin)
    join_a_hat(bpy, skin)
    before = vertices(skin)
    assert sculpted_distance(skin) == pytest.approx(100 * np.linalg.norm(RAISE), rel=1e-2), "that of the iris"
    assert sculpted_expressions(skin) == ()
    assert edited_parts(skin) == (
        "Round stranger skin has other vertices than it came with, because something was joined to it or cut off: "
        "DreamFace can't tell what was sculpted there, and Clear Sculpted Changes leaves it alone."
    )
    clear_sculpted(skin)
    np.testing.assert_array_equal(vertices(skin), before)
    assert sculpted_distance(skin) == 0.0, "the iris was cleared"


def test_what_was_extruded_from_the_head_stays(imported, other_folder, someone, bpy):
    from dreamface_addon.scene import clear_sculpted, sculpted_distance, update_face

    skin = imported.skin
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.extrude_region_move(TRANSFORM_OT_translate={"value": (0.0, 0.0, 0.2)})
    bpy.ops.object.mode_set(mode="OBJECT")
    before = vertices(skin)
    assert sculpted_distance(skin) == 0.0
    clear_sculpted(skin)
    np.testing.assert_array_equal(vertices(skin), before)
    material = skin.data.materials[0]
    warning = update_face(skin, other_folder).warning
    assert "could not take over what was joined to the head or made from it." in warning
    np.testing.assert_array_equal(vertices(skin), part_of(someone.head, skin))
    assert skin.data.materials[0] == material, "the kept mesh does not take the material away"


@pytest.mark.parametrize("bumped", [True, False])
def test_a_hat_does_not_keep_what_was_sculpted_from_the_next_head(scene, bpy, tmp_path, bumped):
    from dreamface_addon.scene import import_face, sculpted_distance, update_face

    mine = folder.save(synthetic_face(side=24), tmp_path / "fine")
    skin = import_face(with_landmarks(mine, CENTRE)).skin
    if bumped:
        sculpt_bump(skin, bump(vertices(skin), CENTRE))
    join_a_hat(bpy, skin)
    path = with_landmarks(other_head(tmp_path), CENTRE)
    plain = np.load(path / "geometry.npz")["vertices"]
    warning = update_face(skin, path).warning
    plain = plain[: len(vertices(skin))]
    expected = bump(plain, CENTRE) if bumped else np.zeros_like(plain)
    np.testing.assert_allclose(vertices(skin) - plain, expected, atol=0.0025)
    assert sculpted_distance(skin) < 12.0
    assert ("What was sculpted is on the new mesh now" in warning) == bumped
    assert "could not take over what was joined to the head or made from it." in warning
    kept = next(mesh for mesh in bpy.data.meshes if "before" in mesh.name)
    assert read(kept.vertices, "co", 3)[:, 2].max() > 0.5, "the hat is kept"


def apply_transform(bpy, skin, **applied):
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.select_all(action="DESELECT")
    skin.select_set(True)
    everything = {"location": False, "rotation": False, "scale": False}
    bpy.ops.object.transform_apply(**everything | applied)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("scale", "The scale of Round stranger skin was applied to its mesh: "),
        ("stretch", "The scale of Round stranger skin was applied to its mesh: "),
        ("mirror", "The scale of Round stranger skin was applied to its mesh: "),
        ("rotation", "The rotation of Round stranger skin was applied to its mesh: "),
        ("location", "The location of Round stranger skin was applied to its mesh, or its origin was moved: "),
        ("origin", "The location of Round stranger skin was applied to its mesh, or its origin was moved: "),
    ],
)
def test_an_applied_transform_is_not_sculpted(imported, moved, other_folder, bpy, what, words):
    from dreamface_addon.scene import (
        SceneError,
        applied_transform,
        clear_sculpted,
        files_of,
        record,
        reshape,
        update_face,
    )

    skin = imported.skin
    sculpt_bump(skin, bump(vertices(skin), CENTRE))
    assert applied_transform(skin) == ""
    if what in ("scale", "stretch", "mirror"):
        skin.scale = {"scale": (10.0, 10.0, 10.0), "stretch": (1.0, 1.0, 1.4), "mirror": (-1.0, 1.0, 1.0)}[what]
        apply_transform(bpy, skin, scale=True)
    elif what == "rotation":
        skin.rotation_euler = (0.0, 0.0, 0.5)
        apply_transform(bpy, skin, rotation=True)
    elif what == "location":
        skin.location = (0.1, 0.0, 0.2)
        apply_transform(bpy, skin, location=True)
    else:
        bpy.context.view_layer.objects.active = skin
        skin.select_set(True)
        bpy.ops.object.origin_set(type="ORIGIN_GEOMETRY")
    sentence = applied_transform(skin)
    assert sentence.startswith(words)
    assert sentence.endswith("undo that (Ctrl+Z), or import the face's folder again.")
    before = vertices(skin)
    for change in (
        lambda: clear_sculpted(skin),
        lambda: reshape(skin, moved, {}),
        lambda: update_face(skin, other_folder),
        lambda: files_of(skin, record(skin)),
    ):
        with pytest.raises(SceneError) as refused:
            change()
        assert str(refused.value) == sentence
    np.testing.assert_array_equal(vertices(skin), before)


def test_much_that_was_sculpted_is_no_applied_transform(imported, moved, someone, bpy, scene, carved):
    """Long horns, a head that was stretched in Edit Mode, and a small scale are sculpted; and what was carved is."""
    from dreamface_addon.scene import applied_transform, import_face, sculpted_distance

    skin = imported.skin
    plain = vertices(skin)
    for by in (
        bump(plain, CENTRE, height=0.15),
        (plain * np.float32([0.0, 0.0, 0.4])).astype(np.float32),
        np.where(plain[:, 2:] < 0.25, np.float32([0.0, 0.0, -0.2]), np.float32(0.0)),
    ):
        sculpt_bump(skin, by)
        assert sculpted_distance(skin) > 50.0
        assert applied_transform(skin) == ""
        sculpt_bump(skin, -by)
    skin.scale = (1.01, 1.01, 1.01)
    apply_transform(bpy, skin, scale=True)
    assert applied_transform(skin) == ""
    assert applied_transform(import_face(carved[0]).skin) == ""


def test_an_applied_transform_is_undone_with_what_was_sculpted(skin, moved, someone, bpy):
    from dreamface_addon.scene import applied_transform, reshape

    raise_in_edit_mode(bpy, skin)
    skin.scale = (10.0, 10.0, 10.0)
    apply_transform(bpy, skin, scale=True)
    assert applied_transform(skin)
    skin.scale = (0.1, 0.1, 0.1)
    apply_transform(bpy, skin, scale=True)
    assert applied_transform(skin) == ""
    reshape(skin, moved, {})
    np.testing.assert_allclose(vertices(skin), raised(part_of(someone.head, skin)), atol=1e-5)
