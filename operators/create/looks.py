"""Looks of one's own: saved from a head, used again, removed."""

import bpy

from ...dreamface_addon import application, interface, looks, places, regions, scene, seeds, shaping

_items: list[tuple[str, str, str]] = []  # Blender needs the strings to stay alive


def _own_looks(_self: object, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    _items[:] = [(look.name, look.name, look.prompt) for look in looks.read(places.looks_file())]
    return _items


class DREAMFACE_OT_save_look(bpy.types.Operator):
    """Keep the selected head as a look to start from: its words, its seed, and what you have set"""

    bl_idname = "dreamface.save_look"
    bl_label = "Save Look"
    bl_options = {"INTERNAL"}

    name: bpy.props.StringProperty(name="Name", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected."""
        return interface.allow(cls, interface.why_no_face(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for a name."""
        self.name = scene.name_of(scene.skin_of(context.active_object))
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the name, and whether another look goes for it."""
        self.layout.prop(self, "name")
        if any(look.name == self.name.strip() for look in looks.read(places.looks_file())):
            self.layout.label(text="Replaces your look of that name", icon="ERROR")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Save it."""
        skin = scene.skin_of(context.active_object)
        assert skin is not None  # poll has looked
        name = self.name.strip() or scene.name_of(skin)
        asked = regions.asked_for(skin)
        look = looks.Look(
            name,
            prompt=str(skin.get("dreamface_prompt", "")),
            seed=int(skin.get("dreamface_seed", -1)),
            head=str(skin.get("dreamface_head", "auto")),
            traits={trait: entry for trait, entry in shaping.traits_of(skin).items() if trait in asked},
        )
        try:
            looks.save(places.looks_file(), look)
        except OSError as error:
            self.report({"ERROR"}, f"The look can't be saved ({error.strerror}): free some space, or check the disk")
            return {"CANCELLED"}
        self.report({"INFO"}, f"{name} is among your looks")
        return {"FINISHED"}


class DREAMFACE_OT_use_look(bpy.types.Operator):
    """Start from this look: its words, its seed, and what was set"""

    bl_idname = "dreamface.use_look"
    bl_label = "Use Look"
    bl_options = {"INTERNAL"}

    look: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set prompt and traits."""
        chosen = next((look for look in looks.read(places.looks_file()) if look.name == self.look), None)
        if chosen is None:
            self.report({"WARNING"}, f"There is no look called {self.look} any more")
            return {"CANCELLED"}
        fields, making = context.window_manager.dreamface, application.get().making
        fields.prompt = chosen.prompt
        if 0 <= chosen.seed < seeds.SEED_LIMIT:
            fields.seed, fields.keep_seed = chosen.seed, True
        if chosen.head in [item[0] for item in application.get().models.head_items]:
            fields.head = chosen.head
        making.look = chosen
        return {"FINISHED"}


class DREAMFACE_OT_drop_look(bpy.types.Operator):
    """Use the prompt alone again"""

    bl_idname = "dreamface.drop_look"
    bl_label = "Drop Look"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Drop it."""
        application.get().making.look = None
        return {"FINISHED"}


class DREAMFACE_OT_remove_look(bpy.types.Operator):
    """Remove one of your looks; heads that were made from it stay"""

    bl_idname = "dreamface.remove_look"
    bl_label = "Remove Look"
    bl_options = {"INTERNAL"}

    look: bpy.props.EnumProperty(name="Look", items=_own_looks)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first: there is no way back."""
        return context.window_manager.invoke_confirm(self, event, title="Remove Look", confirm_text="Remove")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Remove it."""
        looks.remove(places.looks_file(), self.look)
        return {"FINISHED"}
