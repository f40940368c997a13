"""What stands above every page: the selected head, what is going on, and the pages."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, installation, preferences, scene
from ..dreamface_addon.job import Job
from ..dreamface_addon.link import BackendState
from . import drawing

_PICTURE = 2.6  # of the selected head, in heights of a button
_STATES = {
    BackendState.STOPPED: ("Ready when you are", "CHECKMARK"),
    BackendState.STARTING: ("Starting…", "TIME"),
    BackendState.READY: ("Ready", "CHECKMARK"),
    BackendState.FAILED: ("Not running: see the preferences", "ERROR"),
}


def is_set_up() -> bool:
    """Return whether faces can be made at all; until then the tab shows only how to get there."""
    return bool(preferences.get().url) or installation.backend_python() is not None


class DREAMFACE_MT_heads(bpy.types.Menu):
    """The heads in this scene"""

    bl_idname = "DREAMFACE_MT_heads"
    bl_label = "Heads"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the menu."""
        heads = [skin for skin in scene.skins() if context.scene in skin.users_scene]
        for skin in sorted(heads, key=scene.name_of):
            icon = application.get().pictures.face(skin.get("dreamface_folder", ""))
            entry = self.layout.operator("dreamface.select_head", text=scene.name_of(skin), icon_value=icon)
            entry.skin = str(skin.session_uid)  # copies share the id of their face
        if not heads:
            self.layout.label(text="No heads in this scene")


class DREAMFACE_PT_frame(bpy.types.Panel):
    """The selected head, the status line and the pages."""

    bl_idname = "DREAMFACE_PT_frame"
    bl_label = "DreamFace"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY
    bl_options = {"HIDE_HEADER"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Show it once faces can be made."""
        return is_set_up()

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        app = application.get()
        self._draw_head(context, app)
        self._draw_status(app)
        row = self.layout.row()
        row.scale_x = row.scale_y = 1.25
        row.prop(context.window_manager.dreamface, "page", expand=True, icon_only=True)

    def _draw_head(self, context: bpy.types.Context, app: application.Application) -> None:
        skin = scene.skin_of(context.active_object)
        row = self.layout.row()
        if skin is None:
            row.label(text="No head selected", icon="USER")
            row.menu(DREAMFACE_MT_heads.bl_idname, text="", icon="DOWNARROW_HLT")
            return
        icon = app.pictures.face(skin.get("dreamface_folder", ""))
        if icon:
            picture = row.column()
            picture.alignment = "LEFT"
            picture.template_icon(icon_value=icon, scale=_PICTURE)
        column = row.column(align=True)
        names = column.row(align=True)
        names.prop(skin.dreamface, "title", text="")
        names.menu(DREAMFACE_MT_heads.bl_idname, text="", icon="DOWNARROW_HLT")
        drawing.line(column, f"{detail_of(skin)}, seed {skin.get('dreamface_seed', '?')}")

    def _draw_status(self, app: application.Application) -> None:
        running = app.making.running or app.carding.running or app.animating.running
        notices = [
            notice
            for notice in (
                app.making.placing.notice, app.following.notice or app.growing.notice, app.carding.notice,
                app.animating.notice, app.living.status,
            )
            if notice
        ]  # fmt: skip
        if running:
            row = self.layout.row(align=True)
            words = _words(running[0], running)
            drawing.progress(row, _fraction(running, app.making.gallery.jobs), words)
            row.operator("dreamface.cancel", text="", icon="CANCEL")
        else:
            words, icon = _STATES[app.session.state]
            if app.session.state is BackendState.STOPPED and app.setup.why_no_backend():
                words, icon = app.setup.why_no_backend(), "INFO"
            if not any(notice.startswith(words) for notice in notices):  # "Start the engine first: the hair follows"
                drawing.text(self.layout, words, icon=icon)
        for notice in notices:
            drawing.text(self.layout, notice, icon="TIME")
        self._draw_error(app)

    def _draw_error(self, app: application.Application) -> None:
        parts = (app.following, app.growing, app.styles, app.library, app.living)
        ours = app.error or app.making.placing.warning or next((part.problem for part in parts if part.problem), "")
        error = ours or app.session.problem or app.session.call_problem
        if not error:
            if app.animating.message:
                drawing.text(self.layout, app.animating.message, icon="INFO")
            return
        row = self.layout.box().row()
        dismissible = error != app.session.problem
        inset = drawing.IN_BOX + (drawing.BESIDE_BUTTON if dismissible else 0)
        drawing.text(row.column(), error, icon="ERROR", inset=inset)
        if dismissible:
            row.operator("dreamface.dismiss_error", text="", icon="X", emboss=False)


def detail_of(skin: bpy.types.Object) -> str:
    """Return the size of a head's textures, such as "2K"."""
    side = int(skin.get("dreamface_resolution", 0))
    return f"{side // 1024}K" if side >= 1024 else f"{side} px"


def _fraction(running: list[Job], gallery: list[Job]) -> float:
    """Return how far everything is that was asked for together, 0..1."""
    together = gallery if running[0] in gallery else running
    return sum(1.0 if job not in running else job.fraction for job in together) / len(together)


def _words(job: Job, running: list[Job]) -> str:
    """Return what is happening, such as "Painting the skin · 2 s left"."""
    doing = job.message or {"sending": "Starting", "queued": "Waiting"}.get(job.state, "Working")
    more = f" · {len(running)} to go" if len(running) > 1 else drawing.remaining(job.eta)
    return doing + more
