"""Pins: dragging points of a head to where its photograph shows them."""

from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, scene

_HINT = "Drag points    Alt or double click: take a pin off    Ctrl Z: back    Enter: keep    Esc: put back"

_OTHER_TOOLS = frozenset({"TAB", "X", "DEL", "G", "R", "S"})
"""Keys that would take the head away from under its pins, or into another mode, whose mesh takes no new shape."""


class DREAMFACE_OT_pins(bpy.types.Operator):
    """Drag points of the head to where the photograph shows them; the rest follows as it is most likely"""

    bl_idname = "dreamface.pins"
    bl_label = "Drag Pins"
    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

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
        return self._point(event, is_other_tool=event.type in _OTHER_TOOLS and not is_save)

    def _point(self, event: bpy.types.Event, is_other_tool: bool) -> set[str]:
        pinning = application.get().pinning
        with interface.in_window():
            region, view = bpy.context.region, bpy.context.region_data
            camera = bpy.context.scene.camera
            here = (event.mouse_x - region.x, event.mouse_y - region.y)
            is_inside = 0 <= here[0] < region.width and 0 <= here[1] < region.height and not _is_over_another(event)
            frame = None
            if camera is not None and view is not None and view.view_perspective == "CAMERA":
                frame = scene.PhotographFrame.of(camera, bpy.context.scene, region, view)
        if is_inside and is_other_tool:
            return {"RUNNING_MODAL"}
        if frame is None:
            pinning.drop()  # the view was turned away from the photograph
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
                pinning.take(point, frame.to_photograph(here))
        return {"RUNNING_MODAL"}  # or else a click beside a point would select something else

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends it."""
        context.workspace.status_text_set(None)
        application.get().pinning.put_back()


def _is_over_another(event: bpy.types.Event) -> bool:
    """Whether the mouse is over a sidebar or a toolbar that lies over the view."""
    area = bpy.context.area
    return any(
        region.type != "WINDOW"
        and region.x <= event.mouse_x < region.x + region.width
        and region.y <= event.mouse_y < region.y + region.height
        for region in (area.regions if area is not None else ())
        if region.width > 1 and region.height > 1
    )


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
