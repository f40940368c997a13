"""A head whose points are dragged to where its photographs show them: its vertices, and what it remembers of that."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d

from .applying import check_not_applied
from .armature import settle_rig
from .cards import show_newer_hair
from .errors import SceneError
from .hair import settle_hair
from .head_motion import standing_matrix
from .meshes import move_vertices
from .photographs import HISTORY, PINNED, photograph_camera, shots_of, take_photograph_off, wear_photograph
from .records import RANGE, check_can_change, hair_of, lost_properties, parts_of, was_edited
from .sculpting import Array, offset_of, positions, rest_of

Place = tuple[float, float]
"""In a photograph: fractions of its width and height from its upper left corner."""

Pins = dict[tuple[int, int], Place]
"""Photograph from 0, and landmark -> where the photograph shows it."""

_TURNED_AWAY: Final = -0.1  # cosine of a point's normal to the camera, below which it is not seen


@dataclass(frozen=True)
class PinPoints:
    """Points of a head model that are offered as pins.

    Attributes:
        names: [P].
        landmarks: [P].
        vertices: [P] that stand for them.
        offsets: [P, 3] metres from there.
    """

    names: tuple[str, ...]
    landmarks: tuple[int, ...]
    vertices: Array
    offsets: Array

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> PinPoints:
        """Return those in the engine's answer; KeyError or ValueError where it has none."""
        found = cls(
            tuple(str(name) for name in arrays["names"]), tuple(int(one) for one in arrays["points"]),
            arrays["vertices"].astype(np.int64), arrays["offsets"].astype(np.float64),
        )  # fmt: skip
        count = len(found.names)
        if not (len(found.landmarks) == len(found.vertices) == count and found.offsets.shape == (count, 3)):
            raise ValueError("points")
        return found


def pins_of(skin: bpy.types.Object) -> Pins:
    """Return the pins that a head has."""
    try:
        step = next(step for step in reversed(json.loads(skin.get(HISTORY, "[]"))) if step.get("from") == PINNED)
        return {(int(pin["photograph"]) - 1, int(pin["point"])): (float(pin["at"][0]), float(pin["at"][1]))
                for pin in step["pins"]}  # fmt: skip
    except (StopIteration, KeyError, TypeError, ValueError, IndexError, AttributeError):
        return {}


