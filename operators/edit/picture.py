"""A picture laid on the head: by clicking on it, or where the view looks."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d, region_2d_to_origin_3d, region_2d_to_vector_3d
from mathutils import Vector

from ...dreamface_addon import application, edit_sliders, interface, scene, stack
from ...dreamface_addon.interface import HeadAction

_START_MM = 40.0
_STEP = 1.1  # of the size, with each notch of the wheel
_TURN = 15.0  # degrees, with each press of R
_OF_VIEW = 0.3  # of the view's shorter side that a picture takes which is laid where it looks
_FAR_POINT = 0.1  # metres along the skin, to see how large a millimetre is in the view


def _why_not(context: bpy.types.Context) -> str:
    """Return why no picture can be laid on the selected head, or nothing."""
    why_not = interface.why_not_edit(context)
    if why_not:
        return why_not
    if not context.window_manager.dreamface.picture_file:
        return "Choose a picture first"
    skin = scene.skin_of(context.active_object)
    return stack.why_no_more(scene.stack_of(skin)) or application.get().setup.why_no_backend()


def lay(context: bpy.types.Context, skin: bpy.types.Object, spot: scene.Spot, size_mm: float, angle: float) -> None:
    """Lay the chosen picture on a spot of a head.

    Raises:
        SceneError: it can't be read.
    """
    fields, editing = context.window_manager.dreamface, application.get().editing
    path = Path(bpy.path.abspath(fields.picture_file))
    made_as = fields.picture_as
    size_mm = min(max(size_mm, edit_sliders.SIZES[0]), edit_sliders.SIZES[1])
    parameters = {
        "as": made_as, "tile": spot.tile, "u": round(spot.u, 6), "v": round(spot.v, 6), "size_mm": round(size_mm, 2),
        "angle": round(angle, 1),
    }  # fmt: skip
    label = f"{path.stem} as {edit_sliders.MADE_AS[made_as][0].lower()}"
    if path.suffix.lower() in (".svg", ".svgz"):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise scene.SceneError(f"{path} can't be read ({error.strerror}): choose another picture.") from error
        face_id = skin[scene.FACE_ID]

        def drawn(png: bytes) -> None:
            there = scene.find_face(face_id)
            if there is not None:
                editing.add_picture(there, png, label, parameters)

        editing.read_vector(skin, content, drawn)
    else:
        editing.add_picture(skin, scene.picture_png(str(path)), label, parameters)


def _spot_at(context: bpy.types.Context, skin: bpy.types.Object, x: float, y: float) -> scene.Spot | None:
    """Return the spot of a head's skin at a place in the 3D view's window region, pixels."""
    region, view = context.region, context.region_data
    origin = region_2d_to_origin_3d(region, view, (x, y))
    return scene.spot_under(skin, origin, region_2d_to_vector_3d(region, view, (x, y)))


class DREAMFACE_OT_project_picture(HeadAction, bpy.types.Operator):
    """Lay the picture where the view looks: on the skin in the middle of it, a third as large as the view"""

    bl_idname = "dreamface.project_picture"
    bl_label = "From View"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head, a picture and an engine."""
        return interface.allow(cls, _why_not(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Lay it on."""
        skin = scene.skin_of(context.active_object)
        with interface.in_window():
            here = bpy.context
            if here.region is None or here.region_data is None:
                self.report({"ERROR"}, "There is no 3D view to look from")
                return {"CANCELLED"}
            x, y = here.region.width / 2, here.region.height / 2
            spot = _spot_at(here, skin, x, y)
            if spot is None:
                self.report({"ERROR"}, "The middle of the view is not on the head's skin: turn the view to it")
                return {"CANCELLED"}
            size_mm = _OF_VIEW * min(here.region.width, here.region.height) * _mm_per_pixel(here, spot)
        try:
            lay(context, skin, spot, size_mm, 0.0)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _mm_per_pixel(context: bpy.types.Context, spot: scene.Spot) -> float:
    """Return how many millimetres a pixel of the view is at a spot."""
    beside = context.region_data.view_rotation @ Vector((_FAR_POINT, 0.0, 0.0))
    first = location_3d_to_region_2d(context.region, context.region_data, spot.point)
    second = location_3d_to_region_2d(context.region, context.region_data, spot.point + beside)
    if first is None or second is None or (second - first).length == 0.0:
        return 1.0
    return 1000.0 * _FAR_POINT / float((second - first).length)


class DREAMFACE_OT_place_picture(HeadAction, bpy.types.Operator):
    """Click on the head to lay the picture there. Wheel: size, R: turn, Esc: leave it"""

    bl_idname = "dreamface.place_picture"
    bl_label = "Place Picture"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO", "BLOCKING"}

    _size: float
    _angle: float
    _spot: scene.Spot | None
    _outline: Any

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head, a picture and an engine."""
        return interface.allow(cls, _why_not(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Follow the pointer over the head."""
        self._size, self._angle, self._spot = _START_MM, 0.0, None
        self._outline = scene.Outline()
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set("Click: lay the picture here    Wheel: size    R: turn    Esc: leave it")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Move, size and turn it; lay it on with a click."""
        skin = scene.skin_of(context.active_object)
        if skin is None or event.type in ("ESC", "RIGHTMOUSE"):
            return self._end(context, {"CANCELLED"})
        if event.type in ("MIDDLEMOUSE", "NDOF_MOTION"):
            return {"PASS_THROUGH"}
        if event.type in ("WHEELUPMOUSE", "NUMPAD_PLUS", "EQUAL"):
            self._size = min(self._size * _STEP, edit_sliders.SIZES[1])
        elif event.type in ("WHEELDOWNMOUSE", "NUMPAD_MINUS", "MINUS"):
            self._size = max(self._size / _STEP, edit_sliders.SIZES[0])
        elif event.type == "R" and event.value == "PRESS":
            self._angle = (self._angle + (-_TURN if event.shift else _TURN) + 180.0) % 360.0 - 180.0
        elif event.type in ("LEFTMOUSE", "RET", "NUMPAD_ENTER") and event.value == "PRESS":
            return self._lay(context, skin, event)
        self._follow(skin, event)
        return {"RUNNING_MODAL"}

    def _follow(self, skin: bpy.types.Object, event: bpy.types.Event) -> None:
        with interface.in_window():
            here = bpy.context
            x, y = event.mouse_x - here.region.x, event.mouse_y - here.region.y
            self._spot = _spot_at(here, skin, x, y)
            corners = _corners(self._spot, self._size, self._angle) if self._spot is not None else []
        self._outline.show(corners)
        interface.redraw_views()

    def _lay(self, context: bpy.types.Context, skin: bpy.types.Object, event: bpy.types.Event) -> set[str]:
        self._follow(skin, event)
        if self._spot is None:
            self.report({"INFO"}, "Click on the skin of the selected head")
            return {"RUNNING_MODAL"}
        try:
            lay(context, skin, self._spot, self._size, self._angle)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return self._end(context, {"CANCELLED"})
        return self._end(context, {"FINISHED"})

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends it."""
        self._end(context, {"CANCELLED"})

    def _end(self, context: bpy.types.Context, result: set[str]) -> set[str]:
        self._outline.remove()
        context.workspace.status_text_set(None)
        interface.redraw_views()
        return result


def _corners(spot: scene.Spot, size_mm: float, angle: float) -> list[Vector]:
    """Return the corners of a square on the skin, upright but for `angle` degrees; the first two are its top."""
    up = Vector((0.0, 0.0, 1.0)) if abs(spot.normal.z) < 0.98 else Vector((0.0, 1.0, 0.0))
    right = up.cross(spot.normal).normalized()
    up = spot.normal.cross(right)
    turn, half = math.radians(angle), size_mm / 2000.0
    across = right * math.cos(turn) + up * math.sin(turn)
    along = up * math.cos(turn) - right * math.sin(turn)
    middle = spot.point + spot.normal * 0.001
    return [middle + half * (x * across + y * along) for x, y in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
