"""Words that say what should be on a place, or what the whole face should be."""

import bpy

from ...dreamface_addon import application, interface, making, scene, stack
from ...dreamface_addon.interface import HeadAction


class _Say(HeadAction):
    """Base of both: the words are read by the engine, and the edit is in the stack a moment later."""

    field: str

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head, words and an engine."""
        why_not = interface.why_not_edit(context)
        if not why_not:
            words = getattr(context.window_manager.dreamface, cls.field)
            why_not = application.get().editing.why_not_say(scene.skin_of(context.active_object), words, cls.empty)
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Have them read."""
        return {"FINISHED"} if self.send(context) else {"CANCELLED"}

    empty: str
    """Why it can't be done while the field is empty."""

    @classmethod
    def send(cls, context: bpy.types.Context) -> bool:
        """Send the words of the field, which is empty then; where the head has lost what it is made from they stay."""
        fields, skin = context.window_manager.dreamface, scene.skin_of(context.active_object)
        try:
            cls.tell(skin, getattr(fields, cls.field))
        except scene.SceneError as error:
            application.get().editing.problem = str(error)
            return False
        setattr(fields, cls.field, "")
        return True

    @classmethod
    def tell(cls, skin: bpy.types.Object, words: str) -> None:
        """Give words to who reads them."""
        raise NotImplementedError


def say_field(field: str) -> None:
    """Have the words of a field read after Enter; where that can't be they stay in the field."""
    operator = next(operator for operator in (DREAMFACE_OT_say_edit, DREAMFACE_OT_talk) if operator.field == field)
    if operator.poll(bpy.context):
        operator.send(bpy.context)


class DREAMFACE_OT_say_edit(_Say, bpy.types.Operator):
    """Put what the words say on the marked place, or on the one that they name"""

    bl_idname = "dreamface.say_edit"
    bl_label = "Make It"
    field = "edit_words"
    empty = "Type what should be there first"

    @classmethod
    def tell(cls, skin: bpy.types.Object, words: str) -> None:
        """Have an edit made of them."""
        application.get().editing.say(skin, words)


class DREAMFACE_OT_diffuse_edit(HeadAction, bpy.types.Operator):
    """Have a diffusion model make what the words say, on the marked place or the one that they name"""

    bl_idname = "dreamface.diffuse_edit"
    bl_label = "Diffusion"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a head, words, and a model that is installed."""
        app, why_not = application.get(), interface.why_not_edit(context)
        if not why_not:
            words, skin = wanted_words(context), scene.skin_of(context.active_object)
            why_not = app.editing.why_not_say(skin, words, DREAMFACE_OT_say_edit.empty) or app.making.why_not_diffuse(
                app.models.diffusion, app.editing.why_no_diffusion
            )
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Have it made; progress and Cancel are where faces that are made show theirs.

        The words stay where they are until the edit has come in, so that they can be tried again.
        """
        app, fields = application.get(), context.window_manager.dreamface
        if app.making.running:
            self.report({"WARNING"}, making.BUSY)
            return {"CANCELLED"}
        skin = scene.skin_of(context.active_object)
        place = stack.NEW_PLACE | scene.draft_of(skin)
        try:
            app.making.diffuse(
                skin, wanted_words(context), place if stack.is_marked(place) else None, fields.diffusion_keep,
                int(fields.resolution),
            )  # fmt: skip
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def wanted_words(context: bpy.types.Context) -> str:
    """Return the words in the field, or the last ones that nothing was made of."""
    return context.window_manager.dreamface.edit_words.strip() or application.get().editing.unknown


class DREAMFACE_OT_talk(_Say, bpy.types.Operator):
    """Say it to the head: an order changes the whole face or a place, “undo that” steps back, a question is answered"""

    bl_idname = "dreamface.talk"
    bl_label = "Say"
    field = "talk_words"
    empty = "Type what should be different, or a question"

    @classmethod
    def tell(cls, skin: bpy.types.Object, words: str) -> None:
        """Have them followed or answered."""
        application.get().editing.talk(skin, words)


class DREAMFACE_OT_use_edit_words(bpy.types.Operator):
    """Write these words into the field"""

    bl_idname = "dreamface.use_edit_words"
    bl_label = "Use These Words"
    bl_options = {"INTERNAL"}

    words: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    about: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Say what they ask for."""
        return properties.about[:1].upper() + properties.about[1:]

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write them after what is there."""
        fields = context.window_manager.dreamface
        before = fields.edit_words.strip()
        fields.write_edit_words(f"{before}, {self.words}" if before else self.words)
        return {"FINISHED"}


class DREAMFACE_OT_make_sketch(HeadAction, bpy.types.Operator):
    """Make something of what is drawn on the head"""

    bl_idname = "dreamface.make_sketch"
    bl_label = "Make It"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where something is drawn."""
        why_not = interface.why_not_edit(context)
        if not why_not:
            skin = scene.skin_of(context.active_object)
            is_drawing = scene.painted_kind(skin) == scene.SKETCH_KIND
            drawn = is_drawing or scene.sketch_of(skin)
            why_not = "" if drawn else "Nothing is drawn yet: press New Sketch and draw on the head"
            why_not = why_not or application.get().setup.why_no_backend()
        return interface.allow(cls, why_not)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Leave the drawing, and make it."""
        app, skin = application.get(), scene.skin_of(context.active_object)
        if scene.painted_kind(skin):
            app.marking.finish(skin)
        try:
            app.editing.make_sketch(skin, context.window_manager.dreamface.sketch_as)
        except scene.SceneError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
