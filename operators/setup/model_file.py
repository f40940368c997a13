"""What the operators that install a model from a file or folder share."""

from pathlib import Path
from typing import Any, ClassVar

import bpy

from ...dreamface_addon import application, interface


class ModelFileAction:
    """Asks for a file or folder that the engine, on this machine, reads a model from."""

    bl_options: ClassVar[set[str]] = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Allow it with an engine that finds the files of this machine."""
        return interface.allow(cls, application.get().models.why_not_install(online=False))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the file; with no file chosen, the folder that is open counts."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}


def chosen_path(operator: Any, otherwise: str) -> Path | None:
    """Return what was chosen, or None once the operator has said that it is not there.

    Args:
        operator: one of them.
        otherwise: what to do then: the end of a sentence.
    """
    path = Path(bpy.path.abspath(operator.filepath))
    if operator.filepath and path.exists():
        return path
    operator.report({"ERROR"}, f"{path} is not there: {otherwise}")
    return None
