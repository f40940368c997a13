"""What turns and moves with a performer's head: the head's bone, or without a rig the whole head.

Without a rig the skin's delta transform is used, to which everything else is parented: the artist's own location and
rotation stay free, and the head can be moved while a take plays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion, Vector
from numpy.typing import NDArray

from .records import LANDMARKS

Array = NDArray[np.float64]
Path = tuple[str, int, str]
"""Data path, index in it, and name of its group."""

_BONE = "head"
_GROUP = "Head"
_USUAL_MODE = "XYZ"
_EARS = ("tragion_l", "tragion_r")
_BEHIND_EARS = 0.015  # metres from between the ears back to where the skull rests on the spine
_ANGLE_SHARE, _PLACE_SHARE = 0.5, 0.2
"""How exact curves of radians and metres are, with the tolerance of a shape key being 1."""


@dataclass(frozen=True)
class HeadOwner:
    """What moves with the head.

    Attributes:
        owner: the armature's object, or the skin.
        bone: name of the bone; empty for the skin.
    """

    owner: bpy.types.Object
    bone: str = ""

    @property
    def _transforms(self) -> Any:
        return self.owner.pose.bones[self.bone] if self.bone else self.owner

    @property
    def mode(self) -> str:
        """Order of rotation, or "QUATERNION" or "AXIS_ANGLE"."""
        return str(self._transforms.rotation_mode)

    @property
    def is_fixed(self) -> bool:
        """Whether it can turn but not move: a bone that is connected to the one below, or locked in its place."""
        if not self.bone:
            return False
        return bool(self.owner.data.bones[self.bone].use_connect) or all(self._transforms.lock_location)

    @property
    def paths(self) -> list[Path]:
        """Properties that move it: rotation, then location."""
        if not self.can_turn:
            return []
        base, delta = (f'pose.bones["{self.bone}"].', "") if self.bone else ("", "delta_")
        kinds = {"QUATERNION": ("rotation_quaternion", 4), "AXIS_ANGLE": ("rotation_axis_angle", 4)}
        turning, width = kinds.get(self.mode, ("rotation_euler", 3))
        places = [] if self.is_fixed else [(f"{base}{delta}location", index, _GROUP) for index in range(3)]
        return [(f"{base}{delta}{turning}", index, _GROUP) for index in range(width)] + places

    @property
    def can_turn(self) -> bool:
        """Whether Blender lets it be turned beside its own rotation: an object's axis and angle have no delta."""
        return bool(self.bone) or self.mode != "AXIS_ANGLE"

    def write(self, values: Any) -> None:
        """Set the properties of `paths`; without values for the place, which may have been locked, the angles alone."""
        base = 'pose.bones["' + self.bone + '"].' if self.bone else ""
        grouped: dict[str, list[float]] = {}
        for (path, _, _), value in zip(self.paths, values, strict=False):
            grouped.setdefault(path.removeprefix(base), []).append(float(value))
        for name, given in grouped.items():
            setattr(self._transforms, name, given)

    def read(self) -> list[float]:
        """Return the properties of `paths` as they are."""
        base = 'pose.bones["' + self.bone + '"].' if self.bone else ""
        names = [(path.removeprefix(base), index) for path, index, _ in self.paths]
        return [float(getattr(self._transforms, name)[index]) for name, index in names]

    def rest(self) -> None:
        """Set rotation and location to those at rest, in every mode of rotation."""
        for name, value in _AT_REST.items():
            if self.bone:
                setattr(self._transforms, name, value)
            elif name != "rotation_axis_angle":
                setattr(self._transforms, f"delta_{name}", value)


_AT_REST: dict[str, tuple[float, ...]] = {
    "rotation_euler": (0.0, 0.0, 0.0),
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "location": (0.0, 0.0, 0.0),
}
"""Transform -> its value at rest."""


def head_owners(skin: bpy.types.Object) -> list[HeadOwner]:
    """Return what can move with a face's head: bones, then the skin. The first one does."""
    armatures = [modifier.object for modifier in skin.modifiers if modifier.type == "ARMATURE"]
    bones = [
        HeadOwner(armature, _BONE)
        for armature in dict.fromkeys([*armatures, skin.parent])
        if armature is not None and armature.type == "ARMATURE" and _BONE in armature.data.bones
    ]
    return [*bones, HeadOwner(skin)]


def head_owner(skin: bpy.types.Object) -> HeadOwner:
    """Return what moves with a face's head."""
    return head_owners(skin)[0]


def all_head_paths() -> list[Path]:
    """Return all properties that may move a head, of the bone and of the skin, in every mode of rotation."""
    bases = (f'pose.bones["{_BONE}"].', "delta_")
    return [
        (f"{base}{name}", index, _GROUP) for base in bases for name in _AT_REST for index in range(len(_AT_REST[name]))
    ]


def tolerances(owner: HeadOwner, tolerance: float) -> Array:
    """[C] how exact the curves of `owner.paths` are to be."""
    return np.array(
        [tolerance * (_PLACE_SHARE if path.endswith("location") else _ANGLE_SHARE) for path, _, _ in owner.paths]
    )


def has_rig(skin: bpy.types.Object) -> bool:
    """Whether a bone turns a face's head."""
    return bool(head_owner(skin).bone)


