"""From a prompt to a face."""

from __future__ import annotations

import json
from functools import cache

import bpy

from ..dreamface_addon import application, history, places, scene
from ..dreamface_addon.making import Making
from ..dreamface_addon.session import Chip, Job
from . import drawing

_PICTURE_SIZE = 5.5  # of a variation, in heights of a button
_ABSENT = {"running": "In the making", "failed": "Failed", "cancelled": "Cancelled"}
"""What stands in a variation's place while there is no picture."""


@cache
def _looks() -> list[dict[str, str]]:
    return json.loads((places.EXTENSION / "presets" / "looks.json").read_text("utf-8"))


class DREAMFACE_MT_prompts(bpy.types.Menu):
    """Prompts to start from, and those used last"""

    bl_idname = "DREAMFACE_MT_prompts"
    bl_label = "Prompts"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the menu."""
        row = self.layout.row()
        column = row.column()
        column.label(text="Start From")
        for look in _looks():
            column.operator("dreamface.use_prompt", text=look["name"]).prompt = look["prompt"]
        used = history.read(places.prompts_file())
        if used:
            column = row.column()
            column.label(text="Used Last")
            for prompt in used:
                column.operator("dreamface.use_prompt", text=_shortened(prompt)).prompt = prompt


def _shortened(prompt: str, length: int = 48) -> str:
    return prompt if len(prompt) <= length else prompt[: length - 1].rstrip() + "…"


class DREAMFACE_PT_create(bpy.types.Panel):
    """Prompt, choices, Generate, and what became of it."""

    bl_idname = "DREAMFACE_PT_create"
    bl_label = "Create"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = drawing.CATEGORY

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        app, chosen = application.get(), context.window_manager.dreamface
        self._draw_prompt(app.making, chosen)
        self._draw_choices(context, chosen)
        self._draw_generate(app)
        self._draw_messages(app)
        self._draw_waiting_faces(app.making)
        if app.making.gallery.jobs:
            self._draw_gallery(app.making)

    def _draw_prompt(self, making: Making, chosen: bpy.types.PropertyGroup) -> None:
        row = self.layout.row(align=True)
        row.prop(chosen, "prompt", text="", placeholder="an old fisherman with a hooked nose")
        row.menu(DREAMFACE_MT_prompts.bl_idname, text="", icon="DOWNARROW_HLT")
        reading = making.chips.reading(chosen.prompt)
        if reading is None:
            return
        drawing.chips(self.layout, reading.chips, lambda chip: chip.words, self._draw_chip)
        if reading.not_understood:
            drawing.text(self.layout, f"Not understood: {', '.join(reading.not_understood)}", icon="QUESTION")

    @staticmethod
    def _draw_chip(row: bpy.types.UILayout, chip: Chip) -> None:
        dropped = chip.words in application.get().making.chips.dropped
        icon = "ADD" if dropped else "X"
        row.operator("dreamface.toggle_words", text=chip.words, icon=icon, depress=not dropped).words = chip.words

    def _draw_choices(self, context: bpy.types.Context, chosen: bpy.types.PropertyGroup) -> None:
        layout = self.layout.column()
        layout.use_property_split = True
        layout.use_property_decorate = False
        row = layout.row(align=True)
        row.prop(chosen, "seed")
        row.prop(chosen, "keep_seed", text="", icon="LOCKED" if chosen.keep_seed else "UNLOCKED", icon_only=True)
        row.operator("dreamface.roll_seed", text="", icon="FILE_REFRESH")
        layout.prop(chosen, "variations")
        layout.prop(chosen, "head")
        layout.prop(chosen, "resolution")
        if scene.skin_of(context.active_object) is not None:
            layout.prop(chosen, "update_selected")

    def _draw_generate(self, app: application.Application) -> None:
        row = self.layout.row(align=True)
        row.scale_y = 1.5
        running = app.making.running
        if not running:
            row.operator("dreamface.generate", text="Generate", icon="USER")
            return
        words = _words(running[0], running, app.models.busy)
        drawing.progress(row, _fraction(running, app.making.gallery.jobs), words)
        row.operator("dreamface.cancel", text="", icon="CANCEL")

    def _draw_messages(self, app: application.Application) -> None:
        why_not = app.setup.why_no_backend()
        if why_not:
            drawing.text(self.layout, why_not + ".", icon="INFO")
        ours = app.error or app.following.problem or app.making.placing.warning
        error = ours or app.session.problem or app.session.call_problem
        if error:
            row = self.layout.box().row()
            dismissible = error != app.session.problem
            inset = drawing.IN_BOX + (drawing.BESIDE_BUTTON if dismissible else 0)
            drawing.text(row.column(), error, icon="ERROR", inset=inset)
            if dismissible:
                row.operator("dreamface.dismiss_error", text="", icon="X", emboss=False)

    def _draw_waiting_faces(self, making: Making) -> None:
        """Draw why a finished face has to wait, and the faces that the artist has to decide about."""
        if making.placing.notice:
            drawing.text(self.layout, making.placing.notice, icon="TIME")
        for offer in making.recovery.offers:
            box = self.layout.box()
            drawing.text(box, offer.words, icon="USER", inset=drawing.IN_BOX)
            row = box.row(align=True)
            bring = "Show" if offer.entries[0].in_gallery else "Bring In"
            row.operator("dreamface.recover", text=bring if offer.finished else "Make It Again").offer = offer.id
            row.operator("dreamface.dismiss_offer").offer = offer.id
        for job, why in making.placing.left:
            box = self.layout.box()
            prompt = _shortened(str(job.result.get("prompt", "")))
            drawing.text(box, f"{why} {prompt}", icon="USER", inset=drawing.IN_BOX)
            row = box.row(align=True)
            row.operator("dreamface.bring_in").job = job.id
            row.operator("dreamface.dismiss").job = job.id

    def _draw_gallery(self, making: Making) -> None:
        box = self.layout.box()
        row = box.row()
        row.label(text="Variations")
        row.operator("dreamface.close_gallery", text="", icon="X", emboss=False)
        grid = box.grid_flow(row_major=True, columns=2, even_columns=True, even_rows=True, align=True)
        for job in making.gallery.jobs:
            column = grid.column(align=True)
            icon = making.gallery.icon(job)
            if icon:
                column.template_icon(icon_value=icon, scale=_PICTURE_SIZE)
                button = column.row()
                button.enabled = job.id not in making.gallery.picked
                button.operator("dreamface.pick", text="Pick" if button.enabled else "Picked").job = job.id
            else:
                placeholder = column.row()
                placeholder.alignment = "CENTER"
                placeholder.scale_y = _PICTURE_SIZE
                placeholder.label(text=_ABSENT.get(job.state, "Waiting"))
                if job.state == "running":
                    drawing.progress(column, job.fraction, "")
                else:
                    column.label()


def _fraction(running: list[Job], gallery: list[Job]) -> float:
    """How far everything is that was asked for together, 0..1."""
    together = gallery if running[0] in gallery else running
    return sum(1.0 if job not in running else job.fraction for job in together) / len(together)


def _words(job: Job, running: list[Job], models_busy: bool) -> str:
    """What is happening, such as "Painting the skin · 2 s left"."""
    waiting = "Waiting for the Models panel" if models_busy else "Waiting"
    doing = job.message or {"sending": "Starting the backend", "queued": waiting}.get(job.state, "Working")
    more = f" · {len(running)} to go" if len(running) > 1 else drawing.remaining(job.eta)
    return doing + more
