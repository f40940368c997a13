"""Generate."""

import bpy

from ...dreamface_addon import application, interface, making, models, scene, seeds


class DREAMFACE_OT_generate(bpy.types.Operator):
    """Make the face that the prompt describes, or several to choose from"""

    bl_idname = "dreamface.generate"
    bl_label = "Generate Face"

    anyway: bpy.props.BoolProperty(
        name="Anyway",
        description="Make somebody also where nothing of the prompt is read",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it with a prompt and an engine."""
        return interface.allow(cls, application.get().making.why_not_generate(context.window_manager.dreamface.prompt))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask first where nothing of the prompt was read: whoever comes is nobody that was described.

        A diffusion model reads all words.
        """
        chosen = context.window_manager.dreamface
        why = application.get().making.chips.nothing_read(chosen.prompt)
        if not why or chosen.detail != "QUICK":
            return self.execute(context)
        self.anyway = True
        return context.window_manager.invoke_confirm(
            self, event, title="Make someone anyway?", message=why, confirm_text="Make Someone", icon="QUESTION"
        )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the backend for it; the face comes in when it is done."""
        app = application.get()
        if app.making.running:
            self.report({"WARNING"}, making.BUSY)
            return {"CANCELLED"}
        chosen = context.window_manager.dreamface
        if why := app.why_not_made_by(chosen.detail):
            chosen.detail = "QUICK"
            self.report({"WARNING"}, f"{why.rstrip('.')}. Detail is Quick now: press Generate again to make it so")
            return {"CANCELLED"}
        if not chosen.keep_seed:
            chosen.seed = seeds.new_seed()
        skin = scene.skin_of(context.active_object) if chosen.update_selected else None
        app.making.generate(
            chosen.prompt.strip(),
            seeds=seeds.seeds_from(chosen.seed, chosen.variations),
            resolution=int(chosen.resolution),
            head=chosen.head or "auto",
            skin=skin,
            name=chosen.name.strip(),
            anyway=self.anyway,
            detail=_detail(chosen),
            align=self._align(app, chosen.align),
        )
        chosen.name = ""  # the next head is somebody else
        return {"FINISHED"}

    @staticmethod
    def _align(app: application.Application, shown: float) -> float:
        """Return what is asked for of what the slider shows; an engine that has not answered says itself what lacks."""
        if app.models.installable is None:
            return shown
        return 0.0 if app.making.why_not_align(app.models.find(models.CLIP)) else shown


def _detail(chosen: bpy.types.PropertyGroup) -> dict[str, object] | None:
    """Return how diffusion is to make the detail, as the service takes it; None where it is not to."""
    if chosen.detail == "QUICK":
        return None
    if chosen.detail == "FAST":  # an older engine knows no such field
        return {"fast": True, "steps": chosen.fast_steps, "guidance": chosen.fast_guidance}
    return {"steps": chosen.detail_steps, "guidance": chosen.detail_guidance}
