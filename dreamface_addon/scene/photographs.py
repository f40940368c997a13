"""Photographs that a head was made from: cameras that see it as they show it, and the pictures behind it."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import bpy
from mathutils import Matrix, Vector

from .expressions import set_expression, weights_of
from .head_motion import standing_matrix
from .naming import name_of
from .orientation import orientation_of
from .records import FACE_ID, GIVEN

FILES: Final = "dreamface_photographs"
"""Custom property of a skin: the paths of the photographs that it was made from, as JSON."""

HISTORY: Final = "dreamface_history"
"""Custom property of a skin: what was done to the face, as JSON."""

PINNED: Final = "pins"
"""What a history's step is from that has pins, and how photographs show the head with them."""

_OF: Final = "dreamface_photograph_of"
_NUMBER: Final = "dreamface_photograph"
"""Custom properties of a camera: id of the face, and which of its photographs it stands for, from 0."""

_BEFORE_CAMERA: Final = "dreamface_before_photograph_camera"
_BEFORE_SIZE: Final = "dreamface_before_photograph_size"
"""Custom properties of a scene: its camera, and the size of its picture, before it looked through such a camera."""

_GIVEN_SIZE: Final = "dreamface_photograph_size"
"""Custom property of a scene: the size of its picture that it got with such a camera."""

_BEFORE_EXPRESSION: Final = "dreamface_before_photograph"
"""Custom property of a skin: its shape keys before it got the expression in a photograph, and with it, as JSON."""

_KEPT: Final = "photographs"  # folder of a face folder
_SENSOR: Final = 24.0  # millimetres high
_OPACITY: Final = 0.5
_NEAREST, _FARTHEST = 0.01, 1000.0  # metres: what a camera sees of a head that is as large as heads are


@dataclass(frozen=True)
class Shot:
    """How a photograph shows a head.

    Attributes:
        size: width and height in pixels, upright.
        focal: length of the lens in heights of the picture.
        rotation: from the head's axes to the camera's, which looks along +Y; three rows.
        position: metres, of the head's origin before the camera.
        expression: shape -> weight.
    """

    size: tuple[int, int]
    focal: float
    rotation: tuple[tuple[float, ...], ...]
    position: tuple[float, ...]
    expression: dict[str, float]

    @classmethod
    def of(cls, said: dict[str, Any]) -> Shot:
        """Return what face.json says of one; KeyError, TypeError or ValueError where it is none."""
        width, height = (int(side) for side in said["size"])
        rotation = tuple(tuple(float(part) for part in row) for row in said["rotation"])
        position = tuple(float(part) for part in said["position"])
        expression = {str(name): float(weight) for name, weight in said.get("expression", {}).items()}
        found = cls((width, height), float(said["focal"]), rotation, position, expression)
        numbers = (found.focal, *position, *(part for row in rotation for part in row))
        if [len(row) for row in rotation] != [3, 3, 3] or len(position) != 3 or not all(map(math.isfinite, numbers)):
            raise ValueError("not a pose")
        if min(width, height, found.focal) <= 0:
            raise ValueError("not a picture")
        return found


def shots_of(skin: bpy.types.Object) -> tuple[Shot, ...]:
    """Return how photographs show a head; none where it was not made from any, or does not say so any more."""
    try:
        return _shots_in(skin.get(HISTORY, "[]"))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()


@lru_cache(maxsize=8)
def _shots_in(history: str) -> tuple[Shot, ...]:
    """Return what a history says last of how photographs show a head; cached, because panels ask at every redraw."""
    steps = [step for step in json.loads(history) if step.get("from") in ("photograph", PINNED)]
    if not any(step["from"] == "photograph" for step in steps):
        return ()
    return tuple(Shot.of(one) for one in steps[-1]["photographs"])


def photograph_steps(skin: bpy.types.Object) -> list[dict[str, Any]]:
    """Return what a head's history says of photographs and pins."""
    try:
        steps = json.loads(skin.get(HISTORY, "[]"))
        return [step for step in steps if step.get("from") in ("photograph", PINNED)]
    except (ValueError, TypeError, AttributeError):
        return []


