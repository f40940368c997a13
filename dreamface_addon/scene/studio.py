"""A portrait studio: camera, lights, a world where there is none, and settings to render with."""

from __future__ import annotations

import json
import math
import uuid
from typing import Any

import bpy
from mathutils import Matrix, Vector

from .colours import show_by, to_scene
from .importing import ImportedFace
from .lighting import LIGHTINGS, USUAL, Light
from .records import GIVEN
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


_HEAD = "dreamface_studio_head"
"""Custom property of the studio's collection and of the skin that it lights: the same text for both."""

_PLACE = "dreamface_studio_place"
"""Custom property: the matrix, [16], of the head that the collection lights, or the one that an object was given."""

_SETTINGS = "dreamface_studio_settings"
"""Custom property of the studio's objects: `_settings` as they were made."""


def add_studio(scene: bpy.types.Scene, face: ImportedFace | bpy.types.Object, lighting: str | None = None) -> None:
    """Light a face, and point a camera at it that becomes the scene's.

    They stand before the head where and as large as it is now, in a collection of their own, and do not move with it.
    A studio that the scene has already moves to the face; what is missing in it is added. Another lighting takes the
    place of those lights that nobody has changed. What the artist has placed by hand stays as it is, and goes along
    only where the head is elsewhere; the scene keeps its camera while it is about the same head, and its world if it
    has one.

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
    is_same_head = _note_head(collection, skin)
    moved = _note_place(collection, place)
    before = collection.get(_LIGHTING, USUAL)  # studios of the first release have the usual one
    chosen = lighting or before
    collection[_LIGHTING] = chosen
    ours = _own_objects(collection)
    if chosen != before:
        _clear_lights(ours)
    places = {light.name: place @ _light_place(light, target, size) for light in LIGHTINGS[chosen].lights}
    for light in LIGHTINGS[chosen].lights:
        ours[light.name] = ours.get(light.name) or _new_light(light, size, collection)
    camera = ours["camera"] = ours.get("camera") or _new_camera(size, collection)
    distance = height * HEADROOM * camera.data.lens / SENSOR_HEIGHT
    places["camera"] = place @ Matrix.Translation((target + Vector((0.0, -distance, 0.0))) * size) @ _FORWARDS
    for role, object_ in ours.items():
        _put(object_, places.get(role), moved)
    if scene.camera is None or not is_same_head:
        scene.camera = camera
    _light_around(scene, before, chosen)


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


def _note_head(collection: bpy.types.Collection, skin: bpy.types.Object) -> bool:
    """Note which head a studio is for; return whether it was for that already."""
    known = collection.get(_HEAD)
    if known is not None and skin.get(_HEAD) == known:
        return True
    collection[_HEAD] = skin[_HEAD] = uuid.uuid4().hex
    return False


def _note_place(collection: bpy.types.Collection, place: Matrix) -> Matrix:
    """Note where the head of a studio is; return how it has moved since the last time."""
    before = _stored_matrix(collection)
    collection[_PLACE] = _flat(place)
    return Matrix.Identity(4) if before is None else place @ before.inverted()


def _own_objects(collection: bpy.types.Collection) -> dict[str, bpy.types.Object]:
    """Return the studio's own objects by what they are for.

    Copies that an artist has made of one carry the same properties. The original is the one with the name that it was
    given, or the one that was there first; the others are the artist's from now on.
    """
    marked = [object_ for object_ in collection.objects if _ROLE in object_]
    ours: dict[str, bpy.types.Object] = {}
    for object_ in sorted(marked, key=lambda object_: object_.name != object_.get(GIVEN, object_[_ROLE])):
        if ours.setdefault(object_[_ROLE], object_) != object_:
            for mark in (_ROLE, GIVEN, _PLACE, _SETTINGS):
                object_.pop(mark, None)
    return ours


def _put(object_: bpy.types.Object, place: Matrix | None, moved: Matrix) -> None:
    """Put an object of the studio to its place; one that an artist has placed goes along with the head, if that moved.

    Args:
        object_: the studio's.
        place: where it belongs; None for a light of another lighting, which an artist has changed.
        moved: how the head has moved since the last time.
    """
    if place is not None and not _was_placed_by_hand(object_):
        object_.matrix_world = place
        object_[_PLACE] = _flat(object_.matrix_world)
    elif not _is_close(_flat(moved), _flat(Matrix.Identity(4))):
        object_.matrix_world = moved @ object_.matrix_world


def _was_placed_by_hand(object_: bpy.types.Object) -> bool:
    """Whether an artist has moved one of the studio's objects, or changed what a camera sees from its place."""
    given = _stored_matrix(object_)
    has_moved = given is not None and not _is_close(_flat(object_.matrix_world), _flat(given))
    return has_moved or (object_.type == "CAMERA" and _was_set_by_hand(object_))


