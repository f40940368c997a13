"""Photographs in the scene: a camera that sees the head as the fit does, the picture behind it, and its expression."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from dreamface import folder
from dreamface.capture.pose import Poses, project, rotations_about
from dreamface.face import pose
from dreamface.traits import ARKIT_SHAPES
from tests.addon.faces import vertices
from tests.support import synthetic_face

SIZE = (410, 512)
FOCAL = 2.2
TURNS = np.array(((0.2, -0.3, 0.1), (-0.1, 0.6, 0.0)))
PLACES = np.array(((0.02, 0.9, -0.35), (-0.05, 0.7, -0.28)))
EXPRESSION = {"jawOpen": 0.5, "mouthSmileLeft": 0.25}


@pytest.fixture(scope="module")
def face():
    """A face that two photographs show."""
    shots = [
        {
            "size": list(SIZE), "focal": FOCAL, "rotation": turn.tolist(), "position": place.tolist(),
            "expression": expression,
        }
        for turn, place, expression in zip(rotations_about(TURNS), PLACES, (EXPRESSION, {}), strict=True)
    ]  # fmt: skip
    made = synthetic_face("face-photo")
    history = ({"from": "photograph", "photographs": shots, "notes": []},)
    return replace(made, record=replace(made.record, history=history))


@pytest.fixture(scope="module")
def face_folder(face, tmp_path_factory):
    return folder.save(face, tmp_path_factory.mktemp("photo") / "face")


@pytest.fixture
def ours(bpy):
    from dreamface_addon import scene as ours

    return ours


@pytest.fixture
def skin(scene, face_folder, ours):
    return ours.import_face(face_folder).skin


@pytest.fixture
def photograph(tmp_path):
    def made(name="me.png", turned=1, size=SIZE):
        exif = Image.Exif()
        exif[0x0112] = turned
        picture = Image.new("RGB", size if turned < 5 else size[::-1], (120, 90, 70))
        picture.save(tmp_path / name, exif=exif)
        return tmp_path / name

    return made


def seen(bpy, camera, points):
    """Return [N, 2] where Blender sees points of the world, in pixels right and down from the picture's corner."""
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    bpy.context.view_layer.update()
    places = [world_to_camera_view(bpy.context.scene, camera, Vector(point)) for point in points]
    return np.array([(place.x * SIZE[0], (1.0 - place.y) * SIZE[1]) for place in places])


def fitted(face, number, weights=None):
    """Return [N, 2] where the fit sees the vertices of the head, in pixels."""
    points = face.head.vertices if weights is None else pose(face.head.vertices, face.shapes, weights)
    placed = Poses(rotations_about(TURNS), PLACES).place(np.repeat(points.double().numpy()[None], 2, axis=0))
    heights = project(placed, np.full(2, FOCAL))[number]
    return heights * SIZE[1] + np.array(SIZE) / 2.0


def world(skin):
    matrix = np.array(skin.matrix_world)
    return vertices(skin) @ matrix[:3, :3].T + matrix[:3, 3]


@pytest.mark.parametrize("number", [0, 1])
def test_the_camera_sees_the_head_as_the_photograph_does(bpy, skin, ours, face, number, photograph):
    skin.location, skin.rotation_euler = (1.0, -2.0, 0.5), (0.1, 0.2, 0.9)
    bpy.context.view_layer.update()
    assert ours.look_through_photograph(skin, number, bpy.context.scene) == ""
    camera = bpy.context.scene.camera
    bpy.context.view_layer.update()
    render = bpy.context.scene.render
    assert (render.resolution_x, render.resolution_y) == SIZE
    count = len(vertices(skin))
    apart = np.linalg.norm(seen(bpy, camera, world(skin)) - fitted(face, number)[:count], axis=1)
    assert apart.max() < 0.05  # pixels


