"""Cards of hair: how they come in, what becomes of them when the head changes, and hair and cards in files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.addon.faces import POINTS, groom_entry, guides_on, other_head, read, vertices, with_hair

CARD = np.array([[0.0, 0.0, 0.4], [0.01, 0.0, 0.4], [0.01, 0.0, 0.3], [0.0, 0.0, 0.3]], np.float32)


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
    roots = guides_on(Path(skin["dreamface_folder"]), "scalp")
    np.savez(
        tmp_path / "cards.npz",
        vertices=CARD, normals=np.tile(np.array([0.0, -1.0, 0.0], np.float32), (4, 1)), uv=CARD[:, :2] * 50,
        faces=np.array([[0, 1, 2, 3]], np.int32), face_uvs=np.array([[0, 1, 2, 3]], np.int32),
        region_vertices=np.array([[0, 4], [0, 0], [0, 0], [0, 0]], np.int32),
        region_faces=np.array([[0, 1], [0, 0], [0, 0], [0, 0]], np.int32),
        shape_offsets=np.array([0] + [1] * shapes, np.int32), shape_vertices=np.array([0], np.int32),
        shape_deltas=np.array([[0.0, 0.0, 0.01]], np.float32), card=np.zeros(4, np.int32),
        root_triangles=roots["scalp_triangle"][:1], root_barycentric=roots["scalp_barycentric"][:1],
    )  # fmt: skip
    return tmp_path


def hair(skin, region="scalp"):
    from dreamface_addon.scene import hair_of

    return hair_of(skin)[region]


def test_cards_take_the_place_of_hair(bpy, skin, cards_folder):
    from dreamface_addon.scene import cards_are_old, cards_of, make_cards, show_cards, shows_cards

    (cards,) = make_cards(skin, cards_folder)
    assert cards_of(skin) == {"scalp": cards} and cards.parent == skin
    assert shows_cards(skin) and hair(skin).hide_render and hair(skin).hide_viewport
    assert not hair(skin, "brows").hide_viewport, "no cards stand for it"
    links = {link.to_socket.name for link in cards.active_material.node_tree.links}
    assert {"Base Color", "Alpha", "Normal"} <= links
    key = skin.data.shape_keys.key_blocks[1]
    key.value = 1.0
    bpy.context.view_layer.update()
    own = cards.data.shape_keys.key_blocks[key.name]
    assert own.value == 1.0 and own.points[0].co.z == pytest.approx(0.41, abs=1e-5), "files have their expressions"
    key.value = 0.0
    raise_all(skin)
    np.testing.assert_allclose(evaluated(bpy, cards), np.add(CARD, [0.0, 0.0, 0.02]), atol=1e-5)
    skin.data.shape_keys.key_blocks["up"].value = 0.0
    assert not cards_are_old(skin)
    show_cards(skin, False)
    assert not shows_cards(skin) and not hair(skin).hide_viewport
    points = np.zeros(3 * len(hair(skin).data.points), np.float32)
    hair(skin).data.position_data.foreach_set("vector", points)
    assert cards_are_old(skin)
    images = len(bpy.data.images)
    (again,) = make_cards(skin, cards_folder)
    assert cards_of(skin) == {"scalp": again} and len(bpy.data.images) == images, "the old ones are gone"


def evaluated(bpy, object_):
    """[V, 3] where modifiers put an object's vertices, in the space of its data."""
    bpy.context.view_layer.update()
    return read(object_.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices, "co", 3)


@pytest.mark.parametrize("how", ["modifier", "parent", "lattice"])
def test_cards_follow_whatever_bends_the_skin(bpy, skin, cards_folder, how):
    from mathutils import Matrix, Vector

    from dreamface_addon.scene import make_cards

    (cards,) = make_cards(skin, cards_folder)
    np.testing.assert_allclose(evaluated(bpy, cards), CARD, atol=1e-5)
    corner = Vector(evaluated(bpy, skin)[0])
    turn = Matrix.Translation((0.1, 0.0, 0.3)) @ Matrix.Rotation(0.7, 4, "Y")
    if how == "lattice":
        bent_by_a_lattice(bpy, skin, turn)
    else:
        rig = on_a_rig(bpy, skin, by=0.0)
        rig.pose.bones["Neck"].matrix = turn @ rig.pose.bones["Neck"].matrix
        if how == "parent":
            skin.modifiers.remove(skin.modifiers["Rig"])
            skin.parent, skin.parent_type = rig, "ARMATURE"
    expected = [turn @ Vector(place) for place in CARD.tolist()]
    np.testing.assert_allclose(evaluated(bpy, skin)[0], turn @ corner, atol=1e-4)
    np.testing.assert_allclose(evaluated(bpy, cards), expected, atol=1e-4)