def forget_pins(skin: bpy.types.Object) -> None:
    """Forget a head's pins, because its shape was taken back."""
    if any(step["from"] == PINNED for step in photograph_steps(skin)):
        skin[HISTORY] = json.dumps([step for step in json.loads(skin[HISTORY]) if step.get("from") != PINNED])


def photograph_files(skin: bpy.types.Object) -> tuple[Path | None, ...]:
    """Return where the photograph of each shot lies: the artist's own file, or the copy in the face's folder."""
    own = _remembered(skin)
    kept: dict[str, Path] = {}
    with contextlib.suppress(OSError):
        kept = {file.stem: file for file in (Path(skin.get("dreamface_folder", "")) / _KEPT).iterdir()}
    found = []
    for number in range(len(shots_of(skin))):
        file = Path(bpy.path.abspath(own[number])) if number < len(own) and own[number] else None
        found.append(file if file is not None and file.is_file() else kept.get(str(number + 1)))
    return tuple(found)


def _remembered(skin: bpy.types.Object) -> list[str]:
    """Return the paths of the artist's own files, as they were when the head was made."""
    try:
        return [str(path) for path in json.loads(skin.get(FILES, "[]"))]
    except (ValueError, TypeError):
        return []


def add_photographs(
    skin: bpy.types.Object, files: Sequence[Path], home: bpy.types.Scene, pack: bool, through: bool
) -> str:
    """Make a camera for each photograph that a head was made from; return what the artist has to know, or nothing.

    Args:
        skin: the face's.
        files: the photographs.
        home: the scene that gets the cameras.
        pack: whether the pictures become part of the .blend file.
        through: whether the scene looks through the first one from now on.
    """
    put_photographs_away(skin, home)
    skin[FILES] = json.dumps([str(file) for file in files])
    problems = []
    for number in range(len(shots_of(skin))):
        camera = photograph_camera(skin, number, home)
        if why_not := _show_behind(skin, number, camera, pack):
            problems.append(why_not)
    if through and shots_of(skin):
        look_through_photograph(skin, 0, home)
    return " ".join(problems)


def put_photographs_away(skin: bpy.types.Object, home: bpy.types.Scene | None = None) -> None:
    """Take away what shows photographs that a head is not made from any more: their expression and their cameras.

    Scenes that look through one of these look as before.

    Args:
        skin: the face's, which says already what it is made from now.
        home: the scene whose cameras for photographs that there are stay; None for no scene.
    """
    take_photograph_off(skin)
    left: list[bpy.types.Object] = []
    count = len(shots_of(skin))
    for scene in bpy.data.scenes:
        cameras = [camera for camera in scene.objects if camera.get(_OF) == skin[FACE_ID]]
        copies = [camera for camera in cameras if not _is_for_photograph(camera, scene)]
        for camera in copies:  # they are the artist's own from now on
            _forget(camera)
        for camera in [camera for camera in cameras if camera not in copies]:
            if home in camera.users_scene and camera[_NUMBER] < count:
                continue
            left.append(camera)
            if scene.camera == camera:
                look_as_before(scene)
    for camera in dict.fromkeys(left):
        lens = camera.data
        bpy.data.objects.remove(camera)
        if not lens.users:
            bpy.data.cameras.remove(lens)
    skin.pop(FILES, None)


def photograph_camera(skin: bpy.types.Object, number: int, home: bpy.types.Scene) -> bpy.types.Object:
    """Return the camera that sees a head as one of its photographs shows it, where the head stands now.

    Args:
        skin: the face's.
        number: of the photograph, from 0.
        home: the scene; it gets the camera where it has none.
    """
    shot, cameras = shots_of(skin)[number], _cameras_of(skin[FACE_ID], number, home)
    if not cameras:
        name = f"{name_of(skin)} photo {number + 1}"
        cameras = [bpy.data.objects.new(name, bpy.data.cameras.new(name))]
        cameras[0][_OF], cameras[0][_NUMBER], cameras[0][GIVEN] = skin[FACE_ID], number, cameras[0].name
        home.collection.objects.link(cameras[0])
    camera, *copies = cameras
    for copy in copies:  # they are the artist's own from now on
        _forget(copy)
    lens = camera.data
    lens.type, lens.sensor_fit, lens.sensor_height = "PERSP", "VERTICAL", _SENSOR
    lens.lens, lens.shift_x, lens.shift_y = shot.focal * _SENSOR, 0.0, 0.0
    location, turn, scale = standing_matrix(skin).decompose()
    lens.clip_start, lens.clip_end = _NEAREST * abs(scale.x), _FARTHEST * max(abs(scale.x), 1.0)
    standing = Matrix.LocRotScale(location, turn, Vector((1.0, 1.0, 1.0)))
    place = Matrix.Translation(Vector(shot.position) * scale.x) @ Matrix(shot.rotation).to_4x4()
    camera.matrix_world = standing @ place.inverted() @ Matrix.Rotation(math.radians(90.0), 4, "X")
    return camera


