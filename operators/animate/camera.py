"""A camera that moves the selected head: Start, Record, Use as Neutral, Stop."""

from pathlib import Path
from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, living
from .base import head_of, why_no_head


class DREAMFACE_OT_start_camera(bpy.types.Operator):
    """Have the selected head do what a camera sees, live. Nothing is kept unless you record it"""

    bl_idname = "dreamface.start_camera"
    bl_label = "Start"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected and an engine is there."""
        app, why_not = application.get(), why_no_head(context)
        if not why_not and app.session.feed.state != "off":
            why_not = "A camera is on: stop it first" if app.living.is_on else "The last take is still being fetched"
        return interface.allow(cls, why_not or app.living.why_not_start(head_of(context)))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Turn it on."""
        fields, part = context.window_manager.dreamface, application.get().living
        source = fields.camera
        if source == living.VIDEO:
            source = bpy.path.abspath(fields.camera_file)
            if not Path(source).is_file():
                self.report({"ERROR"}, "Choose a video that exists, which plays as the camera")
                return {"CANCELLED"}
        if not source:
            self.report({"ERROR"}, "Choose a camera first")
            return {"CANCELLED"}
        face = fields.face_in_view - 1 if fields.face_in_view else None
        part.start(head_of(context), source, face=face, **part.options())
        return {"FINISHED"}


class _WhileOn:
    """Base of the operators for a camera that is on."""

    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it while a camera is on."""
        on = application.get().session.feed.state == "on"
        return interface.allow(cls, "" if on else "Start a camera first")


class DREAMFACE_OT_record_camera(_WhileOn, bpy.types.Operator):
    """Record what the face does from now on, or end that; the take comes in when the camera stops"""

    bl_idname = "dreamface.record_camera"
    bl_label = "Record"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Begin, or end it and stop the camera, so that the take is there."""
        part = application.get().living
        if part.is_recording:
            part.stop()
        else:
            part.record(True)
        return {"FINISHED"}


class DREAMFACE_OT_stop_camera(bpy.types.Operator):
    """Turn the camera off; the head has the expression again that it had before"""

    bl_idname = "dreamface.stop_camera"
    bl_label = "Stop"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it while a camera is on."""
        return interface.allow(cls, "" if application.get().living.is_on else "No camera is on")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Turn it off."""
        application.get().living.stop()
        return {"FINISHED"}


class DREAMFACE_OT_look_for_cameras(bpy.types.Operator):
    """Look for cameras again"""

    bl_idname = "dreamface.look_for_cameras"
    bl_label = "Look for Cameras"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it with an engine."""
        return interface.allow(cls, application.get().setup.why_no_backend())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Ask the engine."""
        application.get().living.look_for_cameras()
        return {"FINISHED"}


class DREAMFACE_OT_rest_camera(_WhileOn, bpy.types.Operator):
    """Take the face as the camera sees it now for a face at rest"""

    bl_idname = "dreamface.rest_camera"
    bl_label = "Use as Neutral"

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Tell the camera."""
        application.get().living.rest()
        return {"FINISHED"}
