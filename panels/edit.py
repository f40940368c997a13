"""The selected head's edits: places, words, sketches, pictures, other heads; and what was sculpted by hand."""

from __future__ import annotations

from typing import Any

import bpy

from ..dreamface_addon import application, edit_sliders, editing, scene, shaping, stack
from ..dreamface_addon.vocabulary import REGIONS
from . import drawing
from .page import Page, draw_why_not, selected_head

_ROWS = 4  # of the list
_HIGH = 1.3  # of the buttons that make something
_COLUMNS = 2  # of the menu of regions
_EXCHANGES = 3  # of the conversation that are shown


class DREAMFACE_UL_edits(bpy.types.UIList):
    """The edits of the selected head, the uppermost first"""

    bl_idname = "DREAMFACE_UL_edits"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: Any,
        item: Any,
        _icon: int,
        _active_data: object,
        _active_property: str,
        index: int,
    ) -> None:
        """Draw an edit: what it is made from, its name, how strong it is, and the eye."""
        entries = scene.stack_of(data.id_data)
        if index >= len(entries):
            return
        row = layout.row(align=True)
        row.active = item.visible
        row.prop(item, "label", text="", emboss=False, icon=stack.icon_of(entries[index]))
        amount = row.row()
        amount.alignment = "RIGHT"
        amount.label(text=f"{item.strength:.2f}")
        eye = "HIDE_OFF" if item.visible else "HIDE_ON"
        row.prop(item, "visible", text="", icon=eye, emboss=False)

    def filter_items(self, _context: bpy.types.Context, data: Any, property_: str) -> tuple[list[int], list[int]]:
        """Show the uppermost first, and only names with the letters that are searched for."""
        rows, letters = getattr(data, property_), self.filter_name.casefold()
        count, known = len(rows), len(scene.stack_of(data.id_data))
        shown = [number < known and letters in row.label.casefold() for number, row in enumerate(rows)]
        return [self.bitflag_filter_item if show else 0 for show in shown], [count - 1 - row for row in range(count)]