def _cameras_of(face_id: str, number: int, home: bpy.types.Scene) -> list[bpy.types.Object]:
    """Return a photograph's camera, and then the copies of it that an artist has made under other names."""
    cameras = (object_ for object_ in home.objects if object_.type == "CAMERA" and object_.get(_OF) == face_id)
    found = [camera for camera in cameras if camera.get(_NUMBER) == number]
    return sorted(found, key=lambda camera: camera.name != camera.get(GIVEN))


def _is_for_photograph(camera: bpy.types.Object | None, home: bpy.types.Scene) -> bool:
    """Whether a scene's camera stands for a photograph; a copy of one is the artist's own."""
    if camera is None or _OF not in camera or _NUMBER not in camera:
        return False
    return camera in _cameras_of(camera[_OF], camera[_NUMBER], home)[:1]


def _forget(camera: bpy.types.Object) -> None:
    for name in (_OF, _NUMBER, GIVEN):
        camera.pop(name, None)


def _show_behind(skin: bpy.types.Object, number: int, camera: bpy.types.Object, pack: bool) -> str:
    """Show a photograph in its camera's view, upright; return why it can't be shown, or nothing."""
    shown = photograph_background(camera)
    if shown is not None:
        camera.data.background_images.remove(shown)
    file = photograph_files(skin)[number]
    if file is None:
        gone = _remembered(skin)[number : number + 1]
        return f"{Path(gone[0]).name} is not where it was: put it back to see it behind the head." if gone else ""
    image = _load(file)
    if image is None:
        return f"Blender cannot show {file.name} behind the head: save it as JPEG or PNG to see it there."
    if pack and image.packed_file is None:
        image.pack()
    width, height = image.size
    background = camera.data.background_images.new()
    background.image = image
    background.alpha, background.display_depth, background.frame_method = _OPACITY, "FRONT", "FIT"
    turn = orientation_of(file)
    background.rotation, background.use_flip_x = math.radians(90.0) * turn.quarters, turn.mirrored
    # It is fitted into the frame as it lies in its file.
    background.scale = max(width, height) / min(width, height) if turn.quarters % 2 else 1.0
    camera.data.show_background_images = True
    return ""


def _load(file: Path) -> bpy.types.Image | None:
    """Return a picture's datablock; None where Blender cannot read it, which leaves none behind."""
    try:
        image = bpy.data.images.load(str(file), check_existing=True)
    except RuntimeError:
        return None
    if not all(image.size):
        image.reload()  # Blender looks once; the file may be back
    if all(image.size):
        return image
    if not image.users:
        bpy.data.images.remove(image)
    return None


def photograph_background(camera: bpy.types.Object) -> bpy.types.CameraBackgroundImage | None:
    """Return what shows the photograph in a camera's view; None where nothing does."""
    backgrounds = camera.data.background_images
    return next((entry for entry in backgrounds if entry.source == "IMAGE" and entry.image is not None), None)


def look_through_photograph(skin: bpy.types.Object, number: int, home: bpy.types.Scene) -> str:
    """Have a scene look through a photograph's camera, in the photograph's size; return what the artist has to know.

    Args:
        skin: the face's.
        number: of the photograph, from 0.
        home: the scene.
    """
    camera = photograph_camera(skin, number, home)
    shown = photograph_background(camera)
    is_there = shown is not None and all(shown.image.size)  # its file may have gone since
    why_not = "" if is_there else _show_behind(skin, number, camera, pack=False)
    is_own = not _is_for_photograph(home.camera, home)
    if is_own and home.camera is not None:
        home[_BEFORE_CAMERA] = home.camera
    if _BEFORE_SIZE not in home or (is_own and list(home.get(_GIVEN_SIZE, ())) != _picture_size(home)):
        home[_BEFORE_SIZE] = _picture_size(home)
    home.camera = camera
    _set_picture_size(home, (*shots_of(skin)[number].size, 1.0, 1.0))
    home[_GIVEN_SIZE] = _picture_size(home)
    return why_not


