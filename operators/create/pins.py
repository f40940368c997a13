"""Pins: dragging points of a head to where its photograph shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, scene

_HINT = "Drag points    Alt or double click: take a pin off    Ctrl Z: back    Enter: keep    Esc: put back"

_OTHER_TOOLS = frozenset({"TAB", "X", "DEL", "G", "R", "S"})
"""Keys that would take the head away from under its pins, or into another mode, whose mesh takes no new shape."""


@dataclass(frozen=True)
class _View:
    """A region in which a 3D view is drawn: there may be several, and each may show the photograph.

    Attributes:
        area: of the view.
        region: of the area.
    """

    area: bpy.types.Area
    region: bpy.types.Region

    def place_of(self, event: bpy.types.Event) -> tuple[int, int]:
        """Return where the mouse is, in pixels from the region's lower left corner."""
        return event.mouse_x - self.region.x, event.mouse_y - self.region.y


def _views(window: bpy.types.Window) -> Iterator[_View]:
    for area in window.screen.areas:
        if area.type == "VIEW_3D":
            for region in area.regions:
                if region.type == "WINDOW":
                    yield _View(area, region)


def _has_mouse(region: bpy.types.Region, event: bpy.types.Event) -> bool:
    return region.x <= event.mouse_x < region.x + region.width and region.y <= event.mouse_y < region.y + region.height


def _view_under(window: bpy.types.Window, event: bpy.types.Event) -> _View | None:
    """Return the 3D view that the mouse is over."""
    return next((view for view in _views(window) if _has_mouse(view.region, event)), None)


def _is_over_another(area: bpy.types.Area, event: bpy.types.Event) -> bool:
    """Whether the mouse is over a sidebar or a toolbar that lies over the view."""
    others = (region for region in area.regions if region.type != "WINDOW" and min(region.width, region.height) > 1)
    return any(_has_mouse(region, event) for region in others)


class DREAMFACE_OT_pins(bpy.types.Operator):
    """Drag points of the head to where the photograph shows them; the rest follows as it is most likely"""

    bl_idname = "dreamface.pins"
    bl_label = "Drag Pins"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}
    _begun_in = 0  # address of the region in which a drag began

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it in the view through a photograph."""
        why_not = interface.why_no_face(context, object_mode=True) or interface.why_not_edit(context)
        skin = scene.skin_of(context.active_object)
        return interface.allow(cls, why_not or application.get().pinning.why_not(skin, context.scene))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the points."""
        skin = scene.skin_of(context.active_object)
        assert skin is not None  # poll has looked
        try:
            application.get().pinning.begin(skin, context.scene)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set(_HINT)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Hand on what the mouse does."""
        pinning = application.get().pinning
        if event.type in ("RET", "NUMPAD_ENTER") and event.value == "PRESS":
            pinning.keep()
        elif event.type == "ESC" and event.value == "PRESS":
            pinning.leave()
        if not pinning.is_on:  # a button may have ended it, too
            context.workspace.status_text_set(None)
            return {"FINISHED"} if pinning.kept else {"CANCELLED"}
        if event.type in ("RET", "NUMPAD_ENTER"):
            return {"RUNNING_MODAL"}  # it ends when the head is where the last pin is
        has_command = event.ctrl or event.oskey
        if event.type == "Z" and has_command:
            if event.value == "PRESS" and not event.shift:
                pinning.take_back()
            return {"RUNNING_MODAL"}  # redo, too, is Blender's own, and knows nothing of pins
        if event.type == "ESC":
            return {"RUNNING_MODAL"}
        is_save = event.type == "S" and has_command
        return self._point(context, event, is_other_tool=event.type in _OTHER_TOOLS and not is_save)

    def _point(self, context: bpy.types.Context, event: bpy.types.Event, is_other_tool: bool) -> set[str]:
        pinning = application.get().pinning
        under = _view_under(context.window, event)
        is_inside = under is not None and not _is_over_another(under.area, event)
        view = self._dragged_in(context.window) if pinning.is_dragging else under
        if is_inside and is_other_tool:
            return {"RUNNING_MODAL"}
        if view is None:
            pinning.drop()
            return {"PASS_THROUGH"}
        here = view.place_of(event)
        with context.temp_override(window=context.window, area=view.area, region=view.region):
            frame = scene.PhotographFrame.here(bpy.context.scene)
        if frame is None:
            pinning.drop()  # the view was turned away from the photograph, or is another
            return {"PASS_THROUGH"}
        if event.type == "LEFTMOUSE" and event.value == "RELEASE":
            pinning.drop()
            return {"RUNNING_MODAL"} if is_inside else {"PASS_THROUGH"}
        if event.type in ("MOUSEMOVE", "INBETWEEN_MOUSEMOVE"):
            pinning.hover(here, frame)
            is_dragging = pinning.drag(frame.to_photograph(here))
            interface.redraw_views()
            return {"RUNNING_MODAL"} if is_dragging else {"PASS_THROUGH"}
        if event.type != "LEFTMOUSE" or not is_inside:
            return {"PASS_THROUGH"}
        point = pinning.hover(here, frame)
        if point is not None:
            if event.alt or event.value == "DOUBLE_CLICK":
                pinning.release(point)
            else:
                self._begun_in = view.region.as_pointer()
                pinning.take(point, frame.to_photograph(here))
        return {"RUNNING_MODAL"}  # or else a click beside a point would select something else

    def _dragged_in(self, window: bpy.types.Window) -> _View | None:
        """Return the view in which the drag began: the mouse may leave it."""
        return next((view for view in _views(window) if view.region.as_pointer() == self._begun_in), None)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends it."""
        context.workspace.status_text_set(None)
        application.get().pinning.put_back()


class DREAMFACE_OT_keep_pins(bpy.types.Operator):
    """Keep the head as it follows the pins now (Enter)"""

    bl_idname = "dreamface.keep_pins"
    bl_label = "Keep"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it while pins are dragged."""
        return interface.allow(cls, "" if application.get().pinning.is_on else "Press Drag Pins first")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """End it."""
        application.get().pinning.keep()
        return {"FINISHED"}


class DREAMFACE_OT_put_pins_back(bpy.types.Operator):
    """Have the head as it was before its points were dragged (Esc)"""

    bl_idname = "dreamface.put_pins_back"
    bl_label = "Put Back"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it while pins are dragged."""
        return interface.allow(cls, "" if application.get().pinning.is_on else "Press Drag Pins first")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """End it."""
        application.get().pinning.put_back()
        return {"FINISHED"}
