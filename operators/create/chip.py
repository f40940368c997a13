"""One of the chips: what its words mean, what else they could, and leaving it open."""

import bpy

from ...dreamface_addon import application


class DREAMFACE_OT_chip(bpy.types.Operator):
    """Choose what these words of the prompt mean"""

    bl_idname = "dreamface.chip"
    bl_label = "Words of the Prompt"
    bl_options = {"INTERNAL"}

    words: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return what the words were understood as, and why."""
        return application.get().making.chips.tooltip(properties.words)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Open the menu of meanings; words that are left open are used again at once."""
        chips = application.get().making.chips
        chip = chips.chip(self.words)
        if chip is None or self.words in chips.dropped or not chip.traits:
            return self.execute(context)
        words = self.words

        def draw(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
            column = menu.layout.column()
            icon = "RADIOBUT_OFF" if words in chips.corrected else "RADIOBUT_ON"
            guess = " · a guess" if chips.is_doubtful(chip) else ""
            _choice(column, words, "", chips.meaning(chip) + guess, icon)
            for meaning in chips.meanings(words):
                chosen = chips.corrected.get(words)
                icon = "RADIOBUT_ON" if chosen is not None and chosen.said == meaning.said else "RADIOBUT_OFF"
                _choice(column, words, meaning.said, meaning.said, icon)
            column.separator()
            column.operator("dreamface.toggle_words", text="Leave It Open", icon="X").words = words

        context.window_manager.popup_menu(draw, title=f"“{self.words}” means")
        return {"FINISHED"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Put the words out of use, or back."""
        application.get().making.chips.toggle(self.words)
        return {"FINISHED"}


class DREAMFACE_OT_correct_words(bpy.types.Operator):
    """Have these words of the prompt mean this; the face keeps it as corrected by you"""

    bl_idname = "dreamface.correct_words"
    bl_label = "Correct Words"
    bl_options = {"INTERNAL"}

    words: bpy.props.StringProperty(options={"HIDDEN"})
    said: bpy.props.StringProperty(options={"HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Take the meaning; an empty one is what the words were read as."""
        application.get().making.chips.correct(self.words, self.said)
        return {"FINISHED"}


def _choice(column: bpy.types.UILayout, words: str, said: str, text: str, icon: str) -> None:
    choice = column.operator("dreamface.correct_words", text=text, icon=icon)
    choice.words, choice.said = words, said