def _picture_size(home: bpy.types.Scene) -> list[float]:
    """Return width and height of a scene's picture in pixels, and of its pixels."""
    render = home.render
    return [float(render.resolution_x), float(render.resolution_y), render.pixel_aspect_x, render.pixel_aspect_y]


def _set_picture_size(home: bpy.types.Scene, size: Sequence[float]) -> None:
    render = home.render
    render.resolution_x, render.resolution_y = int(size[0]), int(size[1])
    render.pixel_aspect_x, render.pixel_aspect_y = float(size[2]), float(size[3])


def seen_photograph(skin: bpy.types.Object, home: bpy.types.Scene) -> int | None:
    """Return through which photograph's camera of a head a scene looks, from 0; None where through none.

    Nor where an artist has made it the scene's by hand: there is nothing to go back to.
    """
    camera = home.camera
    if _BEFORE_SIZE not in home or not _is_for_photograph(camera, home) or camera[_OF] != skin.get(FACE_ID):
        return None
    return int(camera[_NUMBER])


def sees_photograph(home: bpy.types.Scene) -> bool:
    """Whether a scene looks through a photograph's camera, of whatever head, or has looked through one that is gone."""
    return _BEFORE_SIZE in home and (home.camera is None or _is_for_photograph(home.camera, home))


def look_as_before(home: bpy.types.Scene) -> None:
    """Give a scene back the camera and the size of its picture that it had before it looked through a photograph's."""
    before, size = home.get(_BEFORE_CAMERA), home.get(_BEFORE_SIZE)
    if size is None:
        return
    # One that was deleted is in no scene: our note alone keeps it in the file.
    home.camera = before if isinstance(before, bpy.types.Object) and before.users_scene else None
    _set_picture_size(home, size)
    for name in (_BEFORE_CAMERA, _BEFORE_SIZE, _GIVEN_SIZE):
        home.pop(name, None)


def wears_photograph(skin: bpy.types.Object) -> bool:
    """Whether a head has the expression of a photograph on, or what an artist has left of it."""
    _, given = _noted_expressions(skin)
    shown = [name for name, weight in given.items() if weight]
    return _BEFORE_EXPRESSION in skin and (not shown or any(name in shown for name in _unchanged(skin, given)))


def wear_photograph(skin: bpy.types.Object, number: int, shapes: Sequence[str]) -> None:
    """Give a head the expression that it has in a photograph.

    Args:
        skin: the face's.
        number: of the photograph, from 0.
        shapes: names of all shape keys that an expression sets.
    """
    before, expression = weights_of(skin), shots_of(skin)[number].expression
    set_expression(skin, {name: expression.get(name, 0.0) for name in shapes})
    given, there = weights_of(skin), [name for name in shapes if name in before]
    skin[_BEFORE_EXPRESSION] = json.dumps([{name: weights[name] for name in there} for weights in (before, given)])


def take_photograph_off(skin: bpy.types.Object) -> None:
    """Give a head the expression back that it had before it got that of a photograph.

    Shape keys that have been set since stay as they are.
    """
    before, given = _noted_expressions(skin)
    if wears_photograph(skin):
        set_expression(skin, {name: before[name] for name in _unchanged(skin, given) if name in before})
    skin.pop(_BEFORE_EXPRESSION, None)


def _noted_expressions(skin: bpy.types.Object) -> tuple[dict[str, float], dict[str, float]]:
    """Return shape keys before a head got the expression in a photograph, and with it; empty without a note."""
    try:
        before, given = (
            {str(name): float(weight) for name, weight in weights.items()}
            for weights in json.loads(skin[_BEFORE_EXPRESSION])
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}, {}
    return before, given


def _unchanged(skin: bpy.types.Object, given: dict[str, float]) -> list[str]:
    """Return the shape keys that have the weights that they were given."""
    now = weights_of(skin)
    return [name for name, weight in given.items() if name in now and math.isclose(now[name], weight, abs_tol=1e-5)]
