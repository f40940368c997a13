"""A portrait studio: camera, three area lights, a grey world where there is none, and settings to render with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
from mathutils import Matrix, Vector

from .colours import show_by, to_scene
from .importing import ImportedFace
from .meshes import positions

FOCAL_LENGTH = 85.0  # millimetres on a full frame: the portrait lens, which keeps a face's proportions
SENSOR_HEIGHT = 36.0  # millimetres, upright
PICTURE = (1080, 1350)  # pixels
HEADROOM = 1.6  # height of the picture in heights of the head
BELOW = 0.08  # how far under the middle of the head the picture's centre is, in heights of the head
SAMPLES = 128


@dataclass(frozen=True)
class AreaLight:
    """A square light that looks at the head.

    Attributes:
        direction: from the head to the light; the face looks along -Y.
        distance: metres.
        size: side, metres.
        power: watts.
        colour: linear Rec. 709.
    """

    name: str
    direction: tuple[float, float, float]
    distance: float
    size: float
    power: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


LIGHTS = (
    AreaLight("key", (-1.0, -1.0, 0.75), 1.1, 0.4, 26.0, (1.0, 0.95, 0.88)),
    AreaLight("fill", (1.0, -1.0, 0.0), 1.6, 1.2, 5.0, (0.88, 0.94, 1.0)),
    AreaLight("rim", (0.75, 1.0, 0.45), 1.1, 0.4, 13.0),
)


_ROLE = "dreamface_studio"
"""Custom property of the studio's collection and of the objects in it: what they are for, whatever they are called."""


def add_studio(scene: bpy.types.Scene, face: ImportedFace | bpy.types.Object) -> None:
    """Light a face, and point a camera at it that becomes the scene's.

    They stand before the head where and as large as it is now, in a collection of their own, and do not move with it.
    A studio that the scene has already moves to the face and keeps what the artist has changed on its lights; what is
    missing in it is added. The scene gets a grey world if it has none.

    Args:
        scene: where the studio goes.
        face: an imported face, or the skin of one.
    """
    skin = face.skin if isinstance(face, ImportedFace) else face
    bpy.context.view_layer.update()  # the head may have been moved just now
    place, size = _place_of(skin)
    crown, chin = _extent(skin)
    height = crown - chin
    target = Vector((0.0, 0.0, (crown + chin) / 2 - BELOW * height))
    collection = _collection(scene)
    known = {object_[_ROLE]: object_ for object_ in collection.objects if _ROLE in object_}
    for light in LIGHTS:
        object_ = known.get(light.name) or _new_light(light, size, collection)
        object_.matrix_world = place @ _light_place(light, target, size)
    camera = known.get("camera") or _new_camera(size, collection)
    distance = height * HEADROOM * camera.data.lens / SENSOR_HEIGHT
    camera.matrix_world = place @ Matrix.Translation((target + Vector((0.0, -distance, 0.0))) * size) @ _FORWARDS
    scene.camera = camera
    if scene.world is None:
        scene.world = _new_world()


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


def _new_light(light: AreaLight, size: float, collection: bpy.types.Collection) -> bpy.types.Object:
    """A light for a head of that scale, somewhere; the larger the scene, the more watts for the same brightness."""
    data = bpy.data.lights.new(light.name, "AREA")
    data.shape, data.size, data.energy = "SQUARE", light.size * size, light.power * size**2
    data.color = to_scene(light.colour)
    data.use_shadow_jitter = True  # without, EEVEE lets the rim light through the nose
    return _new_object(light.name, data, collection)


def _new_object(role: str, data: bpy.types.ID, collection: bpy.types.Collection) -> bpy.types.Object:
    object_ = bpy.data.objects.new(role, data)
    object_[_ROLE] = role
    collection.objects.link(object_)
    return object_


def _light_place(light: AreaLight, target: Vector, size: float) -> Matrix:
    """Where a light stands and looks, seen from the head."""
    direction = Vector(light.direction).normalized()
    return Matrix.LocRotScale((target + direction * light.distance) * size, direction.to_track_quat("Z", "Y"), None)


def _new_world() -> bpy.types.World:
    world = bpy.data.worlds.new("studio")
    if bpy.app.version < (5, 0, 0):  # from 5.0 on worlds always have nodes, and use_nodes warns that it will go
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    background, output = tree.nodes.new("ShaderNodeBackground"), tree.nodes.new("ShaderNodeOutputWorld")
    background.inputs["Color"].default_value = (0.05, 0.05, 0.05, 1.0)
    background.location, output.location = (-200, 0), (0, 0)
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])
    return world


def set_up_rendering(scene: bpy.types.Scene) -> None:
    """Render upright portraits with Cycles."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.render.resolution_x, scene.render.resolution_y = PICTURE
    show_by(scene, "AgX", "AgX - Medium High Contrast")
