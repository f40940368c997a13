"""A take's footage behind the camera's picture, and its sound in the sequencer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix, Vector

from .errors import SceneError
from .head_motion import standing_matrix
from .naming import name_of

_FOOTAGE = "dreamface_footage"
"""Custom property of a camera's image, a sound strip and a camera that are for a take's footage."""

_SENSOR = 24.0  # millimetres high
_USUAL_FOCAL, _USUAL_DISTANCE = 1.2, 0.7  # heights of the picture, and metres, where they are not known
_FACE = 0.13  # metres from a head's origin up to the middle of the face, where there is no place of the camera
_OPACITY = 0.6
_VIDEO = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".avi", ".webm", ".mpg", ".mpeg", ".mts", ".m2ts", ".wmv", ".ogv"})


def why_no_footage(path: str) -> str:
    """Return why footage cannot be shown, or nothing."""
    if not path:
        return "This take has no footage"
    if Path(path).suffix.lower() not in _VIDEO:
        return "This take was not made from a video"
    return "" if Path(bpy.path.abspath(path)).is_file() else f"{Path(path).name} is not where it was: put it back"


def show_footage(
    scene: bpy.types.Scene, path: str, start: float, first: float, rate: float, size: tuple[int, int]
) -> bpy.types.Object:
    """Show a video behind what the scene's camera sees; return the camera.

    Args:
        scene: with a camera.
        path: of the video.
        start: frame of the scene at which it begins.
        first: seconds of it that are left out.
        rate: its frames a second.
        size: width and height in pixels; zeros where they are not known.

    Raises:
        SceneError: there is no camera, or the video cannot be read.
    """
    camera = scene.camera
    if camera is None:
        raise SceneError("The scene has no camera: add one, or place the footage's own.")
    try:
        image = bpy.data.images.load(bpy.path.abspath(path), check_existing=True)
    except RuntimeError as error:
        raise SceneError(
            f"Blender cannot read {Path(path).name}: convert it to MP4 (H.264), then try again."
        ) from error
    hide_footage(scene)
    image[_FOOTAGE] = True
    background = camera.data.background_images.new()
    background.image = image
    background.alpha, background.display_depth, background.frame_method = _OPACITY, "BACK", "FIT"
    user = background.image_user
    user.frame_start, user.frame_offset = round(start), round(first * rate)
    user.frame_duration = max(image.frame_duration - user.frame_offset, 1)
    user.use_auto_refresh = True
    camera.data.show_background_images = True
    if all(size) and camera.data.get(_FOOTAGE):
        scene.render.resolution_x, scene.render.resolution_y = size
    return camera


def shows_footage(scene: bpy.types.Scene) -> bool:
    """Whether the scene's camera shows a take's footage."""
    return scene.camera is not None and bool(_backgrounds(scene.camera))


def hide_footage(scene: bpy.types.Scene) -> None:
    """Take footage from behind the scene's camera, and out of the sequencer."""
    if scene.camera is not None:
        for background in _backgrounds(scene.camera):
            scene.camera.data.background_images.remove(background)
    strips = _strips(scene)
    for strip in [strip for strip in strips or () if _FOOTAGE in strip]:
        strips.remove(strip)


def _backgrounds(camera: bpy.types.Object) -> list[bpy.types.CameraBackgroundImage]:
    return [entry for entry in camera.data.background_images if entry.image is not None and _FOOTAGE in entry.image]


def _strips(scene: bpy.types.Scene) -> Any:
    editor = scene.sequence_editor
    if editor is None:
        return None
    return editor.strips if hasattr(editor, "strips") else editor.sequences  # the latter up to 4.3


def add_sound(scene: bpy.types.Scene, path: str, start: float, first: float) -> None:
    """Play a video's sound from a frame on, and have Blender keep in time with it.

    Args:
        scene: where.
        path: of the video.
        start: frame at which the sound of `first` is heard.
        first: seconds that are left out.

    Raises:
        SceneError: it has no sound that Blender can read.
    """
    if scene.sequence_editor is None:
        scene.sequence_editor_create()
    strips = _strips(scene)
    assert strips is not None
    skipped = round(first * scene.render.fps / scene.render.fps_base)
    channel = 1 + max((strip.channel for strip in strips), default=0)
    sounds = set(bpy.data.sounds)
    try:
        strip = strips.new_sound(Path(path).stem, bpy.path.abspath(path), channel, round(start) - skipped)
    except RuntimeError as error:
        raise SceneError(f"{Path(path).name} has no sound that Blender can read.") from error
    if strip is None or (strip.sound is not None and strip.sound.channels == "INVALID"):
        if strip is not None:
            strips.remove(strip)
        for sound in set(bpy.data.sounds) - sounds:
            bpy.data.sounds.remove(sound)
        raise SceneError(f"{Path(path).name} has no sound.")
    strip[_FOOTAGE] = True
    if skipped:
        strip.frame_offset_start = skipped
    if scene.sync_mode == "NONE":
        scene.sync_mode = "AUDIO_SYNC"


def add_camera(
    scene: bpy.types.Scene, skin: bpy.types.Object, place: tuple[float, float, float], focal: float
) -> bpy.types.Object:
    """Put a camera before a head, where the one was that filmed the take, and make it the scene's; return it.

    Args:
        scene: where.
        skin: the face's.
        place: metres, of the head's origin from the camera, which looks along +Y; zeros where it is not known.
        focal: length of the lens in heights of the picture; 0 where it is not known.
    """
    if not any(place):
        place = (0.0, _USUAL_DISTANCE, -_FACE)
    name = f"{name_of(skin)} footage camera"
    camera = next((object_ for object_ in scene.objects if object_.type == "CAMERA" and _FOOTAGE in object_.data), None)
    if camera is None:
        camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        camera.data[_FOOTAGE] = True
        scene.collection.objects.link(camera)
    camera.data.sensor_fit, camera.data.sensor_height = "VERTICAL", _SENSOR
    camera.data.lens = (focal or _USUAL_FOCAL) * _SENSOR
    camera.data.clip_start = 0.01
    location, rotation, scale = standing_matrix(skin).decompose()
    own = Matrix.LocRotScale(location, rotation, Vector((1.0, 1.0, 1.0)))
    looking = Matrix.Rotation(1.5707963, 4, "X")
    camera.matrix_world = own @ Matrix.Translation(-Vector(place) * scale.x) @ looking
    scene.camera = camera
    return camera


def sound_is_on(scene: bpy.types.Scene) -> bool:
    """Whether the sequencer plays a take's sound."""
    return any(_FOOTAGE in strip for strip in _strips(scene) or ())
