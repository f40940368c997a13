"""Explore: the neighbours of a head."""

from __future__ import annotations

import bpy

from ...dreamface_addon import application, exploring, interface, scene, seeds, vocabulary
from ...dreamface_addon.interface import HeadAction


def _axis_items(_operator: object, _context: bpy.types.Context) -> list[tuple[str, str, str]]:
    return _AXIS_ITEMS


_AXIS_ITEMS = [
    (exploring.IDENTITY, "Identity", "Another person of the same description"),
    *(
        (trait.name, exploring.label_of(trait.name), trait.description)
        for page in vocabulary.PAGES.values()
        for family in page
        for trait in vocabulary.FAMILIES[family]
        if trait.name in exploring.AXES
    ),
]
"""Kept here, because Blender does not keep the texts of items that a function gives."""


class DREAMFACE_OT_explore_axis(bpy.types.Operator):
    """Choose in what the neighbours differ; type to search"""

    bl_idname = "dreamface.explore_axis"
    bl_label = "Choose Axis"
    bl_options = {"INTERNAL"}
    bl_property = "axis"

    axis: bpy.props.EnumProperty(name="Axis", items=_axis_items)
    direction: bpy.props.EnumProperty(
        items=[("right", "To the Right", ""), ("up", "Upwards", "")], options={"HIDDEN", "SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask which."""
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remember it."""
        setattr(context.window_manager.dreamface, f"explore_{self.direction}", self.axis)
        interface.redraw()
        return {"FINISHED"}


class DREAMFACE_OT_explore(bpy.types.Operator):
    """Show 25 neighbours of the selected head, to go to by a click"""

    bl_idname = "dreamface.explore"
    bl_label = "Explore"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head, an engine and two axes."""
        return interface.allow(cls, application.get().exploring.why_not_explore(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask for them; they appear one after the other."""
        fields, skin = context.window_manager.dreamface, scene.skin_of(context.active_object)
        try:
            application.get().exploring.explore(
                skin, fields.explore_right, fields.explore_up, fields.explore_step, fields.explore_towards
            )
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DREAMFACE_OT_close_explore(bpy.types.Operator):
    """Put the neighbours away; those that are not there yet are not made"""

    bl_idname = "dreamface.close_explore"
    bl_label = "Close Neighbours"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Put them away."""
        application.get().exploring.close()
        return {"FINISHED"}


class DREAMFACE_OT_explore_towards(bpy.types.Operator):
    """Let Identity lead to somebody else"""

    bl_idname = "dreamface.explore_towards"
    bl_label = "Throw Dice"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Draw another seed."""
        context.window_manager.dreamface.explore_towards = seeds.new_seed()
        interface.redraw()
        return {"FINISHED"}


class DREAMFACE_OT_explore_pick(HeadAction, bpy.types.Operator):
    """Go to this neighbour"""

    bl_idname = "dreamface.explore_pick"
    bl_label = "Go to Neighbour"

    row: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})
    column: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say where it is."""
        app = application.get().exploring
        cell = app.cells.get((properties.row, properties.column))
        if cell is None or app.grid is None:
            return "Go to this neighbour"
        axes = zip((app.grid.right, app.grid.up), cell.values, strict=True)
        place = ", ".join(f"{exploring.label_of(name)} {exploring.value_in_words(name, value)}" for name, value in axes)
        return f"Back to the head as it was: {place}" if cell.is_face else f"Go to this neighbour: {place}"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the traits; the mesh follows, and the skin is painted where it differs."""
        skin = scene.skin_of(context.active_object)
        try:
            if application.get().exploring.pick(skin, self.row, self.column):
                return {"FINISHED"}
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"WARNING"}, "This neighbour is not there yet: wait a moment, or press Explore again.")
        return {"CANCELLED"}