def _was_set_by_hand(object_: bpy.types.Object) -> bool:
    """Whether one of the studio's objects has other settings than it was made with; unknown of the first release's."""
    return object_.get(_SETTINGS, _settings(object_)) != _settings(object_)


_WATCHED = (
    "type", "energy", "color", "shape", "size", "size_y", "angle", "use_shadow", "specular_factor",
    "lens", "sensor_fit", "sensor_height", "shift_x", "shift_y", "ortho_scale",
)  # fmt: skip
"""Properties of lights and cameras that are an artist's choice."""


def _settings(object_: bpy.types.Object) -> str:
    """Return what an artist may have set on one of the studio's objects, as text."""
    data = object_.data
    values = {name: getattr(data, name) for name in _WATCHED if hasattr(data, name)}
    values |= {name: list(value) for name, value in values.items() if name == "color"}
    is_animated = object_.animation_data is not None or data.animation_data is not None
    return json.dumps([values, object_.hide_render, object_.hide_viewport, is_animated])


def _stored_matrix(holder: bpy.types.ID) -> Matrix | None:
    """Return the matrix that was noted with an object or a collection; None where none was."""
    values = list(holder.get(_PLACE, ()))
    return Matrix([values[row : row + 4] for row in range(0, 16, 4)]) if len(values) == 16 else None


def _flat(matrix: Matrix) -> list[float]:
    return [value for row in matrix for value in row]


def _is_close(values: list[float], others: list[float]) -> bool:
    """Whether matrices differ by no more than rounding, metres among them."""
    return all(
        math.isclose(value, other, rel_tol=1e-4, abs_tol=1e-4) for value, other in zip(values, others, strict=True)
    )


def _clear_lights(ours: dict[str, bpy.types.Object]) -> None:
    """Remove the studio's lights that nobody has changed; the others stay."""
    for role, object_ in list(ours.items()):
        if object_.type == "LIGHT" and not (_was_placed_by_hand(object_) or _was_set_by_hand(object_)):
            data = object_.data
            bpy.data.objects.remove(object_)
            if not data.users:
                bpy.data.lights.remove(data)
            del ours[role]


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
    object_[_ROLE], object_[GIVEN], object_[_SETTINGS] = role, object_.name, _settings(object_)
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


def _light_around(scene: bpy.types.Scene, before: str, chosen: str) -> None:
    """Give a scene without a world one; the studio's own takes another colour unless an artist has set it."""
    is_new = scene.world is None
    if is_new:
        scene.world = _new_world()
    elif chosen == before or _ROLE not in scene.world:
        return
    colour = _background_of(scene.world)
    if colour is None:
        return
    if is_new or _is_close(list(colour.default_value)[:3], list(to_scene(LIGHTINGS[before].world))):
        colour.default_value = (*to_scene(LIGHTINGS[chosen].world), 1.0)


def _background_of(world: bpy.types.World) -> Any:
    """The input with a world's colour; None where an artist has removed it or put something before it."""
    background = next((node for node in world.node_tree.nodes if node.type == "BACKGROUND"), None)
    colour = background.inputs["Color"] if background is not None else None
    return None if colour is None or colour.is_linked else colour


def set_up_rendering(scene: bpy.types.Scene) -> None:
    """Render upright portraits with Cycles."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples = SAMPLES
    scene.render.resolution_x, scene.render.resolution_y = PICTURE
    show_by(scene, "AgX", "AgX - Medium High Contrast")