def bent_by_a_lattice(bpy, skin, turn):
    """A lattice around the head, all of whose points are moved rigidly."""
    lattice = bpy.data.objects.new("Lattice", bpy.data.lattices.new("Lattice"))
    lattice.data.points_u = lattice.data.points_v = lattice.data.points_w = 2
    for kind in ("u", "v", "w"):
        setattr(lattice.data, f"interpolation_type_{kind}", "KEY_LINEAR")
    bpy.context.scene.collection.objects.link(lattice)
    for point in lattice.data.points:
        point.co_deform = turn @ point.co
    skin.modifiers.new("Lattice", "LATTICE").object = lattice


def test_cards_of_a_copy_follow_the_copy(bpy, skin, cards_folder):
    from dreamface_addon.scene import make_cards

    (cards,) = make_cards(skin, cards_folder)
    bpy.ops.object.select_all(action="DESELECT")
    for object_ in (skin, cards):
        object_.select_set(True)
    bpy.ops.object.duplicate()
    copied = next(each for each in bpy.context.selected_objects if each.data.shape_keys and "skin" in each.name)
    copied_cards = next(each for each in bpy.context.selected_objects if each != copied)
    on_a_rig(bpy, copied)
    np.testing.assert_allclose(evaluated(bpy, copied_cards), np.add(CARD, [0.0, 0.0, 0.1]), atol=1e-4)
    np.testing.assert_allclose(evaluated(bpy, cards), CARD, atol=1e-4)


def test_cards_stay_on_a_skin_that_has_lost_its_neck(bpy, skin, cards_folder):
    """Vertices and faces have other numbers then: of cards that are there, and of those that are made later."""
    import bmesh

    from dreamface_addon.scene import make_cards

    make_cards(skin, cards_folder)
    shape = bmesh.new()
    shape.from_mesh(skin.data)
    bmesh.ops.delete(shape, geom=[vertex for vertex in shape.verts if vertex.co.z < 0.28], context="VERTS")
    shape.to_mesh(skin.data)
    on_a_rig(bpy, skin, by=0.1)
    for folder in (None, cards_folder):
        cards = make_cards(skin, folder)[0] if folder else cards_on(skin)
        np.testing.assert_allclose(evaluated(bpy, cards), np.add(CARD, [0.0, 0.0, 0.1]), atol=1e-4)


def cards_on(skin, region="scalp"):
    from dreamface_addon.scene import cards_of

    return cards_of(skin)[region]


def test_cards_that_cannot_be_read_change_nothing(bpy, skin, cards_folder, tmp_path_factory):
    from dreamface_addon.scene import SceneError, cards_of, make_cards

    (cards,) = make_cards(skin, cards_folder)
    blocks = (bpy.data.objects, bpy.data.meshes, bpy.data.materials, bpy.data.images)
    before = [each.keys() for each in blocks]
    for damage in ("no archive", "cut off", "lost picture", "no picture", "index", "roots", "nan", "shapes"):
        folder = shutil.copytree(cards_folder, tmp_path_factory.mktemp("damaged") / "cards")
        spoil(folder, damage)
        with pytest.raises(SceneError, match="make them again"):
            make_cards(skin, folder)
        assert cards_of(skin) == {"scalp": cards} and [each.keys() for each in blocks] == before, damage


