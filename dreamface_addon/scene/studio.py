"""A portrait studio: camera, three area lights, a grey world, and settings to render with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import bpy
from mathutils import Vector

from .importing import ImportedFace

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


def add_studio(scene: bpy.types.Scene, face: ImportedFace) -> None:
    """Light `face`, point the scene's camera at it, and set up rendering in Cycles."""
    crown, chin = _extent(face)
    height = crown - chin
    target = Vector((0.0, 0.0, (crown + chin) / 2 - BELOW * height))
    collection = bpy.data.collections.new("studio")
    scene.collection.children.link(collection)
    for light in LIGHTS:
        collection.objects.link(_new_light(light, target))
    scene.camera = _new_camera(target, height * HEADROOM)
    collection.objects.link(scene.camera)
    scene.world = _new_world()
    _set_up_rendering(scene)


def _extent(face: ImportedFace) -> tuple[float, float]:
    """Heights of the crown and the chin in metres; the skin's own where the head model names no chin."""
    heights = [corner[2] for corner in face.skin.bound_box]
    try:
        chin = float(face.face.landmark("multipie_08")[2])
    except KeyError:
        chin = min(heights)
    return max(heights), chin


def _new_camera(target: Vector, height: float) -> bpy.types.Object:
    """A camera straight in front of the face that sees `height` metres of it."""
    data = bpy.data.cameras.new("camera")
    data.sensor_fit = "VERTICAL"
    data.sensor_height = SENSOR_HEIGHT
    data.lens = FOCAL_LENGTH
    data.clip_start = 0.01
    camera = bpy.data.objects.new("camera", data)
    camera.location = target + Vector((0.0, -height * FOCAL_LENGTH / SENSOR_HEIGHT, 0.0))
    camera.rotation_euler = (math.pi / 2, 0.0, 0.0)
    return camera


def _new_light(light: AreaLight, target: Vector) -> bpy.types.Object:
    data = bpy.data.lights.new(light.name, "AREA")
    data.shape, data.size, data.energy, data.color = "SQUARE", light.size, light.power, light.colour
    direction = Vector(light.direction).normalized()
    object_ = bpy.data.objects.new(light.name, data)
    object_.location = target + direction * light.distance
    object_.rotation_euler = direction.to_track_quat("Z", "Y").to_euler()
    return object_


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


def _set_up_rendering(scene: bpy.types.Scene) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.render.resolution_x, scene.render.resolution_y = PICTURE
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