def test_a_head_that_was_scaled_or_moved_is_seen_as_before_once_it_is_looked_at_again(bpy, skin, ours, face):
    ours.look_through_photograph(skin, 0, bpy.context.scene)
    skin.scale, skin.location = (2.0, 2.0, 2.0), (0.3, 0.0, 0.0)
    bpy.context.view_layer.update()
    ours.look_through_photograph(skin, 0, bpy.context.scene)
    bpy.context.view_layer.update()
    expected = fitted(face, 0)[: len(vertices(skin))]
    assert np.abs(seen(bpy, bpy.context.scene.camera, world(skin)) - expected).max() < 0.05
    assert len([one for one in bpy.data.objects if one.type == "CAMERA"]) == 1


def test_the_expression_goes_on_and_comes_off(bpy, skin, ours, face):
    keys = skin.data.shape_keys.key_blocks
    keys["jawOpen"].value, keys["browInnerUp"].value = 0.125, 0.75
    ours.wear_photograph(skin, 0, ARKIT_SHAPES)
    assert ours.wears_photograph(skin)
    worn = {key.name: round(key.value, 4) for key in keys if key.value}
    assert worn == EXPRESSION
    ours.look_through_photograph(skin, 0, bpy.context.scene)
    bpy.context.view_layer.update()
    shown = skin.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = [skin.matrix_world @ vertex.co for vertex in shown.vertices]
    weights = np.array([EXPRESSION.get(name, 0.0) for name in face.shape_names], np.float32)
    expected = fitted(face, 0, torch.from_numpy(weights))[: len(points)]
    assert np.abs(seen(bpy, bpy.context.scene.camera, points) - expected).max() < 0.05
    ours.take_photograph_off(skin)
    assert not ours.wears_photograph(skin)
    assert {key.name: round(key.value, 4) for key in keys if key.value} == {"jawOpen": 0.125, "browInnerUp": 0.75}


def test_the_photograph_is_behind_the_head_and_packed_only_where_asked(bpy, skin, ours, photograph):
    home, front, side = bpy.context.scene, photograph(), photograph("side.jpg")
    assert ours.add_photographs(skin, (front, side), home, pack=False, through=True) == ""
    first, second = (ours.photograph_camera(skin, number, home) for number in (0, 1))
    assert ours.seen_photograph(skin, home) == 0 and home.camera == first
    for camera, file in ((first, front), (second, side)):
        background = ours.photograph_background(camera)
        assert bpy.path.abspath(background.image.filepath) == str(file)
        assert background.image.packed_file is None
        assert (background.rotation, background.scale) == (0.0, 1.0)
        assert camera.data.show_background_images
    ours.add_photographs(skin, (front, side), home, pack=True, through=False)
    assert ours.photograph_background(first).image.packed_file is not None
    assert len(first.data.background_images) == 1


def test_a_scene_looks_as_before_afterwards(bpy, skin, ours):
    home = bpy.context.scene
    ours.look_through_photograph(skin, 0, home)
    ours.look_as_before(home)
    assert home.camera is None  # as there was none
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    home.collection.objects.link(own)
    home.camera, home.render.resolution_x, home.render.resolution_y = own, 1234, 567
    home.render.pixel_aspect_x = 2.0
    for number in (0, 1):
        ours.look_through_photograph(skin, number, home)
        assert ours.seen_photograph(skin, home) == number
    ours.look_as_before(home)
    assert ours.seen_photograph(skin, home) is None
    assert (home.camera, home.render.resolution_x, home.render.resolution_y) == (own, 1234, 567)
    assert home.render.pixel_aspect_x == 2.0
    ours.look_through_photograph(skin, 0, home)
    other = own.copy()
    home.collection.objects.link(other)
    home.camera = other  # the artist has gone on with another camera
    ours.look_through_photograph(skin, 1, home)
    ours.look_as_before(home)
    assert (home.camera, home.render.resolution_x) == (other, 1234)


