"""The selected head's bones, as a group on a page."""

from __future__ import annotations

import bpy

from ..dreamface_addon import scene
from . import drawing


def draw_rig(layout: bpy.types.UILayout, skin: bpy.types.Object) -> None:
    """Draw the buttons for a head's bones, its eyes' target and its visemes."""
    _, body = drawing.group(layout, "rig", "Rig", closed=True)
    if body is None:
        return
    column = body.column(align=True)
    if scene.rig_of(skin) is None:
        column.operator("dreamface.add_rig", icon="ARMATURE_DATA")
    else:
        row = column.row(align=True)
        row.operator("dreamface.aim_eyes", icon="HIDE_OFF", depress=scene.eye_target(skin) is not None)
        row.operator("dreamface.remove_rig", text="", icon="X")
        column.operator("dreamface.bones_move_eyes", icon="BONE_DATA", depress=scene.eyes_follow_bones(skin))
    column.operator("dreamface.visemes", icon="SPEAKER", depress=scene.has_visemes(skin))
