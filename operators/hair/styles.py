"""Styles of one's own: saved from a head, removed; and the next style."""

from typing import ClassVar

import bpy

from ...dreamface_addon import application, interface, scene, styling
from ...dreamface_addon.interface import HeadAction
from ...dreamface_addon.styles import name_for
from ...dreamface_addon.vocabulary import STYLE_OF, TRAITS


class DREAMFACE_OT_turn_style(HeadAction, bpy.types.Operator):
    """Put on the style before or after this one"""

    bl_idname = "dreamface.turn_style"
    bl_label = "Next Style"

    region: bpy.props.StringProperty(default="scalp", options={"HIDDEN", "SKIP_SAVE"})
    by: bpy.props.IntProperty(default=1, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say which it is."""
        return f"Put on the {'next' if properties.by > 0 else 'previous'} style"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Choose it; the hair follows."""
        skin = scene.skin_of(context.active_object)
        assert skin is not None  # poll has looked
        values = application.get().styles.choices(self.region)
        now = styling.style_of(skin, self.region)
        place = (values.index(now) if now in values else -1) + self.by
        setattr(skin.dreamface, TRAITS[STYLE_OF[self.region]].attribute, values[place % len(values)])
        return {"FINISHED"}


_REGIONS = tuple((region, scene.HAIR_NAMES[region].title(), "") for region in ("scalp", "beard"))
"""Regions whose hair may be kept as a style."""


class DREAMFACE_OT_save_style(bpy.types.Operator):
    """Keep the selected head's hair, as it is combed, as a style that fits every head"""

    bl_idname = "dreamface.save_style"
    bl_label = "Save Style"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    name: bpy.props.StringProperty(name="Name", maxlen=60, options={"SKIP_SAVE"})
    region: bpy.props.EnumProperty(name="Of", items=_REGIONS, options={"SKIP_SAVE"})

    _there: list[str]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head with hair is selected, and an engine is there."""
        why_not = interface.why_no_face(context) or application.get().setup.why_no_backend()
        if not why_not and not {"scalp", "beard"} & scene.hair_of(scene.skin_of(context.active_object)).keys():
            why_not = "This head has no hair or beard to save"
        return interface.allow(cls, why_not)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a name."""
        skin = scene.skin_of(context.active_object)
        hair = scene.hair_of(skin)
        self._there = [region for region, _, _ in _REGIONS if region in hair]
        self.name, self.region = f"{scene.name_of(skin)} hair", self._there[0]
        return context.window_manager.invoke_props_dialog(self, confirm_text="Save")

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the name, and whether another style goes for it."""
        self.layout.prop(self, "name")
        if len(self._there) > 1:
            self.layout.row().prop(self, "region", expand=True)
        there = application.get().styles.all.get(name_for(self.name, self.region))
        if there is not None:
            whose = "your style" if there.own else "the style that comes along, until you remove yours"
            self.layout.label(text=f"Replaces {whose} of that name", icon="ERROR")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Save it."""
        skin = scene.skin_of(context.active_object)
        name, label = name_for(self.name, self.region), self.name.strip()
        if not name:
            self.report({"ERROR"}, "Give the style a name with a letter or a number")
            return {"CANCELLED"}
        if self.region not in scene.hair_of(skin):
            self.report({"ERROR"}, "There is no such hair on this head: grow it first")
            return {"CANCELLED"}
        try:
            application.get().styling.save(skin, self.region, name, label)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, application.get().styles.doing)
        return {"FINISHED"}


class DREAMFACE_OT_remove_style(bpy.types.Operator):
    """Remove this style of yours; heads that wear it keep their hair"""

    bl_idname = "dreamface.remove_style"
    bl_label = "Remove Style"
    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    style: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it with an engine."""
        return interface.allow(cls, application.get().setup.why_no_backend())

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: there is no way back."""
        return context.window_manager.invoke_confirm(self, event, title="Remove Style", confirm_text="Remove")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remove it."""
        app = application.get()
        if self.style not in app.styles.all or not app.styles.all[self.style].own:
            self.report({"ERROR"}, "Only styles of your own can be removed")
            return {"CANCELLED"}
        app.setup.start_if_needed()
        app.styles.remove(self.style)
        self.report({"INFO"}, app.styles.doing)
        return {"FINISHED"}
