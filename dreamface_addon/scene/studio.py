"""A portrait studio: camera, lights, a world where there is none, and settings to render with."""

from __future__ import annotations

import math

import bpy
from mathutils import Matrix, Vector

from .colours import show_by, to_scene
from .importing import ImportedFace
from .lighting import LIGHTINGS, USUAL, Colour, Light
from .sculpting import positions

FOCAL_LENGTH = 85.0  # millimetres on a full frame: the portrait lens, which keeps a face's proportions
SENSOR_HEIGHT = 36.0  # millimetres, upright
PICTURE = (1080, 1350)  # pixels
HEADROOM = 1.6  # height of the picture in heights of the head
BELOW = 0.08  # how far under the middle of the head the picture's centre is, in heights of the head
SAMPLES = 128


_ROLE = "dreamface_studio"
"""Custom property of the studio's collection and of the objects in it: what they are for, whatever they are called."""


_LIGHTING = "dreamface_lighting"
"""Custom property of the studio's collection: how the face is lit, a name of `LIGHTINGS`."""


def add_studio(scene: bpy.types.Scene, face: ImportedFace | bpy.types.Object, lighting: str | None = None) -> None:
    """Light a face, and point a camera at it that becomes the scene's.

    They stand before the head where and as large as it is now, in a collection of their own, and do not move with it.
    A studio that the scene has already moves to the face and keeps what the artist has changed on its lights; what is
    missing in it is added. Another lighting takes the lights' place. The scene gets a world if it has none.

    Args:
        scene: where the studio goes.
        face: an imported face, or the skin of one.
        lighting: a name of `LIGHTINGS`; where it is None that of the studio that is there, or the usual one.
    """
    skin = face.skin if isinstance(face, ImportedFace) else face
    bpy.context.view_layer.update()  # the head may have been moved just now
    place, size = _place_of(skin)
    crown, chin = _extent(skin)
    height = crown - chin
    target = Vector((0.0, 0.0, (crown + chin) / 2 - BELOW * height))
    collection = _collection(scene)
    before = collection.get(_LIGHTING, USUAL)  # studios of the first release have the usual one
    chosen = lighting or before
    if chosen != before:
        _clear_lights(collection)
    collection[_LIGHTING] = chosen
    known = {object_[_ROLE]: object_ for object_ in collection.objects if _ROLE in object_}
    for light in LIGHTINGS[chosen].lights:
        object_ = known.get(light.name) or _new_light(light, size, collection)
        object_.matrix_world = place @ _light_place(light, target, size)
    camera = known.get("camera") or _new_camera(size, collection)
    distance = height * HEADROOM * camera.data.lens / SENSOR_HEIGHT
    camera.matrix_world = place @ Matrix.Translation((target + Vector((0.0, -distance, 0.0))) * size) @ _FORWARDS
    scene.camera = camera
    is_new = scene.world is None
    if is_new:
        scene.world = _new_world()
    if is_new or (chosen != before and _ROLE in scene.world):
        _light_world(scene.world, LIGHTINGS[chosen].world)


_FORWARDS = Matrix.Rotation(math.pi / 2, 4, "X")
"""Turns a camera, which looks along -Z, so that it looks along +Y."""


def _place_of(skin: bpy.types.Object) -> tuple[Matrix, float]:
    """Where the head is, without its scale, and the scale: 1 where a metre is a metre."""
    location, rotation, scale = skin.matrix_world.decompose()
    return Matrix.LocRotScale(location, rotation, None), sum(abs(factor) for factor in scale) / 3


def _extent(skin: bpy.types.Object) -> tuple[float, float]:
    """Heights of the crown and the chin in the head; the skin's lowest point where the head model names no chin."""
    heights = positions(skin.data.vertices)[:, 2]
    chin = skin.get("dreamface_chin", -1)
    return float(heights.max()), float(heights[chin] if 0 <= chin < len(heights) else heights.min())


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    for collection in scene.collection.children_recursive:
        if _ROLE in collection:
            return collection
    collection = bpy.data.collections.new("studio")
    collection[_ROLE] = "studio"
    scene.collection.children.link(collection)
    return collection


def _new_camera(size: float, collection: bpy.types.Collection) -> bpy.types.Object:
    """A portrait camera for a head of that scale, somewhere."""
    data = bpy.data.cameras.new("camera")
    data.sensor_fit = "VERTICAL"
    data.sensor_height = SENSOR_HEIGHT
    data.lens = FOCAL_LENGTH
    data.clip_start = 0.01 * size
    data.clip_end = 100.0 * max(size, 1.0)
    return _new_object("camera", data, collection)


def _clear_lights(collection: bpy.types.Collection) -> None:
    """Remove the studio's lights; those that an artist has put beside them stay."""
    for object_ in [object_ for object_ in collection.objects if object_.type == "LIGHT" and _ROLE in object_]:
        data = object_.data
        bpy.data.objects.remove(object_)
        if not data.users:
            bpy.data.lights.remove(data)


def _new_light(light: Light, size: float, collection: bpy.types.Collection) -> bpy.types.Object:
    """A light for a head of that scale, somewhere; the larger the scene, the more watts for the same brightness."""
    is_sun = light.shape == "SUN"
    data = bpy.data.lights.new(light.name, "SUN" if is_sun else "AREA")
    if is_sun:
        data.angle, data.energy = math.radians(light.size), light.power
    else:
        data.shape, data.size, data.energy = light.shape, light.size * size, light.power * size**2
    data.color = to_scene(light.colour)
    data.use_shadow_jitter = True  # without, EEVEE lets the rim light through the nose
    return _new_object(light.name, data, collection)


def _new_object(role: str, data: bpy.types.ID, collection: bpy.types.Collection) -> bpy.types.Object:
    object_ = bpy.data.objects.new(role, data)
    object_[_ROLE] = role
    collection.objects.link(object_)
    return object_


def _light_place(light: Light, target: Vector, size: float) -> Matrix:
    """Where a light stands and looks, seen from the head."""
    direction = Vector(light.direction).normalized()
    return Matrix.LocRotScale((target + direction * light.distance) * size, direction.to_track_quat("Z", "Y"), None)


def _new_world() -> bpy.types.World:
    """A world that follows the studio's lighting; it has no light yet."""
    world = bpy.data.worlds.new("studio")
    world[_ROLE] = "studio"
    if bpy.app.version < (5, 0, 0):  # from 5.0 on worlds always have nodes, and use_nodes warns that it will go
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    background, output = tree.nodes.new("ShaderNodeBackground"), tree.nodes.new("ShaderNodeOutputWorld")
    background.location, output.location = (-200, 0), (0, 0)
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])
    return world


def _light_world(world: bpy.types.World, colour: Colour) -> None:
    """Give a world of the studio's own its colour."""
    background = next((node for node in world.node_tree.nodes if node.type == "BACKGROUND"), None)
    if background is not None and not background.inputs["Color"].is_linked:
        background.inputs["Color"].default_value = (*to_scene(colour), 1.0)


def set_up_rendering(scene: bpy.types.Scene) -> None:
    """Render upright portraits with Cycles."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.render.resolution_x, scene.render.resolution_y = PICTURE
    show_by(scene, "AgX", "AgX - Medium High Contrast")