def spoil(path, damage):
    """Damage a folder of cards."""
    file = path / "cards.npz"
    with np.load(file) as stored:
        arrays = dict(stored)
    content = file.read_bytes()
    if damage == "no archive":
        file.write_bytes(b"damaged")
    elif damage == "cut off":
        file.write_bytes(content.replace(b"NUMPY", b"NIMPY"))
    elif damage == "lost picture":
        (path / "cards" / "normal.png").unlink()
    elif damage == "no picture":
        (path / "cards" / "opacity.png").write_bytes(b"damaged")
    elif damage == "index":
        np.savez(file, **arrays | {"faces": arrays["faces"] + 100})
    elif damage == "roots":
        np.savez(file, **arrays | {"root_triangles": arrays["root_triangles"] + 1_000_000})
    elif damage == "nan":
        np.savez(file, **arrays | {"vertices": arrays["vertices"] * np.float32("nan")})
    else:
        np.savez(file, **arrays | {"shape_offsets": arrays["shape_offsets"][:-1]})


def test_an_error_of_blenders_own_leaves_the_old_cards(bpy, skin, cards_folder, monkeypatch):
    from dreamface_addon.scene import cards, cards_of, make_cards

    (there,) = make_cards(skin, cards_folder)
    before = bpy.data.images.keys(), bpy.data.meshes.keys(), bpy.data.objects.keys()
    monkeypatch.setattr(cards, "drive_shape_keys", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_cards(skin, cards_folder)
    assert cards_of(skin) == {"scalp": there}
    assert (bpy.data.images.keys(), bpy.data.meshes.keys(), bpy.data.objects.keys()) == before


# ---------------------------------------------------------------------------------------------- when the head changes


def comb(object_):
    points = read(object_.data.position_data, "vector", 3).reshape(-1, POINTS, 3)
    points[:, 1:, 0] += 0.01
    object_.data.position_data.foreach_set("vector", points.reshape(-1))


def moved_head(skin, by=0.05):
    from dreamface_addon.scene import parts_of

    head = np.concatenate([vertices(part) for part in parts_of(skin)])
    return {"vertices": (head + np.array([0.0, 0.0, by], np.float32)).astype(np.float32)}


def shows_hair_alone(skin):
    from dreamface_addon.scene import cards_of, hair_of

    cards_hidden = all(each.hide_viewport and each.hide_render for each in cards_of(skin).values())
    return cards_hidden and not any(each.hide_viewport or each.hide_render for each in hair_of(skin).values())


def test_a_head_of_another_shape_shows_its_hair_again(skin, cards_folder):
    from dreamface_addon.scene import cards_are_old, make_cards, reshape, shows_cards

    make_cards(skin, cards_folder)
    reshape(skin, moved_head(skin, 0.0), {})
    assert shows_cards(skin) and not cards_are_old(skin), "it has the same shape"
    reshape(skin, moved_head(skin), {})
    assert shows_hair_alone(skin) and cards_are_old(skin)


def test_cards_are_older_than_what_was_sculpted_since(skin, cards_folder):
    from dreamface_addon.scene import cards_are_old, clear_sculpted, make_cards

    make_cards(skin, cards_folder)
    for points, name in ((skin.data.vertices, "co"), (skin.data.shape_keys.reference_key.points, "co")):
        places = read(points, name, 3) + np.array([0.0, 0.0, 0.01], np.float32)
        points.foreach_set(name, places.astype(np.float32).reshape(-1))
    assert cards_are_old(skin)
    clear_sculpted(skin)
    assert not cards_are_old(skin)


def test_the_age_of_cards_is_known_in_edit_mode(bpy, skin, cards_folder):
    from dreamface_addon.scene import cards_are_old, make_cards

    make_cards(skin, cards_folder)
    bpy.context.view_layer.objects.active = skin
    bpy.ops.object.mode_set(mode="EDIT")
    assert not cards_are_old(skin)
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert cards_are_old(skin)


def test_growing_hair_shows_it_again(skin, cards_folder, hairy_folder):
    from dreamface_addon.scene import cards_are_old, grow_hair, make_cards

    make_cards(skin, cards_folder)
    grow_hair(skin, guides_on(hairy_folder, "beard"), [groom_entry("beard")], ["beard"])
    assert shows_hair_alone(skin) and cards_are_old(skin)


def test_another_head_model_takes_the_cards_away(skin, cards_folder, tmp_path):
    from dreamface_addon.scene import cards_of, make_cards, update_face

    make_cards(skin, cards_folder)
    update_face(skin, with_hair(other_head(tmp_path), "scalp"))
    assert cards_of(skin) == {} and shows_hair_alone(skin)


def test_hair_whose_cards_were_deleted_can_be_shown(bpy, skin, cards_folder):
    from dreamface_addon.scene import hides_hair, make_cards, show_cards

    (cards,) = make_cards(skin, cards_folder)
    bpy.data.objects.remove(cards)
    assert hides_hair(skin)
    show_cards(skin, False)
    assert not hides_hair(skin) and shows_hair_alone(skin)


def test_hair_that_an_artist_has_hidden_stays_hidden(skin, cards_folder):
    from dreamface_addon.scene import make_cards, show_cards

    hair(skin, "brows").hide_viewport = True
    make_cards(skin, cards_folder)
    show_cards(skin, False)
    assert hair(skin, "brows").hide_viewport and not hair(skin).hide_viewport


def test_cards_have_the_heads_name(bpy, skin, cards_folder):
    from dreamface_addon.scene import make_cards, rename_face

    make_cards(skin, cards_folder)
    (cards,) = make_cards(skin, cards_folder)
    assert cards.name == cards.data.name == "Round stranger hair cards"
    cards.active_material.name = "Mine"
    rename_face(skin, "Zed")
    assert (cards.name, cards.data.name, cards.active_material.name) == ("Zed hair cards", "Zed hair cards", "Mine")
    names = {f"Zed cards {channel}" for channel in ("albedo", "opacity", "normal")}
    assert {image.name for image in bpy.data.images if "cards" in image.name} == names


def test_an_asset_holds_the_cards(bpy, skin, cards_folder):
    from dreamface_addon.scene import make_cards, mark_as_asset

    (cards,) = make_cards(skin, cards_folder)
    other = bpy.data.collections.new("Cards")
    bpy.context.scene.collection.children.link(other)
    other.objects.link(cards)
    skin.users_collection[0].objects.unlink(cards)
    mark_as_asset(skin)
    home = next(collection for collection in bpy.data.collections if collection.asset_data)
    assert cards.name in home.all_objects


@pytest.mark.parametrize("combed", [False, True])
def test_hair_that_is_combed_while_cards_are_made_is_newer(skin, cards_folder, combed):
    from dreamface_addon.carding import Carding
    from dreamface_addon.job import Job
    from dreamface_addon.scene import cards_are_old, cards_of, shows_cards

    class Backend:
        def submit(self, kind, request, tag, files):
            self.job = Job("1", kind, request, tag, files, state="done", folder=cards_folder)

    backend, errors = Backend(), []
    carding = Carding(backend, errors.append, lambda: None)
    carding.make(skin, 0, 64)
    if combed:
        comb(hair(skin))
    carding.finish(backend.job)
    carding.tick()
    assert list(cards_of(skin)) == ["scalp"] and errors == [""]
    assert cards_are_old(skin) == combed and shows_cards(skin) != combed
    assert shows_hair_alone(skin) == combed


@pytest.mark.parametrize("state", ["done", "failed"])
def test_a_file_is_written_when_its_cards_have_been_made_again(skin, cards_folder, tmp_path, state):
    from dreamface_addon.carding import Carding
    from dreamface_addon.job import Job
    from dreamface_addon.scene import cards_are_old, make_cards, shows_cards

    class Backend:
        def submit(self, kind, request, tag, files):
            self.job = Job("1", kind, request, tag, files, state=state, folder=cards_folder, error="No room.")

    make_cards(skin, cards_folder)
    comb(hair(skin))
    assert cards_are_old(skin)
    backend, errors, path = Backend(), [], tmp_path / "head.glb"
    carding = Carding(backend, errors.append, lambda: None)
    carding.make(skin, 0, file=path)
    carding.finish(backend.job)
    assert not path.exists()
    carding.tick()
    if state == "failed":
        assert errors == ["", "No room. head.glb was not written."] and not path.exists()
        return
    assert path.is_file() and errors == [""] and not cards_are_old(skin) and shows_cards(skin)
    carding.tick()
    assert carding.notice == "Exported head.glb with new cards"
    carding.dismiss_messages()
    carding.tick()
    assert carding.notice == ""


def test_a_file_whose_hair_was_combed_meanwhile_says_so(skin, cards_folder, tmp_path):
    from dreamface_addon.carding import Carding
    from dreamface_addon.job import Job
    from dreamface_addon.scene import make_cards, show_cards, shows_cards

    class Backend:
        def submit(self, kind, request, tag, files):
            self.job = Job("1", kind, request, tag, files, state="done", folder=cards_folder)

    make_cards(skin, cards_folder)
    show_cards(skin, False)
    backend, errors, path = Backend(), [], tmp_path / "head.glb"
    carding = Carding(backend, errors.append, lambda: None)
    carding.make(skin, 0, file=path)
    comb(hair(skin))
    carding.finish(backend.job)
    carding.tick()
    assert path.is_file() and not shows_cards(skin)
    assert errors[-1] == "head.glb has cards that are older than the head: make them again, and export anew"


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


def test_files_leave_the_artists_uv_maps_as_they_are(skin, tmp_path):
    from dreamface_addon.scene import export_face

    maps = skin.data.uv_layers
    mine = maps.new(name="Mine")
    mine.uv.foreach_set("vector", np.full(2 * len(mine.uv), 0.25, np.float32))
    maps.active, mine.active_render, mine.active_clone = maps["Mine"], True, True
    mesh, names = skin.data, maps.keys()
    for suffix in (".glb", ".fbx", ".obj", ".usda"):
        export_face(skin, tmp_path / f"head{suffix}")
        maps = skin.data.uv_layers
        assert skin.data == mesh and maps.keys() == names, suffix
        assert (maps.active.name, maps["Mine"].active_render, maps["Mine"].active_clone) == ("Mine", True, True), suffix
        assert (read(maps["Mine"].uv, "vector", 2) == 0.25).all(), suffix


def test_a_files_mesh_has_its_own_name(skin, tmp_path):
    from dreamface_addon.scene import export_face

    before = skin.data.name
    export_face(skin, tmp_path / "head.glb")
    content = (tmp_path / "head.glb").read_bytes()
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    assert before in {mesh["name"] for mesh in document["meshes"]} and skin.data.name == before


def test_a_file_leaves_the_groups_of_properties_that_hang_on_a_head(skin, tmp_path):
    """Blender keeps an add-on's settings in one, whose memory goes when it is taken off."""
    from dreamface_addon.scene import export_face

    group = {"hair_in_view": 0.5, "words": "short", "inner": {"place": [1.0, 2.0]}}
    skin["dreamface"] = group
    export_face(skin, tmp_path / "head.glb")
    assert skin["dreamface"].to_dict() == group
    assert b"hair_in_view" not in (tmp_path / "head.glb").read_bytes()


@pytest.mark.parametrize("suffix", [".usda", ".glb", ".fbx", ".obj"])
def test_a_posed_head_and_its_cards_are_in_a_file_in_one_state(bpy, skin, cards_folder, tmp_path, suffix):
    from dreamface_addon.scene import export_face, make_cards

    (cards,) = make_cards(skin, cards_folder)
    on_a_rig(bpy, skin)
    path = tmp_path / f"posed{suffix}"
    export_face(skin, path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importers = {
        ".usda": bpy.ops.wm.usd_import, ".glb": bpy.ops.import_scene.gltf, ".fbx": bpy.ops.import_scene.fbx,
        ".obj": bpy.ops.wm.obj_import,
    }  # fmt: skip
    importers[suffix](filepath=str(path))
    bpy.context.view_layer.update()
    heights = {object_.name: top_of(bpy, object_) for object_ in bpy.data.objects if object_.type == "MESH"}
    (skins,) = (height for name, height in heights.items() if "skin" in name)
    (cards,) = (height for name, height in heights.items() if "cards" in name)
    assert skins == pytest.approx(cards, abs=1e-4), "both end at the same height"
    assert skins == pytest.approx(0.5 if suffix == ".obj" else 0.4, abs=1e-4), "only OBJ has the head as it looks"


def top_of(bpy, object_):
    """Metres, of the highest vertex."""
    return max((object_.matrix_world @ corner.co).z for corner in object_.data.vertices)