def test_a_picture_size_that_the_artist_chose_meanwhile_comes_back(bpy, skin, ours):
    home = bpy.context.scene
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    home.collection.objects.link(own)
    home.render.resolution_x = 1234
    ours.look_through_photograph(skin, 0, home)
    home.camera, home.render.resolution_x, home.render.resolution_y = own, 3840, 2160
    ours.look_through_photograph(skin, 0, home)
    home.render.resolution_x, home.render.resolution_y = 2 * SIZE[0], 2 * SIZE[1]  # the photograph, twice as large
    ours.look_through_photograph(skin, 1, home)
    ours.look_as_before(home)
    assert (home.camera, home.render.resolution_x, home.render.resolution_y) == (own, 3840, 2160)


def test_a_camera_that_another_scene_has_comes_back_and_one_that_was_deleted_does_not(bpy, skin, ours):
    home, other = bpy.context.scene, bpy.data.scenes.new("Other")
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    other.collection.objects.link(own)
    home.camera = own
    ours.look_through_photograph(skin, 0, home)
    ours.look_as_before(home)
    assert home.camera == own
    ours.look_through_photograph(skin, 0, home)
    other.collection.objects.unlink(own)  # as Delete does
    ours.look_as_before(home)
    assert home.camera is None


def test_a_photographs_camera_that_the_artist_has_made_the_scenes_is_not_stuck(bpy, skin, ours):
    home = bpy.context.scene
    home.render.resolution_x = 1234
    home.camera = ours.photograph_camera(skin, 0, home)
    assert ours.seen_photograph(skin, home) is None and not ours.sees_photograph(home)
    ours.look_through_photograph(skin, 0, home)
    assert ours.seen_photograph(skin, home) == 0 and home.render.resolution_x == SIZE[0]
    ours.look_as_before(home)
    assert home.render.resolution_x == 1234


def test_scenes_that_share_a_photographs_camera_all_look_as_before(bpy, skin, ours):
    home, other = bpy.context.scene, bpy.data.scenes.new("Other")
    home.render.resolution_x = other.render.resolution_x = 1234
    ours.look_through_photograph(skin, 0, home)
    camera = home.camera
    other.collection.objects.link(camera)
    ours.look_through_photograph(skin, 0, other)
    ours.put_photographs_away(skin, other)
    assert home.camera == other.camera == camera
    skin["dreamface_history"] = "[]"
    ours.put_photographs_away(skin)
    assert not bpy.data.cameras and (home.render.resolution_x, other.render.resolution_x) == (1234, 1234)


def test_a_copy_of_a_photographs_camera_is_the_artists_own(bpy, skin, ours):
    home = bpy.context.scene
    ours.look_through_photograph(skin, 0, home)
    hero = home.camera.copy()
    home.collection.objects.link(hero)
    home.camera, hero.location.x = hero, 5.0
    assert ours.seen_photograph(skin, home) is None
    ours.look_through_photograph(skin, 0, home)
    assert ours.seen_photograph(skin, home) == 0 and home.camera != hero
    bpy.data.objects.remove(home.camera)
    ours.look_through_photograph(skin, 0, home)
    assert home.camera != hero and hero.location.x == 5.0
    ours.look_as_before(home)
    assert home.camera == hero


@pytest.mark.parametrize("scale", [0.01, 3000.0])
def test_a_head_of_another_scale_is_not_cut_off(bpy, skin, ours, scale):
    skin.scale = (scale,) * 3
    bpy.context.view_layer.update()
    ours.look_through_photograph(skin, 0, bpy.context.scene)
    camera = bpy.context.scene.camera
    bpy.context.view_layer.update()
    away = -(np.c_[world(skin), np.ones(len(vertices(skin)))] @ np.array(camera.matrix_world.inverted()).T)[:, 2]
    assert camera.data.clip_start < away.min() and away.max() < camera.data.clip_end