class PinnedHead:
    """A head while its points are dragged: as it was, and as it follows.

    Attributes:
        points: that are offered.
    """

    def __init__(self, skin: bpy.types.Object, points: PinPoints, shapes: Sequence[str]) -> None:
        """Note how the head is now.

        Args:
            skin: the face's.
            points: of its head model.
            shapes: names of all shape keys that an expression sets.

        Raises:
            SceneError: its objects cannot be changed now.
        """
        self._skin, self.points, self._names = skin, points, shapes
        objects = parts_of(skin)
        check_can_change([*objects, *hair_of(skin).values()])
        check_not_applied(skin)
        try:
            self._spans = {object_: tuple(object_[RANGE]) for object_ in objects if not was_edited(object_)}
        except KeyError as error:
            raise lost_properties(skin) from error
        if skin not in self._spans or any(rest_of(object_.data) is None for object_ in self._spans):
            raise SceneError(f"{skin.name} has other vertices than it came with: pins can't move it.")
        self._offsets = {object_: offset_of(object_.data) for object_ in self._spans}
        self._history = skin[HISTORY]
        first, last = self._spans[skin]
        self._on_skin = points.vertices - first
        if not ((points.vertices >= first) & (points.vertices < last)).all():
            raise SceneError(f"{skin.name} is of another head model than its points: make the head again.")
        keys = skin.data.shape_keys
        basis = positions(keys.reference_key.points) if keys is not None else positions(skin.data.vertices)
        self._neutral = basis[self._on_skin].astype(np.float64) + points.offsets
        self._shapes = {
            key.name: (positions(key.points) - basis)[self._on_skin].astype(np.float64)
            for key in (keys.key_blocks if keys is not None else ())
            if key != keys.reference_key
        }
        self._moved = np.zeros_like(self._neutral)
        self._begun = [self.places(number) for number in range(len(shots_of(skin)))]

    def begun(self, number: int) -> Array:
        """Return [P, 3] metres on the head as it was, with the expression in a photograph."""
        return self._begun[number]

    def places(self, number: int) -> Array:
        """Return [P, 3] metres on the head as it is, with the expression in a photograph."""
        found = self._neutral + self._moved
        for name, weight in shots_of(self._skin)[number].expression.items():
            if name in self._shapes:
                found = found + weight * self._shapes[name]
        return found

    def follow(self, moved: Array, step: Mapping[str, Any], number: int, home: bpy.types.Scene) -> None:
        """Move the head from where it was, and remember its pins.

        Args:
            moved: [V, 3] metres, of all vertices of the head.
            step: of the history, with the pins.
            number: of the photograph that is looked at; its camera and expression follow.
            home: the scene of the camera.

        Raises:
            SceneError: the engine's answer does not fit the head; nothing was changed.
        """
        if max(last for _, last in self._spans.values()) > len(moved) or not np.isfinite(moved).all():
            raise SceneError("The engine sent a head that does not fit this one: start it again.")
        steps = [one for one in json.loads(self._history) if one.get("from") != PINNED]
        self._write(moved, json.dumps([*steps, step]), number, home)

    def put_back(self, number: int, home: bpy.types.Scene) -> None:
        """Have the head as it was."""
        count = max(last for _, last in self._spans.values())
        self._write(np.zeros((count, 3), np.float32), self._history, number, home)

    @property
    def is_there(self) -> bool:
        """Whether nobody has deleted the head."""
        return _is_there(self._skin)

    def _write(self, moved: Array, history: str, number: int, home: bpy.types.Scene) -> None:
        self._spans = {object_: span for object_, span in self._spans.items() if _is_there(object_)}
        for object_, (first, last) in self._spans.items():
            rest = rest_of(object_.data)
            assert rest is not None  # looked at when it began
            move_vertices(object_.data, rest, offset=self._offsets[object_] + moved[first:last])
        self._moved = moved[self.points.vertices].astype(np.float64)
        take_photograph_off(self._skin)
        self._skin[HISTORY] = history
        photograph_camera(self._skin, number, home)
        wear_photograph(self._skin, number, self._names)
        settle_hair(self._skin)

    def settle(self) -> None:
        """Take along what is too slow to follow a drag: bones, and cards of hair."""
        settle_rig(self._skin)
        show_newer_hair(self._skin)

    def seen(self, number: int, camera: bpy.types.Object) -> Array:
        """Return [P] whether points face a photograph's camera."""
        vertices = self._skin.data.vertices
        turn = standing_matrix(self._skin)
        eye = turn.inverted() @ camera.matrix_world.translation
        normals = np.array([vertices[vertex].normal[:] for vertex in self._on_skin.tolist()])
        to_eye = np.array(eye) - self.places(number)
        cosine = (normals * to_eye).sum(axis=1) / np.maximum(np.linalg.norm(to_eye, axis=1), 1e-9)
        found: Array = cosine > _TURNED_AWAY
        return found

    def in_photograph(self, number: int) -> list[Place]:
        """Return [P] where a photograph shows the points."""
        shot = shots_of(self._skin)[number]
        placed = self.places(number) @ np.array(shot.rotation).T + np.array(shot.position)
        across, down = (shot.focal * placed[:, axis] / placed[:, 1] for axis in (0, 2))
        return list(zip((0.5 + across * shot.size[1] / shot.size[0]).tolist(), (0.5 - down).tolist(), strict=True))


def _is_there(object_: bpy.types.Object) -> bool:
    """Whether an object was not deleted since; Blender raises where a deleted one is asked for anything."""
    try:
        return bool(object_.name)
    except ReferenceError:
        return False


@dataclass(frozen=True)
class PhotographFrame:
    """Where a view shows a photograph, in pixels of its region.

    Attributes:
        left, bottom, right, top: its edges.
    """

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(
        cls, camera: bpy.types.Object, home: bpy.types.Scene, region: bpy.types.Region, view: bpy.types.RegionView3D
    ) -> PhotographFrame | None:
        """Return the frame of a photograph's camera in a view; None where it is not in sight."""
        corners = [camera.matrix_world @ corner for corner in camera.data.view_frame(scene=home)]
        seen = [location_3d_to_region_2d(region, view, corner) for corner in corners]
        if any(corner is None for corner in seen):
            return None
        across, up = ([corner[axis] for corner in seen] for axis in (0, 1))
        found = cls(min(across), min(up), max(across), max(up))
        return found if found.right > found.left and found.top > found.bottom else None

    @classmethod
    def here(cls, home: bpy.types.Scene) -> PhotographFrame | None:
        """Return the frame in the context's region; None where that does not look through the scene's camera."""
        space, view = bpy.context.space_data, bpy.context.region_data
        camera = space.camera if isinstance(space, bpy.types.SpaceView3D) and space.use_local_camera else home.camera
        if view is None or view.view_perspective != "CAMERA" or camera is None or camera != home.camera:
            return None
        return cls.of(camera, home, bpy.context.region, view)

    def to_photograph(self, pixel: Sequence[float]) -> Place:
        """Return where a pixel of the region lies in the photograph."""
        across = (pixel[0] - self.left) / (self.right - self.left)
        return across, (self.top - pixel[1]) / (self.top - self.bottom)

    def to_region(self, place: Place) -> Place:
        """Return the pixel of the region in which a place of the photograph lies."""
        return (
            self.left + place[0] * (self.right - self.left),
            self.top - place[1] * (self.top - self.bottom),
        )  # fmt: skip
