"""Small things about Blender's windows: redrawing, undo steps, and when the scene may be touched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, ClassVar

import bpy

from . import scene


def redraw() -> None:
    """Have every 3D view and preferences window draw its panels again."""
    for area in _areas("VIEW_3D", "PREFERENCES"):
        area.tag_redraw()


def redraw_views() -> None:
    """Have every 3D view show its scene again, without drawing panels."""
    for area in _areas("VIEW_3D"):
        for region in area.regions:
            if region.type == "WINDOW":
                region.tag_redraw()


def push_undo(message: str) -> None:
    """Make what has changed since the last step one step of undo."""
    with in_window():
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message=message)


def own_id(skin: bpy.types.Object) -> str:
    """Return the face's id; duplicates of the face get ids of their own first, as one step of undo."""
    if scene.separate_copies(skin[scene.FACE_ID]):
        push_undo("DreamFace: Separate Copies")
    return str(skin[scene.FACE_ID])


_PINS = "DREAMFACE_OT_pins"  # the operator that runs while points of a head are dragged


class Hindrance(Enum):
    """What the scene must not be changed during."""

    RENDER = "when the render has ended"
    ACTION = "when this action has ended"
    MODE = "when you are back in Object Mode"


def _running_operators() -> Iterator[bpy.types.Operator]:
    """Yield the modal operators of all windows."""
    for window in bpy.context.window_manager.windows:
        yield from window.modal_operators


def hindrance() -> Hindrance | None:
    """Return what the scene must not be changed during at this moment; None where it may be.

    A timer may fire in the middle of a render, a stroke or a transform, and undo steps of edit and sculpt mode hold no
    objects: a face brought in there could not be undone.
    """
    if bpy.app.is_job_running("RENDER"):
        return Hindrance.RENDER
    if any("UNDO" in operator.bl_options for operator in _running_operators()):
        return Hindrance.ACTION
    with in_window():
        return Hindrance.MODE if bpy.context.mode != "OBJECT" else None


def why_not_now() -> str:
    """Return why a face cannot come into the scene at this moment, or nothing."""
    held_by = hindrance()
    if held_by is Hindrance.MODE:
        return "The face is ready: go back to Object Mode to bring it in."
    return f"The face is ready and comes in {held_by.value}." if held_by is not None else ""


def allow(operator: Any, why_not: str) -> bool:
    """Return whether an operator can be used, for its `poll`; its grey button shows `why_not`, unless that is empty."""
    operator.poll_message_set(why_not)
    return not why_not


def why_no_face(context: bpy.types.Context, object_mode: bool = False) -> str:
    """Return why nothing can be done with a selected face, or nothing.

    Args:
        context: with the selection.
        object_mode: whether the action needs Object Mode.
    """
    if scene.skin_of(context.active_object) is None:
        return "Select a DreamFace head first"
    return "Go to Object Mode first" if object_mode and context.mode != "OBJECT" else ""


def why_not_edit(context: bpy.types.Context) -> str:
    """Return why the selected head's traits cannot be changed by a button now, or nothing.

    Undo in Edit Mode takes back what was done to the mesh alone.
    """
    skin = scene.skin_of(context.active_object)
    if skin is None:
        return why_no_face(context)
    if not skin.is_editable:
        return "The head is linked from another file: make it local first (Object > Relations)"
    if any(operator.bl_idname == _PINS for operator in _running_operators()):
        return "Keep the pins or put them back first"  # the next answer would bring back what is changed meanwhile
    return "Leave Edit Mode first" if context.mode.startswith("EDIT") else ""


class HeadAction:
    """Base of the operators that change the selected head: allowed where it may be changed, one step of undo."""

    bl_options: ClassVar[set[str]] = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Allow it where a head is selected that may be changed."""
        return allow(cls, why_not_edit(context))


@contextmanager
def in_window() -> Iterator[None]:
    """Give operators a context with a window, because a timer's has none and they would refuse."""
    windows = bpy.context.window_manager.windows
    window = bpy.context.window or (windows[0] if windows else None)
    if window is None:
        yield
        return
    where: dict[str, Any] = {"window": window}
    area = next((area for area in window.screen.areas if area.type == "VIEW_3D"), None)
    if area is not None:
        region = next((region for region in area.regions if region.type == "WINDOW"), None)
        where |= {"area": area, "region": region} if region else {"area": area}
    with bpy.context.temp_override(**where):
        yield


def _areas(*kinds: str) -> Iterator[bpy.types.Area]:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in kinds:
                yield area
