"""What the operators for takes share."""

import contextlib
from collections.abc import Iterator
from typing import Any, ClassVar

import bpy

from ...dreamface_addon import application, interface, scene


def why_no_head(context: bpy.types.Context) -> str:
    """Return why nothing on the selected head can be animated now, or nothing."""
    skin = scene.skin_of(context.active_object)
    return interface.why_not_edit(context) if skin is None else scene.why_no_expression(skin)


def head_of(context: bpy.types.Context) -> bpy.types.Object:
    """Return the selected head, which `poll` has seen to."""
    skin = scene.skin_of(context.active_object)
    assert skin is not None
    return skin


def why_no_take(context: bpy.types.Context) -> str:
    """Return why nothing can be done with the take that the selected head performs, or nothing."""
    why_not = why_no_head(context) or interface.why_not_edit(context)
    if why_not:
        return why_not
    action = scene.worn_take(head_of(context))
    if action is None:
        return "This head performs no take: track one, or use one of the list"
    return "" if action.is_editable else "The take is linked from another file: make it local first"


def take_of(context: bpy.types.Context) -> bpy.types.Action:
    """Return the take that the selected head performs, which `poll` has seen to."""
    action = scene.worn_take(head_of(context))
    assert action is not None
    return action


class TakeAction:
    """Base of the operators that change the take which the selected head performs; one step of undo."""

    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where the selected head performs a take."""
        return interface.allow(cls, why_no_take(context))


@contextlib.contextmanager
def reporting(operator: Any) -> Iterator[None]:
    """Report what an artist has to know: errors that are raised inside, and what the takes say."""
    animating = application.get().animating
    animating.message = ""
    try:
        yield
    except scene.SceneError as error:
        operator.report({"ERROR"}, str(error))
    if animating.message:
        operator.report({"INFO"}, animating.message)
