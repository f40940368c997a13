"""From a prompt to a head."""

from __future__ import annotations

import bpy

from ..dreamface_addon import application, history, looks, models, places, preferences, scene
from ..dreamface_addon.chips import notes_in_lines
from ..dreamface_addon.making import Making
from ..dreamface_addon.session import Chip, Job
from . import drawing
from .engine import draw_accelerator_offer
from .library import draw_library
from .page import Page
from .photographs import draw_from_photo, draw_photograph_view

_PICTURE_SIZE = 5.5  # of a variation, in heights of a button
_SMALL_PICTURE_SIZE = 3.6  # of one of many
_FEW = 4  # variations that are shown in two columns; more get three, and smaller pictures
_ABSENT = {"running": "In the making", "failed": "Failed", "cancelled": "Cancelled"}
"""What stands in a variation's place while there is no picture."""


class DREAMFACE_MT_prompts(bpy.types.Menu):
    """Looks to start from, your own, and the prompts that you used last"""

    bl_idname = "DREAMFACE_MT_prompts"
    bl_label = "Looks and Prompts"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the menu."""
        row = self.layout.row()
        column = row.column()
        column.label(text="Start From")
        for look in looks.read(places.EXTENSION / "presets" / "looks.json"):
            column.operator("dreamface.use_prompt", text=look.name).prompt = look.prompt
        self._draw_own(row.column(), context)
        used = history.read(places.prompts_file())
        if used:
            column = row.column()
            column.label(text="Used Last")
            for prompt in used:
                column.operator("dreamface.use_prompt", text=_shortened(prompt)).prompt = prompt

    @staticmethod
    def _draw_own(column: bpy.types.UILayout, context: bpy.types.Context) -> None:
        column.label(text="Your Looks")
        own = looks.read(places.looks_file())
        for look in own:
            column.operator("dreamface.use_look", text=look.name).look = look.name
        column.separator()
        column.operator_context = "INVOKE_DEFAULT"
        column.operator("dreamface.save_look", text="Save Selected Head…", icon="ADD")
        if own:
            column.operator_menu_enum("dreamface.remove_look", "look", text="Remove", icon="REMOVE")


def _shortened(prompt: str, length: int = 48) -> str:
    return prompt if len(prompt) <= length else prompt[: length - 1].rstrip() + "…"


class DREAMFACE_PT_create(Page, bpy.types.Panel):
    """Prompt, choices, Generate, and what became of it."""

    bl_idname = "DREAMFACE_PT_create"
    bl_label = "Create"
    page = "CREATE"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        app, chosen = application.get(), context.window_manager.dreamface
        self._draw_prompt(app.making, chosen)
        self._draw_choices(context, app, chosen)
        _draw_alignment(self.layout, app, chosen)
        row = self.layout.row(align=True)
        row.scale_y = 1.6
        row.active = not app.making.running
        row.operator("dreamface.generate", text="Generate", icon="SHADERFX")
        draw_from_photo(self.layout, context, app)
        draw_photograph_view(self.layout, context)
        self._draw_forming(app)
        self._draw_remarks(app.making, chosen.prompt)
        self._draw_looked(app.making)
        self._draw_waiting_faces(app.making)
        if app.making.gallery.jobs:
            self._draw_gallery(app)
        draw_library(self.layout, context, app)

    def _draw_prompt(self, making: Making, chosen: bpy.types.PropertyGroup) -> None:
        column = self.layout.column(align=True)
        row = column.row(align=True)
        row.scale_y = 1.2
        row.prop(chosen, "prompt", text="", placeholder="an old fisherman with a hooked nose")
        row.menu(DREAMFACE_MT_prompts.bl_idname, text="", icon="DOWNARROW_HLT")
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("dreamface.edit_prompt", text="", icon="GREASEPENCIL")
        if not drawing.fits(chosen.prompt, beside=drawing.PROMPT_BUTTONS):
            drawing.text(column.box(), chosen.prompt, inset=drawing.IN_BOX)
        if making.look is not None:
            row = self.layout.row(align=True)
            row.label(text=f"Look: {making.look.name}", icon="USER")
            row.operator("dreamface.drop_look", text="", icon="X", emboss=False)
        draw_reading(self.layout, making, chosen.prompt)

    def _draw_choices(
        self, context: bpy.types.Context, app: application.Application, chosen: bpy.types.PropertyGroup
    ) -> None:
        layout = self.layout.column()
        layout.use_property_split = True
        layout.use_property_decorate = False
        row = layout.row(align=True)
        row.prop(chosen, "seed")
        row.prop(chosen, "keep_seed", text="", icon="LOCKED" if chosen.keep_seed else "UNLOCKED", icon_only=True)
        row.operator("dreamface.roll_seed", text="", icon="FILE_REFRESH")
        layout.prop(chosen, "variations")
        layout.prop(chosen, "resolution")
        self._draw_detail(chosen)
        if len(app.models.head_items) > 2:  # Automatic, and more than one to choose from
            layout.prop(chosen, "head")
        skin = scene.skin_of(context.active_object)
        if skin is None or not chosen.update_selected:
            layout.prop(chosen, "name", placeholder=scene.name_from(chosen.prompt) if chosen.prompt else "")
        if skin is not None:
            self.layout.prop(chosen, "update_selected", text=f"Change {scene.name_of(skin)}")

    def _draw_forming(self, app: application.Application) -> None:
        """Draw the head that diffusion is making, as far as it is."""
        file = app.making.forming()
        if file is not None and (icon := app.pictures.file(file)):
            self.layout.template_icon(icon_value=icon, scale=_PICTURE_SIZE)

    def _draw_detail(self, chosen: bpy.types.PropertyGroup) -> None:
        """Draw what makes the detail; diffusion is grey with the reason where it is not possible."""
        split = self.layout.split(factor=0.2)
        label = split.row()
        label.alignment = "RIGHT"
        label.label(text="Detail")
        row = split.row(align=True)
        why_not = application.get().why_not_made_by(chosen.detail)
        detail = "QUICK" if why_not else chosen.detail
        row.prop_enum(chosen, "detail", "QUICK")
        row.operator("dreamface.fast_detail", text="Fast Diffusion", depress=detail == "FAST")
        row.operator("dreamface.detail_by_diffusion", text="Diffusion", depress=detail == "DIFFUSION")
        if why_not:  # it was chosen while it was possible
            drawing.text(self.layout, why_not, icon="INFO")
        if detail != "QUICK":
            draw_accelerator_offer(self.layout)
            _, body = drawing.group(self.layout, "detail", "Advanced")
            if body is not None:
                body.use_property_split = True
                body.use_property_decorate = False
                kind = "fast" if detail == "FAST" else "detail"
                body.prop(chosen, f"{kind}_steps")
                body.prop(chosen, f"{kind}_guidance")

    def _draw_remarks(self, making: Making, prompt: str) -> None:
        """Draw what was said of the prompt that a face was made from, where it does not stand below the prompt."""
        made, notes = making.remarks
        if not notes or made.strip() == prompt.strip():
            return
        row = self.layout.box().row()
        column = row.column()
        drawing.text(column, f"“{_shortened(made)}”", icon="INFO", inset=drawing.IN_BOX + drawing.BESIDE_BUTTON)
        for note in notes:
            drawing.text(column, note, inset=drawing.IN_BOX + drawing.BESIDE_BUTTON)
        row.operator("dreamface.dismiss_remarks", text="", icon="X", emboss=False)

    def _draw_looked(self, making: Making) -> None:
        """Draw what looking has moved on the face that was made last, as chips, and why."""
        if not making.looked:
            return
        if not making.moved:
            drawing.text(self.layout, making.looked, icon="HIDE_OFF")
            return
        drawing.text(self.layout, "Moved, because the picture fits the words better:", icon="HIDE_OFF")
        drawing.chips(self.layout, making.moved, str, lambda row, said: row.label(text=said))

    def _draw_waiting_faces(self, making: Making) -> None:
        """Draw the faces that the artist has to decide about."""
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

    def _draw_gallery(self, app: application.Application) -> None:
        box = self.layout.box()
        row = box.row()
        row.label(text="Variations")
        row.operator("dreamface.close_gallery", text="", icon="X", emboss=False)
        columns = 2 if _are_few(app) else 3
        grid = box.grid_flow(row_major=True, columns=columns, even_columns=True, even_rows=True, align=True)
        if not preferences.get().keep_variations and any(job.kind == "generate" for job in app.making.gallery.jobs):
            drawing.text(box, "Those you do not pick are deleted after a week.", inset=drawing.IN_BOX)
        for job in app.making.gallery.jobs:
            self._draw_variation(grid.column(align=True), app, job)

    @staticmethod
    def _draw_variation(column: bpy.types.UILayout, app: application.Application, job: Job) -> None:
        icon = app.pictures.face(job.folder) if job.state == "done" and job.folder is not None else 0
        size = _PICTURE_SIZE if _are_few(app) else _SMALL_PICTURE_SIZE
        is_deleted = _is_deleted(job)
        if icon:
            column.template_icon(icon_value=icon, scale=size)
        else:
            placeholder = column.row()
            placeholder.alignment = "CENTER"
            placeholder.scale_y = size
            placeholder.label(text="Deleted" if is_deleted else _ABSENT.get(job.state, "Waiting"))
        if icon or is_deleted:  # who is picked is made from the seed
            row = column.row(align=True)
            button = row.row(align=True)
            button.enabled = job.id not in app.making.gallery.picked
            button.operator("dreamface.pick", text="Pick" if button.enabled else "Picked").job = job.id
            if icon:
                compare = row.operator(
                    "dreamface.compare", text="", icon="SPLIT_VERTICAL", depress=str(job.folder) == app.making.compared
                )
                compare.folder = str(job.folder)
        elif job.state == "running":
            drawing.progress(column, job.fraction, "")
        else:
            column.label()


def _is_deleted(job: Job) -> bool:
    """Return whether the picture of somebody at a glance is not there any more: it is deleted after a day."""
    if job.kind != "glance" or job.state != "done":
        return False
    return job.folder is None or not (job.folder / "preview.png").is_file()


def _are_few(app: application.Application) -> bool:
    return len(app.making.gallery.jobs) <= _FEW


def _draw_alignment(layout: bpy.types.UILayout, app: application.Application, chosen: bpy.types.PropertyGroup) -> None:
    """Draw how far a face is made to fit the words by looking at it.

    Who has no CLIP sees nothing of it: the preferences say what it is for. Where CLIP is there and still can't look,
    the slider is grey with the reason.
    """
    clip = app.models.find(models.CLIP)
    if clip is None or not clip.installed:
        return
    why = app.making.why_not_align(clip)
    row = layout.row()
    row.enabled = not why
    row.prop(chosen, "align", slider=True)
    if why:
        drawing.text(layout, f"{why}.", icon="INFO")


def draw_reading(layout: bpy.types.UILayout, making: Making, prompt: str, width: float | None = None) -> None:
    """Draw what was understood of a prompt, as chips that can be corrected, and what was not, with the reasons.

    Sure chips are filled; guesses and those that are left open are outlines.
    """
    reading = making.chips.reading(prompt)
    if reading is None:
        return
    if reading.nothing_read:
        row = layout.row(align=True)
        row.alert = True
        row.operator_context = "INVOKE_DEFAULT"
        row.operator("dreamface.edit_prompt", text="Nothing of this was read", icon="ERROR", depress=True)
        if reading.nothing_read not in application.get().error:  # a job that failed of it has said it above
            drawing.text(layout, reading.nothing_read)
        return

    def draw_chip(row: bpy.types.UILayout, chip: Chip) -> None:
        chips = making.chips
        dropped, yours = chip.words in chips.dropped, chip.words in chips.corrected
        doubtful = chips.is_doubtful(chip)
        icon = "ADD" if dropped else "GREASEPENCIL" if yours else "QUESTION" if doubtful else "CHECKMARK"
        cell = row.row(align=True)
        cell.alignment = "LEFT"  # as wide as its words
        cell.active = not dropped
        cell.operator_context = "INVOKE_DEFAULT"
        button = cell.operator("dreamface.chip", text=chips.label(chip), icon=icon, depress=not (dropped or doubtful))
        button.words = chip.words

    drawing.chips(layout, reading.chips, making.chips.label, draw_chip, width)
    yours = [words for words in making.chips.corrected if making.chips.chip(words)]
    if yours:
        drawing.text(layout, f"Corrected by you: {', '.join(yours)}", icon="GREASEPENCIL")
    for note in notes_in_lines(reading):
        drawing.text(layout, note, icon="INFO")
    if reading.not_understood:
        drawing.text(layout, f"Not understood: {', '.join(reading.not_understood)}", icon="QUESTION")
