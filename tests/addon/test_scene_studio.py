"""The portrait studio, as a button adds it to a scene that an artist works in."""

from __future__ import annotations

import math

import pytest

from dreamface import folder
from tests.support import synthetic_face


@pytest.fixture(scope="module")
def face_folder(tmp_path_factory):
    return folder.save(synthetic_face(), tmp_path_factory.mktemp("faces") / "ada")


@pytest.fixture
def imported(scene, face_folder):
    from dreamface_addon.scene import import_face

    return import_face(face_folder)


def test_it_has_a_collection_of_its_own_and_the_scenes_camera(imported, scene):
    from dreamface_addon.scene import add_studio

    add_studio(scene, imported.skin)
    studio = scene.collection.children["studio"]
    assert sorted(object_.type for object_ in studio.objects) == ["CAMERA", "LIGHT", "LIGHT", "LIGHT"]
    assert scene.camera in list(studio.objects)
    assert set(imported.collection.objects) == set(imported.parts.values())


def test_what_the_artist_has_set_up_stays(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    scene.world = mine = bpy.data.worlds.new("mine")
    scene.render.engine, scene.render.resolution_x = "BLENDER_WORKBENCH", 640
    add_studio(scene, imported.skin)
    assert (scene.world, scene.render.engine, scene.render.resolution_x) == (mine, "BLENDER_WORKBENCH", 640)


def test_a_scene_without_a_world_gets_a_grey_one(imported, scene):
    from dreamface_addon.scene import add_studio

    scene.world = None
    add_studio(scene, imported)
    background = next(node for node in scene.world.node_tree.nodes if node.type == "BACKGROUND")
    assert tuple(background.inputs["Color"].default_value) == pytest.approx((0.05, 0.05, 0.05, 1.0))


@pytest.mark.parametrize("size", [1.0, 10.0])
def test_it_stands_before_the_head_wherever_that_is(imported, scene, bpy, size):
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    from dreamface_addon.scene import add_studio

    skin = imported.skin
    skin.location, skin.rotation_euler, skin.scale = (5.0, -3.0, 1.0), (0.0, 0.0, math.pi / 2), (size, size, size)
    add_studio(scene, skin)
    bpy.context.view_layer.update()
    for point in ((0.0, 0.0, 0.39), (0.0, 0.0, 0.21), (0.095, 0.0, 0.3), (-0.095, 0.0, 0.3)):
        seen = world_to_camera_view(scene, scene.camera, skin.matrix_world @ Vector(point))
        assert 0 < seen.x < 1 and 0 < seen.y < 1 and seen.z > scene.camera.data.clip_start
    left = world_to_camera_view(scene, scene.camera, skin.matrix_world @ Vector((0.09, 0.0, 0.3)))
    assert left.x > 0.5, "the camera stands before the face, whose left is on the picture's right"
    key = bpy.data.objects["key"]
    towards = key.matrix_world.to_quaternion() @ Vector((0.0, 0.0, -1.0))
    assert towards.dot((skin.matrix_world @ Vector((0.0, 0.0, 0.3)) - key.matrix_world.translation).normalized()) > 0.99
    assert key.data.energy == pytest.approx(26.0 * size**2)


def test_again_it_moves_and_keeps_what_was_changed(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    add_studio(scene, imported.skin)
    key = bpy.data.objects["key"]
    key.data.energy, key.name = 99.0, "my key"
    bpy.data.objects.remove(bpy.data.objects["rim"])
    before = key.matrix_world.translation.copy()
    imported.skin.location = (2.0, 0.0, 0.0)
    add_studio(scene, imported.skin)
    bpy.context.view_layer.update()
    assert len([light for light in scene.objects if light.type == "LIGHT"]) == 3, "the missing one is there again"
    assert len([camera for camera in scene.objects if camera.type == "CAMERA"]) == 1
    assert [collection.name for collection in scene.collection.children].count("studio") == 1
    assert key.data.energy == pytest.approx(99.0)
    assert key.matrix_world.translation.x - before.x == pytest.approx(2.0, abs=1e-5)


def test_it_follows_a_head_that_has_another_shape_now(imported, scene, bpy):
    from dreamface_addon.scene import add_studio, record, reshape

    add_studio(scene, imported.skin)
    bpy.context.view_layer.update()
    before = scene.camera.matrix_world.translation.copy()
    taller = imported.face.arrays["vertices"] * (1.0, 1.0, 1.2)
    reshape(imported.skin, {"vertices": taller.astype("float32")}, record(imported.skin)["traits"])
    add_studio(scene, imported.skin)
    bpy.context.view_layer.update()
    assert scene.camera.matrix_world.translation.y < before.y - 0.01, "farther away, to see all of it"
    assert scene.camera.matrix_world.translation.z == pytest.approx(before.z * 1.2, rel=1e-4)


def test_there_is_a_choice_of_lightings_and_soft_is_the_usual_one(bpy):
    from dreamface_addon.scene import LIGHTINGS

    assert tuple(LIGHTINGS) == ("soft", "hard", "sun", "ring")
    assert len({lighting.label for lighting in LIGHTINGS.values()}) == 4


def test_each_lighting_is_what_its_name_says(imported, scene, bpy):
    from dreamface_addon.scene import LIGHTINGS, add_studio

    seen = {}
    for name in LIGHTINGS:
        add_studio(scene, imported.skin, name)
        seen[name] = {light.name: light.data.copy() for light in _lights(scene)}
        if name == "ring":
            bpy.context.view_layer.update()
            ring = [light.matrix_world.translation for light in _lights(scene) if light.name.startswith("ring")]
            camera = scene.camera.matrix_world.translation
            around = [math.hypot(place.x - camera.x, place.z - camera.z) for place in ring]
            assert len(ring) == 12 and min(around) == pytest.approx(max(around), abs=1e-4)
            assert min(around) > 0.15 and max(place.y for place in ring) < -0.5, "around the lens, out of the picture"
    assert seen["hard"]["key"].size < 0.1 < 0.5 < seen["soft"]["key"].size, "small lamps throw hard shadows"
    sun = seen["sun"]["sun"]
    assert (sun.type, sun.angle) == ("SUN", pytest.approx(math.radians(0.53)))
    assert sun.color[0] > sun.color[2], "warm"
    assert seen["sun"]["sky"].color[2] > seen["sun"]["sky"].color[0], "blue"


def test_another_lighting_takes_the_place_of_the_lights(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    add_studio(scene, imported.skin)
    studio, camera = scene.collection.children["studio"], scene.camera
    mine = bpy.data.objects.new("my lamp", bpy.data.lights.new("my lamp", "POINT"))
    studio.objects.link(mine)
    add_studio(scene, imported.skin, "hard")
    assert scene.camera == camera and list(scene.collection.children).count(studio) == 1
    assert sorted(light.name for light in _lights(scene)) == ["fill", "key", "my lamp", "rim"]
    assert bpy.data.objects["key"].data.energy == pytest.approx(32.0), "a new key"
    bpy.data.objects["key"].data.energy = 50.0
    for lighting in ("hard", None):
        add_studio(scene, imported.skin, lighting)
        assert bpy.data.objects["key"].data.energy == pytest.approx(50.0), "the same light: the artist's power stays"
    assert len(bpy.data.lights) == 4, "the old ones are gone"


def test_the_studios_own_world_follows_and_an_artists_stays(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    scene.world = None
    add_studio(scene, imported.skin, "sun")
    red, _, blue, _ = _background(scene).inputs["Color"].default_value
    assert blue > 2.0 * red, "sky"
    add_studio(scene, imported.skin, "hard")
    assert max(_background(scene).inputs["Color"].default_value[:3]) < 0.01
    scene.world = mine = bpy.data.worlds.new("mine")
    mine.color = (0.3, 0.2, 0.1)
    add_studio(scene, imported.skin, "sun")
    assert scene.world == mine and tuple(mine.color) == pytest.approx((0.3, 0.2, 0.1))


def test_another_light_leaves_the_artists_camera_and_lamps(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    add_studio(scene, imported.skin, "soft")
    ours, key = scene.camera, bpy.data.objects["key"]
    ours.location.x += 0.5
    key.location.z += 1.0
    kicker = bpy.data.objects["rim"].copy()
    kicker.data = kicker.data.copy()
    kicker.location.x -= 2.0
    scene.collection.children["studio"].objects.link(kicker)  # as Shift+D does
    mine = bpy.data.objects.new("my camera", bpy.data.cameras.new("my camera"))
    scene.collection.objects.link(mine)
    scene.camera = mine
    bpy.context.view_layer.update()
    places = {object_: object_.matrix_world.copy() for object_ in (ours, key, kicker)}
    for lighting in ("soft", "hard", "ring", None, "sun"):
        add_studio(scene, imported.skin, lighting)
        bpy.context.view_layer.update()
        assert scene.camera == mine
        for object_, place in places.items():
            _assert_same_place(object_.matrix_world, place)
    assert [camera.name for camera in scene.objects if camera.type == "CAMERA"].count("camera") == 1
    assert sorted(light.name for light in _lights(scene)) == ["ground", "key", "rim.001", "sky", "sun"]


def test_a_light_that_was_set_by_hand_stays_and_takes_its_part(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    add_studio(scene, imported.skin, "soft")
    for name, change in (("key", {"energy": 99.0}), ("fill", {"color": (1.0, 0.0, 0.0)})):
        for attribute, value in change.items():
            setattr(bpy.data.objects[name].data, attribute, value)
    add_studio(scene, imported.skin, "hard")
    assert sorted(light.name for light in _lights(scene)) == ["fill", "key", "rim"]
    assert bpy.data.objects["key"].data.energy == pytest.approx(99.0)
    assert tuple(bpy.data.objects["fill"].data.color) == pytest.approx((1.0, 0.0, 0.0))
    assert bpy.data.objects["rim"].data.size == pytest.approx(0.08), "nobody had touched it"


def test_what_the_artist_placed_goes_along_with_the_head_and_to_another(imported, scene, bpy, face_folder):
    from mathutils import Matrix

    from dreamface_addon.scene import add_studio, import_face

    add_studio(scene, imported.skin)
    scene.camera.location.x += 0.5
    mine = bpy.data.objects.new("my camera", bpy.data.cameras.new("my camera"))
    scene.collection.objects.link(mine)
    bpy.context.view_layer.update()
    ours, before = scene.camera, scene.camera.matrix_world.copy()
    scene.camera = mine
    imported.skin.location.x = 2.0
    add_studio(scene, imported.skin)
    _assert_same_place(ours.matrix_world, Matrix.Translation((2.0, 0.0, 0.0)) @ before)
    assert scene.camera == mine, "the same head"
    other = import_face(face_folder).skin
    other.location.x = -3.0
    add_studio(scene, other)
    _assert_same_place(ours.matrix_world, Matrix.Translation((-3.0, 0.0, 0.0)) @ before)
    assert scene.camera == ours, "another head is looked at"


def test_a_copied_scene_has_a_studio_of_its_own_and_no_second_one(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    add_studio(scene, imported.skin)
    bpy.ops.scene.new(type="FULL_COPY")
    copy = bpy.context.scene
    assert copy != scene
    skin = next(object_ for object_ in copy.objects if "dreamface_face_id" in object_)
    add_studio(copy, skin, "hard")
    assert len(_lights(copy)) == len(_lights(scene)) == 3
    assert copy.camera in list(copy.objects)
    assert len([camera for camera in copy.objects if camera.type == "CAMERA"]) == 1
    assert min(light.data.size for light in _lights(copy)) < 0.1 < min(light.data.size for light in _lights(scene))


def test_the_studios_world_keeps_a_colour_that_was_set_by_hand(imported, scene, bpy):
    from dreamface_addon.scene import add_studio

    scene.world = None
    add_studio(scene, imported.skin, "soft")
    colour = _background(scene).inputs["Color"]
    colour.default_value = (0.2, 0.0, 0.3, 1.0)
    add_studio(scene, imported.skin, "sun")
    assert tuple(colour.default_value) == pytest.approx((0.2, 0.0, 0.3, 1.0))


def _assert_same_place(now, before):
    for row, expected in zip(now, before, strict=True):
        assert tuple(row) == pytest.approx(tuple(expected), abs=1e-5)


def _lights(scene):
    return [object_ for object_ in scene.objects if object_.type == "LIGHT"]


def _background(scene):
    return next(node for node in scene.world.node_tree.nodes if node.type == "BACKGROUND")
