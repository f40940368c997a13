"""The process that makes the faces."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, installation, preferences
from ..dreamface_addon.link import BackendState
from ..dreamface_addon.session import Session
from ..dreamface_addon.setting_up import SettingUp
from ..dreamface_addon.setup import Setup
from . import drawing

_STATES = {
    BackendState.STOPPED: ("Stopped", "RADIOBUT_OFF"),
    BackendState.STARTING: ("Starting…", "TIME"),
    BackendState.READY: ("Ready", "CHECKMARK"),
    BackendState.FAILED: ("Not running", "ERROR"),
}


class DREAMFACE_PT_backend(bpy.types.Panel):
    """Status, start and stop, set-up, log."""

    bl_idname = "DREAMFACE_PT_backend"
    bl_label = "Backend"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the panel."""
        app, chosen = application.get(), preferences.get()
        attempt = app.setup.attempt
        if attempt is not None and app.setup.setting_up:
            self._draw_setting_up(attempt)
        elif not chosen.url and installation.backend_python() is None:
            self._draw_not_set_up(app.setup)
        else:
            self._draw_status(app.session)
        row = self.layout.row(align=True)
        row.operator("dreamface.show_log", text="Log", icon="TEXT")
        row.operator("dreamface.copy_diagnostics", text="Diagnostics", icon="COPYDOWN")

    def _draw_status(self, session: Session) -> None:
        row = self.layout.row()
        words, icon = _STATES[session.state]
        device = session.backend.health.get("device") if session.state is BackendState.READY else None
        row.label(text=f"{words} ({device.upper()})" if device else words, icon=icon)
        if session.state in (BackendState.STARTING, BackendState.READY):
            row.operator("dreamface.stop_backend", text="Stop")
        else:
            row.operator("dreamface.start_backend", text="Start")
        if session.problem:
            drawing.text(self.layout, session.problem)
        if session.state is BackendState.FAILED and not (preferences.get().url or preferences.get().python):
            self.layout.operator("dreamface.set_up_backend", text="Set Up Again")

    def _draw_setting_up(self, attempt: Setup) -> None:
        row = self.layout.row(align=True)
        drawing.progress(row, attempt.fraction, attempt.message)
        row.operator("dreamface.cancel_set_up", text="", icon="CANCEL")

    def _draw_not_set_up(self, setup: SettingUp) -> None:
        layout, attempt = self.layout, setup.attempt
        if attempt is not None and attempt.problem:
            drawing.text(layout, attempt.problem, icon="ERROR")
        elif installation.needs_update():
            drawing.text(
                layout, "DreamFace was updated: set the backend up again. What has not changed stays.", icon="INFO"
            )
        else:
            drawing.text(layout, "Faces are made by a process of its own, which has to be installed once.", icon="INFO")
        going_on = attempt is not None and attempt.state in ("failed", "cancelled")
        why_not = setup.why_not_set_up()
        if why_not:
            drawing.text(layout, why_not + ".", icon="ERROR")
        if not bpy.app.online_access and not bpy.app.online_access_override:
            layout.operator("extensions.userpref_allow_online", text="Allow Online Access", icon="INTERNET")
        layout.operator("dreamface.set_up_backend", text="Go On Setting Up" if going_on else "Set Up Backend")
        layout.label(text="Or use an existing environment:")
        layout.prop(preferences.get(), "python", text="", placeholder="Its Python")
