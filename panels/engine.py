"""DreamFace's engine, the process that makes the faces: its set-up, and its state in the preferences."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, installation, preferences
from ..dreamface_addon.clearing import SENT, Clearing, in_words
from ..dreamface_addon.link import BackendState
from ..dreamface_addon.session import Session
from ..dreamface_addon.setting_up import SettingUp
from ..dreamface_addon.setup import Setup
from . import drawing
from .frame import is_set_up

_SHOWN = 12  # of what lies on another machine, at once

_STATES = {
    BackendState.STOPPED: ("Starts when it is needed", "RADIOBUT_OFF"),
    BackendState.STARTING: ("Starting…", "TIME"),
    BackendState.READY: ("Running", "CHECKMARK"),
    BackendState.FAILED: ("Not running", "ERROR"),
}


class DREAMFACE_PT_setup(bpy.types.Panel):
    """The way to the first head: what is missing, and the button that gets it."""

    bl_idname = "DREAMFACE_PT_setup"
    bl_label = "Welcome to DreamFace"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Show it until faces can be made."""
        return not is_set_up()

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the panel."""
        setup = application.get().setup
        if setup.attempt is not None and setup.setting_up:
            draw_setting_up(self.layout, setup.attempt)
        else:
            draw_not_set_up(self.layout, setup)
        draw_reports(self.layout)


def draw_engine(layout: bpy.types.UILayout) -> None:
    """Draw the engine's state and its buttons, for the preferences."""
    app = application.get()
    if app.setup.attempt is not None and app.setup.setting_up:
        draw_setting_up(layout, app.setup.attempt)
    elif not is_set_up():
        draw_not_set_up(layout, app.setup)
    else:
        _draw_state(layout, app.session)
        if not app.session.shares_disk and app.session.state is BackendState.READY:
            _draw_room(layout, app.clearing)
        _draw_addition(layout, app.setup.video_problem(), "Video", "following faces in video")
        diffusion_problem = app.setup.diffusion_problem()
        _draw_addition(layout, diffusion_problem, "Diffusion", "diffusion models")
        if diffusion_problem == "":
            draw_accelerator_offer(layout)
    draw_reports(layout)


def draw_accelerator_offer(layout: bpy.types.UILayout) -> None:
    """Draw how the engine is set up for the NVIDIA card that is there and that it does not use."""
    if offer := application.get().setup.accelerator_offer():
        drawing.text(layout, offer, icon="INFO")
        layout.operator("dreamface.set_up_backend", text="Set Up for the NVIDIA Card").accelerator = True


def draw_reports(layout: bpy.types.UILayout) -> None:
    """Draw the buttons for when something is wrong."""
    row = layout.row(align=True)
    row.operator("dreamface.show_log", text="Log", icon="TEXT")
    row.operator("dreamface.copy_diagnostics", text="Copy Diagnostics", icon="COPYDOWN")


def _draw_state(layout: bpy.types.UILayout, session: Session) -> None:
    row = layout.row()
    words, icon = _STATES[session.state]
    device = session.backend.health.get("device") if session.state is BackendState.READY else None
    row.label(text=f"{words} ({device.upper()})" if device else words, icon=icon)
    if session.state in (BackendState.STARTING, BackendState.READY):
        row.operator("dreamface.stop_backend", text="Stop")
    else:
        row.operator("dreamface.start_backend", text="Start")
    if session.problem:
        drawing.text(layout, session.problem)
    if session.state is BackendState.FAILED and not (preferences.get().url or preferences.get().python):
        layout.operator("dreamface.set_up_backend", text="Set Up Again")