def test_what_the_artist_sets_while_the_expression_is_on_stays(skin, ours):
    keys = skin.data.shape_keys.key_blocks
    keys["browInnerUp"].value = 0.75
    ours.wear_photograph(skin, 0, ARKIT_SHAPES)
    keys["jawOpen"].value = 0.9
    assert ours.wears_photograph(skin)  # the smile is still on
    ours.take_photograph_off(skin)
    assert {key.name: round(key.value, 4) for key in keys if key.value} == {"jawOpen": 0.9, "browInnerUp": 0.75}


def test_an_expression_that_was_put_on_since_is_what_comes_back(skin, ours):
    ours.wear_photograph(skin, 0, ARKIT_SHAPES)
    ours.set_expression(skin, dict.fromkeys(ARKIT_SHAPES, 0.0) | {"mouthPucker": 0.5})
    assert not ours.wears_photograph(skin)
    ours.wear_photograph(skin, 0, ARKIT_SHAPES)
    ours.take_photograph_off(skin)
    assert {key.name: key.value for key in skin.data.shape_keys.key_blocks if key.value} == {"mouthPucker": 0.5}


def test_photographs_that_a_head_is_not_made_from_any_more_are_put_away(bpy, skin, ours, photograph):
    home, files = bpy.context.scene, (photograph(), photograph("side.png"))
    home.render.resolution_x = 777
    keys = skin.data.shape_keys.key_blocks
    keys["browInnerUp"].value = 0.75
    ours.add_photographs(skin, files, home, pack=False, through=False)
    ours.look_through_photograph(skin, 1, home)
    copy = home.camera.copy()
    home.collection.objects.link(copy)
    ours.wear_photograph(skin, 0, ARKIT_SHAPES)
    (said,) = json.loads(skin["dreamface_history"])
    skin["dreamface_history"] = json.dumps([said | {"photographs": said["photographs"][:1]}])
    ours.add_photographs(skin, files[:1], home, pack=False, through=False)
    assert (home.camera, home.render.resolution_x) == (None, 777)
    assert {key.name: key.value for key in keys if key.value} == {"browInnerUp": 0.75}
    first = ours.photograph_camera(skin, 0, home)
    assert {one for one in bpy.data.objects if one.type == "CAMERA"} == {first, copy}
    skin["dreamface_history"] = "[]"  # made from words now
    ours.put_photographs_away(skin)
    assert [one for one in bpy.data.objects if one.type == "CAMERA"] == [copy]
    assert "dreamface_photographs" not in skin


def test_a_photograph_of_before_is_not_shown_in_place_of_one_that_cannot_be(bpy, skin, ours, photograph, tmp_path):
    home, broken = bpy.context.scene, tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 and no more")
    ours.add_photographs(skin, (photograph(),), home, pack=False, through=False)
    assert "broken.jpg" in ours.add_photographs(skin, (broken,), home, pack=True, through=False)
    camera = ours.photograph_camera(skin, 0, home)
    assert ours.photograph_background(camera) is None and not camera.data.background_images
    assert "broken.jpg" not in bpy.data.images


@pytest.mark.parametrize("name", ["me.jpg", "me.png", "me.webp", "me.tif"])
def test_how_a_photograph_lies_in_its_file_is_read(bpy, photograph, name):
    from dreamface_addon.scene.orientation import orientation_of

    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for number in range(1, 9):
        file = photograph(name, turned=number)
        found = orientation_of(file)
        with Image.open(file) as image:
            assert image.getexif()[0x0112] == number
        lying = Image.fromarray(picture)
        lying.getexif()[0x0112] = number
        upright = np.asarray(ImageOps.exif_transpose(lying))
        mirrored = picture[:, ::-1] if found.mirrored else picture
        assert np.array_equal(np.rot90(mirrored, -found.quarters), upright), number
    data = file.read_bytes()
    for cut in range(0, min(len(data), 200), 7):
        file.write_bytes(data[:cut])
        orientation_of(file)  # whatever it says, it says something


