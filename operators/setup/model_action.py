"""What the buttons that install, check and remove a model share."""

import bpy

from ...dreamface_addon import application, interface


class ModelAction:
    """Starts a job about one model; a subclass says in `kind` which."""

    kind = ""

    model: bpy.props.StringProperty(options={"HIDDEN"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it with an engine."""
        return interface.allow(cls, application.get().models.why_not_change())

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Have the engine do it."""
        application.get().models.change(self.kind, self.model)
        return {"FINISHED"}