def _draw_room(layout: bpy.types.UILayout, clearing: Clearing) -> None:
    """Draw what lies on another machine, and how it is removed there."""
    row = layout.row()
    if clearing.items is None:
        row.label(text="Faces and files on that machine")
        row.operator("dreamface.free_space", text="Free Space", icon="DISK_DRIVE")
    else:
        allowed = "" if clearing.allowed is None else f" of {in_words(clearing.allowed)}"
        row.label(text=f"Your faces and files there: {in_words(clearing.used)}{allowed}", icon="DISK_DRIVE")
        row.operator("dreamface.free_space", text="", icon="FILE_REFRESH")
        row.operator("dreamface.free_space", text="", icon="PANEL_CLOSE").close = True
        for item in clearing.items[:_SHOWN]:
            _draw_kept(layout, item.label, item.size, item.job)
        if clearing.sent:
            _draw_kept(layout, "What was sent there for them", clearing.sent, SENT)
        if clearing.styles:
            drawing.line(layout, f"Your hair styles: {in_words(clearing.styles)}")
        if len(clearing.items) > _SHOWN:
            drawing.line(layout, f"and {len(clearing.items) - _SHOWN:,} smaller ones")
    if clearing.problem:
        drawing.text(layout, clearing.problem, icon="ERROR")


def _draw_kept(layout: bpy.types.UILayout, label: str, size: int, job: str) -> None:
    row = layout.split(factor=0.75)
    row.label(text=label)
    end = row.row()
    end.label(text=in_words(size))
    end.operator("dreamface.remove_made", text="", icon="TRASH").job = job


def _draw_addition(layout: bpy.types.UILayout, problem: str | None, what: str, missing: str) -> None:
    """Draw how something is added to an engine that was set up without.

    Args:
        layout: where.
        problem: why it does not work; "" where it does, None where it is simply not there.
        what: "Video" or "Diffusion", as the operator's setting is called, too.
        missing: what the engine is without.
    """
    if problem == "":
        return
    if problem:
        drawing.text(layout, problem, icon="INFO")
    row = layout.row()
    row.label(text="" if problem else f"Without {missing}")
    setattr(row.operator("dreamface.set_up_backend", text=f"Add {what}"), what.lower(), True)


def draw_setting_up(layout: bpy.types.UILayout, attempt: Setup) -> None:
    """Draw how far the set-up is."""
    row = layout.row(align=True)
    drawing.progress(row, attempt.fraction, attempt.message)
    row.operator("dreamface.cancel_set_up", text="", icon="CANCEL")


def draw_not_set_up(layout: bpy.types.UILayout, setup: SettingUp) -> None:
    """Draw what is missing, and the button that sets it up."""
    attempt = setup.attempt
    if preferences.get().python:  # the artist's own, which is not there
        drawing.text(layout, setup.why_no_backend() + ".", icon="ERROR")
        return
    if attempt is not None and attempt.problem:
        drawing.text(layout, attempt.problem, icon="ERROR" if attempt.state == "failed" else "INFO")
    elif installation.needs_update():
        drawing.text(layout, "DreamFace was updated: set it up again. What has not changed stays.", icon="INFO")
    else:
        drawing.text(
            layout, "Faces are made on your computer, by an engine that has to be installed once.", icon="INFO"
        )
    elsewhere = attempt is not None and attempt.state == "elsewhere"  # which the attempt itself has just said
    going_on = attempt is not None and attempt.state in ("failed", "cancelled")
    why_not = setup.why_not_set_up()
    if why_not and not elsewhere:
        drawing.text(layout, why_not + ".", icon="ERROR")
    if not bpy.app.online_access and not bpy.app.online_access_override:
        layout.operator("extensions.userpref_allow_online", text="Allow Online Access", icon="INTERNET")
    chosen = preferences.get()
    if isinstance(chosen, bpy.types.AddonPreferences):  # not if the extension is enabled for this run only
        layout.prop(chosen, "video")
        layout.prop(chosen, "diffusion", text="Diffusion Models, 40 MB more")
    row = layout.row()
    row.scale_y = 1.5
    row.operator("dreamface.set_up_backend", text="Go On Setting Up" if going_on else "Set Up DreamFace")