@pytest.mark.parametrize("name", ["me.webp", "me.tif"])
def test_how_a_large_photograph_lies_is_read_as_well(photograph, name):
    """Notes may lie behind the picture, megabytes from the file's beginning."""
    from dreamface_addon.scene.orientation import Orientation, orientation_of

    file = photograph(name, turned=6)
    noise = np.random.default_rng(3).integers(0, 256, (800, 800, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(noise).save(file, exif=exif, lossless=True, method=0)
    assert file.stat().st_size > 2**20
    assert orientation_of(file) == Orientation(quarters=1)


def test_a_turned_photograph_stands_upright(bpy, skin, ours, photograph):
    file = photograph("me.jpg", turned=7)
    assert ours.add_photographs(skin, (file,), bpy.context.scene, pack=False, through=False) == ""
    background = ours.photograph_background(ours.photograph_camera(skin, 0, bpy.context.scene))
    assert background.rotation == pytest.approx(math.pi / 2) and background.use_flip_x
    assert background.scale == pytest.approx(SIZE[1] / SIZE[0])


def test_a_photograph_that_is_gone_is_looked_for_in_the_faces_folder(bpy, scene, ours, face, photograph, tmp_path):
    place = folder.save(face, tmp_path / "kept")
    skin = ours.import_face(place).skin
    file = photograph()
    ours.add_photographs(skin, (file,), scene, pack=False, through=False)
    (place / "photographs").mkdir()
    file.rename(place / "photographs" / "1.png")
    assert ours.photograph_files(skin) == (place / "photographs" / "1.png", None)
    (place / "photographs" / "1.png").unlink()
    assert ours.photograph_files(skin) == (None, None)
    bpy.data.objects.remove(ours.photograph_camera(skin, 0, scene))
    assert "not where it was" in ours.look_through_photograph(skin, 0, scene)


def test_a_photograph_that_went_missing_is_said_and_shown_again_when_it_is_back(bpy, skin, ours, scene, photograph):
    file = photograph()
    ours.add_photographs(skin, (file,), scene, pack=False, through=True)
    place = file.parent / "head.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(place))
    away = file.rename(file.with_name("away.png"))
    bpy.ops.wm.open_mainfile(filepath=str(place))
    scene = bpy.context.scene
    skin = next(one for one in scene.objects if "dreamface_face_id" in one)
    assert "me.png is not where it was" in ours.look_through_photograph(skin, 0, scene)
    away.rename(file)
    assert ours.look_through_photograph(skin, 0, scene) == ""
    assert tuple(ours.photograph_background(scene.camera).image.size) == SIZE


def test_what_blender_cannot_read_is_said(skin, ours, scene, tmp_path):
    (tmp_path / "me.heic").write_bytes(b"\0\0\0\x18ftypheic" + b"\0" * 40)
    said = ours.add_photographs(skin, (tmp_path / "me.heic",), scene, pack=False, through=True)
    assert "me.heic" in said and "JPEG or PNG" in said
    assert scene.camera is not None  # the fit is there all the same


@pytest.mark.parametrize("said", [
    "[]", "{}", "nonsense", '[{"from": "photograph"}]', '[{"from": "photograph", "photographs": [{"size": [1]}]}]',
    '[{"from": "photograph", "photographs": [{"size": [1, 1], "focal": NaN, "rotation": [[1,0,0],[0,1,0],[0,0,1]],'
    ' "position": [0, 0, 0]}]}]',
    '[{"from": "photograph", "photographs": [{"size": [0, 1], "focal": 1, "rotation": [[1,0,0],[0,1,0],[0,0,1]],'
    ' "position": [0, 0, 0]}]}]',
])  # fmt: skip
def test_a_history_that_was_damaged_is_none(skin, ours, said):
    skin["dreamface_history"] = said
    assert ours.shots_of(skin) == ()


def test_other_heads_were_not_made_from_photographs(scene, ours, tmp_path):
    other = ours.import_face(folder.save(synthetic_face(), tmp_path / "other")).skin
    assert ours.shots_of(other) == () and json.loads(other["dreamface_history"])