class DREAMFACE_MT_regions(bpy.types.Menu):
    """Parts of the face to mark"""

    bl_idname = "DREAMFACE_MT_regions"
    bl_label = "Region"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the menu; what is marked has a tick."""
        skin = scene.skin_of(context.active_object)
        if skin is None:
            return
        marked = edit_sliders.marked_place(skin)["regions"]
        flow = self.layout.column_flow(columns=_COLUMNS, align=True) if len(REGIONS) > 20 else self.layout
        for name, label in REGIONS.items():
            icon = "CHECKBOX_HLT" if name in marked else "CHECKBOX_DEHLT"
            flow.operator("dreamface.mark_region", text=label, icon=icon).region = name


class _EditWords(bpy.types.Menu):
    """Base of the menus of one family of words."""

    number: int

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the words of the family."""
        families = application.get().editing.families
        words = families[self.number][1] if self.number < len(families) else ()
        flow = self.layout.column_flow(columns=max(1, -(-len(words) // 24)), align=True)
        for phrase, about in words:
            entry = flow.operator("dreamface.use_edit_words", text=phrase[:1].upper() + phrase[1:])
            entry.words, entry.about = phrase, about


_FAMILIES = 24
"""As many families of words can have menus."""

FAMILY_MENUS = tuple(
    type(
        f"DREAMFACE_MT_edit_words_{number}",
        (_EditWords,),
        {"__doc__": "Words that work", "bl_idname": f"DREAMFACE_MT_edit_words_{number}", "bl_label": "Words",
         "number": number},
    )
    for number in range(_FAMILIES)
)  # fmt: skip


class DREAMFACE_MT_edit_words(bpy.types.Menu):
    """Words that work, by family"""

    bl_idname = "DREAMFACE_MT_edit_words"
    bl_label = "What Works"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw a menu for each family."""
        for number, (family, _) in enumerate(application.get().editing.families[:_FAMILIES]):
            self.layout.menu(FAMILY_MENUS[number].__name__, text=family)


class _Heads(bpy.types.Menu):
    """Base of the menus of other heads."""

    action: str
    all: bool | None = None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the other heads of the scene."""
        skin = scene.skin_of(context.active_object)
        others = [other for other in scene.skins() if context.scene in other.users_scene and other != skin]
        for other in sorted(others, key=scene.name_of):
            icon = application.get().pictures.face(other.get("dreamface_folder", ""))
            entry = self.layout.operator(self.action, text=scene.name_of(other), icon_value=icon)
            entry.head = str(other.session_uid)
            if self.all is not None:
                entry.all = self.all
        if not others:
            self.layout.label(text="No other head in this scene")


class DREAMFACE_MT_copy_edits(_Heads):
    """Heads to copy all edits to"""

    bl_idname = "DREAMFACE_MT_copy_edits"
    bl_label = "Copy Edits to"
    action = "dreamface.copy_edits"
    all = True


class DREAMFACE_MT_copy_edit(_Heads):
    """Heads to copy the chosen edit to"""

    bl_idname = "DREAMFACE_MT_copy_edit"
    bl_label = "Copy Chosen Edit to"
    action = "dreamface.copy_edits"
    all = False


class DREAMFACE_MT_mix_with(_Heads):
    """Heads to mix in"""

    bl_idname = "DREAMFACE_MT_mix_with"
    bl_label = "Mix With"
    action = "dreamface.mix_with"


class DREAMFACE_PT_edit(Page, bpy.types.Panel):
    """The stack of edits, and everything that an artist lays over a face."""

    bl_idname = "DREAMFACE_PT_edit"
    bl_label = "Edit"
    page = "EDIT"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        skin = selected_head(self.layout, context)
        if skin is None:
            return
        layout, fields = self.layout, context.window_manager.dreamface
        if _draw_painting(layout, skin):
            return
        _draw_messages(layout)
        _draw_talk(layout, fields, skin)
        _draw_stack(layout, skin)
        column = draw_why_not(layout)
        _draw_words(column, fields)
        _draw_place(layout, fields, skin)
        _draw_sketch(layout, fields, skin)
        _draw_picture(layout, fields)
        _draw_others(layout, fields)
        _draw_sculpted(layout, skin)


def _draw_painting(layout: bpy.types.UILayout, skin: bpy.types.Object) -> bool:
    """Draw what there is to do while the head is painted on; return whether it is."""
    kind = scene.painted_kind(skin)
    if not kind:
        return False
    what = "Paint where the edit is to be." if kind == scene.MASK else "Draw on the head."
    drawing.text(
        layout, f"{what} The brush's colour, size and strength are in the header (F and Shift F).", "BRUSH_DATA"
    )
    row = layout.row()
    row.scale_y = 1.6
    row.operator("dreamface.end_painting", icon="CHECKMARK")
    if skin.mode != "TEXTURE_PAINT":
        layout.operator("dreamface.go_on_painting", icon="BRUSH_DATA")
    if kind == scene.SKETCH_KIND:
        _draw_make_sketch(layout, bpy.context.window_manager.dreamface)
    return True


def _draw_messages(layout: bpy.types.UILayout) -> None:
    """Draw what an edit waits for, what was not understood, and why something came to nothing."""
    app = application.get()
    for problem in (app.editing.problem, app.repainting.problem):
        if problem:
            drawing.text(layout, problem, icon="ERROR")
    for notice in (app.editing.doing, app.editing.notice, app.repainting.notice):
        if notice:
            drawing.text(layout, notice, icon="INFO")


def _draw_talk(layout: bpy.types.UILayout, fields: Any, skin: bpy.types.Object) -> None:
    """Draw the field for orders and questions, and the last of what was said, the newest first."""
    _, body = drawing.group(layout, "talk", "Talk", closed=False)
    if body is None:
        return
    row = body.row(align=True)
    row.scale_y = 1.2
    row.prop(fields, "talk_words", text="", placeholder="A bit older; undo that; why is she pale?")
    row.operator("dreamface.talk", text="", icon="CHECKMARK")
    for said, answer in exchanges(scene.talk_of(skin))[:_EXCHANGES]:
        box = body.box()
        if said:
            drawing.text(box, said, icon="USER", inset=drawing.IN_BOX)
        drawing.text(box, answer, icon="LIGHT", inset=drawing.IN_BOX)


def exchanges(turns: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return what was said with what was answered, the newest first; several answers to one text are one."""
    found: list[tuple[str, str]] = []
    for turn in turns:
        said, answer = str(turn.get("said", "")), str(turn.get("answer", ""))
        if not said and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {answer}")
        else:
            found.append((said, answer))
    return found[::-1]


def _draw_stack(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """Draw the list, and what the chosen edit has."""
    group = skin.dreamface_edit
    row = layout.row()
    row.template_list(DREAMFACE_UL_edits.bl_idname, "", group, "rows", group, "number", rows=_ROWS, maxrows=2 * _ROWS)
    side = row.column(align=True)
    side.operator("dreamface.move_edit", text="", icon="TRIA_UP").by = 1
    side.operator("dreamface.move_edit", text="", icon="TRIA_DOWN").by = -1
    side.separator()
    side.operator("dreamface.duplicate_edit", text="", icon="DUPLICATE")
    side.operator("dreamface.clear_edit_mask", text="", icon="SELECT_SUBTRACT")
    side.operator("dreamface.delete_edit", text="", icon="TRASH")
    active = edit_sliders.active_edit(skin)
    if active is None or len(group.rows) <= active[0]:
        return
    number, entry = active
    column = layout.column(align=True)
    column.prop(group.rows[number], "strength", slider=True)
    if entry["kind"] == "picture":
        pair = column.row(align=True)
        pair.prop(group, "size_mm")
        pair.prop(group, "angle")
    if entry["kind"] in edit_sliders.MADE_OF:
        column.prop(group, "made_as", text="")


def _draw_words(layout: bpy.types.UILayout, fields: Any) -> None:
    """Draw the field for what should be there."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.scale_y = 1.2
    row.prop(fields, "edit_words", text="", placeholder="What should be there")
    row.menu(DREAMFACE_MT_edit_words.bl_idname, text="", icon="COLLAPSEMENU")
    row = column.row(align=True)
    row.scale_y = _HIGH
    row.operator("dreamface.say_edit", icon="CHECKMARK")
    row.operator("dreamface.diffuse_edit", icon="SHADERFX")
    model = application.get().models.diffusion
    if model is not None and model.installed:
        layout.prop(fields, "diffusion_keep", slider=True)


def _draw_place(layout: bpy.types.UILayout, fields: Any, skin: bpy.types.Object) -> None:
    """Draw what is marked, and the ways to mark something."""
    header, body = drawing.group(layout, "place", "Place", closed=False)
    header.prop(fields, "show_place", text="", icon="HIDE_OFF" if fields.show_place else "HIDE_ON", emboss=False)
    header.operator("dreamface.clear_place", text="", icon="X", emboss=False)
    if body is None:
        return
    group = skin.dreamface_edit
    drawing.line(body, editing.describe(edit_sliders.marked_place(skin)))
    column = body.column(align=True)
    row = column.row(align=True)
    row.operator("dreamface.paint_mask", icon="BRUSH_DATA")
    row.operator("dreamface.mark_box", icon="SELECT_SET")
    row = column.row(align=True)
    row.operator("dreamface.mark_faces", icon="FACESEL")
    row.operator("dreamface.mark_group", icon="GROUP_VERTEX")
    row = column.row(align=True)
    row.menu(DREAMFACE_MT_regions.bl_idname, icon="COMMUNITY")
    row.operator("dreamface.mark_everywhere", text="Everywhere")
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("dreamface.import_mask", text="", icon="FILE_FOLDER")
    column = body.column(align=True)
    column.prop(group, "feather", slider=True)
    row = column.row(align=True)
    row.prop(group, "mirror", toggle=True)
    row.prop(group, "inverted", toggle=True)
    if len(group.rows):
        body.prop(group, "marks_chosen")


def _draw_sketch(layout: bpy.types.UILayout, fields: Any, skin: bpy.types.Object) -> None:
    """Draw how to draw on the head."""
    label = "Sketch (drawn)" if scene.sketch_of(skin) else "Sketch"
    _, body = drawing.group(layout, "sketch", label)
    if body is not None:
        body.operator("dreamface.new_sketch", icon="GREASEPENCIL")
        _draw_make_sketch(body, fields)


def _draw_make_sketch(layout: bpy.types.UILayout, fields: Any) -> None:
    row = layout.row(align=True)
    row.prop(fields, "sketch_as", text="")
    row.operator("dreamface.make_sketch", icon="CHECKMARK")


def _draw_picture(layout: bpy.types.UILayout, fields: Any) -> None:
    """Draw how to lay a picture on the head."""
    _, body = drawing.group(layout, "edit_picture", "Picture")
    if body is None:
        return
    body.prop(fields, "picture_file", text="")
    row = body.row(align=True)
    row.prop(fields, "picture_as", text="")
    row.operator_context = "INVOKE_DEFAULT"
    row.operator("dreamface.place_picture", text="Place", icon="PIVOT_CURSOR")
    row.operator("dreamface.project_picture", text="From View", icon="VIEW_CAMERA")


def _draw_others(layout: bpy.types.UILayout, fields: Any) -> None:
    """Draw what goes from head to head."""
    _, body = drawing.group(layout, "other_heads", "Other Heads")
    if body is None:
        return
    row = body.row(align=True)
    row.menu(DREAMFACE_MT_copy_edits.bl_idname, text="Copy All to", icon="COPYDOWN")
    row.menu(DREAMFACE_MT_copy_edit.bl_idname, text="Copy Chosen to")
    row = body.row(align=True)
    row.prop(fields, "mix_take")
    row.prop(fields, "mix_degree", text="", slider=True)
    body.menu(DREAMFACE_MT_mix_with.bl_idname, icon="COMMUNITY")


def _draw_sculpted(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """Draw what was sculpted on the head."""
    changes = shaping.sculpted(skin)
    label = "Sculpted by Hand"
    if changes.millimetres:
        label = f"Sculpted by Hand ({changes.millimetres:.1f} mm)"
    _, body = drawing.group(layout, "sculpted", label)
    if changes.notice:
        drawing.text(layout, changes.notice, icon="ERROR")
    if body is None:
        return
    drawing.text(
        body,
        "Sculpt or edit the mesh and its shape keys as you like: what you change stays on the head when you move "
        "sliders, use other words or repaint it.",
    )
    if changes.expressions:
        names = ", ".join(changes.expressions)
        drawing.text(body, f"Expressions you sculpted: {names}.", icon="SHAPEKEY_DATA")
    body.operator("dreamface.clear_sculpt", icon="LOOP_BACK")