class Turning:
    """Makes values for `HeadOwner.paths` of a head's angles and place."""

    def __init__(self, skin: bpy.types.Object, owner: HeadOwner) -> None:
        """Look at how head and bone stand now."""
        self._owner = owner
        self._before: Any = None
        if owner.bone:
            rest = owner.owner.data.bones[owner.bone].matrix_local.to_3x3()
            between = (owner.owner.matrix_world.inverted_safe() @ skin.matrix_world).to_3x3()
            self._into = rest.inverted_safe() @ between.normalized()
            self._scale = between.median_scale / max(rest.median_scale, 1e-9)
        else:
            own = _own_matrix(skin)
            self._into, self._scale = own.to_3x3().normalized(), own.median_scale
            self._pivot = Vector(pivot_of(skin))

    def values(self, head: Any, place: Any) -> list[float]:
        """Return the values for one moment; moments are to come one after the other.

        Args:
            head: yaw, pitch, roll in radians.
            place: metres from where the head rests, in its own axes.
        """
        yaw, pitch, roll = (float(angle) for angle in head)
        turned = Euler((pitch, roll, yaw), "YXZ").to_matrix()
        rotation = self._into @ turned @ self._into.inverted_safe()
        moved = Vector([float(part) for part in place])
        if not self._owner.bone:
            moved = self._pivot - turned @ self._pivot + moved
        values = [*self._angles(rotation)]
        return values if self._owner.is_fixed else [*values, *(self._into @ moved * self._scale)]

    def _angles(self, rotation: Matrix) -> Any:
        if self._owner.mode == "AXIS_ANGLE":
            axis, angle = rotation.to_quaternion().to_axis_angle()
            return angle, *axis
        if self._owner.mode == "QUATERNION":
            turn = rotation.to_quaternion()
            if isinstance(self._before, Quaternion) and turn.dot(self._before) < 0.0:
                turn.negate()
            self._before = turn
            return turn
        before = self._before if isinstance(self._before, Euler) else Euler((0.0, 0.0, 0.0), self._owner.mode)
        self._before = rotation.to_euler(self._owner.mode, before)
        return self._before


def turn_values(skin: bpy.types.Object, owner: HeadOwner, head: Array, place: Array) -> Array:
    """[N, C] values for the curves of `owner.paths`.

    Args:
        skin: the face's.
        owner: what moves.
        head: [N, 3] yaw, pitch and roll in radians.
        place: [N, 3] metres.
    """
    turning = Turning(skin, owner)
    return np.array([turning.values(angles, point) for angles, point in zip(head, place, strict=True)])


def pivot_places(skin: bpy.types.Object, head: Array, place: Array) -> Array:
    """Return [N, 3] where the pivot of a head is, of whose origin it is known.

    A head turns on its pivot. What its origin, far below, swings when it does is no movement of the head's own.

    Args:
        skin: the face's.
        head: [N, 3] yaw, pitch and roll in radians.
        place: [N, 3] metres, of the origin; where it is zero all the time it is not known, and stays so.
    """
    if not place.any():
        return place
    pivot = Vector(pivot_of(skin))
    turned = [Euler((pitch, roll, yaw), "YXZ").to_matrix() @ pivot for yaw, pitch, roll in head.tolist()]
    return np.asarray(place + np.array([tuple(point) for point in turned]))


def _own_matrix(skin: bpy.types.Object) -> Matrix:
    """How an object stands below its parent by its own location, rotation and scale, without the delta ones."""
    mode = skin.rotation_mode
    if mode == "QUATERNION":
        turn = skin.rotation_quaternion.to_matrix()
    elif mode == "AXIS_ANGLE":
        turn = Matrix.Rotation(skin.rotation_axis_angle[0], 3, Vector(skin.rotation_axis_angle[1:]))
    else:
        turn = skin.rotation_euler.to_matrix()
    return turn.to_4x4() @ Matrix.Diagonal((*skin.scale, 1.0))


def standing_matrix(skin: bpy.types.Object) -> Matrix:
    """Return where a head stands in the world, without what a take does to it."""
    below = skin.parent.matrix_world @ skin.matrix_parent_inverse if skin.parent is not None else Matrix()
    return below @ Matrix.Translation(skin.location) @ _own_matrix(skin)


def stance(skin: bpy.types.Object) -> str:
    """Return how a head stands, as text: a take was made for one mode of rotation and one way to stand.

    The usual mode is left out, so that takes of older files still fit.
    """
    owner = head_owner(skin)
    parts = [owner.mode] if owner.mode != _USUAL_MODE else []
    if not owner.bone:
        parts += [f"{part:.3f}" for row in _own_matrix(skin).to_3x3() for part in row]
    return " ".join(parts)


def pivot_of(skin: bpy.types.Object) -> tuple[float, float, float]:
    """Return the place on which a head turns, in its own axes: behind the middle between the ears."""
    basis = skin.data.vertices
    try:
        landmarks = json.loads(skin[LANDMARKS])
        ears = [basis[landmarks[name]].co for name in _EARS]
        middle = (ears[0] + ears[1]) / 2
        return middle.x, middle.y + _BEHIND_EARS, middle.z
    except (KeyError, ValueError, TypeError, IndexError):
        corners = np.array([tuple(corner) for corner in skin.bound_box])
        x, y, z = (float(part) for part in (corners.min(axis=0) + corners.max(axis=0)) / 2)
        return x, y, z
